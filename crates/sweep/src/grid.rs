//! From the `[sweep]` table to what each cell assigns: product, zip, exclude, add.

use indexmap::IndexMap;
use toml::Value;

use crate::axes;
use crate::error::FieldError;
use crate::written::SweepSection;

/// Dotted field names with the values they take.
pub type Assignment = IndexMap<String, Value>;

/// Most cells that a sweep may have.
const MOST_CELLS: usize = 1_000_000;

/// What each cell assigns: the product of the axes and zip groups (the last varies fastest)
/// without the excluded ones, then the added ones.
///
/// # Errors
/// [`FieldError`] naming the part of `[sweep]` that is wrong.
pub fn assignments(section: &SweepSection) -> Result<Vec<Assignment>, FieldError> {
    let dimensions = dimensions(section)?;
    let count = dimensions.iter().try_fold(1_usize, |n, d| n.checked_mul(d.len()));
    if count.is_none_or(|n| n > MOST_CELLS) {
        let lengths: Vec<String> = dimensions.iter().map(|d| d.len().to_string()).collect();
        let allowed = format!("a product of at most {MOST_CELLS} cells");
        return Err(FieldError::new("sweep", lengths.join(" × "), &allowed));
    }
    let mut cells = vec![Assignment::new()];
    for dimension in &dimensions {
        let with = |cell: &Assignment, step: &Assignment| {
            cell.iter().chain(step).map(|(k, v)| (k.clone(), v.clone())).collect()
        };
        cells =
            cells.iter().flat_map(|cell| dimension.iter().map(|step| with(cell, step))).collect();
    }
    for (i, excluded) in section.exclude.iter().enumerate() {
        let before = cells.len();
        cells.retain(|cell| !matches(cell, excluded));
        if cells.len() == before {
            let allowed = "values that some cell of the product has, in fields that are swept";
            return Err(FieldError::new(&format!("sweep.exclude[{i}]"), show(excluded), allowed));
        }
    }
    cells.extend(section.add.iter().cloned());
    if cells.is_empty() {
        return Err(FieldError::new("sweep.exclude", "all of them", "fewer than all cells"));
    }
    Ok(cells)
}

/// One dimension of the product each: an axis, or a zip group.
fn dimensions(section: &SweepSection) -> Result<Vec<Vec<Assignment>>, FieldError> {
    let mut dimensions = Vec::new();
    for (name, axis) in &section.axes {
        let values = column("sweep", name, axis)?;
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
            let values = column(&place, name, axis)?;
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

pub(crate) fn column(place: &str, name: &str, axis: &Value) -> Result<Vec<Value>, FieldError> {
    axes::values(name, axis)
        .map_err(|allowed| FieldError::new(&format!("{place}.{name}"), axis, &allowed))
}

fn matches(cell: &Assignment, pattern: &Assignment) -> bool {
    pattern.iter().all(|(name, value)| cell.get(name).is_some_and(|v| same(v, value)))
}

/// Equality of values, where `1` and `1.0` are the same and rounding does not matter.
fn same(a: &Value, b: &Value) -> bool {
    let number = |v: &Value| v.as_float().or_else(|| v.as_integer().map(|i| i as f64));
    match (number(a), number(b)) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * a.abs().max(b.abs()),
        _ => a == b,
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

    fn of(toml: &str) -> Result<Vec<String>, String> {
        let section: SweepSection = toml::from_str(toml).unwrap();
        let cells = assignments(&section).map_err(|e| e.to_string())?;
        Ok(cells.iter().map(|c| show(c).replace('"', "")).collect())
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
    fn what_is_wrong_with_a_sweep_is_said_with_its_place() {
        for (toml, part) in [
            ("a = []", "`sweep.a` must be an axis with at least one value, got []"),
            ("[[zip]]\na = [1, 2]\nb = [1]", "`sweep.zip[0].b` must be as long"),
            ("a = [1]\n[[zip]]\na = [2]", "`sweep.zip[0].a` must be varied once"),
            ("[[zip]]\na = [1]\n[[zip]]\na = [2]", "`sweep.zip[1].a` must be varied once"),
            ("[[zip]]", "`sweep.zip[0]` must be a group of at least one field"),
            ("a = [1]\n[[exclude]]\na = 2", "`sweep.exclude[0]` must be values that some cell"),
            ("a = [1]\n[[exclude]]\na = 1", "must be fewer than all cells"),
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
