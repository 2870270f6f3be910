//! `theory redundancy features`: what the number of random features leaves of the error when data
//! has no limit.
//!
//! Regression on random features of a power-law task (Bordelon, Atanasov & Pehlevan 2024).
//! [`bottleneck`] has the exponents and the errors by features, time and compute, [`simulated`] the
//! same by experiment; here are the tables, the picture and the words.

pub mod bottleneck;
pub mod simulated;

use superpose_figures::axis::Axis;
use superpose_figures::chart::Mark;
use superpose_figures::lines::{ErrorBars, Guide, Lines, lines};
use superpose_figures::study::{Note, Picture, Study};
use superpose_files::table::{Field, Table, TableError, Tables};

use self::bottleneck::{
    ProjectionRisk, bottleneck_bias_exponent, bottleneck_exponent, compute_exponent, flow_exponent,
};
use self::simulated::{check_features, errors_of_random_features};
use crate::answer::{alone, answer, compared};
use crate::draws::Progress;
use crate::error::{LawError, ensure};
use crate::redundancy::spectrum::exponents::local_exponents;
use crate::redundancy::spectrum::linear_task::LinearTask;

/// The directions divided by the features whose exponents are looked at.
const MIDDLE: f64 = 20.0;
/// Numbers of features among which compute finds the best.
const SIZES: u32 = 200;

/// Regression on random features of a power-law task, by their number.
#[derive(Debug, Clone, PartialEq)]
pub struct Features {
    /// `b` of the variances `i^-b`.
    pub spectral_exponent: f64,
    /// `a` of the target's power `i^-a`; above one.
    pub target_exponent: f64,
    /// Number of directions.
    pub n_directions: usize,
    /// Numbers of features, ascending.
    pub n_features: Vec<usize>,
    /// Draws of features of a simulation beside the equivalent; none for zero.
    pub n_replicates: usize,
    /// Its seed.
    pub seed: u64,
}

impl Features {
    /// The tables `redundancy_features`, one row a number of features, and `redundancy_resources`,
    /// one row for each thing that the error can be limited by. `progress` is called after every
    /// draw.
    ///
    /// # Errors
    /// [`LawError`], naming the value that is out of range.
    pub fn study(&self, progress: Progress<'_>) -> Result<Study, LawError> {
        let (a, b) = (self.target_exponent, self.spectral_exponent);
        let fits = a.is_finite() && a > 1.0;
        ensure!(fits, "`target_exponent` must be finite and above 1, got {a}");
        let task = LinearTask::power_law(b, (a - 1.0) / (2.0 * b), self.n_directions)?;
        for n_features in &self.n_features {
            check_features(&task, *n_features)?;
        }
        let (by_features, resources) = (self.by_features(&task, progress)?, self.resources(&task));
        let mut notes = Note::first(&by_features);
        let header = ["limited by", "predicted exponent", "local exponent", "from", "to"];
        notes.push(Note::whole(&resources, &header));
        Ok(answer([by_features, resources], draw, notes))
    }

    fn by_features(&self, task: &LinearTask, progress: Progress<'_>) -> Result<Table, LawError> {
        let (a, b) = (self.target_exponent, self.spectral_exponent);
        let mut table = Table::new(
            "redundancy_features",
            "How fast does the error of regression on random features fall with their number, data without limit?",
            &[
                ("n_features", "random features"),
                (
                    "error",
                    "mean squared error of one draw of features, by the deterministic equivalent",
                ),
                ("local_exponent", "its fall from the number of features before"),
                ("predicted_exponent", "min(a − 1, b)"),
                ("squared_bias", "mean squared error of the mean over endlessly many draws"),
                ("bias_local_exponent", "its fall from the number of features before"),
                (
                    "bias_predicted_exponent",
                    "min(a − 1, 2b), which is often stated for the error itself",
                ),
                ("simulated", "the error of random draws of features"),
                ("simulated_se", "its standard error"),
                ("z", "simulated − error, in standard errors"),
            ],
        );
        let risks: Vec<ProjectionRisk> =
            self.n_features.iter().map(|n| task.projection_risk(*n)).collect();
        let totals = risks.iter().map(|risk| risk.total);
        let biases = risks.iter().map(|risk| risk.squared_bias);
        let local = local_exponents(&self.n_features, totals);
        let bias_local = local_exponents(&self.n_features, biases);
        for ((risk, n), (local, bias_local)) in
            risks.iter().zip(&self.n_features).zip(local.zip(bias_local))
        {
            let simulate = |draws| errors_of_random_features(task, *n, draws, self.seed, progress);
            let of = (self.n_replicates > 0).then(|| simulate(self.n_replicates)).transpose()?;
            let mut row = vec![(*n).into(), risk.total.into(), local.into()];
            row.extend([bottleneck_exponent(a, b).into(), risk.squared_bias.into()]);
            row.extend([bias_local.into(), bottleneck_bias_exponent(a, b).into()]);
            row.extend(compared(of, risk.total));
            table.push(row);
        }
        Ok(table)
    }

    fn resources(&self, task: &LinearTask) -> Table {
        let mut table = Table::new(
            "redundancy_resources",
            "With what exponent does the error fall by features, by time of gradient flow and by compute?",
            &[
                ("resource", "that limits the error while the others do not"),
                ("predicted_exponent", "asymptotic"),
                (
                    "local_exponent",
                    "between the two amounts, by the sums over directions and the target beyond the last",
                ),
                ("from", "first amount"),
                ("to", "second amount"),
            ],
        );
        let (a, b) = (self.target_exponent, self.spectral_exponent);
        let mut row = |resource: &str,
                       predicted: f64,
                       [from, to]: [f64; 2],
                       error: &dyn Fn(f64) -> f64| {
            let local = (error(from) / error(to)).ln() / (to / from).ln();
            let numbers = [predicted, local, from, to];
            table.push(std::iter::once(resource.into()).chain(numbers.map(Field::from)).collect());
        };
        // Far from the first direction; beyond the last nothing is learned.
        let n_directions = self.n_directions as f64;
        let middle = (n_directions / MIDDLE).max(1.0).round();
        let ends = [middle, 2.0 * middle];
        let beyond = n_directions.powf(1.0 - a) / (a - 1.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole numbers"
        )]
        let count = |n: f64| n.round() as usize;
        let of_features = |n: f64| task.projection_risk(count(n));
        row("features", bottleneck_exponent(a, b), ends, &|n| of_features(n).total + beyond);
        let bias = bottleneck_bias_exponent(a, b);
        row("features, mean over draws", bias, ends, &|n| of_features(n).squared_bias + beyond);
        let time = |features: f64| features.powf(b);
        row("time", flow_exponent(a, b), ends.map(time), &|t| task.flow_error(t) + beyond);
        let size = |k: u32| count((0.5 * n_directions).powf(f64::from(k) / f64::from(SIZES)));
        let sizes: Vec<usize> = (0..SIZES).map(size).collect();
        // Features and time are balanced at t = N^(m/q).
        let balanced = |n: f64| n.powf(1.0 + bottleneck_exponent(a, b) / flow_exponent(a, b));
        let best = |compute: f64| task.balanced_error(compute, &sizes) + 2.0 * beyond;
        row("compute, features × time", compute_exponent(a, b), ends.map(balanced), &best);
        table
    }
}

fn draw(tables: &Tables) -> Result<Vec<Picture>, TableError> {
    let errors = tables.get("redundancy_features")?;
    let x = || ("n_features", Axis::logarithmic("features N"));
    let guides = [
        Guide { column: "error", label: "one draw, equivalent", mark: Mark::Line },
        Guide { column: "squared_bias", label: "mean over draws", mark: Mark::Dotted },
    ];
    let error = Lines {
        guides: &guides,
        error_bars: ErrorBars::Deviation("simulated_se"),
        group_label: "simulated",
        mark: Mark::Dots,
        ..Lines::plain(x(), ("simulated", Axis::logarithmic("squared error")))
    };
    let mut panels = lines(errors, &error)?;
    let guides = [
        Guide { column: "predicted_exponent", label: "min(a − 1, b)", mark: Mark::Line },
        Guide { column: "bias_predicted_exponent", label: "min(a − 1, 2b)", mark: Mark::Dotted },
    ];
    let local = Lines {
        guides: &guides,
        group_label: "local, one draw",
        ..Lines::plain(x(), ("local_exponent", Axis::linear("exponent")))
    };
    panels.extend(lines(errors, &local)?);
    let caption = "Bars: standard error over draws. Tables: redundancy_features.csv, redundancy_resources.csv.";
    let title = "Regression on random features, data without limit";
    alone("redundancy_features", (title, caption), 2, panels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_draw_falls_as_its_own_law_and_not_as_that_of_the_mean() {
        let asked = Features {
            spectral_exponent: 1.5,
            target_exponent: 3.0,
            n_directions: 1000,
            n_features: vec![8, 16, 32],
            n_replicates: 100,
            seed: 0,
        };
        let tables = asked.study(&|| ()).unwrap().tables;
        let [table, resources] =
            ["redundancy_features", "redundancy_resources"].map(|name| tables.get(name).unwrap());
        let found = |column: &str| resources.numbers(column).unwrap();
        for (local, predicted) in found("local_exponent").iter().zip(found("predicted_exponent")) {
            assert!((local / predicted - 1.0).abs() < 0.15, "{resources:?}");
        }
        // Twice as many features, and the time that goes with them.
        let ratios: Vec<f64> =
            found("to").iter().zip(found("from")).map(|(to, from)| to / from).collect();
        assert_eq!(ratios[..2], [2.0, 2.0]);
        assert!((ratios[2] - 2_f64.powf(1.5)).abs() < 1e-9, "{ratios:?}");
        let of = |column: &str| table.numbers(column).unwrap();
        assert!(of("z").iter().all(|z| z.abs() < 4.0), "{table:?}");
        // So few features are short of the law's exponent, but on the way to it.
        let (one, mean) = (of("local_exponent"), of("bias_local_exponent"));
        assert!(one[1] > 1.15 && one[2] > one[1] && one[2] < 1.5, "{one:?}");
        assert!(mean[1] > 1.8 && mean[2] > mean[1] && mean[2] < 2.05, "{mean:?}");
        assert_eq!((of("predicted_exponent")[0], of("bias_predicted_exponent")[0]), (1.5, 2.0));
        let bare = Features { n_replicates: 0, ..asked.clone() }.study(&|| ()).unwrap().tables;
        let bare = bare.get("redundancy_features").unwrap();
        assert!(bare.numbers("simulated").unwrap().iter().all(|v| v.is_nan()));
        let said = |asked: Features| asked.study(&|| ()).unwrap_err().to_string();
        let wrong = Features { target_exponent: 1.0, ..asked.clone() };
        assert!(said(wrong).contains("above 1, got 1"));
        assert!(said(Features { n_features: vec![2000], ..asked }).contains("got 2000"));
    }
}
