//! A watch that has cells kept on the way.

use superpose_toy::checkpoint::Checkpoint;
use superpose_train::train::{Next, Watch};

/// Asks for checkpoints all the time.
#[derive(Default)]
pub(crate) struct Keeping {
    /// All cells', each time.
    pub(crate) kept: Vec<Vec<Checkpoint>>,
}

impl Watch for Keeping {
    fn on_steps(&mut self, _: u64) -> Next {
        Next::Keep
    }

    fn keep(&mut self, checkpoints: Vec<Checkpoint>) {
        self.kept.push(checkpoints);
    }
}
