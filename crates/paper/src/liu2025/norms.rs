//! Norms of rows: figures 5a, 5b, 11 and 12.

use superpose_analysis::run::Finished;
use superpose_figures::colour_bar::ColourScale;
use superpose_figures::histograms::histograms;
use superpose_figures::sheet::Axes;
use superpose_files::table::Tables;
use superpose_toy::cell::Cell;

use crate::cells::{Group, data_exponent, dead_fraction, each_in, norm_table, share_of_norms};
use crate::claim::{AtLeast, AtMost, Between, Claim, says};
use crate::draw::{Drawn, norm_histograms, norm_sheet, pictures, sheet};
use crate::figure::{Figure, Findings, Material, decay_is, exponent_is};
use crate::rows::{NEEDS_WEIGHTS, feature_rows, frequency_panels, row_table};
use crate::sweeps::SMALL;

/// The paper's text says α = 1; the frequencies on its own axis are those of α = 0.5.
fn is_5a(cell: &Cell) -> bool {
    decay_is(cell, -7.0 / 9.0) && cell.model.d_hidden == 15 && exponent_is(cell, 0.5)
}

/// Norms of rows in the strong regime, at one setting.
pub(super) const FIGURE_5A: Figure = Figure::of("5a", &[SMALL], make_5a, draw_5a)
    .wants(is_5a)
    .title("Row norms in the strong regime")
    .question("Are there two kinds of rows, longer and shorter than 1?")
    .against("A single peak, or rows in the gap around 1.")
    .limits(
        "What the paper calls weakly represented features are, row by row, outputs that died \
             (experiment dead-outputs): the two peaks need not be two kinds of representation.",
    );

fn make_5a(material: &Material<'_>) -> Findings {
    let cells = material.trained();
    let gap = cells.first().and_then(|f| share_of_norms(f, 0.96, 1.04));
    let left_over =
        cells.first().and_then(|f| Some((f.measured()?.phi_one + dead_fraction(f)? - 1.0).abs()));
    let claims = [
        says("share of rows with norm between 0.96 and 1.04", "a gap there")
            .holds(AtMost(0.03))
            .measured(gap, "one model"),
        says(
            "ours: rows longer than 1 and dead outputs leave nothing over: |φ1 + dead/n − 1|",
            "does not mention dead outputs",
        )
        .holds(AtMost(0.02))
        .measured(left_over, "one model"),
    ];
    Findings::new([norm_table(&cells, &[])], claims)
}

fn draw_5a(tables: &Tables) -> Drawn {
    let grid = histograms(tables.get("norms")?, &norm_histograms(None, ""))?;
    let title = "Row norms at α = 0.5, γ = −0.78, d = 15";
    let caption = "Rows of W by norm. Table: norms.csv.";
    Ok(pictures([sheet(title, 1, grid.panels, Axes::Own, caption)]))
}

/// Which rows are longer than 1.
pub(super) const FIGURE_5B: Figure = Figure::of("5b", &[SMALL], make_5b, draw_5b)
    .wants(is_5a)
    .wants_weights(is_5a)
    .title("Which features have rows longer than 1")
    .question("Do the most frequent features have the long rows?")
    .against("Short rows among the most frequent features.")
    .limits("One model.");

fn make_5b(material: &Material<'_>) -> Findings {
    let cells = material.trained();
    let rows = cells.first().and_then(|f| feature_rows(f, material));
    let n_long = rows.as_ref().map(|rows| rows.iter().take_while(|row| row.norm > 1.0).count());
    let n_other = rows.map(|rows| rows.iter().filter(|r| (r.norm <= 1.0) != r.is_dead).count());
    let count = |n: usize| n as f64;
    let basis =
        |with: &str| if n_long.is_some() { with.to_owned() } else { NEEDS_WEIGHTS.to_owned() };
    let claims = [
        says("most frequent features that all have rows longer than 1", "about 12")
            .holds(Between(4.0, 40.0))
            .measured(n_long.map(count), basis("one model")),
        says(
            "ours: rows that are short but alive, or long but dead",
            "does not mention dead outputs",
        )
        .holds(AtMost(20.0))
        .measured(n_other.map(count), basis("of 1000 rows of one model")),
    ];
    Findings::new([row_table("Which features have rows longer than 1?", material)], claims)
}

fn draw_5b(tables: &Tables) -> Drawn {
    let rows = tables.get("rows")?;
    let mut panels = Vec::new();
    for (column, label) in [("above_one", "norm above 1"), ("dead", "dead output")] {
        let colours = ColourScale::linear(label).from_to(0.0, 1.0);
        panels.extend(frequency_panels(rows, (column, colours))?);
    }
    let caption = "Frequency of each feature against its rank. Left: whether its row's norm is above 1, as the \
                   paper shows it. Right: whether its output is dead. Table: rows.csv.";
    let title = "Which features have long rows: α = 0.5, γ = −0.78, d = 15";
    Ok(pictures([sheet(title, 2, panels, Axes::Own, caption)]))
}

/// What may be alike are norms at one data exponent.
const BY_EXPONENT: (Group, &str) = (data_exponent, "data exponents");

/// Row norms at weight decay 5/9, at every data exponent and width.
pub(super) const FIGURE_11: Figure = Figure::of(
    "11",
    &[SMALL],
    |material| {
        let name = "share of rows with norm between 0.24 and 0.76";
        let between = says(name, "norms at 0 or 1").holds(AtMost(0.05));
        grid(
            material,
            vec![mean_share(
                between,
                &material.trained(),
                (0.24, 0.76),
                BY_EXPONENT,
                "of 102 cells",
            )],
        )
    },
    draw_grid,
)
.wants(|cell| decay_is(cell, 5.0 / 9.0))
.title("Row norms at γ = 0.56, by data exponent and width")
.question("What are the norms of the rows, at every data exponent and width?")
.against("Norms spread evenly.")
.limits("One training a cell.");

/// The same at weight decay −5/9.
pub(super) const FIGURE_12: Figure = Figure::of(
    "12",
    &[SMALL],
    |material| {
        let gap = says(
            "share of rows with norm between 0.96 and 1.04",
            "two peaks around 1, a gap between",
        )
        .holds(AtMost(0.1));
        let around_one = says("share of rows with norm between 0.72 and 1.6", "all around 1")
            .holds(AtLeast(0.9));
        let cells = material.trained();
        let gap = mean_share(gap, &cells, (0.96, 1.04), BY_EXPONENT, "of 102 cells");
        grid(
            material,
            vec![gap, mean_share(around_one, &cells, (0.72, 1.6), BY_EXPONENT, "of 102 cells")],
        )
    },
    draw_grid,
)
.wants(|cell| decay_is(cell, -5.0 / 9.0))
.title("Row norms at γ = −0.56, by data exponent and width")
.question("What are the norms of the rows, at every data exponent and width?")
.against("Norms spread evenly.")
.limits("One training a cell.");

fn grid(material: &Material<'_>, claims: Vec<Claim>) -> Findings {
    Findings::new([norm_table(&material.trained(), &[])], claims)
}

/// The claim with the share of rows with norm from `low` to `high`, a mean over `cells` in groups.
pub(super) fn mean_share(
    claim: Claim,
    cells: &[&Finished],
    (low, high): (f64, f64),
    group: (Group, &str),
    of: &str,
) -> Claim {
    let shares = each_in(cells, group.0, |f| share_of_norms(f, low, high));
    claim.mean_over(&shares, group.1, format!("{} {of}", cells.len()))
}

fn draw_grid(tables: &Tables) -> Drawn {
    norm_sheet(tables, "", ("data_exponent", "α"))
}
