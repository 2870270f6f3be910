//! `theory icl metric`: what a metric makes of a smooth loss.
//!
//! The argument of Schaeffer, Miranda & Koyejo 2023 that abilities emerge in the eye of the metric:
//! the law, its table, its picture and its words.

use superpose_figures::axis::Axis;
use superpose_figures::chart::Mark;
use superpose_figures::lines::{Lines, lines};
use superpose_figures::study::{Note, Picture, Study};
use superpose_files::table::{Field, Table, TableError, Tables};

use crate::answer::{alone, answer};

/// A power law of the loss a token, `(N₀/N)^a` nats at model size `N`, as metrics of success show
/// it.
///
/// The probability of a right token is `exp(−(N₀/N)^a)` and that of `T` right tokens its power `T`:
/// the same curve again with `N₀ T^(1/a)` for `N₀`, only later on the axis of `ln N`, and no
/// steeper there. Seen through a window that ends before it has risen, the smooth loss looks like
/// an ability that is missing and then emerges.
///
/// **Source**: the argument of Schaeffer, Miranda & Koyejo 2023.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TokenAccuracy {
    /// `N₀`, at which the loss is one nat a token; positive.
    pub model_scale: f64,
    /// `a`; positive.
    pub model_exponent: f64,
}

impl TokenAccuracy {
    /// The loss a token at a model size, in nats.
    pub fn loss(&self, model_size: f64) -> f64 {
        (self.model_scale / model_size).powf(self.model_exponent)
    }

    /// The probability that all of `n_tokens` are right at a model size.
    pub fn exact_match(&self, model_size: f64, n_tokens: usize) -> f64 {
        (-(n_tokens as f64) * self.loss(model_size)).exp()
    }

    /// The model size at which all of `n_tokens` are right half of the time: `N₀ (T / ln 2)^(1/a)`.
    pub fn half_match_size(&self, n_tokens: usize) -> f64 {
        let tokens = n_tokens as f64 / std::f64::consts::LN_2;
        self.model_scale * tokens.powf(self.model_exponent.recip())
    }
}

/// Model sizes in a table of exact matches, from a hundredth of `N₀` on, four to a factor of ten.
const SIZES: i32 = 40;

/// The table `icl_metric`: one smooth loss, and the probability that `n_tokens` are all right, by
/// model size.
pub fn study(accuracy: TokenAccuracy, n_tokens: &[usize]) -> Study {
    let table = by_size(accuracy, n_tokens);
    let notes = vec![side_by_side(&table, n_tokens)];
    answer([table], draw, notes)
}

fn by_size(law: TokenAccuracy, n_tokens: &[usize]) -> Table {
    let size = |step: i32| law.model_scale * 10_f64.powf(f64::from(step) / 4.0);
    let sizes = |n: &usize| (-8..=SIZES).map(size).map(|size| (*n, size)).collect::<Vec<_>>();
    Table::of(
        "icl_metric",
        "Does an ability emerge, or does the metric make it seem so?",
        n_tokens.iter().flat_map(sizes),
        &[
            ("n_tokens", "tokens that must all be right", &|(n, _)| (*n).into()),
            ("model_size", "parameters N", &|(_, size)| (*size).into()),
            ("loss", "loss a token, (N₀/N)^a", &|(_, size)| law.loss(*size).into()),
            ("exact_match", "exp(−T (N₀/N)^a)", &|(n, size)| law.exact_match(*size, *n).into()),
            ("half_match_size", "N at which it is a half", &|(n, _)| {
                law.half_match_size(*n).into()
            }),
        ],
    )
}

/// Sizes from one shown row to the next: a factor of ten.
const SIZES_A_DECADE: usize = 4;

/// Each decade of sizes in a row, with the loss and what every number of tokens makes of it side by
/// side.
fn side_by_side(table: &Table, n_tokens: &[usize]) -> Note {
    let mut header = vec!["N".to_owned(), "loss a token".to_owned()];
    header.extend(n_tokens.iter().map(|n| format!("all {n} right")));
    let fields = table.fields(["model_size", "loss", "exact_match"]).unwrap_or_default();
    let n_sizes = fields.len() / n_tokens.len().max(1);
    let row = |size: usize| {
        let [model_size, loss, _] = fields[size];
        let matches = fields.iter().skip(size).step_by(n_sizes).map(|[.., matches]| *matches);
        [model_size, loss].into_iter().chain(matches).map(Field::short).collect()
    };
    Note::Rows { header, rows: (0..n_sizes).step_by(SIZES_A_DECADE).map(row).collect() }
}

fn draw(tables: &Tables) -> Result<Vec<Picture>, TableError> {
    let table = tables.get("icl_metric")?;
    let x = || ("model_size", Axis::logarithmic("parameters N"));
    let matches = Lines {
        group: Some("n_tokens"),
        group_label: "T",
        mark: Mark::Line,
        ..Lines::plain(x(), ("exact_match", Axis::linear("all T tokens right")))
    };
    let loss = Lines::plain(x(), ("loss", Axis::logarithmic("loss a token")));
    let panels = [lines(table, &loss)?, lines(table, &matches)?].concat();
    let caption = "The curves of the right are one curve, moved. Table: icl_metric.csv.";
    alone("icl_metric", ("One smooth loss, seen through a metric", caption), 2, panels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_match_is_the_same_curve_further_on() {
        let law = TokenAccuracy { model_scale: 1e8, model_exponent: 0.304 };
        let expected = [0.0, 0.0, 0.0, 0.0, 0.007, 0.086, 0.296];
        for (decade, expected) in (6..).zip(expected) {
            let matched = law.exact_match(10f64.powi(decade), 20);
            assert!((matched - expected).abs() < 6e-4, "{decade}: {matched}");
        }
        assert!((law.exact_match(1e6, 1) - 0.017).abs() < 6e-4);
        assert!((law.exact_match(1e12, 1) - 0.941).abs() < 6e-4);
        let shift = 20f64.powf(1.0 / 0.304);
        for size in [1e7, 1e9, 1e12] {
            let power = law.exact_match(size, 1).powi(20);
            assert!((law.exact_match(size, 20) - power).abs() < 1e-12);
            let earlier = law.exact_match(size / shift, 1);
            assert!((law.exact_match(size, 20) - earlier).abs() < 1e-12);
        }
        for n_tokens in [1, 20, 400] {
            let size = law.half_match_size(n_tokens);
            assert!((law.exact_match(size, n_tokens) - 0.5).abs() < 1e-12);
        }
    }

    #[test]
    fn a_longer_answer_is_later_and_no_steeper() {
        let accuracy = TokenAccuracy { model_scale: 1e8, model_exponent: 0.3 };
        let table = by_size(accuracy, &[1, 100]);
        let (sizes, matches) =
            (table.numbers("half_match_size").unwrap(), table.numbers("exact_match").unwrap());
        let half = table.rows.len() / 2;
        assert!(sizes[half] > 100.0 * sizes[0] && matches[half] < matches[0]);
    }
}
