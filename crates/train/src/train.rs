//! One cell from its first step to its test.

use burn::tensor::{DType, Device, Tensor};
use superpose_sweep::cell::Cell;
use superpose_sweep::record::{CurvePoint, Outcome, Weights};
use superpose_theory::frequency::FeatureProbabilities;

use crate::gram::Gram;
use crate::reference::Reference;
use crate::sampler::{Sampler, SparseBatch, Stream};

/// What came of training a cell. Losses are squared errors summed over features.
#[derive(Debug, Clone, PartialEq)]
pub struct Trained {
    /// How it ended.
    pub outcome: Outcome,
    /// The loss curve, up to where it ended.
    pub curve: Vec<CurvePoint>,
    /// The trained model and its losses; absent unless all steps were made.
    pub model: Option<TrainedModel>,
}

/// A model trained to the end.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainedModel {
    /// Its parameters.
    pub weights: Weights,
    /// Loss on each of the fresh test batches.
    pub test_losses: Vec<f64>,
    /// Mean training loss over the last 100 steps, or over all if there are fewer.
    pub loss_train_last100: f64,
}

/// Steps at the end of training whose mean loss is reported, as in the paper.
const LAST: u64 = 100;

/// What makes the steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// Dense autodiff on a device of burn: the formula as written.
    Reference,
    /// The same gradient from the active rows of the Gram matrix, on one core of the host.
    Gram,
}

impl Engine {
    /// Its name in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reference => "reference",
            Self::Gram => "gram",
        }
    }
}

/// Trains `cell`, whose data follow `probabilities`, with `engine`; `device` is where the reference
/// engine works.
/// `on_step` hears the number of steps made, after each; training ends early, as failed, when it
/// answers `false`.
pub fn train(
    cell: &Cell,
    probabilities: &FeatureProbabilities,
    engine: Engine,
    device: &Device,
    on_step: &mut dyn FnMut(u64) -> bool,
) -> Trained {
    let Cell { model, data, train } = cell;
    let sampler = Sampler::new(probabilities, cell.value_distribution(), data.seed);
    let mut engine = match engine {
        Engine::Reference => Running::Reference(Box::new(Reference::new(cell, device, DType::F32))),
        Engine::Gram => Running::Gram(Box::new(Gram::new(cell))),
    };
    let mut curve = Vec::new();
    let mut recent = RunningMean::default();
    let mut last = RunningMean::default();
    for step in 1..=train.steps {
        let batch = sampler.batch(Stream::Train, step - 1, train.batch_size);
        let error = engine.step(step, &batch);
        if step + LAST > train.steps {
            last.add(error.clone());
        }
        recent.add(error);
        // Reading a loss waits for the device, so it is done once in a while only.
        if step % train.log_every == 0 || step == train.steps {
            let loss = recent.take() * model.n_features as f64;
            curve.push(CurvePoint { step, loss });
            if !loss.is_finite() {
                return Trained { outcome: Outcome::Diverged { step }, curve, model: None };
            }
        }
        if !on_step(step) {
            let message = format!("stopped after step {step} of {}", train.steps);
            return Trained { outcome: Outcome::Failed { message }, curve, model: None };
        }
    }
    let test_losses = (0..train.test_batches)
        .map(|i| {
            let batch = sampler.batch(Stream::Test, i, train.batch_size);
            engine.error(&batch) * model.n_features as f64
        })
        .collect();
    let model = TrainedModel {
        weights: engine.weights(),
        test_losses,
        loss_train_last100: last.take() * model.n_features as f64,
    };
    Trained { outcome: Outcome::Completed, curve, model: Some(model) }
}

/// A model in training, by either engine.
enum Running {
    Reference(Box<Reference>),
    Gram(Box<Gram>),
}

/// A mean squared error, where the engine has it.
#[derive(Clone)]
enum StepLoss {
    OnDevice(Box<Tensor<1>>),
    OnHost(f64),
}

impl Running {
    fn step(&mut self, step: u64, batch: &SparseBatch) -> StepLoss {
        match self {
            Self::Reference(engine) => StepLoss::OnDevice(Box::new(engine.step(step, batch))),
            Self::Gram(engine) => StepLoss::OnHost(engine.step(step, batch)),
        }
    }

    fn error(&mut self, batch: &SparseBatch) -> f64 {
        match self {
            Self::Reference(engine) => engine.error(batch).into_scalar::<f64>(),
            Self::Gram(engine) => engine.error(batch),
        }
    }

    fn weights(&self) -> Weights {
        match self {
            Self::Reference(engine) => engine.weights(),
            Self::Gram(engine) => engine.weights().clone(),
        }
    }
}

/// A mean that is summed where its terms are.
#[derive(Default)]
struct RunningMean {
    on_device: Option<Tensor<1>>,
    on_host: f64,
    count: u64,
}

impl RunningMean {
    fn add(&mut self, value: StepLoss) {
        match value {
            StepLoss::OnHost(value) => self.on_host += value,
            StepLoss::OnDevice(value) => {
                self.on_device = Some(match self.on_device.take() {
                    Some(sum) => sum + *value,
                    None => *value,
                });
            }
        }
        self.count += 1;
    }

    /// The mean of what was added since the last time, read from the device if it is there.
    fn take(&mut self) -> f64 {
        let Self { on_device, on_host, count } = std::mem::take(self);
        let on_device = on_device.map_or(0.0, |sum| sum.into_scalar::<f64>());
        (on_device + on_host) / count as f64
    }
}
