//! How fast a device multiplies and adds, with nothing else to do: what the products are held against.

use std::time::Instant;

use cubecl::client::Client;
use cubecl::prelude::*;

use crate::ensemble::DeviceFailure;
use crate::kernels::peak;

/// Runs of the kernel, of which the fastest counts.
const RUNS: usize = 5;

/// The most multiply-adds in single precision, two operations each, that the device makes in a second
/// from registers alone; `cubes` should be many times as many as it has processors.
///
/// # Errors
/// [`DeviceFailure`] when the device has failed.
pub fn flop_per_s(client: &Client, cubes: u32, rounds: u32) -> Result<f64, DeviceFailure> {
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
            crate::launch::whole(&numbers),
            rounds,
        );
        cubecl::future::block_on(client.sync())?;
        fastest = fastest.min(begun.elapsed().as_secs_f64());
    }
    client.check([&numbers])?;
    let per_thread = 2.0 * f64::from(rounds) * (peak::CHAINS * peak::UNROLLED) as f64;
    Ok(f64::from(threads) * per_thread / fastest)
}
