//! The dimension of a cloud of points by how many pairs of them are close.

use std::ops::RangeInclusive;

use rayon::prelude::*;

use crate::error::{LawError, ensure};
use crate::redundancy::dimension::line;
use crate::redundancy::dimension::neighbours::{Estimate, PointCloud, Space};

/// The shares of pairs between which the radii are fitted.
const WINDOW: RangeInclusive<f64> = 1e-3..=1e-1;

/// The slope of the share `C(r)` of pairs that are closer than `r`, between a thousandth and a tenth
/// of them.
///
/// Small shares see the set near its points, not its edges; below some thousand pairs they see
/// chance. 10,000 points give each fractal of [`crate::redundancy::dimension::known_sets::KnownSet`]
/// within 2 %. A pair at distance zero counts at every radius. **Source**: Grassberger & Procaccia
/// 1983.
///
/// # Errors
/// [`LawError`] when there are fewer than three radii.
pub fn correlation_dimension(cloud: &PointCloud) -> Result<Estimate, LawError> {
    let (radii, shares): (Vec<f64>, Vec<f64>) = correlation_integral(cloud, WINDOW).unzip();
    let (n_radii, n_points) = (radii.len(), cloud.n_points());
    ensure!(
        n_radii >= 3,
        "a correlation dimension needs at least 3 radii between its quantiles, got {n_radii} from {n_points} points"
    );
    let line = line(&radii, &shares)?;
    let (dimension, r_squared) = (-line.exponent, Some(line.r_squared));
    Ok(Estimate { dimension, standard_error: None, r_squared, n_left_out: 0 })
}

/// Radii `r`, ascending, with the share `C(r)` of pairs that are closer.
///
/// The radii are the ends of 32 steps of each octave of `r²`, of which there are all with a share in
/// `window` and a pair in their step.
fn correlation_integral(
    cloud: &PointCloud,
    window: RangeInclusive<f64>,
) -> impl Iterator<Item = (f64, f64)> {
    let counts = pair_counts(cloud);
    let (n_pairs, mut closer) = (counts.iter().sum::<u64>() as f64, 0);
    (1_u64..).zip(counts).filter_map(move |(bin, count)| {
        closer += count;
        let share = closer as f64 / n_pairs;
        // The first bin is that of distance zero, which has no logarithm.
        let shown = bin > 1 && count > 0 && window.contains(&share);
        shown.then(|| (f64::from_bits(bin << BIN_SHIFT).sqrt(), share))
    })
}

/// Bits of a float below the exponent and the first five of the fraction. Floats above zero are in
/// the order of their bits, so that what is left numbers the bins of a histogram.
const BIN_SHIFT: u32 = 47;

/// The number of pairs by the bin of their squared distance.
fn pair_counts(cloud: &PointCloud) -> Vec<u64> {
    let empty = || (vec![0_u64; 1 << 16], Vec::new());
    let count = |(mut counts, mut squared): (Vec<u64>, Vec<f64>), point_idx: usize| {
        let from = cloud.point(point_idx);
        cloud.squared_distances(&from, point_idx + 1, Space::Flat, &mut squared);
        for value in &squared {
            let bin = usize::try_from(value.to_bits() >> BIN_SHIFT).expect("sixteen bits are left");
            counts[bin] += 1;
        }
        (counts, squared)
    };
    let merge = |mut a: Vec<u64>, b: Vec<u64>| {
        a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
        a
    };
    // Whole numbers add up to the same in any order. Few long runs, because each brings a
    // histogram.
    let points = (0..cloud.n_points()).into_par_iter().with_min_len(256);
    points.fold(empty, count).map(|(counts, _)| counts).reduce(|| vec![0; 1 << 16], merge)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redundancy::dimension::known_sets::KnownSet;

    #[test]
    fn pairs_in_fractals_have_their_correlation_dimension() {
        for set in [KnownSet::Cantor, KnownSet::Sierpinski, KnownSet::Henon, KnownSet::Lorenz] {
            for seed in [1, 2] {
                let cloud = set.points(10_000, seed).unwrap();
                let found = correlation_dimension(&cloud).unwrap();
                // Within 2 %: the attractors' own values are given to 1 %, and such sets have steps
                // in C(r).
                assert!(
                    (found.dimension / set.dimension() - 1.0).abs() < 0.02,
                    "{set:?} {found:?}"
                );
                assert!(found.r_squared.unwrap() > 0.998, "{set:?} {found:?}");
            }
        }
    }

    #[test]
    fn the_correlation_integral_is_the_share_of_pairs() {
        let cloud = KnownSet::Gaussian(2).points(300, 3).unwrap();
        let radii: Vec<f64> = correlation_integral(&cloud, 0.01..=0.2).map(|(r, _)| r).collect();
        let (smallest, largest) = (radii[0], radii[radii.len() - 1]);
        let closer = |radius: f64| {
            let pairs = (0..300).flat_map(|i| (0..i).map(move |j| (i, j)));
            let distance = |(i, j)| {
                let (a, b) = (cloud.point(i), cloud.point(j));
                (a[0] - b[0]).hypot(a[1] - b[1])
            };
            pairs.map(distance).filter(|distance| *distance < radius).count() as f64 / 44_850.0
        };
        // The ends are the first and the last step inside.
        assert!(closer(smallest) >= 0.01 && closer(0.988 * smallest) < 0.01);
        assert!(closer(largest) <= 0.2 && closer(1.017 * largest) > 0.2);
    }

    #[test]
    fn clouds_without_a_dimension_are_refused() {
        let line = |points: &[f64]| PointCloud::new(points, 1).unwrap();
        for points in [&[][..], &[1.0], &[1.0; 20]] {
            let said = correlation_dimension(&line(points)).unwrap_err().to_string();
            assert!(said.ends_with(&format!("got 0 from {} points", points.len())), "{said}");
        }
    }
}
