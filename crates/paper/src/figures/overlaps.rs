//! Overlaps in the strong regime, and how many rows are long: figures 5c, 5d, 16 and 17.

use superpose_analysis::run::Finished;
use superpose_figures::axis::Axis;
use superpose_figures::chart::Mark;
use superpose_figures::lines::{Guide, Lines, lines};
use superpose_figures::sheet::Axes;
use superpose_files::table::Tables;
use superpose_stats::power_law::fit_power_law;
use superpose_stats::summary::summarise;
use superpose_toy::cell::Cell;
use superpose_toy::overlap::{random_mean_square, random_square_variance, welch_mean_square};

use crate::cells::{Extra, cell_table, dead_fraction};
use crate::claim::{Claim, Test};
use crate::figure::{Figure, Findings, Material, decay_is, none};
use crate::figures::draw::{Drawn, grouped, pictures, sheet, width_axis};
use crate::sweeps::{SEEDS_STRONG, SMALL};

fn variance_ratio(finished: &Finished) -> Option<f64> {
    let variance = finished.measured()?.geometry.as_ref()?.overlap_variance_strong?;
    Some(variance / random_square_variance(finished.record.cell.model.d_hidden))
}

/// Variance of the squared overlaps.
pub(super) const FIGURE_5C: Figure = Figure {
    id: "5c",
    title: "Variance of squared overlaps over that of random vectors",
    question: "Are the overlaps more even than those of random vectors?",
    sweeps: &[SMALL, SEEDS_STRONG],
    wants: |cell| decay_is(cell, -5.0 / 9.0),
    wants_weights: none,
    make: make_5c,
    draw: draw_5c,
    against: "Ratios above 1.",
    limits: "An equiangular frame would have variance 0; at these n and d none is known.",
};

fn make_5c(material: &Material<'_>) -> Findings {
    let cells = material.trained();
    let table = cell_table(
        "cells",
        "Are the overlaps more even than those of random vectors?",
        &cells,
        &["overlap.variance_strong", "overlap.max_strong", "overlap.mean_square_strong", "phi_one"],
        &[
            Extra {
                name: "random_variance",
                meaning: "variance of the squared overlap of random unit vectors: 2(d−1)/(d²(d+2))",
                of: &|f| random_square_variance(f.record.cell.model.d_hidden).into(),
            },
            Extra {
                name: "variance_ratio",
                meaning: "overlap.variance_strong over random_variance",
                of: &|f| variance_ratio(f).into(),
            },
        ],
    );
    let ratios: Vec<f64> = cells.iter().filter_map(|f| variance_ratio(f)).collect();
    let below = ratios.iter().filter(|r| **r < 1.0).count() as f64 / ratios.len() as f64;
    let zeros = ratios.iter().filter(|r| **r < 0.01).count() as f64;
    let basis = format!("{} cells", ratios.len());
    let claims = [
        Claim::new(
            "share of cells with a ratio below 1",
            "all; drawn 0.43 to 0.92",
            Test::AtLeast(0.95),
        )
        .measured(below, basis.clone()),
        Claim::new("mean ratio", "0.43 to 0.92", Test::Between(0.43, 0.92))
            .averaged(&ratios, "cells"),
        Claim::new(
            "cells with a ratio of zero (below 0.01)",
            "some at d = 63 and 100",
            Test::AtLeast(1.0),
        )
        .measured((!ratios.is_empty()).then_some(zeros), basis),
    ];
    Findings::new([table], claims)
}

/// Dots against width, in the colour of the data exponent, from the table `cells`.
fn dots_by_width<'a>(y: (&'a str, Axis), guides: &'a [Guide<'a>]) -> Lines<'a> {
    Lines {
        guides,
        mark: Mark::Dots,
        ..grouped(("d_hidden", width_axis()), y, ("data_exponent", "α"))
    }
}

fn draw_5c(tables: &Tables) -> Drawn {
    let y = Axis::linear("variance of cos² over that of random vectors");
    let panels = lines(tables.get("cells")?, &dots_by_width(("variance_ratio", y), &[]))?;
    let caption =
        "Over pairs of rows with norm above 1, γ = −0.56; one dot a training. Table: cells.csv.";
    Ok(pictures([sheet("Evenness of the squared overlaps", 1, panels, Axes::Own, caption)]))
}

fn welch_of_strong(finished: &Finished) -> Option<f64> {
    let cell = &finished.record.cell;
    let (n, d) = (cell.model.n_features, cell.model.d_hidden);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most n")]
    let strong = (finished.measured()?.phi_one * n as f64).round() as usize;
    (strong > d).then(|| welch_mean_square(strong, d))
}

/// Mean squared overlap of the long rows.
pub(super) const FIGURE_5D: Figure = Figure {
    id: "5d",
    title: "Mean squared overlap of rows with norm above 1",
    question: "Do the squared overlaps of represented features fall as 1/d?",
    sweeps: &[SMALL, SEEDS_STRONG],
    wants: |cell| cell.train.weight_decay < -0.2,
    wants_weights: none,
    make: make_5d,
    draw: draw_5d,
    against: "Overlaps that do not fall as 1/d, or fall below κ² (they cannot).",
    limits: "The mean tests tightness, not equal angles: any tight frame has it. Long rows are those whose \
             outputs live, so the selection is by survival.",
};

fn make_5d(material: &Material<'_>) -> Findings {
    let cells = material.trained();
    let strong = |f: &Finished| f.measured().and_then(|m| m.overlap_mean_square_strong);
    let table = cell_table(
        "cells",
        "Do the squared overlaps of represented features fall as 1/d?",
        &cells,
        &["overlap.mean_square_strong", "overlap.mean_square", "phi_one"],
        &[
            Extra {
                name: "random",
                meaning: "prediction for random directions: 1/d",
                of: &|f| random_mean_square(f.record.cell.model.d_hidden).into(),
            },
            Extra {
                name: "welch_strong",
                meaning: "κ² of as many unit vectors as there are rows with norm above 1",
                of: &|f| welch_of_strong(f).into(),
            },
            Extra {
                name: "over_welch",
                meaning: "overlap.mean_square_strong over welch_strong",
                of: &|f| strong(f).zip(welch_of_strong(f)).map(|(o, w)| o / w).into(),
            },
        ],
    );
    let ratios = |low: f64, high: f64| -> Vec<f64> {
        cells
            .iter()
            .filter(|f| f.record.cell.data_exponent().is_some_and(|a| (low..=high).contains(&a)))
            .filter_map(|f| Some(strong(f)? / welch_of_strong(f)?))
            .collect()
    };
    let (x, y): (Vec<f64>, Vec<f64>) = cells
        .iter()
        .filter_map(|f| Some((f.record.cell.model.d_hidden as f64, strong(f)?)))
        .unzip();
    let fit = fit_power_law(&x, &y).ok();
    let mut claims = vec![
        Claim::new(
            "exponent of the mean squared overlap in d",
            "1",
            Test::Within { target: 1.0, tolerance: 0.1 },
        )
        .exponent(fit, format!("standard error over {} cells", x.len())),
    ];
    claims.extend([(0.0, 0.5), (0.625, 1.375), (1.5, 2.0)].map(|(low, high)| {
        Claim::new(
            format!("α from {low} to {high}: mean squared overlap over κ² of these rows"),
            "1/d drawn; κ² in its text",
            Test::Within { target: 1.0, tolerance: 0.1 },
        )
        .averaged(&ratios(low, high), "cells")
    }));
    Findings::new([table], claims)
}

/// The prediction for random directions.
const RANDOM: Guide<'static> = Guide { column: "random", label: "1/d", mark: Mark::Line };

fn draw_5d(tables: &Tables) -> Drawn {
    let y = Axis::logarithmic("mean cos², rows with norm above 1");
    let of = Lines {
        panel: Some("weight_decay"),
        panel_label: "γ",
        ..dots_by_width(("overlap.mean_square_strong", y), &[RANDOM])
    };
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
pub(super) const FIGURE_16: Figure = Figure {
    id: "16",
    title: "Fraction of rows with norm above 1",
    question: "Is φ1 between d/n and min(1, d²/2n), the most vectors that could be equiangular?",
    sweeps: &[SMALL],
    wants: |cell| decay_is(cell, -1.0),
    wants_weights: none,
    make: make_16,
    draw: draw_16,
    against: "Values outside the two lines.",
    limits: "The fraction is, output by output, what the initial biases left alive (dead_outputs): with \
             biases that start at zero it is 1 (experiment dead-outputs), so the upper line explains \
             nothing here.",
};

fn make_16(material: &Material<'_>) -> Findings {
    let cells = material.trained();
    let table = cell_table(
        "cells",
        "Is φ1 between d/n and min(1, d²/2n)?",
        &cells,
        &["phi_one", "phi_half", "dead_outputs"],
        &[
            Extra {
                name: "lower",
                meaning: "d/n",
                of: &|f| phi_one_bounds(&f.record.cell).0.into(),
            },
            Extra {
                name: "upper",
                meaning: "min(1, d²/2n)",
                of: &|f| phi_one_bounds(&f.record.cell).1.into(),
            },
            Extra {
                name: "alive",
                meaning: "1 − dead_outputs/n",
                of: &|f| dead_fraction(f).map(|dead| 1.0 - dead).into(),
            },
        ],
    );
    let is_inside = |f: &&&Finished| {
        let (lower, upper) = phi_one_bounds(&f.record.cell);
        f.measured().is_some_and(|m| (lower..=upper).contains(&m.phi_one))
    };
    let inside = cells.iter().filter(is_inside).count();
    let apart: Vec<f64> = cells
        .iter()
        .filter(|f| f.record.cell.model.d_hidden >= 25)
        .filter_map(|f| Some((f.measured()?.phi_one - (1.0 - dead_fraction(f)?)).abs()))
        .collect();
    let claims = [
        Claim::new(
            "share of cells between the lines",
            "lines drawn as bounds; its own 0.604 at α = 0, d = 25 is above",
            Test::AtLeast(0.9),
        )
        .measured(inside as f64 / cells.len() as f64, format!("{} of 102 cells", cells.len())),
        Claim::new(
            "ours: φ1 is the fraction of live outputs, d ≥ 25: mean difference",
            "does not mention dead outputs",
            Test::AtMost(0.02),
        )
        .measured(summarise(&apart).mean, format!("{} cells", apart.len())),
    ];
    Findings::new([table], claims)
}

fn draw_16(tables: &Tables) -> Drawn {
    let guides = [
        Guide { column: "lower", label: "d/n", mark: Mark::Dotted },
        Guide { column: "upper", label: "min(1, d²/2n)", mark: Mark::Line },
    ];
    let y = ("phi_one", Axis::logarithmic("φ1: rows of W with norm above 1"));
    let panels = lines(tables.get("cells")?, &dots_by_width(y, &guides))?;
    let caption = "γ = −1; one dot a training. Table: cells.csv.";
    Ok(pictures([sheet("Strongly represented features", 1, panels, Axes::Own, caption)]))
}

/// Mean squared overlap over all rows.
pub(super) const FIGURE_17: Figure = Figure {
    id: "17",
    title: "Mean squared overlap of all rows",
    question: "Do the squared overlaps of all rows fall as 1/d too?",
    sweeps: &[SMALL],
    wants: |cell| decay_is(cell, -1.0),
    wants_weights: none,
    make: make_17,
    draw: draw_17,
    against: "Overlaps below κ² (impossible), or another slope.",
    limits: "Rows of dead outputs point where they happened to die and overlap most.",
};

fn make_17(material: &Material<'_>) -> Findings {
    let cells = material.trained();
    let table = cell_table(
        "cells",
        "Do the squared overlaps of all rows fall as 1/d?",
        &cells,
        &[
            "overlap.mean_square",
            "overlap.variance",
            "overlap.max",
            "overlap.welch",
            "dead_outputs",
        ],
        &[Extra {
            name: "random",
            meaning: "prediction for random directions: 1/d",
            of: &|f| random_mean_square(f.record.cell.model.d_hidden).into(),
        }],
    );
    let overlap = |f: &Finished| f.measured().map(|m| m.overlap_mean_square);
    let above = cells.iter().filter(|f| {
        overlap(f).is_some_and(|o| o >= random_mean_square(f.record.cell.model.d_hidden) * 0.999)
    });
    let share = above.count() as f64 / cells.len() as f64;
    let (x, y): (Vec<f64>, Vec<f64>) = cells
        .iter()
        .filter_map(|f| Some((f.record.cell.model.d_hidden as f64, overlap(f)?)))
        .unzip();
    let fit = fit_power_law(&x, &y).ok();
    let basis = format!("{} of 102 cells", cells.len());
    let claims = [
        Claim::new("share of cells at or above 1/d", "all", Test::AtLeast(0.95))
            .measured(share, basis.clone()),
        Claim::new(
            "exponent of the mean squared overlap in d",
            "the same slope as 1/d",
            Test::Within { target: 1.0, tolerance: 0.15 },
        )
        .exponent(fit, format!("standard error over {basis}")),
    ];
    Findings::new([table], claims)
}

fn draw_17(tables: &Tables) -> Drawn {
    let tight = Guide { column: "overlap.welch", label: "tight frame", mark: Mark::Dotted };
    let y = ("overlap.mean_square", Axis::logarithmic("mean cos², all rows"));
    let panels = lines(tables.get("cells")?, &dots_by_width(y, &[RANDOM, tight]))?;
    let caption = "γ = −1; one dot a training. Table: cells.csv.";
    Ok(pictures([sheet("Squared overlaps of all rows", 1, panels, Axes::Own, caption)]))
}
