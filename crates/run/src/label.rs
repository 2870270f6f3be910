//! By what the cells of a sweep are told apart.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use superpose_toy::cell::{Cell, default_of, is_function, short_name};

/// Cells that are looked at to find out what varies.
const MOST_CELLS: usize = 1000;
/// Fields that follow from another one unless they are given: they are named only if they do not.
const FOLLOWING: [(&str, &str); 6] = [
    ("data.seed", "train.seed"),
    ("train.learning_rate_bias", "train.learning_rate"),
    ("train.warmup_steps", "train.steps"),
    ("data.frequencies.path", "data.frequencies.sha256"),
    ("data.importance.path", "data.importance.sha256"),
    ("data.dependence.path", "data.dependence.sha256"),
];
/// What is named where nothing varies.
const USUAL: [&str; 2] = ["model.d_hidden", "train.weight_decay"];
/// Digits that tell files apart.
const HASH_DIGITS: usize = 8;

/// The fields by which the cells of a sweep are told apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labels {
    /// Dotted names of fields, in the order of the definition of a cell.
    names: Vec<String>,
}

impl Labels {
    /// Those that vary between `cells`; of many cells, between a thousand of them and the last.
    pub fn of(cells: &[&Cell]) -> Self {
        let every = cells.len().div_ceil(MOST_CELLS).max(1);
        let some = cells.iter().step_by(every).chain(cells.last());
        let rows: Vec<BTreeMap<String, Value>> =
            some.map(|cell| cell.fields().into_iter().collect()).collect();
        let of = |name: &str| rows.iter().map(|row| row.get(name)).collect::<Vec<_>>();
        let varies = |name: &str| of(name).windows(2).any(|pair| pair[0] != pair[1]);
        let follows = |name: &str| {
            FOLLOWING.iter().any(|(following, from)| {
                *following == name && is_function(of(name).into_iter().zip(of(from)))
            })
        };
        let (mut names, mut seen): (Vec<String>, BTreeSet<String>) = Default::default();
        for cell in cells.iter().step_by(every).chain(cells.last()) {
            for (name, _) in cell.fields() {
                if seen.insert(name.clone()) && varies(&name) && !follows(&name) {
                    names.push(name);
                }
            }
        }
        if names.is_empty() {
            names = USUAL.map(str::to_owned).to_vec();
        }
        Self { names }
    }

    /// What a cell is called: `d_hidden=10 weight_decay=-1`.
    pub fn label(&self, cell: &Cell) -> String {
        let fields: BTreeMap<String, Value> = cell.fields().into_iter().collect();
        let parts = self.names.iter().filter_map(|name| {
            let default = || default_of(name).map(Value::from);
            let value = fields.get(name).cloned().or_else(default)?;
            Some(format!("{}={}", self.short(name), written(name, &value)))
        });
        parts.collect::<Vec<_>>().join(" ")
    }

    /// The last part of a name, or all of it if another one ends in the same.
    fn short<'a>(&self, name: &'a str) -> &'a str {
        let short = short_name(name);
        let n_alike = self.names.iter().filter(|other| short_name(other) == short).count();
        if n_alike > 1 { name } else { short }
    }
}

/// A value for people: six digits tell settings apart that differ by more than rounding.
fn written(name: &str, value: &Value) -> String {
    match value {
        Value::String(hash) if name.ends_with(".sha256") => {
            hash.chars().take(HASH_DIGITS).collect()
        }
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_f64() => {
            let number = number.as_f64().unwrap_or(f64::NAN);
            let short = (number * 1e6).round() / 1e6;
            let is_close = (short - number).abs() <= 1e-6 * number.abs() && short.abs() < 1e6;
            if is_close { format!("{short}") } else { format!("{number:e}") }
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use superpose_store::record::Record;
    use superpose_toy::cell::FrequencyLaw;

    fn cell(change: impl Fn(&mut Cell)) -> Cell {
        let golden = include_str!("../../store/tests/record-2.json");
        let mut cell = serde_json::from_str::<Record>(golden).unwrap().cell;
        change(&mut cell);
        cell
    }

    /// The labels of the cells.
    fn labels(cells: &[Cell]) -> Vec<String> {
        let labels = Labels::of(&cells.iter().collect::<Vec<_>>());
        cells.iter().map(|cell| labels.label(cell)).collect()
    }

    #[test]
    fn what_was_swept_is_named_and_nothing_else() {
        let swept = [(4, 0.01), (8, 1e12), (4, 1e-7)].map(|(d, rate)| {
            cell(|c| {
                (c.model.d_hidden, c.train.learning_rate, c.train.learning_rate_bias) =
                    (d, rate, rate);
            })
        });
        let expected = [
            "d_hidden=4 learning_rate=0.01",
            "d_hidden=8 learning_rate=1e12",
            "d_hidden=4 learning_rate=1e-7",
        ];
        assert_eq!(labels(&swept), expected);
        let seeds = [1, 2].map(|seed| cell(|c| (c.data.seed, c.train.seed) = (seed, seed)));
        assert_eq!(labels(&seeds), ["seed=1", "seed=2"]);
        let apart = [(1, 1), (1, 2), (2, 1)]
            .map(|(data, train)| cell(|c| (c.data.seed, c.train.seed) = (data, train)));
        assert_eq!(labels(&apart)[1], "data.seed=1 train.seed=2");
        let thirds = [-7.0 / 9.0, 1.0].map(|decay| cell(|c| c.train.weight_decay = decay));
        assert_eq!(labels(&thirds), ["weight_decay=-0.777778", "weight_decay=1"]);
    }

    #[test]
    fn a_single_cell_is_called_by_width_and_decay_and_laws_by_what_they_have() {
        assert_eq!(labels(&[cell(|_| ())]), ["d_hidden=10 weight_decay=-1"]);
        assert_eq!(labels(&[]), Vec::<String>::new());
        let file = |path: &str, sha256: &str| FrequencyLaw::File {
            path: path.into(),
            sha256: sha256.to_owned(),
        };
        let laws = [
            cell(|c| c.data.frequencies = FrequencyLaw::Linear {}),
            cell(|c| c.data.frequencies = file("a.txt", "0123456789")),
            cell(|_| ()),
        ];
        let expected = ["law=linear", "law=file sha256=01234567", "law=power exponent=1"];
        assert_eq!(labels(&laws), expected);
    }

    #[test]
    fn of_many_cells_some_are_enough() {
        let mut cells = vec![cell(|_| ()); 5000];
        cells[4999].train.seed = 3;
        assert_eq!(labels(&cells)[4999], "seed=3");
    }
}
