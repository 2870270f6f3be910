//! The fast engine, on the CPU, and what every engine begins with: batches, start and schedule.
//!
//! [`engine::Gram`] makes the steps of a cell from the active rows of the Gram matrix. There is no
//! burn here, so that it builds and is tested in seconds.
//!
//! All randomness is ours: a batch is a function of (data seed, stream, step) and an
//! initialisation one of (seed, shape), on every device and at every degree of parallelism.

pub mod engine;
mod fused_adam;
mod gradient;
pub mod grouped;
pub mod init;
mod nonzeros;
mod numbers;
pub mod philox;
pub mod product;
mod respond;
pub mod sampler;
pub mod schedule;
