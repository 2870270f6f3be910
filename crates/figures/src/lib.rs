//! From tables to pictures: SVG and PNG, the same on a machine without fonts.
//!
//! Nothing is computed here: every mark and line is a row of a table. [`lines`], [`heat_maps`] and
//! [`histograms`] make panels from tidy tables; a [`sheet::Sheet`] holds them, and [`render`] draws it.
//! [`study`] is the way from tables to files.
//!
//! A table becomes a picture with a mark for each row:
//!
//! ```
//! use superpose_figures::axis::Axis;
//! use superpose_figures::chart::Mark;
//! use superpose_figures::lines::{Lines, lines};
//! use superpose_figures::render::svg;
//! use superpose_figures::sheet::{Axes, Sheet};
//! use superpose_files::table::Table;
//!
//! let table = Table::from_csv("losses", b"d,loss\n10,1.2\n20,0.6\n40,0.3\n80,0.15\n")?;
//! let (width, loss) = (Axis::logarithmic("width d"), Axis::logarithmic("test loss"));
//! let dots = Lines { mark: Mark::Dots, ..Lines::plain(("d", width), ("loss", loss)) };
//! let sheet = Sheet {
//!     title: "Loss against width".to_owned(),
//!     columns: 1,
//!     panels: lines(&table, &dots)?,
//!     axes: Axes::Shared,
//!     caption: "Each dot is a row of losses.csv.".to_owned(),
//! };
//! let picture = svg(&sheet)?;
//! assert_eq!(picture.matches("<circle").count(), table.rows.len());
//! assert!(picture.contains("width d") && picture.contains("test loss"));
//!
//! let unknown = Lines { y: "lost", ..dots };
//! assert!(lines(&table, &unknown).is_err(), "there is no such column");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod animation;
mod arrangement;
mod axes;
pub mod axis;
mod canvas;
pub mod chart;
pub mod colour_bar;
mod common;
mod font;
pub mod heat_maps;
pub mod histograms;
mod keys;
mod layout;
mod legend;
pub mod lines;
mod marks;
pub mod palette;
pub mod panel;
#[cfg(test)]
mod picture_tests;
mod raster;
pub mod render;
pub mod sheet;
pub mod study;
mod svg;
mod ticks;

pub use render::Drawn;
