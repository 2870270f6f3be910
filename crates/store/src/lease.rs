//! The right to train a cell, which one process at a time has.
//!
//! Usually a lease is an advisory lock that the operating system holds on an open file. It ends with the
//! process, however that ends, so a dead process's cell is free at once and no clock is compared.
//! The file itself stays: removing a lock file while others open it would let two processes lock
//! two files of the same name. Where there are no such locks it is a file that only one process can make
//! (`beats`), and those who have shared the cells out beforehand need neither.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::beats::{self, Beating, Claim, token};

/// How processes keep out of each other's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// By locks of the operating system.
    Locks,
    /// By files that are made and written again and again, where there are no locks, or each host has its own.
    Heartbeats,
    /// Not at all: everybody has cells of one's own.
    Nothing,
}

impl Kind {
    /// Its name, as it stands in the folder of leases.
    pub fn name(self) -> &'static str {
        match self {
            Self::Locks => "locks",
            Self::Heartbeats => "heartbeats",
            Self::Nothing => "nothing",
        }
    }

    /// The kind of a name.
    pub fn of(name: &str) -> Option<Self> {
        [Self::Locks, Self::Heartbeats, Self::Nothing].into_iter().find(|kind| kind.name() == name)
    }
}

/// The right to train a cell, until it is dropped.
#[derive(Debug)]
pub struct Lease {
    held: Held,
}

impl Lease {
    /// Writes into the lease, behind who has it, how far its cell is: for people, so that it is no failure if it fails.
    /// Only a lock can be written into.
    pub fn tell(&self, how_far: &str) {
        if let Held::Locked(file) = &self.held {
            let _ = sign(file, &format!("{}, {how_far}", us()));
        }
    }
}

/// What makes it ours.
#[derive(Debug)]
enum Held {
    /// It is locked for as long as it is open.
    Locked(File),
    Beating(#[expect(dead_code, reason = "it is dropped")] Beating),
    Nothing,
}

/// What came of asking for a lease.
#[derive(Debug)]
pub enum Ownership {
    /// It is ours.
    Ours(Lease),
    /// Somebody has it: what the holder wrote of itself.
    Theirs(String),
}

/// Asks for the lease of something called `name` in the folder of leases, and writes there who has it.
///
/// # Errors
/// When the file cannot be made, or the file system has no locks.
pub fn claim(folder: &Path, name: &str, kind: Kind) -> io::Result<Ownership> {
    let ours = |held| Ownership::Ours(Lease { held });
    match kind {
        Kind::Nothing => Ok(ours(Held::Nothing)),
        Kind::Heartbeats => Ok(match beats::claim(&claim_of(folder, name))? {
            Claim::Ours(beating) => ours(Held::Beating(beating)),
            Claim::Theirs(holder) => Ownership::Theirs(holder),
        }),
        Kind::Locks => {
            let mut file = open(&path_of(folder, name))?;
            match file.try_lock() {
                Ok(()) => {
                    sign(&file, &us())?;
                    Ok(ours(Held::Locked(file)))
                }
                Err(TryLockError::WouldBlock) => Ok(Ownership::Theirs(signature(&mut file))),
                Err(TryLockError::Error(error)) => Err(error),
            }
        }
    }
}

/// How processes can keep out of each other's way in a folder, as far as one of them can tell: whether a second
/// lock on a file is refused while there is a first.
///
/// # Errors
/// When nothing can be written there.
pub(crate) fn probe(folder: &Path) -> io::Result<Kind> {
    let path = folder.join(format!("{}.probe", token()));
    let open = || OpenOptions::new().write(true).create(true).truncate(false).open(&path);
    let (first, second) = (open()?, open()?);
    let works =
        first.try_lock().is_ok() && matches!(second.try_lock(), Err(TryLockError::WouldBlock));
    drop((first, second));
    fs::remove_file(&path)?;
    Ok(if works { Kind::Locks } else { Kind::Heartbeats })
}

/// The job of a batch system that this process is.
static JOB: OnceLock<String> = OnceLock::new();

/// From now on this process calls itself a part of this job of a batch system, too.
pub fn in_job(number: String) {
    // Once for all; who says it again says the same.
    let _ = JOB.set(number);
}

/// This process, for people.
pub(crate) fn us() -> String {
    let host = gethostname::gethostname();
    let us = format!("process {} on {}", std::process::id(), host.to_string_lossy());
    match JOB.get() {
        Some(job) => format!("{us}, job {job}"),
        None => us,
    }
}

/// The file of a lease, made if need be. It is never one that a link leads to, since it will be written.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    if fs::symlink_metadata(path).is_ok_and(|found| !found.is_file()) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is a link, or no file"));
    }
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
    // Then it is gone from there, as if it had never been.
    let gone = || io::Error::new(io::ErrorKind::NotFound, "it was replaced meanwhile");
    if is_at(&file, path) { Ok(file) } else { Err(gone()) }
}

/// Whether this open file is still what is at `path`; taken for granted on systems that cannot tell.
pub(crate) fn is_at(file: &File, path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let known = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
        let at_path = fs::symlink_metadata(path).ok().map(known);
        at_path.is_some() && at_path == file.metadata().ok().map(known)
    }
    #[cfg(not(unix))]
    {
        let _ = (file, path);
        true
    }
}

/// Writes into a lease who has it.
pub(crate) fn sign(mut file: &File, words: &str) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(words.as_bytes())
}

/// What is written in a lease. It is only for a message, so a failure to read it is no failure.
pub(crate) fn signature(file: &mut File) -> String {
    let mut words = String::new();
    let _ = file.rewind().and_then(|()| file.take(MOST_WORDS).read_to_string(&mut words));
    readable(&words)
}

/// Words that are safe to print.
pub(crate) fn readable(words: &str) -> String {
    words.chars().filter(|c| !c.is_control()).collect()
}

/// Bytes of a signature that are read at most.
const MOST_WORDS: u64 = 200;

/// Who holds the lease of something called `name` in the folder of leases, if anybody does.
pub fn holder(folder: &Path, name: &str, kind: Kind) -> Option<String> {
    let path = &path_of(folder, name);
    match kind {
        Kind::Locks => {}
        Kind::Heartbeats => return beats::holder(&claim_of(folder, name)),
        Kind::Nothing => return None,
    }
    if !fs::metadata(path).is_ok_and(|found| found.is_file()) {
        return None;
    }
    let mut file = File::open(path).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Some(signature(&mut file)),
        _ => None,
    }
}

/// One of those who share the lock in the file at `path`, if anybody does.
pub(crate) fn user(path: &Path) -> Option<String> {
    let mut file = File::open(path).ok()?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Some(signature(&mut file)),
        _ => None,
    }
}

/// Where the lease of something called `name` lives in the folder of leases.
pub(crate) fn path_of(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.lease"))
}

/// The same where there are no locks.
fn claim_of(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.claim"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holder_at_a_time() {
        for kind in [Kind::Locks, Kind::Heartbeats] {
            let folder = tempfile::tempdir().unwrap();
            let claim = || claim(folder.path(), "cell", kind).unwrap();
            let holder = || holder(folder.path(), "cell", kind);
            assert_eq!(holder(), None);
            let Ownership::Ours(lease) = claim() else { panic!("nobody else is here") };
            lease.tell("at step 3 of 9");
            let Ownership::Theirs(who) = claim() else { panic!("it is taken") };
            assert_eq!(who.ends_with(", at step 3 of 9"), kind == Kind::Locks, "{who}");
            assert!(who.starts_with(&format!("process {} on ", std::process::id())), "{who}");
            assert_eq!(holder(), Some(who));
            drop(lease);
            assert_eq!(holder(), None);
            assert!(matches!(claim(), Ownership::Ours(_)));
        }
        // Who needs no lease has it at once, and leaves nothing.
        let folder = tempfile::tempdir().unwrap();
        let claim = || claim(folder.path(), "cell", Kind::Nothing).unwrap();
        let (Ownership::Ours(_first), Ownership::Ours(_)) = (claim(), claim()) else { panic!() };
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn locks_are_found_where_there_are_some_and_nothing_is_left() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(probe(folder.path()).unwrap(), Kind::Locks);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        for kind in [Kind::Locks, Kind::Heartbeats, Kind::Nothing] {
            assert_eq!(Kind::of(kind.name()), Some(kind));
        }
    }

    #[test]
    fn a_signature_is_short_and_safe_to_print() {
        let folder = tempfile::tempdir().unwrap();
        let path = path_of(folder.path(), "cell");
        fs::write(&path, format!("\u{1b}[2J{}", "x".repeat(1000))).unwrap();
        let mut file = open(&path).unwrap();
        let words = signature(&mut file);
        assert!(words.starts_with("[2Jxx") && words.len() < 200, "{words}");
        sign(&file, "process 7").unwrap();
        assert_eq!(signature(&mut file), "process 7");
        assert_eq!(fs::read_to_string(&path).unwrap(), "process 7");
    }

    #[cfg(unix)]
    #[test]
    fn a_lease_is_never_a_file_that_a_link_leads_to() {
        let folder = tempfile::tempdir().unwrap();
        let (path, victim) = (path_of(folder.path(), "cell"), folder.path().join("victim"));
        for target in ["victim", "nothing"] {
            fs::write(&victim, "precious").unwrap();
            std::os::unix::fs::symlink(folder.path().join(target), &path).unwrap();
            assert!(
                claim(folder.path(), "cell", Kind::Locks)
                    .unwrap_err()
                    .to_string()
                    .contains("a link")
            );
            fs::remove_file(&path).unwrap();
        }
        assert_eq!(fs::read(&victim).unwrap(), b"precious");
        assert!(!folder.path().join("nothing").exists());
        fs::create_dir(&path).unwrap();
        assert!(claim(folder.path(), "cell", Kind::Locks).is_err());
        assert!(holder(folder.path(), "cell", Kind::Locks).is_none());
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_was_moved_is_no_longer_at_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let path = path_of(folder.path(), "cell");
        let file = open(&path).unwrap();
        assert!(is_at(&file, &path));
        fs::rename(&path, folder.path().join("moved")).unwrap();
        assert!(!is_at(&file, &path));
        fs::write(&path, "another").unwrap();
        assert!(!is_at(&file, &path));
    }
}
