//! `superpose theory as-published`: five published snippets, and what is wrong with them.

use superpose_figures::axis::Axis;
use superpose_figures::chart::Mark;
use superpose_figures::lines::{Guide, Lines, lines};
use superpose_figures::sheet::{Axes, Sheet};
use superpose_files::table::{Field, Table, TableError};
use superpose_laws::as_published::tables::{Question, as_published as table_of, evidence};

use super::{Made, number, present_as, print_all};
use crate::args::theory::AsPublishedOptions;
use crate::console;

pub(super) fn as_published(options: &AsPublishedOptions) -> anyhow::Result<()> {
    let table = table_of(&Question {
        n_parameters: options.parameters,
        n_tokens: options.tokens,
        redundancy: options.redundancy,
        dimension: options.dimension,
        d_hidden: options.width.get(),
        n_context: options.context,
        complexity: options.complexity,
        target_loss: options.target_loss,
        compute: options.compute,
    });
    let tables = [table, evidence()];
    let made = Made { verb: "as-published", tables: &tables, sheet: &sheet };
    present_as(&made, &options.output, &|| {
        print(&tables[0]);
        print_evidence(&tables[1]);
    })
}

fn print(table: &Table) {
    let row = |row: &Vec<Field>| {
        let value = |at: usize| number(&row[at]);
        vec![value(0), value(1), value(5), value(4)]
    };
    let rows: Vec<Vec<String>> = table.rows.iter().map(row).collect();
    console::say(&console::table(&["snippet", "published", "right", "the right quantity"], &rows));
    for row in &table.rows {
        console::say(&format!("{}: {}", row[0], row[3]));
        if row[2] != Field::Missing {
            console::say(&format!("  no answer: {}", row[2]));
        }
    }
}

fn print_evidence(table: &Table) {
    let header = [
        "data",
        "dimension",
        "predicted",
        "its code",
        "observed",
        "literature",
        "source",
        "4/exponent",
    ];
    print_all(table, &header);
    console::say(
        "dimension, predicted, observed: claimed by the page without a source, not reproduced",
    );
}

fn sheet(tables: &[Table]) -> Result<Sheet, TableError> {
    let guides = [
        Guide { column: "claimed_prediction", label: "page, predicted", mark: Mark::Dotted },
        Guide { column: "claimed_observation", label: "page, observed", mark: Mark::Line },
        Guide { column: "snippet", label: "page's code", mark: Mark::Dotted },
    ];
    let columns = Lines {
        guides: &guides,
        group_label: "literature",
        mark: Mark::Dots,
        ..Lines::plain(("data", Axis::linear("")), ("literature", Axis::logarithmic("exponent")))
    };
    Ok(Sheet {
        title: "A page's evidence for exponents by dimension".to_owned(),
        columns: 1,
        panels: lines(&tables[1], &columns)?,
        axes: Axes::Own,
        caption: "No source is named for what the page observed. Tables: as_published.csv, as_published_evidence.csv."
            .to_owned(),
    })
}
