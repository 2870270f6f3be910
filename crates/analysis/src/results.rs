//! Everything known of each cell, one row a cell: `results.csv`, and back to records.
//!
//! The table holds all of a record but the curve and the weights, so a finished sweep can be kept, sent
//! and taken up again as one file.

use serde_json::{Map, Value, json};
use superpose_store::record::{RECORD_VERSION, Record};

use crate::quantity::QUANTITIES;
use crate::run::Run;
use crate::settings::{row_start, values};
use superpose_files::table::{Field, Table, TableError};

/// One row a finished cell: its fields by dotted name, then what is known of it.
pub fn results(run: &Run) -> Table {
    let names = run.field_names();
    let columns: Vec<(&str, &str)> = QUANTITIES.iter().map(|q| (q.name, q.meaning)).collect();
    let mut table =
        Table::new("results", "What became of each cell?", &columns).with_fields(&names);
    for finished in &run.finished {
        let mut row = row_start(&values(&names, finished));
        row.extend(QUANTITIES.iter().map(|q| q.field(&finished.record)));
        table.push(row);
    }
    table
}

/// Why a row of results is no record.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResultsError {
    /// A column is missing, or a word stands for a number.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A row does not say what a cell is, or what was measured of it.
    #[error("row {row} of the results is no record: {problem}")]
    NoRecord {
        /// The row, from 1, without the header.
        row: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// The fields of a row are not those of the cell that it names.
    #[error("row {row} of the results names the cell {named}, but its fields are those of {found}")]
    OtherCell {
        /// The row, from 1, without the header.
        row: usize,
        /// The id in the row.
        named: String,
        /// The id of its fields.
        found: String,
    },
}

/// The records of the completed cells in a table that [`results`] made, of this version of the program or
/// an older one. Cells that diverged or failed are left out: they are to be trained again.
///
/// # Errors
/// [`ResultsError`], naming the row.
pub fn records(results: &Table) -> Result<Vec<Record>, ResultsError> {
    let outcomes = results.words("outcome")?;
    let mut records = Vec::new();
    for (index, row) in results.rows.iter().enumerate() {
        if outcomes[index] == "completed" {
            records.push(record(results, row, index + 1)?);
        }
    }
    Ok(records)
}

/// Fields of a cell that are words, though they may look like numbers.
const WORDS: [&str; 2] = ["data.frequencies.path", "data.frequencies.sha256"];

fn record(results: &Table, fields: &[Field], row: usize) -> Result<Record, ResultsError> {
    let at = |name: &str| results.columns.iter().position(|c| c.name == name).map(|at| &fields[at]);
    let get = |name: &str| at(name).map_or(Value::Null, json_of);
    let optional = |names: &[(&str, &str)]| -> Map<String, Value> {
        let present = names.iter().filter(|(_, column)| get(column) != Value::Null);
        present.map(|(field, column)| ((*field).to_owned(), get(column))).collect()
    };
    let mut cell = json!({});
    for (column, field) in results.columns.iter().zip(fields) {
        if is_field(&column.name) && *field != Field::Missing {
            let is_word = WORDS.contains(&&*column.name);
            let value = if is_word { field.to_string().into() } else { json_of(field) };
            plant(&mut cell, &column.name, value);
        }
    }
    let mut measured = json!({
        "loss_test": get("loss.test"),
        "loss_test_se": get("loss.test_se"),
        "loss_train_last100": get("loss.train_last100"),
        "phi_half": get("phi_half"),
        "phi_one": get("phi_one"),
        "dead_outputs": get("dead_outputs"),
        "loss_dead_part": get("loss.dead_part"),
        "overlap_mean_square": get("overlap.mean_square"),
        "overlap_mean_square_strong": get("overlap.mean_square_strong"),
        "overlap_welch": get("overlap.welch"),
    });
    let mut geometry = optional(&[
        ("overlap_variance", "overlap.variance"),
        ("overlap_max", "overlap.max"),
        ("overlap_variance_strong", "overlap.variance_strong"),
        ("overlap_max_strong", "overlap.max_strong"),
        ("spectral_distance", "spectral_distance"),
        ("frame_potential", "frame_potential"),
        ("spectrum_largest", "spectrum.largest"),
        ("spectrum_smallest", "spectrum.smallest"),
        ("participation_ratio", "participation_ratio"),
        ("dimensionality_mean", "dimensionality.mean"),
        ("interference_mean", "interference.mean"),
        ("bias_mean", "bias.mean"),
        ("norm_mean", "norm.mean"),
        ("norm_min", "norm.min"),
        ("norm_max", "norm.max"),
    ]);
    // Results of older versions have none of these columns.
    if !geometry.is_empty() {
        let counts = at("norm.counts").map_or(String::new(), ToString::to_string);
        let count = |word: &str| word.parse::<u64>().map_or(Value::Null, Value::from);
        let counts: Vec<Value> = counts.split_whitespace().map(count).collect();
        geometry.insert("norm_counts".to_owned(), counts.into());
        measured["geometry"] = geometry.into();
    }
    let text = |name: &str| match at(name) {
        // A revision or a version may look like a number.
        Some(Field::Missing) | None => Value::Null,
        Some(field) => field.to_string().into(),
    };
    let value = json!({
        "record_version": RECORD_VERSION,
        "cell_id": text("cell_id"),
        "outcome": { "kind": "completed" },
        "measured": measured,
        "wall_s": get("wall_s"),
        "cell": cell,
        "provenance": {
            "superpose_version": text("superpose_version"),
            "revision": text("revision"),
            "burn_version": text("burn_version"),
            "device": text("device"),
            "engine": text("engine"),
            "dtype": text("dtype"),
            "finished_unix_s": get("finished_unix_s"),
        },
    });
    let record: Record = serde_json::from_value(value)
        .map_err(|e| ResultsError::NoRecord { row, problem: e.to_string() })?;
    let (named, found) = (record.cell_id.to_string(), record.cell.id().to_string());
    if named != found {
        return Err(ResultsError::OtherCell { row, named, found });
    }
    Ok(record)
}

/// Whether a column holds a field of the cell.
fn is_field(column: &str) -> bool {
    ["model.", "data.", "train."].iter().any(|table| column.starts_with(table))
}

/// A field as JSON: as an integer or a number where it is written as one.
fn json_of(field: &Field) -> Value {
    let text = field.to_string();
    match (text.parse::<u64>(), field.number()) {
        (Ok(integer), _) => integer.into(),
        (Err(_), Some(number)) => number.into(),
        (Err(_), None) if text.is_empty() => Value::Null,
        (Err(_), None) => text.into(),
    }
}

/// Puts `value` under a dotted name.
fn plant(into: &mut Value, name: &str, value: Value) {
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

    fn run() -> Run {
        Run::planted(
            &[
                |c| c.train.weight_decay = -7.0 / 9.0,
                |c| c.data.frequencies = superpose_toy::cell::FrequencyLaw::Linear {},
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

    proptest::proptest! {
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
