//! The large toy: figures 1b, 1d, 7, 8 and 9a, each also at a tenth of its size.
//!
//! The paper's own setting takes a GPU. The analogue keeps every constant but the number of features, and
//! says so wherever it shows; its claims are about its own numbers.

use superpose_analysis::regime;
use superpose_analysis::run::Finished;
use superpose_files::table::{Field, Table, TableError};
use superpose_stats::summary::summarise;
use superpose_toy::cell::Cell;

use crate::cells::{
    Exponent, Extra, cell_table, exponent_table, large_exponents, law, norm_table, share_of_norms,
};
use crate::claim::{Claim, Test};
use crate::figure::{Evidence, Figure, Made, all, near, none};
use crate::figures::draw;
use crate::published;
use crate::sweeps::{LARGE, LARGE_ANALOGUE};

const LAWS: [&str; 3] = ["exponential", "power", "linear"];

fn is_strong(cell: &Cell) -> bool {
    cell.train.weight_decay < 0.0
}

fn is_weak(cell: &Cell) -> bool {
    cell.train.weight_decay > 0.0
}

const ANALOGUE: &str = "Not the paper's setting: 1000 features instead of 10,240, and widths to 256 \
                        instead of 1024. One seed.";
const PAPERS: &str = "One seed. Needs a GPU: 48 cells of 10,240 features.";

macro_rules! large_figure {
    ($name:ident, $analogue:ident, $id:literal, $title:literal, $question:literal, $wants:expr,
     $make:ident, $draw:expr, $against:literal) => {
        #[doc = concat!("Figure ", $id, ": ", $title, ".")]
        pub(super) const $name: Figure = Figure {
            id: $id,
            title: $title,
            question: $question,
            sweeps: &[LARGE],
            wants: $wants,
            wants_weights: none,
            make: $make,
            draw: |tables| $draw(tables, $title),
            against: $against,
            limits: PAPERS,
        };
        #[doc = concat!("Figure ", $id, " at 1000 features.")]
        pub(super) const $analogue: Figure = Figure {
            id: concat!($id, "-analogue"),
            title: concat!($title, ": 1000 features, not the paper's 10,240"),
            question: $question,
            sweeps: &[LARGE_ANALOGUE],
            wants: $wants,
            wants_weights: none,
            make: $make,
            draw: |tables| {
                $draw(tables, concat!($title, ": 1000 features, not the paper's 10,240"))
            },
            against: $against,
            limits: ANALOGUE,
        };
    };
}

large_figure!(
    FIGURE_1B,
    ANALOGUE_1B,
    "1b",
    "Loss against width in the weak regime, three frequency laws",
    "Does the loss follow the frequencies' tail in the weak regime?",
    is_weak,
    make_1b,
    draw::loss_by_law,
    "The same slope for all three laws."
);
large_figure!(
    FIGURE_1D,
    ANALOGUE_1D,
    "1d",
    "Loss against width in the strong regime, three frequency laws",
    "Does the loss fall as 1/d in the strong regime, whatever the frequencies?",
    is_strong,
    make_1d,
    draw::loss_by_law,
    "Slopes that differ from law to law, or from 1."
);
large_figure!(
    FIGURE_7,
    ANALOGUE_7,
    "7",
    "Row norms of the large toy",
    "What are the norms of the rows, for three frequency laws in both regimes?",
    all,
    make_7,
    draw::norms_by_law,
    "Norms spread evenly."
);
large_figure!(
    FIGURE_8,
    ANALOGUE_8,
    "8",
    "Representation and loss of the large toy",
    "Do the counts, losses and overlaps follow the theory of each regime?",
    all,
    make_8,
    draw::large_panels,
    "Points far from the lines."
);
large_figure!(
    FIGURE_9A,
    ANALOGUE_9A,
    "9a",
    "R² of the power laws of the large toy",
    "Are the losses power laws of width?",
    all,
    make_9a,
    draw::r_squared_bars,
    "Low R² in the strong regime."
);

fn is_papers(evidence: &Evidence<'_>) -> bool {
    evidence.cells.iter().any(|f| f.record.cell.model.n_features > 10_000)
}

fn loss_table(evidence: &Evidence<'_>) -> Result<Table, TableError> {
    let published = published::fig1()?;
    let (laws, decays) = (published.words("law")?, published.numbers("weight_decay")?);
    let (widths, losses) = (published.numbers("d_hidden")?, published.numbers("loss.test")?);
    let papers = is_papers(evidence);
    let of_paper = |cell: &Cell| {
        let same = |at: &usize| {
            laws[*at] == law(cell)
                && near(decays[*at], cell.train.weight_decay)
                && near(widths[*at], cell.model.d_hidden as f64)
        };
        (0..laws.len()).find(same).filter(|_| papers).map(|at| losses[at])
    };
    Ok(cell_table(
        "losses",
        "How does the loss fall with width?",
        &evidence.select(all),
        &["loss.test", "loss.test_se", "loss.dead_part", "loss.alive_part", "dead_outputs"],
        &[
            Extra { name: "law", meaning: "frequency law", of: &|f| law(&f.record.cell).into() },
            Extra {
                name: "published",
                meaning: "the paper's loss, at its own setting only",
                of: &|f| of_paper(&f.record.cell).map_or(Field::Missing, Field::from),
            },
        ],
    ))
}

fn laws<'a>(evidence: &Evidence<'a>, d_min: usize) -> Vec<Exponent<'a>> {
    large_exponents(&evidence.select(all), d_min)
}

fn law_table(settings: &[Exponent<'_>]) -> Table {
    exponent_table(
        "exponents",
        "How fast does the loss fall with width?",
        settings,
        &[
            ("law", "frequency law", &|e| law(e.cell()).into()),
            ("regime", "weak or strong, by the sign of the weight decay", &|e| {
                if is_strong(e.cell()) { "strong" } else { "weak" }.into()
            }),
            ("d_min", "smallest width in the fit", &|e| e.losses.first().map(|l| l.0).into()),
        ],
    )
}

fn of_law<'a, 'b>(settings: &'b [Exponent<'a>], name: &str) -> Option<&'b Exponent<'a>> {
    settings.iter().find(|e| law(e.cell()) == name)
}

fn make_1b(evidence: &Evidence<'_>) -> Result<Made, TableError> {
    let settings = laws(evidence, 0);
    let last_five = laws(evidence, if is_papers(evidence) { 64 } else { 16 });
    let power = of_law(&last_five, "power").and_then(|e| e.fit);
    let claim = |(name, paper): (&str, f64)| {
        let fit = of_law(&settings, name).and_then(|e| e.fit);
        Claim::new(
            format!("{name}: R² of a power law over all widths"),
            format!("{paper}"),
            Test::AtMost(0.95),
        )
        .measured(fit.map(|f| f.r_squared), format!("{} widths", fit.map_or(0, |f| f.n_points)))
    };
    let mut claims =
        [("exponential", 0.802), ("power", 0.659), ("linear", 0.867)].map(claim).to_vec();
    claims.push(
        Claim::new(
            "power: model exponent over the last five widths",
            "0.45 drawn; theory α − 1 = 0.2",
            Test::Within { target: 0.2, tolerance: 0.1 },
        )
        .exponent(power, "standard error of the line"),
    );
    Ok(Made { tables: vec![loss_table(evidence)?, law_table(&settings)], claims })
}

fn make_1d(evidence: &Evidence<'_>) -> Result<Made, TableError> {
    let (whole, from_32) = (laws(evidence, 0), laws(evidence, 32));
    let claim = |(name, paper, settings): (&str, &str, &[Exponent<'_>])| {
        let fit = of_law(settings, name).and_then(|e| e.fit);
        Claim::new(
            format!("{name}: model exponent"),
            paper.to_owned(),
            Test::Within { target: 1.0, tolerance: 0.2 },
        )
        .exponent(
            fit,
            format!("standard error of the line over {} widths", fit.map_or(0, |f| f.n_points)),
        )
    };
    let claims = vec![
        claim(("exponential", "1.01 ± 0.05, all widths", &whole)),
        claim(("power", "1.0 ± 0.1, d ≥ 32", &from_32)),
        claim(("linear", "0.89 ± 0.05, d ≥ 32", &from_32)),
    ];
    let chosen: Vec<Exponent<'_>> = LAWS
        .iter()
        .filter_map(|name| of_law(if *name == "exponential" { &whole } else { &from_32 }, name))
        .cloned()
        .collect();
    Ok(Made { tables: vec![loss_table(evidence)?, law_table(&chosen)], claims })
}

fn make_7(evidence: &Evidence<'_>) -> Result<Made, TableError> {
    let cells = evidence.select(all);
    let kind = Extra {
        name: "kind",
        meaning: "frequency law, and the sign of the weight decay",
        of: &|f| {
            let sign = if is_strong(&f.record.cell) { "γ < 0" } else { "γ > 0" };
            format!("{}, {sign}", law(&f.record.cell)).into()
        },
    };
    let table = norm_table("norms", "How long are the rows of W?", &cells, &[kind]);
    let mean = |wanted: fn(&Cell) -> bool, low: f64, high: f64| {
        let shares: Vec<f64> =
            evidence.select(wanted).iter().filter_map(|f| share_of_norms(f, low, high)).collect();
        (!shares.is_empty()).then(|| summarise(&shares).mean)
    };
    let basis =
        |wanted: fn(&Cell) -> bool| format!("mean over {} cells", evidence.select(wanted).len());
    Ok(Made {
        tables: vec![table],
        claims: vec![
            Claim::new(
                "weak: share of rows with norm between 0.24 and 0.76",
                "norms at 0 or 1",
                Test::AtMost(0.05),
            )
            .measured(mean(is_weak, 0.24, 0.76), basis(is_weak)),
            Claim::new(
                "strong: share of rows with norm between 0.72 and 1.6",
                "about 1",
                Test::AtLeast(0.9),
            )
            .measured(mean(is_strong, 0.72, 1.6), basis(is_strong)),
        ],
    })
}

fn make_8(evidence: &Evidence<'_>) -> Result<Made, TableError> {
    let cells = evidence.select(all);
    let ignored = |f: &Finished| regime::Evidence::of(f).map(|evidence| evidence.ignored_loss);
    let n_over = |f: &Finished, of: fn(f64, f64) -> f64| {
        of(f.record.cell.model.n_features as f64, f.record.cell.model.d_hidden as f64)
    };
    let table = cell_table(
        "cells",
        "Do the counts, losses and overlaps follow the theory of each regime?",
        &cells,
        &["phi_half", "phi_one", "loss.test", "dead_outputs", "overlap.mean_square_strong"],
        &[
            Extra { name: "law", meaning: "frequency law", of: &|f| law(&f.record.cell).into() },
            Extra {
                name: "regime",
                meaning: "weak or strong, by the sign of the weight decay",
                of: &|f| if is_strong(&f.record.cell) { "strong" } else { "weak" }.into(),
            },
            Extra { name: "d_over_n", meaning: "d/n", of: &|f| n_over(f, |n, d| d / n).into() },
            Extra {
                name: "phi_one_upper",
                meaning: "min(1, d²/2n)",
                of: &|f| n_over(f, |n, d| (d * d / 2.0 / n).min(1.0)).into(),
            },
            Extra {
                name: "ignored_loss",
                meaning: "what all but the φ½·n most frequent features cost if ignored",
                of: &|f| if is_weak(&f.record.cell) { ignored(f) } else { None }.into(),
            },
            Extra {
                name: "welch",
                meaning: "κ² of n unit vectors in d dimensions",
                of: &|f| f.measured().map(|m| m.overlap_welch).into(),
            },
        ],
    );
    let weak = evidence.select(is_weak);
    let ratios: Vec<f64> = weak
        .iter()
        .filter_map(|f| Some(f.measured()?.loss_test / ignored(f)?))
        .filter(|r| r.is_finite())
        .collect();
    let strong = evidence.select(is_strong);
    let phi: Vec<f64> = strong.iter().filter_map(|f| Some(f.measured()?.phi_half)).collect();
    let overlaps: Vec<f64> = strong
        .iter()
        .filter_map(|f| {
            let m = f.measured()?;
            Some(m.overlap_mean_square_strong? / m.overlap_welch)
        })
        .filter(|r| r.is_finite())
        .collect();
    let summary = |name: &str, paper: &str, values: &[f64], test| {
        Claim::new(name, paper, test).averaged(values, "cells")
    };
    let one = Test::Within { target: 1.0, tolerance: 0.2 };
    Ok(Made {
        tables: vec![table],
        claims: vec![
            summary("8a, strong: mean φ½", "1", &phi, Test::AtLeast(0.95)),
            summary("8b, weak: loss over what the ignored features cost", "near 1", &ratios, one),
            summary("8d, strong: mean squared overlap over κ²", "near 1", &overlaps, one),
        ],
    })
}

fn make_9a(evidence: &Evidence<'_>) -> Result<Made, TableError> {
    let settings = laws(evidence, 0);
    let table = law_table(&settings);
    let claim = |(name, regime, paper): (&str, &str, f64)| {
        let wanted = |e: &&Exponent<'_>| {
            law(e.cell()) == name && is_strong(e.cell()) == (regime == "strong")
        };
        let fit = settings.iter().find(wanted).and_then(|e| e.fit);
        Claim::new(
            format!("{regime}, {name}: R²"),
            format!("{paper}"),
            Test::Within { target: paper, tolerance: 0.1 },
        )
        .measured(fit.map(|f| f.r_squared), format!("{} widths", fit.map_or(0, |f| f.n_points)))
    };
    let claims = [
        ("exponential", "strong", 0.984),
        ("power", "strong", 0.963),
        ("linear", "strong", 0.987),
        ("exponential", "weak", 0.802),
        ("power", "weak", 0.659),
        ("linear", "weak", 0.867),
    ];
    Ok(Made { tables: vec![table], claims: claims.map(claim).to_vec() })
}
