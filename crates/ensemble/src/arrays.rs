//! The arrays of an ensemble on the device. `kernels/mod.rs` says what is in them, axis by axis.

use cubecl::bytes::Bytes;
use cubecl::client::Client;
use cubecl::prelude::*;
use cubecl::server::Handle;
use superpose_toy::prepared::Prepared;
use superpose_toy::trained::Weights;

use crate::failure::DeviceFailure;
use crate::plan::Shape;

/// What cells of one shape have on the device.
pub(crate) struct Arrays {
    pub(crate) client: Client,
    pub(crate) shape: Shape,
    pub(crate) n_cells: usize,
    pub(crate) weights: Parameter,
    pub(crate) biases: Parameter,
    pub(crate) importance: Handle,
    /// `dW`, and with the units' `dh` added, the gradient.
    pub(crate) weights_gradient: Handle,
    pub(crate) units: UnitArrays,
}

/// A parameter of every cell, and Adam's memory of it.
pub(crate) struct Parameter {
    pub(crate) values: Handle,
    /// The first moments, and then the second.
    pub(crate) moments: Handle,
}

/// Arrays whose size depends on how many units a batch has.
pub(crate) struct UnitArrays {
    pub(crate) n_units: usize,
    pub(crate) hidden: Handle,
    pub(crate) hidden_gradient: Handle,
    pub(crate) z_gradient: Handle,
    /// By tile of units and feature: squared errors, and then gradients of biases.
    pub(crate) sums: Handle,
}

impl Arrays {
    /// The arrays of `cells` that start from `starts`.
    ///
    /// # Errors
    /// [`DeviceFailure`] when the device is out of memory.
    pub(crate) fn new(
        client: &Client,
        shape: Shape,
        cells: &[Prepared],
        starts: &[Weights],
    ) -> Result<Self, DeviceFailure> {
        let (n_cells, d, row) = (starts.len(), shape.d_hidden, shape.row());
        let mut weights = vec![0.0; n_cells * shape.n_features * row];
        let rows = starts.iter().flat_map(|start| start.weights.chunks(d));
        for (to, from) in weights.chunks_mut(row).zip(rows) {
            to[..d].copy_from_slice(from);
        }
        let biases: Vec<f32> = starts.iter().flat_map(|start| start.bias.iter().copied()).collect();
        #[expect(clippy::cast_possible_truncation, reason = "gradients are single precision")]
        let importance: Vec<f32> =
            cells.iter().flat_map(Prepared::importances).map(|i| i as f32).collect();
        let arrays = Self {
            weights_gradient: client.empty(4 * weights.len()),
            weights: Parameter::new(client, weights),
            biases: Parameter::new(client, biases),
            importance: client.create(Bytes::from_elems(importance)),
            units: UnitArrays::new(client, shape, n_cells, 1),
            client: client.clone(),
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
            self.units = UnitArrays::new(&self.client, self.shape, 1, 1);
            self.units = UnitArrays::new(&self.client, self.shape, self.n_cells, n_units);
            self.check()?;
        }
        Ok(())
    }

    /// Tiles of units in a column of `z`.
    pub(crate) fn unit_tiles(&self) -> usize {
        self.units.n_units / self.shape.respond_tile().height()
    }

    /// Whether the device could give all of them.
    fn check(&self) -> Result<(), DeviceFailure> {
        let Self { weights, biases, importance, weights_gradient, units, .. } = self;
        let parameters = [weights, biases].into_iter().flat_map(|p| [&p.values, &p.moments]);
        let UnitArrays { hidden, hidden_gradient, z_gradient, sums, .. } = units;
        let others = [importance, weights_gradient, hidden, hidden_gradient, z_gradient, sums];
        Ok(self.client.check(parameters.chain(others))?)
    }

    /// `W` and `b` of every cell, or their gradients: `[cells · n · row]`, without the padding of
    /// rows, and `b` with `bias_stride` numbers from a cell to the next.
    pub(crate) fn by_cell<'a>(
        &self,
        weights: &'a [f32],
        biases: &'a [f32],
        bias_stride: usize,
    ) -> impl Iterator<Item = (Vec<f32>, &'a [f32])> {
        let (n, d, row) = (self.shape.n_features, self.shape.d_hidden, self.shape.row());
        (0..self.n_cells).map(move |i| {
            let rows = weights[i * n * row..][..n * row].chunks(row);
            let weights = rows.flat_map(|row| row[..d].iter().copied()).collect();
            (weights, &biases[i * bias_stride..][..n])
        })
    }
}

impl Parameter {
    fn new(client: &Client, values: Vec<f32>) -> Self {
        let moments = vec![0.0_f32; 2 * values.len()];
        Self {
            values: client.create(Bytes::from_elems(values)),
            moments: client.create(Bytes::from_elems(moments)),
        }
    }
}

impl UnitArrays {
    fn new(client: &Client, shape: Shape, n_cells: usize, n_units: usize) -> Self {
        let n_units = shape.padded_units(n_units);
        let units = n_cells * n_units;
        let empty = |numbers: usize| client.empty(4 * numbers);
        let sums = units / shape.respond_tile().height() * shape.n_features;
        Self {
            n_units,
            hidden: empty(units * shape.row()),
            hidden_gradient: empty(units * shape.row()),
            z_gradient: empty(units * shape.feature_stride()),
            sums: empty(2 * sums),
        }
    }
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
