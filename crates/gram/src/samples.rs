//! A batch's samples as the kernel's inner loops read them.
//!
//! The same samples as in [`GroupedBatch`], in plain arrays: an iterator over iterators is a call for
//! every sample, which puts all registers aside. With each feature that is alone in some sample stand the least and the
//! most of its values there: what it answers to any other lies between, so two tries tell whether there is an answer.

use superpose_toy::grouped::{Entry, GroupedBatch};

/// The samples of a batch.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    /// How many have no active feature.
    pub(crate) n_empty: usize,
    /// Units (see [`Scatter`](crate::scatter::Scatter)).
    pub(crate) n_units: usize,
    /// Features that are alone in some sample.
    pub(crate) lone: Vec<Lone>,
    /// The samples with several, by how many they have.
    pub(crate) runs: Vec<Run>,
    /// Their entries, sample by sample.
    entries: Vec<Entry>,
    /// Values of features in samples where they are alone.
    values: Vec<f32>,
    /// The place in `lone` of each active feature, if it is there.
    places: Vec<Option<usize>>,
    /// Where those of each active feature begin in `several`, and where the last ends.
    starts: Vec<usize>,
    /// The samples with several features, by feature.
    several: Vec<Several>,
}

/// A feature that is alone in some sample.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lone {
    pub(crate) unit: usize,
    /// Its row of `G`.
    pub(crate) row: usize,
    /// The least of its values.
    pub(crate) least: f32,
    /// The most.
    pub(crate) most: f32,
    start: usize,
    n_values: usize,
}

/// Samples that have as many active features.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    pub(crate) n_entries: usize,
    n_samples: usize,
    start: usize,
}

/// A sample with several active features.
#[derive(Debug, Clone, Copy, Default)]
struct Several {
    unit: u32,
    start: u32,
    n_entries: u32,
}

impl Samples {
    /// Takes in a batch.
    pub(crate) fn take_in(&mut self, batch: &GroupedBatch) {
        (self.n_empty, self.n_units) = (batch.n_empty, batch.n_units());
        self.take_in_lone(batch);
        self.runs.clear();
        self.entries.clear();
        for entries in batch.several() {
            let start = self.entries.len();
            self.entries.extend_from_slice(entries);
            match self.runs.last_mut() {
                Some(run) if run.n_entries == entries.len() => run.n_samples += 1,
                _ => self.runs.push(Run { n_entries: entries.len(), n_samples: 1, start }),
            }
        }
        self.sort_by_feature(batch);
    }

    fn take_in_lone(&mut self, batch: &GroupedBatch) {
        self.lone.clear();
        self.values.clear();
        self.places.clear();
        self.places.resize(batch.n_active, None);
        for (unit, (row, values)) in batch.lone().enumerate() {
            if values.is_empty() {
                continue;
            }
            let (mut least, mut most) = (f32::INFINITY, f32::NEG_INFINITY);
            for &value in values {
                (least, most) = (least.min(value), most.max(value));
            }
            let (start, n_values) = (self.values.len(), values.len());
            self.values.extend_from_slice(values);
            self.places[row] = Some(self.lone.len());
            self.lone.push(Lone { unit, row, least, most, start, n_values });
        }
    }

    /// A counting sort, which keeps the order of samples.
    fn sort_by_feature(&mut self, batch: &GroupedBatch) {
        // Counted two places on and filled one place on, so that in the end each is a start.
        self.starts.clear();
        self.starts.resize(batch.n_active + 2, 0);
        for entry in &self.entries {
            self.starts[entry.row + 2] += 1;
        }
        for row in 1..self.starts.len() {
            self.starts[row] += self.starts[row - 1];
        }
        self.several.resize(self.entries.len(), Several::default());
        let short = |count: usize| u32::try_from(count).expect("a batch has less than 2³² entries");
        let mut start = 0;
        for (unit, entries) in (short(batch.n_active)..).zip(batch.several()) {
            let n_entries = short(entries.len());
            for entry in entries {
                let place = &mut self.starts[entry.row + 1];
                self.several[*place] = Several { unit, start, n_entries };
                *place += 1;
            }
            start += n_entries;
        }
    }

    /// The values of a feature in samples where it is alone.
    #[inline(always)]
    pub(crate) fn values(&self, lone: &Lone) -> &[f32] {
        &self.values[lone.start..lone.start + lone.n_values]
    }

    /// The entries of samples that have as many, sample by sample.
    #[inline(always)]
    pub(crate) fn entries(&self, run: &Run) -> &[Entry] {
        &self.entries[run.start..run.start + run.n_entries * run.n_samples]
    }

    /// The unit of the first sample with several features.
    pub(crate) fn first_of_several(&self) -> usize {
        self.places.len()
    }

    /// An active feature as one that is alone in some sample.
    pub(crate) fn lone_of(&self, row: usize) -> Option<&Lone> {
        self.places[row].map(|place| &self.lone[place])
    }

    /// The samples with several features of which this one is active: units and entries.
    pub(crate) fn several_of(&self, row: usize) -> impl Iterator<Item = (usize, &[Entry])> {
        let several = &self.several[self.starts[row]..self.starts[row + 1]];
        several.iter().map(|at| {
            (at.unit as usize, &self.entries[at.start as usize..][..at.n_entries as usize])
        })
    }

    /// The active features that are alone in no sample.
    #[inline(always)]
    pub(crate) fn never_alone(&self) -> impl Iterator<Item = usize> {
        let places = self.places.iter().enumerate();
        places.filter(|(_, place)| place.is_none()).map(|(row, _)| row)
    }

    /// Memory that is held, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let Self { n_empty: _, n_units: _, lone, runs, entries, values, places, starts, several } =
            self;
        size_of_val(lone.as_slice())
            + size_of_val(runs.as_slice())
            + size_of_val(entries.as_slice())
            + size_of_val(values.as_slice())
            + size_of_val(places.as_slice())
            + size_of_val(starts.as_slice())
            + size_of_val(several.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use superpose_toy::sampler::{Active, SparseBatch};

    use super::*;

    #[test]
    fn every_sample_is_found_by_kind_and_by_feature() {
        // By feature and sample: 1 and 4 share sample 3, and 1, 4 and 6 share sample 0.
        let active = [(0, 1), (3, 1), (5, 1), (7, 1), (0, 4), (3, 4), (0, 6), (2, 8)];
        let mut samples = Samples::default();
        for round in 0..2 {
            // A second batch takes the place of the first.
            let count = if round == 0 { 3 } else { active.len() };
            let active = active[..count].iter().map(|&(sample, feature)| Active {
                sample,
                feature,
                value: 0.5 + sample as f32 / 10.0,
            });
            let mut batch = GroupedBatch::default();
            batch.arrange(&SparseBatch { active: active.collect() }, 9, 10);
            samples.take_in(&batch);
        }
        assert_eq!((samples.n_empty, samples.n_units), (4, 4 + 2));
        let of = |row| samples.lone_of(row).map(|lone| (lone.least, lone.most, lone.row));
        assert_eq!(of(0), Some((1.0, 1.2, 0)));
        assert_eq!([of(1), of(2), of(3)], [None, None, Some((0.7, 0.7, 3))]);
        let lone = samples.lone_of(0).unwrap();
        assert_eq!((samples.lone.len(), samples.values(lone)), (2, &[1.0, 1.2][..]));
        let runs: Vec<_> = samples.runs.iter().map(|run| (run.n_entries, run.n_samples)).collect();
        assert_eq!(runs, [(2, 1), (3, 1)]);
        let several = |row| {
            let of_row = samples.several_of(row);
            of_row.map(|(unit, entries)| (unit, entries.len())).collect::<Vec<_>>()
        };
        assert_eq!([several(0), several(1)], [[(4, 2), (5, 3)], [(4, 2), (5, 3)]]);
        assert_eq!((several(2), several(3)), (vec![(5, 3)], vec![]));
        let rows = samples.several_of(2).flat_map(|(_, entries)| entries.iter().map(|e| e.row));
        assert_eq!(rows.collect::<Vec<_>>(), [0, 1, 2]);
        assert!(samples.bytes() > 5 * 16 + 3 * 4);
    }
}
