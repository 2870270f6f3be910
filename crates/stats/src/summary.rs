//! Mean, spread and standard error of a sample.

/// Mean and spread of a sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// Number of values.
    pub n: usize,
    /// Arithmetic mean; not a number when there are no values.
    pub mean: f64,
    /// Sample standard deviation (divisor `n − 1`); not a number below two values.
    pub standard_deviation: f64,
    /// Standard error of the mean, `standard_deviation / √n`.
    pub standard_error: f64,
}

/// The [`Summary`] of `values`, by the two-pass formula.
pub fn summarise(values: &[f64]) -> Summary {
    let n = values.len();
    let mean = values.iter().sum::<f64>() / n as f64;
    let standard_deviation = if n < 2 {
        f64::NAN
    } else {
        let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
        (squares / (n - 1) as f64).sqrt()
    };
    Summary { n, mean, standard_deviation, standard_error: standard_deviation / (n as f64).sqrt() }
}

/// The median of `values`, and their median absolute deviation from it (not scaled); not numbers
/// when there are no values.
pub fn median_and_deviation(values: &[f64]) -> (f64, f64) {
    let median = median(values.to_vec());
    (median, self::median(values.iter().map(|v| (v - median).abs()).collect()))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        n => f64::midpoint(values[(n - 1) / 2], values[n / 2]),
    }
}

/// The geometric mean of positive `values`.
pub fn geometric_mean(values: &[f64]) -> f64 {
    (values.iter().map(|v| v.ln()).sum::<f64>() / values.len() as f64).exp()
}

/// The mean of the squares of `values`; not a number when there are none.
pub fn mean_square(values: &[f64]) -> f64 {
    values.iter().map(|v| v * v).sum::<f64>() / values.len() as f64
}

/// The standard deviation relative to the mean within groups, pooled over those of `groups` that have
/// several values, each weighed by its degrees of freedom; not a number when none has.
pub fn pooled_relative_deviation(groups: &[Summary]) -> f64 {
    let (mut squares, mut freedom) = (0.0, 0.0);
    for group in groups.iter().filter(|group| group.n > 1) {
        let degrees = (group.n - 1) as f64;
        squares += degrees * (group.standard_deviation / group.mean).powi(2);
        freedom += degrees;
    }
    (squares / freedom).sqrt()
}

/// Pearson's correlation of the pairs `(x, y)`; not a number when either does not vary.
pub fn correlation(pairs: &[(f64, f64)]) -> f64 {
    let n = pairs.len() as f64;
    let mean_x = pairs.iter().map(|p| p.0).sum::<f64>() / n;
    let mean_y = pairs.iter().map(|p| p.1).sum::<f64>() / n;
    let sum = |f: &dyn Fn(f64, f64) -> f64| -> f64 {
        pairs.iter().map(|p| f(p.0 - mean_x, p.1 - mean_y)).sum()
    };
    sum(&|x, y| x * y) / (sum(&|x, _| x * x) * sum(&|_, y| y * y)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_offset_does_not_hide_the_spread() {
        let summary = summarise(&[1e9 + 1.0, 1e9 + 2.0, 1e9 + 3.0]);
        assert!((summary.mean - (1e9 + 2.0)).abs() < 1e-6);
        assert!((summary.standard_deviation - 1.0).abs() < 1e-9);
    }

    #[test]
    fn one_value_has_no_spread() {
        let summary = summarise(&[4.0]);
        assert!((summary.mean - 4.0).abs() < f64::EPSILON);
        assert!(summary.standard_error.is_nan());
        assert!(summarise(&[]).mean.is_nan());
    }

    #[test]
    fn one_wild_value_moves_neither_median_nor_deviation() {
        let (median, deviation) = median_and_deviation(&[5.0, 1.0, 2.0, 1e9, 3.0]);
        assert!((median - 3.0).abs() < 1e-12 && (deviation - 2.0).abs() < 1e-12);
        let (median, deviation) = median_and_deviation(&[1.0, 2.0]);
        assert!((median - 1.5).abs() < 1e-12 && (deviation - 0.5).abs() < 1e-12);
        assert!(median_and_deviation(&[]).0.is_nan());
    }

    #[test]
    fn groups_weigh_by_their_degrees_of_freedom_and_single_values_not_at_all() {
        // Deviations of 1 % with one degree, of 2 % with two: √((1 + 2·4) / 3) %.
        let groups = [&[99.0, 101.0][..], &[98.0, 100.0, 102.0], &[7.0]].map(summarise);
        let first = groups[0].standard_deviation / 100.0;
        let expected = ((first.powi(2) + 2.0 * 0.02_f64.powi(2)) / 3.0).sqrt();
        assert!((pooled_relative_deviation(&groups) - expected).abs() < 1e-15);
        assert!(pooled_relative_deviation(&groups[2..]).is_nan());
        assert!((mean_square(&[3.0, -4.0]) - 12.5).abs() < 1e-15);
    }

    #[test]
    fn a_line_is_correlated_whatever_its_slope_and_a_circle_is_not() {
        let line = [(0.0, 5.0), (1.0, 3.0), (2.0, 1.0)];
        assert!((correlation(&line) + 1.0).abs() < 1e-15);
        let circle = [(1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0)];
        assert!(correlation(&circle).abs() < 1e-15);
        assert!(correlation(&[(1.0, 1.0), (1.0, 2.0)]).is_nan());
    }

    #[test]
    fn the_geometric_mean_of_reciprocals_is_one() {
        assert!((geometric_mean(&[0.25, 4.0]) - 1.0).abs() < 1e-15);
    }

    #[test]
    fn a_sample_on_paper() {
        // 1, 2, 3, 6: squares about 3 are 4 + 1 + 0 + 9 = 14.
        let Summary { n, mean, standard_deviation, standard_error } =
            summarise(&[1.0, 2.0, 3.0, 6.0]);
        assert_eq!(n, 4);
        let expected = [3.0, (14.0_f64 / 3.0).sqrt(), (14.0_f64 / 12.0).sqrt()];
        for (got, expected) in [mean, standard_deviation, standard_error].iter().zip(expected) {
            assert!((got - expected).abs() < 1e-15, "{got} is not {expected}");
        }
        let two = summarise(&[1.0, 3.0]);
        assert!(
            (two.standard_deviation - 2.0_f64.sqrt()).abs() < 1e-15,
            "two values have a spread"
        );
    }

    #[test]
    fn a_correlation_on_paper() {
        // Deviations (−2, −1), (0, 1), (2, 0): 2 / √(8 · 2).
        let pairs = [(1.0, 10.0), (3.0, 12.0), (5.0, 11.0)];
        assert!((correlation(&pairs) - 0.5).abs() < 1e-15);
    }

    #[test]
    fn an_even_number_of_values_has_the_middle_between_two() {
        assert!((median_and_deviation(&[1.0, 2.0, 4.0, 9.0]).0 - 3.0).abs() < 1e-15);
        assert!((geometric_mean(&[2.0, 8.0, 4.0]) - 4.0).abs() < 1e-14);
    }
}
