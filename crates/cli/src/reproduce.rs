//! `superpose reproduce` and `superpose report`: the paper's figures, from sweeps to pages.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use serde_json::json;
use superpose_analysis::results::{records, results};
use superpose_analysis::run::{Finished, Run};
use superpose_figures::sheet::render_sheet;
use superpose_files::disk::write_whole;
use superpose_files::table::{LOSSES, Table};
use superpose_paper::claim::{self, CLAIMS, Claim, Verdict};
use superpose_paper::figure::{Evidence, Figure};
use superpose_paper::figures::{FIGURES, find};
use superpose_paper::report::{self, ORIGINS};
use superpose_paper::sweeps::{LARGE, SweepFile, cells};
use superpose_run::Trainer;
use superpose_store::lease::Claim as Lease;
use superpose_store::store::{Manifest, Store};
use superpose_toy::cell::{Cell, CellId};
use superpose_toy::prepared::Preparer;
use superpose_train::memory::dense_flop;

use crate::args::{ReportOptions, ReproduceOptions};
use crate::console;
use crate::progress::train_all;
use crate::run::{announce, n_finished};
use crate::tables;

/// The name of the run that all figures share.
const NAME: &str = "liu2025";
/// What is known of its cells, where the repository has it.
const KNOWN: &str = "experiments/liu2025.csv";

pub(crate) fn reproduce(options: &ReproduceOptions) -> anyhow::Result<ExitCode> {
    let figures = chosen(&options.figures)?;
    let (store, wanted) = store(&options.run)?;
    if options.list {
        list(&store, options.json)?;
        return Ok(ExitCode::SUCCESS);
    }
    for path in known(options) {
        take_over(&store, &wanted, &path)?;
    }
    if options.dry_run {
        return dry_run(&figures, &store);
    }
    if !options.no_training {
        train(options, &figures, &store)?;
    }
    let run = Run::read(&store)?;
    write_whole(&options.run.join("results.csv"), &results(&run).to_csv())?;
    let out = options.out.clone().unwrap_or_else(|| options.run.join("experiments"));
    let finished: BTreeMap<CellId, &Finished> =
        run.finished.iter().map(|f| (f.record.cell_id.clone(), f)).collect();
    let written: Vec<Written> = figures
        .into_iter()
        .map(|figure| write_figure(figure, &finished, &store, &out))
        .collect::<Result<_, _>>()?;
    if options.json {
        console::say(&format!("{:#}", to_json(&written, &out)));
    } else {
        print(&written, &out);
    }
    let some_lost = written.iter().any(|w| w.n_lost > 0);
    Ok(if some_lost { ExitCode::from(3) } else { ExitCode::SUCCESS })
}

/// The figures that were asked for.
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
    let manifest = Manifest { name: NAME.to_owned(), cells: cells(&SweepFile::ALL)? };
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
    let records = records(&tables::read(path)?).with_context(|| format!("{}", path.display()))?;
    let mut n_taken = 0;
    for record in records.iter().filter(|r| wanted.contains(&r.cell_id)) {
        if store.is_finished(&record.cell_id) {
            continue;
        }
        // Somebody else may be training it: then theirs is kept.
        if let Some(Lease::Ours(_lease)) = store.claim(&record.cell_id)? {
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

/// Says what would be trained.
fn dry_run(figures: &[&Figure], store: &Store) -> anyhow::Result<ExitCode> {
    let mut cells: BTreeMap<CellId, Cell> = BTreeMap::new();
    for figure in figures {
        let lacks = |cell: &Cell| {
            let id = cell.id();
            !store.is_finished(&id) || (figure.wants_weights)(cell) && !store.has_weights(&id)
        };
        cells.extend(figure.cells()?.into_iter().filter(lacks).map(|cell| (cell.id(), cell)));
    }
    let steps: u64 = cells.values().map(|cell| cell.train.steps).sum();
    let flop: f64 = cells.values().map(dense_flop).sum();
    console::say(&format!(
        "{} cells would be trained: {steps} steps and {flop:.1e} operations in dense matrix products. \
         Nothing was trained.",
        cells.len()
    ));
    Ok(ExitCode::SUCCESS)
}

/// Trains what the `figures` lack.
fn train(options: &ReproduceOptions, figures: &[&Figure], store: &Store) -> anyhow::Result<()> {
    let mut cells: BTreeMap<CellId, Cell> = BTreeMap::new();
    let mut without_weights = Vec::new();
    for figure in figures {
        for cell in figure.cells()? {
            let id = cell.id();
            if (figure.wants_weights)(&cell) && store.is_finished(&id) && !store.has_weights(&id) {
                without_weights.push(id.clone());
            }
            cells.insert(id, cell);
        }
    }
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

/// A figure that was written.
struct Written {
    figure: &'static Figure,
    claims: Vec<Claim>,
    /// Its cells that are not trained.
    n_missing: usize,
    /// Its cells that diverged or failed.
    n_lost: usize,
}

/// Writes a figure's tables, claims, picture and page.
fn write_figure(
    figure: &'static Figure,
    finished: &BTreeMap<CellId, &Finished>,
    store: &Store,
    out: &Path,
) -> anyhow::Result<Written> {
    let wanted = figure.cells()?;
    let mut weights = BTreeMap::new();
    let mut cells = Vec::new();
    for cell in &wanted {
        let id = cell.id();
        if (figure.wants_weights)(cell) {
            weights.extend(store.weights(&id)?.map(|w| (id.clone(), w)));
        }
        cells.extend(finished.get(&id).copied());
    }
    let n_missing = wanted.len() - cells.len();
    let n_lost = cells.iter().filter(|f| f.measured().is_none()).count();
    let evidence = Evidence { cells, weights: &weights };
    let made = (figure.make)(&evidence)?;
    let folder = out.join(figure.folder());
    let mut all = made.tables;
    all.push(claim::table(&made.claims));
    all.push(report::origins(&evidence, wanted.len()));
    tables::write(&folder.join("tables"), &all)?;
    tables::document(&folder.join("tables"), LOSSES, &all)?;
    draw(figure, &folder, &all)?;
    write_page(figure, &folder)?;
    Ok(Written { figure, claims: made.claims, n_missing, n_lost })
}

/// Draws a figure from the tables in its folder.
fn draw(figure: &Figure, folder: &Path, tables: &[Table]) -> anyhow::Result<()> {
    let read = |table: &Table| read_table(folder, &table.name);
    let tables: Vec<Table> = tables.iter().map(read).collect::<Result<_, _>>()?;
    let sheets = (figure.draw)(&tables)?;
    for (number, sheet) in (1..).zip(&sheets) {
        if sheet.panels.is_empty() {
            continue;
        }
        let drawn = render_sheet(sheet).map_err(|problem| {
            anyhow::anyhow!("figure {} cannot be drawn: {problem}", figure.id)
        })?;
        let name = if number == 1 { "figure".to_owned() } else { format!("figure-{number}") };
        tables::write_picture(folder, &name, &drawn)?;
    }
    Ok(())
}

fn read_table(folder: &Path, name: &str) -> anyhow::Result<Table> {
    tables::read_written(&folder.join("tables"), name, "superpose reproduce")
}

/// Writes the page of a figure from the tables in its folder.
fn write_page(figure: &Figure, folder: &Path) -> anyhow::Result<PathBuf> {
    let (claims, origins) = (read_table(folder, CLAIMS)?, read_table(folder, ORIGINS)?);
    let tables = files(&folder.join("tables"), "csv")?;
    let pictures = files(folder, "svg")?;
    let path = folder.join("README.md");
    let old = std::fs::read_to_string(&path).ok();
    let files: [&[String]; 2] = [&tables, &pictures];
    let page = report::page(figure, old.as_deref(), &claims, &origins, files)?;
    write_whole(&path, page.as_bytes())?;
    Ok(path)
}

/// The names of the files of a kind in `folder`, short ones first.
fn files(folder: &Path, extension: &str) -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in
        std::fs::read_dir(folder).with_context(|| format!("cannot read `{}`", folder.display()))?
    {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == extension) {
            names.extend(path.file_name().map(|name| name.to_string_lossy().into_owned()));
        }
    }
    // `figure-2` comes after `figure`.
    names.sort_by(|a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
    Ok(names)
}

pub(crate) fn report(options: &ReportOptions) -> anyhow::Result<()> {
    for folder in &options.folders {
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

fn list(store: &Store, as_json: bool) -> anyhow::Result<()> {
    let mut rows = Vec::new();
    let mut objects = Vec::new();
    for figure in FIGURES {
        let cells = figure.cells()?;
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
        console::say(&format!("{:#}", json!(objects)));
    } else {
        console::say(&console::table(&["figure", "cells here", "shows"], &rows));
        console::say("next: superpose reproduce 9b");
    }
    Ok(())
}

fn to_json(written: &[Written], out: &Path) -> serde_json::Value {
    let claims = |claims: &[Claim]| -> Vec<serde_json::Value> {
        let object = |claim: &Claim| {
            json!({
                "claim": claim.name, "paper": claim.paper, "ours": claim.ours,
                "error": claim.error, "basis": claim.basis, "tolerance": claim.test.to_string(),
                "verdict": claim.verdict().to_string(),
            })
        };
        claims.iter().map(object).collect()
    };
    let figures: Vec<serde_json::Value> = written
        .iter()
        .map(|w| {
            json!({
                "figure": w.figure.id, "folder": out.join(w.figure.folder()),
                "missing": w.n_missing, "claims": claims(&w.claims),
            })
        })
        .collect();
    json!(figures)
}

fn print(written: &[Written], out: &Path) {
    let number = |value: Option<f64>| value.map_or("–".to_owned(), report::number);
    for Written { figure, claims, n_missing, .. } in written {
        console::say(&format!("\n{}", report::heading(figure)));
        let rows: Vec<Vec<String>> = claims
            .iter()
            .map(|claim| {
                let error = claim.error.filter(|e| e.is_finite());
                let error = error.map_or(String::new(), |e| format!(" ± {}", report::number(e)));
                vec![
                    claim.name.clone(),
                    claim.paper.clone(),
                    format!("{}{error}", number(claim.ours)),
                    claim.test.to_string(),
                    claim.verdict().to_string(),
                ]
            })
            .collect();
        let header = ["claim", "paper", "ours", "agreement would be", "verdict"];
        console::say(&console::table(&header, &rows));
        if *n_missing > 0 {
            console::say(&format!("{n_missing} of its cells are not trained"));
        }
    }
    let count = |verdict: Verdict| -> usize {
        let claims = written.iter().flat_map(|w| &w.claims);
        claims.filter(|c| c.verdict() == verdict).count()
    };
    console::say(&format!(
        "\n{} claims agree, {} fall short, {} were not run",
        count(Verdict::Agrees),
        count(Verdict::FallsShort),
        count(Verdict::NotRun)
    ));
    if let Some(first) = written.first() {
        let folder = out.join(first.figure.folder());
        console::say(&format!("next: look at {}", folder.join("figure.png").display()));
    }
}
