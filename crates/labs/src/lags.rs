//! How symbols of a text depend on those a distance before: the covariance of one-hot symbols at a lag.
//!
//! `C(n)_{ab} = P(x_i = a, x_{i+n} = b) − P(x_i = a) P(x_{i+n} = b)`, of which the operator norm is taken. It falls as a
//! power of the lag in natural text and exponentially in a chain. **Source**: Cagnetta, Raventós, Ganguli & Wyart 2026,
//! who predict the exponent of the loss by data from it and from how fast the conditional entropy falls.

use faer::Mat;
use superpose_stats::power_law::{PowerLaw, fit_power_law};
use superpose_stats::scale_law::{Form, ScaleLaw, fit_scale_law};

use crate::text::{ContextEntropy, TextError};

/// A norm counts as seen above so many times what the same symbols in random order have.
const ABOVE_NOISE: f64 = 3.0;

/// The operator norms of the covariances at `lags`, each from the `N − n` pairs of symbols that are `n` apart.
///
/// Of a text without any dependence it is about `2/√N`, and less where some symbols are rare.
///
/// # Errors
/// [`TextError::Lag`] for a lag of zero or one that is not shorter than the text; [`TextError::Empty`].
pub fn lag_norms(text: &[u8], lags: &[usize]) -> Result<Vec<f64>, TextError> {
    if text.is_empty() {
        return Err(TextError::Empty);
    }
    let mut places = [usize::MAX; 256];
    let mut n_seen = 0;
    for symbol in text {
        let place = &mut places[usize::from(*symbol)];
        if *place == usize::MAX {
            (*place, n_seen) = (n_seen, n_seen + 1);
        }
    }
    let norm = |lag: &usize| {
        if *lag == 0 || *lag >= text.len() {
            return Err(TextError::Lag { lag: *lag, n_symbols: text.len() });
        }
        let mut pairs = Mat::<f64>::zeros(n_seen, n_seen);
        for (first, second) in text.iter().zip(&text[*lag..]) {
            pairs[(places[usize::from(*first)], places[usize::from(*second)])] += 1.0;
        }
        let n_pairs = (text.len() - lag) as f64;
        let firsts: Vec<f64> = (0..n_seen).map(|i| pairs.row(i).sum() / n_pairs).collect();
        let seconds: Vec<f64> = (0..n_seen).map(|j| pairs.col(j).sum() / n_pairs).collect();
        let covariance =
            Mat::from_fn(n_seen, n_seen, |i, j| pairs[(i, j)] / n_pairs - firsts[i] * seconds[j]);
        let values = covariance.singular_values().map_err(|_| TextError::NoNorm { lag: *lag })?;
        Ok(values.first().copied().unwrap_or(0.0))
    };
    lags.iter().map(norm).collect()
}

/// What a text's statistics say of how fast a model's loss would fall with data.
#[derive(Debug, Clone, PartialEq)]
pub struct DataLimited {
    /// `β_c`: the fall of the norms by lag, over those that stand out of the noise; none for fewer than three of them.
    pub correlation: Option<PowerLaw>,
    /// The fall of the conditional entropy by context, `H_∞ + b k^-γ`, over the contexts that are trusted; none for fewer
    /// than four of them.
    pub entropy: Option<ScaleLaw>,
}

impl DataLimited {
    /// Whether each of `norms` stands out of `noise`, the norms of the text in random order.
    pub fn stand_out(norms: &[f64], noise: &[f64]) -> Vec<bool> {
        norms.iter().zip(noise).map(|(norm, noise)| *norm > ABOVE_NOISE * noise).collect()
    }

    /// Fits both falls.
    pub fn of(lags: &[usize], norms: &[f64], noise: &[f64], entropies: &[ContextEntropy]) -> Self {
        let stand_out = Self::stand_out(norms, noise);
        let (x, y): (Vec<f64>, Vec<f64>) = (lags.iter().zip(norms))
            .zip(stand_out)
            .filter_map(|((lag, norm), stands_out)| stands_out.then_some((*lag as f64, *norm)))
            .unzip();
        let trusted =
            entropies.iter().filter(|entropy| entropy.trusted && entropy.context_length > 0);
        let points: Vec<(f64, f64)> = trusted
            .map(|entropy| (entropy.context_length as f64, entropy.conditional_bits))
            .collect();
        Self {
            correlation: fit_power_law(&x, &y).ok(),
            entropy: fit_scale_law(&points, Form::Offset).ok(),
        }
    }

    /// `γ`.
    pub fn entropy_exponent(&self) -> Option<f64> {
        self.entropy.as_ref().map(|law| law.parameters[1])
    }

    /// `γ/(2 β_c)`, the predicted exponent of the loss by data.
    pub fn exponent(&self) -> Option<f64> {
        Some(self.entropy_exponent()? / (2.0 * self.correlation?.exponent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Source, shuffled};

    const LAGS: [usize; 4] = [1, 2, 3, 6];

    #[test]
    fn a_chain_forgets_exponentially_and_independent_symbols_at_once() {
        let text = Source::Markov { flip_probability: 0.1 }.text(1_000_000, 1).unwrap();
        // Both symbols are as often, so that C(n) is (1 − 2p)ⁿ/4 times [[1, −1], [−1, 1]], of norm 2.
        for (norm, lag) in lag_norms(&text, &LAGS).unwrap().iter().zip([1, 2, 3, 6]) {
            assert!((norm - 0.5 * 0.8_f64.powi(lag)).abs() < 2e-3, "{lag}: {norm}");
        }
        let noise = lag_norms(&shuffled(&text, 2), &LAGS).unwrap();
        assert!(noise.iter().all(|norm| *norm < 2e-3), "{noise:?}");
        let uniform = Source::Uniform { n_symbols: 16 }.text(1_000_000, 3).unwrap();
        assert!(lag_norms(&uniform, &LAGS).unwrap().iter().all(|norm| *norm < 1e-3));
    }

    #[test]
    fn a_text_that_repeats_has_full_correlation_at_its_period() {
        let text = b"abcd".repeat(1000);
        // One symbol tells the other: 1/4 on each of four, less the mean.
        for norm in lag_norms(&text, &[1, 4, 8]).unwrap() {
            assert!((norm - 0.25).abs() < 1e-3, "{norm}");
        }
    }

    #[test]
    fn exponents_are_fitted_where_there_is_something_to_see() {
        let lags = [1, 2, 4, 8, 16];
        let norms = [0.1, 0.05, 0.025, 0.0125, 0.001];
        let noise = [0.001; 5];
        let entropy = |k: usize, trusted| ContextEntropy {
            context_length: k,
            conditional_bits: if k == 0 { 5.0 } else { 1.0 + 2.0 * (k as f64).powf(-0.5) },
            block_bits: 0.0,
            redundancy: 0.0,
            n_grams: 0,
            trusted,
        };
        let entropies: Vec<_> = (0..8).map(|k| entropy(k, k < 6)).collect();
        let found = DataLimited::of(&lags, &norms, &noise, &entropies);
        assert!((found.correlation.unwrap().exponent - 1.0).abs() < 1e-12);
        assert_eq!(found.correlation.unwrap().n_points, 4);
        assert!((found.entropy_exponent().unwrap() - 0.5).abs() < 1e-4);
        assert!((found.exponent().unwrap() - 0.25).abs() < 1e-4);
        let few: Vec<_> = (0..8).map(|k| entropy(k, k < 4)).collect();
        let found = DataLimited::of(&lags[3..], &norms[3..], &noise[3..], &few);
        assert!(found.correlation.is_none() && found.entropy.is_none());
        assert_eq!(found.exponent(), None);
    }

    #[test]
    fn lags_outside_the_text_are_refused() {
        let said = |lag| lag_norms(b"abc", &[lag]).unwrap_err().to_string();
        assert!(said(0).contains("from 1 to 2, got 0") && said(3).contains("got 3"));
        assert!(matches!(lag_norms(b"", &[1]), Err(TextError::Empty)));
    }
}
