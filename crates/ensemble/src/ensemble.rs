//! Cells of one shape in training, on a device.

use std::fmt;

use cubecl::bytes::Bytes;
use cubecl::client::Client;
use cubecl::prelude::*;
use superpose_toy::adam::AdamStep;
use superpose_toy::cell::Cell;
use superpose_toy::engine::{EngineKind, Unsupported};
use superpose_toy::prepared::Prepared;
use superpose_toy::trained::{LossGradient, Weights};

use crate::arrays::Arrays;
use crate::batches::Batches;
use crate::failure::DeviceFailure;
use crate::kernels::tile::THREADS;
use crate::kernels::update::{STEP_NUMBERS, packed};
use crate::launch::{Launch, Task};
use crate::plan::Shape;
use crate::word;

/// Whether this engine can train `cell`: tied autoencoders with ReLU and squared errors. Everything
/// else about a cell is all one to it.
///
/// # Errors
/// [`Unsupported`], which names the field.
pub fn supports(cell: &Cell) -> Result<(), Unsupported> {
    Unsupported::unless_tied_relu_squared(EngineKind::Gram, cell)
}

/// Cells of one shape in training.
pub struct Ensemble {
    cells: Vec<Cell>,
    arrays: Arrays,
}

impl fmt::Debug for Ensemble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ensemble")
            .field("shape", &self.arrays.shape)
            .field("n_cells", &self.cells.len())
            .finish_non_exhaustive()
    }
}

/// Mean squared errors, `[batches][cells]`, which the device may still be working on: calling it
/// waits for them. It fails when the device has failed.
pub type PendingLosses = Box<dyn FnOnce() -> Result<Vec<Vec<f64>>, DeviceFailure> + Send>;

impl Ensemble {
    /// `cells`, all of one `shape` and with rows of one kind, before their first step, starting from `starts`.
    ///
    /// # Errors
    /// [`DeviceFailure`] when the device is out of memory.
    ///
    /// # Panics
    /// When there are not as many starts as cells.
    pub fn new(
        client: &Client,
        shape: Shape,
        cells: &[Prepared],
        starts: &[Weights],
    ) -> Result<Self, DeviceFailure> {
        assert_eq!(cells.len(), starts.len(), "one start per cell");
        let arrays = Arrays::new(client, shape, cells, starts)?;
        Ok(Self { cells: cells.iter().map(|p| p.cell.clone()).collect(), arrays })
    }

    /// Makes a step on each of `batches`, the first of which has number `first` (from 1), and
    /// returns the mean squared errors before each. The device may not be done yet.
    ///
    /// # Errors
    /// [`DeviceFailure`] when the device has failed or is out of memory.
    pub fn steps(&mut self, first: u64, batches: Batches) -> Result<PendingLosses, DeviceFailure> {
        self.run(Task::Step(first), batches)
    }

    /// The mean squared errors on each of `batches`, without any step.
    ///
    /// # Errors
    /// [`DeviceFailure`] when the device has failed or is out of memory.
    pub fn mses(&mut self, batches: Batches) -> Result<PendingLosses, DeviceFailure> {
        self.run(Task::Losses, batches)
    }

    /// Each cell's trained loss on the first of `batches` and its gradient, without any step.
    ///
    /// # Errors
    /// [`DeviceFailure`] when the device has failed or is out of memory.
    pub fn gradients(&mut self, batches: Batches) -> Result<Vec<LossGradient>, DeviceFailure> {
        let mses = self.run(Task::Gradient, batches)?()?;
        let Arrays { client, weights_gradient, units, shape, .. } = &self.arrays;
        let weights = client.read_one(weights_gradient.clone())?;
        let sums = client.read_one(units.sums.clone())?;
        let sums_of_cell = self.arrays.unit_tiles() * shape.n_features;
        let biases = &f32::from_bytes(&sums)[self.cells.len() * sums_of_cell..];
        let double = |values: &[f32]| values.iter().copied().map(f64::from).collect();
        let by_cell = self.arrays.by_cell(f32::from_bytes(&weights), biases, sums_of_cell);
        let losses = mses[0].iter().zip(&self.cells).map(|(mse, cell)| mse * cell.train.loss_scale);
        let of_cell = |((weights, bias), loss): ((Vec<f32>, &[f32]), f64)| LossGradient {
            loss,
            weights: double(&weights),
            bias: double(bias),
            decoder: None,
        };
        Ok(by_cell.zip(losses).map(of_cell).collect())
    }

    /// The weights of every cell.
    ///
    /// # Errors
    /// [`DeviceFailure`] when the device has failed.
    pub fn weights(&self) -> Result<Vec<Weights>, DeviceFailure> {
        let Arrays { client, weights, biases, shape, .. } = &self.arrays;
        let (n_features, d_hidden) = (shape.n_features, shape.d_hidden);
        let weights = client.read_one(weights.values.clone())?;
        let biases = client.read_one(biases.values.clone())?;
        let by_cell =
            self.arrays.by_cell(f32::from_bytes(&weights), f32::from_bytes(&biases), n_features);
        let of_cell = |(weights, bias): (Vec<f32>, &[f32])| Weights {
            n_features,
            d_hidden,
            weights,
            bias: bias.to_vec(),
            decoder: None,
        };
        Ok(by_cell.map(of_cell).collect())
    }

    fn run(&mut self, task: Task, batches: Batches) -> Result<PendingLosses, DeviceFailure> {
        self.arrays.make_room(batches.most_units)?;
        let (client, shape) = (&self.arrays.client, self.arrays.shape);
        let (n_steps, n_cells) = (batches.n_steps, self.cells.len());
        let blocks = shape.n_features.div_ceil(THREADS as usize);
        let headers: Vec<u32> = (0..n_steps).map(|step| batches.headers(step)).collect();
        let words = client.create(Bytes::from_elems(batches.words));
        let steps = client.create(Bytes::from_elems(self.step_numbers(task, n_steps)));
        let losses = client.empty(4 * n_steps * n_cells * blocks);
        for (step, headers) in headers.into_iter().enumerate() {
            Launch {
                arrays: &self.arrays,
                words: &words,
                steps: &steps,
                losses: &losses,
                headers,
                steps_at: word(step * 2 * n_cells * STEP_NUMBERS),
                losses_at: word(step * n_cells * blocks),
                rows: self.cells[0].model.rows,
                task,
            }
            .all();
        }
        let (client, entries) = (client.clone(), (shape.batch_size * shape.n_features) as f64);
        Ok(Box::new(move || {
            let bytes = client.read_one(losses)?;
            let mean = |parts: &[f32]| parts.iter().copied().map(f64::from).sum::<f64>() / entries;
            let of_step = |step: &[f32]| step.chunks(blocks).map(mean).collect();
            Ok(f32::from_bytes(&bytes).chunks(blocks * n_cells).map(of_step).collect())
        }))
    }

    /// The numbers of each [`AdamStep`]: `[steps, 2, cells, STEP_NUMBERS]`, of weights and then of
    /// biases.
    fn step_numbers(&self, task: Task, n_steps: usize) -> Vec<f32> {
        let first = if let Task::Step(first) = task { first } else { 1 };
        let parameters: [fn(&Cell, u64) -> AdamStep; 2] =
            [AdamStep::of_weights, AdamStep::of_biases];
        (first..)
            .take(n_steps)
            .flat_map(|step| parameters.map(|of| (step, of)))
            .flat_map(|(step, of)| {
                self.cells.iter().flat_map(move |cell| packed(of(cell, step).single()))
            })
            .collect()
    }
}
