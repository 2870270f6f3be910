//! Trained cells on their way into the store.

use std::num::NonZeroUsize;
use std::sync::Mutex;

use superpose_store::lease::Lease;
use superpose_toy::prepared::Prepared;

use crate::error::RunError;
use crate::event::{Event, lost};
use crate::queue::{AtWork, Ended, Ending, lock};

/// A trained cell that is to be kept, with the right to do so.
pub(super) struct ToKeep {
    pub(super) cell: Prepared,
    pub(super) lease: Lease,
    pub(super) ending: Ending,
    /// Time that it was trained before it was gone on with, in seconds.
    pub(super) before_s: f64,
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

impl AtWork<'_> {
    /// Measures cells and writes their records, on so many threads.
    pub(super) fn keep_all(&self, trained: Vec<ToKeep>, n_threads: NonZeroUsize) {
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
    fn keep(&self, ToKeep { cell, lease, ending, before_s }: ToKeep) -> Result<(), RunError> {
        let Ended { mut record, curve, weights, snapshots } = ending();
        record.wall_s += before_s;
        let weights = weights.as_ref().map(|w| (w, cell.features()));
        let store = self.queue.store;
        if let Err(error) = store.write_with(&record, &curve, weights, &snapshots) {
            if store.is_second(&error) {
                self.tell(Event::Finished { cell: &cell, record: None });
                return Ok(());
            }
            return Err(error.into());
        }
        drop(lease);
        self.tell(Event::Finished { cell: &cell, record: Some(&record) });
        match lost(&record, self.queue.labels) {
            Some(sentence) if self.queue.on_loss == OnLoss::Stop => Err(RunError::Lost(sentence)),
            _ => Ok(()),
        }
    }
}
