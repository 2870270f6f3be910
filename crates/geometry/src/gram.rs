//! `WᵀW` of rows that come a block at a time, so that a matrix of any height is measured in the
//! memory of its square width.
//!
//! The lower triangle is kept in square tiles. Each is a product of two strips of the block, in double
//! precision, made by whichever thread is free: the same bits with any number of them.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};
use rayon::iter::{IntoParallelRefMutIterator as _, ParallelIterator as _};

use crate::frame::spectrum;

/// Columns in a tile: few enough that two cores share out the work of a width of 256, enough that a
/// product is spent on multiplying.
const TILE: usize = 128;

/// The sum `Σ_i W_iᵀ W_i` over the rows so far, `[width, width]`.
#[derive(Debug, Clone)]
pub struct Gram {
    width: usize,
    tiles: Vec<Tile>,
}

#[derive(Debug, Clone)]
struct Tile {
    /// Its first row and column.
    at: (usize, usize),
    values: Mat<f64>,
}

impl Gram {
    /// The sum over no rows of length `width`.
    pub fn zeros(width: usize) -> Self {
        let firsts = || (0..width).step_by(TILE);
        let size = |first: usize| TILE.min(width - first);
        let tile = |i, j| Tile { at: (i, j), values: Mat::zeros(size(i), size(j)) };
        let tiles =
            firsts().flat_map(|i| firsts().filter(move |j| *j <= i).map(move |j| tile(i, j)));
        Self { width, tiles: tiles.collect() }
    }

    /// Adds rows of the given width, one after the other in `rows`.
    ///
    /// # Panics
    /// When the width does not divide the number of values.
    pub fn add(&mut self, rows: &[f64]) {
        assert!(rows.len().is_multiple_of(self.width), "rows must be of equal width");
        let block = MatRef::from_row_major_slice(rows, rows.len() / self.width, self.width);
        self.tiles.par_iter_mut().for_each(|Tile { at: (i, j), values }| {
            let (left, right) =
                (block.subcols(*i, values.nrows()), block.subcols(*j, values.ncols()));
            matmul(values.as_mut(), Accum::Add, left.transpose(), right, 1.0, Par::Seq);
        });
    }

    /// `‖WᵀW‖²_F = Σ_{i,j} (W_i·W_j)²`, the sum over all ordered pairs of rows.
    pub fn squared_norm(&self) -> f64 {
        let twice = |tile: &Tile| if tile.at.0 == tile.at.1 { 1.0 } else { 2.0 };
        self.tiles.iter().map(|tile| twice(tile) * tile.values.squared_norm_l2()).sum()
    }

    /// The `width` eigenvalues, descending, cut off at zero: the squared singular values of `W`. All are
    /// NaN when a row was not finite.
    pub fn spectrum(self) -> Vec<f64> {
        let mut full = Mat::zeros(self.width, self.width);
        for Tile { at: (i, j), values } in self.tiles {
            full.submatrix_mut(i, j, values.nrows(), values.ncols()).copy_from(&values);
            full.submatrix_mut(j, i, values.ncols(), values.nrows()).copy_from(values.transpose());
        }
        spectrum(&full, self.width)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rows;
    use crate::configurations::gaussian;
    use crate::frame::{frame_potential, gram_spectrum};

    #[test]
    fn blocks_add_up_to_the_whole_matrix() {
        for (n, width) in [(0, 3), (1, 1), (700, 5), (500, TILE), (400, 2 * TILE + 3)] {
            let values = gaussian(n, width, 3);
            let doubles: Vec<f64> = values.iter().map(|w| f64::from(*w)).collect();
            let mut gram = Gram::zeros(width);
            for block in doubles.chunks(97 * width) {
                gram.add(block);
            }
            let (rows, potential) = (Rows::new(&values, width), gram.squared_norm());
            assert!((potential - frame_potential(rows)).abs() <= 1e-12 * potential);
            let (spectrum, largest) = (gram.spectrum(), gram_spectrum(rows)[0]);
            assert_eq!(spectrum.len(), width);
            for (ours, expected) in spectrum.into_iter().zip(gram_spectrum(rows)) {
                // Eigenvalues are exact to rounding of the largest.
                assert!((ours - expected).abs() <= 1e-13 * largest, "{n} {width}");
            }
        }
    }

    #[test]
    fn a_row_that_is_not_finite_has_no_spectrum() {
        let mut gram = Gram::zeros(2);
        gram.add(&[1.0, f64::NAN]);
        let spectrum = gram.spectrum();
        assert!(spectrum.len() == 2 && spectrum.iter().all(|value| value.is_nan()));
    }
}
