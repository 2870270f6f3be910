//! Cells in the middle of their training: `cells/.<id>.checkpoint`.
//!
//! A first line with the version of the format and the SHA-256 of all that follows, a second with what one wants to
//! know without reading further, as JSON, and then the [`Checkpoint`] as [`postcard`] writes it. It is written by
//! whoever has the cell's lease, is there whole or not at all, and goes when the cell has a record.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use superpose_files::disk::{at, check_is_file, read, sync_folder, write_synced};
use superpose_files::sums::sha256;
use superpose_toy::cell::{Cell, CellId, Decoder};
use superpose_toy::checkpoint::Checkpoint;
use superpose_toy::trained::Weights;

use crate::folder::{Store, StoreError};

/// What the first line begins with; the number is that of the format.
const MAGIC: &str = "superpose checkpoint 1 ";
/// Bytes of the first two lines at most.
const HEAD: u64 = 4096;

/// By what a cell was trained so far: if all of it is the same, it goes on to the same bits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// What made the steps.
    pub engine: String,
    /// What the device calls itself.
    pub device: String,
    /// Version and git revision of superpose.
    pub build: String,
}

impl Origin {
    /// In what it is another than `now`, in words; none if it is the same.
    pub fn differs_from(&self, now: &Self) -> Option<String> {
        let parts = [
            ("engine", &self.engine, &now.engine),
            ("device", &self.device, &now.device),
            ("build", &self.build, &now.build),
        ];
        let other = parts.iter().filter(|(_, was, is)| was != is);
        let words: Vec<String> = other.map(|(what, was, _)| format!("{what} {was}")).collect();
        (!words.is_empty()).then(|| words.join(", "))
    }
}

/// What the second line says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Begun {
    /// The cell.
    pub cell_id: CellId,
    /// Steps that were made.
    pub step: u64,
    /// Of so many.
    pub steps: u64,
    /// Time that they took, in seconds.
    pub wall_s: f64,
    /// By what.
    #[serde(flatten)]
    pub origin: Origin,
}

/// What there is of a cell in the middle of its training.
#[derive(Debug, Clone, PartialEq)]
pub enum Middle {
    /// Nothing.
    Nothing,
    /// A checkpoint.
    There(Box<(Begun, Checkpoint)>),
    /// A file that this build cannot go on from. It is out of the way now.
    SetAside {
        /// Where it was.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
}

/// A checkpoint, or what is wrong with its file.
type Looked = Result<(Begun, Checkpoint), String>;

impl Store {
    /// Writes where cells are in their training, in the place of what was written before; all or, when the process
    /// is killed between two renames, some. The caller holds their leases.
    ///
    /// # Errors
    /// [`StoreError::Disk`] when the disk refuses; then what was written before is still there.
    pub fn keep_checkpoints(&self, of: &[(Begun, Checkpoint)]) -> Result<(), StoreError> {
        let written = of.iter().try_for_each(|(begun, checkpoint)| {
            let work = self.checkpoint_work(&begun.cell_id);
            let _ = fs::remove_file(&work);
            write_synced(&work, &bytes(begun, checkpoint))
        });
        if written.is_err() {
            // The first error is the one to tell.
            of.iter().for_each(|(begun, _)| {
                let _ = fs::remove_file(self.checkpoint_work(&begun.cell_id));
            });
        }
        written?;
        for (begun, _) in of {
            let path = self.checkpoint_path(&begun.cell_id);
            fs::rename(self.checkpoint_work(&begun.cell_id), &path).map_err(at("write", &path))?;
        }
        Ok(sync_folder(&self.cells_folder())?)
    }

    /// Where a cell is in its training. A file that is damaged, or of another format, is set aside. The caller holds
    /// the cell's lease.
    ///
    /// # Errors
    /// [`StoreError::Disk`] when there is a file that cannot be read, or not be set aside.
    pub fn checkpoint(&self, id: &CellId, cell: &Cell) -> Result<Middle, StoreError> {
        let path = self.checkpoint_path(id);
        match self.look_at_checkpoint(id, cell)? {
            None => Ok(Middle::Nothing),
            Some(Ok(there)) => Ok(Middle::There(Box::new(there))),
            Some(Err(problem)) => {
                fs::rename(&path, self.checkpoint_aside(id)).map_err(at("move", &path))?;
                Ok(Middle::SetAside { path, problem })
            }
        }
    }

    /// What is wrong with the checkpoint of a cell, if there is one and anything is: where it is, and the problem.
    ///
    /// # Errors
    /// [`StoreError::Disk`] when there is a file that cannot be read.
    pub fn checkpoint_problem(
        &self,
        id: &CellId,
        cell: &Cell,
    ) -> Result<Option<(PathBuf, String)>, StoreError> {
        let found = self.look_at_checkpoint(id, cell)?;
        Ok(found.and_then(Result::err).map(|problem| (self.checkpoint_path(id), problem)))
    }

    /// The checkpoint of a cell, if there is one, or what is wrong with it.
    fn look_at_checkpoint(&self, id: &CellId, cell: &Cell) -> Result<Option<Looked>, StoreError> {
        let path = self.checkpoint_path(id);
        if fs::symlink_metadata(&path).is_err() {
            return Ok(None);
        }
        match check_is_file(&path).and_then(|()| read(&path)) {
            Ok(content) => Ok(Some(parse(&content, id, cell))),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                Ok(Some(Err(error.to_string())))
            }
            // Its cell was finished while it was looked at.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(at("read", &path)(error).into()),
        }
    }

    /// How far a cell has come by its checkpoint, whose content is not checked.
    pub fn begun(&self, id: &CellId) -> Option<Begun> {
        let path = self.checkpoint_path(id);
        check_is_file(&path).ok()?;
        let mut lines = BufReader::new(File::open(path).ok()?.take(HEAD)).lines();
        lines.next()?.ok()?.strip_prefix(MAGIC)?;
        serde_json::from_str(&lines.next()?.ok()?).ok()
    }

    /// Removes what there is of a cell in the middle of its training, which is over. What cannot be removed is in
    /// nobody's way.
    pub(crate) fn remove_checkpoint(&self, id: &CellId) {
        for path in [self.checkpoint_path(id), self.checkpoint_work(id), self.checkpoint_aside(id)]
        {
            let _ = fs::remove_file(path);
        }
    }

    fn checkpoint_path(&self, id: &CellId) -> PathBuf {
        self.cells_folder().join(format!(".{id}.{CHECKPOINT}"))
    }

    fn checkpoint_work(&self, id: &CellId) -> PathBuf {
        self.cells_folder().join(format!(".{id}.{CHECKPOINT}{}.part", self.own_work()))
    }

    fn checkpoint_aside(&self, id: &CellId) -> PathBuf {
        self.cells_folder().join(format!(".{id}.{CHECKPOINT}.unusable"))
    }
}

/// What the name of a checkpoint has behind the cell's.
const CHECKPOINT: &str = "checkpoint";

/// Whether a file with this behind the name of its cell is a checkpoint, or was one.
pub(crate) fn is_checkpoint(rest: &str) -> bool {
    rest == CHECKPOINT || rest == "checkpoint.unusable"
}

fn bytes(begun: &Begun, checkpoint: &Checkpoint) -> Vec<u8> {
    let mut rest = serde_json::to_vec(begun).expect("names and numbers are plain data");
    rest.push(b'\n');
    let rest = postcard::to_extend(checkpoint, rest).expect("a checkpoint is plain data");
    let mut all = format!("{MAGIC}{}\n", sha256(&rest)).into_bytes();
    all.extend(rest);
    all
}

/// The checkpoint of a cell in the content of a file, or what is wrong with it.
fn parse(content: &[u8], id: &CellId, cell: &Cell) -> Looked {
    let line = |content: &[u8]| content.iter().position(|byte| *byte == b'\n');
    let end = line(content).ok_or("it is no checkpoint")?;
    let digest = std::str::from_utf8(&content[..end]).ok().and_then(|l| l.strip_prefix(MAGIC));
    let digest = digest.ok_or("it is no checkpoint, or one of another version of superpose")?;
    let rest = &content[end + 1..];
    if digest != sha256(rest) {
        return Err("it is not what was written: its SHA-256 is another".to_owned());
    }
    let end = line(rest).ok_or("it has no second line")?;
    let begun: Begun = serde_json::from_slice(&rest[..end]).map_err(|e| e.to_string())?;
    let read = postcard::from_bytes(&rest[end + 1..]);
    let checkpoint: Checkpoint = read.map_err(|e| format!("it cannot be read: {e}"))?;
    if begun.cell_id != *id {
        return Err(format!("it is of the cell {}", begun.cell_id));
    }
    let step = checkpoint.step;
    if step > cell.train.steps || step != begun.step {
        return Err(format!("it is of step {step}, and the cell has {}", cell.train.steps));
    }
    let model = &checkpoint.model;
    let snapshots = checkpoint.snapshots.iter().map(|snapshot| &snapshot.weights);
    let all = [&model.weights, &model.first_moments, &model.second_moments];
    if !all.into_iter().chain(snapshots).all(|weights| has_shape_of(weights, cell)) {
        return Err("it is of a model of another shape".to_owned());
    }
    Ok((begun, checkpoint))
}

/// Whether weights are as many as a cell's.
fn has_shape_of(weights: &Weights, cell: &Cell) -> bool {
    let (n, d) = (cell.model.n_features, cell.model.d_hidden);
    let matrix = n.saturating_mul(d);
    let decoder = (cell.model.decoder == Decoder::Untied).then_some(matrix);
    (weights.n_features, weights.d_hidden) == (n, d)
        && (weights.weights.len(), weights.bias.len()) == (matrix, n)
        && weights.decoder.as_ref().map(Vec::len) == decoder
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use superpose_toy::checkpoint::{LossSum, LossesSoFar, ModelState};
    use superpose_toy::trained::{CurvePoint, Snapshot};

    use super::*;
    use crate::folder::names;
    use crate::planted::{small, store, weights, write};
    use crate::record::Record;

    fn origin() -> Origin {
        let [engine, device, build] = ["gram", "cpu", "0.1.0 (abc)"].map(str::to_owned);
        Origin { engine, device, build }
    }

    /// A cell of two features with four of its steps made.
    fn middle() -> (Record, Begun, Checkpoint) {
        let record = small(0);
        let steps = record.cell.train.steps;
        let (recent, last) = (LossSum { sum: 0.1, count: 2 }, LossSum { sum: f64::NAN, count: 1 });
        let curve = vec![CurvePoint { step: 2, loss: f64::MIN_POSITIVE }];
        let step = steps.min(4);
        let checkpoint = Checkpoint {
            step,
            model: ModelState { way: Some(0.25), ..ModelState::at_start(weights()) },
            losses: LossesSoFar { step, recent, last, curve, diverged_by: Some(2) },
            snapshots: vec![Snapshot { step: 1, weights: weights() }],
        };
        let begun =
            Begun { cell_id: record.cell_id.clone(), step, steps, wall_s: 0.1, origin: origin() };
        (record, begun, checkpoint)
    }

    #[test]
    fn what_is_kept_comes_back_and_the_next_takes_its_place_until_there_is_a_record() {
        let folder = tempfile::tempdir().unwrap();
        let (record, mut begun, mut checkpoint) = middle();
        let store = store(folder.path(), std::slice::from_ref(&record));
        let id = &record.cell_id;
        assert_eq!(store.checkpoint(id, &record.cell).unwrap(), Middle::Nothing);
        assert_eq!(store.begun(id), None);
        for step in [1, 2] {
            (begun.step, checkpoint.step, checkpoint.losses.step) = (step, step, step);
            checkpoint.losses.last.sum = f64::from(u8::try_from(step).unwrap());
            store.keep_checkpoints(&[(begun.clone(), checkpoint.clone())]).unwrap();
            let there = Middle::There(Box::new((begun.clone(), checkpoint.clone())));
            assert_eq!(store.checkpoint(id, &record.cell).unwrap(), there);
            assert_eq!(store.begun(id), Some(begun.clone()));
            assert_eq!(names(&store.cells_folder()).unwrap(), [format!(".{id}.checkpoint")]);
            assert!(!store.is_finished(id) && store.finished().unwrap().is_empty());
        }
        write(&store, &record);
        assert_eq!(names(&store.cells_folder()).unwrap(), [id.to_string()]);
    }

    #[test]
    fn every_bit_of_a_number_comes_back() {
        let (record, begun, checkpoint) = middle();
        let read = parse(&bytes(&begun, &checkpoint), &record.cell_id, &record.cell).unwrap().1;
        assert!(read.losses.last.sum.is_nan());
        assert_eq!(format!("{read:?}"), format!("{checkpoint:?}"));
    }

    #[test]
    fn a_file_that_is_no_checkpoint_of_the_cell_is_set_aside_with_a_sentence() {
        let folder = tempfile::tempdir().unwrap();
        let (record, begun, checkpoint) = middle();
        let store = store(folder.path(), std::slice::from_ref(&record));
        let (id, whole) = (&record.cell_id, bytes(&begun, &checkpoint));
        let path = store.checkpoint_path(id);
        let other = Begun { cell_id: small(1).cell_id, ..begun.clone() };
        let late = Checkpoint { step: begun.steps + 1, ..checkpoint.clone() };
        let mut wide = checkpoint.clone();
        wide.model.first_moments.weights.push(0.0);
        let mut flipped = whole.clone();
        *flipped.last_mut().unwrap() ^= 1;
        for (content, expected) in [
            (whole[..whole.len() - 1].to_vec(), "SHA-256"),
            (flipped, "SHA-256"),
            (Vec::new(), "it is no checkpoint"),
            ([b"superpose checkpoint 2 ", &whole[23..]].concat(), "another version of superpose"),
            (bytes(&other, &checkpoint), "it is of the cell"),
            (bytes(&begun, &late), "and the cell has"),
            (bytes(&begun, &wide), "another shape"),
        ] {
            fs::write(&path, content).unwrap();
            let (at, problem) = store.checkpoint_problem(id, &record.cell).unwrap().unwrap();
            assert!(at == path && problem.contains(expected), "{problem}");
            let found = store.checkpoint(id, &record.cell).unwrap();
            let Middle::SetAside { problem, path: named } = found else { panic!("{expected}") };
            assert!(problem.contains(expected) && named == path, "{problem}");
            assert_eq!(store.checkpoint(id, &record.cell).unwrap(), Middle::Nothing);
            assert_eq!(
                names(&store.cells_folder()).unwrap(),
                [format!(".{id}.checkpoint.unusable")]
            );
        }
        write(&store, &record);
        assert_eq!(names(&store.cells_folder()).unwrap(), [id.to_string()]);
    }

    #[test]
    fn what_the_dead_left_goes_and_what_can_be_gone_on_from_stays() {
        let folder = tempfile::tempdir().unwrap();
        let (record, begun, checkpoint) = middle();
        let (finished, free) = (small(1), small(2));
        let all = [record.clone(), finished.clone(), free.clone()];
        let first = store(folder.path(), &all);
        write(&first, &finished);
        first.keep_checkpoints(&[(begun, checkpoint)]).unwrap();
        // Killed between the record and the removal, and while one was written.
        fs::write(first.checkpoint_path(&finished.cell_id), "late").unwrap();
        fs::write(first.checkpoint_work(&free.cell_id), "half").unwrap();
        drop(first);
        let again = store(folder.path(), &all);
        let left: BTreeSet<String> = names(&again.cells_folder()).unwrap().into_iter().collect();
        let expected = [format!(".{}.checkpoint", record.cell_id), finished.cell_id.to_string()];
        assert_eq!(left, BTreeSet::from(expected));
    }

    #[test]
    fn another_engine_device_or_build_is_told() {
        let now = origin();
        assert_eq!(now.differs_from(&now), None);
        let other = Origin { device: "H200".to_owned(), build: "0.2.0".to_owned(), ..origin() };
        assert_eq!(other.differs_from(&now).unwrap(), "device H200, build 0.2.0");
    }

    proptest! {
        #[test]
        fn no_damage_makes_the_reader_panic_or_passes_it(at in 0..900_usize, bit in 0..8_u8, end in 0..=900_usize) {
            let (record, begun, checkpoint) = middle();
            let whole = bytes(&begun, &checkpoint);
            let mut content = whole.clone();
            if let Some(changed) = content.get_mut(at) {
                *changed ^= 1 << bit;
            }
            content.truncate(end);
            let read = parse(&content, &record.cell_id, &record.cell);
            prop_assert!(content == whole || read.is_err());
        }
    }
}
