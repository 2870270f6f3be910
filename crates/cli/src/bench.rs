//! `superpose bench`: how fast cells train here, compared with another time and with other programs.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{anyhow, bail};
use superpose_bench::compare::compare;
use superpose_bench::growth::growth;
use superpose_bench::measure::{About, measure};
use superpose_bench::peers::{Ours, PeerRow, Plan, against};
use superpose_bench::record::{self, Row, Status};
use superpose_figures::render::render;
use superpose_files::disk::write_whole;
use superpose_sweep::bench::Bench;
use superpose_sweep::file::Sweep;

use crate::args::{
    BenchCompareOptions, BenchFigureOptions, BenchPeersOptions, BenchRunOptions, BenchVerb,
};
use crate::tables;
use crate::{console, resources};

/// Steps that a cell makes when its file does not say what to measure.
const STEPS: u64 = 60;

pub(crate) fn bench(verb: &BenchVerb) -> anyhow::Result<ExitCode> {
    match verb {
        BenchVerb::Run(options) => run(options),
        BenchVerb::Compare(options) => compare_files(options),
        BenchVerb::Peers(options) => peers(options),
        BenchVerb::Figure(options) => figure(options),
    }
}

/// What the rows of the definition of this name say alike.
fn about(definition: &str) -> About {
    let n_cores = resources::cores();
    About {
        definition: definition.to_owned(),
        date: time::OffsetDateTime::now_utc().date().to_string(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        revision: env!("SUPERPOSE_REVISION").to_owned(),
        machine: format!("{}, {n_cores} cores", resources::processor()),
        n_cores: n_cores.try_into().unwrap_or(std::num::NonZeroUsize::MIN),
    }
}

/// `benches/records/<date>-<machine>.csv`, or with `what` before the ending.
fn default_path(about: &About, what: &str) -> PathBuf {
    let words = about.machine.split(|c: char| !c.is_ascii_alphanumeric());
    let machine: Vec<String> =
        words.filter(|word| !["", "R"].contains(word)).map(str::to_lowercase).collect();
    let machine = machine.join("-");
    Path::new("benches/records").join(format!("{}-{machine}{what}.csv", about.date))
}

fn run(options: &BenchRunOptions) -> anyhow::Result<ExitCode> {
    let mut sweep = Sweep::read(&options.definition, &options.overrides)?;
    let about = about(&sweep.name);
    let out = match (&options.out, &sweep.bench) {
        (Some(path), _) => Some(path.clone()),
        (None, Some(_)) => Some(default_path(&about, "")),
        (None, None) => None,
    };
    let bench = sweep.bench.clone().unwrap_or_else(|| {
        for cell in &mut sweep.cells {
            cell.train.steps = cell.train.steps.min(STEPS);
            cell.train.warmup_steps = cell.train.warmup_steps.min(cell.train.steps);
        }
        Bench::default()
    });
    let mut measured = Vec::new();
    for (at, cell) in sweep.cells.iter().enumerate() {
        // One cell at a time, so that what is measured is on disk when the next one is stopped.
        let expected = bench.expected_loss.get(at).copied();
        let of_cell = measure(cell, expected, &bench, &about, &mut console::complain)?;
        if let Some(path) = &out {
            record::append(path, &of_cell)?;
        }
        measured.push(of_cell);
    }
    let rows = measured.concat();
    if options.json {
        console::say(&serde_json::to_string_pretty(&rows)?);
    } else {
        print(&measured);
    }
    if let Some(path) = out {
        console::complain(&format!("{} rows added to {}", rows.len(), path.display()));
    }
    let wrong = rows.iter().filter(|row| row.status == Status::WrongLoss).count();
    if wrong > 0 {
        console::complain(&format!("{wrong} cases did not come to the expected loss"));
        return Ok(ExitCode::from(3));
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints the rows of each cell, and which of them is fastest.
fn print(measured: &[Vec<Row>]) {
    let header = [
        "n",
        "d",
        "batch",
        "engine",
        "device",
        "jobs × threads",
        "ms a step",
        "steps/s",
        "products, GFLOP/s",
        "of peak",
        "loss",
    ];
    let cells: Vec<Vec<String>> = measured.iter().flatten().map(cells_of).collect();
    console::say(&console::table(&header, &cells));
    for of_cell in measured {
        let fit = of_cell.iter().filter(|row| row.status == Status::Ok && row.jobs == 1);
        let timed = fit.filter_map(|row| Some((row.step_ms?, row)));
        if let Some((step_ms, row)) = timed.min_by(|a, b| a.0.total_cmp(&b.0)) {
            console::say(&format!(
                "fastest for n = {}, d = {}: `{}` on {}, {step_ms:.2} ms a step",
                row.n_features, row.d_hidden, row.engine, row.device
            ));
        }
    }
}

fn cells_of(row: &Row) -> Vec<String> {
    let number = |value: Option<f64>, digits: usize| {
        value.map_or(String::new(), |value| format!("{value:.digits$}"))
    };
    let step = match row.status {
        Status::Absent => "absent here".to_owned(),
        _ => format!("{} ± {}", number(row.step_ms, 2), number(row.step_ms_mad, 2)),
    };
    let loss = match row.status {
        Status::WrongLoss => {
            format!("{}, not {}", number(row.loss, 3), number(row.expected_loss, 3))
        }
        _ => number(row.loss, 3),
    };
    vec![
        row.n_features.to_string(),
        row.d_hidden.to_string(),
        row.batch_size.to_string(),
        row.engine.clone(),
        row.device.clone(),
        format!("{} × {}", row.jobs, row.threads),
        step,
        number(row.steps_per_s, 0),
        number(row.product_gflop_per_s, 0),
        row.share_of_peak.map_or(String::new(), |share| format!("{:.0} %", 100.0 * share)),
        loss,
    ]
}

fn compare_files(options: &BenchCompareOptions) -> anyhow::Result<ExitCode> {
    let (first, second) = (record::read(&options.first)?, record::read(&options.second)?);
    let pairs = compare(&first, &second);
    if pairs.is_empty() {
        bail!(
            "no case was measured in both `{}` and `{}`",
            options.first.display(),
            options.second.display()
        );
    }
    let rows: Vec<Vec<String>> = pairs
        .iter()
        .map(|pair| {
            let Row { definition, engine, device, n_features, d_hidden, jobs, threads, .. } =
                &pair.first;
            let ms = |row: &Row| format!("{:.2}", row.step_ms.unwrap_or(f64::NAN));
            vec![
                definition.clone(),
                n_features.to_string(),
                d_hidden.to_string(),
                engine.clone(),
                device.clone(),
                format!("{jobs} × {threads}"),
                ms(&pair.first),
                ms(&pair.second),
                format!("{:.2}", pair.ratio),
            ]
        })
        .collect();
    let header = [
        "definition",
        "n",
        "d",
        "engine",
        "device",
        "jobs × threads",
        "first, ms",
        "second, ms",
        "second / first",
    ];
    console::say(&console::table(&header, &rows));
    Ok(ExitCode::SUCCESS)
}

fn peers(options: &BenchPeersOptions) -> anyhow::Result<ExitCode> {
    let sweep = Sweep::read(&options.definition, &options.overrides)?;
    let about = about(&sweep.name);
    let label = if options.ensemble.is_some() { "wgpu" } else { "cpu" };
    let device = superpose_device::open(label)?;
    let plan = Plan {
        python: &options.python,
        scripts: &options.scripts,
        n_rounds: options.rounds.get(),
        ours: match options.ensemble {
            Some(n_cells) => Ours::Ensemble(n_cells.get()),
            None if options.one_cell => Ours::OneCell,
            None => Ours::CellEach,
        },
        only: &options.only,
    };
    let path = options.out.clone().unwrap_or_else(|| default_path(&about, "-peers"));
    let mut all: Vec<PeerRow> = Vec::new();
    for cell in &sweep.cells {
        if cell.train.steps < plan.n_rounds {
            bail!("`train.steps` must be at least `--rounds`, got {}", cell.train.steps);
        }
        let rows = against(cell, &device, &plan, &about, &mut console::complain)?;
        record::append(&path, &rows)?;
        all.extend(rows);
    }
    let rows: Vec<Vec<String>> = all
        .iter()
        .map(|row| {
            vec![
                row.n_features.to_string(),
                row.d_hidden.to_string(),
                row.peer.clone(),
                format!("{:.2} ± {:.2}", row.peer_step_ms, row.peer_step_ms_mad),
                format!("{:.3} ± {:.3}", row.our_step_ms, row.our_step_ms_mad),
                format!("{:.1}", row.ratio),
                format!("{:.1} to {:.1}", row.ratio_min, row.ratio_max),
                format!("{:.1}", row.ratio_of_totals),
            ]
        })
        .collect();
    let header = ["n", "d", "peer", "its ms a step", "ours", "ratio", "of rounds", "of totals"];
    console::say(&console::table(&header, &rows));
    console::complain(&format!("{} rows added to {}", all.len(), path.display()));
    Ok(ExitCode::SUCCESS)
}

fn figure(options: &BenchFigureOptions) -> anyhow::Result<ExitCode> {
    let path = &options.records;
    let records = tables::read(path)?;
    let Some(sheet) = growth(&records, &options.definition)? else {
        bail!("`{}` has no rows of the definition `{}`", path.display(), options.definition);
    };
    let drawn = render(&sheet).map_err(|problem| anyhow!("growth cannot be drawn: {problem}"))?;
    for (extension, bytes) in [("svg", drawn.svg), ("png", drawn.png)] {
        let path = options.out.with_extension(extension);
        write_whole(&path, &bytes)?;
        console::say(&format!("wrote {}", path.display()));
    }
    Ok(ExitCode::SUCCESS)
}
