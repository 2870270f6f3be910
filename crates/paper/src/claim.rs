//! A claim of the paper beside what was measured.

use std::fmt;

use superpose_files::table::Table;
use superpose_stats::power_law::PowerLaw;
use superpose_stats::summary::summarise;

/// What the measurement says of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Within the tolerance.
    Agrees,
    /// Outside.
    FallsShort,
    /// The cells that would tell are not trained.
    NotRun,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Agrees => "agrees",
            Self::FallsShort => "falls short",
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
    fn passes(self, value: f64) -> bool {
        match self {
            Self::Within(target, tolerance) => (value - target).abs() <= tolerance,
            Self::AtLeast(least) => value >= least,
            Self::AtMost(most) => value <= most,
            Self::Between(low, high) => (low..=high).contains(&value),
        }
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Within(target, tolerance) => write!(f, "{target} ± {tolerance}"),
            Self::AtLeast(least) => write!(f, "≥ {least}"),
            Self::AtMost(most) => write!(f, "≤ {most}"),
            Self::Between(low, high) => write!(f, "{low} to {high}"),
        }
    }
}

pub use Test::{AtLeast, AtMost, Between, Within};

/// A claim, what the paper has, what was measured, and what that says.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// What is claimed, in words.
    pub name: String,
    /// What the paper has: a number, or its words.
    pub paper: String,
    /// What was measured, a finite number; absent when it was not.
    pub ours: Option<f64>,
    /// Its uncertainty, a finite number, where there is an estimate.
    pub error: Option<f64>,
    /// What the error is, or how many cells or settings the number is from.
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
        Claim { name, paper, ours: None, error: None, basis: String::new(), test }
    }
}

impl Claim {
    /// The same with what was measured, if it is a finite number, and what that rests on.
    #[must_use]
    pub fn measured(mut self, ours: impl Into<Option<f64>>, basis: impl Into<String>) -> Self {
        (self.ours, self.basis) = (ours.into().filter(|v| v.is_finite()), basis.into());
        self
    }

    /// The same with the uncertainty of what was measured, where there is a finite estimate.
    #[must_use]
    pub fn plus_minus(mut self, error: impl Into<Option<f64>>) -> Self {
        self.error = error.into().filter(|e| e.is_finite());
        self
    }

    /// The same, measured as the mean of `values` with their standard deviation; `of` says what they are of.
    #[must_use]
    pub fn averaged(self, values: &[f64], of: &str) -> Self {
        let summary = summarise(values);
        self.measured(summary.mean, format!("standard deviation over {} {of}", values.len()))
            .plus_minus(summary.standard_deviation)
    }

    /// The same, measured as the mean of `values`.
    #[must_use]
    pub fn mean_of(self, values: &[f64], basis: impl Into<String>) -> Self {
        self.measured(summarise(values).mean, basis)
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

    /// The same, measured as the mean absolute difference in the `pairs`, with its standard error.
    #[must_use]
    pub fn mean_difference(self, pairs: &[(f64, f64)], basis: impl Into<String>) -> Self {
        let differences: Vec<f64> = pairs.iter().map(|(a, b)| (a - b).abs()).collect();
        let summary = summarise(&differences);
        self.measured(summary.mean, basis).plus_minus(summary.standard_error)
    }

    /// The same, measured as the exponent of a power law with its standard error.
    #[must_use]
    pub fn exponent(self, fit: Option<PowerLaw>, basis: impl Into<String>) -> Self {
        self.measured(fit.map(|f| f.exponent), basis).plus_minus(fit.map(|f| f.exponent_se))
    }

    /// The same, measured as the R² of a power law, whose number of widths is said.
    #[must_use]
    pub fn r_squared(self, fit: Option<PowerLaw>) -> Self {
        let n_widths = fit.map_or(0, |f| f.n_points);
        self.measured(fit.map(|f| f.r_squared), format!("{n_widths} widths"))
    }

    /// What the measurement says.
    pub fn verdict(&self) -> Verdict {
        match self.ours {
            None => Verdict::NotRun,
            Some(value) if self.test.passes(value) => Verdict::Agrees,
            Some(_) => Verdict::FallsShort,
        }
    }
}

/// The name of the table of claims.
pub const CLAIMS: &str = "claims";

/// The claims as a table.
pub fn table(claims: &[Claim]) -> Table {
    Table::of(
        CLAIMS,
        "What of the paper's claims holds here?",
        claims,
        &[
            ("claim", "what is claimed", &|c| c.name.as_str().into()),
            ("paper", "what the paper has", &|c| c.paper.as_str().into()),
            ("ours", "what was measured", &|c| c.ours.into()),
            ("error", "its uncertainty, as `basis` says", &|c| c.error.into()),
            ("basis", "what the number and its error rest on", &|c| c.basis.as_str().into()),
            ("tolerance", "what would be agreement, chosen before the measurement", &|c| {
                c.test.to_string().into()
            }),
            ("verdict", "agrees, falls short, or not run", &|c| c.verdict().to_string().into()),
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
        assert_eq!(claim(Some(1.2), near_one), Verdict::FallsShort);
        assert_eq!(claim(None, near_one), Verdict::NotRun);
        assert_eq!(claim(Some(f64::NAN), near_one), Verdict::NotRun);
        assert_eq!(claim(Some(0.5), AtLeast(0.6)), Verdict::FallsShort);
        assert_eq!(claim(Some(0.5), AtMost(0.6)), Verdict::Agrees);
        assert_eq!(claim(Some(0.5), Between(0.6, 0.7)), Verdict::FallsShort);
    }

    #[test]
    fn what_was_not_run_stays_a_row() {
        let claim = says("c", "1").holds(AtLeast(1.0)).measured(None, "0 cells");
        let table = table(&[claim]);
        assert_eq!(table.words("verdict").unwrap(), ["not run"]);
        assert_eq!(table.words("ours").unwrap(), [""]);
    }
}
