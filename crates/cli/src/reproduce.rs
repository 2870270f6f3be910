//! `superpose reproduce`: the paper's figures, from sweeps to pages; and `superpose report`, pages alone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use superpose_analysis::results::{records, results};
use superpose_analysis::run::Run;
use superpose_files::sums::write_listed;
use superpose_paper::claim::Verdict;
use superpose_paper::experiment::Experiment;
use superpose_paper::figure::{Figure, Material};
use superpose_paper::figures::{FIGURES, find};
use superpose_paper::index::write_index;
use superpose_paper::report::write_page;
use superpose_paper::sweeps::{LARGE, SweepFile, cells};
use superpose_run::Trainer;
use superpose_store::lease::Ownership;
use superpose_store::store::{Manifest, Store, StoreError};
use superpose_toy::cell::{Cell, CellId};
use superpose_toy::prepared::Preparer;
use superpose_toy::trained::Weights;
use superpose_train::memory::dense_flop;

use crate::analyze::{self, refuse_damage, tell_damage};
use crate::args::ReproduceOptions;
use crate::console;
use crate::progress::train_all;
use crate::run::announce;
use crate::study::{self, read_given};

/// The name of the run that all figures share.
const NAME: &str = "liu2025";
/// What is known of its cells, where the repository has it: of those of the paper's kind, and of others.
const KNOWN: [&str; 2] = ["experiments/liu2025.csv", "experiments/kinds.csv"];

pub(crate) fn reproduce(options: &ReproduceOptions) -> anyhow::Result<ExitCode> {
    let figures = chosen(&options.figures)?;
    let known = known(options);
    if known.is_empty() && !options.from_scratch {
        console::complain(&format!(
            "note: nothing is taken over, as there is no {} here; --known names such a table",
            KNOWN[0]
        ));
    }
    if options.list || options.dry_run {
        // These only look: they make no folder and no record.
        let there = There::of(&options.run, &known)?;
        if options.list {
            list(&there, options.json);
        } else {
            dry_run(&figures, &there, options.json);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let (store, wanted) = store(&options.run)?;
    for path in known {
        take_over(&store, &wanted, &path)?;
    }
    if !options.no_training {
        train(options, &figures, &store)?;
    }
    let run = Run::read(&store)?;
    write_results(&options.run, &run)?;
    let out = options.out.clone().unwrap_or_else(|| options.run.join("experiments"));
    let mut made = Vec::new();
    for figure in figures {
        let material = Material::of(figure, &run.finished, |id| weights(&store, id))?;
        let experiment = Experiment::of(figure, &material);
        experiment
            .write(&out.join(figure.folder()))
            .with_context(|| format!("figure {}", figure.id))?;
        made.push(experiment);
    }
    let index = write_index(&out)?;
    if options.json {
        console::say_json(&to_json(&made, &out));
    } else {
        print(&made, &out);
        console::say(&format!("all figures of {} are on {}", out.display(), index.display()));
    }
    refuse_damage(&run.damaged)?;
    let some_lost = made.iter().any(|experiment| experiment.n_lost > 0);
    Ok(if some_lost { ExitCode::from(3) } else { ExitCode::SUCCESS })
}

/// Writes what is known of the cells: `results.csv` of those of the paper's kind, `kinds.csv` of others.
fn write_results(root: &Path, run: &Run) -> anyhow::Result<()> {
    let of = |is_variant: bool| {
        let finished = run.finished.iter().filter(|f| f.record.cell.is_variant() == is_variant);
        let (name, finished) = (run.name.clone(), finished.cloned().collect());
        results(&Run { name, finished, missing: Vec::new(), damaged: Vec::new() }).to_csv()
    };
    let (papers, others) = (of(false), of(true));
    Ok(write_listed(root, &[("results.csv", &papers), ("kinds.csv", &others)])?)
}

/// The weights of a cell, if they are there and are what was written.
fn weights(store: &Store, id: &CellId) -> Result<Option<Weights>, StoreError> {
    match store.weights(id) {
        Err(damage @ StoreError::Content { .. }) => {
            console::complain(&damage.to_string());
            Ok(None)
        }
        read => read,
    }
}

/// The figures with these ids.
fn chosen(ids: &[String]) -> anyhow::Result<Vec<&'static Figure>> {
    let mut figures: Vec<&Figure> = Vec::new();
    for id in ids {
        let id = id.to_lowercase();
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
    Ok((Store::create(root, &manifest)?.0, wanted))
}

/// The tables that cells are taken over from.
fn known(options: &ReproduceOptions) -> Vec<PathBuf> {
    match options.known.is_empty() {
        _ if options.from_scratch => Vec::new(),
        false => options.known.clone(),
        true => KNOWN.map(PathBuf::from).into_iter().filter(|path| path.exists()).collect(),
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

/// What is there of the run that all figures share: its store, if it has been begun, and the cells
/// that would be taken over.
struct There {
    store: Option<Store>,
    known: BTreeSet<CellId>,
}

impl There {
    /// What is there, which stays as it is.
    fn of(root: &Path, known: &[PathBuf]) -> anyhow::Result<Self> {
        let is_there = root.join("sweep.json").exists();
        let store = is_there.then(|| Store::open(root)).transpose()?;
        let mut ids = BTreeSet::new();
        for path in known {
            let records =
                records(&read_given(path)?).with_context(|| format!("{}", path.display()))?;
            ids.extend(records.into_iter().map(|record| record.cell_id));
        }
        Ok(Self { store, known: ids })
    }

    fn is_finished(&self, id: &CellId) -> bool {
        self.is_trained(id) || self.known.contains(id)
    }

    fn is_trained(&self, id: &CellId) -> bool {
        self.store.as_ref().is_some_and(|store| store.is_finished(id))
    }

    fn has_weights(&self, id: &CellId) -> bool {
        self.store.as_ref().is_some_and(|store| store.has_weights(id))
    }
}

/// The cells of the `figures`, and the ids of those that are finished but `lack` the weights that they
/// need.
fn needed(
    figures: &[&Figure],
    lack: &dyn Fn(&CellId) -> bool,
) -> (BTreeMap<CellId, Cell>, BTreeSet<CellId>) {
    let (mut cells, mut without_weights) = (BTreeMap::new(), BTreeSet::new());
    for figure in figures {
        for cell in figure.cells() {
            let id = cell.id();
            if (figure.wants_weights)(&cell) && lack(&id) {
                without_weights.insert(id.clone());
            }
            cells.insert(id, cell);
        }
    }
    (cells, without_weights)
}

/// Says what would be trained.
fn dry_run(figures: &[&Figure], there: &There, as_json: bool) {
    let lack = |id: &CellId| there.is_finished(id) && !there.has_weights(id);
    let (mut cells, without_weights) = needed(figures, &lack);
    let n_cells = cells.len();
    cells.retain(|id, _| !there.is_finished(id) || without_weights.contains(id));
    let steps: u64 = cells.values().map(|cell| cell.train.steps).sum();
    let flop: f64 = cells.values().map(dense_flop).sum();
    if as_json {
        let figures: Vec<&str> = figures.iter().map(|figure| figure.id).collect();
        console::say_json(&json!({
            "figures": figures, "cells": n_cells, "to_train": cells.len(), "steps": steps,
            "dense_flop": flop,
        }));
        return;
    }
    console::say(&format!(
        "{} cells would be trained: {steps} steps and {flop:.1e} operations in dense matrix products. \
         Nothing was trained.",
        cells.len()
    ));
}

/// Trains what the `figures` lack.
fn train(options: &ReproduceOptions, figures: &[&Figure], store: &Store) -> anyhow::Result<()> {
    let lack = |id: &CellId| store.is_finished(id) && !store.has_weights(id);
    let (cells, without_weights) = needed(figures, &lack);
    let cells = Preparer::default().prepare_all(cells.into_values())?;
    let trainer = Trainer::prepare(&options.training.to_run(), &cells, "the figures")?;
    trainer.remarks().iter().for_each(|remark| console::complain(&format!("note: {remark}")));
    // Their records were taken over, and records are not enough; where they come from they still are.
    let plan = trainer.plan(&cells, store, &|cell| without_weights.contains(&cell.id))?;
    tell_damage(&plan.damaged);
    if !options.json {
        announce(&trainer, "these figures", &plan, store);
    }
    Ok(train_all(&trainer, plan.todo, store)?)
}

pub(crate) fn report(folders: &[PathBuf], as_json: bool) -> anyhow::Result<()> {
    let mut pages = Vec::new();
    for folder in folders {
        let page = match folder.join("sweep.json").exists() {
            true => analyze::write_report(&Store::open(folder)?)?,
            false => write_page(figure_of(folder)?, folder)?,
        };
        if !as_json {
            console::say(&format!("wrote {}", page.display()));
        }
        pages.push(page);
    }
    if as_json {
        console::say_json(&json!({ "pages": pages }));
    }
    Ok(())
}

/// The figure whose folder is called as this one.
fn figure_of(folder: &Path) -> anyhow::Result<&'static Figure> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    FIGURES.iter().find(|f| f.folder() == name).with_context(|| {
        let known: Vec<String> = FIGURES.iter().map(Figure::folder).collect();
        let (folder, known) = (folder.display(), known.join(", "));
        format!("`{folder}` is no figure's folder and no run's; the figures' are {known}")
    })
}

fn list(there: &There, as_json: bool) {
    let mut rows = Vec::new();
    let mut objects = Vec::new();
    for figure in FIGURES {
        let cells: Vec<CellId> = figure.cells().iter().map(Cell::id).collect();
        let n_finished = cells.iter().filter(|id| there.is_trained(id)).count();
        let n_known = cells.iter().filter(|id| there.is_finished(id)).count() - n_finished;
        let sweeps: Vec<&str> = figure.sweeps.iter().map(|s| s.path).collect();
        objects.push(json!({
            "figure": figure.id, "title": figure.title, "cells": cells.len(),
            "finished": n_finished, "sweeps": sweeps, "known": n_known,
        }));
        rows.push(vec![
            figure.id.to_owned(),
            format!("{n_finished}/{}", cells.len()),
            n_known.to_string(),
            figure.title.to_owned(),
        ]);
    }
    if as_json {
        console::say_json(&json!(objects));
    } else {
        console::say(&console::table(&["figure", "cells here", "known", "shows"], &rows));
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
    let picture = |experiment: &Experiment| {
        let path = out.join(experiment.figure.folder()).join("figure.png");
        path.exists().then_some(path)
    };
    match made.iter().find_map(picture) {
        Some(path) => console::say(&format!("next: look at {}", path.display())),
        None => console::say(
            "nothing was drawn: no cell that these figures need is there; without --no-training \
             they are trained",
        ),
    }
}
