//! A number and its error where values come in groups: what is in one group may be as alike as it likes, and
//! groups are independent.
//!
//! Losses at seventeen data exponents and ten decays are not 170 observations when all share one seed's batches
//! and start; what is independent must be said, and is what the error is of.

use crate::exponent::CONFIDENCE;
use crate::power_law::student_t;
use crate::summary::summarise;

/// A number with its standard error and 95 % interval, by Student's t.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The number.
    pub value: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Estimate {
    /// An estimate of so many `degrees` of freedom.
    pub fn new(value: f64, standard_error: f64, degrees: f64) -> Self {
        let half = student_t(CONFIDENCE, degrees) * standard_error;
        Self { value, standard_error, low: value - half, high: value + half }
    }

    /// The mean of independent `values`; absent below two.
    pub fn of_mean(values: &[f64]) -> Option<Self> {
        let summary = summarise(values);
        let degrees = values.len().checked_sub(1).filter(|degrees| *degrees > 0)?;
        Some(Self::new(summary.mean, summary.standard_error, degrees as f64))
    }
}

/// The `statistic` of all values of the `groups`, with its error by leaving out one group after the other (the
/// jackknife), with one degree of freedom fewer than there are groups. Of the mean of groups of one
/// size it is the standard error of the mean of their means. Absent below two groups, or where the
/// statistic is not finite.
pub fn jackknife<T: Clone>(groups: &[Vec<T>], statistic: impl Fn(&[T]) -> f64) -> Option<Estimate> {
    let n = groups.len();
    let without = |left_out: usize| {
        let rest = groups.iter().enumerate().filter(|(at, _)| *at != left_out);
        statistic(&rest.flat_map(|(_, group)| group.iter().cloned()).collect::<Vec<T>>())
    };
    if n < 2 {
        return None;
    }
    let leaving_out: Vec<f64> = (0..n).map(without).collect();
    let deviation = summarise(&leaving_out).standard_deviation;
    let standard_error = deviation * (n - 1) as f64 / (n as f64).sqrt();
    let value = statistic(&groups.concat());
    let is_finite = value.is_finite() && standard_error.is_finite();
    is_finite.then(|| Estimate::new(value, standard_error, (n - 1) as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(values: &[f64]) -> f64 {
        summarise(values).mean
    }

    #[test]
    fn of_a_mean_of_equal_groups_it_is_the_error_of_the_mean_of_their_means() {
        let groups = [vec![1.0, 3.0], vec![4.0, 4.0], vec![6.0, 12.0]];
        let estimate = jackknife(&groups, mean).unwrap();
        let of_means = Estimate::of_mean(&[2.0, 4.0, 9.0]).unwrap();
        for (a, b) in [
            (estimate.value, 5.0),
            (estimate.standard_error, (13.0_f64 / 3.0).sqrt()),
            (estimate.low, of_means.low),
            (estimate.high, of_means.high),
            // Student's t with two degrees of freedom.
            (estimate.high - 5.0, 4.302_652_7 * (13.0_f64 / 3.0).sqrt()),
        ] {
            assert!((a - b).abs() < 1e-6, "{a} {b}");
        }
    }

    #[test]
    fn values_that_are_repeated_within_groups_do_not_narrow_it() {
        let groups = [1.0, 2.0, 4.0].map(|value| vec![value]);
        let repeated = [1.0, 2.0, 4.0].map(|value| vec![value; 50]);
        let (one, many) = (jackknife(&groups, mean).unwrap(), jackknife(&repeated, mean).unwrap());
        assert!((one.standard_error - many.standard_error).abs() < 1e-12);
        assert!(one.standard_error > 0.8);
    }

    #[test]
    fn one_group_has_no_error_and_no_number_is_no_estimate() {
        assert_eq!(jackknife(&[vec![1.0, 2.0]], mean), None);
        assert_eq!(jackknife(&[vec![1.0], vec![f64::NAN]], mean), None);
        assert_eq!(jackknife::<f64>(&[], mean), None);
        assert_eq!(Estimate::of_mean(&[1.0]), None);
        assert_eq!(Estimate::of_mean(&[]), None);
    }
}
