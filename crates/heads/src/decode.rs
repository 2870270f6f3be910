//! From stored bytes to numbers.
//!
//! The quantised layouts are those of `ggml`, whose C code is their definition; the tests hold them
//! to what its Python package makes of the same bytes.

use half::{bf16, f16};

/// A layout of blocks of numbers.
#[derive(Debug)]
pub struct Layout {
    /// Its name.
    pub name: &'static str,
    /// Its number in a GGUF file.
    pub(crate) ggml_type: u32,
    /// Numbers in a block.
    pub n_numbers: usize,
    /// Bytes that a block takes.
    pub n_bytes: usize,
    /// Places and sizes of the numbers of several bytes in a block, which the order of bytes
    /// concerns.
    wide: &'static [(usize, usize)],
    /// Writes the numbers of a block.
    decode: fn(&[u8], &mut [f32]),
}

/// The layouts that are read: plain numbers; blocks of 32 with a scale and perhaps an offset; blocks of
/// 256 in eight groups with a scale and an offset each, or sixteen with a scale.
pub static LAYOUTS: [Layout; 12] = [
    layout("F64", 28, (1, 8), &[(0, 8)], double),
    layout("F32", 0, (1, 4), &[(0, 4)], |b, out| out[0] = f32::from_le_bytes(array(b))),
    layout("F16", 1, (1, 2), &[(0, 2)], |b, out| out[0] = half_at(b, 0)),
    layout("BF16", 30, (1, 2), &[(0, 2)], |b, out| out[0] = bf16::from_le_bytes(array(b)).to_f32()),
    layout("Q8_0", 8, (32, 34), &[(0, 2)], eights),
    layout("Q4_0", 2, (32, 18), &[(0, 2)], |b, out| fours(b, None, &b[2..], (8, None), out)),
    layout("Q4_1", 3, (32, 20), &[(0, 2), (2, 2)], |b, out| {
        fours(b, None, &b[4..], (0, Some(2)), out);
    }),
    layout("Q5_0", 6, (32, 22), &[(0, 2), (2, 4)], |b, out| {
        fours(b, Some(2), &b[6..], (16, None), out);
    }),
    layout("Q5_1", 7, (32, 24), &[(0, 2), (2, 2), (4, 4)], |b, out| {
        fours(b, Some(4), &b[8..], (0, Some(2)), out);
    }),
    layout("Q4_K", 12, (256, 144), &[(0, 2), (2, 2)], |b, out| {
        scaled_fours(b, None, &b[16..], out);
    }),
    layout("Q5_K", 13, (256, 176), &[(0, 2), (2, 2)], |b, out| {
        scaled_fours(b, Some(&b[16..48]), &b[48..], out);
    }),
    layout("Q6_K", 14, (256, 210), &[(208, 2)], sixes),
];

const fn layout(
    name: &'static str,
    ggml_type: u32,
    (n_numbers, n_bytes): (usize, usize),
    wide: &'static [(usize, usize)],
    decode: fn(&[u8], &mut [f32]),
) -> Layout {
    Layout { name, ggml_type, n_numbers, n_bytes, wide, decode }
}

impl Layout {
    /// Writes the numbers stored in `bytes`, whole blocks, to `out`. Of a big-endian file, numbers of
    /// several bytes begin with their highest.
    ///
    /// # Panics
    /// When `bytes` are too few or too many for `out`.
    pub fn decode(&self, bytes: &[u8], is_big_endian: bool, out: &mut [f32]) {
        let expected = out.len() / self.n_numbers * self.n_bytes;
        assert_eq!(bytes.len(), expected, "as many bytes as the numbers take");
        let blocks = bytes.chunks_exact(self.n_bytes).zip(out.chunks_exact_mut(self.n_numbers));
        if !is_big_endian {
            return blocks.for_each(|(block, out)| (self.decode)(block, out));
        }
        let mut turned = vec![0; self.n_bytes];
        for (block, out) in blocks {
            turned.copy_from_slice(block);
            self.wide.iter().for_each(|(at, n_bytes)| turned[*at..at + n_bytes].reverse());
            (self.decode)(&turned, out);
        }
    }
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes[..N].try_into().expect("a block is as long as its encoding says")
}

/// The number in half precision at a place in a block.
fn half_at(block: &[u8], at: usize) -> f32 {
    f16::from_le_bytes(array(&block[at..])).to_f32()
}

#[expect(clippy::cast_possible_truncation, reason = "rows are in single precision")]
fn double(block: &[u8], out: &mut [f32]) {
    out[0] = f64::from_le_bytes(array(block)) as f32;
}

fn eights(block: &[u8], out: &mut [f32]) {
    let scale = half_at(block, 0);
    for (q, out) in block[2..].iter().zip(out) {
        *out = scale * f32::from(q.cast_signed());
    }
}

/// 32 numbers of four bits, the first half in the lower ones; with `fifth`, the place of a word
/// with one bit more of each. `offset` is what each is counted from, or the place of what is added
/// to all.
fn fours(
    block: &[u8],
    fifth: Option<usize>,
    quarters: &[u8],
    offset: (i16, Option<usize>),
    out: &mut [f32],
) {
    let (scale, added) = (half_at(block, 0), offset.1.map_or(0.0, |at| half_at(block, at)));
    let bits = fifth.map_or(0, |at| u32::from_le_bytes(array(&block[at..])));
    let value = |quarter: u8, k: usize| {
        let fifth = u8::from(bits >> k & 1 == 1) << 4;
        scale * f32::from(i16::from(quarter | fifth) - offset.0) + added
    };
    for (k, q) in quarters.iter().enumerate() {
        out[k] = value(q & 15, k);
        out[k + 16] = value(q >> 4, k + 16);
    }
}

/// 256 numbers of four bits in eight groups with a scale and an offset each; with `fifth`, one bit
/// more of each number, a group's bits in one place of all bytes.
fn scaled_fours(block: &[u8], fifth: Option<&[u8]>, quarters: &[u8], out: &mut [f32]) {
    let (scale, offset) = (half_at(block, 0), half_at(block, 2));
    let packed = &block[4..16];
    for (group, out) in out.chunks_exact_mut(32).enumerate() {
        let (group_scale, group_offset) = six_bits(packed, group);
        let (scale, offset) = (scale * group_scale, offset * group_offset);
        let quarters = &quarters[group / 2 * 32..][..32];
        for (k, (q, out)) in quarters.iter().zip(out).enumerate() {
            let quarter = if group % 2 == 0 { q & 15 } else { q >> 4 };
            let fifth = fifth.map_or(0, |bits| (bits[k] >> group & 1) << 4);
            *out = scale * f32::from(quarter | fifth) - offset;
        }
    }
}

/// The scale and the offset of a group, six bits each, from the twelve bytes that hold those of
/// eight groups.
fn six_bits(packed: &[u8], group: usize) -> (f32, f32) {
    let (scale, offset) = if group < 4 {
        (packed[group] & 63, packed[group + 4] & 63)
    } else {
        let low = packed[group + 4];
        (low & 15 | packed[group - 4] >> 6 << 4, low >> 4 | packed[group] >> 6 << 4)
    };
    (f32::from(scale), f32::from(offset))
}

/// 256 numbers of six bits, four lower and two upper ones apart, in sixteen groups with a scale
/// each.
fn sixes(block: &[u8], out: &mut [f32]) {
    let (lower, rest) = block.split_at(128);
    let (upper, rest) = rest.split_at(64);
    let scale = half_at(rest, 16);
    for (k, out) in out.iter_mut().enumerate() {
        // Halves of 128; in each, four runs of 32 that share the bytes of `upper`, and two by two
        // those of `lower`.
        let (half, run, place) = (k / 128, k % 128 / 32, k % 32);
        let low = lower[64 * half + 32 * (run % 2) + place] >> (4 * (run / 2)) & 15;
        let high = upper[32 * half + place] >> (2 * run) & 3;
        let group_scale = rest[k / 16].cast_signed();
        *out = scale * f32::from(group_scale) * f32::from((low | high << 4).cast_signed() - 32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> &'static Layout {
        LAYOUTS.iter().find(|layout| layout.name == name).unwrap()
    }

    fn decoded(layout: &Layout, bytes: &[u8], n: usize) -> Vec<f32> {
        let mut out = vec![f32::NAN; n];
        layout.decode(bytes, false, &mut out);
        out
    }

    /// The numbers of a block in the other order of bytes: those of several bytes reversed.
    fn decoded_big_endian(layout: &Layout, bytes: &[u8], wide: &[(usize, usize)]) -> Vec<f32> {
        let mut turned = bytes.to_vec();
        for (at, n_bytes) in wide {
            turned[*at..at + n_bytes].reverse();
        }
        let mut out = vec![f32::NAN; layout.n_numbers];
        layout.decode(&turned, true, &mut out);
        out
    }

    #[test]
    fn every_quantised_layout_is_read_as_its_reference_reads_it() {
        let lines = include_str!("../tests/quantised.txt").lines().filter(|l| !l.starts_with('#'));
        let mut n_checked = 0;
        for line in lines {
            let mut words = line.split(' ');
            let layout = named(words.next().unwrap());
            let digits = words.next().unwrap();
            let byte = |k: usize| u8::from_str_radix(&digits[2 * k..2 * k + 2], 16).unwrap();
            let bytes: Vec<u8> = (0..digits.len() / 2).map(byte).collect();
            let expected: Vec<f32> = words.map(|word| word.parse().unwrap()).collect();
            assert_eq!((layout.n_numbers, layout.n_bytes), (expected.len(), bytes.len()));
            for (ours, expected) in decoded(layout, &bytes, expected.len()).iter().zip(&expected) {
                // The reference multiplies in another order: two roundings of single precision.
                assert!(
                    (ours - expected).abs() <= 3e-7 * expected.abs().max(1.0),
                    "{}",
                    layout.name
                );
            }
            // Scales are half precision, the fifth bits of 32 numbers one word.
            let wide: &[(usize, usize)] = match layout.name {
                "Q8_0" | "Q4_0" => &[(0, 2)],
                "Q5_0" => &[(0, 2), (2, 4)],
                "Q5_1" => &[(0, 2), (2, 2), (4, 4)],
                "Q6_K" => &[(208, 2)],
                _ => &[(0, 2), (2, 2)],
            };
            let same = decoded(layout, &bytes, expected.len());
            assert_eq!(decoded_big_endian(layout, &bytes, wide), same, "{}", layout.name);
            n_checked += 1;
        }
        assert_eq!(n_checked, 8);
    }

    #[test]
    fn plain_numbers_come_back() {
        let numbers = [0.0_f32, -1.5, 2.0, 0.25];
        let bytes = |to: &dyn Fn(f32) -> Vec<u8>| -> Vec<u8> {
            numbers.iter().flat_map(|v| to(*v)).collect()
        };
        for (name, bytes) in [
            ("F64", bytes(&|v| f64::from(v).to_le_bytes().to_vec())),
            ("F32", bytes(&|v| v.to_le_bytes().to_vec())),
            ("F16", bytes(&|v| f16::from_f32(v).to_le_bytes().to_vec())),
            ("BF16", bytes(&|v| bf16::from_f32(v).to_le_bytes().to_vec())),
        ] {
            assert_eq!(decoded(named(name), &bytes, 4), numbers, "{name}");
            let (layout, size) = (named(name), bytes.len() / 4);
            for (block, number) in bytes.chunks(size).zip(numbers) {
                assert_eq!(decoded_big_endian(layout, block, &[(0, size)]), [number], "{name}");
            }
        }
    }
}
