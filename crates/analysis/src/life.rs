//! The life of a model: what became of its features from step to step.

use std::collections::BTreeSet;

use superpose_figures::axis::Axis;
use superpose_figures::chart::Mark;
use superpose_figures::lines::{Lines, lines};
use superpose_figures::panel::Panel;
use superpose_figures::sheet::{Axes, Sheet};
use superpose_figures::study::Picture;
use superpose_files::table::{Table, TableError, Tables};
use superpose_stats::summary::summarise;

use crate::facets::{Facets, varied};
use crate::models::{MOST_FEATURES, Models, Moment, Seen};
use crate::run::Run;
use crate::settings::{label, row_start, setting_fields, values, with_fields};

/// Moments a cell below which each is a dot.
const FEW: usize = 8;

/// Quantities with a panel each: column, title.
const PANELS: [(&str, &str); 6] = [
    ("loss", "training loss"),
    ("loss.dead_part", "loss that dead outputs cost"),
    ("phi_half", "φ½: rows with norm above 1/2"),
    ("dead_share", "share of dead outputs"),
    ("dimensionality_mean", "mean dimensionality D_i"),
    ("overlap_mean_square", "mean cos² between rows"),
];

/// The mean training loss of the point of a cell's curve that covers the step after `step`; none where that point
/// reaches more than twice as far, and its loss is another time's.
fn loss_at(seen: &Seen<'_>, step: u64) -> Option<f64> {
    let curve = &seen.finished.curve;
    let point = curve.iter().find(|point| point.step > step).or(curve.last())?;
    let before = curve.iter().take_while(|p| p.step < point.step).last().map_or(0, |p| p.step);
    (point.step <= 2 * (before + 1)).then_some(point.loss)
}

/// One row a moment of a cell whose model was kept on the way.
pub fn life(run: &Run, models: &Models<'_>) -> Table {
    let names = setting_fields(run);
    let rows: Vec<(&Seen<'_>, &Moment)> =
        models.seen.iter().flat_map(|s| s.life.iter().map(move |m| (s, m))).collect();
    let share = |of: &[bool]| of.iter().filter(|b| **b).count() as f64 / of.len() as f64;
    let table = Table::of(
        "life",
        "What became of the features from step to step?",
        &rows,
        &[
            ("setting", "the swept fields in one line", &|r| {
                label(&values(&names, r.0.finished)).into()
            }),
            ("d_hidden", "hidden width d", &|r| r.0.finished.record.cell.model.d_hidden.into()),
            ("seed", "seed of the initial weights", &|r| {
                r.0.finished.record.cell.train.seed.into()
            }),
            ("cell_id", "identity of the cell", &|r| r.0.finished.record.cell_id.as_str().into()),
            ("step", "steps that had been made; 0 is the start", &|r| r.1.step.into()),
            (
                "loss",
                "mean training loss of the point of the curve that covers the next step, where that is no longer than what \
                 was trained before it",
                &|r| loss_at(r.0, r.1.step).into(),
            ),
            ("loss.dead_part", "what the dead outputs cost", &|r| {
                r.1.features.loss_dead_part.into()
            }),
            ("dead_outputs", "number of outputs that cannot fire", &|r| {
                r.1.features.dead.iter().filter(|dead| **dead).count().into()
            }),
            ("dead_share", "that over the number of features", &|r| {
                share(&r.1.features.dead).into()
            }),
            ("phi_half", "fraction of the rows of W with norm above 1/2", &|r| {
                r.1.features.fraction_above(0.5).into()
            }),
            ("phi_one", "fraction of the rows of W with norm above 1", &|r| {
                r.1.features.fraction_above(1.0).into()
            }),
            ("norm_mean", "mean row norm of W", &|r| summarise(&r.1.features.norms).mean.into()),
            ("bias_mean", "mean of b", &|r| {
                let bias: Vec<f64> = r.1.bias.iter().map(|b| f64::from(*b)).collect();
                summarise(&bias).mean.into()
            }),
            ("overlap_mean_square", "mean cos² between rows of W that are not zero", &|r| {
                r.1.features.overlap_mean_square.into()
            }),
            ("dimensionality_mean", "mean of D_i over features", &|r| {
                summarise(&r.1.features.dimensionality).mean.into()
            }),
        ],
    );
    let starts = rows.iter().map(|(seen, _)| row_start(&values(&names, seen.finished)));
    with_fields(table, &names, starts)
}

/// One row a feature at a moment, as far as they are few enough.
pub fn features_by_step(models: &Models<'_>) -> Table {
    let mut n_rows = 0;
    let mut rows: Vec<(&Seen<'_>, &Moment, usize)> = Vec::new();
    for seen in &models.seen {
        n_rows += seen.life.len() * seen.bias.len();
        if n_rows <= MOST_FEATURES {
            let of_moment = |m| (0..seen.bias.len()).map(move |i| (seen, m, i));
            rows.extend(seen.life.iter().flat_map(of_moment));
        }
    }
    Table::of(
        "features_by_step",
        "When does each feature appear?",
        &rows,
        &[
            ("cell_id", "identity of the cell", &|r| r.0.finished.record.cell_id.as_str().into()),
            ("step", "steps that had been made; 0 is the start", &|r| r.1.step.into()),
            ("feature", "number of the feature, from 1", &|r| (r.2 + 1).into()),
            ("norm", "norm of its row of W, in entries of W", &|r| r.1.features.norms[r.2].into()),
            ("bias", "its bias b_i, in values of a feature", &|r| f64::from(r.1.bias[r.2]).into()),
            (
                "dimensionality",
                "D_i = ‖W_i‖² / Σ_j (Ŵ_i·W_j)²; zero for a row of zeros",
                &|r| r.1.features.dimensionality[r.2].into(),
            ),
            ("is_dead", "1 if its output cannot fire, else 0", &|r| {
                usize::from(r.1.features.dead[r.2]).into()
            }),
        ],
    )
}

/// What became of the models, a panel a quantity and a line a cell.
///
/// # Errors
/// [`TableError`] when there is no table `life` or it lacks a column.
pub fn draw(tables: &Tables) -> Result<Picture, TableError> {
    let table = tables.get("life")?;
    // One field has the colours: that with most values, or the width.
    let fields = varied(table, &[])?;
    let (column, symbol) = match fields.first() {
        Some(field) => (field.column.clone(), field.symbol.clone()),
        None => ("d_hidden".to_owned(), "d".to_owned()),
    };
    let apart: Vec<&str> = fields.iter().map(|field| field.column.as_str()).collect();
    let colour = Some((column.as_str(), symbol.as_str()));
    let facets = Facets::of(table, &apart, colour, &|_| String::new())?;
    // A single moment is no line.
    let has_few =
        table.rows.len() < FEW * table.words("cell_id")?.into_iter().collect::<BTreeSet<_>>().len();
    let mut panels: Vec<Panel> = Vec::new();
    let changes = |(column, _): &(&str, &str)| -> Result<bool, TableError> {
        let values = table.numbers(column)?;
        let finite: Vec<f64> = values.into_iter().filter(|v| v.is_finite()).collect();
        Ok(finite.windows(2).any(|pair| pair[0].total_cmp(&pair[1]).is_ne()))
    };
    for (column, title) in PANELS {
        if !changes(&(column, title))? {
            continue;
        }
        let axis = if column == "loss" { Axis::logarithmic(title) } else { Axis::linear(title) };
        let columns = facets.lines(Lines {
            line: Some("cell_id"),
            mark: if has_few { Mark::JoinedDots } else { Mark::Line },
            ..Lines::plain(("step", Axis::logarithmic("step")), (column, axis))
        });
        panels.extend(lines(&facets.table, &columns)?);
    }
    panels.retain(|panel| !matches!(panel, Panel::Chart(chart) if chart.is_empty()));
    let sheet = Sheet {
        title: "The life of the models".to_owned(),
        columns: 3,
        panels,
        axes: Axes::SharedX,
        caption: "One line a cell, at the moments at which its model was kept (the start, step 0, has no place on \
                  an axis of factors). Table: life.csv."
            .to_owned(),
    };
    Ok(Picture { name: "life".to_owned(), sheet })
}

#[cfg(test)]
mod tests {
    use superpose_toy::cell::Cell;
    use superpose_toy::trained::CurvePoint;

    use super::*;
    use crate::models::tests::planted;

    #[test]
    fn every_moment_is_a_row_and_every_quantity_that_changes_a_panel() {
        let cells: [fn(&mut Cell); 2] = [|c| c.model.d_hidden = 8, |c| c.model.d_hidden = 16];
        let mut run = Run::planted(&cells, |_| 1.0);
        for finished in &mut run.finished {
            finished.curve =
                [(50, 3.0), (100, 2.0)].map(|(step, loss)| CurvePoint { step, loss }).to_vec();
        }
        let models = planted(&run);
        let table = life(&run, &models);
        let of = |column: &str| table.numbers(column).unwrap()[..3].to_vec();
        assert_eq!(of("step"), [0.0, 1.0, 100.0]);
        // After the last step there is no next one; the first fifty steps are one point, which is of no moment.
        assert!(of("loss")[..2].iter().all(|loss| loss.is_nan()));
        assert!((of("loss")[2] - 2.0).abs() < 1e-12);
        assert_eq!((of("phi_half")[1], of("dead_outputs")[0]), (0.0, 1.0));
        assert!((of("phi_half")[2] - 2.0 / 3.0).abs() < 1e-12);
        assert_eq!(features_by_step(&models).rows.len(), 2 * 3 * 3);
        let picture = draw(&[table].into_iter().collect()).unwrap();
        // What stays as it is has none.
        assert_eq!(picture.sheet.panels.len(), 1);
    }
}
