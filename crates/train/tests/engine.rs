//! The reference engine against arithmetic done by hand, and against the paper.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

#[path = "support/keeping.rs"]
mod keeping;
#[path = "../../gram/tests/support/mod.rs"]
mod support;

use std::io::Write as _;
use std::num::NonZeroUsize;

use burn::tensor::{DType, Device};
use superpose_gram::engine::{Gram, Way};
use superpose_toy::cell::{Activation, Cell, Loss};
use superpose_toy::init;
use superpose_toy::prepared::Prepared;
use superpose_toy::sampler::{Sampler, SparseBatch, Stream};
use superpose_toy::trained::{LossGradient, Outcome, Weights};
use superpose_train::engine::EngineKind;
use superpose_train::memory::gram_bytes;
use superpose_train::reference::Reference;
use superpose_train::together::Place;
use superpose_train::train::{Rounds, Trained, train};

use keeping::Keeping;
use support::{cell, difference, first_batch, prepared};

const ONE: NonZeroUsize = NonZeroUsize::MIN;

fn devices() -> [Device; 2] {
    ["flex", "ndarray"].map(|label| superpose_device::open(label).unwrap().device)
}

fn place(engine: EngineKind, device: &Device) -> Place {
    Place { engine, device: device.clone(), client: None, n_threads: ONE }
}

/// What came of training a cell alone on a device of the CPU.
fn train_alone(cell: &Cell, engine: EngineKind, device: &Device) -> Trained {
    train(&[prepared(cell)], &place(engine, device), None, &mut |_: u64| true).unwrap().remove(0)
}

/// What came of training cells together by the gram engine, and the steps that were heard of.
fn train_together(cells: &[Cell]) -> (Vec<Trained>, Vec<u64>) {
    let prepared: Vec<Prepared> = cells.iter().map(prepared).collect();
    let mut heard = Vec::new();
    let mut on_steps = |step: u64| {
        heard.push(step);
        true
    };
    let trained = train(&prepared, &place(EngineKind::Gram, &devices()[0]), None, &mut on_steps);
    let trained = trained.unwrap();
    (trained, heard)
}

fn start(cell: &Cell) -> Weights {
    let mut cell = cell.clone();
    (cell.train.seed, cell.model.bias_init_std) = (3, 1.0);
    init::start(&cell)
}

/// The reference engine's gradient in double precision.
fn reference_gradient(
    cell: &Cell,
    start: &Weights,
    device: &Device,
    batch: &SparseBatch,
) -> LossGradient {
    let (cells, starts) = ([prepared(cell)], [start.clone()]);
    Reference::from_weights(&cells, &starts, device, DType::F64).gradients(&[batch]).remove(0)
}

/// `f(z)`, for all but softmax.
fn activated(activation: Activation, z: f64) -> f64 {
    match activation {
        Activation::Relu => z.max(0.0),
        Activation::Identity => z,
        Activation::LeakyRelu { slope } => {
            if z > 0.0 {
                z
            } else {
                slope * z
            }
        }
        Activation::Gelu => z * 0.5 * libm::erfc(-z / 2_f64.sqrt()),
        Activation::Softplus => z.exp().ln_1p(),
        Activation::Softmax => unreachable!("it is of all outputs together"),
    }
}

/// What the outputs of a sample cost, by importance, from `z`.
fn cost(cell: &Cell, importance: &[f64], x: &[f64], z: &[f64]) -> f64 {
    let of = |cost: &dyn Fn(usize) -> f64| (0..x.len()).map(|i| importance[i] * cost(i)).sum();
    let error = |i: usize| activated(cell.model.activation, z[i]) - x[i];
    match cell.train.loss {
        Loss::Squared => of(&|i| error(i).powi(2)),
        Loss::Power { power } => of(&|i| error(i).abs().powi(power.cast_signed())),
        Loss::CrossEntropy => {
            let (all, sum): (f64, f64) = (x.iter().sum(), z.iter().map(|z| z.exp()).sum());
            of(&|i| if all > 0.0 { -x[i] / all * (z[i] - sum.ln()) } else { 0.0 })
        }
    }
}

/// The trained loss, written out sample by sample in double precision; `decoder` is `W` if they are tied.
fn loss_by_hand(
    cell: &Cell,
    weights: &[f64],
    decoder: &[f64],
    bias: &[f64],
    batch: &SparseBatch,
) -> f64 {
    let (n, d, size) = (cell.model.n_features, cell.model.d_hidden, cell.train.batch_size);
    let x = batch.to_dense(size, n);
    let importance = prepared(cell).importances();
    let mut sum = 0.0;
    for sample in x.chunks(n) {
        let mut hidden = vec![0.0; d];
        for (i, v) in sample.iter().enumerate() {
            for (h, w) in hidden.iter_mut().zip(&weights[i * d..]) {
                *h += f64::from(*v) * w;
            }
        }
        let z = |i: usize| {
            let row = &decoder[i * d..(i + 1) * d];
            row.iter().zip(&hidden).map(|(w, h)| w * h).sum::<f64>() + bias[i]
        };
        let z: Vec<f64> = (0..n).map(z).collect();
        let sample: Vec<f64> = sample.iter().copied().map(f64::from).collect();
        sum += cost(cell, &importance, &sample, &z);
    }
    cell.train.loss_scale * sum / (size * n) as f64
}

#[test]
fn the_gradient_agrees_with_finite_differences_in_double_precision() {
    let importance = "data.importance={ law = \"geometric\", ratio = 0.9 }";
    for overrides in [
        &["train.loss_scale=100"][..],
        &["model.d_hidden=30"],
        &["train.batch_size=1"],
        &[importance],
        &["model.activation=identity", importance],
        &["model.activation={ kind = \"leaky_relu\", slope = 0.1 }"],
        &["model.activation=gelu"],
        &["model.activation=softplus", "train.loss={ power = 3 }"],
        &["train.loss={ power = 4 }", importance],
        &["train.loss={ power = 5 }", "model.activation=identity"],
        &["model.activation=softmax", "train.loss=cross_entropy"],
        &["model.activation=softmax", "train.loss=cross_entropy", importance],
        &["model.decoder=untied", importance],
        &["model.decoder=untied", "model.activation=softmax", "train.loss=cross_entropy"],
        &["model.bias=none", "model.activation=identity"],
        &[
            "data.values=unit",
            "data.dependence={ kind = \"exactly\", k = 2 }",
            "data.activation_density=2",
        ],
    ] {
        let cell = cell(overrides);
        let (start, batch) = (start(&cell), first_batch(&cell));
        let double = |v: &[f32]| v.iter().map(|x| f64::from(*x)).collect::<Vec<f64>>();
        let (weights, bias) = (double(&start.weights), double(&start.bias));
        let decoder = start.decoder.as_deref().map(double);
        let by_hand = |weights: &[f64], bias: &[f64], decoder: Option<&[f64]>| {
            loss_by_hand(&cell, weights, decoder.unwrap_or(weights), bias, &batch)
        };
        for device in devices() {
            let gradient = reference_gradient(&cell, &start, &device, &batch);
            assert_eq!(gradient.decoder.is_some(), decoder.is_some());
            let got: Vec<f64> =
                [gradient.weights, gradient.bias, gradient.decoder.unwrap_or_default()].concat();
            let (n_weights, n_bias) = (weights.len(), bias.len());
            let by_hand_here = by_hand(&weights, &bias, decoder.as_deref());
            let off = (gradient.loss / by_hand_here - 1.0).abs();
            assert!(off < 1e-12, "{} {by_hand_here} {overrides:?}", gradient.loss);
            // A central difference over 2h errs by h² in theory and by 1e-16/h in rounding, both
            // about 1e-10; a kink of the ReLU within h of a sample would show as far more.
            let h = 1e-6;
            let scale = got.iter().fold(0.0, |m: f64, g| m.max(g.abs()));
            for (at, got) in got.into_iter().enumerate() {
                let loss = |shift: f64| {
                    let (mut weights, mut bias, mut decoder) =
                        (weights.clone(), bias.clone(), decoder.clone());
                    if at < n_weights {
                        weights[at] += shift;
                    } else if at < n_weights + n_bias {
                        bias[at - n_weights] += shift;
                    } else {
                        decoder.as_mut().unwrap()[at - n_weights - n_bias] += shift;
                    }
                    by_hand(&weights, &bias, decoder.as_deref())
                };
                let difference = (loss(h) - loss(-h)) / (2.0 * h);
                assert!(
                    (got - difference).abs() < 1e-8 * scale.max(1.0),
                    "{at}: {got} {difference} {overrides:?}"
                );
            }
        }
    }
}

#[test]
fn both_backends_make_the_same_steps() {
    let cell = cell(&[]);
    let run = |device: &Device| train_alone(&cell, EngineKind::Reference, device);
    let [flex, ndarray] = devices().map(|device| run(&device));
    let loss = |trained: &Trained| trained.model.as_ref().unwrap().test_losses.clone();
    for (a, b) in loss(&flex).into_iter().zip(loss(&ndarray)) {
        // Fifty steps of single precision, in another order of summation.
        assert!((a / b - 1.0).abs() < 1e-3, "{a} {b}");
    }
    assert_eq!(flex.curve.iter().map(|p| p.step).collect::<Vec<_>>(), [20, 40, 50]);
    // Bitwise, on one device.
    assert_eq!(flex, run(&devices()[0]));
}

#[test]
fn training_lowers_the_loss_and_the_test_agrees_with_it() {
    let cell = cell(&["train.steps=800", "train.batch_size=256", "train.test_batches=20"]);
    let trained = train_alone(&cell, EngineKind::Reference, &devices()[0]);
    assert_eq!(trained.outcome, Outcome::Completed);
    let (first, last) = (trained.curve[0].loss, trained.curve.last().unwrap().loss);
    assert!(last < 0.7 * first, "{first} to {last}");
    let model = trained.model.unwrap();
    let test = model.test_losses.iter().sum::<f64>() / model.test_losses.len() as f64;
    assert!((test / model.loss_train_last100 - 1.0).abs() < 0.1, "{test}");
}

#[test]
fn a_loss_that_is_not_finite_is_an_outcome_with_the_curve_so_far() {
    let cell = cell(&["train.learning_rate=1e18", "train.warmup_steps=0"]);
    let trained = train_alone(&cell, EngineKind::Reference, &devices()[0]);
    assert_eq!(trained.outcome, Outcome::Diverged { step: 20, reason: None });
    assert_eq!((trained.curve.len(), trained.model), (1, None));
}

#[test]
#[ignore = "a quarter of an hour on one core"]
fn the_papers_loss_comes_out_at_its_own_setting() {
    let cell = cell(&[
        "model.n_features=1000",
        "model.d_hidden=10",
        "data.frequencies.exponent=0",
        "data.activation_density=1",
        "train.batch_size=2048",
        "train.steps=20000",
        "train.test_batches=100",
        "train.log_every=1000",
    ]);
    let trained = train_alone(&cell, EngineKind::Reference, &devices()[0]);
    let model = trained.model.unwrap();
    let test = model.test_losses.iter().sum::<f64>() / model.test_losses.len() as f64;
    // Liu, Liu & Gore 2025, figure 9b: 1.185, from a single run.
    let mut said = std::io::stdout();
    writeln!(said, "test loss {test} on {} batches, published 1.185", model.test_losses.len())
        .unwrap();
    assert!((test / 1.185 - 1.0).abs() < 0.03, "test loss {test}");
}

#[test]
fn the_gram_engine_takes_no_more_memory_than_was_said() {
    for overrides in [
        &["model.n_features=1000", "train.batch_size=512"][..],
        &["model.n_features=300", "model.d_hidden=200", "data.activation_density=6"],
        &["model.n_features=2500", "train.batch_size=64"],
    ] {
        let cell = cell(&[overrides, &["train.steps=300"]].concat());
        let place = place(EngineKind::Gram, &devices()[0]);
        let mut rounds = Rounds::new(&[prepared(&cell)], &place, 300).unwrap();
        assert!(rounds.round().unwrap().is_some() && rounds.round().unwrap().is_none());
        let parameters = cell.model.n_features * (cell.model.d_hidden + 1);
        let taken = (rounds.effort().working_bytes.unwrap() + 3 * 4 * parameters) as f64;
        let said = gram_bytes(&cell);
        assert!(taken < said && said < 6.0 * taken, "{overrides:?}: {taken} of {said}");
    }
}

#[test]
fn the_gram_engine_has_the_reference_gradient_on_two_hundred_random_cells() {
    let mut state = 7_u32;
    let mut pick = |choices: &[&'static str]| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        choices[(state >> 16) as usize % choices.len()]
    };
    for trial in 0..200 {
        let n = pick(&["1", "2", "17", "61", "130", "333"]);
        let density = pick(&["0.1", "0.5", "1", "E", "empty"]);
        let exponent = pick(&["0", "1", "2"]);
        let names = [
            format!("model.n_features={n}"),
            format!("model.d_hidden={}", pick(&["1", "3", "8", "29", "70"])),
            format!("data.frequencies.exponent={exponent}"),
            format!("data.values={}", pick(&["uniform", "constant", "exponential", "unit"])),
            format!(
                "data.importance={}",
                pick(&[
                    "constant",
                    "{ law = \"geometric\", ratio = 0.9 }",
                    "{ law = \"power\", exponent = -0.5 }",
                ])
            ),
            format!(
                "data.dependence={}",
                pick(&[
                    "none",
                    "correlated",
                    "{ kind = \"copula\", rank = 2, strength = 0.8 }",
                    "{ kind = \"tree\", branching = 1 }",
                ])
            ),
            format!("model.bias={}", pick(&["trained", "none"])),
            format!("train.optimizer={}", pick(&["adam", "sgd"])),
            format!("train.batch_size={}", pick(&["1", "2", "33", "256"])),
            format!("train.loss_scale={}", pick(&["1", "100"])),
        ];
        let mut overrides: Vec<&str> = names.iter().map(String::as_str).collect();
        // As dense as it can be: the most frequent feature is always active.
        let largest: f64 = (1..=n.parse().unwrap())
            .map(|i| f64::from(i).powf(-exponent.parse::<f64>().unwrap()))
            .sum();
        let e = match density {
            "E" => largest.min(7.5),
            "empty" => 1e-9,
            other => other.parse::<f64>().unwrap().min(largest),
        };
        let density = format!("data.activation_density={e:e}");
        overrides.push(&density);
        if n == "1" || n == "17" || n == "61" || n == "333" {
            // No pairs of parents and children.
            overrides.retain(|set| !set.contains("tree"));
        }
        if n == "1" || n == "2" {
            // No factor that would be shared.
            overrides.retain(|set| !set.contains("copula"));
        }
        // A single row of norm one may be without any error.
        if trial % 3 == 0 && n != "1" {
            overrides.extend(["model.rows=unit", "train.weight_decay=0"]);
        }
        let cell = cell(&overrides);
        let mut start = start(&cell);
        start.bias.iter_mut().for_each(|b| *b *= 0.3);
        let batch = first_batch(&cell);
        // In double precision the reference is the truth.
        let truth = reference_gradient(&cell, &start, &devices()[0], &batch);
        let mut gram = Gram::from_weights(&prepared(&cell), start);
        for way in [Way::Dense, Way::Sparse] {
            let fast = gram.gradient(&batch, way);
            let loss = (fast.loss - truth.loss).abs() / truth.loss.max(f64::MIN_POSITIVE);
            let (weights, bias) =
                (difference(&truth.weights, &fast.weights), difference(&truth.bias, &fast.bias));
            assert!(
                loss.max(weights).max(bias) < 1e-5,
                "trial {trial}, {way:?}: loss {loss:e}, W {weights:e}, b {bias:e}; {overrides:?}"
            );
        }
    }
}

/// Overrides of cells that the gram engine trains in a way of its own.
const FAST_KINDS: [&[&str]; 6] = [
    &["model.rows=unit", "train.weight_decay=0"],
    &["model.bias=none"],
    &["train.optimizer={ kind = \"sgd\", momentum = 0.9 }", "train.learning_rate=0.3"],
    &["data.importance={ law = \"geometric\", ratio = 0.8 }"],
    &["data.dependence={ kind = \"copula\", rank = 2, strength = 0.5 }"],
    &["data.values=unit", "data.dependence=anticorrelated"],
];

#[test]
fn the_engines_train_cells_of_every_kind_alike() {
    for kind in FAST_KINDS {
        let set = ["train.steps=200", "train.batch_size=128", "train.log_every=20"];
        let cell = cell(&[&set, kind].concat());
        let [reference, gram] = [EngineKind::Reference, EngineKind::Gram]
            .map(|engine| train_alone(&cell, engine, &devices()[0]));
        assert!(gram.curve.last().unwrap().loss < 0.9 * gram.curve[0].loss, "{kind:?}");
        for (a, b) in reference.curve.iter().zip(&gram.curve) {
            assert!((a.loss / b.loss - 1.0).abs() < 1e-3, "{kind:?} step {}: {a:?} {b:?}", a.step);
        }
        let weights = gram.model.unwrap().weights;
        if kind[0] == "model.rows=unit" {
            for row in weights.weights.chunks(5) {
                assert!((row.iter().map(|w| w * w).sum::<f32>() - 1.0).abs() < 1e-5);
            }
        }
        if kind[0] == "model.bias=none" {
            assert!(weights.bias.iter().all(|b| b.abs() < f32::EPSILON));
        }
    }
}

#[test]
fn an_untied_decoder_learns_and_is_kept() {
    let cell = cell(&["model.decoder=untied", "train.steps=400", "train.batch_size=128"]);
    let trained = train_alone(&cell, EngineKind::Reference, &devices()[0]);
    let (begun, ended) = (init::start(&cell), trained.model.unwrap().weights);
    let [begun, ended] = [begun, ended].map(|weights| weights.decoder.unwrap());
    assert!(begun.iter().zip(&ended).all(|(a, b)| (a - b).abs() > 1e-6));
    assert!(trained.curve.last().unwrap().loss < 0.8 * trained.curve[0].loss);
}

#[test]
fn the_gram_engine_notices_a_loss_that_is_not_finite() {
    let cell = cell(&["train.learning_rate=1e18", "train.warmup_steps=0"]);
    let trained = train_alone(&cell, EngineKind::Gram, &devices()[0]);
    assert_eq!(trained.outcome, Outcome::Diverged { step: 20, reason: None });
}

#[test]
fn the_engines_train_alike() {
    let cell = cell(&["train.steps=300", "train.batch_size=128", "train.test_batches=20"]);
    let [reference, gram] = [EngineKind::Reference, EngineKind::Gram]
        .map(|engine| train_alone(&cell, engine, &devices()[0]));
    for (a, b) in reference.curve.iter().zip(&gram.curve) {
        // Rounding grows along the way; after 300 steps it is still far below the batch noise.
        assert!((a.loss / b.loss - 1.0).abs() < 1e-3, "step {}: {} {}", a.step, a.loss, b.loss);
    }
    assert_eq!(gram, train_alone(&cell, EngineKind::Gram, &devices()[0]));
}

type Sum = fn(&[f64]) -> f64;

/// Mean losses, summed over `n` features: of every twenty steps, and of all.
fn means(losses: &[f64], n: usize, sum: Sum) -> (Vec<f64>, f64) {
    let mean = |losses: &[f64]| sum(losses) / losses.len() as f64 * n as f64;
    (losses.chunks(20).map(mean).collect(), mean(losses))
}

#[test]
fn a_model_that_is_kept_on_the_way_is_trained_to_the_same_bits() {
    let plain = cell(&["train.steps=40", "train.log_every=10"]);
    let kept = cell(&["train.steps=40", "train.log_every=10", "train.snapshots=6"]);
    for engine in [EngineKind::Gram, EngineKind::Reference] {
        let [plain, kept] = [&plain, &kept].map(|cell| train_alone(cell, engine, &devices()[0]));
        assert_eq!(plain.curve, kept.curve);
        let (plain, kept) = (plain.model.unwrap(), kept.model.unwrap());
        assert_eq!((&plain.weights, &plain.test_losses), (&kept.weights, &kept.test_losses));
        let steps: Vec<u64> = kept.snapshots.iter().map(|s| s.step).collect();
        assert_eq!(steps, [0, 1, 3, 6, 16, 40]);
        assert!(plain.snapshots.is_empty());
        assert_eq!(kept.snapshots[5].weights, kept.weights);
        let begin = &kept.snapshots[0].weights;
        assert!(kept.snapshots.iter().skip(1).all(|s| s.weights != *begin));
    }
}

#[test]
fn training_goes_on_from_any_checkpoint_to_the_same_bits() {
    let (gram, reference) = (EngineKind::Gram, EngineKind::Reference);
    let [flex, ndarray] = devices();
    for (overrides, engine, device) in [
        // The way back changes in the middle.
        (&["model.n_features=200", "train.batch_size=64", "train.snapshots=4"][..], gram, &flex),
        (
            &["model.n_features=5", "model.d_hidden=2", "model.rows=unit", "train.weight_decay=0"],
            gram,
            &flex,
        ),
        (&["model.bias=none", "train.log_every=7", "train.batch_size=3"], reference, &flex),
        (&["model.decoder=untied", "train.snapshots=3"], reference, &ndarray),
    ] {
        let seeds = ["train.seed=1", "train.seed=2"];
        let cells = seeds.map(|seed| prepared(&cell(&[overrides, &[seed]].concat())));
        let place = place(engine, device);
        let mut keeping = Keeping::default();
        let whole = train(&cells, &place, None, &mut keeping).unwrap();
        assert_eq!(keeping.kept.len(), 50);
        for checkpoints in keeping.kept.into_iter().step_by(7) {
            let step = checkpoints[0].step;
            let rest = train(&cells, &place, Some(checkpoints), &mut |_: u64| true).unwrap();
            assert_eq!(rest, whole, "{overrides:?} from step {step}");
        }
    }
}

#[test]
fn what_one_engine_has_begun_the_other_ends() {
    let cells = [prepared(&cell(&["train.steps=60"]))];
    let [flex, _] = devices();
    let mut keeping = Keeping::default();
    let whole = train(&cells, &place(EngineKind::Reference, &flex), None, &mut keeping).unwrap();
    let half = keeping.kept.swap_remove(29);
    let rest = train(&cells, &place(EngineKind::Gram, &flex), Some(half), &mut |_: u64| true);
    let [whole, rest] = [&whole[0], &rest.unwrap()[0]].map(|t| t.model.clone().unwrap());
    let double = |w: &Weights| w.weights.iter().map(|w| f64::from(*w)).collect::<Vec<f64>>();
    let apart = difference(&double(&whole.weights), &double(&rest.weights));
    assert!(apart < 1e-4, "{apart}");
}

#[test]
fn training_is_the_engines_steps_one_by_one_to_the_bit() {
    let cell = cell(&[]);
    let (prepared, n) = (prepared(&cell), cell.model.n_features);
    let sampler = || Sampler::of(&prepared);
    let check = |engine, losses: &[f64], tests: &[f64], weights: &Weights, sum: Sum| {
        let trained = train_alone(&cell, engine, &devices()[0]);
        let curve: Vec<f64> = trained.curve.iter().map(|point| point.loss).collect();
        let model = trained.model.unwrap();
        assert_eq!((curve, model.loss_train_last100), means(losses, n, sum));
        assert_eq!(model.test_losses, tests.iter().map(|mse| mse * n as f64).collect::<Vec<_>>());
        assert_eq!(&model.weights, weights);
    };

    let (mut gram, mut batches) = (Gram::new(&prepared), sampler());
    let losses: Vec<f64> =
        (1..=50).map(|step| gram.step(step, &batches.batch(Stream::Train, step - 1))).collect();
    let tests: Vec<f64> = (0..4).map(|i| gram.mse(&batches.batch(Stream::Test, i))).collect();
    check(EngineKind::Gram, &losses, &tests, gram.weights(), |l| l.iter().sum());

    let mut reference = Reference::new(std::slice::from_ref(&prepared), &devices()[0], DType::F32);
    let mut batches = sampler();
    let mut step = |step: u64| {
        reference.step(step, &[&batches.batch(Stream::Train, step - 1)]).into_scalar::<f64>()
    };
    let losses: Vec<f64> = (1..=50).map(&mut step).collect();
    let tests: Vec<f64> = (0..4)
        .map(|i| reference.mses(&[&batches.batch(Stream::Test, i)]).into_scalar::<f64>())
        .collect();
    #[expect(clippy::cast_possible_truncation, reason = "losses of the reference are of 32 bits")]
    let single = |losses: &[f64]| f64::from(losses.iter().map(|l| *l as f32).sum::<f32>());
    check(EngineKind::Reference, &losses, &tests, &reference.weights()[0], single);
}

#[test]
fn cells_that_diverge_leave_the_others_alone_and_end_when_all_have() {
    let bad = |rate: &str| cell(&["train.warmup_steps=0", &format!("train.learning_rate={rate}")]);
    let (trained, heard) = train_together(&[cell(&[]), bad("1e18"), cell(&["data.seed=3"])]);
    assert_eq!(trained[1].outcome, Outcome::Diverged { step: 20, reason: None });
    assert_eq!((trained[1].curve.len(), &trained[1].model), (1, &None));
    let alone = |cell: &Cell| train_alone(cell, EngineKind::Gram, &devices()[0]);
    assert_eq!((&trained[0], &trained[2]), (&alone(&cell(&[])), &alone(&cell(&["data.seed=3"]))));
    assert_eq!(heard, (1..=50).collect::<Vec<u64>>());
    let (trained, heard) = train_together(&[bad("1e18"), bad("1e19")]);
    assert!(trained.iter().all(|t| t.outcome == Outcome::Diverged { step: 20, reason: None }));
    assert_eq!(heard, (1..20).collect::<Vec<u64>>());
}
