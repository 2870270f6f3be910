//! The distinct values of a column, each with what it is called in a figure.

use superpose_files::table::{Field, Table, TableError};

use crate::axis::labelled;
use crate::ticks::rounded;

/// The distinct values of a column.
pub(crate) struct Keys {
    /// What each is called: `γ = −0.556`.
    pub(crate) labels: Vec<String>,
    /// For each row of the table, the index of its value.
    pub(crate) of_row: Vec<usize>,
}

/// In which order distinct values come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// As they appear.
    Appearance,
    /// From small to large where all are numbers, else as they appear.
    Size,
}

impl Keys {
    /// Those of `column`, each called `symbol = value`, or by the value alone when `symbol` is
    /// empty. Without a column all rows have the same value, which has no name.
    ///
    /// # Errors
    /// [`TableError::NoColumn`].
    pub(crate) fn of(
        table: &Table,
        column: Option<&str>,
        symbol: &str,
        order: Order,
    ) -> Result<Self, TableError> {
        let Some(column) = column else {
            let labels = if table.rows.is_empty() { vec![] } else { vec![String::new()] };
            return Ok(Self { labels, of_row: vec![0; table.rows.len()] });
        };
        let at = table.column(column)?;
        let mut values: Vec<&Field> = Vec::new();
        for row in &table.rows {
            if !values.contains(&&row[at]) {
                values.push(&row[at]);
            }
        }
        if order == Order::Size && values.iter().all(|v| v.number().is_some()) {
            let size = |field: &&Field| field.number().unwrap_or(f64::NAN);
            values.sort_by(|a, b| size(a).total_cmp(&size(b)));
        }
        let of = |row: &Vec<Field>| values.iter().position(|v| **v == row[at]).unwrap_or(0);
        let of_row = table.rows.iter().map(of).collect();
        let mut labels: Vec<String> = values.iter().map(|v| called(v, symbol, &rounded)).collect();
        let twice = |label: &String| labels.iter().filter(|other| *other == label).count() > 1;
        if labels.iter().any(twice) {
            // Rounded they could not be told apart.
            let full = |value: f64| value.to_string().replace('-', "−");
            labels = values.iter().map(|v| called(v, symbol, &full)).collect();
        }
        Ok(Self { labels, of_row })
    }

    /// The rows of each value.
    pub(crate) fn rows(&self) -> Vec<Vec<usize>> {
        let mut rows = vec![Vec::new(); self.labels.len()];
        for (row, &key) in self.of_row.iter().enumerate() {
            rows[key].push(row);
        }
        rows
    }
}

/// Panels in order: the title and the rows of the table of each.
pub(crate) fn grid(
    table: &Table,
    down: (Option<&str>, &str),
    across: (Option<&str>, &str),
) -> Result<Vec<(String, Vec<usize>)>, TableError> {
    let Some(row) = down.0 else {
        let panels = Keys::of(table, across.0, across.1, Order::Appearance)?;
        let rows = panels.rows();
        return Ok(panels.labels.into_iter().zip(rows).collect());
    };
    let down = Keys::of(table, Some(row), down.1, Order::Size)?;
    let across = Keys::of(table, across.0, across.1, Order::Size)?;
    Ok(pairs(&down, &across))
}

/// Every pair of values, row by row: its title and the rows of the table of each.
pub(crate) fn pairs(down: &Keys, across: &Keys) -> Vec<(String, Vec<usize>)> {
    let mut pairs = Vec::new();
    for (i, row_name) in down.labels.iter().enumerate() {
        for (j, column_name) in across.labels.iter().enumerate() {
            let own = |row: &usize| down.of_row[*row] == i && across.of_row[*row] == j;
            let names =
                [row_name.as_str(), column_name].into_iter().filter(|name| !name.is_empty());
            let title = names.collect::<Vec<_>>().join(", ");
            pairs.push((title, (0..down.of_row.len()).filter(own).collect()));
        }
    }
    pairs
}

fn called(field: &Field, symbol: &str, number: &dyn Fn(f64) -> String) -> String {
    let value = match (field, field.number()) {
        (Field::Number(value), _) => number(*value),
        (Field::Whole(value), _) => number(*value as f64),
        // What is not written as numbers are here (`001`) is a name.
        (Field::Text(text), Some(value)) if *text == value.to_string() => number(value),
        (Field::Text(text), _) => text.clone(),
        (Field::Missing, _) => return format!("{symbol} not given").trim().to_owned(),
    };
    labelled(symbol, &value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(csv: &str, order: Order) -> Vec<String> {
        let table = Table::from_csv("t", csv.as_bytes()).unwrap();
        Keys::of(&table, Some("x"), "γ", order).unwrap().labels
    }

    #[test]
    fn values_are_rounded_unless_they_could_not_be_told_apart() {
        assert_eq!(labels("x\n-0.55555\n1\n", Order::Appearance), ["γ = −0.556", "γ = 1"]);
        assert_eq!(labels("x\n0.55555\n0.55556\n", Order::Size), ["γ = 0.55555", "γ = 0.55556"]);
    }

    #[test]
    fn order_is_that_of_appearance_or_of_size() {
        assert_eq!(labels("x\n2\n1\n2\n", Order::Appearance), ["γ = 2", "γ = 1"]);
        assert_eq!(labels("x\n2\n1\n2\n", Order::Size), ["γ = 1", "γ = 2"]);
        assert_eq!(labels("x,y\nb,1\na,1\n,1\n", Order::Size), ["γ = b", "γ = a", "γ not given"]);
    }
}
