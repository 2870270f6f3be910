//! What a file says of a tensor, before it is read.

use std::fmt;
use std::ops::Range;

/// How the numbers of a tensor are stored.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Encoding {
    /// Double precision.
    F64,
    /// Single precision.
    F32,
    /// Half precision, IEEE 754.
    F16,
    /// The upper half of single precision.
    BF16,
    /// Blocks of 32 numbers of 4 bits with a scale.
    Q4_0,
    /// Blocks of 32 numbers of 4 bits with a scale and an offset.
    Q4_1,
    /// Blocks of 32 numbers of 5 bits with a scale.
    Q5_0,
    /// Blocks of 32 numbers of 5 bits with a scale and an offset.
    Q5_1,
    /// Blocks of 32 numbers of 8 bits with a scale.
    Q8_0,
    /// Blocks of 256 numbers of 4 bits; eight scales and offsets.
    Q4K,
    /// Blocks of 256 numbers of 5 bits; eight scales and offsets.
    Q5K,
    /// Blocks of 256 numbers of 6 bits; sixteen scales.
    Q6K,
    /// Anything else, which is listed and not read.
    Other(String),
}

impl Encoding {
    /// The encodings that are read, as an error lists them.
    pub const READ: &'static str =
        "F64, F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K and Q6_K";

    /// Numbers in a block and the bytes that it takes; `None` for what is not read.
    pub fn block(&self) -> Option<(usize, usize)> {
        Some(match self {
            Self::F64 => (1, 8),
            Self::F32 => (1, 4),
            Self::F16 | Self::BF16 => (1, 2),
            Self::Q4_0 => (32, 18),
            Self::Q4_1 => (32, 20),
            Self::Q5_0 => (32, 22),
            Self::Q5_1 => (32, 24),
            Self::Q8_0 => (32, 34),
            Self::Q4K => (256, 144),
            Self::Q5K => (256, 176),
            Self::Q6K => (256, 210),
            Self::Other(_) => return None,
        })
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Q4K => f.write_str("Q4_K"),
            Self::Q5K => f.write_str("Q5_K"),
            Self::Q6K => f.write_str("Q6_K"),
            Self::Other(name) => f.write_str(name),
            known => write!(f, "{known:?}"),
        }
    }
}

/// A tensor of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tensor {
    /// Its name.
    pub name: String,
    /// Its extents, the slowest index first: `[rows, width]` for a matrix.
    pub shape: Vec<usize>,
    /// How its numbers are stored.
    pub encoding: Encoding,
    /// Its bytes in the file; empty for an encoding whose size is not known.
    pub(crate) bytes: Range<usize>,
}

impl Tensor {
    /// Whether it has rows and columns.
    pub fn is_matrix(&self) -> bool {
        self.shape.len() == 2
    }

    /// Its extents for people: `49152 × 576`.
    pub fn extents(&self) -> String {
        self.shape.iter().map(ToString::to_string).collect::<Vec<_>>().join(" × ")
    }
}
