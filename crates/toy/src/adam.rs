//! What one training step does to a parameter: a signed weight decay, then Adam or gradient descent.
//!
//! This is the definition. It is carried out three times, by `train::optimizer` with tensors, by
//! `gram::fused_adam` on the CPU and by `ensemble`'s kernel `update` on a GPU, all with the numbers
//! of an [`AdamStep`]. For every entry `w` of a row `W_i`, in this order,
//!
//! ```text
//! g = factor · G                                 G as the engine sums it, with its own factor
//! m ← β₁ m + (1 − β₁) g                          m = v = 0 before the first step
//! v ← β₂ v + (1 − β₂) g²
//! w ← c w − rate · m / (√v · k + ε)              k = 1 / √(1 − β₂^t),  rate = η / (1 − β₁^t)
//!
//! c = 1 − s                    where s = η γ ≥ 0: every entry shrinks
//! c = 1 + s − s / (‖W_i‖ + ε)  where s < 0: the row moves towards norm one
//! ```
//!
//! at step `t` (from 1) with learning rate `η` and weight decay `γ`. The decay acts on the weights
//! before the update and not through the moments (it is decoupled); the norm `‖W_i‖` is that before
//! the step. `ε` is added after the bias correction, and the same one to the norm. For `γ < 0` the
//! decay is a gradient step on `(‖W_i‖ − 1)² / 2`, whether or not the feature is of use. Where rows are
//! to have norm one, `W_i ← W_i / ‖W_i‖` follows.
//!
//! Gradient descent with momentum `μ` is the same step with other numbers, so that every engine can
//! make it:
//!
//! ```text
//! m ← μ m + g,  w ← c w − η m        β₁ = μ, 1 for 1 − β₁; v stays zero, and ε is one but in the norm
//! ```
//!
//! **Source**: Liu, Liu & Gore 2025, eq. 2 and their published optimizer; Kingma & Ba 2015 for Adam;
//! gradient descent with momentum as PyTorch has it.

use crate::cell::{Bias, Cell, Optimizer};
use crate::schedule::fraction_of_peak;

/// The numbers of one step of one parameter, in double precision or in single.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamStep<T = f64> {
    /// `2 · loss_scale / (B · n)`: from the sum of `I (y − x) · ∂y` over all samples and features to
    /// the gradient of the trained loss. Autodiff gives the gradient itself and does not use it.
    pub factor: T,
    /// `β₁`.
    pub beta1: T,
    /// `1 − β₁`.
    pub one_minus_beta1: T,
    /// `β₂`.
    pub beta2: T,
    /// `1 − β₂`.
    pub one_minus_beta2: T,
    /// `ε`.
    pub epsilon: T,
    /// `k = 1 / √(1 − β₂^t)`.
    pub inverse_root_correction: T,
    /// `η / (1 − β₁^t)`.
    pub rate: T,
    /// `s = η γ`; zero for biases, which do not decay.
    pub strength: T,
    /// `ε` beside the norm.
    pub norm_epsilon: T,
}

impl AdamStep {
    /// Step number `step` (from 1) of the weights `W` of `cell`.
    pub fn of_weights(cell: &Cell, step: u64) -> Self {
        Self::new(cell, step, cell.train.learning_rate, cell.train.weight_decay)
    }

    /// Step number `step` (from 1) of the biases `b` of `cell`; where it has none, they stay zero.
    pub fn of_biases(cell: &Cell, step: u64) -> Self {
        let peak = match cell.model.bias {
            Bias::Trained => cell.train.learning_rate_bias,
            Bias::None => 0.0,
        };
        Self::new(cell, step, peak, 0.0)
    }

    fn new(cell: &Cell, step: u64, peak: f64, weight_decay: f64) -> Self {
        let train = &cell.train;
        let (beta1, beta2) = (train.adam_beta1, train.adam_beta2);
        let rate = peak * fraction_of_peak(train, step);
        let factor = 2.0 * train.loss_scale / (train.batch_size * cell.model.n_features) as f64;
        let (strength, norm_epsilon) = (rate * weight_decay, train.adam_epsilon);
        if let Optimizer::Sgd { momentum } = train.optimizer {
            return Self {
                factor,
                beta1: momentum,
                one_minus_beta1: 1.0,
                beta2: 0.0,
                one_minus_beta2: 0.0,
                epsilon: 1.0,
                inverse_root_correction: 0.0,
                rate,
                strength,
                norm_epsilon,
            };
        }
        // After that many steps both corrections are one.
        let power = i32::try_from(step).unwrap_or(i32::MAX);
        Self {
            factor,
            beta1,
            one_minus_beta1: 1.0 - beta1,
            beta2,
            one_minus_beta2: 1.0 - beta2,
            epsilon: train.adam_epsilon,
            inverse_root_correction: 1.0 / (1.0 - beta2.powi(power)).sqrt(),
            rate: rate / (1.0 - beta1.powi(power)),
            strength,
            norm_epsilon,
        }
    }

    /// The same numbers as precise as parameters are.
    #[expect(clippy::cast_possible_truncation, reason = "parameters are single precision")]
    pub fn single(&self) -> AdamStep<f32> {
        AdamStep {
            factor: self.factor as f32,
            beta1: self.beta1 as f32,
            one_minus_beta1: self.one_minus_beta1 as f32,
            beta2: self.beta2 as f32,
            one_minus_beta2: self.one_minus_beta2 as f32,
            epsilon: self.epsilon as f32,
            inverse_root_correction: self.inverse_root_correction as f32,
            rate: self.rate as f32,
            strength: self.strength as f32,
            norm_epsilon: self.norm_epsilon as f32,
        }
    }

    /// `c`, for a row of this norm, which is only taken where the decay needs it.
    #[inline(always)]
    pub fn decay(&self, norm: impl FnOnce() -> f64) -> f64 {
        if self.strength >= 0.0 {
            return 1.0 - self.strength;
        }
        1.0 + self.strength - self.strength / (norm() + self.norm_epsilon)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::tests::example;

    fn assert_near(got: f64, expected: f64) {
        assert!((got / expected - 1.0).abs() < 1e-12, "{got} is not {expected}");
    }

    #[test]
    fn the_numbers_of_a_step_are_those_on_paper() {
        let mut cell = example();
        cell.train.loss_scale = 3.0;
        cell.train.learning_rate_bias = 0.5;
        // In the warm-up of 2000 steps to the peak of 0.01.
        let step = AdamStep::of_weights(&cell, 4);
        assert_near(step.factor, 6.0 / 2_048_000.0);
        assert_near(step.rate, 0.01 * 0.002 / (1.0 - 0.9_f64.powi(4)));
        assert_near(step.inverse_root_correction, (1.0 - 0.999_f64.powi(4)).sqrt().recip());
        assert_near(step.strength, -0.01 * 0.002);
        let bias = AdamStep::of_biases(&cell, 4);
        assert_near(bias.rate, 50.0 * step.rate);
        assert_eq!(AdamStep { rate: step.rate, strength: step.strength, ..bias }, step);
        assert!(bias.strength == 0.0);
    }

    #[test]
    fn decay_shrinks_or_pulls_to_norm_one() {
        let with = |strength| AdamStep { strength, ..AdamStep::of_weights(&example(), 1) };
        assert_near(with(0.05).decay(|| unreachable!("shrinking needs no norm")), 0.95);
        // The published step: a norm r becomes r + ηγ(r − 1), here with ηγ = −0.1.
        for norm in [5.0, 0.5, 1.0] {
            let moved = norm * with(-0.1).decay(|| norm);
            assert!((moved - (norm - 0.1 * (norm - 1.0))).abs() < 1e-8, "{moved}");
        }
        // A row of zeros stays one.
        assert!((0.0 * with(-0.1).decay(|| 0.0)).abs() < 1e-12);
    }

    #[test]
    fn gradient_descent_is_a_step_with_other_numbers() {
        let mut cell = example();
        cell.train.optimizer = Optimizer::Sgd { momentum: 0.75 };
        (cell.train.learning_rate, cell.train.warmup_steps) = (0.5, 1);
        let step = AdamStep::of_weights(&cell, 1);
        // m ← ¾ m + g; w ← w − ½ m, the decay aside.
        let (mut m, mut v, mut w) = (0.0, 0.0_f64, 1.0);
        for expected in [0.0, -1.75] {
            let g = 2.0;
            m = step.beta1 * m + step.one_minus_beta1 * g;
            v = step.beta2 * v + step.one_minus_beta2 * g * g;
            w -= step.rate * m / (v.sqrt() * step.inverse_root_correction + step.epsilon);
            assert_near(1.0 + w, 1.0 + expected);
        }
        assert_near(step.strength, -0.5);
        assert_near(step.decay(|| 2.0), 1.0 - 0.5 + 0.25 / (1.0 + 0.5 * cell.train.adam_epsilon));
    }

    #[test]
    fn a_model_without_biases_leaves_them_alone() {
        let mut cell = example();
        cell.model.bias = Bias::None;
        assert!(AdamStep::of_biases(&cell, 5).rate == 0.0);
        assert!(AdamStep::of_weights(&cell, 5).rate > 0.0);
    }

    #[test]
    fn so_late_that_powers_vanish_a_step_is_still_a_number() {
        let step = AdamStep::of_biases(&example(), u64::MAX);
        assert!(step.rate.is_finite() && (step.inverse_root_correction - 1.0).abs() < f64::EPSILON);
    }
}
