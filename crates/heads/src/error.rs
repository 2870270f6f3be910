//! Why weights cannot be measured.

use superpose_files::disk::DiskError;

/// Why a checkpoint cannot be read, or a tensor in it not be measured.
#[derive(Debug, thiserror::Error)]
pub enum HeadError {
    /// A file or folder cannot be read.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// What is wrong with the content: a sentence that names the file and what is allowed.
    #[error("{0}")]
    Content(String),
}
