//! `theory redundancy matrix`: what the covariance of a data set says of its redundancy.
//!
//! A power law is fitted to the eigenvalues by rank; the numbers that follow from a spectrum are
//! those of [`exponents`](super::spectrum::exponents).

use superpose_figures::axis::Axis;
use superpose_figures::chart::Mark;
use superpose_figures::lines::{Guide, Lines, lines};
use superpose_figures::study::{Note, Picture, Study};
use superpose_files::table::{Table, TableError, Tables};
use superpose_geometry::frame::participation_ratio;
use superpose_geometry::gram::Gram;
use superpose_stats::power_law::PowerLaw;

use crate::answer::{alone, answer};
use crate::frequencies::zipf::fit_rank_window;
use crate::redundancy::spectrum::exponents::{effective_dimension, gaussian_redundancy};

/// An eigenvalue is exact to about this part of the largest.
const ROUNDING: f64 = 1e-14;

/// The tables `redundancy_matrix`, one row, and `redundancy_matrix_spectrum`, one row an
/// eigenvalue, of the covariance of `rows`, `[n, width]`. The spectrum's exponent is fitted over
/// ranks from 1 to `last_rank`, or to the last variance there is, if that is less.
///
/// # Panics
/// When `width` is zero or does not divide the number of values.
pub fn study(rows: &[f64], width: usize, last_rank: usize) -> Study {
    let found = Covariance::of(rows, width, last_rank);
    let summary = found.summary();
    let mut notes = Note::first(&summary);
    if found.line.is_none() {
        notes.push(Note::Line(format!(
            "no spectral exponent: a line takes three ranks with a variance, and there are {}",
            found.last_rank
        )));
    }
    answer([summary, found.spectrum()], draw, notes)
}

/// The spectrum of a covariance.
struct Covariance {
    n_rows: usize,
    /// Eigenvalues in squared units, descending.
    variances: Vec<f64>,
    /// The largest number, so that squares stay within double precision.
    unit: f64,
    /// The last rank that the line is fitted over.
    last_rank: usize,
    line: Option<PowerLaw>,
}

impl Covariance {
    fn of(rows: &[f64], width: usize, last_rank: usize) -> Self {
        let n_rows = rows.len() / width;
        let mean: Vec<f64> = (0..width)
            .map(|column| rows.iter().skip(column).step_by(width).sum::<f64>() / n_rows as f64)
            .collect();
        let mut gram = Gram::zeros(width);
        let mut centred = rows.to_vec();
        for row in centred.chunks_exact_mut(width) {
            row.iter_mut().zip(&mean).for_each(|(value, mean)| *value -= mean);
        }
        let unit = centred.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
        let unit = if unit > 0.0 { unit } else { 1.0 };
        centred.iter_mut().for_each(|value| *value /= unit);
        gram.add(&centred);
        let mut variances: Vec<f64> =
            gram.spectrum().iter().map(|value| value / n_rows as f64).collect();
        // What is left of a variance of zero is rounding.
        let rounding = ROUNDING * variances.first().copied().unwrap_or(0.0);
        variances.iter_mut().filter(|value| **value <= rounding).for_each(|value| *value = 0.0);
        let n_positive = variances.iter().filter(|value| **value > 0.0).count();
        let last_rank = last_rank.min(n_positive);
        let line = fit_rank_window(&variances, 1..=last_rank).ok();
        Self { n_rows, variances, unit, last_rank, line }
    }

    fn summary(&self) -> Table {
        let Self { variances, line, .. } = self;
        let largest = variances.first().copied().unwrap_or(0.0);
        let mut table = Table::new(
            "redundancy_matrix",
            "How redundant is the data, by its covariance alone?",
            &[
                ("n_rows", "rows: samples"),
                ("n_columns", "columns"),
                ("spectral_exponent", "β of variances ∝ rank^-β"),
                (
                    "spectral_exponent_se",
                    "its standard error, by the scatter about the line, as if ranks were drawn one by one: a little small",
                ),
                ("r_squared", "R² of that line"),
                (
                    "last_rank",
                    "it is fitted over ranks from 1 to this; few rows make the last ranks fall too fast",
                ),
                ("spectral_index", "1/β"),
                ("participation_ratio", "(Σλ)² / Σλ²"),
                ("effective_dimension", "Σ λ/(λ + 0.001 λ₁)"),
                (
                    "gaussian_redundancy",
                    "½ ln(AM/GM) of the variances, nats a dimension; none for a singular covariance",
                ),
            ],
        );
        table.push(vec![
            self.n_rows.into(),
            variances.len().into(),
            line.map(|line| line.exponent).into(),
            line.map(|line| line.exponent_se).into(),
            line.map(|line| line.r_squared).into(),
            self.last_rank.into(),
            line.map(|line| 1.0 / line.exponent).into(),
            participation_ratio(variances).into(),
            effective_dimension(variances, 1e-3 * largest).into(),
            gaussian_redundancy(variances).into(),
        ]);
        table
    }

    fn spectrum(&self) -> Table {
        let squared = |value: f64| value * self.unit * self.unit;
        let line = |rank: usize| self.line.filter(|_| rank <= self.last_rank);
        let fitted = |rank: usize| line(rank).map(|line| squared(line.at(rank as f64)));
        Table::of(
            "redundancy_matrix_spectrum",
            "How does the variance fall with rank?",
            (1..).zip(&self.variances),
            &[
                ("rank", "rank of the eigenvalue, from 1", &|(rank, _)| (*rank).into()),
                ("variance", "eigenvalue of the covariance", &|(_, value)| squared(**value).into()),
                ("fitted", "the power law, over its ranks", &|(rank, _)| fitted(*rank).into()),
            ],
        )
    }
}

fn draw(tables: &Tables) -> Result<Vec<Picture>, TableError> {
    let guides = [Guide { column: "fitted", label: "power law", mark: Mark::Line }];
    let columns = Lines {
        guides: &guides,
        mark: Mark::Dots,
        ..Lines::plain(
            ("rank", Axis::logarithmic("rank")),
            ("variance", Axis::logarithmic("variance")),
        )
    };
    let panels = lines(tables.get("redundancy_matrix_spectrum")?, &columns)?;
    let caption = "Tables: redundancy_matrix.csv, redundancy_matrix_spectrum.csv.";
    alone("redundancy_matrix", ("Spectrum of the data's covariance", caption), 1, panels)
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution as _, StandardNormal};

    use super::*;

    #[test]
    fn a_plane_has_no_third_variance_and_no_finite_redundancy() {
        let row = |k: i32| {
            let (x, y) = (f64::from(k * 37 % 101), f64::from(k * 53 % 89));
            [x, y, x + y]
        };
        let rows: Vec<f64> = (0..500).flat_map(row).collect();
        let found = Covariance::of(&rows, 3, usize::MAX);
        let (table, spectrum) = (found.summary(), found.spectrum());
        let said = study(&rows, 3, 3).notes;
        let line =
            "no spectral exponent: a line takes three ranks with a variance, and there are 2";
        assert_eq!(said.last(), Some(&Note::Line(line.to_owned())));
        assert_eq!(study(&rows[..30], 10, 10).notes.len(), 2);
        assert!(table.numbers("gaussian_redundancy").unwrap()[0].is_nan());
        assert!(table.numbers("spectral_exponent").unwrap()[0].is_nan());
        let variances = spectrum.numbers("variance").unwrap();
        assert!(variances[1] > 1.0 && variances[2].abs() < f64::MIN_POSITIVE);
    }

    #[test]
    fn neither_the_unit_nor_too_few_rows_make_a_difference_to_what_has_no_unit() {
        let row = |k: i32| [f64::from(k * 37 % 101), f64::from(k * 53 % 89), f64::from(k * 7 % 13)];
        let rows: Vec<f64> = (0..500).flat_map(row).collect();
        let of = |unit: f64| {
            let rows: Vec<f64> = rows.iter().map(|value| unit * value).collect();
            let table = Covariance::of(&rows, 3, usize::MAX).summary();
            ["participation_ratio", "effective_dimension", "spectral_exponent"]
                .map(|column| table.numbers(column).unwrap()[0])
        };
        for unit in [1e200, 1e-200] {
            for (there, here) in of(unit).iter().zip(of(1.0)) {
                assert!((there / here - 1.0).abs() < 1e-9, "{unit}: {there} {here}");
            }
        }
        // Four rows have three variances, however many columns.
        let table = Covariance::of(&rows[..40], 10, usize::MAX).summary();
        assert!((table.numbers("last_rank").unwrap()[0] - 3.0).abs() < f64::EPSILON);
    }

    #[test]
    fn a_planted_spectrum_and_a_mean_come_back() {
        let (n, width) = (20_000, 12);
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        let rows: Vec<f64> = (0..n * width)
            .map(|k| {
                let normal: f64 = StandardNormal.sample(&mut rng);
                7.0 + normal * ((k % width + 1) as f64).powf(-0.75)
            })
            .collect();
        let found = Covariance::of(&rows, width, usize::MAX);
        let (table, spectrum) = (found.summary(), found.spectrum());
        let of = |column: &str| table.numbers(column).unwrap()[0];
        // Variances are right within 1 % each.
        assert!((of("spectral_exponent") - 1.5).abs() < 0.03, "{table:?}");
        let planted: Vec<f64> = (1..=12).map(|rank| f64::from(rank).powf(-1.5)).collect();
        assert!((of("gaussian_redundancy") - gaussian_redundancy(&planted)).abs() < 0.02);
        assert_eq!(spectrum.rows.len(), width);
        assert!(spectrum.numbers("fitted").unwrap().iter().all(|v| v.is_finite()));
    }
}
