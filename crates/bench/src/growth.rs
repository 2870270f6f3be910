//! The picture of step times against each size of a cell, from a table of measurements.

use superpose_figures::axis::Axis;
use superpose_figures::lines::{ErrorBars, Lines, lines};
use superpose_figures::sheet::{Axes, Sheet};
use superpose_files::table::{Table, TableError};

/// The sizes: column and name.
const SIZES: [(&str, &str); 4] = [
    ("n_features", "features n"),
    ("d_hidden", "hidden width d"),
    ("activation_density", "active features a sample E"),
    ("batch_size", "batch B"),
];

const COLUMNS: [(&str, &str); 4] = [
    ("size", "which of the sizes grows"),
    ("ratio", "that size over its value in the middle"),
    ("step_ms", "median time of a step in milliseconds"),
    ("step_ms_mad", "its median absolute deviation over rounds"),
];

/// The step times of the rows that belong to `definition`; `None` when they make no line. The first row is the
/// middle; each other row that differs from it in one size is a point of that size's line.
///
/// # Errors
/// [`TableError`] when the table lacks a column.
pub fn growth(records: &Table, definition: &str) -> Result<Option<Sheet>, TableError> {
    let Some((table, middle)) = by_size(records, definition)? else { return Ok(None) };
    let ratio = Axis::logarithmic(&format!("size over that of the middle ({middle})"));
    let columns = Lines {
        error_bars: ErrorBars::Deviation("step_ms_mad"),
        group: Some("size"),
        ..Lines::plain(("ratio", ratio), ("step_ms", Axis::logarithmic("ms a step")))
    };
    let panels = lines(&table, &columns)?;
    Ok((!panels.is_empty()).then(|| Sheet {
        title: "Time of a step against each size".to_owned(),
        columns: 1,
        panels,
        axes: Axes::Own,
        caption: "Medians over rounds; bars: median absolute deviation.".to_owned(),
    }))
}

/// One row a size and cell, and the sizes of the middle in words.
fn by_size(records: &Table, definition: &str) -> Result<Option<(Table, String)>, TableError> {
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
    let Some(&base) = rows.first() else { return Ok(None) };
    let differs = |row: usize, size: usize| (sizes[size][row] - sizes[size][base]).abs() > 0.0;
    let mut table = Table::new("growth", "How does a step's time grow with each size?", &COLUMNS);
    for (size, (_, name)) in SIZES.iter().enumerate() {
        let alone = |row: &&usize| (0..SIZES.len()).all(|s| s == size || !differs(**row, s));
        let line: Vec<usize> = rows.iter().filter(alone).copied().collect();
        // The middle alone is no line.
        for &row in line.iter().filter(|_| line.len() > 1) {
            table.push(vec![
                (*name).into(),
                (sizes[size][row] / sizes[size][base]).into(),
                time[row].into(),
                deviation[row].into(),
            ]);
        }
    }
    let [n, d, density, batch] = [0, 1, 2, 3].map(|size| sizes[size][base]);
    Ok(Some((table, format!("n = {n}, d = {d}, E = {density}, B = {batch}"))))
}

#[cfg(test)]
mod tests {
    use superpose_figures::panel::Panel;

    use super::*;

    const RECORDS: &str = "definition,n_features,d_hidden,activation_density,batch_size,step_ms,step_ms_mad\n\
                           other,1,1,1,1,9,9\ngrowth,100,8,1,64,2,0.1\ngrowth,200,8,1,64,4,0.1\n\
                           growth,100,4,1,64,7,0.1\ngrowth,100,4,1,64,1,0.1\ngrowth,100,16,1,64,3,0.1\n\
                           growth,100,4,1,64,,\n";

    #[test]
    fn each_size_has_a_line_through_the_middle() {
        let table = Table::from_csv("records", RECORDS.as_bytes()).unwrap();
        let sheet = growth(&table, "growth").unwrap().unwrap();
        let [Panel::Chart(chart)] = &sheet.panels[..] else { panic!("one chart") };
        let lines: Vec<Vec<(f64, f64)>> =
            chart.series.iter().map(|s| s.points.iter().map(|p| (p.x, p.y)).collect()).collect();
        assert_eq!(lines, [vec![(1.0, 2.0), (2.0, 4.0)], vec![(0.5, 1.0), (1.0, 2.0), (2.0, 3.0)]]);
        let labels: Vec<&str> = chart.legend().iter().map(|s| &*s.label).collect();
        assert_eq!(labels, ["features n", "hidden width d"]);
        assert!(chart.x.label.contains("n = 100, d = 8"));
    }

    #[test]
    fn a_definition_without_a_line_has_no_picture() {
        let table = Table::from_csv("records", RECORDS.as_bytes()).unwrap();
        assert_eq!(growth(&table, "other").unwrap(), None);
        assert_eq!(growth(&table, "nothing").unwrap(), None);
    }
}
