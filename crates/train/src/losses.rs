//! The losses of a cell in training, and what comes of them.

use superpose_toy::cell::Cell;
use superpose_toy::checkpoint::{LossSum, LossesSoFar};
use superpose_toy::trained::{CurvePoint, Outcome, Snapshot, Weights};

/// What came of training a cell. Losses are squared errors summed over features.
#[derive(Debug, Clone, PartialEq)]
pub struct Trained {
    /// How it ended.
    pub outcome: Outcome,
    /// The loss curve, up to where it ended.
    pub curve: Vec<CurvePoint>,
    /// The trained model and its losses; absent unless all steps were made.
    pub model: Option<TrainedModel>,
}

/// A model trained to the end.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainedModel {
    /// Its parameters.
    pub weights: Weights,
    /// Loss on each of the fresh test batches.
    pub test_losses: Vec<f64>,
    /// Mean training loss over the last 100 steps, or over all if there are fewer.
    pub loss_train_last100: f64,
    /// What it was at the moments at which it is kept, in order.
    pub snapshots: Vec<Snapshot>,
}

/// Steps at the end of training whose mean loss is reported, as in the paper.
const LAST: u64 = 100;

/// The losses of a cell in training, step by step.
pub(crate) struct LossLog {
    n_features: f64,
    steps: u64,
    log_every: u64,
    sums: Sums,
    so_far: LossesSoFar,
    test_losses: Vec<f64>,
}

impl LossLog {
    /// That of a cell before its first step.
    pub(crate) fn new(cell: &Cell, sums: Sums) -> Self {
        Self::going_on(cell, sums, LossesSoFar::default())
    }

    /// That of a cell with these losses so far.
    pub(crate) fn going_on(cell: &Cell, sums: Sums, so_far: LossesSoFar) -> Self {
        Self {
            n_features: cell.model.n_features as f64,
            steps: cell.train.steps,
            log_every: cell.train.log_every,
            sums,
            so_far,
            test_losses: Vec::new(),
        }
    }

    /// The training losses so far.
    pub(crate) fn so_far(&self) -> &LossesSoFar {
        &self.so_far
    }

    /// Takes in the mean squared error of the next step. Once the loss is not finite, none is taken
    /// in any more.
    pub(crate) fn add(&mut self, mse: f64) {
        if self.has_diverged() {
            return;
        }
        let (sums, so_far) = (self.sums, &mut self.so_far);
        so_far.step += 1;
        let step = so_far.step;
        if step + LAST > self.steps {
            sums.add(&mut so_far.last, mse);
        }
        sums.add(&mut so_far.recent, mse);
        if step.is_multiple_of(self.log_every) || step == self.steps {
            let loss = take(&mut so_far.recent) * self.n_features;
            so_far.curve.push(CurvePoint { step, loss });
            if !loss.is_finite() {
                so_far.diverged_by = Some(step);
            }
        }
    }

    /// Takes in the mean squared error of the next test batch.
    pub(crate) fn add_test(&mut self, mse: f64) {
        self.test_losses.push(mse * self.n_features);
    }

    pub(crate) fn has_diverged(&self) -> bool {
        self.so_far.diverged_by.is_some()
    }

    /// What came of a training that ended before its last step.
    pub(crate) fn stopped(self) -> Trained {
        let message = format!("stopped after step {} of {}", self.so_far.step, self.steps);
        self.failed(message)
    }

    /// What came of a training that ended with this `message`, unless it had diverged.
    pub(crate) fn failed(self, message: String) -> Trained {
        let outcome = match self.so_far.diverged_by {
            Some(step) => Outcome::Diverged { step, reason: None },
            None => Outcome::Failed { message },
        };
        Trained { outcome, curve: self.so_far.curve, model: None }
    }

    /// What came of a training with all its steps and its test.
    pub(crate) fn completed(mut self, weights: Weights, snapshots: Vec<Snapshot>) -> Trained {
        if self.has_diverged() {
            return self.stopped();
        }
        let loss_train_last100 = take(&mut self.so_far.last) * self.n_features;
        if let Some(what) = not_finite(&weights, &self.test_losses) {
            let outcome = Outcome::Diverged { step: self.steps, reason: Some(what) };
            return Trained { outcome, curve: self.so_far.curve, model: None };
        }
        let test_losses = self.test_losses;
        let model = TrainedModel { weights, test_losses, loss_train_last100, snapshots };
        Trained { outcome: Outcome::Completed, curve: self.so_far.curve, model: Some(model) }
    }
}

/// What of a trained model is not finite, in words, if anything is. Rows may explode that no sample of the
/// last steps touches, and the loss explode in the last step, after it was looked at.
fn not_finite(weights: &Weights, test_losses: &[f64]) -> Option<String> {
    let decoder = weights.decoder.as_ref().map(|decoder| ("V", decoder));
    for (name, numbers) in
        [("W", &weights.weights), ("b", &weights.bias)].into_iter().chain(decoder)
    {
        let n = numbers.iter().filter(|number| !number.is_finite()).count();
        if n > 0 {
            return Some(format!("{n} of {} numbers in {name} are not finite", numbers.len()));
        }
    }
    let is_lost = !test_losses.iter().all(|loss| loss.is_finite());
    is_lost.then(|| "the test loss is not finite".to_owned())
}

/// How precisely losses are added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sums {
    /// Rounded to single precision after each term: the reference engine's on a CPU, so that
    /// its curves keep the bits of older records.
    Single,
    /// In double precision.
    Double,
}

impl Sums {
    #[expect(clippy::cast_possible_truncation, reason = "rounded on purpose")]
    fn add(self, to: &mut LossSum, value: f64) {
        let sum = to.sum + value;
        to.sum = if self == Self::Single { f64::from(sum as f32) } else { sum };
        to.count += 1;
    }
}

/// The mean of what was added since the last time.
fn take(sum: &mut LossSum) -> f64 {
    let LossSum { sum, count } = std::mem::take(sum);
    sum / count as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::tests::cell;

    /// A cell of 50 steps whose losses were all finite.
    fn log() -> LossLog {
        let mut log = LossLog::new(&cell(), Sums::Double);
        (0..50).for_each(|_| log.add(0.25));
        log
    }

    fn weights() -> Weights {
        let (weights, bias) = (vec![0.5; 8], vec![0.0; 4]);
        Weights { n_features: 4, d_hidden: 2, weights, bias, decoder: None }
    }

    #[test]
    fn a_model_with_a_number_that_is_not_finite_has_diverged() {
        let mut good = log();
        good.add_test(0.25);
        let trained = good.completed(weights(), vec![]);
        assert_eq!(trained.outcome, Outcome::Completed);
        assert_eq!(trained.model.unwrap().test_losses, [1.0]);

        let (mut lost_w, mut lost_b) = (weights(), weights());
        (lost_w.weights[3], lost_w.weights[5]) = (f32::NAN, f32::NEG_INFINITY);
        lost_b.bias[0] = f32::INFINITY;
        for (weights, test, reason) in [
            (lost_w, 0.25, "2 of 8 numbers in W are not finite"),
            (lost_b, 0.25, "1 of 4 numbers in b are not finite"),
            (weights(), f64::NAN, "the test loss is not finite"),
            (weights(), f64::INFINITY, "the test loss is not finite"),
        ] {
            let mut log = log();
            log.add_test(0.25);
            log.add_test(test);
            let trained = log.completed(weights, vec![]);
            let reason = Some(reason.to_owned());
            assert_eq!(trained.outcome, Outcome::Diverged { step: 50, reason });
            assert_eq!((trained.model, trained.curve.len()), (None, 5));
        }
    }
}
