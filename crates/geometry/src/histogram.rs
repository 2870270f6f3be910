//! How many values fall into each of a row of equal bins.
//!
//! No value is dropped because it is too small or too large: the outer bins are open to their
//! side, so that the counts of two matrices on the same bins can be compared.

/// Bins of equal width from `low` to `high`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bins {
    /// The lower edge of the first bin.
    pub low: f64,
    /// The upper edge of the last bin.
    pub high: f64,
    /// The number of bins.
    pub n_bins: usize,
}

impl Bins {
    /// The `n_bins + 1` edges, ascending: `low + (high − low) k / n_bins`. With no bins, `low`
    /// alone.
    pub fn edges(&self) -> Vec<f64> {
        let edge = |k: usize| self.low + (self.high - self.low) * k as f64 / self.n_bins as f64;
        let mut edges: Vec<f64> = (0..self.n_bins).map(edge).collect();
        // The last edge is `high` itself, free of rounding.
        edges.push(if self.n_bins == 0 { self.low } else { self.high });
        edges
    }
}

/// The number of `values` in each bin. A value at an edge belongs to the bin above it; values below
/// `low` are counted in the first bin, values at or above `high` in the last, and NaN in none.
pub fn counts(values: &[f64], bins: Bins) -> Vec<u64> {
    let mut counts = vec![0; bins.n_bins];
    add_counts(&mut counts, values.iter().copied(), &bins.edges());
    counts
}

/// Adds one to the count of the bin of each value; there is one edge more than counts.
pub(crate) fn add_counts(counts: &mut [u64], values: impl Iterator<Item = f64>, edges: &[f64]) {
    let Some(last) = counts.len().checked_sub(1) else { return };
    for value in values.filter(|value| !value.is_nan()) {
        counts[edges[1..=last].partition_point(|edge| *edge <= value)] += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_beyond_the_edges_are_counted_in_the_outer_bins() {
        let bins = Bins { low: 0.0, high: 1.0, n_bins: 4 };
        let values = [-3.0, f64::NEG_INFINITY, 0.0, 0.3, 0.99, 1.0, 7.0, f64::INFINITY];
        assert_eq!(counts(&values, bins), [3, 1, 0, 4]);
        assert_eq!(bins.edges(), [0.0, 0.25, 0.5, 0.75, 1.0]);
    }

    #[test]
    fn every_edge_begins_its_own_bin() {
        for (low, high, n_bins) in [(0.0, 1.0, 100), (-0.3, 2.1, 77), (1e-3, 1.7e-3, 9)] {
            let bins = Bins { low, high, n_bins };
            let edges = bins.edges();
            assert_eq!(edges.len(), n_bins + 1);
            assert_eq!(counts(&edges[..n_bins], bins), vec![1; n_bins]);
        }
    }

    #[test]
    fn values_that_are_not_numbers_are_not_counted() {
        let bins = Bins { low: 0.0, high: 1.0, n_bins: 2 };
        assert_eq!(counts(&[f64::NAN, 0.2], bins), [1, 0]);
        assert_eq!(counts(&[], bins), [0, 0]);
    }

    #[test]
    fn bins_without_number_or_width_do_not_panic() {
        let none = Bins { low: 0.0, high: 1.0, n_bins: 0 };
        assert!(counts(&[0.5], none).is_empty());
        assert_eq!(none.edges(), [0.0]);
        let flat = Bins { low: 1.0, high: 1.0, n_bins: 3 };
        assert_eq!(counts(&[0.0, 1.0, 2.0], flat), [1, 0, 2]);
    }
}
