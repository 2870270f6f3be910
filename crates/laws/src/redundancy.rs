//! The redundancy of data and the exponent that it leaves: linear tasks exactly, text and point clouds by
//! estimate.

pub mod bottleneck;
pub mod boxes;
pub mod dimension;
pub mod dimension_tables;
pub mod features_tables;
pub mod known_sets;
pub mod lags;
pub mod linear_task;
pub mod matrix_tables;
pub mod pairs;
pub mod random_features;
pub mod ridge;
pub mod spectrum;
pub mod spectrum_tables;
pub mod text;
pub mod text_tables;
