//! What a weight matrix looks like: the norms of its rows, their overlaps, the outputs that died,
//! the frame that the rows make, and what each feature has to itself.
//!
//! Matrices are on the host and in single precision; products and sums are in double precision, on
//! the calling thread. [`gram`] alone takes rows as they come, and uses all threads.
//!
//! Three unit vectors at 120° in the plane. No three can overlap less, and they share its two dimensions evenly:
//!
//! ```
//! use superpose_geometry::feature::dimensionality;
//! use superpose_geometry::frame::gram_spectrum;
//! use superpose_geometry::overlap::squared_overlaps;
//! use superpose_geometry::{Rows, norms};
//!
//! let height = 0.75_f32.sqrt();
//! let values = [1.0, 0.0, -0.5, height, -0.5, -height];
//! let rows = Rows::new(&values, 2);
//! assert!(norms::row_norms(rows).iter().all(|norm| (norm - 1.0).abs() < 1e-6));
//!
//! let overlaps = squared_overlaps(rows, 0.0).expect("three rows have a direction");
//! let (n, d) = (3.0, 2.0);
//! let welch = (n - d) / (d * (n - 1.0)); // 1/4, which is cos² 120°
//! assert!((overlaps.mean - welch).abs() < 1e-6);
//! assert!((overlaps.maximum - welch).abs() < 1e-6 && overlaps.variance < 1e-12);
//!
//! assert!(gram_spectrum(rows).iter().all(|value| (value - n / d).abs() < 1e-6));
//! assert!(dimensionality(rows).iter().all(|own| (own - d / n).abs() < 1e-6));
//! ```

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
