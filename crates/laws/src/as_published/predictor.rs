//! The source page's unified predictor: a redundancy factor times a capacity, inverted.

use super::refused::{
    ABOVE_ONE, AsPublishedError, POSITIVE, PublishedBehaviour, SHARE, check, power,
};

/// The capacity of one parameter.
const BASE_CAPACITY: f64 = 1024.0;
/// The exponent of the capacity in the parameter count.
const CAPACITY_EXPONENT: f64 = 0.15;
/// What keeps the snippet from dividing by a capacity of zero.
const CAPACITY_OFFSET: f64 = 1e-6;
/// The capacity above which the snippet is sure of itself.
const SURE_CAPACITY: f64 = 1000.0;

/// What the snippet predicts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UnifiedPrediction {
    /// The loss, in no unit: around `1e-3`, where a cross-entropy in nats is above one.
    pub predicted_loss: f64,
    /// Whether its confidence is high: that of every model with a parameter, and medium only below
    /// `(1000/1024)^(1/0.15) = 0.854` parameters.
    pub is_sure: bool,
}

/// The loss of the snippet's unified predictor, `1 / (1024 N^0.15 / (1 + R ln D) + 1e-6)`, and its
/// confidence.
///
/// Wrong: the loss *rises* with the tokens `D`; there is no irreducible loss; the fractal dimension
/// is taken and never used; and the confidence is high for every model of one parameter or more.
/// The right quantity is a fitted `E + A N^-α + B D^-β` with its bootstrap interval, and a
/// confidence from that interval and the distance of the extrapolation.
///
/// # Errors
/// [`AsPublishedError`] unless `n_params > 0`, `n_tokens > 1`,
/// `0 ≤ data_redundancy ≤ 1` and `fractal_dimension > 0`, all finite.
///
/// **Source**: the source page, section 5.1.
pub fn unified_prediction(
    n_params: f64,
    n_tokens: f64,
    data_redundancy: f64,
    fractal_dimension: f64,
) -> Result<UnifiedPrediction, AsPublishedError> {
    let redundancy_factor = 1.0 / (1.0 + data_redundancy * n_tokens.ln());
    let outcome = power(n_params, CAPACITY_EXPONENT).map(|scale| {
        let capacity = BASE_CAPACITY * scale;
        let predicted_loss = 1.0 / (capacity * redundancy_factor + CAPACITY_OFFSET);
        UnifiedPrediction { predicted_loss, is_sure: capacity > SURE_CAPACITY }
    });
    let published =
        PublishedBehaviour::of("loss", outcome.map(|prediction| prediction.predicted_loss));
    let arguments = [
        ("n_params", n_params, POSITIVE),
        ("n_tokens", n_tokens, ABOVE_ONE),
        ("data_redundancy", data_redundancy, SHARE),
        ("fractal_dimension", fractal_dimension, POSITIVE),
    ];
    check(&arguments, published)?;
    let (argument, quantity) = (("n_params", n_params), "effective capacity");
    outcome.map_err(|raised| AsPublishedError::out_of_range(argument, quantity, raised))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_data_makes_the_published_prediction_worse_and_the_dimension_changes_nothing() {
        let loss = |n_tokens, dimension| {
            unified_prediction(1e9, n_tokens, 0.5, dimension).unwrap().predicted_loss
        };
        assert!(loss(1e6, 1.2) < loss(1e9, 1.2) && loss(1e9, 1.2) < loss(1e12, 1.2));
        assert_eq!(loss(1e9, 1.2).to_bits(), loss(1e9, 40.0).to_bits());
    }

    #[test]
    fn one_parameter_is_enough_for_high_confidence() {
        let is_sure = |n_params| unified_prediction(n_params, 2e10, 0.5, 1.2).unwrap().is_sure;
        let edge = (SURE_CAPACITY / BASE_CAPACITY).powf(1.0 / CAPACITY_EXPONENT);
        assert!((edge - 0.8537).abs() < 1e-4);
        assert!(!is_sure(edge - 1e-3) && is_sure(edge + 1e-3) && is_sure(1.0));
    }
}
