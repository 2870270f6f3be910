//! What a law of losses says of scales that were not run.

use superpose_stats::bootstrap::percentile_interval;
use superpose_stats::group_offsets::{
    GroupOffsets, Observation, fit_group_offsets, resampled_laws,
};

use crate::loss_fit::{LossFitError, LossFitOptions, observations};
use crate::table::Table;

/// Places between the smallest scale that was run and the largest that is asked for.
const PLACES: u32 = 40;
/// The part of the largest scales that is predicted from the others, to see how good such predictions are.
const HELD_OUT: f64 = 0.25;

/// The tables `predictions`, one row a scale asked for, and `prediction_curve`, the law with its interval over all
/// scales and the losses it rests on: `loss = A · x^-α + B`, with one `B`.
///
/// The intervals are those of resamples of the losses, and so widen with the distance from them; what another law
/// would say is not in them. `n_test` counts the losses of the largest scales that were predicted from the others
/// alone.
///
/// # Errors
/// [`LossFitError`], naming the table, the row and the column.
pub fn predictions(
    losses: &Table,
    options: &LossFitOptions,
    at: &[f64],
) -> Result<[Table; 2], LossFitError> {
    let options = LossFitOptions { groups: Vec::new(), ..options.clone() };
    let (mut runs, _) = observations(losses, &options)?;
    runs.sort_by(|a, b| a.x.total_cmp(&b.x));
    let no_law = |source| LossFitError::NoLaw { table: losses.name.clone(), source };
    let law = fit_group_offsets(&runs, 1).map_err(no_law)?;
    let laws = resampled_laws(&runs, 1, options.n_resamples, options.seed);
    let interval = |x: f64| {
        let values = laws.iter().map(|law| law.at(x, 0)).collect();
        percentile_interval(values, options.confidence).unwrap_or((f64::NAN, f64::NAN))
    };
    let largest = runs.last().map_or(f64::NAN, |run| run.x);
    let test = held_out(&runs);
    let mut table = Table::new(
        "predictions",
        "What loss does the law of the smaller scales predict?",
        &[
            ("x", "the scale asked for"),
            ("loss", "A · x^-α + B"),
            ("loss_low", "95 % interval over resamples of the losses, lower end"),
            ("loss_high", "upper end"),
            ("beyond", "x divided by the largest scale that was run"),
            ("exponent", "α"),
            ("irreducible", "B"),
            (
                "test_error",
                "mean |predicted / measured − 1| of the largest scales, predicted from the others",
            ),
            ("test_reach", "the largest of them divided by the largest of the others"),
            ("n_test", "their number"),
        ],
    );
    for x in at {
        let (low, high) = interval(*x);
        table.push(vec![
            (*x).into(),
            law.at(*x, 0).into(),
            low.into(),
            high.into(),
            (x / largest).into(),
            law.exponent.into(),
            law.offsets[0].into(),
            test.map(|test| test.0).into(),
            test.map(|test| test.1).into(),
            test.map(|test| test.2).into(),
        ]);
    }
    let curve = curve(&runs, &law, &interval, at.iter().copied().fold(largest, f64::max));
    Ok([table, curve])
}

/// How far off the largest scales are when the others predict them: the mean absolute relative error, how far beyond the
/// others they reach, and their number; `None` when the others have no law.
fn held_out(runs: &[Observation]) -> Option<(f64, f64, usize)> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of n")]
    let n_test = ((HELD_OUT * runs.len() as f64).round() as usize).max(1);
    let (known, test) = runs.split_at(runs.len().checked_sub(n_test)?);
    let law = fit_group_offsets(known, 1).ok()?;
    let error = test.iter().map(|run| (law.at(run.x, 0) / run.y - 1.0).abs()).sum::<f64>();
    Some((error / n_test as f64, test.last()?.x / known.last()?.x, n_test))
}

fn curve(
    runs: &[Observation],
    law: &GroupOffsets,
    interval: &dyn Fn(f64) -> (f64, f64),
    last: f64,
) -> Table {
    let mut table = Table::new(
        "prediction_curve",
        "How does the law lie between and beyond the losses?",
        &[
            ("x", "scale"),
            ("measured", "the loss, where one was measured"),
            ("law", "A · x^-α + B"),
            ("law_low", "95 % interval over resamples, lower end"),
            ("law_high", "upper end"),
        ],
    );
    let first = runs.first().map_or(last, |run| run.x);
    let grid = (0..=PLACES)
        .map(|k| (first * (last / first).powf(f64::from(k) / f64::from(PLACES)), f64::NAN));
    let mut rows: Vec<(f64, f64)> = grid.chain(runs.iter().map(|run| (run.x, run.y))).collect();
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (x, measured) in rows {
        let (low, high) = interval(x);
        table.push(vec![x.into(), measured.into(), law.at(x, 0).into(), low.into(), high.into()]);
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
        let [table, curve] = predictions(&losses(), &options(), &at).unwrap();
        let of = |column: &str| table.numbers(column).unwrap();
        let mut widths = Vec::new();
        for ((x, low), high) in at.iter().zip(of("loss_low")).zip(of("loss_high")) {
            let truth = 300.0 * x.powf(-0.3) + 1.5;
            // The ripple is no random error; it moves the law by less than itself.
            assert!(low - 0.01 <= truth && truth <= high + 0.01, "{x}: {low} {truth} {high}");
            widths.push(high - low);
        }
        assert!(widths.is_sorted(), "{widths:?}");
        assert!(of("test_error")[0] < 0.02 && of("test_reach")[0] > 5.0);
        assert!(curve.rows.len() == 24 + 41);
    }

    #[test]
    fn too_few_losses_are_refused() {
        let few = Table::from_csv("few.csv", b"N,loss\n1,3\n2,2\n").unwrap();
        let said = predictions(&few, &options(), &[10.0]).unwrap_err().to_string();
        assert!(said.contains("few.csv") && said.contains("more than 3 points"), "{said}");
    }
}
