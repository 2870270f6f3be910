//! The marks of a chart: lines, dots, rings and bars, each a point of a series.

use plotters::element::DashedPathElement;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::axis::{Scale, place, shown};
use crate::canvas::{Canvas, DrawResult, TEXT, said};
use crate::chart::{Chart, Mark, Point, Series};
use crate::colour_bar::Shades;

/// The share of the way to the next name that the bars of all series take together.
const BARS: f64 = 0.76;

/// Size of the names beside dots.
const NAME: u32 = 9;

/// Error bars on bars.
const DARK: RGBColor = RGBColor(60, 60, 60);

/// What draws the marks of a chart.
pub(crate) struct Marks<'a, DB: DrawingBackend> {
    /// On what.
    pub(crate) canvas: &'a Canvas<'a, DB>,
    /// Which.
    pub(crate) chart: &'a Chart,
    /// What the colours of its points mean.
    pub(crate) shades: Option<&'a Shades>,
    /// The pixel of a pair of places.
    pub(crate) pixel: &'a dyn Fn(f64, f64) -> (i32, i32),
    /// The place that bars stand on.
    pub(crate) floor: f64,
    /// Radius of a dot in units.
    pub(crate) radius: u32,
}

impl<DB: DrawingBackend> Marks<'_, DB> {
    /// Draws them, the first series at the bottom.
    pub(crate) fn draw(&self) -> DrawResult {
        let bars: Vec<&Series> =
            self.chart.series.iter().filter(|s| s.mark == Mark::Bars).collect();
        for series in &self.chart.series {
            let at = bars.iter().position(|s| std::ptr::eq(*s, series)).unwrap_or(0);
            let width = BARS / bars.len().max(1) as f64;
            let middle = width * (at as f64 - (bars.len().max(1) - 1) as f64 / 2.0);
            match series.mark {
                Mark::Line | Mark::Dotted => self.line(series)?,
                Mark::Dots | Mark::JoinedDots => {
                    if series.mark == Mark::JoinedDots {
                        self.line(series)?;
                    }
                    self.error_bars(series, 0.0)?;
                    self.circles(series)?;
                }
                Mark::Rings => self.circles(series)?,
                Mark::Bars => {
                    self.bars(series, (middle - width / 2.0, middle + width / 2.0))?;
                    self.error_bars(series, middle)?;
                }
            }
        }
        self.names()
    }

    /// Writes names beside the dots that have one, towards the middle; a name that would stand on another
    /// moves up or down.
    fn names(&self) -> DrawResult {
        let Some([(left, right), _]) = self.chart.ends() else { return Ok(()) };
        let (x, y) = self.scales();
        let named = self.chart.series.iter().flat_map(|s| s.points.iter().zip(&s.names));
        let mut taken = Vec::new();
        for (point, name) in named.filter(|(p, _)| shown(p.x, x) && shown(p.y, y)) {
            let (at, beyond) = (place(point.x, x), place(point.x, x) > f64::midpoint(left, right));
            self.name(name, (self.pixel)(at, place(point.y, y)), beyond, &mut taken)?;
        }
        Ok(())
    }

    /// Writes a name to the right of a dot, or to its left, where it meets none of the boxes `taken`.
    fn name(
        &self,
        name: &str,
        dot: (i32, i32),
        is_left: bool,
        taken: &mut Vec<[i32; 4]>,
    ) -> DrawResult {
        let style = self.canvas.font(NAME, TEXT).pos(Pos::new(HPos::Left, VPos::Center));
        let width =
            self.canvas.area.estimate_text_size(name, &style).map_err(said)?.0.cast_signed();
        let gap = self.canvas.px(self.radius + 3).cast_signed();
        let height = self.canvas.px(NAME).cast_signed();
        let start = if is_left { dot.0 - gap - width } else { dot.0 + gap };
        let level = |step: i32| dot.1 + step * height;
        let around = |step| [start, level(step), start + width, level(step + 1)];
        let meet =
            |a: &[i32; 4], b: &[i32; 4]| a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
        let is_free = |step: &i32| !taken.iter().any(|other| meet(other, &around(*step)));
        let step = [0, 1, -1, 2, -2, 3, -3].into_iter().find(is_free).unwrap_or(0);
        taken.push(around(step));
        self.canvas.area.draw_text(name, &style, (start, level(step))).map_err(said)
    }

    fn scales(&self) -> (Scale, Scale) {
        (self.chart.x.scale, self.chart.y.scale)
    }

    /// The points that have a place, each with its pixel.
    fn points<'s>(&self, series: &'s Series) -> Vec<(&'s Point, (i32, i32))> {
        let (x, y) = self.scales();
        let points = series.points.iter().filter(|p| shown(p.x, x) && shown(p.y, y));
        points.map(|p| (p, (self.pixel)(place(p.x, x), place(p.y, y)))).collect()
    }

    fn colour(&self, series: &Series, point: &Point) -> RGBColor {
        match (self.shades, point.value) {
            (Some(shades), Some(value)) => shades.colour(value),
            _ => series.colour,
        }
    }

    fn pen(&self, series: &Series, colour: RGBColor) -> ShapeStyle {
        ShapeStyle::from(&colour).stroke_width(line_width(self.canvas, series.mark))
    }

    fn line(&self, series: &Series) -> DrawResult {
        let pixels: Vec<_> = self.points(series).into_iter().map(|p| p.1).collect();
        let (area, pen) = (self.canvas.area, self.pen(series, series.colour));
        match series.mark {
            _ if pixels.is_empty() => Ok(()),
            Mark::Dotted => {
                let (dot, gap) = (self.canvas.px(2), self.canvas.px(4));
                area.draw(&DashedPathElement::new(pixels, dot, gap, pen)).map_err(said)
            }
            _ => area.draw(&PathElement::new(pixels, pen)).map_err(said),
        }
    }

    fn error_bars(&self, series: &Series, aside: f64) -> DrawResult {
        let (x, y) = self.scales();
        for point in &series.points {
            let Some((low, high)) = point.bar else { continue };
            if shown(low, y) && shown(high, y) {
                let colour = match series.mark {
                    Mark::Bars => DARK,
                    _ => self.colour(series, point),
                };
                let end = |v: f64| (self.pixel)(place(point.x, x) + aside, place(v, y));
                let bar = PathElement::new(vec![end(low), end(high)], self.pen(series, colour));
                self.canvas.area.draw(&bar).map_err(said)?;
            }
        }
        Ok(())
    }

    fn circles(&self, series: &Series) -> DrawResult {
        for (point, at) in self.points(series) {
            let colour = self.colour(series, point);
            let (radius, style) = match series.mark {
                Mark::Rings => (self.radius + 2, self.pen(series, colour)),
                _ => (self.radius, colour.filled()),
            };
            let circle = Circle::new(at, self.canvas.px(radius), style);
            self.canvas.area.draw(&circle).map_err(said)?;
        }
        Ok(())
    }

    fn bars(&self, series: &Series, (left, right): (f64, f64)) -> DrawResult {
        let (x, y) = self.scales();
        for (point, _) in self.points(series) {
            let corner = |aside, at| (self.pixel)(place(point.x, x) + aside, at);
            let ends = [corner(left, self.floor), corner(right, place(point.y, y))];
            let bar = Rectangle::new(ends, series.colour.filled());
            self.canvas.area.draw(&bar).map_err(said)?;
        }
        Ok(())
    }
}

/// The width of a mark's line in pixels.
pub(crate) fn line_width<DB: DrawingBackend>(canvas: &Canvas<'_, DB>, mark: Mark) -> u32 {
    match mark {
        Mark::Dots | Mark::JoinedDots | Mark::Rings | Mark::Bars => canvas.px(1).max(2),
        Mark::Line | Mark::Dotted => canvas.px(3) / 2,
    }
}
