//! Redundancy: what the spectrum of the data says of how fast an error falls with samples.

use superpose_analysis::table::{Field, Table};
use superpose_theory::linear_task::{LinearTask, RidgeRisk, Sample, TaskError};
use superpose_theory::spectrum::{
    effective_dimension, end_of_mixture, gaussian_redundancy, noiseless_exponent, noisy_exponent,
};

use crate::ridge::{Design, ExcessRisk, RidgeError, excess_risks};

/// A kind of data, in directions of its own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Kind {
    /// `β` of the variances `i^-β`.
    pub spectral_exponent: f64,
    /// `s`: how fast the target falls along the spectrum.
    pub source_exponent: f64,
    /// What multiplies its variances and its part of the target.
    pub weight: f64,
}

/// Ridge regression of a power-law task, or of a mixture of them, by the number of samples.
#[derive(Debug, Clone, PartialEq)]
pub struct SpectrumStudy {
    /// The kinds of data, at least one.
    pub kinds: Vec<Kind>,
    /// Variance of the label noise.
    pub noise_variance: f64,
    /// Number of directions of each kind.
    pub n_directions: usize,
    /// Numbers of samples, ascending.
    pub n_samples: Vec<usize>,
    /// Replicates of a simulation beside the equivalent; none for zero.
    pub n_replicates: usize,
    /// Its seed.
    pub seed: u64,
}

/// Why a study cannot be made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StudyError {
    /// The task or a sample is none.
    #[error(transparent)]
    Spectrum(#[from] TaskError),
    /// It cannot be simulated.
    #[error(transparent)]
    Ridge(#[from] RidgeError),
}

impl SpectrumStudy {
    /// The tables `redundancy_spectrum`, one row a number of samples; `redundancy_of_spectrum`, what the spectrum alone
    /// says; and `redundancy_kinds`, one row a number of samples and kind. `progress` is told how many replicates have ended.
    ///
    /// # Errors
    /// [`StudyError`], naming the value that is out of range.
    pub fn tables(&self, progress: &(dyn Fn(usize) + Sync)) -> Result<[Table; 3], StudyError> {
        let of_kind = |kind: &Kind| {
            LinearTask::power_law(kind.spectral_exponent, kind.source_exponent, self.n_directions)
                .map(|task| (kind.weight, task))
        };
        let kinds: Vec<(f64, LinearTask)> =
            self.kinds.iter().map(of_kind).collect::<Result<_, _>>()?;
        let task = LinearTask::mixture(&kinds)?;
        let samples = self.n_samples.iter().map(|n| Sample::new(*n, self.noise_variance));
        let samples: Vec<Sample> = samples.collect::<Result<_, _>>()?;
        let best: Vec<_> = samples.iter().map(|sample| task.best_ridge_risk(*sample)).collect();
        let n_replicates = self.n_replicates;
        let designs: Vec<Design> = samples
            .iter()
            .zip(&best)
            .filter(|_| n_replicates > 0)
            .map(|(sample, risk)| Design { sample: *sample, ridge: risk.ridge, n_replicates })
            .collect();
        let simulated = excess_risks(&task, &designs, self.seed, progress)?;
        let mut table = Table::new(
            "redundancy_spectrum",
            "How fast does the error of ridge regression fall with samples, for data with a power-law spectrum?",
            &[
                ("n_samples", "samples"),
                (
                    "excess_risk",
                    "mean squared error without label noise, by the deterministic equivalent",
                ),
                ("local_exponent", "its fall from the number of samples before"),
                (
                    "predicted_exponent",
                    "2s′ / (2s′ + 1/β) with noise, 2βs′ without; s′ = min(s, 1); of kinds together, the least β and the least s",
                ),
                ("best_ridge", "the ridge with the least error, added to X Xᵀ"),
                ("effective_dimension", "Σ λ/(λ + κ) there"),
                ("simulated", "the error over random data sets"),
                ("simulated_se", "its standard error"),
                ("z", "simulated − excess_risk, in standard errors"),
            ],
        );
        let exponents: Vec<(f64, f64)> =
            self.kinds.iter().map(|kind| (kind.spectral_exponent, kind.source_exponent)).collect();
        let (beta, s) = end_of_mixture(&exponents);
        let predicted = if self.noise_variance > 0.0 {
            noisy_exponent(beta, s)
        } else {
            noiseless_exponent(beta, s)
        };
        for (k, risk) in best.iter().enumerate() {
            let local = k.checked_sub(1).map(|before| {
                let fall = (best[before].excess_risk / risk.excess_risk).ln();
                fall / (self.n_samples[k] as f64 / self.n_samples[before] as f64).ln()
            });
            let of =
                |get: &dyn Fn(&ExcessRisk) -> f64| -> Field { simulated.get(k).map(get).into() };
            table.push(vec![
                self.n_samples[k].into(),
                risk.excess_risk.into(),
                local.into(),
                predicted.into(),
                risk.ridge.into(),
                risk.effective_dimension.into(),
                of(&|found| found.mean),
                of(&|found| found.standard_error),
                of(&|found| (found.mean - risk.excess_risk) / found.standard_error),
            ]);
        }
        Ok([table, self.of_spectrum(&kinds, &task), self.of_kinds(&kinds, &best)])
    }

    fn of_spectrum(&self, kinds: &[(f64, LinearTask)], task: &LinearTask) -> Table {
        let mut table = Table::new(
            "redundancy_of_spectrum",
            "How redundant is data with this spectrum? Three numbers that are not the same.",
            &[
                ("kind", "of data: 1, 2, …, or all"),
                ("spectral_exponent", "β of the variances i^-β"),
                (
                    "spectral_index",
                    "1/β: called redundancy index by a withdrawn paper; large where learning is slow",
                ),
                (
                    "gaussian_redundancy",
                    "½ ln(AM/GM) of the variances, in nats a dimension: Shannon's, of Gaussian data",
                ),
                ("effective_dimension", "Σ λ/(λ + 0.001 λ₁)"),
            ],
        );
        let mut row = |kind: Field, exponent: Option<f64>, task: &LinearTask| {
            let values = task.eigenvalues();
            let largest = values.iter().copied().fold(0.0, f64::max);
            table.push(vec![
                kind,
                exponent.into(),
                exponent.map(|exponent| 1.0 / exponent).into(),
                gaussian_redundancy(values).into(),
                effective_dimension(values, 1e-3 * largest).into(),
            ]);
        };
        for (index, ((_, task), kind)) in kinds.iter().zip(&self.kinds).enumerate() {
            row((index + 1).into(), Some(kind.spectral_exponent), task);
        }
        if kinds.len() > 1 {
            row("all".into(), None, task);
        }
        table
    }

    /// What each kind has of the whole at the best ridge.
    fn of_kinds(&self, kinds: &[(f64, LinearTask)], best: &[RidgeRisk]) -> Table {
        let mut table = Table::new(
            "redundancy_kinds",
            "Which kind of data is it that has not been learned yet?",
            &[
                ("n_samples", "samples"),
                ("kind", "of data: 1, 2, …"),
                ("unlearned", "Σ (1 − L)² c² over its directions, L = λ/(λ + κ)"),
                ("effective_dimension", "Σ L over them"),
            ],
        );
        for (n_samples, risk) in self.n_samples.iter().zip(best) {
            for (index, (weight, task)) in kinds.iter().enumerate() {
                let learned = |value: &f64| weight * value / (weight * value + risk.resolution);
                let directions = task.eigenvalues().iter().zip(task.target_powers());
                let unlearned: f64 = directions
                    .map(|(value, power)| (1.0 - learned(value)).powi(2) * weight * power)
                    .sum();
                let dimension: f64 = task.eigenvalues().iter().map(learned).sum();
                table.push(vec![
                    (*n_samples).into(),
                    (index + 1).into(),
                    unlearned.into(),
                    dimension.into(),
                ]);
            }
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn study() -> SpectrumStudy {
        SpectrumStudy {
            kinds: vec![Kind { spectral_exponent: 2.0, source_exponent: 0.5, weight: 1.0 }],
            noise_variance: 1.0,
            n_directions: 20_000,
            n_samples: vec![1000, 3000, 10_000],
            n_replicates: 0,
            seed: 0,
        }
    }

    #[test]
    fn local_exponents_are_near_the_predicted_one() {
        let [table, spectrum, kinds] = study().tables(&|_| ()).unwrap();
        let of = |column: &str| table.numbers(column).unwrap();
        for (local, predicted) in of("local_exponent").iter().zip(of("predicted_exponent")).skip(1)
        {
            assert!((local - predicted).abs() < 0.03, "{local} {predicted}");
        }
        assert!(of("simulated").iter().all(|v| v.is_nan()));
        assert!((spectrum.numbers("spectral_index").unwrap()[0] - 0.5).abs() < 1e-12);
        // One kind alone has all the dimensions that are learned.
        let alone = kinds.numbers("effective_dimension").unwrap();
        for (alone, all) in alone.iter().zip(of("effective_dimension")) {
            assert!((alone / all - 1.0).abs() < 1e-12, "{alone} {all}");
        }
    }

    #[test]
    fn a_simulation_agrees_within_its_error() {
        let small = SpectrumStudy {
            n_directions: 256,
            n_samples: vec![32, 64],
            n_replicates: 100,
            ..study()
        };
        let [table, ..] = small.tables(&|_| ()).unwrap();
        assert!(table.numbers("z").unwrap().iter().all(|z| z.abs() < 4.0), "{table:?}");
        let kind = |spectral_exponent, weight| Kind { spectral_exponent, weight, ..small.kinds[0] };
        for kinds in [vec![kind(-1.0, 1.0)], vec![kind(2.0, 0.0)], Vec::new()] {
            assert!(SpectrumStudy { kinds, ..small.clone() }.tables(&|_| ()).is_err());
        }
    }

    #[test]
    fn of_two_kinds_the_slower_is_what_is_left() {
        let kind =
            |spectral_exponent, weight| Kind { spectral_exponent, source_exponent: 0.5, weight };
        let mixed = SpectrumStudy { kinds: vec![kind(3.0, 1.0), kind(1.5, 0.05)], ..study() };
        let [table, spectrum, kinds] = mixed.tables(&|_| ()).unwrap();
        let unlearned = kinds.numbers("unlearned").unwrap();
        let share = |row: usize| unlearned[row + 1] / (unlearned[row] + unlearned[row + 1]);
        assert!(share(0) < share(2) && share(2) < share(4), "{unlearned:?}");
        assert!((table.numbers("predicted_exponent").unwrap()[0] - 0.6).abs() < 1e-12);
        assert_eq!(spectrum.rows.len(), 3);
    }
}
