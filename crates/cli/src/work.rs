//! One cell, from its claim to its record.

use std::cell::RefCell;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use superpose_device::NamedDevice;
use superpose_geometry::{Rows, dead, norms, overlap};
use superpose_stats::summary::summarise;
use superpose_sweep::cell::Cell;
use superpose_sweep::frequency_file::FrequencyFileError;
use superpose_sweep::record::{
    CurvePoint, Measured, Outcome, Provenance, RECORD_VERSION, Record, Weights,
};
use superpose_theory::frequency::FeatureProbabilities;
use superpose_theory::overlap::welch_mean_square;
use superpose_train::train::{Engine, Trained, TrainedModel, train};

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

/// Trains, tests and measures a cell, on `n_threads` where the engine can. `on_step` hears of each step and answers whether to go on;
/// `None` when it did not.
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
        outcome: Outcome::Failed { message: LAST_WORDS.with_borrow(Clone::clone) },
        curve: Vec::new(),
        model: None,
    });
    if stopped {
        return Ok(None);
    }
    let measured = trained.model.as_ref().map(|model| measure(cell, &probabilities, model));
    let record = Record {
        record_version: RECORD_VERSION,
        cell_id: cell.id(),
        outcome: trained.outcome,
        measured,
        wall_s: begun.elapsed().as_secs_f64(),
        cell: cell.clone(),
        provenance: provenance(engine, device),
    };
    Ok(Some(Ended {
        record,
        curve: trained.curve,
        weights: trained.model.map(|model| model.weights),
        probabilities: probabilities.as_slice().to_vec(),
    }))
}

fn measure(cell: &Cell, probabilities: &FeatureProbabilities, model: &TrainedModel) -> Measured {
    let Weights { n_features, d_hidden, ref weights, ref bias } = model.weights;
    let rows = Rows::new(weights, d_hidden);
    let row_norms = norms::row_norms(rows);
    let values = cell.value_distribution();
    let dead: Vec<usize> = (0..n_features)
        .filter(|&i| dead::is_dead(row_norms[i], f64::from(bias[i]), values.supremum()))
        .collect();
    let dead_density: f64 = dead.iter().map(|&i| probabilities.as_slice()[i]).sum();
    let test = summarise(&model.test_losses);
    Measured {
        loss_test: test.mean,
        loss_test_se: test.standard_error,
        loss_train_last100: model.loss_train_last100,
        phi_half: norms::fraction_above(&row_norms, 0.5),
        phi_one: norms::fraction_above(&row_norms, 1.0),
        dead_outputs: dead.len(),
        loss_dead_part: values.second_moment() * dead_density,
        overlap_mean_square: overlap::mean_square(rows, 0.0).unwrap_or(0.0),
        overlap_mean_square_strong: overlap::mean_square(rows, 1.0),
        overlap_welch: welch_mean_square(n_features, d_hidden),
    }
}

fn provenance(engine: Engine, device: &NamedDevice) -> Provenance {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    Provenance {
        superpose_version: env!("CARGO_PKG_VERSION").to_owned(),
        revision: env!("SUPERPOSE_REVISION").to_owned(),
        burn_version: superpose_device::BURN_VERSION.to_owned(),
        device: match engine {
            Engine::Reference => device.backend.label.to_owned(),
            Engine::Gram => "cpu".to_owned(),
        },
        engine: engine.name().to_owned(),
        dtype: "f32".to_owned(),
        finished_unix_s: now.map_or(0, |d| d.as_secs()),
    }
}
