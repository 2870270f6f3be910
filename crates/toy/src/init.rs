//! The model before training: a function of the seed and the shape.

use crate::cell::{Bias, Cell, Decoder, Model, Rows};
use crate::trained::Weights;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// The streams of random numbers of one seed: of `W`, of `b`, and of the matrix of an untied decoder.
const WEIGHTS: u64 = 0;
const BIASES: u64 = 1;
const DECODER: u64 = 2;

/// The model that `cell` starts from: [`initial_weights`], a decoder of its own like `W` if it is not
/// tied, biases of zero if it has none, and rows of norm one if they are to be so.
pub fn start(cell: &Cell) -> Weights {
    let Model { n_features, d_hidden, bias_init_std, .. } = cell.model;
    let (bias_init_std, seed) = match cell.model.bias {
        Bias::Trained => (bias_init_std, cell.train.seed),
        Bias::None => (0.0, cell.train.seed),
    };
    let mut start = initial_weights(n_features, d_hidden, bias_init_std, seed);
    if cell.model.decoder == Decoder::Untied {
        start.decoder = Some(matrix(n_features, d_hidden, seed, DECODER));
    }
    if cell.model.rows == Rows::Unit {
        for matrix in [Some(&mut start.weights), start.decoder.as_mut()].into_iter().flatten() {
            matrix.chunks_exact_mut(d_hidden).for_each(to_norm_one);
        }
    }
    start
}

/// A row made as long as one; a row of zeros stays.
#[expect(clippy::cast_possible_truncation, reason = "parameters are kept in single precision")]
fn to_norm_one(row: &mut [f32]) {
    let norm = row.iter().map(|w| f64::from(*w).powi(2)).sum::<f64>().sqrt();
    if norm > 0.0 {
        row.iter_mut().for_each(|w| *w = (f64::from(*w) / norm) as f32);
    }
}

/// `W ~ N(0, 1/d_hidden)` and `b ~ N(0, bias_init_std²)`, drawn from `seed`.
///
/// The biases of one seed and number of features are the same at every width.
pub fn initial_weights(
    n_features: usize,
    d_hidden: usize,
    bias_init_std: f64,
    seed: u64,
) -> Weights {
    Weights {
        n_features,
        d_hidden,
        weights: matrix(n_features, d_hidden, seed, WEIGHTS),
        bias: normal(n_features, bias_init_std, seed, BIASES),
        decoder: None,
    }
}

/// A matrix of `N(0, 1/d_hidden)`, row by row.
fn matrix(n_features: usize, d_hidden: usize, seed: u64, stream: u64) -> Vec<f32> {
    normal(n_features * d_hidden, 1.0 / (d_hidden as f64).sqrt(), seed, stream)
}

#[expect(clippy::cast_possible_truncation, reason = "parameters are kept in single precision")]
fn normal(count: usize, scale: f64, seed: u64, stream: u64) -> Vec<f32> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(stream);
    let draw = |_| {
        let z: f64 = StandardNormal.sample(&mut rng);
        (z * scale) as f32
    };
    (0..count).map(draw).collect()
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
    fn what_a_model_has_not_it_does_not_start_with() {
        let mut cell = crate::cell::tests::example();
        (cell.model.n_features, cell.model.d_hidden) = (50, 4);
        let plain = start(&cell);
        assert!(plain.decoder.is_none() && plain.bias.iter().any(|b| b.abs() > 0.1));
        cell.model.bias = Bias::None;
        assert!(start(&cell).bias.iter().all(|b| b.abs() < f32::EPSILON));
        assert_eq!(start(&cell).weights, plain.weights);
        cell.model.decoder = Decoder::Untied;
        let untied = start(&cell);
        let decoder = untied.decoder.clone().unwrap();
        // Independent of W: the mean product of 200 entries, each N(0, 1/4) twice, is within five errors of 0.
        let product: f32 = decoder.iter().zip(&untied.weights).map(|(v, w)| v * w).sum();
        assert!((product / 200.0).abs() < 5.0 * 0.25 / 200_f32.sqrt(), "{product}");
        let (_, variance) = moments(&decoder);
        assert!((variance * 4.0 - 1.0).abs() < 0.5, "{variance}");
        cell.model.rows = Rows::Unit;
        let unit = start(&cell);
        for matrix in [&unit.weights, unit.decoder.as_ref().unwrap()] {
            for row in matrix.chunks(4) {
                assert!((row.iter().map(|w| w * w).sum::<f32>() - 1.0).abs() < 1e-6);
            }
        }
        let cosine = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        let norm = cosine(&plain.weights[..4], &plain.weights[..4]).sqrt();
        assert!((cosine(&plain.weights[..4], &unit.weights[..4]) / norm - 1.0).abs() < 1e-6);
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
