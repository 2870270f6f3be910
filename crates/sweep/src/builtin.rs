//! The sweep files that the program carries along, so that it works where there is no checkout.

use std::path::Path;

use crate::error::ConfigError;
use crate::file::Sweep;
use crate::mistake;

/// A sweep file of the repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Builtin {
    /// What it is called: its path under `configs` without `.toml`, such as `paper/small`; those of benchmarks are
    /// under `bench`.
    pub name: &'static str,
    /// Where it stands in the repository.
    pub path: &'static str,
    /// What it says.
    pub text: &'static str,
}

macro_rules! builtin {
    ($($folder:literal $prefix:literal: $($name:literal)*;)*) => {
        /// All of them, the first one first to be tried.
        pub const BUILTIN: &[Builtin] = &[$($(Builtin {
            name: concat!($prefix, $name),
            path: concat!($folder, $name, ".toml"),
            text: include_str!(concat!("../../../", $folder, $name, ".toml")),
        },)*)*];
    };
}

builtin! {
    "configs/" "": "quickstart" "word-frequencies";
    "configs/gallery/" "gallery/": "life" "three-axes";
    "configs/kinds/" "kinds/": "bias-start" "correlated" "softmax" "unit-rows";
    "configs/dead-outputs/" "dead-outputs/": "bias-init" "large" "rate" "seeds" "size";
    "configs/paper/" "paper/": "small" "small-alpha0" "seeds-alpha0" "seeds-decay" "seeds-strong" "seeds-weak"
        "transition" "density" "wide" "large" "large-analogue";
    "configs/paper/elhage2022/" "paper/elhage2022/": "gallery" "overlap-matrix" "dimensionality" "phases-2-1"
        "phases-3-2" "pairs";
    "benches/definitions/" "bench/": "step" "training" "growth" "large" "gpu";
}

impl Builtin {
    /// The one of this name; `.toml` may follow.
    pub fn find(name: &str) -> Option<Self> {
        let name = name.strip_suffix(".toml").unwrap_or(name);
        BUILTIN.iter().copied().find(|builtin| builtin.name == name)
    }

    /// The sweep, after overrides as of [`Sweep::read`]. Files that it names are looked for in the working folder.
    ///
    /// # Errors
    /// As for [`Sweep::read`].
    pub fn sweep(self, overrides: &[String]) -> Result<Sweep, ConfigError> {
        let path = Path::new(self.name.rsplit('/').next().unwrap_or(self.name));
        Sweep::parse(self.text, path, overrides)
    }

    /// What it is for, in the file's own words.
    ///
    /// # Panics
    /// Never: a test reads every file.
    pub fn description(self) -> String {
        let table: toml::Table = toml::from_str(self.text).expect("a test reads every file");
        table.get("description").and_then(|said| said.as_str()).unwrap_or_default().to_owned()
    }
}

/// The name of a built-in sweep that somebody meant who wrote `name`.
pub fn meant(name: &str) -> Option<&'static str> {
    let name = name.strip_suffix(".toml").unwrap_or(name);
    let last = name.rsplit('/').next().unwrap_or(name);
    let whole = mistake::like(name, BUILTIN.iter().map(|builtin| builtin.name));
    whole.or_else(|| {
        let ends = |builtin: &&Builtin| builtin.name.rsplit('/').next() == Some(last);
        BUILTIN.iter().find(ends).map(|builtin| builtin.name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::PathBuf;

    fn files(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => files(&path, found),
                false if path.extension().is_some_and(|end| end == "toml") => found.push(path),
                false => {}
            }
        }
    }

    #[test]
    fn every_sweep_file_of_the_repository_is_built_in_and_says_what_it_is_for() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut found = Vec::new();
        files(&root.join("configs"), &mut found);
        files(&root.join("benches/definitions"), &mut found);
        let mut known: Vec<PathBuf> = BUILTIN.iter().map(|b| root.join(b.path)).collect();
        found.sort();
        known.sort();
        assert_eq!(found, known);
        for builtin in BUILTIN {
            assert!(!builtin.description().is_empty(), "{}", builtin.name);
            if builtin.name != "word-frequencies" {
                assert!(!builtin.sweep(&[]).unwrap().cells.is_empty(), "{}", builtin.name);
            }
        }
    }

    #[test]
    fn a_name_is_found_or_guessed() {
        assert_eq!(Builtin::find("paper/small").unwrap().path, "configs/paper/small.toml");
        assert_eq!(Builtin::find("quickstart.toml").unwrap().name, "quickstart");
        assert_eq!(Builtin::find("quickstrat"), None);
        assert_eq!(meant("quickstrat"), Some("quickstart"));
        assert_eq!(meant("configs/paper/small.toml"), Some("paper/small"));
        assert_eq!(meant("nothing-like-it"), None);
    }
}
