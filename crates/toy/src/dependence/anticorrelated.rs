//! Pairs of features that exclude each other.

use std::collections::HashSet;

use crate::data_error::DataError;
use crate::sampler::SparseBatch;

/// Features 0 and 1, 2 and 3, … are never active together. The second of a pair is drawn
/// independently with probability `q / (1 − p)` and left out where the first one is active, which
/// leaves `q`; the last of an odd number of features has no partner.
#[derive(Debug, Clone, PartialEq)]
pub struct Anticorrelated(());

impl Anticorrelated {
    pub(super) fn new(p: &[f64]) -> Result<Self, DataError> {
        let too_frequent = p.chunks_exact(2).position(|pair| pair[0] + pair[1] > 1.0);
        if let Some(at) = too_frequent {
            let (first, second) = (2 * at, 2 * at + 1);
            let allowed = format!(
                "another kind, or its features less frequent: features {first} and {second} cannot exclude \
                 each other with probabilities {} and {}",
                p[first], p[second]
            );
            return Err(DataError::field("data.dependence", "anticorrelated", allowed));
        }
        Ok(Self(()))
    }

    pub(super) fn independent(&self, p: &[f64]) -> Vec<f64> {
        let mut independent = p.to_vec();
        for pair in independent.chunks_exact_mut(2).filter(|pair| pair[1] > 0.0) {
            pair[1] = (pair[1] / (1.0 - pair[0])).min(1.0);
        }
        independent
    }

    pub(super) fn batch(&self, mut batch: SparseBatch) -> SparseBatch {
        let mut first = u32::MAX;
        let mut samples = HashSet::new();
        batch.active.retain(|a| {
            if a.feature.is_multiple_of(2) {
                if a.feature != first {
                    samples.clear();
                    first = a.feature;
                }
                samples.insert(a.sample);
                return true;
            }
            a.feature - 1 != first || !samples.contains(&a.sample)
        });
        batch
    }
}
