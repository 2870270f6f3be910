//! Training on a GPU: cells of one shape at a time, as many together as there is memory for.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;

use anyhow::Context as _;
use superpose_ensemble::ensemble::DeviceFailure;
use superpose_store::lease::{Claim, Lease};
use superpose_toy::cell::Cell;
use superpose_train::together::{Common, Place};

use crate::queue::{PATIENCE, Shared, lock};
use crate::training::fitting;
use crate::work::work_together;

/// Cells in training, and the right to train each.
#[derive(Default)]
struct Claimed {
    cells: Vec<Cell>,
    leases: Vec<Lease>,
    /// Who trains those that were not to be had.
    holder: Option<String>,
}

impl Shared<'_> {
    /// Trains the queue's cells, at most `jobs` together if that is asked for. Cells that another
    /// process is training go to the back, so that they are taken over should it die.
    pub(crate) fn train_queue_together(
        &self,
        place: &Place,
        jobs: Option<usize>,
    ) -> anyhow::Result<()> {
        loop {
            let Some(first) = lock(&self.queue).front().cloned() else { return Ok(()) };
            let at_most = fitting(&first, place, self.device)?.min(jobs.unwrap_or(usize::MAX));
            let Claimed { cells, leases, holder } = self.claim(Common::of(&first), at_most)?;
            if !cells.is_empty() {
                self.train_and_split(&cells, place)
                    .context("what is finished is kept, and the same command goes on from there")?;
            } else if let Some(holder) = holder {
                self.tell_waiting(&holder);
                std::thread::sleep(PATIENCE);
            }
            drop(leases);
        }
    }

    /// Takes up to `at_most` cells with this in common from the queue.
    fn claim(&self, common: Common, at_most: usize) -> anyhow::Result<Claimed> {
        let mut claimed = Claimed::default();
        let mut others = VecDeque::new();
        let mut refused = VecDeque::new();
        let mut queue = lock(&self.queue);
        while let Some(cell) = queue.pop_front() {
            if claimed.cells.len() == at_most || Common::of(&cell) != common {
                others.push_back(cell);
                continue;
            }
            match self.store.claim(&cell.id())? {
                Some(Claim::Ours(lease)) => {
                    claimed.cells.push(cell);
                    claimed.leases.push(lease);
                }
                Some(Claim::Theirs(holder)) => {
                    refused.push_back(cell);
                    claimed.holder = Some(holder);
                }
                None => self.skip(&cell),
            }
        }
        others.append(&mut refused);
        *queue = others;
        Ok(claimed)
    }

    /// Trains cells together, or, where the device turns out not to have the memory, half of them and
    /// then the others.
    fn train_and_split(&self, cells: &[Cell], place: &Place) -> anyhow::Result<()> {
        match self.train_together(cells, place) {
            Err(error) if cells.len() > 1 && is_out_of_memory(&error) => {
                let (first, second) = cells.split_at(cells.len() / 2);
                self.progress.note(&format!(
                    "{} cells together are too many for the device; training {} at a time",
                    cells.len(),
                    second.len()
                ));
                self.train_and_split(first, place)?;
                self.train_and_split(second, place)
            }
            ended => ended,
        }
    }

    fn train_together(&self, cells: &[Cell], place: &Place) -> anyhow::Result<()> {
        let steps = cells[0].train.steps;
        let label = format!("{} cells, d={}", cells.len(), cells[0].model.d_hidden);
        let bar = self.progress.cell(&label, steps);
        let mut before = 0;
        let mut on_steps = |step: u64| {
            bar.set_position(step);
            self.progress.steps((step - before) * cells.len() as u64);
            before = step;
            !self.stop.load(Ordering::Relaxed)
        };
        let ended = work_together(cells, self.device, place, &mut on_steps);
        self.progress.end(&bar);
        for (cell, ended) in cells.iter().zip(ended?.unwrap_or_default()) {
            self.keep(cell, &ended)?;
        }
        Ok(())
    }
}

fn is_out_of_memory(error: &anyhow::Error) -> bool {
    error.downcast_ref::<DeviceFailure>().is_some_and(|failure| failure.out_of_memory)
}
