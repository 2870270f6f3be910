//! How much the rows of a matrix point the same way.
//!
//! The mean alone has a short way, through the small Gram matrix. What distinguishes an equiangular frame
//! from a tight one (variance, maximum, histogram) needs every pair, and is taken from tiles of
//! `ÛÛᵀ` that are never kept.

use crate::Rows;
use crate::histogram::{Bins, add_counts};
use crate::products::Scaled;

/// The squared overlaps `cos²` over all unordered pairs of different rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SquaredOverlaps {
    /// The number of rows that were compared.
    pub n_rows: usize,
    /// The mean over pairs. For random directions `1/d`; `(n−d) / (d(n−1))` for a unit-norm tight
    /// frame.
    pub mean: f64,
    /// The population variance over pairs (the divisor is the number of pairs). For random
    /// directions `2(d−1) / (d²(d+2))`; zero for an equiangular frame.
    pub variance: f64,
    /// The largest, at most one.
    pub maximum: f64,
}

/// Moments of `cos²`, a run of pairs at a time.
#[derive(Debug, Clone, Copy, Default)]
struct Moments {
    n_pairs: f64,
    mean: f64,
    /// Sum of squared deviations from the mean.
    deviation: f64,
    maximum: f64,
}

impl Moments {
    fn add(&mut self, run: &[f64]) {
        // Deviations are taken within a run and then from run to run (Chan, Golub & LeVeque 1983),
        // so that an equiangular frame does not leave the difference of two large sums.
        let n_run = run.len() as f64;
        let run_mean = run.iter().map(|cos| cos * cos).sum::<f64>() / n_run;
        self.deviation += run.iter().map(|cos| (cos * cos - run_mean).powi(2)).sum::<f64>();
        let (step, n_both) = (run_mean - self.mean, self.n_pairs + n_run);
        self.deviation += step * step * self.n_pairs * n_run / n_both;
        self.mean += step * n_run / n_both;
        self.n_pairs = n_both;
        self.maximum = run.iter().fold(self.maximum, |largest, cos| largest.max(cos * cos));
    }

    /// Those of all pairs of so many rows; `None` when there is no pair.
    fn of_rows(self, n_rows: usize) -> Option<SquaredOverlaps> {
        (n_rows > 1).then(|| SquaredOverlaps {
            n_rows,
            mean: self.mean,
            variance: self.deviation / self.n_pairs,
            // Parallel rows may come out above one by rounding.
            maximum: self.maximum.min(1.0),
        })
    }
}

/// The mean, variance and maximum of `cos²` over all unordered pairs of different rows whose norm
/// is above `threshold` (zero keeps all rows that have a direction; a row that is not finite has
/// none); `None` when fewer than two are.
///
/// Takes the `n²·d` operations of all pairs, in double precision.
pub fn squared_overlaps(rows: Rows<'_>, threshold: f64) -> Option<SquaredOverlaps> {
    over_pairs(rows, threshold, &mut |_| {})
}

/// [`squared_overlaps`] of all rows that have a direction and of those whose norm is above `threshold`, from
/// one pass over the pairs.
pub fn squared_overlaps_all_and_above(
    rows: Rows<'_>,
    threshold: f64,
) -> [Option<SquaredOverlaps>; 2] {
    // The others come last, so that a row above meets only such as are above before it.
    let (directions, n_above) = Scaled::directions_by_norm(rows, 0.0, threshold);
    let [mut all, mut above] = [Moments::default(); 2];
    directions.for_each_run(&mut |i, run| {
        all.add(run);
        if i < n_above {
            above.add(run);
        }
    });
    [all.of_rows(directions.n_rows()), above.of_rows(n_above)]
}

/// [`squared_overlaps`], and the number of pairs in each of `n_bins` equal bins of `|cos|` from 0 to 1,
/// from one pass over the pairs.
pub fn overlap_distribution(
    rows: Rows<'_>,
    threshold: f64,
    n_bins: usize,
) -> Option<(SquaredOverlaps, Vec<u64>)> {
    let edges = Bins { low: 0.0, high: 1.0, n_bins }.edges();
    let mut counts = vec![0; n_bins];
    let squared = over_pairs(rows, threshold, &mut |run| {
        add_counts(&mut counts, run.iter().map(|cos| cos.abs()), &edges);
    })?;
    Some((squared, counts))
}

/// [`squared_overlaps`]; shows `visit` the `cos` of all pairs, a run at a time.
fn over_pairs(
    rows: Rows<'_>,
    threshold: f64,
    visit: &mut dyn FnMut(&[f64]),
) -> Option<SquaredOverlaps> {
    let directions = Scaled::directions(rows, threshold);
    let mut moments = Moments::default();
    directions.for_each_run(&mut |_, run| {
        moments.add(run);
        visit(run);
    });
    moments.of_rows(directions.n_rows())
}

/// The mean of `cos²` over all pairs of different rows whose norm is above `threshold` (zero keeps
/// all rows that have a direction); `None` when fewer than two are.
///
/// As `Σ_{i≠j} cos² = Σ_{i,j} cos² − n`, and the sum over all `i, j` is the squared norm of the small
/// Gram matrix, it takes `n·d²` operations instead of the `n²·d` of all pairs.
pub fn mean_square(rows: Rows<'_>, threshold: f64) -> Option<f64> {
    let directions = Scaled::directions(rows, threshold);
    let n = directions.n_rows();
    if n < 2 {
        return None;
    }
    let squares = directions.smaller_gram().squared_norm_l2();
    // Orthogonal rows leave a difference of rounding errors, which may be negative.
    Some(((squares - n as f64) / (n * (n - 1)) as f64).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configurations::{
        SINGLE, dot, gaussian, icosahedron, orthonormal, polygon, simplex,
    };

    fn of(rows: &[f32], width: usize, threshold: f64) -> Option<f64> {
        mean_square(Rows::new(rows, width), threshold)
    }

    /// The mean over all pairs, one by one.
    fn by_pairs(rows: &[f32], width: usize) -> f64 {
        let rows: Vec<&[f32]> = rows.chunks(width).collect();
        let mut sum = 0.0;
        for (i, a) in rows.iter().enumerate() {
            for b in &rows[..i] {
                sum += dot(a, b).powi(2) / (dot(a, a) * dot(b, b));
            }
        }
        2.0 * sum / (rows.len() * (rows.len() - 1)) as f64
    }

    #[test]
    fn known_configurations_have_their_known_overlap() {
        assert!(of(&[2.0, 0.0, 0.0, 3.0], 2, 0.0).unwrap().abs() < 1e-12);
        assert!((of(&[1.0, 1.0, -2.0, -2.0], 2, 0.0).unwrap() - 1.0).abs() < 1e-12);
        // Three directions at 120°.
        let s = 0.75_f32.sqrt();
        assert!((of(&[1.0, 0.0, -0.5, s, -0.5, -s], 2, 0.0).unwrap() - 0.25).abs() < 1e-6);
    }

    #[test]
    fn the_short_way_agrees_with_all_pairs() {
        let rows = gaussian(60, 1, 10);
        for width in [2, 3, 10, 30] {
            let (short, long) = (of(&rows, width, 0.0).unwrap(), by_pairs(&rows, width));
            assert!((short - long).abs() < 1e-12, "{short} {long}");
        }
    }

    #[test]
    fn one_pass_gives_what_two_would() {
        let values = gaussian(600, 7, 5);
        let rows = Rows::new(&values, 7);
        let [mean, variance, maximum]: [fn(SquaredOverlaps) -> f64; 3] =
            [|o| o.mean, |o| o.variance, |o| o.maximum];
        // About half of the norms are above.
        for threshold in [0.0, 7_f64.sqrt(), 1e9] {
            let [all, above] = squared_overlaps_all_and_above(rows, threshold);
            let expected = [squared_overlaps(rows, 0.0), squared_overlaps(rows, threshold)];
            for (got, expected) in [all, above].into_iter().zip(expected) {
                let (Some(got), Some(expected)) = (got, expected) else {
                    assert_eq!(got, expected);
                    continue;
                };
                assert_eq!(got.n_rows, expected.n_rows);
                for of in [mean, variance, maximum] {
                    assert!((of(got) / of(expected) - 1.0).abs() < 1e-11, "{got:?} {expected:?}");
                }
            }
        }
        assert!(squared_overlaps_all_and_above(rows, 7_f64.sqrt())[1].unwrap().n_rows < 450);
    }

    #[test]
    fn rows_at_or_below_the_threshold_do_not_count() {
        let rows = [2.0, 0.0, 0.0, 2.0, 0.5, 0.5, 0.0, 0.0];
        assert!(of(&rows, 2, 1.0).unwrap().abs() < 1e-12);
        assert!(of(&rows, 2, 0.0).unwrap() > 0.1);
        assert_eq!(of(&rows, 2, 3.0), None);
    }

    /// Mean, variance and maximum against what is known, and the mean against the short way.
    fn check(values: &[f32], width: usize, mean: f64, variance: f64, maximum: f64) {
        let rows = Rows::new(values, width);
        let overlaps = squared_overlaps(rows, 0.0).unwrap();
        assert_eq!(overlaps.n_rows, values.len() / width);
        assert!((overlaps.mean - mean).abs() < SINGLE, "{overlaps:?}");
        assert!((overlaps.variance - variance).abs() < SINGLE, "{overlaps:?}");
        assert!((overlaps.maximum - maximum).abs() < SINGLE, "{overlaps:?}");
        assert!((overlaps.mean - mean_square(rows, 0.0).unwrap()).abs() < 1e-13);
    }

    #[test]
    fn equiangular_frames_have_no_variance() {
        check(&orthonormal(5, 5), 5, 0.0, 0.0, 0.0);
        check(&polygon(2), 2, 1.0, 0.0, 1.0);
        check(&polygon(3), 2, 0.25, 0.0, 0.25);
        check(&icosahedron(), 3, 0.2, 0.0, 0.2);
        check(&simplex(7), 7, 1.0 / 49.0, 0.0, 1.0 / 49.0);
        // Their variance is that of rounded coordinates and no more.
        let rows = icosahedron();
        assert!(squared_overlaps(Rows::new(&rows, 3), 0.0).unwrap().variance < 1e-13);
    }

    #[test]
    fn regular_polygons_meet_the_bound_on_the_mean_alone() {
        for k in [4, 5, 7, 12, 301] {
            let n = k as f64;
            let mean = (n - 2.0) / (2.0 * (n - 1.0));
            // Over all k² ordered pairs ⟨cos⁴⟩ = 3/8, but 1/2 for the square; k of them are one.
            let fourth = if k == 4 { 0.5 } else { 0.375 };
            let variance = (n * fourth - 1.0) / (n - 1.0) - mean * mean;
            // With an odd number the nearest lines are half a corner apart.
            let nearest = (std::f64::consts::PI / n).cos().powi(2);
            check(&polygon(k), 2, mean, variance, if k % 2 == 0 { 1.0 } else { nearest });
        }
    }

    #[test]
    fn random_directions_have_their_known_moments() {
        for (n, d, seed) in [(500, 20, 11), (300, 100, 12), (700, 3, 13)] {
            let values = gaussian(n, d, seed);
            let overlaps = squared_overlaps(Rows::new(&values, d), 0.0).unwrap();
            // cos² follows Beta(1/2, (d−1)/2): E cos²ᵏ = Π_{j<k} (1+2j) / (d+2j).
            let moment = |k: usize| -> f64 {
                (0..k).map(|j| (1.0 + 2.0 * j as f64) / ((d + 2 * j) as f64)).product()
            };
            let (m1, m2, m3, m4) = (moment(1), moment(2), moment(3), moment(4));
            let variance = m2 - m1 * m1;
            let width = d as f64;
            let law = 2.0 * (width - 1.0) / (width * width * (width + 2.0));
            assert!((variance - law).abs() < 1e-14);
            // Two pairs are independent even when they share a row, so the usual standard errors
            // hold. Four of them: a fixed seed either passes or not.
            let n_pairs = (n * (n - 1) / 2) as f64;
            let mean_se = (variance / n_pairs).sqrt();
            assert!((overlaps.mean - 1.0 / width).abs() < 4.0 * mean_se, "{overlaps:?}");
            let fourth = m4 - 4.0 * m1 * m3 + 6.0 * m1 * m1 * m2 - 3.0 * m1.powi(4);
            let variance_se = ((fourth - variance * variance) / n_pairs).sqrt();
            assert!((overlaps.variance - variance).abs() < 4.0 * variance_se, "{overlaps:?}");
        }
    }

    #[test]
    fn tiles_agree_with_pairs_one_by_one() {
        let (n, d) = (600, 7);
        let values = gaussian(n, d, 14);
        let rows: Vec<&[f32]> = values.chunks(d).collect();
        let mut cosines = Vec::new();
        for (i, a) in rows.iter().enumerate() {
            cosines
                .extend(rows[..i].iter().map(|b| dot(a, b).abs() / (dot(a, a) * dot(b, b)).sqrt()));
        }
        let n_pairs = cosines.len() as f64;
        let mean = cosines.iter().map(|c| c * c).sum::<f64>() / n_pairs;
        let variance = cosines.iter().map(|c| (c * c - mean).powi(2)).sum::<f64>() / n_pairs;
        let maximum = cosines.iter().fold(0.0_f64, |largest, c| largest.max(c * c));
        let overlaps = squared_overlaps(Rows::new(&values, d), 0.0).unwrap();
        assert!((overlaps.mean - mean).abs() < 1e-13);
        assert!((overlaps.variance - variance).abs() < 1e-13);
        assert!((overlaps.maximum - maximum).abs() < 1e-13);
        let bins = Bins { low: 0.0, high: 1.0, n_bins: 50 };
        let expected = crate::histogram::counts(&cosines, bins);
        let with_counts = overlap_distribution(Rows::new(&values, d), 0.0, 50);
        assert_eq!(with_counts, Some((overlaps, expected)));
    }

    #[test]
    fn short_rows_and_rows_without_a_direction_are_not_compared() {
        let rows = [2.0, 0.0, 0.0, 2.0, 0.5, 0.5, 0.0, 0.0, f32::NAN, 1.0, f32::INFINITY, 1.0];
        let rows = Rows::new(&rows, 2);
        let all = squared_overlaps(rows, 0.0).unwrap();
        assert!(all.n_rows == 3 && (all.maximum - 0.5).abs() < SINGLE);
        let long = squared_overlaps(rows, 1.0).unwrap();
        assert!(long.n_rows == 2 && long.maximum < SINGLE);
        assert_eq!(squared_overlaps(rows, 2.0), None);
        assert_eq!(squared_overlaps(Rows::new(&[1.0, 1.0], 2), 0.0), None);
        assert_eq!(squared_overlaps(Rows::new(&[], 2), 0.0), None);
        let counts = |rows, threshold| overlap_distribution(rows, threshold, 3).map(|of| of.1);
        assert_eq!(counts(rows, 1.0), Some(vec![1, 0, 0]));
        assert_eq!(counts(rows, 2.0), None);
        assert_eq!(counts(Rows::new(&[1.0, 1.0], 2), 0.0), None);
        assert_eq!(counts(Rows::new(&[1.0, 1.0, 0.0, 0.0], 2), 0.0), None);
        // Parallel rows, at the upper end.
        let parallel = [1.0, 3.0, -2.0, -6.0];
        assert_eq!(counts(Rows::new(&parallel, 2), 0.0), Some(vec![0, 0, 1]));
    }
}
