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
use crate::settings::{WIDTH_FIELD, label, row_start, setting_fields, values, with_fields};
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
    let names = setting_fields(run);
    let mut groups: Vec<(&Finished, BTreeMap<u64, Vec<f64>>)> = Vec::new();
    let mut places: BTreeMap<(String, usize), usize> = BTreeMap::new();
    for finished in &run.finished {
        let d = finished.record.cell.model.d_hidden;
        let key = (format!("{:?}", values(&names, finished)), d);
        let place = *places.entry(key).or_insert_with(|| {
            groups.push((finished, BTreeMap::new()));
            groups.len() - 1
        });
        for point in &finished.curve {
            groups[place].1.entry(point.step).or_default().push(point.loss);
        }
    }
    let points: Vec<(&Finished, u64, &Vec<f64>)> =
        groups.iter().flat_map(|(f, curve)| curve.iter().map(|(s, l)| (*f, *s, l))).collect();
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
            ("setting", "the swept fields in one line", &|p| label(&values(&names, p.0)).into()),
            ("d_hidden", "hidden width d", &|p| p.0.record.cell.model.d_hidden.into()),
            ("step", "last step that the point covers", &|p| p.1.into()),
            ("n_seeds", "cells, which differ in their seeds", &|p| p.2.len().into()),
            ("loss", "geometric mean of their training losses", &|p| geometric_mean(p.2).into()),
            ("loss_low", "one standard deviation over seeds below", &|p| end(p.2, -1.0).into()),
            ("loss_high", "one standard deviation above", &|p| end(p.2, 1.0).into()),
        ],
    );
    with_fields(table, &names, points.iter().map(|p| row_start(&values(&names, p.0))))
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
