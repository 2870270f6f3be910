//! `superpose measure`: the output heads of language models.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::{Value, json};
use superpose_figures::study::Note;
use superpose_heads::checkpoint::Checkpoint;
use superpose_heads::head::{Head, head};
use superpose_heads::measure::{Options, measure, n_bytes};
use superpose_heads::names::names;
use superpose_heads::study::{Model, study};
use superpose_run::resources::{Resources, size};

use crate::args::MeasureOptions;
use crate::console;
use crate::progress;
use crate::study::{Presenter, json_of};

/// Measures every head that can be; what is wrong with the others is said at once.
pub(crate) fn heads(options: &MeasureOptions) -> anyhow::Result<ExitCode> {
    let mut failures = Failures { is_only_path: options.paths.len() == 1, sentences: Vec::new() };
    let mut opened = Vec::new();
    for path in &options.paths {
        opened.extend(failures.pass_on(Checkpoint::open(path).map_err(Into::into))?);
    }
    if options.list {
        list(&opened, options.output.json);
        return Ok(failures.code());
    }
    let opened = without_repetitions(opened);
    let paths: Vec<PathBuf> =
        opened.iter().map(|checkpoint| checkpoint.path().to_owned()).collect();
    let mut models = Vec::new();
    for (checkpoint, name) in opened.iter().zip(names(&paths)) {
        remark(checkpoint);
        models.extend(failures.pass_on(model(checkpoint, name, options))?);
    }
    let mut study = study(&models)?;
    if let Some(out) = &options.output.out {
        let n_tables = study.tables.iter().count();
        study.notes.push(Note::Line(format!(
            "wrote {n_tables} tables in {}/tables and a picture a head",
            out.display()
        )));
    }
    Presenter {
        json: &|tables| {
            let mut shown = json_of(tables, &[("heads", "heads"), ("fits", "head_fits")])?;
            shown.insert("failures".to_owned(), json!(failures.sentences));
            Ok(shown)
        },
        without_folder: Some("next: add --out heads for tables and pictures"),
        ..Presenter::of("measure", &options.output)
    }
    .present(&study)?;
    Ok(failures.code())
}

/// What went wrong with some of the paths, said at once.
struct Failures {
    /// Whether there is nothing to go on with.
    is_only_path: bool,
    sentences: Vec<String>,
}

impl Failures {
    /// The value, or nothing if another path may have one.
    fn pass_on<T>(&mut self, result: anyhow::Result<T>) -> anyhow::Result<Option<T>> {
        match result {
            Err(error) if !self.is_only_path => {
                let sentence = console::sentence(error.as_ref());
                console::complain(&format!("error: {sentence}"));
                self.sentences.push(sentence);
                Ok(None)
            }
            result => result.map(Some),
        }
    }

    fn code(&self) -> ExitCode {
        if self.sentences.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) }
    }
}

/// Says how the files of a model were found, where that is not plain.
fn remark(checkpoint: &Checkpoint) {
    checkpoint.remarks().iter().for_each(|remark| console::complain(&format!("note: {remark}")));
}

/// Models each of which is given once, whatever the paths.
fn without_repetitions(opened: Vec<Checkpoint>) -> Vec<Checkpoint> {
    let mut known = BTreeSet::new();
    let is_new = |checkpoint: &Checkpoint| {
        let is_new = known.insert(checkpoint.files());
        if !is_new {
            let path = checkpoint.path().display();
            console::complain(&format!("note: `{path}` was given before and is measured once"));
        }
        is_new
    };
    opened.into_iter().filter(is_new).collect()
}

/// Prints the tensors of some models, and which of them is the head.
fn list(opened: &[Checkpoint], is_json: bool) {
    let mut objects = Vec::new();
    for checkpoint in opened {
        remark(checkpoint);
        let chosen = head(checkpoint);
        if let Err(problem) = &chosen {
            console::complain(&format!("note: {problem}"));
        }
        let chosen = chosen.ok();
        if is_json {
            objects.extend(objects_of(checkpoint, chosen.as_ref()));
            continue;
        }
        if opened.len() > 1 {
            console::say(&format!("{}:", checkpoint.path().display()));
        }
        let rows: Vec<Vec<String>> = checkpoint
            .tensors()
            .map(|tensor| {
                let reason = reason(chosen.as_ref(), &tensor.name).to_owned();
                vec![tensor.name.clone(), tensor.extents(), tensor.encoding.to_string(), reason]
            })
            .collect();
        console::say(&console::table(&["tensor", "shape", "stored", "chosen"], &rows));
    }
    if is_json {
        console::say_json(&json!({ "tensors": objects }));
    }
}

fn objects_of(checkpoint: &Checkpoint, chosen: Option<&Head>) -> Vec<Value> {
    let object = |tensor: &superpose_heads::tensor::Tensor| {
        json!({
            "path": checkpoint.path(), "tensor": tensor.name, "shape": tensor.shape,
            "stored": tensor.encoding.to_string(), "chosen": reason(chosen, &tensor.name),
        })
    };
    checkpoint.tensors().map(object).collect()
}

/// Why a tensor is the head; nothing for the others.
fn reason<'a>(chosen: Option<&'a Head>, name: &str) -> &'a str {
    chosen.filter(|head| head.name == name).map_or("", |head| &head.reason)
}

/// The head of a model, measured.
fn model(checkpoint: &Checkpoint, name: String, options: &MeasureOptions) -> anyhow::Result<Model> {
    let (tensor, mut chosen) = match &options.tensor {
        Some(name) => (name.clone(), "as asked".to_owned()),
        None => {
            let head = head(checkpoint)?;
            (head.name, head.reason)
        }
    };
    let matrix = checkpoint.matrix(&tensor)?;
    if matrix.is_turned() {
        chosen.push_str(&format!(", stored as {} and turned", matrix.tensor().extents()));
    }
    let of_tensor = |path: &Path| format!("`{tensor}` of `{}`", path.display());
    let asked = Options { centre: options.centre, n_sampled: options.sample.get() };
    let (needed, free) = (n_bytes(&matrix, asked), Resources::here().free_bytes);
    if needed > free {
        anyhow::bail!(
            "to measure {}, {} × {}, needs about {}; at most {} is free",
            of_tensor(checkpoint.path()),
            matrix.n_rows(),
            matrix.width(),
            size(needed),
            size(free),
        );
    }
    let bar = progress::fraction(&name);
    let measured = measure(&matrix, asked, &mut |done| progress::set(&bar, done));
    bar.finish_and_clear();
    let measured = measured
        .map_err(|problem| anyhow::anyhow!("{} {problem}", of_tensor(checkpoint.path())))?;
    Ok(Model { name, tensor: matrix.tensor().clone(), chosen, measured })
}
