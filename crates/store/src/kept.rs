//! What the folder of a cell holds, and whether it is what was written.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;
use superpose_files::disk::{at, check_is_file, read};
use superpose_files::sums::{Mismatch, Sums, TRIES, sha256};
use superpose_toy::cell::CellId;
use superpose_toy::trained::{CurvePoint, Outcome, Snapshot, Weights};

use crate::folder::{Store, StoreError};
use crate::record::{RECORD_VERSION, Record};
use crate::snapshots_file::snapshots;
use crate::weights_file::{Model, check_length, model};

/// The files of a cell's folder.
pub(crate) const RECORD: &str = "record.json";
pub(crate) const CURVE: &str = "curve.csv";
pub(crate) const WEIGHTS: &str = "weights.safetensors";
pub(crate) const SNAPSHOTS: &str = "snapshots.safetensors";

/// How closely a cell's files are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Care {
    /// All that tables are made of; of the weights only how long they are.
    Tables,
    /// The weights too, which may be large.
    Everything,
}

/// What there is of a cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// No record.
    Nothing,
    /// A record, with its curve.
    Kept(Box<Kept>),
    /// Files that are not what was written.
    Damaged(Damage),
}

/// A finished cell.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// What became of it.
    pub record: Record,
    /// Its loss curve; empty when only its record was taken over from elsewhere.
    pub curve: Vec<CurvePoint>,
    /// Whether its weights are there.
    pub weights: Presence,
    /// To ask for its place.
    pub seen: Seen,
}

/// Whether the weights of a cell are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// They are.
    There,
    /// They never were: the cell was not trained to the end, or not here.
    Never,
    /// They were removed.
    Gone,
}

/// Files of a cell that are not what was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The cell.
    pub cell_id: CellId,
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub problem: String,
    /// To ask for its place.
    pub seen: Seen,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.path.display(), self.problem)
    }
}

/// A finished cell as it was when it was looked at. Who wants to train it again says so with this, so that what
/// another process has meanwhile put in its place stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen(Option<String>);

impl Store {
    /// What there is of a cell.
    ///
    /// # Errors
    /// [`StoreError::Disk`] when files cannot be read that may be whole.
    pub fn look(&self, id: &CellId, care: Care) -> Result<Found, StoreError> {
        for _ in 1..TRIES {
            match self.look_once(id, care)? {
                Found::Damaged(_) => {}
                found => return Ok(found),
            }
        }
        self.look_once(id, care)
    }

    fn look_once(&self, id: &CellId, care: Care) -> Result<Found, StoreError> {
        if !self.has_place(id) {
            return Ok(Found::Nothing);
        }
        let seen = self.seen(id);
        match self.kept(id, care, seen.clone()) {
            Ok(kept) => Ok(Found::Kept(Box::new(kept))),
            // It was removed while it was looked at.
            Err(_) if !self.has_place(id) => Ok(Found::Nothing),
            Err(StoreError::Content { path, problem, .. }) => {
                Ok(Found::Damaged(Damage { cell_id: id.clone(), path, problem, seen }))
            }
            Err(error) => Err(error),
        }
    }

    fn kept(&self, id: &CellId, care: Care, seen: Seen) -> Result<Kept, StoreError> {
        let folder = self.cell_folder(id);
        if !folder.is_dir() {
            return Err(damaged(&folder, "it is no folder"));
        }
        let sums = self.sums(id)?;
        let record = self.read_record(id, sums.as_ref())?;
        let curve = self.read_curve(id, sums.as_ref())?;
        let weights_path = folder.join(WEIGHTS);
        let is_there = fs::symlink_metadata(&weights_path).is_ok();
        let is_completed = record.outcome == Outcome::Completed;
        let weights = match &sums {
            _ if is_there => Presence::There,
            Some(sums) if sums.lists(WEIGHTS) => Presence::Gone,
            // A record that was taken over has no curve.
            None if is_completed && !curve.is_empty() => Presence::Gone,
            _ => Presence::Never,
        };
        check_curve(&record, &curve, weights).map_err(|p| damaged(&folder.join(CURVE), p))?;
        if weights == Presence::There {
            check_length(&weights_path, &record.cell).map_err(|e| unreadable(&weights_path, e))?;
            if care == Care::Everything {
                self.read_model(id, sums.as_ref())?;
                self.read_snapshots(id, sums.as_ref())?;
            }
        }
        Ok(Kept { record, curve, weights, seen })
    }

    /// The record of a finished cell.
    ///
    /// # Errors
    /// [`StoreError::Content`] when the file is not what was written, or is another cell's.
    pub fn record(&self, id: &CellId) -> Result<Record, StoreError> {
        self.read_again(id, |sums| self.read_record(id, sums))
    }

    /// The loss curve of a finished cell.
    ///
    /// # Errors
    /// [`StoreError::Content`] when the file is not what was written.
    pub fn curve(&self, id: &CellId) -> Result<Vec<CurvePoint>, StoreError> {
        self.read_again(id, |sums| self.read_curve(id, sums))
    }

    /// The model of a cell that was trained here to the end; `None` when its weights are not there.
    ///
    /// # Errors
    /// [`StoreError::Content`] when the file is not what was written, or is another cell's.
    pub fn model(&self, id: &CellId) -> Result<Option<Model>, StoreError> {
        if !self.has_weights(id) {
            return Ok(None);
        }
        self.read_again(id, |sums| self.read_model(id, sums)).map(Some)
    }

    /// The probabilities `p` of a cell that was trained here to the end, from its weights file.
    ///
    /// # Errors
    /// As for [`Store::model`]; also when there is no such file.
    pub fn probabilities(&self, id: &CellId) -> Result<Vec<f64>, StoreError> {
        let model = self.model(id)?.map(|model| model.probabilities);
        model.ok_or_else(|| damaged(&self.cell_folder(id).join(WEIGHTS), "it is not there"))
    }

    /// The weights of a cell that was trained here to the end; `None` when they are not there.
    ///
    /// # Errors
    /// As for [`Store::model`].
    pub fn weights(&self, id: &CellId) -> Result<Option<Weights>, StoreError> {
        Ok(self.model(id)?.map(|model| model.weights))
    }

    /// The model of a cell at the moments of its training at which it was kept, in order; none when it was not, or
    /// the file was removed.
    ///
    /// # Errors
    /// As for [`Store::model`].
    pub fn snapshots(&self, id: &CellId) -> Result<Vec<Snapshot>, StoreError> {
        self.read_again(id, |sums| self.read_snapshots(id, sums))
    }

    /// Damage to the weights of a cell that only shows beside something else.
    pub fn damaged_weights(&self, id: CellId, problem: &str, seen: Seen) -> Damage {
        let path = self.cell_folder(&id).join(WEIGHTS);
        Damage { cell_id: id, path, problem: format!("is damaged: {problem}"), seen }
    }

    /// Whether the weights of a cell are there.
    pub fn has_weights(&self, id: &CellId) -> bool {
        fs::symlink_metadata(self.cell_folder(id).join(WEIGHTS)).is_ok()
    }

    /// A cell as it is now, for [`Store::claim_anew`].
    pub(crate) fn seen(&self, id: &CellId) -> Seen {
        Seen(read(&self.cell_folder(id).join(RECORD)).ok().map(|bytes| sha256(&bytes)))
    }

    /// Whether anything is where the folder of a cell belongs.
    pub(crate) fn has_place(&self, id: &CellId) -> bool {
        fs::symlink_metadata(self.cell_folder(id)).is_ok()
    }

    /// Reads until it is not damaged, a few times.
    fn read_again<T>(
        &self,
        id: &CellId,
        read: impl Fn(Option<&Sums>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let once = || read(self.sums(id)?.as_ref());
        for _ in 1..TRIES {
            match once() {
                Err(StoreError::Content { .. }) => {}
                read => return read,
            }
        }
        once()
    }

    /// The digests of a cell's files; none when an older version has written them.
    fn sums(&self, id: &CellId) -> Result<Option<Sums>, StoreError> {
        let folder = self.cell_folder(id);
        Sums::read(&folder).map_err(|e| unreadable(&folder.join(superpose_files::sums::NAME), e))
    }

    fn read_record(&self, id: &CellId, sums: Option<&Sums>) -> Result<Record, StoreError> {
        let (path, bytes) = self.file(id, RECORD, sums)?;
        let record = parse_record(&bytes).map_err(|problem| damaged(&path, problem))?;
        let found = record.cell.id();
        if record.cell_id != *id || found != *id {
            return Err(damaged(&path, format!("it is the record of the cell {found}")));
        }
        Ok(record)
    }

    fn read_curve(&self, id: &CellId, sums: Option<&Sums>) -> Result<Vec<CurvePoint>, StoreError> {
        let (path, bytes) = self.file(id, CURVE, sums)?;
        parse_curve(&bytes).map_err(|problem| damaged(&path, problem))
    }

    fn read_model(&self, id: &CellId, sums: Option<&Sums>) -> Result<Model, StoreError> {
        let (path, bytes) = self.file(id, WEIGHTS, sums)?;
        model(&bytes, id).map_err(|error| unreadable(&path, error))
    }

    fn read_snapshots(
        &self,
        id: &CellId,
        sums: Option<&Sums>,
    ) -> Result<Vec<Snapshot>, StoreError> {
        if fs::symlink_metadata(self.cell_folder(id).join(SNAPSHOTS)).is_err() {
            return Ok(Vec::new());
        }
        let (path, bytes) = self.file(id, SNAPSHOTS, sums)?;
        snapshots(&bytes, id).map_err(|error| unreadable(&path, error))
    }

    /// The path and the content of a cell's file, which is what was written if there are digests.
    fn file(
        &self,
        id: &CellId,
        name: &str,
        sums: Option<&Sums>,
    ) -> Result<(PathBuf, Vec<u8>), StoreError> {
        let path = self.cell_folder(id).join(name);
        check_is_file(&path).map_err(|e| unreadable(&path, e))?;
        let bytes = read(&path).map_err(|e| unreadable(&path, e))?;
        let checked = sums.map_or(Ok(()), |sums| sums.check(name, &sha256(&bytes)));
        match checked {
            Ok(()) => Ok((path, bytes)),
            // What a reader would say of it is better, if it says anything.
            Err(mismatch) => Err(damaged(&path, self.in_other_words(name, &bytes, &mismatch))),
        }
    }

    /// What is wrong with a file whose digest is another, more to the point where its content says it.
    fn in_other_words(&self, name: &str, bytes: &[u8], mismatch: &Mismatch) -> String {
        let said = match name {
            RECORD => parse_record(bytes).err(),
            CURVE => parse_curve(bytes).err(),
            _ => None,
        };
        said.unwrap_or_else(|| mismatch.to_string())
    }
}

/// The version of a record.
#[derive(Deserialize)]
struct Version {
    #[serde(default)]
    record_version: Value,
}

/// A record, from the content of a file.
pub(crate) fn parse_record(bytes: &[u8]) -> Result<Record, String> {
    let version: Version = serde_json::from_slice(bytes).map_err(|e| e.to_string())?;
    let version = version.record_version;
    if !(1..=RECORD_VERSION.into()).contains(&version.as_u64().unwrap_or(0)) {
        return Err(format!("record_version must be 1 to {RECORD_VERSION}, got {version}"));
    }
    // Read by its fields, so that one that stands there twice is refused.
    serde_json::from_slice(bytes).map_err(|e| e.to_string())
}

/// The first line of a curve.
const HEADER: &str = "step,loss";

/// A curve as it is written.
pub(crate) fn curve_text(curve: &[CurvePoint]) -> String {
    let lines = curve.iter().map(|point| format!("{},{}\n", point.step, point.loss));
    std::iter::once(format!("{HEADER}\n")).chain(lines).collect()
}

/// A curve, from the content of a file.
fn parse_curve(bytes: &[u8]) -> Result<Vec<CurvePoint>, String> {
    let text = std::str::from_utf8(bytes).map_err(|e| e.to_string())?;
    let mut lines = text.lines().enumerate();
    match lines.next() {
        Some((_, HEADER)) => {}
        other => {
            let line = other.map_or("", |(_, line)| line);
            return Err(format!("line 1 must be `{HEADER}`, got `{line}`"));
        }
    }
    if !text.ends_with('\n') {
        return Err("its last line is cut off".to_owned());
    }
    let point = |(number, line): (usize, &str)| {
        let fields = line.split_once(',');
        let point = fields.and_then(|(step, loss)| {
            Some(CurvePoint { step: step.parse().ok()?, loss: loss.parse().ok()? })
        });
        point.ok_or_else(|| format!("line {} must be a step and a loss, got `{line}`", number + 1))
    };
    lines.map(point).collect()
}

/// Sees that a curve goes as far as its cell was trained.
fn check_curve(record: &Record, curve: &[CurvePoint], weights: Presence) -> Result<(), String> {
    if record.outcome != Outcome::Completed || (curve.is_empty() && weights == Presence::Never) {
        return Ok(());
    }
    let (steps, log_every) = (record.cell.train.steps, record.cell.train.log_every);
    let expected = (1..).map(|i: u64| steps.min(i.saturating_mul(log_every)));
    let n_expected = steps.div_ceil(log_every.max(1));
    if curve.len() as u64 != n_expected
        || !curve.iter().map(|p| p.step).eq(expected.take(curve.len()))
    {
        let points = curve.len();
        return Err(format!(
            "it has {points} points and should have {n_expected}, up to step {steps}"
        ));
    }
    Ok(())
}

const RETRAIN: &str = "`superpose run` with its sweep file trains this cell anew";

/// The error of a cell's file with a problem.
pub(crate) fn damaged(path: &Path, problem: impl fmt::Display) -> StoreError {
    let problem = format!("is damaged: {problem}");
    StoreError::Content { path: path.to_owned(), problem, advice: RETRAIN }
}

/// The error of a cell's file that cannot be read: damage, unless it may be whole.
fn unreadable(path: &Path, error: io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::NotFound => damaged(path, "it is not there"),
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => damaged(path, error),
        _ => at("read", path)(error).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planted::{GOLDEN, curve, golden, small, store, weights, write};
    use superpose_files::sums::NAME as SUMS;
    use superpose_toy::prepared::Features;

    /// A folder with the cell of [`small`].
    fn kept() -> (tempfile::TempDir, Store, CellId) {
        let folder = tempfile::tempdir().unwrap();
        let record = small(0);
        let store = store(folder.path(), std::slice::from_ref(&record));
        write(&store, &record);
        (folder, store, record.cell_id)
    }

    /// The problem that is found, if any.
    fn problem(store: &Store, id: &CellId, care: Care) -> Option<String> {
        match store.look(id, care).unwrap() {
            Found::Damaged(damage) => {
                assert_eq!(damage.cell_id, *id);
                Some(damage.to_string())
            }
            Found::Kept(_) => None,
            Found::Nothing => panic!("it is there"),
        }
    }

    #[test]
    fn what_is_whole_is_found() {
        let (_folder, store, id) = kept();
        for care in [Care::Tables, Care::Everything] {
            let Found::Kept(kept) = store.look(&id, care).unwrap() else { panic!("it is whole") };
            assert_eq!((kept.record, kept.curve), (small(0), curve()));
            assert_eq!((kept.weights, kept.seen), (Presence::There, store.seen(&id)));
        }
        let other = small(1).cell_id;
        assert_eq!(store.look(&other, Care::Everything).unwrap(), Found::Nothing);
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let (_folder, store, id) = kept();
        let mut state = 1_u32;
        let mut random = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as usize
        };
        for (name, care) in [
            (RECORD, Care::Tables),
            (CURVE, Care::Tables),
            (WEIGHTS, Care::Everything),
            (SUMS, Care::Tables),
        ] {
            let path = store.cell_folder(&id).join(name);
            let whole = fs::read(&path).unwrap();
            let places: Vec<usize> = match whole.len() {
                few if few < 300 => (0..few).collect(),
                many => (0..300).map(|_| random() % many).collect(),
            };
            for at in places {
                let mut other = whole.clone();
                other[at] ^= 1 << (random() % 8);
                fs::write(&path, &other).unwrap();
                // A name that the list no longer has is that of weights, which are then not looked at.
                let care = if name == SUMS { Care::Everything } else { care };
                assert!(problem(&store, &id, care).is_some(), "byte {at} of {name}");
            }
            fs::write(&path, &whole).unwrap();
            assert_eq!(problem(&store, &id, Care::Everything), None);
        }
    }

    #[test]
    fn of_damage_the_content_says_what_it_can_and_the_digest_the_rest() {
        let (_folder, store, id) = kept();
        let file = |name: &str| store.cell_folder(&id).join(name);
        let whole = [RECORD, CURVE].map(|name| fs::read_to_string(file(name)).unwrap());
        for (name, whole, damaged, said) in [
            (RECORD, &whole[0], whole[0][..100].to_owned(), "EOF while parsing"),
            (RECORD, &whole[0], whole[0].replace("\"wall_s\": ", "\"wall_s\": 1"), "SHA256SUMS"),
            (CURVE, &whole[1], whole[1].replace("step", "stop"), "line 1 must be `step,loss`"),
            (CURVE, &whole[1], whole[1].replace("\n1", "\n2"), "SHA256SUMS"),
        ] {
            assert_ne!(damaged, *whole, "{name}");
            fs::write(file(name), damaged).unwrap();
            let problem = problem(&store, &id, Care::Tables).unwrap();
            assert!(problem.contains(said), "{said}: {problem}");
            fs::write(file(name), whole).unwrap();
        }
    }

    #[test]
    fn gross_damage_is_named_also_without_digests() {
        let (_folder, store, id) = kept();
        let folder = store.cell_folder(&id);
        let sums = fs::read(folder.join(SUMS)).unwrap();
        for with_sums in [true, false] {
            if !with_sums {
                fs::remove_file(folder.join(SUMS)).unwrap();
            }
            for (name, care) in
                [(RECORD, Care::Tables), (CURVE, Care::Tables), (WEIGHTS, Care::Tables)]
            {
                let path = folder.join(name);
                let whole = fs::read(&path).unwrap();
                let middle = whole.len() / 2;
                // The last byte of a record ends its line, and says nothing.
                let cut = if name == RECORD { 2 } else { 1 };
                for content in [&b""[..], &whole[..middle], &whole[..whole.len() - cut]] {
                    fs::write(&path, content).unwrap();
                    let said = problem(&store, &id, care).unwrap();
                    assert!(said.contains(name) && said.contains("is damaged"), "{said}");
                }
                fs::write(&path, vec![0; whole.len()]).unwrap();
                assert!(problem(&store, &id, Care::Everything).is_some(), "{name} of zeros");
                fs::remove_file(&path).unwrap();
                if name != WEIGHTS {
                    assert!(problem(&store, &id, care).unwrap().contains("it is not there"));
                }
                fs::create_dir(&path).unwrap();
                assert!(problem(&store, &id, care).unwrap().contains("it is a folder"));
                fs::remove_dir(&path).unwrap();
                fs::write(&path, &whole).unwrap();
                assert_eq!(problem(&store, &id, Care::Everything), None);
            }
        }
        fs::write(folder.join(SUMS), sums).unwrap();
        for name in [RECORD, CURVE, WEIGHTS, SUMS] {
            fs::remove_file(folder.join(name)).unwrap();
        }
        assert!(problem(&store, &id, Care::Tables).unwrap().contains("record.json"));
        fs::remove_dir(&folder).unwrap();
        fs::write(&folder, "").unwrap();
        assert!(problem(&store, &id, Care::Tables).unwrap().contains("it is no folder"));
    }

    #[test]
    fn files_of_another_cell_are_noticed() {
        let (_folder, store, id) = kept();
        let other = small(1);
        write(&store, &other);
        let folders = [&id, &other.cell_id].map(|id| store.cell_folder(id));
        for name in [RECORD, WEIGHTS] {
            let own = fs::read(folders[0].join(name)).unwrap();
            fs::copy(folders[1].join(name), folders[0].join(name)).unwrap();
            assert!(problem(&store, &id, Care::Everything).is_some());
            let sums = fs::read(folders[0].join(SUMS)).unwrap();
            fs::remove_file(folders[0].join(SUMS)).unwrap();
            let said = problem(&store, &id, Care::Everything).unwrap();
            assert!(said.contains(&format!("of the cell {}", other.cell_id)), "{said}");
            fs::write(folders[0].join(SUMS), sums).unwrap();
            fs::write(folders[0].join(name), own).unwrap();
        }
    }

    #[test]
    fn weights_that_were_removed_are_missed_and_those_that_never_were_are_not() {
        let (_folder, store, id) = kept();
        let presence = |id: &CellId| match store.look(id, Care::Everything).unwrap() {
            Found::Kept(kept) => kept.weights,
            found => panic!("{found:?}"),
        };
        assert_eq!(presence(&id), Presence::There);
        fs::remove_file(store.cell_folder(&id).join(WEIGHTS)).unwrap();
        assert_eq!(presence(&id), Presence::Gone);
        assert!(!store.has_weights(&id) && store.weights(&id).unwrap().is_none());
        assert!(store.probabilities(&id).unwrap_err().to_string().contains("it is not there"));
        // Of an older version only a curve says that a cell was trained here.
        fs::remove_file(store.cell_folder(&id).join(SUMS)).unwrap();
        assert_eq!(presence(&id), Presence::Gone);
        let taken_over = small(1);
        store.write(&taken_over, &[], None).unwrap();
        assert_eq!(presence(&taken_over.cell_id), Presence::Never);
        fs::remove_file(store.cell_folder(&taken_over.cell_id).join(SUMS)).unwrap();
        assert_eq!(presence(&taken_over.cell_id), Presence::Never);
        let mut lost = small(2);
        (lost.measured, lost.outcome) = (None, Outcome::Diverged { step: 100, reason: None });
        store.write(&lost, &curve()[..1], None).unwrap();
        assert_eq!(presence(&lost.cell_id), Presence::Never);
    }

    #[test]
    fn a_curve_goes_as_far_as_the_training_did() {
        let record = small(0);
        let check = |curve: &[CurvePoint]| check_curve(&record, curve, Presence::There);
        assert_eq!(check(&curve()), Ok(()));
        assert_eq!(
            check(&curve()[..2]),
            Err("it has 2 points and should have 3, up to step 250".to_owned())
        );
        for other in [[100, 200, 300], [100, 201, 250], [0, 100, 200]] {
            let point = |step| CurvePoint { step, loss: 1.0 };
            assert!(check(&other.map(point)).is_err());
        }
        assert!(check(&[]).is_err());
        assert_eq!(check_curve(&record, &[], Presence::Never), Ok(()));
        assert!(check_curve(&record, &[], Presence::Gone).is_err());
        let mut lost = small(0);
        lost.outcome = Outcome::Failed { message: "x".to_owned() };
        assert_eq!(check_curve(&lost, &curve()[..1], Presence::Never), Ok(()));
        let mut exact = small(0);
        exact.cell.train.steps = 200;
        assert_eq!(check_curve(&exact, &curve()[..2], Presence::There), Ok(()));
    }

    #[test]
    fn a_damaged_curve_is_named_by_its_line() {
        let said = |text: &str| parse_curve(text.as_bytes()).unwrap_err();
        assert_eq!(said(""), "line 1 must be `step,loss`, got ``");
        assert_eq!(said("1,2\n"), "line 1 must be `step,loss`, got `1,2`");
        assert_eq!(said("step,loss\n1,0.5"), "its last line is cut off");
        assert_eq!(said("step,loss\n1,0.5\n2,x\n"), "line 3 must be a step and a loss, got `2,x`");
        assert!(said("step,loss\n1;2\n").contains("line 2"));
        assert!(parse_curve(&[0xff, 0xfe]).is_err());
        assert_eq!(parse_curve(curve_text(&curve()).as_bytes()).unwrap(), curve());
        assert_eq!(parse_curve(curve_text(&[]).as_bytes()).unwrap(), []);
        // A curve may end with the loss at which its cell diverged.
        let last = [CurvePoint { step: 9, loss: f64::INFINITY }];
        assert_eq!(parse_curve(curve_text(&last).as_bytes()).unwrap(), last);
    }

    #[test]
    fn a_damaged_record_is_named() {
        let other = GOLDEN.replace("\"d_hidden\": 10", "\"d_hidden\": 11");
        let folder = tempfile::tempdir().unwrap();
        let id = golden().cell_id;
        let store = store(folder.path(), &[golden()]);
        store.write(&golden(), &[], None).unwrap();
        fs::remove_file(store.cell_folder(&id).join(SUMS)).unwrap();
        let twice = |field: &str| {
            let at = GOLDEN.find(field).unwrap();
            let line = &GOLDEN[at..=at + GOLDEN[at..].find('\n').unwrap()];
            let line = line.trim_end().trim_end_matches(',');
            format!("{}{line}, {}", &GOLDEN[..at], &GOLDEN[at..])
        };
        for (content, part) in [
            (&GOLDEN[..GOLDEN.len() / 2], "EOF"),
            ("\u{0}\u{0}", "expected value"),
            ("{}", "record_version must be 1 to 2, got null"),
            (&GOLDEN.replace("\"record_version\": 1", "\"record_version\": 7"), "got 7"),
            (&other, "it is the record of the cell"),
            (&GOLDEN.replace(golden().cell_id.as_str(), "../up"), "16 hexadecimal digits"),
            (&GOLDEN.replace("\"loss_test\": 1.185", "\"loss_test\": null"), "null, expected f64"),
            (&twice("\"loss_test\""), "duplicate field `loss_test`"),
            (&twice("\"wall_s\""), "duplicate field `wall_s`"),
            (&twice("\"law\""), "duplicate field `law`"),
            (&twice("\"exponent\""), "duplicate field `exponent`"),
            (&twice("\"kind\""), "duplicate field `kind`"),
            (&twice("\"record_version\""), "duplicate field `record_version`"),
        ] {
            fs::write(store.cell_folder(&id).join(RECORD), content).unwrap();
            let said = store.record(&id).unwrap_err().to_string();
            let advice = "`superpose run` with its sweep file trains this cell anew";
            for part in ["record.json", "is damaged: ", part, advice] {
                assert!(said.contains(part), "`{part}` in: {said}");
            }
        }
        fs::write(store.cell_folder(&id).join(RECORD), GOLDEN).unwrap();
        assert_eq!(store.record(&id).unwrap(), golden());
    }

    proptest::proptest! {
        #[test]
        fn no_damage_makes_the_reader_panic(
            at in 0..GOLDEN.len(), insert in "[\\PC\\n]{0,6}", end in 0..GOLDEN.len()
        ) {
            let folder = tempfile::tempdir().unwrap();
            let id = golden().cell_id;
            let store = store(folder.path(), &[golden()]);
            let cell = store.cell_folder(&id);
            fs::create_dir(&cell).unwrap();
            let text = format!("{}{insert}{}", &GOLDEN[..at], &GOLDEN[at.max(end)..]);
            for file in [RECORD, CURVE] {
                fs::write(cell.join(file), &text).unwrap();
            }
            let _ = (store.look(&id, Care::Everything), store.record(&id), store.curve(&id));
        }
    }

    #[test]
    fn a_cell_that_is_replaced_while_it_is_read_is_whole() {
        let (_folder, store, id) = kept();
        std::thread::scope(|scope| {
            let (store, id) = (&store, &id);
            scope.spawn(move || {
                for i in 0..15 {
                    let mut record = small(0);
                    record.wall_s = f64::from(i);
                    if i % 2 == 0 {
                        store.replace(&record).unwrap();
                    } else {
                        let seen = store.seen(id);
                        let _lease = store.claim_anew(id, &seen).unwrap().unwrap();
                        store
                            .write(
                                &record,
                                &curve(),
                                Some((&weights(), Features::alike(&[0.75, 0.25]))),
                            )
                            .unwrap();
                    }
                }
            });
            for _ in 0..100 {
                let found = store.look(id, Care::Everything).unwrap();
                assert!(!matches!(found, Found::Damaged(_)), "{found:?}");
            }
        });
    }
}
