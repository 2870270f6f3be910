//! A build for CUDA where there is no card: what it says of a missing driver or compiler, and that a device which computes
//! nothing, or not all that it is told to, never gives a result. Driver and compiler are small ones of C, in `no_card`.
//!
//! Built with `--features cuda` alone (`just test-cuda`); needs `cc`, and passes over itself where NVIDIA's driver is.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use std::path::Path;
use std::process::Command;

use support::{Answer, Sandbox, answer, assert_refused, finished, sweep_file};

/// A folder with a sweep of two cells and an empty one for a toolkit.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("sweep.toml", &sweep_file("steps = 2", "\"model.d_hidden\" = [2, 3]"));
    sandbox.write("toolkit/empty", "");
    sandbox
}

/// Builds one of the small libraries into a folder of the sandbox.
fn library(sandbox: &Sandbox, source: &str, folder: &str, name: &str) {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/no_card");
    sandbox.write(&format!("{folder}/here"), "");
    let out = sandbox.path(folder).join(name);
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-o"]).arg(out).arg(sources.join(source));
    assert!(compiler.status().unwrap().success(), "{source}");
}

/// The binary, with what is to be found of CUDA.
struct Cuda<'a> {
    sandbox: &'a Sandbox,
    libraries: &'a [&'a str],
    toolkit: bool,
    variables: &'a [(&'a str, &'a str)],
}

impl Cuda<'_> {
    fn run(&self, arguments: &[&str]) -> Answer {
        let mut command = self.sandbox.command(arguments);
        let libraries = self.libraries.iter().map(|folder| self.sandbox.path(folder));
        command.env("LD_LIBRARY_PATH", std::env::join_paths(libraries).unwrap());
        command.env_remove("CUDA_PATH").envs(self.variables.iter().copied());
        if self.toolkit {
            command.env("CUDA_PATH", self.sandbox.path("toolkit"));
        }
        answer(&mut command)
    }

    fn train(&self, label: &str) -> Answer {
        self.run(&["run", "sweep.toml", "--device", label, "--out", "run"])
    }

    fn no_cell_is_finished(&self) -> bool {
        let cells = self.sandbox.path("run/cells");
        !cells.exists() || finished(&self.sandbox.path("run")).is_empty()
    }
}

/// The small driver and compiler.
fn libraries(sandbox: &Sandbox) {
    library(sandbox, "driver.c", "driver", "libcuda.so.1");
    library(sandbox, "nvrtc.c", "nvrtc", "libnvrtc.so.13");
}

/// Whether NVIDIA's own driver is here, which would be found beside the small one.
fn with_a_driver(sandbox: &Sandbox) -> bool {
    let nothing = Cuda { sandbox, libraries: &[], toolkit: false, variables: &[] };
    !nothing.run(&["devices"]).stdout.contains("no CUDA driver is here")
}

#[test]
fn without_a_driver_devices_says_so_and_every_label_is_refused_in_a_sentence() {
    let sandbox = sandbox();
    if with_a_driver(&sandbox) {
        return;
    }
    let nothing = Cuda { sandbox: &sandbox, libraries: &[], toolkit: false, variables: &[] };
    let said = nothing.run(&["devices"]);
    assert_eq!(said.code, Some(0));
    let json: serde_json::Value =
        serde_json::from_str(&nothing.run(&["devices", "--json"]).stdout).unwrap();
    let of_cuda = |why: &&serde_json::Value| why.as_str().unwrap().contains("CUDA");
    let why = json["unreached"].as_array().unwrap().iter().find(of_cuda).unwrap();
    assert_eq!(why, "no CUDA driver is here (`libcuda.so.1`, a part of NVIDIA's driver)");
    for label in ["cuda", "cuda:3"] {
        let parts = [&format!("`--device {label}`: no CUDA driver is here"), "`--device cpu`"];
        let said = nothing.train(label);
        assert_refused(&said, 1, &parts.map(|part| part as &str));
        assert!(!said.stderr.contains("Vulkan"), "{}", said.stderr);
    }
}

#[test]
fn with_a_driver_what_else_is_missing_is_said() {
    let sandbox = sandbox();
    if with_a_driver(&sandbox) {
        return;
    }
    libraries(&sandbox);
    let mut cuda =
        Cuda { sandbox: &sandbox, libraries: &["driver"], toolkit: true, variables: &[] };
    assert_refused(&cuda.train("cuda"), 1, &["(no GPU, made of stubs) cannot be used: NVRTC"]);
    assert!(cuda.run(&["devices"]).stdout.contains("cannot be used: NVRTC"));
    cuda.libraries = &["driver", "nvrtc"];
    cuda.toolkit = false;
    assert_refused(&cuda.train("cuda"), 1, &["set `CUDA_PATH`"]);
    cuda.toolkit = true;
    let one = ["`--device cuda:1`: this machine has only `cuda`", "CUDA_VISIBLE_DEVICES"];
    assert_refused(&cuda.train("cuda:1"), 1, &one);
    let said = cuda.run(&["devices"]).stdout;
    assert!(said.contains("cuda:0") && said.contains("CUDA 13.0, NVRTC 13.0"), "{said}");
    assert!(cuda.no_cell_is_finished());
}

#[test]
fn a_device_that_does_not_do_what_it_is_told_gives_no_result() {
    let sandbox = sandbox();
    if with_a_driver(&sandbox) {
        return;
    }
    libraries(&sandbox);
    let faulty = |variables: &[(&str, &str)], said: &str| {
        for engine in ["gram", "reference"] {
            let cuda = Cuda {
                sandbox: &sandbox,
                libraries: &["driver", "nvrtc"],
                toolkit: true,
                variables,
            };
            let out = ["--device", "cuda", "--out", "run", "--engine", engine];
            let answer = cuda.run(&[&["run", "sweep.toml"][..], &out].concat());
            assert_refused(&answer, 1, &[said]);
            assert!(cuda.no_cell_is_finished(), "{variables:?}, {engine}");
        }
    };
    faulty(&[("NO_CARD_IDLE", "1")], "cannot be used: it computes nothing");
    faulty(
        &[("NO_CARD_REFUSE", "at once")],
        "a small kernel failed: kernel.cu(7): error: no such thing",
    );
    faulty(&[("NO_CARD_REFUSE", "error")], "the device failed");
    // This one is caught on cubecl's own thread, which tells nobody.
    faulty(&[("NO_CARD_REFUSE", "panic")], "the device failed");
}
