//! `superpose measure`: the output heads of language models.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use serde_json::json;
use superpose_figures::study::Note;
use superpose_heads::checkpoint::Checkpoint;
use superpose_heads::head::head;
use superpose_heads::measure::{Options, measure};
use superpose_heads::study::{Model, study};

use crate::args::MeasureOptions;
use crate::console;
use crate::progress;
use crate::study::{Presenter, json_of};

/// Measures every head that can be; what is wrong with the others is said at once.
pub(crate) fn heads(options: &MeasureOptions) -> anyhow::Result<ExitCode> {
    if options.list {
        return list(options);
    }
    let (mut models, mut failures) = (Vec::new(), Vec::new());
    for path in &options.paths {
        match model(path, options) {
            Ok(model) => models.push(model),
            Err(error) if options.paths.len() == 1 => return Err(error),
            Err(error) => {
                let sentence = console::sentence(&error);
                console::complain(&format!("error: {sentence}"));
                failures.push(sentence);
            }
        }
    }
    tell_apart(&mut models, &options.paths);
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
            shown.insert("failures".to_owned(), json!(failures));
            Ok(shown)
        },
        without_folder: Some("next: add --out heads for tables and pictures"),
        ..Presenter::of("measure", &options.output)
    }
    .present(&study)?;
    Ok(if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn list(options: &MeasureOptions) -> anyhow::Result<ExitCode> {
    let (mut rows, mut objects) = (Vec::new(), Vec::new());
    for path in &options.paths {
        let checkpoint = Checkpoint::open(path)?;
        let chosen = head(&checkpoint).ok();
        for tensor in checkpoint.tensors()? {
            let chosen = chosen.as_ref().filter(|head| head.name == tensor.name);
            let reason = chosen.map_or("", |head| head.reason);
            objects.push(json!({
                "path": path, "tensor": tensor.name, "shape": tensor.shape,
                "stored": tensor.encoding.to_string(), "chosen": reason,
            }));
            let (extents, stored) = (tensor.extents(), tensor.encoding.to_string());
            rows.push(vec![tensor.name, extents, stored, reason.to_owned()]);
        }
    }
    if options.output.json {
        console::say_json(&json!({ "tensors": objects }));
    } else {
        console::say(&console::table(&["tensor", "shape", "stored", "chosen"], &rows));
    }
    Ok(ExitCode::SUCCESS)
}

/// The head at `path`, measured.
fn model(path: &Path, options: &MeasureOptions) -> anyhow::Result<Model> {
    let checkpoint = Checkpoint::open(path)?;
    let (tensor, chosen) = match &options.tensor {
        Some(name) => (name.clone(), "as asked"),
        None => {
            let head = head(&checkpoint)?;
            (head.name, head.reason)
        }
    };
    let matrix = checkpoint.matrix(&tensor)?;
    let name = name(path);
    let bar = progress::fraction(&name);
    let asked = Options { centre: options.centre, n_sampled: options.sample.get() };
    let measured = measure(&matrix, asked, &mut |done| progress::set(&bar, done));
    bar.finish_and_clear();
    let measured = measured.with_context(|| {
        format!("`{tensor}` of `{}` has fewer than two rows that are not zero", path.display())
    })?;
    let (tensor, chosen) = (matrix.tensor().clone(), chosen.to_owned());
    Ok(Model { name, tensor, chosen, measured })
}

/// What a model is called: the name of its file or folder, or of the folder of a file that is just
/// `model`.
fn name(path: &Path) -> String {
    let whole = path.canonicalize().unwrap_or(path.to_owned());
    let last = if whole.is_dir() { whole.file_name() } else { whole.file_stem() };
    let last = last.unwrap_or(path.as_os_str());
    let parent = whole.parent().and_then(Path::file_name);
    let shown = if last == "model" { parent.unwrap_or(last) } else { last };
    shown.to_string_lossy().into_owned()
}

/// Gives models of one name that of their whole path.
fn tell_apart(models: &mut [Model], paths: &[std::path::PathBuf]) {
    let names: Vec<String> = models.iter().map(|model| model.name.clone()).collect();
    let many = |name: &String| names.iter().filter(|other| *other == name).count() > 1;
    for model in models.iter_mut().filter(|model| many(&model.name)) {
        let mut same = paths.iter().filter(|path| name(path) == model.name);
        if let Some(path) = same.next() {
            model.name = path.display().to_string();
        }
    }
}
