//! How often the intervals of an exponent hold the truth, by simulation on the widths of the paper.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use superpose_stats::exponent::{AtWidth, IntervalOf, fit_exponent};

const WIDTHS: [f64; 6] = [10.0, 15.0, 25.0, 39.0, 63.0, 100.0];
const EQUAL: [f64; 6] = [1.0; 6];
/// Five times as much at the widest as at the narrowest.
const UNEQUAL: [f64; 6] = [0.4, 0.55, 0.8, 1.0, 1.4, 2.0];
/// The standard error of a coverage is 0.0034.
const DRAWS: usize = 4000;

/// Trainings whose logarithms scatter about the line of exponent 1.
#[derive(Debug, Clone, Copy)]
struct Scene {
    /// Seeds at each width: 0, 1, …
    seeds: [usize; 6],
    /// Standard deviation over seeds at each width, in units of 0.1.
    scatter: [f64; 6],
    /// Correlation of a seed's scatter at two widths.
    correlation: f64,
    /// Standard deviation of a width about the line, with all its seeds.
    off_line: f64,
}

impl Scene {
    fn draw(&self, rng: &mut ChaCha8Rng) -> Vec<AtWidth<usize>> {
        let mut normal = || -> f64 { StandardNormal.sample(rng) };
        let common: Vec<f64> = (0..10).map(|_| normal()).collect();
        let mut place = |k: usize| {
            let off_line = self.off_line * normal();
            let mut loss = |seed: usize| {
                let own = (1.0 - self.correlation).sqrt() * normal();
                let scatter = self.scatter[k] * (self.correlation.sqrt() * common[seed] + own);
                (seed, (0.1 * (off_line + scatter)).exp() / WIDTHS[k])
            };
            AtWidth { x: WIDTHS[k], by_seed: (0..self.seeds[k]).map(&mut loss).collect() }
        };
        (0..WIDTHS.len()).map(&mut place).collect()
    }

    /// The share of the draws whose interval holds the exponent, the mean length, and what it is of.
    fn coverage(&self) -> (f64, f64, IntervalOf) {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let (mut held, mut length, mut of) = (0, 0.0, IntervalOf::Line);
        for _ in 0..DRAWS {
            let interval = fit_exponent(&self.draw(&mut rng)).unwrap().interval;
            held += usize::from((interval.low..=interval.high).contains(&1.0));
            length += interval.high - interval.low;
            of = interval.of;
        }
        (held as f64 / DRAWS as f64, length / DRAWS as f64, of)
    }
}

fn assert_covers(scene: Scene, (least, most): (f64, f64), of: IntervalOf) {
    let (coverage, _, found) = scene.coverage();
    assert!((least..=most).contains(&coverage) && found == of, "{scene:?}: {coverage} of {found}");
}

#[test]
fn the_same_seeds_at_all_widths_cover_whatever_the_scatter_and_correlation() {
    for n in [2, 3, 5, 10] {
        for scatter in [EQUAL, UNEQUAL] {
            for correlation in [0.0, 0.5, 0.9] {
                let scene = Scene { seeds: [n; 6], scatter, correlation, off_line: 0.0 };
                assert_covers(scene, (0.93, 0.97), IntervalOf::Seeds);
            }
        }
    }
}

/// Unequal seeds that no two share at all widths: five widths with one and one with two, 1 to 3 mixed, and so on.
const UNSHARED: [[usize; 6]; 7] = [
    [1, 1, 1, 1, 1, 2],
    [2, 1, 1, 1, 1, 1],
    [1, 1, 2, 1, 1, 1],
    [1, 2, 3, 1, 2, 3],
    [3, 2, 1, 3, 2, 1],
    [3, 3, 3, 1, 1, 1],
    [2, 2, 2, 2, 2, 1],
];

#[test]
fn unequal_seeds_cover_with_seeds_apart_and_correlated_on_a_line_and_off_it() {
    for seeds in UNSHARED {
        for correlation in [0.0, 0.3, 0.6] {
            for off_line in [0.0, 1.0] {
                let scene = Scene { seeds, scatter: EQUAL, correlation, off_line };
                assert_covers(scene, (0.93, 0.97), IntervalOf::Line);
            }
        }
        // At a width with one seed nothing says that it scatters more than others.
        let scene = Scene { seeds, scatter: UNEQUAL, correlation: 0.0, off_line: 0.0 };
        assert_covers(scene, (0.91, 0.97), IntervalOf::Line);
    }
}

#[test]
fn seeds_beyond_those_that_all_widths_share_leave_the_coverage() {
    // With two seeds shared the degrees of freedom are an estimate from little.
    for (seeds, bounds) in [
        ([10, 10, 3, 3, 10, 10], (0.93, 0.97)),
        ([5, 5, 3, 5, 5, 5], (0.93, 0.97)),
        ([3, 3, 2, 3, 3, 3], (0.93, 0.985)),
        ([2, 3, 5, 2, 3, 5], (0.91, 0.985)),
    ] {
        for scatter in [EQUAL, UNEQUAL] {
            for correlation in [0.0, 0.5, 0.9] {
                let scene = Scene { seeds, scatter, correlation, off_line: 0.0 };
                assert_covers(scene, bounds, IntervalOf::Seeds);
            }
        }
    }
}

#[test]
fn one_seed_everywhere_covers_with_equal_scatter() {
    for correlation in [0.0, 0.9] {
        let scene = Scene { seeds: [1; 6], scatter: EQUAL, correlation, off_line: 0.0 };
        assert_covers(scene, (0.93, 0.97), IntervalOf::Line);
    }
}

#[test]
#[ignore = "prints the table of LOG.md"]
#[expect(clippy::print_stdout, reason = "the table is what this is for")]
fn the_table_of_coverages() {
    println!("| seeds at the six widths | of | scatter | ρ = 0 | 0.3 | 0.6 | 0.9 |");
    println!("|---|---|---|---|---|---|---|");
    let equal = [1, 2, 3, 5, 10].map(|n| [n; 6]);
    let shared = [[10, 10, 3, 3, 10, 10], [3, 3, 2, 3, 3, 3], [2, 3, 5, 2, 3, 5]];
    for seeds in equal.iter().chain(&shared).chain(&UNSHARED) {
        for (scatter, name) in [(EQUAL, "equal"), (UNEQUAL, "unequal")] {
            let scene = |correlation| Scene { seeds: *seeds, scatter, correlation, off_line: 0.0 };
            let found = [0.0, 0.3, 0.6, 0.9].map(|correlation| scene(correlation).coverage());
            let cells = found.map(|(coverage, length, _)| format!("{coverage:.3} ({length:.2})"));
            let seeds = seeds.map(|n| n.to_string()).join(" ");
            println!("| {seeds} | {} | {name} | {} |", found[0].2, cells.join(" | "));
        }
    }
}
