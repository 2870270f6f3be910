//! Small files of weights for the tests, as other programs would write them.

use std::sync::Arc;

use memmap2::{Mmap, MmapMut};
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution as _, StandardNormal};

use crate::matrix::Matrix;
use crate::tensor::{Encoding, Tensor};

/// `n` independent standard normal numbers.
pub(crate) fn gaussian(n: usize, seed: u64) -> Vec<f32> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    (0..n).map(|_| StandardNormal.sample(&mut random)).collect()
}

/// The numbers in single precision.
pub(crate) fn f32s(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

/// A matrix of rows of this width, as if read from a file.
pub(crate) fn matrix(values: &[f32], width: usize) -> Matrix {
    let content = f32s(values);
    let shape = vec![values.len() / width, width];
    let bytes = 0..content.len();
    let encoding = Encoding::find(|layout| layout.name == "F32", String::new);
    let tensor = Tensor { name: "w".to_owned(), shape, encoding, bytes };
    Matrix::new(&tensor, mapped(&content)).unwrap()
}

/// The content of a file, as if it were mapped.
pub(crate) fn mapped(content: &[u8]) -> Arc<Mmap> {
    let mut mapped = MmapMut::map_anon(content.len()).unwrap();
    mapped.copy_from_slice(content);
    Arc::new(mapped.make_read_only().unwrap())
}

/// A safetensors file: name, dtype, shape and bytes of each tensor.
pub(crate) fn safetensors(tensors: &[(&str, &str, &[usize], Vec<u8>)]) -> Vec<u8> {
    let (mut header, mut data) = (serde_json::Map::new(), Vec::new());
    for (name, dtype, shape, bytes) in tensors {
        let offsets = [data.len(), data.len() + bytes.len()];
        data.extend(bytes);
        let entry = serde_json::json!({ "dtype": dtype, "shape": shape, "data_offsets": offsets });
        header.insert((*name).to_owned(), entry);
    }
    let header = serde_json::Value::from(header).to_string();
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &data].concat()
}

/// The text of a GGUF header.
fn text(text: &str) -> Vec<u8> {
    [&(text.len() as u64).to_le_bytes(), text.as_bytes()].concat()
}

/// A GGUF file of version 3 with metadata of every kind: name, GGML type, shape (slowest index
/// first) and bytes of each tensor.
pub(crate) fn gguf(tensors: &[(&str, u32, &[usize], Vec<u8>)]) -> Vec<u8> {
    const ALIGNMENT: usize = 64;
    let entries: [(&str, u32, Vec<u8>); 5] = [
        ("general.alignment", 4, 64_u32.to_le_bytes().to_vec()),
        ("general.name", 8, text("tiny")),
        ("tiny.scale", 6, 0.5_f32.to_le_bytes().to_vec()),
        // Arrays: of words, and of arrays of numbers.
        (
            "tokens",
            9,
            [&8_u32.to_le_bytes()[..], &2_u64.to_le_bytes(), &text("a"), &text("b")].concat(),
        ),
        (
            "nested",
            9,
            [
                &9_u32.to_le_bytes()[..],
                &1_u64.to_le_bytes(),
                &0_u32.to_le_bytes(),
                &3_u64.to_le_bytes(),
                &[1, 2, 3],
            ]
            .concat(),
        ),
    ];
    let mut file = [b"GGUF".as_slice(), &3_u32.to_le_bytes()].concat();
    file.extend((tensors.len() as u64).to_le_bytes());
    file.extend((entries.len() as u64).to_le_bytes());
    for (name, kind, value) in entries {
        file.extend([text(name), kind.to_le_bytes().to_vec(), value].concat());
    }
    let mut data = Vec::new();
    for (name, kind, shape, bytes) in tensors {
        data.resize(data.len().next_multiple_of(ALIGNMENT), 0);
        file.extend(text(name));
        file.extend(u32::try_from(shape.len()).unwrap().to_le_bytes());
        shape.iter().rev().for_each(|extent| file.extend((*extent as u64).to_le_bytes()));
        file.extend(kind.to_le_bytes());
        file.extend((data.len() as u64).to_le_bytes());
        data.extend(bytes);
    }
    file.resize(file.len().next_multiple_of(ALIGNMENT), 0);
    file.extend(data);
    file
}

/// A folder, and files in it.
pub(crate) fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}
