//! `superpose theory`: other laws of scaling, fitted, computed and simulated.

mod as_published;
mod chinchilla;
mod icl;
mod mechanisms;
mod predict;
mod redundancy;

use std::path::Path;

use serde_json::Value;
use superpose_figures::sheet::Sheet;
use superpose_files::table::{Field, Table, TableError};

use crate::args::Output;
use crate::args::theory::{ChinchillaVerb, IclVerb, RedundancyVerb, TheoryVerb};
use crate::{console, tables};

/// Answers a verb under `theory`.
pub(crate) fn theory(verb: &TheoryVerb) -> anyhow::Result<()> {
    match verb {
        TheoryVerb::Chinchilla(ChinchillaVerb::Fit(options)) => chinchilla::fit(options),
        TheoryVerb::Chinchilla(ChinchillaVerb::Allocate(options)) => chinchilla::allocate(options),
        TheoryVerb::AsPublished(options) => as_published::as_published(options),
        TheoryVerb::Redundancy(RedundancyVerb::Matrix(options)) => redundancy::matrix(options),
        TheoryVerb::Chinchilla(ChinchillaVerb::Repeat(options)) => chinchilla::repeat(options),
        TheoryVerb::Predict(options) => predict::predict(options),
        TheoryVerb::Mechanisms(options) => mechanisms::mechanisms(options),
        TheoryVerb::Redundancy(RedundancyVerb::Text(options)) => redundancy::text(options),
        TheoryVerb::Redundancy(RedundancyVerb::Dimension(options)) => {
            redundancy::dimension(options)
        }
        TheoryVerb::Redundancy(RedundancyVerb::Spectrum(options)) => redundancy::spectrum(options),
        TheoryVerb::Redundancy(RedundancyVerb::Features(options)) => redundancy::features(options),
        TheoryVerb::Icl(IclVerb::Attention(options)) => icl::attention(options),
        TheoryVerb::Icl(IclVerb::Diversity(options)) => icl::diversity(options),
        TheoryVerb::Icl(IclVerb::Metric(options)) => icl::metric(options),
        TheoryVerb::Icl(IclVerb::Baselines(options)) => icl::baselines(options),
    }
}

/// Rows of a table that are printed.
const MOST_ROWS: usize = 40;

/// A number for people: four digits, or a power of ten.
fn number(field: &Field) -> String {
    match field {
        Field::Number(value) if value.fract() == 0.0 && value.abs() < 1e5 => format!("{value}"),
        Field::Number(value) if !(1e-2..1e5).contains(&value.abs()) => format!("{value:.4e}"),
        Field::Number(value) => format!("{value:.4}"),
        Field::Text(text) => text.clone(),
        Field::Missing => "–".to_owned(),
    }
}

/// What an experiment made: its tables, and the picture of the tables as they are read back.
struct Made<'a> {
    /// The verb, which is the remedy for a missing table and the name of the picture.
    verb: &'a str,
    tables: &'a [Table],
    sheet: &'a dyn Fn(&[Table]) -> Result<Sheet, TableError>,
}

/// Writes the tables and the picture if a folder is given, and prints the first table or, for a program, all of them.
fn present(made: &Made<'_>, output: &Output) -> anyhow::Result<()> {
    present_as(made, output, &|| print_first(&made.tables[0]))
}

/// The same with another way to print for people.
fn present_as(made: &Made<'_>, output: &Output, print: &dyn Fn()) -> anyhow::Result<()> {
    let picture = made.verb.replace(' ', "_");
    if let Some(out) = &output.out {
        write(made, out, &picture)?;
    }
    if output.json {
        let all = made
            .tables
            .iter()
            .map(|table| (table.name.clone(), Value::from(console::json_rows(table))));
        console::say(&format!("{:#}", Value::from(all.collect::<serde_json::Map<_, _>>())));
        return Ok(());
    }
    print();
    console::say(&match &output.out {
        Some(out) => format!("next: look at {}/{picture}.png", out.display()),
        None => "next: add --out FOLDER for tables and a picture".to_owned(),
    });
    Ok(())
}

/// A standard error takes two.
fn check_simulated(n: usize) -> anyhow::Result<()> {
    anyhow::ensure!(n != 1, "--simulate must be 0 for none, or at least 2, got 1");
    Ok(())
}

/// Sizes in order, each once.
fn ascending(sizes: &[usize]) -> Vec<usize> {
    let mut sizes = sizes.to_vec();
    sizes.sort_unstable();
    sizes.dedup();
    sizes
}

/// Prints all fields of a table under these heads.
fn print_all(table: &Table, header: &[&str]) {
    let row = |row: &Vec<Field>| row.iter().map(number).collect();
    let rows: Vec<Vec<String>> = table.rows.iter().map(row).collect();
    console::say(&console::table(header, &rows));
}

/// Prints the first rows of a table.
fn print_first(shown: &Table) {
    // Columns of which nothing is known here would only be in the way.
    let known: Vec<usize> = (0..shown.columns.len())
        .filter(|at| shown.rows.iter().any(|row| row[*at] != Field::Missing))
        .collect();
    let header: Vec<&str> = known.iter().map(|at| &*shown.columns[*at].name).collect();
    let row = |row: &Vec<Field>| known.iter().map(|at| number(&row[*at])).collect();
    let rows: Vec<Vec<String>> = shown.rows.iter().take(MOST_ROWS).map(row).collect();
    console::say(&console::table(&header, &rows));
    if shown.rows.len() > MOST_ROWS {
        console::say(&format!(
            "… and {} more rows; --json or --out has them",
            shown.rows.len() - MOST_ROWS
        ));
    }
}

fn write(made: &Made<'_>, out: &Path, picture: &str) -> anyhow::Result<()> {
    let verb = format!("theory {}", made.verb);
    let read = tables::write_and_read(out, &verb, "Each table answers one question.", made.tables)?;
    tables::draw(out, picture, &(made.sheet)(&read)?)
}
