//! `z = h Wᵀ`, and from it the squared errors, the gradient `D` of `z` and that of the biases.
//!
//! Each unit's samples respond with `y = ReLU(v z + b)` at each feature, `v` being the sample's
//! value for a lone unit and one for another. With `g = I (y − x)·1[y > 0]` and sums over the unit's
//! samples, `D = Σ v g`, and `Σ g` goes to the bias; the importance `I` is multiplied once a sum, and
//! the trained loss's factor comes in at the update. The arguments' shapes are in [`super`].

use cubecl::prelude::*;

use crate::kernels::batch::{header, number};
use crate::kernels::tile::{Along, Factor, Four, SIDE, THREADS, Tile, product};

/// For every cell (`z`), tile of units (`y`) and tile of features (`x`): `D`, and for each feature
/// the sum over the tile's units of the squared errors and, in the second half of `sums`, of `g`.
/// Only the errors unless `backward`.
#[cube(launch_unchecked)]
#[expect(clippy::too_many_arguments, reason = "what it reads, what it writes, and their sizes")]
pub fn respond(
    hidden: &[Four],
    weights: &[Four],
    biases: &[f32],
    importance: &[f32],
    words: &[u32],
    z_gradient: &mut [f32],
    sums: &mut [f32],
    headers: u32,
    n_features: u32,
    n_units_at_most: u32,
    row_fours: u32,
    feature_stride: u32,
    #[comptime] tile: Tile,
    #[comptime] backward: bool,
) {
    let cell = CUBE_POS_Z as usize;
    let batch = header(words, headers, cell);
    let n_units = batch.n_units as usize;
    let first_unit = CUBE_POS_Y as usize * comptime!(tile.height());
    if first_unit < n_units {
        let n = n_features as usize;
        let row_fours = row_fours as usize;
        let stride = feature_stride as usize;
        let units_before = cell * n_units_at_most as usize;
        let first_feature = CUBE_POS_X as usize * comptime!(tile.width());

        // Also for the sums over threads at the end.
        let sums_size = comptime!(SIDE * tile.width());
        let stage_size = comptime!(tile.height() * tile.depth);
        let mut left = Shared::<[f32]>::new_slice(comptime!(stage_size.max(sums_size)));
        let mut right = Shared::<[f32]>::new_slice(comptime!(tile.width() * tile.depth));
        let mut z = Array::<f32>::new(comptime!(tile.rows * tile.columns));
        let units = Factor {
            base: units_before * row_fours,
            stride: row_fours,
            first: first_unit,
            end: n_units,
        };
        let features =
            Factor { base: cell * n * row_fours, stride: row_fours, first: first_feature, end: n };
        let along = comptime!([Along::Inner, Along::Inner]);
        product(
            hidden,
            &units,
            weights,
            &features,
            row_fours * 4,
            &mut left,
            &mut right,
            &mut z,
            along,
            tile,
        );

        // What the thread's features have in its units.
        let column = first_feature + UNIT_POS as usize % SIDE;
        let mut bias = Array::<f32>::new(comptime!(tile.columns));
        let mut weight = Array::<f32>::new(comptime!(tile.columns));
        let mut squares = Array::<f32>::new(comptime!(tile.columns));
        let mut bias_sum = Array::<f32>::new(comptime!(tile.columns));
        let mut d = Array::<f32>::new(comptime!(tile.columns));
        let mut x = Array::<f32>::new(comptime!(tile.columns));
        #[unroll]
        for c in 0..comptime!(tile.columns) {
            bias[c] = 0.0f32;
            weight[c] = 0.0f32;
            squares[c] = 0.0f32;
            bias_sum[c] = 0.0f32;
            if column + c * SIDE < n {
                bias[c] = biases[cell * n + column + c * SIDE];
                weight[c] = importance[cell * n + column + c * SIDE];
            }
        }
        #[unroll]
        for r in 0..comptime!(tile.rows) {
            let unit = first_unit + UNIT_POS as usize / SIDE * comptime!(tile.rows) + r;
            if unit < n_units {
                let start = words[batch.starts + unit] as usize;
                let end = words[batch.starts + unit + 1] as usize;
                #[unroll]
                for c in 0..comptime!(tile.columns) {
                    d[c] = 0.0f32;
                    x[c] = 0.0f32;
                }
                if unit < batch.n_lone as usize {
                    let feature = words[batch.features + start] as usize;
                    for entry in start..end {
                        let value = number(words, batch.values + entry);
                        #[unroll]
                        for c in 0..comptime!(tile.columns) {
                            let y = fma(value, z[comptime!(r * tile.columns + c)], bias[c]);
                            let target = select(column + c * SIDE == feature, value, 0.0f32);
                            let error = max(y, 0.0f32) - target;
                            let g = select(y > 0.0f32, error, 0.0f32);
                            squares[c] = fma(error, error, squares[c]);
                            bias_sum[c] += g;
                            d[c] = fma(value, g, d[c]);
                        }
                    }
                } else {
                    for entry in start..end {
                        let feature = words[batch.features + entry] as usize;
                        let value = number(words, batch.values + entry);
                        #[unroll]
                        for c in 0..comptime!(tile.columns) {
                            x[c] = select(column + c * SIDE == feature, value, x[c]);
                        }
                    }
                    #[unroll]
                    for c in 0..comptime!(tile.columns) {
                        let y = z[comptime!(r * tile.columns + c)] + bias[c];
                        let error = max(y, 0.0f32) - x[c];
                        d[c] = select(y > 0.0f32, error, 0.0f32);
                        squares[c] = fma(error, error, squares[c]);
                        bias_sum[c] += d[c];
                    }
                }
                if comptime!(backward) {
                    #[unroll]
                    for c in 0..comptime!(tile.columns) {
                        let at = column + c * SIDE;
                        if at < stride {
                            z_gradient[(units_before + unit) * stride + at] =
                                select(at < n, d[c] * weight[c], 0.0f32);
                        }
                    }
                }
            }
        }

        #[unroll]
        for c in 0..comptime!(tile.columns) {
            squares[c] *= weight[c];
            bias_sum[c] *= weight[c];
        }

        // Summed over the tile's units, first within a thread, then in the order of threads.
        let tiles = n_units_at_most as usize / comptime!(tile.height());
        let squares_at = (cell * tiles + CUBE_POS_Y as usize) * n;
        sum_threads(&mut left, &squares, sums, squares_at, first_feature, n, tile);
        if comptime!(backward) {
            sync_cube();
            let biases_at = CUBE_COUNT_Z as usize * tiles * n + squares_at;
            sum_threads(&mut left, &bias_sum, sums, biases_at, first_feature, n, tile);
        }
    }
}

/// Sums what the threads of a column have, and writes it for each feature below `n`.
#[cube]
fn sum_threads(
    shared: &mut Shared<[f32]>,
    own: &Array<f32>,
    output: &mut [f32],
    at: usize,
    first_feature: usize,
    n: usize,
    #[comptime] tile: Tile,
) {
    let width = comptime!(tile.width());
    let thread = UNIT_POS as usize;
    #[unroll]
    for c in 0..comptime!(tile.columns) {
        shared[thread / SIDE * width + thread % SIDE + c * SIDE] = own[c];
    }
    sync_cube();
    let mut column = thread;
    while column < width {
        if first_feature + column < n {
            let mut sum = 0.0f32;
            for row in 0..SIDE {
                sum += shared[row * width + column];
            }
            output[at + first_feature + column] = sum;
        }
        column += THREADS as usize;
    }
}
