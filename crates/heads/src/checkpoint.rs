//! The weights of a model: one file or several parts, and the tensors in them.
//!
//! Files are mapped, so that only what is looked at is read, and only while it is.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use memmap2::Mmap;
use superpose_files::disk::at;

use crate::config::Config;
use crate::error::HeadError;
use crate::gguf;
use crate::matrix::Matrix;
use crate::nature::nature;
use crate::part::Part;
use crate::place::{Place, damaged, few, unknown};
use crate::safetensors;
use crate::tensor::Tensor;

/// The weights of a model.
#[derive(Debug)]
pub struct Checkpoint {
    path: PathBuf,
    files: Vec<WeightFile>,
    /// Files that should be there and are not, or cannot be read.
    absent: Vec<PathBuf>,
    /// Tensors that an index says are in a file, and that no file has.
    promised: BTreeMap<String, PathBuf>,
    config: Config,
    remarks: Vec<String>,
}

/// One file, and the tensors that its header lists.
#[derive(Debug)]
pub(crate) struct WeightFile {
    path: PathBuf,
    tensors: Vec<Tensor>,
    /// Which part of a split model it says that it is, and of how many.
    part: Option<(u64, u64)>,
}

impl Checkpoint {
    /// The weights at `path`: a safetensors or GGUF file, an index of shards, a folder of a model or of a
    /// cache of the Hugging Face hub. A part stands for the whole. What a file is, its first bytes
    /// say.
    ///
    /// # Errors
    /// [`HeadError`], naming the file, when none can be read.
    pub fn open(path: &Path) -> Result<Self, HeadError> {
        let place = Place::of(path)?;
        let (mut files, mut errors) = (Vec::new(), Vec::new());
        for file in &place.files {
            match WeightFile::open(file) {
                Ok(opened) => files.push(opened),
                Err(error) => errors.push((file.clone(), error)),
            }
        }
        if files.is_empty() && !errors.is_empty() {
            return Err(errors.swap_remove(0).1);
        }
        let mut checkpoint = Self {
            path: path.to_owned(),
            files,
            absent: place.missing,
            promised: BTreeMap::new(),
            config: place.config.map(|path| Config::read(&path)).unwrap_or_default(),
            remarks: place.remarks,
        };
        checkpoint.note_what_is_missing(errors)?;
        checkpoint.promised =
            place.index.into_iter().filter(|(name, _)| checkpoint.tensor(name).is_none()).collect();
        Ok(checkpoint)
    }

    /// Remarks on parts that are not here or cannot be read.
    fn note_what_is_missing(&mut self, errors: Vec<(PathBuf, HeadError)>) -> Result<(), HeadError> {
        let shown = self.path.display();
        if !self.absent.is_empty() {
            let names = few(self.absent.iter().map(|path| file_name(path)));
            self.remarks.push(format!("of the parts of `{shown}` these are not here: {names}"));
        }
        for (path, error) in errors {
            self.remarks.push(format!("a part is left out: {error}"));
            self.absent.push(path);
        }
        for file in &self.files {
            let Some((number, count)) = file.part else { continue };
            match Part::of(&file_name(&file.path)) {
                Some(part) if (part.number as u64, part.count as u64) == (number, count) => {}
                Some(_) => {
                    let problem = format!("it says that it is part {number} of {count}");
                    return Err(damaged(&file.path, &problem));
                }
                None => {
                    self.remarks.push(format!(
                        "`{}` is part {number} of {count}, and its name does not say where the others are",
                        file.path.display()
                    ));
                    self.absent.push(file.path.clone());
                }
            }
        }
        Ok(())
    }

    /// The path that it was opened with.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What a person should know of how it was found: parts that are missing, an index that is stale.
    pub fn remarks(&self) -> &[String] {
        &self.remarks
    }

    /// The files that were read, without links.
    pub fn files(&self) -> Vec<PathBuf> {
        let real = |file: &WeightFile| file.path.canonicalize().unwrap_or(file.path.clone());
        self.files.iter().map(real).collect()
    }

    /// All tensors, file by file.
    pub fn tensors(&self) -> impl Iterator<Item = &Tensor> {
        self.files.iter().flat_map(|file| &file.tensors)
    }

    /// The tensor called `name`, and its file.
    pub(crate) fn tensor(&self, name: &str) -> Option<(&WeightFile, &Tensor)> {
        let of_file = |file: &'_ WeightFile| file.tensors.iter().position(|t| t.name == name);
        let mut found = self.files.iter().filter_map(|file| Some((file, of_file(file)?)));
        found.next().map(|(file, at)| (file, &file.tensors[at]))
    }

    /// Whether all parts of the model were read.
    pub(crate) fn is_whole(&self) -> bool {
        self.absent.is_empty() && self.promised.is_empty()
    }

    /// Tensors that an index promises and no file has, each with the file that should have it.
    pub(crate) fn promised(&self) -> &BTreeMap<String, PathBuf> {
        &self.promised
    }

    /// What the file `config.json` says of the model.
    pub(crate) fn config(&self) -> Config {
        self.config
    }

    /// The matrix called `name`, whatever it is the matrix of.
    ///
    /// # Errors
    /// As for [`Self::matrix`].
    pub(crate) fn any_matrix(&self, name: &str) -> Result<Matrix, HeadError> {
        let Some((file, tensor)) = self.tensor(name) else { return Err(self.missing(name)) };
        let content = map(&file.path)?;
        if tensor.bytes.end > content.len() {
            return Err(damaged(&file.path, "it has become shorter since its header was read"));
        }
        Matrix::new(tensor, content).map_err(|problem| {
            let packed = self.is_packed(name).then_some("; its scales are in tensors beside it");
            self.unfit(name, &format!("{problem}{}", packed.unwrap_or_default()))
        })
    }

    /// That the tensor called `name` has a problem.
    pub(crate) fn unfit(&self, name: &str, problem: &str) -> HeadError {
        let path = self.tensor(name).map_or(&self.path, |(file, _)| &file.path);
        HeadError::Content(format!("the tensor `{name}` of `{}` {problem}", path.display()))
    }

    /// Whether tensors beside `name` hold scales of its numbers.
    fn is_packed(&self, name: &str) -> bool {
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        const SCALES: [&str; 4] =
            [".scales", ".weight_scale", ".weight_scale_inv", ".weight.absmax"];
        SCALES.iter().any(|end| self.tensor(&format!("{stem}{end}")).is_some())
    }

    /// Why there is no tensor of this name.
    pub(crate) fn missing(&self, name: &str) -> HeadError {
        let path = self.path.display();
        HeadError::Content(match self.promised.get(name) {
            Some(file) if self.absent.contains(file) => {
                let file = file_name(file);
                format!("`{name}` of `{path}` is in `{file}`, which is not here or cannot be read")
            }
            Some(file) => {
                let file = file_name(file);
                format!("the index of `{path}` has `{name}` in `{file}`, where it is not")
            }
            None => {
                format!("`{path}` has no tensor `{name}`; its matrices are {}", self.matrices())
            }
        })
    }

    /// Whether two tensors have the same shape, encoding and bytes. Both are read.
    ///
    /// # Errors
    /// [`HeadError`] when a file cannot be read again.
    pub(crate) fn are_equal(&self, one: &str, other: &str) -> Result<bool, HeadError> {
        let Some((one, other)) = self.tensor(one).zip(self.tensor(other)) else { return Ok(false) };
        let is_alike = one.1.shape == other.1.shape
            && one.1.encoding.to_string() == other.1.encoding.to_string()
            && one.1.is_big_endian == other.1.is_big_endian
            && !one.1.bytes.is_empty();
        if !is_alike {
            return Ok(false);
        }
        let (a, b) = (map(&one.0.path)?, map(&other.0.path)?);
        let bytes = a.get(one.1.bytes.clone()).zip(b.get(other.1.bytes.clone()));
        Ok(bytes.is_some_and(|(a, b)| a == b))
    }

    /// The names of the matrices for an error: a few, and how many more.
    pub(crate) fn matrices(&self) -> String {
        let matrices = self.tensors().filter(|tensor| tensor.shape.len() == 2);
        let names = few(matrices.map(|tensor| tensor.name.clone()));
        match names.is_empty() {
            true => "none".to_owned(),
            false if names.ends_with(" more") => format!("{names} (--list)"),
            false => names,
        }
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
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
        if let Some(target) = link_in_words(path, metadata.len())? {
            return Self::open(&target);
        }
        let content = map(path)?;
        let gguf::Header { tensors, part } = header(&content, path)?;
        Ok(Self { path: path.to_owned(), tensors, part })
    }
}

/// What a link of the hub's cache points to that was copied as the words of its path, as is done
/// where there are no links.
fn link_in_words(path: &Path, n_bytes: u64) -> Result<Option<PathBuf>, HeadError> {
    const BLOBS: &str = "../../blobs/";
    const LONGEST: u64 = 200;
    if n_bytes > LONGEST {
        return Ok(None);
    }
    let mut words = Vec::new();
    let file = File::open(path).map_err(at("read", path))?;
    file.take(LONGEST).read_to_end(&mut words).map_err(at("read", path))?;
    let words = String::from_utf8(words).unwrap_or_default();
    let Some(blob) = words.trim_end().strip_prefix(BLOBS) else { return Ok(None) };
    let is_name = blob.bytes().all(|byte| byte.is_ascii_hexdigit());
    let target = path.parent().map(|folder| folder.join(BLOBS).join(blob));
    // A blob is no link, so that this ends.
    Ok(target.filter(|target| is_name && target.is_file() && !target.is_symlink()))
}

#[expect(unsafe_code, reason = "a file is mapped")]
fn map(path: &Path) -> Result<Arc<Mmap>, HeadError> {
    let file = File::open(path).map_err(at("read", path))?;
    // SAFETY: the mapping is read only. Whoever cuts the file short meanwhile ends this process by
    // a signal; other changes are read as numbers, every pattern of which is valid.
    let mapped = unsafe { Mmap::map(&file) }.map_err(at("read", path))?;
    Ok(Arc::new(mapped))
}

/// The header of a file, by the format that its first bytes tell.
fn header(content: &[u8], path: &Path) -> Result<gguf::Header, HeadError> {
    let is_headed = content.get(8) == Some(&b'{');
    let found = if content.starts_with(gguf::MAGIC) {
        gguf::header(content)
    } else if let Some((problem, advice)) = nature(content, path).filter(|_| !is_headed) {
        return Err(unknown(path, &problem, &advice));
    } else if is_headed || path.extension().is_some_and(|e| e == "safetensors") {
        safetensors::tensors(content).map(|tensors| gguf::Header { tensors, part: None })
    } else {
        let problem = "is neither a safetensors nor a GGUF file";
        return Err(unknown(path, problem, "give one of these"));
    };
    found.map_err(|problem| damaged(path, &problem))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::files::{Entry, f32s, folder, gguf, gguf_of, mapped, safetensors};

    const INDEX: &str = "model.safetensors.index.json";
    const MODEL: &str = "model.safetensors";

    fn tensors(content: &[u8], path: &Path) -> Result<Vec<Tensor>, HeadError> {
        header(content, path).map(|header| header.tensors)
    }

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
            ("packed", 17, &[256], vec![0; 66]),
            ("unknown", 99, &[256], vec![0; 66]),
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
                "norm 2 F32, output.weight 3 × 2 F32, token_embd.weight 64 × 32 Q8_0, packed 256 IQ2_XS, \
                 unknown 256 GGML type 99",
            ),
        ] {
            let checkpoint = Checkpoint::open(&folder.path().join(file)).unwrap();
            let line = |t: &Tensor| format!("{} {} {}", t.name, t.extents(), t.encoding);
            let lines: Vec<String> = checkpoint.tensors().map(line).collect();
            assert_eq!(lines.join(", "), listed);
            assert_eq!(rows(&checkpoint.matrix(head).unwrap()), ROWS);
        }
    }

    #[test]
    fn of_shards_those_that_are_there_are_read_and_the_others_named() {
        let index = r#"{"weight_map": {"lm_head.weight": "2.safetensors", "norm": "2.safetensors",
                        "ids": "2.safetensors", "embed": "1.safetensors", "lost": "2.safetensors"}}"#;
        let folder = folder(&[(INDEX, index.as_bytes()), ("2.safetensors", &example())]);
        for path in [folder.path().to_owned(), folder.path().join(INDEX)] {
            let checkpoint = Checkpoint::open(&path).unwrap();
            assert_eq!(rows(&checkpoint.matrix("lm_head.weight").unwrap()), ROWS);
            assert_eq!(checkpoint.tensors().count(), 3);
            assert!(!checkpoint.is_whole());
            let remarks = checkpoint.remarks().join("; ");
            assert!(remarks.contains("these are not here: `1.safetensors`"), "{remarks}");
            for (name, part) in [
                ("embed", "`embed` of"),
                ("embed", "is in `1.safetensors`, which is not here"),
                ("lost", "has `lost` in `2.safetensors`, where it is not"),
                ("else", "has no tensor `else`; its matrices are `lm_head.weight`"),
            ] {
                let said = checkpoint.matrix(name).unwrap_err().to_string();
                assert!(said.contains(part), "{said}");
            }
        }
        fs::write(folder.path().join("1.safetensors"), b"version https://git-lfs.github.com")
            .unwrap();
        let checkpoint = Checkpoint::open(folder.path()).unwrap();
        let remarks = checkpoint.remarks().join("; ");
        assert!(
            remarks.contains("a part is left out: ") && remarks.contains("git-lfs"),
            "{remarks}"
        );
        let said = checkpoint.matrix("embed").unwrap_err().to_string();
        assert!(said.contains("not here or cannot be read"), "{said}");
        fs::write(folder.path().join("1.safetensors"), example()).unwrap();
        let checkpoint = Checkpoint::open(folder.path()).unwrap();
        assert_eq!(checkpoint.tensors().count(), 6);
        let said = checkpoint.matrix("embed").unwrap_err().to_string();
        assert!(said.contains("has `embed` in `1.safetensors`, where it is not"), "{said}");
        fs::write(
            folder.path().join("1.safetensors"),
            safetensors(&[
                ("embed", "F32", &[1], f32s(&[1.0])),
                ("lost", "F32", &[1], f32s(&[1.0])),
            ]),
        )
        .unwrap();
        let checkpoint = Checkpoint::open(folder.path()).unwrap();
        assert!(checkpoint.is_whole() && checkpoint.remarks().is_empty());
        let none = self::folder(&[
            (INDEX, index.as_bytes()),
            ("2.safetensors", b"x"),
            ("1.safetensors", b"x"),
        ]);
        assert!(Checkpoint::open(none.path()).unwrap_err().to_string().contains("1.safetensors"));
    }

    #[test]
    fn a_folder_with_one_file_is_that_file() {
        let one = folder(&[("weights.gguf", &example_gguf()), ("config.json", b"{}")]);
        assert!(Checkpoint::open(one.path()).is_ok());
        let named = folder(&[(MODEL, &example()), ("other.safetensors", b"x")]);
        assert!(Checkpoint::open(named.path()).is_ok());
        for (files, part) in [
            (
                &[("a.gguf", &b"x"[..]), ("b.gguf", b"x")][..],
                "give one of them: `a.gguf`, `b.gguf`",
            ),
            (
                &[("pytorch_model.bin", b"x")],
                "`pytorch_model.bin` must be converted to safetensors",
            ),
            (
                &[("words.txt", b"x")],
                "holds no safetensors or GGUF file; give the folder of a model",
            ),
            (&[("words.gguf", b"some words")], "is text and no weights"),
            (&[("odd.gguf", b"\x01\x02")], "is neither a safetensors nor a GGUF file"),
        ] {
            let said = Checkpoint::open(folder(files).path()).unwrap_err().to_string();
            assert!(said.contains(part), "{said}");
        }
    }

    #[test]
    fn parts_of_a_split_gguf_file_say_which_they_are() {
        let part = |number: u16, count: u16, name: &str| {
            let entries: [Entry<'_>; 2] = [
                ("split.no", 2, number.to_le_bytes().to_vec()),
                ("split.count", 2, count.to_le_bytes().to_vec()),
            ];
            gguf_of(&[(name, 0, &[3, 2], f32s(&ROWS))], 3, &entries)
        };
        let (one, two) = (part(0, 2, "token_embd.weight"), part(1, 2, "output.weight"));
        let names = ["t-00001-of-00002.gguf", "t-00002-of-00002.gguf"];
        let both = folder(&[(names[0], &one), (names[1], &two)]);
        for path in [both.path().to_owned(), both.path().join(names[0]), both.path().join(names[1])]
        {
            let whole = Checkpoint::open(&path).unwrap();
            assert!(whole.is_whole() && whole.remarks().is_empty());
            assert_eq!(rows(&whole.matrix("output.weight").unwrap()), ROWS);
            assert_eq!(whole.files().len(), 2);
        }
        let one_alone = folder(&[(names[0], &one), ("renamed.gguf", &two)]);
        let checkpoint = Checkpoint::open(&one_alone.path().join(names[0])).unwrap();
        assert!(!checkpoint.is_whole());
        assert!(checkpoint.remarks()[0].contains("these are not here: `t-00002-of-00002.gguf`"));
        let checkpoint = Checkpoint::open(&one_alone.path().join("renamed.gguf")).unwrap();
        assert!(!checkpoint.is_whole());
        assert!(checkpoint.remarks()[0].contains("is part 2 of 2, and its name does not say"));
        let wrong = folder(&[(names[0], &two), (names[1], &two)]);
        let said = Checkpoint::open(wrong.path()).unwrap_err().to_string();
        assert!(said.contains("it says that it is part 2 of 2"), "{said}");
        // A whole file may be called a part of one.
        let whole = folder(&[("t-00001-of-00002.gguf", &example_gguf())]);
        assert!(!Checkpoint::open(whole.path()).unwrap().is_whole());
    }

    #[test]
    fn older_gguf_files_and_those_of_big_endian_machines_are_read() {
        let entries: [Entry<'_>; 2] = [
            ("general.architecture", 8, b"\x01\0\0\0\0\0\0\0x".to_vec()),
            ("split.count", 4, 7_u32.to_le_bytes().to_vec()),
        ];
        let three = gguf_of(&[("output.weight", 0, &[3, 2], f32s(&ROWS))], 3, &entries);
        let two = gguf_of(&[("output.weight", 0, &[3, 2], f32s(&ROWS))], 2, &entries);
        let one = crate::files::gguf_1("output.weight", &[3, 2], &f32s(&ROWS));
        let big = crate::files::big_endian_gguf("output.weight", &[3, 2], &ROWS);
        for (file, is_big_endian) in [(three, false), (two, false), (one, false), (big, true)] {
            let folder = folder(&[("a.gguf", &file)]);
            let checkpoint = Checkpoint::open(folder.path()).unwrap();
            assert_eq!(checkpoint.tensors().next().unwrap().is_big_endian, is_big_endian);
            assert_eq!(rows(&checkpoint.matrix("output.weight").unwrap()), ROWS);
            assert!(checkpoint.is_whole());
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_of_the_hubs_cache_are_followed_and_their_words_where_there_are_no_links() {
        let folder = folder(&[]);
        let repository = folder.path().join("models--org--tiny");
        let state = repository.join("snapshots/0123abcd");
        fs::create_dir_all(&state).unwrap();
        fs::create_dir(repository.join("blobs")).unwrap();
        fs::write(repository.join("blobs/6d1f"), example()).unwrap();
        std::os::unix::fs::symlink("../../blobs/6d1f", state.join(MODEL)).unwrap();
        let paths = || [repository.clone(), state.clone(), state.join(MODEL)];
        for path in paths() {
            assert_eq!(Checkpoint::open(&path).unwrap().tensors().count(), 3);
        }
        fs::remove_file(state.join(MODEL)).unwrap();
        fs::write(state.join(MODEL), "../../blobs/6d1f\n").unwrap();
        for path in paths() {
            assert_eq!(Checkpoint::open(&path).unwrap().tensors().count(), 3);
        }
        for words in
            ["../../blobs/7777", "../../blobs/../blobs/6d1f", "../../blobs/", "/etc/passwd"]
        {
            fs::write(state.join(MODEL), words).unwrap();
            let said = Checkpoint::open(&state).unwrap_err().to_string();
            assert!(said.contains("is text and no weights"), "{said}");
        }
    }

    #[test]
    fn a_matrix_beside_its_scales_is_packed() {
        let file = safetensors(&[
            ("lm_head.weight", "U32", &[3, 1], vec![0; 12]),
            ("lm_head.scales", "F16", &[3, 1], vec![0; 6]),
            ("other.weight", "I8", &[3, 1], vec![0; 3]),
            ("f8.weight", "F8_E4M3", &[3, 2], vec![0; 6]),
            ("f8.weight_scale", "F32", &[1], vec![0; 4]),
        ]);
        let folder = folder(&[(MODEL, &file)]);
        let checkpoint = Checkpoint::open(folder.path()).unwrap();
        let said = |name: &str| checkpoint.matrix(name).unwrap_err().to_string();
        let (packed, plain) = (said("lm_head.weight"), said("other.weight"));
        assert!(packed.ends_with("got U32; its scales are in tensors beside it"), "{packed}");
        assert!(plain.ends_with("got I8"), "{plain}");
        assert!(said("f8.weight").ends_with("got F8_E4M3; its scales are in tensors beside it"));
    }

    #[test]
    fn a_matrix_has_more_tokens_than_dimensions_where_their_number_is_known() {
        let embedding = ("shared.weight", "F32", &[2_usize, 3][..], f32s(&ROWS));
        let head = ("lm_head.weight", "F32", &[2_usize, 3][..], f32s(&ROWS));
        let with = folder(&[(MODEL, &safetensors(&[embedding, head.clone()]))]);
        let said = Checkpoint::open(with.path()).unwrap().matrix("lm_head.weight").unwrap_err();
        assert!(said.to_string().contains("has 2 tokens of 3 dimensions"), "{said}");
        let alone = safetensors(&[head]);
        let folder = folder(&[(MODEL, &alone)]);
        let turned = Checkpoint::open(folder.path()).unwrap().matrix("lm_head.weight").unwrap();
        assert!(turned.is_turned() && rows(&turned) == [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
        fs::write(folder.path().join("config.json"), r#"{"vocab_size": 2}"#).unwrap();
        assert!(Checkpoint::open(folder.path()).unwrap().matrix("lm_head.weight").is_err());
        fs::write(folder.path().join("config.json"), r#"{"vocab_size": 3}"#).unwrap();
        assert!(Checkpoint::open(folder.path()).unwrap().matrix("lm_head.weight").is_ok());
    }

    #[test]
    fn tensors_are_equal_by_shape_encoding_and_bytes() {
        let file = safetensors(&[
            ("a", "F32", &[3, 2], f32s(&ROWS)),
            ("b", "F32", &[3, 2], f32s(&ROWS)),
            ("c", "F32", &[2, 3], f32s(&ROWS)),
            ("d", "I32", &[3, 2], f32s(&ROWS)),
            ("e", "F32", &[3, 2], f32s(&[1.0, 2.0, 3.0, 4.0, 5.0, 7.0])),
            ("f", "F32", &[0, 2], vec![]),
            ("g", "F32", &[0, 2], vec![]),
        ]);
        let folder = folder(&[(MODEL, &file)]);
        let checkpoint = Checkpoint::open(folder.path()).unwrap();
        let with_a = |name: &str| checkpoint.are_equal("a", name).unwrap();
        assert_eq!(
            ["a", "b", "c", "d", "e", "x"].map(with_a),
            [true, true, false, false, false, false]
        );
        // Nothing says nothing.
        assert!(!checkpoint.are_equal("f", "g").unwrap());
    }

    #[test]
    fn what_is_no_head_is_refused_with_what_is_allowed() {
        let wide = f32s(&[0.0; 12]);
        let q2k = vec![0; 84];
        let file = gguf(&[
            ("line", 0, &[12], wide.clone()),
            ("cube", 0, &[3, 2, 2], wide.clone()),
            ("narrow", 0, &[6, 2], wide.clone()),
            ("square", 0, &[2, 2], f32s(&[0.0; 4])),
            ("none", 0, &[3, 0], vec![]),
            ("q2k", 10, &[1, 256], q2k),
        ]);
        let folder = folder(&[("a.gguf", &file)]);
        let checkpoint = Checkpoint::open(&folder.path().join("a.gguf")).unwrap();
        for (name, part) in [
            ("line", "must be a matrix, got the shape [12]"),
            ("cube", "must be a matrix"),
            (
                "square",
                "must have more rows than columns (tokens than dimensions) or be stored the other way round, got 2 × 2",
            ),
            ("none", "must have more rows"),
            ("q2k", "must be stored as F64, F32"),
            ("head", "has no tensor `head`; its matrices are `narrow`, `square`, `none`, `q2k`"),
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
        let cut = gguf(&[("w", 0, &[3, 2], f32s(&ROWS)[..21].to_vec())]);
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
            (example()[..example().len() - 1].to_vec(), "it ends 1 byte early"),
            (example()[..50].to_vec(), "bytes early, within its header"),
            ([example(), vec![0; 7]].concat(), "it has 7 bytes more than its header says"),
            (u64::MAX.to_le_bytes().to_vec(), "is damaged"),
            ([&(1_u64 << 60).to_le_bytes()[..], b"{}"].concat(), "is damaged"),
            (headed("{", b""), "is damaged"),
            (headed(&one(0, 8, "[2]"), &[0; 4]), "is damaged"),
            (headed(&one(0, u64::MAX, "[2]"), &[0; 8]), "is damaged"),
            (headed(&one(8, 0, "[2]"), &[0; 8]), "is damaged"),
            (headed(&one(0, 8, "[4611686018427387904,4]"), &[0; 8]), "is damaged"),
            (headed(&one(0, 8, "[2]").replace("F32", "F31"), &[0; 8]), "is damaged"),
            (headed(overlapping, &[0; 6]), "is damaged"),
            (version, "its version must be 1, 2 or 3, got 9"),
            (many, "is damaged"),
            (entries, "is damaged"),
            (long_name, "its header is cut off"),
            (example_gguf()[..60].to_vec(), "its header is cut off"),
            (
                example_gguf()[..example_gguf().len() - 100].to_vec(),
                "bytes early, within its tensor `unknown`",
            ),
            (cut, "it ends 3 bytes early, within its tensor `w`"),
            (gguf(&[("w", 8, &[3, 31], vec![])]), "impossible shape"),
            (gguf(&[("w", 0, &[1 << 40, 1 << 40], vec![])]), "impossible shape"),
            (gguf(&[("w", 0, &[1, 1, 1, 1, 1], vec![])]), "at most 4 extents, got 5"),
            (b"\x80\x02}q\0.................".to_vec(), "convert it to safetensors"),
            (b"PK\x03\x04..................".to_vec(), "is a zip archive"),
            (b"just some words".to_vec(), "is text and no weights"),
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
