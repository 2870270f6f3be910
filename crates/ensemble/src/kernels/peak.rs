//! Multiply-adds from registers, to see how fast a device is at best.

use cubecl::prelude::*;

/// Threads in a cube.
pub const THREADS: u32 = 256;
/// Sums of a thread that do not wait for each other.
pub const CHAINS: usize = 16;
/// Multiply-adds to each sum in a round.
pub const UNROLLED: usize = 16;

/// Every thread's sums, `rounds` times [`UNROLLED`] terms each, and what they come to.
#[cube(launch)]
pub fn multiply_add(output: &mut [f32], rounds: u32) {
    let mut sums = Array::<f32>::new(CHAINS);
    // Not known before it runs, so that nothing can be computed in advance.
    let factor = 1.0f32 / (1.0f32 + rounds as f32);
    #[unroll]
    for chain in 0..CHAINS {
        sums[chain] = f32::cast_from(UNIT_POS) + chain as f32;
    }
    for _ in 0..rounds {
        #[unroll]
        for _ in 0..UNROLLED {
            #[unroll]
            for chain in 0..CHAINS {
                sums[chain] = fma(sums[chain], factor, factor);
            }
        }
    }
    let mut sum = 0.0f32;
    #[unroll]
    for chain in 0..CHAINS {
        sum += sums[chain];
    }
    output[ABSOLUTE_POS] = sum;
}
