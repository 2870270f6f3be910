//! Three ways to regress within a prompt, simulated: the step of linear attention, least squares, and ridge regression.

use crate::icl::baselines::regression::Regression;
use faer::Mat;
use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};
use superpose_stats::summary::{Summary, summarise};

use crate::draws::{normal, normals, stream};
use crate::linear::solve_positive;

/// The errors `|ŵ − w|²/d` over prompts: their means and standard errors.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PromptErrors {
    /// Of the best step of linear attention, [`Regression::linear_attention_step`].
    pub linear_attention: Summary,
    /// Of the least squares of minimum norm. Where [`Regression::least_squares_error`] is infinite the mean grows with the
    /// number of prompts.
    pub least_squares: Summary,
    /// Of ridge regression with the noise's variance as penalty, which is the posterior mean: no way is better.
    pub ridge: Summary,
}

/// Simulates `n_prompts` prompts, each with a task and examples of its own, drawn from `seed`. `progress` is called from any
/// thread after every prompt. `None` when the examples of a prompt are singular in double precision.
///
/// A prompt costs about `min(N, d)² · max(N, d)` operations.
pub fn simulate(
    regression: Regression,
    n_prompts: usize,
    seed: u64,
    progress: &(dyn Fn() + Sync),
) -> Option<PromptErrors> {
    let of_prompt = |prompt: usize| {
        let errors = errors_of_prompt(regression, &mut stream(seed, prompt as u64));
        progress();
        errors
    };
    let errors: Vec<[f64; 3]> =
        (0..n_prompts).into_par_iter().map(of_prompt).collect::<Option<_>>()?;
    let of = |way: usize| summarise(&errors.iter().map(|errors| errors[way]).collect::<Vec<_>>());
    Some(PromptErrors { linear_attention: of(0), least_squares: of(1), ridge: of(2) })
}

fn errors_of_prompt(regression: Regression, rng: &mut rand_chacha::ChaCha8Rng) -> Option<[f64; 3]> {
    let Regression { n_dimensions: d, n_examples: n, noise_variance } = regression;
    let task = normals(rng, d);
    let x = Mat::from_fn(n, d, |_, _| normal(rng));
    let mut label = |i: usize| {
        let clean: f64 = (0..d).map(|j| x[(i, j)] * task[j]).sum();
        clean + noise_variance.sqrt() * normal(rng)
    };
    let y: Vec<f64> = (0..n).map(&mut label).collect();
    let along = |weights: &[f64]| -> Vec<f64> {
        (0..d).map(|j| (0..n).map(|i| x[(i, j)] * weights[i]).sum()).collect()
    };
    let off = |estimate: &[f64]| {
        let pairs = estimate.iter().zip(&task);
        pairs.map(|(e, w)| (e - w).powi(2)).sum::<f64>() / d as f64
    };
    let summed = along(&y);
    let step = if n == 0 { 0.0 } else { regression.linear_attention_step() / n as f64 };
    // The smaller of the two systems of equations that have the solution.
    let penalised = |penalty: f64| {
        if n < d {
            Some(along(&solve_positive(&x * x.transpose(), penalty, &y)?))
        } else {
            solve_positive(x.transpose() * &x, penalty, &summed)
        }
    };
    Some([
        off(&summed.iter().map(|sum| step * sum).collect::<Vec<_>>()),
        off(&penalised(0.0)?),
        off(&penalised(noise_variance)?),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exact_baselines_agree_with_a_simulation() {
        for (d, n, noise_variance) in [
            (5, 10, 0.0),
            (8, 16, 0.25),
            (10, 40, 0.0),
            (20, 5, 0.0),
            (20, 10, 0.5),
            (20, 30, 1.0),
            (20, 40, 1.0),
        ] {
            let regression = Regression { n_dimensions: d, n_examples: n, noise_variance };
            let found = simulate(regression, 4000, 11, &|| ()).unwrap();
            let agree = |sampled: Summary, exact: f64| {
                // Without noise least squares is exact above the threshold, to rounding.
                (sampled.mean - exact).abs() < 3.0 * sampled.standard_error + 1e-9
            };
            let exact = regression.linear_attention_error();
            assert!(agree(found.linear_attention, exact), "{regression:?}: {found:?} {exact}");
            let exact = regression.least_squares_error();
            assert!(agree(found.least_squares, exact), "{regression:?}: {found:?} {exact}");
            // The posterior mean is no worse than either, on the same prompts.
            let best = found.linear_attention.mean.min(found.least_squares.mean);
            assert!(found.ridge.mean <= best + 1e-9, "{regression:?}: {found:?}");
        }
    }

    #[test]
    fn nothing_is_learned_from_no_example() {
        let nothing = Regression { n_dimensions: 3, n_examples: 0, noise_variance: 1.0 };
        let found = simulate(nothing, 2000, 1, &|| ()).unwrap();
        for way in [found.linear_attention, found.least_squares, found.ridge] {
            assert!((way.mean - 1.0).abs() < 3.0 * way.standard_error, "{way:?}");
        }
    }
}
