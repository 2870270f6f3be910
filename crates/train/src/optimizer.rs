//! Adam with a decoupled weight decay that may be negative.
//!
//! **Source**: Liu, Liu & Gore 2025, eq. 2 and their published optimizer. The decay acts before
//! the Adam update, with the current learning rate, and on `W` only.

use burn::tensor::{Tensor, TensorData};

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

/// Adam's memory of one parameter of `k` models, `[k, …, …]`.
#[derive(Debug, Clone)]
pub struct Adam {
    constants: Vec<AdamConstants>,
    first_moment: Tensor<3>,
    second_moment: Tensor<3>,
    step: i32,
}

impl Adam {
    /// No memory yet, for a parameter shaped like `parameter`, with each model's constants.
    pub fn new(parameter: &Tensor<3>, constants: Vec<AdamConstants>) -> Self {
        let zeros = parameter.zeros_like();
        Self { constants, first_moment: zeros.clone(), second_moment: zeros, step: 0 }
    }

    /// The parameter after one update against `gradient` at each model's rate:
    /// `w − rate · m̂ / (√v̂ + ε)`, with the bias-corrected moments `m̂` and `v̂`.
    #[must_use]
    pub fn update(
        &mut self,
        parameter: Tensor<3>,
        gradient: Tensor<3>,
        rates: &[f64],
    ) -> Tensor<3> {
        self.step = self.step.saturating_add(1);
        let step = self.step;
        let of = |number: fn(&AdamConstants, i32) -> f64| {
            each(self.constants.iter().map(|constants| number(constants, step)), &parameter)
        };
        self.first_moment = self.first_moment.clone() * of(|c, _| c.beta1)
            + gradient.clone() * of(|c, _| 1.0 - c.beta1);
        self.second_moment = self.second_moment.clone() * of(|c, _| c.beta2)
            + gradient.square() * of(|c, _| 1.0 - c.beta2);
        let correction = of(|c, step| (1.0 - c.beta2.powi(step)).sqrt().recip());
        let root = self.second_moment.clone().sqrt() * correction + of(|c, _| c.epsilon);
        let corrected = rates.iter().zip(&self.constants);
        let rate = each(corrected.map(|(rate, c)| rate / (1.0 - c.beta1.powi(step))), &parameter);
        parameter - self.first_moment.clone() / root * rate
    }
}

/// A number for each model, `[k, 1, 1]`, where and as precise as `like` is.
fn each(numbers: impl Iterator<Item = f64>, like: &Tensor<3>) -> Tensor<3> {
    let numbers: Vec<f64> = numbers.collect();
    let shape = [numbers.len(), 1, 1];
    Tensor::from_data(TensorData::new(numbers, shape), (&like.device(), like.dtype()))
}

/// How strongly the rows of a model's `W` decay in a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decay {
    /// The weight decay `γ`.
    pub weight_decay: f64,
    /// The learning rate `η`.
    pub rate: f64,
    /// What is added to norms.
    pub epsilon: f64,
}

/// `W` of every model after its decay: for `γ ≥ 0` every entry shrinks by `1 − ηγ`; for `γ < 0` every
/// row moves towards norm one, `W_i + ηγ W_i (1 − 1 / (‖W_i‖ + ε))`, which is a gradient step on
/// `(‖W_i‖ − 1)² / 2` and does not ask whether the feature is of use.
#[must_use]
pub fn decay(weights: Tensor<3>, decays: &[Decay]) -> Tensor<3> {
    // Both at once: 1 − |ηγ|, and towards norm one where γ < 0.
    let strengths = decays.iter().map(|decay| decay.rate * decay.weight_decay);
    let shrink = each(strengths.clone().map(|strength| 1.0 - strength.abs()), &weights);
    let pull = each(strengths.map(|strength| (-strength).max(0.0)), &weights);
    let epsilon = each(decays.iter().map(|decay| decay.epsilon), &weights);
    let norm = weights.clone().square().sum_dim(2).sqrt();
    weights * ((norm + epsilon).recip() * pull + shrink)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Device, TensorData};

    fn tensor(data: impl Into<TensorData>) -> Tensor<3> {
        Tensor::from_data(data, &Device::flex())
    }

    /// The decay of one model's rows with the paper's epsilon.
    fn decayed<const N: usize>(rows: [[f32; 2]; N], weight_decay: f64) -> Vec<f64> {
        values(decay(tensor([rows]), &[Decay { weight_decay, rate: 0.1, epsilon: 1e-8 }]))
    }

    fn values(tensor: Tensor<3>) -> Vec<f64> {
        let values = tensor.into_data_as::<f64>().try_to_vec::<f64>().unwrap();
        values.into_iter().collect()
    }

    #[test]
    #[expect(clippy::cast_possible_truncation, reason = "gradients are single precision")]
    fn adam_follows_its_definition_number_by_number() {
        let constants = AdamConstants { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
        let mut w = tensor([[[0.5_f32, -1.0, 2.0]]]);
        let mut adam = Adam::new(&w, vec![constants]);
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
            w = adam.update(w, tensor([[g.map(|g| g as f32)]]), &[0.01]);
        }
        for (got, expected) in values(w).into_iter().zip(expected) {
            assert!((got - expected).abs() < 1e-5, "{got} is not {expected}");
        }
    }

    #[test]
    fn positive_decay_shrinks_every_entry() {
        let w = decayed([[2.0, -1.0], [0.0, 4.0]], 0.5);
        for (got, expected) in w.into_iter().zip([1.9, -0.95, 0.0, 3.8]) {
            assert!((got - expected).abs() < 1e-6);
        }
    }

    #[test]
    fn negative_decay_pulls_norms_to_one_and_keeps_directions() {
        // Norms 5, 0.5 and 1; the published step: n + ηγ(n − 1), with ηγ = −0.1.
        let w = decayed([[3.0, 4.0], [0.0, -0.5], [1.0, 0.0]], -1.0);
        let expected = [3.0 * 4.6 / 5.0, 4.0 * 4.6 / 5.0, 0.0, -0.55, 1.0, 0.0];
        for (got, expected) in w.into_iter().zip(expected) {
            assert!((got - expected).abs() < 1e-6, "{got} is not {expected}");
        }
    }

    #[test]
    fn a_row_of_zeros_survives_negative_decay() {
        let w = decayed([[0.0, 0.0]], -1.0);
        assert!(w.iter().all(|v| v.abs() < 1e-12));
    }

    #[test]
    fn models_side_by_side_go_each_their_own_way() {
        let rows = [[3.0_f32, 4.0], [0.0, -0.5]];
        let one = |weight_decay: f64| Decay { weight_decay, rate: 0.1, epsilon: 1e-8 };
        let both = values(decay(tensor([rows, rows]), &[one(-1.0), one(0.5)]));
        assert_eq!(both, [decayed(rows, -1.0), decayed(rows, 0.5)].concat());
        let slow = AdamConstants { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
        let fast = AdamConstants { beta1: 0.5, beta2: 0.9, epsilon: 1e-3 };
        let steps = |constants: &[AdamConstants], rates: &[f64]| {
            let mut w =
                tensor(TensorData::new(vec![1.0_f32; 2 * rates.len()], [rates.len(), 1, 2]));
            let mut adam = Adam::new(&w, constants.to_vec());
            for step in 1..4 {
                let gradient = w.clone() * step as f32;
                w = adam.update(w, gradient, rates);
            }
            values(w)
        };
        let together = steps(&[slow, fast], &[0.1, 0.01]);
        assert_eq!(together, [steps(&[slow], &[0.1]), steps(&[fast], &[0.01])].concat());
    }
}
