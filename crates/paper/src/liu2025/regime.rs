//! Weight decay chooses the regime: figures 3a, 3b and 13, and the grid around zero.

use std::cmp::Ordering;

use superpose_analysis::run::Finished;
use superpose_figures::axis::Axis;
use superpose_figures::chart::Mark;
use superpose_figures::colour_bar::ColourScale;
use superpose_figures::heat_maps::{HeatMaps, heat_maps};
use superpose_figures::histograms::{Histograms, histograms};
use superpose_figures::lines::{ErrorBars, Lines};
use superpose_figures::sheet::Axes;
use superpose_files::table::{Field, Table, Tables};
use superpose_stats::summary::{Summary, correlation, summarise};
use superpose_toy::cell::{Cell, Model};

use crate::cells::{
    DEAD_SHARE, Group, KEY, by_setting, cell_of, cell_table, data_exponent, each_in, grouped,
    keyed, norm_table, over_seeds, seed, share_of_norms, weight_decay,
};
use crate::claim::{AtLeast, AtMost, Claim, Within, mean_difference, says};
use crate::draw::{
    Drawn, decay, decay_map, guide, lines_by, loss, norm_histograms, one, pictures, rows_of_panels,
    sheet,
};
use crate::figure::{Figure, Findings, Material, decay_is, exponent_is};
use crate::liu2025::published::FIG3B;
use crate::report::number;
use crate::rows::{frequency_panels, row_table};
use crate::sweeps::{SEEDS_DECAY, SMALL, TRANSITION};

fn is_3a(cell: &Cell) -> bool {
    let is_end = decay_is(cell, 1.0) || decay_is(cell, -1.0);
    exponent_is(cell, 1.0) && cell.model.d_hidden == 100 && is_end
}

/// Norms of rows at both ends of the weight decay.
pub(super) const FIGURE_3A: Figure = Figure::of("3a", &[SMALL], make_3a, draw_3a)
    .wants(is_3a)
    .wants_weights(is_3a)
    .title("Row norms of W in both regimes")
    .question("Does positive weight decay leave most features without a row, and negative none?")
    .against("Rows of intermediate norm at γ = 1, or rows without norm at γ = −1.")
    .limits(
        "One model for each regime; the frequencies are known here, which they never are in a \
             language model.",
    );

fn make_3a(material: &Material<'_>) -> Findings {
    let cells = material.trained();
    let of = |decay: f64| cells.iter().find(|f| decay_is(&f.record.cell, decay));
    let (weak, strong) = (of(1.0), of(-1.0));
    let mean = strong.and_then(|f| Some(f.measured()?.geometry.as_ref()?.norm_mean));
    let claims = [
        says("γ = 1: share of rows with norm between 0.24 and 0.76", "norms at 0 or 1")
            .holds(AtMost(0.05))
            .measured(weak.and_then(|f| share_of_norms(f, 0.24, 0.76)), "one model"),
        says("γ = −1: mean row norm", "all near 1.1")
            .holds(Within(1.1, 0.1))
            .measured(mean, "one model"),
        says("γ = −1: share of rows with norm between 0.88 and 1.32", "all near 1.1")
            .holds(AtLeast(0.95))
            .measured(strong.and_then(|f| share_of_norms(f, 0.88, 1.32)), "one model"),
    ];
    let rows = row_table("Which features have a row?", material);
    Findings::new([norm_table(&cells, &[]), rows], claims)
}

fn draw_3a(tables: &Tables) -> Drawn {
    let of = Histograms {
        panel_column: Some("weight_decay"),
        column_label: "γ",
        ..norm_histograms(None, "")
    };
    let grid = histograms(tables.get("norms")?, &of)?;
    let colours = ColourScale::linear("row norm");
    let mut panels = grid.panels;
    let rows = tables.get("rows")?;
    panels.extend(frequency_panels(rows, ("norm", colours))?);
    let caption = match rows.rows.is_empty() {
        true => "Rows of W by norm. Table: norms.csv.",
        false => {
            "Above: rows of W by norm. Below: frequency of each feature against its rank, in the colour of its \
             row's norm. Tables: norms.csv, rows.csv."
        }
    };
    let title = "Row norms at α = 1, d = 100";
    Ok(pictures([sheet(title, grid.columns, panels, Axes::Own, caption)]))
}

/// φ½ against weight decay at data exponent 1.
pub(super) const FIGURE_3B: Figure = Figure::of("3b", &[SMALL, SEEDS_DECAY], make_3b, draw_3b)
    .wants(|cell| exponent_is(cell, 1.0))
    .title("Fraction of features represented against weight decay")
    .question("Does the sign of weight decay choose how many features are represented?")
    .against("φ½ above d/n by much at γ = 1, or below 1 at γ = −1.")
    .limits(
        "Weight decay is the switch here because nothing else is varied: with biases that start at \
             zero the same decays give other fractions (experiment dead-outputs).",
    );

fn make_3b(material: &Material<'_>) -> Findings {
    let (means, pairs) = phi_means(material);
    let basis = format!("{} of 60 settings; seeds averaged", pairs.concat().len());
    let claims = [
        says("correlation of φ½ with the paper's 60 values", "1").holds(AtLeast(0.98)).over(
            &pairs,
            "weight decays",
            correlation,
            basis.clone(),
        ),
        says("mean absolute difference of φ½ from the paper's", "0").holds(AtMost(0.03)).over(
            &pairs,
            "weight decays",
            mean_difference,
            basis,
        ),
    ];
    Findings::new([phi_table(material), means], claims)
}

fn draw_3b(tables: &Tables) -> Drawn {
    let y = ("phi_half", Axis::linear("φ½: rows of W with norm above ½"));
    let of = Lines {
        error_bars: ErrorBars::Ends("phi_half_low", "phi_half_high"),
        guides: &[guide("weak_phi", "d/n", Mark::Dotted)],
        published: Some("published"),
        ..lines_by(decay(), y, ("d_hidden", "d"))
    };
    let caption = "Dots: means over seeds; bars: one standard deviation over seeds, where there are several. \
                   Rings: the paper's.";
    let title = "Features represented against weight decay, α = 1";
    one((tables, "phi_means"), &of, title, caption)
}

/// φ½ of each cell.
fn phi_table(material: &Material<'_>) -> Table {
    cell_table(
        "phi",
        "What fraction of the features is represented?",
        &material.trained(),
        &["phi_half", "phi_one", "dead_outputs"],
        &[],
    )
}

/// φ½ by setting, a mean over seeds beside the paper's, and the pairs of both by weight decay.
fn phi_means(material: &Material<'_>) -> (Table, Vec<Vec<(f64, f64)>>) {
    let groups = by_setting(&material.trained());
    let means = groups.iter().map(|group| (cell_of(group), over_seeds(group, "phi_half")));
    let means: Vec<(&Cell, (&Cell, Summary))> =
        means.map(|(cell, phi)| (cell, (cell, phi))).collect();
    let pair = |(cell, (_, phi)): &(&Cell, (&Cell, Summary))| Some((phi.mean, FIG3B.of(cell)?));
    let pairs = means.iter().filter_map(|of| Some((of.0, pair(of)?)));
    let pairs = grouped(pairs, weight_decay);
    let table = keyed(
        "phi_means",
        "Is it the paper's fraction?",
        &KEY[..4],
        means,
        &[
            ("n_seeds", "trained cells", &|(_, phi)| phi.n.into()),
            ("phi_half", "mean fraction of the rows of W with norm above 1/2", &|(_, phi)| {
                phi.mean.into()
            }),
            ("phi_half_low", "one standard deviation over seeds below", &|(_, phi)| {
                (phi.mean - phi.standard_deviation).into()
            }),
            ("phi_half_high", "one standard deviation over seeds above", &|(_, phi)| {
                (phi.mean + phi.standard_deviation).into()
            }),
            ("weak_phi", "prediction for the weak regime: d/n", &|(cell, _)| {
                (cell.model.d_hidden as f64 / cell.model.n_features as f64).into()
            }),
            ("published", "the paper's φ½", &|(cell, _)| FIG3B.of(cell).into()),
        ],
    );
    (table, pairs)
}

/// φ½ over weight decay and data exponent, at each width.
pub(super) const FIGURE_13: Figure = Figure::of("13", &[SMALL], make_13, draw_13)
    .title("Fraction of features represented, by weight decay and data exponent")
    .question("Is the regime chosen by weight decay at every data exponent?")
    .against("A data exponent at which γ = −1 represents little, or γ = 1 much.")
    .limits("One training a cell, as in the paper.");

fn make_13(material: &Material<'_>) -> Findings {
    let share = |claim: Claim, wanted: fn(&Cell) -> bool, passes: fn(f64, &Model) -> bool| {
        let cells = material.select(wanted);
        let passing = each_in(&cells, data_exponent, |f| {
            let passes = passes(f.measured()?.phi_half, &f.record.cell.model);
            Some(f64::from(u8::from(passes)))
        });
        claim.mean_over(&passing, "data exponents", format!("{} cells", cells.len()))
    };
    let strong =
        says("γ < −0.5: share of cells that represent more than 0.9 of the features", "φ½ near 1");
    let weak = says(
        "γ > 0.5: share of cells that represent fewer than 3 d features",
        "lines at d/n (figure 3b)",
    );
    let claims = [
        share(
            strong.holds(AtLeast(0.95)),
            |cell| cell.train.weight_decay < -0.5,
            |phi, _| phi > 0.9,
        ),
        share(
            weak.holds(AtLeast(0.95)),
            |cell| cell.train.weight_decay > 0.5,
            |phi, model| phi * (model.n_features as f64) < 3.0 * model.d_hidden as f64,
        ),
    ];
    Findings::new([phi_table(material)], claims)
}

fn draw_13(tables: &Tables) -> Drawn {
    let colours = ColourScale::linear("φ½").from_to(0.0, 1.0);
    let of =
        HeatMaps { panel: Some("d_hidden"), panel_label: "d", ..decay_map("phi_half", colours) };
    let panels = heat_maps(tables.get("phi")?, &of)?;
    let (title, caption) =
        ("Fraction of features represented, by width", "Crossed out: not trained. Table: phi.csv.");
    Ok(pictures([sheet(title, 3, panels, Axes::Shared, caption)]))
}

/// φ½, dead outputs and loss on a fine grid of weight decays around zero.
pub(super) const TRANSITION_GRID: Figure =
    Figure::of("transition", &[TRANSITION, SMALL, SEEDS_DECAY], make_transition, draw_transition)
        .wants(|cell| {
            let is_wanted = |exponent: &f64| exponent_is(cell, *exponent);
            [15, 39, 100].contains(&cell.model.d_hidden) && [0.0, 1.0, 2.0].iter().any(is_wanted)
        })
        .title("The transition between the regimes, on a finer grid")
        .question("Where between −0.11 and 0.11 is the transition, how wide is it, and what does γ = 0 do?")
        .against("A threshold outside, or a fall of φ½ within a small part of the paper's range of decays.")
        .limits("Three widths; the paper has no numbers here. Between two decays of the grid a crossing is \
                 interpolated, and its interval ends at these two. How it scatters from seed to seed is known on the \
                 paper's ten decays alone (column half_sd).");

/// Where φ½ falls through a level as the weight decay rises.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Crossing {
    /// The weight decay, on the straight line between two neighbours.
    at: f64,
    /// The neighbours: the crossing is between them whatever the grid.
    between: (f64, f64),
}

/// The last crossing of `level` by points of rising weight decay; absent unless one is above and the last
/// below.
fn crossing(points: &[(f64, f64)], level: f64) -> Option<Crossing> {
    let last_above = points.iter().rposition(|point| point.1 >= level)?;
    let (low, high) = (points[last_above], *points.get(last_above + 1)?);
    let share = (low.1 - level) / (low.1 - high.1);
    Some(Crossing { at: low.0 + share * (high.0 - low.0), between: (low.0, high.0) })
}

/// The crossings of ¾, ½ and ¼ by φ½ at one data exponent and width.
struct Fall<'a> {
    cell: &'a Cell,
    three_quarters: Option<Crossing>,
    half: Option<Crossing>,
    quarter: Option<Crossing>,
    /// The crossing of ½ on the paper's ten decays, over seeds.
    half_by_seed: Summary,
}

impl Fall<'_> {
    /// From ¾ to ¼, and the least and most that it can be between the decays of the grid.
    fn width(&self) -> Option<(f64, (f64, f64))> {
        let (from, to) = (self.three_quarters?, self.quarter?);
        let least = (to.between.0 - from.between.1).max(0.0);
        Some((to.at - from.at, (least, to.between.1 - from.between.0)))
    }
}

/// Weight decay and φ½ of `cells` in the order of the decays.
fn by_decay(cells: &[&Finished]) -> Vec<(f64, f64)> {
    let point = |f: &&Finished| Some((f.record.cell.train.weight_decay, f.measured()?.phi_half));
    let mut points: Vec<(f64, f64)> = cells.iter().filter_map(point).collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    points
}

fn falls<'a>(material: &Material<'a>) -> Vec<Fall<'a>> {
    let key: Group = |cell| format!("{} {}", data_exponent(cell), cell.model.d_hidden);
    let fall = |cells: Vec<&'a Finished>| {
        let first: Vec<&Finished> =
            cells.iter().copied().filter(|f| f.record.cell.train.seed == 0).collect();
        let points = by_decay(&first);
        let [three_quarters, half, quarter] =
            [0.75, 0.5, 0.25].map(|level| crossing(&points, level));
        let coarse =
            cells.iter().filter(|f| PAPERS_DECAYS.iter().any(|d| decay_is(&f.record.cell, *d)));
        let by_seed = grouped(coarse.map(|f| (&f.record.cell, *f)), seed);
        let of_seed = |cells: &Vec<&Finished>| Some(crossing(&by_decay(cells), 0.5)?.at);
        let half_by_seed = summarise(&by_seed.iter().filter_map(of_seed).collect::<Vec<f64>>());
        Fall { cell: cell_of(&cells), three_quarters, half, quarter, half_by_seed }
    };
    let cells = material.trained().into_iter().map(|f| (&f.record.cell, f));
    let mut falls: Vec<Fall<'a>> = grouped(cells, key).into_iter().map(fall).collect();
    falls.sort_by(|a, b| {
        let place = |f: &Fall<'_>| (f.cell.data_exponent(), f.cell.model.d_hidden);
        place(a).partial_cmp(&place(b)).unwrap_or(Ordering::Equal)
    });
    falls
}

/// The paper's ten weight decays.
const PAPERS_DECAYS: [f64; 10] = [
    -1.0,
    -7.0 / 9.0,
    -5.0 / 9.0,
    -3.0 / 9.0,
    -1.0 / 9.0,
    1.0 / 9.0,
    3.0 / 9.0,
    5.0 / 9.0,
    7.0 / 9.0,
    1.0,
];

fn make_transition(material: &Material<'_>) -> Findings {
    let falls = falls(material);
    let of = |exponent: f64| {
        falls.iter().find(|f| f.cell.model.d_hidden == 39 && exponent_is(f.cell, exponent))
    };
    let (grid, basis) = ("the grid, the decays beside it", "23 decays, one seed");
    let threshold = |exponent: f64| {
        let half = of(exponent).and_then(|fall| fall.half);
        let scatter = of(exponent).map_or(f64::NAN, |fall| fall.half_by_seed.standard_deviation);
        says(format!("α = {exponent}, d = 39: γ at which φ½ falls through ½"), "no numbers")
            .holds(Within(0.0, 0.11))
            .measured(
                half.map(|c| c.at),
                format!(
                    "{basis}; standard deviation over 3 seeds on the paper's ten decays {}",
                    number(scatter)
                ),
            )
            .between(half.map(|c| c.between), grid)
    };
    let width = |exponent: f64| {
        let width = of(exponent).and_then(Fall::width);
        let name =
            format!("α = {exponent}, d = 39: γ from where φ½ falls through ¾ to where through ¼");
        says(name, "no numbers; a gradual change")
            .holds(AtLeast(0.05))
            .measured(width.map(|w| w.0), basis)
            .between(width.map(|w| w.1), grid)
    };
    let table = cell_table(
        "cells",
        "What does weight decay near zero do?",
        &material.select(|cell| cell.train.seed == 0 && cell.train.weight_decay.abs() < 0.4),
        &["phi_half", "phi_one", "loss.test", "dead_outputs", "loss.dead_part", "bias.mean"],
        &[DEAD_SHARE],
    );
    let exponents = [0.0, 1.0, 2.0];
    let claims = exponents.map(threshold).into_iter().chain(exponents.map(width));
    Findings::new([table, fall_table(&falls)], claims)
}

fn fall_table(falls: &[Fall<'_>]) -> Table {
    let at = |crossing: Option<Crossing>| Field::from(crossing.map(|c| c.at));
    Table::of(
        "thresholds",
        "Where does φ½ fall through ¾, ½ and ¼?",
        falls,
        &[
            ("data_exponent", "data exponent α", &|f| f.cell.data_exponent().into()),
            ("d_hidden", "hidden width d", &|f| f.cell.model.d_hidden.into()),
            (
                "three_quarters",
                "weight decay at which φ½ falls through ¾, on the straight line between two decays",
                &|f| at(f.three_quarters),
            ),
            ("half", "the same for ½", &|f| at(f.half)),
            ("half_low", "the decay of the grid before it", &|f| {
                f.half.map(|c| c.between.0).into()
            }),
            ("half_high", "the decay of the grid after it", &|f| {
                f.half.map(|c| c.between.1).into()
            }),
            ("quarter", "the same for ¼", &|f| at(f.quarter)),
            ("width", "quarter less three_quarters", &|f| f.width().map(|w| w.0).into()),
            ("n_seeds", "seeds that have the paper's ten decays", &|f| f.half_by_seed.n.into()),
            (
                "half_mean",
                "mean over these seeds of where φ½ falls through ½, on the ten decays",
                &|f| f.half_by_seed.mean.into(),
            ),
            ("half_sd", "standard deviation over these seeds", &|f| {
                f.half_by_seed.standard_deviation.into()
            }),
        ],
    )
}

fn draw_transition(tables: &Tables) -> Drawn {
    let cells = tables.get("cells")?;
    let of = |y| Lines {
        panel: Some("data_exponent"),
        panel_label: "α",
        ..lines_by(decay(), y, ("d_hidden", "d"))
    };
    let share = ("loss.dead_share", Axis::linear("share of dead outputs in L"));
    let rows = [("phi_half", Axis::linear("φ½")), loss(), share];
    let (columns, panels) = rows_of_panels(cells, rows.map(of))?;
    let caption = "One training a cell. Table: cells.csv.";
    Ok(pictures([sheet("Around γ = 0", columns, panels, Axes::SharedX, caption)]))
}
