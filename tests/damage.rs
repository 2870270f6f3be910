//! Files that are not what was written: noticed, named, left out, trained anew. And cells whose numbers are
//! not finite, which no file can hold.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use support::{Sandbox, assert_refused, sweep_file};

/// The files of the cells that can be damaged.
const CELL_FILES: [&str; 3] = ["record.json", "curve.csv", "weights.safetensors"];

/// A finished run of three cells in `run`.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("sweep.toml", &sweep_file("steps = 100", "\"model.d_hidden\" = [2, 3, 4]"));
    let run = sandbox.run(&["run", "sweep.toml", "--out", "run"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    sandbox
}

/// The folders of the cells, by name.
fn cells(run: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(run.join("cells")).unwrap();
    let mut cells: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    cells.sort();
    cells
}

/// All tables of a run, by name.
fn tables(run: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(run.join("tables")).unwrap().map(|entry| entry.unwrap().path());
    let paths = entries.chain([run.join("results.csv")]);
    let csv = paths.filter(|path| path.extension().is_some_and(|e| e == "csv"));
    csv.map(|path| (path.display().to_string(), fs::read(&path).unwrap())).collect()
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

/// Numbers that only look random.
struct Random(u32);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as usize % n
    }
}

#[test]
fn no_single_byte_changes_a_number_without_a_word() {
    let sandbox = sandbox();
    let run = sandbox.path("run");
    let (cells, before) = (cells(&run), tables(&run));
    let mut random = Random(1);
    let mut flip = |path: &Path, arguments: &[&str], times: usize| {
        for _ in 0..times {
            let whole = fs::read(path).unwrap();
            let mut other = whole.clone();
            let at = random.below(whole.len());
            other[at] ^= 1 << random.below(8);
            fs::write(path, &other).unwrap();
            let answer = sandbox.run(arguments);
            let what = format!("byte {at} of {}", path.display());
            assert_eq!(answer.code, Some(1), "{what}: {}", answer.stderr);
            assert!(answer.stderr.contains("is damaged"), "{what}: {}", answer.stderr);
            fs::write(path, &whole).unwrap();
        }
    };
    for cell in &cells {
        flip(&cell.join("record.json"), &["analyze", "run"], 3);
        flip(&cell.join("curve.csv"), &["status", "run"], 2);
        flip(&cell.join("weights.safetensors"), &["analyze", "run", "--remeasure"], 2);
        flip(&cell.join("SHA256SUMS"), &["status", "run", "--check"], 2);
    }
    flip(&run.join("sweep.json"), &["analyze", "run"], 4);
    assert_eq!(sandbox.run(&["analyze", "run"]).code, Some(0));
    assert_eq!(tables(&run), before, "what is whole again is read again");
    for table in ["losses", "exponents", "curves", "decay", "overlaps"] {
        flip(&run.join(format!("tables/{table}.csv")), &["figures", "run"], 1);
    }
    flip(&run.join("results.csv"), &["fit-loss", "run/results.csv", "--x", "model.d_hidden"], 2);
    assert_eq!(sandbox.run(&["status", "run", "--check"]).code, Some(0));
}

#[test]
fn damage_costs_its_cell_and_the_next_run_trains_it_anew() {
    let sandbox = sandbox();
    let run = sandbox.path("run");
    let (cells, before) = (cells(&run), tables(&run));
    for (cell, name) in cells.iter().zip(CELL_FILES) {
        let path = cell.join(name);
        let good = fs::read(&path).unwrap();
        fs::write(&path, &good[..good.len() / 2]).unwrap();
        let status = sandbox.run(&["status", "run"]);
        assert_refused(&status, 1, &[name, "is damaged", "trains damaged cells anew"]);
        assert!(status.stdout.contains("1 damaged"), "{}", status.stdout);
        let analyze = sandbox.run(&["analyze", "run", "--json"]);
        assert_refused(&analyze, 1, &[name, "is damaged"]);
        let summary = json(&analyze.stdout);
        assert_eq!((&summary["completed"], &summary["damaged"]), (&2.into(), &1.into()));
        let id = cell.file_name().unwrap().to_str().unwrap();
        assert_eq!(summary["damaged_cells"][0]["cell_id"], id);
        let dry = sandbox.run(&["run", "sweep.toml", "--out", "run", "--dry-run"]);
        assert!(dry.stdout.contains("3 cells, 2 of them finished"), "{}", dry.stdout);

        let again = sandbox.run(&["run", "sweep.toml", "--out", "run"]);
        assert_eq!(again.code, Some(0), "{}", again.stderr);
        assert!(again.stderr.contains("training 1 cell of `tiny`; 2 are finished"));
        assert!(again.stderr.contains(name) && again.stderr.contains("1 are damaged"));
        // A record also holds when it was made, and how long that took.
        if name != "record.json" {
            assert_eq!(fs::read(&path).unwrap(), good);
        }
        let others = |all: &BTreeMap<String, Vec<u8>>| {
            all.clone()
                .into_iter()
                .filter(|(name, _)| !name.contains("results"))
                .collect::<Vec<_>>()
        };
        assert_eq!(others(&tables(&run)), others(&before));
    }
    let check = sandbox.run(&["status", "run", "--check"]);
    assert_eq!(check.code, Some(0), "{}", check.stderr);
    assert!(check.stdout.contains("everything is there and is what was written"));
}

#[test]
fn a_record_of_an_older_version_with_a_number_that_is_not_one_costs_one_cell() {
    let sandbox = sandbox();
    let run = sandbox.path("run");
    for cell in cells(&run) {
        fs::remove_file(cell.join("SHA256SUMS")).unwrap();
    }
    fs::remove_file(run.join("SHA256SUMS")).unwrap();
    fs::remove_file(run.join("tables/SHA256SUMS")).unwrap();
    assert_eq!(sandbox.run(&["status", "run", "--check"]).code, Some(0), "they are read as before");
    let path = cells(&run)[0].join("record.json");
    let record = fs::read_to_string(&path).unwrap();
    let line = record.lines().find(|line| line.contains("\"loss_test\"")).unwrap();
    fs::write(&path, record.replace(line, "\"loss_test\": null,")).unwrap();
    for arguments in [&["analyze", "run"][..], &["status", "run"]] {
        let parts = ["record.json", "is damaged: invalid type: null, expected f64"];
        assert_refused(&sandbox.run(arguments), 1, &parts);
    }
    fs::write(&path, record.replace(line, &format!("{line}{line}"))).unwrap();
    assert_refused(&sandbox.run(&["analyze", "run"]), 1, &["duplicate field `loss_test`"]);
    assert_eq!(sandbox.run(&["run", "sweep.toml", "--out", "run"]).code, Some(0));
    assert_eq!(sandbox.run(&["analyze", "run"]).code, Some(0));
}

#[test]
fn a_cell_whose_numbers_are_not_finite_has_diverged_and_its_neighbours_are_analysed() {
    let sandbox = Sandbox::new();
    let axis = "\"train.learning_rate\" = [0.01, 1e12]";
    sandbox.write("last.toml", &sweep_file("steps = 1", axis));
    // Rows explode that no sample of the last steps touches: the loss stays finite, W does not.
    let rare = sweep_file("steps = 200\nlearning_rate = 0.5", "\"model.d_hidden\" = [3]");
    let rare = rare.replace(
        "[train]\nweight_decay = -1.0",
        "activation_density = 1e-5\n[train]\nweight_decay = 50.0",
    );
    sandbox.write("rare.toml", &rare);
    for engine in ["gram", "reference"] {
        let run = sandbox.run(&["run", "last.toml", "--out", engine, "--engine", engine, "--json"]);
        assert_eq!(run.code, Some(3), "{}", run.stderr);
        let summary = json(&run.stdout);
        assert_eq!((&summary["completed"], &summary["diverged_or_failed"]), (&1.into(), &1.into()));
        let lost = &summary["lost_cells"][0];
        assert_eq!(
            (&lost["settings"], &lost["outcome"]),
            (&"learning_rate=1e12".into(), &"diverged".into())
        );
        let said = lost["said"].as_str().unwrap();
        assert!(said.contains("diverged by step 1: ") && said.contains("finite"), "{said}");
        let status = sandbox.run(&["status", engine]);
        assert_eq!(status.code, Some(0), "{}", status.stderr);
        assert!(status.stdout.contains("(learning_rate=1e12) diverged by step 1: "));
        assert!(status.stdout.contains("--retry-failed"), "{}", status.stdout);

        let out = format!("rare-{engine}");
        let run = sandbox.run(&["run", "rare.toml", "--out", &out, "--engine", engine]);
        assert_eq!(run.code, Some(3), "{}", run.stderr);
        // Of an engine that looks at all rows, the loss is not finite either.
        let how = if engine == "gram" { "in W are not finite" } else { "diverged by step" };
        assert!(run.stderr.contains(how), "{}", run.stderr);
        for folder in [engine, &out] {
            assert_eq!(sandbox.run(&["analyze", folder]).code, Some(0));
        }
    }
}

#[test]
fn weights_of_another_cell_and_weights_that_are_gone_touch_no_record() {
    let sandbox = sandbox();
    let cells = cells(&sandbox.path("run"));
    let records = || -> Vec<Vec<u8>> {
        cells.iter().map(|cell| fs::read(cell.join("record.json")).unwrap()).collect()
    };
    let before = records();
    for with_digests in [true, false] {
        if !with_digests {
            fs::remove_file(cells[1].join("SHA256SUMS")).unwrap();
        }
        let own = fs::read(cells[1].join("weights.safetensors")).unwrap();
        fs::copy(cells[0].join("weights.safetensors"), cells[1].join("weights.safetensors"))
            .unwrap();
        let answer = sandbox.run(&["analyze", "run", "--remeasure"]);
        assert_refused(&answer, 1, &["weights.safetensors", "is damaged"]);
        assert_eq!(records(), before);
        fs::write(cells[1].join("weights.safetensors"), own).unwrap();
    }
    fs::remove_file(cells[2].join("weights.safetensors")).unwrap();
    let id = cells[2].file_name().unwrap().to_str().unwrap();
    let answer = sandbox.run(&["analyze", "run", "--remeasure"]);
    assert_eq!(answer.code, Some(0), "{}", answer.stderr);
    assert!(answer.stderr.contains("measured the weights of 2 cells anew"), "{}", answer.stderr);
    assert!(answer.stderr.contains(id) && answer.stderr.contains("have no weights here"));
    assert_eq!(records(), before);
    let gone = format!("the weights of cell {id} are not there");
    let status = sandbox.run(&["status", "run"]);
    assert!(status.stdout.contains(&gone), "{}", status.stdout);
    assert_eq!(status.code, Some(0), "nothing needs them");
    assert_refused(&sandbox.run(&["status", "run", "--check"]), 1, &[&gone]);
}

#[test]
fn a_manifest_that_is_damaged_or_gone_is_written_anew_as_it_is_advised() {
    let sandbox = sandbox();
    let manifest = sandbox.path("run/sweep.json");
    let good = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, good.replace("\"d_hidden\": 3", "\"d_hidden\": 5")).unwrap();
    for arguments in
        [&["analyze", "run"][..], &["status", "run"], &["run", "sweep.toml", "--out", "run"]]
    {
        let parts = ["sweep.json", "is damaged", "remove it and run the sweep file again"];
        assert_refused(&sandbox.run(arguments), 1, &parts);
    }
    fs::remove_file(&manifest).unwrap();
    let run = sandbox.run(&["run", "sweep.toml", "--out", "run"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stderr.contains("all 3 cells of `tiny` are finished"), "{}", run.stderr);
    assert_eq!(fs::read_to_string(&manifest).unwrap(), good);
}

#[test]
fn what_a_verb_is_given_in_the_place_of_a_folder_is_said() {
    let sandbox = sandbox();
    for arguments in [
        &["run", "sweep.toml", "--out", "sweep.toml"][..],
        &["run", "sweep.toml", "--out", "sweep.toml", "--fresh"],
        &["status", "sweep.toml"],
        &["analyze", "sweep.toml"],
        &["figures", "sweep.toml"],
    ] {
        assert_refused(&sandbox.run(arguments), 1, &["`sweep.toml` is a file, not a folder"]);
    }
    let none = sandbox.run(&["run", "sweep.toml", "--out", "other", "--limit", "0"]);
    assert_eq!(none.code, Some(0), "{}", none.stderr);
    assert!(none.stderr.contains("training none of the 3 cells"), "{}", none.stderr);
    let some = sandbox.run(&["run", "sweep.toml", "--out", "other", "--limit", "1"]);
    assert!(some.stderr.contains("training 1 cell of `tiny`; 2 are left"), "{}", some.stderr);
    let missing = sandbox.run(&["status", "other", "--missing"]);
    assert!(missing.stdout.contains("(d_hidden=4) is missing"), "{}", missing.stdout);
    let jobs = sandbox.run(&["run", "sweep.toml", "--out", "run", "--jobs", "0"]);
    assert_refused(&jobs, 2, &["--jobs", "a whole number of at least 1"]);
    let jobs = sandbox.run(&["run", "sweep.toml", "--out", "run", "--jobs", "100000"]);
    assert_eq!(jobs.code, Some(0));
    assert!(jobs.stderr.contains("`--jobs` is 100000, more than"), "{}", jobs.stderr);
}

/// A file where a folder should be that tables are written to, and a run that may only be read: nobody can
/// write there, whoever runs the test.
#[test]
fn where_nothing_can_be_written_the_tables_are_printed_and_that_is_said() {
    let sandbox = sandbox();
    let before = tables(&sandbox.path("run"));
    fs::remove_dir_all(sandbox.path("run/tables")).unwrap();
    fs::write(sandbox.path("run/tables"), "in the way").unwrap();
    for arguments in [&["analyze", "run"][..], &["run", "sweep.toml", "--out", "run"]] {
        let answer = sandbox.run(arguments);
        assert_refused(&answer, 1, &["the tables are not written", "run/tables"]);
        assert!(answer.stdout.contains("3 cells completed"), "{}", answer.stdout);
    }
    let answer = sandbox.run(&["analyze", "run", "--json"]);
    assert_eq!(json(&answer.stdout)["completed"], 3);
    fs::remove_file(sandbox.path("run/tables")).unwrap();
    assert_eq!(sandbox.run(&["analyze", "run"]).code, Some(0));
    assert_eq!(tables(&sandbox.path("run")), before);
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_may_only_be_read_is_shown() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = sandbox();
    let run = sandbox.path("run");
    let folders = [
        run.clone(),
        run.join("cells"),
        run.join("leases"),
        run.join("tables"),
        run.join("figures"),
    ];
    let set = |mode| {
        for folder in &folders {
            fs::set_permissions(folder, fs::Permissions::from_mode(mode)).unwrap();
        }
        for lease in fs::read_dir(run.join("leases")).unwrap() {
            fs::set_permissions(lease.unwrap().path(), fs::Permissions::from_mode(mode & 0o666))
                .unwrap();
        }
    };
    set(0o555);
    // Root may write all the same, unless that right is taken from it.
    let is_root = fs::write(run.join("probe"), "").is_ok();
    let answer = |arguments: &[&str]| {
        if !is_root {
            return sandbox.run(arguments);
        }
        let mut command = std::process::Command::new("setpriv");
        command.args(["--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override"]);
        command.arg(env!("CARGO_BIN_EXE_superpose")).args(arguments);
        support::answer(command.current_dir(sandbox.path(".")))
    };
    for arguments in [&["analyze", "run"][..], &["run", "sweep.toml", "--out", "run"]] {
        let answer = answer(arguments);
        assert_refused(&answer, 1, &["the tables are not written", "cannot write", "denied"]);
        assert!(answer.stdout.contains("3 cells completed"), "{}", answer.stdout);
    }
    let status = answer(&["status", "run", "--check"]);
    assert_eq!(status.code, Some(0), "{}", status.stderr);
    let more = answer(&["run", "sweep.toml", "--out", "run", "--set", "model.d_hidden=[2,3,4,5]"]);
    assert_refused(&more, 1, &["cannot", "denied"]);
    set(0o755);
}

#[test]
fn ids_that_look_like_numbers_and_long_seeds_stay_what_they_are() {
    let sandbox = Sandbox::new();
    // The ids of the first three are beyond all numbers, digits alone, and one that begins with a zero.
    let seeds = "\"train.seed\" = [138, 603, 4481, 9007199254740993, 9223372036854775807]";
    sandbox.write("sweep.toml", &sweep_file("steps = 2", seeds));
    let run = sandbox.run(&["run", "sweep.toml", "--out", "run"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let rows = support::results(&sandbox.path("run"));
    let column = |name: &str| rows[0].iter().position(|c| c == name).unwrap();
    let (id, seed) = (column("cell_id"), column("train.seed"));
    for row in &rows[1..4] {
        assert!(row[id].parse::<f64>().is_ok(), "{} looks like a number", row[id]);
        assert!(sandbox.path("run/cells").join(&row[id]).is_dir());
    }
    let seeds: Vec<&str> = rows[1..].iter().map(|row| row[seed].as_str()).collect();
    assert_eq!(seeds[3..], ["9007199254740993", "9223372036854775807"]);
    // The table is read back: each row names the cell that its fields are.
    let known = ["reproduce", "5a", "--no-training", "--known", "run/results.csv"];
    let answer = sandbox.run(&known);
    assert_eq!(answer.code, Some(0), "{}", answer.stderr);
}
