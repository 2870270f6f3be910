//! What was measured, as tables: what each head looks like, its norms, overlaps and spectrum, how
//! overlaps fall with width, and what others found.

use std::collections::BTreeSet;

use superpose_files::table::{Field, Table, Tables};
use superpose_geometry::overlap::SquaredOverlaps;
use superpose_stats::power_law::fit_power_law;
use superpose_toy::overlap::{
    random_mean_square, random_overlap_probability, random_square_variance, welch_mean_square,
};

use crate::measure::{Measured, Overlaps, overlap_bins};
use crate::tensor::Tensor;
use crate::verdict::verdict;

/// A head that was measured.
#[derive(Debug, Clone)]
pub struct Model {
    /// What it is called in tables and pictures.
    pub name: String,
    /// The tensor.
    pub tensor: Tensor,
    /// Why this tensor.
    pub chosen: String,
    /// What it looks like.
    pub measured: Measured,
}

/// The tables of some heads: `heads`, `head_norms`, `head_overlaps`, `head_spectra`, `head_fits`
/// and `published_overlaps`.
pub(crate) fn tables(models: &[Model]) -> Tables {
    let heads = heads(models);
    let fits = fits(&heads);
    let all = [heads, norms(models), overlaps(models), spectra(models), fits, published_overlaps()];
    all.into_iter().collect()
}

/// What is known of a head.
const HEAD_COLUMNS: [(&str, &str); 31] = [
    ("model", "name of the model"),
    ("tensor", "the tensor that was measured"),
    ("chosen", "why this tensor"),
    ("stored", "how its numbers are stored"),
    ("n_rows", "rows of the matrix: the vocabulary"),
    ("d_hidden", "length of a row"),
    ("zero_rows", "rows of zeros, left out elsewhere"),
    (
        "not_finite_rows",
        "rows with a number that is not finite in single precision, left out elsewhere",
    ),
    ("norm_mean", "mean row norm"),
    ("norm_std", "standard deviation of row norms"),
    ("norm_min", "smallest row norm"),
    ("norm_max", "largest row norm"),
    ("phi_half", "fraction of rows with norm above 1/2"),
    ("phi_one", "fraction of rows with norm above 1"),
    ("phi_half_of_mean", "fraction of rows with norm above half the mean norm"),
    ("overlap_mean_square", "mean cos² over all pairs of rows"),
    ("overlap_mean_square_centred", "the same for rows without their mean"),
    ("overlap_random", "mean cos² of random directions, 1/d"),
    ("overlap_welch", "the least mean cos² of so many directions, (n−d) / (d(n−1))"),
    ("sample_rows", "rows in the sample that the next columns are taken of"),
    ("overlap_variance", "variance of cos² over the pairs of the sample"),
    ("overlap_variance_centred", "the same for rows without their mean"),
    ("overlap_variance_random", "variance of cos² of random directions"),
    ("overlap_max", "largest cos² in the sample"),
    ("overlap_max_centred", "the same for rows without their mean"),
    ("participation_ratio", "(Σλ)² / Σλ² of the eigenvalues λ of WᵀW"),
    ("effective_rank", "exp of the entropy of the singular values' shares"),
    ("spectrum_exponent", "s of λ_k ∝ k^-s over ranks 10 to d/2"),
    ("spectrum_r_squared", "R² of that fit"),
    ("regime", "strong, weak or between"),
    ("reason", "why"),
];

/// One row a head.
fn heads(models: &[Model]) -> Table {
    let mut table = Table::new("heads", "What does each head look like?", &HEAD_COLUMNS);
    for model in models {
        let Measured { norms, overlaps, centred_overlaps, spectrum, .. } = &model.measured;
        let (n, d) = (overlaps.n_rows, model.measured.width);
        let of = |o: &Overlaps, get: fn(&SquaredOverlaps) -> f64| -> Field {
            o.sample.as_ref().map(get).into()
        };
        let (regime, reason) = verdict(&model.measured);
        table.push(vec![
            model.name.as_str().into(),
            model.tensor.name.as_str().into(),
            model.chosen.as_str().into(),
            model.tensor.encoding.to_string().into(),
            model.measured.n_rows.into(),
            d.into(),
            model.measured.n_zero.into(),
            model.measured.n_not_finite.into(),
            norms.summary.mean.into(),
            norms.summary.standard_deviation.into(),
            norms.smallest.into(),
            norms.largest.into(),
            norms.above_half.into(),
            norms.above_one.into(),
            norms.above_half_of_mean.into(),
            overlaps.mean_square.into(),
            centred_overlaps.mean_square.into(),
            random_mean_square(d).into(),
            welch_mean_square(n, d).into(),
            overlaps.sample.map(|sample| sample.n_rows).into(),
            of(overlaps, |o| o.variance),
            of(centred_overlaps, |o| o.variance),
            random_square_variance(d).into(),
            of(overlaps, |o| o.maximum),
            of(centred_overlaps, |o| o.maximum),
            spectrum.participation_ratio.into(),
            spectrum.effective_rank.into(),
            spectrum.slope.map(|slope| slope.exponent).into(),
            spectrum.slope.map(|slope| slope.r_squared).into(),
            regime.to_string().into(),
            reason.into(),
        ]);
    }
    table
}

/// One row a bin of row norms.
fn norms(models: &[Model]) -> Table {
    let mut table = Table::new(
        "head_norms",
        "How long are the rows?",
        &[
            ("model", "name of the model"),
            ("norm_low", "lower edge of the bin"),
            ("norm_high", "upper edge of the bin; the last one holds all longer rows, too"),
            ("rows", "number of rows"),
            ("density", "share of rows divided by the width of the bin"),
        ],
    );
    for model in models {
        let norms = &model.measured.norms;
        let n: u64 = norms.counts.iter().sum();
        for (edges, count) in norms.edges.windows(2).zip(&norms.counts) {
            let density = *count as f64 / n as f64 / (edges[1] - edges[0]);
            let (name, low, high) = (&*model.name, edges[0], edges[1]);
            let [low, high, density] = [low, high, density].map(Field::from);
            table.push(vec![name.into(), low, high, (*count).into(), density]);
        }
    }
    table
}

/// One row a bin of `|cos|`.
fn overlaps(models: &[Model]) -> Table {
    let mut table = Table::new(
        "head_overlaps",
        "How much do pairs of rows overlap, and how much would random directions?",
        &[
            ("model", "name of the model"),
            ("overlap_low", "lower edge of the bin of |cos|"),
            ("overlap_high", "upper edge"),
            ("overlap", "middle of the bin"),
            ("density", "share of the sample's pairs divided by the width of the bin"),
            ("density_centred", "the same for rows without their mean"),
            ("density_random", "the same for random directions; none below one pair of the sample"),
        ],
    );
    for model in models {
        let width = model.measured.width;
        let edges = overlap_bins(width).edges();
        let Measured { overlaps, centred_overlaps, .. } = &model.measured;
        let n_pairs: u64 = overlaps.counts.iter().sum();
        for (k, edge) in edges.windows(2).enumerate() {
            let (low, high) = (edge[0], edge[1]);
            let density = |o: &Overlaps| {
                let n: u64 = o.counts.iter().sum();
                o.counts[k] as f64 / n as f64 / (high - low)
            };
            let below = |overlap| random_overlap_probability(overlap, width);
            let random = below(high) - below(low);
            let expected = random * n_pairs as f64;
            table.push(vec![
                model.name.as_str().into(),
                low.into(),
                high.into(),
                (0.5 * (low + high)).into(),
                density(overlaps).into(),
                density(centred_overlaps).into(),
                (expected >= 1.0).then(|| random / (high - low)).into(),
            ]);
        }
    }
    table
}

/// One row an eigenvalue.
fn spectra(models: &[Model]) -> Table {
    let mut table = Table::new(
        "head_spectra",
        "How evenly are the dimensions used?",
        &[
            ("model", "name of the model"),
            ("rank", "rank of the eigenvalue of WᵀW, from 1"),
            ("share", "the eigenvalue divided by their sum"),
            ("fitted", "the power law fitted over ranks 10 to d/2"),
        ],
    );
    for model in models {
        let spectrum = &model.measured.spectrum;
        let sum: f64 = spectrum.eigenvalues.iter().sum();
        let ranks = crate::measure::slope_ranks(model.measured.width);
        for (rank, value) in (1..).zip(&spectrum.eigenvalues) {
            let slope = spectrum.slope.filter(|_| ranks.contains(&rank));
            let fitted = slope.map(|slope| slope.at(rank as f64) / sum);
            let name = model.name.as_str().into();
            table.push(vec![name, rank.into(), (value / sum).into(), fitted.into()]);
        }
    }
    table
}

/// The law of mean squared overlap against width over the models of the table [`heads`]; no rows
/// when there are fewer than three widths.
fn fits(heads: &Table) -> Table {
    let fit = |(name, column)| {
        let (widths, values) = (heads.numbers("d_hidden").ok()?, heads.numbers(column).ok()?);
        let distinct: BTreeSet<u64> = widths.iter().map(|width| width.to_bits()).collect();
        let fit = fit_power_law(&widths, &values).ok().filter(|_| distinct.len() > 2)?;
        Some((name, fit))
    };
    let columns = [("raw", "overlap_mean_square"), ("centred", "overlap_mean_square_centred")];
    Table::of(
        "head_fits",
        "How does the mean squared overlap fall with width?",
        columns.into_iter().filter_map(fit),
        &[
            ("overlaps", "which overlaps: raw, or centred", &|(name, _)| (*name).into()),
            ("coefficient", "c of c · d^-exponent", &|(_, fit)| fit.coefficient.into()),
            ("exponent", "the exponent; random directions have 1", &|(_, fit)| fit.exponent.into()),
            ("exponent_se", "its standard error", &|(_, fit)| fit.exponent_se.into()),
            (
                "ci_low",
                "95 % interval of the exponent by the scatter of the heads about the line, lower end",
                &|(_, fit)| fit.exponent_interval(0.95).0.into(),
            ),
            ("ci_high", "the same, upper end", &|(_, fit)| fit.exponent_interval(0.95).1.into()),
            ("r_squared", "R² of the line", &|(_, fit)| fit.r_squared.into()),
            ("models", "models in the fit", &|(_, fit)| fit.n_points.into()),
        ],
    )
}

/// The mean squared overlaps of 25 heads, read off figure 6a of Liu, Liu & Gore 2025 (arXiv
/// 2505.10465 v4) with an error of about half a per cent; raw, over all pairs.
///
/// # Panics
/// Never: the file is compiled in, and a test reads it.
fn published_overlaps() -> Table {
    let csv = include_bytes!("../published/fig6a.csv");
    let read = Table::from_csv("published_overlaps", csv).expect("the file is compiled in");
    let rows = read.fields(["family", "d_hidden", "overlap_mean_square"]);
    Table::of(
        "published_overlaps",
        "What did Liu, Liu & Gore 2025 find (figure 6a)?",
        rows.expect("the file is compiled in"),
        &[
            ("family", "family of models", &|[family, ..]| (*family).clone()),
            ("d_hidden", "length of a row", &|[_, width, _]| (*width).clone()),
            ("overlap_mean_square", "mean cos² over all pairs of rows, raw", &|[.., overlap]| {
                (*overlap).clone()
            }),
            ("overlap_random", "mean cos² of random directions, 1/d", &|[_, width, _]| {
                width.number().map(|width| 1.0 / width).into()
            }),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::{gaussian, matrix};
    use crate::measure::{Options, measure};

    #[test]
    fn the_published_overlaps_are_those_of_the_figure() {
        let table = published_overlaps();
        let numbers = |column| table.numbers(column).unwrap();
        assert_eq!(table.rows.len(), 25);
        assert!(numbers("overlap_mean_square").iter().all(|v| (1e-4..0.2).contains(v)));
        for (width, inverse) in numbers("d_hidden").iter().zip(numbers("overlap_random")) {
            assert!((width * inverse - 1.0).abs() < 1e-12);
        }
    }

    /// Two models of 300 rows in 40 dimensions; the second is centred and has a row of zeros and one that is
    /// not finite.
    fn models() -> Vec<Model> {
        let mut values = gaussian(300 * 40, 7);
        values[..40].fill(0.0);
        values[40] = f32::NAN;
        let of = |name: &str, values: &[f32], centre| {
            let matrix = matrix(values, 40);
            let options = Options { centre, n_sampled: 100 };
            let measured = measure(&matrix, options, &mut |_| {}).unwrap();
            let (name, chosen) = (name.to_owned(), "as asked".to_owned());
            Model { name, tensor: matrix.tensor().clone(), chosen, measured }
        };
        vec![of("a", &gaussian(300 * 40, 6), false), of("b", &values, true)]
    }

    fn of_model(table: &Table, model: &str, column: &str) -> Vec<f64> {
        let names = table.words("model").unwrap();
        let numbers = table.numbers(column).unwrap();
        names.iter().zip(numbers).filter(|(name, _)| *name == model).map(|(_, n)| n).collect()
    }

    #[test]
    fn every_column_of_a_head_holds_what_was_measured() {
        let models = models();
        let table = heads(&models);
        for (row, model) in models.iter().enumerate() {
            let Measured { norms, overlaps, centred_overlaps, spectrum, .. } = &model.measured;
            let [sample, centred] = [overlaps, centred_overlaps].map(|o| o.sample.unwrap());
            let slope = spectrum.slope.unwrap();
            for (column, expected) in [
                ("n_rows", 300.0),
                ("d_hidden", 40.0),
                ("zero_rows", [0.0, 1.0][row]),
                ("not_finite_rows", [0.0, 1.0][row]),
                ("norm_mean", norms.summary.mean),
                ("norm_std", norms.summary.standard_deviation),
                ("norm_min", norms.smallest),
                ("norm_max", norms.largest),
                ("phi_half", norms.above_half),
                ("phi_one", norms.above_one),
                ("phi_half_of_mean", norms.above_half_of_mean),
                ("overlap_mean_square", overlaps.mean_square),
                ("overlap_mean_square_centred", centred_overlaps.mean_square),
                ("overlap_random", 1.0 / 40.0),
                ("overlap_welch", welch_mean_square([300, 298][row], 40)),
                ("sample_rows", [100.0, 99.0][row]),
                ("overlap_variance", sample.variance),
                ("overlap_variance_centred", centred.variance),
                ("overlap_variance_random", 2.0 * 39.0 / (1600.0 * 42.0)),
                ("overlap_max", sample.maximum),
                ("overlap_max_centred", centred.maximum),
                ("participation_ratio", spectrum.participation_ratio),
                ("effective_rank", spectrum.effective_rank),
                ("spectrum_exponent", slope.exponent),
                ("spectrum_r_squared", slope.r_squared),
            ] {
                let found = table.numbers(column).unwrap()[row];
                assert!((found - expected).abs() <= 1e-12 * expected.abs(), "{column}: {found}");
            }
            let words = [
                ("model", &*model.name),
                ("tensor", "w"),
                ("chosen", "as asked"),
                ("stored", "F32"),
            ];
            for (column, expected) in words {
                assert_eq!(table.words(column).unwrap()[row], expected);
            }
            assert_eq!(table.words("regime").unwrap()[row], "strong");
            assert!(table.words("reason").unwrap()[row].contains("% of"));
        }
    }

    #[test]
    fn densities_and_shares_add_up_to_one() {
        let models = models();
        let tables = tables(&models);
        let table = |name: &str| tables.get(name).unwrap();
        for (model, n_rows) in [("a", 300.0), ("b", 298.0)] {
            let of = |name: &str, column: &str| of_model(table(name), model, column);
            let area = |name: &str, [low, high, density]: [&str; 3]| -> f64 {
                let (low, high, density) = (of(name, low), of(name, high), of(name, density));
                (0..low.len()).map(|k| (high[k] - low[k]) * density[k]).sum()
            };
            let one = area("head_norms", ["norm_low", "norm_high", "density"]);
            assert!((one - 1.0).abs() < 1e-12, "{one}");
            let rows: f64 = of("head_norms", "rows").iter().sum();
            assert!((rows - n_rows).abs() < 1e-12, "{rows}");
            for density in ["density", "density_centred"] {
                let one = area("head_overlaps", ["overlap_low", "overlap_high", density]);
                assert!((one - 1.0).abs() < 1e-12, "{density} {one}");
            }
            let middles = of_model(table("head_overlaps"), model, "overlap");
            let low = of_model(table("head_overlaps"), model, "overlap_low");
            let high = of_model(table("head_overlaps"), model, "overlap_high");
            for (k, middle) in middles.iter().enumerate() {
                assert!((middle - (low[k] + high[k]) / 2.0).abs() < 1e-15);
            }
            let one: f64 = of("head_spectra", "share").iter().sum();
            assert!((one - 1.0).abs() < 1e-12, "{one}");
            let ranks = of_model(table("head_spectra"), model, "rank");
            assert_eq!((ranks[0], ranks[39], ranks.len()), (1.0, 40.0, 40));
        }
    }

    #[test]
    fn random_directions_have_a_density_where_a_pair_of_the_sample_is_expected() {
        let models = models();
        let table = overlaps(&models);
        let random = of_model(&table, "a", "density_random");
        let (low, high) =
            (of_model(&table, "a", "overlap_low"), of_model(&table, "a", "overlap_high"));
        let share = |k: usize| {
            random_overlap_probability(high[k], 40) - random_overlap_probability(low[k], 40)
        };
        let n_pairs = 100.0 * 99.0 / 2.0;
        assert!(random[0] > 0.0 && random[random.len() - 1].is_nan());
        for (k, density) in random.iter().enumerate() {
            assert_eq!(density.is_nan(), share(k) * n_pairs < 1.0, "{k}");
            if !density.is_nan() {
                assert!((density * (high[k] - low[k]) / share(k) - 1.0).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn the_fitted_spectrum_is_the_power_law_over_its_ranks() {
        let models = models();
        let table = spectra(&models);
        let fitted = of_model(&table, "a", "fitted");
        let spectrum = &models[0].measured.spectrum;
        let sum: f64 = spectrum.eigenvalues.iter().sum();
        for (k, value) in fitted.iter().enumerate() {
            let rank = k + 1;
            assert_eq!(value.is_nan(), !(10..=20).contains(&rank), "{rank}");
            if !value.is_nan() {
                let slope = spectrum.slope.unwrap();
                let law = slope.coefficient * (rank as f64).powf(-slope.exponent) / sum;
                assert!((value / law - 1.0).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn a_law_needs_three_widths() {
        let heads = |rows: &str| {
            let header = "d_hidden,overlap_mean_square,overlap_mean_square_centred\n";
            Table::from_csv("heads", [header, rows].concat().as_bytes()).unwrap()
        };
        assert!(fits(&heads("10,0.1,0.1\n10,0.11,0.1\n20,0.05,0.05\n")).rows.is_empty());
        let fits = fits(&heads("10,0.1,0.4\n20,0.05,0.1\n40,0.025,0.025\n"));
        let exponents = fits.numbers("exponent").unwrap();
        assert!((exponents[0] - 1.0).abs() < 1e-12 && (exponents[1] - 2.0).abs() < 1e-12);
        assert_eq!(fits.words("overlaps").unwrap(), ["raw", "centred"]);
        let coefficients = fits.numbers("coefficient").unwrap();
        assert!((coefficients[0] - 1.0).abs() < 1e-9 && (coefficients[1] - 40.0).abs() < 1e-9);
        assert_eq!(fits.numbers("models").unwrap(), [3.0, 3.0]);
        let scattered = heads("10,0.1,0.4\n20,0.06,0.1\n40,0.025,0.025\n80,0.01,0.02\n");
        let table = self::fits(&scattered);
        let widths = scattered.numbers("d_hidden").unwrap();
        let raw = scattered.numbers("overlap_mean_square").unwrap();
        let fit = fit_power_law(&widths, &raw).unwrap();
        let interval = fit.exponent_interval(0.95);
        for (column, expected) in [
            ("exponent", fit.exponent),
            ("exponent_se", fit.exponent_se),
            ("ci_low", interval.0),
            ("ci_high", interval.1),
            ("r_squared", fit.r_squared),
        ] {
            assert!((table.numbers(column).unwrap()[0] - expected).abs() < 1e-12, "{column}");
        }
    }
}
