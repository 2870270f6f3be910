//! The GPU engine: many cells of one shape, trained together as one batch of kernels.
//!
//! A toy model alone is too small for a GPU, which then spends its time starting kernels. An
//! [`ensemble::Ensemble`] makes the steps of many at once, from the same sparse batches as the CPU
//! engine and by the same arithmetic (the hidden vectors of samples against all of `W`, without
//! ever making a dense batch). The kernels are written in `CubeCL`, so one source serves Vulkan,
//! Metal and WebGPU; there is no burn here and no backend is named.
//!
//! A cell's result does not depend on which others it is trained with: each has its own numbers,
//! its own tiles and its own order of summation.

mod arrays;
pub mod batches;
pub mod ensemble;
pub mod failure;
pub mod feed;
#[allow(
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    clippy::collapsible_if,
    reason = "kernels become public modules, and are not quite Rust: a condition at compile time is not one at run time"
)]
mod kernels;
mod launch;
pub mod peak;
pub mod plan;
pub mod units;

/// A count or a place as the device has it.
pub(crate) fn word(count: usize) -> u32 {
    u32::try_from(count).expect("an ensemble has fewer than 2³² of anything")
}
