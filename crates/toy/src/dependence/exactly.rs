//! So many features at a time, and not always the same: Sampford's method.

use super::{Draw, by_feature, unit, word};
use crate::data_error::DataError;
use crate::sampler::{Active, SparseBatch};

/// The purpose of the random numbers that choose, and of those that give values.
const CHOICE: u32 = 1;
const VALUES: u32 = 2;
/// Draws that are to come out at least: of a hundred, one.
const ACCEPTED: f64 = 0.01;

/// Every sample has exactly `k` active features, feature `i` with probability `p_i`, which add up to `k`:
/// one feature is drawn with probabilities `p_i / k` and `k − 1` others in proportion to `p_i / (1 − p_i)`,
/// again and again until all are different.
///
/// **Source**: Sampford 1967, "On sampling without replacement with unequal probabilities of selection".
#[derive(Debug, Clone, PartialEq)]
pub struct Exactly {
    k: u32,
    /// Sums of the weights of the first draw, and of the others, over features up to each.
    first: Vec<f64>,
    others: Vec<f64>,
}

impl Exactly {
    pub(super) fn new(p: &[f64], k: usize) -> Result<Self, DataError> {
        let refused = |allowed: String| DataError::field("data.dependence.k", k, allowed);
        if k > p.len() {
            return Err(refused(format!("at most `model.n_features` ({})", p.len())));
        }
        let density: f64 = p.iter().sum();
        if (density - k as f64).abs() > 1e-9 * (1.0 + k as f64) {
            let shown = (density * 1e6).round() / 1e6;
            return Err(refused(format!("`data.activation_density` ({shown})")));
        }
        let odds: Vec<f64> = p.iter().map(|p| p / (1.0 - p)).collect();
        let accepted = accepted(p, &odds, k);
        if k > 1 && (accepted.is_nan() || accepted < ACCEPTED) {
            return Err(refused(
                "smaller, or the frequencies more even: of a hundred draws less than one has so many \
                 different features"
                    .to_owned(),
            ));
        }
        let sums = |weights: &[f64]| -> Vec<f64> {
            let mut sum = 0.0;
            let add = |weight: &f64| {
                sum += weight;
                sum
            };
            weights.iter().map(add).collect()
        };
        Ok(Self {
            k: word(k),
            first: sums(p),
            others: if k > 1 { sums(&odds) } else { Vec::new() },
        })
    }

    pub(super) fn batch(&self, draw: &Draw) -> SparseBatch {
        let mut active: Vec<Active> = Vec::with_capacity((self.k * draw.batch_size) as usize);
        let mut chosen: Vec<u32> = Vec::new();
        for sample in 0..draw.batch_size {
            let mut number = 0;
            loop {
                chosen.clear();
                for turn in 0..self.k {
                    let words = draw.words(CHOICE, number, sample);
                    number += 1;
                    let sums = if turn == 0 { &self.first } else { &self.others };
                    let feature = drawn(sums, unit(words[0], words[1]));
                    if chosen.contains(&feature) {
                        break;
                    }
                    chosen.push(feature);
                }
                if chosen.len() == self.k as usize {
                    break;
                }
            }
            active.extend(chosen.iter().map(|&feature| {
                draw.active(sample, feature, draw.words(VALUES, feature, sample)[0])
            }));
        }
        by_feature(&active, self.first.len())
    }
}

/// The feature that a number in `(0, 1]` stands for among these sums of weights.
fn drawn(sums: &[f64], number: f64) -> u32 {
    let total = sums.last().copied().unwrap_or(0.0);
    word(sums.partition_point(|sum| *sum < number * total).min(sums.len() - 1))
}

/// The probability that one draw has `k` different features.
fn accepted(p: &[f64], odds: &[f64], k: usize) -> f64 {
    // Over sets of m features, sums of the product of their odds (over all odds), and of that times the sum of
    // their 1 − p: the first one drawn has p = odds · (1 − p).
    let all: f64 = odds.iter().sum();
    let (mut products, mut weighted) = (vec![0.0; k + 1], vec![0.0; k + 1]);
    products[0] = 1.0;
    for (p, odds) in p.iter().zip(odds) {
        let share = odds / all;
        for m in (1..=k).rev() {
            weighted[m] += share * (weighted[m - 1] + (1.0 - p) * products[m - 1]);
            products[m] += share * products[m - 1];
        }
    }
    let orders: f64 = (1..k).map(|m| m as f64).product();
    orders * all * weighted[k] / k as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_of_even_frequencies_are_as_often_different_as_birthdays() {
        for (n, k) in [(10_usize, 1_usize), (10, 2), (20, 3)] {
            let p = vec![k as f64 / n as f64; n];
            let odds: Vec<f64> = p.iter().map(|p| p / (1.0 - p)).collect();
            let different: f64 = (0..k).map(|m| 1.0 - m as f64 / n as f64).product();
            assert!((accepted(&p, &odds, k) - different).abs() < 1e-12);
        }
        // Of two features: 0.9/1.1 · the other's odds over all, and the other way round.
        let (p, odds) = ([0.8, 0.6, 0.6], [4.0, 1.5, 1.5]);
        let pairs: f64 = [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)]
            .iter()
            .map(|&(a, b): &(usize, usize)| p[a] / 2.0 * odds[b] / 7.0)
            .sum();
        assert!((accepted(&p, &odds, 2) - pairs).abs() < 1e-12);
    }
}
