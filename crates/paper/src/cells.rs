//! Finished cells in the terms of the paper: one row a cell, means over seeds, and exponents.
//!
//! Every table begins with [`KEY`], so that tables of different figures can be joined.

use superpose_analysis::FitWindow;
pub use superpose_analysis::exponents::Exponent;
use superpose_analysis::exponents::{FIT_COLUMNS, SEED_COLUMNS, fit_fields, seed_fields};
use superpose_analysis::quantity::Quantity;
use superpose_analysis::run::Finished;
use superpose_analysis::settings::{WIDTH_FIELD, settings_but_for};
use superpose_files::table::{Field, Table};
use superpose_stats::summary::{Summary, summarise};
use superpose_store::record::{Measured, NORM_BIN};
use superpose_toy::cell::{Cell, FrequencyLaw, SEED_FIELDS};

/// What tells the paper's cells apart.
pub const KEY: [(&str, &str); 5] = [
    ("data_exponent", "data exponent α; empty where the frequencies follow no power law"),
    ("weight_decay", "signed weight decay γ"),
    ("activation_density", "mean number E of active features in a sample"),
    ("d_hidden", "hidden width d (the paper's m)"),
    ("seed", "seed of the initial weights and of the batches"),
];

/// A cell's values of [`KEY`].
pub fn key(cell: &Cell) -> Vec<Field> {
    vec![
        cell.data_exponent().map_or(Field::Missing, Field::from),
        cell.train.weight_decay.into(),
        cell.data.activation_density.into(),
        cell.model.d_hidden.into(),
        cell.train.seed.into(),
    ]
}

/// The frequency law's name.
pub fn law(cell: &Cell) -> &'static str {
    match cell.data.frequencies {
        FrequencyLaw::Power { .. } => "power",
        FrequencyLaw::Exponential { .. } => "exponential",
        FrequencyLaw::Linear {} => "linear",
        FrequencyLaw::File { .. } => "file",
    }
}

/// A column of one's own beside [`KEY`] and the quantities of `results.csv`.
pub struct Extra<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it is.
    pub meaning: &'a str,
    /// Its value.
    pub of: &'a dyn Fn(&Finished) -> Field,
}

impl<'a> Extra<'a> {
    /// A column by its name, what it is, and its value.
    pub const fn new(name: &'a str, meaning: &'a str, of: &'a dyn Fn(&Finished) -> Field) -> Self {
        Self { name, meaning, of }
    }
}

impl std::fmt::Debug for Extra<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Extra").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The share of a cell's loss that dead outputs cost, as a column.
pub const DEAD_SHARE: Extra<'static> = Extra {
    name: "loss.dead_share",
    meaning: "loss.dead_part over loss.test",
    of: &|f| f.measured().map(Measured::dead_share).into(),
};

/// The fraction of a cell's outputs that is dead.
pub fn dead_fraction(finished: &Finished) -> Option<f64> {
    let n = finished.record.cell.model.n_features as f64;
    Some(finished.measured()?.dead_outputs as f64 / n)
}

/// One row a cell: its key, the `quantities` of `results.csv`, and what is `extra`.
///
/// # Panics
/// When there is no such quantity.
pub fn cell_table(
    name: &str,
    question: &str,
    cells: &[&Finished],
    quantities: &[&str],
    extra: &[Extra<'_>],
) -> Table {
    let quantities: Vec<&Quantity> = quantities
        .iter()
        .map(|name| Quantity::named(name).expect("figures ask for quantities that there are"))
        .collect();
    let mut columns = KEY.to_vec();
    columns.extend(quantities.iter().map(|q| (q.name, q.meaning)));
    columns.extend(extra.iter().map(|e| (e.name, e.meaning)));
    let mut table = Table::new(name, question, &columns);
    for finished in cells {
        let mut row = key(&finished.record.cell);
        row.extend(quantities.iter().map(|q| q.field(&finished.record)));
        row.extend(extra.iter().map(|e| (e.of)(finished)));
        table.push(row);
    }
    table
}

/// Row norms of `W`, one row a cell and bin, from the first bin that is not empty to the last.
/// What is `extra` stands in every row of its cell.
pub fn norm_table(name: &str, question: &str, cells: &[&Finished], extra: &[Extra<'_>]) -> Table {
    let mut columns = KEY.to_vec();
    columns.extend([
        ("norm_low", "lower end of a bin of row norms"),
        ("norm_high", "its upper end"),
        ("density", "share of the rows in it, over its width"),
    ]);
    columns.extend(extra.iter().map(|e| (e.name, e.meaning)));
    let mut table = Table::new(name, question, &columns);
    for finished in cells {
        let Some(counts) = norm_counts(finished) else { continue };
        let total = counts.iter().sum::<u64>() as f64;
        let filled = |at: &usize| counts[*at] > 0;
        let first = (0..counts.len()).find(filled).unwrap_or(0);
        let last = (0..counts.len()).rfind(filled).unwrap_or(0);
        for (bin, &count) in counts.iter().enumerate().take(last + 1).skip(first) {
            let mut row = key(&finished.record.cell);
            let edge = |bin: usize| (bin as f64 * NORM_BIN * 1e6).round() / 1e6;
            row.extend([
                edge(bin).into(),
                edge(bin + 1).into(),
                (count as f64 / total / NORM_BIN).into(),
            ]);
            row.extend(extra.iter().map(|e| (e.of)(finished)));
            table.push(row);
        }
    }
    table
}

/// The rows of a cell's `W` by norm, in bins of [`NORM_BIN`].
pub fn norm_counts(finished: &Finished) -> Option<&[u64]> {
    Some(&finished.measured()?.geometry.as_ref()?.norm_counts)
}

/// The share of a cell's rows with norm between two multiples of [`NORM_BIN`].
pub fn share_of_norms(finished: &Finished, low: f64, high: f64) -> Option<f64> {
    let counts = norm_counts(finished)?;
    let inside = |bin: usize| {
        let middle = (bin as f64 + 0.5) * NORM_BIN;
        low < middle && middle < high
    };
    let within: u64 = (0..counts.len()).filter(|b| inside(*b)).map(|b| counts[b]).sum();
    Some(within as f64 / counts.iter().sum::<u64>() as f64)
}

/// The cells in groups that differ in nothing but the seeds.
pub fn by_setting<'a>(cells: &[&'a Finished]) -> Vec<Vec<&'a Finished>> {
    let settings = settings_but_for(cells, &SEED_FIELDS);
    settings.iter().map(|setting| setting.cells().collect()).collect()
}

/// Mean and scatter over the cells of a group of a quantity of `results.csv`.
///
/// # Panics
/// When there is no such quantity.
pub fn over_seeds(group: &[&Finished], quantity: &str) -> Summary {
    let quantity = Quantity::named(quantity).expect("figures ask for quantities that there are");
    let values: Vec<f64> = group.iter().filter_map(|f| quantity.number(&f.record)).collect();
    summarise(&values)
}

/// Number of widths of the small toy.
pub const SMALL_WIDTHS: usize = 6;

/// Fields that the preset of the large toy makes functions of the width.
const RATES: [&str; 2] = ["train.learning_rate", "train.learning_rate_bias"];

/// The power laws over width of `cells`, for widths from `d_min` on, of cells that differ in width and seeds.
pub fn exponents<'a>(cells: &[&'a Finished], d_min: usize) -> Vec<Exponent<'a>> {
    power_laws(cells, d_min, &[])
}

/// The same for the large toy, whose learning rates follow the width.
pub fn large_exponents<'a>(cells: &[&'a Finished], d_min: usize) -> Vec<Exponent<'a>> {
    power_laws(cells, d_min, &RATES)
}

/// The power laws over all widths of those of `cells` that have all `n_widths` widths: a fit over fewer is
/// not the paper's.
pub fn complete_exponents<'a>(cells: &[&'a Finished], n_widths: usize) -> Vec<Exponent<'a>> {
    exponents(cells, 0).into_iter().filter(|e| e.losses.len() == n_widths).collect()
}

fn power_laws<'a>(cells: &[&'a Finished], d_min: usize, apart: &[&str]) -> Vec<Exponent<'a>> {
    let window = FitWindow { d_min, ..FitWindow::ALL };
    let apart = [&SEED_FIELDS[..], &[WIDTH_FIELD], apart].concat();
    let settings = settings_but_for(cells, &apart);
    settings.iter().filter_map(|setting| Exponent::of(setting, window)).collect()
}

/// The last columns of a table of exponents.
const EXPONENT_COLUMNS: [(&str, &str); 4] = [
    ("independent_sd", "standard deviation if each width had a seed of its own, as in the paper"),
    ("alive_exponent", "exponent of the loss without what dead outputs cost"),
    ("alive_exponent_se", "its standard error, from the scatter about the line"),
    ("local_exponents", "−Δ ln L / Δ ln d between neighbouring widths, in order"),
];

/// A column of one's own in a table of exponents: its name, what it is, and its value.
pub type OfExponent<'a> = (&'a str, &'a str, &'a dyn Fn(&Exponent<'_>) -> Field);

/// One row a power law, with what is `extra`.
pub fn exponent_table(
    name: &str,
    question: &str,
    exponents: &[Exponent<'_>],
    extra: &[OfExponent<'_>],
) -> Table {
    let n_widths = [("n_widths", "widths in the fit")];
    let mut columns =
        [&KEY[..3], &FIT_COLUMNS, &n_widths, &SEED_COLUMNS, &EXPONENT_COLUMNS].concat();
    columns.extend(extra.iter().map(|e| (e.0, e.1)));
    let mut table = Table::new(name, question, &columns);
    for exponent in exponents {
        let mut row = key(exponent.cell());
        row.truncate(3);
        row.extend(fit_fields(Some(exponent)));
        row.push(exponent.losses.len().into());
        row.extend(seed_fields(Some(exponent)));
        row.extend([
            exponent.scatter.into(),
            exponent.alive.map(|f| f.exponent).into(),
            exponent.alive.map(|f| f.exponent_se).into(),
            exponent.local_exponents().into(),
        ]);
        row.extend(extra.iter().map(|e| (e.2)(exponent)));
        table.push(row);
    }
    table
}
