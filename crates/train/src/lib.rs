//! A cell in, a trained autoencoder out.
//!
//! [`train::train`] draws batches ([`sampler`]), lets an engine ([`gram`] or [`mod@reference`]) make
//! the steps and tests the result. Tensors stop at this crate's door: what leaves it is on the host.
//!
//! All randomness is ours: a batch is a function of (data seed, stream, step) and an
//! initialisation one of (seed, shape), on every device and at every degree of parallelism.

mod fused_adam;
mod gradient;
pub mod gram;
mod grouped;
pub mod init;
pub mod memory;
pub mod model;
mod nonzeros;
mod numbers;
pub mod optimizer;
pub mod philox;
pub mod product;
pub mod reference;
mod respond;
pub mod sampler;
pub mod schedule;
pub mod train;
