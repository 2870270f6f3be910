//! What came of each setting: the losses and the representation, over seeds, for any two fields that were swept.

use std::collections::BTreeMap;

use superpose_figures::colour_bar::ColourScale;
use superpose_figures::heat_maps::{HeatMaps, heat_maps};
use superpose_figures::panel::Panel;
use superpose_figures::sheet::{Axes, Sheet};
use superpose_figures::study::Picture;
use superpose_files::table::{Table, TableError, Tables};
use superpose_stats::summary::{geometric_mean, summarise};
use superpose_store::record::Measured;

use crate::facets::{column_of, panels_in_a_row, symbol_of, varied};
use crate::models::{Models, Seen};
use crate::run::{Finished, Run};
use crate::settings::{Setting, WIDTH_FIELD, field_names, row_start, settings, with_fields};

/// Rows of `W` shorter than this are of features that are ignored.
const IGNORED: f64 = 0.5;
/// A feature that has more of a dimension than this has it to itself.
const ITS_OWN: f64 = 0.9;

/// Quantities that are drawn: column, title, whether it is drawn in factors.
const QUANTITIES: [(&str, &str, bool); 7] = [
    ("loss", "test loss", true),
    ("phi_half", "φ½: rows with norm above 1/2", false),
    ("dimensionality", "mean dimensionality D_i", false),
    ("dead_share", "share of dead outputs", false),
    ("own_dimension", "features with a dimension of their own", false),
    ("shared", "features that share their dimensions", false),
    ("lost_share", "cells that diverged or failed", false),
];
/// The least values of an axis of a map.
const FEWEST: usize = 3;

/// Of the features of some models, the shares that are ignored, have a dimension of their own, and share one.
fn shares(seen: &[&Seen<'_>]) -> [Option<f64>; 3] {
    let mut counts = [0_usize; 3];
    for seen in seen {
        for (norm, dimensionality) in seen.features.norms.iter().zip(&seen.features.dimensionality)
        {
            let kind = match (norm, dimensionality) {
                (norm, _) if *norm < IGNORED => 0,
                (_, d) if *d > ITS_OWN => 1,
                _ => 2,
            };
            counts[kind] += 1;
        }
    }
    let n: usize = counts.iter().sum();
    counts.map(|count| (n > 0).then(|| count as f64 / n as f64))
}

/// The cells of a setting at a width, and the [`shares`] of their features.
struct Group<'a> {
    setting: &'a Setting<'a>,
    d_hidden: usize,
    cells: &'a [&'a Finished],
    shares: [Option<f64>; 3],
}

/// One row a setting and width.
pub fn outcomes(run: &Run, models: &Models<'_>) -> Table {
    let settings = settings(run);
    let seen: BTreeMap<&str, &Seen<'_>> =
        models.seen.iter().map(|s| (s.finished.record.cell_id.as_str(), s)).collect();
    let over = |cells: &[&Finished], f: &dyn Fn(&Measured, &Finished) -> Option<f64>| {
        let of = |c: &&Finished| c.measured().and_then(|m| f(m, c));
        summarise(&cells.iter().filter_map(of).collect::<Vec<f64>>()).mean
    };
    let n_features = |c: &Finished| c.record.cell.model.n_features as f64;
    let kinds = |cells: &[&Finished]| {
        let of = |c: &&Finished| seen.get(c.record.cell_id.as_str()).copied();
        shares(&cells.iter().filter_map(of).collect::<Vec<_>>())
    };
    let mut groups: Vec<Group<'_>> = Vec::new();
    for setting in &settings {
        let widths = setting.by_width.iter();
        groups.extend(widths.map(|(&d_hidden, cells)| Group {
            setting,
            d_hidden,
            cells,
            shares: kinds(cells),
        }));
    }
    let table = Table::of(
        "outcomes",
        "What came of each setting?",
        &groups,
        &[
            ("setting", "the swept fields in one line", &|g| g.setting.label().into()),
            (WIDTH_FIELD, "hidden width d", &|g| g.d_hidden.into()),
            ("n_cells", "cells, which differ in their seeds", &|g| g.cells.len().into()),
            ("lost_share", "the share of them that diverged or failed", &|g| {
                let lost = g.cells.iter().filter(|c| c.measured().is_none()).count();
                (lost as f64 / g.cells.len() as f64).into()
            }),
            ("loss", "geometric mean of their test losses", &|g| {
                let of = |c: &&Finished| c.measured().map(|m| m.loss_test);
                geometric_mean(&g.cells.iter().filter_map(of).collect::<Vec<f64>>()).into()
            }),
            ("phi_half", "mean fraction of the rows of W with norm above 1/2", &|g| {
                over(g.cells, &|m, _| Some(m.phi_half)).into()
            }),
            ("dead_share", "mean share of outputs that cannot fire", &|g| {
                over(g.cells, &|m, c| Some(m.dead_outputs as f64 / n_features(c))).into()
            }),
            ("overlap_mean_square", "mean cos² between rows of W that are not zero", &|g| {
                over(g.cells, &|m, _| Some(m.overlap_mean_square)).into()
            }),
            ("dimensionality", "mean of D_i over features", &|g| {
                over(g.cells, &|m, _| m.geometry.as_ref().map(|g| g.dimensionality_mean)).into()
            }),
            ("ignored", "share of features whose row of W is shorter than 1/2", &|g| {
                g.shares[0].into()
            }),
            ("own_dimension", "share of the others with D_i above 0.9, of all features", &|g| {
                g.shares[1].into()
            }),
            ("shared", "share of all features that are neither", &|g| g.shares[2].into()),
        ],
    );
    with_fields(table, &field_names(&settings), groups.iter().map(|g| row_start(&g.setting.fields)))
}

/// Maps of every quantity over the two fields with most values, and of the fitted exponent over the two that have
/// most beside the width; of further fields, a grid of maps.
///
/// # Errors
/// [`TableError`] when there is no table `outcomes` or `exponents`, or it lacks a column.
pub fn draw(tables: &Tables) -> Result<Vec<Picture>, TableError> {
    let exponent = [("model_exponent", "model exponent", false)];
    let mut pictures = maps(tables.get("outcomes")?, "phase", &QUANTITIES)?;
    pictures.extend(maps(tables.get("exponents")?, "phase_exponent", &exponent)?);
    Ok(pictures)
}

/// Maps of the `quantities` of a table, each with its title and whether it is drawn in factors: one picture, or one
/// for each if further fields make a grid of each.
fn maps(
    table: &Table,
    name: &str,
    quantities: &[(&str, &str, bool)],
) -> Result<Vec<Picture>, TableError> {
    let fields = varied(table, &[])?;
    let [x, y, rest @ ..] = &fields[..] else { return Ok(Vec::new()) };
    if [x, y].iter().any(|field| field.n_values() < FEWEST || !field.is_of_numbers()) {
        return Ok(Vec::new());
    }
    let (across, down) = (rest.first(), rest.get(1));
    let of = |(value, title, is_of_factors): (&str, &str, bool)| {
        let known = table.numbers(value)?;
        let scale = if is_of_factors { ColourScale::logarithmic } else { ColourScale::linear };
        let maps = HeatMaps {
            x: &x.column,
            y: &y.column,
            value,
            row: column_of(down),
            row_label: symbol_of(down),
            panel: column_of(across),
            panel_label: symbol_of(across),
            x_label: &x.symbol,
            y_label: &y.symbol,
            // All panels of a quantity are to be compared.
            colours: scale(title).spanning(&known),
        };
        let finite: Vec<f64> = known.into_iter().filter(|v| v.is_finite()).collect();
        // What is the same everywhere needs no picture.
        let is_flat = finite.windows(2).all(|pair| pair[0].total_cmp(&pair[1]).is_eq());
        if is_flat { Ok(Vec::new()) } else { heat_maps(table, &maps) }
    };
    let more: Vec<&str> = rest.iter().skip(2).map(|field| field.symbol.as_str()).collect();
    let last = match more[..] {
        [] => String::new(),
        _ => format!(" Of {} the last value is shown.", more.join(" and ")),
    };
    let caption = format!(
        "Means over seeds; crossed out: nothing was measured there.{last} Table: {}.csv.",
        table.name
    );
    let sheet = |title: String, columns: usize, panels: Vec<Panel>| Sheet {
        title: format!("{title}, by {} and {}", x.symbol, y.symbol),
        columns,
        panels,
        axes: Axes::Shared,
        caption: caption.clone(),
    };
    if rest.is_empty() {
        let mut panels = Vec::new();
        for quantity in quantities {
            let mut of_quantity = of(*quantity)?;
            for panel in &mut of_quantity {
                if let Panel::HeatMap(map) = panel {
                    quantity.1.clone_into(&mut map.title);
                }
            }
            panels.extend(of_quantity);
        }
        let sheet = sheet("What came of it".to_owned(), 3, panels);
        return Ok(vec![Picture { name: name.to_owned(), sheet }]);
    }
    let n_columns = panels_in_a_row(across, down);
    let picture = |quantity: &(&str, &str, bool)| {
        let name = match quantities.len() {
            1 => name.to_owned(),
            _ => format!("{name}_{}", quantity.0),
        };
        let sheet = sheet(quantity.1.to_owned(), n_columns, of(*quantity)?);
        Ok(Picture { name, sheet })
    };
    quantities.iter().map(picture).collect()
}

#[cfg(test)]
mod tests {
    use superpose_toy::cell::Cell;

    use super::*;

    fn run(widths: &[usize], decays: &[f64], rates: &[f64]) -> Run {
        let mut run = Run::planted(&[|_: &mut Cell| ()], |_| 1.0);
        let one = run.finished.pop().unwrap();
        for d in widths {
            for decay in decays {
                for rate in rates {
                    let mut finished = one.clone();
                    let cell = &mut finished.record.cell;
                    (cell.model.d_hidden, cell.train.weight_decay) = (*d, *decay);
                    cell.train.learning_rate = *rate;
                    let measured = finished.record.measured.as_mut().unwrap();
                    measured.loss_test = (3.0 + decay) / *d as f64;
                    finished.record.cell_id = finished.record.cell.id();
                    run.finished.push(finished);
                }
            }
        }
        run
    }

    fn pictures(run: &Run) -> Vec<Picture> {
        let settings = settings(run);
        let exponents = crate::exponents::exponents(&settings, crate::FitWindow::ALL);
        let table = outcomes(run, &Models::default());
        draw(&[table, exponents].into_iter().collect()).unwrap()
    }

    #[test]
    fn two_fields_are_one_picture_of_maps_and_more_a_picture_a_quantity() {
        let two = pictures(&run(&[8, 16, 32], &[-1.0, 0.0, 1.0], &[0.01]));
        assert_eq!(two.len(), 1);
        let titles: Vec<&str> = two[0].sheet.panels.iter().map(Panel::title).collect();
        // All else is the same in the planted cells.
        assert_eq!(titles, ["test loss"]);
        let Panel::HeatMap(map) = &two[0].sheet.panels[0] else { panic!("a map") };
        assert_eq!(map.values.iter().flatten().filter(|v| v.is_finite()).count(), 9);
        let three = pictures(&run(&[8, 16, 32, 64], &[-1.0, 0.0, 1.0], &[0.01, 0.02]));
        let loss = three.iter().find(|p| p.name == "phase_loss").unwrap();
        assert_eq!(loss.sheet.panels.len(), 2);
        assert!(loss.sheet.panels[0].title().starts_with("learning_rate = "));
        // Fewer than three values are no map.
        assert!(pictures(&run(&[8, 16], &[-1.0, 1.0], &[0.01])).is_empty());
    }

    #[test]
    fn cells_that_were_lost_are_a_share_and_not_a_loss() {
        let mut run = run(&[8, 16, 32], &[-1.0, 0.0, 1.0], &[0.01]);
        run.finished[0].record.measured = None;
        let table = outcomes(&run, &Models::default());
        assert_eq!(table.numbers("lost_share").unwrap()[..2], [1.0, 0.0]);
        assert!(table.numbers("loss").unwrap()[0].is_nan());
    }
}
