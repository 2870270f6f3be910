//! The GPU engine against the CPU's, on the first GPU that `--device wgpu` finds, or a software one; with
//! `SUPERPOSE_TEST_DEVICE=cuda`, or whichever label it says, on that.
//!
//! All are ignored unless asked for (`just test-gpu`), since not every machine has a GPU; once asked
//! for, a machine without one fails them.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

#[path = "support/keeping.rs"]
mod keeping;
#[path = "../../gram/tests/support/mod.rs"]
mod support;

use std::num::NonZeroUsize;

use burn::tensor::{DType, Device};
use superpose_device::{Client, NamedDevice};
use superpose_ensemble::batches::{Batches, Drawer, Piece};
use superpose_ensemble::ensemble::{Ensemble, Way};
use superpose_toy::cell::Cell;
use superpose_toy::checkpoint::ModelState;
use superpose_toy::init::initial_weights;
use superpose_toy::prepared::Prepared;
use superpose_toy::sampler::{Sampler, Stream};
use superpose_toy::trained::{LossGradient, Outcome, Weights};
use superpose_train::engine::EngineKind;
use superpose_train::memory::most_cells;
use superpose_train::reference::Reference;
use superpose_train::together::{Common, Place, streams};
use superpose_train::train::{Trained, Watch, train};

use keeping::Keeping;
use support::{cell, difference, first_batch, prepared};

/// All ways back.
const WAYS: [Way; 2] = [Way::Dense, Way::Sparse];

fn gpu() -> NamedDevice {
    let label = std::env::var("SUPERPOSE_TEST_DEVICE");
    superpose_device::open(label.as_deref().unwrap_or("wgpu")).unwrap()
}

fn client() -> Client {
    gpu().client.unwrap()
}

fn flex() -> Device {
    superpose_device::open("flex").unwrap().device
}

fn start(cell: &Cell, seed: u64) -> Weights {
    let mut start = initial_weights(cell.model.n_features, cell.model.d_hidden, 1.0, seed);
    start.bias.iter_mut().for_each(|b| *b *= 0.3);
    start
}

/// The models before their first step.
fn at_start(starts: &[Weights]) -> Vec<ModelState> {
    starts.iter().cloned().map(ModelState::at_start).collect()
}

fn all(cells: &[Cell]) -> Vec<Prepared> {
    cells.iter().map(prepared).collect()
}

/// The reference engine's gradient on the CPU in double precision.
fn truth(cell: &Cell, start: &Weights) -> LossGradient {
    let (cells, starts) = ([prepared(cell)], [start.clone()]);
    let engine = Reference::from_weights(&cells, &starts, &flex(), DType::F64);
    engine.gradients(&[&first_batch(cell)]).remove(0)
}

/// The batches of the cells' streams at the first step.
fn first_batches(cells: &[Cell]) -> Batches {
    let (first_cells, of_cells) = streams(cells);
    let mut piece = Piece::from(0);
    for &i in &first_cells {
        let (cell, sampler) = (&cells[i], Sampler::of(&prepared(&cells[i])));
        let mut drawer = Drawer::new(sampler, cell.train.batch_size, cell.model.n_features);
        piece.push(&drawer.units(Stream::Train, 0));
    }
    Batches::pack(&[piece], first_cells.len(), &of_cells)
}

#[test]
#[ignore = "needs a GPU"]
fn gradients_are_the_references_on_shapes_of_all_kinds() {
    let client = client();
    for (shape, batch, data) in [
        (["1", "1"], "1", ["1", "0.9"]),
        (["2", "3"], "2", ["0", "1"]),
        (["23", "5"], "31", ["0.5", "1.7"]),
        (["61", "8"], "33", ["1", "0.5"]),
        (["130", "17"], "256", ["2", "1"]),
        (["300", "70"], "300", ["0", "3"]),
        (["333", "29"], "700", ["1", "5"]),
        (["40", "150"], "64", ["1", "1e-9"]),
    ] {
        let set = [
            format!("model.n_features={}", shape[0]),
            format!("model.d_hidden={}", shape[1]),
            format!("train.batch_size={batch}"),
            format!("data.frequencies.exponent={}", data[0]),
            format!("data.activation_density={}", data[1]),
        ];
        let set: Vec<&str> = set.iter().map(String::as_str).collect();
        // Two streams, and cells that share one.
        let others = [
            &["train.loss_scale=100"][..],
            &["data.seed=5"],
            &["data.values=exponential"],
            &["data.importance={ law = \"power\", exponent = 1 }"],
            &["data.dependence=correlated", "model.bias=none"],
        ];
        let cells: Vec<Cell> =
            others.iter().map(|other| cell(&[set.as_slice(), other].concat())).collect();
        let starts: Vec<Weights> = (0..).zip(&cells).map(|(i, c)| start(c, i)).collect();
        let shape = Common::of(&cells[0]).shape;
        let mut ensemble = Ensemble::new(&client, shape, &all(&cells), &at_start(&starts)).unwrap();
        for way in WAYS {
            let gradients = ensemble.gradients(first_batches(&cells), way).unwrap();
            for ((cell, start), got) in cells.iter().zip(&starts).zip(gradients) {
                let truth = truth(cell, start);
                let loss = (got.loss - truth.loss).abs() / truth.loss.max(f64::MIN_POSITIVE);
                let (weights, bias) =
                    (difference(&truth.weights, &got.weights), difference(&truth.bias, &got.bias));
                assert!(
                    loss.max(weights).max(bias) < 1e-5,
                    "loss {loss:e}, W {weights:e}, b {bias:e}; {set:?}, {way:?}"
                );
            }
        }
        // Looking at the gradient moves nothing.
        assert_eq!(ensemble.weights().unwrap(), starts);
    }
}

#[test]
#[ignore = "needs a GPU"]
fn gradients_are_the_references_at_the_papers_shapes() {
    for d in ["10", "100"] {
        let set = [
            "model.n_features=1000",
            "train.batch_size=2048",
            "data.activation_density=1",
            "data.frequencies.exponent=1",
            &format!("model.d_hidden={d}"),
        ];
        let cells = [cell(&set)];
        let starts = [start(&cells[0], 3)];
        let shape = Common::of(&cells[0]).shape;
        let client = client();
        let mut ensemble = Ensemble::new(&client, shape, &all(&cells), &at_start(&starts)).unwrap();
        let truth = truth(&cells[0], &starts[0]);
        for way in WAYS {
            let got = ensemble.gradients(first_batches(&cells), way).unwrap().remove(0);
            let loss = (got.loss / truth.loss - 1.0).abs();
            let weights = difference(&truth.weights, &got.weights);
            let bias = difference(&truth.bias, &got.bias);
            assert!(
                loss.max(weights).max(bias) < 1e-4,
                "loss {loss:e}, W {weights:e}, b {bias:e}; {way:?}"
            );
        }
    }
}

#[test]
#[ignore = "needs a GPU"]
fn an_array_that_no_device_has_is_an_error_that_says_so() {
    // D of a terabyte; W is small.
    let huge = cell(&["model.n_features=5000000", "model.d_hidden=1", "train.batch_size=60000"]);
    let shape = Common::of(&huge).shape;
    let starts = [start(&huge, 1)];
    let cells = [huge];
    let client = client();
    let failure = Ensemble::new(&client, shape, &all(&cells), &at_start(&starts))
        .and_then(|mut ensemble| ensemble.gradients(first_batches(&cells), Way::Dense))
        .unwrap_err();
    assert!(failure.out_of_memory, "{failure}");
    // The device goes on.
    gradients_of(&cell(&[]));
}

fn gradients_of(cell: &Cell) {
    let (cells, starts) = ([cell.clone()], [start(cell, 1)]);
    let shape = Common::of(cell).shape;
    let client = client();
    let mut ensemble = Ensemble::new(&client, shape, &all(&cells), &at_start(&starts)).unwrap();
    ensemble.gradients(first_batches(&cells), Way::Sparse).unwrap();
}

fn place(engine: EngineKind) -> Place {
    let gpu = gpu();
    let (client, n_threads) = (gpu.client, NonZeroUsize::new(2).unwrap());
    assert!(client.is_some());
    Place { engine, client, device: gpu.device, n_threads }
}

/// What came of training cells together at a place.
fn train_at(place: &Place, cells: &[Cell], watch: &mut dyn Watch) -> Vec<Trained> {
    train(&all(cells), place, None, watch).unwrap()
}

fn together(cells: &[Cell]) -> Vec<Trained> {
    train_at(&place(EngineKind::Gram), cells, &mut |_: u64| true)
}

/// Cells that differ in all that cells of an ensemble may differ in.
fn different_cells() -> Vec<Cell> {
    [
        &[][..],
        &["train.weight_decay=0.5"],
        &["train.weight_decay=0", "train.seed=4"],
        &["train.learning_rate=0.003", "train.learning_rate_bias=0.02", "train.warmup_steps=0"],
        &["data.seed=9", "train.adam_beta1=0.5", "train.adam_beta2=0.9", "train.adam_epsilon=1e-4"],
        &["data.frequencies.exponent=2", "data.activation_density=0.5", "data.values=constant"],
        &["train.optimizer={ kind = \"sgd\", momentum = 0.9 }", "train.learning_rate=0.3"],
        &["data.importance={ law = \"geometric\", ratio = 0.9 }", "data.dependence=correlated"],
        &["model.bias=none", "data.values=unit"],
    ]
    .map(|set| {
        cell(&[&["train.batch_size=128", "train.steps=120", "train.test_batches=8"], set].concat())
    })
    .to_vec()
}

#[test]
#[ignore = "needs a GPU"]
fn cells_trained_together_are_what_the_cpu_trains() {
    let cells = different_cells();
    assert_same(&cells, together(&cells));
}

#[test]
#[ignore = "needs a GPU"]
fn so_are_those_whose_rows_are_put_back_on_the_sphere() {
    let set = ["model.rows=unit", "train.weight_decay=0", "train.batch_size=128"];
    let cells = [cell(&set), cell(&[&set[..], &["train.seed=4", "model.bias=none"]].concat())];
    let trained = together(&cells);
    for trained in &trained {
        for row in trained.model.as_ref().unwrap().weights.weights.chunks(5) {
            assert!((row.iter().map(|w| w * w).sum::<f32>() - 1.0).abs() < 1e-5);
        }
    }
    assert_same(&cells, trained);
}

#[test]
#[ignore = "needs a GPU"]
fn so_are_those_that_the_reference_engine_trains_together() {
    let few = different_cells().into_iter().map(|mut cell| {
        cell.train.steps = 30;
        cell
    });
    let cells: Vec<Cell> = few.collect();
    assert_same(&cells, train_at(&place(EngineKind::Reference), &cells, &mut |_: u64| true));
}

/// That cells came out on the GPU as the CPU's gram engine trains them.
fn assert_same(cells: &[Cell], trained: Vec<Trained>) {
    for (cell, gpu) in cells.iter().zip(trained) {
        let (engine, n_threads) = (EngineKind::Gram, NonZeroUsize::MIN);
        let place = Place { engine, device: flex(), client: None, n_threads };
        let cpu = train_at(&place, std::slice::from_ref(cell), &mut |_: u64| true).remove(0);
        assert_eq!(gpu.outcome, Outcome::Completed);
        assert_eq!(gpu.curve.len(), cpu.curve.len());
        for (a, b) in gpu.curve.iter().zip(&cpu.curve) {
            assert_eq!(a.step, b.step);
            assert!((a.loss / b.loss - 1.0).abs() < 1e-3, "step {}: {} {}", a.step, a.loss, b.loss);
        }
        let (gpu, cpu) = (gpu.model.unwrap(), cpu.model.unwrap());
        assert_eq!(gpu.test_losses.len(), cpu.test_losses.len());
        for (a, b) in gpu.test_losses.iter().zip(&cpu.test_losses) {
            assert!((a / b - 1.0).abs() < 1e-3, "{a} {b}");
        }
        let (a, b) = (gpu.loss_train_last100, cpu.loss_train_last100);
        assert!((a / b - 1.0).abs() < 1e-3, "{a} {b}");
    }
}

#[test]
#[ignore = "needs a GPU"]
fn a_cell_is_the_same_to_the_bit_whoever_it_is_trained_with() {
    let cells = different_cells();
    let all = together(&cells);
    assert_eq!(all, together(&cells));
    assert_eq!(all[3..5], together(&cells[3..5]));
}

#[test]
#[ignore = "needs a GPU"]
fn models_that_are_kept_on_the_way_are_trained_to_the_same_bits() {
    let plain = different_cells();
    let mut kept = plain.clone();
    kept.iter_mut().for_each(|cell| cell.train.snapshots = 5);
    let steps = plain[0].train.steps;
    for (plain, kept) in together(&plain).into_iter().zip(together(&kept)) {
        assert_eq!(plain.curve, kept.curve);
        let (plain, kept) = (plain.model.unwrap(), kept.model.unwrap());
        assert_eq!((&plain.weights, &plain.test_losses), (&kept.weights, &kept.test_losses));
        let ends = [kept.snapshots.first(), kept.snapshots.last()].map(|s| s.unwrap().step);
        assert_eq!(ends, [0, steps]);
        assert_eq!(kept.snapshots.last().unwrap().weights, kept.weights);
        assert_ne!(kept.snapshots[0].weights, kept.weights);
    }
}

#[test]
#[ignore = "needs a GPU"]
fn a_cell_that_diverges_leaves_the_others_alone() {
    let bad = ["train.learning_rate=1e18", "train.warmup_steps=0"];
    let cells = [cell(&[]), cell(&bad)];
    let trained = together(&cells);
    assert_eq!(trained[1].outcome, Outcome::Diverged { step: 20, reason: None });
    assert_eq!((trained[1].curve.len(), &trained[1].model), (1, &None));
    assert_eq!(trained[..1], together(&cells[..1]));
    // Nobody waits for a thousand steps of which nothing can come.
    let all_bad = [cell(&[&bad[..], &["train.steps=1000"]].concat())];
    let mut last = 0;
    let trained = train_at(&place(EngineKind::Gram), &all_bad, &mut |step| {
        last = step;
        true
    });
    assert_eq!((&trained[0].outcome, last), (&Outcome::Diverged { step: 20, reason: None }, 0));
}

#[test]
#[ignore = "needs a GPU"]
fn each_cell_goes_the_way_of_its_own_answers() {
    // With its biases all of the first one's features answer, and none of the second's.
    let cells: Vec<Cell> = (0..3).map(|seed| cell(&[&format!("train.seed={seed}")])).collect();
    let mut starts: Vec<Weights> = (0..3).map(|i| start(&cells[0], i)).collect();
    for (start, bias) in starts.iter_mut().zip([2.0, -30.0]) {
        start.bias.fill(bias);
    }
    let shape = Common::of(&cells[0]).shape;
    let client = client();
    let after = |n_steps: u64, cells: &[Cell], starts: &[Weights]| {
        let mut ensemble = Ensemble::new(&client, shape, &all(cells), &at_start(starts)).unwrap();
        for step in 1..=n_steps {
            ensemble.steps(step, first_batches(cells)).unwrap()().unwrap();
        }
        ensemble.ways().unwrap()
    };
    // Before the first step nobody knows how many there will be.
    assert_eq!(after(1, &cells, &starts), [Way::Dense; 3]);
    let ways = after(2, &cells, &starts);
    assert_eq!(ways[..2], [Way::Dense, Way::Sparse]);
    assert_eq!(after(2, &cells[1..], &starts[1..]), ways[1..]);
}

#[test]
#[ignore = "needs a GPU"]
fn what_is_not_a_number_stays_so_to_the_loss_and_nobody_elses() {
    let cells = [cell(&[]), cell(&["train.seed=4"])];
    let mut starts = [start(&cells[0], 1), start(&cells[1], 2)];
    let shape = Common::of(&cells[0]).shape;
    let client = client();
    for (not_a_number, of_weights) in [(f32::NAN, true), (f32::NAN, false), (-f32::NAN, true)] {
        let clean = starts[0].clone();
        let numbers = if of_weights { &mut starts[0].weights } else { &mut starts[0].bias };
        numbers[1] = not_a_number;
        let mut ensemble = Ensemble::new(&client, shape, &all(&cells), &at_start(&starts)).unwrap();
        for way in WAYS {
            let got = ensemble.gradients(first_batches(&cells), way).unwrap();
            assert!(got[0].loss.is_nan(), "{way:?}: {}", got[0].loss);
            assert!(got[1].loss.is_finite() && got[1].weights.iter().all(|g| g.is_finite()));
        }
        let losses = ensemble.mses(first_batches(&cells)).unwrap()().unwrap();
        assert!(losses[0][0].is_nan() && losses[0][1].is_finite());
        starts[0] = clean;
    }
}

#[test]
#[ignore = "needs a GPU"]
fn training_goes_on_from_a_checkpoint_with_the_same_bits() {
    for (engine, steps) in [(EngineKind::Gram, 200), (EngineKind::Reference, 70)] {
        let mut cells = different_cells();
        cells.truncate(4);
        cells.iter_mut().for_each(|cell| (cell.train.steps, cell.train.snapshots) = (steps, 5));
        let (place, n_kept) = (place(engine), if engine == EngineKind::Gram { 2 } else { 1 });
        let whole = train_at(&place, &cells, &mut |_: u64| true);
        let mut keeping = Keeping::default();
        assert_eq!(train_at(&place, &cells, &mut keeping), whole);
        assert!(keeping.kept.len() >= n_kept, "{} were kept", keeping.kept.len());
        for checkpoints in keeping.kept {
            // Alone or with others, from the middle on.
            let alone = train(
                &all(&cells[1..2]),
                &place,
                Some(checkpoints[1..2].to_vec()),
                &mut |_: u64| true,
            );
            assert_eq!(alone.unwrap(), whole[1..2]);
            let all = train(&all(&cells), &place, Some(checkpoints), &mut |_: u64| true).unwrap();
            assert_eq!(all, whole);
        }
    }
}

#[test]
#[ignore = "needs a GPU"]
fn training_stops_when_it_is_told_to() {
    let cells = [cell(&["train.steps=1000"])];
    let trained = train_at(&place(EngineKind::Gram), &cells, &mut |step| step < 100);
    let Outcome::Failed { message } = &trained[0].outcome else { panic!("{trained:?}") };
    // At the end of a chunk.
    assert_eq!(message, "stopped after step 128 of 1000");
}

#[test]
#[ignore = "needs a GPU"]
fn what_does_not_fit_is_counted_before_and_told_when_tried() {
    let most =
        |cell: &Cell, engine| most_cells(&Prepared::new(cell.clone()).unwrap(), &place(engine));
    assert_eq!(most(&cell(&[]), EngineKind::Gram), 512);
    let huge = cell(&[
        "model.n_features=10000000",
        "model.d_hidden=100000",
        "data.frequencies={ law = \"power\", exponent = 2.0 }",
        "data.activation_density=1",
    ]);
    for engine in [EngineKind::Gram, EngineKind::Reference] {
        assert_eq!(most(&huge, engine), 0);
    }
}

#[test]
#[ignore = "needs a GPU"]
fn the_reference_engine_has_the_same_gradient_there() {
    let cell = cell(&[]);
    let (start, batch) = (start(&cell, 3), first_batch(&cell));
    let (cells, starts) = (all(&[cell]), [start]);
    let gradient = |device: &Device| {
        let engine = Reference::from_weights(&cells, &starts, device, DType::F32);
        engine.gradients(&[&batch]).remove(0)
    };
    let (gpu, cpu) = (gradient(&gpu().device), gradient(&flex()));
    assert!((gpu.loss / cpu.loss - 1.0).abs() < 1e-5);
    assert!(difference(&cpu.weights, &gpu.weights) < 1e-5);
    assert!(difference(&cpu.bias, &gpu.bias) < 1e-5);
}
