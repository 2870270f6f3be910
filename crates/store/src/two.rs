//! Whether a lock that one node has keeps another one out, which it takes two to find out.

use std::fs::{self, OpenOptions, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

use superpose_files::disk::{at, write_new};

use crate::folder::{Store, StoreError, content};
use crate::lease::Kind;

/// What one of two processes does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// It locks a file, and says so.
    Holds,
    /// Then it tries to lock it, and says how that went.
    Tries,
}

/// How long one waits for the other: what one node has written, another one may be told a minute later.
const PATIENCE: Duration = Duration::from_secs(120);

/// Plays a part. The one who holds the lock is told how it went, and writes it down for all who will train here.
///
/// # Errors
/// [`StoreError`] when the disk refuses, or the other does not come.
pub fn probe(store: &Store, part: Part) -> Result<Option<Kind>, StoreError> {
    let leases = store.leases_folder();
    let [lock, held, tried] =
        ["lock", "held", "tried"].map(|name| leases.join(format!("{name}.two")));
    match part {
        Part::Holds => {
            let _ = fs::remove_file(&tried);
            let file = OpenOptions::new().write(true).create(true).truncate(false).open(&lock);
            let file = file.map_err(at("create", &lock))?;
            let is_ours = file.try_lock().is_ok();
            let _ = fs::remove_file(&held);
            write_new(&held, if is_ours { b"locked" } else { b"nothing" })?;
            let said = wait_for(&tried)?;
            let kind = if is_ours && said == "refused" { Kind::Locks } else { Kind::Heartbeats };
            for path in [&held, &tried, &lock] {
                fs::remove_file(path).map_err(at("remove", path))?;
            }
            store.agree(kind)?;
            Ok(Some(kind))
        }
        Part::Tries => {
            wait_for(&held)?;
            let file = OpenOptions::new().write(true).open(&lock).map_err(at("open", &lock))?;
            let refused = matches!(file.try_lock(), Err(TryLockError::WouldBlock));
            write_new(&tried, if refused { b"refused" } else { b"granted" })?;
            Ok(None)
        }
    }
}

/// What another process writes.
fn wait_for(path: &Path) -> Result<String, StoreError> {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        // To list a folder is what makes some network file systems look again.
        let is_there = path.parent().is_some_and(|folder| {
            fs::read_dir(folder).is_ok_and(|mut all| all.any(|e| e.is_ok_and(|e| e.path() == path)))
        });
        if is_there && let Ok(said) = fs::read_to_string(path) {
            return Ok(said);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Err(content(
        path,
        "was not written by the other task",
        "see whether both tasks ran, and see the same folder",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folder::names;
    use crate::planted::{manifest, store};

    #[test]
    fn two_find_that_locks_work_and_write_it_down() {
        let folder = tempfile::tempdir().unwrap();
        drop(store(folder.path(), &[]));
        let path = folder.path().join("leases/kind");
        fs::remove_file(&path).unwrap();
        let store = Store::open(folder.path()).unwrap();
        assert!(!store.has_agreed());
        let (holds, tries) = std::thread::scope(|scope| {
            let tries = scope.spawn(|| probe(&store, Part::Tries).unwrap());
            (probe(&store, Part::Holds).unwrap(), tries.join().unwrap())
        });
        assert_eq!((holds, tries), (Some(Kind::Locks), None));
        assert!(store.has_agreed());
        let left: Vec<String> = names(&store.leases_folder()).unwrap();
        assert!(left.iter().all(|name| !name.ends_with(".two")), "{left:?}");
        let again =
            Store::begin(folder.path(), &manifest(&[]), crate::store::Start::Resume).unwrap();
        assert_eq!(again.store.leases, Kind::Locks);
    }
}
