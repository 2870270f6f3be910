//! One training run, complete: equal cells have equal ids on every machine.
//!
//! Once a sweep file is expanded into cells, nothing fills in a default and nothing reads the
//! environment. The id is a hash of the cell's fields by name, so neither the order of the fields
//! nor of the sweep matters, and a field that is new in a later version and left out of the
//! serialised form at its old behaviour leaves old ids as they were.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::frequency::{
    FeatureProbabilities, exponential_weights, linear_weights, power_law_weights,
};
use crate::values::ValueDistribution;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::frequency_file::{FrequencyFile, FrequencyFileError};
use crate::hash;

/// One training run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// The autoencoder `y = ReLU(x W Wᵀ + b)` and how it starts.
    pub model: Model,
    /// What it is trained on.
    pub data: Data,
    /// How it is trained and tested.
    pub train: Training,
}

/// The autoencoder `y = ReLU(x W Wᵀ + b)`, with `W` of shape `[n_features, d_hidden]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Number of features `n`.
    pub n_features: usize,
    /// Hidden width `d` (the paper's `m`). `W` starts as N(0, 1/d).
    pub d_hidden: usize,
    /// Standard deviation of the normal distribution that the biases start from.
    pub bias_init_std: f64,
}

/// Where the samples come from: feature `i` is active with probability `p_i`, on its own, and then
/// takes a random value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Law of the relative frequencies.
    pub frequencies: FrequencyLaw,
    /// `E = Σ p_i`: mean number of active features in a sample.
    pub activation_density: f64,
    /// Value of an active feature.
    pub values: ValueDistribution,
    /// Seed of all batches, those of training and those of the test.
    pub seed: u64,
}

/// Law of the relative feature frequencies, before they are scaled to the activation density.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "law", rename_all = "lowercase", deny_unknown_fields)]
pub enum FrequencyLaw {
    /// `i^-exponent` for ranks `i` from 1.
    Power {
        /// Data exponent `α`.
        exponent: f64,
    },
    /// `exp(-i / scale)` for `i` from 0.
    Exponential {
        /// Rank over which the frequency falls by a factor `e`.
        scale: f64,
    },
    /// `(n - i) / n` for `i` from 0.
    Linear {},
    /// Frequencies of a file that [`crate::counts`] reads, largest first.
    File {
        /// Where the file was found. Not part of the cell's id.
        path: PathBuf,
        /// SHA-256 of its content, in hexadecimal.
        sha256: String,
    },
}

/// How a cell is trained and tested.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Training {
    /// Samples in a batch.
    pub batch_size: usize,
    /// Number of steps; each draws a new batch.
    pub steps: u64,
    /// Peak learning rate of `W`.
    pub learning_rate: f64,
    /// Peak learning rate of `b`.
    pub learning_rate_bias: f64,
    /// Steps of linear warm-up; a cosine follows.
    pub warmup_steps: u64,
    /// What the cosine falls to at the last step, as a fraction of the peak.
    pub final_learning_rate_fraction: f64,
    /// Signed decay `γ` of `W`: positive shrinks the rows, negative pulls their norms to one.
    pub weight_decay: f64,
    /// Adam's decay of the first moment.
    pub adam_beta1: f64,
    /// Adam's decay of the second moment.
    pub adam_beta2: f64,
    /// Added to the root of the bias-corrected second moment.
    pub adam_epsilon: f64,
    /// The trained loss is this times the mean over batch *and* features.
    pub loss_scale: f64,
    /// Seed of the initial `W` and `b`.
    pub seed: u64,
    /// Fresh batches the trained model is tested on.
    pub test_batches: u64,
    /// Steps averaged into one point of the loss curve.
    pub log_every: u64,
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
        fields.remove("data.frequencies.path");
        let mut text = String::from("superpose cell 1\n");
        for (name, value) in fields {
            writeln!(text, "{name}={value}").expect("writing to a string cannot fail");
        }
        CellId(hash::sha256(text.as_bytes())[..16].to_owned())
    }

    /// The probabilities `p_i` with which the features are active. A frequency file is read anew;
    /// [`crate::prepared`] reads it once for many cells.
    ///
    /// # Errors
    /// [`FrequencyFileError`] when the law is a file that cannot be read or has changed, or when
    /// the weights and the density give no probabilities.
    pub fn probabilities(&self) -> Result<FeatureProbabilities, FrequencyFileError> {
        self.probabilities_from(|path| FrequencyFile::read(path).map(Arc::new))
    }

    /// As [`Cell::probabilities`], with the frequency file that `read` gives for its path.
    pub(crate) fn probabilities_from(
        &self,
        read: impl FnOnce(&Path) -> Result<Arc<FrequencyFile>, FrequencyFileError>,
    ) -> Result<FeatureProbabilities, FrequencyFileError> {
        let n = self.model.n_features;
        let weights = match &self.data.frequencies {
            FrequencyLaw::Power { exponent } => power_law_weights(n, *exponent),
            FrequencyLaw::Exponential { scale } => exponential_weights(n, *scale),
            FrequencyLaw::Linear {} => linear_weights(n),
            FrequencyLaw::File { path, sha256 } => {
                let content = read(path)?;
                if &content.sha256 != sha256 {
                    let problem =
                        "has changed since the sweep was expanded; run the sweep file again";
                    let (path, problem) = (path.clone(), problem.to_owned());
                    return Err(FrequencyFileError::Content { path, problem });
                }
                content.most_frequent(n)?.to_vec()
            }
        };
        Ok(FeatureProbabilities::scaled(&weights, self.data.activation_density)?)
    }

    /// The data exponent `α`, where the frequencies follow a power law.
    pub fn data_exponent(&self) -> Option<f64> {
        match self.data.frequencies {
            FrequencyLaw::Power { exponent } => Some(exponent),
            _ => None,
        }
    }
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

    pub(crate) fn example() -> Cell {
        Cell {
            model: Model { n_features: 1000, d_hidden: 10, bias_init_std: 1.0 },
            data: Data {
                frequencies: FrequencyLaw::Power { exponent: 1.0 },
                activation_density: 1.0,
                values: ValueDistribution::Uniform,
                seed: 0,
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
