//! Sets whose dimension is known, to check its estimators with.

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;

use crate::draws::{normals, stream};
use crate::error::{LawError, ensure};
use crate::redundancy::dimension::neighbours::PointCloud;

/// Numbers that a cloud of drawn points may have in all.
const MOST_NUMBERS: usize = 100_000_000;

/// A set whose dimension is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnownSet {
    /// The unit cube of a dimension, evenly filled.
    Cube(usize),
    /// A number of independent standard normal coordinates.
    Gaussian(usize),
    /// The surface of the unit ball, evenly filled; its dimension is one less than that of the ball.
    Sphere(usize),
    /// The middle-thirds set, each half as probable; to 33 digits.
    Cantor,
    /// The triangle of three half-size copies of itself, with corners 0, (1, 0) and (0, 1), each
    /// third as probable; to 40 digits.
    Sierpinski,
    /// The attractor of Hénon's map with `a = 1.4`, `b = 0.3`, a thousand steps after a drawn
    /// start.
    Henon,
    /// The attractor of Lorenz's equations with `σ = 10`, `ρ = 28`, `β = 8/3`, a point every 0.2
    /// units of time, a hundred units after a drawn start; Runge-Kutta of fourth order with steps
    /// of 0.01.
    Lorenz,
}

impl KnownSet {
    /// The set's dimension: exact, but for the last two the correlation dimension as measured by
    /// Grassberger & Procaccia 1983, 1.21 and 2.05, each ± 0.01.
    pub fn dimension(self) -> f64 {
        match self {
            Self::Cube(n) | Self::Gaussian(n) | Self::Sphere(n) => n as f64,
            Self::Cantor => 2.0_f64.ln() / 3.0_f64.ln(),
            Self::Sierpinski => 3.0_f64.log2(),
            Self::Henon => 1.21,
            Self::Lorenz => 2.05,
        }
    }

    /// Whether all definitions of a dimension agree on it: not on the attractors, whose measure is
    /// uneven.
    pub fn is_self_similar(self) -> bool {
        !matches!(self, Self::Henon | Self::Lorenz)
    }

    /// The set of this name, as `cube:3`, `gaussian:5`, `sphere:2`, `cantor`, `sierpinski`, `henon`
    /// or `lorenz`; `None` for any other.
    pub fn named(name: &str) -> Option<Self> {
        let (kind, n_dimensions) = match name.split_once(':') {
            Some((kind, n_dimensions)) => (kind, Some(n_dimensions.parse().ok()?)),
            None => (name, None),
        };
        match (kind, n_dimensions) {
            ("cube", Some(n_dimensions)) => Some(Self::Cube(n_dimensions)),
            ("gaussian", Some(n_dimensions)) => Some(Self::Gaussian(n_dimensions)),
            ("sphere", Some(n_dimensions)) => Some(Self::Sphere(n_dimensions)),
            ("cantor", None) => Some(Self::Cantor),
            ("sierpinski", None) => Some(Self::Sierpinski),
            ("henon", None) => Some(Self::Henon),
            ("lorenz", None) => Some(Self::Lorenz),
            _ => None,
        }
    }

    /// Points of the set, drawn from `seed`.
    ///
    /// # Errors
    /// [`LawError`] for a set without dimensions, and for more than 10⁸ numbers.
    pub fn points(self, n_points: usize, seed: u64) -> Result<PointCloud, LawError> {
        let n_coordinates = match self {
            Self::Cube(n) | Self::Gaussian(n) => n,
            Self::Sphere(n) => n.saturating_add(1),
            Self::Cantor => 1,
            Self::Sierpinski | Self::Henon => 2,
            Self::Lorenz => 3,
        };
        let fits = n_points.checked_mul(n_coordinates).is_some_and(|all| all <= MOST_NUMBERS);
        ensure!(
            fits,
            "{n_points} points of {n_coordinates} coordinates are too many; their product must be at most {MOST_NUMBERS}"
        );
        let nothing = matches!(self, Self::Cube(0) | Self::Gaussian(0) | Self::Sphere(0));
        ensure!(!nothing, "`n_dimensions` must be at least 1, got 0");
        let mut rng = stream(seed, 0);
        let mut rows = Vec::new();
        match self {
            Self::Cube(n) => rows.extend((0..n_points * n).map(|_| rng.random::<f64>())),
            Self::Gaussian(n) => rows = normals(&mut rng, n_points * n),
            Self::Sphere(_) => {
                for _ in 0..n_points {
                    let direction = normals(&mut rng, n_coordinates);
                    let length = direction.iter().map(|x| x * x).sum::<f64>().sqrt();
                    rows.extend(direction.iter().map(|x| x / length));
                }
            }
            Self::Cantor => {
                // From the last digit to the first, starting in the middle of an interval, so that
                // rounding crosses no end of one.
                let digit = |x: f64, rng: &mut ChaCha8Rng| {
                    (x + 2.0 * f64::from(rng.random::<bool>())) / 3.0
                };
                rows.extend((0..n_points).map(|_| (0..33).fold(0.5, |x, _| digit(x, &mut rng))));
            }
            Self::Sierpinski => {
                for _ in 0..n_points {
                    let corners = [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)];
                    let halfway = |(x, y): (f64, f64), _| {
                        let corner: (f64, f64) = corners[rng.random_range(0..3)];
                        (f64::midpoint(x, corner.0), f64::midpoint(y, corner.1))
                    };
                    let (x, y) = (0..40).fold((1.0 / 3.0, 1.0 / 3.0), halfway);
                    rows.extend([x, y]);
                }
            }
            Self::Henon => {
                let (mut x, mut y) = (0.1 * rng.random::<f64>(), 0.1 * rng.random::<f64>());
                for step in 0..n_points + 1000 {
                    (x, y) = (1.0 - 1.4 * x * x + y, 0.3 * x);
                    if step >= 1000 {
                        rows.extend([x, y]);
                    }
                }
            }
            Self::Lorenz => {
                let mut state = [1.0 + rng.random::<f64>(), 1.0, 20.0];
                for point in 0..n_points + 500 {
                    (0..20).for_each(|_| state = lorenz_step(state, 0.01));
                    if point >= 500 {
                        rows.extend(state);
                    }
                }
            }
        }
        PointCloud::new(&rows, n_coordinates)
    }
}

/// The state of Lorenz's equations a step later.
fn lorenz_step(state: [f64; 3], step: f64) -> [f64; 3] {
    let rate = |[x, y, z]: [f64; 3]| [10.0 * (y - x), x * (28.0 - z) - y, x * y - 8.0 / 3.0 * z];
    let ahead = |rate: [f64; 3], by: f64| [0, 1, 2].map(|c| state[c] + by * rate[c]);
    let first = rate(state);
    let second = rate(ahead(first, 0.5 * step));
    let third = rate(ahead(second, 0.5 * step));
    let fourth = rate(ahead(third, step));
    let mean = |c: usize| (first[c] + 2.0 * (second[c] + third[c]) + fourth[c]) / 6.0;
    ahead([0, 1, 2].map(mean), step)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [(&str, KnownSet); 7] = [
        ("cube:3", KnownSet::Cube(3)),
        ("gaussian:5", KnownSet::Gaussian(5)),
        ("sphere:2", KnownSet::Sphere(2)),
        ("cantor", KnownSet::Cantor),
        ("sierpinski", KnownSet::Sierpinski),
        ("henon", KnownSet::Henon),
        ("lorenz", KnownSet::Lorenz),
    ];

    #[test]
    fn sets_are_known_by_their_names_and_by_no_others() {
        for (name, set) in ALL {
            assert_eq!(KnownSet::named(name), Some(set));
        }
        for wrong in
            ["", "cube", "cube:", "cube:x", "cube:-1", "cantor:2", "henon:1", "ball:3", "Cube:3"]
        {
            assert_eq!(KnownSet::named(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn sets_have_their_dimensions_coordinates_and_numbers_of_points() {
        for ((_, set), (dimension, n_coordinates, is_self_similar)) in ALL.into_iter().zip([
            (3.0, 3, true),
            (5.0, 5, true),
            (2.0, 3, true),
            (0.630_930, 1, true),
            (1.584_963, 2, true),
            (1.21, 2, false),
            (2.05, 3, false),
        ]) {
            assert!((set.dimension() - dimension).abs() < 1e-6, "{set:?}");
            assert_eq!(set.is_self_similar(), is_self_similar);
            let cloud = set.points(50, 1).unwrap();
            assert_eq!((cloud.n_points(), cloud.columns.len()), (50, n_coordinates), "{set:?}");
            assert_eq!(cloud, set.points(50, 1).unwrap());
            assert_ne!(cloud, set.points(50, 2).unwrap());
        }
    }

    #[test]
    fn points_lie_where_the_set_does() {
        let points = |set: KnownSet| {
            let cloud = set.points(400, 3).unwrap();
            (0..400).map(|at| cloud.point(at)).collect::<Vec<_>>()
        };
        for point in points(KnownSet::Sphere(2)) {
            assert!((point.iter().map(|x| x * x).sum::<f64>() - 1.0).abs() < 1e-12);
        }
        // Cantor's set has no middle third, nor a third of any third.
        for point in points(KnownSet::Cantor) {
            let [first, second] = [point[0], (3.0 * point[0]).fract()];
            assert!([first, second].iter().all(|x| !(0.3334..0.6666).contains(x)), "{point:?}");
        }
        // The middle triangle of Sierpinski's is empty.
        for point in points(KnownSet::Sierpinski) {
            let (x, y) = (point[0], point[1]);
            assert!(x + y <= 1.0 && (x + y <= 0.5 || x >= 0.5 || y >= 0.5), "{point:?}");
        }
        // Each point of Hénon's attractor is the image of the one before; those of Lorenz's stay in its bounds.
        for pair in points(KnownSet::Henon).windows(2) {
            let (x, y) = (pair[0][0], pair[0][1]);
            assert!(
                (pair[1][0] - (1.0 - 1.4 * x * x + y)).abs() < 1e-12
                    && (pair[1][1] - 0.3 * x).abs() < 1e-12
            );
        }
        let lorenz = points(KnownSet::Lorenz);
        assert!(
            lorenz
                .iter()
                .all(|p| p[0].abs() < 21.0 && p[1].abs() < 29.0 && (0.0..50.0).contains(&p[2]))
        );
        assert!(lorenz.iter().any(|p| p[0] > 5.0) && lorenz.iter().any(|p| p[0] < -5.0));
    }

    #[test]
    fn sets_without_dimensions_and_too_many_numbers_are_refused() {
        for set in [KnownSet::Cube(0), KnownSet::Gaussian(0), KnownSet::Sphere(0)] {
            assert!(
                set.points(3, 0).unwrap_err().to_string().contains("at least 1, got 0"),
                "{set:?}"
            );
        }
        let said = KnownSet::Cube(100_001).points(1000, 0).unwrap_err().to_string();
        assert!(
            said.contains("1000 points of 100001 coordinates")
                && said.contains("at most 100000000"),
            "{said}"
        );
        assert!(KnownSet::Sphere(usize::MAX).points(1, 0).is_err());
    }
}
