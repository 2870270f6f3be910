//! The reference engine: burn's autodiff on dense tensors, the formula as the paper writes it.
//!
//! It runs on any device and is the oracle for faster engines. It is not fast: a step does
//! `10·B·n·d` operations in matrix products and passes many times over `B·n` numbers.

use burn::module::Param;
use burn::tensor::{DType, Device, Tensor, TensorData};
use superpose_gram::engine::LossGradient;
use superpose_gram::init::start;
use superpose_gram::sampler::SparseBatch;
use superpose_gram::schedule::Schedule;
use superpose_sweep::cell::Cell;
use superpose_sweep::record::Weights;

use crate::model::TiedAutoencoder;
use crate::optimizer::{Adam, AdamConstants, decay};

/// A model in training.
#[derive(Debug)]
pub struct Reference {
    model: TiedAutoencoder,
    adam_weights: Adam<2>,
    adam_bias: Adam<1>,
    cell: Cell,
    schedule: Schedule,
    /// The device without autodiff, where batches are made.
    device: Device,
    dtype: DType,
}

impl Reference {
    /// The `cell`'s model before its first step, on `device` in precision `dtype`.
    pub fn new(cell: &Cell, device: &Device, dtype: DType) -> Self {
        Self::from_weights(cell, &start(cell), device, dtype)
    }

    /// As [`Reference::new`], but starting from `weights`.
    pub fn from_weights(cell: &Cell, weights: &Weights, device: &Device, dtype: DType) -> Self {
        let train = &cell.train;
        let constants = AdamConstants {
            beta1: train.adam_beta1,
            beta2: train.adam_beta2,
            epsilon: train.adam_epsilon,
        };
        let model = TiedAutoencoder::from_weights(weights, &device.clone().autodiff(), dtype);
        Self {
            adam_weights: Adam::new(&model.weights.val().inner(), constants),
            adam_bias: Adam::new(&model.bias.val().inner(), constants),
            model,
            cell: cell.clone(),
            schedule: Schedule::of(train),
            device: device.clone(),
            dtype,
        }
    }

    /// Makes step number `step` (from 1) and returns the mean squared error on `batch` before it,
    /// still on the device.
    pub fn step(&mut self, step: u64, batch: &SparseBatch) -> Tensor<1> {
        let (error, gradient_weights, gradient_bias) = self.backward(batch);
        let train = &self.cell.train;
        let course = self.schedule.at(step);
        let rate = train.learning_rate * course;
        let weights = self.model.weights.val().inner();
        let weights = decay(weights, train.weight_decay, rate, train.adam_epsilon);
        let weights = self.adam_weights.update(weights, gradient_weights, rate);
        let bias = self.model.bias.val().inner();
        let bias = self.adam_bias.update(bias, gradient_bias, train.learning_rate_bias * course);
        self.model = TiedAutoencoder {
            weights: Param::from_tensor(weights.autodiff()),
            bias: Param::from_tensor(bias.autodiff()),
        };
        error
    }

    /// The mean squared error on `batch`, still on the device, without any step.
    pub fn error(&self, batch: &SparseBatch) -> Tensor<1> {
        let model = TiedAutoencoder {
            weights: Param::from_tensor(self.model.weights.val().inner()),
            bias: Param::from_tensor(self.model.bias.val().inner()),
        };
        model.mean_squared_error(self.dense(batch))
    }

    /// The trained loss on `batch` and its gradient, without any step.
    ///
    /// # Panics
    /// When the device cannot hand them over.
    pub fn gradient(&self, batch: &SparseBatch) -> LossGradient {
        let (error, weights, bias) = self.backward(batch);
        let host = |data: TensorData| data.try_to_vec::<f64>().expect("has just been made f64");
        LossGradient {
            loss: error.into_scalar::<f64>() * self.cell.train.loss_scale,
            weights: host(weights.into_data_as::<f64>()),
            bias: host(bias.into_data_as::<f64>()),
        }
    }

    /// The model's weights on the host.
    pub fn weights(&self) -> Weights {
        self.model.to_weights()
    }

    /// The mean squared error, and the trained loss's gradients.
    fn backward(&self, batch: &SparseBatch) -> (Tensor<1>, Tensor<2>, Tensor<1>) {
        let x = self.dense(batch).autodiff();
        let error = self.model.mean_squared_error(x);
        let mut gradients = (error.clone() * self.cell.train.loss_scale).backward();
        let both = (
            self.model.weights.val().grad_remove(&mut gradients),
            self.model.bias.val().grad_remove(&mut gradients),
        );
        let (Some(weights), Some(bias)) = both else {
            unreachable!("the loss depends on both parameters, and both are tracked")
        };
        (error.inner(), weights, bias)
    }

    fn dense(&self, batch: &SparseBatch) -> Tensor<2> {
        let shape = [self.cell.train.batch_size, self.cell.model.n_features];
        let data = TensorData::new(batch.to_dense(shape[0], shape[1]), shape);
        Tensor::from_data(data, (&self.device, self.dtype))
    }
}
