//! A cell in, a trained autoencoder out.
//!
//! [`train::train`] draws batches, lets an engine (`superpose_gram` or [`mod@reference`]) make the
//! steps and tests the result. Tensors stop at this crate's door: what leaves it is on the host.

pub mod memory;
pub mod model;
pub mod optimizer;
pub mod reference;
pub mod together;
pub mod train;
