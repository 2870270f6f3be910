//! How processes begin in one folder: alone, or with others that have the same cells.
//!
//! Whoever trains in a folder holds a lock on `leases/sweep.lease`, together with the others. Who changes what the
//! folder should hold has that lock alone. So no process is given other cells than it began with. One process
//! begins at a time: it holds a lock on `leases/begin.lease`, for no longer than that.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use superpose_files::disk::{
    at, create_folder, folder_of, remove_left_work, sync_folder, write_new,
};
use superpose_files::sums::{NAME as SUMS, write_listed};
use superpose_toy::cell::{Cell, CellId};

use crate::beats::token;
use crate::checkpoint::is_checkpoint;
use crate::folder::{
    KIND, MANIFEST, Manifest, Store, StoreError, content, json_of, names, no_sweep,
};
use crate::lease::{self, Kind, Ownership};
use crate::store::remove;

/// How a run begins in a folder that holds some of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// With what there is.
    Resume,
    /// Anew; what there is, is moved out of the way.
    Anew,
}

/// A folder in which cells can be trained.
#[derive(Debug)]
pub struct Begun {
    /// The folder.
    pub store: Store,
    /// Finished cells in it that do not belong to the sweep.
    pub orphans: Vec<CellId>,
    /// Where the older run is now, if it was moved.
    pub aside: Option<PathBuf>,
}

/// What a process that begins anew writes into the lease of the sweep, after what it calls itself.
const ANEW: &str = ", anew";

/// How often a folder may vanish while a process begins there.
const VANISHES: usize = 100;

/// What came of an attempt to begin.
enum Attempt {
    Done(Store),
    /// The folder has changed meanwhile.
    Again,
    /// The older run is now there.
    Aside(PathBuf),
}

impl Store {
    /// The folder at `root`, made if need be, for the sweep of `manifest`; an older manifest of the
    /// same sweep is replaced, unless somebody is training its cells. What processes that died have left
    /// there of their work is removed.
    ///
    /// # Errors
    /// [`StoreError`] when the folder holds anything else, is used by others with other cells, or cannot
    /// be written.
    pub fn begin(root: &Path, manifest: &Manifest, start: Start) -> Result<Begun, StoreError> {
        Self::begin_with(root, manifest, start, None)
    }

    /// As [`Store::begin`], where processes keep out of each other's way by `leases` of this kind, if it is given.
    /// Otherwise by what the first process here has found to work.
    ///
    /// # Errors
    /// As for [`Store::begin`]; also when those who began here have another kind.
    pub fn begin_with(
        root: &Path,
        manifest: &Manifest,
        start: Start,
        leases: Option<Kind>,
    ) -> Result<Begun, StoreError> {
        // What a link leads to is moved and made anew, not the link.
        let is_link = fs::symlink_metadata(root).is_ok_and(|found| found.is_symlink());
        let root = if is_link {
            fs::canonicalize(root).map_err(at("find", root))?
        } else {
            root.to_owned()
        };
        let mut aside = None;
        let mut vanished = 0;
        let store = loop {
            let wanted = if aside.is_some() { Start::Resume } else { start };
            match attempt(&root, manifest, [wanted, start], leases) {
                Ok(Attempt::Done(store)) => break store,
                Ok(Attempt::Again) => {}
                Ok(Attempt::Aside(path)) => aside = Some(path),
                // Others that begin anew have moved the folder away between two looks at it.
                Err(StoreError::Disk(error)) if error.is_missing() && vanished < VANISHES => {
                    vanished += 1;
                }
                Err(error) => return Err(error),
            }
        };
        store.remove_work()?;
        let wanted: BTreeSet<CellId> = manifest.cells.iter().map(Cell::id).collect();
        let orphans = store.finished()?.into_iter().filter(|id| !wanted.contains(id)).collect();
        Ok(Begun { store, orphans, aside })
    }

    /// As [`Store::begin`] with what there is: the folder, and the finished cells in it that do not belong to
    /// the sweep.
    ///
    /// # Errors
    /// As for [`Store::begin`].
    pub fn create(root: &Path, manifest: &Manifest) -> Result<(Self, Vec<CellId>), StoreError> {
        let begun = Self::begin(root, manifest, Start::Resume)?;
        Ok((begun.store, begun.orphans))
    }

    /// Removes the work on cells that nobody is training, and on the list of the cells. Where cells were in their
    /// training stays, unless they are finished.
    fn remove_work(&self) -> Result<(), StoreError> {
        // Who asks nobody does not know whose work it is.
        if self.leases == Kind::Nothing {
            return Ok(());
        }
        remove_left_work(self.root(), [MANIFEST]);
        remove_left_work(&self.leases_folder(), [KIND]);
        for name in names(&self.cells_folder())? {
            let Some((id, rest)) = name.strip_prefix('.').and_then(|name| name.split_once('.'))
            else {
                continue;
            };
            let Ok(id) = CellId::try_from(id.to_owned()) else { continue };
            let is_work = rest == "part" || rest.ends_with(".part");
            let goes = is_work || (is_checkpoint(rest) && self.has_place(&id));
            // Where that fails the work stays, which is in nobody's way.
            if goes && let Ok(Ownership::Ours(_lease)) = self.lease(&id) {
                let path = self.cells_folder().join(&name);
                // Out of the reach of an owner who is not dead after all and may be about to give it its name.
                let aside = self.cells_folder().join(format!(".{id}.{}.part", token()));
                if is_work && fs::rename(&path, &aside).is_ok() {
                    let _ = remove(&aside);
                } else {
                    let _ = remove(&path);
                }
            }
        }
        Ok(())
    }
}

/// One attempt to begin in the folder `root`: how it is wanted, and how it was asked for at `first`.
fn attempt(
    root: &Path,
    manifest: &Manifest,
    [wanted, first]: [Start; 2],
    leases: Option<Kind>,
) -> Result<Attempt, StoreError> {
    let mut store = Store::at(root);
    if fs::metadata(root).is_ok_and(|found| !found.is_dir()) {
        return Err(content(root, "is a file, not a folder", "give another folder with --out"));
    }
    let manifest_path = store.manifest_path();
    let is_there = || manifest_path.exists();
    // Asked once more, as another process may begin while the folder is read.
    if !is_there() && root.is_dir() && !may_begin(&store)? && !is_there() {
        return Err(no_sweep(root, "give another folder"));
    }
    let (gate, mut lock) = match lock_files(&store) {
        Ok(files) => files,
        // Nothing can be trained there, but what is finished can be shown.
        Err(StoreError::Disk(error)) if error.is_read_only() && is_there() => {
            let same = wanted == Start::Resume
                && matches!(store.compare(manifest, &json_of(manifest))?, Held::Same);
            return if same { Ok(Attempt::Done(store)) } else { Err(error.into()) };
        }
        Err(error) => return Err(error),
    };
    store.leases = store.leases_agreed(leases)?;
    if store.leases != Kind::Locks {
        store.token = Some(token());
        return attempt_without_locks(store, manifest, wanted);
    }
    gate.lock().map_err(at("lock", &store.begin_lease()))?;
    let path = store.sweep_lease();
    if !lease::is_at(&gate, &store.begin_lease()) || !lease::is_at(&lock, &path) {
        return Ok(Attempt::Again);
    }
    let is_alone = match lock.try_lock() {
        Ok(()) => true,
        Err(TryLockError::WouldBlock) => {
            lock.lock_shared().map_err(at("lock", &path))?;
            false
        }
        Err(TryLockError::Error(error)) => return Err(at("lock", &path)(error).into()),
    };
    if wanted == Start::Anew && (is_there() || !store.finished()?.is_empty()) {
        if is_alone {
            return Ok(Attempt::Aside(set_aside(root)?));
        }
        let holder = lease::signature(&mut lock);
        // A run that others have just begun anew is as good as one of our own.
        if !holder.ends_with(ANEW) {
            let problem = format!("is being trained by {holder}");
            return Err(content(root, &problem, "wait for it, or share its work without --fresh"));
        }
    }
    let json = json_of(manifest);
    if is_alone {
        let found = if is_there() { Some(store.compare(manifest, &json)?) } else { None };
        match found {
            Some(Held::Same) => {}
            Some(Held::OtherSweep(name)) => return Err(other_sweep(root, &name, &manifest.name)),
            None | Some(Held::OtherCells) => write_listed(root, &[(MANIFEST, &json)])?,
        }
        let anew = if first == Start::Anew { ANEW } else { "" };
        lease::sign(&lock, &(lease::us() + anew)).map_err(at("write", &path))?;
        lock.lock_shared().map_err(at("lock", &path))?;
    }
    match store.compare(manifest, &json)? {
        Held::Same => {
            store.in_use = Some(Arc::new(lock));
            Ok(Attempt::Done(store))
        }
        Held::OtherSweep(name) => Err(other_sweep(root, &name, &manifest.name)),
        Held::OtherCells => Err(other_cells(root, manifest, &lease::signature(&mut lock))),
    }
}

/// The same where there are no locks. Those who train here are known by their claims to cells.
fn attempt_without_locks(
    store: Store,
    manifest: &Manifest,
    wanted: Start,
) -> Result<Attempt, StoreError> {
    let root = store.root();
    let leases = store.leases_folder();
    let _gate = loop {
        match lease::claim(&leases, BEGIN, Kind::Heartbeats).map_err(at("write", &leases))? {
            Ownership::Ours(gate) => break gate,
            Ownership::Theirs(_) => std::thread::sleep(Duration::from_millis(50)),
        }
    };
    let is_there = store.manifest_path().exists();
    if wanted == Start::Anew && (is_there || !store.finished()?.is_empty()) {
        return match store.at_work()? {
            None => Ok(Attempt::Aside(set_aside(root)?)),
            Some(holder) => {
                let problem = format!("is being trained by {holder}");
                Err(content(root, &problem, "wait for it, or share its work without --fresh"))
            }
        };
    }
    let json = json_of(manifest);
    let found = if is_there { Some(store.compare(manifest, &json)?) } else { None };
    match (found, store.at_work()?) {
        (Some(Held::Same), _) => {}
        (Some(Held::OtherSweep(name)), _) => return Err(other_sweep(root, &name, &manifest.name)),
        (Some(Held::OtherCells), Some(holder)) => return Err(other_cells(root, manifest, &holder)),
        (None | Some(Held::OtherCells), _) => write_listed(root, &[(MANIFEST, &json)])?,
    }
    Ok(Attempt::Done(store))
}

/// What the claim of who begins is called.
const BEGIN: &str = "begin";

/// What a folder holds, beside what it should hold.
enum Held {
    Same,
    /// The same sweep, with other cells.
    OtherCells,
    /// The sweep of this name.
    OtherSweep(String),
}

impl Store {
    /// What the folder holds, beside `manifest`, which is written as `json`.
    fn compare(&self, manifest: &Manifest, json: &[u8]) -> Result<Held, StoreError> {
        let bytes = self.manifest_bytes()?;
        if bytes == json {
            return Ok(Held::Same);
        }
        let found = self.parse_manifest(&bytes)?;
        Ok(match () {
            () if found == *manifest => Held::Same,
            () if found.name == manifest.name => Held::OtherCells,
            () => Held::OtherSweep(found.name),
        })
    }

    /// Whether it is settled how processes keep out of each other's way here.
    pub fn has_agreed(&self) -> bool {
        matches!(self.leases_written(), Ok(Some(_)))
    }

    /// Writes down how processes keep out of each other's way here, unless somebody has done so already.
    pub(crate) fn agree(&self, kind: Kind) -> Result<(), StoreError> {
        match write_new(&self.leases_kind(), format!("{}\n", kind.name()).as_bytes()) {
            Err(error) if !error.is_taken() => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// How processes keep out of each other's way here: as it is written down, or as it is `wanted`, or as it works,
    /// which is then written down.
    fn leases_agreed(&self, wanted: Option<Kind>) -> Result<Kind, StoreError> {
        // Who has cells of one's own need not agree with anybody.
        if wanted == Some(Kind::Nothing) {
            return Ok(Kind::Nothing);
        }
        if self.leases_written()?.is_none() {
            let leases = self.leases_folder();
            let works = || lease::probe(&leases).map_err(at("write", &leases));
            self.agree(wanted.map_or_else(works, Ok)?)?;
        }
        let written = self.leases_written()?.unwrap_or(Kind::Locks);
        if wanted.is_some_and(|wanted| wanted != written) {
            let problem = format!("says `{}`, by which those work who began here", written.name());
            let advice = "remove it when nobody is training here";
            return Err(content(&self.leases_kind(), &problem, advice));
        }
        Ok(written)
    }

    /// One who trains cells here, by claims or by locks.
    fn at_work(&self) -> Result<Option<String>, StoreError> {
        let cells = names(&self.leases_folder())?.into_iter().filter_map(|name| {
            let name = name.strip_suffix(".claim")?;
            (name != BEGIN).then(|| name.to_owned())
        });
        let mut holders =
            cells.filter_map(|name| lease::holder(&self.leases_folder(), &name, Kind::Heartbeats));
        // Those who have locks here share one.
        Ok(holders.next().or_else(|| lease::user(&self.sweep_lease())))
    }
}

/// The open leases of who begins and of who trains, in their folder, which is made if need be.
fn lock_files(store: &Store) -> Result<(File, File), StoreError> {
    for folder in [store.cells_folder(), store.leases_folder()] {
        create_folder(&folder)?;
    }
    let open = |path: PathBuf| lease::open(&path).map_err(at("lock", &path));
    Ok((open(store.begin_lease())?, open(store.sweep_lease())?))
}

/// Moves a run to `<root>.1`, or the next number that is free.
fn set_aside(root: &Path) -> Result<PathBuf, StoreError> {
    for number in 1.. {
        let mut name = root.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{number}"));
        let aside = root.with_file_name(name);
        // A folder that is empty would be replaced.
        if fs::symlink_metadata(&aside).is_ok() {
            continue;
        }
        match fs::rename(root, &aside) {
            Ok(()) => {
                sync_folder(folder_of(&aside))?;
                return Ok(aside);
            }
            Err(error) if is_taken(&error) => {}
            Err(error) => return Err(at("move", root)(error).into()),
        }
    }
    unreachable!("numbers do not end")
}

/// Whether a rename failed because something has that name already.
fn is_taken(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{AlreadyExists, DirectoryNotEmpty, NotADirectory};
    matches!(error.kind(), AlreadyExists | DirectoryNotEmpty | NotADirectory)
}

/// Whether a sweep may begin in a folder that has no manifest: there is nothing in it but what a process killed in
/// [`Store::begin`] leaves, or it was a sweep's, whose manifest was lost.
fn may_begin(store: &Store) -> Result<bool, StoreError> {
    let starts = [format!(".{MANIFEST}."), format!(".{SUMS}.")];
    let is_ours = |name: &String| {
        ["cells", "leases", SUMS].contains(&&**name)
            || starts.iter().any(|start| name.starts_with(start))
    };
    let was_ours = store.cells_folder().is_dir() && store.leases_folder().is_dir();
    Ok(was_ours || names(store.root())?.iter().all(is_ours))
}

fn other_cells(root: &Path, manifest: &Manifest, holder: &str) -> StoreError {
    let problem = format!("holds other cells of `{}`, which {holder} is training", manifest.name);
    content(root, &problem, "wait for it, or give another folder with --out")
}

fn other_sweep(root: &Path, found: &str, wanted: &str) -> StoreError {
    let problem = format!("holds the sweep `{found}`, not `{wanted}`");
    content(root, &problem, "give another folder with --out, or another `name`")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folder::Manifest;
    use crate::planted::{manifest, small, store, write};

    fn begin(root: &Path, manifest: &Manifest, start: Start) -> Result<Begun, String> {
        Store::begin(root, manifest, start).map_err(|error| error.to_string())
    }

    fn resume(root: &Path, manifest: &Manifest) -> Result<Begun, String> {
        begin(root, manifest, Start::Resume)
    }

    #[test]
    fn who_asks_nobody_leaves_the_cells_of_those_who_train_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (first, other) = (manifest(&[small(0)]), manifest(&[small(1)]));
        let nothing = |wanted, start| {
            let begun = Store::begin_with(folder.path(), wanted, start, Some(Kind::Nothing));
            begun.map(|begun| begun.store.leases).map_err(|error| error.to_string())
        };
        let training = resume(folder.path(), &first).unwrap();
        assert_eq!(nothing(&first, Start::Resume), Ok(Kind::Nothing));
        for (wanted, start, said) in [
            (&other, Start::Resume, "holds other cells"),
            (&first, Start::Anew, "is being trained"),
        ] {
            let error = nothing(wanted, start).unwrap_err();
            assert!(error.contains(said) && error.contains("process "), "{error}");
        }
        assert_eq!(training.store.manifest().unwrap(), first);
        drop(training);
        assert_eq!(nothing(&other, Start::Resume), Ok(Kind::Nothing));
    }

    #[test]
    fn a_folder_with_something_else_in_it_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let named = |name: &str| Manifest { name: name.to_owned(), cells: vec![] };
        fs::write(folder.path().join("thesis.tex"), "precious").unwrap();
        fs::create_dir(folder.path().join("cells")).unwrap();
        for start in [Start::Resume, Start::Anew] {
            let said = begin(folder.path(), &named("a"), start).unwrap_err();
            assert!(said.contains("holds no sweep"), "{said}");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
        let said = resume(&folder.path().join("thesis.tex"), &named("a")).unwrap_err();
        assert!(said.contains("thesis.tex` is a file, not a folder"), "{said}");

        let own = folder.path().join("a");
        resume(&own, &named("a")).unwrap();
        let said = resume(&own, &named("b")).unwrap_err();
        assert!(said.contains("holds the sweep `a`, not `b`"), "{said}");
    }

    #[test]
    fn what_a_process_leaves_that_died_at_its_start_is_no_hindrance() {
        let folder = tempfile::tempdir().unwrap();
        for file in [".sweep.json.17.part", ".sweep.json.aB3x.part", ".SHA256SUMS.q.part"] {
            fs::write(folder.path().join(file), "{").unwrap();
        }
        fs::create_dir(folder.path().join("cells")).unwrap();
        resume(folder.path(), &manifest(&[])).unwrap();
        let mut names = names(folder.path()).unwrap();
        names.sort();
        assert_eq!(names, ["SHA256SUMS", "cells", "leases", "sweep.json"]);
    }

    #[test]
    fn a_folder_that_has_lost_its_manifest_is_taken_up_again() {
        let folder = tempfile::tempdir().unwrap();
        let record = small(0);
        let sweep = manifest(std::slice::from_ref(&record));
        write(&resume(folder.path(), &sweep).unwrap().store, &record);
        fs::write(folder.path().join("results.csv"), "").unwrap();
        fs::remove_file(folder.path().join(MANIFEST)).unwrap();
        let begun = resume(folder.path(), &sweep).unwrap();
        assert!(begun.store.is_finished(&record.cell_id));
        assert_eq!((begun.orphans, begun.aside), (vec![], None));
        assert_eq!(Store::open(folder.path()).unwrap().manifest().unwrap(), sweep);
        // Also when it was to begin anew.
        drop(begun.store);
        fs::remove_file(folder.path().join(MANIFEST)).unwrap();
        let run = folder.path().with_extension("run");
        fs::rename(folder.path(), &run).unwrap();
        let begun = begin(&run, &sweep, Start::Anew).unwrap();
        assert!(!begun.store.is_finished(&record.cell_id));
        fs::remove_dir_all(begun.aside.unwrap()).unwrap();
        fs::remove_dir_all(&run).unwrap();
    }

    #[test]
    fn cells_that_left_the_sweep_are_reported_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let record = small(0);
        let store = store(folder.path(), std::slice::from_ref(&record));
        write(&store, &record);
        drop(store);
        let (store, orphans) = Store::create(folder.path(), &manifest(&[])).unwrap();
        assert_eq!(orphans, std::slice::from_ref(&record.cell_id));
        assert!(store.is_finished(&record.cell_id));
    }

    #[test]
    fn who_trains_keeps_its_cells_and_those_that_have_the_same_share_them() {
        let folder = tempfile::tempdir().unwrap();
        let (ours, others) = (manifest(&[small(0)]), manifest(&[small(0), small(1)]));
        let first = resume(folder.path(), &ours).unwrap();
        let second = resume(folder.path(), &ours).unwrap();
        let clone = second.store.clone();
        for held in [first, second] {
            let said = resume(folder.path(), &others).unwrap_err();
            let who =
                format!("holds other cells of `example`, which process {} on", std::process::id());
            assert!(said.contains(&who) && said.contains("wait for it"), "{said}");
            drop(held);
        }
        assert!(resume(folder.path(), &others).is_err(), "a clone holds it, too");
        drop(clone);
        let begun = resume(folder.path(), &others).unwrap();
        assert_eq!(begun.store.manifest().unwrap(), others);
        // Who only reads is in nobody's way.
        let reader = Store::open(folder.path()).unwrap();
        drop(begun);
        resume(folder.path(), &ours).unwrap();
        assert_eq!(reader.manifest().unwrap(), ours);
    }

    #[test]
    fn a_manifest_that_is_the_same_is_not_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let sweep = manifest(&[small(0)]);
        resume(folder.path(), &sweep).unwrap();
        // An older version may have written it otherwise.
        let path = folder.path().join(MANIFEST);
        fs::remove_file(folder.path().join(SUMS)).unwrap();
        let other = serde_json::to_vec(&sweep).unwrap();
        fs::write(&path, &other).unwrap();
        resume(folder.path(), &sweep).unwrap();
        assert_eq!(fs::read(&path).unwrap(), other);
    }

    #[test]
    fn first_starts_at_once_all_begin() {
        let sweep = manifest(&[small(0), small(1)]);
        for _ in 0..20 {
            let folder = tempfile::tempdir().unwrap();
            let root = folder.path().join("deep/run");
            std::thread::scope(|scope| {
                let starts: Vec<_> =
                    (0..6).map(|_| scope.spawn(|| resume(&root, &sweep).map(|_| ()))).collect();
                for start in starts {
                    assert_eq!(start.join().unwrap(), Ok(()));
                }
            });
        }
    }

    #[test]
    fn several_that_begin_anew_at_once_move_the_older_run_once() {
        let record = small(0);
        let sweep = manifest(std::slice::from_ref(&record));
        for _ in 0..10 {
            let folder = tempfile::tempdir().unwrap();
            let root = folder.path().join("run");
            write(&resume(&root, &sweep).unwrap().store, &record);
            let barrier = std::sync::Barrier::new(4);
            let asides = std::thread::scope(|scope| {
                let start = || {
                    let begun = begin(&root, &sweep, Start::Anew);
                    // All have begun before the first ends.
                    barrier.wait();
                    let begun = begun.unwrap();
                    assert!(!begun.store.is_finished(&record.cell_id));
                    begun.aside
                };
                let starts: Vec<_> = (0..4).map(|_| scope.spawn(start)).collect();
                starts.into_iter().filter_map(|start| start.join().unwrap()).collect::<Vec<_>>()
            });
            assert_eq!(asides, [folder.path().join("run.1")]);
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
            assert!(Store::open(&asides[0]).unwrap().is_finished(&record.cell_id));
        }
    }

    #[test]
    fn a_run_that_others_resume_is_not_moved_away() {
        let folder = tempfile::tempdir().unwrap();
        let (root, sweep) = (folder.path().join("run"), manifest(&[small(0)]));
        let held = resume(&root, &sweep).unwrap();
        let said = begin(&root, &sweep, Start::Anew).unwrap_err();
        assert!(said.contains("is being trained by process") && said.contains("--fresh"), "{said}");
        drop(held);
        for number in [1, 2] {
            let begun = begin(&root, &sweep, Start::Anew).unwrap();
            assert_eq!(begun.aside, Some(folder.path().join(format!("run.{number}"))));
        }
        // Neither is an empty folder replaced, nor a file.
        fs::create_dir(folder.path().join("run.3")).unwrap();
        fs::write(folder.path().join("run.4"), "").unwrap();
        let begun = begin(&root, &sweep, Start::Anew).unwrap();
        assert_eq!(begun.aside, Some(folder.path().join("run.5")));
    }

    #[cfg(unix)]
    #[test]
    fn of_a_link_what_it_leads_to_is_begun_anew() {
        let folder = tempfile::tempdir().unwrap();
        let (disk, sweep) = (folder.path().join("disk"), manifest(&[small(0)]));
        fs::create_dir_all(disk.join("run")).unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(disk.join("run"), &link).unwrap();
        resume(&link, &sweep).unwrap();
        let begun = begin(&link, &sweep, Start::Anew).unwrap();
        assert_eq!(begun.aside, Some(fs::canonicalize(&disk).unwrap().join("run.1")));
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert!(link.join(MANIFEST).exists() && disk.join("run").join(MANIFEST).exists());
    }

    #[test]
    fn work_that_was_cut_off_goes_unless_its_cell_is_in_training() {
        let folder = tempfile::tempdir().unwrap();
        let records = [small(0), small(1)];
        let sweep = manifest(&records);
        let store = store(folder.path(), &records);
        let work = |i: usize| store.cells_folder().join(format!(".{}.part", records[i].cell_id));
        for i in 0..2 {
            fs::create_dir(work(i)).unwrap();
            fs::write(work(i).join("record.json"), "{").unwrap();
        }
        fs::create_dir(store.cells_folder().join(".notes.part")).unwrap();
        let _lease = store.lease(&records[1].cell_id).unwrap();
        resume(folder.path(), &sweep).unwrap();
        assert!(!work(0).exists() && work(1).exists());
        assert!(store.cells_folder().join(".notes.part").exists());
    }
}
