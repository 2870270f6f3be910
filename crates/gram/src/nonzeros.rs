//! The few numbers of a register that are not zero, one after the other.

#![allow(unsafe_code, reason = "AVX-512 takes them out of a register at once, without a branch")]

use pulp::Simd;

use crate::numbers::WIDEST;

/// Positive numbers and the columns where they stand.
#[derive(Debug, Default)]
pub(crate) struct Nonzeros {
    columns: Vec<u32>,
    values: Vec<f32>,
    len: usize,
}

impl Nonzeros {
    /// Forgets all, and makes room for `capacity` numbers.
    pub(crate) fn clear(&mut self, capacity: usize) {
        self.len = 0;
        // A whole register is written, of which only the front counts.
        let length = capacity + WIDEST;
        if self.columns.len() < length {
            self.columns.resize(length, 0);
            self.values.resize(length, 0.0);
        }
    }

    /// Memory that is held, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(self.columns.as_slice()) + size_of_val(self.values.as_slice())
    }

    /// How many there are.
    #[inline(always)]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Those from place `from` to place `to`: columns and values.
    #[inline(always)]
    pub(crate) fn range(&self, from: usize, to: usize) -> (&[u32], &[f32]) {
        (&self.columns[from..to], &self.values[from..to])
    }

    /// Adds the positive numbers of a register, the first of which stands in `column`.
    ///
    /// # Panics
    /// When there is no room.
    #[inline(always)]
    pub(crate) fn append<S: Simd>(&mut self, register: S::f32s, column: u32) {
        let (columns, values) = (&mut self.columns[self.len..], &mut self.values[self.len..]);
        #[cfg(target_arch = "x86_64")]
        if S::F32_LANES == WIDEST {
            let columns = columns.first_chunk_mut().expect("there is room for a register");
            let values = values.first_chunk_mut().expect("there is room for a register");
            // SAFETY: only AVX-512 has registers of sixteen numbers, and `pulp` hands out an `S` of
            // that kind only where the processor has it.
            self.len +=
                unsafe { compress(&pulp::bytemuck::cast(register), column, columns, values) };
            return;
        }
        let mut count = 0;
        for (column, value) in (column..).zip(numbers::<S>(&register)) {
            columns[count] = column;
            values[count] = *value;
            count += usize::from(*value > 0.0);
        }
        self.len += count;
    }
}

/// The numbers in a register.
#[inline(always)]
fn numbers<S: Simd>(register: &S::f32s) -> &[f32] {
    pulp::bytemuck::cast_slice(std::slice::from_ref(register))
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
#[inline]
fn compress(
    register: &[f32; WIDEST],
    column: u32,
    columns: &mut [u32; WIDEST],
    values: &mut [f32; WIDEST],
) -> usize {
    use std::arch::x86_64::*;
    // SAFETY: each load and store is of sixteen numbers, from and to arrays of sixteen.
    unsafe {
        let register = _mm512_loadu_ps(register.as_ptr());
        let positive = _mm512_cmp_ps_mask::<_CMP_GT_OQ>(register, _mm512_setzero_ps());
        let lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
        let places = _mm512_add_epi32(lanes, _mm512_set1_epi32(column.cast_signed()));
        _mm512_storeu_ps(values.as_mut_ptr(), _mm512_maskz_compress_ps(positive, register));
        _mm512_storeu_si512(
            columns.as_mut_ptr().cast(),
            _mm512_maskz_compress_epi32(positive, places),
        );
        positive.count_ones() as usize
    }
}

#[cfg(test)]
mod tests {
    use pulp::{Arch, WithSimd};

    use super::*;

    /// Appends registers of a pattern with zeros, negative numbers and such as are no number.
    struct Append<'a>(&'a mut Nonzeros);

    /// The pattern: what stands in column `k`.
    fn pattern(k: usize) -> f32 {
        [0.0, 1.5, -2.0, f32::NAN, 3.0, -0.0, 4.5][k % 7]
    }

    const COLUMNS: usize = 48;

    impl WithSimd for Append<'_> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) {
            let values: Vec<f32> = (0..COLUMNS).map(pattern).collect();
            let (registers, _) = S::as_simd_f32s(&values);
            for (register, column) in registers.iter().zip((100..).step_by(S::F32_LANES)) {
                self.0.append::<S>(*register, column);
            }
        }
    }

    fn check(append: &dyn Fn(Append<'_>)) {
        let mut nonzeros = Nonzeros::default();
        // Twice, since the second time takes the place of the first.
        for _ in 0..2 {
            nonzeros.clear(COLUMNS);
            assert_eq!(nonzeros.len(), 0);
            append(Append(&mut nonzeros));
            let positive = || (0..COLUMNS).filter(|k| pattern(*k) > 0.0);
            assert_eq!(nonzeros.len(), positive().count());
            let (columns, values) = nonzeros.range(0, nonzeros.len());
            let places: Vec<usize> = columns.iter().map(|column| *column as usize).collect();
            assert_eq!(places, positive().map(|k| 100 + k).collect::<Vec<usize>>());
            assert!(values.iter().eq(positive().map(pattern).collect::<Vec<_>>().iter()));
            assert_eq!(nonzeros.range(1, 3), (&[104, 106][..], &[3.0, 4.5][..]));
        }
    }

    #[test]
    fn the_positive_numbers_of_registers_of_every_kind_stand_one_after_the_other() {
        check(&|append| append.with_simd(pulp::Scalar::new()));
        check(&|append| Arch::new().dispatch(append));
        #[cfg(target_arch = "x86_64")]
        if let Some(avx2) = pulp::x86::V3::try_new() {
            check(&|append| Simd::vectorize(avx2, append));
        }
    }

    #[test]
    fn memory_is_that_of_the_room_made_and_a_register() {
        let mut nonzeros = Nonzeros::default();
        nonzeros.clear(100);
        assert_eq!(nonzeros.bytes(), (100 + WIDEST) * 8);
        nonzeros.clear(10);
        assert_eq!(nonzeros.bytes(), (100 + WIDEST) * 8, "room stays");
        nonzeros.clear(101);
        assert_eq!(nonzeros.bytes(), (101 + WIDEST) * 8);
    }
}
