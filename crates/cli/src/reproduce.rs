//! `superpose reproduce` and `superpose report`: the paper's figures, from sweeps to pages.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use superpose_analysis::results::{records, results};
use superpose_analysis::run::Run;
use superpose_files::disk::write_whole;
use superpose_paper::claim::Verdict;
use superpose_paper::experiment::Experiment;
use superpose_paper::figure::{Figure, Material};
use superpose_paper::figures::{FIGURES, find};
use superpose_paper::report::write_page;
use superpose_paper::sweeps::{LARGE, SweepFile, cells};
use superpose_run::Trainer;
use superpose_store::lease::Ownership;
use superpose_store::store::{Manifest, Store};
use superpose_toy::cell::{Cell, CellId};
use superpose_toy::prepared::Preparer;
use superpose_train::memory::dense_flop;

use crate::args::ReproduceOptions;
use crate::console;
use crate::progress::train_all;
use crate::run::{announce, n_finished};
use crate::study::{self, read_given};

/// The name of the run that all figures share.
const NAME: &str = "liu2025";
/// What is known of its cells, where the repository has it.
const KNOWN: &str = "experiments/liu2025.csv";

pub(crate) fn reproduce(options: &ReproduceOptions) -> anyhow::Result<ExitCode> {
    let figures = chosen(&options.figures)?;
    let (store, wanted) = store(&options.run)?;
    if options.list {
        list(&store, options.json);
        return Ok(ExitCode::SUCCESS);
    }
    for path in known(options) {
        take_over(&store, &wanted, &path)?;
    }
    if options.dry_run {
        dry_run(&figures, &store);
        return Ok(ExitCode::SUCCESS);
    }
    if !options.no_training {
        train(options, &figures, &store)?;
    }
    let run = Run::read(&store)?;
    write_whole(&options.run.join("results.csv"), &results(&run).to_csv())?;
    let out = options.out.clone().unwrap_or_else(|| options.run.join("experiments"));
    let mut made = Vec::new();
    for figure in figures {
        let material = Material::of(figure, &run.finished, |id| store.weights(id))?;
        let experiment = Experiment::of(figure, &material);
        experiment
            .write(&out.join(figure.folder()))
            .with_context(|| format!("figure {}", figure.id))?;
        made.push(experiment);
    }
    if options.json {
        console::say_json(&to_json(&made, &out));
    } else {
        print(&made, &out);
    }
    let some_lost = made.iter().any(|experiment| experiment.n_lost > 0);
    Ok(if some_lost { ExitCode::from(3) } else { ExitCode::SUCCESS })
}

/// The figures with these ids.
fn chosen(ids: &[String]) -> anyhow::Result<Vec<&'static Figure>> {
    let mut figures: Vec<&Figure> = Vec::new();
    for id in ids {
        match (id.as_str(), find(id.trim_start_matches("figure-"))) {
            ("all", _) => figures.extend(FIGURES.iter().filter(|f| !f.sweeps.contains(&LARGE))),
            (_, Some(figure)) => figures.push(figure),
            _ => {
                let known: Vec<&str> = FIGURES.iter().map(|f| f.id).collect();
                bail!("there is no figure `{id}`; there are {}, and all", known.join(", "));
            }
        }
    }
    let mut seen = BTreeSet::new();
    figures.retain(|f| seen.insert(f.id));
    Ok(figures)
}

/// The folder of the run, for all the cells of all sweeps, and the ids of these.
fn store(root: &Path) -> anyhow::Result<(Store, BTreeSet<CellId>)> {
    let manifest = Manifest { name: NAME.to_owned(), cells: cells(SweepFile::ALL) };
    let wanted = manifest.cells.iter().map(Cell::id).collect();
    std::fs::create_dir_all(root).with_context(|| format!("cannot create `{}`", root.display()))?;
    Ok((Store::create(root, &manifest)?.0, wanted))
}

/// The tables that cells are taken over from.
fn known(options: &ReproduceOptions) -> Vec<PathBuf> {
    let default = Path::new(KNOWN);
    match options.known.is_empty() {
        _ if options.from_scratch => Vec::new(),
        false => options.known.clone(),
        true if default.exists() => vec![default.to_owned()],
        true => Vec::new(),
    }
}

/// Takes the records in the table at `path` into `store`, where it has none of its own.
fn take_over(store: &Store, wanted: &BTreeSet<CellId>, path: &Path) -> anyhow::Result<()> {
    let records = records(&read_given(path)?).with_context(|| format!("{}", path.display()))?;
    let mut n_taken = 0;
    for record in records.iter().filter(|r| wanted.contains(&r.cell_id)) {
        if store.is_finished(&record.cell_id) {
            continue;
        }
        // Somebody else may be training it: then theirs is kept.
        if let Some(Ownership::Ours(_lease)) = store.claim(&record.cell_id)? {
            store.write(record, &[], None)?;
            n_taken += 1;
        }
    }
    if n_taken > 0 {
        console::complain(&format!(
            "took over {n_taken} cells from {}; --from-scratch trains them here instead",
            path.display()
        ));
    }
    Ok(())
}

/// The cells of the `figures`, and the ids of those that have a record but not the weights that they need.
fn needed(figures: &[&Figure], store: &Store) -> (BTreeMap<CellId, Cell>, BTreeSet<CellId>) {
    let (mut cells, mut without_weights) = (BTreeMap::new(), BTreeSet::new());
    for figure in figures {
        for cell in figure.cells() {
            let id = cell.id();
            if (figure.wants_weights)(&cell) && store.is_finished(&id) && !store.has_weights(&id) {
                without_weights.insert(id.clone());
            }
            cells.insert(id, cell);
        }
    }
    (cells, without_weights)
}

/// Says what would be trained.
fn dry_run(figures: &[&Figure], store: &Store) {
    let (mut cells, without_weights) = needed(figures, store);
    cells.retain(|id, _| !store.is_finished(id) || without_weights.contains(id));
    let steps: u64 = cells.values().map(|cell| cell.train.steps).sum();
    let flop: f64 = cells.values().map(dense_flop).sum();
    console::say(&format!(
        "{} cells would be trained: {steps} steps and {flop:.1e} operations in dense matrix products. \
         Nothing was trained.",
        cells.len()
    ));
}

/// Trains what the `figures` lack.
fn train(options: &ReproduceOptions, figures: &[&Figure], store: &Store) -> anyhow::Result<()> {
    let (cells, without_weights) = needed(figures, store);
    let cells = Preparer::default().prepare_all(cells.into_values())?;
    let trainer = Trainer::prepare(&options.training.to_run(), &cells, "the figures")?;
    // Their records were taken over, and records are not enough; where they come from they still are.
    for id in without_weights {
        if store.is_finished(&id) {
            store.forget(&id)?;
        }
    }
    let todo = trainer.unfinished(&cells, store)?;
    if !options.json {
        announce(&trainer, "these figures", n_finished(&cells, store), &todo, store);
    }
    Ok(train_all(&trainer, todo, store)?)
}

pub(crate) fn report(folders: &[PathBuf]) -> anyhow::Result<()> {
    for folder in folders {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let figure = FIGURES.iter().find(|f| f.folder() == name);
        let figure = figure.with_context(|| {
            let known: Vec<String> = FIGURES.iter().map(Figure::folder).collect();
            format!("`{}` is no figure's folder; they are {}", folder.display(), known.join(", "))
        })?;
        console::say(&format!("wrote {}", write_page(figure, folder)?.display()));
    }
    Ok(())
}

fn list(store: &Store, as_json: bool) {
    let mut rows = Vec::new();
    let mut objects = Vec::new();
    for figure in FIGURES {
        let cells = figure.cells();
        let n_finished = cells.iter().filter(|c| store.is_finished(&c.id())).count();
        let sweeps: Vec<&str> = figure.sweeps.iter().map(|s| s.path).collect();
        objects.push(json!({
            "figure": figure.id, "title": figure.title, "cells": cells.len(),
            "finished": n_finished, "sweeps": sweeps,
        }));
        rows.push(vec![
            figure.id.to_owned(),
            format!("{n_finished}/{}", cells.len()),
            figure.title.to_owned(),
        ]);
    }
    if as_json {
        console::say_json(&json!(objects));
    } else {
        console::say(&console::table(&["figure", "cells here", "shows"], &rows));
        console::say("next: superpose reproduce 9b");
    }
}

fn to_json(made: &[Experiment], out: &Path) -> Value {
    let figure = |experiment: &Experiment| {
        let claims = experiment.claims.iter().map(|claim| {
            json!({
                "claim": claim.name, "paper": claim.paper, "ours": claim.ours,
                "error": claim.uncertainty.as_ref().and_then(|u| u.error), "basis": claim.basis,
                "tolerance": claim.test.to_string(), "verdict": claim.verdict().to_string(),
                "error_of": claim.uncertainty.as_ref().map(|u| &u.of),
                "interval": claim.uncertainty.as_ref().map(|u| u.interval),
            })
        });
        json!({
            "figure": experiment.figure.id, "folder": out.join(experiment.figure.folder()),
            "missing": experiment.n_missing, "claims": claims.collect::<Vec<_>>(),
        })
    };
    made.iter().map(figure).collect()
}

fn print(made: &[Experiment], out: &Path) {
    made.iter().flat_map(|experiment| &experiment.study.notes).for_each(study::say);
    let count = |verdict: Verdict| -> usize {
        let claims = made.iter().flat_map(|experiment| &experiment.claims);
        claims.filter(|c| c.verdict() == verdict).count()
    };
    console::say(&format!(
        "\n{} claims agree, {} fall short, {} are undecided, {} were not run",
        count(Verdict::Agrees),
        count(Verdict::FallsShort),
        count(Verdict::Undecided),
        count(Verdict::NotRun)
    ));
    if let Some(first) = made.first() {
        let folder = out.join(first.figure.folder());
        console::say(&format!("next: look at {}", folder.join("figure.png").display()));
    }
}
