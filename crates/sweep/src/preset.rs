//! The constants of Liu, Liu & Gore 2025, as their published scripts have them, and those of the older
//! toys of Elhage et al. 2022.
//!
//! A preset fills in what a sweep file leaves out. Where the paper's text and its code differ the
//! preset says so; whatever a file overrides is a deviation that stands in every record.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use superpose_toy::cell::{FrequencyLaw, Importance};
use superpose_toy::values::ValueDistribution;

/// A named set of constants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum Preset {
    /// The small toy: 1000 features, widths 10 to 100 (figures 3, 4, 5, 9b and 10 to 17).
    #[default]
    #[serde(rename = "liu2025-small")]
    Liu2025Small,
    /// The large toy: 10240 features, widths 8 to 1024 (figures 1, 7, 8 and 9a), with the batch
    /// and the steps of the paper's text; the script's own defaults are 8192 and 40000.
    #[serde(rename = "liu2025-large")]
    Liu2025Large,
    /// Toy Models of Superposition (Elhage et al. 2022), as in the notebook published with it: 5 features
    /// of even frequencies with values uniform on [0, 1] and importance 0.9^i; biases from zero; Adam at
    /// 1e-3, constant; 10,000 steps of 1024 samples; no weight decay. Published versions differ: the
    /// notebook's AdamW has PyTorch's usual decay of 0.01, and its W starts at Xavier's scale, where ours is
    /// `N(0, 1/d)`; the text has importance 0.7^i where it shows 20 features in 5 dimensions; the figures
    /// about geometry have 400 features in 30 dimensions and importance 1, those about phases 2 in 1 and 3
    /// in 2.
    #[serde(rename = "elhage2022")]
    Elhage2022,
}

/// What a preset fixes.
#[derive(Debug, Clone, PartialEq)]
pub struct Constants {
    /// Number of features.
    pub n_features: usize,
    /// Standard deviation of the initial biases. The paper's text does not mention it.
    pub bias_init_std: f64,
    /// Samples in a batch.
    pub batch_size: usize,
    /// Number of steps.
    pub steps: u64,
    /// Peak learning rate of `W`.
    pub learning_rate: LearningRateRule,
    /// Peak learning rate of `b`.
    pub learning_rate_bias: LearningRateRule,
    /// Warm-up as a fraction of the steps.
    pub warmup_fraction: f64,
    /// Final learning rate as a fraction of the peak.
    pub final_learning_rate_fraction: f64,
    /// Adam's decay of the first moment.
    pub adam_beta1: f64,
    /// Adam's decay of the second moment.
    pub adam_beta2: f64,
    /// Adam's epsilon. It interacts with the loss scale: gradients of rare features are as small.
    pub adam_epsilon: f64,
    /// Factor on the mean squared error over batch and features.
    pub loss_scale: f64,
    /// Signed weight decay, where it has one.
    pub weight_decay: Option<f64>,
    /// Law of the frequencies, where it has one.
    pub frequencies: Option<FrequencyLaw>,
    /// Values of active features.
    pub values: ValueDistribution,
    /// Weights of the outputs in the loss.
    pub importance: Importance,
}

/// A learning rate that may depend on the width: `value · (reference_width / d_hidden)^exponent`.
// In the JSON schema of sweep files it has a description of its own, and its fields have none.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ByWidthToml", description = "`value * (reference_width / d_hidden)^exponent`")]
pub struct LearningRateRule {
    /// Rate at the reference width.
    #[schemars(description = "")]
    pub value: f64,
    /// The reference width.
    #[schemars(description = "")]
    pub reference_width: f64,
    /// How fast the rate falls with width; zero for a fixed rate.
    #[schemars(description = "")]
    pub exponent: f64,
}

impl LearningRateRule {
    const fn by_width(value: f64, reference_width: f64, exponent: f64) -> Self {
        Self { value, reference_width, exponent }
    }

    /// The rate at width `d_hidden`.
    pub fn at(self, d_hidden: usize) -> f64 {
        self.value * (self.reference_width / d_hidden as f64).powf(self.exponent)
    }
}

impl Preset {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::Liu2025Small, Self::Liu2025Large, Self::Elhage2022];

    /// What it is called in a sweep file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Liu2025Small => "liu2025-small",
            Self::Liu2025Large => "liu2025-large",
            Self::Elhage2022 => "elhage2022",
        }
    }

    /// The constants that go by this name.
    pub fn constants(self) -> Constants {
        let fixed = LearningRateRule::by_width(0.01, 1.0, 0.0);
        let small = Constants {
            n_features: 1000,
            bias_init_std: 1.0,
            batch_size: 2048,
            steps: 20_000,
            learning_rate: fixed,
            learning_rate_bias: fixed,
            warmup_fraction: 0.1,
            final_learning_rate_fraction: 0.05,
            adam_beta1: 0.9,
            adam_beta2: 0.999,
            adam_epsilon: 1e-8,
            loss_scale: 1.0,
            weight_decay: None,
            frequencies: None,
            values: ValueDistribution::Uniform,
            importance: Importance::Constant,
        };
        match self {
            Self::Liu2025Small => small,
            Self::Liu2025Large => Constants {
                n_features: 10_240,
                learning_rate: LearningRateRule::by_width(0.02, 8.0, 0.25),
                learning_rate_bias: LearningRateRule::by_width(2.0, 1.0, 1.0),
                warmup_fraction: 0.05,
                loss_scale: 100.0,
                ..small
            },
            Self::Elhage2022 => {
                let fixed = LearningRateRule::by_width(0.001, 1.0, 0.0);
                Constants {
                    n_features: 5,
                    bias_init_std: 0.0,
                    batch_size: 1024,
                    steps: 10_000,
                    learning_rate: fixed,
                    learning_rate_bias: fixed,
                    warmup_fraction: 0.0,
                    final_learning_rate_fraction: 1.0,
                    weight_decay: Some(0.0),
                    frequencies: Some(FrequencyLaw::Power { exponent: 0.0 }),
                    values: ValueDistribution::Unit,
                    importance: Importance::Geometric { ratio: 0.9 },
                    ..small
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_large_rates_follow_the_width_as_published() {
        let large = Preset::Liu2025Large.constants();
        assert!((large.learning_rate.at(8) - 0.02).abs() < 1e-15);
        // 0.02 (8/128)^¼ = 0.01, and 2/1024.
        assert!((large.learning_rate.at(128) - 0.01).abs() < 1e-15);
        assert!((large.learning_rate_bias.at(1024) - 2.0 / 1024.0).abs() < 1e-15);
    }
}
