//! Where a sweep comes from: a file, standard input, or the program itself.

use std::path::Path;

use anyhow::bail;
use serde_json::{Value, json};
use superpose_sweep::builtin::{BUILTIN, Builtin, meant};
use superpose_sweep::file::Sweep;

use crate::console;

/// The sweep in the file at `source`, or the built-in one of that name, after `overrides`.
pub(crate) fn sweep(source: &Path, overrides: &[String]) -> anyhow::Result<Sweep> {
    let is_there = source == Path::new("-") || (source.exists() && !source.is_dir());
    let name = source.to_str().unwrap_or_default();
    match Builtin::find(name) {
        Some(builtin) if !is_there => Ok(builtin.sweep(overrides)?),
        _ => Sweep::read(source, overrides).map_err(|error| match meant(name) {
            Some(meant) if !source.exists() && source != Path::new("-") => anyhow::anyhow!(
                "{}; did you mean the built-in sweep `{meant}`? `superpose run --list` names them all",
                console::sentence(&error)
            ),
            _ => error.into(),
        }),
    }
}

/// Prints the built-in sweeps.
pub(crate) fn list(as_json: bool) {
    let n_cells = |builtin: &Builtin| builtin.sweep(&[]).ok().map(|sweep| sweep.cells.len());
    if as_json {
        let object = |builtin: &Builtin| json!({ "name": builtin.name, "description": builtin.description(), "cells": n_cells(builtin) });
        console::say_json(&Value::Array(BUILTIN.iter().map(object).collect()));
        return;
    }
    let row = |builtin: &Builtin| {
        let n_cells = n_cells(builtin).map_or_else(|| "–".to_owned(), |n| n.to_string());
        vec![builtin.name.to_owned(), n_cells, builtin.description()]
    };
    let rows: Vec<Vec<String>> = BUILTIN.iter().map(row).collect();
    console::say(&console::table(&["sweep", "cells", "what for"], &rows));
    console::say(
        "superpose run NAME trains one; superpose new my.toml --from NAME writes it down to be changed",
    );
}

/// The text of the built-in sweep called `name`.
pub(crate) fn text(name: &str) -> anyhow::Result<&'static str> {
    match Builtin::find(name) {
        Some(builtin) => Ok(builtin.text),
        None => {
            let meant =
                meant(name).map_or(String::new(), |meant| format!("; did you mean `{meant}`?"));
            bail!(
                "`--from` must be a built-in sweep, such as quickstart, got `{name}`{meant} (`superpose run --list` names them all)"
            )
        }
    }
}
