//! Progress bars: one for each cell in training and one for the sweep. Without a terminal they are
//! silent.

use std::fmt;

use indicatif::{MultiProgress, ProgressBar, ProgressState, ProgressStyle};

/// Parts of a bar that stands for a fraction.
const PARTS: u64 = 1000;

/// A bar for one piece of work, of which fractions are done.
pub(crate) fn fraction(label: &str) -> ProgressBar {
    let bar = ProgressBar::new(PARTS);
    bar.set_style(style("{msg:<28} {wide_bar} {percent:>3} %  {eta:>4} left"));
    bar.set_message(label.to_owned());
    bar
}

/// A bar for so many equal pieces of work.
pub(crate) fn count(label: &str, n: u64) -> ProgressBar {
    let bar = ProgressBar::new(n);
    bar.set_style(style("{msg:<28} {wide_bar} {pos:>6}/{len}  {eta:>4} left"));
    bar.set_message(label.to_owned());
    bar
}

/// Such a fraction is done.
pub(crate) fn set(bar: &ProgressBar, fraction: f64) {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 1")]
    bar.set_position((fraction * PARTS as f64) as u64);
}

/// The bars of a run.
#[derive(Debug)]
pub(crate) struct Progress {
    bars: MultiProgress,
    sweep: ProgressBar,
    n_cells: usize,
}

fn style(template: &str) -> ProgressStyle {
    let rate = |state: &ProgressState, text: &mut dyn fmt::Write| {
        // A failure to write a rate is no reason to stop training.
        let _ = write!(text, "{:.0} steps/s", state.per_sec());
    };
    ProgressStyle::with_template(template)
        .expect("the templates are constants")
        .with_key("rate", rate)
        .progress_chars("━╸─")
}

impl Progress {
    /// Bars for `n_cells` cells that take `total_steps` altogether.
    pub(crate) fn new(n_cells: usize, total_steps: u64) -> Self {
        let bars = MultiProgress::new();
        let sweep = bars.add(ProgressBar::new(total_steps));
        sweep.set_style(style("{msg:<28} {wide_bar} {percent:>3} %  {rate:>14}  {eta:>4} left"));
        sweep.set_message(format!("0/{n_cells} cells"));
        Self { bars, sweep, n_cells }
    }

    /// A bar for a cell that begins.
    pub(crate) fn cell(&self, label: &str, steps: u64) -> ProgressBar {
        let bar = self.bars.insert_before(&self.sweep, ProgressBar::new(steps));
        bar.set_style(style("{msg:<28} {wide_bar} {pos:>6}/{len} {rate:>14}  {eta:>4} left"));
        bar.set_message(label.to_owned());
        bar
    }

    /// So many steps were made, whichever cells they were of.
    pub(crate) fn steps(&self, steps: u64) {
        self.sweep.inc(steps);
    }

    /// What a bar stands for has ended.
    pub(crate) fn end(&self, bar: &ProgressBar) {
        bar.finish_and_clear();
        self.bars.remove(bar);
    }

    /// So many cells have ended by now.
    pub(crate) fn done(&self, done: usize) {
        self.sweep.set_message(format!("{done}/{} cells", self.n_cells));
    }

    /// Prints a line above the bars; on standard error, also without a terminal.
    pub(crate) fn note(&self, line: &str) {
        self.bars.suspend(|| crate::console::complain(line));
    }

    /// Removes the bars.
    pub(crate) fn finish(&self) {
        self.sweep.finish_and_clear();
    }
}
