//! One cell, from its claim to its record.

use std::cell::RefCell;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use anyhow::anyhow;
use superpose_device::NamedDevice;
use superpose_store::measured::{Losses, measure};
use superpose_store::record::{Provenance, RECORD_VERSION, Record};
use superpose_toy::cell::Cell;
use superpose_toy::frequency::FeatureProbabilities;
use superpose_toy::frequency_file::FrequencyFileError;
use superpose_toy::trained::{CurvePoint, Outcome, Weights};
use superpose_train::together::{Place, train_together};
use superpose_train::train::{Engine, Trained, train};

/// All that is known of a cell when it has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) record: Record,
    pub(crate) curve: Vec<CurvePoint>,
    pub(crate) weights: Option<Weights>,
    pub(crate) probabilities: Vec<f64>,
}

thread_local! {
    /// Where the panic hook leaves what an engine said, for the record.
    static LAST_WORDS: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Keeps panics of an engine off the terminal: they become the outcome of a cell.
pub(crate) fn quieten_panics() {
    std::panic::set_hook(Box::new(|info| {
        let message = info.payload_as_str().unwrap_or("no message");
        let place =
            info.location().map_or(String::new(), |l| format!(" ({}:{})", l.file(), l.line()));
        LAST_WORDS.with_borrow_mut(|words| *words = format!("{message}{place}"));
    }));
}

/// Trains, tests and measures a cell, on `n_threads` where the engine can. `on_step` hears of each
/// step and answers whether to go on; `None` when it did not.
pub(crate) fn work(
    cell: &Cell,
    engine: Engine,
    device: &NamedDevice,
    n_threads: NonZeroUsize,
    on_step: &mut dyn FnMut(u64) -> bool,
) -> Result<Option<Ended>, FrequencyFileError> {
    let begun = Instant::now();
    let probabilities = cell.probabilities()?;
    let mut stopped = false;
    let mut on_step = |step| {
        stopped = !on_step(step);
        !stopped
    };
    let trained = catch_unwind(AssertUnwindSafe(|| {
        train(cell, &probabilities, engine, &device.device, n_threads, &mut on_step)
    }))
    .unwrap_or_else(|_| Trained {
        outcome: Outcome::Failed { message: last_words() },
        curve: Vec::new(),
        model: None,
    });
    if stopped {
        return Ok(None);
    }
    let on = match engine {
        Engine::Reference => device.name.as_str(),
        Engine::Gram => "cpu",
    };
    let wall_s = begun.elapsed().as_secs_f64();
    Ok(Some(ended(cell, &probabilities, trained, wall_s, provenance(engine, on))))
}

/// Trains, tests and measures cells that have all in common that they must, on a GPU. `on_steps`
/// hears of the steps made and answers whether to go on; `None` when it did not.
pub(crate) fn work_together(
    cells: &[Cell],
    device: &NamedDevice,
    place: &Place,
    on_steps: &mut dyn FnMut(u64) -> bool,
) -> anyhow::Result<Option<Vec<Ended>>> {
    let begun = Instant::now();
    let probabilities: Vec<FeatureProbabilities> =
        cells.iter().map(Cell::probabilities).collect::<Result<_, _>>()?;
    let mut stopped = false;
    let mut on_steps = |step| {
        stopped = !on_steps(step);
        !stopped
    };
    let trained = catch_unwind(AssertUnwindSafe(|| {
        train_together(cells, &probabilities, place, &mut on_steps)
    }))
    .map_err(|_| anyhow!("the device failed: {}", last_words()))??;
    if stopped {
        return Ok(None);
    }
    // So that the times of all cells add up to what they took.
    let wall_s = begun.elapsed().as_secs_f64() / cells.len() as f64;
    let ended = |((cell, p), trained): ((&Cell, &FeatureProbabilities), Trained)| {
        ended(cell, p, trained, wall_s, provenance(place.engine, &device.name))
    };
    Ok(Some(cells.iter().zip(&probabilities).zip(trained).map(ended).collect()))
}

/// What an engine said when it panicked.
fn last_words() -> String {
    LAST_WORDS.with_borrow(Clone::clone)
}

fn ended(
    cell: &Cell,
    probabilities: &FeatureProbabilities,
    trained: Trained,
    wall_s: f64,
    provenance: Provenance,
) -> Ended {
    let record = Record {
        record_version: RECORD_VERSION,
        cell_id: cell.id(),
        outcome: trained.outcome,
        measured: trained.model.as_ref().map(|model| {
            let losses = Losses::of_batches(&model.test_losses, model.loss_train_last100);
            measure(cell, probabilities.as_slice(), &model.weights, losses)
        }),
        wall_s,
        cell: cell.clone(),
        provenance,
    };
    Ended {
        record,
        curve: trained.curve,
        weights: trained.model.map(|model| model.weights),
        probabilities: probabilities.as_slice().to_vec(),
    }
}

fn provenance(engine: Engine, device: &str) -> Provenance {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    Provenance {
        superpose_version: env!("CARGO_PKG_VERSION").to_owned(),
        revision: env!("SUPERPOSE_REVISION").to_owned(),
        burn_version: superpose_device::BURN_VERSION.to_owned(),
        device: device.to_owned(),
        engine: engine.name().to_owned(),
        dtype: "f32".to_owned(),
        finished_unix_s: now.map_or(0, |d| d.as_secs()),
    }
}
