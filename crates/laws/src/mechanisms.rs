//! `theory mechanisms`: four mechanisms that give a power law, each with the exponent that it
//! predicts and the one that is measured.
//!
//! One fitter for all, and no product of theories. [`quanta`] has the quanta model (Michaud et al.
//! 2023) and [`torus_regression`] regression on a torus (Sharma & Kaplan 2022); overlaps and
//! spectra are laws of other folders.

pub mod quanta;
pub mod torus_regression;

use superpose_figures::axis::Axis;
use superpose_figures::chart::Mark;
use superpose_figures::lines::{Guide, Lines, lines};
use superpose_figures::study::{Note, Picture, Study};
use superpose_files::table::{Field, Table, TableError, Tables};
use superpose_geometry::Rows;
use superpose_geometry::overlap::mean_square;
use superpose_stats::power_law::{PowerLaw, fit_power_law};

use self::quanta::Quanta;
use self::torus_regression::{Learner, TorusRegression};
use crate::answer::{alone, answer, each_chart, number};
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
/// How far off an exponent may be, as a part of it, to be called near: what is measured is finite, the
/// prediction is of the limit.
const NEAR: f64 = 0.05;
/// Standard errors within which a drawn exponent is the predicted one.
const ERRORS: f64 = 3.0;

/// A mechanism, and what was measured of it: scales and errors.
struct Mechanism {
    name: &'static str,
    by: &'static str,
    /// What its error is.
    error_is: &'static str,
    predicted: f64,
    rests_on: &'static str,
    points: Vec<(f64, f64)>,
    /// Whether the errors are of random draws; otherwise they are computed, and lie beside a line only
    /// because they follow none.
    is_drawn: bool,
}

impl Mechanism {
    fn fitted(&self) -> Option<PowerLaw> {
        let (scales, errors): (Vec<f64>, Vec<f64>) = self.points.iter().copied().unzip();
        fit_power_law(&scales, &errors).ok()
    }

    /// The error at a scale on the line of the predicted slope, through the geometric mean of the points.
    fn at_predicted_slope(&self, scale: f64) -> f64 {
        let n = self.points.len() as f64;
        let mean = |of: fn(&(f64, f64)) -> f64| self.points.iter().map(of).sum::<f64>() / n;
        let (ln_scale, ln_error) = (mean(|at| at.0.ln()), mean(|at| at.1.ln()));
        (ln_error - self.predicted * (scale.ln() - ln_scale)).exp()
    }

    /// The standard error of the exponent, of what has one.
    fn standard_error(&self, fit: &PowerLaw) -> Option<f64> {
        self.is_drawn.then_some(fit.exponent_se)
    }

    /// The root of the mean squared distance of the logarithms of the errors from the line.
    fn deviation(&self, fit: &PowerLaw) -> f64 {
        let squares =
            self.points.iter().map(|(scale, error)| (error / fit.at(*scale)).ln().powi(2));
        (squares.sum::<f64>() / self.points.len() as f64).sqrt()
    }

    /// Whether the exponent is the predicted one.
    fn agrees(&self, fit: &PowerLaw) -> &'static str {
        let off = (fit.exponent - self.predicted).abs();
        match self.standard_error(fit) {
            Some(error) if off <= ERRORS * error => "yes",
            _ if off <= NEAR * self.predicted.abs() => "within 5 %",
            _ => "no",
        }
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
                    "its standard error, from the scatter about the line; none of errors that are computed and not drawn",
                    &|(m, fit)| fit.and_then(|fit| m.standard_error(&fit)).into(),
                ),
                (
                    "agrees",
                    "yes within three standard errors; within 5 % of the prediction, if not; or no",
                    &|(m, fit)| fit.map(|fit| m.agrees(&fit)).into(),
                ),
                ("rests_on", "what the exponent depends on", &|(m, _)| m.rests_on.into()),
                ("difference", "measured − predicted", &|(m, fit)| {
                    fit.map(|fit| fit.exponent - m.predicted).into()
                }),
                (
                    "deviation",
                    "root of the mean squared distance of ln error from the line: of computed errors, their bend",
                    &|(m, fit)| fit.map(|fit| m.deviation(&fit)).into(),
                ),
                ("errors_are", "drawn at random, or computed", &|(m, _)| {
                    if m.is_drawn { "drawn" } else { "computed" }.into()
                }),
                ("error_is", "what falls", &|(m, _)| m.error_is.into()),
            ],
        );
        let points = Table::of(
            "mechanism_points",
            "What was measured of each mechanism?",
            all.iter().flat_map(|mechanism| mechanism.points.iter().map(move |at| (mechanism, at))),
            &[
                ("mechanism", "where the power law comes from", &|(m, _)| m.name.into()),
                ("scale", "width, samples, quanta or examples", &|(_, at)| at.0.into()),
                ("error", "squared overlap, excess risk, loss or squared error", &|(_, at)| {
                    at.1.into()
                }),
                (
                    "predicted",
                    "the error on a line of the predicted slope through the geometric mean of the points",
                    &|(m, at)| m.at_predicted_slope(at.0).into(),
                ),
            ],
        );
        let mut notes = Note::first(&table);
        let line = "agrees: yes within three standard errors, which only exponents of drawn errors have; within 5 % is near the limit \
                    that is predicted, and no more. The deviation of computed errors is their bend, not an error of the exponent";
        notes.push(Note::Line(line.to_owned()));
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
                error_is: "mean squared overlap",
                predicted: 1.0,
                rests_on: "nothing: directions are random",
                points: self.overlaps(),
                is_drawn: true,
            },
            Mechanism {
                name: "spectrum",
                by: "samples n",
                error_is: "excess risk",
                predicted: noisy_exponent(self.spectral_exponent, self.source_exponent),
                rests_on: "the spectrum of the data and the target's along it",
                points: self.spectrum()?,
                is_drawn: false,
            },
            Mechanism {
                name: "quanta, learned",
                by: "quanta n",
                error_is: "loss",
                predicted: self.quanta_exponent,
                rests_on: "how often each quantum is used",
                points: by_model.collect(),
                is_drawn: false,
            },
            Mechanism {
                name: "quanta, by data",
                by: "samples D",
                error_is: "loss",
                predicted: quanta.data_exponent(),
                rests_on: "how often each quantum is used",
                points: by_data.collect(),
                is_drawn: false,
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
        let (by, error_is) = ("examples D", "mean squared error");
        Ok(Mechanism { name, by, error_is, predicted, rests_on, points, is_drawn: true })
    }
}

fn draw(tables: &Tables) -> Result<Vec<Picture>, TableError> {
    let points = tables.get("mechanism_points")?;
    let guides = [Guide { column: "predicted", label: "predicted slope", mark: Mark::Dotted }];
    let columns = Lines {
        panel: Some("mechanism"),
        guides: &guides,
        group_label: "measured",
        mark: Mark::Dots,
        ..Lines::plain(("scale", Axis::logarithmic("")), ("error", Axis::logarithmic("")))
    };
    let mut panels = lines(points, &columns)?;
    let all = tables.get("mechanisms")?;
    let words = all.fields(["mechanism", "by", "error_is"])?;
    let exponents = all.fields(["measured", "measured_se", "predicted"])?;
    let known: Vec<_> = words.into_iter().zip(exponents).collect();
    each_chart(&mut panels, |chart| {
        let is_it = |row: &&([&Field; 3], _)| row.0[0].to_string() == chart.title;
        let Some(([name, by, error_is], exponents)) = known.iter().find(is_it) else { return };
        chart.title = format!("{name}: {}", said(exponents));
        (chart.x.label, chart.y.label) = (by.to_string(), error_is.to_string());
    });
    let caption = "Titles: the exponent that was measured, with its standard error where errors are drawn at random, and the \
                   predicted one, whose slope is dotted through the middle of the points. Exponents: mechanisms.csv. \
                   Points: mechanism_points.csv.";
    alone("mechanisms", ("Mechanisms that give a power law", caption), 3, panels)
}

/// An exponent as measured and as predicted: `0.502 ± 0.003, predicted 0.500`.
fn said(exponents: &[&Field; 3]) -> String {
    let [measured, error, predicted] = exponents.map(number);
    let error = match error {
        Field::Missing => String::new(),
        error => format!(" ± {}", error.rounded(3)),
    };
    format!("{}{error}, predicted {}", measured.rounded(3), predicted.rounded(3))
}

#[cfg(test)]
mod tests {
    use superpose_figures::chart::Point;
    use superpose_figures::panel::Panel;

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
        let study = mechanisms.study().unwrap();
        // As from files.
        let read = |t: &Table| Table::from_csv(&t.name, &t.to_csv()).unwrap();
        let pictures = (study.draw)(&study.tables.iter().map(read).collect()).unwrap();
        let [Panel::Chart(overlap), Panel::Chart(spectrum), ..] = &pictures[0].sheet.panels[..]
        else {
            panic!("charts");
        };
        let title = &overlap.title;
        assert!(title.contains(" ± ") && title.ends_with(", predicted 1.000"), "{title}");
        assert!(title.chars().count() < 45, "{title}");
        assert!(!spectrum.title.contains('±') && spectrum.title.starts_with("spectrum: "));
        assert_eq!((&*spectrum.x.label, &*spectrum.y.label), ("samples n", "excess risk"));
        let slope =
            |points: &[Point]| (points[0].y / points[1].y).ln() / (points[1].x / points[0].x).ln();
        let [predicted, measured] = &overlap.series[..] else { panic!("a slope and points") };
        assert!(predicted.mark == Mark::Dotted && (slope(&predicted.points) - 1.0).abs() < 1e-9);
        // Through the middle: as far above the points as below them.
        let off = |(p, m): (&Point, &Point)| (p.y / m.y).ln();
        let off: f64 = predicted.points.iter().zip(&measured.points).map(off).sum();
        assert!(off.abs() < 1e-9, "{off}");
        let tables = study.tables;
        let [table, points] =
            ["mechanisms", "mechanism_points"].map(|name| tables.get(name).unwrap());
        let drawn = ["drawn", "computed", "computed", "computed", "drawn", "drawn"];
        assert_eq!(table.words("errors_are").unwrap(), drawn);
        // What is computed has no standard error, and is near its limit at best.
        let rows = table.fields(["errors_are", "agrees", "measured_se"]).unwrap();
        for [errors_are, agrees, error] in rows {
            let computed = errors_are.to_string() == "computed";
            assert_eq!(error.number().is_none(), computed);
            assert!(!computed || agrees.to_string() == "within 5 %", "{table:?}");
            assert!(agrees.to_string() != "no", "{table:?}");
        }
        let of = |column: &str| table.numbers(column).unwrap();
        for (difference, (measured, predicted)) in
            of("difference").iter().zip(of("measured").iter().zip(of("predicted")))
        {
            assert!((difference - (measured - predicted)).abs() < 1e-12);
        }
        assert_eq!(points.rows.len(), 5 + 5 + 8 + 8 + 6 + 6);
        let flat = Mechanisms { quanta_exponent: 0.0, ..mechanisms };
        assert!(flat.study().is_err());
    }

    #[test]
    fn a_verdict_needs_a_standard_error_and_a_bend_is_none() {
        // A parabola about the slope −1: its deviation is no error of the exponent.
        let point = |k: i32| (f64::from(k).exp(), (-f64::from(k) + 0.1 * f64::from(k * k)).exp());
        let of = |predicted, is_drawn| Mechanism {
            name: "m",
            by: "b",
            error_is: "e",
            predicted,
            rests_on: "r",
            points: (-2..=2).map(point).collect(),
            is_drawn,
        };
        let agrees = |predicted: f64, is_drawn| {
            let mechanism = of(predicted, is_drawn);
            mechanism.agrees(&mechanism.fitted().unwrap())
        };
        let fit = of(1.0, true).fitted().unwrap();
        assert!((fit.exponent - 1.0).abs() < 1e-12);
        // Of 0.4, 0.1, 0, 0.1 and 0.4 about their mean 0.2; √(14/25/15/10) without the two of a line.
        assert!((of(1.0, true).deviation(&fit) - 0.028_f64.sqrt()).abs() < 1e-12);
        let error = (0.14_f64 / 3.0 / 10.0).sqrt();
        assert!((of(1.0, true).standard_error(&fit).unwrap() - error).abs() < 1e-12);
        assert_eq!(of(1.0, false).standard_error(&fit), None);
        assert_eq!(
            [agrees(1.0 + 2.9 * error, true), agrees(1.0 + 3.1 * error, true)],
            ["yes", "no"]
        );
        assert_eq!(
            [agrees(1.04, false), agrees(0.96, false), agrees(1.06, false)],
            ["within 5 %", "within 5 %", "no"]
        );
        assert_eq!([agrees(-1.0, false), agrees(1.0, false)], ["no", "within 5 %"]);
    }
}
