//! Several processes in one folder: they share its work or are told why not, and follow no links there.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use std::fs;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use support::{Answer, Sandbox, assert_refused, results, sweep_file};

/// Starts `n` processes at once and waits for their answers.
fn at_once(sandbox: &Sandbox, arguments: &[&str], n: usize) -> Vec<Answer> {
    std::thread::scope(|scope| {
        let starts: Vec<_> = (0..n).map(|_| scope.spawn(|| sandbox.run(arguments))).collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    })
}

/// A process that is killed when it is dropped, also by a test that fails.
struct Mortal(Child);

impl Drop for Mortal {
    fn drop(&mut self) {
        // In a failing test there is nobody left to tell.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a run that takes longer than any test, and waits until it trains.
fn start_long(sandbox: &Sandbox) -> Mortal {
    sandbox.write("long.toml", &sweep_file("steps = 900000000", ""));
    let mut command = sandbox.command(&["run", "long.toml", "--out", "run"]);
    let child = Mortal(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    let begun = Instant::now();
    while !sandbox.run(&["status", "run"]).stdout.contains("is being trained by") {
        assert!(begun.elapsed() < Duration::from_secs(60), "it never trains");
        std::thread::sleep(Duration::from_millis(20));
    }
    child
}

#[test]
fn another_sweep_of_the_same_name_waits_for_its_turn() {
    let sandbox = Sandbox::new();
    let first = start_long(&sandbox);
    let running = sandbox.run(&["status", "run"]);
    let who = format!("(d_hidden=3 weight_decay=-1) is being trained by process {}", first.0.id());
    assert!(running.stdout.contains(&who), "{}", running.stdout);
    let before = fs::read(sandbox.path("run/sweep.json")).unwrap();
    sandbox.write("other.toml", &sweep_file("steps = 10", ""));
    let other = ["run", "other.toml", "--out", "run"];
    let holder = format!("which process {} on ", first.0.id());
    assert_refused(&sandbox.run(&other), 1, &["holds other cells of `tiny`", &holder]);
    let fresh = sandbox.run(&["run", "long.toml", "--out", "run", "--fresh"]);
    assert_refused(&fresh, 1, &["is being trained by", "--fresh"]);
    assert_eq!(fs::read(sandbox.path("run/sweep.json")).unwrap(), before);
    drop(first);
    assert_eq!(sandbox.run(&other).code, Some(0));
    assert_eq!(results(&sandbox.path("run")).len(), 2);
}

#[test]
fn cells_that_diverged_are_trained_again_by_several_at_once() {
    let sandbox = Sandbox::new();
    let axes = "\"train.learning_rate\" = [1e18]\n\"train.seed\" = { range = [0, 12] }";
    sandbox.write("sweep.toml", &sweep_file("steps = 60", axes));
    assert_eq!(sandbox.run(&["run", "sweep.toml", "--out", "run"]).code, Some(3));
    let again = ["run", "sweep.toml", "--out", "run", "--jobs", "1", "--retry-failed"];
    for answer in at_once(&sandbox, &again, 4) {
        assert_eq!(answer.code, Some(3), "{}", answer.stderr);
    }
    assert_eq!(results(&sandbox.path("run")).len(), 13);
    assert_eq!(sandbox.run(&["status", "run", "--check"]).code, Some(0));
}

#[test]
fn runs_that_begin_anew_at_once_keep_the_older_one() {
    let sandbox = Sandbox::new();
    let axis = "\"train.seed\" = { range = [0, 6] }";
    sandbox.write("sweep.toml", &sweep_file("steps = 3000", axis));
    let arguments = ["run", "sweep.toml", "--out", "run"];
    assert_eq!(sandbox.run(&arguments).code, Some(0));
    let before = support::finished(&sandbox.path("run"));
    let fresh = [&arguments[..], &["--fresh"]].concat();
    for answer in at_once(&sandbox, &fresh, 3) {
        assert_eq!(answer.code, Some(0), "{}", answer.stderr);
    }
    assert_eq!(support::finished(&sandbox.path("run.1")), before);
    assert_eq!(support::finished(&sandbox.path("run")).len(), 6);
}

#[cfg(unix)]
#[test]
fn links_and_what_the_dead_left_are_not_in_the_way() {
    let sandbox = Sandbox::new();
    sandbox.write("sweep.toml", &sweep_file("steps = 20", ""));
    let arguments = ["run", "sweep.toml", "--out", "link"];
    fs::create_dir(sandbox.path("disk")).unwrap();
    std::os::unix::fs::symlink("disk/run", sandbox.path("link")).unwrap();
    fs::create_dir(sandbox.path("disk/run")).unwrap();
    assert_eq!(sandbox.run(&arguments).code, Some(0));
    sandbox.write("victim", "precious");
    for name in [".results.csv.17.part", ".sweep.json.17.part", "tables/.losses.csv.17.part"] {
        std::os::unix::fs::symlink(sandbox.path("victim"), sandbox.path("link").join(name))
            .unwrap();
    }
    sandbox.write("disk/run/figures/.loss_by_width.svg.aB3.part", "half");
    let id = fs::read_dir(sandbox.path("link/cells")).unwrap().next().unwrap().unwrap().file_name();
    let lease = sandbox.path("link/leases").join(format!("{}.lease", id.to_str().unwrap()));
    fs::remove_file(&lease).unwrap();
    std::os::unix::fs::symlink(sandbox.path("victim"), &lease).unwrap();
    assert_eq!(sandbox.run(&arguments).code, Some(0));
    assert_refused(
        &sandbox.run(&["analyze", "link", "--remeasure"]),
        1,
        &["lease", "it is a link"],
    );
    assert_eq!(fs::read(sandbox.path("victim")).unwrap(), b"precious");
    for folder in ["", "tables", "figures"] {
        for entry in fs::read_dir(sandbox.path("link").join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            assert!(!name.ends_with(".part"), "{folder}/{name}");
        }
    }
    let fresh = sandbox.run(&[&arguments[..], &["--fresh"]].concat());
    assert_eq!(fresh.code, Some(0), "{}", fresh.stderr);
    assert!(fs::symlink_metadata(sandbox.path("link")).unwrap().is_symlink());
    assert!(sandbox.path("disk/run.1/sweep.json").exists());
    assert!(sandbox.path("disk/run/sweep.json").exists());
}
