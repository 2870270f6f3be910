//! The gram engine's kernel: the samples' responses, and the gradient that comes of them.
//!
//! For some columns of the Gram matrix, and sample by sample,
//!
//! ```text
//! z = Σ_k v_k G_k + b        e = (ReLU(z) − x) · 1[z > 0]        db += e
//! ```
//!
//! The columns of `G` are shared out in strips for the threads; a strip is done panel by panel, and
//! a panel a few registers' width of columns ([`COLUMN_BLOCK`]) at a time:
//!
//! ```text
//!                strip 0           strip 1            columns: all features, active ones first
//!           ┌─────────────────┬─────────────────┐
//! rows:     │ panel  │ panel  │ panel  │ panel  │    a panel of G and D stays in the cache
//! active    │▮▮▮▮    │        │        │        │    ▮: REGISTERS of columns, for all samples
//! features  └─────────────────┴─────────────────┘
//! ```
//!
//! A few registers' width of columns is done for all samples before the next. The samples with one
//! active feature stand by that feature, whose row of `G` stays in registers: such a sample costs
//! five vector operations a register and no memory. `x` is zero almost everywhere, so `e` is taken
//! as `ReLU(z)`, except at a sample's own features: with `−∞` on the diagonal of `G` its response
//! is zero there (values are positive), and what belongs there is added one number at a time.
//!
//! From there to the weights there are two ways. **Dense**: `D_k += v_k e`, a matrix like `G`,
//! which products take on. **Sparse**: a trained model's responses are zero nearly everywhere, so
//! its few nonzero `e` are picked out ([`Nonzeros`]) and go straight to the weights
//! ([`Scatter`](crate::scatter::Scatter)).
//!
//! Where few answers are expected, on the sparse way and without any, a feature is tried with the least and the most of
//! the values that it has alone: `v g + b` is monotone in `v`, rounded too, so a register in which neither try is
//! positive has no answer to any of them. Samples with several features have one try each anyway, and there a
//! branch costs more, as often as it goes the other way, than to pick out nothing.

use pulp::{Simd, WithSimd};
use superpose_toy::grouped::Entry;

use crate::nonzeros::{Nonzeros, answers};
use crate::numbers::WIDEST;
use crate::registers::Registers;
use crate::samples::Samples;

/// Registers of columns that are done at once.
const REGISTERS: usize = 4;
/// The same where a register has four numbers and there are 32 of them: NEON.
const REGISTERS_OF_FOUR: usize = 8;
/// Columns come in multiples of this: whole registers of every kind.
pub(crate) const COLUMN_BLOCK: usize = REGISTERS * WIDEST;
/// Samples whose squares are summed in single precision before they go to double.
const SAMPLES_A_SUM: usize = 64;

/// Some columns of `G`, whose responses are wanted.
#[derive(Debug)]
pub(crate) struct Respond<'a> {
    pub(crate) samples: &'a Samples,
    /// The first column.
    pub(crate) from: usize,
    /// Its place among the columns that answers are counted by.
    pub(crate) place: usize,
    /// The number of columns, a multiple of [`COLUMN_BLOCK`].
    pub(crate) width: usize,
    /// Numbers from a row of `G` to the next, a multiple of [`WIDEST`].
    pub(crate) stride: usize,
    /// `G`: `width` columns for every active feature, with `−∞` where the column is the
    /// row's own.
    pub(crate) gram: &'a [f32],
    /// What stood there, by column.
    pub(crate) diagonal: &'a [f32],
    /// The biases of the columns.
    pub(crate) bias: &'a [f32],
    /// The importance of the columns, if it is not one: it weighs squares, and nothing else here.
    pub(crate) importance: Option<&'a [f32]>,
    /// `db`, filled in when going backward.
    pub(crate) bias_gradient: &'a mut [f32],
    /// The registers to do it with.
    pub(crate) registers: Registers,
}

/// What came of some columns.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Response {
    /// The sum of squared errors, each by its column's importance.
    pub(crate) squares: f64,
    /// How many responses of units were not zero; only counted when going backward.
    pub(crate) n_nonzero: usize,
}

impl Respond<'_> {
    /// Only the loss.
    pub(crate) fn forward(self) -> Response {
        self.run::<FORWARD>(&mut [], &mut Nonzeros::default())
    }

    /// The loss and, on the dense way, the gradient: fills in `D`, which is like
    /// `G`.
    pub(crate) fn dense(self, errors: &mut [f32]) -> Response {
        self.run::<DENSE>(errors, &mut Nonzeros::default())
    }

    /// The loss and, on the sparse way, the answers, of which there are more then.
    pub(crate) fn sparse(self, nonzeros: &mut Nonzeros) -> Response {
        self.run::<SPARSE>(&mut [], nonzeros)
    }

    fn run<const WAY: u8>(self, errors: &mut [f32], nonzeros: &mut Nonzeros) -> Response {
        assert!(self.width.is_multiple_of(COLUMN_BLOCK), "columns are whole registers");
        assert!(self.stride.is_multiple_of(WIDEST), "rows are whole registers");
        let response = Response::default();
        self.registers.dispatch(Kernel::<WAY> { respond: self, errors, nonzeros, response })
    }
}

const FORWARD: u8 = 0;
const DENSE: u8 = 1;
const SPARSE: u8 = 2;

struct Kernel<'k, 'r, const WAY: u8> {
    respond: Respond<'r>,
    errors: &'k mut [f32],
    nonzeros: &'k mut Nonzeros,
    response: Response,
}

impl<const WAY: u8> WithSimd for Kernel<'_, '_, WAY> {
    type Output = Response;

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) -> Response {
        if S::F32_LANES == 4 {
            self.blocks::<S, REGISTERS_OF_FOUR>(simd);
        } else {
            self.blocks::<S, REGISTERS>(simd);
        }
        self.own_features();
        self.response
    }
}

/// The sums over samples of some registers of columns.
struct Sums<S: Simd, const R: usize> {
    /// The biases of the columns.
    bias: [S::f32s; R],
    /// Their importance.
    importance: [S::f32s; R],
    /// `db`.
    bias_gradient: [S::f32s; R],
    /// Squares of samples that were not moved to double precision yet, and how many those are.
    recent: [S::f32s; R],
    n_recent: usize,
    /// Squares by importance.
    squares: f64,
}

impl<S: Simd, const R: usize> Sums<S, R> {
    /// Those of the samples without any active feature.
    #[inline(always)]
    fn of_empty(simd: S, respond: &Respond<'_>, column: usize) -> Self {
        let (zero, one) = (simd.splat_f32s(0.0), simd.splat_f32s(1.0));
        let mut sums = Self {
            bias: [zero; R],
            importance: [one; R],
            bias_gradient: [zero; R],
            recent: [zero; R],
            n_recent: 0,
            squares: 0.0,
        };
        let (bias, _) = S::as_simd_f32s(respond.bias);
        sums.bias.copy_from_slice(&bias[column..column + R]);
        if let Some(importance) = respond.importance {
            let (importance, _) = S::as_simd_f32s(importance);
            sums.importance.copy_from_slice(&importance[column..column + R]);
        }
        let n_empty = respond.samples.n_empty as f32;
        let empty = simd.splat_f32s(n_empty);
        for u in 0..R {
            let r = relu(simd, sums.bias[u]);
            sums.bias_gradient[u] = simd.mul_f32s(empty, r);
            let square = simd.mul_f32s(simd.mul_f32s(r, r), sums.importance[u]);
            sums.squares += f64::from(n_empty) * f64::from(simd.reduce_sum_f32s(square));
        }
        sums
    }

    /// Tells of so `many` samples more, whose squares go to double precision once there are enough.
    #[inline(always)]
    fn count(&mut self, simd: S, many: usize) {
        self.n_recent += many;
        if self.n_recent >= SAMPLES_A_SUM {
            self.flush(simd);
        }
    }

    /// Moves squares to double precision.
    #[inline(always)]
    fn flush(&mut self, simd: S) {
        self.n_recent = 0;
        for (sum, importance) in self.recent.iter_mut().zip(&self.importance) {
            self.squares += f64::from(simd.reduce_sum_f32s(simd.mul_f32s(*sum, *importance)));
            *sum = simd.splat_f32s(0.0);
        }
    }
}

impl<const WAY: u8> Kernel<'_, '_, WAY> {
    /// All columns, where `x` is zero.
    #[inline(always)]
    fn blocks<S: Simd, const R: usize>(&mut self, simd: S) {
        for column in (0..self.respond.width / S::F32_LANES).step_by(R) {
            let sums = match WAY {
                DENSE => self.many_answers::<S, R>(simd, column),
                _ => self.few_answers::<S, R>(simd, column),
            };
            self.response.squares += sums.squares;
            if WAY != FORWARD {
                let (bias_gradient, _) = S::as_mut_simd_f32s(self.respond.bias_gradient);
                bias_gradient[column..column + R].copy_from_slice(&sums.bias_gradient);
            }
        }
    }

    /// The columns from register `column` on, when many answers are expected.
    #[inline(always)]
    #[expect(clippy::needless_range_loop, reason = "registers side by side")]
    fn many_answers<S: Simd, const R: usize>(&mut self, simd: S, column: usize) -> Sums<S, R> {
        let Respond { samples, stride, gram, .. } = self.respond;
        let registers = stride / S::F32_LANES;
        let (gram, _) = S::as_simd_f32s(gram);
        let (errors, _) = S::as_mut_simd_f32s(self.errors);
        let (zero, one) = (simd.splat_f32s(0.0), simd.splat_f32s(1.0));
        let mut sums = Sums::<S, R>::of_empty(simd, &self.respond, column);
        let b = sums.bias;
        let mut count = zero;
        // Features that are never alone have nothing yet.
        for row in samples.never_alone() {
            let at = row * registers + column;
            errors[at..at + R].fill(zero);
        }
        for lone in &samples.lone {
            let at = lone.row * registers + column;
            let g = &gram[at..at + R];
            let mut d = [zero; R];
            let values = samples.values(lone);
            for &value in values {
                let value = simd.splat_f32s(value);
                for u in 0..R {
                    let z = simd.mul_add_e_f32s(value, g[u], b[u]);
                    let r = relu(simd, z);
                    sums.recent[u] = simd.mul_add_e_f32s(r, r, sums.recent[u]);
                    d[u] = simd.mul_add_e_f32s(value, r, d[u]);
                    sums.bias_gradient[u] = simd.add_f32s(sums.bias_gradient[u], r);
                }
            }
            for u in 0..R {
                errors[at + u] = d[u];
                let positive = simd.greater_than_f32s(d[u], zero);
                count = simd.add_f32s(count, simd.select_f32s(positive, one, zero));
            }
            sums.count(simd, values.len());
        }
        for run in &samples.runs {
            for entries in samples.entries(run).chunks_exact(run.n_entries) {
                let mut z = response::<S, R>(simd, b, gram, registers, column, entries);
                for u in 0..R {
                    z[u] = relu(simd, z[u]);
                    sums.recent[u] = simd.mul_add_e_f32s(z[u], z[u], sums.recent[u]);
                    sums.bias_gradient[u] = simd.add_f32s(sums.bias_gradient[u], z[u]);
                    let positive = simd.greater_than_f32s(z[u], zero);
                    count = simd.add_f32s(count, simd.select_f32s(positive, one, zero));
                }
                for entry in entries {
                    let errors = &mut errors[entry.row * registers + column..][..R];
                    let value = simd.splat_f32s(entry.value);
                    for u in 0..R {
                        errors[u] = simd.mul_add_e_f32s(value, z[u], errors[u]);
                    }
                }
                sums.count(simd, 1);
            }
        }
        sums.flush(simd);
        self.response.n_nonzero += counted(simd.reduce_sum_f32s(count));
        sums
    }

    /// As above, when few answers are expected.
    #[inline(always)]
    fn few_answers<S: Simd, const R: usize>(&mut self, simd: S, column: usize) -> Sums<S, R> {
        let Respond { samples, place, stride, gram, .. } = self.respond;
        let registers = stride / S::F32_LANES;
        let (gram, _) = S::as_simd_f32s(gram);
        let zero = simd.splat_f32s(0.0);
        let mut sums = Sums::<S, R>::of_empty(simd, &self.respond, column);
        let b = sums.bias;
        let columns = u32::try_from(place + column * S::F32_LANES);
        let columns = columns.expect("a model has at most 2²⁴ features");
        let mut places = [columns; R];
        for (u, place) in (0..).zip(&mut places) {
            *place += u * u32::try_from(S::F32_LANES).expect("a register is short");
        }
        let n_units = if WAY == SPARSE { samples.n_units } else { 0 };
        let mut writer = self.nonzeros.block(n_units, R * S::F32_LANES);
        for lone in &samples.lone {
            let g = &gram[lone.row * registers + column..][..R];
            let (least, most) = (simd.splat_f32s(lone.least), simd.splat_f32s(lone.most));
            let mut lanes = [0; R];
            for u in 0..R {
                let z = simd.mul_add_e_f32s(least, g[u], b[u]);
                lanes[u] = answers::<S>(simd.max_f32s(simd.mul_add_e_f32s(most, g[u], b[u]), z));
            }
            if lanes == [0; R] {
                continue;
            }
            let values = samples.values(lone);
            for u in 0..R {
                if lanes[u] == 0 {
                    continue;
                }
                let (g, b) = (g[u], b[u]);
                let (mut d, mut db, mut sum) = (zero, sums.bias_gradient[u], sums.recent[u]);
                for &value in values {
                    let value = simd.splat_f32s(value);
                    let r = relu(simd, simd.mul_add_e_f32s(value, g, b));
                    sum = simd.mul_add_e_f32s(r, r, sum);
                    if WAY == SPARSE {
                        d = simd.mul_add_e_f32s(value, r, d);
                        db = simd.add_f32s(db, r);
                    }
                }
                (sums.bias_gradient[u], sums.recent[u]) = (db, sum);
                if WAY == SPARSE {
                    writer.append::<S>(d, places[u]);
                }
            }
            if WAY == SPARSE {
                writer.close(lone.unit);
            }
            sums.count(simd, values.len());
        }
        let mut unit = samples.first_of_several();
        for run in &samples.runs {
            for some in samples.entries(run).chunks(run.n_entries * SAMPLES_A_SUM) {
                for entries in some.chunks_exact(run.n_entries) {
                    let z = response::<S, R>(simd, b, gram, registers, column, entries);
                    for u in 0..R {
                        let r = relu(simd, z[u]);
                        sums.recent[u] = simd.mul_add_e_f32s(r, r, sums.recent[u]);
                        if WAY == SPARSE {
                            sums.bias_gradient[u] = simd.add_f32s(sums.bias_gradient[u], r);
                            writer.append::<S>(r, places[u]);
                        }
                    }
                    if WAY == SPARSE {
                        writer.close(unit);
                        unit += 1;
                    }
                }
                sums.flush(simd);
            }
        }
        sums.flush(simd);
        if WAY == SPARSE {
            self.response.n_nonzero += writer.finish();
        }
        sums
    }

    /// The columns of active features, for the samples that have them.
    fn own_features(&mut self) {
        let Respond { samples, from, diagonal, .. } = self.respond;
        for row in from..from + diagonal.len() {
            if let Some(lone) = samples.lone_of(row) {
                for &value in samples.values(lone) {
                    self.own_feature(lone.unit, &[Entry { row, value }], row);
                }
            }
            for (unit, entries) in samples.several_of(row) {
                self.own_feature(unit, entries, row);
            }
        }
    }

    /// As above, for one sample and the one column.
    #[inline(always)]
    fn own_feature(&mut self, unit: usize, entries: &[Entry], column: usize) {
        let Respond {
            from,
            place,
            stride,
            gram,
            diagonal,
            bias,
            importance,
            ref mut bias_gradient,
            ..
        } = self.respond;
        let at = column - from;
        let mut z = bias[at];
        let mut value = 0.0;
        for entry in entries {
            let own = entry.row == column;
            value = if own { entry.value } else { value };
            z += entry.value * if own { diagonal[at] } else { gram[entry.row * stride + at] };
        }
        // Not `max`, which would hide what is not a number.
        let r = if z < 0.0 { 0.0 } else { z };
        let e = r - value;
        let weight = importance.map_or(1.0, |importance| f64::from(importance[at]));
        self.response.squares += weight * f64::from(e) * f64::from(e);
        if r > 0.0 && WAY != FORWARD {
            bias_gradient[at] += e;
        }
        if r > 0.0 && WAY == DENSE {
            for entry in entries {
                self.errors[entry.row * stride + at] += entry.value * e;
            }
        }
        if r > 0.0 && WAY == SPARSE {
            // The unit of a lone feature stands for samples of value 1.
            let share = if let [only] = entries { only.value } else { 1.0 };
            let column = u32::try_from(place + at).expect("a model has at most 2²⁴ features");
            self.nonzeros.push_own(unit, column, share * e);
        }
    }
}

/// `z` of a sample with these `entries`, in the registers from `column` on: rows of `gram` have `registers` of them.
#[inline(always)]
fn response<S: Simd, const R: usize>(
    simd: S,
    bias: [S::f32s; R],
    gram: &[S::f32s],
    registers: usize,
    column: usize,
    entries: &[Entry],
) -> [S::f32s; R] {
    let mut z = bias;
    for entry in entries {
        let value = simd.splat_f32s(entry.value);
        for (z, &g) in z.iter_mut().zip(&gram[entry.row * registers + column..][..R]) {
            *z = simd.mul_add_e_f32s(value, g, *z);
        }
    }
    z
}

/// `ReLU(z)`, where what is not a number stays so.
#[inline(always)]
fn relu<S: Simd>(simd: S, z: S::f32s) -> S::f32s {
    let zero = simd.splat_f32s(0.0);
    if cfg!(target_arch = "x86_64") && S::F32_LANES > 1 {
        // Of two numbers of which one is none x86 gives the second.
        simd.max_f32s(zero, z)
    } else {
        simd.select_f32s(simd.less_than_f32s(z, zero), zero, z)
    }
}

/// A count that was kept in a register.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
fn counted(count: f32) -> usize {
    count as usize
}

#[cfg(test)]
mod tests {
    use superpose_toy::grouped::GroupedBatch;
    use superpose_toy::sampler::{Active, SparseBatch};

    use super::*;
    use crate::scatter::Scatter;

    /// Active features and columns, of which the last are of inactive features.
    const ROWS: usize = 9;
    const COLUMNS: usize = COLUMN_BLOCK;
    const HIDDEN: usize = WIDEST;

    /// Numbers from −1 to 1 without any pattern.
    fn numbers(seed: u32, count: usize) -> Vec<f32> {
        let word = |k| superpose_toy::philox::philox4x32([k, seed, 0, 0], 1)[0];
        (0..u32::try_from(count).unwrap()).map(|k| word(k) as f32 / 2_f32.powi(31) - 1.0).collect()
    }

    fn batch() -> GroupedBatch {
        let mut active = Vec::new();
        for feature in 0..u32::try_from(ROWS).unwrap() {
            for sample in (feature..40).step_by(5 + feature as usize) {
                active.push(Active { sample, feature, value: 0.3 + sample as f32 / 40.0 });
            }
        }
        let mut batch = GroupedBatch::default();
        batch.arrange(&SparseBatch { active }, 50, COLUMNS);
        batch
    }

    /// All that comes of a batch on some registers.
    fn answers<const WAY: u8>(registers: Registers) -> (Response, Vec<f32>) {
        let batch = batch();
        let mut gram = numbers(1, ROWS * COLUMNS);
        let diagonal: Vec<f32> = (0..ROWS).map(|row| gram[row * COLUMNS + row]).collect();
        for row in 0..ROWS {
            gram[row * COLUMNS + row] = f32::NEG_INFINITY;
        }
        let bias = numbers(2, COLUMNS);
        let mut samples = Samples::default();
        samples.take_in(&batch);
        let importance = numbers(5, COLUMNS);
        let weights = numbers(3, COLUMNS * HIDDEN);
        let hidden = numbers(4, batch.n_units() * HIDDEN);
        // What stood there before does not matter.
        let mut errors = vec![if WAY == DENSE { 9.0 } else { 0.0 }; ROWS * COLUMNS];
        let mut bias_gradient = vec![0.0; COLUMNS];
        let mut weights_gradient = vec![0.0; COLUMNS * HIDDEN];
        let mut hidden_gradient = vec![0.0; hidden.len()];
        let mut nonzeros = Nonzeros::default();
        let respond = Respond {
            samples: &samples,
            from: 0,
            place: 0,
            width: COLUMNS,
            stride: COLUMNS,
            gram: &gram,
            diagonal: &diagonal,
            bias: &bias,
            importance: Some(&importance),
            bias_gradient: &mut bias_gradient,
            registers,
        };
        let response = respond.run::<WAY>(&mut errors, &mut nonzeros);
        let scatter = Scatter {
            row: HIDDEN,
            weights: &weights,
            hidden: &hidden,
            weights_gradient: &mut weights_gradient,
            hidden_gradient: &mut hidden_gradient,
        };
        scatter.add(&mut nonzeros, registers);
        (response, [errors, bias_gradient, weights_gradient, hidden_gradient].concat())
    }

    fn registers_agree<const WAY: u8>() {
        let (plain, expected) = answers::<WAY>(Registers::Plain);
        for (response, numbers) in Registers::here().into_iter().map(answers::<WAY>) {
            assert!((response.squares / plain.squares - 1.0).abs() < 1e-6);
            assert_eq!(response.n_nonzero, plain.n_nonzero);
            for (a, b) in numbers.iter().zip(&expected) {
                // Fused or not: some tens of terms of order one.
                assert!((a - b).abs() < 1e-4, "{a} {b}");
            }
        }
    }

    #[test]
    fn registers_of_every_kind_give_the_same() {
        registers_agree::<FORWARD>();
        registers_agree::<DENSE>();
        registers_agree::<SPARSE>();
    }

    /// A sample's rows with its values, and how much of its unit's hidden vector it has.
    type Sample = (Vec<(usize, f64)>, f64);

    /// As [`answers`], from the formula, in double precision: `D`, `db`, `dW`, `dh`, and the responses of units.
    fn by_hand() -> (f64, [Vec<f64>; 4], usize) {
        let batch = batch();
        let double = |seed, count| numbers(seed, count).into_iter().map(f64::from).collect();
        let gram: Vec<f64> = double(1, ROWS * COLUMNS);
        let bias: Vec<f64> = double(2, COLUMNS);
        let importance: Vec<f64> = double(5, COLUMNS);
        let weights: Vec<f64> = double(3, COLUMNS * HIDDEN);
        let hidden: Vec<f64> = double(4, batch.n_units() * HIDDEN);
        let mut squares = 0.0;
        let [mut d, mut db] = [ROWS * COLUMNS, COLUMNS].map(|n| vec![0.0; n]);
        let [mut dw, mut dh] = [COLUMNS, batch.n_units()].map(|n| vec![0.0; n * HIDDEN]);
        let mut n_nonzero = 0;
        // Units with their samples; a sample's answer counts as often as its unit's hidden vector goes into its own.
        let mut units: Vec<Vec<Sample>> = Vec::new();
        for (row, values) in batch.lone() {
            let sample = |&value: &f32| (vec![(row, f64::from(value))], f64::from(value));
            units.push(values.iter().map(sample).collect());
        }
        for entries in batch.several() {
            units.push(vec![(entries.iter().map(|e| (e.row, f64::from(e.value))).collect(), 1.0)]);
        }
        assert!(batch.n_empty > 0 && batch.n_several > 1 && units.len() == batch.n_units());
        let empty = (vec![(Vec::new(), 0.0); batch.n_empty], None);
        let units = units.into_iter().zip((0..).map(Some)).chain([empty]);
        for (samples, unit) in units {
            for c in 0..COLUMNS {
                let mut asked_elsewhere = 0.0;
                for (entries, share) in &samples {
                    let own = |at: &(usize, f64)| at.0 == c;
                    let x = entries.iter().copied().find(own).map_or(0.0, |at| at.1);
                    let sum: f64 = entries.iter().map(|(row, v)| v * gram[row * COLUMNS + c]).sum();
                    let z = sum + bias[c];
                    squares += importance[c] * (z.max(0.0) - x).powi(2);
                    if z <= 0.0 {
                        continue;
                    }
                    let e = z - x;
                    db[c] += e;
                    for (row, value) in entries {
                        d[row * COLUMNS + c] += value * e;
                    }
                    if x == 0.0 {
                        asked_elsewhere += share * e;
                    }
                    let Some(unit) = unit else { continue };
                    for j in 0..HIDDEN {
                        let (u, w): (usize, usize) = (unit * HIDDEN + j, c * HIDDEN + j);
                        dw[w] += share * e * hidden[u];
                        dh[u] += share * e * weights[w];
                    }
                }
                n_nonzero += usize::from(asked_elsewhere > 0.0);
            }
        }
        (squares, [d, db, dw, dh], n_nonzero)
    }

    #[test]
    fn what_a_kernel_gives_is_the_formula_in_double_precision() {
        fn check<const WAY: u8>(filled: [bool; 4]) {
            let (squares, parts, n_nonzero) = by_hand();
            let expected = parts.iter().zip(filled);
            let expected: Vec<f64> = expected
                .flat_map(|(part, is_filled)| {
                    part.iter().map(move |v| if is_filled { *v } else { 0.0 })
                })
                .collect();
            for registers in Registers::here() {
                let (response, numbers) = answers::<WAY>(registers);
                assert!((response.squares / squares - 1.0).abs() < 1e-6);
                assert_eq!(response.n_nonzero, if WAY == FORWARD { 0 } else { n_nonzero });
                assert_eq!(numbers.len(), expected.len());
                for (got, expected) in numbers.iter().zip(&expected) {
                    assert!((f64::from(*got) - expected).abs() < 1e-4, "{got} is not {expected}");
                }
            }
        }
        check::<FORWARD>([false; 4]);
        check::<DENSE>([true, true, false, false]);
        check::<SPARSE>([false, true, true, true]);
    }

    #[test]
    fn squares_are_moved_to_double_precision_once_there_are_enough() {
        let simd = pulp::Scalar::new();
        let mut sums = Sums::<pulp::Scalar, 4> {
            bias: [0.0; 4],
            importance: [1.0, 2.0, 0.0, 0.5],
            bias_gradient: [0.0; 4],
            recent: [1.0, 2.0, 3.0, 4.0],
            n_recent: 60,
            squares: 0.0,
        };
        sums.count(simd, 3);
        assert!(sums.squares == 0.0 && sums.n_recent == 63 && sums.recent[3] > 0.0);
        sums.count(simd, 1);
        assert!((sums.squares - 7.0).abs() < 1e-12);
        assert!(sums.n_recent == 0 && sums.recent.iter().all(|sum| *sum == 0.0));
    }

    #[test]
    fn what_is_not_a_number_is_in_the_loss_and_in_the_gradient() {
        let mut grouped = GroupedBatch::default();
        let active = [(0, 0), (1, 0), (1, 1)];
        let active = active.map(|(sample, feature)| Active { sample, feature, value: 0.5 });
        let mut active = active.to_vec();
        active.sort_by_key(|a| (a.feature, a.sample));
        grouped.arrange(&SparseBatch { active }, 4, COLUMNS);
        let mut samples = Samples::default();
        samples.take_in(&grouped);
        // A row that only a sample with two features has, and one that is alone, too.
        for row in [1, 0] {
            for registers in Registers::here() {
                let mut gram = vec![-1.0; 2 * COLUMNS];
                gram[row * COLUMNS + 40] = f32::NAN;
                let respond = |way: u8| {
                    let respond = Respond {
                        samples: &samples,
                        from: COLUMNS,
                        place: 0,
                        width: COLUMNS,
                        stride: COLUMNS,
                        gram: &gram,
                        diagonal: &[],
                        bias: &[0.0; COLUMNS],
                        importance: None,
                        bias_gradient: &mut [0.0; COLUMNS],
                        registers,
                    };
                    let mut nonzeros = Nonzeros::default();
                    let response = match way {
                        FORWARD => respond.forward(),
                        DENSE => respond.dense(&mut [0.0; 2 * COLUMNS]),
                        _ => respond.sparse(&mut nonzeros),
                    };
                    let value = nonzeros.next_before(usize::MAX).map(|(_, _, values)| values[0]);
                    (response.squares, value)
                };
                assert!(respond(FORWARD).0.is_nan() && respond(DENSE).0.is_nan());
                let (squares, value) = respond(SPARSE);
                assert!(squares.is_nan() && value.is_some_and(f32::is_nan), "{row} {registers:?}");
            }
        }
    }

    #[test]
    #[should_panic(expected = "columns are whole registers")]
    fn columns_that_are_not_whole_registers_are_refused() {
        let columns = vec![0.0; ROWS * (COLUMN_BLOCK + 1)];
        let respond = Respond {
            samples: &Samples::default(),
            from: 0,
            place: 0,
            width: COLUMN_BLOCK + 1,
            stride: 2 * COLUMN_BLOCK,
            gram: &columns,
            diagonal: &[],
            bias: &columns,
            importance: None,
            bias_gradient: &mut [0.0; COLUMN_BLOCK + 1],
            registers: Registers::Widest,
        };
        respond.forward();
    }
}
