//! One power law over groups of losses, each above an offset of its own.

pub mod fit;
pub mod tables;
