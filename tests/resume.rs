//! Nothing finished is lost or repeated: killed at random moments, shared by two processes, cut off
//! by a full disk.

mod support;

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use support::{Sandbox, answer, finished, results, sweep_file};

/// Twelve cells, about a second of work.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    let axes = "\"model.d_hidden\" = [2, 3, 4, 6]\n\"train.seed\" = { range = [0, 3] }";
    sandbox.write("sweep.toml", &sweep_file("steps = 12000", axes));
    sandbox
}

#[test]
fn killed_at_twenty_random_moments_the_results_are_those_of_an_undisturbed_run() {
    let sandbox = sandbox();
    let begun = Instant::now();
    let undisturbed = sandbox.run(&["run", "sweep.toml", "--out", "undisturbed", "--jobs", "2"]);
    assert_eq!(undisturbed.code, Some(0), "{}", undisturbed.stderr);
    let longest = begun.elapsed().as_secs_f64() / 5.0;

    let run = sandbox.path("killed");
    let mut before = finished(&run);
    let mut state = 12_345_u32;
    for _ in 0..20 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let moment = f64::from(state) / f64::from(u32::MAX) * longest;
        let mut command = sandbox.command(&["run", "sweep.toml", "--out", "killed", "--jobs", "2"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_secs_f64(moment));
        child.kill().unwrap();
        child.wait().unwrap();
        let now = finished(&run);
        for (id, kept) in &before {
            assert_eq!(now.get(id), Some(kept), "cell {id} was lost or trained again");
        }
        before = now;
    }
    let last = sandbox.run(&["run", "sweep.toml", "--out", "killed", "--jobs", "2"]);
    assert_eq!(last.code, Some(0), "{}", last.stderr);
    assert_eq!(results(&run), results(&sandbox.path("undisturbed")));
    let weights = |name| -> Vec<Vec<u8>> {
        finished(&sandbox.path(name)).into_values().map(|kept| kept.0).collect()
    };
    assert_eq!(weights("killed"), weights("undisturbed"));
}

#[test]
fn two_processes_share_a_sweep() {
    let sandbox = sandbox();
    let arguments = ["run", "sweep.toml", "--out", "shared", "--jobs", "1"];
    let mut other = sandbox.command(&arguments).stdout(Stdio::null()).spawn().unwrap();
    let ours = sandbox.run(&arguments);
    // A cell that both had trained would be an error: the second record is refused.
    assert_eq!(ours.code, Some(0), "{}", ours.stderr);
    assert!(other.wait().unwrap().success());
    assert_eq!(results(&sandbox.path("shared")).len(), 13);
}

/// A process that is killed with SIGKILL when it is dropped, also by a test that fails.
struct Mortal(Child);

impl Drop for Mortal {
    fn drop(&mut self) {
        // In a failing test there is nobody left to tell.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Asks for the status of `run` until it says `words`.
fn wait_for(sandbox: &Sandbox, words: &str) {
    let begun = Instant::now();
    while !sandbox.run(&["status", "run"]).stdout.contains(words) {
        assert!(begun.elapsed() < Duration::from_secs(60), "the status never says `{words}`");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_dead_processs_cell_is_taken_over() {
    let sandbox = Sandbox::new();
    // One cell that takes longer than this test.
    sandbox.write("sweep.toml", &sweep_file("steps = 900000000", ""));
    let arguments = ["run", "sweep.toml", "--out", "run"];
    let start = || Mortal(sandbox.command(&arguments).stderr(Stdio::piped()).spawn().unwrap());
    let first = start();
    wait_for(&sandbox, &format!("is being trained by process {}", first.0.id()));
    let mut second = start();
    let mut said = BufReader::new(second.0.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(said.any(|line| line.contains("waiting for the last cells")));
    drop(first);
    wait_for(&sandbox, &format!("is being trained by process {}", second.0.id()));
}

#[test]
fn the_number_of_jobs_does_not_change_a_bit() {
    let sandbox = sandbox();
    for jobs in ["1", "3"] {
        let run = sandbox.run(&["run", "sweep.toml", "--out", jobs, "--jobs", jobs]);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
    }
    let weights = |name| -> Vec<Vec<u8>> {
        finished(&sandbox.path(name)).into_values().map(|kept| kept.0).collect()
    };
    assert_eq!(weights("1"), weights("3"));
    assert_eq!(results(&sandbox.path("1")), results(&sandbox.path("3")));
}

#[cfg(unix)]
#[test]
fn a_disk_that_is_full_is_a_sentence_and_costs_no_finished_cell() {
    let sandbox = Sandbox::new();
    let axis = "\"model.d_hidden\" = [2, 4000]";
    sandbox.write("sweep.toml", &sweep_file("steps = 20", axis));
    let first = sandbox.run(&["run", "sweep.toml", "--set", "model.d_hidden=2"]);
    assert_eq!(first.code, Some(0), "{}", first.stderr);
    let before = finished(&sandbox.path("runs/tiny"));
    assert_eq!(before.len(), 1);
    // The weights of the wide cell are 320 kB, and no file may grow beyond 100 or 200 kB: the system
    // answers a write with an error, as a full disk does.
    let limited = "ulimit -f 200; exec \"$0\" run sweep.toml";
    let mut command = std::process::Command::new("sh");
    command.args(["-c", limited, env!("CARGO_BIN_EXE_superpose")]);
    let full = answer(command.current_dir(sandbox.path(".")));
    assert_eq!(full.code, Some(1), "{}", full.stderr);
    assert!(full.stderr.contains("cannot write"), "{}", full.stderr);
    assert!(full.stderr.contains("weights.safetensors"), "{}", full.stderr);
    assert_eq!(finished(&sandbox.path("runs/tiny")), before);
    let last = sandbox.run(&["run", "sweep.toml"]);
    assert_eq!(last.code, Some(0), "{}", last.stderr);
    assert_eq!(results(&sandbox.path("runs/tiny")).len(), 3);
}
