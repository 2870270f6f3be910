//! `superpose run`: a sweep file in, a folder of records, tables and figures out.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use superpose_analysis::FitWindow;
use superpose_run::Trainer;
use superpose_run::resources::size;
use superpose_store::store::{Manifest, Store};
use superpose_sweep::file::Sweep;
use superpose_toy::prepared::Prepared;
use superpose_train::memory::dense_flop;

use crate::args::RunOptions;
use crate::progress::train_all;
use crate::{analyze, console, study};

pub(crate) fn run(options: &RunOptions) -> anyhow::Result<ExitCode> {
    let sweep = Sweep::read(&options.config, &options.overrides)?;
    sweep.remarks.iter().for_each(|remark| console::complain(&format!("note: {remark}")));
    let source = options.config.display().to_string();
    let trainer = Trainer::prepare(&options.training.to_run(), &sweep.cells, &source)?;
    let root = options.out.clone().unwrap_or_else(|| Path::new("runs").join(&sweep.name));
    if options.dry_run {
        describe(options, &sweep, &root, &trainer);
        return Ok(ExitCode::SUCCESS);
    }
    if options.fresh && root.exists() {
        let aside = set_aside(&root)?;
        console::complain(&format!("the older run is now in {}", aside.display()));
    }
    let cells = sweep.cells.iter().map(|prepared| prepared.cell.clone()).collect();
    let manifest = Manifest { name: sweep.name.clone(), cells };
    let (store, orphans) = Store::create(&root, &manifest)?;
    if !orphans.is_empty() {
        console::complain(&format!(
            "{} finished cells in {} no longer belong to the sweep; they are kept but not analysed",
            orphans.len(),
            root.display()
        ));
    }
    let todo = trainer.unfinished(&sweep.cells, &store)?;
    if !options.json {
        let n_finished = n_finished(&sweep.cells, &store);
        announce(&trainer, &format!("`{}`", sweep.name), n_finished, &todo, &store);
    }
    train_all(&trainer, todo, &store)?;
    let summary = analyze::write_tables(&store, FitWindow::ALL, None)?;
    let figures = analyze::write_figures(&store)?;
    if options.json {
        console::say_json(&summary.to_json()?);
    } else {
        summary.study.notes.iter().for_each(study::say);
        analyze::print_written(&root, summary.study.tables.as_slice().len(), &figures);
    }
    Ok(if summary.progress.n_lost > 0 { ExitCode::from(3) } else { ExitCode::SUCCESS })
}

/// Moves a run to `<root>.1`, or the next number that is free.
fn set_aside(root: &Path) -> anyhow::Result<PathBuf> {
    Store::open(root)?;
    let numbered = |i: usize| {
        let mut name = root.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{i}"));
        root.with_file_name(name)
    };
    let aside = (1..).map(numbered).find(|path| !path.exists()).expect("numbers do not end");
    std::fs::rename(root, &aside).with_context(|| format!("cannot move `{}`", root.display()))?;
    Ok(aside)
}

/// How many of the `cells` have a record.
pub(crate) fn n_finished(cells: &[Prepared], store: &Store) -> usize {
    cells.iter().filter(|cell| store.is_finished(&cell.id)).count()
}

/// Says what is about to be trained: the cells `todo` of those that `name` asks for.
pub(crate) fn announce(
    trainer: &Trainer,
    name: &str,
    n_finished: usize,
    todo: &[Prepared],
    store: &Store,
) {
    let training = match todo.len() {
        1 => format!("training 1 cell of {name}"),
        n => format!("training {n} cells of {name}"),
    };
    let text = match (todo.len(), n_finished) {
        (0, _) => format!("all {n_finished} cells of {name} are finished"),
        (_, 0) => training,
        _ => format!("{training}; {n_finished} are finished"),
    };
    let (engine, root) = (trainer.engine().name(), store.root().display());
    let how = match trainer.together_on() {
        Some(device) => format!("together on {device}"),
        None => format!("{} at a time", trainer.n_at_once()),
    };
    console::complain(&format!("{text} (engine {engine}, {how}) in {root}"));
}

/// Says what would be trained.
fn describe(options: &RunOptions, sweep: &Sweep, root: &Path, trainer: &Trainer) {
    let jobs = trainer.n_at_once();
    let cells = || sweep.cells.iter().map(|prepared| &prepared.cell);
    let memory = sweep.cells.iter().map(|c| trainer.cell_bytes(c)).fold(0.0, f64::max);
    let flop: f64 = cells().map(dense_flop).sum();
    let steps: u64 = cells().map(|cell| cell.train.steps).sum();
    let finished = Store::open(root).map_or(0, |store| n_finished(&sweep.cells, &store));
    if options.json {
        let object = |c: &Prepared| serde_json::json!({ "cell_id": c.id, "cell": c.cell });
        let cells: Vec<_> = sweep.cells.iter().map(object).collect();
        console::say_json(&serde_json::json!({
            "name": sweep.name, "folder": root, "n_cells": cells.len(),
            "n_finished": finished, "jobs": jobs, "steps": steps, "dense_flop": flop,
            "memory_bytes_per_cell": memory, "cells": cells,
        }));
        return;
    }
    let rows: Vec<Vec<String>> = sweep
        .cells
        .iter()
        .take(20)
        .map(|Prepared { id, cell, .. }| {
            vec![
                id.to_string(),
                cell.model.n_features.to_string(),
                cell.model.d_hidden.to_string(),
                format!("{:.4}", cell.train.weight_decay),
                cell.train.steps.to_string(),
                cell.train.seed.to_string(),
            ]
        })
        .collect();
    let header = ["cell", "n", "d", "decay", "steps", "seed"];
    console::say(&console::table(&header, &rows));
    if sweep.cells.len() > rows.len() {
        console::say(&format!("… and {} more", sweep.cells.len() - rows.len()));
    }
    console::say(&format!(
        "{} cells, {finished} of them finished; {steps} steps and {flop:.1e} operations in dense \
         matrix products; at most {} of memory a cell, {jobs} at a time. Nothing was trained.",
        sweep.cells.len(),
        size(memory),
    ));
}
