//! The fast engine, on the CPU.
//!
//! [`engine::Gram`] makes the steps of a cell from the active rows of the Gram matrix. There is no
//! burn here, so that it builds and is tested in seconds.
//!
//! Two hundred steps on a small cell, and a test on batches that it was not trained on:
//!
//! ```
//! use superpose_gram::engine::{Gram, supports};
//! use superpose_sweep::file::Sweep;
//! use superpose_toy::sampler::{Sampler, Stream};
//! use superpose_toy::superposition::unrepresented_loss;
//!
//! let text = r#"
//!     schema = 1
//!     name = "example"
//!     model = { n_features = 20, d_hidden = 3 }
//!     data.frequencies = { law = "power", exponent = 1.0 }
//!     train = { weight_decay = -1.0, batch_size = 256, steps = 200 }
//! "#;
//! let cells = Sweep::parse(text, "example.toml".as_ref(), &[])?.cells;
//! let prepared = &cells[0];
//! supports(&prepared.cell)?;
//!
//! let (mut gram, mut sampler) = (Gram::new(prepared), Sampler::of(prepared));
//! for step in 0..prepared.cell.train.steps {
//!     // Batches are counted from 0, steps from 1.
//!     gram.step(step + 1, &sampler.batch(Stream::Train, step));
//! }
//! // The engine's error is a mean over features; the theory's is a sum.
//! let test: f64 = (0..10).map(|k| gram.mse(&sampler.batch(Stream::Test, k))).sum();
//! let loss = 20.0 * test / 10.0;
//! let cell = &prepared.cell;
//! let without = unrepresented_loss(prepared.probabilities.as_slice(), cell.data.values);
//! assert!(loss < without, "{loss}, and {without} for the best constant answer");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod engine;
mod fused_adam;
mod gradient;
mod nonzeros;
mod numbers;
pub mod product;
mod registers;
mod respond;
mod samples;
mod scatter;
mod small;
