//! What a figure shows, before it is drawn.

use plotters::style::RGBColor;

use crate::axis::{Axis, Scale, place, range, shown};
use crate::colour_bar::ColourScale;

/// A point with the ends of its error bar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Abscissa.
    pub x: f64,
    /// Ordinate.
    pub y: f64,
    /// Ends of the error bar, if it has one.
    pub bar: Option<(f64, f64)>,
    /// What its colour stands for, on [`Chart::colours`]; the colour of its series if none.
    pub value: Option<f64>,
}

impl Point {
    /// A point without an error bar, in the colour of its series.
    pub fn at(x: f64, y: f64) -> Self {
        Self { x, y, bar: None, value: None }
    }
}

/// How a series is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Dots, with error bars.
    Dots,
    /// Dots joined by a line.
    JoinedDots,
    /// A line.
    Line,
    /// A dotted line.
    Dotted,
    /// Rings, for numbers that are not ours.
    Rings,
    /// Bars from zero (on an axis of factors, from its end), with error bars; those of several
    /// series at one place stand side by side.
    Bars,
}

/// Points that belong together.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Its entry in the legend; none if empty.
    pub label: String,
    /// Its colour.
    pub colour: RGBColor,
    /// How it is drawn.
    pub mark: Mark,
    /// Its points, in the order of their line.
    pub points: Vec<Point>,
    /// What is written beside dots: a name for each point, or none at all.
    pub names: Vec<String>,
}

impl Series {
    pub(crate) fn of(label: &str, colour: RGBColor, mark: Mark, points: Vec<Point>) -> Self {
        Self { label: label.to_owned(), colour, mark, points, names: Vec::new() }
    }
}

/// A figure with one pair of axes.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// What it shows; as a panel, what sets it apart from its neighbours.
    pub title: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// What is drawn, the first at the bottom.
    pub series: Vec<Series>,
    /// What the colours of points with a value mean.
    pub colours: Option<ColourScale>,
}

impl Chart {
    /// Whether there is nothing to see.
    pub fn is_empty(&self) -> bool {
        self.series.iter().all(|s| s.points.is_empty())
    }

    /// The series that have an entry in the legend.
    pub fn legend(&self) -> Vec<&Series> {
        self.series.iter().filter(|s| !s.label.is_empty()).collect()
    }

    /// The range of all abscissae and of all ordinates with their bars, if they can be shown.
    fn ranges(&self) -> Option<[(f64, f64); 2]> {
        let points = || self.series.iter().flat_map(|s| &s.points);
        let ends = |p: &Point| [p.y, p.bar.map_or(p.y, |b| b.0), p.bar.map_or(p.y, |b| b.1)];
        let x = points().map(|p| p.x).filter(|v| shown(*v, self.x.scale));
        let y = points().flat_map(ends).filter(|v| shown(*v, self.y.scale));
        Some([range(x)?, range(y)?])
    }

    /// The ends of both axes as places, with some air; `None` if nothing can be shown.
    pub(crate) fn ends(&self) -> Option<[(f64, f64); 2]> {
        let [x, y] = self.ranges()?;
        let with_air = |(low, high): (f64, f64), scale| {
            let (low, high) = (place(low, scale), place(high, scale));
            let air = if high > low { 0.05 * (high - low) } else { 0.5 };
            (low - air, high + air)
        };
        let x = match self.x.names.len() {
            0 => with_air(x, self.x.scale),
            n => (-0.6, n as f64 - 0.4),
        };
        let bars = self.series.iter().any(|s| s.mark == Mark::Bars);
        if !bars || self.y.scale == Scale::Logarithmic {
            return Some([x, with_air(y, self.y.scale)]);
        }
        // Bars stand on zero.
        let (low, high) = with_air((y.0.min(0.0), y.1.max(0.0)), self.y.scale);
        Some([x, (if y.0 < 0.0 { low } else { 0.0 }, if y.1 > 0.0 { high } else { 0.0 })])
    }

    /// The place that bars stand on, on a vertical axis with these ends.
    pub(crate) fn floor(&self, ends: (f64, f64)) -> f64 {
        match self.y.scale {
            Scale::Linear => 0.0_f64.clamp(ends.0, ends.1),
            Scale::Logarithmic => ends.0,
        }
    }

    /// The values of all coloured points.
    pub(crate) fn values(&self) -> Vec<f64> {
        self.series.iter().flat_map(|s| &s.points).filter_map(|p| p.value).collect()
    }
}
