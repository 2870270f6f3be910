//! What there is to train.

use superpose_store::store::{Damage, Seen};
use superpose_toy::prepared::Prepared;

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
}
