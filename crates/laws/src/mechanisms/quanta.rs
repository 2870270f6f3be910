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

use crate::error::{LawError, ensure};

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

/// Pieces of knowledge with frequencies `p_k = k^-(1+α) / ζ(1+α)`, `k` from 1. One example teaches
/// a piece.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quanta {
    model_exponent: f64,
    /// `ζ(1+α)`.
    norm: f64,
}

impl Quanta {
    /// The model whose loss falls with the exponent `model_exponent`, `α`, in the number of pieces
    /// learned; in parameters too, if each piece takes equally many.
    ///
    /// # Errors
    /// [`LawError`] outside [`MODEL_EXPONENTS`], where the frequencies do not add up, or are none.
    pub fn new(model_exponent: f64) -> Result<Self, LawError> {
        let (least, most) = MODEL_EXPONENTS;
        let fits = (least..=most).contains(&model_exponent);
        ensure!(fits, "`model_exponent` must be from {least} to {most}, got {model_exponent}");
        Ok(Self { model_exponent, norm: hurwitz_zeta(1.0 + model_exponent, 1.0) })
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

    /// The expected loss after independent samples of one piece each: `Σ_k p_k (1 − p_k)^D`, to
    /// `1e-5` of itself.
    pub fn loss_from_samples(&self, n_samples: u64) -> f64 {
        let n = n_samples as f64;
        let missed = |frequency: f64| frequency * (n * (-frequency).ln_1p()).exp();
        let head: f64 = (1..=N_EXACT).map(|rank| missed(self.frequency(rank))).sum();
        head + self.tail(n)
    }

    /// The pieces after the exact ones, with Poisson counts: the integral over `k` from halfway
    /// before the first.
    ///
    /// In `x = D p` it is `∫ x^(γ−1) e^-x dx` from zero, done by parts.
    fn tail(&self, n_samples: f64) -> f64 {
        let (exponent, power) = (self.data_exponent(), 1.0 + self.model_exponent);
        let end = n_samples * (N_EXACT as f64 + 0.5).powf(-power) / self.norm;
        let ratio = (ln_gamma(1.0 + exponent) - ln_gamma(1.0)).exp();
        let integral =
            end.powf(exponent) * gamma_ur(1.0, end) + ratio * gamma_lr(1.0 + exponent, end);
        self.norm.powf(-1.0 / power) / self.model_exponent * n_samples.powf(-exponent) * integral
    }
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
    use statrs::function::gamma::gamma;

    fn model(model_exponent: f64) -> Quanta {
        Quanta::new(model_exponent).unwrap()
    }

    fn zeta(s: f64) -> f64 {
        hurwitz_zeta(s, 1.0)
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
        for (exponent, of_data) in [(0.3, 0.2308), (0.5, 0.3333), (1.0, 0.5)] {
            let quanta = model(exponent);
            let loss = [100, 100_000].map(|n| quanta.loss_when_learned(n));
            assert!((slope(loss[0], loss[1]) - exponent).abs() < 1e-3 * exponent);
            // For many pieces n^-α / (α ζ(1+α)).
            let law = 1e5_f64.powf(-exponent) / (exponent * zeta(1.0 + exponent));
            assert!((loss[1] / law - 1.0).abs() < 1e-5);
            let loss = [1_000_000, 1_000_000_000].map(|n| quanta.loss_from_samples(n));
            assert!((quanta.data_exponent() - of_data).abs() < 5e-5);
            assert!((slope(loss[0], loss[1]) - of_data).abs() < 3e-4, "{exponent}: {loss:?}");
        }
    }

    #[test]
    fn losses_from_samples_have_their_known_values_and_prefactor() {
        let quanta = model(0.5);
        // Γ(γ) / (1+α) · ζ(1+α)^(-1/(1+α)): the constant of learning from a single example.
        let prefactor = zeta(1.5).powf(-1.0 / 1.5) / 1.5 * gamma(1.0 / 3.0);
        // The losses are those of an independent sum; the prefactor is of their limit.
        for (n, loss) in [(1000, 0.094_135), (10_000, 0.043_702), (100_000, 0.020_285)] {
            let exact = quanta.loss_from_samples(n);
            assert!((exact - loss).abs() < 6e-7, "{exact}");
            let law = prefactor * (n as f64).powf(-1.0 / 3.0);
            // What is left is one in D: rather e^(−Dp) than (1 − p)^D.
            assert!((exact / law - 1.0).abs() < 0.3 / n as f64 + 1e-5, "{}", exact / law);
        }
    }

    #[test]
    fn the_loss_from_samples_is_the_sum_over_very_many_pieces() {
        // Two million pieces one by one; no later piece is learned often enough to matter beyond
        // its first order.
        let n_pieces = 2_000_000;
        for (exponent, n) in [(0.5, 10), (0.5, 3000), (1.0, 200)] {
            let quanta = model(exponent);
            let missed = |p: f64| p * (1.0 - p).powi(n);
            let sum: f64 = (1..=n_pieces).map(|rank| missed(quanta.frequency(rank))).sum();
            assert!(f64::from(n) * quanta.frequency(n_pieces) < 1e-5);
            let sum = sum + quanta.loss_when_learned(n_pieces);
            let found = quanta.loss_from_samples(u64::try_from(n).unwrap());
            assert!((found / sum - 1.0).abs() < 1e-5, "{exponent} {n}: {found} {sum}");
        }
    }

    #[test]
    fn what_is_no_model_is_refused() {
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(Quanta::new(bad).is_err());
        }
        let message = Quanta::new(0.0).unwrap_err().to_string();
        assert_eq!(message, "`model_exponent` must be from 0.001 to 30, got 0");
    }
}
