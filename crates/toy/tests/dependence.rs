//! Whatever features have to do with one another, each is active as often as it should be, and two of
//! them together as often as theory says. Tests of chance fail once in a million seeds.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use statrs::distribution::{Continuous as _, ContinuousCDF as _, Normal};
use superpose_toy::cell::{Cell, Dependence};
use superpose_toy::prepared::Prepared;
use superpose_toy::sampler::{Active, Sampler, SparseBatch, Stream};

const BATCHES: u64 = 400;

/// A cell of `n` features with probabilities in proportion to `i^-exponent`.
fn cell(n: usize, exponent: f64, density: f64, dependence: &str) -> Cell {
    let json = format!(
        r#"{{
            "model": {{ "n_features": {n}, "d_hidden": 2, "bias_init_std": 0 }},
            "data": {{
                "frequencies": {{ "law": "power", "exponent": {exponent} }},
                "activation_density": {density}, "values": "unit", "seed": 7,
                "dependence": {dependence}
            }},
            "train": {{
                "batch_size": 500, "steps": 1, "learning_rate": 0.01, "learning_rate_bias": 0.01,
                "warmup_steps": 0, "final_learning_rate_fraction": 1, "weight_decay": 0,
                "adam_beta1": 0.9, "adam_beta2": 0.999, "adam_epsilon": 1e-8, "loss_scale": 1,
                "seed": 0, "test_batches": 2, "log_every": 1
            }}
        }}"#
    );
    serde_json::from_str(&json).unwrap()
}

fn prepared(n: usize, exponent: f64, density: f64, dependence: &str) -> Prepared {
    Prepared::new(cell(n, exponent, density, dependence)).unwrap()
}

fn batches(prepared: &Prepared) -> Vec<SparseBatch> {
    let mut sampler = Sampler::of(prepared);
    (0..BATCHES).map(|step| sampler.batch(Stream::Train, step)).collect()
}

/// All samples of the batches, as the features that each has.
fn samples(prepared: &Prepared) -> Vec<Vec<usize>> {
    let size = prepared.cell.train.batch_size;
    let mut samples = Vec::new();
    for batch in batches(prepared) {
        let mut of_batch = vec![Vec::new(); size];
        for a in &batch.active {
            of_batch[a.sample as usize].push(a.feature as usize);
        }
        samples.extend(of_batch);
    }
    samples
}

/// Largest |z| that one of `n` normal variables exceeds with probability 10⁻⁶.
fn largest_z(n: f64) -> f64 {
    (2.0 * (n / 1e-6).ln()).sqrt()
}

/// How far a count of samples is from its expectation, in standard deviations.
fn z(count: usize, p: f64, trials: usize) -> f64 {
    let trials = trials as f64;
    let deviation = (trials * p * (1.0 - p)).sqrt();
    // What is certain, or impossible, has none.
    (count as f64 - trials * p) / deviation.max(1e-9)
}

/// Every feature is active as often as `p` says, and so many are on average.
fn check_marginals(prepared: &Prepared, samples: &[Vec<usize>]) {
    let p = prepared.probabilities.as_slice();
    let mut counts = vec![0; p.len()];
    samples.iter().flatten().for_each(|feature| counts[*feature] += 1);
    // A Poisson count of few has a longer tail than a normal one.
    for (feature, (count, p)) in counts.iter().zip(p).enumerate() {
        let z = z(*count, *p, samples.len());
        let limit = largest_z(p_len(prepared)) + 2.0;
        assert!(z.abs() < limit, "feature {feature} of {:?}: {z}", prepared.cell.data.dependence);
    }
    let sizes: Vec<f64> = samples.iter().map(|sample| sample.len() as f64).collect();
    let n = sizes.len() as f64;
    let mean = sizes.iter().sum::<f64>() / n;
    let variance = sizes.iter().map(|size| (size - mean).powi(2)).sum::<f64>() / n;
    let off = (mean - prepared.probabilities.density()) / (variance / n).sqrt().max(1e-9);
    assert!(off.abs() < largest_z(1.0), "{mean}: {off}");
}

fn p_len(prepared: &Prepared) -> f64 {
    prepared.probabilities.as_slice().len() as f64
}

/// How many samples have both.
fn together(samples: &[Vec<usize>], i: usize, j: usize) -> usize {
    samples.iter().filter(|sample| sample.contains(&i) && sample.contains(&j)).count()
}

fn check_pair(samples: &[Vec<usize>], (i, j): (usize, usize), p: f64) {
    let count = together(samples, i, j);
    let z = z(count, p, samples.len());
    assert!(z.abs() < largest_z(100.0), "{i} and {j}: {count} where {p} is expected, {z}");
}

const KINDS: [(usize, f64, f64, &str); 11] = [
    (31, 1.0, 2.0, r#"{ "kind": "correlated" }"#),
    (31, 1.0, 2.0, r#"{ "kind": "anticorrelated" }"#),
    (31, 1.0, 2.0, r#"{ "kind": "copula", "rank": 3, "strength": 0.6 }"#),
    (30, 1.0, 2.0, r#"{ "kind": "copula", "rank": 2, "strength": -0.7 }"#),
    (30, 0.0, 6.0, r#"{ "kind": "copula", "rank": 1, "strength": 0.3 }"#),
    (31, 1.0, 2.5, r#"{ "kind": "copula", "rank": 40, "strength": 0.9 }"#),
    (30, 1.0, 2.0, r#"{ "kind": "tree", "branching": 4, "depth": 1, "exclusive": true }"#),
    (30, 1.0, 2.0, r#"{ "kind": "tree", "branching": 4, "depth": 1, "exclusive": false }"#),
    (28, 1.5, 1.5, r#"{ "kind": "tree", "branching": 2, "depth": 2, "exclusive": true }"#),
    (30, 1.0, 3.0, r#"{ "kind": "exactly", "k": 3 }"#),
    (30, 0.5, 1.0, r#"{ "kind": "exactly", "k": 1 }"#),
];

#[test]
fn marginals_and_densities_are_the_nominal_ones_under_every_dependence() {
    for (n, exponent, density, kind) in KINDS {
        let prepared = prepared(n, exponent, density, kind);
        assert!((prepared.probabilities.density() - density).abs() < 1e-12);
        check_marginals(&prepared, &samples(&prepared));
    }
}

#[test]
fn batches_are_ordered_and_a_function_of_seed_stream_and_step() {
    for (n, exponent, density, kind) in KINDS {
        let prepared = prepared(n, exponent, density, kind);
        let mut sampler = Sampler::of(&prepared);
        let batch = sampler.batch(Stream::Train, 3);
        let place = |a: &Active| (a.feature, a.sample);
        assert!(batch.active.is_sorted_by(|a, b| place(a) < place(b)), "{kind}");
        assert!(batch.active.iter().all(|a| a.value > 0.0 && a.value <= 1.0 && a.sample < 500));
        assert_eq!(batch, Sampler::of(&prepared).batch(Stream::Train, 3));
        assert_ne!(batch, sampler.batch(Stream::Train, 4), "{kind}");
        assert_ne!(batch, sampler.batch(Stream::Test, 3), "{kind}");
        let mut other = prepared.clone();
        other.cell.data.seed = 8;
        assert_ne!(batch, Sampler::of(&other).batch(Stream::Train, 3), "{kind}");
        // A larger batch begins with the smaller one.
        let mut smaller = prepared.clone();
        smaller.cell.train.batch_size = 60;
        let mut first = batch;
        first.active.retain(|a| a.sample < 60);
        assert_eq!(first, Sampler::of(&smaller).batch(Stream::Train, 3), "{kind}");
    }
}

#[test]
fn pairs_are_together_as_often_as_the_rarer_one_is_active_or_never() {
    let with = |kind: &str| prepared(31, 1.0, 2.0, &format!(r#"{{ "kind": "{kind}" }}"#));
    let (correlated, anticorrelated) = (with("correlated"), with("anticorrelated"));
    let p = correlated.probabilities.as_slice();
    let (both, never) = (samples(&correlated), samples(&anticorrelated));
    for pair in [(0, 1), (2, 3), (10, 11), (28, 29)] {
        assert_eq!(together(&never, pair.0, pair.1), 0);
        let second = both.iter().filter(|sample| sample.contains(&pair.1)).count();
        assert_eq!(together(&both, pair.0, pair.1), second);
    }
    for pair in [(0, 2), (1, 2), (0, 3), (1, 30)] {
        check_pair(&both, pair, p[pair.0] * p[pair.1]);
        check_pair(&never, pair, p[pair.0] * p[pair.1]);
    }
}

#[test]
fn features_that_share_a_factor_are_together_as_a_gaussian_copula_says() {
    let normal = Normal::new(0.0, 1.0).unwrap();
    for (rank, strength) in [(3, 0.6), (2, -0.7), (1, 0.2)] {
        let kind = format!(r#"{{ "kind": "copula", "rank": {rank}, "strength": {strength} }}"#);
        let prepared = prepared(24, 0.5, 4.0, &kind);
        let p = prepared.probabilities.as_slice();
        let samples = samples(&prepared);
        // Given the factor they are independent: a midpoint rule over it.
        let (shared, own) = (f64::abs(strength).sqrt(), (1.0 - f64::abs(strength)).sqrt());
        let rate = |i: usize, factor: f64| {
            let turn = i / rank;
            let sign = if strength < 0.0 && turn % 2 == 1 { -1.0 } else { 1.0 };
            normal.cdf((normal.inverse_cdf(p[i]) - sign * shared * factor) / own)
        };
        let nodes = (0..4000).map(|k| -10.0 + 0.005 * (f64::from(k) + 0.5));
        let expected = |i: usize, j: usize| -> f64 {
            if i % rank != j % rank {
                return p[i] * p[j];
            }
            nodes.clone().map(|f| 0.005 * normal.pdf(f) * rate(i, f) * rate(j, f)).sum()
        };
        for pair in [(0, rank), (0, 2 * rank), (1, 1 + 3 * rank), (0, 1), (2, 3), (5, 23)] {
            check_pair(&samples, pair, expected(pair.0, pair.1));
        }
        if strength < 0.0 {
            assert!(
                expected(0, rank) < p[0] * p[rank] && expected(0, 2 * rank) > p[0] * p[2 * rank]
            );
        }
    }
}

#[test]
fn a_child_needs_its_parent_and_excludes_its_sisters_if_it_should() {
    for exclusive in [true, false] {
        let kind = format!(
            r#"{{ "kind": "tree", "branching": 2, "depth": 2, "exclusive": {exclusive} }}"#
        );
        let prepared = prepared(28, 1.0, 2.0, &kind);
        let p = prepared.probabilities.as_slice();
        let samples = samples(&prepared);
        // Four roots, their eight children, sixteen grandchildren.
        for feature in 4..28 {
            let parent = if feature < 12 { (feature - 4) / 2 } else { 4 + (feature - 12) / 2 };
            let active = samples.iter().filter(|sample| sample.contains(&feature)).count();
            assert_eq!(together(&samples, feature, parent), active, "{feature} of {parent}");
        }
        for (parent, first) in [(0, 4), (3, 10), (4, 12), (11, 26)] {
            let expected = if exclusive { 0.0 } else { p[first] * p[first + 1] / p[parent] };
            check_pair(&samples, (first, first + 1), expected);
        }
        // Of different trees: independent.
        check_pair(&samples, (0, 1), p[0] * p[1]);
        check_pair(&samples, (4, 7), p[4] * p[7]);
    }
}

#[test]
fn every_sample_has_exactly_so_many_and_pairs_are_as_often_drawn_as_sampford_says() {
    let prepared = prepared(6, 1.0, 2.0, r#"{ "kind": "exactly", "k": 2 }"#);
    let p = prepared.probabilities.as_slice();
    let samples = samples(&prepared);
    assert!(samples.iter().all(|sample| sample.len() == 2));
    // Sampford 1967: the probability of {i, j} is in proportion to λ_i λ_j (2 − p_i − p_j), λ = p/(1 − p).
    let weight =
        |i: usize, j: usize| p[i] / (1.0 - p[i]) * p[j] / (1.0 - p[j]) * (2.0 - p[i] - p[j]);
    let pairs: Vec<(usize, usize)> = (0..6).flat_map(|i| (0..i).map(move |j| (i, j))).collect();
    let all: f64 = pairs.iter().map(|&(i, j)| weight(i, j)).sum();
    for &(i, j) in &pairs {
        check_pair(&samples, (i, j), weight(i, j) / all);
    }
}

#[test]
fn words_are_together_as_often_as_windows_of_the_text_have_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("text.txt");
    let text =
        "the cat sat on the mat and the dog sat on the log; a cat and a dog met the frog on a log";
    std::fs::write(&path, text).unwrap();
    let words: Vec<&str> =
        text.split(|c: char| !c.is_alphabetic()).filter(|w| !w.is_empty()).collect();
    let vocabulary = ["the", "on", "a"];
    let mut preparer = superpose_toy::prepared::Preparer::default();
    let sha256 = preparer.text(&path).unwrap().sha256.clone();
    let mut cell = cell(3, 1.0, 1.0, r#"{ "kind": "none" }"#);
    cell.data.dependence = Dependence::Text { path, sha256, window: 4 };
    cell.data.frequencies = superpose_toy::cell::FrequencyLaw::Text {};
    let prepared = preparer.prepare(cell).unwrap();
    let samples = samples(&prepared);
    check_marginals(&prepared, &samples);
    let windows: Vec<&[&str]> = words.windows(4).collect();
    let share = |of: &dyn Fn(&&[&str]) -> bool| {
        windows.iter().filter(|w| of(w)).count() as f64 / windows.len() as f64
    };
    for (i, word) in vocabulary.iter().enumerate() {
        let p = share(&|window| window.contains(word));
        assert!((prepared.probabilities.as_slice()[i] - p).abs() < 1e-12, "{word}");
        for (j, other) in vocabulary.iter().enumerate().take(i) {
            let both = share(&|window| window.contains(word) && window.contains(other));
            check_pair(&samples, (i, j), both);
        }
    }
}

#[test]
fn what_cannot_be_is_refused_with_field_value_and_allowed() {
    for (n, exponent, density, kind, said) in [
        (
            10,
            0.0,
            6.0,
            r#"{ "kind": "anticorrelated" }"#,
            "`data.dependence` must be another kind, or its features less frequent: features 0 and 1 cannot \
             exclude each other with probabilities 0.6 and 0.6, got anticorrelated",
        ),
        (
            31,
            1.0,
            1.0,
            r#"{ "kind": "tree", "branching": 4, "depth": 1, "exclusive": false }"#,
            "`model.n_features` must be a multiple of the number of nodes in a tree, which is 5 for \
             `data.dependence` with branching = 4 and depth = 1, got 31",
        ),
        (
            31,
            1.0,
            1.0,
            r#"{ "kind": "tree", "branching": 1000000, "depth": 60, "exclusive": false }"#,
            "which is more than that for",
        ),
        (
            10,
            0.0,
            1.0,
            r#"{ "kind": "tree", "branching": 4, "depth": 1, "exclusive": true }"#,
            "`data.dependence.exclusive` must be false here: the 4 children of feature 0, together with \
             probability 0.4, cannot exclude one another where it is active with probability 0.1, got true",
        ),
        (
            10,
            0.0,
            3.0,
            r#"{ "kind": "exactly", "k": 11 }"#,
            "`data.dependence.k` must be at most `model.n_features` (10), got 11",
        ),
        (
            10,
            0.0,
            3.0,
            r#"{ "kind": "exactly", "k": 2 }"#,
            "`data.dependence.k` must be `data.activation_density` (3), got 2",
        ),
        (
            12,
            0.0,
            12.0,
            r#"{ "kind": "exactly", "k": 12 }"#,
            "`data.dependence.k` must be smaller, or the frequencies more even",
        ),
    ] {
        let refused = Prepared::new(cell(n, exponent, density, kind)).unwrap_err().to_string();
        let near = refused.replace("0.30000000000000004", "0.3").replace("2.9999999999999996", "3");
        assert!(near.contains(said), "{near}");
    }
}
