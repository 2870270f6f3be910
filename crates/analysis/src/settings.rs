//! Cells that differ only in width and seed belong to one setting.

use std::collections::BTreeMap;

use serde_json::Value;
use superpose_toy::cell::{
    FOLLOWING_KINDS, SEED_FIELDS, SNAPSHOTS, default_of, is_function, short_name,
};

use crate::run::{Finished, Run};
use superpose_files::table::{Column, Field, Table};

/// The field that a setting's cells are fitted over.
pub const WIDTH_FIELD: &str = "model.d_hidden";

/// The cells of one setting.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting<'a> {
    /// The swept fields and their values here: all that vary in the run, but for the width, the
    /// seeds and what follows from the width.
    pub fields: Vec<(String, Value)>,
    /// The finished cells, by width.
    pub by_width: BTreeMap<usize, Vec<&'a Finished>>,
}

impl<'a> Setting<'a> {
    /// Its cells, by width.
    pub fn cells(&self) -> impl Iterator<Item = &'a Finished> {
        self.by_width.values().flatten().copied()
    }

    /// The setting in one line, such as `weight_decay=-1, exponent=1`.
    pub fn label(&self) -> String {
        label(&self.fields)
    }

    /// One of its cells.
    ///
    /// # Panics
    /// Never: a setting is made from its cells.
    pub fn example(&self) -> &'a Finished {
        self.cells().next().expect("a setting is made from its cells")
    }
}

/// Digits that tell files apart in a label.
const HASH_DIGITS: usize = 8;

/// A setting's fields in one line, by the last part of their names, but for those that it does not have; `all`
/// if there are none.
pub fn label(fields: &[(String, Value)]) -> String {
    let part = |(name, value): &(String, Value)| {
        let value = match value {
            Value::String(hash) if name.ends_with(".sha256") => {
                hash.chars().take(HASH_DIGITS).collect()
            }
            Value::String(text) => text.clone(),
            // Six digits tell settings apart that differ by more than rounding.
            Value::Number(n) if n.is_f64() => {
                let number = n.as_f64().unwrap_or(f64::NAN);
                let rounded = (number * 1e6).round() / 1e6;
                let is_near = (rounded - number).abs() <= 1e-5 * number.abs();
                if is_near { format!("{rounded}") } else { format!("{number:e}") }
            }
            other => other.to_string(),
        };
        let is_like = |other: &&(String, Value)| short_name(&other.0) == short_name(name);
        let name = match fields.iter().filter(is_like).count() {
            1 => short_name(name),
            // The name without its table: `importance.exponent`.
            _ => name.split_once('.').map_or(name.as_str(), |(_, rest)| rest),
        };
        format!("{name}={value}")
    };
    let parts: Vec<String> = fields.iter().filter(|field| !field.1.is_null()).map(part).collect();
    if parts.is_empty() { "all".to_owned() } else { parts.join(", ") }
}

/// The dotted names of the fields that vary between the cells of `run`, but for the width and the
/// seeds, and for fields that are a function of the width (a learning rate, say).
pub fn setting_fields(run: &Run) -> Vec<String> {
    let rows: Vec<BTreeMap<String, Value>> =
        run.finished.iter().map(|f| f.record.cell.fields().into_iter().collect()).collect();
    let varies_at_one_width = |name: &String| {
        let mut seen: BTreeMap<String, Option<&Value>> = BTreeMap::new();
        rows.iter().any(|row| {
            let value = row.get(name);
            *seen.entry(row[WIDTH_FIELD].to_string()).or_insert(value) != value
        })
    };
    let apart = [&SEED_FIELDS[..], &[WIDTH_FIELD, SNAPSHOTS]].concat();
    let mut names = run.field_names();
    names.retain(|name| {
        !apart.contains(&name.as_str()) && !name.ends_with(".path") && varies_at_one_width(name)
    });
    let follows = |name: &str, from: &str| {
        names.iter().any(|name| name == from)
            && is_function(rows.iter().map(|row| (row.get(name), row.get(from))))
    };
    let followed = |name: &String| {
        FOLLOWING_KINDS.iter().any(|(following, from)| following == name && follows(name, from))
    };
    let following: Vec<String> = names.iter().filter(|name| followed(name)).cloned().collect();
    names.retain(|name| !following.contains(name));
    names
}

/// The settings of a run, in the order of their first cells.
pub fn settings(run: &Run) -> Vec<Setting<'_>> {
    let names = setting_fields(run);
    grouped(&run.finished, |finished| values(&names, finished))
}

/// The settings of `cells` when those of one setting may differ in the fields `apart` and no others, in the
/// order of their first cells.
pub fn settings_but_for<'a>(cells: &[&'a Finished], apart: &[&str]) -> Vec<Setting<'a>> {
    grouped(cells.iter().copied(), |finished| {
        let mut fields = finished.record.cell.fields();
        fields.retain(|(name, _)| !apart.contains(&name.as_str()));
        fields
    })
}

/// The cells by their `fields`.
fn grouped<'a>(
    cells: impl IntoIterator<Item = &'a Finished>,
    fields: impl Fn(&Finished) -> Vec<(String, Value)>,
) -> Vec<Setting<'a>> {
    let mut settings: Vec<Setting<'a>> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for finished in cells {
        let fields = fields(finished);
        let place = *places.entry(format!("{fields:?}")).or_insert_with(|| {
            settings.push(Setting { fields, by_width: BTreeMap::new() });
            settings.len() - 1
        });
        let width = finished.record.cell.model.d_hidden;
        settings[place].by_width.entry(width).or_default().push(finished);
    }
    settings
}

/// The names of the fields that tell `settings` apart.
pub(crate) fn field_names(settings: &[Setting<'_>]) -> Vec<String> {
    settings.first().map_or(Vec::new(), |s| s.fields.iter().map(|f| f.0.clone()).collect())
}

/// What a table's row begins with: the values of the swept fields.
pub(crate) fn row_start(fields: &[(String, Value)]) -> Vec<Field> {
    fields.iter().map(|(_, value)| value.into()).collect()
}

/// The `table` with columns for the swept fields `names` before its own, and with their values, row by row.
pub(crate) fn with_fields(
    mut table: Table,
    names: &[String],
    rows: impl IntoIterator<Item = Vec<Field>>,
) -> Table {
    let meaning = "field of the cell, as in the sweep file";
    let column = |name: &String| Column { name: name.clone(), meaning: meaning.to_owned() };
    table.columns.splice(0..0, names.iter().map(column));
    for (row, fields) in table.rows.iter_mut().zip(rows) {
        row.splice(0..0, fields);
    }
    table
}

/// The values that a cell has in the fields `names`; of those that are left out at their default, that.
pub fn values(names: &[String], finished: &Finished) -> Vec<(String, Value)> {
    let fields: BTreeMap<String, Value> = finished.record.cell.fields().into_iter().collect();
    let default = |name: &String| default_of(name).map_or(Value::Null, Value::from);
    let value = |name: &String| fields.get(name).cloned().unwrap_or_else(|| default(name));
    names.iter().map(|name| (name.clone(), value(name))).collect()
}

#[cfg(test)]
mod tests {
    use superpose_toy::cell::{Activation, Cell};

    use super::*;

    #[test]
    fn of_digests_a_label_has_the_first_digits_and_of_words_all() {
        let fields =
            [("data.frequencies.law", "exponential"), ("data.frequencies.sha256", "0123456789ab")];
        let fields = fields.map(|(name, value)| (name.to_owned(), Value::from(value)));
        assert_eq!(label(&fields), "law=exponential, sha256=01234567");
        assert_eq!(label(&[]), "all");
    }

    #[test]
    fn what_follows_from_the_width_is_no_setting() {
        let run = Run::planted(
            &[
                |c| (c.model.d_hidden, c.train.learning_rate) = (8, 0.02),
                |c| (c.model.d_hidden, c.train.learning_rate) = (16, 0.01),
                |c| {
                    (c.model.d_hidden, c.train.learning_rate, c.train.weight_decay) =
                        (16, 0.01, 0.5);
                },
            ],
            |_| 1.0,
        );
        assert_eq!(setting_fields(&run), ["train.weight_decay"]);
        let settings = settings(&run);
        assert_eq!(settings.len(), 2);
        assert_eq!(settings[0].by_width.keys().collect::<Vec<_>>(), [&8, &16]);
    }

    #[test]
    fn what_varies_at_one_width_is_a_setting() {
        let run = Run::planted(
            &[
                |c| (c.model.d_hidden, c.train.learning_rate) = (8, 0.02),
                |c| (c.model.d_hidden, c.train.learning_rate) = (8, 0.01),
                |c| (c.model.d_hidden, c.train.learning_rate) = (16, 0.01),
            ],
            |_| 1.0,
        );
        assert_eq!(setting_fields(&run), ["train.learning_rate"]);
        assert_eq!(settings(&run)[0].label(), "learning_rate=0.02");
    }

    #[test]
    fn what_may_differ_is_no_setting_and_all_else_is() {
        let run = Run::planted(
            &[
                |c| (c.model.d_hidden, c.train.learning_rate) = (16, 0.01),
                |c| (c.model.d_hidden, c.train.learning_rate) = (8, 0.02),
                |c| (c.model.d_hidden, c.train.learning_rate, c.train.seed) = (8, 0.02, 1),
            ],
            |_| 1.0,
        );
        let cells: Vec<&Finished> = run.finished.iter().collect();
        let n_cells = |apart: &[&str]| -> Vec<usize> {
            settings_but_for(&cells, apart).iter().map(|s| s.cells().count()).collect()
        };
        let seeds_and_width = [&SEED_FIELDS[..], &[WIDTH_FIELD]].concat();
        assert_eq!(n_cells(&seeds_and_width), [1, 2]);
        let rates_too = [&seeds_and_width[..], &["train.learning_rate"]].concat();
        assert_eq!(n_cells(&rates_too), [3]);
        assert_eq!(n_cells(&[]), [1, 1, 1]);
    }

    #[test]
    fn a_label_has_what_the_setting_has_and_a_short_name_for_a_file() {
        let field = |name: &str, value: Value| (name.to_owned(), value);
        let fields = [
            field("data.frequencies.law", "file".into()),
            field("data.frequencies.sha256", "0123456789abcdef".into()),
            field("data.frequencies.exponent", Value::Null),
        ];
        assert_eq!(label(&fields), "law=file, sha256=01234567");
        assert_eq!(label(&fields[2..]), "all");
    }

    #[test]
    fn a_cell_of_the_usual_kind_is_named_by_it_beside_one_that_is_not() {
        let changes: [fn(&mut Cell); 3] = [
            |_| (),
            |c| c.model.activation = Activation::LeakyRelu { slope: 0.1 },
            |c| c.model.activation = Activation::Gelu,
        ];
        let run = Run::planted(&changes, |_| 1.0);
        let labels: Vec<String> = settings(&run).iter().map(Setting::label).collect();
        assert_eq!(
            labels,
            ["activation=relu", "activation=leaky_relu, slope=0.1", "activation=gelu"]
        );
    }
}
