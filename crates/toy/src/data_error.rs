//! Why a cell's data cannot be drawn.

use std::fmt::Display;
use std::path::PathBuf;

use crate::frequency::FrequencyError;

/// Why a cell's data cannot be drawn: a file cannot serve, or fields do not go together.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// The system refuses a file.
    #[error("cannot read the {what} `{path}`")]
    Unreadable {
        /// Dotted name of the field that names it.
        field: &'static str,
        /// What the file should hold.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file does not hold what is needed.
    #[error("{path}: {problem}")]
    Content {
        /// Dotted name of the field that names it.
        field: &'static str,
        /// The file.
        path: PathBuf,
        /// Where it is wrong, and what is allowed.
        problem: String,
    },
    /// The frequencies give no probabilities.
    #[error(transparent)]
    Frequencies(#[from] FrequencyError),
    /// A field does not go with the others.
    #[error("`{field}` must be {allowed}, got {value}")]
    Field {
        /// Its dotted name.
        field: &'static str,
        /// Its value.
        value: String,
        /// What is allowed.
        allowed: String,
    },
}

impl DataError {
    /// A `field` that must be `allowed` and is `value`.
    pub(crate) fn field(
        field: &'static str,
        value: impl Display,
        allowed: impl Into<String>,
    ) -> Self {
        Self::Field { field, value: value.to_string(), allowed: allowed.into() }
    }

    /// A file that a `field` names and the system refuses.
    pub(crate) fn unreadable(field: &'static str, path: PathBuf, source: std::io::Error) -> Self {
        let what = match field {
            "data.frequencies" => "frequency file",
            "data.importance" => "importance file",
            _ => "text",
        };
        Self::Unreadable { field, what, path, source }
    }

    /// The dotted name of the field that is wrong.
    pub fn of_field(&self) -> &'static str {
        match self {
            Self::Unreadable { field, .. }
            | Self::Content { field, .. }
            | Self::Field { field, .. } => field,
            Self::Frequencies(_) => "data.frequencies",
        }
    }
}
