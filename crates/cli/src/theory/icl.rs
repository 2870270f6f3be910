//! `superpose theory icl`: in-context learning.

use anyhow::{bail, ensure};
use superpose_laws::icl::attention::Attention;
use superpose_laws::icl::attention::asymptotic::Ratios;
use superpose_laws::icl::baselines::Baselines;
use superpose_laws::icl::diversity::simulated::TaskDiversity;
use superpose_laws::icl::metric::TokenAccuracy;
use superpose_laws::icl::{diversity as task_diversity, metric as metrics};

use super::{ascending, by_options, check_simulated};
use crate::args::theory::{
    IclAttentionOptions, IclBaselinesOptions, IclDiversityOptions, IclMetricOptions,
};
use crate::progress;
use crate::study::present;

/// The options of what laws of a prompt call otherwise.
const NAMES: [(&str, &str); 6] = [
    ("n_dimensions", "--dimensions"),
    ("n_examples", "--examples"),
    ("n_tasks", "--tasks"),
    ("n_prompts", "--prompts"),
    ("n_runs", "--runs"),
    ("noise_variance", "--noise"),
];

pub(super) fn attention(options: &IclAttentionOptions) -> anyhow::Result<()> {
    if !options.penalty.is_finite() || options.penalty < 0.0 {
        bail!("--penalty must be a finite number, at least 0, got {}", options.penalty);
    }
    if (options.prompts - 1.0).abs() < f64::EPSILON && options.penalty <= 0.0 {
        bail!("--prompts must not be 1 without a --penalty: the error is infinite there");
    }
    if let Some(n @ 0..2) = options.simulate {
        bail!("--simulate must be at least 2 dimensions, got {n}");
    }
    let n_simulated = options.simulate.map_or(0, |_| options.tasks.len() * options.runs);
    let attention = Attention {
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
    let names = [
        ("examples_per_dimension", "--examples"),
        ("n_examples", "--examples"),
        ("tasks_per_dimension", "--tasks"),
        ("n_tasks", "--tasks"),
        ("prompts_per_square", "--prompts"),
        ("n_prompts", "--prompts"),
        ("noise_variance", "--noise"),
        ("penalty", "--penalty"),
        ("n_dimensions", "--simulate"),
        ("n_runs", "--runs"),
    ];
    let study = attention.study(&|| bar.inc(1)).map_err(by_options(&names))?;
    bar.finish_and_clear();
    present(&study, "theory icl attention", &options.output)
}

pub(super) fn baselines(options: &IclBaselinesOptions) -> anyhow::Result<()> {
    check_simulated(options.simulate)?;
    let baselines = Baselines {
        n_dimensions: options.dimensions,
        n_examples: ascending(&options.examples),
        noise_variance: options.noise,
        n_prompts: options.simulate,
        seed: options.seed,
    };
    let n_prompts = baselines.n_examples.len() * options.simulate;
    let bar = progress::count("prompts", n_prompts as u64);
    let study = baselines.study(&|| bar.inc(1)).map_err(by_options(&NAMES))?;
    bar.finish_and_clear();
    present(&study, "theory icl baselines", &options.output)
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
    let study = task_diversity::study(&setting, &|| bar.inc(1)).map_err(by_options(&NAMES))?;
    bar.finish_and_clear();
    present(&study, "theory icl diversity", &options.output)
}

pub(super) fn metric(options: &IclMetricOptions) -> anyhow::Result<()> {
    let accuracy = TokenAccuracy { model_scale: options.scale, model_exponent: options.exponent };
    if [options.scale, options.exponent].iter().any(|value| !value.is_finite() || *value <= 0.0) {
        bail!(
            "--scale and --exponent must be positive, got {} and {}",
            options.scale,
            options.exponent
        );
    }
    ensure!(!options.tokens.contains(&0), "--tokens must be at least 1, got 0");
    let study = metrics::study(accuracy, &options.tokens);
    present(&study, "theory icl metric", &options.output)
}
