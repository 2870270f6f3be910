//! A file, or a folder with shards, and the tensors in it.
//!
//! Files are mapped, so that only what is looked at is read. Of a sharded checkpoint the one shard
//! with the wanted tensor is opened.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use memmap2::Mmap;
use superpose_files::disk::at;

use crate::error::HeadError;
use crate::matrix::Matrix;
use crate::tensor::Tensor;
use crate::{gguf, safetensors};

/// What a folder with shards has in it: which tensor is in which file.
const INDEX: &str = "model.safetensors.index.json";
/// The file of a folder that has several.
const MODEL: &str = "model.safetensors";

/// The weights of a model.
#[derive(Debug)]
pub struct Checkpoint {
    path: PathBuf,
    source: Source,
}

#[derive(Debug)]
enum Source {
    File(WeightFile),
    /// The file of each tensor, beside the index at `path`.
    Shards(BTreeMap<String, PathBuf>),
}

/// One file: its content, and what its header says.
#[derive(Debug)]
struct WeightFile {
    path: PathBuf,
    content: Arc<Mmap>,
    tensors: Vec<Tensor>,
}

impl Checkpoint {
    /// The weights at `path`: a safetensors or GGUF file, or a folder that holds one, or shards
    /// with their index. What a file is, its first bytes say.
    ///
    /// # Errors
    /// [`HeadError`], naming the file.
    pub fn open(path: &Path) -> Result<Self, HeadError> {
        let metadata = fs::metadata(path).map_err(at("read", path))?;
        let index = path.join(INDEX);
        let source = if !metadata.is_dir() {
            Source::File(WeightFile::open(path)?)
        } else if index.exists() {
            Source::Shards(shards(&index)?)
        } else {
            Source::File(WeightFile::open(&only_file(path)?)?)
        };
        Ok(Self { path: path.to_owned(), source })
    }

    /// The path that it was opened with.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The names of all tensors.
    pub fn names(&self) -> Vec<&str> {
        match &self.source {
            Source::File(file) => file.tensors.iter().map(|t| &*t.name).collect(),
            Source::Shards(shards) => shards.keys().map(String::as_str).collect(),
        }
    }

    /// All tensors, file by file. The header of every shard is read.
    ///
    /// # Errors
    /// [`HeadError`], naming the shard.
    pub fn tensors(&self) -> Result<Vec<Tensor>, HeadError> {
        let shards = match &self.source {
            Source::File(file) => return Ok(file.tensors.clone()),
            Source::Shards(shards) => shards.values().collect::<BTreeSet<_>>(),
        };
        let opened = shards.into_iter().map(|file| WeightFile::open(file).map(|file| file.tensors));
        Ok(opened.collect::<Result<Vec<_>, _>>()?.concat())
    }

    /// The matrix called `name`.
    ///
    /// # Errors
    /// [`HeadError`] when there is none, or when it is no head: see [`Matrix`].
    pub fn matrix(&self, name: &str) -> Result<Matrix, HeadError> {
        let missing = || {
            let (path, matrices) = (self.path.display(), self.matrices());
            HeadError::Content(format!(
                "`{path}` has no tensor `{name}`; its matrices are {matrices}"
            ))
        };
        match &self.source {
            Source::File(file) => file.matrix(name).unwrap_or_else(|| Err(missing())),
            Source::Shards(shards) => {
                let path = shards.get(name).ok_or_else(missing)?;
                WeightFile::open(path)?.matrix(name).unwrap_or_else(|| {
                    let index = self.path.join(INDEX);
                    let shard = path.display();
                    Err(damaged(&index, &format!("it has `{name}` in `{shard}`, where it is not")))
                })
            }
        }
    }

    /// The names of the matrices for an error: a few, and how many more. Of shards, of all tensors.
    pub(crate) fn matrices(&self) -> String {
        const FEW: usize = 8;
        let names: Vec<&str> = match &self.source {
            Source::File(file) => {
                file.tensors.iter().filter(|t| t.shape.len() == 2).map(|t| &*t.name).collect()
            }
            Source::Shards(_) => self.names(),
        };
        let few = names.iter().take(FEW).map(|name| format!("`{name}`")).collect::<Vec<_>>();
        match names.len() {
            0 => "none".to_owned(),
            n if n > FEW => format!("{} and {} more (--list)", few.join(", "), n - FEW),
            _ => few.join(", "),
        }
    }
}

impl WeightFile {
    fn open(path: &Path) -> Result<Self, HeadError> {
        let metadata = fs::metadata(path).map_err(at("read", path))?;
        // A pipe would wait for its writer, a device has no end.
        if !metadata.is_file() {
            let advice = "give a safetensors or GGUF file, or a folder of a model";
            return Err(unknown(path, "is neither a file nor a folder", advice));
        }
        if metadata.len() == 0 {
            return Err(damaged(path, "it is empty"));
        }
        let content = map(path)?;
        let tensors = tensors(&content, path)?;
        Ok(Self { path: path.to_owned(), content, tensors })
    }

    fn matrix(&self, name: &str) -> Option<Result<Matrix, HeadError>> {
        let tensor = self.tensors.iter().find(|t| t.name == name)?;
        let matrix = Matrix::new(tensor, Arc::clone(&self.content));
        Some(matrix.map_err(|problem| {
            HeadError::Content(format!(
                "the tensor `{name}` of `{}` {problem}",
                self.path.display()
            ))
        }))
    }
}

#[expect(unsafe_code, reason = "a file is mapped")]
fn map(path: &Path) -> Result<Arc<Mmap>, HeadError> {
    let file = File::open(path).map_err(at("read", path))?;
    // SAFETY: the mapping is read only. Whoever cuts the file short meanwhile ends this process by
    // a signal; other changes are read as numbers, every pattern of which is valid.
    let mapped = unsafe { Mmap::map(&file) }.map_err(at("read", path))?;
    Ok(Arc::new(mapped))
}

/// The tensors of a file, by the format that its first bytes tell.
pub(crate) fn tensors(content: &[u8], path: &Path) -> Result<Vec<Tensor>, HeadError> {
    let is_headed = content.get(8) == Some(&b'{');
    let is_pickled = content.starts_with(b"PK\x03\x04") || matches!(content, [0x80, 2..=5, ..]);
    let found = if content.starts_with(gguf::MAGIC) {
        gguf::tensors(content)
    } else if is_pickled && !is_headed {
        let problem = "is a pickled checkpoint, which runs code when it is read";
        return Err(unknown(path, problem, "convert it to safetensors"));
    } else if is_headed || path.extension().is_some_and(|e| e == "safetensors") {
        safetensors::tensors(content)
    } else {
        let problem = "is neither a safetensors nor a GGUF file";
        return Err(unknown(path, problem, "give one of these"));
    };
    found.map_err(|problem| damaged(path, &problem))
}

/// Which tensor is in which file, from the index of a folder.
fn shards(index: &Path) -> Result<BTreeMap<String, PathBuf>, HeadError> {
    let text = fs::read(index).map_err(at("read", index))?;
    let value: serde_json::Value =
        serde_json::from_slice(&text).map_err(|e| damaged(index, &e.to_string()))?;
    let wrong = || damaged(index, "`weight_map` must name a file for each tensor");
    let map = value["weight_map"].as_object().ok_or_else(wrong)?;
    let folder = index.parent().unwrap_or(Path::new(""));
    map.iter()
        .map(|(name, file)| {
            let file = file.as_str().ok_or_else(wrong)?;
            let mut parts = Path::new(file).components();
            if !matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None)) {
                let problem = format!("the shard `{file}` must be a file beside it");
                return Err(damaged(index, &problem));
            }
            Ok((name.clone(), folder.join(file)))
        })
        .collect()
}

/// The file of a folder without an index.
fn only_file(folder: &Path) -> Result<PathBuf, HeadError> {
    let model = folder.join(MODEL);
    if model.exists() {
        return Ok(model);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(at("read", folder))? {
        let path = entry.map_err(at("read", folder))?.path();
        if path.extension().is_some_and(|e| e == "safetensors" || e == "gguf") {
            files.push(path);
        }
    }
    let (problem, advice) = match files.len() {
        1 => return Ok(files.remove(0)),
        0 => ("holds no safetensors or GGUF file", "give the folder of a model, or a file"),
        _ => ("holds several files of weights and no index of shards", "give one of them"),
    };
    Err(unknown(folder, problem, advice))
}

fn damaged(path: &Path, problem: &str) -> HeadError {
    HeadError::Content(format!("`{}` is damaged: {problem}", path.display()))
}

fn unknown(path: &Path, problem: &str, advice: &str) -> HeadError {
    HeadError::Content(format!("`{}` {problem}; {advice}", path.display()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::files::{f32s, folder, gguf, mapped, safetensors};

    /// Three rows of two.
    const ROWS: [f32; 6] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];

    fn rows(matrix: &Matrix) -> Vec<f32> {
        let mut rows = Vec::new();
        // Two and then the rest, of which there is one.
        matrix.read(0, 2, &mut rows);
        matrix.read(2, 2, &mut rows);
        rows
    }

    fn example() -> Vec<u8> {
        safetensors(&[
            ("norm", "F32", &[2], f32s(&[0.5, 0.5])),
            ("lm_head.weight", "F32", &[3, 2], f32s(&ROWS)),
            ("ids", "I64", &[1], vec![0; 8]),
        ])
    }

    fn example_gguf() -> Vec<u8> {
        let q8: Vec<u8> = (0..7).cycle().take(64 * 34).collect();
        gguf(&[
            ("norm", 0, &[2], f32s(&[0.5, 0.5])),
            ("output.weight", 0, &[3, 2], f32s(&ROWS)),
            ("token_embd.weight", 8, &[64, 32], q8),
            ("unknown", 17, &[256], vec![0; 66]),
        ])
    }

    #[test]
    fn both_formats_list_and_read_their_tensors() {
        let folder = folder(&[("a.safetensors", &example()), ("b.gguf", &example_gguf())]);
        for (file, head, listed) in [
            ("a.safetensors", "lm_head.weight", "norm 2 F32, lm_head.weight 3 × 2 F32, ids 1 I64"),
            (
                "b.gguf",
                "output.weight",
                "norm 2 F32, output.weight 3 × 2 F32, token_embd.weight 64 × 32 Q8_0, unknown 256 \
                 GGML type 17",
            ),
        ] {
            let checkpoint = Checkpoint::open(&folder.path().join(file)).unwrap();
            let line = |t: Tensor| format!("{} {} {}", t.name, t.extents(), t.encoding);
            let lines: Vec<String> = checkpoint.tensors().unwrap().into_iter().map(line).collect();
            assert_eq!(lines.join(", "), listed);
            assert_eq!(rows(&checkpoint.matrix(head).unwrap()), ROWS);
        }
    }

    #[test]
    fn of_shards_the_one_with_the_tensor_is_opened() {
        let index = r#"{"weight_map": {"lm_head.weight": "2.safetensors", "norm": "2.safetensors",
                        "ids": "2.safetensors", "embed": "1.safetensors"}}"#;
        let folder = folder(&[(INDEX, index.as_bytes()), ("2.safetensors", &example())]);
        let checkpoint = Checkpoint::open(folder.path()).unwrap();
        assert_eq!(rows(&checkpoint.matrix("lm_head.weight").unwrap()), ROWS);
        let said = checkpoint.matrix("embed").unwrap_err().to_string();
        assert!(said.contains("cannot read") && said.contains("1.safetensors"), "{said}");
        fs::write(folder.path().join("1.safetensors"), example()).unwrap();
        let said = checkpoint.matrix("embed").unwrap_err().to_string();
        assert!(said.contains("it has `embed` in") && said.contains("where it is not"), "{said}");
        assert_eq!(checkpoint.tensors().unwrap().len(), 6);
    }

    #[test]
    fn a_folder_with_one_file_is_that_file() {
        let one = folder(&[("weights.gguf", &example_gguf()), ("config.json", b"{}")]);
        assert!(Checkpoint::open(one.path()).is_ok());
        let named = folder(&[(MODEL, &example()), ("other.safetensors", b"x")]);
        assert!(Checkpoint::open(named.path()).is_ok());
        for (files, part) in [
            (&[("a.gguf", &b"x"[..]), ("b.gguf", b"x")][..], "give one of them"),
            (&[("pytorch_model.bin", b"x")], "holds no safetensors or GGUF file"),
            (&[("words.gguf", b"some words")], "is neither a safetensors nor a GGUF file"),
        ] {
            let said = Checkpoint::open(folder(files).path()).unwrap_err().to_string();
            assert!(said.contains(part), "{said}");
        }
    }

    #[test]
    fn what_is_no_head_is_refused_with_what_is_allowed() {
        let wide = f32s(&[0.0; 12]);
        let q2k = vec![0; 84];
        let file = gguf(&[
            ("line", 0, &[12], wide.clone()),
            ("cube", 0, &[3, 2, 2], wide.clone()),
            ("wide", 0, &[2, 6], wide.clone()),
            ("square", 0, &[2, 2], f32s(&[0.0; 4])),
            ("none", 0, &[3, 0], vec![]),
            ("q2k", 10, &[1, 256], q2k),
        ]);
        let folder = folder(&[("a.gguf", &file)]);
        let checkpoint = Checkpoint::open(&folder.path().join("a.gguf")).unwrap();
        for (name, part) in [
            ("line", "must be a matrix, got the shape [12]"),
            ("cube", "must be a matrix"),
            ("wide", "must have more rows than columns (tokens than dimensions), got 2 × 6"),
            ("square", "must have more rows"),
            ("none", "must have more rows"),
            ("q2k", "must be stored as F64, F32"),
            ("head", "has no tensor `head`; its matrices are `wide`, `square`, `none`, `q2k`"),
        ] {
            let said = checkpoint.matrix(name).unwrap_err().to_string();
            assert!(said.contains(part) && said.contains("a.gguf"), "{said}");
        }
    }

    /// A safetensors file with this header.
    fn headed(header: &str, data: &[u8]) -> Vec<u8> {
        [&(header.len() as u64).to_le_bytes(), header.as_bytes(), data].concat()
    }

    #[test]
    fn hostile_files_get_a_sentence() {
        let one = |start: u64, end: u64, shape: &str| {
            format!(r#"{{"w":{{"dtype":"F32","shape":{shape},"data_offsets":[{start},{end}]}}}}"#)
        };
        let overlapping = r#"{"v":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},
                              "w":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}"#;
        let mut version = example_gguf();
        version[4] = 9;
        let mut many = example_gguf();
        many[8..16].copy_from_slice(&u64::MAX.to_le_bytes());
        let mut entries = example_gguf();
        entries[16..24].copy_from_slice(&u64::MAX.to_le_bytes());
        let long_name = [b"GGUF\x03\0\0\0".as_slice(), &[1; 16], &[0xFF; 7], &[0x0F]].concat();
        for (content, part) in [
            (vec![], "it is empty"),
            (example()[..40].to_vec(), "is damaged"),
            (example()[..example().len() - 1].to_vec(), "is damaged"),
            (u64::MAX.to_le_bytes().to_vec(), "is damaged"),
            ([&(1_u64 << 60).to_le_bytes()[..], b"{}"].concat(), "is damaged"),
            (headed("{", b""), "is damaged"),
            (headed(&one(0, 8, "[2]"), &[0; 4]), "is damaged"),
            (headed(&one(0, u64::MAX, "[2]"), &[0; 8]), "is damaged"),
            (headed(&one(8, 0, "[2]"), &[0; 8]), "is damaged"),
            (headed(&one(0, 8, "[4611686018427387904,4]"), &[0; 8]), "is damaged"),
            (headed(&one(0, 8, "[2]").replace("F32", "F31"), &[0; 8]), "is damaged"),
            (headed(overlapping, &[0; 6]), "is damaged"),
            (version, "its version must be 2 or 3, got 9"),
            (many, "is damaged"),
            (entries, "is damaged"),
            (long_name, "its header is cut off"),
            (example_gguf()[..60].to_vec(), "its header is cut off"),
            (example_gguf()[..example_gguf().len() - 100].to_vec(), "ends beyond the file"),
            (gguf(&[("w", 8, &[3, 31], vec![])]), "impossible shape"),
            (gguf(&[("w", 0, &[1 << 40, 1 << 40], vec![])]), "impossible shape"),
            (gguf(&[("w", 0, &[1, 1, 1, 1, 1], vec![])]), "at most 4 extents, got 5"),
            (b"\x80\x02}q\0.................".to_vec(), "convert it to safetensors"),
            (b"PK\x03\x04..................".to_vec(), "pickled"),
            (b"just some words".to_vec(), "is damaged"),
        ] {
            let folder = folder(&[(MODEL, &content)]);
            let said = Checkpoint::open(folder.path()).unwrap_err().to_string();
            assert!(said.contains(part) && said.contains(MODEL), "{part}: {said}");
        }
    }

    #[test]
    fn tensors_of_a_gguf_file_may_not_overlap() {
        let mut file = example_gguf();
        let name = file.windows(13).position(|w| w == b"output.weight").unwrap();
        // Behind the name: the number of extents, two extents, the type, and where it begins.
        let place = name + 13 + 4 + 16 + 4;
        file[place..place + 8].copy_from_slice(&4_u64.to_le_bytes());
        let said = tensors(&file, Path::new("f")).unwrap_err().to_string();
        assert!(said.contains("`norm` and `output.weight` overlap"), "{said}");
    }

    #[test]
    fn hostile_folders_get_a_sentence() {
        for (index, part) in [
            ("{", "is damaged"),
            ("[]", "`weight_map` must name a file"),
            (r#"{"weight_map": {"w": 3}}"#, "`weight_map` must name a file"),
            (r#"{"weight_map": {"w": "../../etc/passwd"}}"#, "must be a file beside it"),
            (r#"{"weight_map": {"w": "/etc/passwd"}}"#, "must be a file beside it"),
        ] {
            let said = Checkpoint::open(folder(&[(INDEX, index.as_bytes())]).path());
            assert!(said.unwrap_err().to_string().contains(part), "{part}");
        }
        assert!(
            Checkpoint::open(Path::new("/nowhere")).unwrap_err().to_string().contains("/nowhere")
        );
    }

    #[cfg(unix)]
    #[test]
    fn links_in_a_circle_and_devices_get_a_sentence() {
        let folder = folder(&[]);
        let (a, b) = (folder.path().join(MODEL), folder.path().join("b"));
        std::os::unix::fs::symlink(&a, &b).unwrap();
        std::os::unix::fs::symlink(&b, &a).unwrap();
        assert!(Checkpoint::open(&a).unwrap_err().to_string().contains("cannot read"));
        assert!(Checkpoint::open(folder.path()).is_err());
        let said = Checkpoint::open(Path::new("/dev/zero")).unwrap_err().to_string();
        assert!(said.contains("is neither a file nor a folder"), "{said}");
    }

    /// A file of either format with some bytes changed, put in or taken out.
    fn mutated() -> impl Strategy<Value = Vec<u8>> {
        let change = (any::<proptest::sample::Index>(), any::<u8>(), 0..4_u8);
        (any::<bool>(), proptest::collection::vec(change, 0..6), any::<u64>()).prop_map(
            |(is_gguf, changes, number)| {
                let mut file = if is_gguf { example_gguf() } else { example() };
                for (at, byte, kind) in changes {
                    // Headers are small and most is in them.
                    let at = at.index(file.len()).min(at.index(500.min(file.len())));
                    match kind {
                        0 => file[at] = byte,
                        1 => file.insert(at, byte),
                        2 => drop(file.remove(at)),
                        _ => file
                            .iter_mut()
                            .skip(at)
                            .zip(number.to_le_bytes())
                            .for_each(|(old, new)| *old = new),
                    }
                    if file.is_empty() {
                        break;
                    }
                }
                file
            },
        )
    }

    proptest! {
        #[test]
        fn no_damage_makes_the_readers_panic(file in mutated()) {
            if let Ok(found) = tensors(&file, Path::new("file")) {
                let content = mapped(&file);
                for tensor in found {
                    prop_assert!(tensor.bytes.end <= content.len());
                    if let Ok(matrix) = Matrix::new(&tensor, Arc::clone(&content)) {
                        prop_assert_eq!(rows(&matrix).len() % matrix.width(), 0);
                    }
                }
            }
        }

        #[test]
        fn no_bytes_make_the_readers_panic(
            tail in proptest::collection::vec(any::<u8>(), 0..200),
            is_gguf in any::<bool>(),
        ) {
            let head: &[u8] = if is_gguf { b"GGUF\x03\0\0\0" } else { b"" };
            let _ = tensors(&[head, &tail].concat(), Path::new("a.safetensors"));
        }
    }
}
