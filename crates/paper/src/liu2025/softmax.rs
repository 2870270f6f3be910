//! The appendix's cross-entropy: does the part that depends on the width fall as 1/d?

use superpose_analysis::run::Finished;
use superpose_figures::axis::Axis;
use superpose_figures::chart::Mark;
use superpose_figures::lines::Lines;
use superpose_figures::sheet::Axes;
use superpose_files::table::Tables;
use superpose_toy::cell::Cell;

use crate::cells::{OfCell, SMALL_WIDTHS, cell_table, each, law_through};
use crate::claim::{AtLeast, AtMost, Claim, Within, says};
use crate::draw::{Drawn, guide, lines_by, pictures, rows_of_panels, sheet, width};
use crate::figure::{Figure, Findings, Material, decay_is, exponent_is};
use crate::sweeps::SOFTMAX;

/// The experiment.
pub(super) const CROSS_ENTROPY: Figure = Figure::of("softmax", &[SOFTMAX], make, draw)
    .title("Softmax and cross-entropy: the appendix's 1/d")
    .question(
        "Of the cross-entropy of a softmax over all features, does the part that overlaps cost fall as 1/d at \
         given norms, as the paper's appendix argues?",
    )
    .against(
        "A formula in norms and overlaps that misses the loss, or an overlap part that falls with another \
         exponent than 1.",
    )
    .limits(
        "One feature at a time, always of value one, no biases, n = 1000, half as many steps of a quarter of the \
         batch as the small toy has, one seed. The formula takes the mean norm and the mean squared overlap for \
         every row, and its second order in overlaps; a language model's targets are neither one-hot in its \
         hidden states nor of one feature.",
    );

/// The cross-entropy of rows of one norm, with and without what their overlaps add in second order, as in the
/// appendix: `ln(1 + (n − 1) e^(−r²) (1 + r⁴ ⟨cos²⟩ / 2))`, with a hidden vector that is the row itself.
fn formula(finished: &Finished) -> Option<(f64, f64)> {
    let measured = finished.measured()?;
    let others = finished.record.cell.model.n_features as f64 - 1.0;
    let square = measured.geometry.as_ref()?.norm_mean.powi(2);
    let apart = others * (-square).exp();
    let together = 1.0 + square * square * measured.overlap_mean_square / 2.0;
    Some(((apart * together).ln_1p(), apart.ln_1p()))
}

/// What overlaps cost: the loss less that of orthogonal rows of the same mean norm.
fn overlap_part(finished: &Finished) -> Option<f64> {
    Some(finished.measured()?.loss_test - formula(finished)?.1)
}

const COLUMNS: [OfCell<'static>; 4] = [
    (
        "formula",
        "the appendix's loss at the mean norm and mean squared overlap of the rows",
        &|f| formula(f).map(|of| of.0).into(),
    ),
    ("orthogonal", "the same without overlaps", &|f| formula(f).map(|of| of.1).into()),
    ("overlap_part", "loss.test less `orthogonal`", &|f| overlap_part(f).into()),
    ("formula_part", "`formula` less `orthogonal`", &|f| formula(f).map(|of| of.0 - of.1).into()),
];

fn make(material: &Material<'_>) -> Findings {
    let quantities = [
        "loss.test",
        "loss.test_se",
        "norm.mean",
        "norm.min",
        "norm.max",
        "overlap.mean_square",
        "overlap.welch",
        "density.drawn",
    ];
    let question = "What does the softmax's loss consist of?";
    let table = cell_table("cells", question, &material.trained(), &quantities, &COLUMNS);
    let settings = [(0.0, -1.0), (0.0, 0.1), (1.0, -1.0), (1.0, 0.1)];
    let claims = settings.into_iter().flat_map(|setting| claims(material, setting));
    Findings::new([table], claims)
}

fn claims(material: &Material<'_>, (exponent, decay): (f64, f64)) -> Vec<Claim> {
    let is_wanted = |cell: &Cell| exponent_is(cell, exponent) && decay_is(cell, decay);
    let cells = material.select(is_wanted);
    let of = format!("α = {exponent}, γ = {}", decay.to_string().replace('-', "−"));
    let basis = format!("{} widths, one training each", cells.len());
    let off = each(&cells, |f| Some((formula(f)?.0 / f.measured()?.loss_test - 1.0).abs()));
    let part: Vec<(f64, f64)> = cells
        .iter()
        .filter_map(|f| Some((f.record.cell.model.d_hidden as f64, overlap_part(f)?)))
        .filter(|(_, part)| *part > 0.0)
        .collect();
    let n_parts = part.len();
    let law = law_through(&part).filter(|_| n_parts == SMALL_WIDTHS);
    let spread = each(&cells, |f| Some(f.measured()?.geometry.as_ref()?.norm_mean));
    let largest = spread.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let smallest = spread.iter().copied().fold(f64::INFINITY, f64::min);
    vec![
        says(
            format!("{of}: the formula's loss over the measured one, less 1, largest"),
            "exact to second order",
        )
        .holds(AtMost(0.1))
        .largest(&off, basis.clone()),
        says(format!("{of}: exponent of the overlap part"), "1 at given norms")
            .holds(Within(1.0, 0.15))
            .line(law, format!("{n_parts} widths where it is positive")),
        says(
            format!("{of}: smallest mean norm over the largest, by width"),
            "norms are taken as given",
        )
        .holds(AtLeast(0.9))
        .measured((!spread.is_empty()).then_some(smallest / largest), basis),
    ]
}

fn draw(tables: &Tables) -> Drawn {
    let cells = tables.get("cells")?;
    let guides = [guide("formula", "formula", Mark::Dotted)];
    let loss = ("loss.test", Axis::logarithmic("cross-entropy"));
    let panel =
        |lines: Lines<'static>| Lines { panel: Some("data_exponent"), panel_label: "α", ..lines };
    let of = |y| panel(lines_by(width(), y, ("weight_decay", "γ")));
    let part = ("overlap_part", Axis::logarithmic("what overlaps cost"));
    let by_formula = [guide("formula_part", "formula", Mark::Dotted)];
    let rows = [
        Lines { guides: &guides, mark: Mark::Dots, ..of(loss) },
        Lines { guides: &by_formula, mark: Mark::Dots, ..of(part) },
        of(("norm.mean", Axis::linear("mean row norm"))),
    ];
    let (columns, panels) = rows_of_panels(cells, rows)?;
    let caption = "One training a cell. Dotted: the appendix's formula at each cell's own norms and overlaps. Parts \
                   below zero (some at α = 1) are not drawn. Table: cells.csv.";
    Ok(pictures([sheet("Softmax and cross-entropy", columns, panels, Axes::SharedX, caption)]))
}
