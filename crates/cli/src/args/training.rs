//! How cells are trained, on the command line.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};

use crate::args::at_least_one;
use crate::slurm;

/// How cells are trained.
#[derive(Debug, Args)]
pub(crate) struct TrainingOptions {
    /// Cells trained at the same time, one core each, such as 4 [default: number of cores; when cells are
    /// fewer, each gets several]
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub(crate) jobs: Option<NonZeroUsize>,
    /// Where to train; `superpose devices` lists them
    #[arg(long, value_name = "LABEL", default_value = "cpu")]
    pub(crate) device: String,
    /// What makes the steps
    #[arg(long, value_enum, default_value_t = Engine::Auto)]
    pub(crate) engine: Engine,
    /// Train cells again that diverged or failed
    #[arg(long)]
    pub(crate) retry_failed: bool,
    /// Stop at the first cell that diverges or fails
    #[arg(long)]
    pub(crate) fail_fast: bool,
    /// Train at most this many cells now, such as 10
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
    /// How often it is written where a cell is in its training, such as `90s` or `1h`, so that it goes on from there
    /// should it be stopped; `off` for never
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = checkpoint_every)]
    pub(crate) checkpoint: CheckpointEvery,
    /// End after this time, such as `55m`, or by the end of the job with `slurm`: no cell is begun that would not be
    /// done by then, and what is in training is kept
    #[arg(long, value_name = "TIME", value_parser = until)]
    pub(crate) until: Option<Until>,
    #[command(flatten)]
    pub(crate) progress: ProgressOptions,
}

/// How often it is written where a cell is in its training, if ever.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CheckpointEvery(Option<Duration>);

/// When training ends.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Until {
    /// After this time.
    Time(Duration),
    /// With the job of Slurm's that this is.
    Slurm,
}

/// What is said of a training.
#[derive(Debug, Args)]
pub(crate) struct ProgressOptions {
    /// What is shown of the training
    #[arg(long, value_enum, default_value_t = ProgressKind::Auto)]
    pub(crate) progress: ProgressKind,
    /// Say nothing of the training but what goes wrong
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Say more of the training: also when checkpoints are written
    #[arg(short, long, conflicts_with = "quiet")]
    pub(crate) verbose: bool,
}

/// What is shown of a training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProgressKind {
    /// Bars on a terminal, lines elsewhere and in notebooks
    Auto,
    /// A bar for each cell in training and one for all
    Bars,
    /// A line a minute and a line a finished cell
    Lines,
    /// Nothing
    Off,
}

impl TrainingOptions {
    /// What they ask of the training, which begins now.
    ///
    /// # Errors
    /// When the end of a job is asked for that this is none of.
    pub(crate) fn to_run(&self) -> anyhow::Result<superpose_run::Options> {
        let time = match self.until {
            None => None,
            Some(Until::Time(time)) => Some(time),
            Some(Until::Slurm) => Some(slurm::time_left()?),
        };
        // So far away that no clock has it is never.
        let deadline = time.and_then(|time| Instant::now().checked_add(time));
        Ok(superpose_run::Options {
            device: self.device.clone(),
            engine: match self.engine {
                Engine::Auto => None,
                Engine::Gram => Some(superpose_run::Engine::Gram),
                Engine::Reference => Some(superpose_run::Engine::Reference),
            },
            jobs: self.jobs,
            retry_failed: self.retry_failed,
            fail_fast: self.fail_fast,
            limit: self.limit,
            checkpoint_every: self.checkpoint.0,
            deadline,
        })
    }
}

/// What makes the steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Engine {
    /// The fastest that can do the cell
    Auto,
    /// Sparse batches and the Gram matrix, on the CPU
    Gram,
    /// Dense autodiff, the formula as written
    Reference,
}

/// How processes keep out of each other's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Leases {
    /// By locks if the file system has them, or as it was agreed in this folder
    Auto,
    /// By locks of the operating system
    Locks,
    /// By files that are written again every few seconds: where there are no locks, or each host has its own
    Heartbeats,
}

/// A time such as `90s`, `5m` or `1h 30m`.
fn duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text)
        .map_err(|_| "must be a time such as `90s`, `55m` or `1h 30m`".to_owned())
}

fn checkpoint_every(text: &str) -> Result<CheckpointEvery, String> {
    if text == "off" {
        return Ok(CheckpointEvery(None));
    }
    let every = duration(text).map_err(|said| format!("{said}, or `off`"))?;
    if every.is_zero() {
        return Err("must be longer than nothing, or `off`".to_owned());
    }
    Ok(CheckpointEvery(Some(every)))
}

fn until(text: &str) -> Result<Until, String> {
    if text == "slurm" {
        return Ok(Until::Slurm);
    }
    duration(text).map(Until::Time).map_err(|said| format!("{said}, or `slurm`"))
}
