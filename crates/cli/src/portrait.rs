//! `superpose portrait`: what the weights of a few cells look like.

use std::path::PathBuf;

use anyhow::bail;
use serde_json::{Value, json};
use superpose_analysis::page::PAGE;
use superpose_analysis::portrait::{MOST_SIDE_BY_SIDE, Portraits, chosen, draw, frames};
use superpose_analysis::run::{Finished, Run};
use superpose_figures::animation::animate;
use superpose_figures::study::{Places, draw as write_pictures, write_csv};
use superpose_files::disk::write_whole;
use superpose_files::table::Tables;
use superpose_store::store::Store;
use superpose_sweep::like;
use superpose_toy::cell::{DEFAULTS, default_of, is_meant, short_name};

use crate::analyze::{refuse_damage, write_report};
use crate::args::PortraitOptions;
use crate::console;

/// The tables of a portrait.
const TABLES: [&str; 2] = ["portrait", "products"];

pub(crate) fn portrait(options: &PortraitOptions) -> anyhow::Result<()> {
    let store = Store::open(&options.folder)?;
    let run = Run::read(&store)?;
    let cells = asked_for(options, &run, &store)?;
    let shown = (options.features.get(), !options.still);
    let portraits = Portraits::read(&run, &cells, &store, shown)?;
    portraits.left_out.iter().for_each(|sentence| console::complain(sentence));
    if portraits.features.rows.is_empty() {
        bail!(
            "the weights of these {} cells are not here, and a portrait is drawn of them",
            cells.len()
        );
    }
    let n_trained = run.finished.iter().filter(|f| f.measured().is_some()).count();
    if options.cells.is_empty() && options.fields.is_empty() && n_trained > cells.len() {
        let n = cells.len();
        console::complain(&format!(
            "{n} of {n_trained} trained cells: the first seed of each setting and width, and of many some; --where and --cell \
             choose others"
        ));
    }
    let out = options.out.clone().unwrap_or_else(|| options.folder.join("portraits"));
    let (tables, remedy) = (out.join("tables"), "superpose portrait".to_owned());
    write_csv(&tables, portraits.tables().as_slice())?;
    let places = Places { tables: &tables, pictures: &out, remedy: &remedy };
    let mut written = write_pictures(&TABLES, &draw, &places)?;
    written.extend(animated(options, &places)?);
    // A run that was drawn has a page, and that shows its portraits.
    if options.out.is_none() && options.folder.join(PAGE).exists() {
        written.push(write_report(&store)?);
    }
    if options.json {
        let ids: Vec<&str> = cells.iter().map(|cell| cell.record.cell_id.as_str()).collect();
        console::say_json(&json!({ "cells": ids, "files": written }));
    } else {
        for path in &written {
            console::say(&format!("wrote {}", path.display()));
        }
    }
    refuse_damage(&run.damaged)
}

/// Writes the animation, where moments were kept.
fn animated(options: &PortraitOptions, places: &Places<'_>) -> anyhow::Result<Option<PathBuf>> {
    let path = places.pictures.join("portrait-life.png");
    // That of other cells would stand beside these.
    let _ = std::fs::remove_file(&path);
    if options.still {
        return Ok(None);
    }
    let read = |name| superpose_figures::study::read_table(name, places);
    let tables = TABLES.into_iter().map(read).collect::<Result<Tables, _>>()?;
    let sheets = frames(&tables)?;
    if sheets.is_empty() {
        return Ok(None);
    }
    let bytes = animate(&sheets).map_err(anyhow::Error::msg)?;
    write_whole(&path, &bytes)?;
    Ok(Some(path))
}

/// The trained cells that the user asks for.
fn asked_for<'r>(
    options: &PortraitOptions,
    run: &'r Run,
    store: &Store,
) -> anyhow::Result<Vec<&'r Finished>> {
    if options.cells.is_empty() && options.fields.is_empty() {
        let mut cells = chosen(run, &|f| store.has_weights(&f.record.cell_id));
        if cells.is_empty() {
            cells = chosen(run, &|_| true);
        }
        if cells.is_empty() {
            bail!("no cell of `{}` was trained to the end", run.name);
        }
        return Ok(cells);
    }
    let trained = || run.finished.iter().filter(|f| f.measured().is_some());
    let mut cells: Vec<&Finished> = trained().collect();
    for id in &options.cells {
        let count =
            trained().filter(|f| f.record.cell_id.as_str().starts_with(id.as_str())).count();
        if count == 0 {
            bail!(
                "`--cell {id}`: no cell of `{}` that was trained to the end has an id that begins so",
                run.name
            );
        }
    }
    if !options.cells.is_empty() {
        let is_asked = |f: &&Finished| {
            options.cells.iter().any(|id| f.record.cell_id.as_str().starts_with(id.as_str()))
        };
        cells.retain(is_asked);
    }
    for condition in &options.fields {
        let Some((field, value)) = condition.split_once('=') else {
            bail!("`--where {condition}` must be FIELD=VALUE, such as d_hidden=2");
        };
        let names: Vec<String> = run.field_names();
        let name = field_name(&names, field);
        let found = |f: &Finished| field_value(f, name.as_deref()?);
        let values: Vec<Value> = cells.iter().filter_map(|f| found(f)).collect();
        if values.is_empty() {
            let short = names.iter().map(|name| short_name(name));
            let meant = like(field, short).map(|known| format!("; did you mean `{known}`?"));
            bail!(
                "`--where {condition}`: no cell has a field `{field}`{}; fields are {}",
                meant.unwrap_or_default(),
                names.join(", ")
            );
        }
        cells.retain(|f| found(f).is_some_and(|own| is_equal(&own, value)));
        if cells.is_empty() {
            let mut known: Vec<String> = values.iter().map(plain).collect();
            known.sort();
            known.dedup();
            bail!(
                "`--where {condition}`: no trained cell that is left has that value; there are {}",
                known.join(", ")
            );
        }
    }
    if cells.len() > MOST_SIDE_BY_SIDE {
        let (n, most) = (cells.len(), MOST_SIDE_BY_SIDE);
        bail!("{n} cells are meant, and at most {most} stand side by side; add --where or --cell");
    }
    Ok(cells)
}

/// The dotted name of the field that is meant; of several that which comes first, a whole name before the end of one, and
/// the seed of the training before that of the data, which follows it.
fn field_name(names: &[String], field: &str) -> Option<String> {
    let defaults = DEFAULTS.iter().map(|(name, _)| *name);
    let meant =
        names.iter().map(String::as_str).chain(defaults).filter(|name| is_meant(name, field));
    meant.min_by_key(|name| (short_name(name) == field, *name == "data.seed")).map(str::to_owned)
}

/// The value of the field of this dotted name; its default where it is left out at it.
fn field_value(finished: &Finished, name: &str) -> Option<Value> {
    let fields = finished.record.cell.fields();
    let named = fields.into_iter().find(|(own, _)| own == name).map(|(_, value)| value);
    named.or_else(|| default_of(name).map(Value::from))
}

/// Whether a value of a field is the one that was written.
fn is_equal(own: &Value, written: &str) -> bool {
    match (own.as_f64(), written.parse::<f64>()) {
        (Some(own), Ok(written)) => (own - written).abs() <= 1e-9 * own.abs().max(written.abs()),
        _ => plain(own) == written,
    }
}

/// A value without quotation marks.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
