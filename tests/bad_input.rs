//! Bad input gets a sentence: file, field, value and what is allowed. No panic, no backtrace, and
//! an exit code that is not 0.

mod support;

use std::fs;

use support::{Sandbox, answer, assert_refused, sweep_file};

#[test]
fn a_sweep_file_with_a_mistake_is_refused_before_anything_is_made() {
    for (old, new, parts) in [
        (
            "n_features = 20",
            "n_featurs = 20",
            &["sweep.toml", "line 4", "n_featurs", "n_features"][..],
        ),
        ("n_features = 20", "n_features = \"many\"", &["line 4", "a whole number", "many"]),
        ("n_features = 20", "n_features = 0", &["`model.n_features`", "between 1 and", "got 0"]),
        ("weight_decay = -1.0", "weight_decay = nan", &["`train.weight_decay`", "finite", "NaN"]),
        ("steps = 60", "steps = -1", &["line 13", "-1"]),
        ("[sweep]", "[sweep]\n\"model.d_hidden\" = []", &["`sweep.model.d_hidden`", "got []"]),
        (
            "[sweep]",
            "[[sweep.zip]]\n\"train.seed\" = [1, 2]\n\"model.d_hidden\" = [3]",
            &["`sweep.zip[0].model.d_hidden`", "as long as", "1 values"],
        ),
        ("schema = 1", "schema = 9", &["`schema` must be 1, got 9"]),
        ("name = \"tiny\"", "name = \"a/b\"", &["`name`", "a/b"]),
        ("law = \"power\"", "law = \"file\", path = \"no.txt\"", &["no.txt", "exponent"]),
        (
            "n_features = 20\nd_hidden = 3",
            "n_features = 10000000\nd_hidden = 200000",
            &["sweep.toml", "`model.d_hidden` = 200000", "needs about", "free on this machine"],
        ),
    ] {
        let sandbox = Sandbox::new();
        let good = sweep_file("steps = 60", "");
        assert!(good.contains(old));
        sandbox.write("sweep.toml", &good.replacen(old, new, 1));
        let parts: Vec<&str> = match new {
            // A law with a field of another is refused before its file is looked for.
            n if n.contains("no.txt") => vec!["exponent"],
            _ => parts.to_vec(),
        };
        assert_refused(&sandbox.run(&["run", "sweep.toml"]), 1, &parts);
        assert!(!sandbox.path("runs").exists(), "{new}");
    }
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let sandbox = Sandbox::new();
    assert_refused(&sandbox.run(&["run", "none.toml"]), 1, &["none.toml", "No such file"]);
    fs::write(sandbox.path("binary.toml"), [0xff, 0xfe, 0x00]).unwrap();
    assert_refused(&sandbox.run(&["run", "binary.toml"]), 1, &["binary.toml", "UTF-8"]);
    assert_refused(&sandbox.run(&["run", "."]), 1, &["cannot read the sweep file `.`"]);
    let law = "frequencies = { law = \"file\", path = \"counts.txt\" }";
    let text = sweep_file("steps = 60", "");
    let text = text.replace("frequencies = { law = \"power\", exponent = 1.0 }", law);
    sandbox.write("sweep.toml", &text);
    assert_refused(&sandbox.run(&["run", "sweep.toml"]), 1, &["counts.txt", "No such file"]);
    sandbox.write("counts.txt", "5\n4\nlots\n");
    assert_refused(&sandbox.run(&["run", "sweep.toml"]), 1, &["counts.txt", "line 3", "lots"]);
}

#[test]
#[cfg(unix)]
fn what_is_no_file_is_refused_and_standard_input_is_read() {
    let sandbox = Sandbox::new();
    let zero = sandbox.run(&["run", "/dev/zero"]);
    assert_refused(&zero, 1, &["/dev/zero", "must be a file"]);
    assert_refused(&sandbox.run(&["frequencies", "/dev/zero"]), 1, &["must be a file"]);
    let made = std::process::Command::new("mkfifo").arg(sandbox.path("pipe")).status();
    assert!(made.unwrap().success());
    assert_refused(&sandbox.run(&["run", "pipe"]), 1, &["pipe", "must be a file"]);
    assert_refused(&sandbox.run(&["fit-loss", "pipe"]), 1, &["pipe", "must be a file"]);
    sandbox.write("sweep.toml", &sweep_file("steps = 60", ""));
    for name in ["-", "/dev/stdin"] {
        let input = fs::File::open(sandbox.path("sweep.toml")).unwrap();
        let read = answer(sandbox.command(&["run", name, "--dry-run"]).stdin(input));
        assert_eq!(read.code, Some(0), "{name}: {}", read.stderr);
        assert!(read.stdout.contains("1 cells, 0 of them finished"), "{}", read.stdout);
    }
}

#[test]
fn what_may_not_be_meant_is_remarked() {
    let sandbox = Sandbox::new();
    sandbox.write("sweep.toml", &sweep_file("steps = 60", "\"train.seed\" = [1, 1]"));
    let run = |more: &[&str]| sandbox.run(&[&["run", "sweep.toml", "--dry-run"], more].concat());
    assert!(run(&[]).stderr.contains("note: `sweep.train.seed`: 1 stands in the list"));
    let wide = run(&["--set", "model.d_hidden=21"]);
    assert!(
        wide.stderr.contains("`model.d_hidden` is above `model.n_features`"),
        "{}",
        wide.stderr
    );
    let rounded = run(&["--set", "model.d_hidden={linspace=[1,4,3]}"]);
    assert!(rounded.stderr.contains("2.5 to 2"), "{}", rounded.stderr);
}

#[test]
fn counts_are_read_as_people_keep_them_and_else_asked_for() {
    let sandbox = Sandbox::new();
    sandbox.write("words.csv", "word,count\nthe,\"9,000\"\nof,5000\nand,3000\n");
    let read = sandbox.run(&["frequencies", "words.csv"]);
    assert_eq!(read.code, Some(0), "{}", read.stderr);
    assert!(read.stdout.contains("3 frequencies above zero"), "{}", read.stdout);
    assert!(read.stderr.contains("the counts are column 2"), "{}", read.stderr);
    sandbox.write("two.txt", "1 9\n2 5\n3 3\n");
    assert_refused(&sandbox.run(&["frequencies", "two.txt"]), 1, &["two.txt", "--column"]);
    assert_eq!(sandbox.run(&["frequencies", "two.txt", "--column", "2"]).code, Some(0));
    let law = "frequencies = { law = \"file\", path = \"words.csv\" }";
    let text = sweep_file("steps = 60", "").replace("n_features = 20", "n_features = 3");
    let text = text.replace("frequencies = { law = \"power\", exponent = 1.0 }", law);
    sandbox.write("sweep.toml", &text);
    let run = sandbox.run(&["run", "sweep.toml", "--dry-run"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
}

#[test]
fn the_command_line_is_answered_too() {
    let sandbox = Sandbox::new();
    sandbox.write("sweep.toml", &sweep_file("steps = 60", ""));
    let run = |more: &[&str]| sandbox.run(&[&["run", "sweep.toml"], more].concat());
    assert_refused(&run(&["--device", "tpu"]), 1, &["`--device`", "`flex`", "`tpu`"]);
    assert_refused(&run(&["--set", "train.seed"]), 1, &["--set", "field=value", "train.seed"]);
    assert_refused(&run(&["--set", "train.sed=1"]), 1, &["`--set`", "train.sed", "`seed`"]);
    assert_refused(&run(&["--jobs", "0"]), 2, &["--jobs"]);
    assert_refused(&run(&["--engine", "quantum"]), 2, &["reference"]);
    assert_refused(&sandbox.run(&["train"]), 2, &["train"]);
}

#[test]
fn a_folder_that_is_not_this_sweeps_is_left_alone() {
    let sandbox = Sandbox::new();
    sandbox.write("sweep.toml", &sweep_file("steps = 20", ""));
    fs::create_dir(sandbox.path("thesis")).unwrap();
    sandbox.write("thesis/chapter.tex", "words");
    let answer = sandbox.run(&["run", "sweep.toml", "--out", "thesis"]);
    assert_refused(&answer, 1, &["`thesis` is not empty and holds no sweep"]);
    let answer = sandbox.run(&["run", "sweep.toml", "--out", "thesis", "--fresh"]);
    assert_refused(&answer, 1, &["`thesis` is not empty and holds no sweep"]);
    assert_eq!(fs::read_dir(sandbox.path("thesis")).unwrap().count(), 1);

    assert_eq!(sandbox.run(&["run", "sweep.toml", "--out", "run"]).code, Some(0));
    let other = sweep_file("steps = 20", "").replace("\"tiny\"", "\"other\"");
    sandbox.write("other.toml", &other);
    let answer = sandbox.run(&["run", "other.toml", "--out", "run"]);
    assert_refused(&answer, 1, &["`run` holds the sweep `tiny`, not `other`"]);
    for verb in ["analyze", "figures", "status"] {
        assert_refused(&sandbox.run(&[verb, "thesis"]), 1, &["holds no sweep"]);
        assert_refused(&sandbox.run(&[verb, "nowhere"]), 1, &["nowhere"]);
    }
}
