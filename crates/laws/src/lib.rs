//! Other laws of scaling, one a folder, each whole: the law, its fit, its tables, its picture and
//! its words.
//!
//! Nothing here reads a file or a clock, and nothing draws a random number without a seed argument.
//! Each verb of `superpose theory` is a function that makes a study:
//!
//! ```
//! use superpose_laws::icl::metric::{TokenAccuracy, study};
//!
//! let accuracy = TokenAccuracy { model_scale: 1e8, model_exponent: 0.3 };
//! let found = study(accuracy, &[1, 20]);
//! let table = found.tables.get("icl_metric")?;
//! assert_eq!(table.numbers("exact_match")?.len(), 2 * 49);
//! let pictures = (found.draw)(&found.tables)?;
//! assert_eq!(pictures[0].name, "icl_metric");
//! # Ok::<(), superpose_files::table::TableError>(())
//! ```

mod answer;
pub mod as_published;
pub mod chinchilla;
mod draws;
pub mod error;
#[cfg(test)]
mod finite_difference;
pub mod fits;
pub mod frequencies;
pub mod group_offsets;
pub mod icl;
mod linear;
pub mod mechanisms;
pub mod prediction;
pub mod redundancy;
