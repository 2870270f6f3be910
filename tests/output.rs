//! What leaves the program: all of it or an error, and nothing that a terminal would obey.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use std::fs::{self, File};
use std::process::Stdio;

use support::{Answer, Sandbox, answer, sweep_file};

/// A finished run of one cell in `runs/tiny`, and a file of counts.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("sweep.toml", &sweep_file("steps = 5", ""));
    sandbox.write("counts.txt", "9\n5\n3\n2\n");
    let run = sandbox.run(&["run", "sweep.toml"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    sandbox
}

const VERBS: [&[&str]; 20] = [
    &["--help"],
    &["--version"],
    &["help"],
    &["help", "run"],
    &["run", "--help"],
    &["run", "sweep.toml"],
    &["run", "sweep.toml", "--json"],
    &["run", "sweep.toml", "--dry-run"],
    &["run", "sweep.toml", "--dry-run", "--json"],
    &["status", "runs/tiny"],
    &["status", "runs/tiny", "--json"],
    &["analyze", "runs/tiny", "--json"],
    &["figures", "runs/tiny"],
    &["frequencies", "counts.txt"],
    &["frequencies", "counts.txt", "--json"],
    &["devices", "--json"],
    &["schema"],
    &["completions", "bash"],
    &["reproduce", "--list"],
    &["reproduce", "5a", "--dry-run", "--json"],
];

#[test]
#[cfg(target_os = "linux")]
fn output_that_cannot_be_written_is_an_error_whatever_was_asked() {
    let sandbox = sandbox();
    for arguments in VERBS {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let lost = answer(sandbox.command(arguments).stdout(full).stderr(Stdio::piped()));
        assert_eq!(lost.code, Some(1), "{arguments:?}: {}", lost.stderr);
        let part = "cannot write to standard output: No space left";
        assert!(lost.stderr.contains(part), "{arguments:?}: {}", lost.stderr);
    }
}

#[test]
fn a_reader_that_has_gone_away_is_no_error() {
    let sandbox = sandbox();
    for arguments in VERBS {
        let mut command = sandbox.command(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert!(!String::from_utf8_lossy(&output.stderr).contains("error"), "{arguments:?}");
    }
}

/// What would make a terminal do something.
fn assert_harmless(answer: &Answer) {
    for text in [&answer.stdout, &answer.stderr] {
        let control = |c: char| c.is_control() && !['\n', '\t'].contains(&c);
        assert!(!text.contains(control), "{text:?}");
    }
}

#[test]
#[cfg(unix)]
fn names_that_others_chose_do_not_reach_the_terminal_as_commands() {
    let sandbox = Sandbox::new();
    let bad = "\u{1b}]0;x\u{7}\u{9b}2J";
    let name = format!("{bad}.txt");
    sandbox.write(&name, "9\n5\n3\n2\n");
    sandbox.write("words.txt", &format!("the 9\nof {bad}\n"));
    sandbox.write("key.toml", "schema = 1\nname = \"a\"\n[model]\n\"\\u001b[2J\" = 1\n");
    sandbox.write("value.toml", "schema = 1\nname = \"\\u001b[2J\"\n");
    sandbox.write("raw.toml", &format!("schema = 1\nname = {bad}\n"));
    let losses = ["d_hidden,loss,group", "8,1.1,G", "16,.6,G", "32,.35,G", "64,.23,G"].join("\n");
    sandbox.write("losses.csv", &losses.replace('G', bad));
    for (arguments, code) in [
        (&["frequencies", &name][..], 0),
        (&["frequencies", &name, "--json"], 0),
        (&["frequencies", "words.txt"], 1),
        (&["frequencies", &format!("{name}x")], 1),
        (&["run", "key.toml"], 1),
        (&["run", "value.toml"], 1),
        (&["run", "raw.toml"], 1),
        (&["status", bad], 1),
        (&[bad], 2),
        (&["fit-loss", "losses.csv", "--resamples", "0"], 0),
        (&["fit-loss", "losses.csv", "--resamples", "0", "--json"], 0),
        (&["fit-loss", "losses.csv", "--x", bad], 1),
    ] {
        let answer = sandbox.run(arguments);
        assert_eq!(answer.code, Some(code), "{arguments:?}: {}", answer.stderr);
        assert_harmless(&answer);
        if arguments.contains(&"--json") {
            serde_json::from_str::<serde_json::Value>(&answer.stdout).unwrap();
        }
    }
}

#[test]
fn letters_that_the_font_lacks_cost_letters() {
    let sandbox = Sandbox::new();
    sandbox.write("losses.csv", "d_hidden,loss,group\n8,1.1,数\n16,.6,数\n32,.35,数\n64,.23,数\n");
    let answer = sandbox.run(&["fit-loss", "losses.csv", "--resamples", "0", "--out", "out"]);
    assert_eq!(answer.code, Some(0), "{}", answer.stderr);
    let pictures = fs::read_dir(sandbox.path("out")).unwrap().map(|entry| entry.unwrap().path());
    let svgs: Vec<String> = pictures
        .filter(|path| path.extension().is_some_and(|e| e == "svg"))
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    assert!(svgs.iter().any(|svg| svg.contains('数')), "{} pictures", svgs.len());
}

#[test]
fn help_is_a_verb() {
    let sandbox = Sandbox::new();
    let help = sandbox.run(&["help"]);
    assert_eq!(help.code, Some(0));
    assert!(help.stdout.contains("frequencies") && help.stdout.contains("Usage: superpose"));
    let of_run = sandbox.run(&["help", "run"]);
    assert!(of_run.stdout.contains("--dry-run"), "{}", of_run.stdout);
    assert_eq!(of_run.stdout, sandbox.run(&["run", "--help"]).stdout);
}
