//! Why cells cannot be trained.

use superpose_device::DeviceError;
use superpose_store::store::StoreError;
use superpose_toy::cell::{Cell, Model};
use superpose_toy::engine::Unsupported;

use crate::resources::size;

/// Why cells cannot be trained. That a cell diverges, or that its engine fails, is no error but its
/// outcome.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The device cannot be opened.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The engine that was asked for cannot train a cell.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
    /// The folder of records cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A cell needs more memory than this machine has.
    #[error(
        "{asked_by}: {cell} needs about {}; at most {} is free on this machine",
        size(*needed_bytes),
        size(*free_bytes)
    )]
    OutOfMemory {
        /// What asks for the cell, such as a sweep file.
        asked_by: String,
        /// The largest cell.
        cell: CellSize,
        /// What it needs.
        needed_bytes: f64,
        /// What is free.
        free_bytes: f64,
    },
    /// A cell needs more memory than the GPU has.
    #[error("{cell} does not fit on {device}; `--device cpu` may have the memory")]
    DoesNotFit {
        /// The cell.
        cell: CellSize,
        /// What the device calls itself.
        device: String,
    },
    /// The GPU failed.
    #[error("what is finished is kept, and the same command goes on from there: {said}")]
    DeviceFailed {
        /// What it said.
        said: String,
        /// Whether it only ran out of memory: fewer cells together may fit.
        out_of_memory: bool,
    },
    /// A cell diverged or failed, and the options say to stop then. Its record is kept.
    #[error("{0}")]
    Lost(String),
}

/// What makes a cell large.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a cell with `model.n_features` = {n_features}, `model.d_hidden` = {d_hidden} and \
     `train.batch_size` = {batch_size}"
)]
pub struct CellSize {
    /// Number of features.
    pub n_features: usize,
    /// Hidden width.
    pub d_hidden: usize,
    /// Samples in a batch.
    pub batch_size: usize,
}

impl From<&Cell> for CellSize {
    fn from(cell: &Cell) -> Self {
        let Model { n_features, d_hidden, .. } = cell.model;
        Self { n_features, d_hidden, batch_size: cell.train.batch_size }
    }
}
