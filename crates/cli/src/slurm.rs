//! The job of Slurm's that this may be.

use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, bail};

/// What is left free at the end of a job, for checkpoints to be written, unless that is more than a tenth of it.
const MARGIN: Duration = Duration::from_secs(60);

/// How long a training may take here: to the end of this job, less what it takes to end in order. As good as for
/// ever where jobs have no end.
///
/// # Errors
/// When this is no job, or nobody says when it ends.
pub(crate) fn time_left() -> anyhow::Result<Duration> {
    let Ok(job) = std::env::var("SLURM_JOB_ID") else {
        bail!(
            "`--until slurm`: this is no job of Slurm's (there is no SLURM_JOB_ID); give a time, such as `--until 55m`"
        );
    };
    let left = match std::env::var("SLURM_JOB_END_TIME").ok().and_then(|end| end.parse().ok()) {
        Some(end_s) => {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            Duration::from_secs(end_s).saturating_sub(now)
        }
        None => asked(&job)?,
    };
    Ok(left - MARGIN.min(left / 10))
}

/// The time that a job has left, as `squeue` says it.
fn asked(job: &str) -> anyhow::Result<Duration> {
    let asked = Command::new("squeue").args(["-h", "-o", "%L", "-j", job]).output();
    let output = asked.context("`--until slurm`: `squeue` cannot be asked when this job ends")?;
    let said = String::from_utf8_lossy(&output.stdout);
    let left = said.lines().next().and_then(|line| parsed(line.trim()));
    left.with_context(|| {
        format!(
            "`--until slurm`: `squeue -o %L -j {job}` does not say when this job ends, but `{}`",
            said.trim()
        )
    })
}

/// A time as Slurm writes it: `1-02:03:04`, `02:03:04`, `03:04`, or `UNLIMITED`.
fn parsed(text: &str) -> Option<Duration> {
    if text == "UNLIMITED" {
        return Some(Duration::MAX);
    }
    let (days, clock) = text.split_once('-').unwrap_or(("0", text));
    let mut parts = clock.rsplit(':').map(|part| part.parse::<u64>().ok());
    let [seconds, minutes] = [parts.next()??, parts.next()??];
    let hours = parts.next().unwrap_or(Some(0))?;
    let days = days.parse::<u64>().ok()?;
    if parts.next().is_some() {
        return None;
    }
    let hours = days.checked_mul(24)?.checked_add(hours)?;
    Some(Duration::from_secs(
        hours.checked_mul(3600)?.checked_add(minutes.checked_mul(60)?)? + seconds,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_slurm_writes_them() {
        for (text, seconds) in [
            ("1-02:03:04", Some(93_784)),
            ("02:03:04", Some(7_384)),
            ("03:04", Some(184)),
            ("0:00", Some(0)),
            ("INVALID", None),
            ("", None),
            ("1:2:3:4", None),
            ("x-1:00", None),
        ] {
            assert_eq!(parsed(text), seconds.map(Duration::from_secs), "{text}");
        }
        assert_eq!(parsed("UNLIMITED"), Some(Duration::MAX));
    }
}
