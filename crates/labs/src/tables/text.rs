//! The redundancy of a text, by context and by compressor.

use superpose_analysis::table::{Field, Table};

use crate::text::TextRedundancy;

/// The tables `redundancy_text`, one row a length of context, and `redundancy_rates`, one row a way to measure the rate of
/// the whole text.
pub fn text(found: &TextRedundancy) -> [Table; 2] {
    let mut orders = Table::new(
        "redundancy_text",
        "How well is a symbol known from those before it?",
        &[
            ("context_length", "k: symbols before that are known"),
            ("conditional_bits", "F_k: entropy of a symbol given them, bits a symbol, by counting"),
            ("block_bits", "entropy of a run of k + 1 symbols, bits a run"),
            ("redundancy", "R_k = 1 − F_k / H_max: Shannon's"),
            ("n_grams", "distinct runs of k + 1 symbols"),
            (
                "trusted",
                "yes where the text has ten symbols for each of them; else F_k is too small",
            ),
            (
                "shuffled_bits",
                "F_k of the same symbols in random order, where nothing is known from context",
            ),
            ("shuffled_redundancy", "R_k of them: what counting alone makes of no redundancy"),
        ],
    );
    for (order, shuffled) in found.orders.iter().zip(&found.shuffled_orders) {
        orders.push(vec![
            order.context_length.into(),
            order.conditional_bits.into(),
            order.block_bits.into(),
            order.redundancy.into(),
            order.n_grams.into(),
            if order.trusted { "yes" } else { "no" }.into(),
            shuffled.conditional_bits.into(),
            shuffled.redundancy.into(),
        ]);
    }
    let mut rates = Table::new(
        "redundancy_rates",
        "How many bits does a symbol of the whole text take?",
        &[
            (
                "way",
                "alphabet: H_max; LZ78: its coding bound; zlib, bzip2 and xz at level 9, zstd at 19",
            ),
            ("bits", "bits a symbol"),
            ("redundancy", "1 − bits / H_max"),
        ],
    );
    for (way, bits) in [
        ("alphabet", found.max_bits),
        ("LZ78", found.lz78_bits),
        ("zlib", found.compressed.zlib),
        ("bzip2", found.compressed.bzip2),
        ("xz", found.compressed.xz),
        ("zstd", found.compressed.zstd),
    ] {
        let redundancy: Field = (1.0 - bits / found.max_bits).into();
        rates.push(vec![way.into(), bits.into(), redundancy]);
    }
    [orders, rates]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::text_redundancy;

    #[test]
    fn a_repeated_text_is_redundant_and_its_shuffled_copy_is_not() {
        let given = b"abcd".repeat(5000);
        let [orders, rates] = text(&text_redundancy(&given, 2, 1).unwrap());
        let of = |column: &str| orders.numbers(column).unwrap();
        assert!(of("conditional_bits")[0] > 1.999 && of("conditional_bits")[1] < 1e-3);
        assert!(of("shuffled_bits")[1] > 1.99);
        assert_eq!(orders.words("trusted").unwrap(), ["yes", "yes", "yes"]);
        assert!(rates.numbers("bits").unwrap()[2..].iter().all(|bits| *bits < 0.1));
    }
}
