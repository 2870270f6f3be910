//! What limits regression on random features when data has no limit: their number, the time of
//! training, and compute, the product of both.
//!
//! Errors are sums over directions, exponents their limits. **Source**: Bordelon, Atanasov &
//! Pehlevan 2024; where the error by features differs from theirs, [`bottleneck_exponent`] says so.

use crate::redundancy::spectrum::linear_task::LinearTask;

/// The exponent of the error in the number of random features, data without limit: `min(a − 1, b)`.
///
/// `target_exponent` is `a` of `c_i² ~ i^-a`, above one; `spectral_exponent` is `b` of
/// `λ_i ~ i^-b`. The error is that of a single draw of features. See [`bottleneck_bias_exponent`].
pub fn bottleneck_exponent(target_exponent: f64, spectral_exponent: f64) -> f64 {
    (target_exponent - 1.0).min(spectral_exponent)
}

/// The exponent, in the number of random features, of the error of the mean over infinitely many
/// draws of features: `min(a − 1, 2b)`.
///
/// It is stated for the error itself in Bordelon, Atanasov & Pehlevan 2024; the two are equal for
/// hard tasks, `a − 1 ≤ b`, and for others a single draw falls more slowly
/// ([`bottleneck_exponent`]).
pub fn bottleneck_bias_exponent(target_exponent: f64, spectral_exponent: f64) -> f64 {
    (target_exponent - 1.0).min(2.0 * spectral_exponent)
}

/// The exponent of the error in time, under gradient flow from zero with data and features without
/// limit: `(a − 1)/b`.
///
/// Arguments as for [`bottleneck_exponent`]. **Source**: Bordelon, Atanasov & Pehlevan 2024.
pub fn flow_exponent(target_exponent: f64, spectral_exponent: f64) -> f64 {
    (target_exponent - 1.0) / spectral_exponent
}

/// The exponent of the error in compute, the product of features and time, when the two are
/// balanced: with exponents `m` in features and `q` in time it is `m q/(m + q)`.
///
/// For a hard task, `a − 1 ≤ b`, this is `(a − 1)/(1 + b)`. Arguments as for
/// [`bottleneck_exponent`], whose `m` it has; it rests on the error being the sum of what features
/// and time leave. **Source**: Bordelon, Atanasov & Pehlevan 2024.
pub fn compute_exponent(target_exponent: f64, spectral_exponent: f64) -> f64 {
    let features = bottleneck_exponent(target_exponent, spectral_exponent);
    let time = flow_exponent(target_exponent, spectral_exponent);
    features * time / (features + time)
}

/// What the best linear predictor on random features is expected to reach, data without limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProjectionRisk {
    /// Mean squared error of one draw of features, averaged over draws.
    pub total: f64,
    /// Mean squared error of the average prediction of infinitely many draws.
    pub squared_bias: f64,
}

impl LinearTask {
    /// What the best linear predictor on `n_features` independent Gaussian projections of the
    /// inputs reaches.
    ///
    /// With `κ` from `n_features = Σ λ_i/(λ_i + κ)`: `Σ c_i² κ/(λ_i + κ)` for one draw, and
    /// `Σ c_i² κ²/(λ_i + κ)²` for the mean over draws. Both are zero when there are at least as
    /// many features as directions.
    pub fn projection_risk(&self, n_features: usize) -> ProjectionRisk {
        let resolution = match n_features {
            0 => f64::INFINITY,
            _ => self.resolution(n_features as f64, 0.0),
        };
        let unlearned = |value: f64| {
            if resolution.is_finite() { resolution / (value + resolution) } else { 1.0 }
        };
        let (mut total, mut squared_bias) = (0.0, 0.0);
        for (&value, &power) in self.eigenvalues.iter().zip(&self.target_powers) {
            let unlearned = unlearned(value);
            total += power * unlearned;
            squared_bias += power * unlearned * unlearned;
        }
        ProjectionRisk { total, squared_bias }
    }

    /// The error of gradient flow on half the mean squared error from zero, data and features
    /// without limit, at a time: `Σ c_i² e^(−2 λ_i t)`.
    pub fn flow_error(&self, time: f64) -> f64 {
        let directions = self.eigenvalues.iter().zip(&self.target_powers);
        directions.map(|(value, power)| power * (-2.0 * value * time).exp()).sum()
    }

    /// The least error at `compute = features · time`, as the sum of what
    /// [`projection_risk`](Self::projection_risk) and [`flow_error`](Self::flow_error) leave, over
    /// the numbers of features in `n_features`.
    pub fn balanced_error(&self, compute: f64, n_features: &[usize]) -> f64 {
        let spent = n_features
            .iter()
            .map(|n| self.projection_risk(*n).total + self.flow_error(compute / *n as f64));
        spent.fold(f64::INFINITY, f64::min)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slope(x: [f64; 2], y: [f64; 2]) -> f64 {
        -(y[1] / y[0]).ln() / (x[1] / x[0]).ln()
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
    fn one_draw_of_features_falls_more_slowly_than_the_mean_over_draws() {
        let law = |target: f64, spectral: f64| {
            let source = (target - 1.0) / (2.0 * spectral);
            LinearTask::power_law(spectral, source, 1_000_000).unwrap()
        };
        // At two thousand directions, by an independent implementation that also simulated it.
        let task = LinearTask::power_law(1.5, 2.0 / 3.0, 2000).unwrap();
        assert!((task.projection_risk(32).total - 0.03613).abs() < 5e-5);
        assert!((task.projection_risk(128).total - 0.004_703).abs() < 5e-6);
        for (target, spectral, total, bias) in [(3.0, 1.5, 1.5, 2.0), (5.0, 1.25, 1.25, 2.5)] {
            assert!((bottleneck_exponent(target, spectral) - total).abs() < 1e-15);
            assert!((bottleneck_bias_exponent(target, spectral) - bias).abs() < 1e-15);
            // A flat spectrum shows its end early, as slopes that are a few per cent steep.
            let task = law(target, spectral);
            let risks = [500, 1000].map(|n| task.projection_risk(n));
            let local = slope([500.0, 1000.0], risks.map(|r| r.total));
            assert!((local - total).abs() < 0.08, "{target} {spectral}: {local}");
            let local = slope([500.0, 1000.0], risks.map(|r| r.squared_bias));
            assert!((local - bias).abs() < 0.08, "{target} {spectral}: {local}");
        }
        // A hard task has one exponent for both.
        assert!((bottleneck_exponent(1.8, 2.0) - bottleneck_bias_exponent(1.8, 2.0)).abs() < 1e-15);
    }

    #[test]
    fn the_error_of_gradient_flow_falls_as_a_power_of_time() {
        for (a, b, exponent) in [(1.5, 1.25, 0.4), (2.0, 1.5, 2.0 / 3.0), (1.15, 2.0, 0.075)] {
            assert!((flow_exponent(a, b) - exponent).abs() < 1e-12);
            let task = LinearTask::power_law(b, (a - 1.0) / (2.0 * b), 2_000_000).unwrap();
            // The sum lacks what lies beyond its last direction, none of which has been learned.
            let beyond = 2e6_f64.powf(1.0 - a) / (a - 1.0);
            let found = slope([1e4, 2e4], [1e4, 2e4].map(|t| task.flow_error(t) + beyond));
            assert!((found - exponent).abs() < 2e-3, "{a} {b}: {found}");
        }
        assert!(
            (LinearTask::new(vec![1.0], vec![3.0]).unwrap().flow_error(0.5) - 3.0 / 1_f64.exp())
                .abs()
                < 1e-12
        );
    }

    #[test]
    fn features_on_equal_variances_leave_the_directions_they_do_not_span() {
        let task = LinearTask::new(vec![2.0; 40], vec![0.5; 40]).unwrap();
        for (n_features, left) in [(0, 1.0_f64), (10, 0.75), (30, 0.25), (40, 0.0), (50, 0.0)] {
            let found = task.projection_risk(n_features);
            assert!((found.total - 20.0 * left).abs() < 1e-10);
            assert!((found.squared_bias - 20.0 * left * left).abs() < 1e-10);
        }
    }
}
