//! What each feature has to itself, and how much the others disturb it.
//!
//! Published texts use the same words for different formulas, so each function here is named with
//! its own. Both go through the small Gram matrix, `Σ_j (Ŵ_i·W_j)² = Ŵ_iᵀ (WᵀW) Ŵ_i` with
//! `Ŵ_i = W_i / ‖W_i‖`, which takes `n·d²` operations instead of the `n²·d` of all pairs.

use crate::Rows;
use crate::products::Scaled;

/// The dimensions that each feature has to itself: `D_i = ‖W_i‖² / Σ_j (Ŵ_i·W_j)²`, the sum over
/// all `j` with `i` among them; zero for a row of zeros.
///
/// One for a feature orthogonal to all others, 1/2 for either of an antipodal pair. The `D_i` add
/// up to at most the rank of `W`, and to just that when every row is an eigenvector of `WᵀW`, as in
/// a tight frame or in a union of orthogonal ones. NaN where the matrix is not finite.
///
/// **Source**: Elhage et al. 2022, "Toy Models of Superposition", section on feature
/// dimensionality.
pub fn dimensionality(rows: Rows<'_>) -> Vec<f64> {
    Scaled::as_given(rows)
        .own_and_total_squares()
        .into_iter()
        .map(|(own, total)| if own == 0.0 { 0.0 } else { own * own / total })
        .collect()
}

/// The squared products of each feature's direction with the other features:
/// `I_i = Σ_{j≠i} (Ŵ_i·W_j)²`; zero for a row of zeros.
///
/// Not divided by the number of features, nor by `‖W_i‖²`. As the difference of the sum over all `j`
/// and `‖W_i‖²` it is exact to about `1e-15 ‖W_i‖²`, and cut off at zero. NaN where the matrix is
/// not finite.
pub fn interference(rows: Rows<'_>) -> Vec<f64> {
    Scaled::as_given(rows)
        .own_and_total_squares()
        .into_iter()
        .map(|(own, total)| if own == 0.0 { 0.0 } else { total / own - own })
        // Not `max`, which would turn NaN into zero.
        .map(|sum| if sum < 0.0 { 0.0 } else { sum })
        .collect()
}

/// `W_i·V_i`, row by row, of two matrices of one shape.
///
/// # Panics
/// When the numbers of rows differ.
pub fn products(rows: Rows<'_>, others: Rows<'_>) -> Vec<f64> {
    assert_eq!(rows.iter().len(), others.iter().len(), "a row for each");
    let product = |(a, b): (&[f32], &[f32])| -> f64 {
        a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
    };
    rows.iter().zip(others.iter()).map(product).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configurations::{
        SINGLE, dot, gaussian, icosahedron, orthonormal, polygon, simplex,
    };

    fn check(values: &[f32], width: usize, expected_dimensionality: f64) {
        let rows = Rows::new(values, width);
        for (d, (interference, row)) in
            dimensionality(rows).iter().zip(interference(rows).iter().zip(rows.iter()))
        {
            assert!((d - expected_dimensionality).abs() < SINGLE, "{d}");
            // D = ‖W‖² / (‖W‖² + I).
            let square = dot(row, row);
            let expected = square / expected_dimensionality - square;
            assert!((interference - expected).abs() < SINGLE * square, "{interference}");
        }
    }

    #[test]
    fn known_configurations_have_their_known_dimensionality() {
        check(&orthonormal(4, 4), 4, 1.0);
        check(&orthonormal(3, 7), 7, 1.0);
        // A tight frame of equal norms gives every feature d/n.
        check(&polygon(2), 2, 0.5);
        check(&polygon(3), 2, 2.0 / 3.0);
        check(&polygon(5), 2, 2.0 / 5.0);
        check(&simplex(6), 6, 6.0 / 7.0);
        check(&icosahedron(), 3, 0.5);
    }

    #[test]
    fn dimensionality_does_not_depend_on_scale_and_interference_goes_with_its_square() {
        let rows = gaussian(30, 8, 3);
        let tripled: Vec<f32> = rows.iter().map(|w| 3.0 * w).collect();
        let (rows, tripled) = (Rows::new(&rows, 8), Rows::new(&tripled, 8));
        for (a, b) in dimensionality(rows).iter().zip(dimensionality(tripled)) {
            assert!((a - b).abs() < SINGLE * a);
        }
        for (a, b) in interference(rows).iter().zip(interference(tripled)) {
            assert!((9.0 * a - b).abs() < SINGLE * b);
        }
    }

    #[test]
    fn the_short_way_agrees_with_all_pairs() {
        let values = gaussian(40, 6, 4);
        let rows: Vec<&[f32]> = values.chunks(6).collect();
        let measured = interference(Rows::new(&values, 6));
        for (i, a) in rows.iter().enumerate() {
            let others = rows.iter().enumerate().filter(|(j, _)| *j != i);
            let expected: f64 = others.map(|(_, b)| dot(a, b).powi(2) / dot(a, a)).sum();
            assert!((measured[i] - expected).abs() < 1e-12 * expected);
        }
    }

    #[test]
    fn what_rounding_leaves_of_a_feature_alone_is_never_below_zero() {
        for seed in 0..50 {
            let alone = interference(Rows::new(&gaussian(1, 7, seed), 7))[0];
            assert!((0.0..1e-12).contains(&alone), "{alone}");
        }
    }

    #[test]
    fn dimensions_add_up_to_no_more_than_there_are() {
        for (n, d, seed) in [(3, 10, 1), (10, 10, 2), (50, 10, 3), (400, 10, 4)] {
            let sum: f64 = dimensionality(Rows::new(&gaussian(n, d, seed), d)).iter().sum();
            assert!(sum <= n.min(d) as f64 + 1e-9, "{n}: {sum}");
        }
        // A triangle in one plane and a pair on the axis beside it fill all three dimensions.
        let s = 0.75_f32.sqrt();
        let union = [1.0, 0.0, 0.0, -0.5, s, 0.0, -0.5, -s, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, -2.0];
        let sum: f64 = dimensionality(Rows::new(&union, 3)).iter().sum();
        assert!((sum - 3.0).abs() < SINGLE);
    }

    #[test]
    fn rows_of_zeros_have_no_dimensions_and_no_interference() {
        let rows = Rows::new(&[0.0, 0.0, 3.0, 0.0], 2);
        assert_eq!(dimensionality(rows), [0.0, 1.0]);
        assert_eq!(interference(rows), [0.0, 0.0]);
        assert!(dimensionality(Rows::new(&[], 2)).is_empty());
    }

    #[test]
    fn a_matrix_that_is_not_finite_gives_nan() {
        for bad in [f32::NAN, f32::INFINITY] {
            let rows = [bad, 0.0, 3.0, 1.0];
            let rows = Rows::new(&rows, 2);
            assert!(dimensionality(rows)[0].is_nan() && interference(rows)[0].is_nan());
        }
    }
}
