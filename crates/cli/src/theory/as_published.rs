//! `superpose theory as-published`: five published snippets, and what is wrong with them.

use serde_json::json;
use superpose_analysis::table::{Field, Table};
use superpose_labs::tables::as_published::{Question, as_published as table_of};

use super::number;
use crate::args::theory::AsPublishedOptions;
use crate::console;

pub(super) fn as_published(options: &AsPublishedOptions) {
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
    if options.json {
        console::say(&format!("{:#}", json!({ "as_published": console::json_rows(&table) })));
        return;
    }
    print(&table);
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
