//! A cell between two steps of its training: all that it takes to go on as if it had never been stopped.
//!
//! A batch is a function of its step, so nothing of the sampler is in it.

use serde::{Deserialize, Serialize};

use crate::trained::{CurvePoint, Snapshot, Weights};

/// A model in training, after some steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelState {
    /// `W`, `b` and, of a model that is not tied, `V`.
    pub weights: Weights,
    /// Adam's first moments of each.
    pub first_moments: Weights,
    /// Adam's second moments of each.
    pub second_moments: Weights,
    /// What the engine chooses the way of its next step by, in the engine's own terms. Two ways differ by rounding.
    pub way: Option<f32>,
}

/// A sum of losses and how many they are.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct LossSum {
    /// The sum of mean squared errors.
    pub sum: f64,
    /// Their number.
    pub count: u64,
}

/// The training losses of a cell so far.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LossesSoFar {
    /// Steps whose losses are in it.
    pub step: u64,
    /// Those since the last point of the curve.
    pub recent: LossSum,
    /// Those of the last steps of all, of which the mean is reported.
    pub last: LossSum,
    /// The curve up to here.
    pub curve: Vec<CurvePoint>,
    /// By which step the loss was not finite, if ever; then no more were taken in.
    pub diverged_by: Option<u64>,
}

/// A cell in training, after some steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Steps that were made.
    pub step: u64,
    /// The model.
    pub model: ModelState,
    /// Its losses.
    pub losses: LossesSoFar,
    /// What it was at the moments so far at which it is kept.
    pub snapshots: Vec<Snapshot>,
}

impl Weights {
    /// As many zeros.
    #[must_use]
    pub fn zeros_like(&self) -> Self {
        let zeros = |numbers: &Vec<f32>| vec![0.0; numbers.len()];
        Self {
            n_features: self.n_features,
            d_hidden: self.d_hidden,
            weights: zeros(&self.weights),
            bias: zeros(&self.bias),
            decoder: self.decoder.as_ref().map(zeros),
        }
    }

    /// Whether the arrays are as long as the sizes say, and `like` has the same.
    pub fn has_shape_of(&self, like: &Self) -> bool {
        let lengths = |w: &Self| {
            let decoder = w.decoder.as_ref().map(Vec::len);
            (w.n_features, w.d_hidden, w.weights.len(), w.bias.len(), decoder)
        };
        lengths(self) == lengths(like)
    }
}

impl ModelState {
    /// A model before its first step.
    pub fn at_start(weights: Weights) -> Self {
        let zeros = weights.zeros_like();
        Self { weights, first_moments: zeros.clone(), second_moments: zeros, way: None }
    }
}
