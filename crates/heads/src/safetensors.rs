//! The header of a safetensors file.

use ::safetensors::SafeTensors;

use crate::tensor::{Encoding, Tensor};

/// The tensors of a file with this content, in the order of their bytes.
///
/// # Errors
/// What is wrong with the content: the library refuses a header that is cut off, longer than the
/// file or 100 MB, no JSON, or with offsets that overlap, leave gaps, contradict a shape or end
/// beyond the file.
pub(crate) fn tensors(content: &[u8]) -> Result<Vec<Tensor>, String> {
    let (header, metadata) = SafeTensors::read_metadata(content).map_err(|e| e.to_string())?;
    let first = header + size_of::<u64>();
    let mut tensors: Vec<Tensor> = metadata
        .tensors()
        .into_iter()
        .map(|(name, info)| {
            let stored = info.dtype.to_string();
            let encoding = Encoding::find(|layout| layout.name == stored, || stored.clone());
            let bytes = first + info.data_offsets.0..first + info.data_offsets.1;
            Tensor { name, shape: info.shape.clone(), encoding, bytes }
        })
        .collect();
    tensors.sort_by_key(|tensor| (tensor.bytes.start, tensor.bytes.end));
    Ok(tensors)
}
