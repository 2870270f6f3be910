//! Cells of other kinds than the paper's, through the binary: engines, records, columns, refusals.

mod support;

use std::fs;

use serde_json::Value;
use support::{Sandbox, results, sweep_file};

/// One cell of each of two kinds: one that the fast engine trains and one that it does not.
const AXES: &str = "\"model.decoder\" = [\"tied\", \"untied\"]";

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    let kinds = "loss = \"squared\"\nsteps = 60";
    let file = sweep_file(kinds, AXES).replace(
        "[train]",
        "importance = { law = \"geometric\", ratio = 0.9 }\n\
                  dependence = { kind = \"tree\", branching = 3 }\n[train]",
    );
    sandbox.write("sweep.toml", &file);
    sandbox
}

#[test]
fn every_cell_is_trained_by_the_fastest_engine_that_can_and_says_so() {
    let sandbox = sandbox();
    let dry = sandbox.run(&["run", "sweep.toml", "--dry-run"]);
    assert_eq!(dry.code, Some(0), "{}", dry.stderr);
    assert!(
        dry.stdout.contains("2 cells, 0 of them finished; engine gram for 1, reference for 1;"),
        "{}",
        dry.stdout
    );
    let json = sandbox.run(&["run", "sweep.toml", "--dry-run", "--json"]);
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(
        (&json["cells"][0]["engine"], &json["cells"][1]["engine"]),
        (&"gram".into(), &"reference".into())
    );

    let run = sandbox.run(&["run", "sweep.toml"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let folder = sandbox.path("runs/tiny");
    let rows = results(&folder);
    let column = |name: &str| rows[0].iter().position(|column| column == name).unwrap();
    let of = |name: &str| [&rows[1][column(name)], &rows[2][column(name)]].map(String::as_str);
    assert_eq!(of("engine"), ["gram", "reference"]);
    assert_eq!(of("model.decoder"), ["tied", "untied"]);
    assert_eq!(of("data.dependence.branching"), ["3", "3"]);
    assert_eq!(of("density.nominal"), ["1", "1"]);
    let drawn: f64 = of("density.drawn")[0].parse().unwrap();
    assert!((drawn - 1.0).abs() < 0.5, "{drawn}");
    assert!(of("decoder.cosine")[0].is_empty() && !of("decoder.cosine")[1].is_empty());
    let representation = fs::read_to_string(folder.join("tables/representation.csv")).unwrap();
    assert_eq!(representation.matches(",undefined").count(), 2, "{representation}");
    // Everything that was written is read again, weights too.
    for arguments in
        [&["status", "runs/tiny", "--check"][..], &["analyze", "runs/tiny", "--remeasure"]]
    {
        let answer = sandbox.run(arguments);
        assert_eq!(answer.code, Some(0), "{arguments:?}: {}", answer.stderr);
    }
    let again = results(&folder);
    assert_eq!(
        rows[1..].iter().map(Vec::len).collect::<Vec<_>>(),
        again[1..].iter().map(Vec::len).collect::<Vec<_>>()
    );
    assert_eq!(rows[2][column("decoder.cosine")], again[2][column("decoder.cosine")]);
    assert_eq!(rows[1][column("loss.dead_part")], again[1][column("loss.dead_part")]);
    let resumed = sandbox.run(&["run", "sweep.toml"]);
    assert!(resumed.stderr.contains("all 2 cells of `tiny` are finished"), "{}", resumed.stderr);
}

#[test]
fn an_engine_that_is_asked_for_and_cannot_is_refused_with_the_field() {
    let sandbox = sandbox();
    let refused = sandbox.run(&["run", "sweep.toml", "--engine", "gram"]);
    assert_eq!(refused.code, Some(1));
    let said = "the engine `gram` cannot train `model.decoder` = untied; it can train tied";
    assert!(refused.stderr.contains(said), "{}", refused.stderr);
    assert!(!sandbox.path("runs/tiny/cells").exists());
    let other = sandbox.run(&["run", "sweep.toml", "--engine", "reference"]);
    assert_eq!(other.code, Some(0), "{}", other.stderr);
}

#[test]
fn a_table_of_the_papers_kind_has_no_column_of_others() {
    let sandbox = Sandbox::new();
    sandbox.write("sweep.toml", &sweep_file("steps = 20", "\"train.seed\" = [0]"));
    assert_eq!(sandbox.run(&["run", "sweep.toml"]).code, Some(0));
    let header = results(&sandbox.path("runs/tiny")).remove(0);
    for name in [
        "density.drawn",
        "density.nominal",
        "decoder.cosine",
        "model.bias",
        "model.activation.kind",
    ] {
        assert!(!header.iter().any(|column| column == name), "{name}");
    }
}

#[test]
fn a_text_is_data_and_a_changed_one_is_noticed() {
    let sandbox = Sandbox::new();
    let text = "the quick brown fox jumps over the lazy dog and the dog sleeps ".repeat(20);
    sandbox.write("words.txt", &text);
    let file = sweep_file("steps = 40", "\"train.seed\" = [0]")
        .replace("frequencies = { law = \"power\", exponent = 1.0 }", "dependence = { kind = \"text\", path = \"words.txt\", window = 4 }\nvalues = \"constant\"")
        .replace("n_features = 20", "n_features = 8");
    sandbox.write("sweep.toml", &file);
    let run = sandbox.run(&["run", "sweep.toml"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let rows = results(&sandbox.path("runs/tiny"));
    let column = |name: &str| rows[0].iter().position(|column| column == name).unwrap();
    let number = |name: &str| rows[1][column(name)].parse::<f64>().unwrap();
    assert!((number("density.drawn") / number("density.nominal") - 1.0).abs() < 0.1);
    assert_eq!(rows[1][column("data.dependence.sha256")].len(), 64);
    // Another text is another cell; the old one is kept.
    sandbox.write("words.txt", &text.replace("lazy", "crazy"));
    let dry = sandbox.run(&["run", "sweep.toml", "--dry-run"]);
    assert!(dry.stdout.contains("1 cells, 0 of them finished; engine gram;"), "{}", dry.stdout);
    // Without it the run can still be looked at: its weights have the probabilities.
    fs::remove_file(sandbox.path("words.txt")).unwrap();
    let analyzed = sandbox.run(&["analyze", "runs/tiny"]);
    assert_eq!(analyzed.code, Some(0), "{}", analyzed.stderr);
    sandbox.write("words.txt", "too few words");
    let refused = sandbox.run(&["run", "sweep.toml"]);
    assert_eq!(refused.code, Some(1));
    let said = "words.txt: has 3 different words, and `model.n_features` asks for 8";
    assert!(
        refused.stderr.contains(said) && refused.stderr.contains("`data.dependence`"),
        "{}",
        refused.stderr
    );
}
