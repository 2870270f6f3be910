//! What a weight matrix looks like: the norms of its rows, their overlaps, the outputs that died,
//! the frame that the rows make, and what each feature has to itself.
//!
//! Matrices are on the host and in single precision; products and sums are in double precision, on
//! the calling thread. [`gram`] alone takes rows as they come, and uses all threads.

pub mod dead;
pub mod feature;
pub mod frame;
pub mod gram;
pub mod histogram;
pub mod norms;
pub mod overlap;

#[cfg(test)]
mod configurations;
mod products;

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
