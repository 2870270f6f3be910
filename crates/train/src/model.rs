//! Tied autoencoders of one shape, side by side, as a burn module.

use burn::module::{Module, Param};
use burn::tensor::{DType, Device, Tensor, TensorData, activation::relu};
use superpose_toy::trained::Weights;

/// `y = ReLU(x W Wᵀ + b)`, where one matrix encodes and decodes, for `k` models at once.
///
/// **Shapes**: `x` and `y` are `[k, batch, n_features]`, `W` is `[k, n_features, d_hidden]`, `b` is
/// `[k, 1, n_features]`.
#[derive(Module, Debug)]
pub struct TiedAutoencoders {
    /// `W`; its rows represent the features.
    pub weights: Param<Tensor<3>>,
    /// `b`.
    pub biases: Param<Tensor<3>>,
}

impl TiedAutoencoders {
    /// The models with the given weights, all of one shape, on `device`, in precision `dtype`.
    ///
    /// # Panics
    /// When there are no models, or shapes differ.
    pub fn from_weights(models: &[Weights], device: &Device, dtype: DType) -> Self {
        let (k, n, d) = (models.len(), models[0].n_features, models[0].d_hidden);
        let all = |of: fn(&Weights) -> &[f32]| models.iter().flat_map(of).copied().collect();
        let matrix: Vec<f32> = all(|model| &model.weights);
        let bias: Vec<f32> = all(|model| &model.bias);
        let tensor = |data: Vec<f32>, shape| {
            Param::from_tensor(Tensor::from_data(TensorData::new(data, shape), (device, dtype)))
        };
        Self { weights: tensor(matrix, [k, n, d]), biases: tensor(bias, [k, 1, n]) }
    }

    /// The reconstruction of `x`.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let weights = self.weights.val();
        let hidden = x.matmul(weights.clone());
        relu(hidden.matmul(weights.transpose()) + self.biases.val())
    }

    /// Each model's mean over batch *and* features of the squared error on `x`, `[k]`. Times the
    /// number of features it is the loss of the paper's figures.
    pub fn mean_squared_errors(&self, x: Tensor<3>) -> Tensor<1> {
        let error = self.forward(x.clone()) - x;
        let k = error.dims()[0];
        error.square().mean_dim(2).mean_dim(1).reshape([k])
    }

    /// The weights, on the host and in single precision.
    ///
    /// # Panics
    /// When the device cannot hand them over.
    pub fn to_weights(&self) -> Vec<Weights> {
        let [_, n_features, d_hidden] = self.weights.val().dims();
        let host = |data: TensorData| data.try_to_vec::<f32>().expect("has just been made f32");
        let weights = host(self.weights.val().into_data_as::<f32>());
        let biases = host(self.biases.val().into_data_as::<f32>());
        let models = weights.chunks(n_features * d_hidden).zip(biases.chunks(n_features));
        let model = |(weights, bias): (&[f32], &[f32])| Weights {
            n_features,
            d_hidden,
            weights: weights.to_vec(),
            bias: bias.to_vec(),
        };
        models.map(model).collect()
    }
}
