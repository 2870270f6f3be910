//! Five features in two dimensions: which arrangement the density chooses.

use superpose_figures::axis::Axis;
use superpose_figures::chart::Mark;
use superpose_figures::lines::{Lines, lines};
use superpose_figures::sheet::Axes;
use superpose_files::table::{Table, Tables};
use superpose_stats::summary::summarise;

use super::share::{NEEDS_WEIGHTS, Start, best, by_setting, density, digits, short, starts};
use crate::claim::{AtLeast, Claim, Within, says};
use crate::draw::{Drawn, pictures, sheet};
use crate::figure::{Figure, Findings, Material, all};
use crate::sweeps::GALLERY;

/// The gallery.
pub(super) const GALLERY_5_2: Figure = Figure::of("elhage-gallery", &[GALLERY], make, draw)
    .wants_weights(all)
    .title("Five features in two dimensions")
    .question("How do five features of falling importance lie in a plane, by how often they are active?")
    .against(
        "Dense features that share a dimension, sparse ones that do not make a pentagon, or anything but two pairs \
         between them.",
    )
    .limits(
        "Ten starts a density; the arrangement is that of the start with the least test loss. Pairs and pentagons are \
         told by norms and D_i, not by their angles.",
    );

/// A density with its starts.
struct Setting<'a> {
    density: f64,
    group: Vec<Start<'a>>,
    best: Start<'a>,
}

fn n_represented(start: &Start<'_>) -> usize {
    start.features().iter().filter(|f| f.is_represented()).count()
}

/// The mean dimensions of the represented features.
fn mean_dimensionality(start: &Start<'_>) -> f64 {
    let features = start.features();
    let of: Vec<f64> =
        features.iter().filter(|f| f.is_represented()).map(|f| f.dimensionality).collect();
    summarise(&of).mean
}

fn settings<'a>(material: &'a Material<'_>) -> Vec<Setting<'a>> {
    let groups = by_setting(&starts(material)).into_iter();
    let of = |group: Vec<Start<'a>>| {
        let (density, best) = (density(group[0].cell()), best(&group)?);
        Some(Setting { density, group, best })
    };
    groups.filter_map(of).collect()
}

fn make(material: &Material<'_>) -> Findings {
    let settings = settings(material);
    let mean = |s: &Setting<'_>, of: fn(&Start<'_>) -> f64| {
        summarise(&s.group.iter().map(of).collect::<Vec<_>>()).mean
    };
    let densities = Table::of(
        "densities",
        "How many features are represented, and how many dimensions has each?",
        &settings,
        &[
            ("density", "probability that a feature is active", &|s| s.density.into()),
            ("starts", "trained models", &|s| s.group.len().into()),
            ("seed", "of the model with the least test loss", &|s| s.best.cell().train.seed.into()),
            ("loss.test", "its test loss", &|s| s.best.loss().into()),
            ("represented", "its features with a row of W of norm at least 1/2", &|s| {
                n_represented(&s.best).into()
            }),
            ("dimensionality", "mean D of these", &|s| mean_dimensionality(&s.best).into()),
            ("mean_represented", "mean over all starts of the represented features", &|s| {
                mean(s, |start| n_represented(start) as f64).into()
            }),
            ("mean_loss", "mean over all starts of the test loss", &|s| {
                mean(s, |start| start.loss()).into()
            }),
        ],
    );
    // Each row of W as a line from the origin.
    let rows = settings.iter().flat_map(|s| {
        let features = s.best.features().into_iter().enumerate();
        features.flat_map(move |(at, feature)| [0.0, 1.0].map(|end| (s, at, feature, end)))
    });
    let directions = Table::of(
        "directions",
        "How do the features lie?",
        rows,
        &[
            ("density", "probability that a feature is active, to three digits", &|(s, ..)| {
                short(s.density).into()
            }),
            ("feature", "its number, from 1: the most important first", &|(_, at, ..)| {
                (at + 1).into()
            }),
            ("end", "0 the origin, 1 its row of W", &|(.., end)| (*end).into()),
            ("x", "first component of W_i, or 0", &|(s, at, _, end)| {
                digits(end * f64::from(s.best.weights.weights[2 * at]))
            }),
            ("y", "second component", &|(s, at, _, end)| {
                digits(end * f64::from(s.best.weights.weights[2 * at + 1]))
            }),
            ("norm", "norm of W_i", &|(_, _, feature, _)| digits(feature.norm)),
            ("dimensionality", "D of the feature", &|(_, _, feature, _)| {
                digits(feature.dimensionality)
            }),
        ],
    );
    Findings::new([densities, directions], claims(&settings))
}

fn claims(settings: &[Setting<'_>]) -> Vec<Claim> {
    let near = |density: f64| {
        let distance = |s: &&Setting<'_>| (s.density / density).ln().abs();
        settings.iter().min_by(|a, b| distance(a).total_cmp(&distance(b)))
    };
    let basis = |s: Option<&Setting<'_>>| match s {
        None => NEEDS_WEIGHTS.to_owned(),
        Some(s) => format!("the best of {} starts at density {}", s.group.len(), short(s.density)),
    };
    let number = |s: Option<&Setting<'_>>| s.map(|s| n_represented(&s.best) as f64);
    let dimensions = |s: Option<&Setting<'_>>| s.map(|s| mean_dimensionality(&s.best));
    let (dense, between, sparse) = (near(1.0), near(0.2), near(0.03));
    let any_of_four = settings.iter().filter(|s| n_represented(&s.best) == 4).count();
    vec![
        says("always active: represented features", "2, on axes of their own")
            .holds(Within(2.0, 0.0))
            .measured(number(dense), basis(dense)),
        says("always active: mean D of these", "1")
            .holds(Within(1.0, 0.02))
            .measured(dimensions(dense), basis(dense)),
        says("density about 0.2: represented features", "4, in two antipodal pairs")
            .holds(Within(4.0, 0.0))
            .measured(number(between), basis(between)),
        says("density about 0.2: mean D of these", "1/2")
            .holds(Within(0.5, 0.02))
            .measured(dimensions(between), basis(between)),
        says("density about 0.03: represented features", "5, in a pentagon")
            .holds(Within(5.0, 0.0))
            .measured(number(sparse), basis(sparse)),
        says("density about 0.03: mean D of these", "2/5")
            .holds(Within(0.4, 0.02))
            .measured(dimensions(sparse), basis(sparse)),
        says("densities whose best start represents four features", "a range of densities")
            .holds(AtLeast(1.0))
            .measured(
                (!settings.is_empty()).then_some(any_of_four as f64),
                format!("{} densities", settings.len()),
            ),
    ]
}

fn draw(tables: &Tables) -> Drawn {
    let x = ("x", Axis::linear("first dimension"));
    let y = ("y", Axis::linear("second dimension"));
    let of = Lines {
        group: Some("feature"),
        group_label: "feature",
        panel: Some("density"),
        panel_label: "density",
        mark: Mark::JoinedDots,
        ..Lines::plain(x, y)
    };
    let panels = lines(tables.get("directions")?, &of)?;
    let caption =
        "Rows of W of the best start at each density; importance 0.9^i. Table: directions.csv.";
    Ok(pictures([sheet("Five features in two dimensions", 3, panels, Axes::Shared, caption)]))
}
