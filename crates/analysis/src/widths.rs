//! The loss at each width, over seeds, beside what the theory of the weak regime says.

use superpose_stats::summary::{geometric_mean, summarise};
use superpose_toy::superposition::{ignored_features_loss, unrepresented_loss};

use crate::FitWindow;
use crate::exponents::{Exponent, common_regime, predicted_strong};
use crate::regime::Regime;
use crate::settings::{Setting, field_names, row_start};
use superpose_files::table::{Field, Table};

const COLUMNS: [(&str, &str); 13] = [
    ("setting", "the swept fields in one line"),
    ("d_hidden", "hidden width d"),
    ("n_seeds", "trained cells at this width"),
    ("loss", "geometric mean of their test losses"),
    ("loss_low", "one standard deviation below, of what `spread_of` says"),
    ("loss_high", "one standard deviation above"),
    ("spread_of", "`seeds`, or with one seed `test batches` (of the mean over them)"),
    ("loss.dead_part", "mean of what the dead outputs cost"),
    ("weak_loss", "prediction for the weak regime: the d most frequent features are perfect"),
    ("unrepresented_loss", "loss when nothing is represented"),
    (
        "theory_loss",
        "prediction for the regime that the setting is in: `weak_loss`, or in the strong regime the \
         predicted slope through the loss at the largest width",
    ),
    ("fit_loss", "loss on the fitted line of exponents.csv, inside its window"),
    ("outcomes_lost", "cells at this width that diverged or failed"),
];

/// One row a setting and width.
pub fn losses_by_width(settings: &[Setting<'_>], window: FitWindow) -> Table {
    let names = field_names(settings);
    let question = "How large is the loss at each width?";
    let mut table = Table::new("losses", question, &COLUMNS).with_fields(&names);
    for setting in settings {
        let fit = Exponent::of(setting, window).and_then(|exponent| exponent.fit);
        let regime = common_regime(setting, FitWindow::ALL);
        let all = Exponent::of(setting, FitWindow::ALL);
        let widest = all.and_then(|exponent| exponent.losses.last().copied());
        for (&d_hidden, cells) in &setting.by_width {
            let trained: Vec<_> = cells.iter().filter(|c| c.measured().is_some()).collect();
            let of = |f: fn(&superpose_store::record::Measured) -> f64| -> Vec<f64> {
                trained.iter().filter_map(|c| c.measured()).map(f).collect()
            };
            let losses = of(|m| m.loss_test);
            let mean = geometric_mean(&losses);
            let (spread, spread_of) = match losses.len() {
                0 => (f64::NAN, None),
                // A relative error is an error of the logarithm.
                1 => (of(|m| m.loss_test_se / m.loss_test)[0], Some("test batches")),
                _ => {
                    let logarithms: Vec<f64> = losses.iter().map(|l| l.ln()).collect();
                    (summarise(&logarithms).standard_deviation, Some("seeds"))
                }
            };
            let anchored = widest.map(|(d_max, loss)| {
                loss * (d_max as f64 / d_hidden as f64).powf(predicted_strong(setting))
            });
            let theory = trained.first().map(|c| {
                let values = c.record.cell.value_distribution();
                (
                    ignored_features_loss(&c.probabilities, d_hidden, values),
                    unrepresented_loss(&c.probabilities, values),
                )
            });
            let mut row = row_start(&setting.fields);
            row.extend([
                setting.label().into(),
                d_hidden.into(),
                trained.len().into(),
                mean.into(),
                (mean * (-spread).exp()).into(),
                (mean * spread.exp()).into(),
                spread_of.into(),
                summarise(&of(|m| m.loss_dead_part)).mean.into(),
                theory.map(|t| t.0).into(),
                theory.map(|t| t.1).into(),
                match regime {
                    Some(Regime::Weak) => theory.map(|t| t.0).into(),
                    Some(Regime::Strong) => anchored.into(),
                    _ => Field::Missing,
                },
                fit.filter(|_| window.contains(d_hidden)).map(|f| f.at(d_hidden as f64)).into(),
                (cells.len() - trained.len()).into(),
            ]);
            table.push(row);
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Run;
    use crate::settings::settings;

    #[test]
    fn the_strong_regimes_guide_goes_through_the_widest_loss() {
        // The golden record has φ½ = 1: strong, at data exponent 1, where the slope is 1.
        let run = Run::planted(
            &[|c| c.model.d_hidden = 8, |c| c.model.d_hidden = 16, |c| c.model.d_hidden = 32],
            |c| 3.0 / c.model.d_hidden as f64,
        );
        let table = losses_by_width(&settings(&run), FitWindow::ALL);
        let (loss, theory) =
            (table.numbers("loss").unwrap(), table.numbers("theory_loss").unwrap());
        for (loss, theory) in loss.iter().zip(&theory) {
            assert!((loss / theory - 1.0).abs() < 1e-12, "{loss} {theory}");
        }
        let fit = table.numbers("fit_loss").unwrap();
        assert!((fit[0] / loss[0] - 1.0).abs() < 1e-12);
    }

    #[test]
    fn the_weak_prediction_is_what_the_rarer_features_cost() {
        let run = Run::planted(&[|c| c.model.d_hidden = 999], |_| 1.0);
        let table = losses_by_width(&settings(&run), FitWindow::ALL);
        // α = 1, n = 1000: the last feature has p = 1 / (1000 H_1000), H_1000 = 7.4854…
        let p = 1.0 / 7_485.470_860_550_345_f64;
        let weak = table.numbers("weak_loss").unwrap()[0];
        assert!((weak - (4.0 / 3.0 * p - p * p)).abs() < 1e-12, "{weak}");
    }
}
