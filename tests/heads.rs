//! The output heads of language models, through the binary.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use std::fs;

use serde_json::{Value, json};
use support::{Sandbox, assert_refused};

/// A safetensors file with one matrix in single precision.
fn weights(
    name: &str,
    n_rows: usize,
    width: usize,
    value: impl Fn(usize, usize) -> f32,
) -> Vec<u8> {
    let rows = (0..n_rows).flat_map(|i| (0..width).map(move |j| (i, j)));
    let data: Vec<u8> = rows.flat_map(|(i, j)| value(i, j).to_le_bytes()).collect();
    let header = json!({
        name: { "dtype": "F32", "shape": [n_rows, width], "data_offsets": [0, data.len()] }
    });
    let header = header.to_string();
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &data].concat()
}

/// Pairs of equal rows along each axis, of `width` rows altogether `2·width`.
fn pairs(i: usize, j: usize) -> f32 {
    if i / 2 == j { 1.0 + j as f32 } else { 0.0 }
}

#[test]
fn a_head_is_measured_tabled_and_drawn() {
    let sandbox = Sandbox::new();
    for width in [3, 4, 5] {
        let file = weights("lm_head.weight", 2 * width, width, pairs);
        fs::write(sandbox.path(&format!("w{width}.safetensors")), file).unwrap();
    }
    let files = ["w3.safetensors", "w4.safetensors", "w5.safetensors"];
    let answer = sandbox.run(&[&["measure", "--json", "--out", "heads"], &files[..]].concat());
    assert_eq!(answer.code, Some(0), "{}", answer.stderr);
    let said: Value = serde_json::from_str(&answer.stdout).unwrap();
    for (head, width) in said["heads"].as_array().unwrap().iter().zip([3.0, 4.0, 5.0]) {
        assert_eq!(head["model"], format!("w{width}"));
        // Each row meets one of the others.
        let overlap = head["overlap_mean_square"].as_f64().unwrap();
        assert!((overlap - 1.0 / (2.0 * width - 1.0)).abs() < 1e-12);
        assert!((head["norm_max"].as_f64().unwrap() - width).abs() < 1e-12);
    }
    assert_eq!(said["fits"].as_array().unwrap().len(), 2);
    for file in ["overlap_by_width.png", "head-3.svg", "tables/heads.csv", "tables/README.md"] {
        assert!(sandbox.path("heads").join(file).exists(), "{file}");
    }
    let answer = sandbox.run(&["measure", "w3.safetensors"]);
    assert!(answer.stdout.contains("w3, a head of its own: "), "{}", answer.stdout);
    let answer = sandbox.run(&["measure", "--list", "w3.safetensors"]);
    assert!(answer.stdout.contains("6 × 3"), "{}", answer.stdout);
}

#[test]
fn what_cannot_be_measured_is_named_and_the_others_are_measured() {
    let sandbox = Sandbox::new();
    fs::write(sandbox.path("good.safetensors"), weights("wte.weight", 6, 3, pairs)).unwrap();
    fs::write(sandbox.path("zeros.safetensors"), weights("wte.weight", 6, 3, |_, _| 0.0)).unwrap();
    fs::write(sandbox.path("odd.safetensors"), weights("strange", 6, 3, pairs)).unwrap();
    sandbox.write("pytorch_model.bin", "\u{80}");
    let run = |more: &[&str]| sandbox.run(&[&["measure"], more].concat());
    assert_refused(&run(&["pytorch_model.bin"]), 1, &["pytorch_model.bin", "neither"]);
    assert_refused(&run(&["nowhere"]), 1, &["nowhere"]);
    assert_refused(&run(&["zeros.safetensors"]), 1, &["`wte.weight`", "fewer than two rows"]);
    assert_refused(&run(&["odd.safetensors"]), 1, &["--tensor", "`strange`"]);
    assert_refused(&run(&["good.safetensors", "--tensor", "x"]), 1, &["`x`", "`wte.weight`"]);
    assert_refused(&run(&["good.safetensors", "--sample", "0"]), 2, &["--sample"]);
    assert_eq!(run(&["odd.safetensors", "--tensor", "strange"]).code, Some(0));
    let answer = run(&["nowhere", "good.safetensors"]);
    assert_eq!(answer.code, Some(1));
    assert!(answer.stderr.contains("nowhere") && answer.stdout.contains("wte.weight"));
}
