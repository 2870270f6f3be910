//! How much memory and arithmetic a cell asks for, before it is begun.

use superpose_gram::engine::{PANEL_NUMBERS, n_strips};
use superpose_toy::cell::Cell;

/// Memory that the reference engine needs for one cell in training, in bytes of single precision:
/// about six arrays of batch × features (the dense batch, the steps of the forward pass that
/// autodiff keeps, and a gradient), ten of parameters and four of batch × width, and the Gram matrix
/// that the overlaps are measured with. Measured on flex at n = 1000, B = 2048, d = 10: 48 MB for the
/// whole process, where this says 50.
pub fn reference_bytes(cell: &Cell) -> f64 {
    let (n, d) = (cell.model.n_features as f64, cell.model.d_hidden as f64);
    let batch = cell.train.batch_size as f64;
    4.0 * (6.0 * batch * n + 10.0 * n * (d + 1.0) + 4.0 * batch * d) + 8.0 * n.min(d).powi(2)
}

/// Memory that the gram engine needs for one cell in training at most, in bytes: parameters, Adam's
/// moments and the gradient; for the batch's active features and for its samples with several, what
/// they are in the hidden space and, once for each strip of columns, what is asked of them; a panel
/// of the Gram matrix for each strip; and the Gram matrix that the overlaps are measured with.
pub fn gram_bytes(cell: &Cell) -> f64 {
    let (n, d) = (cell.model.n_features as f64, cell.model.d_hidden as f64);
    let batch = cell.train.batch_size as f64;
    let entries = batch * cell.data.activation_density;
    let active = n.min(entries);
    let units = active + batch.min(entries / 2.0);
    let strips = n_strips(cell.model.n_features) as f64;
    let rows = 4.0 * n + 2.0 * active + (1.0 + strips) * units;
    let panel = 2.0 * (PANEL_NUMBERS as f64).max(64.0 * active) + 2.0 * 64.0 * units;
    4.0 * (rows * (d + 16.0) + strips * panel + 16.0 * (batch + entries)) + 8.0 * n.min(d).powi(2)
}

/// Floating-point operations that the dense step does in matrix products over the whole training:
/// `10·B·n·d` a step.
pub fn dense_flop(cell: &Cell) -> f64 {
    let (n, d) = (cell.model.n_features as f64, cell.model.d_hidden as f64);
    10.0 * cell.train.batch_size as f64 * n * d * cell.train.steps as f64
}
