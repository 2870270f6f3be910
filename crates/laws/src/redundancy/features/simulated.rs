//! Regression on random features with data without limit: what is left is what the features do not
//! show.
//!
//! Features are `G z` of the inputs `√Λ z`, `G = F √Λ` with Gaussian `F`. The best linear predictor
//! on them misses the part of the target outside the span of `G`'s rows, which is found without any
//! sample.

use rand_chacha::ChaCha8Rng;
use superpose_stats::summary::Summary;

use crate::draws::{Progress, check_replicates, over_replicates};
use crate::error::{LawError, ensure};
use crate::linear::solve_gram;
use crate::redundancy::spectrum::linear_task::{LinearTask, Sample};
use crate::redundancy::spectrum::simulated::Directions;

/// Checks a number of features against a task.
///
/// # Errors
/// [`LawError`] when there is nothing to learn with, or nothing left to learn.
pub(crate) fn check_features(task: &LinearTask, n_features: usize) -> Result<(), LawError> {
    let n_directions = task.eigenvalues.len();
    ensure!(
        (1..n_directions).contains(&n_features),
        "`n_features` must be from 1 to below the number of directions, {n_directions}, got {n_features}"
    );
    Ok(())
}

/// The squared error of regression on `n_features` random features of `task`, over `n_replicates`
/// draws of features.
///
/// A draw costs about `n² P` operations for `n` features of `P` directions.
///
/// # Errors
/// [`LawError`], also when the features of a draw cannot be told apart in double precision.
pub fn errors_of_random_features(
    task: &LinearTask,
    n_features: usize,
    n_replicates: usize,
    seed: u64,
    progress: Progress<'_>,
) -> Result<Summary, LawError> {
    check_features(task, n_features)?;
    check_replicates(n_replicates, "")?;
    let directions = Directions::new(task);
    // The features' rows are inputs as of a sample; its labels are not looked at.
    let sample = Sample { n_samples: n_features, noise_variance: 0.0 };
    let missed = |rng: &mut ChaCha8Rng| {
        let features = directions.draw(sample, rng);
        let seen = features.weighted_columns(&directions.target);
        let shown = features.weighted_rows(&solve_gram(features.matrix(), &seen, 0.0)?);
        Some(directions.target.iter().zip(&shown).map(|(c, shown)| (c - shown).powi(2)).sum())
    };
    over_replicates(n_replicates, n_features, seed, progress, missed).map_err(|draw| {
        LawError(format!(
            "draw {draw} of {n_features} features is singular; take fewer, or a flatter spectrum"
        ))
    })
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
        let error = errors_of_random_features(&steep, 39, 2, 0, &|| ()).unwrap_err().to_string();
        assert!(error.starts_with("draw 0 of 39 features is singular"), "{error}");
    }
}
