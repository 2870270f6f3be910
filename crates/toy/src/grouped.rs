//! A batch arranged for the gram engine: samples of a kind together.

use std::ops::Range;

use crate::sampler::{Active, SparseBatch};

/// A batch by kinds of samples: those with one active feature stand by that feature, features with
/// as many of them side by side; the others stand by how many they have. So the counts that the
/// kernel's inner loops run to hardly ever change, and the processor can foresee them.
///
/// A feature's place in [`order`](Self::order) is its row and its column of the Gram matrix. The
/// active ones come first, so `G`'s rows are its first [`n_active`](Self::n_active) columns.
#[derive(Debug, Clone, Default)]
pub struct GroupedBatch {
    /// All features: those active in the batch, ascending, and then the others.
    pub order: Vec<u32>,
    /// Each feature's place in that order.
    pub places: Vec<u32>,
    /// How many are active in the batch.
    pub n_active: usize,
    /// Samples without any active feature. They are all alike.
    pub n_empty: usize,
    /// Samples with more than one.
    pub n_several: usize,
    lone_rows: Vec<LoneRow>,
    lone: Vec<f32>,
    runs: Vec<SamplesAlike>,
    several: Vec<Entry>,
    scratch: Scratch,
}

/// An active feature, by its row, and where its values stand in the samples in which it is alone.
#[derive(Debug, Clone)]
struct LoneRow {
    row: usize,
    values: Range<usize>,
}

/// Samples that have as many active features.
#[derive(Debug, Clone, Copy)]
struct SamplesAlike {
    n_entries: usize,
    n_samples: usize,
}

/// An active feature of a sample, by its row of the Gram matrix.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Entry {
    /// The row.
    pub row: usize,
    /// Its value.
    pub value: f32,
}

#[derive(Debug, Clone, Default)]
struct Scratch {
    starts: Vec<usize>,
    by_sample: Vec<Entry>,
    samples: Vec<usize>,
}

impl GroupedBatch {
    /// Takes in a batch of `batch_size` samples of `n_features` features.
    pub fn arrange(&mut self, batch: &SparseBatch, batch_size: usize, n_features: usize) {
        self.order_features(batch, n_features);
        self.sort_by_sample(batch, batch_size);
        self.gather_lone(batch);
        self.gather_several(batch_size);
        self.n_several = self.runs.iter().map(|run| run.n_samples).sum();
        self.n_empty = batch_size - self.lone.len() - self.n_several;
    }

    /// Units: the active features, in the order of [`lone`](Self::lone), and the samples of
    /// [`several`](Self::several).
    pub fn n_units(&self) -> usize {
        self.n_active + self.n_several
    }

    /// Every active feature's row, and its values in the samples that have no other.
    #[inline(always)]
    pub fn lone(&self) -> impl Iterator<Item = (usize, &[f32])> {
        self.lone_rows.iter().map(|lone| (lone.row, &self.lone[lone.values.clone()]))
    }

    /// The samples with several active features.
    #[inline(always)]
    pub fn several(&self) -> impl Iterator<Item = &[Entry]> {
        let mut rest = self.several.as_slice();
        self.runs.iter().flat_map(move |run| {
            let entries;
            (entries, rest) = rest.split_at(run.n_entries * run.n_samples);
            entries.chunks_exact(run.n_entries)
        })
    }

    /// Memory that is held, in bytes.
    pub fn bytes(&self) -> usize {
        let Scratch { starts, by_sample, samples } = &self.scratch;
        size_of_val(self.order.as_slice())
            + size_of_val(self.places.as_slice())
            + size_of_val(self.lone_rows.as_slice())
            + size_of_val(self.lone.as_slice())
            + size_of_val(self.runs.as_slice())
            + size_of_val(self.several.as_slice())
            + size_of_val(starts.as_slice())
            + size_of_val(by_sample.as_slice())
            + size_of_val(samples.as_slice())
    }

    fn order_features(&mut self, batch: &SparseBatch, n_features: usize) {
        self.order.clear();
        self.order.extend(by_feature(batch).map(|of_feature| of_feature[0].feature));
        self.n_active = self.order.len();
        let mut next = 0;
        for at in 0..self.n_active {
            let active = self.order[at];
            self.order.extend(next..active);
            next = active + 1;
        }
        let n_features = u32::try_from(n_features).expect("a cell has at most 2²⁴ features");
        self.order.extend(next..n_features);
        self.places.resize(self.order.len(), 0);
        for (place, &feature) in (0..).zip(&self.order) {
            self.places[feature as usize] = place;
        }
    }

    /// A counting sort by sample, which keeps the order of features within a sample.
    fn sort_by_sample(&mut self, batch: &SparseBatch, batch_size: usize) {
        let Scratch { starts, by_sample, .. } = &mut self.scratch;
        // Counted two places on and filled one place on, so that in the end each is a start.
        starts.clear();
        starts.resize(batch_size + 2, 0);
        for active in &batch.active {
            starts[active.sample as usize + 2] += 1;
        }
        for sample in 1..batch_size + 2 {
            starts[sample] += starts[sample - 1];
        }
        by_sample.clear();
        by_sample.resize(batch.active.len(), Entry::default());
        for active in &batch.active {
            let row = self.places[active.feature as usize] as usize;
            let place = &mut starts[active.sample as usize + 1];
            by_sample[*place] = Entry { row, value: active.value };
            *place += 1;
        }
    }

    fn gather_lone(&mut self, batch: &SparseBatch) {
        let starts = &self.scratch.starts;
        let is_lone = |active: &&Active| {
            let sample = active.sample as usize;
            starts[sample + 1] - starts[sample] == 1
        };
        self.lone.clear();
        self.lone_rows.clear();
        for (row, of_feature) in by_feature(batch).enumerate() {
            let start = self.lone.len();
            self.lone.extend(of_feature.iter().filter(is_lone).map(|active| active.value));
            self.lone_rows.push(LoneRow { row, values: start..self.lone.len() });
        }
        self.lone_rows.sort_by_key(|lone| lone.values.len());
    }

    fn gather_several(&mut self, batch_size: usize) {
        let Scratch { starts, by_sample, samples, .. } = &mut self.scratch;
        let n_entries = |sample: &usize| starts[sample + 1] - starts[*sample];
        samples.clear();
        samples.extend((0..batch_size).filter(|sample| n_entries(sample) > 1));
        samples.sort_by_key(n_entries);
        self.runs.clear();
        self.several.clear();
        for run in samples.chunk_by(|a, b| n_entries(a) == n_entries(b)) {
            self.runs.push(SamplesAlike { n_entries: n_entries(&run[0]), n_samples: run.len() });
            for &sample in run {
                self.several.extend_from_slice(&by_sample[starts[sample]..starts[sample + 1]]);
            }
        }
    }
}

/// The entries of a batch, feature by feature.
fn by_feature(batch: &SparseBatch) -> impl Iterator<Item = &[Active]> {
    batch.active.chunk_by(|a, b| a.feature == b.feature)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_stands_among_its_kind() {
        let active = [
            (0, 1, 0.1),
            (2, 1, 0.2),
            (6, 1, 0.7),
            (0, 4, 0.3),
            (3, 4, 0.4),
            (5, 4, 0.5),
            (0, 6, 0.6),
            (2, 6, 0.8),
        ];
        let active =
            active.map(|(sample, feature, value)| Active { sample, feature, value }).to_vec();
        let mut grouped = GroupedBatch::default();
        // Twice, since a second batch takes the place of the first.
        grouped.arrange(&SparseBatch { active: active[..1].to_vec() }, 9, 8);
        grouped.arrange(&SparseBatch { active }, 8, 8);
        assert_eq!((grouped.n_active, grouped.n_empty), (3, 3));
        assert_eq!(grouped.order, [1, 4, 6, 0, 2, 3, 5, 7]);
        let lone: Vec<_> = grouped.lone().collect();
        assert_eq!(lone, [(2, &[][..]), (0, &[0.7]), (1, &[0.4, 0.5])]);
        let several: Vec<Vec<_>> =
            grouped.several().map(|s| s.iter().map(|e| (e.row, e.value)).collect()).collect();
        assert_eq!(several, [vec![(0, 0.2), (2, 0.8)], vec![(0, 0.1), (1, 0.3), (2, 0.6)]]);
    }

    #[test]
    fn a_batch_without_any_active_feature_is_all_empty() {
        let mut grouped = GroupedBatch::default();
        grouped.arrange(&SparseBatch::default(), 4, 3);
        assert_eq!((grouped.n_active, grouped.n_empty), (0, 4));
        assert_eq!(grouped.order, [0, 1, 2]);
        assert_eq!((grouped.lone().count(), grouped.several().count()), (0, 0));
    }
}
