//! What others say of the loss of language models, beside a fit: theories of its exponents, and published laws.
//!
//! Each theory is held to the fit alone. None is multiplied with another: no source derives such a product.

use crate::chinchilla::law::PUBLISHED;
use crate::chinchilla::loss_surface::{Form, Run, interval, objective};
use superpose_toy::superposition::{PARAMETERS_BY_WIDTH, strong_exponent};

use superpose_files::table::{Field, Table};

/// A theory of the exponents `α` by parameters and `β` by tokens.
struct Theory {
    name: &'static str,
    says: &'static str,
    /// What it predicts, from the fitted exponents.
    predicts: fn(f64, f64) -> f64,
    /// What that is a prediction of.
    measured: fn(f64, f64) -> f64,
}

const THEORIES: [Theory; 3] = [
    Theory {
        name: "superposition",
        says: "α = 1/2.52: strong superposition has 1/d (Liu, Liu & Gore 2025), and N ∝ d^2.52 in the Chinchilla models",
        predicts: |_, _| strong_exponent(0.0) / PARAMETERS_BY_WIDTH,
        measured: |alpha, _| alpha,
    },
    Theory {
        name: "quanta",
        says: "β = α/(1 + α): pieces of knowledge of power-law frequency (Michaud et al. 2023)",
        predicts: |alpha, _| alpha / (1.0 + alpha),
        measured: |_, beta| beta,
    },
    Theory {
        name: "dimension",
        says: "β = α, as both would be 4/d of the data's dimension d, which is not known here (Sharma & Kaplan 2022; Bahri et al. 2024)",
        predicts: |alpha, _| alpha,
        measured: |_, beta| beta,
    },
];

/// The table `chinchilla_theories` of a law with the parameters `A, B, E, α, β` and its resamples.
pub(crate) fn theories(parameters: &[f64], resamples: &[Vec<f64>], confidence: f64) -> Table {
    let mut table = Table::new(
        "chinchilla_theories",
        "Which theory's exponents does the fit leave out?",
        &[
            ("theory", "of the exponents α by parameters and β by tokens"),
            ("says", "in a formula, and its source"),
            ("predicted", "by the theory, from the fit's other exponent where the formula has one"),
            ("measured", "by the fit"),
            ("difference_low", "measured − predicted, 95 % interval over resamples, lower end"),
            ("difference_high", "upper end"),
            ("excluded", "yes where the interval leaves zero out; no is no proof"),
        ],
    );
    for Theory { name, says, predicts, measured } in THEORIES {
        let difference = |p: &[f64]| measured(p[3], p[4]) - predicts(p[3], p[4]);
        let ends = interval(resamples, &difference, confidence);
        let excluded = ends.map(|(low, high)| if low <= 0.0 && high >= 0.0 { "no" } else { "yes" });
        let (alpha, beta) = (parameters[3], parameters[4]);
        table.push(vec![
            name.into(),
            says.into(),
            predicts(alpha, beta).into(),
            measured(alpha, beta).into(),
            ends.map(|ends| ends.0).into(),
            ends.map(|ends| ends.1).into(),
            excluded.map_or(Field::Missing, Field::from),
        ]);
    }
    table
}

/// The table `chinchilla_published`: how the published laws do on the runs, without a fit.
pub(crate) fn published(runs: &[Run]) -> Table {
    let mut table = Table::new(
        "chinchilla_published",
        "How well do published laws, as they are, describe the runs? For losses in nats a token.",
        &[
            ("law", "whose"),
            ("objective", "the sum of Huber's function of the residuals of ln L"),
            ("error", "mean |predicted / measured − 1|"),
            ("bias", "mean of predicted / measured − 1"),
            ("a", "a of N ∝ C^a"),
            ("compute_exponent", "of L − E by compute spent best"),
        ],
    );
    for (name, law) in PUBLISHED {
        let parameters = [
            law.size_coefficient,
            law.data_coefficient,
            law.irreducible,
            law.size_exponent,
            law.data_exponent,
        ];
        let off = |run: &Run| law.loss(run.parameters, run.tokens) / run.loss - 1.0;
        let mean = |of: fn(f64) -> f64| {
            runs.iter().map(|run| of(off(run))).sum::<f64>() / runs.len() as f64
        };
        table.push(vec![
            name.into(),
            objective(runs, Form::Additive, &parameters).into(),
            mean(f64::abs).into(),
            mean(|off| off).into(),
            law.size_allocation_exponent().into(),
            law.compute_exponent().into(),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_theory_is_left_out_where_its_difference_cannot_be_none() {
        let alpha = 1.0 / PARAMETERS_BY_WIDTH;
        let law =
            |shift: f64| vec![400.0, 2000.0, 1.8, alpha + shift, alpha / (1.0 + alpha) + shift];
        let resamples: Vec<Vec<f64>> = (-10..=10).map(|k| law(1e-3 * f64::from(k))).collect();
        let table = theories(&law(0.0), &resamples, 0.95);
        assert_eq!(table.words("excluded").unwrap(), ["no", "no", "yes"]);
        let predicted = table.numbers("predicted").unwrap();
        assert!((predicted[1] - alpha / (1.0 + alpha)).abs() < 1e-12);
        assert!(table.numbers("difference_high").unwrap()[2] < 0.0);
        let bare = theories(&law(0.0), &[], 0.95);
        assert!(bare.rows.iter().all(|row| row[6] == Field::Missing));
    }
}
