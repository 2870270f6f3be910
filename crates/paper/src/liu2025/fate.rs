//! Which outputs die: what an output's own initial bias says of its fate.

use superpose_analysis::run::Finished;
use superpose_figures::axis::Axis;
use superpose_figures::lines::lines;
use superpose_figures::panel::Panel;
use superpose_files::table::{Table, TableError, Tables};
use superpose_toy::cell::Cell;
use superpose_toy::init;

use crate::cells::{KEY, keyed};
use crate::claim::{AtLeast, Claim, says};
use crate::draw::lines_by;
use crate::figure::{Material, decay_is, exponent_is, near};
use crate::rows::{NEEDS_WEIGHTS, feature_rows};

/// The widths that are looked at.
const WIDTHS: [usize; 3] = [25, 39, 100];
/// Width of a bin of initial biases.
const BIN: f64 = 0.25;

/// Whether a cell's outputs are followed: the paper's start, at even frequencies and `γ = −1`.
pub(super) fn is_fate(cell: &Cell) -> bool {
    cell.model.n_features == 1000
        && WIDTHS.contains(&cell.model.d_hidden)
        && exponent_is(cell, 0.0)
        && decay_is(cell, -1.0)
        && near(cell.model.bias_init_std, 1.0)
        && near(cell.train.learning_rate_bias, 0.01)
        && cell.train.warmup_steps == 2000
        && cell.train.seed == 0
}

/// Initial bias and fate of each output of a cell whose weights are at hand: whether it is dead in the end.
fn fates(finished: &Finished, material: &Material<'_>) -> Option<Vec<(f64, bool)>> {
    let rows = feature_rows(finished, material)?;
    let start = init::start(&finished.record.cell).bias;
    Some(start.iter().zip(rows).map(|(b, row)| (f64::from(*b), row.is_dead)).collect())
}

/// A bin of initial biases: its lower end, how many outputs start in it, and how many of them die.
type Bin = (f64, usize, usize);

/// The bins that any output starts in, to three standard deviations on either side.
fn bins(fates: &[(f64, bool)]) -> Vec<Bin> {
    let bins = (-12..12).map(|bin| {
        let low = f64::from(bin) * BIN;
        let inside = fates.iter().filter(|f| (low..low + BIN).contains(&f.0));
        (low, inside.clone().count(), inside.filter(|f| f.1).count())
    });
    bins.filter(|bin| bin.1 > 0).collect()
}

/// One row a cell and bin of initial biases.
pub(super) fn fate_table(material: &Material<'_>) -> Table {
    let bins_of = material.select(is_fate).into_iter().flat_map(|finished| {
        let fates = fates(finished, material).unwrap_or_default();
        bins(&fates).into_iter().map(|bin| (&finished.record.cell, bin))
    });
    keyed::<Bin, _>(
        "fate",
        "Does an output's own initial bias decide whether it dies?",
        &KEY,
        bins_of,
        &[
            ("bias_low", "lower end of a bin of initial biases", &|bin| bin.0.into()),
            ("bias_middle", "its middle", &|bin| (bin.0 + 0.5 * BIN).into()),
            ("outputs", "outputs that start in it", &|bin| bin.1.into()),
            ("dead", "those of them that are dead in the end", &|bin| bin.2.into()),
            ("dead_share", "dead over outputs", &|bin| (bin.2 as f64 / bin.1 as f64).into()),
        ],
    )
}

/// The panel of the table `fate`.
pub(super) fn fate_panel(tables: &Tables) -> Result<Vec<Panel>, TableError> {
    let start = ("bias_middle", Axis::linear("initial bias"));
    let share = ("dead_share", Axis::linear("share that dies"));
    lines(tables.get("fate")?, &lines_by(start, share, ("d_hidden", "d")))
}

/// The threshold of the initial bias below which most die and above which most live, and the share of
/// outputs that it judges rightly.
fn best_threshold(fates: &[(f64, bool)]) -> Option<(f64, f64)> {
    let mut sorted = fates.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    // Below the first: all are said to live.
    let mut right = sorted.iter().filter(|f| !f.1).count();
    let mut best = (sorted.first()?.0, right);
    for (bias, dead) in &sorted {
        if *dead {
            right += 1;
        } else {
            right -= 1;
        }
        if right > best.1 {
            best = (*bias, right);
        }
    }
    Some((best.0, best.1 as f64 / sorted.len() as f64))
}

/// One claim a width.
pub(super) fn fate_claims(material: &Material<'_>) -> Vec<Claim> {
    let cells = material.select(is_fate);
    let claim = |width: usize| {
        let finished = cells.iter().find(|f| f.record.cell.model.d_hidden == width);
        let threshold = finished.and_then(|f| best_threshold(&fates(f, material)?));
        let basis = threshold.map_or(NEEDS_WEIGHTS.to_owned(), |(bias, _)| {
            format!("threshold {bias:.2}; one model, its weights needed")
        });
        says(format!("α = 0, γ = −1, d = {width}: outputs whose fate a threshold of their initial bias tells"), "does not mention the initial biases").holds(AtLeast(0.9))
        .measured(threshold.map(|t| t.1), basis)
    };
    WIDTHS.map(claim).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_that_separates_is_found_and_one_that_does_not_helps_little() {
        let clean: Vec<(f64, bool)> = (-10..10).map(|i| (f64::from(i), i < -3)).collect();
        let (bias, right) = best_threshold(&clean).unwrap();
        assert!((bias + 4.0).abs() < 1e-12 && (right - 1.0).abs() < 1e-12);
        let mixed: Vec<(f64, bool)> = (0..1000).map(|i| (f64::from(i), i % 2 == 0)).collect();
        assert!(best_threshold(&mixed).unwrap().1 < 0.51);
        assert_eq!(best_threshold(&[]), None);
    }
}
