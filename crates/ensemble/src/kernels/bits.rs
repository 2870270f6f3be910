//! Bits that say where `D` is not zero, by unit and by feature, for the sparse way back.
//!
//! A tile of 128 units by 128 features has four words for each of its units, a bit a feature, and
//! four for each of its features, a bit a unit. In one array: `[cells, units, tiles of features, 4]`
//! and then `[cells, n, tiles of units, 4]`.

#![allow(clippy::cast_possible_truncation, reason = "shifts are below 32")]

use cubecl::prelude::*;

use crate::layout::{HEIGHT, MARKS, ROWS, SIDE, WIDTH};

/// Words that are written at once: a bit for each row or column of a tile.
pub type Words = Vector<u32, Const<4>>;
/// Bits of a word.
pub const BITS: usize = 32;

/// Where the words of a unit begin, in numbers of [`Words`]. `units` are all cells' before it, and
/// it.
#[cube]
pub fn of_unit(units: usize, n: usize) -> usize {
    units * ((n + comptime!(WIDTH - 1)) / WIDTH)
}

/// Where the words of a feature begin, in numbers of [`Words`].
#[cube]
pub fn of_feature(
    n_cells: usize,
    cell: usize,
    feature: usize,
    n: usize,
    n_units_at_most: usize,
) -> usize {
    of_unit(n_cells * n_units_at_most, n) + (cell * n + feature) * (n_units_at_most / HEIGHT)
}

/// From the marks that every thread of a tile has put at its place, a byte a row and a bit a column,
/// the words of a row for the first [`HEIGHT`] threads and those of a column for the others.
#[cube]
pub fn transpose(marks: &Shared<[u32]>) -> Words {
    let thread = UNIT_POS as usize;
    let mut words = Words::new(0u32);
    if thread < HEIGHT {
        let from = thread / ROWS * comptime!(SIDE * MARKS) + thread % ROWS / 4;
        let shift = (thread % 4 * 8) as u32;
        #[unroll]
        for k in 0..SIDE {
            let byte = marks[from + comptime!(k * MARKS)] >> shift;
            let at = comptime!((k % 8 * 4) as u32);
            let (low, high) = comptime!((k / 8, 2 + k / 8));
            words.insert(low, words.extract(low) | ((byte & 15) << at));
            words.insert(high, words.extract(high) | (((byte >> 4) & 15) << at));
        }
    } else {
        let column = thread - HEIGHT;
        let from = column % comptime!(4 * SIDE) / 4 * MARKS;
        let shift = (column / comptime!(4 * SIDE) * 4 + column % 4) as u32;
        #[unroll]
        for k in 0..SIDE {
            let at = from + comptime!(k * SIDE * MARKS);
            let byte = nibble(marks[at], shift) | (nibble(marks[at + 1], shift) << 4);
            let (word, place) = comptime!((k / 4, (k % 4 * 8) as u32));
            words.insert(word, words.extract(word) | (byte << place));
        }
    }
    words
}

/// The bits of `marks` that are `shift` up in each of its bytes, side by side.
#[cube]
fn nibble(marks: u32, shift: u32) -> u32 {
    // Each product of a bit and a power of two has a place of its own.
    (((marks >> shift) & 0x0101_0101) * 0x0102_0408) >> 24 & 15
}
