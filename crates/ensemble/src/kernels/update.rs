//! The step that [`AdamStep`] defines, after each unit's `dh` has gone back to the rows that it is
//! made of. The arguments' shapes are in [`super`].

use cubecl::prelude::*;
use superpose_toy::adam::AdamStep;

use crate::kernels::batch::{header, number};
use crate::kernels::tile::{Four, THREADS};

/// Threads along a row of `W`.
pub const LANES: u32 = 32;
/// Rows of a cube.
pub const ROWS: u32 = 8;
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
        fn unpacked(numbers: &[f32], at: usize) -> Step {
            Step { $($name: numbers[at + $place]),* }
        }
    };
}

places! {
    factor at 0, beta1 at 1, one_minus_beta1 at 2, beta2 at 3, one_minus_beta2 at 4, epsilon at 5,
    inverse_root_correction at 6, rate at 7, strength at 8, norm_epsilon at 9
}

/// For every cell (`z`) and row of `W` (`x`, [`ROWS`] to a cube): the gradient, in place of what
/// `weights_gradient` has, and, with `step`, the update, after which rows have norm one if they are
/// to be `unit`.
#[cube(launch)]
#[expect(clippy::too_many_arguments, reason = "what it reads, what it writes, and their sizes")]
pub fn update_weights(
    hidden_gradient: &[Four],
    words: &[u32],
    numbers: &[f32],
    weights_gradient: &mut [Four],
    weights: &mut [Four],
    moments: &mut [Four],
    headers: u32,
    steps_at: u32,
    n_features: u32,
    n_units_at_most: u32,
    row_fours: u32,
    #[comptime] step: bool,
    #[comptime] unit: bool,
) {
    let cell = CUBE_POS_Z as usize;
    let batch = header(words, headers, cell);
    let feature = CUBE_POS_X * ROWS + UNIT_POS_Y;
    let adam = unpacked(numbers, steps_at as usize + cell * STEP_NUMBERS);
    let row_fours = row_fours as usize;
    let row = (cell * n_features as usize + feature as usize) * row_fours;
    let units_before = cell * n_units_at_most as usize;
    // Where the second moments are.
    let second = CUBE_COUNT_Z as usize * n_features as usize * row_fours + row;

    let mut norms = Shared::<[f32]>::new_slice(comptime!((LANES * ROWS) as usize));
    if comptime!(step) {
        let mut squares = Four::new(0.0f32);
        if feature < n_features {
            let mut lane = UNIT_POS_X as usize;
            while lane < row_fours {
                let w = weights[row + lane];
                squares = fma(w, w, squares);
                lane += LANES as usize;
            }
        }
        let sum = (squares.extract(0usize) + squares.extract(1usize))
            + (squares.extract(2usize) + squares.extract(3usize));
        norms[(UNIT_POS_Y * LANES + UNIT_POS_X) as usize] = sum;
        sync_cube();
    }
    let mut squares = Four::new(0.0f32);
    if feature < n_features {
        let mut decay = 1.0f32 - adam.strength;
        if comptime!(step) {
            if adam.strength < 0.0f32 {
                let mut square = 0.0f32;
                for lane in 0..comptime!(LANES as usize) {
                    square += norms[(UNIT_POS_Y * LANES) as usize + lane];
                }
                decay =
                    1.0f32 + adam.strength - adam.strength / (square.sqrt() + adam.norm_epsilon);
            }
        }
        let start = words[batch.part_starts + feature as usize] as usize;
        let end = words[batch.part_starts + feature as usize + 1] as usize;
        let mut lane = UNIT_POS_X as usize;
        while lane < row_fours {
            let mut gradient = weights_gradient[row + lane];
            for part in start..end {
                let unit = words[batch.part_units + part] as usize;
                let share = number(words, batch.part_weights + part);
                let dh = hidden_gradient[(units_before + unit) * row_fours + lane];
                gradient = fma(Four::new(share), dh, gradient);
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
                weights_gradient[row + lane] = gradient;
            }
            lane += LANES as usize;
        }
    }
    if comptime!(step && unit) {
        // All threads have read the norms of before.
        sync_cube();
        norms[(UNIT_POS_Y * LANES + UNIT_POS_X) as usize] = (squares.extract(0usize)
            + squares.extract(1usize))
            + (squares.extract(2usize) + squares.extract(3usize));
        sync_cube();
        if feature < n_features {
            let mut square = 0.0f32;
            for lane in 0..comptime!(LANES as usize) {
                square += norms[(UNIT_POS_Y * LANES) as usize + lane];
            }
            // A row of zeros stays one.
            let norm = select(square > 0.0f32, square.sqrt(), 1.0f32);
            let mut lane = UNIT_POS_X as usize;
            while lane < row_fours {
                weights[row + lane] /= Four::new(norm);
                lane += LANES as usize;
            }
        }
    }
}

/// For every cell (`z`) and feature (`x`): with `backward` the bias's gradient, in place of what
/// the first tile has in the second half of `sums`, or, with `step`, its update; and the sum of
/// squared errors of each cube's features.
#[cube(launch)]
#[expect(clippy::too_many_arguments, reason = "what it reads, what it writes, and their sizes")]
pub fn update_biases(
    words: &[u32],
    numbers: &[f32],
    importance: &[f32],
    sums: &mut [f32],
    biases: &mut [f32],
    moments: &mut [f32],
    losses: &mut [f32],
    headers: u32,
    steps_at: u32,
    losses_at: u32,
    n_features: u32,
    n_unit_tiles: u32,
    #[comptime] unit_tile: usize,
    #[comptime] backward: bool,
    #[comptime] step: bool,
) {
    let cell = CUBE_POS_Z as usize;
    let batch = header(words, headers, cell);
    let feature = CUBE_POS_X as usize * comptime!(THREADS as usize) + UNIT_POS as usize;
    let n = n_features as usize;
    let tiles = (batch.n_units as usize + comptime!(unit_tile - 1)) / unit_tile;
    let tiles_before = cell * n_unit_tiles as usize;
    let n_empty = f32::cast_from(batch.n_empty);
    let mut squares = 0.0f32;
    if feature < n {
        let at = cell * n + feature;
        // Samples without any active feature respond with the biases; their targets are zero.
        let response = max(biases[at], 0.0f32);
        squares = n_empty * response * response * importance[at];
        for tile in 0..tiles {
            squares += sums[(tiles_before + tile) * n + feature];
        }
        if comptime!(backward) {
            let all_tiles = CUBE_COUNT_Z as usize * n_unit_tiles as usize;
            let bias_sums = (all_tiles + tiles_before) * n + feature;
            let mut gradient = n_empty * response * importance[at];
            for tile in 0..tiles {
                gradient += sums[bias_sums + tile * n];
            }
            let adam = unpacked(numbers, steps_at as usize + cell * STEP_NUMBERS);
            gradient *= adam.factor;
            if comptime!(step) {
                let second = CUBE_COUNT_Z as usize * n + at;
                let m = adam.beta1 * moments[at] + adam.one_minus_beta1 * gradient;
                let v = adam.beta2 * moments[second] + adam.one_minus_beta2 * (gradient * gradient);
                moments[at] = m;
                moments[second] = v;
                biases[at] -=
                    adam.rate * m / (v.sqrt() * adam.inverse_root_correction + adam.epsilon);
            } else {
                sums[bias_sums] = gradient;
            }
        }
    }
    let mut sums = Shared::<[f32]>::new_slice(comptime!(THREADS as usize));
    sums[UNIT_POS as usize] = squares;
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
    if UNIT_POS == 0 {
        losses[losses_at as usize + cell * CUBE_COUNT_X as usize + CUBE_POS_X as usize] = sums[0];
    }
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
