//! What the stages meet in: tables whose columns say what they hold, files that are complete or not
//! there at all, and digests by which damage to them is noticed.

pub mod disk;
pub mod given;
pub mod sums;
pub mod table;
