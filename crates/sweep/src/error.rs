//! Why a sweep file gives no cells.

use std::path::PathBuf;

use superpose_toy::data_error::DataError;

use crate::mistake::cut;

/// Most letters of a value in a message.
const VALUE: usize = 200;

/// A field's value is not allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` must be {allowed}, got {value}")]
pub struct FieldError {
    /// Dotted name of the field, as in the sweep file.
    pub field: String,
    /// What was given.
    pub value: String,
    /// What is allowed.
    pub allowed: String,
}

impl FieldError {
    /// The error that `field` must be `allowed` and was `value`.
    pub fn new(field: &str, value: impl std::fmt::Display, allowed: &str) -> Self {
        let value = cut(&value.to_string(), VALUE);
        Self { field: field.to_owned(), value, allowed: allowed.to_owned() }
    }
}

/// Why a sweep file gives no cells; every message names the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read as text.
    #[error("cannot read the sweep file `{path}`")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is not TOML, has an unknown key, or a value of the wrong type or out of its range.
    #[error("{path}: {problem}")]
    Content {
        /// The file.
        path: PathBuf,
        /// The line and column, or the field and its value, and what is allowed.
        problem: String,
    },
    /// The frequencies give no probabilities.
    #[error("{path}: `data.frequencies` with `data.activation_density` = {activation_density}")]
    Frequencies {
        /// The file.
        path: PathBuf,
        /// The density asked for.
        activation_density: f64,
        /// Which feature, and why.
        source: DataError,
    },
    /// A file that the data are made of cannot serve.
    #[error("{path}: `{field}`")]
    Data {
        /// The file.
        path: PathBuf,
        /// The field that names the other file.
        field: &'static str,
        /// Which file, and why.
        source: DataError,
    },
}
