//! What a caller is told while cells are trained.

use superpose_store::record::Record;
use superpose_toy::cell::Cell;
use superpose_toy::prepared::Prepared;
use superpose_toy::trained::Outcome;

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
    /// Steps were made.
    Stepped {
        /// Number of the task.
        task: usize,
        /// Steps that each of its cells has made by now.
        steps: u64,
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

/// By what cells of a sweep are told apart at a glance: `d=10 decay=-1.000`.
pub fn label(cell: &Cell) -> String {
    format!("d={} decay={:.3}", cell.model.d_hidden, cell.train.weight_decay)
}

/// What became of a cell that was not trained to the end, as a sentence; none if it was.
pub fn lost(record: &Record) -> Option<String> {
    let what = match &record.outcome {
        Outcome::Completed => return None,
        Outcome::Diverged { step } => format!("diverged by step {step}"),
        Outcome::Failed { message } => format!("failed: {message}"),
    };
    Some(format!("cell {} ({}) {what}", record.cell_id, label(&record.cell)))
}
