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
//! its few nonzero `e` go straight to the weights ([`Scatter`]).

use pulp::{Arch, Simd, WithSimd};

use crate::nonzeros::{Nonzeros, answers, any_answer};
use crate::numbers::WIDEST;
use crate::samples::Samples;
use superpose_toy::grouped::{Entry, GroupedBatch};

/// Registers of columns that are done at once.
const REGISTERS: usize = 4;
/// Columns come in multiples of this: whole registers of every kind.
pub(crate) const COLUMN_BLOCK: usize = REGISTERS * WIDEST;
/// Samples whose squares are summed in single precision before they go to double.
const SAMPLES_A_SUM: usize = 64;

/// Some columns of `G`, whose responses are wanted.
#[derive(Debug)]
pub(crate) struct Respond<'a> {
    pub(crate) batch: &'a GroupedBatch,
    /// The first column.
    pub(crate) from: usize,
    /// The number of columns, a multiple of [`COLUMN_BLOCK`].
    pub(crate) width: usize,
    /// Numbers from a row of `G` to the next, a multiple of [`WIDEST`].
    pub(crate) stride: usize,
    /// `G`: a row of `width` columns for every active feature, with `−∞` where the column is the
    /// row's own.
    pub(crate) gram: &'a [f32],
    /// What stood there, by column.
    pub(crate) diagonal: &'a [f32],
    /// The samples of the batch.
    pub(crate) samples: &'a Samples,
    /// The biases of the columns.
    pub(crate) bias: &'a [f32],
    /// The importance of the columns, if it is not one: it weighs squares, and nothing else here.
    pub(crate) importance: Option<&'a [f32]>,
    /// `db`, filled in when going backward.
    pub(crate) bias_gradient: &'a mut [f32],
}

/// The gradients of weights and hidden vectors, on the sparse way.
///
/// With `h_u` the hidden vector of unit `u` and `e_uc` its response in column `c`,
/// `dW_c += e_uc h_u` and `dh_u += e_uc W_c`. Units are the active features, for their samples that
/// have no other (`h` is the feature's row of `W`), and the other samples one by one.
#[derive(Debug, Default)]
pub(crate) struct Scatter<'a> {
    /// Numbers in a row of the four matrices below, a multiple of [`WIDEST`].
    pub(crate) row: usize,
    /// `W_c`, by column.
    pub(crate) weights: &'a [f32],
    /// `h_u`, by unit.
    pub(crate) hidden: &'a [f32],
    /// `dW_c`, by column, added to.
    pub(crate) weights_gradient: &'a mut [f32],
    /// `dh_u`, by unit, added to.
    pub(crate) hidden_gradient: &'a mut [f32],
    /// The responses in some columns that are not zero, by unit.
    pub(crate) nonzeros: Nonzeros,
    /// Where those of each unit end.
    pub(crate) ends: Vec<(usize, usize)>,
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
        self.run::<FORWARD>(&mut [], &mut Scatter::default())
    }

    /// The loss and, on the dense way, the gradient: fills in `D`, which is like
    /// `G`.
    pub(crate) fn dense(self, errors: &mut [f32]) -> Response {
        self.run::<DENSE>(errors, &mut Scatter::default())
    }

    /// The loss and, on the sparse way, the gradient.
    pub(crate) fn sparse(self, scatter: &mut Scatter<'_>) -> Response {
        self.run::<SPARSE>(&mut [], scatter)
    }

    fn run<const WAY: u8>(self, errors: &mut [f32], scatter: &mut Scatter<'_>) -> Response {
        assert!(self.width.is_multiple_of(COLUMN_BLOCK), "columns are whole registers");
        let response = Response::default();
        Arch::new().dispatch(Kernel::<WAY> { respond: self, errors, scatter, response })
    }
}

const FORWARD: u8 = 0;
const DENSE: u8 = 1;
const SPARSE: u8 = 2;

struct Kernel<'k, 'r, 's, const WAY: u8> {
    respond: Respond<'r>,
    errors: &'k mut [f32],
    scatter: &'k mut Scatter<'s>,
    response: Response,
}

impl<const WAY: u8> WithSimd for Kernel<'_, '_, '_, WAY> {
    type Output = Response;

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) -> Response {
        let registers = self.respond.width / S::F32_LANES;
        for column in (0..registers).step_by(REGISTERS) {
            match WAY {
                DENSE => self.many_answers(simd, column),
                _ => self.few_answers(simd, column),
            }
            if WAY == SPARSE {
                self.scatter.scatter(simd);
            }
        }
        self.own_features(simd);
        self.response
    }
}

impl<const WAY: u8> Kernel<'_, '_, '_, WAY> {
    /// The columns from register `column` on, where `x` is zero.
    #[inline(always)]
    fn many_answers<S: Simd>(&mut self, simd: S, column: usize) {
        let Respond { batch, stride, gram, bias, importance, ref mut bias_gradient, .. } =
            self.respond;
        let registers = stride / S::F32_LANES;
        let importance = importance.map(|importance| S::as_simd_f32s(importance).0);
        let (gram, _) = S::as_simd_f32s(gram);
        let (bias, _) = S::as_simd_f32s(bias);
        let (errors, _) = S::as_mut_simd_f32s(self.errors);
        let (bias_gradient, _) = S::as_mut_simd_f32s(bias_gradient);
        let (zero, one) = (simd.splat_f32s(0.0), simd.splat_f32s(1.0));
        let mut b = [zero; REGISTERS];
        let mut weights = [one; REGISTERS];
        let mut db = [zero; REGISTERS];
        let mut sums = [zero; REGISTERS];
        let mut count = zero;
        let mut squares = 0.0;
        let empty = simd.splat_f32s(batch.n_empty as f32);
        for u in 0..REGISTERS {
            b[u] = bias[column + u];
            if let Some(importance) = importance {
                weights[u] = importance[column + u];
            }
            let r = simd.max_f32s(zero, b[u]);
            db[u] = simd.mul_f32s(empty, r);
            let square = simd.mul_f32s(simd.mul_f32s(r, r), weights[u]);
            squares += batch.n_empty as f64 * f64::from(simd.reduce_sum_f32s(square));
        }
        let mut summed = 0;
        for (row, values) in batch.lone() {
            let at = row * registers + column;
            let g = &gram[at..at + REGISTERS];
            let mut d = [zero; REGISTERS];
            for &value in values {
                let value = simd.splat_f32s(value);
                for u in 0..REGISTERS {
                    let z = simd.mul_add_e_f32s(value, g[u], b[u]);
                    // In this order a value that is not a number stays one.
                    let r = simd.max_f32s(zero, z);
                    sums[u] = simd.mul_add_e_f32s(r, r, sums[u]);
                    d[u] = simd.mul_add_e_f32s(value, r, d[u]);
                    db[u] = simd.add_f32s(db[u], r);
                }
            }
            for u in 0..REGISTERS {
                errors[at + u] = d[u];
                let positive = simd.greater_than_f32s(d[u], zero);
                count = simd.add_f32s(count, simd.select_f32s(positive, one, zero));
            }
            squares += flush(simd, &mut summed, values.len(), &mut sums, &weights);
        }
        for entries in batch.several() {
            let mut z = b;
            for entry in entries {
                let at = entry.row * registers + column;
                let value = simd.splat_f32s(entry.value);
                for u in 0..REGISTERS {
                    z[u] = simd.mul_add_e_f32s(value, gram[at + u], z[u]);
                }
            }
            for u in 0..REGISTERS {
                z[u] = simd.max_f32s(zero, z[u]);
                sums[u] = simd.mul_add_e_f32s(z[u], z[u], sums[u]);
                db[u] = simd.add_f32s(db[u], z[u]);
                let positive = simd.greater_than_f32s(z[u], zero);
                count = simd.add_f32s(count, simd.select_f32s(positive, one, zero));
            }
            for entry in entries {
                let at = entry.row * registers + column;
                let value = simd.splat_f32s(entry.value);
                for u in 0..REGISTERS {
                    errors[at + u] = simd.mul_add_e_f32s(value, z[u], errors[at + u]);
                }
            }
            squares += flush(simd, &mut summed, 1, &mut sums, &weights);
        }
        for u in 0..REGISTERS {
            squares += f64::from(simd.reduce_sum_f32s(simd.mul_f32s(sums[u], weights[u])));
            bias_gradient[column + u] = db[u];
        }
        self.response.squares += squares;
        self.response.n_nonzero += counted(simd.reduce_sum_f32s(count));
    }

    /// As above, where few answers are expected.
    #[inline(always)]
    fn few_answers<S: Simd>(&mut self, simd: S, column: usize) {
        let Respond {
            batch, samples, stride, gram, bias, importance, ref mut bias_gradient, ..
        } = self.respond;
        let registers = stride / S::F32_LANES;
        let importance = importance.map(|importance| S::as_simd_f32s(importance).0);
        let (gram, _) = S::as_simd_f32s(gram);
        let (bias, _) = S::as_simd_f32s(bias);
        let (bias_gradient, _) = S::as_mut_simd_f32s(bias_gradient);
        let Scatter { nonzeros, ends, .. } = &mut *self.scatter;
        let lanes = u32::try_from(S::F32_LANES).expect("a register is short");
        let first = u32::try_from(column).expect("a panel has few columns") * lanes;
        if WAY == SPARSE {
            nonzeros.clear(batch.n_units() * COLUMN_BLOCK);
            ends.clear();
        }
        let mut writer = nonzeros.writer();
        let mut places = [0; REGISTERS];
        for u in 1..REGISTERS {
            places[u] = places[u - 1] + lanes;
        }
        let (zero, one) = (simd.splat_f32s(0.0), simd.splat_f32s(1.0));
        let mut b = [zero; REGISTERS];
        let mut weights = [one; REGISTERS];
        let mut db = [zero; REGISTERS];
        let mut sums = [zero; REGISTERS];
        let mut squares = 0.0;
        let empty = simd.splat_f32s(batch.n_empty as f32);
        for u in 0..REGISTERS {
            b[u] = bias[column + u];
            if let Some(importance) = importance {
                weights[u] = importance[column + u];
            }
            let r = simd.max_f32s(zero, b[u]);
            db[u] = simd.mul_f32s(empty, r);
            let square = simd.mul_f32s(simd.mul_f32s(r, r), weights[u]);
            squares += batch.n_empty as f64 * f64::from(simd.reduce_sum_f32s(square));
        }
        let mut summed = 0;
        let mut rest = samples.values.as_slice();
        for lone in &samples.lone {
            let values;
            (values, rest) = rest.split_at(lone.n_values);
            let g = &gram[lone.row * registers + column..][..REGISTERS];
            let (least, most) = (simd.splat_f32s(lone.least), simd.splat_f32s(lone.most));
            let mut d = [zero; REGISTERS];
            for u in 0..REGISTERS {
                let a = simd.mul_add_e_f32s(least, g[u], b[u]);
                d[u] = simd.max_f32s(a, simd.mul_add_e_f32s(most, g[u], b[u]));
            }
            let mut found = [0; REGISTERS];
            let mut any = 0;
            for u in 0..REGISTERS {
                found[u] = answers::<S>(d[u]);
                any |= found[u];
            }
            if any == 0 {
                continue;
            }
            for u in 0..REGISTERS {
                if found[u] == 0 {
                    continue;
                }
                let (g, b) = (g[u], b[u]);
                let (mut d, mut db_u, mut sum) = (zero, db[u], sums[u]);
                for &value in values {
                    let value = simd.splat_f32s(value);
                    let z = simd.mul_add_e_f32s(value, g, b);
                    // In this order a value that is not a number stays one.
                    let r = simd.max_f32s(zero, z);
                    sum = simd.mul_add_e_f32s(r, r, sum);
                    if WAY != FORWARD {
                        d = simd.mul_add_e_f32s(value, r, d);
                        db_u = simd.add_f32s(db_u, r);
                    }
                }
                (db[u], sums[u]) = (db_u, sum);
                if WAY == SPARSE {
                    writer.append::<S>(d, first + places[u]);
                }
            }
            if WAY == SPARSE {
                ends.push((lone.unit, writer.len));
            }
            squares += flush(simd, &mut summed, values.len(), &mut sums, &weights);
        }
        let mut rest = samples.entries.as_slice();
        let mut unit = batch.n_active;
        for run in &samples.runs {
            let entries;
            (entries, rest) = rest.split_at(run.n_entries * run.n_samples);
            for entries in entries.chunks_exact(run.n_entries) {
                unit += 1;
                let mut z = b;
                for entry in entries {
                    let g = &gram[entry.row * registers + column..][..REGISTERS];
                    let value = simd.splat_f32s(entry.value);
                    for u in 0..REGISTERS {
                        z[u] = simd.mul_add_e_f32s(value, g[u], z[u]);
                    }
                }
                for u in 0..REGISTERS {
                    z[u] = simd.max_f32s(zero, z[u]);
                    sums[u] = simd.mul_add_e_f32s(z[u], z[u], sums[u]);
                    if WAY == SPARSE {
                        db[u] = simd.add_f32s(db[u], z[u]);
                        writer.append::<S>(z[u], first + places[u]);
                    }
                }
                if WAY == SPARSE {
                    ends.push((unit - 1, writer.len));
                }
                squares += flush(simd, &mut summed, 1, &mut sums, &weights);
            }
        }
        for u in 0..REGISTERS {
            squares += f64::from(simd.reduce_sum_f32s(simd.mul_f32s(sums[u], weights[u])));
            if WAY != FORWARD {
                bias_gradient[column + u] = db[u];
            }
        }
        self.response.squares += squares;
        if WAY == SPARSE {
            let len = writer.len;
            self.response.n_nonzero += len;
            nonzeros.set_len(len);
        }
    }

    /// The columns of active features, for the samples that have them.
    #[inline(always)]
    fn own_features<S: Simd>(&mut self, simd: S) {
        let Respond { batch, from, diagonal, .. } = self.respond;
        let columns = from..from + diagonal.len();
        if columns.is_empty() {
            return;
        }
        for (unit, (row, values)) in batch.lone().enumerate() {
            if columns.contains(&row) {
                for &value in values {
                    self.own_feature(simd, unit, &[Entry { row, value }], row, value);
                }
            }
        }
        for (sample, entries) in batch.several().enumerate() {
            for entry in entries {
                if columns.contains(&entry.row) {
                    let unit = batch.n_active + sample;
                    self.own_feature(simd, unit, entries, entry.row, entry.value);
                }
            }
        }
    }

    /// As above, for one sample and the one column where it has `value`.
    #[inline(always)]
    fn own_feature<S: Simd>(
        &mut self,
        simd: S,
        unit: usize,
        entries: &[Entry],
        column: usize,
        value: f32,
    ) {
        let Respond {
            from, stride, gram, diagonal, bias, importance, ref mut bias_gradient, ..
        } = self.respond;
        let at = column - from;
        let mut z = bias[at];
        for entry in entries {
            let own = entry.row == column;
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
            let place = u32::try_from(at).expect("a panel has few columns");
            self.scatter.scatter_unit(simd, unit, &[place], &[share * e]);
        }
    }
}

impl Scatter<'_> {
    #[inline(always)]
    fn scatter<S: Simd>(&mut self, simd: S) {
        let nonzeros = std::mem::take(&mut self.nonzeros);
        let mut start = 0;
        for at in 0..self.ends.len() {
            let (unit, end) = self.ends[at];
            if end > start {
                let (columns, values) = nonzeros.range(start, end);
                self.scatter_unit(simd, unit, columns, values);
                start = end;
            }
        }
        self.nonzeros = nonzeros;
    }

    /// One unit's responses, by column of the panel.
    #[inline(always)]
    fn scatter_unit<S: Simd>(&mut self, simd: S, unit: usize, columns: &[u32], values: &[f32]) {
        let registers = self.row / S::F32_LANES;
        let mut register = 0;
        while register < registers {
            let mut count = registers - register;
            match count {
                1 => self.scatter_registers::<S, 1>(simd, register, unit, columns, values),
                2 => self.scatter_registers::<S, 2>(simd, register, unit, columns, values),
                3 => self.scatter_registers::<S, 3>(simd, register, unit, columns, values),
                4 => self.scatter_registers::<S, 4>(simd, register, unit, columns, values),
                5 => self.scatter_registers::<S, 5>(simd, register, unit, columns, values),
                6 => self.scatter_registers::<S, 6>(simd, register, unit, columns, values),
                7 => self.scatter_registers::<S, 7>(simd, register, unit, columns, values),
                _ => {
                    self.scatter_registers::<S, 8>(simd, register, unit, columns, values);
                    count = 8;
                }
            }
            register += count;
        }
    }

    #[inline(always)]
    fn scatter_registers<S: Simd, const K: usize>(
        &mut self,
        simd: S,
        register: usize,
        unit: usize,
        columns: &[u32],
        values: &[f32],
    ) {
        let registers = self.row / S::F32_LANES;
        let (hidden, _) = S::as_simd_f32s(self.hidden);
        let (weights, _) = S::as_simd_f32s(self.weights);
        let (weights_gradient, _) = S::as_mut_simd_f32s(self.weights_gradient);
        let (hidden_gradient, _) = S::as_mut_simd_f32s(self.hidden_gradient);
        let from = unit * registers + register;
        let h = &hidden[from..from + K];
        let hidden_gradient = &mut hidden_gradient[from..from + K];
        let mut dh = [simd.splat_f32s(0.0); K];
        dh.copy_from_slice(hidden_gradient);
        for (column, value) in columns.iter().zip(values) {
            let at = *column as usize * registers + register;
            let w = &weights[at..at + K];
            let dw = &mut weights_gradient[at..at + K];
            let value = simd.splat_f32s(*value);
            for k in 0..K {
                dw[k] = simd.mul_add_e_f32s(value, h[k], dw[k]);
                dh[k] = simd.mul_add_e_f32s(value, w[k], dh[k]);
            }
        }
        hidden_gradient.copy_from_slice(&dh);
    }
}

/// A count that was kept in a register.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
fn counted(count: f32) -> usize {
    count as usize
}

/// Moves the sums of squares to double precision once in a while.
#[inline(always)]
fn flush<S: Simd>(
    simd: S,
    summed: &mut usize,
    more: usize,
    sums: &mut [S::f32s; REGISTERS],
    weights: &[S::f32s; REGISTERS],
) -> f64 {
    *summed += more;
    if *summed < SAMPLES_A_SUM {
        return 0.0;
    }
    *summed = 0;
    let mut squares = 0.0;
    for (sum, weight) in sums.iter_mut().zip(weights) {
        squares += f64::from(simd.reduce_sum_f32s(simd.mul_f32s(*sum, *weight)));
        *sum = simd.splat_f32s(0.0);
    }
    squares
}

#[cfg(test)]
mod tests {
    use super::*;
    use superpose_toy::sampler::{Active, SparseBatch};

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

    /// All that a kernel gives, on the processor's registers of the kind that `vectorize` chooses.
    fn answers<const WAY: u8>(
        vectorize: &dyn Fn(Kernel<'_, '_, '_, WAY>) -> Response,
    ) -> (Response, Vec<f32>) {
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
        let mut errors = vec![0.0; ROWS * COLUMNS];
        let mut bias_gradient = vec![0.0; COLUMNS];
        let mut weights_gradient = vec![0.0; COLUMNS * HIDDEN];
        let mut hidden_gradient = vec![0.0; hidden.len()];
        let mut scatter = Scatter {
            row: HIDDEN,
            weights: &weights,
            hidden: &hidden,
            weights_gradient: &mut weights_gradient,
            hidden_gradient: &mut hidden_gradient,
            ..Scatter::default()
        };
        let respond = Respond {
            batch: &batch,
            from: 0,
            width: COLUMNS,
            gram: &gram,
            diagonal: &diagonal,
            samples: &samples,
            stride: COLUMNS,
            bias: &bias,
            importance: Some(&importance),
            bias_gradient: &mut bias_gradient,
        };
        let response = Response::default();
        let (errors_there, scatter_there) = (&mut errors, &mut scatter);
        let kernel =
            Kernel::<WAY> { respond, errors: errors_there, scatter: scatter_there, response };
        let response = vectorize(kernel);
        (response, [errors, bias_gradient, weights_gradient, hidden_gradient].concat())
    }

    fn registers_agree<const WAY: u8>() {
        let (scalar, expected) = answers::<WAY>(&|kernel| kernel.with_simd(pulp::Scalar::new()));
        let mut others = vec![answers::<WAY>(&|kernel| Arch::new().dispatch(kernel))];
        #[cfg(target_arch = "x86_64")]
        if let Some(avx2) = pulp::x86::V3::try_new() {
            others.push(answers::<WAY>(&|kernel| Simd::vectorize(avx2, kernel)));
        }
        for (response, numbers) in others {
            assert!((response.squares / scalar.squares - 1.0).abs() < 1e-6);
            assert_eq!(response.n_nonzero, scalar.n_nonzero);
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
            let scalar = answers::<WAY>(&|kernel| kernel.with_simd(pulp::Scalar::new()));
            for (response, numbers) in
                [scalar, answers::<WAY>(&|kernel| Arch::new().dispatch(kernel))]
            {
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
        let mut sums = [1.0_f32, 2.0, 3.0, 4.0];
        let mut summed = 60;
        let weights = [1.0, 2.0, 0.0, 0.5];
        let squares = flush(simd, &mut summed, 3, &mut sums, &weights);
        assert!(squares == 0.0 && summed == 63 && sums[3] > 0.0);
        assert!((flush(simd, &mut summed, 1, &mut sums, &weights) - 7.0).abs() < 1e-12);
        assert!(summed == 0 && sums.iter().all(|sum| *sum == 0.0));
    }

    #[test]
    #[should_panic(expected = "columns are whole registers")]
    fn columns_that_are_not_whole_registers_are_refused() {
        let (batch, columns) = (batch(), vec![0.0; ROWS * (COLUMN_BLOCK + 1)]);
        let respond = Respond {
            batch: &batch,
            from: 0,
            width: COLUMN_BLOCK + 1,
            gram: &columns,
            diagonal: &[],
            samples: &Samples::default(),
            stride: COLUMN_BLOCK + 1,
            bias: &columns,
            importance: None,
            bias_gradient: &mut [0.0; COLUMN_BLOCK + 1],
        };
        respond.forward();
    }
}
