//! What all fits to measurements have in common: how measurements are read, how searches and
//! resamples are made, and how intervals are written.

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};
use superpose_figures::study::Note;
use superpose_files::table::{Field, Table, TableError};
use superpose_stats::bfgs::Minimum;
use superpose_stats::bootstrap::percentile_interval;

use crate::error::LawError;

/// Confidence of all intervals, as the meanings of their columns say.
pub(crate) const CONFIDENCE: f64 = 0.95;
/// Bisections: more than double precision can tell apart.
const BISECTIONS: usize = 64;

/// Why the measurements in a table cannot be fitted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FitError {
    /// A column is missing, or holds a word.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A value is not allowed, a quantity has no column, or no law fits: a sentence with the table.
    #[error("{0}")]
    Wrong(String),
}

impl FitError {
    /// That no law fits `what` stands in `table`.
    pub(crate) fn no_law(what: &str, table: &Table, why: &LawError) -> Self {
        Self::Wrong(format!("no law fits the {what} in `{}`: {why}", table.name))
    }
}

/// Rows of a table that have a loss.
#[derive(Debug, Clone)]
pub(crate) struct WithLoss<'a> {
    table: &'a Table,
    rows: Vec<usize>,
}

impl<'a> WithLoss<'a> {
    /// Those whose `column` holds a number: a run that diverged has none.
    pub(crate) fn of(table: &'a Table, column: &str) -> Result<Self, TableError> {
        let losses = table.numbers(column)?;
        let rows = (0..losses.len()).filter(|row| losses[*row].is_finite()).collect();
        Ok(Self { table, rows })
    }

    /// How many rows are left out.
    pub(crate) fn n_left_out(&self) -> usize {
        self.table.rows.len() - self.rows.len()
    }

    /// That rows are left out, if there are any.
    pub(crate) fn words(&self) -> Option<Note> {
        match self.n_left_out() {
            0 => None,
            1 => Some(Note::Line("1 row without a loss is left out".to_owned())),
            n => Some(Note::Line(format!("{n} rows without a loss are left out"))),
        }
    }

    /// The words of a column in these rows.
    pub(crate) fn words_of(&self, column: &str) -> Result<Vec<String>, TableError> {
        let words = self.table.words(column)?;
        Ok(self.rows.iter().map(|row| words[*row].clone()).collect())
    }

    /// The numbers of a column in these rows, all finite and positive.
    pub(crate) fn positive_numbers(&self, column: &str) -> Result<Vec<f64>, FitError> {
        self.numbers(column, "a positive number", |value| value > 0.0)
    }

    /// The numbers of a column in these rows, all finite and such as are `allowed`.
    pub(crate) fn numbers(
        &self,
        column: &str,
        allowed: &str,
        is_allowed: fn(f64) -> bool,
    ) -> Result<Vec<f64>, FitError> {
        let values = self.table.numbers(column)?;
        let wrong = |row: &&usize| !values[**row].is_finite() || !is_allowed(values[**row]);
        let Some(row) = self.rows.iter().find(wrong) else {
            return Ok(self.rows.iter().map(|row| values[*row]).collect());
        };
        let value = values[*row];
        let got = if value.is_nan() { "no number".to_owned() } else { value.to_string() };
        let (name, row) = (&self.table.name, row + 1);
        let said = format!("`{name}`: row {row} must have {allowed} in `{column}`, got `{got}`");
        Err(FitError::Wrong(said))
    }
}

/// How many different numbers there are.
pub(crate) fn n_different(values: impl Iterator<Item = f64>) -> usize {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    values.len()
}

/// The least and the largest number.
pub(crate) fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let none = (f64::INFINITY, f64::NEG_INFINITY);
    values.fold(none, |(least, most), value| (least.min(value), most.max(value)))
}

/// As many of the `points` as there are, drawn with replacement.
pub(crate) fn drawn<T: Copy>(points: &[T], rng: &mut ChaCha8Rng) -> Vec<T> {
    points.iter().map(|_| points[rng.random_range(0..points.len())]).collect()
}

/// Where searches from all `starts` ended, the best first.
pub(crate) fn search(
    starts: Vec<Vec<f64>>,
    minimise: impl Fn(&[f64]) -> Minimum + Sync,
) -> Vec<Minimum> {
    let mut ends: Vec<Minimum> = starts.into_par_iter().map(|start| minimise(&start)).collect();
    ends.sort_by(|a, b| a.value.total_cmp(&b.value));
    ends
}

/// Where, from `inside` to `outside`, `is_outside` begins to hold.
pub(crate) fn bisect(mut inside: f64, mut outside: f64, is_outside: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..BISECTIONS {
        let middle = f64::midpoint(inside, outside);
        *if is_outside(middle) { &mut outside } else { &mut inside } = middle;
    }
    f64::midpoint(inside, outside)
}

/// The ends of the percentile interval of `values`, as fields of a table; missing without any.
pub(crate) fn interval(values: impl Iterator<Item = f64>) -> [Field; 2] {
    let ends = percentile_interval(values.collect(), CONFIDENCE);
    [ends.map(|ends| ends.0).into(), ends.map(|ends| ends.1).into()]
}
