//! Cells from their first step to their test: the one loop for all engines.

use std::collections::VecDeque;
use std::fmt;

use superpose_ensemble::feed::Chunk;
pub use superpose_ensemble::peak::peak_flop_per_s as gpu_peak_flop_per_s;
use superpose_toy::engine::EngineKind;
use superpose_toy::prepared::Prepared;
use superpose_toy::sampler::Stream;
use superpose_toy::trained::Snapshot;

use crate::engine::{DeviceFailure, Effort, Engine, PendingLosses, supports};
use crate::losses::{LossLog, Sums};
pub use crate::losses::{Trained, TrainedModel};
use crate::together::{Common, Place, Processor};

/// Steps that a GPU is given together at most. The host sends them and reads their losses at once,
/// which costs little per step then; a stop that is asked for waits for two such chunks.
const GPU_CHUNK: u64 = 64;
/// Chunks that a GPU has been given before the losses of the first are read, so that it has work
/// while the host looks at them.
const GPU_IN_FLIGHT: usize = 2;

/// Trains `prepared` cells, which have [`Common`] in common, together at `place`. `on_steps` is
/// called with the number of steps made so far, after every step on the CPU and after some steps on
/// a GPU; when it returns `false` training ends early and cells have failed. It ends early, too,
/// when all cells have diverged. When the engine does not support one of the cells, all fail with
/// the reason; ask [`supports`] first.
///
/// # Errors
/// [`DeviceFailure`] when the device has failed or is out of memory.
///
/// # Panics
/// When there are no cells.
pub fn train(
    prepared: &[Prepared],
    place: &Place,
    on_steps: &mut dyn FnMut(u64) -> bool,
) -> Result<Vec<Trained>, DeviceFailure> {
    let (common, processor) = (Common::of(&prepared[0].cell), place.processor());
    let sums = match (place.engine, processor) {
        (EngineKind::Reference, Processor::Cpu) => Sums::Single,
        _ => Sums::Double,
    };
    let logs: Vec<LossLog> = prepared.iter().map(|p| LossLog::new(&p.cell, sums)).collect();
    let refusal = |p: &Prepared| supports(place.engine, processor, &p.cell).err();
    if let Some(refusal) = prepared.iter().find_map(refusal) {
        return Ok(logs.into_iter().map(|log| log.failed(refusal.to_string())).collect());
    }
    // A step on the CPU may take seconds, and then a stop should not wait for another.
    let (steps, tests, in_flight) = match processor {
        Processor::Cpu => (1, 1, 1),
        Processor::Gpu => (GPU_CHUNK, GPU_CHUNK, GPU_IN_FLIGHT),
    };
    let chunks = common.training(steps).chain(common.test(tests));
    let mut engine = place.start(prepared, &chunks)?;
    run(&mut *engine, chunks, &common.moments(), in_flight, logs, on_steps)
}

/// The one loop of training: gives `engine` all `chunks`, keeping `in_flight` of them ahead of what is read, and
/// keeps the models at the `moments`, at which chunks end.
fn run<'c>(
    engine: &mut dyn Engine<'c>,
    chunks: impl Iterator<Item = Chunk>,
    moments: &[u64],
    in_flight: usize,
    mut logs: Vec<LossLog>,
    on_steps: &mut dyn FnMut(u64) -> bool,
) -> Result<Vec<Trained>, DeviceFailure> {
    let mut chunks = chunks.fuse();
    let mut begun = VecDeque::new();
    let mut kept: Vec<Vec<Snapshot>> = vec![Vec::with_capacity(moments.len()); logs.len()];
    let mut keep = |engine: &dyn Engine<'c>, step: u64| {
        let weights = engine.weights()?;
        let snapshots = weights.into_iter().map(|weights| Snapshot { step, weights });
        kept.iter_mut().zip(snapshots).for_each(|(kept, snapshot)| kept.push(snapshot));
        Ok::<(), DeviceFailure>(())
    };
    if moments.first() == Some(&0) {
        keep(engine, 0)?;
    }
    loop {
        while begun.len() < in_flight
            && let Some(chunk) = chunks.next()
        {
            let pending = engine.begin(&chunk)?;
            if chunk.stream == Stream::Train && moments.contains(&chunk.steps.end) {
                keep(engine, chunk.steps.end)?;
            }
            begun.push_back((chunk, pending));
        }
        let Some((chunk, pending)) = begun.pop_front() else { break };
        for mses in pending()? {
            for (log, mse) in logs.iter_mut().zip(mses) {
                match chunk.stream {
                    Stream::Train => log.add(mse),
                    Stream::Test => log.add_test(mse),
                }
            }
        }
        let ends = logs.iter().all(LossLog::has_diverged)
            || (chunk.stream == Stream::Train && !on_steps(chunk.steps.end));
        if ends {
            return Ok(logs.into_iter().map(LossLog::stopped).collect());
        }
    }
    let weights = engine.weights()?;
    let ended = logs.into_iter().zip(weights).zip(kept);
    Ok(ended.map(|((log, weights), kept)| log.completed(weights, kept)).collect())
}

/// Cells in training together, a round of steps at a time: for timing.
pub struct Rounds<'c> {
    engine: Box<dyn Engine<'c> + 'c>,
    chunks: Box<dyn Iterator<Item = Chunk> + Send>,
    begun: VecDeque<PendingLosses<'c>>,
    n_features: f64,
}

impl fmt::Debug for Rounds<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rounds").field("effort", &self.effort()).finish_non_exhaustive()
    }
}

impl<'c> Rounds<'c> {
    /// `prepared` cells, which have [`Common`] in common, before their first step at `place`; they
    /// will make all their steps in rounds of `steps_a_round`.
    ///
    /// # Errors
    /// [`DeviceFailure`] when the device has failed or is out of memory.
    ///
    /// # Panics
    /// When there are no cells.
    pub fn new(
        prepared: &[Prepared],
        place: &'c Place,
        steps_a_round: u64,
    ) -> Result<Self, DeviceFailure> {
        let common = Common::of(&prepared[0].cell);
        let chunks = common.training(steps_a_round);
        let engine = place.start(prepared, &chunks)?;
        let (chunks, begun) = (Box::new(chunks), VecDeque::new());
        Ok(Self { engine, chunks, begun, n_features: common.shape.n_features as f64 })
    }

    /// Makes the steps of the next round, waits until they are done, and returns the first cell's
    /// mean loss over them (squared errors summed over features); none when all rounds are made.
    ///
    /// # Errors
    /// [`DeviceFailure`] when the device has failed or is out of memory.
    pub fn round(&mut self) -> Result<Option<f64>, DeviceFailure> {
        self.next(1)
    }

    /// As [`Rounds::round`], but gives a GPU the round after it, too, before it waits, as training does.
    ///
    /// # Errors
    /// [`DeviceFailure`] when the device has failed or is out of memory.
    pub fn round_ahead(&mut self) -> Result<Option<f64>, DeviceFailure> {
        self.next(GPU_IN_FLIGHT)
    }

    fn next(&mut self, in_flight: usize) -> Result<Option<f64>, DeviceFailure> {
        while self.begun.len() < in_flight
            && let Some(chunk) = self.chunks.next()
        {
            self.begun.push_back(self.engine.begin(&chunk)?);
        }
        let Some(pending) = self.begun.pop_front() else { return Ok(None) };
        let mses = pending()?;
        let sum: f64 = mses.iter().map(|mses| mses[0]).sum();
        Ok(Some(sum / mses.len() as f64 * self.n_features))
    }

    /// What the engine has noted of its work so far.
    pub fn effort(&self) -> Effort {
        self.engine.effort()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use superpose_toy::cell::Cell;
    use superpose_toy::engine::Unsupported;
    use superpose_toy::trained::{Outcome, Weights};

    use super::*;

    /// A cell of four features, 50 steps and two test batches.
    pub(crate) fn cell() -> Cell {
        let text = r#"
            [model]
            n_features = 4
            d_hidden = 2
            bias_init_std = 1.0
            [data]
            frequencies = { law = "power", exponent = 1.0 }
            activation_density = 1.0
            values = "uniform"
            seed = 0
            [train]
            batch_size = 8
            steps = 50
            learning_rate = 0.01
            learning_rate_bias = 0.01
            warmup_steps = 5
            final_learning_rate_fraction = 0.05
            weight_decay = -1.0
            adam_beta1 = 0.9
            adam_beta2 = 0.999
            adam_epsilon = 1e-8
            loss_scale = 1.0
            seed = 0
            test_batches = 2
            log_every = 10
        "#;
        toml::from_str(text).unwrap()
    }

    /// An engine whose cells diverge each from a step on; before, the loss is the number of the
    /// step.
    struct Scripted {
        diverge_from: Vec<u64>,
        begun: Vec<Chunk>,
    }

    impl<'c> Engine<'c> for Scripted {
        fn supports(_: &Cell) -> Result<(), Unsupported> {
            Ok(())
        }

        fn begin(&mut self, chunk: &Chunk) -> Result<PendingLosses<'c>, DeviceFailure> {
            self.begun.push(chunk.clone());
            let from = self.diverge_from.clone();
            let mse = |step: u64| {
                let of_cell = |&from: &u64| if step >= from { f64::NAN } else { step as f64 };
                from.iter().map(of_cell).collect()
            };
            let mses: Vec<Vec<f64>> = chunk.steps.clone().map(|at| mse(at + 1)).collect();
            Ok(Box::new(|| Ok(mses)))
        }

        fn weights(&self) -> Result<Vec<Weights>, DeviceFailure> {
            // As many steps as were begun.
            let steps: u64 = self.begun.iter().map(|c| c.steps.end - c.steps.start).sum();
            let (weights, bias) = (vec![steps as f32; 8], vec![0.0; 4]);
            let weights = Weights { n_features: 4, d_hidden: 2, weights, bias, decoder: None };
            Ok(vec![weights; self.diverge_from.len()])
        }
    }

    /// What comes of cells that diverge from these steps on, chunks of five steps two at a time;
    /// the number of chunks begun; and the last step heard of.
    fn run_scripted(diverge_from: &[u64], stop_at: u64) -> (Vec<Trained>, usize, u64) {
        scripted(&cell(), diverge_from, stop_at)
    }

    /// The same of cells like `cell`.
    fn scripted(cell: &Cell, diverge_from: &[u64], stop_at: u64) -> (Vec<Trained>, usize, u64) {
        let common = Common::of(cell);
        let logs = diverge_from.iter().map(|_| LossLog::new(cell, Sums::Double)).collect();
        let mut engine = Scripted { diverge_from: diverge_from.to_vec(), begun: Vec::new() };
        let chunks = common.training(5).chain(common.test(1));
        let mut last = 0;
        let mut on_steps = |step| {
            last = step;
            step < stop_at
        };
        let trained = run(&mut engine, chunks, &common.moments(), 2, logs, &mut on_steps).unwrap();
        (trained, engine.begun.len(), last)
    }

    #[test]
    fn every_chunk_is_begun_and_read_in_order() {
        let (trained, begun, last) = run_scripted(&[u64::MAX], u64::MAX);
        assert_eq!((begun, last), (12, 50));
        // Mean losses of ten steps, times four features.
        let losses: Vec<f64> = trained[0].curve.iter().map(|point| point.loss).collect();
        assert_eq!(losses, [22.0, 62.0, 102.0, 142.0, 182.0]);
        let model = trained[0].model.as_ref().unwrap();
        assert_eq!(
            (model.test_losses.as_slice(), model.loss_train_last100),
            (&[4.0, 8.0][..], 102.0)
        );
    }

    #[test]
    fn models_are_kept_as_they_are_at_their_moments_and_nothing_else_changes() {
        let mut cell = cell();
        cell.train.snapshots = 5;
        let (with, ..) = scripted(&cell, &[u64::MAX, u64::MAX], u64::MAX);
        let (without, ..) = run_scripted(&[u64::MAX], u64::MAX);
        let (with, without) = (|i: usize| with[i].model.clone().unwrap(), without[0].model.clone());
        for model in [with(0), with(1)] {
            let kept: Vec<(u64, f32)> =
                model.snapshots.iter().map(|s| (s.step, s.weights.weights[7])).collect();
            // A third and two thirds of the way to 50, by factors.
            assert_eq!(kept, [(0, 0.0), (1, 1.0), (4, 4.0), (14, 14.0), (50, 50.0)]);
            let model = Some(TrainedModel { snapshots: vec![], ..model });
            assert_eq!(model, without);
        }
    }

    #[test]
    fn a_cell_diverges_at_its_step_whatever_the_others_do() {
        let (trained, begun, _) = run_scripted(&[u64::MAX, 13, 41], u64::MAX);
        assert_eq!(begun, 12);
        let outcomes: Vec<&Outcome> = trained.iter().map(|trained| &trained.outcome).collect();
        let diverged = |step| Outcome::Diverged { step, reason: None };
        assert_eq!(outcomes, [&Outcome::Completed, &diverged(20), &diverged(50)]);
        assert_eq!((trained[1].curve.len(), trained[1].model.is_none()), (2, true));
    }

    #[test]
    fn training_ends_when_all_cells_have_diverged() {
        let (trained, begun, last) = run_scripted(&[3, 13], u64::MAX);
        // Seen in the fourth chunk, when the fifth is under way.
        assert_eq!((begun, last), (5, 15));
        let step = |trained: &Trained| match trained.outcome {
            Outcome::Diverged { step, .. } => step,
            _ => 0,
        };
        assert_eq!(trained.iter().map(step).collect::<Vec<_>>(), [10, 20]);
    }

    #[test]
    fn a_stop_fails_all_cells_but_those_that_had_diverged() {
        let (trained, begun, last) = run_scripted(&[u64::MAX, 3], 15);
        assert_eq!((begun, last), (4, 15));
        let message = "stopped after step 15 of 50".to_owned();
        assert_eq!(trained[0].outcome, Outcome::Failed { message });
        assert_eq!(trained[1].outcome, Outcome::Diverged { step: 10, reason: None });
    }
}
