//! The loss of the weak regime: figures 4a and 4b.

use std::cmp::Ordering;

use superpose_analysis::regime;
use superpose_analysis::run::Finished;
use superpose_figures::axis::Axis;
use superpose_figures::chart::Mark;
use superpose_figures::lines::Lines;
use superpose_files::table::{Table, Tables};
use superpose_stats::summary::median_and_deviation;
use superpose_toy::superposition::ignored_features_loss_continuum;

use crate::cells::{
    Exponent, SMALL_WIDTHS, cell_table, complete_exponents, data_exponent, each_in, exponent_table,
    grouped, seed,
};
use crate::claim::{AtLeast, AtMost, Claim, Within, says};
use crate::draw::{BARS, Drawn, exponent_lines, guide, lines_by, loss, one};
use crate::figure::{Figure, Findings, Material, exponent_is, is_weak, near};
use crate::liu2025::published::FIG4B;
use crate::sweeps::{SEEDS_DECAY, SEEDS_WEAK, SMALL};

/// The data exponents that figure 4a shows, with the median over the paper's own points of the loss over
/// its equation 14.
const SHOWN: [(f64, f64); 6] =
    [(0.0, 1.01), (1.0, 1.46), (1.25, 1.61), (1.5, 1.30), (1.75, 1.17), (2.0, 0.94)];

/// Loss against the number of features represented.
pub(super) const FIGURE_4A: Figure =
    Figure::of("4a", &[SMALL, SEEDS_DECAY, SEEDS_WEAK], make_4a, draw_4a)
        .wants(|cell| is_weak(cell) && SHOWN.iter().any(|shown| exponent_is(cell, shown.0)))
        .title("Loss against the number of features represented, weak regime")
        .question("Is the loss what the features cost that are not represented?")
        .against("Losses far from the line of their data exponent.")
        .limits(
            "Equation 14 counts the most frequent features as represented and replaces a sum by an \
             integral; both are wrong by as much as the agreement is good (columns of the table).",
        );

fn continuum(finished: &Finished) -> Option<f64> {
    let cell = &finished.record.cell;
    let phi = finished.measured()?.phi_half;
    (phi > 0.0).then_some(())?;
    let (n, values) = (cell.model.n_features, cell.data.values);
    Some(ignored_features_loss_continuum(phi, n, cell.data_exponent()?, values))
}

fn over_theory(finished: &Finished, theory: Option<f64>) -> Option<f64> {
    Some(finished.measured()?.loss_test / theory?)
}

fn make_4a(material: &Material<'_>) -> Findings {
    let sum = |f: &Finished| regime::Evidence::of(f).map(|evidence| evidence.ignored_loss);
    let over_continuum = |f: &Finished| over_theory(f, continuum(f));
    let table = cell_table(
        "cells",
        FIGURE_4A.question,
        &material.trained(),
        &["phi_half", "loss.test", "dead_outputs", "loss.dead_part"],
        &[
            ("represented", "φ½·n: rows of W with norm above 1/2", &|f| {
                let n = f.record.cell.model.n_features as f64;
                f.measured().map(|m| m.phi_half * n).into()
            }),
            ("equation_14", "the paper's equation 14 times ⟨v²⟩ = 4/3, at this φ½", &|f| {
                continuum(f).into()
            }),
            (
                "ignored_loss",
                "the exact sum: all but the φ½·n most frequent features are ignored",
                &|f| sum(f).into(),
            ),
            ("over_equation_14", "loss.test over equation_14", &|f| over_continuum(f).into()),
            ("over_ignored_loss", "loss.test over ignored_loss", &|f| {
                over_theory(f, sum(f)).into()
            }),
        ],
    );
    let claim = |(exponent, paper): (f64, f64)| {
        let cells = material.select(|cell| exponent_is(cell, exponent));
        let ratios = each_in(&cells, seed, over_continuum);
        let medians: Vec<Vec<f64>> =
            ratios.iter().map(|of| vec![median_and_deviation(of).0]).collect();
        let n_cells = ratios.concat().len();
        let basis = match medians.len() {
            0 | 1 => format!("{n_cells} cells of one seed, so without an error"),
            n => format!("{n_cells} cells; the mean of {n} seeds' medians"),
        };
        says(
            format!("α = {exponent}: loss over equation 14, median"),
            format!("\"agree\"; {paper} in the median of its own points"),
        )
        .holds(Within(1.0, 0.2))
        .mean_over(&medians, "seeds", basis)
    };
    Findings::new([table], SHOWN.map(claim))
}

fn draw_4a(tables: &Tables) -> Drawn {
    let x = ("represented", Axis::logarithmic("features represented, φ½ n"));
    let of = Lines {
        guides: &[guide("equation_14", "equation 14 × 4/3", Mark::Dotted)],
        mark: Mark::Dots,
        ..lines_by(x, loss(), ("data_exponent", "α"))
    };
    let caption = "One dot a training with γ > 0. Dotted: the paper's theory.";
    one((tables, "cells"), &of, FIGURE_4A.title, caption)
}

/// Model exponents of the nine settings closest to no superposition.
pub(super) const FIGURE_4B: Figure = Figure::of("4b", &[SMALL, SEEDS_DECAY, SEEDS_WEAK], make_4b, draw_4b)
    .wants(is_weak)
    .title("Model exponent of the settings closest to no superposition")
    .question("Without superposition, is the model exponent α − 1?")
    .against("Exponents that do not rise with α, or far from α − 1 where W is closest to diag(I, 0).")
    .limits("The distance cannot choose: a row that is missing among the first d leaves it at exactly 1, so \
             settings that represent almost nothing tie for the first place. Which nine the paper shows \
             follows from something that it does not say. The distances are those of one seed, as in the paper; \
             exponents of its nine are means over seeds, where there are several.");

/// The largest spectral distance over the widths of a setting; absent unless all are known.
fn distance(exponent: &Exponent<'_>) -> Option<f64> {
    let of = |f: &&Finished| f.measured()?.geometry.as_ref()?.spectral_distance;
    let all: Option<Vec<f64>> = exponent.cells.iter().map(of).collect();
    all?.into_iter().reduce(f64::max)
}

/// The settings of `weak` cells with all six widths, by their distance from no superposition.
fn by_distance<'a>(weak: &[&'a Finished]) -> Vec<Exponent<'a>> {
    let mut settings = complete_exponents(weak, SMALL_WIDTHS);
    settings.retain(|e| distance(e).is_some());
    settings.sort_by(|a, b| distance(a).partial_cmp(&distance(b)).unwrap_or(Ordering::Equal));
    settings
}

/// The number of settings that the paper shows.
const NINE: usize = 9;

fn is_papers(setting: &Exponent<'_>) -> bool {
    FIG4B.of(setting.cell()).is_some()
}

/// The paper's nine, where all widths are trained, with all seeds.
pub(super) fn papers_nine<'a>(material: &Material<'a>) -> Vec<Exponent<'a>> {
    by_distance(&material.select(is_weak)).into_iter().filter(is_papers).collect()
}

fn make_4b(material: &Material<'_>) -> Findings {
    // One training a cell, as in the paper.
    let settings = by_distance(&material.select(|cell| is_weak(cell) && cell.train.seed == 0));
    let papers = papers_nine(material);
    let closest = &settings[..settings.len().min(NINE)];
    let mut shown = distance_table("nine", &papers, "the paper's nine");
    shown.rows.extend(distance_table("nine", closest, "the nine closest here").rows);
    let tables = [distance_table("exponents", &settings, "all"), shown];
    Findings::new(tables, claims_4b(&settings, closest, &papers))
}

fn claims_4b(
    settings: &[Exponent<'_>],
    closest: &[Exponent<'_>],
    papers: &[Exponent<'_>],
) -> [Claim; 5] {
    let n_shared = closest.iter().filter(|e| is_papers(e)).count();
    let n_tied = settings.iter().filter(|e| distance(e).is_some_and(|d| near(d, 1.0))).count();
    let basis =
        format!("{} of {} settings have the distance at all widths", settings.len(), 5 * 17);
    // Nine settings, or none: the mean over some of them is another number.
    let mean = |claim: Claim, of: &[Exponent<'_>], value: fn(&Exponent<'_>) -> Option<f64>| {
        let values = of.iter().filter_map(|e| Some((e.cell(), value(e)?)));
        let mut values = grouped(values, data_exponent);
        values.retain(|_| of.len() == NINE);
        claim.mean_over(&values, "data exponents", basis.clone())
    };
    let less_theory = |e: &Exponent<'_>| Some(e.value()? - (e.cell().data_exponent()? - 1.0));
    let from_published = |e: &Exponent<'_>| Some((e.value()? - FIG4B.of(e.cell())?).abs());
    let some = |of: &[Exponent<'_>], n, least| (of.len() >= least).then_some(n as f64);
    let zero = Within(0.0, 0.15);
    let nine = "the paper's nine settings: model exponent less α − 1, mean";
    let of_nine = says(nine, "0 (0.10 for its own points)").holds(zero);
    let of_closest =
        says("the nine closest here: model exponent less α − 1, mean", "0").holds(zero);
    let differences =
        says("the paper's nine settings: mean absolute difference from its exponents", "0");
    [
        mean(of_nine, papers, less_theory),
        mean(differences.holds(AtMost(0.1)), papers, from_published),
        mean(of_closest, closest, less_theory),
        says("how many of the nine closest here are the paper's nine", "9")
            .holds(AtLeast(6.0))
            .measured(some(closest, n_shared, NINE), basis.clone()),
        says(
            "settings that tie at a distance of 1, the least that a missing row leaves",
            "not mentioned",
        )
        .holds(AtMost(1.0))
        .measured(some(settings, n_tied, 1), basis.clone()),
    ]
}

fn distance_table(name: &str, settings: &[Exponent<'_>], group: &str) -> Table {
    let is_same = |a: &Exponent<'_>, b: &Exponent<'_>| std::ptr::eq(a.example, b.example);
    let rank = |e: &Exponent<'_>| settings.iter().position(|other| is_same(other, e));
    exponent_table(
        name,
        "Is the exponent α − 1 where W is closest to diag(I, 0)?",
        settings,
        &[
            ("weak_exponent", "prediction without superposition: α − 1", &|e| {
                e.cell().data_exponent().map(|a| a - 1.0).into()
            }),
            (
                "spectral_distance.max",
                "largest spectral norm of W Wᵀ − diag(I_d, 0) over widths and seeds",
                &|e| distance(e).into(),
            ),
            ("rank", "rank by that distance in this group, from 1", &|e| {
                rank(e).map(|rank| rank + 1).into()
            }),
            ("published", "the paper's exponent, of its nine", &|e| FIG4B.of(e.cell()).into()),
            ("group", "which settings", &|_| group.into()),
        ],
    )
}

fn draw_4b(tables: &Tables) -> Drawn {
    let guides = [guide("weak_exponent", "α − 1", Mark::Line)];
    let of =
        Lines { panel: Some("group"), published: Some("published"), ..exponent_lines(&guides) };
    let caption = format!(
        "Left: the paper's nine settings. Right: the nine whose W is closest here to representing d \
         features and no more. {BARS} Rings: the paper's."
    );
    one((tables, "nine"), &of, "Model exponent closest to no superposition", &caption)
}
