//! The gram engine against the gradient written out in double precision. Without burn, so that it
//! also runs in seconds under a sanitiser (`just sanitise`).

#![allow(clippy::unwrap_used, reason = "a test may fail")]
#![allow(clippy::needless_range_loop, reason = "written with indices, as on paper")]

mod support;

use std::num::NonZeroUsize;

use superpose_gram::engine::{Arranged, Gram, Registers, Way, supports};
use superpose_toy::adam::AdamStep;
use superpose_toy::cell::Cell;
use superpose_toy::init::initial_weights;
use superpose_toy::sampler::{Sampler, SparseBatch, Stream};
use superpose_toy::trained::{LossGradient, Weights};

use support::{cell, difference, first_batch, prepared};

const WAYS: [Way; 2] = [Way::Dense, Way::Sparse];

fn start(cell: &Cell) -> Weights {
    initial_weights(cell.model.n_features, cell.model.d_hidden, 0.5, 3)
}

/// `y = ReLU(x W Wᵀ + b)` and the derivatives of its mean squared error, sample by sample.
fn by_hand(cell: &Cell, start: &Weights, batch: &SparseBatch) -> LossGradient {
    let (n, d, size) = (cell.model.n_features, cell.model.d_hidden, cell.train.batch_size);
    let w = |i: usize, j: usize| f64::from(start.weights[i * d + j]);
    let x = batch.to_dense(size, n);
    let factor = cell.train.loss_scale / (size * n) as f64;
    let (weights, bias) = (vec![0.0; n * d], vec![0.0; n]);
    let mut gradient = LossGradient { loss: 0.0, weights, bias, decoder: None };
    let importance = prepared(cell).importances();
    for sample in x.chunks(n) {
        let hidden: Vec<f64> =
            (0..d).map(|j| (0..n).map(|i| f64::from(sample[i]) * w(i, j)).sum()).collect();
        let mut asked = vec![0.0; d];
        for i in 0..n {
            let z = (0..d).map(|j| w(i, j) * hidden[j]).sum::<f64>() + f64::from(start.bias[i]);
            let error = z.max(0.0) - f64::from(sample[i]);
            let factor = factor * importance[i];
            gradient.loss += factor * error * error;
            if z > 0.0 {
                gradient.bias[i] += 2.0 * factor * error;
                for j in 0..d {
                    gradient.weights[i * d + j] += 2.0 * factor * error * hidden[j];
                    asked[j] += 2.0 * factor * error * w(i, j);
                }
            }
        }
        for i in 0..n {
            for j in 0..d {
                gradient.weights[i * d + j] += f64::from(sample[i]) * asked[j];
            }
        }
    }
    gradient
}

#[test]
fn both_ways_give_the_gradient_by_hand() {
    for overrides in [
        &[][..],
        &["model.n_features=1", "data.activation_density=1"],
        &["model.d_hidden=1", "train.batch_size=1"],
        &["model.d_hidden=16", "model.n_features=64"],
        &["model.d_hidden=70", "model.n_features=40"],
        &["model.d_hidden=130", "model.n_features=200", "train.loss_scale=100"],
        // Two to eight registers of every kind.
        &["model.d_hidden=17"],
        &["model.d_hidden=33"],
        &["model.d_hidden=49"],
        &["model.d_hidden=81"],
        &["model.d_hidden=97"],
        &["model.d_hidden=128"],
        &["data.activation_density=1e-9"],
        &["data.activation_density=4.2", "data.values=exponential", "train.batch_size=200"],
        &["model.n_features=1100", "data.frequencies.exponent=1"],
        &["data.importance={ law = \"geometric\", ratio = 0.9 }"],
        &["model.n_features=1100", "data.importance={ law = \"power\", exponent = -0.5 }"],
        &["data.dependence=correlated", "data.importance={ law = \"power\", exponent = 1 }"],
        &["data.dependence={ kind = \"exactly\", k = 3 }", "data.activation_density=3"],
        &["data.dependence={ kind = \"copula\", rank = 2, strength = 0.9 }", "data.values=unit"],
        // Small models, done another way.
        &["model.n_features=2", "model.d_hidden=1", "data.activation_density=0.1"],
        &[
            "model.n_features=2",
            "model.d_hidden=1",
            "data.activation_density=1.5",
            "train.batch_size=2100",
        ],
        &[
            "model.n_features=5",
            "model.d_hidden=2",
            "data.importance={ law = \"geometric\", ratio = 0.9 }",
        ],
        &[
            "model.n_features=3",
            "model.d_hidden=2",
            "data.importance={ law = \"power\", exponent = -2 }",
        ],
        &["model.n_features=6", "model.d_hidden=3", "data.dependence=anticorrelated"],
        &["model.n_features=4", "model.d_hidden=3", "train.loss_scale=100", "train.batch_size=1"],
        &["model.n_features=7", "model.d_hidden=3"],
        &["model.n_features=6", "model.d_hidden=4"],
    ] {
        // What comes later wins.
        let cell = cell(&[&["model.n_features=61"], overrides].concat());
        let (start, batch) = (start(&cell), first_batch(&cell));
        let truth = by_hand(&cell, &start, &batch);
        for registers in Registers::here() {
            let gram = Gram::from_weights(&prepared(&cell), start.clone());
            let mut gram = gram.with_registers(registers);
            for way in WAYS {
                let fast = gram.gradient(&batch, way);
                let differences = [
                    (fast.loss / truth.loss - 1.0).abs(),
                    difference(&truth.weights, &fast.weights),
                    difference(&truth.bias, &fast.bias),
                ];
                // 1e-5, as asked of the engine: single precision and sums of some hundred terms.
                assert!(
                    differences.iter().all(|d| *d < 1e-5),
                    "{overrides:?} {registers:?} {way:?} {differences:?}"
                );
            }
            let mse = gram.mse(&batch);
            assert!((mse * cell.train.loss_scale / truth.loss - 1.0).abs() < 1e-5);
        }
    }
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    // Four strips of several panels.
    let cell = cell(&["model.n_features=2300", "train.batch_size=900"]);
    let batch = first_batch(&cell);
    let start = start(&cell);
    for way in WAYS {
        let [one, three] = [1, 3].map(|n_threads| {
            let gram = Gram::from_weights(&prepared(&cell), start.clone());
            gram.on_threads(NonZeroUsize::new(n_threads).unwrap()).gradient(&batch, way)
        });
        assert_eq!(one, three);
    }
}

#[test]
fn cells_that_differ_in_width_decay_or_rate_see_the_same_batches() {
    let batch = first_batch(&cell(&[]));
    for other in ["model.d_hidden=9", "train.weight_decay=0.5", "train.learning_rate=0.1"] {
        assert_eq!(first_batch(&cell(&[other])), batch);
    }
    assert_ne!(first_batch(&cell(&["train.seed=1"])), batch);
}

#[test]
fn training_goes_from_the_dense_way_to_the_sparse_one_and_lowers_the_loss() {
    let cell = cell(&["train.steps=1500", "train.batch_size=256", "model.n_features=200"]);
    let p = cell.probabilities().unwrap();
    let mut sampler = Sampler::new(&p, cell.data.values, 0, 256);
    let mut gram = Gram::new(&prepared(&cell));
    let mut ways = Vec::new();
    let mut losses = Vec::new();
    for step in 1..=cell.train.steps {
        ways.push(gram.way());
        losses.push(gram.step(step, &sampler.batch(Stream::Train, step - 1)));
    }
    assert_eq!((ways[0], ways[1499]), (Way::Dense, Way::Sparse));
    let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
    assert!(mean(&losses[1400..]) < 0.7 * mean(&losses[..100]));
}

#[test]
#[expect(clippy::cast_possible_truncation, reason = "parameters are single precision")]
fn three_steps_are_those_of_adam_on_the_gradient_by_hand() {
    for decay in ["train.weight_decay=0.3", "train.weight_decay=-1.5"] {
        // The step's learning rate grows, and ε counts.
        let cell = cell(&[decay, "train.warmup_steps=3", "train.adam_epsilon=1e-4"]);
        let (n, d) = (cell.model.n_features, cell.model.d_hidden);
        let p = cell.probabilities().unwrap();
        let mut sampler = Sampler::new(&p, cell.data.values, 0, cell.train.batch_size);
        let begun = start(&cell);
        let mut gram = Gram::from_weights(&prepared(&cell), begun.clone());
        let mut truth = begun.clone();
        let mut moments = vec![(0.0, 0.0); n * d + n];
        for t in 1..=3 {
            let batch = sampler.batch(Stream::Train, t - 1);
            let gradient = by_hand(&cell, &truth, &batch);
            let mse = gram.step(t, &batch);
            assert!((mse * cell.train.loss_scale / gradient.loss - 1.0).abs() < 1e-5);
            let all = gradient.weights.iter().chain(&gradient.bias);
            let of_weights = AdamStep::of_weights(&cell, t);
            let of_biases = AdamStep::of_biases(&cell, t);
            for (at, g) in all.enumerate() {
                let step = if at < n * d { &of_weights } else { &of_biases };
                let (m, v) = &mut moments[at];
                *m = step.beta1 * *m + (1.0 - step.beta1) * g;
                *v = step.beta2 * *v + (1.0 - step.beta2) * g * g;
            }
            let down = |step: &AdamStep, at: usize| {
                let (m, v): (f64, f64) = moments[at];
                step.rate * m / (v.sqrt() * step.inverse_root_correction + step.epsilon)
            };
            for (i, row) in truth.weights.chunks_mut(d).enumerate() {
                let norm = row.iter().map(|w| f64::from(*w).powi(2)).sum::<f64>().sqrt();
                let keep = of_weights.decay(|| norm);
                for (j, w) in row.iter_mut().enumerate() {
                    *w = (keep * f64::from(*w) - down(&of_weights, i * d + j)) as f32;
                }
            }
            for (i, b) in truth.bias.iter_mut().enumerate() {
                *b = (f64::from(*b) - down(&of_biases, n * d + i)) as f32;
            }
            let got = gram.weights();
            let moved = [
                (&begun.weights, &truth.weights, &got.weights),
                (&begun.bias, &truth.bias, &got.bias),
            ];
            for (begun, truth, got) in moved {
                let least = begun.iter().zip(truth).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                let most = truth.iter().zip(got).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                assert!(
                    least > 1e-3 && most < 1e-3 * least,
                    "{decay}, step {t}: {most} of {least}"
                );
            }
        }
    }
}

#[test]
fn what_an_engine_did_and_holds_is_told() {
    let cell = cell(&[]);
    let batch = first_batch(&cell);
    assert_eq!(supports(&cell), Ok(()));
    let mut gram = Gram::new(&prepared(&cell));
    assert_eq!(gram.weights(), &superpose_toy::init::start(&cell));
    assert!(gram.working_bytes() == 0 && gram.products().flop == 0.0);
    let loss = gram.mse(&batch);
    // The batch's features that are active, by all, by width; two operations each.
    let mut active: Vec<u32> = batch.active.iter().map(|a| a.feature).collect();
    active.dedup();
    let flop = (2 * active.len() * 23 * 5) as f64;
    assert!((gram.products().flop - flop).abs() < 1e-9);
    let forward = gram.working_bytes();
    // `W` of all and of the active features in rows of a register or two, `G` in 64 columns and 16 more.
    let numbers = 8 * (active.len() + 23) + 80 * active.len();
    assert!(forward > 4 * numbers && forward < 4 * (numbers + 2000), "{forward}");
    // A step sums the same squares, but moves them to double precision at other places.
    assert!((gram.step(1, &batch) / loss - 1.0).abs() < 1e-6);
    assert!(gram.working_bytes() > forward);
    assert!((gram.products().flop - 4.0 * flop).abs() < 1e-9, "forward, then forward and back");
}

#[test]
fn models_that_share_a_batch_are_the_same_to_the_bit_as_alone() {
    for overrides in [&["model.n_features=5", "model.d_hidden=2"][..], &[]] {
        let (a, b) = (cell(overrides), cell(&[overrides, &["train.seed=4"]].concat()));
        let mut sampler = Sampler::of(&prepared(&a));
        let mut alone = [&a, &b].map(|cell| Gram::new(&prepared(cell)));
        let mut together = [&a, &b].map(|cell| Gram::new(&prepared(cell)));
        let mut shared = Arranged::for_models_of(&a);
        for step in 0..40 {
            let batch = sampler.batch(Stream::Train, step);
            shared.arrange(&batch);
            for (alone, together) in alone.iter_mut().zip(&mut together) {
                let (one, other) =
                    (alone.step(step + 1, &batch), together.step_on(step + 1, &shared));
                assert_eq!(one.to_bits(), other.to_bits());
            }
        }
        assert_eq!(alone[0].weights(), together[0].weights());
        assert_eq!(alone[1].weights(), together[1].weights());
        assert_eq!(alone[0].mse_on(&shared).to_bits(), together[0].mse_on(&shared).to_bits());
    }
}
