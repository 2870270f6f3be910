//! Two tables of measurements, set against each other.

use crate::record::Row;

/// A case that both tables have.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// The case in the first table: its last row.
    pub first: Row,
    /// The case in the second.
    pub second: Row,
    /// Median step of the second over that of the first: below 1 when the second is faster.
    pub ratio: f64,
}

impl Pair {
    /// Whether the two medians are no further apart than two standard deviations of a round's time
    /// in either; `None` when no deviation was noted.
    pub fn is_noise(&self) -> Option<bool> {
        let [a, b] = [&self.first, &self.second];
        let scatter = a.step_ms_sd()?.hypot(b.step_ms_sd()?);
        Some((a.step_ms? - b.step_ms?).abs() <= 2.0 * scatter)
    }
}

/// The cases measured in both tables. Of several rows of a case the last counts.
pub fn compare(first: &[Row], second: &[Row]) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for (at, row) in first.iter().enumerate() {
        let is_last = !first[at + 1..].iter().any(|later| same_case(later, row));
        let other = second.iter().rev().find(|other| same_case(other, row));
        if let (true, Some(other)) = (is_last, other)
            && let (Some(a), Some(b)) = (row.step_ms, other.step_ms)
        {
            pairs.push(Pair { first: row.clone(), second: other.clone(), ratio: b / a });
        }
    }
    pairs
}

/// What was measured, whenever and on whatever machine.
fn same_case(a: &Row, b: &Row) -> bool {
    let key = |row: &Row| {
        let words =
            [&row.definition, &row.device, &row.engine, &row.frequencies].map(String::clone);
        let sizes = [row.jobs, row.threads, row.n_features, row.d_hidden, row.batch_size];
        let numbers = [row.activation_density, row.weight_decay].map(f64::to_bits);
        (words, sizes, numbers, row.steps)
    };
    key(a) == key(b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::row;

    #[test]
    fn a_ratio_that_the_rounds_scatter_over_is_noise() {
        let noise = |first: (f64, f64), second: (f64, f64)| {
            let of = |(ms, mad): (f64, f64)| Row { step_ms_mad: Some(mad), ..row(1, Some(ms)) };
            compare(&[of(first)], &[of(second)])[0].is_noise()
        };
        assert_eq!(noise((1.05, 0.0), (1.54, 0.32)), Some(true));
        assert_eq!(noise((1.05, 0.01), (1.54, 0.02)), Some(false));
        assert_eq!(noise((1.0, 0.1), (1.4, 0.1)), Some(true));
        assert_eq!(noise((1.0, 0.1), (1.43, 0.1)), Some(false));
        assert_eq!(compare(&[row(1, Some(1.0))], &[row(1, Some(2.0))])[0].is_noise(), None);
    }

    #[test]
    fn only_what_both_measured_is_compared_and_the_last_row_counts() {
        let first = [row(1, Some(9.0)), row(2, Some(1.0)), row(1, Some(4.0)), row(3, None)];
        let second = [row(1, Some(1.0)), row(3, Some(1.0)), row(1, Some(2.0)), row(4, Some(1.0))];
        let pairs = compare(&first, &second);
        assert_eq!(pairs.len(), 1);
        assert_eq!((pairs[0].first.d_hidden, pairs[0].first.step_ms), (1, Some(4.0)));
        assert!((pairs[0].ratio - 0.5).abs() < 1e-15);
    }
}
