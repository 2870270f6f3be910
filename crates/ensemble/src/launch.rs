//! The kernels of a step, with their arguments and numbers of cubes.

use cubecl::prelude::*;
use cubecl::server::Handle;
use superpose_toy::cell::Rows;

use crate::arrays::{Arrays, fours, ones};
use crate::kernels::update::STEP_NUMBERS;
use crate::kernels::{back, gather, respond, update};
use crate::layout::{HEIGHT, SHARERS, THREADS};
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
    pub(crate) arrays: &'a Arrays<'a>,
    /// The batches of a chunk and the numbers of its updates, and where this step's headers and numbers begin.
    pub(crate) words: &'a Handle,
    pub(crate) headers: u32,
    pub(crate) steps_at: u32,
    /// Where losses go, and where this step's begin.
    pub(crate) losses: &'a Handle,
    pub(crate) losses_at: u32,
    pub(crate) rows: Rows,
    pub(crate) task: Task,
    /// The share of answers from which on a cell goes the dense way.
    pub(crate) dense_from: f32,
}

/// Cubes along the first axis of a launch that has too many for it.
const CUBES_A_ROW: usize = 1 << 15;

impl Launch<'_> {
    /// Gives the device all of them, in order.
    pub(crate) fn all(&self) {
        self.gather();
        self.respond();
        if self.task != Task::Losses {
            // Each cell takes one of the two ways.
            self.back_dense();
            self.back_sparse();
            self.update_weights();
        }
        self.update_biases();
    }

    fn gather(&self) {
        let Arrays { client, units, weights, features, shape, .. } = self.arrays;
        let lanes = shape.lanes();
        let units_of_cube = THREADS / lanes;
        gather::gather::launch(
            client,
            self.cubes(units.n_units.div_ceil(units_of_cube as usize), 1),
            CubeDim::new_2d(lanes, units_of_cube),
            fours(weights),
            ones(self.words),
            fours(&units.hidden),
            ones(features),
            self.headers,
            self.n(),
            word(units.n_units),
            self.row_fours(),
            self.dense_from,
            lanes,
        );
    }

    #[expect(unsafe_code, reason = "the products check every index themselves")]
    fn respond(&self) {
        let Arrays { client, units, weights, features, shape, .. } = self.arrays;
        let tile = shape.respond_tile();
        // SAFETY: the kernel looks at every index itself before it uses it.
        unsafe {
            respond::respond::launch_unchecked(
                client,
                self.cubes(shape.n_features.div_ceil(tile.width()), units.n_units / HEIGHT),
                CubeDim::new_1d(THREADS),
                fours(&units.hidden),
                fours(weights),
                ones(features),
                ones(self.words),
                fours(&units.z_gradient),
                ones(&units.sums),
                fours(&units.marks),
                self.headers,
                self.n(),
                word(units.n_units),
                self.row_fours(),
                self.stride_fours(),
                tile,
                self.task != Task::Losses,
            );
        }
    }

    #[expect(unsafe_code, reason = "the products check every index themselves")]
    fn back_dense(&self) {
        let Arrays { client, units, weights, features, shape, .. } = self.arrays;
        let (tile, parts) = (shape.back_tile(), shape.parts());
        let tiles = units.n_units / HEIGHT * parts + shape.n_features.div_ceil(HEIGHT);
        // SAFETY: the kernel looks at every index itself before it uses it.
        unsafe {
            back::dense::launch_unchecked(
                client,
                self.cubes(shape.row().div_ceil(tile.width()), tiles),
                CubeDim::new_1d(THREADS),
                fours(&units.z_gradient),
                ones(features),
                ones(self.words),
                fours(weights),
                fours(&units.hidden),
                self.headers,
                self.n(),
                word(units.n_units),
                self.row_fours(),
                self.stride_fours(),
                tile,
                parts,
            );
        }
    }

    #[expect(unsafe_code, reason = "where D is not zero is within it")]
    fn back_sparse(&self) {
        let Arrays { client, units, weights, features, shape, .. } = self.arrays;
        let lanes = shape.lanes();
        let columns = (shape.row() / 4).div_ceil(lanes as usize);
        // SAFETY: units and dimensions are looked at before they are used, and marks are of features below `n`.
        unsafe {
            back::sparse::launch_unchecked(
                client,
                self.cubes(units.n_units.div_ceil(shape.rows_of_cube()), columns),
                self.shared_rows(),
                ones(&units.z_gradient),
                ones(features),
                ones(self.words),
                fours(weights),
                ones(&units.marks),
                fours(&units.hidden),
                self.headers,
                self.n(),
                word(units.n_units),
                self.row_fours(),
                self.stride_fours(),
                lanes,
            );
        }
    }

    #[expect(unsafe_code, reason = "where D is not zero is within it")]
    fn update_weights(&self) {
        let Arrays { client, units, weights, moments, features, shape, .. } = self.arrays;
        let cubes = shape.n_features.div_ceil(shape.rows_of_cube());
        // SAFETY: rows and dimensions are looked at before they are used, and marks and parts are of units that
        // the batch has.
        unsafe {
            update::update_weights::launch_unchecked(
                client,
                self.cubes(cubes.min(CUBES_A_ROW), cubes.div_ceil(CUBES_A_ROW)),
                self.shared_rows(),
                fours(&units.hidden),
                ones(self.words),
                ones(&units.z_gradient),
                ones(&units.marks),
                ones(features),
                fours(weights),
                fours(moments),
                self.headers,
                self.steps_at,
                self.n(),
                word(units.n_units),
                self.row_fours(),
                self.stride_fours(),
                shape.lanes(),
                shape.parts(),
                matches!(self.task, Task::Step(_)),
                self.rows == Rows::Unit,
            );
        }
    }

    fn update_biases(&self) {
        let Arrays { client, units, features, bias_moments, shape, .. } = self.arrays;
        update::update_biases::launch(
            client,
            self.cubes(shape.n_features.div_ceil(THREADS as usize), 1),
            CubeDim::new_1d(THREADS),
            ones(self.words),
            ones(&units.marks),
            ones(&units.sums),
            ones(features),
            ones(bias_moments),
            ones(self.losses),
            self.headers,
            self.steps_at + word(self.arrays.n_cells * STEP_NUMBERS),
            self.losses_at,
            self.n(),
            word(units.n_units),
            self.task != Task::Losses,
            matches!(self.task, Task::Step(_)),
        );
    }

    fn cubes(&self, x: usize, y: usize) -> CubeCount {
        CubeCount::Static(word(x), word(y), word(self.arrays.n_cells))
    }

    /// Cubes of rows, or units, whose threads share them.
    fn shared_rows(&self) -> CubeDim {
        let shape = self.arrays.shape;
        CubeDim::new_3d(shape.lanes(), SHARERS, word(shape.rows_of_cube()))
    }

    fn n(&self) -> u32 {
        word(self.arrays.shape.n_features)
    }

    fn row_fours(&self) -> u32 {
        word(self.arrays.shape.row() / 4)
    }

    fn stride_fours(&self) -> u32 {
        word(self.arrays.shape.feature_stride() / 4)
    }
}
