//! A heat map: one value for each pair of coordinates, as a colour.
//!
//! Cells are of equal size whatever the spacing of the coordinates, since those of a sweep are
//! settings and not a continuum. A cell without a value is drawn as absent.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::axis::{Axis, Scale};
use crate::canvas::{Canvas, Outcome, said};
use crate::colour_bar::{ColourScale, Shades};
use crate::font;
use crate::palette::letters_on;
use crate::ticks::rounded;

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
    /// Symbol of the horizontal coordinate.
    pub x_label: String,
    /// Symbol of the vertical coordinate.
    pub y_label: String,
    /// Coordinates of the columns, from the left.
    pub x: Vec<f64>,
    /// Coordinates of the rows, from the bottom.
    pub y: Vec<f64>,
    /// One row for each of `y`, each with a value for each of `x`; not a number where there is none.
    pub values: Vec<Vec<f64>>,
    /// What the colours mean.
    pub colours: ColourScale,
}

impl HeatMap {
    pub(crate) fn axes(&self) -> [Axis; 2] {
        let names = |values: &[f64]| values.iter().map(|v| rounded(*v)).collect();
        [Axis::named(&self.x_label, names(&self.x)), Axis::named(&self.y_label, names(&self.y))]
    }

    /// The ends of both axes; `None` when there is no cell.
    pub(crate) fn ends(&self) -> Option<[(f64, f64); 2]> {
        let ends = |n: usize| (n > 0).then_some((-0.5, n as f64 - 0.5));
        Some([ends(self.x.len())?, ends(self.y.len())?])
    }

    pub(crate) fn values(&self) -> Vec<f64> {
        self.values.iter().flatten().copied().collect()
    }

    /// Draws the cells; `pixel` is that of a pair of places.
    pub(crate) fn draw<DB: DrawingBackend>(
        &self,
        canvas: &Canvas<'_, DB>,
        shades: Option<&Shades>,
        pixel: &dyn Fn(f64, f64) -> (i32, i32),
    ) -> Outcome {
        let corner = |x: usize, y: usize| pixel(x as f64 - 0.5, y as f64 - 0.5);
        let letters = self.letters(canvas, corner(0, 0), corner(1, 1))?;
        let (more, end) = (canvas.at(1, 0).0, corner(self.x.len(), self.y.len()));
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

    /// The size of letters and the number of digits that fit into a cell; `None` if none do.
    fn letters<DB: DrawingBackend>(
        &self,
        canvas: &Canvas<'_, DB>,
        (left, bottom): (i32, i32),
        (right, top): (i32, i32),
    ) -> Result<Option<(u32, Digits)>, String> {
        if self.x.len() > MOST_WRITTEN {
            return Ok(None);
        }
        let room = |pixels: i32| u32::try_from(pixels).unwrap_or(0) / canvas.unit;
        let (width, height) = (room(right - left), room(bottom - top));
        let values: Vec<f64> = self.values().into_iter().filter(|v| v.is_finite()).collect();
        let largest = values.iter().fold(0.0_f64, |largest, v| largest.max(v.abs()));
        // Two decimals say nothing about small numbers, nor about those that differ by factors.
        let short = self.colours.scale == Scale::Linear && largest >= 0.1;
        for (size, digits) in [
            (12, Digits::Three),
            (10, Digits::Three),
            (12, Digits::Two),
            (10, Digits::Two),
            (9, Digits::Two),
        ] {
            if digits == Digits::Two && !short {
                continue;
            }
            let mut widest = 0;
            for value in &values {
                widest = widest.max(font::width(&written(*value, digits), size)?);
            }
            if widest + 3 <= width && size + 2 <= height {
                return Ok(Some((size, digits)));
            }
        }
        Ok(None)
    }
}

/// A place where nothing was measured: light grey and crossed out. `ends` are pixels.
pub(crate) fn absent<DB: DrawingBackend>(
    canvas: &Canvas<'_, DB>,
    [(left, top), (right, bottom)]: [(i32, i32); 2],
) -> Outcome {
    let area = Rectangle::new([(left, top), (right, bottom)], ABSENT.filled());
    canvas.area.draw(&area).map_err(said)?;
    let line = PathElement::new(vec![(left, bottom), (right, top)], canvas.pen(ABSENT_LINE, 1));
    canvas.area.draw(&line).map_err(said)
}

/// How a value is written into its cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Digits {
    /// To three significant digits.
    Three,
    /// As short as two digits allow, to two decimals at most.
    Two,
}

fn written(value: f64, digits: Digits) -> String {
    let decimals = match value.abs() {
        _ if digits == Digits::Three => return rounded(value),
        v if v < 0.995 => 2,
        v if v < 9.95 => 1,
        _ => 0,
    };
    if value == 0.0 {
        return "0".to_owned();
    }
    let text = format!("{value:.decimals$}").replace('-', "−");
    // The zero before the point is left out.
    if decimals == 2 { text.replacen("0.", ".", 1) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_has_as_many_names_as_columns_and_rows() {
        let map = HeatMap {
            title: String::new(),
            x_label: "α".to_owned(),
            y_label: "γ".to_owned(),
            x: vec![0.0, 0.5, 10.0],
            y: vec![-1.0, 1.0],
            values: vec![vec![1.0, f64::NAN, 3.0]; 2],
            colours: ColourScale::linear("loss"),
        };
        let [x, y] = map.axes();
        assert_eq!(
            (x.names, y.names),
            (vec!["0".into(), "0.5".into(), "10".into()], vec!["−1".into(), "1".into()])
        );
        assert_eq!(map.ends().unwrap()[0], (-0.5, 2.5));
    }

    #[test]
    fn small_cells_are_written_with_two_digits() {
        for (value, text) in [
            (0.346, ".35"),
            (-0.5, "−.50"),
            (0.0, "0"),
            (0.001, ".00"),
            (0.996, "1.0"),
            (1.26, "1.3"),
            (43.2, "43"),
        ] {
            assert_eq!(written(value, Digits::Two), text);
        }
    }
}
