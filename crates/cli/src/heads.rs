//! `superpose measure`: the output heads of language models.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use serde_json::json;
use superpose_figures::heads::{HeadTables, by_width, sheets};
use superpose_figures::render::render;
use superpose_files::table::{Field, Table};
use superpose_heads::checkpoint::Checkpoint;
use superpose_heads::head::head;
use superpose_heads::measure::{Options, measure};
use superpose_heads::tables::{Model, tables as tables_of};

use crate::args::MeasureOptions;
use crate::console;
use crate::progress;
use crate::tables;

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
    let tables = tables_of(&models);
    let (heads, fits) = (&tables[0], &tables[4]);
    if options.output.json {
        let [heads, fits] = [heads, fits].map(console::json_rows);
        let all = json!({ "heads": heads, "fits": fits, "failures": failures });
        console::say(&format!("{all:#}"));
    } else {
        print(heads, fits)?;
    }
    if let Some(out) = &options.output.out {
        write(out, &tables)?;
        if !options.output.json {
            let out = out.display();
            console::say(&format!(
                "wrote {} tables in {out}/tables and a picture a head",
                tables.len()
            ));
            console::say(&format!("next: look at {out}/overlap_by_width.png"));
        }
    } else if !options.output.json {
        console::say("next: add --out heads for tables and pictures");
    }
    Ok(if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn list(options: &MeasureOptions) -> anyhow::Result<ExitCode> {
    let (mut rows, mut objects) = (Vec::new(), Vec::new());
    for path in &options.paths {
        let checkpoint = Checkpoint::open(path)?;
        let chosen = head(&checkpoint).ok();
        for tensor in checkpoint.tensors()? {
            let chosen = chosen.as_ref().filter(|head| head.name == tensor.name);
            let reason = chosen.map_or("", |head| head.reason());
            objects.push(json!({
                "path": path, "tensor": tensor.name, "shape": tensor.shape,
                "stored": tensor.encoding.to_string(), "chosen": reason,
            }));
            let (extents, stored) = (tensor.extents(), tensor.encoding.to_string());
            rows.push(vec![tensor.name, extents, stored, reason.to_owned()]);
        }
    }
    if options.output.json {
        console::say(&format!("{:#}", json!({ "tensors": objects })));
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
            let reason = head.reason();
            (head.name, reason)
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

/// What a model is called: the name of its file or folder, or of the folder of a file that is just `model`.
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

fn print(heads: &Table, fits: &Table) -> anyhow::Result<()> {
    let at = |name: &str| heads.column(name);
    let number = |row: &[Field], column: &str, digits: usize| -> anyhow::Result<String> {
        Ok(console::field(&row[at(column)?], digits))
    };
    let mut rows = Vec::new();
    for row in &heads.rows {
        let text = |column, digits| number(row, column, digits);
        rows.push(vec![
            text("model", 0)?,
            text("tensor", 0)?,
            format!("{} × {}", text("n_rows", 0)?, text("d_hidden", 0)?),
            format!("{} ± {}", text("norm_mean", 2)?, text("norm_std", 2)?),
            text("phi_half_of_mean", 3)?,
            text("overlap_mean_square", 5)?,
            text("overlap_mean_square_centred", 5)?,
            text("overlap_random", 5)?,
            text("effective_rank", 0)?,
            text("regime", 0)?,
        ]);
    }
    let header =
        ["model", "tensor", "n × d", "norm", "φ", "mean cos²", "centred", "1/d", "rank", "regime"];
    console::say(&console::table(&header, &rows));
    for row in &heads.rows {
        let text = |column| number(row, column, 0);
        let model = text("model")?;
        console::say(&format!(
            "{model}, {}: {}, as {}",
            text("chosen")?,
            text("regime")?,
            text("reason")?
        ));
        for (column, what) in [("zero_rows", "zero"), ("not_finite_rows", "not finite")] {
            let n = text(column)?;
            if n != "0" {
                console::say(&format!("{model}: {n} rows are {what} and were left out"));
            }
        }
    }
    for row in &fits.rows {
        // Columns of the table `head_fits`.
        if let [name, _, Field::Number(exponent), _, Field::Number(low), Field::Number(high), ..] =
            &row[..]
        {
            let line = format!(
                "{name} overlaps go as d^{:.2} over these models, 95 % interval {:.2} to {:.2}",
                -exponent, -high, -low
            );
            console::say(&line.replace('-', "−"));
        }
    }
    Ok(())
}

/// Writes the tables, reads them back and draws them.
fn write(out: &Path, tables: &[Table; 6]) -> anyhow::Result<()> {
    let convention = "Overlaps are cos² or |cos| between two different rows.";
    let read = tables::write_and_read(out, "measure", convention, tables)?;
    let [heads, norms, overlaps, spectra, fits, published] = &read[..] else {
        unreachable!("as many tables as were written")
    };
    let tables = HeadTables { heads, norms, overlaps, spectra, fits, published };
    for (number, (_, sheet)) in (1..).zip(sheets(&tables)?) {
        tables::draw(out, &format!("head-{number}"), &sheet)?;
    }
    let name = "overlap_by_width";
    let drawn = render(&by_width(&tables)?)
        .map_err(|problem| anyhow::anyhow!("{name} cannot be drawn: {problem}"))?;
    tables::write_picture(out, name, &drawn)?;
    Ok(())
}
