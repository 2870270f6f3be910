//! The right to a cell where the file system has no locks, or each host has its own: a file that only one process can
//! make, and that its owner writes again every few seconds.
//!
//! Whether an owner is alive is told by the file system's own clock: the time of its last beat, beside that of a file
//! that has just been written. So the clocks of hosts are not compared. An owner that is stopped for longer than
//! [`DEAD_AFTER`] counts as dead, and another trains its cell a second time; whoever is done first is kept. That is the
//! worst that can happen.

use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use superpose_files::sums::sha256;

use crate::lease::{readable, us};

/// How often an owner shows that it is alive.
const BEAT: Duration = Duration::from_secs(5);
/// Without a beat for so long an owner counts as dead; network file systems tell a minute late of what others write.
const DEAD_AFTER: Duration = Duration::from_secs(90);
/// Bytes of a claim that are read at most.
const MOST_BYTES: u64 = 500;

/// A claim that is ours, until it is dropped.
#[derive(Debug)]
pub(crate) struct Beating {
    path: PathBuf,
    content: String,
}

/// What came of asking.
pub(crate) enum Claim {
    Ours(Beating),
    /// What the owner wrote of itself.
    Theirs(String),
}

/// The claims of this process, and whether there is a thread that keeps them alive.
static BEATS: Mutex<Beats> = Mutex::new(Beats { all: Vec::new(), is_beating: false });
/// Is told when they change.
static CHANGED: Condvar = Condvar::new();
/// Counts claims.
static COUNT: AtomicU64 = AtomicU64::new(0);

struct Beats {
    /// Where each is, and its content.
    all: Vec<(PathBuf, String)>,
    is_beating: bool,
}

fn beats() -> MutexGuard<'static, Beats> {
    BEATS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sixteen digits that nobody else has.
pub(crate) fn token() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    sha256(format!("{} {count} {}", us(), now.as_nanos()).as_bytes())[..16].to_owned()
}

/// Asks for the file at `path`, whose owner counts as dead after `dead_after` without a beat.
pub(crate) fn claim(path: &Path) -> io::Result<Claim> {
    claim_from(path, DEAD_AFTER)
}

fn claim_from(path: &Path, dead_after: Duration) -> io::Result<Claim> {
    let content = format!("{}\n{}\n", us(), token());
    for _ in 0..2 {
        match OpenOptions::new().write(true).create_new(true).open(path) {
            Ok(mut file) => {
                if let Err(error) = file.write_all(content.as_bytes()) {
                    let _ = fs::remove_file(path);
                    return Err(error);
                }
                drop(file);
                return Ok(Claim::Ours(Beating::new(path, content)));
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
        let Some(seen) = read_claim(path)? else { continue };
        if !is_dead(path, dead_after)? || !take_away(path, &seen)? {
            return Ok(Claim::Theirs(first_line(&seen)));
        }
    }
    // Others are faster.
    Ok(Claim::Theirs(read_claim(path)?.map(|seen| first_line(&seen)).unwrap_or_default()))
}

/// Who has the file at `path`, if anybody does who is alive.
pub(crate) fn holder(path: &Path) -> Option<String> {
    let seen = read_claim(path).ok()??;
    let is_dead = is_dead(path, DEAD_AFTER).unwrap_or(false);
    (!is_dead).then(|| first_line(&seen))
}

/// What an owner wrote; nothing when the file is gone.
fn read_claim(path: &Path) -> io::Result<Option<String>> {
    if fs::symlink_metadata(path).is_ok_and(|found| !found.is_file()) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is a link, or no file"));
    }
    let mut bytes = Vec::new();
    match fs::File::open(path).and_then(|file| file.take(MOST_BYTES).read_to_end(&mut bytes)) {
        Ok(_) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn first_line(content: &str) -> String {
    readable(content.lines().next().unwrap_or_default())
}

/// Whether the last beat of the file at `path` is so long ago, by the clock of its file system.
fn is_dead(path: &Path, dead_after: Duration) -> io::Result<bool> {
    let last = match fs::metadata(path).and_then(|found| found.modified()) {
        Ok(last) => last,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    let clock = path.with_extension(format!("{}.clock", token()));
    let now =
        fs::write(&clock, "now").and_then(|()| fs::metadata(&clock)).and_then(|m| m.modified());
    let _ = fs::remove_file(&clock);
    Ok(now?.duration_since(last).is_ok_and(|since| since > dead_after))
}

/// Takes the file of a dead owner, which was `seen` so, out of the way. `false` when another has been faster.
fn take_away(path: &Path, seen: &str) -> io::Result<bool> {
    if read_claim(path)?.as_deref() != Some(seen) {
        return Ok(false);
    }
    let aside = path.with_extension(format!("{}.dead", token()));
    match fs::rename(path, &aside) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    }
    let is_it = read_claim(&aside)?.as_deref() == Some(seen);
    if !is_it {
        // Another has made a new one since. It gets it back, unless a third has come.
        let _ = fs::hard_link(&aside, path);
    }
    fs::remove_file(&aside)?;
    Ok(is_it)
}

impl Beating {
    fn new(path: &Path, content: String) -> Self {
        let mut beats = beats();
        beats.all.push((path.to_owned(), content.clone()));
        if !beats.is_beating {
            beats.is_beating = true;
            std::thread::spawn(beat);
        }
        Self { path: path.to_owned(), content }
    }
}

impl Drop for Beating {
    fn drop(&mut self) {
        let mut beats = beats();
        beats.all.retain(|(path, content)| (path, content) != (&self.path, &self.content));
        CHANGED.notify_all();
        drop(beats);
        // Another may have it by now, for whom we are dead.
        if read_claim(&self.path).is_ok_and(|found| found.as_ref() == Some(&self.content)) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Keeps all claims of this process alive, as long as there are any.
fn beat() {
    let mut now = beats();
    while !now.all.is_empty() {
        now = CHANGED.wait_timeout(now, BEAT).unwrap_or_else(PoisonError::into_inner).0;
        let all = now.all.clone();
        drop(now);
        for (path, content) in all {
            // Written again, and not only touched: so it is the file system that looks at its clock.
            if read_claim(&path).is_ok_and(|found| found.as_ref() == Some(&content))
                && let Ok(mut file) = OpenOptions::new().write(true).open(&path)
            {
                let _ = file.write_all(content.as_bytes());
            }
        }
        now = beats();
    }
    now.is_beating = false;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let name =
            |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
        fs::read_dir(folder).unwrap().map(name).collect()
    }

    #[test]
    fn one_owner_at_a_time_and_none_once_it_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cell.claim");
        assert_eq!(holder(&path), None);
        let Claim::Ours(ours) = claim(&path).unwrap() else { panic!("nobody else is here") };
        let Claim::Theirs(who) = claim(&path).unwrap() else { panic!("it is taken") };
        assert_eq!(
            (Some(who), names(folder.path())),
            (holder(&path), vec!["cell.claim".to_owned()])
        );
        assert_eq!(holder(&path), Some(us()));
        drop(ours);
        assert_eq!((holder(&path), names(folder.path())), (None, vec![]));
        assert!(matches!(claim(&path).unwrap(), Claim::Ours(_)));
    }

    #[test]
    fn the_claim_of_the_dead_is_taken_over_and_they_leave_it_alone_should_they_live() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cell.claim");
        let Claim::Ours(first) = claim(&path).unwrap() else { panic!() };
        std::thread::sleep(Duration::from_millis(50));
        let at_once = Duration::from_millis(10);
        let Claim::Ours(second) = claim_from(&path, at_once).unwrap() else { panic!("it is dead") };
        drop(first);
        assert_eq!(read_claim(&path).unwrap().as_ref(), Some(&second.content));
        assert_eq!(names(folder.path()), ["cell.claim"]);
        drop(second);
        assert!(names(folder.path()).is_empty());
    }

    #[test]
    fn who_beats_is_alive() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cell.claim");
        let Claim::Ours(ours) = claim(&path).unwrap() else { panic!() };
        let before = fs::metadata(&path).unwrap().modified().unwrap();
        std::thread::sleep(Duration::from_millis(30));
        // Whatever changes, there is a beat.
        CHANGED.notify_all();
        std::thread::sleep(Duration::from_millis(200));
        assert!(fs::metadata(&path).unwrap().modified().unwrap() > before);
        assert_eq!(read_claim(&path).unwrap().as_ref(), Some(&ours.content));
    }

    #[test]
    fn what_another_has_made_meanwhile_is_given_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cell.claim");
        fs::write(&path, "another").unwrap();
        assert!(!take_away(&path, "the dead").unwrap());
        assert_eq!(
            (fs::read_to_string(&path).unwrap().as_str(), names(folder.path()).len()),
            ("another", 1)
        );
        assert!(take_away(&path, "another").unwrap() && names(folder.path()).is_empty());
        assert!(!take_away(&path, "another").unwrap());
    }

    #[test]
    fn of_many_who_ask_at_once_one_gets_it_or_two_at_worst() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cell.claim");
        fs::write(&path, "dead").unwrap();
        std::thread::sleep(Duration::from_millis(30));
        let ask = || claim_from(&path, Duration::from_millis(20)).unwrap();
        let all: Vec<Claim> = std::thread::scope(|scope| {
            let asking: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
            asking.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let n_ours = all.iter().filter(|claim| matches!(claim, Claim::Ours(_))).count();
        assert!((1..=2).contains(&n_ours), "{n_ours}");
        assert_eq!(names(folder.path()), ["cell.claim"]);
    }
}
