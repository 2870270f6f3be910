//! What a figure of the paper is: which cells, which tables, which claims, which picture.

use std::collections::BTreeMap;

use superpose_analysis::run::Finished;
use superpose_figures::sheet::Sheet;
use superpose_files::table::{Table, TableError};
use superpose_sweep::error::ConfigError;
use superpose_toy::cell::{Cell, CellId};
use superpose_toy::trained::Weights;

use crate::claim::Claim;
use crate::sweeps::{SweepFile, cells};

/// A figure, or an experiment of our own that is told like one.
#[derive(Debug, Clone, Copy)]
pub struct Figure {
    /// The paper's number (version 4), such as `9b`; a word for what is not the paper's.
    pub id: &'static str,
    /// What it shows.
    pub title: &'static str,
    /// The question that it answers.
    pub question: &'static str,
    /// The sweeps that its cells are in.
    pub sweeps: &'static [SweepFile],
    /// Which of their cells it needs.
    pub wants: fn(&Cell) -> bool,
    /// Of which of these it needs the weights themselves, so that records are not enough.
    pub wants_weights: fn(&Cell) -> bool,
    /// Its tables and claims.
    pub make: fn(&Evidence<'_>) -> Result<Made, TableError>,
    /// Its pictures, from these tables.
    pub draw: fn(&[Table]) -> Result<Vec<Sheet>, TableError>,
    /// What would have counted against the claims.
    pub against: &'static str,
    /// What a toy, this one or any, cannot show.
    pub limits: &'static str,
}

/// What there is to make a figure of.
#[derive(Debug, Clone)]
pub struct Evidence<'a> {
    /// The finished cells that it wants.
    pub cells: Vec<&'a Finished>,
    /// Weights of those that it wants the weights of.
    pub weights: &'a BTreeMap<CellId, Weights>,
}

impl<'a> Evidence<'a> {
    /// The trained cells that are `wanted`.
    pub fn select(&self, wanted: impl Fn(&Cell) -> bool) -> Vec<&'a Finished> {
        let trained = self.cells.iter().filter(|f| f.measured().is_some());
        trained.filter(|f| wanted(&f.record.cell)).copied().collect()
    }
}

/// A figure's numbers.
#[derive(Debug, Clone)]
pub struct Made {
    /// Its tables; the picture is drawn from them.
    pub tables: Vec<Table>,
    /// What they say of the paper's claims.
    pub claims: Vec<Claim>,
}

impl Figure {
    /// The folder of its experiment.
    pub fn folder(&self) -> String {
        match self.id.starts_with(|c: char| c.is_ascii_digit()) {
            true => format!("figure-{}", self.id),
            false => self.id.to_owned(),
        }
    }

    /// The cells that it needs, each once.
    ///
    /// # Errors
    /// [`ConfigError`] never, as long as this crate's tests pass.
    pub fn cells(&self) -> Result<Vec<Cell>, ConfigError> {
        Ok(cells(self.sweeps)?.into_iter().filter(self.wants).collect())
    }
}

/// No cell.
pub fn none(_: &Cell) -> bool {
    false
}

/// Every cell.
pub fn all(_: &Cell) -> bool {
    true
}

/// Whether the frequencies of a cell follow the power law of this data exponent.
pub fn exponent_is(cell: &Cell, data_exponent: f64) -> bool {
    cell.data_exponent().is_some_and(|a| near(a, data_exponent))
}

/// Whether a cell has this weight decay.
pub fn decay_is(cell: &Cell, weight_decay: f64) -> bool {
    near(cell.train.weight_decay, weight_decay)
}

/// Whether two settings are the same but for rounding.
pub fn near(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-3
}
