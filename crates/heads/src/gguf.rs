//! The header of a GGUF file, versions 1 to 3, in either order of bytes.
//!
//! **Source**: the format's description in the repository of `ggml`. Lengths in the file are never
//! trusted with memory: what is kept grows as it is read, and what is skipped is not kept.

use crate::decode::Layout;
use crate::tensor::{Encoding, Tensor, bytes};

/// The first bytes of a file.
pub(crate) const MAGIC: &[u8] = b"GGUF";
/// Where tensors begin is a multiple of this, unless the file says otherwise.
const ALIGNMENT: usize = 32;
/// The format allows no more extents.
const MOST_EXTENTS: u32 = 4;
/// Arrays of arrays are allowed and nowhere used; so many within each other are read.
const DEEPEST: usize = 4;

/// What is wrong with a header.
type Read<T> = Result<T, String>;

/// What a header says.
#[derive(Debug)]
pub(crate) struct Header {
    /// The tensors, in the order of their bytes.
    pub(crate) tensors: Vec<Tensor>,
    /// Which part of a model that was split it is, from 1, and of how many; none of a whole one.
    pub(crate) part: Option<(u64, u64)>,
}

/// The header of a file with this content.
///
/// # Errors
/// What is wrong with the content.
pub(crate) fn header(content: &[u8]) -> Read<Header> {
    let mut reader = Reader { content, at: 0, is_big_endian: false, has_short_lengths: false };
    if reader.take(MAGIC.len())? != MAGIC {
        return Err("it does not begin with `GGUF`".to_owned());
    }
    let version = reader.u32()?;
    // The version is a small number in the order of bytes that the file is written in.
    reader.is_big_endian = version.trailing_zeros() >= 16 && version != 0;
    let version = if reader.is_big_endian { version.swap_bytes() } else { version };
    if !(1..=3).contains(&version) {
        return Err(format!("its version must be 1, 2 or 3, got {version}"));
    }
    reader.has_short_lengths = version == 1;
    let (n_tensors, n_entries) = (reader.long()?, reader.long()?);
    let (mut alignment, mut number, mut n_parts) = (ALIGNMENT, 0, 1);
    for _ in 0..n_entries {
        let name = reader.text()?;
        let kind = reader.u32()?;
        match (&*name, kind) {
            ("general.alignment", UNSIGNED_32) => {
                alignment = reader.u32()? as usize;
                if !alignment.is_power_of_two() {
                    return Err(format!("its alignment must be a power of two, got {alignment}"));
                }
            }
            ("split.no", UNSIGNED_16) => number = reader.u16()?,
            ("split.count", UNSIGNED_16) => n_parts = reader.u16()?,
            _ => reader.skip_value(kind, DEEPEST)?,
        }
    }
    let mut tensors = (0..n_tensors).map(|_| reader.tensor()).collect::<Read<Vec<_>>>()?;
    let first = reader.at.next_multiple_of(alignment);
    for tensor in &mut tensors {
        place(tensor, first)?;
    }
    tensors.sort_by_key(|tensor| (tensor.bytes.start, tensor.bytes.end));
    let overlap = tensors.windows(2).find(|pair| pair[0].bytes.end > pair[1].bytes.start);
    if let Some(pair) = overlap {
        return Err(format!("its tensors `{}` and `{}` overlap", pair[0].name, pair[1].name));
    }
    // Where they do not overlap, the last one ends last.
    if let Some(last) = tensors.iter().rfind(|tensor| tensor.bytes.end > content.len()) {
        let missing = bytes((last.bytes.end - content.len()) as u64);
        return Err(format!("it ends {missing} early, within its tensor `{}`", last.name));
    }
    let part = (n_parts > 1).then(|| (u64::from(number) + 1, u64::from(n_parts)));
    Ok(Header { tensors, part })
}

/// Moves the bytes of a tensor, so far counted from the first tensor's, to where they are in the
/// file.
fn place(tensor: &mut Tensor, first: usize) -> Read<()> {
    let moved = |at: usize| first.checked_add(at);
    let ends = moved(tensor.bytes.start).zip(moved(tensor.bytes.end));
    let (start, end) = ends.ok_or_else(|| beyond(&tensor.name))?;
    tensor.bytes = start..end;
    Ok(())
}

fn beyond(name: &str) -> String {
    format!("its tensor `{name}` ends beyond every file")
}

const UNSIGNED_16: u32 = 2;
const UNSIGNED_32: u32 = 4;
const TEXT: u32 = 8;
const ARRAY: u32 = 9;

/// Bytes of a value of fixed size.
fn size_of_value(kind: u32) -> Option<usize> {
    match kind {
        0 | 1 | 7 => Some(1),
        UNSIGNED_16 | 3 => Some(2),
        UNSIGNED_32 | 5 | 6 => Some(4),
        10..=12 => Some(8),
        _ => None,
    }
}

/// The names of the types that are listed and not read, with their numbers.
const OTHER_TYPES: [(u32, &str); 30] = [
    (4, "Q4_2"),
    (5, "Q4_3"),
    (9, "Q8_1"),
    (10, "Q2_K"),
    (11, "Q3_K"),
    (15, "Q8_K"),
    (16, "IQ2_XXS"),
    (17, "IQ2_XS"),
    (18, "IQ3_XXS"),
    (19, "IQ1_S"),
    (20, "IQ4_NL"),
    (21, "IQ3_S"),
    (22, "IQ2_S"),
    (23, "IQ4_XS"),
    (24, "I8"),
    (25, "I16"),
    (26, "I32"),
    (27, "I64"),
    (29, "IQ1_M"),
    (31, "Q4_0_4_4"),
    (32, "Q4_0_4_8"),
    (33, "Q4_0_8_8"),
    (34, "TQ1_0"),
    (35, "TQ2_0"),
    (36, "IQ4_NL_4_4"),
    (37, "IQ4_NL_4_8"),
    (38, "IQ4_NL_8_8"),
    (39, "MXFP4"),
    (40, "NVFP4"),
    (41, "Q1_0"),
];

/// The encoding with a number.
fn encoding(kind: u32) -> Encoding {
    Encoding::find(
        |layout| layout.ggml_type == kind,
        || {
            let known = OTHER_TYPES.iter().find(|(number, _)| *number == kind);
            known.map_or_else(|| format!("GGML type {kind}"), |(_, name)| (*name).to_owned())
        },
    )
}

/// Reads a header from its beginning.
struct Reader<'a> {
    content: &'a [u8],
    at: usize,
    /// Whether numbers begin with their highest byte.
    is_big_endian: bool,
    /// Whether lengths take four bytes, as in version 1, and not eight.
    has_short_lengths: bool,
}

impl<'a> Reader<'a> {
    fn take(&mut self, n_bytes: usize) -> Read<&'a [u8]> {
        let end = self.at.checked_add(n_bytes);
        let taken = end.and_then(|end| self.content.get(self.at..end));
        let taken = taken.ok_or_else(|| format!("its header is cut off at byte {}", self.at))?;
        self.at += n_bytes;
        Ok(taken)
    }

    fn number<const N: usize>(&mut self) -> Read<[u8; N]> {
        let bytes = self.take(N)?;
        let mut bytes: [u8; N] = bytes.try_into().expect("as many bytes as the array has");
        if self.is_big_endian {
            bytes.reverse();
        }
        Ok(bytes)
    }

    fn u16(&mut self) -> Read<u16> {
        self.number().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Read<u32> {
        self.number().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Read<u64> {
        self.number().map(u64::from_le_bytes)
    }

    /// A count, as wide as the version has them.
    fn long(&mut self) -> Read<u64> {
        if self.has_short_lengths { self.u32().map(u64::from) } else { self.u64() }
    }

    /// A length.
    fn length(&mut self) -> Read<usize> {
        let length = self.long()?;
        usize::try_from(length).map_err(|_| format!("its header asks for {length} bytes"))
    }

    fn text(&mut self) -> Read<String> {
        let length = self.length()?;
        Ok(String::from_utf8_lossy(self.take(length)?).into_owned())
    }

    fn skip_value(&mut self, kind: u32, depth: usize) -> Read<()> {
        if let Some(size) = size_of_value(kind) {
            return self.take(size).map(|_| ());
        }
        match kind {
            TEXT => {
                let length = self.length()?;
                self.take(length).map(|_| ())
            }
            ARRAY if depth > 0 => {
                let (kind, n_values) = (self.u32()?, self.length()?);
                if let Some(size) = size_of_value(kind) {
                    // What overflows is beyond the file in any case.
                    return self.take(n_values.saturating_mul(size)).map(|_| ());
                }
                // A value of another size takes bytes, so the file ends before the loop does.
                (0..n_values).try_for_each(|_| self.skip_value(kind, depth - 1))
            }
            ARRAY => Err(format!("its arrays are more than {DEEPEST} deep")),
            other => Err(format!("its header has a value of the unknown type {other}")),
        }
    }

    /// A tensor, its bytes counted from where the first tensor begins.
    fn tensor(&mut self) -> Read<Tensor> {
        let name = self.text()?;
        let n_extents = self.u32()?;
        if n_extents > MOST_EXTENTS {
            return Err(format!(
                "its tensor `{name}` must have at most {MOST_EXTENTS} extents, got {n_extents}"
            ));
        }
        let mut shape = (0..n_extents).map(|_| self.length()).collect::<Read<Vec<_>>>()?;
        // The file has the fastest index first.
        shape.reverse();
        let encoding = encoding(self.u32()?);
        // A place has eight bytes in every version.
        let start = usize::try_from(self.u64()?).map_err(|_| beyond(&name))?;
        let n_bytes = n_bytes(&shape, &encoding);
        let n_bytes = n_bytes
            .ok_or_else(|| format!("its tensor `{name}` has the impossible shape {shape:?}"))?;
        let end = start.checked_add(n_bytes);
        let end = end.ok_or_else(|| beyond(&name))?;
        let is_big_endian = self.is_big_endian;
        Ok(Tensor { name, shape, encoding, bytes: start..end, is_big_endian })
    }
}

/// The bytes of a tensor, none for an encoding that is not read; `None` when rows are no whole
/// blocks or the number is too large.
fn n_bytes(shape: &[usize], encoding: &Encoding) -> Option<usize> {
    let n_values = shape.iter().try_fold(1_usize, |n, extent| n.checked_mul(*extent))?;
    let Some(&Layout { n_numbers: block, n_bytes, .. }) = encoding.layout() else { return Some(0) };
    let whole = shape.last().is_none_or(|width| width.is_multiple_of(block));
    let blocks = (whole && n_values.is_multiple_of(block)).then_some(n_values / block)?;
    blocks.checked_mul(n_bytes)
}
