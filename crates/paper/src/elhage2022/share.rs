//! What the figures of the older toys share: settings, starts, single features.

use std::collections::BTreeMap;

use superpose_analysis::run::Finished;
use superpose_files::table::Field;
use superpose_geometry::Rows;
use superpose_geometry::feature::{dimensionality, interference};
use superpose_geometry::norms::row_norms;
use superpose_stats::summary::summarise;
use superpose_toy::cell::{Cell, Importance};
use superpose_toy::trained::Weights;

use crate::figure::Material;

/// A feature is represented if its row of `W` is at least this long: rows are about 0 or about 1.
pub(super) const REPRESENTED: f64 = 0.5;

/// Of a claim about weights that are not at hand.
pub(super) const NEEDS_WEIGHTS: &str =
    "needs weights: `superpose reproduce` without `--no-training` trains their cells";

/// The probability that a feature of the cell is active; all have the same.
pub(super) fn density(cell: &Cell) -> f64 {
    cell.data.activation_density / cell.model.n_features as f64
}

/// The importance of the last feature beside that of the first.
pub(super) fn last_importance(cell: &Cell) -> f64 {
    match cell.data.importance {
        Importance::Last { weight } => weight,
        _ => 1.0,
    }
}

/// A number to as many digits as a picture can show, for coordinates.
pub(super) fn short(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let scale = 10_f64.powf(3.0 - value.abs().log10().ceil());
    (value * scale).round() / scale
}

/// A number of single precision as a table has it.
pub(super) fn digits(value: f64) -> Field {
    Field::from((value * 1e5).round() / 1e5)
}

/// A trained cell with its weights.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start<'a> {
    pub(super) finished: &'a Finished,
    pub(super) weights: &'a Weights,
}

impl Start<'_> {
    pub(super) fn cell(&self) -> &Cell {
        &self.finished.record.cell
    }

    /// The test loss.
    pub(super) fn loss(&self) -> f64 {
        self.finished.measured().map_or(f64::NAN, |m| m.loss_test)
    }

    pub(super) fn features(&self) -> Vec<Feature> {
        let rows = Rows::new(&self.weights.weights, self.weights.d_hidden);
        let numbers = row_norms(rows).into_iter().zip(dimensionality(rows)).zip(interference(rows));
        let feature =
            |((norm, dimensionality), interference)| Feature { norm, dimensionality, interference };
        numbers.map(feature).collect()
    }

    /// The cosine between rows `i` and `j`; not a number where either is zero.
    pub(super) fn cosine(&self, i: usize, j: usize) -> f64 {
        self.product(i, j) / (self.product(i, i) * self.product(j, j)).sqrt()
    }

    /// `W_i·W_j`.
    pub(super) fn product(&self, i: usize, j: usize) -> f64 {
        let d = self.weights.d_hidden;
        let row = |i: usize| self.weights.weights[i * d..(i + 1) * d].iter().map(|w| f64::from(*w));
        row(i).zip(row(j)).map(|(a, b)| a * b).sum()
    }
}

/// What became of one feature.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Feature {
    /// Norm of its row of `W`.
    pub(super) norm: f64,
    /// The dimensions that it has to itself, `D_i`.
    pub(super) dimensionality: f64,
    /// `Σ_{j≠i} (Ŵ_i·W_j)²`.
    pub(super) interference: f64,
}

impl Feature {
    pub(super) fn is_represented(&self) -> bool {
        self.norm >= REPRESENTED
    }
}

/// Every trained cell whose weights are at hand.
pub(super) fn starts<'a>(material: &'a Material<'_>) -> Vec<Start<'a>> {
    let trained = material.cells.iter().copied().filter(|f| f.measured().is_some());
    let start = |finished: &'a Finished| {
        let weights = material.weights.get(&finished.record.cell_id)?;
        Some(Start { finished, weights })
    };
    trained.filter_map(start).collect()
}

/// The starts in groups that differ in nothing but the start, in order of appearance.
pub(super) fn by_setting<'a>(starts: &[Start<'a>]) -> Vec<Vec<Start<'a>>> {
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut groups: Vec<Vec<Start<'a>>> = Vec::new();
    for start in starts {
        let mut cell = start.cell().clone();
        (cell.train.seed, cell.data.seed) = (0, 0);
        let place = *places.entry(cell.id().to_string()).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[place].push(*start);
    }
    groups
}

/// The start with the least test loss.
pub(super) fn best<'a>(group: &[Start<'a>]) -> Option<Start<'a>> {
    group.iter().min_by(|a, b| a.loss().total_cmp(&b.loss())).copied()
}

/// A density with its starts.
pub(super) struct Setting<'a> {
    pub(super) density: f64,
    pub(super) group: Vec<Start<'a>>,
    pub(super) best: Start<'a>,
}

/// The densities that have starts, densest first.
pub(super) fn by_density<'a>(material: &'a Material<'_>) -> Vec<Setting<'a>> {
    let of = |group: Vec<Start<'a>>| {
        let (density, best) = (density(group[0].cell()), best(&group)?);
        Some(Setting { density, group, best })
    };
    let mut settings: Vec<Setting<'a>> =
        by_setting(&starts(material)).into_iter().filter_map(of).collect();
    settings.sort_by(|a, b| b.density.total_cmp(&a.density));
    settings
}

impl Setting<'_> {
    /// The mean of a number over all starts.
    pub(super) fn mean(&self, of: fn(&Start<'_>) -> f64) -> f64 {
        summarise(&self.group.iter().map(of).collect::<Vec<_>>()).mean
    }
}

/// What a number of the best start of a setting rests on.
pub(super) fn basis(setting: Option<&Setting<'_>>) -> String {
    match setting {
        None => NEEDS_WEIGHTS.to_owned(),
        Some(s) => format!("the best of {} starts at density {}", s.group.len(), short(s.density)),
    }
}

/// The mean of a number over the represented features of a start.
pub(super) fn mean_of_represented(start: &Start<'_>, of: fn(&Feature) -> f64) -> f64 {
    let features = start.features();
    summarise(&features.iter().filter(|f| f.is_represented()).map(of).collect::<Vec<_>>()).mean
}

/// How many features of a start are represented.
pub(super) fn n_represented(start: &Start<'_>) -> f64 {
    start.features().iter().filter(|f| f.is_represented()).count() as f64
}
