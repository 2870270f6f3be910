//! The reference engine: burn's autodiff on dense tensors, the formula as the paper writes it.
//!
//! It runs on any device and is the oracle for faster engines. It is not fast: a step does
//! `10·B·n·d` operations in matrix products and passes many times over `B·n` numbers.

use burn::module::Param;
use burn::tensor::{DType, Device, Tensor, TensorData};
use superpose_toy::adam::AdamStep;
use superpose_toy::cell::Cell;
use superpose_toy::engine::Unsupported;
use superpose_toy::init::start;
use superpose_toy::sampler::SparseBatch;
use superpose_toy::trained::{LossGradient, Weights};

use crate::model::TiedAutoencoders;
use crate::optimizer::{Adam, decay};

/// Whether this engine can train `cell`: today, every cell. What its formula does not say belongs
/// here.
///
/// # Errors
/// [`Unsupported`], which names the field.
pub fn supports(_cell: &Cell) -> Result<(), Unsupported> {
    Ok(())
}

/// Models in training, side by side.
#[derive(Debug)]
pub struct Reference {
    models: TiedAutoencoders,
    adam_weights: Adam,
    adam_biases: Adam,
    cells: Vec<Cell>,
    /// The device without autodiff, where batches are made.
    device: Device,
    dtype: DType,
}

impl Reference {
    /// The models of `cells`, all of one shape, before their first step, on `device` in precision
    /// `dtype`.
    ///
    /// # Panics
    /// When there are no cells, or shapes differ.
    pub fn new(cells: &[Cell], device: &Device, dtype: DType) -> Self {
        let starts: Vec<Weights> = cells.iter().map(start).collect();
        Self::from_weights(cells, &starts, device, dtype)
    }

    /// As [`Reference::new`], but starting from `weights`.
    ///
    /// # Panics
    /// When there are no cells, not as many weights, or shapes differ.
    pub fn from_weights(
        cells: &[Cell],
        weights: &[Weights],
        device: &Device,
        dtype: DType,
    ) -> Self {
        assert_eq!(cells.len(), weights.len(), "one start per cell");
        let models = TiedAutoencoders::from_weights(weights, &device.clone().autodiff(), dtype);
        Self {
            adam_weights: Adam::new(&models.weights.val().inner()),
            adam_biases: Adam::new(&models.biases.val().inner()),
            models,
            cells: cells.to_vec(),
            device: device.clone(),
            dtype,
        }
    }

    /// Makes step number `step` (from 1) and returns the mean squared errors before it, `[k]`,
    /// still on the device. There is one of `batches` per model.
    pub fn step(&mut self, step: u64, batches: &[&SparseBatch]) -> Tensor<1> {
        let (mses, weights_gradient, biases_gradient) = self.backward(batches);
        let steps = |of: fn(&Cell, u64) -> AdamStep| -> Vec<AdamStep> {
            self.cells.iter().map(|cell| of(cell, step)).collect()
        };
        let (of_weights, of_biases) = (steps(AdamStep::of_weights), steps(AdamStep::of_biases));
        let weights = decay(self.models.weights.val().inner(), &of_weights);
        let weights = self.adam_weights.update(weights, weights_gradient, &of_weights);
        let biases = self.models.biases.val().inner();
        let biases = self.adam_biases.update(biases, biases_gradient, &of_biases);
        self.models = TiedAutoencoders {
            weights: Param::from_tensor(weights.autodiff()),
            biases: Param::from_tensor(biases.autodiff()),
        };
        mses
    }

    /// The mean squared errors without any step, `[k]`, still on the device. There is one of
    /// `batches` per model.
    pub fn mses(&self, batches: &[&SparseBatch]) -> Tensor<1> {
        let models = TiedAutoencoders {
            weights: Param::from_tensor(self.models.weights.val().inner()),
            biases: Param::from_tensor(self.models.biases.val().inner()),
        };
        models.mean_squared_errors(self.dense(batches))
    }

    /// Each model's trained loss and its gradient, without any step. There is one of `batches` per
    /// model.
    ///
    /// # Panics
    /// When the device cannot hand them over.
    pub fn gradients(&self, batches: &[&SparseBatch]) -> Vec<LossGradient> {
        let (mses, weights, biases) = self.backward(batches);
        let host = |data: TensorData| data.try_to_vec::<f64>().expect("has just been made f64");
        let mses = host(mses.into_data_as::<f64>());
        let weights = host(weights.into_data_as::<f64>());
        let biases = host(biases.into_data_as::<f64>());
        let k = self.cells.len();
        let part = |all: &[f64], i: usize| all[i * all.len() / k..][..all.len() / k].to_vec();
        let gradient = |(i, cell): (usize, &Cell)| LossGradient {
            loss: mses[i] * cell.train.loss_scale,
            weights: part(&weights, i),
            bias: part(&biases, i),
        };
        self.cells.iter().enumerate().map(gradient).collect()
    }

    /// The models' weights on the host.
    pub fn weights(&self) -> Vec<Weights> {
        self.models.to_weights()
    }

    /// The mean squared errors, and the trained losses' gradients.
    fn backward(&self, batches: &[&SparseBatch]) -> (Tensor<1>, Tensor<3>, Tensor<3>) {
        let x = self.dense(batches).autodiff();
        let mses = self.models.mean_squared_errors(x);
        let scales: Vec<f64> = self.cells.iter().map(|cell| cell.train.loss_scale).collect();
        let scales = TensorData::new(scales, [self.cells.len()]);
        let scales = Tensor::<1>::from_data(scales, (&self.device, self.dtype)).autodiff();
        // No model has a part in another's loss, so the sum's gradient is each one's own.
        let mut gradients = (mses.clone() * scales).sum().backward();
        let both = (
            self.models.weights.val().grad_remove(&mut gradients),
            self.models.biases.val().grad_remove(&mut gradients),
        );
        let (Some(weights), Some(biases)) = both else {
            unreachable!("the loss depends on both parameters, and both are tracked")
        };
        (mses.inner(), weights, biases)
    }

    fn dense(&self, batches: &[&SparseBatch]) -> Tensor<3> {
        let (size, n) = (self.cells[0].train.batch_size, self.cells[0].model.n_features);
        let dense: Vec<Vec<f32>> = batches.iter().map(|batch| batch.to_dense(size, n)).collect();
        let data = TensorData::new(dense.concat(), [batches.len(), size, n]);
        Tensor::from_data(data, (&self.device, self.dtype))
    }
}
