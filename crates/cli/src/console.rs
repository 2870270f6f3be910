//! The one place that writes to the terminal.

use std::io::Write as _;

use comfy_table::{LineStyle, TableStyle};
use serde_json::{Map, Value};
use superpose_files::table::{Field, Table};

/// Prints a line. A reader that has gone away (`| head`) is no error.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Prints a value for a program.
pub(crate) fn say_json(value: &Value) {
    say(&format!("{value:#}"));
}

/// Prints a line for the person at the terminal, beside the output.
pub(crate) fn complain(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// An error and its causes in one line.
pub(crate) fn sentence(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        // A transparent wrapper repeats its cause.
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

/// A table with a header, for the terminal.
pub(crate) fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let rule = LineStyle::none().fill('─').junction('─');
    let mut table = comfy_table::Table::new();
    table.load_style(TableStyle::new().header_separator(rule)).set_header(header.to_vec());
    for row in rows {
        table.add_row(row.clone());
    }
    table.to_string()
}

/// The rows of a table for programs, an object each.
pub(crate) fn json_rows(table: &Table) -> Vec<Value> {
    let names = || table.columns.iter().map(|column| column.name.clone());
    let object =
        |row: &Vec<Field>| names().zip(row.iter().map(Field::as_json)).collect::<Map<_, _>>();
    table.rows.iter().map(|row| object(row).into()).collect()
}

/// A duration for people: `41 s`, `12 min`, `3.4 h`.
pub(crate) fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 100.0 => format!("{s:.0} s"),
        s if s < 6000.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}
