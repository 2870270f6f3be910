//! Three mechanisms that give a power law, side by side.

pub mod quanta;
pub mod tables;
pub mod torus_regression;
