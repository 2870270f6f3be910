//! `superpose fit-loss`: one power law over groups of losses.

use std::path::Path;

use serde_json::json;
use superpose_figures::axis::Axis;
use superpose_figures::chart::Mark;
use superpose_figures::lines::{Guide, Lines, lines};
use superpose_figures::sheet::{Axes, Sheet};
use superpose_files::table::{Field, Table};
use superpose_laws::group_offsets::tables::{LossFitOptions, loss_fit};

use crate::args::FitLossOptions;
use crate::console;
use crate::tables;

pub(crate) fn fit_loss(options: &FitLossOptions) -> anyhow::Result<()> {
    let losses = tables::read(&options.file)?;
    let mut groups = options.group.clone();
    if groups.is_empty() && losses.column("group").is_ok() {
        groups.push("group".to_owned());
    }
    let asked = LossFitOptions {
        x: options.x.clone(),
        y: options.y.clone(),
        groups,
        confidence: 0.95,
        n_resamples: options.bootstrap.resamples,
        seed: options.bootstrap.seed,
    };
    let tables = loss_fit(&losses, &asked)?;
    if let Some(out) = &options.output.out {
        write(out, &tables, &options.x)?;
    }
    if options.output.json {
        let [parameters, points] = tables.each_ref().map(console::json_rows);
        console::say(&format!("{:#}", json!({ "parameters": parameters, "points": points })));
        return Ok(());
    }
    print(&tables[0]);
    match &options.output.out {
        Some(out) => console::say(&format!("next: look at {}/loss_fit.png", out.display())),
        None => console::say("next: add --out FOLDER for tables and a picture"),
    }
    Ok(())
}

fn print(fit: &Table) {
    let number = |field: &Field| console::field(field, 4);
    let interval = |low: &Field, high: &Field| format!("{} to {}", number(low), number(high));
    let row = |row: &Vec<Field>| {
        let group = if row[1] == Field::Missing { String::new() } else { format!(" {}", row[1]) };
        vec![
            format!("{}{group}", row[0]),
            number(&row[2]),
            interval(&row[3], &row[4]),
            interval(&row[5], &row[6]),
        ]
    };
    let rows: Vec<Vec<String>> = fit.rows.iter().map(row).collect();
    let header = ["parameter", "value", "95 %, profile likelihood", "95 %, bootstrap"];
    console::say(&console::table(&header, &rows));
    if let Some([.., deviation, n_points]) = fit.rows.first().map(|row| &row[..]) {
        let deviation = number(deviation);
        console::say(&format!(
            "{n_points} losses lie {deviation} from A · x^-α + B (standard deviation)"
        ));
    }
}

/// Writes the tables, reads back the points and draws them.
fn write(out: &Path, tables: &[Table; 2], x: &str) -> anyhow::Result<()> {
    let convention = "Losses are as in the file that was given.";
    let read = tables::write_and_read(out, "fit-loss", convention, tables)?;
    let columns = Lines {
        group: Some("group"),
        guides: &[Guide { column: "law", label: "A · x^−α", mark: Mark::Line }],
        mark: Mark::Dots,
        ..Lines::plain(
            ("x", Axis::logarithmic(x)),
            ("loss_minus_offset", Axis::logarithmic("loss − B of its group")),
        )
    };
    let sheet = Sheet {
        title: "One power law over groups of losses".to_owned(),
        columns: 1,
        panels: lines(&read[1], &columns)?,
        axes: Axes::Own,
        caption: "A loss below its group's offset has no mark. Tables: loss_fit_points.csv, loss_fit.csv.".to_owned(),
    };
    tables::draw(out, "loss_fit", &sheet)
}
