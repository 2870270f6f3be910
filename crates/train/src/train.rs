//! One cell from its first step to its test.

use std::num::NonZeroUsize;

use burn::tensor::{DType, Device, Tensor};
use superpose_gram::engine::Gram;
use superpose_gram::product::Products;
use superpose_toy::cell::Cell;
use superpose_toy::frequency::FeatureProbabilities;
use superpose_toy::sampler::{Sampler, SparseBatch, Stream};
use superpose_toy::trained::{CurvePoint, Outcome, Weights};

use crate::reference::Reference;

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
    /// The same gradient from the active rows of the Gram matrix, on the host.
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
/// engine works, and `n_threads` what the gram engine has.
/// `on_step` hears the number of steps made, after each; training ends early, as failed, when it
/// answers `false`.
pub fn train(
    cell: &Cell,
    probabilities: &FeatureProbabilities,
    engine: Engine,
    device: &Device,
    n_threads: NonZeroUsize,
    on_step: &mut dyn FnMut(u64) -> bool,
) -> Trained {
    let mut stepper = Stepper::new(cell, probabilities, engine, device, n_threads);
    let mut losses = LossLog::new(cell);
    for step in 1..=cell.train.steps {
        if !losses.add(stepper.step()) || !on_step(step) {
            return losses.stopped();
        }
    }
    let test_errors = (0..cell.train.test_batches)
        .map(|i| {
            let batch = stepper.sampler.batch(Stream::Test, i);
            stepper.engine.error(&batch)
        })
        .collect();
    losses.tested(stepper.engine.weights(), test_errors)
}

/// The losses of a cell in training, step by step.
pub(crate) struct LossLog {
    n_features: f64,
    steps: u64,
    log_every: u64,
    step: u64,
    /// Since the last point of the curve.
    recent: RunningMean,
    /// Over the last steps of all.
    last: RunningMean,
    curve: Vec<CurvePoint>,
    diverged: Option<Outcome>,
}

impl LossLog {
    pub(crate) fn new(cell: &Cell) -> Self {
        Self {
            n_features: cell.model.n_features as f64,
            steps: cell.train.steps,
            log_every: cell.train.log_every,
            step: 0,
            recent: RunningMean::default(),
            last: RunningMean::default(),
            curve: Vec::new(),
            diverged: None,
        }
    }

    /// Takes in the mean squared error of the next step, and answers whether the loss is still
    /// finite. Once it is not, no more errors are taken in.
    pub(crate) fn add(&mut self, error: StepLoss) -> bool {
        if self.diverged.is_some() {
            return false;
        }
        self.step += 1;
        let step = self.step;
        if step + LAST > self.steps {
            self.last.add(error.clone());
        }
        self.recent.add(error);
        // Reading a loss waits for the device, so it is done once in a while only.
        if step.is_multiple_of(self.log_every) || step == self.steps {
            let loss = self.recent.take() * self.n_features;
            self.curve.push(CurvePoint { step, loss });
            if !loss.is_finite() {
                self.diverged = Some(Outcome::Diverged { step });
            }
        }
        self.diverged.is_none()
    }

    /// What came of a training that ended before its last step.
    pub(crate) fn stopped(self) -> Trained {
        let message = format!("stopped after step {} of {}", self.step, self.steps);
        let outcome = self.diverged.unwrap_or(Outcome::Failed { message });
        Trained { outcome, curve: self.curve, model: None }
    }

    /// What came of a training with all its steps, whose model has these mean squared errors.
    pub(crate) fn tested(mut self, weights: Weights, test_errors: Vec<f64>) -> Trained {
        if self.diverged.is_some() {
            return self.stopped();
        }
        let loss = |error: f64| error * self.n_features;
        let model = TrainedModel {
            weights,
            test_losses: test_errors.into_iter().map(loss).collect(),
            loss_train_last100: loss(self.last.take()),
        };
        Trained { outcome: Outcome::Completed, curve: self.curve, model: Some(model) }
    }
}

/// A model in training, and the batches that it is trained on.
#[derive(Debug)]
pub struct Stepper {
    sampler: Sampler,
    engine: Running,
    n_features: f64,
    steps_made: u64,
}

impl Stepper {
    /// The `cell`'s model before its first step; the arguments are those of [`train`].
    pub fn new(
        cell: &Cell,
        probabilities: &FeatureProbabilities,
        engine: Engine,
        device: &Device,
        n_threads: NonZeroUsize,
    ) -> Self {
        let (values, size) = (cell.value_distribution(), cell.train.batch_size);
        let engine = match engine {
            Engine::Reference => {
                let cells = std::slice::from_ref(cell);
                Running::Reference(Box::new(Reference::new(cells, device, DType::F32)))
            }
            Engine::Gram => Running::Gram(Box::new(Gram::new(cell).on_threads(n_threads))),
        };
        let sampler = Sampler::new(probabilities, values, cell.data.seed, size);
        Self { sampler, engine, n_features: cell.model.n_features as f64, steps_made: 0 }
    }

    /// Makes so many steps, waits until they are done, and returns their mean loss (squared errors
    /// summed over features); not a number when there are none.
    pub fn make_steps(&mut self, n_steps: u64) -> f64 {
        let mut mean = RunningMean::default();
        for _ in 0..n_steps {
            mean.add(self.step());
        }
        mean.take() * self.n_features
    }

    /// What was done in matrix products so far, where the engine notes it.
    pub fn products(&self) -> Option<Products> {
        match &self.engine {
            Running::Reference(_) => None,
            Running::Gram(engine) => Some(engine.products()),
        }
    }

    /// Memory beyond the parameters and Adam's memory of them, in bytes, where the engine knows.
    pub fn working_bytes(&self) -> Option<usize> {
        match &self.engine {
            Running::Reference(_) => None,
            Running::Gram(engine) => Some(engine.working_bytes()),
        }
    }

    fn step(&mut self) -> StepLoss {
        let batch = self.sampler.batch(Stream::Train, self.steps_made);
        self.steps_made += 1;
        self.engine.step(self.steps_made, &batch)
    }
}

/// A model in training, by either engine.
#[derive(Debug)]
enum Running {
    Reference(Box<Reference>),
    Gram(Box<Gram>),
}

/// A mean squared error, where the engine has it.
#[derive(Clone)]
pub(crate) enum StepLoss {
    OnDevice(Box<Tensor<1>>),
    OnHost(f64),
}

impl Running {
    fn step(&mut self, step: u64, batch: &SparseBatch) -> StepLoss {
        match self {
            Self::Reference(engine) => StepLoss::OnDevice(Box::new(engine.step(step, &[batch]))),
            Self::Gram(engine) => StepLoss::OnHost(engine.step(step, batch)),
        }
    }

    fn error(&mut self, batch: &SparseBatch) -> f64 {
        match self {
            Self::Reference(engine) => engine.errors(&[batch]).into_scalar::<f64>(),
            Self::Gram(engine) => engine.error(batch),
        }
    }

    fn weights(&self) -> Weights {
        match self {
            Self::Reference(engine) => engine.weights().remove(0),
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
