//! Trainings whose result is known in closed form.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

#[path = "../../gram/tests/support/mod.rs"]
mod support;

use std::num::NonZeroUsize;

use superpose_train::engine::{EngineKind, fastest};
use superpose_train::together::{Place, Processor};
use superpose_train::train::train;

use support::{cell, prepared};

/// Without an activation the model is linear, and what it should do is principal component analysis: it keeps
/// the `d` features whose importance times variance is largest and pays for the variance of the others, whose
/// means the biases have.
#[test]
fn a_linear_model_keeps_the_features_that_count_most_and_pays_for_the_rest() {
    let set = [
        "model.n_features=12",
        "model.d_hidden=4",
        "model.bias_init_std=0",
        "model.activation=identity",
        "data.frequencies={ law = \"power\", exponent = 0.5 }",
        "data.activation_density=2",
        "data.importance={ law = \"power\", exponent = -1.5 }",
        "train.weight_decay=0",
        "train.batch_size=256",
        "train.steps=4000",
        "train.learning_rate=0.01",
        "train.learning_rate_bias=0.01",
        "train.test_batches=2000",
    ];
    let cell = cell(&set);
    let prepared = prepared(&cell);
    let device = superpose_device::open("flex").unwrap().device;
    let engine = fastest(&cell, Processor::Cpu);
    assert_eq!(engine, EngineKind::Reference);
    let place = Place { engine, device, client: None, n_threads: NonZeroUsize::MIN };
    let model = train(std::slice::from_ref(&prepared), &place, None, &mut |_: u64| true)
        .unwrap()
        .remove(0)
        .model
        .unwrap();

    // Values are uniform on [0, 2].
    let p = prepared.probabilities.as_slice();
    let worth: Vec<f64> =
        prepared.importances().iter().zip(p).map(|(i, p)| i * (4.0 / 3.0 * p - p * p)).collect();
    let mut order: Vec<usize> = (0..12).collect();
    order.sort_by(|a, b| worth[*b].total_cmp(&worth[*a]));
    let (kept, ignored) = order.split_at(4);
    // The less frequent ones count so much more that they are the ones.
    assert_eq!(kept, [11, 10, 9, 8]);
    let expected: f64 = ignored.iter().map(|i| worth[*i]).sum();
    let loss = model.test_losses.iter().sum::<f64>() / model.test_losses.len() as f64;
    assert!((loss / expected - 1.0).abs() < 0.01, "{loss}, not {expected}");
    let row = |i: usize| &model.weights.weights[4 * i..4 * i + 4];
    for (i, p) in p.iter().enumerate() {
        for j in 0..12 {
            let product: f32 = row(i).iter().zip(row(j)).map(|(a, b)| a * b).sum();
            let projector = if i == j && kept.contains(&i) { 1.0 } else { 0.0 };
            assert!((product - projector).abs() < 1e-2, "{i}, {j}: {product}");
        }
        let mean = if kept.contains(&i) { 0.0 } else { *p };
        assert!((f64::from(model.weights.bias[i]) - mean).abs() < 1e-2, "bias of {i}");
    }
}
