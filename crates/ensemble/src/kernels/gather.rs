//! `h = x W`: a hidden vector for every unit; and the way that the step goes back.

use cubecl::prelude::*;

use crate::kernels::batch::{header, number};
use crate::kernels::features::{counts, way};
use crate::kernels::tile::Four;
use crate::layout::THREADS;

/// For every cell (`z`) and unit (`y`, as many to a cube as there are threads along that axis): `h`
/// from rows of `W`, which are `row_fours` long. And for every cell whether the answers of the step
/// before were so many that this one goes the dense way: `dense_from` of what there could be.
#[cube(launch)]
#[expect(clippy::too_many_arguments, reason = "what it reads, what it writes, and their sizes")]
pub fn gather(
    weights: &[Four],
    words: &[u32],
    hidden: &mut [Four],
    features: &mut [f32],
    headers: u32,
    n_features: u32,
    n_units_at_most: u32,
    row_fours: u32,
    dense_from: f32,
    #[comptime] lanes: u32,
) {
    let cell = CUBE_POS_Z as usize;
    let batch = header(words, headers, cell);
    let n = n_features as usize;
    if CUBE_POS_X == 0 && UNIT_POS == 0 {
        let blocks = (n + comptime!(THREADS as usize - 1)) / comptime!(THREADS as usize);
        let n_cells = CUBE_COUNT_Z as usize;
        let mut answers = 0.0f32;
        for block in 0..blocks {
            answers += features[counts(n_cells, cell, n) + block];
        }
        let all = f32::cast_from(batch.n_units) * f32::cast_from(n_features);
        features[way(n_cells, cell, n)] = select(answers >= dense_from * all, 1.0f32, 0.0f32);
    }
    let unit = CUBE_POS_X * comptime!(THREADS / lanes) + UNIT_POS_Y;
    if unit < batch.n_units {
        let row_fours = row_fours as usize;
        let start = words[batch.starts + unit as usize] as usize;
        let end = words[batch.starts + unit as usize + 1] as usize;
        let of_cell = cell * n;
        let target = (cell * n_units_at_most as usize + unit as usize) * row_fours;
        let mut lane = UNIT_POS_X as usize;
        while lane < row_fours {
            let mut sum = Four::new(0.0f32);
            if unit < batch.n_lone {
                let feature = words[batch.features + start] as usize;
                sum = weights[(of_cell + feature) * row_fours + lane];
            } else {
                for entry in start..end {
                    let feature = words[batch.features + entry] as usize;
                    let value = number(words, batch.values + entry);
                    sum =
                        fma(Four::new(value), weights[(of_cell + feature) * row_fours + lane], sum);
                }
            }
            hidden[target + lane] = sum;
            lane += comptime!(lanes as usize);
        }
    }
}
