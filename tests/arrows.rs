//! The arrows between the crates are those of ARCHITECTURE.md, and burn stays where it belongs.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn names(value: &Value) -> Vec<&Value> {
    value.as_array().unwrap().iter().collect()
}

/// Each crate's normal dependencies, by the name behind `superpose-`, and which of them are burn.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let metadata = metadata();
    let packages = names(&metadata["packages"]);
    let short = |name: &Value| name.as_str().unwrap().trim_start_matches("superpose-").to_owned();
    packages
        .iter()
        .map(|package| {
            let imports = names(&package["dependencies"])
                .into_iter()
                .filter(|d| d["kind"].is_null())
                .filter(|d| {
                    let name = d["name"].as_str().unwrap();
                    name.starts_with("superpose-") || name == "burn"
                })
                .map(|d| short(&d["name"]))
                .collect();
            (short(&package["name"]), imports)
        })
        .collect()
}

/// A row of the table of crates in ARCHITECTURE.md.
struct Room {
    name: String,
    floor: usize,
    imports: BTreeSet<String>,
}

/// That table: floor, name, purpose, imports.
fn documented() -> Vec<Room> {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let crates = text.split("## Crates").nth(1).unwrap().split("\n## ").next().unwrap();
    let room = |line: &str| {
        let columns: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let imports = columns.last().unwrap().split(", ").filter(|i| *i != "–");
        Room {
            name: columns[1].replace('`', ""),
            floor: columns[0].parse().unwrap(),
            imports: imports.map(str::to_owned).collect(),
        }
    };
    crates.lines().filter(|line| line.starts_with("| ") && line.contains('`')).map(room).collect()
}

#[test]
fn every_crate_imports_what_the_architecture_says() {
    let documented = documented().into_iter().map(|room| (room.name, room.imports)).collect();
    assert_eq!(dependencies(), documented);
}

#[test]
fn imports_go_down_and_there_are_five_floors() {
    let rooms = documented();
    let floors: BTreeMap<&str, usize> = rooms.iter().map(|r| (r.name.as_str(), r.floor)).collect();
    for Room { name, floor, imports } in &rooms {
        // burn is the ground. A room stands right above the highest that it imports.
        let below = imports.iter().filter_map(|import| floors.get(import.as_str()));
        assert_eq!(*floor, 1 + below.max().unwrap_or(&0), "the floor of `{name}`");
        assert!(*floor <= 5, "`{name}` is on floor {floor}");
    }
}

#[test]
fn the_version_of_burn_in_records_is_the_one_that_is_built() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let pinned = format!("burn = {{ version = \"={}\"", superpose_device::BURN_VERSION);
    assert!(manifest.contains(&pinned), "`{pinned}` in Cargo.toml");
}

/// The sources of a crate, without its tests.
fn sources(krate: &str) -> Vec<(String, String)> {
    let mut folders = vec![root().join("crates").join(krate).join("src")];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                sources.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    sources
}

#[test]
fn only_the_device_crate_names_a_backend() {
    for krate in dependencies().keys().filter(|k| *k != "device") {
        for (path, text) in sources(krate) {
            let code = text.split("#[cfg(test)]").next().unwrap();
            for backend in [
                "Device::flex",
                "Device::ndarray",
                "Device::default",
                "Device::wgpu",
                "Device::vulkan",
                "Device::cuda",
                "Device::metal",
            ] {
                assert!(!code.contains(backend), "{path} names {backend}");
            }
        }
    }
}

#[test]
fn no_file_outgrows_its_reader() {
    for krate in dependencies().keys() {
        for (path, text) in sources(krate) {
            assert!(text.starts_with("//!"), "{path} does not say what it is for");
            let lines = text.split("#[cfg(test)]").next().unwrap().lines().count();
            assert!(lines <= 600, "{path} has {lines} lines without its tests");
        }
    }
}

#[test]
fn only_the_shell_ends_the_process_or_reads_the_environment() {
    for krate in dependencies().keys().filter(|k| *k != "cli") {
        for (path, text) in sources(krate) {
            for word in ["process::exit", "env::var", "println!", "eprintln!"] {
                assert!(!text.contains(word), "{path} has {word}");
            }
        }
    }
}
