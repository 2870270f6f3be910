//! `superpose bench`: how fast cells train here, compared with another time and with other programs.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, anyhow, bail};
use serde_json::json;
use superpose_bench::compare::{Pair, compare};
use superpose_bench::growth::growth;
use superpose_bench::measure::{About, measure};
use superpose_bench::peers::{Ours, PeerRow, Plan, SCRIPTS, against};
use superpose_bench::record::{self, Row, Status};
use superpose_figures::render::render;
use superpose_files::disk::write_whole;
use superpose_run::resources::{Resources, processor, size};
use superpose_sweep::bench::Bench;
use superpose_sweep::file::Sweep;
use superpose_toy::prepared::Prepared;
use superpose_train::memory::host_bytes;

use crate::args::{
    BenchCompareOptions, BenchFigureOptions, BenchPeersOptions, BenchRunOptions, BenchVerb,
};
use crate::study::read_given;
use crate::{console, source};

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
fn about(definition: &str, gpu: &str) -> About {
    let n_cores = Resources::here().cores;
    About {
        definition: definition.to_owned(),
        date: time::OffsetDateTime::now_utc().date().to_string(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        revision: superpose_run::REVISION.to_owned(),
        machine: format!("{}, {n_cores} cores", processor()),
        n_cores,
        gpu: gpu.to_owned(),
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

/// The sweep in a file, with what is to be remarked of it.
fn read(path: &Path, overrides: &[String]) -> anyhow::Result<Sweep> {
    let sweep = source::sweep(path, overrides)?;
    sweep.remarks.iter().for_each(|remark| console::complain(&format!("note: {remark}")));
    Ok(sweep)
}

/// Most threads that are started for a case.
const MOST_THREADS: usize = 1024;

/// Refuses jobs for which there is not the memory, before they take it.
fn check_room(cells: &[Prepared], bench: &Bench) -> anyhow::Result<()> {
    let Resources { cores, free_bytes } = Resources::here();
    let most = |counts: &[usize]| {
        counts.iter().map(|&n| if n == 0 { cores.get() } else { n }).max().unwrap_or(1)
    };
    let (jobs, threads) = (most(&bench.jobs), most(&bench.threads));
    if jobs * threads > MOST_THREADS {
        bail!(
            "`bench.jobs` times `bench.threads` must be at most {MOST_THREADS}, got {jobs} × {threads}"
        );
    }
    for Prepared { cell, .. } in cells {
        let of_one =
            bench.engines.iter().map(|engine| host_bytes(*engine, cell)).fold(0.0, f64::max);
        let needed = of_one * jobs as f64;
        if needed > free_bytes {
            bail!(
                "{jobs} cells of n = {}, d = {} at a time (`bench.jobs`) need about {}; {} is free on this machine",
                cell.model.n_features,
                cell.model.d_hidden,
                size(needed),
                size(free_bytes)
            );
        }
    }
    Ok(())
}

fn run(options: &BenchRunOptions) -> anyhow::Result<ExitCode> {
    let sweep = read(&options.definition, &options.overrides)?;
    let mut cells = sweep.cells;
    let about = about(&sweep.name, &options.gpu);
    let out = match (&options.out, &sweep.bench) {
        (Some(path), _) => Some(path.clone()),
        (None, Some(_)) => Some(default_path(&about, "")),
        (None, None) => None,
    };
    let bench = sweep.bench.unwrap_or_else(|| {
        for Prepared { id, cell, .. } in &mut cells {
            cell.train.steps = cell.train.steps.min(STEPS);
            cell.train.warmup_steps = cell.train.warmup_steps.min(cell.train.steps);
            *id = cell.id();
        }
        Bench::default()
    });
    if let Some(path) = &out {
        record::check::<Row>(path)?;
    }
    check_room(&cells, &bench)?;
    let mut measured = Vec::new();
    for (at, cell) in cells.iter().enumerate() {
        // One cell at a time, so that what is measured is on disk when the next one is stopped.
        let expected = bench.expected_loss.get(at).copied();
        let of_cell = measure(cell, expected, &bench, &about, &mut console::complain);
        if let Some(path) = &out {
            record::append(path, &of_cell)?;
        }
        measured.push(of_cell);
    }
    let rows = measured.concat();
    if options.json {
        console::say_json(&serde_json::to_value(&rows)?);
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
        "a step (median round)",
        "loss",
        "steps/s (all rounds)",
        "products, GFLOP/s",
        "of peak",
    ];
    let cells: Vec<Vec<String>> = measured.iter().flatten().map(cells_of).collect();
    console::say(&console::table(&header, &cells));
    let mut told = Vec::new();
    for row in measured.iter().flatten().filter(|row| row.status == Status::Absent) {
        let why = format!("{} on {} was not measured: {}", row.engine, row.device, row.why_absent);
        if !told.contains(&why) {
            console::say(&why);
            told.push(why);
        }
    }
    for row in measured.iter().flatten() {
        if let (Some(kernels), Some(idle)) = (row.kernels_ms, row.gpu_idle_fraction) {
            console::say(&format!(
                "d = {}, {} on {}: kernels take {} of a step, the GPU is idle {:.0} % of the time; ms of each: {}",
                row.d_hidden,
                row.jobs,
                row.device,
                time(kernels),
                100.0 * idle,
                row.kernel_times
            ));
        }
    }
    for of_cell in measured {
        let fit = of_cell.iter().filter(|row| row.status == Status::Ok && row.jobs == 1);
        let timed = fit.filter_map(|row| Some((row.step_ms?, row)));
        if let Some((step_ms, row)) = timed.min_by(|a, b| a.0.total_cmp(&b.0)) {
            let step = time(step_ms);
            console::say(&format!(
                "fastest for n = {}, d = {}: `{}` on {}, {step} a step",
                row.n_features, row.d_hidden, row.engine, row.device
            ));
        }
    }
}

/// A time of so many milliseconds in the unit that suits it.
fn time(ms: f64) -> String {
    let (number, unit) = in_unit(ms, ms);
    format!("{number} {unit}")
}

/// Milliseconds as a number in the unit that suits a time of about `size` milliseconds.
fn in_unit(ms: f64, size: f64) -> (String, &'static str) {
    let (number, unit) = match size {
        size if size < 1.0 => (ms * 1e3, "µs"),
        size if size < 1e3 => (ms, "ms"),
        _ => (ms / 1e3, "s"),
    };
    (format!("{number:.*}", if number < 10.0 { 2 } else { 1 }), unit)
}

/// A time with its deviation.
fn with_deviation(ms: Option<f64>, deviation: Option<f64>) -> String {
    let Some(ms) = ms else { return String::new() };
    let (number, unit) = in_unit(ms, ms);
    match deviation {
        Some(deviation) => format!("{number} ± {} {unit}", in_unit(deviation, ms).0),
        None => format!("{number} {unit}"),
    }
}

fn cells_of(row: &Row) -> Vec<String> {
    let number = |value: Option<f64>, digits: usize| {
        value.map_or(String::new(), |value| format!("{value:.digits$}"))
    };
    let step = match row.status {
        Status::Absent => "not measured".to_owned(),
        _ => with_deviation(row.step_ms, row.step_ms_mad),
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
        loss,
        number(row.steps_per_s, 0),
        number(row.product_gflop_per_s, 0),
        row.share_of_peak.map_or(String::new(), |share| format!("{:.0} %", 100.0 * share)),
    ]
}

fn compare_files(options: &BenchCompareOptions) -> anyhow::Result<ExitCode> {
    let (first, second) =
        (record::read::<Row>(&options.first)?, record::read::<Row>(&options.second)?);
    let pairs = compare(&first, &second);
    if pairs.is_empty() {
        bail!(
            "no case was measured in both `{}` and `{}`",
            options.first.display(),
            options.second.display()
        );
    }
    if options.json {
        let object = |pair: &Pair| {
            json!({
                "first": pair.first, "second": pair.second, "ratio": pair.ratio,
                "within_noise": pair.is_noise(),
            })
        };
        console::say_json(&json!({ "pairs": pairs.iter().map(object).collect::<Vec<_>>() }));
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<Vec<String>> = pairs
        .iter()
        .map(|pair| {
            let Row { definition, engine, device, n_features, d_hidden, jobs, threads, .. } =
                &pair.first;
            let step = |row: &Row| with_deviation(row.step_ms, row.step_ms_mad);
            let noise = match pair.is_noise() {
                Some(true) => "within noise",
                Some(false) => "",
                None => "no deviation known",
            };
            vec![
                definition.clone(),
                n_features.to_string(),
                d_hidden.to_string(),
                engine.clone(),
                device.clone(),
                format!("{jobs} × {threads}"),
                format!("{:.2}", pair.ratio),
                noise.to_owned(),
                step(&pair.first),
                step(&pair.second),
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
        "second / first",
        "",
        "first",
        "second",
    ];
    console::say(&console::table(&header, &rows));
    console::say(
        "within noise: the medians are within two standard deviations of a round's time. What differs \
         between runs is not in that: two of one program in one minute were 14 % apart on a shared machine",
    );
    Ok(ExitCode::SUCCESS)
}

fn peers(options: &BenchPeersOptions) -> anyhow::Result<ExitCode> {
    let sweep = read(&options.definition, &options.overrides)?;
    let about = about(&sweep.name, &options.gpu);
    let label = if options.ensemble.is_some() { &options.gpu } else { "cpu" };
    let device = superpose_device::open(label)?;
    let own = tempfile::tempdir().context("cannot make a temporary folder")?;
    let scripts = match &options.scripts {
        Some(folder) => folder,
        None => {
            for (name, text) in SCRIPTS {
                std::fs::write(own.path().join(name), text).with_context(|| {
                    format!("cannot write `{}`", own.path().join(name).display())
                })?;
            }
            own.path()
        }
    };
    let plan = Plan {
        pythons: &options.pythons,
        scripts,
        n_rounds: options.rounds.get(),
        ours: match options.ensemble {
            Some(n_cells) => Ours::Ensemble(n_cells.get()),
            None if options.one_cell => Ours::OneCell,
            None => Ours::CellEach,
        },
        only: &options.only,
    };
    let path = options.out.clone().unwrap_or_else(|| default_path(&about, "-peers"));
    record::check::<PeerRow>(&path)?;
    let mut all: Vec<PeerRow> = Vec::new();
    for cell in &sweep.cells {
        let steps = cell.cell.train.steps;
        if steps < plan.n_rounds {
            bail!("`train.steps` must be at least `--rounds`, got {steps}");
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
                with_deviation(Some(row.peer_step_ms), Some(row.peer_step_ms_mad)),
                with_deviation(Some(row.our_step_ms), Some(row.our_step_ms_mad)),
                format!("{:.1}", row.ratio),
                format!("{:.1} to {:.1}", row.ratio_min, row.ratio_max),
                format!("{:.1}", row.ratio_of_totals),
            ]
        })
        .collect();
    let header = ["n", "d", "peer", "its step", "our step", "ratio", "of rounds", "of totals"];
    if options.json {
        console::say_json(&json!({ "rows": all }));
    } else {
        console::say(&console::table(&header, &rows));
    }
    console::complain(&format!("{} rows added to {}", all.len(), path.display()));
    Ok(ExitCode::SUCCESS)
}

fn figure(options: &BenchFigureOptions) -> anyhow::Result<ExitCode> {
    let path = &options.records;
    let records = read_given(path)?;
    let sheet = growth(&records, &options.definition).with_context(|| {
        let path = path.display();
        format!("`{path}` is no table of measurements, as `superpose bench run --out` writes them")
    })?;
    let Some(sheet) = sheet else {
        bail!("`{}` has no rows of the definition `{}`", path.display(), options.definition);
    };
    let drawn = render(&sheet).map_err(|problem| anyhow!("growth cannot be drawn: {problem}"))?;
    let mut written = Vec::new();
    for (extension, bytes) in [("svg", drawn.svg), ("png", drawn.png)] {
        let path = options.out.with_extension(extension);
        write_whole(&path, &bytes)?;
        written.push(path);
    }
    if options.json {
        console::say_json(&json!({ "figures": written }));
    } else {
        written.iter().for_each(|path| console::say(&format!("wrote {}", path.display())));
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_in_the_unit_that_suits_them() {
        let shown = [0.05, 0.0123, 1.234, 65.43, 12_340.0].map(time);
        assert_eq!(shown, ["50.0 µs", "12.3 µs", "1.23 ms", "65.4 ms", "12.3 s"]);
        assert_eq!(with_deviation(Some(0.05), Some(0.001)), "50.0 ± 1.00 µs");
        assert_eq!(with_deviation(Some(2.0), None), "2.00 ms");
        assert_eq!(with_deviation(None, None), "");
    }
}
