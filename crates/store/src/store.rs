//! What one does in the folder of one sweep: beginning in it, reading what it holds, claiming its cells and
//! writing them.

use std::fs;
use std::path::{Path, PathBuf};

use superpose_files::disk::{
    CAN_SYNC_ALL, at, remove_folder, sync_all, sync_folder, write_synced, write_unsynced,
    write_whole,
};
use superpose_files::sums::{NAME as SUMS, Sums, write_listed};
use superpose_toy::cell::CellId;
use superpose_toy::prepared::Features;
use superpose_toy::trained::{CurvePoint, Snapshot, Weights};

pub use crate::begin::{Begun, Start};
pub use crate::checkpoint::Middle;
pub use crate::folder::{Manifest, Store, StoreError};
use crate::folder::{content, json_of, names};
use crate::kept::{CURVE, RECORD, SNAPSHOTS, WEIGHTS, curve_text, parse_record};
pub use crate::kept::{Care, Damage, Found, Kept, Presence, Seen};
use crate::lease::{self, Kind, Ownership};
use crate::record::Record;
use crate::snapshots_file;
use crate::weights_file;
pub use crate::weights_file::Model;

impl Store {
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

    /// Asks for the right to train a cell. `None` means that there is nothing to train: another
    /// process has finished it in the meantime.
    ///
    /// # Errors
    /// [`StoreError::Disk`] when the lease cannot be asked for.
    pub fn claim(&self, id: &CellId) -> Result<Option<Ownership>, StoreError> {
        let claim = self.lease(id)?;
        // Only now: before the lock was ours its holder may have been about to finish.
        Ok((!self.has_place(id)).then_some(claim))
    }

    /// Asks for the right to train a cell again that was `seen` so, and forgets what it was if the right is
    /// ours. `None` means that another process has trained it again in the meantime.
    ///
    /// # Errors
    /// [`StoreError::Disk`] when the lease cannot be asked for, or the cell's folder cannot be moved.
    pub fn claim_anew(&self, id: &CellId, seen: &Seen) -> Result<Option<Ownership>, StoreError> {
        let claim = self.lease(id)?;
        if !self.has_place(id) {
            return Ok(Some(claim));
        }
        if self.seen(id) != *seen {
            return Ok(None);
        }
        if matches!(claim, Ownership::Ours(_)) {
            self.forget(id)?;
        }
        Ok(Some(claim))
    }

    /// The right to a cell, whatever there is of it.
    ///
    /// # Errors
    /// [`StoreError::Disk`] when it cannot be asked for.
    pub fn lease(&self, id: &CellId) -> Result<Ownership, StoreError> {
        let folder = self.leases_folder();
        let claim = lease::claim(&folder, id.as_str(), self.leases);
        Ok(claim.map_err(at("lock", &lease::path_of(&folder, id.as_str())))?)
    }

    /// Who is training the cell at this moment, if anybody is.
    pub fn holder(&self, id: &CellId) -> Option<String> {
        lease::holder(&self.leases_folder(), id.as_str(), self.leases)
    }

    /// Forgets the record of a cell, whose lease the caller holds, so that it is trained again.
    fn forget(&self, id: &CellId) -> Result<(), StoreError> {
        let (folder, work) = (self.cell_folder(id), self.work_folder(id));
        remove(&work)?;
        fs::rename(&folder, &work).map_err(at("move", &folder))?;
        remove(&work)
    }

    /// Writes the record of a cell with its curve, and with its weights and features if it
    /// was trained to the end. The caller holds the cell's lease.
    ///
    /// # Errors
    /// [`StoreError`] when the disk refuses, when the cell has a record already, or when the record could not
    /// be read again; then nothing is left behind.
    pub fn write(
        &self,
        record: &Record,
        curve: &[CurvePoint],
        weights: Option<(&Weights, Features<'_>)>,
    ) -> Result<(), StoreError> {
        self.write_with(record, curve, weights, &[])
    }

    /// The same with the model at `snapshots` of its training.
    ///
    /// # Errors
    /// As for [`Store::write`].
    pub fn write_with(
        &self,
        record: &Record,
        curve: &[CurvePoint],
        weights: Option<(&Weights, Features<'_>)>,
        snapshots: &[Snapshot],
    ) -> Result<(), StoreError> {
        let mut written = self.write_all(&[Content { record, curve, weights, snapshots }]);
        written.pop().unwrap_or(Ok(()))
    }

    /// Writes several cells, each as [`Store::write_with`] does, and says how that went. What many small ones have is
    /// made last by one call, before any of them has its name.
    pub fn write_all(&self, cells: &[Content<'_>]) -> Vec<Result<(), StoreError>> {
        let together = CAN_SYNC_ALL && cells.len() >= FEW;
        let mut prepared: Vec<Result<(), StoreError>> =
            cells.iter().map(|cell| self.prepare(cell, !together)).collect();
        if together {
            // Unless all lasts, none of them has its name.
            for one in prepared.iter_mut().filter(|one| one.is_ok()) {
                *one = sync_all(&self.cells_folder()).map_err(StoreError::from);
                if one.is_ok() {
                    break;
                }
            }
        }
        let named = |(cell, prepared): (&Content<'_>, Result<(), StoreError>)| {
            let id = &cell.record.cell_id;
            let named = prepared.and_then(|()| self.name(id));
            if named.is_err() {
                // The first error is the one to tell.
                let _ = remove(&self.work_folder(id));
            }
            named
        };
        let mut written: Vec<_> = cells.iter().zip(prepared).map(named).collect();
        if written.iter().any(Result::is_ok)
            && let Err(error) = sync_folder(&self.cells_folder())
            && let Some(first) = written.iter_mut().find(|one| one.is_ok())
        {
            *first = Err(error.into());
        }
        for (cell, _) in cells.iter().zip(&written).filter(|(_, written)| written.is_ok()) {
            self.remove_checkpoint(&cell.record.cell_id);
        }
        written
    }

    /// Replaces the record of a finished cell, whose curve and weights stay. The caller holds its lease.
    ///
    /// # Errors
    /// [`StoreError`] as for [`Store::write`]; then the old record is untouched.
    pub fn replace(&self, record: &Record) -> Result<(), StoreError> {
        let folder = self.cell_folder(&record.cell_id);
        let json = readable_json(&folder.join(RECORD), record)?;
        if folder.join(SUMS).exists() {
            return Ok(write_listed(&folder, &[(RECORD, &json)])?);
        }
        Ok(write_whole(&folder.join(RECORD), &json)?)
    }

    /// Writes the files of a cell under another name, which last once they are `synced`.
    fn prepare(&self, cell: &Content<'_>, synced: bool) -> Result<(), StoreError> {
        let Content { record, curve, weights, snapshots } = cell;
        let work = &self.work_folder(&record.cell_id);
        remove(work)?;
        let json = readable_json(&work.join(RECORD), record)?;
        let curve = curve_text(curve).into_bytes();
        let weights = weights.map(|(w, p)| weights_file::bytes(&record.cell, w, p));
        let mut files: Vec<(&str, &[u8])> = vec![(RECORD, &json), (CURVE, &curve)];
        files.extend(weights.as_ref().map(|bytes| (WEIGHTS, bytes.as_slice())));
        let moments =
            (!snapshots.is_empty()).then(|| snapshots_file::bytes(&record.cell, snapshots));
        files.extend(moments.as_ref().map(|bytes| (SNAPSHOTS, bytes.as_slice())));
        let sums = Sums::of(files.iter().copied()).text();
        files.push((SUMS, sums.as_bytes()));
        fs::create_dir(work).map_err(at("create", work))?;
        let write = if synced { write_synced } else { write_unsynced };
        files.into_iter().try_for_each(|(name, content)| write(&work.join(name), content))?;
        if synced {
            sync_folder(work)?;
        }
        Ok(())
    }

    /// Gives what was prepared of a cell its name.
    fn name(&self, id: &CellId) -> Result<(), StoreError> {
        let folder = self.cell_folder(id);
        Ok(fs::rename(self.work_folder(id), &folder).map_err(at("create", &folder))?)
    }

    fn work_folder(&self, id: &CellId) -> PathBuf {
        self.cells_folder().join(format!(".{id}{}.part", self.own_work()))
    }

    /// What the names of our work have that nobody else's have, where two may work on a cell.
    pub(crate) fn own_work(&self) -> String {
        self.token.as_ref().map_or_else(String::new, |token| format!(".{token}"))
    }

    /// Whether a cell could not be written since another process has written it meanwhile, for which ours counted as
    /// dead.
    pub fn is_second(&self, error: &StoreError) -> bool {
        self.leases != Kind::Locks && matches!(error, StoreError::Disk(error) if error.is_taken())
    }
}

/// What is written of a cell.
#[derive(Debug, Clone, Copy)]
pub struct Content<'a> {
    /// What became of it.
    pub record: &'a Record,
    /// Its loss curve.
    pub curve: &'a [CurvePoint],
    /// Its weights and features, if it was trained to the end.
    pub weights: Option<(&'a Weights, Features<'a>)>,
    /// Its model at moments of its training.
    pub snapshots: &'a [Snapshot],
}

/// From so many cells on one call for the whole file system is cheaper than one for every file.
const FEW: usize = 4;

/// A record as it is written at `path`, once it is certain that it can be read again.
fn readable_json(path: &Path, record: &Record) -> Result<Vec<u8>, StoreError> {
    let json = json_of(record);
    let problem = match parse_record(&json) {
        Ok(read) if read == *record => return Ok(json),
        Ok(_) => "it would be read as another".to_owned(),
        Err(problem) => problem,
    };
    let problem = format!("is not written, since it could not be read again: {problem}");
    Err(content(path, &problem, "this is a mistake of superpose; please report it"))
}

/// Removes what is at `path`, if anything is.
pub(crate) fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::symlink_metadata(path) {
        Ok(found) if !found.is_dir() => Ok(fs::remove_file(path).map_err(at("remove", path))?),
        _ => Ok(remove_folder(path)?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folder::MANIFEST;
    use crate::planted::{GOLDEN, P, curve, golden, manifest, small, store, weights, write};
    use crate::record::RECORD_VERSION;
    use superpose_toy::trained::Outcome;

    #[test]
    fn a_record_of_version_1_still_reads() {
        let folder = tempfile::tempdir().unwrap();
        let record = golden();
        let store = store(folder.path(), std::slice::from_ref(&record));
        store.write(&record, &[], None).unwrap();
        fs::write(store.cell_folder(&record.cell_id).join(RECORD), GOLDEN).unwrap();
        fs::remove_file(store.cell_folder(&record.cell_id).join(SUMS)).unwrap();
        assert_eq!(store.record(&record.cell_id).unwrap(), record);
        assert_eq!(record.outcome, Outcome::Completed);
        assert!((record.measured.unwrap().loss_test - 1.185).abs() < 1e-12);
    }

    #[test]
    fn what_is_written_comes_back_and_is_not_written_twice() {
        let folder = tempfile::tempdir().unwrap();
        let record = small(0);
        let store = store(folder.path(), std::slice::from_ref(&record));
        let id = &record.cell_id;
        assert!(!store.is_finished(id));
        assert_eq!(store.finished().unwrap(), []);
        write(&store, &record);
        assert!(store.is_finished(id) && store.has_weights(id));
        assert_eq!(store.finished().unwrap(), std::slice::from_ref(id));
        assert_eq!(store.record(id).unwrap(), record);
        assert_eq!(store.curve(id).unwrap(), curve());
        assert_eq!(store.weights(id).unwrap(), Some(weights()));
        assert_eq!(store.probabilities(id).unwrap(), P);
        let bytes = fs::read(store.cell_folder(id).join(WEIGHTS)).unwrap();
        let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        assert_eq!(tensors.tensor("W").unwrap().shape(), [2, 1]);
        assert_eq!(tensors.tensor("p").unwrap().data()[8..], 0.25_f64.to_le_bytes());
        let again = store.write(&record, &[], None).unwrap_err();
        assert!(again.to_string().contains("cannot create"), "{again}");
        assert_eq!(store.curve(id).unwrap(), curve());
        assert_eq!(names(&store.cells_folder()).unwrap(), [id.to_string()]);
    }

    #[test]
    fn moments_of_the_training_come_back_and_damage_to_them_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let mut record = small(0);
        (record.cell.train.snapshots, record.cell.train.steps) = (2, 1);
        record.cell_id = record.cell.id();
        let id = &record.cell_id.clone();
        let store = store(folder.path(), std::slice::from_ref(&record));
        let moments = [0, 1].map(|step| Snapshot { step, weights: weights() });
        let curve = [CurvePoint { step: 1, loss: 1.0 }];
        let model = Some((&weights(), Features::alike(&P)));
        store.write_with(&record, &curve, model, &moments).unwrap();
        assert_eq!(store.snapshots(id).unwrap(), moments);
        assert!(matches!(store.look(id, Care::Everything).unwrap(), Found::Kept(_)));
        let path = store.cell_folder(id).join(SNAPSHOTS);
        let mut bytes = fs::read(&path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(&path, bytes).unwrap();
        let said = store.snapshots(id).unwrap_err().to_string();
        assert!(said.contains("snapshots.safetensors` is damaged"), "{said}");
        assert!(matches!(store.look(id, Care::Everything).unwrap(), Found::Damaged(_)));
        assert!(matches!(store.look(id, Care::Tables).unwrap(), Found::Kept(_)));
        // Who removes them to make room loses nothing else.
        fs::remove_file(&path).unwrap();
        assert_eq!(store.snapshots(id).unwrap(), []);
        assert!(matches!(store.look(id, Care::Everything).unwrap(), Found::Kept(_)));
    }

    #[test]
    fn a_folder_lists_the_digests_of_what_is_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let record = small(0);
        let store = store(folder.path(), std::slice::from_ref(&record));
        let listed = |folder: &Path| {
            let text = fs::read_to_string(folder.join(SUMS)).unwrap();
            text.lines().map(|line| line[66..].to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(listed(folder.path()), [MANIFEST]);
        write(&store, &record);
        assert_eq!(listed(&store.cell_folder(&record.cell_id)), [CURVE, RECORD, WEIGHTS]);
        let other = small(1);
        store.write(&other, &[], None).unwrap();
        assert_eq!(listed(&store.cell_folder(&other.cell_id)), [CURVE, RECORD]);
    }

    #[test]
    fn a_record_that_could_not_be_read_again_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let record = small(0);
        let store = store(folder.path(), std::slice::from_ref(&record));
        for number in [f64::NAN, f64::INFINITY] {
            let mut lost = record.clone();
            lost.measured.as_mut().unwrap().loss_test = number;
            assert_eq!(lost.not_finite(), ["loss.test", "loss.alive_part"]);
            let said = store.write(&lost, &[], None).unwrap_err().to_string();
            assert!(said.contains("could not be read again: invalid type: null"), "{said}");
            assert_eq!(names(&store.cells_folder()).unwrap(), Vec::<String>::new());
            // A number that may be missing would be read as missing.
            let mut lost = record.clone();
            lost.measured.as_mut().unwrap().overlap_mean_square_strong = Some(number);
            assert_eq!(lost.not_finite(), ["overlap.mean_square_strong"]);
            assert!(store.write(&lost, &[], None).is_err());
        }
        write(&store, &record);
        let mut lost = record.clone();
        lost.wall_s = f64::NAN;
        assert_eq!(lost.not_finite(), ["wall_s"]);
        assert!(store.replace(&lost).is_err());
        assert_eq!(store.record(&record.cell_id).unwrap(), record);
        assert_eq!(record.not_finite(), Vec::<&str>::new());
    }

    #[test]
    fn work_that_was_cut_off_is_no_record_and_not_in_the_way() {
        let folder = tempfile::tempdir().unwrap();
        let record = small(0);
        let store = store(folder.path(), std::slice::from_ref(&record));
        let work = store.work_folder(&record.cell_id);
        fs::create_dir(&work).unwrap();
        fs::write(work.join(RECORD), "{").unwrap();
        assert!(!store.is_finished(&record.cell_id));
        assert_eq!(store.finished().unwrap(), []);
        write(&store, &record);
        assert!(store.is_finished(&record.cell_id) && !work.exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_the_place_of_work_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let record = small(0);
        let store = store(&folder.path().join("run"), std::slice::from_ref(&record));
        let victim = folder.path().join("victim");
        fs::create_dir(&victim).unwrap();
        fs::write(victim.join(RECORD), "precious").unwrap();
        std::os::unix::fs::symlink(&victim, store.work_folder(&record.cell_id)).unwrap();
        write(&store, &record);
        assert_eq!(fs::read(victim.join(RECORD)).unwrap(), b"precious");
        assert_eq!(names(&store.cells_folder()).unwrap(), [record.cell_id.to_string()]);
    }

    #[test]
    fn a_finished_cell_cannot_be_claimed() {
        let folder = tempfile::tempdir().unwrap();
        let record = small(0);
        let (store, id) = (store(folder.path(), std::slice::from_ref(&record)), &record.cell_id);
        let Some(Ownership::Ours(lease)) = store.claim(id).unwrap() else { panic!("it is free") };
        let us = format!("process {} on ", std::process::id());
        assert!(store.holder(id).unwrap().starts_with(&us));
        assert!(matches!(store.claim(id).unwrap(), Some(Ownership::Theirs(_))));
        write(&store, &record);
        drop(lease);
        assert!(store.claim(id).unwrap().is_none());
        assert_eq!(store.holder(id), None);
    }

    #[test]
    fn a_cell_is_replaced_only_as_it_was_seen_and_only_by_who_has_its_lease() {
        let folder = tempfile::tempdir().unwrap();
        let mut record = small(0);
        let (store, id) =
            (store(folder.path(), std::slice::from_ref(&record)), &record.cell_id.clone());
        write(&store, &record);
        let seen = store.seen(id);
        let Ownership::Ours(lease) = store.lease(id).unwrap() else { panic!("it is free") };
        assert!(matches!(store.claim_anew(id, &seen).unwrap(), Some(Ownership::Theirs(_))));
        assert!(store.is_finished(id), "it stays while somebody else has its lease");
        drop(lease);
        let Some(Ownership::Ours(lease)) = store.claim_anew(id, &seen).unwrap() else { panic!() };
        assert!(!store.is_finished(id));
        assert_eq!(names(&store.cells_folder()).unwrap(), Vec::<String>::new());
        // Others wait for it, and leave alone what has come in its place.
        assert!(matches!(store.claim_anew(id, &seen).unwrap(), Some(Ownership::Theirs(_))));
        record.wall_s = 7.0;
        write(&store, &record);
        drop(lease);
        assert!(store.claim_anew(id, &seen).unwrap().is_none());
        assert_eq!(store.record(id).unwrap(), record);
        // Even what is no folder makes room.
        fs::remove_dir_all(store.cell_folder(id)).unwrap();
        fs::write(store.cell_folder(id), "no folder").unwrap();
        let seen = store.seen(id);
        assert!(matches!(store.claim_anew(id, &seen).unwrap(), Some(Ownership::Ours(_))));
        write(&store, &record);
    }

    #[test]
    fn many_cells_are_written_at_once_and_what_is_wrong_with_one_is_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let mut records: Vec<Record> = (0..9).map(small).collect();
        let store = store(folder.path(), &records);
        write(&store, &records[3]);
        records[5].wall_s = f64::NAN;
        let (curve, weights) = (curve(), weights());
        let content = |record| {
            let weights = Some((&weights, Features::alike(&P)));
            Content { record, curve: &curve, weights, snapshots: &[] }
        };
        let contents: Vec<Content<'_>> = records.iter().map(content).collect();
        let written = store.write_all(&contents);
        let wrong: Vec<usize> = (0..9).filter(|&i| written[i].is_err()).collect();
        assert_eq!(wrong, [3, 5]);
        for (i, record) in records.iter().enumerate().filter(|(i, _)| *i != 5) {
            assert!(
                matches!(store.look(&record.cell_id, Care::Everything).unwrap(), Found::Kept(_)),
                "{i}"
            );
        }
        assert_eq!(names(&store.cells_folder()).unwrap().len(), 8, "nothing else is left");
    }

    #[test]
    fn where_there_are_no_locks_who_is_done_second_is_told_so_and_nothing_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let record = small(0);
        let manifest = manifest(std::slice::from_ref(&record));
        let begin = || {
            let kind = Some(Kind::Heartbeats);
            Store::begin_with(folder.path(), &manifest, Start::Resume, kind).unwrap().store
        };
        let (first, second) = (begin(), begin());
        assert_ne!(first.work_folder(&record.cell_id), second.work_folder(&record.cell_id));
        write(&second, &record);
        let error = first.write(&record, &[], None).unwrap_err();
        assert!(first.is_second(&error), "{error}");
        assert_eq!(second.curve(&record.cell_id).unwrap(), curve());
        assert_eq!(names(&first.cells_folder()).unwrap(), [record.cell_id.to_string()]);
        assert_eq!(names(&first.leases_folder()).unwrap().len(), 3, "kind, begin and sweep");
    }

    #[test]
    fn what_is_no_cell_is_never_an_id() {
        let folder = tempfile::tempdir().unwrap();
        let record = small(0);
        let store = store(folder.path(), std::slice::from_ref(&record));
        write(&store, &record);
        for foreign in ["notes", "28F4C4963266C93D", "28f4c4963266c93d-copy", ".x.part"] {
            fs::create_dir(store.cells_folder().join(foreign)).unwrap();
        }
        fs::write(store.cells_folder().join("0123456789abcdef"), "a file").unwrap();
        fs::write(store.leases_folder().join("notes.lease"), "").unwrap();
        assert_eq!(store.finished().unwrap(), std::slice::from_ref(&record.cell_id));
        drop(store);
        let (_, orphans) = Store::create(folder.path(), &manifest(&[])).unwrap();
        assert_eq!(orphans, [record.cell_id]);
    }

    #[test]
    fn a_damaged_manifest_is_named_with_its_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let record = small(0);
        let store = store(folder.path(), std::slice::from_ref(&record));
        write(&store, &record);
        let path = folder.path().join(MANIFEST);
        let whole = fs::read_to_string(&path).unwrap();
        for (content, part) in [
            (whole[..whole.len() / 2].to_owned(), "SHA-256"),
            (whole.replace("250", "251"), "SHA-256"),
            (String::new(), "SHA-256"),
        ] {
            fs::write(&path, content).unwrap();
            let said = store.manifest().unwrap_err().to_string();
            for part in ["sweep.json", "is damaged", part, "remove it and run the sweep file again"]
            {
                assert!(said.contains(part), "{said}");
            }
            assert!(
                Store::create(folder.path(), &manifest(std::slice::from_ref(&record))).is_err()
            );
        }
        // An older one has no digest; a field that stands there twice is refused all the same.
        fs::remove_file(folder.path().join(SUMS)).unwrap();
        fs::write(&path, whole.replacen("{", "{\"name\": \"x\",", 1)).unwrap();
        assert!(store.manifest().unwrap_err().to_string().contains("duplicate field `name`"));
        fs::write(&path, &whole).unwrap();
        assert_eq!(store.manifest().unwrap(), manifest(std::slice::from_ref(&record)));
        // As it is advised.
        fs::remove_file(&path).unwrap();
        drop(store);
        let (store, orphans) =
            Store::create(folder.path(), &manifest(std::slice::from_ref(&record))).unwrap();
        assert_eq!(
            (orphans, store.manifest().unwrap()),
            (vec![], manifest(std::slice::from_ref(&record)))
        );
        assert!(store.is_finished(&record.cell_id));
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
        let mut record = small(0);
        let store = store(folder.path(), std::slice::from_ref(&record));
        let id = record.cell_id.clone();
        write(&store, &record);
        record.wall_s = 7.0;
        store.replace(&record).unwrap();
        assert_eq!(store.record(&id).unwrap(), record);
        assert_eq!(store.weights(&id).unwrap(), Some(weights()));
        // One of an older version stays without digests.
        fs::remove_file(store.cell_folder(&id).join(SUMS)).unwrap();
        record.wall_s = 8.0;
        store.replace(&record).unwrap();
        assert_eq!(store.record(&id).unwrap(), record);
        assert!(!store.cell_folder(&id).join(SUMS).exists());
    }

    #[test]
    fn where_no_folder_is_none_is_opened() {
        let folder = tempfile::tempdir().unwrap();
        let said = |path: &Path| Store::open(path).unwrap_err().to_string();
        assert!(said(&folder.path().join("none")).contains("cannot find the folder"));
        assert!(said(folder.path()).contains("is empty and holds no sweep"));
        fs::write(folder.path().join("file"), "").unwrap();
        assert!(said(&folder.path().join("file")).contains("is a file, not a folder"));
        store(&folder.path().join("run"), &[]);
        assert_eq!(
            Store::open(&folder.path().join("run")).unwrap().root(),
            folder.path().join("run")
        );
    }
}
