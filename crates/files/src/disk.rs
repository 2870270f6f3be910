//! Files that are complete or not there at all, and errors that name the file.
//!
//! A file is written under another name, which is random and new, synced, and renamed. So neither
//! processes that share a folder nor links in it can come between. What a process that died left of such work
//! is removed when the file is next written, unless somebody is writing in that folder at that moment: who
//! writes holds a lock on the folder.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

/// A file or folder cannot be read, written or locked.
#[derive(Debug, thiserror::Error)]
#[error("cannot {what} `{path}`")]
pub struct DiskError {
    what: &'static str,
    path: PathBuf,
    source: io::Error,
}

impl DiskError {
    /// Whether the file, or a folder that it is in, is not there.
    pub fn is_missing(&self) -> bool {
        self.source.kind() == io::ErrorKind::NotFound
    }

    /// Whether something of the name is there already.
    pub fn is_taken(&self) -> bool {
        use io::ErrorKind::{AlreadyExists, DirectoryNotEmpty, NotADirectory};
        matches!(self.source.kind(), AlreadyExists | DirectoryNotEmpty | NotADirectory)
    }

    /// Whether nobody may write there, by the rights of the folder or because the disk is read-only.
    pub fn is_read_only(&self) -> bool {
        use io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
        matches!(self.source.kind(), PermissionDenied | ReadOnlyFilesystem)
    }
}

/// Names what was tried, and the file.
pub fn at(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> DiskError {
    let path = path.to_owned();
    move |source| DiskError { what, path, source }
}

/// The content of a file.
///
/// # Errors
/// Of the kind `InvalidData` when something else than a file has its name, such as a pipe, which would be
/// waited for, or a link to nothing.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    check_is_file(path)?;
    fs::read(path)
}

/// Sees that a file, or a link to one, is at `path`.
///
/// # Errors
/// As for [`read`].
pub fn check_is_file(path: &Path) -> io::Result<()> {
    let other = |is: &str| io::Error::new(io::ErrorKind::InvalidData, format!("it is {is}"));
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => Ok(()),
        Ok(metadata) if metadata.is_dir() => Err(other("a folder")),
        Ok(_) => Err(other("no file")),
        Err(error) => match fs::symlink_metadata(path) {
            Ok(link) if link.is_symlink() => Err(other("a link to nothing")),
            _ => Err(error),
        },
    }
}

/// The names of the files of a kind in `folder`, short ones first: `figure-2` comes after `figure`.
///
/// # Errors
/// [`DiskError`] when the folder cannot be read.
pub fn file_names(folder: &Path, extension: &str) -> Result<Vec<String>, DiskError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(at("read", folder))? {
        let path = entry.map_err(at("read", folder))?.path();
        if path.extension().is_some_and(|e| e == extension) {
            names.extend(path.file_name().map(|name| name.to_string_lossy().into_owned()));
        }
    }
    names.sort_by(|a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
    Ok(names)
}

/// Makes a folder, and those that it is in, and makes them last.
///
/// # Errors
/// [`DiskError`].
pub fn create_folder(folder: &Path) -> Result<(), DiskError> {
    if folder.is_dir() {
        return Ok(());
    }
    let parent = folder_of(folder);
    if parent != folder {
        create_folder(parent)?;
    }
    match fs::create_dir(folder) {
        Ok(()) => sync_folder(parent),
        // Somebody else was faster.
        Err(_) if folder.is_dir() => Ok(()),
        Err(error) => Err(at("create", folder)(error)),
    }
}

/// Removes a folder, if it is there, and all in it.
///
/// # Errors
/// [`DiskError`] when something in it stays.
pub fn remove_folder(folder: &Path) -> Result<(), DiskError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at("remove", folder)(error)),
        _ => Ok(()),
    }
}

/// Writes a file so that it is complete or not there at all, whatever happens.
///
/// # Errors
/// [`DiskError`]; then the old file, if any, is untouched.
pub fn write_whole(path: &Path, content: &[u8]) -> Result<(), DiskError> {
    let _lock = share_folder(path);
    replace(path, content)
}

/// As [`write_whole`], for who holds the lock of the folder.
pub(crate) fn replace(path: &Path, content: &[u8]) -> Result<(), DiskError> {
    let written = work_file(path).and_then(|mut work| {
        work.write_all(content)?;
        work.as_file().sync_all()?;
        work.persist(path)?;
        Ok(())
    });
    written.map_err(at("write", path))?;
    sync_folder(folder_of(path))
}

/// Writes a file that is not there yet, so that it is complete or not there at all.
///
/// # Errors
/// [`DiskError`], which [is taken](DiskError::is_taken) when there is one, which is left as it is.
pub fn write_new(path: &Path, content: &[u8]) -> Result<(), DiskError> {
    let written = work_file(path).and_then(|mut work| {
        work.write_all(content)?;
        work.as_file().sync_all()?;
        work.persist_noclobber(path)?;
        Ok(())
    });
    written.map_err(at("write", path))?;
    sync_folder(folder_of(path))
}

/// A new file beside `path`, for what will be there; it is removed unless it is renamed.
fn work_file(path: &Path) -> io::Result<NamedTempFile> {
    let prefix = work_prefix(path);
    let mut builder = Builder::new();
    builder.prefix(&prefix).suffix(WORK_SUFFIX);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // As for any new file: what the user's mask leaves.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder_of(path))
}

/// What the names of work for the file at `path` begin with.
fn work_prefix(path: &Path) -> String {
    format!(".{}.", path.file_name().unwrap_or_default().to_string_lossy())
}

/// What they end with.
const WORK_SUFFIX: &str = ".part";

/// Says in the folder of `path` that somebody is writing there, and removes what the dead left of work for
/// that file. Without locks, nothing is removed.
fn share_folder(path: &Path) -> Option<File> {
    let folder = open_folder(folder_of(path))?;
    if folder.try_lock().is_ok() {
        // What cannot be removed is not in the way either.
        let _ = remove_work(path);
    }
    folder.lock_shared().is_ok().then_some(folder)
}

/// Removes what the dead left of work for the files called `names` in `folder`, unless somebody is writing there.
pub fn remove_left_work<'a>(folder: &Path, names: impl IntoIterator<Item = &'a str>) {
    if let Some(lock) = open_folder(folder)
        && lock.try_lock().is_ok()
    {
        for name in names {
            // What cannot be removed is not in the way either.
            let _ = remove_work(&folder.join(name));
        }
    }
}

/// Keeps all others from writing in the folder, if it can be locked, and removes what the dead left of work
/// for the files called `names`.
pub(crate) fn lock_folder<'a>(
    folder: &Path,
    names: impl IntoIterator<Item = &'a str>,
) -> Option<File> {
    let lock = open_folder(folder)?;
    lock.lock().ok()?;
    for name in names {
        let _ = remove_work(&folder.join(name));
    }
    Some(lock)
}

/// A folder that can be locked; none on a system that does not open folders.
fn open_folder(folder: &Path) -> Option<File> {
    if cfg!(unix) { File::open(folder).ok() } else { None }
}

/// Removes work for the file at `path` that nobody is at.
fn remove_work(path: &Path) -> io::Result<()> {
    let prefix = work_prefix(path);
    for entry in fs::read_dir(folder_of(path))? {
        let entry = entry?;
        let name = entry.file_name();
        let token =
            name.to_str().and_then(|name| name.strip_prefix(&prefix)?.strip_suffix(WORK_SUFFIX));
        let is_ours =
            token.is_some_and(|t| !t.is_empty() && t.bytes().all(|b| b.is_ascii_alphanumeric()));
        if is_ours && !entry.file_type()?.is_dir() {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Writes a file that is not there yet in place, and makes it last.
///
/// # Errors
/// [`DiskError`]; then the file may be there in part.
pub fn write_synced(path: &Path, content: &[u8]) -> Result<(), DiskError> {
    let write = || write_in_place(path, content)?.sync_all();
    write().map_err(at("write", path))
}

/// The same, but it lasts only once [`sync_all`] has been called.
///
/// # Errors
/// [`DiskError`]; then the file may be there in part.
pub fn write_unsynced(path: &Path, content: &[u8]) -> Result<(), DiskError> {
    write_in_place(path, content).map(drop).map_err(at("write", path))
}

fn write_in_place(path: &Path, content: &[u8]) -> io::Result<File> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(content)?;
    Ok(file)
}

/// Whether [`sync_all`] is to be had here.
pub const CAN_SYNC_ALL: bool = cfg!(target_os = "linux");

/// Makes all last that has been written to the file system of `folder`, by one call: for many small files.
///
/// # Errors
/// [`DiskError`]; also where there is no such call.
pub fn sync_all(folder: &Path) -> Result<(), DiskError> {
    #[cfg(target_os = "linux")]
    let synced = File::open(folder).and_then(|f| Ok(rustix::fs::syncfs(f)?));
    #[cfg(not(target_os = "linux"))]
    let synced = Err(io::Error::from(io::ErrorKind::Unsupported));
    synced.map_err(at("sync", folder))
}

/// Makes a rename in `folder` last; a system without this has nothing to make it last with.
///
/// # Errors
/// [`DiskError`].
pub fn sync_folder(folder: &Path) -> Result<(), DiskError> {
    if cfg!(unix) {
        File::open(folder).and_then(|f| f.sync_all()).map_err(at("sync", folder))?;
    }
    Ok(())
}

/// The folder that a path is in: `.` for a bare name.
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        // The parent of a bare name is empty, which no system opens.
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn errors_know_what_kind_they_are() {
        use io::ErrorKind::{NotFound, PermissionDenied, ReadOnlyFilesystem, StorageFull};
        let kinds = [NotFound, PermissionDenied, ReadOnlyFilesystem, StorageFull];
        let errors = kinds.map(|kind| at("read", Path::new("a"))(kind.into()));
        assert_eq!(errors.each_ref().map(DiskError::is_missing), [true, false, false, false]);
        assert_eq!(errors.each_ref().map(DiskError::is_read_only), [false, true, true, false]);
    }

    #[test]
    fn what_is_not_there_is_no_link_to_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let error = check_is_file(&folder.path().join("a")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_bare_name_is_in_this_folder() {
        for (path, folder) in [("a", "."), ("./a", "."), ("a/b", "a"), ("/a", "/"), ("/", "/")] {
            assert_eq!(folder_of(Path::new(path)), Path::new(folder), "{path}");
        }
    }

    /// The names in a folder.
    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> =
            entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_replaced_whole_and_nothing_else_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        for content in ["first", "second, longer"] {
            write_whole(&path, content.as_bytes()).unwrap();
            assert_eq!(read(&path).unwrap(), content.as_bytes());
        }
        assert_eq!(names(folder.path()), ["t.csv"]);
        let said = write_whole(&folder.path().join("none/t.csv"), b"").unwrap_err();
        assert!(said.to_string().starts_with("cannot write") && !said.is_read_only(), "{said}");
        // Where a folder is in its place, nothing is left either.
        fs::create_dir(folder.path().join("is-folder")).unwrap();
        assert!(write_whole(&folder.path().join("is-folder"), b"x").is_err());
        assert_eq!(names(folder.path()), ["is-folder", "t.csv"]);
    }

    #[test]
    fn a_new_file_takes_no_others_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kind");
        write_new(&path, b"first").unwrap();
        assert!(write_new(&path, b"second").unwrap_err().is_taken());
        assert_eq!(
            (read(&path).unwrap().as_slice(), names(folder.path()).len()),
            (&b"first"[..], 1)
        );
        assert!(!write_new(&folder.path().join("none/kind"), b"").unwrap_err().is_taken());
    }

    #[cfg(unix)]
    #[test]
    fn a_new_file_has_the_rights_of_any_new_file() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let (ours, usual) = (folder.path().join("ours"), folder.path().join("usual"));
        write_whole(&ours, b"x").unwrap();
        fs::write(&usual, b"x").unwrap();
        let mode = |path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&ours), mode(&usual));
    }

    #[test]
    fn work_of_the_dead_goes_and_what_only_looks_like_it_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        let stay = [".t.csv..part", ".t.csv.a-b.part", ".other.csv.17.part", "t.csv.17.part"];
        for name in [".t.csv.17.part", ".t.csv.aB3xY9.part"].iter().chain(&stay) {
            fs::write(folder.path().join(name), "half").unwrap();
        }
        fs::create_dir(folder.path().join(".t.csv.18.part")).unwrap();
        write_whole(&path, b"whole").unwrap();
        let mut expected = [&stay[..], &["t.csv", ".t.csv.18.part"]].concat();
        expected.sort_unstable();
        assert_eq!(names(folder.path()), expected);
    }

    #[cfg(unix)]
    #[test]
    fn work_stays_while_somebody_is_writing_in_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        let work = folder.path().join(".t.csv.17.part");
        fs::write(&work, "half").unwrap();
        let other = share_folder(&folder.path().join("another.csv"));
        write_whole(&path, b"whole").unwrap();
        assert!(work.exists());
        drop(other);
        write_whole(&path, b"whole").unwrap();
        assert!(!work.exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_replaced_and_what_it_points_to_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let victim = folder.path().join("victim");
        fs::write(&victim, "precious").unwrap();
        for link in ["t.csv", ".t.csv.17.part"] {
            std::os::unix::fs::symlink(&victim, folder.path().join(link)).unwrap();
        }
        write_whole(&folder.path().join("t.csv"), b"whole").unwrap();
        assert_eq!(fs::read(&victim).unwrap(), b"precious");
        assert_eq!(names(folder.path()), ["t.csv", "victim"]);
        std::os::unix::fs::symlink(&victim, folder.path().join("new")).unwrap();
        assert!(write_synced(&folder.path().join("new"), b"x").is_err());
        assert_eq!(fs::read(&victim).unwrap(), b"precious");
    }

    #[test]
    fn many_write_the_same_file_at_once_and_it_is_always_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        write_whole(&path, &[0; 3000]).unwrap();
        thread::scope(|scope| {
            for writer in 0..4_u8 {
                let path = &path;
                scope.spawn(move || {
                    for _ in 0..20 {
                        write_whole(path, &[writer; 3000]).unwrap();
                        let found = read(path).unwrap();
                        assert_eq!(found.len(), 3000);
                        assert!(found.iter().all(|byte| *byte == found[0]));
                    }
                });
            }
        });
        assert_eq!(names(folder.path()), ["t.csv"]);
    }

    #[test]
    fn only_a_file_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let kind = |path: &Path| read(path).unwrap_err().kind();
        assert_eq!(kind(folder.path()), io::ErrorKind::InvalidData);
        assert_eq!(kind(&folder.path().join("none")), io::ErrorKind::NotFound);
        #[cfg(unix)]
        {
            let link = folder.path().join("link");
            std::os::unix::fs::symlink(&link, &link).unwrap();
            assert!(read(&link).unwrap_err().to_string().contains("a link to nothing"));
            assert!(read(Path::new("/dev/zero")).unwrap_err().to_string().contains("no file"));
        }
    }

    #[test]
    fn folders_are_made_with_those_that_they_are_in() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("a/b/c");
        create_folder(&deep).unwrap();
        create_folder(&deep).unwrap();
        assert!(deep.is_dir());
        fs::write(folder.path().join("file"), "").unwrap();
        for refused in ["file", "file/below"] {
            let said = create_folder(&folder.path().join(refused)).unwrap_err().to_string();
            assert!(said.starts_with("cannot create"), "{said}");
        }
        remove_folder(&folder.path().join("a")).unwrap();
        remove_folder(&folder.path().join("a")).unwrap();
        assert_eq!(names(folder.path()), ["file"]);
    }
}
