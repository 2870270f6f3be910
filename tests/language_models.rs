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
    for file in ["overlap_by_width.png", "w5.svg", "tables/heads.csv", "tables/README.md"] {
        assert!(sandbox.path("heads").join(file).exists(), "{file}");
    }
    // The dots have the names of their models.
    let drawn = fs::read_to_string(sandbox.path("heads/overlap_by_width.svg")).unwrap();
    for name in ["w3", "w4", "w5"] {
        assert!(drawn.contains(&format!(">{name}</text>")), "{name}");
    }
    let said = sandbox.run(&[&["measure"], &files[..]].concat()).stdout;
    assert!(said.contains("over 3 heads, too few to say how sure that is"), "{said}");
    let answer = sandbox.run(&["measure", "w3.safetensors"]);
    assert!(answer.stdout.contains("w3, a head of its own: "), "{}", answer.stdout);
    let answer = sandbox.run(&["measure", "--list", "w3.safetensors"]);
    assert!(answer.stdout.contains("6 × 3"), "{}", answer.stdout);
}

/// A file with two matrices, the second of other numbers.
fn two_matrices(first: &str, second: &str) -> Vec<u8> {
    let entry =
        |from: usize| json!({ "dtype": "F32", "shape": [6, 3], "data_offsets": [from, from + 72] });
    let header = json!({ first: entry(0), second: entry(72) }).to_string();
    let data: Vec<u8> = (0..36_u8).flat_map(|k| f32::from(k % 7).to_le_bytes()).collect();
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &data].concat()
}

#[test]
fn models_of_one_name_are_told_apart_and_parts_stand_for_their_whole() {
    let sandbox = Sandbox::new();
    for run in ["run1", "run2"] {
        let folder = sandbox.path(run).join("checkpoint-9");
        fs::create_dir_all(&folder).unwrap();
        let parts = [("model.embed_tokens.weight", 1_u8), ("lm_head.weight", 2)];
        for (tensor, number) in parts {
            let file = folder.join(format!("model-0000{number}-of-00002.safetensors"));
            let part = weights(tensor, 6, 3, |i, j| f32::from(number) * pairs(i, j));
            fs::write(file, part).unwrap();
        }
    }
    let part = "run2/checkpoint-9/model-00001-of-00002.safetensors";
    let paths = ["run1/checkpoint-9", part, "run2/checkpoint-9"];
    let answer = sandbox.run(&[&["measure", "--json", "--out", "o"], &paths[..]].concat());
    assert_eq!(answer.code, Some(0), "{}", answer.stderr);
    assert!(answer.stderr.contains("`run2/checkpoint-9` was given before"), "{}", answer.stderr);
    let said: Value = serde_json::from_str(&answer.stdout).unwrap();
    let heads = said["heads"].as_array().unwrap();
    let names: Vec<&Value> = heads.iter().map(|head| &head["model"]).collect();
    assert_eq!(names, ["run1/checkpoint-9", "run2/checkpoint-9"]);
    assert!(heads.iter().all(|head| head["tensor"] == "lm_head.weight"));
    assert!(sandbox.path("o/run2-checkpoint-9.png").exists());
    fs::remove_file(sandbox.path("run2/checkpoint-9/model-00002-of-00002.safetensors")).unwrap();
    let missing = ["these are not here: `model-00002-of-00002.safetensors`", "is not whole"];
    assert_refused(&sandbox.run(&["measure", part]), 1, &missing);
    // A folder of the models is none of them.
    assert_refused(
        &sandbox.run(&["measure", "."]),
        1,
        &["`run1/checkpoint-9`", "`run2/checkpoint-9`"],
    );
    fs::remove_dir_all(sandbox.path("run2")).unwrap();
    let answer = sandbox.run(&["measure", "."]);
    assert!(
        answer.code == Some(0) && answer.stderr.contains("its folder `run1/checkpoint-9` does")
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_head_for_which_memory_does_not_suffice_is_refused() {
    let sandbox = Sandbox::new();
    let header = json!({ "lm_head.weight": {
        "dtype": "F16", "shape": [12_001, 12_000], "data_offsets": [0, 2 * 12_001 * 12_000],
    }})
    .to_string();
    let head = [&(header.len() as u64).to_le_bytes(), header.as_bytes()].concat();
    fs::write(sandbox.path("wide.safetensors"), &head).unwrap();
    // Zeros that take no room.
    let file = fs::File::options().write(true).open(sandbox.path("wide.safetensors")).unwrap();
    file.set_len(head.len() as u64 + 2 * 12_001 * 12_000).unwrap();
    let limited = format!(
        "ulimit -v 2000000; exec {} measure wide.safetensors",
        env!("CARGO_BIN_EXE_superpose")
    );
    let mut command = std::process::Command::new("sh");
    let said = command.args(["-c", &limited]).current_dir(sandbox.path(".")).output().unwrap();
    let error = String::from_utf8(said.stderr).unwrap();
    assert_eq!(said.status.code(), Some(1), "{error}");
    assert!(
        error.contains("12001 × 12000, needs about 3.") && error.lines().count() == 1,
        "{error}"
    );
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
    fs::write(sandbox.path("pair.safetensors"), two_matrices("wte.weight", "strange")).unwrap();
    assert_refused(&run(&["pair.safetensors"]), 1, &["--tensor", "`wte.weight`, `strange`"]);
    let answer = run(&["pair.safetensors", "--list"]);
    assert!(answer.code == Some(0) && answer.stderr.contains("--tensor"), "{}", answer.stderr);
    let answer = run(&["nowhere", "good.safetensors"]);
    assert_eq!(answer.code, Some(1));
    assert!(answer.stderr.contains("nowhere") && answer.stdout.contains("wte.weight"));
}
