//! `superpose theory icl`: in-context learning.

use superpose_figures::axis::Axis;
use superpose_figures::chart::Mark;
use superpose_figures::lines::{ErrorBars, Guide, Lines, lines};
use superpose_figures::sheet::{Axes, Sheet};
use superpose_files::table::{Table, TableError};
use superpose_laws::icl::exact::{Ratios, TokenAccuracy};
use superpose_laws::icl::tables::{
    Attention, Baselines, diversity as diversity_table, metric as metric_table,
};
use superpose_laws::icl::task_diversity::TaskDiversity;

use super::{Made, ascending, check_simulated, number, present, present_as};
use crate::args::theory::{
    IclAttentionOptions, IclBaselinesOptions, IclDiversityOptions, IclMetricOptions,
};
use crate::{console, progress};

pub(super) fn attention(options: &IclAttentionOptions) -> anyhow::Result<()> {
    if !options.penalty.is_finite() || options.penalty < 0.0 {
        anyhow::bail!("--penalty must be a finite number, at least 0, got {}", options.penalty);
    }
    if (options.prompts - 1.0).abs() < f64::EPSILON && options.penalty <= 0.0 {
        anyhow::bail!("--prompts must not be 1 without a --penalty: the error is infinite there");
    }
    let n_simulated = options.simulate.map_or(0, |_| options.tasks.len() * options.runs);
    let asked = Attention {
        ratios: Ratios {
            examples_per_dimension: options.examples,
            tasks_per_dimension: f64::INFINITY,
            prompts_per_square: options.prompts,
            noise_variance: options.noise,
        },
        tasks_per_dimension: options.tasks.clone(),
        penalty: options.penalty,
        n_dimensions: options.simulate,
        n_runs: options.runs,
        seed: options.seed,
    };
    let bar = progress::count("runs", n_simulated as u64);
    let table = asked.table(&|_| bar.inc(1))?;
    bar.finish_and_clear();
    let made = Made { verb: "icl attention", tables: &[table], sheet: &attention_sheet };
    present(&made, &options.output)
}

fn attention_sheet(tables: &[Table]) -> Result<Sheet, TableError> {
    let x = || ("tasks_per_dimension", Axis::logarithmic("pretraining tasks by dimension, κ"));
    let error = |column, simulated: &'static str, se, label| -> Result<_, TableError> {
        let guides = [Guide { column, label: "asymptotic", mark: Mark::Line }];
        let columns = Lines {
            error_bars: ErrorBars::Deviation(se),
            guides: &guides,
            group_label: "simulated",
            mark: Mark::Dots,
            ..Lines::plain(x(), (simulated, Axis::logarithmic(label)))
        };
        lines(&tables[0], &columns)
    };
    let mut panels =
        error("new_tasks", "simulated_new_tasks", "simulated_new_tasks_se", "error on new tasks")?;
    panels.extend(error(
        "pretraining_tasks",
        "simulated_pretraining_tasks",
        "simulated_pretraining_tasks_se",
        "error on pretraining tasks",
    )?);
    let guides =
        [Guide { column: "gap_limit", label: "limit, max(0, 1 − κ)", mark: Mark::Dotted }];
    let gap = Lines {
        guides: &guides,
        group_label: "asymptotic gap",
        mark: Mark::JoinedDots,
        ..Lines::plain(x(), ("gap", Axis::linear("what new tasks cost more")))
    };
    panels.extend(lines(&tables[0], &gap)?);
    Ok(Sheet {
        title: "Linear attention, by the number of pretraining tasks".to_owned(),
        columns: 3,
        panels,
        axes: Axes::Own,
        caption: "Bars: standard error over runs. Table: icl_attention.csv.".to_owned(),
    })
}

pub(super) fn baselines(options: &IclBaselinesOptions) -> anyhow::Result<()> {
    check_simulated(options.simulate)?;
    let asked = Baselines {
        n_dimensions: options.dimensions,
        n_examples: ascending(&options.examples),
        noise_variance: options.noise,
        n_prompts: options.simulate,
        seed: options.seed,
    };
    let bar = progress::count("prompts", (asked.n_examples.len() * options.simulate) as u64);
    let table = asked.table(&|| bar.inc(1))?;
    bar.finish_and_clear();
    let made = Made { verb: "icl baselines", tables: &[table], sheet: &baseline_sheet };
    present(&made, &options.output)
}

fn baseline_sheet(tables: &[Table]) -> Result<Sheet, TableError> {
    let guides = [Guide { column: "exact", label: "exact", mark: Mark::Line }];
    let columns = Lines {
        guides: &guides,
        error_bars: ErrorBars::Deviation("simulated_se"),
        group: Some("algorithm"),
        group_label: "",
        mark: Mark::Dots,
        ..Lines::plain(
            ("n_examples", Axis::logarithmic("examples in the prompt")),
            ("simulated", Axis::logarithmic("squared error, by dimension")),
        )
    };
    Ok(Sheet {
        title: "Regression within a prompt".to_owned(),
        columns: 1,
        panels: lines(&tables[0], &columns)?,
        axes: Axes::Own,
        caption: "Dots: simulated, with standard errors over prompts. Table: icl_baselines.csv."
            .to_owned(),
    })
}

pub(super) fn diversity(options: &IclDiversityOptions) -> anyhow::Result<()> {
    let setting = TaskDiversity {
        n_dimensions: options.dimensions,
        n_examples: options.examples,
        noise_variance: options.noise,
        n_tasks: options.tasks.clone(),
        n_prompts: options.prompts,
        n_runs: options.runs,
        seed: options.seed,
    };
    let bar = progress::count("runs", options.runs as u64);
    let table = diversity_table(&setting, &|_| bar.inc(1))?;
    bar.finish_and_clear();
    let made = Made { verb: "icl diversity", tables: &[table], sheet: &diversity_sheet };
    present(&made, &options.output)
}

fn diversity_sheet(tables: &[Table]) -> Result<Sheet, TableError> {
    let x = || ("n_tasks", Axis::logarithmic("pretraining tasks"));
    let panel = |column, se, ridge, label| -> Result<_, TableError> {
        let guides = [Guide { column: ridge, label: "ridge regression", mark: Mark::Line }];
        let columns = Lines {
            error_bars: ErrorBars::Deviation(se),
            guides: &guides,
            group_label: "posterior mean",
            ..Lines::plain(x(), (column, Axis::linear(label)))
        };
        lines(&tables[0], &columns)
    };
    let mut panels = panel(
        "posterior_new",
        "posterior_new_se",
        "ridge_new",
        "error on new tasks, by dimension",
    )?;
    panels.extend(panel(
        "posterior_pretraining",
        "posterior_pretraining_se",
        "ridge_pretraining",
        "error on pretraining tasks, by dimension",
    )?);
    Ok(Sheet {
        title: "What is gained by knowing the tasks, by their number".to_owned(),
        columns: 2,
        panels,
        axes: Axes::Own,
        caption:
            "Bars: standard error over runs. Errors are with label noise. Table: icl_diversity.csv."
                .to_owned(),
    })
}

pub(super) fn metric(options: &IclMetricOptions) -> anyhow::Result<()> {
    let accuracy = TokenAccuracy { model_scale: options.scale, model_exponent: options.exponent };
    if [options.scale, options.exponent].iter().any(|value| !value.is_finite() || *value <= 0.0) {
        anyhow::bail!(
            "--scale and --exponent must be positive, got {} and {}",
            options.scale,
            options.exponent
        );
    }
    anyhow::ensure!(!options.tokens.contains(&0), "--tokens must be at least 1, got 0");
    let tables = [metric_table(accuracy, &options.tokens)];
    let made = Made { verb: "icl metric", tables: &tables, sheet: &metric_sheet };
    present_as(&made, &options.output, &|| print_by_size(&tables[0], &options.tokens))
}

/// Each decade of sizes in a row, with the loss and what every number of tokens makes of it side by side.
fn print_by_size(table: &Table, n_tokens: &[usize]) {
    let heads = n_tokens.iter().map(|n| format!("all {n} right"));
    let header: Vec<String> =
        ["N", "loss a token"].map(str::to_owned).into_iter().chain(heads).collect();
    let n_sizes = table.rows.len() / n_tokens.len().max(1);
    let row = |size: usize| {
        let first = &table.rows[size];
        let matches = (0..n_tokens.len()).map(|which| &table.rows[which * n_sizes + size][3]);
        [&first[1], &first[2]].into_iter().chain(matches).map(number).collect()
    };
    let rows: Vec<Vec<String>> = (0..n_sizes).step_by(4).map(row).collect();
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    console::say(&console::table(&header, &rows));
}

fn metric_sheet(tables: &[Table]) -> Result<Sheet, TableError> {
    let x = || ("model_size", Axis::logarithmic("parameters N"));
    let grouped = |y| Lines {
        group: Some("n_tokens"),
        group_label: "T",
        mark: Mark::Line,
        ..Lines::plain(x(), y)
    };
    let mut panels =
        lines(&tables[0], &Lines::plain(x(), ("loss", Axis::logarithmic("loss a token"))))?;
    panels
        .extend(lines(&tables[0], &grouped(("exact_match", Axis::linear("all T tokens right"))))?);
    Ok(Sheet {
        title: "One smooth loss, seen through a metric".to_owned(),
        columns: 2,
        panels,
        axes: Axes::Own,
        caption: "The curves of the right are one curve, moved. Table: icl_metric.csv.".to_owned(),
    })
}
