//! The header of a safetensors file.

use ::safetensors::{SafeTensorError, SafeTensors};
use serde_json::Value;

use crate::tensor::{Encoding, Tensor, bytes};

/// Bytes that say how long the header is.
const LENGTH: usize = size_of::<u64>();

/// The tensors of a file with this content, in the order of their bytes.
///
/// # Errors
/// What is wrong with the content: a file has more or fewer bytes than its header says, or the library refuses a header that is cut off, longer than the
/// file or 100 MB, no JSON, or with offsets that overlap, leave gaps, contradict a shape or end
/// beyond the file.
pub(crate) fn tensors(content: &[u8]) -> Result<Vec<Tensor>, String> {
    let read = SafeTensors::read_metadata(content);
    let (header, metadata) = read.map_err(|error| problem(&error, content))?;
    let first = header + LENGTH;
    let mut tensors: Vec<Tensor> = metadata
        .tensors()
        .into_iter()
        .map(|(name, info)| {
            let stored = info.dtype.to_string();
            let encoding = Encoding::find(|layout| layout.name == stored, || stored.clone());
            let bytes = first + info.data_offsets.0..first + info.data_offsets.1;
            Tensor { name, shape: info.shape.clone(), encoding, bytes, is_big_endian: false }
        })
        .collect();
    tensors.sort_by_key(|tensor| (tensor.bytes.start, tensor.bytes.end));
    Ok(tensors)
}

/// What is wrong with a file: by how many bytes it is too short or too long, or what the library
/// says.
fn problem(error: &SafeTensorError, content: &[u8]) -> String {
    let expected = match error {
        SafeTensorError::InvalidHeaderLength => header_end(content),
        SafeTensorError::MetadataIncompleteBuffer => data_end(content),
        _ => None,
    };
    let n_bytes = content.len() as u64;
    match expected {
        Some(end) if end > n_bytes => {
            let place =
                if header_end(content) > Some(n_bytes) { ", within its header" } else { "" };
            format!("it ends {} early{place}", bytes(end - n_bytes))
        }
        Some(end) if end < n_bytes => {
            format!("it has {} more than its header says", bytes(n_bytes - end))
        }
        _ => error.to_string(),
    }
}

/// Where the header ends by its length.
fn header_end(content: &[u8]) -> Option<u64> {
    let length = content.first_chunk::<LENGTH>()?;
    u64::from_le_bytes(*length).checked_add(LENGTH as u64)
}

/// Where the last tensor ends by the header.
fn data_end(content: &[u8]) -> Option<u64> {
    let header_end = header_end(content)?;
    let header = content.get(LENGTH..usize::try_from(header_end).ok()?)?;
    let header: Value = serde_json::from_slice(header).ok()?;
    let ends = header.as_object()?.values().filter_map(|entry| entry["data_offsets"][1].as_u64());
    header_end.checked_add(ends.max().unwrap_or(0))
}
