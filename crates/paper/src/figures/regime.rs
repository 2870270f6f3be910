//! Weight decay chooses the regime: figures 3a, 3b and 13, and the grid around zero.

use superpose_files::table::{Field, Table, TableError};
use superpose_stats::summary::{correlation, summarise};
use superpose_toy::cell::Cell;

use crate::cells::{
    DEAD_SHARE, KEY, by_setting, cell_table, key, norm_table, over_seeds, share_of_norms,
};
use crate::claim::{Claim, Test};
use crate::figure::{Evidence, Figure, Made, all, exponent_is, near, none};
use crate::figures::draw;
use crate::published::{self, Lookup};
use crate::rows::row_table;
use crate::sweeps::{SEEDS_DECAY, SMALL, TRANSITION};

fn is_3a(cell: &Cell) -> bool {
    let decay = cell.train.weight_decay;
    exponent_is(cell, 1.0) && cell.model.d_hidden == 100 && (near(decay, 1.0) || near(decay, -1.0))
}

/// Norms of rows at both ends of the weight decay.
pub(super) const FIGURE_3A: Figure = Figure {
    id: "3a",
    title: "Row norms of W in both regimes",
    question: "Does positive weight decay leave most features without a row, and negative none?",
    sweeps: &[SMALL],
    wants: is_3a,
    wants_weights: is_3a,
    make: make_3a,
    draw: |tables| draw::norms_and_rows(tables, "Row norms at α = 1, d = 100"),
    against: "Rows of intermediate norm at γ = 1, or rows without norm at γ = −1.",
    limits: "One model for each regime; the frequencies are known here, which they never are in a \
             language model.",
};

fn make_3a(evidence: &Evidence<'_>) -> Result<Made, TableError> {
    let cells = evidence.select(all);
    let question = "How long are the rows of W?";
    let norms = norm_table("norms", question, &cells, &[]);
    let rows = row_table("rows", "Which features have a row?", &cells, evidence);
    let of = |decay: f64| cells.iter().find(|f| near(f.record.cell.train.weight_decay, decay));
    let (weak, strong) = (of(1.0), of(-1.0));
    let number = |of: Option<&&superpose_analysis::run::Finished>, low, high| {
        of.and_then(|f| share_of_norms(f, low, high))
    };
    let mean = strong.and_then(|f| Some(f.measured()?.geometry.as_ref()?.norm_mean));
    Ok(Made {
        tables: vec![norms, rows],
        claims: vec![
            Claim::new(
                "γ = 1: share of rows with norm between 0.24 and 0.76",
                "norms at 0 or 1",
                Test::AtMost(0.05),
            )
            .measured(number(weak, 0.24, 0.76), "one model"),
            Claim::new(
                "γ = −1: mean row norm",
                "all near 1.1",
                Test::Within { target: 1.1, tolerance: 0.1 },
            )
            .measured(mean, "one model"),
            Claim::new(
                "γ = −1: share of rows with norm between 0.88 and 1.32",
                "all near 1.1",
                Test::AtLeast(0.95),
            )
            .measured(number(strong, 0.88, 1.32), "one model"),
        ],
    })
}

/// φ½ against weight decay at data exponent 1.
pub(super) const FIGURE_3B: Figure = Figure {
    id: "3b",
    title: "Fraction of features represented against weight decay",
    question: "Does the sign of weight decay choose how many features are represented?",
    sweeps: &[SMALL, SEEDS_DECAY],
    wants: |cell| exponent_is(cell, 1.0),
    wants_weights: none,
    make: make_3b,
    draw: draw::phi_by_decay,
    against: "φ½ above d/n by much at γ = 1, or below 1 at γ = −1.",
    limits: "Weight decay is the switch here because nothing else is varied: with biases that start at \
             zero the same decays give other fractions (experiment dead-outputs).",
};

fn make_3b(evidence: &Evidence<'_>) -> Result<Made, TableError> {
    let published = published::fig3b()?;
    let lookup = Lookup::new(&published, &["weight_decay", "d_hidden"], "phi_half")?;
    let of_paper = |cell: &Cell| lookup.get(&[cell.train.weight_decay, cell.model.d_hidden as f64]);
    let (means, pairs) = phi_means(evidence, &of_paper);
    let differences: Vec<f64> = pairs.iter().map(|p| (p.0 - p.1).abs()).collect();
    let basis = format!("{} of 60 settings; seeds averaged", pairs.len());
    let some = !pairs.is_empty();
    Ok(Made {
        tables: vec![phi_table(evidence), means],
        claims: vec![
            Claim::new("correlation of φ½ with the paper's 60 values", "1", Test::AtLeast(0.98))
                .measured(some.then(|| correlation(&pairs)), basis.clone()),
            Claim::new("mean absolute difference of φ½ from the paper's", "0", Test::AtMost(0.03))
                .measured(some.then(|| summarise(&differences).mean), basis)
                .plus_minus(some.then(|| summarise(&differences).standard_error)),
        ],
    })
}

/// φ½ of each cell.
fn phi_table(evidence: &Evidence<'_>) -> Table {
    cell_table(
        "phi",
        "What fraction of the features is represented?",
        &evidence.select(all),
        &["phi_half", "phi_one", "dead_outputs"],
        &[],
    )
}

/// φ½ by setting, a mean over seeds beside the paper's, and the pairs of both.
fn phi_means(
    evidence: &Evidence<'_>,
    of_paper: &dyn Fn(&Cell) -> Option<f64>,
) -> (Table, Vec<(f64, f64)>) {
    let mut columns = KEY[..4].to_vec();
    columns.extend([
        ("n_seeds", "trained cells"),
        ("phi_half", "mean fraction of the rows of W with norm above 1/2"),
        ("phi_half_low", "one standard deviation over seeds below"),
        ("phi_half_high", "one standard deviation over seeds above"),
        ("weak_phi", "prediction for the weak regime: d/n"),
        ("published", "the paper's φ½"),
    ]);
    let mut table = Table::new("phi_means", "Is it the paper's fraction?", &columns);
    let mut pairs = Vec::new();
    for group in by_setting(&evidence.select(all)) {
        let cell = &group[0].record.cell;
        let phi = over_seeds(&group, "phi_half");
        let published = of_paper(cell);
        pairs.extend(published.map(|p| (phi.mean, p)));
        let mut row = key(cell);
        row.truncate(4);
        row.extend([
            phi.n.into(),
            phi.mean.into(),
            (phi.mean - phi.standard_deviation).into(),
            (phi.mean + phi.standard_deviation).into(),
            (cell.model.d_hidden as f64 / cell.model.n_features as f64).into(),
            published.map_or(Field::Missing, Field::from),
        ]);
        table.push(row);
    }
    (table, pairs)
}

/// φ½ over weight decay and data exponent, at each width.
pub(super) const FIGURE_13: Figure = Figure {
    id: "13",
    title: "Fraction of features represented, by weight decay and data exponent",
    question: "Is the regime chosen by weight decay at every data exponent?",
    sweeps: &[SMALL],
    wants: all,
    wants_weights: none,
    make: make_13,
    draw: draw::phi_maps,
    against: "A data exponent at which γ = −1 represents little, or γ = 1 much.",
    limits: "One training a cell, as in the paper.",
};

fn make_13(evidence: &Evidence<'_>) -> Result<Made, TableError> {
    let share = |wanted: &dyn Fn(&Cell) -> bool, passes: &dyn Fn(f64, &Cell) -> bool| {
        let chosen = evidence.select(wanted);
        let passing = chosen
            .iter()
            .filter(|f| f.measured().is_some_and(|m| passes(m.phi_half, &f.record.cell)));
        (!chosen.is_empty()).then(|| passing.count() as f64 / chosen.len() as f64)
    };
    let strong = |cell: &Cell| cell.train.weight_decay < -0.5;
    let weak = |cell: &Cell| cell.train.weight_decay > 0.5;
    let count = |wanted: &dyn Fn(&Cell) -> bool| format!("{} cells", evidence.select(wanted).len());
    Ok(Made {
        tables: vec![phi_table(evidence)],
        claims: vec![
            Claim::new(
                "γ < −0.5: share of cells that represent more than 0.9 of the features",
                "φ½ near 1",
                Test::AtLeast(0.95),
            )
            .measured(share(&strong, &|phi, _| phi > 0.9), count(&strong)),
            Claim::new(
                "γ > 0.5: share of cells that represent fewer than 3 d features",
                "lines at d/n (figure 3b)",
                Test::AtLeast(0.95),
            )
            .measured(
                share(&weak, &|phi, cell| {
                    phi * (cell.model.n_features as f64) < 3.0 * cell.model.d_hidden as f64
                }),
                count(&weak),
            ),
        ],
    })
}

/// φ½, dead outputs and loss on a fine grid of weight decays around zero.
pub(super) const TRANSITION_GRID: Figure = Figure {
    id: "transition",
    title: "The transition between the regimes, on a finer grid",
    question: "Where between −0.11 and 0.11 is the transition, and what does γ = 0 do?",
    sweeps: &[TRANSITION],
    wants: all,
    wants_weights: none,
    make: make_transition,
    draw: draw::transition,
    against: "A jump between neighbouring decays would speak for a sharp transition.",
    limits: "One seed; three widths; the paper has no numbers here.",
};

fn make_transition(evidence: &Evidence<'_>) -> Result<Made, TableError> {
    let cells = evidence.select(all);
    let largest_step = |exponent: f64, width: usize| {
        let mut phi: Vec<(f64, f64)> = cells
            .iter()
            .filter(|f| {
                let cell = &f.record.cell;
                cell.model.d_hidden == width && exponent_is(cell, exponent)
            })
            .filter_map(|f| Some((f.record.cell.train.weight_decay, f.measured()?.phi_half)))
            .collect();
        phi.sort_by(|a, b| a.0.total_cmp(&b.0));
        phi.windows(2).map(|w| (w[0].1 - w[1].1).abs()).reduce(f64::max)
    };
    let claim = |exponent: f64| {
        Claim::new(
            format!("α = {exponent}, d = 39: largest step of φ½ between neighbouring decays"),
            "no numbers; a gradual change",
            Test::AtMost(0.3),
        )
        .measured(largest_step(exponent, 39), "13 decays from −0.3 to 0.3, one seed")
    };
    let table = cell_table(
        "cells",
        "What does weight decay near zero do?",
        &cells,
        &["phi_half", "phi_one", "loss.test", "dead_outputs", "loss.dead_part", "bias.mean"],
        &[DEAD_SHARE],
    );
    Ok(Made { tables: vec![table], claims: [0.0, 1.0, 2.0].map(claim).to_vec() })
}
