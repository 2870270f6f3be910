//! Trained cells on their way into the store.

use std::num::NonZeroUsize;
use std::sync::Mutex;

use superpose_store::lease::Lease;
use superpose_store::record::Record;
use superpose_store::store::{Content, StoreError};
use superpose_toy::prepared::Prepared;

use crate::error::RunError;
use crate::event::lost;
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
    /// Measures cells and writes their records, on so many threads: all at once on one, one after the other on several.
    pub(super) fn keep_all(&self, trained: Vec<ToKeep>, n_threads: NonZeroUsize) {
        let n_threads = n_threads.get().min(trained.len());
        if n_threads <= 1 {
            return self.keep(trained);
        }
        let trained = Mutex::new(trained.into_iter());
        let on_one = || {
            loop {
                let next = lock(&trained).next();
                let Some(next) = next else { return };
                self.keep(vec![next]);
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..n_threads {
                scope.spawn(on_one);
            }
        });
    }

    /// Measures cells that are trained and writes their records, and only then gives up the rights to them. What is
    /// trained is kept, whatever becomes of others.
    fn keep(&self, trained: Vec<ToKeep>) {
        let ended = |to_keep: ToKeep| {
            let ToKeep { cell, lease, ending, before_s } = to_keep;
            let mut ended = ending();
            ended.record.wall_s += before_s;
            (cell, lease, ended)
        };
        let ended: Vec<(Prepared, Lease, Ended)> = trained.into_iter().map(ended).collect();
        let content: Vec<Content<'_>> = ended.iter().map(content_of).collect();
        let written = self.queue.store.write_all(&content);
        for ((cell, lease, ended), written) in ended.into_iter().zip(written) {
            drop(lease);
            self.is_kept(&cell, &ended.record, written).unwrap_or_else(|error| self.note(error));
        }
    }

    /// Says what has become of a cell whose record was `written`, or not.
    fn is_kept(
        &self,
        cell: &Prepared,
        record: &Record,
        written: Result<(), StoreError>,
    ) -> Result<(), RunError> {
        match written {
            Err(error) if self.queue.store.is_second(&error) => {
                self.finish(cell, None);
                return Ok(());
            }
            written => written?,
        }
        self.finish(cell, Some(record));
        match lost(record, self.queue.labels) {
            Some(sentence) if self.queue.on_loss == OnLoss::Stop => Err(RunError::Lost(sentence)),
            _ => Ok(()),
        }
    }
}

/// What is written of a cell.
fn content_of((cell, _, ended): &(Prepared, Lease, Ended)) -> Content<'_> {
    Content {
        record: &ended.record,
        curve: &ended.curve,
        weights: ended.weights.as_ref().map(|weights| (weights, cell.features())),
        snapshots: &ended.snapshots,
    }
}
