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
//!
//! A law by itself, here that of Besiroglu et al. 2024, with the compute of Chinchilla to spend:
//!
//! ```
//! use superpose_laws::chinchilla::law::BESIROGLU;
//!
//! let best = BESIROGLU.allocate(5.76e23)?;
//! assert!((6.0 * best.parameters * best.tokens / 5.76e23 - 1.0).abs() < 1e-12);
//! let ratio = best.tokens / best.parameters;
//! assert!((15.0..25.0).contains(&ratio), "about 20 tokens a parameter: {ratio}");
//! // A larger or a smaller model for the same compute has a higher loss.
//! for change in [0.8, 1.25] {
//!     let (parameters, tokens) = (best.parameters * change, best.tokens / change);
//!     assert!(BESIROGLU.loss(parameters, tokens) > best.loss);
//! }
//! // And no less compute reaches this loss.
//! let least = BESIROGLU.allocate_for_loss(best.loss)?;
//! assert!((least.compute / best.compute - 1.0).abs() < 1e-6);
//! # Ok::<(), superpose_laws::error::LawError>(())
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
