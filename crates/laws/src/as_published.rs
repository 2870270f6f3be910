//! `theory as-published`: five published code snippets, kept as they are so that their answers can be shown beside
//! the right ones.
//!
//! The source page is a Chinese survey page of scaling-law theory. None of its snippets is a law: each file of the
//! folder has one, says what is wrong with it and names the quantity to use instead; nothing else in this crate uses
//! them. Ordinary and boundary arguments get the snippet's own number. Where it divides by zero, meets a complex
//! number or answers for arguments that mean nothing, there is an [`AsPublishedError`], which also holds what the
//! snippet does with them.

pub mod allocation;
pub mod emergence;
pub mod encoder;
pub mod predictor;
pub mod redundancy;
mod refused;

use superpose_figures::axis::Axis;
use superpose_figures::chart::Mark;
use superpose_figures::lines::{Guide, Lines, lines};
use superpose_figures::study::{Note, Picture, Study};
use superpose_files::table::{Field, Table, TableError, Tables};
use superpose_toy::overlap::random_mean_square;

use self::allocation::resource_allocation;
use self::emergence::{IclExponents, icl_emergence};
use self::encoder::interference;
use self::predictor::unified_prediction;
use self::redundancy::{exponent_from_dimension, predicted_loss};
pub use self::refused::{AsPublishedError, PublishedBehaviour};
use crate::answer::{alone, answer};
use crate::chinchilla::law::{Allocation, BESIROGLU};
use crate::icl::attention::asymptotic::task_gap_limit;

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

/// A snippet's answer, and the right one.
struct Answer {
    snippet: &'static str,
    published: Result<f64, AsPublishedError>,
    wrong: &'static str,
    instead: &'static str,
    value: f64,
}

impl Question {
    /// The tables `as_published`, one row an answer, and `as_published_evidence`, one row a claim and exponent of the
    /// literature.
    pub fn study(&self) -> Study {
        let (answers, evidence) = (self.table(), evidence());
        let mut notes = vec![right_and_wrong(&answers)];
        notes.extend(what_is_wrong(&answers));
        notes.push(Note::whole(&evidence, &EVIDENCE_HEADER));
        let unsourced =
            "dimension, predicted, observed: claimed by the page without a source, not reproduced";
        notes.push(Note::Line(unsourced.to_owned()));
        answer([answers, evidence], draw, notes)
    }

    fn table(&self) -> Table {
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
        for Answer { snippet, published, wrong, instead, value } in self.answers() {
            let refused = published.as_ref().err().map(ToString::to_string);
            let texts = [refused.into(), wrong.into(), instead.into()];
            let mut row = vec![snippet.into(), published.ok().into()];
            row.extend(texts);
            row.push(value.into());
            table.push(row);
        }
        table
    }

    fn answers(&self) -> [Answer; 7] {
        let &Self { n_parameters: n, n_tokens: d, redundancy: r, dimension, .. } = self;
        let exponents = IclExponents::PUBLISHED;
        let emergence = icl_emergence(n, self.n_context, self.complexity, exponents);
        let allocation = resource_allocation(self.target_loss, self.compute, r);
        let best = BESIROGLU.allocate(self.compute);
        let best = |get: fn(&Allocation) -> f64| best.as_ref().map_or(f64::NAN, get);
        [
            Answer {
                snippet: "redundancy law: loss",
                published: predicted_loss(n, d, 1.0, r),
                wrong: "rises with data, has no irreducible part and no unit",
                instead: "loss of Besiroglu et al. 2024, nats a token",
                value: BESIROGLU.loss(n, d),
            },
            Answer {
                snippet: "redundancy law: exponent",
                published: exponent_from_dimension(dimension),
                wrong: "an exponent of the data alone; the same data has 2/d for nearest neighbours and 4/d for local lines",
                instead: "4/d (Sharma & Kaplan 2022, smooth targets)",
                value: if dimension > 0.0 { 4.0 / dimension } else { f64::NAN },
            },
            Answer {
                snippet: "superposition: interference of one active feature",
                published: interference(&[vec![1.0]], self.d_hidden).map(f64::from),
                wrong: "a lone feature interferes with itself, and the weights are not used",
                instead: "mean squared overlap of two random directions, 1/d",
                value: random_mean_square(self.d_hidden),
            },
            Answer {
                snippet: "in-context learning: probability of emergence",
                published: emergence.map(|found| found.emergence_probability),
                wrong: "never below 0.632, and higher for harder tasks; its exponents are of parameters and tokens",
                instead: "what new tasks cost more with half as many pretraining tasks as dimensions; none from κ = 1 on",
                value: task_gap_limit(0.5),
            },
            Answer {
                snippet: "unified predictor: loss",
                published: unified_prediction(n, d, r, dimension).map(|found| found.predicted_loss),
                wrong: "rises with data, does not use the dimension, and its confidence is high for any model",
                instead: "loss of Besiroglu et al. 2024, nats a token",
                value: BESIROGLU.loss(n, d),
            },
            Answer {
                snippet: "allocation: parameters",
                published: allocation.clone().map(|found| found.n_params),
                wrong: "reaches the target by definition, whatever the budget, and spends a part of it",
                instead: "parameters for this compute, Besiroglu et al. 2024",
                value: best(|allocation| allocation.parameters),
            },
            Answer {
                snippet: "allocation: tokens",
                published: allocation.map(|found| found.n_tokens),
                wrong: "twenty parameters a token instead of twenty tokens a parameter; compute without its factor of six",
                instead: "tokens for this compute, Besiroglu et al. 2024",
                value: best(|allocation| allocation.tokens),
            },
        ]
    }
}

/// Each snippet's answer beside the right one.
fn right_and_wrong(table: &Table) -> Note {
    let columns = ["snippet", "published", "value", "instead"];
    let rows = table.fields(columns).unwrap_or_default();
    let rows = rows.into_iter().map(|row| row.map(Field::short).to_vec()).collect();
    Note::rows(&["snippet", "published", "right", "the right quantity"], rows)
}

/// What is wrong with each snippet, and why some have no answer.
fn what_is_wrong(table: &Table) -> Vec<Note> {
    let rows = table.fields(["snippet", "wrong", "refused"]).unwrap_or_default();
    let lines = rows.into_iter().flat_map(|[snippet, wrong, refused]| {
        let no_answer = (*refused != Field::Missing).then(|| format!("  no answer: {refused}"));
        std::iter::once(format!("{snippet}: {wrong}")).chain(no_answer)
    });
    lines.map(Note::Line).collect()
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

const EVIDENCE_HEADER: [&str; 8] = [
    "data",
    "dimension",
    "predicted",
    "its code",
    "observed",
    "literature",
    "source",
    "4/exponent",
];

/// The table `as_published_evidence`: what the source page claims of exponents and dimensions of data, what its own snippet
/// makes of those dimensions, and exponents of the literature. One row a claim and exponent of the literature.
fn evidence() -> Table {
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

fn draw(tables: &Tables) -> Result<Vec<Picture>, TableError> {
    let guides = [
        Guide { column: "claimed_prediction", label: "page, predicted", mark: Mark::Dotted },
        Guide { column: "claimed_observation", label: "page, observed", mark: Mark::Line },
        Guide { column: "snippet", label: "page's code", mark: Mark::Dotted },
    ];
    let columns = Lines {
        guides: &guides,
        group_label: "literature",
        mark: Mark::Dots,
        ..Lines::plain(("data", Axis::linear("")), ("literature", Axis::logarithmic("exponent")))
    };
    let panels = lines(tables.get("as_published_evidence")?, &columns)?;
    let title = "A page's evidence for exponents by dimension";
    let caption = "No source is named for what the page observed. Tables: as_published.csv, as_published_evidence.csv.";
    alone("as-published", (title, caption), 1, panels)
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
        let table = QUESTION.table();
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
        let table = Question { dimension: 0.0, ..QUESTION }.table();
        assert!(table.numbers("published").unwrap()[1].is_nan());
        assert!(table.words("refused").unwrap()[1].contains("raises ZeroDivisionError"));
    }
}
