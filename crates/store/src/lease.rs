//! The right to train a cell, which one process at a time has.
//!
//! A lease is an advisory lock that the operating system holds on an open file. It ends with the
//! process, however that ends, so a dead process's cell is free at once and no clock is compared.
//! The file itself stays: removing a lock file while others open it would let two processes lock
//! two files of the same name.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

/// The right to train a cell, until it is dropped.
#[derive(Debug)]
pub struct Lease {
    /// Locked for as long as it is open.
    _file: File,
}

/// What came of asking for a lease.
#[derive(Debug)]
pub enum Ownership {
    /// It is ours.
    Ours(Lease),
    /// Somebody has it: what the holder wrote of itself.
    Theirs(String),
}

/// Asks for the lease in the file at `path`, and writes there who has it.
///
/// # Errors
/// When the file cannot be made, or the file system has no locks.
pub fn claim(path: &Path) -> io::Result<Ownership> {
    let mut file = open(path)?;
    match file.try_lock() {
        Ok(()) => {
            sign(&mut file, &us())?;
            Ok(Ownership::Ours(Lease { _file: file }))
        }
        Err(TryLockError::WouldBlock) => Ok(Ownership::Theirs(signature(&mut file))),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// This process, for people.
pub(crate) fn us() -> String {
    format!("process {}", std::process::id())
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
pub(crate) fn sign(file: &mut File, words: &str) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(words.as_bytes())
}

/// What is written in a lease. It is only for a message, so a failure to read it is no failure.
pub(crate) fn signature(file: &mut File) -> String {
    let mut words = String::new();
    let _ = file.rewind().and_then(|()| file.take(MOST_WORDS).read_to_string(&mut words));
    words.retain(|c| !c.is_control());
    words
}

/// Bytes of a signature that are read at most.
const MOST_WORDS: u64 = 100;

/// Who holds the lease in the file at `path`, if anybody does.
pub fn holder(path: &Path) -> Option<String> {
    if !fs::metadata(path).is_ok_and(|found| found.is_file()) {
        return None;
    }
    let mut file = File::open(path).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Some(signature(&mut file)),
        _ => None,
    }
}

/// Where the lease of something called `name` lives in the folder of leases.
pub(crate) fn path_of(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.lease"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holder_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = path_of(folder.path(), "cell");
        assert_eq!(holder(&path), None);
        let Ownership::Ours(lease) = claim(&path).unwrap() else { panic!("nobody else is here") };
        let Ownership::Theirs(who) = claim(&path).unwrap() else { panic!("it is taken") };
        assert_eq!(who, format!("process {}", std::process::id()));
        assert_eq!(holder(&path), Some(who));
        drop(lease);
        assert_eq!(holder(&path), None);
        assert!(matches!(claim(&path).unwrap(), Ownership::Ours(_)));
    }

    #[test]
    fn a_signature_is_short_and_safe_to_print() {
        let folder = tempfile::tempdir().unwrap();
        let path = path_of(folder.path(), "cell");
        fs::write(&path, format!("\u{1b}[2J{}", "x".repeat(1000))).unwrap();
        let mut file = open(&path).unwrap();
        let words = signature(&mut file);
        assert!(words.starts_with("[2Jxx") && words.len() < 100, "{words}");
        sign(&mut file, "process 7").unwrap();
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
            assert!(claim(&path).unwrap_err().to_string().contains("a link"));
            fs::remove_file(&path).unwrap();
        }
        assert_eq!(fs::read(&victim).unwrap(), b"precious");
        assert!(!folder.path().join("nothing").exists());
        fs::create_dir(&path).unwrap();
        assert!(claim(&path).is_err() && holder(&path).is_none());
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
