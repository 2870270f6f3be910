//! Norms of rows: figures 5a, 5b, 11 and 12.

use superpose_files::table::TableError;
use superpose_stats::summary::summarise;
use superpose_toy::cell::Cell;

use crate::cells::{dead_fraction, norm_table, share_of_norms};
use crate::claim::{Claim, Test};
use crate::figure::{Evidence, Figure, Made, all, decay_is, exponent_is, none};
use crate::figures::draw;
use crate::rows::row_table;
use crate::sweeps::SMALL;

/// The paper's text says α = 1; the frequencies on its own axis are those of α = 0.5.
fn is_5a(cell: &Cell) -> bool {
    decay_is(cell, -7.0 / 9.0) && cell.model.d_hidden == 15 && exponent_is(cell, 0.5)
}

/// Norms of rows in the strong regime, at one setting.
pub(super) const FIGURE_5A: Figure = Figure {
    id: "5a",
    title: "Row norms in the strong regime",
    question: "Are there two kinds of rows, longer and shorter than 1?",
    sweeps: &[SMALL],
    wants: is_5a,
    wants_weights: none,
    make: make_5a,
    draw: |tables| draw::norms(tables, "Row norms at α = 0.5, γ = −0.78, d = 15"),
    against: "A single peak, or rows in the gap around 1.",
    limits: "What the paper calls weakly represented features are, row by row, outputs that died \
             (experiment dead-outputs): the two peaks need not be two kinds of representation.",
};

fn make_5a(evidence: &Evidence<'_>) -> Result<Made, TableError> {
    let cells = evidence.select(all);
    let gap = cells.first().and_then(|f| share_of_norms(f, 0.96, 1.04));
    let alive_or_long =
        cells.first().and_then(|f| Some((f.measured()?.phi_one + dead_fraction(f)? - 1.0).abs()));
    Ok(Made {
        tables: vec![norm_table("norms", "How long are the rows of W?", &cells, &[])],
        claims: vec![
            Claim::new(
                "share of rows with norm between 0.96 and 1.04",
                "a gap there",
                Test::AtMost(0.03),
            )
            .measured(gap, "one model"),
            Claim::new(
                "ours: rows longer than 1 and dead outputs leave nothing over: |φ1 + dead/n − 1|",
                "does not mention dead outputs",
                Test::AtMost(0.02),
            )
            .measured(alive_or_long, "one model"),
        ],
    })
}

/// Which rows are longer than 1.
pub(super) const FIGURE_5B: Figure = Figure {
    id: "5b",
    title: "Which features have rows longer than 1",
    question: "Do the most frequent features have the long rows?",
    sweeps: &[SMALL],
    wants: is_5a,
    wants_weights: is_5a,
    make: make_5b,
    draw: draw::rows,
    against: "Short rows among the most frequent features.",
    limits: "One model.",
};

fn make_5b(evidence: &Evidence<'_>) -> Result<Made, TableError> {
    let cells = evidence.select(all);
    let question = "Which features have rows longer than 1?";
    let table = row_table("rows", question, &cells, evidence);
    let norms = table.numbers("norm")?;
    let dead = table.numbers("dead")?;
    let some = !norms.is_empty();
    let first_short = norms.iter().position(|n| *n <= 1.0).unwrap_or(norms.len());
    let mismatch = norms.iter().zip(&dead).filter(|(n, d)| (**n <= 1.0) != (**d > 0.5)).count();
    Ok(Made {
        tables: vec![table],
        claims: vec![
            Claim::new(
                "most frequent features that all have rows longer than 1",
                "about 12",
                Test::Between(4.0, 40.0),
            )
            .measured(some.then_some(first_short as f64), "one model"),
            Claim::new(
                "ours: rows that are short but alive, or long but dead",
                "does not mention dead outputs",
                Test::AtMost(20.0),
            )
            .measured(some.then_some(mismatch as f64), "of 1000 rows of one model"),
        ],
    })
}

macro_rules! norm_figure {
    ($name:ident, $id:literal, $decay:expr, $words:literal) => {
        /// Row norms at every data exponent and width.
        pub(super) const $name: Figure = Figure {
            id: $id,
            title: concat!("Row norms at ", $words),
            question: "What are the norms of the rows, at every data exponent and width?",
            sweeps: &[SMALL],
            wants: |cell| decay_is(cell, $decay),
            wants_weights: none,
            make: make_norms,
            draw: |tables| draw::norm_grid(tables, concat!("Row norms at ", $words)),
            against: "Norms spread evenly.",
            limits: "One training a cell.",
        };
    };
}

norm_figure!(FIGURE_11, "11", 5.0 / 9.0, "γ = 0.56, by data exponent and width");
norm_figure!(FIGURE_12, "12", -5.0 / 9.0, "γ = −0.56, by data exponent and width");

fn make_norms(evidence: &Evidence<'_>) -> Result<Made, TableError> {
    let cells = evidence.select(all);
    let weak = cells.first().is_some_and(|f| f.record.cell.train.weight_decay > 0.0);
    let mean_share = |low: f64, high: f64| {
        let shares: Vec<f64> = cells.iter().filter_map(|f| share_of_norms(f, low, high)).collect();
        (!shares.is_empty()).then(|| summarise(&shares).mean)
    };
    let basis = format!("mean over {} of 102 cells", cells.len());
    let claims = if weak {
        vec![
            Claim::new(
                "share of rows with norm between 0.24 and 0.76",
                "norms at 0 or 1",
                Test::AtMost(0.05),
            )
            .measured(mean_share(0.24, 0.76), basis),
        ]
    } else {
        vec![
            Claim::new(
                "share of rows with norm between 0.96 and 1.04",
                "two peaks around 1, a gap between",
                Test::AtMost(0.1),
            )
            .measured(mean_share(0.96, 1.04), basis.clone()),
            Claim::new(
                "share of rows with norm between 0.72 and 1.6",
                "all around 1",
                Test::AtLeast(0.9),
            )
            .measured(mean_share(0.72, 1.6), basis),
        ]
    };
    Ok(Made {
        tables: vec![norm_table("norms", "How long are the rows of W?", &cells, &[])],
        claims,
    })
}
