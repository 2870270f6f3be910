//! A tiny cell, its first batch, and how far two gradients are apart: for the tests of both engines.

#![allow(clippy::unwrap_used, reason = "a test may fail")]
#![allow(dead_code, reason = "not of every test")]
#![allow(unreachable_pub, reason = "a module of each test")]

use std::path::Path;

use superpose_sweep::file::Sweep;
use superpose_toy::cell::Cell;
use superpose_toy::prepared::Prepared;
use superpose_toy::sampler::{Sampler, SparseBatch, Stream};

pub fn cell(overrides: &[&str]) -> Cell {
    let text = r#"
        schema = 1
        name = "test"
        [model]
        n_features = 23
        d_hidden = 5
        [data]
        frequencies = { law = "power", exponent = 0.5 }
        activation_density = 1.7
        [train]
        batch_size = 31
        steps = 50
        weight_decay = -1.0
        test_batches = 4
        log_every = 20
    "#;
    let overrides: Vec<String> = overrides.iter().map(|&o| o.to_owned()).collect();
    Sweep::parse(text, Path::new("test.toml"), &overrides).unwrap().cells.remove(0).cell
}

pub fn first_batch(cell: &Cell) -> SparseBatch {
    Sampler::of(&prepared(cell)).batch(Stream::Train, 0)
}

pub fn prepared(cell: &Cell) -> Prepared {
    Prepared::new(cell.clone()).unwrap()
}

/// Largest difference between two lists, over the largest entry of the first.
pub fn difference(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    let scale = a.iter().fold(f64::MIN_POSITIVE, |m, v| m.max(v.abs()));
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max) / scale
}
