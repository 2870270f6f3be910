//! How often each feature occurs: laws for the relative frequencies, and their scaling to an
//! activation density.
//!
//! A law gives weights, in order of rank; [`FeatureProbabilities`] scales them so that they sum to
//! the activation density `E`, and refuses what no Bernoulli variable can follow.

/// Why a set of weights cannot become probabilities: a sentence that names the feature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FrequencyError(String);

/// Activation probabilities `p_i` of the features, each in `[0, 1]`, in order of rank.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureProbabilities(Vec<f64>);

/// Room for the rounding of `weight · E / Σ weights` when the largest probability is exactly one.
const ROUNDING: f64 = 1e-9;

impl FeatureProbabilities {
    /// The probabilities `p_i = E · weight_i / Σ_j weight_j`.
    ///
    /// # Errors
    /// [`FrequencyError`] when a weight is no frequency, or when some `p_i` would exceed one.
    pub fn scaled(weights: &[f64], activation_density: f64) -> Result<Self, FrequencyError> {
        let refuse = |sentence: String| Err(FrequencyError(sentence));
        if weights.is_empty() {
            return refuse("there must be at least one feature frequency, got none".to_owned());
        }
        if let Some(feature) = weights.iter().position(|w| !w.is_finite() || *w < 0.0) {
            return refuse(format!(
                "feature {feature} (counting from 0) has frequency {}; it must be finite and not negative",
                weights[feature]
            ));
        }
        let total: f64 = weights.iter().sum();
        if total <= 0.0 {
            let n = weights.len();
            return refuse(format!(
                "the {n} feature frequencies are all zero; at least one must be positive"
            ));
        }
        let scale = activation_density / total;
        let mut probabilities: Vec<f64> = weights.iter().map(|w| w * scale).collect();
        for (feature, p) in probabilities.iter_mut().enumerate() {
            if *p > 1.0 + ROUNDING {
                let largest = weights.iter().copied().fold(0.0, f64::max);
                let max_density = total / largest;
                return refuse(format!(
                    "feature {feature} (counting from 0) would be active with probability {p}; it must \
                     be at most 1, so the activation density must be at most {max_density}"
                ));
            }
            *p = p.min(1.0);
        }
        Ok(Self(probabilities))
    }

    /// Probabilities that have been counted.
    pub(crate) fn counted(probabilities: Vec<f64>) -> Self {
        Self(probabilities)
    }

    /// The probabilities, by rank.
    pub fn as_slice(&self) -> &[f64] {
        &self.0
    }

    /// Activation density `E = Σ p_i`: the mean number of active features in a sample.
    pub fn density(&self) -> f64 {
        self.0.iter().sum()
    }
}

/// Weights `i^-exponent` for ranks `i = 1 … n_features` (the paper's power law).
pub fn power_law_weights(n_features: usize, exponent: f64) -> Vec<f64> {
    (1..=n_features).map(|rank| (rank as f64).powf(-exponent)).collect()
}

/// Weights `exp(-i / scale)` for `i = 0 … n_features - 1` (the paper's exponential has scale 400).
pub fn exponential_weights(n_features: usize, scale: f64) -> Vec<f64> {
    (0..n_features).map(|i| (-(i as f64) / scale).exp()).collect()
}

/// Weights `(n - i) / n` for `i = 0 … n - 1` (the paper's linear law).
pub fn linear_weights(n_features: usize) -> Vec<f64> {
    let n = n_features as f64;
    (0..n_features).map(|i| (n - i as f64) / n).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_sum_to_the_density() {
        for weights in
            [power_law_weights(1000, 1.0), exponential_weights(300, 40.0), linear_weights(7)]
        {
            for density in [0.1, 1.0, 1.5] {
                let p = FeatureProbabilities::scaled(&weights, density).unwrap();
                assert!((p.density() - density).abs() < 1e-12, "{} != {density}", p.density());
            }
        }
    }

    #[test]
    fn the_harmonic_number_is_the_largest_density_of_the_first_power_law() {
        // H_1000 = 7.485470860550345; there p_1 is exactly one.
        let weights = power_law_weights(1000, 1.0);
        let p = FeatureProbabilities::scaled(&weights, 7.485_470_860_550_345).unwrap();
        assert!((p.as_slice()[0] - 1.0).abs() < 1e-12);
        let said = FeatureProbabilities::scaled(&weights, 7.6).unwrap_err().to_string();
        assert!(said.contains("feature 0 ") && said.contains("at most 7.4854708605503"), "{said}");
    }

    #[test]
    fn what_is_no_frequency_is_refused_by_rank() {
        for (weights, part) in [
            (&[][..], "got none"),
            (&[0.0, 0.0], "the 2 feature frequencies are all zero"),
            (&[1.0, -2.0], "feature 1 (counting from 0) has frequency -2;"),
            (&[1.0, f64::NAN], "feature 1 (counting from 0) has"),
            (&[f64::INFINITY], "feature 0 (counting from 0) has"),
        ] {
            let said = FeatureProbabilities::scaled(weights, 0.5).unwrap_err().to_string();
            assert!(said.contains(part), "{said}");
        }
    }

    #[test]
    fn a_flat_power_law_is_uniform() {
        let p = FeatureProbabilities::scaled(&power_law_weights(50, 0.0), 1.0).unwrap();
        assert!(p.as_slice().iter().all(|p| (p - 0.02).abs() < 1e-15));
    }
}
