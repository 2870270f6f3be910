//! What training leaves: how it ended, the loss curve, the model.

use serde::{Deserialize, Serialize};

/// How training ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Outcome {
    /// All steps were made and the model was tested.
    Completed,
    /// The training loss was not finite, or what was trained or measured in the end.
    Diverged {
        /// It was not finite at or before this step (counted from 1).
        step: u64,
        /// What was not finite, if it was not the training loss.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// The engine gave up.
    Failed {
        /// What it said.
        message: String,
    },
}

impl Outcome {
    /// The outcome in one word, as in `results.csv`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Diverged { .. } => "diverged",
            Self::Failed { .. } => "failed",
        }
    }
}

/// One point of a loss curve: a line of `curve.csv`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// Last step that the point covers, counted from 1.
    pub step: u64,
    /// Mean training loss since the point before, summed over features.
    pub loss: f64,
}

/// A model as it was at a moment of its training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Steps that had been made.
    pub step: u64,
    /// Its parameters.
    pub weights: Weights,
}

/// A trained model, on the host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Weights {
    /// Number of features `n`.
    pub n_features: usize,
    /// Hidden width `d`.
    pub d_hidden: usize,
    /// `W`, row by row: `[n_features, d_hidden]`.
    pub weights: Vec<f32>,
    /// `b`: `[n_features]`.
    pub bias: Vec<f32>,
    /// `V`, row by row, of a model that is not tied: `[n_features, d_hidden]`.
    pub decoder: Option<Vec<f32>>,
}

/// A loss and its gradient on one batch.
#[derive(Debug, Clone, PartialEq)]
pub struct LossGradient {
    /// The trained loss: `loss_scale` times the mean over batch and features of what each output costs.
    pub loss: f64,
    /// Its derivative with respect to `W`, row by row.
    pub weights: Vec<f64>,
    /// Its derivative with respect to `b`.
    pub bias: Vec<f64>,
    /// Its derivative with respect to `V`, of a model that is not tied.
    pub decoder: Option<Vec<f64>>,
}
