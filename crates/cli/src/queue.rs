//! The cells that are left to train, and the threads that train them on the CPU.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::bail;
use superpose_device::NamedDevice;
use superpose_store::lease::Claim;
use superpose_store::store::Store;
use superpose_toy::cell::Cell;
use superpose_toy::trained::Outcome;
use superpose_train::train::Engine;

use crate::progress::Progress;
use crate::resources;
use crate::training::Training;
use crate::work::{Ended, quieten_panics, work};

/// How long to wait before asking again for cells that other processes are training.
pub(crate) const PATIENCE: Duration = Duration::from_millis(250);

/// What the threads share.
pub(crate) struct Shared<'a> {
    pub(crate) queue: Mutex<VecDeque<Cell>>,
    pub(crate) stop: AtomicBool,
    done: AtomicUsize,
    told_waiting: AtomicBool,
    first_error: Mutex<Option<anyhow::Error>>,
    pub(crate) progress: Progress,
    pub(crate) store: &'a Store,
    engine: Engine,
    pub(crate) device: &'a NamedDevice,
    /// For each cell.
    n_threads: NonZeroUsize,
    fail_fast: bool,
}

/// Trains `todo`, together if that is the way of `training`, and keeps what comes of each.
pub(crate) fn train_all(
    training: &Training<'_>,
    todo: Vec<Cell>,
    store: &Store,
) -> anyhow::Result<()> {
    if todo.is_empty() {
        return Ok(());
    }
    quieten_panics();
    let n_cells = training.jobs().min(todo.len());
    // Cores are left over when cells are few; a number of jobs that was asked for leaves them free.
    let asked_for = training.jobs_asked_for();
    let n_threads = if asked_for.is_some() { 1 } else { resources::cores() / n_cells };
    let steps = todo.iter().map(|c| c.train.steps).sum();
    let shared = Shared {
        progress: Progress::new(todo.len(), steps),
        queue: Mutex::new(todo.into()),
        stop: AtomicBool::new(false),
        done: AtomicUsize::new(0),
        told_waiting: AtomicBool::new(false),
        first_error: Mutex::new(None),
        store,
        engine: training.engine(),
        device: &training.device,
        n_threads: NonZeroUsize::new(n_threads).unwrap_or(NonZeroUsize::MIN),
        fail_fast: training.options.fail_fast,
    };
    match &training.place {
        Some(place) => {
            if let Err(error) = shared.train_queue_together(place, asked_for) {
                *lock(&shared.first_error) = Some(error);
            }
        }
        None => std::thread::scope(|scope| {
            for _ in 0..n_cells {
                scope.spawn(|| shared.train_queue());
            }
        }),
    }
    shared.progress.finish();
    // From here on a panic is a mistake of ours and should be seen.
    let _ = std::panic::take_hook();
    match lock(&shared.first_error).take() {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

/// A panic in a thread that holds a lock does not spoil what the lock guards here.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared<'_> {
    /// Trains cells from the queue until it is empty. A cell that another process is training goes
    /// to the back, so that it is taken over should that process die.
    fn train_queue(&self) {
        let mut refused = 0;
        while !self.stop.load(Ordering::Relaxed) {
            let (cell, left) = {
                let mut queue = lock(&self.queue);
                let Some(cell) = queue.pop_front() else { return };
                (cell, queue.len())
            };
            match self.train_one(&cell) {
                Ok(None) => refused = 0,
                Ok(Some(holder)) => {
                    lock(&self.queue).push_back(cell);
                    refused += 1;
                    if refused > left {
                        self.tell_waiting(&holder);
                        std::thread::sleep(PATIENCE);
                    }
                }
                Err(error) => {
                    self.stop.store(true, Ordering::Relaxed);
                    lock(&self.first_error).get_or_insert(error);
                }
            }
        }
    }

    pub(crate) fn tell_waiting(&self, holder: &str) {
        if !self.told_waiting.swap(true, Ordering::Relaxed) {
            self.progress.note(&format!(
                "waiting for the last cells, which another process is training ({holder})"
            ));
        }
    }

    /// Trains one cell and writes its record, or says who else is training it.
    fn train_one(&self, cell: &Cell) -> anyhow::Result<Option<String>> {
        let _lease = match self.store.claim(&cell.id())? {
            Some(Claim::Ours(lease)) => lease,
            Some(Claim::Theirs(holder)) => return Ok(Some(holder)),
            None => {
                self.skip(cell);
                return Ok(None);
            }
        };
        let bar = self.progress.cell(&label(cell), cell.train.steps);
        let mut on_step = |step| {
            bar.set_position(step);
            self.progress.steps(1);
            !self.stop.load(Ordering::Relaxed)
        };
        let ended = work(cell, self.engine, self.device, self.n_threads, &mut on_step);
        self.progress.end(&bar);
        if let Some(ended) = ended? {
            self.keep(cell, &ended)?;
        }
        Ok(None)
    }

    /// A cell was trained by another process.
    pub(crate) fn skip(&self, cell: &Cell) {
        self.progress.steps(cell.train.steps);
        self.count();
    }

    fn count(&self) {
        self.progress.done(self.done.fetch_add(1, Ordering::Relaxed) + 1);
    }

    /// Writes the record of a cell that has ended.
    pub(crate) fn keep(&self, cell: &Cell, ended: &Ended) -> anyhow::Result<()> {
        let Ended { record, curve, weights, probabilities } = ended;
        let weights = weights.as_ref().map(|w| (w, probabilities.as_slice()));
        self.store.write(record, curve, weights)?;
        self.count();
        let what = match &record.outcome {
            Outcome::Completed => return Ok(()),
            Outcome::Diverged { step } => format!("diverged by step {step}"),
            Outcome::Failed { message } => format!("failed: {message}"),
        };
        let (id, label) = (&record.cell_id, label(cell));
        self.progress.note(&format!("cell {id} ({label}) {what}"));
        if self.fail_fast {
            bail!("cell {id} ({label}) {what}");
        }
        Ok(())
    }
}

/// What tells cells of a sweep apart at a glance.
fn label(cell: &Cell) -> String {
    format!("d={} decay={:.3}", cell.model.d_hidden, cell.train.weight_decay)
}
