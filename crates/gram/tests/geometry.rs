//! Small toys whose geometry is known (Elhage et al. 2022): polygons, pairs on a line, a tetrahedron.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use superpose_gram::engine::Gram;
use superpose_toy::cell::Cell;
use superpose_toy::sampler::{Sampler, Stream};
use superpose_toy::trained::Weights;

use support::{cell, prepared};

/// The best of several trainings of a cell with these overrides, by its loss on fresh batches.
fn best(overrides: &[&str]) -> Weights {
    let set = [
        "model.bias_init_std=0",
        "data.frequencies={ law = \"power\", exponent = 0 }",
        "data.values=unit",
        "train.weight_decay=0",
        "train.steps=6000",
        "train.warmup_steps=100",
        "train.batch_size=512",
        "train.learning_rate=0.01",
        "train.learning_rate_bias=0.01",
    ];
    let cell: Cell = cell(&[&set, overrides].concat());
    let train = |seed: u64| {
        let mut cell = cell.clone();
        (cell.train.seed, cell.data.seed) = (seed, seed);
        let prepared = prepared(&cell);
        let (mut gram, mut sampler) = (Gram::new(&prepared), Sampler::of(&prepared));
        for step in 1..=cell.train.steps {
            gram.step(step, &sampler.batch(Stream::Train, step - 1));
        }
        let loss: f64 = (0..50).map(|i| gram.mse(&sampler.batch(Stream::Test, i))).sum();
        (loss, gram.weights().clone())
    };
    let trained = (0..8).map(train).min_by(|a, b| a.0.total_cmp(&b.0));
    trained.unwrap().1
}

fn rows(weights: &Weights) -> Vec<Vec<f64>> {
    let rows = weights.weights.chunks(weights.d_hidden);
    rows.map(|row| row.iter().copied().map(f64::from).collect()).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn cosine(a: &[f64], b: &[f64]) -> f64 {
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

/// `D_i = ‖W_i‖² / Σ_j (Ŵ_i·W_j)²`.
fn dimensionality(rows: &[Vec<f64>]) -> Vec<f64> {
    let of = |row: &Vec<f64>| {
        let square = dot(row, row);
        square * square / rows.iter().map(|other| dot(row, other).powi(2)).sum::<f64>()
    };
    rows.iter().map(of).collect()
}

#[test]
fn features_lie_as_polygons_pairs_and_simplices() {
    // Three features of two dimensions are best off as a triangle where any two are always active, and as
    // a pair on a line and one by itself where few are: then a pair costs 2 min(v, w)² and each of a
    // triangle's (v² + w²) / 4, 1/3 and 1/2 in all. (Found by minimising the exact loss, too.)
    let two = "data.dependence={ kind = \"exactly\", k = 2 }";
    for (n, d, dependence, density, expected) in [
        (5, 2, "data.dependence=none", 0.2, [2.0 / 5.0; 5].as_slice()),
        (4, 2, "data.dependence=none", 0.16, &[0.5; 4]),
        (3, 2, "data.dependence=none", 0.12, &[0.5, 0.5, 1.0]),
        (3, 2, two, 2.0, &[2.0 / 3.0; 3]),
        (4, 3, two, 2.0, &[3.0 / 4.0; 4]),
    ] {
        let set = [
            format!("model.n_features={n}"),
            format!("model.d_hidden={d}"),
            format!("data.activation_density={density}"),
            dependence.to_owned(),
        ];
        let weights = best(&set.iter().map(String::as_str).collect::<Vec<_>>());
        let mut found = dimensionality(&rows(&weights));
        found.sort_by(f64::total_cmp);
        for (of, expected) in found.iter().zip(expected) {
            assert!((of - expected).abs() < 0.01, "{n} in {d}, {dependence}: {found:?}");
        }
    }
}

#[test]
fn the_pentagon_has_its_angles() {
    let set = ["model.n_features=5", "model.d_hidden=2", "data.activation_density=0.2"];
    let rows = rows(&best(&set));
    let mut angles: Vec<f64> = rows.iter().map(|row| row[1].atan2(row[0]).to_degrees()).collect();
    angles.sort_by(f64::total_cmp);
    for pair in angles.windows(2) {
        assert!((pair[1] - pair[0] - 72.0).abs() < 2.0, "{angles:?}");
    }
}

#[test]
fn features_that_exclude_each_other_share_a_line_and_those_that_go_together_do_not() {
    let with = |dependence: &str| {
        let dependence = format!("data.dependence={dependence}");
        let shape = ["model.n_features=4", "model.d_hidden=2", "data.activation_density=0.4"];
        rows(&best(&[&shape[..], &[&dependence]].concat()))
    };
    let independent = with("none");
    let antipodes = (0..4).map(|i| {
        let others = (0..4).filter(|j| *j != i).map(|j| cosine(&independent[i], &independent[j]));
        others.fold(f64::INFINITY, f64::min)
    });
    assert!(antipodes.into_iter().all(|least| least < -0.95), "{independent:?}");
    for pair in [0, 2] {
        let exclusive = with("anticorrelated");
        let least = cosine(&exclusive[pair], &exclusive[pair + 1]);
        assert!(least < -0.95, "{least}");
        let together = with("correlated");
        let between = cosine(&together[pair], &together[pair + 1]);
        assert!(between.abs() < 0.1, "{between}");
    }
}
