//! What a trained model looks like, for its record.

use superpose_geometry::histogram::{Bins, counts};
use superpose_geometry::{Rows, dead, feature, frame, norms, overlap};
use superpose_stats::summary::{Summary, summarise};
use superpose_store::record::{Geometry, Measured, NORM_BIN, NORM_BINS};
use superpose_toy::cell::Cell;
use superpose_toy::overlap::welch_mean_square;
use superpose_toy::trained::Weights;

/// The losses of a trained model, squared errors summed over features.
#[derive(Debug, Clone, Copy)]
pub struct Losses {
    /// Over the fresh test batches.
    pub test: f64,
    /// Standard error of that.
    pub test_se: f64,
    /// Mean over the last 100 training steps.
    pub train_last100: f64,
}

impl Losses {
    /// Those of a model with these test losses, one for each batch.
    pub fn of_batches(test_losses: &[f64], train_last100: f64) -> Self {
        let test = summarise(test_losses);
        Self { test: test.mean, test_se: test.standard_error, train_last100 }
    }

    /// Those in a record.
    pub fn of_record(measured: &Measured) -> Self {
        Self {
            test: measured.loss_test,
            test_se: measured.loss_test_se,
            train_last100: measured.loss_train_last100,
        }
    }
}

/// All that a record says of a trained model: its losses, and what its weights look like.
pub fn measure(cell: &Cell, probabilities: &[f64], model: &Weights, losses: Losses) -> Measured {
    let Weights { n_features, d_hidden, ref weights, ref bias } = *model;
    let rows = Rows::new(weights, d_hidden);
    let row_norms = norms::row_norms(rows);
    let values = cell.value_distribution();
    let dead = dead::dead_outputs(&row_norms, bias, values.supremum());
    let costs = || probabilities.iter().zip(&dead).filter(|(_, dead)| **dead).map(|(p, _)| p);
    Measured {
        loss_test: losses.test,
        loss_test_se: losses.test_se,
        loss_train_last100: losses.train_last100,
        phi_half: norms::fraction_above(&row_norms, 0.5),
        phi_one: norms::fraction_above(&row_norms, 1.0),
        dead_outputs: costs().count(),
        loss_dead_part: values.second_moment() * costs().sum::<f64>(),
        overlap_mean_square: overlap::mean_square(rows, 0.0).unwrap_or(0.0),
        overlap_mean_square_strong: overlap::mean_square(rows, 1.0),
        overlap_welch: welch_mean_square(n_features, d_hidden),
        geometry: Some(geometry(rows, &row_norms, bias)),
    }
}

fn geometry(rows: Rows<'_>, row_norms: &[f64], bias: &[f32]) -> Geometry {
    let all = overlap::squared_overlaps(rows, 0.0);
    let strong = overlap::squared_overlaps(rows, 1.0);
    let spectrum = frame::gram_spectrum(rows);
    let finite = |value: f64| value.is_finite().then_some(value);
    let mean = |values: &[f64]| summarise(values).mean;
    let bias: Vec<f64> = bias.iter().map(|b| f64::from(*b)).collect();
    let Summary { mean: norm_mean, .. } = summarise(row_norms);
    Geometry {
        overlap_variance: all.map(|o| o.variance),
        overlap_max: all.map(|o| o.maximum),
        overlap_variance_strong: strong.map(|o| o.variance),
        overlap_max_strong: strong.map(|o| o.maximum),
        spectral_distance: finite(frame::spectral_distance(rows)),
        frame_potential: frame::frame_potential(rows),
        spectrum_largest: spectrum.first().copied().and_then(finite),
        spectrum_smallest: spectrum.last().copied().and_then(finite),
        participation_ratio: finite(frame::participation_ratio(&spectrum)),
        dimensionality_mean: mean(&feature::dimensionality(rows)),
        interference_mean: mean(&feature::interference(rows)),
        bias_mean: mean(&bias),
        norm_mean,
        norm_min: row_norms.iter().copied().fold(f64::INFINITY, f64::min),
        norm_max: row_norms.iter().copied().fold(0.0, f64::max),
        norm_counts: counts(
            row_norms,
            Bins { low: 0.0, high: NORM_BIN * NORM_BINS as f64, n_bins: NORM_BINS },
        ),
    }
}
