//! Ridge regression on simulated samples, with the exact risk of every fit.
//!
//! The inputs are Gaussian of known covariance and the target is linear, so that the error on new
//! samples is a sum over directions and needs no test set. A replicate draws from a stream of its
//! own, numbered by its sample size and its index: neither the number of threads nor the other
//! designs change a bit of it.

use faer::MatRef;
use rand_chacha::ChaCha8Rng;
use superpose_stats::summary::Summary;

use crate::draws::{Progress, check_replicates, normal, over_replicates};
use crate::error::{LawError, ensure};
use crate::linear::{dot, solve_gram};
use crate::redundancy::spectrum::linear_task::{LinearTask, Sample};

/// One point of a learning curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Design {
    /// How many samples, with how much noise.
    pub sample: Sample,
    /// What is added to `X Xᵀ`, a sum over samples; at least 0.
    pub ridge: f64,
    /// Number of independent data sets, at least two.
    pub n_replicates: usize,
}

/// The mean squared error of ridge regression on new samples without label noise, over simulated
/// data sets of `task`; one summary for each design in order.
///
/// Each replicate costs about `n² P` operations for `n` samples in `P` directions (`n P²` when
/// there are more samples than directions), and memory for `n P` numbers a thread. The replicates
/// of a design run in parallel on the current pool. The result depends on `seed` alone, bit for bit
/// on one build.
///
/// # Errors
/// [`LawError`]: designs are checked before anything runs; of singular replicates the first is named.
pub fn excess_risks(
    task: &LinearTask,
    designs: &[Design],
    seed: u64,
    progress: Progress<'_>,
) -> Result<Vec<Summary>, LawError> {
    for (index, design) in designs.iter().enumerate() {
        let (of, n) = (format!(" of design {index}"), design.sample.n_samples);
        check_replicates(design.n_replicates, &of)?;
        ensure!(u32::try_from(n).is_ok(), "`n_samples`{of} must be at most 4294967295, got {n}");
    }
    let directions = Directions::new(task);
    let measure = |(index, design): (usize, &Design)| {
        let Design { sample, ridge, n_replicates } = *design;
        let risk = |rng: &mut ChaCha8Rng| {
            let data = directions.draw(sample, rng);
            directions.weights(&data, ridge).map(|weights| directions.risk(&weights))
        };
        let risks = over_replicates(n_replicates, sample.n_samples, seed, progress, risk);
        risks.map_err(|replicate| {
            LawError(format!(
                "replicate {replicate} of design {index} is singular with a ridge of {ridge}; \
                 the ridge must be above rounding"
            ))
        })
    };
    designs.iter().enumerate().map(measure).collect()
}

/// A task as standard deviations along its directions.
pub(crate) struct Directions {
    /// `√λ` of the inputs.
    scales: Vec<f64>,
    /// `c` of the target, whose sign makes no difference to Gaussian inputs.
    pub(crate) target: Vec<f64>,
}

/// A simulated data set.
pub(crate) struct Data {
    /// `[n_samples, n_directions]`, row by row.
    inputs: Vec<f64>,
    /// `[n_samples]`.
    labels: Vec<f64>,
}

impl Directions {
    pub(crate) fn new(task: &LinearTask) -> Self {
        let roots = |values: &[f64]| values.iter().map(|value| value.sqrt()).collect();
        Self { scales: roots(&task.eigenvalues), target: roots(&task.target_powers) }
    }

    pub(crate) fn draw(&self, sample: Sample, rng: &mut ChaCha8Rng) -> Data {
        let Sample { n_samples, noise_variance } = sample;
        let mut inputs = Vec::with_capacity(n_samples * self.scales.len());
        let mut labels = Vec::with_capacity(n_samples);
        for _ in 0..n_samples {
            let mut label = 0.0;
            for (scale, coefficient) in self.scales.iter().zip(&self.target) {
                let z = normal(rng);
                inputs.push(scale * z);
                label += coefficient * z;
            }
            labels.push(label + noise_variance.sqrt() * normal(rng));
        }
        Data { inputs, labels }
    }

    /// The fitted weights, from the smaller of the two systems of equations that have them.
    fn weights(&self, data: &Data, ridge: f64) -> Option<Vec<f64>> {
        let few = data.labels.len() <= self.scales.len();
        if few { dual_weights(data, ridge) } else { primal_weights(data, ridge) }
    }

    /// `Σ λ (w − θ)²` with `θ = c/√λ`.
    fn risk(&self, weights: &[f64]) -> f64 {
        let parts = weights.iter().zip(&self.scales).zip(&self.target);
        parts.map(|((weight, scale), coefficient)| (weight * scale - coefficient).powi(2)).sum()
    }
}

/// `Xᵀ (X Xᵀ + ridge)⁻¹ y`.
fn dual_weights(data: &Data, ridge: f64) -> Option<Vec<f64>> {
    Some(data.weighted_rows(&solve_gram(data.matrix(), &data.labels, ridge)?))
}

/// `(Xᵀ X + ridge)⁻¹ Xᵀ y`.
fn primal_weights(data: &Data, ridge: f64) -> Option<Vec<f64>> {
    solve_gram(data.matrix().transpose(), &data.weighted_rows(&data.labels), ridge)
}

impl Data {
    pub(crate) fn matrix(&self) -> MatRef<'_, f64> {
        let n_samples = self.labels.len();
        MatRef::from_row_major_slice(&self.inputs, n_samples, self.inputs.len() / n_samples)
    }

    /// `X v`.
    pub(crate) fn weighted_columns(&self, v: &[f64]) -> Vec<f64> {
        self.inputs.chunks_exact(v.len()).map(|row| dot(row, v)).collect()
    }

    /// `Xᵀ v`.
    pub(crate) fn weighted_rows(&self, v: &[f64]) -> Vec<f64> {
        let n_directions = self.inputs.len() / self.labels.len();
        let mut sum = vec![0.0; n_directions];
        for (row, factor) in self.inputs.chunks_exact(n_directions).zip(v) {
            sum.iter_mut().zip(row).for_each(|(sum, value)| *sum += factor * value);
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use superpose_stats::summary::summarise;

    use super::*;
    use crate::draws::stream;

    const QUIET: Progress<'_> = &|| ();

    fn sample(n_samples: usize, noise_variance: f64) -> Sample {
        Sample::new(n_samples, noise_variance).unwrap()
    }

    fn data(directions: &Directions, n_samples: usize, seed: u64) -> Data {
        directions.draw(sample(n_samples, 0.5), &mut stream(seed, 0))
    }

    #[test]
    fn simulated_risks_agree_with_the_deterministic_equivalent() {
        for (spectral, source) in [(1.5, 0.5), (2.0, 0.5)] {
            let task = LinearTask::power_law(spectral, source, 512).unwrap();
            let best = [(32, 1200), (64, 800), (128, 400)]
                .map(|(n, replicates)| (task.best_ridge_risk(sample(n, 1.0)), n, replicates));
            let designs = best.map(|(risk, n, n_replicates)| Design {
                sample: sample(n, 1.0),
                ridge: risk.ridge,
                n_replicates,
            });
            let found = excess_risks(&task, &designs, 11, QUIET).unwrap();
            for (found, (law, ..)) in found.iter().zip(best) {
                let ratio = found.mean / law.excess_risk;
                let relative_error = found.standard_error / law.excess_risk;
                assert!((ratio - 1.0).abs() < 0.06, "{spectral} {found:?} {law:?}");
                assert!((ratio - 1.0).abs() < 3.0 * relative_error, "{spectral} {found:?} {law:?}");
            }
            // The ends are independent, and so is the error of their slope.
            let octaves = 4.0_f64.ln();
            let slope = (found[0].mean / found[2].mean).ln() / octaves;
            let law = (best[0].0.excess_risk / best[2].0.excess_risk).ln() / octaves;
            let error = (found[0].standard_error / found[0].mean)
                .hypot(found[2].standard_error / found[2].mean)
                / octaves;
            assert!((slope - law).abs() < 3.0 * error, "{slope} {law} {error}");
        }
    }

    #[test]
    fn least_squares_has_its_classical_risk() {
        // More samples than directions and no ridge: σ² P/(n − P − 1), whatever the covariance and
        // the target.
        let task = LinearTask::power_law(1.5, 0.5, 20).unwrap();
        let design = Design { sample: sample(60, 0.5), ridge: 0.0, n_replicates: 4000 };
        let found = excess_risks(&task, &[design], 3, QUIET).unwrap()[0];
        let law = 0.5 * 20.0 / 39.0;
        assert!((found.mean - law).abs() < 3.0 * found.standard_error, "{found:?} {law}");
        assert!(found.standard_error < 0.01 * law);
        // Without noise it finds the target.
        let design = Design { sample: sample(60, 0.0), ..design };
        assert!(excess_risks(&task, &[design], 3, QUIET).unwrap()[0].mean < 1e-20);
    }

    #[test]
    fn the_two_systems_have_one_solution() {
        let directions = Directions::new(&LinearTask::power_law(1.5, 0.5, 30).unwrap());
        for n_samples in [1, 7, 30, 70] {
            let data = data(&directions, n_samples, 5);
            let dual = dual_weights(&data, 0.1).unwrap();
            let primal = primal_weights(&data, 0.1).unwrap();
            for (dual, primal) in dual.iter().zip(&primal) {
                assert!((dual - primal).abs() < 1e-11, "{n_samples}: {dual} {primal}");
            }
        }
    }

    #[test]
    fn the_exact_risk_is_the_error_on_a_large_test_set() {
        let directions = Directions::new(&LinearTask::power_law(1.5, 0.5, 30).unwrap());
        let weights = directions.weights(&data(&directions, 20, 1), 0.3).unwrap();
        let test = data(&directions, 40_000, 2);
        let squares: Vec<f64> = test
            .inputs
            .chunks_exact(30)
            .zip(&test.labels)
            .map(|(x, y)| (x.iter().zip(&weights).map(|(x, w)| x * w).sum::<f64>() - y).powi(2))
            .collect();
        let measured = summarise(&squares);
        let exact = directions.risk(&weights) + 0.5;
        assert!(
            (measured.mean - exact).abs() < 3.0 * measured.standard_error,
            "{measured:?} {exact}"
        );
    }

    #[test]
    fn the_number_of_threads_and_the_other_designs_change_no_bit() {
        let task = LinearTask::power_law(2.0, 0.5, 64).unwrap();
        let designs =
            [20, 90].map(|n| Design { sample: sample(n, 1.0), ridge: 0.5, n_replicates: 37 });
        let calls = AtomicUsize::new(0);
        let count = || {
            calls.fetch_add(1, Ordering::Relaxed);
        };
        let run = |n_threads: usize, designs: &[Design]| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
            pool.install(|| excess_risks(&task, designs, 9, &count).unwrap())
        };
        let alone = run(1, &designs);
        assert_eq!(calls.load(Ordering::Relaxed), 74);
        assert_eq!(alone, run(3, &designs));
        assert_eq!(alone[1..], run(2, &designs[1..]));
        assert_ne!(alone, excess_risks(&task, &designs, 10, QUIET).unwrap());
    }

    #[test]
    fn what_cannot_be_simulated_is_refused_with_its_place() {
        let task = LinearTask::power_law(2.0, 0.5, 4).unwrap();
        let good = Design { sample: sample(3, 1.0), ridge: 0.5, n_replicates: 2 };
        let refused = |design: Design| {
            excess_risks(&task, &[good, design], 1, QUIET).unwrap_err().to_string()
        };
        assert_eq!(
            refused(Design { n_replicates: 1, ..good }),
            "`n_replicates` of design 1 must be from 2 to 4294967295, got 1"
        );
        // All but one direction are below rounding, and twenty samples cannot be told apart by the
        // one.
        let mut eigenvalues = vec![1e-40; 25];
        eigenvalues[0] = 1.0;
        let task = LinearTask::new(eigenvalues, vec![1.0; 25]).unwrap();
        let design = Design { sample: sample(20, 1.0), ridge: 0.0, n_replicates: 2 };
        let error = excess_risks(&task, &[design], 1, QUIET).unwrap_err().to_string();
        assert!(error.starts_with("replicate 0 of design 0 is singular with a ridge of 0;"));
        let design = Design { ridge: 0.1, ..design };
        assert!(excess_risks(&task, &[design], 1, QUIET).is_ok());
    }
}
