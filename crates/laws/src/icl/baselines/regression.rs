//! What an algorithm makes of the examples in a prompt, exactly and at any size.

/// A regression in a prompt: `x ~ N(0, I)`, a task `w ~ N(0, I)`, and labels with noise.
///
/// The errors are `⟨|ŵ − w|²⟩ / d`: without the label noise of the answer, and a dimension's share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Regression {
    /// `d`; at least 1.
    pub n_dimensions: usize,
    /// Examples `N` in the prompt.
    pub n_examples: usize,
    /// Variance `σ²` of the label noise; not negative.
    pub noise_variance: f64,
}

impl Regression {
    /// The factor `c = N / (N + d + 1 + σ²)` of the best predictor `c · x · Σ yᵢxᵢ / N`.
    ///
    /// It is what one layer of linear attention learns from unlimited prompts of this length, and one step of
    /// gradient descent from zero at that rate. **Source**: von Oswald et al. 2023; Zhang, Frei & Bartlett 2024.
    pub fn linear_attention_step(&self) -> f64 {
        let n = self.n_examples as f64;
        n / (n + self.n_dimensions as f64 + 1.0 + self.noise_variance)
    }

    /// The error of one layer of linear attention, with the step [`Self::linear_attention_step`]:
    /// `(d + 1 + σ²) / (N + d + 1 + σ²)`.
    pub fn linear_attention_error(&self) -> f64 {
        let lost = self.n_dimensions as f64 + 1.0 + self.noise_variance;
        lost / (self.n_examples as f64 + lost)
    }

    /// The error of the least squares of minimum norm: ordinary least squares, `σ²/(N−d−1)`, for `N > d + 1`;
    /// interpolation, `1 − N/d + σ² (N/d)/(d−N−1)`, for `N < d − 1`.
    ///
    /// Without noise `max(0, 1 − N/d)` everywhere; with it infinite for `N` within one of `d`, where the mean of
    /// the inverse of a Wishart matrix is.
    pub fn least_squares_error(&self) -> f64 {
        let (d, n) = (self.n_dimensions as f64, self.n_examples as f64);
        let unseen = (1.0 - n / d).max(0.0);
        if self.noise_variance <= 0.0 || self.n_examples == 0 {
            return unseen;
        }
        if self.n_dimensions.abs_diff(self.n_examples) <= 1 {
            return f64::INFINITY;
        }
        let inflation = if n > d { (n - d - 1.0).recip() } else { n / d / (d - n - 1.0) };
        unseen + self.noise_variance * inflation
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_step_of_linear_attention_is_the_lowest_point_of_its_error() {
        for (d, n, noise) in
            [(1, 1, 0.0), (5, 10, 0.0), (8, 16, 0.25), (10, 40, 1.0), (20, 20, 0.0)]
        {
            let regression = Regression { n_dimensions: d, n_examples: n, noise_variance: noise };
            // 1 − 2c + c² (1 + (d + 1 + σ²)/N), from the second moment of a Wishart matrix.
            let moment = 1.0 + (d as f64 + 1.0 + noise) / n as f64;
            let at = |c: f64| 1.0 - 2.0 * c + c * c * moment;
            let (c, error) =
                (regression.linear_attention_step(), regression.linear_attention_error());
            assert!((at(c) - error).abs() < 1e-14);
            assert!(at(c - 1e-3) > error && at(c + 1e-3) > error);
        }
        let none = Regression { n_dimensions: 3, n_examples: 0, noise_variance: 0.0 };
        assert!(none.linear_attention_step().abs() < f64::EPSILON);
        assert!((none.linear_attention_error() - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn least_squares_has_its_known_errors_on_both_sides_of_the_threshold() {
        let error = |n_examples, noise_variance| {
            Regression { n_dimensions: 20, n_examples, noise_variance }.least_squares_error()
        };
        for (n, expected) in [(0, 1.0), (5, 0.75), (10, 0.5), (19, 0.05), (20, 0.0), (99, 0.0)] {
            assert!((error(n, 0.0) - expected).abs() < 1e-15);
        }
        assert!((error(0, 1.0) - 1.0).abs() < 1e-15);
        assert!((error(30, 1.0) - 1.0 / 9.0).abs() < 1e-15);
        assert!((error(40, 0.5) - 0.5 / 19.0).abs() < 1e-15);
        assert!((error(10, 1.0) - (0.5 + 0.5 / 9.0)).abs() < 1e-15);
        for n in [19, 20, 21] {
            assert!(error(n, 1e-3).is_infinite());
        }
        // One unknown and no examples: nothing is fitted, so no noise comes in.
        let nothing = Regression { n_dimensions: 1, n_examples: 0, noise_variance: 1.0 };
        assert!((nothing.least_squares_error() - 1.0).abs() < 1e-15);
    }
}
