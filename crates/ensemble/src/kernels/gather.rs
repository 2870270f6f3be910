//! `h = x W`: a hidden vector for every unit.

use cubecl::prelude::*;

use crate::kernels::batch::{header, number};
use crate::kernels::tile::Four;

/// Threads along a hidden vector.
pub const LANES: u32 = 32;
/// Units of a cube.
pub const UNITS: u32 = 8;

/// For every cell (`z`) and unit (`x`, [`UNITS`] to a cube): `h` from rows of `W`. Rows are
/// `row_fours` long.
#[cube(launch)]
pub fn gather(
    weights: &[Four],
    words: &[u32],
    hidden: &mut [Four],
    headers: u32,
    n_features: u32,
    n_units_at_most: u32,
    row_fours: u32,
) {
    let cell = CUBE_POS_Z as usize;
    let batch = header(words, headers, cell);
    let unit = CUBE_POS_X * UNITS + UNIT_POS_Y;
    if unit < batch.n_units {
        let row_fours = row_fours as usize;
        let start = words[batch.starts + unit as usize] as usize;
        let end = words[batch.starts + unit as usize + 1] as usize;
        let of_cell = cell * n_features as usize;
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
            lane += LANES as usize;
        }
    }
}
