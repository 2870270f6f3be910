//! The large toy: figures 1b, 1d, 7, 8 and 9a, each also at a tenth of its size.
//!
//! The paper's own setting takes a GPU. The analogue keeps every constant but the number of features, and
//! says so wherever it shows; its claims are about its own numbers.

use superpose_analysis::regime;
use superpose_analysis::run::Finished;
use superpose_figures::axis::Axis;
use superpose_figures::chart::Mark;
use superpose_figures::histograms::histograms;
use superpose_figures::lines::{Guide, Lines, lines};
use superpose_figures::sheet::Axes;
use superpose_files::table::{Table, Tables};
use superpose_stats::summary::summarise;
use superpose_toy::cell::Cell;

use crate::cells::{
    Exponent, Extra, cell_table, exponent_table, large_exponents, law, norm_table, share_of_norms,
};
use crate::claim::{Claim, Test};
use crate::figure::{Figure, Findings, Material, all, none};
use crate::figures::draw::{
    Drawn, grouped, loss_axis, norm_histograms, pictures, sheet, width_axis,
};
use crate::published::FIG1;
use crate::sweeps::{LARGE, LARGE_ANALOGUE};

fn is_strong(cell: &Cell) -> bool {
    cell.train.weight_decay < 0.0
}

fn is_weak(cell: &Cell) -> bool {
    cell.train.weight_decay > 0.0
}

const ANALOGUE: &str = "Not the paper's setting: 1000 features instead of 10,240, and widths to 256 \
                        instead of 1024. One seed.";
const PAPERS: &str = "One seed. Needs a GPU: 48 cells of 10,240 features.";

/// Which of the two large toys a figure is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Toy {
    /// The paper's, of 10,240 features.
    Papers,
    /// Its analogue, of 1000.
    Analogue,
}

/// A figure at 1000 features, but for what differs from one to the next.
const fn analogue(figure: Figure) -> Figure {
    Figure { sweeps: &[LARGE_ANALOGUE], limits: ANALOGUE, ..figure }
}

/// The law's name, as a column.
const LAW: Extra<'static> = Extra::new("law", "frequency law", &|f| law(&f.record.cell).into());

fn regime_word(cell: &Cell) -> &'static str {
    if is_strong(cell) { "strong" } else { "weak" }
}

fn loss_table(material: &Material<'_>, toy: Toy) -> Table {
    let published = |f: &Finished| match toy {
        Toy::Papers => FIG1.of(&f.record.cell),
        Toy::Analogue => None,
    };
    cell_table(
        "losses",
        "How does the loss fall with width?",
        &material.trained(),
        &["loss.test", "loss.test_se", "loss.dead_part", "loss.alive_part", "dead_outputs"],
        &[
            LAW,
            Extra::new("published", "the paper's loss, at its own setting only", &|f| {
                published(f).into()
            }),
        ],
    )
}

fn draw_losses(tables: &Tables, title: &str, toy: Toy) -> Drawn {
    let of = Lines {
        published: Some("published"),
        ..grouped(("d_hidden", width_axis()), ("loss.test", loss_axis()), ("law", ""))
    };
    let panels = lines(tables.get("losses")?, &of)?;
    let rings = match toy {
        Toy::Papers => " Rings: the paper's, at its own setting.",
        Toy::Analogue => "",
    };
    let caption = format!("One dot a training.{rings} Table: losses.csv.");
    Ok(pictures([sheet(title, 1, panels, Axes::Own, &caption)]))
}

fn laws<'a>(material: &Material<'a>, d_min: usize) -> Vec<Exponent<'a>> {
    large_exponents(&material.trained(), d_min)
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

/// Loss against width in the weak regime, three frequency laws.
pub(super) const FIGURE_1B: Figure = Figure {
    id: "1b",
    title: "Loss against width in the weak regime, three frequency laws",
    question: "Does the loss follow the frequencies' tail in the weak regime?",
    sweeps: &[LARGE],
    wants: is_weak,
    wants_weights: none,
    make: |material| make_1b(material, Toy::Papers),
    draw: |tables| draw_losses(tables, FIGURE_1B.title, Toy::Papers),
    against: "The same slope for all three laws.",
    limits: PAPERS,
};

/// The same at 1000 features.
pub(super) const ANALOGUE_1B: Figure = Figure {
    id: "1b-analogue",
    title: "Loss against width in the weak regime, three frequency laws: 1000 features, not the paper's 10,240",
    make: |material| make_1b(material, Toy::Analogue),
    draw: |tables| draw_losses(tables, ANALOGUE_1B.title, Toy::Analogue),
    ..analogue(FIGURE_1B)
};

fn make_1b(material: &Material<'_>, toy: Toy) -> Findings {
    let settings = laws(material, 0);
    let fifth_last = match toy {
        Toy::Papers => 64,
        Toy::Analogue => 16,
    };
    let last_five = laws(material, fifth_last);
    let claim = |(name, paper): (&str, f64)| {
        Claim::new(
            format!("{name}: R² of a power law over all widths"),
            format!("{paper}"),
            Test::AtMost(0.95),
        )
        .r_squared(of_law(&settings, name).and_then(|e| e.fit))
    };
    let mut claims =
        [("exponential", 0.802), ("power", 0.659), ("linear", 0.867)].map(claim).to_vec();
    claims.push(
        Claim::new(
            "power: model exponent over the last five widths",
            "0.45 drawn; theory α − 1 = 0.2",
            Test::Within { target: 0.2, tolerance: 0.1 },
        )
        .exponent(of_law(&last_five, "power").and_then(|e| e.fit), "standard error of the line"),
    );
    Findings::new([loss_table(material, toy), law_table(&settings)], claims)
}

/// Loss against width in the strong regime, three frequency laws.
pub(super) const FIGURE_1D: Figure = Figure {
    id: "1d",
    title: "Loss against width in the strong regime, three frequency laws",
    question: "Does the loss fall as 1/d in the strong regime, whatever the frequencies?",
    sweeps: &[LARGE],
    wants: is_strong,
    wants_weights: none,
    make: |material| make_1d(material, Toy::Papers),
    draw: |tables| draw_losses(tables, FIGURE_1D.title, Toy::Papers),
    against: "Slopes that differ from law to law, or from 1.",
    limits: PAPERS,
};

/// The same at 1000 features.
pub(super) const ANALOGUE_1D: Figure = Figure {
    id: "1d-analogue",
    title: "Loss against width in the strong regime, three frequency laws: 1000 features, not the paper's 10,240",
    make: |material| make_1d(material, Toy::Analogue),
    draw: |tables| draw_losses(tables, ANALOGUE_1D.title, Toy::Analogue),
    ..analogue(FIGURE_1D)
};

fn make_1d(material: &Material<'_>, toy: Toy) -> Findings {
    let (all_widths, from_32) = (laws(material, 0), laws(material, 32));
    let chosen = [
        ("exponential", "1.01 ± 0.05, all widths", &all_widths),
        ("power", "1.0 ± 0.1, d ≥ 32", &from_32),
        ("linear", "0.89 ± 0.05, d ≥ 32", &from_32),
    ];
    let claims = chosen.map(|(name, paper, settings)| {
        let fit = of_law(settings, name).and_then(|e| e.fit);
        let n_widths = fit.map_or(0, |f| f.n_points);
        Claim::new(
            format!("{name}: model exponent"),
            paper,
            Test::Within { target: 1.0, tolerance: 0.2 },
        )
        .exponent(fit, format!("standard error of the line over {n_widths} widths"))
    });
    let shown = chosen.iter().filter_map(|(name, _, settings)| of_law(settings, name).cloned());
    let shown: Vec<Exponent<'_>> = shown.collect();
    Findings::new([loss_table(material, toy), law_table(&shown)], claims)
}

/// Row norms of the large toy.
pub(super) const FIGURE_7: Figure = Figure {
    id: "7",
    title: "Row norms of the large toy",
    question: "What are the norms of the rows, for three frequency laws in both regimes?",
    sweeps: &[LARGE],
    wants: all,
    wants_weights: none,
    make: make_7,
    draw: |tables| draw_7(tables, FIGURE_7.title),
    against: "Norms spread evenly.",
    limits: PAPERS,
};

/// The same at 1000 features.
pub(super) const ANALOGUE_7: Figure = Figure {
    id: "7-analogue",
    title: "Row norms of the large toy: 1000 features, not the paper's 10,240",
    draw: |tables| draw_7(tables, ANALOGUE_7.title),
    ..analogue(FIGURE_7)
};

fn make_7(material: &Material<'_>) -> Findings {
    let kind = Extra::new("kind", "frequency law, and the sign of the weight decay", &|f| {
        let sign = if is_strong(&f.record.cell) { "γ < 0" } else { "γ > 0" };
        format!("{}, {sign}", law(&f.record.cell)).into()
    });
    let question = "How long are the rows of W?";
    let table = norm_table("norms", question, &material.trained(), &[kind]);
    let share = |claim: Claim, wanted: fn(&Cell) -> bool, low: f64, high: f64| {
        let cells = material.select(wanted);
        let shares: Vec<f64> = cells.iter().filter_map(|f| share_of_norms(f, low, high)).collect();
        claim.measured(summarise(&shares).mean, format!("mean over {} cells", cells.len()))
    };
    let weak = Claim::new(
        "weak: share of rows with norm between 0.24 and 0.76",
        "norms at 0 or 1",
        Test::AtMost(0.05),
    );
    let strong = Claim::new(
        "strong: share of rows with norm between 0.72 and 1.6",
        "about 1",
        Test::AtLeast(0.9),
    );
    let claims = [share(weak, is_weak, 0.24, 0.76), share(strong, is_strong, 0.72, 1.6)];
    Findings::new([table], claims)
}

fn draw_7(tables: &Tables, title: &str) -> Drawn {
    let grid = histograms(tables.get("norms")?, &norm_histograms(Some("kind"), ""))?;
    let caption = "Rows of W by norm; heights are to be compared within a panel. Table: norms.csv.";
    Ok(pictures([sheet(title, grid.columns, grid.panels, Axes::SharedX, caption)]))
}

/// Representation and loss of the large toy.
pub(super) const FIGURE_8: Figure = Figure {
    id: "8",
    title: "Representation and loss of the large toy",
    question: "Do the counts, losses and overlaps follow the theory of each regime?",
    sweeps: &[LARGE],
    wants: all,
    wants_weights: none,
    make: make_8,
    draw: |tables| draw_8(tables, FIGURE_8.title),
    against: "Points far from the lines.",
    limits: PAPERS,
};

/// The same at 1000 features.
pub(super) const ANALOGUE_8: Figure = Figure {
    id: "8-analogue",
    title: "Representation and loss of the large toy: 1000 features, not the paper's 10,240",
    draw: |tables| draw_8(tables, ANALOGUE_8.title),
    ..analogue(FIGURE_8)
};

/// What all but the `φ½·n` most frequent features cost if ignored.
fn ignored_loss(finished: &Finished) -> Option<f64> {
    regime::Evidence::of(finished).map(|evidence| evidence.ignored_loss)
}

fn make_8(material: &Material<'_>) -> Findings {
    let size = |f: &Finished| {
        let model = &f.record.cell.model;
        (model.n_features as f64, model.d_hidden as f64)
    };
    let table = cell_table(
        "cells",
        "Do the counts, losses and overlaps follow the theory of each regime?",
        &material.trained(),
        &["phi_half", "phi_one", "loss.test", "dead_outputs", "overlap.mean_square_strong"],
        &[
            LAW,
            Extra::new("regime", "weak or strong, by the sign of the weight decay", &|f| {
                regime_word(&f.record.cell).into()
            }),
            Extra::new("d_over_n", "d/n", &|f| {
                let (n, d) = size(f);
                (d / n).into()
            }),
            Extra::new("phi_one_upper", "min(1, d²/2n)", &|f| {
                let (n, d) = size(f);
                (d * d / 2.0 / n).min(1.0).into()
            }),
            Extra::new(
                "ignored_loss",
                "what all but the φ½·n most frequent features cost if ignored",
                &|f| ignored_loss(f).filter(|_| is_weak(&f.record.cell)).into(),
            ),
            Extra::new("welch", "κ² of n unit vectors in d dimensions", &|f| {
                f.measured().map(|m| m.overlap_welch).into()
            }),
        ],
    );
    Findings::new([table], claims_8(material))
}

fn claims_8(material: &Material<'_>) -> [Claim; 3] {
    let (weak, strong) = (material.select(is_weak), material.select(is_strong));
    let finite = |of: &[&Finished], value: &dyn Fn(&Finished) -> Option<f64>| -> Vec<f64> {
        of.iter().filter_map(|f| value(f)).filter(|value| value.is_finite()).collect()
    };
    let phi = finite(&strong, &|f| Some(f.measured()?.phi_half));
    let ratios = finite(&weak, &|f| Some(f.measured()?.loss_test / ignored_loss(f)?));
    let overlaps = finite(&strong, &|f| {
        let m = f.measured()?;
        Some(m.overlap_mean_square_strong? / m.overlap_welch)
    });
    let one = Test::Within { target: 1.0, tolerance: 0.2 };
    [
        Claim::new("8a, strong: mean φ½", "1", Test::AtLeast(0.95)).averaged(&phi, "cells"),
        Claim::new("8b, weak: loss over what the ignored features cost", "near 1", one)
            .averaged(&ratios, "cells"),
        Claim::new("8d, strong: mean squared overlap over κ²", "near 1", one)
            .averaged(&overlaps, "cells"),
    ]
}

fn draw_8(tables: &Tables, title: &str) -> Drawn {
    let table = tables.get("cells")?;
    let guide = |column, label, mark| Guide { column, label, mark };
    let d_over_n = guide("d_over_n", "d/n", Mark::Dotted);
    let upper = guide("phi_one_upper", "min(1, d²/2n)", Mark::Line);
    let ignored = guide("ignored_loss", "equal", Mark::Line);
    let welch = guide("welch", "equal", Mark::Line);
    let loss_of_ignored = Axis::logarithmic("loss of the ignored features");
    let overlap = Axis::logarithmic("mean cos², norm above 1");
    let by_law = |x: (&'static str, Axis), y: (&'static str, Axis)| Lines {
        mark: Mark::Dots,
        ..grouped(x, y, ("law", ""))
    };
    let by_regime = |y: (&'static str, Axis)| Lines {
        panel: Some("regime"),
        ..by_law(("d_hidden", width_axis()), y)
    };
    let mut panels = Vec::new();
    for (of, guides) in [
        (by_regime(("phi_half", Axis::logarithmic("φ½"))), &[d_over_n][..]),
        (by_regime(("phi_one", Axis::logarithmic("φ1"))), &[d_over_n, upper]),
        (by_law(("ignored_loss", loss_of_ignored), ("loss.test", loss_axis())), &[ignored]),
        (
            by_law(("welch", Axis::logarithmic("κ²")), ("overlap.mean_square_strong", overlap)),
            &[welch],
        ),
    ] {
        panels.extend(lines(table, &Lines { guides, ..of })?);
    }
    let caption = "Above: φ½ and φ1 in both regimes. Then: the weak regime's loss against what its ignored \
                   features cost, and squared overlaps against κ². Table: cells.csv.";
    Ok(pictures([sheet(title, 2, panels, Axes::Own, caption)]))
}

/// R² of the power laws of the large toy.
pub(super) const FIGURE_9A: Figure = Figure {
    id: "9a",
    title: "R² of the power laws of the large toy",
    question: "Are the losses power laws of width?",
    sweeps: &[LARGE],
    wants: all,
    wants_weights: none,
    make: make_9a,
    draw: |tables| draw_9a(tables, FIGURE_9A.title),
    against: "Low R² in the strong regime.",
    limits: PAPERS,
};

/// The same at 1000 features.
pub(super) const ANALOGUE_9A: Figure = Figure {
    id: "9a-analogue",
    title: "R² of the power laws of the large toy: 1000 features, not the paper's 10,240",
    draw: |tables| draw_9a(tables, ANALOGUE_9A.title),
    ..analogue(FIGURE_9A)
};

fn make_9a(material: &Material<'_>) -> Findings {
    let settings = laws(material, 0);
    let claim = |(name, regime, paper): (&str, &str, f64)| {
        let is_its = |e: &&Exponent<'_>| law(e.cell()) == name && regime_word(e.cell()) == regime;
        Claim::new(
            format!("{regime}, {name}: R²"),
            format!("{paper}"),
            Test::Within { target: paper, tolerance: 0.1 },
        )
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

fn draw_9a(tables: &Tables, title: &str) -> Drawn {
    let of = Lines {
        mark: Mark::Bars,
        ..grouped(
            ("law", Axis::linear("frequency law")),
            ("r_squared", Axis::linear("R² of the power law")),
            ("regime", ""),
        )
    };
    let panels = lines(tables.get("exponents")?, &of)?;
    Ok(pictures([sheet(title, 1, panels, Axes::Own, "Table: exponents.csv.")]))
}
