//! The toy: what one training run is ([`cell`], [`prepared`]), what every engine begins with
//! ([`sampler`] and [`dependence`], [`importance`], [`init`], [`schedule`], [`adam`]), and what its
//! theory says in closed form ([`superposition`], [`overlap`]) or exactly by quadrature ([`population`]).
//!
//! Symbols follow Liu, Liu & Gore 2025 (arXiv 2505.10465 v4), "Superposition Yields Robust Neural
//! Scaling", except that their hidden width `m` is called `d_hidden`.
//!
//! All randomness is ours: a batch is a function of (data seed, stream, step) and an
//! initialisation one of (seed, shape), on every device and at every degree of parallelism.
//!
//! Frequencies, a batch drawn by them, and the loss of a model that knows only how frequent they are:
//!
//! ```
//! use superpose_toy::frequency::{FeatureProbabilities, power_law_weights};
//! use superpose_toy::sampler::{Sampler, Stream};
//! use superpose_toy::superposition::unrepresented_loss;
//! use superpose_toy::values::ValueDistribution::Uniform;
//!
//! // A hundred features, of which 1.5 are active in a sample on average.
//! let p = FeatureProbabilities::scaled(&power_law_weights(100, 1.0), 1.5)?;
//! assert!((p.density() - 1.5).abs() < 1e-12);
//! assert!(unrepresented_loss(p.as_slice(), Uniform) < 1.5 * Uniform.second_moment());
//!
//! let (seed, batch_size) = (7, 4096);
//! let batch = Sampler::new(&p, Uniform, seed, batch_size).batch(Stream::Train, 3);
//! let again = Sampler::new(&p, Uniform, seed, batch_size).batch(Stream::Train, 3);
//! let other = Sampler::new(&p, Uniform, seed, batch_size).batch(Stream::Train, 4);
//! assert_eq!(batch, again);
//! assert_ne!(batch, other);
//! // The mean of so many samples scatters by less than 0.02.
//! let density = batch.active.len() as f64 / batch_size as f64;
//! assert!((density - 1.5).abs() < 0.1, "{density}");
//! # Ok::<(), superpose_toy::frequency::FrequencyError>(())
//! ```

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
