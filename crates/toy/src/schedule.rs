//! The learning rate's course: a linear warm-up, then a cosine.

use std::f64::consts::PI;

use crate::cell::Training;

/// The rate at `step` (counted from 1) as a fraction of the peak: `step / warmup` during the
/// warm-up, then `floor + (1 − floor) (1 + cos(π t)) / 2` with `t` from 0 to 1.
pub fn fraction_of_peak(train: &Training, step: u64) -> f64 {
    let (warmup, floor) = (train.warmup_steps, train.final_learning_rate_fraction);
    if step < warmup {
        return step as f64 / warmup as f64;
    }
    let length = (train.steps - warmup).max(1) as f64;
    let t = (step - warmup) as f64 / length;
    floor + (1.0 - floor) * 0.5 * (1.0 + (PI * t).cos())
}

/// The steps after which a model is kept that has `snapshots` moments in a training of `steps` steps: 0, which
/// is the start, then evenly in the logarithm from the first step to the last, each once (so that there are fewer
/// where whole steps lie too far apart). One moment is the last step; none are none.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "from 1 to the number of steps"
)]
pub fn moments(steps: u64, snapshots: u64) -> Vec<u64> {
    let mut moments = match snapshots {
        0 => return Vec::new(),
        1 => vec![],
        _ => vec![0],
    };
    let gaps = snapshots.saturating_sub(2);
    let at = |k: u64| (steps as f64).powf(k as f64 / gaps as f64).round() as u64;
    moments.extend((0..gaps).map(at));
    moments.push(steps);
    moments.dedup();
    moments
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_near(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-12, "{a} is not {b}");
    }

    fn with(steps: u64, warmup_steps: u64, final_learning_rate_fraction: f64) -> Training {
        let train = crate::cell::tests::example().train;
        Training { steps, warmup_steps, final_learning_rate_fraction, ..train }
    }

    #[test]
    fn the_papers_course_starts_peaks_and_ends_where_it_should() {
        let schedule = with(20_000, 2000, 0.05);
        assert_near(fraction_of_peak(&schedule, 1), 1.0 / 2000.0);
        assert_near(fraction_of_peak(&schedule, 1999), 1999.0 / 2000.0);
        assert_near(fraction_of_peak(&schedule, 2000), 1.0);
        assert_near(fraction_of_peak(&schedule, 11_000), 0.525);
        assert_near(fraction_of_peak(&schedule, 20_000), 0.05);
    }

    #[test]
    fn moments_lie_evenly_in_the_logarithm_each_once() {
        assert_eq!(moments(10_000, 6), [0, 1, 10, 100, 1000, 10_000]);
        assert_eq!(moments(10_000, 2), [0, 10_000]);
        assert_eq!((moments(10_000, 0), moments(10_000, 1)), (vec![], vec![10_000]));
        assert_eq!(moments(10_000, 3), [0, 1, 10_000]);
        // Whole steps are all there is at the beginning.
        let many = moments(20, 64);
        assert_eq!(many, (0..=20).collect::<Vec<u64>>());
        assert_eq!(moments(1, 5), [0, 1]);
        let usual = moments(20_000, 64);
        assert!(usual.is_sorted_by(|a, b| a < b) && (50..=64).contains(&usual.len()));
        assert_eq!((usual[0], usual[usual.len() - 1]), (0, 20_000));
    }

    #[test]
    fn all_or_no_steps_may_be_warm_up() {
        let all = with(10, 10, 0.0);
        assert_near(fraction_of_peak(&all, 10), 1.0);
        let none = with(10, 0, 0.0);
        assert_near(fraction_of_peak(&none, 10), 0.0);
        assert!(fraction_of_peak(&none, 1) > 0.9);
    }
}
