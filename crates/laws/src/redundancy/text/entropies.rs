//! How redundant a text is: what its symbols could carry, less what they do.
//!
//! A symbol is a byte. Entropies are counted from the text itself, which works only while every
//! gram has been seen often: past that, the estimate falls to zero for pure noise. So each value
//! comes with a verdict on the size of the sample, and with the same value for the text in random
//! order, whose true redundancy beyond the first order is none. **Source**: Shannon 1951.

use std::collections::HashMap;
use std::io::{self, Write};

use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;

use crate::error::{LawError, ensure};

/// Symbols that a text must have for each distinct gram before a value is trusted.
///
/// The entropy that is counted falls short by about `(grams - contexts) / (2 n ln 2)` bits (Miller
/// 1955), so that ten keeps the shortfall under 0.073 bits; twice as many would halve that.
pub const SYMBOLS_PER_GRAM: usize = 10;

/// What is known of a text's symbols when those just before are known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ContextEntropy {
    /// `k`: how many symbols before are known.
    pub context_length: usize,
    /// `F_k`, the entropy of a symbol given the `k` before it, in bits per symbol.
    pub conditional_bits: f64,
    /// `H_{k+1}`, the entropy of a run of `k + 1` symbols, in bits per run.
    pub block_bits: f64,
    /// `R_k = 1 - F_k / H_max`; zero for a text of one symbol, which has no room for any.
    pub redundancy: f64,
    /// Distinct runs of `k + 1` symbols that the text has.
    pub n_grams: usize,
    /// Whether the text has [`SYMBOLS_PER_GRAM`] symbols for each of them.
    pub trusted: bool,
}

/// A text's redundancy, estimated in several ways.
#[derive(Debug, Clone, PartialEq)]
pub struct TextRedundancy {
    /// `H_max`, the base-two logarithm of the alphabet's size, in bits per symbol.
    pub max_bits: f64,
    /// By number of known symbols, from none.
    pub orders: Vec<ContextEntropy>,
    /// The same for the text in random order.
    pub shuffled_orders: Vec<ContextEntropy>,
    /// [`lz78_rate_bound`], in bits per symbol.
    pub lz78_bits: f64,
    /// [`compressed_rates`], in bits per symbol.
    pub compressed: [(&'static str, f64); 4],
}

/// All estimates of a text's redundancy, with up to `longest_context` known symbols and the
/// control's order drawn from `shuffle_seed`.
///
/// # Errors
/// [`LawError`] for a text that is empty or not longer than the context, and when a compressor
/// fails.
pub fn text_redundancy(
    text: &[u8],
    longest_context: usize,
    shuffle_seed: u64,
) -> Result<TextRedundancy, LawError> {
    Ok(TextRedundancy {
        max_bits: max_bits(text),
        orders: context_entropies(text, longest_context)?,
        shuffled_orders: context_entropies(&shuffled(text, shuffle_seed), longest_context)?,
        lz78_bits: lz78_rate_bound(text),
        compressed: compressed_rates(text)?,
    })
}

/// The base-two logarithm of the number of distinct bytes in a text.
fn max_bits(text: &[u8]) -> f64 {
    let mut seen = [false; 256];
    text.iter().for_each(|symbol| seen[usize::from(*symbol)] = true);
    (seen.iter().filter(|seen| **seen).count() as f64).log2()
}

/// The entropies of a text's symbols given the `0..=longest_context` symbols before, from the
/// counts of its runs: `F_k = (1/N) Σ c(w) log₂(c(v) / c(w))` over the runs `w` of `k + 1` symbols,
/// `N` in all.
///
/// `c(v)` is how often the first `k` symbols of `w` are followed by any other, so that `F_k` is
/// never negative; it differs from `H_{k+1} - H_k` by the end of the text alone.
///
/// # Errors
/// [`LawError`] for a text that is empty or not longer than the context.
pub fn context_entropies(
    text: &[u8],
    longest_context: usize,
) -> Result<Vec<ContextEntropy>, LawError> {
    let n_symbols = text.len();
    ensure!(n_symbols > 0, "a text must have at least 1 symbol, got 0");
    ensure!(
        longest_context < n_symbols,
        "`longest_context` must be less than the number of symbols, {n_symbols}, got {longest_context}"
    );
    let max_bits = max_bits(text);
    // Where the runs of k symbols start, equal runs side by side, and how many of each there are.
    let mut starts: Vec<usize> = (0..n_symbols).collect();
    let mut run_counts = vec![n_symbols];
    let mut orders = Vec::with_capacity(longest_context + 1);
    for context_length in 0..=longest_context {
        let symbol_after = |start: &usize| text[start + context_length];
        let (mut longer_starts, mut longer_counts) = (Vec::with_capacity(n_symbols), Vec::new());
        let (mut conditional, mut block) = (0.0, 0.0);
        let n_runs = (n_symbols - context_length) as f64;
        let mut rest = starts.as_slice();
        for run_count in &run_counts {
            let (context, others) = rest.split_at(*run_count);
            rest = others;
            let first = longer_starts.len();
            // The run at the very end of the text has no symbol after it.
            longer_starts
                .extend(context.iter().copied().filter(|start| start + context_length < n_symbols));
            let longer = &mut longer_starts[first..];
            longer.sort_unstable_by_key(symbol_after);
            let n_context = longer.len() as f64;
            for same in longer.chunk_by(|a, b| symbol_after(a) == symbol_after(b)) {
                let count = same.len() as f64;
                conditional += count * (n_context / count).log2();
                block += count * (n_runs / count).log2();
                longer_counts.push(same.len());
            }
        }
        (starts, run_counts) = (longer_starts, longer_counts);
        let conditional_bits = conditional / n_runs;
        orders.push(ContextEntropy {
            context_length,
            conditional_bits,
            block_bits: block / n_runs,
            redundancy: if max_bits > 0.0 { 1.0 - conditional_bits / max_bits } else { 0.0 },
            n_grams: run_counts.len(),
            trusted: n_symbols >= run_counts.len().saturating_mul(SYMBOLS_PER_GRAM),
        });
    }
    Ok(orders)
}

/// The text's symbols in an order drawn from `seed`.
pub fn shuffled(text: &[u8], seed: u64) -> Vec<u8> {
    let mut symbols = text.to_vec();
    symbols.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    symbols
}

/// The rate of the LZ78 code, `c (log₂ c + log₂ A) / n` bits per symbol for a text of `n` symbols
/// from an alphabet of `A` that parses into `c` phrases.
///
/// Each phrase is named by an earlier one and a symbol, so that this is a length, and on average no
/// less than the source's entropy. `c log₂ c / n` leaves the symbol out and can be below it.
/// **Source**: Ziv & Lempel 1978.
pub fn lz78_rate_bound(text: &[u8]) -> f64 {
    // Phrases by the phrase that they extend, of which 0 is the empty one, and the symbol that they
    // add.
    let mut phrases: HashMap<(usize, u8), usize> = HashMap::new();
    let mut phrase = 0;
    for symbol in text {
        let next = phrases.len() + 1;
        let known = *phrases.entry((phrase, *symbol)).or_insert(next);
        phrase = if known == next { 0 } else { known };
    }
    // A phrase that the text's end cut short is paid for like any other.
    let n_phrases = (phrases.len() + usize::from(phrase != 0)) as f64;
    n_phrases * (n_phrases.log2() + max_bits(text)) / text.len() as f64
}

/// What zlib and bzip2 at level 9, xz at preset 9 and zstd at level 19 make of a text, in bits per
/// symbol, headers and check sums included: 6 bytes with zlib (as zlib-rs writes it), some tens
/// with bzip2 and xz.
///
/// # Errors
/// [`LawError`] when one fails, as without memory.
pub fn compressed_rates(text: &[u8]) -> Result<[(&'static str, f64); 4], LawError> {
    let n = text.len();
    let rate = |compressor, compressed: io::Result<Vec<u8>>| match compressed {
        Ok(bytes) => Ok((compressor, 8.0 * bytes.len() as f64 / n as f64)),
        Err(why) => Err(LawError(format!("{compressor} could not compress {n} symbols: {why}"))),
    };
    let in_memory = Vec::new;
    let zlib = flate2::write::ZlibEncoder::new(in_memory(), flate2::Compression::new(9));
    let bzip2 = ::bzip2::write::BzEncoder::new(in_memory(), ::bzip2::Compression::new(9));
    let xz = lzma_rust2::XzWriter::new(in_memory(), lzma_rust2::XzOptions::with_preset(9));
    Ok([
        rate("zlib", written(zlib, text, |zlib| zlib.finish()))?,
        rate("bzip2", written(bzip2, text, |bzip2| bzip2.finish()))?,
        rate("xz", xz.and_then(|xz| written(xz, text, |xz| xz.finish())))?,
        rate("zstd", zstd::bulk::compress(text, 19))?,
    ])
}

/// What `finish` gives of a compressor after the text.
fn written<W: Write>(
    mut compressor: W,
    text: &[u8],
    finish: impl FnOnce(W) -> io::Result<Vec<u8>>,
) -> io::Result<Vec<u8>> {
    compressor.write_all(text)?;
    finish(compressor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redundancy::text::sources::{Source, entropy};

    const SOURCES: [Source; 5] = [
        Source::Bernoulli { probability: 0.1 },
        Source::Markov { flip_probability: 0.1 },
        Source::GoldenMean,
        Source::Zipf { n_symbols: 27 },
        Source::Uniform { n_symbols: 16 },
    ];
    const N: usize = 500_000;

    #[test]
    fn sources_have_their_closed_entropies() {
        let exact = [0.468_996, 0.468_996, 0.694_242, 3.969_40, 4.0];
        for (source, exact) in SOURCES.iter().zip(exact) {
            let bits = source.entropy_bits();
            assert!((bits - exact).abs() < 5e-6, "{source:?}: {bits}");
        }
    }

    #[test]
    fn trusted_entropies_are_those_of_the_source() {
        // F_0 of the chains is that of their shares: one half, and 1 / (1 + φ²).
        let golden = 1.0 / (1.0 + std::f64::consts::GOLDEN_RATIO.powi(2));
        let first = [None, Some(1.0), Some(entropy(&[golden, 1.0 - golden])), None, None];
        for (seed, (source, first)) in (1..).zip(SOURCES.iter().zip(first)) {
            let exact = source.entropy_bits();
            let orders = context_entropies(&source.text(N, seed), 5).unwrap();
            for order in orders.iter().filter(|order| order.trusted) {
                let k = order.context_length;
                let expected = if k == 0 { first.unwrap_or(exact) } else { exact };
                let bits = order.conditional_bits;
                assert!((bits / expected - 1.0).abs() < 0.01, "{source:?} F_{k} = {bits}");
            }
            assert!(orders[1].trusted, "{source:?}");
        }
    }

    #[test]
    fn noise_that_looks_redundant_is_not_trusted() {
        let noise = Source::Uniform { n_symbols: 16 }.text(N, 9);
        let redundancy = text_redundancy(&noise, 6, 3).unwrap();
        for orders in [&redundancy.orders, &redundancy.shuffled_orders] {
            for order in orders {
                assert_eq!(order.trusted, order.context_length < 3, "{order:?}");
            }
            assert!(orders[2].redundancy.abs() < 0.01 && orders[6].redundancy > 0.97);
        }
        // With the million symbols that F_3 needs, it is short by what Miller's formula says.
        let noise = Source::Uniform { n_symbols: 16 }.text(1_000_000, 9);
        let order = context_entropies(&noise, 3).unwrap()[3];
        let shortfall = (65_536.0 - 4096.0) / (2e6 * std::f64::consts::LN_2);
        assert!(order.trusted && order.n_grams == 65_536);
        assert!((4.0 - order.conditional_bits - shortfall).abs() < 2e-3, "{order:?}");
    }

    #[test]
    fn conditional_entropies_are_the_steps_of_block_entropies() {
        let text = Source::Zipf { n_symbols: 5 }.text(3000, 4);
        let orders = context_entropies(&text, 4).unwrap();
        assert!((orders[0].conditional_bits - orders[0].block_bits).abs() < 1e-12);
        for pair in orders.windows(2) {
            // One run of 3000 has no successor: a share of 1/3000 of some ten bits.
            let step = pair[1].block_bits - pair[0].block_bits;
            assert!((pair[1].conditional_bits - step).abs() < 5e-3, "{pair:?}");
        }
        // By hand: after a comes b twice and c once, and b and c are always followed by a.
        let by_hand = context_entropies(b"abacaba", 1).unwrap()[1];
        let after_a = entropy(&[2.0 / 3.0, 1.0 / 3.0]);
        assert!((by_hand.conditional_bits - 0.5 * after_a).abs() < 1e-12);
        assert_eq!(by_hand.n_grams, 4);
    }

    #[test]
    fn code_lengths_are_above_the_entropy() {
        for (seed, source) in (20..).zip(SOURCES) {
            let text = source.text(200_000, seed);
            let exact = source.entropy_bits();
            let (lz78, rates) = (lz78_rate_bound(&text), compressed_rates(&text).unwrap());
            assert!(lz78 > exact && lz78 < 1.4 * exact, "{source:?}: {lz78}");
            // The sample's own entropy is within 1 % of the source's.
            for (_, rate) in rates {
                assert!(rate > 0.99 * exact && rate < 1.75 * exact, "{source:?}: {rates:?}");
            }
        }
    }

    #[test]
    fn phrases_are_counted_as_by_hand() {
        // a, b, ab, aba, and the cut-short ab: five phrases over two symbols.
        let bits = lz78_rate_bound(b"abababaab");
        assert!((bits - 5.0 * (5.0_f64.log2() + 1.0) / 9.0).abs() < 1e-12);
    }

    #[test]
    fn a_shuffled_chain_loses_its_redundancy_and_keeps_its_symbols() {
        let text = Source::Markov { flip_probability: 0.1 }.text(100_000, 5);
        let redundancy = text_redundancy(&text, 2, 6).unwrap();
        assert!((redundancy.orders[1].redundancy - 0.531).abs() < 0.01);
        assert!(redundancy.shuffled_orders[1].redundancy.abs() < 0.001);
        let bits = |orders: &[ContextEntropy]| orders[0].conditional_bits;
        assert!((bits(&redundancy.orders) - bits(&redundancy.shuffled_orders)).abs() < 1e-12);
        assert_eq!(shuffled(&text, 6), shuffled(&text, 6));
        assert_ne!(shuffled(&text, 6), shuffled(&text, 7));
    }

    #[test]
    fn the_text_of_a_licence_agrees_with_an_independent_count() {
        let text = include_bytes!("../../../../../LICENSE-APACHE");
        let redundancy = text_redundancy(text, 5, 1).unwrap();
        // By ten lines of Python, and its zlib, bz2 and lzma.
        let published = [4.426_717, 3.229_705, 1.909_621, 1.051_843, 0.699_939, 0.508_197];
        for (order, bits) in redundancy.orders.iter().zip(published) {
            assert!((order.conditional_bits - bits).abs() < 1e-6, "{order:?}");
            assert_eq!(order.trusted, order.context_length < 2);
        }
        let rates = redundancy.compressed;
        // One format, three programs: their searches differ by about a hundredth.
        for ((_, rate), published) in rates.iter().zip([2.7864, 2.6061, 2.7357]) {
            assert!((rate / published - 1.0).abs() < 0.02, "{rates:?}");
        }
    }

    #[test]
    fn a_text_of_one_symbol_has_no_room_for_redundancy() {
        let redundancy = text_redundancy(&[7; 1000], 3, 0).unwrap();
        assert!(redundancy.max_bits.abs() < f64::EPSILON);
        for order in &redundancy.orders {
            assert!(order.conditional_bits.abs() + order.redundancy.abs() < f64::EPSILON);
            assert!(order.n_grams == 1 && order.trusted);
        }
        assert!(text_redundancy(&[7], 0, 0).unwrap().lz78_bits.abs() < f64::EPSILON);
    }

    #[test]
    fn what_is_no_text_is_refused() {
        let message = |error: Result<TextRedundancy, LawError>| error.unwrap_err().to_string();
        assert!(message(text_redundancy(&[], 0, 0)).contains("at least 1 symbol, got 0"));
        assert!(message(text_redundancy(b"abc", 3, 0)).contains("symbols, 3, got 3"));
    }
}
