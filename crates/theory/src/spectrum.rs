//! What a power-law spectrum of the inputs says of how fast an error falls, and how redundant the inputs are.
//!
//! The errors themselves, at any size, are in [`linear_task`](crate::linear_task).

/// The exponent of the excess risk in the number of noisy samples at the best ridge:
/// `2s′ / (2s′ + 1/β)` with `s′ = min(s, 1)`.
///
/// `spectral_exponent` is `β` of `λ_i ~ i^-β`, above one; `source_exponent` is `s` of `c_i² ~ i^-(1 + 2sβ)`. Ridge
/// regression makes no use of a target that is smoother than `s = 1`. **Source**: Caponnetto & De Vito 2007.
pub fn noisy_exponent(spectral_exponent: f64, source_exponent: f64) -> f64 {
    let smoothness = 2.0 * source_exponent.min(1.0);
    smoothness / (smoothness + 1.0 / spectral_exponent)
}

/// The exponent of the excess risk in the number of samples without noise and with a vanishing ridge: `2βs′` with
/// `s′ = min(s, 1)`.
///
/// Arguments as for [`noisy_exponent`]. **Source**: Cui, Loureiro, Krzakala & Zdeborová 2021.
pub fn noiseless_exponent(spectral_exponent: f64, source_exponent: f64) -> f64 {
    2.0 * spectral_exponent * source_exponent.min(1.0)
}

/// The exponents with which a mixture of kinds of data ends: the least `β` and the least `s` of all, be it that they
/// belong to different kinds.
///
/// `kinds` have `(β, s)` each, as [`noisy_exponent`] and [`noiseless_exponent`] take them. One resolution `κ` serves all
/// kinds; there the directions learned number `Σ κ^(-1/β)`, of which the largest term stays, and the target unlearned
/// is `Σ κ^(2s′)`, of which the slowest does. Derived here, and held to the sums themselves by a test.
pub fn end_of_mixture(kinds: &[(f64, f64)]) -> (f64, f64) {
    let least = |of: fn(&(f64, f64)) -> f64| kinds.iter().map(of).fold(f64::INFINITY, f64::min);
    (least(|kind| kind.0), least(|kind| kind.1))
}

/// The exponent of the error in the number of random features, data without limit: `min(a − 1, b)`.
///
/// `target_exponent` is `a` of `c_i² ~ i^-a`, above one; `spectral_exponent` is `b` of `λ_i ~ i^-b`. The error is that
/// of a single draw of features. See [`bottleneck_bias_exponent`].
pub fn bottleneck_exponent(target_exponent: f64, spectral_exponent: f64) -> f64 {
    (target_exponent - 1.0).min(spectral_exponent)
}

/// The exponent, in the number of random features, of the error of the mean over infinitely many draws of features:
/// `min(a − 1, 2b)`.
///
/// It is stated for the error itself in Bordelon, Atanasov & Pehlevan 2024; the two are equal for hard tasks,
/// `a − 1 ≤ b`, and for others a single draw falls more slowly ([`bottleneck_exponent`]).
pub fn bottleneck_bias_exponent(target_exponent: f64, spectral_exponent: f64) -> f64 {
    (target_exponent - 1.0).min(2.0 * spectral_exponent)
}

/// The exponent of the error in time, under gradient flow from zero with data and features without limit:
/// `(a − 1)/b`.
///
/// Arguments as for [`bottleneck_exponent`]. **Source**: Bordelon, Atanasov & Pehlevan 2024.
pub fn flow_exponent(target_exponent: f64, spectral_exponent: f64) -> f64 {
    (target_exponent - 1.0) / spectral_exponent
}

/// The exponent of the error in compute, the product of features and time, when the two are balanced: with exponents
/// `m` in features and `q` in time it is `m q/(m + q)`.
///
/// For a hard task, `a − 1 ≤ b`, this is `(a − 1)/(1 + b)`. Arguments as for [`bottleneck_exponent`], whose `m` it has;
/// it rests on the error being the sum of what features and time leave. **Source**: Bordelon, Atanasov & Pehlevan 2024.
pub fn compute_exponent(target_exponent: f64, spectral_exponent: f64) -> f64 {
    let features = bottleneck_exponent(target_exponent, spectral_exponent);
    let time = flow_exponent(target_exponent, spectral_exponent);
    features * time / (features + time)
}

/// The effective number of dimensions at a ridge: `Σ λ / (λ + ridge)`.
///
/// The number of positive eigenvalues at no ridge; close to `(π/β)/sin(π/β) · ridge^(-1/β)` for a long spectrum
/// `i^-β`.
pub fn effective_dimension(eigenvalues: &[f64], ridge: f64) -> f64 {
    eigenvalues.iter().filter(|value| **value > 0.0).map(|value| value / (value + ridge)).sum()
}

/// What the spectrum alone saves in describing Gaussian data, in nats a dimension: `½ ln(AM/GM)`, from the
/// arithmetic and the geometric mean of the eigenvalues.
///
/// The entropy of independent directions of equal variance, less the entropy there is, at the same total variance.
/// Zero for equal eigenvalues, infinite when one is zero, and not a number when there are none or one is negative.
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
    fn compute_is_balanced_between_features_and_time() {
        // A published example, and its general form for hard tasks.
        assert!((compute_exponent(1.15, 2.0) - 0.05).abs() < 1e-12);
        for (a, b) in [(1.5, 1.25), (2.0, 1.5)] {
            assert!((compute_exponent(a, b) - (a - 1.0) / (1.0 + b)).abs() < 1e-12);
        }
        // What is spent best: N^-m + t^-q at N t = C.
        let (m, q) = (bottleneck_exponent(3.0, 1.5), flow_exponent(3.0, 1.5));
        let best = |c: f64| {
            let parts = (1..4000).map(|k| c.powf(f64::from(k) / 4000.0));
            parts.map(|n| n.powf(-m) + (c / n).powf(-q)).fold(f64::INFINITY, f64::min)
        };
        let found = slope([1e12, 1e14], [1e12, 1e14].map(best));
        assert!((found - compute_exponent(3.0, 1.5)).abs() < 1e-3, "{found}");
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
