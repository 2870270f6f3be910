//! The toy figures of a paper, and what of its claims holds: Liu, Liu & Gore 2025, "Superposition Yields
//! Robust Neural Scaling" (arXiv 2505.10465, version 4).
//!
//! A [`figure::Figure`] says which cells of which sweep it needs, makes tables and claims of them, and
//! draws its pictures from the tables; [`experiment::Experiment`] makes its folder. Sweeps are shared
//! between figures, so nothing is trained twice.

pub mod cells;
pub mod claim;
pub mod experiment;
pub mod figure;
pub mod figures;
pub mod index;
pub mod published;
pub mod report;
pub mod rows;
pub mod sweeps;
