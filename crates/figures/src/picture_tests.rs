//! What holds for every picture, read off its SVG: all that is drawn lies inside it, plots lie apart and texts too,
//! and marks lie in their plots.

use std::ops::Range;

use plotters::prelude::*;
use superpose_files::table::Table;

use crate::arrangement::Arrangement;
use crate::axis::Axis;
use crate::canvas::Canvas;
use crate::chart::Mark;
use crate::colour_bar::ColourScale;
use crate::font;
use crate::heat_maps::{HeatMaps, heat_maps};
use crate::histograms::{Histograms, histograms};
use crate::lines::{ErrorBars, Guide, Lines, lines};
use crate::panel::Panel;
use crate::sheet::{Axes, Sheet};

/// Coordinates to a unit.
const UNIT: u32 = 4;
/// The colour of the lines around plots.
const BORDER: &str = "#969696";

/// What takes some place, in units.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Area {
    pub(crate) x: Range<f64>,
    pub(crate) y: Range<f64>,
    /// The tag that draws it, or the text that is written there.
    pub(crate) what: String,
}

impl Area {
    fn around(points: &[(f64, f64)], what: &str) -> Self {
        let ends = |values: &dyn Fn(&(f64, f64)) -> f64| {
            let all = || points.iter().map(values);
            all().fold(f64::INFINITY, f64::min) / f64::from(UNIT)
                ..all().fold(f64::NEG_INFINITY, f64::max) / f64::from(UNIT)
        };
        Self { x: ends(&|p| p.0), y: ends(&|p| p.1), what: what.to_owned() }
    }

    pub(crate) fn is_within(&self, other: &Self) -> bool {
        let within = |a: &Range<f64>, b: &Range<f64>| a.start >= b.start && a.end <= b.end;
        within(&self.x, &other.x) && within(&self.y, &other.y)
    }

    pub(crate) fn meets(&self, other: &Self) -> bool {
        let meet = |a: &Range<f64>, b: &Range<f64>| a.start < b.end && b.start < a.end;
        meet(&self.x, &other.x) && meet(&self.y, &other.y)
    }
}

/// A picture, read.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) whole: Area,
    pub(crate) plots: Vec<Area>,
    pub(crate) texts: Vec<Area>,
    /// All that is neither text nor the line around a plot.
    pub(crate) marks: Vec<Area>,
}

impl Read {
    /// Where a text stands.
    pub(crate) fn text(&self, text: &str) -> &Area {
        let found: Vec<&Area> = self.texts.iter().filter(|t| t.what == text).collect();
        assert_eq!(found.len(), 1, "`{text}` once among {:?}", self.texts);
        found[0]
    }

    /// The texts in the order of their columns, from the left, that stand beneath a plot's lower edge.
    pub(crate) fn beneath(&self, plot: &Area, depth: f64) -> Vec<&str> {
        let is_beneath = |t: &&Area| {
            t.y.start >= plot.y.end && t.y.end <= plot.y.end + depth && t.x.end > plot.x.start - 9.0
        };
        let mut found: Vec<&Area> =
            self.texts.iter().filter(is_beneath).filter(|t| t.x.start < plot.x.end + 9.0).collect();
        found.sort_by(|a, b| a.x.start.total_cmp(&b.x.start));
        found.into_iter().map(|t| &*t.what).collect()
    }
}

/// The value of an attribute of a tag.
fn attribute<'t>(tag: &'t str, name: &str) -> &'t str {
    let start = tag.find(&format!(" {name}=\"")).unwrap_or_else(|| panic!("{name} in {tag}"));
    tag[start + name.len() + 3..].split('"').next().unwrap()
}

fn number(tag: &str, name: &str) -> f64 {
    attribute(tag, name).parse().unwrap()
}

fn points(tag: &str) -> Vec<(f64, f64)> {
    let point = |point: &str| {
        let (x, y) = point.split_once(',').unwrap();
        (x.parse().unwrap(), y.parse().unwrap())
    };
    attribute(tag, "points").split_whitespace().map(point).collect()
}

/// The place of a text, by the font's own widths; letters reach from 0.74 of their size above the line to 0.2 below.
fn place_of_text(tag: &str, text: &str) -> Area {
    let (x, y, size) = (number(tag, "x"), number(tag, "y"), number(tag, "font-size"));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a size")]
    let width = f64::from(font::width(text, (size * 1.24).round() as u32).unwrap());
    let left = match attribute(tag, "text-anchor") {
        "start" => 0.0,
        "middle" => -0.5 * width,
        "end" => -width,
        other => panic!("{other}"),
    };
    let line = match attribute(tag, "dy") {
        "0.76em" => 0.76 * size,
        "0.5ex" => 0.26 * size,
        "-0.5ex" => -0.26 * size,
        other => panic!("{other}"),
    };
    let corners = [(left, line - 0.74 * size), (left + width, line + 0.2 * size)];
    let turned = corners.map(|(dx, dy)| match tag.find("rotate(") {
        None => (x + dx, y + dy),
        Some(at) if tag[at..].starts_with("rotate(90,") => (x - dy, y + dx),
        Some(at) if tag[at..].starts_with("rotate(270,") => (x + dy, y - dx),
        Some(_) => panic!("{tag}"),
    });
    Area::around(&turned, text)
}

/// Reads the SVG of a sheet.
pub(crate) fn read(sheet: &Sheet) -> Read {
    font::register().unwrap();
    let scene = Arrangement::of(sheet).unwrap();
    let mut svg = String::new();
    let size = (scene.size.0 * UNIT, scene.size.1 * UNIT);
    {
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        scene.draw(&Canvas { area: &area, unit: UNIT }).unwrap();
    }
    let end = (f64::from(size.0), f64::from(size.1));
    let whole = Area::around(&[(0.0, 0.0), end], "picture");
    let mut read = Read { whole, plots: vec![], texts: vec![], marks: vec![] };
    let mut rest = svg.lines();
    while let Some(tag) = rest.next() {
        let name = tag.trim_start_matches('<').split(' ').next().unwrap();
        match name {
            "text" => read.texts.push(place_of_text(tag, &unescaped(rest.next().unwrap()))),
            "polyline" | "polygon" => {
                let points = points(tag);
                let area = Area::around(&points, name);
                let closed = name == "polyline" && points.len() == 5 && points[0] == points[4];
                if closed && attribute(tag, "stroke") == BORDER {
                    read.plots.push(area);
                } else {
                    read.marks.push(area);
                }
            }
            "circle" => {
                let (x, y, r) = (number(tag, "cx"), number(tag, "cy"), number(tag, "r"));
                read.marks.push(Area::around(&[(x - r, y - r), (x + r, y + r)], name));
            }
            "rect" => {
                let corner = (number(tag, "x"), number(tag, "y"));
                let other = (corner.0 + number(tag, "width"), corner.1 + number(tag, "height"));
                read.marks.push(Area::around(&[corner, other], name));
            }
            "line" => {
                let ends =
                    [("x1", "y1"), ("x2", "y2")].map(|(x, y)| (number(tag, x), number(tag, y)));
                read.marks.push(Area::around(&ends, name));
            }
            _ => {}
        }
    }
    read
}

fn unescaped(text: &str) -> String {
    let pairs = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
    pairs.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// Asserts what holds for every picture.
fn check(name: &str, sheet: &Sheet) -> Read {
    let read = read(sheet);
    let Read { whole, plots, texts, marks } = &read;
    assert_eq!(plots.len(), sheet.panels.len(), "{name}");
    for area in plots.iter().chain(texts).chain(marks) {
        assert!(area.is_within(whole), "{name}: {area:?} leaves {whole:?}");
    }
    for area in plots.iter().chain(texts) {
        assert!(area.x.start >= 2.0 && area.y.start >= 2.0, "{name}: {area:?} is at the edge");
        let right = whole.x.end - area.x.end;
        assert!(right >= 2.0 && whole.y.end - area.y.end >= 2.0, "{name}: {area:?} is at the edge");
    }
    for (i, plot) in plots.iter().enumerate() {
        assert!(plot.x.end - plot.x.start >= 60.0 && plot.y.end - plot.y.start >= 40.0, "{name}");
        for other in &plots[i + 1..] {
            assert!(!plot.meets(other), "{name}: {plot:?} lies on {other:?}");
        }
    }
    for (i, text) in texts.iter().enumerate() {
        for other in &texts[i + 1..] {
            assert!(!text.meets(other), "{name}: {text:?} is written on {other:?}");
        }
        // Only numbers in the cells of heat maps stand in a plot.
        for (plot, panel) in plots.iter().zip(&sheet.panels).filter(|(plot, _)| text.meets(plot)) {
            let is_map = matches!(panel, Panel::HeatMap(_));
            assert!(is_map && text.is_within(plot), "{name}: {text:?} is written on {plot:?}");
        }
    }
    // What is drawn lies in one plot, or beside all of them; ticks and the lines of axes may touch them.
    for mark in marks.iter().filter(|mark| mark.what != "line") {
        let touched = plots.iter().filter(|plot| mark.meets(plot));
        for plot in touched.filter(|plot| !whole.is_within(mark) && !mark.is_within(plot)) {
            let over = [mark.x.start - plot.x.start, plot.x.end - mark.x.end];
            let over =
                over.into_iter().chain([mark.y.start - plot.y.start, plot.y.end - mark.y.end]);
            assert!(over.fold(0.0, f64::min) >= -4.0, "{name}: {mark:?} leaves {plot:?}");
        }
    }
    // No wide empty margins: something reaches close to the right end, and the caption to the lower one.
    let reach = |end: &dyn Fn(&Area) -> f64| {
        let drawn = || plots.iter().chain(texts).chain(marks).filter(|area| !whole.is_within(area));
        drawn().map(end).fold(0.0, f64::max)
    };
    // The legend of a panel has room for entries of some length.
    let most = if crate::common::legend(&sheet.panels).is_none() { 125.0 } else { 40.0 };
    let right = whole.x.end - reach(&|a| a.x.end);
    assert!(right < most || whole.x.end <= 560.0, "{name}: {whole:?}");
    assert!(whole.y.end - reach(&|a| a.y.end) < 45.0, "{name}: {whole:?}");
    read
}

const CAPTION: &str = "Dots: the mean over seeds, with its interval; dotted: theory. Where numbers stand: a table of \
                       some name, and another one, whose name is quite long, so that this caption takes some lines.";

pub(crate) fn sheet(panels: Vec<Panel>, columns: usize, axes: Axes) -> Sheet {
    let title = "Loss against width".to_owned();
    Sheet { title, columns, panels, axes, caption: CAPTION.to_owned() }
}

/// A row for each panel, group and abscissa.
fn table(n_panels: usize, n_groups: usize) -> Table {
    let mut csv = "panel,group,x,y,low,high,theory,paper,value\n".to_owned();
    for panel in 0..n_panels {
        for group in 0..n_groups {
            for (k, x) in [8, 20, 50, 130].into_iter().enumerate() {
                let y = (1.0 + group as f64) / f64::from(x) + panel as f64 * 0.01;
                let (low, high, value) = (0.8 * y, 1.25 * y, k + 3 * group + 10 * panel);
                csv += &format!(
                    "{panel},{group},{x},{y},{low},{high},{},{},{value}\n",
                    1.1 * y,
                    0.9 * y
                );
            }
        }
    }
    Table::from_csv("t", csv.as_bytes()).unwrap()
}

pub(crate) fn charts(
    n_panels: usize,
    n_groups: usize,
    change: &dyn Fn(&mut Lines<'_>),
) -> Vec<Panel> {
    let mut columns = Lines {
        error_bars: ErrorBars::Ends("low", "high"),
        group: Some("group"),
        group_label: "γ",
        panel: Some("panel"),
        panel_label: "α",
        guides: &[Guide { column: "theory", label: "1/d", mark: Mark::Dotted }],
        published: Some("paper"),
        ..Lines::plain(
            ("x", Axis::logarithmic("hidden width d")),
            ("y", Axis::logarithmic("test loss L")),
        )
    };
    change(&mut columns);
    lines(&table(n_panels, n_groups), &columns).unwrap()
}

pub(crate) fn maps(n_panels: usize, colours: &ColourScale) -> Vec<Panel> {
    let columns = HeatMaps {
        x: "x",
        y: "group",
        value: "value",
        panel: Some("panel"),
        panel_label: "d",
        x_label: "α",
        y_label: "γ",
        colours: colours.clone(),
    };
    heat_maps(&table(n_panels, 5), &columns).unwrap()
}

pub(crate) fn bars(rows: usize, columns: usize) -> (Vec<Panel>, usize) {
    let mut csv = "alpha,d,low,high,share\n".to_owned();
    for alpha in 0..rows {
        for d in 0..columns {
            for bin in 0..6 {
                let (low, share) =
                    (0.25 * bin as f64, (1 + (alpha + 2 * d + bin) % 5) as f64 / 5.0);
                csv += &format!("{alpha},{d},{low},{},{share}\n", low + 0.25);
            }
        }
    }
    let from = Histograms {
        low: "low",
        high: "high",
        height: "share",
        panel_row: Some("alpha"),
        row_label: "α",
        panel_column: Some("d"),
        column_label: "d",
        x_label: "norm of a feature",
        y_label: "share of features",
        guides: &[0.5, 9.0],
    };
    let grid = histograms(&Table::from_csv("t", csv.as_bytes()).unwrap(), &from).unwrap();
    (grid.panels, grid.columns)
}

const ALL_AXES: [Axes; 3] = [Axes::Shared, Axes::SharedX, Axes::Own];

#[test]
fn charts_of_every_number_lie_inside_their_picture_and_apart() {
    for n_panels in [1, 2, 4, 7, 12, 30] {
        for axes in ALL_AXES {
            let name = format!("{n_panels} charts, {axes:?}");
            let read = check(&name, &sheet(charts(n_panels, 3, &|_| ()), 4.min(n_panels), axes));
            // 4 points of 3 groups, ours and published, and both marks in the legend.
            let circles = read.marks.iter().filter(|mark| mark.what == "circle").count();
            assert_eq!(circles, n_panels * 24 + 4, "{name}");
        }
    }
}

#[test]
fn charts_with_legends_of_their_own_lie_apart_from_them() {
    for (n_panels, columns) in [(2, 2), (4, 2), (9, 3)] {
        let mut panels = charts(n_panels, 3, &|_| ());
        let Panel::Chart(chart) = &mut panels[1] else { panic!("a chart") };
        let series = chart.series.iter_mut().find(|s| s.label == "γ = 1").unwrap();
        series.label = "another thing: with a setting".to_owned();
        for axes in ALL_AXES {
            let read = check(&format!("{n_panels} legends"), &sheet(panels.clone(), columns, axes));
            let entries = read.texts.iter().filter(|t| t.what == "published").count();
            assert_eq!(entries, n_panels);
        }
    }
}

#[test]
fn bars_over_names_and_colours_of_points_lie_inside_too() {
    for axes in ALL_AXES {
        for n_panels in [1, 3] {
            let named = charts(n_panels, 3, &|columns| {
                columns.mark = Mark::Bars;
                columns.y_axis = Axis::linear("loss");
                columns.guides = &[];
            });
            check("bars", &sheet(named, 2, axes));
            let coloured = charts(n_panels, 3, &|columns| {
                columns.colour = Some(("value", ColourScale::linear("share of dead features")));
            });
            check("coloured points", &sheet(coloured, 3, axes));
        }
    }
}

#[test]
fn heat_maps_with_one_bar_or_many_lie_inside_and_apart() {
    let own = ColourScale::linear("test loss");
    for (colours, n_bars) in [(own.clone().from_to(0.0, 40.0), 1), (own, 0)] {
        for (n_panels, columns) in [(1, 1), (3, 3), (6, 2), (8, 4)] {
            let n_bars = if n_bars == 0 { n_panels } else { 1 };
            let name = format!("{n_panels} maps, {n_bars} bars");
            let read = check(&name, &sheet(maps(n_panels, &colours), columns, Axes::Shared));
            assert_eq!(
                read.texts.iter().filter(|t| t.what == "test loss").count(),
                n_bars,
                "{name}"
            );
        }
    }
}

#[test]
fn many_histograms_are_small_and_lie_apart() {
    for (rows, columns) in [(1, 1), (1, 2), (3, 4), (6, 9), (10, 12)] {
        let (panels, n) = bars(rows, columns);
        assert_eq!(n, columns);
        for axes in ALL_AXES {
            let name = format!("{rows} × {columns} histograms, {axes:?}");
            let read = check(&name, &sheet(panels.clone(), columns, axes));
            let labels = |text: &str| read.texts.iter().filter(|t| t.what == text).count();
            if columns >= 9 {
                assert_eq!([labels("norm of a feature"), labels("share of features")], [1, 1]);
            }
        }
    }
}

#[test]
fn long_words_and_empty_panels_lie_inside_too() {
    let long = "a title that is much longer than anybody would write, so long that it is wider than its plot";
    let mut panels = charts(4, 2, &|_| ());
    for (k, panel) in panels.iter_mut().enumerate() {
        let Panel::Chart(chart) = panel else { panic!("a chart") };
        chart.title = format!("{long} {k}");
        chart.series[1].label = format!("setting = 3: {long}");
        if k == 2 {
            chart.series.clear();
        }
    }
    for axes in ALL_AXES {
        for columns in [2, 4] {
            check("long words", &sheet(panels.clone(), columns, axes));
        }
        let mut alone = sheet(panels[..1].to_vec(), 1, axes);
        alone.title = long[..60].to_owned();
        check("a long title", &alone);
        check("an empty panel", &sheet(panels[2..3].to_vec(), 1, axes));
        check("nothing", &sheet(vec![], 3, axes));
    }
}

#[test]
fn long_legends_lie_inside_too() {
    for (n_panels, n_groups) in [(1, 20), (1, 60), (3, 22), (3, 40)] {
        for coloured in [false, true] {
            let panels = charts(n_panels, n_groups, &|columns| {
                columns.guides = &[];
                if coloured {
                    columns.colour = Some(("value", ColourScale::linear("dead")));
                }
            });
            check(&format!("{n_groups} entries"), &sheet(panels, 3, Axes::Shared));
        }
    }
}

/// Whether an area begins where it should, to a pixel of an SVG or two.
fn assert_at(area: &Area, (left, top): (f64, f64)) {
    let off = (area.x.start - left).abs().max((area.y.start - top).abs());
    assert!(off <= 0.75, "{area:?} begins at {left}, {top}");
}

fn assert_plot(area: &Area, corner: (f64, f64), size: (f64, f64)) {
    assert_at(area, corner);
    let end = (area.x.end - corner.0 - size.0).abs().max((area.y.end - corner.1 - size.1).abs());
    assert!(end <= 0.75, "{area:?} is {size:?}");
}

/// The vertical middle of letters, which is where a line's is written.
fn middle(area: &Area) -> f64 {
    // Between 0.74 above the line and 0.2 below, it is written half an x-height (0.26) above the line.
    area.y.start + (0.74 - 0.26) / 0.94 * (area.y.end - area.y.start)
}

fn letters(size: f64) -> f64 {
    0.94 * size / 1.24
}

/// The lines of the caption at the end of a picture.
fn assert_caption(read: &Read, sheet: &Sheet) -> f64 {
    let room = read.whole.x.end - 40.0;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a width")]
    let lines = font::lines(&sheet.caption, 13, room as u32).unwrap();
    for (k, line) in (1..).map(f64::from).zip(lines.iter().rev()) {
        assert_at(read.text(line), (20.0, read.whole.y.end - 22.0 - 17.0 * (k - 1.0)));
    }
    17.0 * lines.len() as f64
}

#[test]
fn a_chart_alone_stands_where_its_sizes_say() {
    let sheet = sheet(charts(1, 2, &|_| ()), 1, Axes::Own);
    let read = check("one", &sheet);
    // 20 + 78 from the left and 36 + 6 from the top.
    assert_plot(&read.plots[0], (98.0, 42.0), (600.0, 430.0));
    assert_at(read.text("Loss against width: α = 0"), (20.0, 12.0));
    let widest = f64::from(font::width("published", 14).unwrap());
    let left = 98.0 + 600.0 + 16.0;
    for (text, k) in [("1/d", 0.0), ("γ = 0", 1.0), ("γ = 1", 2.0), ("published", 3.0)] {
        let text = read.text(text);
        assert!((text.x.start - left - 32.0).abs() < 0.3, "{text:?}");
        assert!((middle(text) - 42.0 - 10.0 - 26.0 * k).abs() < 0.5, "{text:?}");
    }
    assert!((read.whole.x.end - (left + 32.0 + widest + 4.0 + 4.0 + 20.0)).abs() < 0.1);
    let caption = assert_caption(&read, &sheet);
    assert!((read.whole.y.end - (42.0 + 430.0 + 48.0 + 20.0 + caption)).abs() < 0.1);
    // The title of the horizontal axis stands in the middle beneath, that of the vertical one left of it.
    let beneath = read.text("hidden width d");
    assert!((f64::midpoint(beneath.x.start, beneath.x.end) - 398.0).abs() < 1.0, "{beneath:?}");
    assert!((beneath.y.end - beneath.y.start - letters(16.0)).abs() < 0.1, "{beneath:?}");
    let beside = read.text("test loss L");
    assert!((f64::midpoint(beside.y.start, beside.y.end) - 257.0).abs() < 1.0, "{beside:?}");
    assert!(beside.x.start > 20.0 - 1.0 && beside.x.end < 60.0, "{beside:?}");
}

#[test]
fn marks_of_a_legend_stand_by_their_words() {
    let marks = [Mark::Line, Mark::Dotted, Mark::Dots, Mark::JoinedDots, Mark::Rings, Mark::Bars];
    let mut panels = charts(1, 6, &|columns| columns.guides = &[]);
    let Panel::Chart(chart) = &mut panels[0] else { panic!("a chart") };
    chart.series.truncate(6);
    for (series, mark) in chart.series.iter_mut().zip(marks) {
        series.mark = mark;
        series.points.clear();
    }
    chart.series[0].points = vec![crate::chart::Point::at(1.0, 1.0)];
    let read = check("marks", &sheet(panels, 1, Axes::Own));
    let (left, top) = (98.0 + 600.0 + 16.0, 42.0 + 10.0);
    let beside: Vec<&Area> = read.marks.iter().filter(|m| m.x.start > 699.0).collect();
    let expected = [
        ("polyline", left, left + 22.0, 0.0, 0.0),
        ("polyline", left, left + 2.0, 1.0, 0.0),
        ("polyline", left + 6.0, left + 8.0, 1.0, 0.0),
        ("polyline", left + 12.0, left + 14.0, 1.0, 0.0),
        ("polyline", left + 18.0, left + 20.0, 1.0, 0.0),
        ("circle", left + 7.0, left + 15.0, 2.0, 4.0),
        ("polyline", left, left + 22.0, 3.0, 0.0),
        ("circle", left + 7.0, left + 15.0, 3.0, 4.0),
        ("circle", left + 6.0, left + 16.0, 4.0, 5.0),
        ("rect", left + 4.0, left + 18.0, 5.0, 6.0),
    ];
    assert_eq!(beside.len(), expected.len(), "{beside:?}");
    for (mark, (what, from, to, entry, high)) in beside.into_iter().zip(expected) {
        let y = top + 26.0 * entry;
        let area = Area { x: from..to, y: y - high..y + high, what: what.to_owned() };
        assert_eq!(*mark, area);
    }
}

#[test]
fn panels_stand_a_pitch_apart_with_their_titles_above() {
    let sheet = sheet(charts(6, 2, &|_| ()), 3, Axes::Shared);
    let read = check("six", &sheet);
    // Room of 72 for the numbers left and of 48 below, titles of 26; each panel 420 × 320.
    let (origin, plot) = ((20.0 + 72.0, 36.0 + 26.0), (400.0, 284.0));
    for (k, area) in read.plots.iter().enumerate() {
        let corner = (origin.0 + 420.0 * (k % 3) as f64, origin.1 + 320.0 * (k / 3) as f64);
        assert_plot(area, corner, plot);
        let title = read.text(&format!("α = {k}"));
        let written = title.y.end + (0.26 - 0.2) * 15.0 / 1.24;
        assert!(
            (title.x.start - corner.0).abs() < 0.3 && (written - corner.1 + 3.0).abs() < 0.5,
            "{title:?}"
        );
        // Numbers stand at the outer panels alone.
        let below = read.beneath(area, 30.0);
        assert_eq!(below.contains(&"100"), k >= 3, "{k}: {below:?}");
    }
    for (text, times) in [("hidden width d", 3), ("test loss L", 2), ("published", 1)] {
        assert_eq!(read.texts.iter().filter(|t| t.what == text).count(), times, "{text}");
    }
    let extent = (2.0 * 420.0 + 400.0, 320.0 + 284.0);
    let legend = f64::from(font::width("published", 14).unwrap()) + 32.0 + 4.0 + 4.0;
    assert!((read.whole.x.end - (origin.0 + extent.0 + 16.0 + legend + 20.0)).abs() < 0.1);
    let caption = assert_caption(&read, &sheet);
    assert!((read.whole.y.end - (origin.1 + extent.1 + 48.0 + 20.0 + caption)).abs() < 0.1);
}

#[test]
fn what_each_panel_has_of_its_own_stands_beside_it() {
    // Letters of 13: maps 420 × 320 with a bar of 12, numbers, and a label.
    let maps = sheet(maps(3, &ColourScale::linear("test loss")), 3, Axes::Own);
    let read = check("bars", &maps);
    let bars = read.marks.iter().filter(|m| m.what == "rect" && m.y.end - m.y.start < 5.0);
    let bars: Vec<&Area> = bars.filter(|m| (m.x.end - m.x.start - 12.0).abs() < 0.1).collect();
    assert_eq!(bars.len(), 3 * 100);
    for (plot, steps) in read.plots.iter().zip(bars.chunks(100)) {
        assert!(steps.iter().all(|step| (step.x.start - plot.x.end - 12.0).abs() < 0.1));
        assert!((steps[0].y.start - plot.y.start).abs() < 0.1, "{:?}", steps[0]);
        assert!((steps[99].y.end - plot.y.end).abs() < 0.1, "{:?}", steps[99]);
        let gaps = steps.windows(2).map(|pair| pair[1].y.start - pair[0].y.end);
        assert!(gaps.clone().all(|gap| gap <= 0.0), "{:?}", gaps.collect::<Vec<_>>());
    }
    for pair in read.plots.windows(2) {
        // Room for the bar and its numbers, and for what stands left of the next.
        let gap = pair[1].x.start - pair[0].x.end;
        assert!((72.0 + 20.0 + 12.0 + 12.0 + 9.0..180.0).contains(&gap), "{gap}");
    }
    let mut panels = charts(2, 2, &|_| ());
    let Panel::Chart(chart) = &mut panels[1] else { panic!("a chart") };
    chart.series.iter_mut().find(|s| s.label == "γ = 0").unwrap().label = "γ = 9".to_owned();
    let read = check("legends", &sheet(panels, 2, Axes::Shared));
    for (plot, text) in read.plots.iter().zip(["γ = 0", "γ = 9"]) {
        let text = read.text(text);
        assert!((text.x.start - plot.x.end - 12.0 - 32.0).abs() < 0.3, "{text:?}");
        assert!((middle(text) - plot.y.start - 10.0 - 26.0).abs() < 0.5, "{text:?}");
    }
    assert!(
        (read.plots[1].x.start - read.plots[0].x.end - (32.0 + 110.0 + 12.0 + 20.0)).abs() < 0.5
    );
}

#[test]
fn a_bar_for_all_is_as_high_as_a_plot_or_can_be_read_and_stands_under_a_legend() {
    let colours = ColourScale::linear("test loss").from_to(0.0, 40.0);
    let steps = |read: &Read, left: f64| -> Area {
        let of_bar = |m: &&Area| m.what == "rect" && (m.x.start - left).abs() < 0.1;
        let all: Vec<&Area> = read.marks.iter().filter(of_bar).collect();
        assert_eq!(all.len(), 100, "{left} {read:?}");
        Area { x: all[0].x.clone(), y: all[0].y.start..all[99].y.end, what: String::new() }
    };
    let end = |read: &Read| read.plots.iter().map(|p| p.x.end).fold(0.0, f64::max) + 16.0;
    let one = read(&sheet(maps(1, &colours), 1, Axes::Shared));
    assert_plot(&steps(&one, end(&one)), (98.0 + 616.0, 42.0), (12.0, 430.0));
    // Two rows of 284 with 36 between: 300 are more than one of them.
    let six = read(&sheet(maps(6, &colours), 3, Axes::Shared));
    let top = six.plots[0].y.start;
    assert_plot(&steps(&six, end(&six)), (end(&six), top), (12.0, 300.0));
    // One row of 284 is all there is.
    let three = read(&sheet(maps(3, &colours), 3, Axes::Shared));
    assert_plot(&steps(&three, end(&three)), (end(&three), top), (12.0, 284.0));
    let coloured = charts(1, 2, &|columns| columns.colour = Some(("value", colours.clone())));
    let read = read(&sheet(coloured, 1, Axes::Own));
    assert_plot(&steps(&read, 98.0 + 616.0), (714.0, 42.0 + 215.0), (12.0, 215.0));
    assert!(read.text("published").y.end < 42.0 + 215.0 - 16.0);
    // Numbers of the bar stand by their colour.
    let at = |text: &str| {
        let of_bar = |t: &&Area| t.what == text && t.x.start > 720.0;
        middle(read.texts.iter().find(of_bar).unwrap())
    };
    assert!((at("0") - (42.0 + 430.0)).abs() < 0.8 && (at("40") - (42.0 + 215.0)).abs() < 0.8);
    assert!((at("20") - (42.0 + 215.0 * 1.5)).abs() < 0.8);
}

#[test]
fn titles_of_compact_panels_axes_stand_once_in_the_middle() {
    let (panels, columns) = bars(10, 12);
    let read = check("compact", &sheet(panels, columns, Axes::Shared));
    // 20 + (11 + 8) + 30 from the left, 36 + (10 + 4) from the top; each 110 × 88 with 9 and 19 between.
    let (origin, size) = ((69.0, 50.0), (101.0, 69.0));
    for (k, area) in read.plots.iter().enumerate() {
        let corner = (origin.0 + 110.0 * (k % 12) as f64, origin.1 + 88.0 * (k / 12) as f64);
        assert_plot(area, corner, size);
    }
    let extent = (11.0 * 110.0 + 101.0, 9.0 * 88.0 + 69.0);
    let beneath = read.text("norm of a feature");
    assert!(
        (f64::midpoint(beneath.x.start, beneath.x.end) - origin.0 - extent.0 / 2.0).abs() < 1.0
    );
    assert!((beneath.y.start - origin.1 - extent.1 - 18.0 - 2.0).abs() < 0.8, "{beneath:?}");
    assert!((beneath.y.end - beneath.y.start - letters(13.0)).abs() < 0.1);
    let beside = read.text("share of features");
    assert!((f64::midpoint(beside.y.start, beside.y.end) - origin.1 - extent.1 / 2.0).abs() < 1.0);
    assert!((beside.x.start - 20.0).abs() < 0.8, "{beside:?}");
    let caption = 17.0 * (read.texts.iter().filter(|t| t.y.start > beneath.y.end).count()) as f64;
    assert!((read.whole.y.end - (origin.1 + extent.1 + 18.0 + 19.0 + 20.0 + caption)).abs() < 0.1);
    assert!((read.whole.x.end - (origin.0 + extent.0 + 20.0)).abs() < 0.1);
    // Numbers stand at the left and the lower panels, the last of an axis nowhere.
    for (k, area) in read.plots.iter().enumerate() {
        assert_eq!(read.beneath(area, 14.0).contains(&"0.5"), k >= 108, "{k}");
    }
    let left = read.texts.iter().filter(|t| t.x.end <= 69.0 && t.what == "0.4").count();
    assert_eq!(left, 10);
    // Each with its own heights: no numbers beside.
    let own = check("own heights", &sheet(bars(10, 12).0, 12, Axes::SharedX));
    assert_plot(&own.plots[0], (20.0 + 19.0 + 8.0, 50.0), size);
    assert!(own.texts.iter().all(|t| t.what != "0.8"));
}

#[test]
fn a_title_of_a_panel_is_cut_only_where_the_next_one_begins() {
    let mut panels = charts(4, 1, &|_| ());
    let words = "a title of some words that goes on for a while";
    let width = font::width(words, 15).unwrap();
    assert!((250..400).contains(&width), "{width}");
    for (k, panel) in panels.iter_mut().enumerate() {
        let Panel::Chart(chart) = panel else { panic!("a chart") };
        chart.title =
            format!("{k} {words}{}", if k == 0 { " and on, and on, and on, and on" } else { "" });
    }
    let read = check("titles", &sheet(panels, 2, Axes::Shared));
    for k in 1..4 {
        read.text(&format!("{k} {words}"));
    }
    let cut = read.texts.iter().find(|t| t.what.ends_with('…')).unwrap();
    let room = 420.0 - 4.0 - (cut.x.end - cut.x.start);
    assert!((0.0..20.0).contains(&room), "{room} {cut:?}");
}

#[test]
fn a_sheet_grows_for_its_legend_but_not_for_one_beside_a_bar_or_a_very_long_one() {
    let height = |n_groups: usize, is_coloured: bool| {
        let panels = charts(1, n_groups, &|columns| {
            columns.guides = &[];
            columns.published = None;
            if is_coloured {
                columns.colour = Some(("value", ColourScale::linear("dead")));
            }
        });
        let sheet = sheet(panels, 1, Axes::Own);
        let read = read(&sheet);
        read.whole.y.end - assert_caption(&read, &sheet)
    };
    // 42 above and 430 of plot, with 48 below; entries of 26 with 10 above, up to 24 of them.
    for (n_groups, is_coloured, expected) in [
        (3, false, 42.0 + 478.0 + 20.0),
        (18, false, 42.0 + 478.0 + 20.0),
        (19, false, 42.0 + 19.0 * 26.0 + 10.0 + 20.0),
        (24, false, 42.0 + 24.0 * 26.0 + 10.0 + 20.0),
        (25, false, 42.0 + 478.0 + 20.0),
        (24, true, 42.0 + 478.0 + 20.0),
    ] {
        let found = height(n_groups, is_coloured);
        assert!(
            (found - expected).abs() < 0.1,
            "{n_groups} {is_coloured}: {found}, not {expected}"
        );
    }
}
