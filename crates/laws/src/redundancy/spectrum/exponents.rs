//! What a power-law spectrum of the inputs says of how fast an error falls, and how redundant the
//! inputs are.
//!
//! The errors themselves, at any size, are in
//! [`linear_task`](crate::redundancy::spectrum::linear_task).

/// The exponent of the excess risk in the number of noisy samples at the best ridge:
/// `2s′ / (2s′ + 1/β)` with `s′ = min(s, 1)`.
///
/// `spectral_exponent` is `β` of `λ_i ~ i^-β`, above one; `source_exponent` is `s` of
/// `c_i² ~ i^-(1 + 2sβ)`. Ridge regression makes no use of a target that is smoother than `s = 1`.
/// **Source**: Caponnetto & De Vito 2007.
pub fn noisy_exponent(spectral_exponent: f64, source_exponent: f64) -> f64 {
    let smoothness = 2.0 * source_exponent.min(1.0);
    smoothness / (smoothness + 1.0 / spectral_exponent)
}

/// The exponent of the excess risk in the number of samples without noise and with a vanishing
/// ridge: `2βs′` with `s′ = min(s, 1)`.
///
/// Arguments as for [`noisy_exponent`]. **Source**: Cui, Loureiro, Krzakala & Zdeborová 2021.
pub fn noiseless_exponent(spectral_exponent: f64, source_exponent: f64) -> f64 {
    2.0 * spectral_exponent * source_exponent.min(1.0)
}

/// The exponents with which spectra side by side end: the least `β` and the least `s` of all, be it
/// that they belong to different parts.
///
/// `parts` have `(β, s)` each, as [`noisy_exponent`] and [`noiseless_exponent`] take them. One
/// resolution `κ` serves all parts; there the directions learned number `Σ κ^(-1/β)`, of which the
/// largest term stays, and the target unlearned is `Σ κ^(2s′)`, of which the slowest does. Derived
/// here, and held to the sums themselves by a test. Where each sample is of one part alone, each
/// has a resolution of its own without noise, and the slowest part is what ends it.
pub fn end_of_joined(parts: &[(f64, f64)]) -> (f64, f64) {
    let least = |of: fn(&(f64, f64)) -> f64| parts.iter().map(of).fold(f64::INFINITY, f64::min);
    (least(|part| part.0), least(|part| part.1))
}

/// How fast an `error` falls from the number before: `−Δ ln error / Δ ln n`, none for the first.
pub(crate) fn local_exponents(
    n: &[usize],
    error: impl Iterator<Item = f64>,
) -> impl Iterator<Item = Option<f64>> {
    let mut before = None;
    n.iter().zip(error).map(move |(n, error)| {
        let (n_before, error_before) = before.replace((*n as f64, error))?;
        Some((error_before / error).ln() / (*n as f64 / n_before).ln())
    })
}

/// The effective number of dimensions at a ridge: `Σ λ / (λ + ridge)`.
///
/// The number of positive eigenvalues at no ridge; close to `(π/β)/sin(π/β) · ridge^(-1/β)` for a
/// long spectrum `i^-β`.
pub fn effective_dimension(eigenvalues: &[f64], ridge: f64) -> f64 {
    eigenvalues.iter().filter(|value| **value > 0.0).map(|value| value / (value + ridge)).sum()
}

/// What the spectrum alone saves in describing Gaussian data, in nats a dimension: `½ ln(AM/GM)`,
/// from the arithmetic and the geometric mean of the eigenvalues.
///
/// The entropy of independent directions of equal variance, less the entropy there is, at the same
/// total variance. Zero for equal eigenvalues, infinite when one is zero, and not a number when
/// there are none or one is negative.
pub fn gaussian_redundancy(eigenvalues: &[f64]) -> f64 {
    let n = eigenvalues.len() as f64;
    let mean = eigenvalues.iter().sum::<f64>() / n;
    let mean_log = eigenvalues.iter().map(|value| value.ln()).sum::<f64>() / n;
    0.5 * (mean.ln() - mean_log)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slope(x: [f64; 2], y: [f64; 2]) -> f64 {
        -(y[1] / y[0]).ln() / (x[1] / x[0]).ln()
    }

    #[test]
    fn smoothness_beyond_one_changes_no_exponent() {
        for (spectral, source, noisy, noiseless) in
            [(1.5, 0.25, 3.0 / 7.0, 0.75), (2.0, 1.0, 0.8, 4.0), (3.0, 2.0, 6.0 / 7.0, 6.0)]
        {
            assert!((noisy_exponent(spectral, source) - noisy).abs() < 1e-15);
            assert!((noiseless_exponent(spectral, source) - noiseless).abs() < 1e-15);
        }
    }

    #[test]
    fn the_effective_dimension_of_a_power_law_is_its_integral() {
        for (exponent, n) in [(1.5_f64, 4_000_000), (2.0, 200_000), (3.0, 20_000)] {
            let values: Vec<f64> = (1..=n).map(|i| f64::from(i).powf(-exponent)).collect();
            let angle = std::f64::consts::PI / exponent;
            let found = [1e-4, 1e-6].map(|ridge: f64| {
                // The sum lacks half a term at its start and the tail at its end.
                let tail = f64::from(n).powf(1.0 - exponent) / (exponent - 1.0) / ridge;
                let whole = effective_dimension(&values, ridge) + 0.5 + tail;
                let law = angle / angle.sin() * ridge.powf(-1.0 / exponent);
                assert!((whole / law - 1.0).abs() < 1e-3, "{exponent} {ridge}: {whole} {law}");
                whole
            });
            let slope = slope([1e-4, 1e-6], found);
            assert!((slope - 1.0 / exponent).abs() < 1e-3, "{exponent}: {slope}");
        }
        assert!((effective_dimension(&[2.0, 0.0, 1.0], 0.0) - 2.0).abs() < 1e-15);
    }

    #[test]
    fn gaussian_redundancy_is_the_entropy_that_is_missing() {
        let power = |n: u32| -> Vec<f64> { (1..=n).map(|i| f64::from(i).powi(-2)).collect() };
        assert!((gaussian_redundancy(&power(16)) - 0.7608).abs() < 5e-5);
        assert!((gaussian_redundancy(&power(256)) - 2.0347).abs() < 5e-5);
        // The divergence of N(0, Λ) from N(0, mean·1), by its usual formula, at any scale.
        let values = [3.0, 0.2, 1.0_f64];
        let mean = 1.4;
        let divergence: f64 = values.iter().map(|v| 0.5 * (v / mean - 1.0 - (v / mean).ln())).sum();
        for scale in [1.0, 1e-5] {
            let scaled = values.map(|v| scale * v);
            assert!((gaussian_redundancy(&scaled) - divergence / 3.0).abs() < 1e-12);
        }
        assert!(gaussian_redundancy(&[4.0; 5]).abs() < 1e-15);
        assert!(gaussian_redundancy(&[1.0, 0.0]).is_infinite());
        assert!(gaussian_redundancy(&[]).is_nan() && gaussian_redundancy(&[1.0, -1.0]).is_nan());
    }
}
