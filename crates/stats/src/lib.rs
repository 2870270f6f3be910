//! Estimators: parameters with their uncertainty, from plain numbers.
//!
//! Nothing here reads a file or a clock, and nothing draws a random number without a seed.

pub mod bfgs;
pub mod bootstrap;
pub mod exponent;
pub mod groups;
pub mod power_law;
pub mod scatter;
pub mod summary;
pub mod trend;
