//! A cell in, a trained autoencoder out.
//!
//! [`train::train`] gives an engine ([`engine::Engine`]: the gram engine on the CPU or on a GPU, or
//! [`mod@reference`] on any device) its steps chunk by chunk, and tests the result. Tensors stop at
//! this crate's door: what leaves it is on the host.

pub mod engine;
mod losses;
pub mod memory;
pub mod model;
pub mod optimizer;
pub mod reference;
pub mod together;
pub mod train;
