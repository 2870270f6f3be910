//! Cells of one shape in training, on a device.

use std::fmt;

use cubecl::bytes::Bytes;
use cubecl::prelude::*;
use superpose_toy::adam::AdamStep;
use superpose_toy::cell::Cell;
use superpose_toy::checkpoint::ModelState;
use superpose_toy::prepared::Prepared;
use superpose_toy::trained::{LossGradient, Weights};

use crate::arrays::{Arrays, OfCell};
use crate::batches::Batches;
use crate::failure::DeviceFailure;
use crate::kernels::update::{STEP_NUMBERS, packed};
use crate::launch::{Launch, Task};
use crate::layout::THREADS;
use crate::plan::{DENSE_FROM, Shape};
use crate::{Client, PendingLosses, word};

/// Cells of one shape in training, on the device of a client.
pub struct Ensemble<'c> {
    cells: Vec<Cell>,
    arrays: Arrays<'c>,
    /// Words that a chunk's batches have room for. While they stay, so do the numbers that kernels are
    /// launched with, which the runtime below keeps.
    room: usize,
}

impl fmt::Debug for Ensemble<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ensemble")
            .field("shape", &self.arrays.shape)
            .field("n_cells", &self.cells.len())
            .finish_non_exhaustive()
    }
}

/// How the gradient goes back from the answers to the weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// By two products of matrices.
    Dense,
    /// By the answers that are not zero alone.
    Sparse,
}

impl<'c> Ensemble<'c> {
    /// `cells`, all of one `shape` and with rows of one kind, as they are in `states`.
    ///
    /// # Errors
    /// [`DeviceFailure`] when the device is out of memory.
    ///
    /// # Panics
    /// When there are not as many states as cells.
    pub fn new(
        client: &'c Client,
        shape: Shape,
        cells: &[Prepared],
        states: &[ModelState],
    ) -> Result<Self, DeviceFailure> {
        assert_eq!(cells.len(), states.len(), "one state per cell");
        let arrays = Arrays::new(client, shape, cells, states)?;
        Ok(Self { cells: cells.iter().map(|p| p.cell.clone()).collect(), arrays, room: 0 })
    }

    /// Makes a step on each of `batches`, the first of which has number `first` (from 1), and
    /// returns the mean squared errors before each. The device may not be done yet. A cell goes the way
    /// that would have been cheaper at its step before.
    ///
    /// # Errors
    /// [`DeviceFailure`] when the device has failed or is out of memory.
    pub fn steps(
        &mut self,
        first: u64,
        batches: Batches,
    ) -> Result<PendingLosses<'c>, DeviceFailure> {
        self.run(Task::Step(first), batches, DENSE_FROM)
    }

    /// The mean squared errors on each of `batches`, without any step.
    ///
    /// # Errors
    /// [`DeviceFailure`] when the device has failed or is out of memory.
    pub fn mses(&mut self, batches: Batches) -> Result<PendingLosses<'c>, DeviceFailure> {
        self.run(Task::Losses, batches, DENSE_FROM)
    }

    /// Each cell's trained loss on the first of `batches` and its gradient by the given way, without any
    /// step.
    ///
    /// # Errors
    /// [`DeviceFailure`] when the device has failed or is out of memory.
    pub fn gradients(
        &mut self,
        batches: Batches,
        way: Way,
    ) -> Result<Vec<LossGradient>, DeviceFailure> {
        let dense_from = match way {
            Way::Dense => 0.0,
            Way::Sparse => f32::INFINITY,
        };
        let mses = self.run(Task::Gradient, batches, dense_from)?()?;
        let double = |values: Vec<f32>| values.into_iter().map(f64::from).collect();
        let losses = mses[0].iter().zip(&self.cells).map(|(mse, cell)| mse * cell.train.loss_scale);
        let of_cell = |((weights, bias), loss): ((Vec<f32>, Vec<f32>), f64)| LossGradient {
            loss,
            weights: double(weights),
            bias: double(bias),
            decoder: None,
        };
        Ok(self.arrays.gradients()?.into_iter().zip(losses).map(of_cell).collect())
    }

    /// The way that every cell went at its last step.
    ///
    /// # Errors
    /// [`DeviceFailure`] when the device has failed.
    pub fn ways(&self) -> Result<Vec<Way>, DeviceFailure> {
        let of_cell = |is_dense| if is_dense { Way::Dense } else { Way::Sparse };
        Ok(self.arrays.are_dense()?.into_iter().map(of_cell).collect())
    }

    /// The weights of every cell.
    ///
    /// # Errors
    /// [`DeviceFailure`] when the device has failed.
    pub fn weights(&self) -> Result<Vec<Weights>, DeviceFailure> {
        Ok(self.of_cells(self.arrays.parameters()?))
    }

    /// Every cell as it is between two steps.
    ///
    /// # Errors
    /// [`DeviceFailure`] when the device has failed.
    pub fn states(&self) -> Result<Vec<ModelState>, DeviceFailure> {
        let weights = self.weights()?;
        let [first, second] = self.arrays.moments()?.map(|moments| self.of_cells(moments));
        let moments = first.into_iter().zip(second);
        let of_cells = weights.into_iter().zip(moments).zip(self.arrays.answers()?);
        let state = |((weights, (first_moments, second_moments)), answers)| ModelState {
            weights,
            first_moments,
            second_moments,
            way: Some(answers),
        };
        Ok(of_cells.map(state).collect())
    }

    fn of_cells(&self, numbers: Vec<OfCell>) -> Vec<Weights> {
        let Shape { n_features, d_hidden, .. } = self.arrays.shape;
        let of_cell =
            |(weights, bias)| Weights { n_features, d_hidden, weights, bias, decoder: None };
        numbers.into_iter().map(of_cell).collect()
    }

    fn run(
        &mut self,
        task: Task,
        batches: Batches,
        dense_from: f32,
    ) -> Result<PendingLosses<'c>, DeviceFailure> {
        self.arrays.make_room(batches.most_units)?;
        let (client, shape) = (self.arrays.client, self.arrays.shape);
        let (n_steps, n_cells) = (batches.n_steps, self.cells.len());
        let blocks = shape.n_features.div_ceil(THREADS as usize);
        let headers: Vec<u32> = (0..n_steps).map(|step| batches.headers(step)).collect();
        let mut words = batches.words;
        if words.len() > self.room {
            self.room = words.len() + words.len() / SPARE_ROOM;
        }
        words.resize(self.room, 0);
        words.extend(self.step_numbers(task, n_steps).map(f32::to_bits));
        let words = client.create(Bytes::from_elems(words));
        let losses = client.empty(4 * n_steps * n_cells * blocks);
        for (step, headers) in headers.into_iter().enumerate() {
            Launch {
                arrays: &self.arrays,
                words: &words,
                headers,
                steps_at: word(self.room + step * 2 * n_cells * STEP_NUMBERS),
                losses: &losses,
                losses_at: word(step * n_cells * blocks),
                rows: self.cells[0].model.rows,
                task,
                dense_from,
            }
            .all();
        }
        let entries = (shape.batch_size * shape.n_features) as f64;
        // Asked for now, so that the device copies them before it begins what it is given next.
        let read = client.read_async(vec![losses]);
        Ok(Box::new(move || {
            let bytes = cubecl::future::block_on(read)?.remove(0);
            let mean = |parts: &[f32]| parts.iter().copied().map(f64::from).sum::<f64>() / entries;
            let of_step = |step: &[f32]| step.chunks(blocks).map(mean).collect();
            Ok(f32::from_bytes(&bytes).chunks(blocks * n_cells).map(of_step).collect())
        }))
    }

    /// The numbers of each [`AdamStep`]: `[steps, 2, cells, STEP_NUMBERS]`, of weights and then of
    /// biases.
    fn step_numbers(&self, task: Task, n_steps: usize) -> impl Iterator<Item = f32> {
        let first = if let Task::Step(first) = task { first } else { 1 };
        let parameters: [fn(&Cell, u64) -> AdamStep; 2] =
            [AdamStep::of_weights, AdamStep::of_biases];
        (first..).take(n_steps).flat_map(move |step| parameters.map(|of| (step, of))).flat_map(
            |(step, of)| self.cells.iter().flat_map(move |cell| packed(of(cell, step).single())),
        )
    }
}

/// One part in so many of a chunk's words is kept spare.
const SPARE_ROOM: usize = 16;
