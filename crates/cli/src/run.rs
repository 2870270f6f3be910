//! `superpose run`: a sweep file in, a folder of records, tables and figures out.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use superpose_analysis::FitWindow;
use superpose_device::NamedDevice;
use superpose_sweep::cell::Cell;
use superpose_sweep::file::Sweep;
use superpose_sweep::record::Outcome;
use superpose_sweep::store::{Manifest, Store};
use superpose_train::memory::{dense_flop, gram_bytes, reference_bytes};
use superpose_train::together::{Place, cell_bytes};
use superpose_train::train::Engine;

use crate::args::{self, RunOptions};
use crate::queue::train_all;
use crate::together::fitting;
use crate::{analyze, console, resources};

pub(crate) fn run(options: &RunOptions) -> anyhow::Result<ExitCode> {
    let device = superpose_device::open(&options.device)?;
    let sweep = Sweep::read(&options.config, &options.overrides)?;
    let place = place(options, &device);
    let jobs = match &place {
        Some(place) => together_at_most(options, &sweep, place, &device)?,
        None => jobs(options, &sweep)?,
    };
    let root = options.out.clone().unwrap_or_else(|| Path::new("runs").join(&sweep.name));
    if options.dry_run {
        let bytes = |cell: &Cell| match (&place, cell.probabilities()) {
            (Some(place), Ok(probabilities)) => cell_bytes(place.engine, cell, &probabilities),
            _ => memory_bytes(engine(options), cell),
        };
        describe(options, &sweep, &root, jobs, &bytes);
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
    let todo = unfinished(options, &sweep, &store)?;
    if !options.json {
        announce(&sweep, &todo, &root, jobs, engine(options), place.as_ref().map(|_| &device));
    }
    train_all(options, todo, &store, &device, jobs, place.as_ref())?;
    let summary = analyze::write_tables(&store, FitWindow::ALL, None)?;
    let figures = analyze::write_figures(&store)?;
    if options.json {
        console::say(&format!("{:#}", summary.to_json()));
    } else {
        summary.print();
        analyze::print_written(&root, summary.n_tables, &figures);
    }
    Ok(if summary.n_lost > 0 { ExitCode::from(3) } else { ExitCode::SUCCESS })
}

/// The engine to use: `gram` does every cell, on the CPU or on a GPU.
pub(crate) fn engine(options: &RunOptions) -> Engine {
    match options.engine {
        args::Engine::Auto | args::Engine::Gram => Engine::Gram,
        args::Engine::Reference => Engine::Reference,
    }
}

/// Where cells are trained together, if they are: on a GPU.
fn place(options: &RunOptions, device: &NamedDevice) -> Option<Place> {
    let (client, device) = (device.client.clone()?, device.device.clone());
    Some(Place { engine: engine(options), client, device, n_threads: resources::cores() })
}

/// The number of cells to train together, at most: what was asked for, or as many as the largest cell
/// leaves room for.
fn together_at_most(
    options: &RunOptions,
    sweep: &Sweep,
    place: &Place,
    device: &NamedDevice,
) -> anyhow::Result<usize> {
    let largest = |a: &&Cell, b: &&Cell| dense_flop(a).total_cmp(&dense_flop(b));
    let Some(cell) = sweep.cells.iter().max_by(largest) else { return Ok(1) };
    let fitting = fitting(cell, place, device)?;
    Ok(options.jobs.map_or(fitting, |jobs| jobs.get().min(fitting)))
}

/// The number of cells to train at once on the CPU: what was asked for, or as many as there are cores and
/// room for. A cell that does not fit in memory at all is refused.
fn jobs(options: &RunOptions, sweep: &Sweep) -> anyhow::Result<usize> {
    let bytes = |cell: &Cell| memory_bytes(engine(options), cell);
    let largest = |a: &&Cell, b: &&Cell| bytes(a).total_cmp(&bytes(b));
    let Some(cell) = sweep.cells.iter().max_by(largest) else { return Ok(1) };
    let (needed, free) = (bytes(cell), resources::free_memory_bytes());
    if needed > free {
        bail!(
            "{}: a cell with `model.n_features` = {}, `model.d_hidden` = {} and \
             `train.batch_size` = {} needs about {}; at most {} is free on this machine",
            options.config.display(),
            cell.model.n_features,
            cell.model.d_hidden,
            cell.train.batch_size,
            size(needed),
            size(free),
        );
    }
    if let Some(jobs) = options.jobs {
        return Ok(jobs.get());
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at least one")]
    let room = (free / needed) as usize;
    Ok(resources::cores().min(room).max(1))
}

/// What a cell needs in training.
fn memory_bytes(engine: Engine, cell: &Cell) -> f64 {
    match engine {
        Engine::Reference => reference_bytes(cell),
        Engine::Gram => gram_bytes(cell),
    }
}

fn size(bytes: f64) -> String {
    if bytes < 1e9 { format!("{:.0} MB", bytes / 1e6) } else { format!("{:.1} GB", bytes / 1e9) }
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

/// The cells to train now, the costliest first so that the last ones to end are short.
fn unfinished(options: &RunOptions, sweep: &Sweep, store: &Store) -> anyhow::Result<Vec<Cell>> {
    let mut todo = Vec::new();
    for cell in &sweep.cells {
        let id = cell.id();
        if store.is_finished(&id) {
            // Reading it now names a damaged record before any work is done.
            let record = store.record(&id)?;
            if !options.retry_failed || record.outcome == Outcome::Completed {
                continue;
            }
            store.forget(&id)?;
        }
        todo.push(cell.clone());
    }
    todo.truncate(options.limit.unwrap_or(usize::MAX));
    todo.sort_by(|a, b| cost(b).total_cmp(&cost(a)));
    Ok(todo)
}

/// Cost of a cell, in arbitrary units: the passes over numbers of each sample weigh about as much
/// as matrix products of width 40 do (measured at n = 1000, B = 2048); only their order counts.
fn cost(cell: &Cell) -> f64 {
    dense_flop(cell) * (1.0 + 40.0 / cell.model.d_hidden as f64)
}

fn announce(
    sweep: &Sweep,
    todo: &[Cell],
    root: &Path,
    jobs: usize,
    engine: Engine,
    gpu: Option<&NamedDevice>,
) {
    let finished = sweep.cells.len() - todo.len();
    let text = match (todo.len(), finished) {
        (0, _) => format!("all {finished} cells of `{}` are finished", sweep.name),
        (n, 0) => format!("training the {n} cells of `{}`", sweep.name),
        (n, _) => format!("training {n} cells of `{}`; {finished} are finished", sweep.name),
    };
    let (engine, root) = (engine.name(), root.display());
    let how = match gpu {
        Some(gpu) => format!("together on {}", gpu.name),
        None => format!("{jobs} at a time"),
    };
    console::complain(&format!("{text} (engine {engine}, {how}) in {root}"));
}

fn describe(
    options: &RunOptions,
    sweep: &Sweep,
    root: &Path,
    jobs: usize,
    bytes: &dyn Fn(&Cell) -> f64,
) {
    let memory = sweep.cells.iter().map(bytes).fold(0.0, f64::max);
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
