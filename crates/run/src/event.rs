//! What a caller is told while cells are trained.

use std::path::Path;

use superpose_store::record::Record;
use superpose_store::store::StoreError;
use superpose_toy::prepared::Prepared;
use superpose_toy::trained::Outcome;

use crate::label::Labels;

/// What has just happened. Events of different tasks come from different threads.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// These cells begin: one, or several of one shape that are trained together. Later events call
    /// them by the number of their task, which no other cells have.
    Begun {
        /// Number of the task.
        task: usize,
        /// Its cells.
        cells: &'a [Prepared],
    },
    /// The cells of this task go on from where they were.
    Resumed {
        /// Number of the task.
        task: usize,
        /// Steps that each of them has made.
        steps: u64,
        /// By what else they were trained so far, such as `device H200`, in which case what comes of them is not what it
        /// would have been to the bit.
        other: Option<&'a str>,
    },
    /// A cell begins anew: this build cannot go on from where it was.
    SetAside {
        /// The file that says where.
        path: &'a Path,
        /// What is wrong with it.
        problem: &'a str,
    },
    /// It is written where the cells of a task are in their training.
    Kept {
        /// Number of the task.
        task: usize,
        /// Steps that each of them has made there.
        steps: u64,
    },
    /// It could not be written where cells are in their training. They are trained on.
    NotKept {
        /// Why not.
        error: &'a StoreError,
    },
    /// Steps were made.
    Stepped {
        /// Number of the task.
        task: usize,
        /// Steps that each of its cells has made by now.
        steps: u64,
        /// The last point of the first one's loss curve, as soon as there is one.
        loss: Option<f64>,
    },
    /// The cells of this task are no longer in training: they made all their steps, or were stopped, or
    /// are begun again in smaller groups.
    Over {
        /// Number of the task.
        task: usize,
    },
    /// A cell has a record.
    Finished {
        /// The cell.
        cell: &'a Prepared,
        /// Its record; none if another process has trained it.
        record: Option<&'a Record>,
    },
    /// All cells that are left are being trained by other processes. Comes once at most.
    Waiting {
        /// One of those processes, such as `process 17`.
        holder: &'a str,
    },
    /// Cells that were trained together are too many for the device's memory, and are trained in two
    /// groups, one after the other.
    Halved {
        /// How many they were.
        n_cells: usize,
        /// Cells of the larger group.
        n_next: usize,
    },
}

/// Is called with every [`Event`], by the thread that it happens on.
pub type Observer<'a> = dyn Fn(Event<'_>) + Sync + 'a;

/// What became of a cell that was not trained to the end, in words; none if it was.
pub fn loss(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Completed => None,
        Outcome::Diverged { step, reason: None } => Some(format!("diverged by step {step}")),
        Outcome::Diverged { step, reason: Some(reason) } => {
            Some(format!("diverged by step {step}: {reason}"))
        }
        Outcome::Failed { message } => Some(format!("failed: {message}")),
    }
}

/// What became of a cell that was not trained to the end, as a sentence; none if it was.
pub fn lost(record: &Record, labels: &Labels) -> Option<String> {
    let what = loss(&record.outcome)?;
    Some(format!("cell {} ({}) {what}", record.cell_id, labels.label(&record.cell)))
}
