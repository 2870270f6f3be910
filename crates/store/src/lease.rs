//! The right to train a cell, which one process at a time has.
//!
//! A lease is an advisory lock that the operating system holds on an open file. It ends with the
//! process, however that ends, so a dead process's cell is free at once and no clock is compared.
//! The file itself stays: removing a lock file while others open it would let two processes lock
//! two files of the same name.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Seek as _, Write as _};
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
    let mut file =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
    match file.try_lock() {
        Ok(()) => {
            file.set_len(0)?;
            file.rewind()?;
            write!(file, "process {}", std::process::id())?;
            Ok(Ownership::Ours(Lease { _file: file }))
        }
        // What is read is only for a message, so a failure to read it is no failure.
        Err(TryLockError::WouldBlock) => {
            Ok(Ownership::Theirs(io::read_to_string(file).unwrap_or_default()))
        }
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Who holds the lease in the file at `path`, if anybody does.
pub fn holder(path: &Path) -> Option<String> {
    let file = File::open(path).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => io::read_to_string(file).ok(),
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
}
