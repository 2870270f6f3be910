//! A tile of a matrix product: what every kernel with a product in it is made of.
//!
//! A cube of 256 threads makes a tile of `16·rows × 16·columns` numbers, `rows × columns`
//! of them in the registers of each thread. It walks along the inner dimension in steps of `depth`:
//! both factors' next piece is put into shared memory, inner index by inner index, and multiplied
//! from there, four numbers at a time. While a piece is multiplied, the one after it is under way
//! from memory to registers: a block of 4 × 4 numbers in each thread that has one.

use cubecl::prelude::*;

use crate::layout::{HEIGHT, ROWS, SIDE, Tile};

/// Numbers that are read from memory at once.
pub type Four = Vector<f32, Const<4>>;

/// Where a factor of a product lies in an array, and which part of it is wanted.
#[derive(CubeType, Clone, Copy)]
pub struct Factor {
    /// Where it begins, in numbers of [`Four`].
    pub base: usize,
    /// From a row to the next, in numbers of [`Four`].
    pub stride: usize,
    /// The first outer index that is wanted.
    pub first: usize,
    /// The end of the outer indices; from there on there are only zeros.
    pub end: usize,
}

/// The inner indices that are summed over; the first is a multiple of four.
#[derive(CubeType, Clone, Copy)]
pub struct Inner {
    /// The first.
    pub first: usize,
    /// Their end; from there on there are only zeros.
    pub end: usize,
}

/// Which index of a factor runs along its rows in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Along {
    /// The one that is summed over.
    Inner,
    /// The one that is the product's own.
    Outer,
}

/// The column of the tile that a thread has as its own number `c`: groups of four, as far apart as
/// the threads of a row have columns together.
#[cube]
pub fn column(#[comptime] c: usize) -> usize {
    UNIT_POS as usize % SIDE * 4 + comptime!(c / 4 * 4 * SIDE + c % 4)
}

/// The first of a thread's rows in the tile, which are neighbours.
#[cube]
pub fn first_row() -> usize {
    UNIT_POS as usize / SIDE * ROWS
}

/// The tile of a product over the inner indices, added to the thread's numbers in `sums`, row by row.
#[cube]
#[expect(clippy::too_many_arguments, reason = "two factors, and where they are put")]
pub fn product(
    left_source: &[Four],
    left: &Factor,
    right_source: &[Four],
    right: &Factor,
    indices: &Inner,
    left_stage: &mut [Four],
    right_stage: &mut [Four],
    sums: &mut Array<f32>,
    #[comptime] along: [Along; 2],
    #[comptime] tile: Tile,
) {
    let end = indices.end;
    let mut block = Array::<Four>::new(4usize);
    let mut inner = indices.first;
    fetch_own(left_source, left, right_source, right, inner, end, &mut block, along, tile);
    while inner < end {
        let (of_left, of_right, place) = share(tile);
        if of_left {
            put(&block, left_stage, place, along[0], HEIGHT, tile.depth);
        } else if of_right {
            put(&block, right_stage, place, along[1], comptime!(tile.width()), tile.depth);
        }
        sync_cube();
        inner += comptime!(tile.depth);
        if inner < end {
            fetch_own(left_source, left, right_source, right, inner, end, &mut block, along, tile);
        }
        multiply(sums, &*left_stage, &*right_stage, tile);
        sync_cube();
    }
}

/// Whether a thread has a block of the left factor, or one of the right, and which.
#[cube]
fn share(#[comptime] tile: Tile) -> (bool, bool, usize) {
    let left_blocks = comptime!(HEIGHT / 4 * tile.depth / 4);
    let right_blocks = comptime!(tile.width() / 4 * tile.depth / 4);
    let thread = UNIT_POS as usize;
    let of_left = thread < left_blocks;
    let of_right = !of_left && thread < left_blocks + right_blocks;
    (of_left, of_right, select(of_left, thread, thread - left_blocks))
}

/// The block of either factor that a thread has of the piece that begins at `inner`.
#[cube]
#[expect(clippy::too_many_arguments, reason = "two factors, and which part of them")]
fn fetch_own(
    left_source: &[Four],
    left: &Factor,
    right_source: &[Four],
    right: &Factor,
    inner: usize,
    end: usize,
    block: &mut Array<Four>,
    #[comptime] along: [Along; 2],
    #[comptime] tile: Tile,
) {
    let (of_left, of_right, place) = share(tile);
    if of_left {
        fetch(left_source, left, place, inner, end, block, along[0], tile.depth);
    } else if of_right {
        fetch(right_source, right, place, inner, end, block, along[1], tile.depth);
    }
}

/// Which four inner indices, and which four outer ones, a thread has of a piece of `depth` inner
/// indices. Eight neighbouring threads have the same inner ones, so that what they put into shared
/// memory at once lies side by side, and all that have the same outer ones read whole lines.
#[cube]
fn place(thread: usize, #[comptime] depth: usize) -> (usize, usize) {
    let inner = thread / 8 % comptime!(depth / 4);
    let outer = thread % 8 + thread / comptime!(2 * depth) * 8;
    (inner * 4, outer)
}

/// A thread's block of the piece that begins at `inner`, row by row as it lies in memory. Rows in
/// memory are whole numbers of [`Four`], with zeros behind their end.
#[cube]
#[expect(clippy::too_many_arguments, reason = "a factor, and which part of it")]
fn fetch(
    source: &[Four],
    factor: &Factor,
    thread: usize,
    inner: usize,
    inner_end: usize,
    block: &mut Array<Four>,
    #[comptime] along: Along,
    #[comptime] depth: usize,
) {
    let (inner_at, outer_fours) = place(thread, depth);
    let inner = inner + inner_at;
    let outer = factor.first + outer_fours * 4;
    #[unroll]
    for i in 0..4usize {
        block[i] = Four::new(0.0f32);
        if comptime!(along == Along::Inner) {
            if outer + i < factor.end && inner < inner_end {
                block[i] = source[factor.base + (outer + i) * factor.stride + inner / 4];
            }
        } else {
            if outer < factor.end && inner + i < inner_end {
                block[i] = source[factor.base + (inner + i) * factor.stride + outer / 4];
            }
        }
    }
}

/// Puts a thread's block into shared memory, `count` outer numbers by inner index.
#[cube]
fn put(
    block: &Array<Four>,
    stage: &mut [Four],
    thread: usize,
    #[comptime] along: Along,
    #[comptime] count: usize,
    #[comptime] depth: usize,
) {
    let (inner, outer_fours) = place(thread, depth);
    #[unroll]
    for i in 0..4usize {
        let mut four = block[i];
        if comptime!(along == Along::Inner) {
            #[unroll]
            for j in 0..4usize {
                four.insert(j, block[j].extract(i));
            }
        }
        stage[(inner + i) * comptime!(count / 4) + outer_fours] = four;
    }
}

/// Inner indices whose multiplications are written out one after the other: more make a kernel that
/// drivers compile slowly.
const UNROLLED: usize = 4;

/// Adds the product of what is in shared memory to the thread's numbers.
#[cube]
fn multiply(sums: &mut Array<f32>, left: &[Four], right: &[Four], #[comptime] tile: Tile) {
    let groups = comptime!(tile.columns / 4);
    let row = UNIT_POS as usize / SIDE * comptime!(ROWS / 4);
    let thread = UNIT_POS as usize % SIDE;
    let mut a = Array::<Four>::new(comptime!(ROWS / 4));
    let mut b = Array::<Four>::new(groups);
    for round in 0..comptime!(tile.depth / UNROLLED) {
        #[unroll]
        for of_round in 0..UNROLLED {
            let k = round * UNROLLED + of_round;
            #[unroll]
            for i in 0..comptime!(ROWS / 4) {
                a[i] = left[k * comptime!(HEIGHT / 4) + row + i];
            }
            #[unroll]
            for group in 0..groups {
                b[group] = right[k * comptime!(tile.width() / 4) + thread + group * SIDE];
            }
            #[unroll]
            for r in 0..ROWS {
                #[unroll]
                for c in 0..comptime!(tile.columns) {
                    let at = comptime!(r * tile.columns + c);
                    let (of_row, of_column) = (a[comptime!(r / 4)], b[comptime!(c / 4)]);
                    sums[at] = fma(
                        of_row.extract(comptime!(r % 4)),
                        of_column.extract(comptime!(c % 4)),
                        sums[at],
                    );
                }
            }
        }
    }
}
