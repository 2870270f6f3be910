//! The marks of a chart: lines, dots, rings and bars, each a point of a series.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::axes::Plot;
use crate::axis::{Axis, Scale, labelled, place, shown};
use crate::canvas::{Canvas, DrawResult, TEXT, said};
use crate::chart::{Chart, Mark, NamesAt, Point, Series};
use crate::colour_bar::Shades;
use crate::font;
use crate::ticks::precise;

/// The share of the way to the next name that the bars of all series take together.
const BARS: f64 = 0.76;

/// Units from a dot to the next that is moved apart from it, and from the first of all to the last, at most.
const APART: u32 = 4;
const APART_ALL: u32 = 20;
/// How much of its series' colour a band has.
pub(crate) const BAND: f64 = 0.2;
/// Where a fit was made.
const WINDOW: RGBColor = RGBColor(60, 90, 160);
const WINDOW_SHARE: f64 = 0.07;

/// Size of the names beside dots.
const NAME: u32 = 9;

/// Error bars on bars.
const DARK: RGBColor = RGBColor(60, 60, 60);

/// What draws the marks of a chart.
pub(crate) struct Marks<'a> {
    /// On what.
    pub(crate) canvas: &'a Canvas,
    /// Which.
    pub(crate) chart: &'a Chart,
    /// What the colours of its points mean.
    pub(crate) shades: Option<&'a Shades>,
    /// Where.
    pub(crate) plot: &'a Plot,
    /// The place that bars stand on.
    pub(crate) floor: f64,
    /// Radius of a dot in units.
    pub(crate) radius: u32,
}

impl Marks<'_> {
    /// Draws them, the first series at the bottom.
    pub(crate) fn draw(&self) -> DrawResult {
        self.window()?;
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
                Mark::Band => {
                    self.band(series)?;
                    self.line(series)?;
                }
                Mark::Arrows => self.arrows(series)?,
                Mark::Bars => {
                    self.bars(series, (middle - width / 2.0, middle + width / 2.0))?;
                    self.error_bars(series, middle)?;
                }
            }
        }
        self.names()
    }

    /// Shades where a fit was made.
    fn window(&self) -> DrawResult {
        let ([(left, right), (low, high)], x) = (self.plot.ends, self.chart.x.scale);
        let Some((from, to)) = self.chart.window.filter(|w| shown(w.0, x) && shown(w.1, x)) else {
            return Ok(());
        };
        let end = |v: f64| place(v, x).clamp(left, right);
        let ends = [self.at(end(from), high), self.at(end(to), low)];
        self.canvas
            .area
            .draw(&Rectangle::new(ends, WINDOW.mix(WINDOW_SHARE).filled()))
            .map_err(said)
    }

    /// The band between the ends of error bars; where a point has none it is as narrow as the line.
    fn band(&self, series: &Series) -> DrawResult {
        let (x, y) = self.scales();
        let points = series.points.iter().filter(|p| shown(p.x, x) && shown(p.y, y));
        let ends: Vec<((i32, i32), (i32, i32))> = points
            .map(|point| {
                let bar = point.bar.filter(|(low, high)| shown(*low, y) && shown(*high, y));
                let (low, high) = bar.unwrap_or((point.y, point.y));
                let [low, high] = [low, high]
                    .map(|v| place(v, y).clamp(self.plot.ends[1].0, self.plot.ends[1].1));
                (self.at(place(point.x, x), low), self.at(place(point.x, x), high))
            })
            .collect();
        if ends.len() < 2 {
            return Ok(());
        }
        let around = ends.iter().map(|e| e.0).chain(ends.iter().rev().map(|e| e.1));
        let band = Polygon::new(around.collect::<Vec<_>>(), series.colour.mix(BAND).filled());
        self.canvas.area.draw(&band).map_err(said)
    }

    /// Arrows from the origin, each with its own colour.
    fn arrows(&self, series: &Series) -> DrawResult {
        let origin = self.at(0.0, 0.0);
        for (point, tip) in self.points(series) {
            let colour = self.colour(series, point);
            let pen = ShapeStyle::from(&colour).stroke_width(self.canvas.px(3) / 2);
            self.canvas.area.draw(&PathElement::new(vec![origin, tip], pen)).map_err(said)?;
            self.canvas.title(self.title(series, point));
            let dot = Circle::new(tip, self.canvas.px(self.radius), colour.filled());
            self.canvas.area.draw(&dot).map_err(said)?;
        }
        Ok(())
    }

    /// How far the marks of a series stand aside, in coordinates, where dots at one place are parted.
    fn aside(&self, series: &Series) -> i32 {
        let is_parted = |s: &&Series| s.mark == Mark::Dots && !s.points.is_empty();
        let dots: Vec<&Series> = self.chart.series.iter().filter(is_parted).collect();
        let at = dots.iter().position(|s| std::ptr::eq(*s, series));
        let (Some(at), true) = (at, self.chart.is_parted) else { return 0 };
        let n = i32::try_from(dots.len()).unwrap_or(i32::MAX);
        let step =
            self.canvas.px(APART).cast_signed().min(self.canvas.px(APART_ALL).cast_signed() / n);
        step * (2 * i32::try_from(at).unwrap_or(0) - (n - 1)) / 2
    }

    /// Writes names beside the dots that have one, towards the middle; a name that would stand on another, or on
    /// a dot, moves up or down.
    fn names(&self) -> DrawResult {
        let Some([(left, right), _]) = self.chart.ends() else { return Ok(()) };
        let (x, y) = self.scales();
        let named = self.chart.series.iter().flat_map(|series| {
            series.points.iter().zip(&series.names).map(|(p, name)| (p, name, series.names_at))
        });
        let named = named.filter(|(p, name, _)| shown(p.x, x) && shown(p.y, y) && !name.is_empty());
        let (mut taken, mut dots) = (Vec::new(), None);
        for (point, name, side) in named {
            let (at, beyond) = (place(point.x, x), place(point.x, x) > f64::midpoint(left, right));
            let half = self.canvas.px(NAME).cast_signed() * 2 / 3;
            let up = match side {
                NamesAt::Beside => 0,
                NamesAt::Above => half,
                NamesAt::Below => -half,
            };
            let (h, v) = self.at(at, place(point.y, y));
            // Above or below its dot a name has left the line of dots already.
            let in_the_way: &[[i32; 4]] = match side {
                NamesAt::Beside => dots.get_or_insert_with(|| self.circled()),
                NamesAt::Above | NamesAt::Below => &[],
            };
            self.name(name, (h, v - up), beyond, in_the_way, &mut taken)?;
        }
        Ok(())
    }

    /// The boxes around dots and rings.
    fn circled(&self) -> Vec<[i32; 4]> {
        let is_circle = |s: &&Series| matches!(s.mark, Mark::Dots | Mark::JoinedDots | Mark::Rings);
        let around = |series: &Series| -> Vec<[i32; 4]> {
            let radius = if series.mark == Mark::Rings { self.radius + 2 } else { self.radius };
            let (radius, aside) = (self.canvas.px(radius).cast_signed(), self.aside(series));
            let centres = self.points(series).into_iter().map(|(_, (h, v))| (h + aside, v));
            centres.map(|(h, v)| [h - radius, v - radius, h + radius, v + radius]).collect()
        };
        self.chart.series.iter().filter(is_circle).flat_map(around).collect()
    }

    /// Writes a name to the right of a dot, or to its left, where it meets none of the boxes `in_the_way` and
    /// `taken`.
    fn name(
        &self,
        name: &str,
        dot: (i32, i32),
        is_left: bool,
        in_the_way: &[[i32; 4]],
        taken: &mut Vec<[i32; 4]>,
    ) -> DrawResult {
        let style = self.canvas.font(NAME, TEXT).pos(Pos::new(HPos::Left, VPos::Center));
        let width = font::width(name, self.canvas.px(NAME)).cast_signed();
        let gap = self.canvas.px(self.radius + 3).cast_signed();
        let height = self.canvas.px(NAME).cast_signed();
        let start = if is_left { dot.0 - gap - width } else { dot.0 + gap };
        let level = |step: i32| dot.1 + step * height;
        let half = height / 2;
        let around = |step| [start, level(step) - half, start + width, level(step) + half];
        let meet =
            |a: &[i32; 4], b: &[i32; 4]| a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
        let is_free =
            |step: &i32| !in_the_way.iter().chain(&*taken).any(|other| meet(other, &around(*step)));
        let step = [0, 1, -1, 2, -2, 3, -3].into_iter().find(is_free).unwrap_or(0);
        taken.push(around(step));
        self.canvas.area.draw_text(name, &style, (start, level(step))).map_err(said)
    }

    /// The coordinates of a pair of places.
    fn at(&self, x: f64, y: f64) -> (i32, i32) {
        self.plot.at(self.canvas, x, y)
    }

    fn scales(&self) -> (Scale, Scale) {
        (self.chart.x.scale, self.chart.y.scale)
    }

    /// The points that have a place, each with its coordinates.
    fn points<'s>(&self, series: &'s Series) -> Vec<(&'s Point, (i32, i32))> {
        let (x, y) = self.scales();
        let points = series.points.iter().filter(|p| shown(p.x, x) && shown(p.y, y));
        points.map(|p| (p, self.at(place(p.x, x), place(p.y, y)))).collect()
    }

    /// What a point is of, and its coordinates: `γ = −1, cell 0123: d = 8, L = 0.124 (0.12 to 0.13)`.
    fn title(&self, series: &Series, point: &Point) -> String {
        let Chart { x, y, colours, .. } = self.chart;
        let number = |axis: &Axis, value: f64| match axis.names.get(nearest(value)) {
            Some(name) => name.clone(),
            None => precise(value),
        };
        let said = |axis: &Axis, value| labelled(&axis.label, &number(axis, value));
        let mut title = format!("{}, {}", said(x, point.x), said(y, point.y));
        if let Some((low, high)) = point.bar {
            title.push_str(&format!(" ({} to {})", precise(low), precise(high)));
        }
        if let (Some(scale), Some(value)) = (colours, point.value) {
            title.push_str(&format!(", {}", labelled(&scale.label, &precise(value))));
        }
        match point.of.as_deref().unwrap_or(&series.label) {
            "" => title,
            of => format!("{of}: {title}"),
        }
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
        let places: Vec<_> = self.points(series).into_iter().map(|p| p.1).collect();
        if places.len() < 2 {
            return Ok(());
        }
        if series.mark == Mark::Dotted {
            self.canvas.dotted(&places, series.colour, dots(self.canvas));
            return Ok(());
        }
        let line = PathElement::new(places, self.pen(series, series.colour));
        self.canvas.area.draw(&line).map_err(said)
    }

    fn error_bars(&self, series: &Series, aside: f64) -> DrawResult {
        let ((x, y), parted) = (self.scales(), self.aside(series));
        for point in &series.points {
            let Some((low, high)) = point.bar else { continue };
            if shown(low, y) && shown(high, y) {
                let colour = match series.mark {
                    Mark::Bars => DARK,
                    _ => self.colour(series, point),
                };
                let end = |v: f64| {
                    let (h, v) = self.at(place(point.x, x) + aside, place(v, y));
                    (h + parted, v)
                };
                let bar = PathElement::new(vec![end(low), end(high)], self.pen(series, colour));
                self.canvas.area.draw(&bar).map_err(said)?;
            }
        }
        Ok(())
    }

    fn circles(&self, series: &Series) -> DrawResult {
        let parted = self.aside(series);
        for (point, (h, v)) in self.points(series) {
            let at = (h + parted, v);
            let colour = self.colour(series, point);
            let (radius, style) = match series.mark {
                Mark::Rings => (self.radius + 2, self.pen(series, colour)),
                _ => (self.radius, colour.filled()),
            };
            self.canvas.title(self.title(series, point));
            let circle = Circle::new(at, self.canvas.px(radius), style);
            self.canvas.area.draw(&circle).map_err(said)?;
        }
        Ok(())
    }

    fn bars(&self, series: &Series, (left, right): (f64, f64)) -> DrawResult {
        let (x, y) = self.scales();
        for (point, _) in self.points(series) {
            let corner = |aside, at| self.at(place(point.x, x) + aside, at);
            let ends = [corner(left, self.floor), corner(right, place(point.y, y))];
            self.canvas.title(self.title(series, point));
            let bar = Rectangle::new(ends, self.colour(series, point).filled());
            self.canvas.area.draw(&bar).map_err(said)?;
        }
        Ok(())
    }
}

/// The index of the name nearest to a place.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small index")]
fn nearest(place: f64) -> usize {
    place.round() as usize
}

/// The width of a dotted line, of its dots and of the gaps between them, in coordinates.
pub(crate) fn dots(canvas: &Canvas) -> (u32, u32, u32) {
    (line_width(canvas, Mark::Dotted), canvas.px(2), canvas.px(4))
}

/// The width of a mark's line in coordinates.
pub(crate) fn line_width(canvas: &Canvas, mark: Mark) -> u32 {
    match mark {
        Mark::Dots | Mark::JoinedDots | Mark::Rings | Mark::Bars => canvas.px(1).max(2),
        Mark::Line | Mark::Dotted | Mark::Band | Mark::Arrows => canvas.px(3) / 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::axis::Axis;
    use crate::colour_bar::ColourScale;

    const COLOUR: RGBColor = RGBColor(1, 2, 3);

    fn with_bar(x: f64, y: f64, bar: (f64, f64)) -> Point {
        Point { bar: Some(bar), ..Point::at(x, y) }
    }

    /// What is drawn of series: from each tag its name and its place, width and colours. Ten places a step on both
    /// axes, from (0, 100), and two places a unit.
    fn drawn(scale: Scale, all: &[(Mark, &[Point])], colours: Option<&ColourScale>) -> Vec<String> {
        let series =
            |(mark, points): &(Mark, &[Point])| Series::of("", COLOUR, *mark, points.to_vec());
        let axis = || Axis { scale, ..Axis::linear("") };
        let series = all.iter().map(series).collect();
        let chart = Chart { series, colours: colours.cloned(), ..Chart::empty("", axis(), axis()) };
        let shades = colours.and_then(|scale| scale.shades(&chart.values()));
        let canvas = Canvas::new((150, 150), 2);
        let plot = Plot { corner: (0, 0), size: (150, 50), ends: [(0.0, 30.0), (0.0, 10.0)] };
        Marks {
            canvas: &canvas,
            chart: &chart,
            shades: shades.as_ref(),
            plot: &plot,
            floor: 1.0,
            radius: 3,
        }
        .draw()
        .unwrap();
        let svg = canvas.tags();
        let told = |tag: &str| {
            let names = [
                "points",
                "cx",
                "cy",
                "r",
                "x",
                "y",
                "width",
                "height",
                "stroke-width",
                "fill",
                "stroke",
            ];
            let value = |name: &&str| {
                let start = tag.find(&format!(" {name}=\""))? + name.len() + 3;
                Some(tag[start..].split('"').next()?.trim().to_owned())
            };
            names.iter().filter_map(value).collect::<Vec<String>>().join(" ")
        };
        let is_shape = |line: &&str| line.contains("fill=") && !line.starts_with("<text");
        svg.lines().filter(is_shape).map(told).collect()
    }

    #[test]
    fn dots_stand_on_their_error_bars_and_joined_ones_on_their_line() {
        let points = [Point::at(1.0, 2.0), with_bar(3.0, 4.0, (3.5, 5.0))];
        let dots = ["30,65 30,50 2 none #010203", "10 80 6 #010203", "30 60 6 #010203"];
        assert_eq!(drawn(Scale::Linear, &[(Mark::Dots, &points)], None), dots);
        let joined = drawn(Scale::Linear, &[(Mark::JoinedDots, &points)], None);
        assert_eq!(
            (&*joined[0], &joined[1..]),
            ("10,80 30,60 2 none #010203", &dots.map(str::to_owned)[..])
        );
    }

    #[test]
    fn rings_are_wider_than_dots_and_lines_than_the_lines_of_dots() {
        let points = [Point::at(1.0, 2.0), with_bar(3.0, 4.0, (3.0, 5.0))];
        let rings = drawn(Scale::Linear, &[(Mark::Rings, &points)], None);
        assert_eq!(rings, ["10 80 10 2 none #010203", "30 60 10 2 none #010203"]);
        assert_eq!(
            drawn(Scale::Linear, &[(Mark::Line, &points)], None),
            ["10,80 30,60 3 none #010203"]
        );
        let level = [Point::at(0.0, 0.0), Point::at(2.4, 0.0)];
        let dotted = drawn(Scale::Linear, &[(Mark::Dotted, &level)], None);
        assert_eq!(dotted, ["0,100 24,100 3 none #010203"]);
        assert!(drawn(Scale::Linear, &[(Mark::Line, &[]), (Mark::Dotted, &[])], None).is_empty());
    }

    #[test]
    fn the_bars_of_several_series_stand_side_by_side_on_their_floor() {
        let (first, second) = ([with_bar(1.0, 3.0, (2.0, 4.0))], [Point::at(1.0, 0.0)]);
        // A line between them takes no room.
        let all = [(Mark::Bars, &first[..]), (Mark::Line, &first), (Mark::Bars, &second)];
        let found = drawn(Scale::Linear, &all, None);
        // Each 0.38 wide, about 0.81 and 1.19.
        let expected = ["6 70 4 20 #010203", "8,80 8,60 2 none #3C3C3C"];
        assert_eq!(found[..2], expected);
        assert_eq!(found[2], "10 90 4 10 #010203");
        // One alone is 0.76 wide about its place.
        let alone = drawn(Scale::Linear, &[(Mark::Bars, &first)], None);
        assert_eq!(alone, ["6 70 8 20 #010203", "10,80 10,60 2 none #3C3C3C"]);
        let three = [(Mark::Bars, &second[..]); 3];
        let middles = drawn(Scale::Linear, &three, None);
        assert!(middles[1].starts_with("9 90 2 10"), "{middles:?}");
    }

    #[test]
    fn what_has_no_place_is_not_drawn() {
        let points = [
            with_bar(10.0, 1.0, (0.0, 10.0)),
            Point::at(0.0, 10.0),
            Point::at(10.0, -1.0),
            with_bar(100.0, 10.0, (1.0, f64::NAN)),
            with_bar(1.0, 100.0, (10.0, 1000.0)),
        ];
        let found = drawn(Scale::Logarithmic, &[(Mark::Dots, &points)], None);
        let circles = ["10 100 6", "20 90 6", "0 80 6"].map(|at| format!("{at} #010203"));
        assert_eq!((&*found[0], &found[1..]), ("0,90 0,70 2 none #010203", &circles[..]));
    }

    #[test]
    fn a_value_gives_a_dot_and_its_error_bar_their_colour() {
        let point = |value| Point { value, ..with_bar(1.0, 2.0, (1.0, 3.0)) };
        let points = [point(Some(0.0)), point(Some(1.0)), point(None)];
        let scale = ColourScale::linear("L");
        let found = drawn(Scale::Linear, &[(Mark::Dots, &points)], Some(&scale));
        let colours = ["#440154", "#FDE725", "#010203"];
        for (k, colour) in colours.into_iter().enumerate() {
            assert_eq!(found[k], format!("10,90 10,70 2 none {colour}"));
            assert_eq!(found[3 + k], format!("10 80 6 {colour}"));
        }
    }

    #[test]
    fn a_name_makes_room_for_dots_and_for_other_names() {
        // Two names at one place, of which the second makes room, and a ring where the first would stand.
        let heights = |ring: &[Point]| -> Vec<i32> {
            let dots = [Point::at(1.0, 5.0), Point::at(1.0, 5.0), Point::at(9.0, 9.0)];
            let mut named = Series::of("", COLOUR, Mark::Dots, dots.to_vec());
            named.names = ["first", "second"].map(str::to_owned).to_vec();
            let series = vec![named, Series::of("", COLOUR, Mark::Rings, ring.to_vec())];
            let axis = || Axis::linear("");
            let chart = Chart { series, ..Chart::empty("", axis(), axis()) };
            let canvas = Canvas::new((200, 200), 1);
            let plot = Plot { corner: (0, 0), size: (200, 200), ends: [(0.0, 10.0); 2] };
            let (canvas, chart, plot) = (&canvas, &chart, &plot);
            let marks = Marks { canvas, chart, shades: None, plot, floor: 0.0, radius: 3 };
            marks.draw().unwrap();
            let svg = canvas.tags();
            let texts = svg.lines().filter(|line| line.starts_with("<text"));
            let height = |text: &str| {
                let (_, from) = text.split_once(" y=\"").unwrap();
                from.split_once('"').unwrap().0.parse().unwrap()
            };
            texts.map(height).collect()
        };
        let [first, second] = heights(&[])[..] else { panic!("two names") };
        assert_eq!(second - first, 9);
        let [aside, other] = heights(&[Point::at(2.0, 5.0)])[..] else { panic!("two names") };
        assert!(aside == first + 9 && other == first - 9, "{aside} {other} {first}");
    }
}
