//! How symbols of a text depend on those a distance before: the covariance of one-hot symbols at a
//! lag.
//!
//! `C(n)_{ab} = P(x_i = a, x_{i+n} = b) − P(x_i = a) P(x_{i+n} = b)`, of which the operator norm is
//! taken. It falls as a power of the lag in natural text and exponentially in a chain. **Source**:
//! Cagnetta, Raventós, Ganguli & Wyart 2026, who predict the exponent of the loss by data from it
//! and from how fast the conditional entropy falls.

use faer::Mat;
use superpose_stats::power_law::{PowerLaw, fit_power_law};

use crate::error::{LawError, ensure};
use crate::prediction::scale_law::{Form, ScaleLaw, fit_scale_law};
use crate::redundancy::text::entropies::{ContextEntropy, shuffled};

/// A norm counts as seen above this many times the noise: twice for what chance has, and the rest
/// as symbols that depend on their neighbours scatter more than those in random order.
const ABOVE_NOISE: f64 = 3.0;
/// Random orders whose norms are the noise.
const SHUFFLES: u64 = 4;

/// How symbols depend on those a lag before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LagNorm {
    /// Places between the two.
    pub lag: usize,
    /// The norm of their covariance.
    pub norm: f64,
    /// The largest norm there of the same symbols in four random orders.
    pub noise: f64,
}

/// The norms of a text at `lags`, beside those in random orders drawn from `seed` on.
///
/// # Errors
/// As [`lag_norms`].
pub fn lag_norms_and_noise(
    text: &[u8],
    lags: &[usize],
    seed: u64,
) -> Result<Vec<LagNorm>, LawError> {
    let norms = lag_norms(text, lags)?;
    let mut noise = vec![0.0_f64; lags.len()];
    for order in 0..SHUFFLES {
        let shuffled = lag_norms(&shuffled(text, seed.wrapping_add(order)), lags)?;
        noise.iter_mut().zip(shuffled).for_each(|(most, norm)| *most = most.max(norm));
    }
    let rows = lags.iter().zip(norms).zip(noise);
    Ok(rows.map(|((lag, norm), noise)| LagNorm { lag: *lag, norm, noise }).collect())
}

/// Which of `found`, by ascending lag, stand out of the noise: those before the first that does
/// not. The noise is the largest of all lags, as one lag's may be small by chance.
pub fn stand_out(found: &[LagNorm]) -> Vec<bool> {
    let noise = found.iter().map(|lag| lag.noise).fold(0.0, f64::max);
    let mut all_before = true;
    let mut stands_out = |lag: &LagNorm| {
        all_before &= lag.norm > ABOVE_NOISE * noise;
        all_before
    };
    found.iter().map(&mut stands_out).collect()
}

/// The operator norms of the covariances at `lags`, each from the `N − n` pairs of symbols that are
/// `n` apart.
///
/// Of `V` equally frequent symbols without any dependence it is about `2/√(V N)`.
///
/// # Errors
/// [`LawError`] for a lag of zero or one that is not shorter than the text.
pub fn lag_norms(text: &[u8], lags: &[usize]) -> Result<Vec<f64>, LawError> {
    let mut places = [usize::MAX; 256];
    let mut n_seen = 0;
    for symbol in text {
        let place = &mut places[usize::from(*symbol)];
        if *place == usize::MAX {
            (*place, n_seen) = (n_seen, n_seen + 1);
        }
    }
    let norm = |lag: &usize| {
        let longest = text.len().saturating_sub(1);
        ensure!((1..=longest).contains(lag), "a lag must be from 1 to {longest}, got {lag}");
        let mut pairs = Mat::<f64>::zeros(n_seen, n_seen);
        for (first, second) in text.iter().zip(&text[*lag..]) {
            pairs[(places[usize::from(*first)], places[usize::from(*second)])] += 1.0;
        }
        let n_pairs = (text.len() - lag) as f64;
        let firsts: Vec<f64> = (0..n_seen).map(|i| pairs.row(i).sum() / n_pairs).collect();
        let seconds: Vec<f64> = (0..n_seen).map(|j| pairs.col(j).sum() / n_pairs).collect();
        let covariance =
            Mat::from_fn(n_seen, n_seen, |i, j| pairs[(i, j)] / n_pairs - firsts[i] * seconds[j]);
        let values = covariance.singular_values();
        let values =
            values.map_err(|_| LawError(format!("the covariance at lag {lag} has no norm")))?;
        Ok(values.first().copied().unwrap_or(0.0))
    };
    lags.iter().map(norm).collect()
}

/// What a text's statistics say of how fast a model's loss would fall with data.
#[derive(Debug, Clone, PartialEq)]
pub struct DataLimited {
    /// `β_c`: the fall of the norms by lag, over those that [`stand_out`]; none for fewer than
    /// three of them.
    pub correlation: Option<PowerLaw>,
    /// The fall of the conditional entropy by context, `H_∞ + b k^-γ`, over the contexts that are
    /// trusted; none for fewer than four of them, and where it falls by no more than counting alone
    /// makes of a constant one.
    pub entropy: Option<ScaleLaw>,
}

impl DataLimited {
    /// Fits the fall of the norms, by ascending lag, and of the entropies of a text of `n_symbols`.
    pub fn of(found: &[LagNorm], entropies: &[ContextEntropy], n_symbols: usize) -> Self {
        let seen = found.iter().zip(stand_out(found)).filter(|(_, stands_out)| *stands_out);
        let (x, y): (Vec<f64>, Vec<f64>) = seen.map(|(lag, _)| (lag.lag as f64, lag.norm)).unzip();
        Self {
            correlation: fit_power_law(&x, &y).ok(),
            entropy: entropy_fall(entropies, n_symbols),
        }
    }

    /// `γ`.
    pub fn entropy_exponent(&self) -> Option<f64> {
        self.entropy.as_ref().map(|law| law.parameters[1])
    }

    /// `γ/(2 β_c)`, the predicted exponent of the loss by data; none where dependence does not
    /// fall.
    pub fn exponent(&self) -> Option<f64> {
        let correlation = self.correlation.filter(|law| law.exponent > 0.0)?;
        Some(self.entropy_exponent()? / (2.0 * correlation.exponent))
    }
}

/// The entropies that are trusted, and of more than no context.
pub fn trusted(entropies: &[ContextEntropy]) -> impl Iterator<Item = &ContextEntropy> {
    entropies.iter().filter(|entropy| entropy.trusted && entropy.context_length > 0)
}

fn entropy_fall(entropies: &[ContextEntropy], n_symbols: usize) -> Option<ScaleLaw> {
    let (first, last) = (trusted(entropies).next()?, trusted(entropies).last()?);
    // Miller's shortfall of an entropy that was counted.
    let contexts = entropies.iter().find(|e| e.context_length + 1 == last.context_length)?.n_grams;
    let grams = last.n_grams.saturating_sub(contexts) as f64;
    let shortfall = grams / (2.0 * n_symbols as f64 * std::f64::consts::LN_2);
    if first.conditional_bits - last.conditional_bits <= 2.0 * shortfall {
        return None;
    }
    let point = |e: &ContextEntropy| (e.context_length as f64, e.conditional_bits);
    let points: Vec<(f64, f64)> = trusted(entropies).map(point).collect();
    fit_scale_law(&points, Form::Offset).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redundancy::text::entropies::context_entropies;
    use crate::redundancy::text::sources::Source;

    const LAGS: [usize; 4] = [1, 2, 3, 6];

    #[test]
    fn a_chain_forgets_exponentially_and_independent_symbols_at_once() {
        let text = Source::Markov { flip_probability: 0.1 }.text(1_000_000, 1);
        // Both symbols are as often, so that C(n) is (1 − 2p)ⁿ/4 times [[1, −1], [−1, 1]], of norm
        // 2.
        for (norm, lag) in lag_norms(&text, &LAGS).unwrap().iter().zip([1, 2, 3, 6]) {
            assert!((norm - 0.5 * 0.8_f64.powi(lag)).abs() < 2e-3, "{lag}: {norm}");
        }
        let uniform = Source::Uniform { n_symbols: 16 }.text(1_000_000, 3);
        for norm in lag_norms(&uniform, &LAGS).unwrap() {
            let expected = 2.0 / (16.0 * 1e6_f64).sqrt();
            assert!((norm / expected - 1.0).abs() < 0.5, "{norm} {expected}");
        }
    }

    #[test]
    fn what_only_chance_has_does_not_stand_out() {
        // A chain's own dependence makes chance larger than in random order.
        let lags = [64, 128, 256, 512, 1024];
        let mut texts = 0;
        for seed in 0..40 {
            let text = Source::Markov { flip_probability: 0.1 }.text(40_000, seed);
            let found = lag_norms_and_noise(&text, &lags, 100 * seed).unwrap();
            texts += u32::from(stand_out(&found).contains(&true));
        }
        assert!(texts <= 3, "{texts} of 40");
    }

    #[test]
    fn a_text_that_repeats_has_full_correlation_at_its_period() {
        let text = b"abcd".repeat(1000);
        // One symbol tells the other: 1/4 on each of four, less the mean.
        for norm in lag_norms(&text, &[1, 4, 8]).unwrap() {
            assert!((norm - 0.25).abs() < 1e-3, "{norm}");
        }
    }

    fn entropy(k: usize, bits: f64, trusted: bool) -> ContextEntropy {
        ContextEntropy {
            context_length: k,
            conditional_bits: bits,
            block_bits: 0.0,
            redundancy: 0.0,
            n_grams: 10 * (k + 1),
            trusted,
        }
    }

    #[test]
    fn exponents_are_fitted_where_there_is_something_to_see() {
        let lag = |lag, norm| LagNorm { lag, norm, noise: 0.001 };
        let norms = [lag(1, 0.1), lag(2, 0.05), lag(4, 0.025), lag(8, 0.0125), lag(16, 0.001)];
        let falling = |n_trusted| -> Vec<ContextEntropy> {
            let bits = |k: usize| if k == 0 { 5.0 } else { 1.0 + 2.0 * (k as f64).powf(-0.5) };
            (0..8).map(|k| entropy(k, bits(k), k < n_trusted)).collect()
        };
        let found = DataLimited::of(&norms, &falling(6), 100_000);
        assert!((found.correlation.unwrap().exponent - 1.0).abs() < 1e-12);
        assert_eq!(found.correlation.unwrap().n_points, 4);
        assert!((found.entropy_exponent().unwrap() - 0.5).abs() < 1e-4);
        assert!((found.exponent().unwrap() - 0.25).abs() < 1e-4);
        let found = DataLimited::of(&norms[3..], &falling(4), 100_000);
        assert!(found.correlation.is_none() && found.entropy.is_none());
        assert_eq!(found.exponent(), None);
        // After a lag that is noise none is looked at.
        let gap = [lag(1, 0.1), lag(2, 0.001), lag(4, 0.05), lag(8, 0.04)];
        assert_eq!(stand_out(&gap), [true, false, false, false]);
        // Dependence that grows has no exponent of a fall.
        let growing = [lag(1, 0.1), lag(2, 0.2), lag(4, 0.4)];
        assert_eq!(DataLimited::of(&growing, &falling(6), 100_000).exponent(), None);
    }

    #[test]
    fn the_entropy_of_a_chain_does_not_fall() {
        let text = Source::Markov { flip_probability: 0.1 }.text(100_000, 1);
        let entropies = context_entropies(&text, 6).unwrap();
        assert_eq!(trusted(&entropies).count(), 6);
        assert_eq!(DataLimited::of(&[], &entropies, text.len()).entropy, None);
    }

    #[test]
    fn lags_outside_the_text_are_refused() {
        let said = |lag| lag_norms(b"abc", &[lag]).unwrap_err().to_string();
        assert!(said(0).contains("from 1 to 2, got 0") && said(3).contains("got 3"));
    }
}
