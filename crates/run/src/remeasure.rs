//! Trained weights, measured anew: records of an older version lack some quantities.

use superpose_store::lease::Ownership;
use superpose_store::measured::{Losses, measure};
use superpose_store::record::{RECORD_VERSION, Record};
use superpose_store::store::{Care, Damage, Found, Model, Presence, Store, StoreError};
use superpose_toy::cell::CellId;
use superpose_toy::prepared::Preparer;
use superpose_toy::trained::Outcome;

/// What came of measuring the cells of a folder anew.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Remeasured {
    /// How many were measured.
    pub n_measured: usize,
    /// Completed cells whose weights are not there.
    pub without_weights: Vec<CellId>,
    /// Cells that another process is at.
    pub busy: Vec<CellId>,
    /// Cells whose files are damaged; their records stay as they are.
    pub damaged: Vec<Damage>,
}

/// How far probabilities may be from those of the cell's law, relative to them: the last digits of powers and
/// exponentials depend on the system.
const TOLERANCE: f64 = 1e-9;

/// Measures the weights in `store` anew, into their records; the losses stay.
///
/// # Errors
/// [`StoreError::Disk`] when files that may be whole cannot be read, or records not be written.
pub fn remeasure(store: &Store) -> Result<Remeasured, StoreError> {
    let mut remeasured = Remeasured::default();
    let mut preparer = Preparer::default();
    for id in store.finished()? {
        match store.lease(&id)? {
            Ownership::Ours(_lease) => remeasured.add(store, id, &mut preparer)?,
            Ownership::Theirs(_) => remeasured.busy.push(id),
        }
    }
    Ok(remeasured)
}

impl Remeasured {
    /// Measures a cell whose lease is ours.
    fn add(
        &mut self,
        store: &Store,
        id: CellId,
        preparer: &mut Preparer,
    ) -> Result<(), StoreError> {
        let kept = match store.look(&id, Care::Everything)? {
            Found::Nothing => return Ok(()),
            Found::Damaged(damage) => {
                self.damaged.push(damage);
                return Ok(());
            }
            Found::Kept(kept) => kept,
        };
        if kept.record.outcome != Outcome::Completed {
            return Ok(());
        }
        let Some(model) = store.model(&id)?.filter(|_| kept.weights == Presence::There) else {
            self.without_weights.push(id);
            return Ok(());
        };
        match measured_anew(&kept.record, &model, preparer) {
            Ok(record) if record == kept.record => self.n_measured += 1,
            Ok(record) => {
                store.replace(&record)?;
                self.n_measured += 1;
            }
            Err(problem) => self.damaged.push(store.damaged_weights(id, &problem, kept.seen)),
        }
        Ok(())
    }
}

/// The record with what the weights of its `model` look like, or why that cannot be.
fn measured_anew(
    record: &Record,
    model: &Model,
    preparer: &mut Preparer,
) -> Result<Record, String> {
    // The file of a frequency law may no longer be there; then the stored probabilities stand alone.
    if let Ok(prepared) = preparer.prepare(record.cell.clone()) {
        let expected = prepared.probabilities.as_slice();
        let is_far = |(p, q): (&f64, &f64)| (p - q).abs() > TOLERANCE * q.abs();
        if let Some(at) = model.probabilities.iter().zip(expected).position(is_far) {
            let (found, law) = (model.probabilities[at], expected[at]);
            return Err(format!("its `p` of feature {at} is {found}, and that of its cell {law}"));
        }
    }
    let Some(losses) = record.measured.as_ref().map(Losses::of_record) else {
        return Err("its cell has weights and no losses".to_owned());
    };
    let measured = measure(&record.cell, model.features(), &model.weights, losses);
    let record =
        Record { record_version: RECORD_VERSION, measured: Some(measured), ..record.clone() };
    match record.not_finite().first() {
        None => Ok(record),
        Some(name) => Err(format!("its `{name}` would not be finite")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use superpose_store::store::Manifest;
    use superpose_toy::cell::Cell;
    use superpose_toy::prepared::Features;
    use superpose_toy::trained::{CurvePoint, Weights};

    /// A cell of two features in one dimension.
    fn cell(seed: u64) -> Cell {
        let golden = include_str!("../../store/tests/record-2.json");
        let mut cell = serde_json::from_str::<Record>(golden).unwrap().cell;
        (cell.model.n_features, cell.model.d_hidden) = (2, 1);
        (cell.train.steps, cell.train.log_every, cell.train.seed) = (1, 1, seed);
        cell
    }

    /// A folder with three cells: one trained here, one taken over, one that diverged.
    fn planted(p: &[f64], weights: Vec<f32>) -> (tempfile::TempDir, Store, Vec<Record>) {
        let folder = tempfile::tempdir().unwrap();
        let golden = include_str!("../../store/tests/record-1.json");
        let golden: Record = serde_json::from_str(golden).unwrap();
        let record = |seed| Record { cell_id: cell(seed).id(), cell: cell(seed), ..golden.clone() };
        let mut records: Vec<Record> = (0..3).map(record).collect();
        records[2].outcome = Outcome::Diverged { step: 1, reason: None };
        records[2].measured = None;
        let cells = records.iter().map(|record| record.cell.clone()).collect();
        let manifest = Manifest { name: "example".to_owned(), cells };
        let store = Store::create(folder.path(), &manifest).unwrap().0;
        let weights =
            Weights { n_features: 2, d_hidden: 1, weights, bias: vec![0.0; 2], decoder: None };
        let curve = [CurvePoint { step: 1, loss: 1.0 }];
        store.write(&records[0], &curve, Some((&weights, Features::alike(p)))).unwrap();
        store.write(&records[1], &[], None).unwrap();
        store.write(&records[2], &curve, None).unwrap();
        (folder, store, records)
    }

    /// The probabilities of the cell.
    const P: [f64; 2] = [2.0 / 3.0, 1.0 / 3.0];

    #[test]
    fn weights_are_measured_and_losses_stay() {
        let (_folder, store, records) = planted(&P, vec![3.0, 0.25]);
        let remeasured = remeasure(&store).unwrap();
        assert_eq!((remeasured.n_measured, remeasured.damaged.len()), (1, 0));
        assert_eq!(remeasured.without_weights, std::slice::from_ref(&records[1].cell_id));
        let record = store.record(&records[0].cell_id).unwrap();
        assert_eq!(record.record_version, RECORD_VERSION);
        let (old, new) = (records[0].measured.as_ref().unwrap(), record.measured.as_ref().unwrap());
        assert_eq!(new.loss_test.to_bits(), old.loss_test.to_bits());
        assert!((new.phi_half - 0.5).abs() < 1e-15 && (old.phi_half - 0.5).abs() > 0.1);
        assert!((new.geometry.as_ref().unwrap().norm_max - 3.0).abs() < 1e-15);
        for record in &records[1..] {
            assert_eq!(store.record(&record.cell_id).unwrap(), *record);
        }
        let again = remeasure(&store).unwrap();
        assert_eq!((again.n_measured, store.record(&record.cell_id).unwrap()), (1, record));
    }

    #[test]
    fn a_cell_that_another_is_at_is_left_alone() {
        let (_folder, store, records) = planted(&P, vec![3.0, 0.25]);
        let lease = store.lease(&records[0].cell_id).unwrap();
        assert_eq!(remeasure(&store).unwrap().busy, std::slice::from_ref(&records[0].cell_id));
        assert_eq!(store.record(&records[0].cell_id).unwrap(), records[0]);
        drop(lease);
        assert_eq!(remeasure(&store).unwrap().busy, []);
    }

    #[test]
    fn what_cannot_be_the_cells_weights_touches_no_record() {
        let cases = [
            (P, [f32::NAN, 1.0], "not finite"),
            (P, [1.0, f32::INFINITY], "not finite"),
            ([f64::NAN, 0.3], [1.0, 1.0], "from 0 to 1"),
            ([-0.1, 0.3], [1.0, 1.0], "from 0 to 1"),
            ([0.6, 1.0 / 3.0], [1.0, 1.0], "`p` of feature 0 is 0.6"),
            ([2.0 / 3.0, 0.333_333], [1.0, 1.0], "`p` of feature 1"),
        ];
        for (p, weights, part) in cases {
            let (_folder, store, records) = planted(&p, weights.to_vec());
            let remeasured = remeasure(&store).unwrap();
            assert_eq!(remeasured.n_measured, 0);
            let [damage] = &remeasured.damaged[..] else { panic!("{remeasured:?}") };
            let said = damage.to_string();
            assert!(said.contains("weights.safetensors") && said.contains(part), "{said}");
            assert_eq!(damage.cell_id, records[0].cell_id);
            assert_eq!(store.record(&records[0].cell_id).unwrap(), records[0]);
        }
        // The last digits may differ from system to system.
        let (_folder, store, _) = planted(&[P[0] * (1.0 + 1e-12), P[1]], vec![1.0, 1.0]);
        assert_eq!(remeasure(&store).unwrap().n_measured, 1);
    }
}
