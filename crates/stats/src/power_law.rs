//! A power law `y = coefficient · x^-exponent`, fitted as a line of `ln y` on `ln x`.
//!
//! Ordinary least squares, as the paper fits its model exponents, so that the numbers compare.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// Points that a power law takes at least: its two parameters, and one more for their error.
pub const FEWEST_POINTS: usize = 3;

/// A fitted power law.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PowerLaw {
    /// `y` at `x = 1`.
    pub coefficient: f64,
    /// Minus the slope: positive when `y` falls.
    pub exponent: f64,
    /// Standard error of the exponent, from the scatter of the points around the line.
    pub exponent_se: f64,
    /// Share of the variance of `ln y` that the line explains; one when `ln y` does not vary.
    pub r_squared: f64,
    /// Number of points.
    pub n_points: usize,
}

/// Why no power law can be fitted: a sentence that names the point.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PowerLawError(String);

/// The least-squares power law through the points `(x, y)`.
///
/// # Errors
/// [`PowerLawError`], naming the point, when there is no such line or no error estimate.
pub fn fit_power_law(x: &[f64], y: &[f64]) -> Result<PowerLaw, PowerLawError> {
    let n_points = x.len();
    let refuse = |sentence: String| Err(PowerLawError(sentence));
    if y.len() != n_points {
        return refuse(format!("a fit needs one y for each x, got {n_points} and {}", y.len()));
    }
    if n_points < FEWEST_POINTS {
        return refuse(format!(
            "a power law needs at least {FEWEST_POINTS} points, got {n_points}"
        ));
    }
    let usable = |v: f64| v.is_finite() && v > 0.0;
    if let Some(i) = (0..n_points).find(|&i| !usable(x[i]) || !usable(y[i])) {
        let (x, y) = (x[i], y[i]);
        return refuse(format!("point {i} is ({x}, {y}); both must be finite and positive"));
    }
    let ln_x: Vec<f64> = x.iter().map(|v| v.ln()).collect();
    let ln_y: Vec<f64> = y.iter().map(|v| v.ln()).collect();
    let n = n_points as f64;
    let (mean_x, mean_y) = (ln_x.iter().sum::<f64>() / n, ln_y.iter().sum::<f64>() / n);
    let sum = |f: &dyn Fn(usize) -> f64| (0..n_points).map(f).sum::<f64>();
    let sxx = sum(&|i| (ln_x[i] - mean_x).powi(2));
    let sxy = sum(&|i| (ln_x[i] - mean_x) * (ln_y[i] - mean_y));
    let syy = sum(&|i| (ln_y[i] - mean_y).powi(2));
    if sxx <= f64::EPSILON * n * mean_x.abs().max(1.0) {
        let x = x[0];
        return refuse(format!(
            "all {n_points} points lie at x = {x}; a slope needs at least two places"
        ));
    }
    let slope = sxy / sxx;
    let residual = sum(&|i| (ln_y[i] - mean_y - slope * (ln_x[i] - mean_x)).powi(2));
    Ok(PowerLaw {
        coefficient: (mean_y - slope * mean_x).exp(),
        exponent: -slope,
        exponent_se: (residual / (n - 2.0) / sxx).sqrt(),
        r_squared: if syy > 0.0 { 1.0 - residual / syy } else { 1.0 },
        n_points,
    })
}

impl PowerLaw {
    /// The law's value at `x`.
    pub fn at(&self, x: f64) -> f64 {
        self.coefficient * x.powf(-self.exponent)
    }

    /// The interval that holds the exponent with the given `confidence` if the points scatter
    /// around a true power law with equal, normal errors in `ln y` (Student's t, `n − 2` degrees
    /// of freedom).
    ///
    /// # Panics
    /// When `confidence` is not between 0 and 1.
    pub fn exponent_interval(&self, confidence: f64) -> (f64, f64) {
        let t = student_t(confidence, (self.n_points - 2) as f64);
        (self.exponent - t * self.exponent_se, self.exponent + t * self.exponent_se)
    }
}

/// Student's t with so many `degrees` of freedom that is within `± student_t` with the given `confidence`.
///
/// # Panics
/// When `confidence` is not between 0 and 1, or `degrees` is not positive.
pub fn student_t(confidence: f64, degrees: f64) -> f64 {
    assert!(confidence > 0.0 && confidence < 1.0, "confidence must be between 0 and 1");
    let t = StudentsT::new(0.0, 1.0, degrees).expect("degrees of freedom are positive");
    t.inverse_cdf(0.5 + 0.5 * confidence)
}

/// The local exponents `−Δ ln y / Δ ln x` between neighbouring points, in the order given: one
/// fewer than there are points.
pub fn local_exponents(x: &[f64], y: &[f64]) -> Vec<f64> {
    x.windows(2).zip(y.windows(2)).map(|(x, y)| -(y[1] / y[0]).ln() / (x[1] / x[0]).ln()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution, StandardNormal};

    const WIDTHS: [f64; 6] = [10.0, 15.0, 25.0, 39.0, 63.0, 100.0];

    #[test]
    fn exact_data_gives_the_exponent_back_at_any_scale() {
        for scale in [1.0, 1e-3, 1e6] {
            let x: Vec<f64> = WIDTHS.iter().map(|w| w * scale).collect();
            let y: Vec<f64> = WIDTHS.iter().map(|w| 3.0 * w.powf(-0.75)).collect();
            let fit = fit_power_law(&x, &y).unwrap();
            assert!((fit.exponent - 0.75).abs() < 1e-12);
            assert!((fit.r_squared - 1.0).abs() < 1e-12);
            assert!((fit.at(x[3]) / y[3] - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn the_papers_own_slope_comes_back_from_its_own_losses() {
        // α = 0, γ = −1, n = 1000, from the paper's figure 9b and its losses: 0.834.
        let loss = [1.185, 0.993, 0.746, 0.514, 0.310, 0.171];
        let fit = fit_power_law(&WIDTHS, &loss).unwrap();
        assert!((fit.exponent - 0.834).abs() < 0.002, "{}", fit.exponent);
    }

    #[test]
    fn the_stated_interval_covers_the_truth_as_often_as_it_says() {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
        let trials = 2000;
        let covered = (0..trials)
            .filter(|_| {
                let y: Vec<f64> =
                    WIDTHS.iter().map(|w| w.powf(-1.0) * (0.1 * normal()).exp()).collect();
                let (low, high) = fit_power_law(&WIDTHS, &y).unwrap().exponent_interval(0.95);
                low <= 1.0 && 1.0 <= high
            })
            .count();
        // 1900 expected with standard deviation 9.7; four of them allowed.
        assert!(covered.abs_diff(1900) < 39, "{covered} of {trials}");
    }

    #[test]
    fn what_has_no_slope_is_refused_with_its_place() {
        for (x, y, part) in [
            (&[1.0, 2.0][..], &[1.0][..], "one y for each x, got 2 and 1"),
            (&[1.0, 2.0], &[1.0, 2.0], "at least 3 points, got 2"),
            (&[1.0, 2.0, 3.0], &[1.0, 0.0, 2.0], "point 1 is (2, 0)"),
            (&[5.0; 3], &[1.0, 2.0, 3.0], "all 3 points lie at x = 5;"),
        ] {
            let said = fit_power_law(x, y).unwrap_err().to_string();
            assert!(said.contains(part), "{said}");
        }
    }

    #[test]
    fn local_exponents_of_a_power_law_are_its_exponent() {
        let y: Vec<f64> = WIDTHS.iter().map(|w| w.powf(-1.3)).collect();
        let local = local_exponents(&WIDTHS, &y);
        assert_eq!(local.len(), 5);
        assert!(local.iter().all(|e| (e - 1.3).abs() < 1e-12));
    }

    #[test]
    fn a_fit_on_paper() {
        // ln x = −1, 0, 1 and ln y = 2, 3, 1: slope −½, residuals −½, 1, −½, of ln y's squares 2.
        let e = |values: [f64; 3]| values.map(f64::exp);
        let fit = fit_power_law(&e([-1.0, 0.0, 1.0]), &e([2.0, 3.0, 1.0])).unwrap();
        let got =
            [fit.exponent, fit.exponent_se, fit.r_squared, fit.coefficient.ln(), fit.at(1.0).ln()];
        for (got, expected) in got.into_iter().zip([0.5, 0.75_f64.sqrt(), 0.25, 2.0, 2.0]) {
            assert!((got - expected).abs() < 1e-12, "{got} is not {expected}");
        }
        assert!((fit.at(4.0) / fit.at(1.0) - 0.5).abs() < 1e-12);
        assert_eq!(fit.n_points, 3);
        // One degree of freedom: t is 1 for one half.
        let (low, high) = fit.exponent_interval(0.5);
        assert!((low - (0.5 - 0.75_f64.sqrt())).abs() < 1e-6, "{low}");
        assert!((high - (0.5 + 0.75_f64.sqrt())).abs() < 1e-6, "{high}");
    }

    #[test]
    fn what_does_not_vary_is_explained_and_has_no_slope() {
        let fit = fit_power_law(&WIDTHS, &[1.0; 6]).unwrap();
        assert!(fit.exponent.abs() < 1e-15 && (fit.r_squared - 1.0).abs() < 1e-15);
    }

    #[test]
    fn places_close_together_have_a_slope_and_equal_ones_that_were_rounded_have_none() {
        for scale in [1e-200, 1.0, 1e200] {
            let x = |step: f64| [1.0, 1.0 + step, 1.0 + 2.0 * step].map(|x| x * scale);
            let y = [1.0, 2.0, 3.0];
            assert!(fit_power_law(&x(1e-6), &y).is_ok(), "{scale}");
            assert!(fit_power_law(&x(1e-8), &y).is_err(), "{scale}");
        }
        for bad in [0.0, -1.0, f64::INFINITY, f64::NAN] {
            for (x, y) in [([1.0, 2.0, bad], [1.0; 3]), ([1.0, 2.0, 3.0], [1.0, 2.0, bad])] {
                let said = fit_power_law(&x, &y).unwrap_err().to_string();
                assert!(said.contains("point 2 is ("), "{said}");
            }
        }
    }

    #[test]
    fn students_t_is_that_of_the_tables() {
        for (confidence, degrees, t) in
            [(0.95, 1.0, 12.7062), (0.95, 4.0, 2.7764), (0.9, 10.0, 1.8125)]
        {
            assert!((student_t(confidence, degrees) - t).abs() < 1e-4);
        }
    }

    #[test]
    #[should_panic(expected = "between 0 and 1")]
    fn certainty_has_no_interval() {
        student_t(1.0, 3.0);
    }

    #[test]
    #[should_panic(expected = "between 0 and 1")]
    fn no_confidence_has_no_interval() {
        student_t(0.0, 3.0);
    }
}
