//! Features that are not independent: which of them are active together.
//!
//! Whatever the [`Dependence`] of a cell, feature `i` is active with its probability `p_i`. Like an
//! independent batch, a dependent one is drawn by its active features alone, and is a function of
//! (seed, stream, step): its random numbers are Philox blocks with key `seed` and counter (number,
//! index, step, stream + 2·purpose), purposes from 1 on, so that they are never those of
//! [`crate::sampler`]'s independent batches. Sample `s` does not depend on how many there are.

mod anticorrelated;
mod copula;
mod exactly;
mod family;
mod text;

use std::sync::Arc;

use crate::cell::{Cell, Dependence};
use crate::data_error::DataError;
use crate::frequency::FeatureProbabilities;
use crate::philox::{philox4x32, unit};
use crate::sampler::{Active, SparseBatch, Stream};
use crate::values::ValueDistribution;

use anticorrelated::Anticorrelated;
use copula::Copula;
use exactly::Exactly;
use family::Family;
pub use text::Windows;

/// How the features of a cell are active together.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Joint {
    /// Independently.
    #[default]
    Independent,
    /// Two by two, never both.
    Anticorrelated(Anticorrelated),
    /// A child only with its parent.
    Family(Family),
    /// By factors that they share.
    Copula(Copula),
    /// So many in every sample.
    Exactly(Exactly),
    /// As words stand in a text.
    Text(Arc<Windows>),
}

impl Joint {
    /// How the features of `cell`, active with these `probabilities`, are active together; `windows`
    /// are those of its text.
    ///
    /// # Errors
    /// [`DataError`] when no features with these probabilities can depend on one another so.
    pub(crate) fn new(
        cell: &Cell,
        probabilities: &FeatureProbabilities,
        windows: Option<&Arc<Windows>>,
    ) -> Result<Self, DataError> {
        let p = probabilities.as_slice();
        Ok(match cell.data.dependence {
            Dependence::None => Self::Independent,
            Dependence::Correlated => Self::Family(Family::pairs(p)),
            Dependence::Anticorrelated => Self::Anticorrelated(Anticorrelated::new(p)?),
            Dependence::Copula { rank, strength } => Self::Copula(Copula::new(p, rank, strength)),
            Dependence::Tree { branching, depth, exclusive } => {
                Self::Family(Family::trees(p, branching, depth, exclusive)?)
            }
            Dependence::Exactly { k } => Self::Exactly(Exactly::new(p, k)?),
            Dependence::Text { .. } => {
                Self::Text(Arc::clone(windows.expect("a cell of a text is prepared with it")))
            }
        })
    }

    /// The probabilities of the features that are drawn independently, before [`Joint::batch`] does the
    /// rest: zero for those that it draws itself.
    pub(crate) fn independent(&self, probabilities: &FeatureProbabilities) -> FeatureProbabilities {
        let p = probabilities.as_slice();
        FeatureProbabilities::counted(match self {
            Self::Independent => p.to_vec(),
            Self::Anticorrelated(pairs) => pairs.independent(p),
            Self::Family(family) => family.independent(p),
            Self::Copula(_) | Self::Exactly(_) | Self::Text(_) => vec![0.0; p.len()],
        })
    }

    /// The batch of which `independent` is what was drawn independently.
    pub(crate) fn batch(&self, independent: SparseBatch, draw: &Draw) -> SparseBatch {
        match self {
            Self::Independent => independent,
            Self::Anticorrelated(pairs) => pairs.batch(independent),
            Self::Family(family) => family.batch(&independent, draw),
            Self::Copula(copula) => copula.batch(draw),
            Self::Exactly(exactly) => exactly.batch(draw),
            Self::Text(windows) => windows.batch(draw),
        }
    }
}

/// What the random numbers of a batch depend on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Draw {
    pub(crate) seed: u64,
    pub(crate) stream: Stream,
    pub(crate) step: u32,
    pub(crate) batch_size: u32,
    pub(crate) values: ValueDistribution,
}

impl Draw {
    /// Four random words, for a `purpose` from 1 on.
    fn words(&self, purpose: u32, number: u32, index: u32) -> [u32; 4] {
        philox4x32([number, index, self.step, self.stream as u32 + 2 * purpose], self.seed)
    }

    /// A feature that is active in a sample, with the value that a random word gives.
    fn active(&self, sample: u32, feature: u32, word: u32) -> Active {
        Active { sample, feature, value: self.values.value(word) }
    }
}

/// A number in `(0, 1]` from the first two words.
fn first_unit(words: [u32; 4]) -> f64 {
    unit(words[0], words[1])
}

/// The batch of these active features, which are ordered by sample for each feature of `n`.
fn by_feature(active: &[Active], n: usize) -> SparseBatch {
    let mut ends = vec![0_usize; n + 1];
    for a in active {
        ends[a.feature as usize + 1] += 1;
    }
    for feature in 0..n {
        ends[feature + 1] += ends[feature];
    }
    let nothing = Active { sample: 0, feature: 0, value: 0.0 };
    let mut ordered = vec![nothing; active.len()];
    for a in active {
        let place = &mut ends[a.feature as usize];
        ordered[*place] = *a;
        *place += 1;
    }
    SparseBatch { active: ordered }
}

/// A number of features as the 32 bits that a batch keeps.
fn word(n: usize) -> u32 {
    u32::try_from(n).expect("a cell has at most 2²⁴ features")
}
