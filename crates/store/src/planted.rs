//! Records and folders for the tests of this crate.

use std::path::Path;

use superpose_toy::prepared::Features;
use superpose_toy::trained::{CurvePoint, Weights};

use crate::record::Record;
use crate::store::{Manifest, Store};

/// A record of format version 1, as it was first written.
pub(crate) const GOLDEN: &str = include_str!("../tests/record-1.json");

pub(crate) fn golden() -> Record {
    serde_json::from_str(GOLDEN).unwrap()
}

/// The record of a cell of two features in one dimension, with this seed.
pub(crate) fn small(seed: u64) -> Record {
    let mut record: Record = serde_json::from_str(include_str!("../tests/record-2.json")).unwrap();
    (record.cell.model.n_features, record.cell.model.d_hidden) = (2, 1);
    (record.cell.train.steps, record.cell.train.seed) = (250, seed);
    record.cell_id = record.cell.id();
    record
}

/// Its curve.
pub(crate) fn curve() -> Vec<CurvePoint> {
    [(100, 1.25), (200, 1e-3), (250, 0.5)].map(|(step, loss)| CurvePoint { step, loss }).to_vec()
}

/// Its weights.
pub(crate) fn weights() -> Weights {
    Weights {
        n_features: 2,
        d_hidden: 1,
        weights: vec![1.0, -1.0],
        bias: vec![0.0, 0.5],
        decoder: None,
    }
}

/// Its probabilities.
pub(crate) const P: [f64; 2] = [0.75, 0.25];

/// The sweep of the cells of these records.
pub(crate) fn manifest(records: &[Record]) -> Manifest {
    let cells = records.iter().map(|record| record.cell.clone()).collect();
    Manifest { name: "example".to_owned(), cells }
}

/// A folder for the cells of these records.
pub(crate) fn store(root: &Path, records: &[Record]) -> Store {
    Store::create(root, &manifest(records)).unwrap().0
}

/// Writes a record with curve and weights.
pub(crate) fn write(store: &Store, record: &Record) {
    store.write(record, &curve(), Some((&weights(), Features::alike(&P)))).unwrap();
}
