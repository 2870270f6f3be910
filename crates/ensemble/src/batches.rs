//! The batches of some steps, for every stream, as the words that the device gets.

use superpose_toy::grouped::GroupedBatch;
use superpose_toy::sampler::{Sampler, Stream};

use crate::kernels::batch::HEADER;
use crate::units::Units;
use crate::word;

/// Draws a stream's batches as units.
#[derive(Debug)]
pub struct Drawer {
    sampler: Sampler,
    batch_size: usize,
    n_features: usize,
    grouped: GroupedBatch,
}

impl Drawer {
    /// Draws what `sampler` draws, in batches of `batch_size` samples of `n_features` features.
    pub fn new(sampler: Sampler, batch_size: usize, n_features: usize) -> Self {
        Self { sampler, batch_size, n_features, grouped: GroupedBatch::default() }
    }

    /// The units of the batch that belongs to `step` (from 0) of `stream`.
    pub fn units(&mut self, stream: Stream, step: u64) -> Units {
        let batch = self.sampler.batch(stream, step);
        self.grouped.arrange(&batch, self.batch_size, self.n_features);
        Units::of(&self.grouped, self.n_features)
    }
}

/// Batches by step and stream, packed.
#[derive(Debug, Clone, PartialEq)]
pub struct Batches {
    /// The stream of each cell; headers, step by step and in each stream by stream; and the arrays
    /// they point to.
    pub words: Vec<u32>,
    /// Number of cells.
    pub n_cells: usize,
    /// Number of steps.
    pub n_steps: usize,
    /// Number of streams.
    pub n_streams: usize,
    /// The most units that a batch has.
    pub most_units: usize,
    /// Units of all cells and steps together.
    pub all_units: usize,
}

impl Batches {
    /// Packs the units of every stream's batches, step by step, for cells that have them by
    /// `of_cells`.
    ///
    /// # Panics
    /// When there is no stream, when streams differ in their number of steps, or when there are
    /// more words than 32 bits can count.
    pub fn pack(streams: &[Vec<Units>], of_cells: &[u32]) -> Self {
        let n_steps = streams[0].len();
        let n_cells = of_cells.len();
        let mut words = of_cells.to_vec();
        words.resize(n_cells + n_steps * streams.len() * HEADER, 0);
        let (mut most_units, mut all_units) = (0, 0);
        for step in 0..n_steps {
            for (stream, units) in streams.iter().enumerate() {
                let at = n_cells + (step * streams.len() + stream) * HEADER;
                let units = &units[step];
                most_units = most_units.max(units.n_units());
                let counts = [word(units.n_units()), units.n_lone, units.n_empty];
                words[at..at + 3].copy_from_slice(&counts);
                let mut next = at + 3;
                let mut append = |array: &mut dyn Iterator<Item = u32>| {
                    words[next] = word(words.len());
                    words.extend(array);
                    next += 1;
                };
                append(&mut units.starts.iter().copied());
                append(&mut units.features.iter().copied());
                append(&mut units.values.iter().map(|value| value.to_bits()));
                append(&mut units.part_starts.iter().copied());
                append(&mut units.part_units.iter().copied());
                append(&mut units.part_weights.iter().map(|weight| weight.to_bits()));
            }
        }
        for &stream in of_cells {
            all_units += streams[stream as usize].iter().map(Units::n_units).sum::<usize>();
        }
        Self { words, n_cells, n_steps, n_streams: streams.len(), most_units, all_units }
    }

    /// Where the headers of a step begin.
    pub fn headers(&self, step: usize) -> u32 {
        word(self.n_cells + step * self.n_streams * HEADER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_point_to_what_was_packed() {
        let units = |n: u32| Units {
            n_lone: n,
            n_empty: 10 + n,
            starts: vec![0, 1, 1 + n],
            features: vec![7, 8],
            values: vec![0.5, 1.5],
            part_starts: vec![0, 2],
            part_units: vec![0, 1],
            part_weights: vec![1.0, 2.5],
        };
        let streams = [vec![units(1), units(2)], vec![units(3), units(4)]];
        let batches = Batches::pack(&streams, &[0, 1, 1]);
        assert_eq!(batches.words[..3], [0, 1, 1]);
        assert_eq!((batches.n_steps, batches.n_streams, batches.most_units), (2, 2, 2));
        // Two steps of three cells.
        assert_eq!(batches.all_units, 12);
        for (step, stream, n) in [(0, 0, 1), (1, 0, 2), (0, 1, 3), (1, 1, 4)] {
            let header =
                &batches.words[batches.headers(step) as usize + stream * HEADER..][..HEADER];
            assert_eq!(header[..3], [2, n, 10 + n]);
            let array = |i: usize, length: usize| &batches.words[header[i] as usize..][..length];
            assert_eq!(array(3, 3), [0, 1, 1 + n]);
            assert_eq!(array(4, 2), [7, 8]);
            assert_eq!(array(5, 2), [0.5_f32.to_bits(), 1.5_f32.to_bits()]);
            assert_eq!(array(6, 2), [0, 2]);
            assert_eq!(array(7, 2), [0, 1]);
            assert_eq!(array(8, 2), [1.0_f32.to_bits(), 2.5_f32.to_bits()]);
        }
    }
}
