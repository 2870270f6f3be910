//! Step time against each size of a cell, from a table of measurements.

use superpose_files::table::{Table, TableError};

use crate::axis::Axis;
use crate::chart::{Chart, Mark, Point, Series};
use crate::palette::colour;

/// The sizes: column and symbol.
const SIZES: [(&str, &str); 4] = [
    ("n_features", "features n"),
    ("d_hidden", "hidden width d"),
    ("activation_density", "active features a sample E"),
    ("batch_size", "batch B"),
];

/// The chart of the rows of a table of measurements that belong to `definition`. Its first row is
/// the middle; each other row that differs from it in one size is a point of that size's line.
///
/// # Errors
/// [`TableError`] when the table lacks a column.
pub fn chart(records: &Table, definition: &str) -> Result<Chart, TableError> {
    let definitions = records.words("definition")?;
    let (time, deviation) = (records.numbers("step_ms")?, records.numbers("step_ms_mad")?);
    let sizes: Vec<Vec<f64>> =
        SIZES.iter().map(|(name, _)| records.numbers(name)).collect::<Result<_, _>>()?;
    // Of several rows of a cell the last that was measured counts, as when tables are compared.
    let mut rows: Vec<usize> = Vec::new();
    let measured = |&row: &usize| definitions[row] == definition && time[row].is_finite();
    for row in (0..definitions.len()).filter(measured) {
        let same =
            |other: usize| sizes.iter().all(|size| size[row].to_bits() == size[other].to_bits());
        match rows.iter_mut().find(|other| same(**other)) {
            Some(older) => *older = row,
            None => rows.push(row),
        }
    }
    let mut series = Vec::new();
    let mut middle = String::new();
    if let Some(&base) = rows.first() {
        let differs = |row: usize, size: usize| (sizes[size][row] - sizes[size][base]).abs() > 0.0;
        for (size, (_, symbol)) in SIZES.iter().enumerate() {
            let alone = |row: &&usize| (0..SIZES.len()).all(|s| s == size || !differs(**row, s));
            let mut points: Vec<Point> = rows
                .iter()
                .filter(alone)
                .filter(|&&row| row == base || differs(row, size))
                .map(|&row| Point {
                    x: sizes[size][row] / sizes[size][base],
                    y: time[row],
                    bar: Some((time[row] - deviation[row], time[row] + deviation[row])),
                    value: None,
                })
                .collect();
            points.sort_by(|a, b| a.x.total_cmp(&b.x));
            if points.len() > 1 {
                series.push(Series {
                    label: (*symbol).to_owned(),
                    colour: colour(size, SIZES.len()),
                    mark: Mark::JoinedDots,
                    points,
                });
            }
        }
        let [n, d, density, batch] = [0, 1, 2, 3].map(|size| sizes[size][base]);
        middle = format!("n = {n}, d = {d}, E = {density}, B = {batch}");
    }
    Ok(Chart {
        title: "Time of a step against each size".to_owned(),
        x: Axis::logarithmic(&format!("size over that of the middle ({middle})")),
        y: Axis::logarithmic("ms a step"),
        series,
        colours: None,
        caption: "Medians over rounds; bars: median absolute deviation.".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_size_has_a_line_through_the_middle() {
        let records = "definition,n_features,d_hidden,activation_density,batch_size,step_ms,step_ms_mad\n\
                       other,1,1,1,1,9,9\ngrowth,100,8,1,64,2,0.1\ngrowth,200,8,1,64,4,0.1\n\
                       growth,100,4,1,64,7,0.1\ngrowth,100,4,1,64,1,0.1\ngrowth,100,16,1,64,3,0.1\n\
                       growth,100,4,1,64,,\n";
        let table = Table::from_csv("records", records.as_bytes()).unwrap();
        let chart = chart(&table, "growth").unwrap();
        let lines: Vec<Vec<(f64, f64)>> =
            chart.series.iter().map(|s| s.points.iter().map(|p| (p.x, p.y)).collect()).collect();
        assert_eq!(lines, [vec![(1.0, 2.0), (2.0, 4.0)], vec![(0.5, 1.0), (1.0, 2.0), (2.0, 3.0)]]);
    }
}
