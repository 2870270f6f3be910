//! A batch laid out for the device: which hidden vectors are looked at, and for which samples.
//!
//! A *unit* is a hidden vector that the device multiplies with all of `W`: a feature's row of `W`,
//! on behalf of the samples in which it alone is active, or the hidden vector `x W` of a sample
//! with several. Samples without any active feature need no unit. The gradient of a unit's hidden
//! vector goes back to the rows of `W` that it is made of.

use superpose_toy::grouped::GroupedBatch;

use crate::word;

/// Samples that one unit stands for at most: a feature that is often alone gets several units, so
/// that no thread of the device has much more to do than another.
const MAX_SAMPLES: usize = 32;

/// The units of a batch: first those of features that are alone, then samples with several.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Units {
    /// Units that stand for samples in which one feature is alone.
    pub n_lone: u32,
    /// Samples without any active feature.
    pub n_empty: u32,
    /// Where each unit's entries begin, and, at the end, their number.
    pub starts: Vec<u32>,
    /// Feature of each entry.
    pub features: Vec<u32>,
    /// Value of each entry: of a lone unit, one a sample; of another, one an active feature.
    pub values: Vec<f32>,
    /// Where the parts of each feature begin, and, at the end, their number.
    pub part_starts: Vec<u32>,
    /// The unit of a part.
    pub part_units: Vec<u32>,
    /// How much of its feature's row the unit's hidden vector has.
    pub part_weights: Vec<f32>,
}

impl Units {
    /// The units of a `batch` of samples of `n_features` features.
    pub fn of(batch: &GroupedBatch, n_features: usize) -> Self {
        let mut units = Self { n_empty: word(batch.n_empty), ..Self::default() };
        let mut parts = Vec::new();
        for (row, values) in batch.lone() {
            let feature = batch.order[row];
            for values in values.chunks(MAX_SAMPLES) {
                parts.push(Part { feature, unit: units.begin(), weight: 1.0 });
                units.features.extend(values.iter().map(|_| feature));
                units.values.extend(values);
            }
        }
        units.n_lone = word(units.starts.len());
        for sample in batch.several() {
            let unit = units.begin();
            for entry in sample {
                let feature = batch.order[entry.row];
                parts.push(Part { feature, unit, weight: entry.value });
                units.features.push(feature);
                units.values.push(entry.value);
            }
        }
        units.begin();
        units.sort_in(&parts, n_features);
        units
    }

    /// Number of units.
    pub fn n_units(&self) -> usize {
        self.starts.len() - 1
    }

    /// The number of the unit whose entries begin here.
    fn begin(&mut self) -> u32 {
        let unit = word(self.starts.len());
        self.starts.push(word(self.values.len()));
        unit
    }

    /// Takes in the parts by feature, in the order of units (a counting sort).
    fn sort_in(&mut self, parts: &[Part], n_features: usize) {
        // Counted two places on and filled one place on, so that in the end each is a start.
        let mut starts = vec![0_u32; n_features + 2];
        for part in parts {
            starts[part.feature as usize + 2] += 1;
        }
        for feature in 2..starts.len() {
            starts[feature] += starts[feature - 1];
        }
        self.part_units.resize(parts.len(), 0);
        self.part_weights.resize(parts.len(), 0.0);
        for part in parts {
            let place = &mut starts[part.feature as usize + 1];
            self.part_units[*place as usize] = part.unit;
            self.part_weights[*place as usize] = part.weight;
            *place += 1;
        }
        starts.pop();
        self.part_starts = starts;
    }
}

/// A feature's share of a unit's hidden vector.
struct Part {
    feature: u32,
    unit: u32,
    weight: f32,
}

#[cfg(test)]
mod tests {
    use superpose_toy::sampler::{Active, SparseBatch};

    use super::*;

    fn units(active: &[(u32, u32, f32)], batch_size: usize, n_features: usize) -> Units {
        let active =
            active.iter().map(|&(feature, sample, value)| Active { sample, feature, value });
        let mut grouped = GroupedBatch::default();
        grouped.arrange(&SparseBatch { active: active.collect() }, batch_size, n_features);
        Units::of(&grouped, n_features)
    }

    #[test]
    fn a_feature_alone_and_a_sample_with_several_are_a_unit_each() {
        // Feature 1 alone in samples 0 and 3 and with feature 2 in sample 4; samples 1 and 2 empty.
        let units = units(&[(1, 0, 0.5), (1, 3, 0.7), (1, 4, 0.9), (2, 4, 1.1)], 5, 4);
        assert_eq!((units.n_units(), units.n_lone, units.n_empty), (2, 1, 2));
        assert_eq!(units.starts, [0, 2, 4]);
        assert_eq!(units.features, [1, 1, 1, 2]);
        assert_eq!(units.values, [0.5, 0.7, 0.9, 1.1]);
        assert_eq!(units.part_starts, [0, 0, 2, 3, 3]);
        assert_eq!(units.part_units, [0, 1, 1]);
        assert_eq!(units.part_weights, [1.0, 0.9, 1.1]);
    }

    #[test]
    fn a_feature_that_is_often_alone_has_several_units() {
        let active: Vec<_> = (0..70).map(|sample| (0, sample, 1.0)).collect();
        let units = units(&active, 70, 1);
        assert_eq!((units.n_units(), units.n_lone, units.n_empty), (3, 3, 0));
        assert_eq!(units.starts, [0, 32, 64, 70]);
        assert_eq!(units.part_units, [0, 1, 2]);
    }

    #[test]
    fn an_empty_batch_has_no_units() {
        let units = units(&[], 3, 2);
        assert_eq!((units.n_units(), units.n_empty), (0, 3));
        assert_eq!((units.starts, units.part_starts), (vec![0], vec![0, 0, 0]));
    }

    #[test]
    fn thirty_two_samples_are_one_unit_and_one_more_are_two() {
        for (n, units_there) in [(31, 1), (32, 1), (33, 2), (64, 2)] {
            let active: Vec<_> = (0..n).map(|sample| (0, sample, 1.0)).collect();
            assert_eq!(units(&active, n as usize, 1).n_units(), units_there);
        }
    }
}
