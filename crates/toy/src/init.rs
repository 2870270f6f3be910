//! The model before training: a function of the seed and the shape.

use crate::cell::{Cell, Model};
use crate::trained::Weights;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// The model that `cell` starts from.
pub fn start(cell: &Cell) -> Weights {
    let Model { n_features, d_hidden, bias_init_std } = cell.model;
    initial_weights(n_features, d_hidden, bias_init_std, cell.train.seed)
}

/// `W ~ N(0, 1/d_hidden)` and `b ~ N(0, bias_init_std²)`, drawn from `seed`.
///
/// The biases of one seed and number of features are the same at every width.
#[expect(clippy::cast_possible_truncation, reason = "parameters are kept in single precision")]
pub fn initial_weights(
    n_features: usize,
    d_hidden: usize,
    bias_init_std: f64,
    seed: u64,
) -> Weights {
    let draw = |stream: u64, count: usize, scale: f64| -> Vec<f32> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        (0..count)
            .map(|_| {
                let z: f64 = StandardNormal.sample(&mut rng);
                (z * scale) as f32
            })
            .collect()
    };
    Weights {
        n_features,
        d_hidden,
        weights: draw(0, n_features * d_hidden, 1.0 / (d_hidden as f64).sqrt()),
        bias: draw(1, n_features, bias_init_std),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean and variance.
    fn moments(values: &[f32]) -> (f64, f64) {
        let n = values.len() as f64;
        let mean = values.iter().map(|v| f64::from(*v)).sum::<f64>() / n;
        let square = values.iter().map(|v| (f64::from(*v) - mean).powi(2)).sum::<f64>();
        (mean, square / n)
    }

    #[test]
    fn weights_and_biases_have_the_stated_variances() {
        let start = initial_weights(2000, 25, 0.5, 9);
        // Five standard errors of the mean and of the variance.
        for (values, variance) in [(&start.weights, 1.0 / 25.0), (&start.bias, 0.25)] {
            let (mean, measured) = moments(values);
            let n = values.len() as f64;
            assert!(mean.abs() < 5.0 * (variance / n).sqrt(), "{mean}");
            assert!((measured / variance - 1.0).abs() < 5.0 * (2.0 / n).sqrt(), "{measured}");
        }
    }

    #[test]
    fn the_seed_decides_and_the_width_leaves_the_biases_alone() {
        let start = initial_weights(20, 4, 1.0, 1);
        assert_eq!(start, initial_weights(20, 4, 1.0, 1));
        assert_ne!(start.weights, initial_weights(20, 4, 1.0, 2).weights);
        assert_eq!(start.bias, initial_weights(20, 7, 1.0, 1).bias);
        assert!(initial_weights(20, 4, 0.0, 1).bias.iter().all(|b| b.abs() < f32::EPSILON));
    }
}
