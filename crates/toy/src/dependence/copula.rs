//! Features that share factors: a Gaussian copula of low rank.

use std::f64::consts::{FRAC_1_SQRT_2, TAU};

use super::{Draw, by_feature, first_unit, word};
use crate::philox::unit;
use crate::sampler::SparseBatch;

/// The purpose of the random numbers of factors.
const FACTORS: u32 = 1;
/// The purpose of those of the first list of features.
const LISTS: u32 = 2;

/// Feature `i` is active where `z_i = ±√s f + √(1 − s) ε_i` is below `Φ⁻¹(p_i)`, with `f` the factor
/// that it shares with others and `s` the absolute value of the strength.
///
/// Given the factor, features are independent and active with `q_i = Φ((Φ⁻¹(p_i) ∓ √s f) / √(1 − s))`.
/// In the order of `p_i` these fall, so that the next active one is found by a jump of geometric length
/// at the rate of the last one seen, and kept with the share that its own rate is of that (thinning).
#[derive(Debug, Clone, PartialEq)]
pub struct Copula {
    n_features: usize,
    rank: u32,
    /// `√s` and `√(1 − s)`.
    shared: f64,
    own: f64,
    lists: Vec<List>,
}

/// Features that share a factor, with the same sign.
#[derive(Debug, Clone, PartialEq)]
struct List {
    factor: usize,
    sign: f64,
    /// The features with their `Φ⁻¹(p_i)`, falling.
    members: Vec<(u32, f64)>,
}

impl Copula {
    pub(super) fn new(p: &[f64], rank: usize, strength: f64) -> Self {
        let signs = if strength < 0.0 { 2 } else { 1 };
        let rank = rank.min(p.len());
        let mut lists = Vec::new();
        for factor in 0..rank {
            for turn in 0..signs {
                let of_list = (factor + turn * rank..p.len()).step_by(rank * signs);
                let mut members: Vec<(u32, f64)> =
                    of_list.map(|i| (word(i), quantile(p[i]))).collect();
                members.sort_by(|a, b| b.1.total_cmp(&a.1));
                let sign = if turn == 0 { 1.0 } else { -1.0 };
                lists.push(List { factor, sign, members });
            }
        }
        let s = strength.abs();
        let (shared, own) = (s.sqrt(), (1.0 - s).sqrt());
        Self { n_features: p.len(), rank: word(rank), shared, own, lists }
    }

    pub(super) fn batch(&self, draw: &Draw) -> SparseBatch {
        let size = draw.batch_size;
        let factors: Vec<Vec<f64>> = (0..self.rank)
            .map(|factor| (0..size).map(|s| normal(draw.words(FACTORS, s, factor))).collect())
            .collect();
        let mut active = Vec::new();
        for (list, purpose) in self.lists.iter().zip(LISTS..) {
            for (sample, factor) in (0..size).zip(&factors[list.factor]) {
                let shift = list.sign * self.shared * factor;
                let rate = |at: usize| distribution((list.members[at].1 - shift) / self.own);
                let (mut at, mut number) = (0, 0);
                while at < list.members.len() {
                    let bound = rate(at);
                    let words = draw.words(purpose, number, sample);
                    number += 1;
                    let Some(jump) = jump(first_unit(words), bound, list.members.len() - at) else {
                        break;
                    };
                    at += jump;
                    let kept = if jump == 0 { 1.0 } else { rate(at) / bound };
                    if unit(words[2], 0) <= kept {
                        active.push(draw.active(sample, list.members[at].0, words[3]));
                    }
                    at += 1;
                }
            }
        }
        by_feature(&active, self.n_features)
    }
}

/// How many are passed over before the next one, of fewer than `left`, if there is one.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below a count")]
fn jump(number: f64, rate: f64, left: usize) -> Option<usize> {
    let distance = libm::log(number) / libm::log1p(-rate);
    // What is no number is not less: 0/0, for a rate of zero.
    (distance < left as f64).then_some(distance as usize)
}

/// `Φ(x)`.
fn distribution(x: f64) -> f64 {
    0.5 * libm::erfc(-x * FRAC_1_SQRT_2)
}

/// `Φ⁻¹(p)`, by halving, since it is asked for once a feature.
fn quantile(p: f64) -> f64 {
    if p >= 1.0 {
        return f64::INFINITY;
    }
    let (mut low, mut high) = (-40.0, 40.0);
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if distribution(middle) < p { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

/// A normal number, by Box and Muller.
fn normal(words: [u32; 4]) -> f64 {
    let radius = (-2.0 * libm::log(first_unit(words))).sqrt();
    radius * libm::cos(TAU * unit(words[2], words[3]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quantile_is_where_the_distribution_has_its_probability() {
        assert!(quantile(0.5).abs() < 1e-12 && quantile(1.0).is_infinite());
        assert!((quantile(0.975) - 1.959_963_984_540_054).abs() < 1e-12);
        for p in [1e-300, 1e-9, 0.001, 0.3, 0.999] {
            assert!((distribution(quantile(p)) / p - 1.0).abs() < 1e-9, "{p}");
        }
        // A feature that never is active.
        assert!(distribution(quantile(0.0)) < 1e-300);
    }

    #[test]
    fn a_jump_ends_where_nothing_is_left() {
        assert_eq!((jump(0.3, 0.0, 5), jump(1.0, 0.0, 5)), (None, None));
        assert_eq!((jump(0.3, 1.0, 5), jump(1.0, 0.5, 5)), (Some(0), Some(0)));
        // ln 0.2 / ln 0.5 = 2.32.
        assert_eq!((jump(0.2, 0.5, 3), jump(0.2, 0.5, 2)), (Some(2), None));
    }
}
