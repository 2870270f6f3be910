//! `superpose reproduce`: the paper's figures, from sweeps to pages; and `superpose report`, pages alone.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use superpose_analysis::results::{records, results};
use superpose_analysis::run::{Finished, Run};
use superpose_files::given;
use superpose_files::sums::write_listed;
use superpose_files::table::Table;
use superpose_paper::claim::Verdict;
use superpose_paper::experiment::Experiment;
use superpose_paper::figure::{Figure, Material};
use superpose_paper::index::write_index;
use superpose_paper::papers::{PAPERS, Paper, figures, find, paper_of};
use superpose_paper::report::write_page;
use superpose_paper::sweeps::{LARGE, cells};
use superpose_paper::tiny::{self, is_tiny};
use superpose_run::Trainer;
use superpose_store::lease::Ownership;
use superpose_store::record::Record;
use superpose_store::store::{Damage, Manifest, Store, StoreError};
use superpose_sweep::like;
use superpose_toy::cell::{Cell, CellId};
use superpose_toy::prepared::Preparer;
use superpose_toy::trained::Weights;
use superpose_train::memory::dense_flop;

use crate::analyze::{self, refuse_damage, tell_damage};
use crate::args::ReproduceOptions;
use crate::console;
use crate::run::{self, Early, announce};
use crate::study::{self, read_given};

pub(crate) fn reproduce(options: &ReproduceOptions) -> anyhow::Result<ExitCode> {
    let figures = chosen(&options.figures)?;
    let papers = papers_of(&figures, options)?;
    if options.list || options.dry_run {
        // These only look: they make no folder and no record.
        let mut there = Vec::new();
        for paper in papers {
            there.push((paper, There::of(paper, &run_of(paper, options), &known(paper, options))?));
        }
        if options.list {
            list(&there, options.json);
        } else {
            dry_run(options, &figures, &there)?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let (mut made, mut damaged) = (Vec::new(), Vec::new());
    for paper in papers {
        let its = figures.iter().copied().filter(|f| paper_of(f).id == paper.id);
        let (experiments, more) = match of_paper(options, paper, &its.collect::<Vec<_>>())? {
            ControlFlow::Continue(made) => made,
            ControlFlow::Break(early) => return Ok(early.cause.code()),
        };
        made.extend(experiments);
        damaged.extend(more);
    }
    let mut indices: Vec<(PathBuf, PathBuf)> = Vec::new();
    for out in made.iter().filter_map(|(_, folder)| folder.parent()) {
        if indices.iter().all(|(known, _)| known != out) {
            indices.push((out.to_owned(), write_index(out)?));
        }
    }
    if options.json {
        console::say_json(&to_json(&made));
    } else {
        print(&made);
        for (out, index) in &indices {
            console::say(&format!("all figures of {} are on {}", out.display(), index.display()));
        }
    }
    refuse_damage(&damaged)?;
    let some_lost = made.iter().any(|(experiment, _)| experiment.n_lost > 0);
    Ok(if some_lost { ExitCode::from(3) } else { ExitCode::SUCCESS })
}

/// A figure that was made, with its folder.
type Made = (Experiment, PathBuf);

/// Figures that were made, and what is damaged of the run that they are of.
type Figures = (Vec<Made>, Vec<Damage>);

/// Trains and makes the `figures` of a paper; and what is damaged of its run. Or how the program ends, if training
/// did before its time.
fn of_paper(
    options: &ReproduceOptions,
    paper: &Paper,
    figures: &[&'static Figure],
) -> anyhow::Result<ControlFlow<Early, Figures>> {
    let (root, known) = (run_of(paper, options), known(paper, options));
    let (store, wanted) = store(paper, &root)?;
    let mut tiny_cells = TinyCells::new();
    for table in known {
        take_over(&store, &wanted, &table, &mut tiny_cells)?;
    }
    // What was trained here counts.
    tiny_cells.retain(|id, _| !store.is_finished(id));
    if !options.no_training
        && let Some(early) = train(options, figures, &store, &tiny_cells)?
    {
        return Ok(ControlFlow::Break(early));
    }
    let mut run = Run::read(&store)?;
    for (finished, _) in tiny_cells.values() {
        run.finished.push(finished.clone());
    }
    let weights = |id: &CellId| match tiny_cells.get(id) {
        Some((_, weights)) => Ok(Some(weights.clone())),
        None => weights(&store, id),
    };
    write_results(paper, &root, &run, &weights)?;
    let out = options.out.clone().unwrap_or_else(|| root.join("experiments"));
    let mut made = Vec::new();
    for figure in figures {
        let material = Material::of(figure, &run.finished, weights)?;
        let experiment = Experiment::of(figure, &material);
        let folder = out.join(figure.folder());
        experiment.write(&folder).with_context(|| format!("figure {}", figure.id))?;
        made.push((experiment, folder));
    }
    Ok(ControlFlow::Continue((made, run.damaged)))
}

/// The papers that have the `figures`, or all for a list, each with a run of its own.
fn papers_of(
    figures: &[&Figure],
    options: &ReproduceOptions,
) -> anyhow::Result<Vec<&'static Paper>> {
    let has = |paper: &&Paper| figures.iter().any(|f| paper_of(f).id == paper.id);
    let papers: Vec<&Paper> = PAPERS.iter().filter(|p| options.list || has(p)).collect();
    if options.run.is_some() && !options.list && papers.len() > 1 {
        let names: Vec<&str> = papers.iter().map(|paper| paper.id).collect();
        bail!(
            "`--run` names the run of one paper, and these figures are of {}; leave it out, or name figures of one",
            names.join(" and ")
        );
    }
    Ok(papers)
}

/// The folder of the run of a paper's figures.
fn run_of(paper: &Paper, options: &ReproduceOptions) -> PathBuf {
    options.run.clone().unwrap_or_else(|| Path::new("runs").join(paper.id))
}

/// Tiny cells that are known by their weights: they are written nowhere.
type TinyCells = BTreeMap<CellId, (Finished, Weights)>;

/// Writes what is known of the cells: `results.csv` of those of the paper's kind, `kinds.csv` of others; of a paper
/// with tiny cells these as `tiny.csv`, and all others as `results.csv`.
fn write_results(
    paper: &Paper,
    root: &Path,
    run: &Run,
    weights: &dyn Fn(&CellId) -> Result<Option<Weights>, StoreError>,
) -> anyhow::Result<()> {
    let of = |is_wanted: &dyn Fn(&Finished) -> bool| {
        let finished = run.finished.iter().filter(|f| is_wanted(f));
        let (name, finished) = (run.name.clone(), finished.cloned().collect());
        results(&Run { name, finished, missing: Vec::new(), damaged: Vec::new() }).to_csv()
    };
    if paper.tiny.is_none() {
        let papers = of(&|f| !f.record.cell.is_variant());
        let others = of(&|f| f.record.cell.is_variant());
        return Ok(write_listed(root, &[("results.csv", &papers), ("kinds.csv", &others)])?);
    }
    let others = of(&|f| !is_tiny(&f.record.cell));
    let mut tiny_cells = Vec::new();
    for finished in run.finished.iter().filter(|f| is_tiny(&f.record.cell)) {
        if let Some(weights) = weights(&finished.record.cell_id)? {
            tiny_cells.push((finished, weights));
        }
    }
    let tiny_cells = tiny::table(tiny_cells.iter().map(|(f, w)| (*f, w))).to_csv();
    Ok(write_listed(root, &[("results.csv", &others), ("tiny.csv", &tiny_cells)])?)
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
    let mut chosen: Vec<&Figure> = Vec::new();
    for id in ids {
        let id = id.to_lowercase();
        match (id.as_str(), find(id.trim_start_matches("figure-"))) {
            ("all", _) => chosen.extend(figures().filter(|f| !f.sweeps.contains(&LARGE))),
            (_, Some(figure)) => chosen.push(figure),
            (id, None) if PAPERS.iter().any(|paper| paper.id == id) => {
                let its = figures().filter(|f| paper_of(f).id == id);
                chosen.extend(its.filter(|f| !f.sweeps.contains(&LARGE)));
            }
            _ => {
                let known: Vec<&str> = figures().map(|f| f.id).collect();
                let papers: Vec<&str> = PAPERS.iter().map(|paper| paper.id).collect();
                let names = known.iter().chain(&papers).copied();
                let meant = like(&id, names).map(|known| format!("; did you mean `{known}`?"));
                bail!(
                    "there is no figure `{id}`{}; there are {}, all of {}, and all",
                    meant.unwrap_or_default(),
                    known.join(", "),
                    papers.join(" or of ")
                );
            }
        }
    }
    let mut seen = BTreeSet::new();
    chosen.retain(|f| seen.insert(f.id));
    Ok(chosen)
}

/// The folder of a paper's run, for all the cells of all its sweeps, and these by id.
fn store(paper: &Paper, root: &Path) -> anyhow::Result<(Store, BTreeMap<CellId, Cell>)> {
    let manifest = Manifest { name: paper.id.to_owned(), cells: cells(paper.sweeps) };
    let wanted = manifest.cells.iter().map(|cell| (cell.id(), cell.clone())).collect();
    Ok((Store::create(root, &manifest)?.0, wanted))
}

/// A table that cells are taken over from.
enum Known {
    /// The one of this name that the program carries along.
    Own(&'static str),
    /// One that somebody gave.
    File(PathBuf),
}

impl Known {
    fn read(&self) -> anyhow::Result<Table> {
        match self {
            Self::Own(name) => Ok(given::table(name, &superpose_paper::known::csv(name))?),
            Self::File(path) => read_given(path),
        }
    }
}

impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own(name) => write!(f, "the program's own {name}"),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

/// The tables that cells of a paper are taken over from.
fn known(paper: &Paper, options: &ReproduceOptions) -> Vec<Known> {
    match options.known.is_empty() {
        _ if options.from_scratch => Vec::new(),
        false => options.known.iter().cloned().map(Known::File).collect(),
        true => paper.records.iter().chain(&paper.tiny).map(|name| Known::Own(name)).collect(),
    }
}

/// The records in a table of results, or tiny cells with their weights.
enum KnownCells {
    Records(Vec<Record>),
    Tiny(Vec<(Finished, Weights)>),
}

/// The cells in the table `known`; of tiny ones those that are `wanted`.
fn known_cells(known: &Known, wanted: &[Cell]) -> anyhow::Result<KnownCells> {
    let table = known.read()?;
    let is_tiny = table.column("weights").is_ok();
    let read = || -> anyhow::Result<KnownCells> {
        Ok(match is_tiny {
            true => KnownCells::Tiny(tiny::read(&table, wanted)?),
            false => KnownCells::Records(records(&table)?),
        })
    };
    read().with_context(|| known.to_string())
}

/// Takes the records in the table `known` into `store`, where it has none of its own; tiny cells into
/// `tiny_cells`.
fn take_over(
    store: &Store,
    wanted: &BTreeMap<CellId, Cell>,
    known: &Known,
    tiny_cells: &mut TinyCells,
) -> anyhow::Result<()> {
    let cells: Vec<Cell> = wanted.values().cloned().collect();
    let mut n_taken = 0;
    match known_cells(known, &cells)? {
        KnownCells::Tiny(cells) => {
            for (finished, weights) in cells {
                let id = finished.record.cell_id.clone();
                n_taken += usize::from(!store.is_finished(&id));
                tiny_cells.insert(id, (finished, weights));
            }
        }
        KnownCells::Records(records) => {
            for record in records.iter().filter(|r| wanted.contains_key(&r.cell_id)) {
                if store.is_finished(&record.cell_id) {
                    continue;
                }
                // Somebody else may be training it: then theirs is kept.
                if let Some(Ownership::Ours(_lease)) = store.claim(&record.cell_id)? {
                    store.write(record, &[], None)?;
                    n_taken += 1;
                }
            }
        }
    }
    if n_taken > 0 {
        console::complain(&format!(
            "took over {n_taken} cells from {known}; --from-scratch trains them here instead"
        ));
    }
    Ok(())
}

/// What is there of the run that all figures of a paper share: its store, if it has been begun, and the cells
/// that would be taken over.
struct There {
    store: Option<Store>,
    known: BTreeSet<CellId>,
    /// Those of them that are known with their weights.
    tiny: BTreeSet<CellId>,
}

impl There {
    /// What is there, which stays as it is.
    fn of(paper: &Paper, root: &Path, known: &[Known]) -> anyhow::Result<Self> {
        let is_there = root.join("sweep.json").exists();
        let store = is_there.then(|| Store::open(root)).transpose()?;
        let cells = cells(paper.sweeps);
        let (mut ids, mut tiny) = (BTreeSet::new(), BTreeSet::new());
        for table in known {
            match known_cells(table, &cells)? {
                KnownCells::Records(records) => ids.extend(records.into_iter().map(|r| r.cell_id)),
                KnownCells::Tiny(cells) => {
                    tiny.extend(cells.into_iter().map(|(finished, _)| finished.record.cell_id));
                }
            }
        }
        ids.extend(tiny.iter().cloned());
        Ok(Self { store, known: ids, tiny })
    }

    fn is_finished(&self, id: &CellId) -> bool {
        self.is_trained(id) || self.known.contains(id)
    }

    fn is_trained(&self, id: &CellId) -> bool {
        self.store.as_ref().is_some_and(|store| store.is_finished(id))
    }

    fn has_weights(&self, id: &CellId) -> bool {
        self.store.as_ref().is_some_and(|store| store.has_weights(id)) || self.tiny.contains(id)
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
fn dry_run(
    options: &ReproduceOptions,
    figures: &[&Figure],
    there: &[(&Paper, There)],
) -> anyhow::Result<()> {
    let is_finished = |id: &CellId| there.iter().any(|(_, there)| there.is_finished(id));
    let has_weights = |id: &CellId| there.iter().any(|(_, there)| there.has_weights(id));
    let lack = |id: &CellId| is_finished(id) && !has_weights(id);
    let (mut cells, without_weights) = needed(figures, &lack);
    let n_cells = cells.len();
    cells.retain(|id, _| !is_finished(id) || without_weights.contains(id));
    let steps: u64 = cells.values().map(|cell| cell.train.steps).sum();
    let flop: f64 = cells.values().map(dense_flop).sum();
    let cells = Preparer::default().prepare_all(cells.into_values())?;
    let trainer = Trainer::prepare(&options.training.to_run()?, &cells, "the figures")?;
    let estimate = trainer.estimate(&trainer.plan_anew(&cells));
    if options.json {
        let figures: Vec<&str> = figures.iter().map(|figure| figure.id).collect();
        console::say_json(&json!({
            "figures": figures, "cells": n_cells, "to_train": cells.len(), "steps": steps,
            "dense_flop": flop, "estimated_s": estimate.map(|estimate| estimate.seconds),
        }));
        return Ok(());
    }
    console::say(&format!(
        "{} of {n_cells} cells would be trained: {steps} steps. {} Nothing was trained.",
        cells.len(),
        run::how_long(estimate, cells.len())
    ));
    Ok(())
}

/// Trains what the `figures` lack, beside the `known` cells.
fn train(
    options: &ReproduceOptions,
    figures: &[&Figure],
    store: &Store,
    known: &TinyCells,
) -> anyhow::Result<Option<Early>> {
    let lack = |id: &CellId| store.is_finished(id) && !store.has_weights(id);
    let (mut cells, without_weights) = needed(figures, &lack);
    cells.retain(|id, _| !known.contains_key(id));
    let cells = Preparer::default().prepare_all(cells.into_values())?;
    let trainer = Trainer::prepare(&options.training.to_run()?, &cells, "the figures")?;
    trainer.remarks().iter().for_each(|remark| console::complain(&format!("note: {remark}")));
    // Their records were taken over, and records are not enough; where they come from they still are.
    let plan = trainer.plan(&cells, store, &|cell| without_weights.contains(&cell.id))?;
    tell_damage(&plan.damaged);
    let progress = &options.training.progress;
    if !options.json && !progress.quiet {
        announce(&trainer, "these figures", &plan, store);
    }
    run::train(&trainer, plan, store, progress)
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
    figures().find(|f| f.folder() == name).with_context(|| {
        let known: Vec<String> = figures().map(Figure::folder).collect();
        let (folder, known) = (folder.display(), known.join(", "));
        format!("`{folder}` is no figure's folder and no run's; the figures' are {known}")
    })
}

fn list(there: &[(&Paper, There)], as_json: bool) {
    let mut rows = Vec::new();
    let mut objects = Vec::new();
    let all = there
        .iter()
        .flat_map(|(paper, there)| paper.figures.iter().map(move |f| (paper, there, f)));
    for (paper, there, figure) in all {
        let cells: Vec<CellId> = figure.cells().iter().map(Cell::id).collect();
        let n_finished = cells.iter().filter(|id| there.is_trained(id)).count();
        let n_known = cells.iter().filter(|id| there.is_finished(id)).count() - n_finished;
        let sweeps: Vec<&str> = figure.sweeps.iter().map(|s| s.path).collect();
        objects.push(json!({
            "figure": figure.id, "title": figure.title, "cells": cells.len(),
            "finished": n_finished, "sweeps": sweeps, "known": n_known, "paper": paper.id,
        }));
        rows.push(vec![
            figure.id.to_owned(),
            format!("{n_finished}/{}", cells.len()),
            n_known.to_string(),
            paper.id.to_owned(),
            figure.title.to_owned(),
        ]);
    }
    if as_json {
        console::say_json(&json!(objects));
    } else {
        console::say(&console::table(&["figure", "cells here", "known", "paper", "shows"], &rows));
        console::say("next: superpose reproduce 9b");
    }
}

fn to_json(made: &[Made]) -> Value {
    let figure = |(experiment, folder): &Made| {
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
            "figure": experiment.figure.id, "folder": folder,
            "missing": experiment.n_missing, "claims": claims.collect::<Vec<_>>(),
        })
    };
    made.iter().map(figure).collect()
}

fn print(made: &[Made]) {
    made.iter().flat_map(|(experiment, _)| &experiment.study.notes).for_each(study::say);
    let count = |verdict: Verdict| -> usize {
        let claims = made.iter().flat_map(|(experiment, _)| &experiment.claims);
        claims.filter(|c| c.verdict() == verdict).count()
    };
    console::say(&format!(
        "\n{} claims agree, {} fall short, {} are undecided, {} were not run",
        count(Verdict::Agrees),
        count(Verdict::FallsShort),
        count(Verdict::Undecided),
        count(Verdict::NotRun)
    ));
    let picture = |(_, folder): &Made| {
        let path = folder.join("figure.png");
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
