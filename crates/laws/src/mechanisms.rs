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
use superpose_stats::power_law::fit_power_law;

use self::quanta::{Lessons, Quanta, QuantaError};
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

/// Why a mechanism cannot be measured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MechanismError {
    /// The spectrum or the torus is none.
    #[error(transparent)]
    Law(#[from] LawError),
    /// The quanta are none.
    #[error(transparent)]
    Quanta(#[from] QuantaError),
}

/// Directions of the spectrum: enough for the samples that are looked at.
const DIRECTIONS: usize = 200_000;
/// Vectors whose overlaps are measured.
const VECTORS: usize = 1000;
/// Queries on the torus.
const QUERIES: usize = 600;
/// A measured exponent agrees within this many standard errors, or this part of itself.
const AGREEMENT: (f64, f64) = (3.0, 0.05);

/// Scales and errors of a mechanism.
type Points = (Vec<f64>, Vec<f64>);

/// A mechanism, and what was measured of it.
struct Mechanism {
    name: &'static str,
    by: &'static str,
    predicted: f64,
    rests_on: &'static str,
    points: Points,
}

impl Mechanisms {
    /// The tables `mechanisms`, one row a mechanism, and `mechanism_points`, what was measured.
    ///
    /// # Errors
    /// [`MechanismError`], naming the value that is out of range.
    pub fn study(&self) -> Result<Study, MechanismError> {
        let mut table = Table::new(
            "mechanisms",
            "Which exponent does each mechanism predict, and which is measured?",
            &[
                ("mechanism", "where the power law comes from"),
                ("by", "what the error falls with"),
                ("predicted", "the asymptotic exponent"),
                ("measured", "of a line through the logarithms"),
                ("measured_se", "its standard error, from the scatter about the line"),
                ("agrees", "yes within three standard errors or 5 %"),
                ("rests_on", "what the exponent depends on"),
            ],
        );
        let mut points = Table::new(
            "mechanism_points",
            "What was measured of each mechanism?",
            &[
                ("mechanism", "where the power law comes from"),
                ("scale", "width, samples, quanta or examples"),
                ("error", "squared overlap, excess risk, loss or squared error"),
            ],
        );
        for Mechanism { name, by, predicted, rests_on, points: (x, y) } in self.all()? {
            for (x, y) in x.iter().zip(&y) {
                points.push(vec![name.into(), (*x).into(), (*y).into()]);
            }
            let fit = fit_power_law(&x, &y).ok();
            let agrees = fit.map(|fit| {
                let off = (fit.exponent - predicted).abs();
                off <= (AGREEMENT.0 * fit.exponent_se).max(AGREEMENT.1 * predicted.abs())
            });
            table.push(vec![
                name.into(),
                by.into(),
                predicted.into(),
                fit.map(|fit| fit.exponent).into(),
                fit.map(|fit| fit.exponent_se).into(),
                agrees.map(|agrees| if agrees { "yes" } else { "no" }).into(),
                rests_on.into(),
            ]);
        }
        let notes = Note::first(&table);
        Ok(answer([table, points], draw, notes))
    }

    fn all(&self) -> Result<Vec<Mechanism>, MechanismError> {
        let quanta = Quanta::new(self.quanta_exponent)?;
        let torus = |learner| -> Result<Points, MechanismError> {
            let at: Vec<usize> = (0..6).map(|k| 500 << k).collect();
            let study = TorusRegression {
                n_dimensions: self.n_dimensions,
                learner,
                n_queries: QUERIES,
                seed: self.seed,
            };
            let errors = study.errors(&at)?;
            let scales = errors.iter().map(|error| error.n_examples as f64).collect();
            Ok((scales, errors.iter().map(|error| error.mean_squared_error).collect()))
        };
        let learned: Vec<u64> = (0..8).map(|k| 30 << k).collect();
        let lessons = |n: &u64| -> Result<f64, QuantaError> {
            Ok(quanta.loss_from_samples(Lessons::new(*n, 1)?))
        };
        let scales = || learned.iter().map(|n| *n as f64).collect::<Vec<f64>>();
        let by_model = learned.iter().map(|n| quanta.loss_when_learned(*n)).collect();
        let many: Vec<u64> = learned.iter().map(|n| 100 * n).collect();
        let by_data = many.iter().map(lessons).collect::<Result<Vec<f64>, _>>()?;
        let nearest = Learner::NearestNeighbour.data_exponent(self.n_dimensions);
        let local = Learner::LocalLinear.data_exponent(self.n_dimensions);
        let mechanism = |name, by, predicted, rests_on, points| Mechanism {
            name,
            by,
            predicted,
            rests_on,
            points,
        };
        let predicted = noisy_exponent(self.spectral_exponent, self.source_exponent);
        let used = "how often each quantum is used";
        Ok(vec![
            mechanism("overlap", "width d", 1.0, "nothing: directions are random", self.overlaps()),
            mechanism(
                "spectrum",
                "samples n",
                predicted,
                "the spectrum of the data and the target's along it",
                self.spectrum()?,
            ),
            mechanism(
                "quanta, learned",
                "quanta n",
                quanta.model_exponent(),
                used,
                (scales(), by_model),
            ),
            mechanism(
                "quanta, by data",
                "samples D",
                quanta.data_exponent(),
                used,
                (many.iter().map(|n| *n as f64).collect(), by_data),
            ),
            mechanism(
                "dimension, nearest neighbour",
                "examples D",
                nearest,
                "the dimension, and that the learner is constant between examples",
                torus(Learner::NearestNeighbour)?,
            ),
            mechanism(
                "dimension, local lines",
                "examples D",
                local,
                "the dimension, and that the learner is linear between examples",
                torus(Learner::LocalLinear)?,
            ),
        ])
    }

    /// Mean squared overlaps of random directions by width.
    #[expect(clippy::cast_possible_truncation, reason = "rows are in single precision")]
    fn overlaps(&self) -> Points {
        let mut rng = stream(self.seed, 0);
        let widths = [16_usize, 32, 64, 128, 256];
        let of = |width: &usize| {
            let rows: Vec<f32> = (0..VECTORS * width).map(|_| normal(&mut rng) as f32).collect();
            mean_square(Rows::new(&rows, *width), 0.0).unwrap_or(f64::NAN)
        };
        let overlaps = widths.iter().map(of).collect();
        (widths.iter().map(|width| *width as f64).collect(), overlaps)
    }

    fn spectrum(&self) -> Result<Points, MechanismError> {
        let task = LinearTask::power_law(self.spectral_exponent, self.source_exponent, DIRECTIONS)?;
        let at = [1000_usize, 1800, 3200, 5600, 10_000];
        let risk = |n: &usize| -> Result<f64, LawError> {
            Ok(task.best_ridge_risk(Sample::new(*n, 1.0)?).excess_risk)
        };
        let risks = at.iter().map(risk).collect::<Result<_, _>>()?;
        Ok((at.iter().map(|n| *n as f64).collect(), risks))
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
