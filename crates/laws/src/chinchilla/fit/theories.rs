//! What others say of the loss of language models, beside a fit: theories of its exponents, and
//! published laws.
//!
//! Each theory is held to the fit alone. None is multiplied with another: no source derives such a
//! product.

use superpose_figures::study::Note;
use superpose_files::table::{Field, Table, TableError};
use superpose_toy::superposition::{PARAMETERS_BY_WIDTH, strong_exponent};

use super::runs::TrainedModel;
use super::surface::{Terms, errors, objective};
use crate::chinchilla::law::{LossSurface, PUBLISHED};
use crate::fits::interval;

/// A theory of the exponents `α` by parameters and `β` by tokens.
struct Theory {
    name: &'static str,
    says: &'static str,
    /// What it predicts, from the other exponent of a fit where its formula has one.
    predicts: fn(&LossSurface) -> f64,
    /// The exponent that it predicts, of a fit.
    measured: fn(&LossSurface) -> f64,
}

const THEORIES: [Theory; 3] = [
    Theory {
        name: "superposition",
        says: "α = 1/2.52: strong superposition has 1/d (Liu, Liu & Gore 2025), and N ∝ d^2.52 in the Chinchilla models",
        predicts: |_| strong_exponent(0.0) / PARAMETERS_BY_WIDTH,
        measured: |law| law.size_exponent,
    },
    Theory {
        name: "quanta",
        says: "β = α/(1 + α): pieces of knowledge of power-law frequency (Michaud et al. 2023)",
        predicts: |law| law.size_exponent / (1.0 + law.size_exponent),
        measured: |law| law.data_exponent,
    },
    Theory {
        name: "dimension",
        says: "β = α, as both would be 4/d of the data's dimension d, which is not known here (Sharma & Kaplan 2022; Bahri et al. 2024)",
        predicts: |law| law.size_exponent,
        measured: |law| law.data_exponent,
    },
];

/// The table `chinchilla_theories` of a fitted law and those of resamples.
pub(super) fn theories(law: &LossSurface, resamples: &[LossSurface]) -> Table {
    let mut table = Table::new(
        "chinchilla_theories",
        "Which theory's exponents does the fit leave out?",
        &[
            ("theory", "of the exponents α by parameters and β by tokens"),
            ("says", "in a formula, and its source"),
            ("predicted", "by the theory, from the fit's other exponent where the formula has one"),
            ("measured", "by the fit"),
            (
                "difference_low",
                "measured − predicted, 95 % interval by bootstrap over runs, lower end",
            ),
            ("difference_high", "upper end"),
            ("excluded", "yes where the interval leaves zero out; no is no proof"),
        ],
    );
    for Theory { name, says, predicts, measured } in THEORIES {
        let difference = |law: &LossSurface| measured(law) - predicts(law);
        let [low, high] = interval(resamples.iter().map(difference));
        let excluded = match (low.number(), high.number()) {
            (Some(low), Some(high)) => Some(if low <= 0.0 && high >= 0.0 { "no" } else { "yes" }),
            _ => None,
        };
        let [predicted, measured] = [predicts, measured].map(|of| of(law).into());
        let (name, says) = (name.into(), says.into());
        table.push(vec![name, says, predicted, measured, low, high, excluded.into()]);
    }
    table
}

/// The table `chinchilla_published`: how the published laws do on the runs, without a fit.
pub(super) fn published(runs: &[TrainedModel]) -> Table {
    let errors = |law: &LossSurface| errors(runs, |n, d| law.loss(n, d));
    Table::of(
        "chinchilla_published",
        "How well do published laws, as they are, describe the runs? For losses in nats a token.",
        PUBLISHED,
        &[
            ("law", "whose", &|(name, _)| (*name).into()),
            ("objective", "the sum of Huber's function of the residuals of ln L", &|(_, law)| {
                objective(runs, Terms::Additive, &law.parameters()).into()
            }),
            ("error", "mean |predicted / measured − 1|", &|(_, law)| errors(law).0.into()),
            ("bias", "mean of predicted / measured − 1", &|(_, law)| errors(law).1.into()),
            ("a", "a of N ∝ C^a", &|(_, law)| law.size_allocation_exponent().into()),
            ("compute_exponent", "of L − E by compute spent best", &|(_, law)| {
                law.compute_exponent().into()
            }),
        ],
    )
}

/// What to say of both tables.
pub(super) fn words(theories: &Table, published: &Table) -> Result<Vec<Note>, TableError> {
    let header =
        ["theory", "predicted", "measured", "difference, 95 %, bootstrap over runs", "excluded"];
    let columns =
        ["theory", "predicted", "measured", "difference_low", "difference_high", "excluded"];
    let row = |[theory, predicted, measured, low, high, excluded]: [&Field; 6]| {
        let difference = format!("{} to {}", low.short(), high.short());
        let (theory, excluded) = (theory.to_string(), excluded.to_string());
        vec![theory, predicted.short(), measured.short(), difference, excluded]
    };
    let rows = theories.fields(columns)?.into_iter().map(row).collect();
    let mut notes = vec![Note::rows(&header, rows)];
    for [theory, says] in theories.fields(["theory", "says"])? {
        notes.push(Note::Line(format!("{theory}: {says}")));
    }
    let header = ["published law", "objective", "error", "bias", "a", "compute exponent"];
    notes.push(Note::whole(published, &header));
    Ok(notes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_theory_is_left_out_where_its_difference_cannot_be_none() {
        let alpha = 1.0 / PARAMETERS_BY_WIDTH;
        let law = |shift: f64| {
            LossSurface::of([400.0, 2000.0, 1.8, alpha + shift, alpha / (1.0 + alpha) + shift])
        };
        let resamples: Vec<LossSurface> = (-10..=10).map(|k| law(1e-3 * f64::from(k))).collect();
        let table = theories(&law(0.0), &resamples);
        assert_eq!(table.words("excluded").unwrap(), ["no", "no", "yes"]);
        let predicted = table.numbers("predicted").unwrap();
        assert!((predicted[1] - alpha / (1.0 + alpha)).abs() < 1e-12);
        assert!(table.numbers("difference_high").unwrap()[2] < 0.0);
        let bare = theories(&law(0.0), &[]);
        assert_eq!(bare.words("excluded").unwrap(), ["", "", ""]);
    }
}
