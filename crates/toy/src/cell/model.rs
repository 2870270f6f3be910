//! The model of a cell: the paper's autoencoder, and what may differ from it.

use serde::{Deserialize, Serialize};

/// The autoencoder `y = f(x W Vᵀ + b)`, with `W` and `V` of shape `[n_features, d_hidden]`. The
/// paper's has `f = ReLU` and is tied, `V = W`.
///
/// A field after the first three that has its default is left out of the serialised form, so that
/// ids of older cells stay what they were.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Number of features `n`.
    pub n_features: usize,
    /// Hidden width `d` (the paper's `m`). `W` starts as N(0, 1/d), and so does `V`.
    pub d_hidden: usize,
    /// Standard deviation of the normal distribution that the biases start from.
    pub bias_init_std: f64,
    /// The function `f` of the outputs.
    #[serde(default, skip_serializing_if = "Activation::is_default")]
    pub activation: Activation,
    /// Whether there are biases.
    #[serde(default, skip_serializing_if = "Bias::is_default")]
    pub bias: Bias,
    /// Whether `V` is `W`.
    #[serde(default, skip_serializing_if = "Decoder::is_default")]
    pub decoder: Decoder,
    /// Whether the rows of `W` have norm one.
    #[serde(default, skip_serializing_if = "Rows::is_default")]
    pub rows: Rows,
}

/// The function of the outputs.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Activation {
    /// `max(z, 0)`.
    #[default]
    Relu,
    /// `z`.
    Identity,
    /// `z` where it is positive, and `slope · z` elsewhere.
    LeakyRelu {
        /// Above 0 and below 1.
        slope: f64,
    },
    /// `z Φ(z)`, with `Φ` the normal distribution function (Hendrycks & Gimpel 2016, exact).
    Gelu,
    /// `ln(1 + eᶻ)`.
    Softplus,
    /// `eᶻ` over its sum over features: the outputs are a distribution, for [`super::Loss::CrossEntropy`].
    Softmax,
}

/// The biases of the outputs.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Bias {
    /// One an output, trained.
    #[default]
    Trained,
    /// None: they are zero and stay so.
    None,
}

/// The matrix that takes hidden vectors to outputs.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Decoder {
    /// `V = W`: one matrix encodes and decodes.
    #[default]
    Tied,
    /// A matrix `V` of its own, which starts from other random numbers than `W`.
    Untied,
}

/// The norms of the rows of `W`, and of an untied `V`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Rows {
    /// Whatever training makes of them.
    #[default]
    Free,
    /// One: at the start, and again after every step.
    Unit,
}

impl Activation {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The slope where `z` is negative, of an activation that has one slope there and slope one elsewhere.
    pub fn negative_slope(self) -> Option<f64> {
        match self {
            Self::Relu => Some(0.0),
            Self::LeakyRelu { slope } => Some(slope),
            Self::Identity | Self::Gelu | Self::Softplus | Self::Softmax => None,
        }
    }
}

macro_rules! is_default {
    ($($name:ident),*) => {$(
        impl $name {
            fn is_default(&self) -> bool {
                *self == Self::default()
            }
        }
    )*};
}

is_default!(Bias, Decoder, Rows);
