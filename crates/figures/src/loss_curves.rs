//! Training loss against step, one line a cell.

use superpose_files::table::{Table, TableError};

use crate::axis::Axis;
use crate::chart::{Chart, Mark, Point, Series, groups, symbols};
use crate::palette::colour;

/// The chart of the table `curves`.
///
/// # Errors
/// [`TableError`] when the table lacks a column.
pub fn chart(curves: &Table) -> Result<Chart, TableError> {
    let settings = curves.words("setting")?;
    let names: Vec<String> = groups(&settings).into_iter().map(|g| g.0).collect();
    let (step, loss) = (curves.numbers("step")?, curves.numbers("loss")?);
    let mut labelled: Vec<String> = Vec::new();
    let mut series = Vec::new();
    for (_, rows) in groups(&curves.words("cell_id")?) {
        let setting = &settings[rows[0]];
        let at = names.iter().position(|n| n == setting).unwrap_or(0);
        let label = if labelled.contains(setting) { String::new() } else { symbols(setting) };
        labelled.push(setting.clone());
        series.push(Series {
            label,
            colour: colour(at, names.len()),
            mark: Mark::Line,
            points: rows.iter().map(|&r| Point::at(step[r], loss[r])).collect(),
        });
    }
    Ok(Chart {
        title: "Training loss".to_owned(),
        x: Axis::linear("step"),
        y: Axis::logarithmic("training loss (sum over features)"),
        series,
        colours: None,
        caption: "One line a cell; each point is the mean since the point before. Table: \
                  curves.csv."
            .to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_a_cell_and_an_entry_a_setting() {
        let csv = "setting,d_hidden,seed,cell_id,step,loss\n\
                   a=1,8,0,x,10,1\na=1,8,0,x,20,0.5\na=1,16,0,y,10,1\na=2,8,0,z,10,1\n";
        let chart = chart(&Table::from_csv("curves", csv.as_bytes()).unwrap()).unwrap();
        let lengths: Vec<usize> = chart.series.iter().map(|s| s.points.len()).collect();
        assert_eq!(lengths, [2, 1, 1]);
        assert_eq!(chart.legend().len(), 2);
    }
}
