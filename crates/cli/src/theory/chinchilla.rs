//! `superpose theory chinchilla`: loss by parameters, tokens and compute.

use std::path::Path;

use anyhow::{Context as _, bail};
use serde_json::{Map, Value, json};
use superpose_figures::study::{Places, read_table};
use superpose_files::table::Tables;
use superpose_laws::chinchilla::allocate::{Goal, KnownLaw, Spending, words};
use superpose_laws::chinchilla::fit::{self, FitOptions};
use superpose_laws::chinchilla::repeat;

use crate::args::theory::{AllocateOptions, ChinchillaFitOptions, RepeatOptions};
use crate::console;
use crate::progress;
use crate::study::{self, Presenter, present};

pub(super) fn fit(options: &ChinchillaFitOptions) -> anyhow::Result<()> {
    let runs = study::read_given(&options.file)?;
    if !(0.0..1.0).contains(&options.hold_out) {
        bail!("--hold-out must be from 0 to below 1, got {}", options.hold_out);
    }
    let fitting = FitOptions {
        n_dropped: options.drop_highest,
        held_out: options.hold_out,
        n_resamples: options.bootstrap.resamples,
        seed: options.bootstrap.seed,
    };
    let bar = progress::count("resamples", fitting.n_steps() as u64);
    let study = fit::study(&runs, fitting, &|| bar.inc(1))?;
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
    if options.json {
        let objects: Vec<_> = spendings.iter().map(json_of_spending).collect();
        console::say_json(&json!({ "allocations": objects }));
        return Ok(());
    }
    words(&spendings).iter().for_each(study::say);
    console::say(match options.fit {
        Some(_) => "losses: of the fit in the unit of its runs, of the published laws nats a token",
        None => "losses are nats a token",
    });
    Ok(())
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
