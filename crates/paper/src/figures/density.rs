//! Activation density: figures 14 and 15.

use std::collections::BTreeMap;

use superpose_analysis::run::Finished;
use superpose_files::table::TableError;
use superpose_stats::summary::{correlation, summarise};
use superpose_toy::cell::Cell;

use crate::cells::{SMALL_WIDTHS, cell_table, complete_exponents, exponent_table};
use crate::claim::{Claim, Test};
use crate::figure::{Evidence, Figure, Made, all, decay_is, near, none};
use crate::figures::draw;
use crate::sweeps::DENSITY;

/// The densities of figure 14b, with the slopes as drawn; the labels printed beside them say 1.1.
const DRAWN: [(f64, f64); 5] =
    [(1.0, 1.06), (2.621, 1.02), (4.243, 0.99), (5.864, 1.06), (7.485, 0.99)];

fn is_14b(cell: &Cell) -> bool {
    decay_is(cell, -5.0 / 9.0)
        && DRAWN.iter().any(|d| (d.0 - cell.data.activation_density).abs() < 0.01)
}

/// Loss against activation density.
pub(super) const FIGURE_14: Figure = Figure {
    id: "14",
    title: "Loss against activation density, and against width at five densities",
    question: "Does activation density move the loss and leave the exponent?",
    sweeps: &[DENSITY],
    wants: |cell| cell.model.d_hidden == 63 || is_14b(cell),
    wants_weights: none,
    make: make_14,
    draw: draw::density,
    against: "A loss that is not linear in E, or slopes that change with E.",
    limits: "One data exponent; E ends where the most frequent feature is always active.",
};

fn decay_and_density(f: &Finished) -> (f64, f64) {
    (f.record.cell.train.weight_decay, f.record.cell.data.activation_density)
}

fn make_14(evidence: &Evidence<'_>) -> Result<Made, TableError> {
    let at_63 = evidence.select(|cell| cell.model.d_hidden == 63);
    let by_density = cell_table(
        "by_density",
        "How does the loss grow with activation density, at d = 63?",
        &at_63,
        &["loss.test", "loss.dead_part", "dead_outputs", "phi_half"],
        &[],
    );
    let by_width_cells = evidence.select(is_14b);
    let by_width = cell_table(
        "by_width",
        "How does the loss fall with width, at five densities and γ = −0.56?",
        &by_width_cells,
        &["loss.test", "loss.dead_part", "dead_outputs"],
        &[],
    );
    let mut by_decay: BTreeMap<String, Vec<(f64, f64)>> = BTreeMap::new();
    for f in &at_63 {
        let (decay, density) = decay_and_density(f);
        let loss = f.measured().map_or(f64::NAN, |m| m.loss_test);
        by_decay.entry(format!("{decay:.3}")).or_default().push((density, loss));
    }
    by_decay.retain(|_, points| points.len() >= 5);
    let straightness: Vec<f64> = by_decay.values().map(|p| correlation(p).powi(2)).collect();
    let end = |decay: f64, density: f64| {
        let at = |f: &&&Finished| {
            let (g, e) = decay_and_density(f);
            near(g, decay) && (e - density).abs() < 0.01
        };
        at_63.iter().find(at).and_then(|f| f.measured()).map(|m| m.loss_test)
    };
    let mut claims = vec![
        Claim::new(
            "d = 63: smallest R² of the loss on E, over weight decays",
            "roughly linear",
            Test::AtLeast(0.95),
        )
        .measured(
            straightness.iter().copied().reduce(f64::min),
            format!("{} of 10 weight decays", straightness.len()),
        ),
    ];
    for (decay, density, paper) in
        [(-1.0, 1.0, 0.099), (-1.0, 7.485, 1.426), (1.0, 1.0, 0.916), (1.0, 7.485, 4.056)]
    {
        claims.push(
            Claim::new(
                format!("d = 63, γ = {decay}, E = {density}: loss over the paper's"),
                format!("{paper}"),
                Test::Within { target: 1.0, tolerance: 0.25 },
            )
            .measured(end(decay, density).map(|loss| loss / paper), "one training each"),
        );
    }
    let slopes = complete_exponents(&by_width_cells, SMALL_WIDTHS);
    for (density, drawn) in DRAWN {
        let slope = slopes
            .iter()
            .find(|e| (e.cell().data.activation_density - density).abs() < 0.01)
            .and_then(|e| e.fit);
        claims.push(
            Claim::new(
                format!("γ = −0.56, E = {density}: model exponent"),
                format!("{drawn} as drawn; 1.1 as printed"),
                Test::Within { target: drawn, tolerance: 0.15 },
            )
            .exponent(slope, "standard error of the line; one training a width"),
        );
    }
    Ok(Made { tables: vec![by_density, by_width], claims })
}

/// Model exponent against activation density.
pub(super) const FIGURE_15: Figure = Figure {
    id: "15",
    title: "Model exponent against activation density",
    question: "Is the model exponent the same at every activation density?",
    sweeps: &[DENSITY],
    wants: all,
    wants_weights: none,
    make: make_15,
    draw: draw::exponent_by_density,
    against: "Exponents that rise or fall with E by more than their errors.",
    limits: "One data exponent.",
};

fn make_15(evidence: &Evidence<'_>) -> Result<Made, TableError> {
    let settings = complete_exponents(&evidence.select(all), SMALL_WIDTHS);
    let question = "Is the model exponent the same at every activation density?";
    let table = exponent_table("exponents", question, &settings, &[]);
    let mut by_decay: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for setting in &settings {
        let decay = format!("{:.3}", setting.cell().train.weight_decay);
        by_decay.entry(decay).or_default().extend(setting.value());
    }
    by_decay.retain(|_, values| values.len() > 1);
    let spread: Vec<f64> =
        by_decay.values().map(|values| summarise(values).standard_deviation).collect();
    Ok(Made {
        tables: vec![table],
        claims: vec![
            Claim::new(
                "standard deviation of the exponent over E, mean over weight decays",
                "flat",
                Test::AtMost(0.1),
            )
            .measured(
                (!spread.is_empty()).then(|| summarise(&spread).mean),
                format!("{} of 90 settings", settings.len()),
            ),
        ],
    })
}
