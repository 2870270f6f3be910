//! A sweep's folder, read: the records of the cells that belong to it.

use superpose_store::record::{Measured, Record};
use superpose_store::store::{Store, StoreError};
use superpose_toy::cell::CellId;
use superpose_toy::trained::CurvePoint;

/// One finished cell.
#[derive(Debug, Clone, PartialEq)]
pub struct Finished {
    /// Its record.
    pub record: Record,
    /// Its loss curve.
    pub curve: Vec<CurvePoint>,
    /// The probabilities of its features; empty unless it was trained to the end.
    pub probabilities: Vec<f64>,
}

impl Finished {
    /// What was measured, if the cell was trained to the end.
    pub fn measured(&self) -> Option<&Measured> {
        self.record.measured.as_ref()
    }
}

/// The finished cells of a sweep.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Name of the sweep.
    pub name: String,
    /// The finished cells, in the order of the sweep file.
    pub finished: Vec<Finished>,
    /// The cells that have no record yet.
    pub missing: Vec<CellId>,
}

#[cfg(test)]
impl Run {
    /// A run of cells that are `changed` from one another and whose test loss is `loss`, for the
    /// tests of this crate.
    pub(crate) fn planted(
        changed: &[fn(&mut superpose_toy::cell::Cell)],
        loss: impl Fn(&superpose_toy::cell::Cell) -> f64,
    ) -> Self {
        let golden = include_str!("../../store/tests/record-2.json");
        let golden: Record = serde_json::from_str(golden).unwrap();
        let plant = |change: &fn(&mut superpose_toy::cell::Cell)| {
            let mut record = golden.clone();
            change(&mut record.cell);
            record.cell_id = record.cell.id();
            if let Some(measured) = &mut record.measured {
                measured.loss_test = loss(&record.cell);
            }
            let probabilities = record.cell.probabilities().unwrap().as_slice().to_vec();
            Finished { record, curve: Vec::new(), probabilities }
        };
        let finished = changed.iter().map(plant).collect();
        Self { name: "planted".to_owned(), finished, missing: Vec::new() }
    }
}

impl Run {
    /// The run in `store`.
    ///
    /// # Errors
    /// [`StoreError`] when a file in it is damaged.
    pub fn read(store: &Store) -> Result<Self, StoreError> {
        let manifest = store.manifest()?;
        let (mut finished, mut missing) = (Vec::new(), Vec::new());
        for cell in &manifest.cells {
            let id = cell.id();
            if store.is_finished(&id) {
                let record = store.record(&id)?;
                let probabilities = match record.measured {
                    Some(_) if store.has_weights(&id) => store.probabilities(&id)?,
                    // The record came from elsewhere, without weights; a law gives the same numbers.
                    Some(_) => cell.probabilities().map_or(Vec::new(), |p| p.as_slice().to_vec()),
                    None => Vec::new(),
                };
                finished.push(Finished { curve: store.curve(&id)?, probabilities, record });
            } else {
                missing.push(id);
            }
        }
        Ok(Self { name: manifest.name, finished, missing })
    }

    /// The dotted names of all fields that some cell has, in order of appearance.
    pub fn field_names(&self) -> Vec<String> {
        let mut names = Vec::new();
        for finished in &self.finished {
            for (name, _) in finished.record.cell.fields() {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        names
    }
}
