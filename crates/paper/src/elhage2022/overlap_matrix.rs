//! `W Wᵀ` of features of falling importance, by density: which are represented, and which share.

use superpose_figures::colour_bar::ColourScale;
use superpose_figures::heat_maps::{HeatMaps, heat_maps};
use superpose_figures::sheet::Axes;
use superpose_files::table::{Table, Tables};

use super::share::{
    Setting, Start, basis, by_density, digits, mean_of_represented, n_represented, short,
};
use crate::claim::{AtLeast, AtMost, Claim, Within, says};
use crate::draw::{Drawn, pictures, sheet};
use crate::figure::{Figure, Findings, Material, all};
use crate::sweeps::OVERLAP_MATRIX;

/// The matrices.
pub(super) const OVERLAPS: Figure = Figure::of("elhage-overlap-matrix", &[OVERLAP_MATRIX], make, draw)
    .wants_weights(all)
    .title("Overlaps of twenty features in five dimensions")
    .question("Which of twenty features of falling importance are represented, and which share dimensions, by density?")
    .against("More than five represented features where all are always active, or no more where they are rare.")
    .limits("Three starts a density; the matrix is that of the start with the least test loss.");

/// The mean of `Σ_{j≠i} (Ŵ_i·W_j)²` over the represented features.
fn mean_interference(start: &Start<'_>) -> f64 {
    mean_of_represented(start, |f| f.interference)
}

fn make(material: &Material<'_>) -> Findings {
    let settings = by_density(material);
    let densities = Table::of(
        "densities",
        "How many features are represented, and how much do they share?",
        &settings,
        &[
            ("density", "probability that a feature is active", &|s| s.density.into()),
            ("starts", "trained models", &|s| s.group.len().into()),
            ("seed", "of the model with the least test loss", &|s| s.best.cell().train.seed.into()),
            ("loss.test", "its test loss", &|s| s.best.loss().into()),
            ("represented", "its features with a row of W of norm at least 1/2", &|s| {
                n_represented(&s.best).into()
            }),
            ("interference", "mean over these of Σ (Ŵ_i·W_j)² over the other features", &|s| {
                mean_interference(&s.best).into()
            }),
            ("mean_represented", "mean over all starts of the represented features", &|s| {
                s.mean(n_represented).into()
            }),
        ],
    );
    let entries = settings.iter().flat_map(|s| {
        let n = s.best.weights.n_features;
        (0..n * n).map(move |at| (s, at / n, at % n))
    });
    let matrix = Table::of(
        "matrix",
        "What do features do to one another?",
        entries,
        &[
            ("density", "probability that a feature is active", &|(s, ..)| short(s.density).into()),
            ("feature", "i, from 1: the most important first", &|(_, i, _)| (i + 1).into()),
            ("other", "j, from 1", &|(.., j)| (j + 1).into()),
            ("product", "W_i·W_j", &|(s, i, j)| digits(s.best.product(*i, *j))),
        ],
    );
    Findings::new([densities, matrix], claims(&settings))
}

fn claims(settings: &[Setting<'_>]) -> Vec<Claim> {
    let (dense, sparse) = (settings.first(), settings.last());
    let numbers: Vec<f64> = settings.iter().map(|s| n_represented(&s.best)).collect();
    let n_falls = numbers.windows(2).filter(|pair| pair[1] < pair[0]).count();
    let all = (settings.len() > 1).then_some(n_falls as f64);
    vec![
        says("always active: represented features", "5: as many as dimensions")
            .holds(Within(5.0, 0.0))
            .measured(dense.map(|s| n_represented(&s.best)), basis(dense)),
        says("always active: mean Σ (Ŵ_i·W_j)² of these", "0: none share")
            .holds(AtMost(0.05))
            .measured(dense.map(|s| mean_interference(&s.best)), basis(dense)),
        says("sparsest: represented features", "nearly all 20")
            .holds(AtLeast(15.0))
            .measured(sparse.map(|s| n_represented(&s.best)), basis(sparse)),
        says("steps to a sparser setting at which fewer are represented", "none")
            .holds(AtMost(0.0))
            .measured(all, format!("{} densities", settings.len())),
    ]
}

fn draw(tables: &Tables) -> Drawn {
    let maps = HeatMaps {
        x: "other",
        y: "feature",
        value: "product",
        row: None,
        row_label: "",
        panel: Some("density"),
        panel_label: "density",
        x_label: "feature j",
        y_label: "feature i",
        colours: ColourScale::signed("W_i·W_j").from_to(-1.0, 1.0),
    };
    let panels = heat_maps(tables.get("matrix")?, &maps)?;
    let caption = "The best start at each density; importance 0.7ⁱ. Table: matrix.csv.";
    Ok(pictures([sheet("Overlaps of features", 4, panels, Axes::Shared, caption)]))
}
