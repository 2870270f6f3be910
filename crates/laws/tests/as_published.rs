//! Every recorded call of the source page's snippets: 150 of them, in `as_published.json`.

use serde_json::Value;
use superpose_laws::as_published::allocation::resource_allocation;
use superpose_laws::as_published::emergence::{IclExponents, icl_emergence};
use superpose_laws::as_published::encoder::{encoding, interference, representation};
use superpose_laws::as_published::predictor::unified_prediction;
use superpose_laws::as_published::redundancy::{exponent_from_dimension, predicted_loss};
use superpose_laws::as_published::{AsPublishedError, PublishedBehaviour};

/// Calls with the results of a recorded one, in the file's order.
type Call = fn(&[Value]) -> Result<Vec<f64>, AsPublishedError>;

/// Rounding of a logarithm, an exponential and a power, in double and in single precision.
const DOUBLE: f64 = 1e-12;
const SINGLE: f64 = 1e-6;

/// Each function with its name in the file, its tolerance, and its share of the 150 calls: those
/// answered and those refused.
const FUNCTIONS: [(&str, Call, f64, usize, usize); 8] = [
    ("predicted_loss", call_predicted_loss, DOUBLE, 24, 13),
    ("exponent_from_dimension", call_exponent, DOUBLE, 8, 5),
    ("representation", call_representation, SINGLE, 1, 0),
    ("encoding", call_encoding, SINGLE, 1, 2),
    ("interference", call_interference, SINGLE, 8, 4),
    ("icl_emergence", call_icl_emergence, DOUBLE, 24, 9),
    ("unified_prediction", call_unified_prediction, DOUBLE, 14, 8),
    ("resource_allocation", call_resource_allocation, DOUBLE, 14, 11),
];

#[test]
fn every_ordinary_call_returns_what_the_published_code_returns() {
    let recorded = recorded();
    for (name, call, tolerance, n_answered, _) in FUNCTIONS {
        let n_arguments = list(&recorded[name]["arguments"]).len();
        let rows = list(&recorded[name]["answered"]);
        assert_eq!(rows.len(), n_answered, "{name}");
        for row in rows {
            let (arguments, results) = list(row).split_at(n_arguments);
            let answer = call(arguments).unwrap_or_else(|error| panic!("{name} {row}: {error}"));
            let expected = flattened(results);
            assert_eq!(answer.len(), expected.len(), "{name} {row}");
            for (a, e) in answer.iter().zip(&expected) {
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
            let Err(error) = call(arguments) else { panic!("{name} {row} is answered") };
            let message = error.to_string();
            assert!(
                names.iter().any(|n| message.contains(&format!("`{}`", n.as_str().unwrap())))
                    && message.contains(", got ")
                    && message.contains("; the published code r"),
                "{name} {row}: {message}"
            );
            let stated = error.published();
            assert!(states(stated, &results[0], tolerance), "{name} {row}: {message}");
        }
    }
}

#[test]
fn the_calls_answered_refused_and_impossible_here_are_all_150() {
    // Integers and booleans for features, features without a batch, and asking whether the result
    // is a tensor: the types leave no way to write these four down.
    let recorded = recorded();
    let impossible = list(&recorded["not_representable"]);
    assert!(impossible.iter().all(|call| call["reason"].is_string()));
    let answered: usize = FUNCTIONS.iter().map(|f| f.3).sum();
    let refused: usize = FUNCTIONS.iter().map(|f| f.4).sum();
    assert_eq!((answered, refused, impossible.len()), (94, 52, 4));
    assert_eq!(answered + refused + impossible.len(), 150);
}

/// Whether a refusal states what was recorded: an exception's name, an empty tensor or a number.
fn states(stated: PublishedBehaviour, recorded: &Value, tolerance: f64) -> bool {
    let exception = match stated {
        PublishedBehaviour::Returns { value, .. } => {
            let expected = flattened(std::slice::from_ref(recorded));
            return match expected.as_slice() {
                [e] if e.is_nan() => value.is_nan(),
                [e] => (value - e).abs() <= tolerance * e.abs(),
                _ => false,
            };
        }
        PublishedBehaviour::ReturnsNothing => return list(recorded).is_empty(),
        PublishedBehaviour::RaisesZeroDivision => "ZeroDivisionError",
        PublishedBehaviour::RaisesType => "TypeError",
        PublishedBehaviour::RaisesOverflow => "OverflowError",
        PublishedBehaviour::RaisesRuntime => "RuntimeError",
        other => panic!("{other} is not among the recorded behaviours"),
    };
    recorded == exception
}

fn call_predicted_loss(arguments: &[Value]) -> Result<Vec<f64>, AsPublishedError> {
    let a = flattened(arguments);
    Ok(vec![predicted_loss(a[0], a[1], a[2], a[3])?])
}

fn call_exponent(arguments: &[Value]) -> Result<Vec<f64>, AsPublishedError> {
    Ok(vec![exponent_from_dimension(number(&arguments[0]))?])
}

fn call_representation(arguments: &[Value]) -> Result<Vec<f64>, AsPublishedError> {
    let hidden = representation(&matrix(&arguments[0]), &matrix(&arguments[1]))?;
    Ok(hidden.into_iter().flatten().map(f64::from).collect())
}

fn call_encoding(arguments: &[Value]) -> Result<Vec<f64>, AsPublishedError> {
    let encoded = encoding(&matrix(&arguments[0]), &matrix(&arguments[1]))?;
    Ok(encoded.into_iter().map(f64::from).collect())
}

fn call_interference(arguments: &[Value]) -> Result<Vec<f64>, AsPublishedError> {
    let d_hidden = arguments[1].as_u64().and_then(|d| usize::try_from(d).ok());
    let d_hidden = d_hidden.expect("the width is a count");
    Ok(vec![f64::from(interference(&matrix(&arguments[0]), d_hidden)?)])
}

fn call_icl_emergence(arguments: &[Value]) -> Result<Vec<f64>, AsPublishedError> {
    let a = flattened(arguments);
    let exponents =
        IclExponents { model_exponent: a[3], context_exponent: a[4], complexity_rate: a[5] };
    let answer = icl_emergence(a[0], a[1], a[2], exponents)?;
    let above_random = f64::from(u8::from(answer.above_random));
    Ok(vec![answer.emergence_probability, answer.base_loss, answer.adjusted_loss, above_random])
}

fn call_unified_prediction(arguments: &[Value]) -> Result<Vec<f64>, AsPublishedError> {
    let a = flattened(arguments);
    let answer = unified_prediction(a[0], a[1], a[2], a[3])?;
    Ok(vec![answer.predicted_loss, f64::from(u8::from(answer.is_sure))])
}

fn call_resource_allocation(arguments: &[Value]) -> Result<Vec<f64>, AsPublishedError> {
    let a = flattened(arguments);
    let answer = resource_allocation(a[0], a[1], a[2])?;
    Ok(vec![answer.n_params, answer.n_tokens, answer.expected_loss])
}

fn recorded() -> Value {
    serde_json::from_str(include_str!("as_published.json")).expect("the recorded calls are JSON")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("{value} is not a list"))
}

/// All numbers of nested lists, in order.
fn flattened(values: &[Value]) -> Vec<f64> {
    let each = |value: &Value| match value {
        Value::Array(inner) => flattened(inner),
        _ => vec![number(value)],
    };
    values.iter().flat_map(each).collect()
}

/// A number; `inf` and `nan` are written as strings, and a verdict counts as one or zero.
fn number(value: &Value) -> f64 {
    match value {
        Value::Bool(verdict) => f64::from(u8::from(*verdict)),
        Value::String(text) => text.parse().unwrap_or_else(|_| panic!("{text} is not a number")),
        _ => value.as_f64().unwrap_or_else(|| panic!("{value} is not a number")),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the encoder works in single precision")]
fn matrix(value: &Value) -> Vec<Vec<f32>> {
    let row = |row: &Value| list(row).iter().map(|v| number(v) as f32).collect();
    list(value).iter().map(row).collect()
}
