//! From tables to pictures: SVG and PNG, the same on a machine without fonts.
//!
//! Nothing is computed here: every mark and line is a row of a table. A figure describes a
//! [`chart::Chart`]; [`render`] draws it twice. Several charts, heat maps and histograms side by side
//! are a [`sheet::Sheet`]; [`lines`], [`heat_maps`] and [`histograms`] make its panels from tidy
//! tables.

mod arrangement;
pub mod axis;
mod canvas;
pub mod chart;
pub mod colour_bar;
pub mod decay;
mod font;
mod frame;
pub mod growth;
pub mod heat_map;
pub mod heat_maps;
pub mod histogram;
pub mod histograms;
mod keys;
mod layout;
mod legend;
pub mod lines;
pub mod loss_by_width;
pub mod loss_curves;
mod marks;
pub mod overlaps;
pub mod palette;
pub mod panel;
pub mod render;
pub mod sheet;
pub mod study;
mod ticks;

use superpose_files::table::{Table, TableError};

use crate::chart::Chart;

/// A picture, drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// As SVG.
    pub svg: Vec<u8>,
    /// As PNG.
    pub png: Vec<u8>,
}

/// Why a figure cannot be drawn.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FigureError {
    /// A table lacks what the figure shows.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The drawing library gave up.
    #[error("the figure `{name}` cannot be drawn: {problem}")]
    Drawing {
        /// Name of the figure.
        name: &'static str,
        /// What it said.
        problem: String,
    },
}

/// A figure that is drawn for every run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figure {
    /// Loss against width, with the fitted laws.
    LossByWidth,
    /// Training loss against step.
    LossCurves,
    /// Represented fraction against weight decay.
    Decay,
    /// Mean squared overlap against width.
    Overlaps,
}

impl Figure {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::LossByWidth, Self::LossCurves, Self::Decay, Self::Overlaps];

    /// The name of its files.
    pub fn name(self) -> &'static str {
        match self {
            Self::LossByWidth => "loss_by_width",
            Self::LossCurves => "loss_curves",
            Self::Decay => "phi_half_by_decay",
            Self::Overlaps => "overlap_by_width",
        }
    }

    /// The names of the tables it is drawn from.
    pub fn tables(self) -> &'static [&'static str] {
        match self {
            Self::LossByWidth => &["losses", "exponents"],
            Self::LossCurves => &["curves"],
            Self::Decay => &["decay"],
            Self::Overlaps => &["overlaps"],
        }
    }

    /// What the figure shows; `tables` are those of [`Figure::tables`], in that order.
    ///
    /// # Errors
    /// [`TableError`] when a table lacks a column.
    pub fn chart(self, tables: &[Table]) -> Result<Chart, TableError> {
        match self {
            Self::LossByWidth => loss_by_width::chart(&tables[0], &tables[1]),
            Self::LossCurves => loss_curves::chart(&tables[0]),
            Self::Decay => decay::chart(&tables[0]),
            Self::Overlaps => overlaps::chart(&tables[0]),
        }
    }
}

/// The step times in a table of measurements that belong to `definition`, as [`growth`] shows them;
/// `None` when there are none.
///
/// # Errors
/// [`FigureError`] when the table lacks a column or the drawing library gives up.
pub fn draw_growth(records: &Table, definition: &str) -> Result<Option<Drawn>, FigureError> {
    let chart = growth::chart(records, definition)?;
    if chart.is_empty() {
        return Ok(None);
    }
    let wrap = |problem| FigureError::Drawing { name: "growth", problem };
    render::render(&chart).map(Some).map_err(wrap)
}

/// The figure of the run called `sweep`, drawn from its tables; `None` when they have no rows to
/// show.
///
/// # Errors
/// [`FigureError`] when a table lacks a column or the drawing library gives up.
pub fn draw(figure: Figure, tables: &[Table], sweep: &str) -> Result<Option<Drawn>, FigureError> {
    let mut chart = figure.chart(tables)?;
    chart.caption.push_str(&format!(" Sweep: {sweep}; drawn by superpose figures."));
    if chart.is_empty() {
        return Ok(None);
    }
    let wrap = |problem| FigureError::Drawing { name: figure.name(), problem };
    render::render(&chart).map(Some).map_err(wrap)
}
