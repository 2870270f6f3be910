//! The values of an axis: listed, or generated.

use std::collections::HashSet;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::value::{EXACT, Integer, Number, Value, Whole};

/// The values of an axis, as written.
#[derive(Debug, Clone, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "the schema's form of what `values` reads")]
pub(crate) enum Axis {
    /// The values themselves.
    List(Vec<serde_json::Value>),
    /// A rule for the values.
    Generated(Generator),
}

/// A rule for the values of an axis.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Generator {
    /// `[from, to, count]`: equally spaced, both ends included.
    Linspace(Number, Number, Whole<1>),
    /// `[from, to, count]`: equal ratios, both ends included; the ends are the values themselves.
    Logspace(Number, Number, Whole<1>),
    /// `[from, to]` or `[from, to, step]`: integers, `to` left out.
    Range(#[schemars(length(min = 2, max = 3))] Vec<Integer>),
    /// `[from, to]`: the powers of two from `from` to `to`, both included.
    PowersOfTwo(Whole<1>, Whole<1>),
}

/// What an axis may look like, for messages.
pub const FORMS: &str = "a list of values, or one of { linspace = [from, to, count] }, \
    { logspace = [from, to, count] }, { range = [from, to] } (to left out), \
    { powers_of_two = [from, to] }";

/// The fields that hold integers: a generated value is rounded down for these, as the paper
/// rounds its six widths from 10 to 100.
pub const INTEGER_FIELDS: [&str; 10] = [
    "model.n_features",
    "model.d_hidden",
    "data.seed",
    "train.batch_size",
    "train.steps",
    "train.warmup_steps",
    "train.seed",
    "train.test_batches",
    "train.log_every",
    "train.snapshots",
];

/// Most values that one axis may have.
const MOST: usize = 1_000_000;

/// The values of an axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Values {
    /// In order. Generated integers do not repeat, unless each has a partner.
    pub values: Vec<Value>,
    /// What somebody may not have expected of them, to stand after the name of the axis.
    pub remark: Option<String>,
}

/// Whether a value of an axis stands alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Partners {
    /// It is one of a product: twice the same is once too often.
    None,
    /// Each value belongs to one of another axis, with which it is zipped.
    Zipped,
}

/// The values that `written` gives to the field called `name`.
///
/// # Errors
/// What an axis must be, to stand after "must be".
pub fn values(name: &str, written: &Value, partners: Partners) -> Result<Values, String> {
    let (mut values, rounded) = match written {
        Value::List(values) => {
            let allowed = format!("a list of at most {MOST} values");
            ensure(values.len() <= MOST, &allowed)?;
            (values.clone(), None)
        }
        Value::Table(table) if table.len() == 1 => {
            let generator = Generator::deserialize(written.clone()).map_err(|_| FORMS)?;
            generator.values(INTEGER_FIELDS.contains(&name))?
        }
        _ => return Err(FORMS.to_owned()),
    };
    ensure(!values.is_empty(), "an axis with at least one value")?;
    let mut remark = rounded;
    match (partners, written) {
        (Partners::Zipped, _) => {}
        (Partners::None, Value::List(_)) => {
            let many = |value| format!("{value} stands in the list more than once and counts once");
            remark = repeated(&values).map(many);
        }
        (Partners::None, _) => {
            let all = values.len();
            values.dedup();
            if values.len() < all {
                let n = values.len();
                remark = Some(format!("{all} values, rounded down, are {n} different ones"));
            }
        }
    }
    Ok(Values { values, remark })
}

/// The first of the `values` that has been there before.
fn repeated(values: &[Value]) -> Option<&Value> {
    let key = |value: &Value| match (value.whole(), value.number()) {
        (Some(whole), _) => whole.to_string(),
        (None, Some(number)) => format!("{number:?}"),
        (None, None) => value.to_string(),
    };
    let mut seen = HashSet::new();
    values.iter().find(|value| !seen.insert(key(value)))
}

/// The whole number below `v`, or at it when only rounding has put `v` below.
#[expect(clippy::cast_possible_truncation, reason = "below 2⁵³, where all are exact")]
fn round_down(v: f64) -> i128 {
    (v + (1e-9 * v.abs()).min(1e-3)).floor() as i128
}

/// Values, and what was rounded.
type Rounded = (Vec<Value>, Option<String>);

impl Generator {
    fn values(&self, are_whole: bool) -> Result<Rounded, String> {
        match *self {
            Self::Linspace(Number(from), Number(to), count) => {
                let count = check_ends(from, to, count, are_whole)?;
                if !are_whole {
                    return Ok((floats(spaced(count, |t| from + (to - from) * t)), None));
                }
                let both = [from, to].map(|end| Value::Float(end).whole());
                let [Some(from), Some(to)] = both else {
                    let values = spaced(count, |t| from + (to - from) * t);
                    let rounded: Vec<i128> = values.iter().map(|v| round_down(*v)).collect();
                    return Ok((integers(&rounded), of_rounding(values.into_iter().zip(rounded))));
                };
                // Whole ends are divided as whole numbers, in which nothing is rounded unseen.
                let last = count.saturating_sub(1).max(1) as i128;
                let at = |i: i128| from * last + (to - from) * i;
                let parts = (0..count as i128)
                    .map(|i| (at(i) as f64 / last as f64, at(i).div_euclid(last)));
                let whole = |&(_, whole): &(f64, i128)| whole;
                let values: Vec<i128> = parts.clone().map(|part| whole(&part)).collect();
                Ok((integers(&values), of_rounding(parts)))
            }
            Self::Logspace(Number(from), Number(to), count) => {
                let count = check_ends(from, to, count, are_whole)?;
                ensure(from > 0.0 && to > 0.0, "a logspace with both ends above 0")?;
                let mut values = spaced(count, |t| from * (to / from).powf(t));
                if count > 1 {
                    values[count - 1] = to;
                }
                if are_whole {
                    let rounded: Vec<i128> = values.into_iter().map(round_down).collect();
                    return Ok((integers(&rounded), None));
                }
                Ok((floats(values), None))
            }
            Self::Range(ref ends) => {
                let (from, to, step) = match ends[..] {
                    [Integer(from), Integer(to)] => (from, to, 1),
                    [Integer(from), Integer(to), Integer(step)] if step != 0 => (from, to, step),
                    _ => {
                        return Err("a range of [from, to], or of [from, to, step] with a step \
                                    that is not 0"
                            .to_owned());
                    }
                };
                let allowed = format!("a range of at most {MOST} values");
                let count = n_steps(from, to, step).ok_or(allowed.clone())?;
                ensure(count <= MOST as u128, &allowed)?;
                let values =
                    (0..).zip(std::iter::repeat_n(step, usize::try_from(count).unwrap_or(0)));
                Ok((values.map(|(i, step)| Value::Integer(from + i * step)).collect(), None))
            }
            Self::PowersOfTwo(Whole(from), Whole(to)) => {
                let are_powers = from.is_power_of_two() && to.is_power_of_two();
                ensure(are_powers, "powers_of_two between two powers of two")?;
                let powers = std::iter::successors(Some(from), |v| v.checked_mul(2));
                let powers = powers.take_while(|v| *v <= to).map(|v| Value::Integer(v.into()));
                Ok((powers.collect(), None))
            }
        }
    }
}

/// How many numbers there are from `from` on, `step` apart, before `to`; `None` if they are too far
/// apart to tell.
fn n_steps(from: i128, to: i128, step: i128) -> Option<u128> {
    let way = to.checked_sub(from)?;
    let forward = (way > 0) == (step > 0);
    Some(if forward { way.unsigned_abs().div_ceil(step.unsigned_abs()) } else { 0 })
}

fn floats(values: Vec<f64>) -> Vec<Value> {
    values.into_iter().map(Value::Float).collect()
}

fn integers(values: &[i128]) -> Vec<Value> {
    values.iter().copied().map(Value::Integer).collect()
}

/// The first of the values that was not whole, and what it has become.
fn of_rounding(mut values: impl Iterator<Item = (f64, i128)>) -> Option<String> {
    let (before, after) = values.find(|(before, after)| (before - *after as f64).abs() > 1e-6)?;
    Some(format!("{before} and what else is not whole is rounded down: {before} to {after}"))
}

/// The count between two ends that will do.
fn check_ends(from: f64, to: f64, count: Whole<1>, are_whole: bool) -> Result<usize, String> {
    ensure(from.is_finite() && to.is_finite(), "an axis between finite ends")?;
    if are_whole {
        let exact = from.abs().max(to.abs()) < EXACT;
        ensure(exact, "an axis between ends below 2^53, or a range or a list, for whole numbers")?;
    }
    let allowed = format!("an axis with a count between 1 and {MOST}");
    let count = count.count();
    ensure((1..=MOST).contains(&count), &allowed)?;
    Ok(count)
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
    use crate::value::Table;

    fn all(name: &str, toml: &str, partners: Partners) -> Result<Values, String> {
        let table: Table = toml::from_str(&format!("axis = {toml}")).unwrap();
        values(name, &table["axis"], partners)
    }

    fn of(name: &str, toml: &str) -> Result<Vec<Value>, String> {
        all(name, toml, Partners::None).map(|values| values.values)
    }

    fn integers(name: &str, toml: &str) -> Vec<i128> {
        of(name, toml).unwrap().iter().map(|v| v.whole().unwrap()).collect()
    }

    fn floats(toml: &str) -> Vec<f64> {
        of("train.weight_decay", toml).unwrap().iter().map(|v| v.number().unwrap()).collect()
    }

    fn remark(name: &str, toml: &str) -> String {
        all(name, toml, Partners::None).unwrap().remark.unwrap_or_default()
    }

    #[test]
    fn the_papers_axes_come_out_as_published() {
        let widths = integers("model.d_hidden", "{ logspace = [10, 100, 6] }");
        assert_eq!(widths, [10, 15, 25, 39, 63, 100]);
        let decays = floats("{ linspace = [-1, 1, 10] }");
        assert_eq!(decays.len(), 10);
        assert!((decays[1] + 7.0 / 9.0).abs() < 1e-15);
        assert!((decays[9] - 1.0).abs() < f64::EPSILON);
        let rates = floats("{ logspace = [0.1, 0.001, 3] }");
        assert!((rates[1] - 0.01).abs() < 1e-15 && rates[2].to_bits() == 0.001_f64.to_bits());
        assert_eq!(floats("{ logspace = [0.1, 0.001, 1] }"), [0.1]);
        let large = integers("model.d_hidden", "{ powers_of_two = [8, 1024] }");
        assert_eq!(large, [8, 16, 32, 64, 128, 256, 512, 1024]);
    }

    #[test]
    fn ranges_leave_out_their_end() {
        assert_eq!(integers("train.seed", "{ range = [0, 3] }"), [0, 1, 2]);
        assert_eq!(integers("train.seed", "{ range = [5, 0, -2] }"), [5, 3, 1]);
        assert_eq!(integers("train.seed", "{ range = [1e0, 7.0, 3] }"), [1, 4]);
        for empty in ["[3, 3]", "[3, 1]", "[1, 3, -1]"] {
            let said = of("train.seed", &format!("{{ range = {empty} }}")).unwrap_err();
            assert!(said.contains("at least one value"), "{said}");
        }
    }

    #[test]
    fn the_numbers_of_a_range_are_counted() {
        for (from, to, step, n) in [
            (0, 0, 1, 0),
            (0, 1, 1, 1),
            (5, 11, 3, 2),
            (5, 12, 3, 3),
            (5, -1, -3, 2),
            (5, -2, -3, 3),
            (5, 4, 1, 0),
            (4, 5, -1, 0),
            (4, 4, -1, 0),
        ] {
            assert_eq!(n_steps(from, to, step), Some(n), "{from} {to} {step}");
        }
        assert_eq!(n_steps(i128::MIN, i128::MAX, 1), None);
    }

    #[test]
    fn an_axis_may_have_a_million_values_and_not_one_more() {
        let range = |to: i64| of("train.seed", &format!("{{ range = [5, {to}] }}"));
        let values = range(1_000_005).unwrap();
        assert_eq!(values.last(), Some(&Value::Integer(1_000_004)));
        assert!(range(1_000_006).unwrap_err().contains("a range of at most 1000000"));
        let list = |n: usize| {
            let list = Value::List(vec![Value::Float(0.5); n]);
            values_of_list(&list)
        };
        assert_eq!(list(1_000_000).unwrap(), 1_000_000);
        assert!(list(1_000_001).unwrap_err().contains("a list of at most 1000000"));
    }

    fn values_of_list(list: &Value) -> Result<usize, String> {
        values("train.weight_decay", list, Partners::None).map(|values| values.values.len())
    }

    #[test]
    fn whole_numbers_are_exact_as_far_as_they_go() {
        let last = u128::from(u64::MAX);
        for from in [999_999_999, 1_000_000_000, 4_294_967_295, 1 << 53, (1 << 63) - 1, last - 3] {
            let range = format!("{{ range = [{from}, {}] }}", from + 4);
            let expected: Vec<i128> = (0..4).map(|i| from.cast_signed() + i).collect();
            assert_eq!(integers("train.seed", &range), expected);
        }
        let powers = integers(
            "train.seed",
            "{ powers_of_two = [4611686018427387904, 9223372036854775808] }",
        );
        assert_eq!(powers, [1 << 62, 1 << 63]);
        let spaced = integers("train.steps", "{ linspace = [1000000000, 1000000004, 3] }");
        assert_eq!(spaced, [1_000_000_000, 1_000_000_002, 1_000_000_004]);
        let spaced =
            integers("train.steps", "{ linspace = [9007199254740988, 9007199254740991, 4] }");
        assert_eq!(
            spaced[1..],
            [9_007_199_254_740_989, 9_007_199_254_740_990, 9_007_199_254_740_991]
        );
        let ends = integers("train.steps", "{ logspace = [1000000000, 4000000001, 2] }");
        assert_eq!(ends, [1_000_000_000, 4_000_000_001]);
        let large = "{ linspace = [1, 9007199254740993, 3] }";
        assert!(of("train.seed", large).unwrap_err().contains("below 2^53"));
        let middle = floats("{ linspace = [0, 18014398509481984, 3] }")[1];
        assert_eq!(middle.to_bits(), EXACT.to_bits());
    }

    #[test]
    fn rounding_down_does_not_repeat_a_width_unless_it_has_a_partner() {
        let axis = "{ linspace = [1, 2, 5] }";
        assert_eq!(integers("model.d_hidden", axis), [1, 2]);
        assert!(remark("model.d_hidden", axis).contains("5 values, rounded down, are 2 different"));
        assert_eq!(all("model.d_hidden", axis, Partners::Zipped).unwrap().values.len(), 5);
        let widths = "{ logspace = [2, 8, 6] }";
        assert_eq!(integers("model.d_hidden", widths), [2, 3, 4, 6, 8]);
        assert_eq!(all("model.d_hidden", widths, Partners::Zipped).unwrap().values.len(), 6);
        // What is not whole goes down, what rounding has put below a whole number up to it.
        assert_eq!(integers("model.d_hidden", "{ linspace = [1.5, 3.5, 3] }"), [1, 2, 3]);
        assert_eq!(integers("model.d_hidden", "{ linspace = [0.5, 8.5, 3] }"), [0, 4, 8]);
        assert_eq!(integers("model.d_hidden", "{ logspace = [1, 1000, 4] }"), [1, 10, 100, 1000]);
        assert_eq!(round_down(4.0 - 1e-15), 4);
        assert_eq!(round_down(100_000.0 - 5e-5), 100_000);
        assert_eq!(round_down(3.999), 3);
        assert_eq!(round_down(-2.5), -3);
        assert_eq!(round_down(5e9 + 0.9), 5_000_000_000);
    }

    #[test]
    fn what_is_rounded_or_repeated_is_said() {
        assert!(remark("model.d_hidden", "{ linspace = [1, 4, 3] }").contains("2.5 to 2"));
        assert!(remark("model.d_hidden", "{ linspace = [1.5, 4.5, 3] }").contains("1.5 to 1"));
        assert_eq!(remark("model.d_hidden", "{ linspace = [1, 5, 3] }"), "");
        assert_eq!(remark("model.d_hidden", "{ logspace = [10, 100, 6] }"), "");
        assert_eq!(remark("train.weight_decay", "{ linspace = [1, 4, 3] }"), "");
        assert!(remark("train.seed", "[1, 2, 1.0]").starts_with("1.0 stands in the list more"));
        assert!(remark("train.weight_decay", "[0.5, 1, 0.5]").starts_with("0.5 stands"));
        assert!(remark("data.values", "[\"constant\", \"constant\"]").contains("more than once"));
        assert_eq!(remark("train.seed", "[9007199254740992, 9007199254740993]"), "");
        assert_eq!(all("train.seed", "[1, 1]", Partners::Zipped).unwrap().remark, None);
    }

    #[test]
    fn what_is_no_axis_is_refused_with_the_forms_an_axis_has() {
        for bad in [
            "3",
            "\"all\"",
            "{ linspace = [1, 2] }",
            "{ linspace = [1, 2, 3, 4] }",
            "{ powers = [1, 2] }",
            "{ range = [\"a\", 2] }",
            "{ range = [0, 1], linspace = [1, 2, 3] }",
            "{}",
        ] {
            assert!(of("model.d_hidden", bad).unwrap_err().contains("linspace"), "{bad}");
        }
        for (bad, part) in [
            ("[]", "at least one value"),
            ("{ linspace = [1, 2, 0] }", "a count between 1 and 1000000"),
            ("{ linspace = [1, 2, 1000001] }", "a count between 1 and 1000000"),
            ("{ linspace = [nan, 2, 3] }", "finite ends"),
            ("{ logspace = [1, inf, 3] }", "finite ends"),
            ("{ logspace = [0, 2, 3] }", "both ends above 0"),
            ("{ logspace = [2, 0, 3] }", "both ends above 0"),
            ("{ range = [0, 9223372036854775807] }", "at most 1000000 values"),
            ("{ range = [-9223372036854775808, 18446744073709551615] }", "at most 1000000 values"),
            ("{ range = [1, 2, 0] }", "a step that is not 0"),
            ("{ range = [1] }", "a range of [from, to]"),
            ("{ powers_of_two = [3, 8] }", "two powers of two"),
            ("{ powers_of_two = [2, 9] }", "two powers of two"),
            ("{ powers_of_two = [8, 2] }", "at least one value"),
        ] {
            let said = of("model.d_hidden", bad).unwrap_err();
            assert!(said.contains(part), "{bad}: {said}");
        }
    }
}
