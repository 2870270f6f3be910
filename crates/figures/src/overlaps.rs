//! Mean squared overlap of the features' directions against width.

use superpose_files::table::{Table, TableError};

use crate::axis::Axis;
use crate::chart::{Chart, Mark, Point, Series, groups, symbols};
use crate::palette::{GREY, colour};

/// The chart of the table `overlaps`.
///
/// # Errors
/// [`TableError`] when the table lacks a column.
pub fn chart(table: &Table) -> Result<Chart, TableError> {
    let width = table.numbers("d_hidden")?;
    let columns = ["random", "welch", "mean_square"];
    let [random, welch, overlap] = columns.map(|name| table.numbers(name));
    let (random, welch, overlap) = (random?, welch?, overlap?);
    let mut order: Vec<usize> = (0..width.len()).collect();
    order.sort_by(|a, b| width[*a].total_cmp(&width[*b]));
    order.dedup_by(|a, b| width[*a].total_cmp(&width[*b]).is_eq());
    let guide = |label: &str, y: &[f64], mark| Series {
        label: label.to_owned(),
        colour: GREY,
        mark,
        points: order.iter().map(|&r| Point::at(width[r], y[r])).collect(),
    };
    let mut series = vec![
        guide("random directions: 1/d", &random, Mark::Line),
        guide("Welch bound: (n−d) / d(n−1)", &welch, Mark::Dotted),
    ];
    let settings = groups(&table.words("setting")?);
    for (i, (setting, rows)) in settings.iter().enumerate() {
        series.push(Series {
            label: symbols(setting),
            colour: colour(i, settings.len()),
            mark: Mark::Dots,
            points: rows.iter().map(|&r| Point::at(width[r], overlap[r])).collect(),
        });
    }
    Ok(Chart {
        title: "Mean squared overlap of feature directions".to_owned(),
        x: Axis::of_widths(&width),
        y: Axis::logarithmic("mean cos² between rows of W"),
        series,
        colours: None,
        caption: "One dot a cell, over all rows that are not zero. Table: overlaps.csv.".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dot_a_cell_and_two_guides() {
        let csv = "setting,d_hidden,mean_square,random,welch\n\
                   all,16,0.07,0.0625,0.06\nall,8,0.13,0.125,0.12\nall,8,0.14,0.125,0.12\n";
        let chart = chart(&Table::from_csv("overlaps", csv.as_bytes()).unwrap()).unwrap();
        let lengths: Vec<usize> = chart.series.iter().map(|s| s.points.len()).collect();
        assert_eq!(lengths, [2, 2, 3]);
        assert!((chart.series[0].points[0].x - 8.0).abs() < f64::EPSILON);
    }
}
