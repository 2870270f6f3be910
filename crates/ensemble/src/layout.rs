//! Sizes that the host and the kernels agree on.

/// Threads in a cube: 16 × 16.
pub(crate) const THREADS: u32 = 256;
/// Threads along each side of a tile.
pub(crate) const SIDE: usize = 16;
/// Rows of a thread.
pub(crate) const ROWS: usize = 8;
/// Rows of a tile.
pub(crate) const HEIGHT: usize = ROWS * SIDE;
/// Columns of a thread in the product `z = h Wᵀ`.
pub(crate) const COLUMNS: usize = 8;
/// Threads that share the sum for a unit, or for a row of `W`, each with a word in so many.
pub(crate) const SHARERS: u32 = 4;

/// Features of a tile of bits, as many as units.
pub(crate) const WIDTH: usize = HEIGHT;
/// Words of a thread where bits are transposed: a bit for each of its eight rows and columns.
pub(crate) const MARKS: usize = 2;

/// Words in the header of a batch: counts, and where its arrays begin.
pub(crate) const HEADER: usize = 9;
/// The first words of it, which are counts and not places.
pub(crate) const COUNTS: usize = 3;

/// Numbers of every cell beyond one for each feature and array: the way, and the answers of each
/// block of [`THREADS`] features.
pub(crate) fn head(n_features: usize) -> usize {
    1 + n_features.div_ceil(THREADS as usize)
}

/// The size of a tile, whose threads have [`ROWS`] rows each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Tile {
    /// Columns of a thread: four, or eight in two groups of four.
    pub(crate) columns: usize,
    /// Inner indices in shared memory at once; a multiple of four.
    pub(crate) depth: usize,
}

impl Tile {
    /// Columns of the tile.
    pub(crate) fn width(&self) -> usize {
        self.columns * SIDE
    }

    /// Bytes of both factors' pieces.
    pub(crate) fn stage_bytes(&self) -> usize {
        4 * self.depth * (HEIGHT + self.width())
    }
}
