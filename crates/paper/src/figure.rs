//! What a figure of the paper is: which cells, which tables, which claims, which pictures.

use std::collections::{BTreeMap, HashMap};

use superpose_analysis::run::Finished;
use superpose_figures::study::Picture;
use superpose_files::table::{Table, TableError, Tables};
use superpose_toy::cell::{Cell, CellId};
use superpose_toy::trained::Weights;

use crate::claim::Claim;
use crate::sweeps::{SweepFile, cells};

/// Which cells.
pub type Choice = fn(&Cell) -> bool;
/// How tables and claims are made of cells.
pub type Make = fn(&Material<'_>) -> Findings;
/// How pictures are drawn from tables.
pub type Draw = fn(&Tables) -> Result<Vec<Picture>, TableError>;

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
    pub wants: Choice,
    /// Of which of these it needs the weights themselves, so that records are not enough.
    pub wants_weights: Choice,
    /// Its tables and claims.
    pub make: Make,
    /// Its pictures, from these tables; a sheet without a title has the figure's.
    pub draw: Draw,
    /// What would have counted against the claims.
    pub against: &'static str,
    /// What a toy, this one or any, cannot show.
    pub limits: &'static str,
}

/// What there is to make a figure of.
#[derive(Debug, Clone)]
pub struct Material<'a> {
    /// The finished cells that the figure wants, in its order.
    pub cells: Vec<&'a Finished>,
    /// Weights of those that it wants the weights of, where they are at hand.
    pub weights: BTreeMap<CellId, Weights>,
    /// The number of cells that the figure wants, finished or not.
    pub n_wanted: usize,
}

impl<'a> Material<'a> {
    /// What `figure` wants of the `finished` cells, and of their weights, which `weights_of` finds.
    ///
    /// # Errors
    /// That of `weights_of`.
    pub fn of<E>(
        figure: &Figure,
        finished: &'a [Finished],
        weights_of: impl Fn(&CellId) -> Result<Option<Weights>, E>,
    ) -> Result<Self, E> {
        let by_id: HashMap<&CellId, &Finished> =
            finished.iter().map(|f| (&f.record.cell_id, f)).collect();
        let wanted = figure.cells();
        let mut material =
            Self { cells: Vec::new(), weights: BTreeMap::new(), n_wanted: wanted.len() };
        for cell in wanted {
            let id = cell.id();
            material.cells.extend(by_id.get(&id));
            if (figure.wants_weights)(&cell) {
                material.weights.extend(weights_of(&id)?.map(|weights| (id, weights)));
            }
        }
        Ok(material)
    }

    /// The trained cells that are `wanted`.
    pub fn select(&self, wanted: impl Fn(&Cell) -> bool) -> Vec<&'a Finished> {
        let trained = self.cells.iter().filter(|f| f.measured().is_some());
        trained.filter(|f| wanted(&f.record.cell)).copied().collect()
    }

    /// All trained cells.
    pub fn trained(&self) -> Vec<&'a Finished> {
        self.select(all)
    }

    /// The number of wanted cells that are not finished.
    pub fn n_missing(&self) -> usize {
        self.n_wanted - self.cells.len()
    }

    /// The number of finished cells that diverged or failed.
    pub fn n_lost(&self) -> usize {
        self.cells.len() - self.trained().len()
    }
}

/// A figure's numbers.
#[derive(Debug, Clone)]
pub struct Findings {
    /// Its tables; the pictures are drawn from them.
    pub tables: Tables,
    /// What they say of the paper's claims.
    pub claims: Vec<Claim>,
}

impl Findings {
    /// Tables, each with a name of its own, and claims.
    ///
    /// # Panics
    /// When two tables have the same name.
    pub fn new(
        tables: impl IntoIterator<Item = Table>,
        claims: impl IntoIterator<Item = Claim>,
    ) -> Self {
        Self { tables: tables.into_iter().collect(), claims: claims.into_iter().collect() }
    }
}

impl Figure {
    /// A figure of all cells of some sweeps, of which it needs the records; its texts are to be added.
    pub const fn of(
        id: &'static str,
        sweeps: &'static [SweepFile],
        make: Make,
        draw: Draw,
    ) -> Self {
        let (title, question, against, limits) = ("", "", "", "");
        let (wants, wants_weights): (Choice, Choice) = (all, none);
        Self { id, title, question, sweeps, wants, wants_weights, make, draw, against, limits }
    }

    /// The same of some cells.
    #[must_use]
    pub const fn wants(self, wants: Choice) -> Self {
        Self { wants, ..self }
    }

    /// The same with the weights of some cells.
    #[must_use]
    pub const fn wants_weights(self, wants_weights: Choice) -> Self {
        Self { wants_weights, ..self }
    }

    /// The same with what it shows.
    #[must_use]
    pub const fn title(self, title: &'static str) -> Self {
        Self { title, ..self }
    }

    /// The same with the question that it answers.
    #[must_use]
    pub const fn question(self, question: &'static str) -> Self {
        Self { question, ..self }
    }

    /// The same with what would have counted against its claims.
    #[must_use]
    pub const fn against(self, against: &'static str) -> Self {
        Self { against, ..self }
    }

    /// The same with what it cannot show.
    #[must_use]
    pub const fn limits(self, limits: &'static str) -> Self {
        Self { limits, ..self }
    }

    /// The folder of its experiment.
    pub fn folder(&self) -> String {
        match self.id.starts_with(|c: char| c.is_ascii_digit()) {
            true => format!("figure-{}", self.id),
            false => self.id.to_owned(),
        }
    }

    /// Its pictures, from its tables.
    ///
    /// # Errors
    /// [`TableError`] when a table or a column is missing.
    pub fn pictures(&self, tables: &Tables) -> Result<Vec<Picture>, TableError> {
        let mut pictures = (self.draw)(tables)?;
        for picture in pictures.iter_mut().filter(|picture| picture.sheet.title.is_empty()) {
            self.title.clone_into(&mut picture.sheet.title);
        }
        Ok(pictures)
    }

    /// The cells that it needs, each once.
    pub fn cells(&self) -> Vec<Cell> {
        cells(self.sweeps).into_iter().filter(self.wants).collect()
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

/// The regime that the paper's weight decays choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Regime {
    /// γ ≤ −1/3: every feature is represented.
    Strong,
    /// γ = −1/9: neither, whichever way it is looked at.
    Transition,
    /// γ > 0: few features are.
    Weak,
}

impl Regime {
    /// That of the weight decay of `cell`.
    pub fn of(cell: &Cell) -> Self {
        match cell.train.weight_decay {
            decay if decay < -0.2 => Self::Strong,
            decay if decay <= 0.0 => Self::Transition,
            _ => Self::Weak,
        }
    }
}

/// Whether the weight decay of a cell is negative: the strong regime.
pub fn is_strong(cell: &Cell) -> bool {
    cell.train.weight_decay < 0.0
}

/// Whether the weight decay of a cell is positive: the weak regime.
pub fn is_weak(cell: &Cell) -> bool {
    cell.train.weight_decay > 0.0
}

/// Whether the frequencies of a cell follow the power law of this data exponent.
pub fn exponent_is(cell: &Cell, data_exponent: f64) -> bool {
    cell.data_exponent().is_some_and(|a| near(a, data_exponent))
}

/// Whether a cell has this weight decay.
pub fn decay_is(cell: &Cell, weight_decay: f64) -> bool {
    near(cell.train.weight_decay, weight_decay)
}

/// Settings closer than this are the same but for rounding: the paper prints three or four digits, and
/// no two settings of our sweeps are closer than 0.002 (learning rates of the biases).
const ROUNDING: f64 = 1e-3;

/// Whether two settings are the same but for rounding.
pub fn near(a: f64, b: f64) -> bool {
    (a - b).abs() < ROUNDING
}
