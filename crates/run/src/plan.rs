//! What there is to train.

use superpose_store::store::{Damage, Seen};
use superpose_toy::prepared::Prepared;

use crate::queue::Known;

/// A cell to train.
#[derive(Debug, Clone, PartialEq)]
pub struct Todo {
    /// The cell.
    pub cell: Prepared,
    /// What it is trained instead of, if there is something of it.
    pub instead_of: Option<Seen>,
}

/// What there is to train of some cells, and what is not.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plan {
    /// To be trained now, the costliest first.
    pub todo: Vec<Todo>,
    /// How many have a record that stays.
    pub n_finished: usize,
    /// How many are left for another time.
    pub n_left: usize,
    /// Those that are trained anew, now or another time, because their files are damaged.
    pub damaged: Vec<Damage>,
    /// What the finished ones cost that were trained as these will be, and how long they took.
    pub(crate) known: Vec<Known>,
}

/// What is left of a plan, some of which other processes may be training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rest {
    /// Cells without a record.
    pub n_left: usize,
    /// How many of them have a checkpoint, from which they go on.
    pub n_begun: usize,
}
