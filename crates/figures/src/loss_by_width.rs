//! Loss against width: dots with error bars, the fitted law as a line, theory dotted.

use superpose_files::table::{Table, TableError};

use crate::axis::Axis;
use crate::chart::{Chart, Mark, Point, Series, groups, symbols};
use crate::palette::colour;

/// The chart of the tables `losses` and `exponents`.
///
/// # Errors
/// [`TableError`] when a table lacks a column.
pub fn chart(losses: &Table, exponents: &Table) -> Result<Chart, TableError> {
    let settings = groups(&losses.words("setting")?);
    let width = losses.numbers("d_hidden")?;
    let loss = losses.numbers("loss")?;
    let (low, high) = (losses.numbers("loss_low")?, losses.numbers("loss_high")?);
    let (theory, fit) = (losses.numbers("theory_loss")?, losses.numbers("fit_loss")?);
    let names = exponents.words("setting")?;
    let exponent = exponents.numbers("model_exponent")?;
    let error = exponents.numbers("model_exponent_se")?;
    let weak = exponents.numbers("predicted_weak")?;
    let strong = exponents.numbers("predicted_strong")?;
    let regime = exponents.words("regime")?;
    let mut series = Vec::new();
    for (i, (setting, rows)) in settings.iter().enumerate() {
        let colour = colour(i, settings.len());
        let line = |y: &[f64], mark| Series {
            label: String::new(),
            colour,
            mark,
            points: rows
                .iter()
                .filter(|r| y[**r].is_finite())
                .map(|&r| Point::at(width[r], y[r]))
                .collect(),
        };
        series.push(line(&theory, Mark::Dotted));
        series.push(line(&fit, Mark::Line));
        let law = names.iter().position(|n| n == setting).filter(|&at| exponent[at].is_finite());
        let law = law.map_or(String::new(), |at| {
            let slope = |v: f64| format!("{:.2}", -v).replace('-', "−");
            let predicted = match &*regime[at] {
                "weak" => weak[at],
                "strong" => strong[at],
                _ => f64::NAN,
            };
            let theory = match predicted.is_finite() {
                true => format!("; theory {}", slope(predicted)),
                false => String::new(),
            };
            format!(": slope {} ± {:.2}{theory}", slope(exponent[at]), error[at])
        });
        series.push(Series {
            label: format!("{}{law}", symbols(setting)),
            colour,
            mark: Mark::Dots,
            points: rows
                .iter()
                .filter(|r| loss[**r].is_finite())
                .map(|&r| Point {
                    x: width[r],
                    y: loss[r],
                    bar: Some((low[r], high[r])),
                    value: None,
                })
                .collect(),
        });
    }
    Ok(Chart {
        title: "Test loss against hidden width".to_owned(),
        x: Axis::of_widths(&width),
        y: Axis::logarithmic("test loss L (sum over features)"),
        series,
        colours: None,
        caption: "Bars: one standard deviation over seeds (of the test, where there is one \
                  seed). Lines: least squares. Dotted: theory of the\nregime that the cells are \
                  in; in the strong one only its slope is predicted. Tables: losses.csv, \
                  exponents.csv."
            .to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trained_width_is_a_mark_and_the_slope_is_written() {
        let losses = "setting,d_hidden,loss,loss_low,loss_high,theory_loss,fit_loss\n\
                      weight_decay=-1,10,0.1,0.09,0.11,,0.1\nweight_decay=-1,20,0.05,0.04,0.06,,\n\
                      weight_decay=1,10,,,,,\n";
        let exponents = "setting,model_exponent,model_exponent_se,predicted_weak,predicted_strong,\
                         regime\nweight_decay=-1,1.1,0.05,,1,strong\n";
        let losses = Table::from_csv("losses", losses.as_bytes()).unwrap();
        let exponents = Table::from_csv("exponents", exponents.as_bytes()).unwrap();
        let chart = chart(&losses, &exponents).unwrap();
        let marks = |mark| -> usize {
            chart.series.iter().filter(|s| s.mark == mark).map(|s| s.points.len()).sum()
        };
        assert_eq!((marks(Mark::Dots), marks(Mark::Line), marks(Mark::Dotted)), (2, 1, 0));
        assert_eq!(chart.legend()[0].label, "γ = −1: slope −1.10 ± 0.05; theory −1.00");
    }
}
