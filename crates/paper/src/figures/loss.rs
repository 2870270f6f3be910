//! The loss of the weak regime: figures 4a and 4b.

use std::collections::BTreeMap;

use superpose_analysis::regime;
use superpose_analysis::run::Finished;
use superpose_files::table::{Field, Table, TableError};
use superpose_stats::summary::{median_and_deviation, summarise};
use superpose_toy::superposition::ignored_features_loss_continuum;

use crate::cells::{Exponent, Extra, SMALL_WIDTHS, cell_table, complete_exponents, exponent_table};
use crate::claim::{Claim, Test};
use crate::figure::{Evidence, Figure, Made, all, exponent_is, near, none};
use crate::figures::draw;
use crate::published::{self, Lookup};
use crate::sweeps::SMALL;

/// The data exponents that figure 4a shows, with the median over the paper's own points of the loss over
/// its equation 14.
const SHOWN: [(f64, f64); 6] =
    [(0.0, 1.01), (1.0, 1.46), (1.25, 1.61), (1.5, 1.30), (1.75, 1.17), (2.0, 0.94)];

/// Loss against the number of features represented.
pub(super) const FIGURE_4A: Figure = Figure {
    id: "4a",
    title: "Loss against the number of features represented, weak regime",
    question: "Is the loss what the features cost that are not represented?",
    sweeps: &[SMALL],
    wants: |cell| {
        cell.train.weight_decay > 0.0 && SHOWN.iter().any(|shown| exponent_is(cell, shown.0))
    },
    wants_weights: none,
    make: make_4a,
    draw: draw::loss_by_represented,
    against: "Losses far from the line of their data exponent.",
    limits: "Equation 14 counts the most frequent features as represented and replaces a sum by an \
             integral; both are wrong by as much as the agreement is good (columns of the table).",
};

fn represented(finished: &Finished) -> f64 {
    let n = finished.record.cell.model.n_features as f64;
    finished.measured().map_or(f64::NAN, |m| m.phi_half * n)
}

fn continuum(finished: &Finished) -> Option<f64> {
    let cell = &finished.record.cell;
    let phi = finished.measured()?.phi_half;
    (phi > 0.0).then_some(())?;
    let (n, values) = (cell.model.n_features, cell.value_distribution());
    Some(ignored_features_loss_continuum(phi, n, cell.data_exponent()?, values))
}

fn make_4a(evidence: &Evidence<'_>) -> Result<Made, TableError> {
    let cells = evidence.select(all);
    let sum = |f: &Finished| regime::Evidence::of(f).map(|evidence| evidence.ignored_loss);
    let loss = |f: &Finished| f.measured().map(|m| m.loss_test);
    let over = |f: &Finished, theory: Option<f64>| loss(f).zip(theory).map(|(l, t)| l / t);
    let table = cell_table(
        "cells",
        "Is the loss what the features cost that are not represented?",
        &cells,
        &["phi_half", "loss.test", "dead_outputs", "loss.dead_part"],
        &[
            Extra {
                name: "represented",
                meaning: "φ½·n: rows of W with norm above 1/2",
                of: &|f| represented(f).into(),
            },
            Extra {
                name: "equation_14",
                meaning: "the paper's equation 14 times ⟨v²⟩ = 4/3, at this φ½",
                of: &|f| continuum(f).into(),
            },
            Extra {
                name: "ignored_loss",
                meaning: "the exact sum: all but the φ½·n most frequent features are ignored",
                of: &|f| sum(f).into(),
            },
            Extra {
                name: "over_equation_14",
                meaning: "loss.test over equation_14",
                of: &|f| over(f, continuum(f)).into(),
            },
            Extra {
                name: "over_ignored_loss",
                meaning: "loss.test over ignored_loss",
                of: &|f| over(f, sum(f)).into(),
            },
        ],
    );
    let claim = |(exponent, paper): (f64, f64)| {
        let chosen = evidence.select(|cell| exponent_is(cell, exponent));
        let ratios: Vec<f64> =
            chosen.iter().filter_map(|f| over(f, continuum(f))).filter(|r| r.is_finite()).collect();
        let (median, deviation) = median_and_deviation(&ratios);
        Claim::new(
            format!("α = {exponent}: loss over equation 14, median"),
            format!("\"agree\"; {paper} in the median of its own points"),
            Test::Within { target: 1.0, tolerance: 0.2 },
        )
        .measured(
            (!ratios.is_empty()).then_some(median),
            format!("median absolute deviation of {} cells", ratios.len()),
        )
        .plus_minus((!ratios.is_empty()).then_some(deviation))
    };
    Ok(Made { tables: vec![table], claims: SHOWN.map(claim).to_vec() })
}

/// Model exponents of the nine settings closest to no superposition.
pub(super) const FIGURE_4B: Figure = Figure {
    id: "4b",
    title: "Model exponent of the settings closest to no superposition",
    question: "Without superposition, is the model exponent α − 1?",
    sweeps: &[SMALL],
    wants: |cell| cell.train.weight_decay > 0.0,
    wants_weights: none,
    make: make_4b,
    draw: draw::weak_exponents,
    against: "Exponents that do not rise with α, or far from α − 1 where W is closest to diag(I, 0).",
    limits: "The distance cannot choose: a row that is missing among the first d leaves it at exactly 1, so \
             settings that represent almost nothing tie for the first place. Which nine the paper shows \
             follows from something that it does not say.",
};

/// The largest spectral distance over the widths of a setting; absent unless all are known.
fn distance(exponent: &Exponent<'_>) -> Option<f64> {
    let of = |f: &&Finished| f.measured()?.geometry.as_ref()?.spectral_distance;
    let all: Option<Vec<f64>> = exponent.cells.iter().map(of).collect();
    all?.into_iter().reduce(f64::max)
}

/// The settings with all six widths, by their distance from no superposition.
fn by_distance<'a>(evidence: &Evidence<'a>) -> Vec<(f64, Exponent<'a>)> {
    // One training a cell, as in the paper.
    let weak = evidence.select(|cell| cell.train.weight_decay > 0.0 && cell.train.seed == 0);
    let mut settings: Vec<(f64, Exponent<'_>)> = complete_exponents(&weak, SMALL_WIDTHS)
        .into_iter()
        .filter_map(|e| Some((distance(&e)?, e)))
        .collect();
    settings.sort_by(|a, b| a.0.total_cmp(&b.0));
    settings
}

/// The paper shows so many.
const CLOSEST: usize = 9;

/// The paper's exponents of its nine settings.
fn of_paper() -> Result<Lookup, TableError> {
    Lookup::new(&published::fig4b()?, &["data_exponent", "weight_decay"], "model_exponent")
}

/// The paper's nine, where all widths are trained.
pub(super) fn papers_nine<'a>(evidence: &Evidence<'a>) -> Result<Vec<Exponent<'a>>, TableError> {
    let lookup = of_paper()?;
    let is_theirs = |e: &Exponent<'_>| lookup.get(&e.place()).is_some();
    Ok(by_distance(evidence).into_iter().map(|(_, e)| e).filter(is_theirs).collect())
}

fn make_4b(evidence: &Evidence<'_>) -> Result<Made, TableError> {
    let lookup = of_paper()?;
    let is_theirs = |e: &Exponent<'_>| lookup.get(&e.place()).is_some();
    let settings = by_distance(evidence);
    let closest = &settings[..settings.len().min(CLOSEST)];
    let theirs: Vec<(f64, Exponent<'_>)> =
        settings.iter().filter(|(_, e)| is_theirs(e)).cloned().collect();
    let mut shown = distance_table("nine", &theirs, &lookup, "the paper's nine");
    shown.rows.extend(distance_table("nine", closest, &lookup, "the nine closest here").rows);
    let tables = vec![distance_table("exponents", &settings, &lookup, "all"), shown];
    let shared = closest.iter().filter(|(_, e)| is_theirs(e)).count();
    let less_theory = |settings: &[(f64, Exponent<'_>)]| -> Vec<f64> {
        let of =
            |(_, e): &(f64, Exponent<'_>)| Some(e.value()? - (e.cell().data_exponent()? - 1.0));
        settings.iter().filter_map(of).collect()
    };
    let differences: Vec<f64> = theirs
        .iter()
        .filter_map(|(_, e)| Some((e.value()? - lookup.get(&e.place())?).abs()))
        .collect();
    let basis = format!("{} of {} settings have all widths", settings.len(), 5 * 17);
    let mean = |name: &str, paper: &str, values: &[f64], test| {
        Claim::new(name.to_owned(), paper.to_owned(), test)
            .measured(
                (values.len() == CLOSEST).then(|| summarise(values).mean),
                format!("standard error over the nine; {basis}"),
            )
            .plus_minus((values.len() == CLOSEST).then(|| summarise(values).standard_error))
    };
    let near_theory = Test::Within { target: 0.0, tolerance: 0.15 };
    Ok(Made {
        tables,
        claims: vec![
            mean(
                "the paper's nine settings: model exponent less α − 1, mean",
                "0 (0.10 for its own points)",
                &less_theory(&theirs),
                near_theory,
            ),
            mean(
                "the paper's nine settings: mean absolute difference from its exponents",
                "0",
                &differences,
                Test::AtMost(0.1),
            ),
            mean(
                "the nine closest here: model exponent less α − 1, mean",
                "0",
                &less_theory(closest),
                near_theory,
            ),
            Claim::new(
                "how many of the nine closest here are the paper's nine",
                "9",
                Test::AtLeast(6.0),
            )
            .measured((closest.len() == CLOSEST).then_some(shared as f64), basis.clone()),
            Claim::new(
                "settings that tie at a distance of 1, the least that a missing row leaves",
                "not mentioned",
                Test::AtMost(1.0),
            )
            .measured(
                (!settings.is_empty())
                    .then(|| settings.iter().filter(|(d, _)| near(*d, 1.0)).count() as f64),
                basis,
            ),
        ],
    })
}

fn distance_table(
    name: &str,
    settings: &[(f64, Exponent<'_>)],
    lookup: &Lookup,
    group: &str,
) -> Table {
    let exponents: Vec<Exponent<'_>> = settings.iter().map(|(_, e)| e.clone()).collect();
    let distances: BTreeMap<String, (usize, f64)> = settings
        .iter()
        .enumerate()
        .map(|(rank, (distance, e))| (e.example.record.cell_id.to_string(), (rank, *distance)))
        .collect();
    let of = |e: &Exponent<'_>| distances.get(e.example.record.cell_id.as_str()).copied();
    exponent_table(
        name,
        "Is the exponent α − 1 where W is closest to diag(I, 0)?",
        &exponents,
        &[
            ("weak_exponent", "prediction without superposition: α − 1", &|e| {
                e.cell().data_exponent().map_or(Field::Missing, |a| (a - 1.0).into())
            }),
            (
                "spectral_distance.max",
                "largest spectral norm of W Wᵀ − diag(I_d, 0) over widths",
                &|e| of(e).map(|d| d.1).into(),
            ),
            ("rank", "rank by that distance in this group, from 1", &|e| {
                of(e).map(|d| d.0 + 1).into()
            }),
            ("published", "the paper's exponent, of its nine", &|e| lookup.get(&e.place()).into()),
            ("group", "which settings", &|_| group.into()),
        ],
    )
}
