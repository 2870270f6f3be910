//! What one sees of a training: bars on a terminal, one for each cell in training and one for the sweep; elsewhere a
//! line a minute and a line a finished cell.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{IsTerminal as _, stderr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressState, ProgressStyle};
use superpose_run::event::lost;
use superpose_run::label::Labels;
use superpose_run::plan::{Plan, Rest, Todo};
use superpose_run::trainer::cost;
use superpose_run::{Event, RunError, Trainer};
use superpose_store::record::Record;
use superpose_store::store::Store;
use superpose_toy::prepared::Prepared;

use crate::args::{ProgressKind, ProgressOptions};
use crate::console;
use crate::signals::Signals;

/// Parts of a bar that stands for a fraction.
const PARTS: u64 = 1000;

/// A bar for one piece of work, of which fractions are done.
pub(crate) fn fraction(label: &str) -> ProgressBar {
    let bar = bar(PARTS, "{percent:>3} %  {eta:>4}");
    bar.set_message(console::visible_name(label).into_owned());
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

/// Trains the cells of a plan, and says how far it is.
pub(crate) fn train_all(
    trainer: &Trainer,
    plan: Plan,
    store: &Store,
    options: &ProgressOptions,
    signals: &Signals,
) -> Result<Rest, RunError> {
    if plan.todo.is_empty() {
        return Ok(Rest::default());
    }
    let progress = Progress::new(&plan.todo, trainer.labels(), options);
    let ended = trainer.train_all(plan, store, &|event| progress.show(event), signals.stop());
    progress.end();
    ended
}

/// How far a run is.
struct Progress<'a> {
    labels: &'a Labels,
    shown: Shown,
    verbose: bool,
    n_cells: usize,
    begun: Instant,
    state: Mutex<State>,
}

/// What is shown of it.
enum Shown {
    Bars(MultiProgress, ProgressBar),
    Lines,
    Nothing,
}

struct State {
    n_done: usize,
    /// What all cells cost, and what is done of it.
    cost: f64,
    cost_done: f64,
    /// What of it was done already when training began.
    cost_before: f64,
    tasks: BTreeMap<usize, Task>,
    last_line: Instant,
    /// Cells that were finished since a line was written.
    n_untold: usize,
}

/// Cells in training together.
struct Task {
    label: String,
    n_cells: usize,
    /// What all of them cost.
    cost: f64,
    step: u64,
    steps: u64,
    /// The last loss of the first of them.
    loss: Option<f64>,
    bar: Option<ProgressBar>,
}

/// How long nothing is said at most.
const SILENCE: Duration = Duration::from_secs(60);
/// How soon after a line a finished cell has one of its own.
const BREATH: Duration = Duration::from_secs(1);

impl<'a> Progress<'a> {
    fn new(todo: &[Todo], labels: &'a Labels, options: &ProgressOptions) -> Self {
        let shown = match options.kind() {
            ProgressKind::Lines => Shown::Lines,
            ProgressKind::Off => Shown::Nothing,
            ProgressKind::Auto | ProgressKind::Bars => {
                let bars = MultiProgress::new();
                let sweep = bars.add(bar(PARTS, "{percent:>3} %  {eta:>4}"));
                sweep.set_message(format!("0/{} cells", todo.len()));
                Shown::Bars(bars, sweep)
            }
        };
        let now = Instant::now();
        let state = State {
            n_done: 0,
            cost: todo.iter().map(|todo| cost(&todo.cell.cell)).sum(),
            cost_done: 0.0,
            cost_before: 0.0,
            tasks: BTreeMap::new(),
            last_line: now,
            n_untold: 0,
        };
        let (n_cells, verbose) = (todo.len(), options.verbose);
        Self { labels, shown, verbose, n_cells, begun: now, state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn show(&self, event: Event<'_>) {
        match event {
            Event::Begun { task, cells } => self.begin(task, cells),
            Event::Resumed { task, steps, other } => {
                let mut state = self.state();
                let before = state.advance(task, steps);
                state.cost_before += before;
                let Some(of) = state.tasks.get(&task) else { return };
                let words = match (&of.bar, other) {
                    (_, Some(other)) => Some(format!(
                        "{} from step {steps}, which was reached by {other}: what comes of that is not the same to the bit",
                        of.goes_on()
                    )),
                    (None, None) => Some(format!("{} from step {steps}", of.goes_on())),
                    (Some(_), None) => None,
                };
                drop(state);
                words.iter().for_each(|words| self.note(words));
            }
            Event::SetAside { path, problem } => self.note(&format!(
                "`{}` is no checkpoint to go on from: {problem}; the cell begins anew",
                path.display()
            )),
            Event::NotKept { error } => self.note(&format!(
                "it is not written how far the training is ({}); the training goes on",
                console::sentence(error)
            )),
            Event::Kept { task, steps } if self.verbose => {
                let label = self.state().tasks.get(&task).map(|task| task.label.clone());
                label.iter().for_each(|label| self.note(&format!("{label}: kept at step {steps}")));
            }
            Event::Kept { .. } => {}
            Event::Stepped { task, steps, loss } => {
                let mut state = self.state();
                state.advance(task, steps);
                state.tell_loss(task, loss);
                if let Shown::Bars(_, sweep) = &self.shown {
                    set(sweep, state.fraction());
                }
                if matches!(self.shown, Shown::Lines) && state.last_line.elapsed() >= SILENCE {
                    let line = self.how_far(&mut state, None);
                    drop(state);
                    console::complain(&line);
                }
            }
            Event::Over { task } => {
                let over = self.state().tasks.remove(&task);
                if let (Some(Task { bar: Some(bar), .. }), Shown::Bars(bars, _)) =
                    (over, &self.shown)
                {
                    bar.finish_and_clear();
                    bars.remove(&bar);
                }
            }
            Event::Finished { cell, record } => self.finish(cell, record),
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
        let (steps, n_cells) = (cell.train.steps, cells.len());
        let label = match n_cells {
            1 => self.labels.label(cell),
            _ => format!("{n_cells} cells, d={}", cell.model.d_hidden),
        };
        let bar = match &self.shown {
            Shown::Bars(bars, sweep) => {
                let bar = bar(steps, "{prefix:<14} {pos:>6}/{len} {rate:>14}  {eta:>4}");
                let bar = bars.insert_before(sweep, bar);
                bar.set_message(label.clone());
                Some(bar)
            }
            Shown::Lines | Shown::Nothing => None,
        };
        let cost = cells.iter().map(|p| cost(&p.cell)).sum();
        self.state()
            .tasks
            .insert(task, Task { label, n_cells, cost, step: 0, steps, loss: None, bar });
    }

    fn finish(&self, cell: &Prepared, record: Option<&Record>) {
        let mut state = self.state();
        state.n_done += 1;
        state.n_untold += 1;
        if record.is_none() {
            // Others have done it.
            state.cost -= cost(&cell.cell);
        }
        if let Shown::Bars(_, sweep) = &self.shown {
            set(sweep, state.fraction());
            sweep.set_message(format!("{}/{} cells", state.n_done, self.n_cells));
        }
        let is_last = state.n_done == self.n_cells;
        let says = matches!(self.shown, Shown::Lines) && record.is_some();
        let line = (says && (state.n_done == 1 || is_last || state.last_line.elapsed() >= BREATH))
            .then(|| self.how_far(&mut state, record));
        drop(state);
        line.iter().for_each(|line| console::complain(line));
        let lost = record.and_then(|record| lost(record, self.labels));
        lost.iter().for_each(|sentence| self.note(sentence));
    }

    /// A line that says how far it is, and what has come of the cell of `record`: `12/36 d=96 seed=2 loss 0.031 …
    /// 14 min left`.
    fn how_far(&self, state: &mut State, record: Option<&Record>) -> String {
        state.last_line = Instant::now();
        let mut words = vec![format!("{}/{}", state.n_done, self.n_cells)];
        if let Some(record) = record {
            words.push(self.labels.label(&record.cell));
            words.extend(record.measured.as_ref().map(|m| format!("loss {:.3e}", m.loss_test)));
            if state.n_untold > 1 {
                words.push(format!("(and {} more)", state.n_untold - 1));
            }
            state.n_untold = 0;
        } else {
            words.extend(state.tasks.values().map(Task::how_far));
        }
        let (done, all) = (state.cost_done - state.cost_before, state.cost - state.cost_before);
        let left_s = self.begun.elapsed().as_secs_f64() * (all - done) / done;
        if state.n_done < self.n_cells && left_s.is_finite() && left_s > 0.0 {
            words.push(format!("… {} left", console::duration(left_s)));
        }
        words.join(" ")
    }

    /// Prints a line, above the bars if there are any.
    fn note(&self, line: &str) {
        match &self.shown {
            Shown::Bars(bars, _) => bars.suspend(|| console::complain(line)),
            Shown::Lines | Shown::Nothing => console::complain(line),
        }
    }

    fn end(&self) {
        if let Shown::Bars(bars, sweep) = &self.shown {
            sweep.finish_and_clear();
            // Whatever is there still, of cells that were stopped.
            let _ = bars.clear();
        }
    }
}

impl State {
    /// Takes note of the steps that a task has made by now, and says what those cost that are new.
    fn advance(&mut self, task: usize, steps: u64) -> f64 {
        let Some(task) = self.tasks.get_mut(&task) else { return 0.0 };
        let new = steps.saturating_sub(task.step) as f64 / task.steps.max(1) as f64 * task.cost;
        task.step = steps;
        if let Some(bar) = &task.bar {
            bar.set_position(steps);
        }
        self.cost_done += new;
        new
    }

    /// Takes note of a task's loss; of several cells the first one's is not everyone's.
    fn tell_loss(&mut self, task: usize, loss: Option<f64>) {
        let Some(task) = self.tasks.get_mut(&task).filter(|task| task.n_cells == 1) else { return };
        let (Some(new), Some(bar)) = (loss.filter(|_| loss != task.loss), &task.bar) else {
            task.loss = loss;
            return;
        };
        task.loss = loss;
        bar.set_prefix(format!("loss {new:.2e}"));
    }

    fn fraction(&self) -> f64 {
        if self.cost > 0.0 { (self.cost_done / self.cost).clamp(0.0, 1.0) } else { 1.0 }
    }
}

impl Task {
    fn how_far(&self) -> String {
        let loss = self.loss.map_or(String::new(), |loss| format!(" loss {loss:.3e}"));
        format!("{} at step {} of {}{loss},", self.label, self.step, self.steps)
    }

    fn goes_on(&self) -> String {
        format!("{} {} on", self.label, if self.n_cells == 1 { "goes" } else { "go" })
    }
}

impl ProgressOptions {
    /// What is shown here.
    fn kind(&self) -> ProgressKind {
        match self.progress {
            _ if self.quiet => ProgressKind::Off,
            ProgressKind::Auto if is_notebook() || !stderr().is_terminal() => ProgressKind::Lines,
            kind => kind,
        }
    }
}

/// Whether a notebook shows what is printed, where bars become many lines.
fn is_notebook() -> bool {
    ["JPY_PARENT_PID", "COLAB_RELEASE_TAG", "KAGGLE_KERNEL_RUN_TYPE"]
        .iter()
        .any(|name| std::env::var_os(name).is_some())
}
