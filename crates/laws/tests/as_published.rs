//! Every recorded call of the source page's snippets that the verb can make: 124 of them, in
//! `as_published.json`.

use serde_json::Value;
use superpose_laws::as_published::snippets::{
    exponent_from_dimension, icl_emergence, interference, predicted_loss, resource_allocation,
    unified_prediction,
};

/// Calls with the arguments of a recorded one, in the file's order.
type Call = fn(&[f64]) -> Result<Vec<f64>, String>;

/// Rounding of a logarithm, an exponential and a power, in double and in single precision.
const DOUBLE: f64 = 1e-12;
const SINGLE: f64 = 1e-6;

/// Each function with its name in the file, its tolerance, and its share of the 124 calls: those
/// answered and those refused.
const FUNCTIONS: [(&str, Call, f64, usize, usize); 6] = [
    ("predicted_loss", |a| Ok(vec![predicted_loss(a[0], a[1], a[2])?]), DOUBLE, 19, 13),
    ("exponent_from_dimension", |a| Ok(vec![exponent_from_dimension(a[0])?]), DOUBLE, 8, 5),
    ("interference", call_interference, SINGLE, 1, 0),
    ("icl_emergence", |a| Ok(vec![icl_emergence(a[0], a[1], a[2])?]), DOUBLE, 22, 9),
    ("unified_prediction", call_unified_prediction, DOUBLE, 14, 8),
    (
        "resource_allocation",
        |a| Ok(resource_allocation(a[0], a[1], a[2])?.to_vec()),
        DOUBLE,
        14,
        11,
    ),
];

#[test]
fn every_ordinary_call_returns_what_the_published_code_returns() {
    let recorded = recorded();
    for (name, call, tolerance, n_answered, _) in FUNCTIONS {
        let n_arguments = list(&recorded[name]["arguments"]).len();
        let rows = list(&recorded[name]["answered"]);
        assert_eq!(rows.len(), n_answered, "{name}");
        for row in rows {
            let numbers: Vec<f64> = list(row).iter().map(number).collect();
            let (arguments, expected) = numbers.split_at(n_arguments);
            let answer = call(arguments).unwrap_or_else(|error| panic!("{name} {row}: {error}"));
            assert_eq!(answer.len(), expected.len(), "{name} {row}");
            for (a, e) in answer.iter().zip(expected) {
                assert!((a - e).abs() <= tolerance * e.abs(), "{name} {row}: {answer:?}");
            }
        }
    }
}

#[test]
fn every_degenerate_call_is_refused_with_its_argument_and_what_the_published_code_does() {
    let recorded = recorded();
    for (name, call, tolerance, _, n_refused) in FUNCTIONS {
        let names = list(&recorded[name]["arguments"]);
        let rows = list(&recorded[name]["refused"]);
        assert_eq!(rows.len(), n_refused, "{name}");
        for row in rows {
            let (arguments, results) = list(row).split_at(names.len());
            let arguments: Vec<f64> = arguments.iter().map(number).collect();
            let Err(message) = call(&arguments) else { panic!("{name} {row} is answered") };
            let (refusal, published) = message.split_once("; the published code ").unwrap();
            assert!(
                names.iter().any(|n| refusal.contains(&format!("`{}`", n.as_str().unwrap())))
                    && refusal.contains(", got "),
                "{name} {row}: {message}"
            );
            assert!(states(published, &results[0], tolerance), "{name} {row}: {message}");
        }
    }
}

/// Whether a refusal states what was recorded: an exception's name or a number.
fn states(published: &str, recorded: &Value, tolerance: f64) -> bool {
    let Some(returned) = published.strip_prefix("returns ") else {
        return published.strip_prefix("raises ") == recorded.as_str();
    };
    let (value, _) = returned.split_once(" as the ").expect("a number of something");
    let (value, expected): (f64, f64) = (value.parse().expect("a number"), number(recorded));
    (value.is_nan() && expected.is_nan()) || (value - expected).abs() <= tolerance * expected.abs()
}

fn call_interference(arguments: &[f64]) -> Result<Vec<f64>, String> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a width")]
    let d_hidden = arguments[0] as usize;
    Ok(vec![interference(d_hidden)])
}

fn call_unified_prediction(arguments: &[f64]) -> Result<Vec<f64>, String> {
    let a = arguments;
    Ok(vec![unified_prediction(a[0], a[1], a[2], a[3])?])
}

fn recorded() -> Value {
    serde_json::from_str(include_str!("as_published.json")).expect("the recorded calls are JSON")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("{value} is not a list"))
}

/// A number; `inf` and `nan` are written as strings.
fn number(value: &Value) -> f64 {
    match value {
        Value::String(text) => text.parse().unwrap_or_else(|_| panic!("{text} is not a number")),
        _ => value.as_f64().unwrap_or_else(|| panic!("{value} is not a number")),
    }
}
