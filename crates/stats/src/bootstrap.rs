//! Intervals by resampling seeds.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::power_law::fit_power_law;
use crate::summary::geometric_mean;

/// The percentile interval, at the given `confidence`, of the exponent of the power law through
/// the geometric means of `replicates[k]` at `x[k]`, when the replicates at each `x` are drawn
/// again, with replacement, `n_resamples` times from `seed`.
///
/// `None` when no place has two replicates (there is nothing to resample) or when the means admit
/// no fit. With few replicates the interval is too narrow by about `√(r / (r − 1))`: resampling
/// sees only the spread of the `r` seeds that were run.
pub fn exponent_interval(
    x: &[f64],
    replicates: &[Vec<f64>],
    confidence: f64,
    n_resamples: usize,
    seed: u64,
) -> Option<(f64, f64)> {
    if replicates.iter().all(|r| r.len() < 2) || replicates.iter().any(Vec::is_empty) {
        return None;
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut exponents = Vec::with_capacity(n_resamples);
    for _ in 0..n_resamples {
        let means: Vec<f64> = replicates
            .iter()
            .map(|values| {
                let drawn: Vec<f64> =
                    values.iter().map(|_| values[rng.random_range(0..values.len())]).collect();
                geometric_mean(&drawn)
            })
            .collect();
        exponents.push(fit_power_law(x, &means).ok()?.exponent);
    }
    percentile_interval(exponents, confidence)
}

/// The interval between the percentiles of `values` that leave out equal parts at both ends; `None` without values.
pub fn percentile_interval(mut values: Vec<f64>, confidence: f64) -> Option<(f64, f64)> {
    values.sort_by(f64::total_cmp);
    let tail = 0.5 * (1.0 - confidence);
    Some((quantile(&values, tail)?, quantile(&values, 1.0 - tail)?))
}

/// The `q`-quantile of ascending `sorted` values, interpolated between neighbours.
fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = q * last as f64;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 ≤ q ≤ 1")]
    let below = place as usize;
    let above = (below + 1).min(last);
    Some(sorted[below] + (place - below as f64) * (sorted[above] - sorted[below]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDTHS: [f64; 4] = [8.0, 16.0, 32.0, 64.0];

    /// Six replicates at each width around `w^-1`, with spread 0.1 in the logarithm.
    fn replicates(rng: &mut ChaCha8Rng) -> Vec<Vec<f64>> {
        let mut normal = || (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0;
        let mut at = |w: f64| (0..6).map(|_| (0.1 * normal()).exp() / w).collect();
        WIDTHS.iter().map(|&w| at(w)).collect()
    }

    #[test]
    fn the_interval_covers_the_truth_about_as_often_as_it_says() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let trials = 300;
        let covered = (0..trials)
            .filter(|_| {
                let data = replicates(&mut rng);
                let (low, high) = exponent_interval(&WIDTHS, &data, 0.95, 400, 1).unwrap();
                low <= 1.0 && 1.0 <= high
            })
            .count();
        // A percentile bootstrap of six values covers a little less than it says: 0.90 to 0.95.
        assert!((255..=297).contains(&covered), "{covered} of {trials}");
    }

    #[test]
    fn the_same_seed_gives_the_same_interval_and_another_seed_another() {
        let data = replicates(&mut ChaCha8Rng::seed_from_u64(5));
        let of = |seed| exponent_interval(&WIDTHS, &data, 0.95, 200, seed).unwrap();
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
    }

    #[test]
    fn single_runs_have_nothing_to_resample() {
        let data: Vec<Vec<f64>> = WIDTHS.iter().map(|w| vec![1.0 / w]).collect();
        assert_eq!(exponent_interval(&WIDTHS, &data, 0.95, 100, 1), None);
    }
}
