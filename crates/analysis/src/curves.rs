//! How the training loss fell.

use std::collections::BTreeMap;

use superpose_figures::axis::Axis;
use superpose_figures::chart::Mark;
use superpose_figures::lines::{ErrorBars, Lines, lines};
use superpose_figures::panel::Panel;
use superpose_figures::study::Picture;
use superpose_stats::summary::{geometric_mean, summarise};

use crate::facets::Facets;
use crate::pictures::grid;
use crate::run::{Finished, Run};
use crate::settings::{
    Setting, WIDTH_FIELD, field_names, label, row_start, setting_fields, settings, values,
    with_fields,
};
use superpose_files::table::{Table, TableError, Tables};

/// One row a point of a loss curve.
pub fn curves(run: &Run) -> Table {
    let names = setting_fields(run);
    let of = |finished| (finished, label(&values(&names, finished)));
    let cells: Vec<(&Finished, String)> = run.finished.iter().map(of).collect();
    let points = cells.iter().flat_map(|(f, setting)| {
        f.curve.iter().map(move |point| (&f.record, setting.as_str(), point))
    });
    Table::of(
        "curves",
        "How did the training loss fall?",
        points,
        &[
            ("setting", "the swept fields in one line", &|p| p.1.into()),
            ("d_hidden", "hidden width d", &|p| p.0.cell.model.d_hidden.into()),
            ("seed", "seed of the initial weights", &|p| p.0.cell.train.seed.into()),
            ("cell_id", "identity of the cell", &|p| p.0.cell_id.as_str().into()),
            ("step", "last step that the point covers", &|p| p.2.step.into()),
            ("loss", "mean training loss since the point before", &|p| p.2.loss.into()),
        ],
    )
}

/// One row a point of the loss curves of cells that differ in their seeds.
pub fn curve_means(run: &Run) -> Table {
    let settings = settings(run);
    let mut points: Vec<(&Setting<'_>, usize, u64, Vec<f64>)> = Vec::new();
    for setting in &settings {
        for (&d_hidden, cells) in &setting.by_width {
            let mut losses: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
            for point in cells.iter().flat_map(|cell| &cell.curve) {
                losses.entry(point.step).or_default().push(point.loss);
            }
            points.extend(losses.into_iter().map(|(step, of)| (setting, d_hidden, step, of)));
        }
    }
    // Losses are compared by their factors.
    let end = |losses: &[f64], sign: f64| {
        let logarithms: Vec<f64> = losses.iter().map(|loss| loss.ln()).collect();
        let spread = summarise(&logarithms).standard_deviation;
        spread.is_finite().then(|| geometric_mean(losses) * (sign * spread).exp())
    };
    let table = Table::of(
        "curve_means",
        "How did the training loss fall, over seeds?",
        &points,
        &[
            ("setting", "the swept fields in one line", &|p| p.0.label().into()),
            ("d_hidden", "hidden width d", &|p| p.1.into()),
            ("step", "last step that the point covers", &|p| p.2.into()),
            ("n_seeds", "cells, which differ in their seeds", &|p| p.3.len().into()),
            ("loss", "geometric mean of their training losses", &|p| geometric_mean(&p.3).into()),
            ("loss_low", "one standard deviation over seeds below", &|p| end(&p.3, -1.0).into()),
            ("loss_high", "one standard deviation above", &|p| end(&p.3, 1.0).into()),
        ],
    );
    with_fields(table, &field_names(&settings), points.iter().map(|p| row_start(&p.0.fields)))
}

/// The training loss against step: the mean over seeds in its band, coloured by width.
///
/// # Errors
/// [`TableError`] when there is no table `curve_means` or it lacks a column.
pub fn draw(tables: &Tables) -> Result<Picture, TableError> {
    let table = tables.get("curve_means")?;
    let facets = Facets::of(table, &[WIDTH_FIELD], Some(("d_hidden", "d")), &|_| String::new())?;
    let columns = facets.lines(Lines {
        error_bars: ErrorBars::Ends("loss_low", "loss_high"),
        mark: Mark::Band,
        ..Lines::plain(
            ("step", Axis::logarithmic("step")),
            ("loss", Axis::logarithmic("training loss (sum over features)")),
        )
    });
    let caption = "Lines: geometric mean over seeds; bands: one standard deviation; each point is the mean since the \
                   point before. Table: curve_means.csv (curves.csv has every cell).";
    let mut panels = lines(&facets.table, &columns)?;
    let has_line = |panel: &Panel| match panel {
        Panel::Chart(chart) => chart.series.iter().any(|s| s.points.len() > 1),
        _ => false,
    };
    // Cells that have one point each have no curve.
    if !panels.iter().any(has_line) {
        panels.clear();
    }
    let panels = (facets.n_columns(), panels);
    Ok(grid("loss_curves", "Training loss", panels, caption))
}
