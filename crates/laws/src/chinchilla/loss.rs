//! `theory chinchilla loss`: the loss of a model by its size and data, by several laws.

use superpose_figures::axis::Axis;
use superpose_figures::chart::Mark;
use superpose_figures::lines::{ErrorBars, Lines, lines};
use superpose_figures::study::{Note, Picture, Study};
use superpose_files::table::{Field, Table, TableError, Tables};

use super::allocate::KnownLaw;
use super::law::{
    BESIROGLU, FLOP, HOFFMANN, HOFFMANN_ROUNDED, LossSurface, MUENNIGHOFF, kaplan_loss,
};
use crate::answer::{alone, answer};
use crate::error::{LawError, ensure};
use crate::fits::interval;

/// A law that says what the loss is.
#[derive(Debug, Clone, PartialEq)]
pub struct LossLaw {
    /// Whose it is.
    pub name: String,
    form: LossForm,
    /// The laws of resamples of its runs; none of a published law.
    resamples: Vec<LossSurface>,
    /// The most compute of a run that it was fitted to, in operations, where that is known.
    most_compute: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum LossForm {
    /// `E + A/N^α + B/D^β`.
    Additive(LossSurface),
    /// Kaplan et al.'s.
    Kaplan,
}

impl LossForm {
    fn loss(self, parameters: f64, tokens: f64) -> f64 {
        match self {
            Self::Additive(law) => law.loss(parameters, tokens),
            Self::Kaplan => kaplan_loss(parameters, tokens),
        }
    }
}

/// The published sets of parameters: their short names, and whose they are.
const SETS: [(&str, &str, LossForm); 5] = [
    ("hoffmann-rounded", "Hoffmann et al. 2022, as printed", LossForm::Additive(HOFFMANN_ROUNDED)),
    ("hoffmann", "Hoffmann et al. 2022, not rounded", LossForm::Additive(HOFFMANN)),
    ("besiroglu", "Besiroglu et al. 2024", LossForm::Additive(BESIROGLU)),
    ("muennighoff", "Muennighoff et al. 2023, one epoch", LossForm::Additive(MUENNIGHOFF)),
    ("kaplan", "Kaplan et al. 2020, N without embeddings", LossForm::Kaplan),
];

impl LossLaw {
    /// The short names of the published sets of parameters.
    pub fn names() -> [&'static str; 5] {
        SETS.map(|set| set.0)
    }

    /// The published law of this short name, if there is one.
    pub fn published(name: &str) -> Option<Self> {
        let (_, whose, form) = SETS.into_iter().find(|set| set.0 == name)?;
        Some(Self { name: whose.to_owned(), form, resamples: Vec::new(), most_compute: None })
    }

    /// The law with these parameters: `A`, `B`, `E`, `α` and `β`.
    ///
    /// # Errors
    /// [`LawError`] when one is not finite, or a coefficient or `E` is negative.
    pub fn of(parameters: [f64; 5]) -> Result<Self, LawError> {
        for (name, value) in LossSurface::NAMES.into_iter().zip(parameters) {
            let may_be_negative = ["alpha", "beta"].contains(&name);
            let fits = value.is_finite() && (may_be_negative || value >= 0.0);
            let allowed = if may_be_negative { "finite" } else { "finite and not negative" };
            ensure!(fits, "`{name}` must be {allowed}, got {value}");
        }
        let [a, b, e, alpha, beta] = parameters;
        Ok(Self {
            name: format!("{e} + {a}/N^{alpha} + {b}/D^{beta}"),
            form: LossForm::Additive(LossSurface::of(parameters)),
            resamples: Vec::new(),
            most_compute: None,
        })
    }

    /// A law that was fitted, with the intervals of its resamples.
    pub fn fitted(law: KnownLaw) -> Self {
        let KnownLaw { name, law, resamples, most_compute } = law;
        Self { name, form: LossForm::Additive(law), resamples, most_compute }
    }
}

/// The losses of models, each of so many parameters and tokens, by these laws: the table `chinchilla_loss`, one
/// row a law and model.
pub fn study(laws: &[LossLaw], models: &[(f64, f64)]) -> Study {
    let table = table(laws, models);
    let mut notes = Note::first(&table);
    let fitted = || laws.iter().filter(|law| law.most_compute.is_some());
    if laws.iter().any(|law| !law.resamples.is_empty()) {
        let line = "loss_low and loss_high: 95 %, bootstrap over the runs of the fit; that the law goes on holding is not in them";
        notes.push(Note::Line(line.to_owned()));
    } else if fitted().next().is_some() {
        notes.push(Note::Line("no interval: the fit has no resamples".to_owned()));
    }
    for law in fitted() {
        let beyond = models.iter().filter_map(|model| beyond(law, *model)).fold(0.0, f64::max);
        if beyond > 1.0 {
            let beyond = Field::from(beyond).short();
            notes.push(Note::Line(format!(
                "{}: {beyond} times the most compute of its runs",
                law.name
            )));
        }
    }
    notes.push(Note::Line(match fitted().next() {
        Some(_) => "losses: of a fit in the unit of its runs, of the published laws nats a token"
            .to_owned(),
        None => "losses are nats a token".to_owned(),
    }));
    answer([table], draw, notes)
}

/// The compute of a model divided by the most of a run that the law was fitted to, if that is known.
fn beyond(law: &LossLaw, (parameters, tokens): (f64, f64)) -> Option<f64> {
    Some(FLOP * parameters * tokens / law.most_compute?)
}

fn table(laws: &[LossLaw], models: &[(f64, f64)]) -> Table {
    let mut table = Table::new(
        "chinchilla_loss",
        "What is the loss of a model of this size after so much data?",
        &[
            ("law", "whose"),
            ("N", "parameters"),
            ("D", "tokens"),
            ("C", "floating-point operations, 6 N D"),
            ("loss", "of a fit in the unit of its runs, of a published law in nats a token"),
            (
                "loss_low",
                "95 % interval by bootstrap over runs, lower end; none of a published law",
            ),
            ("loss_high", "upper end"),
            ("beyond", "C divided by the most compute of a run of the fit"),
        ],
    );
    for (n, d) in models {
        for law in laws {
            let [low, high] = interval(law.resamples.iter().map(|law| law.loss(*n, *d)));
            let numbers = [*n, *d, FLOP * n * d, law.form.loss(*n, *d)];
            let mut row = vec![law.name.as_str().into()];
            row.extend(numbers.map(Field::from));
            row.extend([low, high, beyond(law, (*n, *d)).into()]);
            table.push(row);
        }
    }
    table
}

fn draw(tables: &Tables) -> Result<Vec<Picture>, TableError> {
    let columns = Lines {
        error_bars: ErrorBars::Ends("loss_low", "loss_high"),
        group: Some("D"),
        group_label: "D",
        panel: Some("N"),
        panel_label: "N",
        mark: Mark::Dots,
        ..Lines::plain(("law", Axis::linear("")), ("loss", Axis::linear("loss")))
    };
    let panels = lines(tables.get("chinchilla_loss")?, &columns)?;
    let caption = "Bars: 95 %, bootstrap over runs, of a fit. Table: chinchilla_loss.csv.";
    alone("chinchilla_loss", ("Loss by size and data", caption), 2, panels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_laws_give_their_losses_of_chinchilla_itself() {
        let laws: Vec<LossLaw> =
            LossLaw::names().iter().filter_map(|n| LossLaw::published(n)).collect();
        assert_eq!(laws.len(), 5);
        let found = study(&laws, &[(70e9, 1.4e12), (1e9, 2e10)]);
        let table = found.tables.get("chinchilla_loss").unwrap();
        let losses = table.numbers("loss").unwrap();
        // As printed and as found by Besiroglu et al. 2024; Kaplan's of a thousand million parameters.
        assert!(
            (losses[0] - 1.9366).abs() < 1e-4 && (losses[2] - 1.9739).abs() < 1e-4,
            "{losses:?}"
        );
        assert!((losses[9] - 2.373_882).abs() < 1e-6 && losses.len() == 10);
        assert!((table.numbers("C").unwrap()[0] / 5.88e23 - 1.0).abs() < 1e-12);
        assert_eq!(table.numbers("N").unwrap()[5..], [1e9; 5]);
        assert!(table.numbers("loss_low").unwrap().iter().all(|low| low.is_nan()));
        assert_eq!(found.notes.last(), Some(&Note::Line("losses are nats a token".to_owned())));
        assert_eq!(found.notes.len(), 2);
        let pictures = (found.draw)(&found.tables).unwrap();
        assert_eq!((pictures.len(), pictures[0].sheet.panels.len()), (1, 2));
        assert_eq!(LossLaw::published("chinchilla"), None);
    }

    #[test]
    fn a_fit_has_an_interval_and_says_how_far_beyond_its_runs_it_is() {
        let worse = LossSurface { irreducible: 1.9, ..BESIROGLU };
        let known = |resamples: &[LossSurface]| KnownLaw {
            name: "ours".to_owned(),
            law: BESIROGLU,
            resamples: resamples.to_vec(),
            most_compute: Some(6e19),
        };
        let found =
            study(&[LossLaw::fitted(known(&[BESIROGLU, worse]))], &[(1e9, 2e10), (1e9, 1e10)]);
        let table = found.tables.get("chinchilla_loss").unwrap();
        let of = |column: &str| table.numbers(column).unwrap();
        let loss = BESIROGLU.loss(1e9, 2e10);
        assert!((of("loss")[0] - loss).abs() < 1e-12);
        let part = 0.025 * (1.9 - 1.8172);
        assert!((of("loss_low")[0] - loss - part).abs() < 1e-9, "{}", of("loss_low")[0] - loss);
        assert!((of("loss_high")[0] - loss - (1.9 - 1.8172) + part).abs() < 1e-9);
        assert_eq!(of("beyond"), [2.0, 1.0]);
        let line = |at: usize| if let Note::Line(line) = &found.notes[at] { &**line } else { "" };
        assert!(line(1).contains("bootstrap over the runs of the fit"));
        assert_eq!(line(2), "ours: 2 times the most compute of its runs");
        assert!(line(3).contains("of a fit in the unit of its runs"));
        let bare = study(&[LossLaw::fitted(known(&[]))], &[(1e9, 1e10)]).notes;
        assert!(
            bare.contains(&Note::Line("no interval: the fit has no resamples".to_owned()))
                && bare.len() == 3
        );
    }

    #[test]
    fn any_parameters_are_a_law_if_they_can_be_one() {
        let law = LossLaw::of([400.0, 2000.0, 1.8, 0.35, 0.37]).unwrap();
        let table = table(&[law], &[(1e9, 1e10)]);
        let loss = 1.8 + 400.0 * 1e9_f64.powf(-0.35) + 2000.0 * 1e10_f64.powf(-0.37);
        assert!((table.numbers("loss").unwrap()[0] - loss).abs() < 1e-12);
        assert_eq!(table.words("law").unwrap(), ["1.8 + 400/N^0.35 + 2000/D^0.37"]);
        let said = |parameters| LossLaw::of(parameters).unwrap_err().to_string();
        assert!(
            said([-1.0, 1.0, 1.0, 0.3, 0.3])
                .contains("`A` must be finite and not negative, got -1")
        );
        assert!(said([1.0, 1.0, -0.1, 0.3, 0.3]).contains("`E`"));
        assert!(said([1.0, 1.0, 1.0, f64::NAN, 0.3]).contains("`alpha` must be finite, got NaN"));
        assert!(LossLaw::of([0.0, 1.0, 0.0, -0.1, 0.3]).is_ok());
    }
}
