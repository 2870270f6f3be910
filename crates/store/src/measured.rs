//! What is measured on a trained model: each quantity is declared here, once. See
//! [`crate::quantity`] for what follows from that.

use serde::{Deserialize, Serialize};
use superpose_geometry::histogram::{Bins, counts};
use superpose_geometry::overlap::{SquaredOverlaps, squared_overlaps_all_and_above};
use superpose_geometry::{Rows, dead, feature, frame, norms, overlap};
use superpose_stats::summary::summarise;
use superpose_toy::cell::{Cell, CellId, Loss};
use superpose_toy::overlap::welch_mean_square;
use superpose_toy::prepared::Features;
use superpose_toy::trained::{Outcome, Weights};

use crate::quantity::{Quantity, Tabled as _, quantities, quantity};

/// Width of the bins of [`Geometry::norm_counts`]: 25 of them up to norm 1, so that rows near 0, 1/2 and
/// 1 are told apart.
pub const NORM_BIN: f64 = 0.04;
/// Number of these bins: up to norm 2.4. No row of the published results is longer than 1.7.
pub const NORM_BINS: usize = 60;

quantities! {
    record { cell_id: CellId => "cell_id", "16 hexadecimal digits",
        "identity of the cell; its folder is `cells/<cell_id>`" }
    record { outcome: Outcome => "outcome", "word", "completed, diverged or failed" }
    measured { loss_test: f64 => "loss.test", "squared error summed over features",
        "mean loss on fresh batches (sum over features, mean over samples)",
        |model| model.losses.test }
    measured { loss_test_se: f64 => "loss.test_se", "squared error summed over features",
        "standard error of `loss.test`, from the scatter of the test batches, which cells of one data seed share",
        |model| model.losses.test_se }
    measured { loss_train_last100: f64 => "loss.train_last100",
        "squared error summed over features; of all steps, if there are fewer",
        "mean training loss of the last 100 steps", |model| model.losses.train_last100 }
    measured { phi_half: f64 => "phi_half", "fraction",
        "fraction of the rows of W with norm above 1/2",
        |model| norms::fraction_above(&model.norms, 0.5) }
    measured { phi_one: f64 => "phi_one", "fraction", "fraction of the rows of W with norm above 1",
        |model| norms::fraction_above(&model.norms, 1.0) }
    measured { dead_outputs: usize => "dead_outputs", "count",
        "number of outputs with v‖W_i‖² + b_i ≤ 0 at the largest value v",
        |model| model.dead.iter().filter(|dead| **dead).count() }
    measured { loss_dead_part: f64 => "loss.dead_part", "squared error summed over features",
        "loss that the dead outputs cost: ⟨v²⟩ Σ p_i over them",
        |model| model.dead_cost() }
    derived { "loss.alive_part", "squared error summed over features",
        "`loss.test` without `loss.dead_part`", |measured| measured.loss_alive_part() }
    measured { overlap_mean_square: f64 => "overlap.mean_square",
        "dimensionless; zero when fewer than two rows are compared",
        "mean cos² between rows of W, over all that are not zero",
        |model| overlap::mean_square(model.rows, 0.0).unwrap_or(0.0) }
    geometry { overlap_variance: Option<f64> => "overlap.variance",
        "dimensionless; over the pairs of `overlap.mean_square`",
        "variance of cos² over the same pairs", |model| model.overlaps.map(|o| o.variance) }
    geometry { overlap_max: Option<f64> => "overlap.max",
        "dimensionless; over the pairs of `overlap.mean_square`", "largest cos² of these pairs",
        |model| model.overlaps.map(|o| o.maximum) }
    measured { overlap_mean_square_strong: Option<f64> => "overlap.mean_square_strong", "dimensionless",
        "mean cos² between rows with norm above 1", |model| overlap::mean_square(model.rows, 1.0) }
    geometry { overlap_variance_strong: Option<f64> => "overlap.variance_strong",
        "dimensionless; over the pairs of `overlap.mean_square_strong`",
        "variance of cos² over the same pairs", |model| model.overlaps_strong.map(|o| o.variance) }
    geometry { overlap_max_strong: Option<f64> => "overlap.max_strong",
        "dimensionless; over the pairs of `overlap.mean_square_strong`",
        "largest cos² of these pairs", |model| model.overlaps_strong.map(|o| o.maximum) }
    measured { overlap_welch: f64 => "overlap.welch", "dimensionless",
        "least mean cos² of n unit vectors in d dimensions: (n−d)/(d(n−1))",
        |model| welch_mean_square(model.cell.model.n_features, model.cell.model.d_hidden) }
    geometry { spectral_distance: Option<f64> => "spectral_distance", "squared entry of W",
        "spectral norm of W Wᵀ − diag(I_d, 0)",
        |model| finite(frame::spectral_distance(model.rows)) }
    geometry { frame_potential: f64 => "frame_potential", "fourth power of an entry of W",
        "Σ_ij (W_i·W_j)²", |model| frame::frame_potential(model.rows) }
    geometry { spectrum_largest: Option<f64> => "spectrum.largest", "squared entry of W",
        "largest eigenvalue of WᵀW", |model| model.spectrum.first().copied().and_then(finite) }
    geometry { spectrum_smallest: Option<f64> => "spectrum.smallest", "squared entry of W",
        "smallest eigenvalue of WᵀW", |model| model.spectrum.last().copied().and_then(finite) }
    geometry { participation_ratio: Option<f64> => "participation_ratio", "number of dimensions",
        "(Σλ)²/Σλ² of the eigenvalues λ of WᵀW",
        |model| finite(frame::participation_ratio(&model.spectrum)) }
    geometry { dimensionality_mean: f64 => "dimensionality.mean", "number of dimensions",
        "mean of D_i = ‖W_i‖² / Σ_j (Ŵ_i·W_j)² over features",
        |model| mean(&feature::dimensionality(model.rows)) }
    geometry { interference_mean: f64 => "interference.mean", "squared entry of W",
        "mean of Σ_(j≠i) (Ŵ_i·W_j)² over features",
        |model| mean(&feature::interference(model.rows)) }
    geometry { bias_mean: f64 => "bias.mean", "value of a feature", "mean of b",
        |model| mean(&model.bias.iter().map(|b| f64::from(*b)).collect::<Vec<_>>()) }
    geometry { norm_mean: f64 => "norm.mean", "entry of W", "mean row norm of W",
        |model| mean(&model.norms) }
    geometry { norm_min: f64 => "norm.min", "entry of W", "smallest row norm",
        |model| model.norms.iter().copied().fold(f64::INFINITY, f64::min) }
    geometry { norm_max: f64 => "norm.max", "entry of W", "largest row norm",
        |model| model.norms.iter().copied().fold(0.0, f64::max) }
    geometry { norm_counts: Vec<u64> => "norm.counts", "counts of rows",
        "rows of W by norm: 60 bins of 0.04 from 0, the last with all that is longer",
        |model| counts(
            &model.norms,
            Bins { low: 0.0, high: NORM_BIN * NORM_BINS as f64, n_bins: NORM_BINS },
        ) }
    variant { density_nominal: f64 => "density.nominal", "active features a sample",
        "mean number of active features in a sample, by the cell: Σ p_i",
        |model| model.features.probabilities.iter().sum() }
    variant { density_drawn: Option<f64> => "density.drawn", "active features a sample",
        "mean number of active features in a sample, in the test batches",
        |model| model.losses.density_drawn }
    variant { decoder_cosine: Option<f64> => "decoder.cosine",
        "dimensionless; missing where the decoder is tied: then it is one",
        "mean cosine between a feature's rows of W and of the decoder V",
        |model| model.decoder_cosine() }
    record { wall_s: f64 => "wall_s", "seconds", "wall time of training and test, in seconds" }
    record { provenance.engine: String => "engine", "text", "engine that made the steps" }
    record { provenance.device: String => "device", "text", "device that it worked on" }
    record { provenance.dtype: String => "dtype", "text", "precision of the arithmetic" }
    record { provenance.superpose_version: String => "superpose_version", "text",
        "version of this program" }
    record { provenance.revision: String => "revision", "text",
        "git revision that it was built from" }
    record { provenance.burn_version: String => "burn_version", "text", "version of burn" }
    record { provenance.finished_unix_s: u64 => "finished_unix_s", "seconds since 1970",
        "when the record was written, in seconds since 1970" }
}

impl Measured {
    /// What the live outputs cost: the test loss without what the dead ones do.
    pub fn loss_alive_part(&self) -> f64 {
        self.loss_test - self.loss_dead_part
    }

    /// The share of the test loss that dead outputs cost.
    pub fn dead_share(&self) -> f64 {
        self.loss_dead_part / self.loss_test
    }
}

/// The losses of a trained model, squared errors summed over features.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Losses {
    /// Over the fresh test batches.
    pub test: f64,
    /// Standard error of that.
    pub test_se: f64,
    /// Mean over the last 100 training steps.
    pub train_last100: f64,
    /// Active features a sample in the test batches, where the cell is not of the paper's kind.
    pub density_drawn: Option<f64>,
}

impl Losses {
    /// From the losses of the test batches, and the mean over the last 100 training steps.
    pub fn of_batches(test_losses: &[f64], train_last100: f64) -> Self {
        let test = summarise(test_losses);
        let density_drawn = None;
        Self { test: test.mean, test_se: test.standard_error, train_last100, density_drawn }
    }

    /// The same on test batches with so many active features a sample.
    #[must_use]
    pub fn of_density(self, density_drawn: Option<f64>) -> Self {
        Self { density_drawn, ..self }
    }

    /// Those of a model that was measured before.
    pub fn of_record(measured: &Measured) -> Self {
        Self {
            test: measured.loss_test,
            test_se: measured.loss_test_se,
            train_last100: measured.loss_train_last100,
            density_drawn: measured.variant.as_ref().and_then(|variant| variant.density_drawn),
        }
    }
}

/// All that a record says of the trained model of a cell with these `features`. What is said of rows,
/// overlaps and spectra is said of `W`, whether or not a decoder is tied to it.
///
/// # Panics
/// When the number of weights is not `n_features × d_hidden`.
pub fn measure(cell: &Cell, features: Features<'_>, weights: &Weights, losses: Losses) -> Measured {
    let model = Trained::of(cell, features, weights, losses);
    let rows = model.rows;
    let [overlaps, overlaps_strong] = squared_overlaps_all_and_above(rows, 1.0);
    Measured::of(&Trained {
        overlaps,
        overlaps_strong,
        spectrum: frame::gram_spectrum(rows),
        ..model
    })
}

/// What is known of each feature of a model, and sums over them that take no more time.
#[derive(Debug, Clone, PartialEq)]
pub struct ByFeature {
    /// Norms of the rows of `W`, in entries of `W`.
    pub norms: Vec<f64>,
    /// The dimensions that each feature has to itself: [`feature::dimensionality`].
    pub dimensionality: Vec<f64>,
    /// Whether its output is dead.
    pub dead: Vec<bool>,
    /// What the dead outputs cost, as a squared error summed over features.
    pub loss_dead_part: f64,
    /// Mean cos² between rows that are not zero; zero if there are fewer than two.
    pub overlap_mean_square: f64,
}

impl ByFeature {
    /// The fraction of the rows of `W` with norm above `threshold`.
    pub fn fraction_above(&self, threshold: f64) -> f64 {
        norms::fraction_above(&self.norms, threshold)
    }
}

/// What is known of each feature of a model of a cell, in `n·d²` operations.
///
/// # Panics
/// When the number of weights is not `n_features × d_hidden`.
pub fn by_feature(cell: &Cell, features: Features<'_>, weights: &Weights) -> ByFeature {
    let losses = Losses { test: 0.0, test_se: 0.0, train_last100: 0.0, density_drawn: None };
    let model = Trained::of(cell, features, weights, losses);
    ByFeature {
        dimensionality: feature::dimensionality(model.rows),
        loss_dead_part: model.dead_cost(),
        overlap_mean_square: overlap::mean_square(model.rows, 0.0).unwrap_or(0.0),
        norms: model.norms,
        dead: model.dead,
    }
}

/// A trained model, with what several quantities are computed from.
struct Trained<'a> {
    cell: &'a Cell,
    features: Features<'a>,
    bias: &'a [f32],
    losses: Losses,
    /// The rows of `W`, one per feature, each of length `d_hidden`.
    rows: Rows<'a>,
    /// Those of `V`, if it is not tied.
    decoder: Option<Rows<'a>>,
    /// `W_i·V_i`, by feature.
    gains: Vec<f64>,
    /// Whether an output is dead, by feature.
    dead: Vec<bool>,
    /// Their norms.
    norms: Vec<f64>,
    /// Overlaps of all rows that are not zero.
    overlaps: Option<SquaredOverlaps>,
    /// Overlaps of the rows with norm above 1.
    overlaps_strong: Option<SquaredOverlaps>,
    /// The eigenvalues of `WᵀW`, descending.
    spectrum: Vec<f64>,
}

impl<'a> Trained<'a> {
    /// What a model has, but for its overlaps and its spectrum.
    fn of(cell: &'a Cell, features: Features<'a>, weights: &'a Weights, losses: Losses) -> Self {
        let rows = Rows::new(&weights.weights, weights.d_hidden);
        let norms = norms::row_norms(rows);
        let decoder = weights.decoder.as_ref().map(|decoder| Rows::new(decoder, weights.d_hidden));
        let gains = match decoder {
            None => norms.iter().map(|norm| norm * norm).collect(),
            Some(decoder) => feature::products(rows, decoder),
        };
        let largest = cell.data.values.supremum();
        // Only what is flat below zero can be dead, or nearly so.
        let dead = match (cell.model.activation.negative_slope(), decoder) {
            (None, _) => vec![false; norms.len()],
            (Some(_), None) => dead::dead_outputs(&norms, &weights.bias, largest),
            (Some(_), Some(_)) => dead::dead_outputs_untied(&gains, &weights.bias, largest),
        };
        Self {
            cell,
            features,
            bias: &weights.bias,
            losses,
            rows,
            decoder,
            gains,
            dead,
            norms,
            overlaps: None,
            overlaps_strong: None,
            spectrum: Vec::new(),
        }
    }

    /// What the dead outputs cost by their own features: the mean of `I |v − s (v g + b)|^k` over samples
    /// that have them, with `s` the slope below zero, `g` the gain and `k` the power of the loss.
    fn dead_cost(&self) -> f64 {
        let power = match self.cell.train.loss {
            Loss::Squared => 2,
            Loss::Power { power } => power,
            // With softmax no output is dead.
            Loss::CrossEntropy => return 0.0,
        };
        let Some(slope) = self.cell.model.activation.negative_slope() else { return 0.0 };
        let values = self.cell.data.values;
        let dead = || (0..self.dead.len()).filter(|i| self.dead[*i]);
        let share = |i: usize| self.features.probabilities[i] * self.features.weight(i);
        if slope == 0.0 {
            return values.moment(power) * dead().map(share).sum::<f64>();
        }
        let cost = |i: usize| {
            // The output falls short by v · missing + beside, which is positive for every value.
            let missing = 1.0 - slope * self.gains[i];
            let beside = -slope * f64::from(self.bias[i]);
            let term = |k: u32| {
                let (rest, power) = (power - k, power);
                binomial(power, k)
                    * missing.powi(k.cast_signed())
                    * beside.powi(rest.cast_signed())
                    * values.moment(k)
            };
            share(i) * (0..=power).map(term).sum::<f64>()
        };
        dead().map(cost).sum()
    }

    /// The mean cosine between the rows of `W` and `V`, over those that are not zero.
    fn decoder_cosine(&self) -> Option<f64> {
        let lengths = norms::row_norms(self.decoder?);
        let rows = self.gains.iter().zip(&self.norms).zip(&lengths);
        let cosines: Vec<f64> = rows
            .filter(|((_, norm), length)| **norm > 0.0 && **length > 0.0)
            .map(|((gain, norm), length)| gain / (norm * length))
            .collect();
        if cosines.is_empty() { None } else { finite(mean(&cosines)) }
    }
}

/// How many sets of `k` there are of `n`.
fn binomial(n: u32, k: u32) -> f64 {
    (0..k).map(|i| f64::from(n - i) / f64::from(i + 1)).product()
}

fn mean(values: &[f64]) -> f64 {
    summarise(values).mean
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Record;
    use serde_json::Value;
    use std::collections::BTreeSet;
    use std::io::{BufRead as _, BufReader};
    use superpose_files::table::Field;
    use superpose_toy::cell::{Activation, Decoder, Importance};

    const VERSION_1: &str = include_str!("../tests/record-1.json");
    const VERSION_2: &str = include_str!("../tests/record-2.json");

    /// The dotted names of all that is no object, but for the cell's fields.
    fn places(prefix: &str, value: &Value, places: &mut BTreeSet<String>) {
        match value.as_object() {
            Some(_) if prefix == "cell" => {}
            Some(fields) => {
                for (key, value) in fields {
                    let dot = if prefix.is_empty() { "" } else { "." };
                    self::places(&format!("{prefix}{dot}{key}"), value, places);
                }
            }
            None => _ = places.insert(prefix.to_owned()),
        }
    }

    #[test]
    fn what_dead_outputs_cost_is_a_part_of_the_loss() {
        let record: Record = serde_json::from_str(VERSION_2).unwrap();
        let mut measured = record.measured.unwrap();
        (measured.loss_test, measured.loss_dead_part) = (8.0, 2.0);
        assert!((measured.dead_share() - 0.25).abs() < f64::EPSILON);
        assert!((measured.loss_alive_part() - 6.0).abs() < f64::EPSILON);
    }

    #[test]
    fn what_is_known_by_feature_is_what_a_record_has_the_means_of() {
        let record: Record = serde_json::from_str(VERSION_2).unwrap();
        let mut cell = record.cell;
        (cell.model.n_features, cell.model.d_hidden) = (4, 2);
        let weights = Weights {
            n_features: 4,
            d_hidden: 2,
            weights: vec![1.0, 0.0, -0.5, 0.5, 0.0, 0.0, 0.1, 0.9],
            bias: vec![-0.1, -0.9, 0.0, 0.2],
            decoder: None,
        };
        let features = Features::alike(&[0.4, 0.3, 0.2, 0.1]);
        let losses = Losses { test: 1.0, test_se: 0.1, train_last100: 1.0, density_drawn: None };
        let (of, all) =
            (by_feature(&cell, features, &weights), measure(&cell, features, &weights, losses));
        let geometry = all.geometry.unwrap();
        assert!((mean(&of.dimensionality) - geometry.dimensionality_mean).abs() < 1e-15);
        assert!((mean(&of.norms) - geometry.norm_mean).abs() < 1e-15);
        assert_eq!(of.dead, [false, false, true, false]);
        assert_eq!(of.dead.iter().filter(|dead| **dead).count(), all.dead_outputs);
        assert!((of.loss_dead_part - all.loss_dead_part).abs() < 1e-15);
        assert!((of.overlap_mean_square - all.overlap_mean_square).abs() < 1e-15);
    }

    #[test]
    fn quantities_are_all_that_is_in_a_record_but_its_version_and_its_cell() {
        let declared: BTreeSet<String> =
            QUANTITIES.iter().filter_map(|q| q.place).map(str::to_owned).collect();
        for (text, has_geometry) in [(VERSION_1, false), (VERSION_2, true)] {
            let mut found = BTreeSet::new();
            places("", &serde_json::from_str(text).unwrap(), &mut found);
            assert!(found.remove("record_version") && found.remove("outcome.kind"));
            found.insert("outcome".to_owned());
            let is_expected = |place: &&String| {
                (has_geometry || !place.contains(".geometry.")) && !place.contains(".variant.")
            };
            let expected: BTreeSet<String> = declared.iter().filter(is_expected).cloned().collect();
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn quantities_are_the_columns_of_the_published_results() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../experiments/liu2025.csv");
        let file = BufReader::new(std::fs::File::open(path).unwrap());
        let header = file.lines().next().unwrap().unwrap();
        let is_field =
            |name: &&str| ["model.", "data.", "train."].iter().any(|table| name.starts_with(table));
        let columns: Vec<&str> = header.split(',').skip_while(is_field).collect();
        let of_all = QUANTITIES.iter().filter(|q| !q.is_of_variants());
        assert_eq!(columns, of_all.map(|q| q.name).collect::<Vec<_>>());
        let bins = format!("{NORM_BINS} bins of {NORM_BIN}");
        assert!(Quantity::named("norm.counts").unwrap().meaning.contains(&bins));
    }

    #[test]
    fn a_number_is_read_from_its_place_and_written_to_it() {
        let record: Record = serde_json::from_str(VERSION_2).unwrap();
        let json = serde_json::to_value(&record).unwrap();
        for quantity in QUANTITIES {
            let Some(place) = quantity.place else { continue };
            if quantity.is_of_variants() {
                assert_eq!(quantity.field(&record), Field::Missing);
                continue;
            }
            let stands = &json.pointer(&format!("/{}", place.replace('.', "/"))).unwrap();
            let (found, name) = (quantity.json(&quantity.field(&record)), quantity.name);
            // `1.0` is written as `1`.
            let same_number = found.is_number() && found.as_f64() == stands.as_f64();
            assert!(same_number || found == **stands, "{name}: {found} {stands}");
        }
        let number = |name: &str| Quantity::named(name).unwrap().number(&record);
        assert_eq!(number("frame_potential"), Some(1e5));
        assert_eq!((number("overlap.max_strong"), number("revision")), (None, None));
        assert!((number("loss.alive_part").unwrap() - 0.385).abs() < 1e-15);
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "these are exact")]
    fn a_small_model_is_measured_as_by_hand() {
        let mut cell = serde_json::from_str::<Record>(VERSION_2).unwrap().cell;
        (cell.model.n_features, cell.model.d_hidden) = (4, 2);
        // Two orthogonal rows, one of zeros that is dead, and one that is long.
        let weights = Weights {
            n_features: 4,
            d_hidden: 2,
            weights: vec![1.0, 0.0, 0.0, 0.5, 0.0, 0.0, 0.0, -2.0],
            bias: vec![-1.5, 0.0, -1.0, 0.5],
            decoder: None,
        };
        let losses = Losses::of_batches(&[1.0, 3.0], 7.0);
        let features = Features::alike(&[0.5, 0.25, 0.125, 0.0625]);
        let measured = measure(&cell, features, &weights, losses);
        assert_eq!(measured.variant, None);
        assert_eq!((measured.loss_test, measured.loss_test_se), (2.0, 1.0));
        assert_eq!(measured.loss_train_last100, 7.0);
        assert_eq!((measured.phi_half, measured.phi_one), (0.5, 0.25));
        // The values are uniform on [0, 2]: ⟨v²⟩ = 4/3, and v‖W_i‖² is at most 2, 1/2, 0 and 8.
        assert_eq!(measured.dead_outputs, 1);
        assert!((measured.loss_dead_part - 4.0 / 3.0 * 0.125).abs() < 1e-15);
        assert!((measured.overlap_mean_square - 1.0 / 3.0).abs() < 1e-15);
        assert_eq!(measured.overlap_mean_square_strong, None);
        assert!((measured.overlap_welch - 1.0 / 3.0).abs() < 1e-15);
        let geometry = measured.geometry.as_ref().unwrap();
        assert!((geometry.overlap_variance.unwrap() - 2.0 / 9.0).abs() < 1e-15);
        assert_eq!((geometry.overlap_max, geometry.overlap_max_strong), (Some(1.0), None));
        // The squares of the columns of W are 1 and 1/4 + 4.
        assert_eq!(
            (geometry.spectrum_largest, geometry.spectrum_smallest),
            (Some(4.25), Some(1.0))
        );
        assert!((geometry.frame_potential - (1.0 + 4.25_f64.powi(2))).abs() < 1e-13);
        let ratio = 5.25 * 5.25 / (1.0 + 4.25 * 4.25);
        assert!((geometry.participation_ratio.unwrap() - ratio).abs() < 1e-15);
        assert!((geometry.dimensionality_mean - 0.5).abs() < 1e-15);
        assert!((geometry.interference_mean - 4.25 / 4.0).abs() < 1e-15);
        assert_eq!((geometry.bias_mean, geometry.norm_mean), (-0.5, 0.875));
        assert_eq!((geometry.norm_min, geometry.norm_max), (0.0, 2.0));
        let filled = |bin: &usize| geometry.norm_counts[*bin] == 1;
        assert_eq!((0..NORM_BINS).filter(filled).collect::<Vec<_>>(), [0, 12, 25, 50]);
        assert_eq!(Losses::of_record(&measured), losses);
    }

    #[test]
    fn a_model_of_another_kind_is_measured_as_by_hand() {
        let mut cell = serde_json::from_str::<Record>(VERSION_2).unwrap().cell;
        (cell.model.n_features, cell.model.d_hidden) = (2, 1);
        cell.model.decoder = Decoder::Untied;
        cell.data.importance = Importance::Geometric { ratio: 0.5 };
        let weights = Weights {
            n_features: 2,
            d_hidden: 1,
            weights: vec![1.0, 2.0],
            bias: vec![0.0, -1.0],
            decoder: Some(vec![3.0, -0.25]),
        };
        let features = Features { importance: Some(&[1.0, 0.5]), probabilities: &[0.5, 0.25] };
        let losses = Losses::of_batches(&[1.0, 3.0], 7.0).of_density(Some(0.7));
        let of = |cell: &Cell| measure(cell, features, &weights, losses);
        let measured = of(&cell);
        let near = |got: f64, expected: f64| assert!((got - expected).abs() < 1e-12, "{got}");
        let variant = measured.variant.clone().unwrap();
        near(variant.density_nominal, 0.75);
        assert_eq!((variant.density_drawn, variant.decoder_cosine), (Some(0.7), Some(0.0)));
        assert_eq!(Losses::of_record(&measured), losses);
        // W_1·V_1 = −1/2: dead, and it costs ⟨v²⟩ p I = 4/3 · 1/4 · 1/2.
        assert_eq!(measured.dead_outputs, 1);
        near(measured.loss_dead_part, 4.0 / 3.0 / 8.0);
        cell.train.loss = Loss::Power { power: 4 };
        near(of(&cell).loss_dead_part, 16.0 / 5.0 / 8.0);
        // Below zero with slope 1/10: y = (−v/2 − 1)/10, and v − y = 1.05 v + 0.1, squared on average
        // 1.05² · 4/3 + 2 · 1.05 · 0.1 + 0.01.
        cell.train.loss = Loss::Squared;
        cell.model.activation = Activation::LeakyRelu { slope: 0.1 };
        near(of(&cell).loss_dead_part, (1.05 * 1.05 * 4.0 / 3.0 + 0.21 + 0.01) / 8.0);
        for activation in [Activation::Identity, Activation::Gelu, Activation::Softplus] {
            cell.model.activation = activation;
            let measured = of(&cell);
            assert_eq!(measured.dead_outputs, 0);
            near(measured.loss_dead_part, 0.0);
        }
    }
}
