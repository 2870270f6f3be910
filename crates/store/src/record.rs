//! What became of a cell, and under what circumstances.

use serde::{Deserialize, Serialize};
use superpose_toy::cell::{Cell, CellId};
use superpose_toy::trained::Outcome;

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

/// What was measured on a trained model. Losses are squared errors summed over features and
/// averaged over samples, the convention of the paper's figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// Mean loss over the fresh test batches.
    pub loss_test: f64,
    /// Standard error of that mean, from the scatter of the batches.
    pub loss_test_se: f64,
    /// Mean training loss over the last 100 steps (or all, if fewer), as the paper reports it.
    pub loss_train_last100: f64,
    /// Fraction of the rows of `W` with norm above 1/2.
    pub phi_half: f64,
    /// Fraction of the rows of `W` with norm above 1.
    pub phi_one: f64,
    /// Outputs that cannot fire at their own feature's largest value.
    pub dead_outputs: usize,
    /// What those outputs cost: `⟨v²⟩ Σ p_i` over them.
    pub loss_dead_part: f64,
    /// Mean squared overlap of the directions of all rows that are not zero.
    pub overlap_mean_square: f64,
    /// The same over the rows with norm above 1; absent when fewer than two are.
    pub overlap_mean_square_strong: Option<f64>,
    /// Least mean squared overlap that as many unit vectors as there are features can have.
    pub overlap_welch: f64,
    /// What else the weights look like; absent in records of version 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub geometry: Option<Geometry>,
}

impl Measured {
    /// What the live outputs cost: the test loss without what the dead ones do.
    pub fn loss_alive_part(&self) -> f64 {
        self.loss_test - self.loss_dead_part
    }

    /// The share of the test loss that dead outputs cost.
    pub fn dead_share(&self) -> f64 {
        self.loss_dead_part / self.loss_test
    }
}

/// What the weights of a trained model look like, beyond what every record has. A number that a record
/// lacks (an overlap of fewer than two rows, an eigenvalue that was not found) is absent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Geometry {
    /// Variance of cos² over all pairs of different rows of `W` that are not zero.
    pub overlap_variance: Option<f64>,
    /// Largest cos² of these pairs.
    pub overlap_max: Option<f64>,
    /// Variance of cos² over the pairs of rows with norm above 1.
    pub overlap_variance_strong: Option<f64>,
    /// Largest cos² of these pairs.
    pub overlap_max_strong: Option<f64>,
    /// Spectral norm of `W Wᵀ − diag(I_d, 0)`.
    pub spectral_distance: Option<f64>,
    /// `Σ_ij (W_i·W_j)²`.
    pub frame_potential: f64,
    /// Largest eigenvalue of `WᵀW`.
    pub spectrum_largest: Option<f64>,
    /// Smallest eigenvalue of `WᵀW`.
    pub spectrum_smallest: Option<f64>,
    /// `(Σλ)²/Σλ²` of these eigenvalues.
    pub participation_ratio: Option<f64>,
    /// Mean over features of `D_i = ‖W_i‖² / Σ_j (Ŵ_i·W_j)²`.
    pub dimensionality_mean: f64,
    /// Mean over features of `Σ_(j≠i) (Ŵ_i·W_j)²`.
    pub interference_mean: f64,
    /// Mean of `b`.
    pub bias_mean: f64,
    /// Mean row norm.
    pub norm_mean: f64,
    /// Smallest row norm.
    pub norm_min: f64,
    /// Largest row norm.
    pub norm_max: f64,
    /// Rows by norm, in bins of [`NORM_BIN`] from 0; the last holds all that is longer.
    pub norm_counts: Vec<u64>,
}

/// Width of the bins of [`Geometry::norm_counts`].
pub const NORM_BIN: f64 = 0.04;
/// Number of these bins.
pub const NORM_BINS: usize = 60;

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
