//! How many dimensions a cloud of points has.
//!
//! Estimators by neighbours; [`pairs`](super::pairs) and [`boxes`](super::boxes) have others. All
//! distances are computed, none pruned: in the dimensions that matter a tree saves nothing, and
//! every result is the same for any number of threads.

use rayon::prelude::*;
use superpose_stats::power_law::PowerLawError;

/// The largest coordinate, in size, whose square can be summed.
pub const MOST: f64 = 1e150;
/// Numbers that a cloud of drawn points may have in all.
pub const MOST_NUMBERS: usize = 100_000_000;

/// Points, each with the same number of finite coordinates.
#[derive(Debug, Clone, PartialEq)]
pub struct PointCloud {
    /// All first coordinates, then all second, so that distances to many points are computed at
    /// once.
    pub(crate) columns: Vec<Vec<f64>>,
    n_points: usize,
}

/// A dimension from the distances to neighbours.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NeighbourDimension {
    /// The estimate.
    pub dimension: f64,
    /// Its standard error if each point's neighbours were a sample by themselves. Points share
    /// neighbours, so that the real one is larger: 1.2 times with two neighbours and 1.4 times with
    /// ten, over 100 Gaussian clouds of 500 points in three dimensions. Neither includes the bias
    /// downwards of sets with edges or above eight dimensions.
    pub standard_error: f64,
}

/// Why there is no dimension, or no cloud.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DimensionError {
    /// The coordinates are not whole points.
    #[error(
        "points need a whole number of {n_coordinates} coordinates each, at least 1, got {n_values} values"
    )]
    NotWholePoints {
        /// Numbers given.
        n_values: usize,
        /// Numbers a point.
        n_coordinates: usize,
    },
    /// A coordinate is no number, or too large to square.
    #[error(
        "coordinate {coordinate_idx} of point {point_idx} must be finite and at most {MOST:e} in size, got {value}"
    )]
    NotFinite {
        /// Index of the point.
        point_idx: usize,
        /// Index of the coordinate.
        coordinate_idx: usize,
        /// Its value.
        value: f64,
    },
    /// There are not enough points for this number of neighbours, or not enough neighbours for an
    /// estimate.
    #[error(
        "`n_neighbours` must be at least {least} and less than the number of points, {n_points}, got {n_neighbours}"
    )]
    Neighbours {
        /// Neighbours that were wanted.
        n_neighbours: usize,
        /// The least number.
        least: usize,
        /// Points there are.
        n_points: usize,
    },
    /// A point lies where another does.
    #[error("point {point_idx} has a neighbour at distance 0; every point must be given once")]
    RepeatedPoint {
        /// Index of the point.
        point_idx: usize,
    },
    /// No neighbour is farther than another, as on a lattice.
    #[error(
        "the {n_neighbours} nearest neighbours of every point are equally far; some must be farther than others"
    )]
    EqualDistances {
        /// Neighbours that were compared.
        n_neighbours: usize,
    },
    /// The window of quantiles is none.
    #[error("pair quantiles must be between 0 and 1 and ascend, got {lowest} to {highest}")]
    NotAWindow {
        /// Its lower end.
        lowest: f64,
        /// Its upper end.
        highest: f64,
    },
    /// The window holds too few radii to fit a line.
    #[error(
        "a correlation dimension needs at least 3 radii between its quantiles, got {n_radii} from {n_points} points"
    )]
    TooFewRadii {
        /// Radii in the window.
        n_radii: usize,
        /// Points there are.
        n_points: usize,
    },
    /// Too few sizes of boxes have many points in each.
    #[error(
        "boxes of at least 3 sizes, each half the last, must hold {least} points on average, got {n_sizes} from \
         {n_points} points"
    )]
    TooFewBoxes {
        /// Points a box must hold.
        least: usize,
        /// Sizes that do.
        n_sizes: usize,
        /// Points there are.
        n_points: usize,
    },
    /// The points would not fit in memory.
    #[error(
        "{n_points} points of {n_coordinates} coordinates are too many; their product must be at most {MOST_NUMBERS}"
    )]
    TooManyNumbers {
        /// Points that were wanted.
        n_points: usize,
        /// Coordinates of each.
        n_coordinates: usize,
    },
    /// A set has no dimensions.
    #[error("`n_dimensions` must be at least 1, got 0")]
    NoDimensions,
    /// There are too few places to test the learner at.
    #[error("`n_queries` must be at least 2, got {n_queries}")]
    TooFewQueries {
        /// Their number.
        n_queries: usize,
    },
    /// Numbers of boxes or of pairs give no line.
    #[error("the logarithms have no line: {0}")]
    NoLine(#[from] PowerLawError),
}

impl PointCloud {
    /// The cloud of the points `rows`, of `n_coordinates` numbers each, one after the other.
    ///
    /// # Errors
    /// [`DimensionError::NotWholePoints`], [`DimensionError::NotFinite`].
    pub fn new(rows: &[f64], n_coordinates: usize) -> Result<Self, DimensionError> {
        let n_values = rows.len();
        if n_coordinates == 0 || !n_values.is_multiple_of(n_coordinates) {
            return Err(DimensionError::NotWholePoints { n_values, n_coordinates });
        }
        if let Some(index) = rows.iter().position(|value| value.is_nan() || value.abs() > MOST) {
            let (point_idx, coordinate_idx) = (index / n_coordinates, index % n_coordinates);
            return Err(DimensionError::NotFinite {
                point_idx,
                coordinate_idx,
                value: rows[index],
            });
        }
        let column = |c: usize| rows.iter().skip(c).step_by(n_coordinates).copied().collect();
        let columns = (0..n_coordinates).map(column).collect();
        Ok(Self { columns, n_points: n_values / n_coordinates })
    }

    /// The number of points.
    pub fn n_points(&self) -> usize {
        self.n_points
    }

    /// The number of coordinates of a point.
    pub fn n_coordinates(&self) -> usize {
        self.columns.len()
    }

    /// The coordinates of a point.
    ///
    /// # Panics
    /// When there is no such point.
    pub fn point(&self, point_idx: usize) -> Vec<f64> {
        self.columns.iter().map(|column| column[point_idx]).collect()
    }

    /// Squared distances from `from` to the points from `first` on.
    pub(crate) fn squared_distances(
        &self,
        from: &[f64],
        first: usize,
        space: Space,
        squared: &mut Vec<f64>,
    ) {
        squared.clear();
        squared.resize(self.n_points - first, 0.0);
        for (column, centre) in self.columns.iter().zip(from) {
            let pairs = squared.iter_mut().zip(&column[first..]);
            match space {
                Space::Flat => pairs.for_each(|(sum, x)| *sum += (x - centre) * (x - centre)),
                Space::UnitTorus => pairs.for_each(|(sum, x)| {
                    let away = (x - centre).abs();
                    let away = away.min(1.0 - away);
                    *sum += away * away;
                }),
            }
        }
    }
}

/// What a distance is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Space {
    Flat,
    /// Coordinates between 0 and 1, which are the same place.
    UnitTorus,
}

/// The dimension by maximum likelihood of the ratio of each point's second to its first neighbour's
/// distance: `d = (N - 1) / Σ ln(r₂ / r₁)`.
///
/// **Source**: Facco, d'Errico, Rodriguez & Laio 2017.
///
/// # Errors
/// [`DimensionError::Neighbours`] with fewer than three points, [`DimensionError::RepeatedPoint`],
/// [`DimensionError::EqualDistances`].
pub fn two_nearest_dimension(cloud: &PointCloud) -> Result<NeighbourDimension, DimensionError> {
    let estimate = neighbour_dimension(cloud, 2)?;
    let share = (cloud.n_points - 1) as f64 / cloud.n_points as f64;
    Ok(NeighbourDimension {
        dimension: share * estimate.dimension,
        standard_error: share * estimate.standard_error,
    })
}

/// The dimension by maximum likelihood of the distances to each point's `n_neighbours` nearest: the
/// inverse of the mean over points of `Σ_j ln(T_k / T_j) / (k - 1)`, `j < k`.
///
/// Inverses are averaged because they, and not the dimensions, are free of bias.
/// **Source**: Levina & Bickel 2004, eq. 8, but for the order of mean and inverse.
///
/// # Errors
/// [`DimensionError::Neighbours`] with fewer than two neighbours or not more points than
/// neighbours, [`DimensionError::RepeatedPoint`], [`DimensionError::EqualDistances`].
pub fn neighbour_dimension(
    cloud: &PointCloud,
    n_neighbours: usize,
) -> Result<NeighbourDimension, DimensionError> {
    let n_points = cloud.n_points;
    if n_neighbours < 2 || n_neighbours >= n_points {
        return Err(DimensionError::Neighbours { n_neighbours, least: 2, n_points });
    }
    let inverse = |(squared, found): &mut (Vec<f64>, Vec<(f64, usize)>), point_idx: usize| {
        cloud.squared_distances(&cloud.point(point_idx), 0, Space::Flat, squared);
        squared[point_idx] = f64::INFINITY;
        nearest(squared, n_neighbours, found);
        // MacKay & Ghahramani 2005 show why the mean comes before the inverse.
        let (nearer, farthest) = (&found[..n_neighbours - 1], found[n_neighbours - 1]);
        let sum: f64 = nearer.iter().map(|near| (farthest.0 / near.0).ln()).sum();
        0.5 * sum / nearer.len() as f64
    };
    let inverses: Vec<f64> =
        (0..n_points).into_par_iter().map_init(<(Vec<f64>, Vec<_>)>::default, inverse).collect();
    if let Some(point_idx) = inverses.iter().position(|inverse| !inverse.is_finite()) {
        return Err(DimensionError::RepeatedPoint { point_idx });
    }
    let n = n_points as f64;
    let mean = inverses.iter().sum::<f64>() / n;
    if mean <= 0.0 {
        return Err(DimensionError::EqualDistances { n_neighbours });
    }
    let squares: f64 = inverses.iter().map(|inverse| (inverse - mean).powi(2)).sum();
    let error_of_mean = (squares / (n - 1.0) / n).sqrt();
    Ok(NeighbourDimension { dimension: 1.0 / mean, standard_error: error_of_mean / (mean * mean) })
}

/// Puts the `n` smallest of `squared`, ascending, with their indices into `found`. Of equals the
/// first come first.
pub(crate) fn nearest(squared: &[f64], n: usize, found: &mut Vec<(f64, usize)>) {
    found.clear();
    let mut farthest = f64::INFINITY;
    for (index, value) in squared.iter().enumerate() {
        if found.len() == n && *value >= farthest {
            continue;
        }
        if found.len() == n {
            found.pop();
        }
        let place = found.partition_point(|(other, _)| other <= value);
        found.insert(place, (*value, index));
        farthest = found[found.len() - 1].0;
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt as _, SeedableRng as _};
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::mechanisms::torus_regression::{Learner, TorusRegression};
    use crate::redundancy::dimension::known_sets::KnownSet;
    use crate::redundancy::dimension::pairs::{PairQuantiles, correlation_dimension};

    fn cube(n_dimensions: usize) -> KnownSet {
        KnownSet::Cube { n_dimensions }
    }

    fn gaussian(n_dimensions: usize) -> KnownSet {
        KnownSet::Gaussian { n_dimensions }
    }

    fn sphere(n_dimensions: usize) -> KnownSet {
        KnownSet::Sphere { n_dimensions }
    }

    /// The mean of an estimate over `n_seeds` sets of 4000 points.
    fn mean_over_seeds(
        set: KnownSet,
        n_seeds: u32,
        estimate: &dyn Fn(&PointCloud) -> Result<NeighbourDimension, DimensionError>,
    ) -> f64 {
        let of =
            |seed: u32| estimate(&set.points(4000, u64::from(seed)).unwrap()).unwrap().dimension;
        (0..n_seeds).map(of).sum::<f64>() / f64::from(n_seeds)
    }

    #[test]
    fn two_neighbours_agree_with_an_independent_program() {
        let dimensions = [1, 2, 3, 5, 8, 10, 15, 20];
        let in_cubes = [1.05, 1.89, 2.82, 4.75, 7.18, 8.67, 12.06, 16.07];
        let in_gaussians = [1.02, 1.99, 2.99, 5.04, 7.84, 9.72, 13.91, 17.45];
        let cubes = dimensions.iter().map(|d| cube(*d)).zip(in_cubes);
        let gaussians = dimensions.iter().map(|d| gaussian(*d)).zip(in_gaussians);
        let spheres = [(sphere(5), 5.04), (sphere(10), 9.35)];
        for (set, published) in cubes.chain(gaussians).chain(spheres) {
            let found = mean_over_seeds(set, 4, &two_nearest_dimension);
            // Each of the others is one sample with an error of 1.6 % to 2.4 %, and ours half of
            // that: 6 % is more than twice the two together.
            assert!((found / published - 1.0).abs() < 0.06, "{set:?}: {found} and {published}");
        }
    }

    #[test]
    fn sets_without_edges_have_their_dimension() {
        // Below eight dimensions the bias is within the error of four samples; above, it is
        // expected.
        for (dimensions, tolerance) in [(&[1, 2, 3, 5][..], 0.03), (&[8, 10], 0.1)] {
            for set in dimensions.iter().flat_map(|d| [gaussian(*d), sphere(*d)]) {
                let found = mean_over_seeds(set, 4, &two_nearest_dimension);
                assert!((found / set.dimension() - 1.0).abs() < tolerance, "{set:?}: {found}");
            }
        }
    }

    #[test]
    fn ten_neighbours_agree_with_an_independent_program() {
        let published = [1.01, 2.01, 2.87, 4.61, 6.99, 8.37, 11.89, 14.97];
        for (d, published) in [1, 2, 3, 5, 8, 10, 15, 20].into_iter().zip(published) {
            let found = mean_over_seeds(cube(d), 2, &|cloud| neighbour_dimension(cloud, 10));
            // Nine ratios a point: a third of the error of one.
            assert!((found / published - 1.0).abs() < 0.03, "{d}: {found} and {published}");
        }
    }

    #[test]
    fn seeds_scatter_by_about_the_stated_error() {
        for n_neighbours in [2, 10] {
            let of = |seed| {
                let cloud = gaussian(3).points(500, seed).unwrap();
                neighbour_dimension(&cloud, n_neighbours).unwrap()
            };
            let all: Vec<NeighbourDimension> = (0..100).map(of).collect();
            let mean = all.iter().map(|e| e.dimension).sum::<f64>() / 100.0;
            let squares: f64 = all.iter().map(|e| (e.dimension - mean).powi(2)).sum();
            let stated = all.iter().map(|e| e.standard_error).sum::<f64>() / 100.0;
            let ratio = (squares / 99.0).sqrt() / stated;
            // A hundred seeds give the scatter to 7 %.
            assert!(ratio > 0.85 && ratio < 2.5, "{n_neighbours}: {ratio}");
        }
    }

    #[test]
    fn a_plane_in_space_has_two_dimensions_at_any_scale() {
        let plane = cube(2).points(3000, 1).unwrap();
        let rows = |scale: f64| -> Vec<f64> {
            let place =
                |p: Vec<f64>| [p[0], p[1], p[0] + p[1], 0.5 * p[0] - p[1], 1.0].map(|x| scale * x);
            (0..3000).flat_map(|i| place(plane.point(i))).collect()
        };
        let near =
            |scale| neighbour_dimension(&PointCloud::new(&rows(scale), 5).unwrap(), 5).unwrap();
        // Independent ratios would scatter by 0.9 %; edges take about 1 %.
        assert!((near(1.0).dimension - 2.0).abs() < 0.1, "{:?}", near(1.0));
        // Powers of two change no digit of a ratio.
        assert_eq!(near(1.0), near(0.25));
    }

    #[test]
    fn the_nearest_are_those_of_a_sort() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut found = Vec::new();
        for n in [1, 2, 7, 30] {
            // Few different values, so that there are ties.
            let squared: Vec<f64> =
                (0..60).map(|_| f64::from(rng.random_range(0..20_u32))).collect();
            let mut sorted: Vec<(f64, usize)> = squared.iter().copied().zip(0..).collect();
            sorted.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            nearest(&squared, n, &mut found);
            assert_eq!(found, sorted[..n]);
        }
    }

    #[test]
    fn any_number_of_threads_gives_the_same_digits() {
        let all = || {
            let cloud = sphere(3).points(600, 5).unwrap();
            let experiment = TorusRegression {
                n_dimensions: 2,
                learner: Learner::LocalLinear,
                n_queries: 50,
                seed: 2,
            };
            (
                two_nearest_dimension(&cloud).unwrap(),
                correlation_dimension(&cloud, PairQuantiles { lowest: 0.01, highest: 0.1 })
                    .unwrap(),
                experiment.errors(&[200, 300]).unwrap(),
            )
        };
        let with = |n| rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap().install(all);
        assert_eq!(with(1), with(3));
    }

    #[test]
    fn what_is_no_cloud_is_refused_with_its_place() {
        let message = |rows: &[f64], n| PointCloud::new(rows, n).unwrap_err().to_string();
        assert!(
            message(&[1.0, 2.0, 3.0], 2).contains("2 coordinates each, at least 1, got 3 values")
        );
        assert!(message(&[1.0], 0).contains("at least 1"));
        for value in [f64::NAN, f64::INFINITY, -1e151] {
            let text = message(&[1.0, 2.0, 3.0, value], 2);
            assert!(text.contains("coordinate 1 of point 1") && text.contains("1e150"), "{text}");
        }
        assert_eq!(cube(0).points(3, 0), Err(DimensionError::NoDimensions));
        assert_eq!(PointCloud::new(&[], 3).unwrap().n_points(), 0);
    }

    #[test]
    fn clouds_without_a_dimension_are_refused() {
        let line = |points: &[f64]| PointCloud::new(points, 1).unwrap();
        let too_many = |n_neighbours, n_points| DimensionError::Neighbours {
            n_neighbours,
            least: 2,
            n_points,
        };
        assert_eq!(two_nearest_dimension(&line(&[0.0, 1.0])), Err(too_many(2, 2)));
        assert_eq!(neighbour_dimension(&line(&[0.0; 9]), 1), Err(too_many(1, 9)));
        assert_eq!(neighbour_dimension(&line(&[0.0; 9]), 9), Err(too_many(9, 9)));
        let repeated = line(&[0.0, 1.0, 3.0, 7.0, 1.0]);
        let found = two_nearest_dimension(&repeated);
        assert_eq!(found, Err(DimensionError::RepeatedPoint { point_idx: 1 }));
        assert_eq!(
            neighbour_dimension(&line(&[2.0; 5]), 3),
            Err(DimensionError::RepeatedPoint { point_idx: 0 })
        );
        // The corners of a square, whose two nearest are equally far.
        let square = PointCloud::new(&[0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0], 2).unwrap();
        let found = two_nearest_dimension(&square);
        assert_eq!(found, Err(DimensionError::EqualDistances { n_neighbours: 2 }));

        let learner = Learner::LocalLinear;
        let ask = |n_dimensions, n_queries| {
            TorusRegression { n_dimensions, learner, n_queries, seed: 0 }.errors(&[6]).unwrap_err()
        };
        let too_few = DimensionError::Neighbours { n_neighbours: 6, least: 1, n_points: 6 };
        assert_eq!(ask(2, 10), too_few);
        assert_eq!(ask(2, 1), DimensionError::TooFewQueries { n_queries: 1 });
        assert_eq!(ask(0, 10), DimensionError::NoDimensions);
    }
}
