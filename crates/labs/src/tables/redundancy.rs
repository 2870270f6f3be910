//! Redundancy: what the spectrum of the data says of how fast an error falls with samples.

use superpose_analysis::table::{Field, Table};
use superpose_theory::spectrum::{
    LinearTask, Sample, SpectrumError, effective_dimension, gaussian_redundancy,
    noiseless_exponent, noisy_exponent,
};

use crate::ridge::{Design, ExcessRisk, RidgeError, excess_risks};

/// Ridge regression of a power-law task, by the number of samples.
#[derive(Debug, Clone, PartialEq)]
pub struct SpectrumStudy {
    /// `β` of the variances `i^-β`.
    pub spectral_exponent: f64,
    /// `s`: how fast the target falls along the spectrum.
    pub source_exponent: f64,
    /// Variance of the label noise.
    pub noise_variance: f64,
    /// Number of directions.
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
    Spectrum(#[from] SpectrumError),
    /// It cannot be simulated.
    #[error(transparent)]
    Ridge(#[from] RidgeError),
}

impl SpectrumStudy {
    /// The tables `redundancy_spectrum`, one row a number of samples, and `redundancy_of_spectrum`, what the spectrum
    /// alone says. `progress` is told how many replicates have ended.
    ///
    /// # Errors
    /// [`StudyError`], naming the value that is out of range.
    pub fn tables(&self, progress: &(dyn Fn(usize) + Sync)) -> Result<[Table; 2], StudyError> {
        let task =
            LinearTask::power_law(self.spectral_exponent, self.source_exponent, self.n_directions)?;
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
                    "2s′ / (2s′ + 1/β) with noise, 2βs′ without; s′ = min(s, 1)",
                ),
                ("best_ridge", "the ridge with the least error, added to X Xᵀ"),
                ("effective_dimension", "Σ λ/(λ + κ) there"),
                ("simulated", "the error over random data sets"),
                ("simulated_se", "its standard error"),
                ("z", "simulated − excess_risk, in standard errors"),
            ],
        );
        let (beta, s) = (self.spectral_exponent, self.source_exponent);
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
        Ok([table, self.of_spectrum(&task)])
    }

    fn of_spectrum(&self, task: &LinearTask) -> Table {
        let mut table = Table::new(
            "redundancy_of_spectrum",
            "How redundant is data with this spectrum? Three numbers that are not the same.",
            &[
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
        let values = task.eigenvalues();
        let largest = values.first().copied().unwrap_or(0.0);
        table.push(vec![
            self.spectral_exponent.into(),
            (1.0 / self.spectral_exponent).into(),
            gaussian_redundancy(values).into(),
            effective_dimension(values, 1e-3 * largest).into(),
        ]);
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn study() -> SpectrumStudy {
        SpectrumStudy {
            spectral_exponent: 2.0,
            source_exponent: 0.5,
            noise_variance: 1.0,
            n_directions: 20_000,
            n_samples: vec![1000, 3000, 10_000],
            n_replicates: 0,
            seed: 0,
        }
    }

    #[test]
    fn local_exponents_are_near_the_predicted_one() {
        let [table, spectrum] = study().tables(&|_| ()).unwrap();
        let of = |column: &str| table.numbers(column).unwrap();
        for (local, predicted) in of("local_exponent").iter().zip(of("predicted_exponent")).skip(1)
        {
            assert!((local - predicted).abs() < 0.03, "{local} {predicted}");
        }
        assert!(of("simulated").iter().all(|v| v.is_nan()));
        assert!((spectrum.numbers("spectral_index").unwrap()[0] - 0.5).abs() < 1e-12);
    }

    #[test]
    fn a_simulation_agrees_within_its_error() {
        let small = SpectrumStudy {
            n_directions: 256,
            n_samples: vec![32, 64],
            n_replicates: 100,
            ..study()
        };
        let [table, _] = small.tables(&|_| ()).unwrap();
        assert!(table.numbers("z").unwrap().iter().all(|z| z.abs() < 4.0), "{table:?}");
        assert!(SpectrumStudy { spectral_exponent: -1.0, ..small }.tables(&|_| ()).is_err());
    }
}
