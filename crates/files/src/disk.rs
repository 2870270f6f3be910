//! Files that are complete or not there at all, and errors that name the file.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// A file or folder cannot be read, written or locked.
#[derive(Debug, thiserror::Error)]
#[error("cannot {what} `{path}`")]
pub struct DiskError {
    what: &'static str,
    path: PathBuf,
    source: io::Error,
}

/// Names what was tried, and the file.
pub fn at(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> DiskError {
    let path = path.to_owned();
    move |source| DiskError { what, path, source }
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
    // The parent of a bare name is empty, which no system opens.
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let folder = parent.unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let work = folder.join(format!(".{name}.{}.part", std::process::id()));
    let written = write_synced(&work, content)
        .and_then(|()| fs::rename(&work, path).map_err(at("write", path)))
        .and_then(|()| sync_folder(folder));
    if written.is_err() {
        // The first error is the one to report.
        let _ = fs::remove_file(&work);
    }
    written
}

/// Writes a file in place, and makes it last.
///
/// # Errors
/// [`DiskError`]; then the file may be there in part.
pub fn write_synced(path: &Path, content: &[u8]) -> Result<(), DiskError> {
    let write = || {
        let mut file = File::create(path)?;
        file.write_all(content)?;
        file.sync_all()
    };
    write().map_err(at("write", path))
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
