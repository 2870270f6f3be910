//! A trained model as SafeTensors: `weights.safetensors`.

use std::error::Error;
use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::path::Path;

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, Metadata, TensorView};

use superpose_toy::cell::Cell;
use superpose_toy::trained::Weights;

/// `W` (`[n_features, d_hidden]`, F32), `b` (`[n_features]`, F32) and `p` (`[n_features]`, F64),
/// with the cell as JSON in the metadata.
pub(crate) fn bytes(cell: &Cell, weights: &Weights, probabilities: &[f64]) -> Vec<u8> {
    let (n, d) = (weights.n_features, weights.d_hidden);
    let bytes32 = |v: &[f32]| v.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>();
    let matrix = bytes32(&weights.weights);
    let bias = bytes32(&weights.bias);
    let p: Vec<u8> = probabilities.iter().flat_map(|x| x.to_le_bytes()).collect();
    let view = |dtype, shape: Vec<usize>, bytes| {
        TensorView::new(dtype, shape, bytes).expect("the lengths follow from the cell")
    };
    let tensors = [
        ("W", view(Dtype::F32, vec![n, d], &matrix)),
        ("b", view(Dtype::F32, vec![n], &bias)),
        ("p", view(Dtype::F64, vec![probabilities.len()], &p)),
    ];
    let json = serde_json::to_string(cell).expect("a cell is plain data");
    let metadata = Some([("cell".to_owned(), json)].into());
    safetensors::serialize(tensors, metadata).expect("names are distinct and shapes fit")
}

/// The tensor `p` of the file at `path`. Nothing else of it is read: `W` may be large.
///
/// # Errors
/// Of the kind `InvalidData` when the file is not what [`bytes`] makes.
pub(crate) fn read_probabilities(path: &Path) -> io::Result<Vec<f64>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut start = [0; 8];
    if length < 8 {
        return Err(damaged("it has no header"));
    }
    file.read_exact(&mut start)?;
    let header_length = u64::from_le_bytes(start);
    if header_length > length {
        return Err(damaged(format!("its header cannot have {header_length} bytes")));
    }
    let mut header = Vec::new();
    (&mut file).take(header_length).read_to_end(&mut header)?;
    let metadata: Metadata = serde_json::from_slice(&header).map_err(damaged)?;
    let info = metadata.info("p").filter(|info| info.dtype == Dtype::F64);
    let info = info.ok_or_else(|| damaged("it has no tensor `p` of type F64"))?;
    let (from, to) = info.data_offsets;
    file.seek_relative(i64::try_from(from).unwrap_or(i64::MAX))?;
    let mut bytes = Vec::new();
    file.take(to.saturating_sub(from) as u64).read_to_end(&mut bytes)?;
    if from.checked_add(bytes.len()) != Some(to) {
        return Err(damaged("it ends before its tensor `p`"));
    }
    let (numbers, _) = bytes.as_chunks::<8>();
    Ok(numbers.iter().map(|b| f64::from_le_bytes(*b)).collect())
}

/// The tensors `W` and `b` of the file at `path`.
///
/// # Errors
/// As for [`read_probabilities`].
pub(crate) fn read_weights(path: &Path) -> io::Result<Weights> {
    let content = std::fs::read(path)?;
    let tensors = SafeTensors::deserialize(&content).map_err(damaged)?;
    let of = |name: &str, dimensions: usize| -> io::Result<(Vec<usize>, Vec<f32>)> {
        let tensor = tensors.tensor(name).map_err(damaged)?;
        let shape = tensor.shape().to_vec();
        if tensor.dtype() != Dtype::F32 || shape.len() != dimensions {
            return Err(damaged(format!(
                "its tensor `{name}` must be F32 in {dimensions} dimensions"
            )));
        }
        let (numbers, _) = tensor.data().as_chunks::<4>();
        Ok((shape, numbers.iter().map(|b| f32::from_le_bytes(*b)).collect()))
    };
    let ((shape, weights), (_, bias)) = (of("W", 2)?, of("b", 1)?);
    if bias.len() != shape[0] || shape[1] == 0 {
        return Err(damaged(format!("it has {} biases for {shape:?} weights", bias.len())));
    }
    Ok(Weights { n_features: shape[0], d_hidden: shape[1], weights, bias })
}

/// The error of a file that is read but is not what [`bytes`] makes.
fn damaged(problem: impl Into<Box<dyn Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, problem)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn example() -> Vec<u8> {
        let record: serde_json::Value =
            serde_json::from_str(include_str!("../tests/record-1.json")).unwrap();
        let cell: Cell = serde_json::from_value(record["cell"].clone()).unwrap();
        let weights =
            Weights { n_features: 2, d_hidden: 1, weights: vec![1.0, 2.0], bias: vec![0.0; 2] };
        bytes(&cell, &weights, &[0.75, 0.25])
    }

    fn read<T>(content: &[u8], reader: fn(&Path) -> io::Result<T>) -> io::Result<T> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights.safetensors");
        std::fs::write(&path, content).unwrap();
        reader(&path)
    }

    #[test]
    fn what_is_written_is_read() {
        assert_eq!(read(&example(), read_probabilities).unwrap(), [0.75, 0.25]);
        let weights = read(&example(), read_weights).unwrap();
        assert_eq!((weights.n_features, weights.d_hidden), (2, 1));
        assert_eq!((weights.weights, weights.bias), (vec![1.0, 2.0], vec![0.0; 2]));
    }

    proptest! {
        #[test]
        fn no_damage_makes_the_reader_panic(
            at in 0..example().len(), byte: u8, end in 0..=example().len()
        ) {
            let mut content = example();
            content[at] = byte;
            content.truncate(end);
            let _ = read(&content, read_probabilities);
            let _ = read(&content, read_weights);
        }
    }
}
