//! A sweep's folder, read: the records of the cells that belong to it.

use superpose_store::record::{Measured, Record};
use superpose_store::store::{Care, Damage, Found, Presence, Store, StoreError};
use superpose_toy::cell::CellId;
use superpose_toy::prepared::Preparer;
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
    /// The cells that are left out because their files are not what was written.
    pub damaged: Vec<Damage>,
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
        Self { name: "planted".to_owned(), finished, missing: Vec::new(), damaged: Vec::new() }
    }
}

impl Run {
    /// The run in `store`.
    ///
    /// # Errors
    /// [`StoreError`] when the manifest is damaged, or files cannot be read that may be whole.
    pub fn read(store: &Store) -> Result<Self, StoreError> {
        let manifest = store.manifest()?;
        let mut run = Self {
            name: manifest.name,
            finished: Vec::new(),
            missing: Vec::new(),
            damaged: Vec::new(),
        };
        let mut preparer = Preparer::default();
        for cell in &manifest.cells {
            run.add(store, cell.id(), &mut preparer)?;
        }
        Ok(run)
    }

    /// Reads the cell `id`.
    fn add(
        &mut self,
        store: &Store,
        id: CellId,
        preparer: &mut Preparer,
    ) -> Result<(), StoreError> {
        let kept = match store.look(&id, Care::Tables)? {
            Found::Nothing => {
                self.missing.push(id);
                return Ok(());
            }
            Found::Damaged(damage) => {
                self.damaged.push(damage);
                return Ok(());
            }
            Found::Kept(kept) => *kept,
        };
        let probabilities = match &kept.record.measured {
            None => Vec::new(),
            Some(_) => match preparer.prepare(kept.record.cell.clone()) {
                Ok(prepared) => prepared.probabilities.as_slice().to_vec(),
                // The file of its frequencies is no longer there: its weights have the probabilities.
                Err(_) if kept.weights == Presence::There => match store.probabilities(&id) {
                    Ok(probabilities) => probabilities,
                    Err(StoreError::Content { path, problem, .. }) => {
                        self.damaged.push(Damage { cell_id: id, path, problem, seen: kept.seen });
                        return Ok(());
                    }
                    Err(error) => return Err(error),
                },
                Err(_) => Vec::new(),
            },
        };
        self.finished.push(Finished { record: kept.record, curve: kept.curve, probabilities });
        Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;
    use superpose_store::store::Manifest;
    use superpose_toy::cell::FrequencyLaw;
    use superpose_toy::prepared::Features;
    use superpose_toy::trained::Weights;

    #[test]
    fn damaged_cells_are_left_out_and_named_and_the_others_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let golden = include_str!("../../store/tests/record-2.json");
        let golden: Record = serde_json::from_str(golden).unwrap();
        // The last has its frequencies from a file that is gone.
        let file = FrequencyLaw::File { path: "gone.txt".into(), sha256: "00".to_owned() };
        let records: Vec<Record> = (0..4)
            .map(|seed| {
                let mut record = golden.clone();
                (record.cell.model.n_features, record.cell.model.d_hidden) = (2, 1);
                (record.cell.train.seed, record.cell.train.steps) = (seed, 1);
                if seed == 3 {
                    record.cell.data.frequencies = file.clone();
                }
                record.cell_id = record.cell.id();
                record
            })
            .collect();
        let cells = records.iter().map(|record| record.cell.clone()).collect();
        let manifest = Manifest { name: "example".to_owned(), cells };
        let store = Store::create(folder.path(), &manifest).unwrap().0;
        let weights = Weights {
            n_features: 2,
            d_hidden: 1,
            weights: vec![1.0; 2],
            bias: vec![0.0; 2],
            decoder: None,
        };
        let curve = [CurvePoint { step: 1, loss: 1.0 }];
        for record in &records[1..] {
            store.write(record, &curve, Some((&weights, Features::alike(&[0.75, 0.25])))).unwrap();
        }
        let run = Run::read(&store).unwrap();
        assert_eq!(run.missing, std::slice::from_ref(&records[0].cell_id));
        let of: Vec<&[f64]> = run.finished.iter().map(|f| f.probabilities.as_slice()).collect();
        assert!((of[0][0] - 2.0 / 3.0).abs() < 1e-15, "from the law");
        assert_eq!((of.len(), of[2]), (3, &[0.75, 0.25][..]));

        let path = |i: usize, name: &str| {
            folder.path().join(format!("cells/{}/{name}", records[i].cell_id))
        };
        std::fs::write(path(1, "curve.csv"), "").unwrap();
        let mut bytes = std::fs::read(path(3, "weights.safetensors")).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        std::fs::write(path(3, "weights.safetensors"), bytes).unwrap();
        let run = Run::read(&store).unwrap();
        assert_eq!(run.finished.iter().map(|f| &f.record).collect::<Vec<_>>(), [&records[2]]);
        let damaged: Vec<&CellId> = run.damaged.iter().map(|damage| &damage.cell_id).collect();
        assert_eq!(damaged, [&records[1].cell_id, &records[3].cell_id]);
        assert!(run.damaged[1].to_string().contains("SHA-256"), "{}", run.damaged[1]);
    }
}
