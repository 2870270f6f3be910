//! The arrays of an ensemble on the device. `kernels/mod.rs` says what is in them, axis by axis.

use cubecl::bytes::Bytes;
use cubecl::prelude::*;
use cubecl::server::Handle;
use superpose_toy::checkpoint::ModelState;
use superpose_toy::prepared::Prepared;
use superpose_toy::trained::Weights;

use crate::Client;
use crate::failure::DeviceFailure;
use crate::layout::{HEIGHT, head};
use crate::plan::Shape;

/// What cells of one shape have on the device.
pub(crate) struct Arrays<'c> {
    pub(crate) client: &'c Client,
    pub(crate) shape: Shape,
    pub(crate) n_cells: usize,
    /// `W`, and then `dW`, which with the units' `dh` added becomes the gradient.
    pub(crate) weights: Handle,
    /// Adam's first moments of `W`, and then the second.
    pub(crate) moments: Handle,
    /// The same of `b`.
    pub(crate) bias_moments: Handle,
    /// `b`, importance, ways and counts.
    pub(crate) features: Handle,
    pub(crate) units: UnitArrays,
}

/// Arrays whose size depends on how many units a batch has.
pub(crate) struct UnitArrays {
    pub(crate) n_units: usize,
    /// `h`, and then the parts of `dh`.
    pub(crate) hidden: Handle,
    pub(crate) z_gradient: Handle,
    /// By tile of units and feature: squared errors, and then gradients of biases.
    pub(crate) sums: Handle,
    pub(crate) marks: Handle,
}

/// `W` and `b` of a cell, or their gradients.
pub(crate) type OfCell = (Vec<f32>, Vec<f32>);

impl<'c> Arrays<'c> {
    /// The arrays of `cells` that go on from `states`.
    ///
    /// # Errors
    /// [`DeviceFailure`] when the device is out of memory.
    pub(crate) fn new(
        client: &'c Client,
        shape: Shape,
        cells: &[Prepared],
        states: &[ModelState],
    ) -> Result<Self, DeviceFailure> {
        let (n_cells, n) = (states.len(), shape.n_features);
        let mut features = biases(states, |state| &state.weights);
        #[expect(clippy::cast_possible_truncation, reason = "gradients are single precision")]
        features.extend(cells.iter().flat_map(Prepared::importances).map(|i| i as f32));
        for state in states {
            // Before the first step it is as if all answers had been positive.
            let mut of_cell = vec![0.0; head(n)];
            of_cell[1] = state.way.unwrap_or(f32::MAX);
            features.extend(of_cell);
        }
        // The place of `dW`, or the second moments, comes after.
        let weights =
            [padded(shape, states, |state| &state.weights), vec![0.0; n_cells * n * shape.row()]];
        let moments: [fn(&ModelState) -> &Weights; 2] =
            [|state| &state.first_moments, |state| &state.second_moments];
        let upload = |numbers: Vec<f32>| client.create(Bytes::from_elems(numbers));
        let arrays = Self {
            moments: upload(moments.map(|of| padded(shape, states, of)).concat()),
            weights: upload(weights.concat()),
            bias_moments: upload(moments.map(|of| biases(states, of)).concat()),
            features: upload(features),
            units: UnitArrays::new(client, shape, n_cells, 1),
            client,
            shape,
            n_cells,
        };
        arrays.check()?;
        Ok(arrays)
    }

    /// Makes room for batches of `n_units` units.
    ///
    /// # Errors
    /// [`DeviceFailure`] when the device is out of memory.
    pub(crate) fn make_room(&mut self, n_units: usize) -> Result<(), DeviceFailure> {
        if n_units > self.units.n_units {
            // Freed before the new ones are taken.
            self.units = UnitArrays::new(self.client, self.shape, 1, 1);
            self.units = UnitArrays::new(self.client, self.shape, self.n_cells, n_units);
            self.check()?;
        }
        Ok(())
    }

    /// Numbers of all cells from the first half of `weights` to the second.
    fn weight_numbers(&self) -> usize {
        self.n_cells * self.shape.n_features * self.shape.row()
    }

    /// `W` and `b` of every cell.
    ///
    /// # Errors
    /// [`DeviceFailure`] when the device has failed.
    pub(crate) fn parameters(&self) -> Result<Vec<OfCell>, DeviceFailure> {
        let (weights, n) = (self.weight_numbers(), self.shape.n_features);
        let weights = part(&self.weights, 0, weights);
        let biases = part(&self.features, 0, self.n_cells * n);
        self.by_cell(weights, biases, n)
    }

    /// The gradients of `W` and `b` of every cell, up to nothing: factors are in them.
    ///
    /// # Errors
    /// [`DeviceFailure`] when the device has failed.
    pub(crate) fn gradients(&self) -> Result<Vec<OfCell>, DeviceFailure> {
        let weights = self.weight_numbers();
        let weights = part(&self.weights, weights, weights);
        let sums_of_cell = self.units.n_units / HEIGHT * self.shape.n_features;
        let sums = self.n_cells * sums_of_cell;
        self.by_cell(weights, part(&self.units.sums, sums, sums), sums_of_cell)
    }

    /// Adam's first moments of `W` and `b` of every cell, and the second.
    ///
    /// # Errors
    /// [`DeviceFailure`] when the device has failed.
    pub(crate) fn moments(&self) -> Result<[Vec<OfCell>; 2], DeviceFailure> {
        let (weights, n) = (self.weight_numbers(), self.shape.n_features);
        let biases = self.n_cells * n;
        let of = |i: usize| {
            let weights = part(&self.moments, i * weights, weights);
            self.by_cell(weights, part(&self.bias_moments, i * biases, biases), n)
        };
        Ok([of(0)?, of(1)?])
    }

    /// How many answers of every cell were not zero at its last step, as the device adds them up.
    ///
    /// # Errors
    /// [`DeviceFailure`] when the device has failed.
    pub(crate) fn answers(&self) -> Result<Vec<f32>, DeviceFailure> {
        let sum = |head: &[f32]| head[1..].iter().fold(0.0, |sum, count| sum + count);
        Ok(self.heads()?.chunks(head(self.shape.n_features)).map(sum).collect())
    }

    /// Whether every cell went the dense way last.
    ///
    /// # Errors
    /// [`DeviceFailure`] when the device has failed.
    pub(crate) fn are_dense(&self) -> Result<Vec<bool>, DeviceFailure> {
        let of_cell = head(self.shape.n_features);
        Ok(self.heads()?.chunks(of_cell).map(|head| head[0] > 0.5).collect())
    }

    /// The way and the counts of every cell.
    fn heads(&self) -> Result<Vec<f32>, DeviceFailure> {
        let (n, numbers) = (self.shape.n_features, self.n_cells * head(self.shape.n_features));
        let heads = self.client.read_one(part(&self.features, 2 * self.n_cells * n, numbers))?;
        Ok(f32::from_bytes(&heads).to_vec())
    }

    /// Whether the device could give all of them.
    fn check(&self) -> Result<(), DeviceFailure> {
        let Self { weights, moments, bias_moments, features, units, .. } = self;
        let UnitArrays { hidden, z_gradient, sums, marks, .. } = units;
        let all = [weights, moments, bias_moments, features, hidden, z_gradient, sums, marks];
        Ok(self.client.check(all)?)
    }

    /// What two arrays have of every cell: `[cells · n · row]`, without the padding of rows, and `[n]` of
    /// `bias_stride` numbers from a cell to the next.
    fn by_cell(
        &self,
        weights: Handle,
        biases: Handle,
        bias_stride: usize,
    ) -> Result<Vec<OfCell>, DeviceFailure> {
        let (n, d, row) = (self.shape.n_features, self.shape.d_hidden, self.shape.row());
        let [weights, biases] = [self.client.read_one(weights)?, self.client.read_one(biases)?];
        let (weights, biases) = (f32::from_bytes(&weights), f32::from_bytes(&biases));
        let of_cell = |i: usize| {
            let rows = weights[i * n * row..][..n * row].chunks(row);
            let weights = rows.flat_map(|row| row[..d].iter().copied()).collect();
            (weights, biases[i * bias_stride..][..n].to_vec())
        };
        Ok((0..self.n_cells).map(of_cell).collect())
    }
}

/// `W`, or what is like it, of every cell, with the padding of rows.
fn padded(shape: Shape, states: &[ModelState], of: fn(&ModelState) -> &Weights) -> Vec<f32> {
    let (d, row) = (shape.d_hidden, shape.row());
    let mut padded = vec![0.0; states.len() * shape.n_features * row];
    let rows = states.iter().flat_map(|state| of(state).weights.chunks(d));
    for (to, from) in padded.chunks_mut(row).zip(rows) {
        to[..d].copy_from_slice(from);
    }
    padded
}

/// `b`, or what is like it, of every cell.
fn biases(states: &[ModelState], of: fn(&ModelState) -> &Weights) -> Vec<f32> {
    states.iter().flat_map(|state| of(state).bias.iter().copied()).collect()
}

impl UnitArrays {
    fn new(client: &Client, shape: Shape, n_cells: usize, n_units: usize) -> Self {
        let n_units = shape.padded_units(n_units);
        let units = n_cells * n_units;
        let empty = |numbers: usize| client.empty(4 * numbers);
        Self {
            n_units,
            hidden: empty((1 + shape.parts()) * units * shape.row()),
            z_gradient: empty(units * shape.feature_stride()),
            sums: empty(2 * units / HEIGHT * shape.n_features),
            marks: empty(n_cells * shape.mark_words(n_units)),
        }
    }
}

/// So many numbers of an array, from one on.
fn part(array: &Handle, first: usize, numbers: usize) -> Handle {
    let after = array.size_in_used() - 4 * (first + numbers) as u64;
    array.clone().offset_start(4 * first as u64).offset_end(after)
}

/// An array as a kernel's argument, number by number.
pub(crate) fn ones(handle: &Handle) -> BufferArg {
    argument(handle, 4)
}

/// An array as a kernel's argument, four numbers by four.
pub(crate) fn fours(handle: &Handle) -> BufferArg {
    argument(handle, 16)
}

#[expect(unsafe_code, reason = "a kernel's argument cannot be made from an array otherwise")]
fn argument(handle: &Handle, item_bytes: u64) -> BufferArg {
    let length = usize::try_from(handle.size_in_used() / item_bytes).expect("it was given as one");
    // SAFETY: the length is the array's own.
    unsafe { BufferArg::from_raw_parts(handle.clone(), length) }
}
