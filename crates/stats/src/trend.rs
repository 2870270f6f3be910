//! Whether a number rises or falls with another.

use crate::summary::summarise;

/// Kendall's rank correlation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Kendall {
    /// Pairs in the same order less pairs in opposite order, over all pairs: 1 where every step is a rise.
    pub tau: f64,
    /// The probability of one as far from 0, either way, without a trend: exact for values without ties.
    pub p_value: f64,
}

/// Kendall's rank correlation of the pairs `(x, y)`; absent below three pairs, or where one is not a number.
/// Tied pairs count as neither.
pub fn kendall(pairs: &[(f64, f64)]) -> Option<Kendall> {
    let n = pairs.len();
    if n < 3 || pairs.iter().any(|(x, y)| x.is_nan() || y.is_nan()) {
        return None;
    }
    let sign = |a: f64, b: f64| i64::from(a > b) - i64::from(a < b);
    let score: i64 = pairs
        .iter()
        .enumerate()
        .flat_map(|(at, a)| pairs[..at].iter().map(move |b| sign(a.0, b.0) * sign(a.1, b.1)))
        .sum();
    let all = n * (n - 1) / 2;
    let shares = shares_by_inversions(n);
    let as_far = |inversions: usize| {
        // `all` pairs less the inverted ones twice.
        (all as i64 - 2 * inversions as i64).abs() >= score.abs()
    };
    let p_value = (0..=all).filter(|at| as_far(*at)).map(|at| shares[at]).sum::<f64>().min(1.0);
    Some(Kendall { tau: score as f64 / all as f64, p_value })
}

/// The share of the orders of `n` things that have 0, 1, … inversions.
fn shares_by_inversions(n: usize) -> Vec<f64> {
    let mut shares = vec![1.0];
    for place in 2..=n {
        // The new thing stands before 0 to `place − 1` of the others, each as likely.
        let mut longer = vec![0.0; shares.len() + place - 1];
        for (inversions, share) in shares.iter().enumerate() {
            for before in 0..place {
                longer[inversions + before] += share / place as f64;
            }
        }
        shares = longer;
    }
    shares
}

/// The slope of the least-squares line through the pairs `(x, y)`; not a number where `x` does not vary.
pub fn slope(pairs: &[(f64, f64)]) -> f64 {
    let (x, y): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    let (mean_x, mean_y) = (summarise(&x).mean, summarise(&y).mean);
    let along: f64 = pairs.iter().map(|p| (p.0 - mean_x) * (p.1 - mean_y)).sum();
    along / x.iter().map(|x| (x - mean_x).powi(2)).sum::<f64>()
}

/// The `y` of that line at `x`.
pub fn line_at(pairs: &[(f64, f64)], x: f64) -> f64 {
    let (xs, ys): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    summarise(&ys).mean + slope(pairs) * (x - summarise(&xs).mean)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(y: &[f64]) -> Kendall {
        let pairs: Vec<(f64, f64)> = y.iter().enumerate().map(|(x, y)| (x as f64, *y)).collect();
        kendall(&pairs).unwrap()
    }

    #[test]
    fn a_rise_at_every_step_is_one_order_of_all() {
        let rising = of(&[1.0, 2.0, 4.0, 8.0]);
        assert!((rising.tau - 1.0).abs() < 1e-15);
        // Two of the 24 orders of four.
        assert!((rising.p_value - 2.0 / 24.0).abs() < 1e-15);
        assert!((of(&[8.0, 4.0, 2.0, 1.0]).tau + 1.0).abs() < 1e-15);
    }

    #[test]
    fn the_table_of_the_statistic_is_met() {
        // Kendall's table: of nine, |S| ≥ 20 has a probability of 2 · 0.022, |S| ≥ 18 of 2 · 0.038.
        let with = |inversions: usize| {
            let mut y: Vec<f64> = (0..9).map(f64::from).collect();
            // The last stands before so many of the others.
            let last = y.pop().unwrap();
            y.insert(8 - inversions, last);
            of(&y)
        };
        assert!((with(8).tau - 20.0 / 36.0).abs() < 1e-15);
        assert!((with(8).p_value - 0.0446).abs() < 1e-4, "{:?}", with(8));
        assert!((with(1).tau - 34.0 / 36.0).abs() < 1e-15);
    }

    #[test]
    fn no_order_is_no_trend_and_ties_count_as_neither() {
        assert!((of(&[1.0, 3.0, 0.0, 2.0]).tau).abs() < 1e-15);
        assert!((of(&[1.0, 3.0, 0.0, 2.0]).p_value - 1.0).abs() < 1e-12);
        assert!((of(&[1.0, 1.0, 2.0]).tau - 2.0 / 3.0).abs() < 1e-15);
        assert_eq!(kendall(&[(0.0, 1.0), (1.0, 2.0)]), None);
        assert_eq!(kendall(&[(0.0, 1.0), (1.0, 2.0), (2.0, f64::NAN)]), None);
    }

    #[test]
    fn a_line_is_found_and_met_anywhere() {
        let pairs = [(1.0, 1.0), (2.0, 3.5), (3.0, 5.0), (6.0, 10.5)];
        // Sxy = 24, Sxx = 14 about the means 3 and 5.
        assert!((slope(&pairs) - 26.0 / 14.0).abs() < 1e-12, "{}", slope(&pairs));
        assert!((line_at(&pairs, 3.0) - 5.0).abs() < 1e-12);
        assert!((line_at(&pairs, 5.0) - 5.0 - 2.0 * slope(&pairs)).abs() < 1e-12);
        assert!(slope(&[(1.0, 1.0), (1.0, 2.0)]).is_nan());
    }
}
