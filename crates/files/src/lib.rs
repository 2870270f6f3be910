//! What the stages meet in: tables whose columns say what they hold, and files that are there whole or
//! not at all.

pub mod disk;
pub mod table;
