//! The experiments in the repository are what this crate makes of the records in the repository.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use superpose_analysis::results::records;
use superpose_analysis::run::Finished;
use superpose_files::table::Table;
use superpose_paper::claim;
use superpose_paper::figure::{Evidence, Figure};
use superpose_paper::figures::FIGURES;
use superpose_paper::report;
use superpose_toy::cell::CellId;

/// Columns that another way to compute intervals may change.
const INTERVALS: [&str; 3] = ["ci_low", "ci_high", "ci_method"];

/// Tables of single rows of `W`: they need weights, which are not in the repository.
const NEED_WEIGHTS: [(&str, &str); 3] = [("3a", "rows"), ("5b", "rows"), ("dead-outputs", "fate")];

fn experiments() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments")
}

/// The figures that the repository has, with their folders.
fn committed() -> Vec<(&'static Figure, PathBuf)> {
    let folder = |figure: &Figure| experiments().join(figure.folder());
    let all = FIGURES.iter().map(|figure| (figure, folder(figure)));
    let there: Vec<_> = all.filter(|(_, folder)| folder.exists()).collect();
    assert_eq!(there.len(), FIGURES.len() - 5, "all but those of the large toy are there");
    there
}

/// The records in the repository.
fn known() -> BTreeMap<CellId, Finished> {
    let csv = std::fs::read(experiments().join("liu2025.csv")).unwrap();
    let table = Table::from_csv("liu2025", &csv).unwrap();
    let finished = |record: superpose_store::record::Record| {
        let probabilities = record.cell.probabilities().unwrap().as_slice().to_vec();
        (record.cell_id.clone(), Finished { record, curve: Vec::new(), probabilities })
    };
    records(&table).unwrap().into_iter().map(finished).collect()
}

/// Holds `made` against the file in `folder`, but for columns of [`INTERVALS`] and columns that were added.
fn compare(made: &Table, folder: &Path) {
    let path = folder.join(format!("tables/{}.csv", made.name));
    let file = Table::from_csv(&made.name, &std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(made.rows.len(), file.rows.len(), "rows of {}", path.display());
    for column in file.columns.iter().filter(|c| !INTERVALS.contains(&&*c.name)) {
        let (ours, theirs) = (made.words(&column.name).unwrap(), file.words(&column.name).unwrap());
        for (row, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
            assert_eq!(ours, theirs, "{} of row {} of {}", column.name, row + 1, path.display());
        }
    }
}

#[test]
fn tables_and_claims_are_those_in_the_repository() {
    let (known, weights) = (known(), BTreeMap::new());
    for (figure, folder) in committed() {
        let wanted = figure.cells().unwrap();
        let cells = wanted.iter().filter_map(|cell| known.get(&cell.id())).collect();
        let evidence = Evidence { cells, weights: &weights };
        let made = (figure.make)(&evidence).unwrap();
        let needs_weights = |name: &str| NEED_WEIGHTS.contains(&(figure.id, name));
        for table in made.tables.iter().filter(|table| !needs_weights(&table.name)) {
            compare(table, &folder);
        }
        compare(&report::origins(&evidence, wanted.len()), &folder);
        let mut claims = claim::table(&made.claims);
        let mut file = std::fs::read(folder.join("tables/claims.csv")).unwrap();
        if NEED_WEIGHTS.iter().any(|(id, _)| *id == figure.id) {
            let run = |row: &&Vec<superpose_files::table::Field>| row[6].to_string() != "not run";
            claims.rows = claims.rows.iter().filter(run).cloned().collect();
            let of_run: BTreeSet<String> = claims.words("claim").unwrap().into_iter().collect();
            let mut there = Table::from_csv("claims", &file).unwrap();
            there.rows.retain(|row| of_run.contains(&row[0].to_string()));
            file = there.to_csv();
        }
        assert_eq!(
            String::from_utf8(claims.to_csv()).unwrap(),
            String::from_utf8(file).unwrap(),
            "claims of figure {}",
            figure.id
        );
    }
}
