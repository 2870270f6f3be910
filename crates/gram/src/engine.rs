//! The fast engine: the same gradient from the active rows of the Gram matrix, on the host.
//!
//! `gradient.rs` has the formula. The optimizer and the decay are one pass over the parameters
//! (`fused_adam.rs`).

use std::num::NonZeroUsize;

use rayon::{ThreadPool, ThreadPoolBuilder};
use superpose_toy::cell::Cell;
use superpose_toy::trained::{LossGradient, Weights};

use crate::fused_adam::{Course, FusedAdam};
use crate::gradient::Gradient;
pub use crate::gradient::{PANEL_NUMBERS, Way, n_strips};
use crate::product::Products;
use superpose_toy::grouped::GroupedBatch;
use superpose_toy::init::start;
use superpose_toy::sampler::SparseBatch;
use superpose_toy::schedule::Schedule;

/// A model in training.
#[derive(Debug)]
pub struct Gram {
    weights: Weights,
    adam_weights: FusedAdam,
    adam_bias: FusedAdam,
    cell: Cell,
    schedule: Schedule,
    batch: GroupedBatch,
    gradient: Gradient,
    bias_gradient: Vec<f32>,
    pool: Option<ThreadPool>,
}

impl Gram {
    /// The `cell`'s model before its first step.
    pub fn new(cell: &Cell) -> Self {
        Self::from_weights(cell, start(cell))
    }

    /// As [`Gram::new`], but starting from `weights`.
    pub fn from_weights(cell: &Cell, weights: Weights) -> Self {
        let train = &cell.train;
        let adam =
            |length| FusedAdam::new(length, train.adam_beta1, train.adam_beta2, train.adam_epsilon);
        Self {
            adam_weights: adam(weights.weights.len()),
            adam_bias: adam(weights.bias.len()),
            schedule: Schedule::of(train),
            cell: cell.clone(),
            weights,
            batch: GroupedBatch::default(),
            gradient: Gradient::default(),
            bias_gradient: Vec::new(),
            pool: None,
        }
    }

    /// As it is, but working on so many threads, which changes no bit of what comes out.
    ///
    /// # Panics
    /// When the system has no more threads to give.
    #[must_use]
    pub fn on_threads(mut self, n_threads: NonZeroUsize) -> Self {
        let builder = ThreadPoolBuilder::new().num_threads(n_threads.get());
        let pool = || builder.build().expect("the system gives as many threads as it has cores");
        self.pool = (n_threads.get() > 1).then(pool);
        self
    }

    /// Makes step number `step` (from 1) and returns the mean squared error on `batch` before it.
    pub fn step(&mut self, step: u64, batch: &SparseBatch) -> f64 {
        self.accumulate(batch, true);
        let train = &self.cell.train;
        let course = self.schedule.at(step);
        let (factor, d) = (self.factor(), self.weights.d_hidden);
        let (gradient, places) = (&self.gradient, &self.batch.places);
        let place = |feature: usize| places[feature] as usize;
        let weight_decay = train.weight_decay;
        let rate = train.learning_rate * course;
        let of_row = |feature: usize| &gradient.weights[place(feature) * gradient.row..][..d];
        let weights = &mut self.weights.weights;
        self.adam_weights.update(weights, d, Course { factor, rate, weight_decay }, of_row);
        let rate = train.learning_rate_bias * course;
        let bias = &mut self.weights.bias;
        let gradients = &mut self.bias_gradient;
        gradients.clear();
        gradients.extend((0..bias.len()).map(|feature| gradient.bias[place(feature)]));
        let (n, course) = (bias.len(), Course { factor, rate, weight_decay: 0.0 });
        self.adam_bias.update(bias, n, course, |_| gradients.as_slice());
        self.mean_squared_error()
    }

    /// The mean squared error on `batch`, without any step.
    pub fn error(&mut self, batch: &SparseBatch) -> f64 {
        self.accumulate(batch, false);
        self.mean_squared_error()
    }

    /// The trained loss on `batch` and its gradient by the given way, without any step.
    pub fn gradient(&mut self, batch: &SparseBatch, way: Way) -> LossGradient {
        self.gradient.way = way;
        self.accumulate(batch, true);
        let factor = self.factor();
        let scaled = |values: &[f32]| -> Vec<f64> {
            values.iter().map(|g| f64::from(*g) * factor).collect()
        };
        let places = self.batch.places.iter().map(|&place| place as usize);
        let Gradient { weights, bias, row, .. } = &self.gradient;
        let d = self.weights.d_hidden;
        LossGradient {
            loss: self.mean_squared_error() * self.cell.train.loss_scale,
            weights: places.clone().flat_map(|at| scaled(&weights[at * row..][..d])).collect(),
            bias: places.flat_map(|at| scaled(&bias[at..=at])).collect(),
        }
    }

    /// The way back to the weights that the next step goes.
    pub fn way(&self) -> Way {
        self.gradient.way
    }

    /// What was done in matrix products so far.
    pub fn products(&self) -> Products {
        self.gradient.products
    }

    /// Memory beyond the parameters and Adam's memory of them, in bytes.
    pub fn working_bytes(&self) -> usize {
        self.gradient.bytes() + self.batch.bytes()
    }

    /// The model's weights.
    pub fn weights(&self) -> &Weights {
        &self.weights
    }

    fn entries(&self) -> f64 {
        self.cell.train.batch_size as f64 * self.weights.n_features as f64
    }

    fn factor(&self) -> f64 {
        2.0 * self.cell.train.loss_scale / self.entries()
    }

    fn mean_squared_error(&self) -> f64 {
        self.gradient.squares / self.entries()
    }

    /// Fills `self.gradient`; only its sum of squares unless `backward`.
    fn accumulate(&mut self, batch: &SparseBatch, backward: bool) {
        self.batch.arrange(batch, self.cell.train.batch_size, self.weights.n_features);
        self.gradient.compute(&self.weights, &self.batch, backward, self.pool.as_ref());
    }
}
