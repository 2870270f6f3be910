//! What five published snippets answer, beside the right quantities.

use crate::as_published::AsPublishedError;
use crate::as_published::allocation::resource_allocation;
use crate::as_published::emergence::{IclExponents, icl_emergence};
use crate::as_published::encoder::interference;
use crate::as_published::predictor::unified_prediction;
use crate::as_published::redundancy::{exponent_from_dimension, predicted_loss};
use crate::chinchilla::law::BESIROGLU;
use crate::icl::exact::task_gap_limit;
use superpose_files::table::{Field, Table};
use superpose_toy::overlap::random_mean_square;

/// What the snippets are asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Question {
    /// `N`.
    pub n_parameters: f64,
    /// `D`, in tokens.
    pub n_tokens: f64,
    /// `R`, from 0 to 1.
    pub redundancy: f64,
    /// Dimension of the data.
    pub dimension: f64,
    /// Hidden width.
    pub d_hidden: usize,
    /// Examples in the context.
    pub n_context: f64,
    /// Complexity of the task.
    pub complexity: f64,
    /// The loss to reach, in the snippet's units.
    pub target_loss: f64,
    /// Compute to spend.
    pub compute: f64,
}

/// The table `as_published`, one row an answer: what the snippet says, or why it has no answer; what is wrong with it; and
/// the right quantity.
pub fn as_published(question: &Question) -> Table {
    let mut table = Table::new(
        "as_published",
        "What do the source page's snippets answer, and what should they?",
        &[
            ("snippet", "what the snippet computes"),
            ("published", "its answer"),
            ("refused", "why there is no answer, and what the published code does instead"),
            ("wrong", "what is wrong with it"),
            ("instead", "the right quantity"),
            ("value", "its value"),
        ],
    );
    let mut push = |snippet: &str,
                    published: Result<f64, AsPublishedError>,
                    wrong: &str,
                    instead: &str,
                    value: f64| {
        let refused = published.as_ref().err().map(ToString::to_string);
        let published: Field = published.ok().into();
        table.push(vec![
            snippet.into(),
            published,
            refused.into(),
            wrong.into(),
            instead.into(),
            value.into(),
        ]);
    };
    let &Question { n_parameters: n, n_tokens: d, redundancy: r, .. } = question;
    let fitted = BESIROGLU.loss(n, d);
    push(
        "redundancy law: loss",
        predicted_loss(n, d, 1.0, r),
        "rises with data, has no irreducible part and no unit",
        "loss of Besiroglu et al. 2024, nats a token",
        fitted,
    );
    push(
        "redundancy law: exponent",
        exponent_from_dimension(question.dimension),
        "an exponent of the data alone; the same data has 2/d for nearest neighbours and 4/d for local lines",
        "4/d (Sharma & Kaplan 2022, smooth targets)",
        if question.dimension > 0.0 { 4.0 / question.dimension } else { f64::NAN },
    );
    push(
        "superposition: interference of one active feature",
        interference(&[vec![1.0]], question.d_hidden).map(f64::from),
        "a lone feature interferes with itself, and the weights are not used",
        "mean squared overlap of two random directions, 1/d",
        random_mean_square(question.d_hidden),
    );
    let emergence =
        icl_emergence(n, question.n_context, question.complexity, IclExponents::PUBLISHED);
    push(
        "in-context learning: probability of emergence",
        emergence.map(|found| found.emergence_probability),
        "never below 0.632, and higher for harder tasks; its exponents are of parameters and tokens",
        "what new tasks cost more with half as many pretraining tasks as dimensions; none from κ = 1 on",
        task_gap_limit(0.5),
    );
    push(
        "unified predictor: loss",
        unified_prediction(n, d, r, question.dimension).map(|found| found.predicted_loss),
        "rises with data, does not use the dimension, and its confidence is high for any model",
        "loss of Besiroglu et al. 2024, nats a token",
        fitted,
    );
    let allocation = resource_allocation(question.target_loss, question.compute, r);
    let best = BESIROGLU.allocate(question.compute);
    let best =
        |get: fn(&crate::chinchilla::law::Allocation) -> f64| best.as_ref().map_or(f64::NAN, get);
    push(
        "allocation: parameters",
        allocation.map(|found| found.n_params),
        "reaches the target by definition, whatever the budget, and spends a part of it",
        "parameters for this compute, Besiroglu et al. 2024",
        best(|allocation| allocation.parameters),
    );
    push(
        "allocation: tokens",
        allocation.map(|found| found.n_tokens),
        "twenty parameters a token instead of twenty tokens a parameter; compute without its factor of six",
        "tokens for this compute, Besiroglu et al. 2024",
        best(|allocation| allocation.tokens),
    );
    table
}

/// A row of the source page's evidence, and what else is known of it.
struct Evidence {
    data: &'static str,
    dimension: f64,
    predicted: f64,
    observed: f64,
    /// Exponents by parameters in the literature, and whose.
    literature: &'static [(f64, &'static str)],
}

const EVIDENCE: [Evidence; 3] = [
    Evidence {
        data: "language",
        dimension: 1.2,
        predicted: 0.083,
        observed: 0.076,
        literature: &[(0.076, "Kaplan et al. 2020"), (0.34, "Hoffmann et al. 2022")],
    },
    Evidence { data: "code", dimension: 1.5, predicted: 0.067, observed: 0.070, literature: &[] },
    Evidence {
        data: "images",
        dimension: 2.0,
        predicted: 0.050,
        observed: 0.045,
        literature: &[
            (0.24, "Henighan et al. 2020, 8 × 8"),
            (0.22, "Henighan et al. 2020, 16 × 16"),
            (0.13, "Henighan et al. 2020, 32 × 32"),
        ],
    },
];

/// The table `as_published_evidence`: what the source page claims of exponents and dimensions of data, what its own snippet
/// makes of those dimensions, and exponents of the literature. One row a claim and exponent of the literature.
pub fn evidence() -> Table {
    let mut table = Table::new(
        "as_published_evidence",
        "Is the source page's evidence for exponents by dimension anywhere else? It names no source.",
        &[
            ("data", "kind of data"),
            ("claimed_dimension", "on the page"),
            ("claimed_prediction", "on the page: 0.1 / dimension"),
            (
                "snippet",
                "1 / dimension: what the page's own code returns for it, ten times as much",
            ),
            ("claimed_observation", "on the page, not reproduced"),
            ("literature", "exponent of the loss by parameters; none was found for code"),
            ("source", "of that"),
            ("implied_dimension", "4 / that exponent: the same kind of data has several"),
        ],
    );
    for row in EVIDENCE {
        let snippet: Field = exponent_from_dimension(row.dimension).ok().into();
        let numbers = [row.dimension, row.predicted].map(Field::from);
        let mut push = |exponent: Option<f64>, source: Option<&str>| {
            let mut fields = vec![row.data.into()];
            fields.extend(numbers.clone());
            fields.extend([snippet.clone(), row.observed.into(), exponent.into()]);
            fields.extend([source.map_or(Field::Missing, Field::from)]);
            fields.push(exponent.map(|exponent| 4.0 / exponent).into());
            table.push(fields);
        };
        if row.literature.is_empty() {
            push(None, None);
        }
        for (exponent, source) in row.literature {
            push(Some(*exponent), Some(source));
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUESTION: Question = Question {
        n_parameters: 1e9,
        n_tokens: 2e10,
        redundancy: 0.5,
        dimension: 1.5,
        d_hidden: 2,
        n_context: 32.0,
        complexity: 1.0,
        target_loss: 0.2,
        compute: 1e21,
    };

    #[test]
    fn the_page_is_a_factor_of_ten_from_its_own_code() {
        let table = evidence();
        let of = |column: &str| table.numbers(column).unwrap();
        assert_eq!(table.rows.len(), 6);
        for (snippet, claimed) in of("snippet").iter().zip(of("claimed_prediction")) {
            assert!((snippet / claimed - 10.0).abs() < 0.1, "{snippet} {claimed}");
        }
        let implied = of("implied_dimension");
        assert!((implied[0] - 52.6).abs() < 0.05 && (implied[1] - 11.8).abs() < 0.05);
    }

    #[test]
    fn published_answers_stand_beside_right_ones() {
        let table = as_published(&QUESTION);
        let published = table.numbers("published").unwrap();
        for (ours, known) in
            published.iter().zip([0.162_525_834_670_528_4, 2.0 / 3.0, 0.5_f64.sqrt()])
        {
            assert!((ours / known - 1.0).abs() < 1e-6, "{ours} {known}");
        }
        assert!(table.numbers("value").unwrap().iter().all(|value| value.is_finite()));
        assert!(table.words("refused").unwrap().iter().all(String::is_empty));
    }

    #[test]
    fn what_has_no_answer_says_what_the_published_code_does() {
        let table = as_published(&Question { dimension: 0.0, ..QUESTION });
        assert!(table.numbers("published").unwrap()[1].is_nan());
        assert!(table.words("refused").unwrap()[1].contains("raises ZeroDivisionError"));
    }
}
