//! The redundancy of a text, by context and by compressor.

use superpose_analysis::table::{Field, Table};

use crate::lags::{DataLimited, lag_norms};
use crate::text::{TextError, TextRedundancy, shuffled};

/// The longest of the usual lags.
const LONGEST_LAG: usize = 1024;

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

/// The lags that are looked at unless others are asked for: powers of two, as long as half the text and no longer than
/// [`LONGEST_LAG`].
pub fn usual_lags(n_symbols: usize) -> Vec<usize> {
    let lags = (0..usize::BITS).map(|power| 1 << power);
    lags.take_while(|lag| *lag <= LONGEST_LAG && *lag <= n_symbols / 2).collect()
}

/// The tables `redundancy_lags`, one row a lag, and `redundancy_by_data`, what follows for the loss by data, of a text
/// whose entropies were found with the control's order drawn from `shuffle_seed`.
///
/// # Errors
/// [`TextError::Lag`].
pub fn lags(
    text: &[u8],
    found: &TextRedundancy,
    lags: &[usize],
    shuffle_seed: u64,
) -> Result<[Table; 2], TextError> {
    let norms = lag_norms(text, lags)?;
    let noise = lag_norms(&shuffled(text, shuffle_seed), lags)?;
    let mut table = Table::new(
        "redundancy_lags",
        "How much does a symbol depend on one so many places before?",
        &[
            ("lag", "places between the two"),
            ("norm", "operator norm of the covariance of one-hot symbols"),
            ("shuffled_norm", "that of the same symbols in random order"),
            ("stands_out", "yes where the norm is above three times that"),
        ],
    );
    let stand_out = DataLimited::stand_out(&norms, &noise);
    for (((lag, norm), noise), stands_out) in lags.iter().zip(&norms).zip(&noise).zip(stand_out) {
        let stands_out = if stands_out { "yes" } else { "no" };
        table.push(vec![(*lag).into(), (*norm).into(), (*noise).into(), stands_out.into()]);
    }
    let limited = DataLimited::of(lags, &norms, &noise, &found.orders);
    let mut by_data = Table::new(
        "redundancy_by_data",
        "With what exponent would a model's loss fall by data? Experimental: from counted entropies, not from models.",
        &[
            (
                "quantity",
                "beta_c: fall of the norms by lag; gamma: of F_k − F_∞ by k; exponent: gamma / (2 beta_c)",
            ),
            ("value", "by a line through the logarithms; by least squares of ln(1 + F_k)"),
            ("standard_error", "from the scatter about the line"),
            ("points", "lags that stand out; contexts that are trusted, but for none"),
        ],
    );
    let correlation = limited.correlation;
    let n_lags = correlation.map(|law| law.n_points);
    let trusted = found.orders.iter().filter(|order| order.trusted && order.context_length > 0);
    let n_contexts = limited.entropy.as_ref().map(|_| trusted.count());
    let no_error: Option<f64> = None;
    for (quantity, value, error, n_points) in [
        (
            "beta_c",
            correlation.map(|law| law.exponent),
            correlation.map(|law| law.exponent_se),
            n_lags,
        ),
        ("gamma", limited.entropy_exponent(), no_error, n_contexts),
        ("exponent", limited.exponent(), no_error, None),
    ] {
        by_data.push(vec![quantity.into(), value.into(), error.into(), n_points.into()]);
    }
    Ok([table, by_data])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Source, text_redundancy};

    #[test]
    fn a_chain_depends_on_its_past_and_has_no_power_law_of_entropy() {
        let given = Source::Markov { flip_probability: 0.1 }.text(200_000, 1).unwrap();
        let found = text_redundancy(&given, 3, 1).unwrap();
        let [of_lags, by_data] = lags(&given, &found, &usual_lags(given.len()), 1).unwrap();
        assert_eq!(of_lags.rows.len(), 11);
        let stands_out = of_lags.words("stands_out").unwrap();
        assert!(stands_out[0] == "yes" && stands_out[10] == "no");
        let values = by_data.numbers("value").unwrap();
        assert!(values[0] > 0.0 && values[1].is_nan() && values[2].is_nan(), "{values:?}");
        assert!(lags(&given, &found, &[0], 1).is_err());
        assert_eq!((usual_lags(1), usual_lags(9)), (Vec::new(), vec![1, 2, 4]));
    }

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
