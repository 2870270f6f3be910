//! A look at whether a device computes what it is told to.
//!
//! cubecl 0.11.3 makes invalid SPIR-V of shared memory where a driver lacks
//! `VK_KHR_workgroup_memory_explicit_layout`: all threads then write to one place, and nobody says so.
//! Drivers have faults of their own. So a kernel that uses what ours use is run and looked at first.

use cubecl::client::Client;
use cubecl::prelude::*;
use cubecl::server::ServerError;
use superpose_ensemble::failure::words;

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
    // Not new memory, which may hold the answer of a look before this one. No sum is negative.
    let unwritten = [-1.0f32; THREADS as usize];
    let output = client.create_from_slice(f32::as_bytes(&unwritten));
    #[expect(unsafe_code, reason = "a kernel's argument cannot be made from an array otherwise")]
    // SAFETY: the length is the array's own.
    let argument = unsafe { BufferArg::from_raw_parts(output.clone(), THREADS as usize) };
    let one = CubeCount::Static(1, 1, 1);
    neighbours::launch(client, one, CubeDim::new_1d(THREADS), argument, rounds);
    let bytes = match client.read_one(output) {
        Ok(bytes) => bytes,
        Err(error) => {
            return Some(format!("a small kernel failed: {}", words(&root(&error).to_string())));
        }
    };
    verdict(f32::from_bytes(&bytes), rounds)
}

/// What an error comes from: what is read was not written, because of that.
fn root(error: &ServerError) -> &ServerError {
    match error {
        ServerError::Unwritten { root: cause, .. } => root(cause),
        ServerError::Several { errors, .. } => errors.first().map_or(error, root),
        _ => error,
    }
}

/// What is wrong with the sums of a device, if anything is.
fn verdict(got: &[f32], rounds: u32) -> Option<String> {
    // Small whole numbers, which single precision has exactly.
    let expected = (0..THREADS).map(|thread| {
        let neighbour = (thread + 1) % THREADS;
        (0..rounds).map(|round| (neighbour * rounds + round) as f32).sum::<f32>()
    });
    if got.iter().zip(expected).all(|(got, x)| got.to_bits() == x.to_bits()) {
        return None;
    }
    let untouched = got.iter().all(|sum| *sum < 0.0);
    let wrong = match untouched {
        true => "it computes nothing: a small kernel left its results unwritten",
        false => "a small kernel with shared memory came out wrong",
    };
    Some(String::from(wrong))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_sound_only_if_every_sum_is_right() {
        let right: Vec<f32> =
            (0..THREADS).map(|thread| (9 * ((thread + 1) % THREADS) + 3) as f32).collect();
        assert_eq!(verdict(&right, 3), None);
        let mut one_wrong = right.clone();
        one_wrong[63] = 4.0;
        let said = |sums: &[f32]| verdict(sums, 3).unwrap();
        assert!(said(&one_wrong).contains("came out wrong"));
        assert!(said(&[0.0; THREADS as usize]).contains("came out wrong"));
        assert!(said(&[-1.0; THREADS as usize]).contains("computes nothing"));
    }
}
