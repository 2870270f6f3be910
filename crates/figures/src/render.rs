//! Draws a chart, as SVG and as PNG.

use plotters::coord::Shift;
use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::Drawn;
use crate::chart::{Axis, Chart, Mark, Scale, Series};
use crate::font;
use crate::ticks::{label, ticks};

/// Size of a figure in SVG units.
const SIZE: (u32, u32) = (960, 560);
/// Pixels of the PNG to an SVG unit.
const PIXELS: u32 = 2;
const LEGEND_WIDTH: u32 = 290;
/// Where the legend begins and ends, the height of an entry and of each further line in it.
const LEGEND_TOP: i32 = 66;
const LEGEND_END: i32 = 500;
const LEGEND_ROW: i32 = 26;
const LEGEND_LINE: i32 = 18;
const TEXT: RGBColor = RGBColor(40, 40, 40);
const GRID: RGBColor = RGBColor(228, 228, 228);

type Outcome = Result<(), String>;

/// The chart as SVG and as PNG.
///
/// # Errors
/// What the drawing library said.
pub fn render(chart: &Chart) -> Result<Drawn, String> {
    font::register()?;
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        Canvas { area: &area, unit: 1 }.draw(chart)?;
        area.present().map_err(|e| e.to_string())?;
    }
    let (width, height) = (SIZE.0 * PIXELS, SIZE.1 * PIXELS);
    let mut pixels = vec![0; (width * height * 3) as usize];
    {
        let area = BitMapBackend::with_buffer(&mut pixels, (width, height)).into_drawing_area();
        Canvas { area: &area, unit: PIXELS }.draw(chart)?;
        area.present().map_err(|e| e.to_string())?;
    }
    let png = encode_png(&pixels, (width, height)).map_err(|e| e.to_string())?;
    Ok(Drawn { svg: font::embed(&svg).into_bytes(), png })
}

fn encode_png(pixels: &[u8], (width, height): (u32, u32)) -> Result<Vec<u8>, png::EncodingError> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(file)
}

/// A linear axis whose ticks are given.
struct Ticked {
    range: (f64, f64),
    ticks: Vec<f64>,
}

impl Ranged for Ticked {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    #[expect(clippy::cast_possible_truncation, reason = "a pixel")]
    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let share = (value - self.range.0) / (self.range.1 - self.range.0);
        limit.0 + (share * f64::from(limit.1 - limit.0)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.ticks.clone()
    }

    fn range(&self) -> std::ops::Range<f64> {
        self.range.0..self.range.1
    }
}

/// The indices of `n` entries, evenly thinned to `most` if they are more.
fn thinned(n: usize, most: usize) -> Vec<usize> {
    if n <= most {
        return (0..n).collect();
    }
    let last = most.max(2) - 1;
    (0..=last).map(|i| i * (n - 1) / last).collect()
}

struct Canvas<'a, DB: DrawingBackend> {
    area: &'a DrawingArea<DB, Shift>,
    /// Pixels to a unit of length.
    unit: u32,
}

/// The place of a value on an axis that the drawing library sees as linear.
fn place(value: f64, scale: Scale) -> f64 {
    match scale {
        Scale::Linear => value,
        Scale::Logarithmic => value.log10(),
    }
}

fn value(place: f64, scale: Scale) -> f64 {
    match scale {
        Scale::Linear => place,
        Scale::Logarithmic => 10_f64.powf(place),
    }
}

/// The ends of an axis on the linear scale, with some air.
fn ends((low, high): (f64, f64), axis: &Axis) -> (f64, f64) {
    let (low, high) = (place(low, axis.scale), place(high, axis.scale));
    let air = if high > low { 0.05 * (high - low) } else { 0.5 };
    (low - air, high + air)
}

impl<DB: DrawingBackend> Canvas<'_, DB> {
    fn px(&self, units: u32) -> u32 {
        units * self.unit
    }

    fn at(&self, x: i32, y: i32) -> (i32, i32) {
        let unit = i32::try_from(self.unit).unwrap_or(1);
        (x * unit, y * unit)
    }

    fn font(&self, size: u32, colour: RGBColor) -> TextStyle<'static> {
        (font::FAMILY, self.px(size)).into_font().color(&colour)
    }

    fn draw(&self, chart: &Chart) -> Outcome {
        let error = |e: DrawingAreaErrorKind<DB::ErrorType>| e.to_string();
        self.area.fill(&WHITE).map_err(error)?;
        let title = self.font(19, TEXT);
        self.area.draw_text(&chart.title, &title, self.at(20, 14)).map_err(error)?;
        let caption = self.font(13, RGBColor(110, 110, 110));
        let bottom = i32::try_from(SIZE.1).unwrap_or(0);
        for (line, text) in (0..).zip(chart.caption.lines().rev()) {
            let at = self.at(20, bottom - 22 - 17 * line);
            self.area.draw_text(text, &caption, at).map_err(error)?;
        }
        let Some([x, y]) = chart.ranges() else { return Ok(()) };
        let lines = u32::try_from(chart.caption.lines().count()).unwrap_or(0);
        let plot = self.area.margin(
            self.px(46),
            self.px(20 + 17 * lines),
            self.px(8),
            self.px(LEGEND_WIDTH),
        );
        self.plot(&plot, chart, ends(x, &chart.x), ends(y, &chart.y))?;
        self.legend(chart)
    }

    fn plot(
        &self,
        area: &DrawingArea<DB, Shift>,
        chart: &Chart,
        x: (f64, f64),
        y: (f64, f64),
    ) -> Outcome {
        let error = |e: DrawingAreaErrorKind<DB::ErrorType>| e.to_string();
        let key_points = |axis: &Axis, (low, high): (f64, f64)| -> Vec<f64> {
            let chosen = if axis.ticks.is_empty() {
                ticks(value(low, axis.scale), value(high, axis.scale), axis.scale)
            } else {
                axis.ticks.clone()
            };
            chosen.into_iter().map(|t| place(t, axis.scale)).collect()
        };
        let (x_ticks, y_ticks) = (key_points(&chart.x, x), key_points(&chart.y, y));
        let mut context = ChartBuilder::on(area)
            .x_label_area_size(self.px(48))
            .y_label_area_size(self.px(76))
            .build_cartesian_2d(
                Ticked { range: x, ticks: x_ticks.clone() },
                Ticked { range: y, ticks: y_ticks.clone() },
            )
            .map_err(error)?;
        context
            .configure_mesh()
            .x_desc(&chart.x.label)
            .y_desc(&chart.y.label)
            .x_labels(x_ticks.len().max(1))
            .y_labels(y_ticks.len().max(1))
            .x_label_formatter(&|v| label(value(*v, chart.x.scale)))
            .y_label_formatter(&|v| label(value(*v, chart.y.scale)))
            .label_style(self.font(15, TEXT))
            .axis_desc_style(self.font(16, TEXT))
            .axis_style(ShapeStyle::from(&TEXT).stroke_width(self.unit))
            .bold_line_style(ShapeStyle::from(&GRID).stroke_width(self.unit))
            .light_line_style(TRANSPARENT)
            .draw()
            .map_err(error)?;
        for series in &chart.series {
            let visible = |v: f64, scale| v.is_finite() && (scale == Scale::Linear || v > 0.0);
            let points: Vec<(f64, f64)> = series
                .points
                .iter()
                .filter(|p| visible(p.x, chart.x.scale) && visible(p.y, chart.y.scale))
                .map(|p| (place(p.x, chart.x.scale), place(p.y, chart.y.scale)))
                .collect();
            let line = ShapeStyle::from(&series.colour).stroke_width(self.line_width(series));
            if matches!(series.mark, Mark::Line | Mark::JoinedDots) {
                context.draw_series(LineSeries::new(points.clone(), line)).map_err(error)?;
            }
            if series.mark == Mark::Dotted {
                let dotted = DashedLineSeries::new(points.clone(), self.px(2), self.px(4), line);
                context.draw_series(dotted).map_err(error)?;
            }
            if matches!(series.mark, Mark::Dots | Mark::JoinedDots) {
                let bars = series.points.iter().filter_map(|p| {
                    let (low, high) = p.bar?;
                    let end = |v: f64| (place(p.x, chart.x.scale), place(v, chart.y.scale));
                    let shown = visible(low, chart.y.scale) && visible(high, chart.y.scale);
                    shown.then(|| PathElement::new(vec![end(low), end(high)], line))
                });
                context.draw_series(bars).map_err(error)?;
                let dots =
                    points.iter().map(|p| Circle::new(*p, self.px(4), series.colour.filled()));
                context.draw_series(dots).map_err(error)?;
            }
        }
        Ok(())
    }

    fn line_width(&self, series: &Series) -> u32 {
        match series.mark {
            Mark::Dots | Mark::JoinedDots => self.px(1).max(2),
            Mark::Line | Mark::Dotted => self.px(3) / 2,
        }
    }

    fn legend(&self, chart: &Chart) -> Outcome {
        let error = |e: DrawingAreaErrorKind<DB::ErrorType>| e.to_string();
        let left = i32::try_from(SIZE.0 - LEGEND_WIDTH).unwrap_or(0) + 16;
        let style = self.font(15, TEXT).pos(Pos::new(HPos::Left, VPos::Center));
        let entries = chart.legend();
        let wrapped: Vec<Vec<String>> =
            entries.iter().map(|s| self.wrap(&s.label, &style)).collect::<Result<_, _>>()?;
        let height = |lines: &Vec<String>| {
            LEGEND_ROW + LEGEND_LINE * (i32::try_from(lines.len()).unwrap_or(1) - 1)
        };
        let room = LEGEND_END - LEGEND_TOP;
        let shown = if wrapped.iter().map(height).sum::<i32>() <= room {
            (0..entries.len()).collect()
        } else {
            let highest = wrapped.iter().map(height).max().unwrap_or(LEGEND_ROW);
            thinned(entries.len(), usize::try_from(room / highest).unwrap_or(1))
        };
        let mut next = LEGEND_TOP;
        for i in shown {
            let series = entries[i];
            let y = next;
            next += height(&wrapped[i]);
            let line = ShapeStyle::from(&series.colour).stroke_width(self.line_width(series));
            if series.mark == Mark::Dotted {
                for dot in 0..4 {
                    let (from, to) = (left + 6 * dot, left + 6 * dot + 2);
                    let dot = PathElement::new(vec![self.at(from, y), self.at(to, y)], line);
                    self.area.draw(&dot).map_err(error)?;
                }
            } else if series.mark != Mark::Dots {
                let line = PathElement::new(vec![self.at(left, y), self.at(left + 22, y)], line);
                self.area.draw(&line).map_err(error)?;
            }
            if matches!(series.mark, Mark::Dots | Mark::JoinedDots) {
                let dot = Circle::new(self.at(left + 11, y), self.px(4), series.colour.filled());
                self.area.draw(&dot).map_err(error)?;
            }
            for (text, below) in wrapped[i].iter().zip(0..) {
                let at = self.at(left + 32, y + LEGEND_LINE * below);
                self.area.draw_text(text, &style, at).map_err(error)?;
            }
        }
        Ok(())
    }

    /// A legend's label in lines that fit: broken after its setting if need be, and cut as the last
    /// resort.
    fn wrap(&self, label: &str, style: &TextStyle<'_>) -> Result<Vec<String>, String> {
        let room = self.px(LEGEND_WIDTH - 52);
        let fits = |text: &str| -> Result<bool, String> {
            let size = self.area.estimate_text_size(text, style).map_err(|e| e.to_string())?;
            Ok(size.0 <= room)
        };
        let lines = match label.split_once(": ") {
            Some((setting, rest)) if !fits(label)? => vec![setting, rest],
            _ => vec![label],
        };
        lines
            .into_iter()
            .map(|line| {
                let mut line = line.to_owned();
                while !fits(&line)? {
                    line = line.chars().take(line.chars().count() - 2).collect();
                    line.push('…');
                }
                Ok(line)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_legend_that_is_too_long_keeps_both_ends() {
        assert_eq!(thinned(3, 10), [0, 1, 2]);
        assert_eq!(thinned(100, 4), [0, 33, 66, 99]);
    }
}
