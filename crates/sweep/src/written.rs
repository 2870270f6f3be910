//! A sweep file as it is written: every field that may be left out is an `Option` here and nowhere
//! else.

pub(crate) mod resolve;

use std::fmt;
use std::path::PathBuf;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::axes::Axis;
use crate::bench::Bench;
use crate::kinds::{
    ActivationToml, DependenceToml, ImportanceToml, KINDS, Kind, Kinds, LossToml, OptimizerToml,
    tag,
};
use crate::preset::{LearningRateRule, Preset};
use crate::value::{Number, Table, Value, Whole};
use superpose_toy::cell::{Bias, Decoder, Rows};
use superpose_toy::values::ValueDistribution;

/// The version of the sweep file's format that this program reads.
pub const SCHEMA: u64 = 1;

/// A sweep file.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "superpose sweep file")]
pub struct SweepToml {
    /// Version of the format: 1.
    #[schemars(extend("const" = 1))]
    pub schema: Whole<1>,
    /// Name of the sweep and of its folder under `runs/`: letters, digits, `.`, `_` and `-`.
    #[schemars(length(min = 1, max = 100), regex(pattern = "^[A-Za-z0-9_][A-Za-z0-9._-]*$"))]
    pub name: String,
    /// What the sweep is for; printed, and otherwise unused.
    pub description: Option<String>,
    /// The autoencoder.
    #[serde(default)]
    pub model: ModelToml,
    /// The data.
    #[serde(default)]
    pub data: DataToml,
    /// Training and test.
    #[serde(default)]
    pub train: TrainToml,
    /// What to vary.
    #[serde(default)]
    pub sweep: SweepSection,
    /// What `superpose bench` is to measure.
    pub bench: Option<Bench>,
}

/// The `[model]`, `[data]` and `[train]` tables of one cell.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellToml {
    #[serde(default)]
    model: ModelToml,
    #[serde(default)]
    data: DataToml,
    #[serde(default)]
    train: TrainToml,
}

/// The autoencoder `y = f(x W Vᵀ + b)`; the paper's has `f = ReLU` and `V = W`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelToml {
    /// Number of features, at least 1. Default: the preset's.
    #[schemars(range(max = 16_777_216))]
    n_features: Option<Whole<1>>,
    /// Hidden width (the paper's m), at least 1. No default.
    #[schemars(range(max = 16_777_216))]
    d_hidden: Option<Whole<1>>,
    /// Standard deviation of the initial biases, at least 0. Default: the preset's.
    #[schemars(range(min = 0))]
    bias_init_std: Option<Number>,
    /// The function f of the outputs. Default: "relu".
    activation: Option<Kind<ActivationToml>>,
    /// Whether there are biases. Default: "trained".
    bias: Option<Bias>,
    /// Whether V is W. Default: "tied".
    decoder: Option<Decoder>,
    /// Whether rows have norm one, which leaves no room for a weight decay. Default: "free".
    rows: Option<Rows>,
}

/// Where the samples come from.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DataToml {
    /// Law of the relative feature frequencies. Default: the preset's, if it has one.
    frequencies: Option<Kind<FrequencyLawToml>>,
    /// Mean number of active features in a sample, above 0; no feature may become more probable
    /// than 1. Default: 1.
    #[schemars(extend("exclusiveMinimum" = 0))]
    activation_density: Option<Number>,
    /// Distribution of an active feature's value, each with mean 1 but "unit" on [0, 1]. Default: the
    /// preset's.
    values: Option<ValueDistribution>,
    /// What a feature's activity has to do with that of others. Default: "none".
    dependence: Option<Kind<DependenceToml>>,
    /// Weights of the outputs in the loss. Default: the preset's.
    importance: Option<Kind<ImportanceToml>>,
    /// Seed of all batches, at most 2⁶⁴ − 1. Default: `train.seed`.
    seed: Option<Whole<0>>,
}

/// Law of the relative feature frequencies.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(tag = "law", rename_all = "lowercase", deny_unknown_fields)]
enum FrequencyLawToml {
    /// i^-exponent, for ranks from 1.
    Power {
        /// The data exponent, at least 0.
        #[schemars(range(min = 0))]
        exponent: Number,
    },
    /// exp(-i / scale), for i from 0.
    Exponential {
        /// Above 0.
        #[schemars(extend("exclusiveMinimum" = 0))]
        scale: Number,
    },
    /// (n - i) / n, for i from 0.
    Linear {},
    /// Counts: one a line, alone or beside a word; JSON; or wordfreq's msgpack; plain or by gzip.
    File {
        /// Relative to the sweep file.
        path: PathBuf,
    },
}

impl Kinds for FrequencyLawToml {
    const FIELD: &'static str = "data.frequencies";
    const TAG: &'static str = "law";
    const WORDS: &'static [&'static str] = &["linear"];
    const ALL: &'static [&'static str] = &["power", "exponential", "linear", "file"];
}

/// How a cell is trained and tested.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrainToml {
    /// The constants that fill in what is left out. Default: "liu2025-small".
    preset: Option<Preset>,
    /// Samples in a batch, at least 1. Default: the preset's.
    #[schemars(range(max = 16_777_216))]
    batch_size: Option<Whole<1>>,
    /// Steps, at least 1. Default: the preset's.
    #[schemars(range(max = 1_000_000_000))]
    steps: Option<Whole<1>>,
    /// Peak learning rate of W, above 0. Default: the preset's.
    learning_rate: Option<LearningRateToml>,
    /// Peak learning rate of b, at least 0. Default: the preset's.
    learning_rate_bias: Option<LearningRateToml>,
    /// Steps of linear warm-up. Default: the preset's fraction of the steps.
    #[schemars(range(max = 1_000_000_000))]
    warmup_steps: Option<Whole<0>>,
    /// Final learning rate over the peak, 0 to 1. Default: the preset's.
    #[schemars(range(min = 0, max = 1))]
    final_learning_rate_fraction: Option<Number>,
    /// What is made small. Default: "squared".
    loss: Option<Kind<LossToml>>,
    /// What makes it small. Default: "adam".
    optimizer: Option<Kind<OptimizerToml>>,
    /// Signed weight decay of W. Default: 0 with `model.rows = "unit"`, else the preset's, if it has one.
    weight_decay: Option<Number>,
    /// Adam's decay of the first moment, at least 0 and below 1. Default: the preset's.
    #[schemars(range(min = 0), extend("exclusiveMaximum" = 1))]
    adam_beta1: Option<Number>,
    /// Adam's decay of the second moment, at least 0 and below 1. Default: the preset's.
    #[schemars(range(min = 0), extend("exclusiveMaximum" = 1))]
    adam_beta2: Option<Number>,
    /// What Adam adds to the root of the second moment, above 0. Default: the preset's.
    #[schemars(extend("exclusiveMinimum" = 0))]
    adam_epsilon: Option<Number>,
    /// Factor on the mean over batch and features of what each output costs, 1e-12 to 1e12. Default: the preset's.
    #[schemars(range(min = 1e-12, max = 1e12))]
    loss_scale: Option<Number>,
    /// Seed of the initial weights and biases, and of the batches unless `data.seed` is given.
    /// At most 2⁶⁴ − 1. Default: 0.
    seed: Option<Whole<0>>,
    /// Fresh batches for the test loss, at least 2. Default: 100.
    #[schemars(range(max = 1_000_000))]
    test_batches: Option<Whole<2>>,
    /// Steps averaged into a point of the loss curve, at least 1. Default: 100.
    log_every: Option<Whole<1>>,
    /// Moments of the training at which W and b are kept, the first before it and the others evenly in the logarithm
    /// of the step, 0 to 1000. They change nothing of it. Default: 0, for none.
    #[schemars(range(max = 1000))]
    snapshots: Option<Whole<0>>,
}

/// A fixed rate, or one that falls with width: `value * (reference_width / d_hidden)^exponent`.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "a learning rate is a number, or { value, reference_width, exponent }"
)]
enum LearningRateToml {
    Fixed(Number),
    ByWidth(LearningRateRule),
}

/// What to vary: any dotted field name with its values, and `zip`, `add`, `exclude`.
#[derive(Debug, Clone, Default, JsonSchema)]
pub struct SweepSection {
    /// Groups of fields that vary together; each group is one dimension of the product.
    #[schemars(with = "Option<Vec<IndexMap<String, Axis>>>")]
    pub zip: Vec<Table>,
    /// Single cells beside the product: the tables above with these fields changed.
    #[schemars(with = "Option<Vec<IndexMap<String, serde_json::Value>>>")]
    pub add: Vec<Table>,
    /// Cells of the product to leave out: those that have all these values.
    #[schemars(with = "Option<Vec<IndexMap<String, serde_json::Value>>>")]
    pub exclude: Vec<Table>,
    /// The axes of the product, by dotted field name.
    #[serde(flatten)]
    #[schemars(with = "IndexMap<String, Axis>")]
    pub axes: Table,
}

impl<'de> Deserialize<'de> for SweepSection {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Section;
        impl<'de> Visitor<'de> for Section {
            type Value = SweepSection;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<SweepSection, A::Error> {
                let mut section = SweepSection::default();
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "zip" => section.zip = groups(map.next_value()?, is_axis)?,
                        "add" => section.add = groups(map.next_value()?, is_value)?,
                        "exclude" => section.exclude = groups(map.next_value()?, is_value)?,
                        _ => dotted(&mut section.axes, key, map.next_value()?, is_axis)
                            .map_err(A::Error::custom)?,
                    }
                }
                Ok(section)
            }
        }
        deserializer.deserialize_map(Section)
    }
}

/// The tables of a cell.
pub(crate) const TABLES: [&str; 3] = ["model", "data", "train"];
/// Fields beside [`KINDS`] whose values may be tables.
const LAWS: [&str; 2] = ["train.learning_rate", "train.learning_rate_bias"];

/// Whether the value of a field may be a table.
pub(crate) fn may_be_table(name: &str) -> bool {
    LAWS.contains(&name) || tag(name).is_some()
}

/// Whether this is the name of a number inside the value of a field that may be a table.
pub(crate) fn is_inside(name: &str) -> bool {
    let fields = LAWS.iter().copied().chain(KINDS.iter().map(|(field, _)| *field));
    fields.into_iter().any(|field| name.strip_prefix(field).is_some_and(|r| r.starts_with('.')))
}

/// The tables with their fields by dotted names.
fn groups<E: serde::de::Error>(
    written: Vec<Table>,
    is_whole: fn(&str, &Table) -> bool,
) -> Result<Vec<Table>, E> {
    let group = |table: Table| {
        let mut group = Table::new();
        for (key, value) in table {
            dotted(&mut group, key, value, is_whole).map_err(E::custom)?;
        }
        Ok(group)
    };
    written.into_iter().map(group).collect()
}

/// Puts a value into `fields` by its dotted name. Without quotes, `model.d_hidden` is a table in a
/// table, which is taken apart down to what `is_whole`.
fn dotted(
    fields: &mut Table,
    name: String,
    value: Value,
    is_whole: fn(&str, &Table) -> bool,
) -> Result<(), String> {
    match value {
        Value::Table(table) if !is_whole(&name, &table) => {
            for (key, value) in table {
                dotted(fields, format!("{name}.{key}"), value, is_whole)?;
            }
        }
        value if fields.contains_key(&name) => {
            return Err(format!("`{name}` must be given once, got it again with {value}"));
        }
        value => {
            fields.insert(name, value);
        }
    }
    Ok(())
}

/// Whether a table is an axis, which has one rule, and not a part of a dotted name.
fn is_axis(name: &str, table: &Table) -> bool {
    const RULES: [&str; 4] = ["linspace", "logspace", "range", "powers_of_two"];
    let has_fields = TABLES.contains(&name) || may_be_table(name);
    !has_fields || table.is_empty() || table.keys().any(|key| RULES.contains(&key.as_str()))
}

/// Whether a table is the value of a field, such as a law, and not a part of a dotted name.
fn is_value(name: &str, table: &Table) -> bool {
    let is_short = name == "train.loss" && table.contains_key("power");
    let is_part = tag(name).is_some_and(|tag| !table.contains_key(tag)) && !is_short;
    !TABLES.contains(&name) && !is_part
}
