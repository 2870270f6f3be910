//! The command line of `superpose submit`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;

use crate::args::at_least_one;

/// A sweep on a cluster.
#[derive(Debug, Args)]
pub(crate) struct SubmitOptions {
    /// The sweep file, such as my.toml, or a built-in one by its name
    #[arg(value_name = "FILE|NAME")]
    pub(crate) config: PathBuf,
    /// Folder for the results, which all nodes see [default: `runs/` and the name of the sweep]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,
    /// Replace a field, or sweep it, such as `train.seed=3` or `'model.d_hidden=[8,16]'`
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
