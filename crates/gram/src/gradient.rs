//! The gradient from the active rows of the Gram matrix.
//!
//! A batch of sparse samples touches only `a` features, and the pre-activation of a sample is a
//! sparse combination of rows of `G = W_A Wᵀ` (`a × n`). Features are put in the batch's order,
//! active ones first, and columns are done in panels, so that what a panel takes stays in the
//! cache: nothing of size `B × n` or `n × n` is ever made. From the samples' responses
//! ([`respond`](crate::respond)) back to the weights there are two ways,
//!
//! ```text
//! dense     dW = Dᵀ W_A,  dW_A += D W        4·a·n·d operations in products
//! sparse    dW_c += e h,  dh += e W_c        4·d for every response that is not zero
//! ```
//!
//! all up to the factor `2 · loss_scale / (B n)`. Importance weighs columns: `e_c` stands for `I_c e_c`
//! where it goes to `dh` (which then takes `I_c W_c` in the place of `W_c`), and `dW_c` and `db_c` are
//! multiplied by `I_c` once they are summed up. Of the first batches most responses are positive;
//! later some per cent or less are. The way of a step is the one that would have been cheaper at
//! the step before.
//!
//! Columns are shared out in strips, strips in panels, whose rows of `W` are gathered, and panels in slabs: so many
//! columns of `G` as the second cache has room for beside them. Strips, panels, slabs, ways and the order of every sum
//! depend on the cell, its batches and the kind of registers alone, so the number of threads changes no bit of the
//! result.

use std::ops::Range;

use rayon::ThreadPool;
use rayon::prelude::*;
use superpose_toy::grouped::GroupedBatch;
use superpose_toy::trained::Weights;

use crate::nonzeros::Nonzeros;
use crate::numbers::{Numbers, WIDEST};
use crate::product::{Products, View, Write};
use crate::registers::Registers;
use crate::respond::{COLUMN_BLOCK, Respond, Response};
use crate::samples::Samples;
use crate::scatter::Scatter;

/// Numbers in a panel of `G`, and of `D`, at most: half a megabyte each.
pub const PANEL_NUMBERS: usize = 1 << 17;
/// Features of a strip, while there are few strips.
const STRIP_FEATURES: usize = 500;
/// Strips there are at most, and so threads that have work: each sums up its gradient of the active
/// features in an array of its own, which for large models takes most of the memory.
const MAX_STRIPS: usize = 4;
/// What a response costs on the sparse way, in operations of a product, as a polynomial in `d`.
/// Found on 2026-11-22 on an Intel Xeon (Sapphire Rapids): at d = 10 to 100 a training takes within
/// 10 % as long with a third or three times of either of the first two; the third is for rows that
/// do not fit in the nearest cache together, from one measurement at d = 1024. With 150 and 8, or 50 and 5, in the
/// place of 400 and 6 no training was faster on an AMD EPYC (Zen 3) on 2026-11-30 beyond what its timings scatter by.
const SPARSE_COST: [f64; 3] = [400.0, 6.0, 0.017];

/// The gradient of a batch's loss, up to a factor.
#[derive(Debug, Default)]
pub(crate) struct Gradient {
    /// `dW` by place in the batch's order, in rows of [`row`](Self::row) numbers.
    pub(crate) weights: Numbers,
    /// Numbers from a row to the next: `d` and what is missing to whole registers.
    pub(crate) row: usize,
    /// `db` by place in the batch's order.
    pub(crate) bias: Numbers,
    /// The sum of squared errors over all entries of the batch.
    pub(crate) squares: f64,
    /// All products so far.
    pub(crate) products: Products,
    /// The way of the next step.
    pub(crate) way: Way,
    /// The registers that the kernels use.
    pub(crate) registers: Registers,
    active: Active,
    strips: Vec<Strip>,
}

/// How far a batch is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pass {
    /// To the sum of squares.
    Forward,
    /// To the gradient.
    Backward,
}

/// From responses back to weights.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Way {
    /// By products of matrices.
    #[default]
    Dense,
    /// One response at a time.
    Sparse,
}

/// What all columns need.
#[derive(Debug, Default)]
struct Active {
    /// `W_A`, by active feature.
    weights: Numbers,
    /// `h`, by unit (see [`Scatter`]).
    hidden: Numbers,
    samples: Samples,
}

/// Some columns, and what is needed to do them panel by panel.
#[derive(Debug, Default)]
struct Strip {
    /// These columns' part of `dW_A`, by active feature, or of `dh`, by unit.
    row_gradient: Numbers,
    response: Response,
    products: Products,
    /// `W` in a panel's columns.
    weights: Numbers,
    /// The same rows by importance, if it is not one.
    weighted: Numbers,
    bias: Numbers,
    importance: Numbers,
    bias_gradient: Numbers,
    gram: Numbers,
    /// The diagonal of `G` in a panel's columns.
    diagonal: Vec<f32>,
    errors: Numbers,
    nonzeros: Nonzeros,
}

/// What is to be done.
#[derive(Clone, Copy)]
struct Task<'a> {
    weights: &'a Weights,
    importance: Option<&'a [f32]>,
    batch: &'a GroupedBatch,
    active: &'a Active,
    row: usize,
    /// None: only forward.
    way: Option<Way>,
    registers: Registers,
}

impl Gradient {
    /// Nothing yet, for a next step that goes this way.
    pub(crate) fn by(way: Way) -> Self {
        Self { way, ..Self::default() }
    }

    /// Memory of all arrays, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let strips = self.strips.iter().map(Strip::bytes).sum::<usize>();
        let numbers = [&self.weights, &self.bias, &self.active.weights, &self.active.hidden];
        strips
            + self.active.samples.bytes()
            + numbers.iter().map(|numbers| numbers.bytes()).sum::<usize>()
    }

    /// Computes the sum of squares and, with `backward`, the gradient, on the threads of `pool` or
    /// on this one.
    pub(crate) fn compute(
        &mut self,
        weights: &Weights,
        importance: Option<&[f32]>,
        batch: &GroupedBatch,
        pass: Pass,
        pool: Option<&ThreadPool>,
    ) {
        let n = weights.n_features;
        let way = (pass == Pass::Backward).then_some(self.way);
        let registers = self.registers;
        self.row = weights.d_hidden.next_multiple_of(registers.lanes());
        self.active.take_in(weights, batch, self.row, way);
        if pass == Pass::Backward {
            self.weights.resize(n * self.row);
            self.bias.resize(n);
        }
        let n_strips = n_strips(n);
        self.strips.resize_with(n_strips, Strip::default);
        let width = n.div_ceil(n_strips).next_multiple_of(COLUMN_BLOCK);
        let (active, row) = (&self.active, self.row);
        let task = Task { weights, importance, batch, active, row, way, registers };
        let mut gradients = self.weights.chunks_mut(width * self.row);
        let mut biases = self.bias.chunks_mut(width);
        let strips = self.strips.iter_mut().enumerate().map(|(k, strip)| {
            let columns = (k * width).min(n)..((k + 1) * width).min(n);
            let gradients = gradients.next().unwrap_or_default();
            (strip, columns, gradients, biases.next().unwrap_or_default())
        });
        each(pool, strips.collect(), |(strip, columns, weights, bias)| {
            strip.compute(task, columns, weights, bias);
        });
        let mut response = Response::default();
        for strip in &self.strips {
            response.squares += strip.response.squares;
            response.n_nonzero += strip.response.n_nonzero;
            self.products.add(strip.products);
        }
        self.squares = response.squares;
        if pass == Pass::Backward {
            self.add_row_gradients(batch, pool);
            self.way = cheaper_way(response.n_nonzero, batch.n_active, n, weights.d_hidden);
        }
    }

    /// Adds the strips' gradients of the active features' rows, or of units, to the gradient.
    fn add_row_gradients(&mut self, batch: &GroupedBatch, pool: Option<&ThreadPool>) {
        let row = self.row;
        let (first, others) = self.strips.split_first_mut().expect("there is a strip");
        let chunk =
            first.row_gradient.len().div_ceil(pool.map_or(1, ThreadPool::current_num_threads));
        let chunks = first.row_gradient.chunks_mut(chunk.max(1)).enumerate();
        each(pool, chunks.collect(), |(k, to): (usize, &mut [f32])| {
            for other in others.iter() {
                add(to, 1.0, &other.row_gradient[k * chunk..][..to.len()]);
            }
        });
        let mut rows = first.row_gradient.chunks_exact(row);
        let weights = &mut self.weights;
        let mut give = |place: usize, share: f32, gradient: &[f32]| {
            add(&mut weights[place * row..(place + 1) * row], share, gradient);
        };
        match self.way {
            Way::Dense => rows.enumerate().for_each(|(place, gradient)| give(place, 1.0, gradient)),
            Way::Sparse => {
                for ((place, _), gradient) in batch.lone().zip(&mut rows) {
                    give(place, 1.0, gradient);
                }
                for (entries, gradient) in batch.several().zip(rows) {
                    entries.iter().for_each(|entry| give(entry.row, entry.value, gradient));
                }
            }
        }
    }
}

/// Strips that the columns of `n_features` features are shared out in.
pub fn n_strips(n_features: usize) -> usize {
    (n_features / STRIP_FEATURES).clamp(1, MAX_STRIPS)
}

/// The way that costs less when `n_nonzero` responses are not zero, of `a` active features by `n`.
fn cheaper_way(n_nonzero: usize, a: usize, n: usize, d: usize) -> Way {
    // Products of narrow matrices leave registers half empty, and `D` has to be written and read.
    let width = (d.next_multiple_of(WIDEST) + WIDEST) as f64;
    let (a, n, d) = (a as f64, n as f64, d as f64);
    let [per_response, per_number, crowding] = SPARSE_COST;
    let sparse = n_nonzero as f64 * (per_response + d * (per_number + d * crowding));
    let dense = 4.0 * a * n * width;
    if sparse < dense { Way::Sparse } else { Way::Dense }
}

impl Active {
    fn take_in(&mut self, from: &Weights, batch: &GroupedBatch, row: usize, way: Option<Way>) {
        gather(&mut self.weights, from, &batch.order[..batch.n_active], row);
        self.samples.take_in(batch);
        if way != Some(Way::Sparse) {
            return;
        }
        self.hidden.zero(batch.n_units() * row);
        let of = |place: usize| &self.weights[place * row..(place + 1) * row];
        let (lone, several) = self.hidden.split_at_mut(batch.n_active * row);
        for ((place, _), to) in batch.lone().zip(lone.chunks_exact_mut(row)) {
            to.copy_from_slice(of(place));
        }
        for (entries, to) in batch.several().zip(several.chunks_exact_mut(row)) {
            entries.iter().for_each(|entry| add(to, entry.value, of(entry.row)));
        }
    }
}

impl Strip {
    fn bytes(&self) -> usize {
        let Self { row_gradient, weights, weighted, bias, importance, .. } = self;
        let Self { bias_gradient, gram, errors, nonzeros, diagonal, .. } = self;
        let numbers =
            [row_gradient, weights, weighted, bias, importance, bias_gradient, gram, errors];
        nonzeros.bytes()
            + size_of_val(diagonal.as_slice())
            + numbers.iter().map(|numbers| numbers.bytes()).sum::<usize>()
    }

    /// Does the columns, whose gradients are `weights_gradient` and `bias_gradient`.
    fn compute(
        &mut self,
        task: Task<'_>,
        columns: Range<usize>,
        weights_gradient: &mut [f32],
        bias_gradient: &mut [f32],
    ) {
        let Task { batch, row, way, .. } = task;
        let a = batch.n_active;
        (self.response, self.products) = Default::default();
        match way {
            Some(Way::Dense) => self.row_gradient.zero(a * row),
            Some(Way::Sparse) => self.row_gradient.zero(batch.n_units() * row),
            None => (),
        }
        let width = panel_width(PANEL_NUMBERS, a);
        let mut gradients = weights_gradient.chunks_mut(width * row);
        let mut biases = bias_gradient.chunks_mut(width);
        for from in columns.clone().step_by(width) {
            let columns = from..columns.end.min(from + width);
            let n_columns = columns.len();
            let gradient = gradients.next().unwrap_or_default();
            self.panel(task, columns, gradient);
            if task.importance.is_some() {
                for (row, i) in gradient.chunks_exact_mut(row).zip(&self.importance[..]) {
                    row.iter_mut().for_each(|dw| *dw *= i);
                }
            }
            if let Some(bias) = biases.next() {
                bias.copy_from_slice(&self.bias_gradient[..n_columns]);
                if task.importance.is_some() {
                    bias.iter_mut().zip(&self.importance[..]).for_each(|(db, i)| *db *= i);
                }
            }
        }
    }

    /// As above, for few enough columns.
    fn panel(&mut self, task: Task<'_>, columns: Range<usize>, weights_gradient: &mut [f32]) {
        let Task { weights, importance, batch, active, row, way, registers } = task;
        let order = &batch.order[columns.clone()];
        let width = order.len();
        let whole = width.next_multiple_of(COLUMN_BLOCK);
        gather(&mut self.weights, weights, order, row);
        // Columns beyond the last one have no bias and no overlap, and so add nothing.
        self.bias.zero(whole);
        for (to, &feature) in self.bias.iter_mut().zip(order) {
            *to = weights.bias[feature as usize];
        }
        if let Some(importance) = importance {
            self.importance.zero(whole);
            self.weighted.resize(self.weights.len());
            self.weighted.copy_from_slice(&self.weights);
            let rows = self.weighted.chunks_exact_mut(row);
            for ((to, row), &feature) in self.importance.iter_mut().zip(rows).zip(order) {
                *to = importance[feature as usize];
                row.iter_mut().for_each(|w| *w *= *to);
            }
        }
        self.bias_gradient.resize(whole);
        self.nonzeros.clear();
        let slab = panel_width(registers.slab_numbers(), batch.n_active);
        for place in (0..width).step_by(slab) {
            let slab = place..width.min(place + slab);
            self.slab(task, columns.start, slab, weights_gradient);
        }
        if way == Some(Way::Sparse) {
            weights_gradient.fill(0.0);
            let scatter = Scatter {
                row,
                weights: if importance.is_some() { &self.weighted } else { &self.weights },
                hidden: &active.hidden,
                weights_gradient,
                hidden_gradient: &mut self.row_gradient,
            };
            scatter.add(&mut self.nonzeros, registers);
        }
    }

    /// Answers in the columns at `places` of a panel whose first is `from`.
    fn slab(
        &mut self,
        task: Task<'_>,
        from: usize,
        places: Range<usize>,
        weights_gradient: &mut [f32],
    ) {
        let Task { weights, batch, active, row, way, registers, .. } = task;
        let (a, d, width) = (batch.n_active, weights.d_hidden, places.len());
        let whole = width.next_multiple_of(COLUMN_BLOCK);
        // Rows a power of two of numbers apart would share few places of the nearest cache.
        let stride = whole + WIDEST;
        if width < whole {
            self.gram.zero(0);
        }
        self.gram.resize(a * stride);
        let rows = View::by_rows(&active.weights, a, d, row);
        let of_columns = &self.weights[places.start * row..places.end * row];
        let columns = View::by_rows(of_columns, width, d, row);
        self.products.multiply(&mut self.gram, stride, Write::Over, rows, columns.transposed());
        let from = from + places.start;
        self.diagonal.clear();
        for (column, row) in (from..a.min(from + width)).enumerate() {
            let entry = &mut self.gram[row * stride + column];
            self.diagonal.push(std::mem::replace(entry, f32::NEG_INFINITY));
        }
        let padded = places.start..places.start + whole;
        let respond = Respond {
            samples: &active.samples,
            from,
            place: places.start,
            width: whole,
            stride,
            gram: &self.gram,
            diagonal: &self.diagonal,
            bias: &self.bias[padded.clone()],
            importance: task.importance.map(|_| &self.importance[padded.clone()]),
            bias_gradient: &mut self.bias_gradient[padded],
            registers,
        };
        let response = match way {
            None => respond.forward(),
            Some(Way::Dense) => {
                self.errors.resize(a * stride);
                let response = respond.dense(&mut self.errors);
                let errors = View::by_rows(&self.errors, a, width, stride);
                self.products.multiply(
                    &mut weights_gradient[places.start * row..],
                    row,
                    Write::Over,
                    errors.transposed(),
                    rows,
                );
                let back = if task.importance.is_some() { &self.weighted } else { &self.weights };
                let back = View::by_rows(&back[places.start * row..], width, d, row);
                self.products.multiply(&mut self.row_gradient, row, Write::Add, errors, back);
                response
            }
            Some(Way::Sparse) => respond.sparse(&mut self.nonzeros),
        };
        self.response.squares += response.squares;
        self.response.n_nonzero += response.n_nonzero;
    }
}

/// Columns in a panel of so many numbers, for `a` active features.
fn panel_width(numbers: usize, a: usize) -> usize {
    let width = (numbers / a.max(1)).clamp(COLUMN_BLOCK, 16 * COLUMN_BLOCK);
    width / COLUMN_BLOCK * COLUMN_BLOCK
}

/// The rows of some features, padded with zeros.
fn gather(to: &mut Numbers, from: &Weights, features: &[u32], row: usize) {
    let d = from.d_hidden;
    if to.len() != features.len() * row {
        to.zero(features.len() * row);
    }
    for (to, &feature) in to.chunks_exact_mut(row).zip(features) {
        let feature = feature as usize;
        to[..d].copy_from_slice(&from.weights[feature * d..(feature + 1) * d]);
    }
}

/// `to += share · from`
fn add(to: &mut [f32], share: f32, from: &[f32]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to += share * from);
}

/// Does `work` on every item, on the threads of the `pool` or on this one.
fn each<T: Send>(pool: Option<&ThreadPool>, items: Vec<T>, work: impl Fn(T) + Send + Sync) {
    match pool {
        Some(pool) => pool.install(|| items.into_par_iter().for_each(work)),
        None => items.into_iter().for_each(work),
    }
}

#[cfg(test)]
mod tests {
    use superpose_toy::init::initial_weights;
    use superpose_toy::sampler::{Active, SparseBatch};

    use super::*;

    #[test]
    fn strips_are_one_for_each_five_hundred_features_and_four_at_most() {
        let expected = [(1, 1), (999, 1), (1000, 2), (1999, 3), (2000, 4), (9000, 4)];
        assert!(expected.into_iter().all(|(n, strips)| n_strips(n) == strips));
    }

    #[test]
    fn the_way_is_that_with_fewer_operations() {
        // Dense: 4 · 5 · 100 · (16 + 16) = 64 000. Sparse: 400 + 8 · (6 + 8 · 0.017) = 449.088 each, so 142 are less.
        assert_eq!(cheaper_way(142, 5, 100, 8), Way::Sparse);
        assert_eq!(cheaper_way(143, 5, 100, 8), Way::Dense);
        // 4 · 3 · 1000 · (1008 + 16) = 12 288 000, and 400 + 1000 · (6 + 17) = 23 400: 525 are less.
        assert_eq!(cheaper_way(525, 3, 1000, 1000), Way::Sparse);
        assert_eq!(cheaper_way(526, 3, 1000, 1000), Way::Dense);
        assert_eq!(cheaper_way(0, 0, 9, 9), Way::Dense, "no way is cheaper than the other");
    }

    /// A batch of four samples of nine features: one lone, one of two, one of three, one empty.
    fn batch() -> GroupedBatch {
        let active = [(0, 1), (2, 1), (1, 4), (1, 6), (2, 6), (2, 8)];
        let active = active.map(|(sample, feature)| Active { sample, feature, value: 0.5 });
        let mut batch = GroupedBatch::default();
        let mut active = active.to_vec();
        active.sort_by_key(|a| (a.feature, a.sample));
        batch.arrange(&SparseBatch { active }, 4, 9);
        batch
    }

    #[test]
    fn operations_are_those_of_the_products_of_the_way_and_memory_that_of_the_arrays() {
        let (n, d, a) = (9.0, 5.0, 4.0);
        let weights = initial_weights(9, 5, 0.5, 1);
        for (pass, way, products) in [
            (Pass::Forward, Way::Dense, 1.0),
            (Pass::Backward, Way::Dense, 3.0),
            (Pass::Backward, Way::Sparse, 1.0),
        ] {
            let mut gradient = Gradient { way, ..Gradient::default() };
            gradient.compute(&weights, None, &batch(), pass, None);
            assert!((gradient.products.flop - products * 2.0 * a * n * d).abs() < 1e-9);
            // Rows of whole registers: of active features, of a panel; 64 columns, and 16 numbers more in a row of `G`
            // and of what is like it.
            let lanes = gradient.registers.lanes();
            let [row, block, stride] = [5_usize.next_multiple_of(lanes), 64, 64 + 16];
            let units = 4 + 2;
            let forward = 4 * row + 9 * row + block + block + 4 * stride;
            let is_sparse = (pass, way) == (Pass::Backward, Way::Sparse);
            let numbers = forward
                + match (pass, way) {
                    (Pass::Forward, _) => 0,
                    (Pass::Backward, Way::Dense) => 9 * row + 9 + 4 * row + 4 * stride,
                    (Pass::Backward, Way::Sparse) => 9 * row + 9 + units * row + units * row,
                };
            // Room for all answers of a block, and in the end for those of the blocks before it.
            let room = if is_sparse { units * 4 * lanes * 8 } else { 0 };
            let answers = if is_sparse { units * block * (8 + 16) } else { 0 };
            let least = 4 * numbers + gradient.active.samples.bytes() + room;
            // Arrays are rounded up to whole cache lines.
            let bytes = gradient.bytes();
            assert!((least..least + answers + 16 * 64).contains(&bytes), "{bytes}, {least}");
        }
    }

    #[test]
    fn a_batch_after_another_leaves_nothing_of_it() {
        let weights = initial_weights(9, 5, 0.5, 1);
        let mut larger = GroupedBatch::default();
        let active = |feature| Active { sample: feature % 3, feature, value: 0.8 };
        larger.arrange(&SparseBatch { active: (0..9).map(active).collect() }, 4, 9);
        for way in [Way::Dense, Way::Sparse] {
            let mut fresh = Gradient { way, ..Gradient::default() };
            fresh.compute(&weights, None, &batch(), Pass::Backward, None);
            let mut used = Gradient { way, ..Gradient::default() };
            used.compute(&weights, None, &larger, Pass::Backward, None);
            used.way = way;
            used.compute(&weights, None, &batch(), Pass::Backward, None);
            assert_eq!(used.weights[..], fresh.weights[..]);
            assert_eq!(used.bias[..], fresh.bias[..]);
            assert_eq!((used.squares.to_bits(), used.way), (fresh.squares.to_bits(), fresh.way));
            assert!(
                (used.products.flop / fresh.products.flop - 1.0) > 1.0,
                "all that was done so far"
            );
        }
    }

    #[test]
    fn the_next_way_is_by_the_answers_of_all_strips() {
        for n in [60_u32, 1200] {
            let mut weights = initial_weights(n as usize, 3, 0.0, 1);
            let mut all = GroupedBatch::default();
            let active = |feature| Active { sample: feature, feature, value: 0.8 };
            all.arrange(
                &SparseBatch { active: (0..n).map(active).collect() },
                n as usize,
                n as usize,
            );
            for (bias, way) in [(9.0, Way::Dense), (-9.0, Way::Sparse)] {
                weights.bias.fill(bias);
                let mut gradient = Gradient::default();
                gradient.compute(&weights, None, &all, Pass::Backward, None);
                assert_eq!(gradient.way, way, "{n}");
            }
        }
    }

    #[test]
    fn a_panel_is_as_wide_as_its_numbers_allow() {
        for (n_active, width) in [(0, 1024), (4, 1024), (500, 256), (1000, 128), (3000, 64)] {
            assert_eq!(panel_width(1 << 17, n_active), width, "{n_active}");
        }
        // Numbers in a row of `G` for so many active features of so many, in one strip or four.
        for (n_active, n, strip) in [(1000, 1000, 500), (500, 999, 999), (4, 8000, 2000)] {
            let mut batch = GroupedBatch::default();
            let active = |feature| Active { sample: feature % 50, feature, value: 0.8 };
            batch.arrange(&SparseBatch { active: (0..n_active).map(active).collect() }, 50, n);
            let mut gradient = Gradient::default();
            gradient.compute(&initial_weights(n, 2, 0.5, 1), None, &batch, Pass::Forward, None);
            assert_eq!(gradient.strips.len(), n_strips(n));
            let numbers = gradient.strips[0].gram.bytes() / 4 / n_active as usize;
            let widest = panel_width(gradient.registers.slab_numbers(), n_active as usize);
            let width = widest.min(usize::next_multiple_of(strip, 64)) + 16;
            assert!((width..width + 16).contains(&numbers), "{n_active} of {n}: {numbers}");
        }
    }

    #[test]
    fn rows_are_gathered_with_zeros_behind_whatever_was_there() {
        let weights = initial_weights(40, 3, 0.5, 1);
        let mut rows = Numbers::default();
        for n in [2_u32, 16, 40, 1] {
            let features: Vec<u32> = (0..n).rev().collect();
            gather(&mut rows, &weights, &features, 16);
            assert_eq!(rows.len(), 16 * features.len());
            for (row, feature) in rows.chunks(16).zip(features) {
                let feature = feature as usize;
                assert_eq!(row[..3], weights.weights[3 * feature..3 * feature + 3]);
                assert_eq!(row[3..], [0.0; 13]);
            }
        }
    }
}
