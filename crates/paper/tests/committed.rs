//! The tables in `experiments/` are those that this code makes of the records in `experiments/liu2025.csv`.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use superpose_analysis::results::records;
use superpose_analysis::run::Finished;
use superpose_files::disk::write_whole;
use superpose_files::table::{LOSSES, Table, documentation};
use superpose_paper::claim;
use superpose_paper::figure::{Evidence, Figure};
use superpose_paper::figures::FIGURES;
use superpose_paper::report::origins;
use superpose_paper::sweeps::LARGE;
use superpose_toy::cell::CellId;

/// Tables that rest on weights, which the records do not hold.
const OF_WEIGHTS: [&str; 2] = ["rows", "fate"];
/// Numbers may differ so much, relative to them or absolutely, from one machine's logarithm to another's.
const ROUNDING: f64 = 1e-9;

fn experiments() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments")
}

fn finished() -> BTreeMap<CellId, Finished> {
    let results = std::fs::read(experiments().join("liu2025.csv")).unwrap();
    let records = records(&Table::from_csv("liu2025", &results).unwrap()).unwrap();
    let finished = |record: superpose_store::record::Record| {
        let probabilities = record.cell.probabilities();
        let probabilities = probabilities.map_or(Vec::new(), |p| p.as_slice().to_vec());
        (record.cell_id.clone(), Finished { record, curve: Vec::new(), probabilities })
    };
    records.into_iter().map(finished).collect()
}

/// The tables of a figure as `reproduce` writes them, without weights.
fn tables(figure: &Figure, finished: &BTreeMap<CellId, Finished>) -> Vec<Table> {
    let wanted = figure.cells().unwrap();
    let cells = wanted.iter().filter_map(|cell| finished.get(&cell.id())).collect();
    let evidence = Evidence { cells, weights: &BTreeMap::new() };
    let made = (figure.make)(&evidence).unwrap();
    let mut tables = made.tables;
    tables.push(claim::table(&made.claims));
    tables.push(origins(&evidence, wanted.len()));
    tables
}

/// The figures of the repository, and their folders.
fn figures() -> impl Iterator<Item = (&'static Figure, PathBuf)> {
    let committed = FIGURES.iter().filter(|figure| !figure.sweeps.contains(&LARGE));
    committed.map(|figure| (figure, experiments().join(figure.folder()).join("tables")))
}

/// The text of a table's fields, row by row; those of claims that need weights are left out.
fn fields(table: &Table, without: &[usize]) -> Vec<Vec<String>> {
    let kept = table.rows.iter().enumerate().filter(|(row, _)| !without.contains(row));
    kept.map(|(_, row)| row.iter().map(ToString::to_string).collect()).collect()
}

fn same(a: &str, b: &str) -> bool {
    let close = |a: f64, b: f64| (a - b).abs() <= ROUNDING * a.abs().max(1.0);
    a == b || matches!((a.parse(), b.parse()), (Ok(a), Ok(b)) if close(a, b))
}

/// The claims of a figure that weights decide.
fn not_run(table: &Table) -> Vec<usize> {
    match table.words("verdict") {
        Ok(verdicts) => (0..verdicts.len()).filter(|&row| verdicts[row] == "not run").collect(),
        Err(_) => Vec::new(),
    }
}

#[test]
fn the_committed_tables_are_made_of_the_committed_records() {
    let finished = finished();
    let mut differences = Vec::new();
    let mut n_compared = 0;
    for (figure, folder) in figures() {
        for made in tables(figure, &finished) {
            if OF_WEIGHTS.contains(&made.name.as_str()) {
                continue;
            }
            let path = folder.join(format!("{}.csv", made.name));
            let committed = Table::from_csv(&made.name, &std::fs::read(&path).unwrap()).unwrap();
            let names = |table: &Table| -> Vec<String> {
                table.columns.iter().map(|c| c.name.clone()).collect()
            };
            let place = format!("{}/{}", figure.id, made.name);
            if names(&made) != names(&committed) || made.rows.len() != committed.rows.len() {
                differences.push(format!("{place}: other columns or another number of rows"));
                continue;
            }
            let without = not_run(&made);
            let rows = fields(&made, &without).into_iter().zip(fields(&committed, &without));
            for (row, (made_row, committed_row)) in rows.enumerate() {
                for (at, (a, b)) in made_row.iter().zip(&committed_row).enumerate() {
                    n_compared += 1;
                    if !same(a, b) {
                        let column = &made.columns[at].name;
                        differences.push(format!("{place}, row {row}, {column}: {a}, was {b}"));
                    }
                }
            }
        }
    }
    assert!(n_compared > 50_000, "{n_compared} fields");
    let n = differences.len();
    differences.truncate(40);
    assert!(n == 0, "{n} fields differ:\n{}", differences.join("\n"));
}

#[test]
#[ignore = "writes the tables in `experiments/` anew: after it, `git diff` shows what a change did to them"]
fn the_committed_tables_are_written_anew() {
    let finished = finished();
    for (figure, folder) in figures() {
        let tables = tables(figure, &finished);
        for table in &tables {
            if !OF_WEIGHTS.contains(&table.name.as_str()) && not_run(table).is_empty() {
                write_whole(&folder.join(format!("{}.csv", table.name)), &table.to_csv()).unwrap();
            }
        }
        let page = documentation(LOSSES, &tables);
        write_whole(&folder.join("README.md"), page.as_bytes()).unwrap();
    }
}
