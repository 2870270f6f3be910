//! Batches of sparse samples: only the active features are drawn.
//!
//! [`crate::dependence`] has what is done beyond this file where features are not independent.
//!
//! Sample `s` of a batch has feature `i` active with probability `p_i`, independently, and then
//! with a random value. Walking down a batch one feature at a time, the distance from one active
//! sample to the next is geometric, so a batch costs one draw per feature and one per active
//! feature instead of two per entry: about `n + E·B` instead of `2·n·B`.
//!
//! Draw `k` of feature `i` in a batch is the Philox block with key `seed` and counter
//! `(k, i, step, stream)`: two words give the distance, the third the value. This definition is
//! part of what a seed means; it does not change without a new stream number.

use std::sync::Arc;

use crate::dependence::{Draw, Joint};
use crate::frequency::FeatureProbabilities;
use crate::prepared::Prepared;
use crate::values::ValueDistribution;
use pulp::{Arch, Simd, WithSimd};

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
    values: ValueDistribution,
    seed: u64,
    batch_size: u32,
    features: Vec<Feature>,
    likely: Draws,
    joint: Arc<Joint>,
}

/// A feature: how often it is active, and where its own of the likely draws end.
#[derive(Debug, Clone)]
struct Feature {
    /// `ln(1 − p_i)`: the rate at which a geometric distance decays.
    ln_inactive: f64,
    end: usize,
}

/// The draws that a batch is likely to need, feature by feature, made side by side; by draw.
#[derive(Debug, Clone, Default)]
struct Draws {
    numbers: Vec<u32>,
    features: Vec<u32>,
    ln_inactive: Vec<f64>,
    /// In the batch at hand: inactive samples before the next active one, at most all of them.
    distances: Vec<u32>,
    /// In the batch at hand: what the value comes from.
    words: Vec<u32>,
}

impl Sampler {
    /// What draws the batches of a cell.
    pub fn of(prepared: &Prepared) -> Self {
        let Prepared { cell, probabilities, joint, .. } = prepared;
        let independent = joint.independent(probabilities);
        let (values, size) = (cell.data.values, cell.train.batch_size);
        let sampler = Self::new(&independent, values, cell.data.seed, size);
        Self { joint: Arc::clone(joint), ..sampler }
    }

    /// A sampler of batches of `batch_size` samples of independent features; `seed` decides every batch.
    ///
    /// # Panics
    /// When the batch size does not fit in 32 bits; a checked cell's does.
    pub fn new(
        probabilities: &FeatureProbabilities,
        values: ValueDistribution,
        seed: u64,
        batch_size: usize,
    ) -> Self {
        let batch_size = u32::try_from(batch_size).expect("a cell has at most 2²⁴ samples a batch");
        let mut features = Vec::new();
        let mut likely = Draws::default();
        for (feature, &p) in (0..).zip(probabilities.as_slice()) {
            // `libm` rather than the system's logarithm, so that batches agree to the last bit
            // wherever they are drawn.
            let ln_inactive = libm::log1p(-p);
            for number in 0..likely_draws(p * f64::from(batch_size)) {
                likely.numbers.push(number);
                likely.features.push(feature);
                likely.ln_inactive.push(ln_inactive);
            }
            features.push(Feature { ln_inactive, end: likely.numbers.len() });
        }
        likely.distances.resize(likely.numbers.len(), 0);
        likely.words.resize(likely.numbers.len(), 0);
        Self { values, seed, batch_size, features, likely, joint: Arc::default() }
    }

    /// The batch that belongs to `step` (from 0) of `stream`.
    ///
    /// # Panics
    /// When `step` or a batch index does not fit in 32 bits; a checked cell's do.
    pub fn batch(&mut self, stream: Stream, step: u64) -> SparseBatch {
        let step = u32::try_from(step).expect("a cell has at most 10⁹ steps");
        let (seed, batch_size) = (self.seed, self.batch_size);
        Arch::new().dispatch(Make { likely: &mut self.likely, step, stream, seed, batch_size });
        let Draws { distances, words, .. } = &self.likely;
        let mut active = Vec::with_capacity(distances.len());
        let mut start = 0;
        for (feature, of) in (0_u32..).zip(&self.features) {
            let likely = distances[start..of.end].iter().zip(&words[start..of.end]);
            start = of.end;
            // Samples not yet gone by.
            let mut left = batch_size;
            let mut take = |distance: u32, word: u32| {
                if distance >= left {
                    return false;
                }
                let sample = batch_size - left + distance;
                active.push(Active { sample, feature, value: self.values.value(word) });
                left -= distance + 1;
                true
            };
            let n_likely = u32::try_from(likely.len()).expect("a batch has fewer samples");
            if likely.into_iter().all(|(distance, word)| take(*distance, *word)) {
                for number in n_likely.. {
                    let words = philox4x32([number, feature, step, stream as u32], seed);
                    let distance = distance(words[0], words[1], of.ln_inactive, batch_size);
                    if !take(distance, words[2]) {
                        break;
                    }
                }
            }
        }
        let draw = Draw { seed, stream, step, batch_size, values: self.values };
        self.joint.batch(SparseBatch { active }, &draw)
    }
}

/// Active features of a sample on average, over the test batches of a cell.
pub fn drawn_density(prepared: &Prepared) -> f64 {
    let mut sampler = Sampler::of(prepared);
    let train = &prepared.cell.train;
    let active = (0..train.test_batches).map(|i| sampler.batch(Stream::Test, i).active.len());
    active.sum::<usize>() as f64 / (train.test_batches as f64 * train.batch_size as f64)
}

/// Draws that a feature is likely to need when it is active in so many samples on average: one
/// more than samples, and half a standard deviation. What is missing is drawn one by one.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small number")]
fn likely_draws(samples: f64) -> u32 {
    (samples + 0.5 * samples.sqrt()).round() as u32 + 1
}

/// Makes the likely draws of a batch.
struct Make<'a> {
    likely: &'a mut Draws,
    step: u32,
    stream: Stream,
    seed: u64,
    batch_size: u32,
}

impl WithSimd for Make<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let Draws { numbers, features, ln_inactive, distances, words } = self.likely;
        let draws = numbers.iter().zip(features).zip(ln_inactive);
        let made = distances.iter_mut().zip(words);
        for (((number, feature), ln_inactive), (to, word)) in draws.zip(made) {
            let counter = [*number, *feature, self.step, self.stream as u32];
            let [high, low, value, _] = philox4x32(counter, self.seed);
            *word = value;
            *to = distance(high, low, *ln_inactive, self.batch_size);
        }
    }
}

/// Inactive samples before the next active one, for two random words; at most `batch_size`.
#[inline(always)]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a ratio of two numbers that are not positive, and small"
)]
fn distance(high: u32, low: u32, ln_inactive: f64, batch_size: u32) -> u32 {
    let ratio = ln_of_unit(unit(high, low)) / ln_inactive;
    // 0/0, for p = 0, is not less than anything: such a feature is never active.
    let end = f64::from(batch_size);
    let ratio = if ratio < end { ratio } else { end };
    ratio as i32 as u32
}

/// The natural logarithm of a number from 2⁻⁵³ to 1: bit for bit `libm::log`, without its branches
/// for other numbers, so that registers can do several together.
///
/// **Source**: the algorithm of fdlibm's `e_log.c` (Sun Microsystems 1993), error below 1 ulp.
#[inline(always)]
fn ln_of_unit(x: f64) -> f64 {
    const LN2_HIGH: f64 = 0.693_147_180_369_123_8;
    const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    const SERIES: [f64; 7] = [
        0.666_666_666_666_673_5,
        0.399_999_999_994_094_2,
        0.285_714_287_436_623_9,
        0.222_221_984_321_497_84,
        0.181_835_721_616_180_5,
        0.153_138_376_992_093_73,
        0.147_981_986_051_165_86,
    ];
    /// The upper word of √½.
    const ROOT_HALF: u32 = 0x3fe6_a09e;
    const ONE: u32 = 0x3ff0_0000;
    // x = 2^k (1 + f), with 1 + f from √½ to √2.
    let bits = x.to_bits();
    let upper = (bits >> 32) as u32 + (ONE - ROOT_HALF);
    let k = f64::from((upper >> 20) as i32 - 0x3ff);
    let upper = (upper & 0x000f_ffff) + ROOT_HALF;
    let f = f64::from_bits(u64::from(upper) << 32 | (bits & 0xffff_ffff)) - 1.0;
    let half_square = 0.5 * f * f;
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let [l1, l2, l3, l4, l5, l6, l7] = SERIES;
    let even = w * (l2 + w * (l4 + w * l6));
    let odd = z * (l1 + w * (l3 + w * (l5 + w * l7)));
    s * (half_square + (odd + even)) + k * LN2_LOW - half_square + f + k * LN2_HIGH
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frequency::power_law_weights;

    fn sampler(
        weights: &[f64],
        density: f64,
        values: ValueDistribution,
        seed: u64,
        batch_size: usize,
    ) -> Sampler {
        let p = FeatureProbabilities::scaled(weights, density).unwrap();
        Sampler::new(&p, values, seed, batch_size)
    }

    #[test]
    fn an_old_batch_stays_what_it_was() {
        // Written down when the sampler was made: if this changes, a seed has changed its meaning.
        let mut sampler =
            sampler(&power_law_weights(50, 1.0), 1.0, ValueDistribution::Uniform, 42, 8);
        let batch = sampler.batch(Stream::Train, 7);
        let places: Vec<_> = batch.active.iter().map(|a| (a.sample, a.feature)).collect();
        assert_eq!(places, GOLDEN_PLACES);
        let total: f32 = batch.active.iter().map(|a| a.value).sum();
        assert!((total - GOLDEN_TOTAL).abs() < 1e-5, "{total}");
    }
    const GOLDEN_PLACES: [(u32, u32); 8] =
        [(3, 0), (4, 0), (0, 1), (2, 2), (2, 6), (1, 24), (2, 33), (2, 35)];
    const GOLDEN_TOTAL: f32 = 9.298_222;

    #[test]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "small numbers, not negative"
    )]
    fn batches_are_what_the_definition_says() {
        // One draw at a time and with libm's logarithm, for frequent and rare features.
        for (weights, density, batch_size) in [
            (power_law_weights(300, 1.0), 1.0, 2048_u32),
            (power_law_weights(40, 0.0), 20.0, 333),
            (vec![1.0, 0.5, 0.0, 1e-9], 1.5, 77),
        ] {
            let p = FeatureProbabilities::scaled(&weights, density).unwrap();
            let mut sampler = Sampler::new(&p, ValueDistribution::Uniform, 5, batch_size as usize);
            for step in 0..20 {
                let mut expected = Vec::new();
                for (feature, &p) in (0..).zip(p.as_slice()) {
                    let mut next = 0.0;
                    for draw in 0.. {
                        let words = philox4x32([draw, feature, step, 0], 5);
                        let distance = libm::log(unit(words[0], words[1])) / libm::log1p(-p);
                        next += distance.floor();
                        if next.is_nan() || next >= f64::from(batch_size) {
                            break;
                        }
                        let value = ((f64::from(words[2]) + 0.5) / 2_f64.powi(31)) as f32;
                        expected.push(Active { sample: next as u32, feature, value });
                        next += 1.0;
                    }
                }
                assert_eq!(sampler.batch(Stream::Train, step.into()).active, expected);
            }
        }
    }

    #[test]
    fn the_logarithm_is_libms_to_the_last_bit() {
        let ends = [unit(0, 0), unit(u32::MAX, u32::MAX), 0.5, 0.5_f64.sqrt(), 0.75];
        let drawn = (0..1_000_000).map(|k| {
            let [high, low, shift, _] = philox4x32([k, 0, 0, 0], 1);
            unit(high, low).powi(1 + (shift % 3) as i32).max(unit(0, 0))
        });
        for x in ends.into_iter().chain(drawn) {
            assert_eq!(ln_of_unit(x).to_bits(), libm::log(x).to_bits(), "{x}");
        }
    }

    #[test]
    fn steps_streams_and_seeds_give_different_batches() {
        let with =
            |seed| sampler(&power_law_weights(50, 0.0), 1.0, ValueDistribution::Uniform, seed, 64);
        let first = with(1).batch(Stream::Train, 0);
        assert_eq!(first, with(1).batch(Stream::Train, 0));
        assert_ne!(first, with(1).batch(Stream::Train, 1));
        assert_ne!(first, with(1).batch(Stream::Test, 0));
        assert_ne!(first, with(2).batch(Stream::Train, 0));
    }

    #[test]
    fn a_larger_batch_begins_with_the_smaller_one() {
        let of = |batch_size| {
            let weights = power_law_weights(50, 1.0);
            sampler(&weights, 2.0, ValueDistribution::Uniform, 1, batch_size)
                .batch(Stream::Train, 3)
        };
        let mut larger = of(64);
        larger.active.retain(|a| a.sample < 16);
        assert_eq!(larger, of(16));
    }

    #[test]
    fn certain_features_are_always_active_and_impossible_ones_never() {
        let mut sampler = sampler(&[1.0, 0.0], 1.0, ValueDistribution::Constant, 1, 100);
        let batch = sampler.batch(Stream::Train, 0);
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
        let (batches, size) = (200_u32, 1000_u32);
        let mut sampler = Sampler::new(&p, ValueDistribution::Uniform, 11, size as usize);
        let mut counts = vec![0_u32; weights.len()];
        let mut together = 0_u32;
        for step in 0..batches {
            let mut first = vec![false; size as usize];
            for a in sampler.batch(Stream::Train, step.into()).active {
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
            let mut sampler = sampler(&power_law_weights(10, 0.0), 5.0, values, 5, 400);
            let drawn: Vec<f64> = (0..100)
                .flat_map(|step| sampler.batch(Stream::Test, step).active)
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
