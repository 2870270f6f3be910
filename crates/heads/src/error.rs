//! Why weights cannot be measured.

use std::path::PathBuf;

/// Why a checkpoint cannot be read, or a tensor in it not be measured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HeadError {
    /// The system refuses the file.
    #[error("cannot read `{path}`")]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is no file of a kind that is known.
    #[error("`{path}` {problem}; {advice}")]
    UnknownKind {
        /// The file or folder.
        path: PathBuf,
        /// What it is instead.
        problem: &'static str,
        /// What to give instead.
        advice: &'static str,
    },
    /// The file contradicts itself or its format.
    #[error("`{path}` is damaged: {problem}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// No tensor has a name that heads have.
    #[error(
        "`{path}` has no tensor with the name of a head or an embedding; \
         choose one of its matrices with --tensor: {matrices}"
    )]
    NoHead {
        /// The file or folder.
        path: PathBuf,
        /// Names of its matrices.
        matrices: String,
    },
    /// A tensor is not there.
    #[error("`{path}` has no tensor `{name}`; its matrices are {matrices}")]
    NoTensor {
        /// The file or folder.
        path: PathBuf,
        /// The tensor that was wanted.
        name: String,
        /// Names of its matrices.
        matrices: String,
    },
    /// A tensor is no head.
    #[error("the tensor `{name}` of `{path}` {problem}")]
    NoMatrix {
        /// The file.
        path: PathBuf,
        /// The tensor.
        name: String,
        /// What is wrong with it, and what is allowed.
        problem: String,
    },
}
