//! The large toy: figures 1b, 1d, 7, 8 and 9a, each also at a tenth of its size.
//!
//! The paper's own setting takes a GPU. The analogue keeps every constant but the number of features, and
//! says so wherever it shows; its claims are about its own numbers.

use superpose_analysis::regime;
use superpose_analysis::run::Finished;
use superpose_figures::axis::Axis;
use superpose_figures::chart::Mark;
use superpose_figures::lines::{Lines, lines};
use superpose_figures::sheet::Axes;
use superpose_files::table::{Table, Tables};
use superpose_stats::power_law::PowerLaw;
use superpose_toy::cell::Cell;

use crate::cells::{
    Exponent, Group, NormBin, OfCell, cell_table, each_in, exponent_table, exponents, law,
    norm_table,
};
use crate::claim::{AtLeast, AtMost, Claim, Within, says};
use crate::draw::{Drawn, guide, lines_by, loss, norm_sheet, one, pictures, sheet, width};
use crate::figure::{Figure, Findings, Material, is_strong, is_weak};
use crate::liu2025::norms::mean_share;
use crate::liu2025::published::FIG1;
use crate::sweeps::{LARGE, LARGE_ANALOGUE};

const ANALOGUE: &str = "Not the paper's setting: 1000 features instead of 10,240, and widths to 256 \
                        instead of 1024. One seed.";
const PAPERS: &str = "One seed. Needs a GPU: 48 cells of 10,240 features.";

/// A figure at 1000 features.
const fn analogue(id: &'static str, title: &'static str, figure: Figure) -> Figure {
    Figure { id, title, sweeps: &[LARGE_ANALOGUE], limits: ANALOGUE, ..figure }
}

/// Whether a cell is of the paper's large toy rather than of the analogue.
fn is_papers(cell: &Cell) -> bool {
    cell.model.n_features == 10_240
}

/// The law's name, as a column.
const LAW: OfCell<'static> = ("law", "frequency law", &|f| law(&f.record.cell).into());

fn regime_word(cell: &Cell) -> &'static str {
    if is_strong(cell) { "strong" } else { "weak" }
}

fn loss_table(material: &Material<'_>) -> Table {
    let published = |f: &Finished| {
        let cell = &f.record.cell;
        FIG1.of(cell).filter(|_| is_papers(cell)).into()
    };
    cell_table(
        "losses",
        "How does the loss fall with width?",
        &material.trained(),
        &["loss.test", "loss.test_se", "loss.dead_part", "loss.alive_part", "dead_outputs"],
        &[LAW, ("published", "the paper's loss, at its own setting only", &published)],
    )
}

fn draw_losses(tables: &Tables) -> Drawn {
    let of = Lines { published: Some("published"), ..lines_by(width(), loss(), ("law", "")) };
    let published = tables.get("losses")?.numbers("published")?;
    let rings = match published.iter().any(|loss| loss.is_finite()) {
        true => " Rings: the paper's, at its own setting.",
        false => "",
    };
    one((tables, "losses"), &of, "", &format!("One dot a training.{rings}"))
}

fn laws<'a>(material: &Material<'a>, d_min: usize) -> Vec<Exponent<'a>> {
    exponents(&material.trained(), d_min)
}

fn law_table(settings: &[Exponent<'_>]) -> Table {
    exponent_table(
        "exponents",
        "How fast does the loss fall with width?",
        settings,
        &[
            ("law", "frequency law", &|e| law(e.cell()).into()),
            ("regime", "weak or strong, by the sign of the weight decay", &|e| {
                regime_word(e.cell()).into()
            }),
            ("d_min", "smallest width in the fit", &|e| e.losses.first().map(|l| l.0).into()),
        ],
    )
}

fn of_law<'a, 'b>(settings: &'b [Exponent<'a>], name: &str) -> Option<&'b Exponent<'a>> {
    settings.iter().find(|e| law(e.cell()) == name)
}

fn fit_of(settings: &[Exponent<'_>], name: &str) -> Option<PowerLaw> {
    of_law(settings, name)?.fit
}

/// Loss against width in the weak regime, three frequency laws.
pub(super) const FIGURE_1B: Figure = Figure::of("1b", &[LARGE], make_1b, draw_losses)
    .wants(is_weak)
    .title("Loss against width in the weak regime, three frequency laws")
    .question("Does the loss follow the frequencies' tail in the weak regime?")
    .against("The same slope for all three laws.")
    .limits(PAPERS);

/// The same at 1000 features.
pub(super) const ANALOGUE_1B: Figure = analogue(
    "1b-analogue",
    "Loss against width in the weak regime, three frequency laws: 1000 features, not the paper's 10,240",
    FIGURE_1B,
);

fn make_1b(material: &Material<'_>) -> Findings {
    let settings = laws(material, 0);
    let fifth_last = if material.select(is_papers).is_empty() { 16 } else { 64 };
    let last_five = laws(material, fifth_last);
    let claim = |(name, paper): (&str, f64)| {
        says(format!("{name}: R² of a power law over all widths"), format!("{paper}"))
            .holds(AtMost(0.95))
            .r_squared(fit_of(&settings, name))
    };
    let mut claims =
        [("exponential", 0.802), ("power", 0.659), ("linear", 0.867)].map(claim).to_vec();
    claims.push(
        says("power: model exponent over the last five widths", "0.45 drawn; theory α − 1 = 0.2")
            .holds(Within(0.2, 0.1))
            .line(fit_of(&last_five, "power"), "one training a width"),
    );
    Findings::new([loss_table(material), law_table(&settings)], claims)
}

/// Loss against width in the strong regime, three frequency laws.
pub(super) const FIGURE_1D: Figure = Figure::of("1d", &[LARGE], make_1d, draw_losses)
    .wants(is_strong)
    .title("Loss against width in the strong regime, three frequency laws")
    .question("Does the loss fall as 1/d in the strong regime, whatever the frequencies?")
    .against("Slopes that differ from law to law, or from 1.")
    .limits(PAPERS);

/// The same at 1000 features.
pub(super) const ANALOGUE_1D: Figure = analogue(
    "1d-analogue",
    "Loss against width in the strong regime, three frequency laws: 1000 features, not the paper's 10,240",
    FIGURE_1D,
);

fn make_1d(material: &Material<'_>) -> Findings {
    let (all_widths, from_32) = (laws(material, 0), laws(material, 32));
    let chosen = [
        ("exponential", "1.01 ± 0.05 (its line), all widths", &all_widths),
        ("power", "1.0 ± 0.1 (its line), d ≥ 32", &from_32),
        ("linear", "0.89 ± 0.05 (its line), d ≥ 32", &from_32),
    ];
    let claims = chosen.map(|(name, paper, settings)| {
        let fit = fit_of(settings, name);
        let n_widths = fit.map_or(0, |f| f.n_points);
        says(format!("{name}: model exponent"), paper)
            .holds(Within(1.0, 0.2))
            .line(fit, format!("{n_widths} widths, one training each"))
    });
    let shown = chosen.iter().filter_map(|(name, _, settings)| of_law(settings, name).cloned());
    let shown: Vec<Exponent<'_>> = shown.collect();
    Findings::new([loss_table(material), law_table(&shown)], claims)
}

/// Row norms of the large toy.
pub(super) const FIGURE_7: Figure = Figure::of("7", &[LARGE], make_7, draw_7)
    .title("Row norms of the large toy")
    .question("What are the norms of the rows, for three frequency laws in both regimes?")
    .against("Norms spread evenly.")
    .limits(PAPERS);

/// The same at 1000 features.
pub(super) const ANALOGUE_7: Figure = analogue(
    "7-analogue",
    "Row norms of the large toy: 1000 features, not the paper's 10,240",
    FIGURE_7,
);

fn make_7(material: &Material<'_>) -> Findings {
    let kind = |bin: &NormBin<'_>| {
        let cell = &bin.finished.record.cell;
        format!("{}, {}", law(cell), if is_strong(cell) { "γ < 0" } else { "γ > 0" }).into()
    };
    let kind =
        ("kind", "frequency law, and the sign of the weight decay", &kind as &dyn Fn(&_) -> _);
    let weak = says("weak: share of rows with norm between 0.24 and 0.76", "norms at 0 or 1");
    let strong = says("strong: share of rows with norm between 0.72 and 1.6", "about 1");
    let claims = [
        mean_share(
            weak.holds(AtMost(0.05)),
            &material.select(is_weak),
            (0.24, 0.76),
            BY_LAW,
            "cells",
        ),
        mean_share(
            strong.holds(AtLeast(0.9)),
            &material.select(is_strong),
            (0.72, 1.6),
            BY_LAW,
            "cells",
        ),
    ];
    Findings::new([norm_table(&material.trained(), &[kind])], claims)
}

/// What may be alike are cells of one frequency law.
const BY_LAW: (Group, &str) = (|cell| law(cell).to_owned(), "frequency laws");

fn draw_7(tables: &Tables) -> Drawn {
    norm_sheet(tables, "", ("kind", ""))
}

/// Representation and loss of the large toy.
pub(super) const FIGURE_8: Figure = Figure::of("8", &[LARGE], make_8, draw_8)
    .title("Representation and loss of the large toy")
    .question("Do the counts, losses and overlaps follow the theory of each regime?")
    .against("Points far from the lines.")
    .limits(PAPERS);

/// The same at 1000 features.
pub(super) const ANALOGUE_8: Figure = analogue(
    "8-analogue",
    "Representation and loss of the large toy: 1000 features, not the paper's 10,240",
    FIGURE_8,
);

/// What all but the `φ½·n` most frequent features cost if ignored.
fn ignored_loss(finished: &Finished) -> Option<f64> {
    regime::Evidence::of(finished).map(|evidence| evidence.ignored_loss)
}

fn make_8(material: &Material<'_>) -> Findings {
    let size = |f: &Finished| f.record.cell.model.n_features as f64;
    let width = |f: &Finished| f.record.cell.model.d_hidden as f64;
    let table = cell_table(
        "cells",
        "Do the counts, losses and overlaps follow the theory of each regime?",
        &material.trained(),
        &["phi_half", "phi_one", "loss.test", "dead_outputs", "overlap.mean_square_strong"],
        &[
            LAW,
            ("regime", "weak or strong, by the sign of the weight decay", &|f| {
                regime_word(&f.record.cell).into()
            }),
            ("d_over_n", "d/n", &|f| (width(f) / size(f)).into()),
            ("phi_one_upper", "min(1, d²/2n)", &|f| {
                (width(f) * width(f) / 2.0 / size(f)).min(1.0).into()
            }),
            (
                "ignored_loss",
                "what all but the φ½·n most frequent features cost if ignored",
                &|f| ignored_loss(f).filter(|_| is_weak(&f.record.cell)).into(),
            ),
            ("welch", "κ² of n unit vectors in d dimensions", &|f| {
                f.measured().map(|m| m.overlap_welch).into()
            }),
        ],
    );
    Findings::new([table], claims_8(material))
}

fn claims_8(material: &Material<'_>) -> [Claim; 3] {
    let (weak, strong) = (material.select(is_weak), material.select(is_strong));
    let (law, of) = BY_LAW;
    let phi = each_in(&strong, law, |f| Some(f.measured()?.phi_half));
    let ratios = each_in(&weak, law, |f| Some(f.measured()?.loss_test / ignored_loss(f)?));
    let overlaps = each_in(&strong, law, |f| {
        let m = f.measured()?;
        Some(m.overlap_mean_square_strong? / m.overlap_welch)
    });
    let one = Within(1.0, 0.2);
    let cells = |values: &[Vec<f64>]| format!("{} cells", values.concat().len());
    [
        says("8a, strong: mean φ½", "1").holds(AtLeast(0.95)).mean_over(&phi, of, cells(&phi)),
        says("8b, weak: loss over what the ignored features cost", "near 1").holds(one).mean_over(
            &ratios,
            of,
            cells(&ratios),
        ),
        says("8d, strong: mean squared overlap over κ²", "near 1").holds(one).mean_over(
            &overlaps,
            of,
            cells(&overlaps),
        ),
    ]
}

fn draw_8(tables: &Tables) -> Drawn {
    let table = tables.get("cells")?;
    let d_over_n = guide("d_over_n", "d/n", Mark::Dotted);
    let upper = guide("phi_one_upper", "min(1, d²/2n)", Mark::Line);
    let by_law = |x, y| Lines { mark: Mark::Dots, ..lines_by(x, y, ("law", "")) };
    let by_regime = |y| Lines { panel: Some("regime"), ..by_law(width(), y) };
    let ignored = ("ignored_loss", Axis::logarithmic("loss of the ignored features"));
    let welch = ("welch", Axis::logarithmic("κ²"));
    let overlap = ("overlap.mean_square_strong", Axis::logarithmic("mean cos², norm above 1"));
    let mut panels = Vec::new();
    for (of, guides) in [
        (by_regime(("phi_half", Axis::logarithmic("φ½"))), &[d_over_n][..]),
        (by_regime(("phi_one", Axis::logarithmic("φ1"))), &[d_over_n, upper]),
        (by_law(ignored, loss()), &[guide("ignored_loss", "equal", Mark::Line)]),
        (by_law(welch, overlap), &[guide("welch", "equal", Mark::Line)]),
    ] {
        panels.extend(lines(table, &Lines { guides, ..of })?);
    }
    let caption = "Above: φ½ and φ1 in both regimes. Then: the weak regime's loss against what its ignored \
                   features cost, and squared overlaps against κ². Table: cells.csv.";
    Ok(pictures([sheet("", 2, panels, Axes::Own, caption)]))
}

/// R² of the power laws of the large toy.
pub(super) const FIGURE_9A: Figure = Figure::of("9a", &[LARGE], make_9a, draw_9a)
    .title("R² of the power laws of the large toy")
    .question("Are the losses power laws of width?")
    .against("Low R² in the strong regime.")
    .limits(PAPERS);

/// The same at 1000 features.
pub(super) const ANALOGUE_9A: Figure = analogue(
    "9a-analogue",
    "R² of the power laws of the large toy: 1000 features, not the paper's 10,240",
    FIGURE_9A,
);

fn make_9a(material: &Material<'_>) -> Findings {
    let settings = laws(material, 0);
    let claim = |(name, regime, paper): (&str, &str, f64)| {
        let is_its = |e: &&Exponent<'_>| law(e.cell()) == name && regime_word(e.cell()) == regime;
        says(format!("{regime}, {name}: R²"), format!("{paper}"))
            .holds(Within(paper, 0.1))
            .r_squared(settings.iter().find(is_its).and_then(|e| e.fit))
    };
    let claims = [
        ("exponential", "strong", 0.984),
        ("power", "strong", 0.963),
        ("linear", "strong", 0.987),
        ("exponential", "weak", 0.802),
        ("power", "weak", 0.659),
        ("linear", "weak", 0.867),
    ];
    Findings::new([law_table(&settings)], claims.map(claim))
}

fn draw_9a(tables: &Tables) -> Drawn {
    let (x, y) = (Axis::linear("frequency law"), Axis::linear("R² of the power law"));
    let of = lines_by(("law", x), ("r_squared", y), ("regime", ""));
    one((tables, "exponents"), &Lines { mark: Mark::Bars, ..of }, "", "")
}
