//! A chart of a table: what it shows at first, and what can be chosen.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use superpose_files::table::{Field, Table, TableError};

use crate::data::{number, significant};

/// Points that the lines of one chart have at most, all together; of more, each line keeps some that are spread
/// evenly, its first and its last among them.
pub const MOST_POINTS: usize = 60_000;

/// Digits that a point of a line keeps.
const DIGITS: usize = 6;

/// A chart of the rows of a table, one dot a row, or one line a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// The name of the table whose rows it shows. Its columns are what can be chosen.
    pub table: String,
    /// The column that names a row.
    pub id: String,
    /// What is across.
    pub x: Axis,
    /// What is up.
    pub y: Axis,
    /// The column that tells colours apart at first.
    pub colour: Option<String>,
    /// The column that tells panels apart at first.
    pub panel: Option<String>,
    /// The columns that were chosen by who made the table, such as the swept fields: listed first, and said of
    /// every dot.
    pub swept: Vec<String>,
    /// Of these, the ones in which rows may differ whose mean is taken, such as seeds.
    pub repeats: Vec<String>,
    /// Laws that were fitted.
    pub laws: Vec<Law>,
    /// The lines, if each row is one; then the axes are columns of their points.
    pub lines: Option<Lines>,
}

/// An axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Axis {
    /// The column along it.
    pub column: String,
    /// Whether it is logarithmic at first.
    pub is_log: bool,
}

impl Axis {
    /// A logarithmic axis of `column`.
    pub fn logarithmic(column: &str) -> Self {
        Self { column: column.to_owned(), is_log: true }
    }

    /// A linear axis of `column`.
    pub fn linear(column: &str) -> Self {
        Self { column: column.to_owned(), is_log: false }
    }
}

/// A power law `y = coefficient · x^-exponent` that was fitted to rows, drawn over the window of its fit.
#[derive(Debug, Clone, PartialEq)]
pub struct Law {
    /// The column across; the law is drawn only against this.
    pub x: String,
    /// The column up.
    pub y: String,
    /// The law's value at `x = 1`.
    pub coefficient: f64,
    /// Minus its slope in logarithms.
    pub exponent: f64,
    /// The smallest and largest `x` of the fit.
    pub window: (f64, f64),
    /// Which rows it is of, in words.
    pub name: String,
    /// The exponent with its interval, in words.
    pub label: String,
    /// The same: columns, and the value that these rows have in each.
    pub of: Vec<(String, Field)>,
}

/// Lines, one for each row of a chart's table.
#[derive(Debug, Clone, PartialEq)]
pub struct Lines {
    /// One row a point.
    pub points: Table,
    /// The column of the points that names the row which they are of.
    pub line: String,
}

impl Chart {
    /// As the page's script reads it; its columns are seen to be in `table`.
    ///
    /// # Errors
    /// [`TableError`] when a column is not there.
    pub(crate) fn stored(&self, table: &Table) -> Result<Value, TableError> {
        let on_axes = [&self.x.column, &self.y.column];
        let of_dots = on_axes.into_iter().filter(|_| self.lines.is_none());
        let named = [&self.id].into_iter().chain(of_dots).chain(&self.colour).chain(&self.panel);
        for column in named.chain(&self.swept).chain(&self.repeats) {
            table.column(column)?;
        }
        let axis = |axis: &Axis| json!({ "column": axis.column, "log": axis.is_log });
        let laws: Vec<Value> = self.laws.iter().map(Law::stored).collect();
        let lines = self.lines.as_ref().map(|l| l.stored(&self.x.column, &self.y.column));
        Ok(json!({
            "kind": "chart", "table": self.table, "id": self.id, "x": axis(&self.x), "y": axis(&self.y),
            "colour": self.colour, "panel": self.panel, "swept": self.swept, "repeats": self.repeats,
            "laws": laws, "lines": lines.transpose()?,
        }))
    }
}

impl Law {
    fn stored(&self) -> Value {
        let of: serde_json::Map<String, Value> =
            self.of.iter().map(|(column, value)| (column.clone(), value.as_written())).collect();
        json!({
            "x": self.x, "y": self.y, "coefficient": self.coefficient, "exponent": self.exponent,
            "from": self.window.0, "to": self.window.1, "name": self.name, "label": self.label, "of": of,
        })
    }
}

impl Lines {
    /// The points by line, to six digits: the places across, which many lines share, each once.
    fn stored(&self, x: &str, y: &str) -> Result<Value, TableError> {
        let (across, up) = (self.points.numbers(x)?, self.points.numbers(y)?);
        let meaning = |column| Ok(&self.points.columns[self.points.column(column)?].meaning);
        let mut by_line: Vec<(String, Vec<(f64, f64)>)> = Vec::new();
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        for (row, line) in self.points.words(&self.line)?.into_iter().enumerate() {
            let place = *places.entry(line).or_insert_with_key(|line| {
                by_line.push((line.clone(), Vec::new()));
                by_line.len() - 1
            });
            by_line[place].1.push((across[row], up[row]));
        }
        let most = (MOST_POINTS / by_line.len().max(1)).max(2);
        let longest = by_line.iter().map(|(_, points)| points.len()).max().unwrap_or(0);
        let rounded = |value: f64| number(significant(value, DIGITS));
        let (mut grids, mut lines) = (Vec::new(), Vec::new());
        for (line, points) in by_line {
            let kept = spread(points.len(), most);
            let grid: Vec<Value> = kept.iter().map(|at| rounded(points[*at].0)).collect();
            let values: Vec<Value> = kept.iter().map(|at| rounded(points[*at].1)).collect();
            let known = grids.iter().position(|known| *known == grid);
            let place = known.unwrap_or_else(|| {
                grids.push(grid);
                grids.len() - 1
            });
            lines.push(json!([line, place, values]));
        }
        Ok(json!({
            "x": grids, "lines": lines, "meanings": [meaning(x)?, meaning(y)?],
            "kept": longest.min(most), "of": longest,
        }))
    }
}

/// At most `most` of `n` places, evenly spread, with the first and the last.
fn spread(n: usize, most: usize) -> Vec<usize> {
    if n <= most {
        return (0..n).collect();
    }
    (0..most).map(|i| i * (n - 1) / (most - 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_places_some_are_kept_and_the_ends_always() {
        assert_eq!(spread(3, 5), [0, 1, 2]);
        assert_eq!(spread(101, 5), [0, 25, 50, 75, 100]);
        assert!(spread(0, 2).is_empty());
        let kept = spread(1000, 7);
        assert_eq!((kept.len(), kept[0], kept[6]), (7, 0, 999));
    }

    #[test]
    fn lines_share_their_places_and_keep_six_digits() {
        let columns = [("id", ""), ("step", "steps made"), ("loss", "a loss")];
        let mut points = Table::new("curves", "?", &columns);
        for id in ["a", "b"] {
            for step in [100_u64, 200] {
                points.push(vec![id.into(), step.into(), (1.0 / 3.0).into()]);
            }
        }
        points.push(vec!["c".into(), 100_u64.into(), Field::Missing]);
        let lines = Lines { points, line: "id".to_owned() };
        let stored = lines.stored("step", "loss").unwrap();
        assert_eq!(stored["x"], json!([[100, 200], [100]]));
        assert_eq!(stored["lines"][1], json!(["b", 0, [0.333_333, 0.333_333]]));
        assert_eq!(stored["lines"][2], json!(["c", 1, [null]]));
        assert_eq!(stored["meanings"], json!(["steps made", "a loss"]));
        assert_eq!((&stored["kept"], &stored["of"]), (&json!(2), &json!(2)));
        let said = lines.stored("step", "lost").unwrap_err().to_string();
        assert!(said.contains("`lost`"), "{said}");
    }
}
