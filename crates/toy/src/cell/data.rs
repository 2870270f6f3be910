//! The data of a cell: how often its features are active, together with which others, with which
//! values, and how much each counts.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::values::ValueDistribution;

/// Where the samples come from: feature `i` is active with probability `p_i`, on its own or as
/// [`Dependence`] says, and then takes a random value.
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
    /// What a feature's activity has to do with that of others; whatever it is, feature `i` is
    /// active with probability `p_i`.
    #[serde(default, skip_serializing_if = "Dependence::is_default")]
    pub dependence: Dependence,
    /// Weight of each feature's output in the loss.
    #[serde(default, skip_serializing_if = "Importance::is_default")]
    pub importance: Importance,
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
    /// Those of the words in the windows of [`Dependence::Text`], and only with it.
    Text {},
}

/// What a feature's activity has to do with that of the others. `sampler` has a file for each.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Dependence {
    /// Nothing: features are independent.
    #[default]
    None,
    /// Features 0 and 1, 2 and 3, … are pairs: the rarer one is only active where the other one is.
    Correlated,
    /// In the same pairs, the two are never active together.
    Anticorrelated,
    /// Feature `i` is active where a normal variable is below a threshold. The variables of features
    /// whose numbers leave the same rest by `rank` share a factor: any two of them have correlation
    /// `strength`; others are independent. If it is negative, neighbours among those that share a
    /// factor have that correlation, and the next but one its absolute value, and so on in turn.
    Copula {
        /// Number of factors.
        rank: usize,
        /// Correlation of two normal variables that share a factor, above −1 and below 1.
        strength: f64,
    },
    /// Features are nodes of trees of one size, by level: first all roots, then their children, and so
    /// on. A child is only active where its parent is.
    Tree {
        /// Children of a node that has any.
        branching: usize,
        /// Levels below the root.
        depth: usize,
        /// Whether of the children of one parent at most one is active.
        exclusive: bool,
    },
    /// In every sample exactly `k` features are active, drawn by Sampford's method.
    Exactly {
        /// How many.
        k: usize,
    },
    /// A sample is a window of a text: a feature is a word, active where the window has it. Features
    /// are the most frequent words, the most frequent first.
    Text {
        /// Where the text was found. Not part of the cell's id.
        path: PathBuf,
        /// SHA-256 of its content, in hexadecimal.
        sha256: String,
        /// Words in a window.
        window: usize,
    },
}

/// Law of the weights `I_i` of the outputs in the loss.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(tag = "law", rename_all = "lowercase", deny_unknown_fields)]
pub enum Importance {
    /// One.
    #[default]
    Constant,
    /// `ratio^i` for `i` from 0.
    Geometric {
        /// Above 0 and at most 1.
        ratio: f64,
    },
    /// `i^-exponent` for ranks `i` from 1.
    Power {
        /// Any finite number.
        exponent: f64,
    },
    /// One, but the last feature's is `weight`.
    Last {
        /// Above 0.
        weight: f64,
    },
    /// The numbers of a text file, one a line, one for each feature in their order.
    File {
        /// Where the file was found. Not part of the cell's id.
        path: PathBuf,
        /// SHA-256 of its content, in hexadecimal.
        sha256: String,
    },
}

impl Data {
    /// Whether batches of these data are those of the `other`: all is equal but the importance, which is no part
    /// of a batch.
    pub fn has_batches_of(&self, other: &Self) -> bool {
        // All fields by name, so that a new one is not forgotten.
        let Self { frequencies, activation_density, values, seed, dependence, importance: _ } =
            self;
        *frequencies == other.frequencies
            && activation_density.to_bits() == other.activation_density.to_bits()
            && *values == other.values
            && *seed == other.seed
            && *dependence == other.dependence
    }
}

impl Dependence {
    fn is_default(&self) -> bool {
        *self == Self::None
    }
}

impl Importance {
    fn is_default(&self) -> bool {
        *self == Self::Constant
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::tests::example;

    #[test]
    fn batches_are_shared_whatever_counts_and_by_nothing_else() {
        type Change = fn(&mut Data);
        let data = example().data;
        let changes: [(Change, bool); 6] = [
            (|d| d.importance = Importance::Last { weight: 2.0 }, true),
            (|d| d.seed += 1, false),
            (|d| d.activation_density *= 0.5, false),
            (|d| d.values = ValueDistribution::Unit, false),
            (|d| d.frequencies = FrequencyLaw::Linear {}, false),
            (|d| d.dependence = Dependence::Correlated, false),
        ];
        for (change, are_shared) in changes {
            let mut other = data.clone();
            change(&mut other);
            assert_eq!(data.has_batches_of(&other), are_shared, "{other:?}");
        }
    }
}
