//! The cells that are left to train, and the threads that train them.

mod keep;
mod pace;
mod watching;

use std::collections::{BTreeSet, VecDeque};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

use superpose_store::checkpoint::{Begun, Middle, Origin};
use superpose_store::lease::{Lease, Ownership};
use superpose_store::record::Record;
use superpose_store::store::Store;
use superpose_toy::cell::CellId;
use superpose_toy::checkpoint::Checkpoint;
use superpose_toy::prepared::Prepared;
use superpose_toy::trained::{CurvePoint, Snapshot, Weights};
use superpose_train::train::Watch;

use crate::error::RunError;
use crate::event::{Event, Observer};
use crate::label::Labels;
use crate::plan::{Rest, Todo};
use crate::queue::keep::ToKeep;
pub(crate) use crate::queue::keep::{Keepers, OnLoss};
use crate::queue::pace::Pace;
pub(crate) use crate::queue::pace::{Cost, Known, seconds_of};
use crate::queue::watching::Watching;

/// How long to wait at first, and at most, before asking again for cells that other processes are training.
const SHORTEST_PATIENCE: Duration = Duration::from_millis(10);
const PATIENCE: Duration = Duration::from_millis(250);

/// Trained cells that wait to be kept together at most, and how long: what a kill may cost of them.
const MOST_WAITING: usize = 64;
const LONGEST_WAIT: Duration = Duration::from_millis(250);

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

    /// By what a cell is trained.
    fn origin(&self, cell: &Prepared) -> Origin;

    /// Trains and tests cells that go together, from their first step or from `checkpoints`, all of one step, on;
    /// `None` when `watch` has stopped it.
    fn train(
        &self,
        cells: &[Prepared],
        checkpoints: Option<Vec<Checkpoint>>,
        watch: &mut dyn Watch,
    ) -> Result<Option<Vec<Ending>>, RunError>;
}

/// What is left to do of a cell that is trained: it is measured.
pub(crate) type Ending = Box<dyn FnOnce() -> Ended + Send>;

/// How long cells are trained, and what is kept of them on the way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Course<'a> {
    /// No cell is begun once this is set, and those in training end.
    pub(crate) stop: &'a AtomicBool,
    /// The same from this moment on.
    pub(crate) deadline: Option<Instant>,
    /// How often it is written where a cell is in its training; never, not even when it ends early, without.
    pub(crate) checkpoint_every: Option<Duration>,
}

/// What is to be done, and how.
pub(crate) struct Queue<'a> {
    pub(crate) labels: &'a Labels,
    pub(crate) work: &'a dyn Work,
    pub(crate) store: &'a Store,
    pub(crate) observer: &'a Observer<'a>,
    pub(crate) on_loss: OnLoss,
    pub(crate) keepers: Keepers,
    pub(crate) course: Course<'a>,
    /// How long to wait at most before asking again for cells that other processes are training.
    pub(crate) patience: Duration,
    /// How long trained cells wait for others to be kept with.
    pub(crate) longest_wait: Duration,
}

impl<'a> Queue<'a> {
    /// To train cells that have these `labels` and keep them in `store`.
    pub(crate) fn new(
        labels: &'a Labels,
        work: &'a dyn Work,
        store: &'a Store,
        observer: &'a Observer<'a>,
        course: Course<'a>,
    ) -> Self {
        let (on_loss, keepers) = (OnLoss::GoOn, Keepers::Trainer);
        let (patience, longest_wait) = (PATIENCE, LONGEST_WAIT);
        Self { labels, work, store, observer, on_loss, keepers, course, patience, longest_wait }
    }

    /// Trains all `cells` on `n_threads` threads, and keeps what comes of each. The first error stops all threads.
    /// Says what is left. `cost` and what is `known` of it say which cells still fit before a deadline.
    pub(crate) fn work_off(
        &self,
        cells: Vec<Todo>,
        n_threads: NonZeroUsize,
        cost: Cost,
        known: Vec<Known>,
    ) -> Result<Rest, RunError> {
        let ids: Vec<CellId> = cells.iter().map(|todo| todo.cell.id.clone()).collect();
        let at_work = AtWork {
            queue: self,
            cells: Mutex::new(cells.into()),
            pace: Pace::new(self.course.deadline, cost, known),
            failed: AtomicBool::new(false),
            told_waiting: AtomicBool::new(false),
            n_tasks: AtomicUsize::new(0),
            finished: Mutex::default(),
            first_error: Mutex::new(None),
        };
        std::thread::scope(|scope| {
            for _ in 0..n_threads.get() {
                scope.spawn(|| at_work.on_one_thread());
            }
        });
        if let Some(error) = lock(&at_work.first_error).take() {
            return Err(error);
        }
        // What is finished stays so here, though another process may have begun to train it anew.
        let finished = lock(&at_work.finished);
        let left: Vec<CellId> = ids.into_iter().filter(|id| !finished.contains(id)).collect();
        let n_begun = left.iter().filter(|id| self.store.begun(id).is_some()).count();
        Ok(Rest { n_left: left.len(), n_begun })
    }
}

/// A queue that is worked off by several threads.
struct AtWork<'q> {
    queue: &'q Queue<'q>,
    cells: Mutex<VecDeque<Todo>>,
    pace: Pace,
    failed: AtomicBool,
    told_waiting: AtomicBool,
    n_tasks: AtomicUsize,
    /// Cells that have a record, ours or another process's.
    finished: Mutex<BTreeSet<CellId>>,
    first_error: Mutex<Option<RunError>>,
}

/// Cells that are ours to train, each with the right to do so.
#[derive(Default)]
struct Claimed {
    cells: Vec<Prepared>,
    leases: Vec<Lease>,
    /// Who trains one of those that were not to be had.
    holder: Option<String>,
}

/// Cells that go on from the same step.
#[derive(Default)]
struct Group {
    cells: Vec<Prepared>,
    leases: Vec<Lease>,
    /// Where they are; none before their first step.
    begun: Vec<Begun>,
    checkpoints: Vec<Checkpoint>,
}

/// A panic in a thread that holds a lock does not spoil what the lock guards here.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl AtWork<'_> {
    fn on_one_thread(&self) {
        std::thread::scope(|scope| {
            // The trained cells that are being kept, while others are trained: one ensemble's at a time, so
            // that memory is bounded.
            let mut kept: Option<ScopedJoinHandle<'_, ()>> = None;
            // Those of moments are kept several together.
            let (mut waiting, mut last) = (Vec::new(), Instant::now());
            let mut keep = |trained: Vec<ToKeep>| match self.queue.keepers {
                Keepers::Trainer => {
                    let is_last = trained.is_empty();
                    waiting.extend(trained);
                    if is_last
                        || waiting.len() >= MOST_WAITING
                        || last.elapsed() >= self.queue.longest_wait
                    {
                        self.keep_all(std::mem::take(&mut waiting), NonZeroUsize::MIN);
                        last = Instant::now();
                    }
                }
                Keepers::Beside(n_threads) => {
                    if let Some(kept) = kept.take() {
                        kept.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                    }
                    kept = Some(scope.spawn(move || self.keep_all(trained, n_threads)));
                }
            };
            let mut patience = self.shortest_patience();
            while self.goes_on() {
                match self.next(&mut keep, &mut patience) {
                    Ok(true) => (),
                    Ok(false) => break,
                    Err(error) => self.note(error),
                }
            }
            keep(Vec::new());
        });
    }

    /// Whether cells are to be trained still.
    fn goes_on(&self) -> bool {
        let stopped = self.failed.load(Ordering::Relaxed);
        !stopped && !self.queue.course.stop.load(Ordering::Relaxed) && !self.pace.is_over()
    }

    /// Stops all threads for an error, which is the one to tell if it is the first.
    fn note(&self, error: RunError) {
        self.failed.store(true, Ordering::Relaxed);
        lock(&self.first_error).get_or_insert(error);
    }

    /// Trains the next cells that are to be had, or waits if there are none, and gives them to `keep`, which waits with
    /// none of them once it is given nothing. `false` when no cell is left.
    fn next(
        &self,
        keep: &mut dyn FnMut(Vec<ToKeep>),
        patience: &mut Duration,
    ) -> Result<bool, RunError> {
        let Claimed { cells, leases, holder } = {
            let mut cells = lock(&self.cells);
            if cells.is_empty() {
                return Ok(false);
            }
            self.claim(&mut cells)?
        };
        if !cells.is_empty() {
            self.train(cells, leases, keep)?;
            *patience = self.shortest_patience();
        } else if let Some(holder) = holder {
            if !self.told_waiting.swap(true, Ordering::Relaxed) {
                self.tell(Event::Waiting { holder: &holder });
            }
            // Others may be waiting for these.
            keep(Vec::new());
            std::thread::sleep(*patience);
            *patience = (*patience * 2).min(self.queue.patience);
        }
        Ok(true)
    }

    fn shortest_patience(&self) -> Duration {
        SHORTEST_PATIENCE.min(self.queue.patience)
    }

    fn tell(&self, event: Event<'_>) {
        (self.queue.observer)(event);
    }

    /// Takes note that a cell has a record; none if it is another process's.
    fn finish(&self, cell: &Prepared, record: Option<&Record>) {
        lock(&self.finished).insert(cell.id.clone());
        self.tell(Event::Finished { cell, record });
    }

    /// Takes the first cell that is to be had from the queue, and those that can be trained together
    /// with it. Cells that another process is training go to the back, so that they are taken over
    /// should it die. Those that would not be done in time are left.
    fn claim(&self, queue: &mut VecDeque<Todo>) -> Result<Claimed, RunError> {
        let Queue { work, store, .. } = self.queue;
        let mut claimed = Claimed::default();
        let (mut others, mut refused) = (Vec::new(), VecDeque::new());
        let mut at_most = usize::MAX;
        while claimed.cells.len() < at_most {
            let Some(todo) = queue.pop_front() else { break };
            let cell = &todo.cell;
            if claimed.cells.first().is_some_and(|first| !work.go_together(first, cell)) {
                others.push(todo);
                continue;
            }
            let n_others = claimed.cells.len();
            if !self.pace.fits(cell, || store.begun(&cell.id), n_others) {
                // By itself, later, it may fit; what does not fit by itself will not any more.
                others.extend((n_others > 0).then_some(todo));
                continue;
            }
            let claim = match &todo.instead_of {
                Some(seen) => store.claim_anew(&cell.id, seen)?,
                None => store.claim(&cell.id)?,
            };
            match claim {
                Some(Ownership::Ours(lease)) => {
                    if claimed.cells.is_empty() {
                        at_most = work.at_most(cell)?;
                    }
                    claimed.cells.push(todo.cell);
                    claimed.leases.push(lease);
                }
                Some(Ownership::Theirs(holder)) => {
                    refused.push_back(todo);
                    claimed.holder = Some(holder);
                }
                None => self.finish(cell, None),
            }
        }
        others.into_iter().rev().for_each(|todo| queue.push_front(todo));
        queue.append(&mut refused);
        Ok(claimed)
    }

    /// Trains cells together that have made the same steps, one such group after the other.
    fn train(
        &self,
        cells: Vec<Prepared>,
        leases: Vec<Lease>,
        keep: &mut dyn FnMut(Vec<ToKeep>),
    ) -> Result<(), RunError> {
        for group in self.groups(cells, leases)? {
            if self.goes_on() {
                self.train_group(group, keep)?;
            }
        }
        Ok(())
    }

    /// The cells by where they are in their training, those first that have come furthest.
    fn groups(&self, cells: Vec<Prepared>, leases: Vec<Lease>) -> Result<Vec<Group>, RunError> {
        let mut groups: Vec<(u64, Group)> = Vec::new();
        for (cell, lease) in cells.into_iter().zip(leases) {
            let found = match self.queue.store.checkpoint(&cell.id, &cell.cell)? {
                Middle::Nothing => None,
                Middle::There(there) => Some(*there),
                Middle::SetAside { path, problem } => {
                    self.tell(Event::SetAside { path: &path, problem: &problem });
                    None
                }
            };
            let step = found.as_ref().map_or(0, |(begun, _)| begun.step);
            let at = groups.iter().position(|(of, _)| *of == step).unwrap_or_else(|| {
                groups.push((step, Group::default()));
                groups.len() - 1
            });
            let group = &mut groups[at].1;
            group.cells.push(cell);
            group.leases.push(lease);
            if let Some((begun, checkpoint)) = found {
                group.begun.push(begun);
                group.checkpoints.push(checkpoint);
            }
        }
        groups.sort_by_key(|(step, _)| std::cmp::Reverse(*step));
        Ok(groups.into_iter().map(|(_, group)| group).collect())
    }

    /// Trains cells together, or, where the device turns out to be too small for them, half of them and
    /// then the others.
    fn train_group(&self, group: Group, keep: &mut dyn FnMut(Vec<ToKeep>)) -> Result<(), RunError> {
        let Group { mut cells, mut leases, begun, checkpoints } = group;
        let task = self.n_tasks.fetch_add(1, Ordering::Relaxed);
        self.tell(Event::Begun { task, cells: &cells });
        let origin = self.queue.work.origin(&cells[0]);
        if let Some(begun) = begun.first() {
            let other = begun.origin.differs_from(&origin);
            self.tell(Event::Resumed { task, steps: begun.step, other: other.as_deref() });
        }
        let before: Vec<f64> = begun.iter().map(|begun| begun.wall_s).collect();
        let from = begun.first().map_or(0, |begun| begun.step);
        let started = Instant::now();
        let checkpoints = (!checkpoints.is_empty()).then_some(checkpoints);
        let trained = std::thread::scope(|scope| {
            let mut watching = Watching::new(self, task, &cells, &leases, &before, &origin, scope);
            self.queue.work.train(&cells, checkpoints, &mut watching)
        });
        self.tell(Event::Over { task });
        match trained {
            Err(RunError::DeviceFailed { out_of_memory: true, .. }) if cells.len() > 1 => {
                let first = cells.len() / 2;
                let second = (cells.split_off(first), leases.split_off(first));
                let (n_cells, n_next) = (first + second.0.len(), second.0.len());
                self.tell(Event::Halved { n_cells, n_next });
                self.train(cells, leases, keep)?;
                self.train(second.0, second.1, keep)
            }
            trained => {
                let Some(endings) = trained? else { return Ok(()) };
                self.pace.note(&cells, from, started.elapsed());
                let before = before.into_iter().chain(std::iter::repeat(0.0));
                let trained = cells.into_iter().zip(leases).zip(endings).zip(before);
                let to_keep =
                    |(((cell, lease), ending), before_s)| ToKeep { cell, lease, ending, before_s };
                keep(trained.map(to_keep).collect());
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests;
