//! `superpose frequencies`: which power law a file of counts follows.

use std::path::Path;

use anyhow::bail;
use serde_json::json;
use superpose_figures::axis::Axis;
use superpose_figures::chart::Mark;
use superpose_figures::lines::{Guide, Lines, lines};
use superpose_figures::sheet::{Axes, Sheet};
use superpose_files::table::{Field, Table};
use superpose_laws::frequencies::tables::frequency_laws;
use superpose_toy::frequency_file::FrequencyFile;

use crate::args::FrequenciesOptions;
use crate::console;
use crate::tables;

pub(crate) fn frequencies(options: &FrequenciesOptions) -> anyhow::Result<()> {
    let file = FrequencyFile::read(&options.file)?;
    let (shown, n) = (options.file.display(), file.weights().iter().filter(|f| **f > 0.0).count());
    let (from, to) = (options.from.get(), options.to.map_or(n, |to| to.get().min(n)));
    if n < 3 || from + 2 > to {
        bail!(
            "`{shown}` has {n} frequencies above zero; a law needs three between --from {from} and --to {to}"
        );
    }
    let made = frequency_laws(file.weights(), &(from..=to));
    if let Some(out) = &options.output.out {
        write(out, &made)?;
    }
    if options.output.json {
        let [fits, ranks] = made.each_ref().map(console::json_rows);
        console::say(&format!("{:#}", json!({ "frequencies": n, "fits": fits, "ranks": ranks })));
        return Ok(());
    }
    let row = |row: &Vec<Field>| {
        vec![
            console::field(&row[0], 0),
            format!("{} to {}", console::field(&row[1], 0), console::field(&row[2], 0)),
            match row[4] {
                Field::Missing => console::field(&row[3], 3),
                _ => format!("{} ± {}", console::field(&row[3], 3), console::field(&row[4], 3)),
            },
            console::field(&row[5], 3),
        ]
    };
    let rows: Vec<Vec<String>> = made[0].rows.iter().map(row).collect();
    console::say(&console::table(&["fit", "ranks", "exponent", "R²"], &rows));
    console::say(&format!("{n} frequencies above zero"));
    console::say(&format!(
        "in a sweep file: frequencies = {{ law = \"file\", path = \"{shown}\" }} (relative to it)"
    ));
    if let Some(out) = &options.output.out {
        console::say(&format!("next: look at {}/rank_frequency.png", out.display()));
    }
    Ok(())
}

/// Writes the tables, reads back the ranks and draws them.
fn write(out: &Path, made: &[Table; 2]) -> anyhow::Result<()> {
    let convention = "Frequencies are shares of all occurrences.";
    let read = tables::write_and_read(out, "frequencies", convention, made)?;
    let columns = Lines {
        group_label: "frequencies",
        guides: &[
            Guide { column: "line", label: "line over its window", mark: Mark::Line },
            Guide { column: "likelihood", label: "most likely law", mark: Mark::Dotted },
        ],
        mark: Mark::Line,
        ..Lines::plain(
            ("rank", Axis::logarithmic("rank")),
            ("frequency", Axis::logarithmic("frequency")),
        )
    };
    let sheet = Sheet {
        title: "Frequency by rank".to_owned(),
        columns: 1,
        panels: lines(&read[1], &columns)?,
        axes: Axes::Own,
        caption: "Ranks on a logarithmic grid. Tables: rank_frequency.csv, frequency_fits.csv."
            .to_owned(),
    };
    tables::draw(out, "rank_frequency", &sheet)
}
