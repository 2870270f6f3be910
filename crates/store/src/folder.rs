//! The folder of one sweep: where what lies in it, and what it should hold.
//!
//! ```text
//! runs/<name>/sweep.json                 the cells of the sweep (the manifest)
//!             cells/<id>/record.json     what became of a cell
//!             cells/<id>/curve.csv       its loss curve
//!             cells/<id>/weights.safetensors   W, b and p
//!             cells/<id>/snapshots.safetensors   W and b at moments of the training, if it was asked for
//!             cells/<id>/SHA256SUMS      digests of these files, by which damage is noticed
//!             cells/.<id>.checkpoint     how far a cell in training has come, to go on from
//!             leases/<id>.lease          who is training a cell; <id>.claim where there are no locks
//!             leases/kind                how processes keep out of each other's way: `locks` or `heartbeats`
//!             leases/sweep.lease         who is training in this folder
//!             leases/begin.lease         who begins in it
//!             SHA256SUMS                 the digest of sweep.json
//! ```
//!
//! A file or a cell's folder is written under another name, synced and renamed, so that it is
//! there whole or not at all. Names that start with `.` are such work and are never read but for
//! checkpoints, nor is anything else in `cells/` whose name is no id.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use serde::{Deserialize, Serialize};
use superpose_files::disk::{DiskError, at, read};
use superpose_files::sums::read_listed;
use superpose_toy::cell::{Cell, CellId};

use crate::lease::{self, Kind};

/// The name of the manifest.
pub(crate) const MANIFEST: &str = "sweep.json";

/// The file that says how processes keep out of each other's way.
pub(crate) const KIND: &str = "kind";

/// The folder of one sweep.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
    /// Locked for as long as cells may be trained here, so that they stay the same.
    pub(crate) in_use: Option<Arc<File>>,
    /// How processes keep out of each other's way.
    pub(crate) leases: Kind,
    /// Where two may work on a cell, what tells their work apart.
    pub(crate) token: Option<String>,
}

/// What a folder should hold: `sweep.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Name of the sweep.
    pub name: String,
    /// Its cells, in the order of the sweep file.
    pub cells: Vec<Cell>,
}

/// Why a folder cannot be used, or a file in it not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A file or folder cannot be read, written or locked.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The folder, or a file in it, is not what it should be.
    #[error("`{path}` {problem}; {advice}")]
    Content {
        /// The folder or the file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
        /// What to do.
        advice: &'static str,
    },
}

impl Store {
    /// The folder at `root`, whatever is there.
    pub(crate) fn at(root: &Path) -> Self {
        Self { root: root.to_owned(), in_use: None, leases: Kind::Locks, token: None }
    }

    /// The folder of a sweep at `root`, to read.
    ///
    /// # Errors
    /// [`StoreError`] when there is none.
    pub fn open(root: &Path) -> Result<Self, StoreError> {
        let mut store = Self::at(root);
        let found = fs::metadata(root).map_err(at("find the folder", root))?;
        let advice = "give the folder of a sweep, such as runs/quickstart";
        if !found.is_dir() {
            return Err(content(root, "is a file, not a folder", advice));
        }
        if !store.manifest_path().exists() {
            return Err(no_sweep(root, advice));
        }
        store.leases = store.leases_written()?.unwrap_or(Kind::Locks);
        Ok(store)
    }

    /// How processes keep out of each other's way here, if that is written down.
    pub(crate) fn leases_written(&self) -> Result<Option<Kind>, StoreError> {
        let path = self.leases_kind();
        let words = match read(&path) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(at("read", &path)(error).into()),
        };
        let advice = "remove it when nobody is training here";
        let wrong = || content(&path, "must be `locks` or `heartbeats`", advice);
        Kind::of(words.trim()).filter(|kind| *kind != Kind::Nothing).map(Some).ok_or_else(wrong)
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What the folder should hold.
    ///
    /// # Errors
    /// [`StoreError`] when `sweep.json` cannot be read.
    pub fn manifest(&self) -> Result<Manifest, StoreError> {
        self.parse_manifest(&self.manifest_bytes()?)
    }

    pub(crate) fn manifest_bytes(&self) -> Result<Vec<u8>, StoreError> {
        read_listed(&self.root, MANIFEST).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData => self.damaged_manifest(&error.to_string()),
            _ => at("read", &self.manifest_path())(error).into(),
        })
    }

    pub(crate) fn parse_manifest(&self, bytes: &[u8]) -> Result<Manifest, StoreError> {
        serde_json::from_slice(bytes).map_err(|error| self.damaged_manifest(&error.to_string()))
    }

    fn damaged_manifest(&self, problem: &str) -> StoreError {
        let problem = format!("is damaged: {problem}");
        let advice = "remove it and run the sweep file again; finished cells are kept";
        content(&self.manifest_path(), &problem, advice)
    }

    pub(crate) fn manifest_path(&self) -> PathBuf {
        self.root.join(MANIFEST)
    }

    pub(crate) fn cells_folder(&self) -> PathBuf {
        self.root.join("cells")
    }

    pub(crate) fn leases_folder(&self) -> PathBuf {
        self.root.join("leases")
    }

    /// The file that says how processes keep out of each other's way.
    pub(crate) fn leases_kind(&self) -> PathBuf {
        self.leases_folder().join(KIND)
    }

    /// The lease of all who train here.
    pub(crate) fn sweep_lease(&self) -> PathBuf {
        lease::path_of(&self.leases_folder(), "sweep")
    }

    /// The lease of who begins here.
    pub(crate) fn begin_lease(&self) -> PathBuf {
        lease::path_of(&self.leases_folder(), "begin")
    }

    pub(crate) fn cell_folder(&self, id: &CellId) -> PathBuf {
        self.cells_folder().join(id.as_str())
    }
}

/// A record or a manifest as it is written.
pub(crate) fn json_of(content: &impl Serialize) -> Vec<u8> {
    let mut json =
        serde_json::to_vec_pretty(content).expect("a record or a manifest is plain data");
    json.push(b'\n');
    json
}

/// The names of all that lies in `folder`.
pub(crate) fn names(folder: &Path) -> Result<Vec<String>, DiskError> {
    let name =
        |entry: io::Result<fs::DirEntry>| Ok(entry?.file_name().to_string_lossy().into_owned());
    let names = fs::read_dir(folder).and_then(|entries| entries.map(name).collect());
    names.map_err(at("read", folder))
}

/// That there is no sweep at `path`.
pub(crate) fn no_sweep(path: &Path, advice: &'static str) -> StoreError {
    let empty = fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none());
    let what = if empty { "is empty" } else { "is not empty" };
    content(path, &format!("{what} and holds no sweep (there is no sweep.json)"), advice)
}

/// What is wrong with what is at `path`.
pub(crate) fn content(path: &Path, problem: &str, advice: &'static str) -> StoreError {
    StoreError::Content { path: path.to_owned(), problem: problem.to_owned(), advice }
}
