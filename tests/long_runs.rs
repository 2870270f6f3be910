//! Long runs: cells that go on from where they were, stops that are planned, shares of a sweep.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use support::{Answer, Sandbox, assert_refused, finished, results, sweep_file};

/// Two cells of about two to eight seconds each.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    let train = "steps = 200000\nsnapshots = 4";
    sandbox.write("sweep.toml", &sweep_file(train, "\"model.d_hidden\" = [3, 5]"));
    sandbox
}

const RUN: [&str; 6] = ["run", "sweep.toml", "--jobs", "2", "--checkpoint", "20ms"];

/// The curves and weights of a run.
fn kept(sandbox: &Sandbox, run: &str) -> Vec<Vec<u8>> {
    let folder = sandbox.path(run).join("cells");
    let files = ["curve.csv", "weights.safetensors", "snapshots.safetensors"];
    let ids = finished(&sandbox.path(run)).into_keys();
    ids.flat_map(|id| files.map(|file| fs::read(folder.join(&id).join(file)).unwrap())).collect()
}

/// What lies in the folder of cells and is no cell.
fn left(sandbox: &Sandbox, run: &str) -> Vec<String> {
    let entries = fs::read_dir(sandbox.path(run).join("cells")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with('.')).collect()
}

fn start(sandbox: &Sandbox, arguments: &[&str]) -> Child {
    let mut command = sandbox.command(arguments);
    command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

fn send(child: &Child, signal: &str) {
    let sent = Command::new("kill").args([signal, &child.id().to_string()]).status();
    assert!(sent.unwrap().success());
}

/// Waits for a process, and says how it ended: its code, or the number of the signal that killed it, negative.
fn ended(child: Child) -> (i32, String) {
    let output = child.wait_with_output().unwrap();
    let code = output.status.code().or(output.status.signal().map(|signal| -signal));
    (code.unwrap(), String::from_utf8(output.stderr).unwrap())
}

/// Waits until the status of the run says `words`.
fn wait_for(sandbox: &Sandbox, run: &str, words: &str) {
    let begun = Instant::now();
    while !sandbox.run(&["status", run, "--json"]).stdout.contains(words) {
        assert!(begun.elapsed() < Duration::from_secs(60), "the status never says `{words}`");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_cell_that_is_killed_on_and_on_ends_with_the_bits_of_one_that_never_was() {
    let sandbox = sandbox();
    let whole = sandbox.run(&["run", "sweep.toml", "--out", "whole", "--checkpoint", "off"]);
    assert_eq!(whole.code, Some(0), "{}", whole.stderr);
    let arguments = [&RUN[..], &["--out", "killed"]].concat();
    let mut n_resumed = 0;
    for time in 0..8 {
        let mut child = start(&sandbox, &arguments);
        std::thread::sleep(Duration::from_millis(150 + 40 * time));
        child.kill().unwrap();
        n_resumed += ended(child).1.matches("on from step").count();
    }
    assert!(n_resumed >= 4, "they went on {n_resumed} times");
    let last = sandbox.run(&arguments);
    assert_eq!(last.code, Some(0), "{}", last.stderr);
    assert_eq!(kept(&sandbox, "killed"), kept(&sandbox, "whole"));
    assert_eq!(results(&sandbox.path("killed")), results(&sandbox.path("whole")));
    assert!(left(&sandbox, "killed").is_empty());
}

#[test]
fn a_signal_is_answered_with_a_checkpoint_and_last_words_and_a_second_one_ends_at_once() {
    let sandbox = sandbox();
    let whole = sandbox.run(&["run", "sweep.toml", "--out", "whole"]);
    assert_eq!(whole.code, Some(0), "{}", whole.stderr);
    for (signal, name, code) in
        [("-TERM", "SIGTERM", 143), ("-INT", "SIGINT", 130), ("-USR1", "SIGUSR1", 138)]
    {
        let run = name.to_lowercase();
        let arguments = ["run", "sweep.toml", "--jobs", "2", "--out", &run];
        let child = start(&sandbox, &arguments);
        wait_for(&sandbox, &run, "\"running\": 2");
        send(&child, signal);
        let (got, said) = ended(child);
        assert_eq!(got, code, "{said}");
        assert!(
            said.contains(&format!(
                "stopped by {name}: 0 of 2 cells are finished, 2 are in the middle"
            )),
            "{said}"
        );
        assert!(said.contains(&format!("superpose run sweep.toml --jobs 2 --out {run}")), "{said}");
        let status = sandbox.run(&["status", &run, "--missing"]).stdout;
        assert!(
            status.contains("2 missing, 2 of them with a checkpoint to go on from"),
            "{status}"
        );
        assert!(status.contains(" is missing from step "), "{status}");
        assert_eq!(left(&sandbox, &run).len(), 2);
        let rest = sandbox.run(&arguments);
        assert_eq!(rest.code, Some(0), "{}", rest.stderr);
        assert_eq!(kept(&sandbox, &run), kept(&sandbox, "whole"));
        assert!(left(&sandbox, &run).is_empty());
    }
    // A step that takes seconds is not waited for twice.
    sandbox.write(
        "slow.toml",
        &sweep_file("steps = 9\nbatch_size = 16777216", "").replacen("batch_size = 32\n", "", 1),
    );
    let child = start(&sandbox, &["run", "slow.toml", "--out", "slow"]);
    wait_for(&sandbox, "slow", "\"running\": 1");
    send(&child, "-TERM");
    std::thread::sleep(Duration::from_millis(50));
    send(&child, "-TERM");
    let (got, said) = ended(child);
    assert!(got == -15 || got == 143, "{got}: {said}");
}

#[test]
fn a_run_ends_when_its_time_is_up_and_is_gone_on_with() {
    let sandbox = sandbox();
    let arguments = ["run", "sweep.toml", "--jobs", "2", "--out", "run", "--until", "600ms"];
    let first = sandbox.run(&arguments);
    assert_eq!(first.code, Some(4), "{}", first.stderr);
    assert!(
        first.stderr.contains("the time is up: 0 of 2 cells are finished, 2 are in the middle"),
        "{}",
        first.stderr
    );
    assert!(first.stderr.contains("--until 600ms"), "{}", first.stderr);
    let rest = sandbox.run(&["run", "sweep.toml", "--out", "run", "--train-only"]);
    assert_eq!((rest.code, rest.stdout.as_str()), (Some(0), ""), "{}", rest.stderr);
    assert!(rest.stderr.contains("d_hidden=3 goes on from step "), "{}", rest.stderr);
    assert!(!sandbox.path("run/results.csv").exists());
    for (until, said) in [("5", "must be a time such as"), ("never", "or `slurm`")] {
        let answer = sandbox.run(&["run", "sweep.toml", "--until", until]);
        assert_refused(&answer, 2, &[said]);
    }
    for (checkpoint, said) in [("x", "must be a time such as"), ("0s", "longer than nothing")] {
        let answer = sandbox.run(&["run", "sweep.toml", "--checkpoint", checkpoint]);
        assert_refused(&answer, 2, &[said, "or `off`"]);
    }
    let mut no_job = sandbox.command(&["run", "sweep.toml", "--until", "slurm"]);
    let no_job = support::answer(no_job.env_remove("SLURM_JOB_ID"));
    assert_refused(&no_job, 1, &["no job of Slurm's", "--until 55m"]);
}

#[test]
fn a_damaged_checkpoint_is_named_and_costs_its_cell_alone() {
    let sandbox = sandbox();
    let arguments = ["run", "sweep.toml", "--jobs", "2", "--out", "run"];
    let whole = sandbox.run(&["run", "sweep.toml", "--out", "whole"]);
    assert_eq!(whole.code, Some(0));
    assert_eq!(sandbox.run(&[&arguments[..], &["--until", "500ms"]].concat()).code, Some(4));
    let damaged = sandbox.path("run/cells").join(&left(&sandbox, "run")[0]);
    let mut bytes = fs::read(&damaged).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 4;
    fs::write(&damaged, bytes).unwrap();
    let named = damaged.file_name().unwrap().to_str().unwrap().to_owned();
    let verified = sandbox.run(&["verify", "run"]);
    assert_refused(&verified, 1, &[&named, "SHA-256", "begin anew"]);
    let rest = sandbox.run(&arguments);
    assert_eq!(rest.code, Some(0), "{}", rest.stderr);
    for part in [&named as &str, "SHA-256", "the cell begins anew"] {
        assert!(rest.stderr.contains(part), "{}", rest.stderr);
    }
    assert_eq!(rest.stderr.matches("goes on from step").count(), 1, "{}", rest.stderr);
    assert_eq!(kept(&sandbox, "run"), kept(&sandbox, "whole"));
    assert!(left(&sandbox, "run").is_empty());
    assert_eq!(sandbox.run(&["verify", "run"]).code, Some(0));
}

#[test]
fn shares_are_trained_without_asking_anybody_and_are_all_there_is() {
    let sandbox = Sandbox::new();
    let axes = "\"model.d_hidden\" = [2, 3, 4, 6]\n\"train.seed\" = { range = [0, 3] }";
    sandbox.write("sweep.toml", &sweep_file("steps = 300", axes));
    let run = |shard: &str| {
        let shard = ["run", "sweep.toml", "--out", "run", "--train-only", "--shard", shard];
        let mut command = sandbox.command(&shard);
        let array = [("ID", "9"), ("MIN", "7"), ("MAX", "9")];
        command.envs(array.map(|(name, value)| (format!("SLURM_ARRAY_TASK_{name}"), value)));
        support::answer(&mut command)
    };
    let together = |shards: &[&str]| -> Vec<Answer> {
        std::thread::scope(|scope| {
            let all: Vec<_> = shards.iter().map(|shard| scope.spawn(|| run(shard))).collect();
            all.into_iter().map(|answer| answer.join().unwrap()).collect()
        })
    };
    for answer in together(&["1/3", "2/3", "auto"]) {
        assert_eq!(answer.code, Some(0), "{}", answer.stderr);
        assert!(answer.stderr.contains("training 4 cells of `tiny`"), "{}", answer.stderr);
    }
    assert_eq!(finished(&sandbox.path("run")).len(), 12);
    assert_refused(&run("4/3"), 1, &["there is no 4 of 3"]);
    let both = sandbox.run(&["run", "sweep.toml", "--shard", "1/2", "--leases", "locks"]);
    assert_refused(&both, 2, &["cannot be used with"]);
}

#[test]
fn without_locks_a_sweep_is_shared_by_heartbeats() {
    let sandbox = Sandbox::new();
    let axes = "\"model.d_hidden\" = [2, 3, 4, 6]\n\"train.seed\" = { range = [0, 3] }";
    sandbox.write("sweep.toml", &sweep_file("steps = 4000", axes));
    let arguments = ["run", "sweep.toml", "--out", "run", "--jobs", "1", "--train-only"];
    let first = start(&sandbox, &[&arguments[..], &["--leases", "heartbeats"]].concat());
    while !sandbox.path("run/leases/kind").exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let second = sandbox.run(&arguments);
    let (code, said) = ended(first);
    assert_eq!((code, second.code), (0, Some(0)), "{said}\n{}", second.stderr);
    assert_eq!(finished(&sandbox.path("run")).len(), 12);
    // Each line of a finished cell is of one of our own; together they are all, once.
    assert_eq!(fs::read_to_string(sandbox.path("run/leases/kind")).unwrap(), "heartbeats\n");
    let claims = fs::read_dir(sandbox.path("run/leases")).unwrap();
    let claims =
        claims.filter(|e| e.as_ref().unwrap().path().extension().is_some_and(|e| e == "claim"));
    assert_eq!(claims.count(), 0);
    let other = sandbox.run(&[&arguments[..], &["--leases", "locks"]].concat());
    assert_refused(&other, 1, &["leases/kind", "says `heartbeats`"]);
}

#[test]
fn without_a_terminal_finished_cells_are_lines_and_quiet_says_nothing() {
    let sandbox = Sandbox::new();
    let axes = "\"model.d_hidden\" = [3, 5]";
    sandbox.write("sweep.toml", &sweep_file("steps = 300000", axes));
    let run = sandbox.run(&["run", "sweep.toml", "--out", "lines", "--jobs", "1", "--train-only"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let lines: Vec<&str> = run.stderr.lines().collect();
    assert!(lines[0].starts_with("training 2 cells of `tiny`"), "{}", run.stderr);
    assert!(
        lines[1].starts_with("1/2 d_hidden=5 loss ") && lines[1].ends_with(" left"),
        "{}",
        run.stderr
    );
    assert!(
        lines[2].starts_with("2/2 d_hidden=3 loss ") && !lines[2].contains("left"),
        "{}",
        run.stderr
    );
    let quiet = sandbox.run(&["run", "sweep.toml", "--out", "quiet", "--train-only", "--quiet"]);
    assert_eq!((quiet.code, quiet.stderr.as_str(), quiet.stdout.as_str()), (Some(0), "", ""));
    let verbose =
        ["run", "sweep.toml", "--out", "verbose", "--train-only", "-v", "--checkpoint", "100ms"];
    let verbose = sandbox.run(&verbose);
    assert!(verbose.stderr.contains(": kept at step "), "{}", verbose.stderr);
}
