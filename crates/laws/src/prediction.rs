//! A power law of the loss over one scale, and what it says of scales that were not measured.

pub mod scale_law;
pub mod tables;
