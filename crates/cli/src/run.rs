//! `superpose run`: a sweep file in, a folder of records, tables and figures out.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use superpose_analysis::FitWindow;
use superpose_store::store::{Manifest, Store};
use superpose_sweep::file::Sweep;
use superpose_train::memory::dense_flop;

use crate::args::RunOptions;
use crate::queue::train_all;
use crate::training::{Training, size};
use crate::{analyze, console};

pub(crate) fn run(options: &RunOptions) -> anyhow::Result<ExitCode> {
    let sweep = Sweep::read(&options.config, &options.overrides)?;
    let source = options.config.display().to_string();
    let training = Training::prepare(&options.training, &sweep.cells, &source)?;
    let root = options.out.clone().unwrap_or_else(|| Path::new("runs").join(&sweep.name));
    if options.dry_run {
        describe(options, &sweep, &root, &training);
        return Ok(ExitCode::SUCCESS);
    }
    if options.fresh && root.exists() {
        let aside = set_aside(&root)?;
        console::complain(&format!("the older run is now in {}", aside.display()));
    }
    let manifest = Manifest { name: sweep.name.clone(), cells: sweep.cells.clone() };
    let (store, orphans) = Store::create(&root, &manifest)?;
    if !orphans.is_empty() {
        console::complain(&format!(
            "{} finished cells in {} no longer belong to the sweep; they are kept but not analysed",
            orphans.len(),
            root.display()
        ));
    }
    let todo = training.unfinished(&sweep.cells, &store)?;
    if !options.json {
        let finished = sweep.cells.iter().filter(|c| store.is_finished(&c.id())).count();
        training.announce(&format!("`{}`", sweep.name), finished, todo.len(), &root);
    }
    train_all(&training, todo, &store)?;
    let summary = analyze::write_tables(&store, FitWindow::ALL, None)?;
    let figures = analyze::write_figures(&store)?;
    if options.json {
        console::say(&format!("{:#}", summary.to_json()?));
    } else {
        summary.print();
        analyze::print_written(&root, summary.n_tables(), &figures);
    }
    Ok(if summary.n_lost() > 0 { ExitCode::from(3) } else { ExitCode::SUCCESS })
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

fn describe(options: &RunOptions, sweep: &Sweep, root: &Path, training: &Training<'_>) {
    let jobs = training.jobs();
    let memory = sweep.cells.iter().map(|cell| training.cell_bytes(cell)).fold(0.0, f64::max);
    let flop: f64 = sweep.cells.iter().map(dense_flop).sum();
    let steps: u64 = sweep.cells.iter().map(|c| c.train.steps).sum();
    let finished = match Store::open(root) {
        Ok(store) => sweep.cells.iter().filter(|c| store.is_finished(&c.id())).count(),
        Err(_) => 0,
    };
    if options.json {
        let cells: Vec<_> = sweep
            .cells
            .iter()
            .map(|cell| serde_json::json!({ "cell_id": cell.id(), "cell": cell }))
            .collect();
        console::say(&format!(
            "{:#}",
            serde_json::json!({
                "name": sweep.name, "folder": root, "n_cells": cells.len(),
                "n_finished": finished, "jobs": jobs, "steps": steps, "dense_flop": flop,
                "memory_bytes_per_cell": memory, "cells": cells,
            })
        ));
        return;
    }
    let rows: Vec<Vec<String>> = sweep
        .cells
        .iter()
        .take(20)
        .map(|cell| {
            vec![
                cell.id().to_string(),
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
