//! Autoencoders of one shape and kind, side by side, as a burn module, and what they are trained by.

use std::f64::consts::FRAC_1_SQRT_2;

use burn::module::{Module, Param};
use burn::tensor::activation::{leaky_relu, log_softmax, relu, softmax, softplus};
use burn::tensor::{DType, Device, Tensor, TensorData};
use superpose_toy::cell::{Activation, Loss};
use superpose_toy::trained::Weights;

/// `y = f(x W Vᵀ + b)` for `k` models at once; where they are tied, `V` is `W`.
///
/// **Shapes**: `x` and `y` are `[k, batch, n_features]`, `W` and `V` are `[k, n_features, d_hidden]`,
/// `b` is `[k, 1, n_features]`.
#[derive(Module, Debug)]
pub struct Autoencoders {
    /// `W`; its rows represent the features.
    pub weights: Param<Tensor<3>>,
    /// `b`.
    pub biases: Param<Tensor<3>>,
    /// `V`, if it is not `W`.
    pub decoders: Option<Param<Tensor<3>>>,
}

/// The parts of a model, with something for each.
#[derive(Debug, Clone)]
pub struct Parts<T> {
    /// For `W`.
    pub weights: T,
    /// For `b`.
    pub biases: T,
    /// For `V`, if it is not `W`.
    pub decoders: Option<T>,
}

impl<T> Parts<T> {
    /// Each with that of `other`, which has the same.
    pub fn zip<U>(self, other: Parts<U>) -> Parts<(T, U)> {
        Parts {
            weights: (self.weights, other.weights),
            biases: (self.biases, other.biases),
            decoders: self.decoders.zip(other.decoders),
        }
    }

    /// What `make` makes of each.
    pub fn map<U>(self, mut make: impl FnMut(T) -> U) -> Parts<U> {
        Parts {
            weights: make(self.weights),
            biases: make(self.biases),
            decoders: self.decoders.map(make),
        }
    }
}

impl Autoencoders {
    /// The models with the given weights, all of one shape and kind, on `device`, in precision `dtype`.
    ///
    /// # Panics
    /// When there are no models, or shapes differ.
    pub fn from_weights(models: &[Weights], device: &Device, dtype: DType) -> Self {
        Self::of(to_device(models, device, dtype))
    }

    /// The models of these tensors.
    pub fn of(parts: Parts<Tensor<3>>) -> Self {
        Self {
            weights: Param::from_tensor(parts.weights),
            biases: Param::from_tensor(parts.biases),
            decoders: parts.decoders.map(Param::from_tensor),
        }
    }

    /// The tensors.
    pub fn parts(&self) -> Parts<Tensor<3>> {
        Parts {
            weights: self.weights.val(),
            biases: self.biases.val(),
            decoders: self.decoders.as_ref().map(Param::val),
        }
    }

    /// `z = x W Vᵀ + b`.
    fn before_activation(&self, x: Tensor<3>) -> Tensor<3> {
        let weights = self.weights.val();
        let hidden = x.matmul(weights.clone());
        let decoders = self.decoders.as_ref().map_or(weights, Param::val);
        hidden.matmul(decoders.transpose()) + self.biases.val()
    }

    /// The weights, on the host and in single precision.
    ///
    /// # Panics
    /// When the device cannot hand them over.
    pub fn to_weights(&self) -> Vec<Weights> {
        to_host(self.parts())
    }
}

/// The parameters of models, all of one shape and kind, or what is like them, on `device`, in precision `dtype`.
///
/// # Panics
/// When there are no models, or shapes differ.
pub(crate) fn to_device(models: &[Weights], device: &Device, dtype: DType) -> Parts<Tensor<3>> {
    let (k, n, d) = (models.len(), models[0].n_features, models[0].d_hidden);
    let tensor =
        |data: Vec<f32>, shape| Tensor::from_data(TensorData::new(data, shape), (device, dtype));
    let all = |of: fn(&Weights) -> &[f32]| models.iter().flat_map(of).copied().collect();
    let decoders = models[0].decoder.is_some().then(|| {
        let decoder = |model: &Weights| model.decoder.clone().expect("models are of one kind");
        tensor(models.iter().flat_map(decoder).collect(), [k, n, d])
    });
    Parts {
        weights: tensor(all(|model| &model.weights), [k, n, d]),
        biases: tensor(all(|model| &model.bias), [k, 1, n]),
        decoders,
    }
}

/// The same back on the host, in single precision.
///
/// # Panics
/// When the device cannot hand them over.
pub(crate) fn to_host(parts: Parts<Tensor<3>>) -> Vec<Weights> {
    let [k, n_features, d_hidden] = parts.weights.dims();
    let host = |tensor: Tensor<3>| {
        let numbers = tensor.into_data_as::<f32>().try_to_vec::<f32>();
        numbers.expect("has just been made f32")
    };
    let Parts { weights, biases, decoders } = parts.map(host);
    let part = |all: &[f32], i: usize| all[i * all.len() / k..][..all.len() / k].to_vec();
    let model = |i: usize| Weights {
        n_features,
        d_hidden,
        weights: part(&weights, i),
        bias: part(&biases, i),
        decoder: decoders.as_ref().map(|decoders| part(decoders, i)),
    };
    (0..k).map(model).collect()
}

/// What models of one kind make of `z`, and what that costs.
#[derive(Debug, Clone)]
pub struct Formula {
    /// `f`.
    pub activation: Activation,
    /// What an output costs.
    pub loss: Loss,
    /// `I`, `[k, 1, n_features]`, if it is not one.
    pub importance: Option<Tensor<3>>,
}

impl Formula {
    /// The reconstruction of `x`.
    pub fn forward(&self, models: &Autoencoders, x: Tensor<3>) -> Tensor<3> {
        let z = models.before_activation(x);
        match self.activation {
            Activation::Relu => relu(z),
            Activation::Identity => z,
            Activation::LeakyRelu { slope } => leaky_relu(z, slope),
            // Not burn's own, whose derivative is that of an approximation: a thousandth off.
            Activation::Gelu => z.clone() * ((z * FRAC_1_SQRT_2).erf() + 1.0) * 0.5,
            Activation::Softplus => softplus(z, 1.0),
            Activation::Softmax => softmax(z, 2),
        }
    }

    /// Each model's mean over batch *and* features of what its outputs cost on `x`, by importance, `[k]`.
    /// Times the number of features it is the loss of the paper's figures, where it is squared.
    pub fn mean_costs(&self, models: &Autoencoders, x: Tensor<3>) -> Tensor<1> {
        let k = x.dims()[0];
        let costs = match self.loss {
            Loss::Squared => (self.forward(models, x.clone()) - x).square(),
            Loss::Power { power } => {
                let error = self.forward(models, x.clone()) - x;
                let odd = if power % 2 == 1 { Some(error.clone().abs()) } else { None };
                let square = error.square();
                let even = (1..power / 2).fold(square.clone(), |all, _| all * square.clone());
                odd.map_or(even.clone(), |odd| even * odd)
            }
            Loss::CrossEntropy => {
                // Without any active feature there is nothing to tell.
                let sums = x.clone().sum_dim(2);
                let targets = x.clone() / sums.clone().mask_fill(sums.equal_elem(0.0), 1.0);
                targets * log_softmax(models.before_activation(x), 2).neg()
            }
        };
        let costs = match &self.importance {
            Some(importance) => costs * importance.clone(),
            None => costs,
        };
        costs.mean_dim(2).mean_dim(1).reshape([k])
    }
}
