//! Adam with a decoupled weight decay that may be negative.
//!
//! **Source**: Liu, Liu & Gore 2025, eq. 2 and their published optimizer. The decay acts before
//! the Adam update, with the current learning rate, and on `W` only.

use burn::tensor::Tensor;

/// Adam's constants.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamConstants {
    /// Decay of the first moment.
    pub beta1: f64,
    /// Decay of the second moment.
    pub beta2: f64,
    /// Added to the root of the bias-corrected second moment.
    pub epsilon: f64,
}

/// Adam's memory of one parameter of rank `D`.
#[derive(Debug, Clone)]
pub struct Adam<const D: usize> {
    constants: AdamConstants,
    first_moment: Tensor<D>,
    second_moment: Tensor<D>,
    step: i32,
}

impl<const D: usize> Adam<D> {
    /// No memory yet, for a parameter shaped like `parameter`.
    pub fn new(parameter: &Tensor<D>, constants: AdamConstants) -> Self {
        let zeros = parameter.zeros_like();
        Self { constants, first_moment: zeros.clone(), second_moment: zeros, step: 0 }
    }

    /// The parameter after one update against `gradient`:
    /// `w − rate · m̂ / (√v̂ + ε)`, with the bias-corrected moments `m̂` and `v̂`.
    #[must_use]
    pub fn update(&mut self, parameter: Tensor<D>, gradient: Tensor<D>, rate: f64) -> Tensor<D> {
        let AdamConstants { beta1, beta2, epsilon } = self.constants;
        self.step = self.step.saturating_add(1);
        self.first_moment = self.first_moment.clone() * beta1 + gradient.clone() * (1.0 - beta1);
        self.second_moment = self.second_moment.clone() * beta2 + gradient.square() * (1.0 - beta2);
        let first_correction = 1.0 - beta1.powi(self.step);
        let second_correction = 1.0 - beta2.powi(self.step);
        let root = self.second_moment.clone().sqrt() / second_correction.sqrt() + epsilon;
        parameter - self.first_moment.clone() / root * (rate / first_correction)
    }
}

/// `W` after its decay `γ` at learning rate `η`: for `γ ≥ 0` every entry shrinks by `1 − ηγ`; for
/// `γ < 0` every row moves towards norm one, `W_i + ηγ W_i (1 − 1 / (‖W_i‖ + ε))`, which is a
/// gradient step on `(‖W_i‖ − 1)² / 2` and does not ask whether the feature is of use.
#[must_use]
pub fn decay(weights: Tensor<2>, weight_decay: f64, rate: f64, epsilon: f64) -> Tensor<2> {
    let strength = rate * weight_decay;
    if weight_decay >= 0.0 {
        return weights * (1.0 - strength);
    }
    let norm = weights.clone().square().sum_dim(1).sqrt();
    let factor = (norm + epsilon).recip() * -strength + (1.0 + strength);
    weights * factor
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Device, TensorData};

    fn tensor<const D: usize>(data: impl Into<TensorData>) -> Tensor<D> {
        Tensor::from_data(data, &Device::flex())
    }

    fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
        let values = tensor.into_data_as::<f64>().try_to_vec::<f64>().unwrap();
        values.into_iter().collect()
    }

    #[test]
    #[expect(clippy::cast_possible_truncation, reason = "gradients are single precision")]
    fn adam_follows_its_definition_number_by_number() {
        let constants = AdamConstants { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
        let mut w = tensor::<1>([0.5_f32, -1.0, 2.0]);
        let mut adam = Adam::new(&w, constants);
        let mut expected = [0.5, -1.0, 2.0];
        let (mut m, mut v) = ([0.0; 3], [0.0; 3]);
        for step in 1..=20 {
            // The last gradient is so small that epsilon rules.
            let g = [0.3 * f64::from(step), -2.0, 1e-9];
            for i in 0..3 {
                m[i] = 0.9 * m[i] + 0.1 * g[i];
                v[i] = 0.999 * v[i] + 0.001 * g[i] * g[i];
                let m_hat = m[i] / (1.0 - 0.9_f64.powi(step));
                let v_hat: f64 = v[i] / (1.0 - 0.999_f64.powi(step));
                expected[i] -= 0.01 * m_hat / (v_hat.sqrt() + 1e-8);
            }
            w = adam.update(w, tensor(g.map(|g| g as f32)), 0.01);
        }
        for (got, expected) in values(w).into_iter().zip(expected) {
            assert!((got - expected).abs() < 1e-5, "{got} is not {expected}");
        }
    }

    #[test]
    fn positive_decay_shrinks_every_entry() {
        let w = decay(tensor([[2.0_f32, -1.0], [0.0, 4.0]]), 0.5, 0.1, 1e-8);
        for (got, expected) in values(w).into_iter().zip([1.9, -0.95, 0.0, 3.8]) {
            assert!((got - expected).abs() < 1e-6);
        }
    }

    #[test]
    fn negative_decay_pulls_norms_to_one_and_keeps_directions() {
        // Norms 5, 0.5 and 1; the published step: n + ηγ(n − 1), with ηγ = −0.1.
        let w = decay(tensor([[3.0_f32, 4.0], [0.0, -0.5], [1.0, 0.0]]), -1.0, 0.1, 1e-8);
        let expected = [3.0 * 4.6 / 5.0, 4.0 * 4.6 / 5.0, 0.0, -0.55, 1.0, 0.0];
        for (got, expected) in values(w).into_iter().zip(expected) {
            assert!((got - expected).abs() < 1e-6, "{got} is not {expected}");
        }
    }

    #[test]
    fn a_row_of_zeros_survives_negative_decay() {
        let w = decay(tensor([[0.0_f32, 0.0]]), -1.0, 0.1, 1e-8);
        assert!(values(w).iter().all(|v| v.abs() < 1e-12));
    }
}
