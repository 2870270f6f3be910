//! Estimators: parameters with their uncertainty, from plain numbers.
//!
//! Nothing here reads a file or a clock, and nothing draws a random number.

pub mod bfgs;
pub mod bootstrap;
pub mod exponent;
pub mod power_law;
pub mod summary;
