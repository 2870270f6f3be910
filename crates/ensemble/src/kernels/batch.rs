//! Where a kernel finds the parts of a batch in the words that the host has sent.

use cubecl::prelude::*;

use crate::layout::HEADER;

/// A batch's header, on the device.
#[derive(CubeType, Clone, Copy)]
pub struct Header {
    /// Number of units.
    pub n_units: u32,
    /// Units of features that are alone.
    pub n_lone: u32,
    /// Samples without any active feature.
    pub n_empty: u32,
    /// Where the units' starts begin.
    pub starts: usize,
    /// Where the entries' features begin.
    pub features: usize,
    /// Where the entries' values begin.
    pub values: usize,
    /// Where the features' starts of parts begin.
    pub part_starts: usize,
    /// Where the parts' units begin.
    pub part_units: usize,
    /// Where the parts' weights begin.
    pub part_weights: usize,
}

/// The header of the batch that `cell` has at the step whose headers begin at `at`. The first words
/// are the cells' streams.
#[cube]
pub fn header(words: &[u32], at: u32, cell: usize) -> Header {
    let at = at as usize + words[cell] as usize * HEADER;
    Header {
        n_units: words[at],
        n_lone: words[at + 1],
        n_empty: words[at + 2],
        starts: words[at + 3] as usize,
        features: words[at + 4] as usize,
        values: words[at + 5] as usize,
        part_starts: words[at + 6] as usize,
        part_units: words[at + 7] as usize,
        part_weights: words[at + 8] as usize,
    }
}

/// The number whose bits a word is.
#[cube]
pub fn number(words: &[u32], at: usize) -> f32 {
    f32::reinterpret(words[at])
}
