//! The exponent of a power law from trainings at several widths and seeds, with its 95 % interval.
//!
//! The exponent is minus the slope of the least-squares line through the geometric means over seeds. What
//! its interval is an interval *of* depends on what was trained:
//!
//! - **Of seeds**, where at least two seeds have all widths: where the exponent of many more seeds at the same
//!   widths is. How these seeds deviate from their mean, as vectors over the widths, gives the variance of the
//!   slope; where all widths have the same seeds, that is Student's t over the seeds' own exponents. It is
//!   right whatever the scatter at each width and whatever a seed's losses have in common, and how the
//!   line bends is no part of it.
//! - **Of the line**, otherwise: the exponent of a true power law about which the widths scatter. The scatter
//!   about the line is known even where a width has one seed. With one seed everywhere it is the textbook
//!   interval of a slope. With unequal numbers of seeds each width counts by its error: the covariance of
//!   the means is one of random effects of width, seed and training, and its scale is that of the scatter about
//!   the line (as in the meta-regression of Knapp & Hartung 2003), with two degrees of freedom fewer
//!   than there are widths.
//!
//! What one seed does to all widths at once, such as tilting the line, does not show where few widths have
//! a second one: an interval of the line is too short by that. Two seeds at all widths see it.
//! How often the intervals hold the truth is simulated in `tests/coverage.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::bfgs::dot;
use crate::power_law::{PowerLaw, PowerLawError, fit_power_law, student_t};
use crate::summary::{Summary, geometric_mean, summarise};

/// Confidence of the intervals.
pub const CONFIDENCE: f64 = 0.95;

/// What was trained at one width.
#[derive(Debug, Clone, PartialEq)]
pub struct AtWidth<S> {
    /// The width, or whatever the law is over.
    pub x: f64,
    /// The loss of each seed. A seed is the same at all places, and at each place once.
    pub by_seed: Vec<(S, f64)>,
}

/// What an interval is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntervalOf {
    /// More seeds at the same widths.
    Seeds,
    /// The line, about which the widths scatter.
    Line,
}

impl fmt::Display for IntervalOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Seeds => "seeds",
            Self::Line => "line",
        })
    }
}

/// An interval about an exponent, by Student's t.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// The standard error that it rests on.
    pub standard_error: f64,
    /// Degrees of freedom of the standard error.
    pub degrees: f64,
    /// What it is of.
    pub of: IntervalOf,
}

impl Interval {
    fn new(exponent: f64, standard_error: f64, degrees: f64, of: IntervalOf) -> Self {
        let half = student_t(CONFIDENCE, degrees) * standard_error;
        Self { low: exponent - half, high: exponent + half, standard_error, degrees, of }
    }
}

/// A fitted exponent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExponentFit {
    /// The line through the geometric means over seeds; its standard error is from the scatter about it.
    pub line: PowerLaw,
    /// The 95 % interval of the exponent.
    pub interval: Interval,
    /// The exponents of the seeds that all places have, each fitted alone.
    pub seeds: Summary,
    /// Standard deviation of the exponent if each place had one seed and each another: from the scatter over
    /// seeds at each place, so absent where one has a single seed. As a seed's losses at all places have
    /// something in common, the exponents of single seeds may scatter more or less.
    pub independent_sd: Option<f64>,
}

/// The exponent of the power law through `places`.
///
/// # Errors
/// [`PowerLawError`] when there is no line through the geometric means: with fewer than three places, or
/// a value without a logarithm.
pub fn fit_exponent<S: Ord + Copy>(places: &[AtWidth<S>]) -> Result<ExponentFit, PowerLawError> {
    let x: Vec<f64> = places.iter().map(|place| place.x).collect();
    let values = |place: &AtWidth<S>| place.by_seed.iter().map(|v| v.1).collect::<Vec<f64>>();
    let replicates: Vec<Vec<f64>> = places.iter().map(values).collect();
    let means: Vec<f64> = replicates.iter().map(|values| geometric_mean(values)).collect();
    let line = fit_power_law(&x, &means)?;
    let grid = Grid::new(places);
    let shared = grid.shared_seeds();
    let own_exponent = |seed: &S| {
        let of_seed = |place: &AtWidth<S>| place.by_seed.iter().find(|v| v.0 == *seed).map(|v| v.1);
        let losses: Vec<f64> = places.iter().filter_map(of_seed).collect();
        fit_power_law(&x, &losses).ok().map(|law| law.exponent)
    };
    let seeds: Vec<f64> = shared.iter().filter_map(own_exponent).collect();
    let interval = match shared.len() {
        0 | 1 => grid.interval_of_line(&line),
        _ => grid.interval_of_seeds(&line, &shared),
    };
    let independent_sd = independent_sd(&x, &replicates);
    Ok(ExponentFit { line, interval, seeds: summarise(&seeds), independent_sd })
}

/// The standard deviation of the slope of `ln y` on `ln x` through one of the `replicates` at each `x`, drawn
/// apart: `√(Σ_k ((ln x_k − mean) / S_xx)² s_k²)` with the deviations `s_k` of `ln y`.
fn independent_sd(x: &[f64], replicates: &[Vec<f64>]) -> Option<f64> {
    let ln_x: Vec<f64> = x.iter().map(|x| x.ln()).collect();
    let mean = summarise(&ln_x).mean;
    let sxx: f64 = ln_x.iter().map(|x| (x - mean).powi(2)).sum();
    let variances = ln_x.iter().zip(replicates).map(|(x, values)| {
        let logarithms: Vec<f64> = values.iter().map(|v| v.ln()).collect();
        ((x - mean) / sxx * summarise(&logarithms).standard_deviation).powi(2)
    });
    Some(variances.sum::<f64>().sqrt()).filter(|deviation| deviation.is_finite())
}

/// Logarithms by place and seed.
struct Grid<S> {
    /// `ln x` of each place, less their mean.
    ln_x: Vec<f64>,
    /// `Σ ln_x²`: the slope of means `m_k` is `Σ_k ln_x_k m_k / sxx`.
    sxx: f64,
    /// `ln y` of each place by seed.
    ln_y: Vec<BTreeMap<S, f64>>,
}

/// Variances of a logarithm, up to a common factor.
#[derive(Debug, Clone, Copy)]
struct Components {
    /// What a place is off the line, with all its seeds.
    place: f64,
    /// What a seed is off, at all places alike.
    seed: f64,
    /// What a seed is off at one place.
    training: f64,
}

/// A seed's part of the variance at a place is at most this: with all of it, means of different
/// seeds would have a singular covariance.
const MOST_OF_SEED: f64 = 0.95;
/// Stands for the spread of seeds that make no difference: less than rounding leaves about a line.
const NO_SPREAD: f64 = 1e-100;
/// Where no two places share two seeds, seeds are taken to move all places alike only if their spread at one
/// place is so many times the scatter about the line, in variance: by chance that happens at most one time
/// in eight (F distribution, 1 and 4 degrees of freedom).
const CLEARLY_MORE: f64 = 4.0;

impl<S: Ord + Copy> Grid<S> {
    fn new(places: &[AtWidth<S>]) -> Self {
        let ln_x: Vec<f64> = places.iter().map(|place| place.x.ln()).collect();
        let mean = summarise(&ln_x).mean;
        let ln_x: Vec<f64> = ln_x.iter().map(|x| x - mean).collect();
        let ln = |place: &AtWidth<S>| place.by_seed.iter().map(|v| (v.0, v.1.ln())).collect();
        let sxx = dot(&ln_x, &ln_x);
        Self { ln_x, sxx, ln_y: places.iter().map(ln).collect() }
    }

    fn seeds(&self) -> BTreeSet<S> {
        self.ln_y.iter().flat_map(|place| place.keys().copied()).collect()
    }

    /// The seeds that all places have.
    fn shared_seeds(&self) -> Vec<S> {
        let everywhere = |seed: &S| self.ln_y.iter().all(|place| place.contains_key(seed));
        self.seeds().into_iter().filter(everywhere).collect()
    }

    /// The interval of the seeds: the slope is `Σ_s w_s · y_s` with a seed's logarithms `y_s` and their weights
    /// `w_s`, so its variance is `Σ_s w_sᵀ C w_s` with the covariance `C` of the logarithms of a seed, which
    /// the `shared` seeds give: with one degree of freedom fewer than these in each direction of the weights.
    fn interval_of_seeds(&self, line: &PowerLaw, shared: &[S]) -> Interval {
        let mean = |place: &BTreeMap<S, f64>| {
            shared.iter().map(|seed| place[seed]).sum::<f64>() / shared.len() as f64
        };
        let deviation = |seed: &S| -> Vec<f64> {
            self.ln_y.iter().map(|place| place[seed] - mean(place)).collect()
        };
        let deviations: Vec<Vec<f64>> = shared.iter().map(deviation).collect();
        let weight = |seed: &S, (x, place): (&f64, &BTreeMap<S, f64>)| match place.get(seed) {
            Some(_) => x / self.sxx / place.len() as f64,
            None => 0.0,
        };
        let of_seed = |seed: &S| -> Vec<f64> {
            self.ln_x.iter().zip(&self.ln_y).map(|at| weight(seed, at)).collect()
        };
        let weights: Vec<Vec<f64>> = self.seeds().iter().map(of_seed).collect();
        let moved = weights.iter().flat_map(|w| deviations.iter().map(|d| dot(w, d).powi(2)));
        let degrees = (shared.len() - 1) as f64;
        let standard_error = (moved.sum::<f64>() / degrees).sqrt();
        let degrees = match self.ln_y.iter().all(|place| place.len() == shared.len()) {
            true => degrees,
            false => degrees * self.directions(&weights),
        };
        Interval::new(line.exponent, standard_error, degrees, IntervalOf::Seeds)
    }

    /// In how many independent directions `weights` point, in effect: `(Σ_s w_sᵀ C w_s)² / Σ_st (w_sᵀ C w_t)²`
    /// with the covariance `C` of [`Components`].
    fn directions(&self, weights: &[Vec<f64>]) -> f64 {
        let Components { seed, training, .. } = self.of_seeds(0.0);
        let sum = |w: &[f64]| w.iter().sum::<f64>();
        let covariance = |a: &[f64], b: &[f64]| training * dot(a, b) + seed * sum(a) * sum(b);
        let trace: f64 = weights.iter().map(|w| covariance(w, w)).sum();
        let pairs = weights.iter().flat_map(|a| weights.iter().map(move |b| (a, b)));
        trace * trace / pairs.map(|(a, b)| covariance(a, b).powi(2)).sum::<f64>()
    }

    /// The interval of the line: with the covariance of the means known up to a factor, the factor is that
    /// of the weighted squares about the line.
    fn interval_of_line(&self, line: &PowerLaw) -> Interval {
        let degrees = (self.ln_y.len() - 2) as f64;
        let standard_error = match self.ln_y.iter().all(|place| place.len() == 1) {
            true => line.exponent_se,
            false => {
                let covariance = self.covariance(self.components());
                let means: Vec<f64> = self.means();
                let ones = vec![1.0; means.len()];
                let [ones, ln_x, ln_y] = whitened(&covariance, [&ones, &self.ln_x, &means]);
                let ln_x = without(&ln_x, &ones);
                let residual = without(&without(&ln_y, &ones), &ln_x);
                let factor = dot(&residual, &residual) / degrees;
                let moved: Vec<f64> = covariance.iter().map(|row| dot(row, &self.ln_x)).collect();
                (factor * dot(&self.ln_x, &moved)).sqrt() / self.sxx
            }
        };
        Interval::new(line.exponent, standard_error, degrees, IntervalOf::Line)
    }

    fn means(&self) -> Vec<f64> {
        self.ln_y.iter().map(|p| p.values().sum::<f64>() / p.len() as f64).collect()
    }

    /// The variances, by moments: of seeds from the differences between two seeds at places that have both;
    /// of places from the squares about the line that seeds do not explain.
    fn components(&self) -> Components {
        let n = self.ln_y.len();
        let ones = vec![1.0; n];
        let residual = without(&without(&self.means(), &ones), &self.ln_x);
        let squares = dot(&residual, &residual);
        let of_seeds = self.of_seeds(squares / (n - 2) as f64);
        // A covariance `V` of the means leaves squares about the line of Σ V less those along it.
        let covariance = self.covariance(of_seeds);
        let along = |column: &[f64]| {
            let moved: Vec<f64> = covariance.iter().map(|row| dot(row, column)).collect();
            dot(column, &moved) / dot(column, column)
        };
        let trace: f64 = (0..n).map(|k| covariance[k][k]).sum();
        let explained = trace - along(&ones) - along(&self.ln_x);
        let place = ((squares - explained) / (n - 2) as f64).max(0.0);
        Components { place, ..of_seeds }
    }

    /// The variances of seeds alone; `scatter` is the variance of the means about the line. Where seeds make no
    /// difference at all, only that of trainings.
    fn of_seeds(&self, scatter: f64) -> Components {
        let (spread, common) = self.spread_over_seeds();
        if spread == 0.0 {
            return Components { place: 0.0, seed: 0.0, training: NO_SPREAD };
        }
        let seed = match common {
            Some(common) => common.max(0.0),
            None if spread > CLEARLY_MORE * scatter => spread - scatter,
            None => 0.0,
        };
        let seed = seed.min(MOST_OF_SEED * spread);
        Components { place: 0.0, seed, training: spread - seed }
    }

    /// The variance of a logarithm over seeds, and what of it is common to all places; this only where two
    /// places share two seeds.
    fn spread_over_seeds(&self) -> (f64, Option<f64>) {
        let seeds: Vec<S> = self.seeds().into_iter().collect();
        let (mut squares, mut products) = (Vec::new(), Vec::new());
        for (i, one) in seeds.iter().enumerate() {
            for other in &seeds[i + 1..] {
                let difference =
                    |place: &BTreeMap<S, f64>| Some(place.get(one)? - place.get(other)?);
                let differences: Vec<f64> = self.ln_y.iter().filter_map(difference).collect();
                for (k, a) in differences.iter().enumerate() {
                    // A difference has the variance of two seeds.
                    squares.push(a * a / 2.0);
                    products.extend(differences[k + 1..].iter().map(|b| a * b / 2.0));
                }
            }
        }
        let common = (!products.is_empty()).then(|| summarise(&products).mean);
        (summarise(&squares).mean, common)
    }

    /// The covariance of the places' means.
    fn covariance(&self, of: Components) -> Vec<Vec<f64>> {
        let n = self.ln_y.len();
        let at = |i: usize, j: usize| {
            let (a, b) = (&self.ln_y[i], &self.ln_y[j]);
            let both = a.keys().filter(|seed| b.contains_key(seed)).count();
            let own = if i == j { of.place + of.training / a.len() as f64 } else { 0.0 };
            own + of.seed * both as f64 / (a.len() * b.len()) as f64
        };
        (0..n).map(|i| (0..n).map(|j| at(i, j)).collect()).collect()
    }
}

/// `a` less its part along `b`.
fn without(a: &[f64], b: &[f64]) -> Vec<f64> {
    let part = dot(a, b) / dot(b, b);
    a.iter().zip(b).map(|(a, b)| a - part * b).collect()
}

/// `L⁻¹` times each of the `columns`, with the lower triangle `L` for which `L Lᵀ` is the `covariance`.
fn whitened<const N: usize>(covariance: &[Vec<f64>], columns: [&[f64]; N]) -> [Vec<f64>; N] {
    let mut lower: Vec<Vec<f64>> = Vec::new();
    for (i, row) in covariance.iter().enumerate() {
        let mut new = Vec::new();
        for (j, value) in row.iter().enumerate().take(i) {
            new.push((value - dot(&new, &lower[j])) / lower[j][j]);
        }
        new.push((row[i] - dot(&new, &new)).sqrt());
        lower.push(new);
    }
    columns.map(|column| {
        let mut solved: Vec<f64> = Vec::new();
        for (row, value) in lower.iter().zip(column) {
            solved.push((value - dot(&solved, row)) / row[solved.len()]);
        }
        solved
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDTHS: [f64; 4] = [10.0, 20.0, 40.0, 80.0];

    /// Losses `x^-exponent` of seeds 0, 1, …, times `e` to the given power.
    fn place(x: f64, powers: &[f64]) -> AtWidth<usize> {
        let loss = |(seed, power): (usize, &f64)| (seed, power.exp() / x);
        AtWidth { x, by_seed: powers.iter().enumerate().map(loss).collect() }
    }

    #[test]
    fn with_the_same_seeds_everywhere_it_is_students_t_over_their_own_exponents() {
        // Own exponents 1.1, 1.0 and 0.8, and a bend that all seeds share.
        let places: Vec<AtWidth<usize>> = WIDTHS
            .iter()
            .zip([0.3, -0.2, -0.4, 0.3])
            .map(|(&x, bend)| place(x, &[-0.1, 0.0, 0.2].map(|tilt| bend + tilt * x.ln())))
            .collect();
        let fit = fit_exponent(&places).unwrap();
        let Interval { standard_error, degrees, of, low, high } = fit.interval;
        assert_eq!((of, fit.seeds.n), (IntervalOf::Seeds, 3));
        assert!((degrees - 2.0).abs() < 1e-12);
        assert!((standard_error / fit.seeds.standard_error - 1.0).abs() < 1e-12);
        assert!((fit.seeds.mean - fit.line.exponent).abs() < 1e-12);
        // t with 2 degrees: 4.303.
        assert!((high - low - 2.0 * 4.302_653 * standard_error).abs() < 1e-6);
        assert!(fit.line.exponent_se > 2.0 * standard_error, "the bend is no scatter of seeds");
    }

    #[test]
    fn with_one_seed_everywhere_it_is_the_textbook_interval_of_a_slope() {
        let places: Vec<AtWidth<usize>> =
            WIDTHS.iter().zip([0.1, -0.2, 0.0, 0.1]).map(|(&x, off)| place(x, &[off])).collect();
        let fit = fit_exponent(&places).unwrap();
        let (low, high) = fit.line.exponent_interval(CONFIDENCE);
        assert_eq!(
            fit.interval,
            Interval {
                low,
                high,
                standard_error: fit.line.exponent_se,
                degrees: 2.0,
                of: IntervalOf::Line
            }
        );
        assert!(fit.seeds.n == 1 && fit.independent_sd.is_none());
    }

    #[test]
    fn a_width_that_is_run_twice_does_not_make_the_others_exact() {
        let offs = [0.10, -0.2, 0.05, 0.1];
        let at = |twice: f64| -> Vec<AtWidth<usize>> {
            let powers =
                |k: usize| if k == 1 { vec![offs[k], offs[k] + twice] } else { vec![offs[k]] };
            WIDTHS.iter().enumerate().map(|(k, &x)| place(x, &powers(k))).collect()
        };
        let single = fit_exponent(&at(0.0)).unwrap().interval;
        for twice in [0.0, 1e-9, 0.001, 0.01] {
            let interval = fit_exponent(&at(twice)).unwrap().interval;
            assert_eq!((interval.of, interval.degrees), (IntervalOf::Line, 2.0));
            let ratio = (interval.high - interval.low) / (single.high - single.low);
            assert!((0.9..1.1).contains(&ratio), "{twice}: {ratio}");
        }
    }

    #[test]
    fn a_width_counts_by_its_error() {
        // All scatter by about 0.1, seeds and widths.
        let many = |n: usize| -> Vec<AtWidth<usize>> {
            let off = [0.0, 0.12, -0.12, 0.0];
            let spread = |s: usize| if s.is_multiple_of(2) { 0.1 } else { -0.1 };
            let powers = |k: usize| -> Vec<f64> {
                let seeds = if k == 3 { n } else { 1 };
                (0..seeds).map(|s| off[k] + if seeds > 1 { spread(s) } else { 0.0 }).collect()
            };
            WIDTHS.iter().enumerate().map(|(k, &x)| place(x, &powers(k))).collect()
        };
        let error = |n: usize| fit_exponent(&many(n)).unwrap().interval.standard_error;
        assert!(error(10) < 0.95 * error(2), "{} {}", error(10), error(2));
    }

    #[test]
    fn seeds_beyond_the_shared_ones_narrow_the_interval_of_seeds() {
        let at = |extra: usize| -> Vec<AtWidth<usize>> {
            let powers = |k: usize| {
                let shared = [0.1 * (k as f64).sin(), -0.1 * (k as f64).sin()];
                let others = std::iter::repeat_n(0.0, extra * usize::from(k > 0));
                shared.into_iter().chain(others).collect::<Vec<f64>>()
            };
            WIDTHS.iter().enumerate().map(|(k, &x)| place(x, &powers(k))).collect()
        };
        let [few, more] = [0, 4].map(|extra| fit_exponent(&at(extra)).unwrap().interval);
        assert_eq!((few.of, more.of), (IntervalOf::Seeds, IntervalOf::Seeds));
        assert!((few.degrees - 1.0).abs() < 1e-12 && more.degrees >= 1.0);
        assert!(more.standard_error < few.standard_error);
    }

    #[test]
    fn noiseless_losses_have_an_interval_without_width() {
        for counts in [[1; 4], [2; 4], [1, 2, 1, 3]] {
            let places: Vec<AtWidth<usize>> =
                WIDTHS.iter().zip(counts).map(|(&x, n)| place(x, &vec![0.0; n])).collect();
            let Interval { low, high, .. } = fit_exponent(&places).unwrap().interval;
            assert!((low - 1.0).abs() < 1e-12 && (high - 1.0).abs() < 1e-12, "{low} to {high}");
        }
    }

    #[test]
    fn two_widths_have_no_exponent() {
        let error = fit_exponent(&[place(1.0, &[0.0]), place(2.0, &[0.0])]).unwrap_err();
        assert!(error.to_string().contains("at least 3 points, got 2"), "{error}");
    }

    #[test]
    fn the_scatter_of_a_slope_is_that_of_its_ends() {
        // Two places a factor e apart: the slope is the difference of both, each with deviation s.
        let e = std::f64::consts::E;
        let at = |s: f64| vec![(-s).exp(), 1.0, s.exp()];
        let scatter = independent_sd(&[1.0, e], &[at(0.3), at(0.4)]).unwrap();
        assert!((scatter - 0.5).abs() < 1e-12, "{scatter}");
        assert_eq!(independent_sd(&[1.0, e], &[at(0.3), vec![1.0]]), None);
    }

    /// `ln y` by place and seed, at `ln x` = 0, 1, 2, ….
    fn grid(ln_y: &[&[(usize, f64)]]) -> Grid<usize> {
        let place = |(k, powers): (usize, &&[(usize, f64)])| AtWidth {
            x: (k as f64).exp(),
            by_seed: powers
                .iter()
                .map(|(seed, power): &(usize, f64)| (*seed, power.exp()))
                .collect(),
        };
        Grid::new(&ln_y.iter().enumerate().map(place).collect::<Vec<_>>())
    }

    fn assert_close(got: f64, expected: f64) {
        assert!(
            (got - expected).abs() < 1e-12 * expected.abs().max(1.0),
            "{got} is not {expected}"
        );
    }

    #[test]
    fn the_spread_over_seeds_is_that_of_all_pairs_and_what_is_common_that_of_two_places() {
        let grid =
            grid(&[&[(0, 0.1), (1, 0.3), (2, 0.6)], &[(0, 0.0), (1, 0.4)], &[(1, 5.0), (2, 4.8)]]);
        let (spread, common) = grid.spread_over_seeds();
        // Differences −0.2 and −0.4 of seeds 0 and 1, −0.5 of 0 and 2, −0.3 and 0.2 of 1 and 2.
        assert_close(spread, (0.04 + 0.16 + 0.25 + 0.09 + 0.04) / 2.0 / 5.0);
        assert_close(common.unwrap(), (0.08 - 0.06) / 2.0 / 2.0);
        let apart = self::grid(&[&[(0, 0.1), (1, 0.3)], &[(0, 0.0), (2, 0.1)], &[(3, 0.0)]]);
        let (spread, common) = apart.spread_over_seeds();
        assert_close(spread, (0.04 + 0.01) / 2.0 / 2.0);
        assert_eq!(common, None);
    }

    /// The parts of a variance over seeds.
    fn parts(grid: &Grid<usize>, scatter: f64) -> (f64, f64) {
        let Components { place, seed, training } = grid.of_seeds(scatter);
        assert_close(place, 0.0);
        (seed, training)
    }

    #[test]
    fn a_seeds_own_part_of_the_variance_is_what_is_common_within_bounds() {
        let pairs = |differences: [f64; 2]| {
            let [a, b] = differences.map(|d| [(0, 1.0), (1, 1.0 + d)]);
            grid(&[&a, &b, &[(0, 0.0)]])
        };
        // Spread ½ · mean of 0.04 and 0.16, common ½ · 0.08.
        let (seed, training) = parts(&pairs([0.2, 0.4]), 9.0);
        assert_close(seed, 0.04);
        assert_close(training, 0.01);
        let (seed, training) = parts(&pairs([0.2, -0.4]), 0.0);
        assert_close(seed, 0.0);
        assert_close(training, 0.05);
        let (seed, training) = parts(&pairs([0.2, 0.2]), 0.0);
        assert_close(seed, 0.95 * 0.02);
        assert_close(training, 0.05 * 0.02);
        let (seed, training) = parts(&pairs([0.0, 0.0]), 1.0);
        assert!(seed == 0.0 && training > 0.0 && training < 1e-50);
    }

    #[test]
    fn without_a_second_place_a_seed_has_a_part_only_if_seeds_clearly_scatter_more_than_the_line() {
        let once = grid(&[&[(0, 0.0), (1, 0.2)], &[(0, 0.0)], &[(1, 0.0)]]);
        // The spread is 0.02.
        for (scatter, seed) in [(0.0, 0.019), (0.004, 0.016), (0.006, 0.0), (1.0, 0.0)] {
            let found = parts(&once, scatter);
            assert_close(found.0, seed);
            assert_close(found.1, 0.02 - seed);
        }
    }

    #[test]
    fn means_covary_by_the_seeds_that_they_share() {
        let grid = grid(&[&[(0, 0.0), (1, 0.0)], &[(1, 0.0), (2, 0.0), (3, 0.0)], &[(0, 0.0)]]);
        let found = grid.covariance(Components { place: 100.0, seed: 12.0, training: 0.6 });
        // Of a seed's variance: how many two places share, over both counts.
        let expected =
            [[100.0 + 0.3 + 6.0, 2.0, 6.0], [2.0, 100.0 + 0.2 + 4.0, 0.0], [6.0, 0.0, 112.6]];
        for (found, expected) in found.iter().flatten().zip(expected.iter().flatten()) {
            assert_close(*found, *expected);
        }
    }

    #[test]
    fn a_place_scatters_by_what_of_the_squares_about_the_line_seeds_do_not_explain() {
        // Means 0.1, 0, 0, 0.1 off the line: at ln x of −1.5, −½, ½, 1.5 squares of 0.01 about it. One seed that
        // no other place has differs by 0.02.
        let all = [&[(0, 0.09), (9, 0.11)][..], &[(0, 0.0)], &[(0, 0.0)], &[(0, 0.1)]];
        let grid = grid(&all);
        let Components { place, seed, training } = grid.components();
        assert_close(seed, 0.0);
        assert_close(training, 0.0002);
        // A mean has half or all of a training's variance, of which 1 − 1/n − x²/Σx² is not along the line.
        let free = |x: f64| 1.0 - 0.25 - x * x / 5.0;
        let explained = 0.0002 * (free(1.5) / 2.0 + 2.0 * free(0.5) + free(1.5));
        assert_close(place, (0.01 - explained) / 2.0);
        // What seeds explain twice over leaves nothing to places.
        let wild = [&[(0, -0.9), (9, 1.1)][..], &[(0, 0.0)], &[(0, 0.0)], &[(0, 0.1)]];
        assert_close(self::grid(&wild).components().place, 0.0);
    }

    #[test]
    fn the_error_of_the_line_is_that_of_generalised_least_squares() {
        let all = [
            &[(0, 0.1), (1, 0.3)][..],
            &[(0, 0.0), (2, 0.1)],
            &[(3, 0.2)],
            &[(0, -0.1)],
            &[(1, 0.4)],
        ];
        let places: Vec<AtWidth<usize>> = (0_u8..)
            .zip(all)
            .map(|(k, powers)| AtWidth {
                x: f64::from(k).exp(),
                by_seed: powers
                    .iter()
                    .map(|(seed, power): &(usize, f64)| (*seed, power.exp()))
                    .collect(),
            })
            .collect();
        let found = fit_exponent(&places).unwrap().interval;
        let grid = grid(&all);
        let covariance = grid.covariance(grid.components());
        let inverse = inverted(covariance.clone());
        let ln_x = [-2.0, -1.0, 0.0, 1.0, 2.0];
        let ln_y = [0.2, 0.05, 0.2, -0.1, 0.4];
        let form = |a: &[f64], b: &[f64]| -> f64 {
            a.iter().zip(&inverse).map(|(a, row)| a * dot(row, b)).sum()
        };
        let one = [1.0; 5];
        let (oo, ox, xx) = (form(&one, &one), form(&one, &ln_x), form(&ln_x, &ln_x));
        let (oy, xy) = (form(&one, &ln_y), form(&ln_x, &ln_y));
        let determinant = oo * xx - ox * ox;
        let (at_0, slope) = ((xx * oy - ox * xy) / determinant, (oo * xy - ox * oy) / determinant);
        let off: Vec<f64> = ln_x.iter().zip(ln_y).map(|(x, y)| y - at_0 - slope * x).collect();
        let along: f64 = ln_x.iter().zip(&covariance).map(|(x, row)| x * dot(row, &ln_x)).sum();
        assert_close(found.standard_error, (form(&off, &off) / 3.0 * along).sqrt() / 10.0);
        assert_close(found.degrees, 3.0);
        assert_eq!(found.of, IntervalOf::Line);
        assert_close(found.high - found.low, 2.0 * student_t(0.95, 3.0) * found.standard_error);
        assert_close(found.high + found.low, -2.0 * dot(&ln_x, &ln_y) / 10.0);
    }

    /// The inverse of a matrix, by elimination.
    fn inverted(mut matrix: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
        let n = matrix.len();
        for (i, row) in matrix.iter_mut().enumerate() {
            row.extend((0..n).map(|j| f64::from(u8::from(i == j))));
        }
        for i in 0..n {
            let pivot: Vec<f64> = matrix[i].iter().map(|v| v / matrix[i][i]).collect();
            for row in &mut matrix {
                let factor = row[i];
                row.iter_mut().zip(&pivot).for_each(|(v, p)| *v -= factor * p);
            }
            matrix[i] = pivot;
        }
        matrix.into_iter().map(|row| row[n..].to_vec()).collect()
    }

    #[test]
    fn extra_seeds_weigh_by_how_many_their_places_have() {
        // At ln x = −1, 0, 1: two seeds everywhere, a third at the last. Σ ln_x² is 2.
        let grid = grid(&[
            &[(0, 0.1), (1, -0.1)],
            &[(0, 0.0), (1, 0.0)],
            &[(0, 0.3), (1, -0.1), (2, 0.4)],
        ]);
        let line = PowerLaw {
            coefficient: 1.0,
            exponent: 7.0,
            exponent_se: 9.0,
            r_squared: 1.0,
            n_points: 3,
        };
        let found = grid.interval_of_seeds(&line, &[0, 1]);
        // A shared seed's weights are −¼, 0, 1/6, the third's 0, 0, 1/6; the deviations ± (0.1, 0, 0.2).
        let weights: [[f64; 3]; 3] =
            [[-0.25, 0.0, 1.0 / 6.0], [-0.25, 0.0, 1.0 / 6.0], [0.0, 0.0, 1.0 / 6.0]];
        let moved = weights.map(|w| 2.0 * (0.1 * w[0] + 0.2 * w[2]).powi(2));
        assert_close(found.standard_error, moved.iter().sum::<f64>().sqrt());
        let Components { seed, training, .. } = grid.of_seeds(0.0);
        assert!(seed > 0.0 && training > 0.0);
        let form = |a: &[f64; 3], b: &[f64; 3]| {
            seed * a.iter().sum::<f64>() * b.iter().sum::<f64>() + training * dot(a, b)
        };
        let trace: f64 = weights.iter().map(|w| form(w, w)).sum();
        let squares: f64 = weights.iter().flat_map(|a| weights.map(|b| form(a, &b).powi(2))).sum();
        assert_close(found.degrees, trace * trace / squares);
        assert_close(f64::midpoint(found.low, found.high), 7.0);
        assert_eq!(found.of, IntervalOf::Seeds);
    }

    #[test]
    fn a_triangle_whitens_what_it_is_of() {
        let covariance = vec![vec![4.0, 2.0, 1.0], vec![2.0, 5.0, 3.0], vec![1.0, 3.0, 6.0]];
        let inverse = inverted(covariance.clone());
        let (a, b) = ([1.0, -2.0, 3.0], [0.5, 4.0, -1.0]);
        let [white_a, white_b] = whitened(&covariance, [&a, &b]);
        let form: f64 = a.iter().zip(&inverse).map(|(a, row)| a * dot(row, &b)).sum();
        assert_close(dot(&white_a, &white_b), form);
    }

    #[test]
    fn an_interval_says_what_it_is_of() {
        assert_eq!(
            [IntervalOf::Seeds, IntervalOf::Line].map(|of| of.to_string()),
            ["seeds", "line"]
        );
    }

    #[test]
    fn only_seeds_that_all_places_have_are_fitted_alone() {
        // Seed 1 is everywhere with exponent 2, seed 0 is not.
        let at = |x: f64, with_0: bool| AtWidth {
            x,
            by_seed: with_0.then_some((0, 1.0)).into_iter().chain([(1, x.powi(-2))]).collect(),
        };
        let fit = fit_exponent(&[at(1.0, true), at(3.0, false), at(9.0, true)]).unwrap();
        assert_eq!(fit.seeds.n, 1);
        assert_close(fit.seeds.mean, 2.0);
        assert_eq!(fit.interval.of, IntervalOf::Line);
    }

    #[test]
    fn single_trainings_scatter_by_their_place() {
        // ln x = −1, 0, 1 and deviations 0.2, 9 and 0.4: the middle has no weight, the ends ½ each.
        let (e, at) = (std::f64::consts::E, |s: f64| vec![(-s).exp(), 1.0, s.exp()]);
        let found = independent_sd(&[1.0 / e, 1.0, e], &[at(0.3), at(9.0), at(0.4)]).unwrap();
        assert_close(found, 0.25);
    }

    #[test]
    fn of_six_places_four_degrees_of_freedom_are_about_the_line() {
        let off = |spread: f64| {
            let first = [(0, 0.1 - spread / 2.0), (9, 0.1 + spread / 2.0)];
            let all = [&first[..], &[(0, 0.0)], &[(0, 0.0)], &[(0, 0.0)], &[(0, 0.0)], &[(0, 0.1)]];
            grid(&all).components()
        };
        // Means 0.1, 0, 0, 0, 0, 0.1: squares of 0.02 − 0.04 / 6 about a level line; ln x of −2½ to 2½ has 17½.
        let squares = 0.02 - 0.04 / 6.0;
        let Components { place, seed, training } = off(0.02);
        let free = |x: f64| 1.0 - 1.0 / 6.0 - x * x / 17.5;
        assert_close(seed, 0.0);
        assert_close(training, 0.0002);
        let explained = 0.0002 * (1.5 * free(2.5) + 2.0 * (free(1.5) + free(0.5)));
        assert_close(place, (squares - explained) / 4.0);
        // A spread of 0.015 is four and a half times the scatter about the line.
        let Components { seed, training, .. } = off(0.03_f64.sqrt());
        assert_close(seed, 0.015 - squares / 4.0);
        assert_close(training, squares / 4.0);
    }

    #[test]
    fn exactly_four_times_the_scatter_is_not_clearly_more() {
        let place = |powers: &[(usize, f64)]| powers.iter().copied().collect();
        let ln_y = vec![place(&[(0, 0.0), (1, 2.0)]), place(&[(0, 0.0)]), place(&[(1, 0.0)])];
        let grid = Grid { ln_x: vec![-1.0, 0.0, 1.0], sxx: 2.0, ln_y };
        assert_close(grid.of_seeds(0.5).seed, 0.0);
        assert_close(grid.of_seeds(0.49).seed, 2.0 - 0.49);
    }

    #[test]
    fn seeds_that_each_place_has_for_itself_are_directions_too() {
        // Two shared seeds, and a third that is another one at every place.
        let places: Vec<[(usize, f64); 3]> =
            (0..4).map(|k| [(0, 0.1 * k as f64), (1, -0.2), (10 + k, 0.3)]).collect();
        let all: Vec<&[(usize, f64)]> = places.iter().map(|place| &place[..]).collect();
        let grid = grid(&all);
        let line = PowerLaw {
            coefficient: 1.0,
            exponent: 0.0,
            exponent_se: 1.0,
            r_squared: 1.0,
            n_points: 4,
        };
        let found = grid.interval_of_seeds(&line, &[0, 1]);
        assert!(found.degrees > 1.5, "{found:?}");
    }
}
