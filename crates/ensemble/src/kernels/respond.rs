//! `z = h Wᵀ`, and from it the squared errors, the gradient `D` of `z` and that of the biases.
//!
//! Each unit's samples respond with `y = ReLU(v z + b)` at each feature, `v` being the sample's
//! value for a lone unit and one for another. With `g = I (y − x)·1[y > 0]` and sums over the unit's
//! samples, `D = Σ v g`, and `Σ g` goes to the bias; the importance `I` is multiplied once a sum, and
//! the trained loss's factor comes in at the update. Nearly all targets `x` are zero, so answers are
//! first looked at as if all were, except where a sample has the feature: there [`NEVER`] stands in
//! the bias's place, and the thread that has the feature looks again. The arguments' shapes are in
//! [`super`].

use cubecl::prelude::*;

use crate::kernels::batch::{header, number};
use crate::kernels::bits::{self, Words};
use crate::kernels::features::{biases, importance, is_dense};
use crate::kernels::tile::{Along, Factor, Four, Inner, column, first_row, product};
use crate::layout::{COLUMNS, HEIGHT, MARKS, ROWS, SIDE, THREADS, Tile};

/// A bias with which nothing answers.
const NEVER: f32 = -3e38;
/// Groups of four neighbours among the columns of a thread.
const GROUPS: usize = COLUMNS / 4;
/// Where in shared memory the tile's biases are, in fours for every thread of a row and group.
const BIASES: usize = 0;
/// And its importances.
const IMPORTANCE: usize = GROUPS * SIDE;

/// For every cell (`z`), tile of units (`y`) and tile of features (`x`): `D`, and for each feature
/// the sum over the tile's units of the squared errors and, in the second half of `sums`, of `g`.
/// On the sparse way `D` is written only by fours that are not all zero; `marks` say which numbers
/// are not. Only the errors unless `backward`.
#[cube(launch_unchecked)]
#[expect(clippy::too_many_arguments, reason = "what it reads, what it writes, and their sizes")]
pub fn respond(
    hidden: &[Four],
    weights: &[Four],
    features: &[f32],
    words: &[u32],
    z_gradient: &mut [Four],
    sums: &mut [f32],
    marks: &mut [Words],
    headers: u32,
    n_features: u32,
    n_units_at_most: u32,
    row_fours: u32,
    stride_fours: u32,
    #[comptime] tile: Tile,
    #[comptime] backward: bool,
) {
    let cell = CUBE_POS_Z as usize;
    let batch = header(words, headers, cell);
    let n_units = batch.n_units as usize;
    let first_unit = CUBE_POS_Y as usize * HEIGHT;
    if first_unit < n_units {
        let n = n_features as usize;
        let n_cells = CUBE_COUNT_Z as usize;
        let row_fours = row_fours as usize;
        let stride = stride_fours as usize;
        let units_before = cell * n_units_at_most as usize;
        let first_feature = CUBE_POS_X as usize * comptime!(tile.width());

        // Also for the sums over threads at the end.
        let sums_fours = comptime!(SIDE * tile.width() / 4);
        let stage_fours = comptime!(HEIGHT * tile.depth / 4);
        let mut left = Shared::<[Four]>::new_slice(comptime!(stage_fours.max(sums_fours)));
        let mut right = Shared::<[Four]>::new_slice(comptime!(tile.width() * tile.depth / 4));
        let mut z = Array::<f32>::new(comptime!(ROWS * COLUMNS));
        let units = Factor {
            base: units_before * row_fours,
            stride: row_fours,
            first: first_unit,
            end: n_units,
        };
        let of_features =
            Factor { base: cell * n * row_fours, stride: row_fours, first: first_feature, end: n };
        let along = comptime!([Along::Inner, Along::Inner]);
        product(
            hidden,
            &units,
            weights,
            &of_features,
            &Inner { first: 0usize, end: row_fours * 4 },
            &mut left,
            &mut right,
            &mut z,
            along,
            tile,
        );

        // What the tile's features have, read from there when it is needed: a thread has few registers to
        // spare beside its part of `z`. Nothing waits for the right factor any more.
        share_of_features(&mut right, features, n_cells, cell, first_feature, n, tile);
        // What the thread's features have in its units.
        let mut squares = Array::<f32>::new(COLUMNS);
        let mut bias_sum = Array::<f32>::new(COLUMNS);
        let mut d = Array::<f32>::new(COLUMNS);
        #[unroll]
        for c in 0..COLUMNS {
            squares[c] = 0.0f32;
            bias_sum[c] = 0.0f32;
        }
        let dense = is_dense(features, n_cells, cell, n);
        let mut marks_low = 0u32;
        let mut marks_high = 0u32;
        #[unroll]
        for r in 0..ROWS {
            let unit = first_unit + first_row() + r;
            if unit < n_units {
                let start = words[batch.starts + unit] as usize;
                let end = words[batch.starts + unit + 1] as usize;
                if unit < batch.n_lone as usize {
                    let mine = place(words[batch.features + start] as usize, first_feature);
                    // One group after the other, for the registers.
                    #[unroll]
                    for group in 0..GROUPS {
                        let mut own = Array::<f32>::new(4usize);
                        let bias = right[shared_at(BIASES, group)];
                        #[unroll]
                        for c in 0..4usize {
                            let never = mine == comptime!(group * 4 + c);
                            own[c] = select(never, NEVER, bias.extract(c));
                            d[comptime!(group * 4 + c)] = 0.0f32;
                        }
                        for entry in start..end {
                            let value = number(words, batch.values + entry);
                            #[unroll]
                            for of_group in 0..4usize {
                                let c = comptime!(group * 4 + of_group);
                                let y = fma(value, z[comptime!(r * COLUMNS + c)], own[of_group]);
                                let answer = relu(y);
                                squares[c] = fma(answer, answer, squares[c]);
                                bias_sum[c] += answer;
                                d[c] = fma(value, answer, d[c]);
                            }
                        }
                    }
                    if mine < COLUMNS {
                        let own_z = of_row(&z, r, mine);
                        let own_bias = bias_of(&right, mine);
                        let mut own_squares = 0.0f32;
                        let mut own_sum = 0.0f32;
                        let mut own_d = 0.0f32;
                        for entry in start..end {
                            let value = number(words, batch.values + entry);
                            let y = fma(value, own_z, own_bias);
                            let error = relu(y) - value;
                            let g = select(y <= 0.0f32, 0.0f32, error);
                            own_squares = fma(error, error, own_squares);
                            own_sum += g;
                            own_d = fma(value, g, own_d);
                        }
                        add_at(&mut squares, mine, own_squares);
                        add_at(&mut bias_sum, mine, own_sum);
                        add_at(&mut d, mine, own_d);
                    }
                } else {
                    #[unroll]
                    for group in 0..GROUPS {
                        let bias = right[shared_at(BIASES, group)];
                        #[unroll]
                        for c in 0..4usize {
                            d[comptime!(group * 4 + c)] = bias.extract(c);
                        }
                    }
                    for entry in start..end {
                        let mine = place(words[batch.features + entry] as usize, first_feature);
                        if mine < COLUMNS {
                            #[unroll]
                            for c in 0..COLUMNS {
                                d[c] = select(mine == c, NEVER, d[c]);
                            }
                        }
                    }
                    #[unroll]
                    for c in 0..COLUMNS {
                        let answer = relu(z[comptime!(r * COLUMNS + c)] + d[c]);
                        squares[c] = fma(answer, answer, squares[c]);
                        bias_sum[c] += answer;
                        d[c] = answer;
                    }
                    for entry in start..end {
                        let mine = place(words[batch.features + entry] as usize, first_feature);
                        if mine < COLUMNS {
                            let y = of_row(&z, r, mine) + bias_of(&right, mine);
                            let error = relu(y) - number(words, batch.values + entry);
                            let g = select(y <= 0.0f32, 0.0f32, error);
                            add_at(&mut squares, mine, error * error);
                            add_at(&mut bias_sum, mine, g);
                            add_at(&mut d, mine, g);
                        }
                    }
                }
                if comptime!(backward) {
                    #[unroll]
                    for group in 0..GROUPS {
                        let mut four = right[shared_at(IMPORTANCE, group)];
                        let mut any = 0u32;
                        #[unroll]
                        for of_group in 0..4usize {
                            let c = comptime!(group * 4 + of_group);
                            four.insert(of_group, d[c] * four.extract(of_group));
                            any |= select(d[c] != 0.0f32, comptime!(1u32 << (r % 4 * 8 + c)), 0u32);
                        }
                        let at = (first_feature + column(comptime!(group * 4))) / 4;
                        if at < stride && (dense || any != 0u32) {
                            z_gradient[(units_before + unit) * stride + at] = four;
                        }
                        if comptime!(r < 4) {
                            marks_low |= any;
                        } else {
                            marks_high |= any;
                        }
                    }
                }
            }
        }

        #[unroll]
        for group in 0..GROUPS {
            let weight = right[shared_at(IMPORTANCE, group)];
            #[unroll]
            for c in 0..4usize {
                squares[comptime!(group * 4 + c)] *= weight.extract(c);
                bias_sum[comptime!(group * 4 + c)] *= weight.extract(c);
            }
        }

        // Summed over the tile's units, first within a thread, then in the order of threads.
        let tiles = n_units_at_most as usize / HEIGHT;
        let squares_at = (cell * tiles + CUBE_POS_Y as usize) * n;
        sum_threads(&mut left, &squares, sums, squares_at, first_feature, n, tile);
        if comptime!(backward) {
            let mut shared_marks = Shared::<[u32]>::new_slice(comptime!(MARKS * THREADS as usize));
            let mark = UNIT_POS as usize * MARKS;
            shared_marks[mark] = marks_low;
            shared_marks[mark + 1] = marks_high;
            sync_cube();
            let biases_at = n_cells * tiles * n + squares_at;
            sum_threads(&mut left, &bias_sum, sums, biases_at, first_feature, n, tile);
            let thread = UNIT_POS as usize;
            let words = bits::transpose(&shared_marks);
            if thread < HEIGHT {
                let unit = first_unit + thread;
                marks[bits::of_unit(units_before + unit, n) + CUBE_POS_X as usize] = words;
            } else {
                let feature = first_feature + thread - HEIGHT;
                if feature < n {
                    let at = bits::of_feature(n_cells, cell, feature, n, n_units_at_most as usize);
                    marks[at + CUBE_POS_Y as usize] = words;
                }
            }
        }
    }
}

/// `y` where it is positive. What is not a number stays so, which a maximum would not see to.
#[cube]
pub fn relu(y: f32) -> f32 {
    select(y < 0.0f32, 0.0f32, y)
}

/// Which of a thread's columns a feature is, or [`COLUMNS`].
#[cube]
fn place(feature: usize, first_feature: usize) -> usize {
    // Features before the tile come out far behind it.
    let offset = feature - first_feature;
    let mine = offset < comptime!(COLUMNS * SIDE) && offset / 4 % SIDE == UNIT_POS as usize % SIDE;
    select(mine, offset / comptime!(4 * SIDE) * 4 + offset % 4, COLUMNS)
}

/// Puts the biases and importances of the tile's features into shared memory, zeros behind the last feature.
#[cube]
fn share_of_features(
    shared: &mut Shared<[Four]>,
    features: &[f32],
    n_cells: usize,
    cell: usize,
    first_feature: usize,
    n: usize,
    #[comptime] tile: Tile,
) {
    let fours = comptime!(tile.width() / 4);
    let thread = UNIT_POS as usize;
    if thread < 2 * fours {
        let of = select(thread < fours, biases(cell, n), importance(n_cells, cell, n));
        let first = first_feature + thread % fours * 4;
        let mut four = Four::new(0.0f32);
        #[unroll]
        for c in 0..4usize {
            if first + c < n {
                four.insert(c, features[of + first + c]);
            }
        }
        shared[thread] = four;
    }
    sync_cube();
}

/// Where the numbers of a thread's own `group` are in shared memory, of those that begin at `of`.
#[cube]
fn shared_at(#[comptime] of: usize, #[comptime] group: usize) -> usize {
    UNIT_POS as usize % SIDE + comptime!(of + group * SIDE)
}

/// The bias of a thread's own column `c`.
#[cube]
fn bias_of(shared: &Shared<[Four]>, c: usize) -> f32 {
    let four = shared[c / 4 * SIDE + UNIT_POS as usize % SIDE];
    let at = c % 4;
    let (low, high) = (
        select(at == 0, four.extract(0usize), four.extract(1usize)),
        select(at == 2, four.extract(2usize), four.extract(3usize)),
    );
    select(at < 2, low, high)
}

/// A thread's number at `row` and the column that is its own `c`.
#[cube]
fn of_row(numbers: &Array<f32>, #[comptime] row: usize, c: usize) -> f32 {
    let mut number = 0.0f32;
    #[unroll]
    for other in 0..COLUMNS {
        number = select(c == other, numbers[comptime!(row * COLUMNS + other)], number);
    }
    number
}

/// Adds to a thread's number `c`.
#[cube]
fn add_at(numbers: &mut Array<f32>, c: usize, more: f32) {
    #[unroll]
    for other in 0..COLUMNS {
        numbers[other] += select(c == other, more, 0.0f32);
    }
}

/// Sums what the threads of a column have, and writes it for each feature below `n`.
#[cube]
fn sum_threads(
    shared: &mut Shared<[Four]>,
    own: &Array<f32>,
    output: &mut [f32],
    at: usize,
    first_feature: usize,
    n: usize,
    #[comptime] tile: Tile,
) {
    let width = comptime!(tile.width() / 4);
    let thread = UNIT_POS as usize;
    #[unroll]
    for group in 0..comptime!(COLUMNS / 4) {
        let mut four = Four::new(0.0f32);
        #[unroll]
        for c in 0..4usize {
            four.insert(c, own[comptime!(group * 4 + c)]);
        }
        shared[thread / SIDE * width + thread % SIDE + group * SIDE] = four;
    }
    sync_cube();
    if thread < width {
        let mut sum = Four::new(0.0f32);
        for row in 0..SIDE {
            sum += shared[row * width + thread];
        }
        let first = first_feature + thread * 4;
        #[unroll]
        for c in 0..4usize {
            if first + c < n {
                output[at + first + c] = sum.extract(c);
            }
        }
    }
}
