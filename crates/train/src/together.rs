//! What cells must share to be trained together, and where they are trained.

use std::fmt;
use std::num::NonZeroUsize;
use std::ops::Range;

use burn::tensor::Device;
use superpose_ensemble::Client;
use superpose_ensemble::feed::Chunk;
use superpose_ensemble::plan::Shape;
use superpose_toy::cell::{Activation, Cell, Decoder, Loss, Rows};
use superpose_toy::engine::EngineKind;
use superpose_toy::sampler::Stream;
use superpose_toy::schedule::moments;

/// What cells must have in common to be trained together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Common {
    /// Their shape.
    pub shape: Shape,
    /// What they make of their inputs.
    pub activation: Activation,
    /// Whether their decoders are their own.
    pub decoder: Decoder,
    /// The norms of their rows.
    pub rows: Rows,
    /// What is made small.
    pub loss: Loss,
    /// Number of steps.
    pub steps: u64,
    /// Number of test batches.
    pub test_batches: u64,
    /// Steps averaged into one point of the loss curve.
    pub log_every: u64,
    /// Moments at which the models are kept.
    pub snapshots: u64,
}

impl Common {
    /// What `cell` must share with others.
    pub fn of(cell: &Cell) -> Self {
        let shape = Shape {
            n_features: cell.model.n_features,
            d_hidden: cell.model.d_hidden,
            batch_size: cell.train.batch_size,
        };
        let train = &cell.train;
        let (activation, decoder, rows) =
            (cell.model.activation, cell.model.decoder, cell.model.rows);
        let (steps, test_batches, log_every) = (train.steps, train.test_batches, train.log_every);
        let (loss, snapshots) = (train.loss, train.snapshots);
        Self { shape, activation, decoder, rows, loss, steps, test_batches, log_every, snapshots }
    }

    /// The steps after which the models are kept.
    pub(crate) fn moments(self) -> Vec<u64> {
        moments(self.steps, self.snapshots)
    }

    /// The steps of the training from step `from` on, in chunks of at most `length` that end at every moment.
    pub(crate) fn training(
        self,
        from: u64,
        length: u64,
    ) -> impl Iterator<Item = Chunk> + Clone + Send {
        cut(Stream::Train, from..self.steps, length, self.moments())
    }

    /// The batches of the test, in chunks of at most `length`.
    pub(crate) fn test(self, length: u64) -> impl Iterator<Item = Chunk> + Clone + Send {
        cut(Stream::Test, 0..self.test_batches, length, Vec::new())
    }
}

/// The `steps` in chunks of at most `length`, which end at its multiples and at `stops`.
fn cut(
    stream: Stream,
    steps: Range<u64>,
    length: u64,
    stops: Vec<u64>,
) -> impl Iterator<Item = Chunk> + Clone + Send {
    let Range { start, end } = steps;
    let chunk = move |at: u64| {
        let whole = (at / length + 1).saturating_mul(length);
        let stop = stops.iter().copied().find(|stop| *stop > at);
        (at < end).then(|| Chunk { stream, steps: at..end.min(whole).min(stop.unwrap_or(end)) })
    };
    let next = chunk.clone();
    std::iter::successors(chunk(start), move |before| next(before.steps.end))
}

/// The streams of batches that `cells` are trained on, each by its first cell, and each cell's
/// stream: cells whose data are the same, seed and all, share one, whatever their importance is.
///
/// # Panics
/// When there are 2³² cells.
pub fn streams<'a>(cells: impl IntoIterator<Item = &'a Cell>) -> (Vec<usize>, Vec<u32>) {
    let cells: Vec<&Cell> = cells.into_iter().collect();
    let mut first_cells: Vec<usize> = Vec::new();
    let mut of_cells = Vec::new();
    for (i, cell) in cells.iter().enumerate() {
        let known =
            first_cells.iter().position(|&first| cells[first].data.has_batches_of(&cell.data));
        let stream = known.unwrap_or_else(|| {
            first_cells.push(i);
            first_cells.len() - 1
        });
        of_cells.push(u32::try_from(stream).expect("an ensemble has fewer than 2³² cells"));
    }
    (first_cells, of_cells)
}

/// Where cells are trained, and by what.
#[derive(Clone)]
pub struct Place {
    /// What makes the steps.
    pub engine: EngineKind,
    /// Where tensors of burn are; the gram engine on the CPU has none.
    pub device: Device,
    /// The same device for kernels of ours, if it is a GPU.
    pub client: Option<Client>,
    /// Threads of the host: of the gram engine on the CPU, and to draw batches for a GPU.
    pub n_threads: NonZeroUsize,
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { engine, device, n_threads, .. } = self;
        let mut fields = f.debug_struct("Place");
        fields.field("engine", engine).field("device", device).field("n_threads", n_threads);
        fields.finish_non_exhaustive()
    }
}

/// What kind of device an engine works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Processor {
    /// The host's cores.
    Cpu,
    /// A GPU.
    Gpu,
}

impl Place {
    /// The kind of device.
    pub fn processor(&self) -> Processor {
        if self.client.is_some() { Processor::Gpu } else { Processor::Cpu }
    }
}
