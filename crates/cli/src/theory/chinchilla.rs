//! `superpose theory chinchilla`: loss by parameters, tokens and compute.

use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use serde_json::{Map, Value, json};
use superpose_figures::study::{Note, Places, read_table};
use superpose_files::table::Tables;
use superpose_laws::chinchilla::allocate::{self, Goal, KnownLaw, Spending};
use superpose_laws::chinchilla::fit::runs::Columns;
use superpose_laws::chinchilla::fit::{self, FitOptions};
use superpose_laws::chinchilla::loss::{self, LossLaw};
use superpose_laws::chinchilla::repeat;

use crate::args::theory::{AllocateOptions, ChinchillaFitOptions, LossOptions, RepeatOptions};
use crate::progress;
use crate::study::{self, Presenter, present};

pub(super) fn fit(options: &ChinchillaFitOptions) -> anyhow::Result<()> {
    let runs = study::read_given(&options.file)?;
    if !(0.0..1.0).contains(&options.hold_out) {
        bail!("--hold-out must be from 0 to below 1, got {}", options.hold_out);
    }
    let columns = Columns {
        size: options.n.clone(),
        tokens: options.d.clone(),
        compute: options.c.clone(),
        loss: options.loss.clone(),
    };
    let named = [
        ("--n", &columns.size),
        ("--d", &columns.tokens),
        ("--c", &columns.compute),
        ("--loss", &columns.loss),
    ];
    for (option, name) in named {
        if let Some(name) = name {
            study::check_columns(&runs, &[(option, name)])?;
        }
    }
    let fitting = FitOptions {
        n_dropped: options.drop_highest,
        held_out: options.hold_out,
        n_resamples: options.bootstrap.resamples,
        seed: options.bootstrap.seed,
    };
    let bar = progress::count("resamples", fitting.n_steps() as u64);
    let study = fit::study(&runs, &columns, fitting, &|| bar.inc(1))?;
    bar.finish_and_clear();
    let names = [
        ("parameters", "chinchilla_fit"),
        ("forms", "chinchilla_forms"),
        ("profile", "chinchilla_profile"),
        ("frontier", "chinchilla_frontier"),
        ("isoflop", "chinchilla_isoflop"),
        ("form_parameters", "chinchilla_form_parameters"),
        ("theories", "chinchilla_theories"),
        ("published", "chinchilla_published"),
    ];
    let presenter = Presenter {
        json: &|tables| study::json_of(tables, &names),
        without_folder: Some("next: add --out FOLDER for the frontier, the profile and a picture"),
        ..Presenter::of("theory chinchilla fit", &options.output)
    };
    presenter.present(&study)
}

pub(super) fn allocate(options: &AllocateOptions) -> anyhow::Result<()> {
    positive(options.compute.iter().map(|value| ("--compute", value)))?;
    positive(options.loss.iter().map(|value| ("--loss", value)))?;
    let goal = match (options.loss, options.compute) {
        (Some(loss), budget) => Goal::Loss { loss, budget },
        (None, Some(compute)) => Goal::Compute(compute),
        (None, None) => unreachable!("the command line must have one of them"),
    };
    let mut laws = Vec::new();
    if let Some(folder) = &options.fit {
        laws.push(fitted(folder)?);
    }
    laws.extend(KnownLaw::published());
    let spendings: Vec<Spending> = laws.iter().map(|law| law.spend(goal)).collect();
    let mut answer = allocate::study(&spendings);
    answer.notes.push(Note::Line(match options.fit {
        Some(_) => "losses: of the fit in the unit of its runs, of the published laws nats a token"
            .to_owned(),
        None => "losses are nats a token".to_owned(),
    }));
    let objects = || spendings.iter().map(json_of_spending).map(Value::from).collect::<Vec<_>>();
    let presenter = Presenter {
        json: &|_| Ok(Map::from_iter([("allocations".to_owned(), objects().into())])),
        ..Presenter::of("theory chinchilla allocate", &options.output)
    };
    presenter.present(&answer)
}

pub(super) fn loss(options: &LossOptions) -> anyhow::Result<()> {
    positive(options.n.iter().map(|value| ("--n", value)))?;
    positive(options.d.iter().map(|value| ("--d", value)))?;
    let (n, d) = (options.n.len(), options.d.len());
    let one_for_all = n == 1 || d == 1;
    ensure!(
        one_for_all || n == d,
        "--d must have one value, or one for each of {n} of --n; got {d}"
    );
    let of = |values: &[f64], at: usize| values[at.min(values.len() - 1)];
    let models: Vec<(f64, f64)> =
        (0..n.max(d)).map(|at| (of(&options.n, at), of(&options.d, at))).collect();
    let mut laws = Vec::new();
    if let Some(folder) = &options.fit {
        laws.push(LossLaw::fitted(fitted(folder)?));
    }
    if !options.parameters.is_empty() {
        let Ok(parameters) = <[f64; 5]>::try_from(options.parameters.as_slice()) else {
            bail!(
                "--parameters must be five numbers, A,B,E,alpha,beta; got {}",
                options.parameters.len()
            );
        };
        laws.push(LossLaw::of(parameters).context("--parameters")?);
    }
    let all_sets = options.set.is_empty() && options.parameters.is_empty();
    let all: Vec<String> = LossLaw::names().map(str::to_owned).into();
    let sets = if all_sets { &all } else { &options.set };
    laws.extend(sets.iter().filter_map(|name| LossLaw::published(name)));
    present(&loss::study(&laws, &models), "theory chinchilla loss", &options.output)
}

/// What a law spends, for programs: the numbers with their intervals, or why its goal is out of reach.
fn json_of_spending(spending: &Spending) -> Map<String, Value> {
    let mut object = Map::from_iter([("law".to_owned(), json!(spending.law))]);
    let allocation = match &spending.found {
        Ok(allocation) => allocation,
        Err(error) => {
            object.insert("infeasible".to_owned(), json!(error.to_string()));
            return object;
        }
    };
    object.insert("beyond".to_owned(), json!(spending.beyond()));
    for (name, number) in Spending::NUMBERS {
        object.insert(name.to_owned(), json!(number(allocation)));
        if let Some((low, high)) = spending.interval(number) {
            object.insert(format!("{name}_low"), json!(low));
            object.insert(format!("{name}_high"), json!(high));
        }
    }
    object
}

/// The law that `theory chinchilla fit --out` wrote into a folder.
fn fitted(folder: &Path) -> anyhow::Result<KnownLaw> {
    let tables = folder.join("tables");
    let remedy = "superpose theory chinchilla fit --out";
    let places = Places { tables: &tables, pictures: folder, remedy };
    let read = KnownLaw::TABLES.iter().map(|name| read_table(name, &places));
    let found =
        KnownLaw::fitted(folder.display().to_string(), &read.collect::<Result<Tables, _>>()?);
    found.with_context(|| format!("`{}`", tables.display()))
}

pub(super) fn repeat(options: &RepeatOptions) -> anyhow::Result<()> {
    positive(options.epochs.iter().map(|value| ("--epochs", value)))?;
    positive([("--unique", &options.unique), ("--parameters", &options.parameters)])?;
    let study = repeat::study(options.unique, &options.epochs, options.parameters);
    present(&study, "theory chinchilla repeat", &options.output)
}

/// That the numbers of these options are positive and finite.
fn positive<'a>(numbers: impl IntoIterator<Item = (&'a str, &'a f64)>) -> anyhow::Result<()> {
    let is_wrong = |(_, value): &(&str, &f64)| !value.is_finite() || **value <= 0.0;
    match numbers.into_iter().find(is_wrong) {
        Some((name, wrong)) => bail!("{name} must be a positive finite number, got {wrong}"),
        None => Ok(()),
    }
}
