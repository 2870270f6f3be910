//! The dimension of a cloud of points by how many pairs of them are close.

use rayon::prelude::*;
use superpose_stats::power_law::{PowerLaw, fit_power_law};

use crate::redundancy::dimension::neighbours::{DimensionError, PointCloud, Space};

/// The radii between which a correlation integral is fitted, as shares of all pairs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairQuantiles {
    /// Share of pairs that are closer than the smallest radius.
    pub lowest: f64,
    /// Share of pairs that are closer than the largest.
    pub highest: f64,
}

/// A dimension from the distances of all pairs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CorrelationDimension {
    /// The slope of `ln C(r)` on `ln r`.
    pub dimension: f64,
    /// Share of the variance of `ln C` that the line explains.
    pub r_squared: f64,
    /// The smallest radius that was fitted.
    pub smallest_radius: f64,
    /// The largest.
    pub largest_radius: f64,
    /// Radii that were fitted.
    pub n_radii: usize,
}

/// The slope of the share `C(r)` of pairs that are closer than `r`, between two quantiles of the distances.
///
/// The radii are the ends of 32 steps of each octave of `r²`, of which all with `lowest ≤ C(r) ≤ highest` and a pair
/// in their step are fitted. Small quantiles see the set near its points, not its edges; below some thousand pairs
/// they see chance. From a thousandth to a tenth, 10,000 points give each fractal of [`crate::redundancy::dimension::known_sets::KnownSet`] within 2 %. A pair
/// at distance zero counts at every radius. **Source**: Grassberger & Procaccia 1983.
///
/// # Errors
/// [`DimensionError::NotAWindow`], and [`DimensionError::TooFewRadii`] when the window holds fewer than three.
pub fn correlation_dimension(
    cloud: &PointCloud,
    window: PairQuantiles,
) -> Result<CorrelationDimension, DimensionError> {
    let PairQuantiles { lowest, highest } = window;
    if !(0.0 < lowest && lowest < highest && highest <= 1.0) {
        return Err(DimensionError::NotAWindow { lowest, highest });
    }
    let n_points = cloud.n_points();
    let counts = pair_counts(cloud);
    let n_pairs = counts.iter().sum::<u64>() as f64;
    let (mut radii, mut shares, mut closer) = (Vec::new(), Vec::new(), 0);
    for (bin, count) in (1_u64..).zip(&counts) {
        closer += count;
        let share = closer as f64 / n_pairs;
        let radius = f64::from_bits(bin << BIN_SHIFT).sqrt();
        // The first bin is that of distance zero, which has no logarithm.
        if bin > 1 && *count > 0 && share >= lowest && share <= highest {
            radii.push(radius);
            shares.push(share);
        }
    }
    let n_radii = radii.len();
    let line = if n_radii < 3 { None } else { Some(fit_power_law(&radii, &shares)?) };
    let Some(PowerLaw { exponent, r_squared, .. }) = line else {
        return Err(DimensionError::TooFewRadii { n_radii, n_points });
    };
    Ok(CorrelationDimension {
        dimension: -exponent,
        r_squared,
        smallest_radius: radii[0],
        largest_radius: radii[n_radii - 1],
        n_radii,
    })
}

/// Bits of a float below the exponent and the first five of the fraction. Floats above zero are in the order of their
/// bits, so that what is left numbers the bins of a histogram.
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
    // Whole numbers add up to the same in any order. Few long runs, because each brings a histogram.
    let points = (0..cloud.n_points()).into_par_iter().with_min_len(256);
    points.fold(empty, count).map(|(counts, _)| counts).reduce(|| vec![0; 1 << 16], merge)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redundancy::dimension::known_sets::KnownSet;

    #[test]
    fn pairs_in_fractals_have_their_correlation_dimension() {
        let window = PairQuantiles { lowest: 1e-3, highest: 0.1 };
        for set in [KnownSet::Cantor, KnownSet::Sierpinski, KnownSet::Henon, KnownSet::Lorenz] {
            for seed in [1, 2] {
                let cloud = set.points(10_000, seed).unwrap();
                let found = correlation_dimension(&cloud, window).unwrap();
                // Within 2 %: the attractors' own values are given to 1 %, and such sets have steps in C(r).
                assert!(
                    (found.dimension / set.dimension() - 1.0).abs() < 0.02,
                    "{set:?} {found:?}"
                );
                assert!(found.r_squared > 0.998, "{set:?} {found:?}");
            }
        }
    }

    #[test]
    fn the_correlation_integral_is_the_share_of_pairs() {
        let cloud = KnownSet::Gaussian { n_dimensions: 2 }.points(300, 3).unwrap();
        let window = PairQuantiles { lowest: 0.01, highest: 0.2 };
        let found = correlation_dimension(&cloud, window).unwrap();
        let closer = |radius: f64| {
            let pairs = (0..300).flat_map(|i| (0..i).map(move |j| (i, j)));
            let distance = |(i, j)| {
                let (a, b) = (cloud.point(i), cloud.point(j));
                (a[0] - b[0]).hypot(a[1] - b[1])
            };
            pairs.map(distance).filter(|distance| *distance < radius).count() as f64 / 44_850.0
        };
        // The ends are the first and the last step inside.
        assert!(
            closer(found.smallest_radius) >= 0.01 && closer(0.988 * found.smallest_radius) < 0.01
        );
        assert!(closer(found.largest_radius) <= 0.2 && closer(1.017 * found.largest_radius) > 0.2);
    }

    #[test]
    fn clouds_without_a_dimension_are_refused() {
        let line = |points: &[f64]| PointCloud::new(points, 1).unwrap();
        let repeated = line(&[0.0, 1.0, 3.0, 7.0, 1.0]);
        let window = PairQuantiles { lowest: 0.1, highest: 0.9 };
        for points in [&[][..], &[1.0], &[1.0; 20]] {
            let found = correlation_dimension(&line(points), window);
            let n_points = points.len();
            assert_eq!(found, Err(DimensionError::TooFewRadii { n_radii: 0, n_points }));
        }
        for (lowest, highest) in [(0.0, 0.5), (0.5, 0.5), (0.1, 1.1), (f64::NAN, 0.5)] {
            let found = correlation_dimension(&repeated, PairQuantiles { lowest, highest });
            assert!(matches!(found, Err(DimensionError::NotAWindow { .. })));
        }
    }
}
