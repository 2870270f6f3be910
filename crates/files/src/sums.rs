//! Digests of the files in a folder, so that damage to one is noticed when it is read.
//!
//! They are in a file [`NAME`] beside, in the form of `sha256sum`, which checks them too:
//! `sha256sum --check SHA256SUMS`. A folder of an older version has none, and is read as it is.
//!
//! At any moment each listed file is one that its list knows: a file that is about to be replaced stands in the
//! list twice for that time, as it was and as it will be.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::disk::{DiskError, at, folder_of, lock_folder, read, replace};

/// The name of the list.
pub const NAME: &str = "SHA256SUMS";

/// How often files that seem damaged are read: somebody may have been replacing them.
pub const TRIES: usize = 3;

/// The SHA-256 of a content, as 64 hexadecimal digits.
///
/// # Panics
/// Never: writing to a string cannot fail.
pub fn sha256(content: &[u8]) -> String {
    Sha256::digest(content).iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
        text
    })
}

/// The digests of files, by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sums(BTreeSet<(String, String)>);

/// Why a file that is listed is not what it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// The list does not know the file.
    #[error("{NAME} does not list it")]
    NotListed,
    /// Its content has another digest.
    #[error("it is not what was written: its SHA-256 is not that in {NAME}")]
    Other,
}

impl Sums {
    /// Those of `files`, each a name and a content.
    pub fn of<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Self {
        Self(files.into_iter().map(|(name, content)| (name.to_owned(), sha256(content))).collect())
    }

    /// Those that `folder` has, if it has any.
    ///
    /// # Errors
    /// Of the kind `InvalidData` when the list is not one.
    pub fn read(folder: &Path) -> io::Result<Option<Self>> {
        match read(&folder.join(NAME)) {
            Ok(bytes) => {
                let sums = std::str::from_utf8(&bytes).ok().and_then(Self::parse);
                let problem = format!("{NAME} is no list of digests");
                let damaged = || io::Error::new(io::ErrorKind::InvalidData, problem);
                sums.map(Some).ok_or_else(damaged)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The list in a text; none when it is not one.
    fn parse(text: &str) -> Option<Self> {
        let line = |line: &str| {
            let (digest, name) = line.split_once("  ")?;
            let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
            let is_digest = digest.len() == 64 && digest.bytes().all(is_digit);
            is_digest.then(|| (name.to_owned(), digest.to_owned()))
        };
        text.lines().map(line).collect::<Option<_>>().map(Self)
    }

    /// As `sha256sum` writes them.
    pub fn text(&self) -> String {
        self.0.iter().map(|(name, digest)| format!("{digest}  {name}\n")).collect()
    }

    /// The names of all files that are listed.
    pub fn names(&self) -> BTreeSet<&str> {
        self.0.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// Whether a file is listed.
    pub fn lists(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// Sees that the file called `name`, whose content has this digest, is what was written.
    ///
    /// # Errors
    /// [`Mismatch`].
    pub fn check(&self, name: &str, digest: &str) -> Result<(), Mismatch> {
        if !self.lists(name) {
            return Err(Mismatch::NotListed);
        }
        let is_known = self.0.contains(&(name.to_owned(), digest.to_owned()));
        if is_known { Ok(()) } else { Err(Mismatch::Other) }
    }

    /// Without the files that `other` lists.
    fn without(&self, other: &Self) -> Self {
        Self(self.0.iter().filter(|(name, _)| !other.lists(name)).cloned().collect())
    }

    /// Only the files that `other` lists.
    fn only(&self, other: &Self) -> Self {
        Self(self.0.iter().filter(|(name, _)| other.lists(name)).cloned().collect())
    }

    fn with(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0).cloned().collect())
    }
}

/// Writes files into `folder`, each complete or not at all, and their digests.
///
/// # Errors
/// [`DiskError`].
pub fn write_listed(folder: &Path, files: &[(&str, &[u8])]) -> Result<(), DiskError> {
    let names = files.iter().map(|(name, _)| *name).chain([NAME]);
    let _lock = lock_folder(folder, names);
    let path = folder.join(NAME);
    // A list that is damaged is written anew.
    let (before, ours) = match Sums::read(folder) {
        Err(error) if error.kind() != io::ErrorKind::InvalidData => {
            return Err(at("read", &path)(error));
        }
        found => (found.ok().flatten().unwrap_or_default(), Sums::of(files.iter().copied())),
    };
    // A file that was not listed so far is listed once it is there.
    let meanwhile = before.with(&ours.only(&before));
    let after = before.without(&ours).with(&ours);
    if meanwhile != before {
        replace(&path, meanwhile.text().as_bytes())?;
    }
    for (name, content) in files {
        replace(&folder.join(name), content)?;
    }
    if after != meanwhile {
        replace(&path, after.text().as_bytes())?;
    }
    Ok(())
}

/// The content of the file called `name` in `folder`, which is what was written if the folder has digests.
///
/// # Errors
/// Of the kind `InvalidData` when it is not.
pub fn read_listed(folder: &Path, name: &str) -> io::Result<Vec<u8>> {
    let once = || {
        let content = read(&folder.join(name))?;
        // A folder whose list does not know the file is of somebody else, or of an older version.
        if let Some(sums) = Sums::read(folder)?.filter(|sums| sums.lists(name)) {
            sums.check(name, &sha256(&content))
                .map_err(|problem| io::Error::new(io::ErrorKind::InvalidData, problem))?;
        }
        Ok::<_, io::Error>(content)
    };
    // Between the file and its list both may have been replaced.
    for _ in 1..TRIES {
        match once() {
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {}
            read => return read,
        }
    }
    once()
}

/// Sees that the file at `path` is what was written, if its folder has a list that knows it.
///
/// # Errors
/// Of the kind `InvalidData` when it is not. A file that cannot be read is left for who reads it.
pub fn check_file(path: &Path) -> io::Result<()> {
    let (folder, name) = (folder_of(path), path.file_name().and_then(|n| n.to_str()));
    let is_listed = |name: &&str| matches!(Sums::read(folder), Ok(Some(sums)) if sums.lists(name));
    let Some(name) = name.filter(is_listed) else { return Ok(()) };
    match read_listed(folder, name) {
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// FIPS 180-2, appendix B.1.
    const OF_ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn list(folder: &Path) -> String {
        fs::read_to_string(folder.join(NAME)).unwrap()
    }

    #[test]
    fn the_list_is_that_of_sha256sum() {
        let folder = tempfile::tempdir().unwrap();
        write_listed(folder.path(), &[("b", b"abc"), ("a", b"abc")]).unwrap();
        assert_eq!(list(folder.path()), format!("{OF_ABC}  a\n{OF_ABC}  b\n"));
        let sums = Sums::read(folder.path()).unwrap().unwrap();
        assert_eq!(sums, Sums::of([("a", &b"abc"[..]), ("b", b"abc")]));
        assert_eq!(sums.names().into_iter().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(sums.check("a", OF_ABC), Ok(()));
        assert_eq!(sums.check("a", &sha256(b"")), Err(Mismatch::Other));
        assert_eq!(sums.check("c", OF_ABC), Err(Mismatch::NotListed));
    }

    #[test]
    fn what_is_no_list_is_not_taken_for_none() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Sums::read(folder.path()).unwrap(), None);
        fs::create_dir(folder.path().join(NAME)).unwrap();
        let error = Sums::read(folder.path()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{error}");
    }

    #[test]
    fn files_are_listed_as_they_are_now_and_others_stay_listed() {
        let folder = tempfile::tempdir().unwrap();
        write_listed(folder.path(), &[("a", b"1"), ("b", b"2")]).unwrap();
        write_listed(folder.path(), &[("b", b"abc"), ("c", b"3")]).unwrap();
        let expected = Sums::of([("a", &b"1"[..]), ("b", b"abc"), ("c", b"3")]);
        assert_eq!(Sums::read(folder.path()).unwrap(), Some(expected));
        assert_eq!(read_listed(folder.path(), "b").unwrap(), b"abc");
        // What a process that died in between leaves.
        let twice = format!("{}{OF_ABC}  a\n", list(folder.path()));
        fs::write(folder.path().join(NAME), &twice).unwrap();
        assert_eq!(read_listed(folder.path(), "a").unwrap(), b"1");
        fs::write(folder.path().join("a"), "abc").unwrap();
        assert_eq!(read_listed(folder.path(), "a").unwrap(), b"abc");
        write_listed(folder.path(), &[("a", b"5")]).unwrap();
        assert_eq!(list(folder.path()).lines().count(), 3);
    }

    #[test]
    fn a_file_without_a_list_or_unknown_to_it_is_read_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("old"), "older").unwrap();
        assert_eq!(read_listed(folder.path(), "old").unwrap(), b"older");
        write_listed(folder.path(), &[("new", b"x")]).unwrap();
        assert_eq!(read_listed(folder.path(), "old").unwrap(), b"older");
        let missing = read_listed(folder.path(), "none").unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn every_changed_byte_of_a_file_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let content = b"step,loss\n100,0.5\n";
        write_listed(folder.path(), &[("curve.csv", content)]).unwrap();
        for at in 0..content.len() {
            let mut other = content.to_vec();
            other[at] ^= 1 << (at % 8);
            fs::write(folder.path().join("curve.csv"), &other).unwrap();
            let said = read_listed(folder.path(), "curve.csv").unwrap_err();
            assert_eq!(said.kind(), io::ErrorKind::InvalidData);
            assert!(said.to_string().contains("not what was written"), "{said}");
        }
    }

    #[test]
    fn a_file_of_which_nothing_is_known_is_not_checked() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("old"), "older").unwrap();
        let checks = |name: &str| check_file(&path(name)).is_ok();
        assert!(checks("old") && checks("none"));
        write_listed(folder.path(), &[("new", b"x"), ("gone", b"y")]).unwrap();
        fs::remove_file(path("gone")).unwrap();
        assert!(checks("old") && checks("none") && checks("new") && checks("gone"));
        fs::write(path("new"), "y").unwrap();
        assert!(!checks("new"));
        fs::write(path(NAME), "no list").unwrap();
        assert!(checks("new"));
        assert!(check_file(Path::new("-")).is_ok() && check_file(Path::new("/")).is_ok());
    }

    #[test]
    fn a_damaged_list_is_said_and_written_anew() {
        let folder = tempfile::tempdir().unwrap();
        write_listed(folder.path(), &[("a", b"abc")]).unwrap();
        for damage in [&OF_ABC[1..], &format!("{OF_ABC} a\n"), &format!("{OF_ABC}0  a\n"), "Q"] {
            fs::write(folder.path().join(NAME), damage).unwrap();
            let said = read_listed(folder.path(), "a").unwrap_err().to_string();
            assert!(said.contains("no list of digests"), "{said}");
        }
        fs::write(folder.path().join(NAME), OF_ABC.to_uppercase() + "  a\n").unwrap();
        assert!(Sums::read(folder.path()).is_err(), "digits are small");
        fs::write(folder.path().join(NAME), [0xff, 0xfe]).unwrap();
        assert!(Sums::read(folder.path()).is_err(), "a list is a text");
        write_listed(folder.path(), &[("a", b"abc")]).unwrap();
        assert_eq!(read_listed(folder.path(), "a").unwrap(), b"abc");
    }

    #[test]
    fn who_reads_while_others_write_never_sees_damage() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        write_listed(folder, &[("a", b"0")]).unwrap();
        std::thread::scope(|scope| {
            for writer in 1..4_u8 {
                scope.spawn(move || {
                    for i in 0..10 {
                        write_listed(folder, &[("a", &[writer, i])]).unwrap();
                    }
                });
            }
            for _ in 0..100 {
                read_listed(folder, "a").unwrap();
            }
        });
        assert_eq!(list(folder).lines().count(), 1);
    }
}
