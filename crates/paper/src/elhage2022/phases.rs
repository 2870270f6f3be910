//! Phase diagrams: what becomes of the last feature, by density and importance.

use superpose_figures::colour_bar::ColourScale;
use superpose_figures::heat_maps::{HeatMaps, heat_maps};
use superpose_figures::sheet::Axes;
use superpose_files::table::{Field, Table, Tables};
use superpose_geometry::Rows;
use superpose_geometry::feature::interference;
use superpose_toy::population::Population;

use super::exact::{Least, least_loss};
use super::share::{
    NEEDS_WEIGHTS, REPRESENTED, Start, by_setting, density, digits, last_importance, short, starts,
};
use crate::claim::{AtLeast, AtMost, Claim, says};
use crate::draw::{Drawn, pictures, sheet};
use crate::figure::{Figure, Findings, Material, all};
use crate::sweeps::{PHASES_2_1, PHASES_3_2};

/// Two features in one dimension.
pub(super) const TWO_IN_ONE: Figure =
    Figure::of("elhage-phases-2-1", &[PHASES_2_1], make_2_1, draw_2_1)
        .wants_weights(all)
        .title("Phases of two features in one dimension")
        .question(
            "By density and importance: is a second feature ignored, given the one dimension, or made to share it, and \
             is that what costs least?",
        )
        .against(
            "A setting whose best start is of another phase than the least loss there, and than that of its \
             neighbours in the grid; or a start that finds less than the least loss.",
        )
        .limits(
            "Of each setting the start with the least loss counts, out of ten; how many starts get there is in the \
             table. The least loss is over all models of this form, not over what a few steps can reach.",
        );

/// Three features in two dimensions.
pub(super) const THREE_IN_TWO: Figure =
    Figure::of("elhage-phases-3-2", &[PHASES_3_2], make_3_2, draw_3_2)
        .wants_weights(all)
        .title("Phases of three features in two dimensions")
        .question(
            "By density and importance: is a third feature ignored, given a dimension of its own, or made to share one?",
        )
        .against("A phase that covers less than a twentieth of the diagram, or dense features that share.")
        .limits(
            "Of each setting the start with the least loss counts, out of five. The trained losses are compared with \
             one another and not with an exact minimum.",
        );

/// What became of a feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Its row of `W` is short.
    Ignored,
    /// It has a dimension of its own.
    Alone,
    /// It shares one.
    Shares,
}

/// From where on the squared products with the other rows count as sharing: those of an antipodal pair are 1, those
/// of a triangle 1/2.
const SHARES: f64 = 0.25;

impl Phase {
    fn of(norm: f64, interference: f64) -> Self {
        match (norm >= REPRESENTED, interference >= SHARES) {
            (false, _) => Self::Ignored,
            (true, false) => Self::Alone,
            (true, true) => Self::Shares,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Ignored => "ignored",
            Self::Alone => "alone",
            Self::Shares => "shares",
        }
    }

    fn number(self) -> usize {
        match self {
            Self::Ignored => 0,
            Self::Alone => 1,
            Self::Shares => 2,
        }
    }
}

/// The last feature of a model with these weights: norm, `Σ_{j≠i} (Ŵ_i·W_j)²`, phase.
#[derive(Debug, Clone, Copy)]
struct Last {
    norm: f64,
    interference: f64,
    phase: Phase,
}

impl Last {
    #[expect(clippy::cast_possible_truncation, reason = "geometry is of single precision")]
    fn of(weights: &[f64], d_hidden: usize) -> Self {
        let rows: Vec<f32> = weights.iter().map(|w| *w as f32).collect();
        let last = &weights[weights.len() - d_hidden..];
        let norm = last.iter().map(|w| w * w).sum::<f64>().sqrt();
        let interference = interference(Rows::new(&rows, d_hidden)).last().copied().unwrap_or(0.0);
        Self { norm, interference, phase: Phase::of(norm, interference) }
    }
}

/// A setting of the diagram.
struct Setting<'a> {
    /// Density and importance, by their places among all of the diagram.
    place: (usize, usize),
    density: f64,
    importance: f64,
    best: Start<'a>,
    /// The exact loss of each start on all data.
    losses: Vec<f64>,
    /// That of the best.
    loss: f64,
    trained: Last,
    /// The model with the least loss, where it was looked for.
    exact: Option<(Least, Last)>,
}

impl<'a> Setting<'a> {
    /// The setting of a `group` of starts.
    fn of(group: &[Start<'a>], with_exact: bool) -> Option<Self> {
        let cell = group[0].cell();
        let (density, importance) = (density(cell), last_importance(cell));
        let (n, d) = (cell.model.n_features, cell.model.d_hidden);
        let mut weights = vec![1.0; n];
        *weights.last_mut()? = importance;
        let data = Population::new(&vec![density; n], &weights, d).ok()?;
        let model = |start: &Start<'_>| -> Vec<f64> {
            let numbers = start.weights.weights.iter().chain(&start.weights.bias);
            numbers.map(|w| f64::from(*w)).collect()
        };
        let loss = |start: &Start<'_>| data.loss(&model(start), &mut vec![0.0; n * (d + 1)]);
        let losses: Vec<f64> = group.iter().map(loss).collect();
        let (best, loss) =
            group.iter().zip(losses.iter().copied()).min_by(|a, b| a.1.total_cmp(&b.1))?;
        let trained = Last::of(&model(best)[..n * d], d);
        let exact = if with_exact { least_loss(&data, density, d) } else { None };
        let exact = exact.map(|least| {
            let last = Last::of(&least.weights, d);
            (least, last)
        });
        let place = (0, 0);
        Some(Self { place, density, importance, best: *best, losses, loss, trained, exact })
    }

    /// How many starts have no more than a hundredth above the least loss that is known.
    fn n_reaching(&self) -> usize {
        let least = self.exact.as_ref().map_or(self.loss, |(least, _)| least.loss.min(self.loss));
        self.losses.iter().filter(|loss| **loss <= 1.01 * least).count()
    }

    /// How far the best start is above the least loss, as a part of it.
    fn excess(&self) -> Option<f64> {
        self.exact.as_ref().map(|(least, _)| self.loss / least.loss - 1.0)
    }
}

/// The settings of the diagram, with their places.
fn settings<'a>(material: &'a Material<'_>, with_exact: bool) -> Vec<Setting<'a>> {
    let groups = by_setting(&starts(material));
    let mut settings: Vec<Setting<'a>> =
        groups.iter().filter_map(|group| Setting::of(group, with_exact)).collect();
    // Places are by value, so that they are those of the grid whatever is trained of it.
    let cells = material.cells.iter().map(|f| &f.record.cell);
    let ranks = |of: fn(&superpose_toy::cell::Cell) -> f64| {
        let mut values: Vec<f64> = cells.clone().map(of).collect();
        values.sort_by(f64::total_cmp);
        values.dedup_by(|a, b| a.to_bits() == b.to_bits());
        values
    };
    let (densities, importances) = (ranks(density), ranks(last_importance));
    let rank =
        |values: &[f64], value: f64| values.iter().position(|v| v.to_bits() == value.to_bits());
    for setting in &mut settings {
        setting.place = (
            rank(&densities, setting.density).unwrap_or(usize::MAX),
            rank(&importances, setting.importance).unwrap_or(usize::MAX),
        );
    }
    settings
}

/// Whether the trained phase is the exact one of the setting or of one beside, above or below it.
fn is_within_one(setting: &Setting<'_>, all: &[Setting<'_>]) -> Option<bool> {
    setting.exact.as_ref()?;
    let (x, y) = setting.place;
    let is_near = |other: &&Setting<'_>| x.abs_diff(other.place.0) + y.abs_diff(other.place.1) <= 1;
    let mut phases =
        all.iter().filter(is_near).filter_map(|s| s.exact.as_ref().map(|(_, last)| last.phase));
    Some(phases.any(|phase| phase == setting.trained.phase))
}

/// One row a setting.
fn best_table(settings: &[Setting<'_>], question: &str) -> Table {
    let words = |values: &[f64]| -> Field {
        let words: Vec<String> =
            values.iter().map(|v| format!("{}", (v * 1e5).round() / 1e5)).collect();
        words.join(" ").into()
    };
    let numbers = |values: &[f32]| words(&values.iter().map(|v| f64::from(*v)).collect::<Vec<_>>());
    Table::of(
        "settings",
        question,
        settings,
        &[
            ("density", "probability that a feature is active", &|s| s.density.into()),
            ("importance", "of the last feature; the others' is 1", &|s| s.importance.into()),
            ("starts", "trained models", &|s| s.losses.len().into()),
            ("seed", "of the model with the least loss on all data", &|s| {
                s.best.cell().train.seed.into()
            }),
            ("weights", "its W, row by row", &|s| numbers(&s.best.weights.weights)),
            ("biases", "its b", &|s| numbers(&s.best.weights.bias)),
            ("loss", "its loss on all data, exact", &|s| s.loss.into()),
            ("phase", "what became of its last feature", &|s| s.trained.phase.word().into()),
            ("exact_weights", "W of the model with the least loss there can be", &|s| {
                s.exact.as_ref().map(|(least, _)| words(&least.weights)).unwrap_or("".into())
            }),
            ("exact_biases", "its b", &|s| {
                s.exact.as_ref().map(|(least, _)| words(&least.bias)).unwrap_or("".into())
            }),
            ("exact_loss", "its loss", &|s| s.exact.as_ref().map(|(least, _)| least.loss).into()),
            ("exact_phase", "what becomes of its last feature", &|s| {
                s.exact.as_ref().map(|(_, last)| last.phase.word()).unwrap_or("").into()
            }),
            (
                "within_one",
                "1 where the phase is the exact one here or beside, above or below, else 0",
                &|s| is_within_one(s, settings).map(usize::from).into(),
            ),
            ("reaching", "starts with a loss of at most 1.01 of the least", &|s| {
                s.n_reaching().into()
            }),
        ],
    )
}

/// The diagrams, a row for each setting and source, for the pictures.
fn map_table(settings: &[Setting<'_>], question: &str) -> Table {
    let trained = settings.iter().map(|s| (s, "trained", s.trained));
    let exact = settings.iter().filter_map(|s| Some((s, "least loss", s.exact.as_ref()?.1)));
    Table::of(
        "map",
        question,
        trained.chain(exact),
        &[
            ("density", "probability that a feature is active, to three digits", &|(s, ..)| {
                short(s.density).into()
            }),
            ("importance", "of the last feature, to three digits; the others' is 1", &|(s, ..)| {
                short(s.importance).into()
            }),
            ("model", "the best start, or the model with the least loss", &|(_, source, _)| {
                (*source).into()
            }),
            (
                "phase",
                "0 the last feature is ignored, 1 it has its own dimension, 2 it shares one",
                &|(.., last)| last.phase.number().into(),
            ),
            ("norm", "norm of its row of W", &|(.., last)| digits(last.norm)),
            ("interference", "Σ (Ŵ_i·W_j)² over the other features j", &|(.., last)| {
                digits(last.interference)
            }),
        ],
    )
}

fn basis(settings: &[Setting<'_>]) -> String {
    match settings.len() {
        0 => NEEDS_WEIGHTS.to_owned(),
        n => format!(
            "{n} settings, {} cells",
            settings.iter().map(|s| s.losses.len()).sum::<usize>()
        ),
    }
}

/// The share of `settings` that pass; none where there are none.
fn share<'a, 'b: 'a>(
    settings: impl IntoIterator<Item = &'a Setting<'b>>,
    passes: impl Fn(&Setting<'b>) -> bool,
) -> Option<f64> {
    let (mut n, mut passed) = (0.0, 0.0);
    for setting in settings {
        n += 1.0;
        passed += f64::from(u8::from(passes(setting)));
    }
    (n > 0.0).then_some(passed / n)
}

/// Claims of both diagrams: every phase is there.
fn phase_claims(settings: &[Setting<'_>]) -> Vec<Claim> {
    let basis = basis(settings);
    [Phase::Ignored, Phase::Alone, Phase::Shares]
        .map(|phase| {
            says(
                format!(
                    "share of settings whose last feature {}",
                    match phase {
                        Phase::Ignored => "is ignored",
                        Phase::Alone => "has a dimension of its own",
                        Phase::Shares => "shares a dimension",
                    }
                ),
                "each is a region of the diagram",
            )
            .holds(AtLeast(0.05))
            .measured(share(settings, |s| s.trained.phase == phase), basis.clone())
        })
        .to_vec()
}

/// Whether all features are active in every sample.
fn is_dense(setting: &&Setting<'_>) -> bool {
    setting.density > 0.999
}

fn make_2_1(material: &Material<'_>) -> Findings {
    let settings = settings(material, true);
    let basis = basis(&settings);
    let disagreeing = share(&settings, |s| is_within_one(s, &settings) == Some(false));
    let agreeing = share(&settings, |s| {
        s.exact.as_ref().is_some_and(|(_, last)| last.phase == s.trained.phase)
    });
    let excesses: Vec<f64> = settings.iter().filter_map(Setting::excess).collect();
    let n_all = settings.len() as f64;
    let mut claims = vec![
        says(
            "settings whose phase is not the exact one there, beside, above or below",
            "theory and training have the same diagram",
        )
        .holds(AtMost(0.0))
        .measured(disagreeing.map(|share| share * n_all), basis.clone()),
        says("share of settings whose phase is the exact one there", "the same diagram")
            .holds(AtLeast(0.95))
            .measured(agreeing, basis.clone()),
        says(
            "largest excess of the best start over the least loss, as a part of it",
            "0 if trained to the end",
        )
        .holds(AtMost(0.01))
        .largest(&excesses, basis.clone()),
        says("smallest excess: below 0 the least loss would not be the least", "not below 0")
            .holds(AtLeast(-1e-6))
            .smallest(&excesses, basis.clone()),
    ];
    claims.extend(phase_claims(&settings));
    let dense = settings.iter().filter(is_dense);
    claims.push(
        says("density 1: share of settings whose last feature shares", "none")
            .holds(AtMost(0.0))
            .measured(share(dense, |s| s.trained.phase == Phase::Shares), basis),
    );
    let tables = [
        best_table(&settings, "Which phase has the least loss, and which is trained?"),
        map_table(&settings, "What does the diagram look like?"),
    ];
    Findings::new(tables, claims)
}

fn make_3_2(material: &Material<'_>) -> Findings {
    let settings = settings(material, false);
    let basis = basis(&settings);
    let mut claims = phase_claims(&settings);
    let dense = settings.iter().filter(is_dense);
    claims.push(
        says("density 1: share of settings whose last feature shares", "none")
            .holds(AtMost(0.0))
            .measured(share(dense, |s| s.trained.phase == Phase::Shares), basis.clone()),
    );
    let sparse = settings.iter().filter(|s| s.density < 0.02);
    claims.push(
        says("density below 0.02: share of settings whose last feature shares", "nearly all")
            .holds(AtLeast(0.9))
            .measured(share(sparse, |s| s.trained.phase == Phase::Shares), basis),
    );
    let tables = [
        best_table(&settings, "Which phase is trained?"),
        map_table(&settings, "What does the diagram look like?"),
    ];
    Findings::new(tables, claims)
}

/// A map of a column of `map` over density and importance.
fn diagram<'a>(value: &'a str, label: &str, most: f64) -> HeatMaps<'a> {
    HeatMaps {
        x: "density",
        y: "importance",
        value,
        row: None,
        row_label: "",
        panel: Some("model"),
        panel_label: "",
        x_label: "density of a feature",
        y_label: "importance of the last feature",
        colours: ColourScale::linear(label).from_to(0.0, most),
    }
}

fn drawn(tables: &Tables, title: &str) -> Drawn {
    let map = tables.get("map")?;
    let phase = "last feature: 0 ignored, 1 alone, 2 shares";
    let mut panels = heat_maps(map, &diagram("phase", phase, 2.0))?;
    let columns = panels.len();
    panels.extend(heat_maps(map, &diagram("norm", "its norm", 1.2))?);
    panels.extend(heat_maps(map, &diagram("interference", "Σ (W_i·W_j)² / ‖W_i‖²", 1.2))?);
    let caption = "The best start of each setting, and the model with the least loss where it was computed. Table: map.csv.";
    Ok(pictures([sheet(title, columns, panels, Axes::Shared, caption)]))
}

fn draw_2_1(tables: &Tables) -> Drawn {
    drawn(tables, "Two features in one dimension")
}

fn draw_3_2(tables: &Tables) -> Drawn {
    drawn(tables, "Three features in two dimensions")
}
