//! What laws of losses say of scales that were not run.

use crate::prediction::scale_law::{Form, ScaleLaw, ScaleLawError, fit_scale_law};
use superpose_stats::bootstrap::percentile_interval;

use crate::group_offsets::tables::{LossFitError, LossFitOptions, observations};
use superpose_files::table::{Field, Table};

/// Places between the smallest scale that was run and the largest that is asked for.
const PLACES: u32 = 40;
/// The part of the largest scales that is predicted from the others, to see how good such predictions are.
const HELD_OUT: f64 = 0.25;

/// A law, those of resamples of its points, and how it does on the largest scales.
struct Fitted<'a> {
    law: ScaleLaw,
    resamples: Vec<ScaleLaw>,
    test: Option<HeldOut>,
    options: &'a LossFitOptions,
}

impl Fitted<'_> {
    /// The ends of an interval; none when fewer than half of the draws had a law.
    fn interval(&self, of: &dyn Fn(&ScaleLaw) -> f64) -> [Field; 2] {
        if 2 * self.resamples.len() < self.options.n_resamples {
            return [Field::Missing, Field::Missing];
        }
        let ends =
            percentile_interval(self.resamples.iter().map(of).collect(), self.options.confidence);
        [ends.map(|ends| ends.0).into(), ends.map(|ends| ends.1).into()]
    }
}

fn name(form: Form) -> &'static str {
    match form {
        Form::Power => "power law",
        Form::Offset => "with an offset",
        Form::Broken => "broken power law",
    }
}

/// The tables `predictions`, one row a form and scale asked for; `prediction_forms`, one row a form;
/// `prediction_parameters`, one row a form and parameter; and `prediction_curve`, the laws with their intervals over all
/// scales and the losses they rest on.
///
/// The intervals are those of resamples of the losses, and so widen with the distance from them; that the form goes on
/// holding is not in them. How good a form is at such predictions, its held-out error tells. Forms that do not have fewer
/// parameters than there are scales are left out.
///
/// # Errors
/// [`LossFitError`], naming the table, the row and the column.
pub fn predictions(
    losses: &Table,
    options: &LossFitOptions,
    at: &[f64],
) -> Result<[Table; 4], LossFitError> {
    let options = LossFitOptions { groups: Vec::new(), ..options.clone() };
    let (runs, _) = observations(losses, &options)?;
    if let Some(row) = runs.iter().position(|run| run.y <= 0.0) {
        return Err(LossFitError::Value {
            table: losses.name.clone(),
            row: row + 1,
            column: options.y,
            value: runs[row].y.to_string(),
            allowed: "a positive number",
        });
    }
    let mut points: Vec<(f64, f64)> = runs.iter().map(|run| (run.x, run.y)).collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut laws = Vec::new();
    for form in Form::ALL {
        match fit_scale_law(&points, form) {
            Ok(law) => laws.push(Fitted {
                resamples: law.resampled(&points, options.n_resamples, options.seed),
                test: held_out(&points, form),
                options: &options,
                law,
            }),
            // The others may just have too many parameters.
            Err(ScaleLawError::TooFewPlaces { .. }) if !laws.is_empty() => {}
            Err(source) => {
                return Err(LossFitError::NoScaleLaw { table: losses.name.clone(), source });
            }
        }
    }
    Ok([at_scales(&laws, &points, at), forms(&laws), parameters(&laws), curve(&laws, &points, at)])
}

/// The largest scale that was run.
fn largest(points: &[(f64, f64)]) -> f64 {
    points.last().map_or(f64::NAN, |point| point.0)
}

fn at_scales(laws: &[Fitted<'_>], points: &[(f64, f64)], at: &[f64]) -> Table {
    let mut table = Table::new(
        "predictions",
        "What losses do laws of the smaller scales predict?",
        &[
            ("form", "power law: b x^-c; with an offset: a + b x^-c; broken: see the parameters"),
            ("x", "the scale asked for"),
            ("loss", "the law's"),
            ("loss_low", "95 % interval over resamples of the losses, lower end"),
            ("loss_high", "upper end"),
            ("beyond", "x divided by the largest scale that was run"),
            ("test_error", "how far off the form was on the largest scales: see prediction_forms"),
        ],
    );
    for fitted in laws {
        let form = fitted.law.form;
        let test_error = fitted.test.map(|test| test.error);
        for x in at {
            let [low, high] = fitted.interval(&|law| law.at(*x));
            let (loss, beyond) = (fitted.law.at(*x).into(), (x / largest(points)).into());
            let form = name(form).into();
            table.push(vec![form, (*x).into(), loss, low, high, beyond, test_error.into()]);
        }
    }
    table
}

fn forms(laws: &[Fitted<'_>]) -> Table {
    let mut table = Table::new(
        "prediction_forms",
        "Which form of law describes the losses, and which predicts the largest scales from the others?",
        &[
            ("form", "of the law"),
            ("parameters", "number of parameters"),
            ("residual", "root of the mean squared residual of ln(1 + loss)"),
            (
                "test_error",
                "mean |predicted / measured − 1| of the largest scales, predicted from the others",
            ),
            ("test_reach", "the largest of them divided by the largest of the others"),
            ("n_test", "losses there"),
        ],
    );
    for Fitted { law, test, .. } in laws {
        table.push(vec![
            name(law.form).into(),
            law.parameters.len().into(),
            law.residual.into(),
            test.map(|test| test.error).into(),
            test.map(|test| test.reach).into(),
            test.map(|test| test.n).into(),
        ]);
    }
    table
}

/// How far off the largest scales are when the others predict them.
#[derive(Debug, Clone, Copy)]
struct HeldOut {
    /// Mean absolute relative error.
    error: f64,
    /// How far beyond the others they reach.
    reach: f64,
    /// Losses there.
    n: usize,
}

/// `None` when the others have no such law. A scale is held out with all its losses or not at all.
fn held_out(points: &[(f64, f64)], form: Form) -> Option<HeldOut> {
    let mut scales: Vec<f64> = points.iter().map(|point| point.0).collect();
    scales.dedup();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of n")]
    let n_scales = ((HELD_OUT * scales.len() as f64).round() as usize).max(1);
    let first = *scales.get(scales.len().checked_sub(n_scales)?)?;
    let (known, test) = points.split_at(points.partition_point(|point| point.0 < first));
    let law = fit_scale_law(known, form).ok()?;
    let errors = test.iter().map(|(x, y)| (law.at(*x) / y - 1.0).abs());
    let n = test.len();
    let reach = test.last()?.0 / known.last()?.0;
    Some(HeldOut { error: errors.sum::<f64>() / n as f64, reach, n })
}

fn parameters(laws: &[Fitted<'_>]) -> Table {
    let mut table = Table::new(
        "prediction_parameters",
        "What are the parameters of a + b x^-c (1 + (x/d)^(1/f))^(-c1 f)?",
        &[
            ("form", "of the law"),
            ("parameter", "those that the form has"),
            ("value", "least squares of ln(1 + loss)"),
            (
                "ci_low",
                "95 % interval over resamples of the losses, lower end; none of a bend, whose parameters stand in for one another",
            ),
            ("ci_high", "upper end"),
        ],
    );
    for fitted in laws {
        let form = fitted.law.form;
        for (index, parameter) in form.names().iter().enumerate() {
            let [low, high] = match form {
                Form::Broken => [Field::Missing, Field::Missing],
                Form::Power | Form::Offset => fitted.interval(&|law| law.parameters[index]),
            };
            let value = fitted.law.parameters[index].into();
            table.push(vec![name(form).into(), (*parameter).into(), value, low, high]);
        }
    }
    table
}

fn curve(laws: &[Fitted<'_>], points: &[(f64, f64)], at: &[f64]) -> Table {
    let mut table = Table::new(
        "prediction_curve",
        "How do the laws lie between and beyond the losses?",
        &[
            ("form", "of the law"),
            ("x", "scale"),
            ("measured", "the loss, where one was measured"),
            ("law", "the law's loss"),
            ("law_low", "95 % interval over resamples, lower end"),
            ("law_high", "upper end"),
        ],
    );
    let last = at.iter().copied().fold(largest(points), f64::max);
    let first = points.first().map_or(last, |point| point.0);
    let grid = (0..=PLACES)
        .map(|k| (first * (last / first).powf(f64::from(k) / f64::from(PLACES)), f64::NAN));
    let mut places: Vec<(f64, f64)> = grid.chain(points.iter().copied()).collect();
    places.sort_by(|a, b| a.0.total_cmp(&b.0));
    for fitted in laws {
        for (x, measured) in &places {
            let [low, high] = fitted.interval(&|law| law.at(*x));
            let loss = fitted.law.at(*x).into();
            let form = name(fitted.law.form).into();
            table.push(vec![form, (*x).into(), (*measured).into(), loss, low, high]);
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> LossFitOptions {
        LossFitOptions {
            x: "N".to_owned(),
            y: "loss".to_owned(),
            groups: Vec::new(),
            confidence: 0.95,
            n_resamples: 200,
            seed: 0,
        }
    }

    /// Losses `3 x^-0.3 + 1.5` with a ripple of a thousandth.
    fn losses() -> Table {
        let mut csv = String::from("N,loss\n");
        for k in 0..24 {
            let x = 10_f64.powf(6.0 + f64::from(k) / 6.0);
            let ripple = 1.0 + 1e-3 * f64::from(k * 7 % 5 - 2);
            csv.push_str(&format!("{x},{}\n", ripple * (300.0 * x.powf(-0.3) + 1.5)));
        }
        Table::from_csv("losses.csv", csv.as_bytes()).unwrap()
    }

    #[test]
    fn intervals_hold_the_truth_and_widen_with_distance() {
        let at = [1e10, 1e11, 1e13];
        let [table, forms, parameters, curve] = predictions(&losses(), &options(), &at).unwrap();
        let of_offset = |column: &str| table.numbers(column).unwrap()[3..6].to_vec();
        let mut widths = Vec::new();
        for ((x, low), high) in at.iter().zip(of_offset("loss_low")).zip(of_offset("loss_high")) {
            let truth = 300.0 * x.powf(-0.3) + 1.5;
            assert!(low <= truth && truth <= high, "{x}: {low} {truth} {high}");
            widths.push(high - low);
        }
        assert!(widths.is_sorted(), "{widths:?}");
        let of_forms = |column: &str| forms.numbers(column).unwrap();
        // Without its offset the law is worse at both, and a bend that is not there helps little.
        assert!(of_forms("test_error")[1] < 0.02 && of_forms("test_reach")[1] > 5.0);
        assert!(of_forms("test_error")[0] > 3.0 * of_forms("test_error")[1]);
        assert!(of_forms("residual").is_sorted_by(|a, b| a >= b));
        assert_eq!((parameters.rows.len(), curve.rows.len()), (2 + 3 + 6, 3 * (24 + 41)));
    }

    #[test]
    fn too_few_losses_are_refused() {
        let few = Table::from_csv("few.csv", b"N,loss\n1,3\n2,2\n").unwrap();
        let said = predictions(&few, &options(), &[10.0]).unwrap_err().to_string();
        assert!(said.contains("few.csv") && said.contains("more than 2 scales"), "{said}");
        let zero = Table::from_csv("zero.csv", b"N,loss\n1,3\n2,2\n3,0\n").unwrap();
        let said = predictions(&zero, &options(), &[10.0]).unwrap_err().to_string();
        assert!(said.contains("row 3 must have a positive number in `loss`, got `0`"), "{said}");
    }

    #[test]
    fn a_scale_is_held_out_with_all_its_losses() {
        let points: Vec<(f64, f64)> =
            (0..16).map(|k| (f64::from(k / 2 + 1), 3.0 / f64::from(k / 2 + 1))).collect();
        let found = held_out(&points, Form::Power).unwrap();
        assert!(found.n == 4 && (found.reach - 8.0 / 6.0).abs() < 1e-12 && found.error < 1e-6);
    }
}
