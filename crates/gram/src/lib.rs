//! The fast engine, on the CPU.
//!
//! [`engine::Gram`] makes the steps of a cell from the active rows of the Gram matrix. There is no
//! burn here, so that it builds and is tested in seconds.

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
