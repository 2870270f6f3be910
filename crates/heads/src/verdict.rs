//! Which regime a head is in, and why.
//!
//! The first sign is the toy's, how many rows are represented; norms of a head have no natural
//! unit, so a row counts when it is longer than half the mean. The toy's second sign, what the loss
//! consists of, is not in the weights.

use superpose_analysis::regime::{Regime, STRONG_FRACTION, WEAK_FEATURES_A_DIMENSION};
use superpose_toy::overlap::random_mean_square;

use crate::measure::Measured;

/// The regime of a head, and the sentence that says why.
pub fn verdict(measured: &Measured) -> (Regime, String) {
    let fraction = measured.norms.above_half_of_mean;
    let (n, d) = (measured.overlaps.n_rows as f64, measured.width as f64);
    let represented = fraction * n;
    let regime = if fraction >= STRONG_FRACTION && represented > d {
        Regime::Strong
    } else if represented <= WEAK_FEATURES_A_DIMENSION * d {
        Regime::Weak
    } else {
        Regime::Between
    };
    let ratio = measured.centred_overlaps.mean_square / random_mean_square(measured.width);
    let centred = if ratio.is_finite() {
        format!("without their mean they overlap {ratio:.1} times as much as random directions")
    } else {
        "without their mean nothing is left of them, as they are all the same".to_owned()
    };
    let reason = format!(
        "{:.1} % of {} rows are longer than half the mean, {:.0} for each of {} dimensions; {centred}",
        100.0 * fraction,
        measured.overlaps.n_rows,
        represented / d,
        measured.width,
    );
    (regime, reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::{gaussian, matrix};
    use crate::measure::{Options, measure};

    fn regime(values: &[f32], width: usize) -> Regime {
        let options = Options { centre: false, n_sampled: 100 };
        verdict(&measure(&matrix(values, width), options, &mut |_| {}).unwrap()).0
    }

    #[test]
    fn a_head_is_strong_when_all_its_rows_are_long_and_weak_when_a_few_are() {
        let mut values = gaussian(500 * 10, 4);
        assert_eq!(regime(&values, 10), Regime::Strong);
        // Rows from 20 on nearly vanish; so do those from 200 on.
        let mut between = values.clone();
        values[20 * 10..].iter_mut().for_each(|w| *w *= 1e-3);
        assert_eq!(regime(&values, 10), Regime::Weak);
        between[200 * 10..].iter_mut().for_each(|w| *w *= 1e-3);
        assert_eq!(regime(&between, 10), Regime::Between);
    }
}
