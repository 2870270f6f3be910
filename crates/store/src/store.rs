//! The folder of one sweep: what it should hold, and the records that it does hold.
//!
//! ```text
//! runs/<name>/sweep.json                 the cells of the sweep (the manifest)
//!             cells/<id>/record.json     what became of a cell
//!             cells/<id>/curve.csv       its loss curve
//!             cells/<id>/weights.safetensors   W, b and p
//!             leases/<id>.lease          who is training a cell
//! ```
//!
//! A file or a cell's folder is written under another name, synced and renamed, so that it is
//! there whole or not at all. Names that start with `.` are such work and are never read, nor is
//! anything else in `cells/` whose name is no id.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::{Deserialize, Serialize};

use crate::lease::{self, Ownership};
use crate::record::{RECORD_VERSION, Record};
use crate::weights_file;
use superpose_files::disk::{DiskError, at, remove_folder, sync_folder, write_synced, write_whole};
use superpose_toy::cell::{Cell, CellId};
use superpose_toy::trained::{CurvePoint, Weights};

/// The folder of one sweep.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
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

const RETRAIN: &str = "remove its folder and run the sweep again to train this cell anew";

impl Store {
    /// The folder at `root`, made if need be, for the sweep of `manifest`; an older manifest of
    /// the same sweep is replaced, and the ids of finished cells that belong to it no longer are
    /// returned beside.
    ///
    /// # Errors
    /// [`StoreError`] when the folder holds anything else or cannot be written.
    ///
    /// # Panics
    /// Never: a manifest is plain data.
    pub fn create(root: &Path, manifest: &Manifest) -> Result<(Self, Vec<CellId>), StoreError> {
        let store = Self { root: root.to_owned() };
        if store.manifest_path().exists() {
            let found = store.manifest()?.name;
            if found != manifest.name {
                let problem = format!("holds the sweep `{found}`, not `{}`", manifest.name);
                let advice = "give another folder with --out, or another `name`";
                return Err(StoreError::Content { path: store.root, problem, advice });
            }
        } else if root.is_dir() && !only_unfinished_work(root)? {
            return Err(no_sweep(root, "give another folder"));
        }
        for folder in [store.cells_folder(), store.leases_folder()] {
            fs::create_dir_all(&folder).map_err(at("create", &folder))?;
        }
        write_whole(&store.manifest_path(), &json_of(manifest))?;
        let wanted: BTreeSet<CellId> = manifest.cells.iter().map(Cell::id).collect();
        let orphans = store.finished()?.into_iter().filter(|id| !wanted.contains(id)).collect();
        Ok((store, orphans))
    }

    /// The folder of a sweep at `root`, to read.
    ///
    /// # Errors
    /// [`StoreError`] when there is none.
    pub fn open(root: &Path) -> Result<Self, StoreError> {
        let store = Self { root: root.to_owned() };
        fs::metadata(root).map_err(at("find the folder", root))?;
        if !store.manifest_path().exists() {
            return Err(no_sweep(root, "give the folder of a sweep, such as runs/quickstart"));
        }
        Ok(store)
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
        let path = self.manifest_path();
        let text = fs::read_to_string(&path).map_err(at("read", &path))?;
        let advice = "remove it and run the sweep file again; finished cells are kept";
        serde_json::from_str(&text).map_err(|error| damaged(&path, error, advice))
    }

    /// Whether the cell has a record.
    pub fn is_finished(&self, id: &CellId) -> bool {
        self.cell_folder(id).is_dir()
    }

    /// The ids of all cells that have a record. What else lies in the folder of cells is passed over.
    ///
    /// # Errors
    /// [`StoreError`] when the folder cannot be read.
    pub fn finished(&self) -> Result<Vec<CellId>, StoreError> {
        let ids = names(&self.cells_folder())?.into_iter().filter_map(|n| CellId::try_from(n).ok());
        let mut ids: Vec<CellId> = ids.filter(|id| self.is_finished(id)).collect();
        ids.sort();
        Ok(ids)
    }

    /// The record of a finished cell.
    ///
    /// # Errors
    /// [`StoreError::Content`] when the file is not what this program writes, or is another
    /// cell's.
    pub fn record(&self, id: &CellId) -> Result<Record, StoreError> {
        let path = self.cell_folder(id).join("record.json");
        let text = fs::read(&path).map_err(at("read", &path))?;
        let damaged = |problem: String| damaged(&path, problem, RETRAIN);
        let value: serde_json::Value =
            serde_json::from_slice(&text).map_err(|e| damaged(e.to_string()))?;
        let version = &value["record_version"];
        if !(1..=RECORD_VERSION.into()).contains(&version.as_u64().unwrap_or(0)) {
            let known = format!("record_version must be 1 to {RECORD_VERSION}, got {version}");
            return Err(damaged(known));
        }
        let record: Record = serde_json::from_value(value).map_err(|e| damaged(e.to_string()))?;
        if record.cell_id != *id || record.cell.id() != *id {
            return Err(damaged(format!("it is the record of the cell {}", record.cell.id())));
        }
        Ok(record)
    }

    /// The loss curve of a finished cell.
    ///
    /// # Errors
    /// [`StoreError::Content`] when the file is not what this program writes.
    pub fn curve(&self, id: &CellId) -> Result<Vec<CurvePoint>, StoreError> {
        let path = self.cell_folder(id).join("curve.csv");
        let text = fs::read_to_string(&path).map_err(at("read", &path))?;
        let mut points = Vec::new();
        for (number, line) in text.lines().enumerate().skip(1) {
            let fields = line.split_once(',');
            let point = fields.and_then(|(step, loss)| {
                Some(CurvePoint { step: step.parse().ok()?, loss: loss.parse().ok()? })
            });
            points.push(point.ok_or_else(|| {
                let line = format!("line {} must be a step and a loss, got `{line}`", number + 1);
                damaged(&path, line, RETRAIN)
            })?);
        }
        Ok(points)
    }

    /// The probabilities `p` of a cell that was trained to the end, from its weights file.
    ///
    /// # Errors
    /// [`StoreError::Content`] when the file is not what this program writes.
    pub fn probabilities(&self, id: &CellId) -> Result<Vec<f64>, StoreError> {
        let path = self.weights_path(id);
        weights_file::read_probabilities(&path).map_err(|e| unreadable(&path, e))
    }

    /// The weights of a cell that was trained here to the end; `None` when only its record was taken over
    /// from elsewhere.
    ///
    /// # Errors
    /// [`StoreError::Content`] when the file is not what this program writes.
    pub fn weights(&self, id: &CellId) -> Result<Option<Weights>, StoreError> {
        if !self.has_weights(id) {
            return Ok(None);
        }
        let path = self.weights_path(id);
        weights_file::read_weights(&path).map(Some).map_err(|e| unreadable(&path, e))
    }

    /// Whether the weights of a cell are there.
    pub fn has_weights(&self, id: &CellId) -> bool {
        self.weights_path(id).exists()
    }

    /// Asks for the right to train a cell. `None` means that there is nothing to train: another
    /// process has finished it in the meantime.
    ///
    /// # Errors
    /// [`StoreError::Disk`] when the lease cannot be asked for.
    pub fn claim(&self, id: &CellId) -> Result<Option<Ownership>, StoreError> {
        let path = lease::path_of(&self.leases_folder(), id.as_str());
        let claim = lease::claim(&path).map_err(at("lock", &path))?;
        // Only now: before the lock was ours its holder may have been about to finish.
        Ok((!self.is_finished(id)).then_some(claim))
    }

    /// Who is training the cell at this moment, if anybody is.
    pub fn holder(&self, id: &CellId) -> Option<String> {
        lease::holder(&lease::path_of(&self.leases_folder(), id.as_str()))
    }

    /// Forgets the record of a cell, so that it is trained again.
    ///
    /// # Errors
    /// [`StoreError::Disk`] when its folder cannot be moved.
    pub fn forget(&self, id: &CellId) -> Result<(), StoreError> {
        let (folder, work) = (self.cell_folder(id), self.work_folder(id));
        remove_folder(&work)?;
        fs::rename(&folder, &work).map_err(at("move", &folder))?;
        Ok(remove_folder(&work)?)
    }

    /// Writes the record of a cell with its curve, and with its weights and probabilities if it
    /// was trained to the end. The caller holds the cell's lease.
    ///
    /// # Errors
    /// [`StoreError::Disk`] when the disk refuses, or when the cell has a record already; then
    /// nothing is left behind.
    pub fn write(
        &self,
        record: &Record,
        curve: &[CurvePoint],
        weights: Option<(&Weights, &[f64])>,
    ) -> Result<(), StoreError> {
        let work = self.work_folder(&record.cell_id);
        remove_folder(&work)?;
        let written = self.write_into(&work, record, curve, weights);
        if written.is_err() {
            // The first error is the one to tell.
            let _ = remove_folder(&work);
        }
        written
    }

    /// Replaces the record of a finished cell, whose curve and weights stay.
    ///
    /// # Errors
    /// [`StoreError::Disk`] when the disk refuses; then the old record is untouched.
    pub fn replace(&self, record: &Record) -> Result<(), StoreError> {
        let path = self.cell_folder(&record.cell_id).join("record.json");
        Ok(write_whole(&path, &json_of(record))?)
    }

    fn write_into(
        &self,
        work: &Path,
        record: &Record,
        curve: &[CurvePoint],
        weights: Option<(&Weights, &[f64])>,
    ) -> Result<(), StoreError> {
        fs::create_dir(work).map_err(at("create", work))?;
        write_synced(&work.join("record.json"), &json_of(record))?;
        let mut csv = String::from("step,loss\n");
        for point in curve {
            csv.push_str(&format!("{},{}\n", point.step, point.loss));
        }
        write_synced(&work.join("curve.csv"), csv.as_bytes())?;
        if let Some((weights, probabilities)) = weights {
            let bytes = weights_file::bytes(&record.cell, weights, probabilities);
            write_synced(&work.join("weights.safetensors"), &bytes)?;
        }
        sync_folder(work)?;
        let folder = self.cell_folder(&record.cell_id);
        fs::rename(work, &folder).map_err(at("create", &folder))?;
        Ok(sync_folder(&self.cells_folder())?)
    }

    fn manifest_path(&self) -> PathBuf {
        self.root.join("sweep.json")
    }

    fn cells_folder(&self) -> PathBuf {
        self.root.join("cells")
    }

    fn leases_folder(&self) -> PathBuf {
        self.root.join("leases")
    }

    fn cell_folder(&self, id: &CellId) -> PathBuf {
        self.cells_folder().join(id.as_str())
    }

    fn weights_path(&self, id: &CellId) -> PathBuf {
        self.cell_folder(id).join("weights.safetensors")
    }

    fn work_folder(&self, id: &CellId) -> PathBuf {
        self.cells_folder().join(format!(".{id}.part"))
    }
}

/// A record or a manifest as it is written.
fn json_of(content: &impl Serialize) -> Vec<u8> {
    let mut json =
        serde_json::to_vec_pretty(content).expect("a record or a manifest is plain data");
    json.push(b'\n');
    json
}

fn no_sweep(path: &Path, advice: &'static str) -> StoreError {
    let problem = "is not empty and holds no sweep (there is no sweep.json)".to_owned();
    StoreError::Content { path: path.to_owned(), problem, advice }
}

fn damaged(path: &Path, problem: impl Display, advice: &'static str) -> StoreError {
    let problem = format!("is damaged: {problem}");
    StoreError::Content { path: path.to_owned(), problem, advice }
}

fn unreadable(path: &Path, error: io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::InvalidData => damaged(path, error, RETRAIN),
        _ => at("read", path)(error).into(),
    }
}

/// Whether there is nothing in `folder` but what a process killed in [`Store::create`] leaves.
fn only_unfinished_work(folder: &Path) -> Result<bool, StoreError> {
    let is_ours = |n: &String| ["cells", "leases"].contains(&&**n) || n.starts_with(".sweep.json.");
    Ok(names(folder)?.iter().all(is_ours))
}

/// The names of all that lies in `folder`.
fn names(folder: &Path) -> Result<Vec<String>, DiskError> {
    let name =
        |entry: io::Result<fs::DirEntry>| Ok(entry?.file_name().to_string_lossy().into_owned());
    let names = fs::read_dir(folder).and_then(|entries| entries.map(name).collect());
    names.map_err(at("read", folder))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;
    use superpose_toy::trained::Outcome;

    /// A record of format version 1, as it was first written.
    const GOLDEN: &str = include_str!("../tests/record-1.json");

    fn golden() -> Record {
        serde_json::from_str(GOLDEN).unwrap()
    }

    fn store(root: &Path) -> Store {
        let manifest = Manifest { name: "example".to_owned(), cells: vec![golden().cell] };
        Store::create(root, &manifest).unwrap().0
    }

    fn weights() -> Weights {
        Weights { n_features: 2, d_hidden: 1, weights: vec![1.0, -1.0], bias: vec![0.0, 0.5] }
    }

    #[test]
    fn a_record_of_version_1_still_reads() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        let record = golden();
        store.write(&record, &[], None).unwrap();
        assert_eq!(store.record(&record.cell_id).unwrap(), record);
        assert_eq!(record.outcome, Outcome::Completed);
        assert!((record.measured.unwrap().loss_test - 1.185).abs() < 1e-12);
    }

    #[test]
    fn what_is_written_comes_back_and_is_not_written_twice() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        let record = golden();
        let curve = [CurvePoint { step: 100, loss: 1.25 }, CurvePoint { step: 200, loss: 1e-3 }];
        let p = [0.75, 0.25];
        store.write(&record, &curve, Some((&weights(), &p))).unwrap();
        assert_eq!(store.curve(&record.cell_id).unwrap(), curve);
        let path = store.cell_folder(&record.cell_id).join("weights.safetensors");
        let bytes = fs::read(path).unwrap();
        let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        assert_eq!(tensors.tensor("W").unwrap().shape(), [2, 1]);
        assert_eq!(tensors.tensor("p").unwrap().data()[8..], 0.25_f64.to_le_bytes());
        assert_eq!(store.probabilities(&record.cell_id).unwrap(), p);
        let again = store.write(&record, &[], None).unwrap_err();
        assert!(again.to_string().contains("cannot create"), "{again}");
        assert_eq!(store.curve(&record.cell_id).unwrap(), curve);
    }

    #[test]
    fn work_that_was_cut_off_is_no_record() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        let record = golden();
        fs::create_dir(store.work_folder(&record.cell_id)).unwrap();
        fs::write(store.work_folder(&record.cell_id).join("record.json"), "{").unwrap();
        assert!(!store.is_finished(&record.cell_id));
        assert_eq!(store.finished().unwrap(), []);
        store.write(&record, &[], None).unwrap();
        assert!(store.is_finished(&record.cell_id));
    }

    #[test]
    fn a_damaged_record_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        let record = golden();
        store.write(&record, &[], None).unwrap();
        let path = store.cell_folder(&record.cell_id).join("record.json");
        let other = GOLDEN.replace("\"d_hidden\": 10", "\"d_hidden\": 11");
        for (content, part) in [
            (&GOLDEN[..GOLDEN.len() / 2], "EOF"),
            ("\u{0}\u{0}", "expected value"),
            ("{}", "record_version must be 1 to 2, got null"),
            (&GOLDEN.replace("\"record_version\": 1", "\"record_version\": 7"), "got 7"),
            (&other, "it is the record of the cell"),
            (&GOLDEN.replace(golden().cell_id.as_str(), "../up"), "16 hexadecimal digits"),
        ] {
            fs::write(&path, content).unwrap();
            let said = store.record(&record.cell_id).unwrap_err().to_string();
            assert!(said.contains("record.json") && said.contains(part), "{said}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_damage_makes_the_reader_panic(
            at in 0..GOLDEN.len(), insert in "[\\PC\\n]{0,6}", end in 0..GOLDEN.len()
        ) {
            let folder = tempfile::tempdir().unwrap();
            let store = store(folder.path());
            let id = golden().cell_id;
            let cell = store.cell_folder(&id);
            fs::create_dir(&cell).unwrap();
            let text = format!("{}{insert}{}", &GOLDEN[..at], &GOLDEN[at.max(end)..]);
            for file in ["record.json", "curve.csv"] {
                fs::write(cell.join(file), &text).unwrap();
            }
            let _ = (store.record(&id), store.curve(&id));
        }
    }

    #[test]
    fn a_folder_with_something_else_in_it_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let manifest = |name: &str| Manifest { name: name.to_owned(), cells: vec![] };
        fs::write(folder.path().join("thesis.tex"), "precious").unwrap();
        let said = Store::create(folder.path(), &manifest("a")).unwrap_err().to_string();
        assert!(said.contains("holds no sweep"), "{said}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);

        let own = folder.path().join("a");
        Store::create(&own, &manifest("a")).unwrap();
        let said = Store::create(&own, &manifest("b")).unwrap_err().to_string();
        assert!(said.contains("holds the sweep `a`, not `b`"), "{said}");
    }

    #[test]
    fn cells_that_left_the_sweep_are_reported_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        let record = golden();
        store.write(&record, &[], None).unwrap();
        let empty = Manifest { name: "example".to_owned(), cells: vec![] };
        let (store, orphans) = Store::create(folder.path(), &empty).unwrap();
        assert_eq!(orphans, std::slice::from_ref(&record.cell_id));
        assert!(store.is_finished(&record.cell_id));
    }

    #[test]
    fn what_is_no_cell_is_never_an_id() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        let record = golden();
        store.write(&record, &[], None).unwrap();
        for foreign in ["notes", "28F4C4963266C93D", "28f4c4963266c93d-copy", ".x.part"] {
            fs::create_dir(store.cells_folder().join(foreign)).unwrap();
        }
        fs::write(store.cells_folder().join("0123456789abcdef"), "a file").unwrap();
        fs::write(store.leases_folder().join("notes.lease"), "").unwrap();
        assert_eq!(store.finished().unwrap(), std::slice::from_ref(&record.cell_id));
        let empty = Manifest { name: "example".to_owned(), cells: vec![] };
        let (_, orphans) = Store::create(folder.path(), &empty).unwrap();
        assert_eq!(orphans, [record.cell_id]);
    }

    #[test]
    fn a_finished_cell_cannot_be_claimed_and_a_forgotten_one_can() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        let record = golden();
        assert!(matches!(store.claim(&record.cell_id).unwrap(), Some(Ownership::Ours(_))));
        store.write(&record, &[], None).unwrap();
        assert!(store.claim(&record.cell_id).unwrap().is_none());
        store.forget(&record.cell_id).unwrap();
        assert!(matches!(store.claim(&record.cell_id).unwrap(), Some(Ownership::Ours(_))));
    }

    #[test]
    fn the_golden_record_is_what_is_written_today() {
        let golden = include_str!("../tests/record-2.json");
        let record: Record = serde_json::from_str(golden).unwrap();
        assert_eq!(record.record_version, RECORD_VERSION);
        assert!(record.measured.as_ref().unwrap().geometry.is_some());
        assert_eq!(String::from_utf8(json_of(&record)).unwrap(), golden);
    }

    #[test]
    fn a_record_is_replaced_and_its_weights_stay() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        let mut record = golden();
        let id = record.cell_id.clone();
        store.write(&record, &[], None).unwrap();
        assert!(!store.has_weights(&id) && store.weights(&id).unwrap().is_none());
        store.forget(&id).unwrap();
        store.write(&record, &[], Some((&weights(), &[0.75, 0.25]))).unwrap();
        record.wall_s = 7.0;
        store.replace(&record).unwrap();
        assert_eq!(store.record(&id).unwrap(), record);
        assert_eq!(store.weights(&id).unwrap(), Some(weights()));
    }
}
