//! What the stages meet in: tables whose columns say what they hold, and files that are complete or not
//! there at all.

pub mod disk;
pub mod given;
pub mod table;
