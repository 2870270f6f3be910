//! Linear systems with a symmetric matrix, by Cholesky's factors.
//!
//! On one thread always: what calls this runs in parallel itself, and promises the same bits for any number of threads.
//! The short calls of faer would use the pool of all threads.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt::{factor, solve};
use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::{Accum, Mat, MatRef, Par};

/// The solution of `(A + penalty) s = right` for a symmetric `A`, whose lower triangle is read; `None` when that is
/// not positive definite.
pub(crate) fn solve_positive(matrix: Mat<f64>, penalty: f64, right: &[f64]) -> Option<Vec<f64>> {
    Some(solved(&factored(matrix, penalty)?, right))
}

/// The solution of `(A Aᵀ + ridge) x = right`; `None` when the matrix is singular.
pub(crate) fn solve_gram(a: MatRef<'_, f64>, right: &[f64], ridge: f64) -> Option<Vec<f64>> {
    let n = a.nrows();
    let mut gram = Mat::zeros(n, n);
    lower_gram(&mut gram, Accum::Replace, a);
    let factor = factored(gram, ridge)?;
    // The squared pivots span no more than the condition number; beyond rounding they are noise.
    let pivots = (0..n).map(|i| factor[(i, i)].powi(2));
    let (least, most) = pivots.fold((f64::INFINITY, 0.0_f64), |(l, m), p| (l.min(p), m.max(p)));
    if least <= n as f64 * f64::EPSILON * most {
        return None;
    }
    let solution = solved(&factor, right);
    solution.iter().all(|value| value.is_finite()).then_some(solution)
}

/// The lower triangle of `A Aᵀ`, put or added into `gram`; the upper is left as it is.
pub(crate) fn lower_gram(gram: &mut Mat<f64>, put: Accum, a: MatRef<'_, f64>) {
    let (lower, whole) = (BlockStructure::TriangularLower, BlockStructure::Rectangular);
    triangular::matmul(gram, lower, put, a, whole, a.transpose(), whole, 1.0, Par::Seq);
}

/// `a · b`.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The lower factor of `A + penalty`; `None` when that is not positive definite.
fn factored(mut matrix: Mat<f64>, penalty: f64) -> Option<Mat<f64>> {
    let n = matrix.nrows();
    for i in 0..n {
        matrix[(i, i)] += penalty;
    }
    let scratch = factor::cholesky_in_place_scratch::<f64>(n, Par::Seq, Default::default());
    let mut memory = MemBuffer::new(scratch);
    let stack = MemStack::new(&mut memory);
    let (regularization, spec) = (Default::default(), Default::default());
    factor::cholesky_in_place(matrix.as_mut(), regularization, Par::Seq, stack, spec).ok()?;
    Some(matrix)
}

fn solved(factor: &Mat<f64>, right: &[f64]) -> Vec<f64> {
    let n = factor.nrows();
    let mut solution = Mat::from_fn(n, 1, |i, _| right[i]);
    let mut memory = MemBuffer::new(solve::solve_in_place_scratch::<f64>(n, 1, Par::Seq));
    let stack = MemStack::new(&mut memory);
    solve::solve_in_place(factor.as_ref(), solution.as_mut(), Par::Seq, stack);
    solution.col(0).iter().copied().collect()
}
