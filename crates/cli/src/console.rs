//! The one place that writes to the terminal.
//!
//! Names come from files that others have made, so no control character but the end of a line goes
//! out: what would move the cursor or set a title is spelt. And a line that could not be written is
//! remembered, so that the program does not end as if it had been read.

mod table;

use std::borrow::Cow;
use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Mutex;

use serde_json::{Map, Value};
use superpose_files::table::{Field, Table};
pub(crate) use superpose_run::resources::duration;

/// Why the first line was lost that could not be written, if one was.
static LOST: Mutex<Option<io::Error>> = Mutex::new(None);

/// Prints a line. A reader that has gone away (`| head`) is no error; any other loss is told by
/// [`ending`].
pub(crate) fn say(line: &str) {
    write(&mut io::stdout().lock(), &visible(line));
}

/// Prints a value for a program.
pub(crate) fn say_json(value: &Value) {
    write(&mut io::stdout().lock(), &visible_json(&format!("{value:#}")));
}

/// Prints a line for the person at the terminal, beside the output.
pub(crate) fn complain(line: &str) {
    // Where complaints cannot be read, there is nobody to complain to.
    let _ = writeln!(io::stderr(), "{}", visible(line));
}

fn write(out: &mut impl Write, line: &str) {
    let written = writeln!(out, "{line}").and_then(|()| out.flush());
    if let Err(error) = written {
        remember(error);
    }
}

/// Takes note of output that was lost.
pub(crate) fn remember(error: io::Error) {
    let mut lost = LOST.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if error.kind() != io::ErrorKind::BrokenPipe && lost.is_none() {
        *lost = Some(error);
    }
}

/// How the program ends that would end with `code`: with 1 and a sentence when output was lost.
pub(crate) fn ending(code: ExitCode) -> ExitCode {
    let lost = LOST.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
    match lost {
        None => code,
        Some(error) => {
            complain(&format!("error: cannot write to standard output: {error}"));
            ExitCode::from(1)
        }
    }
}

/// Whether a terminal would do something at this letter instead of showing it, or show what follows in
/// another order.
fn is_control(letter: char) -> bool {
    let turns = matches!(letter, '\u{200E}' | '\u{200F}' | '\u{61C}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    letter.is_control() || turns
}

/// The text with all control characters spelt, but for ends of lines and tabs: `\u{1b}`.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    spelt(text, &['\n', '\t'], |letter| letter.escape_unicode().to_string())
}

/// The text of a name or of one cell of a table, in one line.
pub(crate) fn visible_name(text: &str) -> Cow<'_, str> {
    spelt(text, &[], |letter| letter.escape_default().to_string())
}

/// The JSON with all control characters in its strings spelt as JSON does it.
fn visible_json(json: &str) -> Cow<'_, str> {
    // Those below U+0020 are spelt already, and none of the others is outside the basic plane.
    spelt(json, &['\n'], |letter| format!("\\u{:04x}", u32::from(letter)))
}

fn spelt<'t>(text: &'t str, kept: &[char], spell: fn(char) -> String) -> Cow<'t, str> {
    let hides = |letter: char| is_control(letter) && !kept.contains(&letter);
    if !text.contains(hides) {
        return text.into();
    }
    let mut all = String::with_capacity(text.len());
    for letter in text.chars() {
        if hides(letter) { all.push_str(&spell(letter)) } else { all.push(letter) }
    }
    all.into()
}

/// An error and its causes in one line.
pub(crate) fn sentence(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut causes = error.source();
    while let Some(cause) = causes {
        causes = cause.source();
        let cause = cause.to_string();
        // A transparent wrapper repeats its cause.
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

/// Letters in a line where nobody says how many there is room for.
const WIDTH: u16 = 80;

/// How many letters a line of the output has room for: what `COLUMNS` says, or the terminal has.
fn width() -> u16 {
    let said = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let of_terminal = || terminal_size::terminal_size().map(|(width, _)| width.0);
    said.or_else(of_terminal).map_or(WIDTH, |width: u16| width.max(WIDTH / 2))
}

/// A table with a header, for the terminal.
pub(crate) fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    table::within(width(), header, rows)
}

/// The rows of a table for programs, an object each.
pub(crate) fn json_rows(table: &Table) -> Vec<Value> {
    let names = || table.columns.iter().map(|column| column.name.clone());
    let object =
        |row: &Vec<Field>| names().zip(row.iter().map(Field::as_json)).collect::<Map<_, _>>();
    table.rows.iter().map(|row| object(row).into()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_spelt() {
        assert_eq!(visible("a\tb\nc γ ²"), "a\tb\nc γ ²");
        assert_eq!(visible("\u{1b}[2J\r\u{7f}\u{9b}"), "\\u{1b}[2J\\u{d}\\u{7f}\\u{9b}");
        assert_eq!(visible("a\u{202e}b"), "a\\u{202e}b");
        assert_eq!(visible_name("a\nb\u{1b}"), "a\\nb\\u{1b}");
    }

    #[test]
    fn json_stays_json() {
        let value = serde_json::json!({ "a\u{1b}\u{9b}": "\u{7f}\n\u{202e}" });
        let text = format!("{value:#}");
        let shown = visible_json(&text);
        assert!(!shown.contains(|c: char| is_control(c) && c != '\n'), "{shown}");
        assert_eq!(serde_json::from_str::<Value>(&shown).unwrap(), value);
    }

    #[test]
    fn a_table_is_as_wide_as_what_is_shown() {
        let shown = table(&["name"], &[vec!["\u{1b}[2Jx".to_owned()], vec!["a\nb".to_owned()]]);
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines.len(), 4, "{shown}");
        assert!(lines[2].contains("\\u{1b}[2Jx") && lines[3].contains("a\\nb"), "{shown}");
    }
}
