//! The value an active feature takes: its mean, second moment and largest value.

use serde::{Deserialize, Serialize};

// These sentences stand in the JSON schema of sweep files.
/// Distribution of the value of an active feature; each but `unit` has mean one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "Values")]
pub enum ValueDistribution {
    /// Uniform on `[0, 2]`, as in the paper.
    Uniform,
    /// Always one.
    Constant,
    /// Exponential with mean one.
    Exponential,
    /// Uniform on `[0, 1]`, as in Elhage et al. 2022.
    Unit,
}

impl ValueDistribution {
    /// The mean `⟨v⟩`.
    pub fn mean(self) -> f64 {
        self.moment(1)
    }

    /// The second moment `⟨v²⟩`.
    pub fn second_moment(self) -> f64 {
        self.moment(2)
    }

    /// The moment `⟨vᵏ⟩`.
    pub fn moment(self, k: u32) -> f64 {
        match self {
            Self::Uniform => f64::from(1_u32 << k) / f64::from(k + 1),
            Self::Constant => 1.0,
            Self::Exponential => (1..=k).map(f64::from).product(),
            Self::Unit => 1.0 / f64::from(k + 1),
        }
    }

    /// The value that a random word stands for.
    #[expect(clippy::cast_possible_truncation, reason = "a value needs no more than 24 bits")]
    pub(crate) fn value(self, word: u32) -> f32 {
        let centred = f64::from(word) + 0.5;
        match self {
            Self::Uniform => (centred * (-31_f64).exp2()) as f32,
            Self::Constant => 1.0,
            Self::Exponential => -libm::log(centred * (-32_f64).exp2()) as f32,
            Self::Unit => (centred * (-32_f64).exp2()) as f32,
        }
    }

    /// The largest value that can occur; infinite for [`ValueDistribution::Exponential`].
    pub fn supremum(self) -> f64 {
        match self {
            Self::Uniform => 2.0,
            Self::Constant | Self::Unit => 1.0,
            Self::Exponential => f64::INFINITY,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Midpoint rule for `∫ f(v) v^power dv` over `[0, end]`.
    fn moment(density: impl Fn(f64) -> f64, power: i32, end: f64) -> f64 {
        let steps = 400_000;
        let h = end / f64::from(steps);
        (0..steps).map(|i| (f64::from(i) + 0.5) * h).map(|v| density(v) * v.powi(power) * h).sum()
    }

    #[test]
    fn moments_agree_with_quadrature() {
        let uniform = |_: f64| 0.5;
        let exponential = |v: f64| (-v).exp();
        for k in 1..=8 {
            for (law, by_quadrature) in [
                (ValueDistribution::Uniform, moment(uniform, k, 2.0)),
                (ValueDistribution::Unit, moment(|_| 1.0, k, 1.0)),
                (ValueDistribution::Exponential, moment(exponential, k, 90.0)),
                (ValueDistribution::Constant, 1.0),
            ] {
                assert!((law.moment(k.cast_unsigned()) / by_quadrature - 1.0).abs() < 1e-6);
            }
        }
        assert!((ValueDistribution::Uniform.second_moment() - 4.0 / 3.0).abs() < 1e-15);
        assert!((ValueDistribution::Unit.mean() - 0.5).abs() < 1e-15);
    }
}
