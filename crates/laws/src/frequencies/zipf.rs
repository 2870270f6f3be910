//! The exponent of Zipf's law, `f(r) ∝ r^-s` for the frequency of the word of rank `r`.

use superpose_stats::power_law::{PowerLaw, PowerLawError, fit_power_law};

use crate::fits::bisect;

/// Exponents that are searched.
const EXPONENTS: (f64, f64) = (-1.0, 20.0);

/// In what part of samples 1.96 of the likelihood's standard errors hold the true exponent, where it
/// should be 0.95, when the ranks are those of the sample itself, as they are in a file of counts: for
/// so many occurrences of 1000 words with exponent 1.
pub const OWN_RANKS_COVER: [(usize, f64); 2] = [(100_000, 0.92), (7_500, 0.71)];

/// An exponent by maximum likelihood.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ZipfExponent {
    /// `s`.
    pub exponent: f64,
    /// Its standard error if every occurrence were drawn by itself: `1 / √(N Var ln r)`. Words come
    /// in clusters and ranks are those of the same sample, so the real one is larger.
    pub standard_error: f64,
}

/// The exponent fitted as a line of `ln f` on `ln r` through the ranks `ranks`, from 1, of
/// descending `frequencies`. Every rank counts the same, so the rarest decide.
///
/// # Errors
/// [`PowerLawError`] when fewer than three ranks have a frequency above zero.
pub fn fit_rank_window(
    frequencies: &[f64],
    ranks: std::ops::RangeInclusive<usize>,
) -> Result<PowerLaw, PowerLawError> {
    let in_window = |(rank, frequency): (usize, &f64)| {
        (ranks.contains(&rank) && *frequency > 0.0).then_some((rank as f64, *frequency))
    };
    let (x, y): (Vec<f64>, Vec<f64>) = (1..).zip(frequencies).filter_map(in_window).unzip();
    fit_power_law(&x, &y)
}

/// The exponent under which descending `counts` are the most likely, among laws that end at the
/// last rank: every occurrence counts the same, so the most frequent words decide. `None` when they
/// are no numbers, all zero, or of one rank.
///
/// The likelihood of a power law over ranks `1..=n` is largest where the mean of `ln r` under the
/// law is that of the counts.
pub fn fit_zipf(counts: &[f64]) -> Option<ZipfExponent> {
    let total: f64 = counts.iter().sum();
    let ln_ranks: Vec<f64> = (1..=counts.len()).map(|rank| (rank as f64).ln()).collect();
    let sum: f64 = counts.iter().zip(&ln_ranks).map(|(count, ln_rank)| count * ln_rank).sum();
    let wanted = sum / total;
    if counts.len() < 2 || !wanted.is_finite() || total <= 0.0 {
        return None;
    }
    // The mean and variance of ln r under the law.
    let moments = |exponent: f64| {
        let (mut norm, mut first, mut second) = (0.0, 0.0, 0.0);
        for ln_rank in &ln_ranks {
            let weight = (-exponent * ln_rank).exp();
            norm += weight;
            first += weight * ln_rank;
            second += weight * ln_rank * ln_rank;
        }
        (first / norm, second / norm - (first / norm).powi(2))
    };
    let (low, high) = EXPONENTS;
    // The mean falls as the exponent grows.
    if moments(low).0 < wanted || moments(high).0 > wanted {
        return None;
    }
    let exponent = bisect(low, high, |exponent| moments(exponent).0 <= wanted);
    Some(ZipfExponent { exponent, standard_error: 1.0 / (total * moments(exponent).1).sqrt() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt as _, SeedableRng as _};
    use rand_chacha::ChaCha8Rng;

    fn law(n: u32, exponent: f64) -> Vec<f64> {
        (1..=n).map(|rank| 1e6 * f64::from(rank).powf(-exponent)).collect()
    }

    #[test]
    fn an_exact_law_comes_back_both_ways() {
        for exponent in [0.5, 1.0, 1.7] {
            let frequencies = law(500, exponent);
            assert!((fit_zipf(&frequencies).unwrap().exponent - exponent).abs() < 1e-9);
            let line = fit_rank_window(&frequencies, 10..=200).unwrap();
            assert!((line.exponent - exponent).abs() < 1e-12);
            assert_eq!(line.n_points, 191);
        }
    }

    #[test]
    fn a_window_sees_its_own_ranks_alone() {
        let mut frequencies = law(100, 1.0);
        for (rank, frequency) in (101_u32..=200).zip(law(200, 2.0).split_off(100)) {
            frequencies.push(100.0 * frequency);
            assert!(frequency > 0.0, "{rank}");
        }
        assert!((fit_rank_window(&frequencies, 1..=100).unwrap().exponent - 1.0).abs() < 1e-12);
        assert!((fit_rank_window(&frequencies, 101..=200).unwrap().exponent - 2.0).abs() < 1e-12);
    }

    /// In what part of 200 samples of `size` occurrences of `n` words the true exponent is within 1.96
    /// standard errors; `order` is what becomes of the counts by true rank.
    fn covered(n: u32, exponent: f64, size: usize, order: fn(&mut Vec<f64>)) -> f64 {
        let mut sum = 0.0;
        let add = |weight: f64| {
            sum += weight;
            sum
        };
        let sums: Vec<f64> = law(n, exponent).into_iter().map(add).collect();
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut covers = || {
            let mut counts = vec![0.0; sums.len()];
            for _ in 0..size {
                let drawn = rng.random_range(0.0..sums[sums.len() - 1]);
                counts[sums.partition_point(|sum| *sum <= drawn)] += 1.0;
            }
            order(&mut counts);
            let fit = fit_zipf(&counts).unwrap();
            (fit.exponent - exponent).abs() < 1.96 * fit.standard_error
        };
        f64::from((0..200).map(|_| u32::from(covers())).sum::<u32>()) / 200.0
    }

    #[test]
    fn draws_cover_the_truth_as_often_as_the_error_says() {
        // By true rank; within three standard deviations of 95 %.
        let covered = covered(50, 1.2, 2000, |_| ());
        assert!((0.905..=0.995).contains(&covered), "{covered}");
    }

    #[test]
    fn ranks_of_the_sample_itself_cover_less_often() {
        let own = |counts: &mut Vec<f64>| {
            counts.sort_by(|a, b| b.total_cmp(a));
            counts.retain(|count| *count > 0.0);
        };
        for (size, part) in OWN_RANKS_COVER {
            let covered = covered(1000, 1.0, size, own);
            // Three standard deviations.
            let room = 3.0 * (part * (1.0 - part) / 200.0).sqrt();
            assert!((covered - part).abs() < room, "{size}: {covered}");
        }
    }

    #[test]
    fn what_has_no_exponent_has_none() {
        for counts in [&[][..], &[3.0], &[0.0, 0.0], &[f64::NAN, 1.0]] {
            assert!(fit_zipf(counts).is_none());
        }
        assert!(fit_rank_window(&[2.0, 1.0, 0.0], 1..=3).is_err());
    }
}
