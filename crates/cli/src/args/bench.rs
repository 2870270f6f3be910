//! The command line of `superpose bench`.

use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;

use clap::{Args, Subcommand};

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
    /// The sweep file, or a built-in one by its name, such as bench/step; its `[bench]` table says what to
    /// measure, by default 60 steps of everything
    #[arg(value_name = "FILE|NAME")]
    pub(crate) definition: PathBuf,
    /// Replace a field, or sweep it, such as `train.seed=3` or `'model.d_hidden=[8,16]'`
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
    /// The sweep file, or a built-in one by its name, such as bench/training
    #[arg(value_name = "FILE|NAME")]
    pub(crate) definition: PathBuf,
    /// Replace a field, or sweep it, such as `train.seed=3` or `'model.d_hidden=[8,16]'`
    #[arg(long = "set", value_name = "FIELD=VALUE")]
    pub(crate) overrides: Vec<String>,
    /// A Python that has `torch` or `jax`; may be given several times, and a peer runs on the first that has
    /// its library
    #[arg(long = "python", value_name = "PROGRAM", default_value = "python3")]
    pub(crate) pythons: Vec<PathBuf>,
    /// The folder of the peers' scripts, such as benches/peers [default: those that the program carries along]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) scripts: Option<PathBuf>,
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
