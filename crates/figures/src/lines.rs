//! Charts from a tidy table: one row a point.

use std::sync::Arc;

use plotters::style::RGBColor;
use superpose_files::table::{Field, Table, TableError};

use crate::axis::Axis;
use crate::chart::{Chart, Mark, NamesAt, Point, Series};
use crate::colour_bar::ColourScale;
use crate::keys::{Keys, Order, grid};
use crate::palette::{self, GREY};
use crate::panel::Panel;

/// Where error bars end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorBars<'a> {
    /// There are none.
    None,
    /// At the values of two columns.
    Ends(&'a str, &'a str),
    /// Above and below the point, by the value of a column.
    Deviation(&'a str),
}

/// A line to compare with, drawn from a column of the same table: theory, or a fit.
///
/// Where all groups have the same value at every place it is one grey line a panel, else one line a
/// group in the colour of the group. Without a value in the whole table it has no line and no entry in the
/// legend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guide<'a> {
    /// Its ordinates.
    pub column: &'a str,
    /// Its entry in the legend.
    pub label: &'a str,
    /// How it is drawn.
    pub mark: Mark,
}

/// Which columns become charts, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct Lines<'a> {
    /// Abscissae; a row without one is left out. Where words stand, and for [`Mark::Bars`], the axis
    /// is one of names in order of appearance.
    pub x: &'a str,
    /// Ordinates; a row without one has no mark.
    pub y: &'a str,
    /// Error bars; a row without an end has none.
    pub error_bars: ErrorBars<'a>,
    /// What sets groups apart: each distinct value has a colour and an entry in the legend.
    pub group: Option<&'a str>,
    /// The symbol before the value in the legend; without groups the entry itself.
    pub group_label: &'a str,
    /// What is written below each dot, where that is not empty.
    pub name: Option<&'a str>,
    /// What sets lines of a group apart: one line for each distinct value; one line a group if none.
    pub line: Option<&'a str>,
    /// What sets the rows of a grid of panels apart; without, panels stand as they come.
    pub row: Option<&'a str>,
    /// The symbol before its value in the panel's title.
    pub row_label: &'a str,
    /// What sets panels apart: one chart for each distinct value.
    pub panel: Option<&'a str>,
    /// The symbol before the value in the panel's title.
    pub panel_label: &'a str,
    /// Lines to compare with.
    pub guides: &'a [Guide<'a>],
    /// Numbers of others at the same places, drawn as rings; `published` in the legend.
    pub published: Option<&'a str>,
    /// A value that colours each dot, and what it means; over the whole table without a range.
    pub colour: Option<(&'a str, ColourScale)>,
    /// The horizontal axis.
    pub x_axis: Axis,
    /// The vertical axis.
    pub y_axis: Axis,
    /// How groups are drawn.
    pub mark: Mark,
    /// Where groups are numbers, what they are numbers of: each has its colour on a scale with a bar, and none an
    /// entry in the legend. Many have that anyway.
    pub group_scale: Option<ColourScale>,
    /// Whether dots of several groups at one place are moved apart a little.
    pub is_parted: bool,
}

impl<'a> Lines<'a> {
    /// Joined points of a column against another, each with its axis, without any of the extras.
    pub fn plain(x: (&'a str, Axis), y: (&'a str, Axis)) -> Self {
        Self {
            x: x.0,
            y: y.0,
            error_bars: ErrorBars::None,
            group: None,
            group_label: "",
            name: None,
            line: None,
            row: None,
            row_label: "",
            panel: None,
            panel_label: "",
            guides: &[],
            published: None,
            colour: None,
            x_axis: x.1,
            y_axis: y.1,
            mark: Mark::JoinedDots,
            group_scale: None,
            is_parted: false,
        }
    }
}

/// One chart for each distinct value of `lines.panel`, in order of appearance; with `lines.row` one for each pair of
/// values, row by row, both in order of size; none when the table is empty. Groups have the same colours in all of them, and come in order of size if they are
/// numbers.
///
/// # Errors
/// [`TableError`] when the table lacks a column or a word stands where a number must.
pub fn lines(table: &Table, lines: &Lines<'_>) -> Result<Vec<Panel>, TableError> {
    let columns = Columns::of(table, lines)?;
    let panels = grid(table, (lines.row, lines.row_label), (lines.panel, lines.panel_label))?;
    let charts = panels.into_iter().map(|(title, rows)| {
        Panel::Chart(Chart {
            series: columns.series(lines, &rows),
            colours: columns.colours.clone(),
            is_parted: lines.is_parted,
            ..Chart::empty(&title, columns.x_axis.clone(), lines.y_axis.clone())
        })
    });
    Ok(charts.collect())
}

/// What is drawn of a table.
struct Columns {
    x: Vec<f64>,
    x_axis: Axis,
    y: Vec<f64>,
    /// Ends of the error bars.
    ends: Option<(Vec<f64>, Vec<f64>)>,
    groups: Keys,
    lines: Keys,
    /// Which groups have a mark anywhere.
    present: Vec<bool>,
    guides: Vec<Vec<f64>>,
    published: Option<Vec<f64>>,
    values: Option<Vec<f64>>,
    colours: Option<ColourScale>,
    /// What is written beside each row's dot.
    names: Option<Vec<String>>,
    /// The colour of each group.
    group_colours: Vec<RGBColor>,
    /// What each row is of.
    of: Vec<Arc<str>>,
}

impl Columns {
    fn of(table: &Table, lines: &Lines<'_>) -> Result<Self, TableError> {
        let (x, x_axis) = abscissae(table, lines)?;
        let y = table.numbers(lines.y)?;
        let ends = match lines.error_bars {
            ErrorBars::None => None,
            ErrorBars::Ends(low, high) => Some((table.numbers(low)?, table.numbers(high)?)),
            ErrorBars::Deviation(column) => {
                let deviation = table.numbers(column)?;
                let end = |sign: f64| y.iter().zip(&deviation).map(|(y, d)| y + sign * d).collect();
                Some((end(-1.0), end(1.0)))
            }
        };
        let groups = Keys::of(table, lines.group, lines.group_label, Order::Size)?;
        let of_line = Keys::of(table, lines.line, "", Order::Appearance)?;
        let of = of_rows(table, lines, &groups);
        let guides =
            lines.guides.iter().map(|g| table.numbers(g.column)).collect::<Result<_, _>>()?;
        let published = lines.published.map(|column| table.numbers(column)).transpose()?;
        let values = lines.colour.as_ref().map(|(column, _)| table.numbers(column)).transpose()?;
        let of_dots =
            lines.colour.as_ref().zip(values.as_ref()).map(|((_, scale), v)| scale.over(v));
        let (group_colours, of_groups) = group_colours(table, lines, &groups)?;
        let colours = of_dots.or(of_groups);
        let is_marked = |row: &usize| x[*row].is_finite() && y[*row].is_finite();
        let present = groups.rows().iter().map(|rows| rows.iter().any(is_marked)).collect();
        Ok(Self {
            x,
            x_axis,
            y,
            ends,
            groups,
            lines: of_line,
            present,
            guides,
            published,
            values,
            colours,
            names: lines.name.map(|column| table.words(column)).transpose()?,
            group_colours,
            of,
        })
    }

    /// The series of a chart of `rows`: guides at the bottom, published numbers on top.
    fn series(&self, lines: &Lines<'_>, rows: &[usize]) -> Vec<Series> {
        let mut rows: Vec<usize> =
            rows.iter().copied().filter(|r| self.x[*r].is_finite()).collect();
        rows.sort_by(|a, b| self.x[*a].total_cmp(&self.x[*b]));
        let groups: Vec<(Vec<usize>, RGBColor)> = (0..self.groups.labels.len())
            .map(|g| {
                let own = rows.iter().copied().filter(|r| self.groups.of_row[*r] == g).collect();
                // Where a value gives the colour a group has none.
                (own, if self.values.is_some() { GREY } else { self.group_colours[g] })
            })
            .collect();
        let mut series = Vec::new();
        let known = |(i, _): &(usize, &Guide<'_>)| self.guides[*i].iter().any(|v| v.is_finite());
        for (i, guide) in lines.guides.iter().enumerate().filter(known) {
            series.extend(self.guide(guide, i, &rows, &groups));
        }
        for (g, (rows, colour)) in groups.iter().enumerate().filter(|(g, _)| self.present[*g]) {
            let label = match lines.group {
                Some(_) if self.values.is_none() && self.colours.is_some() => "",
                Some(_) => &self.groups.labels[g],
                None => lines.group_label,
            };
            series.extend(self.group(rows, label, *colour, lines.mark));
        }
        let published = self.published.as_ref();
        if let Some(published) = published.filter(|all| all.iter().any(|v| v.is_finite())) {
            series.push(Series::of("published", GREY, Mark::Rings, vec![]));
            for (rows, colour) in &groups {
                let rows = rows.iter().filter(|r| published[**r].is_finite());
                let mut points: Vec<Point> = rows.map(|&r| self.at(r, published)).collect();
                points.dedup();
                series.push(Series::of("", *colour, Mark::Rings, points));
            }
        }
        series
    }

    /// The series of a group: one for each of its lines, the first with the group's entry in the legend.
    fn group(&self, rows: &[usize], label: &str, colour: RGBColor, mark: Mark) -> Vec<Series> {
        let line = |row: &usize| self.lines.of_row[*row];
        let mut rows: Vec<usize> =
            rows.iter().copied().filter(|r| self.y[*r].is_finite()).collect();
        rows.sort_by_key(line);
        let mut of_line: Vec<&[usize]> = rows.chunk_by(|a, b| line(a) == line(b)).collect();
        if of_line.is_empty() {
            of_line.push(&[]);
        }
        let labels = std::iter::once(label).chain(std::iter::repeat(""));
        let series = |(rows, label): (&[usize], &str)| {
            let names = |all: &Vec<String>| rows.iter().map(|row| all[*row].clone()).collect();
            Series {
                names: self.names.as_ref().map_or(Vec::new(), names),
                names_at: NamesAt::Below,
                ..Series::of(label, colour, mark, rows.iter().map(|r| self.point(*r)).collect())
            }
        };
        of_line.into_iter().zip(labels).map(series).collect()
    }

    fn guide(
        &self,
        guide: &Guide<'_>,
        i: usize,
        rows: &[usize],
        groups: &[(Vec<usize>, RGBColor)],
    ) -> Vec<Series> {
        let mark = guide.mark;
        let entry = |points| Series::of(guide.label, palette::guide(i), mark, points);
        let all = self.points(&self.guides[i], rows);
        let same_place = |pair: &[Point]| pair[0].x.total_cmp(&pair[1].x).is_eq();
        if !all.windows(2).any(same_place) {
            return vec![entry(all)];
        }
        let of_group = |(rows, colour): &(Vec<usize>, RGBColor)| {
            Series::of("", *colour, mark, self.points(&self.guides[i], rows))
        };
        std::iter::once(entry(vec![])).chain(groups.iter().map(of_group)).collect()
    }

    /// The point of a column in a row, with the value that colours it.
    fn at(&self, row: usize, y: &[f64]) -> Point {
        let value = self.values.as_ref().map(|values| values[row]).filter(|v| v.is_finite());
        Point { value, of: Some(self.of[row].clone()), ..Point::at(self.x[row], y[row]) }
    }

    /// Our point in a row.
    fn point(&self, row: usize) -> Point {
        let end = |ends: &Vec<f64>| Some(ends[row]).filter(|v| v.is_finite());
        let bar = self.ends.as_ref().and_then(|(low, high)| end(low).zip(end(high)));
        Point { bar, ..self.at(row, &self.y) }
    }

    /// The points of a guide at `rows`, each once.
    fn points(&self, y: &[f64], rows: &[usize]) -> Vec<Point> {
        let points =
            rows.iter().filter(|r| y[**r].is_finite()).map(|&r| Point::at(self.x[r], y[r]));
        let mut points: Vec<Point> = points.collect();
        points.sort_by(|a, b| a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y)));
        points.dedup();
        points
    }
}

/// Numbers that groups are told apart by, one an entry of the legend; of more, a scale with a bar tells them apart.
const MOST_ENTRIES: usize = 8;

/// The colour of each group, and the scale that gives it, if a number does.
fn group_colours(
    table: &Table,
    lines: &Lines<'_>,
    groups: &Keys,
) -> Result<(Vec<RGBColor>, Option<ColourScale>), TableError> {
    let n = groups.labels.len();
    let many = || (n > MOST_ENTRIES).then(|| ColourScale::linear(lines.group_label));
    let scale = lines.group_scale.clone().or_else(many);
    let numbers = lines.group.map(|column| table.numbers(column)).transpose();
    if let (Some(scale), Ok(Some(values))) = (scale, numbers) {
        let of_group: Vec<f64> = groups
            .rows()
            .iter()
            .map(|rows| rows.first().map_or(f64::NAN, |r| values[*r]))
            .collect();
        let scale = scale.over(&of_group);
        if let Some(shades) = scale.shades(&of_group) {
            return Ok((of_group.iter().map(|v| shades.colour(*v)).collect(), Some(scale)));
        }
    }
    Ok(((0..n).map(|g| palette::colour(g, n)).collect(), None))
}

/// What each row is of: its group, its line and its cell, as far as the table has them.
fn of_rows(table: &Table, lines: &Lines<'_>, groups: &Keys) -> Vec<Arc<str>> {
    let group = |row: usize| match lines.group {
        Some(_) => groups.labels[groups.of_row[row]].clone(),
        None => lines.group_label.to_owned(),
    };
    let column = |name: &str| table.column(name).ok();
    let cell = column("cell_id");
    let seed =
        lines.line.filter(|name| *name != "cell_id").and_then(|name| Some((name, column(name)?)));
    let of = |(row, fields): (usize, &Vec<Field>)| {
        let mut parts = vec![group(row)];
        parts.extend(seed.map(|(name, at)| format!("{name} = {}", fields[at].short())));
        parts.extend(cell.map(|at| format!("cell {}", fields[at].short())));
        parts.retain(|part| !part.is_empty());
        Arc::from(parts.join(", "))
    };
    table.rows.iter().enumerate().map(of).collect()
}

/// The abscissae and their axis; places 0, 1, 2, … if it is one of names.
fn abscissae(table: &Table, lines: &Lines<'_>) -> Result<(Vec<f64>, Axis), TableError> {
    let numbers = table.numbers(lines.x);
    if lines.mark != Mark::Bars && !matches!(numbers, Err(TableError::NotANumber { .. })) {
        return Ok((numbers?, lines.x_axis.clone()));
    }
    let names = Keys::of(table, Some(lines.x), "", Order::Appearance)?;
    let x = names.of_row.iter().map(|&i| i as f64).collect();
    Ok((x, Axis::named(&lines.x_axis.label, names.labels)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CSV: &str = "set,d,gamma,loss,low,high,theory,paper\n\
                       b,20,-1,0.05,0.04,0.06,0.05,0.051\nb,10,-1,0.1,,,0.1,\n\
                       b,10,1,0.3,0.2,0.4,0.1,\nb,,1,0.3,0.2,0.4,0.1,\n\
                       a,10,-1,,0.2,0.4,0.2,\na,20,1,0.2,0.1,0.3,0.1,\n";

    fn example() -> Lines<'static> {
        Lines {
            x: "d",
            y: "loss",
            error_bars: ErrorBars::Ends("low", "high"),
            group: Some("gamma"),
            group_label: "γ",
            name: None,
            line: None,
            row: None,
            row_label: "",
            panel: Some("set"),
            panel_label: "",
            guides: &[Guide { column: "theory", label: "1/d", mark: Mark::Dotted }],
            published: Some("paper"),
            colour: None,
            x_axis: Axis::logarithmic("d"),
            y_axis: Axis::logarithmic("loss"),
            mark: Mark::Dots,
            group_scale: None,
            is_parted: false,
        }
    }

    fn charts(csv: &str, columns: &Lines<'_>) -> Vec<Chart> {
        let table = Table::from_csv("t", csv.as_bytes()).unwrap();
        let chart = |panel| match panel {
            Panel::Chart(chart) => chart,
            other => panic!("{other:?}"),
        };
        lines(&table, columns).unwrap().into_iter().map(chart).collect()
    }

    fn count(chart: &Chart, mark: Mark) -> Vec<usize> {
        chart.series.iter().filter(|s| s.mark == mark).map(|s| s.points.len()).collect()
    }

    #[test]
    fn every_row_with_both_coordinates_is_a_mark_in_the_panel_of_its_value() {
        let charts = charts(CSV, &example());
        assert_eq!(charts.iter().map(|c| &*c.title).collect::<Vec<_>>(), ["b", "a"]);
        assert_eq!(count(&charts[0], Mark::Dots), [2, 1]);
        assert_eq!(count(&charts[1], Mark::Dots), [0, 1]);
        assert_eq!(count(&charts[0], Mark::Rings).iter().sum::<usize>(), 1);
        let dots = charts[0].series.iter().find(|s| s.label == "γ = −1").unwrap();
        assert!(dots.points[0].x < dots.points[1].x, "sorted by x");
        assert_eq!((dots.points[0].bar, dots.points[1].bar), (None, Some((0.04, 0.06))));
        let labels: Vec<&str> = charts[0].legend().iter().map(|s| &*s.label).collect();
        assert_eq!(labels, ["1/d", "γ = −1", "γ = 1", "published"]);
    }

    #[test]
    fn a_guide_that_all_groups_share_is_one_line_and_else_one_a_group() {
        let shared = charts(CSV, &example());
        assert_eq!(count(&shared[0], Mark::Dotted), [2]);
        let own = charts(
            "set,d,gamma,loss,low,high,theory,paper\na,1,1,,,,1,\na,1,2,,,,2,\n",
            &example(),
        );
        assert_eq!(count(&own[0], Mark::Dotted), [0, 1, 1]);
        let none = charts("set,d,gamma,loss,low,high,theory,paper\na,1,1,1,,,,\n", &example());
        assert_eq!(count(&none[0], Mark::Dotted), [0_usize; 0]);
    }

    #[test]
    fn lines_of_a_group_have_its_colour_and_one_entry() {
        let csv = "set,cell,step,loss\na,x,1,1\na,x,2,0.5\na,y,1,1\nb,z,1,1\n";
        let columns = Lines {
            group: Some("set"),
            line: Some("cell"),
            ..Lines::plain(("step", Axis::linear("")), ("loss", Axis::linear("")))
        };
        let charts = charts(csv, &columns);
        assert_eq!(count(&charts[0], Mark::JoinedDots), [2, 1, 1]);
        let series = &charts[0].series;
        assert_eq!(series.iter().map(|s| &*s.label).collect::<Vec<_>>(), ["a", "", "b"]);
        assert!(series[0].colour == series[1].colour && series[1].colour != series[2].colour);
    }

    #[test]
    fn words_and_bars_stand_on_an_axis_of_names() {
        let bars = Lines { x: "set", mark: Mark::Bars, panel: None, ..example() };
        let charts = charts(CSV, &bars);
        assert_eq!(charts[0].x.names, ["b", "a"]);
        assert_eq!(charts[0].ends().unwrap()[0], (-0.6, 1.6));
        assert_eq!(count(&charts[0], Mark::Bars).iter().sum::<usize>(), 5);
    }

    #[test]
    fn a_missing_column_is_named_and_an_empty_table_gives_no_panel() {
        let table = Table::from_csv("t", CSV.as_bytes()).unwrap();
        let wrong = Lines { published: Some("papers"), ..example() };
        assert!(lines(&table, &wrong).unwrap_err().to_string().contains("`papers`"));
        let header = CSV.lines().next().unwrap();
        assert!(charts(header, &example()).is_empty());
        assert!(charts(header, &Lines { panel: None, ..example() }).is_empty());
    }

    #[test]
    fn an_axis_of_numbers_stays_one_and_words_and_bars_make_one_of_names() {
        let x = |column: &'static str, mark: Mark| {
            let columns = Lines { x: column, mark, panel: None, ..example() };
            let chart = charts(CSV, &columns).remove(0);
            (chart.x.names.len(), chart.x.label)
        };
        assert_eq!(x("d", Mark::Dots), (0, "d".to_owned()));
        assert_eq!(x("set", Mark::Dots), (2, "d".to_owned()));
        // 20, 10 and none.
        assert_eq!(x("d", Mark::Bars).0, 3);
        let bars = Lines { x: "d", mark: Mark::Bars, panel: None, ..example() };
        let places: Vec<f64> = charts(CSV, &bars)[0]
            .series
            .iter()
            .filter(|s| s.mark == Mark::Bars)
            .flat_map(|s| s.points.iter().map(|p| p.x))
            .collect();
        assert_eq!(places, [0.0, 1.0, 0.0, 1.0, 2.0]);
    }

    #[test]
    fn a_deviation_is_as_far_below_as_above() {
        let columns = Lines { error_bars: ErrorBars::Deviation("low"), panel: None, ..example() };
        let bars: Vec<_> = charts(CSV, &columns)[0]
            .series
            .iter()
            .filter(|s| s.mark == Mark::Dots)
            .flat_map(|s| s.points.iter().map(|p| p.bar))
            .collect();
        let expected = [None, Some((0.05 - 0.04, 0.05 + 0.04))];
        assert_eq!(bars[..2], expected);
        let none = Lines { error_bars: ErrorBars::None, panel: None, ..example() };
        let chart = charts(CSV, &none).remove(0);
        assert!(chart.series.iter().flat_map(|s| &s.points).all(|p| p.bar.is_none()));
    }

    #[test]
    fn a_value_colours_its_points_and_groups_are_grey_then() {
        let scale = ColourScale::linear("L");
        let columns = Lines { colour: Some(("high", scale)), ..example() };
        let charts = charts(CSV, &columns);
        // The whole table's range, in both panels.
        assert!(charts.iter().all(|c| c.colours.as_ref().unwrap().range == Some((0.06, 0.4))));
        let dots: Vec<&Series> = charts[0].series.iter().filter(|s| s.mark == Mark::Dots).collect();
        assert!(dots.iter().all(|s| s.colour == GREY));
        let values: Vec<_> = dots.iter().flat_map(|s| s.points.iter().map(|p| p.value)).collect();
        assert_eq!(values, [None, Some(0.06), Some(0.4)]);
        assert_eq!(charts[0].values().len(), 3, "a ring has its colour too");
    }

    #[test]
    fn a_group_without_any_mark_has_no_entry_and_one_without_here_keeps_its_colour() {
        let csv = "set,d,gamma,loss,low,high,theory,paper\n\
                   a,1,1,0.5,,,,\na,1,2,,,,,\na,1,3,0.7,,,,\nb,1,3,0.2,,,,\n";
        let charts = charts(csv, &example());
        let entries = |c: &Chart| c.legend().iter().map(|s| s.label.clone()).collect::<Vec<_>>();
        assert_eq!(entries(&charts[0]), ["γ = 1", "γ = 3"]);
        assert_eq!(entries(&charts[1]), ["γ = 1", "γ = 3"]);
        let colour = |c: &Chart| c.series.iter().find(|s| s.label == "γ = 3").unwrap().colour;
        assert_eq!(colour(&charts[0]), palette::colour(2, 3));
        assert_eq!(colour(&charts[1]), palette::colour(2, 3));
    }

    #[test]
    fn guides_have_colours_of_their_own_and_each_place_once() {
        let guides = [
            Guide { column: "theory", label: "one", mark: Mark::Dotted },
            Guide { column: "high", label: "two", mark: Mark::Line },
            Guide { column: "paper", label: "none", mark: Mark::Line },
        ];
        let columns = Lines {
            guides: &guides,
            group: None,
            group_label: "ours",
            panel: None,
            published: None,
            ..example()
        };
        let csv =
            "set,d,gamma,loss,low,high,theory,paper\na,2,1,1,,7,5,\na,1,1,1,,3,4,\na,1,2,2,,3,4,\n";
        let chart = charts(csv, &columns).remove(0);
        let lines: Vec<_> = chart
            .series
            .iter()
            .map(|s| {
                let points: Vec<(f64, f64)> = s.points.iter().map(|p| (p.x, p.y)).collect();
                (&*s.label, s.colour, points)
            })
            .collect();
        assert_eq!(lines[0], ("one", palette::guide(0), vec![(1.0, 4.0), (2.0, 5.0)]));
        assert_eq!(lines[1], ("two", palette::guide(1), vec![(1.0, 3.0), (2.0, 7.0)]));
        assert_eq!((lines[2].0, lines.len()), ("ours", 3));
    }

    #[test]
    fn the_same_published_number_is_one_ring() {
        let csv = "set,d,gamma,loss,low,high,theory,paper\na,1,1,1,,,,2\na,1,1,3,,,,2\na,2,1,1,,,,\na,3,2,1,,,,5\n";
        let chart = charts(csv, &Lines { panel: None, ..example() }).remove(0);
        assert_eq!(count(&chart, Mark::Rings), [0, 1, 1]);
        let colours: Vec<_> =
            chart.series.iter().filter(|s| s.mark == Mark::Rings).map(|s| s.colour).collect();
        assert_eq!(colours, [GREY, palette::colour(0, 2), palette::colour(1, 2)]);
    }
}
