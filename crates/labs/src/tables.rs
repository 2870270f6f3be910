//! What the experiments show, as tables.

pub mod as_published;
pub mod dimension;
pub mod features;
pub mod icl;
pub mod matrix;
pub mod mechanisms;
pub mod redundancy;
pub mod text;
