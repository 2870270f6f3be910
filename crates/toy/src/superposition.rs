//! What the loss of the toy model should be, and how it should fall with width.
//!
//! All losses are in the paper's convention: squared error summed over features, mean over samples.

use crate::values::ValueDistribution;

/// How the parameters of language models grow with their width, `N ∝ d^2.52`: of the Chinchilla models, `± 0.03`.
/// **Source**: the paper's figure 23.
pub const PARAMETERS_BY_WIDTH: f64 = 2.52;

/// Loss of the best constant output, when nothing is represented:
/// `L_0 = Σ_i (⟨v²⟩ p_i − ⟨v⟩² p_i²)`.
pub fn unrepresented_loss(probabilities: &[f64], values: ValueDistribution) -> f64 {
    let (mean, second) = (values.mean(), values.second_moment());
    probabilities.iter().map(|p| second * p - (mean * p).powi(2)).sum()
}

/// Weak superposition: loss when the `n_represented` most frequent features are perfect and every
/// other one is answered by its mean. **Source**: the paper's eq. 4.
pub fn ignored_features_loss(
    probabilities: &[f64],
    n_represented: usize,
    values: ValueDistribution,
) -> f64 {
    unrepresented_loss(probabilities.get(n_represented..).unwrap_or(&[]), values)
}

/// Weak superposition in the continuum, for a power law of frequencies summing to one, with the
/// fraction `phi` of the features represented:
/// `⟨v²⟩ · n^(1−α) (φ^(1−α) − 1) / (1 − n^(1−α))`, and `−⟨v²⟩ ln φ / ln n` at `α = 1`.
///
/// It overestimates [`ignored_features_loss`] at large `α`. **Source**: the paper's eq. 14.
pub fn ignored_features_loss_continuum(
    phi: f64,
    n_features: usize,
    data_exponent: f64,
    values: ValueDistribution,
) -> f64 {
    let n = n_features as f64;
    let k = 1.0 - data_exponent;
    let tail = if k.abs() < 1e-9 {
        -phi.ln() / n.ln()
    } else {
        n.powf(k) * (phi.powf(k) - 1.0) / (1.0 - n.powf(k))
    };
    values.second_moment() * tail
}

/// Model exponent of the weak regime, `α − 1`: "power law in, power law out". It is a prediction
/// only for `α > 1` and width well below the number of features; there is none otherwise.
pub fn weak_exponent(data_exponent: f64) -> Option<f64> {
    (data_exponent > 1.0).then_some(data_exponent - 1.0)
}

/// Model exponent of the strong regime: one for even frequencies, and `2(α − 1)` once the
/// frequencies are skewed enough for that to be larger (`α > 3/2`; the paper's appendix A.1, a
/// conjecture).
pub fn strong_exponent(data_exponent: f64) -> f64 {
    (2.0 * (data_exponent - 1.0)).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frequency::{FeatureProbabilities, power_law_weights};

    const UNIFORM: ValueDistribution = ValueDistribution::Uniform;

    fn power(n: usize, exponent: f64) -> Vec<f64> {
        let weights = power_law_weights(n, exponent);
        FeatureProbabilities::scaled(&weights, 1.0).unwrap().as_slice().to_vec()
    }

    #[test]
    fn the_ceiling_of_the_paper_is_met() {
        // protocol: 1.3323 at α = 0, n = 1000; by hand 4/3 − 1/1000.
        let loss = unrepresented_loss(&power(1000, 0.0), UNIFORM);
        assert!((loss - (4.0 / 3.0 - 0.001)).abs() < 1e-12);
    }

    #[test]
    fn representing_everything_leaves_no_loss() {
        let p = power(100, 1.0);
        assert!(ignored_features_loss(&p, 100, UNIFORM).abs() < f64::EPSILON);
        assert!(ignored_features_loss(&p, 1000, UNIFORM).abs() < f64::EPSILON);
        let none = ignored_features_loss(&p, 0, UNIFORM);
        assert!((none - unrepresented_loss(&p, UNIFORM)).abs() < f64::EPSILON);
    }

    #[test]
    fn the_continuum_is_continuous_and_near_the_sum_for_even_frequencies() {
        let at = |alpha| ignored_features_loss_continuum(0.1, 1000, alpha, UNIFORM);
        assert!((at(1.0) - at(1.0 + 1e-6)).abs() < 1e-4);
        let sum = ignored_features_loss(&power(1000, 0.0), 100, UNIFORM);
        assert!((at(0.0) / sum - 1.0).abs() < 0.01, "{} against {sum}", at(0.0));
    }

    #[test]
    fn the_weak_exponent_is_the_slope_of_the_ignored_sum() {
        // Far below n the tail of Σ i^-α falls as d^(1−α).
        let alpha = 1.8;
        let p = power(1_000_000, alpha);
        let loss = |d| ignored_features_loss(&p, d, ValueDistribution::Constant).ln();
        let slope = (loss(100) - loss(200)) / 2.0_f64.ln();
        let predicted = weak_exponent(alpha).unwrap();
        assert!((slope - predicted).abs() < 0.02, "{slope} against {predicted}");
        assert_eq!(weak_exponent(0.5), None);
    }

    #[test]
    fn the_two_strong_branches_meet_at_three_halves() {
        assert!((strong_exponent(1.5) - 1.0).abs() < f64::EPSILON);
        assert!((strong_exponent(2.0) - 2.0).abs() < f64::EPSILON);
        assert!((strong_exponent(0.0) - 1.0).abs() < f64::EPSILON);
    }
}
