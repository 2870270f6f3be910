//! The few answers of a panel that are not zero, one after the other.

#![allow(unsafe_code, reason = "AVX-512 and AVX2 take them out of a register without a branch")]

use pulp::Simd;

use crate::numbers::WIDEST;

/// Answers by unit and column: block by block of columns, in a block by unit, and of a unit by column.
#[derive(Debug, Default)]
pub(crate) struct Nonzeros {
    columns: Vec<u32>,
    values: Vec<f32>,
    len: usize,
    units: Vec<Unit>,
    n_units: usize,
    blocks: Vec<Block>,
    /// Those of features in samples that have them.
    own: Vec<Own>,
    /// The block that is being read.
    at: usize,
}

/// A unit that has answers in a block.
#[derive(Debug, Clone, Copy, Default)]
struct Unit {
    unit: usize,
    /// Where its answers end.
    end: usize,
}

/// Some columns.
#[derive(Debug, Clone, Copy)]
struct Block {
    /// The first unit that was not read, and the first of its answers.
    next: usize,
    start: usize,
    /// Where its units end.
    end: usize,
}

/// A single answer.
#[derive(Debug, Clone, Copy)]
struct Own {
    unit: usize,
    column: u32,
    value: f32,
}

impl Nonzeros {
    /// Forgets all.
    pub(crate) fn clear(&mut self) {
        (self.len, self.n_units, self.at) = (0, 0, 0);
        self.blocks.clear();
        self.own.clear();
    }

    /// Memory that is held, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(self.columns.as_slice())
            + size_of_val(self.values.as_slice())
            + size_of_val(self.units.as_slice())
            + self.blocks.capacity() * size_of::<Block>()
            + self.own.capacity() * size_of::<Own>()
    }

    /// Begins a block of at most `n_units` units, each with at most `n_columns` answers.
    pub(crate) fn block(&mut self, n_units: usize, n_columns: usize) -> Writer<'_> {
        // A whole register is written, of which only the front counts, and a unit that has none.
        let length = self.len + n_units * n_columns + WIDEST;
        if self.columns.len() < length {
            self.columns.resize(length, 0);
            self.values.resize(length, 0.0);
        }
        if self.units.len() <= self.n_units + n_units {
            self.units.resize(self.n_units + n_units + 1, Unit::default());
        }
        Writer {
            columns: &mut self.columns,
            values: &mut self.values,
            units: &mut self.units,
            begun: (self.n_units, self.len),
            n_units: self.n_units,
            closed: self.len,
            len: self.len,
            to: (&mut self.n_units, &mut self.len, &mut self.blocks),
        }
    }

    /// Adds a single answer.
    pub(crate) fn push_own(&mut self, unit: usize, column: u32, value: f32) {
        self.own.push(Own { unit, column, value });
    }

    /// The next unit before the `limit` with its columns and values. After those of the last block, and if there is no
    /// limit, single answers follow. What was taken does not come again.
    #[inline(always)]
    pub(crate) fn next_before(&mut self, limit: usize) -> Option<(usize, &[u32], &[f32])> {
        while let Some(block) = self.blocks.get_mut(self.at) {
            if block.next < block.end && self.units[block.next].unit < limit {
                let Unit { unit, end } = self.units[block.next];
                let start = std::mem::replace(&mut block.start, end);
                block.next += 1;
                return Some((unit, &self.columns[start..end], &self.values[start..end]));
            }
            self.at += 1;
        }
        if limit < usize::MAX {
            self.at = 0;
            return None;
        }
        let own = self.own.get(self.at - self.blocks.len())?;
        self.at += 1;
        Some((own.unit, std::slice::from_ref(&own.column), std::slice::from_ref(&own.value)))
    }
}

/// Writes the answers of a block; how many there are stays in a register of the processor.
#[derive(Debug)]
pub(crate) struct Writer<'a> {
    columns: &'a mut [u32],
    values: &'a mut [f32],
    units: &'a mut [Unit],
    /// Units and answers before the block.
    begun: (usize, usize),
    n_units: usize,
    /// Answers of units that are closed.
    closed: usize,
    len: usize,
    to: (&'a mut usize, &'a mut usize, &'a mut Vec<Block>),
}

impl Writer<'_> {
    /// Says of which unit the last answers were, if there were any.
    #[inline(always)]
    pub(crate) fn close(&mut self, unit: usize) {
        self.units[self.n_units] = Unit { unit, end: self.len };
        self.n_units += usize::from(self.len > self.closed);
        self.closed = self.len;
    }

    /// Ends the block and says how many answers it has.
    #[inline(always)]
    pub(crate) fn finish(self) -> usize {
        let (n_units, len, blocks) = self.to;
        (*n_units, *len) = (self.n_units, self.len);
        blocks.push(Block { next: self.begun.0, start: self.begun.1, end: self.n_units });
        self.len - self.begun.1
    }

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
        // Of registers of four numbers nine in ten have no answer.
        if S::F32_LANES > 1 && answers::<S>(register) == 0 {
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
    use pulp::WithSimd;

    use super::*;
    use crate::registers::Registers;

    /// Appends registers of a pattern with zeros, negative numbers and such as are no number, as unit 7.
    struct Append<'a>(&'a mut Nonzeros);

    /// The pattern: what stands in column `k`.
    fn pattern(k: usize) -> f32 {
        [0.0, 1.5, -2.0, f32::NAN, 3.0, -0.0, 4.5, f32::NEG_INFINITY, f32::INFINITY][k * k % 9]
    }

    const COLUMNS: usize = 48;

    impl WithSimd for Append<'_> {
        type Output = Vec<u32>;

        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) -> Vec<u32> {
            let values: Vec<f32> = (0..COLUMNS).map(pattern).collect();
            let (registers, _) = S::as_simd_f32s(&values);
            let mut writer = self.0.block(1, COLUMNS);
            for (register, column) in registers.iter().zip((100..).step_by(S::F32_LANES)) {
                writer.append::<S>(*register, column);
            }
            writer.close(7);
            writer.finish();
            registers.iter().map(|register| answers::<S>(*register)).collect()
        }
    }

    #[test]
    fn the_answers_in_registers_of_every_kind_stand_one_after_the_other() {
        for registers in Registers::here() {
            let mut nonzeros = Nonzeros::default();
            // Twice, since the second time takes the place of the first.
            for _ in 0..2 {
                nonzeros.clear();
                let lanes = registers.dispatch(Append(&mut nonzeros));
                // What is not a number is an answer, too: it must not be lost.
                let kept = |k: &usize| pattern(*k) > 0.0 || pattern(*k).is_nan();
                let kept: Vec<usize> = (0..COLUMNS).filter(kept).collect();
                let found = lanes.iter().zip((0..).step_by(registers.lanes()));
                let found = found.flat_map(|(lanes, first)| {
                    (0..registers.lanes())
                        .filter(move |l| lanes >> l & 1 == 1)
                        .map(move |l| first + l)
                });
                assert_eq!(found.collect::<Vec<usize>>(), kept);
                let (unit, columns, values) = nonzeros.next_before(8).unwrap();
                assert_eq!(unit, 7);
                let places: Vec<usize> = columns.iter().map(|column| *column as usize).collect();
                assert_eq!(places, kept.iter().map(|k| 100 + k).collect::<Vec<usize>>());
                let bits = |v: f32| v.to_bits();
                assert!(
                    values.iter().copied().map(bits).eq(kept.iter().map(|k| bits(pattern(*k))))
                );
                assert!(nonzeros.next_before(8).is_none());
            }
        }
    }

    #[test]
    fn sets_of_lanes_are_all_there() {
        #[cfg(target_arch = "x86_64")]
        for (set, lanes) in LANES_OF_SET.iter().enumerate() {
            let members: Vec<u8> = (0..8).filter(|lane| set >> lane & 1 == 1).collect();
            assert_eq!(lanes[..members.len()], members);
        }
    }

    #[test]
    fn units_come_tile_by_tile_and_of_a_tile_block_by_block() {
        struct Write<'a>(&'a mut Nonzeros, &'a [(usize, f32)], u32);
        impl WithSimd for Write<'_> {
            type Output = usize;
            #[inline(always)]
            fn with_simd<S: Simd>(self, simd: S) -> usize {
                let mut writer = self.0.block(self.1.len(), S::F32_LANES);
                for (unit, value) in self.1 {
                    writer.append::<S>(simd.splat_f32s(*value), self.2);
                    writer.close(*unit);
                }
                writer.finish()
            }
        }
        let plain = Registers::Plain;
        let mut nonzeros = Nonzeros::default();
        let first =
            plain.dispatch(Write(&mut nonzeros, &[(0, 1.0), (3, 2.0), (4, 0.0), (5, 3.0)], 0));
        nonzeros.push_own(2, 9, 7.0);
        let second = plain.dispatch(Write(&mut nonzeros, &[(0, -1.0), (1, 4.0), (6, 5.0)], 1));
        assert_eq!((first, second), (3, 2));
        let mut told = Vec::new();
        for limit in [4, 6, usize::MAX] {
            while let Some((unit, columns, values)) = nonzeros.next_before(limit) {
                assert_eq!((columns.len(), values.len()), (1, 1));
                told.push((unit, columns[0], values[0]));
            }
        }
        let expected =
            [(0, 0, 1.0), (3, 0, 2.0), (1, 1, 4.0), (5, 0, 3.0), (6, 1, 5.0), (2, 9, 7.0)];
        assert_eq!(told, expected);
        nonzeros.clear();
        assert!(nonzeros.next_before(usize::MAX).is_none());
    }

    #[test]
    fn memory_is_that_of_the_room_made_and_a_register() {
        let mut nonzeros = Nonzeros::default();
        let _ = nonzeros.block(5, 20);
        let bytes = (100 + WIDEST) * 8 + 6 * size_of::<Unit>();
        assert_eq!(nonzeros.bytes(), bytes);
        let _ = nonzeros.block(1, 10);
        assert_eq!(nonzeros.bytes(), bytes, "room stays");
        let _ = nonzeros.block(5, 21);
        assert_eq!(nonzeros.bytes(), bytes + 5 * 8);
    }
}
