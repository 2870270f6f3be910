//! Tiny cells as a table of their weights: what is measured of a model can be measured again from them.
//!
//! A row of `results.csv` has some seventy numbers; a model of two features has four. So a table of these, with
//! their losses and where they come from, is all there is to know of thousands of trainings.

use std::collections::HashMap;

use superpose_analysis::run::Finished;
use superpose_files::table::{Table, TableError};
use superpose_store::measured::{Losses, measure};
use superpose_store::record::{Provenance, RECORD_VERSION, Record};
use superpose_toy::cell::{Cell, CellId};
use superpose_toy::prepared::Preparer;
use superpose_toy::trained::{Outcome, Weights};

/// The most numbers in the `W` of a tiny model.
const MOST_WEIGHTS: usize = 128;

/// A table of tiny cells is not what it should be.
#[derive(Debug, thiserror::Error)]
pub enum TinyError {
    /// A column is missing, or no number stands where one must.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A row is of no cell's shape.
    #[error("row {row} of the table of tiny cells: `{column}` must be {allowed}, got {got}")]
    Row {
        /// Its number, from 1.
        row: usize,
        /// The column.
        column: &'static str,
        /// What is allowed.
        allowed: String,
        /// What stands there.
        got: String,
    },
}

/// Whether a cell is known by its weights alone.
pub fn is_tiny(cell: &Cell) -> bool {
    cell.model.n_features.saturating_mul(cell.model.d_hidden) <= MOST_WEIGHTS
}

/// The table of tiny `cells` that were trained to the end.
pub fn table<'a>(cells: impl IntoIterator<Item = (&'a Finished, &'a Weights)>) -> Table {
    let words = |values: &[f32]| values.iter().map(f32::to_string).collect::<Vec<_>>().join(" ");
    let cells = cells.into_iter().filter_map(|(f, w)| Some((&f.record, f.measured()?, w)));
    Table::of(
        "tiny",
        "What became of tiny cells?",
        cells,
        &[
            ("cell_id", "identity of the cell", &|(record, ..)| record.cell_id.as_str().into()),
            ("weights", "W, row by row", &|(.., weights)| words(&weights.weights).into()),
            ("biases", "b", &|(.., weights)| words(&weights.bias).into()),
            ("loss.test", "mean loss over fresh test batches", &|(_, m, _)| m.loss_test.into()),
            ("loss.test_se", "its standard error", &|(_, m, _)| m.loss_test_se.into()),
            ("loss.train_last100", "mean loss over the last 100 steps", &|(_, m, _)| {
                m.loss_train_last100.into()
            }),
            (
                "density.drawn",
                "active features a sample in the test batches; empty for the paper's kind",
                &|(_, m, _)| m.variant.as_ref().and_then(|v| v.density_drawn).into(),
            ),
            ("wall_s", "wall time of training and test, in seconds", &|(record, ..)| {
                record.wall_s.into()
            }),
            ("engine", "engine that made the steps", &|(record, ..)| {
                record.provenance.engine.as_str().into()
            }),
            ("device", "device that it worked on", &|(record, ..)| {
                record.provenance.device.as_str().into()
            }),
            ("dtype", "precision", &|(record, ..)| record.provenance.dtype.as_str().into()),
            ("superpose_version", "version of the program", &|(record, ..)| {
                record.provenance.superpose_version.as_str().into()
            }),
            ("revision", "git revision of the program", &|(record, ..)| {
                record.provenance.revision.as_str().into()
            }),
            ("burn_version", "version of burn", &|(record, ..)| {
                record.provenance.burn_version.as_str().into()
            }),
        ],
    )
}

/// The tiny cells in a [`table`] that are among the `wanted`, measured from their weights.
///
/// # Errors
/// [`TinyError`], naming the row and the column.
pub fn read(table: &Table, wanted: &[Cell]) -> Result<Vec<(Finished, Weights)>, TinyError> {
    let by_id: HashMap<CellId, &Cell> = wanted.iter().map(|cell| (cell.id(), cell)).collect();
    let words = table.fields([
        "cell_id",
        "weights",
        "biases",
        "engine",
        "device",
        "dtype",
        "superpose_version",
        "revision",
        "burn_version",
    ])?;
    let numbers = |name: &str| table.numbers(name);
    let (test, test_se) = (numbers("loss.test")?, numbers("loss.test_se")?);
    let (last, drawn, wall_s) =
        (numbers("loss.train_last100")?, numbers("density.drawn")?, numbers("wall_s")?);
    let mut preparer = Preparer::default();
    let mut read = Vec::new();
    for (at, row) in words.into_iter().enumerate() {
        let row = row.map(ToString::to_string);
        let wrong = |column: &'static str, allowed: &str, got: &str| TinyError::Row {
            row: at + 1,
            column,
            allowed: allowed.to_owned(),
            got: got.chars().take(40).collect(),
        };
        let id = CellId::try_from(row[0].clone())
            .map_err(|_| wrong("cell_id", "16 hexadecimal digits", &row[0]))?;
        let Some(cell) = by_id.get(&id) else { continue };
        let (n, d) = (cell.model.n_features, cell.model.d_hidden);
        let values = |column: &'static str, text: &str, n: usize| -> Result<Vec<f32>, TinyError> {
            let parsed =
                text.split_whitespace().map(|w| w.parse().ok().filter(|v: &f32| v.is_finite()));
            let parsed: Option<Vec<f32>> = parsed.collect();
            parsed
                .filter(|v| v.len() == n)
                .ok_or_else(|| wrong(column, &format!("{n} numbers"), text))
        };
        let weights = Weights {
            n_features: n,
            d_hidden: d,
            weights: values("weights", &row[1], n * d)?,
            bias: values("biases", &row[2], n)?,
            decoder: None,
        };
        if !test[at].is_finite() {
            return Err(wrong("loss.test", "a finite number", &test[at].to_string()));
        }
        let prepared = preparer.prepare((*cell).clone()).map_err(|error| {
            wrong("cell_id", "a cell whose data can be read", &error.to_string())
        })?;
        let losses = Losses {
            test: test[at],
            test_se: test_se[at],
            train_last100: last[at],
            density_drawn: drawn[at].is_finite().then_some(drawn[at]),
        };
        let [_, _, _, engine, device, dtype, superpose_version, revision, burn_version] = row;
        let record = Record {
            record_version: RECORD_VERSION,
            cell_id: id,
            outcome: Outcome::Completed,
            measured: Some(measure(cell, prepared.features(), &weights, losses)),
            wall_s: wall_s[at],
            cell: (*cell).clone(),
            provenance: Provenance {
                superpose_version,
                revision,
                burn_version,
                device,
                engine,
                dtype,
                finished_unix_s: 0,
            },
        };
        let probabilities = prepared.probabilities.as_slice().to_vec();
        read.push((Finished { record, curve: Vec::new(), probabilities }, weights));
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweeps::PHASES_2_1;

    #[test]
    fn what_is_written_of_a_cell_comes_back() {
        let golden = include_str!("../../store/tests/record-2.json");
        let mut record: Record = serde_json::from_str(golden).unwrap();
        let cell = PHASES_2_1.cells().remove(0);
        (record.cell_id, record.cell) = (cell.id(), cell.clone());
        let mut measured = record.measured.take().unwrap();
        (measured.loss_test, measured.loss_test_se) = (0.1234, 0.01);
        record.measured = Some(measured);
        let finished = Finished { record, curve: vec![], probabilities: vec![] };
        let weights = Weights {
            n_features: 2,
            d_hidden: 1,
            weights: vec![1.000_000_1, -0.1],
            bias: vec![0.0, 1e-9],
            decoder: None,
        };
        let csv = table([(&finished, &weights)]).to_csv();
        let table = Table::from_csv("tiny", &csv).unwrap();
        let back = read(&table, std::slice::from_ref(&cell)).unwrap();
        assert_eq!(back[0].1, weights);
        assert_eq!(back[0].0.record.cell, cell);
        let measured = back[0].0.measured().unwrap();
        assert!((measured.loss_test - 0.1234).abs() < 1e-12);
        assert_eq!(back[0].0.record.provenance.engine, finished.record.provenance.engine);
        // Others are passed over, and what is wrong is named.
        assert!(read(&table, &[]).unwrap().is_empty());
        let text = String::from_utf8(csv).unwrap().replace("1.0000001 -0.1", "1.0000001");
        let short = Table::from_csv("tiny", text.as_bytes()).unwrap();
        let said = read(&short, &[cell]).unwrap_err().to_string();
        assert_eq!(
            said,
            "row 1 of the table of tiny cells: `weights` must be 2 numbers, got 1.0000001"
        );
    }
}
