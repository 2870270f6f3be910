//! Everything known of each cell, one row a cell: `results.csv`, and back to records.
//!
//! The table holds all of a record but the curve and the weights, so a finished sweep can be kept, sent
//! and taken up again as one file.

use serde_json::{Value, json};
use superpose_store::quantity::{QUANTITIES, Quantity};
use superpose_store::record::{RECORD_VERSION, Record};

use crate::run::Run;
use crate::settings::{row_start, values, with_fields};
use superpose_files::table::{Field, Table, TableError};

/// One row a finished cell: its fields by dotted name, then what is known of it.
pub fn results(run: &Run) -> Table {
    let names = run.field_names();
    let has_variant = run.finished.iter().any(|f| f.record.variant().is_some());
    let quantities = || QUANTITIES.iter().filter(|q| has_variant || !q.is_of_variants());
    let columns: Vec<(&str, &str)> = quantities().map(|q| (q.name, q.meaning)).collect();
    let mut table = Table::new("results", "What became of each cell?", &columns);
    for finished in &run.finished {
        table.push(quantities().map(|q| q.field(&finished.record)).collect());
    }
    with_fields(table, &names, run.finished.iter().map(|f| row_start(&values(&names, f))))
}

/// Why a row of results is no record.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResultsError {
    /// There is no column `outcome`.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A row does not say what a cell is, or what was measured of it.
    #[error("row {row} of the results {problem}")]
    NoRecord {
        /// The row, from 1, without the header.
        row: usize,
        /// What is wrong with it.
        problem: String,
    },
}

/// The records of the completed cells in a table that [`results`] made, of this version of the program or
/// an older one. Cells that diverged or failed are left out: they are to be trained again.
///
/// # Errors
/// [`ResultsError`], naming the row.
pub fn records(results: &Table) -> Result<Vec<Record>, ResultsError> {
    let rows = (1..).zip(&results.rows).zip(results.words("outcome")?);
    let completed = rows.filter(|(_, outcome)| outcome == "completed");
    completed.map(|((number, row), _)| record(results, row, number)).collect()
}

fn record(results: &Table, fields: &[Field], row: usize) -> Result<Record, ResultsError> {
    let mut value = json!({ "record_version": RECORD_VERSION, "cell": {} });
    for (column, field) in results.columns.iter().zip(fields) {
        let name = column.name.as_str();
        if let Some(quantity) = Quantity::named(name) {
            if let Some(place) = quantity.place {
                plant(&mut value, place, quantity.json(field));
            }
        } else if is_field(name) && *field != Field::Missing {
            // Words, though they may look like numbers.
            let is_word = name.ends_with(".path") || name.ends_with(".sha256");
            let json = match field.to_string() {
                word if is_word => word.into(),
                word if word == "true" || word == "false" => (word == "true").into(),
                _ => field.as_written(),
            };
            plant(&mut value, &format!("cell.{name}"), json);
        }
    }
    let refused = |problem: String| ResultsError::NoRecord { row, problem };
    let record: Record =
        serde_json::from_value(value).map_err(|e| refused(format!("is no record: {e}")))?;
    let (named, found) = (&record.cell_id, record.cell.id());
    if *named != found {
        let problem = format!("names the cell {named}, but its fields are those of {found}");
        return Err(refused(problem));
    }
    Ok(record)
}

/// Whether a column holds a field of the cell.
pub(crate) fn is_field(column: &str) -> bool {
    ["model.", "data.", "train."].iter().any(|table| column.starts_with(table))
}

/// Puts `value` under a dotted name, unless it is null.
fn plant(into: &mut Value, name: &str, value: Value) {
    if value.is_null() {
        return;
    }
    match name.split_once('.') {
        Some((table, rest)) => {
            if !into[table].is_object() {
                into[table] = json!({});
            }
            plant(&mut into[table], rest, value);
        }
        None => into[name] = value,
    }
}

#[cfg(test)]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place in a short text"
)]
mod tests {
    use super::*;
    use crate::run::Finished;
    use proptest::num::f64::{NEGATIVE, NORMAL, POSITIVE, SUBNORMAL, ZERO};
    use superpose_toy::cell::{
        Activation, Bias, Cell, Decoder, Dependence, FrequencyLaw, Importance, Loss, Optimizer,
        Rows,
    };

    fn run() -> Run {
        Run::planted(
            &[
                |c| c.train.weight_decay = -7.0 / 9.0,
                |c| c.data.frequencies = FrequencyLaw::Linear {},
                |c| c.train.seed = 3,
            ],
            |_| 0.1,
        )
    }

    #[test]
    fn results_are_read_back_as_the_same_records() {
        let run = run();
        let csv = results(&run).to_csv();
        let read = records(&Table::from_csv("results", &csv).unwrap()).unwrap();
        let written: Vec<Record> = run.finished.into_iter().map(|f| f.record).collect();
        assert_eq!(read, written);
    }

    #[test]
    fn cells_of_every_kind_are_read_back() {
        let file = |name: &str| (name.into(), "0123456789".repeat(6) + "0123");
        let (weights, text) = (file("weights.txt"), file("true"));
        let changes: [&dyn Fn(&mut Cell); 8] = [
            &|c| c.data.dependence = Dependence::Tree { branching: 4, depth: 1, exclusive: false },
            &|c| c.data.dependence = Dependence::Tree { branching: 4, depth: 1, exclusive: true },
            &|c| c.data.dependence = Dependence::Copula { rank: 3, strength: -0.25 },
            &|c| c.model.activation = Activation::LeakyRelu { slope: 0.1 },
            &|c| (c.model.decoder, c.model.bias) = (Decoder::Untied, Bias::None),
            &|c| (c.model.rows, c.train.loss) = (Rows::Unit, Loss::Power { power: 4 }),
            &|c| c.train.optimizer = Optimizer::Sgd { momentum: 0.0 },
            &|c| {
                let ((path, sha256), window) = (text.clone(), 20);
                c.data.dependence = Dependence::Text { path, sha256, window };
                c.data.frequencies = FrequencyLaw::Text {};
                let (path, sha256) = weights.clone();
                c.data.importance = Importance::File { path, sha256 };
            },
        ];
        let golden = include_str!("../../store/tests/record-2.json");
        let golden: Record = serde_json::from_str(golden).unwrap();
        let records = changes.map(|change| {
            let mut record = golden.clone();
            change(&mut record.cell);
            record.cell_id = record.cell.id();
            record
        });
        assert_eq!(read_back(&records), records);
    }

    /// The golden record with these numbers and texts for all that is known of it by name.
    fn filled(values: &[(f64, u64, bool)], texts: &[String]) -> Record {
        let golden = include_str!("../../store/tests/record-2.json");
        let mut json: Value = serde_json::from_str(golden).unwrap();
        json["measured"]["variant"] =
            json!({ "density_nominal": 0.5, "density_drawn": 0.5, "decoder_cosine": 0.5 });
        for ((quantity, &(number, integer, is_missing)), text) in
            QUANTITIES.iter().zip(values).zip(texts)
        {
            let Some(place) = quantity.place.filter(|p| !["cell_id", "outcome"].contains(p)) else {
                continue;
            };
            let pointer = format!("/{}", place.replace('.', "/"));
            let slot = json.pointer_mut(&pointer).unwrap();
            *slot = match slot {
                Value::Array(_) => (0..60).map(|shift| integer >> shift).collect(),
                Value::String(_) => text.as_str().into(),
                Value::Number(golden) if golden.is_u64() => integer.into(),
                _ => number.into(),
            };
            let mut without = json.clone();
            *without.pointer_mut(&pointer).unwrap() = Value::Null;
            if is_missing && serde_json::from_value::<Record>(without.clone()).is_ok() {
                json = without;
            }
        }
        serde_json::from_value(json).unwrap()
    }

    fn read_back(records: &[Record]) -> Vec<Record> {
        let finished = |record: &Record| Finished {
            record: record.clone(),
            curve: Vec::new(),
            probabilities: Vec::new(),
        };
        let finished = records.iter().map(finished).collect();
        let csv = results(&Run { finished, ..Run::planted(&[], |_| 0.0) }).to_csv();
        super::records(&Table::from_csv("results", &csv).unwrap()).unwrap()
    }

    #[test]
    fn results_without_the_columns_of_the_geometry_have_none() {
        let mut table = results(&run());
        let is_geometry =
            |q: &&Quantity| q.place.is_some_and(|p| p.starts_with("measured.geometry."));
        for quantity in QUANTITIES.iter().filter(is_geometry) {
            let at = table.column(quantity.name).unwrap();
            table.columns.remove(at);
            table.rows.iter_mut().for_each(|row| _ = row.remove(at));
        }
        for (read, written) in records(&table).unwrap().iter().zip(run().finished) {
            assert!(read.geometry().is_none() && read.cell == written.record.cell);
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_was_measured_is_read_back(
            values in proptest::collection::vec(
                (NORMAL | SUBNORMAL | ZERO | POSITIVE | NEGATIVE, proptest::num::u64::ANY, proptest::bool::ANY),
                QUANTITIES.len(),
            ),
            texts in proptest::collection::vec("[0-9]{1,16}|NaN|1e5|-inf|[\\PC]{1,8}", QUANTITIES.len()),
            data_seed: u64,
            seed: u64,
        ) {
            let mut first = filled(&values, &texts);
            (first.cell.data.seed, first.cell.train.seed) = (data_seed, u64::MAX - (seed >> 60));
            first.cell.data.frequencies = FrequencyLaw::File {
                path: texts[0].as_str().into(),
                sha256: format!("{seed:064}"),
            };
            let mut second = first.clone();
            second.cell.data.frequencies = FrequencyLaw::Exponential { scale: values[0].0.abs() };
            second.measured.as_mut().unwrap().geometry = None;
            let mut records = [first, second];
            for record in &mut records {
                record.cell_id = record.cell.id();
            }
            proptest::prop_assert_eq!(read_back(&records), records);
        }

        #[test]
        fn no_damage_makes_the_reader_panic(at in 0.0..1.0, insert in "[\\PC\\n,\"]{0,6}", cut in 0.0..1.0) {
            let csv = String::from_utf8(results(&run()).to_csv()).unwrap();
            let letters: Vec<char> = csv.chars().collect();
            let place = |share: f64| (share * letters.len() as f64) as usize;
            let (at, end) = (place(at), place(at).max(place(cut)));
            let text: String =
                letters[..at].iter().copied().chain(insert.chars()).chain(letters[end..].iter().copied()).collect();
            if let Ok(table) = Table::from_csv("results", text.as_bytes()) {
                let _ = records(&table);
            }
        }

        #[test]
        fn no_names_of_fields_make_the_reader_panic(names in "(model|data|train)(\\.[a-z]{0,9}){0,3}(,(model|data|train)(\\.[a-z]{0,9}){0,3}){0,4}") {
            let row: Vec<&str> = names.split(',').map(|_| "1").collect();
            let text = format!("outcome,{names}\ncompleted,{}\n", row.join(","));
            if let Ok(table) = Table::from_csv("results", text.as_bytes()) {
                proptest::prop_assert!(records(&table).is_err());
            }
        }
    }

    #[test]
    fn a_row_that_is_no_record_is_named() {
        let csv = String::from_utf8(results(&run()).to_csv()).unwrap();
        let read = |csv: &str| records(&Table::from_csv("results", csv.as_bytes()).unwrap());
        let other = csv.replacen("linear", "power", 1);
        assert!(read(&other).unwrap_err().to_string().contains("row 2"), "{other}");
        let other = csv.replacen(",10,", ",11,", 1);
        assert!(read(&other).unwrap_err().to_string().contains("names the cell"));
        assert!(read("a,b\n1,2\n").unwrap_err().to_string().contains("`outcome`"));
    }
}
