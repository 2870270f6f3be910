//! A batch's samples as the kernel's inner loops read them.
//!
//! The same samples as in [`GroupedBatch`], in plain arrays: an iterator over iterators is a call for
//! every sample, and a call puts all registers aside.

use superpose_toy::grouped::{Entry, GroupedBatch};

/// The samples of a batch that have any active feature.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    /// Features that are alone in some sample.
    pub(crate) lone: Vec<Lone>,
    /// The samples with several, by how many they have.
    pub(crate) runs: Vec<Run>,
    /// Their entries, sample by sample.
    pub(crate) entries: Vec<Entry>,
    /// The values of features in samples where they are alone.
    pub(crate) values: Vec<f32>,
}

/// A feature that is alone in some sample.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lone {
    /// Its unit (see [`Scatter`](crate::respond::Scatter)).
    pub(crate) unit: usize,
    /// Its row of `G`.
    pub(crate) row: usize,
    /// How many values there are of it.
    pub(crate) n_values: usize,
    /// The least of them.
    pub(crate) least: f32,
    /// The most.
    pub(crate) most: f32,
}

/// Samples that have as many active features.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    pub(crate) n_entries: usize,
    pub(crate) n_samples: usize,
}

impl Samples {
    /// Takes in a batch.
    pub(crate) fn take_in(&mut self, batch: &GroupedBatch) {
        self.lone.clear();
        self.values.clear();
        for (unit, (row, values)) in batch.lone().enumerate() {
            if values.is_empty() {
                continue;
            }
            let (mut least, mut most) = (f32::INFINITY, 0.0_f32);
            for &value in values {
                (least, most) = (least.min(value), most.max(value));
            }
            self.values.extend_from_slice(values);
            self.lone.push(Lone { unit, row, n_values: values.len(), least, most });
        }
        self.runs.clear();
        self.entries.clear();
        for entries in batch.several() {
            self.entries.extend_from_slice(entries);
            match self.runs.last_mut() {
                Some(run) if run.n_entries == entries.len() => run.n_samples += 1,
                _ => self.runs.push(Run { n_entries: entries.len(), n_samples: 1 }),
            }
        }
    }
}
