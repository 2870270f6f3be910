//! Ridge regression and random features on a linear target: the error at any size, by deterministic
//! equivalents.
//!
//! Inputs are Gaussian with variances `λ_i`, and the target is linear: it puts the power `c_i²` on
//! direction `i`. All sums over directions are taken as they stand, once for each resolution `κ`
//! that is looked at. The ridge is a simple function of `κ`, so that a search for the best ridge
//! runs over `κ` and solves no equation on its way. The ridge `δ` is added to `X Xᵀ`, which is a
//! sum over samples; conventions with a mean have `λ = δ/n`.
//!
//! Samples and random features are limits on the two sides of one equation for `κ`, which is why
//! both are here.

use crate::error::{LawError, ensure};
use crate::fits::range;

/// The most directions of a power law: a sum over them takes a tenth of a second.
pub const MOST_DIRECTIONS: usize = 10_000_000;
/// Iterations after which the search for a resolution stops; it takes about ten.
const MAX_ITERATIONS: usize = 200;
/// Steps of a golden section: they narrow two e-folds of `κ` to about `1e-7`.
const GOLDEN_STEPS: usize = 35;

/// A sample size with the variance of its label noise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// Number of samples, at least one.
    pub n_samples: usize,
    /// Variance of the label noise.
    pub noise_variance: f64,
}

impl Sample {
    /// `n_samples` labels with independent noise of variance `noise_variance`.
    ///
    /// # Errors
    /// [`LawError`] for no samples, and for noise that is negative or not finite.
    pub fn new(n_samples: usize, noise_variance: f64) -> Result<Self, LawError> {
        ensure!(
            n_samples > 0 && noise_variance.is_finite() && noise_variance >= 0.0,
            "a sample needs `n_samples` of at least 1 and a finite `noise_variance` of at least 0, \
             got {n_samples} and {noise_variance}"
        );
        Ok(Self { n_samples, noise_variance })
    }
}

/// What ridge regression is expected to reach.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RidgeRisk {
    /// `δ`, which is added to `X Xᵀ`.
    pub ridge: f64,
    /// `κ`: directions of more variance are learned, those of less are not.
    pub resolution: f64,
    /// `Σ λ / (λ + κ)`, how many directions that are.
    pub effective_dimension: f64,
    /// Mean squared error on new samples without their label noise.
    pub excess_risk: f64,
}

/// A linear target over Gaussian inputs, direction by direction.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearTask {
    /// Variances of the inputs, one a direction.
    pub(crate) eigenvalues: Vec<f64>,
    /// The target's variance on each direction.
    pub(crate) target_powers: Vec<f64>,
    trace: f64,
    smallest: f64,
    pub(crate) largest: f64,
}

impl LinearTask {
    /// The task with variances `eigenvalues`, in any order, and with the target's share `c_i²` of
    /// its variance on each direction: `target_powers`.
    ///
    /// # Errors
    /// [`LawError`] when the two differ in length, are empty, or have a value that is not positive.
    pub fn new(eigenvalues: Vec<f64>, target_powers: Vec<f64>) -> Result<Self, LawError> {
        let (n, n_powers) = (eigenvalues.len(), target_powers.len());
        ensure!(n == n_powers, "each eigenvalue needs one target power, got {n} and {n_powers}");
        ensure!(n > 0, "a task needs at least 1 direction, got 0");
        let usable = |value: f64| value.is_finite() && value > 0.0;
        for (index, (&value, &power)) in eigenvalues.iter().zip(&target_powers).enumerate() {
            ensure!(
                usable(value) && usable(power),
                "direction {index} has eigenvalue {value} and target power {power}; \
                 both must be finite and positive"
            );
        }
        let trace: f64 = eigenvalues.iter().sum();
        let power: f64 = target_powers.iter().sum();
        ensure!(
            trace.is_finite() && power.is_finite(),
            "eigenvalues and target powers must have finite sums, got {trace} and {power}"
        );
        let (smallest, largest) = range(eigenvalues.iter().copied());
        Ok(Self { eigenvalues, target_powers, trace, smallest, largest })
    }

    /// The task with `λ_i = i^-β` and `c_i² = i^-(1 + 2sβ)` for `i` from 1 to `n_directions`.
    ///
    /// `β` is the `spectral_exponent` and `s` the `source_exponent`. The end of the spectrum shows
    /// as an error that falls faster than its law once `n` is above about `n_directions / 100`
    /// (`/ 1000` for `β = 1.5`).
    ///
    /// # Errors
    /// [`LawError`] for an exponent that is not positive, for no directions, and for a spectrum
    /// that falls below the range of double precision.
    pub fn power_law(
        spectral_exponent: f64,
        source_exponent: f64,
        n_directions: usize,
    ) -> Result<Self, LawError> {
        for (name, value) in
            [("spectral_exponent", spectral_exponent), ("source_exponent", source_exponent)]
        {
            let fits = value.is_finite() && value > 0.0;
            ensure!(fits, "`{name}` must be finite and positive, got {value}");
        }
        let fits = n_directions <= MOST_DIRECTIONS;
        ensure!(fits, "`n_directions` must be at most {MOST_DIRECTIONS}, got {n_directions}");
        let target_exponent = 1.0 + 2.0 * source_exponent * spectral_exponent;
        let logs: Vec<f64> = (1..=n_directions).map(|i| (i as f64).ln()).collect();
        let power = |exponent: f64| logs.iter().map(|log| (-exponent * log).exp()).collect();
        Self::new(power(spectral_exponent), power(target_exponent))
    }

    /// The task of inputs that have several spectra side by side, each on directions of its own; a
    /// part's weight multiplies the variances of its inputs and its share of the target.
    ///
    /// Every sample has all parts. Data of which each sample is of one kind only is another task:
    /// its kinds do not share a resolution.
    ///
    /// # Errors
    /// [`LawError`] without parts, and for a weight that is not positive.
    pub fn joined(parts: &[(f64, Self)]) -> Result<Self, LawError> {
        let all = |of: fn(&Self) -> &Vec<f64>| {
            let values = |(weight, part): &'_ (f64, Self)| -> Vec<f64> {
                of(part).iter().map(|value| weight * value).collect()
            };
            parts.iter().flat_map(values).collect()
        };
        Self::new(all(|part| &part.eigenvalues), all(|part| &part.target_powers))
    }

    /// What ridge regression reaches on `sample` with the given ridge, at least 0, by the
    /// deterministic equivalent.
    ///
    /// With `κ` from `n = Σ L_i + δ/κ`, `L_i = λ_i/(λ_i + κ)`, the test error is
    /// `n/(n − Σ L_i²) · (Σ (1 − L_i)² c_i² + σ²)`. It is exact in the limit of many samples and
    /// directions and a few per cent low at thirty samples. With no ridge and as many samples as
    /// directions the risk is infinite.
    ///
    /// **Source**: Bordelon, Canatar & Pehlevan 2020; Cui et al. 2021.
    pub fn ridge_risk(&self, sample: Sample, ridge: f64) -> RidgeRisk {
        let n = sample.n_samples as f64;
        let resolution = self.resolution(n, ridge);
        let sums = self.sums(resolution);
        let spare = if resolution > 0.0 { ridge / resolution } else { n - sums.learned };
        risk(sample, ridge, resolution, &sums, spare)
    }

    /// The smallest [`ridge_risk`](Self::ridge_risk) on `sample`, with the ridge that gives it.
    ///
    /// The minimum is looked for on a grid of one e-fold in `κ`, then by golden section to about
    /// `1e-7` of `κ`. The ridge is zero when none is best.
    pub fn best_ridge_risk(&self, sample: Sample) -> RidgeRisk {
        let n = sample.n_samples as f64;
        let ridgeless = self.ridge_risk(sample, 0.0);
        let (low, high) = self.resolutions_to_search(sample, ridgeless.resolution);
        let at = |log_resolution: f64| {
            let resolution = log_resolution.exp();
            let sums = self.sums(resolution);
            let spare = (n - sums.learned).max(0.0);
            risk(sample, spare * resolution, resolution, &sums, spare)
        };
        let (mut best, mut place, mut log_resolution) = (ridgeless, low, low);
        while log_resolution < high {
            log_resolution += 1.0;
            let candidate = at(log_resolution);
            if candidate.excess_risk < best.excess_risk {
                (best, place) = (candidate, log_resolution);
            }
        }
        let shrink = 0.5 * (5.0_f64.sqrt() - 1.0);
        let (mut left, mut right) = ((place - 1.0).max(low), place + 1.0);
        let mut inner = [right - shrink * (right - left), left + shrink * (right - left)].map(at);
        for _ in 0..GOLDEN_STEPS {
            if inner[0].excess_risk <= inner[1].excess_risk {
                right = inner[1].resolution.ln();
                inner = [at(right - shrink * (right - left)), inner[0]];
            } else {
                left = inner[0].resolution.ln();
                inner = [inner[1], at(left + shrink * (right - left))];
            }
        }
        inner.into_iter().fold(best, |best, other| {
            if other.excess_risk < best.excess_risk { other } else { best }
        })
    }

    /// `κ ≥ 0` of `n = Σ λ/(λ + κ) + ridge/κ`; zero when there is no ridge and no direction too
    /// many.
    pub(crate) fn resolution(&self, n: f64, ridge: f64) -> f64 {
        let n_directions = self.eigenvalues.len() as f64;
        if ridge <= 0.0 && n >= n_directions {
            return 0.0;
        }
        // The right-hand side is at most (Σλ + ridge)/κ, and at least either term with all λ the
        // smallest.
        let mut low = (ridge / n).max(self.smallest * (n_directions / n - 1.0)).ln();
        let mut high = ((self.trace + ridge) / n).ln();
        let mut log_resolution = f64::midpoint(low, high);
        for _ in 0..MAX_ITERATIONS {
            let resolution = log_resolution.exp();
            let sums = self.sums(resolution);
            let (spare, value) = (ridge / resolution, sums.learned + ridge / resolution);
            if value > n {
                low = log_resolution;
            } else {
                high = log_resolution;
            }
            // Newton's step for the logarithm of both sides: they are nearly straight lines in ln
            // κ.
            let mut next = log_resolution + (value / n).ln() * value / (sums.mixed + spare);
            if !(low..=high).contains(&next) {
                next = f64::midpoint(low, high);
            }
            let step = (next - log_resolution).abs();
            log_resolution = next;
            if step <= 4.0 * f64::EPSILON * log_resolution.abs().max(1.0) {
                break;
            }
        }
        log_resolution.exp()
    }

    /// The logarithms of the resolutions between which the best one lies.
    fn resolutions_to_search(&self, sample: Sample, ridgeless: f64) -> (f64, f64) {
        let (n, noise) = (sample.n_samples as f64, sample.noise_variance);
        let sum = |term: &dyn Fn(f64, f64) -> f64| -> f64 {
            self.eigenvalues.iter().zip(&self.target_powers).map(|(&v, &c)| term(v, c)).sum()
        };
        let low = if ridgeless > 0.0 {
            ridgeless
        } else {
            // All directions are resolved: the optimum for small κ, with room below it.
            let smooth = noise / n * sum(&|v, _| 1.0 / v) / sum(&|v, c| c / (v * v));
            1e-3 * self.smallest * (smooth / self.smallest).clamp(1e-9, 1.0)
        };
        // Hardly a direction is resolved: the optimum for large κ, with room above it.
        let rough = sum(&|v, _| v * v) * (noise + sum(&|_, c| c)) / (n * sum(&|v, c| v * c));
        let high = 10.0 * rough.max(self.largest).max(low);
        (low.ln(), high.ln())
    }

    fn sums(&self, resolution: f64) -> Sums {
        let mut sums = Sums { learned: 0.0, mixed: 0.0, bias: 0.0 };
        for (&value, &power) in self.eigenvalues.iter().zip(&self.target_powers) {
            let part = 1.0 / (value + resolution);
            let (learned, unlearned) = (value * part, resolution * part);
            sums.learned += learned;
            sums.mixed += learned * unlearned;
            sums.bias += power * unlearned * unlearned;
        }
        sums
    }
}

/// Sums over directions at one resolution, `L = λ/(λ + κ)`.
struct Sums {
    /// `Σ L`.
    learned: f64,
    /// `Σ L (1 − L)`.
    mixed: f64,
    /// `Σ (1 − L)² c²`.
    bias: f64,
}

/// The risk from its sums; `spare` is `n − Σ L = δ/κ`, given apart because the difference would
/// cancel.
fn risk(sample: Sample, ridge: f64, resolution: f64, sums: &Sums, spare: f64) -> RidgeRisk {
    let (n, noise) = (sample.n_samples as f64, sample.noise_variance);
    let free = spare + sums.mixed;
    // Nothing to inflate stays nothing, even where the inflation is infinite.
    let times = |factor: f64, value: f64| if value > 0.0 { factor * value } else { 0.0 };
    let excess_risk = times(n / free, sums.bias) + times((n - free) / free, noise);
    RidgeRisk { ridge, resolution, effective_dimension: sums.learned, excess_risk }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redundancy::spectrum::exponents::{
        end_of_joined, noiseless_exponent, noisy_exponent,
    };

    fn sample(n_samples: usize, noise_variance: f64) -> Sample {
        Sample::new(n_samples, noise_variance).unwrap()
    }

    fn slope(x: [f64; 2], y: [f64; 2]) -> f64 {
        -(y[1] / y[0]).ln() / (x[1] / x[0]).ln()
    }

    #[test]
    fn local_slopes_of_the_equivalent_are_near_the_exponents_and_saturate() {
        // Slopes of an independent implementation with two million directions, and their rounding.
        for (spectral, source, noisy, noiseless) in [
            (1.5, 0.25, 0.4321, 0.754),
            (1.5, 0.5, 0.5989, 1.507),
            (1.5, 1.0, 0.7249, 2.864),
            (2.0, 0.25, 0.5010, 1.000),
            (2.0, 0.5, 0.6635, 2.000),
            (2.0, 1.0, 0.7770, 3.858),
            (2.0, 2.0, 0.7902, 4.000),
            (3.0, 0.5, 0.7427, 2.999),
            (3.0, 1.0, 0.8348, 5.865),
        ] {
            let task = LinearTask::power_law(spectral, source, 2_000_000).unwrap();
            let best = [30_000, 100_000].map(|n| task.best_ridge_risk(sample(n, 1.0)).excess_risk);
            let found = slope([3e4, 1e5], best);
            assert!((found - noisy).abs() < 2e-4, "{spectral} {source}: {found}");
            let bare = [1000, 3000].map(|n| task.ridge_risk(sample(n, 0.0), 0.0).excess_risk);
            let bare = slope([1e3, 3e3], bare);
            assert!((bare - noiseless).abs() < 2e-3, "{spectral} {source}: {bare}");
            // A target at the edge of saturation has logarithms, a rougher one has not.
            if source <= 0.5 {
                assert!((found - noisy_exponent(spectral, source)).abs() < 0.03);
                assert!((bare - noiseless_exponent(spectral, source)).abs() < 0.03);
            }
        }
    }

    #[test]
    fn equal_variances_have_the_root_of_a_quadratic() {
        // n = P/(1 + κ) + δ/κ is a quadratic in κ; all sums are P equal terms.
        let (p, n) = (600.0, 200.0);
        let task = LinearTask::new(vec![1.0; 600], vec![1.0 / p; 600]).unwrap();
        for ridge in [0.0, 1e-3, 10.0, 1e4] {
            let (b, root) = (n - p - ridge, |b: f64| (b * b + 4.0 * n * ridge).sqrt());
            let kappa = (root(b) - b) / (2.0 * n);
            let learned = 1.0 / (1.0 + kappa);
            let error = n / (n - p * learned * learned) * ((1.0 - learned).powi(2) + 0.3);
            let found = task.ridge_risk(sample(200, 0.3), ridge);
            assert!((found.resolution / kappa - 1.0).abs() < 1e-12);
            assert!(((found.excess_risk + 0.3) / error - 1.0).abs() < 1e-11, "{ridge}: {found:?}");
        }
        // More samples than directions and no ridge: variance σ²P/(n − P), and none without noise.
        let classical = |noise| task.ridge_risk(sample(900, noise), 0.0);
        assert!((classical(0.5).excess_risk - 0.5 * p / (900.0 - p)).abs() < 1e-12);
        assert!(classical(0.0).excess_risk.abs() < f64::EPSILON);
        let at_threshold = |noise| task.ridge_risk(sample(600, noise), 0.0).excess_risk;
        assert!(at_threshold(1.0).is_infinite() && at_threshold(0.0).abs() < f64::EPSILON);
    }

    #[test]
    fn the_best_ridge_of_a_random_target_is_the_bayesian_one() {
        // Coefficients of equal variance τ² are a prior under which the posterior mean is ridge
        // regression with δ = σ²/τ², and its test error is σ² n κ/δ. Here c² = τ² λ, so that 1 +
        // 2sβ = β.
        for (n, noise) in [(50, 1.0), (1000, 0.01), (1000, 25.0), (3, 1e4), (30_000, 4.0)] {
            let task = LinearTask::power_law(2.0, 0.25, 20_000).unwrap();
            let best = task.best_ridge_risk(sample(n, noise));
            assert!((best.ridge / noise - 1.0).abs() < 1e-3, "{n} {noise}: {best:?}");
            let bayes = noise * (n as f64) * best.resolution / best.ridge;
            assert!(((best.excess_risk + noise) / bayes - 1.0).abs() < 1e-3 / (n as f64).sqrt());
            let there = task.ridge_risk(sample(n, noise), noise);
            assert!((best.excess_risk / there.excess_risk - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn no_ridge_on_a_fine_grid_is_better_than_the_best() {
        let task = LinearTask::power_law(1.5, 0.5, 300).unwrap();
        for n in [1, 10, 150, 299, 300, 301, 3000] {
            for noise in [0.0, 1e-6, 0.1, 10.0, 1e5] {
                let best = task.best_ridge_risk(sample(n, noise));
                let there = task.ridge_risk(sample(n, noise), best.ridge);
                let same = (best.excess_risk - there.excess_risk).abs();
                assert!(same <= 1e-8 * best.excess_risk, "{n} {noise}: {best:?} {there:?}");
                for step in -200..=200 {
                    let ridge = (0.1 * f64::from(step)).exp();
                    let other = task.ridge_risk(sample(n, noise), ridge);
                    let least = other.excess_risk * (1.0 + 1e-9);
                    assert!(best.excess_risk <= least, "{n} {noise}: {best:?} {other:?}");
                }
            }
        }
    }

    #[test]
    fn noise_is_inflated_as_the_resolution_grows_with_the_ridge() {
        // n/(n − ΣL²) = n dκ/dδ, by differentiating the equation of κ.
        let task = LinearTask::power_law(1.5, 0.5, 3000).unwrap();
        let at = |ridge, noise| task.ridge_risk(sample(100, noise), ridge);
        for ridge in [0.01, 1.0, 30.0] {
            let step = 1e-4 * ridge;
            let rise = at(ridge + step, 0.0).resolution - at(ridge - step, 0.0).resolution;
            let inflation = 100.0 * rise / (2.0 * step);
            let found = 1.0 + at(ridge, 1.0).excess_risk - at(ridge, 0.0).excess_risk;
            assert!((found / inflation - 1.0).abs() < 1e-6, "{found} {inflation}");
        }
    }

    #[test]
    fn a_ridge_beyond_all_variances_leaves_the_target_unlearned() {
        let task = LinearTask::power_law(2.0, 0.5, 500).unwrap();
        let found = task.ridge_risk(sample(20, 0.7), 1e9);
        assert!((found.excess_risk / task.target_powers.iter().sum::<f64>() - 1.0).abs() < 1e-6);
        assert!(found.effective_dimension < 1e-6);
    }

    #[test]
    fn joined_spectra_end_with_the_least_of_all_exponents_and_begin_with_the_strongest_part() {
        let part = |weight, spectral, source| {
            (weight, LinearTask::power_law(spectral, source, 300_000).unwrap())
        };
        // The smallest exponents may belong to different parts: then the whole is slower than
        // either.
        for parts in [[(1.0, 3.0, 0.5), (1.0, 1.5, 0.5)], [(1.0, 1.5, 1.0), (1.0, 3.0, 0.25)]] {
            let task = LinearTask::joined(&parts.map(|(w, b, s)| part(w, b, s))).unwrap();
            let (spectral, end) = end_of_joined(&parts.map(|(_, b, s)| (b, s)));
            assert!((spectral - 1.5).abs() < 1e-15);
            let local = |n: [usize; 2], noise: f64| {
                let risks = n.map(|n| match noise {
                    0.0 => task.ridge_risk(sample(n, 0.0), 0.0).excess_risk,
                    _ => task.best_ridge_risk(sample(n, noise)).excess_risk,
                });
                slope(n.map(|n| n as f64), risks)
            };
            let noisy = local([10_000, 30_000], 0.1);
            assert!((noisy - noisy_exponent(spectral, end)).abs() < 0.03, "{parts:?} {noisy}");
            let noiseless = local([1000, 2000], 0.0);
            let law = noiseless_exponent(spectral, end);
            assert!((noiseless - law).abs() < 0.06, "{parts:?} {noiseless} {law}");
        }
        // The steep part is the stronger at first.
        let task = LinearTask::joined(&[part(1.0, 3.0, 0.5), part(1e-4, 1.5, 0.5)]).unwrap();
        let early = [4, 8].map(|n| task.ridge_risk(sample(n, 0.0), 0.0).excess_risk);
        assert!(slope([4.0, 8.0], early) > 2.2, "{early:?}");
        assert!(LinearTask::joined(&[]).is_err());
        assert!(LinearTask::joined(&[part(-1.0, 2.0, 0.5)]).is_err());
    }

    #[test]
    fn what_is_no_task_is_refused_with_its_place() {
        let message = |error: LawError| error.to_string();
        let task = |values: &[f64], powers: &[f64]| {
            message(LinearTask::new(values.to_vec(), powers.to_vec()).unwrap_err())
        };
        assert_eq!(task(&[], &[]), "a task needs at least 1 direction, got 0");
        assert_eq!(task(&[1.0], &[]), "each eigenvalue needs one target power, got 1 and 0");
        assert!(task(&[1.0, 0.0], &[1.0; 2]).starts_with("direction 1 has eigenvalue 0 "));
        assert!(task(&[1.0], &[f64::NAN]).contains("target power NaN"));
        assert_eq!(
            message(LinearTask::power_law(-1.0, 0.5, 3).unwrap_err()),
            "`spectral_exponent` must be finite and positive, got -1"
        );
        let heavy = LinearTask::power_law(1.5, 0.5, 3).unwrap();
        assert!(
            message(LinearTask::joined(&[(1.5e308, heavy)]).unwrap_err()).contains("finite sums")
        );
        assert!(LinearTask::power_law(2.0, 0.5, 0).is_err());
        assert!(Sample::new(0, 1.0).is_err() && Sample::new(1, -1.0).is_err());
    }
}
