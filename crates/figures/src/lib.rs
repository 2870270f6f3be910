//! From tables to pictures: SVG and PNG, the same on a machine without fonts.
//!
//! Nothing is computed here: every mark and line is a row of a table. [`lines`], [`heat_maps`] and
//! [`histograms`] make panels from tidy tables; a [`sheet::Sheet`] holds them, and [`render`] draws it.
//! [`study`] is the way from tables to files.

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
