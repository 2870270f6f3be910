//! Random numbers of the experiments: streams that are told apart by their numbers, so that neither
//! the order of runs nor the number of threads changes a bit of them.

use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution as _, StandardNormal};
use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};
use superpose_stats::summary::{Summary, summarise};

use crate::error::{LawError, ensure};

/// What is called after each run of an experiment, from any thread.
pub(crate) type Progress<'a> = &'a (dyn Fn() + Sync);

/// Bits of a stream's number that count replicates; those above are the size.
const REPLICATE_BITS: u32 = 32;

/// The random numbers of one run.
pub(crate) fn stream(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(stream);
    rng
}

/// A number from N(0, 1).
pub(crate) fn normal(rng: &mut ChaCha8Rng) -> f64 {
    StandardNormal.sample(rng)
}

/// `n` numbers from N(0, 1).
pub(crate) fn normals(rng: &mut ChaCha8Rng, n: usize) -> Vec<f64> {
    (0..n).map(|_| normal(rng)).collect()
}

/// What `run` gives for each of `0..n`, in this order; the runs are parallel.
pub(crate) fn runs<T: Send>(
    n: usize,
    progress: Progress<'_>,
    run: impl Fn(usize) -> T + Sync,
) -> Vec<T> {
    let run = |index| {
        let found = run(index);
        progress();
        found
    };
    (0..n).into_par_iter().map(run).collect()
}

/// Refuses a number of replicates: a standard error needs two, and their streams are numbered in 32
/// bits.
///
/// # Errors
/// [`LawError`], of which the name ends in `of`.
pub(crate) fn check_replicates(n_replicates: usize, of: &str) -> Result<(), LawError> {
    let fits = n_replicates >= 2 && u32::try_from(n_replicates).is_ok();
    ensure!(fits, "`n_replicates`{of} must be from 2 to 4294967295, got {n_replicates}");
    Ok(())
}

/// The mean of an error over `n_replicates` at a size, both below 2³², each with a stream of its
/// own.
///
/// # Errors
/// The index of the first replicate without an error.
pub(crate) fn over_replicates(
    n_replicates: usize,
    size: usize,
    seed: u64,
    progress: Progress<'_>,
    error: impl Fn(&mut ChaCha8Rng) -> Option<f64> + Sync,
) -> Result<Summary, usize> {
    let first = (size as u64) << REPLICATE_BITS;
    let run = |k: usize| error(&mut stream(seed, first | k as u64)).ok_or(k);
    let errors: Result<Vec<f64>, usize> = runs(n_replicates, progress, run).into_iter().collect();
    Ok(summarise(&errors?))
}
