//! A folder of its own for each test, and the real binary in it.

#![allow(clippy::unwrap_used, reason = "a test may fail")]
#![allow(dead_code, unreachable_pub, reason = "a module of each test, which uses its part")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

use superpose_files::table::Table;

pub struct Sandbox {
    folder: tempfile::TempDir,
}

/// What the binary answered.
pub struct Answer {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// A sweep file of tiny cells: `train` lines, then a `[sweep]` table.
pub fn sweep_file(train: &str, sweep: &str) -> String {
    format!(
        "schema = 1\nname = \"tiny\"\n[model]\nn_features = 20\nd_hidden = 3\n[data]\n\
         frequencies = {{ law = \"power\", exponent = 1.0 }}\n[train]\nweight_decay = -1.0\n\
         batch_size = 32\ntest_batches = 5\nlog_every = 50\n{train}\n[sweep]\n{sweep}\n"
    )
}

impl Sandbox {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, content: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// The binary with `arguments`, to be started in this folder.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_superpose"));
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        // Wide enough for all columns of a table.
        command.env("COLUMNS", "400");
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Answer {
        answer(&mut self.command(arguments))
    }
}

pub fn answer(command: &mut Command) -> Answer {
    let output = command.output().unwrap();
    Answer {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The command was refused with this exit code and all these words, and without the traces of a panic.
pub fn assert_refused(answer: &Answer, code: i32, parts: &[&str]) {
    assert_eq!(answer.code, Some(code), "{}", answer.stderr);
    for part in parts {
        assert!(answer.stderr.contains(part), "`{part}` is missing in: {}", answer.stderr);
    }
    for word in ["panicked", "backtrace", "RUST_BACKTRACE"] {
        assert!(!answer.stderr.contains(word), "{}", answer.stderr);
    }
}

/// The rows of `results.csv`, without what may differ between runs: the wall time and the hour.
pub fn results(run: &Path) -> Vec<Vec<String>> {
    let table = Table::from_csv("results", &fs::read(run.join("results.csv")).unwrap()).unwrap();
    let names: Vec<String> = table.columns.iter().map(|column| column.name.clone()).collect();
    let differs = |i: usize| ["wall_s", "finished_unix_s"].contains(&names[i].as_str());
    let keep = |row: Vec<String>| {
        row.into_iter().enumerate().filter(|(i, _)| !differs(*i)).map(|(_, field)| field).collect()
    };
    let rows = table.rows.iter().map(|row| row.iter().map(ToString::to_string).collect());
    std::iter::once(names.clone()).chain(rows).map(keep).collect()
}

/// A finished cell's weights, and when its record was written.
pub type Kept = (Vec<u8>, SystemTime);

/// The finished cells of a run.
pub fn finished(run: &Path) -> BTreeMap<String, Kept> {
    let Ok(cells) = fs::read_dir(run.join("cells")) else { return BTreeMap::new() };
    cells
        .map(|cell| cell.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), path))
        .filter(|(name, _)| !name.starts_with('.'))
        .map(|(name, path)| {
            let written = fs::metadata(path.join("record.json")).unwrap().modified().unwrap();
            (name, (fs::read(path.join("weights.safetensors")).unwrap(), written))
        })
        .collect()
}
