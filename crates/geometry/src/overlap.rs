//! How much the rows of a matrix point the same way.

use crate::Rows;
use crate::norms::row_norms;

/// The mean of `cos²` over all pairs of different rows whose norm is above `threshold` (zero keeps
/// all rows that have a direction); `None` when fewer than two are.
///
/// With the rows scaled to unit length in `Û`, `Σ_{i≠j} cos² = ‖ÛᵀÛ‖²_F − n`, which takes `n·d²`
/// operations instead of the `n²·d` of all pairs. With fewer rows than dimensions the pairs are
/// cheaper, as `‖ÛÛᵀ‖²_F` is the same number.
pub fn mean_square(rows: Rows<'_>, threshold: f64) -> Option<f64> {
    let d = rows.width();
    let units: Vec<Vec<f64>> = rows
        .iter()
        .zip(row_norms(rows))
        .filter(|(_, norm)| *norm > threshold)
        .map(|(row, norm)| row.iter().map(|w| f64::from(*w) / norm).collect())
        .collect();
    let n = units.len();
    if n < 2 {
        return None;
    }
    let squares = if n < d {
        frobenius_square(n, (0..d).map(|k| units.iter().map(|u| u[k]).collect()))
    } else {
        frobenius_square(d, units.iter().cloned())
    };
    // Orthogonal rows leave a difference of rounding errors, which may be negative.
    Some(((squares - n as f64) / (n * (n - 1)) as f64).max(0.0))
}

/// `‖Σ_v v vᵀ‖²_F` of `vectors` of the given length.
fn frobenius_square(length: usize, vectors: impl Iterator<Item = Vec<f64>>) -> f64 {
    let mut gram = vec![0.0; length * length];
    for vector in vectors {
        for (i, a) in vector.iter().enumerate() {
            // The lower triangle; the upper one mirrors it.
            for (g, b) in gram[i * length..=i * length + i].iter_mut().zip(&vector) {
                *g += a * b;
            }
        }
    }
    (0..length)
        .map(|i| {
            let (lower, diagonal) = (&gram[i * length..i * length + i], gram[i * length + i]);
            diagonal * diagonal + 2.0 * lower.iter().map(|g| g * g).sum::<f64>()
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rows: &[f32], width: usize, threshold: f64) -> Option<f64> {
        mean_square(Rows::new(rows, width), threshold)
    }

    /// The mean over all pairs, one by one.
    fn by_pairs(rows: &[f32], width: usize) -> f64 {
        let rows: Vec<&[f32]> = rows.chunks(width).collect();
        let dot = |a: &[f32], b: &[f32]| -> f64 {
            a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
        };
        let mut sum = 0.0;
        for (i, a) in rows.iter().enumerate() {
            for b in &rows[..i] {
                sum += dot(a, b).powi(2) / (dot(a, a) * dot(b, b));
            }
        }
        2.0 * sum / (rows.len() * (rows.len() - 1)) as f64
    }

    #[test]
    fn known_configurations_have_their_known_overlap() {
        assert!(of(&[2.0, 0.0, 0.0, 3.0], 2, 0.0).unwrap().abs() < 1e-12);
        assert!((of(&[1.0, 1.0, -2.0, -2.0], 2, 0.0).unwrap() - 1.0).abs() < 1e-12);
        // Three directions at 120°.
        let s = 0.75_f32.sqrt();
        assert!((of(&[1.0, 0.0, -0.5, s, -0.5, -s], 2, 0.0).unwrap() - 0.25).abs() < 1e-6);
    }

    #[test]
    #[expect(clippy::cast_possible_truncation, reason = "weights are single precision")]
    fn the_short_way_agrees_with_all_pairs() {
        let mut state = 1_u32;
        let rows: Vec<f32> = (0..60)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (f64::from(state) / f64::from(u32::MAX) - 0.5) as f32
            })
            .collect();
        for width in [2, 3, 10, 30] {
            let (short, long) = (of(&rows, width, 0.0).unwrap(), by_pairs(&rows, width));
            assert!((short - long).abs() < 1e-12, "{short} {long}");
        }
    }

    #[test]
    fn rows_at_or_below_the_threshold_do_not_count() {
        let rows = [2.0, 0.0, 0.0, 2.0, 0.5, 0.5, 0.0, 0.0];
        assert!(of(&rows, 2, 1.0).unwrap().abs() < 1e-12);
        assert!(of(&rows, 2, 0.0).unwrap() > 0.1);
        assert_eq!(of(&rows, 2, 3.0), None);
    }
}
