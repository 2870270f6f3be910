//! The values of an axis: listed, or generated.

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Value;

/// The values of an axis, as written.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Axis {
    /// The values themselves.
    List(#[schemars(with = "Vec<serde_json::Value>")] Vec<Value>),
    /// A rule for the values.
    Generated(Generator),
}

/// A rule for the values of an axis.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Generator {
    /// `[from, to, count]`: equally spaced, both ends included.
    Linspace(f64, f64, usize),
    /// `[from, to, count]`: equal ratios, both ends included; the ends are the values themselves.
    Logspace(f64, f64, usize),
    /// `[from, to]` or `[from, to, step]`: integers, `to` left out.
    Range(Vec<i64>),
    /// `[from, to]`: the powers of two from `from` to `to`, both included.
    PowersOfTwo(u64, u64),
}

/// What an axis may look like, for messages.
pub const FORMS: &str = "a list of values, or one of { linspace = [from, to, count] }, \
    { logspace = [from, to, count] }, { range = [from, to] } (to left out), \
    { powers_of_two = [from, to] }";

/// The fields that hold integers: a generated value is rounded down for these, as the paper
/// rounds its six widths from 10 to 100.
pub const INTEGER_FIELDS: [&str; 9] = [
    "model.n_features",
    "model.d_hidden",
    "data.seed",
    "train.batch_size",
    "train.steps",
    "train.warmup_steps",
    "train.seed",
    "train.test_batches",
    "train.log_every",
];

/// Most values that one axis may have.
const MOST: usize = 1_000_000;

/// The values that `written` gives to the field called `name`. Generated integers do not
/// repeat.
///
/// # Errors
/// What an axis must be, to stand after "must be".
pub fn values(name: &str, written: &Value) -> Result<Vec<Value>, String> {
    let values: Vec<Value> = match Axis::deserialize(written.clone()).map_err(|_| FORMS)? {
        Axis::List(values) => values,
        Axis::Generated(generator) => {
            let numbers = generator.values()?;
            if INTEGER_FIELDS.contains(&name) {
                let mut integers: Vec<i64> = numbers.into_iter().map(round_down).collect();
                integers.dedup();
                integers.into_iter().map(Value::Integer).collect()
            } else {
                numbers.into_iter().map(Value::Float).collect()
            }
        }
    };
    ensure(!values.is_empty(), "an axis with at least one value")?;
    Ok(values)
}

/// The integer below `v`, or at it when only rounding has put `v` below.
#[expect(clippy::cast_possible_truncation, reason = "saturates, and the field's check refuses it")]
fn round_down(v: f64) -> i64 {
    (v + 1e-9 * v.abs()).floor() as i64
}

impl Generator {
    fn values(&self) -> Result<Vec<f64>, String> {
        match *self {
            Self::Linspace(from, to, count) => {
                check_ends(from, to, count)?;
                Ok(spaced(count, |t| from + (to - from) * t))
            }
            Self::Logspace(from, to, count) => {
                check_ends(from, to, count)?;
                ensure(from > 0.0 && to > 0.0, "a logspace with both ends above 0")?;
                let mut values = spaced(count, |t| from * (to / from).powf(t));
                if count > 1 {
                    values[count - 1] = to;
                }
                Ok(values)
            }
            Self::Range(ref ends) => {
                let (from, to, step) = match ends[..] {
                    [from, to] => (from, to, 1),
                    [from, to, step] if step != 0 => (from, to, step),
                    _ => {
                        return Err("a range of [from, to], or of [from, to, step] with a step \
                                    that is not 0"
                            .to_owned());
                    }
                };
                let inside = |v: &i64| if step > 0 { *v < to } else { *v > to };
                let all = std::iter::successors(Some(from), |v| v.checked_add(step));
                let values = all.take_while(inside).take(MOST + 1).map(|v| v as f64);
                Some(values.collect::<Vec<f64>>())
                    .filter(|values| values.len() <= MOST)
                    .ok_or_else(|| format!("a range of at most {MOST} values"))
            }
            Self::PowersOfTwo(from, to) => {
                let are_powers = from.is_power_of_two() && to.is_power_of_two();
                ensure(are_powers, "powers_of_two between two powers of two")?;
                let powers = std::iter::successors(Some(from), |v| v.checked_mul(2));
                Ok(powers.take_while(|v| *v <= to).map(|v| v as f64).collect())
            }
        }
    }
}

fn check_ends(from: f64, to: f64, count: usize) -> Result<(), String> {
    ensure(from.is_finite() && to.is_finite(), "an axis between finite ends")?;
    let allowed = format!("an axis with a count between 1 and {MOST}");
    ensure((1..=MOST).contains(&count), &allowed)
}

/// Refuses an axis unless what it must be `holds`.
fn ensure(holds: bool, must_be: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(must_be.to_owned()) }
}

/// `count` values of `f` at equally spaced arguments from 0 to 1.
fn spaced(count: usize, f: impl Fn(f64) -> f64) -> Vec<f64> {
    let last = count.saturating_sub(1).max(1) as f64;
    (0..count).map(|i| f(i as f64 / last)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, toml: &str) -> Result<Vec<Value>, String> {
        let table: toml::Table = format!("axis = {toml}").parse().unwrap();
        values(name, &table["axis"])
    }

    fn integers(name: &str, toml: &str) -> Vec<i64> {
        of(name, toml).unwrap().iter().map(|v| v.as_integer().unwrap()).collect()
    }

    fn floats(toml: &str) -> Vec<f64> {
        of("train.weight_decay", toml).unwrap().iter().map(|v| v.as_float().unwrap()).collect()
    }

    #[test]
    fn the_papers_axes_come_out_as_published() {
        let widths = integers("model.d_hidden", "{ logspace = [10, 100, 6] }");
        assert_eq!(widths, [10, 15, 25, 39, 63, 100]);
        let decays = floats("{ linspace = [-1, 1, 10] }");
        assert_eq!(decays.len(), 10);
        assert!((decays[1] + 7.0 / 9.0).abs() < 1e-15);
        assert!((decays[9] - 1.0).abs() < f64::EPSILON);
        let large = integers("model.d_hidden", "{ powers_of_two = [8, 1024] }");
        assert_eq!(large, [8, 16, 32, 64, 128, 256, 512, 1024]);
    }

    #[test]
    fn ranges_leave_out_their_end() {
        assert_eq!(integers("train.seed", "{ range = [0, 3] }"), [0, 1, 2]);
        assert_eq!(integers("train.seed", "{ range = [5, 0, -2] }"), [5, 3, 1]);
        assert!(of("train.seed", "{ range = [3, 3] }").unwrap_err().contains("at least one value"));
    }

    #[test]
    fn rounding_down_does_not_repeat_a_width() {
        assert_eq!(integers("model.d_hidden", "{ linspace = [1, 2, 5] }"), [1, 2]);
    }

    #[test]
    fn what_is_no_axis_is_refused_with_the_forms_an_axis_has() {
        for bad in ["3", "\"all\"", "{ linspace = [1, 2] }", "{ powers = [1, 2] }", "{}"] {
            assert!(of("model.d_hidden", bad).unwrap_err().contains("linspace"), "{bad}");
        }
        for bad in [
            "[]",
            "{ linspace = [1, 2, 0] }",
            "{ linspace = [nan, 2, 3] }",
            "{ logspace = [0, 2, 3] }",
            "{ range = [0, 9223372036854775807] }",
            "{ range = [1, 2, 0] }",
            "{ powers_of_two = [3, 8] }",
        ] {
            assert!(of("model.d_hidden", bad).is_err(), "{bad}");
        }
    }
}
