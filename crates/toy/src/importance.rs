//! How much each feature counts in the loss: laws of the weights `I_i`, and a file of them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cell::Importance;
use crate::data_error::DataError;
use crate::frequency::power_law_weights;
use crate::{hash, input};

/// The field that names such a file in a cell.
const FIELD: &str = "data.importance";

impl Importance {
    /// The weights of `n_features` outputs, if they follow a law and are not all one.
    pub(crate) fn by_law(&self, n_features: usize) -> Option<Vec<f64>> {
        match *self {
            Self::Constant | Self::File { .. } => None,
            Self::Geometric { ratio } => Some((0..n_features).map(|i| power(ratio, i)).collect()),
            Self::Power { exponent } => Some(power_law_weights(n_features, exponent)),
            Self::Last { weight } => {
                let mut weights = vec![1.0; n_features];
                weights.last_mut()?.clone_from(&weight);
                Some(weights)
            }
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "at most 2²⁴")]
fn power(ratio: f64, i: usize) -> f64 {
    ratio.powi(i as i32)
}

/// Refuses weights so large or small that squared gradients would overflow or vanish in single precision, so
/// that nothing is trained: the same limits as those of `train.loss_scale`.
pub(crate) fn check_size(weights: &[f64]) -> Result<(), DataError> {
    let largest = weights.iter().copied().fold(0.0, f64::max);
    if (1e-12..=1e12).contains(&largest) {
        return Ok(());
    }
    let shown = format!("weights up to {largest:e}");
    Err(DataError::field(FIELD, shown, "weights of which the largest is between 1e-12 and 1e12"))
}

/// A text file of weights: one a line, in the order of the features; empty lines and lines that start
/// with `#` are passed over.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportanceFile {
    path: PathBuf,
    weights: Arc<[f64]>,
    /// SHA-256 of the content, in hexadecimal.
    pub sha256: String,
}

impl ImportanceFile {
    /// The weights in the file at `path`.
    ///
    /// # Errors
    /// [`DataError`], naming the file and the line.
    pub fn read(path: &Path) -> Result<Self, DataError> {
        let text = input::read_text(path)
            .map_err(|source| DataError::unreadable(FIELD, path.to_owned(), source))?;
        let wrong =
            |problem: String| DataError::Content { field: FIELD, path: path.to_owned(), problem };
        let mut weights = Vec::new();
        for (number, line) in (1..).zip(text.lines().map(str::trim)) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let weight = line.parse().ok().filter(|w: &f64| w.is_finite() && *w >= 0.0);
            weights.push(weight.ok_or_else(|| {
                let shown: String = line.chars().take(40).collect();
                wrong(format!(
                    "line {number} must be a weight, a finite number that is not negative, got `{shown}`"
                ))
            })?);
        }
        if !weights.iter().any(|w| *w > 0.0) {
            return Err(wrong("at least one weight must be above 0".to_owned()));
        }
        let sha256 = hash::sha256(text.as_bytes());
        Ok(Self { path: path.to_owned(), weights: weights.into(), sha256 })
    }

    /// The weights of all `n_features` features.
    ///
    /// # Errors
    /// [`DataError`] when there are not as many.
    pub(crate) fn of_all(&self, n_features: usize) -> Result<Arc<[f64]>, DataError> {
        let n = self.weights.len();
        if n == n_features {
            return Ok(Arc::clone(&self.weights));
        }
        let problem =
            format!("has {n} weights, and `model.n_features` asks for {n_features}, one each");
        Err(DataError::Content { field: FIELD, path: self.path.clone(), problem })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::tests::example;
    use crate::prepared::Prepared;

    fn near(got: &[f64], expected: &[f64]) -> bool {
        got.len() == expected.len() && got.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12)
    }

    #[test]
    fn weights_follow_their_law() {
        let of = |importance: Importance| {
            let mut cell = example();
            (cell.model.n_features, cell.data.importance) = (3, importance);
            Prepared::new(cell).unwrap()
        };
        assert!(of(Importance::Constant).importance.is_none());
        assert!(near(&of(Importance::Constant).importances(), &[1.0; 3]));
        assert!(near(&of(Importance::Geometric { ratio: 0.5 }).importances(), &[1.0, 0.5, 0.25]));
        let inverse = Importance::Power { exponent: 1.0 };
        assert!(near(&of(inverse).importances(), &[1.0, 0.5, 1.0 / 3.0]));
        assert!(near(&of(Importance::Power { exponent: -1.0 }).importances(), &[1.0, 2.0, 3.0]));
        assert!(near(&of(Importance::Last { weight: 4.0 }).importances(), &[1.0, 1.0, 4.0]));
        for exponent in [-40.0, -1e300] {
            let mut cell = example();
            cell.data.importance = Importance::Power { exponent };
            let said = Prepared::new(cell).unwrap_err().to_string();
            let allowed = "`data.importance` must be weights of which the largest is between 1e-12 and 1e12, got";
            assert!(said.contains(allowed), "{said}");
        }
    }

    #[test]
    fn a_file_has_a_weight_for_each_feature_and_says_which_line_is_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights.txt");
        let of = |content: &str, n: usize| {
            std::fs::write(&path, content).unwrap();
            let sha256 = ImportanceFile::read(&path).map_err(|e| e.to_string())?.sha256;
            let mut cell = example();
            cell.model.n_features = n;
            cell.data.importance = Importance::File { path: path.clone(), sha256 };
            Prepared::new(cell).map(|p| p.importances()).map_err(|e| e.to_string())
        };
        assert!(near(&of("# kept in order\n0.5\n\n2\n0\n", 3).unwrap(), &[0.5, 2.0, 0.0]));
        for (content, part) in [
            ("1\n2\n", "has 2 weights, and `model.n_features` asks for 3"),
            ("1\n2\n3\n4\n", "has 4 weights"),
            (
                "1\nmany\n",
                "line 2 must be a weight, a finite number that is not negative, got `many`",
            ),
            ("1\n-1\n", "line 2"),
            ("NaN\n", "line 1"),
            ("0\n0\n0\n", "at least one weight must be above 0"),
            ("1e-60\n1e-60\n0\n", "got weights up to 1e-60"),
            ("1e30\n1\n0\n", "got weights up to 1e30"),
            ("", "at least one weight"),
        ] {
            let said = of(content, 3).unwrap_err();
            let is_named = said.contains("weights.txt") || said.contains("`data.importance`");
            assert!(said.contains(part) && is_named, "{said}");
        }
        let sha256 = "0".repeat(64);
        let mut cell = example();
        cell.model.n_features = 1;
        cell.data.importance = Importance::File { path: path.clone(), sha256 };
        std::fs::write(&path, "1\n").unwrap();
        assert!(Prepared::new(cell).unwrap_err().to_string().contains("has changed since"));
    }
}
