//! The rows of a stored matrix, a block at a time.

use std::sync::Arc;

use crate::decode::decode;
use crate::tensor::{Encoding, Tensor};

/// The bytes of a file.
pub(crate) type Content = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// A matrix with more rows than columns, `[n_rows, width]`: tokens by dimensions.
pub struct Matrix {
    content: Content,
    tensor: Tensor,
    /// Bytes of a row.
    stride: usize,
}

impl std::fmt::Debug for Matrix {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Matrix").field("tensor", &self.tensor).finish_non_exhaustive()
    }
}

impl Matrix {
    /// The matrix that `tensor` is in `content`.
    ///
    /// # Errors
    /// What keeps it from being one, and what is allowed.
    pub(crate) fn new(tensor: &Tensor, content: Content) -> Result<Self, String> {
        let extents = tensor.extents();
        let &[n_rows, width] = &tensor.shape[..] else {
            return Err(format!("must be a matrix, got the shape [{extents}]"));
        };
        let Some((block, size)) = tensor.encoding.block() else {
            return Err(format!("must be stored as {}, got {}", Encoding::READ, tensor.encoding));
        };
        if width == 0 || n_rows <= width {
            return Err(format!(
                "must have more rows than columns (tokens than dimensions), got {extents}"
            ));
        }
        let stride = width / block * size;
        if !width.is_multiple_of(block) || tensor.bytes.len() != n_rows * stride {
            return Err(format!("has not the size that {extents} of {} take", tensor.encoding));
        }
        Ok(Self { content, tensor: tensor.clone(), stride })
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
        let bytes = &(*self.content).as_ref()[self.tensor.bytes.clone()];
        let bytes = &bytes[first * self.stride..][..n_rows * self.stride];
        decode(&self.tensor.encoding, bytes, &mut rows[start..]);
    }
}
