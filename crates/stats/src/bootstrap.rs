//! Intervals from resamples.

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

    #[test]
    fn the_interval_leaves_out_as_many_at_both_ends() {
        let values: Vec<f64> = (0..=100).rev().map(f64::from).collect();
        let (low, high) = percentile_interval(values, 0.95).unwrap();
        assert!((low - 2.5).abs() < 1e-12 && (high - 97.5).abs() < 1e-12, "{low} {high}");
        assert_eq!(percentile_interval(vec![3.0], 0.95), Some((3.0, 3.0)));
        assert_eq!(percentile_interval(vec![], 0.95), None);
    }

    #[test]
    fn between_two_values_it_is_as_far_as_the_share_says() {
        assert_eq!(percentile_interval(vec![1.0, 0.0], 0.5), Some((0.25, 0.75)));
        assert_eq!(percentile_interval(vec![4.0, 1.0, 2.0], 0.5), Some((1.5, 3.0)));
        assert_eq!(percentile_interval(vec![4.0, 1.0, 2.0], 1.0), Some((1.0, 4.0)));
    }
}
