//! Five features in two dimensions: which arrangement the density chooses.

use superpose_figures::axis::Axis;
use superpose_figures::chart::Mark;
use superpose_figures::lines::{Lines, lines};
use superpose_figures::panel::Panel;
use superpose_figures::sheet::Axes;
use superpose_files::table::{Table, Tables};

use super::share::{
    Setting, Start, basis, by_density, digits, mean_of_represented, n_represented, short,
};
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

/// The mean dimensions of the represented features.
fn mean_dimensionality(start: &Start<'_>) -> f64 {
    mean_of_represented(start, |f| f.dimensionality)
}

fn make(material: &Material<'_>) -> Findings {
    let settings = by_density(material);
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
                s.mean(n_represented).into()
            }),
            ("mean_loss", "mean over all starts of the test loss", &|s| {
                s.mean(|start| start.loss()).into()
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
    let number = |s: Option<&Setting<'_>>| s.map(|s| n_represented(&s.best));
    let dimensions = |s: Option<&Setting<'_>>| s.map(|s| mean_dimensionality(&s.best));
    let (dense, between, sparse) = (near(1.0), near(0.2), near(0.03));
    let any_of_four =
        settings.iter().filter(|s| (n_represented(&s.best) - 4.0).abs() < 0.5).count();
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
    let reach = |label: &str| Axis::linear(label).from_to(-1.3, 1.3);
    let (x, y) = (("x", reach("first dimension")), ("y", reach("second dimension")));
    let of = Lines {
        group: Some("feature"),
        group_label: "feature",
        panel: Some("density"),
        panel_label: "density",
        mark: Mark::JoinedDots,
        ..Lines::plain(x, y)
    };
    let mut panels = lines(tables.get("directions")?, &of)?;
    for panel in &mut panels {
        if let Panel::Chart(chart) = panel {
            chart.is_square = true;
        }
    }
    let caption =
        "Rows of W of the best start at each density; importance 0.9ⁱ. Table: directions.csv.";
    Ok(pictures([sheet("Five features in two dimensions", 3, panels, Axes::Shared, caption)]))
}
