//! A file of relative feature frequencies: one number a line, the most frequent feature first.

use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use superpose_theory::frequency::FrequencyError;

use crate::cell::hexadecimal;

/// A file of relative frequencies, one number a line.
#[derive(Debug, Clone, PartialEq)]
pub struct FrequencyFile {
    path: PathBuf,
    /// The frequencies in the order of the file.
    weights: Vec<f64>,
    /// SHA-256 of the content, in hexadecimal.
    pub sha256: String,
}

/// Why a file of frequencies cannot serve.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FrequencyFileError {
    /// It cannot be read as text.
    #[error("cannot read the frequency file `{path}`")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A line is no number.
    #[error("{path}: line {line} must be a frequency (a number, at least 0), got `{text}`")]
    NotANumber {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What stands there.
        text: String,
    },
    /// A frequency is larger than the one before it.
    #[error("{path}: line {line} is larger than the one before; the most frequent comes first")]
    NotDescending {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// It has fewer lines than the model has features.
    #[error("{path}: has {n_lines} frequencies, and `model.n_features` asks for {n_features}")]
    TooShort {
        /// The file.
        path: PathBuf,
        /// Frequencies in it.
        n_lines: usize,
        /// Frequencies asked for.
        n_features: usize,
    },
    /// The content is not what it was when the cell was made.
    #[error("{path}: has changed since the sweep was expanded; run the sweep file again")]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// The frequencies give no probabilities.
    #[error(transparent)]
    Frequencies(#[from] FrequencyError),
}

impl FrequencyFile {
    /// The frequencies in the file at `path`; empty lines and lines that start with `#` are
    /// passed over.
    ///
    /// # Errors
    /// [`FrequencyFileError`], naming the file and the line.
    pub fn read(path: &Path) -> Result<Self, FrequencyFileError> {
        let path = path.to_owned();
        let text = std::fs::read_to_string(&path)
            .map_err(|source| FrequencyFileError::Unreadable { path: path.clone(), source })?;
        let mut weights: Vec<f64> = Vec::new();
        for (number, text) in text.lines().enumerate() {
            let (line, text) = (number + 1, text.trim());
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let weight = text.parse::<f64>().ok().filter(|w| w.is_finite() && *w >= 0.0);
            let Some(weight) = weight else {
                let text = text.chars().take(40).collect();
                return Err(FrequencyFileError::NotANumber { path, line, text });
            };
            if weights.last().is_some_and(|last| weight > *last) {
                return Err(FrequencyFileError::NotDescending { path, line });
            }
            weights.push(weight);
        }
        let sha256 = hexadecimal(&Sha256::digest(text.as_bytes()));
        Ok(Self { path, weights, sha256 })
    }

    pub(crate) fn most_frequent(&self, n_features: usize) -> Result<Vec<f64>, FrequencyFileError> {
        let n_lines = self.weights.len();
        let path = || self.path.clone();
        self.weights
            .get(..n_features)
            .map(<[f64]>::to_vec)
            .ok_or_else(|| FrequencyFileError::TooShort { path: path(), n_lines, n_features })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::{Cell, FrequencyLaw};

    fn example() -> Cell {
        let record: serde_json::Value =
            serde_json::from_str(include_str!("../tests/record-1.json")).unwrap();
        serde_json::from_value(record["cell"].clone()).unwrap()
    }

    #[test]
    fn a_frequency_file_says_which_line_is_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let said = |content: &str, n: usize| {
            let path = folder.path().join("counts.txt");
            std::fs::write(&path, content).unwrap();
            let mut cell = example();
            cell.model.n_features = n;
            let file = FrequencyFile::read(&path).map_err(|e| e.to_string())?;
            cell.data.frequencies = FrequencyLaw::File { path, sha256: file.sha256 };
            cell.probabilities().map(|p| p.as_slice().to_vec()).map_err(|e| e.to_string())
        };
        assert_eq!(said("# counts\n3\n\n1\n", 2), Ok(vec![0.75, 0.25]));
        assert_eq!(said("3\n1\n", 1), Ok(vec![1.0]));
        assert!(said("3\n1\n", 3).unwrap_err().contains("has 2 frequencies"));
        assert!(said("3\nmany\n", 2).unwrap_err().contains("line 2 must be a frequency"));
        assert!(said("3\nNaN\n", 2).unwrap_err().contains("line 2 must be a frequency"));
        assert!(said("1\n2\n", 2).unwrap_err().contains("line 2 is larger"));
    }
}
