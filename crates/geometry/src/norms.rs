//! Row norms, and how many features are represented.

use crate::Rows;

/// The Euclidean norm of each row.
pub fn row_norms(rows: Rows<'_>) -> Vec<f64> {
    rows.iter().map(|row| row.iter().map(|w| f64::from(*w).powi(2)).sum::<f64>().sqrt()).collect()
}

/// The fraction of `norms` above `threshold`: `φ½` at one half, `φ1` at one. **Source**: Liu, Liu &
/// Gore 2025, section 3.
pub fn fraction_above(norms: &[f64], threshold: f64) -> f64 {
    norms.iter().filter(|norm| **norm > threshold).count() as f64 / norms.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn norms_and_fractions_of_a_small_matrix() {
        let norms = row_norms(Rows::new(&[3.0, 4.0, 0.0, 0.6, 0.0, 0.0], 2));
        assert!((norms[0] - 5.0).abs() < 1e-12 && (norms[1] - 0.6).abs() < 1e-7);
        assert!((fraction_above(&norms, 0.5) - 2.0 / 3.0).abs() < 1e-12);
        assert!((fraction_above(&norms, 1.0) - 1.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "halves are exact")]
    fn a_norm_at_the_threshold_is_not_above_it() {
        assert_eq!(fraction_above(&[0.5, 1.0], 0.5), 0.5);
        assert_eq!(fraction_above(&[1.0, 1.0], 1.0), 0.0);
    }
}
