//! The cells that are left to train, and the threads that train them.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::ScopedJoinHandle;
use std::time::Duration;

use superpose_store::lease::{Lease, Ownership};
use superpose_store::record::Record;
use superpose_store::store::Store;
use superpose_toy::prepared::Prepared;
use superpose_toy::trained::{CurvePoint, Snapshot, Weights};

use crate::error::RunError;
use crate::event::{Event, Observer, lost};
use crate::label::Labels;
use crate::plan::Todo;

/// How long to wait before asking again for cells that other processes are training.
const PATIENCE: Duration = Duration::from_millis(250);

/// All that is known of a cell when it has ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// Its record.
    pub record: Record,
    /// Its loss curve.
    pub curve: Vec<CurvePoint>,
    /// The trained model; none unless all steps were made.
    pub weights: Option<Weights>,
    /// What it was at moments of the training, if that is kept.
    pub snapshots: Vec<Snapshot>,
}

/// How cells are trained, once they are ours.
pub(crate) trait Work: Sync {
    /// How many cells like this one may be trained together, at least 1.
    fn at_most(&self, cell: &Prepared) -> Result<usize, RunError>;

    /// Whether these cells may be trained together.
    fn go_together(&self, a: &Prepared, b: &Prepared) -> bool;

    /// Trains and tests cells that go together. `on_steps` is called with the number of
    /// steps made and returns whether to go on; `None` when it has said no.
    fn train(
        &self,
        cells: &[Prepared],
        on_steps: &mut dyn FnMut(u64) -> bool,
    ) -> Result<Option<Vec<Ending>>, RunError>;
}

/// What is left to do of a cell that is trained: it is measured.
pub(crate) type Ending = Box<dyn FnOnce() -> Ended + Send>;

/// A trained cell that is to be kept, with the right to do so.
struct ToKeep {
    cell: Prepared,
    lease: Lease,
    ending: Ending,
}

/// Who measures trained cells and writes their records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keepers {
    /// The thread that has trained them, before it trains others.
    Trainer,
    /// So many threads beside it, while it trains others: what they train on is not to wait.
    Beside(NonZeroUsize),
}

/// What becomes of the other cells when one diverges or fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnLoss {
    /// They are trained.
    GoOn,
    /// They are not.
    Stop,
}

/// Cells that are left to train, shared by threads.
pub(crate) struct Queue<'a> {
    cells: Mutex<VecDeque<Todo>>,
    labels: &'a Labels,
    work: &'a dyn Work,
    store: &'a Store,
    observer: &'a Observer<'a>,
    on_loss: OnLoss,
    keepers: Keepers,
    patience: Duration,
    stop: AtomicBool,
    told_waiting: AtomicBool,
    n_tasks: AtomicUsize,
    first_error: Mutex<Option<RunError>>,
}

/// Cells that are ours to train.
#[derive(Default)]
struct Claimed {
    cells: Vec<Prepared>,
    /// The right to train each.
    leases: Vec<Lease>,
    /// Who trains one of those that were not to be had.
    holder: Option<String>,
}

/// A panic in a thread that holds a lock does not spoil what the lock guards here.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<'a> Queue<'a> {
    pub(crate) fn new(
        cells: Vec<Todo>,
        labels: &'a Labels,
        work: &'a dyn Work,
        store: &'a Store,
        observer: &'a Observer<'a>,
        on_loss: OnLoss,
        keepers: Keepers,
    ) -> Self {
        Self {
            cells: Mutex::new(cells.into()),
            labels,
            work,
            store,
            observer,
            on_loss,
            keepers,
            patience: PATIENCE,
            stop: AtomicBool::new(false),
            told_waiting: AtomicBool::new(false),
            n_tasks: AtomicUsize::new(0),
            first_error: Mutex::new(None),
        }
    }

    /// Trains all cells on `n_threads` threads, and keeps what comes of each. The first error stops all
    /// threads.
    pub(crate) fn work_off(self, n_threads: NonZeroUsize) -> Result<(), RunError> {
        std::thread::scope(|scope| {
            for _ in 0..n_threads.get() {
                scope.spawn(|| self.on_one_thread());
            }
        });
        lock(&self.first_error).take().map_or(Ok(()), Err)
    }

    fn on_one_thread(&self) {
        std::thread::scope(|scope| {
            // The trained cells that are being kept, while others are trained: one ensemble's at a time, so
            // that memory is bounded.
            let mut kept: Option<ScopedJoinHandle<'_, ()>> = None;
            let mut keep = |trained: Vec<ToKeep>| match self.keepers {
                Keepers::Trainer => self.keep_all(trained, NonZeroUsize::MIN),
                Keepers::Beside(n_threads) => {
                    if let Some(kept) = kept.take() {
                        kept.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                    }
                    kept = Some(scope.spawn(move || self.keep_all(trained, n_threads)));
                }
            };
            while self.goes_on() {
                match self.next(&mut keep) {
                    Ok(true) => (),
                    Ok(false) => return,
                    Err(error) => self.note(error),
                }
            }
        });
    }

    fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::Relaxed)
    }

    /// Stops all threads for an error, which is the one to tell if it is the first.
    fn note(&self, error: RunError) {
        self.stop.store(true, Ordering::Relaxed);
        lock(&self.first_error).get_or_insert(error);
    }

    /// Trains the next cells that are to be had, or waits if there are none, and gives them to `keep`.
    /// `false` when no cell is left.
    fn next(&self, keep: &mut dyn FnMut(Vec<ToKeep>)) -> Result<bool, RunError> {
        let Claimed { cells, leases, holder } = {
            let mut queue = lock(&self.cells);
            if queue.is_empty() {
                return Ok(false);
            }
            self.claim(&mut queue)?
        };
        if !cells.is_empty() {
            self.train(cells, leases, keep)?;
        } else if let Some(holder) = holder {
            if !self.told_waiting.swap(true, Ordering::Relaxed) {
                (self.observer)(Event::Waiting { holder: &holder });
            }
            std::thread::sleep(self.patience);
        }
        Ok(true)
    }

    /// Takes the first cell that is to be had from the queue, and those that can be trained together
    /// with it. Cells that another process is training go to the back, so that they are taken over
    /// should it die.
    fn claim(&self, queue: &mut VecDeque<Todo>) -> Result<Claimed, RunError> {
        let mut claimed = Claimed::default();
        let (mut others, mut refused) = (Vec::new(), VecDeque::new());
        let mut at_most = usize::MAX;
        while claimed.cells.len() < at_most {
            let Some(todo) = queue.pop_front() else { break };
            let cell = &todo.cell;
            if claimed.cells.first().is_some_and(|first| !self.work.go_together(first, cell)) {
                others.push(todo);
                continue;
            }
            let claim = match &todo.instead_of {
                Some(seen) => self.store.claim_anew(&cell.id, seen)?,
                None => self.store.claim(&cell.id)?,
            };
            match claim {
                Some(Ownership::Ours(lease)) => {
                    if claimed.cells.is_empty() {
                        at_most = self.work.at_most(cell)?;
                    }
                    claimed.cells.push(todo.cell);
                    claimed.leases.push(lease);
                }
                Some(Ownership::Theirs(holder)) => {
                    refused.push_back(todo);
                    claimed.holder = Some(holder);
                }
                None => (self.observer)(Event::Finished { cell, record: None }),
            }
        }
        others.into_iter().rev().for_each(|todo| queue.push_front(todo));
        queue.append(&mut refused);
        Ok(claimed)
    }

    /// Trains cells together, or, where the device turns out to be too small for them, half of them and
    /// then the others.
    fn train(
        &self,
        mut cells: Vec<Prepared>,
        mut leases: Vec<Lease>,
        keep: &mut dyn FnMut(Vec<ToKeep>),
    ) -> Result<(), RunError> {
        let task = self.n_tasks.fetch_add(1, Ordering::Relaxed);
        (self.observer)(Event::Begun { task, cells: &cells });
        let mut on_steps = |steps| {
            (self.observer)(Event::Stepped { task, steps });
            self.goes_on()
        };
        let trained = self.work.train(&cells, &mut on_steps);
        (self.observer)(Event::Over { task });
        match trained {
            Err(RunError::DeviceFailed { out_of_memory: true, .. }) if cells.len() > 1 => {
                let first = cells.len() / 2;
                let second = (cells.split_off(first), leases.split_off(first));
                let (n_cells, n_next) = (first + second.0.len(), second.0.len());
                (self.observer)(Event::Halved { n_cells, n_next });
                self.train(cells, leases, keep)?;
                self.train(second.0, second.1, keep)
            }
            trained => {
                let endings = trained?.unwrap_or_default();
                let trained = cells.into_iter().zip(leases).zip(endings);
                keep(
                    trained.map(|((cell, lease), ending)| ToKeep { cell, lease, ending }).collect(),
                );
                Ok(())
            }
        }
    }

    /// Measures cells and writes their records, on so many threads.
    fn keep_all(&self, trained: Vec<ToKeep>, n_threads: NonZeroUsize) {
        let n_threads = n_threads.get().min(trained.len());
        let trained = Mutex::new(trained.into_iter());
        // What is trained is kept, whatever becomes of others.
        let on_one = || {
            loop {
                let next = lock(&trained).next();
                let Some(next) = next else { return };
                self.keep(next).unwrap_or_else(|error| self.note(error));
            }
        };
        match n_threads {
            0 => (),
            1 => on_one(),
            _ => std::thread::scope(|scope| {
                for _ in 0..n_threads {
                    scope.spawn(on_one);
                }
            }),
        }
    }

    /// Measures a cell that is trained and writes its record, and only then gives up the right to it.
    fn keep(&self, ToKeep { cell, lease, ending }: ToKeep) -> Result<(), RunError> {
        let Ended { record, curve, weights, snapshots } = ending();
        let weights = weights.as_ref().map(|w| (w, cell.features()));
        self.store.write_with(&record, &curve, weights, &snapshots)?;
        drop(lease);
        (self.observer)(Event::Finished { cell: &cell, record: Some(&record) });
        match lost(&record, self.labels) {
            Some(sentence) if self.on_loss == OnLoss::Stop => Err(RunError::Lost(sentence)),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use superpose_store::record::Record;
    use superpose_store::store::Manifest;
    use superpose_toy::prepared::Preparer;
    use superpose_toy::trained::Outcome;

    const GOLDEN: &str = include_str!("../../store/tests/record-2.json");

    fn golden() -> Record {
        serde_json::from_str(GOLDEN).unwrap()
    }

    /// Cells of these widths.
    fn cells(widths: &[usize]) -> Vec<Prepared> {
        let of_width = |&width: &usize| {
            let mut cell = golden().cell;
            (cell.model.n_features, cell.model.d_hidden, cell.train.steps) = (4, width, 3);
            cell
        };
        Preparer::default().prepare_all(widths.iter().map(of_width)).unwrap()
    }

    fn labels(cells: &[Prepared]) -> Labels {
        Labels::of(&cells.iter().map(|cell| &cell.cell).collect::<Vec<_>>())
    }

    /// To be trained for the first time.
    fn todo(cells: &[Prepared]) -> Vec<Todo> {
        cells.iter().map(|cell| Todo { cell: cell.clone(), instead_of: None }).collect()
    }

    /// Does as it is told, at once.
    struct Told {
        /// Cells that fit together.
        at_most: usize,
        /// What becomes of a cell of a width.
        outcome: fn(usize) -> Outcome,
        /// Cells that turn out to fit on the device after all.
        fitting: usize,
        /// The widths that were trained, together and in order.
        trained: Mutex<Vec<Vec<usize>>>,
    }

    impl Told {
        fn new(at_most: usize) -> Self {
            let (outcome, fitting) = (|_| Outcome::Completed, usize::MAX);
            Self { at_most, outcome, fitting, trained: Mutex::default() }
        }
    }

    impl Work for Told {
        fn at_most(&self, _: &Prepared) -> Result<usize, RunError> {
            Ok(self.at_most)
        }

        /// Even widths, or odd ones.
        fn go_together(&self, a: &Prepared, b: &Prepared) -> bool {
            a.cell.model.d_hidden % 2 == b.cell.model.d_hidden % 2
        }

        fn train(
            &self,
            cells: &[Prepared],
            on_steps: &mut dyn FnMut(u64) -> bool,
        ) -> Result<Option<Vec<Ending>>, RunError> {
            let widths: Vec<usize> = cells.iter().map(|c| c.cell.model.d_hidden).collect();
            if cells.len() > self.fitting {
                return Err(RunError::DeviceFailed { said: "full".into(), out_of_memory: true });
            }
            lock(&self.trained).push(widths);
            for step in 1..=cells[0].cell.train.steps {
                if !on_steps(step) {
                    return Ok(None);
                }
            }
            let ended = |cell: &Prepared| {
                let (cell_id, width) = (cell.id.clone(), cell.cell.model.d_hidden);
                let outcome = (self.outcome)(width);
                let record = Record { cell_id, outcome, cell: cell.cell.clone(), ..golden() };
                let ended =
                    Ended { record, curve: Vec::new(), weights: None, snapshots: Vec::new() };
                Box::new(|| ended) as Ending
            };
            Ok(Some(cells.iter().map(ended).collect()))
        }
    }

    /// A store for `cells` in a folder of its own.
    fn store(cells: &[Prepared]) -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let cells = cells.iter().map(|c| c.cell.clone()).collect();
        let manifest = Manifest { name: "example".to_owned(), cells };
        let store = Store::create(folder.path(), &manifest).unwrap().0;
        (folder, store)
    }

    /// An event in a word or two.
    fn word(event: Event<'_>) -> String {
        match event {
            Event::Begun { task, cells } => format!("{task} begins {}", cells.len()),
            Event::Stepped { task, steps } => format!("{task} steps {steps}"),
            Event::Over { task } => format!("{task} over"),
            Event::Finished { cell, record } => {
                let how = if record.is_some() { "ours" } else { "theirs" };
                format!("{} {how}", cell.cell.model.d_hidden)
            }
            Event::Waiting { holder } => format!("waiting for {holder}"),
            Event::Halved { n_cells, n_next } => format!("{n_cells} halved, {n_next}"),
        }
    }

    /// Works off the `cells` on one thread and returns what the observer was told; `also` is called
    /// with each event.
    fn work_off(
        cells: &[Prepared],
        told: &Told,
        store: &Store,
        on_loss: OnLoss,
        also: &Observer<'_>,
    ) -> (Result<(), String>, Vec<String>) {
        let events = Mutex::new(Vec::new());
        let observer = |event: Event<'_>| {
            lock(&events).push(word(event));
            also(event);
        };
        let labels = labels(cells);
        let mut queue =
            Queue::new(todo(cells), &labels, told, store, &observer, on_loss, Keepers::Trainer);
        queue.patience = Duration::from_millis(1);
        let ended = queue.work_off(NonZeroUsize::MIN).map_err(|error| error.to_string());
        (ended, events.into_inner().unwrap())
    }

    #[test]
    fn cells_are_trained_in_order_and_every_step_is_told() {
        let cells = cells(&[1, 2]);
        let (_folder, store) = store(&cells);
        let told = Told::new(1);
        let (ended, events) = work_off(&cells, &told, &store, OnLoss::GoOn, &|_| ());
        assert_eq!(ended, Ok(()));
        let expected = "0 begins 1, 0 steps 1, 0 steps 2, 0 steps 3, 0 over, 1 ours, \
                        1 begins 1, 1 steps 1, 1 steps 2, 1 steps 3, 1 over, 2 ours";
        assert_eq!(events.join(", "), expected);
        assert!(cells.iter().all(|cell| store.is_finished(&cell.id)));
    }

    #[test]
    fn threads_share_the_cells_and_train_each_once() {
        let cells = cells(&(1..=40).collect::<Vec<_>>());
        let (_folder, store) = store(&cells);
        let told = Told::new(1);
        let labels = labels(&cells);
        let queue = Queue::new(
            todo(&cells),
            &labels,
            &told,
            &store,
            &|_| (),
            OnLoss::GoOn,
            Keepers::Trainer,
        );
        queue.work_off(NonZeroUsize::new(4).unwrap()).unwrap();
        let mut trained = lock(&told.trained).concat();
        trained.sort_unstable();
        assert_eq!(trained, (1..=40).collect::<Vec<_>>());
    }

    #[test]
    fn a_cell_claimed_elsewhere_goes_to_the_back_and_waiting_is_told_once() {
        let cells = cells(&[1, 2, 3]);
        let (_folder, store) = store(&cells);
        // A second handle of the same file, as another process has.
        let Some(Ownership::Ours(lease)) = store.claim(&cells[0].id).unwrap() else { panic!() };
        let lease = Mutex::new(Some(lease));
        let told = Told::new(1);
        let also = |event: Event<'_>| {
            if matches!(event, Event::Waiting { .. }) {
                let lease = lock(&lease).take();
                // The other process dies after a few times of asking.
                std::thread::spawn(move || {
                    std::thread::sleep(Duration::from_millis(20));
                    drop(lease);
                });
            }
        };
        let (ended, events) = work_off(&cells, &told, &store, OnLoss::GoOn, &also);
        assert_eq!(ended, Ok(()));
        assert_eq!(*lock(&told.trained), [[2], [3], [1]]);
        let waiting: Vec<_> = events.iter().filter(|e| e.starts_with("waiting")).collect();
        assert_eq!(waiting, [&format!("waiting for process {}", std::process::id())]);
    }

    #[test]
    fn a_cell_that_another_process_has_finished_is_passed_over() {
        let cells = cells(&[1, 2]);
        let (_folder, store) = store(&cells);
        let (cell_id, cell) = (cells[0].id.clone(), cells[0].cell.clone());
        store.write(&Record { cell_id, cell, ..golden() }, &[], None).unwrap();
        let told = Told::new(2);
        let (ended, events) = work_off(&cells, &told, &store, OnLoss::GoOn, &|_| ());
        assert_eq!(ended, Ok(()));
        assert_eq!((events[0].as_str(), &*lock(&told.trained)), ("1 theirs", &vec![vec![2]]));
    }

    #[test]
    fn cells_that_go_together_are_trained_together_and_the_others_keep_their_order() {
        let cells = cells(&[1, 2, 4, 3, 5, 7, 6]);
        let (_folder, store) = store(&cells);
        let told = Told::new(3);
        let (ended, _) = work_off(&cells, &told, &store, OnLoss::GoOn, &|_| ());
        assert_eq!(ended, Ok(()));
        assert_eq!(*lock(&told.trained), [vec![1, 3, 5], vec![2, 4, 6], vec![7]]);
    }

    #[test]
    fn cells_too_many_for_the_device_are_halved_until_they_fit() {
        let (cells, more) = (cells(&[1, 3, 5, 7, 9]), cells(&[11]));
        let (_folder, store) = store(&cells);
        let told = Told { fitting: 2, ..Told::new(9) };
        let (ended, events) = work_off(&cells, &told, &store, OnLoss::GoOn, &|_| ());
        assert_eq!(ended, Ok(()));
        assert_eq!(*lock(&told.trained), [vec![1, 3], vec![5], vec![7, 9]]);
        assert_eq!(events[2], "5 halved, 3");
        let none = Told { fitting: 0, ..Told::new(9) };
        let (ended, _) = work_off(&more, &none, &store, OnLoss::GoOn, &|_| ());
        let said = ended.unwrap_err();
        assert_eq!(said, "what is finished is kept, and the same command goes on from there: full");
    }

    #[test]
    fn a_lost_cell_stops_the_others_only_if_that_is_wanted() {
        let outcome = |width| match width {
            2 => Outcome::Diverged { step: 50, reason: None },
            _ => Outcome::Completed,
        };
        for (on_loss, trained) in [(OnLoss::GoOn, 3), (OnLoss::Stop, 2)] {
            let cells = cells(&[1, 2, 3]);
            let (_folder, store) = store(&cells);
            let told = Told { outcome, ..Told::new(1) };
            let (ended, _) = work_off(&cells, &told, &store, on_loss, &|_| ());
            assert_eq!(lock(&told.trained).len(), trained);
            assert!(store.is_finished(&cells[1].id), "what was lost is on record");
            let said = format!("cell {} (d_hidden=2) diverged by step 50", cells[1].id);
            assert_eq!(ended, if on_loss == OnLoss::Stop { Err(said) } else { Ok(()) });
        }
    }

    #[test]
    fn an_error_stops_cells_in_training_and_leaves_no_record_of_them() {
        let cells = cells(&[1, 2]);
        let (folder, store) = store(&cells);
        let told = Told::new(1);
        // The folder of records vanishes under the first cell.
        let also = |event: Event<'_>| {
            if matches!(event, Event::Stepped { task: 0, steps: 3 }) {
                std::fs::remove_dir_all(folder.path().join("cells")).unwrap();
            }
        };
        let (ended, events) = work_off(&cells, &told, &store, OnLoss::GoOn, &also);
        assert!(ended.unwrap_err().contains("cannot"), "the store's sentence");
        assert_eq!(*lock(&told.trained), [[1]]);
        assert_eq!(events.last().unwrap(), "0 over");
    }

    /// Trains as it is told, or not at all the second time, and measures only once the second time has come.
    struct Slow {
        told: Told,
        begun: Arc<AtomicUsize>,
        fails: bool,
    }

    impl Work for Slow {
        fn at_most(&self, cell: &Prepared) -> Result<usize, RunError> {
            self.told.at_most(cell)
        }

        fn go_together(&self, a: &Prepared, b: &Prepared) -> bool {
            self.told.go_together(a, b)
        }

        fn train(
            &self,
            cells: &[Prepared],
            on_steps: &mut dyn FnMut(u64) -> bool,
        ) -> Result<Option<Vec<Ending>>, RunError> {
            let time = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
            if time == 2 && self.fails {
                return Err(RunError::DeviceFailed { said: "lost".into(), out_of_memory: false });
            }
            let endings = self.told.train(cells, on_steps)?.unwrap();
            let slowly = |ending: Ending| {
                let begun = Arc::clone(&self.begun);
                Box::new(move || {
                    while begun.load(Ordering::SeqCst) < 2 {
                        std::thread::sleep(Duration::from_millis(1));
                    }
                    ending()
                }) as Ending
            };
            Ok(Some(endings.into_iter().map(slowly).collect()))
        }
    }

    #[test]
    fn cells_are_kept_while_others_are_trained_and_all_of_them_however_that_ends() {
        // Cells of odd widths go together, and so do those of even ones.
        for (fails, kept) in [(false, 5), (true, 3)] {
            let cells = cells(&[1, 3, 5, 2, 4]);
            let (_folder, store) = store(&cells);
            let slow = Slow { told: Told::new(9), begun: Arc::default(), fails };
            let labels = labels(&cells);
            let keepers = Keepers::Beside(NonZeroUsize::new(2).unwrap());
            let (todo, loss) = (todo(&cells), OnLoss::GoOn);
            let queue = Queue::new(todo, &labels, &slow, &store, &|_| (), loss, keepers);
            assert_eq!(queue.work_off(NonZeroUsize::MIN).is_err(), fails);
            assert_eq!(cells.iter().filter(|cell| store.is_finished(&cell.id)).count(), kept);
        }
    }

    #[test]
    fn the_right_to_a_cell_is_kept_until_its_record_is_written() {
        let cells = cells(&[1, 2]);
        let (_folder, store) = store(&cells);
        let taken = Mutex::new(Vec::new());
        let observer = |event: Event<'_>| {
            // Another handle, as another process has, finds the cell taken or finished.
            let look = || match store.claim(&cells[0].id).unwrap() {
                Some(Ownership::Ours(_)) => "free",
                Some(Ownership::Theirs(_)) => "taken",
                None => "finished",
            };
            match event {
                Event::Begun { task: 0, .. } | Event::Over { task: 0 } => lock(&taken).push(look()),
                Event::Finished { cell, .. } if cell.id == cells[0].id => lock(&taken).push(look()),
                _ => (),
            }
        };
        let labels = labels(&cells);
        for keepers in [Keepers::Trainer, Keepers::Beside(NonZeroUsize::MIN)] {
            let told = Told::new(1);
            let (todo, loss) = (todo(&cells), OnLoss::GoOn);
            let queue = Queue::new(todo, &labels, &told, &store, &observer, loss, keepers);
            queue.work_off(NonZeroUsize::MIN).unwrap();
        }
        // The second time it is there.
        assert_eq!(*lock(&taken), ["taken", "taken", "finished", "finished"]);
    }

    #[test]
    fn once_stopped_a_cell_in_training_is_given_up() {
        let cells = cells(&[1]);
        let (_folder, store) = store(&cells);
        let told = Told::new(1);
        let labels = labels(&cells);
        let queue = Queue::new(
            todo(&cells),
            &labels,
            &told,
            &store,
            &|_| (),
            OnLoss::GoOn,
            Keepers::Trainer,
        );
        queue.stop.store(true, Ordering::Relaxed);
        let mut n_kept = 0;
        queue.train(cells, Vec::new(), &mut |kept| n_kept += kept.len()).unwrap();
        assert_eq!(n_kept, 0);
    }
}
