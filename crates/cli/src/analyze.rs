//! `superpose analyze` and `superpose figures`: from records to tables, from tables to pictures.

use std::path::{Path, PathBuf};

use serde_json::json;
use superpose_analysis::run::Run;
use superpose_analysis::study::{DRAWN, Progress, pictures, study};
use superpose_analysis::{FitWindow, published, results};
use superpose_figures::study::{Note, Places, Study, draw, write_csv, write_page};
use superpose_files::disk::write_whole;
use superpose_files::table::{Table, Tables};
use superpose_store::measured::{Losses, measure};
use superpose_store::record::RECORD_VERSION;
use superpose_store::store::Store;

use crate::args::{AnalyzeOptions, FolderOptions};
use crate::console;
use crate::study::{read_given, say};

/// What a run has come to.
pub(crate) struct RunSummary {
    name: String,
    folder: PathBuf,
    pub(crate) progress: Progress,
    pub(crate) study: Study,
}

pub(crate) fn analyze(options: &AnalyzeOptions) -> anyhow::Result<()> {
    let store = Store::open(&options.folder)?;
    if options.remeasure {
        remeasure(&store)?;
    }
    let window = FitWindow { d_min: options.d_min, d_max: options.d_max };
    let summary = write_tables(&store, window, options.published.as_deref())?;
    if options.json {
        console::say_json(&summary.to_json()?);
    } else {
        summary.study.notes.iter().for_each(say);
        let (folder, n_tables) = (options.folder.display(), summary.study.tables.as_slice().len());
        console::say(&format!("wrote {folder}/results.csv and {n_tables} tables"));
        console::say(&format!("next: superpose figures {folder}"));
    }
    Ok(())
}

/// Measures the weights in `store` anew, into their records; the losses stay.
pub(crate) fn remeasure(store: &Store) -> anyhow::Result<()> {
    let mut n_measured = 0;
    for id in store.finished()? {
        let Some(weights) = store.weights(&id)? else { continue };
        let mut record = store.record(&id)?;
        let Some(losses) = record.measured.as_ref().map(Losses::of_record) else { continue };
        let measured = measure(&record.cell, &store.probabilities(&id)?, &weights, losses);
        (record.record_version, record.measured) = (RECORD_VERSION, Some(measured));
        store.replace(&record)?;
        n_measured += 1;
    }
    console::complain(&format!("measured the weights of {n_measured} cells anew"));
    Ok(())
}

pub(crate) fn figures(options: &FolderOptions) -> anyhow::Result<()> {
    let store = Store::open(&options.folder)?;
    let written = write_figures(&store)?;
    if options.json {
        console::say_json(&json!({ "figures": written }));
    } else {
        for path in written {
            console::say(&format!("wrote {}", path.display()));
        }
    }
    Ok(())
}

/// Writes `results.csv` and all tables of the run in `store`, one of them beside the `published`
/// numbers of a file if there is one.
pub(crate) fn write_tables(
    store: &Store,
    window: FitWindow,
    published: Option<&Path>,
) -> anyhow::Result<RunSummary> {
    let run = Run::read(store)?;
    let (root, folder) = (store.root(), store.root().join("tables"));
    let results = results::results(&run);
    write_whole(&root.join("results.csv"), &results.to_csv())?;
    let mut study = study(&run, window)?;
    if let Some(path) = published {
        let beside = published::published(&results, &read_given(path)?)?;
        study.notes.push(Note::Line(published::agreement(&beside)?));
        study.tables.push(beside);
    }
    write_csv(&folder, study.tables.as_slice())?;
    // `results.csv` stands beside the folder, and is explained in it.
    let documented: Vec<Table> =
        std::iter::once(results).chain(study.tables.iter().cloned()).collect();
    write_page(&folder, study.convention, &documented)?;
    let progress = Progress::of(&run);
    Ok(RunSummary { name: run.name, folder: root.to_owned(), progress, study })
}

/// Draws all figures of the run in `store` from its tables.
pub(crate) fn write_figures(store: &Store) -> anyhow::Result<Vec<PathBuf>> {
    let (root, sweep) = (store.root(), store.manifest()?.name);
    let places = Places {
        tables: &root.join("tables"),
        pictures: &root.join("figures"),
        remedy: &format!("superpose analyze {}", root.display()),
    };
    Ok(draw(&DRAWN, &|tables: &Tables| pictures(tables, &sweep), &places)?)
}

pub(crate) fn print_written(root: &Path, n_tables: usize, figures: &[PathBuf]) {
    let root = root.display();
    console::say(&format!(
        "wrote {root}/results.csv, {n_tables} tables in {root}/tables and {} pictures in \
         {root}/figures",
        figures.len()
    ));
    if let Some(first) = figures.iter().find(|p| p.extension().is_some_and(|e| e == "png")) {
        console::say(&format!("next: look at {}", first.display()));
    }
}

impl RunSummary {
    /// The summary for a program.
    pub(crate) fn to_json(&self) -> anyhow::Result<serde_json::Value> {
        let fits = console::json_rows(self.study.tables.get("exponents")?);
        let Progress { n_completed, n_lost, n_missing } = self.progress;
        Ok(json!({
            "name": self.name, "folder": self.folder, "completed": n_completed,
            "diverged_or_failed": n_lost, "missing": n_missing, "fits": fits,
        }))
    }
}
