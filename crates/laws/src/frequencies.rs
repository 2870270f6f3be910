//! Which power law a list of frequencies has.

pub mod tables;
pub mod zipf;
