//! The fast engine: the same gradient from the active rows of the Gram matrix, on the host.
//!
//! `gradient.rs` has the formula. The optimizer and the decay are one pass over the parameters
//! (`fused_adam.rs`).

use std::num::NonZeroUsize;

use rayon::{ThreadPool, ThreadPoolBuilder};
use superpose_toy::adam::AdamStep;
use superpose_toy::cell::{Bias, Cell, Rows};
use superpose_toy::engine::{EngineKind, Unsupported};
use superpose_toy::grouped::GroupedBatch;
use superpose_toy::init::start;
use superpose_toy::prepared::Prepared;
use superpose_toy::sampler::SparseBatch;
use superpose_toy::trained::{LossGradient, Weights};

use crate::fused_adam::FusedAdam;
use crate::gradient::{Gradient, Pass};
pub use crate::gradient::{PANEL_NUMBERS, Way, n_strips};
use crate::product::Products;

/// Whether this engine can train `cell`: tied autoencoders with ReLU and squared errors. Everything
/// else about a cell is all one to it.
///
/// # Errors
/// [`Unsupported`], which names the field.
pub fn supports(cell: &Cell) -> Result<(), Unsupported> {
    Unsupported::unless_tied_relu_squared(EngineKind::Gram, cell)
}

/// A model in training.
#[derive(Debug)]
pub struct Gram {
    weights: Weights,
    adam_weights: FusedAdam,
    adam_bias: FusedAdam,
    cell: Cell,
    /// `I`, by feature, if it is not one.
    importance: Option<Vec<f32>>,
    batch: GroupedBatch,
    gradient: Gradient,
    bias_gradient: Vec<f32>,
    pool: Option<ThreadPool>,
}

impl Gram {
    /// The model of a cell before its first step.
    pub fn new(prepared: &Prepared) -> Self {
        Self::from_weights(prepared, start(&prepared.cell))
    }

    /// As [`Gram::new`], but starting from `weights`.
    #[expect(clippy::cast_possible_truncation, reason = "gradients are single precision")]
    pub fn from_weights(prepared: &Prepared, weights: Weights) -> Self {
        let Prepared { cell, importance, .. } = prepared;
        let single = |importance: &[f64]| importance.iter().map(|i| *i as f32).collect();
        Self {
            adam_weights: FusedAdam::new(weights.weights.len()),
            adam_bias: FusedAdam::new(weights.bias.len()),
            cell: cell.clone(),
            importance: importance.as_deref().map(single),
            weights,
            batch: GroupedBatch::default(),
            gradient: Gradient::default(),
            bias_gradient: Vec::new(),
            pool: None,
        }
    }

    /// The same model, but working on `n_threads`, which changes no bit of the result.
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

    /// Makes step number `step` (from 1) and returns the mean squared error on `batch` before it, weighted
    /// by importance.
    pub fn step(&mut self, step: u64, batch: &SparseBatch) -> f64 {
        self.accumulate(batch, Pass::Backward);
        let d = self.weights.d_hidden;
        let (gradient, places) = (&self.gradient, &self.batch.places);
        let place = |feature: usize| places[feature] as usize;
        let of_row = |feature: usize| &gradient.weights[place(feature) * gradient.row..][..d];
        let of_weights = AdamStep::of_weights(&self.cell, step);
        let rows = self.cell.model.rows;
        self.adam_weights.update(&mut self.weights.weights, d, &of_weights, rows, of_row);
        if self.cell.model.bias == Bias::None {
            return self.last_mse();
        }
        let (bias, gradients) = (&mut self.weights.bias, &mut self.bias_gradient);
        gradients.clear();
        gradients.extend((0..bias.len()).map(|feature| gradient.bias[place(feature)]));
        let (n, of_biases) = (bias.len(), AdamStep::of_biases(&self.cell, step));
        self.adam_bias.update(bias, n, &of_biases, Rows::Free, |_| gradients.as_slice());
        self.last_mse()
    }

    /// The mean squared error on `batch`, without any step.
    pub fn mse(&mut self, batch: &SparseBatch) -> f64 {
        self.accumulate(batch, Pass::Forward);
        self.last_mse()
    }

    /// The trained loss on `batch` and its gradient by the given way, without any step.
    pub fn gradient(&mut self, batch: &SparseBatch, way: Way) -> LossGradient {
        self.gradient.way = way;
        self.accumulate(batch, Pass::Backward);
        let factor = AdamStep::of_weights(&self.cell, 1).factor;
        let scaled = |values: &[f32]| -> Vec<f64> {
            values.iter().map(|g| f64::from(*g) * factor).collect()
        };
        let places = self.batch.places.iter().map(|&place| place as usize);
        let Gradient { weights, bias, row, .. } = &self.gradient;
        let d = self.weights.d_hidden;
        LossGradient {
            loss: self.last_mse() * self.cell.train.loss_scale,
            weights: places.clone().flat_map(|at| scaled(&weights[at * row..][..d])).collect(),
            bias: places.flat_map(|at| scaled(&bias[at..=at])).collect(),
            decoder: None,
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

    /// The mean squared error on the batch that was accumulated last.
    fn last_mse(&self) -> f64 {
        self.gradient.squares / (self.cell.train.batch_size * self.weights.n_features) as f64
    }

    /// Fills `self.gradient`, or on a forward pass only its sum of squares.
    fn accumulate(&mut self, batch: &SparseBatch, pass: Pass) {
        self.batch.arrange(batch, self.cell.train.batch_size, self.weights.n_features);
        let importance = self.importance.as_deref();
        self.gradient.compute(&self.weights, importance, &self.batch, pass, self.pool.as_ref());
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use superpose_sweep::file::Sweep;

    use super::*;

    #[test]
    fn an_engine_has_as_many_threads_as_it_is_given_and_none_of_its_own_for_one() {
        let text = "schema = 1\nname = \"t\"\nmodel = { n_features = 9, d_hidden = 2 }\n\
                    data = { frequencies = { law = \"power\", exponent = 1.0 }, activation_density = 1 }\n\
                    train = { batch_size = 8, steps = 2, weight_decay = 0 }";
        let cell = Sweep::parse(text, Path::new("t.toml"), &[]).unwrap().cells.remove(0);
        for n_threads in [1, 3] {
            let gram = Gram::new(&cell).on_threads(NonZeroUsize::new(n_threads).unwrap());
            let threads = gram.pool.map_or(1, |pool| pool.current_num_threads());
            assert_eq!(threads, n_threads);
        }
        assert!(Gram::new(&cell).on_threads(NonZeroUsize::MIN).pool.is_none());
    }
}
