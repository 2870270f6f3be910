//! The single rows of a model's `W`, table and panels: which features are represented.

use superpose_analysis::run::Finished;
use superpose_figures::axis::Axis;
use superpose_figures::chart::Mark;
use superpose_figures::colour_bar::ColourScale;
use superpose_figures::lines::{Lines, lines};
use superpose_figures::panel::Panel;
use superpose_files::table::{Field, Table, TableError};
use superpose_geometry::Rows;
use superpose_geometry::dead::dead_outputs;
use superpose_geometry::norms::row_norms;

use crate::cells::{KEY, keyed};
use crate::figure::Material;

/// The basis of a claim about single rows, where they are not at hand.
pub const NEEDS_WEIGHTS: &str =
    "needs weights: `superpose reproduce` without `--no-training` trains their cells";

/// What became of one feature.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FeatureRow {
    /// Its rank by frequency, from 1.
    pub rank: usize,
    /// Probability that it is active.
    pub frequency: f64,
    /// Norm of its row of `W`.
    pub norm: f64,
    /// Its entry of `b`.
    pub bias: f64,
    /// Whether its output cannot be above zero.
    pub is_dead: bool,
}

/// The features of a cell by rank, where its weights are at hand.
pub fn feature_rows(finished: &Finished, material: &Material<'_>) -> Option<Vec<FeatureRow>> {
    let weights = material.weights.get(&finished.record.cell_id)?;
    let norms = row_norms(Rows::new(&weights.weights, weights.d_hidden));
    let largest_value = finished.record.cell.data.values.supremum();
    let dead = dead_outputs(&norms, &weights.bias, largest_value);
    let rows = norms.into_iter().zip(&weights.bias).zip(dead).zip(&finished.probabilities);
    let row = |(rank, (((norm, bias), is_dead), p)): (_, (((_, &f32), _), &f64))| FeatureRow {
        rank,
        frequency: *p,
        norm,
        bias: f64::from(*bias),
        is_dead,
    };
    Some((1..).zip(rows).map(row).collect())
}

/// The table `rows`: one row a feature of each trained cell whose weights are at hand.
pub fn row_table(question: &str, material: &Material<'_>) -> Table {
    // As many digits as a picture can show: the table has a thousand rows a cell.
    let short = |value: f64| Field::from((value * 1e5).round() / 1e5);
    let trained = material.trained();
    let features = trained.iter().flat_map(|finished| {
        let features = feature_rows(finished, material).unwrap_or_default();
        features.into_iter().map(|feature| (&finished.record.cell, feature))
    });
    keyed::<FeatureRow, _>(
        "rows",
        question,
        &KEY,
        features,
        &[
            ("feature", "rank of the feature by frequency, from 1", &|row| row.rank.into()),
            ("frequency", "probability p that it is active", &|row| row.frequency.into()),
            ("norm", "norm of its row of W", &|row| short(row.norm)),
            ("above_one", "1 where the norm is above 1, else 0", &|row| {
                usize::from(row.norm > 1.0).into()
            }),
            ("bias", "its entry of b", &|row| short(row.bias)),
            ("dead", "1 where its output cannot fire, else 0", &|row| {
                usize::from(row.is_dead).into()
            }),
        ],
    )
}

/// Frequency of each feature against its rank, one panel for each weight decay, from a [`row_table`];
/// dots have the colour of a column.
///
/// # Errors
/// [`TableError`] when the table lacks a column.
pub fn frequency_panels(
    rows: &Table,
    colour: (&str, ColourScale),
) -> Result<Vec<Panel>, TableError> {
    let x = ("feature", Axis::logarithmic("rank of the feature"));
    let y = ("frequency", Axis::logarithmic("frequency p"));
    let of = Lines {
        panel: Some("weight_decay"),
        panel_label: "γ",
        colour: Some(colour),
        mark: Mark::Dots,
        ..Lines::plain(x, y)
    };
    lines(rows, &of)
}
