//! What became of a cell, and under what circumstances.

use serde::{Deserialize, Serialize};
use superpose_toy::cell::{Cell, CellId};
use superpose_toy::trained::Outcome;

pub use crate::measured::{Geometry, Measured, NORM_BIN, NORM_BINS, Variant};

/// The version of the record's format that this program writes. It also reads version 1, whose records
/// have no [`Geometry`].
pub const RECORD_VERSION: u32 = 2;

/// What became of a cell: `record.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Version of this format.
    pub record_version: u32,
    /// The cell's identity.
    pub cell_id: CellId,
    /// How training ended.
    pub outcome: Outcome,
    /// What was measured on the trained model; absent unless it was trained to the end.
    pub measured: Option<Measured>,
    /// Wall time of training and test, in seconds.
    pub wall_s: f64,
    /// The cell itself.
    pub cell: Cell,
    /// Where the numbers come from.
    pub provenance: Provenance,
}

impl Record {
    /// What the weights look like, if the model was trained to the end and measured by version 2.
    pub fn geometry(&self) -> Option<&Geometry> {
        self.measured.as_ref()?.geometry.as_ref()
    }

    /// What is only said of a cell of another kind than the paper's, if it was trained to the end.
    pub fn variant(&self) -> Option<&Variant> {
        self.measured.as_ref()?.variant.as_ref()
    }
}

/// Where numbers come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// Version of this program.
    pub superpose_version: String,
    /// Git revision that it was built from.
    pub revision: String,
    /// Version of burn.
    pub burn_version: String,
    /// Label and description of the device.
    pub device: String,
    /// The engine that made the steps.
    pub engine: String,
    /// Precision of the arithmetic.
    pub dtype: String,
    /// When the record was written, in seconds since 1970.
    pub finished_unix_s: u64,
}
