//! Finished cells in the terms of the paper: one row a cell, means over seeds, and exponents.
//!
//! Every table begins with [`KEY`], so that tables of different figures can be joined.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

use superpose_analysis::FitWindow;
pub use superpose_analysis::exponents::Exponent;
use superpose_analysis::exponents::{FIT_COLUMNS, SEED_COLUMNS, fit_fields, seed_fields};
use superpose_analysis::quantity::Quantity;
use superpose_analysis::run::Finished;
use superpose_analysis::settings::{WIDTH_FIELD, settings_but_for};
use superpose_files::table::{Column, ColumnOf, Field, Table};
use superpose_stats::power_law::{PowerLaw, fit_power_law};
use superpose_stats::summary::{Summary, summarise};
use superpose_store::record::{Measured, NORM_BIN};
use superpose_toy::cell::{Cell, FrequencyLaw, SEED_FIELDS};

/// What tells the paper's cells apart.
pub const KEY: [ColumnOf<'static, Cell>; 5] = [
    (
        "data_exponent",
        "data exponent α; empty where the frequencies follow no power law",
        &|cell| cell.data_exponent().into(),
    ),
    ("weight_decay", "signed weight decay γ", &|cell| cell.train.weight_decay.into()),
    ("activation_density", "mean number E of active features in a sample", &|cell| {
        cell.data.activation_density.into()
    }),
    ("d_hidden", "hidden width d (the paper's m)", &|cell| cell.model.d_hidden.into()),
    ("seed", "seed of the initial weights and of the batches", &|cell| cell.train.seed.into()),
];

/// A table with one row for each of the `items`: the columns `key` of its cell, then `columns` of its own.
pub fn keyed<'a, T, B: Borrow<T>>(
    name: &str,
    question: &str,
    key: &[ColumnOf<'_, Cell>],
    items: impl IntoIterator<Item = (&'a Cell, B)>,
    columns: &[ColumnOf<'_, T>],
) -> Table {
    let head = key.iter().map(|c| (c.0, c.1)).chain(columns.iter().map(|c| (c.0, c.1)));
    let mut table = Table::new(name, question, &head.collect::<Vec<_>>());
    for (cell, item) in items {
        let of_cell = key.iter().map(|c| (c.2)(cell));
        table.push(of_cell.chain(columns.iter().map(|c| (c.2)(item.borrow()))).collect());
    }
    table
}

/// The frequency law's name.
pub fn law(cell: &Cell) -> &'static str {
    match cell.data.frequencies {
        FrequencyLaw::Power { .. } => "power",
        FrequencyLaw::Exponential { .. } => "exponential",
        FrequencyLaw::Linear {} => "linear",
        FrequencyLaw::File { .. } => "file",
        FrequencyLaw::Text {} => "text",
    }
}

/// A column of one's own beside [`KEY`] and the quantities of `results.csv`.
pub type OfCell<'a> = ColumnOf<'a, Finished>;

/// The share of a cell's loss that dead outputs cost, as a column.
pub const DEAD_SHARE: OfCell<'static> =
    ("loss.dead_share", "loss.dead_part over loss.test", &|f| {
        f.measured().map(Measured::dead_share).into()
    });

/// The mean squared overlap of all rows of a cell over that of a tight frame.
pub fn overlap_over_welch(finished: &Finished) -> Option<f64> {
    finished.measured().map(|m| m.overlap_mean_square / m.overlap_welch)
}

/// That, as a column.
pub const OVERLAP_OVER_WELCH: OfCell<'static> = (
    "overlap_over_welch",
    "overlap.mean_square, over all rows, over that of a tight frame",
    &|f| overlap_over_welch(f).into(),
);

/// A finite number of each of the `cells` that has one.
pub fn each(cells: &[&Finished], of: impl Fn(&Finished) -> Option<f64>) -> Vec<f64> {
    cells.iter().filter_map(|f| of(f)).filter(|value| value.is_finite()).collect()
}

/// The power law through `points`.
pub fn law_through(points: &[(f64, f64)]) -> Option<PowerLaw> {
    let (x, y): (Vec<f64>, Vec<f64>) = points.iter().copied().unzip();
    fit_power_law(&x, &y).ok()
}

/// What puts cells into one group.
pub type Group = fn(&Cell) -> String;

/// Groups by data exponent: a seed's start and batches are shared by all decays and widths.
pub fn data_exponent(cell: &Cell) -> String {
    format!("{:?}", cell.data_exponent())
}

/// Groups by weight decay.
pub fn weight_decay(cell: &Cell) -> String {
    format!("{:.3}", cell.train.weight_decay)
}

/// Groups by seed.
pub fn seed(cell: &Cell) -> String {
    cell.train.seed.to_string()
}

/// The values in groups of their cells.
pub fn grouped<'a, T>(
    values: impl IntoIterator<Item = (&'a Cell, T)>,
    group: Group,
) -> Vec<Vec<T>> {
    let mut groups: BTreeMap<String, Vec<T>> = BTreeMap::new();
    for (cell, value) in values {
        groups.entry(group(cell)).or_default().push(value);
    }
    groups.into_values().collect()
}

/// A number of each of the `cells` that has one, in groups.
pub fn each_in<T>(
    cells: &[&Finished],
    group: Group,
    of: impl Fn(&Finished) -> Option<T>,
) -> Vec<Vec<T>> {
    grouped(cells.iter().filter_map(|f| Some((&f.record.cell, of(f)?))), group)
}

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
    extra: &[OfCell<'_>],
) -> Table {
    let quantity =
        |name: &&str| Quantity::named(name).expect("figures ask for quantities that there are");
    let quantities: Vec<&Quantity> = quantities.iter().map(quantity).collect();
    let of = |q: &'static Quantity| move |f: &Finished| q.field(&f.record);
    let values: Vec<_> = quantities.iter().map(|q| of(q)).collect();
    let columns =
        quantities.iter().zip(&values).map(|(q, of)| -> OfCell<'_> { (q.name, q.meaning, of) });
    let columns: Vec<OfCell<'_>> = columns.chain(extra.iter().copied()).collect();
    keyed(name, question, &KEY, cells.iter().map(|f| (&f.record.cell, *f)), &columns)
}

/// One row a setting, seeds apart: its key without the seed, what is `extra` of its first cell, how many
/// cells it has, and the means over them of the `quantities` of `results.csv`.
///
/// # Panics
/// When there is no such quantity.
pub fn mean_table(
    name: &str,
    question: &str,
    cells: &[&Finished],
    quantities: &[&'static str],
    extra: &[OfCell<'_>],
) -> Table {
    let mut table = Table::new(name, question, &[]);
    let column = |name: &str, meaning: &str| (name.to_owned(), meaning.to_owned());
    let mut columns: Vec<(String, String)> = KEY[..4]
        .iter()
        .map(|c| column(c.0, c.1))
        .chain(extra.iter().map(|c| column(c.0, c.1)))
        .collect();
    columns.push(column("n_seeds", "trained cells"));
    for name in quantities {
        let quantity = Quantity::named(name).expect("figures ask for quantities that there are");
        columns.push(column(name, &format!("mean over them: {}", quantity.meaning)));
    }
    table.columns = columns.into_iter().map(|(name, meaning)| Column { name, meaning }).collect();
    for group in by_setting(cells) {
        let mut row: Vec<Field> = KEY[..4].iter().map(|c| (c.2)(cell_of(&group))).collect();
        row.extend(extra.iter().map(|c| (c.2)(group[0])));
        row.push(group.len().into());
        row.extend(quantities.iter().map(|name| Field::from(over_seeds(&group, name).mean)));
        table.push(row);
    }
    table
}

/// The exponent of the loss over the widths of `cells` from `d_min` on, by seed.
pub fn exponents_of_seeds(cells: &[&Finished], d_min: usize) -> BTreeMap<u64, f64> {
    let seeds: BTreeSet<u64> = cells.iter().map(|f| f.record.cell.train.seed).collect();
    let of_seed = |seed: u64| {
        let its = cells.iter().filter(|f| f.record.cell.train.seed == seed).copied();
        let points: Vec<(f64, f64)> = its
            .filter(|f| d_hidden(f) >= d_min)
            .filter_map(|f| Some((d_hidden(f) as f64, f.measured()?.loss_test)))
            .collect();
        Some((seed, law_through(&points)?.exponent))
    };
    seeds.into_iter().filter_map(of_seed).collect()
}

/// The logarithms of the losses of `cells` over those of the `others` that have the same width and seed, in
/// groups by seed.
pub fn log_ratios(cells: &[&Finished], others: &[&Finished]) -> Vec<Vec<f64>> {
    let place = |f: &Finished| (f.record.cell.train.seed, d_hidden(f));
    let pair = |f: &Finished| {
        let other = others.iter().find(|other| place(other) == place(f))?;
        Some((f.measured()?.loss_test / other.measured()?.loss_test).ln())
    };
    each_in(cells, seed, pair)
}

/// A bin of the row norms of a cell's `W`.
#[derive(Debug)]
pub struct NormBin<'a> {
    /// The cell.
    pub finished: &'a Finished,
    /// Its place, from 0.
    at: usize,
    /// The share of the rows in it.
    share: f64,
}

/// Row norms of `W`, one row a cell and bin, from the first bin that is not empty to the last, and what is
/// `extra`.
pub fn norm_table<'a>(cells: &[&'a Finished], extra: &[ColumnOf<'_, NormBin<'a>>]) -> Table {
    let edge = |bin: usize| (bin as f64 * NORM_BIN * 1e6).round() / 1e6;
    let own: [ColumnOf<'_, NormBin<'a>>; 3] = [
        ("norm_low", "lower end of a bin of row norms", &|bin| edge(bin.at).into()),
        ("norm_high", "its upper end", &|bin| edge(bin.at + 1).into()),
        ("density", "share of the rows in it, over its width", &|bin| {
            (bin.share / NORM_BIN).into()
        }),
    ];
    let bins = |finished: &&'a Finished| {
        let counts = norm_counts(finished).unwrap_or(&[]);
        let total = counts.iter().sum::<u64>() as f64;
        let last = counts.iter().rposition(|count| *count > 0).map_or(0, |last| last + 1);
        let counts = counts.iter().enumerate().take(last).skip_while(|(_, count)| **count == 0);
        let (finished, cell) = (*finished, &finished.record.cell);
        counts
            .map(move |(at, &count)| (cell, NormBin { finished, at, share: count as f64 / total }))
    };
    let question = "How long are the rows of W?";
    keyed("norms", question, &KEY, cells.iter().flat_map(bins), &[&own, extra].concat())
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

/// What a group of cells that differ in nothing but the seeds is of.
pub fn cell_of<'a>(group: &[&'a Finished]) -> &'a Cell {
    &group[0].record.cell
}

/// The number `d` of a cell.
pub fn d_hidden(finished: &Finished) -> usize {
    finished.record.cell.model.d_hidden
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

/// The power laws over width of `cells`, for widths from `d_min` on, of cells that differ in width, in rates
/// that follow the width, and in seeds.
pub fn exponents<'a>(cells: &[&'a Finished], d_min: usize) -> Vec<Exponent<'a>> {
    let window = FitWindow { d_min, ..FitWindow::ALL };
    let apart = [&SEED_FIELDS[..], &[WIDTH_FIELD], &RATES].concat();
    let settings = settings_but_for(cells, &apart);
    settings.iter().filter_map(|setting| Exponent::of(setting, window)).collect()
}

/// The power laws over all widths of those of `cells` that have all `n_widths` widths: a fit over fewer is
/// not the paper's.
pub fn complete_exponents<'a>(cells: &[&'a Finished], n_widths: usize) -> Vec<Exponent<'a>> {
    exponents(cells, 0).into_iter().filter(|e| e.losses.len() == n_widths).collect()
}

/// The complete exponents of `cells`, one list a seed, of the seeds that have as many settings as any.
pub fn exponents_by_seed<'a>(cells: &[&'a Finished], n_widths: usize) -> Vec<Vec<Exponent<'a>>> {
    let seeds: BTreeSet<u64> = cells.iter().map(|f| f.record.cell.train.seed).collect();
    let of_seed = |seed: &u64| {
        let its = cells.iter().filter(|f| f.record.cell.train.seed == *seed);
        complete_exponents(&its.copied().collect::<Vec<_>>(), n_widths)
    };
    let mut lists: Vec<Vec<Exponent<'a>>> = seeds.iter().map(of_seed).collect();
    let most = lists.iter().map(Vec::len).max().unwrap_or(0);
    lists.retain(|list| list.len() == most && most > 0);
    lists
}

/// The last columns of a table of exponents.
const EXPONENT_COLUMNS: [(&str, &str); 4] = [
    ("independent_sd", "standard deviation if each width had a seed of its own, as in the paper"),
    ("alive_exponent", "exponent of the loss without what dead outputs cost"),
    ("alive_exponent_se", "its standard error, from the scatter about the line"),
    ("local_exponents", "−Δ ln L / Δ ln d between neighbouring widths, in order"),
];

/// One row a power law, with what is `extra`.
pub fn exponent_table<'a>(
    name: &str,
    question: &str,
    exponents: &[Exponent<'a>],
    extra: &[ColumnOf<'_, Exponent<'a>>],
) -> Table {
    let n_widths = [("n_widths", "widths in the fit")];
    let key = [0, 1, 2].map(|at| (KEY[at].0, KEY[at].1));
    let mut columns =
        [&key[..], &FIT_COLUMNS, &n_widths, &SEED_COLUMNS, &EXPONENT_COLUMNS].concat();
    columns.extend(extra.iter().map(|e| (e.0, e.1)));
    let mut table = Table::new(name, question, &columns);
    for exponent in exponents {
        let mut row: Vec<Field> = KEY[..3].iter().map(|c| (c.2)(exponent.cell())).collect();
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
