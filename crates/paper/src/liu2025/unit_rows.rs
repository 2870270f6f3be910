//! Rows on the sphere beside rows that a decay of −1 pulls there.

use superpose_analysis::run::Finished;
use superpose_figures::axis::Axis;
use superpose_figures::lines::Lines;
use superpose_figures::sheet::Axes;
use superpose_files::table::Tables;
use superpose_toy::cell::{Cell, Rows};

use crate::cells::{
    Exponent, OfCell, SMALL_WIDTHS, cell_table, complete_exponents, exponent_table,
    exponents_of_seeds, log_ratios, mean_table,
};
use crate::claim::{AtLeast, Claim, Within, says};
use crate::draw::{Drawn, lines_by, loss, pictures, rows_of_panels, sheet, width};
use crate::figure::{Figure, Findings, Material, exponent_is};
use crate::sweeps::UNIT_ROWS;

/// The experiment.
pub(super) const UNIT: Figure = Figure::of("unit-rows", &[UNIT_ROWS], make, draw)
    .title("Rows on the sphere and rows pulled to it")
    .question(
        "Does a constraint in the place of a decay change the exponent of the loss, or its coefficient?",
    )
    .against(
        "Exponents that differ by more than 0.1 at the same widths and seeds, or losses that do not differ.",
    )
    .limits(
        "One size, one density, biases from zero, Adam with one schedule. A decay of −1 leaves norms free to \
         settle above one; the sphere does not, so the two differ in their norms as well as in how they are held.",
    );

/// The data exponents.
const EXPONENTS: [f64; 2] = [0.0, 1.0];

fn rows(cell: &Cell) -> &'static str {
    match cell.model.rows {
        Rows::Unit => "unit",
        Rows::Free => "decay −1",
    }
}

const ROWS: OfCell<'static> = (
    "rows",
    "unit: put back to norm one after every step; or pulled there by a decay of −1",
    &|f| rows(&f.record.cell).into(),
);

fn make(material: &Material<'_>) -> Findings {
    let all = material.trained();
    let question = "What do the constraint and the decay make of the same starts and batches?";
    let quantities = [
        "loss.test",
        "dead_outputs",
        "norm.mean",
        "norm.max",
        "overlap.mean_square",
        "overlap.welch",
        "bias.mean",
    ];
    let laws = complete_exponents(&all, SMALL_WIDTHS);
    let of_rows = |e: &Exponent<'_>| rows(e.cell()).into();
    let coefficient = |e: &Exponent<'_>| e.fit.map(|fit| fit.coefficient).into();
    let fits = exponent_table(
        "exponents",
        "How do exponents and coefficients compare?",
        &laws,
        &[("rows", ROWS.1, &of_rows), ("coefficient", "the line's loss at d = 1", &coefficient)],
    );
    let claims = EXPONENTS.iter().flat_map(|exponent| claims(material, *exponent));
    let cells = cell_table("cells", question, &all, &quantities, &[ROWS]);
    let means = mean_table("means", "And on average over seeds?", &all, &quantities, &[ROWS]);
    Findings::new([cells, means, fits], claims)
}

fn claims(material: &Material<'_>, exponent: f64) -> Vec<Claim> {
    let of = |rows: Rows| -> Vec<&Finished> {
        material.select(|cell| exponent_is(cell, exponent) && cell.model.rows == rows)
    };
    let (unit, free) = (of(Rows::Unit), of(Rows::Free));
    let mut claims = Vec::new();
    for d_min in [10, 25] {
        let (unit, free) = (exponents_of_seeds(&unit, d_min), exponents_of_seeds(&free, d_min));
        let differences: Vec<Vec<f64>> =
            unit.iter().filter_map(|(seed, unit)| Some(vec![unit - free.get(seed)?])).collect();
        let name = format!(
            "α = {exponent}, d ≥ {d_min}: exponent of unit rows less that of a decay of −1, by seed"
        );
        claims.push(
            says(name, "exponents stay (Liu & Gore 2026, of norm constraints)")
                .holds(Within(0.0, 0.1))
                .mean_over(&differences, "seeds", "the same widths, starts and batches"),
        );
    }
    let ratios = log_ratios(&unit, &free);
    let n = ratios.iter().map(Vec::len).sum::<usize>();
    let name = format!(
        "α = {exponent}: loss of unit rows over that of a decay of −1, |mean of its logarithm|"
    );
    claims.push(says(name, "coefficients move (the same)").holds(AtLeast(0.02)).over(
        &ratios,
        "seeds",
        |values| (values.iter().sum::<f64>() / values.len() as f64).abs(),
        format!("{n} pairs of cells"),
    ));
    claims
}

fn draw(tables: &Tables) -> Drawn {
    let means = tables.get("means")?;
    let of = |y| Lines {
        panel: Some("data_exponent"),
        panel_label: "α",
        ..lines_by(width(), y, ("rows", ""))
    };
    let norms = ("norm.mean", Axis::linear("mean row norm"));
    let rows = [loss(), norms, ("dead_outputs", Axis::linear("dead outputs"))];
    let (columns, panels) = rows_of_panels(means, rows.map(of))?;
    let caption = "Means over seeds. Biases start at zero. Table: means.csv.";
    Ok(pictures([sheet(
        "Rows on the sphere and rows pulled to it",
        columns,
        panels,
        Axes::SharedX,
        caption,
    )]))
}
