//! `superpose theory chinchilla`: loss by parameters, tokens and compute.

use std::path::Path;

use anyhow::{Context as _, bail};
use serde_json::json;
use superpose_figures::axis::Axis;
use superpose_figures::chart::Mark;
use superpose_figures::lines::{ErrorBars, Guide, Lines, lines};
use superpose_figures::panel::Panel;
use superpose_figures::sheet::{Axes, Sheet};
use superpose_files::table::{Field, Table, TableError};
use superpose_laws::chinchilla::law::{
    Allocation, AllocationError, BESIROGLU, LossSurface, PUBLISHED,
};
use superpose_laws::chinchilla::repetition::effective_tokens;
use superpose_laws::chinchilla::tables::{FitOptions, N_RESAMPLED, fits, surfaces};
use superpose_stats::bootstrap::percentile_interval;

use super::{Made, number, present, print_all};
use crate::args::theory::{AllocateOptions, ChinchillaFitOptions, RepeatOptions};
use crate::console;
use crate::progress;
use crate::tables;

/// Models of one compute that a parabola is fitted to.
const PARABOLA_POINTS: usize = 15;

pub(super) fn fit(options: &ChinchillaFitOptions) -> anyhow::Result<()> {
    let runs = tables::read(&options.file)?;
    if !(0.0..1.0).contains(&options.hold_out) {
        bail!("--hold-out must be from 0 to below 1, got {}", options.hold_out);
    }
    let asked = FitOptions {
        n_dropped: options.drop_highest,
        held_out: options.hold_out,
        n_resamples: options.bootstrap.resamples,
        seed: options.bootstrap.seed,
    };
    let bar = progress::count("resamples", (N_RESAMPLED * options.bootstrap.resamples) as u64);
    let made = fits(&runs, asked, &|| bar.inc(1))?;
    bar.finish_and_clear();
    if let Some(out) = &options.output.out {
        let convention = "Losses are in the unit of the file that was given.";
        let read = tables::write_and_read(out, "theory chinchilla fit", convention, &made)?;
        tables::draw(out, "chinchilla", &fit_sheet(&read)?)?;
    }
    let [parameters, forms, profile, frontier, ..] = &made;
    if options.output.json {
        let [isoflop, form_parameters, theories, published] =
            [&made[6], &made[7], &made[8], &made[9]].map(console::json_rows);
        let [parameters, forms, profile, frontier] =
            [parameters, forms, profile, frontier].map(console::json_rows);
        console::say(&format!(
            "{:#}",
            json!({
                "parameters": parameters, "forms": forms, "profile": profile,
                "frontier": frontier, "isoflop": isoflop, "form_parameters": form_parameters,
                "theories": theories, "published": published,
            })
        ));
        return Ok(());
    }
    print_fit(parameters, forms);
    for name in ["alpha", "beta"] {
        let falls = |row: &&Vec<Field>| matches!(row[1], Field::Number(value) if value > 0.0);
        let row = parameters.rows.iter().find(|row| row[0].to_string() == name);
        if row.is_some_and(|row| !falls(&row)) {
            console::say(&format!(
                "{name} is not positive: these losses do not fall, and no law describes them"
            ));
        }
    }
    print_theories(&made[8]);
    let header = ["published law", "objective", "error", "bias", "a", "compute exponent"];
    print_all(&made[9], &header);
    if let Some([.., Field::Number(a), Field::Number(error)]) = made[6].rows.first().map(|r| &r[..])
    {
        let n = made[6].rows.len();
        console::say(&format!("approach 2 on {n} curves of one compute: a = {a:.3} ± {error:.3}"));
    }
    let law = surfaces(parameters)?;
    for half_width in [2.0, 4.0, 16.0] {
        let bias =
            law.first().map_or(f64::NAN, |law| law.parabola_bias(PARABOLA_POINTS, half_width));
        console::say(&format!(
            "approach 2, a parabola over sizes from 1/{half_width} to {half_width} of the best, would put D {:+.2} % off \
             on losses of exactly this law",
            100.0 * bias
        ));
    }
    match &options.output.out {
        Some(out) => console::say(&format!("next: look at {}/chinchilla.png", out.display())),
        None => console::say("next: add --out FOLDER for the frontier, the profile and a picture"),
    }
    Ok(())
}

fn print_fit(parameters: &Table, forms: &Table) {
    let row = |row: &Vec<Field>| {
        let interval = format!("{} to {}", number(&row[3]), number(&row[4]));
        vec![row[0].to_string(), number(&row[1]), number(&row[2]), interval]
    };
    let rows: Vec<Vec<String>> = parameters.rows.iter().map(row).collect();
    console::say(&console::table(&["parameter", "value", "se", "95 %, bootstrap"], &rows));
    if let Some([.., objective, n_runs, starts, agreeing]) = parameters.rows.first().map(|r| &r[..])
    {
        console::say(&format!(
            "{n_runs} runs; sum of Huber's function {}; {agreeing} of {starts} starts agree",
            number(objective)
        ));
    }
    let percent = |field: &Field| match field {
        Field::Number(value) if value.abs() >= 1e3 => format!("{:+.2e} %", 100.0 * value),
        Field::Number(value) => format!("{:+.2} %", 100.0 * value),
        Field::Text(_) | Field::Missing => "–".to_owned(),
    };
    let row = |row: &Vec<Field>| {
        vec![
            row[0].to_string(),
            row[1].to_string(),
            number(&row[2]),
            percent(&row[5]),
            percent(&row[6]),
        ]
    };
    let rows: Vec<Vec<String>> = forms.rows.iter().map(row).collect();
    let header = ["form", "parameters", "objective", "held-out error", "bias"];
    console::say(&console::table(&header, &rows));
    if let Some(row) = forms.rows.first() {
        console::say(&format!(
            "held out: the {} runs with the most compute, after {} others",
            row[4], row[3]
        ));
    }
}

fn print_theories(theories: &Table) {
    let row = |row: &Vec<Field>| {
        let difference = format!("{} to {}", number(&row[4]), number(&row[5]));
        let [theory, excluded] = [&row[0], &row[6]].map(Field::to_string);
        vec![theory, number(&row[2]), number(&row[3]), difference, excluded]
    };
    let rows: Vec<Vec<String>> = theories.rows.iter().map(row).collect();
    let header = ["theory", "predicted", "measured", "difference, 95 %", "excluded"];
    console::say(&console::table(&header, &rows));
    for row in &theories.rows {
        console::say(&format!("{}: {}", row[0], row[1]));
    }
}

/// What is drawn of the tables that were read back.
fn fit_sheet(tables: &[Table]) -> Result<Sheet, TableError> {
    let [_, _, profile, frontier, runs, ..] = tables else { unreachable!("as many as were made") };
    let compute = || ("C", Axis::logarithmic("compute C = 6 N D"));
    let best = |column, low, high, label: &str| Lines {
        error_bars: ErrorBars::Ends(low, high),
        ..Lines::plain(compute(), (column, Axis::logarithmic(label)))
    };
    let residual = ("residual", Axis::linear("ln fitted − ln loss"));
    let held = ("E", Axis::linear("irreducible loss E, held"));
    let objective = ("objective", Axis::logarithmic("objective"));
    let mut panels = Vec::new();
    for (title, table, columns) in [
        ("Best use of compute", frontier, best("N", "N_low", "N_high", "parameters N")),
        ("Best use of compute", frontier, best("D", "D_low", "D_high", "tokens D")),
        ("Residuals", runs, Lines { mark: Mark::Dots, ..Lines::plain(compute(), residual) }),
        ("Profile", profile, Lines::plain(held, objective)),
    ] {
        for mut panel in lines(table, &columns)? {
            if let Panel::Chart(chart) = &mut panel {
                title.clone_into(&mut chart.title);
            }
            panels.push(panel);
        }
    }
    let caption = "Bars: 95 % over resamples of the runs. Tables: chinchilla_frontier.csv, \
                   chinchilla_runs.csv, chinchilla_profile.csv.";
    Ok(Sheet {
        title: "L = E + A/N^α + B/D^β".to_owned(),
        columns: 2,
        panels,
        axes: Axes::Own,
        caption: caption.to_owned(),
    })
}

/// A number of an allocation.
type Quantity = fn(&Allocation) -> f64;

/// A law by which compute is spent, with its resamples if there are any.
struct Law {
    name: String,
    surface: LossSurface,
    resamples: Vec<LossSurface>,
    /// The most compute of a run that it was fitted to, if these are known.
    most_compute: Option<f64>,
}

impl Law {
    /// What to spend: so much, or what a loss takes, or that if no more than a budget.
    fn spend(surface: &LossSurface, options: &AllocateOptions) -> Result<Allocation, String> {
        let asked = |found: Result<Allocation, AllocationError>| found.map_err(|e| e.to_string());
        match (options.compute, options.loss) {
            (Some(compute), None) => asked(surface.allocate(compute)),
            (None, Some(loss)) => asked(surface.allocate_for_loss(loss)),
            (Some(budget), Some(loss)) => {
                let found = asked(surface.allocate_for_loss(loss))?;
                if found.compute <= budget {
                    return Ok(found);
                }
                let reached = asked(surface.allocate(budget))?.loss;
                Err(format!(
                    "a loss of {loss} takes {:.4e} operations; {budget:.4e} reach {reached:.4}",
                    found.compute
                ))
            }
            (None, None) => unreachable!("the command line asks for one of them"),
        }
    }
}

pub(super) fn allocate(options: &AllocateOptions) -> anyhow::Result<()> {
    for (name, value) in [("--compute", options.compute), ("--loss", options.loss)] {
        if let Some(wrong) = value.filter(|value| !value.is_finite() || *value <= 0.0) {
            bail!("{name} must be a positive finite number, got {wrong}");
        }
    }
    let mut laws: Vec<Law> = PUBLISHED
        .map(|(name, surface)| Law {
            name: name.to_owned(),
            surface,
            resamples: Vec::new(),
            most_compute: None,
        })
        .into();
    if let Some(folder) = &options.fit {
        laws.insert(0, fitted(folder)?);
    }
    let spend = |surface: &LossSurface| Law::spend(surface, options);
    let spent: Vec<(&Law, Result<Allocation, String>)> =
        laws.iter().map(|law| (law, spend(&law.surface))).collect();
    let ends = |law: &Law, get: fn(&Allocation) -> f64| -> Option<(f64, f64)> {
        let of = |surface| spend(surface).map_or(f64::INFINITY, |allocation| get(&allocation));
        percentile_interval(law.resamples.iter().map(of).collect(), 0.95)
    };
    let quantities: [(&str, Quantity); 4] =
        [("C", |a| a.compute), ("N", |a| a.parameters), ("D", |a| a.tokens), ("loss", |a| a.loss)];
    if options.json {
        let object = |(law, spent): &(&Law, Result<Allocation, String>)| {
            let mut object = serde_json::Map::from_iter([("law".to_owned(), json!(law.name))]);
            match spent {
                Ok(allocation) => {
                    let beyond = law.most_compute.map(|most| allocation.compute / most);
                    object.insert("beyond".to_owned(), json!(beyond));
                    for (name, get) in quantities {
                        object.insert(name.to_owned(), json!(get(allocation)));
                        if let Some((low, high)) = ends(law, get) {
                            object.insert(format!("{name}_low"), json!(low));
                            object.insert(format!("{name}_high"), json!(high));
                        }
                    }
                }
                Err(error) => {
                    drop(object.insert("infeasible".to_owned(), json!(error)));
                }
            }
            object
        };
        let objects: Vec<_> = spent.iter().map(object).collect();
        console::say(&format!("{:#}", json!({ "allocations": objects })));
        return Ok(());
    }
    let mut rows = Vec::new();
    for (law, spent) in &spent {
        let Ok(allocation) = spent else {
            rows.push(vec![law.name.clone(), "infeasible".to_owned()]);
            continue;
        };
        let value = |get: fn(&Allocation) -> f64| number(&Field::from(get(allocation)));
        rows.push(vec![
            law.name.clone(),
            value(|a| a.compute),
            value(|a| a.parameters),
            value(|a| a.tokens),
            value(|a| a.tokens / a.parameters),
            value(|a| a.loss),
        ]);
        let bounds = |get| {
            let ends = ends(law, get);
            ends.map_or(String::new(), |(low, high)| {
                format!("{} to {}", number(&Field::from(low)), number(&Field::from(high)))
            })
        };
        if !law.resamples.is_empty() {
            let ratio: fn(&Allocation) -> f64 = |a| a.tokens / a.parameters;
            let [compute, parameters, tokens, loss] = quantities.map(|(_, get)| bounds(get));
            let label = "  95 %".to_owned();
            rows.push(vec![label, compute, parameters, tokens, bounds(ratio), loss]);
        }
    }
    let header = ["law", "C (FLOP)", "N", "D (tokens)", "D/N", "loss"];
    console::say(&console::table(&header, &rows));
    for (law, spent) in &spent {
        match (spent, law.most_compute) {
            (Err(error), _) => console::say(&format!("{}: {error}", law.name)),
            (Ok(allocation), Some(most)) if allocation.compute > most => console::say(&format!(
                "{}: {} times the most compute of its runs",
                law.name,
                number(&Field::from(allocation.compute / most))
            )),
            (Ok(_), _) => {}
        }
    }
    console::say(match options.fit {
        Some(_) => "losses: of the fit in the unit of its runs, of the published laws nats a token",
        None => "losses are nats a token",
    });
    Ok(())
}

/// The law that `theory chinchilla fit --out` wrote into a folder.
fn fitted(folder: &Path) -> anyhow::Result<Law> {
    let tables = folder.join("tables");
    let read = |name| tables::read_written(&tables, name, "superpose theory chinchilla fit --out");
    let found =
        surfaces(&read("chinchilla_fit")?).with_context(|| format!("`{}`", tables.display()))?;
    let surface = *found.first().context("`chinchilla_fit` has no law")?;
    let resamples = surfaces(&read("chinchilla_resamples")?)?;
    let compute = read("chinchilla_runs")?.numbers("C")?;
    let most_compute = compute.into_iter().reduce(f64::max);
    Ok(Law { name: folder.display().to_string(), surface, resamples, most_compute })
}

pub(super) fn repeat(options: &RepeatOptions) -> anyhow::Result<()> {
    let numbers = options.epochs.iter().map(|value| ("--epochs", value));
    let mut numbers =
        numbers.chain([("--unique", &options.unique), ("--parameters", &options.parameters)]);
    if let Some((name, wrong)) = numbers.find(|(_, value)| !value.is_finite() || **value <= 0.0) {
        bail!("{name} must be a positive finite number, got {wrong}");
    }
    let mut table = Table::new(
        "repetition",
        "What is training on the same tokens again worth?",
        &[
            ("epochs", "passes over the unique tokens"),
            ("tokens", "tokens trained on"),
            ("effective_tokens", "new tokens that they are worth (Muennighoff et al. 2023)"),
            ("loss", "loss with so many new tokens, by the law of Besiroglu et al. 2024"),
            ("loss_if_new", "loss if all were new"),
        ],
    );
    for epochs in &options.epochs {
        let tokens = epochs * options.unique;
        let worth = effective_tokens(options.unique, tokens);
        let loss = |tokens| Field::from(BESIROGLU.loss(options.parameters, tokens));
        table.push(vec![(*epochs).into(), tokens.into(), worth.into(), loss(worth), loss(tokens)]);
    }
    let made = Made { verb: "chinchilla repeat", tables: &[table], sheet: &repetition_sheet };
    present(&made, &options.output)
}

fn repetition_sheet(tables: &[Table]) -> Result<Sheet, TableError> {
    let guides = [Guide { column: "loss_if_new", label: "if all were new", mark: Mark::Dotted }];
    let columns = Lines {
        guides: &guides,
        group_label: "repeated",
        ..Lines::plain(
            ("epochs", Axis::logarithmic("passes")),
            ("loss", Axis::linear("loss, nats a token")),
        )
    };
    Ok(Sheet {
        title: "Training on the same tokens again".to_owned(),
        columns: 1,
        panels: lines(&tables[0], &columns)?,
        axes: Axes::Own,
        caption: "Table: repetition.csv.".to_owned(),
    })
}
