//! A sweep file as it is written: every field that may be left out is an `Option` here and nowhere
//! else.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::axes::Axis;
use crate::bench::Bench;
use crate::error::FieldError;
use crate::preset::{Constants, LearningRateRule, Preset};
use superpose_toy::cell::{Cell, Data, FrequencyLaw, Model, Training};
use superpose_toy::frequency_file::FrequencyFileError;
use superpose_toy::prepared::{Prepared, Preparer};
use superpose_toy::values::ValueDistribution;

/// The version of the sweep file's format that this program reads.
pub const SCHEMA: u32 = 1;

/// A sweep file.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "superpose sweep file")]
pub struct SweepToml {
    /// Version of the format: 1.
    pub schema: u32,
    /// Name of the sweep and of its folder under `runs/`: letters, digits, `.`, `_` and `-`.
    pub name: String,
    /// What the sweep is for; printed, and otherwise unused.
    pub description: Option<String>,
    /// The autoencoder.
    #[serde(default)]
    pub model: ModelToml,
    /// The data.
    #[serde(default)]
    pub data: DataToml,
    /// Training and test.
    #[serde(default)]
    pub train: TrainToml,
    /// What to vary.
    #[serde(default)]
    pub sweep: SweepSection,
    /// What `superpose bench` is to measure.
    pub bench: Option<Bench>,
}

/// The `[model]`, `[data]` and `[train]` tables of one cell.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellToml {
    #[serde(default)]
    model: ModelToml,
    #[serde(default)]
    data: DataToml,
    #[serde(default)]
    train: TrainToml,
}

/// The autoencoder `y = ReLU(x W Wᵀ + b)`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelToml {
    /// Number of features, at least 1. Default: the preset's.
    n_features: Option<usize>,
    /// Hidden width (the paper's m), at least 1. No default.
    d_hidden: Option<usize>,
    /// Standard deviation of the initial biases, at least 0. Default: the preset's.
    bias_init_std: Option<f64>,
}

/// Where the samples come from.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DataToml {
    /// Law of the relative feature frequencies. No default.
    frequencies: Option<FrequencyLawToml>,
    /// Mean number of active features in a sample, above 0; no feature may become more probable
    /// than 1. Default: 1.
    activation_density: Option<f64>,
    /// Distribution of an active feature's value, each with mean 1. Default: "uniform" on [0, 2].
    values: Option<ValueDistribution>,
    /// Seed of all batches. Default: `train.seed`.
    seed: Option<u64>,
}

/// Law of the relative feature frequencies.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(tag = "law", rename_all = "lowercase", deny_unknown_fields)]
enum FrequencyLawToml {
    /// i^-exponent, for ranks from 1.
    Power {
        /// The data exponent, at least 0.
        exponent: f64,
    },
    /// exp(-i / scale), for i from 0.
    Exponential {
        /// Above 0.
        scale: f64,
    },
    /// (n - i) / n, for i from 0.
    Linear {},
    /// A number a line, a JSON counter, or wordfreq's msgpack, plain or by gzip.
    File {
        /// Relative to the sweep file.
        path: PathBuf,
    },
}

/// How a cell is trained and tested.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrainToml {
    /// The constants that fill in what is left out. Default: "liu2025-small".
    preset: Option<Preset>,
    /// Samples in a batch, at least 1. Default: the preset's.
    batch_size: Option<usize>,
    /// Steps, at least 1. Default: the preset's.
    steps: Option<u64>,
    /// Peak learning rate of W, above 0. Default: the preset's.
    learning_rate: Option<LearningRateToml>,
    /// Peak learning rate of b, at least 0. Default: the preset's.
    learning_rate_bias: Option<LearningRateToml>,
    /// Steps of linear warm-up. Default: the preset's fraction of the steps.
    warmup_steps: Option<u64>,
    /// Final learning rate over the peak, 0 to 1. Default: the preset's.
    final_learning_rate_fraction: Option<f64>,
    /// Signed weight decay of W. No default.
    weight_decay: Option<f64>,
    /// At least 0 and below 1. Default: the preset's.
    adam_beta1: Option<f64>,
    /// At least 0 and below 1. Default: the preset's.
    adam_beta2: Option<f64>,
    /// Above 0. Default: the preset's.
    adam_epsilon: Option<f64>,
    /// Factor on the mean squared error over batch and features, above 0. Default: the preset's.
    loss_scale: Option<f64>,
    /// Seed of the initial weights and biases, and of the batches unless `data.seed` is given.
    /// Default: 0.
    seed: Option<u64>,
    /// Fresh batches for the test loss, at least 2. Default: 100.
    test_batches: Option<u64>,
    /// Steps averaged into a point of the loss curve, at least 1. Default: 100.
    log_every: Option<u64>,
}

/// A fixed rate, or one that falls with width: `value * (reference_width / d_hidden)^exponent`.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "a learning rate is a number, or { value, reference_width, exponent }"
)]
enum LearningRateToml {
    Fixed(f64),
    ByWidth(LearningRateRule),
}

/// What to vary: any dotted field name with its values, and `zip`, `add`, `exclude`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub struct SweepSection {
    /// Groups of fields that vary together; each group is one dimension of the product.
    #[serde(default)]
    #[schemars(with = "Vec<IndexMap<String, Axis>>")]
    pub zip: Vec<IndexMap<String, toml::Value>>,
    /// Single cells beside the product: the tables above with these fields changed.
    #[serde(default)]
    #[schemars(with = "Vec<IndexMap<String, serde_json::Value>>")]
    pub add: Vec<IndexMap<String, toml::Value>>,
    /// Cells of the product to leave out: those that have all these values.
    #[serde(default)]
    #[schemars(with = "Vec<IndexMap<String, serde_json::Value>>")]
    pub exclude: Vec<IndexMap<String, toml::Value>>,
    /// The axes of the product, by dotted field name.
    #[serde(flatten)]
    #[schemars(with = "IndexMap<String, Axis>")]
    pub axes: IndexMap<String, toml::Value>,
}

/// Why one cell's tables give no cell.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ResolveError {
    #[error(transparent)]
    Field(#[from] FieldError),
    #[error(transparent)]
    Frequencies(#[from] FrequencyFileError),
}

/// Largest number of features, samples or hidden units: what an index of 32 bits can safely hold.
const MOST: usize = 1 << 24;

impl CellToml {
    pub(crate) fn activation_density(&self) -> f64 {
        self.data.activation_density.unwrap_or(1.0)
    }

    /// The complete cell, checked and prepared; file names in it are relative to `folder`.
    pub(crate) fn resolve(
        self,
        folder: &Path,
        preparer: &mut Preparer,
    ) -> Result<Prepared, ResolveError> {
        let activation_density = self.activation_density();
        let Self { model, data, train } = self;
        let constants = train.preset.unwrap_or_default().constants();
        let d_hidden = model.d_hidden.ok_or_else(|| missing("model.d_hidden", "given"))?;
        let model = Model {
            n_features: model.n_features.unwrap_or(constants.n_features),
            d_hidden,
            bias_init_std: model.bias_init_std.unwrap_or(constants.bias_init_std),
        };
        let train = train.resolve(&constants, d_hidden)?;
        check_model(&model)?;
        check_training(&train)?;
        let law = data.frequencies.ok_or_else(|| {
            missing("data.frequencies", "given, such as { law = \"power\", exponent = 1.0 }")
        })?;
        let data = Data {
            frequencies: law.resolve(folder, preparer)?,
            activation_density,
            values: data.values.unwrap_or(ValueDistribution::Uniform),
            seed: data.seed.unwrap_or(train.seed),
        };
        check_above_0("data.activation_density", data.activation_density)?;
        Ok(preparer.prepare(Cell { model, data, train })?)
    }
}

impl TrainToml {
    /// The complete training at width `d_hidden`, not yet checked.
    fn resolve(self, constants: &Constants, d_hidden: usize) -> Result<Training, FieldError> {
        let steps = self.steps.unwrap_or(constants.steps);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a fraction of the steps, and steps are checked later"
        )]
        let warmup = (constants.warmup_fraction * steps as f64).round() as u64;
        let rate = |written, preset: LearningRateRule| match written {
            Some(LearningRateToml::Fixed(rate)) => rate,
            Some(LearningRateToml::ByWidth(rule)) => rule.at(d_hidden),
            None => preset.at(d_hidden),
        };
        let weight_decay =
            self.weight_decay.ok_or_else(|| missing("train.weight_decay", "given"))?;
        Ok(Training {
            batch_size: self.batch_size.unwrap_or(constants.batch_size),
            steps,
            learning_rate: rate(self.learning_rate, constants.learning_rate),
            learning_rate_bias: rate(self.learning_rate_bias, constants.learning_rate_bias),
            warmup_steps: self.warmup_steps.unwrap_or(warmup),
            final_learning_rate_fraction: self
                .final_learning_rate_fraction
                .unwrap_or(constants.final_learning_rate_fraction),
            // Adding zero turns -0.0, another spelling of the same cell, into 0.0.
            weight_decay: 0.0 + weight_decay,
            adam_beta1: self.adam_beta1.unwrap_or(constants.adam_beta1),
            adam_beta2: self.adam_beta2.unwrap_or(constants.adam_beta2),
            adam_epsilon: self.adam_epsilon.unwrap_or(constants.adam_epsilon),
            loss_scale: self.loss_scale.unwrap_or(constants.loss_scale),
            seed: self.seed.unwrap_or(0),
            test_batches: self.test_batches.unwrap_or(100),
            log_every: self.log_every.unwrap_or(100),
        })
    }
}

impl FrequencyLawToml {
    fn resolve(self, folder: &Path, preparer: &mut Preparer) -> Result<FrequencyLaw, ResolveError> {
        Ok(match self {
            Self::Power { exponent } => {
                check_at_least_0("data.frequencies.exponent", exponent)?;
                FrequencyLaw::Power { exponent: 0.0 + exponent }
            }
            Self::Exponential { scale } => {
                check_above_0("data.frequencies.scale", scale)?;
                FrequencyLaw::Exponential { scale }
            }
            Self::Linear {} => FrequencyLaw::Linear {},
            Self::File { path } => {
                let path = folder.join(path);
                let sha256 = preparer.file(&path)?.sha256.clone();
                FrequencyLaw::File { path, sha256 }
            }
        })
    }
}

fn missing(field: &str, allowed: &str) -> FieldError {
    FieldError::new(field, "nothing", allowed)
}

/// Refuses the `value` of a field that does not fit, saying what is `allowed`.
fn check<T: Copy + Display>(
    field: &str,
    value: T,
    allowed: &str,
    fits: impl FnOnce(T) -> bool,
) -> Result<(), FieldError> {
    if fits(value) { Ok(()) } else { Err(FieldError::new(field, value, allowed)) }
}

fn check_between<T: Copy + Display + PartialOrd>(
    field: &str,
    value: T,
    range: RangeInclusive<T>,
) -> Result<(), FieldError> {
    let allowed = format!("between {} and {}", range.start(), range.end());
    check(field, value, &allowed, |v| range.contains(&v))
}

fn check_above_0(field: &str, value: f64) -> Result<(), FieldError> {
    check(field, value, "finite and above 0", |v| v.is_finite() && v > 0.0)
}

fn check_at_least_0(field: &str, value: f64) -> Result<(), FieldError> {
    check(field, value, "finite and at least 0", |v| v.is_finite() && v >= 0.0)
}

fn check_model(model: &Model) -> Result<(), FieldError> {
    check_between("model.n_features", model.n_features, 1..=MOST)?;
    check_between("model.d_hidden", model.d_hidden, 1..=MOST)?;
    check_at_least_0("model.bias_init_std", model.bias_init_std)
}

fn check_training(train: &Training) -> Result<(), FieldError> {
    let steps = train.steps;
    check_between("train.batch_size", train.batch_size, 1..=MOST)?;
    check_between("train.steps", steps, 1..=1_000_000_000)?;
    let allowed = format!("at most `train.steps` ({steps})");
    check("train.warmup_steps", train.warmup_steps, &allowed, |warmup| warmup <= steps)?;
    check_above_0("train.learning_rate", train.learning_rate)?;
    check_above_0("train.adam_epsilon", train.adam_epsilon)?;
    check_above_0("train.loss_scale", train.loss_scale)?;
    check_at_least_0("train.learning_rate_bias", train.learning_rate_bias)?;
    let fraction = train.final_learning_rate_fraction;
    check_between("train.final_learning_rate_fraction", fraction, 0.0..=1.0)?;
    for (field, beta) in
        [("train.adam_beta1", train.adam_beta1), ("train.adam_beta2", train.adam_beta2)]
    {
        check(field, beta, "at least 0 and below 1", |beta| (0.0..1.0).contains(&beta))?;
    }
    check("train.weight_decay", train.weight_decay, "finite", f64::is_finite)?;
    check_between("train.test_batches", train.test_batches, 2..=1_000_000)?;
    check("train.log_every", train.log_every, "at least 1", |n| n >= 1)
}
