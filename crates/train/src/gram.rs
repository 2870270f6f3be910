//! The fast engine: the same gradient from the active rows of the Gram matrix.
//!
//! A batch of sparse samples touches only `a` features, and the pre-activation of a sample is a
//! sparse combination of rows of `G = W_A Wᵀ` (`a × n`):
//!
//! ```text
//! z = Σ_k v_k G_k + b        e = ReLU(z) − x where z > 0        loss = Σ (ReLU(z) − x)²
//! D_k += v_k e               db = Σ e                           dW = Dᵀ W_A,  dW_A += D W
//! ```
//!
//! all up to the factor `2 · loss_scale / (B n)`. That is `6·a·n·d` operations in products instead
//! of `10·B·n·d`, and a few passes over (active features) × `n`. The columns are done in tiles, so
//! that `G` and `D` stay in the cache: nothing of size `B × n` or `n × n` is ever made. Samples
//! without any active feature are all alike and are done once.

use multiversion::multiversion;
use superpose_sweep::cell::Cell;
use superpose_sweep::record::Weights;

use crate::fused_adam::FusedAdam;
use crate::init::start;
use crate::product::{View, multiply};
use crate::sampler::SparseBatch;
use crate::schedule::Schedule;

/// Numbers in a vector register, and what tiles are a multiple of.
const LANES: usize = 16;
/// Numbers in a tile of `G`, and of `D`: half a megabyte each.
const TILE_NUMBERS: usize = 1 << 17;

/// A model in training.
#[derive(Debug)]
pub struct Gram {
    weights: Weights,
    adam_weights: FusedAdam,
    adam_bias: FusedAdam,
    cell: Cell,
    schedule: Schedule,
    gradient: RawGradient,
    groups: Groups,
    work: Work,
}

/// The gradient up to a factor, and the sum of squared errors.
#[derive(Debug, Default)]
struct RawGradient {
    weights: Vec<f32>,
    bias: Vec<f32>,
    squares: f64,
}

/// Arrays that are used again at every step.
#[derive(Debug, Default)]
struct Work {
    active_weights: Vec<f32>,
    active_gradient: Vec<f32>,
    gram: Vec<f32>,
    errors: Vec<f32>,
    bias: Vec<f32>,
    bias_gradient: Vec<f32>,
    response: Vec<f32>,
}

impl Gram {
    /// The `cell`'s model before its first step.
    pub fn new(cell: &Cell) -> Self {
        Self::from_weights(cell, start(cell))
    }

    /// As [`Gram::new`], but starting from `weights`.
    pub fn from_weights(cell: &Cell, weights: Weights) -> Self {
        let train = &cell.train;
        let adam =
            |length| FusedAdam::new(length, train.adam_beta1, train.adam_beta2, train.adam_epsilon);
        Self {
            adam_weights: adam(weights.weights.len()),
            adam_bias: adam(weights.bias.len()),
            schedule: Schedule::of(train),
            cell: cell.clone(),
            weights,
            gradient: RawGradient::default(),
            groups: Groups::default(),
            work: Work::default(),
        }
    }

    /// Makes step number `step` (from 1) and returns the mean squared error on `batch` before it.
    pub fn step(&mut self, step: u64, batch: &SparseBatch) -> f64 {
        self.accumulate(batch, true);
        let factor = self.factor();
        let train = &self.cell.train;
        let course = self.schedule.at(step);
        let rate = train.learning_rate * course;
        self.adam_weights.update_rows(
            &mut self.weights.weights,
            &self.gradient.weights,
            factor,
            rate,
            self.weights.d_hidden,
            train.weight_decay,
        );
        let rate = train.learning_rate_bias * course;
        self.adam_bias.update(&mut self.weights.bias, &self.gradient.bias, factor, rate);
        self.mean_squared_error()
    }

    /// The mean squared error on `batch`, without any step.
    pub fn error(&mut self, batch: &SparseBatch) -> f64 {
        self.accumulate(batch, false);
        self.mean_squared_error()
    }

    /// The trained loss on `batch` and its gradient, without any step.
    pub fn gradient(&mut self, batch: &SparseBatch) -> crate::reference::Gradient {
        self.accumulate(batch, true);
        let factor = self.factor();
        let scaled = |values: &[f32]| values.iter().map(|g| f64::from(*g) * factor).collect();
        crate::reference::Gradient {
            loss: self.mean_squared_error() * self.cell.train.loss_scale,
            weights: scaled(&self.gradient.weights),
            bias: scaled(&self.gradient.bias),
        }
    }

    /// The model's weights.
    pub fn weights(&self) -> &Weights {
        &self.weights
    }

    fn entries(&self) -> f64 {
        self.cell.train.batch_size as f64 * self.weights.n_features as f64
    }

    fn factor(&self) -> f64 {
        2.0 * self.cell.train.loss_scale / self.entries()
    }

    fn mean_squared_error(&self) -> f64 {
        self.gradient.squares / self.entries()
    }

    /// Fills `self.gradient`; only its sum of squares unless `backward`.
    fn accumulate(&mut self, batch: &SparseBatch, backward: bool) {
        let (n, d) = (self.weights.n_features, self.weights.d_hidden);
        self.groups.arrange(batch, self.cell.train.batch_size);
        let rows = &self.groups.rows;
        let a = rows.len();
        let w = &self.weights.weights;
        let work = &mut self.work;
        work.active_weights.clear();
        for &row in rows {
            let row = row as usize;
            work.active_weights.extend_from_slice(&w[row * d..(row + 1) * d]);
        }
        if backward {
            work.active_gradient.clear();
            work.active_gradient.resize(a * d, 0.0);
            self.gradient.weights.resize(n * d, 0.0);
            self.gradient.bias.resize(n, 0.0);
        }
        self.gradient.squares = 0.0;
        let widest = (TILE_NUMBERS / a.max(1)).clamp(4 * LANES, 64 * LANES) / LANES * LANES;
        for from in (0..n).step_by(widest) {
            let width = widest.min(n - from);
            // Columns beyond the last one have no bias and no overlap, and so add nothing.
            let stride = width.next_multiple_of(LANES);
            let tile = Tile { from, width, stride };
            work.clear(a, tile, &self.weights.bias);
            let active = View::by_rows(&work.active_weights, a, d, d);
            let columns = View::by_rows(&w[from * d..(from + width) * d], width, d, d);
            multiply(&mut work.gram, stride, false, active, columns.transposed());
            self.gradient.squares += respond(&self.groups, tile, work, backward);
            if backward {
                let active = View::by_rows(&work.active_weights, a, d, d);
                let errors = View::by_rows(&work.errors, a, width, stride);
                let to = &mut self.gradient.weights[from * d..(from + width) * d];
                multiply(to, d, false, errors.transposed(), active);
                multiply(&mut work.active_gradient, d, true, errors, columns);
                self.gradient.bias[from..from + width]
                    .copy_from_slice(&work.bias_gradient[..width]);
            }
        }
        if backward {
            for (row, gradient) in rows.iter().zip(work.active_gradient.chunks_exact(d)) {
                let row = *row as usize;
                let to = &mut self.gradient.weights[row * d..(row + 1) * d];
                to.iter_mut().zip(gradient).for_each(|(to, g)| *to += g);
            }
        }
    }
}

/// Some columns of `G` and `D`.
#[derive(Debug, Clone, Copy)]
struct Tile {
    from: usize,
    width: usize,
    /// The width, rounded up to whole vector registers.
    stride: usize,
}

impl Work {
    fn clear(&mut self, n_rows: usize, tile: Tile, bias: &[f32]) {
        let fill = |values: &mut Vec<f32>, length: usize| {
            values.clear();
            values.resize(length, 0.0);
        };
        if tile.width < tile.stride {
            self.gram.clear();
        }
        // What the product does not overwrite, beyond the last column, must be zero.
        self.gram.resize(n_rows * tile.stride, 0.0);
        fill(&mut self.errors, n_rows * tile.stride);
        fill(&mut self.bias_gradient, tile.stride);
        fill(&mut self.response, tile.stride);
        fill(&mut self.bias, tile.stride);
        self.bias[..tile.width].copy_from_slice(&bias[tile.from..tile.from + tile.width]);
    }
}

/// A batch, sample by sample: those that share their first active feature stand together, so that
/// its rows of `G` and `D` stay close at hand.
#[derive(Debug, Default)]
struct Groups {
    /// The active features, ascending; row `k` of `G` belongs to `rows[k]`.
    rows: Vec<u32>,
    /// The active features of all samples that have any, sample after sample.
    entries: Vec<Entry>,
    /// Where each sample ends in `entries`.
    ends: Vec<usize>,
    /// Samples without any active feature.
    n_empty: usize,
    /// Scratch: the active features of each sample, and where it begins.
    starts: Vec<u32>,
    by_sample: Vec<Entry>,
}

/// An active feature of a sample.
#[derive(Debug, Clone, Copy, Default)]
struct Entry {
    row: u32,
    feature: u32,
    value: f32,
}

impl Groups {
    fn arrange(&mut self, batch: &SparseBatch, batch_size: usize) {
        // A counting sort by sample, which keeps the order of features within a sample.
        self.rows.clear();
        self.starts.clear();
        self.starts.resize(batch_size + 1, 0);
        for active in &batch.active {
            if self.rows.last() != Some(&active.feature) {
                self.rows.push(active.feature);
            }
            self.starts[active.sample as usize + 1] += 1;
        }
        for sample in 0..batch_size {
            self.starts[sample + 1] += self.starts[sample];
        }
        self.by_sample.clear();
        self.by_sample.resize(batch.active.len(), Entry::default());
        let mut filled = self.starts.clone();
        let mut row = 0;
        for active in &batch.active {
            while self.rows[row as usize] != active.feature {
                row += 1;
            }
            let place = &mut filled[active.sample as usize];
            self.by_sample[*place as usize] =
                Entry { row, feature: active.feature, value: active.value };
            *place += 1;
        }
        // Entries come by feature, so taking each sample at its first one groups the samples.
        self.entries.clear();
        self.ends.clear();
        for active in &batch.active {
            let sample = active.sample as usize;
            let (from, to) = (self.starts[sample] as usize, self.starts[sample + 1] as usize);
            if self.by_sample[from].feature == active.feature {
                self.entries.extend_from_slice(&self.by_sample[from..to]);
                self.ends.push(self.entries.len());
            }
        }
        self.n_empty = batch_size - self.ends.len();
    }
}

/// The sum of squared errors in a tile; with `backward`, also `D` and `db` there.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+avx512bw+fma", "x86_64+avx2+fma"))]
fn respond(groups: &Groups, tile: Tile, work: &mut Work, backward: bool) -> f64 {
    let stride = tile.stride;
    let Work { gram, errors, bias, bias_gradient, response, .. } = work;
    // All empty samples respond alike.
    let n_empty = groups.n_empty as f64;
    let mut squares = 0.0;
    for (b, gradient) in bias.iter().zip(bias_gradient.iter_mut()) {
        let r = b.max(0.0);
        squares += n_empty * f64::from(r * r);
        #[expect(clippy::cast_possible_truncation, reason = "gradients are single precision")]
        let all = (n_empty * f64::from(r)) as f32;
        *gradient = all;
    }
    let mut from = 0;
    for &to in &groups.ends {
        let sample = &groups.entries[from..to];
        from = to;
        let row = |entry: &Entry| entry.row as usize * stride..(entry.row as usize + 1) * stride;
        let (first, rest) = sample.split_first().expect("a sample has an active feature");
        combine(response, bias, &gram[row(first)], first.value);
        for entry in rest {
            let gram = &gram[row(entry)];
            response.iter_mut().zip(gram).for_each(|(z, g)| *z += entry.value * g);
        }
        squares += rectify(response);
        // The sparse part: where a feature is active its value is subtracted.
        for entry in sample {
            let column = (entry.feature as usize).wrapping_sub(tile.from);
            if column < tile.width {
                let r = response[column];
                let error = r - entry.value;
                squares += f64::from(error * error) - f64::from(r * r);
                if r > 0.0 {
                    response[column] = error;
                }
            }
        }
        if backward {
            bias_gradient.iter_mut().zip(response.iter()).for_each(|(b, e)| *b += e);
            for entry in sample {
                let errors = &mut errors[row(entry)];
                errors.iter_mut().zip(response.iter()).for_each(|(d, e)| *d += entry.value * e);
            }
        }
    }
    squares
}

#[inline(always)]
fn combine(response: &mut [f32], bias: &[f32], gram: &[f32], value: f32) {
    for ((z, b), g) in response.iter_mut().zip(bias).zip(gram) {
        *z = b + value * g;
    }
}

/// Replaces each number by its positive part and returns the sum of their squares.
#[inline(always)]
fn rectify(response: &mut [f32]) -> f64 {
    let mut sums = [0.0_f32; LANES];
    for chunk in response.chunks_exact_mut(LANES) {
        for (z, sum) in chunk.iter_mut().zip(&mut sums) {
            *z = z.max(0.0);
            *sum += *z * *z;
        }
    }
    sums.iter().map(|s| f64::from(*s)).sum()
}
