//! What a head looks like: the toy's measures, over rows that are read a block at a time.
//!
//! Means over all pairs have a short way through `ÛᵀÛ`, so they are exact. What needs the pairs
//! themselves (variance, largest, histogram) is taken of a sample of rows, evenly spaced in the
//! vocabulary.

use superpose_geometry::Rows;
use superpose_geometry::frame::participation_ratio;
use superpose_geometry::gram::Gram;
use superpose_geometry::histogram::{Bins, counts};
use superpose_geometry::norms::fraction_above;
use superpose_geometry::overlap::{SquaredOverlaps, overlap_distribution};
use superpose_stats::power_law::{PowerLaw, fit_power_law};
use superpose_stats::summary::{Summary, summarise};

use crate::matrix::Matrix;

/// Rows that are read at once: enough for the products to be fast, a few megabytes at common
/// widths.
const BLOCK: usize = 1024;
/// Bins of the histogram of norms.
const NORM_BINS: usize = 60;
/// Its last bin ends this many standard deviations above the mean, or at the largest norm.
const NORM_SPREAD: f64 = 8.0;
/// The spectrum's slope leaves out its first ranks, which are the common direction of all tokens
/// and the like, and its lower half, where the rank ends.
const FIRST_RANK: usize = 10;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Whether norms and spectrum are those of the rows without their mean.
    pub centre: bool,
    /// How many rows the distribution of overlaps is taken of.
    pub n_sampled: usize,
}

/// What a head looks like.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// Number of rows: the vocabulary.
    pub n_rows: usize,
    /// Length of a row.
    pub width: usize,
    /// Rows of zeros, such as padding of the vocabulary; they have no direction and are left out
    /// elsewhere.
    pub n_zero: usize,
    /// Rows with a number that is not finite in single precision; they are left out elsewhere.
    pub n_not_finite: usize,
    /// Norms of all other rows; of the centred ones with [`Options::centre`].
    pub norms: Norms,
    /// Overlaps of the rows as they are.
    pub overlaps: Overlaps,
    /// Overlaps of the rows without their mean.
    pub centred_overlaps: Overlaps,
    /// The spectrum of `WᵀW`; of the centred rows with [`Options::centre`].
    pub spectrum: Spectrum,
}

/// The norms of the rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Norms {
    /// Mean and standard deviation.
    pub summary: Summary,
    /// The smallest.
    pub smallest: f64,
    /// The largest.
    pub largest: f64,
    /// Fraction above 1/2, as the toy's φ½.
    pub above_half: f64,
    /// Fraction above 1.
    pub above_one: f64,
    /// Fraction above half the mean: a head's norms have no natural unit.
    pub above_half_of_mean: f64,
    /// Edges of the bins, one more than counts.
    pub edges: Vec<f64>,
    /// Rows in each bin; the last has those beyond it, too.
    pub counts: Vec<u64>,
}

/// The squared overlaps `cos²` of pairs of rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Overlaps {
    /// The number of rows compared.
    pub n_rows: usize,
    /// The mean over all pairs; not a number when fewer than two rows have a direction.
    pub mean_square: f64,
    /// Mean, variance and largest over the pairs of a sample; none when fewer than two rows have a
    /// direction.
    pub sample: Option<SquaredOverlaps>,
    /// Pairs of the sample in equal bins of `|cos|` from 0 to 1.
    pub counts: Vec<u64>,
}

/// The spectrum of `WᵀW`.
#[derive(Debug, Clone, PartialEq)]
pub struct Spectrum {
    /// Its eigenvalues, descending: squared singular values.
    pub eigenvalues: Vec<f64>,
    /// `(Σλ)² / Σλ²`.
    pub participation_ratio: f64,
    /// `exp(−Σ q ln q)` of the singular values' shares `q = σ / Σσ`. **Source**: Roy & Vetterli
    /// 2007, "The effective rank".
    pub effective_rank: f64,
    /// `λ_k ∝ k^-s` over the ranks [`slope_ranks`]; none for a width below 40.
    pub slope: Option<PowerLaw>,
}

/// The ranks that the spectrum's slope is fitted over, from 1: from 10 to half the width.
pub fn slope_ranks(width: usize) -> std::ops::RangeInclusive<usize> {
    FIRST_RANK..=width / 2
}

/// Bins of `|cos|` from 0 to 1 for rows of this width: four to the standard deviation of random
/// vectors.
pub fn overlap_bins(width: usize) -> Bins {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a square root")]
    let n_bins = (4.0 * (width as f64).sqrt()).ceil() as usize;
    Bins { low: 0.0, high: 1.0, n_bins }
}

/// Why a matrix has no overlaps: fewer than two of its rows have a direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "has fewer than two rows with a direction: of {n_rows}, {n_zero} are zero and {n_not_finite} hold a \
     number that is not finite in single precision"
)]
pub struct NoDirections {
    /// Number of rows.
    pub n_rows: usize,
    /// Rows of zeros.
    pub n_zero: usize,
    /// Rows with a number that is not finite in single precision.
    pub n_not_finite: usize,
}

/// The memory that measuring takes, in bytes: norms of all rows twice, the sums `WᵀW` with what its
/// eigenvalues need, a block of rows and the sample.
pub fn n_bytes(matrix: &Matrix, options: Options) -> f64 {
    const NUMBER: f64 = size_of::<f64>() as f64;
    let [n_rows, width, block] = [matrix.n_rows(), matrix.width(), BLOCK].map(|n| n as f64);
    let sample = options.n_sampled.min(matrix.n_rows()) as f64 * width;
    NUMBER * (2.0 * n_rows + SQUARES * width * width + 2.0 * block * width + sample)
}

/// Numbers that are kept at the worst moment, in squares of the width: half of one is kept of the sum,
/// one is whole, and one is worked on; the rest is room.
const SQUARES: f64 = 3.0;

/// Measures a head, reading it twice. `progress` is called with the fraction done.
///
/// # Errors
/// [`NoDirections`] when fewer than two rows have a direction.
///
/// # Panics
/// Never: one of the two readings sums up the spectrum.
pub fn measure(
    matrix: &Matrix,
    options: Options,
    progress: &mut dyn FnMut(f64),
) -> Result<Measured, NoDirections> {
    let sum = |wanted: bool| wanted.then(|| Gram::zeros(matrix.width()));
    let raw = Sums::of(matrix, None, sum(!options.centre), &mut |done| progress(0.5 * done));
    if raw.norms.len() < 2 {
        let (n_rows, n_zero, n_not_finite) = (matrix.n_rows(), raw.n_zero, raw.n_not_finite);
        return Err(NoDirections { n_rows, n_zero, n_not_finite });
    }
    let mean = raw.mean();
    let centred =
        Sums::of(matrix, Some(&mean), sum(options.centre), &mut |done| progress(0.5 + 0.5 * done));
    let mut sample = sample(matrix, options.n_sampled);
    let overlaps = raw.overlaps(&sample, matrix.width());
    centre(&mut sample, &mean);
    let centred_overlaps = centred.overlaps(&sample, matrix.width());
    let (n_zero, n_not_finite) = (raw.n_zero, raw.n_not_finite);
    let shown = if options.centre { centred } else { raw };
    Ok(Measured {
        n_rows: matrix.n_rows(),
        width: matrix.width(),
        n_zero,
        n_not_finite,
        norms: Norms::of(&shown.norms),
        overlaps,
        centred_overlaps,
        spectrum: Spectrum::of(
            shown.rows.expect("summed up for the rows that are shown").spectrum(),
        ),
    })
}

/// What one pass over the rows adds up.
struct Sums {
    /// Norms of the rows that have a direction.
    norms: Vec<f64>,
    /// Their sum.
    total: Vec<f64>,
    n_zero: usize,
    n_not_finite: usize,
    /// `‖ÛᵀÛ‖²_F`, the sum of `cos²` over all ordered pairs.
    squares: f64,
    /// `WᵀW`, if it is wanted.
    rows: Option<Gram>,
}

impl Sums {
    /// Sums over the rows without `mean`, if there is one; a row of zeros stays out in any case.
    /// `WᵀW` is added to `rows`, if there are some.
    fn of(
        matrix: &Matrix,
        mean: Option<&[f64]>,
        rows: Option<Gram>,
        progress: &mut dyn FnMut(f64),
    ) -> Self {
        let (n_rows, width) = (matrix.n_rows(), matrix.width());
        let mut sums = Self {
            norms: Vec::with_capacity(n_rows),
            total: vec![0.0; width],
            n_zero: 0,
            n_not_finite: 0,
            squares: 0.0,
            rows,
        };
        let mut directions = Gram::zeros(width);
        let (mut read, mut block) = (Vec::new(), Vec::new());
        for first in (0..n_rows).step_by(BLOCK) {
            read.clear();
            block.clear();
            matrix.read(first, BLOCK, &mut read);
            let before = sums.norms.len();
            for row in read.chunks_exact(width) {
                sums.add(row, mean, &mut block);
            }
            if let Some(rows) = &mut sums.rows {
                rows.add(&block);
            }
            for (row, norm) in block.chunks_exact_mut(width).zip(&sums.norms[before..]) {
                row.iter_mut().for_each(|w| *w /= norm);
            }
            directions.add(&block);
            progress((first + BLOCK).min(n_rows) as f64 / n_rows as f64);
        }
        sums.squares = directions.squared_norm();
        sums
    }

    /// Appends a row to `block` if it has a direction.
    fn add(&mut self, row: &[f32], mean: Option<&[f64]>, block: &mut Vec<f64>) {
        if row.iter().any(|w| !w.is_finite()) {
            self.n_not_finite += 1;
            return;
        }
        let start = block.len();
        block.extend(row.iter().map(|w| f64::from(*w)));
        let is_zero = row.iter().all(|w| *w == 0.0);
        if let Some(mean) = mean {
            block[start..].iter_mut().zip(mean).for_each(|(w, mean)| *w -= mean);
        }
        let norm = block[start..].iter().map(|w| w * w).sum::<f64>().sqrt();
        if is_zero || norm == 0.0 {
            self.n_zero += 1;
            block.truncate(start);
            return;
        }
        self.norms.push(norm);
        self.total.iter_mut().zip(&block[start..]).for_each(|(sum, w)| *sum += w);
    }

    /// The mean of the rows that have a direction.
    fn mean(&self) -> Vec<f64> {
        let n = self.norms.len().max(1) as f64;
        self.total.iter().map(|sum| sum / n).collect()
    }

    fn overlaps(&self, sample: &[f32], width: usize) -> Overlaps {
        let n = self.norms.len() as f64;
        let rows = Rows::new(sample, width);
        let of_pairs = self.squares - n;
        // Orthogonal rows leave a difference of rounding errors, which may be negative.
        let mean_square = if n < 2.0 { f64::NAN } else { of_pairs.max(0.0) / (n * (n - 1.0)) };
        let n_bins = overlap_bins(width).n_bins;
        let (sample, counts) = overlap_distribution(rows, 0.0, n_bins).unzip();
        Overlaps {
            n_rows: self.norms.len(),
            mean_square,
            sample,
            counts: counts.unwrap_or_else(|| vec![0; n_bins]),
        }
    }
}

/// `n_sampled` rows evenly spaced, or all if there are no more, without those that have no
/// direction.
fn sample(matrix: &Matrix, n_sampled: usize) -> Vec<f32> {
    let (n_rows, width) = (matrix.n_rows(), matrix.width());
    let n_sampled = n_sampled.min(n_rows);
    let mut sample = Vec::with_capacity(n_sampled * width);
    for k in 0..n_sampled {
        let start = sample.len();
        matrix.read(k * n_rows / n_sampled, 1, &mut sample);
        let row = &sample[start..];
        if row.iter().all(|w| *w == 0.0) || row.iter().any(|w| !w.is_finite()) {
            sample.truncate(start);
        }
    }
    sample
}

#[expect(clippy::cast_possible_truncation, reason = "rows are in single precision")]
fn centre(sample: &mut [f32], mean: &[f64]) {
    for row in sample.chunks_exact_mut(mean.len()) {
        row.iter_mut().zip(mean).for_each(|(w, mean)| *w = (f64::from(*w) - mean) as f32);
    }
}

impl Norms {
    fn of(norms: &[f64]) -> Self {
        let summary = summarise(norms);
        let largest = norms.iter().copied().fold(0.0, f64::max);
        let high = largest.min(summary.mean + NORM_SPREAD * summary.standard_deviation);
        let bins = Bins { low: 0.0, high: high.max(f64::MIN_POSITIVE), n_bins: NORM_BINS };
        Self {
            summary,
            smallest: norms.iter().copied().fold(f64::INFINITY, f64::min),
            largest,
            above_half: fraction_above(norms, 0.5),
            above_one: fraction_above(norms, 1.0),
            above_half_of_mean: fraction_above(norms, 0.5 * summary.mean),
            edges: bins.edges(),
            counts: counts(norms, bins),
        }
    }
}

impl Spectrum {
    fn of(eigenvalues: Vec<f64>) -> Self {
        let singular: Vec<f64> = eigenvalues.iter().map(|value| value.sqrt()).collect();
        let sum: f64 = singular.iter().sum();
        let shares = singular.iter().map(|value| value / sum).filter(|share| *share > 0.0);
        let entropy: f64 = shares.map(|share| -share * share.ln()).sum();
        let ranks = slope_ranks(eigenvalues.len());
        let slope = (ranks.end() >= &(2 * FIRST_RANK)).then(|| {
            let values = &eigenvalues[ranks.start() - 1..*ranks.end()];
            let ranks: Vec<f64> = ranks.map(|rank| rank as f64).collect();
            fit_power_law(&ranks, values).ok()
        });
        Self {
            participation_ratio: participation_ratio(&eigenvalues),
            effective_rank: entropy.exp(),
            slope: slope.flatten(),
            eigenvalues,
        }
    }
}

#[cfg(test)]
mod tests {
    use superpose_geometry::frame::gram_spectrum;
    use superpose_geometry::norms::row_norms;
    use superpose_geometry::overlap::mean_square;

    use super::*;
    use crate::files::{gaussian, matrix};

    const ALL: Options = Options { centre: false, n_sampled: usize::MAX };

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() <= 1e-9 * b.abs(), "{a} {b}");
    }

    /// More than two blocks of rows with a common direction.
    fn example() -> Vec<f32> {
        let mut values = gaussian(2500 * 24, 1);
        values.chunks_exact_mut(24).for_each(|row| row[3] += 2.0);
        values
    }

    #[test]
    fn memory_is_that_of_norms_sums_blocks_and_sample() {
        let matrix = matrix(&vec![1.0; 100 * 24], 24);
        let numbers = 2 * 100 + 3 * 24 * 24 + 2 * BLOCK * 24 + 10 * 24;
        let options = Options { centre: false, n_sampled: 10 };
        assert!((n_bytes(&matrix, options) - 8.0 * numbers as f64).abs() < 0.5);
        let all = n_bytes(&matrix, ALL) - n_bytes(&matrix, options);
        assert!((all - 8.0 * 90.0 * 24.0).abs() < 0.5);
    }

    #[test]
    fn what_is_streamed_is_what_the_whole_matrix_gives() {
        let values = example();
        let rows = Rows::new(&values, 24);
        let mut fractions = Vec::new();
        let measured = measure(&matrix(&values, 24), ALL, &mut |f| fractions.push(f)).unwrap();
        close(measured.overlaps.mean_square, mean_square(rows, 0.0).unwrap());
        let sample = measured.overlaps.sample.unwrap();
        assert_eq!(sample.n_rows, 2500);
        close(sample.mean, measured.overlaps.mean_square);
        close(measured.norms.summary.mean, summarise(&row_norms(rows)).mean);
        for (ours, expected) in measured.spectrum.eigenvalues.iter().zip(gram_spectrum(rows)) {
            close(*ours, expected);
        }
        assert_eq!(measured.overlaps.counts.iter().sum::<u64>(), 2500 * 2499 / 2);
        assert_eq!(measured.norms.counts.iter().sum::<u64>(), 2500);
        assert!(fractions.is_sorted() && fractions.last() == Some(&1.0));
    }

    #[test]
    fn centring_takes_the_common_direction_away() {
        let values = example();
        let raw = measure(&matrix(&values, 24), ALL, &mut |_| {}).unwrap();
        // A mean of 2 beside a variance of 24: cos of 4/28 on average.
        assert!(raw.overlaps.mean_square > 0.05);
        let sample = raw.centred_overlaps.sample.unwrap();
        // The mean of the sample is rounded to single precision with the rows.
        assert!((raw.centred_overlaps.mean_square / sample.mean - 1.0).abs() < 1e-5);
        assert!((24.0 * raw.centred_overlaps.mean_square - 1.0).abs() < 0.02);
        let centred = measure(&matrix(&values, 24), Options { centre: true, ..ALL }, &mut |_| {});
        let centred = centred.unwrap();
        close(centred.overlaps.mean_square, raw.overlaps.mean_square);
        assert!(centred.spectrum.eigenvalues[0] < 0.5 * raw.spectrum.eigenvalues[0]);
        assert!(centred.norms.summary.mean < raw.norms.summary.mean);
        assert!(centred.spectrum.effective_rank > raw.spectrum.effective_rank);
    }

    #[test]
    fn rows_without_a_direction_are_counted_and_left_out() {
        let values = gaussian(300 * 8, 2);
        let whole = measure(&matrix(&values, 8), ALL, &mut |_| {}).unwrap();
        let mut more = vec![0.0; 5 * 8];
        more.extend(&values);
        more.extend([f32::NAN; 8]);
        more.extend([1.0, f32::INFINITY, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
        let measured = measure(&matrix(&more, 8), ALL, &mut |_| {}).unwrap();
        assert_eq!((measured.n_zero, measured.n_not_finite, measured.n_rows), (5, 2, 307));
        close(measured.overlaps.mean_square, whole.overlaps.mean_square);
        close(measured.centred_overlaps.mean_square, whole.centred_overlaps.mean_square);
        assert_eq!(measured.overlaps.sample.unwrap().n_rows, 300);
        assert_eq!(measured.norms, whole.norms);
        let none = measure(&matrix(&vec![0.0; 80], 8), ALL, &mut |_| {}).unwrap_err();
        assert_eq!(none, NoDirections { n_rows: 10, n_zero: 10, n_not_finite: 0 });
        let mut one = vec![f32::NAN; 80];
        one[..16].fill(0.0);
        one[16..24].fill(1.0);
        let none = measure(&matrix(&one, 8), ALL, &mut |_| {}).unwrap_err().to_string();
        let said =
            "has fewer than two rows with a direction: of 10, 2 are zero and 7 hold a number";
        assert!(none.starts_with(said), "{none}");
    }

    #[test]
    fn equal_rows_have_no_overlap_without_their_mean() {
        let measured = measure(&matrix(&[1.0; 12], 2), ALL, &mut |_| {}).unwrap();
        close(measured.overlaps.mean_square, 1.0);
        assert!(measured.centred_overlaps.mean_square.is_nan());
        assert!(measured.centred_overlaps.sample.is_none());
    }

    #[test]
    fn random_rows_use_all_dimensions_and_one_row_of_many_does_not() {
        let random = measure(&matrix(&gaussian(4000 * 64, 3), 64), ALL, &mut |_| {}).unwrap();
        assert!(
            random.spectrum.effective_rank > 63.0 && random.spectrum.participation_ratio > 60.0
        );
        assert!(random.spectrum.slope.unwrap().exponent.abs() < 0.2);
        // λ_k ∝ k^-1: the columns scaled so.
        let mut values = gaussian(4000 * 64, 3);
        for row in values.chunks_exact_mut(64) {
            row.iter_mut().zip(1_u8..).for_each(|(w, k)| *w /= f32::from(k).sqrt());
        }
        let steep = measure(&matrix(&values, 64), ALL, &mut |_| {}).unwrap();
        assert!((steep.spectrum.slope.unwrap().exponent - 1.0).abs() < 0.1);
        let one: Vec<f32> =
            (0..200).map(|k| if k % 2 == 0 { 1.0 + k as f32 } else { 0.0 }).collect();
        let one = measure(&matrix(&one, 2), ALL, &mut |_| {}).unwrap();
        close(one.spectrum.participation_ratio, 1.0);
        close(one.spectrum.effective_rank, 1.0);
    }
}
