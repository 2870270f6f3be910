//! `superpose bench` from a definition to tables, comparisons and a picture.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use std::fs;

use support::{Sandbox, sweep_file};

const BENCH: &str = "[bench]\nsteps_a_round = 5\njobs = [1, 0]\nthreads = [1, 2]\n";

fn sandbox(bench: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let text = sweep_file("steps = 12", "\"model.d_hidden\" = [3, 5]");
    sandbox.write("tiny.toml", &format!("{text}{bench}"));
    sandbox
}

#[test]
fn a_definition_becomes_a_table_that_can_be_compared_and_drawn() {
    let sandbox = sandbox(BENCH);
    for table in ["a.csv", "b.csv"] {
        let answer = sandbox.run(&["bench", "run", "tiny.toml", "--out", table]);
        assert_eq!(answer.code, Some(0), "{}", answer.stderr);
        assert!(answer.stdout.contains("fastest for n = 20, d = 5: `gram`"), "{}", answer.stdout);
    }
    let table = fs::read_to_string(sandbox.path("a.csv")).unwrap();
    assert!(table.contains(",flex,reference,") && table.contains(",cpu,gram,"), "{table}");
    let compared = sandbox.run(&["bench", "compare", "a.csv", "b.csv"]);
    assert_eq!(compared.code, Some(0), "{}", compared.stderr);
    // A header, a rule and once each case that was measured: there may be no GPU.
    let measured = table.lines().filter(|line| line.contains(",ok,")).count();
    assert!(measured >= 12, "{table}");
    let cases = compared.stdout.lines().filter(|line| line.contains(" × ")).count();
    assert_eq!(cases, measured + 1, "{}", compared.stdout);
    let compared = sandbox.run(&["bench", "compare", "a.csv", "a.csv", "--json"]).stdout;
    let compared: serde_json::Value = serde_json::from_str(&compared).unwrap();
    let pairs = compared["pairs"].as_array().unwrap();
    assert_eq!(pairs.len(), measured);
    let same = |pair: &serde_json::Value| pair["within_noise"] == true && pair["ratio"] == 1.0;
    assert!(pairs.iter().all(same), "{compared}");
    let drawn = sandbox.run(&["bench", "figure", "a.csv", "--definition", "tiny"]);
    assert_eq!(drawn.code, Some(0), "{}", drawn.stderr);
    assert!(fs::read(sandbox.path("growth.png")).unwrap().starts_with(b"\x89PNG"));
}

#[test]
fn a_wrong_loss_is_said_and_exits_with_3() {
    let sandbox = sandbox(&format!("{BENCH}engines = [\"gram\"]\nexpected_loss = [1.0, 1e9]\n"));
    let answer = sandbox.run(&["bench", "run", "tiny.toml", "--out", "a.csv"]);
    assert_eq!(answer.code, Some(3), "{}", answer.stderr);
    assert!(answer.stdout.contains("not 1000000000.000"), "{}", answer.stdout);
    assert!(answer.stderr.contains("did not come to the expected loss"), "{}", answer.stderr);
    assert!(fs::read_to_string(sandbox.path("a.csv")).unwrap().contains("wrong loss"));
}

#[test]
fn any_sweep_file_can_be_timed_and_leaves_nothing_behind() {
    let sandbox = sandbox("");
    let answer = sandbox.run(&["bench", "run", "tiny.toml", "--set", "model.d_hidden=4"]);
    assert_eq!(answer.code, Some(0), "{}", answer.stderr);
    assert!(answer.stdout.contains("fastest for n = 20, d = 4"), "{}", answer.stdout);
    assert_eq!(fs::read_dir(sandbox.path(".")).unwrap().count(), 1);
}

/// A peer that takes a millisecond a step, as far as it says.
const PEER: &str = r#"read -r cell
while read -r steps; do
    echo "{\"seconds\": 0.00$steps, \"loss\": 1, \"instances\": 1, \"version\": \"a shell\"}"
done
"#;

#[test]
fn peers_are_timed_in_turns_and_a_silent_one_is_named() {
    let sandbox = sandbox("");
    // The scripts are whatever the interpreter understands.
    let peers = |interpreter: &str, script: &str| {
        sandbox.write("dense.py", script);
        let rest = ["--rounds", "3", "--only", "dense.py", "--out", "peers.csv"];
        let first = ["bench", "peers", "tiny.toml", "--scripts", ".", "--python", interpreter];
        sandbox.run(&[&first[..], &rest].concat())
    };
    let answer = peers("sh", PEER);
    assert_eq!(answer.code, Some(0), "{}", answer.stderr);
    let table = fs::read_to_string(sandbox.path("peers.csv")).unwrap();
    assert_eq!(table.matches("a shell").count(), 2, "{table}");
    let silent = peers("sh", "exit\n");
    assert_eq!(silent.code, Some(1));
    assert!(silent.stderr.contains("dense.py"), "{}", silent.stderr);
    let absent = peers("no-such-python", PEER);
    assert!(absent.stderr.contains("`no-such-python`"), "{}", absent.stderr);
    assert_eq!(absent.code, Some(1));
}

#[test]
fn a_peer_whose_library_is_nowhere_is_left_out_with_a_sentence() {
    let sandbox = sandbox("");
    sandbox.write("gram.py", PEER);
    sandbox.write("jax_gram.py", "echo '{\"absent\": \"this shell has no jax\"}'\n");
    let peers = |only: &[&str]| {
        let begin = ["bench", "peers", "tiny.toml", "--scripts", ".", "--out", "peers.csv"];
        // Another Python may have it.
        let rest = ["--python", "sh", "--python", "bash", "--rounds", "3"];
        sandbox.run(&[&begin[..], &rest, only].concat())
    };
    let answer = peers(&["--only", "gram.py", "--only", "jax_gram.py"]);
    assert_eq!(answer.code, Some(0), "{}", answer.stderr);
    let left_out = "jax_gram.py is left out: this shell has no jax, this shell has no jax";
    assert!(answer.stderr.contains(left_out), "{}", answer.stderr);
    assert!(!answer.stdout.contains("jax_gram.py"), "{}", answer.stdout);
    let nothing = peers(&["--only", "jax_gram.py"]);
    assert_eq!(nothing.code, Some(1));
    assert!(nothing.stderr.contains("no peer can be timed: this shell"), "{}", nothing.stderr);
}

#[test]
fn bad_input_to_the_bench_is_answered() {
    let sandbox = sandbox("");
    sandbox.write("notes.csv", "a,b\n1,2\n");
    let tiny = sweep_file("steps = 12", "");
    sandbox.write("jobs.toml", &format!("{tiny}[bench]\njobs = [100000000]\n"));
    let large = tiny.replace("n_features = 20", "n_features = 10000000");
    sandbox.write("large.toml", &format!("{large}[bench]\njobs = [1000]\n"));
    for (arguments, part) in [
        (&["bench", "compare", "notes.csv", "notes.csv"][..], "`notes.csv`"),
        (&["bench", "compare", "notes.csv", "notes.csv"], "no table of measurements"),
        (&["bench", "figure", "notes.csv"], "no table of measurements"),
        (&["bench", "run", "tiny.toml", "--out", "."], "it is a folder"),
        (&["bench", "run", "tiny.toml", "--out", "new/"], "it is a folder"),
        (&["bench", "run", "jobs.toml", "--out", "a.csv"], "at most 1024"),
        (&["bench", "run", "large.toml", "--out", "a.csv"], "free on this machine"),
        (&["bench", "peers", "tiny.toml", "--rounds", "3", "--scripts", "no"], "`--scripts`"),
        (&["bench", "compare", "none.csv", "none.csv"], "`none.csv`"),
        (&["bench", "figure", "notes.csv"], "`definition`"),
        (&["bench", "run", "tiny.toml", "--out", "notes.csv"], "`notes.csv`"),
        (&["bench", "peers", "tiny.toml", "--rounds", "13"], "`train.steps`"),
    ] {
        let answer = sandbox.run(arguments);
        assert_eq!(answer.code, Some(1), "{arguments:?}: {}", answer.stderr);
        assert!(answer.stderr.contains(part), "{arguments:?}: {}", answer.stderr);
    }
    let unknown = sandbox.run(&["bench", "peers", "tiny.toml", "--only", "fast.py"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.stderr.contains("`gram.py`"), "{}", unknown.stderr);
}
