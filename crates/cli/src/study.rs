//! How the answer of a verb is given: files if a folder is named, then JSON for a program or words
//! for a person.

use std::path::Path;

use anyhow::Context as _;
use serde_json::{Map, Value};
use superpose_figures::study::{Note, Places, Study};
use superpose_files::given;
use superpose_files::sums;
use superpose_files::table::{Table, TableError, Tables};
use superpose_toy::input;

use crate::args::Output;
use crate::console;

/// What is printed of tables for programs.
type Json<'a> = dyn Fn(&Tables) -> Result<Map<String, Value>, TableError> + 'a;

/// How a study is given to the user.
pub(crate) struct Presenter<'a> {
    /// The verb with the words before it, as `theory icl metric`: what writes a missing table anew.
    pub(crate) verb: &'a str,
    /// What the user wants.
    pub(crate) output: &'a Output,
    /// What is printed for programs.
    pub(crate) json: &'a Json<'a>,
    /// The last line for people who gave no folder.
    pub(crate) without_folder: Option<&'a str>,
}

/// Shows a study in the usual way: for programs, all its tables by name.
pub(crate) fn present(study: &Study, verb: &str, output: &Output) -> anyhow::Result<()> {
    Presenter::of(verb, output).present(study)
}

impl<'a> Presenter<'a> {
    /// The usual way.
    pub(crate) fn of(verb: &'a str, output: &'a Output) -> Self {
        let json = &|tables: &Tables| {
            Ok(tables.iter().map(|t| (t.name.clone(), console::json_rows(t).into())).collect())
        };
        let without_folder = Some("next: add --out FOLDER for tables and a picture");
        Self { verb, output, json, without_folder }
    }

    /// Writes, and prints.
    pub(crate) fn present(&self, study: &Study) -> anyhow::Result<()> {
        let out = self.output.out.as_deref();
        let picture = out.map(|out| self.write(study, out)).transpose()?.flatten();
        if self.output.json {
            console::say_json(&(self.json)(&study.tables)?.into());
            return Ok(());
        }
        study.notes.iter().for_each(say);
        match (picture, self.without_folder) {
            (Some(picture), _) => console::say(&format!("next: look at {picture}")),
            (None, Some(line)) if out.is_none() => console::say(line),
            (None, _) => {}
        }
        Ok(())
    }

    /// Writes the tables and pictures, and returns the last picture.
    fn write(&self, study: &Study, out: &Path) -> anyhow::Result<Option<String>> {
        let remedy = format!("superpose {} --out {}", self.verb, out.display());
        let places = Places { tables: &out.join("tables"), pictures: out, remedy: &remedy };
        let written = study.write(&places)?;
        Ok(written.last().map(|path| path.display().to_string()))
    }
}

/// Some tables by other names, for programs.
pub(crate) fn json_of(
    tables: &Tables,
    names: &[(&str, &str)],
) -> Result<Map<String, Value>, TableError> {
    let named = |(key, name): &(&str, &str)| {
        Ok(((*key).to_owned(), console::json_rows(tables.get(name)?).into()))
    };
    names.iter().map(named).collect()
}

/// The table in a file that somebody gave; errors name the file.
pub(crate) fn read_given(path: &Path) -> anyhow::Result<Table> {
    sums::check_file(path).with_context(|| {
        let advice = "superpose analyze writes what is a run's anew, and without that list it is read as it is";
        format!("`{}` is damaged ({advice})", path.display())
    })?;
    let bytes = input::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    Ok(given::table(&path.display().to_string(), &bytes)?)
}

/// That a table has the columns which these options name.
pub(crate) fn check_columns(table: &Table, options: &[(&str, &str)]) -> anyhow::Result<()> {
    for (option, column) in options {
        table.column(column).with_context(|| format!("{option} names the column `{column}`"))?;
    }
    Ok(())
}

/// Prints a note.
pub(crate) fn say(note: &Note) {
    match note {
        Note::Rows { header, rows } => {
            // The names of a table's columns, as words.
            let header: Vec<String> = header.iter().map(|name| name.replace('_', " ")).collect();
            let header: Vec<&str> = header.iter().map(String::as_str).collect();
            console::say(&console::table(&header, rows));
        }
        Note::Line(line) => console::say(line),
    }
}
