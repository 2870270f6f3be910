//! The least loss that a toy of a few features can have on all of its data, and where it has it.

use superpose_stats::bfgs::{Limits, minimise};
use superpose_toy::population::{Population, starts};

/// When a search ends: losses are of order `p`, at least a hundredth.
const LIMITS: Limits = Limits { gradient: 1e-9, n_steps: 300 };

/// The model with the least loss.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Least {
    pub(super) loss: f64,
    /// `W` by rows.
    pub(super) weights: Vec<f64>,
    /// `b`.
    pub(super) bias: Vec<f64>,
}

/// The least of the minima that searches from every arrangement of axes and pairs find, each from biases that let
/// through (the mean of a feature that is ignored) and from biases that hold back. `None` when no search ends.
pub(super) fn least_loss(data: &Population, density: f64, d_hidden: usize) -> Option<Least> {
    let n = data.n_parameters() / (d_hidden + 1);
    let searches = starts(n, d_hidden).into_iter().flat_map(|start| {
        [0.5 * density, -0.05].map(|bias| {
            let mut start = start.clone();
            start[n * d_hidden..].fill(bias);
            start
        })
    });
    let found = searches.map(|start| minimise(&|at, slope| data.loss(at, slope), &start, LIMITS));
    let least = found.filter(|m| m.value.is_finite()).min_by(|a, b| a.value.total_cmp(&b.value))?;
    let (weights, bias) = least.point.split_at(n * d_hidden);
    Some(Least { loss: least.value, weights: weights.to_vec(), bias: bias.to_vec() })
}

#[cfg(test)]
mod tests {
    use superpose_toy::philox::philox4x32;

    use super::*;

    fn two(density: f64, importance: f64) -> Population {
        Population::new(&[density; 2], &[1.0, importance], 1).unwrap()
    }

    #[test]
    fn searches_from_anywhere_find_nothing_lower() {
        for (density, importance) in [(1.0, 0.5), (0.4, 0.9), (0.25, 0.3), (0.1, 3.0), (0.02, 0.1)]
        {
            let data = two(density, importance);
            let least = least_loss(&data, density, 1).unwrap();
            for seed in 0..60 {
                let words = philox4x32([seed, 0, 0, 0], 3);
                let start = words.map(|word| f64::from(word) / 2_f64.powi(31) - 1.0);
                let other = minimise(&|at, slope| data.loss(at, slope), &start, LIMITS);
                assert!(
                    other.value >= least.loss - 1e-9,
                    "{density} {importance}: {other:?} {least:?}"
                );
            }
        }
    }

    #[test]
    fn features_that_are_always_active_share_nothing() {
        // Then the dimension is the more important one's, and the other is answered by its mean: 1/12 of its weight.
        let least = least_loss(&two(1.0, 0.5), 1.0, 1).unwrap();
        assert!(least.loss <= 0.5 / 12.0 + 1e-9, "{least:?}");
        assert!(least.weights[1].abs() < 0.5 && least.weights[0].abs() > 0.5, "{least:?}");
    }
}
