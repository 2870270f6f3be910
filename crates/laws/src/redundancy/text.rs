//! `theory redundancy text`: the redundancy of a text, by context, by compressor and by lag.
//!
//! [`entropies`] counts conditional entropies and compresses (Shannon 1951; Ziv & Lempel 1978),
//! [`lags`] has the dependence of symbols by distance and the exponent that follows (Cagnetta et
//! al. 2026); here are the tables, the picture and the words.

pub mod entropies;
pub mod lags;
use superpose_figures::axis::Axis;
use superpose_figures::chart::Mark;
use superpose_figures::lines::{Guide, Lines, lines};
use superpose_figures::study::{Note, Picture, Study};
use superpose_files::table::{Field, Table, TableError, Tables};
use superpose_stats::power_law::PowerLaw;

use self::entropies::TextRedundancy;
use self::lags::{DataLimited, LagNorm, lag_norms_and_noise, stand_out, trusted};
use crate::answer::{alone, answer};
use crate::error::LawError;

/// Bytes of memory that a symbol may take, of a text without any redundancy: most are of the phrases of LZ78.
pub const BYTES_A_SYMBOL: f64 = 150.0;
/// The longest of the usual lags.
const LONGEST_LAG: usize = 1024;

/// The tables `redundancy_text`, one row a length of context; `redundancy_rates`, one row a way to
/// measure the rate of the whole text; `redundancy_lags`, one row a lag; and `redundancy_by_data`,
/// what follows for the loss by data. `found` are the entropies of the `text`, the control's order
/// drawn from `shuffle_seed`.
///
/// # Errors
/// [`LawError`], naming the lag.
pub fn study(
    text: &[u8],
    found: &TextRedundancy,
    lags: &[usize],
    shuffle_seed: u64,
) -> Result<Study, LawError> {
    let norms = lag_norms_and_noise(text, lags, shuffle_seed)?;
    let limited = DataLimited::of(&norms, &found.orders, text.len());
    let (by_context, rates, by_data) = (by_context(found), rates(found), by_data(found, &limited));
    let mut notes = Note::first(&by_context);
    notes.push(Note::whole(&rates, &["way", "bits a symbol", "redundancy"]));
    let header = ["loss by data (experimental)", "value", "se", "R²", "residual", "points"];
    notes.push(Note::whole(&by_data, &header));
    if text.starts_with(b"\xff\xfe") || text.starts_with(b"\xfe\xff") {
        let line = "the text begins as UTF-16 does: its symbols are bytes here, half of which say hardly anything; save it as UTF-8";
        notes.push(Note::Line(line.to_owned()));
    }
    if limited.correlation.is_none() {
        let line = "no beta_c: fewer than three lags stand out of what random order has";
        notes.push(Note::Line(line.to_owned()));
    }
    if limited.entropy.is_none() {
        let line = "no gamma: fewer than four contexts are trusted, or entropy falls among them by no more than counting makes of a \
                    constant one";
        notes.push(Note::Line(line.to_owned()));
    }
    Ok(answer([by_context, rates, by_lag(&norms), by_data], draw, notes))
}

/// The lags that are looked at by default: powers of two, as long as half the text and no longer
/// than 1024.
pub fn usual_lags(n_symbols: usize) -> Vec<usize> {
    let lags = (0..usize::BITS).map(|power| 1 << power);
    lags.take_while(|lag| *lag <= LONGEST_LAG && *lag <= n_symbols / 2).collect()
}

fn by_context(found: &TextRedundancy) -> Table {
    let mut table = Table::new(
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
        let mut row = vec![order.context_length.into(), order.conditional_bits.into()];
        row.extend([order.block_bits.into(), order.redundancy.into(), order.n_grams.into()]);
        row.push(yes_or_no(order.trusted));
        row.extend([shuffled.conditional_bits.into(), shuffled.redundancy.into()]);
        table.push(row);
    }
    table
}

fn yes_or_no(holds: bool) -> Field {
    if holds { "yes" } else { "no" }.into()
}

fn rates(found: &TextRedundancy) -> Table {
    let bounds = [("alphabet", found.max_bits), ("LZ78", found.lz78_bits)];
    Table::of(
        "redundancy_rates",
        "How many bits does a symbol of the whole text take?",
        bounds.into_iter().chain(found.compressed),
        &[
            (
                "way",
                "alphabet: H_max; LZ78: its coding bound; zlib, bzip2 and xz at level 9, zstd at 19",
                &|(way, _)| (*way).into(),
            ),
            ("bits", "bits a symbol", &|(_, bits)| (*bits).into()),
            ("redundancy", "1 − bits / H_max", &|(_, bits)| (1.0 - bits / found.max_bits).into()),
        ],
    )
}

fn by_lag(norms: &[LagNorm]) -> Table {
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
    for (found, stands_out) in norms.iter().zip(stand_out(norms)) {
        let stands_out = yes_or_no(stands_out);
        table.push(vec![found.lag.into(), found.norm.into(), found.noise.into(), stands_out]);
    }
    table
}

fn by_data(found: &TextRedundancy, limited: &DataLimited) -> Table {
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
    let line = |of: fn(PowerLaw) -> f64| correlation.map(of);
    let n_contexts = entropy.map(|_| trusted(&found.orders).count());
    let n_lags = correlation.map(|law| law.n_points);
    let (slope, error) = (line(|law| law.exponent), line(|law| law.exponent_se));
    let residual = entropy.map(|law| law.residual);
    for (quantity, numbers, n_points) in [
        ("beta_c", [slope, error, line(|law| law.r_squared), None], n_lags),
        ("gamma", [limited.entropy_exponent(), None, None, residual], n_contexts),
        ("exponent", [limited.exponent(), None, None, None], None),
    ] {
        let numbers = numbers.into_iter().map(Field::from);
        let row = std::iter::once(quantity.into()).chain(numbers).chain([n_points.into()]);
        by_data.push(row.collect());
    }
    by_data
}

fn draw(tables: &Tables) -> Result<Vec<Picture>, TableError> {
    let guides = [Guide { column: "shuffled_bits", label: "in random order", mark: Mark::Dotted }];
    let columns = Lines {
        guides: &guides,
        group: Some("trusted"),
        group_label: "enough text",
        ..Lines::plain(
            ("context_length", Axis::linear("symbols before that are known, k")),
            ("conditional_bits", Axis::linear("entropy given them, bits a symbol")),
        )
    };
    let mut panels = lines(tables.get("redundancy_text")?, &columns)?;
    let rates = Lines {
        mark: Mark::Bars,
        ..Lines::plain(("way", Axis::linear("")), ("bits", Axis::linear("bits a symbol")))
    };
    panels.extend(lines(tables.get("redundancy_rates")?, &rates)?);
    let guides = [Guide { column: "shuffled_norm", label: "in random order", mark: Mark::Dotted }];
    let by_lag = Lines {
        guides: &guides,
        group: Some("stands_out"),
        group_label: "stands out",
        ..Lines::plain(
            ("lag", Axis::logarithmic("places between two symbols")),
            ("norm", Axis::logarithmic("norm of their covariance")),
        )
    };
    panels.extend(lines(tables.get("redundancy_lags")?, &by_lag)?);
    let caption = "Where there is not enough text, counting finds redundancy in noise, too: see the dotted line. \
                   Tables: redundancy_text.csv, redundancy_rates.csv, redundancy_lags.csv, redundancy_by_data.csv.";
    alone("redundancy_text", ("Redundancy of a text", caption), panels.len(), panels)
}

/// Sources of text whose entropy is known exactly, to check estimates with.
#[cfg(test)]
mod sources {
    use rand::{RngExt as _, SeedableRng as _};
    use rand_chacha::ChaCha8Rng;

    /// A stationary random source whose entropy is known exactly; its symbols are the bytes from 0.
    #[derive(Debug, Clone, Copy, PartialEq)]
    pub(crate) enum Source {
        /// Independent symbols, 1 with this probability and otherwise 0.
        Bernoulli {
            /// Probability of a 1.
            probability: f64,
        },
        /// A chain of 0 and 1, as often either, that changes with this probability.
        Markov {
            /// Probability that a symbol differs from the one before.
            flip_probability: f64,
        },
        /// The chain of 0 and 1 with the largest entropy in which no 1 follows a 1.
        GoldenMean,
        /// Independent symbols, the `r`-th with a probability as `1/r`.
        Zipf {
            /// Number of symbols.
            n_symbols: u8,
        },
        /// Independent, equally probable symbols.
        Uniform {
            /// Number of symbols.
            n_symbols: u8,
        },
    }

    impl Source {
        /// The source's entropy, in bits per symbol.
        pub(crate) fn entropy_bits(self) -> f64 {
            match self {
                Self::Bernoulli { probability: p } | Self::Markov { flip_probability: p } => {
                    entropy(&[p, 1.0 - p])
                }
                Self::GoldenMean => std::f64::consts::GOLDEN_RATIO.log2(),
                Self::Zipf { n_symbols } | Self::Uniform { n_symbols } => {
                    entropy(&self.probabilities(n_symbols))
                }
            }
        }

        /// A text of `n_symbols` symbols, drawn from `seed`.
        pub(crate) fn text(self, n_symbols: usize, seed: u64) -> Vec<u8> {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let mut chance = |p: f64| u8::from(rng.random::<f64>() < p);
            let ratio = std::f64::consts::GOLDEN_RATIO;
            match self {
                Self::Bernoulli { probability } => {
                    (0..n_symbols).map(|_| chance(probability)).collect()
                }
                Self::Markov { flip_probability } => {
                    let mut state = chance(0.5);
                    let mut step = || {
                        let next = state ^ chance(flip_probability);
                        std::mem::replace(&mut state, next)
                    };
                    (0..n_symbols).map(|_| step()).collect()
                }
                Self::GoldenMean => {
                    // After a 0 comes a 1 with probability φ⁻²; so 1 has a share of 1 / (1 + φ²).
                    let mut state = chance(1.0 / (1.0 + ratio * ratio));
                    let mut step = || {
                        let next = if state == 1 { 0 } else { chance(ratio.powi(-2)) };
                        std::mem::replace(&mut state, next)
                    };
                    (0..n_symbols).map(|_| step()).collect()
                }
                Self::Zipf { n_symbols: size } | Self::Uniform { n_symbols: size } => {
                    let mut sum = 0.0;
                    let sums: Vec<f64> =
                        self.probabilities(size).iter().map(|p| add(&mut sum, *p)).collect();
                    let symbols: Vec<u8> = (0..size).collect();
                    // Rounding may leave the last sum below one.
                    let place =
                        |u: f64| sums.partition_point(|sum| *sum <= u).min(symbols.len() - 1);
                    (0..n_symbols).map(|_| symbols[place(rng.random())]).collect()
                }
            }
        }

        /// The probabilities of independent symbols, of which there are `n_symbols`.
        fn probabilities(self, n_symbols: u8) -> Vec<f64> {
            let weight =
                |rank| if matches!(self, Self::Zipf { .. }) { 1.0 / f64::from(rank) } else { 1.0 };
            let weights: Vec<f64> = (1..=n_symbols).map(weight).collect();
            let total: f64 = weights.iter().sum();
            weights.iter().map(|weight| weight / total).collect()
        }
    }

    /// Adds to a running sum and returns it.
    fn add(sum: &mut f64, value: f64) -> f64 {
        *sum += value;
        *sum
    }

    /// The entropy of a distribution, in bits.
    pub(crate) fn entropy(probabilities: &[f64]) -> f64 {
        probabilities.iter().filter(|p| **p > 0.0).map(|p| -p * p.log2()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redundancy::text::entropies::text_redundancy;
    use crate::redundancy::text::sources::Source;

    #[test]
    fn a_chain_depends_on_its_past_and_has_no_power_law_of_entropy() {
        let given = Source::Markov { flip_probability: 0.1 }.text(200_000, 1);
        let found = text_redundancy(&given, 6, 1).unwrap();
        let tables = study(&given, &found, &usual_lags(given.len()), 1).unwrap().tables;
        let of_lags = tables.get("redundancy_lags").unwrap();
        assert_eq!(of_lags.rows.len(), 11);
        let stands_out = of_lags.words("stands_out").unwrap();
        assert!(stands_out[0] == "yes" && stands_out[10] == "no");
        let values = tables.get("redundancy_by_data").unwrap().numbers("value").unwrap();
        assert!(values[0] > 0.0 && values[1].is_nan() && values[2].is_nan(), "{values:?}");
        let points = tables.get("redundancy_by_data").unwrap().fields(["points"]).unwrap();
        assert!(
            matches!(points[0][0], Field::Whole(n) if *n >= 3) && *points[1][0] == Field::Missing
        );
        let line = |notes: &[Note], what: &str| {
            notes.iter().any(|note| matches!(note, Note::Line(line) if line.contains(what)))
        };
        let notes = study(&given, &found, &usual_lags(given.len()), 1).unwrap().notes;
        assert!(line(&notes, "no gamma") && !line(&notes, "no beta_c") && !line(&notes, "UTF-16"));
        let wide = b"\xff\xfea\0b\0a\0a\0b\0b\0a\0".repeat(20);
        let of_wide = text_redundancy(&wide, 1, 1).unwrap();
        let notes = study(&wide, &of_wide, &[1, 2], 1).unwrap().notes;
        assert!(line(&notes, "begins as UTF-16 does") && line(&notes, "no beta_c"));
        assert!(study(&given, &found, &[0], 1).is_err());
        assert_eq!((usual_lags(1), usual_lags(9)), (Vec::new(), vec![1, 2, 4]));
    }

    #[test]
    fn a_repeated_text_is_redundant_and_its_shuffled_copy_is_not() {
        let given = b"abcd".repeat(5000);
        let found = text_redundancy(&given, 2, 1).unwrap();
        let (orders, rates) = (by_context(&found), rates(&found));
        let of = |column: &str| orders.numbers(column).unwrap();
        assert!(of("conditional_bits")[0] > 1.999 && of("conditional_bits")[1] < 1e-3);
        assert!(of("shuffled_bits")[1] > 1.99);
        assert_eq!(orders.words("trusted").unwrap(), ["yes", "yes", "yes"]);
        assert!(rates.numbers("bits").unwrap()[2..].iter().all(|bits| *bits < 0.1));
    }
}
