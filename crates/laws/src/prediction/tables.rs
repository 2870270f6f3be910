//! The tables of predictions: at other scales, by form and parameter, and along the whole curve.

use superpose_files::table::{Field, Table};

use super::scale_law::{Form, ScaleLaw, fit_scale_law};
use crate::fits::interval;

/// Steps from the smallest scale that was run to the largest that is predicted: enough for a smooth
/// line.
const PLACES: u32 = 40;
/// The part of the largest scales that is predicted from the others, to see how good such
/// predictions are.
const HELD_OUT: f64 = 0.25;

/// A law, those of resamples of its points, and how it does on the largest scales.
pub(super) struct Fitted {
    pub(super) law: ScaleLaw,
    pub(super) resamples: Vec<ScaleLaw>,
    pub(super) test: Option<HeldOut>,
    /// Resamples that were drawn, with or without a law.
    pub(super) n_resamples: usize,
}

impl Fitted {
    /// The ends of an interval; none when fewer than half of the draws had a law.
    fn interval(&self, of: &dyn Fn(&ScaleLaw) -> f64) -> [Field; 2] {
        if 2 * self.resamples.len() < self.n_resamples {
            return [Field::Missing, Field::Missing];
        }
        interval(self.resamples.iter().map(of))
    }
}

/// What tables call a form.
pub(super) fn name(form: Form) -> &'static str {
    match form {
        Form::Power => "power law",
        Form::Offset => "with an offset",
        Form::Broken => "broken power law",
    }
}

/// The largest scale that was run.
fn largest(points: &[(f64, f64)]) -> f64 {
    points.last().map_or(f64::NAN, |point| point.0)
}

/// The table `predictions`: one row a form and scale that is wished for.
pub(super) fn at_scales(laws: &[Fitted], points: &[(f64, f64)], at: &[f64]) -> Table {
    let mut table = Table::new(
        "predictions",
        "What losses do laws of the smaller scales predict?",
        &[
            ("form", "power law: b x^-c; with an offset: a + b x^-c; broken: see the parameters"),
            ("x", "the scale asked for"),
            ("loss", "the law's"),
            (
                "loss_low",
                "95 % interval by bootstrap over the losses, lower end; it is a little narrow: see the words of the verb",
            ),
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

/// The table `prediction_forms`: one row a form.
pub(super) fn forms(laws: &[Fitted], n_left_out: usize) -> Table {
    Table::of(
        "prediction_forms",
        "Which form of law describes the losses, and which predicts the largest scales from the others?",
        laws,
        &[
            ("form", "of the law", &|fitted| name(fitted.law.form).into()),
            ("parameters", "number of parameters", &|fitted| fitted.law.parameters.len().into()),
            ("residual", "root of the mean squared residual of ln(1 + loss)", &|fitted| {
                fitted.law.residual.into()
            }),
            (
                "test_error",
                "mean |predicted / measured − 1| of the largest scales, predicted from the others",
                &|fitted| fitted.test.map(|test| test.error).into(),
            ),
            ("test_reach", "the largest of them divided by the largest of the others", &|fitted| {
                fitted.test.map(|test| test.reach).into()
            }),
            ("n_test", "losses there", &|fitted| fitted.test.map(|test| test.n).into()),
            ("rows_left_out", "rows of the file that have no loss", &|_| n_left_out.into()),
        ],
    )
}

/// How far off the largest scales are when the others predict them.
#[derive(Debug, Clone, Copy)]
pub(super) struct HeldOut {
    /// Mean absolute relative error.
    error: f64,
    /// How far beyond the others they reach.
    reach: f64,
    /// Losses there.
    n: usize,
}

/// `None` when the others have no such law. A scale is held out with all its losses or not at all.
pub(super) fn held_out(points: &[(f64, f64)], form: Form) -> Option<HeldOut> {
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

/// The table `prediction_parameters`: one row a form and parameter.
pub(super) fn parameters(laws: &[Fitted]) -> Table {
    let mut table = Table::new(
        "prediction_parameters",
        "What are the parameters of a + b x^-c (1 + (x/d)^(1/f))^(-c1 f)?",
        &[
            ("form", "of the law"),
            ("parameter", "those that the form has"),
            ("value", "least squares of ln(1 + loss)"),
            (
                "ci_low",
                "95 % interval by bootstrap over the losses, lower end; none of a bend, whose parameters stand in for one another",
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

/// The table `prediction_curve`: the laws over all scales, and the losses they rest on.
pub(super) fn curve(laws: &[Fitted], points: &[(f64, f64)], at: &[f64]) -> Table {
    let mut table = Table::new(
        "prediction_curve",
        "How do the laws lie between and beyond the losses?",
        &[
            ("form", "of the law"),
            ("x", "scale"),
            ("measured", "the loss, where one was measured"),
            ("law", "the law's loss"),
            ("law_low", "95 % interval by bootstrap over the losses, lower end"),
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

    #[test]
    fn a_scale_is_held_out_with_all_its_losses() {
        let points: Vec<(f64, f64)> =
            (0..16).map(|k| (f64::from(k / 2 + 1), 3.0 / f64::from(k / 2 + 1))).collect();
        let found = held_out(&points, Form::Power).unwrap();
        assert!(found.n == 4 && (found.reach - 8.0 / 6.0).abs() < 1e-12 && found.error < 1e-6);
    }
}
