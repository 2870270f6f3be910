//! Which tiles suit a shape, and how much memory a cell of it needs.

use crate::kernels::tile::{self, SIDE, Tile};

/// Inner indices that a tile may have in shared memory at once, the deepest first. With sixteen,
/// two tiles of 128 by 128 take 16 KiB, which every GPU has.
const DEPTHS: [usize; 3] = [16, 12, 8];

/// Threads of a cube in every kernel that needs most.
pub const CUBE_THREADS: u32 = tile::THREADS;
/// Bytes that the threads of a cube share at most: pieces, 16 deep, of two factors of 128 rows.
pub const SHARED_BYTES: usize = 4 * 2 * ROWS * SIDE * DEPTHS[0];
/// Arrays that a kernel takes at most (seven), with the one that the plain numbers come in.
pub const KERNEL_ARRAYS: u32 = 8;
/// Rows and, at most, columns of a tile in one thread's registers: 64 sums and 16 factors, of the
/// 128 registers that a thread of NVIDIA's has when two cubes share a processor.
const ROWS: usize = 8;

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
        Tile { rows: ROWS, columns: ROWS, depth }
    }

    /// The tiles of the products that go back: as few as cover the hidden dimensions, and those as
    /// narrow as they can be.
    pub(crate) fn back_tile(&self) -> Tile {
        let tiles = self.row().div_ceil(ROWS * SIDE);
        Tile { rows: ROWS, columns: self.row().div_ceil(tiles * SIDE), depth: DEPTHS[0] }
    }

    /// Units that arrays have room for when batches have up to `n_units`: a multiple of a tile's.
    pub(crate) fn padded_units(&self, n_units: usize) -> usize {
        n_units.max(1).next_multiple_of(self.respond_tile().height())
    }

    /// Bytes of the largest array of one cell whose batches have up to `n_units` units.
    pub fn largest_array_bytes(&self, n_units: usize) -> u64 {
        let room = self.padded_units(n_units);
        let numbers = (room * self.feature_stride()).max(self.row() * room.max(self.n_features));
        4 * numbers as u64
    }

    /// Bytes of all arrays of one cell whose batches have up to `n_units` units: parameters,
    /// moments, gradient and importance; hidden vectors and their gradients; `D`; and sums by tile.
    pub fn cell_bytes(&self, n_units: usize) -> u64 {
        let room = self.padded_units(n_units);
        let parameters = 4 * self.n_features * self.row() + 4 * self.n_features;
        let units = room * (2 * self.row() + self.feature_stride());
        let sums = 2 * room / self.respond_tile().height() * self.n_features;
        4 * (parameters + units + sums) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(d_hidden: usize) -> Shape {
        Shape { n_features: 1001, d_hidden, batch_size: 2048 }
    }

    #[test]
    fn tiles_back_cover_the_width_with_little_to_spare() {
        for (d, columns, tiles) in
            [(1, 1, 1), (10, 1, 1), (17, 2, 1), (39, 3, 1), (100, 7, 1), (130, 5, 2), (1024, 8, 8)]
        {
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
        for (d, depth) in [(1, 8), (10, 12), (15, 16), (25, 16), (39, 8), (63, 16), (100, 8)] {
            assert_eq!(shape(d).respond_tile().depth, depth, "{d}");
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
        // 200 units have room for 256, in two tiles. W, its two moments and gradient, b and its moments and the
        // importance; h, dh and D; two sums by tile and feature.
        let parameters = 4 * 1001 * 40 + 4 * 1001;
        let units = 256 * (40 + 40 + 1004);
        assert_eq!(shape(39).cell_bytes(200), 4 * (parameters + units + 2 * 2 * 1001));
        // W itself is the largest where it is wide, the hidden vectors where units are many too.
        assert_eq!(shape(2048).largest_array_bytes(200), 4 * 2048 * 1001);
        assert_eq!(shape(2048).largest_array_bytes(1200), 4 * 2048 * 1280);
    }
}
