//! What a weight matrix looks like: the norms of its rows, their overlaps, the outputs that died.
//!
//! Matrices are on the host and in single precision; sums are in double precision.

pub mod dead;
pub mod norms;
pub mod overlap;

/// A matrix by rows: row `i` is `values[i * width .. (i + 1) * width]`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rows<'a> {
    values: &'a [f32],
    width: usize,
}

impl<'a> Rows<'a> {
    /// The rows of length `width` in `values`.
    ///
    /// # Panics
    /// When `width` is zero or does not divide the number of values.
    pub fn new(values: &'a [f32], width: usize) -> Self {
        assert!(width > 0 && values.len().is_multiple_of(width), "rows must be of equal width");
        Self { values, width }
    }

    /// The length of a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The rows, in order.
    pub fn iter(&self) -> std::slice::ChunksExact<'a, f32> {
        self.values.chunks_exact(self.width)
    }
}
