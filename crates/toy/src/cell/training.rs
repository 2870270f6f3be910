//! The training of a cell: its loss, its optimizer and its schedule, and the test that follows.

use serde::{Deserialize, Serialize};

/// How a cell is trained and tested.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Training {
    /// Samples in a batch.
    pub batch_size: usize,
    /// Number of steps; each draws a new batch.
    pub steps: u64,
    /// Peak learning rate of `W`.
    pub learning_rate: f64,
    /// Peak learning rate of `b`.
    pub learning_rate_bias: f64,
    /// Steps of linear warm-up; a cosine follows.
    pub warmup_steps: u64,
    /// What the cosine falls to at the last step, as a fraction of the peak.
    pub final_learning_rate_fraction: f64,
    /// Signed decay `γ` of `W`: positive shrinks the rows, negative pulls their norms to one.
    pub weight_decay: f64,
    /// Adam's decay of the first moment.
    pub adam_beta1: f64,
    /// Adam's decay of the second moment.
    pub adam_beta2: f64,
    /// Added to the root of the bias-corrected second moment.
    pub adam_epsilon: f64,
    /// The trained loss is this times the mean over batch *and* features.
    pub loss_scale: f64,
    /// Seed of the initial `W` and `b`.
    pub seed: u64,
    /// Fresh batches the trained model is tested on.
    pub test_batches: u64,
    /// Steps averaged into one point of the loss curve.
    pub log_every: u64,
    /// Moments of the training at which the model is kept, evenly in the logarithm of the step
    /// ([`crate::schedule::moments`]); they change nothing of it. 0 for none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub snapshots: u64,
    /// What is made small.
    #[serde(default, skip_serializing_if = "Loss::is_default")]
    pub loss: Loss,
    /// What makes it small.
    #[serde(default, skip_serializing_if = "Optimizer::is_default")]
    pub optimizer: Optimizer,
}

/// The loss of an output `y` whose target is `x`, before it is weighted by importance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Loss {
    /// `(y − x)²`.
    #[default]
    Squared,
    /// `|y − x|^power`.
    Power {
        /// From 3 to 8.
        power: u32,
    },
    /// `−t ln y`, where the target `t` is `x` over its sum over features (zero in a sample without any
    /// active feature), for [`super::Activation::Softmax`].
    CrossEntropy,
}

/// What makes the loss small: [`crate::adam`] has the formulas.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Optimizer {
    /// Adam, with the numbers `adam_…`.
    #[default]
    Adam,
    /// Gradient descent with momentum; `adam_…` are of no use to it.
    Sgd {
        /// What is kept of the sum of gradients from step to step: at least 0 and below 1.
        momentum: f64,
    },
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Loss {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
    fn is_default(&self) -> bool {
        *self == Self::Squared
    }
}

impl Optimizer {
    fn is_default(&self) -> bool {
        *self == Self::Adam
    }
}
