//! What models are called: by their files and folders, and each by the shortest name that tells it
//! from the others.

use std::path::{Component, Path, PathBuf};

use crate::part::Part;

/// Names of files that say nothing of the model; its folder does.
const NO_NAME: &str = "model";
/// What the folder of a repository begins with in a cache of the Hugging Face hub.
const REPOSITORY: &str = "models--";
/// Letters of a state's long number that are shown.
const SHORT_STATE: usize = 7;

/// The names of the models at `paths`: the file's without its ending, or the folder's; of a file
/// called `model` that of its folder; `org/name` in a cache of the hub. Where two would be called
/// the same, as many folders before it as tell them apart.
pub fn names(paths: &[PathBuf]) -> Vec<String> {
    let all: Vec<Vec<String>> = paths.iter().map(|path| candidates(path)).collect();
    let is_taken = |k: usize, name: &String| {
        all.iter().enumerate().any(|(other, names)| other != k && names.contains(name))
    };
    let chosen = |(k, names): (usize, &Vec<String>)| {
        let telling = names.iter().find(|name| !is_taken(k, name));
        telling.or(names.last()).cloned().unwrap_or_default()
    };
    all.iter().enumerate().map(chosen).collect()
}

/// What a model may be called, from short to long.
fn candidates(path: &Path) -> Vec<String> {
    let (whole, is_file) = resolved(path);
    let parts: Vec<String> = whole
        .components()
        .filter_map(|part| match part {
            Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
            _ => None,
        })
        .collect();
    let stems = if is_file { without_ending(&parts) } else { parts.clone() };
    let mut names = Vec::new();
    if let Some(at) = parts.iter().rposition(|part| part.starts_with(REPOSITORY)) {
        names = of_repository(&parts[at..], stems.get(at + 1..).unwrap_or_default());
    } else {
        names.extend(ends(&stems));
    }
    if is_file {
        names.extend(ends(&parts));
    }
    names.push(whole.display().to_string());
    names
}

/// The last part, the last two, and so on.
fn ends(parts: &[String]) -> impl Iterator<Item = String> {
    (0..parts.len()).rev().map(|from| parts[from..].join("/"))
}

/// The parts of a path to a file, the last without its ending and number; without the last if it
/// says nothing.
fn without_ending(parts: &[String]) -> Vec<String> {
    let Some((file, before)) = parts.split_last() else { return Vec::new() };
    let stem = Part::of(file).map_or_else(
        || Path::new(file).file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        |part| part.stem,
    );
    if stem == NO_NAME && !before.is_empty() {
        return before.to_vec();
    }
    [before, &[stem]].concat()
}

/// The names in a cache of the hub: of the path from the repository's folder on, and what is behind
/// that folder without endings.
fn of_repository(parts: &[String], behind: &[String]) -> Vec<String> {
    let repository = parts[0][REPOSITORY.len()..].replace("--", "/");
    // `snapshots`, the state, and the file in it.
    let state = behind.get(1).map(|state| state.chars().take(SHORT_STATE).collect::<String>());
    let inner = behind.get(2..).unwrap_or_default().join("/");
    let file = if inner.is_empty() { String::new() } else { format!("/{inner}") };
    let mut names = vec![repository.clone(), format!("{repository}{file}")];
    if let Some(state) = state {
        names.extend([format!("{repository}@{state}"), format!("{repository}@{state}{file}")]);
    }
    names
}

/// The whole path, and whether it is that of a file. A link to a file keeps its own name, as a cache
/// links to files that are named by what is in them; an index stands for its folder.
fn resolved(path: &Path) -> (PathBuf, bool) {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    if path.is_dir() {
        return (path.canonicalize().unwrap_or(path), false);
    }
    let (Some(folder), Some(file)) = (path.parent(), path.file_name()) else { return (path, true) };
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    if path.extension().is_some_and(|extension| extension == "json") {
        return (folder, false);
    }
    (folder.join(file), true)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names of files, made in a folder, and of folders, which end in a slash.
    fn of(paths: &[&str]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let paths: Vec<PathBuf> = paths
            .iter()
            .map(|path| {
                let whole = folder.path().join("base").join(path);
                let of_file = whole.parent().unwrap();
                std::fs::create_dir_all(if path.ends_with('/') { &whole } else { of_file })
                    .unwrap();
                if !path.ends_with('/') {
                    std::fs::write(&whole, "").unwrap();
                }
                whole
            })
            .collect();
        names(&paths)
    }

    #[test]
    fn a_model_is_called_by_its_file_or_folder() {
        for (path, name) in [
            ("llama/", "llama"),
            ("llama/model.safetensors", "llama"),
            ("llama/model-00001-of-00002.safetensors", "llama"),
            ("llama/model.safetensors.index.json", "llama"),
            ("a/tiny-00001-of-00002.gguf", "tiny"),
            ("a/tiny.Q4_K.gguf", "tiny.Q4_K"),
            ("a/../tiny.gguf", "tiny"),
        ] {
            assert_eq!(of(&["a/x", path])[1], name, "{path}");
        }
    }

    #[test]
    fn models_of_one_name_are_told_apart_by_as_little_as_suffices() {
        for (paths, names) in [
            (&["r1/c/", "r2/c/", "r3/c/"][..], &["r1/c", "r2/c", "r3/c"][..]),
            (&["r1/c/model.safetensors", "r2/c/", "d/"], &["r1/c", "r2/c", "d"]),
            (&["x/r/c/", "y/r/c/", "x/s/c/"], &["x/r/c", "y/r/c", "s/c"]),
            (&["a.gguf", "a.safetensors"], &["a.gguf", "a.safetensors"]),
            (&["q/a.gguf", "r/a.gguf", "b.gguf"], &["q/a", "r/a", "b"]),
            (&["q/model.safetensors", "q/model.gguf"], &["model.safetensors", "model.gguf"]),
        ] {
            assert_eq!(of(paths), names);
        }
        // A folder and a file beside it that differ by the ending alone: one has only its path left.
        let same = of(&["a/", "a.gguf"]);
        assert!(same[0].ends_with("base/a") && same[1] == "a.gguf", "{same:?}");
    }

    #[test]
    fn a_cache_of_the_hub_has_names_of_repositories() {
        let state = "hub/models--org--tiny/snapshots/0123456789abcdef";
        let file = format!("{state}/model.safetensors");
        let shard = format!("{state}/model-00001-of-00002.safetensors");
        let folder = format!("{state}/");
        for path in ["hub/models--org--tiny/", &folder, &file, &shard] {
            assert_eq!(of(&[path]), ["org/tiny"], "{path}");
        }
        assert_eq!(of(&["models--gpt2/"]), ["gpt2"]);
        let (q4, q8) = (format!("{state}/q4.gguf"), format!("{state}/q8.gguf"));
        assert_eq!(of(&[&q4]), ["org/tiny"]);
        assert_eq!(of(&[&q4, &q8]), ["org/tiny/q4", "org/tiny/q8"]);
        let other = "hub/models--org--tiny/snapshots/fedcba9876543210/";
        assert_eq!(of(&[&folder, other]), ["org/tiny@0123456", "org/tiny@fedcba9"]);
        assert_eq!(of(&[&folder, "other/models--org--tiny/"])[0], "org/tiny@0123456");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_a_file_keeps_its_own_name() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("6d1f0c"), "").unwrap();
        std::os::unix::fs::symlink("6d1f0c", folder.path().join("llama.gguf")).unwrap();
        assert_eq!(names(&[folder.path().join("llama.gguf")]), ["llama"]);
    }
}
