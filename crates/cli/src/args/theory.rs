//! The command line of `superpose theory`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use superpose_laws::chinchilla::loss::LossLaw;

use super::{Bootstrap, Output};

/// A whole number, however it is written: `1e3` is one.
fn whole_number(text: &str) -> Option<u64> {
    text.parse().ok().or_else(|| {
        let value: f64 = text.parse().ok()?;
        // Above, not every whole number is one in double precision.
        let is_whole = value.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(&value);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is whole")]
        is_whole.then_some(value as u64)
    })
}

fn whole(text: &str) -> Result<usize, String> {
    let number = whole_number(text).and_then(|number| usize::try_from(number).ok());
    number.ok_or_else(|| "must be a whole number".to_owned())
}

fn wholes(text: &str) -> Result<usize, String> {
    whole(text).map_err(|_| "must be a list of whole numbers, such as 16,32".to_owned())
}

fn seed(text: &str) -> Result<u64, String> {
    whole_number(text).ok_or_else(|| "must be a whole number".to_owned())
}

fn number(text: &str) -> Result<f64, String> {
    text.parse().map_err(|_| "must be a number".to_owned())
}

fn numbers(text: &str) -> Result<f64, String> {
    number(text).map_err(|_| "must be a list of numbers, such as 0.5,1e3".to_owned())
}

#[derive(Debug, Subcommand)]
pub(crate) enum TheoryVerb {
    /// Loss by parameters, tokens and compute
    #[command(subcommand)]
    Chinchilla(ChinchillaVerb),
    /// Redundancy of data, and the exponents that spectra give
    #[command(subcommand)]
    Redundancy(RedundancyVerb),
    /// Predict losses at other scales from a fitted law, with intervals
    Predict(PredictOptions),
    /// Four mechanisms behind power laws: the exponent each predicts, and the one measured
    Mechanisms(MechanismsOptions),
    /// Five published snippets as they are, what is wrong with them, and the right quantities
    AsPublished(AsPublishedOptions),
    /// In-context learning of linear regression
    #[command(subcommand)]
    Icl(IclVerb),
}

#[derive(Debug, Subcommand)]
pub(crate) enum IclVerb {
    /// Linear attention: asymptotic errors by the number of pretraining tasks, and a simulation
    Attention(IclAttentionOptions),
    /// The posterior mean over the pretraining tasks beside ridge regression
    Diversity(IclDiversityOptions),
    /// A smooth loss, and the ability that a metric makes of it
    Metric(IclMetricOptions),
    /// Regression within a prompt: linear attention, least squares and ridge, by the number of examples
    Baselines(IclBaselinesOptions),
}

#[derive(Debug, Args)]
pub(crate) struct IclBaselinesOptions {
    /// Dimensions of a task
    #[arg(long, value_name = "N", default_value = "20", value_parser = whole)]
    pub(crate) dimensions: usize,
    /// Examples in a prompt; a list
    #[arg(long, value_name = "N", value_delimiter = ',', default_value = "2,5,10,15,25,30,40,80", value_parser = wholes)]
    pub(crate) examples: Vec<usize>,
    /// Variance of the label noise
    #[arg(long, value_name = "VARIANCE", default_value = "0.25", value_parser = number)]
    pub(crate) noise: f64,
    /// Random prompts of a simulation; 0 for none, else at least 2
    #[arg(long, value_name = "N", default_value = "2000", value_parser = whole)]
    pub(crate) simulate: usize,
    /// Seed of the simulation
    #[arg(long, value_name = "N", default_value = "0", value_parser = seed)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RedundancyVerb {
    /// Ridge regression on data with a power-law spectrum: its error, exponent and simulation
    Spectrum(RedundancySpectrumOptions),
    /// Entropies of a text by length of context, what compressors make of it, and how its symbols depend on those before
    Text(RedundancyTextOptions),
    /// Dimension of a set of points, by several estimators
    Dimension(RedundancyDimensionOptions),
    /// Spectral redundancy of a set of points
    Matrix(RedundancyMatrixOptions),
    /// Regression on random features: the error by their number, data without limit
    Features(RedundancyFeaturesOptions),
}

#[derive(Debug, Args)]
pub(crate) struct RedundancyFeaturesOptions {
    /// b of the variances i^-b
    #[arg(long, value_name = "EXPONENT", default_value = "1.5", value_parser = number)]
    pub(crate) spectral_exponent: f64,
    /// a: the target's power on direction i is i^-a; above 1
    #[arg(long, value_name = "EXPONENT", default_value = "3", value_parser = number)]
    pub(crate) target_exponent: f64,
    /// Directions of the data
    #[arg(long, value_name = "N", default_value = "2000", value_parser = whole)]
    pub(crate) directions: usize,
    /// Numbers of features; a list
    #[arg(long, value_name = "N", value_delimiter = ',', default_value = "16,32,64,128", value_parser = wholes)]
    pub(crate) features: Vec<usize>,
    /// Random draws of features of a simulation; 0 for none, else at least 2
    #[arg(long, value_name = "N", default_value = "100", value_parser = whole)]
    pub(crate) simulate: usize,
    /// Seed of the simulation
    #[arg(long, value_name = "N", default_value = "0", value_parser = seed)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct RedundancyMatrixOptions {
    /// A CSV file with a row for each sample; all columns must be numbers, but one that numbers the rows
    pub(crate) file: PathBuf,
    /// The last rank of the fit [default: the number of columns]
    #[arg(long, value_name = "RANK")]
    pub(crate) last_rank: Option<NonZeroUsize>,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct RedundancyTextOptions {
    /// Any file; its symbols are bytes
    pub(crate) file: PathBuf,
    /// The longest context
    #[arg(long, value_name = "SYMBOLS", default_value = "5", value_parser = whole)]
    pub(crate) contexts: usize,
    /// Distances at which the dependence of symbols is measured; a list [default: powers of two, to 1024 or half the
    /// file]
    #[arg(long, value_name = "SYMBOLS", value_delimiter = ',', value_parser = wholes)]
    pub(crate) lags: Option<Vec<usize>>,
    /// Seed of the shuffled copy
    #[arg(long, value_name = "N", default_value = "0", value_parser = seed)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct RedundancyDimensionOptions {
    /// A CSV file with a row for each point; all columns must be numbers, but one that numbers the rows
    #[arg(required_unless_present = "known", conflicts_with = "known")]
    pub(crate) file: Option<PathBuf>,
    /// A set of known dimension instead: cube:3, gaussian:5, sphere:2, cantor, sierpinski, henon or lorenz
    #[arg(long, value_name = "SET")]
    pub(crate) known: Option<String>,
    /// Points drawn of it
    #[arg(long, value_name = "N", default_value = "10000", conflicts_with = "file", value_parser = whole)]
    pub(crate) points: usize,
    /// Seed of the drawing
    #[arg(long, value_name = "N", default_value = "0", conflicts_with = "file", value_parser = seed)]
    pub(crate) seed: u64,
    /// Neighbours of the second estimator
    #[arg(long, value_name = "K", default_value = "10", value_parser = whole)]
    pub(crate) neighbours: usize,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct RedundancySpectrumOptions {
    /// β of the variances i^-β; a list for several such spectra side by side in every sample
    #[arg(long, value_name = "EXPONENT", value_delimiter = ',', default_value = "2", value_parser = numbers)]
    pub(crate) spectral_exponent: Vec<f64>,
    /// s: the target's power on direction i is i^-(1+2sβ); one for all spectra, or a list
    #[arg(long, value_name = "EXPONENT", value_delimiter = ',', default_value = "0.5", value_parser = numbers)]
    pub(crate) source_exponent: Vec<f64>,
    /// What multiplies the variances of a spectrum; one for all, or a list
    #[arg(long, value_name = "FACTOR", value_delimiter = ',', default_value = "1", value_parser = numbers)]
    pub(crate) weight: Vec<f64>,
    /// Variance of the label noise
    #[arg(long, value_name = "VARIANCE", default_value = "1", value_parser = number)]
    pub(crate) noise: f64,
    /// Directions of each spectrum
    #[arg(long, value_name = "N", default_value = "512", value_parser = whole)]
    pub(crate) directions: usize,
    /// Numbers of samples; a list
    #[arg(long, value_name = "N", value_delimiter = ',', default_value = "16,32,64,128", value_parser = wholes)]
    pub(crate) samples: Vec<usize>,
    /// Random data sets of a simulation; 0 for none, else at least 2
    #[arg(long, value_name = "N", default_value = "400", value_parser = whole)]
    pub(crate) simulate: usize,
    /// Seed of the simulation
    #[arg(long, value_name = "N", default_value = "0", value_parser = seed)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct PredictOptions {
    /// A CSV file with a row for each loss
    pub(crate) file: PathBuf,
    /// The column of scales: parameters, tokens, compute or width
    #[arg(long, value_name = "COLUMN", default_value = "N")]
    pub(crate) x: String,
    /// The column of losses
    #[arg(long, value_name = "COLUMN", default_value = "loss")]
    pub(crate) y: String,
    /// Scales to predict; a list
    #[arg(long, value_name = "SCALE", value_delimiter = ',', required = true, value_parser = numbers)]
    pub(crate) at: Vec<f64>,
    #[command(flatten)]
    pub(crate) bootstrap: Bootstrap,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct MechanismsOptions {
    /// β of the variances i^-β
    #[arg(long, value_name = "EXPONENT", default_value = "2", value_parser = number)]
    pub(crate) spectral_exponent: f64,
    /// s of the target along the spectrum
    #[arg(long, value_name = "EXPONENT", default_value = "0.5", value_parser = number)]
    pub(crate) source_exponent: f64,
    /// α of the quanta, used with frequency k^-(1+α)
    #[arg(long, value_name = "EXPONENT", default_value = "0.5", value_parser = number)]
    pub(crate) quanta_exponent: f64,
    /// Dimension of the torus that is learned on
    #[arg(long, value_name = "N", default_value = "3", value_parser = whole)]
    pub(crate) dimensions: usize,
    /// Seed of all random numbers
    #[arg(long, value_name = "N", default_value = "0", value_parser = seed)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct AsPublishedOptions {
    /// Parameters N
    #[arg(long, value_name = "N", default_value = "1e9", value_parser = number)]
    pub(crate) parameters: f64,
    /// Training tokens D
    #[arg(long, value_name = "N", default_value = "2e10", value_parser = number)]
    pub(crate) tokens: f64,
    /// Redundancy R, from 0 to 1
    #[arg(long, value_name = "R", default_value = "0.5", value_parser = number)]
    pub(crate) redundancy: f64,
    /// Dimension of the data
    #[arg(long, value_name = "D", default_value = "1.5", value_parser = number)]
    pub(crate) dimension: f64,
    /// Hidden width
    #[arg(long, value_name = "N", default_value = "2")]
    pub(crate) width: NonZeroUsize,
    /// Examples in the context
    #[arg(long, value_name = "N", default_value = "32", value_parser = number)]
    pub(crate) context: f64,
    /// Complexity of the task
    #[arg(long, value_name = "T", default_value = "1", value_parser = number)]
    pub(crate) complexity: f64,
    /// The loss to reach, in the snippet's units
    #[arg(long, value_name = "LOSS", default_value = "0.2", value_parser = number)]
    pub(crate) target_loss: f64,
    /// Compute to spend
    #[arg(long, value_name = "FLOP", default_value = "1e21", value_parser = number)]
    pub(crate) compute: f64,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct IclAttentionOptions {
    /// Examples in a prompt, by dimension (α)
    #[arg(long, value_name = "RATIO", default_value = "4", value_parser = number)]
    pub(crate) examples: f64,
    /// Tasks in the pretraining set, by dimension (κ); a list
    #[arg(
        long,
        value_name = "RATIO",
        value_delimiter = ',',
        default_value = "0.1,0.2,0.3,0.5,0.7,0.9,1,1.1,1.4,2,3,5,10,30",
        value_parser = numbers
    )]
    pub(crate) tasks: Vec<f64>,
    /// Prompts in the pretraining set, by the square of the dimension (τ); not 1
    #[arg(long, value_name = "RATIO", default_value = "3", value_parser = number)]
    pub(crate) prompts: f64,
    /// Variance of the label noise (ρ)
    #[arg(long, value_name = "VARIANCE", default_value = "0.01", value_parser = number)]
    pub(crate) noise: f64,
    /// Ridge penalty of pretraining; 0 for its limit
    #[arg(long, value_name = "PENALTY", default_value = "0", value_parser = number)]
    pub(crate) penalty: f64,
    /// Simulate in so many dimensions beside it
    #[arg(long, value_name = "DIMENSIONS", value_parser = whole)]
    pub(crate) simulate: Option<usize>,
    /// Runs of the simulation, at least 2
    #[arg(long, value_name = "N", default_value = "6", value_parser = whole)]
    pub(crate) runs: usize,
    /// Seed of the simulation
    #[arg(long, value_name = "N", default_value = "0", value_parser = seed)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct IclDiversityOptions {
    /// Dimensions of a task
    #[arg(long, value_name = "N", default_value = "8", value_parser = whole)]
    pub(crate) dimensions: usize,
    /// Examples in a prompt
    #[arg(long, value_name = "N", default_value = "16", value_parser = whole)]
    pub(crate) examples: usize,
    /// Variance of the label noise
    #[arg(long, value_name = "VARIANCE", default_value = "0.25", value_parser = number)]
    pub(crate) noise: f64,
    /// Tasks in the pretraining set; a list
    #[arg(
        long,
        value_name = "N",
        value_delimiter = ',',
        default_value = "1,4,16,64,256,1024,4096",
        value_parser = wholes
    )]
    pub(crate) tasks: Vec<usize>,
    /// Prompts of a run
    #[arg(long, value_name = "N", default_value = "150", value_parser = whole)]
    pub(crate) prompts: usize,
    /// Runs, at least 2
    #[arg(long, value_name = "N", default_value = "8", value_parser = whole)]
    pub(crate) runs: usize,
    /// Seed of all random numbers
    #[arg(long, value_name = "N", default_value = "0", value_parser = seed)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct IclMetricOptions {
    /// N₀ of the loss (N₀/N)^a
    #[arg(long, value_name = "PARAMETERS", default_value = "1e8", value_parser = number)]
    pub(crate) scale: f64,
    /// a of the loss
    #[arg(long, value_name = "EXPONENT", default_value = "0.304", value_parser = number)]
    pub(crate) exponent: f64,
    /// Tokens that must all be right; a list
    #[arg(long, value_name = "N", value_delimiter = ',', default_value = "1,5,20,100", value_parser = wholes)]
    pub(crate) tokens: Vec<usize>,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ChinchillaVerb {
    /// Fit L = E + A/N^α + B/D^β to runs, and set other forms beside it
    Fit(ChinchillaFitOptions),
    /// Say how compute is best spent, or how much a loss takes
    Allocate(AllocateOptions),
    /// Say what the loss is of a size and data, by published parameters, a fit, or any others
    Loss(LossOptions),
    /// Say what training on the same tokens again is worth
    Repeat(RepeatOptions),
}

#[derive(Debug, Args)]
pub(crate) struct RepeatOptions {
    /// Tokens that differ
    #[arg(long, value_name = "N", value_parser = number)]
    pub(crate) unique: f64,
    /// Passes over them; a list
    #[arg(long, value_name = "N", value_delimiter = ',', default_value = "1,2,4,8,16,32,64", value_parser = numbers)]
    pub(crate) epochs: Vec<f64>,
    /// Parameters of the model, for its loss
    #[arg(long, value_name = "N", default_value = "1e9", value_parser = number)]
    pub(crate) parameters: f64,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct ChinchillaFitOptions {
    /// A CSV file of runs: columns `loss` and two of `N`, `D` (tokens) and `C` (operations), or usual
    /// names of them
    pub(crate) file: PathBuf,
    /// The column of parameters [default: `N`, `params`, `model_size`, …, in any case]
    #[arg(long, value_name = "COLUMN")]
    pub(crate) n: Option<String>,
    /// The column of tokens [default: `D`, `tokens`, `tokens_trained`, …]
    #[arg(long, value_name = "COLUMN")]
    pub(crate) d: Option<String>,
    /// The column of operations [default: `C`, `compute`, `flops`, …]
    #[arg(long, value_name = "COLUMN")]
    pub(crate) c: Option<String>,
    /// The column of losses [default: `loss`, `val_loss`, `val_bpb`, …]
    #[arg(long, value_name = "COLUMN")]
    pub(crate) loss: Option<String>,
    /// Leave out so many runs with the highest losses
    #[arg(long, value_name = "N", default_value = "0", value_parser = whole)]
    pub(crate) drop_highest: usize,
    /// The part of the runs, those with the most compute, that tests the laws fitted to the others
    #[arg(long, value_name = "PART", default_value = "0.2", value_parser = number)]
    pub(crate) hold_out: f64,
    #[command(flatten)]
    pub(crate) bootstrap: Bootstrap,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("wish").required(true).multiple(true).args(["compute", "loss"]))]
pub(crate) struct AllocateOptions {
    /// Floating-point operations to spend, or with --loss at most to spend
    #[arg(long, value_name = "FLOP", value_parser = number)]
    pub(crate) compute: Option<f64>,
    /// The loss to reach, in nats a token; of the fit, in the unit of its runs
    #[arg(long, value_name = "LOSS", value_parser = number)]
    pub(crate) loss: Option<f64>,
    /// A folder that `theory chinchilla fit --out` wrote, for its law beside the published ones
    #[arg(long, value_name = "FOLDER")]
    pub(crate) fit: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct LossOptions {
    /// Parameters N; a list
    #[arg(long, value_name = "N", value_delimiter = ',', required = true, value_parser = numbers)]
    pub(crate) n: Vec<f64>,
    /// Training tokens D: one for all N, or a list as long
    #[arg(long, value_name = "N", value_delimiter = ',', required = true, value_parser = numbers)]
    pub(crate) d: Vec<f64>,
    /// A published set of parameters, several times for several [default: all]
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(LossLaw::names()))]
    pub(crate) set: Vec<String>,
    /// A folder that `theory chinchilla fit --out` wrote, for its law with its interval
    #[arg(long, value_name = "FOLDER")]
    pub(crate) fit: Option<PathBuf>,
    /// Parameters of your own: A,B,E,alpha,beta of L = E + A/N^α + B/D^β
    #[arg(
        long,
        value_name = "A,B,E,ALPHA,BETA",
        value_delimiter = ',',
        allow_hyphen_values = true,
        value_parser = numbers
    )]
    pub(crate) parameters: Vec<f64>,
    #[command(flatten)]
    pub(crate) output: Output,
}
