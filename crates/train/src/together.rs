//! Cells of one shape from their first step to their test, all at once, on a GPU.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use cubecl::client::Client;
use superpose_ensemble::batches::Drawer;
use superpose_ensemble::ensemble::{DeviceFailure, Ensemble, PendingLosses};
use superpose_ensemble::feed::{Chunk, Feed};
use superpose_ensemble::plan::Shape;
use superpose_gram::init::start;
use superpose_gram::sampler::{Sampler, Stream};
use superpose_sweep::cell::{Cell, Data};
use superpose_sweep::record::Weights;
use superpose_theory::frequency::FeatureProbabilities;

use crate::train::{LossLog, StepLoss, Trained};

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

/// Where cells are trained together.
#[derive(Clone)]
pub struct Place {
    /// The device.
    pub client: Client,
    /// Threads of the host that draw batches.
    pub n_threads: usize,
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Place").field("n_threads", &self.n_threads).finish_non_exhaustive()
    }
}

/// What came of training cells together.
#[derive(Debug)]
pub struct TrainedTogether {
    /// Of each cell.
    pub cells: Vec<Trained>,
    /// Time that the device may have stood idle because batches were not drawn yet.
    pub waited: Duration,
}

/// Cells that an ensemble has at most: more would not make a device busier, and each holds a file open
/// while it is trained.
const CELLS: u64 = 512;
/// The share of a device's memory that an ensemble may take.
const SHARE: f64 = 0.8;

/// Units that the batches of a cell whose data follow `probabilities` have at most, about: one of them
/// tells. When there are more, an ensemble makes room for them.
fn most_units(cell: &Cell, probabilities: &FeatureProbabilities) -> usize {
    let n_units = drawer(cell, probabilities).units(Stream::Train, 0).n_units();
    n_units + n_units / 8 + 64
}

/// Memory that a cell in training needs on a GPU, about, in bytes.
pub fn cell_bytes(cell: &Cell, probabilities: &FeatureProbabilities) -> f64 {
    Common::of(cell).shape.cell_bytes(most_units(cell, probabilities)) as f64
}

/// How many cells with the same [`Common`] as `cell`, whose data follow `probabilities`, fit on the
/// device at once; none when not even one does. Cells with other data may need more room, which an
/// ensemble makes when it comes to that.
pub fn most_cells(cell: &Cell, probabilities: &FeatureProbabilities, client: &Client) -> usize {
    let shape = Common::of(cell).shape;
    let n_units = most_units(cell, probabilities);
    let memory = &client.properties().memory;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of it")]
    let share = |bytes: u64| (bytes as f64 * SHARE) as u64;
    let by_memory = memory.max_memory().map_or(u64::MAX, share) / shape.cell_bytes(n_units);
    let by_array = memory.max_page_size / shape.largest_array_bytes(n_units);
    usize::try_from(by_memory.min(by_array).min(CELLS)).unwrap_or(usize::MAX)
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

/// Cells on a device, and the batches on their way to it.
struct Running {
    client: Client,
    ensemble: Ensemble,
    feed: Feed,
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
        let drawers = first_cells.iter().map(|&i| drawer(&cells[i], &probabilities[i])).collect();
        let starts: Vec<Weights> = cells.iter().map(start).collect();
        let shape = Common::of(&cells[0]).shape;
        Ok(Self {
            client: place.client.clone(),
            ensemble: Ensemble::new(&place.client, shape, cells, &starts)?,
            feed: Feed::start(drawers, streams, chunks, place.n_threads),
        })
    }

    /// Gives the device the next chunk, which is this one, and returns with its losses what units it
    /// has.
    fn send(&mut self, chunk: &Chunk) -> Result<(PendingLosses, usize), DeviceFailure> {
        let batches = self.feed.take().expect("a feed has all the chunks it was asked for");
        let all_units = batches.all_units;
        let losses = match chunk.stream {
            Stream::Train => self.ensemble.steps(chunk.steps.start + 1, batches)?,
            Stream::Test => self.ensemble.errors(batches)?,
        };
        Ok((losses, all_units))
    }
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
) -> Result<TrainedTogether, DeviceFailure> {
    let chunks = Common::of(&cells[0]).chunks();
    let mut running = Running::start(cells, probabilities, place, &chunks)?;
    let mut logs: Vec<LossLog> = cells.iter().map(LossLog::new).collect();
    let mut tests = vec![Vec::new(); cells.len()];
    let mut in_flight: VecDeque<(&Chunk, PendingLosses)> = VecDeque::new();
    let mut left = chunks.iter();
    loop {
        let next = left.next();
        if let Some(chunk) = next {
            in_flight.push_back((chunk, running.send(chunk)?.0));
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
            let cells = logs.into_iter().map(LossLog::stopped).collect();
            return Ok(TrainedTogether { cells, waited: running.feed.waited });
        }
    }
    let weights = running.ensemble.weights()?;
    let ends = logs.into_iter().zip(weights.into_iter().zip(tests));
    let cells = ends.map(|(log, (weights, errors))| log.tested(weights, errors)).collect();
    Ok(TrainedTogether { cells, waited: running.feed.waited })
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
        f.debug_struct("Rounds").field("ensemble", &self.running.ensemble).finish_non_exhaustive()
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
        let (losses, all_units) = self.running.send(&chunk)?;
        let losses = losses.read(&self.running.client)?;
        self.flop += 6.0 * (all_units * self.parameters) as f64;
        let sum: f64 = losses.iter().map(|errors| errors[0]).sum();
        Ok(Some(sum / losses.len() as f64 * self.entries_per_sample))
    }

    /// Operations in matrix products so far.
    pub fn flop(&self) -> f64 {
        self.flop
    }

    /// Time that was spent on waiting for batches so far.
    pub fn waited(&self) -> Duration {
        self.running.feed.waited
    }
}

/// Draws the batches of a cell.
fn drawer(cell: &Cell, probabilities: &FeatureProbabilities) -> Drawer {
    let (values, size) = (cell.value_distribution(), cell.train.batch_size);
    let sampler = Sampler::new(probabilities, values, cell.data.seed, size);
    Drawer::new(sampler, size, cell.model.n_features)
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
