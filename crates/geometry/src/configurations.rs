//! Configurations of vectors whose geometry is known, for the tests.

#![expect(clippy::cast_possible_truncation, reason = "weights are single precision")]

use std::f64::consts::TAU;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// The error allowed in numbers of order one made from coordinates in single precision, each of which is
/// off by up to 6e-8 of its size.
pub(crate) const SINGLE: f64 = 1e-6;

/// `n` rows of independent standard normal entries.
pub(crate) fn gaussian(n: usize, width: usize, seed: u64) -> Vec<f32> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
    (0..n * width).map(|_| normal() as f32).collect()
}

/// The corners of a regular `k`-gon on the unit circle: a pair of opposites for `k = 2`, the
/// Mercedes-Benz frame for `k = 3`.
pub(crate) fn polygon(k: usize) -> Vec<f32> {
    (0..k)
        .flat_map(|i| {
            let angle = TAU * i as f64 / k as f64;
            [angle.cos() as f32, angle.sin() as f32]
        })
        .collect()
}

/// The `d + 1` corners of a regular simplex on the unit sphere of `d` dimensions, any two at
/// `cos = −1/d`.
pub(crate) fn simplex(d: usize) -> Vec<f32> {
    let n = d as f64;
    let shift = n.powf(-1.5) * ((n + 1.0).sqrt() + 1.0);
    let corner = |i: usize, k: usize| {
        if i == d {
            n.powf(-0.5)
        } else {
            f64::from(u8::from(i == k)) * (1.0 + 1.0 / n).sqrt() - shift
        }
    };
    (0..=d).flat_map(|i| (0..d).map(move |k| corner(i, k) as f32)).collect()
}

/// The six diagonals of the icosahedron, any two at `cos² = 1/5`.
pub(crate) fn icosahedron() -> Vec<f32> {
    let golden = (0.5 * (1.0 + 5.0_f64.sqrt())) as f32;
    [
        [0.0, 1.0, golden],
        [0.0, 1.0, -golden],
        [1.0, golden, 0.0],
        [1.0, -golden, 0.0],
        [golden, 0.0, 1.0],
        [golden, 0.0, -1.0],
    ]
    .concat()
}

/// The first `n` unit vectors of `d` dimensions, `n ≤ d`.
pub(crate) fn orthonormal(n: usize, d: usize) -> Vec<f32> {
    (0..n * d).map(|i| f32::from(u8::from(i / d == i % d))).collect()
}

/// The product of two rows.
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
}
