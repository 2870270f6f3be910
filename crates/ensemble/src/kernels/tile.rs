//! A tile of a matrix product: what every kernel with a product in it is made of.
//!
//! A cube of [`THREADS`] threads makes a tile of `16·rows × 16·columns` numbers, `rows × columns` of
//! them in the registers of each thread. It walks along the inner dimension in steps of `depth`: both
//! factors' next piece is put into shared memory, inner index by inner index, and multiplied from
//! there.

use cubecl::prelude::*;

/// Threads in a cube: 16 × 16.
pub const THREADS: u32 = 256;
/// Threads along each side of a tile.
pub const SIDE: usize = 16;
/// Numbers that are read from memory at once.
pub type Four = Vector<f32, Const<4>>;

/// The size of a tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tile {
    /// Rows of a thread.
    pub rows: usize,
    /// Columns of a thread.
    pub columns: usize,
    /// Inner indices in shared memory at once; a multiple of four.
    pub depth: usize,
}

impl Tile {
    /// Rows of the tile.
    pub fn height(&self) -> usize {
        self.rows * SIDE
    }

    /// Columns of the tile.
    pub fn width(&self) -> usize {
        self.columns * SIDE
    }
}

/// Puts a piece of a factor into shared memory whose inner index runs along its rows, that is, of
/// which four neighbours in memory are four inner indices: `count` outer indices from `outer`, of
/// which those from `outer_end` on are zero, and `depth` inner ones from `inner`, zero from
/// `inner_end` on. `base` and `stride` are in numbers of [`Four`], as are `inner` and `inner_end`.
#[cube]
#[expect(clippy::too_many_arguments, reason = "a corner, two limits and two sizes")]
pub fn stage_along(
    source: &[Four],
    stage: &mut Shared<[f32]>,
    base: usize,
    stride: usize,
    outer: usize,
    outer_end: usize,
    inner: usize,
    inner_end: usize,
    #[comptime] count: usize,
    #[comptime] depth: usize,
) {
    let fours = comptime!(depth / 4);
    let pieces = comptime!(count * fours);
    let mut piece = UNIT_POS as usize;
    while piece < pieces {
        let row = piece / fours;
        let at = piece % fours;
        let mut four = Four::new(0.0f32);
        if outer + row < outer_end && inner + at < inner_end {
            four = source[base + (outer + row) * stride + inner + at];
        }
        #[unroll]
        for i in 0..4usize {
            stage[(at * 4 + i) * count + row] = four.extract(i);
        }
        piece += THREADS as usize;
    }
}

/// As [`stage_along`], for a factor of which four neighbours in memory are four outer indices:
/// here `outer` and `outer_end` are in numbers of [`Four`], `inner` and `inner_end` are not.
#[cube]
#[expect(clippy::too_many_arguments, reason = "a corner, two limits and two sizes")]
pub fn stage_across(
    source: &[Four],
    stage: &mut Shared<[f32]>,
    base: usize,
    stride: usize,
    outer: usize,
    outer_end: usize,
    inner: usize,
    inner_end: usize,
    #[comptime] count: usize,
    #[comptime] depth: usize,
) {
    let fours = comptime!(count / 4);
    let pieces = comptime!(depth * fours);
    let mut piece = UNIT_POS as usize;
    while piece < pieces {
        let row = piece / fours;
        let at = piece % fours;
        let mut four = Four::new(0.0f32);
        if outer + at < outer_end && inner + row < inner_end {
            four = source[base + (inner + row) * stride + outer + at];
        }
        #[unroll]
        for i in 0..4usize {
            stage[row * count + at * 4 + i] = four.extract(i);
        }
        piece += THREADS as usize;
    }
}

/// Adds the product of two staged pieces to the thread's numbers, row by row. A thread's rows are
/// neighbours; its columns are [`SIDE`] apart.
#[cube]
pub fn multiply(
    sums: &mut Array<f32>,
    left: &Shared<[f32]>,
    right: &Shared<[f32]>,
    #[comptime] tile: Tile,
) {
    let height = comptime!(tile.height());
    let width = comptime!(tile.width());
    let first_row = UNIT_POS as usize / SIDE * comptime!(tile.rows);
    let first_column = UNIT_POS as usize % SIDE;
    let mut a = Array::<f32>::new(comptime!(tile.rows));
    let mut b = Array::<f32>::new(comptime!(tile.columns));
    #[unroll]
    for k in 0..comptime!(tile.depth) {
        #[unroll]
        for row in 0..comptime!(tile.rows) {
            a[row] = left[k * height + first_row + row];
        }
        #[unroll]
        for column in 0..comptime!(tile.columns) {
            b[column] = right[k * width + first_column + column * SIDE];
        }
        #[unroll]
        for row in 0..comptime!(tile.rows) {
            #[unroll]
            for column in 0..comptime!(tile.columns) {
                let at = comptime!(row * tile.columns + column);
                sums[at] = fma(a[row], b[column], sums[at]);
            }
        }
    }
}
