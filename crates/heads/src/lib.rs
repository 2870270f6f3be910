//! Other people's weights: find a language model's output head, and measure it as the toy's `W` is measured.
//!
//! A [`checkpoint`] is a file or folder whose [`tensor`]s are listed without reading them; [`head`] says
//! which one is the head; a [`matrix`] hands out its rows, [`decode`]d, a block at a time; [`measure`]
//! needs no more of it. What was measured becomes a
//! [`study`]: tables, pictures and words.

pub mod checkpoint;
pub mod decode;
pub mod error;
mod gguf;
pub mod head;
pub mod matrix;
pub mod measure;
mod pictures;
mod safetensors;
pub mod study;
mod tables;
pub mod tensor;
pub mod verdict;

#[cfg(test)]
mod files;
