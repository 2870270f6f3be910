//! A sweep on a cluster of Slurm's: its workers share the cells, die, are cut short, and what they leave is collected.
//!
//! Ignored unless asked for; needs four nodes (`eval "$(.ci/slurm-lab up FOLDER)"`).

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use support::{Sandbox, finished, results, sweep_file};

fn slurm(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Waits until nothing is queued any more; `meanwhile` is called again and again.
fn wait_for_all(mut meanwhile: impl FnMut()) {
    let begun = Instant::now();
    let mut empty = 0;
    // Between two rounds the queue is empty for a moment only.
    while empty < 5 {
        assert!(begun.elapsed() < Duration::from_secs(600), "{}", slurm("squeue", &[]));
        std::thread::sleep(Duration::from_millis(300));
        meanwhile();
        empty = if slurm("squeue", &["-h"]).trim().is_empty() { empty + 1 } else { 0 };
    }
}

/// The logs of a run's jobs, for a test that fails.
fn logs(sandbox: &Sandbox, run: &str) -> String {
    let entries = fs::read_dir(sandbox.path(run).join("slurm")).unwrap();
    entries.map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap()).collect()
}

#[test]
#[ignore = "needs a cluster of Slurm's"]
fn two_hundred_cells_by_eight_workers_of_which_many_die() {
    let sandbox = Sandbox::new();
    let axes = "\"model.d_hidden\" = [2, 3, 4, 6]\n\"train.seed\" = { range = [0, 50] }";
    sandbox.write("sweep.toml", &sweep_file("steps = 30000", axes));
    let alone = sandbox.run(&["run", "sweep.toml", "--out", "alone"]);
    assert_eq!(alone.code, Some(0), "{}", alone.stderr);

    let submitted = sandbox.run(&[
        "submit",
        "sweep.toml",
        "--out",
        "run",
        "--workers",
        "8",
        "--time",
        "0:01:00",
    ]);
    assert_eq!(submitted.code, Some(0), "{}", submitted.stderr);
    assert!(submitted.stdout.contains("tries locks across two nodes"), "{}", submitted.stdout);
    assert!(
        submitted.stdout.contains("trains 200 of the 200 cells of `tiny` by 8 tasks"),
        "{}",
        submitted.stdout
    );
    let (mut killed, mut is_down, mut turn) = (0, false, 0_usize);
    wait_for_all(|| {
        let jobs = slurm("squeue", &["-h", "-r", "-n", "tiny", "-t", "R", "-o", "%A"]);
        let jobs: Vec<&str> = jobs.lines().collect();
        turn += 1;
        if killed < 20 && !jobs.is_empty() {
            // As a node that fails would: at once, and the task comes again.
            let job = jobs[turn * 7 % jobs.len()];
            slurm("scancel", &["--signal=KILL", "--full", job]);
            killed += 1;
        }
        if killed == 10 && !is_down {
            slurm("scontrol", &["update", "nodename=n3", "state=down", "reason=test"]);
            is_down = true;
        }
    });
    assert!(killed == 20 && is_down, "{killed} were killed");
    slurm("scontrol", &["update", "nodename=n3", "state=resume"]);
    assert_eq!(finished(&sandbox.path("run")).len(), 200, "{}", logs(&sandbox, "run"));
    assert_eq!(results(&sandbox.path("run")), results(&sandbox.path("alone")));
    for table in ["losses.csv", "exponents.csv"] {
        let read = |run: &str| fs::read(sandbox.path(run).join("tables").join(table)).unwrap();
        assert_eq!(read("run"), read("alone"), "{table}");
    }
    assert!(sandbox.path("run/report.html").exists(), "{}", logs(&sandbox, "run"));
    assert_eq!(fs::read_to_string(sandbox.path("run/leases/kind")).unwrap(), "locks\n");
    let again = sandbox.run(&["submit", "sweep.toml", "--out", "run"]);
    assert_eq!(
        (again.code, again.stdout.trim()),
        (Some(0), "all 200 cells of `tiny` are finished")
    );
}

#[test]
#[ignore = "needs a cluster of Slurm's"]
fn a_cell_longer_than_its_job_is_trained_by_several_jobs_in_turn() {
    let sandbox = Sandbox::new();
    sandbox.write("sweep.toml", &sweep_file("steps = 20000000", "\"train.seed\" = [0, 1]"));
    let submit = ["submit", "sweep.toml", "--out", "run", "--workers", "2", "--time", "0:01:00"];
    let waited = sandbox.run(&[&submit[..], &["--sbatch", "--exclusive", "--wait"]].concat());
    assert_eq!(waited.code, Some(0), "{}\n{}", waited.stderr, logs(&sandbox, "run"));
    assert!(waited.stdout.contains("all 2 cells of `tiny` are finished"), "{}", waited.stdout);
    let logs = logs(&sandbox, "run");
    assert!(logs.contains("the time is up: 0 of 2 cells are finished"), "{logs}");
    assert!(logs.contains("goes on from step"), "{logs}");
    assert!(logs.contains("--exclusive"), "{logs}");
}
