//! `theory mechanisms`: four mechanisms that give a power law, each with the exponent that it
//! predicts and the one that is measured.
//!
//! One fitter for all, and no product of theories. [`quanta`] has the quanta model (Michaud et al.
//! 2023) and [`torus_regression`] regression on a torus (Sharma & Kaplan 2022); overlaps and
//! spectra are laws of other folders.

pub mod quanta;
pub mod torus_regression;

use superpose_figures::axis::Axis;
use superpose_figures::lines::{Lines, lines};
use superpose_figures::study::{Note, Picture, Study};
use superpose_files::table::{Table, TableError, Tables};
use superpose_geometry::Rows;
use superpose_geometry::overlap::mean_square;
use superpose_stats::power_law::{PowerLaw, fit_power_law};

use self::quanta::Quanta;
use self::torus_regression::{Learner, TorusRegression};
use crate::answer::{alone, answer};
use crate::draws::{normal, stream};
use crate::error::LawError;
use crate::redundancy::spectrum::exponents::noisy_exponent;
use crate::redundancy::spectrum::linear_task::{LinearTask, Sample};

/// The arguments of the mechanisms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mechanisms {
    /// `β` of the spectrum.
    pub spectral_exponent: f64,
    /// `s` of the target along the spectrum.
    pub source_exponent: f64,
    /// `α` of the quanta.
    pub quanta_exponent: f64,
    /// Dimension of the torus.
    pub n_dimensions: usize,
    /// Seed of all random numbers.
    pub seed: u64,
}

/// Directions of the spectrum: enough for the samples that are looked at.
const DIRECTIONS: usize = 200_000;
/// Vectors whose overlaps are measured.
const VECTORS: usize = 1000;
/// Queries on the torus.
const QUERIES: usize = 600;
/// A mechanism, and what was measured of it: scales and errors.
struct Mechanism {
    name: &'static str,
    by: &'static str,
    predicted: f64,
    rests_on: &'static str,
    points: Vec<(f64, f64)>,
}

impl Mechanism {
    fn fitted(&self) -> Option<PowerLaw> {
        let (scales, errors): (Vec<f64>, Vec<f64>) = self.points.iter().copied().unzip();
        fit_power_law(&scales, &errors).ok()
    }

    /// Whether the exponent is the predicted one, within three standard errors or 5 %.
    fn agrees(&self, fit: &PowerLaw) -> &'static str {
        let off = (fit.exponent - self.predicted).abs();
        let agrees = off <= (3.0 * fit.exponent_se).max(0.05 * self.predicted.abs());
        if agrees { "yes" } else { "no" }
    }
}

impl Mechanisms {
    /// The tables `mechanisms`, one row a mechanism, and `mechanism_points`, what was measured.
    ///
    /// # Errors
    /// [`LawError`], naming the value that is out of range.
    pub fn study(&self) -> Result<Study, LawError> {
        let all = self.all()?;
        let table = Table::of(
            "mechanisms",
            "Which exponent does each mechanism predict, and which is measured?",
            all.iter().map(|mechanism| (mechanism, mechanism.fitted())),
            &[
                ("mechanism", "where the power law comes from", &|(m, _)| m.name.into()),
                ("by", "what the error falls with", &|(m, _)| m.by.into()),
                ("predicted", "the asymptotic exponent", &|(m, _)| m.predicted.into()),
                ("measured", "of a line through the logarithms", &|(_, fit)| {
                    fit.map(|fit| fit.exponent).into()
                }),
                (
                    "measured_se",
                    "its standard error, from the scatter about the line",
                    &|(_, fit)| fit.map(|fit| fit.exponent_se).into(),
                ),
                ("agrees", "yes within three standard errors or 5 %", &|(m, fit)| {
                    fit.map(|fit| m.agrees(&fit)).into()
                }),
                ("rests_on", "what the exponent depends on", &|(m, _)| m.rests_on.into()),
            ],
        );
        let points = Table::of(
            "mechanism_points",
            "What was measured of each mechanism?",
            all.iter().flat_map(|mechanism| mechanism.points.iter().map(|at| (mechanism.name, at))),
            &[
                ("mechanism", "where the power law comes from", &|(name, _)| (*name).into()),
                ("scale", "width, samples, quanta or examples", &|(_, at)| at.0.into()),
                ("error", "squared overlap, excess risk, loss or squared error", &|(_, at)| {
                    at.1.into()
                }),
            ],
        );
        let notes = Note::first(&table);
        Ok(answer([table, points], draw, notes))
    }

    fn all(&self) -> Result<Vec<Mechanism>, LawError> {
        let quanta = Quanta::new(self.quanta_exponent)?;
        let learned = (0..8).map(|k| 30_u64 << k);
        let by_model = learned.clone().map(|n| (n as f64, quanta.loss_when_learned(n)));
        let by_data = learned.map(|n| 100 * n).map(|n| (n as f64, quanta.loss_from_samples(n)));
        Ok(vec![
            Mechanism {
                name: "overlap",
                by: "width d",
                predicted: 1.0,
                rests_on: "nothing: directions are random",
                points: self.overlaps(),
            },
            Mechanism {
                name: "spectrum",
                by: "samples n",
                predicted: noisy_exponent(self.spectral_exponent, self.source_exponent),
                rests_on: "the spectrum of the data and the target's along it",
                points: self.spectrum()?,
            },
            Mechanism {
                name: "quanta, learned",
                by: "quanta n",
                predicted: self.quanta_exponent,
                rests_on: "how often each quantum is used",
                points: by_model.collect(),
            },
            Mechanism {
                name: "quanta, by data",
                by: "samples D",
                predicted: quanta.data_exponent(),
                rests_on: "how often each quantum is used",
                points: by_data.collect(),
            },
            self.torus(
                "dimension, nearest neighbour",
                Learner::NearestNeighbour,
                "the dimension, and that the learner is constant between examples",
            )?,
            self.torus(
                "dimension, local lines",
                Learner::LocalLinear,
                "the dimension, and that the learner is linear between examples",
            )?,
        ])
    }

    /// Mean squared overlaps of random directions by width.
    #[expect(clippy::cast_possible_truncation, reason = "rows are in single precision")]
    fn overlaps(&self) -> Vec<(f64, f64)> {
        let mut rng = stream(self.seed, 0);
        let mut of = |width: usize| {
            let rows: Vec<f32> = (0..VECTORS * width).map(|_| normal(&mut rng) as f32).collect();
            (width as f64, mean_square(Rows::new(&rows, width), 0.0).unwrap_or(f64::NAN))
        };
        [16, 32, 64, 128, 256].map(&mut of).to_vec()
    }

    fn spectrum(&self) -> Result<Vec<(f64, f64)>, LawError> {
        let task = LinearTask::power_law(self.spectral_exponent, self.source_exponent, DIRECTIONS)?;
        let risk =
            |n: usize| Ok((n as f64, task.best_ridge_risk(Sample::new(n, 1.0)?).excess_risk));
        [1000, 1800, 3200, 5600, 10_000].into_iter().map(risk).collect()
    }

    /// A learner's squared errors on the torus by the number of examples.
    fn torus(
        &self,
        name: &'static str,
        learner: Learner,
        rests_on: &'static str,
    ) -> Result<Mechanism, LawError> {
        let Self { n_dimensions, seed, .. } = *self;
        let study = TorusRegression { n_dimensions, learner, n_queries: QUERIES, seed };
        let at = [500, 1000, 2000, 4000, 8000, 16_000];
        let errors = study.errors(&at)?;
        let points = at.iter().zip(errors).map(|(n, error)| (*n as f64, error.mean)).collect();
        let predicted = learner.data_exponent(n_dimensions);
        Ok(Mechanism { name, by: "examples D", predicted, rests_on, points })
    }
}

fn draw(tables: &Tables) -> Result<Vec<Picture>, TableError> {
    let columns = Lines {
        panel: Some("mechanism"),
        ..Lines::plain(("scale", Axis::logarithmic("scale")), ("error", Axis::logarithmic("error")))
    };
    let panels = lines(tables.get("mechanism_points")?, &columns)?;
    let caption = "Exponents: mechanisms.csv. Points: mechanism_points.csv.";
    alone("mechanisms", ("Mechanisms that give a power law", caption), 3, panels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mechanism_has_the_exponent_that_it_predicts() {
        let mechanisms = Mechanisms {
            spectral_exponent: 2.0,
            source_exponent: 0.5,
            quanta_exponent: 0.5,
            n_dimensions: 2,
            seed: 1,
        };
        let tables = mechanisms.study().unwrap().tables;
        let [table, points] =
            ["mechanisms", "mechanism_points"].map(|name| tables.get(name).unwrap());
        assert_eq!(table.words("agrees").unwrap(), ["yes"; 6], "{table:?}");
        assert_eq!(points.rows.len(), 5 + 5 + 8 + 8 + 6 + 6);
        let flat = Mechanisms { quanta_exponent: 0.0, ..mechanisms };
        assert!(flat.study().is_err());
    }
}
