//! `superpose run`: a sweep file in, a folder of records, tables and figures out.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use superpose_analysis::FitWindow;
use superpose_run::Trainer;
use superpose_run::estimate::{By, Estimate};
use superpose_run::plan::{Plan, Rest};
use superpose_run::resources::size;
use superpose_store::lease::Kind;
use superpose_store::store::{Begun, Manifest, Start, Store};
use superpose_sweep::file::Sweep;
use superpose_toy::engine::EngineKind;
use superpose_toy::prepared::Prepared;
use superpose_train::memory::dense_flop;

use crate::args::{Leases, ProgressOptions, RunOptions, Until};
use crate::progress::train_all;
use crate::shard::Shard;
use crate::signals::Signals;
use crate::{analyze, console, source, study};

pub(crate) fn run(options: &RunOptions) -> anyhow::Result<ExitCode> {
    let Some(config) = options.config.as_ref().filter(|_| !options.list) else {
        source::list(options.json);
        return Ok(ExitCode::SUCCESS);
    };
    let sweep = source::sweep(config, &options.overrides)?;
    sweep.remarks.iter().for_each(|remark| console::complain(&format!("note: {remark}")));
    let source = config.display().to_string();
    let trainer = Trainer::prepare(&options.training.to_run()?, &sweep.cells, &source)?;
    trainer.remarks().iter().for_each(|remark| console::complain(&format!("note: {remark}")));
    let root = options.out.clone().unwrap_or_else(|| Path::new("runs").join(&sweep.name));
    if options.dry_run {
        describe(options, &sweep, &root, &trainer)?;
        return Ok(ExitCode::SUCCESS);
    }
    let cells = sweep.cells.iter().map(|prepared| prepared.cell.clone()).collect();
    let manifest = Manifest { name: sweep.name.clone(), cells };
    let start = if options.fresh { Start::Anew } else { Start::Resume };
    let shard = options.shard.as_deref().map(Shard::parse).transpose()?;
    let leases = match options.leases {
        _ if shard.is_some() => Some(Kind::Nothing),
        Leases::Auto => None,
        Leases::Locks => Some(Kind::Locks),
        Leases::Heartbeats => Some(Kind::Heartbeats),
    };
    let Begun { store, orphans, aside } = Store::begin_with(&root, &manifest, start, leases)?;
    if let Some(aside) = aside {
        console::complain(&format!("the older run is now in {}", aside.display()));
    }
    if !orphans.is_empty() {
        console::complain(&format!(
            "{} finished cells in {} no longer belong to the sweep; they are kept but not analysed",
            orphans.len(),
            root.display()
        ));
    }
    let its = shard.map(|shard| shard.of(&sweep.cells));
    let plan = trainer.plan(its.as_ref().unwrap_or(&sweep.cells), &store, &|_| false)?;
    analyze::tell_damage(&plan.damaged);
    let progress = &options.training.progress;
    if !options.json && !progress.quiet {
        announce(&trainer, &format!("`{}`", sweep.name), &plan, &store);
    }
    let ended_early = train(&trainer, plan, &store, progress)?;
    if let Some(early) = ended_early.as_ref().filter(|_| options.json) {
        let Rest { n_left, n_begun } = early.rest;
        console::say_json(&serde_json::json!({
            "name": sweep.name, "folder": root, "ended": early.why,
            "n_cells": sweep.cells.len(), "n_left": n_left, "n_begun": n_begun,
        }));
    }
    match (ended_early.map(|early| early.cause), options.training.until) {
        // As it was planned.
        (Some(Cause::TimeIsUp), Some(Until::Slurm)) => return Ok(ExitCode::SUCCESS),
        (Some(cause), _) => return Ok(cause.code()),
        (None, _) if options.train_only => return Ok(ExitCode::SUCCESS),
        (None, _) => {}
    }
    let summary = analyze::RunSummary::of(&store, FitWindow::ALL, None)?;
    let written = summary.write().context("the tables are not written");
    let figures = written.and_then(|()| analyze::write_figures(&store));
    if options.json {
        console::say_json(&summary.to_json()?);
    } else {
        summary.study.notes.iter().for_each(study::say);
        if let Ok((figures, page)) = &figures {
            analyze::print_written(&root, summary.n_tables(), figures.len(), page);
        }
    }
    figures?;
    analyze::refuse_damage(summary.damaged())?;
    if summary.progress.n_lost == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    if !options.json {
        console::complain(&format!(
            "superpose status {} says which cells diverged or failed; --retry-failed trains them again",
            root.display()
        ));
    }
    Ok(ExitCode::from(3))
}

/// A training that ended before all was trained.
#[derive(Debug)]
pub(crate) struct Early {
    pub(crate) cause: Cause,
    /// That in words.
    why: String,
    /// What is left.
    rest: Rest,
}

/// Why training ended before all was trained.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cause {
    /// It was told to, by the signal of this number.
    Signal(u8),
    /// Its time was up.
    TimeIsUp,
}

impl Cause {
    /// The code to end with.
    pub(crate) fn code(self) -> ExitCode {
        match self {
            Self::Signal(number) => ExitCode::from(128 + number),
            Self::TimeIsUp => ExitCode::from(4),
        }
    }
}

/// Trains the cells of a plan. When that ends before all are trained, says what there is and how it goes on.
pub(crate) fn train(
    trainer: &Trainer,
    plan: Plan,
    store: &Store,
    progress: &ProgressOptions,
) -> anyhow::Result<Option<Early>> {
    let signals = Signals::listen();
    let (n_todo, n_before) = (plan.todo.len(), plan.n_finished);
    let rest = train_all(trainer, plan, store, progress, &signals)?;
    if rest.n_left == 0 {
        return Ok(None);
    }
    let (why, cause) = match signals.heard() {
        Some((name, number)) => (format!("stopped by {name}"), Cause::Signal(number)),
        None => ("the time is up".to_owned(), Cause::TimeIsUp),
    };
    let Rest { n_left, n_begun } = rest;
    let (n_all, n_finished) = (n_todo + n_before, n_todo + n_before - n_left);
    let begun = match n_begun {
        0 => String::new(),
        1 => ", 1 is in the middle".to_owned(),
        n => format!(", {n} are in the middle"),
    };
    console::complain(&format!(
        "{why}: {n_finished} of {n_all} cells are finished{begun}; the same command goes on from there:\n  {}",
        this_command()
    ));
    Ok(Some(Early { cause, why, rest }))
}

/// The command that this program was started with, to be typed again.
fn this_command() -> String {
    command(std::env::args_os().map(|word| word.to_string_lossy().into_owned()))
}

/// A command of these words, as a shell reads it.
pub(crate) fn command(words: impl IntoIterator<Item = String>) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
    let quoted = |word: String| match !word.is_empty() && word.chars().all(is_plain) {
        true => word,
        false => format!("'{}'", word.replace('\'', "'\\''")),
    };
    words.into_iter().map(quoted).collect::<Vec<_>>().join(" ")
}

/// Says what is about to be trained of the cells that `name` asks for.
pub(crate) fn announce(trainer: &Trainer, name: &str, plan: &Plan, store: &Store) {
    let cells = |n: usize| if n == 1 { "1 cell".to_owned() } else { format!("{n} cells") };
    let Plan { todo, n_finished, n_left, damaged, .. } = plan;
    let mut text = match (todo.len(), *n_left) {
        (0, 0) => format!("all {n_finished} cells of {name} are finished"),
        (0, n) => format!("training none of the {} of {name} that are to be trained", cells(n)),
        (n, _) => format!("training {} of {name}", cells(n)),
    };
    for (n, what) in [
        (*n_finished, "are finished"),
        (*n_left, "are left for another time"),
        (damaged.len(), "are damaged and trained anew"),
    ] {
        if n > 0 && (!todo.is_empty() || *n_left > 0) {
            text.push_str(&format!("; {n} {what}"));
        }
    }
    let of_todo = todo.iter().map(|todo| trainer.engine(&todo.cell.cell));
    let (engines, root) = (engines(of_todo), store.root().display());
    let how = match trainer.together_on() {
        Some(device) => format!("together on {device}"),
        None => format!("{} at a time", trainer.n_at_once()),
    };
    match todo.is_empty() {
        true => console::complain(&format!("{text} in {root}")),
        false => console::complain(&format!("{text} ({engines}, {how}) in {root}")),
    }
}

/// The engines of cells in words, with how many cells each has if there are several.
fn engines(of_cells: impl Iterator<Item = EngineKind>) -> String {
    let mut counts: Vec<(EngineKind, usize)> = Vec::new();
    for engine in of_cells {
        match counts.iter_mut().find(|(known, _)| *known == engine) {
            Some((_, n)) => *n += 1,
            None => counts.push((engine, 1)),
        }
    }
    match &counts[..] {
        [(engine, _)] => format!("engine {}", engine.name()),
        _ => {
            let parts: Vec<String> =
                counts.iter().map(|(engine, n)| format!("{} for {n}", engine.name())).collect();
            format!("engine {}", parts.join(", "))
        }
    }
}

/// How long so many cells take, in a sentence.
pub(crate) fn how_long(estimate: Option<Estimate>, n_todo: usize) -> String {
    match estimate {
        None if n_todo == 0 => "All is trained.".to_owned(),
        None => "How long that takes on this device is known when some are trained.".to_owned(),
        Some(Estimate { seconds, by }) => {
            let by = match by {
                By::Finished(1) => "what the finished cell took".to_owned(),
                By::Finished(n) => format!("what {n} finished cells took"),
                By::Trial(1) => "half a second's training of it".to_owned(),
                By::Trial(n) => format!("half a second's training of {n} of them"),
            };
            let n = if n_todo == 1 { "the cell".to_owned() } else { format!("the {n_todo} cells") };
            format!("About {} for {n} that are to be trained, by {by}.", console::duration(seconds))
        }
    }
}

/// Says what would be trained.
fn describe(
    options: &RunOptions,
    sweep: &Sweep,
    root: &Path,
    trainer: &Trainer,
) -> anyhow::Result<()> {
    let jobs = trainer.n_at_once();
    let cells = || sweep.cells.iter().map(|prepared| &prepared.cell);
    let memory = sweep.cells.iter().map(|c| trainer.cell_bytes(c)).fold(0.0, f64::max);
    let flop: f64 = cells().map(dense_flop).sum();
    let steps: u64 = cells().map(|cell| cell.train.steps).sum();
    let plan = match Store::open(root) {
        Ok(store) if !options.fresh => trainer.plan(&sweep.cells, &store, &|_| false)?,
        _ => trainer.plan_anew(&sweep.cells),
    };
    let estimate = trainer.estimate(&plan);
    analyze::tell_damage(&plan.damaged);
    let finished = plan.n_finished;
    if options.json {
        let object = |c: &Prepared| {
            let engine = trainer.engine(&c.cell).name();
            serde_json::json!({ "cell_id": c.id, "engine": engine, "cell": c.cell })
        };
        let cells: Vec<_> = sweep.cells.iter().map(object).collect();
        console::say_json(&serde_json::json!({
            "name": sweep.name, "folder": root, "n_cells": cells.len(),
            "n_finished": finished, "jobs": jobs, "steps": steps, "dense_flop": flop,
            "memory_bytes_per_cell": memory, "cells": cells, "n_damaged": plan.damaged.len(),
            "estimated_s": estimate.map(|estimate| estimate.seconds),
        }));
        return Ok(());
    }
    let rows: Vec<Vec<String>> = sweep
        .cells
        .iter()
        .take(20)
        .map(|Prepared { id, cell, .. }| {
            vec![
                id.to_string(),
                trainer.labels().label(cell),
                cell.train.steps.to_string(),
                trainer.engine(cell).name().to_owned(),
            ]
        })
        .collect();
    let header = ["cell", "what differs", "steps", "engine"];
    console::say(&console::table(&header, &rows));
    if sweep.cells.len() > rows.len() {
        console::say(&format!("… and {} more", sweep.cells.len() - rows.len()));
    }
    console::say(&format!(
        "{} cells, {finished} of them finished; {}; {steps} steps; at most {} of memory a cell, {jobs} at a time.",
        sweep.cells.len(),
        engines(cells().map(|cell| trainer.engine(cell))),
        size(memory),
    ));
    console::say(&format!("{} Nothing was trained.", how_long(estimate, plan.todo.len())));
    Ok(())
}
