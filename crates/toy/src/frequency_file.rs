//! A file of relative feature frequencies, such as word counts.

use std::path::{Path, PathBuf};

use crate::counts::{Counts, counts};
use crate::data_error::DataError;
use crate::{hash, input};

/// The field that names such a file in a cell.
const FIELD: &str = "data.frequencies";

/// A file of relative frequencies.
#[derive(Debug, Clone, PartialEq)]
pub struct FrequencyFile {
    path: PathBuf,
    /// The frequencies, largest first.
    weights: Vec<f64>,
    /// SHA-256 of the content, in hexadecimal.
    pub sha256: String,
    /// What was made of it, where that was not plain, in sentences.
    pub remarks: Vec<String>,
}

impl FrequencyFile {
    /// The frequencies in the file at `path`, of any kind that [`crate::counts`] reads.
    ///
    /// # Errors
    /// [`DataError`], naming the file and the place in it.
    pub fn read(path: &Path) -> Result<Self, DataError> {
        Self::read_column(path, None)
    }

    /// As [`FrequencyFile::read`], from the column that was `asked` for by name or by number from 1.
    ///
    /// # Errors
    /// [`DataError`], naming the file and the place in it.
    pub fn read_column(path: &Path, asked: Option<&str>) -> Result<Self, DataError> {
        let path = path.to_owned();
        let content = input::read(&path)
            .map_err(|source| DataError::unreadable(FIELD, path.clone(), source))?;
        let Counts { frequencies: weights, remarks } = counts(&content, asked)
            .map_err(|problem| DataError::Content { field: FIELD, path: path.clone(), problem })?;
        let sha256 = hash::sha256(&content);
        Ok(Self { path, weights, sha256, remarks })
    }

    /// The frequencies, largest first.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// The `n_features` largest frequencies.
    pub(crate) fn most_frequent(&self, n_features: usize) -> Result<&[f64], DataError> {
        self.weights.get(..n_features).ok_or_else(|| {
            let n = self.weights.len();
            let problem =
                format!("has {n} frequencies, and `model.n_features` asks for {n_features}");
            DataError::Content { field: FIELD, path: self.path.clone(), problem }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::FrequencyLaw;
    use crate::cell::tests::example;

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
        assert_eq!(said("1\n3\n", 2), Ok(vec![0.75, 0.25]));
        assert_eq!(said(r#"{"of": 1, "the": 3}"#, 2), Ok(vec![0.75, 0.25]));
        assert_eq!(said("of 1\nthe 3\n", 2), Ok(vec![0.75, 0.25]));
        assert!(said("3\n1\n", 3).unwrap_err().contains("has 2 frequencies"));
        assert!(said("3\nmany\n", 2).unwrap_err().contains("line 2 must be a frequency"));
        assert!(said("3\nNaN\n", 2).unwrap_err().contains("line 2 must be a frequency"));
    }
}
