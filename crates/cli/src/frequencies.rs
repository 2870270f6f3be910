//! `superpose frequencies`: which power law a file of counts follows.

use std::path::Path;

use anyhow::bail;
use serde_json::json;
use superpose_analysis::frequency_laws::frequency_laws;
use superpose_analysis::table::{Field, Table};
use superpose_figures::chart::{Axis, Mark};
use superpose_figures::lines::{Guide, Lines, lines};
use superpose_figures::sheet::{Axes, Sheet, render_sheet};
use superpose_sweep::frequency_file::FrequencyFile;

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
    if let Some(out) = &options.out {
        write(out, &made)?;
    }
    if options.json {
        let [fits, ranks] = made.each_ref().map(console::json_rows);
        console::say(&format!("{:#}", json!({ "frequencies": n, "fits": fits, "ranks": ranks })));
        return Ok(());
    }
    let number = |field: &Field, digits: usize| match field {
        Field::Number(value) => format!("{value:.digits$}"),
        Field::Text(text) => text.clone(),
        Field::Missing => "–".to_owned(),
    };
    let row = |row: &Vec<Field>| {
        vec![
            number(&row[0], 0),
            format!("{} to {}", number(&row[1], 0), number(&row[2], 0)),
            match row[4] {
                Field::Missing => number(&row[3], 3),
                _ => format!("{} ± {}", number(&row[3], 3), number(&row[4], 3)),
            },
            number(&row[5], 3),
        ]
    };
    let rows: Vec<Vec<String>> = made[0].rows.iter().map(row).collect();
    console::say(&console::table(&["fit", "ranks", "exponent", "R²"], &rows));
    console::say(&format!("{n} frequencies above zero"));
    console::say(&format!(
        "in a sweep file: frequencies = {{ law = \"file\", path = \"{shown}\" }} (relative to it)"
    ));
    if let Some(out) = &options.out {
        console::say(&format!("next: look at {}/rank_frequency.png", out.display()));
    }
    Ok(())
}

/// Writes the tables, reads back the ranks and draws them.
fn write(out: &Path, made: &[Table; 2]) -> anyhow::Result<()> {
    let folder = out.join("tables");
    tables::write(&folder, made)?;
    tables::document(&folder, "Frequencies are shares of all occurrences.", made)?;
    let ranks = tables::read_written(&folder, &made[1].name, "superpose frequencies")?;
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
        panels: lines(&ranks, &columns)?,
        axes: Axes::Own,
        caption: "Ranks on a logarithmic grid. Tables: rank_frequency.csv, frequency_fits.csv."
            .to_owned(),
    };
    let drawn =
        render_sheet(&sheet).map_err(|problem| anyhow::anyhow!("cannot draw: {problem}"))?;
    tables::write_picture(out, "rank_frequency", &drawn)?;
    Ok(())
}
