//! What cells cost, and which still fit before a deadline.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use superpose_store::checkpoint::Begun;
use superpose_toy::cell::Cell;
use superpose_toy::prepared::Prepared;

use crate::queue::lock;

/// What a cell costs, in units of one's own.
pub(crate) type Cost = fn(&Cell) -> f64;

/// A cost, and how long that took, in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Known {
    pub(crate) cost: f64,
    pub(crate) seconds: f64,
}

/// How fast cells are trained.
#[derive(Debug)]
pub(super) struct Pace {
    deadline: Option<Instant>,
    /// From now to the deadline.
    all: Duration,
    cost: Cost,
    known: Mutex<Vec<Known>>,
}

impl Pace {
    pub(super) fn new(deadline: Option<Instant>, cost: Cost, known: Vec<Known>) -> Self {
        let all =
            deadline.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()));
        Self { deadline, all, cost, known: Mutex::new(known) }
    }

    /// Whether the time is up.
    pub(super) fn is_over(&self) -> bool {
        self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// Whether `cell`, which may have `begun`, will be done in time with `n_others` like it, by what known ones
    /// took. One that no run of this length could end, be it alone, is trained for as long as it goes.
    /// It is looked up only before a deadline where the cell is.
    pub(super) fn fits(
        &self,
        cell: &Prepared,
        begun: impl FnOnce() -> Option<Begun>,
        n_others: usize,
    ) -> bool {
        let Some(deadline) = self.deadline else { return true };
        let Some(whole) = self.seconds((self.cost)(&cell.cell)) else { return true };
        let part = begun().map_or(1.0, |b| 1.0 - b.step as f64 / b.steps.max(1) as f64);
        let left = (1.0 + n_others as f64) * whole * part;
        let remaining = deadline.saturating_duration_since(Instant::now()).as_secs_f64();
        left <= remaining || whole > self.all.as_secs_f64()
    }

    /// Takes note of how long `cells` took together from step `from` on.
    pub(super) fn note(&self, cells: &[Prepared], from: u64, took: Duration) {
        let of_cell = |p: &Prepared| {
            let steps = p.cell.train.steps;
            (self.cost)(&p.cell) * steps.saturating_sub(from) as f64 / steps.max(1) as f64
        };
        let (cost, n) = (cells.iter().map(of_cell).sum::<f64>(), cells.len() as f64);
        if cost > 0.0 {
            lock(&self.known).push(Known { cost: cost / n, seconds: took.as_secs_f64() / n });
        }
    }

    /// How long a cell of this cost takes, by the known one that costs the most like it.
    fn seconds(&self, cost: f64) -> Option<f64> {
        seconds_of(&lock(&self.known), cost)
    }
}

/// How long a cell of this cost takes, by the `known` one that costs the most like it.
pub(crate) fn seconds_of(known: &[Known], cost: f64) -> Option<f64> {
    let distance = |known: &Known| (known.cost / cost).ln().abs();
    let nearest = known.iter().min_by(|a, b| distance(a).total_cmp(&distance(b)))?;
    Some(nearest.seconds * cost / nearest.cost)
}

#[cfg(test)]
mod tests {
    use superpose_store::checkpoint::Origin;
    use superpose_store::record::Record;

    use super::*;

    fn cell(d: usize) -> Prepared {
        let golden = include_str!("../../../store/tests/record-2.json");
        let mut cell = serde_json::from_str::<Record>(golden).unwrap().cell;
        (cell.model.d_hidden, cell.train.steps) = (d, 100);
        Prepared::new(cell).unwrap()
    }

    fn begun(step: u64) -> Begun {
        let [engine, device, build] = ["gram", "cpu", "0"].map(str::to_owned);
        let origin = Origin { engine, device, build };
        Begun { cell_id: cell(1).id, step, steps: 100, wall_s: 0.0, origin }
    }

    /// With a minute to go, and this known.
    fn pace(known: &[(f64, f64)]) -> Pace {
        let deadline = Instant::now() + Duration::from_secs(60);
        let known = known.iter().map(|&(cost, seconds)| Known { cost, seconds }).collect();
        Pace::new(Some(deadline), |cell| cell.model.d_hidden as f64, known)
    }

    #[test]
    fn cells_fit_by_what_the_ones_most_like_them_took() {
        let by = pace(&[(1.0, 2.0), (100.0, 50.0)]);
        // Ten are like one: 20 s; 40 are like a hundred: 20 s; 150 take 75 s, more than there ever was.
        assert!(by.fits(&cell(9), || None, 0) && by.fits(&cell(40), || None, 0));
        assert!(by.fits(&cell(40), || None, 1) && !by.fits(&cell(40), || None, 3));
        assert!(by.fits(&cell(150), || None, 0));
        let late = Pace { deadline: Some(Instant::now() + Duration::from_secs(10)), ..by };
        assert!(!late.fits(&cell(9), || None, 0) && !late.fits(&cell(40), || None, 0));
        assert!(late.fits(&cell(4), || None, 0) && !late.fits(&cell(4), || None, 1));
        // Half of it is done.
        assert!(
            late.fits(&cell(9), || Some(begun(50)), 0)
                && !late.fits(&cell(9), || Some(begun(40)), 0)
        );
        assert!(!late.is_over());
    }

    #[test]
    fn what_nothing_is_known_of_is_begun_and_then_it_is_known() {
        let new = pace(&[]);
        assert!(new.fits(&cell(1000), || None, 9));
        // Two cells, each the second half of its steps.
        new.note(&[cell(10), cell(10)], 50, Duration::from_secs(40));
        assert_eq!(*lock(&new.known), [Known { cost: 5.0, seconds: 20.0 }]);
        assert!(new.fits(&cell(14), || None, 0) && !new.fits(&cell(14), || None, 1));
    }

    #[test]
    fn without_a_deadline_all_fit() {
        let pace = Pace::new(None, |_| 1.0, vec![Known { cost: 1.0, seconds: 1e9 }]);
        assert!(pace.fits(&cell(1), || None, 0) && !pace.is_over());
        assert!(Pace::new(Some(Instant::now()), |_| 1.0, vec![]).is_over());
    }
}
