//! The bend between two power laws: `(1 + (x/d)^(1/f))^(-c f)`, which is 1 far below `d` and
//! `(x/d)^-c` far above it, and goes over from the one to the other within `f` of a unit of `ln x`.
//!
//! **Source**: Caballero, Gupta, Rish & Krueger 2023 (arXiv 2210.14891), "Broken Neural Scaling Laws".

/// The logarithm of a bend at `ln x`, and the gradient by its variables: `c`, by how much the
/// exponent is larger beyond the bend; `ln d`, where it is; and `ln f`, how wide it is. Both are
/// zero when there are no variables, and so no bend.
pub(crate) fn ln_bend(variables: &[f64], ln_x: f64) -> (f64, [f64; 3]) {
    let [c, ln_place, ln_width] = *variables else { return (0.0, [0.0; 3]) };
    let width = ln_width.exp();
    let beyond = (ln_x - ln_place) / width;
    // ln(1 + e^beyond), and its slope.
    let soft = beyond.max(0.0) + (-beyond.abs()).exp().ln_1p();
    let slope = 1.0 / (1.0 + (-beyond).exp());
    (-c * width * soft, [-width * soft, c * slope, -c * width * (soft - beyond * slope)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finite_difference::assert_gradient;

    #[test]
    fn a_bend_joins_two_powers_and_its_gradient_is_right() {
        let bend = [2.0, 1.0, 0.3_f64.ln()];
        assert!(ln_bend(&bend, -20.0).0.abs() < 1e-12);
        assert!((ln_bend(&bend, 21.0).0 + 40.0).abs() < 1e-12);
        let direct = (1.0 + (1.5_f64.exp() / 1.0_f64.exp()).powf(1.0 / 0.3)).powf(-2.0 * 0.3);
        assert!((ln_bend(&bend, 1.5).0 - direct.ln()).abs() < 1e-14);
        for ln_x in [-1.0, 0.9, 1.2, 4.0] {
            let value = |v: &[f64], gradient: &mut [f64]| {
                let (value, slopes) = ln_bend(v, ln_x);
                gradient.copy_from_slice(&slopes);
                value
            };
            assert_gradient(&value, &bend);
        }
    }
}
