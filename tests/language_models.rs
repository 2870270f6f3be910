//! Other people's weights, losses and words, through the binary.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use std::fs;

use serde_json::{Value, json};
use support::{Sandbox, assert_refused, sweep_file};

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
fn losses_of_several_groups_share_an_exponent() {
    let sandbox = Sandbox::new();
    let mut csv = String::from("family,set,m,loss\n");
    for (family, set, offset) in [("a", "x", 2.0), ("a", "y", 1.5), ("b", "x", 2.2)] {
        for m in [500.0_f64, 1000.0, 2000.0, 4000.0] {
            csv.push_str(&format!("{family},{set},{m},{}\n", 400.0 * m.powf(-0.9) + offset));
        }
    }
    sandbox.write("losses.csv", &csv);
    let asked = ["fit-loss", "losses.csv", "--x", "m", "--group", "family", "--group", "set"];
    let answer = sandbox.run(&[&asked[..], &["--json", "--out", "fit"]].concat());
    assert_eq!(answer.code, Some(0), "{}", answer.stderr);
    let said: Value = serde_json::from_str(&answer.stdout).unwrap();
    for (row, truth) in
        said["parameters"].as_array().unwrap().iter().zip([400.0, 0.9, 2.0, 1.5, 2.2])
    {
        assert!((row["value"].as_f64().unwrap() / truth - 1.0).abs() < 1e-4, "{row}");
    }
    assert_eq!(said["parameters"][3]["group"], "a/y");
    assert!(sandbox.path("fit/loss_fit.png").exists());
    assert!(sandbox.run(&asked).stdout.contains("B b/x"));
    assert_refused(&sandbox.run(&asked[..2]), 1, &["losses.csv", "`d_hidden`", "family, set, m"]);
    assert_refused(&sandbox.run(&["fit-loss", "nowhere.csv"]), 1, &["nowhere.csv"]);
    sandbox.write("few.csv", "d_hidden,loss\n1,3\n2,2\n");
    assert_refused(&sandbox.run(&["fit-loss", "few.csv"]), 1, &["few.csv", "more than 3 points"]);
}

#[test]
fn counts_of_words_are_fitted_and_train_a_cell() {
    let sandbox = Sandbox::new();
    let counts: serde_json::Map<String, Value> =
        (1..=50).map(|rank| (format!("word{rank}"), json!(5000 / rank))).collect();
    sandbox.write("words.json", &Value::from(counts).to_string());
    let answer = sandbox.run(&["frequencies", "words.json", "--json", "--out", "zipf"]);
    assert_eq!(answer.code, Some(0), "{}", answer.stderr);
    let said: Value = serde_json::from_str(&answer.stdout).unwrap();
    for fit in said["fits"].as_array().unwrap() {
        assert!((fit["exponent"].as_f64().unwrap() - 1.0).abs() < 0.02, "{fit}");
    }
    assert!(sandbox.path("zipf/rank_frequency.png").exists());
    assert!(sandbox.run(&["frequencies", "words.json"]).stdout.contains("law = \"file\""));
    let file = sweep_file("steps = 60", "").replace(
        "{ law = \"power\", exponent = 1.0 }",
        "{ law = \"file\", path = \"words.json\" }",
    );
    sandbox.write("sweep.toml", &file);
    assert_eq!(sandbox.run(&["run", "sweep.toml"]).code, Some(0));
    sandbox.write("bad.json", r#"{"the": "often"}"#);
    assert_refused(
        &sandbox.run(&["frequencies", "bad.json"]),
        1,
        &["bad.json", "`the`", "at least 0"],
    );
    let narrow = ["frequencies", "words.json", "--from", "9", "--to", "10"];
    assert_refused(&sandbox.run(&narrow), 1, &["words.json", "--from 9", "--to 10"]);
    sandbox.write("sweep.toml", &file.replace("words.json", "bad.json"));
    assert_refused(&sandbox.run(&["run", "sweep.toml"]), 1, &["bad.json", "`the`"]);
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
