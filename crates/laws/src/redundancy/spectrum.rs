//! `theory redundancy spectrum`: what the spectrum of the data says of how fast an error falls with
//! samples.
//!
//! Ridge regression on a power-law spectrum under source and capacity conditions (Caponnetto & De
//! Vito 2007; Cui et al. 2021). [`exponents`] are the closed forms, [`linear_task`] the error at
//! any size, [`simulated`] the same by experiment; here are the tables, the picture and the words.

pub mod exponents;
pub mod linear_task;
pub mod simulated;

use superpose_figures::axis::Axis;
use superpose_figures::chart::Mark;
use superpose_figures::lines::{ErrorBars, Guide, Lines, lines};
use superpose_figures::study::{Note, Picture, Study};
use superpose_files::table::{Field, Table, TableError, Tables};
use superpose_stats::summary::Summary;

use self::exponents::{
    effective_dimension, end_of_joined, gaussian_redundancy, local_exponents, noiseless_exponent,
    noisy_exponent,
};
use self::linear_task::{LinearTask, RidgeRisk, Sample};
use self::simulated::{Design, excess_risks};
use crate::answer::{alone, answer, compared};
use crate::draws::Progress;
use crate::error::LawError;

/// A part of the spectrum, on directions of its own; every sample has all parts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Part {
    /// `β` of the variances `i^-β`.
    pub spectral_exponent: f64,
    /// `s`: how fast the target falls along the spectrum.
    pub source_exponent: f64,
    /// What multiplies its variances and its part of the target.
    pub weight: f64,
}

/// Ridge regression of a power-law task, or of several side by side, by the number of samples.
#[derive(Debug, Clone, PartialEq)]
pub struct Spectrum {
    /// The parts of the spectrum, at least one.
    pub parts: Vec<Part>,
    /// Variance of the label noise.
    pub noise_variance: f64,
    /// Number of directions of each part.
    pub n_directions: usize,
    /// Numbers of samples, ascending.
    pub n_samples: Vec<usize>,
    /// Replicates of a simulation beside the equivalent; none for zero.
    pub n_replicates: usize,
    /// Its seed.
    pub seed: u64,
}

/// What a reader of the literature should know.
const WORDS: &str = "The exponent is that of kernel ridge regression under source and capacity conditions (Caponnetto & De \
     Vito 2007). The paper that calls 1/β a redundancy index (Bi & Calhoun, arXiv 2509.20721) was withdrawn; \
     1/β is large where learning is slow, and is not Shannon's redundancy.";

impl Spectrum {
    /// The tables `redundancy_spectrum`, one row a number of samples; `redundancy_of_spectrum`,
    /// what the spectrum alone says; and `redundancy_parts`, one row a number of samples and part.
    /// `progress` is called after every replicate.
    ///
    /// # Errors
    /// [`LawError`], naming the value that is out of range.
    pub fn study(&self, progress: Progress<'_>) -> Result<Study, LawError> {
        let of_part = |part: &Part| {
            LinearTask::power_law(part.spectral_exponent, part.source_exponent, self.n_directions)
                .map(|task| (part.weight, task))
        };
        let parts: Vec<(f64, LinearTask)> =
            self.parts.iter().map(of_part).collect::<Result<_, _>>()?;
        let task = LinearTask::joined(&parts)?;
        let samples = self.n_samples.iter().map(|n| Sample::new(*n, self.noise_variance));
        let samples: Vec<Sample> = samples.collect::<Result<_, _>>()?;
        let best: Vec<_> = samples.iter().map(|sample| task.best_ridge_risk(*sample)).collect();
        let n_replicates = self.n_replicates;
        let design = |(sample, risk): (&Sample, &RidgeRisk)| {
            let (sample, ridge) = (*sample, risk.ridge);
            Design { sample, ridge, n_replicates }
        };
        let simulated = samples.iter().zip(&best).filter(|_| n_replicates > 0);
        let designs: Vec<Design> = simulated.map(design).collect();
        let simulated = excess_risks(&task, &designs, self.seed, progress)?;
        let by_samples = self.by_samples(&best, &simulated);
        let mut notes = Note::first(&by_samples);
        notes.push(Note::Line(WORDS.to_owned()));
        let tables = [by_samples, self.of_spectrum(&parts, &task), self.of_parts(&parts, &best)];
        Ok(answer(tables, draw, notes))
    }

    fn by_samples(&self, best: &[RidgeRisk], simulated: &[Summary]) -> Table {
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
                    "2s′ / (2s′ + 1/β) with noise, 2βs′ without; s′ = min(s, 1); of parts together, the least β and the least s; none for β ≤ 1",
                ),
                ("best_ridge", "the ridge with the least error, added to X Xᵀ"),
                ("effective_dimension", "Σ λ/(λ + κ) there"),
                ("simulated", "the error over random data sets"),
                ("simulated_se", "its standard error"),
                ("z", "simulated − excess_risk, in standard errors"),
            ],
        );
        let exponents: Vec<(f64, f64)> =
            self.parts.iter().map(|part| (part.spectral_exponent, part.source_exponent)).collect();
        let (beta, s) = end_of_joined(&exponents);
        // Without a finite total variance there is no law.
        let predicted = (beta > 1.0).then(|| {
            let law = if self.noise_variance > 0.0 { noisy_exponent } else { noiseless_exponent };
            law(beta, s)
        });
        let local = local_exponents(&self.n_samples, best.iter().map(|risk| risk.excess_risk));
        for (k, (risk, local)) in best.iter().zip(local).enumerate() {
            let mut row = vec![self.n_samples[k].into(), risk.excess_risk.into()];
            row.extend([local.into(), predicted.into(), risk.ridge.into()]);
            row.push(risk.effective_dimension.into());
            row.extend(compared(simulated.get(k).copied(), risk.excess_risk));
            table.push(row);
        }
        table
    }

    fn of_spectrum(&self, parts: &[(f64, LinearTask)], task: &LinearTask) -> Table {
        let each = parts.iter().zip(&self.parts).enumerate().map(|(index, ((_, task), part))| {
            (Field::from(index + 1), Some(part.spectral_exponent), task)
        });
        let all = (parts.len() > 1).then(|| ("all".into(), None, task));
        Table::of(
            "redundancy_of_spectrum",
            "How redundant is data with this spectrum? Three numbers that are not the same.",
            each.chain(all),
            &[
                ("part", "of the spectrum: 1, 2, …, or all", &|(part, ..)| part.clone()),
                ("spectral_exponent", "β of the variances i^-β", &|(_, beta, _)| (*beta).into()),
                (
                    "spectral_index",
                    "1/β: called redundancy index by a withdrawn paper; large where learning is slow",
                    &|(_, beta, _)| beta.map(f64::recip).into(),
                ),
                (
                    "gaussian_redundancy",
                    "½ ln(AM/GM) of the variances, in nats a dimension: Shannon's, of Gaussian data",
                    &|(.., task)| gaussian_redundancy(&task.eigenvalues).into(),
                ),
                ("effective_dimension", "Σ λ/(λ + 0.001 λ₁)", &|(.., task)| {
                    effective_dimension(&task.eigenvalues, 1e-3 * task.largest).into()
                }),
            ],
        )
    }

    /// What each part has of the whole at the best ridge.
    fn of_parts(&self, parts: &[(f64, LinearTask)], best: &[RidgeRisk]) -> Table {
        let mut table = Table::new(
            "redundancy_parts",
            "Which part of the spectrum is it that has not been learned yet?",
            &[
                ("n_samples", "samples"),
                ("part", "of the spectrum: 1, 2, …"),
                ("unlearned", "Σ (1 − L)² c² over its directions, L = λ/(λ + κ)"),
                ("effective_dimension", "Σ L over them"),
            ],
        );
        for (n_samples, risk) in self.n_samples.iter().zip(best) {
            for (index, (weight, task)) in parts.iter().enumerate() {
                let learned = |value: &f64| weight * value / (weight * value + risk.resolution);
                let directions = task.eigenvalues.iter().zip(&task.target_powers);
                let unlearned: f64 = directions
                    .map(|(value, power)| (1.0 - learned(value)).powi(2) * weight * power)
                    .sum();
                let dimension: f64 = task.eigenvalues.iter().map(learned).sum();
                let sizes = [*n_samples, index + 1].map(Field::from);
                table.push([sizes, [unlearned, dimension].map(Field::from)].concat());
            }
        }
        table
    }
}

/// Risks and their local exponents; with several parts, what is left of each.
fn draw(tables: &Tables) -> Result<Vec<Picture>, TableError> {
    let risks = tables.get("redundancy_spectrum")?;
    let x = || ("n_samples", Axis::logarithmic("samples n"));
    let guides = [Guide { column: "excess_risk", label: "equivalent", mark: Mark::Line }];
    let risk = Lines {
        guides: &guides,
        error_bars: ErrorBars::Deviation("simulated_se"),
        group_label: "simulated",
        mark: Mark::Dots,
        ..Lines::plain(x(), ("simulated", Axis::logarithmic("excess risk at the best ridge")))
    };
    let mut panels = lines(risks, &risk)?;
    let guides = [Guide { column: "predicted_exponent", label: "asymptotic", mark: Mark::Dotted }];
    let local = Lines {
        guides: &guides,
        group_label: "local exponent",
        ..Lines::plain(x(), ("local_exponent", Axis::linear("exponent")))
    };
    panels.extend(lines(risks, &local)?);
    let parts = Lines {
        group: Some("part"),
        group_label: "part",
        ..Lines::plain(x(), ("unlearned", Axis::logarithmic("target not learned yet")))
    };
    if tables.get("redundancy_of_spectrum")?.rows.len() > 1 {
        panels.extend(lines(tables.get("redundancy_parts")?, &parts)?);
    }
    let caption = "Bars: standard error over data sets. Tables: redundancy_spectrum.csv, redundancy_parts.csv.";
    let title = "Ridge regression on a power-law spectrum";
    alone("redundancy_spectrum", (title, caption), panels.len(), panels)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked() -> Spectrum {
        Spectrum {
            parts: vec![Part { spectral_exponent: 2.0, source_exponent: 0.5, weight: 1.0 }],
            noise_variance: 1.0,
            n_directions: 20_000,
            n_samples: vec![1000, 3000, 10_000],
            n_replicates: 0,
            seed: 0,
        }
    }

    fn all(tables: &Tables) -> [&Table; 3] {
        ["redundancy_spectrum", "redundancy_of_spectrum", "redundancy_parts"]
            .map(|name| tables.get(name).unwrap())
    }

    #[test]
    fn local_exponents_are_near_the_predicted_one() {
        let tables = asked().study(&|| ()).unwrap().tables;
        let [table, spectrum, parts] = all(&tables);
        let of = |column: &str| table.numbers(column).unwrap();
        for (local, predicted) in of("local_exponent").iter().zip(of("predicted_exponent")).skip(1)
        {
            assert!((local - predicted).abs() < 0.03, "{local} {predicted}");
        }
        assert!(of("simulated").iter().all(|v| v.is_nan()));
        assert!((spectrum.numbers("spectral_index").unwrap()[0] - 0.5).abs() < 1e-12);
        // One part alone has all the dimensions that are learned.
        let alone = parts.numbers("effective_dimension").unwrap();
        for (alone, all) in alone.iter().zip(of("effective_dimension")) {
            assert!((alone / all - 1.0).abs() < 1e-12, "{alone} {all}");
        }
    }

    #[test]
    fn a_simulation_agrees_within_its_error() {
        let small =
            Spectrum { n_directions: 256, n_samples: vec![32, 64], n_replicates: 100, ..asked() };
        let tables = small.study(&|| ()).unwrap().tables;
        let [table, ..] = all(&tables);
        assert!(table.numbers("z").unwrap().iter().all(|z| z.abs() < 4.0), "{table:?}");
        let part = |spectral_exponent, weight| Part { spectral_exponent, weight, ..small.parts[0] };
        for parts in [vec![part(-1.0, 1.0)], vec![part(2.0, 0.0)], Vec::new()] {
            assert!(Spectrum { parts, ..small.clone() }.study(&|| ()).is_err());
        }
    }

    #[test]
    fn of_two_kinds_the_slower_is_what_is_left() {
        let part =
            |spectral_exponent, weight| Part { spectral_exponent, source_exponent: 0.5, weight };
        let mixed = Spectrum { parts: vec![part(3.0, 1.0), part(1.5, 0.05)], ..asked() };
        let tables = mixed.study(&|| ()).unwrap().tables;
        let [table, spectrum, parts] = all(&tables);
        let unlearned = parts.numbers("unlearned").unwrap();
        let share = |row: usize| unlearned[row + 1] / (unlearned[row] + unlearned[row + 1]);
        assert!(share(0) < share(2) && share(2) < share(4), "{unlearned:?}");
        assert!((table.numbers("predicted_exponent").unwrap()[0] - 0.6).abs() < 1e-12);
        assert_eq!(spectrum.rows.len(), 3);
    }
}
