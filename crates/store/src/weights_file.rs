//! A trained model as SafeTensors: `weights.safetensors`.

use std::error::Error;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};

use superpose_files::disk::check_is_file;
use superpose_toy::cell::{Cell, CellId, Decoder, Importance};
use superpose_toy::prepared::Features;
use superpose_toy::trained::Weights;

/// A trained model, as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// `W` and `b`, and `V` if it is not tied, all finite.
    pub weights: Weights,
    /// The probabilities `p` of the features, `[n_features]`, each from 0 to 1.
    pub probabilities: Vec<f64>,
    /// The weights `I` of the outputs in the loss, `[n_features]`, if they are not all one.
    pub importance: Option<Vec<f64>>,
}

impl Model {
    /// Its features.
    pub fn features(&self) -> Features<'_> {
        let (probabilities, importance) = (&self.probabilities, self.importance.as_deref());
        Features { probabilities, importance }
    }
}

/// `W` (`[n_features, d_hidden]`, F32), `b` (`[n_features]`, F32) and `p` (`[n_features]`, F64), and
/// where there are any, `V` (like `W`) and `I` (like `p`), with the cell as JSON in the metadata.
pub(crate) fn bytes(cell: &Cell, weights: &Weights, features: Features<'_>) -> Vec<u8> {
    let (n, d) = (weights.n_features, weights.d_hidden);
    let matrix = bytes_of(&weights.weights);
    let bias = bytes_of(&weights.bias);
    let bytes64 = |v: &[f64]| v.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>();
    let p = bytes64(features.probabilities);
    let decoder = weights.decoder.as_deref().map(bytes_of);
    let importance = features.importance.map(bytes64);
    let mut tensors = vec![
        ("W", view(Dtype::F32, vec![n, d], &matrix)),
        ("b", view(Dtype::F32, vec![n], &bias)),
        ("p", view(Dtype::F64, vec![features.probabilities.len()], &p)),
    ];
    tensors.extend(decoder.as_ref().map(|v| ("V", view(Dtype::F32, vec![n, d], v))));
    tensors.extend(importance.as_ref().map(|i| ("I", view(Dtype::F64, vec![n], i))));
    serialised(cell, tensors)
}

/// The content of a file of tensors, and of which cell they are.
pub(crate) struct Tensors<'a> {
    /// The cell.
    pub(crate) cell: Cell,
    tensors: SafeTensors<'a>,
}

impl<'a> Tensors<'a> {
    /// Those of the cell `id`.
    ///
    /// # Errors
    /// Of the kind `InvalidData` when the content is damaged, or another cell's.
    pub(crate) fn of(content: &'a [u8], id: &CellId) -> io::Result<Self> {
        let (_, header) = SafeTensors::read_metadata(content).map_err(damaged)?;
        let json = header.metadata().as_ref().and_then(|metadata| metadata.get("cell"));
        let json = json.ok_or_else(|| damaged("it does not say of which cell it is"))?;
        let cell: Cell = serde_json::from_str(json).map_err(damaged)?;
        let found = cell.id();
        if found != *id {
            return Err(damaged(format!("it is of the cell {found}")));
        }
        Ok(Self { cell, tensors: SafeTensors::deserialize(content).map_err(damaged)? })
    }

    fn data(&self, name: &str, dtype: Dtype, shape: &[usize]) -> io::Result<&'a [u8]> {
        let tensor = self.tensors.tensor(name).map_err(damaged)?;
        let (found, is) = (tensor.shape().to_vec(), tensor.dtype());
        if is != dtype || found != shape {
            let problem = format!("its `{name}` must be {dtype:?} {shape:?}, got {is:?} {found:?}");
            return Err(damaged(problem));
        }
        Ok(tensor.data())
    }

    /// Numbers of single precision, all finite.
    pub(crate) fn numbers(&self, name: &str, shape: &[usize]) -> io::Result<Vec<f32>> {
        let (bytes, _) = self.data(name, Dtype::F32, shape)?.as_chunks::<4>();
        let numbers: Vec<f32> = bytes.iter().map(|b| f32::from_le_bytes(*b)).collect();
        match numbers.iter().filter(|number| !number.is_finite()).count() {
            0 => Ok(numbers),
            count => Err(damaged(format!("its `{name}` has {count} numbers that are not finite"))),
        }
    }

    /// Numbers of double precision.
    pub(crate) fn doubles(&self, name: &str, shape: &[usize]) -> io::Result<Vec<f64>> {
        let (bytes, _) = self.data(name, Dtype::F64, shape)?.as_chunks::<8>();
        Ok(bytes.iter().map(|b| f64::from_le_bytes(*b)).collect())
    }

    /// Whole numbers, of which there are as many as the file says.
    pub(crate) fn counts(&self, name: &str) -> io::Result<Vec<u64>> {
        let tensor = self.tensors.tensor(name).map_err(damaged)?;
        let (bytes, _) =
            self.data(name, Dtype::U64, &[tensor.shape().iter().product()])?.as_chunks::<8>();
        Ok(bytes.iter().map(|b| u64::from_le_bytes(*b)).collect())
    }
}

/// Tensors as SafeTensors, with the `cell` as JSON in the metadata.
pub(crate) fn serialised(cell: &Cell, tensors: Vec<(&str, TensorView<'_>)>) -> Vec<u8> {
    let json = serde_json::to_string(cell).expect("a cell is plain data");
    let metadata = Some([("cell".to_owned(), json)].into());
    safetensors::serialize(tensors, metadata).expect("names are distinct and shapes fit")
}

/// A tensor whose bytes are as many as its shape says.
pub(crate) fn view(dtype: Dtype, shape: Vec<usize>, bytes: &[u8]) -> TensorView<'_> {
    TensorView::new(dtype, shape, bytes).expect("the lengths follow from the cell")
}

/// Numbers as they are kept.
pub(crate) fn bytes_of<'n>(numbers: impl IntoIterator<Item = &'n f32>) -> Vec<u8> {
    numbers.into_iter().flat_map(|x| x.to_le_bytes()).collect()
}

/// The model of the cell `id` in the content of a file.
///
/// # Errors
/// Of the kind `InvalidData` when the content is not what [`bytes`] makes, or is another cell's.
pub(crate) fn model(content: &[u8], id: &CellId) -> io::Result<Model> {
    let tensors = Tensors::of(content, id)?;
    let cell = &tensors.cell;
    let (n, d) = (cell.model.n_features, cell.model.d_hidden);
    let (weights, bias) = (tensors.numbers("W", &[n, d])?, tensors.numbers("b", &[n])?);
    let decoder = match has_decoder(cell) {
        true => Some(tensors.numbers("V", &[n, d])?),
        false => None,
    };
    let probabilities = tensors.doubles("p", &[n])?;
    if let Some(other) = probabilities.iter().find(|p| !(0.0..=1.0).contains(*p)) {
        return Err(damaged(format!("its `p` must be from 0 to 1, got {other}")));
    }
    let importance = if has_importance(cell) { Some(tensors.doubles("I", &[n])?) } else { None };
    if let Some(other) = importance.iter().flatten().find(|i| !(i.is_finite() && **i >= 0.0)) {
        let problem = format!("its `I` must be finite and not negative, got {other}");
        return Err(damaged(problem));
    }
    let weights = Weights { n_features: n, d_hidden: d, weights, bias, decoder };
    Ok(Model { weights, probabilities, importance })
}

pub(crate) fn has_decoder(cell: &Cell) -> bool {
    cell.model.decoder == Decoder::Untied
}

fn has_importance(cell: &Cell) -> bool {
    cell.data.importance != Importance::Constant
}

/// Sees that the file at `path` is as long as a model of this `cell`, without reading its numbers.
///
/// # Errors
/// Of the kind `InvalidData` when it is not.
pub(crate) fn check_length(path: &Path, cell: &Cell) -> io::Result<()> {
    check_is_file(path)?;
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut header = [0; 8];
    let header_length = match file.read_exact(&mut header) {
        Ok(()) => u64::from_le_bytes(header),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            return Err(damaged(format!("it has {length} bytes")));
        }
        Err(error) => return Err(error),
    };
    let (n, d) = (cell.model.n_features as u64, cell.model.d_hidden as u64);
    let matrices = 1 + u64::from(has_decoder(cell));
    let importance = 8 * u64::from(has_importance(cell));
    let numbers = n.saturating_mul(matrices * 4 * d + 4 + 8 + importance);
    let expected = header_length.checked_add(8).and_then(|start| start.checked_add(numbers));
    if expected == Some(length) {
        return Ok(());
    }
    let is = format!("it has {length} bytes");
    Err(damaged(expected.map_or(is.clone(), |expected| format!("{is} and should have {expected}"))))
}

/// The error of a file that is read but is not what was written.
pub(crate) fn damaged(problem: impl Into<Box<dyn Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, problem)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A cell of two features in one dimension, or as it is `changed`.
    fn cell(change: fn(&mut Cell)) -> Cell {
        let record: serde_json::Value =
            serde_json::from_str(include_str!("../tests/record-1.json")).unwrap();
        let mut cell: Cell = serde_json::from_value(record["cell"].clone()).unwrap();
        (cell.model.n_features, cell.model.d_hidden) = (2, 1);
        change(&mut cell);
        cell
    }

    fn weights() -> Weights {
        Weights {
            n_features: 2,
            d_hidden: 1,
            weights: vec![1.0, 2.0],
            bias: vec![0.0; 2],
            decoder: None,
        }
    }

    fn alike(probabilities: &[f64]) -> Features<'_> {
        Features::alike(probabilities)
    }

    fn example() -> Vec<u8> {
        bytes(&cell(|_| ()), &weights(), alike(&[0.75, 0.25]))
    }

    fn id() -> CellId {
        cell(|_| ()).id()
    }

    fn said(content: &[u8]) -> String {
        let error = model(content, &id()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        error.to_string()
    }

    #[test]
    fn what_is_written_is_read() {
        let model = model(&example(), &id()).unwrap();
        assert_eq!(
            model,
            Model { weights: weights(), probabilities: vec![0.75, 0.25], importance: None }
        );
    }

    #[test]
    fn numbers_that_no_model_has_are_refused() {
        for (index, wrong) in [(0, f32::NAN), (1, f32::INFINITY)] {
            let mut weights = weights();
            weights.weights[index] = wrong;
            let said = said(&bytes(&cell(|_| ()), &weights, alike(&[0.75, 0.25])));
            assert_eq!(said, "its `W` has 1 numbers that are not finite");
        }
        let mut biased = weights();
        biased.bias = vec![f32::NAN, f32::NEG_INFINITY];
        assert!(
            said(&bytes(&cell(|_| ()), &biased, alike(&[0.75, 0.25])))
                .contains("`b` has 2 numbers")
        );
        for p in [f64::NAN, -0.25, 1.25, f64::INFINITY] {
            let said = said(&bytes(&cell(|_| ()), &weights(), alike(&[p, 0.25])));
            assert!(said.contains("`p` must be from 0 to 1"), "{said}");
        }
        assert!(model(&bytes(&cell(|_| ()), &weights(), alike(&[1.0, 0.0])), &id()).is_ok());
    }

    #[test]
    fn another_cells_file_and_other_shapes_are_refused() {
        let other = bytes(&cell(|c| c.train.seed = 1), &weights(), alike(&[0.75, 0.25]));
        assert!(said(&other).starts_with("it is of the cell "));
        for p in [&[0.5][..], &[0.5, 0.25, 0.25]] {
            let said = said(&bytes(&cell(|_| ()), &weights(), alike(p)));
            assert!(said.contains("`p` must be F64 [2], got F64 ["), "{said}");
        }
        let wide = Weights {
            n_features: 1,
            d_hidden: 2,
            weights: vec![1.0, 2.0],
            bias: vec![0.0],
            decoder: None,
        };
        let said_of_wide = said(&bytes(&cell(|_| ()), &wide, alike(&[0.75, 0.25])));
        assert!(said_of_wide.contains("`W` must be F32 [2, 1], got F32 [1, 2]"), "{said_of_wide}");
        let without: Vec<(&str, TensorView<'_>)> = Vec::new();
        let bare = safetensors::serialize(without, None).unwrap();
        assert_eq!(said(&bare), "it does not say of which cell it is");
    }

    #[test]
    fn what_only_some_models_have_is_kept_with_them() {
        let cell = cell(|cell| {
            cell.model.decoder = Decoder::Untied;
            cell.data.importance = Importance::Geometric { ratio: 0.5 };
        });
        let untied = Weights { decoder: Some(vec![0.5, -0.5]), ..weights() };
        let features = Features { importance: Some(&[1.0, 0.5]), ..alike(&[0.75, 0.25]) };
        let whole = bytes(&cell, &untied, features);
        let read = model(&whole, &cell.id()).unwrap();
        assert_eq!((&read.weights, read.features()), (&untied, features));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights.safetensors");
        std::fs::write(&path, &whole).unwrap();
        check_length(&path, &cell).unwrap();
        // Without them it is no file of this cell.
        let said = model(&bytes(&cell, &weights(), features), &cell.id()).unwrap_err().to_string();
        assert!(said.contains('V'), "{said}");
        let said = model(&bytes(&cell, &untied, alike(&[0.75, 0.25])), &cell.id())
            .unwrap_err()
            .to_string();
        assert!(said.contains('I'), "{said}");
        let bad = Features { importance: Some(&[1.0, -1.0]), ..features };
        let said = model(&bytes(&cell, &untied, bad), &cell.id()).unwrap_err().to_string();
        assert_eq!(said, "its `I` must be finite and not negative, got -1");
        let lost = Weights { decoder: Some(vec![f32::NAN, 0.0]), ..weights() };
        let said = model(&bytes(&cell, &lost, features), &cell.id()).unwrap_err().to_string();
        assert_eq!(said, "its `V` has 1 numbers that are not finite");
    }

    #[test]
    fn a_short_or_long_file_is_noticed_by_its_length() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights.safetensors");
        let check = |content: &[u8]| {
            std::fs::write(&path, content).unwrap();
            check_length(&path, &cell(|_| ())).map_err(|error| error.to_string())
        };
        let whole = example();
        assert_eq!(check(&whole), Ok(()));
        let expected = format!("it has {} bytes and should have {}", whole.len() - 1, whole.len());
        assert_eq!(check(&whole[..whole.len() - 1]), Err(expected));
        assert!(check(&[&whole[..], &[0]].concat()).is_err());
        assert_eq!(check(b""), Err("it has 0 bytes".to_owned()));
        assert_eq!(check(&[0xff; 8]), Err("it has 8 bytes".to_owned()));
        let wide = cell(|cell| (cell.model.n_features, cell.model.d_hidden) = (5, 3));
        let (n, d) = (5, 3);
        let weights = Weights {
            n_features: n,
            d_hidden: d,
            weights: vec![1.0; 15],
            bias: vec![0.0; 5],
            decoder: None,
        };
        std::fs::write(&path, bytes(&wide, &weights, alike(&[0.2; 5]))).unwrap();
        check_length(&path, &wide).unwrap();
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert!(check_length(&path, &cell(|_| ())).unwrap_err().to_string().contains("a folder"));
    }

    proptest! {
        #[test]
        fn no_damage_makes_the_reader_panic(
            at in 0..example().len(), byte: u8, end in 0..=example().len()
        ) {
            let mut content = example();
            content[at] = byte;
            content.truncate(end);
            let _ = model(&content, &id());
        }
    }
}
