//! From cells that are ours to their records: the one file that calls the training.

use std::num::NonZeroUsize;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use superpose_device::{NamedDevice, words};
use superpose_store::checkpoint::Origin;
use superpose_store::measured::{Losses, measure};
use superpose_store::record::{Provenance, RECORD_VERSION, Record};
use superpose_toy::cell::Cell;
use superpose_toy::checkpoint::Checkpoint;
use superpose_toy::prepared::Prepared;
use superpose_toy::sampler::drawn_density;
use superpose_toy::trained::Outcome;
pub use superpose_train::engine::EngineKind as Engine;
use superpose_train::engine::{DeviceFailure, fastest, is_tiny};
use superpose_train::memory::{cell_bytes, most_cells};
use superpose_train::together::{Common, Place, Processor};
use superpose_train::train::{Next, Trained, Watch, train};

use crate::error::{CellSize, RunError};
use crate::panics::caught;
use crate::queue::{Ended, Ending, Work};

/// Which engine makes the steps of which cell.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Engines {
    /// One for all, if that was asked for.
    pub(crate) asked_for: Option<Engine>,
    /// What they work on.
    pub(crate) processor: Processor,
}

impl Engines {
    /// The one that is asked for, or the fastest that can train the `cell`.
    pub(crate) fn engine(self, cell: &Cell) -> Engine {
        self.asked_for.unwrap_or_else(|| fastest(cell, self.processor))
    }
}

/// The most tiny cells that are trained together: then drawing their batches costs next to nothing, and a run
/// that is killed loses seconds.
const MOST_TINY: usize = 64;
/// Groups of tiny cells for each thread, at the least, so that all are done at about the same time.
const GROUPS_A_THREAD: usize = 4;

/// How many tiny cells are trained together, of `n_cells` on `n_threads`.
pub(crate) fn tiny_together(n_cells: usize, n_threads: NonZeroUsize) -> NonZeroUsize {
    let share = n_cells / (GROUPS_A_THREAD * n_threads.get());
    NonZeroUsize::new(share.min(MOST_TINY)).unwrap_or(NonZeroUsize::MIN)
}

/// Trains cells on the CPU: each by itself, but for tiny ones on the same batches, a step on which costs less than
/// drawing them. What comes of a cell does not depend on the others.
#[derive(Debug)]
pub(crate) struct Alone<'a> {
    pub(crate) engines: Engines,
    pub(crate) device: &'a NamedDevice,
    /// For each cell.
    pub(crate) n_threads: NonZeroUsize,
    /// How many tiny cells are trained together.
    pub(crate) tiny_together: NonZeroUsize,
}

impl Alone<'_> {
    /// What the device calls itself that an engine works on.
    fn trains_on(&self, engine: Engine) -> &str {
        match engine {
            Engine::Reference => &self.device.name,
            Engine::Gram => "cpu",
        }
    }
}

impl Work for Alone<'_> {
    fn at_most(&self, cell: &Prepared) -> Result<usize, RunError> {
        let model = &cell.cell.model;
        let is_tiny = self.engines.engine(&cell.cell) == Engine::Gram
            && is_tiny(model.n_features, model.d_hidden);
        Ok(if is_tiny { self.tiny_together.get() } else { 1 })
    }

    fn go_together(&self, a: &Prepared, b: &Prepared) -> bool {
        let (a, b) = (&a.cell, &b.cell);
        Common::of(a) == Common::of(b) && a.data.has_batches_of(&b.data)
    }

    fn origin(&self, cell: &Prepared) -> Origin {
        let engine = self.engines.engine(&cell.cell);
        origin(engine, self.trains_on(engine))
    }

    fn train(
        &self,
        cells: &[Prepared],
        checkpoints: Option<Vec<Checkpoint>>,
        watch: &mut dyn Watch,
    ) -> Result<Option<Vec<Ending>>, RunError> {
        let Self { engines, device, n_threads, .. } = *self;
        let engine = engines.engine(&cells[0].cell);
        work(cells, engine, self.trains_on(engine), watch, |watch| {
            let place = Place { engine, device: device.device.clone(), client: None, n_threads };
            let or_failed = |trained: Result<Result<Vec<Trained>, DeviceFailure>, String>| {
                let trained = trained.and_then(|trained| trained.map_err(|f| f.to_string()));
                trained.unwrap_or_else(|message| {
                    let outcome = Outcome::Failed { message };
                    vec![Trained { outcome, curve: vec![], model: None }]
                })
            };
            if let [_] = cells {
                return Ok(or_failed(caught(|| train(cells, &place, checkpoints, watch))));
            }
            if let Ok(Ok(trained)) = caught(|| train(cells, &place, checkpoints.clone(), watch)) {
                return Ok(trained);
            }
            // What fails together may be the fault of one. They go their own ways from here on.
            let mut go_on = |steps| matches!(watch.on_steps(steps), Next::GoOn | Next::Keep);
            let mut train_one = |i: usize| {
                let from = checkpoints.as_ref().map(|all| vec![all[i].clone()]);
                or_failed(caught(|| train(&cells[i..=i], &place, from, &mut go_on)))
            };
            Ok((0..cells.len()).flat_map(&mut train_one).collect())
        })
    }
}

/// Trains cells of one shape together, on a GPU.
#[derive(Debug)]
pub(crate) struct Together {
    engines: Engines,
    place: Place,
    device_name: String,
    jobs: Option<NonZeroUsize>,
}

impl Together {
    /// On this device, if it is a GPU; `cores` of the host draw the batches.
    pub(crate) fn on(
        device: &NamedDevice,
        engines: Engines,
        jobs: Option<NonZeroUsize>,
        cores: NonZeroUsize,
    ) -> Option<Self> {
        let place = Place {
            engine: Engine::Gram,
            client: Some(device.client.clone()?),
            device: device.device.clone(),
            n_threads: cores,
        };
        Some(Self { engines, place, device_name: device.name.clone(), jobs })
    }

    /// The device, with the engine for `cell` and others like it.
    fn place(&self, cell: &Prepared) -> Place {
        Place { engine: self.engines.engine(&cell.cell), ..self.place.clone() }
    }

    /// Memory that a cell in training needs on the device, about, in bytes.
    pub(crate) fn cell_bytes(&self, cell: &Prepared) -> f64 {
        cell_bytes(cell, &self.place(cell))
    }
}

impl Work for Together {
    fn at_most(&self, cell: &Prepared) -> Result<usize, RunError> {
        let fitting = most_cells(cell, &self.place(cell));
        if fitting == 0 {
            let (cell, device) = (CellSize::from(&cell.cell), self.device_name.clone());
            return Err(RunError::DoesNotFit { cell, device });
        }
        Ok(self.jobs.map_or(fitting, |jobs| jobs.get().min(fitting)))
    }

    fn go_together(&self, a: &Prepared, b: &Prepared) -> bool {
        Common::of(&a.cell) == Common::of(&b.cell)
    }

    fn origin(&self, cell: &Prepared) -> Origin {
        origin(self.engines.engine(&cell.cell), &self.device_name)
    }

    fn train(
        &self,
        cells: &[Prepared],
        checkpoints: Option<Vec<Checkpoint>>,
        watch: &mut dyn Watch,
    ) -> Result<Option<Vec<Ending>>, RunError> {
        // What decides the engine, cells that go together have in common.
        let place = self.place(&cells[0]);
        work(cells, place.engine, &self.device_name, watch, |watch| {
            let failed = |said, out_of_memory| RunError::DeviceFailed { said, out_of_memory };
            caught(|| train(cells, &place, checkpoints, watch))
                .map_err(|said| failed(format!("the device failed: {}", words(&said)), false))?
                .map_err(|failure| failed(failure.to_string(), failure.out_of_memory))
        })
    }
}

/// Notices that the one who watches has stopped the training.
struct Noticing<'w> {
    watch: &'w mut dyn Watch,
    stopped: bool,
}

impl Watch for Noticing<'_> {
    fn on_steps(&mut self, steps: u64) -> Next {
        let next = self.watch.on_steps(steps);
        self.stopped |= matches!(next, Next::Stop | Next::KeepAndStop);
        next
    }

    fn keep(&mut self, checkpoints: Vec<Checkpoint>) {
        self.watch.keep(checkpoints);
    }
}

/// What comes of `cells` that `train` trains by `engine` on the device called `device`; `None` when
/// `watch` has stopped it.
fn work(
    cells: &[Prepared],
    engine: Engine,
    device: &str,
    watch: &mut dyn Watch,
    train: impl FnOnce(&mut dyn Watch) -> Result<Vec<Trained>, RunError>,
) -> Result<Option<Vec<Ending>>, RunError> {
    let begun = Instant::now();
    let mut noticing = Noticing { watch, stopped: false };
    let trained = train(&mut noticing)?;
    if noticing.stopped {
        return Ok(None);
    }
    // So that the times of all cells add up to what they took.
    let wall_s = begun.elapsed().as_secs_f64() / cells.len() as f64;
    let ending = |(cell, trained): (&Prepared, Trained)| {
        let (cell, provenance) = (cell.clone(), provenance(engine, device));
        Box::new(move || ended(&cell, trained, wall_s, provenance)) as Ending
    };
    Ok(Some(cells.iter().zip(trained).map(ending).collect()))
}

fn ended(cell: &Prepared, trained: Trained, wall_s: f64, provenance: Provenance) -> Ended {
    let Trained { outcome, curve, model } = trained;
    let measured = model.as_ref().map(|model| {
        let losses = Losses::of_batches(&model.test_losses, model.loss_train_last100);
        let losses = losses.of_density(cell.cell.is_variant().then(|| drawn_density(cell)));
        measure(&cell.cell, cell.features(), &model.weights, losses)
    });
    let mut record = Record {
        record_version: RECORD_VERSION,
        cell_id: cell.id.clone(),
        outcome,
        measured,
        wall_s,
        cell: cell.cell.clone(),
        provenance,
    };
    let (mut weights, mut snapshots) = model.map(|model| (model.weights, model.snapshots)).unzip();
    let lost = record.not_finite();
    if !lost.is_empty() && record.measured.is_some() {
        let reason = format!("`{}` is not finite", lost.join("`, `"));
        let step = record.cell.train.steps;
        record.outcome = Outcome::Diverged { step, reason: Some(reason) };
        (record.measured, weights, snapshots) = (None, None, None);
    }
    Ended { record, curve, weights, snapshots: snapshots.unwrap_or_default() }
}

fn origin(engine: Engine, device: &str) -> Origin {
    let Provenance { engine, device, superpose_version, revision, .. } = provenance(engine, device);
    Origin { engine, device, build: format!("{superpose_version} ({revision})") }
}

fn provenance(engine: Engine, device: &str) -> Provenance {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    Provenance {
        superpose_version: env!("CARGO_PKG_VERSION").to_owned(),
        revision: crate::REVISION.to_owned(),
        burn_version: superpose_device::BURN_VERSION.to_owned(),
        device: device.to_owned(),
        engine: engine.name().to_owned(),
        dtype: "f32".to_owned(),
        finished_unix_s: now.map_or(0, |d| d.as_secs()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use superpose_toy::trained::{CurvePoint, Weights};
    use superpose_train::train::TrainedModel;

    /// What is kept of a cell of two features whose model was tested with these losses.
    fn ended_with(test_losses: Vec<f64>) -> Ended {
        let golden = include_str!("../../store/tests/record-2.json");
        let mut cell = serde_json::from_str::<Record>(golden).unwrap().cell;
        (cell.model.n_features, cell.model.d_hidden, cell.train.steps) = (2, 1, 9);
        let weights = Weights {
            n_features: 2,
            d_hidden: 1,
            weights: vec![1.0, 0.5],
            bias: vec![0.0; 2],
            decoder: None,
        };
        let model =
            TrainedModel { weights, test_losses, loss_train_last100: 1.0, snapshots: vec![] };
        let curve = vec![CurvePoint { step: 9, loss: 1.0 }];
        let trained = Trained { outcome: Outcome::Completed, curve, model: Some(model) };
        ended(&Prepared::new(cell).unwrap(), trained, 1.0, provenance(Engine::Gram, "cpu"))
    }

    #[test]
    fn a_cell_with_a_measured_number_that_is_not_finite_has_diverged() {
        let good = ended_with(vec![1.0, 2.0]);
        assert_eq!(good.record.outcome, Outcome::Completed);
        assert!(good.record.measured.is_some() && good.weights.is_some());
        // Each loss is finite, but not their spread.
        let lost = ended_with(vec![1e300, -1e300]);
        let reason = Some("`loss.test_se` is not finite".to_owned());
        assert_eq!(lost.record.outcome, Outcome::Diverged { step: 9, reason });
        assert_eq!((lost.record.measured, lost.weights), (None, None));
        assert_eq!(lost.curve, good.curve);
    }
}
