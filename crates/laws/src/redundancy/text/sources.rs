//! Sources of text whose entropy is known exactly, to check estimates with.

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// A stationary random source whose entropy is known exactly; its symbols are the bytes from 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Source {
    /// Independent symbols, 1 with this probability and otherwise 0.
    Bernoulli {
        /// Probability of a 1.
        probability: f64,
    },
    /// A chain of 0 and 1, as often either, that changes with this probability.
    Markov {
        /// Probability that a symbol differs from the one before.
        flip_probability: f64,
    },
    /// The chain of 0 and 1 with the largest entropy in which no 1 follows a 1.
    GoldenMean,
    /// Independent symbols, the `r`-th with a probability as `1/r`.
    Zipf {
        /// Number of symbols.
        n_symbols: u8,
    },
    /// Independent, equally probable symbols.
    Uniform {
        /// Number of symbols.
        n_symbols: u8,
    },
}

impl Source {
    /// The source's entropy, in bits per symbol.
    pub(crate) fn entropy_bits(self) -> f64 {
        match self {
            Self::Bernoulli { probability: p } | Self::Markov { flip_probability: p } => {
                entropy(&[p, 1.0 - p])
            }
            Self::GoldenMean => std::f64::consts::GOLDEN_RATIO.log2(),
            Self::Zipf { n_symbols } | Self::Uniform { n_symbols } => {
                entropy(&self.probabilities(n_symbols))
            }
        }
    }

    /// A text of `n_symbols` symbols, drawn from `seed`.
    pub(crate) fn text(self, n_symbols: usize, seed: u64) -> Vec<u8> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut chance = |p: f64| u8::from(rng.random::<f64>() < p);
        let ratio = std::f64::consts::GOLDEN_RATIO;
        match self {
            Self::Bernoulli { probability } => {
                (0..n_symbols).map(|_| chance(probability)).collect()
            }
            Self::Markov { flip_probability } => {
                let mut state = chance(0.5);
                let mut step = || {
                    let next = state ^ chance(flip_probability);
                    std::mem::replace(&mut state, next)
                };
                (0..n_symbols).map(|_| step()).collect()
            }
            Self::GoldenMean => {
                // After a 0 comes a 1 with probability φ⁻²; so 1 has a share of 1 / (1 + φ²).
                let mut state = chance(1.0 / (1.0 + ratio * ratio));
                let mut step = || {
                    let next = if state == 1 { 0 } else { chance(ratio.powi(-2)) };
                    std::mem::replace(&mut state, next)
                };
                (0..n_symbols).map(|_| step()).collect()
            }
            Self::Zipf { n_symbols: size } | Self::Uniform { n_symbols: size } => {
                let mut sum = 0.0;
                let sums: Vec<f64> =
                    self.probabilities(size).iter().map(|p| add(&mut sum, *p)).collect();
                let symbols: Vec<u8> = (0..size).collect();
                // Rounding may leave the last sum below one.
                let place = |u: f64| sums.partition_point(|sum| *sum <= u).min(symbols.len() - 1);
                (0..n_symbols).map(|_| symbols[place(rng.random())]).collect()
            }
        }
    }

    /// The probabilities of independent symbols, of which there are `n_symbols`.
    fn probabilities(self, n_symbols: u8) -> Vec<f64> {
        let weight =
            |rank| if matches!(self, Self::Zipf { .. }) { 1.0 / f64::from(rank) } else { 1.0 };
        let weights: Vec<f64> = (1..=n_symbols).map(weight).collect();
        let total: f64 = weights.iter().sum();
        weights.iter().map(|weight| weight / total).collect()
    }
}

/// Adds to a running sum and returns it.
fn add(sum: &mut f64, value: f64) -> f64 {
    *sum += value;
    *sum
}

/// The entropy of a distribution, in bits.
pub(crate) fn entropy(probabilities: &[f64]) -> f64 {
    probabilities.iter().filter(|p| **p > 0.0).map(|p| -p * p.log2()).sum()
}
