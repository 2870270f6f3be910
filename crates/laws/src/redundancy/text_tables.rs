//! The redundancy of a text, by context and by compressor.

use superpose_files::table::{Field, Table};

use crate::redundancy::lags::{DataLimited, lag_norms_and_noise, stand_out, trusted};
use crate::redundancy::text::{TextError, TextRedundancy};

/// The longest of the usual lags.
pub const LONGEST_LAG: usize = 1024;

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
    let norms = lag_norms_and_noise(text, lags, shuffle_seed)?;
    let mut table = Table::new(
        "redundancy_lags",
        "How much does a symbol depend on one so many places before?",
        &[
            ("lag", "places between the two"),
            ("norm", "operator norm of the covariance of one-hot symbols"),
            ("shuffled_norm", "the largest of the same symbols in four random orders"),
            ("stands_out", "yes up to the last norm above three times the largest of these"),
        ],
    );
    for (found, stands_out) in norms.iter().zip(stand_out(&norms)) {
        let stands_out = if stands_out { "yes" } else { "no" };
        let numbers = [found.lag.into(), found.norm.into(), found.noise.into(), stands_out.into()];
        table.push(numbers.to_vec());
    }
    let limited = DataLimited::of(&norms, &found.orders, found.n_symbols);
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
            ("r_squared", "of the line: dependence that falls exponentially is no line"),
            ("residual", "root of the mean squared residual of ln(1 + F_k)"),
            ("points", "lags that stand out; contexts that are trusted, but for none"),
        ],
    );
    let (correlation, entropy) = (limited.correlation, limited.entropy.as_ref());
    by_data.push(vec![
        "beta_c".into(),
        correlation.map(|law| law.exponent).into(),
        correlation.map(|law| law.exponent_se).into(),
        correlation.map(|law| law.r_squared).into(),
        Field::Missing,
        correlation.map(|law| law.n_points).into(),
    ]);
    by_data.push(vec![
        "gamma".into(),
        limited.entropy_exponent().into(),
        Field::Missing,
        Field::Missing,
        entropy.map(|law| law.residual).into(),
        entropy.map(|_| trusted(&found.orders).count()).into(),
    ]);
    let mut exponent = vec!["exponent".into(), limited.exponent().into()];
    exponent.resize(6, Field::Missing);
    by_data.push(exponent);
    Ok([table, by_data])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redundancy::text::{Source, text_redundancy};

    #[test]
    fn a_chain_depends_on_its_past_and_has_no_power_law_of_entropy() {
        let given = Source::Markov { flip_probability: 0.1 }.text(200_000, 1).unwrap();
        let found = text_redundancy(&given, 6, 1).unwrap();
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
