//! A cell with all that its fields stand for, worked out once for all who need it: its id, its
//! probabilities, how its features depend on one another, its importance.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cell::{Cell, CellId, Dependence, FrequencyLaw, Importance, check_unchanged};
use crate::data_error::DataError;
use crate::dependence::{Joint, Windows};
use crate::frequency::FeatureProbabilities;
use crate::frequency_file::FrequencyFile;
use crate::importance::{ImportanceFile, check_size};
use crate::{hash, input};

/// A cell that is ready to be trained.
#[derive(Debug, Clone, PartialEq)]
pub struct Prepared {
    /// Its identity: [`Cell::id`] of `cell`.
    pub id: CellId,
    /// The cell.
    pub cell: Cell,
    /// The probabilities `p_i` of its features, `[n_features]`. Cells with the same law, number of
    /// features and density share them if one [`Preparer`] has made them.
    pub probabilities: Arc<FeatureProbabilities>,
    /// Which of its features are active together.
    pub joint: Arc<Joint>,
    /// The weights `I_i` of its outputs in the loss, `[n_features]`; none if all are one.
    pub importance: Option<Arc<[f64]>>,
}

impl Prepared {
    /// A single cell, ready to be trained.
    ///
    /// # Errors
    /// [`DataError`] when a file of the data cannot be read or has changed since the cell was made, or
    /// when its fields do not go together.
    pub fn new(cell: Cell) -> Result<Self, DataError> {
        Preparer::default().prepare(cell)
    }

    /// Its features.
    pub fn features(&self) -> Features<'_> {
        let (probabilities, importance) =
            (self.probabilities.as_slice(), self.importance.as_deref());
        Features { probabilities, importance }
    }

    /// The importance, written out: `[n_features]`.
    pub fn importances(&self) -> Vec<f64> {
        let ones = || vec![1.0; self.cell.model.n_features];
        self.importance.as_ref().map_or_else(ones, |importance| importance.to_vec())
    }
}

/// How often each feature is active and how much it counts: what of a cell's data its trained model is
/// measured with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Features<'a> {
    /// The probabilities `p_i`, `[n_features]`.
    pub probabilities: &'a [f64],
    /// The weights `I_i`, `[n_features]`; none if all are one.
    pub importance: Option<&'a [f64]>,
}

impl<'a> Features<'a> {
    /// Features that all count as much.
    pub fn alike(probabilities: &'a [f64]) -> Self {
        Self { probabilities, importance: None }
    }

    /// The weight of feature `i`.
    pub fn weight(&self, i: usize) -> f64 {
        self.importance.map_or(1.0, |importance| importance[i])
    }
}

/// Prepares the cells of a run. It reads each file once and works out each law once.
#[derive(Debug, Default)]
pub struct Preparer {
    files: HashMap<PathBuf, Arc<FrequencyFile>>,
    laws: HashMap<String, Arc<FeatureProbabilities>>,
    joints: HashMap<String, Arc<Joint>>,
    importances: HashMap<PathBuf, Arc<ImportanceFile>>,
    texts: HashMap<PathBuf, Arc<Text>>,
    windows: HashMap<String, Arc<Windows>>,
}

/// A text of a cell.
#[derive(Debug)]
pub struct Text {
    content: String,
    /// SHA-256 of it, in hexadecimal.
    pub sha256: String,
}

impl Preparer {
    /// The frequency file at `path`, as it was when this was first called with that path.
    ///
    /// # Errors
    /// [`DataError`], naming the file and the place in it.
    pub fn file(&mut self, path: &Path) -> Result<Arc<FrequencyFile>, DataError> {
        once(&mut self.files, path, || FrequencyFile::read(path))
    }

    /// The importance file at `path`, likewise.
    ///
    /// # Errors
    /// [`DataError`], naming the file and the place in it.
    pub fn importance_file(&mut self, path: &Path) -> Result<Arc<ImportanceFile>, DataError> {
        once(&mut self.importances, path, || ImportanceFile::read(path))
    }

    /// The text at `path`, likewise.
    ///
    /// # Errors
    /// [`DataError`], naming the file.
    pub fn text(&mut self, path: &Path) -> Result<Arc<Text>, DataError> {
        once(&mut self.texts, path, || {
            let content = input::read_text(path)
                .map_err(|source| DataError::unreadable(TEXT, path.to_owned(), source))?;
            Ok(Text { sha256: hash::sha256(content.as_bytes()), content })
        })
    }

    /// The windows of `window` words over the `n_features` most frequent words of the text at `path`.
    ///
    /// # Errors
    /// [`DataError`], naming the file.
    pub fn windows(
        &mut self,
        path: &Path,
        n_features: usize,
        window: usize,
    ) -> Result<Arc<Windows>, DataError> {
        let text = self.text(path)?;
        let key = format!("{n_features} {window} {}", text.sha256);
        if let Some(known) = self.windows.get(&key) {
            return Ok(Arc::clone(known));
        }
        let made = Windows::new(&text.content, n_features, window).map_err(|problem| {
            DataError::Content { field: TEXT, path: path.to_owned(), problem }
        })?;
        let made = Arc::new(made);
        self.windows.insert(key, Arc::clone(&made));
        Ok(made)
    }

    /// The `cell`, ready to be trained.
    ///
    /// # Errors
    /// [`DataError`], as for [`Prepared::new`].
    pub fn prepare(&mut self, cell: Cell) -> Result<Prepared, DataError> {
        let windows = self.windows_of(&cell)?;
        let law = law(&cell);
        let probabilities = match self.laws.get(&law) {
            Some(known) => Arc::clone(known),
            None => {
                let read = |path: &Path| self.file(path);
                let made = cell.probabilities_from(read, windows.as_deref());
                let made = Arc::new(made.map_err(|error| of_number(&cell, error))?);
                self.laws.insert(law.clone(), Arc::clone(&made));
                made
            }
        };
        let key = format!("{law} {:?}", cell.data.dependence);
        let joint = match self.joints.get(&key) {
            Some(known) => Arc::clone(known),
            None => {
                let made = Arc::new(Joint::new(&cell, &probabilities, windows.as_ref())?);
                self.joints.insert(key, Arc::clone(&made));
                made
            }
        };
        let importance = self.importance_of(&cell)?;
        Ok(Prepared { id: cell.id(), cell, probabilities, joint, importance })
    }

    /// The `cells`, ready to be trained.
    ///
    /// # Errors
    /// [`DataError`], as for [`Prepared::new`].
    pub fn prepare_all(
        &mut self,
        cells: impl IntoIterator<Item = Cell>,
    ) -> Result<Vec<Prepared>, DataError> {
        cells.into_iter().map(|cell| self.prepare(cell)).collect()
    }

    /// The windows of a cell's text, if it has one.
    fn windows_of(&mut self, cell: &Cell) -> Result<Option<Arc<Windows>>, DataError> {
        let Dependence::Text { path, sha256, window } = &cell.data.dependence else {
            return Ok(None);
        };
        check_unchanged(TEXT, path, &self.text(path)?.sha256, sha256)?;
        self.windows(path, cell.model.n_features, *window).map(Some)
    }

    fn importance_of(&mut self, cell: &Cell) -> Result<Option<Arc<[f64]>>, DataError> {
        let importance = match &cell.data.importance {
            Importance::File { path, sha256 } => {
                let file = self.importance_file(path)?;
                check_unchanged("data.importance", path, &file.sha256, sha256)?;
                Some(file.of_all(cell.model.n_features)?)
            }
            law => law.by_law(cell.model.n_features).map(Into::into),
        };
        if let Some(importance) = &importance {
            check_size(importance)?;
        }
        Ok(importance)
    }
}

/// The `error` of frequencies, said of the number of features at a time where that is the density.
fn of_number(cell: &Cell, error: DataError) -> DataError {
    match (&cell.data.dependence, error) {
        (Dependence::Exactly { k }, DataError::Frequencies(error)) => {
            let allowed = format!("so small that no feature is more probable than 1 ({error})");
            DataError::field("data.dependence.k", k, allowed)
        }
        (_, error) => error,
    }
}

/// The field of a cell that names its text.
const TEXT: &str = "data.dependence";

/// What is known of the file at `path`, or else what `read` makes of it.
fn once<T>(
    known: &mut HashMap<PathBuf, Arc<T>>,
    path: &Path,
    read: impl FnOnce() -> Result<T, DataError>,
) -> Result<Arc<T>, DataError> {
    if let Some(known) = known.get(path) {
        return Ok(Arc::clone(known));
    }
    let made = Arc::new(read()?);
    known.insert(path.to_owned(), Arc::clone(&made));
    Ok(made)
}

/// All that the probabilities of `cell` depend on, as text; a file counts by its content.
fn law(cell: &Cell) -> String {
    let (n, density) = (cell.model.n_features, cell.data.activation_density);
    match (&cell.data.frequencies, &cell.data.dependence) {
        (FrequencyLaw::File { sha256, .. }, _) => format!("{n} {density:?} {sha256}"),
        (FrequencyLaw::Text {}, Dependence::Text { sha256, window, .. }) => {
            format!("{n} text {sha256} {window}")
        }
        (law, _) => format!("{n} {density:?} {law:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::tests::example;

    #[test]
    fn a_cell_is_prepared_as_it_is() {
        let cell = example();
        let prepared = Prepared::new(cell.clone()).unwrap();
        assert_eq!(prepared.id, cell.id());
        assert_eq!(*prepared.probabilities, cell.probabilities().unwrap());
        assert_eq!(prepared.cell, cell);
    }

    #[test]
    fn equal_laws_share_their_probabilities_and_others_do_not() {
        let mut preparer = Preparer::default();
        let mut of = |change: fn(&mut Cell)| {
            let mut cell = example();
            change(&mut cell);
            preparer.prepare(cell).unwrap().probabilities
        };
        let first = of(|_| ());
        assert!(Arc::ptr_eq(&first, &of(|c| (c.model.d_hidden, c.data.seed) = (7, 9))));
        for other in [
            of(|c| c.model.n_features += 1),
            of(|c| c.data.activation_density *= 0.5),
            of(|c| c.data.frequencies = FrequencyLaw::Linear {}),
            of(|c| c.data.frequencies = FrequencyLaw::Power { exponent: 1.0 + f64::EPSILON }),
        ] {
            assert_ne!(first, other);
        }
    }

    #[test]
    fn a_frequency_file_is_read_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("counts.txt");
        std::fs::write(&path, "4\n2\n1\n1\n").unwrap();
        let mut preparer = Preparer::default();
        let sha256 = preparer.file(&path).unwrap().sha256.clone();
        // Whoever reads it again from here on fails.
        std::fs::remove_file(&path).unwrap();
        let cells = (1..=4).map(|n_features| {
            let mut cell = example();
            cell.model.n_features = n_features;
            cell.data.frequencies =
                FrequencyLaw::File { path: path.clone(), sha256: sha256.clone() };
            cell
        });
        let prepared = preparer.prepare_all(cells.clone()).unwrap();
        assert_eq!(prepared[3].probabilities.as_slice(), [0.5, 0.25, 0.125, 0.125]);
        let said = Prepared::new(prepared[3].cell.clone()).unwrap_err().to_string();
        assert!(said.contains("cannot read the frequency file"), "{said}");

        std::fs::write(&path, "6\n").unwrap();
        let said = Preparer::default().prepare_all(cells).unwrap_err().to_string();
        assert!(said.contains("has changed since the sweep was expanded"), "{said}");
    }
}
