//! From the gradient `D` of `z` back to hidden vectors and weights: `dh = D W` and `dW = Dᵀ h`.
//!
//! The arguments' shapes are in [`super`].

use cubecl::prelude::*;

use crate::kernels::batch::header;
use crate::kernels::tile::{Along, Factor, Four, SIDE, Tile, product};

/// `dh = D W`, for every cell (`z`), tile of units (`y`) and tile of hidden dimensions (`x`).
#[cube(launch_unchecked)]
#[expect(clippy::too_many_arguments, reason = "what it reads, what it writes, and their sizes")]
pub fn back_to_hidden(
    z_gradient: &[Four],
    weights: &[Four],
    words: &[u32],
    hidden_gradient: &mut [f32],
    headers: u32,
    n_features: u32,
    n_units_at_most: u32,
    row_fours: u32,
    feature_stride: u32,
    #[comptime] tile: Tile,
) {
    let cell = CUBE_POS_Z as usize;
    let n_units = header(words, headers, cell).n_units as usize;
    let first_unit = CUBE_POS_Y as usize * comptime!(tile.height());
    if first_unit < n_units {
        let n = n_features as usize;
        let row_fours = row_fours as usize;
        let stride = feature_stride as usize / 4;
        let units_before = cell * n_units_at_most as usize;
        let first_column = CUBE_POS_X as usize * comptime!(tile.width());
        let mut left = Shared::<[f32]>::new_slice(comptime!(tile.height() * tile.depth));
        let mut right = Shared::<[f32]>::new_slice(comptime!(tile.width() * tile.depth));
        let mut sums = Array::<f32>::new(comptime!(tile.rows * tile.columns));
        let units = Factor { base: units_before * stride, stride, first: first_unit, end: n_units };
        let columns = Factor {
            base: cell * n * row_fours,
            stride: row_fours,
            first: first_column,
            end: row_fours * 4,
        };
        let along = comptime!([Along::Inner, Along::Outer]);
        product(
            z_gradient, &units, weights, &columns, n, &mut left, &mut right, &mut sums, along, tile,
        );
        write(
            &sums,
            hidden_gradient,
            units_before,
            first_unit,
            n_units,
            first_column,
            row_fours * 4,
            tile,
        );
    }
}

/// `dW = Dᵀ h`, for every cell (`z`), tile of features (`y`) and tile of hidden dimensions (`x`).
#[cube(launch_unchecked)]
#[expect(clippy::too_many_arguments, reason = "what it reads, what it writes, and their sizes")]
pub fn back_to_weights(
    z_gradient: &[Four],
    hidden: &[Four],
    words: &[u32],
    weights_gradient: &mut [f32],
    headers: u32,
    n_features: u32,
    n_units_at_most: u32,
    row_fours: u32,
    feature_stride: u32,
    #[comptime] tile: Tile,
) {
    let cell = CUBE_POS_Z as usize;
    let n_units = header(words, headers, cell).n_units as usize;
    let n = n_features as usize;
    let row_fours = row_fours as usize;
    let stride = feature_stride as usize / 4;
    let units_before = cell * n_units_at_most as usize;
    let first_feature = CUBE_POS_Y as usize * comptime!(tile.height());
    let first_column = CUBE_POS_X as usize * comptime!(tile.width());
    let mut left = Shared::<[f32]>::new_slice(comptime!(tile.height() * tile.depth));
    let mut right = Shared::<[f32]>::new_slice(comptime!(tile.width() * tile.depth));
    let mut sums = Array::<f32>::new(comptime!(tile.rows * tile.columns));
    let features =
        Factor { base: units_before * stride, stride, first: first_feature, end: stride * 4 };
    let columns = Factor {
        base: units_before * row_fours,
        stride: row_fours,
        first: first_column,
        end: row_fours * 4,
    };
    let along = comptime!([Along::Outer, Along::Outer]);
    product(
        z_gradient, &features, hidden, &columns, n_units, &mut left, &mut right, &mut sums, along,
        tile,
    );
    write(&sums, weights_gradient, cell * n, first_feature, n, first_column, row_fours * 4, tile);
}

/// Writes a thread's numbers of a tile into a matrix of rows of `width` numbers, `rows_before` of
/// which are other cells'.
#[cube]
#[expect(clippy::too_many_arguments, reason = "a corner and two limits")]
fn write(
    sums: &Array<f32>,
    output: &mut [f32],
    rows_before: usize,
    first_row: usize,
    end_row: usize,
    first_column: usize,
    width: usize,
    #[comptime] tile: Tile,
) {
    #[unroll]
    for r in 0..comptime!(tile.rows) {
        let row = first_row + UNIT_POS as usize / SIDE * comptime!(tile.rows) + r;
        if row < end_row {
            #[unroll]
            for c in 0..comptime!(tile.columns) {
                let column = first_column + UNIT_POS as usize % SIDE + c * SIDE;
                if column < width {
                    output[(rows_before + row) * width + column] =
                        sums[comptime!(r * tile.columns + c)];
                }
            }
        }
    }
}
