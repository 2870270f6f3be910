//! Cells of one shape in training, on a device.

use std::fmt;

use cubecl::bytes::Bytes;
use cubecl::client::Client;
use cubecl::prelude::*;
use cubecl::server::{Handle, IoError, ServerError};
use superpose_gram::engine::LossGradient;
use superpose_gram::schedule::Schedule;
use superpose_sweep::cell::Cell;
use superpose_sweep::record::Weights;

use crate::batches::Batches;
use crate::kernels::tile::{THREADS, Tile};
use crate::kernels::{back, gather, respond, update};
use crate::plan::Shape;

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
enum Task {
    /// Steps, the first of which has this number, from 1.
    Step(u64),
    /// Only the errors.
    Errors,
    /// The gradient.
    Gradient,
}

/// Cells of one shape in training.
pub struct Ensemble {
    client: Client,
    shape: Shape,
    members: Vec<Member>,
    weights: Parameter,
    biases: Parameter,
    /// `dW`, and with what units ask added, the gradient.
    weights_asked: Handle,
    room: Room,
}

impl fmt::Debug for Ensemble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { shape, members, .. } = self;
        f.debug_struct("Ensemble")
            .field("shape", shape)
            .field("n_cells", &members.len())
            .finish_non_exhaustive()
    }
}

/// A cell and its schedule.
#[derive(Debug)]
struct Member {
    cell: Cell,
    schedule: Schedule,
}

/// A parameter of every cell, and Adam's memory of it.
#[derive(Debug)]
struct Parameter {
    values: Handle,
    /// The first, and then the second.
    moments: Handle,
}

/// Arrays whose size depends on how many units a batch has.
#[derive(Debug)]
struct Room {
    n_units: usize,
    hidden: Handle,
    hidden_asked: Handle,
    asked: Handle,
    /// By tile of units and feature: of squared errors, and then of what is asked of biases.
    sums: Handle,
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
        let schedule = |cell: &Cell| Schedule::of(&cell.train);
        let ensemble = Self {
            members: cells
                .iter()
                .map(|cell| Member { cell: cell.clone(), schedule: schedule(cell) })
                .collect(),
            weights: Parameter::new(client, &weights),
            biases: Parameter::new(client, &biases),
            weights_asked: client.empty(4 * weights.len()),
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
        let of_cell = n * self.shape.row();
        let sums = self.unit_tiles() * n;
        let biases = &f32::from_bytes(&biases)[self.members.len() * sums..];
        let double = |values: &[f32]| values.iter().copied().map(f64::from).collect::<Vec<f64>>();
        let of_member = |(i, member): (usize, &Member)| {
            let rows = weights[i * of_cell..][..of_cell].chunks(self.shape.row());
            LossGradient {
                loss: losses[0][i] * member.cell.train.loss_scale,
                weights: rows.flat_map(|row| double(&row[..d])).collect(),
                bias: double(&biases[i * sums..][..n]),
            }
        };
        Ok(self.members.iter().enumerate().map(of_member).collect())
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
        Ok((0..self.members.len())
            .map(|i| Weights {
                n_features: n,
                d_hidden: d,
                weights: rows(i).flat_map(|row| row[..d].iter().copied()).collect(),
                bias: biases[i * n..][..n].to_vec(),
            })
            .collect())
    }

    /// Number of cells.
    pub fn n_cells(&self) -> usize {
        self.members.len()
    }

    /// Waits until the device has done all it was asked.
    ///
    /// # Errors
    /// [`DeviceFailure`] when the device has failed.
    pub fn wait(&self) -> Result<(), DeviceFailure> {
        Ok(cubecl::future::block_on(self.client.sync())?)
    }

    fn unit_tiles(&self) -> usize {
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
            let (client, n_cells) = (&self.client, self.members.len());
            self.room = Room::new(client, self.shape, n_cells, batches.most_units);
            self.check()?;
        }
        let n_cells = self.members.len();
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
                for Member { cell, schedule } in &self.members {
                    let train = &cell.train;
                    let (beta1, beta2) = (train.adam_beta1, train.adam_beta2);
                    let (peak, decay) = if of_weights {
                        (train.learning_rate, train.weight_decay)
                    } else {
                        (train.learning_rate_bias, 0.0)
                    };
                    let rate = peak * schedule.at(step);
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
    fn new(client: &Client, values: &[f32]) -> Self {
        let zeros = vec![0.0; 2 * values.len()];
        Self {
            values: client.create_from_slice(f32::as_bytes(values)),
            moments: client.create_from_slice(f32::as_bytes(&zeros)),
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

/// The kernels of one step.
struct Launch<'a> {
    ensemble: &'a Ensemble,
    words: &'a Handle,
    follows: &'a Handle,
    losses: &'a Handle,
    headers: u32,
    follows_at: u32,
    losses_at: u32,
    task: Task,
}

impl Launch<'_> {
    fn all(&self) {
        self.gather();
        self.respond();
        if self.task != Task::Errors {
            self.back_to_hidden();
            self.back_to_weights();
            self.update_weights();
        }
        self.update_biases();
    }

    fn gather(&self) {
        let Ensemble { client, room, weights, .. } = self.ensemble;
        gather::gather::launch(
            client,
            self.cubes(room.n_units.div_ceil(gather::UNITS as usize), 1),
            CubeDim::new_2d(gather::LANES, gather::UNITS),
            fours(&weights.values),
            whole(self.words),
            fours(&room.hidden),
            self.headers,
            self.n(),
            word(room.n_units),
            self.row_fours(),
        );
    }

    #[expect(unsafe_code, reason = "the products run without anybody else's bounds checks")]
    fn respond(&self) {
        let Ensemble { client, room, weights, biases, shape, .. } = self.ensemble;
        let tile = shape.respond_tile();
        // SAFETY: the kernel looks at every index itself before it uses it.
        unsafe {
            respond::respond::launch_unchecked(
                client,
                self.cubes(shape.n_features.div_ceil(tile.width()), room.n_units / tile.height()),
                CubeDim::new_1d(THREADS),
                fours(&room.hidden),
                fours(&weights.values),
                whole(&biases.values),
                whole(self.words),
                whole(&room.asked),
                whole(&room.sums),
                self.headers,
                self.n(),
                word(room.n_units),
                self.row_fours(),
                word(shape.feature_stride()),
                tile,
                self.task != Task::Errors,
            );
        }
    }

    #[expect(unsafe_code, reason = "the products run without anybody else's bounds checks")]
    fn back_to_hidden(&self) {
        let Ensemble { client, room, weights, shape, .. } = self.ensemble;
        let tile = shape.back_tile();
        // SAFETY: the kernel looks at every index itself before it uses it.
        unsafe {
            back::back_to_hidden::launch_unchecked(
                client,
                self.back_cubes(tile, room.n_units),
                CubeDim::new_1d(THREADS),
                fours(&room.asked),
                fours(&weights.values),
                whole(self.words),
                whole(&room.hidden_asked),
                self.headers,
                self.n(),
                word(room.n_units),
                self.row_fours(),
                word(shape.feature_stride()),
                tile,
            );
        }
    }

    #[expect(unsafe_code, reason = "the products run without anybody else's bounds checks")]
    fn back_to_weights(&self) {
        let Ensemble { client, room, weights_asked, shape, .. } = self.ensemble;
        let tile = shape.back_tile();
        // SAFETY: the kernel looks at every index itself before it uses it.
        unsafe {
            back::back_to_weights::launch_unchecked(
                client,
                self.back_cubes(tile, shape.n_features),
                CubeDim::new_1d(THREADS),
                fours(&room.asked),
                fours(&room.hidden),
                whole(self.words),
                whole(weights_asked),
                self.headers,
                self.n(),
                word(room.n_units),
                self.row_fours(),
                word(shape.feature_stride()),
                tile,
            );
        }
    }

    fn update_weights(&self) {
        let Ensemble { client, room, weights, weights_asked, shape, .. } = self.ensemble;
        update::update_weights::launch(
            client,
            self.cubes(shape.n_features.div_ceil(update::ROWS as usize), 1),
            CubeDim::new_2d(update::LANES, update::ROWS),
            fours(&room.hidden_asked),
            whole(self.words),
            whole(self.follows),
            fours(weights_asked),
            fours(&weights.values),
            fours(&weights.moments),
            self.headers,
            self.follows_at,
            self.n(),
            word(room.n_units),
            self.row_fours(),
            matches!(self.task, Task::Step(_)),
        );
    }

    fn update_biases(&self) {
        let Ensemble { client, room, biases, shape, members, .. } = self.ensemble;
        update::update_biases::launch(
            client,
            self.cubes(shape.n_features.div_ceil(THREADS as usize), 1),
            CubeDim::new_1d(THREADS),
            whole(self.words),
            whole(self.follows),
            whole(&room.sums),
            whole(&biases.values),
            whole(&biases.moments),
            whole(self.losses),
            self.headers,
            self.follows_at + word(members.len() * update::FOLLOW),
            self.losses_at,
            self.n(),
            word(self.ensemble.unit_tiles()),
            shape.respond_tile().height(),
            self.task != Task::Errors,
            matches!(self.task, Task::Step(_)),
        );
    }

    fn cubes(&self, x: usize, y: usize) -> CubeCount {
        CubeCount::Static(word(x), word(y), word(self.ensemble.members.len()))
    }

    fn back_cubes(&self, tile: Tile, rows: usize) -> CubeCount {
        self.cubes(self.ensemble.shape.row().div_ceil(tile.width()), rows.div_ceil(tile.height()))
    }

    fn n(&self) -> u32 {
        word(self.ensemble.shape.n_features)
    }

    fn row_fours(&self) -> u32 {
        word(self.ensemble.shape.row() / 4)
    }
}

/// An array as a kernel's argument, number by number.
pub(crate) fn whole(handle: &Handle) -> BufferArg {
    array(handle, 4)
}

/// An array as a kernel's argument, four numbers by four.
fn fours(handle: &Handle) -> BufferArg {
    array(handle, 16)
}

#[expect(unsafe_code, reason = "a kernel's argument cannot be made from an array otherwise")]
fn array(handle: &Handle, item_bytes: u64) -> BufferArg {
    let length = usize::try_from(handle.size_in_used() / item_bytes).expect("it was given as one");
    // SAFETY: the length is the array's own.
    unsafe { BufferArg::from_raw_parts(handle.clone(), length) }
}

/// A count or a place as the device has it.
fn word(count: usize) -> u32 {
    u32::try_from(count).expect("an ensemble has fewer than 2³² of anything")
}
