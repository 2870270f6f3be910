//! Heat maps from a tidy table, one row a cell: one value for each pair of coordinates, as a colour.
//!
//! Cells are of equal size whatever the spacing of the coordinates, since those of a sweep are
//! settings and not a continuum. A cell without a value is drawn as absent.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use superpose_files::table::{Table, TableError};

use crate::axes::Plot;
use crate::axis::{Axis, labelled};
use crate::canvas::{Canvas, DrawResult, said};
use crate::colour_bar::{ColourScale, Shades};
use crate::font;
use crate::keys::grid;
use crate::palette::letters_on;
use crate::panel::Panel;
use crate::ticks::{precise, rounded};

/// Where nothing was measured.
const ABSENT: RGBColor = RGBColor(238, 238, 238);
const ABSENT_LINE: RGBColor = RGBColor(190, 190, 190);
/// Values are written into the cells of a map with at most this many columns.
const MOST_WRITTEN: usize = 20;

/// A heat map.
#[derive(Debug, Clone, PartialEq)]
pub struct HeatMap {
    /// What sets it apart from its neighbours.
    pub title: String,
    /// The horizontal coordinate: its values are the names of the columns, from the left.
    pub x: Axis,
    /// The vertical coordinate: its values are the names of the rows, from the bottom.
    pub y: Axis,
    /// One row for each name of `y`, each with a value for each of `x`; not a number where there is none.
    pub values: Vec<Vec<f64>>,
    /// What the colours mean.
    pub colours: ColourScale,
}

impl HeatMap {
    /// The ends of both axes; `None` when there is no cell.
    pub(crate) fn ends(&self) -> Option<[(f64, f64); 2]> {
        let ends = |n: usize| (-0.5, n as f64 - 0.5);
        let (n_columns, n_rows) = (self.x.names.len(), self.y.names.len());
        (n_columns * n_rows > 0).then(|| [ends(n_columns), ends(n_rows)])
    }

    pub(crate) fn values(&self) -> Vec<f64> {
        self.values.iter().flatten().copied().collect()
    }

    /// Draws the cells.
    pub(crate) fn draw(&self, canvas: &Canvas, shades: Option<&Shades>, plot: &Plot) -> DrawResult {
        let corner = |x: usize, y: usize| plot.at(canvas, x as f64 - 0.5, y as f64 - 0.5);
        let letters = self.letters(canvas, corner(0, 0), corner(1, 1))?;
        let (more, end) = (canvas.at(1, 0).0, corner(self.x.names.len(), self.y.names.len()));
        for (j, row) in self.values.iter().enumerate() {
            for (i, &value) in row.iter().enumerate() {
                let ((left, bottom), (right, top)) = (corner(i, j), corner(i + 1, j + 1));
                let Some(shades) = shades.filter(|_| value.is_finite()) else {
                    absent(canvas, [(left, top), (right, bottom)])?;
                    continue;
                };
                let colour = shades.colour(value);
                // A unit more, so that no white shows between the cells; the next ones cover it.
                let ends = [(left, bottom), ((right + more).min(end.0), (top - more).max(end.1))];
                canvas.title(self.title(i, j));
                canvas.area.draw(&Rectangle::new(ends, colour.filled())).map_err(said)?;
                if let Some((size, digits)) = letters {
                    let style = canvas.font(size, letters_on(colour));
                    let style = style.pos(Pos::new(HPos::Center, VPos::Center));
                    let middle = (i32::midpoint(left, right), i32::midpoint(top, bottom));
                    let text = written(value, digits);
                    canvas.area.draw_text(&text, &style, middle).map_err(said)?;
                }
            }
        }
        Ok(())
    }

    /// What a cell is: `α = 1, γ = −1: L = 0.124`.
    fn title(&self, column: usize, row: usize) -> String {
        let said = |axis: &Axis, at: usize| labelled(&axis.label, &axis.names[at]);
        let value = labelled(&self.colours.label, &precise(self.values[row][column]));
        format!("{}, {}: {value}", said(&self.x, column), said(&self.y, row))
    }

    /// The size of letters and the number of digits that fit into a cell; `None` if none do.
    fn letters(
        &self,
        canvas: &Canvas,
        (left, bottom): (i32, i32),
        (right, top): (i32, i32),
    ) -> Result<Option<(u32, Digits)>, String> {
        if self.x.names.len() > MOST_WRITTEN {
            return Ok(None);
        }
        let room = |pixels: i32| u32::try_from(pixels).unwrap_or(0) / canvas.unit;
        let (width, height) = (room(right - left), room(bottom - top));
        let values: Vec<f64> = self.values().into_iter().filter(|v| v.is_finite()).collect();
        let largest = values.iter().fold(0.0_f64, |largest, v| largest.max(v.abs()));
        let short = largest >= 0.1;
        // The first that fits; two decimals say nothing about small numbers.
        let three = Digits::of(&values);
        let three = [(12, three), (10, three)];
        let two = [(12, Digits::Two), (10, Digits::Two), (9, Digits::Two)];
        for (size, digits) in three.into_iter().chain(two.into_iter().filter(|_| short)) {
            let texts: Vec<String> = values.iter().map(|v| written(*v, digits)).collect();
            if font::widest(&texts, size) + 3 <= width && size + 2 <= height {
                return Ok(Some((size, digits)));
            }
        }
        Ok(None)
    }
}

/// Which columns become heat maps, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct HeatMaps<'a> {
    /// Horizontal coordinates; a row without one is left out.
    pub x: &'a str,
    /// Vertical coordinates; a row without one is left out.
    pub y: &'a str,
    /// Values.
    pub value: &'a str,
    /// What sets the rows of a grid of panels apart; without, panels stand as they come.
    pub row: Option<&'a str>,
    /// The symbol before its value in the panel's title.
    pub row_label: &'a str,
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
    let axis =
        |label: &str, all: &[f64]| Axis::named(label, all.iter().map(|v| rounded(*v)).collect());
    let place = |all: &[f64], v: f64| all.iter().position(|other| other.total_cmp(&v).is_eq());
    let panels = grid(table, (maps.row, maps.row_label), (maps.panel, maps.panel_label))?;
    let map = |(title, of_panel): (String, Vec<usize>)| {
        let mut values = vec![vec![f64::NAN; columns.len()]; rows.len()];
        for row in of_panel.into_iter().filter(|row| value[*row].is_finite()) {
            if let (Some(i), Some(j)) = (place(&columns, x[row]), place(&rows, y[row])) {
                values[j][i] = value[row];
            }
        }
        Panel::HeatMap(HeatMap {
            title,
            x: axis(maps.x_label, &columns),
            y: axis(maps.y_label, &rows),
            values,
            colours: maps.colours.clone(),
        })
    };
    Ok(panels.into_iter().map(map).collect())
}

/// The distinct finite values, from small to large.
fn distinct(values: &[f64]) -> Vec<f64> {
    let mut values: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    values.sort_by(f64::total_cmp);
    values.dedup_by(|a, b| a.total_cmp(b).is_eq());
    values
}

/// A place where nothing was measured: light grey and crossed out. `ends` are coordinates.
pub(crate) fn absent(
    canvas: &Canvas,
    [(left, top), (right, bottom)]: [(i32, i32); 2],
) -> DrawResult {
    let area = Rectangle::new([(left, top), (right, bottom)], ABSENT.filled());
    canvas.area.draw(&area).map_err(said)?;
    let line = PathElement::new(vec![(left, bottom), (right, top)], canvas.pen(ABSENT_LINE, 1));
    canvas.area.draw(&line).map_err(said)
}

/// How a value is written into its cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Digits {
    /// To so many decimals in every cell, so that columns are even.
    Decimals(usize),
    /// To three significant digits.
    Three,
    /// As short as two digits allow, to two decimals at most.
    Two,
}

impl Digits {
    /// As many decimals as the largest of `values` needs for three digits, where none but zero would be lost by
    /// that; none for whole numbers.
    fn of(values: &[f64]) -> Self {
        let largest = values.iter().fold(0.0_f64, |largest, v| largest.max(v.abs()));
        let is_whole = values.iter().all(|v| (v - v.round()).abs() < 1e-9 * v.abs().max(1.0));
        let decimals = match largest {
            _ if is_whole && largest < 1e5 => 0,
            l if !(0.1..1000.0).contains(&l) => return Self::Three,
            l if l < 0.9995 => 3,
            l if l < 9.995 => 2,
            l if l < 99.95 => 1,
            _ => 0,
        };
        let unit = 10_f64.powi(-i32::try_from(decimals).unwrap_or(0));
        // A value of the last decimal's size would be read as another.
        let is_lost = |v: &&f64| **v != 0.0 && v.abs() < 2.0 * unit;
        if decimals > 0 && values.iter().filter(is_lost).count() > 0 {
            Self::Three
        } else {
            Self::Decimals(decimals)
        }
    }
}

fn written(value: f64, digits: Digits) -> String {
    let decimals = match value.abs() {
        _ if let Digits::Decimals(decimals) = digits => {
            return format!("{value:.decimals$}").replace('-', "−");
        }
        _ if digits == Digits::Three => return rounded(value),
        v if v < 0.995 => 2,
        v if v < 9.95 => 1,
        _ => 0,
    };
    if value.abs() < 0.005 {
        return "0".to_owned();
    }
    let text = format!("{value:.decimals$}").replace('-', "−");
    // The zero before the point is left out.
    if decimals == 2 { text.replacen("0.", ".", 1) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> HeatMaps<'static> {
        HeatMaps {
            x: "alpha",
            y: "gamma",
            value: "loss",
            row: None,
            row_label: "",
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
                assert_eq!(
                    (map.x.names.join(" "), map.y.names.join(" ")),
                    ("0 1 2".into(), "−1 1".into())
                );
                assert_eq!(map.ends().unwrap(), [(-0.5, 2.5), (-0.5, 1.5)]);
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

    #[test]
    fn columns_are_even_unless_that_would_cost_small_values() {
        for (values, digits) in [
            (&[1.4, 1.0, 0.0971][..], Digits::Decimals(2)),
            (&[0.94, -0.5], Digits::Decimals(3)),
            (&[1.4, 0.01], Digits::Three),
            (&[3.0, 12.0, 0.0], Digits::Decimals(0)),
            (&[43.21, 0.5], Digits::Decimals(1)),
            (&[0.05, 0.04], Digits::Three),
            (&[1234.5, 2.0], Digits::Three),
        ] {
            assert_eq!(Digits::of(values), digits, "{values:?}");
        }
        assert_eq!(written(1.0, Digits::Decimals(2)), "1.00");
        assert_eq!(written(-0.5, Digits::Decimals(3)), "−0.500");
    }

    #[test]
    fn small_cells_are_written_with_two_digits() {
        for (value, text) in [
            (0.346, ".35"),
            (-0.5, "−.50"),
            (0.0, "0"),
            (0.001, "0"),
            (0.996, "1.0"),
            (1.26, "1.3"),
            (43.2, "43"),
        ] {
            assert_eq!(written(value, Digits::Two), text);
        }
    }

    #[test]
    fn numbers_are_rounded_where_two_digits_end() {
        for (value, text) in [
            (0.994, ".99"),
            (0.995, "1.0"),
            (9.94, "9.9"),
            (9.96, "10"),
            (-43.6, "−44"),
            (0.104, ".10"),
        ] {
            assert_eq!(written(value, Digits::Two), text);
        }
        assert_eq!(written(0.123_45, Digits::Three), "0.123");
    }

    #[test]
    fn the_last_value_of_a_cell_counts_and_rows_without_a_place_are_left_out() {
        let csv = "d,alpha,gamma,loss\n1,1,1,5\n1,1,1,7\n1,1,1,\n1,,1,3\n1,2,,4\n1,2,1,6\n";
        let table = Table::from_csv("t", csv.as_bytes()).unwrap();
        let maps = heat_maps(&table, &example()).unwrap();
        let [Panel::HeatMap(map)] = &maps[..] else { panic!("one map") };
        assert_eq!((&map.values, map.x.names.len()), (&vec![vec![7.0, 6.0]], 2));
        assert_eq!((&*map.x.label, &*map.y.label), ("α", "γ"));
        let none = HeatMap { values: vec![], y: Axis::named("", vec![]), ..map.clone() };
        assert_eq!(none.ends(), None);
    }

    /// What is written into the cells of a map of one row whose plot is `size` units.
    fn cells(values: &[f64], size: (u32, u32)) -> Option<(u32, Digits)> {
        let names = |n: usize| Axis::named("", vec![String::new(); n]);
        let map = HeatMap {
            title: String::new(),
            x: names(values.len()),
            y: names(1),
            values: vec![values.to_vec()],
            colours: ColourScale::linear(""),
        };
        let canvas = Canvas::new((9, 9), 2);
        let [right, top] = [2 * size.0, 2 * size.1].map(u32::cast_signed);
        map.letters(&canvas, (10, 100), (10 + right, 100 - top)).unwrap()
    }

    #[test]
    fn the_largest_letters_and_most_digits_that_fit_are_written() {
        let wide = |digits, size| font::width(&written(0.123, digits), size) + 3;
        for (width, height, expected) in [
            (wide(Digits::Decimals(3), 12), 14, Some((12, Digits::Decimals(3)))),
            (wide(Digits::Decimals(3), 12), 13, Some((10, Digits::Decimals(3)))),
            (wide(Digits::Decimals(3), 12) - 1, 14, Some((10, Digits::Decimals(3)))),
            (wide(Digits::Decimals(3), 10) - 1, 14, Some((12, Digits::Two))),
            (wide(Digits::Two, 12) - 1, 14, Some((10, Digits::Two))),
            (wide(Digits::Two, 10) - 1, 14, Some((9, Digits::Two))),
            (wide(Digits::Two, 9) - 1, 14, None),
            (99, 11, Some((9, Digits::Two))),
            (99, 10, None),
        ] {
            assert_eq!(cells(&[0.123, f64::NAN], (width, height)), expected, "{width} {height}");
        }
        // Small numbers are not written in short, and of very many none.
        assert_eq!(cells(&[-0.099, 0.05], (wide(Digits::Decimals(3), 10) - 1, 14)), None);
        assert!(cells(&[0.1, 0.05], (wide(Digits::Two, 12), 14)).is_some());
        assert!(cells(&[1.0; 20], (99, 99)).is_some() && cells(&[1.0; 21], (99, 99)).is_none());
    }

    #[test]
    fn a_cell_covers_its_place_and_a_unit_more_towards_the_next() {
        let names = |n: usize| Axis::named("", vec![String::new(); n]);
        let map = HeatMap {
            title: String::new(),
            x: names(3),
            y: names(2),
            values: vec![vec![1.0, 2.0, 3.0], vec![4.0, f64::NAN, 6.0]],
            colours: ColourScale::linear(""),
        };
        // Cells of 40 by 50 coordinates from (20, 300) up.
        let canvas = Canvas::new((200, 200), 2);
        let plot = Plot { corner: (10, 100), size: (60, 50), ends: map.ends().unwrap() };
        map.draw(&canvas, map.colours.shades(&map.values()).as_ref(), &plot).unwrap();
        let svg = canvas.tags();
        let value = |tag: &str, name: &str| -> i32 {
            let start = tag.find(&format!(" {name}=\"")).unwrap() + name.len() + 3;
            tag[start..].split('"').next().unwrap().parse().unwrap()
        };
        let cells: Vec<[i32; 4]> = svg
            .lines()
            .filter(|line| line.starts_with("<rect"))
            .map(|tag| ["x", "y", "width", "height"].map(|name| value(tag, name)))
            .collect();
        // None goes beyond the last column and row; where nothing was measured is what it is.
        let expected = [
            [20, 248, 42, 52],
            [60, 248, 42, 52],
            [100, 248, 40, 52],
            [20, 200, 42, 50],
            [60, 200, 40, 50],
            [100, 200, 40, 50],
        ];
        assert_eq!(cells, expected);
        // Numbers stand in the middle.
        assert_eq!(svg.matches("<text").count(), 5);
        assert!(
            svg.contains("<text x=\"80\" y=\"280\"") && svg.contains("<text x=\"120\" y=\"230\"")
        );
    }
}
