//! How cells are trained: on which device, with which engine, how many at a time.

use std::num::NonZeroUsize;
use std::path::Path;

use anyhow::bail;
use superpose_device::NamedDevice;
use superpose_store::store::Store;
use superpose_toy::cell::Cell;
use superpose_toy::trained::Outcome;
use superpose_train::memory::{dense_flop, gram_bytes, reference_bytes};
use superpose_train::together::{Place, cell_bytes, most_cells};
use superpose_train::train::Engine;

use crate::args::{self, TrainingOptions};
use crate::{console, resources};

/// A way to train cells that is known to be there and to have room for them.
pub(crate) struct Training<'a> {
    pub(crate) options: &'a TrainingOptions,
    pub(crate) device: NamedDevice,
    /// Where cells are trained together, if they are: on a GPU.
    pub(crate) place: Option<Place>,
    jobs: usize,
}

impl<'a> Training<'a> {
    /// The way that `options` ask for, with room for the largest of `cells`, which `source` asks for.
    pub(crate) fn prepare(
        options: &'a TrainingOptions,
        cells: &[Cell],
        source: &str,
    ) -> anyhow::Result<Self> {
        let device = superpose_device::open(&options.device)?;
        let place = device.client.clone().map(|client| {
            let (engine, device) = (engine(options), device.device.clone());
            Place { engine, client, device, n_threads: resources::cores() }
        });
        let mut training = Self { options, device, place, jobs: 1 };
        training.jobs = match &training.place {
            Some(place) => training.together_at_most(cells, place)?,
            None => training.on_cores(cells, source)?,
        };
        Ok(training)
    }

    /// The engine that makes the steps.
    pub(crate) fn engine(&self) -> Engine {
        engine(self.options)
    }

    /// How many cells are trained at a time.
    pub(crate) fn jobs(&self) -> usize {
        self.jobs
    }

    /// The number of cells to train together, at most: what was asked for, or as many as the largest
    /// cell leaves room for.
    fn together_at_most(&self, cells: &[Cell], place: &Place) -> anyhow::Result<usize> {
        let largest = |a: &&Cell, b: &&Cell| dense_flop(a).total_cmp(&dense_flop(b));
        let Some(cell) = cells.iter().max_by(largest) else { return Ok(1) };
        let fitting = fitting(cell, place, &self.device)?;
        Ok(self.options.jobs.map_or(fitting, |jobs| jobs.get().min(fitting)))
    }

    /// The number of cells to train at once on the CPU: what was asked for, or as many as there are
    /// cores and room for. A cell that does not fit in memory at all is refused.
    fn on_cores(&self, cells: &[Cell], source: &str) -> anyhow::Result<usize> {
        let bytes = |cell: &Cell| memory_bytes(self.engine(), cell);
        let largest = |a: &&Cell, b: &&Cell| bytes(a).total_cmp(&bytes(b));
        let Some(cell) = cells.iter().max_by(largest) else { return Ok(1) };
        let (needed, free) = (bytes(cell), resources::free_memory_bytes());
        if needed > free {
            bail!(
                "{source}: a cell with `model.n_features` = {}, `model.d_hidden` = {} and \
                 `train.batch_size` = {} needs about {}; at most {} is free on this machine",
                cell.model.n_features,
                cell.model.d_hidden,
                cell.train.batch_size,
                size(needed),
                size(free),
            );
        }
        if let Some(jobs) = self.options.jobs {
            return Ok(jobs.get());
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at least one")]
        let room = (free / needed) as usize;
        Ok(resources::cores().min(room).max(1))
    }

    /// What a cell needs in training.
    pub(crate) fn cell_bytes(&self, cell: &Cell) -> f64 {
        match (&self.place, cell.probabilities()) {
            (Some(place), Ok(probabilities)) => cell_bytes(place.engine, cell, &probabilities),
            _ => memory_bytes(self.engine(), cell),
        }
    }

    /// The `cells` to train now, the costliest first so that the last ones to end are short.
    pub(crate) fn unfinished(&self, cells: &[Cell], store: &Store) -> anyhow::Result<Vec<Cell>> {
        let mut todo = Vec::new();
        for cell in cells {
            let id = cell.id();
            if store.is_finished(&id) {
                // Reading it now names a damaged record before any work is done.
                let record = store.record(&id)?;
                if !self.options.retry_failed || record.outcome == Outcome::Completed {
                    continue;
                }
                store.forget(&id)?;
            }
            todo.push(cell.clone());
        }
        todo.truncate(self.options.limit.unwrap_or(usize::MAX));
        todo.sort_by(|a, b| cost(b).total_cmp(&cost(a)));
        Ok(todo)
    }

    /// Says what is about to be trained: `n_todo` of the cells that `name` asks for.
    pub(crate) fn announce(&self, name: &str, n_finished: usize, n_todo: usize, root: &Path) {
        let training = match n_todo {
            1 => format!("training 1 cell of {name}"),
            n => format!("training {n} cells of {name}"),
        };
        let text = match (n_todo, n_finished) {
            (0, _) => format!("all {n_finished} cells of {name} are finished"),
            (_, 0) => training,
            _ => format!("{training}; {n_finished} are finished"),
        };
        let (engine, root) = (self.engine().name(), root.display());
        let how = match &self.place {
            Some(_) => format!("together on {}", self.device.name),
            None => format!("{} at a time", self.jobs),
        };
        console::complain(&format!("{text} (engine {engine}, {how}) in {root}"));
    }

    /// The number of jobs that was asked for.
    pub(crate) fn jobs_asked_for(&self) -> Option<usize> {
        self.options.jobs.map(NonZeroUsize::get)
    }
}

/// The engine to use: `gram` does every cell, on the CPU or on a GPU.
fn engine(options: &TrainingOptions) -> Engine {
    match options.engine {
        args::Engine::Auto | args::Engine::Gram => Engine::Gram,
        args::Engine::Reference => Engine::Reference,
    }
}

fn memory_bytes(engine: Engine, cell: &Cell) -> f64 {
    match engine {
        Engine::Reference => reference_bytes(cell),
        Engine::Gram => gram_bytes(cell),
    }
}

/// A number of bytes for people.
pub(crate) fn size(bytes: f64) -> String {
    if bytes < 1e9 { format!("{:.0} MB", bytes / 1e6) } else { format!("{:.1} GB", bytes / 1e9) }
}

/// Cost of a cell, in arbitrary units: the passes over numbers of each sample weigh about as much
/// as matrix products of width 40 do (measured at n = 1000, B = 2048); only their order counts.
fn cost(cell: &Cell) -> f64 {
    dense_flop(cell) * (1.0 + 40.0 / cell.model.d_hidden as f64)
}

/// How many cells like this one fit on the device at once.
///
/// # Errors
/// When not even one does.
pub(crate) fn fitting(cell: &Cell, place: &Place, device: &NamedDevice) -> anyhow::Result<usize> {
    let at_most = most_cells(cell, &cell.probabilities()?, place);
    if at_most == 0 {
        bail!(
            "a cell with `model.n_features` = {}, `model.d_hidden` = {} and `train.batch_size` = {} \
             does not fit on {}; `--device cpu` may have the memory",
            cell.model.n_features,
            cell.model.d_hidden,
            cell.train.batch_size,
            device.name,
        );
    }
    Ok(at_most)
}
