//! Cells of one shape in training, on a device.

use std::fmt;

use cubecl::bytes::Bytes;
use cubecl::client::Client;
use cubecl::prelude::*;
use cubecl::server::{Handle, IoError, ServerError};
use superpose_toy::cell::Cell;
use superpose_toy::schedule::Schedule;
use superpose_toy::trained::LossGradient;
use superpose_toy::trained::Weights;

use crate::batches::Batches;
use crate::kernels::tile::THREADS;
use crate::kernels::update;
use crate::launch::Launch;
use crate::plan::Shape;
use crate::word;

/// What went wrong on the device, in its own words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the device failed: {said}")]
pub struct DeviceFailure {
    said: String,
    /// Whether the device only has not the memory: fewer cells at once may go.
    pub out_of_memory: bool,
}

impl From<ServerError> for DeviceFailure {
    fn from(error: ServerError) -> Self {
        // What it says of itself comes with headings and a backtrace.
        let text = error.to_string();
        let headings = ["Caused by:", "Asked at:", "Backtrace:", "No backtrace available"];
        let lines = text.lines().map(str::trim);
        let said: Vec<&str> = lines.filter(|line| !headings.contains(line)).take(5).collect();
        Self { said: said.join(" "), out_of_memory: is_out_of_memory(&error) }
    }
}

fn is_out_of_memory(error: &ServerError) -> bool {
    match error {
        ServerError::Io(error) => matches!(
            error,
            IoError::OutOfMemory { .. }
                | IoError::BufferTooBig { .. }
                | IoError::PageSizesExhausted { .. }
        ),
        ServerError::Unwritten { root, .. } => is_out_of_memory(root),
        ServerError::Several { errors, .. } => errors.iter().any(is_out_of_memory),
        _ => false,
    }
}

/// What is done with a chunk of batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    /// Steps, the first of which has this number, from 1.
    Step(u64),
    /// Only the errors.
    Errors,
    /// The gradient.
    Gradient,
}

/// Cells of one shape in training.
pub struct Ensemble {
    pub(crate) client: Client,
    pub(crate) shape: Shape,
    cells: Vec<Cell>,
    pub(crate) weights: Parameter,
    pub(crate) biases: Parameter,
    /// `dW`, and with what units ask added, the gradient.
    pub(crate) weights_asked: Handle,
    pub(crate) room: Room,
}

impl fmt::Debug for Ensemble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { shape, cells, .. } = self;
        f.debug_struct("Ensemble")
            .field("shape", shape)
            .field("n_cells", &cells.len())
            .finish_non_exhaustive()
    }
}

/// A parameter of every cell, and Adam's memory of it.
#[derive(Debug)]
pub(crate) struct Parameter {
    pub(crate) values: Handle,
    /// The first, and then the second.
    pub(crate) moments: Handle,
}

/// Arrays whose size depends on how many units a batch has.
#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) n_units: usize,
    pub(crate) hidden: Handle,
    pub(crate) hidden_asked: Handle,
    pub(crate) asked: Handle,
    /// By tile of units and feature: of squared errors, and then of what is asked of biases.
    pub(crate) sums: Handle,
}

/// Losses that the device may still be working on.
#[derive(Debug)]
pub struct PendingLosses {
    handle: Handle,
    n_steps: usize,
    n_cells: usize,
    entries: f64,
}

impl PendingLosses {
    /// The mean squared errors, step by step and in each cell by cell, when the device has them.
    ///
    /// # Errors
    /// [`DeviceFailure`] when the device has failed.
    pub fn read(self, client: &Client) -> Result<Vec<Vec<f64>>, DeviceFailure> {
        let bytes = client.read_one(self.handle)?;
        let numbers = f32::from_bytes(&bytes);
        let parts = numbers.len() / (self.n_steps * self.n_cells);
        let mean = |parts: &[f32]| parts.iter().copied().map(f64::from).sum::<f64>() / self.entries;
        let of_step = |step: &[f32]| step.chunks(parts).map(mean).collect();
        Ok(numbers.chunks(parts * self.n_cells).map(of_step).collect())
    }
}

impl Ensemble {
    /// `cells`, all of one `shape`, before their first step, starting from `starts`.
    ///
    /// # Errors
    /// [`DeviceFailure`] when the device has not the memory.
    ///
    /// # Panics
    /// When there are not as many starts as cells.
    pub fn new(
        client: &Client,
        shape: Shape,
        cells: &[Cell],
        starts: &[Weights],
    ) -> Result<Self, DeviceFailure> {
        assert_eq!(cells.len(), starts.len(), "a start for each cell");
        let (d, row) = (shape.d_hidden, shape.row());
        let mut weights = vec![0.0; cells.len() * shape.n_features * row];
        let rows = starts.iter().flat_map(|start| start.weights.chunks(d));
        for (to, from) in weights.chunks_mut(row).zip(rows) {
            to[..d].copy_from_slice(from);
        }
        let biases: Vec<f32> = starts.iter().flat_map(|start| start.bias.iter().copied()).collect();
        let ensemble = Self {
            cells: cells.to_vec(),
            weights_asked: client.empty(4 * weights.len()),
            weights: Parameter::new(client, weights),
            biases: Parameter::new(client, biases),
            room: Room::new(client, shape, cells.len(), 1),
            client: client.clone(),
            shape,
        };
        ensemble.check()?;
        Ok(ensemble)
    }

    /// Makes a step on every one of `batches`, the first of which has number `first` (from 1), and
    /// returns the mean squared errors before each. The device may not be done yet.
    ///
    /// # Errors
    /// [`DeviceFailure`] when the device has failed or has not the memory.
    pub fn steps(&mut self, first: u64, batches: Batches) -> Result<PendingLosses, DeviceFailure> {
        self.run(Task::Step(first), batches)
    }

    /// The mean squared errors on every one of `batches`, without any step.
    ///
    /// # Errors
    /// [`DeviceFailure`] when the device has failed or has not the memory.
    pub fn errors(&mut self, batches: Batches) -> Result<PendingLosses, DeviceFailure> {
        self.run(Task::Errors, batches)
    }

    /// Each cell's trained loss on the first of `batches` and its gradient, without any step.
    ///
    /// # Errors
    /// [`DeviceFailure`] when the device has failed or has not the memory.
    pub fn gradients(&mut self, batches: Batches) -> Result<Vec<LossGradient>, DeviceFailure> {
        let losses = self.run(Task::Gradient, batches)?.read(&self.client)?;
        let (n, d) = (self.shape.n_features, self.shape.d_hidden);
        let weights = self.client.read_one(self.weights_asked.clone())?;
        let biases = self.client.read_one(self.room.sums.clone())?;
        let weights = f32::from_bytes(&weights);
        let numbers = n * self.shape.row();
        let sums = self.unit_tiles() * n;
        let biases = &f32::from_bytes(&biases)[self.cells.len() * sums..];
        let double = |values: &[f32]| values.iter().copied().map(f64::from).collect::<Vec<f64>>();
        let of_cell = |(i, cell): (usize, &Cell)| {
            let rows = weights[i * numbers..][..numbers].chunks(self.shape.row());
            LossGradient {
                loss: losses[0][i] * cell.train.loss_scale,
                weights: rows.flat_map(|row| double(&row[..d])).collect(),
                bias: double(&biases[i * sums..][..n]),
            }
        };
        Ok(self.cells.iter().enumerate().map(of_cell).collect())
    }

    /// The weights of every cell.
    ///
    /// # Errors
    /// [`DeviceFailure`] when the device has failed.
    pub fn weights(&self) -> Result<Vec<Weights>, DeviceFailure> {
        let (n, d, row) = (self.shape.n_features, self.shape.d_hidden, self.shape.row());
        let weights = self.client.read_one(self.weights.values.clone())?;
        let biases = self.client.read_one(self.biases.values.clone())?;
        let (weights, biases) = (f32::from_bytes(&weights), f32::from_bytes(&biases));
        let rows = |i: usize| weights[i * n * row..][..n * row].chunks(row);
        Ok((0..self.cells.len())
            .map(|i| Weights {
                n_features: n,
                d_hidden: d,
                weights: rows(i).flat_map(|row| row[..d].iter().copied()).collect(),
                bias: biases[i * n..][..n].to_vec(),
            })
            .collect())
    }

    pub(crate) fn unit_tiles(&self) -> usize {
        self.room.n_units / self.shape.respond_tile().height()
    }

    /// Whether the device has been able to give all that was asked of it.
    fn check(&self) -> Result<(), DeviceFailure> {
        let Self { weights, biases, weights_asked, room, .. } = self;
        let parameters = [weights, biases].into_iter().flat_map(|p| [&p.values, &p.moments]);
        let Room { hidden, hidden_asked, asked, sums, .. } = room;
        let others = [weights_asked, hidden, hidden_asked, asked, sums];
        Ok(self.client.check(parameters.chain(others))?)
    }

    fn run(&mut self, task: Task, batches: Batches) -> Result<PendingLosses, DeviceFailure> {
        if batches.most_units > self.room.n_units {
            // Freed before the new ones are taken.
            self.room = Room::new(&self.client, self.shape, 0, 1);
            let (client, n_cells) = (&self.client, self.cells.len());
            self.room = Room::new(client, self.shape, n_cells, batches.most_units);
            self.check()?;
        }
        let n_cells = self.cells.len();
        let blocks = self.shape.n_features.div_ceil(THREADS as usize);
        let follows = self.follows(task, batches.n_steps);
        let headers: Vec<u32> = (0..batches.n_steps).map(|step| batches.headers(step)).collect();
        let n_steps = batches.n_steps;
        let words = self.client.create(Bytes::from_elems(batches.words));
        let follows = self.client.create(Bytes::from_elems(follows));
        let losses = self.client.empty(4 * n_steps * n_cells * blocks);
        for (step, headers) in headers.into_iter().enumerate() {
            Launch {
                ensemble: self,
                n_cells: word(n_cells),
                words: &words,
                follows: &follows,
                losses: &losses,
                headers,
                follows_at: word(step * 2 * n_cells * update::FOLLOW),
                losses_at: word(step * n_cells * blocks),
                task,
            }
            .all();
        }
        let entries = (self.shape.batch_size * self.shape.n_features) as f64;
        Ok(PendingLosses { handle: losses, n_steps, n_cells, entries })
    }

    /// What updates follow, step by step: every cell's weights and then every cell's biases.
    #[expect(clippy::cast_possible_truncation, reason = "parameters are single precision")]
    fn follows(&self, task: Task, n_steps: usize) -> Vec<f32> {
        let first = if let Task::Step(first) = task { first } else { 1 };
        let entries = (self.shape.batch_size * self.shape.n_features) as f64;
        let mut numbers = Vec::new();
        for step in (first..).take(n_steps) {
            let powers = i32::try_from(step).unwrap_or(i32::MAX);
            for of_weights in [true, false] {
                for cell in &self.cells {
                    let train = &cell.train;
                    let (beta1, beta2) = (train.adam_beta1, train.adam_beta2);
                    let (peak, decay) = if of_weights {
                        (train.learning_rate, train.weight_decay)
                    } else {
                        (train.learning_rate_bias, 0.0)
                    };
                    let rate = peak * Schedule::of(train).at(step);
                    let follow: [f64; update::FOLLOW] = [
                        2.0 * train.loss_scale / entries,
                        beta1,
                        1.0 - beta1,
                        beta2,
                        1.0 - beta2,
                        train.adam_epsilon,
                        1.0 / (1.0 - beta2.powi(powers)).sqrt(),
                        rate / (1.0 - beta1.powi(powers)),
                        rate * decay,
                    ];
                    numbers.extend(follow.map(|number| number as f32));
                }
            }
        }
        numbers
    }
}

impl Parameter {
    fn new(client: &Client, values: Vec<f32>) -> Self {
        let moments = vec![0.0_f32; 2 * values.len()];
        Self {
            values: client.create(Bytes::from_elems(values)),
            moments: client.create(Bytes::from_elems(moments)),
        }
    }
}

impl Room {
    fn new(client: &Client, shape: Shape, n_cells: usize, n_units: usize) -> Self {
        let n_units = shape.room(n_units);
        let units = n_cells.max(1) * n_units;
        let empty = |numbers: usize| client.empty(4 * numbers);
        let sums = units / shape.respond_tile().height() * shape.n_features;
        Self {
            n_units,
            hidden: empty(units * shape.row()),
            hidden_asked: empty(units * shape.row()),
            asked: empty(units * shape.feature_stride()),
            sums: empty(2 * sums),
        }
    }
}
