//! From the few answers that are not zero back to the weights: the sparse way.
//!
//! Answers come block by block of columns and are taken up some units at a time, for all blocks of a panel: so the
//! rows of those units stay in the second cache, and those of a block's columns in the first.

use pulp::{Simd, WithSimd};

use crate::nonzeros::Nonzeros;
use crate::registers::Registers;

/// Numbers in the rows of units that are taken up together: 64 KB, twice.
const TILE_NUMBERS: usize = 1 << 14;

/// The gradients of weights and hidden vectors, on the sparse way.
///
/// With `h_u` the hidden vector of unit `u` and `e_uc` its response in column `c`,
/// `dW_c += e_uc h_u` and `dh_u += e_uc W_c`. Units are the active features, for their samples that
/// have no other (`h` is the feature's row of `W`), and the other samples one by one.
#[derive(Debug, Default)]
pub(crate) struct Scatter<'a> {
    /// Numbers in a row of the four matrices below, a multiple of those in a register.
    pub(crate) row: usize,
    /// `W_c`, by column.
    pub(crate) weights: &'a [f32],
    /// `h_u`, by unit.
    pub(crate) hidden: &'a [f32],
    /// `dW_c`, by column, added to.
    pub(crate) weights_gradient: &'a mut [f32],
    /// `dh_u`, by unit, added to.
    pub(crate) hidden_gradient: &'a mut [f32],
}

/// Something to scatter.
struct Kernel<'k, 's> {
    to: Scatter<'s>,
    nonzeros: &'k mut Nonzeros,
}

impl Scatter<'_> {
    /// Adds all answers.
    pub(crate) fn add(self, nonzeros: &mut Nonzeros, registers: Registers) {
        registers.dispatch(Kernel { to: self, nonzeros });
    }
}

impl WithSimd for Kernel<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let row = self.to.row;
        assert!(row.is_multiple_of(S::F32_LANES), "rows are whole registers");
        let n_units = self.to.hidden.len() / row.max(1);
        let tile = (TILE_NUMBERS / row.max(1)).max(1);
        let mut limit = 0;
        while limit < usize::MAX {
            limit = if limit + tile < n_units { limit + tile } else { usize::MAX };
            while let Some((unit, columns, values)) = self.nonzeros.next_before(limit) {
                self.to.unit(simd, unit, columns, values);
            }
        }
    }
}

impl Scatter<'_> {
    /// One unit's responses, by column of the panel.
    #[inline(always)]
    fn unit<S: Simd>(&mut self, simd: S, unit: usize, columns: &[u32], values: &[f32]) {
        let registers = self.row / S::F32_LANES;
        let mut register = 0;
        while register < registers {
            let mut count = registers - register;
            match count {
                1 => self.registers::<S, 1>(simd, register, unit, columns, values),
                2 => self.registers::<S, 2>(simd, register, unit, columns, values),
                3 => self.registers::<S, 3>(simd, register, unit, columns, values),
                4 => self.registers::<S, 4>(simd, register, unit, columns, values),
                5 => self.registers::<S, 5>(simd, register, unit, columns, values),
                6 => self.registers::<S, 6>(simd, register, unit, columns, values),
                7 => self.registers::<S, 7>(simd, register, unit, columns, values),
                _ if S::F32_LANES == 8 => {
                    self.registers::<S, 7>(simd, register, unit, columns, values);
                    count = 7;
                }
                _ => {
                    self.registers::<S, 8>(simd, register, unit, columns, values);
                    count = 8;
                }
            }
            register += count;
        }
    }

    #[inline(always)]
    fn registers<S: Simd, const K: usize>(
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
