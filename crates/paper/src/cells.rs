//! Finished cells in the terms of the paper: one row a cell, means over seeds, and exponents.
//!
//! Every table begins with [`KEY`], so that tables of different figures can be joined.

use std::collections::BTreeMap;

use superpose_analysis::quantity::Quantity;
use superpose_analysis::run::Finished;
use superpose_files::table::{Field, Table};
use superpose_stats::bootstrap::exponent_interval;
use superpose_stats::power_law::{PowerLaw, fit_power_law, local_exponents};
use superpose_stats::summary::{Summary, geometric_mean, summarise};
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

/// The cells that differ only in the fields `apart`, in order of appearance.
fn grouped<'a>(cells: &[&'a Finished], apart: &[&str]) -> Vec<Vec<&'a Finished>> {
    let mut order: Vec<Vec<&'a Finished>> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for &finished in cells {
        let mut fields = finished.record.cell.fields();
        fields.retain(|(name, _)| !apart.contains(&name.as_str()));
        let name = format!("{fields:?}");
        let place = *places.entry(name).or_insert_with(|| {
            order.push(Vec::new());
            order.len() - 1
        });
        order[place].push(finished);
    }
    order
}

/// The cells in groups that differ in nothing but the seeds.
pub fn by_setting<'a>(cells: &[&'a Finished]) -> Vec<Vec<&'a Finished>> {
    grouped(cells, &SEED_FIELDS)
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

/// The power law of the loss over width of cells that differ in nothing else.
#[derive(Debug, Clone)]
pub struct Exponent<'a> {
    /// One of the cells.
    pub example: &'a Finished,
    /// All of them.
    pub cells: Vec<&'a Finished>,
    /// The law through the geometric means over seeds; absent below three widths.
    pub fit: Option<PowerLaw>,
    /// The exponents of the single seeds that have all the widths.
    pub seeds: Summary,
    /// The 95 % interval: over seeds by bootstrap, or from the scatter about the line.
    pub interval: Option<(f64, f64)>,
    /// The loss at each width, a geometric mean over seeds.
    pub losses: Vec<(usize, f64)>,
    /// Standard deviation of the exponent of trainings that each have a seed of their own, from the
    /// scatter over seeds at each width; absent where a width has one seed. A seed of ours is one draw of
    /// initial biases at all widths, so exponents of whole seeds scatter less.
    pub scatter: Option<f64>,
    /// The law of what live outputs cost: the loss without that of the dead ones.
    pub alive: Option<PowerLaw>,
}

/// Number of widths of the small toy.
pub const SMALL_WIDTHS: usize = 6;

/// Fields that the preset of the large toy makes functions of the width.
const WITH_WIDTH: [&str; 3] = ["model.d_hidden", "train.learning_rate", "train.learning_rate_bias"];

/// The power laws over width of `cells`, for widths from `d_min` on. With `rates_follow_width` cells of
/// different learning rates belong together.
pub fn exponents<'a>(
    cells: &[&'a Finished],
    d_min: usize,
    rates_follow_width: bool,
) -> Vec<Exponent<'a>> {
    let mut apart = SEED_FIELDS.to_vec();
    apart.extend(&WITH_WIDTH[..if rates_follow_width { 3 } else { 1 }]);
    let chosen = |f: &&Finished| f.measured().is_some() && f.record.cell.model.d_hidden >= d_min;
    let trained: Vec<&Finished> = cells.iter().copied().filter(chosen).collect();
    grouped(&trained, &apart).into_iter().map(exponent).collect()
}

/// The power laws over all widths of those of `cells` that have all `n_widths` widths: a fit over fewer is
/// not the paper's.
pub fn whole_exponents<'a>(cells: &[&'a Finished], n_widths: usize) -> Vec<Exponent<'a>> {
    let whole = |e: &Exponent<'_>| e.losses.len() == n_widths;
    exponents(cells, 0, false).into_iter().filter(whole).collect()
}

fn exponent(cells: Vec<&Finished>) -> Exponent<'_> {
    let mut by_width: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    let mut alive: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    let mut by_seed: BTreeMap<u64, BTreeMap<usize, f64>> = BTreeMap::new();
    for finished in &cells {
        let (width, seed) = (finished.record.cell.model.d_hidden, finished.record.cell.train.seed);
        let Some(measured) = finished.measured() else { continue };
        let loss = measured.loss_test;
        by_width.entry(width).or_default().push(loss);
        alive.entry(width).or_default().push(measured.loss_alive_part());
        by_seed.entry(seed).or_default().insert(width, loss);
    }
    let losses: Vec<(usize, f64)> = by_width.iter().map(|(d, l)| (*d, geometric_mean(l))).collect();
    let widths: Vec<f64> = losses.iter().map(|(d, _)| *d as f64).collect();
    let means: Vec<f64> = losses.iter().map(|(_, l)| *l).collect();
    let fit = fit_power_law(&widths, &means).ok();
    let alive: Vec<f64> = alive.values().map(|l| geometric_mean(l)).collect();
    let alive = fit_power_law(&widths, &alive).ok();
    let of_seed = |losses: &BTreeMap<usize, f64>| {
        let whole = losses.len() == widths.len();
        let losses: Vec<f64> = losses.values().copied().collect();
        if whole { Some(fit_power_law(&widths, &losses).ok()?.exponent) } else { None }
    };
    let seeds: Vec<f64> = by_seed.values().filter_map(of_seed).collect();
    let replicates: Vec<Vec<f64>> = by_width.into_values().collect();
    let scatter = slope_scatter(&widths, &replicates);
    let interval = exponent_interval(&widths, &replicates, 0.95, 1000, 0)
        .or_else(|| fit.map(|f| f.exponent_interval(0.95)));
    Exponent {
        example: cells[0],
        cells,
        fit,
        seeds: summarise(&seeds),
        interval,
        losses,
        scatter,
        alive,
    }
}

/// The standard deviation of the slope of `ln y` on `ln x` through one of the `replicates` at each `x`,
/// drawn apart: `√(Σ_k ((ln x_k − mean) / S_xx)² s_k²)` with the deviations `s_k` of `ln y`.
fn slope_scatter(x: &[f64], replicates: &[Vec<f64>]) -> Option<f64> {
    let ln_x: Vec<f64> = x.iter().map(|x| x.ln()).collect();
    let mean = summarise(&ln_x).mean;
    let sxx: f64 = ln_x.iter().map(|x| (x - mean).powi(2)).sum();
    let variances = ln_x.iter().zip(replicates).map(|(x, values)| {
        let logarithms: Vec<f64> = values.iter().map(|v| v.ln()).collect();
        ((x - mean) / sxx * summarise(&logarithms).standard_deviation).powi(2)
    });
    Some(variances.sum::<f64>().sqrt()).filter(|scatter| scatter.is_finite())
}

impl Exponent<'_> {
    /// The exponent, if there is a fit.
    pub fn value(&self) -> Option<f64> {
        self.fit.map(|f| f.exponent)
    }

    /// The local exponents between neighbouring widths, in a line.
    pub fn local_exponents(&self) -> String {
        let (widths, losses): (Vec<f64>, Vec<f64>) =
            self.losses.iter().map(|(d, loss)| (*d as f64, *loss)).unzip();
        let local = local_exponents(&widths, &losses);
        local.iter().map(|e| format!("{e:.3}")).collect::<Vec<_>>().join(" ")
    }

    /// Data exponent and weight decay: what tells the small toy's settings apart.
    pub fn place(&self) -> [f64; 2] {
        let cell = self.cell();
        [cell.data_exponent().unwrap_or(f64::NAN), cell.train.weight_decay]
    }

    /// The cell of the example.
    pub fn cell(&self) -> &Cell {
        &self.example.record.cell
    }
}

const EXPONENT_COLUMNS: [(&str, &str); 16] = [
    ("data_exponent", "data exponent α; empty where the frequencies follow no power law"),
    ("weight_decay", "signed weight decay γ"),
    ("activation_density", "mean number E of active features in a sample"),
    ("model_exponent", "minus the slope of ln(test loss) on ln d, by least squares"),
    ("model_exponent_se", "its standard error, from the scatter about the line"),
    (
        "ci_low",
        "lower end of its 95 % interval: bootstrap over seeds, or Student's t with one seed",
    ),
    ("ci_high", "upper end"),
    ("r_squared", "share of the variance of ln(test loss) that the line explains"),
    ("n_widths", "widths in the fit"),
    ("n_seeds", "seeds that have all these widths"),
    ("seed_mean", "mean of the exponents of these seeds, each fitted alone"),
    ("seed_sd", "their standard deviation"),
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
    let mut columns = EXPONENT_COLUMNS.to_vec();
    columns.extend(extra.iter().map(|e| (e.0, e.1)));
    let mut table = Table::new(name, question, &columns);
    for exponent in exponents {
        let cell = exponent.cell();
        let fit = exponent.fit;
        let mut row = vec![
            cell.data_exponent().map_or(Field::Missing, Field::from),
            cell.train.weight_decay.into(),
            cell.data.activation_density.into(),
            fit.map(|f| f.exponent).into(),
            fit.map(|f| f.exponent_se).into(),
            exponent.interval.map(|i| i.0).into(),
            exponent.interval.map(|i| i.1).into(),
            fit.map(|f| f.r_squared).into(),
            exponent.losses.len().into(),
            exponent.seeds.n.into(),
            exponent.seeds.mean.into(),
            exponent.seeds.standard_deviation.into(),
            exponent.scatter.into(),
            exponent.alive.map(|f| f.exponent).into(),
            exponent.alive.map(|f| f.exponent_se).into(),
            exponent.local_exponents().into(),
        ];
        row.extend(extra.iter().map(|e| (e.2)(exponent)));
        table.push(row);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scatter_of_a_slope_is_that_of_its_ends() {
        // Two places a factor e apart: the slope is the difference of both, each with deviation s.
        let e = std::f64::consts::E;
        let at = |s: f64| vec![(-s).exp(), 1.0, s.exp()];
        let scatter = slope_scatter(&[1.0, e], &[at(0.3), at(0.4)]).unwrap();
        assert!((scatter - 0.5).abs() < 1e-12, "{scatter}");
        assert_eq!(slope_scatter(&[1.0, e], &[at(0.3), vec![1.0]]), None);
    }
}
