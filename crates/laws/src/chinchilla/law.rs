//! The loss of a language model by its parameters `N` and training tokens `D`, and how to spend
//! compute.
//!
//! `L(N, D) = E + A / N^α + B / D^β`, in nats a token, with `C = 6 N D` floating-point operations.
//! **Source**: Hoffmann et al. 2022, "Training Compute-Optimal Large Language Models", approach 3.

use crate::error::{LawError, ensure};

/// Floating-point operations for each parameter and token.
pub const FLOP: f64 = 6.0;

/// A law of loss by size and data.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LossSurface {
    /// `E`, the loss that neither size nor data removes.
    pub irreducible: f64,
    /// `A`.
    pub size_coefficient: f64,
    /// `B`.
    pub data_coefficient: f64,
    /// `α`.
    pub size_exponent: f64,
    /// `β`.
    pub data_exponent: f64,
}

/// The parameters as Hoffmann et al. 2022 print them. Their allocation does not follow from these
/// rounded numbers.
pub const HOFFMANN_ROUNDED: LossSurface = LossSurface::of([406.4, 410.7, 1.69, 0.34, 0.28]);

/// The parameters of Hoffmann et al. 2022 before rounding, from the source text of their paper, as
/// Besiroglu et al. 2024 found them.
pub const HOFFMANN: LossSurface = LossSurface::of([
    406.401_017_519_473_7,
    410.722_826_945_039_8,
    1.693_373_680_998_952_8,
    0.339_170_84,
    0.284_908_3,
]);

/// The parameters that Besiroglu et al. 2024 ("Chinchilla Scaling: A replication attempt") fit to
/// the points of Hoffmann et al.'s figure 4.
pub const BESIROGLU: LossSurface = LossSurface::of([482.01, 2085.43, 1.8172, 0.3478, 0.3658]);

/// The parameters of Muennighoff et al. 2023 ("Scaling Data-Constrained Language Models", appendix A), for
/// tokens that are not repeated; α and β were held equal.
pub const MUENNIGHOFF: LossSurface = LossSurface::of([
    520.824_951_659_918_7,
    1_487.716_093_782_861,
    1.869_143_678_405_485_8,
    0.352_659_6,
    0.352_659_6,
]);

/// The loss of a model of `parameters`, without embeddings, after `tokens` by Kaplan et al. 2020 ("Scaling Laws
/// for Neural Language Models", eq. 1.5): `[(N_c/N)^(α_N/α_D) + D_c/D]^α_D`, in nats a token.
pub fn kaplan_loss(parameters: f64, tokens: f64) -> f64 {
    const SIZE: (f64, f64) = (6.4e13, 0.076);
    const DATA: (f64, f64) = (1.8e13, 0.103);
    ((SIZE.0 / parameters).powf(SIZE.1 / DATA.1) + DATA.0 / tokens).powf(DATA.1)
}

/// How compute is spent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Allocation {
    /// `C`, in floating-point operations.
    pub compute: f64,
    /// `N`.
    pub parameters: f64,
    /// `D`.
    pub tokens: f64,
    /// The loss, in nats a token.
    pub loss: f64,
}

/// The published laws, and whose they are.
pub const PUBLISHED: [(&str, LossSurface); 3] = [
    ("Hoffmann et al. 2022, as printed", HOFFMANN_ROUNDED),
    ("Hoffmann et al. 2022, not rounded", HOFFMANN),
    ("Besiroglu et al. 2024", BESIROGLU),
];

impl LossSurface {
    /// The names of [`Self::parameters`].
    pub const NAMES: [&str; 5] = ["A", "B", "E", "alpha", "beta"];

    /// The law with these parameters, in the order of [`Self::NAMES`].
    pub const fn of(parameters: [f64; 5]) -> Self {
        let [size_coefficient, data_coefficient, irreducible, size_exponent, data_exponent] =
            parameters;
        Self { irreducible, size_coefficient, data_coefficient, size_exponent, data_exponent }
    }

    /// Its parameters, in the order of [`Self::NAMES`].
    pub fn parameters(&self) -> [f64; 5] {
        [
            self.size_coefficient,
            self.data_coefficient,
            self.irreducible,
            self.size_exponent,
            self.data_exponent,
        ]
    }

    /// Whether the law falls with size and with data.
    fn check(&self) -> Result<(), LawError> {
        for (name, value) in Self::NAMES.into_iter().zip(self.parameters()) {
            let fits = name == "E" || (value.is_finite() && value > 0.0);
            ensure!(fits, "`{name}` must be a positive number, got {value}");
        }
        Ok(())
    }

    /// The loss of a model of `parameters` after `tokens`, in nats a token.
    pub fn loss(&self, parameters: f64, tokens: f64) -> f64 {
        self.irreducible
            + self.size_coefficient * parameters.powf(-self.size_exponent)
            + self.data_coefficient * tokens.powf(-self.data_exponent)
    }

    /// The tokens after which a model of `parameters` has this loss; `None` where no tokens bring it there.
    pub fn tokens_at(&self, loss: f64, parameters: f64) -> Option<f64> {
        let left = loss - self.loss(parameters, f64::INFINITY);
        let tokens = (self.data_coefficient / left).powf(1.0 / self.data_exponent);
        (left > 0.0 && tokens.is_finite() && tokens > 0.0).then_some(tokens)
    }

    /// The parameters of a model that has this loss after `tokens`; `None` where no size brings it there.
    pub fn parameters_at(&self, loss: f64, tokens: f64) -> Option<f64> {
        let left = loss - self.loss(f64::INFINITY, tokens);
        let parameters = (self.size_coefficient / left).powf(1.0 / self.size_exponent);
        (left > 0.0 && parameters.is_finite() && parameters > 0.0).then_some(parameters)
    }

    /// `a` of `N ∝ C^a` along the best allocations: `β / (α + β)`.
    pub fn size_allocation_exponent(&self) -> f64 {
        self.data_exponent / (self.size_exponent + self.data_exponent)
    }

    /// The exponent with which the reducible loss falls with compute along the best allocations:
    /// `αβ / (α + β)`.
    pub fn compute_exponent(&self) -> f64 {
        self.size_exponent * self.size_allocation_exponent()
    }

    /// `G = (αA / βB)^(1 / (α + β))`, which balances size and data.
    fn balance(&self) -> f64 {
        let ratio = self.size_exponent * self.size_coefficient
            / (self.data_exponent * self.data_coefficient);
        ratio.powf(1.0 / (self.size_exponent + self.data_exponent))
    }

    /// The best use of `compute`: `N = G (C/6)^a`, `D = (C/6)^(1−a) / G`.
    ///
    /// # Errors
    /// [`LawError`] when the compute is not positive or the law does not fall.
    pub fn allocate(&self, compute: f64) -> Result<Allocation, LawError> {
        self.check()?;
        let fits = compute.is_finite() && compute > 0.0;
        ensure!(fits, "the compute must be a positive number of operations, got {compute}");
        let parameters = self.balance() * (compute / FLOP).powf(self.size_allocation_exponent());
        let tokens = compute / FLOP / parameters;
        Ok(Allocation { compute, parameters, tokens, loss: self.loss(parameters, tokens) })
    }

    /// The least compute that reaches `loss`, and its use.
    ///
    /// # Errors
    /// [`LawError`] when the loss is not above `E`, and as in [`Self::allocate`].
    pub fn allocate_for_loss(&self, loss: f64) -> Result<Allocation, LawError> {
        self.check()?;
        ensure!(
            loss > self.irreducible,
            "a loss of {loss} is out of reach of any compute: it must be above E = {}",
            self.irreducible
        );
        // Along the best allocations the reducible loss is this at C = 6.
        let balance = self.balance();
        let at_six = self.size_coefficient * balance.powf(-self.size_exponent)
            + self.data_coefficient * balance.powf(self.data_exponent);
        let reducible = (loss - self.irreducible) / at_six;
        self.allocate(FLOP * reducible.powf(-1.0 / self.compute_exponent()))
    }

    /// By what fraction the tokens that approach 2 finds are off, on losses of exactly this law: a
    /// parabola in `ln N` is fitted to `n_points` models of one compute, from `1/half_width` to
    /// `half_width` times the best size, and its lowest point taken for the best. The same for
    /// every compute; zero where `α = β`.
    ///
    /// # Panics
    /// When there are fewer than three points.
    pub fn parabola_bias(&self, n_points: usize, half_width: f64) -> f64 {
        assert!(n_points > 2, "a parabola needs three points");
        // With u = ln(N / N*), the reducible loss is proportional to β e^(−αu) + α e^(βu).
        let (alpha, beta) = (self.size_exponent, self.data_exponent);
        let place = |k: usize| half_width.ln() * (2.0 * k as f64 / (n_points - 1) as f64 - 1.0);
        let loss = |u: f64| beta * (-alpha * u).exp() + alpha * (beta * u).exp();
        let points: Vec<(f64, f64)> = (0..n_points).map(|k| (place(k), loss(place(k)))).collect();
        // D = C / 6N.
        turn_of_parabola(&points).map_or(f64::NAN, |turn| (-turn.place).exp() - 1.0)
    }
}

/// Where a parabola turns.
pub(crate) struct Turn {
    pub(crate) place: f64,
    pub(crate) height: f64,
    /// Positive where it is lowest there.
    pub(crate) curvature: f64,
}

/// Where the least-squares parabola through `points` turns, whose places are about their mean;
/// `None` when they are at fewer than three places.
pub(crate) fn turn_of_parabola(points: &[(f64, f64)]) -> Option<Turn> {
    let mean = |of: fn(f64, f64) -> f64| {
        points.iter().map(|(u, y)| of(*u, *y)).sum::<f64>() / points.len() as f64
    };
    // The normal equations of 1, u, u², in which the mean of u is zero.
    let [m2, m3, m4] = [mean(|u, _| u.powi(2)), mean(|u, _| u.powi(3)), mean(|u, _| u.powi(4))];
    let [y0, y1, y2] = [mean(|_, y| y), mean(|u, y| u * y), mean(|u, y| u.powi(2) * y)];
    let determinant = m2 * (m4 - m2 * m2) - m3 * m3;
    let curvature = (m2 * (y2 - m2 * y0) - m3 * y1) / determinant;
    let slope = (y1 - curvature * m3) / m2;
    let place = -slope / (2.0 * curvature);
    let height = y0 - curvature * m2 + slope * place + curvature * place * place;
    (determinant > 0.0).then_some(Turn { place, height, curvature })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [LossSurface; 3] = [HOFFMANN_ROUNDED, HOFFMANN, BESIROGLU];

    fn close(a: f64, b: f64, tolerance: f64) {
        assert!((a / b - 1.0).abs() <= tolerance, "{a} {b}");
    }

    #[test]
    fn no_other_use_of_the_same_compute_is_better() {
        for surface in ALL {
            for compute in [1e18, 5.76e23, 1e27] {
                let best = surface.allocate(compute).unwrap();
                close(FLOP * best.parameters * best.tokens, compute, 1e-12);
                for factor in [0.5, 0.99, 1.01, 2.0] {
                    let n = factor * best.parameters;
                    assert!(surface.loss(n, compute / FLOP / n) > best.loss);
                }
            }
        }
    }

    #[test]
    fn published_allocations_come_out() {
        // Computed apart, from the formulas: C, N, D, loss.
        for (surface, compute, parameters, tokens, loss) in [
            (
                HOFFMANN_ROUNDED,
                1e21,
                1_824_217_696.895_552_4,
                91_363_364_663.274_03,
                2.328_882_940_154_319_4,
            ),
            (
                HOFFMANN_ROUNDED,
                5.76e23,
                32_189_859_151.368_168,
                2_982_305_686_662.796,
                1.930_748_101_731_648,
            ),
            (
                HOFFMANN,
                1e25,
                148_545_846_889.533_66,
                11_219_880_606_329.479,
                1.838_024_213_500_534_7,
            ),
            (
                BESIROGLU,
                5.76e23,
                72_248_702_500.382_42,
                1_328_743_585_388.151_1,
                1.974_441_108_397_412,
            ),
        ] {
            let best = surface.allocate(compute).unwrap();
            close(best.parameters, parameters, 1e-10);
            close(best.tokens, tokens, 1e-10);
            close(best.loss, loss, 1e-12);
        }
        close(HOFFMANN_ROUNDED.loss(70e9, 1.4e12), 1.9366, 1e-4);
        close(BESIROGLU.loss(70e9, 1.4e12), 1.9739, 1e-4);
        close(kaplan_loss(1e9, 2e10), 2.373_882_448_217_487, 1e-12);
        close(MUENNIGHOFF.loss(1e9, 1e11), MUENNIGHOFF.loss(1e9, 1e12) + 0.107_9, 1e-3);
        close(HOFFMANN_ROUNDED.compute_exponent(), 0.154, 5e-3);
        close(BESIROGLU.compute_exponent(), 0.178, 5e-3);
    }

    #[test]
    fn a_loss_leads_back_to_the_tokens_and_the_size_that_have_it() {
        for surface in ALL {
            let (n, d) = (3e9, 4e10);
            let loss = surface.loss(n, d);
            close(surface.tokens_at(loss, n).unwrap(), d, 1e-9);
            close(surface.parameters_at(loss, d).unwrap(), n, 1e-9);
            // So small a model never has it, nor one of so few tokens.
            assert_eq!(surface.tokens_at(loss, 1e6), None);
            assert_eq!(surface.parameters_at(loss, 1e7), None);
            assert_eq!(surface.tokens_at(f64::NAN, n), None);
        }
    }

    #[test]
    fn the_least_compute_for_a_loss_reaches_just_that_loss() {
        for (loss, compute, parameters, tokens) in [
            (2.5, 1.5256e20, 1.0598e9, 2.3992e10),
            (2.2, 3.9182e21, 5.595e9, 1.167e11),
            (2.0, 2.4748e23, 4.686e10, 8.803e11),
            (1.9, 2.1024e25, 4.567e11, 7.672e12),
        ] {
            let least = BESIROGLU.allocate_for_loss(loss).unwrap();
            close(least.loss, loss, 1e-12);
            close(least.compute, compute, 1e-4);
            close(least.parameters, parameters, 1e-3);
            close(least.tokens, tokens, 1e-3);
        }
    }

    #[test]
    fn what_is_out_of_reach_is_said() {
        let said = BESIROGLU.allocate_for_loss(1.8).unwrap_err().to_string();
        assert!(said.contains("above E = 1.8172"), "{said}");
        assert!(BESIROGLU.allocate_for_loss(f64::NAN).is_err());
        for compute in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(BESIROGLU.allocate(compute).is_err());
        }
        let flat = LossSurface { size_exponent: 0.0, ..BESIROGLU };
        assert!(flat.allocate(1e20).unwrap_err().to_string().contains("`alpha`"));
    }

    #[test]
    fn a_parabola_misses_the_best_data_where_exponents_differ() {
        for (half_width, bias) in [(2.0, -0.0033), (4.0, -0.0130), (16.0, -0.0510)] {
            let ours = HOFFMANN_ROUNDED.parabola_bias(15, half_width);
            assert!((ours - bias).abs() < 1e-4, "{half_width}: {ours}");
        }
        let skewed = LossSurface { size_exponent: 0.46, data_exponent: 0.15, ..HOFFMANN_ROUNDED };
        assert!((skewed.parabola_bias(15, 16.0) + 0.231).abs() < 1e-3);
        let even = LossSurface { size_exponent: 0.3, data_exponent: 0.3, ..HOFFMANN_ROUNDED };
        assert!(even.parabola_bias(15, 16.0).abs() < 1e-12);
    }
}
