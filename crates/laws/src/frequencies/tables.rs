//! Which power law frequencies follow: from a list of them to tables of fits.

use std::ops::RangeInclusive;

use crate::frequencies::zipf::{fit_rank_window, fit_zipf};

use superpose_files::table::Table;

/// Ranks in the table of frequencies to a factor of ten, so that a long list makes a short table.
const RANKS_A_DECADE: f64 = 40.0;

/// The tables `frequency_fits`, one row a fit, and `rank_frequency`, one row a rank on a logarithmic grid.
///
/// `frequencies` are descending. Lines of `ln f` on `ln r` are fitted over each decade of ranks and over `window`,
/// from 1; likelihoods over all ranks up to the end of `window`, with a standard error when the frequencies are
/// counts.
pub fn frequency_laws(frequencies: &[f64], window: &RangeInclusive<usize>) -> [Table; 2] {
    let n = frequencies.iter().take_while(|f| **f > 0.0).count();
    let frequencies = &frequencies[..n];
    let last = (*window.end()).min(n);
    let window = *window.start()..=last;
    let mut fits = Table::new(
        "frequency_fits",
        "Which power law f ∝ rank^-s do the frequencies follow?",
        &[
            ("method", "line of ln f on ln rank, or maximum likelihood"),
            ("rank_from", "first rank"),
            ("rank_to", "last rank"),
            ("exponent", "s"),
            ("exponent_se", "its standard error; of a likelihood, if occurrences were independent"),
            ("r_squared", "R² of a line"),
        ],
    );
    for ranks in decades(n).into_iter().chain([window.clone()]) {
        let Ok(line) = fit_rank_window(frequencies, ranks.clone()) else { continue };
        fits.push(vec![
            "line".into(),
            (*ranks.start()).into(),
            (*ranks.end()).into(),
            line.exponent.into(),
            line.exponent_se.into(),
            line.r_squared.into(),
        ]);
    }
    let are_counts = frequencies.iter().all(|f| f.fract() == 0.0);
    let likely = fit_zipf(&frequencies[..last]);
    if let Some(law) = likely {
        let error = are_counts.then_some(law.standard_error);
        let missing = None::<f64>.into();
        let (method, exponent) = ("likelihood".into(), law.exponent.into());
        fits.push(vec![method, 1_usize.into(), last.into(), exponent, error.into(), missing]);
    }
    let line = fit_rank_window(frequencies, window.clone()).ok();
    let total: f64 = frequencies.iter().sum();
    let mut ranks = Table::new(
        "rank_frequency",
        "How frequent is the thing of each rank?",
        &[
            ("rank", "rank by frequency, from 1; a logarithmic grid"),
            ("frequency", "share of all occurrences"),
            ("line", "the fitted line, over its window"),
            ("likelihood", "the most likely law, over its ranks"),
        ],
    );
    let norm = |exponent: f64| (1..=last).map(|rank| (rank as f64).powf(-exponent)).sum::<f64>();
    let share = frequencies[..last].iter().sum::<f64>() / total;
    let likely = likely.map(|law| (law.exponent, share / norm(law.exponent)));
    for rank in grid(n) {
        let at = rank as f64;
        let line = line.filter(|_| window.contains(&rank)).map(|line| line.at(at) / total);
        let likely = likely.filter(|_| rank <= last);
        ranks.push(vec![
            rank.into(),
            (frequencies[rank - 1] / total).into(),
            line.into(),
            likely.map(|(exponent, first)| first * at.powf(-exponent)).into(),
        ]);
    }
    [fits, ranks]
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
    let mut ranks: Vec<usize> = (0..)
        .map(|k| 10_f64.powf(f64::from(k) / RANKS_A_DECADE))
        .take_while(|rank| *rank <= n as f64)
        .map(|rank| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 to n")]
            let rank = rank as usize;
            rank
        })
        .collect();
    ranks.extend((n > 0).then_some(n));
    ranks.dedup();
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exact_law_has_its_exponent_in_every_window() {
        let frequencies: Vec<f64> = (1..=2000).map(|r| f64::from(r).powf(-1.2)).collect();
        let [fits, ranks] = frequency_laws(&frequencies, &(5..=500));
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
            let [fits, _] = frequency_laws(frequencies, &(1..=usize::MAX));
            assert!(fits.rows.is_empty());
        }
        let [fits, _] = frequency_laws(&[8.0, 4.0, 2.0, 1.0, 0.0], &(1..=usize::MAX));
        assert!(fits.numbers("exponent_se").unwrap().iter().all(|se| se.is_finite()));
    }
}
