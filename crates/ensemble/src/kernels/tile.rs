//! A tile of a matrix product: what every kernel with a product in it is made of.
//!
//! A cube of [`THREADS`] threads makes a tile of `16·rows × 16·columns` numbers, `rows × columns`
//! of them in the registers of each thread. It walks along the inner dimension in steps of `depth`:
//! both factors' next piece is put into shared memory, inner index by inner index, and multiplied
//! from there.

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

/// Which index of a factor runs along its rows in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Along {
    /// The one that is summed over.
    Inner,
    /// The one that is the product's own.
    Outer,
}

/// The tile of a product over the inner indices up to `inner_end`, added to the thread's numbers in
/// `sums`, row by row. A thread's rows are neighbours; its columns are [`SIDE`] apart.
#[cube]
#[expect(clippy::too_many_arguments, reason = "two factors, and where they are put")]
pub fn product(
    left_source: &[Four],
    left: &Factor,
    right_source: &[Four],
    right: &Factor,
    inner_end: usize,
    left_stage: &mut [f32],
    right_stage: &mut [f32],
    sums: &mut Array<f32>,
    #[comptime] along: [Along; 2],
    #[comptime] tile: Tile,
) {
    let depth = comptime!(tile.depth);
    let mut inner = 0usize;
    while inner < inner_end {
        let (height, width) = comptime!((tile.height(), tile.width()));
        stage(left_source, left, inner, inner_end, left_stage, along[0], height, depth);
        stage(right_source, right, inner, inner_end, right_stage, along[1], width, depth);
        sync_cube();
        multiply(sums, &*left_stage, &*right_stage, tile);
        sync_cube();
        inner += depth;
    }
}

/// Puts `count` outer by `depth` inner indices, from `inner` on, into shared memory, inner index by
/// inner index. Rows in memory are whole numbers of [`Four`], with zeros behind their end.
#[cube]
#[expect(clippy::too_many_arguments, reason = "a factor, and where it is put")]
fn stage(
    source: &[Four],
    factor: &Factor,
    inner: usize,
    inner_end: usize,
    stage: &mut [f32],
    #[comptime] along: Along,
    #[comptime] count: usize,
    #[comptime] depth: usize,
) {
    let fours = comptime!(if along == Along::Inner { depth / 4 } else { count / 4 });
    let pieces = comptime!(count * depth / 4);
    let mut piece = UNIT_POS as usize;
    while piece < pieces {
        let row = piece / fours;
        let column = piece % fours * 4;
        let mut four = Four::new(0.0f32);
        if comptime!(along == Along::Inner) {
            let outer = factor.first + row;
            if outer < factor.end && inner + column < inner_end {
                four = source[factor.base + outer * factor.stride + (inner + column) / 4];
            }
            #[unroll]
            for i in 0..4usize {
                stage[(column + i) * count + row] = four.extract(i);
            }
        } else {
            let outer = factor.first + column;
            if outer < factor.end && inner + row < inner_end {
                four = source[factor.base + (inner + row) * factor.stride + outer / 4];
            }
            #[unroll]
            for i in 0..4usize {
                stage[row * count + column + i] = four.extract(i);
            }
        }
        piece += THREADS as usize;
    }
}

/// Adds the product of what is in shared memory to the thread's numbers.
#[cube]
fn multiply(sums: &mut Array<f32>, left: &[f32], right: &[f32], #[comptime] tile: Tile) {
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
