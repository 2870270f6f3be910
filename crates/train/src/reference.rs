//! The reference engine: burn's autodiff on dense tensors, the formula as it is written.
//!
//! It runs on any device, trains every kind of cell, and is the oracle for faster engines. It is not
//! fast: a step does `10·B·n·d` operations in matrix products and passes many times over `B·n` numbers.

use burn::tensor::{DType, Device, Tensor, TensorData};
use superpose_toy::adam::AdamStep;
use superpose_toy::cell::{Cell, Rows};
use superpose_toy::checkpoint::ModelState;
use superpose_toy::engine::Unsupported;
use superpose_toy::init::start;
use superpose_toy::prepared::Prepared;
use superpose_toy::sampler::SparseBatch;
use superpose_toy::trained::{LossGradient, Weights};

use crate::model::{Autoencoders, Formula, Parts, to_device, to_host};
use crate::optimizer::{Adam, decay, to_norm_one};

/// Whether this engine can train `cell`: every cell.
///
/// # Errors
/// Never: there is no kind of cell that it cannot train.
pub fn supports(_cell: &Cell) -> Result<(), Unsupported> {
    Ok(())
}

/// Models in training, side by side.
#[derive(Debug)]
pub struct Reference {
    models: Autoencoders,
    formula: Formula,
    adam: Parts<Adam>,
    cells: Vec<Cell>,
    /// The device without autodiff, where batches are made.
    device: Device,
    dtype: DType,
}

impl Reference {
    /// The models of cells that have their shape and kind in common, before their first step, on
    /// `device` in precision `dtype`.
    ///
    /// # Panics
    /// When there are no cells, or shapes differ.
    pub fn new(prepared: &[Prepared], device: &Device, dtype: DType) -> Self {
        let starts: Vec<Weights> = prepared.iter().map(|p| start(&p.cell)).collect();
        Self::from_weights(prepared, &starts, device, dtype)
    }

    /// As [`Reference::new`], but starting from `weights`.
    ///
    /// # Panics
    /// When there are no cells, not as many weights, or shapes differ.
    pub fn from_weights(
        prepared: &[Prepared],
        weights: &[Weights],
        device: &Device,
        dtype: DType,
    ) -> Self {
        let states: Vec<ModelState> = weights.iter().cloned().map(ModelState::at_start).collect();
        Self::from_states(prepared, &states, device, dtype)
    }

    /// As [`Reference::new`], but after the steps that have led to these states.
    ///
    /// # Panics
    /// When there are no cells, not as many states, or shapes differ.
    pub fn from_states(
        prepared: &[Prepared],
        states: &[ModelState],
        device: &Device,
        dtype: DType,
    ) -> Self {
        assert_eq!(prepared.len(), states.len(), "one state per cell");
        let all = |of: fn(&ModelState) -> &Weights, device: &Device| {
            let all: Vec<Weights> = states.iter().map(of).cloned().collect();
            to_device(&all, device, dtype)
        };
        let models = Autoencoders::of(all(|state| &state.weights, &device.clone().autodiff()));
        let first = all(|state| &state.first_moments, device);
        let moments = first.zip(all(|state| &state.second_moments, device));
        let Cell { model, train, .. } = &prepared[0].cell;
        let importance = prepared.iter().any(|p| p.importance.is_some()).then(|| {
            let all: Vec<f64> = prepared.iter().flat_map(Prepared::importances).collect();
            let data = TensorData::new(all, [prepared.len(), 1, model.n_features]);
            Tensor::from_data(data, (device, dtype))
        });
        let formula = Formula { activation: model.activation, loss: train.loss, importance };
        Self {
            adam: moments.map(|(first, second)| Adam::with_moments(first, second)),
            models,
            formula,
            cells: prepared.iter().map(|p| p.cell.clone()).collect(),
            device: device.clone(),
            dtype,
        }
    }

    /// Makes step number `step` (from 1) and returns the mean costs before it, `[k]`, still on the
    /// device. There is one of `batches` per model.
    pub fn step(&mut self, step: u64, batches: &[&SparseBatch]) -> Tensor<1> {
        let (costs, gradients) = self.backward(batches);
        let steps = |of: fn(&Cell, u64) -> AdamStep| -> Vec<AdamStep> {
            self.cells.iter().map(|cell| of(cell, step)).collect()
        };
        let (of_weights, of_biases) = (steps(AdamStep::of_weights), steps(AdamStep::of_biases));
        let is_unit = self.cells[0].model.rows == Rows::Unit;
        let rows = |adam: &mut Adam, parameter: Tensor<3>, gradient: Tensor<3>| {
            let decayed = decay(parameter.inner(), &of_weights);
            let updated = adam.update(decayed, gradient, &of_weights);
            if is_unit { to_norm_one(updated) } else { updated }
        };
        let Parts { weights, biases, decoders } = self.models.parts();
        let adam = &mut self.adam;
        let weights = rows(&mut adam.weights, weights, gradients.weights);
        let biases = adam.biases.update(biases.inner(), gradients.biases, &of_biases);
        let decoders = decoders.zip(gradients.decoders).zip(adam.decoders.as_mut());
        let decoders = decoders.map(|((decoders, gradient), adam)| rows(adam, decoders, gradient));
        self.models = Autoencoders::of(Parts { weights, biases, decoders }.map(Tensor::autodiff));
        costs
    }

    /// The mean costs without any step, `[k]`, still on the device. There is one of `batches` per
    /// model.
    pub fn mses(&self, batches: &[&SparseBatch]) -> Tensor<1> {
        let models = Autoencoders::of(self.models.parts().map(Tensor::inner));
        self.formula.mean_costs(&models, self.dense(batches))
    }

    /// Each model's trained loss and its gradient, without any step. There is one of `batches` per
    /// model.
    ///
    /// # Panics
    /// When the device cannot hand them over.
    pub fn gradients(&self, batches: &[&SparseBatch]) -> Vec<LossGradient> {
        let (costs, gradients) = self.backward(batches);
        let host = |data: TensorData| data.try_to_vec::<f64>().expect("has just been made f64");
        let costs = host(costs.into_data_as::<f64>());
        let Parts { weights, biases, decoders } =
            gradients.map(|gradient| host(gradient.into_data_as::<f64>()));
        let k = self.cells.len();
        let part = |all: &[f64], i: usize| all[i * all.len() / k..][..all.len() / k].to_vec();
        let gradient = |(i, cell): (usize, &Cell)| LossGradient {
            loss: costs[i] * cell.train.loss_scale,
            weights: part(&weights, i),
            bias: part(&biases, i),
            decoder: decoders.as_ref().map(|decoders| part(decoders, i)),
        };
        self.cells.iter().enumerate().map(gradient).collect()
    }

    /// The models' weights on the host.
    pub fn weights(&self) -> Vec<Weights> {
        self.models.to_weights()
    }

    /// The models as they are between two steps, in single precision.
    ///
    /// # Panics
    /// When the device cannot hand them over.
    pub fn states(&self) -> Vec<ModelState> {
        let moments = |i: usize| {
            let Parts { weights, biases, decoders } = &self.adam;
            let of = |adam: &Adam| adam.moments()[i].clone();
            let decoders = decoders.as_ref().map(of);
            to_host(Parts { weights: of(weights), biases: of(biases), decoders })
        };
        let of_models = self.weights().into_iter().zip(moments(0)).zip(moments(1));
        let state = |((weights, first_moments), second_moments)| ModelState {
            weights,
            first_moments,
            second_moments,
            way: None,
        };
        of_models.map(state).collect()
    }

    /// The mean costs, and the trained losses' gradients.
    fn backward(&self, batches: &[&SparseBatch]) -> (Tensor<1>, Parts<Tensor<3>>) {
        let x = self.dense(batches).autodiff();
        let importance = self.formula.importance.clone().map(Tensor::autodiff);
        let formula = Formula { importance, ..self.formula.clone() };
        let costs = formula.mean_costs(&self.models, x);
        let scales: Vec<f64> = self.cells.iter().map(|cell| cell.train.loss_scale).collect();
        let scales = TensorData::new(scales, [self.cells.len()]);
        let scales = Tensor::<1>::from_data(scales, (&self.device, self.dtype)).autodiff();
        // No model has a part in another's loss, so the sum's gradient is each one's own.
        let mut gradients = (costs.clone() * scales).sum().backward();
        let of_parts = self.models.parts().map(|parameter| {
            let gradient = parameter.grad_remove(&mut gradients);
            gradient.expect("the loss depends on every parameter, and all are tracked")
        });
        (costs.inner(), of_parts)
    }

    fn dense(&self, batches: &[&SparseBatch]) -> Tensor<3> {
        let (size, n) = (self.cells[0].train.batch_size, self.cells[0].model.n_features);
        let dense: Vec<Vec<f32>> = batches.iter().map(|batch| batch.to_dense(size, n)).collect();
        let data = TensorData::new(dense.concat(), [batches.len(), size, n]);
        Tensor::from_data(data, (&self.device, self.dtype))
    }
}
