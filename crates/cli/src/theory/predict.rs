//! `superpose theory predict`: what laws of measured losses say of other scales.

use superpose_figures::axis::Axis;
use superpose_figures::chart::Mark;
use superpose_figures::lines::{Guide, Lines, lines};
use superpose_figures::sheet::{Axes, Sheet};
use superpose_files::table::{Table, TableError};
use superpose_laws::group_offsets::tables::LossFitOptions;
use superpose_laws::prediction::tables::predictions;

use super::{Made, present};
use crate::args::theory::PredictOptions;
use crate::tables;

pub(super) fn predict(options: &PredictOptions) -> anyhow::Result<()> {
    if let Some(wrong) = options.at.iter().find(|x| !x.is_finite() || **x <= 0.0) {
        anyhow::bail!("--at must be positive numbers, got {wrong}");
    }
    if options.x == options.y {
        anyhow::bail!("--x and --y must be different columns, got `{}` for both", options.x);
    }
    let asked = LossFitOptions {
        x: options.x.clone(),
        y: options.y.clone(),
        groups: Vec::new(),
        confidence: 0.95,
        n_resamples: options.bootstrap.resamples,
        seed: options.bootstrap.seed,
    };
    let made = predictions(&tables::read(&options.file)?, &asked, &options.at)?;
    present(&Made { verb: "predict", tables: &made, sheet: &prediction_sheet }, &options.output)
}

fn prediction_sheet(tables: &[Table]) -> Result<Sheet, TableError> {
    let guides = [
        Guide { column: "law", label: "law", mark: Mark::Line },
        Guide { column: "law_low", label: "95 %, lower end", mark: Mark::Dotted },
        Guide { column: "law_high", label: "95 %, upper end", mark: Mark::Dotted },
    ];
    let columns = Lines {
        guides: &guides,
        panel: Some("form"),
        group_label: "measured",
        mark: Mark::Dots,
        ..Lines::plain(("x", Axis::logarithmic("scale")), ("measured", Axis::logarithmic("loss")))
    };
    Ok(Sheet {
        title: "What laws of the measured losses predict".to_owned(),
        columns: 3,
        panels: lines(&tables[3], &columns)?,
        axes: Axes::Shared,
        caption: "Intervals are over resamples of the losses; that the form goes on holding is assumed. Tables: \
                  prediction_curve.csv, prediction_parameters.csv; prediction_forms.csv has how far off each form was \
                  on the largest scales."
            .to_owned(),
    })
}
