//! `superpose analyze` and `superpose figures`: from records to tables, from tables to pictures and the page.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use superpose_analysis::chosen::{self, Choice};
use superpose_analysis::models::{MOST_FEATURES, Models};
use superpose_analysis::page;
use superpose_analysis::run::{Finished, Run};
use superpose_analysis::study::{DRAWN, DRAWN_IF_THERE, Progress, pictures, study};
use superpose_analysis::{FitWindow, Subject, published, results};
use superpose_figures::study::{Note, Places, Study, draw, read_table, write_csv, write_page};
use superpose_files::disk::DiskError;
use superpose_files::sums::write_listed;
use superpose_files::table::{Table, Tables};
use superpose_run::event::loss;
use superpose_run::label::Labels;
use superpose_run::remeasure::{Remeasured, remeasure};
use superpose_store::store::{Damage, Store};
use superpose_toy::cell::CellId;

use crate::args::{AnalyzeOptions, FiguresOptions};
use crate::console;
use crate::study::{read_given, say};

/// Cells that are named at most; of more, only how many there are.
pub(crate) const MOST_NAMED: usize = 20;

/// What a run has come to.
pub(crate) struct RunSummary {
    run: Run,
    folder: PathBuf,
    results: Table,
    pub(crate) progress: Progress,
    pub(crate) study: Study,
}

pub(crate) fn analyze(options: &AnalyzeOptions) -> anyhow::Result<()> {
    let store = Store::open(&options.folder)?;
    let remeasured = if options.remeasure { remeasure(&store)? } else { Remeasured::default() };
    if options.remeasure {
        tell_remeasured(&remeasured);
    }
    let window = FitWindow { d_min: options.d_min, d_max: options.d_max };
    let summary = RunSummary::of(&store, window, options.published.as_deref())?;
    let written = summary.write().context("the tables are not written");
    let page = written.and_then(|()| write_report(&store));
    if options.json {
        console::say_json(&summary.to_json()?);
    } else {
        summary.study.notes.iter().for_each(say);
        if let Ok(page) = &page {
            let (folder, n_tables) = (options.folder.display(), summary.n_tables());
            console::say(&format!("wrote {folder}/results.csv and {n_tables} tables"));
            console::say(&format!("wrote {}", page.display()));
            console::say(&format!("next: superpose figures {folder}"));
        }
    }
    page?;
    refuse_damage(&[remeasured.damaged, summary.run.damaged].concat())
}

/// Says which cells were measured anew and which were not.
fn tell_remeasured(remeasured: &Remeasured) {
    let Remeasured { n_measured, without_weights, busy, .. } = remeasured;
    console::complain(&format!("measured the weights of {n_measured} cells anew"));
    for (ids, why) in [
        (without_weights, "have no weights here and keep their records"),
        (busy, "are being trained or measured by other processes and keep their records"),
    ] {
        if !ids.is_empty() {
            console::complain(&format!("{} cells {why}: {}", ids.len(), named(ids)));
        }
    }
}

/// The first of these cells, and how many more there are.
fn named(ids: &[CellId]) -> String {
    let mut words: Vec<String> = ids.iter().take(MOST_NAMED).map(ToString::to_string).collect();
    if ids.len() > MOST_NAMED {
        words.push(format!("and {} more", ids.len() - MOST_NAMED));
    }
    words.join(", ")
}

/// Says a line for each damaged file, of many only of the first.
pub(crate) fn tell_damage(damaged: &[Damage]) {
    damaged.iter().take(MOST_NAMED).for_each(|damage| console::complain(&damage.to_string()));
    if damaged.len() > MOST_NAMED {
        let more = damaged.len() - MOST_NAMED;
        console::complain(&format!("… and {more} more; superpose status --check names all"));
    }
}

/// Names damaged cells, and what to do about them.
///
/// # Errors
/// When there are any.
pub(crate) fn refuse_damage(damaged: &[Damage]) -> anyhow::Result<()> {
    tell_damage(damaged);
    let cells = match damaged.len() {
        0 => return Ok(()),
        1 => "1 cell is damaged".to_owned(),
        n => format!("{n} cells are damaged"),
    };
    bail!("{cells}; `superpose run` with the sweep file trains what is damaged anew");
}

pub(crate) fn figures(options: &FiguresOptions) -> anyhow::Result<()> {
    let store = Store::open(&options.folder)?;
    let (written, page) = match choice(options) {
        Some(choice) => (write_chosen(&store, &choice)?, write_report(&store)?),
        None => write_figures(&store)?,
    };
    if options.json {
        console::say_json(&json!({ "figures": written, "page": page }));
    } else {
        for path in written.iter().chain([&page]) {
            console::say(&format!("wrote {}", path.display()));
        }
    }
    Ok(())
}

/// What the user wants to see, if that is said.
fn choice(options: &FiguresOptions) -> Option<Choice> {
    let FiguresOptions { value, x, y, colour, columns, rows, .. } = options;
    Some(Choice {
        value: value.clone()?,
        x: x.clone()?,
        y: y.clone(),
        colour: colour.clone(),
        columns: columns.clone(),
        rows: rows.clone(),
    })
}

/// Draws what was chosen from the results of the run in `store`.
fn write_chosen(store: &Store, choice: &Choice) -> anyhow::Result<Vec<PathBuf>> {
    let root = store.root();
    let remedy = &format!("superpose analyze {}", root.display());
    let of_results = Places { tables: root, pictures: root, remedy };
    let (table, picture) = chosen::chosen(&read_table("results", &of_results)?, choice)?;
    let (tables, figures) = (root.join("tables"), root.join("figures"));
    write_csv(&tables, std::slice::from_ref(&table))?;
    let places = Places { tables: &tables, pictures: &figures, remedy };
    Ok(draw(&[&table.name], &|_| Ok(vec![picture.clone()]), &places)?)
}

/// Draws all figures of the run in `store` from its tables, and writes its page; returns their files.
pub(crate) fn write_figures(store: &Store) -> anyhow::Result<(Vec<PathBuf>, PathBuf)> {
    let (root, manifest) = (store.root(), store.manifest()?);
    let subject = Subject::of(&manifest.name, &manifest.cells);
    let tables = root.join("tables");
    let is_there = |name: &&str| tables.join(format!("{name}.csv")).exists();
    let names: Vec<&str> =
        DRAWN.into_iter().chain(DRAWN_IF_THERE.into_iter().filter(is_there)).collect();
    let places = Places {
        tables: &tables,
        pictures: &root.join("figures"),
        remedy: &format!("superpose analyze {}", root.display()),
    };
    let drawn = draw(&names, &|tables: &Tables| pictures(tables, &subject), &places)?;
    page::note_drawn(root)?;
    Ok((drawn, write_report(store)?))
}

/// Writes the page of the run in `store` from its tables and pictures, and returns its path.
pub(crate) fn write_report(store: &Store) -> anyhow::Result<PathBuf> {
    Ok(page::write_page(store.root(), &store.manifest()?)?)
}

pub(crate) fn print_written(root: &Path, n_tables: usize, n_figures: usize, page: &Path) {
    let root = root.display();
    console::say(&format!(
        "wrote {root}/results.csv, {n_tables} tables in {root}/tables, {n_figures} pictures in \
         {root}/figures and a page of all"
    ));
    console::say(&format!("next: look at {}", page.display()));
}

impl RunSummary {
    /// What the run in `store` has come to, beside the `published` numbers of a file if there is one. Nothing
    /// is written.
    pub(crate) fn of(
        store: &Store,
        window: FitWindow,
        published: Option<&Path>,
    ) -> anyhow::Result<Self> {
        let run = Run::read(store)?;
        let results = results::results(&run);
        let models = Models::read(&run, store, MOST_FEATURES)?;
        let mut study = study(&run, &models, window)?;
        if let Some(path) = published {
            let beside = published::published(&results, &read_given(path)?)?;
            study.notes.push(Note::Line(published::agreement(&beside)?));
            study.tables.push(beside);
        }
        let progress = Progress::of(&run);
        Ok(Self { run, folder: store.root().to_owned(), results, progress, study })
    }

    /// Writes `results.csv` and all tables.
    pub(crate) fn write(&self) -> Result<(), DiskError> {
        let folder = self.folder.join("tables");
        write_listed(&self.folder, &[("results.csv", &self.results.to_csv())])?;
        write_csv(&folder, self.study.tables.as_slice())?;
        // `results.csv` stands beside the folder, and is explained in it.
        let documented: Vec<Table> =
            std::iter::once(&self.results).chain(self.study.tables.iter()).cloned().collect();
        write_page(&folder, self.study.convention, &documented)
    }

    /// How many tables there are, beside `results.csv`.
    pub(crate) fn n_tables(&self) -> usize {
        self.study.tables.as_slice().len()
    }

    /// The cells that are damaged and left out.
    pub(crate) fn damaged(&self) -> &[Damage] {
        &self.run.damaged
    }

    /// The summary for a program.
    pub(crate) fn to_json(&self) -> anyhow::Result<Value> {
        let fits = console::json_rows(self.study.tables.get("exponents")?);
        let Progress { n_completed, n_lost, n_missing, n_damaged } = self.progress;
        let finished = &self.run.finished;
        let labels = Labels::of(&finished.iter().map(|f| &f.record.cell).collect::<Vec<_>>());
        let damaged = self.run.damaged.iter().map(damage_json).collect::<Vec<_>>();
        Ok(json!({
            "name": self.run.name, "folder": self.folder, "completed": n_completed,
            "diverged_or_failed": n_lost, "missing": n_missing, "fits": fits, "damaged": n_damaged,
            "lost_cells": finished.iter().filter_map(|f| lost_json(f, &labels)).collect::<Vec<_>>(),
            "damaged_cells": damaged,
        }))
    }
}

/// A damaged cell for a program.
pub(crate) fn damage_json(damage: &Damage) -> Value {
    json!({ "cell_id": damage.cell_id, "file": damage.path, "problem": damage.problem })
}

/// A cell that diverged or failed for a program.
fn lost_json(finished: &Finished, labels: &Labels) -> Option<Value> {
    let record = &finished.record;
    let said = loss(&record.outcome)?;
    Some(json!({
        "cell_id": record.cell_id, "settings": labels.label(&record.cell),
        "outcome": record.outcome.word(), "said": said,
    }))
}
