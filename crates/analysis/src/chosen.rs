//! A picture of any measured quantity against any fields that were swept, as somebody chose them.

use std::collections::BTreeMap;

use superpose_figures::axis::Axis;
use superpose_figures::chart::Mark;
use superpose_figures::colour_bar::ColourScale;
use superpose_figures::heat_maps::{HeatMaps, heat_maps};
use superpose_figures::lines::{ErrorBars, Lines, lines};
use superpose_figures::study::Picture;
use superpose_files::table::{Field, Table, TableError};
use superpose_stats::summary::summarise;
use superpose_store::quantity::Quantity;
use superpose_toy::cell::{SEED_FIELDS, SNAPSHOTS, is_meant, short_name};

use crate::facets::{Varied, column_of, panels_in_a_row, symbol_of, varied};
use crate::pictures::grid;

/// What to draw: names of columns of `results.csv`, or the last parts of their names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Choice {
    /// The measured quantity.
    pub value: String,
    /// The horizontal axis.
    pub x: String,
    /// The vertical axis of a map; without, the value itself is the vertical axis.
    pub y: Option<String>,
    /// What is told apart by colours, of lines.
    pub colour: Option<String>,
    /// What sets columns of panels apart.
    pub columns: Option<String>,
    /// What sets rows of panels apart.
    pub rows: Option<String>,
}

/// Why there is no such picture.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChoiceError {
    /// A name that no column has.
    #[error("`{option} {name}`: {problem}; {allowed}")]
    Name {
        /// The option.
        option: &'static str,
        /// What was given.
        name: String,
        /// What is wrong with it.
        problem: &'static str,
        /// What may be given.
        allowed: String,
    },
    /// A field was given two places.
    #[error(
        "`{name}` is given twice; each of --x, --y, --colour, --columns and --rows has a field of its own"
    )]
    Twice {
        /// The field.
        name: String,
    },
    /// A map has no lines to be coloured.
    #[error(
        "`--colour` tells lines apart; a map, which `--y` makes, has none: use `--columns` or `--rows`"
    )]
    ColourOfMap,
    /// A column is not what it should be.
    #[error(transparent)]
    Table(#[from] TableError),
}

/// A number of the means of which a picture is drawn.
const MEAN: &str = "mean";

/// The table and the picture of a choice, which have one name, of the table `results` of a run: means over seeds, and over what else
/// varies and was given no place, which is said.
///
/// # Errors
/// [`ChoiceError`], naming the option and what may be given.
pub fn chosen(results: &Table, choice: &Choice) -> Result<(Table, Picture), ChoiceError> {
    if choice.y.is_some() && choice.colour.is_some() {
        return Err(ChoiceError::ColourOfMap);
    }
    let value = column(results, "--value", &choice.value)?;
    let of = |option, name: &Option<String>| {
        name.as_ref().map(|name| column(results, option, name)).transpose()
    };
    let x = column(results, "--x", &choice.x)?;
    let (y, colour) = (of("--y", &choice.y)?, of("--colour", &choice.colour)?);
    let (columns, rows) = (of("--columns", &choice.columns)?, of("--rows", &choice.rows)?);
    let numbers = results.numbers(&value).map_err(|_| ChoiceError::Name {
        option: "--value",
        name: choice.value.clone(),
        problem: "holds words",
        allowed: "give a column of numbers".to_owned(),
    })?;
    let keys: Vec<&String> =
        [Some(&x), y.as_ref(), colour.as_ref(), columns.as_ref(), rows.as_ref()]
            .into_iter()
            .flatten()
            .collect();
    let twice = keys.iter().find(|key| keys.iter().filter(|other| other == key).count() > 1);
    if let Some(twice) = twice {
        return Err(ChoiceError::Twice { name: (*twice).clone() });
    }
    if y.is_some() {
        for (option, name) in [("--x", Some(&x)), ("--y", y.as_ref())] {
            let Some(name) = name else { continue };
            if results.numbers(name).is_err() {
                return Err(ChoiceError::Name {
                    option,
                    name: name.clone(),
                    problem: "holds words",
                    allowed: "the axes of a map are numbers; words can be on --x without --y, on --colour, --columns \
                              and --rows"
                        .to_owned(),
                });
            }
        }
    }
    let mut name = format!("{value}_by_{}", short_name(&x));
    name.extend(y.iter().flat_map(|y| ["_", short_name(y)]));
    let table = means(results, &name.replace('.', "_"), &keys, (&value, &numbers))?;
    let field = |name: &Option<String>| {
        name.as_ref().map(|name| Varied::of_column(&table, name)).transpose()
    };
    let fields = Places {
        x: Varied::of_column(&table, &x)?,
        y: field(&y)?,
        colour: field(&colour)?,
        columns: field(&columns)?,
        rows: field(&rows)?,
    };
    let apart: Vec<&str> =
        keys.iter().map(|k| k.as_str()).chain(SEED_FIELDS).chain([SNAPSHOTS]).collect();
    let averaged: Vec<String> =
        varied(results, &apart)?.into_iter().map(|field| field.symbol).collect();
    let over = match averaged[..] {
        [] => "Means over seeds".to_owned(),
        _ => format!("Means over seeds and over {}", averaged.join(", ")),
    };
    let picture = fields.draw(&table, &value, &over)?;
    Ok((table, picture))
}

/// The column that a name means: its own, or the only one that ends with it.
fn column(results: &Table, option: &'static str, name: &str) -> Result<String, ChoiceError> {
    let all = || results.columns.iter().map(|column| &column.name);
    if let Some(exact) = all().find(|column| *column == name) {
        return Ok(exact.clone());
    }
    let mut alike: Vec<&String> = all().filter(|column| is_meant(column, name)).collect();
    let varying = varied(results, &[])?;
    // Of several that which was swept.
    if alike.iter().filter(|name| varying.iter().any(|field| field.column == ***name)).count() == 1
    {
        alike.retain(|name| varying.iter().any(|field| field.column == **name));
    }
    if let [one] = alike[..] {
        return Ok(one.clone());
    }
    let (problem, allowed) = if alike.len() > 1 {
        let names: Vec<&str> = alike.iter().map(|name| name.as_str()).collect();
        ("may be several", format!("give one of {}", names.join(", ")))
    } else if option == "--value" {
        let measured: Vec<&str> =
            all().filter(|name| Quantity::named(name).is_some()).map(String::as_str).collect();
        ("is not in results.csv", format!("measured are {}", measured.join(", ")))
    } else {
        let fields = varied(results, &[])?;
        let swept: Vec<&str> = fields.iter().map(|field| field.column.as_str()).collect();
        ("is not in results.csv", format!("what varies is {}", swept.join(", ")))
    };
    Err(ChoiceError::Name { option, name: name.to_owned(), problem, allowed })
}

/// One row for each combination of the columns `keys`, with the mean of the finite `numbers` there.
fn means(
    results: &Table,
    name: &str,
    keys: &[&String],
    (value, numbers): (&str, &[f64]),
) -> Result<Table, TableError> {
    let at = keys.iter().map(|key| results.column(key)).collect::<Result<Vec<_>, _>>()?;
    let mut groups: Vec<(Vec<Field>, Vec<f64>)> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for (row, number) in results.rows.iter().zip(numbers) {
        let key: Vec<Field> = at.iter().map(|at| row[*at].clone()).collect();
        let place = *places.entry(format!("{key:?}")).or_insert_with(|| {
            groups.push((key, Vec::new()));
            groups.len() - 1
        });
        // Where all cells were lost there is a row without a mean.
        if number.is_finite() {
            groups[place].1.push(*number);
        }
    }
    let meaning = format!("mean of `{value}`");
    let mut columns: Vec<(&str, &str)> = keys
        .iter()
        .map(|key| (key.as_str(), "field of the cell, or a measured quantity"))
        .collect();
    columns.extend([
        ("n_cells", "cells that the mean is over"),
        (MEAN, meaning.as_str()),
        ("deviation", "standard deviation over these cells"),
    ]);
    let mut table = Table::new(name, "What was asked for?", &columns);
    for (key, numbers) in groups {
        let summary = summarise(&numbers);
        let own = [numbers.len().into(), summary.mean.into(), summary.standard_deviation.into()];
        table.push(key.into_iter().chain(own).collect());
    }
    Ok(table)
}

/// Which field has which place.
struct Places {
    x: Varied,
    y: Option<Varied>,
    colour: Option<Varied>,
    columns: Option<Varied>,
    rows: Option<Varied>,
}

impl Places {
    fn draw(&self, table: &Table, value: &str, over: &str) -> Result<Picture, ChoiceError> {
        let (columns, rows) = (self.columns.as_ref(), self.rows.as_ref());
        let known = table.numbers(MEAN)?;
        let is_of_factors = {
            let (low, high) =
                known.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
                    (low.min(*v), high.max(*v))
                });
            low > 0.0 && high > 10.0 * low
        };
        let n_columns = panels_in_a_row(columns, rows);
        if let Some(y) = &self.y {
            let scale = if is_of_factors { ColourScale::logarithmic } else { ColourScale::linear };
            let maps = HeatMaps {
                x: &self.x.column,
                y: &y.column,
                value: MEAN,
                row: column_of(rows),
                row_label: symbol_of(rows),
                panel: column_of(columns),
                panel_label: symbol_of(columns),
                x_label: &self.x.symbol,
                y_label: &y.symbol,
                colours: scale(value).spanning(&known),
            };
            let panels = (n_columns, heat_maps(table, &maps)?);
            let title = format!("{value}, by {} and {}", self.x.symbol, y.symbol);
            let caption = format!(
                "{over}. Crossed out: nothing was measured there. Table: {}.csv.",
                table.name
            );
            return Ok(grid(&table.name, &title, panels, &caption));
        }
        let axis = if is_of_factors { Axis::logarithmic(value) } else { Axis::linear(value) };
        let plain = Lines {
            error_bars: ErrorBars::Deviation("deviation"),
            group: column_of(self.colour.as_ref()),
            group_label: symbol_of(self.colour.as_ref()),
            group_scale: self.colour.as_ref().and_then(Varied::scale),
            row: column_of(rows),
            row_label: symbol_of(rows),
            panel: column_of(columns),
            panel_label: symbol_of(columns),
            mark: Mark::JoinedDots,
            is_parted: true,
            ..Lines::plain((&self.x.column, self.x.axis()), (MEAN, axis))
        };
        let panels = (n_columns, lines(table, &plain)?);
        let title = format!("{value} against {}", self.x.symbol);
        let caption = format!(
            "{over}; bars: one standard deviation over these cells. Table: {}.csv.",
            table.name
        );
        Ok(grid(&table.name, &title, panels, &caption))
    }
}

#[cfg(test)]
mod tests {
    use superpose_figures::panel::Panel;
    use superpose_toy::cell::Cell;

    use super::*;
    use crate::results::results;
    use crate::run::Run;

    fn table() -> Table {
        let mut run = Run::planted(&[|_: &mut Cell| ()], |_| 1.0);
        let one = run.finished.pop().unwrap();
        for d in [8, 16] {
            for decay in [-1.0, 0.0, 1.0] {
                for seed in [0, 1] {
                    let mut finished = one.clone();
                    let cell = &mut finished.record.cell;
                    (cell.model.d_hidden, cell.train.weight_decay) = (d, decay);
                    (cell.train.seed, cell.data.seed) = (seed, seed);
                    finished.record.cell_id = cell.id();
                    let measured = finished.record.measured.as_mut().unwrap();
                    measured.loss_test = 1.0 / d as f64 + seed as f64;
                    run.finished.push(finished);
                }
            }
        }
        results(&run)
    }

    fn choice(x: &str) -> Choice {
        Choice { value: "loss.test".to_owned(), x: x.to_owned(), ..Choice::default() }
    }

    #[test]
    fn a_quantity_is_drawn_against_a_field_and_what_has_no_place_is_said() {
        let (means, picture) = chosen(&table(), &choice("d_hidden")).unwrap();
        assert_eq!(means.rows.len(), 2);
        assert_eq!(means.numbers("n_cells").unwrap(), [6.0, 6.0]);
        assert!((means.numbers("mean").unwrap()[0] - 0.625).abs() < 1e-12);
        assert_eq!(picture.name, "loss_test_by_d_hidden");
        assert!(picture.sheet.caption.starts_with("Means over seeds and over γ;"));
        let coloured =
            Choice { colour: Some("weight_decay".to_owned()), ..choice("model.d_hidden") };
        let (_, picture) = chosen(&table(), &coloured).unwrap();
        let Panel::Chart(chart) = &picture.sheet.panels[0] else { panic!("a chart") };
        assert_eq!(chart.legend().len(), 3);
        assert!(picture.sheet.caption.starts_with("Means over seeds;"));
    }

    #[test]
    fn two_axes_are_a_map() {
        let map = Choice { y: Some("weight_decay".to_owned()), ..choice("d_hidden") };
        let (_, picture) = chosen(&table(), &map).unwrap();
        assert_eq!(picture.name, "loss_test_by_d_hidden_weight_decay");
        let Panel::HeatMap(map) = &picture.sheet.panels[0] else { panic!("a map") };
        assert_eq!((map.x.names.len(), map.y.names.len()), (2, 3));
    }

    #[test]
    fn what_is_not_there_is_named_with_what_is() {
        let said = |choice: &Choice| chosen(&table(), choice).unwrap_err().to_string();
        let wrong = said(&choice("d_hiden"));
        assert!(wrong.contains("`--x d_hiden`") && wrong.contains("model.d_hidden"), "{wrong}");
        let several = said(&choice("seed"));
        assert!(several.contains("data.seed, train.seed"), "{several}");
        let twice = Choice { y: Some("d_hidden".to_owned()), ..choice("model.d_hidden") };
        assert!(said(&twice).contains("`model.d_hidden` is given twice"));
        let no_value = said(&Choice { value: "losss".to_owned(), ..choice("d_hidden") });
        assert!(no_value.contains("loss.test"), "{no_value}");
        let words = said(&Choice { value: "outcome".to_owned(), ..choice("d_hidden") });
        assert!(words.contains("holds words"), "{words}");
        let both = Choice {
            y: Some("weight_decay".to_owned()),
            colour: Some("d_hidden".to_owned()),
            ..choice("d_hidden")
        };
        assert!(said(&both).contains("--columns"));
    }
}
