//! The header of a GGUF file, versions 2 and 3.
//!
//! **Source**: the format's description in the repository of `ggml`. Lengths in the file are never
//! trusted with memory: what is kept grows as it is read, and what is skipped is not kept.

use crate::decode::Layout;
use crate::tensor::{Encoding, Tensor};

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

/// The tensors of a file with this content, in the order of their bytes.
///
/// # Errors
/// What is wrong with the content.
pub(crate) fn tensors(content: &[u8]) -> Read<Vec<Tensor>> {
    let mut reader = Reader { content, at: 0 };
    if reader.take(MAGIC.len())? != MAGIC {
        return Err("it does not begin with `GGUF`".to_owned());
    }
    let version = reader.u32()?;
    if !(2..=3).contains(&version) {
        return Err(format!("its version must be 2 or 3, got {version}"));
    }
    let (n_tensors, n_entries) = (reader.u64()?, reader.u64()?);
    let mut alignment = ALIGNMENT;
    for _ in 0..n_entries {
        let name = reader.text()?;
        let kind = reader.u32()?;
        if name == "general.alignment" && kind == UNSIGNED_32 {
            alignment = reader.u32()? as usize;
            if !alignment.is_power_of_two() {
                return Err(format!("its alignment must be a power of two, got {alignment}"));
            }
        } else {
            reader.skip_value(kind, DEEPEST)?;
        }
    }
    let mut tensors = (0..n_tensors).map(|_| reader.tensor()).collect::<Read<Vec<_>>>()?;
    let first = reader.at.next_multiple_of(alignment);
    for tensor in &mut tensors {
        place(tensor, first, content.len())?;
    }
    tensors.sort_by_key(|tensor| (tensor.bytes.start, tensor.bytes.end));
    let overlap = tensors.windows(2).find(|pair| pair[0].bytes.end > pair[1].bytes.start);
    match overlap {
        Some(pair) => Err(format!("its tensors `{}` and `{}` overlap", pair[0].name, pair[1].name)),
        None => Ok(tensors),
    }
}

/// Moves the bytes of a tensor, so far counted from the first tensor's, to where they are in the
/// file.
fn place(tensor: &mut Tensor, first: usize, size: usize) -> Read<()> {
    let moved = |at: usize| first.checked_add(at).filter(|at| *at <= size);
    let ends = moved(tensor.bytes.start).zip(moved(tensor.bytes.end));
    let (start, end) =
        ends.ok_or_else(|| format!("its tensor `{}` ends beyond the file", tensor.name))?;
    tensor.bytes = start..end;
    Ok(())
}

const UNSIGNED_32: u32 = 4;
const TEXT: u32 = 8;
const ARRAY: u32 = 9;

/// Bytes of a value of fixed size.
fn size_of_value(kind: u32) -> Option<usize> {
    match kind {
        0 | 1 | 7 => Some(1),
        2 | 3 => Some(2),
        UNSIGNED_32 | 5 | 6 => Some(4),
        10..=12 => Some(8),
        _ => None,
    }
}

/// The encoding with a number.
fn encoding(kind: u32) -> Encoding {
    Encoding::find(
        |layout| layout.ggml_type == kind,
        || match kind {
            10 => "Q2_K".to_owned(),
            11 => "Q3_K".to_owned(),
            _ => format!("GGML type {kind}"),
        },
    )
}

/// Reads a header from its beginning.
struct Reader<'a> {
    content: &'a [u8],
    at: usize,
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
        Ok(bytes.try_into().expect("as many bytes as the array has"))
    }

    fn u32(&mut self) -> Read<u32> {
        self.number().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Read<u64> {
        self.number().map(u64::from_le_bytes)
    }

    /// A length or a place.
    fn length(&mut self) -> Read<usize> {
        let length = self.u64()?;
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
        let start = self.length()?;
        let n_bytes = n_bytes(&shape, &encoding);
        let n_bytes = n_bytes
            .ok_or_else(|| format!("its tensor `{name}` has the impossible shape {shape:?}"))?;
        let end = start.checked_add(n_bytes);
        let end = end.ok_or_else(|| format!("its tensor `{name}` ends beyond the file"))?;
        Ok(Tensor { name, shape, encoding, bytes: start..end })
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
