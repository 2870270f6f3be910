//! The source page's redundancy law: a loss from a redundancy rate, an exponent from a dimension.

use super::refused::{
    ABOVE_ONE, AsPublishedError, POSITIVE, PublishedBehaviour, SHARE, check, quotient,
};

/// The snippet's exponent of the effective capacity, whatever the data.
const CAPACITY_EXPONENT: f64 = 0.1;

/// The loss the snippet predicts: `C^-0.1` of the effective capacity `C = c N / (1 + R ln D)`, and
/// one where that capacity is one or less.
///
/// Wrong: tokens enter only as a divisor of the capacity, so the loss *rises* with data; there is
/// no irreducible loss, and redundancy never touches the exponent. The right quantity is the loss
/// of the Chinchilla form, `E + A N^-α + B D^-β`; what redundancy does to an exponent is
/// `2s / (2s + 1/β)`, for ridge regression on eigenvalues `i^-β` with a target of smoothness `s`.
///
/// `n_params` is `N`, `n_tokens` is `D`, `base_compute` is `c` and `data_redundancy` is `R`.
///
/// # Errors
/// [`AsPublishedError`] unless `N > 0`, `D > 1`, `c > 0` and `0 ≤ R ≤ 1`, all finite:
/// elsewhere the snippet answers from a logarithm that is zero, negative or undefined.
/// Also when the capacity overflows.
///
/// **Source**: the source page, section 2.3.
pub fn predicted_loss(
    n_params: f64,
    n_tokens: f64,
    base_compute: f64,
    data_redundancy: f64,
) -> Result<f64, AsPublishedError> {
    let capacity = base_compute * n_params / (1.0 + data_redundancy * n_tokens.ln());
    let loss = if capacity > 1.0 { 1.0 / capacity.powf(CAPACITY_EXPONENT) } else { 1.0 };
    let published = PublishedBehaviour::of("loss", Ok(loss));
    let arguments = [
        ("n_params", n_params, POSITIVE),
        ("n_tokens", n_tokens, ABOVE_ONE),
        ("base_compute", base_compute, POSITIVE),
        ("data_redundancy", data_redundancy, SHARE),
    ];
    check(&arguments, published)?;
    if capacity.is_infinite() {
        let (argument, quantity) = (("n_params", n_params), "effective capacity");
        return Err(AsPublishedError::out_of_range(argument, quantity, published));
    }
    Ok(loss)
}

/// The exponent the snippet derives from the dimension of the data, `1 / d`.
///
/// Wrong twice: the same page's table lists a tenth of it for every dimension, and the numerator is
/// a property of the learner, not of the data. The right quantity is `2/d` for the nearest
/// neighbour and `4/d` for a locally linear learner, on smooth targets (Sharma & Kaplan 2020).
///
/// # Errors
/// [`AsPublishedError`] unless the dimension is finite and above zero, and when it is so small that
/// the exponent overflows.
///
/// **Source**: the source page, section 2.3.
pub fn exponent_from_dimension(fractal_dimension: f64) -> Result<f64, AsPublishedError> {
    let exponent = 1.0 / fractal_dimension;
    let published = PublishedBehaviour::of("exponent", quotient(1.0, fractal_dimension));
    check(&[("fractal_dimension", fractal_dimension, POSITIVE)], published)?;
    if exponent.is_infinite() {
        let argument = ("fractal_dimension", fractal_dimension);
        return Err(AsPublishedError::out_of_range(argument, "exponent", published));
    }
    Ok(exponent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_data_makes_the_published_loss_worse() {
        let loss = |n_tokens| predicted_loss(1e9, n_tokens, 1.0, 0.5).unwrap();
        assert!(loss(1e6) < loss(1e9) && loss(1e9) < loss(1e12));
    }

    #[test]
    fn the_published_exponents_are_ten_times_those_of_the_pages_own_table() {
        // The table rounds: 0.083, 0.067 and 0.050 for three kinds of data.
        for (dimension, listed) in [(1.2, 0.083), (1.5, 0.067), (2.0, 0.050)] {
            let ratio = exponent_from_dimension(dimension).unwrap() / listed;
            assert!((ratio - 10.0).abs() < 0.06, "{ratio}");
        }
    }

    #[test]
    fn what_overflows_is_refused() {
        let refused = predicted_loss(1e300, 2.0, 1e300, 0.5).unwrap_err().to_string();
        assert!(refused.starts_with("`n_params` must leave the effective capacity finite"));
        let refused = exponent_from_dimension(1e-310).unwrap_err().to_string();
        assert!(refused.starts_with("`fractal_dimension` must leave the exponent finite"));
    }
}
