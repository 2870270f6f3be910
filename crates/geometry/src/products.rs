//! The products of rows that the measures are made of: `WᵀW`, and `W Wᵀ` a tile at a time.
//!
//! Rows become double precision a block at a time, so that `n²·d` operations need a few blocks of
//! memory and never `n²` numbers. The matrix products are faer's, always on the calling thread:
//! the same bits on one device and build.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatMut, MatRef, Par};

use crate::Rows;
use crate::norms::row_norms;

/// Rows in a block. A tile of `W Wᵀ` then takes half a megabyte and stays in the second cache,
/// while turning rows into doubles costs one operation for every 256 of the product.
const BLOCK: usize = 256;

/// Rows with the factor by which each is taken.
#[derive(Debug)]
pub(crate) struct Scaled<'a> {
    rows: Vec<&'a [f32]>,
    factors: Vec<f64>,
    width: usize,
}

impl<'a> Scaled<'a> {
    /// The rows as they are.
    pub(crate) fn as_given(rows: Rows<'a>) -> Self {
        let width = rows.width();
        let rows: Vec<&[f32]> = rows.iter().collect();
        Self { factors: vec![1.0; rows.len()], rows, width }
    }

    /// The rows whose norm is above `threshold`, at unit length. A row that is not finite has no
    /// direction and is left out.
    pub(crate) fn directions(rows: Rows<'a>, threshold: f64) -> Self {
        let (kept, factors) = rows
            .iter()
            .zip(row_norms(rows))
            .filter(|(_, norm)| *norm > threshold && *norm > 0.0 && norm.is_finite())
            .map(|(row, norm)| (row, 1.0 / norm))
            .unzip();
        Self { rows: kept, factors, width: rows.width() }
    }

    /// [`Self::directions`], those of rows whose norm is above `high` first; and how many these are.
    pub(crate) fn directions_by_norm(rows: Rows<'a>, threshold: f64, high: f64) -> (Self, usize) {
        let Self { rows, factors, width } = Self::directions(rows, threshold);
        let is_high = |row: &[f32]| row_norms(Rows::new(row, width))[0] > high;
        let all = rows.into_iter().zip(factors);
        let (first, then): (Vec<_>, Vec<_>) = all.partition(|(row, _)| is_high(row));
        let n_high = first.len();
        let (rows, factors) = first.into_iter().chain(then).unzip();
        (Self { rows, factors, width }, n_high)
    }

    /// The number of rows.
    pub(crate) fn n_rows(&self) -> usize {
        self.rows.len()
    }

    /// The smaller of `WᵀW` and `W Wᵀ`, which have the same norm, and the same eigenvalues but for
    /// zeros: a few rows may be very long.
    pub(crate) fn smaller_gram(&self) -> Mat<f64> {
        if self.is_wide() { self.gram_of_rows() } else { self.gram() }
    }

    /// Whether there are fewer rows than dimensions.
    fn is_wide(&self) -> bool {
        self.n_rows() < self.width
    }

    /// `W Wᵀ`, `[n_rows, n_rows]`.
    fn gram_of_rows(&self) -> Mat<f64> {
        let n = self.n_rows();
        let mut gram = Mat::zeros(n, n);
        let (mut left, mut right) = (Vec::new(), Vec::new());
        for i in (0..n).step_by(BLOCK) {
            let left = self.block(i, &mut left);
            for j in (0..n).step_by(BLOCK) {
                let right = self.block(j, &mut right);
                let tile = gram.as_mut().submatrix_mut(i, j, left.nrows(), right.nrows());
                matmul(tile, Accum::Replace, left, right.transpose(), 1.0, Par::Seq);
            }
        }
        gram
    }

    /// `WᵀW`, `[width, width]`.
    fn gram(&self) -> Mat<f64> {
        let mut gram = Mat::zeros(self.width, self.width);
        let mut values = Vec::new();
        for first in (0..self.n_rows()).step_by(BLOCK) {
            let block = self.block(first, &mut values);
            matmul(gram.as_mut(), Accum::Add, block.transpose(), block, 1.0, Par::Seq);
        }
        gram
    }

    /// Calls `visit` with `i` and runs of `W_i·W_j` in which every pair `j < i` appears once.
    pub(crate) fn for_each_run(&self, visit: &mut dyn FnMut(usize, &[f64])) {
        let (mut left, mut right, mut tile) = (Vec::new(), Vec::new(), vec![0.0; BLOCK * BLOCK]);
        for i in (0..self.n_rows()).step_by(BLOCK) {
            let left = self.block(i, &mut left);
            for j in (0..=i).step_by(BLOCK) {
                let right = self.block(j, &mut right);
                let width = right.nrows();
                let tile = &mut tile[..left.nrows() * width];
                let dots = MatMut::from_row_major_slice_mut(&mut *tile, left.nrows(), width);
                matmul(dots, Accum::Replace, left, right.transpose(), 1.0, Par::Seq);
                for (k, run) in tile.chunks_exact(width).enumerate() {
                    // On the diagonal, row k of the tile meets the rows before it.
                    let run = if i == j { &run[..k] } else { run };
                    if !run.is_empty() {
                        visit(i + k, run);
                    }
                }
            }
        }
    }

    /// For each row `‖W_i‖²` and `Σ_j (W_i·W_j)² = W_iᵀ (WᵀW) W_i`, the sum over all `j`.
    pub(crate) fn own_and_total_squares(&self) -> Vec<(f64, f64)> {
        if self.is_wide() {
            let gram = self.gram_of_rows();
            return (0..self.n_rows())
                .map(|i| (gram[(i, i)], gram.col(i).iter().map(|dot| dot * dot).sum()))
                .collect();
        }
        let gram = self.gram();
        let (mut values, mut image) = (Vec::new(), vec![0.0; BLOCK * self.width]);
        let mut squares = Vec::with_capacity(self.n_rows());
        for first in (0..self.n_rows()).step_by(BLOCK) {
            let block = self.block(first, &mut values);
            let n = block.nrows();
            let image = &mut image[..n * self.width];
            let product = MatMut::from_row_major_slice_mut(&mut *image, n, self.width);
            matmul(product, Accum::Replace, block, gram.as_ref(), 1.0, Par::Seq);
            let rows = values.chunks_exact(self.width).zip(image.chunks_exact(self.width));
            squares.extend(rows.map(|(row, image)| (dot(row, row), dot(row, image))));
        }
        squares
    }

    /// The rows from `first` on that make a block, `[at most BLOCK, width]`, kept in `values`.
    fn block<'v>(&self, first: usize, values: &'v mut Vec<f64>) -> MatRef<'v, f64> {
        let last = (first + BLOCK).min(self.n_rows());
        values.clear();
        for (row, factor) in self.rows[first..last].iter().zip(&self.factors[first..last]) {
            values.extend(row.iter().map(|w| f64::from(*w) * factor));
        }
        MatRef::from_row_major_slice(values, last - first, self.width)
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configurations::{dot, gaussian};

    #[test]
    fn every_pair_is_visited_once_across_blocks() {
        for n in [0, 1, 2, BLOCK, BLOCK + 1, 2 * BLOCK + 17] {
            let values = gaussian(n, 3, 1);
            let rows: Vec<&[f32]> = values.chunks(3).collect();
            let (mut n_pairs, mut sum) = (0, 0.0);
            Scaled::as_given(Rows::new(&values, 3)).for_each_run(&mut |_, run| {
                n_pairs += run.len();
                sum += run.iter().map(|dot| dot.powi(2)).sum::<f64>();
            });
            let mut expected = 0.0;
            for (i, a) in rows.iter().enumerate() {
                expected += rows[..i].iter().map(|b| dot(a, b).powi(2)).sum::<f64>();
            }
            assert_eq!(n_pairs, n * n.saturating_sub(1) / 2);
            // Both are sums of at most 10^5 positive terms in double precision.
            assert!((sum - expected).abs() <= 1e-11 * expected, "{n}: {sum} {expected}");
        }
    }

    #[test]
    fn squares_of_a_row_agree_with_its_products_one_by_one() {
        for (n, width) in [(BLOCK + 44, 5), (BLOCK + 44, BLOCK + 50), (3, 7)] {
            check_squares(n, width);
        }
    }

    fn check_squares(n: usize, width: usize) {
        let values = gaussian(n, width, 2);
        let rows: Vec<&[f32]> = values.chunks(width).collect();
        let squares = Scaled::as_given(Rows::new(&values, width)).own_and_total_squares();
        assert_eq!(squares.len(), n);
        for (a, (own, total)) in rows.iter().zip(squares) {
            let expected: f64 = rows.iter().map(|b| dot(a, b).powi(2)).sum();
            assert!((own - dot(a, a)).abs() <= 1e-13 * own);
            assert!((total - expected).abs() <= 1e-12 * expected);
        }
    }
}
