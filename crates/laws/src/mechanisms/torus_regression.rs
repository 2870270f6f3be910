//! Learners on a torus, whose error falls as a power of the number of examples that depends on the
//! learner as much as on the dimension.

use faer::Mat;
use faer::linalg::solvers::SolveLstsqCore as _;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use superpose_stats::summary::{Summary, summarise};

use crate::error::{LawError, ensure};
use crate::redundancy::dimension::known_sets::KnownSet;
use crate::redundancy::dimension::neighbours::{PointCloud, Space, check_neighbours, nearest};

/// How a value between examples is guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Learner {
    /// The value of the nearest example.
    NearestNeighbour,
    /// The plane of least squares through the `2d + 2` nearest.
    LocalLinear,
}

impl Learner {
    /// The exponent with which the mean squared error on a smooth target falls with the number of
    /// examples: `2/d` or `4/d`, the error of a guess being of first or second order in the
    /// distance, `n^(-1/d)`, of examples.
    pub fn data_exponent(self, n_dimensions: usize) -> f64 {
        let order = match self {
            Self::NearestNeighbour => 2.0,
            Self::LocalLinear => 4.0,
        };
        order / n_dimensions as f64
    }

    /// Examples that a guess is made from.
    pub fn n_neighbours(self, n_dimensions: usize) -> usize {
        match self {
            Self::NearestNeighbour => 1,
            Self::LocalLinear => 2 * n_dimensions + 2,
        }
    }
}

/// An experiment: a learner guesses `Σ_i sin(2π x_i) / √d` on the unit torus from examples without
/// noise at random places. The target's variance is one half.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TorusRegression {
    /// `d`.
    pub n_dimensions: usize,
    /// How it guesses.
    pub learner: Learner,
    /// Random places where it is tested.
    pub n_queries: usize,
    /// Where examples and queries are drawn from.
    pub seed: u64,
}

impl TorusRegression {
    /// The learner's squared errors over the queries for each number of examples, all drawn anew.
    ///
    /// # Errors
    /// [`LawError`] for no dimensions, fewer than two queries, and when there are not more examples
    /// than a guess is made from.
    pub fn errors(&self, n_examples: &[usize]) -> Result<Vec<Summary>, LawError> {
        let Self { n_dimensions, learner, n_queries, seed } = *self;
        ensure!(n_queries >= 2, "`n_queries` must be at least 2, got {n_queries}");
        ensure!(n_dimensions > 0, "`n_dimensions` must be at least 1, got 0");
        let n_neighbours = learner.n_neighbours(n_dimensions);
        let set = KnownSet::Cube(n_dimensions);
        let mut seeds = ChaCha8Rng::seed_from_u64(seed);
        let errors = |&n_points: &usize| {
            check_neighbours(
                "the number of neighbours of so many `n_dimensions`",
                n_neighbours,
                1,
                n_points,
            )?;
            let examples = set.points(n_points, seeds.random())?;
            let queries = set.points(n_queries, seeds.random())?;
            let squared_error = |(squared, found): &mut (Vec<f64>, Vec<_>), query: usize| {
                let query = queries.point(query);
                examples.squared_distances(&query, 0, Space::UnitTorus, squared);
                nearest(squared, n_neighbours, found);
                let guess = match learner {
                    Learner::NearestNeighbour => target(&examples.point(found[0].1)),
                    Learner::LocalLinear => plane_at(&examples, &query, found),
                };
                (guess - target(&query)).powi(2)
            };
            let all: Vec<f64> = (0..n_queries)
                .into_par_iter()
                .map_init(<(Vec<f64>, Vec<_>)>::default, squared_error)
                .collect();
            Ok(summarise(&all))
        };
        n_examples.iter().map(errors).collect()
    }
}

/// What is to be learned, at a place.
fn target(place: &[f64]) -> f64 {
    let sum: f64 = place.iter().map(|x| (std::f64::consts::TAU * x).sin()).sum();
    sum / (place.len() as f64).sqrt()
}

/// The value at `query` of the plane of least squares through the examples `found`.
fn plane_at(examples: &PointCloud, query: &[f64], found: &[(f64, usize)]) -> f64 {
    // In units of the farthest example, on the side of the torus where the query is the middle.
    let scale = found[found.len() - 1].0.sqrt().max(f64::MIN_POSITIVE);
    let around = |away: f64| {
        if away > 0.5 {
            away - 1.0
        } else if away < -0.5 {
            away + 1.0
        } else {
            away
        }
    };
    let design = Mat::from_fn(found.len(), query.len() + 1, |row, column| match column {
        0 => 1.0,
        _ => around(examples.columns[column - 1][found[row].1] - query[column - 1]) / scale,
    });
    let mut values = Mat::from_fn(found.len(), 1, |row, _| target(&examples.point(found[row].1)));
    design.col_piv_qr().solve_lstsq_in_place_with_conj(faer::Conj::No, values.as_mut());
    values[(0, 0)]
}

#[cfg(test)]
mod tests {
    use superpose_stats::power_law::fit_power_law;

    use super::*;

    #[test]
    fn the_learner_and_the_dimension_decide_the_exponent_together() {
        let n_examples = [500, 1000, 2000, 4000, 8000, 16_000, 32_000];
        for n_dimensions in [1, 2, 3, 4, 6] {
            let exponent = |learner: Learner, first: usize| {
                let experiment =
                    TorusRegression { n_dimensions, learner, n_queries: 1500, seed: 1 };
                let errors = experiment.errors(&n_examples[first..]).unwrap();
                let x: Vec<f64> = n_examples[first..].iter().map(|n| *n as f64).collect();
                let y: Vec<f64> = errors.iter().map(|e| e.mean).collect();
                let middle = x.iter().map(|x| x.ln()).sum::<f64>() / x.len() as f64;
                let arms: Vec<f64> = x.iter().map(|x| x.ln() - middle).collect();
                let sxx: f64 = arms.iter().map(|arm| arm * arm).sum();
                let weighted =
                    errors.iter().zip(&arms).map(|(e, arm)| arm * e.standard_error / e.mean);
                let error = weighted.map(|part| part * part).sum::<f64>().sqrt() / sxx;
                (fit_power_law(&x, &y).unwrap().exponent, error)
            };
            for (learner, first) in [(Learner::NearestNeighbour, 0), (Learner::LocalLinear, 3)] {
                let theory = learner.data_exponent(n_dimensions);
                let (found, error) = exponent(learner, first);
                // Three of the errors that the queries' scatter gives, and 2 % for numbers that are
                // not large; in six dimensions, where neighbours are far, up to a fifth is missing.
                let missing = if n_dimensions > 4 { 0.2 } else { 0.02 };
                assert!(found < 1.02 * theory + 3.0 * error, "{n_dimensions} {learner:?}: {found}");
                assert!(
                    found > (1.0 - missing) * theory - 3.0 * error,
                    "{n_dimensions} {learner:?}: {found}"
                );
            }
        }
    }
}
