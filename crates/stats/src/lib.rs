//! Estimators: parameters with their uncertainty, from plain numbers.
//!
//! Nothing here reads a file or a clock, and nothing draws a random number without a seed argument.

mod bend;
pub mod bfgs;
pub mod bootstrap;
pub mod group_offsets;
pub mod isoflop;
pub mod loss_surface;
pub mod power_law;
pub mod scale_law;
pub mod summary;
pub mod zipf;
