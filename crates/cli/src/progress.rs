//! Progress bars: one for each cell in training and one for the sweep. Without a terminal they are
//! silent.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock};

use indicatif::{MultiProgress, ProgressBar, ProgressState, ProgressStyle};
use superpose_run::event::lost;
use superpose_run::label::Labels;
use superpose_run::plan::Todo;
use superpose_run::{Event, RunError, Trainer};
use superpose_store::store::Store;
use superpose_toy::prepared::Prepared;

/// Parts of a bar that stands for a fraction.
const PARTS: u64 = 1000;

/// A bar for one piece of work, of which fractions are done.
pub(crate) fn fraction(label: &str) -> ProgressBar {
    let bar = bar(PARTS, "{percent:>3} %  {eta:>4}");
    bar.set_message(crate::console::visible_name(label).into_owned());
    bar
}

/// A bar for so many equal pieces of work.
pub(crate) fn count(label: &str, n: u64) -> ProgressBar {
    let bar = bar(n, "{pos:>6}/{len}  {eta:>4}");
    bar.set_message(label.to_owned());
    bar
}

/// Such a fraction is done.
pub(crate) fn set(bar: &ProgressBar, fraction: f64) {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 1")]
    bar.set_position((fraction * PARTS as f64) as u64);
}

/// A bar for `n` steps that says how far it is in the words of this template.
fn bar(n: u64, how_far: &str) -> ProgressBar {
    let rate = |state: &ProgressState, text: &mut dyn fmt::Write| {
        // A failure to write a rate is no reason to stop training.
        let _ = write!(text, "{:.0} steps/s", state.per_sec());
    };
    let style = ProgressStyle::with_template(&format!("{{msg:<28}} {{wide_bar}} {how_far} left"));
    let style = style.expect("the templates are constants").with_key("rate", rate);
    ProgressBar::new(n).with_style(style.progress_chars("━╸─"))
}

/// Trains the cells `todo`, with bars.
pub(crate) fn train_all(trainer: &Trainer, todo: Vec<Todo>, store: &Store) -> Result<(), RunError> {
    if todo.is_empty() {
        return Ok(());
    }
    let progress = Progress::new(&todo, trainer.labels());
    let ended = trainer.train_all(todo, store, &|event| progress.show(event));
    progress.sweep.finish_and_clear();
    ended
}

/// The bars of a run.
#[derive(Debug)]
struct Progress<'a> {
    labels: &'a Labels,
    bars: MultiProgress,
    /// Counts the steps of all cells.
    sweep: ProgressBar,
    n_cells: usize,
    n_done: AtomicUsize,
    /// The bar of each task, and its number of cells.
    tasks: RwLock<BTreeMap<usize, (ProgressBar, usize)>>,
}

impl<'a> Progress<'a> {
    fn new(todo: &[Todo], labels: &'a Labels) -> Self {
        let bars = MultiProgress::new();
        let steps = todo.iter().map(|todo| todo.cell.cell.train.steps).sum();
        let sweep = bars.add(bar(steps, "{percent:>3} %  {rate:>14}  {eta:>4}"));
        sweep.set_message(format!("0/{} cells", todo.len()));
        let (n_done, tasks) = (AtomicUsize::new(0), RwLock::default());
        Self { labels, bars, sweep, n_cells: todo.len(), n_done, tasks }
    }

    fn show(&self, event: Event<'_>) {
        match event {
            Event::Begun { task, cells } => self.begin(task, cells),
            Event::Stepped { task, steps } => {
                let tasks = self.tasks.read().unwrap_or_else(PoisonError::into_inner);
                let Some((bar, n_cells)) = tasks.get(&task) else { return };
                let before = bar.position();
                bar.set_position(steps);
                self.sweep.inc(steps.saturating_sub(before) * *n_cells as u64);
            }
            Event::Over { task } => {
                let mut tasks = self.tasks.write().unwrap_or_else(PoisonError::into_inner);
                if let Some((bar, _)) = tasks.remove(&task) {
                    bar.finish_and_clear();
                    self.bars.remove(&bar);
                }
            }
            Event::Finished { cell, record } => {
                let done = 1 + self.n_done.fetch_add(1, Ordering::Relaxed);
                self.sweep.set_message(format!("{done}/{} cells", self.n_cells));
                match record {
                    None => self.sweep.inc(cell.cell.train.steps),
                    Some(record) => {
                        lost(record, self.labels).iter().for_each(|sentence| self.note(sentence));
                    }
                }
            }
            Event::Waiting { holder } => self.note(&format!(
                "waiting for the last cells, which another process is training ({holder})"
            )),
            Event::Halved { n_cells, n_next } => self.note(&format!(
                "{n_cells} cells together are too many for the device; training {n_next} at a time"
            )),
        }
    }

    fn begin(&self, task: usize, cells: &[Prepared]) {
        let Some(Prepared { cell, .. }) = cells.first() else { return };
        let bar = bar(cell.train.steps, "{pos:>6}/{len} {rate:>14}  {eta:>4}");
        let bar = self.bars.insert_before(&self.sweep, bar);
        bar.set_message(match cells.len() {
            1 => self.labels.label(cell),
            n_cells => format!("{n_cells} cells, d={}", cell.model.d_hidden),
        });
        let mut tasks = self.tasks.write().unwrap_or_else(PoisonError::into_inner);
        tasks.insert(task, (bar, cells.len()));
    }

    /// Prints a line above the bars; on standard error, also without a terminal.
    fn note(&self, line: &str) {
        self.bars.suspend(|| crate::console::complain(line));
    }
}
