//! The rows of a stored matrix, a block at a time.

use std::sync::Arc;

use memmap2::Mmap;

use crate::decode::Layout;
use crate::tensor::{Encoding, Tensor};

/// A matrix with more rows than columns, `[n_rows, width]`: tokens by dimensions.
#[derive(Debug)]
pub struct Matrix {
    content: Arc<Mmap>,
    tensor: Tensor,
    layout: &'static Layout,
    /// Bytes of a row.
    stride: usize,
}

impl Matrix {
    /// The matrix that `tensor` is in `content`.
    ///
    /// # Errors
    /// What keeps it from being one, and what is allowed.
    pub(crate) fn new(tensor: &Tensor, content: Arc<Mmap>) -> Result<Self, String> {
        let extents = tensor.extents();
        let &[n_rows, width] = &tensor.shape[..] else {
            return Err(format!("must be a matrix, got the shape [{extents}]"));
        };
        let Some(layout) = tensor.encoding.layout() else {
            return Err(format!("must be stored as {}, got {}", Encoding::READ, tensor.encoding));
        };
        if width == 0 || n_rows <= width {
            return Err(format!(
                "must have more rows than columns (tokens than dimensions), got {extents}"
            ));
        }
        let stride = width / layout.n_numbers * layout.n_bytes;
        if !width.is_multiple_of(layout.n_numbers) || tensor.bytes.len() != n_rows * stride {
            return Err(format!("has not the size that {extents} of {} take", tensor.encoding));
        }
        Ok(Self { content, tensor: tensor.clone(), layout, stride })
    }

    /// What the file says of it.
    pub fn tensor(&self) -> &Tensor {
        &self.tensor
    }

    /// The number of rows.
    pub fn n_rows(&self) -> usize {
        self.tensor.shape[0]
    }

    /// The length of a row.
    pub fn width(&self) -> usize {
        self.tensor.shape[1]
    }

    /// Appends the `n_rows` rows from `first` on to `rows`, as many as there are.
    pub fn read(&self, first: usize, n_rows: usize, rows: &mut Vec<f32>) {
        let n_rows = n_rows.min(self.n_rows().saturating_sub(first));
        let (start, end) = (rows.len(), rows.len() + n_rows * self.width());
        rows.resize(end, 0.0);
        let bytes = &self.content[self.tensor.bytes.clone()];
        let bytes = &bytes[first * self.stride..][..n_rows * self.stride];
        self.layout.decode(bytes, &mut rows[start..]);
    }
}
