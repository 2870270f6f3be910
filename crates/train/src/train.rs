//! Cells from their first step to their test: the one loop for all engines.

use std::collections::VecDeque;
use std::fmt;

use superpose_ensemble::feed::Chunk;
pub use superpose_ensemble::peak::peak_flop_per_s as gpu_peak_flop_per_s;
pub use superpose_ensemble::times::{KernelTimes, watched};
use superpose_toy::checkpoint::{Checkpoint, ModelState};
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

/// How a training goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// With the next steps.
    GoOn,
    /// With the next steps, once the cells as they are now have been kept.
    Keep,
    /// It ends.
    Stop,
    /// It ends, once the cells as they are now have been kept.
    KeepAndStop,
}

/// Who watches cells in training. A closure that says whether to go on keeps nothing.
pub trait Watch {
    /// Is told how many steps have been made, after every step on the CPU and after some steps on a GPU, and says
    /// how to go on.
    fn on_steps(&mut self, steps: u64) -> Next;

    /// Is told the first cell's loss, the last point of its curve, whenever there is a new one.
    fn on_loss(&mut self, _loss: f64) {}

    /// Is given the cells as they are now, in order, having asked for them; they may have made more steps than it
    /// was told of.
    fn keep(&mut self, checkpoints: Vec<Checkpoint>);
}

impl<F: FnMut(u64) -> bool> Watch for F {
    fn on_steps(&mut self, steps: u64) -> Next {
        if self(steps) { Next::GoOn } else { Next::Stop }
    }

    fn keep(&mut self, _: Vec<Checkpoint>) {}
}

/// Trains `prepared` cells, which have [`Common`] in common, together at `place`, from their first step or, each
/// from its own of `checkpoints`, on. Whatever engine and device these are from, training goes on; on the same
/// ones of the same build it ends with the same bits as one that was never stopped. When `watch` stops it training
/// ends early and cells have failed. It ends early, too, when all cells have diverged. When the engine does not
/// support one of the cells, all fail with the reason; ask [`supports`] first.
///
/// # Errors
/// [`DeviceFailure`] when the device has failed or is out of memory.
///
/// # Panics
/// When there are no cells, or not a checkpoint for each, or these are not all of one step.
pub fn train(
    prepared: &[Prepared],
    place: &Place,
    checkpoints: Option<Vec<Checkpoint>>,
    watch: &mut dyn Watch,
) -> Result<Vec<Trained>, DeviceFailure> {
    let (common, processor) = (Common::of(&prepared[0].cell), place.processor());
    let sums = match (place.engine, processor) {
        (EngineKind::Reference, Processor::Cpu) => Sums::Single,
        _ => Sums::Double,
    };
    let refusal = |p: &Prepared| supports(place.engine, processor, &p.cell).err();
    if let Some(refusal) = prepared.iter().find_map(refusal) {
        let fail = |p: &Prepared| LossLog::new(&p.cell, sums).failed(refusal.to_string());
        return Ok(prepared.iter().map(fail).collect());
    }
    let (cells, states) = Cells::begin(prepared, sums, checkpoints);
    // A step on the CPU may take seconds, and then a stop should not wait for another.
    let (steps, tests, in_flight) = match processor {
        Processor::Cpu => (1, 1, 1),
        Processor::Gpu => (GPU_CHUNK, GPU_CHUNK, GPU_IN_FLIGHT),
    };
    let chunks = common.training(cells.step, steps).chain(common.test(tests));
    let mut engine = place.start(prepared, states, &chunks)?;
    run(&mut *engine, chunks, &common.moments(), in_flight, cells, watch)
}

/// What is known of cells in training, beside their models.
struct Cells {
    /// Steps that the engine has been given.
    step: u64,
    logs: Vec<LossLog>,
    /// The models at the moments so far.
    kept: Vec<Vec<Snapshot>>,
}

impl Cells {
    /// That of `prepared` cells at their `checkpoints`, and their models there.
    fn begin(
        prepared: &[Prepared],
        sums: Sums,
        checkpoints: Option<Vec<Checkpoint>>,
    ) -> (Self, Option<Vec<ModelState>>) {
        let Some(checkpoints) = checkpoints else {
            let logs = prepared.iter().map(|p| LossLog::new(&p.cell, sums)).collect();
            return (Self { step: 0, logs, kept: vec![Vec::new(); prepared.len()] }, None);
        };
        assert_eq!(checkpoints.len(), prepared.len(), "a checkpoint for each cell");
        let step = checkpoints[0].step;
        let mut cells = Self { step, logs: Vec::new(), kept: Vec::new() };
        let mut states = Vec::new();
        for (p, checkpoint) in prepared.iter().zip(checkpoints) {
            assert_eq!(checkpoint.step, step, "cells that go on together have made the same steps");
            cells.logs.push(LossLog::going_on(&p.cell, sums, checkpoint.losses));
            cells.kept.push(checkpoint.snapshots);
            states.push(checkpoint.model);
        }
        (cells, Some(states))
    }

    /// Keeps the models as they are now.
    fn keep_models<'c>(&mut self, engine: &dyn Engine<'c>) -> Result<(), DeviceFailure> {
        for (kept, weights) in self.kept.iter_mut().zip(engine.weights()?) {
            kept.push(Snapshot { step: self.step, weights });
        }
        Ok(())
    }

    /// The cells as they are now, when all losses are in.
    fn checkpoints<'c>(&self, engine: &dyn Engine<'c>) -> Result<Vec<Checkpoint>, DeviceFailure> {
        let of_cells = engine.states()?.into_iter().zip(&self.logs).zip(&self.kept);
        let checkpoint = |((model, log), kept): ((ModelState, &LossLog), &Vec<Snapshot>)| {
            let (losses, snapshots) = (log.so_far().clone(), kept.clone());
            Checkpoint { step: self.step, model, losses, snapshots }
        };
        Ok(of_cells.map(checkpoint).collect())
    }

    /// What came of a training that ended before its last step.
    fn stopped(self) -> Vec<Trained> {
        self.logs.into_iter().map(LossLog::stopped).collect()
    }
}

/// The one loop of training: gives `engine` all `chunks`, keeping `in_flight` of them ahead of what is read, and
/// keeps the models at the `moments`, at which chunks end.
fn run<'c>(
    engine: &mut dyn Engine<'c>,
    chunks: impl Iterator<Item = Chunk>,
    moments: &[u64],
    in_flight: usize,
    mut cells: Cells,
    watch: &mut dyn Watch,
) -> Result<Vec<Trained>, DeviceFailure> {
    let mut chunks = chunks.fuse();
    let mut begun = VecDeque::new();
    // That the cells are to be kept, and whether training ends with that.
    let mut to_keep: Option<bool> = None;
    let mut n_points = 0;
    if cells.step == 0 && moments.first() == Some(&0) {
        cells.keep_models(engine)?;
    }
    loop {
        while to_keep.is_none()
            && begun.len() < in_flight
            && let Some(chunk) = chunks.next()
        {
            let pending = engine.begin(&chunk)?;
            if chunk.stream == Stream::Train {
                cells.step = chunk.steps.end;
                if moments.contains(&cells.step) {
                    cells.keep_models(engine)?;
                }
            }
            begun.push_back((chunk, pending));
        }
        let Some((chunk, pending)) = begun.pop_front() else {
            // The device has nothing more to do, so that models and losses are of one step.
            let Some(ends) = to_keep.take() else { break };
            watch.keep(cells.checkpoints(engine)?);
            if ends {
                return Ok(cells.stopped());
            }
            continue;
        };
        for mses in pending()? {
            for (log, mse) in cells.logs.iter_mut().zip(mses) {
                match chunk.stream {
                    Stream::Train => log.add(mse),
                    Stream::Test => log.add_test(mse),
                }
            }
        }
        if cells.logs.iter().all(LossLog::has_diverged) {
            return Ok(cells.stopped());
        }
        let curve = &cells.logs[0].so_far().curve;
        if curve.len() > n_points {
            n_points = curve.len();
            watch.on_loss(curve[n_points - 1].loss);
        }
        if chunk.stream == Stream::Train {
            match watch.on_steps(chunk.steps.end) {
                Next::GoOn => {}
                Next::Stop => return Ok(cells.stopped()),
                Next::Keep => {
                    to_keep.get_or_insert(false);
                }
                Next::KeepAndStop => to_keep = Some(true),
            }
        }
    }
    let weights = engine.weights()?;
    let ended = cells.logs.into_iter().zip(weights).zip(cells.kept);
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
        let chunks = common.training(0, steps_a_round);
        let engine = place.start(prepared, None, &chunks)?;
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

        fn states(&self) -> Result<Vec<ModelState>, DeviceFailure> {
            Ok(self.weights()?.into_iter().map(ModelState::at_start).collect())
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
        let prepared = Prepared::new(cell.clone()).unwrap();
        let all = vec![prepared; diverge_from.len()];
        let (cells, _) = Cells::begin(&all, Sums::Double, None);
        let mut engine = Scripted { diverge_from: diverge_from.to_vec(), begun: Vec::new() };
        let chunks = common.training(0, 5).chain(common.test(1));
        let mut last = 0;
        let mut on_steps = |step: u64| {
            last = step;
            step < stop_at
        };
        let trained = run(&mut engine, chunks, &common.moments(), 2, cells, &mut on_steps).unwrap();
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

    /// Asks for checkpoints at some steps.
    #[derive(Default)]
    struct Keeping {
        at: Vec<(u64, Next)>,
        kept: Vec<Vec<Checkpoint>>,
        last: u64,
    }

    impl Watch for Keeping {
        fn on_steps(&mut self, steps: u64) -> Next {
            self.last = steps;
            self.at.iter().find(|(at, _)| *at == steps).map_or(Next::GoOn, |(_, next)| *next)
        }

        fn keep(&mut self, checkpoints: Vec<Checkpoint>) {
            self.kept.push(checkpoints);
        }
    }

    /// What comes of a cell, chunks of five steps two at a time, from its first step or a checkpoint on.
    fn watched(cell: &Cell, from: Option<Checkpoint>, watch: &mut Keeping) -> Trained {
        let common = Common::of(cell);
        let prepared = [Prepared::new(cell.clone()).unwrap()];
        let (cells, states) = Cells::begin(&prepared, Sums::Double, from.map(|from| vec![from]));
        let from = cells.step;
        assert_eq!(states.is_some(), from > 0);
        let begun =
            if from > 0 { vec![Chunk { stream: Stream::Train, steps: 0..from }] } else { vec![] };
        let mut engine = Scripted { diverge_from: vec![u64::MAX], begun };
        let chunks = common.training(from, 5).chain(common.test(1));
        run(&mut engine, chunks, &common.moments(), 2, cells, watch).unwrap().remove(0)
    }

    #[test]
    fn a_checkpoint_has_all_that_was_begun_and_training_goes_on_from_it_as_if_never_stopped() {
        let mut cell = cell();
        cell.train.snapshots = 5;
        let whole = watched(&cell, None, &mut Keeping::default());
        let at = vec![(10, Next::Keep), (30, Next::KeepAndStop)];
        let mut watch = Keeping { at, ..Keeping::default() };
        let stopped = watched(&cell, None, &mut watch);
        assert_eq!(
            stopped.outcome,
            Outcome::Failed { message: "stopped after step 35 of 50".into() }
        );
        // Chunks end at the moments too: 1, 4, 5, 10, 14, 15 and so on, and one is always ahead.
        let steps: Vec<u64> = watch.kept.iter().map(|kept| kept[0].step).collect();
        assert_eq!((steps, watch.last), (vec![14, 35], 35));
        for kept in watch.kept {
            let checkpoint = kept[0].clone();
            let (step, model) = (checkpoint.step, &checkpoint.model.weights.weights);
            assert_eq!((checkpoint.losses.step, model[0]), (step, step as f32));
            assert_eq!(watched(&cell, Some(checkpoint), &mut Keeping::default()), whole);
        }
    }

    #[test]
    fn a_checkpoint_after_the_last_step_leaves_the_test_to_be_made() {
        let cell = cell();
        let mut watch = Keeping { at: vec![(50, Next::KeepAndStop)], ..Keeping::default() };
        watched(&cell, None, &mut watch);
        let checkpoint = watch.kept[0][0].clone();
        assert_eq!(checkpoint.step, 50);
        let whole = watched(&cell, None, &mut Keeping::default());
        assert_eq!(watched(&cell, Some(checkpoint), &mut Keeping::default()), whole);
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
