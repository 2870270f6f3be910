//! What holds for every picture, read off its SVG: all that is drawn lies inside it, plots lie apart and texts too,
//! and marks lie in their plots.

mod places;

use std::ops::Range;

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
    let width = f64::from(font::width(text, (size * 1.24).round() as u32));
    let left = match tag {
        _ if tag.contains("text-anchor=\"middle\"") => -0.5 * width,
        _ if tag.contains("text-anchor=\"end\"") => -width,
        _ => 0.0,
    };
    let corners = [(left, -0.74 * size), (left + width, 0.2 * size)];
    let turned = corners.map(|(dx, dy)| match tag.split_once("rotate(") {
        None => (x + dx, y + dy),
        Some((_, turn)) => {
            let turn: Vec<f64> =
                turn.split([' ', ')']).take(3).map(|n| n.parse().unwrap()).collect();
            // Where it is before it is turned, from the point that it is turned about.
            let (dx, dy) = (x + dx - turn[1], y + dy - turn[2]);
            if turn[0] < 180.0 {
                (turn[1] - dy, turn[2] + dx)
            } else {
                (turn[1] + dy, turn[2] - dx)
            }
        }
    });
    Area::around(&turned, text)
}

/// Reads the SVG of a sheet.
pub(crate) fn read(sheet: &Sheet) -> Read {
    let scene = Arrangement::of(sheet);
    let canvas = Canvas::new(scene.size, UNIT);
    scene.draw(&canvas).unwrap();
    let (svg, size) = (canvas.tags(), canvas.area.dim_in_pixel());
    let end = (f64::from(size.0), f64::from(size.1));
    let whole = Area::around(&[(0.0, 0.0), end], "picture");
    let mut read = Read { whole, plots: vec![], texts: vec![], marks: vec![] };
    for tag in svg.lines() {
        let name = tag.trim_start_matches('<').split(' ').next().unwrap();
        match name {
            "text" => {
                let text = tag.split_once('>').unwrap().1.trim_end_matches("</text>");
                read.texts.push(place_of_text(tag, &unescaped(text)));
            }
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

/// A row for each panel, group and abscissa; of many groups, names and no numbers.
fn table(n_panels: usize, n_groups: usize) -> Table {
    let mut csv = "panel,group,x,y,low,high,theory,paper,value\n".to_owned();
    for panel in 0..n_panels {
        for group in 0..n_groups {
            for (k, x) in [8, 20, 50, 130].into_iter().enumerate() {
                let y = (1.0 + group as f64) / f64::from(x) + panel as f64 * 0.01;
                let (low, high, value) = (0.8 * y, 1.25 * y, k + 3 * group + 10 * panel);
                let named = if n_groups > 8 { "group " } else { "" };
                csv += &format!(
                    "{panel},{named}{group},{x},{y},{low},{high},{},{},{value}\n",
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
        row: None,
        row_label: "",
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

#[test]
fn texts_of_the_pictures_in_the_repository_lie_apart_and_inside() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../experiments");
    let mut n_pictures = 0;
    for experiment in std::fs::read_dir(folder).unwrap() {
        let Ok(files) = std::fs::read_dir(experiment.unwrap().path()) else { continue };
        for path in files.map(|file| file.unwrap().path()) {
            if path.extension().is_none_or(|extension| extension != "svg") {
                continue;
            }
            let svg = std::fs::read_to_string(&path).unwrap();
            n_pictures += 1;
            let first = svg.lines().next().unwrap();
            let size: Vec<f64> =
                attribute(first, "viewBox").split(' ').map(|n| n.parse().unwrap()).collect();
            let whole = Area::around(&[(0.0, 0.0), (size[2], size[3])], "picture");
            let texts: Vec<Area> = svg
                .lines()
                .filter(|tag| tag.starts_with("<text"))
                .map(|tag| {
                    let text = tag.split_once('>').unwrap().1.trim_end_matches("</text>");
                    place_of_text(tag, &unescaped(text))
                })
                .collect();
            for (i, text) in texts.iter().enumerate() {
                assert!(text.is_within(&whole), "{}: {text:?}", path.display());
                let met = texts[i + 1..].iter().find(|other| text.meets(other));
                assert!(met.is_none(), "{}: {text:?} is written on {met:?}", path.display());
            }
        }
    }
    assert!(n_pictures > 30, "{n_pictures}");
}
