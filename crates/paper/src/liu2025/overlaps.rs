//! Overlaps in the strong regime, and how many rows are long: figures 5c, 5d, 16 and 17.

use superpose_analysis::run::Finished;
use superpose_figures::axis::Axis;
use superpose_figures::chart::Mark;
use superpose_figures::lines::{Guide, Lines, lines};
use superpose_figures::sheet::Axes;
use superpose_files::table::Tables;
use superpose_toy::cell::Cell;
use superpose_toy::overlap::{random_mean_square, random_square_variance, welch_mean_square};

use crate::cells::{
    OfCell, cell_table, d_hidden, data_exponent, dead_fraction, each_in, law_through,
};
use crate::claim::{AtLeast, AtMost, Between, Within, says};
use crate::draw::{Drawn, guide, lines_by, one, pictures, sheet, width};
use crate::figure::{Figure, Findings, Material, decay_is};
use crate::sweeps::{SEEDS_STRONG, SMALL};

fn variance_ratio(finished: &Finished) -> Option<f64> {
    let variance = finished.measured()?.geometry.as_ref()?.overlap_variance_strong?;
    Some(variance / random_square_variance(finished.record.cell.model.d_hidden))
}

/// Variance of the squared overlaps.
pub(super) const FIGURE_5C: Figure = Figure::of("5c", &[SMALL, SEEDS_STRONG], make_5c, draw_5c)
    .wants(|cell| decay_is(cell, -5.0 / 9.0))
    .title("Variance of squared overlaps over that of random vectors")
    .question("Are the overlaps more even than those of random vectors?")
    .against("Ratios above 1.")
    .limits("An equiangular frame would have variance 0; at these n and d none is known.");

fn make_5c(material: &Material<'_>) -> Findings {
    let cells = material.trained();
    let table = cell_table(
        "cells",
        FIGURE_5C.question,
        &cells,
        &["overlap.variance_strong", "overlap.max_strong", "overlap.mean_square_strong", "phi_one"],
        &[
            (
                "random_variance",
                "variance of the squared overlap of random unit vectors: 2(d−1)/(d²(d+2))",
                &|f| random_square_variance(d_hidden(f)).into(),
            ),
            ("variance_ratio", "overlap.variance_strong over random_variance", &|f| {
                variance_ratio(f).into()
            }),
        ],
    );
    let ratios = each_in(&cells, data_exponent, variance_ratio);
    let all = ratios.concat();
    let zeros = all.iter().filter(|r| **r < 0.01).count() as f64;
    let basis = match cells.len() - all.len() {
        0 => format!("{} cells", all.len()),
        without => format!(
            "{} of {} cells; the records of {without} are of before the variance was measured",
            all.len(),
            cells.len()
        ),
    };
    let of = "data exponents";
    let claims = [
        says("share of cells with a ratio below 1", "all; drawn 0.43 to 0.92")
            .holds(AtLeast(0.95))
            .over(&ratios, of, |ratios| share(ratios, |ratio| ratio < 1.0), basis.clone()),
        says("mean ratio", "0.43 to 0.92").holds(Between(0.43, 0.92)).mean_over(
            &ratios,
            of,
            basis.clone(),
        ),
        says("cells with a ratio of zero (below 0.01)", "some at d = 63 and 100")
            .holds(AtLeast(1.0))
            .measured((!all.is_empty()).then_some(zeros), basis),
    ];
    Findings::new([table], claims)
}

/// Dots against width, in the colour of the data exponent.
fn dots_by_width<'a>(y: (&'a str, Axis), guides: &'a [Guide<'a>]) -> Lines<'a> {
    Lines { guides, mark: Mark::Dots, ..lines_by(width(), y, ("data_exponent", "α")) }
}

fn draw_5c(tables: &Tables) -> Drawn {
    let y = ("variance_ratio", Axis::linear("variance of cos² over that of random vectors"));
    let caption = "Over pairs of rows with norm above 1, γ = −0.56; one dot a training.";
    let title = "Evenness of the squared overlaps";
    one((tables, "cells"), &dots_by_width(y, &[]), title, caption)
}

fn welch_of_strong(finished: &Finished) -> Option<f64> {
    let cell = &finished.record.cell;
    let (n, d) = (cell.model.n_features, cell.model.d_hidden);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most n")]
    let strong = (finished.measured()?.phi_one * n as f64).round() as usize;
    (strong > d).then(|| welch_mean_square(strong, d))
}

/// Mean squared overlap of the long rows.
pub(super) const FIGURE_5D: Figure = Figure::of("5d", &[SMALL, SEEDS_STRONG], make_5d, draw_5d)
    .wants(|cell| cell.train.weight_decay < -0.2)
    .title("Mean squared overlap of rows with norm above 1")
    .question("Do the squared overlaps of represented features fall as 1/d?")
    .against("Overlaps that do not fall as 1/d, or fall below κ² (they cannot).")
    .limits("The mean tests tightness, not equal angles: any tight frame has it. Long rows are those whose \
             outputs live, so the selection is by survival.");

/// The prediction for random directions, as a column.
const RANDOM_COLUMN: OfCell<'static> = ("random", "prediction for random directions: 1/d", &|f| {
    random_mean_square(d_hidden(f)).into()
});

fn make_5d(material: &Material<'_>) -> Findings {
    let cells = material.trained();
    let strong = |f: &Finished| f.measured().and_then(|m| m.overlap_mean_square_strong);
    let over_welch = |f: &Finished| Some(strong(f)? / welch_of_strong(f)?);
    let table = cell_table(
        "cells",
        FIGURE_5D.question,
        &cells,
        &["overlap.mean_square_strong", "overlap.mean_square", "phi_one"],
        &[
            RANDOM_COLUMN,
            (
                "welch_strong",
                "κ² of as many unit vectors as there are rows with norm above 1",
                &|f| welch_of_strong(f).into(),
            ),
            ("over_welch", "overlap.mean_square_strong over welch_strong", &|f| {
                over_welch(f).into()
            }),
        ],
    );
    let by_width = each_in(&cells, data_exponent, |f| Some((d_hidden(f) as f64, strong(f)?)));
    let mut claims =
        vec![says("exponent of the mean squared overlap in d", "1").holds(Within(1.0, 0.1)).over(
            &by_width,
            "data exponents",
            falling,
            format!("{} cells", by_width.concat().len()),
        )];
    claims.extend([(0.0, 0.5), (0.625, 1.375), (1.5, 2.0)].map(|(low, high)| {
        let inside = |a: f64| (low..=high).contains(&a);
        let chosen = material.select(|cell| cell.data_exponent().is_some_and(inside));
        let name = format!("α from {low} to {high}: mean squared overlap over κ² of these rows");
        says(name, "1/d drawn; κ² in its text").holds(Within(1.0, 0.1)).mean_over(
            &each_in(&chosen, data_exponent, over_welch),
            "data exponents",
            format!("{} cells", chosen.len()),
        )
    }));
    Findings::new([table], claims)
}

/// The exponent of the power law through `points`; not a number where there is none.
fn falling(points: &[(f64, f64)]) -> f64 {
    law_through(points).map_or(f64::NAN, |law| law.exponent)
}

/// The share of `values` that pass.
fn share(values: &[f64], passes: impl Fn(f64) -> bool) -> f64 {
    values.iter().filter(|value| passes(**value)).count() as f64 / values.len() as f64
}

/// The prediction for random directions.
const RANDOM: Guide<'static> = guide("random", "1/d", Mark::Line);

fn draw_5d(tables: &Tables) -> Drawn {
    let y = Axis::logarithmic("mean cos², rows with norm above 1");
    let of = dots_by_width(("overlap.mean_square_strong", y), &[RANDOM]);
    let of = Lines { panel: Some("weight_decay"), panel_label: "γ", ..of };
    let panels = lines(tables.get("cells")?, &of)?;
    let caption = "One dot a training. Table: cells.csv.";
    let title = "Squared overlaps of represented features";
    Ok(pictures([sheet(title, 2, panels, Axes::Shared, caption)]))
}

fn phi_one_bounds(cell: &Cell) -> (f64, f64) {
    let (n, d) = (cell.model.n_features as f64, cell.model.d_hidden as f64);
    ((d / n).min(1.0), (d * d / (2.0 * n)).min(1.0))
}

/// φ1 against width.
pub(super) const FIGURE_16: Figure = Figure::of("16", &[SMALL], make_16, draw_16)
    .wants(|cell| decay_is(cell, -1.0))
    .title("Fraction of rows with norm above 1")
    .question("Is φ1 between d/n and min(1, d²/2n), the most vectors that could be equiangular?")
    .against("Values outside the two lines.")
    .limits("The fraction is, output by output, what the initial biases left alive (dead_outputs): with \
             biases that start at zero it is 1 (experiment dead-outputs), so the upper line explains \
             nothing here.");

fn make_16(material: &Material<'_>) -> Findings {
    let cells = material.trained();
    let alive = |f: &Finished| dead_fraction(f).map(|dead| 1.0 - dead);
    let table = cell_table(
        "cells",
        "Is φ1 between d/n and min(1, d²/2n)?",
        &cells,
        &["phi_one", "phi_half", "dead_outputs"],
        &[
            ("lower", "d/n", &|f| phi_one_bounds(&f.record.cell).0.into()),
            ("upper", "min(1, d²/2n)", &|f| phi_one_bounds(&f.record.cell).1.into()),
            ("alive", "1 − dead_outputs/n", &|f| alive(f).into()),
        ],
    );
    let inside = each_in(&cells, data_exponent, |f| {
        let (lower, upper) = phi_one_bounds(&f.record.cell);
        let is_inside = (lower..=upper).contains(&f.measured()?.phi_one);
        Some(f64::from(u8::from(is_inside)))
    });
    let wide = material.select(|cell| cell.model.d_hidden >= 25);
    let apart = each_in(&wide, data_exponent, |f| Some((f.measured()?.phi_one - alive(f)?).abs()));
    let claims = [
        says(
            "share of cells between the lines",
            "lines drawn as bounds; its own 0.604 at α = 0, d = 25 is above",
        )
        .holds(AtLeast(0.9))
        .mean_over(&inside, "data exponents", format!("{} of 102 cells", cells.len())),
        says(
            "ours: φ1 is the fraction of live outputs, d ≥ 25: mean difference",
            "does not mention dead outputs",
        )
        .holds(AtMost(0.02))
        .mean_over(&apart, "data exponents", format!("{} cells", wide.len())),
    ];
    Findings::new([table], claims)
}

fn draw_16(tables: &Tables) -> Drawn {
    let guides = [guide("lower", "d/n", Mark::Dotted), guide("upper", "min(1, d²/2n)", Mark::Line)];
    let y = ("phi_one", Axis::logarithmic("φ1: rows of W with norm above 1"));
    let of = dots_by_width(y, &guides);
    one((tables, "cells"), &of, "Strongly represented features", "γ = −1; one dot a training.")
}

/// Mean squared overlap over all rows.
pub(super) const FIGURE_17: Figure = Figure::of("17", &[SMALL], make_17, draw_17)
    .wants(|cell| decay_is(cell, -1.0))
    .title("Mean squared overlap of all rows")
    .question("Do the squared overlaps of all rows fall as 1/d too?")
    .against("Overlaps below κ² (impossible), or another slope.")
    .limits("Rows of dead outputs point where they happened to die and overlap most.");

fn make_17(material: &Material<'_>) -> Findings {
    let cells = material.trained();
    let quantities =
        ["overlap.mean_square", "overlap.variance", "overlap.max", "overlap.welch", "dead_outputs"];
    let question = "Do the squared overlaps of all rows fall as 1/d?";
    let table = cell_table("cells", question, &cells, &quantities, &[RANDOM_COLUMN]);
    let overlap = |f: &Finished| f.measured().map(|m| m.overlap_mean_square);
    let above = each_in(&cells, data_exponent, |f| {
        let is_above = overlap(f)? >= random_mean_square(d_hidden(f)) * 0.999;
        Some(f64::from(u8::from(is_above)))
    });
    let by_width = each_in(&cells, data_exponent, |f| Some((d_hidden(f) as f64, overlap(f)?)));
    let basis = format!("{} of 102 cells", cells.len());
    let claims = [
        says("share of cells at or above 1/d", "all").holds(AtLeast(0.95)).mean_over(
            &above,
            "data exponents",
            basis.clone(),
        ),
        says("exponent of the mean squared overlap in d", "the same slope as 1/d")
            .holds(Within(1.0, 0.15))
            .over(&by_width, "data exponents", falling, basis),
    ];
    Findings::new([table], claims)
}

fn draw_17(tables: &Tables) -> Drawn {
    let guides = [RANDOM, guide("overlap.welch", "tight frame", Mark::Dotted)];
    let y = ("overlap.mean_square", Axis::logarithmic("mean cos², all rows"));
    let of = dots_by_width(y, &guides);
    one((tables, "cells"), &of, "Squared overlaps of all rows", "γ = −1; one dot a training.")
}
