//! Which tiles suit a shape, and how much memory a cell of it needs.

use crate::layout::{COLUMNS, HEIGHT, MARKS, SHARERS, SIDE, THREADS, Tile, WIDTH, head};
use crate::word;

/// Inner indices that a tile of `z` may have in shared memory at once, the deepest first.
const DEPTHS: [usize; 2] = [12, 8];
/// The same of a tile on the way back.
const BACK_DEPTH: usize = 16;

/// Threads of a cube in every kernel that needs most.
pub const CUBE_THREADS: u32 = THREADS;
/// Bytes that the threads of a cube share at most, which every GPU has: on the way back, pieces, 16
/// deep, of two factors of 128 rows; and no more forward, see [`Shape::shared_bytes`].
pub const SHARED_BYTES: usize = 4 * 2 * HEIGHT * BACK_DEPTH;
/// Arrays that a kernel takes at most (seven), with the one that the plain numbers come in.
pub const KERNEL_ARRAYS: u32 = 8;
/// Cubes that a launch has at most along an axis, on any GPU.
const MOST_CUBES: usize = 65_535;
/// Threads along a row of `W` at most: more would not read faster.
const MOST_LANES: usize = 32;
/// Features that are summed over together on the way back at most: more are parts, so that a few
/// large cells keep a device busy, too.
const PART: usize = 2048;
/// The share of answers that are not zero from which on they are taken as a matrix. Both ways of both
/// sums cost about as much there by a count of their instructions and bytes (LOG.md); no GPU has been
/// asked.
pub(crate) const DENSE_FROM: f32 = 1.0 / 8.0;

/// The shape that all cells of an ensemble have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Number of features `n`.
    pub n_features: usize,
    /// Hidden width `d`.
    pub d_hidden: usize,
    /// Samples in a batch.
    pub batch_size: usize,
}

impl Shape {
    /// Numbers from a row of `W` to the next: `d` and what is missing to a multiple of four.
    pub(crate) fn row(&self) -> usize {
        self.d_hidden.next_multiple_of(4)
    }

    /// Numbers from a row of `D` to the next.
    pub(crate) fn feature_stride(&self) -> usize {
        self.n_features.next_multiple_of(4)
    }

    /// The tiles of the product `z = h Wᵀ`.
    pub(crate) fn respond_tile(&self) -> Tile {
        // As little as can be beyond the row's end, and then as few rounds as can be.
        let beyond = |depth: &usize| self.row().next_multiple_of(*depth);
        let depth = DEPTHS.into_iter().min_by_key(beyond).expect("there are some");
        Tile { columns: COLUMNS, depth }
    }

    /// The tiles of the products that go back, which are as wide as a narrow row is.
    pub(crate) fn back_tile(&self) -> Tile {
        let columns = if self.row() <= COLUMNS / 2 * SIDE { COLUMNS / 2 } else { COLUMNS };
        Tile { columns, depth: BACK_DEPTH }
    }

    /// Parts of the features that a unit's gradient is summed up in.
    pub(crate) fn parts(&self) -> usize {
        self.n_features.div_ceil(PART)
    }

    /// Threads along a row of `W`, a power of two.
    pub(crate) fn lanes(&self) -> u32 {
        word((self.row() / 4).next_power_of_two().min(MOST_LANES))
    }

    /// Rows, or units, of a cube whose threads share them.
    pub(crate) fn rows_of_cube(&self) -> usize {
        (CUBE_THREADS / (self.lanes() * SHARERS)) as usize
    }

    /// Units that arrays have room for when batches have up to `n_units` units: a multiple of a tile's.
    pub(crate) fn padded_units(&self, n_units: usize) -> usize {
        n_units.max(1).next_multiple_of(HEIGHT)
    }

    /// Bytes that threads of a cube share at most.
    pub fn shared_bytes(&self) -> usize {
        let forward = self.respond_tile();
        // The left factor's piece makes room for sums over threads.
        let sums = 4 * SIDE * forward.width();
        let left = (4 * HEIGHT * forward.depth).max(sums);
        let marks = 4 * MARKS * CUBE_THREADS as usize;
        let forward = left + 4 * forward.width() * forward.depth + marks;
        forward.max(self.back_tile().stage_bytes())
    }

    /// How many cells kernels can tell apart, when batches have up to `n_units` units: places in an array
    /// have 32 bits, and a launch has only so many cubes along an axis. Zero when not even one.
    pub fn most_cells(&self, n_units: usize) -> usize {
        let tiles = [self.padded_units(n_units), self.n_features].map(|rows| rows.div_ceil(HEIGHT));
        let cubes = tiles[0] * self.parts() + tiles[1];
        let of_units = self.padded_units(n_units).div_ceil(self.rows_of_cube());
        if cubes.max(of_units) > MOST_CUBES {
            return 0;
        }
        let numbers = self.largest_array_bytes(n_units) / 4;
        usize::try_from(u64::from(u32::MAX) / numbers).map_or(MOST_CUBES, |n| n.min(MOST_CUBES))
    }

    /// Bytes of the largest array of one cell whose batches have up to `n_units` units.
    pub fn largest_array_bytes(&self, n_units: usize) -> u64 {
        let room = self.padded_units(n_units);
        let numbers = (room * self.feature_stride())
            .max((1 + self.parts()) * room * self.row())
            .max(2 * self.n_features * self.row());
        4 * numbers as u64
    }

    /// Words that say where `D` is not zero, of one cell with room for `room` units.
    pub(crate) fn mark_words(&self, room: usize) -> usize {
        4 * (room * self.n_features.div_ceil(WIDTH) + self.n_features * (room / HEIGHT))
    }

    /// Bytes of all arrays of one cell whose batches have up to `n_units` units: parameters,
    /// moments, gradient and importance; hidden vectors and their gradients; `D`, and where it is not
    /// zero; and sums by tile.
    pub fn cell_bytes(&self, n_units: usize) -> u64 {
        let room = self.padded_units(n_units);
        let n = self.n_features;
        let parameters = 4 * n * self.row() + 4 * n + head(n);
        let units = room * ((1 + self.parts()) * self.row() + self.feature_stride());
        let sums = 2 * room / HEIGHT * n;
        4 * (parameters + units + sums + self.mark_words(room)) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(d_hidden: usize) -> Shape {
        Shape { n_features: 1001, d_hidden, batch_size: 2048 }
    }

    #[test]
    fn tiles_back_are_as_wide_as_a_narrow_row() {
        for (d, columns, tiles) in [(1, 4, 1), (64, 4, 1), (65, 8, 1), (100, 8, 1), (1024, 8, 8)] {
            let tile = shape(d).back_tile();
            assert_eq!(
                (tile.columns, shape(d).row().div_ceil(tile.width())),
                (columns, tiles),
                "{d}"
            );
        }
    }

    #[test]
    fn tiles_forward_waste_little_of_the_inner_dimension() {
        for (d, depth) in [(1, 8), (10, 12), (15, 8), (25, 8), (39, 8), (63, 8), (70, 12), (100, 8)]
        {
            assert_eq!(shape(d).respond_tile().depth, depth, "{d}");
        }
    }

    #[test]
    fn no_tile_takes_more_than_every_gpu_shares() {
        let most = (1..300).map(|d| shape(d).shared_bytes()).max();
        assert_eq!(most, Some(SHARED_BYTES));
    }

    #[test]
    fn threads_of_a_cube_are_rows_times_sharers_times_lanes() {
        for (d, lanes, rows) in
            [(1, 1, 64), (4, 1, 64), (10, 4, 16), (39, 16, 4), (100, 32, 2), (1024, 32, 2)]
        {
            let shape = shape(d);
            assert_eq!((shape.lanes(), shape.rows_of_cube()), (lanes, rows), "{d}");
            assert_eq!(lanes * SHARERS * word(rows), CUBE_THREADS);
        }
    }

    #[test]
    fn rooms_are_whole_tiles_and_strides_whole_fours() {
        let shape = shape(39);
        assert_eq!((shape.row(), shape.feature_stride()), (40, 1004));
        assert_eq!(
            (shape.padded_units(0), shape.padded_units(128), shape.padded_units(129)),
            (128, 128, 256)
        );
        assert_eq!(shape.largest_array_bytes(200), 4 * 256 * 1004);
        assert!(shape.cell_bytes(200) > shape.largest_array_bytes(200));
    }

    #[test]
    fn memory_is_that_of_all_arrays_and_of_the_largest() {
        // 200 units have room for 256, in two tiles, and features are eight. W and dW, two moments; biases,
        // their moments and the importance; the way and four counts; h, dh and D; two sums by tile and feature;
        // four words for each unit and tile of features, and for each feature and tile of units.
        let parameters = 4 * 1001 * 40 + 4 * 1001 + 5;
        let units = 256 * (40 + 40 + 1004);
        let marks = 4 * (256 * 8 + 1001 * 2);
        assert_eq!(shape(39).cell_bytes(200), 4 * (parameters + units + 2 * 2 * 1001 + marks));
        // W and dW are the largest where they are wide, the hidden vectors where units are many too.
        assert_eq!(shape(2048).largest_array_bytes(200), 4 * 2 * 2048 * 1001);
        assert_eq!(shape(2048).largest_array_bytes(1200), 4 * 2 * 2048 * 1280);
        // With parts, dh is there once for each.
        let many = Shape { n_features: 10240, ..shape(1024) };
        assert_eq!(many.parts(), 5);
        assert_eq!(many.largest_array_bytes(20_000), 4 * 20_096 * 10_240);
        assert_eq!(
            Shape { d_hidden: 4096, ..many }.largest_array_bytes(20_000),
            4 * 6 * 20_096 * 4096
        );
    }

    #[test]
    fn what_32_bits_cannot_count_or_a_launch_cannot_hold_is_no_cell() {
        // D of 1,152 by 1,004 numbers.
        assert_eq!(shape(39).most_cells(1100), u32::MAX as usize / (1152 * 1004));
        let large = |n_features| Shape { n_features, d_hidden: 1, batch_size: 16 };
        assert_eq!(large(1_000_000).most_cells(100), u32::MAX as usize / (128 * 1_000_000));
        assert_eq!(large(1_000_000).most_cells(5000), 0);
        // Rows of tiles beyond 65,535.
        assert_eq!(large(9_000_000).most_cells(100), 0);
    }
}
