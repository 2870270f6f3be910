//! Which files a path stands for: itself, the parts of a model that was split, the files that an
//! index names, or what a folder or a cache of the Hugging Face hub holds.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

use superpose_files::disk::{at, folder_of};

use crate::error::HeadError;
use crate::part::Part;

/// What a folder with shards has in it: which tensor is in which file.
const INDEX: &str = "model.safetensors.index.json";
/// The file of a folder that has several.
const MODEL: &str = "model.safetensors";
/// What the model was built with.
const CONFIG: &str = "config.json";
/// What a cache of the Hugging Face hub keeps a repository's states in.
const SNAPSHOTS: &str = "snapshots";
/// Folders within each other that are searched.
const DEEPEST: usize = 3;
/// Folders that are searched.
const MOST_FOLDERS: usize = 1000;

/// The files of a model.
#[derive(Debug, Default)]
pub(crate) struct Place {
    /// Those that are there.
    pub(crate) files: Vec<PathBuf>,
    /// Those that are not.
    pub(crate) missing: Vec<PathBuf>,
    /// The file that each tensor is in, as an index says.
    pub(crate) index: BTreeMap<String, PathBuf>,
    /// The configuration that belongs to them, whether it is there or not.
    pub(crate) config: Option<PathBuf>,
    /// What a person should know of how they were found.
    pub(crate) remarks: Vec<String>,
}

impl Place {
    /// The files of the model at `path`.
    ///
    /// # Errors
    /// [`HeadError`] with the files or folders there are, when it is not one model.
    pub(crate) fn of(path: &Path) -> Result<Self, HeadError> {
        let metadata = fs::metadata(path).map_err(at("read", path))?;
        if metadata.is_dir() {
            return Self::of_folder(path);
        }
        if is_index(&name(path)) {
            return Self::of_index(path);
        }
        let Some(part) = Part::of(&name(path)) else {
            let is_model = path.file_stem().is_some_and(|stem| stem == "model");
            let config = is_model.then(|| path.with_file_name(CONFIG));
            return Ok(Self { files: vec![path.to_owned()], config, ..Self::default() });
        };
        // An index that names the part knows more than the parts' names.
        let folder = folder_of(path);
        for index in indices(&listing(folder)?.files) {
            let place = Self::of_index(&folder.join(index));
            if let Ok(place) = place
                && place.files.iter().any(|file| *file == folder.join(name(path)))
            {
                return Ok(place);
            }
        }
        Self::of_parts(folder, &part)
    }

    /// All parts of which `part` is one.
    fn of_parts(folder: &Path, part: &Part) -> Result<Self, HeadError> {
        let here: BTreeSet<String> = listing(folder)?.files.into_iter().collect();
        let (files, missing): (Vec<String>, Vec<String>) =
            part.all(|name| here.contains(name)).into_iter().partition(|name| here.contains(name));
        let of_folder = |names: Vec<String>| names.iter().map(|name| folder.join(name)).collect();
        let config = Some(folder.join(CONFIG));
        let (files, missing) = (of_folder(files), of_folder(missing));
        Ok(Self { files, missing, config, ..Self::default() })
    }

    /// The files that an index names.
    fn of_index(path: &Path) -> Result<Self, HeadError> {
        let index = read_index(path)?;
        let all: BTreeSet<&PathBuf> = index.values().collect();
        let (files, missing): (Vec<PathBuf>, Vec<PathBuf>) =
            all.into_iter().cloned().partition(|file| file.exists());
        if files.is_empty() {
            return Err(HeadError::Content(stale(path, &missing)));
        }
        let config = Some(path.with_file_name(CONFIG));
        Ok(Self { files, missing, index, config, ..Self::default() })
    }

    fn of_folder(folder: &Path) -> Result<Self, HeadError> {
        if let Some((snapshot, remark)) = snapshot(folder)? {
            let mut place = Self::of_folder(&snapshot)?;
            place.remarks.extend(remark);
            return Ok(place);
        }
        let Listing { files, folders } = listing(folder)?;
        let mut stale_index = None;
        if let [index] = &indices(&files)[..] {
            let index = folder.join(index);
            let named: BTreeSet<PathBuf> = read_index(&index)?.into_values().collect();
            if named.iter().any(|file| file.exists()) {
                return Self::of_index(&index);
            }
            stale_index = Some(stale(&index, &named.into_iter().collect::<Vec<_>>()));
        }
        let mut place = match (Self::of_files(folder, &files)?, &stale_index) {
            (Some(place), _) => place,
            (None, Some(stale)) => return Err(HeadError::Content(stale.clone())),
            (None, None) => Self::of_folders(folder, &folders, &files)?,
        };
        if let Some(stale) = stale_index {
            place
                .remarks
                .push(format!("{stale}; taken are {}", few(place.files.iter().map(|f| name(f)))));
        }
        Ok(place)
    }

    /// The one model of the files of a folder, if there are any.
    fn of_files(folder: &Path, files: &[String]) -> Result<Option<Self>, HeadError> {
        let config = Some(folder.join(CONFIG));
        let alone = |file: &str| Self {
            files: vec![folder.join(file)],
            config: config.clone(),
            ..Self::default()
        };
        if files.iter().any(|file| file == MODEL) {
            return Ok(Some(alone(MODEL)));
        }
        // Of the parts of one model the first one, and every other file.
        let mut models: Vec<(&String, Option<Part>)> = Vec::new();
        for file in files.iter().filter(|file| is_weights(file)) {
            let part = Part::of(file);
            let is_known = |known: &Part| part.as_ref().is_some_and(|part| part.is_sister(known));
            if !models.iter().any(|(_, known)| known.as_ref().is_some_and(is_known)) {
                models.push((file, part));
            }
        }
        match &models[..] {
            [] => Ok(None),
            [(_, Some(part))] => Self::of_parts(folder, part).map(Some),
            [(file, None)] => Ok(Some(alone(file))),
            _ => {
                let names = few(models.iter().map(|(file, _)| (*file).clone()));
                let problem = "holds several models and no index of shards";
                Err(unknown(folder, problem, &format!("give one of them: {names}")))
            }
        }
    }

    /// The one model in the folders of a folder that holds none itself.
    fn of_folders(folder: &Path, folders: &[String], files: &[String]) -> Result<Self, HeadError> {
        let mut found = Vec::new();
        let mut left = MOST_FOLDERS;
        let inner: Vec<PathBuf> = folders.iter().map(|name| folder.join(name)).collect();
        search(inner, DEEPEST, &mut left, &mut found);
        let shown =
            |found: &PathBuf| found.strip_prefix(folder).unwrap_or(found).display().to_string();
        match &found[..] {
            [] => {
                let others = files.iter().filter(|file| is_other_weights(file)).cloned();
                let others = Some(few(others)).filter(|others| !others.is_empty());
                let advice = "give the folder of a model, or a file";
                let advice = others.map_or(advice.to_owned(), |others| {
                    format!("{others} must be converted to safetensors")
                });
                Err(unknown(folder, "holds no safetensors or GGUF file", &advice))
            }
            [one] => {
                let mut place = Self::of_folder(one)?;
                let (folder, one) = (folder.display(), shown(one));
                place
                    .remarks
                    .push(format!("`{folder}` holds no weights itself; its folder `{one}` does"));
                Ok(place)
            }
            _ => {
                let names = few(found.iter().map(shown));
                let problem = "holds no weights itself, but several of its folders do";
                Err(unknown(folder, problem, &format!("give one of them: {names}")))
            }
        }
    }
}

/// Which tensor is in which file, from an index.
fn read_index(index: &Path) -> Result<BTreeMap<String, PathBuf>, HeadError> {
    let text = fs::read(index).map_err(at("read", index))?;
    let value: serde_json::Value =
        serde_json::from_slice(&text).map_err(|e| damaged(index, &e.to_string()))?;
    let wrong = || damaged(index, "`weight_map` must name a file for each tensor");
    let map = value["weight_map"].as_object().filter(|map| !map.is_empty()).ok_or_else(wrong)?;
    map.iter()
        .map(|(name, file)| {
            let file = file.as_str().ok_or_else(wrong)?;
            let mut parts = Path::new(file).components();
            if !matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None)) {
                let problem = format!("the shard `{file}` must be a file beside it");
                return Err(damaged(index, &problem));
            }
            Ok((name.clone(), folder_of(index).join(file)))
        })
        .collect()
}

fn stale(index: &Path, named: &[PathBuf]) -> String {
    let names = few(named.iter().map(|file| name(file)));
    format!("the index `{}` names files that are not here: {names}", index.display())
}

/// The state of a repository in a cache of the hub that is meant, and what to say of it; `None` of
/// other folders.
fn snapshot(folder: &Path) -> Result<Option<(PathBuf, Option<String>)>, HeadError> {
    let snapshots = folder.join(SNAPSHOTS);
    if !snapshots.is_dir() {
        return Ok(None);
    }
    let states = listing(&snapshots)?.folders;
    let main = fs::read_to_string(folder.join("refs/main")).ok().map(|text| text.trim().to_owned());
    if let Some(main) = states.iter().find(|state| main.as_ref() == Some(state)) {
        return Ok(Some((snapshots.join(main), None)));
    }
    match &states[..] {
        [] => Err(unknown(folder, "holds no snapshot of its repository", "fetch one")),
        [state] => {
            let remark = main.map(|main| {
                format!(
                    "`refs/main` of `{}` is {main}, which is not here; {state} is",
                    folder.display()
                )
            });
            Ok(Some((snapshots.join(state), remark)))
        }
        _ => {
            let problem =
                "holds several snapshots of its repository, and none that `refs/main` names";
            let names = few(states.iter().map(|state| format!("{SNAPSHOTS}/{state}")));
            Err(unknown(folder, problem, &format!("give one of them: {names}")))
        }
    }
}

/// The folders below `folders` that hold weights; those within such a folder are its own.
fn search(folders: Vec<PathBuf>, depth: usize, left: &mut usize, found: &mut Vec<PathBuf>) {
    for folder in folders {
        let Some(fewer) = left.checked_sub(1) else { return };
        *left = fewer;
        // What may not be read holds nothing for us.
        let Ok(listing) = listing(&folder) else { continue };
        if listing.holds_weights() {
            found.push(folder);
        } else if depth > 1 {
            let inner = listing.folders.iter().map(|name| folder.join(name)).collect();
            search(inner, depth - 1, left, found);
        }
    }
}

/// The names in a folder, in order; links to files and folders are such.
struct Listing {
    files: Vec<String>,
    /// But for hidden ones and links, which may go round in circles.
    folders: Vec<String>,
}

impl Listing {
    fn holds_weights(&self) -> bool {
        self.files.iter().any(|file| is_weights(file))
            || !indices(&self.files).is_empty()
            || self.folders.iter().any(|folder| folder == SNAPSHOTS)
    }
}

fn listing(folder: &Path) -> Result<Listing, HeadError> {
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(folder).map_err(at("read", folder))? {
        let entry = entry.map_err(at("read", folder))?;
        let kind = entry.file_type().map_err(at("read", &entry.path()))?;
        // A name that is no text is no name of weights that anybody gives.
        let Ok(name) = entry.file_name().into_string() else { continue };
        if kind.is_dir() {
            if !name.starts_with('.') {
                folders.push(name);
            }
        } else if !kind.is_symlink() || !entry.path().is_dir() {
            files.push(name);
        }
    }
    files.sort_unstable();
    folders.sort_unstable();
    Ok(Listing { files, folders })
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn has_extension(file: &str, extensions: &[&str]) -> bool {
    Path::new(file).extension().is_some_and(|e| extensions.iter().any(|known| e == *known))
}

fn is_weights(file: &str) -> bool {
    has_extension(file, &["safetensors", "gguf"])
}

fn is_other_weights(file: &str) -> bool {
    const OTHERS: [&str; 9] = ["bin", "pt", "pth", "ckpt", "pkl", "h5", "msgpack", "npz", "onnx"];
    has_extension(file, &OTHERS)
}

/// Whether it is the name of an index: `model.safetensors.index.json`, or with a variant before
/// `json`.
fn is_index(file: &str) -> bool {
    file.contains(".safetensors.index.") && has_extension(file, &["json"])
}

/// The index of a folder: the usual one, or else all there are.
fn indices(files: &[String]) -> Vec<&String> {
    let all: Vec<&String> = files.iter().filter(|file| is_index(file)).collect();
    let usual = all.iter().copied().find(|file| *file == INDEX);
    usual.map_or(all, |usual| vec![usual])
}

/// A few names for a sentence, and how many more.
pub(crate) fn few(names: impl IntoIterator<Item = String>) -> String {
    const FEW: usize = 8;
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    let shown = names.iter().take(FEW).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > FEW { format!("{shown} and {} more", names.len() - FEW) } else { shown }
}

pub(crate) fn damaged(path: &Path, problem: &str) -> HeadError {
    HeadError::Content(format!("`{}` is damaged: {problem}", path.display()))
}

pub(crate) fn unknown(path: &Path, problem: &str, advice: &str) -> HeadError {
    HeadError::Content(format!("`{}` {problem}; {advice}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with files that hold their own name, or an index of the words behind a colon.
    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let (name, words) = file.split_once(':').unwrap_or((file, ""));
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let map: serde_json::Map<String, serde_json::Value> = words
                .split_whitespace()
                .enumerate()
                .map(|(k, file)| (format!("w{k}"), file.into()))
                .collect();
            let index = serde_json::json!({ "weight_map": map }).to_string();
            let content = if is_index(name) { index } else { words.to_owned() };
            fs::write(path, content).unwrap();
        }
        folder
    }

    /// What is found at a path in such a folder: files, missing ones and remarks, or what is wrong.
    fn found(files: &[&str], path: &str) -> String {
        let folder = folder(files);
        let names = |paths: &[PathBuf]| {
            let short =
                |path: &PathBuf| path.strip_prefix(folder.path()).unwrap().display().to_string();
            paths.iter().map(short).collect::<Vec<_>>().join(" ")
        };
        match Place::of(&folder.path().join(path)) {
            Ok(place) => format!(
                "{} | {} | {}",
                names(&place.files),
                names(&place.missing),
                place.remarks.join("; ")
            ),
            Err(error) => error.to_string(),
        }
    }

    const A: [&str; 2] = ["m-00001-of-00002.safetensors", "m-00002-of-00002.safetensors"];
    const BOTH: &str = "m-00001-of-00002.safetensors m-00002-of-00002.safetensors |  | ";

    #[test]
    fn a_file_is_itself_and_a_part_all_parts() {
        assert_eq!(found(&["a.gguf", "b.gguf"], "b.gguf"), "b.gguf |  | ");
        for path in [A[0], A[1], ""] {
            assert_eq!(found(&[A[0], A[1], "notes.txt"], path), BOTH, "{path}");
        }
        let half = "m-00002-of-00002.safetensors | m-00001-of-00002.safetensors | ";
        assert_eq!(found(&[A[1]], A[1]), half);
        assert_eq!(found(&[A[1]], ""), half);
    }

    #[test]
    fn an_index_names_the_files() {
        let index = "model.safetensors.index.json:1.safetensors 2.safetensors 1.safetensors";
        let files = ["1.safetensors", "2.safetensors", "3.safetensors", index];
        for path in ["", "model.safetensors.index.json"] {
            assert_eq!(found(&files, path), "1.safetensors 2.safetensors |  | ");
            assert_eq!(found(&files[1..], path), "2.safetensors | 1.safetensors | ");
        }
        // Of several the usual one; another alone will do; of two others neither.
        let other = "x.safetensors.index.fp16.json:3.safetensors";
        assert_eq!(
            found(&[files[0], files[1], files[2], index, other], ""),
            "1.safetensors 2.safetensors |  | "
        );
        assert_eq!(found(&[files[0], files[2], other], ""), "3.safetensors |  | ");
        let third = "y.safetensors.index.json:1.safetensors";
        assert!(found(&[files[0], files[2], other, third], "").contains("holds several models"));
        // A part that an index names has its files, one that it does not name its sisters.
        let of_parts = format!("model.safetensors.index.json:{} extra.safetensors", A[0]);
        let all = [A[0], A[1], "extra.safetensors", &of_parts];
        assert_eq!(found(&all, A[0]), "extra.safetensors m-00001-of-00002.safetensors |  | ");
        assert_eq!(found(&all, A[1]), BOTH);
    }

    #[test]
    fn an_index_of_files_that_are_gone_is_passed_over_and_said() {
        let index = "model.safetensors.index.json:m-00001-of-00009.safetensors";
        let said = found(&[A[0], A[1], index], "");
        assert!(said.starts_with(&BOTH[..BOTH.len() - 1]), "{said}");
        assert!(said.contains("names files that are not here: `m-00001-of-00009.safetensors`; taken are `m-00001-of-00002.safetensors`, `m-0"), "{said}");
        assert!(
            found(&["model.safetensors", "b.gguf", index], "")
                .starts_with("model.safetensors |  | the index")
        );
        let said = found(&[index, "a.txt"], "");
        assert!(
            said.contains(
                "model.safetensors.index.json` names files that are not here: `m-00001-of-00009"
            ),
            "{said}"
        );
        let said = found(&[index, "a.txt"], "model.safetensors.index.json");
        assert!(said.contains("names files that are not here"), "{said}");
    }

    #[test]
    fn a_folder_is_the_one_model_in_it() {
        assert_eq!(found(&["a.gguf", "config.json"], ""), "a.gguf |  | ");
        assert_eq!(found(&["a.gguf", "model.safetensors"], ""), "model.safetensors |  | ");
        let said = found(&["a.gguf", A[0], A[1], "b.safetensors"], "");
        assert!(said.contains("holds several models and no index of shards; give one of them: `a.gguf`, `b.safetensors`, `m-00001-of-00002.safetensors`"), "{said}");
        let said = found(&["a.bin", "b.pt", "c.txt"], "");
        assert!(said.ends_with("`a.bin`, `b.pt` must be converted to safetensors"), "{said}");
        let said = found(&["c.txt"], "");
        assert!(said.ends_with("give the folder of a model, or a file"), "{said}");
    }

    #[test]
    fn a_folder_of_one_folder_with_weights_is_that_folder() {
        let said = found(&["x/y/a.gguf", "x/n.txt", "z/n.txt", "a.bin"], "");
        assert!(
            said.starts_with("x/y/a.gguf |  | `")
                && said.ends_with("holds no weights itself; its folder `x/y` does"),
            "{said}"
        );
        assert!(found(&["1/2/3/a.gguf"], "").starts_with("1/2/3/a.gguf |"));
        assert!(found(&["1/2/3/4/a.gguf"], "").contains("holds no safetensors or GGUF file"));
        assert!(found(&[".cache/a.gguf"], "").contains("holds no safetensors or GGUF file"));
        let said = found(
            &[
                "x/a.gguf",
                "x/sub/a.gguf",
                "y/model.safetensors.index.json:a",
                "models--a--b/snapshots/1/a.gguf",
            ],
            "",
        );
        assert!(
            said.ends_with("several of its folders do; give one of them: `models--a--b`, `x`, `y`"),
            "{said}"
        );
        let mut left = 2;
        let mut none = Vec::new();
        let folder = folder(&["1/n", "2/n", "3/a.gguf"]);
        let all = ["1", "2", "3"].map(|name| folder.path().join(name)).to_vec();
        search(all.clone(), DEEPEST, &mut left, &mut none);
        assert_eq!((left, none.len()), (0, 0));
        search(all, DEEPEST, &mut 3, &mut none);
        assert_eq!(none.len(), 1);
    }

    #[test]
    fn of_several_snapshots_the_one_of_the_main_branch_is_taken() {
        let one = "r/snapshots/0123/model.safetensors";
        let two = "r/snapshots/4567/model.safetensors";
        assert_eq!(found(&[one], "r"), format!("{one} |  | "));
        assert_eq!(found(&[one, two, "r/refs/main:4567\n"], "r"), format!("{two} |  | "));
        let said = found(&[one, "r/refs/main:4567"], "r");
        assert!(
            said.starts_with(&format!("{one} |  | `refs/main` of"))
                && said.ends_with("is 4567, which is not here; 0123 is"),
            "{said}"
        );
        for files in [&[one, two][..], &[one, two, "r/refs/main:89ab"]] {
            let said = found(files, "r");
            assert!(
                said.contains("several snapshots")
                    && said.ends_with("`snapshots/0123`, `snapshots/4567`"),
                "{said}"
            );
        }
        let said = found(&["r/snapshots/n.txt"], "r");
        assert!(said.contains("holds no snapshot of its repository"), "{said}");
    }

    #[test]
    fn a_configuration_belongs_to_a_model_and_not_to_any_file() {
        let has = |files: &[&str], path: &str| {
            let folder = folder(files);
            let config = Place::of(&folder.path().join(path)).unwrap().config;
            config.is_some_and(|config| config.ends_with("config.json"))
        };
        let index = "model.safetensors.index.json:a.gguf";
        assert!(has(&["a.gguf"], "") && has(&["model.safetensors"], "model.safetensors"));
        assert!(has(&[A[0], A[1]], A[0]) && has(&["a.gguf", index], ""));
        assert!(!has(&["a.gguf"], "a.gguf"));
    }

    #[test]
    fn a_few_names_are_told_and_how_many_more() {
        let names = |n: usize| few((0..n).map(|k| k.to_string()));
        assert_eq!(names(2), "`0`, `1`");
        assert!(names(8).ends_with("`7`") && names(9).ends_with("`7` and 1 more"));
    }

    #[cfg(unix)]
    #[test]
    fn links_to_files_are_files_and_links_to_folders_are_not_searched() {
        let folder = folder(&["blobs/12ab", "m/a.txt", "other/a.gguf"]);
        let link = |to: &str, from: &str| {
            std::os::unix::fs::symlink(folder.path().join(to), folder.path().join(from)).unwrap();
        };
        link("blobs/12ab", "m/a.gguf");
        link("other", "blobs/other");
        let place = Place::of(&folder.path().join("m")).unwrap();
        assert_eq!(place.files, [folder.path().join("m/a.gguf")]);
        assert!(Place::of(&folder.path().join("blobs")).is_err());
    }
}
