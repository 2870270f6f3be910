//! About how long cells will take, before they are trained.

use std::time::{Duration, Instant};

use superpose_toy::prepared::Prepared;

use crate::plan::Plan;
use crate::queue::{Known, seconds_of};
use crate::trainer::{Trainer, cost};

/// About how long the cells of a plan take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Seconds, with as many cells at a time as there will be.
    pub seconds: f64,
    /// By what that is known.
    pub by: By,
}

/// By what it is known how long cells take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// What so many finished cells took, that were trained here as these will be.
    Finished(usize),
    /// A moment's training of so many of them.
    Trial(usize),
}

/// How long a cell is tried, twice: its first steps are not like the others.
const TRIAL: Duration = Duration::from_millis(250);

impl Trainer {
    /// About how long the cells of `plan` take: by what finished ones like them took, and if there are none by training
    /// the costliest, the cheapest and one between for half a second each. Nothing is known of ensembles on a GPU
    /// before some have been trained. The steps of a trial are from the start, where most of them are slower.
    pub fn estimate(&self, plan: &Plan) -> Option<Estimate> {
        let (dearest, all) = (plan.todo.first()?, plan.todo.len());
        let (known, by) = match (plan.known.is_empty(), self.together_on()) {
            (false, _) => (plan.known.clone(), By::Finished(plan.known.len())),
            (true, Some(_)) => return None,
            (true, None) => {
                let mut places = vec![0, all / 2, all - 1];
                places.dedup();
                let tried = places.iter().filter_map(|place| self.tried(&plan.todo[*place].cell));
                let known: Vec<Known> = tried.collect();
                let n_tried = known.len();
                (known, By::Trial(n_tried))
            }
        };
        let of_cell = |cell: &Prepared| seconds_of(&known, cost(&cell.cell));
        let longest = of_cell(&dearest.cell)?;
        let sum: f64 = plan.todo.iter().filter_map(|todo| of_cell(&todo.cell)).sum();
        let n_at_once = self.n_at_once().get().min(all) as f64;
        Some(Estimate { seconds: longest.max(sum / n_at_once), by })
    }

    /// What a cell costs, by its first steps; nothing if it cannot be trained.
    fn tried(&self, cell: &Prepared) -> Option<Known> {
        let begun = Instant::now();
        let (mut middle, mut last) = (None, (0, begun));
        let watch = |steps: u64| {
            let now = Instant::now();
            last = (steps, now);
            if middle.is_none() && now - begun >= TRIAL {
                middle = Some((steps, now));
            }
            now - begun < 2 * TRIAL
        };
        self.try_out(cell, watch).ok()?;
        let (from, since) = middle.filter(|(steps, _)| *steps < last.0).unwrap_or((0, begun));
        let made = last.0.checked_sub(from).filter(|made| *made > 0)?;
        let a_step = (last.1 - since).as_secs_f64() / made as f64;
        let seconds = a_step * cell.cell.train.steps as f64;
        Some(Known { cost: cost(&cell.cell), seconds })
    }
}
