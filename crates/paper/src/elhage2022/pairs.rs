//! Pairs of features that are active together, or never: how they lie to one another.

use superpose_figures::axis::Axis;
use superpose_figures::chart::Mark;
use superpose_figures::lines::{Lines, lines};
use superpose_figures::sheet::Axes;
use superpose_files::table::{Table, Tables};
use superpose_toy::cell::{Cell, Dependence};

use super::share::{NEEDS_WEIGHTS, REPRESENTED, Start, density, digits, short, starts};
use crate::claim::{AtLeast, Between, Claim, Test, says};
use crate::draw::{Drawn, pictures, sheet};
use crate::figure::{Figure, Findings, Material, all};
use crate::sweeps::PAIRS;

/// The figure.
pub(super) const TOGETHER_OR_NEVER: Figure = Figure::of("elhage-pairs", &[PAIRS], make, draw)
    .wants_weights(all)
    .title("Correlated and anticorrelated pairs")
    .question(
        "Do features that are active together lie at right angles, and features that never are against each other?",
    )
    .against(
        "Features that are active together and share a line, or features that exclude each other and do not.",
    )
    .limits(
        "Two pairs in two dimensions, even importance, twenty starts a setting, all of which count, whatever their \
         loss. Together means always together, as both are as frequent.",
    );

/// The kind of pairs, in a word.
fn kind(cell: &Cell) -> &'static str {
    match cell.data.dependence {
        Dependence::Correlated => "together",
        Dependence::Anticorrelated => "never together",
        _ => "independent",
    }
}

/// How the two features of a pair lie, of which both are represented.
struct Pair<'a> {
    start: Start<'a>,
    /// From 1.
    number: usize,
    cosine: f64,
}

/// A cosine of at most this is that of features against each other; of at most its square in size, of a right angle.
const AGAINST: f64 = -0.9;
const RIGHT: f64 = 0.2;

fn pairs<'a>(material: &'a Material<'_>) -> Vec<Pair<'a>> {
    let of = |start: Start<'a>| {
        [0, 2].map(|first| {
            let features = start.features();
            let both = features[first].norm.min(features[first + 1].norm) >= REPRESENTED;
            let cosine = if both { start.cosine(first, first + 1) } else { f64::NAN };
            Pair { start, number: first / 2 + 1, cosine }
        })
    };
    starts(material).into_iter().flat_map(of).collect()
}

fn make(material: &Material<'_>) -> Findings {
    let pairs = pairs(material);
    let table = Table::of(
        "pairs",
        "How do the two features of a pair lie?",
        &pairs,
        &[
            ("kind", "independent, together (always) or never together", &|p| {
                kind(p.start.cell()).into()
            }),
            ("density", "probability that a feature is active", &|p| {
                short(density(p.start.cell())).into()
            }),
            ("seed", "of the start", &|p| p.start.cell().train.seed.into()),
            ("pair", "its number: features 1 and 2, features 3 and 4", &|p| p.number.into()),
            ("cosine", "between the two rows of W; empty where one is shorter than 1/2", &|p| {
                if p.cosine.is_finite() { digits(p.cosine) } else { None::<f64>.into() }
            }),
            ("loss.test", "test loss of the model", &|p| digits(p.start.loss())),
        ],
    );
    let claims = [
        claim(
            &pairs,
            "together",
            "share of pairs at right angles (|cos| ≤ 0.2)",
            "nearly all",
            AtLeast(0.9),
            |cosine| cosine.abs() <= RIGHT,
        ),
        claim(
            &pairs,
            "never together",
            "share of pairs against each other (cos ≤ −0.9)",
            "nearly all",
            AtLeast(0.9),
            |cosine| cosine <= AGAINST,
        ),
        claim(
            &pairs,
            "independent",
            "share of pairs against each other (cos ≤ −0.9)",
            "by chance: 1/3, as each has three to lie against",
            Between(0.15, 0.55),
            |cosine| cosine <= AGAINST,
        ),
    ];
    Findings::new([table], claims)
}

/// A claim of the pairs of a kind: the share that passes, over starts.
fn claim(
    pairs: &[Pair<'_>],
    of: &str,
    what: &str,
    said: &str,
    test: Test,
    passes: impl Fn(f64) -> bool,
) -> Claim {
    let its = || pairs.iter().filter(|p| kind(p.start.cell()) == of);
    let mut seeds: Vec<u64> = its().map(|p| p.start.cell().train.seed).collect();
    seeds.sort_unstable();
    seeds.dedup();
    let of_seed = |seed: &u64| -> Vec<f64> {
        let its = its().filter(|p| p.start.cell().train.seed == *seed);
        its.map(|p| f64::from(u8::from(passes(p.cosine)))).collect()
    };
    let groups: Vec<Vec<f64>> = seeds.iter().map(of_seed).collect();
    let basis = match its().count() {
        0 => NEEDS_WEIGHTS.to_owned(),
        n => format!("{n} pairs"),
    };
    says(format!("{of}: {what}"), said).holds(test).mean_over(&groups, "starts", basis)
}

fn draw(tables: &Tables) -> Drawn {
    let x = ("seed", Axis::linear("start"));
    let y = ("cosine", Axis::linear("cosine of the two features of a pair"));
    let of = Lines {
        mark: Mark::Dots,
        group: Some("kind"),
        panel: Some("density"),
        panel_label: "density",
        ..Lines::plain(x, y)
    };
    let panels = lines(tables.get("pairs")?, &of)?;
    let caption = "Two dots a start: its two pairs. Table: pairs.csv.";
    Ok(pictures([sheet("Pairs of features", 3, panels, Axes::Shared, caption)]))
}
