//! The toy: what one training run is ([`cell`], [`prepared`]), what every engine begins with
//! ([`sampler`] and [`dependence`], [`importance`], [`init`], [`schedule`], [`adam`]), and what its
//! theory says in closed form ([`superposition`], [`overlap`]) or exactly by quadrature ([`population`]).
//!
//! Symbols follow Liu, Liu & Gore 2025 (arXiv 2505.10465 v4), "Superposition Yields Robust Neural
//! Scaling", except that their hidden width `m` is called `d_hidden`.
//!
//! All randomness is ours: a batch is a function of (data seed, stream, step) and an
//! initialisation one of (seed, shape), on every device and at every degree of parallelism.

pub mod adam;
pub mod cell;
pub mod checkpoint;
pub mod counts;
pub mod data_error;
pub mod dependence;
pub mod engine;
pub mod frequency;
pub mod frequency_file;
pub mod grouped;
mod hash;
pub mod importance;
pub mod init;
pub mod input;
pub mod overlap;
pub mod philox;
pub mod population;
pub mod prepared;
pub mod sampler;
pub mod schedule;
pub mod superposition;
pub mod trained;
pub mod values;
