//! Regression on random features with data without limit: what is left is what the features do not show.
//!
//! Features are `G z` of the inputs `√Λ z`, `G = F √Λ` with Gaussian `F`. The best linear predictor on them misses the
//! part of the target outside the span of `G`'s rows, which is found without any sample.

use crate::redundancy::spectrum::linear_task::{LinearTask, Sample};
use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};
use superpose_stats::summary::{Summary, summarise};

use crate::draws::replicate;
use crate::linear::solve_gram;
use crate::redundancy::spectrum::simulated::Directions;

/// Why nothing can be simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FeatureError {
    /// There is nothing to learn with, or nothing left to learn.
    #[error(
        "`n_features` must be from 1 to below the number of directions, {n_directions}, got {n_features}"
    )]
    Features {
        /// Number of features.
        n_features: usize,
        /// Number of directions.
        n_directions: usize,
    },
    /// A standard error needs two replicates, and their streams are numbered in 32 bits.
    #[error("`n_replicates` must be from 2 to 4294967295, got {n_replicates}")]
    Replicates {
        /// Number of draws of features.
        n_replicates: usize,
    },
    /// Features cannot be told apart in double precision.
    #[error(
        "draw {replicate} of {n_features} features is singular; take fewer, or a flatter spectrum"
    )]
    Singular {
        /// Number of features.
        n_features: usize,
        /// Index of the draw.
        replicate: usize,
    },
}

/// Checks a number of features against a task.
pub(crate) fn check_features(task: &LinearTask, n_features: usize) -> Result<(), FeatureError> {
    let n_directions = task.eigenvalues().len();
    if (1..n_directions).contains(&n_features) {
        Ok(())
    } else {
        Err(FeatureError::Features { n_features, n_directions })
    }
}

/// The squared error of regression on `n_features` random features of `task`, over `n_replicates` draws of features.
/// `progress` is called from any thread after every draw.
///
/// A draw costs about `n² P` operations for `n` features of `P` directions.
///
/// # Errors
/// [`FeatureError`].
///
/// # Panics
/// Never: the number of features is checked.
pub fn errors_of_random_features(
    task: &LinearTask,
    n_features: usize,
    n_replicates: usize,
    seed: u64,
    progress: &(dyn Fn() + Sync),
) -> Result<Summary, FeatureError> {
    check_features(task, n_features)?;
    if n_replicates < 2 || u32::try_from(n_replicates).is_err() {
        return Err(FeatureError::Replicates { n_replicates });
    }
    let directions = Directions::new(task);
    // The features' rows are inputs as of a sample; its labels are not looked at.
    let sample = Sample::new(n_features, 0.0).expect("at least one");
    let missed = |k: usize| {
        let features = directions.draw(sample, &mut replicate(seed, n_features, k));
        let seen = features.weighted_columns(&directions.target);
        let coefficients = solve_gram(features.matrix(), &seen, 0.0);
        progress();
        let shown = features.weighted_rows(&coefficients?);
        Some(directions.target.iter().zip(&shown).map(|(c, shown)| (c - shown).powi(2)).sum())
    };
    let errors: Vec<Option<f64>> = (0..n_replicates).into_par_iter().map(missed).collect();
    let usable = |(replicate, error): (usize, Option<f64>)| {
        error.ok_or(FeatureError::Singular { n_features, replicate })
    };
    let errors: Vec<f64> = errors.into_iter().enumerate().map(usable).collect::<Result<_, _>>()?;
    Ok(summarise(&errors))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_features_leave_what_the_equivalent_says() {
        let task = LinearTask::power_law(1.5, 2.0 / 3.0, 2000).unwrap();
        for (n_features, replicates) in [(32, 300), (128, 40)] {
            let found =
                errors_of_random_features(&task, n_features, replicates, 0, &|| ()).unwrap();
            let law = task.projection_risk(n_features).total;
            let difference = (found.mean - law).abs();
            assert!(difference < 3.0 * found.standard_error, "{found:?} {law}");
            assert!(difference < 0.06 * law, "{found:?} {law}");
            assert_eq!(found.n, replicates);
        }
    }

    #[test]
    fn features_that_cannot_be_simulated_are_refused() {
        let task = LinearTask::power_law(1.5, 0.5, 40).unwrap();
        let said = |n_features, replicates| {
            errors_of_random_features(&task, n_features, replicates, 0, &|| ())
                .unwrap_err()
                .to_string()
        };
        assert!(said(0, 10).contains("below the number of directions, 40, got 0"));
        assert!(said(40, 10).contains("got 40"));
        assert!(said(10, 1).contains("`n_replicates` must be from 2"));
        let steep = LinearTask::power_law(20.0, 0.5, 40).unwrap();
        let error = errors_of_random_features(&steep, 39, 2, 0, &|| ()).unwrap_err();
        assert_eq!(error, FeatureError::Singular { n_features: 39, replicate: 0 });
    }
}
