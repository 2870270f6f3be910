//! The gradient of small models, samples side by side.
//!
//! With a handful of features the Gram matrix is not worth making: columns come in blocks of 64, so a
//! model of two would do thirty times its work. Here a register holds one number of each of
//! [`LANES`] samples, and the formula is done as it is written,
//!
//! ```text
//! h = x W        z = h Wᵀ + b        e = (ReLU(z) − x) · 1[z > 0] · I
//! db += e        dh = e W            dW += eᵀ h + xᵀ dh
//! ```
//!
//! for all samples that have an active feature; the others are all alike and are done once. Sums have a
//! fixed order: lanes, then tiles, then [`TILES_A_SUM`] of them in single precision before they go to
//! double. Up to the factor `2 · loss_scale / (B n)`, like [`crate::gradient`].

#![allow(clippy::needless_range_loop, reason = "written with indices, as on paper")]

use pulp::Arch;
use superpose_toy::sampler::SparseBatch;
use superpose_toy::trained::Weights;

use crate::gradient::Pass;

/// Samples side by side.
const LANES: usize = 16;
/// Tiles that are summed in single precision.
const TILES_A_SUM: usize = 64;
/// The most features of a small model.
const MOST_FEATURES: usize = 6;
/// Its largest width.
const WIDEST_SMALL: usize = 3;

type Lanes = [f32; LANES];

/// Whether a model of this shape is done so.
pub(crate) fn is_small(n_features: usize, d_hidden: usize) -> bool {
    (1..=MOST_FEATURES).contains(&n_features) && (1..=WIDEST_SMALL).contains(&d_hidden)
}

/// A batch as tiles of the samples that have an active feature.
#[derive(Debug, Default)]
pub(crate) struct Tiles {
    /// Tile by tile and feature by feature, the values of [`LANES`] samples; zero where a feature is not active.
    values: Vec<Lanes>,
    /// Samples without any active feature, less the lanes of the last tile that are no sample and look like one.
    n_alike: f64,
    /// Each sample's place among those that have an active feature, from 1; zero for the others.
    places: Vec<u32>,
}

impl Tiles {
    /// Takes in a batch of `batch_size` samples of `n_features` features.
    pub(crate) fn arrange(&mut self, batch: &SparseBatch, batch_size: usize, n_features: usize) {
        self.places.clear();
        self.places.resize(batch_size, 0);
        let mut n_samples = 0;
        for active in &batch.active {
            let place = &mut self.places[active.sample as usize];
            if *place == 0 {
                n_samples += 1;
                *place = n_samples;
            }
        }
        let n_tiles = (n_samples as usize).div_ceil(LANES);
        self.n_alike = batch_size as f64 - (n_tiles * LANES) as f64;
        self.values.clear();
        self.values.resize(n_tiles * n_features, [0.0; LANES]);
        for active in &batch.active {
            let at = self.places[active.sample as usize] as usize - 1;
            let row = at / LANES * n_features + active.feature as usize;
            self.values[row][at % LANES] = active.value;
        }
    }

    /// Memory that is held, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(self.values.as_slice()) + size_of_val(self.places.as_slice())
    }
}

/// The gradient of a batch's loss, up to a factor, and the loss.
#[derive(Debug, Clone, Default)]
pub(crate) struct SmallGradient {
    /// `dW`, row by row.
    pub(crate) weights: Vec<f32>,
    /// `db`.
    pub(crate) bias: Vec<f32>,
    /// The sum of squared errors over all entries of the batch, each by its importance.
    pub(crate) squares: f64,
}

impl SmallGradient {
    /// Computes the sum of squares and, on a backward pass, the gradient.
    ///
    /// # Panics
    /// When the model is not small.
    pub(crate) fn compute(
        &mut self,
        weights: &Weights,
        importance: Option<&[f32]>,
        tiles: &Tiles,
        pass: Pass,
    ) {
        let (n, d) = (weights.n_features, weights.d_hidden);
        self.weights.resize(n * d, 0.0);
        self.bias.resize(n, 0.0);
        let task = Task { weights, importance, tiles, pass };
        Arch::new().dispatch(
            #[inline(always)]
            || match (n, d) {
                (1, 1) => task.run::<1, 1>(self),
                (1, 2) => task.run::<1, 2>(self),
                (1, 3) => task.run::<1, 3>(self),
                (2, 1) => task.run::<2, 1>(self),
                (2, 2) => task.run::<2, 2>(self),
                (2, 3) => task.run::<2, 3>(self),
                (3, 1) => task.run::<3, 1>(self),
                (3, 2) => task.run::<3, 2>(self),
                (3, 3) => task.run::<3, 3>(self),
                (4, 1) => task.run::<4, 1>(self),
                (4, 2) => task.run::<4, 2>(self),
                (4, 3) => task.run::<4, 3>(self),
                (5, 1) => task.run::<5, 1>(self),
                (5, 2) => task.run::<5, 2>(self),
                (5, 3) => task.run::<5, 3>(self),
                (6, 1) => task.run::<6, 1>(self),
                (6, 2) => task.run::<6, 2>(self),
                (6, 3) => task.run::<6, 3>(self),
                _ => unreachable!("`is_small` has let {n} by {d} through"),
            },
        );
    }
}

/// What is to be done.
#[derive(Clone, Copy)]
struct Task<'a> {
    weights: &'a Weights,
    importance: Option<&'a [f32]>,
    tiles: &'a Tiles,
    pass: Pass,
}

/// Sums over samples, a lane for each place in a tile.
struct Sums<const N: usize, const D: usize> {
    squares: [Lanes; N],
    bias: [Lanes; N],
    weights: [[Lanes; D]; N],
}

impl<const N: usize, const D: usize> Sums<N, D> {
    const ZERO: Self = Self {
        squares: [[0.0; LANES]; N],
        bias: [[0.0; LANES]; N],
        weights: [[[0.0; LANES]; D]; N],
    };
}

/// A model's numbers.
struct Parameters<const N: usize, const D: usize> {
    weights: [[f32; D]; N],
    bias: [f32; N],
    importance: [f32; N],
}

impl Task<'_> {
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "gradients are single precision")]
    fn run<const N: usize, const D: usize>(self, to: &mut SmallGradient) {
        let (rows, _) = self.weights.weights.as_chunks::<D>();
        let mut model =
            Parameters::<N, D> { weights: [[0.0; D]; N], bias: [0.0; N], importance: [1.0; N] };
        model.weights.copy_from_slice(rows);
        model.bias.copy_from_slice(&self.weights.bias);
        if let Some(importance) = self.importance {
            model.importance.copy_from_slice(importance);
        }
        let (mut squares, mut bias, mut weights) = ([0.0_f64; N], [0.0_f64; N], [[0.0_f64; D]; N]);
        // A sample without any active feature.
        for c in 0..N {
            let r = if model.bias[c] < 0.0 { 0.0 } else { f64::from(model.bias[c]) };
            squares[c] = self.tiles.n_alike * r * r;
            bias[c] = self.tiles.n_alike * r;
        }
        let (tiles, _) = self.tiles.values.as_chunks::<N>();
        for tiles in tiles.chunks(TILES_A_SUM) {
            let mut sums = Sums::<N, D>::ZERO;
            match self.pass {
                Pass::Forward => tiles.iter().for_each(
                    #[inline(always)]
                    |x| tile::<N, D, false>(x, &model, &mut sums),
                ),
                Pass::Backward => tiles.iter().for_each(
                    #[inline(always)]
                    |x| tile::<N, D, true>(x, &model, &mut sums),
                ),
            }
            for c in 0..N {
                squares[c] += total(&sums.squares[c]);
                bias[c] += total(&sums.bias[c]);
                for k in 0..D {
                    weights[c][k] += total(&sums.weights[c][k]);
                }
            }
        }
        to.squares = squares.iter().zip(model.importance).map(|(s, i)| s * f64::from(i)).sum();
        if self.pass == Pass::Backward {
            for c in 0..N {
                // What goes to the weights has its importance already, as it also goes through other rows.
                to.bias[c] = (bias[c] * f64::from(model.importance[c])) as f32;
                for k in 0..D {
                    to.weights[c * D + k] = weights[c][k] as f32;
                }
            }
        }
    }
}

/// Adds what a tile of samples gives.
#[inline(always)]
fn tile<const N: usize, const D: usize, const BACKWARD: bool>(
    x: &[Lanes; N],
    model: &Parameters<N, D>,
    sums: &mut Sums<N, D>,
) {
    let mut h = [[0.0_f32; LANES]; D];
    for k in 0..D {
        for i in 0..N {
            for l in 0..LANES {
                h[k][l] += x[i][l] * model.weights[i][k];
            }
        }
    }
    let mut dh = [[0.0_f32; LANES]; D];
    for c in 0..N {
        let mut z = [model.bias[c]; LANES];
        for k in 0..D {
            for l in 0..LANES {
                z[l] += h[k][l] * model.weights[c][k];
            }
        }
        let mut asked = [0.0_f32; LANES];
        for l in 0..LANES {
            // Not `max`, which would hide what is not a number.
            let r = if z[l] < 0.0 { 0.0 } else { z[l] };
            let e = r - x[c][l];
            sums.squares[c][l] += e * e;
            asked[l] = if r > 0.0 { e } else { 0.0 };
        }
        if BACKWARD {
            for l in 0..LANES {
                sums.bias[c][l] += asked[l];
                asked[l] *= model.importance[c];
            }
            for k in 0..D {
                for l in 0..LANES {
                    sums.weights[c][k][l] += asked[l] * h[k][l];
                    dh[k][l] += asked[l] * model.weights[c][k];
                }
            }
        }
    }
    if BACKWARD {
        for c in 0..N {
            for k in 0..D {
                for l in 0..LANES {
                    sums.weights[c][k][l] += x[c][l] * dh[k][l];
                }
            }
        }
    }
}

/// The sum of all lanes.
#[inline(always)]
fn total(lanes: &Lanes) -> f64 {
    lanes.iter().map(|lane| f64::from(*lane)).sum()
}

#[cfg(test)]
mod tests {
    use superpose_toy::sampler::Active;

    use super::*;

    #[test]
    fn lanes_that_are_no_sample_are_taken_off_those_without_features() {
        let active = |sample, feature| Active { sample, feature, value: 0.5 };
        let batch = SparseBatch { active: vec![active(3, 0), active(7, 0), active(3, 1)] };
        let mut tiles = Tiles::default();
        // Twice, since a second batch takes the place of the first.
        tiles.arrange(&SparseBatch { active: (0..40).map(|s| active(s, 0)).collect() }, 40, 2);
        assert!((tiles.n_alike + 8.0).abs() < 1e-12 && tiles.values.len() == 6);
        tiles.arrange(&batch, 40, 2);
        assert!((tiles.n_alike - 24.0).abs() < 1e-12 && tiles.values.len() == 2);
        let first = |row: usize| tiles.values[row][..3].to_vec();
        assert_eq!((first(0), first(1)), (vec![0.5, 0.5, 0.0], vec![0.5, 0.0, 0.0]));
        // One bias above zero: of 40 samples, 38 answer it to nothing.
        let weights = Weights {
            n_features: 2,
            d_hidden: 1,
            weights: vec![0.0; 2],
            bias: vec![0.25, -1.0],
            decoder: None,
        };
        let mut gradient = SmallGradient::default();
        gradient.compute(&weights, Some(&[2.0, 3.0]), &tiles, Pass::Backward);
        let squares = 2.0 * (38.0 * 0.0625 + 2.0 * 0.0625) + 3.0 * 0.25;
        assert!((gradient.squares - squares).abs() < 1e-5, "{}", gradient.squares);
        assert!((gradient.bias[0] - 2.0 * (38.0 * 0.25 - 2.0 * 0.25)).abs() < 1e-5);
        assert_eq!((gradient.bias[1], gradient.weights), (0.0, vec![0.0; 2]));
    }

    #[test]
    fn what_is_not_a_number_shows_in_the_loss() {
        let mut tiles = Tiles::default();
        let active = vec![Active { sample: 0, feature: 0, value: 1.0 }];
        tiles.arrange(&SparseBatch { active }, 4, 2);
        let weights = Weights {
            n_features: 2,
            d_hidden: 1,
            weights: vec![f32::NAN, 1.0],
            bias: vec![0.0; 2],
            decoder: None,
        };
        let mut gradient = SmallGradient::default();
        gradient.compute(&weights, None, &tiles, Pass::Forward);
        assert!(gradient.squares.is_nan());
    }
}
