//! The bend between two power laws: `(1 + (x/d)^(1/f))^(-c f)`, which is 1 far below `d` and `(x/d)^-c` far above it,
//! and goes over from the one to the other within `f` of a unit of `ln x`.
//!
//! **Source**: Caballero, Gupta, Rish & Krueger 2023 (arXiv 2210.14891), "Broken Neural Scaling Laws".

/// The variables of a bend.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bend {
    /// `c`: by how much the exponent is larger beyond the bend.
    pub(crate) exponent: f64,
    /// `ln d`: where it is.
    pub(crate) ln_place: f64,
    /// `ln f`: how wide it is.
    pub(crate) ln_width: f64,
}

impl Bend {
    /// The bend of these variables; `None` of none.
    pub(crate) fn of(variables: &[f64]) -> Option<Self> {
        let [exponent, ln_place, ln_width] = *variables else { return None };
        Some(Self { exponent, ln_place, ln_width })
    }

    /// Its logarithm at `ln x`, and the gradient by its variables.
    pub(crate) fn ln_at(self, ln_x: f64) -> (f64, [f64; 3]) {
        let width = self.ln_width.exp();
        let beyond = (ln_x - self.ln_place) / width;
        // ln(1 + e^beyond), and its slope.
        let soft = beyond.max(0.0) + (-beyond.abs()).exp().ln_1p();
        let slope = 1.0 / (1.0 + (-beyond).exp());
        let c = self.exponent;
        (-c * width * soft, [-width * soft, c * slope, -c * width * (soft - beyond * slope)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finite_difference::assert_gradient;

    #[test]
    fn a_bend_joins_two_powers_and_its_gradient_is_right() {
        let bend = Bend { exponent: 2.0, ln_place: 1.0, ln_width: 0.3_f64.ln() };
        assert!(bend.ln_at(-20.0).0.abs() < 1e-12);
        assert!((bend.ln_at(21.0).0 + 40.0).abs() < 1e-12);
        let direct = (1.0 + (1.5_f64.exp() / 1.0_f64.exp()).powf(1.0 / 0.3)).powf(-2.0 * 0.3);
        assert!((bend.ln_at(1.5).0 - direct.ln()).abs() < 1e-14);
        for ln_x in [-1.0, 0.9, 1.2, 4.0] {
            let value = |v: &[f64], gradient: &mut [f64]| {
                let (value, slopes) = Bend::of(v).unwrap().ln_at(ln_x);
                gradient.copy_from_slice(&slopes);
                value
            };
            assert_gradient(&value, &[2.0, 1.0, 0.3_f64.ln()]);
        }
    }
}
