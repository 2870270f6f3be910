//! The rows of a stored matrix, a block at a time.

use std::sync::Arc;

use memmap2::Mmap;

use crate::decode::Layout;
use crate::tensor::{Encoding, Tensor};

/// A matrix with more rows than columns, `[n_rows, width]`: tokens by dimensions. One that is stored
/// the other way round is turned.
#[derive(Debug)]
pub struct Matrix {
    content: Arc<Mmap>,
    tensor: Tensor,
    layout: &'static Layout,
    /// Bytes of a stored row.
    stride: usize,
    n_rows: usize,
    width: usize,
}

impl Matrix {
    /// The matrix that `tensor` is in `content`.
    ///
    /// # Errors
    /// What keeps it from being one, and what is allowed.
    pub(crate) fn new(tensor: &Tensor, content: Arc<Mmap>) -> Result<Self, String> {
        let extents = tensor.extents();
        let &[n_stored, length] = &tensor.shape[..] else {
            return Err(format!("must be a matrix, got the shape [{extents}]"));
        };
        let Some(layout) = tensor.encoding.layout() else {
            return Err(format!("must be stored as {}, got {}", Encoding::READ, tensor.encoding));
        };
        let (n_rows, width) = (n_stored.max(length), n_stored.min(length));
        if width == 0 || n_rows == width {
            return Err(format!(
                "must have more rows than columns (tokens than dimensions) or be stored the other way \
                 round, got {extents}"
            ));
        }
        let stride = length / layout.n_numbers * layout.n_bytes;
        let has_size = tensor.bytes.len() == n_stored * stride;
        if !length.is_multiple_of(layout.n_numbers) || !has_size {
            return Err(format!("has not the size that {extents} of {} take", tensor.encoding));
        }
        Ok(Self { content, tensor: tensor.clone(), layout, stride, n_rows, width })
    }

    /// What the file says of it.
    pub fn tensor(&self) -> &Tensor {
        &self.tensor
    }

    /// The number of rows.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// The length of a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Whether it is stored as `[width, n_rows]`.
    pub fn is_turned(&self) -> bool {
        self.tensor.shape[0] == self.width
    }

    /// Appends the `n_rows` rows from `first` on to `rows`, as many as there are.
    pub fn read(&self, first: usize, n_rows: usize, rows: &mut Vec<f32>) {
        let first = first.min(self.n_rows);
        let n_rows = n_rows.min(self.n_rows - first);
        let (start, end) = (rows.len(), rows.len() + n_rows * self.width);
        rows.resize(end, 0.0);
        let rows = &mut rows[start..];
        let bytes = &self.content[self.tensor.bytes.clone()];
        if self.is_turned() {
            return self.read_turned(first, bytes, rows);
        }
        let bytes = &bytes[first * self.stride..][..n_rows * self.stride];
        self.layout.decode(bytes, self.tensor.is_big_endian, rows);
    }

    /// Fills `rows` with those from `first` on, of which each stored row has one number: the blocks
    /// around these are read.
    fn read_turned(&self, first: usize, bytes: &[u8], rows: &mut [f32]) {
        let (block, n_rows) = (self.layout.n_numbers, rows.len() / self.width);
        let (from, to) = (first / block, (first + n_rows).div_ceil(block));
        let mut run = vec![0.0; (to - from) * block];
        for (k, stored) in bytes.chunks_exact(self.stride).enumerate() {
            let blocks = &stored[from * self.layout.n_bytes..to * self.layout.n_bytes];
            self.layout.decode(blocks, self.tensor.is_big_endian, &mut run);
            let numbers = &run[first - from * block..];
            for (row, number) in rows.chunks_exact_mut(self.width).zip(numbers) {
                row[k] = *number;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::{f32s, mapped};

    fn tensor(shape: [usize; 2], layout: &str, n_bytes: usize) -> Tensor {
        Tensor {
            name: "w".to_owned(),
            shape: shape.to_vec(),
            encoding: Encoding::find(|known| known.name == layout, || layout.to_owned()),
            bytes: 3..3 + n_bytes,
            is_big_endian: false,
        }
    }

    /// Its content behind three bytes of something else.
    fn matrix(shape: [usize; 2], layout: &str, content: &[u8]) -> Result<Matrix, String> {
        let content = [b"...", content].concat();
        Matrix::new(&tensor(shape, layout, content.len() - 3), mapped(&content))
    }

    #[test]
    fn a_matrix_stored_the_other_way_round_has_the_same_rows() {
        let upright = f32s(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
        let turned = f32s(&[1.0, 3.0, 5.0, 7.0, 2.0, 4.0, 6.0, 8.0]);
        let upright = matrix([4, 2], "F32", &upright).unwrap();
        let turned = matrix([2, 4], "F32", &turned).unwrap();
        assert!(!upright.is_turned() && turned.is_turned());
        assert_eq!((turned.n_rows(), turned.width()), (4, 2));
        for (first, n_rows) in [(0, 4), (0, 1), (1, 2), (2, 9), (3, 1), (4, 1), (7, 2)] {
            let (mut a, mut b) = (vec![0.5], vec![0.5]);
            upright.read(first, n_rows, &mut a);
            turned.read(first, n_rows, &mut b);
            assert_eq!(a, b, "{first} {n_rows}");
            assert_eq!(a.len(), 1 + 2 * n_rows.min(4_usize.saturating_sub(first)));
        }
    }

    #[test]
    fn blocks_of_a_turned_matrix_are_cut_where_rows_begin() {
        // Two stored rows of three blocks of 32, each number its place in the block times the scale.
        let scales = [[1.0_f32, 2.0, 4.0], [0.5, -1.0, 8.0]];
        let block = |scale: f32| {
            let scale = half::f16::from_f32(scale).to_le_bytes();
            scale.into_iter().chain(0..32).collect::<Vec<u8>>()
        };
        let content: Vec<u8> = scales.concat().into_iter().flat_map(block).collect();
        let matrix = matrix([2, 96], "Q8_0", &content).unwrap();
        for (first, n_rows) in [(0, 96), (31, 2), (40, 50), (95, 1)] {
            let mut rows = Vec::new();
            matrix.read(first, n_rows, &mut rows);
            let expected: Vec<f32> = (first..first + n_rows)
                .flat_map(|i| scales.map(|scales| scales[i / 32] * (i % 32) as f32))
                .collect();
            assert_eq!(rows, expected, "{first} {n_rows}");
        }
    }

    #[test]
    fn what_is_no_matrix_is_refused() {
        let zeros = [0; 64];
        for (shape, layout, part) in [
            ([4, 4], "F32", "must have more rows than columns"),
            ([0, 4], "F32", "must have more rows than columns"),
            ([16, 1], "MXFP4", "must be stored as F64"),
            ([5, 3], "F32", "has not the size that 5 × 3 of F32 take"),
            ([64, 1], "Q8_0", "has not the size"),
        ] {
            let said = matrix(shape, layout, &zeros).unwrap_err();
            assert!(said.contains(part), "{said}");
        }
    }
}
