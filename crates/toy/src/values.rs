//! The value an active feature takes: its mean, second moment and largest value.

use serde::{Deserialize, Serialize};

// These sentences stand in the JSON schema of sweep files.
/// Distribution of the value of an active feature; each has mean one.
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
}

impl ValueDistribution {
    /// The mean `⟨v⟩`.
    pub fn mean(self) -> f64 {
        1.0
    }

    /// The second moment `⟨v²⟩`.
    pub fn second_moment(self) -> f64 {
        match self {
            Self::Uniform => 4.0 / 3.0,
            Self::Constant => 1.0,
            Self::Exponential => 2.0,
        }
    }

    /// The largest value that can occur; infinite for [`ValueDistribution::Exponential`].
    pub fn supremum(self) -> f64 {
        match self {
            Self::Uniform => 2.0,
            Self::Constant => 1.0,
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
        for (law, first, second) in [
            (ValueDistribution::Uniform, moment(uniform, 1, 2.0), moment(uniform, 2, 2.0)),
            (
                ValueDistribution::Exponential,
                moment(exponential, 1, 60.0),
                moment(exponential, 2, 60.0),
            ),
        ] {
            assert!((law.mean() - first).abs() < 1e-6);
            assert!((law.second_moment() - second).abs() < 1e-6);
        }
    }
}
