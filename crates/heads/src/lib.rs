//! Other people's weights: find a language model's output head, and measure it as the toy's `W` is
//! measured.
//!
//! A [`checkpoint`] is one file or the parts of a model, whose [`tensor`]s are listed without reading
//! them; [`head`] says which one is the head, by its name and by what else is there; a [`matrix`]
//! hands out its rows, [`decode`]d, a block at a time; [`measure`] needs no more of it. What was
//! measured becomes a [`study`]: tables, pictures and words.
//!
//! The head of a model of three tokens in two dimensions, whose rows are twice as long as unit vectors at 120°:
//!
//! ```
//! use std::collections::BTreeMap;
//!
//! use safetensors::tensor::{Dtype, TensorView, serialize_to_file};
//! use superpose_heads::checkpoint::Checkpoint;
//! use superpose_heads::head::head;
//! use superpose_heads::measure::{Options, measure};
//!
//! let rows = [2.0, 0.0, -1.0, 3_f32.sqrt(), -1.0, -(3_f32.sqrt())];
//! let bytes: Vec<u8> = rows.iter().flat_map(|value| value.to_le_bytes()).collect();
//! let matrix = || TensorView::new(Dtype::F32, vec![3, 2], &bytes);
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("model.safetensors");
//! let tensors = BTreeMap::from([("lm_head.weight", matrix()?), ("embed_tokens.weight", matrix()?)]);
//! serialize_to_file(tensors, None, &path)?;
//!
//! let checkpoint = Checkpoint::open(&path)?;
//! let found = head(&checkpoint)?;
//! assert_eq!(found.name, "lm_head.weight");
//! let matrix = checkpoint.matrix(&found.name)?;
//! assert_eq!((matrix.n_rows(), matrix.width()), (3, 2));
//!
//! let options = Options { centre: false, n_sampled: 3 };
//! let measured = measure(&matrix, options, &mut |_| {})?;
//! assert!((measured.norms.summary.mean - 2.0).abs() < 1e-6);
//! assert!((measured.overlaps.mean_square - 0.25).abs() < 1e-6, "cos² 120°");
//! assert!((measured.spectrum.participation_ratio - 2.0).abs() < 1e-6, "both dimensions");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod checkpoint;
mod config;
pub mod decode;
pub mod error;
mod gguf;
pub mod head;
mod known;
pub mod matrix;
pub mod measure;
pub mod names;
mod nature;
mod part;
mod pictures;
mod place;
mod safetensors;
pub mod study;
mod tables;
pub mod tensor;
pub mod verdict;

#[cfg(test)]
mod files;
