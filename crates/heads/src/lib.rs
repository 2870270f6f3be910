//! Other people's weights: find a language model's output head, and measure it as the toy's `W` is
//! measured.
//!
//! A [`checkpoint`] is one file or the parts of a model, whose [`tensor`]s are listed without reading
//! them; [`head`] says which one is the head, by its name and by what else is there; a [`matrix`]
//! hands out its rows, [`decode`]d, a block at a time; [`measure`] needs no more of it. What was
//! measured becomes a [`study`]: tables, pictures and words.

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
