//! Random numbers of the experiments: streams that are told apart by their numbers, so that neither
//! the order of runs nor the number of threads changes a bit of them.

use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution as _, StandardNormal};

/// Bits of a stream's number that count replicates; those above are the size.
const REPLICATE_BITS: u32 = 32;

/// The random numbers of one run.
pub(crate) fn stream(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(stream);
    rng
}

/// The random numbers of a replicate at a size; both are below 2³².
pub(crate) fn replicate(seed: u64, size: usize, replicate: usize) -> ChaCha8Rng {
    stream(seed, (size as u64) << REPLICATE_BITS | replicate as u64)
}

/// A number from N(0, 1).
pub(crate) fn normal(rng: &mut ChaCha8Rng) -> f64 {
    StandardNormal.sample(rng)
}

/// `n` numbers from N(0, 1).
pub(crate) fn normals(rng: &mut ChaCha8Rng, n: usize) -> Vec<f64> {
    (0..n).map(|_| normal(rng)).collect()
}
