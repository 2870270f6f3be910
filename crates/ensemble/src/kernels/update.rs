//! The step: what units ask goes back to the rows they are made of; decay and Adam.
//!
//! The same update as the CPU engine's, number by number.

use cubecl::prelude::*;

use crate::kernels::batch::{header, number};
use crate::kernels::tile::{Four, THREADS};

/// Threads along a row of `W`.
pub const LANES: u32 = 32;
/// Rows of a cube.
pub const ROWS: u32 = 8;
/// Numbers that an update follows, for each cell: those of [`Follow`] in its order.
pub const FOLLOW: usize = 9;

/// What a cell's update follows.
#[derive(CubeType, Clone, Copy)]
struct Follow {
    /// What the gradient is to be multiplied by.
    factor: f32,
    beta1: f32,
    one_minus_beta1: f32,
    beta2: f32,
    one_minus_beta2: f32,
    epsilon: f32,
    inverse_root_correction: f32,
    /// Learning rate over the first moment's correction.
    rate: f32,
    /// Learning rate times weight decay.
    strength: f32,
}

#[cube]
fn follow(numbers: &[f32], at: usize) -> Follow {
    Follow {
        factor: numbers[at],
        beta1: numbers[at + 1],
        one_minus_beta1: numbers[at + 2],
        beta2: numbers[at + 3],
        one_minus_beta2: numbers[at + 4],
        epsilon: numbers[at + 5],
        inverse_root_correction: numbers[at + 6],
        rate: numbers[at + 7],
        strength: numbers[at + 8],
    }
}

/// For every cell (`z`) and row of `W` (`x`, [`ROWS`] to a cube): the gradient, in place of what
/// `weights_asked` has, and, with `step`, the update.
#[cube(launch)]
#[expect(clippy::too_many_arguments, reason = "what it reads, what it writes, and their sizes")]
pub fn update_weights(
    hidden_asked: &[Four],
    words: &[u32],
    numbers: &[f32],
    weights_asked: &mut [Four],
    weights: &mut [Four],
    moments: &mut [Four],
    headers: u32,
    follows: u32,
    n_features: u32,
    n_units_at_most: u32,
    row_fours: u32,
    #[comptime] step: bool,
) {
    let cell = CUBE_POS_Z as usize;
    let batch = header(words, headers, cell);
    let feature = CUBE_POS_X * ROWS + UNIT_POS_Y;
    let follow = follow(numbers, follows as usize + cell * FOLLOW);
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
    if feature < n_features {
        let mut decay = 1.0f32 - follow.strength;
        if comptime!(step) {
            if follow.strength < 0.0f32 {
                let mut square = 0.0f32;
                for lane in 0..comptime!(LANES as usize) {
                    square += norms[(UNIT_POS_Y * LANES) as usize + lane];
                }
                decay =
                    1.0f32 + follow.strength - follow.strength / (square.sqrt() + follow.epsilon);
            }
        }
        let start = words[batch.part_starts + feature as usize] as usize;
        let end = words[batch.part_starts + feature as usize + 1] as usize;
        let mut lane = UNIT_POS_X as usize;
        while lane < row_fours {
            let mut gradient = weights_asked[row + lane];
            for part in start..end {
                let unit = words[batch.part_units + part] as usize;
                let share = number(words, batch.part_weights + part);
                let asked = hidden_asked[(units_before + unit) * row_fours + lane];
                gradient = fma(Four::new(share), asked, gradient);
            }
            gradient *= Four::new(follow.factor);
            if comptime!(step) {
                let m = Four::new(follow.beta1) * moments[row + lane]
                    + Four::new(follow.one_minus_beta1) * gradient;
                let v = Four::new(follow.beta2) * moments[second + lane]
                    + Four::new(follow.one_minus_beta2) * (gradient * gradient);
                moments[row + lane] = m;
                moments[second + lane] = v;
                let root = v.sqrt() * Four::new(follow.inverse_root_correction)
                    + Four::new(follow.epsilon);
                weights[row + lane] =
                    Four::new(decay) * weights[row + lane] - Four::new(follow.rate) * m / root;
            } else {
                weights_asked[row + lane] = gradient;
            }
            lane += LANES as usize;
        }
    }
}

/// For every cell (`z`) and feature (`x`): with `backward` the bias's gradient, in place of what the
/// first tile has in the second half of `sums`, or, with `step`, its update; and the sum of squared
/// errors of each cube's features.
#[cube(launch)]
#[expect(clippy::too_many_arguments, reason = "what it reads, what it writes, and their sizes")]
pub fn update_biases(
    words: &[u32],
    numbers: &[f32],
    sums: &mut [f32],
    biases: &mut [f32],
    moments: &mut [f32],
    losses: &mut [f32],
    headers: u32,
    follows: u32,
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
        // Samples without any active feature answer with their biases, and should not.
        let answer = max(biases[at], 0.0f32);
        squares = n_empty * answer * answer;
        for tile in 0..tiles {
            squares += sums[(tiles_before + tile) * n + feature];
        }
        if comptime!(backward) {
            let all_tiles = CUBE_COUNT_Z as usize * n_unit_tiles as usize;
            let bias_sums = (all_tiles + tiles_before) * n + feature;
            let mut gradient = n_empty * answer;
            for tile in 0..tiles {
                gradient += sums[bias_sums + tile * n];
            }
            let follow = follow(numbers, follows as usize + cell * FOLLOW);
            gradient *= follow.factor;
            if comptime!(step) {
                let second = CUBE_COUNT_Z as usize * n + at;
                let m = follow.beta1 * moments[at] + follow.one_minus_beta1 * gradient;
                let v =
                    follow.beta2 * moments[second] + follow.one_minus_beta2 * (gradient * gradient);
                moments[at] = m;
                moments[second] = v;
                biases[at] -=
                    follow.rate * m / (v.sqrt() * follow.inverse_root_correction + follow.epsilon);
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
