//! The step that [`AdamStep`] defines, after each unit's `dh` has gone back to the rows that it is
//! made of. The arguments' shapes are in [`super`].

use cubecl::prelude::*;
use superpose_toy::adam::AdamStep;

use crate::kernels::back::{Answers, add_answers, sum_sharers};
use crate::kernels::batch::{header, number};
use crate::kernels::bits::of_feature;
use crate::kernels::features::{biases, counts, importance, is_dense};
use crate::kernels::respond::relu;
use crate::kernels::tile::Four;
use crate::layout::{HEIGHT, SHARERS, THREADS};

/// Where each number of a packed [`AdamStep`] is: for the host that packs it and for the kernels.
macro_rules! places {
    ($($name:ident at $place:tt),*) => {
        /// Numbers of a packed [`AdamStep`].
        pub const STEP_NUMBERS: usize = [$($place),*].len();

        /// A step as the device gets it.
        pub fn packed(step: AdamStep<f32>) -> [f32; STEP_NUMBERS] {
            let mut numbers = [0.0; STEP_NUMBERS];
            $(numbers[$place] = step.$name;)*
            numbers
        }

        /// An [`AdamStep`], on the device.
        #[derive(CubeType, Clone, Copy)]
        struct Step {
            $($name: f32),*
        }

        /// The step that [`packed`] has put at `at`.
        #[cube]
        fn unpacked(words: &[u32], at: usize) -> Step {
            Step { $($name: number(words, at + $place)),* }
        }
    };
}

places! {
    factor at 0, beta1 at 1, one_minus_beta1 at 2, beta2 at 3, one_minus_beta2 at 4, epsilon at 5,
    inverse_root_correction at 6, rate at 7, strength at 8, norm_epsilon at 9
}

/// For every cell (`z`) and row of `W` (`x`, as many to a cube as there are threads along that axis):
/// the gradient, in the place of `dW`, and, with `step`, the update, after which rows have norm one if
/// they are to be `unit`. The gradient of a row is what its own answers ask for, and its share of
/// what the units with its feature ask for; `parts` are those that `dh` was summed up in.
#[cube(launch_unchecked)]
#[expect(clippy::too_many_arguments, reason = "what it reads, what it writes, and their sizes")]
pub fn update_weights(
    hidden: &[Four],
    words: &[u32],
    z_gradient: &[f32],
    marks: &[u32],
    features: &[f32],
    weights: &mut [Four],
    moments: &mut [Four],
    headers: u32,
    steps_at: u32,
    n_features: u32,
    n_units_at_most: u32,
    row_fours: u32,
    stride_fours: u32,
    #[comptime] lanes: u32,
    #[comptime] parts: usize,
    #[comptime] step: bool,
    #[comptime] unit: bool,
) {
    let cell = CUBE_POS_Z as usize;
    let n_cells = CUBE_COUNT_Z as usize;
    let n = n_features as usize;
    let batch = header(words, headers, cell);
    let rows_of_cube = comptime!((THREADS / (lanes * SHARERS)) as usize);
    let cube = CUBE_POS_Y as usize * CUBE_COUNT_X as usize + CUBE_POS_X as usize;
    let feature = cube * rows_of_cube + UNIT_POS_Z as usize;
    let is_there = feature < n;
    let writes = is_there && UNIT_POS_Y == 0;
    let adam = unpacked(words, steps_at as usize + cell * STEP_NUMBERS);
    let row_fours = row_fours as usize;
    let units_at_most = n_units_at_most as usize;
    let units_before = cell * units_at_most;
    let row = (cell * n + feature) * row_fours;
    // Where `dW` and the second moments are.
    let second = n_cells * n * row_fours + row;
    let dense = is_dense(features, n_cells, cell, n);

    let mut shared = Shared::<[Four]>::new_slice(comptime!(THREADS as usize));
    let mut squares = Four::new(0.0f32);
    if comptime!(step) {
        if writes {
            let mut lane = UNIT_POS_X as usize;
            while lane < row_fours {
                let w = weights[row + lane];
                squares = fma(w, w, squares);
                lane += comptime!(lanes as usize);
            }
        }
    }
    let mut decay = 1.0f32 - adam.strength;
    if comptime!(step) {
        let square = sum_lanes(&mut shared, squares, lanes);
        if adam.strength < 0.0f32 {
            decay = 1.0f32 + adam.strength - adam.strength / (square.sqrt() + adam.norm_epsilon);
        }
    }
    let mut squares = Four::new(0.0f32);
    let mut first = 0usize;
    while first < row_fours {
        let lane = first + UNIT_POS_X as usize;
        let mut gradient = Four::new(0.0f32);
        if is_there && lane < row_fours {
            let start = words[batch.part_starts + feature] as usize;
            let end = words[batch.part_starts + feature + 1] as usize;
            let mut part = start + UNIT_POS_Y as usize;
            let plane = n_cells * units_at_most * row_fours;
            while part < end {
                let of_unit = words[batch.part_units + part] as usize;
                let share = number(words, batch.part_weights + part);
                let at = plane + (units_before + of_unit) * row_fours + lane;
                let mut dh = hidden[at];
                if dense {
                    #[unroll]
                    for part in 1..parts {
                        dh += hidden[at + part * plane];
                    }
                }
                gradient = fma(Four::new(share), dh, gradient);
                part += comptime!(SHARERS as usize);
            }
            if !dense {
                let answers = Answers {
                    marks: of_feature(n_cells, cell, feature, n, units_at_most) * 4,
                    n_words: (batch.n_units as usize + comptime!(HEIGHT - 1)) / HEIGHT * 4,
                    d: units_before * stride_fours as usize * 4 + feature,
                    d_stride: stride_fours as usize * 4,
                    row: units_before * row_fours + lane,
                    row_fours,
                };
                gradient = add_answers(gradient, &answers, z_gradient, marks, hidden);
            }
        }
        let sum = sum_sharers(&mut shared, gradient, lanes);
        if writes && lane < row_fours {
            let mut gradient = sum;
            if dense {
                gradient += weights[second + lane];
            }
            gradient *= Four::new(adam.factor);
            if comptime!(step) {
                let m = Four::new(adam.beta1) * moments[row + lane]
                    + Four::new(adam.one_minus_beta1) * gradient;
                let v = Four::new(adam.beta2) * moments[second + lane]
                    + Four::new(adam.one_minus_beta2) * (gradient * gradient);
                moments[row + lane] = m;
                moments[second + lane] = v;
                let root =
                    v.sqrt() * Four::new(adam.inverse_root_correction) + Four::new(adam.epsilon);
                let w = Four::new(decay) * weights[row + lane] - Four::new(adam.rate) * m / root;
                weights[row + lane] = w;
                squares = fma(w, w, squares);
            } else {
                weights[second + lane] = gradient;
            }
        }
        // Before the next numbers are shared.
        sync_cube();
        first += comptime!(lanes as usize);
    }
    if comptime!(step && unit) {
        let square = sum_lanes(&mut shared, squares, lanes);
        if writes {
            // A row of zeros stays one.
            let norm = select(square > 0.0f32, square.sqrt(), 1.0f32);
            let mut lane = UNIT_POS_X as usize;
            while lane < row_fours {
                weights[row + lane] /= Four::new(norm);
                lane += comptime!(lanes as usize);
            }
        }
    }
}

/// The sum of all numbers that the first sharers of a row have, in the order of lanes, for all threads of
/// the row.
#[cube]
fn sum_lanes(shared: &mut Shared<[Four]>, own: Four, #[comptime] lanes: u32) -> f32 {
    shared[UNIT_POS as usize] = own;
    sync_cube();
    let first = UNIT_POS_Z as usize * comptime!((lanes * SHARERS) as usize);
    let mut sum = Four::new(0.0f32);
    for lane in 0..comptime!(lanes as usize) {
        sum += shared[first + lane];
    }
    // Before others are shared.
    sync_cube();
    (sum.extract(0usize) + sum.extract(1usize)) + (sum.extract(2usize) + sum.extract(3usize))
}

/// For every cell (`z`) and feature (`x`): with `backward` the bias's gradient, in place of what
/// the first tile has in the second half of `sums`, or, with `step`, its update; and, of each cube's
/// features, the sum of squared errors and how many answers were not zero.
#[cube(launch)]
#[expect(clippy::too_many_arguments, reason = "what it reads, what it writes, and their sizes")]
pub fn update_biases(
    words: &[u32],
    marks: &[u32],
    sums: &mut [f32],
    features: &mut [f32],
    moments: &mut [f32],
    losses: &mut [f32],
    headers: u32,
    steps_at: u32,
    losses_at: u32,
    n_features: u32,
    n_units_at_most: u32,
    #[comptime] backward: bool,
    #[comptime] step: bool,
) {
    let cell = CUBE_POS_Z as usize;
    let n_cells = CUBE_COUNT_Z as usize;
    let batch = header(words, headers, cell);
    let feature = CUBE_POS_X as usize * comptime!(THREADS as usize) + UNIT_POS as usize;
    let n = n_features as usize;
    let tiles = (batch.n_units as usize + comptime!(HEIGHT - 1)) / HEIGHT;
    let tiles_at_most = n_units_at_most as usize / HEIGHT;
    let tiles_before = cell * tiles_at_most;
    let n_empty = f32::cast_from(batch.n_empty);
    let mut squares = 0.0f32;
    let mut answers = 0u32;
    if feature < n {
        let bias = biases(cell, n) + feature;
        let weight = features[importance(n_cells, cell, n) + feature];
        // Samples without any active feature respond with the biases; their targets are zero.
        let response = relu(features[bias]);
        squares = n_empty * response * response * weight;
        for tile in 0..tiles {
            squares += sums[(tiles_before + tile) * n + feature];
        }
        if comptime!(backward) {
            let all_tiles = n_cells * tiles_at_most;
            let bias_sums = (all_tiles + tiles_before) * n + feature;
            let mut gradient = n_empty * response * weight;
            for tile in 0..tiles {
                gradient += sums[bias_sums + tile * n];
            }
            let adam = unpacked(words, steps_at as usize + cell * STEP_NUMBERS);
            gradient *= adam.factor;
            if comptime!(step) {
                let (at, second) = (cell * n + feature, (n_cells + cell) * n + feature);
                let m = adam.beta1 * moments[at] + adam.one_minus_beta1 * gradient;
                let v = adam.beta2 * moments[second] + adam.one_minus_beta2 * (gradient * gradient);
                moments[at] = m;
                moments[second] = v;
                features[bias] -=
                    adam.rate * m / (v.sqrt() * adam.inverse_root_correction + adam.epsilon);
            } else {
                sums[bias_sums] = gradient;
            }
            let marks_at = of_feature(n_cells, cell, feature, n, n_units_at_most as usize) * 4;
            for word in 0..tiles * 4 {
                answers += marks[marks_at + word].count_ones();
            }
        }
    }
    let squares = sum_cube(squares);
    if UNIT_POS == 0 {
        losses[losses_at as usize + cell * CUBE_COUNT_X as usize + CUBE_POS_X as usize] = squares;
    }
    if comptime!(backward) {
        // Fewer than 2²⁴, so that single precision has them exactly.
        let answers = sum_cube(f32::cast_from(answers));
        if UNIT_POS == 0 {
            features[counts(n_cells, cell, n) + CUBE_POS_X as usize] = answers;
        }
    }
}

/// The sum of what all threads of a cube have, for the first of them.
#[cube]
fn sum_cube(own: f32) -> f32 {
    let mut sums = Shared::<[f32]>::new_slice(comptime!(THREADS as usize));
    sums[UNIT_POS as usize] = own;
    sync_cube();
    #[unroll]
    for halving in 1..=comptime!(THREADS.ilog2()) {
        let half = comptime!((THREADS >> halving) as usize);
        if (UNIT_POS as usize) < half {
            let other = sums[UNIT_POS as usize + half];
            sums[UNIT_POS as usize] += other;
        }
        sync_cube();
    }
    sums[0usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_of_a_step_has_a_place_of_its_own() {
        let step = AdamStep {
            factor: 1.0,
            beta1: 2.0,
            one_minus_beta1: 3.0,
            beta2: 4.0,
            one_minus_beta2: 5.0,
            epsilon: 6.0,
            inverse_root_correction: 7.0,
            rate: 8.0,
            strength: 9.0,
            norm_epsilon: 10.0,
        };
        let mut numbers = packed(step);
        numbers.sort_by(f32::total_cmp);
        let expected = (1_u8..=10).map(f32::from);
        assert!(numbers.len() == 10 && expected.eq(numbers));
    }
}
