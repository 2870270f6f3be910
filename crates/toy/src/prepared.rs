//! A cell with its id and its probabilities, worked out once for all who need them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cell::{Cell, CellId, FrequencyLaw};
use crate::frequency::FeatureProbabilities;
use crate::frequency_file::{FrequencyFile, FrequencyFileError};

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
}

impl Prepared {
    /// A single cell, ready to be trained.
    ///
    /// # Errors
    /// [`FrequencyFileError`], as for [`Cell::probabilities`].
    pub fn new(cell: Cell) -> Result<Self, FrequencyFileError> {
        Preparer::default().prepare(cell)
    }
}

/// Prepares the cells of a run. It reads each frequency file once and works out each law once.
#[derive(Debug, Default)]
pub struct Preparer {
    files: HashMap<PathBuf, Arc<FrequencyFile>>,
    laws: HashMap<String, Arc<FeatureProbabilities>>,
}

impl Preparer {
    /// The frequency file at `path`, as it was when this was first called with that path.
    ///
    /// # Errors
    /// [`FrequencyFileError`], naming the file and the place in it.
    pub fn file(&mut self, path: &Path) -> Result<Arc<FrequencyFile>, FrequencyFileError> {
        if let Some(known) = self.files.get(path) {
            return Ok(Arc::clone(known));
        }
        let file = Arc::new(FrequencyFile::read(path)?);
        self.files.insert(path.to_owned(), Arc::clone(&file));
        Ok(file)
    }

    /// The `cell`, ready to be trained.
    ///
    /// # Errors
    /// [`FrequencyFileError`], as for [`Cell::probabilities`].
    pub fn prepare(&mut self, cell: Cell) -> Result<Prepared, FrequencyFileError> {
        let law = law(&cell);
        let probabilities = match self.laws.get(&law) {
            Some(known) => Arc::clone(known),
            None => {
                let made = Arc::new(cell.probabilities_from(|path| self.file(path))?);
                self.laws.insert(law, Arc::clone(&made));
                made
            }
        };
        Ok(Prepared { id: cell.id(), cell, probabilities })
    }

    /// The `cells`, ready to be trained.
    ///
    /// # Errors
    /// [`FrequencyFileError`], as for [`Cell::probabilities`].
    pub fn prepare_all(
        &mut self,
        cells: impl IntoIterator<Item = Cell>,
    ) -> Result<Vec<Prepared>, FrequencyFileError> {
        cells.into_iter().map(|cell| self.prepare(cell)).collect()
    }
}

/// All that the probabilities of `cell` depend on, as text; a file counts by its content.
fn law(cell: &Cell) -> String {
    let (n, density) = (cell.model.n_features, cell.data.activation_density);
    match &cell.data.frequencies {
        FrequencyLaw::File { sha256, .. } => format!("{n} {density:?} {sha256}"),
        law => format!("{n} {density:?} {law:?}"),
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
