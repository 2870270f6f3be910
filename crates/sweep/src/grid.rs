//! From the `[sweep]` table to what each cell assigns: product, zip, exclude, add.

use crate::axes::{self, Partners, Values};
use crate::error::FieldError;
use crate::kinds;
use crate::value::{Table, Value};
use crate::written::SweepSection;

/// Dotted field names with the values they take.
pub type Assignment = Table;

/// Most cells that a sweep may have.
const MOST_CELLS: usize = 1_000_000;

/// What the cells of a sweep assign.
#[derive(Debug)]
pub struct Grid {
    /// One for each cell, some of which may come to the same.
    pub cells: Vec<Assignment>,
    /// What somebody may not have expected, in sentences.
    pub remarks: Vec<String>,
}

/// What each cell assigns: the product of the axes and zip groups (the last varies fastest)
/// without the excluded ones, then the added ones. `tables` is what all cells have, where they assign
/// nothing else; the fields `overridden` were set on the command line.
///
/// # Errors
/// [`FieldError`] naming the part of `[sweep]` that is wrong.
pub fn grid(
    section: &SweepSection,
    tables: &Table,
    overridden: &[String],
) -> Result<Grid, FieldError> {
    let mut remarks = Vec::new();
    let dimensions = dimensions(section, &mut remarks)?;
    check_count(&dimensions.iter().map(Vec::len).collect::<Vec<_>>())?;
    let mut cells = vec![Assignment::new()];
    for dimension in &dimensions {
        let with = |cell: &Assignment, step: &Assignment| {
            cell.iter().chain(step).map(|(k, v)| (k.clone(), v.clone())).collect()
        };
        cells =
            cells.iter().flat_map(|cell| dimension.iter().map(|step| with(cell, step))).collect();
    }
    let is_set = |group: &Assignment| {
        let set = |name: &str| overridden.iter().any(|set| touches(set, name));
        group.keys().any(|name| set(name))
    };
    for (i, excluded) in section.exclude.iter().enumerate() {
        let place = format!("sweep.exclude[{i}]");
        let before = cells.len();
        if excluded.is_empty() {
            return Err(FieldError::new(&place, "nothing", "at least one field with its value"));
        }
        cells.retain(|cell| !matches(cell, tables, excluded));
        if cells.len() == before {
            if !is_set(excluded) {
                let allowed = "values that some cell of the product has";
                return Err(FieldError::new(&place, show(excluded), allowed));
            }
            remarks.push(format!("`{place}` leaves out no cell after `--set`"));
        }
    }
    for (i, added) in section.add.iter().enumerate() {
        let place = format!("sweep.add[{i}]");
        if added.is_empty() {
            return Err(FieldError::new(&place, "nothing", "at least one field with its value"));
        }
        if is_set(added) {
            let values = show(added);
            remarks
                .push(format!("`{place}` adds a cell with {values}, which `--set` leaves alone"));
        }
        cells.push(added.clone());
    }
    if cells.is_empty() {
        return Err(FieldError::new("sweep.exclude", "all of them", "fewer than all cells"));
    }
    Ok(Grid { cells, remarks })
}

/// Refuses a product of axes of these lengths that has too many cells.
fn check_count(lengths: &[usize]) -> Result<(), FieldError> {
    let count = lengths.iter().try_fold(1_usize, |n, length| n.checked_mul(*length));
    if count.is_some_and(|n| n <= MOST_CELLS) {
        return Ok(());
    }
    let lengths: Vec<String> = lengths.iter().map(ToString::to_string).collect();
    let allowed = format!("a product of at most {MOST_CELLS} cells");
    Err(FieldError::new("sweep", lengths.join(" × "), &allowed))
}

/// One dimension of the product each: an axis, or a zip group.
fn dimensions(
    section: &SweepSection,
    remarks: &mut Vec<String>,
) -> Result<Vec<Vec<Assignment>>, FieldError> {
    let mut dimensions = Vec::new();
    for (name, axis) in &section.axes {
        let Values { values, remark } = column("sweep", name, axis, Partners::None)?;
        remarks.extend(remark.map(|remark| format!("`sweep.{name}`: {remark}")));
        dimensions
            .push(values.into_iter().map(|v| Assignment::from([(name.clone(), v)])).collect());
    }
    let mut taken: Vec<&String> = section.axes.keys().collect();
    for (i, group) in section.zip.iter().enumerate() {
        let place = format!("sweep.zip[{i}]");
        let mut steps: Vec<Assignment> = Vec::new();
        for (position, (name, axis)) in group.iter().enumerate() {
            if taken.contains(&name) {
                let allowed = "varied once, by an axis or in one zip group";
                return Err(FieldError::new(&format!("{place}.{name}"), "it again", allowed));
            }
            taken.push(name);
            let Values { values, remark } = column(&place, name, axis, Partners::Zipped)?;
            remarks.extend(remark.map(|remark| format!("`{place}.{name}`: {remark}")));
            if position == 0 {
                steps = vec![Assignment::new(); values.len()];
            } else if values.len() != steps.len() {
                let allowed = format!("as long as the rest of its group, {}", steps.len());
                let got = format!("{} values", values.len());
                return Err(FieldError::new(&format!("{place}.{name}"), got, &allowed));
            }
            for (step, value) in steps.iter_mut().zip(values) {
                step.insert(name.clone(), value);
            }
        }
        if steps.is_empty() {
            return Err(FieldError::new(&place, "nothing", "a group of at least one field"));
        }
        dimensions.push(steps);
    }
    Ok(dimensions)
}

/// The values of the axis `name` at `place`.
pub(crate) fn column(
    place: &str,
    name: &str,
    axis: &Value,
    partners: Partners,
) -> Result<Values, FieldError> {
    axes::values(name, axis, partners)
        .map_err(|allowed| FieldError::new(&format!("{place}.{name}"), axis, &allowed))
}

/// Whether one of two names is the other, or a part of it.
fn touches(a: &str, b: &str) -> bool {
    let within = |a: &str, b: &str| a.strip_prefix(b).is_some_and(|rest| rest.starts_with('.'));
    a == b || within(a, b) || within(b, a)
}

/// Whether the cell has all values of the `pattern`, assigned or from the `tables`.
fn matches(cell: &Assignment, tables: &Table, pattern: &Assignment) -> bool {
    let is_same = |name: &str, own: &Value, value: &Value| {
        same(&kinds::in_full(name, own), &kinds::in_full(name, value))
    };
    pattern.iter().all(|(name, value)| {
        of_cell(cell, tables, name).is_some_and(|own| is_same(name, own, value))
    })
}

/// The value of a field of the cell: its own, or one inside a table that is its own, or else one of
/// the `tables`.
fn of_cell<'a>(cell: &'a Assignment, tables: &'a Table, name: &str) -> Option<&'a Value> {
    if let Some(own) = cell.get(name) {
        return Some(own);
    }
    for (whole, value) in cell {
        if let Some(rest) = name.strip_prefix(whole.as_str()).and_then(|r| r.strip_prefix('.')) {
            // A bare word is the table of its kind.
            let is_kind = matches!(value, Value::Text(_)) && kinds::tag(whole) == Some(rest);
            return if is_kind { Some(value) } else { field(value, rest) };
        }
    }
    let (first, rest) = name.split_once('.')?;
    field(tables.get(first)?, rest)
}

/// The field of a table with this dotted name.
fn field<'a>(table: &'a Value, name: &str) -> Option<&'a Value> {
    let step = |table: &'a Value, part: &str| match table {
        Value::Table(table) => table.get(part),
        _ => None,
    };
    name.split('.').try_fold(table, step)
}

/// Equality of values, where `1` and `1.0` are the same and the rounding of a generated value does
/// not matter.
fn same(a: &Value, b: &Value) -> bool {
    match (a.whole(), b.whole(), a.number(), b.number()) {
        (Some(a), Some(b), ..) => a == b,
        (.., Some(a), Some(b)) => (a - b).abs() <= 1e-9 * a.abs().max(b.abs()),
        _ => match (a, b) {
            (Value::Table(a), Value::Table(b)) => {
                let has =
                    |(name, value): (&String, &Value)| b.get(name).is_some_and(|b| same(value, b));
                a.len() == b.len() && a.iter().all(has)
            }
            _ => a == b,
        },
    }
}

/// An assignment as it is written in TOML.
pub(crate) fn show(assignment: &Assignment) -> String {
    let parts: Vec<String> = assignment.iter().map(|(k, v)| format!("\"{k}\" = {v}")).collect();
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What all cells of the tests have.
    const TABLES: &str = "[train]\nweight_decay = 0.5\nseed = 1000000000\n[data]\n\
                          frequencies = { law = \"power\", exponent = 1 }";

    fn expanded(toml: &str, overridden: &[&str]) -> Result<(Vec<String>, Vec<String>), String> {
        let section: SweepSection = toml::from_str(toml).unwrap();
        let tables: Table = toml::from_str(TABLES).unwrap();
        let overridden: Vec<String> = overridden.iter().map(|&name| name.to_owned()).collect();
        let grid = grid(&section, &tables, &overridden).map_err(|e| e.to_string())?;
        Ok((grid.cells.iter().map(|c| show(c).replace('"', "")).collect(), grid.remarks))
    }

    fn of(toml: &str) -> Result<Vec<String>, String> {
        expanded(toml, &[]).map(|(cells, _)| cells)
    }

    fn remarks(toml: &str, overridden: &[&str]) -> String {
        expanded(toml, overridden).unwrap().1.join("; ")
    }

    #[test]
    fn axes_multiply_and_the_last_varies_fastest() {
        assert_eq!(
            of("b = [1, 2]\na = [3, 4]").unwrap(),
            ["b = 1, a = 3", "b = 1, a = 4", "b = 2, a = 3", "b = 2, a = 4"]
        );
    }

    #[test]
    fn no_axis_is_one_cell() {
        assert_eq!(of("").unwrap(), [""]);
    }

    #[test]
    fn a_zip_group_is_one_dimension() {
        let said = of("a = [1, 2]\n[[zip]]\nb = [3, 4]\nc = [5, 6]").unwrap();
        assert_eq!(
            said,
            [
                "a = 1, b = 3, c = 5",
                "a = 1, b = 4, c = 6",
                "a = 2, b = 3, c = 5",
                "a = 2, b = 4, c = 6"
            ]
        );
    }

    #[test]
    fn excluded_cells_go_and_added_ones_come() {
        let toml = "a = [1, 2]\nb = [0.5]\n[[exclude]]\na = 1.0\n[[add]]\na = 9";
        assert_eq!(of(toml).unwrap(), ["a = 2, b = 0.5", "a = 9"]);
    }

    #[test]
    fn an_exclusion_compares_with_what_every_cell_has() {
        for (exclude, left) in [
            ("\"train.weight_decay\" = 0.5\na = 1", vec!["a = 2"]),
            ("\"data.frequencies.exponent\" = 1.0\na = 2", vec!["a = 1"]),
            ("\"data.frequencies.law\" = \"power\"\na = 2", vec!["a = 1"]),
        ] {
            assert_eq!(of(&format!("a = [1, 2]\n[[exclude]]\n{exclude}")).unwrap(), left);
        }
        let laws =
            "\"data.frequencies\" = [{ law = \"power\", exponent = 2 }, { law = \"linear\" }]";
        let left = of(&format!("{laws}\n[[exclude]]\n\"data.frequencies.exponent\" = 2")).unwrap();
        assert_eq!(left, ["data.frequencies = { law = linear }"]);
        // However a kind is spelled.
        for exclude in [
            "\"train.loss\" = { kind = \"power\", power = 4.0 }",
            "\"train.loss\" = { power = 4 }",
            "\"train.loss.power\" = 4",
        ] {
            let kinds = "\"train.loss\" = [\"squared\", { power = 4 }]\n[[exclude]]\n";
            assert_eq!(of(&format!("{kinds}{exclude}")).unwrap(), ["train.loss = squared"]);
        }
        for exclude in ["= { kind = \"none\" }", "= \"none\"", ".kind\" = \"none\""] {
            let kinds =
                "\"data.dependence\" = [\"none\", \"correlated\"]\n[[exclude]]\n\"data.dependence";
            let end =
                if exclude.starts_with('.') { exclude.to_owned() } else { format!("\" {exclude}") };
            let left = of(&format!("{kinds}{end}")).unwrap();
            assert_eq!(left, ["data.dependence = correlated"], "{exclude}");
        }
        // A field of the table that the cell has replaced is not the cell's.
        let one = format!("{laws}\n[[exclude]]\n\"data.frequencies.exponent\" = 1");
        assert!(of(&one).is_err());
    }

    #[test]
    fn whole_numbers_are_excluded_exactly_and_others_within_rounding() {
        let seeds =
            "\"train.seed\" = [1000000000, 1000000001]\n[[exclude]]\n\"train.seed\" = 1000000001";
        assert_eq!(of(seeds).unwrap(), ["train.seed = 1000000000"]);
        let decays = "d = { linspace = [0, 1, 4] }\n[[exclude]]\nd = 0.33333333333";
        assert_eq!(of(decays).unwrap().len(), 3);
        assert!(of("d = { linspace = [0, 1, 4] }\n[[exclude]]\nd = 0.3333333").is_err());
    }

    #[test]
    fn what_the_command_line_has_emptied_is_passed_over_and_said() {
        let toml = "d = [3, 5]\n[[exclude]]\nd = 8\n\"train.weight_decay\" = 1.0\n[[add]]\nd = 12";
        assert!(of(toml).unwrap_err().contains("`sweep.exclude[0]`"));
        for set in ["d", "train.weight_decay", "train"] {
            assert_eq!(expanded(toml, &[set]).unwrap().0, ["d = 3", "d = 5", "d = 12"]);
            assert!(remarks(toml, &[set]).contains("`sweep.exclude[0]` leaves out no cell"));
        }
        assert!(expanded(toml, &["train.seed"]).is_err());
        assert!(remarks(toml, &["d"]).contains("`sweep.add[0]` adds a cell with \"d\" = 12"));
        assert!(!remarks(toml, &["train.weight_decay"]).contains("sweep.add"));
    }

    #[test]
    fn names_touch_when_one_is_within_the_other() {
        assert!(touches("data.frequencies", "data.frequencies.exponent"));
        assert!(touches("data.frequencies.exponent", "data.frequencies"));
        assert!(touches("train.seed", "train.seed"));
        assert!(!touches("train.learning_rate", "train.learning_rate_bias"));
    }

    #[test]
    fn rounded_values_keep_their_partners_and_are_told_elsewhere() {
        let zip = "[[zip]]\n\"model.d_hidden\" = { logspace = [2, 8, 6] }\nr = { logspace = [0.1, 0.01, 6] }";
        assert_eq!(of(zip).unwrap().len(), 6);
        let rounded = remarks("\"model.d_hidden\" = { linspace = [1, 4, 3] }", &[]);
        assert!(rounded.starts_with("`sweep.model.d_hidden`: 2.5"), "{rounded}");
        let zipped = remarks("[[zip]]\n\"model.d_hidden\" = { linspace = [1, 4, 3] }", &[]);
        assert!(zipped.starts_with("`sweep.zip[0].model.d_hidden`: 2.5"), "{zipped}");
    }

    #[test]
    fn a_sweep_may_have_a_million_cells() {
        assert_eq!(check_count(&[]), Ok(()));
        assert_eq!(check_count(&[1000, 1000]), Ok(()));
        for lengths in [&[1001, 1000][..], &[2, 500_001], &[1 << 40, 1 << 40]] {
            assert!(check_count(lengths).is_err(), "{lengths:?}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_sweep_is_said_with_its_place() {
        for (toml, part) in [
            ("a = []", "`sweep.a` must be an axis with at least one value, got []"),
            ("[[zip]]\na = [1, 2]\nb = [1]", "`sweep.zip[0].b` must be as long"),
            ("a = [1]\n[[zip]]\na = [2]", "`sweep.zip[0].a` must be varied once"),
            ("[[zip]]\na = [1]\n[[zip]]\na = [2]", "`sweep.zip[1].a` must be varied once"),
            ("[[zip]]", "`sweep.zip[0]` must be a group of at least one field"),
            ("a = [1]\n[[exclude]]\na = 2", "`sweep.exclude[0]` must be values that some cell"),
            ("a = [1]\n[[exclude]]\na = 1", "must be fewer than all cells"),
            ("a = [1, 2]\n[[exclude]]", "`sweep.exclude[0]` must be at least one field"),
            ("a = [1, 2]\n[[exclude]]\na = 1\n[[add]]", "`sweep.add[0]` must be at least one"),
            (
                "a = { range = [0, 2000] }\nb = { range = [0, 2000] }",
                "a product of at most 1000000 cells, got 2000 × 2000",
            ),
        ] {
            let said = of(toml).unwrap_err();
            assert!(said.contains(part), "{toml}: {said}");
        }
    }
}
