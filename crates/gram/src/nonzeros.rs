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

    /// There are so many now.
    pub(crate) fn set_len(&mut self, len: usize) {
        self.len = len;
    }

    /// Those from place `from` to place `to`: columns and values.
    #[inline(always)]
    pub(crate) fn range(&self, from: usize, to: usize) -> (&[u32], &[f32]) {
        (&self.columns[from..to], &self.values[from..to])
    }

    /// Writes more of them, behind those there are.
    #[inline(always)]
    pub(crate) fn writer(&mut self) -> Writer<'_> {
        Writer { columns: &mut self.columns, values: &mut self.values, len: self.len }
    }
}

/// Writes numbers one after the other; how many there are stays in a register of the processor.
#[derive(Debug)]
pub(crate) struct Writer<'a> {
    columns: &'a mut [u32],
    values: &'a mut [f32],
    /// How many there are.
    pub(crate) len: usize,
}

impl Writer<'_> {
    /// Adds the numbers of a register that are not zero or less, the first of which stands in `column`.
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
                unsafe { compress_16(&pulp::bytemuck::cast(register), column, columns, values) };
            return;
        }
        #[cfg(target_arch = "x86_64")]
        if S::F32_LANES == 8 {
            let columns = columns.first_chunk_mut().expect("there is room for a register");
            let values = values.first_chunk_mut().expect("there is room for a register");
            // SAFETY: as above; of all that has registers of eight numbers AVX2 is the least.
            self.len +=
                unsafe { compress_8(&pulp::bytemuck::cast(register), column, columns, values) };
            return;
        }
        let mut count = 0;
        for (column, value) in (column..).zip(numbers::<S>(&register)) {
            columns[count] = column;
            values[count] = *value;
            count += usize::from(is_answer(*value));
        }
        self.len += count;
    }
}

/// Whether any number of some registers is not zero or less.
#[inline(always)]
pub(crate) fn any_answer<S: Simd, const K: usize>(registers: &[S::f32s; K]) -> bool {
    let mut lanes = 0;
    for register in registers {
        lanes |= answers::<S>(*register);
    }
    lanes != 0
}

/// The lanes of a register that are not zero or less.
#[inline(always)]
pub(crate) fn answers<S: Simd>(register: S::f32s) -> u32 {
    #[cfg(target_arch = "x86_64")]
    if S::F32_LANES == WIDEST {
        // SAFETY: as above.
        return unsafe { lanes_16(&pulp::bytemuck::cast(register)) };
    }
    #[cfg(target_arch = "x86_64")]
    if S::F32_LANES == 8 {
        // SAFETY: as above.
        return unsafe { lanes_8(&pulp::bytemuck::cast(register)) };
    }
    let mut lanes = 0;
    for (lane, value) in numbers::<S>(&register).iter().enumerate() {
        lanes |= u32::from(is_answer(*value)) << lane;
    }
    lanes
}

/// Also what is not a number, which must not be lost.
#[inline(always)]
fn is_answer(value: f32) -> bool {
    value > 0.0 || value.is_nan()
}

/// The numbers in a register.
#[inline(always)]
fn numbers<S: Simd>(register: &S::f32s) -> &[f32] {
    pulp::bytemuck::cast_slice(std::slice::from_ref(register))
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
#[inline]
fn lanes_16(register: &[f32; 16]) -> u32 {
    use std::arch::x86_64::*;
    // SAFETY: the load is of sixteen numbers from an array of sixteen.
    let register = unsafe { _mm512_loadu_ps(register.as_ptr()) };
    u32::from(_mm512_cmp_ps_mask::<_CMP_NLE_UQ>(register, _mm512_setzero_ps()))
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
#[inline]
fn lanes_8(register: &[f32; 8]) -> u32 {
    use std::arch::x86_64::*;
    // SAFETY: the load is of eight numbers from an array of eight.
    let register = unsafe { _mm256_loadu_ps(register.as_ptr()) };
    _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_NLE_UQ>(register, _mm256_setzero_ps())).cast_unsigned()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,popcnt")]
#[inline]
fn compress_16(
    register: &[f32; 16],
    column: u32,
    columns: &mut [u32; 16],
    values: &mut [f32; 16],
) -> usize {
    use std::arch::x86_64::*;
    // SAFETY: each load and store is of sixteen numbers, from and to arrays of sixteen.
    unsafe {
        let register = _mm512_loadu_ps(register.as_ptr());
        let positive = _mm512_cmp_ps_mask::<_CMP_NLE_UQ>(register, _mm512_setzero_ps());
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

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,popcnt")]
#[inline]
fn compress_8(
    register: &[f32; 8],
    column: u32,
    columns: &mut [u32; 8],
    values: &mut [f32; 8],
) -> usize {
    use std::arch::x86_64::*;
    // SAFETY: each load and store is of eight numbers, from and to arrays of eight.
    unsafe {
        let register = _mm256_loadu_ps(register.as_ptr());
        let positive = _mm256_cmp_ps::<_CMP_NLE_UQ>(register, _mm256_setzero_ps());
        let set = _mm256_movemask_ps(positive).cast_unsigned();
        let lanes = &LANES_OF_SET[set as usize & 255];
        let lanes = _mm256_cvtepu8_epi32(_mm_loadl_epi64(lanes.as_ptr().cast()));
        let places = _mm256_add_epi32(lanes, _mm256_set1_epi32(column.cast_signed()));
        _mm256_storeu_ps(values.as_mut_ptr(), _mm256_permutevar8x32_ps(register, lanes));
        _mm256_storeu_si256(columns.as_mut_ptr().cast(), places);
        set.count_ones() as usize
    }
}

/// The members of each set of eight lanes, one after the other; the set is the number with their bits.
#[cfg(target_arch = "x86_64")]
static LANES_OF_SET: [[u8; 8]; 256] = {
    let mut table = [[0; 8]; 256];
    let mut set = 0;
    while set < 256 {
        let (mut lane, mut count) = (0, 0);
        while lane < 8 {
            if set >> lane & 1 == 1 {
                table[set][count] = lane;
                count += 1;
            }
            lane += 1;
        }
        set += 1;
    }
    table
};

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
            let mut writer = self.0.writer();
            for (register, column) in registers.iter().zip((100..).step_by(S::F32_LANES)) {
                writer.append::<S>(*register, column);
            }
            self.0.len = writer.len;
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
