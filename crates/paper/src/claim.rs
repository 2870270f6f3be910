//! A claim of the paper beside what was measured.
//!
//! A claim's test is chosen before the number. Where the number has an interval, the verdict is the interval's:
//! all of it must pass, or none. Where it has none (one training, a largest value), the number itself passes or
//! not, and the claim's basis says what it is from.

use std::fmt;

use superpose_files::table::Table;
use superpose_stats::exponent::{CONFIDENCE, Interval, IntervalOf};
use superpose_stats::groups::{Estimate, jackknife};
use superpose_stats::power_law::PowerLaw;
use superpose_stats::summary::summarise;

/// What the measurement says of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Within the tolerance, with all of its interval.
    Agrees,
    /// Outside, with all of its interval.
    FallsShort,
    /// The interval holds numbers that would agree and numbers that would not.
    Undecided,
    /// The cells that would tell are not trained.
    NotRun,
}

impl Verdict {
    /// All, in order.
    pub const ALL: [Self; 4] = [Self::Agrees, Self::FallsShort, Self::Undecided, Self::NotRun];
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Agrees => "agrees",
            Self::FallsShort => "falls short",
            Self::Undecided => "undecided",
            Self::NotRun => "not run",
        })
    }
}

/// What a measured number must be for a claim to hold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Test {
    /// Near a target, by no more than a tolerance.
    Within(f64, f64),
    /// No smaller.
    AtLeast(f64),
    /// No larger.
    AtMost(f64),
    /// Between two numbers.
    Between(f64, f64),
}

impl Test {
    /// What a number that `value` is, or that lies somewhere from `low` to `high`, says of a claim.
    fn verdict(self, value: f64, interval: Option<(f64, f64)>) -> Verdict {
        let (least, most) = match self {
            Self::Within(target, tolerance) => (target - tolerance, target + tolerance),
            Self::AtLeast(least) => (least, f64::INFINITY),
            Self::AtMost(most) => (f64::NEG_INFINITY, most),
            Self::Between(least, most) => (least, most),
        };
        let (low, high) = interval.unwrap_or((value, value));
        if least <= low && high <= most {
            Verdict::Agrees
        } else if high < least || most < low {
            Verdict::FallsShort
        } else {
            Verdict::Undecided
        }
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Within(target, tolerance) => write!(f, "within {tolerance} of {target}"),
            Self::AtLeast(least) => write!(f, "≥ {least}"),
            Self::AtMost(most) => write!(f, "≤ {most}"),
            Self::Between(low, high) => write!(f, "{low} to {high}"),
        }
    }
}

pub use Test::{AtLeast, AtMost, Between, Within};

/// How sure a measured number is.
#[derive(Debug, Clone, PartialEq)]
pub struct Uncertainty {
    /// Its standard error; absent for an interval that has none.
    pub error: Option<f64>,
    /// Its 95 % interval.
    pub interval: (f64, f64),
    /// What they are of: what would have to be drawn again for another number.
    pub of: String,
}

/// A claim, what the paper has, what was measured, and what that says.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// What is claimed, in words.
    pub name: String,
    /// What the paper has: a number, or its words.
    pub paper: String,
    /// What was measured, a finite number; absent when it was not.
    pub ours: Option<f64>,
    /// How sure it is, where there is an estimate.
    pub uncertainty: Option<Uncertainty>,
    /// How many cells or settings the number is from, or why there is none.
    pub basis: String,
    /// What would be agreement.
    pub test: Test,
}

/// What is claimed, and what the paper has: its words or its number.
pub fn says(name: impl Into<String>, paper: impl Into<String>) -> Saying {
    Saying { name: name.into(), paper: paper.into() }
}

/// A claim without a test.
#[derive(Debug, Clone)]
pub struct Saying {
    name: String,
    paper: String,
}

impl Saying {
    /// The claim, with what would be agreement; not measured yet.
    pub fn holds(self, test: Test) -> Claim {
        let Self { name, paper } = self;
        Claim { name, paper, ours: None, uncertainty: None, basis: String::new(), test }
    }
}

impl Claim {
    /// The same with what was measured, if it is a finite number, and what that rests on.
    #[must_use]
    pub fn measured(mut self, ours: impl Into<Option<f64>>, basis: impl Into<String>) -> Self {
        (self.ours, self.basis) = (ours.into().filter(|v| v.is_finite()), basis.into());
        self
    }

    /// The same with an interval about what was measured, where there is one, and what it is of.
    #[must_use]
    pub fn between(mut self, interval: Option<(f64, f64)>, of: impl Into<String>) -> Self {
        let of = of.into();
        self.uncertainty = interval
            .filter(|(low, high)| low.is_finite() && high.is_finite())
            .map(|interval| Uncertainty { error: None, interval, of });
        self
    }

    /// The same, measured as an estimate; `of` says what its error is of.
    #[must_use]
    pub fn estimated(
        self,
        estimate: Option<Estimate>,
        of: impl Into<String>,
        basis: impl Into<String>,
    ) -> Self {
        let claim = self.measured(estimate.map(|e| e.value), basis);
        let mut claim = claim.between(estimate.map(|e| (e.low, e.high)), of);
        if let (Some(uncertainty), Some(estimate)) = (&mut claim.uncertainty, estimate) {
            uncertainty.error = Some(estimate.standard_error);
        }
        claim
    }

    /// The same, measured as the `statistic` of values in `groups`, with the error over these, which `of`
    /// names; with a single group there is no error.
    #[must_use]
    pub fn over<T: Clone>(
        self,
        groups: &[Vec<T>],
        of: &str,
        statistic: impl Fn(&[T]) -> f64,
        basis: impl Into<String>,
    ) -> Self {
        match jackknife(groups, &statistic) {
            Some(estimate) => {
                self.estimated(Some(estimate), format!("{} {of}", groups.len()), basis)
            }
            None => self.measured(statistic(&groups.concat()), basis),
        }
    }

    /// The same, measured as the mean of values in `groups`.
    #[must_use]
    pub fn mean_over(self, groups: &[Vec<f64>], of: &str, basis: impl Into<String>) -> Self {
        self.over(groups, of, |values| summarise(values).mean, basis)
    }

    /// The same, measured as the largest of `values`.
    #[must_use]
    pub fn largest(self, values: &[f64], basis: impl Into<String>) -> Self {
        self.measured(values.iter().copied().reduce(f64::max), basis)
    }

    /// The same, measured as the smallest of `values`.
    #[must_use]
    pub fn smallest(self, values: &[f64], basis: impl Into<String>) -> Self {
        self.measured(values.iter().copied().reduce(f64::min), basis)
    }

    /// The same, measured as the exponent of a power law, with the error that is the points' scatter about the
    /// line.
    #[must_use]
    pub fn line(self, fit: Option<PowerLaw>, basis: impl Into<String>) -> Self {
        let interval = |fit: PowerLaw| {
            let (low, high) = fit.exponent_interval(CONFIDENCE);
            Estimate { value: fit.exponent, standard_error: fit.exponent_se, low, high }
        };
        self.estimated(fit.map(interval), "the line", basis)
    }

    /// The same, measured as an exponent at given widths, which is to be compared with another at the same
    /// widths. Its error is that of seeds, where there are several: how a line bends is
    /// common to both and no error of their difference.
    #[must_use]
    pub fn at_these_widths(
        self,
        exponent: Option<f64>,
        interval: Option<Interval>,
        n_seeds: usize,
    ) -> Self {
        match interval.filter(|interval| interval.of == IntervalOf::Seeds) {
            Some(Interval { low, high, standard_error, .. }) => {
                let of_value = |value| Estimate { value, standard_error, low, high };
                let of = format!("{n_seeds} seeds");
                self.estimated(exponent.map(of_value), of, "the same widths")
            }
            None => self.measured(exponent, "one training a width, so without an error"),
        }
    }

    /// The same, measured as the R² of a power law, whose number of widths is said.
    #[must_use]
    pub fn r_squared(self, fit: Option<PowerLaw>) -> Self {
        let n_widths = fit.map_or(0, |f| f.n_points);
        self.measured(fit.map(|f| f.r_squared), format!("{n_widths} widths, one training each"))
    }

    /// What the measurement says.
    pub fn verdict(&self) -> Verdict {
        let interval = self.uncertainty.as_ref().map(|u| u.interval);
        self.ours.map_or(Verdict::NotRun, |ours| self.test.verdict(ours, interval))
    }
}

/// The mean absolute difference in the `pairs`.
pub fn mean_difference(pairs: &[(f64, f64)]) -> f64 {
    summarise(&pairs.iter().map(|(a, b)| (a - b).abs()).collect::<Vec<f64>>()).mean
}

/// The name of the table of claims.
pub const CLAIMS: &str = "claims";

/// The claims as a table.
pub fn table(claims: &[Claim]) -> Table {
    let of = |c: &&Claim| c.uncertainty.clone();
    Table::of(
        CLAIMS,
        "What of the paper's claims holds here?",
        claims,
        &[
            ("claim", "what is claimed", &|c| c.name.as_str().into()),
            ("paper", "what the paper has", &|c| c.paper.as_str().into()),
            ("ours", "what was measured", &|c| c.ours.into()),
            ("error", "its standard error, of what `error_of` says", &|c| {
                of(c).and_then(|u| u.error).into()
            }),
            ("basis", "what the number rests on", &|c| c.basis.as_str().into()),
            ("tolerance", "what would be agreement, chosen before the measurement", &|c| {
                c.test.to_string().into()
            }),
            (
                "verdict",
                "agrees, falls short, undecided (the interval holds both) or not run; without an interval the \
                 number decides",
                &|c| c.verdict().to_string().into(),
            ),
            (
                "error_of",
                "what the error and the interval are of: seeds (more of them), the line (about which the \
                 widths scatter), or so many groups of settings",
                &|c| of(c).map(|u| u.of).into(),
            ),
            ("ci_low", "lower end of its 95 % interval, by Student's t", &|c| {
                of(c).map(|u| u.interval.0).into()
            }),
            ("ci_high", "upper end", &|c| of(c).map(|u| u.interval.1).into()),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(ours: Option<f64>, test: Test) -> Verdict {
        says("c", "1").holds(test).measured(ours, "").verdict()
    }

    #[test]
    fn a_number_agrees_falls_short_or_is_not_there() {
        let near_one = Within(1.0, 0.1);
        assert_eq!(claim(Some(1.05), near_one), Verdict::Agrees);
        assert_eq!(claim(Some(0.95), near_one), Verdict::Agrees);
        assert_eq!(claim(Some(1.2), near_one), Verdict::FallsShort);
        assert_eq!(claim(Some(0.8), near_one), Verdict::FallsShort);
        assert_eq!(claim(None, near_one), Verdict::NotRun);
        assert_eq!(claim(Some(f64::NAN), near_one), Verdict::NotRun);
        assert_eq!(claim(Some(0.5), AtLeast(0.6)), Verdict::FallsShort);
        assert_eq!(claim(Some(0.6), AtLeast(0.6)), Verdict::Agrees);
        assert_eq!(claim(Some(0.5), AtMost(0.6)), Verdict::Agrees);
        assert_eq!(claim(Some(0.7), AtMost(0.6)), Verdict::FallsShort);
        assert_eq!(claim(Some(0.5), Between(0.6, 0.7)), Verdict::FallsShort);
        assert_eq!(claim(Some(0.8), Between(0.6, 0.7)), Verdict::FallsShort);
    }

    #[test]
    fn an_interval_that_holds_both_sides_leaves_it_undecided() {
        let verdict = |test: Test, low: f64, high: f64| {
            let claim = says("c", "").holds(test).measured(0.5 * (low + high), "");
            claim.between(Some((low, high)), "seeds").verdict()
        };
        for (test, low, high, expected) in [
            (AtMost(0.0), -1.0, -0.1, Verdict::Agrees),
            (AtMost(0.0), -1.0, 0.1, Verdict::Undecided),
            (AtMost(0.0), 0.1, 0.2, Verdict::FallsShort),
            (AtLeast(0.0), -1.0, -0.1, Verdict::FallsShort),
            (AtLeast(0.0), -0.1, 0.2, Verdict::Undecided),
            (Within(1.0, 0.2), 0.9, 1.1, Verdict::Agrees),
            (Within(1.0, 0.2), 0.7, 1.1, Verdict::Undecided),
            (Within(1.0, 0.2), 1.3, 1.4, Verdict::FallsShort),
            (Within(1.0, 0.2), 0.0, 2.0, Verdict::Undecided),
            (Between(0.0, 1.0), -2.0, -1.0, Verdict::FallsShort),
        ] {
            assert_eq!(verdict(test, low, high), expected, "{test}: {low} to {high}");
        }
    }

    #[test]
    fn every_error_has_what_it_is_of() {
        let claim = || says("c", "1").holds(AtLeast(1.0));
        let fit = superpose_stats::power_law::fit_power_law(&[1.0, 2.0, 4.0], &[4.1, 2.0, 1.0]);
        let line = claim().line(fit.ok(), "3 widths");
        let groups = [vec![1.0], vec![2.0], vec![6.0]];
        let over = claim().mean_over(&groups, "decays", "3 settings");
        let interval = Interval {
            low: 0.5,
            high: 1.5,
            standard_error: 0.2,
            degrees: 2.0,
            of: IntervalOf::Seeds,
        };
        let seeds = claim().at_these_widths(Some(1.0), Some(interval), 3);
        let of_line = Interval { of: IntervalOf::Line, ..interval };
        let one = claim().at_these_widths(Some(1.0), Some(of_line), 1);
        let single = claim().mean_over(&groups[..1], "decays", "1 setting");
        let table = table(&[line, over, seeds, one, single]);
        let of = table.words("error_of").unwrap();
        assert_eq!(of, ["the line", "3 decays", "3 seeds", "", ""]);
        let errors = table.numbers("error").unwrap();
        assert!(errors.iter().zip(&of).all(|(error, of)| error.is_finite() != of.is_empty()));
        assert!((errors[1] - (7.0_f64 / 3.0).sqrt()).abs() < 1e-12);
        assert!((errors[2] - 0.2).abs() < 1e-12);
        let ends =
            table.numbers("ci_low").unwrap().into_iter().zip(table.numbers("ci_high").unwrap());
        let ends: Vec<(f64, f64)> = ends.collect();
        assert_eq!(ends[2], (0.5, 1.5));
        assert!((ends[1].0 + ends[1].1 - 6.0).abs() < 1e-9);
        let ours = table.numbers("ours").unwrap();
        assert!((ours[0] - (4.1_f64).log2() / 2.0).abs() < 1e-12, "{ours:?}");
        assert!((ours[4] - 1.0).abs() < 1e-12, "{ours:?}");
    }

    #[test]
    fn what_was_not_run_stays_a_row() {
        let claim = says("c", "1").holds(AtLeast(1.0)).measured(None, "0 cells");
        let table = table(&[claim]);
        assert_eq!(table.words("verdict").unwrap(), ["not run"]);
        assert_eq!(table.words("ours").unwrap(), [""]);
    }
}
