//! Losses in a table, each with what it falls with and the group it belongs to.

use superpose_files::table::{Table, TableError};

use super::fit::{GroupOffsetsError, Observation};
use crate::prediction::scale_law::ScaleLawError;

/// Which columns hold what, and how intervals are taken.
#[derive(Debug, Clone, PartialEq)]
pub struct LossOptions {
    /// The column of widths, or of whatever the loss falls with.
    pub x: String,
    /// The column of losses.
    pub y: String,
    /// The columns whose values, together, name a group; with none all rows are one.
    pub groups: Vec<String>,
    /// Confidence of the intervals.
    pub confidence: f64,
    /// Resamples of the bootstrap.
    pub n_resamples: usize,
    /// Its seed.
    pub seed: u64,
}

/// Why losses cannot be fitted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LossError {
    /// A column is missing, or holds a word.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A value is missing or not allowed.
    #[error("`{table}`: row {row} must have {allowed} in `{column}`, got `{value}`")]
    Value {
        /// The table.
        table: String,
        /// The row, from 1, without the header.
        row: usize,
        /// The column.
        column: String,
        /// What stands there.
        value: String,
        /// What may stand there.
        allowed: &'static str,
    },
    /// There is no such law.
    #[error("no law fits the losses in `{table}`: {source}")]
    NoLaw {
        /// The table.
        table: String,
        /// Why.
        source: GroupOffsetsError,
    },
    /// Not even a power law.
    #[error("no law fits the losses in `{table}`: {source}")]
    NoScaleLaw {
        /// The table.
        table: String,
        /// Why.
        source: ScaleLawError,
    },
}

/// The observations in a table, and the names of their groups in order of appearance.
pub(crate) fn observations(
    losses: &Table,
    options: &LossOptions,
) -> Result<(Vec<Observation>, Vec<String>), LossError> {
    let (x, y) = (losses.numbers(&options.x)?, losses.numbers(&options.y)?);
    let columns: Vec<Vec<String>> =
        options.groups.iter().map(|name| losses.words(name)).collect::<Result<_, _>>()?;
    let check = |row: usize, column: &str, value: f64, good: bool, allowed| {
        let wrong = || LossError::Value {
            table: losses.name.clone(),
            row: row + 1,
            column: column.to_owned(),
            value: if value.is_nan() { "no number".to_owned() } else { value.to_string() },
            allowed,
        };
        if good { Ok(()) } else { Err(wrong()) }
    };
    let mut groups: Vec<String> = Vec::new();
    let mut observations = Vec::new();
    for (row, (x, y)) in x.into_iter().zip(y).enumerate() {
        check(row, &options.x, x, x.is_finite() && x > 0.0, "a positive number")?;
        check(row, &options.y, y, y.is_finite() && y >= 0.0, "a number, at least 0,")?;
        let words: Vec<&str> = columns.iter().map(|column| &*column[row]).collect();
        let name = if words.is_empty() { "all".to_owned() } else { words.join("/") };
        let known = groups.iter().position(|group| *group == name);
        let group = known.unwrap_or_else(|| {
            groups.push(name);
            groups.len() - 1
        });
        observations.push(Observation { x, y, group });
    }
    Ok((observations, groups))
}
