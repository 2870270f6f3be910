//! Cells in training: how far they are is told, and written down from time to time.

use std::thread::{Scope, ScopedJoinHandle};
use std::time::{Duration, Instant};

use superpose_store::checkpoint::{Begun, Origin};
use superpose_store::lease::Lease;
use superpose_toy::checkpoint::Checkpoint;
use superpose_toy::prepared::Prepared;
use superpose_train::train::{Next, Watch};

use crate::event::Event;
use crate::queue::AtWork;
use crate::resources::duration;

/// Watches the cells of one task.
pub(super) struct Watching<'s, 'e> {
    at_work: &'s AtWork<'s>,
    task: usize,
    cells: &'s [Prepared],
    leases: &'s [Lease],
    /// Time that each was trained before, in seconds; nothing for those that begin.
    before: &'s [f64],
    origin: &'s Origin,
    started: Instant,
    /// The step at which that was.
    first: Option<u64>,
    /// The last loss of the first cell.
    loss: Option<f64>,
    last_told: Instant,
    last_kept: Instant,
    scope: &'s Scope<'s, 'e>,
    /// Checkpoints that are being written, while training goes on.
    writing: Option<ScopedJoinHandle<'s, ()>>,
}

impl<'s, 'e> Watching<'s, 'e> {
    pub(super) fn new(
        at_work: &'s AtWork<'s>,
        task: usize,
        cells: &'s [Prepared],
        leases: &'s [Lease],
        before: &'s [f64],
        origin: &'s Origin,
        scope: &'s Scope<'s, 'e>,
    ) -> Self {
        let now = Instant::now();
        let (started, last_told, last_kept, first, writing) = (now, now, now, None, None);
        Self {
            at_work,
            task,
            cells,
            leases,
            before,
            origin,
            started,
            first,
            loss: None,
            last_told,
            last_kept,
            scope,
            writing,
        }
    }

    /// Writes into the leases how far the cells are, for those who ask.
    fn tell_others(&mut self, step: u64) {
        let first = *self.first.get_or_insert(step);
        if self.last_told.elapsed() < TELL_EVERY {
            return;
        }
        self.last_told = Instant::now();
        let steps = self.cells[0].cell.train.steps;
        let mut how_far = format!("at step {step} of {steps}");
        if step > first {
            let left = steps.saturating_sub(step) as f64 / (step - first) as f64;
            let left_s = self.started.elapsed().as_secs_f64() * left;
            how_far = format!("{how_far}, {} left", duration(left_s));
        }
        self.leases.iter().for_each(|lease| lease.tell(&how_far));
    }
}

/// How often others can read how far cells are.
const TELL_EVERY: Duration = Duration::from_secs(10);

impl Watch for Watching<'_, '_> {
    fn on_steps(&mut self, steps: u64) -> Next {
        self.at_work.tell(Event::Stepped { task: self.task, steps, loss: self.loss });
        self.tell_others(steps);
        let every = self.at_work.queue.course.checkpoint_every;
        if !self.at_work.goes_on() {
            return if every.is_some() { Next::KeepAndStop } else { Next::Stop };
        }
        let is_writing = self.writing.as_ref().is_some_and(|writing| !writing.is_finished());
        match every {
            Some(every) if self.last_kept.elapsed() >= every && !is_writing => Next::Keep,
            _ => Next::GoOn,
        }
    }

    fn on_loss(&mut self, loss: f64) {
        self.loss = Some(loss);
    }

    fn keep(&mut self, checkpoints: Vec<Checkpoint>) {
        self.last_kept = Instant::now();
        if let Some(writing) = self.writing.take() {
            writing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        }
        let share_s = self.started.elapsed().as_secs_f64() / self.cells.len() as f64;
        let begun = |(i, cell): (usize, &Prepared)| Begun {
            cell_id: cell.id.clone(),
            step: checkpoints[i].step,
            steps: cell.cell.train.steps,
            wall_s: self.before.get(i).unwrap_or(&0.0) + share_s,
            origin: self.origin.clone(),
        };
        let begun: Vec<Begun> = self.cells.iter().enumerate().map(begun).collect();
        let (at_work, task) = (self.at_work, self.task);
        let steps = checkpoints.first().map_or(0, |checkpoint| checkpoint.step);
        self.writing = Some(self.scope.spawn(move || {
            let of: Vec<_> = begun.into_iter().zip(checkpoints).collect();
            at_work.tell(match &at_work.queue.store.keep_checkpoints(&of) {
                Ok(()) => Event::Kept { task, steps },
                Err(error) => Event::NotKept { error },
            });
        }));
    }
}
