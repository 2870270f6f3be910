//! The loss at each width, over seeds, beside what the theory of the weak regime says.

use std::collections::BTreeMap;

use superpose_figures::axis::Axis;
use superpose_figures::chart::{Mark, Point, Series};
use superpose_figures::lines::{ErrorBars, Guide, Lines, lines};
use superpose_figures::palette::GREY;
use superpose_figures::panel::Panel;
use superpose_figures::study::Picture;
use superpose_stats::power_law::FEWEST_POINTS;
use superpose_stats::summary::{geometric_mean, summarise};
use superpose_toy::superposition::{ignored_features_loss, unrepresented_loss};

use crate::FitWindow;
use crate::exponents::{Exponent, common_regime, interval_of, predicted_strong};
use crate::facets::Facets;
use crate::pictures::grid;
use crate::regime::{Regime, is_defined_for};
use crate::settings::{Setting, field_names, row_start, with_fields};
use superpose_files::table::{Field, Table, TableError, Tables};

const COLUMNS: [(&str, &str); 14] = [
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
    ("residual", "ln(loss / fit_loss)"),
    ("outcomes_lost", "cells at this width that diverged or failed"),
];

/// One row a setting and width.
pub fn losses_by_width(settings: &[Setting<'_>], window: FitWindow) -> Table {
    let question = "How large is the loss at each width?";
    let mut table = Table::new("losses", question, &COLUMNS);
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
            let of_paper = trained.first().filter(|c| is_defined_for(&c.record.cell));
            let theory = of_paper.map(|c| {
                let values = c.record.cell.data.values;
                (
                    ignored_features_loss(&c.probabilities, d_hidden, values),
                    unrepresented_loss(&c.probabilities, values),
                )
            });
            let fitted = fit.filter(|_| window.contains(d_hidden)).map(|f| f.at(d_hidden as f64));
            table.push(vec![
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
                fitted.into(),
                fitted.map(|fitted| (mean / fitted).ln()).into(),
                (cells.len() - trained.len()).into(),
            ]);
        }
    }
    let rows = settings.iter().flat_map(|s| s.by_width.keys().map(|_| row_start(&s.fields)));
    with_fields(table, &field_names(settings), rows)
}

/// The loss against width: dots with error bars, the fitted law as a line in its shaded window, theory dotted.
///
/// # Errors
/// [`TableError`] when a table `losses` or `exponents` is not there or lacks a column.
pub fn draw(tables: &Tables) -> Result<Picture, TableError> {
    let losses = tables.get("losses")?;
    let exponents = tables.get("exponents")?;
    let (laws, settings) = (laws(exponents)?, losses.words("setting")?);
    let law = |row: usize| laws.get(&settings[row]).cloned().unwrap_or_default();
    let mut facets = Facets::of(losses, &[], None, &law)?;
    let slopes = if facets.is_spread() { slopes(losses, exponents)? } else { Vec::new() };
    let has_slopes = !slopes.is_empty();
    if has_slopes {
        facets.add(SLOPE, slopes);
    }
    let guides = [
        Guide { column: "theory_loss", label: "theory", mark: Mark::Dotted },
        Guide { column: "fit_loss", label: "least squares", mark: Mark::Line },
    ];
    let widths = losses.numbers("d_hidden")?;
    let width = Axis::logarithmic("hidden width d").ticked_at(&widths);
    let columns = facets.lines(Lines {
        error_bars: ErrorBars::Ends("loss_low", "loss_high"),
        name: has_slopes.then_some(SLOPE),
        guides: &guides,
        mark: Mark::Dots,
        is_parted: true,
        ..Lines::plain(
            ("d_hidden", width),
            ("loss", Axis::logarithmic("test loss L (sum over features)")),
        )
    });
    let mut panels = lines(&facets.table, &columns)?;
    let window = window(exponents, &widths)?;
    for panel in &mut panels {
        if let Panel::Chart(chart) = panel {
            chart.window = window;
        }
    }
    let named = if has_slopes { " Below the widest: the slopes." } else { "" };
    let shaded = if window.is_some() { " Shaded: the widths of the fits." } else { "" };
    let caption = format!(
        "Bars: one standard deviation over seeds (of the test, where there is one seed). Lines: least squares, ± \
         standard error over seeds or of the widths about the line.{named}{shaded} Dotted: theory of the regime that the \
         cells are in; in the strong one only its slope is predicted. Tables: losses.csv, exponents.csv."
    );
    let panels = (facets.n_columns(), panels);
    Ok(grid("loss_by_width", "Test loss against hidden width", panels, &caption))
}

/// The widths that all fits were made over, if there are wider or narrower ones.
fn window(exponents: &Table, widths: &[f64]) -> Result<Option<(f64, f64)>, TableError> {
    let (low, high) = (exponents.numbers("d_min")?, exponents.numbers("d_max")?);
    let ends: Vec<(f64, f64)> = low
        .into_iter()
        .zip(high)
        .filter(|(low, high)| low.is_finite() && high.is_finite())
        .collect();
    let Some(&(low, high)) = ends.first() else { return Ok(None) };
    let same =
        ends.iter().all(|end| end.0.total_cmp(&low).is_eq() && end.1.total_cmp(&high).is_eq());
    let is_part = widths.iter().any(|d| *d < low || *d > high);
    Ok((same && is_part).then_some((low, high)))
}

/// What stands beside a dot: the slope of its setting at the widest, else nothing.
const SLOPE: &str = "slope";

/// The slope of each setting beside the row of its widest loss.
fn slopes(losses: &Table, exponents: &Table) -> Result<Vec<String>, TableError> {
    let exponent = exponents.numbers("model_exponent")?;
    let of: BTreeMap<String, f64> = exponents.words("setting")?.into_iter().zip(exponent).collect();
    let (settings, widths) = (losses.words("setting")?, losses.numbers("d_hidden")?);
    let widest = |setting: &String| {
        let own = settings.iter().zip(&widths).filter(|(other, _)| *other == setting);
        own.fold(0.0_f64, |widest, (_, d)| widest.max(*d))
    };
    let slope = |(setting, d): (&String, &f64)| match of.get(setting) {
        Some(exponent) if exponent.is_finite() && *d >= widest(setting) => {
            format!("{:.2}", -exponent).replace('-', "−")
        }
        _ => String::new(),
    };
    Ok(settings.iter().zip(&widths).map(slope).collect())
}

/// How far the losses are from their fitted laws, and the exponent between neighbouring widths: two pictures.
///
/// # Errors
/// [`TableError`] when a table `losses` or `local_exponents` is not there or lacks a column.
pub fn draw_residuals(tables: &Tables) -> Result<Vec<Picture>, TableError> {
    let residuals = (
        "residuals",
        "How far the losses are from their power law",
        "The mean loss of a width over that of the fitted law, inside the window of the fit; a power law is level at \
         zero. Table: losses.csv.",
    );
    let local = (
        "local_exponents",
        "The exponent between neighbouring widths",
        "At the geometric mean of two neighbouring widths; a power law is level. Table: local_exponents.csv.",
    );
    let mut pictures = Vec::new();
    for (table, (x, y, label), (name, title, caption), zero) in [
        (tables.get("losses")?, ("d_hidden", "residual", "ln(loss / fitted law)"), residuals, true),
        (
            tables.get("local_exponents")?,
            ("d_middle", "local_exponent", "−Δ ln(loss) / Δ ln d"),
            local,
            false,
        ),
    ] {
        // Tables of older runs have no residuals.
        if table.column(y).is_err() {
            continue;
        }
        let facets = Facets::of(table, &[], None, &|_| String::new())?;
        let columns = facets.lines(Lines {
            mark: Mark::JoinedDots,
            ..Lines::plain((x, Axis::logarithmic("hidden width d")), (y, Axis::linear(label)))
        });
        let mut panels = lines(&facets.table, &columns)?;
        let few = |s: &Series| s.points.len() < FEWEST_POINTS;
        let is_empty = |panel: &Panel| matches!(panel, Panel::Chart(c) if c.series.iter().all(few));
        // Two exponents or three widths show no bend.
        if panels.iter().all(is_empty) {
            continue;
        }
        let at = table.numbers(x)?;
        let (low, high) =
            at.iter().fold((f64::INFINITY, 0.0_f64), |(low, high), d| (low.min(*d), high.max(*d)));
        for panel in &mut panels {
            if let (Panel::Chart(chart), true) = (panel, zero) {
                let points = vec![Point::at(low, 0.0), Point::at(high, 0.0)];
                chart.series.insert(0, Series::line(GREY, points));
            }
        }
        pictures.push(grid(name, title, (facets.n_columns(), panels), caption));
    }
    Ok(pictures)
}

/// The fitted law of each setting that has one, as it is written in the legend, beside that of its theory.
fn laws(exponents: &Table) -> Result<BTreeMap<String, String>, TableError> {
    let exponent = exponents.numbers("model_exponent")?;
    // Tables of older runs have the line's error alone.
    let error = exponents.numbers("ci_se").or_else(|_| exponents.numbers("model_exponent_se"))?;
    let (weak, strong) =
        (exponents.numbers("predicted_weak")?, exponents.numbers("predicted_strong")?);
    let (regime, of) = (exponents.words("regime")?, interval_of(exponents)?);
    let slope = |exponent: f64, places: usize| format!("{:.places$}", -exponent).replace('-', "−");
    // An error of 0.00 would say that there is none.
    let places = |error: f64| {
        (2_u8..6).find(|p| error * 10_f64.powi((*p).into()) >= 1.0).map_or(2, usize::from)
    };
    let law = |row: usize| {
        let theory = match &*regime[row] {
            "weak" => weak[row],
            "strong" => strong[row],
            _ => f64::NAN,
        };
        let theory = match theory.is_finite() {
            true => format!("; theory {}", slope(theory, 2)),
            false => String::new(),
        };
        let of = match of[row].as_str() {
            "" => String::new(),
            of => format!(" ({of})"),
        };
        let (error, places) = (error[row], places(error[row]));
        format!(": slope {} ± {error:.places$}{of}{theory}", slope(exponent[row], places))
    };
    let fitted = exponents.words("setting")?.into_iter().enumerate();
    let fitted = fitted.filter(|(row, _)| exponent[*row].is_finite());
    Ok(fitted.map(|(row, setting)| (setting, law(row))).collect())
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

    #[test]
    fn the_slope_and_its_theory_are_written() {
        let exponents = "setting,model_exponent,model_exponent_se,predicted_weak,predicted_strong,\
                         regime\nweight_decay=-1,1.1,0.05,,1,strong\nweight_decay=1,,,,1,weak\n";
        let laws = laws(&Table::from_csv("exponents", exponents.as_bytes()).unwrap()).unwrap();
        assert_eq!(laws["weight_decay=-1"], ": slope −1.10 ± 0.05; theory −1.00");
        assert_eq!(laws.len(), 1);
    }

    #[test]
    fn one_seeds_spread_is_that_of_its_test_relative_to_its_loss() {
        let mut run = Run::planted(&[|_| ()], |_| 2.0);
        run.finished[0].record.measured.as_mut().unwrap().loss_test_se = 0.5;
        let table = losses_by_width(&settings(&run), FitWindow::ALL);
        assert_eq!(table.words("spread_of").unwrap(), ["test batches"]);
        assert!((table.numbers("loss_low").unwrap()[0] - 2.0 * (-0.25_f64).exp()).abs() < 1e-12);
    }

    #[test]
    fn what_an_error_is_of_is_written() {
        let exponents = "setting,model_exponent,model_exponent_se,ci_se,ci_method,n_points,n_seeds,\
                         predicted_weak,predicted_strong,regime\n\
                         a,1.1,0.05,0.02,seeds,6,3,,1,strong\nb,0.4,0.1,0.1,line,5,1,,,mixed\n\
                         c,1.2222,0.1,0.0034,seeds,6,3,,,mixed\nd,1,0,0,seeds,6,3,,,mixed\n";
        let laws = laws(&Table::from_csv("exponents", exponents.as_bytes()).unwrap()).unwrap();
        assert_eq!(laws["a"], ": slope −1.10 ± 0.02 (3 seeds); theory −1.00");
        assert_eq!(laws["b"], ": slope −0.40 ± 0.10 (line, 5 widths)");
        assert_eq!(laws["c"], ": slope −1.222 ± 0.003 (3 seeds)");
        assert_eq!(laws["d"], ": slope −1.00 ± 0.00 (3 seeds)");
    }
}
