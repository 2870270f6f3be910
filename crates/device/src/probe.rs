//! A look at whether a device computes what it is told to.
//!
//! cubecl 0.11.3 makes invalid SPIR-V of shared memory where a driver lacks
//! `VK_KHR_workgroup_memory_explicit_layout`: all threads then write to one place, and nobody says so.
//! Drivers have faults of their own. So a kernel that uses what ours use is run and looked at first.

use cubecl::client::Client;
use cubecl::prelude::*;

/// Threads of the kernel.
const THREADS: u32 = 64;

/// Each thread's neighbour's number, by way of shared memory, as often as there are `rounds`.
#[cube(launch)]
fn neighbours(output: &mut [f32], rounds: u32) {
    let mut shared = Shared::<[f32]>::new_slice(comptime!(THREADS as usize));
    let mut sum = 0.0f32;
    for round in 0..rounds {
        shared[UNIT_POS as usize] = f32::cast_from(UNIT_POS * rounds + round);
        sync_cube();
        sum += shared[((UNIT_POS + 1) % THREADS) as usize];
        sync_cube();
    }
    output[UNIT_POS as usize] = sum;
}

/// What is wrong with the device, if anything is.
pub(crate) fn fault(client: &Client) -> Option<String> {
    let rounds = 3;
    let output = client.empty(4 * THREADS as usize);
    #[expect(unsafe_code, reason = "a kernel's argument cannot be made from an array otherwise")]
    // SAFETY: the length is the array's own.
    let argument = unsafe { BufferArg::from_raw_parts(output.clone(), THREADS as usize) };
    let one = CubeCount::Static(1, 1, 1);
    neighbours::launch(client, one, CubeDim::new_1d(THREADS), argument, rounds);
    let bytes = match client.read_one(output) {
        Ok(bytes) => bytes,
        Err(error) => {
            let said = error.to_string();
            let said = said.lines().filter(|line| !line.starts_with("Caused by")).take(3);
            return Some(format!("a small kernel failed: {}", said.collect::<Vec<_>>().join(" ")));
        }
    };
    // Small whole numbers, which single precision has exactly.
    let expected = (0..THREADS).map(|thread| {
        let neighbour = (thread + 1) % THREADS;
        (0..rounds).map(|round| (neighbour * rounds + round) as f32).sum::<f32>()
    });
    let right =
        f32::from_bytes(&bytes).iter().zip(expected).all(|(got, x)| got.to_bits() == x.to_bits());
    (!right).then(|| {
        String::from(
            "a small kernel with shared memory came out wrong; if this program was built with \
             `--features vulkan`, one without it may work",
        )
    })
}
