//! Squared overlaps of unit vectors: what random vectors give and what no set can beat.

use statrs::function::beta::beta_reg;

/// Mean squared overlap of two independent random unit vectors in `d_hidden` dimensions: `1/d`.
///
/// The squared overlap follows Beta(1/2, (d−1)/2).
pub fn random_mean_square(d_hidden: usize) -> f64 {
    1.0 / d_hidden as f64
}

/// Variance of the squared overlap of two independent random unit vectors:
/// `2(d−1) / (d²(d+2))`.
pub fn random_square_variance(d_hidden: usize) -> f64 {
    let d = d_hidden as f64;
    2.0 * (d - 1.0) / (d * d * (d + 2.0))
}

/// The probability that two independent random unit vectors in `d_hidden` dimensions have `|cos|` of at most
/// `overlap`, between 0 and 1: the distribution function of Beta(1/2, (d−1)/2) at its square.
pub fn random_overlap_probability(overlap: f64, d_hidden: usize) -> f64 {
    if d_hidden < 2 || overlap >= 1.0 {
        // On a line all overlaps are one.
        return f64::from(u8::from(overlap >= 1.0));
    }
    beta_reg(0.5, 0.5 * (d_hidden - 1) as f64, overlap.max(0.0).powi(2))
}

/// Smallest mean squared overlap that `n_vectors` unit vectors in `d_hidden` dimensions can have:
/// `κ² = (n−d) / (d(n−1))`, and zero when they fit orthogonally (`n ≤ d`).
///
/// Every unit-norm tight frame reaches it, and only an equiangular one also keeps its *largest*
/// squared overlap there. **Source**: Welch 1974; the paper's eq. 5 gives κ.
pub fn welch_mean_square(n_vectors: usize, d_hidden: usize) -> f64 {
    if n_vectors <= d_hidden {
        return 0.0;
    }
    let (n, d) = (n_vectors as f64, d_hidden as f64);
    (n - d) / (d * (n - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_overlaps_have_their_known_distributions() {
        for overlap in [0.0_f64, 0.1, 0.5, 0.9, 1.0] {
            // Angles are uniform in the plane, and heights on the sphere (Archimedes).
            let plane = 2.0 / std::f64::consts::PI * overlap.asin();
            assert!((random_overlap_probability(overlap, 2) - plane).abs() < 1e-12);
            assert!((random_overlap_probability(overlap, 3) - overlap).abs() < 1e-12);
        }
        assert!(random_overlap_probability(0.999, 1) < 1e-12);
        // Its mean, from the tail: E[c²] = ∫ 2c P(|cos| > c) dc.
        let step = 1e-4;
        let tail = |c: f64| 2.0 * c * (1.0 - random_overlap_probability(c, 50));
        let mean: f64 = (0..10_000).map(|k| step * tail(step * (f64::from(k) + 0.5))).sum();
        assert!((mean - random_mean_square(50)).abs() < 1e-6);
    }

    #[test]
    fn three_vectors_at_120_degrees_meet_the_bound() {
        // Their overlaps are all cos 120° = -1/2.
        assert!((welch_mean_square(3, 2) - 0.25).abs() < 1e-15);
    }

    #[test]
    fn many_vectors_approach_the_random_value_and_few_need_no_overlap() {
        assert!((welch_mean_square(10_000_000, 40) - random_mean_square(40)).abs() < 1e-6);
        assert!(welch_mean_square(40, 40).abs() < f64::EPSILON);
    }

    #[test]
    fn random_moments_agree_with_the_angle_integral() {
        // In the plane the overlap is cos θ with θ uniform: ⟨cos²⟩ = 1/2, ⟨cos⁴⟩ = 3/8.
        assert!((random_mean_square(2) - 0.5).abs() < 1e-15);
        assert!((random_square_variance(2) - (3.0 / 8.0 - 0.25)).abs() < 1e-15);
        // In space the overlap is uniform on [-1, 1]: ⟨u²⟩ = 1/3, ⟨u⁴⟩ = 1/5.
        assert!((random_square_variance(3) - (1.0 / 5.0 - 1.0 / 9.0)).abs() < 1e-15);
    }
}
