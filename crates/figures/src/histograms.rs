//! Histograms in a grid from a tidy table: one row a bin. Each has bars over the bins of one quantity.

use plotters::prelude::*;
use superpose_files::table::{Table, TableError};

use crate::axes::Plot;
use crate::axis::{Axis, range};
use crate::canvas::{Canvas, DrawResult, said};
use crate::keys::{Keys, Order, pairs};
use crate::palette::colour;
use crate::panel::Panel;

/// Guides across the bars; not dashed, since each dash is a line of the SVG.
const GUIDE: RGBColor = RGBColor(213, 94, 0);

/// A histogram. Heights are drawn as they are given: counts, shares or densities.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    /// What sets it apart from its neighbours.
    pub title: String,
    /// The quantity.
    pub x: Axis,
    /// What the heights are.
    pub y: Axis,
    /// Where bins begin, and the end of the last: one more than heights.
    pub edges: Vec<f64>,
    /// One height a bin; where there is none, not a number, and no bar.
    pub heights: Vec<f64>,
    /// Places of vertical guides.
    pub guides: Vec<f64>,
}

impl Histogram {
    /// The ends of both axes; `None` when there is no bar.
    pub(crate) fn ends(&self) -> Option<[(f64, f64); 2]> {
        let (_, highest) = range(self.heights.iter().copied())?;
        let (low, high) = range(self.edges.iter().copied())?;
        let top = if highest > 0.0 { 1.06 * highest } else { 1.0 };
        (high > low).then_some([(low, high), (0.0, top)])
    }

    /// Draws bars and guides.
    pub(crate) fn draw(&self, canvas: &Canvas, plot: &Plot) -> DrawResult {
        let ([x, y], at) = (plot.ends, |x, y| plot.at(canvas, x, y));
        let bars: Vec<usize> = (0..self.heights.len()).filter(|i| self.heights[*i] > 0.0).collect();
        // Neighbours are one shape: no white between them, and a small file.
        for run in bars.chunk_by(|a, b| a + 1 == *b) {
            let corner = |i: usize, right: usize| at(self.edges[i + right], self.heights[i]);
            let mut outline = vec![at(self.edges[run[0]], 0.0)];
            outline.extend(run.iter().flat_map(|&i| [corner(i, 0), corner(i, 1)]));
            outline.push(at(self.edges[run[run.len() - 1] + 1], 0.0));
            canvas.area.draw(&Polygon::new(outline, colour(0, 1).filled())).map_err(said)?;
        }
        for &guide in self.guides.iter().filter(|g| **g >= x.0 && **g <= x.1) {
            let ends = [at(guide, y.0), at(guide, y.1)];
            let line = PathElement::new(ends.to_vec(), canvas.pen(GUIDE, 1));
            canvas.area.draw(&line).map_err(said)?;
        }
        Ok(())
    }
}

/// Which columns become histograms, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct Histograms<'a> {
    /// Where a bin begins; a row without it is left out.
    pub low: &'a str,
    /// Where a bin ends; a row without it is left out.
    pub high: &'a str,
    /// Its height.
    pub height: &'a str,
    /// What sets the rows of the grid apart.
    pub panel_row: Option<&'a str>,
    /// The symbol before its value in a panel's title.
    pub row_label: &'a str,
    /// What sets the columns of the grid apart.
    pub panel_column: Option<&'a str>,
    /// The symbol before its value in a panel's title.
    pub column_label: &'a str,
    /// Symbol of the quantity.
    pub x_label: &'a str,
    /// What the heights are.
    pub y_label: &'a str,
    /// Places of vertical guides, in all panels.
    pub guides: &'a [f64],
}

/// Panels in rows and columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    /// Panels in a row.
    pub columns: usize,
    /// The panels, row by row.
    pub panels: Vec<Panel>,
}

/// One histogram for each pair of distinct values of `panel_row` and `panel_column`, both from small
/// to large if they are numbers, else as they appear; none when the table is empty. A pair without
/// rows has a histogram without bins, so that the grid stays whole. Bins are sorted; where one is
/// missing between others there is no bar. Of several rows of a bin the last counts.
///
/// # Errors
/// [`TableError`] when the table lacks a column or a word stands where a number must.
pub fn histograms(table: &Table, columns: &Histograms<'_>) -> Result<Grid, TableError> {
    let (low, high) = (table.numbers(columns.low)?, table.numbers(columns.high)?);
    let height = table.numbers(columns.height)?;
    let down = Keys::of(table, columns.panel_row, columns.row_label, Order::Size)?;
    let across = Keys::of(table, columns.panel_column, columns.column_label, Order::Size)?;
    let histogram = |(title, rows): (String, Vec<usize>)| {
        let bin = |row: usize| Bin { low: low[row], high: high[row], height: height[row] };
        let bins = bins(rows.into_iter().map(bin));
        let last = bins.last().map(|b| b.high);
        Panel::Histogram(Histogram {
            title,
            x: Axis::linear(columns.x_label),
            y: Axis::linear(columns.y_label),
            edges: bins.iter().map(|b| b.low).chain(last).collect(),
            heights: bins.iter().map(|b| b.height).collect(),
            guides: columns.guides.to_vec(),
        })
    };
    let panels = pairs(&down, &across).into_iter().map(histogram).collect();
    Ok(Grid { columns: across.labels.len(), panels })
}

/// A bin; where it fills a gap, its height is not a number.
struct Bin {
    low: f64,
    high: f64,
    height: f64,
}

/// The bins that have ends, sorted, with gaps filled.
fn bins(all: impl Iterator<Item = Bin>) -> Vec<Bin> {
    let mut all: Vec<Bin> = all.filter(|b| b.low.is_finite() && b.high.is_finite()).collect();
    all.sort_by(|a, b| a.low.total_cmp(&b.low));
    let mut bins: Vec<Bin> = Vec::new();
    for bin in all {
        match bins.last_mut() {
            Some(last) if last.low.total_cmp(&bin.low).is_eq() => *last = bin,
            // What edges computed twice differ by is no gap.
            Some(last) if bin.low - last.high > 1e-6 * (bin.high - bin.low) => {
                let gap = Bin { low: last.high, high: bin.low, height: f64::NAN };
                bins.extend([gap, bin]);
            }
            _ => bins.push(bin),
        }
    }
    bins
}

#[cfg(test)]
mod tests {
    use super::*;

    const CSV: &str = "alpha,d,low,high,share,phi\n1,39,0.5,1,0.75,1\n1,39,0,0.5,0.25,0\n\
                       0,39,0,0.5,1,0.5\n0,39,1,1.5,1,0.5\n0,9,0,0.5,1,0.5\n";

    fn example() -> Histograms<'static> {
        Histograms {
            low: "low",
            high: "high",
            height: "share",
            panel_row: Some("alpha"),
            row_label: "α",
            panel_column: Some("d"),
            column_label: "d",
            x_label: "norm",
            y_label: "share",
            guides: &[0.5],
        }
    }

    fn table(csv: &str) -> Table {
        Table::from_csv("t", csv.as_bytes()).unwrap()
    }

    #[test]
    fn every_bin_is_a_bar_and_the_grid_is_whole() {
        let grid = histograms(&table(CSV), &example()).unwrap();
        assert_eq!(grid.columns, 2);
        let titles: Vec<&str> = grid.panels.iter().map(Panel::title).collect();
        assert_eq!(titles, ["α = 0, d = 9", "α = 0, d = 39", "α = 1, d = 9", "α = 1, d = 39"]);
        let bars = grid.panels.iter().map(|panel| match panel {
            Panel::Histogram(h) => {
                assert_eq!(
                    h.edges.len(),
                    if h.heights.is_empty() { 0 } else { h.heights.len() + 1 }
                );
                h.heights.iter().filter(|v| v.is_finite()).count()
            }
            other => panic!("{other:?}"),
        });
        // The third has no rows, the second a gap.
        assert_eq!(bars.collect::<Vec<_>>(), [1, 2, 0, 2]);
    }

    #[test]
    fn a_missing_column_is_named_and_an_empty_table_gives_no_panel() {
        let header = table("alpha,d,low,high,share,phi\n");
        assert!(histograms(&header, &example()).unwrap().panels.is_empty());
        let wrong = Histograms { height: "shares", ..example() };
        assert!(histograms(&header, &wrong).unwrap_err().to_string().contains("`shares`"));
    }

    #[test]
    fn a_histogram_stands_on_zero_between_its_edges() {
        let mut histogram = Histogram {
            title: String::new(),
            x: Axis::linear("norm"),
            y: Axis::linear("share"),
            edges: vec![0.0, 0.5, 1.0],
            heights: vec![f64::NAN, 1.0],
            guides: vec![],
        };
        let [x, y] = histogram.ends().unwrap();
        assert_eq!((x, y.0), ((0.0, 1.0), 0.0));
        histogram.heights.clear();
        assert_eq!(histogram.ends(), None);
    }

    fn bin(low: f64, high: f64, height: f64) -> Bin {
        Bin { low, high, height }
    }

    fn sorted(all: Vec<Bin>) -> Vec<(f64, f64, f64)> {
        bins(all.into_iter()).iter().map(|b| (b.low, b.high, b.height)).collect()
    }

    #[test]
    fn bins_are_sorted_the_last_counts_and_those_without_both_ends_do_not() {
        let all = vec![
            bin(1.0, 2.0, 5.0),
            bin(0.0, 1.0, 3.0),
            bin(f64::NAN, 1.0, 9.0),
            bin(0.5, f64::NAN, 9.0),
            bin(1.0, 2.0, 6.0),
        ];
        assert_eq!(sorted(all), [(0.0, 1.0, 3.0), (1.0, 2.0, 6.0)]);
    }

    #[test]
    fn a_gap_is_more_than_rounding_of_an_edge() {
        let with = |from: f64| sorted(vec![bin(0.0, 1.0, 3.0), bin(from, from + 0.5, 4.0)]);
        assert_eq!(with(1.0 + 4e-7).len(), 2);
        let gap = with(1.25);
        assert_eq!(gap.len(), 3);
        assert!(gap[1].2.is_nan() && (gap[1].0, gap[1].1) == (1.0, 1.25), "{gap:?}");
        assert_eq!(with(1.0 + 6e-7).len(), 3);
    }

    #[test]
    fn the_ends_hold_all_bars_with_air_above_the_highest() {
        let histogram = |edges: &[f64], heights: &[f64]| Histogram {
            title: String::new(),
            x: Axis::linear(""),
            y: Axis::linear(""),
            edges: edges.to_vec(),
            heights: heights.to_vec(),
            guides: vec![],
        };
        let ends = histogram(&[-1.0, 0.0, 2.0], &[50.0, 20.0]).ends().unwrap();
        assert_eq!(ends[0], (-1.0, 2.0));
        assert!(ends[1].0 == 0.0 && (ends[1].1 - 53.0).abs() < 1e-9);
        assert_eq!(histogram(&[0.0, 1.0], &[0.0]).ends().unwrap()[1], (0.0, 1.0));
        assert_eq!(histogram(&[1.0, 1.0], &[3.0]).ends(), None);
    }

    #[test]
    fn neighbours_are_one_shape_and_guides_beyond_the_axis_are_not_drawn() {
        let histogram = Histogram {
            title: String::new(),
            x: Axis::linear(""),
            y: Axis::linear(""),
            edges: vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0],
            heights: vec![2.0, 4.0, f64::NAN, 3.0, 0.0],
            guides: vec![0.0, 5.0, -0.1, 5.1],
        };
        let canvas = Canvas::new((99, 99), 1);
        let plot = Plot { corner: (0, 40), size: (50, 50), ends: [(0.0, 5.0); 2] };
        histogram.draw(&canvas, &plot).unwrap();
        let svg = canvas.tags();
        let points: Vec<&str> = svg
            .lines()
            .filter_map(|line| line.split("points=\"").nth(1)?.split('"').next())
            .collect();
        let guides = ["0,90 0,40", "50,90 50,40"];
        assert_eq!(
            points,
            ["0,90 0,70 10,70 10,50 20,50 20,90", "30,90 30,60 40,60 40,90", guides[0], guides[1]]
        );
    }
}
