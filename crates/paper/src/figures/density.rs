//! Activation density: figures 14 and 15.

use std::collections::BTreeMap;

use superpose_analysis::run::Finished;
use superpose_figures::axis::Axis;
use superpose_figures::lines::lines;
use superpose_figures::sheet::Axes;
use superpose_files::table::Tables;
use superpose_stats::summary::{correlation, summarise};
use superpose_toy::cell::Cell;

use crate::cells::{SMALL_WIDTHS, cell_table, complete_exponents, exponent_table};
use crate::claim::{AtLeast, AtMost, Claim, Within, says};
use crate::figure::{Figure, Findings, Material, decay_is, near};
use crate::figures::draw::{
    BARS, Drawn, exponents_against, grouped, loss, one, pictures, sheet, width,
};
use crate::sweeps::DENSITY;

/// The densities of figure 14b, with the slopes as drawn; the labels printed beside them say 1.1.
const DRAWN: [(f64, f64); 5] =
    [(1.0, 1.06), (2.621, 1.02), (4.243, 0.99), (5.864, 1.06), (7.485, 0.99)];

/// The losses at the ends of figure 14a: weight decay, density, loss.
const ENDS: [(f64, f64, f64); 4] =
    [(-1.0, 1.0, 0.099), (-1.0, 7.485, 1.426), (1.0, 1.0, 0.916), (1.0, 7.485, 4.056)];

fn density_is(cell: &Cell, density: f64) -> bool {
    near(cell.data.activation_density, density)
}

fn is_14b(cell: &Cell) -> bool {
    decay_is(cell, -5.0 / 9.0) && DRAWN.iter().any(|drawn| density_is(cell, drawn.0))
}

/// Loss against activation density.
pub(super) const FIGURE_14: Figure = Figure::of("14", &[DENSITY], make_14, draw_14)
    .wants(|cell| cell.model.d_hidden == 63 || is_14b(cell))
    .title("Loss against activation density, and against width at five densities")
    .question("Does activation density move the loss and leave the exponent?")
    .against("A loss that is not linear in E, or slopes that change with E.")
    .limits("One data exponent; E ends where the most frequent feature is always active.");

fn make_14(material: &Material<'_>) -> Findings {
    let at_63 = material.select(|cell| cell.model.d_hidden == 63);
    let by_density = cell_table(
        "by_density",
        "How does the loss grow with activation density, at d = 63?",
        &at_63,
        &["loss.test", "loss.dead_part", "dead_outputs", "phi_half"],
        &[],
    );
    let five_densities = material.select(is_14b);
    let by_width = cell_table(
        "by_width",
        "How does the loss fall with width, at five densities and γ = −0.56?",
        &five_densities,
        &["loss.test", "loss.dead_part", "dead_outputs"],
        &[],
    );
    let mut claims = vec![straightness_claim(&at_63)];
    claims.extend(ENDS.map(|end| end_claim(&at_63, end)));
    claims.extend(slope_claims(&five_densities));
    Findings::new([by_density, by_width], claims)
}

/// The values by the weight decay of their cells.
fn by_decay<'a, T>(values: impl IntoIterator<Item = (&'a Cell, T)>) -> Vec<Vec<T>> {
    let mut groups: BTreeMap<String, Vec<T>> = BTreeMap::new();
    for (cell, value) in values {
        groups.entry(format!("{:.3}", cell.train.weight_decay)).or_default().push(value);
    }
    groups.into_values().collect()
}

/// Whether the loss is linear in the density, at each weight decay.
fn straightness_claim(at_63: &[&Finished]) -> Claim {
    let points = at_63.iter().filter_map(|f| {
        let cell = &f.record.cell;
        Some((cell, (cell.data.activation_density, f.measured()?.loss_test)))
    });
    let groups = by_decay(points);
    // More than half of the nine densities, or the line says little.
    let groups = groups.iter().filter(|points| points.len() >= 5);
    let r_squared: Vec<f64> = groups.map(|points| correlation(points).powi(2)).collect();
    says("d = 63: smallest R² of the loss on E, over weight decays", "roughly linear")
        .holds(AtLeast(0.95))
        .smallest(&r_squared, format!("{} of 10 weight decays", r_squared.len()))
}

fn end_claim(at_63: &[&Finished], (decay, density, paper): (f64, f64, f64)) -> Claim {
    let is_end = |f: &&&Finished| {
        let cell = &f.record.cell;
        decay_is(cell, decay) && density_is(cell, density)
    };
    let loss = at_63.iter().find(is_end).and_then(|f| f.measured()).map(|m| m.loss_test);
    says(format!("d = 63, γ = {decay}, E = {density}: loss over the paper's"), format!("{paper}"))
        .holds(Within(1.0, 0.25))
        .measured(loss.map(|loss| loss / paper), "one training each")
}

fn slope_claims(five_densities: &[&Finished]) -> Vec<Claim> {
    let slopes = complete_exponents(five_densities, SMALL_WIDTHS);
    let claim = |(density, drawn): (f64, f64)| {
        let slope = slopes.iter().find(|e| density_is(e.cell(), density)).and_then(|e| e.fit);
        says(
            format!("γ = −0.56, E = {density}: model exponent"),
            format!("{drawn} as drawn; 1.1 as printed"),
        )
        .holds(Within(drawn, 0.15))
        .exponent(slope, "standard error of the line; one training a width")
    };
    DRAWN.map(claim).to_vec()
}

fn draw_14(tables: &Tables) -> Drawn {
    let y = ("loss.test", Axis::linear("test loss L (sum over features)"));
    let by_density = grouped(density(), y, ("weight_decay", "γ"));
    let by_width = grouped(width(), loss(), ("activation_density", "E"));
    let mut panels = lines(tables.get("by_density")?, &by_density)?;
    panels.extend(lines(tables.get("by_width")?, &by_width)?);
    let caption =
        "Left: d = 63. Right: γ = −0.56. One dot a training. Tables: by_density.csv, by_width.csv.";
    Ok(pictures([sheet("Loss and activation density, α = 1", 2, panels, Axes::Own, caption)]))
}

/// The activation density, with its axis.
fn density() -> (&'static str, Axis) {
    ("activation_density", Axis::linear("activation density E"))
}

/// Model exponent against activation density.
pub(super) const FIGURE_15: Figure = Figure::of("15", &[DENSITY], make_15, draw_15)
    .title("Model exponent against activation density")
    .question("Is the model exponent the same at every activation density?")
    .against("Exponents that rise or fall with E by more than their errors.")
    .limits("One data exponent.");

fn make_15(material: &Material<'_>) -> Findings {
    let settings = complete_exponents(&material.trained(), SMALL_WIDTHS);
    let table = exponent_table("exponents", FIGURE_15.question, &settings, &[]);
    let groups = by_decay(settings.iter().filter_map(|e| Some((e.cell(), e.value()?))));
    let groups = groups.iter().filter(|values| values.len() > 1);
    let spread: Vec<f64> = groups.map(|values| summarise(values).standard_deviation).collect();
    let claim = says("standard deviation of the exponent over E, mean over weight decays", "flat")
        .holds(AtMost(0.1))
        .mean_of(&spread, format!("{} of 90 settings", settings.len()));
    Findings::new([table], [claim])
}

fn draw_15(tables: &Tables) -> Drawn {
    let title = "Model exponent against activation density, α = 1";
    one((tables, "exponents"), &exponents_against(density()), title, BARS)
}
