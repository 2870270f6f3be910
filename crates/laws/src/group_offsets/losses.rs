//! Losses in a table, each with what it falls with and the group it belongs to.

use super::fit::Observation;
use crate::fits::{FitError, WithLoss};

/// Which columns hold what, and how intervals are taken.
#[derive(Debug, Clone, PartialEq)]
pub struct LossOptions {
    /// The column of widths, or of whatever the loss falls with.
    pub x: String,
    /// The column of losses.
    pub y: String,
    /// The columns whose values, together, name a group; with none all rows are one.
    pub groups: Vec<String>,
    /// Resamples of the bootstrap.
    pub n_resamples: usize,
    /// Its seed.
    pub seed: u64,
}

/// The observations in a table, of the rows that have a loss, and the names of their groups in order of
/// appearance.
pub(crate) fn observations(
    losses: &WithLoss<'_>,
    options: &LossOptions,
) -> Result<(Vec<Observation>, Vec<String>), FitError> {
    let x = losses.positive_numbers(&options.x)?;
    let y = losses.numbers(&options.y, "a number, at least 0,", |loss| loss >= 0.0)?;
    let columns: Vec<Vec<String>> =
        options.groups.iter().map(|name| losses.words_of(name)).collect::<Result<_, _>>()?;
    let mut groups: Vec<String> = Vec::new();
    let mut observations = Vec::new();
    for (row, (x, y)) in x.into_iter().zip(y).enumerate() {
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
