//! From the gradient `D` of `z` back to hidden vectors and weights: `dh = D W` and `dW = Dᵀ h`.
//!
//! On the dense way both are products, [`dense`]. On the sparse way `dh` is summed up from the rows
//! of `W` whose answers are not zero, [`sparse`], and `dW` likewise at the update. The arguments'
//! shapes are in [`super`].

use cubecl::prelude::*;

use crate::kernels::batch::header;
use crate::kernels::bits::{BITS, of_unit};
use crate::kernels::features::is_dense;
use crate::kernels::tile::{Along, Factor, Four, Inner, column, first_row, product};
use crate::layout::{HEIGHT, ROWS, SHARERS, THREADS, Tile, WIDTH};

/// For every cell (`z`) that goes the dense way and tile of hidden dimensions (`x`): first `dh`, for
/// each of `parts` parts of the features and tile of units (`y`), and then `dW`, for each tile of
/// features (`y`).
#[cube(launch_unchecked)]
#[expect(clippy::too_many_arguments, reason = "what it reads, what it writes, and their sizes")]
pub fn dense(
    z_gradient: &[Four],
    features: &[f32],
    words: &[u32],
    weights: &mut [Four],
    hidden: &mut [Four],
    headers: u32,
    n_features: u32,
    n_units_at_most: u32,
    row_fours: u32,
    stride_fours: u32,
    #[comptime] tile: Tile,
    #[comptime] parts: usize,
) {
    let cell = CUBE_POS_Z as usize;
    let n_cells = CUBE_COUNT_Z as usize;
    let n = n_features as usize;
    if is_dense(features, n_cells, cell, n) {
        let n_units = header(words, headers, cell).n_units as usize;
        let row_fours = row_fours as usize;
        let stride = stride_fours as usize;
        let units_at_most = n_units_at_most as usize;
        let units_before = cell * units_at_most;
        let first_column = CUBE_POS_X as usize * comptime!(tile.width());
        let mut left = Shared::<[Four]>::new_slice(comptime!(HEIGHT * tile.depth / 4));
        let mut right = Shared::<[Four]>::new_slice(comptime!(tile.width() * tile.depth / 4));
        let mut sums = Array::<f32>::new(comptime!(ROWS * tile.columns));
        let unit_tiles = units_at_most / HEIGHT;
        let y = CUBE_POS_Y as usize;
        if y < unit_tiles * parts {
            let first_unit = y % unit_tiles * HEIGHT;
            let part = y / unit_tiles;
            if first_unit < n_units {
                let span = (n + comptime!(parts * tile.depth - 1)) / comptime!(parts * tile.depth)
                    * comptime!(tile.depth);
                let first = part * span;
                let units =
                    Factor { base: units_before * stride, stride, first: first_unit, end: n_units };
                let columns = Factor {
                    base: cell * n * row_fours,
                    stride: row_fours,
                    first: first_column,
                    end: row_fours * 4,
                };
                let along = comptime!([Along::Inner, Along::Outer]);
                product(
                    z_gradient,
                    &units,
                    &*weights,
                    &columns,
                    &Inner { first, end: min(first + span, n) },
                    &mut left,
                    &mut right,
                    &mut sums,
                    along,
                    tile,
                );
                // The first part of this array is `h`.
                let rows_before = (1 + part) * n_cells * units_at_most + units_before;
                write(
                    &sums,
                    hidden,
                    rows_before,
                    first_unit,
                    n_units,
                    first_column,
                    row_fours,
                    tile,
                );
            }
        } else {
            let first_feature = (y - unit_tiles * parts) * HEIGHT;
            let of_features = Factor {
                base: units_before * stride,
                stride,
                first: first_feature,
                end: stride * 4,
            };
            let columns = Factor {
                base: units_before * row_fours,
                stride: row_fours,
                first: first_column,
                end: row_fours * 4,
            };
            let along = comptime!([Along::Outer, Along::Outer]);
            product(
                z_gradient,
                &of_features,
                &*hidden,
                &columns,
                &Inner { first: 0usize, end: n_units },
                &mut left,
                &mut right,
                &mut sums,
                along,
                tile,
            );
            // The first part of this array is `W`.
            let rows_before = (n_cells + cell) * n;
            write(&sums, weights, rows_before, first_feature, n, first_column, row_fours, tile);
        }
    }
}

/// Writes a thread's numbers of a tile into a matrix of rows of `row_fours`, `rows_before` of which
/// are others'.
#[cube]
#[expect(clippy::too_many_arguments, reason = "a corner and two limits")]
fn write(
    sums: &Array<f32>,
    output: &mut [Four],
    rows_before: usize,
    first_row_of_tile: usize,
    end_row: usize,
    first_column: usize,
    row_fours: usize,
    #[comptime] tile: Tile,
) {
    #[unroll]
    for r in 0..ROWS {
        let row = first_row_of_tile + first_row() + r;
        if row < end_row {
            #[unroll]
            for group in 0..comptime!(tile.columns / 4) {
                let at = (first_column + column(comptime!(group * 4))) / 4;
                if at < row_fours {
                    let mut four = Four::new(0.0f32);
                    #[unroll]
                    for c in 0..4usize {
                        four.insert(c, sums[comptime!(r * tile.columns + group * 4 + c)]);
                    }
                    output[(rows_before + row) * row_fours + at] = four;
                }
            }
        }
    }
}

/// For every cell (`z`) that goes the sparse way, `lanes` fours of hidden dimensions (`y`) and unit
/// (`x`, as many to a cube as there are threads along that axis): `dh`.
#[cube(launch_unchecked)]
#[expect(clippy::too_many_arguments, reason = "what it reads, what it writes, and their sizes")]
pub fn sparse(
    z_gradient: &[f32],
    features: &[f32],
    words: &[u32],
    weights: &[Four],
    marks: &[u32],
    hidden: &mut [Four],
    headers: u32,
    n_features: u32,
    n_units_at_most: u32,
    row_fours: u32,
    stride_fours: u32,
    #[comptime] lanes: u32,
) {
    let cell = CUBE_POS_Z as usize;
    let n_cells = CUBE_COUNT_Z as usize;
    let n = n_features as usize;
    if !is_dense(features, n_cells, cell, n) {
        let n_units = header(words, headers, cell).n_units as usize;
        let units = comptime!((THREADS / (lanes * SHARERS)) as usize);
        let row_fours = row_fours as usize;
        let unit = CUBE_POS_X as usize * units + UNIT_POS_Z as usize;
        let lane = CUBE_POS_Y as usize * comptime!(lanes as usize) + UNIT_POS_X as usize;
        let units_before = cell * n_units_at_most as usize;
        let mut sum = Four::new(0.0f32);
        if unit < n_units && lane < row_fours {
            let answers = Answers {
                marks: of_unit(units_before + unit, n) * 4,
                n_words: (n + comptime!(WIDTH - 1)) / WIDTH * 4,
                d: (units_before + unit) * stride_fours as usize * 4,
                d_stride: 1usize,
                row: cell * n * row_fours + lane,
                row_fours,
            };
            sum = add_answers(sum, &answers, z_gradient, marks, weights);
        }
        let mut shared = Shared::<[Four]>::new_slice(comptime!(THREADS as usize));
        let sum = sum_sharers(&mut shared, sum, lanes);
        if UNIT_POS_Y == 0 && unit < n_units && lane < row_fours {
            let row = n_cells * n_units_at_most as usize + units_before + unit;
            hidden[row * row_fours + lane] = sum;
        }
    }
}

/// Where the answers of a unit, or those to a feature, are, and what each is multiplied by.
#[derive(CubeType, Clone, Copy)]
pub struct Answers {
    /// The first word of marks.
    pub marks: usize,
    /// Words of marks.
    pub n_words: usize,
    /// Where the first number of `D` is that they tell of.
    pub d: usize,
    /// From a number of `D` to the next.
    pub d_stride: usize,
    /// Where a thread's four of the first row are: one for each number of `D`.
    pub row: usize,
    /// From a row to the next.
    pub row_fours: usize,
}

/// `Σ e row` over the answers that are not zero, of a thread's share of the words, added to `sum`.
#[cube]
pub fn add_answers(
    sum: Four,
    answers: &Answers,
    z_gradient: &[f32],
    marks: &[u32],
    rows: &[Four],
) -> Four {
    let mut sum = sum;
    let mut word = UNIT_POS_Y as usize;
    while word < answers.n_words {
        let mut left = marks[answers.marks + word];
        while left != 0u32 {
            let at = word * BITS + left.trailing_zeros() as usize;
            left &= left - 1;
            let e = z_gradient[answers.d + at * answers.d_stride];
            sum = fma(Four::new(e), rows[answers.row + at * answers.row_fours], sum);
        }
        word += comptime!(SHARERS as usize);
    }
    sum
}

/// The sum of what the threads that share it have, for the first of them, in their order.
#[cube]
pub fn sum_sharers(shared: &mut Shared<[Four]>, own: Four, #[comptime] lanes: u32) -> Four {
    shared[UNIT_POS as usize] = own;
    sync_cube();
    let mut sum = own;
    if UNIT_POS_Y == 0 {
        #[unroll]
        for sharer in 1..comptime!(SHARERS as usize) {
            sum += shared[UNIT_POS as usize + comptime!(sharer * lanes as usize)];
        }
    }
    sum
}
