//! `theory as-published`: five published code snippets, kept as they are so that their answers can
//! be shown beside the right ones.
//!
//! The source page is a Chinese survey page of scaling-law theory. None of its snippets is a law:
//! [`snippets`] has them with what is wrong with each and the quantity to use instead; nothing else
//! in this crate uses them.

pub mod snippets;

use superpose_figures::axis::Axis;
use superpose_figures::chart::{Mark, NamesAt};
use superpose_figures::lines::{Guide, Lines, lines};
use superpose_figures::palette::colour;
use superpose_figures::study::{Note, Picture, Study};
use superpose_files::table::{Field, Table, TableError, Tables};
use superpose_toy::overlap::random_mean_square;

use self::snippets::{
    exponent_from_dimension, icl_emergence, interference, predicted_loss, resource_allocation,
    unified_prediction,
};
use crate::answer::{alone, answer, each_chart};
use crate::chinchilla::law::{Allocation, BESIROGLU};
use crate::icl::attention::asymptotic::task_gap_limit;

/// The arguments of the snippets.
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

/// What each number of a snippet is, what is wrong with it, and the right quantity.
const FINDINGS: [[&str; 3]; 7] = [
    [
        "redundancy law: loss",
        "rises with data, has no irreducible part and no unit",
        "loss of Besiroglu et al. 2024, nats a token",
    ],
    [
        "redundancy law: exponent",
        "an exponent of the data alone; the same data has 2/d for nearest neighbours and 4/d for local lines",
        "4/d (Sharma & Kaplan 2022, smooth targets)",
    ],
    [
        "superposition: interference of one active feature",
        "a lone feature interferes with itself, and the weights are not used",
        "mean squared overlap of two random directions, 1/d",
    ],
    [
        "in-context learning: probability of emergence",
        "never below 0.632, and higher for harder tasks; its exponents are of parameters and tokens",
        "what new tasks cost more with half as many pretraining tasks as dimensions; none from κ = 1 on",
    ],
    [
        "unified predictor: loss",
        "rises with data, does not use the dimension, and its confidence is high for any model",
        "loss of Besiroglu et al. 2024, nats a token",
    ],
    [
        "allocation: parameters",
        "reaches the target by definition, whatever the budget, and spends a part of it",
        "parameters for this compute, Besiroglu et al. 2024",
    ],
    [
        "allocation: tokens",
        "twenty parameters a token instead of twenty tokens a parameter; compute without its factor of six",
        "tokens for this compute, Besiroglu et al. 2024",
    ],
];

impl Question {
    /// The tables `as_published`, one row an answer, and `as_published_evidence`, one row a claim
    /// and exponent of the literature.
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
        let rows = FINDINGS.into_iter().zip(self.published_and_right());
        Table::of(
            "as_published",
            "What do the source page's snippets answer, and what should they?",
            rows,
            &[
                ("snippet", "what the snippet computes", &|([snippet, ..], _)| (*snippet).into()),
                ("published", "its answer", &|(_, (published, _))| published.clone().ok().into()),
                (
                    "refused",
                    "why there is no answer, and what the published code does instead",
                    &|(_, (published, _))| published.clone().err().into(),
                ),
                ("wrong", "what is wrong with it", &|([_, wrong, _], _)| (*wrong).into()),
                ("instead", "the right quantity", &|([.., instead], _)| (*instead).into()),
                ("value", "its value", &|(_, (_, value))| (*value).into()),
            ],
        )
    }

    /// The snippets' numbers and the right ones, in the order of the findings.
    fn published_and_right(&self) -> [(Result<f64, String>, f64); 7] {
        let &Self { n_parameters: n, n_tokens: d, redundancy: r, dimension, d_hidden, .. } = self;
        let allocation = resource_allocation(self.target_loss, self.compute, r);
        let best = BESIROGLU.allocate(self.compute);
        let best = |get: fn(&Allocation) -> f64| best.as_ref().map_or(f64::NAN, get);
        let local_lines = if dimension > 0.0 { 4.0 / dimension } else { f64::NAN };
        let emergence = icl_emergence(n, self.n_context, self.complexity);
        [
            (predicted_loss(n, d, r), BESIROGLU.loss(n, d)),
            (exponent_from_dimension(dimension), local_lines),
            (Ok(interference(d_hidden)), random_mean_square(d_hidden)),
            (emergence, task_gap_limit(0.5)),
            (unified_prediction(n, d, r, dimension), BESIROGLU.loss(n, d)),
            (allocation.clone().map(|[parameters, _]| parameters), best(|best| best.parameters)),
            (allocation.map(|[_, tokens]| tokens), best(|best| best.tokens)),
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

/// A row of the source page's evidence: a kind of data, its dimension and its exponent as predicted
/// and as observed, and an exponent by parameters in the literature, and whose.
type Evidence = (&'static str, [f64; 3], Option<(f64, &'static str)>);

const EVIDENCE: [Evidence; 6] = [
    ("language", [1.2, 0.083, 0.076], Some((0.076, "Kaplan et al. 2020"))),
    ("language", [1.2, 0.083, 0.076], Some((0.34, "Hoffmann et al. 2022"))),
    ("code", [1.5, 0.067, 0.070], None),
    ("images", [2.0, 0.050, 0.045], Some((0.24, "Henighan et al. 2020, 8 × 8"))),
    ("images", [2.0, 0.050, 0.045], Some((0.22, "Henighan et al. 2020, 16 × 16"))),
    ("images", [2.0, 0.050, 0.045], Some((0.13, "Henighan et al. 2020, 32 × 32"))),
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

/// The table `as_published_evidence`: what the source page claims of exponents and dimensions of
/// data, what its own snippet makes of those dimensions, and exponents of the literature. One row a
/// claim and exponent of the literature.
fn evidence() -> Table {
    Table::of(
        "as_published_evidence",
        "Is the source page's evidence for exponents by dimension anywhere else? It names no source.",
        EVIDENCE,
        &[
            ("data", "kind of data", &|(data, ..)| (*data).into()),
            ("claimed_dimension", "on the page", &|(_, [dimension, ..], _)| (*dimension).into()),
            ("claimed_prediction", "on the page: 0.1 / dimension", &|(_, [_, predicted, _], _)| {
                (*predicted).into()
            }),
            (
                "snippet",
                "1 / dimension: what the page's own code returns for it, ten times as much",
                &|(_, [dimension, ..], _)| exponent_from_dimension(*dimension).ok().into(),
            ),
            ("claimed_observation", "on the page, not reproduced", &|(_, [.., observed], _)| {
                (*observed).into()
            }),
            (
                "literature",
                "exponent of the loss by parameters; none was found for code",
                &|(.., literature)| literature.map(|(exponent, _)| exponent).into(),
            ),
            ("source", "of that", &|(.., literature)| literature.map(|(_, source)| source).into()),
            (
                "implied_dimension",
                "4 / that exponent: the same kind of data has several",
                &|(.., literature)| literature.map(|(exponent, _)| 4.0 / exponent).into(),
            ),
        ],
    )
}

fn draw(tables: &Tables) -> Result<Vec<Picture>, TableError> {
    // Kinds of data have no order, so that no line leads from one to the next.
    let guides = [
        Guide { column: "claimed_prediction", label: "page, predicted", mark: Mark::Rings },
        Guide { column: "claimed_observation", label: "page, observed", mark: Mark::Dots },
        Guide { column: "snippet", label: "page's code", mark: Mark::Rings },
    ];
    let columns = Lines {
        guides: &guides,
        group_label: "literature",
        mark: Mark::Dots,
        ..Lines::plain(("data", Axis::linear("")), ("literature", Axis::logarithmic("exponent")))
    };
    let table = tables.get("as_published_evidence")?;
    let sources = table.fields(["literature", "source"])?.into_iter();
    let sources = sources.filter(|[exponent, _]| exponent.number().is_some());
    let sources: Vec<String> = sources.map(|[_, source]| source.to_string()).collect();
    let mut panels = lines(table, &columns)?;
    each_chart(&mut panels, |chart| {
        chart.is_parted = true;
        // Kinds of data come in the order of the table, and so do their points.
        if let Some(literature) = chart.series.iter_mut().find(|s| s.label == "literature") {
            literature.names.clone_from(&sources);
            literature.names_at = NamesAt::Beside;
        }
        let n = chart.series.len();
        for (k, series) in chart.series.iter_mut().enumerate() {
            series.colour = colour(k, n);
        }
    });
    let title = "A page's evidence for exponents by dimension";
    let caption = "No source is named for what the page observed. Tables: as_published.csv, as_published_evidence.csv.";
    alone("as-published", (title, caption), 1, panels)
}

#[cfg(test)]
mod tests {
    use superpose_figures::panel::Panel;

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
    fn kinds_of_data_are_not_joined_by_lines() {
        let tables = [evidence()].into_iter().collect();
        let sheet = draw(&tables).unwrap().swap_remove(0).sheet;
        let [Panel::Chart(chart)] = &sheet.panels[..] else { panic!("a chart") };
        assert_eq!(chart.legend().len(), 4);
        let [.., literature] = &chart.series[..] else { panic!("series") };
        assert_eq!(literature.names.len(), literature.points.len());
        assert_eq!(literature.names[1], "Hoffmann et al. 2022");
        assert!((literature.points[1].y - 0.34).abs() < 1e-12);
        let is_loose = |mark| matches!(mark, Mark::Dots | Mark::Rings);
        assert!(chart.series.iter().all(|series| is_loose(series.mark)));
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
