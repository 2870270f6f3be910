//! Batches of sparse samples: only the active features are drawn.
//!
//! Sample `s` of a batch has feature `i` active with probability `p_i`, independently, and then
//! with a random value. Walking down a batch one feature at a time, the distance from one active
//! sample to the next is geometric, so a batch costs one draw per feature and one per active
//! feature instead of two per entry: about `n + E·B` instead of `2·n·B`.
//!
//! Draw `k` of feature `i` in a batch is the Philox block with key `seed` and counter
//! `(k, i, step, stream)`: two words give the distance, the third the value. This definition is
//! part of what a seed means; it does not change without a new stream number.

use superpose_theory::frequency::FeatureProbabilities;
use superpose_theory::values::ValueDistribution;

use crate::philox::{philox4x32, unit};

/// What a batch is for: different streams never share a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Stream {
    /// Training.
    Train = 0,
    /// The held-out test.
    Test = 1,
}

/// One active feature of a batch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Active {
    /// Sample, from 0.
    pub sample: u32,
    /// Feature, from 0.
    pub feature: u32,
    /// Its value.
    pub value: f32,
}

/// A batch, by its active features: ordered by feature, then by sample.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SparseBatch {
    /// The active features.
    pub active: Vec<Active>,
}

impl SparseBatch {
    /// The batch as a dense matrix `[batch_size, n_features]`, row by row.
    pub fn to_dense(&self, batch_size: usize, n_features: usize) -> Vec<f32> {
        let mut dense = vec![0.0; batch_size * n_features];
        for active in &self.active {
            dense[active.sample as usize * n_features + active.feature as usize] = active.value;
        }
        dense
    }
}

/// Draws batches.
#[derive(Debug, Clone)]
pub struct Sampler {
    /// `ln(1 − p_i)`: the rate at which a geometric distance decays.
    ln_inactive: Vec<f64>,
    values: ValueDistribution,
    seed: u64,
}

impl Sampler {
    /// A sampler of the given data; `seed` decides every batch.
    pub fn new(probabilities: &FeatureProbabilities, values: ValueDistribution, seed: u64) -> Self {
        // `libm` rather than the system's logarithm, so that batches agree to the last bit
        // wherever they are drawn.
        let ln_inactive = probabilities.as_slice().iter().map(|p| libm::log1p(-p)).collect();
        Self { ln_inactive, values, seed }
    }

    /// The batch of `batch_size` samples that belongs to `step` (from 0) of `stream`.
    ///
    /// # Panics
    /// When `step` or a batch index does not fit in 32 bits; a checked cell's do.
    pub fn batch(&self, stream: Stream, step: u64, batch_size: usize) -> SparseBatch {
        let step = u32::try_from(step).expect("a cell has at most 10⁹ steps");
        let batch_size = u32::try_from(batch_size).expect("a cell has at most 2²⁴ samples a batch");
        let mut active = Vec::new();
        for (feature, &ln_inactive) in (0_u32..).zip(&self.ln_inactive) {
            let mut next = 0_u64;
            for draw in 0.. {
                let words = philox4x32([draw, feature, step, stream as u32], self.seed);
                next = next.saturating_add(distance(unit(words[0], words[1]), ln_inactive));
                let Some(sample) = u32::try_from(next).ok().filter(|s| *s < batch_size) else {
                    break;
                };
                active.push(Active { sample, feature, value: self.value(words[2]) });
                next += 1;
            }
        }
        SparseBatch { active }
    }

    #[expect(clippy::cast_possible_truncation, reason = "a value needs no more than 24 bits")]
    fn value(&self, word: u32) -> f32 {
        let centred = f64::from(word) + 0.5;
        match self.values {
            ValueDistribution::Uniform => (centred * (-31_f64).exp2()) as f32,
            ValueDistribution::Constant => 1.0,
            ValueDistribution::Exponential => -libm::log(centred * (-32_f64).exp2()) as f32,
        }
    }
}

/// Inactive samples before the next active one, for a uniform number `u` in `(0, 1]`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a ratio of two numbers that are not positive; beyond any batch it saturates"
)]
fn distance(u: f64, ln_inactive: f64) -> u64 {
    let ratio = libm::log(u) / ln_inactive;
    // 0/0, for u = 1 and p = 0: such a feature is never active.
    if ratio.is_nan() { u64::MAX } else { ratio as u64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use superpose_theory::frequency::power_law_weights;

    fn sampler(weights: &[f64], density: f64, values: ValueDistribution, seed: u64) -> Sampler {
        let p = FeatureProbabilities::scaled(weights, density).unwrap();
        Sampler::new(&p, values, seed)
    }

    #[test]
    fn an_old_batch_stays_what_it_was() {
        // Written down when the sampler was made: if this changes, a seed has changed its meaning.
        let sampler = sampler(&power_law_weights(50, 1.0), 1.0, ValueDistribution::Uniform, 42);
        let batch = sampler.batch(Stream::Train, 7, 8);
        let places: Vec<_> = batch.active.iter().map(|a| (a.sample, a.feature)).collect();
        assert_eq!(places, GOLDEN_PLACES);
        let total: f32 = batch.active.iter().map(|a| a.value).sum();
        assert!((total - GOLDEN_TOTAL).abs() < 1e-5, "{total}");
    }
    const GOLDEN_PLACES: [(u32, u32); 8] =
        [(3, 0), (4, 0), (0, 1), (2, 2), (2, 6), (1, 24), (2, 33), (2, 35)];
    const GOLDEN_TOTAL: f32 = 9.298_222;

    #[test]
    fn steps_streams_and_seeds_give_different_batches() {
        let with =
            |seed| sampler(&power_law_weights(50, 0.0), 1.0, ValueDistribution::Uniform, seed);
        let first = with(1).batch(Stream::Train, 0, 64);
        assert_eq!(first, with(1).batch(Stream::Train, 0, 64));
        assert_ne!(first, with(1).batch(Stream::Train, 1, 64));
        assert_ne!(first, with(1).batch(Stream::Test, 0, 64));
        assert_ne!(first, with(2).batch(Stream::Train, 0, 64));
    }

    #[test]
    fn a_larger_batch_begins_with_the_smaller_one() {
        let sampler = sampler(&power_law_weights(50, 1.0), 2.0, ValueDistribution::Uniform, 1);
        let mut larger = sampler.batch(Stream::Train, 3, 64);
        larger.active.retain(|a| a.sample < 16);
        assert_eq!(larger, sampler.batch(Stream::Train, 3, 16));
    }

    #[test]
    fn certain_features_are_always_active_and_impossible_ones_never() {
        let sampler = sampler(&[1.0, 0.0], 1.0, ValueDistribution::Constant, 1);
        let batch = sampler.batch(Stream::Train, 0, 100);
        assert_eq!(batch.to_dense(100, 2), [1.0, 0.0].repeat(100));
    }

    /// Largest |z| that one of `n` normal variables exceeds with probability 10⁻⁶ (the union bound
    /// on the normal tail): the tests below fail by chance once in a million seeds.
    fn largest_z(n: f64) -> f64 {
        (2.0 * (n / 1e-6).ln()).sqrt()
    }

    #[test]
    fn frequencies_are_the_nominal_ones() {
        let weights = power_law_weights(200, 1.0);
        let density = 3.0;
        let p = FeatureProbabilities::scaled(&weights, density).unwrap();
        let sampler = Sampler::new(&p, ValueDistribution::Uniform, 11);
        let (batches, size) = (200_u32, 1000_u32);
        let mut counts = vec![0_u32; weights.len()];
        let mut together = 0_u32;
        for step in 0..batches {
            let mut first = vec![false; size as usize];
            for a in sampler.batch(Stream::Train, step.into(), size as usize).active {
                counts[a.feature as usize] += 1;
                match a.feature {
                    0 => first[a.sample as usize] = true,
                    1 => together += u32::from(first[a.sample as usize]),
                    _ => (),
                }
            }
        }
        let trials = f64::from(batches * size);
        let z =
            |count: u32, p: f64| (f64::from(count) - trials * p) / (trials * p * (1.0 - p)).sqrt();
        let p = p.as_slice();
        let worst = counts.iter().zip(p).map(|(&c, &p)| z(c, p).abs()).fold(0.0, f64::max);
        assert!(worst < largest_z(200.0), "worst feature is {worst} standard deviations off");
        let total = counts.iter().map(|&c| f64::from(c)).sum::<f64>();
        let spread = (trials * p.iter().map(|p| p * (1.0 - p)).sum::<f64>()).sqrt();
        assert!(((total - trials * density) / spread).abs() < largest_z(1.0), "{total}");
        // Features are independent: the first two are active together as often as chance has it.
        assert!(z(together, p[0] * p[1]).abs() < largest_z(1.0), "{together}");
    }

    #[test]
    fn values_have_the_nominal_moments() {
        for values in [
            ValueDistribution::Uniform,
            ValueDistribution::Constant,
            ValueDistribution::Exponential,
        ] {
            let sampler = sampler(&power_law_weights(10, 0.0), 5.0, values, 5);
            let drawn: Vec<f64> = (0..100)
                .flat_map(|step| sampler.batch(Stream::Test, step, 400).active)
                .map(|a| f64::from(a.value))
                .collect();
            assert!(drawn.iter().all(|v| *v > 0.0 && *v <= values.supremum()));
            let n = drawn.len() as f64;
            for (power, nominal) in [(1, values.mean()), (2, values.second_moment())] {
                let powers: Vec<f64> = drawn.iter().map(|v| v.powi(power)).collect();
                let mean = powers.iter().sum::<f64>() / n;
                let variance = powers.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
                let allowed = largest_z(6.0) * (variance / n).sqrt() + 1e-9;
                assert!((mean - nominal).abs() < allowed, "{values:?}: {mean} for {nominal}");
            }
        }
    }
}
