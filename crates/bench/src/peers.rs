//! Programs of others, timed against ours in one run.
//!
//! A peer is a Python script that gets a cell as JSON and then makes as many steps as each line of
//! its input says (`benches/peers/toy.py` has the protocol). Peers and ours take turns, so that
//! whatever else the machine does falls on all of them alike.

use std::io::{BufRead as _, BufReader, Write as _};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use serde::{Deserialize, Serialize};
use superpose_device::NamedDevice;
use superpose_stats::summary::median_and_deviation;
use superpose_toy::cell::Cell;
use superpose_toy::engine::EngineKind;
use superpose_toy::prepared::Prepared;
use superpose_train::together::Place;

use crate::measure::{About, Work};

/// The scripts and their arguments; together they are a peer's name.
pub const PEERS: [(&str, &[&str]); 6] = [
    ("dense.py", &[]),
    ("dense.py", &["--compile"]),
    ("gram.py", &[]),
    ("batched.py", &[]),
    ("jax_dense.py", &[]),
    ("jax_gram.py", &[]),
];
/// The scripts themselves, by the names under which they find each other.
pub const SCRIPTS: &[(&str, &str)] = &[
    ("toy.py", include_str!("../../../benches/peers/toy.py")),
    ("on_torch.py", include_str!("../../../benches/peers/on_torch.py")),
    ("on_jax.py", include_str!("../../../benches/peers/on_jax.py")),
    ("dense.py", include_str!("../../../benches/peers/dense.py")),
    ("gram.py", include_str!("../../../benches/peers/gram.py")),
    ("batched.py", include_str!("../../../benches/peers/batched.py")),
    ("jax_dense.py", include_str!("../../../benches/peers/jax_dense.py")),
    ("jax_gram.py", include_str!("../../../benches/peers/jax_gram.py")),
];
/// How long a round of a peer takes, about, in seconds: long enough for it to find its caches again.
const PEER_ROUND_S: f64 = 0.5;
/// Steps that a peer makes before it is timed, which is when it compiles, and then to see how many
/// make a round.
const PEER_WARM_UP: [u64; 2] = [5, 10];

/// One peer on one cell, against ours.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PeerRow {
    /// Day of the measurement, UTC.
    pub date: String,
    /// Git revision of superpose.
    pub revision: String,
    /// Processor and number of cores.
    pub machine: String,
    /// Name of the definition.
    pub definition: String,
    /// The script and its arguments.
    pub peer: String,
    /// What it runs on, in its own words.
    pub peer_version: String,
    /// Number of features.
    pub n_features: usize,
    /// Hidden width.
    pub d_hidden: usize,
    /// Samples in a batch.
    pub batch_size: usize,
    /// Where both work.
    #[serde(default)]
    pub device: String,
    /// Cells that we train at the same time; the peer has all cores, or the GPU, for one.
    pub our_jobs: usize,
    /// Threads of each.
    pub our_threads: usize,
    /// Steps that each of our cells made, in equal rounds.
    pub our_steps: u64,
    /// Median over rounds of our wall time a step and cell, in milliseconds.
    pub our_step_ms: f64,
    /// Median absolute deviation of that.
    pub our_step_ms_mad: f64,
    /// Median over rounds of the peer's wall time a step and cell, in milliseconds.
    pub peer_step_ms: f64,
    /// Median absolute deviation of that.
    pub peer_step_ms_mad: f64,
    /// Median over rounds of the ratio of the two: how many times as fast we are.
    pub ratio: f64,
    /// The same ratio of the times of all rounds added up.
    pub ratio_of_totals: f64,
    /// Smallest ratio of a round.
    pub ratio_min: f64,
    /// Largest ratio of a round.
    pub ratio_max: f64,
}

/// Why peers cannot be timed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PeerError {
    /// The interpreter does not start.
    #[error("cannot start `{python}`; `--python` must name a Python that has PyTorch or JAX")]
    Start {
        /// The interpreter.
        python: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The script is not where it is looked for.
    #[error(
        "there is no `{0}`; `--scripts` must name a folder of peers' scripts, or be left out for our own"
    )]
    NoScript(PathBuf),
    /// The script has ended or answers something else.
    #[error("`{script}` should answer with seconds and loss, and answered `{answer}`")]
    Answer {
        /// The script.
        script: PathBuf,
        /// What came.
        answer: String,
    },
    /// No peer is left.
    #[error("no peer can be timed: {0}")]
    Absent(String),
    /// Our own side cannot begin or go on on the device.
    #[error("the ensemble of {0} cells does not run on the device")]
    Device(usize),
}

/// What is compared, and how.
#[derive(Debug)]
pub struct Plan<'a> {
    /// Pythons, one of which has `torch` and one `jax`; a peer runs on the first that has its library.
    pub pythons: &'a [PathBuf],
    /// The folder of the scripts.
    pub scripts: &'a Path,
    /// Rounds, at least 1.
    pub n_rounds: u64,
    /// What ours works on.
    pub ours: Ours,
    /// The peers to time, by name; all if there are none.
    pub only: &'a [String],
}

/// What our side of a comparison trains at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ours {
    /// One cell on each core.
    CellEach,
    /// One cell on all cores.
    OneCell,
    /// So many cells as an ensemble on the device, a GPU; peers work on it too.
    Ensemble(usize),
}

/// What a peer says: that it made its steps, or that it cannot.
#[derive(Deserialize)]
#[serde(untagged)]
enum Said {
    Absent { absent: String },
    Steps(Answer),
}

#[derive(Deserialize)]
struct Answer {
    seconds: f64,
    instances: f64,
    version: String,
}

struct Peer {
    name: String,
    script: PathBuf,
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

/// Times the peers on a cell.
///
/// # Errors
/// [`PeerError`]
pub fn against(
    prepared: &Prepared,
    device: &NamedDevice,
    plan: &Plan<'_>,
    about: &About,
    say: &mut dyn FnMut(&str),
) -> Result<Vec<PeerRow>, PeerError> {
    let cell = &prepared.cell;
    let (jobs, threads, peer_device) = match plan.ours {
        Ours::CellEach => (about.n_cores.get(), NonZeroUsize::MIN, "cpu"),
        Ours::OneCell => (1, about.n_cores, "cpu"),
        Ours::Ensemble(n_cells) => (n_cells, about.n_cores, "cuda"),
    };
    let fields = fields(cell, prepared.probabilities.as_slice(), about.n_cores, peer_device);
    let our_steps = cell.train.steps / plan.n_rounds;
    let client = match plan.ours {
        Ours::Ensemble(_) => device.client.clone(),
        Ours::CellEach | Ours::OneCell => None,
    };
    let (engine, device_of_burn) = (EngineKind::Gram, device.device.clone());
    let place = Place { engine, device: device_of_burn, client, n_threads: threads };
    let mut ours = Work::new(prepared, &place, jobs, our_steps).ok_or(PeerError::Device(jobs))?;
    let mut peers = Vec::new();
    let mut versions = Vec::new();
    let mut absent: Vec<String> = Vec::new();
    for (script, arguments) in PEERS {
        let name = [&[script], arguments].concat().join(" ");
        if !plan.only.is_empty() && !plan.only.contains(&name) {
            continue;
        }
        say(&format!("{name} begins (d = {})", cell.model.d_hidden));
        match Peer::start(plan, &name, script, arguments, &fields)? {
            Ok((mut peer, version)) => {
                let step_s = peer.make_steps(PEER_WARM_UP[1])?.seconds / PEER_WARM_UP[1] as f64;
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a few steps"
                )]
                let n_steps = (PEER_ROUND_S / step_s).ceil().max(4.0) as u64;
                versions.push(version);
                peers.push((peer, n_steps));
            }
            Err(why) => {
                say(&format!("{name} is left out: {why}"));
                absent.push(why);
            }
        }
    }
    if peers.is_empty() {
        absent.dedup();
        return Err(PeerError::Absent(absent.join("; ")));
    }
    let mut our_s = Vec::new();
    let mut peer_s = vec![Vec::new(); peers.len()];
    for _ in 0..plan.n_rounds {
        let begun = Instant::now();
        ours.round().ok_or(PeerError::Device(jobs))?;
        our_s.push(begun.elapsed().as_secs_f64() / (our_steps * jobs as u64) as f64);
        for ((peer, n_steps), times) in peers.iter_mut().zip(&mut peer_s) {
            let answer = peer.make_steps(*n_steps)?;
            times.push(answer.seconds / *n_steps as f64 / answer.instances);
        }
    }
    let rows = peers.iter().zip(&peer_s).zip(versions).map(|(((peer, _), times), peer_version)| {
        let ratios: Vec<f64> = times.iter().zip(&our_s).map(|(t, o)| t / o).collect();
        let (our_median, our_mad) = median_and_deviation(&our_s);
        let (peer_median, peer_mad) = median_and_deviation(times);
        PeerRow {
            date: about.date.clone(),
            revision: about.revision.clone(),
            machine: about.machine.clone(),
            definition: about.definition.clone(),
            peer: peer.name.clone(),
            peer_version,
            n_features: cell.model.n_features,
            d_hidden: cell.model.d_hidden,
            batch_size: cell.train.batch_size,
            device: device.name.clone(),
            our_jobs: jobs,
            our_threads: threads.get(),
            our_steps: our_steps * plan.n_rounds,
            our_step_ms: our_median * 1e3,
            our_step_ms_mad: our_mad * 1e3,
            peer_step_ms: peer_median * 1e3,
            peer_step_ms_mad: peer_mad * 1e3,
            ratio: median_and_deviation(&ratios).0,
            ratio_of_totals: times.iter().sum::<f64>() / our_s.iter().sum::<f64>(),
            ratio_min: ratios.iter().copied().fold(f64::INFINITY, f64::min),
            ratio_max: ratios.iter().copied().fold(0.0, f64::max),
        }
    });
    Ok(rows.collect())
}

/// The cell as the scripts read it.
fn fields(cell: &Cell, probabilities: &[f64], n_threads: NonZeroUsize, device: &str) -> String {
    serde_json::json!({
        "n_features": cell.model.n_features,
        "d_hidden": cell.model.d_hidden,
        "batch_size": cell.train.batch_size,
        "steps": cell.train.steps,
        "warmup_steps": cell.train.warmup_steps,
        "learning_rate": cell.train.learning_rate,
        "final_learning_rate_fraction": cell.train.final_learning_rate_fraction,
        "weight_decay": cell.train.weight_decay,
        "probabilities": probabilities,
        "threads": n_threads,
        "device": device,
    })
    .to_string()
}

impl Peer {
    /// The peer after its first steps, and its version, on the first Python that has what it needs; or why on none.
    fn start(
        plan: &Plan<'_>,
        name: &str,
        script: &str,
        arguments: &[&str],
        fields: &str,
    ) -> Result<Result<(Self, String), String>, PeerError> {
        let path = plan.scripts.join(script);
        if !path.is_file() {
            return Err(PeerError::NoScript(path));
        }
        let mut why = Vec::new();
        for python in plan.pythons {
            let mut peer = Self::on(python, name, &path, arguments, fields)?;
            match peer.say(PEER_WARM_UP[0])? {
                Said::Steps(answer) => return Ok(Ok((peer, answer.version))),
                Said::Absent { absent } => why.push(absent),
            }
        }
        Ok(Err(why.join(", ")))
    }

    fn on(
        python: &Path,
        name: &str,
        script: &Path,
        arguments: &[&str],
        fields: &str,
    ) -> Result<Self, PeerError> {
        let failed = |source| PeerError::Start { python: python.to_owned(), source };
        // The cell goes in as the first line: it is too long for an argument on some systems.
        let mut child = Command::new(python)
            .arg(script)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let mut input = child.stdin.take().expect("the input is piped");
        let output = BufReader::new(child.stdout.take().expect("the output is piped"));
        // A script that has ended already shows as an empty answer later on.
        let _ = writeln!(input, "{fields}");
        Ok(Self { name: name.to_owned(), script: script.to_owned(), child, input, output })
    }

    fn make_steps(&mut self, n_steps: u64) -> Result<Answer, PeerError> {
        match self.say(n_steps)? {
            Said::Steps(answer) => Ok(answer),
            Said::Absent { absent } => Err(self.unexpected(&absent)),
        }
    }

    fn say(&mut self, n_steps: u64) -> Result<Said, PeerError> {
        let mut said = String::new();
        // A script that has ended shows as an empty answer.
        let _ = writeln!(self.input, "{n_steps}").and_then(|()| self.input.flush());
        let _ = self.output.read_line(&mut said);
        serde_json::from_str(&said).map_err(|_| self.unexpected(&said))
    }

    fn unexpected(&self, said: &str) -> PeerError {
        PeerError::Answer { script: self.script.clone(), answer: said.trim().to_owned() }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
