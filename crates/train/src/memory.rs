//! How much memory and arithmetic a cell needs, before it is begun.

use superpose_ensemble::batches::Drawer;
use superpose_ensemble::memory::Memory;
use superpose_ensemble::plan::Shape;
use superpose_gram::engine::{PANEL_NUMBERS, n_strips};
use superpose_toy::cell::{Cell, Decoder};
use superpose_toy::engine::EngineKind;
use superpose_toy::prepared::Prepared;
use superpose_toy::sampler::{Sampler, Stream};

use crate::together::{Common, Place};

/// Cells that an ensemble has at most: more would not make a device busier, and each holds a file
/// open while it is trained.
const MOST_CELLS: usize = 512;
/// The share of a device's memory that an ensemble may take; the rest is for batches, losses, what
/// the allocator keeps in pages, and other programs.
const SHARE: f64 = 0.8;
/// Numbers that the gram engine pads a row of `W` with at most.
const PADDING: f64 = 16.0;
/// Columns of its narrowest panel.
const COLUMNS: f64 = 64.0;
/// Numbers that it keeps of a sample and of an active feature in it.
const ENTRY: f64 = 16.0;

/// Memory that a cell in training by `engine` needs on the host, in bytes.
pub fn host_bytes(engine: EngineKind, cell: &Cell) -> f64 {
    let training = match engine {
        EngineKind::Gram => gram_bytes(cell),
        EngineKind::Reference => reference_bytes(cell),
    };
    let snapshots = model_bytes(cell) * cell.train.snapshots as f64;
    // A checkpoint has the model, both its moments and what is kept of it so far, once as it is and once as it is
    // written.
    training + snapshots + 2.0 * (3.0 * model_bytes(cell) + snapshots)
}

/// Memory that a model takes on the host, in bytes.
fn model_bytes(cell: &Cell) -> f64 {
    let (n, d) = (cell.model.n_features as f64, cell.model.d_hidden as f64);
    let matrices = if cell.model.decoder == Decoder::Untied { 2.0 } else { 1.0 };
    4.0 * n * (matrices * d + 1.0)
}

/// Memory that the reference engine needs for one cell in training, in bytes of single precision:
/// about six arrays of batch × features (the dense batch, the steps of the forward pass that
/// autodiff keeps, and a gradient), ten of parameters and four of batch × width, and the Gram
/// matrix that the overlaps are measured with. Measured on flex at n = 1000, B = 2048, d = 10: 48
/// MB for the whole process, where this says 50.
pub fn reference_bytes(cell: &Cell) -> f64 {
    let (n, d) = (cell.model.n_features as f64, cell.model.d_hidden as f64);
    let batch = cell.train.batch_size as f64;
    4.0 * (6.0 * batch * n + 10.0 * n * (d + 1.0) + 4.0 * batch * d) + measured_bytes(cell)
}

/// Memory that the gram engine needs for one cell in training at most, in bytes: parameters, Adam's
/// moments and the gradient; for the batch's active features and for its samples with several,
/// their hidden vectors and, once for each strip of columns, the gradients of those; a panel of the
/// Gram matrix for each strip; and the Gram matrix that the overlaps are measured with.
pub fn gram_bytes(cell: &Cell) -> f64 {
    let (n, d) = (cell.model.n_features as f64, cell.model.d_hidden as f64);
    let batch = cell.train.batch_size as f64;
    let entries = batch * cell.data.activation_density;
    let active = n.min(entries);
    let units = active + batch.min(entries / 2.0);
    let strips = n_strips(cell.model.n_features) as f64;
    let rows = 4.0 * n + 2.0 * active + (1.0 + strips) * units;
    let panel = 2.0 * (PANEL_NUMBERS as f64).max(COLUMNS * active) + 2.0 * COLUMNS * units;
    4.0 * (rows * (d + PADDING) + strips * panel + ENTRY * (batch + entries)) + measured_bytes(cell)
}

/// Memory that the overlaps of a trained model are measured with, in bytes of double precision.
fn measured_bytes(cell: &Cell) -> f64 {
    8.0 * cell.model.n_features.min(cell.model.d_hidden).pow(2) as f64
}

/// Memory that a cell in training at `place` needs, in bytes.
pub fn cell_bytes(prepared: &Prepared, place: &Place) -> f64 {
    match &place.client {
        None => host_bytes(place.engine, &prepared.cell),
        Some(_) => gpu_bytes(prepared, place.engine)[1],
    }
}

/// How many cells that have [`Common`] in common with this one fit on a GPU at once; zero when not
/// even one does. Cells with other data may need more room, which an ensemble makes once it finds
/// out.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most MOST_CELLS")]
pub fn most_cells(prepared: &Prepared, place: &Place) -> usize {
    let Some(client) = &place.client else { return 1 };
    let [largest, all] = gpu_bytes(prepared, place.engine);
    let memory = Memory::of(client);
    let by_memory = memory.bytes.map_or(f64::INFINITY, |bytes| bytes as f64 * SHARE / all);
    let by_array = memory.largest_array_bytes as f64 / largest;
    let by_count = match place.engine {
        EngineKind::Gram => Common::of(&prepared.cell).shape.most_cells(likely_units(prepared)),
        EngineKind::Reference => MOST_CELLS,
    };
    by_memory.min(by_array).min(by_count.min(MOST_CELLS) as f64) as usize
}

/// Units that no batch of a cell has more of, very likely.
fn likely_units(prepared: &Prepared) -> usize {
    let Shape { batch_size, n_features, .. } = Common::of(&prepared.cell).shape;
    let mut drawer = Drawer::new(Sampler::of(prepared), batch_size, n_features);
    let n_units = drawer.units(Stream::Train, 0).n_units();
    // One batch stands for all. Units are as many as independent samples come to, with a
    // standard deviation of at most √n, and n / 8 + 64 > 5 √n for every n.
    n_units + n_units / 8 + 64
}

/// Memory that a cell in training by `engine` needs on a GPU, about, in bytes: of the largest
/// array, and altogether.
fn gpu_bytes(prepared: &Prepared, engine: EngineKind) -> [f64; 2] {
    let shape = Common::of(&prepared.cell).shape;
    match engine {
        EngineKind::Gram => {
            let n_units = likely_units(prepared);
            [shape.largest_array_bytes(n_units) as f64, shape.cell_bytes(n_units) as f64]
        }
        EngineKind::Reference => {
            let dense = shape.batch_size.max(shape.d_hidden) * shape.n_features;
            [4.0 * dense as f64, reference_bytes(&prepared.cell)]
        }
    }
}

/// Floating-point operations that the dense step does in matrix products over the whole training:
/// `10·B·n·d` a step.
pub fn dense_flop(cell: &Cell) -> f64 {
    let (n, d) = (cell.model.n_features as f64, cell.model.d_hidden as f64);
    10.0 * cell.train.batch_size as f64 * n * d * cell.train.steps as f64
}
