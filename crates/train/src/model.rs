//! The tied autoencoder as a burn module.

use burn::module::{Module, Param};
use burn::tensor::{DType, Device, Tensor, TensorData, activation::relu};
use superpose_sweep::record::Weights;

/// `y = ReLU(x W Wᵀ + b)`: one matrix encodes and decodes.
///
/// **Shapes**: `x` and `y` are `[batch, n_features]`, `W` is `[n_features, d_hidden]`, `b` is
/// `[n_features]`.
#[derive(Module, Debug)]
pub struct TiedAutoencoder {
    /// `W`; its rows represent the features.
    pub weights: Param<Tensor<2>>,
    /// `b`.
    pub bias: Param<Tensor<1>>,
}

impl TiedAutoencoder {
    /// The model with the given weights on `device`, in precision `dtype`.
    pub fn from_weights(weights: &Weights, device: &Device, dtype: DType) -> Self {
        let shape = [weights.n_features, weights.d_hidden];
        let matrix = TensorData::new(weights.weights.clone(), shape);
        let bias = TensorData::new(weights.bias.clone(), [weights.n_features]);
        Self {
            weights: Param::from_tensor(Tensor::from_data(matrix, (device, dtype))),
            bias: Param::from_tensor(Tensor::from_data(bias, (device, dtype))),
        }
    }

    /// The reconstruction of `x`.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let weights = self.weights.val();
        let hidden = x.matmul(weights.clone());
        relu(hidden.matmul(weights.transpose()) + self.bias.val().unsqueeze())
    }

    /// The mean over batch *and* features of the squared error on `x`. Times the number of
    /// features it is the loss of the paper's figures.
    pub fn mean_squared_error(&self, x: Tensor<2>) -> Tensor<1> {
        let error = self.forward(x.clone()) - x;
        error.square().mean()
    }

    /// The weights, on the host and in single precision.
    ///
    /// # Panics
    /// When the device cannot hand them over.
    pub fn to_weights(&self) -> Weights {
        let [n_features, d_hidden] = self.weights.val().dims();
        let host = |data: TensorData| data.try_to_vec::<f32>().expect("has just been made f32");
        Weights {
            n_features,
            d_hidden,
            weights: host(self.weights.val().into_data_as::<f32>()),
            bias: host(self.bias.val().into_data_as::<f32>()),
        }
    }
}
