//! Fields whose value is a word, or a table where it has numbers of its own: `"gelu"`,
//! `{ kind = "leaky_relu", slope = 0.1 }`.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use superpose_toy::cell::{Activation, Dependence, Importance, Loss, Optimizer};
use superpose_toy::prepared::Preparer;

use crate::error::FieldError;
use crate::mistake::in_words;
use crate::value::{Number, Table, Value, Whole};
use crate::written::resolve::{ResolveError, check, check_between, check_finite};

/// The fields whose value may be a word, or a table with that word under this name.
pub(crate) const KINDS: [(&str, &str); 6] = [
    ("data.frequencies", "law"),
    ("model.activation", "kind"),
    ("data.dependence", "kind"),
    ("data.importance", "law"),
    ("train.loss", "kind"),
    ("train.optimizer", "kind"),
];

/// The name under which the table of such a field has its word.
pub(crate) fn tag(field: &str) -> Option<&'static str> {
    KINDS.iter().find(|(name, _)| *name == field).map(|(_, tag)| *tag)
}

/// The `value` of a field as a table, where it is a word or a short form that stands for one.
pub(crate) fn in_full(field: &str, value: &Value) -> Value {
    match (tag(field), value) {
        (Some(tag), Value::Text(_)) => Value::Table(Table::from([(tag.to_owned(), value.clone())])),
        (Some(tag), Value::Table(table)) if field == LossToml::FIELD => {
            let mut table = table.clone();
            if let Some((short, _)) =
                LossToml::SHORT.filter(|(short, _)| table.contains_key(*short))
            {
                table.entry(tag.to_owned()).or_insert_with(|| Value::Text(short.to_owned()));
            }
            Value::Table(table)
        }
        _ => value.clone(),
    }
}

/// The kinds that a field may have: an internally tagged enum.
pub(crate) trait Kinds: for<'de> Deserialize<'de> + JsonSchema {
    /// The field.
    const FIELD: &'static str;
    /// The name under which a table has the word.
    const TAG: &'static str = "kind";
    /// Words that need no table.
    const WORDS: &'static [&'static str];
    /// All words.
    const ALL: &'static [&'static str];
    /// The word of a table that has a field of this name and none for the word; and what the field may be.
    const SHORT: Option<(&'static str, [u64; 2])> = None;
}

/// A word, or the table of it.
#[derive(Debug, Clone)]
pub(crate) struct Kind<T>(pub(crate) T);

impl<T: Kinds> Kind<T> {
    /// What is allowed, for a message.
    fn allowed() -> String {
        let (words, all) = (T::WORDS.join("`, `"), T::ALL.join("`, `"));
        let all = if words == all { "them".to_owned() } else { format!("`{all}`") };
        format!("one of `{words}`, or a table whose `{}` is one of {all}", T::TAG)
    }
}

impl<'de, T: Kinds> Deserialize<'de> for Kind<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let table = match in_full(T::FIELD, &Value::deserialize(deserializer)?) {
            Value::Table(table) => table,
            other => {
                let field = T::FIELD;
                let allowed = Self::allowed();
                return Err(D::Error::custom(format!("`{field}` must be {allowed}, got {other}")));
            }
        };
        // A number would be taken for the place of a kind in the list.
        if !matches!(table.get(T::TAG), Some(Value::Text(_))) {
            let (field, allowed) = (T::FIELD, Self::allowed());
            let got = Value::Table(table);
            return Err(D::Error::custom(format!("`{field}` must be {allowed}, got {got}")));
        }
        let of_field = |e: toml::de::Error| {
            D::Error::custom(format!("`{}`: {}", T::FIELD, in_words(e.message())))
        };
        T::deserialize(Value::Table(table)).map(Self).map_err(of_field)
    }
}

impl<T: Kinds> JsonSchema for Kind<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("WordOr{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let table = generator.subschema_for::<T>();
        match T::SHORT {
            None => json_schema!({ "anyOf": [{ "enum": T::WORDS }, table] }),
            Some((short, [least, most])) => {
                let short = serde_json::json!({
                    "type": "object",
                    "properties": { short: { "type": "integer", "minimum": least, "maximum": most } },
                    "required": [short],
                    "additionalProperties": false,
                });
                json_schema!({ "anyOf": [{ "enum": T::WORDS }, short, table] })
            }
        }
    }
}

// The sentences of the types below stand in the JSON schema of sweep files.

/// The function of the outputs.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum ActivationToml {
    /// max(z, 0).
    Relu {},
    /// z.
    Identity {},
    /// z where it is positive, slope * z elsewhere.
    LeakyRelu {
        /// Above 0 and below 1. Default: 0.01.
        #[schemars(extend("exclusiveMinimum" = 0, "exclusiveMaximum" = 1))]
        slope: Option<Number>,
    },
    /// z times the normal distribution function of z.
    Gelu {},
    /// ln(1 + exp(z)).
    Softplus {},
    /// exp(z) over its sum over features; with `train.loss = "cross_entropy"`.
    Softmax {},
}

/// The least and the greatest power of a loss.
const POWERS: [u64; 2] = [3, 8];

/// What is made small.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum LossToml {
    /// (y - x)^2.
    Squared {},
    /// |y - x|^power; short: { power = 4 }.
    Power {
        /// From 3 to 8.
        #[schemars(range(min = POWERS[0], max = POWERS[1]))]
        power: Whole<3>,
    },
    /// -t ln y with t = x over its sum; with `model.activation = "softmax"`.
    CrossEntropy {},
}

/// What makes it small.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum OptimizerToml {
    /// Adam, with the fields `adam_...`.
    Adam {},
    /// Gradient descent.
    Sgd {
        /// At least 0 and below 1. Default: 0.
        #[schemars(range(min = 0), extend("exclusiveMaximum" = 1))]
        momentum: Option<Number>,
    },
}

/// Weights of the outputs in the loss.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(tag = "law", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum ImportanceToml {
    /// One.
    Constant {},
    /// ratio^i, for i from 0.
    Geometric {
        /// Above 0 and at most 1.
        #[schemars(range(max = 1), extend("exclusiveMinimum" = 0))]
        ratio: Number,
    },
    /// i^-exponent, for ranks from 1.
    Power {
        /// A number.
        exponent: Number,
    },
    /// One, but the last feature's is `weight`.
    Last {
        /// Above 0.
        #[schemars(extend("exclusiveMinimum" = 0))]
        weight: Number,
    },
    /// Numbers of a text file, one a line, one for each feature.
    File {
        /// Relative to the sweep file.
        path: PathBuf,
    },
}

/// What a feature's activity has to do with that of others. Feature i is active with probability `p_i` under
/// all of them.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum DependenceToml {
    /// Nothing.
    None {},
    /// Of features 0 and 1, 2 and 3, ... the second is only active where the first is.
    Correlated {},
    /// Features 0 and 1, 2 and 3, ... are never active together.
    Anticorrelated {},
    /// A Gaussian copula: features whose numbers leave the same rest by `rank` share a factor.
    Copula {
        /// Number of factors, at least 1.
        rank: Whole<1>,
        /// Correlation of the normal variables of features that share one, above -1 and below 1; below 0,
        /// their signs alternate.
        #[schemars(extend("exclusiveMinimum" = -1, "exclusiveMaximum" = 1))]
        strength: Number,
    },
    /// Trees, by level: all roots, their children, and so on. A child is only active where its parent is.
    Tree {
        /// Children of a parent, at least 1.
        branching: Whole<1>,
        /// Levels below the root, at least 1. Default: 1.
        depth: Option<Whole<1>>,
        /// Whether at most one child of a parent is active at a time. Default: false.
        exclusive: Option<bool>,
    },
    /// Exactly k features in every sample.
    Exactly {
        /// At least 1; it is the activation density, which may be left out.
        k: Whole<1>,
    },
    /// Words in windows of a text, which has the frequencies and the density: these are left out.
    Text {
        /// Relative to the sweep file.
        path: PathBuf,
        /// Words in a window, at least 1. Default: 20.
        window: Option<Whole<1>>,
    },
}

impl Kinds for ActivationToml {
    const FIELD: &'static str = "model.activation";
    const WORDS: &'static [&'static str] =
        &["relu", "identity", "leaky_relu", "gelu", "softplus", "softmax"];
    const ALL: &'static [&'static str] = Self::WORDS;
}

impl Kinds for LossToml {
    const FIELD: &'static str = "train.loss";
    const WORDS: &'static [&'static str] = &["squared", "cross_entropy"];
    const ALL: &'static [&'static str] = &["squared", "power", "cross_entropy"];
    const SHORT: Option<(&'static str, [u64; 2])> = Some(("power", POWERS));
}

impl Kinds for OptimizerToml {
    const FIELD: &'static str = "train.optimizer";
    const WORDS: &'static [&'static str] = &["adam", "sgd"];
    const ALL: &'static [&'static str] = Self::WORDS;
}

impl Kinds for ImportanceToml {
    const TAG: &'static str = "law";
    const FIELD: &'static str = "data.importance";
    const WORDS: &'static [&'static str] = &["constant"];
    const ALL: &'static [&'static str] = &["constant", "geometric", "power", "last", "file"];
}

impl Kinds for DependenceToml {
    const FIELD: &'static str = "data.dependence";
    const WORDS: &'static [&'static str] = &["none", "correlated", "anticorrelated"];
    const ALL: &'static [&'static str] =
        &["none", "correlated", "anticorrelated", "copula", "tree", "exactly", "text"];
}

impl ActivationToml {
    pub(crate) fn resolve(self) -> Result<Activation, FieldError> {
        Ok(match self {
            Self::Relu {} => Activation::Relu,
            Self::Identity {} => Activation::Identity,
            Self::LeakyRelu { slope } => {
                let slope = slope.map_or(0.01, |slope| slope.0);
                let is_between = |slope| slope > 0.0 && slope < 1.0;
                check("model.activation.slope", slope, "above 0 and below 1", is_between)?;
                Activation::LeakyRelu { slope }
            }
            Self::Gelu {} => Activation::Gelu,
            Self::Softplus {} => Activation::Softplus,
            Self::Softmax {} => Activation::Softmax,
        })
    }
}

impl LossToml {
    pub(crate) fn resolve(self) -> Result<Loss, FieldError> {
        Ok(match self {
            Self::Squared {} => Loss::Squared,
            Self::Power { power: Whole(power) } => {
                check_between("train.loss.power", power, POWERS[0]..=POWERS[1])?;
                Loss::Power { power: u32::try_from(power).unwrap_or(u32::MAX) }
            }
            Self::CrossEntropy {} => Loss::CrossEntropy,
        })
    }
}

impl OptimizerToml {
    pub(crate) fn resolve(self) -> Result<Optimizer, FieldError> {
        let Self::Sgd { momentum } = self else { return Ok(Optimizer::Adam) };
        let momentum = 0.0 + momentum.map_or(0.0, |momentum| momentum.0);
        let is_between = |momentum| (0.0..1.0).contains(&momentum);
        check("train.optimizer.momentum", momentum, "at least 0 and below 1", is_between)?;
        Ok(Optimizer::Sgd { momentum })
    }
}

impl ImportanceToml {
    pub(crate) fn resolve(
        self,
        folder: &Path,
        preparer: &mut Preparer,
    ) -> Result<Importance, ResolveError> {
        Ok(match self {
            Self::Constant {} => Importance::Constant,
            Self::Geometric { ratio: Number(ratio) } => {
                let fits = |ratio| ratio > 0.0 && ratio <= 1.0;
                check("data.importance.ratio", ratio, "above 0 and at most 1", fits)?;
                // Two more spellings of weights of one.
                if ratio < 1.0 { Importance::Geometric { ratio } } else { Importance::Constant }
            }
            Self::Power { exponent: Number(exponent) } => {
                check_finite("data.importance.exponent", exponent)?;
                match exponent == 0.0 {
                    true => Importance::Constant,
                    false => Importance::Power { exponent },
                }
            }
            Self::Last { weight: Number(weight) } => {
                let is_above = |weight: f64| weight > 0.0 && weight.is_finite();
                check("data.importance.weight", weight, "above 0", is_above)?;
                #[expect(clippy::float_cmp, reason = "another spelling of weights of one")]
                match weight == 1.0 {
                    true => Importance::Constant,
                    false => Importance::Last { weight },
                }
            }
            Self::File { path } => {
                let path = folder.join(path);
                let sha256 = preparer.importance_file(&path)?.sha256.clone();
                Importance::File { path, sha256 }
            }
        })
    }
}

impl DependenceToml {
    pub(crate) fn resolve(
        self,
        folder: &Path,
        preparer: &mut Preparer,
    ) -> Result<Dependence, ResolveError> {
        const MOST: usize = 1 << 24;
        Ok(match self {
            Self::None {} => Dependence::None,
            Self::Correlated {} => Dependence::Correlated,
            Self::Anticorrelated {} => Dependence::Anticorrelated,
            Self::Copula { rank, strength: Number(strength) } => {
                let rank = rank.count();
                check_between("data.dependence.rank", rank, 1..=MOST)?;
                let is_between = |strength: f64| strength.abs() < 1.0;
                check("data.dependence.strength", strength, "above -1 and below 1", is_between)?;
                Dependence::Copula { rank, strength: 0.0 + strength }
            }
            Self::Tree { branching, depth, exclusive } => {
                let (branching, depth) = (branching.count(), depth.map_or(1, Whole::count));
                check_between("data.dependence.branching", branching, 1..=MOST)?;
                check_between("data.dependence.depth", depth, 1..=MOST)?;
                Dependence::Tree { branching, depth, exclusive: exclusive.unwrap_or(false) }
            }
            Self::Exactly { k } => {
                let k = k.count();
                check_between("data.dependence.k", k, 1..=1000)?;
                Dependence::Exactly { k }
            }
            Self::Text { path, window } => {
                let (path, window) = (folder.join(path), window.map_or(20, Whole::count));
                check_between("data.dependence.window", window, 1..=MOST)?;
                let sha256 = preparer.text(&path)?.sha256.clone();
                Dependence::Text { path, sha256, window }
            }
        })
    }
}
