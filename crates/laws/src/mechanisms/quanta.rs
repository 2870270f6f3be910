//! The quanta model: knowledge comes in indivisible pieces, used with the frequencies of a power
//! law.
//!
//! A piece that is learned takes its frequency off the loss, which is one before anything is
//! learned. Each piece is a step, and only the sum over pieces falls smoothly; that is the model's
//! picture of emergence. **Source**: Michaud, Liu, Girit & Tegmark 2023 (arXiv 2303.13506); Hutter
//! 2021 for data.
//!
//! There are infinitely many pieces, so that no sum is cut off: its tail is an integral that is
//! known exactly.

use statrs::function::gamma::{gamma_lr, gamma_ur, ln_gamma};

/// Pieces whose chance to be learned is taken from the binomial distribution; the others are so
/// rare that the Poisson distribution gives the same to `1e-5` of the loss.
const N_EXACT: u64 = 4096;

/// `B_2j / (2j)!` for `j` from 1: the coefficients of the Euler–Maclaurin formula.
const EULER_MACLAURIN: [f64; 8] = [
    1.0 / 12.0,
    -1.0 / 720.0,
    1.0 / 30_240.0,
    -1.0 / 1_209_600.0,
    1.0 / 47_900_160.0,
    -691.0 / 1_307_674_368_000.0,
    1.0 / 74_724_249_600.0,
    -3617.0 / 10_670_622_842_880_000.0,
];

/// Model exponents whose sums double precision can take.
pub const MODEL_EXPONENTS: (f64, f64) = (1e-3, 30.0);

/// Why there is no such model.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum QuantaError {
    /// The frequencies do not add up, or are none.
    #[error(
        "`model_exponent` must be from {} to {}, got {model_exponent}",
        MODEL_EXPONENTS.0,
        MODEL_EXPONENTS.1
    )]
    ModelExponent {
        /// The exponent.
        model_exponent: f64,
    },
    /// A piece would be learned without an example.
    #[error("`threshold` must be at least 1, got 0")]
    Threshold,
}

/// How many independent samples there are, and how many examples teach a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lessons {
    n_samples: u64,
    threshold: u32,
}

impl Lessons {
    /// `n_samples` samples of one piece each, of which `threshold` teach it.
    ///
    /// # Errors
    /// [`QuantaError::Threshold`] when it is zero.
    pub fn new(n_samples: u64, threshold: u32) -> Result<Self, QuantaError> {
        if threshold == 0 {
            return Err(QuantaError::Threshold);
        }
        Ok(Self { n_samples, threshold })
    }
}

/// Pieces of knowledge with frequencies `p_k = k^-(1+α) / ζ(1+α)`, `k` from 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quanta {
    model_exponent: f64,
    /// `ζ(1+α)`.
    norm: f64,
}

impl Quanta {
    /// The model whose loss falls with the exponent `model_exponent`, `α`, in the number of pieces
    /// learned.
    ///
    /// # Errors
    /// [`QuantaError::ModelExponent`] outside [`MODEL_EXPONENTS`].
    pub fn new(model_exponent: f64) -> Result<Self, QuantaError> {
        if !(MODEL_EXPONENTS.0..=MODEL_EXPONENTS.1).contains(&model_exponent) {
            return Err(QuantaError::ModelExponent { model_exponent });
        }
        Ok(Self { model_exponent, norm: zeta(1.0 + model_exponent) })
    }

    /// The exponent of the loss in the number of pieces learned, `α`; in parameters too, if each
    /// piece takes equally many.
    pub fn model_exponent(&self) -> f64 {
        self.model_exponent
    }

    /// The exponent of the loss in the number of samples: `α / (1 + α)`.
    pub fn data_exponent(&self) -> f64 {
        self.model_exponent / (1.0 + self.model_exponent)
    }

    /// The share of samples that need piece `rank`, counted from one; infinite at zero.
    pub fn frequency(&self, rank: u64) -> f64 {
        (rank as f64).powf(-1.0 - self.model_exponent) / self.norm
    }

    /// The loss when the `n_learned` most frequent pieces are known: `ζ(1+α, n+1) / ζ(1+α)`, from
    /// one.
    pub fn loss_when_learned(&self, n_learned: u64) -> f64 {
        hurwitz_zeta(1.0 + self.model_exponent, n_learned as f64 + 1.0) / self.norm
    }

    /// What [`loss_when_learned`](Self::loss_when_learned) is divided by `n^-α` for large `n`:
    /// `1 / (α ζ(1+α))`.
    pub fn model_prefactor(&self) -> f64 {
        1.0 / (self.model_exponent * self.norm)
    }

    /// How many pieces are expected to come up at least as often as the threshold: the largest `n`
    /// with `D p_n ≥ τ`, without its fraction cut off, `(D / (τ ζ(1+α)))^(1/(1+α))`.
    pub fn expected_learned(&self, lessons: Lessons) -> f64 {
        let ratio = lessons.n_samples as f64 / (f64::from(lessons.threshold) * self.norm);
        ratio.powf(1.0 / (1.0 + self.model_exponent))
    }

    /// The probability that piece `rank`, counted from one, comes up at least as often as the
    /// threshold.
    ///
    /// Against the number of samples it is a step of fixed width on a logarithmic axis, at
    /// `D ≈ τ / p_k`.
    pub fn learned_probability(&self, rank: u64, lessons: Lessons) -> f64 {
        1.0 - BelowThreshold::new(lessons).probability(self.frequency(rank))
    }

    /// The expected loss after independent samples: `Σ_k p_k P(count of k < τ)`, to `1e-5` of
    /// itself.
    pub fn loss_from_samples(&self, lessons: Lessons) -> f64 {
        if lessons.n_samples < u64::from(lessons.threshold) {
            return 1.0;
        }
        let below = BelowThreshold::new(lessons);
        let head: f64 = (1..=N_EXACT)
            .map(|rank| {
                let frequency = self.frequency(rank);
                frequency * below.probability(frequency)
            })
            .sum();
        head + self.tail(lessons)
    }

    /// What [`loss_from_samples`](Self::loss_from_samples) is divided by `D^-α/(1+α)` for many
    /// samples: `ζ(1+α)^(-1/(1+α)) / α · Γ(τ + γ) / Γ(τ)` with `γ = α/(1+α)`.
    ///
    /// For `τ = 1` the last factors are `Γ(γ) / (1+α)`, the constant of learning from a single
    /// example.
    pub fn data_prefactor(&self, threshold: u32) -> f64 {
        let (exponent, threshold) = (self.data_exponent(), f64::from(threshold));
        let ratio = (ln_gamma(threshold + exponent) - ln_gamma(threshold)).exp();
        self.norm.powf(-1.0 / (1.0 + self.model_exponent)) / self.model_exponent * ratio
    }

    /// The pieces after the exact ones, with Poisson counts: the integral over `k` from halfway
    /// before the first.
    ///
    /// In `x = D p` it is `∫ x^(γ−1) Q(τ, x) dx` from zero, done by parts.
    fn tail(&self, lessons: Lessons) -> f64 {
        let (exponent, threshold) = (self.data_exponent(), f64::from(lessons.threshold));
        let (n, power) = (lessons.n_samples as f64, 1.0 + self.model_exponent);
        let end = n * (N_EXACT as f64 + 0.5).powf(-power) / self.norm;
        let ratio = (ln_gamma(threshold + exponent) - ln_gamma(threshold)).exp();
        let integral = end.powf(exponent) * gamma_ur(threshold, end)
            + ratio * gamma_lr(threshold + exponent, end);
        self.norm.powf(-1.0 / power) / self.model_exponent * n.powf(-exponent) * integral
    }
}

/// The binomial probability of a count below the threshold.
struct BelowThreshold {
    n: f64,
    threshold: u32,
    /// `ln C(n, τ − 1)`, not from factorials, whose logarithms would cancel.
    ln_choices: f64,
}

impl BelowThreshold {
    fn new(lessons: Lessons) -> Self {
        let n = lessons.n_samples as f64;
        let ln_choices = (0..lessons.threshold - 1)
            .map(|i| ((n - f64::from(i)) / (f64::from(i) + 1.0)).ln())
            .sum();
        Self { n, threshold: lessons.threshold, ln_choices }
    }

    /// For a piece of this frequency. Terms are added away from the threshold, on the side of the
    /// smaller sum.
    fn probability(&self, frequency: f64) -> f64 {
        let (n, threshold) = (self.n, f64::from(self.threshold));
        if n < threshold {
            return 1.0;
        }
        if frequency >= 1.0 {
            return 0.0;
        }
        let last = threshold - 1.0;
        let ln_last = self.ln_choices + last * frequency.ln() + (n - last) * (-frequency).ln_1p();
        let odds = frequency / (1.0 - frequency);
        let (mut count, mut sum) = (last, 0.0);
        if n * frequency > last {
            let mut term = ln_last.exp();
            while term > 0.0 && sum + term > sum {
                sum += term;
                term *= count / ((n - count + 1.0) * odds);
                count -= 1.0;
            }
            return sum;
        }
        let mut term = (ln_last + ((n - last) / threshold * odds).ln()).exp();
        while term > 0.0 && sum + term > sum {
            count += 1.0;
            sum += term;
            term *= (n - count) / (count + 1.0) * odds;
        }
        1.0 - sum
    }
}

/// Riemann's zeta function for `s > 1`: `Σ_{k≥1} k^-s`. Infinite for `s ≤ 1`, where the sum is.
pub fn zeta(s: f64) -> f64 {
    hurwitz_zeta(s, 1.0)
}

/// Hurwitz's zeta function for `s > 1` and `q > 0`: `Σ_{k≥0} (k + q)^-s`, to about `1e-14` of
/// itself. Infinite for `s ≤ 1` or `q ≤ 0`.
///
/// Terms are added until `q` is past `12 + s`; the rest is `q^(1−s)/(s−1) + q^-s/2` and eight
/// corrections of the Euler–Maclaurin formula.
pub fn hurwitz_zeta(s: f64, q: f64) -> f64 {
    if s <= 1.0 || q <= 0.0 {
        return f64::INFINITY;
    }
    let (mut place, mut sum) = (q, 0.0);
    while place < 12.0 + s {
        sum += place.powf(-s);
        place += 1.0;
    }
    let power = place.powf(-s);
    sum += power * (place / (s - 1.0) + 0.5);
    // s (s+1) … (s+2j−2) · place^(−s−2j+1), built up.
    let mut factor = power * s / place;
    for (j, coefficient) in EULER_MACLAURIN.into_iter().enumerate() {
        sum += coefficient * factor;
        let next = s + (2 * j + 1) as f64;
        factor *= next * (next + 1.0) / (place * place);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use statrs::function::beta::beta_reg;
    use statrs::function::gamma::gamma;

    fn model(model_exponent: f64) -> Quanta {
        Quanta::new(model_exponent).unwrap()
    }

    fn lessons(n_samples: u64, threshold: u32) -> Lessons {
        Lessons::new(n_samples, threshold).unwrap()
    }

    #[test]
    fn zeta_has_its_known_values_and_its_pole() {
        let pi = std::f64::consts::PI;
        for (s, value) in [
            (2.0, pi * pi / 6.0),
            (4.0, pi.powi(4) / 90.0),
            (6.0, pi.powi(6) / 945.0),
            (3.0, 1.202_056_903_159_594_3),
            (1.5, 2.612_375_348_685_488),
            (60.0, 1.0 + 2.0_f64.powi(-60)),
        ] {
            assert!((zeta(s) / value - 1.0).abs() < 2e-15, "{s}: {}", zeta(s));
        }
        // ζ(1+ε) = 1/ε + γ_E − γ₁ ε + …, with γ₁ = −0.0728.
        let epsilon = 1e-4;
        let laurent = 1.0 / epsilon + 0.577_215_664_901_532_9 + 0.072_815_845_483_676_7 * epsilon;
        assert!((zeta(1.0 + epsilon) - laurent).abs() < 1e-8);
        assert!(zeta(1.0).is_infinite() && hurwitz_zeta(2.0, 0.0).is_infinite());
    }

    #[test]
    fn zeta_agrees_with_the_alternating_series_and_with_its_multiples() {
        for s in [1.05, 1.3, 1.5, 2.7, 9.0] {
            // Σ (−1)^(k−1) k^-s = (1 − 2^(1−s)) ζ(s), its partial sums averaged again and again.
            let mut sums: Vec<f64> = (1..=60)
                .scan((0.0, 1.0), |(sum, sign), k| {
                    *sum += *sign * f64::from(k).powf(-s);
                    *sign = -*sign;
                    Some(*sum)
                })
                .collect();
            while sums.len() > 1 {
                sums = sums.windows(2).map(|pair| f64::midpoint(pair[0], pair[1])).collect();
            }
            let eta = (1.0 - 2.0_f64.powf(1.0 - s)) * zeta(s);
            assert!((sums[0] - eta).abs() < 1e-13, "{s}: {} {eta}", sums[0]);
            // Every third term, three times.
            let thirds: f64 = [1.0, 2.0, 3.0].map(|q| hurwitz_zeta(s, q / 3.0)).iter().sum();
            assert!((thirds / 3.0_f64.powf(s) / zeta(s) - 1.0).abs() < 1e-13);
        }
    }

    #[test]
    fn frequencies_add_up_to_one_with_what_is_left_out() {
        for exponent in [0.3, 0.5, 1.0] {
            let quanta = model(exponent);
            for n_learned in [0, 1, 7, 5000] {
                let known: f64 = (1..=n_learned).map(|rank| quanta.frequency(rank)).sum();
                assert!((known + quanta.loss_when_learned(n_learned) - 1.0).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn the_loss_falls_with_its_exponents_in_pieces_and_in_samples() {
        let slope = |a: f64, b: f64| -(b / a).ln() / 1000.0_f64.ln();
        for exponent in [0.3, 0.5, 1.0] {
            let quanta = model(exponent);
            let loss = [100, 100_000].map(|n| quanta.loss_when_learned(n));
            assert!((slope(loss[0], loss[1]) - exponent).abs() < 1e-3 * exponent);
            let law = quanta.model_prefactor() * 1e5_f64.powf(-exponent);
            assert!((loss[1] / law - 1.0).abs() < 1e-5);
            for threshold in [1, 5, 20] {
                let at = |n| quanta.loss_from_samples(lessons(n, threshold));
                let found = slope(at(1_000_000), at(1_000_000_000));
                let law = [0.2308, 0.3333, 0.5][[0.3, 0.5, 1.0].partition_point(|e| *e < exponent)];
                assert!((quanta.data_exponent() - law).abs() < 5e-5);
                assert!((found - law).abs() < 3e-4, "{exponent} {threshold}: {found}");
                let prefactor = quanta.data_prefactor(threshold);
                let ratio = at(1_000_000_000) / (prefactor * 1e9_f64.powf(-quanta.data_exponent()));
                assert!((ratio - 1.0).abs() < 2e-5, "{exponent} {threshold}: {ratio}");
                // Learning a piece when it is expected often enough has the same exponent.
                let learned = [1_000_000, 1_000_000_000]
                    .map(|n| quanta.expected_learned(lessons(n, threshold)));
                let found = -slope(learned[0], learned[1]);
                assert!((found - 1.0 / (1.0 + exponent)).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn losses_from_samples_have_their_known_values_and_prefactor() {
        let quanta = model(0.5);
        // The losses are those of an independent sum; the prefactor is their limit.
        for (n, loss) in [(1000, 0.094_135), (10_000, 0.043_702), (100_000, 0.020_285)] {
            let exact = quanta.loss_from_samples(lessons(n, 1));
            assert!((exact - loss).abs() < 6e-7, "{exact}");
            let law = quanta.data_prefactor(1) * (n as f64).powf(-1.0 / 3.0);
            // What is left is one in D: rather e^(−Dp) than (1 − p)^D.
            assert!((exact / law - 1.0).abs() < 0.3 / n as f64 + 1e-5, "{}", exact / law);
        }
        // And in its own form.
        let own = zeta(1.5).powf(-1.0 / 1.5) / 1.5 * gamma(1.0 / 3.0);
        assert!((quanta.data_prefactor(1) / own - 1.0).abs() < 1e-12);
    }

    #[test]
    fn the_loss_from_samples_is_the_sum_over_very_many_pieces() {
        // Two million pieces one by one, the chance by the incomplete beta function; no later piece
        // is learned often enough to matter beyond its first order.
        let n_pieces = 2_000_000;
        for (exponent, n, threshold) in
            [(0.5, 10, 1), (0.5, 3000, 1), (1.0, 3000, 5), (1.0, 200, 20)]
        {
            let quanta = model(exponent);
            let (mut sum, mut learned) = (0.0, 0.0);
            for rank in 1..=n_pieces {
                let p = quanta.frequency(rank);
                learned = beta_reg(f64::from(threshold), n as f64 - f64::from(threshold) + 1.0, p);
                sum += p * (1.0 - learned);
            }
            assert!(learned < 1e-5);
            sum += quanta.loss_when_learned(n_pieces);
            let found = quanta.loss_from_samples(lessons(n, threshold));
            assert!((found / sum - 1.0).abs() < 1e-5, "{exponent} {n} {threshold}: {found} {sum}");
        }
    }

    #[test]
    fn chances_below_a_threshold_agree_with_the_incomplete_beta_function() {
        for (n, threshold) in [(1, 1), (5, 5), (40, 7), (1000, 20), (100_000, 900)] {
            let below = BelowThreshold::new(lessons(n, threshold));
            for mean in [0.01, 0.5, 1.0, 6.0, 7.0, 30.0, 850.0, 950.0] {
                let (n, threshold) = (n as f64, f64::from(threshold));
                let p = mean / n;
                if p < 1.0 {
                    let beta = 1.0 - beta_reg(threshold, n - threshold + 1.0, p);
                    let found = below.probability(p);
                    assert!((found - beta).abs() < 1e-11, "{n} {threshold} {mean}: {found} {beta}");
                }
            }
        }
    }

    #[test]
    fn a_piece_is_learned_in_a_step_where_it_is_expected() {
        let quanta = model(0.5);
        for rank in [10, 10_000] {
            let scale = 20.0 / quanta.frequency(rank);
            let at = |factor: f64| {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "the number of samples is positive and far below 2^63"
                )]
                let n = (factor * scale) as u64;
                quanta.learned_probability(rank, lessons(n, 20))
            };
            assert!(at(0.5) < 0.01 && (at(1.0) - 0.5).abs() < 0.05 && at(2.0) > 0.99);
        }
        // A single sample teaches the piece it shows.
        assert!((quanta.learned_probability(3, lessons(1, 1)) - quanta.frequency(3)).abs() < 1e-15);
        assert!(quanta.learned_probability(1, lessons(4, 5)).abs() < f64::EPSILON);
        assert!((quanta.loss_from_samples(lessons(4, 5)) - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn what_is_no_model_is_refused() {
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(matches!(Quanta::new(bad), Err(QuantaError::ModelExponent { .. })));
        }
        let message = Lessons::new(5, 0).unwrap_err().to_string();
        assert_eq!(message, "`threshold` must be at least 1, got 0");
    }
}
