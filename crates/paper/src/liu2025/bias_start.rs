//! Ways to change the toy, and whether they still leave outputs dead.

use superpose_analysis::run::Finished;
use superpose_figures::axis::Axis;
use superpose_figures::lines::lines;
use superpose_figures::sheet::Axes;
use superpose_files::table::Tables;
use superpose_toy::cell::{Activation, Bias, Cell, Optimizer, Rows};

use crate::cells::{DEAD_SHARE, OfCell, cell_table, each_in, log_ratios, mean_table, seed};
use crate::claim::{AtMost, Claim, says};
use crate::draw::{Drawn, lines_by, pictures, sheet};
use crate::figure::{Figure, Findings, Material, near};
use crate::sweeps::BIAS_START;

/// The experiment.
pub(super) const START: Figure = Figure::of("bias-start", &[BIAS_START], make, draw)
    .title("What leaves outputs dead, and what does not")
    .question(
        "With biases that start as the paper's code has them, which changes of the model or of its training keep \
         outputs from dying, and what does that cost?",
    )
    .against("A change that leaves as many outputs dead as the paper's toy has, or one that saves them at a loss.")
    .limits(
        "One width, d = 39 of n = 1000, even frequencies, three seeds. Gradient descent has rates of its own, found \
         by a short trial, and is not compared for speed. An output of the leaky ReLU is counted as dead where a \
         ReLU's would be: it still answers, with a tenth of the slope, and still learns.",
    );

/// The change, in a word.
fn change(cell: &Cell) -> &'static str {
    match (cell.model.activation, cell.model.bias, cell.model.rows, cell.train.optimizer) {
        (Activation::LeakyRelu { .. }, ..) => "leaky ReLU",
        (_, Bias::None, ..) => "no biases",
        (_, _, Rows::Unit, _) => "unit rows",
        (.., Optimizer::Sgd { .. }) => "gradient descent",
        _ => "as in the paper",
    }
}

const CHANGES: [&str; 5] =
    ["as in the paper", "leaky ReLU", "unit rows", "gradient descent", "no biases"];

const CHANGE: OfCell<'static> =
    ("change", "what differs from the paper's toy", &|f| change(&f.record.cell).into());

const STARTS: OfCell<'static> = (
    "bias_init_std",
    "standard deviation of the initial biases; 1 in the paper's code, 0 where there are none",
    &|f| f.record.cell.model.bias_init_std.into(),
);

/// The place of a change in the picture.
const PLACE: OfCell<'static> = ("place", "of the change in the picture", &|f| {
    CHANGES.iter().position(|name| *name == change(&f.record.cell)).into()
});

fn make(material: &Material<'_>) -> Findings {
    let all = material.trained();
    let quantities = [
        "loss.test",
        "dead_outputs",
        "loss.dead_part",
        "loss.alive_part",
        "norm.mean",
        "bias.mean",
    ];
    let cells = cell_table(
        "cells",
        "What does each change leave dead?",
        &all,
        &quantities,
        &[CHANGE, STARTS, DEAD_SHARE],
    );
    let question = "And on average over seeds?";
    let means = mean_table("means", question, &all, &quantities, &[CHANGE, STARTS, PLACE]);
    Findings::new([cells, means], CHANGES.iter().flat_map(|of| claims(material, of)))
}

fn claims(material: &Material<'_>, of: &'static str) -> Vec<Claim> {
    let cells = |of: &'static str, std: f64| -> Vec<&Finished> {
        material.select(|cell| change(cell) == of && near(cell.model.bias_init_std, std))
    };
    let std = if of == "no biases" { 0.0 } else { 1.0 };
    let start = if of == "no biases" { "" } else { ", biases from N(0, 1)" };
    let theirs = cells(of, std);
    let dead = each_in(&theirs, seed, |f| Some(f.measured()?.dead_outputs as f64));
    let said = if of == CHANGES[0] { "287 (an independent re-run)" } else { "not known" };
    let basis = format!("{} cells", theirs.len());
    let mut claims = vec![
        says(format!("{of}{start}: dead outputs of 1000"), said)
            .holds(AtMost(10.0))
            .mean_over(&dead, "seeds", basis),
    ];
    let ratios = log_ratios(&theirs, &cells(CHANGES[0], 0.0));
    let n = ratios.iter().map(Vec::len).sum::<usize>();
    let name = format!("{of}{start}: ln of the loss over the paper's toy's with biases from zero");
    claims.push(says(name, "not known; 0 if nothing is lost").holds(AtMost(0.05)).mean_over(
        &ratios,
        "seeds",
        format!("{n} pairs of cells"),
    ));
    claims
}

fn draw(tables: &Tables) -> Drawn {
    let means = tables.get("means")?;
    let start = ("bias_init_std", Axis::linear("spread σ(b) of the initial biases"));
    let of = |y| lines_by(start.clone(), y, ("change", ""));
    let mut panels = lines(means, &of(("loss.test", Axis::linear("test loss L"))))?;
    panels.extend(lines(means, &of(("dead_outputs", Axis::linear("dead outputs of 1000"))))?);
    let caption =
        "α = 0, γ = −1 (unit rows: none), n = 1000, d = 39; means over seeds. Table: means.csv.";
    Ok(pictures([sheet("What leaves outputs dead", 2, panels, Axes::Own, caption)]))
}
