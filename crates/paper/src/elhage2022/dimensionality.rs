//! How many dimensions each feature has to itself, by density: the plateaus of the curve and the steps between.

use superpose_figures::axis::Axis;
use superpose_figures::chart::Mark;
use superpose_figures::lines::{Lines, lines};
use superpose_figures::sheet::Axes;
use superpose_files::table::{Table, Tables};

use super::share::{Feature, NEEDS_WEIGHTS, Start, density, digits, short, starts};
use crate::claim::{AtLeast, Between, Claim, Within, says};
use crate::draw::{Drawn, pictures, sheet};
use crate::figure::{Figure, Findings, Material, all};
use crate::sweeps::DIMENSIONALITY;

/// The curve.
pub(super) const CURVE: Figure =
    Figure::of("elhage-dimensionality", &[DIMENSIONALITY], make, draw)
        .wants_weights(all)
        .title("Dimensions per feature by density")
        .question(
            "How many dimensions does a feature have to itself, by how often features are active, and do they gather \
             at the fractions of regular arrangements?",
        )
        .against(
            "A fraction of 3/4 (tetrahedra), 2/3 (triangles), 1/2 (pairs), 2/5 (pentagons) or 3/8 (square \
             antiprisms) that fewer than a twentieth of the features have at every density.",
        )
        .limits(
            "n = 400, d = 30, even importance, one start a density, W from N(0, 1/d) (the paper's starts shorter). A \
             fraction is counted where D_i is within 0.02 of it, whatever the arrangement; which polytope it \
             is of is not looked at.",
        );

/// A regular arrangement of vectors, by the dimensions that each has.
struct Arrangement {
    name: &'static str,
    fraction: &'static str,
    value: f64,
}

const ARRANGEMENTS: [Arrangement; 5] = [
    Arrangement { name: "tetrahedra", fraction: "3/4", value: 0.75 },
    Arrangement { name: "triangles", fraction: "2/3", value: 2.0 / 3.0 },
    Arrangement { name: "antipodal pairs", fraction: "1/2", value: 0.5 },
    Arrangement { name: "pentagons", fraction: "2/5", value: 0.4 },
    Arrangement { name: "square antiprisms", fraction: "3/8", value: 0.375 },
];

/// How far from a fraction counts as at it.
const NEAR: f64 = 0.02;

/// A density with its trained model.
struct Trained<'a> {
    start: Start<'a>,
    density: f64,
    features: Vec<Feature>,
}

impl Trained<'_> {
    /// The paper's `d / ‖W‖²`: dimensions per represented feature, if each of these has norm one.
    fn per_feature(&self) -> f64 {
        let squares: f64 = self.features.iter().map(|f| f.norm * f.norm).sum();
        self.start.weights.d_hidden as f64 / squares
    }

    /// The share of the features whose dimensions are near `value`.
    fn share_at(&self, value: f64) -> f64 {
        let near = self.features.iter().filter(|f| (f.dimensionality - value).abs() <= NEAR);
        near.count() as f64 / self.features.len() as f64
    }

    fn n_represented(&self) -> usize {
        self.features.iter().filter(|f| f.is_represented()).count()
    }
}

fn trained<'a>(material: &'a Material<'_>) -> Vec<Trained<'a>> {
    let of = |start: Start<'a>| {
        let (density, features) = (density(start.cell()), start.features());
        Trained { start, density, features }
    };
    starts(material).into_iter().map(of).collect()
}

fn make(material: &Material<'_>) -> Findings {
    let trained = trained(material);
    let features = trained.iter().flat_map(|t| t.features.iter().enumerate().map(move |f| (t, f)));
    let features = Table::of(
        "features",
        "How many dimensions does each feature have to itself?",
        features,
        &[
            ("inverse_density", "1 over the probability that a feature is active", &|(t, _)| {
                short(1.0 / t.density).into()
            }),
            ("feature", "its number, from 1", &|(_, (at, _))| (at + 1).into()),
            ("norm", "norm of its row of W", &|(_, (_, f))| digits(f.norm)),
            (
                "dimensionality",
                "D = ‖W_i‖² / Σ_j (Ŵ_i·W_j)², j over all features",
                &|(_, (_, f))| digits(f.dimensionality),
            ),
        ],
    );
    let at = |t: &Trained<'_>, k: usize| t.share_at(ARRANGEMENTS[k].value).into();
    let curve = Table::of(
        "curve",
        "How many dimensions are there per feature, and how many features are at each fraction?",
        &trained,
        &[
            ("inverse_density", "1 over the probability that a feature is active", &|t| {
                short(1.0 / t.density).into()
            }),
            ("density", "that probability", &|t| t.density.into()),
            ("per_feature", "d / ‖W‖², dimensions per represented feature", &|t| {
                t.per_feature().into()
            }),
            ("represented", "features whose row of W has norm of at least 1/2", &|t| {
                t.n_represented().into()
            }),
            ("loss.test", "test loss", &|t| t.start.loss().into()),
            ("at_3_4", "share of features with D within 0.02 of 3/4", &|t| at(t, 0)),
            ("at_2_3", "the same of 2/3", &|t| at(t, 1)),
            ("at_1_2", "the same of 1/2", &|t| at(t, 2)),
            ("at_2_5", "the same of 2/5", &|t| at(t, 3)),
            ("at_3_8", "the same of 3/8", &|t| at(t, 4)),
        ],
    );
    // The largest share over some of the densities says nothing of the largest over all.
    let all: &[Trained<'_>] = if material.n_missing() == 0 { &trained } else { &[] };
    let claims = claims(all, trained.len());
    Findings::new([curve, features], claims)
}

/// The claims, of all densities; while cells are missing there are only `n_there` of them, and nothing is claimed.
fn claims(trained: &[Trained<'_>], n_there: usize) -> Vec<Claim> {
    let basis = |t: Option<&Trained<'_>>| match t {
        None if n_there > 0 => format!("{n_there} densities so far"),
        None => NEEDS_WEIGHTS.to_owned(),
        Some(t) => format!("of {} densities, at 1/{}", trained.len(), short(1.0 / t.density)),
    };
    let mut claims: Vec<Claim> = ARRANGEMENTS
        .iter()
        .map(|arrangement| {
            let share = |t: &Trained<'_>| t.share_at(arrangement.value);
            let most = trained.iter().max_by(|a, b| share(a).total_cmp(&share(b)));
            says(
                format!(
                    "{} ({}): largest share of features within 0.02, over densities",
                    arrangement.fraction, arrangement.name
                ),
                "a line on which features gather",
            )
            .holds(AtLeast(0.05))
            .measured(most.map(share), basis(most))
        })
        .collect();
    let densest = trained.iter().max_by(|a, b| a.density.total_cmp(&b.density));
    claims.push(
        says("densest: d / ‖W‖²", "1: as many features as dimensions")
            .holds(Within(1.0, 0.05))
            .measured(densest.map(Trained::per_feature), basis(densest)),
    );
    // The plateau of pairs.
    let plateau: Vec<f64> = trained.iter().map(Trained::per_feature).collect();
    let at_pairs = plateau.iter().filter(|d| (**d - 0.5).abs() <= 0.05).count();
    let share = (!plateau.is_empty()).then(|| at_pairs as f64 / plateau.len() as f64);
    claims.push(
        says(
            "share of densities with d / ‖W‖² within 0.05 of 1/2",
            "a plateau: features in antipodal pairs",
        )
        .holds(AtLeast(0.15))
        .measured(share, format!("{n_there} densities")),
    );
    let sparsest = trained.iter().min_by(|a, b| a.density.total_cmp(&b.density));
    claims.push(
        says("sparsest: d / ‖W‖²", "falls below 2/5 towards d / n = 0.075")
            .holds(Between(0.075, 0.4))
            .measured(sparsest.map(Trained::per_feature), basis(sparsest)),
    );
    claims
}

fn draw(tables: &Tables) -> Drawn {
    let x = || ("inverse_density", Axis::logarithmic("1 / density of a feature"));
    let y = ("dimensionality", Axis::linear("dimensions D_i of a feature"));
    let of_features = Lines { mark: Mark::Dots, ..Lines::plain(x(), y) };
    let mut panels = lines(tables.get("features")?, &of_features)?;
    let y = ("per_feature", Axis::linear("d / ‖W‖²"));
    panels.extend(lines(tables.get("curve")?, &Lines::plain(x(), y))?);
    let caption = "n = 400, d = 30, even importance; one dot a feature (left), one a training (right). Tables: \
                   features.csv, curve.csv.";
    Ok(pictures([sheet("Dimensions per feature", 2, panels, Axes::Own, caption)]))
}
