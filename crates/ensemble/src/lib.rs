//! The GPU engine: many cells of one shape, trained together as one batch of kernels.
//!
//! A toy model alone is too small for a GPU, which then spends its time starting kernels. An
//! [`ensemble::Ensemble`] makes the steps of many at once, from the same sparse batches as the CPU
//! engine and by the same arithmetic (the hidden vectors of samples against all of `W`, without
//! ever making a dense batch). The kernels are written in `CubeCL`, so one source serves Vulkan,
//! Metal and WebGPU; there is no burn here and no backend is named. A build for CPUs alone has
//! neither `CubeCL` nor any [`Client`], and what a GPU would do is in `absent`.
//!
//! A cell's result does not depend on which others it is trained with: each has its own numbers,
//! its own tiles and its own order of summation.

#![cfg_attr(
    not(feature = "gpu"),
    allow(dead_code, unreachable_pub, reason = "some of it is for kernels alone")
)]

#[cfg(feature = "gpu")]
mod arrays;
pub mod batches;
pub mod failure;
pub mod feed;
#[cfg(feature = "gpu")]
#[allow(
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    clippy::collapsible_if,
    reason = "kernels become public modules, and are not quite Rust: a condition at compile time is not one at run time"
)]
mod kernels;
#[cfg(feature = "gpu")]
mod launch;
mod layout;
pub mod memory;
pub mod plan;
pub mod times;
pub mod units;

#[cfg(feature = "gpu")]
pub mod ensemble;
#[cfg(feature = "gpu")]
pub mod peak;

#[cfg(not(feature = "gpu"))]
mod absent;
#[cfg(not(feature = "gpu"))]
pub use absent::{Client, ensemble, peak};
#[cfg(feature = "gpu")]
pub use cubecl::client::Client;

use superpose_toy::cell::Cell;
use superpose_toy::engine::{EngineKind, Unsupported};

use crate::failure::DeviceFailure;

/// Mean squared errors, `[batches][cells]`, which the device may still be working on: calling it
/// waits for them. It fails when the device has failed.
pub type PendingLosses<'c> = Box<dyn FnOnce() -> Result<Vec<Vec<f64>>, DeviceFailure> + Send + 'c>;

/// Whether this engine can train `cell`: tied autoencoders with ReLU and squared errors. Everything
/// else about a cell is all one to it.
///
/// # Errors
/// [`Unsupported`], which names the field.
pub fn supports(cell: &Cell) -> Result<(), Unsupported> {
    Unsupported::unless_tied_relu_squared(EngineKind::Gram, cell)
}

/// A count or a place as the device has it.
pub(crate) fn word(count: usize) -> u32 {
    u32::try_from(count).expect("an ensemble has fewer than 2³² of anything")
}
