//! Three ways to regress within a prompt, simulated: the step of linear attention, least squares,
//! and ridge regression.

use faer::Mat;
use superpose_stats::summary::{Summary, summarise};

use crate::draws::{Progress, normal, normals, runs, stream};
use crate::icl::baselines::regression::Regression;
use crate::linear::solve_positive;

/// The ways, in the order of their errors: the least squares of minimum norm, whose mean grows with
/// the number of prompts where [`Regression::least_squares_error`] is infinite; the best step of
/// linear attention, [`Regression::linear_attention_step`]; and ridge regression with the noise's
/// variance as penalty, which is the posterior mean: no way is better.
pub const WAYS: [&str; 3] = ["least squares", "linear attention", "ridge"];

/// The mean errors `|ŵ − w|²/d` of the [`WAYS`] over `n_prompts` prompts, each with a task and
/// examples of its own, drawn from `seed`; `None` when the examples of a prompt are singular in
/// double precision. `progress` is called from any thread after every prompt.
///
/// A prompt costs about `min(N, d)² · max(N, d)` operations.
pub fn simulate(
    regression: Regression,
    n_prompts: usize,
    seed: u64,
    progress: Progress<'_>,
) -> Option<[Summary; 3]> {
    let of_prompt = |prompt| errors_of_prompt(regression, &mut stream(seed, prompt as u64));
    let errors = runs(n_prompts, progress, of_prompt).into_iter().collect::<Option<Vec<_>>>()?;
    Some([0, 1, 2].map(|way| summarise(&errors.iter().map(|of| of[way]).collect::<Vec<f64>>())))
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
        off(&penalised(0.0)?),
        off(&summed.iter().map(|sum| step * sum).collect::<Vec<_>>()),
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
            let exact = [regression.least_squares_error(), regression.linear_attention_error()];
            for (found, exact) in found.into_iter().zip(exact) {
                assert!(agree(found, exact), "{regression:?}: {found:?} {exact}");
            }
            // The posterior mean is no worse than either, on the same prompts.
            let best = found[0].mean.min(found[1].mean);
            assert!(found[2].mean <= best + 1e-9, "{regression:?}: {found:?}");
        }
    }

    #[test]
    fn nothing_is_learned_from_no_example() {
        let nothing = Regression { n_dimensions: 3, n_examples: 0, noise_variance: 1.0 };
        let found = simulate(nothing, 2000, 1, &|| ()).unwrap();
        for way in found {
            assert!((way.mean - 1.0).abs() < 3.0 * way.standard_error, "{way:?}");
        }
    }
}
