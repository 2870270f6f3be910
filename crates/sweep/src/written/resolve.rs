//! From the tables of one cell to the complete cell: what is left out is filled in, and what does not
//! fit is refused.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::Path;

use superpose_toy::cell::{
    Activation, Bias, Cell, Data, Decoder, Dependence, FrequencyLaw, Loss, Model, Optimizer, Rows,
    Training,
};
use superpose_toy::data_error::DataError;
use superpose_toy::prepared::{Prepared, Preparer};

use super::{CellToml, DataToml, FrequencyLawToml, LearningRateToml, ModelToml, TrainToml};
use crate::error::FieldError;
use crate::preset::{Constants, LearningRateRule};
use crate::value::{Number, Whole};

/// Why one cell's tables give no cell.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ResolveError {
    #[error(transparent)]
    Field(#[from] FieldError),
    #[error(transparent)]
    Data(#[from] DataError),
}

/// Largest number of features, samples or hidden units: what an index of 32 bits can safely hold.
const MOST: usize = 1 << 24;
/// Most moments of a training at which a model is kept: each is as large as the model.
const MOST_SNAPSHOTS: u64 = 1000;

impl CellToml {
    pub(crate) fn activation_density(&self) -> f64 {
        self.data.activation_density.map_or(1.0, |density| density.0)
    }

    /// The complete cell, checked and prepared; file names in it are relative to `folder`.
    pub(crate) fn resolve(
        self,
        folder: &Path,
        preparer: &mut Preparer,
    ) -> Result<Prepared, ResolveError> {
        let Self { model, data, train } = self;
        let constants = train.preset.unwrap_or_default().constants();
        let model = model.resolve(&constants)?;
        check_model(&model)?;
        let train = train.resolve(&constants, &model)?;
        check_training(&train)?;
        check_together(&model, &train)?;
        let data = data.resolve(&constants, model.n_features, train.seed, folder, preparer)?;
        check_above_0("data.activation_density", data.activation_density)?;
        Ok(preparer.prepare(Cell { model, data, train })?)
    }
}

impl ModelToml {
    /// The complete model, not yet checked but for what is inside its fields.
    fn resolve(self, constants: &Constants) -> Result<Model, FieldError> {
        let bias = self.bias.unwrap_or_default();
        let bias_init_std = match (bias, self.bias_init_std) {
            (Bias::Trained, written) => or(written, constants.bias_init_std),
            (Bias::None, written) => of_no_bias("model.bias_init_std", written.map(|std| std.0))?,
        };
        Ok(Model {
            n_features: self.n_features.map_or(constants.n_features, Whole::count),
            d_hidden: self.d_hidden.ok_or_else(|| missing("model.d_hidden", "given"))?.count(),
            bias_init_std,
            activation: self.activation.map_or(Ok(Activation::Relu), |kind| kind.0.resolve())?,
            bias,
            decoder: self.decoder.unwrap_or(Decoder::Tied),
            rows: self.rows.unwrap_or(Rows::Free),
        })
    }
}

/// Zero, for a field of biases that are not there; nothing else may be written.
fn of_no_bias(field: &str, written: Option<f64>) -> Result<f64, FieldError> {
    let value = written.unwrap_or(0.0);
    check(field, value, "0 or left out with `model.bias` = none", |value| value == 0.0)?;
    Ok(0.0)
}

impl DataToml {
    /// The complete data of `n_features` features, checked but for the density.
    fn resolve(
        self,
        constants: &Constants,
        n_features: usize,
        seed: u64,
        folder: &Path,
        preparer: &mut Preparer,
    ) -> Result<Data, ResolveError> {
        let written = self.dependence.map(|kind| kind.0.resolve(folder, preparer)).transpose()?;
        let dependence = written.unwrap_or_default();
        let density = self.activation_density.map(|density| density.0);
        let (frequencies, activation_density) = match &dependence {
            Dependence::Text { path, window, .. } => {
                let allowed = "left out with `data.dependence` of kind text, which has its own";
                if self.frequencies.is_some() {
                    return Err(FieldError::new("data.frequencies", "a law", allowed).into());
                }
                if let Some(density) = density {
                    return Err(FieldError::new("data.activation_density", density, allowed).into());
                }
                let windows = preparer.windows(path, n_features, *window)?;
                (FrequencyLaw::Text {}, windows.probabilities().density())
            }
            other => {
                let law = match self.frequencies {
                    Some(law) => law.0.resolve(folder, preparer)?,
                    None => constants.frequencies.clone().ok_or_else(|| {
                        let allowed = "given, such as { law = \"power\", exponent = 1.0 }";
                        missing("data.frequencies", allowed)
                    })?,
                };
                if let Dependence::Copula { rank, .. } = *other {
                    let allowed = format!(
                        "below `model.n_features` ({n_features}), so that factors are shared"
                    );
                    check("data.dependence.rank", rank, &allowed, |rank| rank < n_features)?;
                }
                let mut usual = 1.0;
                if let Dependence::Exactly { k } = *other {
                    let allowed = format!("at most `model.n_features` ({n_features})");
                    check("data.dependence.k", k, &allowed, |k| k <= n_features)?;
                    usual = k as f64;
                }
                (law, density.unwrap_or(usual))
            }
        };
        let importance =
            self.importance.map(|kind| kind.0.resolve(folder, preparer)).transpose()?;
        Ok(Data {
            frequencies,
            activation_density,
            values: self.values.unwrap_or(constants.values),
            seed: self.seed.map_or(seed, |seed| seed.0),
            dependence,
            importance: importance.unwrap_or_else(|| constants.importance.clone()),
        })
    }
}

impl TrainToml {
    /// The complete training of the `model`, not yet checked but for what is inside its fields.
    fn resolve(self, constants: &Constants, model: &Model) -> Result<Training, FieldError> {
        let steps = self.steps.map_or(constants.steps, |steps| steps.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a fraction of the steps, and steps are checked later"
        )]
        let warmup = (constants.warmup_fraction * steps as f64).round() as u64;
        let d_hidden = model.d_hidden;
        let rate = |written, preset: LearningRateRule| match written {
            Some(LearningRateToml::Fixed(Number(rate))) => rate,
            Some(LearningRateToml::ByWidth(rule)) => rule.at(d_hidden),
            None => preset.at(d_hidden),
        };
        let learning_rate_bias = match (model.bias, self.learning_rate_bias) {
            (Bias::Trained, written) => rate(written, constants.learning_rate_bias),
            (Bias::None, written) => of_no_bias(
                "train.learning_rate_bias",
                written.map(|written| rate(Some(written), constants.learning_rate_bias)),
            )?,
        };
        let optimizer = self.optimizer.map_or(Ok(Optimizer::Adam), |kind| kind.0.resolve())?;
        if optimizer != Optimizer::Adam {
            for (field, written) in [
                ("train.adam_beta1", self.adam_beta1),
                ("train.adam_beta2", self.adam_beta2),
                ("train.adam_epsilon", self.adam_epsilon),
            ] {
                if let Some(Number(value)) = written {
                    let allowed = "left out with `train.optimizer` = sgd, which has no use for it";
                    return Err(FieldError::new(field, value, allowed));
                }
            }
        }
        let usual = if model.rows == Rows::Unit { Some(0.0) } else { constants.weight_decay };
        let decay = self.weight_decay.map(|decay| decay.0).or(usual);
        let weight_decay = decay.ok_or_else(|| missing("train.weight_decay", "given"))?;
        Ok(Training {
            batch_size: self.batch_size.map_or(constants.batch_size, Whole::count),
            steps,
            learning_rate: rate(self.learning_rate, constants.learning_rate),
            learning_rate_bias,
            warmup_steps: self.warmup_steps.map_or(warmup, |steps| steps.0),
            final_learning_rate_fraction: or(
                self.final_learning_rate_fraction,
                constants.final_learning_rate_fraction,
            ),
            // Adding zero turns -0.0, another spelling of the same cell, into 0.0.
            weight_decay: 0.0 + weight_decay,
            adam_beta1: or(self.adam_beta1, constants.adam_beta1),
            adam_beta2: or(self.adam_beta2, constants.adam_beta2),
            adam_epsilon: or(self.adam_epsilon, constants.adam_epsilon),
            loss_scale: or(self.loss_scale, constants.loss_scale),
            seed: self.seed.map_or(0, |seed| seed.0),
            test_batches: self.test_batches.map_or(100, |batches| batches.0),
            log_every: self.log_every.map_or(100, |steps| steps.0),
            snapshots: self.snapshots.map_or(0, |moments| moments.0),
            loss: self.loss.map_or(Ok(Loss::Squared), |kind| kind.0.resolve())?,
            optimizer,
        })
    }
}

/// Refuses a model and a training that do not go together.
fn check_together(model: &Model, train: &Training) -> Result<(), FieldError> {
    let is_softmax = model.activation == Activation::Softmax;
    match train.loss {
        Loss::CrossEntropy if !is_softmax => {
            let allowed = "squared or a power; cross_entropy is of `model.activation` = softmax";
            return Err(FieldError::new("train.loss", "cross_entropy", allowed));
        }
        Loss::Squared | Loss::Power { .. } if is_softmax => {
            let written = if train.loss == Loss::Squared { "squared" } else { "a power" };
            let allowed = "cross_entropy with `model.activation` = softmax";
            return Err(FieldError::new("train.loss", written, allowed));
        }
        _ => (),
    }
    if model.rows == Rows::Unit {
        let allowed = "0 or left out with `model.rows` = unit, which leaves no norms to decay";
        check("train.weight_decay", train.weight_decay, allowed, |decay| decay == 0.0)?;
    }
    Ok(())
}

impl FrequencyLawToml {
    fn resolve(self, folder: &Path, preparer: &mut Preparer) -> Result<FrequencyLaw, ResolveError> {
        Ok(match self {
            Self::Power { exponent: Number(exponent) } => {
                check_at_least_0("data.frequencies.exponent", exponent)?;
                FrequencyLaw::Power { exponent: 0.0 + exponent }
            }
            Self::Exponential { scale: Number(scale) } => {
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

/// What is written, or else what the preset has.
fn or(written: Option<Number>, preset: f64) -> f64 {
    written.map_or(preset, |number| number.0)
}

fn missing(field: &str, allowed: &str) -> FieldError {
    FieldError::new(field, "nothing", allowed)
}

/// Refuses the `value` of a field that does not fit, saying what is `allowed`.
pub(crate) fn check<T: Copy + Display>(
    field: &str,
    value: T,
    allowed: &str,
    fits: impl FnOnce(T) -> bool,
) -> Result<(), FieldError> {
    if fits(value) { Ok(()) } else { Err(FieldError::new(field, value, allowed)) }
}

pub(crate) fn check_between<T: Copy + Display + PartialOrd>(
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

pub(crate) fn check_finite(field: &str, value: f64) -> Result<(), FieldError> {
    check(field, value, "finite", f64::is_finite)
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
    // Adam squares gradients in single precision: beyond this, squares overflow or vanish, and the
    // weights stay where they are.
    check("train.loss_scale", train.loss_scale, "between 1e-12 and 1e12", |scale| {
        (1e-12..=1e12).contains(&scale)
    })?;
    check_at_least_0("train.learning_rate_bias", train.learning_rate_bias)?;
    let fraction = train.final_learning_rate_fraction;
    check_between("train.final_learning_rate_fraction", fraction, 0.0..=1.0)?;
    for (field, beta) in
        [("train.adam_beta1", train.adam_beta1), ("train.adam_beta2", train.adam_beta2)]
    {
        check(field, beta, "at least 0 and below 1", |beta| (0.0..1.0).contains(&beta))?;
    }
    check_finite("train.weight_decay", train.weight_decay)?;
    check_between("train.test_batches", train.test_batches, 2..=1_000_000)?;
    check_between("train.snapshots", train.snapshots, 0..=MOST_SNAPSHOTS)?;
    check("train.log_every", train.log_every, "at least 1", |n| n >= 1)
}
