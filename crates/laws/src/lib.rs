//! Other laws of scaling, one a folder, each whole: the law, its fit, its tables, its picture and
//! its words.
//!
//! Nothing here reads a file or a clock, and nothing draws a random number without a seed argument.

mod answer;
pub mod as_published;
mod bend;
pub mod chinchilla;
mod draws;
#[cfg(test)]
mod finite_difference;
pub mod frequencies;
pub mod group_offsets;
pub mod icl;
mod linear;
pub mod mechanisms;
pub mod prediction;
pub mod redundancy;
