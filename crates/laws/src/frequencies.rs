//! `frequencies`: which power law a list of frequencies follows, `f ∝ rank^-s`.
//!
//! As lines of `ln f` on `ln rank`, and by maximum likelihood, which is Zipf's law of words.
//! [`zipf`] has both fits; their tables, picture and words are here.

pub mod zipf;

use std::ops::RangeInclusive;

use superpose_figures::axis::Axis;
use superpose_figures::chart::Mark;
use superpose_figures::lines::{Guide, Lines, lines};
use superpose_figures::palette::{VERMILION, colour, guide};
use superpose_figures::study::{Note, Picture, Study};
use superpose_files::table::{Field, Table, TableError, Tables};
use superpose_stats::power_law::PowerLaw;

use self::zipf::{OWN_RANKS_COVER, ZipfExponent, fit_rank_window, fit_zipf};
use crate::answer::{alone, each_chart};

/// Ranks in the table of frequencies to a factor of ten, so that a long list makes a short table.
const RANKS_A_DECADE: f64 = 40.0;

/// The tables `frequency_fits`, one row a fit, and `rank_frequency`, one row a rank on a
/// logarithmic grid.
///
/// `frequencies` are descending, and `file` is where they stand. Lines of `ln f` on `ln r` are
/// fitted over each decade of ranks and over `window`, from 1; likelihoods over all ranks up to the
/// end of `window`, with a standard error when the frequencies are counts.
///
/// # Errors
/// Never: the tables have their columns.
pub fn study(
    frequencies: &[f64],
    window: &RangeInclusive<usize>,
    file: &str,
) -> Result<Study, TableError> {
    let n = frequencies.iter().take_while(|f| **f > 0.0).count();
    let last = (*window.end()).min(n);
    let frequencies = &frequencies[..n];
    let laws = Laws {
        frequencies,
        line: fit_rank_window(frequencies, *window.start()..=last).ok(),
        likely: fit_zipf(&frequencies[..last]),
        window: *window.start()..=last,
    };
    let fits = laws.fits();
    let notes = words(&fits, n, file)?;
    Ok(Study {
        convention: "Frequencies are shares of all occurrences.",
        tables: [fits, laws.ranks()].into_iter().collect(),
        draw: Box::new(draw),
        notes,
    })
}

/// Frequencies with the laws over a window of their ranks.
struct Laws<'a> {
    /// Descending, all above zero.
    frequencies: &'a [f64],
    /// Ranks, from 1.
    window: RangeInclusive<usize>,
    /// The line over the window.
    line: Option<PowerLaw>,
    /// The most likely law up to the end of the window.
    likely: Option<ZipfExponent>,
}

impl Laws<'_> {
    fn fits(&self) -> Table {
        let mut fits = Table::new(
            "frequency_fits",
            "Which power law f ∝ rank^-s do the frequencies follow?",
            &[
                ("method", "line of ln f on ln rank, or maximum likelihood"),
                ("rank_from", "first rank"),
                ("rank_to", "last rank"),
                ("exponent", "s"),
                (
                    "exponent_se",
                    &format!("its standard error; of a likelihood, {}", of_likelihood()),
                ),
                ("r_squared", "R² of a line"),
            ],
        );
        for ranks in decades(self.frequencies.len()).into_iter().chain([self.window.clone()]) {
            let Ok(line) = fit_rank_window(self.frequencies, ranks.clone()) else { continue };
            fits.push(vec![
                "line".into(),
                (*ranks.start()).into(),
                (*ranks.end()).into(),
                line.exponent.into(),
                line.exponent_se.into(),
                line.r_squared.into(),
            ]);
        }
        if let Some(law) = self.likely {
            let are_counts = self.frequencies.iter().all(|f| f.fract() == 0.0);
            fits.push(vec![
                "likelihood".into(),
                1_usize.into(),
                (*self.window.end()).into(),
                law.exponent.into(),
                are_counts.then_some(law.standard_error).into(),
                Field::Missing,
            ]);
        }
        fits
    }

    fn ranks(&self) -> Table {
        let (total, last): (f64, usize) = (self.frequencies.iter().sum(), *self.window.end());
        let share = self.frequencies[..last].iter().sum::<f64>() / total;
        // The most likely law's exponent, and its share of the first rank.
        let likely = self.likely.map(|law| {
            let powers = (1..=last).map(|rank| (rank as f64).powf(-law.exponent));
            (law.exponent, share / powers.sum::<f64>())
        });
        let of_line = |rank: &usize| {
            let line = self.line.filter(|_| self.window.contains(rank));
            line.map(|line| line.at(*rank as f64) / total)
        };
        let of_likely = |rank: &usize| {
            let likely = likely.filter(|_| *rank <= last);
            likely.map(|(exponent, first)| first * (*rank as f64).powf(-exponent))
        };
        Table::of(
            "rank_frequency",
            "How frequent is the thing of each rank?",
            grid(self.frequencies.len()),
            &[
                ("rank", "rank by frequency, from 1; a logarithmic grid", &|rank| (*rank).into()),
                ("frequency", "share of all occurrences", &|rank| {
                    (self.frequencies[rank - 1] / total).into()
                }),
                ("line", "the fitted line, over its window", &|rank| of_line(rank).into()),
                ("likelihood", "the most likely law, over its ranks", &|rank| {
                    of_likely(rank).into()
                }),
            ],
        )
    }
}

/// What the standard error of a likelihood is worth.
fn of_likelihood() -> String {
    let [(many, often), (few, seldom)] = OWN_RANKS_COVER;
    format!(
        "if occurrences were independent and ranks known. It is too small for ranks that are those of the \
         sample itself: of its 95 % intervals, {:.0} % hold the truth for {many} occurrences of 1000 words, \
         {:.0} % for {few}",
        100.0 * often,
        100.0 * seldom
    )
}

/// Ranks 1 to 10, 10 to 100 and so on, as far as there are some.
fn decades(n: usize) -> Vec<RangeInclusive<usize>> {
    let firsts = std::iter::successors(Some(1_usize), |first| first.checked_mul(10));
    firsts
        .take_while(|first| first < &n)
        .map(|first| first..=first.saturating_mul(10).min(n))
        .collect()
}

/// Ranks from 1 to `n`, evenly spaced in the logarithm.
fn grid(n: usize) -> Vec<usize> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 to n")]
    let rank = |k: i32| 10_f64.powf(f64::from(k) / RANKS_A_DECADE) as usize;
    let mut ranks: Vec<usize> = (0..).map(rank).take_while(|rank| *rank < n).collect();
    ranks.extend((n > 0).then_some(n));
    ranks.dedup();
    ranks
}

/// What to say of the fits to `n` frequencies of a file.
fn words(fits: &Table, n: usize, file: &str) -> Result<Vec<Note>, TableError> {
    let row = |[method, from, to, exponent, se, r_squared]: [&Field; 6]| {
        let exponent = match se {
            Field::Missing => exponent.rounded(3),
            _ => format!("{} ± {}", exponent.rounded(3), se.rounded(3)),
        };
        let ranks = format!("{} to {}", from.rounded(0), to.rounded(0));
        vec![method.rounded(0), ranks, exponent, r_squared.rounded(3)]
    };
    let columns = ["method", "rank_from", "rank_to", "exponent", "exponent_se", "r_squared"];
    let rows = fits.fields(columns)?.into_iter().map(row).collect();
    let has_error = |[method, .., se, _]: &[&Field; 6]| {
        method.rounded(0) == "likelihood" && **se != Field::Missing
    };
    let likelihood = fits.fields(columns)?.iter().any(has_error);
    let of_likelihood = Note::Line(format!("the ± of the likelihood holds {}", of_likelihood()));
    Ok([Note::rows(&["fit", "ranks", "exponent", "R²"], rows)]
        .into_iter()
        .chain(likelihood.then_some(of_likelihood))
        .chain([
        Note::Line(format!("{n} frequencies above zero")),
        Note::Line(format!(
            "in a sweep file: frequencies = {{ law = \"file\", path = \"{file}\" }} (relative to it)"
        )),
    ])
    .collect())
}

fn draw(tables: &Tables) -> Result<Vec<Picture>, TableError> {
    let columns = Lines {
        group_label: "frequencies",
        guides: &[
            Guide { column: "line", label: "line over its window", mark: Mark::Line },
            Guide { column: "likelihood", label: "most likely law", mark: Mark::Dotted },
        ],
        mark: Mark::Dots,
        ..Lines::plain(
            ("rank", Axis::logarithmic("rank")),
            ("frequency", Axis::logarithmic("share of all occurrences")),
        )
    };
    let caption =
        "Dots: ranks on a logarithmic grid. Tables: rank_frequency.csv, frequency_fits.csv.";
    let mut panels = lines(tables.get("rank_frequency")?, &columns)?;
    each_chart(&mut panels, |chart| {
        // Fits over the data, which would hide them.
        chart.series.sort_by_key(|series| series.mark != Mark::Dots);
        for series in &mut chart.series {
            series.colour = match series.mark {
                Mark::Line => VERMILION,
                Mark::Dotted => guide(1),
                _ => colour(5, 6),
            };
        }
    });
    alone("rank_frequency", ("Frequency by rank", caption), 1, panels)
}

#[cfg(test)]
mod tests {
    use superpose_figures::panel::Panel;

    use super::*;

    /// The tables of fits and of ranks.
    fn laws(frequencies: &[f64], window: &RangeInclusive<usize>) -> [Table; 2] {
        let found = study(frequencies, window, "words.txt").unwrap();
        ["frequency_fits", "rank_frequency"].map(|name| found.tables.get(name).unwrap().clone())
    }

    #[test]
    fn an_exact_law_has_its_exponent_in_every_window() {
        let frequencies: Vec<f64> = (1..=2000).map(|r| f64::from(r).powf(-1.2)).collect();
        let [fits, ranks] = laws(&frequencies, &(5..=500));
        let ends =
            fits.numbers("rank_from").unwrap().into_iter().zip(fits.numbers("rank_to").unwrap());
        let expected = [
            (1.0, 10.0),
            (10.0, 100.0),
            (100.0, 1000.0),
            (1000.0, 2000.0),
            (5.0, 500.0),
            (1.0, 500.0),
        ];
        assert_eq!(ends.collect::<Vec<_>>(), expected);
        assert!(fits.numbers("exponent").unwrap().iter().all(|s| (s - 1.2).abs() < 1e-9));
        // Shares are no counts, so the likelihood has no error.
        assert!(fits.numbers("exponent_se").unwrap()[5].is_nan());
        let of = |column| ranks.numbers(column).unwrap();
        for ((frequency, line), likely) in
            of("frequency").iter().zip(of("line")).zip(of("likelihood"))
        {
            for law in [line, likely] {
                assert!(law.is_nan() || (law / frequency - 1.0).abs() < 1e-6);
            }
        }
        assert_eq!(of("rank").last(), Some(&2000.0));
        for (rank, line) in of("rank").iter().zip(of("line")) {
            assert_eq!(line.is_finite(), (5.0..=500.0).contains(rank), "{rank}");
        }
    }

    #[test]
    fn few_or_no_frequencies_give_empty_tables() {
        for frequencies in [&[][..], &[1.0], &[0.0, 0.0]] {
            let [fits, _] = laws(frequencies, &(1..=usize::MAX));
            assert!(fits.rows.is_empty());
        }
        let [fits, _] = laws(&[8.0, 4.0, 2.0, 1.0, 0.0], &(1..=usize::MAX));
        assert!(fits.numbers("exponent_se").unwrap().iter().all(|se| se.is_finite()));
    }

    #[test]
    fn people_are_told_of_the_fits_and_how_to_sweep_the_file() {
        let found = study(&[8.0, 4.0, 2.0, 1.0, 0.0], &(1..=4), "words.txt").unwrap();
        let [Note::Rows { rows, .. }, Note::Line(error), Note::Line(n), Note::Line(sweep)] =
            &found.notes[..]
        else {
            panic!("rows and three lines");
        };
        assert!(error.contains("71 % for 7500"), "{error}");
        let meaning = &found.tables.get("frequency_fits").unwrap().columns[4].meaning;
        assert!(meaning.contains("71 % for 7500"), "{meaning}");
        assert!(rows.iter().all(|row| row[1] == "1 to 4" && row[2].contains(" ± ")), "{rows:?}");
        assert_eq!(n, "4 frequencies above zero");
        assert!(sweep.contains("path = \"words.txt\""), "{sweep}");
        let pictures = (found.draw)(&found.tables).unwrap();
        assert_eq!((pictures.len(), pictures[0].sheet.panels.len()), (1, 1));
        let Panel::Chart(chart) = &pictures[0].sheet.panels[0] else { panic!("a chart") };
        let marks: Vec<Mark> = chart.series.iter().map(|series| series.mark).collect();
        assert_eq!(marks, [Mark::Dots, Mark::Line, Mark::Dotted]);
    }
}
