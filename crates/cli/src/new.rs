//! `superpose new`: a sweep file to begin with; and `superpose presets`: what its fields are when nothing is said.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use anyhow::{Context as _, bail};
use serde_json::{Map, Value, json};
use superpose_sweep::fields::{Usual, fields, usual};
use superpose_sweep::preset::Preset;
use superpose_sweep::template::template;

use crate::args::{NewOptions, PresetsOptions};
use crate::{console, source};

pub(crate) fn new(options: &NewOptions) -> anyhow::Result<()> {
    let path = &options.file;
    let is_output = path == Path::new("-");
    let name = if is_output {
        "my-sweep".into()
    } else {
        path.file_stem().unwrap_or_default().to_string_lossy()
    };
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' };
    let name: String = name.trim_start_matches(['.', '-']).chars().map(plain).take(100).collect();
    let name = if name.is_empty() { "my-sweep" } else { &name };
    let text = match &options.from {
        Some(from) => renamed(source::text(from)?, name),
        None => template(name, options.preset.0),
    };
    if is_output {
        console::say(text.trim_end());
        return Ok(());
    }
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    let mut file = match file {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            bail!("`{}` is there already and stays as it is; name another file", path.display())
        }
        file => file.with_context(|| format!("cannot write `{}`", path.display()))?,
    };
    file.write_all(text.as_bytes())
        .with_context(|| format!("cannot write `{}`", path.display()))?;
    let shown = crate::run::command([path.display().to_string()]);
    console::say(&format!("next: change {shown}, then superpose run {shown} --dry-run"));
    Ok(())
}

/// The text of a sweep file under another name.
fn renamed(text: &str, name: &str) -> String {
    let line = |line: &str| match line.starts_with("name = ") {
        true => format!("name = \"{name}\"\n"),
        false => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

/// What is said of a field that has no default.
const ASKED: &str = "must be given";

pub(crate) fn presets(options: &PresetsOptions) {
    let presets = options.preset.map_or(Preset::ALL.to_vec(), |preset| vec![preset.0]);
    let fields = fields().into_iter().map(|field| field.name).filter(|name| name != "train.preset");
    if options.json {
        let of = |preset: &Preset| {
            let pairs = fields.clone().filter_map(|name| match usual(*preset, &name) {
                Usual::Value(value) => Some((name, superpose_sweep::schema::in_json(&value))),
                Usual::Of(_) | Usual::Asked => None,
            });
            (preset.name().to_owned(), Value::Object(pairs.collect()))
        };
        console::say_json(&json!(presets.iter().map(of).collect::<Map<_, _>>()));
        return;
    }
    let shown = |name: &str, preset: &Preset| match usual(*preset, name) {
        Usual::Value(value) => value.to_string(),
        Usual::Of(field) => format!("that of {field}"),
        Usual::Asked => ASKED.to_owned(),
    };
    let all: Vec<Vec<String>> = fields
        .map(|name| {
            let values = presets.iter().map(|preset| shown(&name, preset));
            std::iter::once(name.clone()).chain(values).collect()
        })
        .collect();
    // Side by side, what is the same in all is one line of its own.
    let differs = |row: &&Vec<String>| presets.len() == 1 || row[1..].iter().any(|v| *v != row[1]);
    let mut header = vec!["field"];
    header.extend(presets.iter().map(|preset| preset.name()));
    console::say(&console::table(
        &header,
        &all.iter().filter(differs).cloned().collect::<Vec<_>>(),
    ));
    let are_given = |row: &&Vec<String>| !differs(row) && row[1] != ASKED;
    let same = all.iter().filter(are_given).map(|row| format!("{} = {}", row[0], row[1]));
    let same: Vec<String> = same.collect();
    if !same.is_empty() {
        console::say(&format!("in all of them: {}", same.join(", ")));
    }
    console::say("superpose new my.toml writes a sweep file with all of these, and what they mean");
}
