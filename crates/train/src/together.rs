//! Cells of one shape from their first step to their test, all at once, on a GPU.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use burn::tensor::{DType, Device, Tensor};
use cubecl::client::Client;
use superpose_ensemble::batches::Drawer;
use superpose_ensemble::ensemble::{DeviceFailure, Ensemble, PendingLosses};
use superpose_ensemble::feed::{Chunk, Feed};
use superpose_ensemble::plan::Shape;
use superpose_toy::cell::{Cell, Data};
use superpose_toy::frequency::FeatureProbabilities;
use superpose_toy::init::start;
use superpose_toy::sampler::{Sampler, SparseBatch, Stream};
use superpose_toy::trained::Weights;

use crate::memory::reference_bytes;
use crate::reference::Reference;
use crate::train::{Engine, LossLog, StepLoss, Trained};

/// Steps that are sent to the device together, at most.
const CHUNK: u64 = 100;
/// Chunks that the device has been given before the losses of the first are read: so it has work
/// while the host looks at them.
const IN_FLIGHT: usize = 2;

/// What cells must have in common to be trained together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Common {
    /// Their shape.
    pub shape: Shape,
    /// Number of steps.
    pub steps: u64,
    /// Number of test batches.
    pub test_batches: u64,
    /// Steps averaged into one point of the loss curve.
    pub log_every: u64,
}

impl Common {
    /// What `cell` has to share.
    pub fn of(cell: &Cell) -> Self {
        let shape = Shape {
            n_features: cell.model.n_features,
            d_hidden: cell.model.d_hidden,
            batch_size: cell.train.batch_size,
        };
        let train = &cell.train;
        let (steps, test_batches, log_every) = (train.steps, train.test_batches, train.log_every);
        Self { shape, steps, test_batches, log_every }
    }

    /// The training and the test, in chunks.
    fn chunks(&self) -> Vec<Chunk> {
        let train = cut(Stream::Train, self.steps, self.log_every.min(CHUNK));
        [train, cut(Stream::Test, self.test_batches, CHUNK)].concat()
    }
}

/// The first so many batches of a stream, cut into chunks of a length.
fn cut(stream: Stream, n_batches: u64, length: u64) -> Vec<Chunk> {
    let starts = (0..n_batches).step_by(usize::try_from(length).unwrap_or(usize::MAX));
    starts.map(|at| Chunk { stream, steps: at..n_batches.min(at + length) }).collect()
}

/// Where cells are trained together, and by what.
#[derive(Clone)]
pub struct Place {
    /// What makes the steps.
    pub engine: Engine,
    /// The device, for kernels of ours.
    pub client: Client,
    /// The same device, for tensors of burn.
    pub device: Device,
    /// Threads of the host that draw batches.
    pub n_threads: usize,
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { engine, device, n_threads, .. } = self;
        let mut fields = f.debug_struct("Place");
        fields.field("engine", engine).field("device", device).field("n_threads", n_threads);
        fields.finish_non_exhaustive()
    }
}

/// Cells that an ensemble has at most: more would not make a device busier, and each holds a file open
/// while it is trained.
const CELLS: f64 = 512.0;
/// The share of a device's memory that an ensemble may take.
const SHARE: f64 = 0.8;

/// Units that the batches of a cell whose data follow `probabilities` have at most, about: one of them
/// tells. When there are more, an ensemble makes room for them.
fn most_units(cell: &Cell, probabilities: &FeatureProbabilities) -> usize {
    let (size, n) = (cell.train.batch_size, cell.model.n_features);
    let mut drawer = Drawer::new(sampler(cell, probabilities), size, n);
    let n_units = drawer.units(Stream::Train, 0).n_units();
    n_units + n_units / 8 + 64
}

/// Memory that a cell in training by `engine` needs on a GPU, about, in bytes: of the largest array, and
/// altogether.
fn cell_arrays(engine: Engine, cell: &Cell, probabilities: &FeatureProbabilities) -> [f64; 2] {
    let shape = Common::of(cell).shape;
    match engine {
        Engine::Gram => {
            let n_units = most_units(cell, probabilities);
            [shape.largest_array_bytes(n_units) as f64, shape.cell_bytes(n_units) as f64]
        }
        Engine::Reference => {
            let dense = shape.batch_size.max(shape.d_hidden) * shape.n_features;
            [4.0 * dense as f64, reference_bytes(cell)]
        }
    }
}

/// Memory that a cell in training by `engine` needs on a GPU, about, in bytes.
pub fn cell_bytes(engine: Engine, cell: &Cell, probabilities: &FeatureProbabilities) -> f64 {
    cell_arrays(engine, cell, probabilities)[1]
}

/// How many cells with the same [`Common`] as `cell`, whose data follow `probabilities`, fit on the
/// device at once; none when not even one does. Cells with other data may need more room, which an
/// ensemble makes when it comes to that.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "at most a few hundred"
)]
pub fn most_cells(cell: &Cell, probabilities: &FeatureProbabilities, place: &Place) -> usize {
    let [largest, all] = cell_arrays(place.engine, cell, probabilities);
    let memory = &place.client.properties().memory;
    let by_memory = memory.max_memory().map_or(CELLS, |bytes| bytes as f64 * SHARE / all);
    let by_array = memory.max_page_size as f64 / largest;
    by_memory.min(by_array).min(CELLS) as usize
}

/// The streams of batches that `cells` are trained on, and each cell's: cells whose data are the
/// same, seed and all, share one.
///
/// # Panics
/// When there are 2³² cells.
pub fn streams(cells: &[Cell]) -> (Vec<usize>, Vec<u32>) {
    let mut first_cells: Vec<usize> = Vec::new();
    let mut of_cells = Vec::new();
    for (i, cell) in cells.iter().enumerate() {
        let same = |data: &Data| *data == cell.data;
        let known = first_cells.iter().position(|&first| same(&cells[first].data));
        let stream = known.unwrap_or_else(|| {
            first_cells.push(i);
            first_cells.len() - 1
        });
        of_cells.push(u32::try_from(stream).expect("an ensemble has fewer than 2³² cells"));
    }
    (first_cells, of_cells)
}

/// Cells on a device, and where their batches come from.
struct Running {
    client: Client,
    members: Members,
}

enum Members {
    Gram { ensemble: Box<Ensemble>, feed: Feed },
    Reference { models: Box<Reference>, samplers: Vec<Sampler>, streams: Vec<u32> },
}

/// Mean squared errors of a chunk that the device may still be working on.
enum Pending {
    Gram(PendingLosses),
    /// Of each step, `[k]`.
    Reference(Vec<Tensor<1>>),
}

impl Pending {
    /// The errors, step by step and in each cell by cell.
    fn read(self, client: &Client) -> Result<Vec<Vec<f64>>, DeviceFailure> {
        let errors = match self {
            Self::Gram(losses) => return losses.read(client),
            Self::Reference(errors) => errors,
        };
        let k = errors[0].dims()[0];
        let all = Tensor::stack::<2>(errors, 0).into_data_as::<f64>();
        let all = all.try_to_vec::<f64>().expect("has just been made f64");
        Ok(all.chunks(k).map(<[f64]>::to_vec).collect())
    }
}

impl Running {
    fn start(
        cells: &[Cell],
        probabilities: &[FeatureProbabilities],
        place: &Place,
        chunks: &[Chunk],
    ) -> Result<Self, DeviceFailure> {
        assert_eq!(cells.len(), probabilities.len(), "one of each a cell");
        let (first_cells, streams) = streams(cells);
        let samplers = first_cells.iter().map(|&i| sampler(&cells[i], &probabilities[i]));
        let shape = Common::of(&cells[0]).shape;
        let members = match place.engine {
            Engine::Gram => {
                let (size, n) = (shape.batch_size, shape.n_features);
                let drawers = samplers.map(|sampler| Drawer::new(sampler, size, n)).collect();
                let starts: Vec<Weights> = cells.iter().map(start).collect();
                Members::Gram {
                    ensemble: Box::new(Ensemble::new(&place.client, shape, cells, &starts)?),
                    feed: Feed::start(drawers, streams, chunks, place.n_threads),
                }
            }
            Engine::Reference => Members::Reference {
                models: Box::new(Reference::new(cells, &place.device, DType::F32)),
                samplers: samplers.collect(),
                streams,
            },
        };
        Ok(Self { client: place.client.clone(), members })
    }

    /// Gives the device the next chunk, which is this one.
    fn send(&mut self, chunk: &Chunk) -> Result<Sent, DeviceFailure> {
        match &mut self.members {
            Members::Gram { ensemble, feed } => {
                let batches = feed.take().expect("a feed has all the chunks it was asked for");
                let n_units = batches.all_units;
                let errors = match chunk.stream {
                    Stream::Train => ensemble.steps(chunk.steps.start + 1, batches)?,
                    Stream::Test => ensemble.errors(batches)?,
                };
                Ok(Sent { errors: Pending::Gram(errors), n_units })
            }
            Members::Reference { models, samplers, streams } => {
                let errors = |step: u64| {
                    let draw = |sampler: &mut Sampler| sampler.batch(chunk.stream, step);
                    let batches: Vec<SparseBatch> = samplers.iter_mut().map(draw).collect();
                    let of_cells: Vec<&SparseBatch> =
                        streams.iter().map(|&stream| &batches[stream as usize]).collect();
                    match chunk.stream {
                        Stream::Train => models.step(step + 1, &of_cells),
                        Stream::Test => models.errors(&of_cells),
                    }
                };
                let errors = chunk.steps.clone().map(errors).collect();
                Ok(Sent { errors: Pending::Reference(errors), n_units: 0 })
            }
        }
    }

    fn weights(&self) -> Result<Vec<Weights>, DeviceFailure> {
        match &self.members {
            Members::Gram { ensemble, .. } => ensemble.weights(),
            Members::Reference { models, .. } => Ok(models.weights()),
        }
    }

    /// Time that was spent on waiting for batches so far, where they are drawn ahead.
    fn waited(&self) -> Duration {
        match &self.members {
            Members::Gram { feed, .. } => feed.waited,
            Members::Reference { .. } => Duration::ZERO,
        }
    }
}

/// A chunk that the device has been given.
struct Sent {
    errors: Pending,
    /// Units that the gram engine has looked at.
    n_units: usize,
}

/// Trains `cells`, which have [`Common`] in common and whose data follow `probabilities`, together.
/// `on_steps` hears the number of steps made, after some of them; training ends early, as failed,
/// when it answers `false`.
///
/// # Errors
/// [`DeviceFailure`] when the device has failed or has not the memory.
///
/// # Panics
/// When there are no cells, or not as many probabilities.
pub fn train_together(
    cells: &[Cell],
    probabilities: &[FeatureProbabilities],
    place: &Place,
    on_steps: &mut dyn FnMut(u64) -> bool,
) -> Result<Vec<Trained>, DeviceFailure> {
    let chunks = Common::of(&cells[0]).chunks();
    let mut running = Running::start(cells, probabilities, place, &chunks)?;
    let mut logs: Vec<LossLog> = cells.iter().map(LossLog::new).collect();
    let mut tests = vec![Vec::new(); cells.len()];
    let mut in_flight: VecDeque<(&Chunk, Pending)> = VecDeque::new();
    let mut left = chunks.iter();
    loop {
        let next = left.next();
        if let Some(chunk) = next {
            in_flight.push_back((chunk, running.send(chunk)?.errors));
        }
        if in_flight.len() < IN_FLIGHT && next.is_some() {
            continue;
        }
        let Some((chunk, losses)) = in_flight.pop_front() else { break };
        for errors in losses.read(&running.client)? {
            for (cell, error) in errors.into_iter().enumerate() {
                match chunk.stream {
                    Stream::Train => {
                        logs[cell].add(StepLoss::OnHost(error));
                    }
                    Stream::Test => tests[cell].push(error),
                }
            }
        }
        if chunk.stream == Stream::Train && !on_steps(chunk.steps.end) {
            return Ok(logs.into_iter().map(LossLog::stopped).collect());
        }
    }
    let weights = running.weights()?;
    let ends = logs.into_iter().zip(weights.into_iter().zip(tests));
    Ok(ends.map(|(log, (weights, errors))| log.tested(weights, errors)).collect())
}

/// Cells in training together, a round of steps at a time: for timing.
pub struct Rounds {
    running: Running,
    chunks: std::vec::IntoIter<Chunk>,
    entries_per_sample: f64,
    /// Numbers in `W`, each of which every unit meets in three products, two operations a time.
    parameters: usize,
    flop: f64,
}

impl fmt::Debug for Rounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rounds").field("chunks", &self.chunks).finish_non_exhaustive()
    }
}

impl Rounds {
    /// `cells` before their first step, which will make all their steps in rounds of so many.
    ///
    /// # Errors
    /// [`DeviceFailure`] when the device has failed or has not the memory.
    ///
    /// # Panics
    /// When there are no cells, or not as many probabilities.
    pub fn new(
        cells: &[Cell],
        probabilities: &[FeatureProbabilities],
        place: &Place,
        steps_a_round: u64,
    ) -> Result<Self, DeviceFailure> {
        let common = Common::of(&cells[0]);
        let chunks = cut(Stream::Train, common.steps, steps_a_round);
        let shape = common.shape;
        Ok(Self {
            running: Running::start(cells, probabilities, place, &chunks)?,
            chunks: chunks.into_iter(),
            entries_per_sample: shape.n_features as f64,
            parameters: shape.n_features * shape.d_hidden,
            flop: 0.0,
        })
    }

    /// Makes the steps of the next round, waits until they are done, and returns the first cell's mean
    /// loss over them (squared errors summed over features); none when all rounds are made.
    ///
    /// # Errors
    /// [`DeviceFailure`] when the device has failed or has not the memory.
    pub fn round(&mut self) -> Result<Option<f64>, DeviceFailure> {
        let Some(chunk) = self.chunks.next() else { return Ok(None) };
        let Sent { errors, n_units } = self.running.send(&chunk)?;
        let errors = errors.read(&self.running.client)?;
        self.flop += 6.0 * (n_units * self.parameters) as f64;
        let sum: f64 = errors.iter().map(|errors| errors[0]).sum();
        Ok(Some(sum / errors.len() as f64 * self.entries_per_sample))
    }

    /// Operations in matrix products so far.
    pub fn flop(&self) -> f64 {
        self.flop
    }

    /// Time that was spent on waiting for batches so far.
    pub fn waited(&self) -> Duration {
        self.running.waited()
    }
}

/// Draws the batches of a cell.
fn sampler(cell: &Cell, probabilities: &FeatureProbabilities) -> Sampler {
    let (values, size) = (cell.value_distribution(), cell.train.batch_size);
    Sampler::new(probabilities, values, cell.data.seed, size)
}

/// Operations in single precision that a device makes in a second at best.
///
/// # Errors
/// [`DeviceFailure`] when the device has failed.
pub fn gpu_peak_flop_per_s(client: &Client) -> Result<f64, DeviceFailure> {
    // A device of software would take minutes for what keeps one of silicon busy for a moment.
    let rounds =
        if superpose_ensemble::peak::flop_per_s(client, 8, 16)? > 1e11 { 2048 } else { 64 };
    superpose_ensemble::peak::flop_per_s(client, if rounds > 64 { 8192 } else { 8 }, rounds)
}
