//! The kernels of a step, with their arguments and numbers of cubes.

use cubecl::prelude::*;
use cubecl::server::Handle;

use crate::ensemble::{Ensemble, Task};
use crate::kernels::tile::{THREADS, Tile};
use crate::kernels::{back, gather, respond, update};
use crate::word;

/// The kernels of one step.
pub(crate) struct Launch<'a> {
    pub(crate) ensemble: &'a Ensemble,
    pub(crate) n_cells: u32,
    /// The batches of a chunk, and where this step's headers begin.
    pub(crate) words: &'a Handle,
    pub(crate) headers: u32,
    /// What updates follow, and where this step's begins.
    pub(crate) follows: &'a Handle,
    pub(crate) follows_at: u32,
    /// Where losses go, and where this step's begin.
    pub(crate) losses: &'a Handle,
    pub(crate) losses_at: u32,
    pub(crate) task: Task,
}

impl Launch<'_> {
    /// Asks the device for all of them, in order.
    pub(crate) fn all(&self) {
        self.gather();
        self.respond();
        if self.task != Task::Errors {
            self.back_to_hidden();
            self.back_to_weights();
            self.update_weights();
        }
        self.update_biases();
    }

    fn gather(&self) {
        let Ensemble { client, room, weights, .. } = self.ensemble;
        gather::gather::launch(
            client,
            self.cubes(room.n_units.div_ceil(gather::UNITS as usize), 1),
            CubeDim::new_2d(gather::LANES, gather::UNITS),
            fours(&weights.values),
            whole(self.words),
            fours(&room.hidden),
            self.headers,
            self.n(),
            word(room.n_units),
            self.row_fours(),
        );
    }

    #[expect(unsafe_code, reason = "the products run without anybody else's bounds checks")]
    fn respond(&self) {
        let Ensemble { client, room, weights, biases, shape, .. } = self.ensemble;
        let tile = shape.respond_tile();
        // SAFETY: the kernel looks at every index itself before it uses it.
        unsafe {
            respond::respond::launch_unchecked(
                client,
                self.cubes(shape.n_features.div_ceil(tile.width()), room.n_units / tile.height()),
                CubeDim::new_1d(THREADS),
                fours(&room.hidden),
                fours(&weights.values),
                whole(&biases.values),
                whole(self.words),
                whole(&room.asked),
                whole(&room.sums),
                self.headers,
                self.n(),
                word(room.n_units),
                self.row_fours(),
                word(shape.feature_stride()),
                tile,
                self.task != Task::Errors,
            );
        }
    }

    #[expect(unsafe_code, reason = "the products run without anybody else's bounds checks")]
    fn back_to_hidden(&self) {
        let Ensemble { client, room, weights, shape, .. } = self.ensemble;
        let tile = shape.back_tile();
        // SAFETY: the kernel looks at every index itself before it uses it.
        unsafe {
            back::back_to_hidden::launch_unchecked(
                client,
                self.back_cubes(tile, room.n_units),
                CubeDim::new_1d(THREADS),
                fours(&room.asked),
                fours(&weights.values),
                whole(self.words),
                whole(&room.hidden_asked),
                self.headers,
                self.n(),
                word(room.n_units),
                self.row_fours(),
                word(shape.feature_stride()),
                tile,
            );
        }
    }

    #[expect(unsafe_code, reason = "the products run without anybody else's bounds checks")]
    fn back_to_weights(&self) {
        let Ensemble { client, room, weights_asked, shape, .. } = self.ensemble;
        let tile = shape.back_tile();
        // SAFETY: the kernel looks at every index itself before it uses it.
        unsafe {
            back::back_to_weights::launch_unchecked(
                client,
                self.back_cubes(tile, shape.n_features),
                CubeDim::new_1d(THREADS),
                fours(&room.asked),
                fours(&room.hidden),
                whole(self.words),
                whole(weights_asked),
                self.headers,
                self.n(),
                word(room.n_units),
                self.row_fours(),
                word(shape.feature_stride()),
                tile,
            );
        }
    }

    fn update_weights(&self) {
        let Ensemble { client, room, weights, weights_asked, shape, .. } = self.ensemble;
        update::update_weights::launch(
            client,
            self.cubes(shape.n_features.div_ceil(update::ROWS as usize), 1),
            CubeDim::new_2d(update::LANES, update::ROWS),
            fours(&room.hidden_asked),
            whole(self.words),
            whole(self.follows),
            fours(weights_asked),
            fours(&weights.values),
            fours(&weights.moments),
            self.headers,
            self.follows_at,
            self.n(),
            word(room.n_units),
            self.row_fours(),
            matches!(self.task, Task::Step(_)),
        );
    }

    fn update_biases(&self) {
        let Ensemble { client, room, biases, shape, .. } = self.ensemble;
        update::update_biases::launch(
            client,
            self.cubes(shape.n_features.div_ceil(THREADS as usize), 1),
            CubeDim::new_1d(THREADS),
            whole(self.words),
            whole(self.follows),
            whole(&room.sums),
            whole(&biases.values),
            whole(&biases.moments),
            whole(self.losses),
            self.headers,
            self.follows_at + self.n_cells * word(update::FOLLOW),
            self.losses_at,
            self.n(),
            word(self.ensemble.unit_tiles()),
            shape.respond_tile().height(),
            self.task != Task::Errors,
            matches!(self.task, Task::Step(_)),
        );
    }

    fn cubes(&self, x: usize, y: usize) -> CubeCount {
        CubeCount::Static(word(x), word(y), self.n_cells)
    }

    fn back_cubes(&self, tile: Tile, rows: usize) -> CubeCount {
        self.cubes(self.ensemble.shape.row().div_ceil(tile.width()), rows.div_ceil(tile.height()))
    }

    fn n(&self) -> u32 {
        word(self.ensemble.shape.n_features)
    }

    fn row_fours(&self) -> u32 {
        word(self.ensemble.shape.row() / 4)
    }
}

/// An array as a kernel's argument, number by number.
pub(crate) fn whole(handle: &Handle) -> BufferArg {
    array(handle, 4)
}

/// An array as a kernel's argument, four numbers by four.
fn fours(handle: &Handle) -> BufferArg {
    array(handle, 16)
}

#[expect(unsafe_code, reason = "a kernel's argument cannot be made from an array otherwise")]
fn array(handle: &Handle, item_bytes: u64) -> BufferArg {
    let length = usize::try_from(handle.size_in_used() / item_bytes).expect("it was given as one");
    // SAFETY: the length is the array's own.
    unsafe { BufferArg::from_raw_parts(handle.clone(), length) }
}
