//! Small numerical experiments with exact answers: what a scaling law says, computed.
//!
//! Nothing here reads a file or a clock, and nothing draws a random number without a seed argument. Closed forms
//! are in `theory`; here is what needs a matrix, a sample or a search. [`tables`] say what came out.

pub mod boxes;
pub mod dimension;
mod draws;
pub mod icl;
pub mod known_sets;
pub mod lags;
mod linear;
pub mod pairs;
pub mod prompt_regression;
pub mod random_features;
pub mod ridge;
pub mod tables;
pub mod task_diversity;
pub mod text;
pub mod torus_regression;
