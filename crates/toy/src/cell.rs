//! One training run, complete: equal cells have equal ids on every machine.
//!
//! Once a sweep file is expanded into cells, nothing fills in a default and nothing reads the
//! environment. The id is a hash of the cell's fields by name, so neither the order of the fields
//! nor of the sweep matters, and a field that is new in a later version and left out of the
//! serialised form at its old behaviour leaves old ids as they were.

mod data;
mod model;
mod training;

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::path::Path;
use std::sync::Arc;

use crate::data_error::DataError;
use crate::dependence::Windows;
use crate::frequency::{
    FeatureProbabilities, exponential_weights, linear_weights, power_law_weights,
};
pub use data::{Data, Dependence, FrequencyLaw, Importance};
pub use model::{Activation, Bias, Decoder, Model, Rows};
use serde::{Deserialize, Serialize};
use serde_json::Value;
pub use training::{Loss, Optimizer, Training};

use crate::frequency_file::FrequencyFile;
use crate::hash;
use crate::prepared::Prepared;

/// One training run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// The autoencoder and how it starts.
    pub model: Model,
    /// What it is trained on.
    pub data: Data,
    /// How it is trained and tested.
    pub train: Training,
}

/// Identity of a cell: 16 hexadecimal digits of a hash of its fields.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct CellId(String);

/// A text is no cell's id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a cell's id must be 16 hexadecimal digits (0 to 9, a to f), got `{0}`")]
pub struct CellIdError(String);

impl TryFrom<String> for CellId {
    type Error = CellIdError;

    fn try_from(text: String) -> Result<Self, CellIdError> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() == 16 && text.bytes().all(is_digit) {
            return Ok(Self(text));
        }
        Err(CellIdError(text))
    }
}

impl fmt::Display for CellId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl CellId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Dotted names of the fields that are left out at their defaults, with these.
pub const DEFAULTS: [(&str, &str); 9] = [
    ("model.activation.kind", "relu"),
    ("model.bias", "trained"),
    ("model.decoder", "tied"),
    ("model.rows", "free"),
    ("data.dependence.kind", "none"),
    ("data.importance.law", "constant"),
    ("train.loss.kind", "squared"),
    ("train.optimizer.kind", "adam"),
    (SNAPSHOTS, "0"),
];

/// The field that says what is kept of a training, and nothing of what is trained.
pub const SNAPSHOTS: &str = "train.snapshots";

/// The default of the field `name`, if it is one that is left out at it.
pub fn default_of(name: &str) -> Option<&'static str> {
    DEFAULTS.iter().find(|(field, _)| *field == name).map(|(_, default)| *default)
}

/// The last part of a field's dotted name; of the word that says of which kind a field is, the field's own.
pub fn short_name(name: &str) -> &str {
    let of_kind = if name == "data.importance.law" { ".law" } else { ".kind" };
    let name = name.strip_suffix(of_kind).unwrap_or(name);
    name.rsplit('.').next().unwrap_or(name)
}

/// Whether somebody who writes `meant` means the field `name`: its dotted name, that without the word that says of
/// which kind it is (`model.activation`), or its last part.
pub fn is_meant(name: &str, meant: &str) -> bool {
    name == meant || name.strip_suffix(".kind") == Some(meant) || short_name(name) == meant
}

/// Fields that the kind of a cell decides unless they are given: each with what it follows from.
pub const FOLLOWING_KINDS: [(&str, &str); 6] = [
    ("model.bias_init_std", "model.bias"),
    ("train.learning_rate_bias", "model.bias"),
    ("data.activation_density", "data.dependence.k"),
    ("data.activation_density", "data.dependence.sha256"),
    ("data.frequencies.law", "data.dependence.kind"),
    ("train.loss.kind", "model.activation.kind"),
];

/// Whether, of pairs of values of two fields, equal ones of the second have equal ones of the first.
pub fn is_function<'a>(
    pairs: impl IntoIterator<Item = (Option<&'a Value>, Option<&'a Value>)>,
) -> bool {
    let mut known: BTreeMap<String, Option<&Value>> = BTreeMap::new();
    pairs.into_iter().all(|(of, from)| *known.entry(format!("{from:?}")).or_insert(of) == of)
}

/// Dotted names of the seeds: the fields over which replicates of a setting differ.
pub const SEED_FIELDS: [&str; 2] = ["data.seed", "train.seed"];

impl Cell {
    /// The cell's fields by dotted name, such as `train.weight_decay`, in the order of the
    /// definition.
    ///
    /// # Panics
    /// Never: a cell has only plain fields.
    pub fn fields(&self) -> Vec<(String, Value)> {
        let value = serde_json::to_value(self).expect("a cell has only plain fields");
        let mut fields = Vec::new();
        flatten("", &value, &mut fields);
        fields
    }

    /// The cell's identity.
    ///
    /// # Panics
    /// Never: writing to a string cannot fail.
    pub fn id(&self) -> CellId {
        let mut fields: BTreeMap<String, Value> = self.fields().into_iter().collect();
        // A file is known by its content.
        fields.retain(|name, _| !name.ends_with(".path"));
        let mut text = String::from("superpose cell 1\n");
        for (name, value) in fields {
            writeln!(text, "{name}={value}").expect("writing to a string cannot fail");
        }
        CellId(hash::sha256(text.as_bytes())[..16].to_owned())
    }

    /// The probabilities `p_i` with which the features are active. Files are read anew;
    /// [`crate::prepared`] reads them once for many cells.
    ///
    /// # Errors
    /// [`DataError`] when a file of the data cannot be read or has changed, or when the weights and
    /// the density give no probabilities.
    pub fn probabilities(&self) -> Result<FeatureProbabilities, DataError> {
        Ok(Prepared::new(self.clone())?.probabilities.as_ref().clone())
    }

    /// As [`Cell::probabilities`], with the frequency file that `read` gives for its path, and with
    /// the `windows` of its text.
    pub(crate) fn probabilities_from(
        &self,
        read: impl FnOnce(&Path) -> Result<Arc<FrequencyFile>, DataError>,
        windows: Option<&Windows>,
    ) -> Result<FeatureProbabilities, DataError> {
        let n = self.model.n_features;
        let weights = match &self.data.frequencies {
            FrequencyLaw::Power { exponent } => power_law_weights(n, *exponent),
            FrequencyLaw::Exponential { scale } => exponential_weights(n, *scale),
            FrequencyLaw::Linear {} => linear_weights(n),
            FrequencyLaw::File { path, sha256 } => {
                let content = read(path)?;
                check_unchanged("data.frequencies", path, &content.sha256, sha256)?;
                content.most_frequent(n)?.to_vec()
            }
            FrequencyLaw::Text {} => {
                let windows = windows.ok_or_else(|| {
                    let allowed = "another law, as there is no `data.dependence` of kind `text`";
                    DataError::field("data.frequencies", "law text", allowed)
                })?;
                return Ok(windows.probabilities().clone());
            }
        };
        Ok(FeatureProbabilities::scaled(&weights, self.data.activation_density)?)
    }

    /// Whether the model, its loss or its data are of another kind than the paper's: some field is not
    /// at its default in [`DEFAULTS`].
    pub fn is_variant(&self) -> bool {
        let fields = self.fields();
        fields.iter().any(|(name, _)| name != SNAPSHOTS && default_of(name).is_some())
    }

    /// The data exponent `α`, where the frequencies follow a power law.
    pub fn data_exponent(&self) -> Option<f64> {
        match self.data.frequencies {
            FrequencyLaw::Power { exponent } => Some(exponent),
            _ => None,
        }
    }
}

/// Refuses a file of the data whose content is not what the cell was made with.
pub(crate) fn check_unchanged(
    field: &'static str,
    path: &Path,
    found: &str,
    expected: &str,
) -> Result<(), DataError> {
    if found == expected {
        return Ok(());
    }
    let problem = "has changed since the sweep was expanded; run the sweep file again".to_owned();
    Err(DataError::Content { field, path: path.to_owned(), problem })
}

fn flatten(prefix: &str, value: &Value, fields: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let name = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
                flatten(&name, value, fields);
            }
        }
        leaf => fields.push((prefix.to_owned(), leaf.clone())),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::values::ValueDistribution;

    pub(crate) fn example() -> Cell {
        Cell {
            model: Model {
                n_features: 1000,
                d_hidden: 10,
                bias_init_std: 1.0,
                activation: Activation::Relu,
                bias: Bias::Trained,
                decoder: Decoder::Tied,
                rows: Rows::Free,
            },
            data: Data {
                frequencies: FrequencyLaw::Power { exponent: 1.0 },
                activation_density: 1.0,
                values: ValueDistribution::Uniform,
                seed: 0,
                dependence: Dependence::None,
                importance: Importance::Constant,
            },
            train: Training {
                batch_size: 2048,
                steps: 20_000,
                learning_rate: 0.01,
                learning_rate_bias: 0.01,
                warmup_steps: 2000,
                final_learning_rate_fraction: 0.05,
                weight_decay: -1.0,
                adam_beta1: 0.9,
                adam_beta2: 0.999,
                adam_epsilon: 1e-8,
                loss_scale: 1.0,
                seed: 0,
                test_batches: 100,
                log_every: 100,
                snapshots: 0,
                loss: Loss::Squared,
                optimizer: Optimizer::Adam,
            },
        }
    }

    #[test]
    fn an_old_id_stays_what_it_was() {
        // Written down when the format was made: if this changes, every finished run is orphaned.
        assert_eq!(example().id().as_str(), "28f4c4963266c93d");
    }

    #[test]
    fn every_field_matters_to_the_id() {
        let mut cells = vec![example()];
        for change in [
            (|c: &mut Cell| c.model.d_hidden = 11) as fn(&mut Cell),
            |c| c.train.weight_decay = 1.0,
            |c| c.data.seed = 1,
            |c| c.train.seed = 1,
            |c| c.data.frequencies = FrequencyLaw::Linear {},
            |c| c.data.values = ValueDistribution::Constant,
        ] {
            let mut cell = example();
            change(&mut cell);
            cells.push(cell);
        }
        let ids: std::collections::BTreeSet<_> = cells.iter().map(Cell::id).collect();
        assert_eq!(ids.len(), cells.len());
    }

    #[test]
    fn the_id_knows_a_frequency_file_by_its_content() {
        let with = |path: &str, sha256: &str| {
            let mut cell = example();
            cell.data.frequencies =
                FrequencyLaw::File { path: path.into(), sha256: sha256.to_owned() };
            cell.id()
        };
        assert_eq!(with("a.txt", "00"), with("b.txt", "00"));
        assert_ne!(with("a.txt", "00"), with("a.txt", "01"));
    }

    #[test]
    fn names_are_short_and_kinds_go_by_their_field() {
        for (name, short) in [
            ("model.d_hidden", "d_hidden"),
            ("data.frequencies.law", "law"),
            ("model.activation.kind", "activation"),
            ("train.optimizer.momentum", "momentum"),
            ("data.importance.law", "importance"),
        ] {
            assert_eq!(short_name(name), short);
        }
        assert_eq!(
            (default_of("model.bias"), default_of("model.d_hidden")),
            (Some("trained"), None)
        );
        // What is left out is what the defaults say.
        let mut cell = example();
        let is_left_out = |cell: &Cell, name: &str| cell.fields().iter().all(|f| f.0 != name);
        assert!(DEFAULTS.iter().all(|(name, _)| is_left_out(&cell, name)) && !cell.is_variant());
        cell.model.rows = Rows::Unit;
        assert!(cell.is_variant() && !is_left_out(&cell, "model.rows"));
    }

    #[test]
    fn only_sixteen_hexadecimal_digits_are_an_id() {
        let id = example().id();
        assert_eq!(CellId::try_from(id.to_string()), Ok(id.clone()));
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"28f4c4963266c93d\"");
        assert_eq!(serde_json::from_str::<CellId>("\"28f4c4963266c93d\"").unwrap(), id);
        for bad in
            ["", "28f4c4963266c93", "28f4c4963266c93d0", "28F4C4963266C93D", "../../etc/passwd"]
        {
            let said = CellId::try_from(bad.to_owned()).unwrap_err().to_string();
            assert!(said.contains("16 hexadecimal digits") && said.contains(bad), "{said}");
            assert!(serde_json::from_value::<CellId>(bad.into()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_cell_survives_the_round_trip_through_json() {
        let text = serde_json::to_string(&example()).unwrap();
        assert_eq!(serde_json::from_str::<Cell>(&text).unwrap(), example());
    }
}
