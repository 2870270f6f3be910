//! The fast engine: the same gradient from the active rows of the Gram matrix, on the host.
//!
//! `gradient.rs` has the formula. The optimizer and the decay are one pass over the parameters
//! (`fused_adam.rs`).

use std::num::NonZeroUsize;

use rayon::{ThreadPool, ThreadPoolBuilder};
use superpose_toy::adam::AdamStep;
use superpose_toy::cell::{Bias, Cell, Rows};
use superpose_toy::checkpoint::ModelState;
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
pub use crate::registers::Registers;
use crate::small::{SmallGradient, Tiles, is_small};

/// The ways of a next step, as [`ModelState`] has them.
const DENSE: f32 = 1.0;
const SPARSE: f32 = 0.0;

/// Whether this engine can train `cell`: tied autoencoders with ReLU and squared errors. Everything
/// else about a cell is all one to it.
///
/// # Errors
/// [`Unsupported`], which names the field.
pub fn supports(cell: &Cell) -> Result<(), Unsupported> {
    Unsupported::unless_tied_relu_squared(EngineKind::Gram, cell)
}

/// Whether a model of this shape is so small that drawing a batch costs more than a step on it: cells like that are
/// best trained several together, on the same batches.
pub fn is_tiny(n_features: usize, d_hidden: usize) -> bool {
    is_small(n_features, d_hidden)
}

/// A batch as models of one shape take it in.
#[derive(Debug)]
pub struct Arranged {
    kind: Arrangement,
    batch_size: usize,
    n_features: usize,
}

#[derive(Debug)]
enum Arrangement {
    /// For the Gram matrix.
    Grouped(GroupedBatch),
    /// For a small model.
    Tiles(Tiles),
}

impl Arranged {
    /// Nothing yet, for models of the shape of `cell`.
    pub fn for_models_of(cell: &Cell) -> Self {
        let (n_features, d_hidden) = (cell.model.n_features, cell.model.d_hidden);
        let kind = match is_small(n_features, d_hidden) {
            true => Arrangement::Tiles(Tiles::default()),
            false => Arrangement::Grouped(GroupedBatch::default()),
        };
        Self { kind, batch_size: cell.train.batch_size, n_features }
    }

    /// Takes in a batch.
    pub fn arrange(&mut self, batch: &SparseBatch) {
        let (batch_size, n_features) = (self.batch_size, self.n_features);
        match &mut self.kind {
            Arrangement::Grouped(grouped) => grouped.arrange(batch, batch_size, n_features),
            Arrangement::Tiles(tiles) => tiles.arrange(batch, batch_size, n_features),
        }
    }

    /// Memory that is held, in bytes.
    pub fn bytes(&self) -> usize {
        match &self.kind {
            Arrangement::Grouped(grouped) => grouped.bytes(),
            Arrangement::Tiles(tiles) => tiles.bytes(),
        }
    }
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
    batch: Arranged,
    gradient: Gradient,
    small: SmallGradient,
    bias_gradient: Vec<f32>,
    pool: Option<ThreadPool>,
}

impl Gram {
    /// The model of a cell before its first step.
    pub fn new(prepared: &Prepared) -> Self {
        Self::from_weights(prepared, start(&prepared.cell))
    }

    /// As [`Gram::new`], but starting from `weights`.
    pub fn from_weights(prepared: &Prepared, weights: Weights) -> Self {
        Self::from_state(prepared, ModelState::at_start(weights))
    }

    /// As [`Gram::new`], but after the steps that have led to this state.
    #[expect(clippy::cast_possible_truncation, reason = "gradients are single precision")]
    pub fn from_state(prepared: &Prepared, state: ModelState) -> Self {
        let Prepared { cell, importance, .. } = prepared;
        let single = |importance: &[f64]| importance.iter().map(|i| *i as f32).collect();
        let ModelState { weights, first_moments: first, second_moments: second, way } = state;
        let way = if way == Some(SPARSE) { Way::Sparse } else { Way::Dense };
        Self {
            adam_weights: FusedAdam::with_moments(first.weights, second.weights),
            adam_bias: FusedAdam::with_moments(first.bias, second.bias),
            cell: cell.clone(),
            importance: importance.as_deref().map(single),
            weights,
            batch: Arranged::for_models_of(cell),
            gradient: Gradient::by(way),
            small: SmallGradient::default(),
            bias_gradient: Vec::new(),
            pool: None,
        }
    }

    /// The model as it is between two steps.
    pub fn state(&self) -> ModelState {
        let [first, second] = [0, 1].map(|i| Weights {
            weights: self.adam_weights.moments()[i].to_vec(),
            bias: self.adam_bias.moments()[i].to_vec(),
            decoder: None,
            ..self.weights
        });
        let way = match self.gradient.way {
            Way::Dense => DENSE,
            Way::Sparse => SPARSE,
        };
        let weights = self.weights.clone();
        ModelState { weights, first_moments: first, second_moments: second, way: Some(way) }
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

    /// The same model, but working with registers of another kind, which the tests and a measurement ask for. Matrix
    /// products choose their own.
    ///
    /// # Panics
    /// At the first step, when the processor has none of this kind.
    #[must_use]
    pub fn with_registers(mut self, registers: Registers) -> Self {
        self.gradient.registers = registers;
        self.adam_weights.registers = registers;
        self.adam_bias.registers = registers;
        self
    }

    /// Makes step number `step` (from 1) and returns the mean squared error on `batch` before it, weighted
    /// by importance.
    pub fn step(&mut self, step: u64, batch: &SparseBatch) -> f64 {
        self.with_arranged(batch, |gram, batch| gram.step_on(step, batch))
    }

    /// As [`Gram::step`], on a batch that models of this shape share.
    pub fn step_on(&mut self, step: u64, batch: &Arranged) -> f64 {
        self.accumulate(batch, Pass::Backward);
        let d = self.weights.d_hidden;
        let of_weights = AdamStep::of_weights(&self.cell, step);
        let of_biases = AdamStep::of_biases(&self.cell, step);
        let rows = self.cell.model.rows;
        let has_bias = self.cell.model.bias != Bias::None;
        let Weights { weights, bias, .. } = &mut self.weights;
        let n = bias.len();
        match &batch.kind {
            Arrangement::Grouped(grouped) => {
                let gradient = &self.gradient;
                let place = |feature: usize| grouped.places[feature] as usize;
                let of_row =
                    |feature: usize| &gradient.weights[place(feature) * gradient.row..][..d];
                self.adam_weights.update(weights, d, &of_weights, rows, of_row);
                if has_bias {
                    let gradients = &mut self.bias_gradient;
                    gradients.clear();
                    gradients.extend((0..n).map(|feature| gradient.bias[place(feature)]));
                    let of_row = |_| gradients.as_slice();
                    self.adam_bias.update(bias, n, &of_biases, Rows::Free, of_row);
                }
            }
            Arrangement::Tiles(_) => {
                let gradient = &self.small;
                let of_row = |feature: usize| &gradient.weights[feature * d..][..d];
                self.adam_weights.update(weights, d, &of_weights, rows, of_row);
                if has_bias {
                    let of_row = |_| gradient.bias.as_slice();
                    self.adam_bias.update(bias, n, &of_biases, Rows::Free, of_row);
                }
            }
        }
        self.last_mse(batch)
    }

    /// The mean squared error on `batch`, without any step.
    pub fn mse(&mut self, batch: &SparseBatch) -> f64 {
        self.with_arranged(batch, Self::mse_on)
    }

    /// As [`Gram::mse`], on a batch that models of this shape share.
    pub fn mse_on(&mut self, batch: &Arranged) -> f64 {
        self.accumulate(batch, Pass::Forward);
        self.last_mse(batch)
    }

    /// The trained loss on `batch` and its gradient by the given way, without any step; a small model has one way.
    pub fn gradient(&mut self, batch: &SparseBatch, way: Way) -> LossGradient {
        self.gradient.way = way;
        let factor = AdamStep::of_weights(&self.cell, 1).factor;
        let scaled = |values: &[f32]| -> Vec<f64> {
            values.iter().map(|g| f64::from(*g) * factor).collect()
        };
        self.with_arranged(batch, |gram, batch| {
            gram.accumulate(batch, Pass::Backward);
            let loss = gram.last_mse(batch) * gram.cell.train.loss_scale;
            let (weights, bias) = match &batch.kind {
                Arrangement::Grouped(grouped) => {
                    let places = grouped.places.iter().map(|&place| place as usize);
                    let Gradient { weights, bias, row, .. } = &gram.gradient;
                    let d = gram.weights.d_hidden;
                    let of_rows = places.clone().flat_map(|at| scaled(&weights[at * row..][..d]));
                    (of_rows.collect(), places.flat_map(|at| scaled(&bias[at..=at])).collect())
                }
                Arrangement::Tiles(_) => (scaled(&gram.small.weights), scaled(&gram.small.bias)),
            };
            LossGradient { loss, weights, bias, decoder: None }
        })
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

    /// Does `work` with the model and `batch`, arranged for it alone.
    fn with_arranged<T>(
        &mut self,
        batch: &SparseBatch,
        work: impl FnOnce(&mut Self, &Arranged) -> T,
    ) -> T {
        let mut arranged = std::mem::replace(&mut self.batch, Arranged::for_models_of(&self.cell));
        arranged.arrange(batch);
        let done = work(self, &arranged);
        self.batch = arranged;
        done
    }

    /// The mean squared error on the `batch` that was accumulated last.
    fn last_mse(&self, batch: &Arranged) -> f64 {
        let squares = match batch.kind {
            Arrangement::Grouped(_) => self.gradient.squares,
            Arrangement::Tiles(_) => self.small.squares,
        };
        squares / (self.cell.train.batch_size * self.weights.n_features) as f64
    }

    /// Fills the gradient, or on a forward pass only its sum of squares.
    fn accumulate(&mut self, batch: &Arranged, pass: Pass) {
        let importance = self.importance.as_deref();
        match &batch.kind {
            Arrangement::Grouped(grouped) => {
                let pool = self.pool.as_ref();
                self.gradient.compute(&self.weights, importance, grouped, pass, pool);
            }
            Arrangement::Tiles(tiles) => {
                self.small.compute(&self.weights, importance, tiles, pass);
            }
        }
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
