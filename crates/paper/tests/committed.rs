//! The experiments in the repository are what this crate makes of the records in the repository.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::fs;
use std::path::{Path, PathBuf};

use superpose_analysis::results::records;
use superpose_analysis::run::Finished;
use superpose_figures::study::{Places, draw};
use superpose_files::table::{LOSSES, Table, documentation};
use superpose_paper::claim;
use superpose_paper::experiment::Experiment;
use superpose_paper::figure::{Figure, Material};
use superpose_paper::papers::{PAPERS, figures};
use superpose_paper::report::{origins, write_page};
use superpose_paper::sweeps::{LARGE, cells};
use superpose_paper::tiny;
use superpose_store::record::Record;
use superpose_toy::cell::CellId;
use superpose_toy::trained::Weights;

/// Tables of single rows of `W`: they need weights, which are not in the repository.
const NEED_WEIGHTS: [(&str, &str); 5] = [
    ("3a", "rows"),
    ("5b", "rows"),
    ("dead-outputs", "fate"),
    ("elhage-dimensionality", "curve"),
    ("elhage-dimensionality", "features"),
];

fn experiments() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments")
}

/// The figures of which the repository has the cells, with their folders.
fn committed() -> impl Iterator<Item = (&'static Figure, PathBuf)> {
    let figures = figures().filter(|figure| !figure.sweeps.contains(&LARGE));
    figures.map(|figure| (figure, experiments().join(figure.folder())))
}

/// What is known of the cells in the repository.
struct Known {
    finished: Vec<Finished>,
    weights: BTreeMap<CellId, Weights>,
}

impl Known {
    fn of_repository() -> Self {
        let table = |name: &str| {
            let csv = fs::read(experiments().join(name)).unwrap();
            Table::from_csv(name, &csv).unwrap()
        };
        let finished = |record: Record| {
            let probabilities = record.cell.probabilities().unwrap().as_slice().to_vec();
            Finished { record, curve: Vec::new(), probabilities }
        };
        let names = PAPERS.iter().flat_map(|paper| paper.records);
        let records = names.flat_map(|name| records(&table(name)).unwrap());
        let mut known =
            Self { finished: records.map(finished).collect(), weights: BTreeMap::new() };
        for paper in &PAPERS {
            let Some(name) = paper.tiny else { continue };
            for (finished, weights) in tiny::read(&table(name), &cells(paper.sweeps)).unwrap() {
                known.weights.insert(finished.record.cell_id.clone(), weights);
                known.finished.push(finished);
            }
        }
        known
    }

    fn material(&self, figure: &Figure) -> Material<'_> {
        let weights = |id: &CellId| Ok::<_, Infallible>(self.weights.get(id).cloned());
        Material::of(figure, &self.finished, weights).unwrap()
    }
}

fn read(folder: &Path, name: &str) -> Table {
    let csv = fs::read(folder.join(format!("tables/{name}.csv"))).unwrap();
    Table::from_csv(name, &csv).unwrap()
}

/// Equal, or numbers that differ as the logarithms of two systems may.
fn same(a: &str, b: &str) -> bool {
    let close = |a: f64, b: f64| (a - b).abs() <= 1e-9 * a.abs().max(1e-3);
    a == b || matches!((a.parse(), b.parse()), (Ok(a), Ok(b)) if close(a, b))
}

/// Holds `made` against `file`.
fn compare(made: &Table, file: &Table, figure: &Figure) {
    let name = format!("table {} of figure {}", made.name, figure.id);
    let names = |table: &Table| -> Vec<String> {
        table.columns.iter().map(|column| column.name.clone()).collect()
    };
    assert_eq!(names(made), names(file), "columns of {name}");
    assert_eq!(made.rows.len(), file.rows.len(), "rows of {name}");
    for column in &file.columns {
        let (ours, theirs) = (made.words(&column.name).unwrap(), file.words(&column.name).unwrap());
        for (row, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
            let place = format!("{} of row {} of {name}", column.name, row + 1);
            assert!(same(ours, theirs), "{place}: {ours}, was {theirs}");
        }
    }
}

#[test]
fn tables_and_claims_are_those_in_the_repository() {
    let known = Known::of_repository();
    for (figure, folder) in committed() {
        let material = known.material(figure);
        let findings = (figure.make)(&material);
        let needs_weights = |name: &str| NEED_WEIGHTS.contains(&(figure.id, name));
        for table in findings.tables.iter().filter(|table| !needs_weights(&table.name)) {
            compare(table, &read(&folder, &table.name), figure);
        }
        compare(&origins(&material), &read(&folder, "origins"), figure);
        let (mut made, mut file) = (claim::table(&findings.claims), read(&folder, "claims"));
        if NEED_WEIGHTS.iter().any(|(id, _)| *id == figure.id) {
            // Those that were run here are compared.
            made.rows.retain(|row| row[6].to_string() != "not run");
            let run: BTreeSet<String> = made.words("claim").unwrap().into_iter().collect();
            file.rows.retain(|row| run.contains(&row[0].to_string()));
        }
        compare(&made, &file, figure);
    }
}

#[test]
fn pictures_and_pages_are_those_in_the_repository() {
    let mut others = Vec::new();
    for (figure, folder) in committed() {
        let copy = tempfile::tempdir().unwrap();
        let tables = copy.path().join("tables");
        fs::create_dir(&tables).unwrap();
        fs::copy(folder.join("README.md"), copy.path().join("README.md")).unwrap();
        let mut names = Vec::new();
        for entry in fs::read_dir(folder.join("tables")).unwrap().map(Result::unwrap) {
            let file = entry.file_name().into_string().unwrap();
            fs::copy(entry.path(), tables.join(&file)).unwrap();
            names.extend(file.strip_suffix(".csv").map(str::to_owned));
        }
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let places = Places { tables: &tables, pictures: copy.path(), remedy: "" };
        let pictures = draw(&names, &|tables| figure.pictures(tables), &places).unwrap();
        for picture in pictures.iter().filter(|path| path.extension().unwrap() == "svg") {
            let name = picture.file_name().unwrap();
            if fs::read(picture).unwrap() != fs::read(folder.join(name)).unwrap() {
                others.push(format!("{} of figure {}", name.display(), figure.id));
            }
        }
        let page = fs::read_to_string(write_page(figure, copy.path()).unwrap()).unwrap();
        assert_eq!(page, fs::read_to_string(folder.join("README.md")).unwrap(), "{}", figure.id);
    }
    assert!(others.is_empty(), "other pictures: {}", others.join(", "));
}

/// The claims, with those that were not run as they are in the repository.
fn with_measured(claims: &Table, file: &Table) -> Table {
    let mut claims = claims.clone();
    let fields = |table: &Table, row: usize, name: &str| {
        table.column(name).ok().map(|column| table.rows[row][column].clone())
    };
    for row in 0..claims.rows.len() {
        let known = file.words("claim").unwrap();
        let place = known.iter().position(|name| *name == claims.words("claim").unwrap()[row]);
        let is_run = claims.words("verdict").unwrap()[row] != "not run";
        for (at, name) in ["ours", "error", "basis", "verdict"].map(|n| (claims.column(n), n)) {
            if let (Some(place), false) = (place, is_run) {
                claims.rows[row][at.unwrap()] = fields(file, place, name).unwrap();
            }
        }
    }
    claims
}

#[test]
#[ignore = "writes `experiments/` anew: after it, `git diff` shows what a change did"]
fn experiments_are_written_anew() {
    let known = Known::of_repository();
    for (figure, folder) in committed() {
        let material = known.material(figure);
        let tables = Experiment::of(figure, &material).study.tables;
        let in_tables = folder.join("tables");
        let is_of_weights = |name: &str| NEED_WEIGHTS.contains(&(figure.id, name));
        for table in tables.iter().filter(|table| !is_of_weights(&table.name)) {
            // Claims that need weights are measured in the repository, and not here.
            let table = match table.name == claim::CLAIMS {
                true => &with_measured(table, &read(&folder, &table.name)),
                false => table,
            };
            fs::write(in_tables.join(format!("{}.csv", table.name)), table.to_csv()).unwrap();
        }
        fs::write(in_tables.join("README.md"), documentation(LOSSES, tables.as_slice())).unwrap();
        let names: Vec<&str> = tables.iter().map(|table| &*table.name).collect();
        let places = Places { tables: &in_tables, pictures: &folder, remedy: "" };
        draw(&names, &|tables| figure.pictures(tables), &places).unwrap();
        write_page(figure, &folder).unwrap();
    }
}
