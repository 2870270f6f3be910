//! The batches of some steps, for every stream, as the words that the device gets.

use superpose_toy::grouped::GroupedBatch;
use superpose_toy::sampler::{Sampler, Stream};

use crate::layout::{COUNTS, HEADER};
use crate::units::Units;
use crate::word;

/// Draws a stream's batches as units.
#[derive(Debug, Clone)]
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

/// Some of a chunk's batches, packed by themselves. All batches of a chunk are counted stream by stream,
/// and in each step by step.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    /// The number of the first.
    first: usize,
    headers: Vec<u32>,
    words: Vec<u32>,
}

impl Piece {
    /// None yet; the first will be number `first`.
    pub fn from(first: usize) -> Self {
        Self { first, headers: Vec::new(), words: Vec::new() }
    }

    /// Takes in the next batch.
    ///
    /// # Panics
    /// When there are more words than 32 bits can count.
    pub fn push(&mut self, units: &Units) {
        let Self { headers, words, .. } = self;
        headers.extend([word(units.n_units()), units.n_lone, units.n_empty]);
        let mut append = |array: &[u32]| {
            headers.push(word(words.len()));
            words.extend_from_slice(array);
        };
        append(&units.starts);
        append(&units.features);
        append(&bits(&units.values));
        append(&units.part_starts);
        append(&units.part_units);
        append(&bits(&units.part_weights));
    }
}

/// The bits of numbers.
fn bits(numbers: &[f32]) -> Vec<u32> {
    numbers.iter().map(|number| number.to_bits()).collect()
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
    /// Puts the `pieces` of a chunk of batches of `n_streams` streams together, for cells that have them by
    /// `of_cells`.
    ///
    /// # Panics
    /// When there are more words than 32 bits can count.
    pub fn pack(pieces: &[Piece], n_streams: usize, of_cells: &[u32]) -> Self {
        let n_cells = of_cells.len();
        let all_headers: usize = pieces.iter().map(|piece| piece.headers.len()).sum();
        let all_words: usize = pieces.iter().map(|piece| piece.words.len()).sum();
        let n_steps = all_headers / (HEADER * n_streams);
        let mut words = Vec::with_capacity(n_cells + all_headers + all_words);
        words.extend_from_slice(of_cells);
        words.resize(n_cells + all_headers, 0);
        let mut units_of_stream = vec![0_usize; n_streams];
        let mut most_units = 0;
        for piece in pieces {
            let base = word(words.len());
            for (batch, header) in (piece.first..).zip(piece.headers.chunks(HEADER)) {
                let (stream, step) = (batch / n_steps, batch % n_steps);
                let n_units = header[0] as usize;
                most_units = most_units.max(n_units);
                units_of_stream[stream] += n_units;
                let at = n_cells + (step * n_streams + stream) * HEADER;
                words[at..at + COUNTS].copy_from_slice(&header[..COUNTS]);
                for (to, place) in words[at + COUNTS..].iter_mut().zip(&header[COUNTS..]) {
                    *to = base + place;
                }
            }
            words.extend_from_slice(&piece.words);
        }
        word(words.len());
        let all_units = of_cells.iter().map(|&stream| units_of_stream[stream as usize]).sum();
        Self { words, n_cells, n_steps, n_streams, most_units, all_units }
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
    fn headers_point_to_what_was_packed_however_it_was_divided() {
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
        // Two steps of two streams.
        let piece = |first: usize, numbers: &[u32]| {
            let mut piece = Piece::from(first);
            numbers.iter().for_each(|&n| piece.push(&units(n)));
            piece
        };
        let whole = vec![piece(0, &[1, 2, 3, 4])];
        for pieces in [whole, vec![piece(0, &[1, 2, 3]), piece(3, &[]), piece(3, &[4])]] {
            let batches = Batches::pack(&pieces, 2, &[0, 1, 1]);
            assert_eq!(batches.words[..3], [0, 1, 1]);
            assert_eq!((batches.n_steps, batches.n_streams, batches.most_units), (2, 2, 2));
            // Two steps of three cells.
            assert_eq!(batches.all_units, 12);
            for (step, stream, n) in [(0, 0, 1), (1, 0, 2), (0, 1, 3), (1, 1, 4)] {
                let header =
                    &batches.words[batches.headers(step) as usize + stream * HEADER..][..HEADER];
                assert_eq!(header[..3], [2, n, 10 + n]);
                let array =
                    |i: usize, length: usize| &batches.words[header[i] as usize..][..length];
                assert_eq!(array(3, 3), [0, 1, 1 + n]);
                assert_eq!(array(4, 2), [7, 8]);
                assert_eq!(array(5, 2), [0.5_f32.to_bits(), 1.5_f32.to_bits()]);
                assert_eq!(array(6, 2), [0, 2]);
                assert_eq!(array(7, 2), [0, 1]);
                assert_eq!(array(8, 2), [1.0_f32.to_bits(), 2.5_f32.to_bits()]);
            }
        }
    }
}
