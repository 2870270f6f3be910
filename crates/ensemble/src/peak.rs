//! How fast a device multiplies and adds, with nothing else to do: what the products are held
//! against.

use std::time::Instant;

use cubecl::prelude::*;

use crate::Client;
use crate::failure::DeviceFailure;
use crate::kernels::peak;

/// Runs of the kernel, of which the fastest counts.
const RUNS: usize = 5;

/// Cubes and rounds of a first, small run, which tells a GPU from one made of software.
const SMALL: [u32; 2] = [8, 16];
/// Rounds for a software GPU, which needs minutes for what keeps a real one busy for a moment.
const SOFTWARE_ROUNDS: u32 = 64;
/// Cubes and rounds for a real GPU: many times as many cubes as it has processors, and 2·10¹²
/// operations, some tens of milliseconds.
const LARGE: [u32; 2] = [8192, 2048];
/// Operations a second in the small run that every GPU reaches and no processor does.
const GPU_FLOP_PER_S: f64 = 1e11;

/// The most operations in single precision that the device makes in a second, from registers alone.
///
/// # Errors
/// [`DeviceFailure`] when the device has failed.
pub fn peak_flop_per_s(client: &Client) -> Result<f64, DeviceFailure> {
    let small = flop_per_s(client, SMALL)? <= GPU_FLOP_PER_S;
    flop_per_s(client, if small { [SMALL[0], SOFTWARE_ROUNDS] } else { LARGE })
}

/// As above, with this many cubes and rounds. A multiply-add is two operations.
fn flop_per_s(client: &Client, [cubes, rounds]: [u32; 2]) -> Result<f64, DeviceFailure> {
    let threads = peak::THREADS * cubes;
    let numbers = client.empty(4 * threads as usize);
    let mut fastest = f64::INFINITY;
    // The first run compiles the kernel.
    for _ in 0..=RUNS {
        cubecl::future::block_on(client.sync())?;
        let begun = Instant::now();
        peak::multiply_add::launch(
            client,
            CubeCount::Static(cubes, 1, 1),
            CubeDim::new_1d(peak::THREADS),
            crate::arrays::ones(&numbers),
            rounds,
        );
        cubecl::future::block_on(client.sync())?;
        fastest = fastest.min(begun.elapsed().as_secs_f64());
    }
    client.check([&numbers])?;
    let per_thread = 2.0 * f64::from(rounds) * (peak::CHAINS * peak::UNROLLED) as f64;
    Ok(f64::from(threads) * per_thread / fastest)
}
