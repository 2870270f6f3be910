//! What a file says of a tensor, before it is read.

use std::fmt;
use std::ops::Range;

use crate::decode::{LAYOUTS, Layout};

/// How the numbers of a tensor are stored.
#[derive(Debug, Clone)]
pub enum Encoding {
    /// In a layout that is read.
    Read(&'static Layout),
    /// Anything else, which is listed and not read.
    Other(String),
}

impl Encoding {
    /// The encodings that are read, as an error lists them.
    pub const READ: &'static str =
        "F64, F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K and Q6_K";

    /// The layout; `None` for what is not read.
    pub fn layout(&self) -> Option<&'static Layout> {
        match self {
            Self::Read(layout) => Some(layout),
            Self::Other(_) => None,
        }
    }

    /// The layout with a property, or the name of what is not read.
    pub(crate) fn find(is: impl Fn(&Layout) -> bool, name: impl Fn() -> String) -> Self {
        LAYOUTS.iter().find(|layout| is(layout)).map_or_else(|| Self::Other(name()), Self::Read)
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read(layout) => layout.name,
            Self::Other(name) => name,
        })
    }
}

/// A tensor of a file.
#[derive(Debug, Clone)]
pub struct Tensor {
    /// Its name.
    pub name: String,
    /// Its extents, the slowest index first: `[rows, width]` for a matrix.
    pub shape: Vec<usize>,
    /// How its numbers are stored.
    pub encoding: Encoding,
    /// Its bytes in the file; empty for an encoding whose size is not known.
    pub(crate) bytes: Range<usize>,
    /// Whether its numbers begin with their highest byte.
    pub(crate) is_big_endian: bool,
}

impl Tensor {
    /// Its extents for people: `49152 × 576`.
    pub fn extents(&self) -> String {
        self.shape.iter().map(ToString::to_string).collect::<Vec<_>>().join(" × ")
    }
}

/// A number of bytes in words.
pub(crate) fn bytes(n: u64) -> String {
    if n == 1 { "1 byte".to_owned() } else { format!("{n} bytes") }
}
