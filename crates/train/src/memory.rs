//! How much memory and arithmetic a cell asks for, before it is begun.

use superpose_sweep::cell::Cell;

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

/// Memory that the gram engine needs for one cell in training, in bytes: six arrays of parameters
/// (with their gradient, Adam's moments and the rows of active features), the tiles, a few numbers
/// a sample, and the Gram matrix that the overlaps are measured with.
pub fn gram_bytes(cell: &Cell) -> f64 {
    let (n, d) = (cell.model.n_features as f64, cell.model.d_hidden as f64);
    let samples = cell.train.batch_size as f64 * (1.0 + 4.0 * cell.data.activation_density);
    4.0 * 6.0 * n * (d + 1.0)
        + 2.0 * 4.0 * 64.0 * n.max(4096.0)
        + 16.0 * samples
        + 8.0 * n.min(d).powi(2)
}

/// Floating-point operations that the dense step does in matrix products over the whole training:
/// `10·B·n·d` a step.
pub fn dense_flop(cell: &Cell) -> f64 {
    let (n, d) = (cell.model.n_features as f64, cell.model.d_hidden as f64);
    10.0 * cell.train.batch_size as f64 * n * d * cell.train.steps as f64
}
