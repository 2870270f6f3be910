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
    let is_big_endian = false;
    let tensor = Tensor { name: "w".to_owned(), shape, encoding, bytes, is_big_endian };
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

/// A name, a kind and the bytes of a value.
pub(crate) type Entry<'a> = (&'a str, u32, Vec<u8>);

/// Where tensors of our GGUF files begin.
const ALIGNMENT: u32 = 64;

/// A GGUF file of version 3 with metadata of every kind: name, GGML type, shape (slowest index
/// first) and bytes of each tensor.
pub(crate) fn gguf(tensors: &[(&str, u32, &[usize], Vec<u8>)]) -> Vec<u8> {
    let entries: [Entry<'_>; 5] = [
        ("general.name", 8, text("tiny")),
        ("tiny.scale", 6, 0.5_f32.to_le_bytes().to_vec()),
        // Another number of the kind that the alignment has.
        ("general.file_type", 4, 7_u32.to_le_bytes().to_vec()),
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
    gguf_of(tensors, 3, &entries)
}

/// A GGUF file of version 2 or 3 with some metadata behind the alignment.
pub(crate) fn gguf_of(
    tensors: &[(&str, u32, &[usize], Vec<u8>)],
    version: u32,
    entries: &[Entry<'_>],
) -> Vec<u8> {
    let alignment = ("general.alignment", 4, ALIGNMENT.to_le_bytes().to_vec());
    let mut file = [b"GGUF".as_slice(), &version.to_le_bytes()].concat();
    file.extend((tensors.len() as u64).to_le_bytes());
    file.extend((entries.len() as u64 + 1).to_le_bytes());
    for (name, kind, value) in [alignment].iter().chain(entries) {
        file.extend([&text(name)[..], &kind.to_le_bytes(), value].concat());
    }
    let mut data = Vec::new();
    for (name, kind, shape, bytes) in tensors {
        data.resize(data.len().next_multiple_of(ALIGNMENT as usize), 0);
        file.extend(text(name));
        file.extend(u32::try_from(shape.len()).unwrap().to_le_bytes());
        shape.iter().rev().for_each(|extent| file.extend((*extent as u64).to_le_bytes()));
        file.extend(kind.to_le_bytes());
        file.extend((data.len() as u64).to_le_bytes());
        data.extend(bytes);
    }
    file.resize(file.len().next_multiple_of(ALIGNMENT as usize), 0);
    file.extend(data);
    file
}

/// A GGUF file of version 1, whose lengths have four bytes, with one tensor in single precision.
pub(crate) fn gguf_1(name: &str, shape: &[u32; 2], bytes: &[u8]) -> Vec<u8> {
    let word = |n: u32| n.to_le_bytes();
    let text =
        |text: &str| [&word(u32::try_from(text.len()).unwrap())[..], text.as_bytes()].concat();
    let entry = [&text("general.name")[..], &word(8), &text("tiny")].concat();
    let list = [&text("list")[..], &word(9), &word(4), &word(2), &word(5), &word(6)].concat();
    let tensor = [&text(name)[..], &word(2), &word(shape[1]), &word(shape[0]), &word(0), &[0; 8]];
    let head = [&b"GGUF"[..], &word(1), &word(1), &word(2), &entry, &list, &tensor.concat()];
    let mut file = head.concat();
    file.resize(file.len().next_multiple_of(32), 0);
    file.extend(bytes);
    file
}

/// A GGUF file of a big-endian machine with one tensor in single precision.
pub(crate) fn big_endian_gguf(name: &str, shape: &[u64; 2], values: &[f32]) -> Vec<u8> {
    let text = |text: &str| [&(text.len() as u64).to_be_bytes()[..], text.as_bytes()].concat();
    let (word, long) = (|n: u32| n.to_be_bytes(), |n: u64| n.to_be_bytes());
    let entry = [&text("general.alignment")[..], &word(4), &word(64)].concat();
    let kind = [&text("tiny.kind")[..], &2_u32.to_be_bytes(), &513_u16.to_be_bytes()].concat();
    let tensor = [&text(name)[..], &word(2), &long(shape[1]), &long(shape[0]), &word(0), &[0; 8]];
    let head = [&b"GGUF"[..], &word(3), &long(1), &long(2), &entry, &kind, &tensor.concat()];
    let mut file = head.concat();
    file.resize(file.len().next_multiple_of(64), 0);
    file.extend(values.iter().flat_map(|value| value.to_be_bytes()));
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

/// A zip archive of empty files with these names.
pub(crate) fn zip(names: &[&str]) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for name in names {
        let at = u32::try_from(file.len()).unwrap().to_le_bytes();
        let length = u16::try_from(name.len()).unwrap().to_le_bytes();
        file.extend([b"PK\x03\x04", &[0; 22][..], &length, &[0; 2], name.as_bytes()].concat());
        // An entry has an extra field of three bytes and a comment of one.
        let lengths = [&length[..], &[3, 0, 1, 0]].concat();
        let entry = [b"PK\x01\x02", &[0; 24][..], &lengths, &[0; 8], &at, name.as_bytes(), b"xxxc"];
        directory.extend(entry.concat());
    }
    let at = u32::try_from(file.len()).unwrap().to_le_bytes();
    let size = u32::try_from(directory.len()).unwrap().to_le_bytes();
    let count = u16::try_from(names.len()).unwrap().to_le_bytes();
    file.extend(directory);
    file.extend([b"PK\x05\x06", &[0; 4][..], &count, &count, &size, &at, &[0; 2]].concat());
    file
}
