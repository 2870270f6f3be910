//! `--device wgpu`, or the label in `SUPERPOSE_TEST_DEVICE`: the same records as on the CPU, whoever is killed and
//! however little memory there is. Ignored unless asked for (`just test-gpu`); once asked for, a machine without a GPU fails them.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use std::process::Stdio;
use std::sync::LazyLock;
use std::time::Duration;

use support::{Sandbox, finished, results, sweep_file};

/// The label of the GPU, without an index.
static LABEL: LazyLock<String> =
    LazyLock::new(|| std::env::var("SUPERPOSE_TEST_DEVICE").unwrap_or_else(|_| "wgpu".to_owned()));

fn gpu() -> [&'static str; 2] {
    ["--device", &LABEL]
}

fn sandbox(steps: u32) -> Sandbox {
    let sandbox = Sandbox::new();
    let axes = "\"model.d_hidden\" = [2, 3]\n\"train.seed\" = { range = [0, 3] }\n\
                \"train.weight_decay\" = [-1.0, 0.5]";
    sandbox.write("sweep.toml", &sweep_file(&format!("steps = {steps}"), axes));
    sandbox
}

fn run(sandbox: &Sandbox, out: &str, more: &[&str]) {
    let arguments = [&["run", "sweep.toml", "--out", out][..], more].concat();
    let answer = sandbox.run(&arguments);
    assert_eq!(answer.code, Some(0), "{}", answer.stderr);
}

/// A column of the results, as numbers.
fn column(sandbox: &Sandbox, out: &str, name: &str) -> Vec<f64> {
    let rows = results(&sandbox.path(out));
    let at = rows[0].iter().position(|column| column == name).unwrap();
    rows[1..].iter().map(|row| row[at].parse().unwrap()).collect()
}

#[test]
#[ignore = "needs a GPU"]
fn a_sweep_comes_out_as_on_the_cpu_and_says_where_it_was_trained() {
    let sandbox = sandbox(150);
    run(&sandbox, "cpu", &[]);
    run(&sandbox, "gpu", &gpu());
    for name in ["loss.test", "loss.train_last100", "overlap.mean_square"] {
        let (cpu, gpu) = (column(&sandbox, "cpu", name), column(&sandbox, "gpu", name));
        assert_eq!((cpu.len(), gpu.len()), (12, 12));
        for (cpu, gpu) in cpu.iter().zip(gpu) {
            assert!((gpu / cpu - 1.0).abs() < 2e-3, "{name}: {gpu} {cpu}");
        }
    }
    let rows = results(&sandbox.path("gpu"));
    let at = |name: &str| rows[0].iter().position(|column| column == name).unwrap();
    assert_eq!(rows[1][at("engine")], "gram");
    assert_ne!(rows[1][at("device")], "cpu");
}

#[test]
#[ignore = "needs a GPU"]
fn ensembles_of_any_size_give_the_same_results() {
    let sandbox = sandbox(60);
    run(&sandbox, "all", &gpu());
    run(&sandbox, "five", &[&gpu()[..], &["--jobs", "5"]].concat());
    assert_eq!(results(&sandbox.path("all")), results(&sandbox.path("five")));
}

#[test]
#[ignore = "needs a GPU"]
fn killed_on_the_way_it_goes_on_where_it_was() {
    let sandbox = sandbox(400);
    let arguments = [&["run", "sweep.toml", "--out", "killed", "--jobs", "2"][..], &gpu()].concat();
    let mut command = sandbox.command(&arguments);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let killed = sandbox.path("killed");
    while finished(&killed).is_empty() {
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let before = finished(&killed);
    run(&sandbox, "killed", &gpu());
    let after = finished(&killed);
    assert_eq!(after.len(), 12);
    for (id, kept) in &before {
        assert_eq!(after.get(id), Some(kept), "cell {id} was lost or trained again");
    }
    run(&sandbox, "undisturbed", &gpu());
    assert_eq!(results(&killed), results(&sandbox.path("undisturbed")));
}

#[test]
#[ignore = "needs a GPU"]
fn two_processes_share_a_sweep() {
    let sandbox = sandbox(200);
    let arguments = [&["run", "sweep.toml", "--out", "shared", "--jobs", "2"][..], &gpu()].concat();
    let mut other = sandbox.command(&arguments);
    let mut other = other.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    run(&sandbox, "shared", &[&gpu()[..], &["--jobs", "2"]].concat());
    assert!(other.wait().unwrap().success());
    assert_eq!(finished(&sandbox.path("shared")).len(), 12);
}

#[test]
#[ignore = "needs a GPU"]
fn devices_names_the_gpu_and_what_is_not_there_is_refused() {
    let sandbox = sandbox(10);
    let answer = sandbox.run(&["devices", "--json"]);
    let said: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
    let label = if *LABEL == "cuda" { "cuda:0" } else { "wgpu:0" };
    let gpu = said["gpus"].as_array().unwrap().iter().find(|gpu| gpu["label"] == label).unwrap();
    assert!(gpu["largest_array_bytes"].as_u64().unwrap() >= 1 << 27);
    assert!(!gpu["driver"].as_str().unwrap().is_empty());
    let answer = sandbox.run(&["run", "sweep.toml", "--device", &format!("{}:7", *LABEL)]);
    assert_eq!(answer.code, Some(1));
    let only = format!("`--device {0}:7`: this machine has only `{0}`", *LABEL);
    assert!(answer.stderr.contains(&only), "{}", answer.stderr);
    let huge = ["run", "sweep.toml", "--device", &LABEL, "--set", "model.n_features=16000000"];
    let answer = sandbox.run(&[&huge[..], &["--set", "model.d_hidden=15000000"]].concat());
    assert_eq!(answer.code, Some(1));
    assert!(answer.stderr.contains("does not fit on"), "{}", answer.stderr);
}
