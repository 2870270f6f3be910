//! Whether runs are far enough apart, and in enough directions, for a law of size and data.

use superpose_stats::summary::{correlation, summarise};

use super::runs::TrainedModel;
use crate::error::{LawError, ensure};
use crate::fits::range;

/// How far apart sizes, and numbers of tokens, must be, as a factor.
const APART: f64 = 1.2;
/// The least scatter of `ln D` about a line through `ln N` by which the two can be told apart.
const SCATTER: f64 = 0.05;
/// Losses within this part of one another are all the same.
const SAME: f64 = 1e-9;

/// Refuses runs from which no law can be told, whatever the fit.
pub(super) fn check_runs(runs: &[TrainedModel]) -> Result<(), LawError> {
    let (least, most) = range(runs.iter().map(|run| run.loss));
    ensure!(
        most > least * (1.0 + SAME),
        "all losses are the same, {least}: they do not fall with N or D, and have no exponents"
    );
    for (what, (least, most)) in [
        ("N", range(runs.iter().map(|run| run.parameters))),
        ("D", range(runs.iter().map(|run| run.tokens))),
    ] {
        ensure!(
            most >= APART * least,
            "{what} goes from {least} to {most} only; for an exponent the largest must be at least {APART} times the least"
        );
    }
    let (along, scatter) = scatter(runs);
    let (low, high) = range(runs.iter().map(|run| run.tokens / run.parameters));
    ensure!(
        along <= 0.0 || scatter >= SCATTER,
        "N and D grow together in these runs (D/N from {low:.4} to {high:.4}, the correlation of their logarithms {along:.4}), \
         so that what is due to size and what to data cannot be told apart: α and β exchanged fit as well. Runs of one N \
         with several D would tell; `theory predict --x` fits the one law that these have"
    );
    Ok(())
}

/// The correlation of `ln N` and `ln D`, and the root of their mean squared distance from the line of either
/// through the other, whichever is nearer.
pub(super) fn scatter(runs: &[TrainedModel]) -> (f64, f64) {
    let n = runs.len() as f64;
    let logarithms = runs.iter().map(|run| (run.parameters.ln(), run.tokens.ln()));
    let (of_n, of_d): (Vec<f64>, Vec<f64>) = logarithms.clone().unzip();
    let correlation = correlation(&logarithms.collect::<Vec<_>>());
    let deviation = |of: &[f64]| summarise(of).standard_deviation * ((n - 1.0) / n).sqrt();
    let least = deviation(&of_n).min(deviation(&of_d));
    (correlation, (1.0 - correlation * correlation).max(0.0).sqrt() * least)
}
