//! The redundancy of data and the exponent that it leaves: one file a verb of `superpose theory redundancy`, and
//! the law behind it in the folder of the same name. Linear tasks are exact, texts and clouds of points are
//! estimated. Sources are named at each law.

pub mod dimension;
pub mod features;
pub mod matrix;
pub mod spectrum;
pub mod text;
