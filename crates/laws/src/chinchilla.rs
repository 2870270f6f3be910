//! The loss of language models by parameters `N`, training tokens `D` and compute `C = 6 N D`.
//!
//! `L = E + A/N^α + B/D^β`. **Source**: Hoffmann et al. 2022, "Training Compute-Optimal Large
//! Language Models", fitted with what Besiroglu et al. 2024 found wrong with it. [`law`] has the
//! law in closed form; each verb has a file with its tables, picture and words: [`fit`],
//! [`allocate`], [`loss`] and [`repeat`].

pub mod allocate;
pub mod fit;
pub mod law;
pub mod loss;
pub mod repeat;
