//! Heat maps from a tidy table: one row a cell.

use superpose_files::table::{Table, TableError};

use crate::colour_bar::ColourScale;
use crate::heat_map::HeatMap;
use crate::keys::{Keys, Order};
use crate::panel::Panel;

/// Which columns become heat maps, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct HeatMaps<'a> {
    /// Horizontal coordinates; a row without one is left out.
    pub x: &'a str,
    /// Vertical coordinates; a row without one is left out.
    pub y: &'a str,
    /// Values.
    pub value: &'a str,
    /// What sets panels apart: one map for each distinct value.
    pub panel: Option<&'a str>,
    /// The symbol before the value in the panel's title.
    pub panel_label: &'a str,
    /// Symbol of the horizontal coordinate.
    pub x_label: &'a str,
    /// Symbol of the vertical coordinate.
    pub y_label: &'a str,
    /// What the colours mean; without a range each map has its own.
    pub colours: ColourScale,
}

/// One map for each distinct value of `maps.panel`, in order of appearance; none when the table is
/// empty. The coordinates are those of the whole table, so that all maps have the same axes; a cell
/// without a row is absent. Of several rows of a cell the last that has a value counts.
///
/// # Errors
/// [`TableError`] when the table lacks a column or a word stands where a number must.
pub fn heat_maps(table: &Table, maps: &HeatMaps<'_>) -> Result<Vec<Panel>, TableError> {
    let (x, y) = (table.numbers(maps.x)?, table.numbers(maps.y)?);
    let value = table.numbers(maps.value)?;
    let (columns, rows) = (distinct(&x), distinct(&y));
    let place = |all: &[f64], v: f64| all.iter().position(|other| other.total_cmp(&v).is_eq());
    let panels = Keys::of(table, maps.panel, maps.panel_label, Order::Appearance)?;
    let map = |(title, of_panel): (&String, Vec<usize>)| {
        let mut values = vec![vec![f64::NAN; columns.len()]; rows.len()];
        for row in of_panel.into_iter().filter(|row| value[*row].is_finite()) {
            if let (Some(i), Some(j)) = (place(&columns, x[row]), place(&rows, y[row])) {
                values[j][i] = value[row];
            }
        }
        Panel::HeatMap(HeatMap {
            title: title.clone(),
            x_label: maps.x_label.to_owned(),
            y_label: maps.y_label.to_owned(),
            x: columns.clone(),
            y: rows.clone(),
            values,
            colours: maps.colours.clone(),
        })
    };
    Ok(panels.labels.iter().zip(panels.rows()).map(map).collect())
}

/// The distinct finite values, from small to large.
fn distinct(values: &[f64]) -> Vec<f64> {
    let mut values: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    values.sort_by(f64::total_cmp);
    values.dedup_by(|a, b| a.total_cmp(b).is_eq());
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> HeatMaps<'static> {
        HeatMaps {
            x: "alpha",
            y: "gamma",
            value: "loss",
            panel: Some("d"),
            panel_label: "d",
            x_label: "α",
            y_label: "γ",
            colours: ColourScale::linear("loss"),
        }
    }

    #[test]
    fn maps_have_the_axes_of_the_whole_table_and_an_absent_cell_stays_absent() {
        let csv = "d,alpha,gamma,loss\n20,1,-1,0.1\n20,0,1,0.2\n10,2,-1,0.3\n10,0,-1,\n";
        let table = Table::from_csv("t", csv.as_bytes()).unwrap();
        let maps = heat_maps(&table, &example()).unwrap();
        let titles: Vec<&str> = maps.iter().map(Panel::title).collect();
        assert_eq!(titles, ["d = 20", "d = 10"]);
        let measured = maps.iter().map(|panel| match panel {
            Panel::HeatMap(map) => {
                assert_eq!((&map.x, &map.y), (&vec![0.0, 1.0, 2.0], &vec![-1.0, 1.0]));
                assert!(map.values[0][0].is_nan());
                map.values().iter().filter(|v| v.is_finite()).count()
            }
            other => panic!("{other:?}"),
        });
        assert_eq!(measured.collect::<Vec<_>>(), [2, 1]);
    }

    #[test]
    fn a_missing_column_is_named_and_an_empty_table_gives_no_panel() {
        let table = Table::from_csv("t", b"d,alpha,gamma,loss\n").unwrap();
        assert!(heat_maps(&table, &example()).unwrap().is_empty());
        let wrong = HeatMaps { value: "lass", ..example() };
        assert!(heat_maps(&table, &wrong).unwrap_err().to_string().contains("`lass`"));
    }
}
