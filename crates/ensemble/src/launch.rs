//! The kernels of a step, with their arguments and numbers of cubes.

use cubecl::prelude::*;
use cubecl::server::Handle;
use superpose_toy::cell::Rows;

use crate::arrays::{Arrays, fours, ones};
use crate::kernels::tile::{THREADS, Tile};
use crate::kernels::{back, gather, respond, update};
use crate::word;

/// What is done with a chunk of batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    /// Steps, the first of which has this number, from 1.
    Step(u64),
    /// Only the losses.
    Losses,
    /// The gradient.
    Gradient,
}

/// The kernels of one step.
pub(crate) struct Launch<'a> {
    pub(crate) arrays: &'a Arrays,
    /// The batches of a chunk, and where this step's headers begin.
    pub(crate) words: &'a Handle,
    pub(crate) headers: u32,
    /// The numbers of the updates, and where this step's begin.
    pub(crate) steps: &'a Handle,
    pub(crate) steps_at: u32,
    /// Where losses go, and where this step's begin.
    pub(crate) losses: &'a Handle,
    pub(crate) losses_at: u32,
    pub(crate) rows: Rows,
    pub(crate) task: Task,
}

impl Launch<'_> {
    /// Gives the device all of them, in order.
    pub(crate) fn all(&self) {
        self.gather();
        self.respond();
        if self.task != Task::Losses {
            self.back_to_hidden();
            self.back_to_weights();
            self.update_weights();
        }
        self.update_biases();
    }

    fn gather(&self) {
        let Arrays { client, units, weights, .. } = self.arrays;
        gather::gather::launch(
            client,
            self.cubes(units.n_units.div_ceil(gather::UNITS as usize), 1),
            CubeDim::new_2d(gather::LANES, gather::UNITS),
            fours(&weights.values),
            ones(self.words),
            fours(&units.hidden),
            self.headers,
            self.n(),
            word(units.n_units),
            self.row_fours(),
        );
    }

    #[expect(unsafe_code, reason = "the products check every index themselves")]
    fn respond(&self) {
        let Arrays { client, units, weights, biases, importance, shape, .. } = self.arrays;
        let tile = shape.respond_tile();
        // SAFETY: the kernel looks at every index itself before it uses it.
        unsafe {
            respond::respond::launch_unchecked(
                client,
                self.cubes(shape.n_features.div_ceil(tile.width()), units.n_units / tile.height()),
                CubeDim::new_1d(THREADS),
                fours(&units.hidden),
                fours(&weights.values),
                ones(&biases.values),
                ones(importance),
                ones(self.words),
                ones(&units.z_gradient),
                ones(&units.sums),
                self.headers,
                self.n(),
                word(units.n_units),
                self.row_fours(),
                word(shape.feature_stride()),
                tile,
                self.task != Task::Losses,
            );
        }
    }

    #[expect(unsafe_code, reason = "the products check every index themselves")]
    fn back_to_hidden(&self) {
        let Arrays { client, units, weights, shape, .. } = self.arrays;
        let tile = shape.back_tile();
        // SAFETY: the kernel looks at every index itself before it uses it.
        unsafe {
            back::back_to_hidden::launch_unchecked(
                client,
                self.back_cubes(tile, units.n_units),
                CubeDim::new_1d(THREADS),
                fours(&units.z_gradient),
                fours(&weights.values),
                ones(self.words),
                ones(&units.hidden_gradient),
                self.headers,
                self.n(),
                word(units.n_units),
                self.row_fours(),
                word(shape.feature_stride()),
                tile,
            );
        }
    }

    #[expect(unsafe_code, reason = "the products check every index themselves")]
    fn back_to_weights(&self) {
        let Arrays { client, units, weights_gradient, shape, .. } = self.arrays;
        let tile = shape.back_tile();
        // SAFETY: the kernel looks at every index itself before it uses it.
        unsafe {
            back::back_to_weights::launch_unchecked(
                client,
                self.back_cubes(tile, shape.n_features),
                CubeDim::new_1d(THREADS),
                fours(&units.z_gradient),
                fours(&units.hidden),
                ones(self.words),
                ones(weights_gradient),
                self.headers,
                self.n(),
                word(units.n_units),
                self.row_fours(),
                word(shape.feature_stride()),
                tile,
            );
        }
    }

    fn update_weights(&self) {
        let Arrays { client, units, weights, weights_gradient, shape, .. } = self.arrays;
        update::update_weights::launch(
            client,
            self.cubes(shape.n_features.div_ceil(update::ROWS as usize), 1),
            CubeDim::new_2d(update::LANES, update::ROWS),
            fours(&units.hidden_gradient),
            ones(self.words),
            ones(self.steps),
            fours(weights_gradient),
            fours(&weights.values),
            fours(&weights.moments),
            self.headers,
            self.steps_at,
            self.n(),
            word(units.n_units),
            self.row_fours(),
            matches!(self.task, Task::Step(_)),
            self.rows == Rows::Unit,
        );
    }

    fn update_biases(&self) {
        let Arrays { client, units, biases, importance, shape, .. } = self.arrays;
        update::update_biases::launch(
            client,
            self.cubes(shape.n_features.div_ceil(THREADS as usize), 1),
            CubeDim::new_1d(THREADS),
            ones(self.words),
            ones(self.steps),
            ones(importance),
            ones(&units.sums),
            ones(&biases.values),
            ones(&biases.moments),
            ones(self.losses),
            self.headers,
            self.steps_at + word(self.arrays.n_cells * update::STEP_NUMBERS),
            self.losses_at,
            self.n(),
            word(self.arrays.unit_tiles()),
            shape.respond_tile().height(),
            self.task != Task::Losses,
            matches!(self.task, Task::Step(_)),
        );
    }

    fn cubes(&self, x: usize, y: usize) -> CubeCount {
        CubeCount::Static(word(x), word(y), word(self.arrays.n_cells))
    }

    fn back_cubes(&self, tile: Tile, rows: usize) -> CubeCount {
        self.cubes(self.arrays.shape.row().div_ceil(tile.width()), rows.div_ceil(tile.height()))
    }

    fn n(&self) -> u32 {
        word(self.arrays.shape.n_features)
    }

    fn row_fours(&self) -> u32 {
        word(self.arrays.shape.row() / 4)
    }
}
