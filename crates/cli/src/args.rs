//! The command line.

mod bench;
pub(crate) mod examples;
mod submit;
pub(crate) mod theory;
mod training;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::OnceLock;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use superpose_sweep::like;
use superpose_sweep::preset::Preset;

pub(crate) use crate::args::bench::*;
pub(crate) use crate::args::submit::SubmitOptions;
pub(crate) use crate::args::training::*;

/// Train toy models of superposition and test theories of neural scaling.
///
/// Exit codes: 0 all is well; 1 the input or the disk is at fault; 2 the command line is; 3 some
/// cells diverged or failed; 4 the time of `--until` was up before all cells were trained; 128 and the
/// number of the signal (130 for an interrupt, 143 for SIGTERM) that ended the training.
#[derive(Debug, Parser)]
#[command(name = "superpose", version = version())]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// The release, the revision that it was built from, and what it was built with.
fn version() -> &'static str {
    static VERSION: OnceLock<String> = OnceLock::new();
    VERSION.get_or_init(|| {
        let built = superpose_device::BACKENDS.iter().filter(|backend| backend.built);
        let labels: Vec<&str> = built.map(|backend| backend.label).collect();
        let (release, revision) = (env!("CARGO_PKG_VERSION"), superpose_run::REVISION);
        format!("{release} ({revision}; devices: {})", labels.join(", "))
    })
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Train the cells of a sweep file that are not trained yet, fit and draw
    Run(RunOptions),
    /// Write a sweep file to begin with: every field, what it means and what it is when nothing is said
    New(NewOptions),
    /// Print what the fields of a sweep are when nothing is said, by preset
    Presets(PresetsOptions),
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
    /// Print the manual page, or write one for each verb
    Man {
        /// Folder for a page for each verb, such as ~/.local/share/man/man1
        #[arg(long, value_name = "FOLDER")]
        out: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct NewOptions {
    /// The file to write, such as my.toml, which must not be there yet; `-` prints it
    pub(crate) file: PathBuf,
    /// The preset whose values it has, such as liu2025-large
    #[arg(long, value_name = "PRESET", default_value = "liu2025-small", value_parser = preset)]
    pub(crate) preset: NamedPreset,
    /// Copy this built-in sweep instead, such as quickstart; `superpose run --list` names them
    #[arg(long, value_name = "NAME", conflicts_with = "preset")]
    pub(crate) from: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct PresetsOptions {
    /// Only this preset, with all fields, such as liu2025-small
    #[arg(value_parser = preset)]
    pub(crate) preset: Option<NamedPreset>,
    /// Print a JSON object instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

/// A preset by its name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NamedPreset(pub(crate) Preset);

fn preset(name: &str) -> Result<NamedPreset, String> {
    let found = Preset::ALL.into_iter().find(|preset| preset.name() == name).map(NamedPreset);
    found.ok_or_else(|| {
        let names = Preset::ALL.map(Preset::name);
        let meant = like(name, names.into_iter()).map(|known| format!("did you mean {known}? "));
        format!("{}the presets are {}", meant.unwrap_or_default(), names.join(", "))
    })
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct RunOptions {
    /// The sweep file, such as my.toml; a built-in one by its name, such as quickstart; `-` for standard input
    #[arg(value_name = "FILE|NAME", required_unless_present = "list")]
    pub(crate) config: Option<PathBuf>,
    /// List the built-in sweeps
    #[arg(long)]
    pub(crate) list: bool,
    /// Folder for the results, such as runs/mine [default: `runs/` and the name of the sweep]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,
    /// Replace a field, or sweep it, such as `train.seed=3` or `'model.d_hidden=[8,16]'`
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
    /// Take over what is known of cells from this `results.csv` or `tiny.csv`, instead of training them, such as
    /// runs/liu2025/results.csv [default: from the tables that the program carries along]
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
    /// Folder for tables and a picture, such as out
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
