//! Where a kernel finds what a cell has for each feature, and for blocks of them, in one array:
//! devices let a kernel have only a few.

use cubecl::prelude::*;

use crate::layout::THREADS;

/// Where the biases of a cell begin.
#[cube]
pub fn biases(cell: usize, n: usize) -> usize {
    cell * n
}

/// Where the importances of a cell begin.
#[cube]
pub fn importance(n_cells: usize, cell: usize, n: usize) -> usize {
    (n_cells + cell) * n
}

/// Where it stands whether the step goes the dense way (1) or the sparse one (0).
#[cube]
pub fn way(n_cells: usize, cell: usize, n: usize) -> usize {
    2 * n_cells * n
        + cell * (1 + (n + comptime!(THREADS as usize - 1)) / comptime!(THREADS as usize))
}

/// Where the numbers of answers that were not zero begin, block of features by block.
#[cube]
pub fn counts(n_cells: usize, cell: usize, n: usize) -> usize {
    way(n_cells, cell, n) + 1
}

/// Whether the step goes the dense way.
#[cube]
pub fn is_dense(features: &[f32], n_cells: usize, cell: usize, n: usize) -> bool {
    features[way(n_cells, cell, n)] > 0.5f32
}
