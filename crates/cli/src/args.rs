//! The command line.

pub(crate) mod theory;

use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::slurm;

/// Train toy models of superposition and test theories of neural scaling.
///
/// Exit codes: 0 all is well; 1 the input or the disk is at fault; 2 the command line is; 3 some
/// cells diverged or failed; 4 the time of `--until` was up before all cells were trained; 128 and the
/// number of the signal (130 for an interrupt, 143 for SIGTERM) that ended the training.
#[derive(Debug, Parser)]
#[command(name = "superpose", version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Train the cells of a sweep file that are not trained yet, fit and draw
    Run(RunOptions),
    /// Write the tables and the page of a run anew from its records
    Analyze(AnalyzeOptions),
    /// Draw the figures of a run anew from its tables, and write its page
    Figures(FiguresOptions),
    /// Draw what the weights of a few cells look like: arrows, W Wᵀ, norms, and their training
    Portrait(PortraitOptions),
    /// Reproduce figures of the paper: train what is missing, write tables, claims and pictures
    Reproduce(ReproduceOptions),
    /// Write pages anew from tables and pictures: `report.html` of a run, `README.md` of a reproduced figure
    Report {
        /// Folders of runs or of figures, such as runs/quickstart or experiments/figure-9b
        #[arg(required = true)]
        folders: Vec<PathBuf>,
        /// Print a JSON object instead of lines
        #[arg(long)]
        json: bool,
    },
    /// Train the cells of a sweep file on a cluster, as jobs of Slurm's that share them
    Submit(SubmitOptions),
    /// Say which cells of a run are finished, running or missing
    Status(StatusOptions),
    /// Read every file of a run and name those that are not what was written; the same as `status --check`
    Verify {
        /// The folder of the run, such as runs/quickstart
        folder: PathBuf,
        /// Print a JSON object instead of lines
        #[arg(long)]
        json: bool,
    },
    /// Say whether a lock that one node has in the folder of a run keeps others out: to be run by two tasks of a job,
    /// on two nodes
    #[command(hide = true)]
    ProbeLocks {
        /// The folder of the run
        folder: PathBuf,
    },
    /// Measure the output heads of language models as the toy is measured
    Measure(MeasureOptions),
    /// Other laws of scaling
    #[command(subcommand)]
    Theory(theory::TheoryVerb),
    /// Say which power law the counts in a file follow
    Frequencies(FrequenciesOptions),
    /// Fit one power law to losses of several groups, each with an offset of its own
    FitLoss(FitLossOptions),
    /// Measure how fast cells train here
    #[command(subcommand)]
    Bench(BenchVerb),
    /// List the devices of this build
    Devices(JsonOption),
    /// Print the JSON schema of sweep files, for editors
    Schema,
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

#[derive(Debug, Args)]
pub(crate) struct RunOptions {
    /// The sweep file; `-` for standard input
    pub(crate) config: PathBuf,
    /// Folder for the results [default: `runs/` and the name of the sweep]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,
    /// Replace a field, or sweep it: `train.seed=3`, `model.d_hidden=[8,16]`
    #[arg(long = "set", value_name = "FIELD=VALUE")]
    pub(crate) overrides: Vec<String>,
    #[command(flatten)]
    pub(crate) training: TrainingOptions,
    /// Only say what would be trained
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Move an older run out of the way and begin anew
    #[arg(long)]
    pub(crate) fresh: bool,
    /// Only train: write no tables and draw nothing
    #[arg(long)]
    pub(crate) train_only: bool,
    /// Train only the I-th of N shares of the cells, such as `2/8`, without asking who else trains them; `auto` or
    /// `auto/N` for the task that this is of a job array
    #[arg(long, value_name = "I/N", conflicts_with = "leases")]
    pub(crate) shard: Option<String>,
    /// How processes keep out of each other's way
    #[arg(long, value_enum, default_value_t = Leases::Auto)]
    pub(crate) leases: Leases,
    /// Print a JSON object instead of tables
    #[arg(long)]
    pub(crate) json: bool,
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

/// A sweep on a cluster.
#[derive(Debug, Args)]
pub(crate) struct SubmitOptions {
    /// The sweep file
    pub(crate) config: PathBuf,
    /// Folder for the results, which all nodes see [default: `runs/` and the name of the sweep]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,
    /// Replace a field, or sweep it: `train.seed=3`, `model.d_hidden=[8,16]`
    #[arg(long = "set", value_name = "FIELD=VALUE")]
    pub(crate) overrides: Vec<String>,
    /// Tasks that share the cells, far fewer than there are cells
    #[arg(long, value_name = "K", default_value = "4", value_parser = at_least_one)]
    pub(crate) workers: NonZeroUsize,
    /// Where to train; `superpose devices` lists them
    #[arg(long, value_name = "LABEL", default_value = "cpu")]
    pub(crate) device: String,
    /// Cells that a task trains at the same time [default: as many as it has cores]
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub(crate) jobs: Option<NonZeroUsize>,
    /// How long a task may take, as Slurm has it: `2:00:00`, `1-0`
    #[arg(long, value_name = "TIME")]
    pub(crate) time: Option<String>,
    /// The partition
    #[arg(long, value_name = "NAME")]
    pub(crate) partition: Option<String>,
    /// The account
    #[arg(long, value_name = "NAME")]
    pub(crate) account: Option<String>,
    /// Cores of a task
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub(crate) cpus_per_task: Option<NonZeroUsize>,
    /// What a task has beside cores, such as `gpu:1`
    #[arg(long, value_name = "LIST")]
    pub(crate) gres: Option<String>,
    /// What a node must have
    #[arg(long, value_name = "LIST")]
    pub(crate) constraint: Option<String>,
    /// Another option of sbatch for the tasks, such as `--mem=4G`
    #[arg(long, value_name = "OPTION", allow_hyphen_values = true)]
    pub(crate) sbatch: Vec<String>,
    /// How often tasks are submitted again at most while cells are missing
    #[arg(long, value_name = "N", default_value = "10")]
    pub(crate) chain: usize,
    /// Only write the scripts, and say what would be submitted
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Wait until all is trained and the tables are there
    #[arg(long)]
    pub(crate) wait: bool,
}

/// How cells are trained.
#[derive(Debug, Args)]
pub(crate) struct TrainingOptions {
    /// Cells trained at the same time, one core each [default: number of cores; when cells are
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
    /// Train at most this many cells now
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

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct ReproduceOptions {
    /// Figures, such as `9b`; a paper, such as `elhage2022`, or `all` for those that need no GPU
    #[arg(required_unless_present = "list")]
    pub(crate) figures: Vec<String>,
    /// List the figures, and how many of their cells are trained
    #[arg(long)]
    pub(crate) list: bool,
    /// The folder of the run that all figures of a paper share [default: the paper's name in `runs`, such as
    /// runs/liu2025]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) run: Option<PathBuf>,
    /// Folder for the figures, one folder each [default: `experiments` in the folder of the run]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,
    /// Take over what is known of cells from a `results.csv` or a `tiny.csv`, instead of training them
    /// [default: those of the paper in `experiments`, such as experiments/liu2025.csv, if there are any]
    #[arg(long, value_name = "FILE")]
    pub(crate) known: Vec<PathBuf>,
    /// Take nothing over: train every cell here
    #[arg(long, conflicts_with = "known")]
    pub(crate) from_scratch: bool,
    /// Train nothing: draw what there is
    #[arg(long)]
    pub(crate) no_training: bool,
    /// Only say what would be trained
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) training: TrainingOptions,
    /// Print a JSON object instead of tables
    #[arg(long)]
    pub(crate) json: bool,
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

#[derive(Debug, Subcommand)]
pub(crate) enum BenchVerb {
    /// Time the cells of a sweep file on every engine and device, and say which is fastest
    Run(BenchRunOptions),
    /// Print ratios of the cases that two tables of measurements share
    Compare(BenchCompareOptions),
    /// Time the cells against programs that others would use
    Peers(BenchPeersOptions),
    /// Draw how the time of a step grows with each size, from a table of measurements
    Figure(BenchFigureOptions),
}

#[derive(Debug, Args)]
pub(crate) struct BenchRunOptions {
    /// The sweep file; its `[bench]` table says what to measure, by default 60 steps of everything
    pub(crate) definition: PathBuf,
    /// Replace a field, or sweep it: `train.seed=3`, `model.d_hidden=[8,16]`
    #[arg(long = "set", value_name = "FIELD=VALUE")]
    pub(crate) overrides: Vec<String>,
    /// The GPU that ensembles are trained on: `wgpu`, `wgpu:1`, `cuda` and so on
    #[arg(long, value_name = "LABEL", default_value = "wgpu")]
    pub(crate) gpu: String,
    /// Add the rows to this table [default: one under `benches/records/` if there is a `[bench]`]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Print a JSON list instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct BenchCompareOptions {
    /// A table of measurements
    pub(crate) first: PathBuf,
    /// Another one
    pub(crate) second: PathBuf,
    /// Print a JSON object instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct BenchFigureOptions {
    /// A table of measurements
    pub(crate) records: PathBuf,
    /// The definition whose first cell is the middle of all lines
    #[arg(long, value_name = "NAME", default_value = "growth")]
    pub(crate) definition: String,
    /// The pictures are OUT.svg and OUT.png
    #[arg(long, value_name = "OUT", default_value = "growth")]
    pub(crate) out: PathBuf,
    /// Print a JSON object instead of lines
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct BenchPeersOptions {
    /// The sweep file
    pub(crate) definition: PathBuf,
    /// Replace a field, or sweep it
    #[arg(long = "set", value_name = "FIELD=VALUE")]
    pub(crate) overrides: Vec<String>,
    /// A Python that has `torch` or `jax`; may be given several times, and a peer runs on the first that has
    /// its library
    #[arg(long = "python", value_name = "PROGRAM", default_value = "python3")]
    pub(crate) pythons: Vec<PathBuf>,
    /// The folder of the peers' scripts
    #[arg(long, value_name = "FOLDER", default_value = "benches/peers")]
    pub(crate) scripts: PathBuf,
    /// Turns that peers and ours take
    #[arg(long, value_name = "N", default_value = "20")]
    pub(crate) rounds: NonZeroU64,
    /// Time only this peer, such as `dense.py` or `dense.py --compile` [default: all]
    #[arg(long, value_name = "PEER", value_parser = peer)]
    pub(crate) only: Vec<String>,
    /// Train one cell on all cores, instead of one cell on each
    #[arg(long)]
    pub(crate) one_cell: bool,
    /// Train so many cells as an ensemble on the GPU, where the peers, by CUDA, work too
    #[arg(long, value_name = "CELLS", conflicts_with = "one_cell")]
    pub(crate) ensemble: Option<NonZeroUsize>,
    /// The GPU that ensembles are trained on: `wgpu`, `wgpu:1`, `cuda` and so on
    #[arg(long, value_name = "LABEL", default_value = "wgpu")]
    pub(crate) gpu: String,
    /// Add the rows to this table [default: one under `benches/records/`]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Print a JSON object instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct AnalyzeOptions {
    /// The folder of the run, such as runs/quickstart
    pub(crate) folder: PathBuf,
    /// Smallest width in the fits
    #[arg(long, value_name = "D", default_value_t = 0, hide_default_value = true)]
    pub(crate) d_min: usize,
    /// Largest width in the fits
    #[arg(long, value_name = "D", default_value_t = usize::MAX, hide_default_value = true)]
    pub(crate) d_max: usize,
    /// Set the losses beside published ones: a CSV with a column `loss.test` and columns of fields,
    /// such as `model.d_hidden`
    #[arg(long, value_name = "FILE")]
    pub(crate) published: Option<PathBuf>,
    /// Measure the trained weights anew first: records of an older version lack some columns
    #[arg(long)]
    pub(crate) remeasure: bool,
    /// Print a JSON object instead of tables
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct FiguresOptions {
    /// The folder of the run, such as runs/quickstart
    pub(crate) folder: PathBuf,
    /// Draw only this: a measured column of results.csv against `--x`, such as loss.test
    #[arg(long, value_name = "QUANTITY", requires = "x")]
    pub(crate) value: Option<String>,
    /// The field on the horizontal axis, such as `data.activation_density`
    #[arg(long, value_name = "FIELD", requires = "value")]
    pub(crate) x: Option<String>,
    /// The field on the vertical axis: the value becomes a colour
    #[arg(long, value_name = "FIELD", requires = "value")]
    pub(crate) y: Option<String>,
    /// The field that lines are coloured by
    #[arg(long, value_name = "FIELD", requires = "value")]
    pub(crate) colour: Option<String>,
    /// The field that sets columns of panels apart
    #[arg(long, value_name = "FIELD", requires = "value")]
    pub(crate) columns: Option<String>,
    /// The field that sets rows of panels apart
    #[arg(long, value_name = "FIELD", requires = "value")]
    pub(crate) rows: Option<String>,
    /// Print a JSON object instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PortraitOptions {
    /// The folder of the run, such as runs/quickstart
    pub(crate) folder: PathBuf,
    /// The cell of this id, or of which this is the beginning; several times for several
    #[arg(long = "cell", value_name = "ID")]
    pub(crate) cells: Vec<String>,
    /// The cells whose field has this value, such as `d_hidden=2`; several must all hold
    #[arg(long = "where", value_name = "FIELD=VALUE")]
    pub(crate) fields: Vec<String>,
    /// Features in the map of W Wᵀ
    #[arg(long, value_name = "N", default_value = "24")]
    pub(crate) features: NonZeroUsize,
    /// Leave out the animation of cells that have snapshots
    #[arg(long)]
    pub(crate) still: bool,
    /// Where tables and pictures go [default: portraits in the folder of the run]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,
    /// Print a JSON object instead of lines
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct StatusOptions {
    /// The folder of the run, such as runs/quickstart
    pub(crate) folder: PathBuf,
    /// Read every file, weights too, and name those that are not what was written; exit code 1 if there
    /// are any
    #[arg(long)]
    pub(crate) check: bool,
    /// Name the cells that are missing
    #[arg(long)]
    pub(crate) missing: bool,
    /// Print a JSON object instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

/// Where results go.
#[derive(Debug, Args)]
pub(crate) struct Output {
    /// Folder for tables and a picture
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,
    /// Print a JSON object instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

/// How intervals are taken.
#[derive(Debug, Args)]
pub(crate) struct Bootstrap {
    /// Resamples of the bootstrap; 0 for no intervals, else at least 20
    #[arg(long, value_name = "N", default_value = "1000", value_parser = resamples)]
    pub(crate) resamples: usize,
    /// Seed of the bootstrap
    #[arg(long, value_name = "N", default_value = "0")]
    pub(crate) seed: u64,
}

/// A whole number of at least 1.
fn at_least_one(text: &str) -> Result<NonZeroUsize, String> {
    text.parse().map_err(|_| "must be a whole number of at least 1".to_owned())
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
    Ok(CheckpointEvery(Some(every)))
}

fn until(text: &str) -> Result<Until, String> {
    if text == "slurm" {
        return Ok(Until::Slurm);
    }
    duration(text).map(Until::Time).map_err(|said| format!("{said}, or `slurm`"))
}

/// An interval from fewer resamples would be their ends.
fn resamples(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(n) if n == 0 || n >= 20 => Ok(n),
        _ => Err("must be 0, or a whole number of at least 20".to_owned()),
    }
}

#[derive(Debug, Args)]
pub(crate) struct MeasureOptions {
    /// Safetensors or GGUF files, or folders of models
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// The matrix to measure [default: the head, or else the embedding]
    #[arg(long, value_name = "NAME")]
    pub(crate) tensor: Option<String>,
    /// Only list the tensors
    #[arg(long)]
    pub(crate) list: bool,
    /// Take norms and spectrum, too, of the rows without their mean
    #[arg(long)]
    pub(crate) centre: bool,
    /// Rows, evenly spaced, that the distribution of overlaps is taken of
    #[arg(long, value_name = "N", default_value = "2048")]
    pub(crate) sample: NonZeroUsize,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct FrequenciesOptions {
    /// Counts or frequencies: a number a line, alone or beside a word; a JSON counter; or wordfreq's
    /// msgpack; plain or by gzip; `-` for standard input
    pub(crate) file: PathBuf,
    /// The column of the counts, by its name or number from 1 [default: the one that can be meant]
    #[arg(long, value_name = "COLUMN")]
    pub(crate) column: Option<String>,
    /// First rank of the line that is fitted
    #[arg(long, value_name = "RANK", default_value = "1")]
    pub(crate) from: NonZeroUsize,
    /// Last rank of all fits but those of decades [default: the last]
    #[arg(long, value_name = "RANK")]
    pub(crate) to: Option<NonZeroUsize>,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct FitLossOptions {
    /// A CSV file with a row for each loss
    pub(crate) file: PathBuf,
    /// The column of what the loss falls with
    #[arg(long, value_name = "COLUMN", default_value = "d_hidden")]
    pub(crate) x: String,
    /// The column of losses
    #[arg(long, value_name = "COLUMN", default_value = "loss")]
    pub(crate) y: String,
    /// A column that tells groups apart; several together name a group [default: `group` if there
    /// is such a column]
    #[arg(long, value_name = "COLUMN")]
    pub(crate) group: Vec<String>,
    #[command(flatten)]
    pub(crate) bootstrap: Bootstrap,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct JsonOption {
    /// Print a JSON object instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

/// A peer's name, if it is one.
fn peer(name: &str) -> Result<String, String> {
    let names: Vec<String> = superpose_bench::peers::PEERS
        .iter()
        .map(|(script, arguments)| [&[*script], *arguments].concat().join(" "))
        .collect();
    if names.iter().any(|known| known == name) {
        return Ok(name.to_owned());
    }
    Err(format!("the peers are `{}`", names.join("`, `")))
}
