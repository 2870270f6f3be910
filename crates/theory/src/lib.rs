//! Predictions in closed form, one law a file.
//!
//! Nothing here reads a file, a clock or a random number. Symbols follow Liu, Liu & Gore 2025
//! (arXiv 2505.10465 v4), "Superposition Yields Robust Neural Scaling", except that their hidden
//! width `m` is called `d_hidden`.

pub mod as_published;
pub mod bottleneck;
pub mod chinchilla;
pub mod frequency;
pub mod icl;
pub mod linear_task;
pub mod overlap;
pub mod prompt_regression;
pub mod quanta;
pub mod repetition;
pub mod spectrum;
pub mod superposition;
pub mod values;
