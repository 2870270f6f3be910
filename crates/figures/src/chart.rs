//! What a figure shows, before it is drawn.

use std::sync::Arc;

use plotters::style::RGBColor;

use crate::axis::{Axis, Scale, place, range, shown};
use crate::colour_bar::ColourScale;

/// A point with the ends of its error bar.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// Abscissa.
    pub x: f64,
    /// Ordinate.
    pub y: f64,
    /// Ends of the error bar, if it has one.
    pub bar: Option<(f64, f64)>,
    /// What its colour stands for, on [`Chart::colours`]; the colour of its series if none.
    pub value: Option<f64>,
    /// What it is a point of: its setting, its cell. Shown with its coordinates where the pointer rests on it;
    /// without, the label of its series is.
    pub of: Option<Arc<str>>,
}

impl Point {
    /// A point without an error bar, in the colour of its series.
    pub fn at(x: f64, y: f64) -> Self {
        Self { x, y, bar: None, value: None, of: None }
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
    /// A line in a band between the ends of the error bars.
    Band,
    /// Arrows from the origin.
    Arrows,
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
    /// Where that stands.
    pub names_at: NamesAt,
}

/// Where the names of points stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamesAt {
    /// Beside them, towards the middle of the plot.
    Beside,
    /// The same, but above a line through them.
    Above,
    /// The same, but below a line that falls through them.
    Below,
}

impl Series {
    /// A dotted line without an entry in the legend.
    pub fn line(colour: RGBColor, points: Vec<Point>) -> Self {
        Self::of("", colour, Mark::Dotted, points)
    }

    /// A series with an entry in the legend, or none if `label` is empty.
    pub fn of(label: &str, colour: RGBColor, mark: Mark, points: Vec<Point>) -> Self {
        Self {
            label: label.to_owned(),
            colour,
            mark,
            points,
            names: Vec::new(),
            names_at: NamesAt::Beside,
        }
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
    /// Whether a step on one axis is as long as one on the other, about the origin.
    pub is_square: bool,
    /// Abscissae between which it is shaded: where a fit was made.
    pub window: Option<(f64, f64)>,
    /// Whether dots of several series at one place are moved apart a little.
    pub is_parted: bool,
}

impl Chart {
    /// One without anything to see.
    pub fn empty(title: &str, x: Axis, y: Axis) -> Self {
        Self {
            title: title.to_owned(),
            x,
            y,
            series: Vec::new(),
            colours: None,
            is_square: false,
            window: None,
            is_parted: false,
        }
    }

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
        let given =
            |axis: &Axis| axis.ends.map(|(a, b)| (place(a, axis.scale), place(b, axis.scale)));
        if let (Some(x), Some(y)) = (given(&self.x), given(&self.y)) {
            return Some([x, y]);
        }
        let [x, y] = self.found_ends()?;
        Some([given(&self.x).unwrap_or(x), given(&self.y).unwrap_or(y)])
    }

    /// The ends that follow from what is shown.
    fn found_ends(&self) -> Option<[(f64, f64); 2]> {
        let [x, y] = self.ranges()?;
        if self.is_square {
            let reach = [x.0, x.1, y.0, y.1].into_iter().map(f64::abs).fold(0.0, f64::max);
            let reach = if reach > 0.0 { 1.1 * reach } else { 1.0 };
            return Some([(-reach, reach); 2]);
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    use plotters::style::BLACK;

    fn chart(y: Axis, marks: &[(Mark, &[Point])]) -> Chart {
        let series =
            |(mark, points): &(Mark, &[Point])| Series::of("", BLACK, *mark, points.to_vec());
        let series = marks.iter().map(series).collect();
        Chart { series, ..Chart::empty("", Axis::linear("x"), y) }
    }

    fn assert_close(got: (f64, f64), expected: (f64, f64)) {
        let is_close = |a: f64, b: f64| (a - b).abs() < 1e-12;
        assert!(is_close(got.0, expected.0) && is_close(got.1, expected.1), "{got:?} {expected:?}");
    }

    #[test]
    fn axes_reach_a_twentieth_beyond_marks_and_their_bars() {
        let points =
            [Point::at(0.0, 3.0), Point { bar: Some((2.0, 12.0)), ..Point::at(10.0, 4.0) }];
        let [x, y] = chart(Axis::linear("y"), &[(Mark::Dots, &points)]).ends().unwrap();
        assert_close(x, (-0.5, 10.5));
        assert_close(y, (1.5, 12.5));
        let [x, y] = chart(Axis::linear("y"), &[(Mark::Dots, &points[..1])]).ends().unwrap();
        assert_close(x, (-0.5, 0.5));
        assert_close(y, (2.5, 3.5));
    }

    #[test]
    fn what_an_axis_of_factors_cannot_show_does_not_count() {
        let points = [(-5.0, 0.0), (1.0, 10.0), (3.0, 1000.0), (2.0, -7.0), (f64::NAN, 20.0)];
        let points = points.map(|(x, y)| Point::at(x, y));
        let [x, y] = chart(Axis::logarithmic("y"), &[(Mark::Line, &points)]).ends().unwrap();
        assert_close(x, (-5.4, 3.4));
        assert_close(y, (0.9, 3.1));
        assert_eq!(chart(Axis::logarithmic("y"), &[(Mark::Line, &points[..1])]).ends(), None);
        assert_eq!(chart(Axis::linear("y"), &[]).ends(), None);
    }

    #[test]
    fn bars_stand_on_zero() {
        let with = |values: &[f64], y| {
            let points: Vec<Point> = values.iter().map(|v| Point::at(*v, *v)).collect();
            let chart = chart(y, &[(Mark::Bars, &points)]);
            let ends = chart.ends().unwrap()[1];
            (ends, chart.floor(ends))
        };
        let linear = || Axis::linear("y");
        let (ends, floor) = with(&[1.0, 4.0], linear());
        assert_close(ends, (0.0, 4.2));
        assert_close((floor, 0.0), (0.0, 0.0));
        let (ends, floor) = with(&[-4.0, -1.0], linear());
        assert_close(ends, (-4.2, 0.0));
        assert!(floor.abs() < 1e-12);
        assert_close(with(&[-4.0, 0.0], linear()).0, (-4.2, 0.0));
        assert_close(with(&[0.0, 4.0], linear()).0, (0.0, 4.2));
        let (ends, _) = with(&[-2.0, 8.0], linear());
        assert_close(ends, (-2.5, 8.5));
        let (ends, floor) = with(&[1.0, 100.0], Axis::logarithmic("y"));
        assert_close(ends, (-0.1, 2.1));
        assert_close((floor, 0.0), (-0.1, 0.0));
        // Dots do not ask for zero, but they stand with bars.
        let (dots, bars) = ([Point::at(0.0, 5.0)], [Point::at(0.0, 1.0)]);
        let both = chart(linear(), &[(Mark::Dots, &dots), (Mark::Bars, &bars)]);
        assert_close(both.ends().unwrap()[1], (0.0, 5.25));
    }

    #[test]
    fn names_stand_at_whole_numbers_with_air() {
        let mut chart = chart(Axis::linear("y"), &[(Mark::Dots, &[Point::at(1.0, 1.0)])]);
        chart.x = Axis::named("", ["a", "b", "c"].map(str::to_owned).to_vec());
        assert_close(chart.ends().unwrap()[0], (-0.6, 2.6));
    }

    #[test]
    fn the_ends_of_an_axis_may_be_given_and_those_of_a_square_are_alike() {
        let mut chart = chart(
            Axis::linear("y"),
            &[(Mark::Arrows, &[Point::at(0.5, -2.0), Point::at(0.0, 1.0)])],
        );
        chart.is_square = true;
        let ends = chart.ends().unwrap();
        assert_close(ends[0], (-2.2, 2.2));
        assert_close(ends[1], (-2.2, 2.2));
        chart.x = Axis::logarithmic("x").from_to(1.0, 1000.0);
        assert_close(chart.ends().unwrap()[0], (0.0, 3.0));
        chart.y = Axis::linear("y").from_to(-1.0, 1.0);
        chart.series.clear();
        assert_close(chart.ends().unwrap()[1], (-1.0, 1.0));
    }

    #[test]
    fn a_chart_is_empty_without_points_and_has_an_entry_for_each_label() {
        let mut chart = chart(Axis::linear("y"), &[(Mark::Dots, &[]), (Mark::Line, &[])]);
        assert!(chart.is_empty() && chart.legend().is_empty() && chart.values().is_empty());
        chart.series[1].label = "theory".to_owned();
        chart.series[1].points =
            vec![Point { value: Some(7.0), ..Point::at(1.0, 1.0) }, Point::at(2.0, 1.0)];
        assert!(!chart.is_empty());
        assert_eq!(chart.legend(), [&chart.series[1]]);
        assert_eq!(chart.values(), [7.0]);
    }
}
