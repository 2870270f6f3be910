//! Figures of papers about toy models of superposition, and what of the papers' claims holds.
//!
//! A [`figure::Figure`] says which cells of which sweep it needs, makes tables and claims of them, and
//! draws its pictures from the tables; [`experiment::Experiment`] makes its folder. Sweeps are shared
//! between the figures of a paper, so nothing is trained twice. [`papers::PAPERS`] are the papers, each with a
//! folder here.

pub mod cells;
pub mod claim;
mod draw;
pub mod elhage2022;
pub mod experiment;
pub mod figure;
pub mod index;
pub mod known;
pub mod liu2025;
pub mod papers;
pub mod report;
pub mod rows;
pub mod sweeps;
pub mod tiny;
