//! The step that [`AdamStep`] defines, with tensors: several models side by side, each with its own
//! numbers.

use burn::tensor::{Tensor, TensorData};
use superpose_toy::adam::AdamStep;

/// Adam's memory of one parameter of `k` models, `[k, …, …]`.
#[derive(Debug, Clone)]
pub struct Adam {
    first_moment: Tensor<3>,
    second_moment: Tensor<3>,
}

impl Adam {
    /// No memory yet, for a parameter shaped like `parameter`.
    pub fn new(parameter: &Tensor<3>) -> Self {
        let zeros = parameter.zeros_like();
        Self::with_moments(zeros.clone(), zeros)
    }

    /// With this memory.
    pub fn with_moments(first_moment: Tensor<3>, second_moment: Tensor<3>) -> Self {
        Self { first_moment, second_moment }
    }

    /// The first moments, and the second.
    pub fn moments(&self) -> [Tensor<3>; 2] {
        [self.first_moment.clone(), self.second_moment.clone()]
    }

    /// The parameter, after its decay, after one update against `gradient`, with one of `steps` per
    /// model.
    #[must_use]
    pub fn update(
        &mut self,
        parameter: Tensor<3>,
        gradient: Tensor<3>,
        steps: &[AdamStep],
    ) -> Tensor<3> {
        let of = |number: fn(&AdamStep) -> f64| each(steps.iter().map(number), &parameter);
        self.first_moment = self.first_moment.clone() * of(|s| s.beta1)
            + gradient.clone() * of(|s| s.one_minus_beta1);
        self.second_moment = self.second_moment.clone() * of(|s| s.beta2)
            + gradient.square() * of(|s| s.one_minus_beta2);
        let root = self.second_moment.clone().sqrt() * of(|s| s.inverse_root_correction)
            + of(|s| s.epsilon);
        let rate = of(|s| s.rate);
        parameter - self.first_moment.clone() / root * rate
    }
}

/// A number for each model, `[k, 1, 1]`, where and as precise as `like` is.
fn each(numbers: impl Iterator<Item = f64>, like: &Tensor<3>) -> Tensor<3> {
    let numbers: Vec<f64> = numbers.collect();
    let shape = [numbers.len(), 1, 1];
    Tensor::from_data(TensorData::new(numbers, shape), (&like.device(), like.dtype()))
}

/// `W` of every model after the decay of its rows, with one of `steps` per model.
#[must_use]
pub fn decay(weights: Tensor<3>, steps: &[AdamStep]) -> Tensor<3> {
    // Both signs at once: 1 − |s|, and towards norm one where s < 0.
    let of = |number: fn(&AdamStep) -> f64| each(steps.iter().map(number), &weights);
    let shrink = of(|s| 1.0 - s.strength.abs());
    let pull = of(|s| (-s.strength).max(0.0));
    let epsilon = of(|s| s.norm_epsilon);
    let norm = weights.clone().square().sum_dim(2).sqrt();
    weights * ((norm + epsilon).recip() * pull + shrink)
}

/// `W` of every model with rows of norm one; a row of zeros stays.
#[must_use]
pub fn to_norm_one(weights: Tensor<3>) -> Tensor<3> {
    let norm = weights.clone().square().sum_dim(2).sqrt();
    weights / norm.clone().mask_fill(norm.equal_elem(0.0), 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Device, TensorData};

    fn tensor(data: impl Into<TensorData>) -> Tensor<3> {
        Tensor::from_data(data, &Device::flex())
    }

    /// Step number `t` with the paper's epsilon and a rate of 0.1.
    fn step(beta1: f64, beta2: f64, t: i32) -> AdamStep {
        AdamStep {
            factor: 1.0,
            beta1,
            one_minus_beta1: 1.0 - beta1,
            beta2,
            one_minus_beta2: 1.0 - beta2,
            epsilon: 1e-8,
            inverse_root_correction: (1.0 - beta2.powi(t)).sqrt().recip(),
            rate: 0.1 / (1.0 - beta1.powi(t)),
            strength: 0.0,
            norm_epsilon: 1e-8,
        }
    }

    fn decaying(strength: f64) -> AdamStep {
        AdamStep { strength, ..step(0.9, 0.999, 1) }
    }

    /// One model's rows after a decay of a tenth of `weight_decay`.
    fn decayed<const N: usize>(rows: [[f32; 2]; N], weight_decay: f64) -> Vec<f64> {
        values(decay(tensor([rows]), &[decaying(0.1 * weight_decay)]))
    }

    fn values(tensor: Tensor<3>) -> Vec<f64> {
        let values = tensor.into_data_as::<f64>().try_to_vec::<f64>().unwrap();
        values.into_iter().collect()
    }

    #[test]
    #[expect(clippy::cast_possible_truncation, reason = "gradients are single precision")]
    fn adam_follows_its_definition_number_by_number() {
        let mut w = tensor([[[0.5_f32, -1.0, 2.0]]]);
        let mut adam = Adam::new(&w);
        let mut expected = [0.5, -1.0, 2.0];
        let (mut m, mut v) = ([0.0; 3], [0.0; 3]);
        for t in 1..=20 {
            // The last gradient is so small that epsilon rules.
            let g = [0.3 * f64::from(t), -2.0, 1e-9];
            for i in 0..3 {
                m[i] = 0.9 * m[i] + 0.1 * g[i];
                v[i] = 0.999 * v[i] + 0.001 * g[i] * g[i];
                let m_hat = m[i] / (1.0 - 0.9_f64.powi(t));
                let v_hat: f64 = v[i] / (1.0 - 0.999_f64.powi(t));
                expected[i] -= 0.1 * m_hat / (v_hat.sqrt() + 1e-8);
            }
            w = adam.update(w, tensor([[g.map(|g| g as f32)]]), &[step(0.9, 0.999, t)]);
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
    fn rows_are_put_back_on_the_sphere_and_a_row_of_zeros_stays() {
        let w = values(to_norm_one(tensor([[[3.0_f32, 4.0], [0.0, -0.5], [0.0, 0.0]]])));
        for (got, expected) in w.into_iter().zip([0.6, 0.8, 0.0, -1.0, 0.0, 0.0]) {
            assert!((got - expected).abs() < 1e-6, "{got} is not {expected}");
        }
    }

    #[test]
    fn models_side_by_side_go_each_their_own_way() {
        let rows = [[3.0_f32, 4.0], [0.0, -0.5]];
        let both = values(decay(tensor([rows, rows]), &[decaying(-0.1), decaying(0.05)]));
        assert_eq!(both, [decayed(rows, -1.0), decayed(rows, 0.5)].concat());
        let slow = |t| step(0.9, 0.999, t);
        let fast = |t| AdamStep { epsilon: 1e-3, ..step(0.5, 0.9, t) };
        let steps = |of: &[&dyn Fn(i32) -> AdamStep]| {
            let mut w = tensor(TensorData::new(vec![1.0_f32; 2 * of.len()], [of.len(), 1, 2]));
            let mut adam = Adam::new(&w);
            for t in 1..4 {
                let gradient = w.clone() * f64::from(t);
                let steps: Vec<AdamStep> = of.iter().map(|of| of(t)).collect();
                w = adam.update(w, gradient, &steps);
            }
            values(w)
        };
        assert_eq!(steps(&[&slow, &fast]), [steps(&[&slow]), steps(&[&fast])].concat());
    }
}
