//! A row of a table of measurements, and its file.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use superpose_files::disk::write_whole;
use superpose_toy::input;

/// One case, measured. An empty column was not measured or does not apply.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Day of the measurement, UTC, as year-month-day.
    pub date: String,
    /// Version of superpose.
    pub version: String,
    /// Git revision of superpose.
    pub revision: String,
    /// Version of burn.
    pub burn_version: String,
    /// Processor and number of cores.
    pub machine: String,
    /// Name of the definition.
    pub definition: String,
    /// Device label; `cpu` for the gram engine.
    pub device: String,
    /// Engine.
    pub engine: String,
    /// Cells trained at the same time.
    pub jobs: usize,
    /// Threads of each.
    pub threads: usize,
    /// Number of features.
    pub n_features: usize,
    /// Hidden width.
    pub d_hidden: usize,
    /// Samples in a batch.
    pub batch_size: usize,
    /// Frequency law, as in a sweep file.
    pub frequencies: String,
    /// Mean number of active features in a sample.
    pub activation_density: f64,
    /// Signed weight decay.
    pub weight_decay: f64,
    /// Steps that each cell made.
    pub steps: u64,
    /// `ok`; `wrong loss`; or `absent`, with nothing measured.
    pub status: Status,
    /// Median over rounds of a round's wall time over its steps, in milliseconds. With several jobs
    /// all of them make a step in this time.
    pub step_ms: Option<f64>,
    /// Median absolute deviation of that over rounds.
    pub step_ms_mad: Option<f64>,
    /// Steps of all cells over the whole wall time.
    pub steps_per_s: Option<f64>,
    /// That times the batch size.
    pub samples_per_s: Option<f64>,
    /// Operations in matrix products over the time they took on one core, in GFLOP/s; of an ensemble
    /// on a GPU, over all of its time.
    pub product_gflop_per_s: Option<f64>,
    /// Part of a core's time that went into matrix products.
    pub product_time_fraction: Option<f64>,
    /// Fastest large single-precision product on one core in the same run, in GFLOP/s; of a GPU, the
    /// multiply-adds that it makes from registers.
    pub peak_gflop_per_s: Option<f64>,
    /// Ratio of the two.
    pub share_of_peak: Option<f64>,
    /// Part of the time of an ensemble that was spent on waiting for batches to be drawn.
    #[serde(default)]
    pub host_wait_fraction: Option<f64>,
    /// Time of all kernels of a step by the GPU's own clock, in milliseconds, in a last round that is not in
    /// the columns above.
    #[serde(default)]
    pub kernels_ms: Option<f64>,
    /// Part of a step's time in which the GPU had nothing to do: 1 less the ratio of `kernels_ms` and `step_ms`.
    #[serde(default)]
    pub gpu_idle_fraction: Option<f64>,
    /// That of each kernel, in milliseconds of a step, the longest first.
    #[serde(default)]
    pub kernel_times: String,
    /// Memory of one cell beyond its parameters and Adam's memory of them, in megabytes.
    pub working_mb: Option<f64>,
    /// Mean loss of the last round, summed over features.
    pub loss: Option<f64>,
    /// What it should be.
    pub expected_loss: Option<f64>,
    /// Why nothing was measured; empty where something was.
    #[serde(default)]
    pub why_absent: String,
}

impl Row {
    /// The standard deviation of the time of a round's steps, in milliseconds, from the deviations about
    /// the median: 1.4826 of their median for a normal distribution.
    pub fn step_ms_sd(&self) -> Option<f64> {
        self.step_ms_mad.map(|deviation| 1.4826 * deviation)
    }
}

/// What came of a case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// Measured, with the loss that was expected if one was.
    #[serde(rename = "ok")]
    Ok,
    /// Measured, but its loss is not the expected one: a fast wrong answer is no result.
    #[serde(rename = "wrong loss")]
    WrongLoss,
    /// The device is not in this build, not on this machine, made of software, or failed.
    #[default]
    #[serde(rename = "absent")]
    Absent,
}

/// Why a file of measurements cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("cannot {what} `{path}`")]
pub struct RecordError {
    /// `read` or `write`.
    pub what: &'static str,
    /// The file.
    pub path: PathBuf,
    /// What stood in the way.
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// The rows of the file at `path`.
///
/// # Errors
/// [`RecordError`] when the file cannot be read or has other columns.
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>, RecordError> {
    let failed = |source| RecordError { what: "read", path: path.to_owned(), source };
    let text = input::read_text(path).map_err(|error| failed(error.into()))?;
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.deserialize().collect::<Result<_, _>>().map_err(|error: csv::Error| {
        let what = "it is no table of measurements, as `superpose bench` writes them with --out";
        failed(format!("{what} ({error})").into())
    })
}

/// Finds out before anything is measured whether rows can be added to the file at `path`.
///
/// # Errors
/// [`RecordError`] when it is a folder, or a file of another kind.
pub fn check<T: DeserializeOwned>(path: &Path) -> Result<(), RecordError> {
    let is_folder = path.is_dir() || path.as_os_str().to_string_lossy().ends_with(['/', '\\']);
    if is_folder {
        let source = "it is a folder, and must be a table, such as times.csv in it".into();
        return Err(RecordError { what: "write", path: path.to_owned(), source });
    }
    if path.exists() { read::<T>(path).map(|_| ()) } else { Ok(()) }
}

/// Adds `rows` to the file at `path`, which is made if it is not there.
///
/// # Errors
/// [`RecordError`] when the file cannot be written, or cannot be read as one of the same kind.
pub fn append<T: Serialize + DeserializeOwned>(path: &Path, rows: &[T]) -> Result<(), RecordError> {
    type Source = Box<dyn std::error::Error + Send + Sync>;
    let failed = |source: Source| RecordError { what: "write", path: path.to_owned(), source };
    let all: Vec<T> = if path.exists() { read(path)? } else { Vec::new() };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|e| failed(e.into()))?;
    }
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in all.iter().chain(rows) {
        writer.serialize(row).map_err(|e| failed(e.into()))?;
    }
    let content = writer.into_inner().map_err(|e| failed(e.into_error().into()))?;
    write_whole(path, &content).map_err(|e| failed(e.into()))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn row(d_hidden: usize, step_ms: Option<f64>) -> Row {
        Row {
            date: "2026-11-22".to_owned(),
            version: "0".to_owned(),
            revision: "r".to_owned(),
            burn_version: "0".to_owned(),
            machine: "m".to_owned(),
            definition: "d, with a comma".to_owned(),
            device: "cpu".to_owned(),
            engine: "gram".to_owned(),
            jobs: 1,
            threads: 1,
            n_features: 5,
            d_hidden,
            batch_size: 7,
            frequencies: r#"{ law = "power", exponent = 1.0 }"#.to_owned(),
            activation_density: 1.0,
            weight_decay: -1.0,
            steps: 9,
            status: if step_ms.is_some() { Status::Ok } else { Status::Absent },
            step_ms,
            ..Row::default()
        }
    }

    #[test]
    fn rows_are_added_to_those_there_are() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/records.csv");
        append(&path, &[row(1, Some(0.5)), row(2, None)]).unwrap();
        append(&path, &[row(3, Some(1.5))]).unwrap();
        assert_eq!(
            read::<Row>(&path).unwrap(),
            [row(1, Some(0.5)), row(2, None), row(3, Some(1.5))]
        );
    }

    #[test]
    fn rows_of_an_older_version_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("old.csv");
        append(&path, &[row(1, Some(0.5))]).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let old: String =
            text.lines().map(|line| format!("{}\n", line.rsplit_once(',').unwrap().0)).collect();
        assert!(!old.contains("why_absent"), "{old}");
        std::fs::write(&path, old).unwrap();
        assert_eq!(read::<Row>(&path).unwrap(), [row(1, Some(0.5))]);
    }

    #[test]
    fn what_cannot_be_written_to_is_found_out_before() {
        let folder = tempfile::tempdir().unwrap();
        for path in [folder.path().to_owned(), folder.path().join("new/")] {
            let error = check::<Row>(&path).unwrap_err();
            assert!(error.source.to_string().contains("it is a folder"), "{}", error.source);
        }
        assert!(check::<Row>(&folder.path().join("new.csv")).is_ok());
    }

    #[test]
    fn a_file_of_another_kind_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.csv");
        std::fs::write(&path, "a,b\n1,2\n").unwrap();
        let error = append(&path, &[row(1, None)]).unwrap_err();
        assert!(error.to_string().contains("notes.csv"));
        assert!(error.source.to_string().contains("no table of measurements"), "{}", error.source);
        assert!(check::<Row>(&path).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "a,b\n1,2\n");
    }
}
