//! The rows as a frame: how evenly they fill their dimensions, and how far they are from keeping
//! just the first few features.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, Par, Side};

use crate::Rows;
use crate::products::Scaled;

/// The `width` eigenvalues of `WᵀW`, descending: the squared singular values of `W`, and zeros when
/// there are fewer rows than dimensions. All are NaN when the matrix is not finite.
///
/// Equal values are a tight frame. Rounding leaves values below zero, which are cut off there: an
/// eigenvalue is exact to about `1e-15` of the largest.
pub fn gram_spectrum(rows: Rows<'_>) -> Vec<f64> {
    spectrum(&Scaled::as_given(rows).smaller_gram(), rows.width())
}

/// The `width` largest eigenvalues of a Gram matrix, as [`gram_spectrum`] gives them.
pub(crate) fn spectrum(gram: &Mat<f64>, width: usize) -> Vec<f64> {
    let Some(ascending) = eigenvalues(gram) else { return vec![f64::NAN; width] };
    let mut spectrum: Vec<f64> = ascending.into_iter().rev().map(|v| v.max(0.0)).collect();
    spectrum.resize(width, 0.0);
    spectrum
}

/// The effective number of dimensions of a spectrum `λ`: `(Σλ)² / Σλ²`; zero when all are zero.
///
/// `d` for `d` equal values, one for a single one.
pub fn participation_ratio(spectrum: &[f64]) -> f64 {
    let sum: f64 = spectrum.iter().sum();
    let squares: f64 = spectrum.iter().map(|value| value * value).sum();
    if squares == 0.0 { 0.0 } else { sum * sum / squares }
}

/// The frame potential of the rows: `Σ_{i,j} (W_i·W_j)² = ‖WᵀW‖²_F`, the sum over all ordered pairs
/// with `i = j` among them.
///
/// At least `‖W‖⁴_F / d`, and just that for a tight frame.
///
/// **Source**: Benedetto & Fickus 2003, "Finite normalized tight frames".
pub fn frame_potential(rows: Rows<'_>) -> f64 {
    Scaled::as_given(rows).smaller_gram().squared_norm_l2()
}

/// How far `W`, `n × d`, is from keeping the first `k = min(n, d)` features orthonormally and no
/// others: the spectral norm of `W Wᵀ − diag(I_k, 0)`. NaN when the matrix is not finite.
///
/// Rows are in order of falling frequency if "the first" is to mean the most frequent. Zero for the
/// model without superposition, one for a matrix of zeros. It is exact to rounding,
/// without the `n × n` matrix: with the rows after the first `k` as `W₂ = Q R`, the matrix is
/// `M = [W₁; R] [W₁; R]ᵀ − diag(I_k, 0)` of at most `2d` rows, turned by `diag(I_k, Q)`, which
/// changes no eigenvalue but zeros.
///
/// **Source**: Liu, Liu & Gore 2025, who choose the cells of figure 4b by it.
pub fn spectral_distance(rows: Rows<'_>) -> f64 {
    let (n, d) = (rows.iter().len(), rows.width());
    let k = n.min(d);
    let rows: Vec<&[f32]> = rows.iter().collect();
    if !rows.iter().copied().flatten().all(|w| w.is_finite()) {
        return f64::NAN;
    }
    let entry = |i: usize, j: usize| f64::from(rows[i][j]);
    let core = if n <= k + d {
        Mat::from_fn(n, d, entry)
    } else {
        let factors = Mat::from_fn(n - k, d, |i, j| entry(k + i, j)).qr();
        let triangle = factors.R();
        Mat::from_fn(k + d, d, |i, j| if i < k { entry(i, j) } else { triangle[(i - k, j)] })
    };
    let mut difference = Mat::zeros(core.nrows(), core.nrows());
    matmul(difference.as_mut(), Accum::Replace, &core, core.transpose(), 1.0, Par::Seq);
    for i in 0..k {
        difference[(i, i)] -= 1.0;
    }
    eigenvalues(&difference)
        .map_or(f64::NAN, |values| values.iter().fold(0.0, |norm: f64, v| norm.max(v.abs())))
}

/// The eigenvalues of a symmetric matrix, ascending; `None` when it is not finite or the iteration
/// does not converge. On the calling thread: faer's own threads are a feature that is not built.
fn eigenvalues(symmetric: &Mat<f64>) -> Option<Vec<f64>> {
    if !symmetric.is_all_finite() {
        return None;
    }
    symmetric.self_adjoint_eigenvalues(Side::Lower).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configurations::{SINGLE, dot, gaussian, orthonormal, polygon, simplex};

    fn distance(values: &[f32], width: usize) -> f64 {
        spectral_distance(Rows::new(values, width))
    }

    /// The spectral norm of the `n × n` matrix itself.
    fn distance_by_all_pairs(values: &[f32], width: usize) -> f64 {
        let rows: Vec<&[f32]> = values.chunks(width).collect();
        let full = Mat::from_fn(rows.len(), rows.len(), |i, j| {
            dot(rows[i], rows[j]) - f64::from(u8::from(i == j && i < width))
        });
        let values = eigenvalues(&full).unwrap();
        values[0].abs().max(values[values.len() - 1].abs())
    }

    #[test]
    fn a_tight_frame_has_one_eigenvalue_and_uses_all_dimensions() {
        // Each of n unit vectors brings one to the trace, and the d eigenvalues share it.
        for (values, width) in [(polygon(5), 2), (simplex(4), 4), (orthonormal(3, 3), 3)] {
            let rows = Rows::new(&values, width);
            let (spectrum, d) = (gram_spectrum(rows), width as f64);
            let share = rows.iter().len() as f64 / d;
            assert!(spectrum.iter().all(|value| (value - share).abs() < SINGLE));
            assert!((participation_ratio(&spectrum) - d).abs() < SINGLE);
        }
        // A pair of opposites is tight on its line alone.
        let spectrum = gram_spectrum(Rows::new(&[0.6, 0.8, -0.6, -0.8], 2));
        assert!((spectrum[0] - 2.0).abs() < SINGLE && spectrum[1].abs() < SINGLE);
        assert!((participation_ratio(&spectrum) - 1.0).abs() < SINGLE);
    }

    #[test]
    fn eigenvalues_descend_and_add_up_to_the_squares_of_the_entries() {
        for (n, d) in [(3, 8), (8, 8), (700, 8)] {
            let values = gaussian(n, d, 5);
            let spectrum = gram_spectrum(Rows::new(&values, d));
            assert_eq!(spectrum.len(), d);
            assert!(spectrum.is_sorted_by(|a, b| a >= b));
            assert!(spectrum.iter().skip(n).all(|value| *value < 1e-12));
            let (sum, squares) = (spectrum.iter().sum::<f64>(), dot(&values, &values));
            assert!((sum - squares).abs() < 1e-12 * squares);
            // And their squares to the potential.
            let sum: f64 = spectrum.iter().map(|value| value * value).sum();
            let potential = frame_potential(Rows::new(&values, d));
            assert!((sum - potential).abs() < 1e-12 * potential);
        }
    }

    #[test]
    fn a_few_very_long_rows_take_no_square_of_their_length() {
        // The d×d Gram matrix would be 288 GB.
        let width = 190_000;
        let rows = gaussian(3, width, 11);
        let rows = Rows::new(&rows, width);
        let spectrum = gram_spectrum(rows);
        assert!(spectrum.len() == width && spectrum[2] > 0.0 && spectrum[3] == 0.0);
        let squares: f64 = spectrum.iter().map(|value| value * value).sum();
        assert!((frame_potential(rows) / squares - 1.0).abs() < 1e-12);
        let dimensions = crate::feature::dimensionality(rows);
        assert!(dimensions.len() == 3 && dimensions.iter().all(|d| (0.9..=1.0).contains(d)));
        assert!(spectral_distance(rows).is_finite());
    }

    #[test]
    fn the_potential_agrees_with_all_pairs() {
        let values = gaussian(300, 9, 7);
        let rows: Vec<&[f32]> = values.chunks(9).collect();
        let pairs = rows.iter().flat_map(|a| rows.iter().map(|b| dot(a, b).powi(2)));
        let (expected, rows) = (pairs.sum::<f64>(), Rows::new(&values, 9));
        assert!((frame_potential(rows) - expected).abs() < 1e-12 * expected);
    }

    #[test]
    fn keeping_just_the_first_features_is_at_no_distance() {
        assert!(distance(&orthonormal(5, 5), 5) < 1e-14);
        assert!(distance(&orthonormal(3, 5), 5) < 1e-14);
        // Two dimensions turned by an angle of 3-4-5, and many features that are not kept.
        let mut rows = vec![0.6, 0.8, -0.8, 0.6];
        rows.resize(40, 0.0);
        assert!(distance(&rows, 2) < SINGLE);
    }

    #[test]
    fn known_departures_have_their_known_distance() {
        for n in [1, 2, 9] {
            assert!((distance(&vec![0.0; 2 * n], 2) - 1.0).abs() < 1e-14);
        }
        // All features kept half as long: 1 − 1/4.
        let half: Vec<f32> = orthonormal(6, 6).iter().map(|w| 0.5 * w).collect();
        assert!((distance(&half, 6) - 0.75).abs() < 1e-14);
        // The last features instead of the first.
        let mut last = vec![0.0; 6];
        last.extend(orthonormal(2, 2));
        assert!((distance(&last, 2) - 1.0).abs() < 1e-14);
        // The first, and one feature more along one of them: [[0, 1], [1, 1]] has the golden ratio.
        let mut more = orthonormal(2, 2);
        more.extend([1.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
        let golden = 0.5 * (1.0 + 5.0_f64.sqrt());
        assert!((distance(&more, 2) - golden).abs() < 1e-14);
        // A single row in many dimensions.
        assert!((distance(&[0.0, 2.0, 0.0], 3) - 3.0).abs() < 1e-14);
    }

    #[test]
    fn the_short_way_agrees_with_the_whole_matrix() {
        for (n, d, seed) in
            [(1, 4, 1), (3, 5, 2), (6, 4, 3), (8, 4, 4), (9, 4, 5), (50, 4, 6), (90, 30, 7)]
        {
            for scale in [1e-3, 0.3, 1.0, 10.0] {
                let mut values = gaussian(n, d, seed);
                values.iter_mut().for_each(|w| *w *= scale);
                let (short, long) = (distance(&values, d), distance_by_all_pairs(&values, d));
                assert!((short - long).abs() < 1e-12 * long, "{n} {d} {scale}: {short} {long}");
            }
        }
    }

    #[test]
    fn a_matrix_of_low_rank_agrees_with_the_whole_matrix() {
        // Two columns repeat the others, and every third row is zero.
        let mut values = gaussian(60, 6, 8);
        for (i, row) in values.chunks_mut(6).enumerate() {
            let (first, rest) = row.split_at_mut(2);
            rest[..2].copy_from_slice(first);
            if i % 3 == 0 {
                row.fill(0.0);
            }
        }
        let (short, long) = (distance(&values, 6), distance_by_all_pairs(&values, 6));
        assert!((short - long).abs() < 1e-12 * long);
        let spectrum = gram_spectrum(Rows::new(&values, 6));
        assert!(spectrum[3] > 0.1 && spectrum[4] < 1e-12 && spectrum[5] < 1e-12);
    }

    #[test]
    fn solvers_that_work_in_blocks_agree_with_the_whole_matrix() {
        // Large enough for the blocked QR and the blocked reduction.
        let values: Vec<f32> = gaussian(420, 130, 9).iter().map(|w| 0.1 * w).collect();
        let (short, long) = (distance(&values, 130), distance_by_all_pairs(&values, 130));
        assert!((short - long).abs() < 1e-12 * long, "{short} {long}");
    }

    #[test]
    fn a_matrix_that_is_not_finite_gives_nan() {
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            for n in [1, 2, 20] {
                let mut values = gaussian(n, 3, 10);
                values[1] = bad;
                let rows = Rows::new(&values, 3);
                assert!(spectral_distance(rows).is_nan());
                assert!(gram_spectrum(rows).iter().all(|value| value.is_nan()));
                assert!(!frame_potential(rows).is_finite());
                assert!(participation_ratio(&gram_spectrum(rows)).is_nan());
            }
        }
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "nothing gives zero itself")]
    fn no_rows_and_rows_of_zeros_have_no_spectrum() {
        for values in [&[][..], &[0.0; 6]] {
            let spectrum = gram_spectrum(Rows::new(values, 3));
            assert_eq!(spectrum, [0.0; 3]);
            assert_eq!(participation_ratio(&spectrum), 0.0);
            assert_eq!(frame_potential(Rows::new(values, 3)), 0.0);
        }
        assert_eq!(distance(&[], 3), 0.0);
    }

    #[test]
    fn decompositions_stay_on_the_calling_thread() {
        assert!(matches!(faer::get_global_parallelism(), Par::Seq));
    }
}
