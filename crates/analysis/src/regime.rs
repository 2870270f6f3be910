//! Which regime a trained model is in.
//!
//! Two signs decide. How many features are represented: nearly all of them, and more than
//! there are dimensions, in the strong regime; about as many as there are dimensions in the weak
//! one. And what the loss consists of: in the weak regime it is what the ignored features cost.

use std::fmt;

use superpose_toy::cell::{Activation, Cell, Decoder, Importance, Loss};
use superpose_toy::superposition::ignored_features_loss;

use crate::run::Finished;

/// The regime of a trained model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Regime {
    /// At least nine features in ten are represented, and more than there are dimensions.
    Strong,
    /// At most three features a dimension are represented, and the loss is that of the ignored
    /// features within a factor of two.
    Weak,
    /// Neither.
    Between,
    /// The signs are of another model: see [`is_defined_for`].
    Undefined,
}

/// Whether the regimes and the theory of both are said of the model of this `cell`: tied, with ReLU and
/// squared errors that all count as much. How its features depend on one another is all one to them.
pub fn is_defined_for(cell: &Cell) -> bool {
    cell.model.activation == Activation::Relu
        && cell.model.decoder == Decoder::Tied
        && cell.train.loss == Loss::Squared
        && cell.data.importance == Importance::Constant
}

impl fmt::Display for Regime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Strong => "strong",
            Self::Weak => "weak",
            Self::Between => "between",
            Self::Undefined => "undefined",
        })
    }
}

/// What the verdict rests on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evidence {
    /// Number of features.
    pub n_features: usize,
    /// Hidden width.
    pub d_hidden: usize,
    /// Fraction of the features with row norm above 1/2.
    pub phi_half: f64,
    /// Test loss.
    pub loss: f64,
    /// What all but the `φ½ n` most frequent features would cost if ignored.
    pub ignored_loss: f64,
    /// Whether all that says anything of the model.
    pub is_defined: bool,
}

/// Represented features a dimension in the weak regime, at most: the paper's published weak cells (α = 1, γ ≥
/// 1/3) have 0.7 to 2.6.
pub const WEAK_FEATURES_A_DIMENSION: f64 = 3.0;
/// Its losses are, in the median for each `α ≤ 2`, 1.0 to 1.9 times the ignored sum.
const WEAK_LOSS_FACTOR: f64 = 2.0;
/// Fraction of the features that is represented in the strong regime, at least.
pub const STRONG_FRACTION: f64 = 0.9;

impl Evidence {
    /// The evidence of a cell that was trained to the end.
    pub fn of(finished: &Finished) -> Option<Self> {
        let measured = finished.measured()?;
        let cell = &finished.record.cell;
        let n_features = cell.model.n_features;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a fraction of the features, at most all"
        )]
        let represented = (measured.phi_half * n_features as f64).round() as usize;
        Some(Self {
            n_features,
            d_hidden: cell.model.d_hidden,
            phi_half: measured.phi_half,
            loss: measured.loss_test,
            ignored_loss: ignored_features_loss(
                &finished.probabilities,
                represented,
                cell.data.values,
            ),
            is_defined: is_defined_for(cell),
        })
    }

    /// The verdict.
    pub fn regime(&self) -> Regime {
        if !self.is_defined {
            return Regime::Undefined;
        }
        let represented = self.phi_half * self.n_features as f64;
        let d = self.d_hidden as f64;
        if self.phi_half >= STRONG_FRACTION && represented > d {
            return Regime::Strong;
        }
        let ratio = self.loss / self.ignored_loss;
        let explained = (1.0 / WEAK_LOSS_FACTOR..=WEAK_LOSS_FACTOR).contains(&ratio);
        if represented <= WEAK_FEATURES_A_DIMENSION * d && explained {
            Regime::Weak
        } else {
            Regime::Between
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Run;

    #[test]
    fn the_papers_cells_get_the_papers_regimes() {
        // α = 0, n = 1000, from the paper's figures: φ½ and loss at γ = −1 and 1, and a cell in
        // the transition (γ = −0.111, d = 39).
        let regime = |d_hidden, phi_half: f64, loss| {
            let ignored_loss = 4.0 / 3.0 * (1.0 - phi_half);
            let is_defined = true;
            Evidence { n_features: 1000, d_hidden, phi_half, loss, ignored_loss, is_defined }
                .regime()
        };
        assert_eq!(regime(100, 1.0, 0.171), Regime::Strong);
        assert_eq!(regime(100, 0.15, 1.134), Regime::Weak);
        assert_eq!(regime(39, 0.6, 0.697), Regime::Between);
        // Few features, but a loss that ignoring the others does not explain.
        assert_eq!(regime(39, 0.05, 0.2), Regime::Between);
        // Ignoring the others costs 1.13: within a factor of two to either side.
        assert_eq!([0.6, 2.2].map(|loss| regime(100, 0.15, loss)), [Regime::Weak; 2]);
        assert_eq!([0.5, 2.3].map(|loss| regime(100, 0.15, loss)), [Regime::Between; 2]);
    }

    #[test]
    fn what_is_ignored_is_all_but_the_most_frequent_that_are_represented() {
        let mut run = Run::planted(&[|_| ()], |_| 1.0);
        run.finished[0].record.measured.as_mut().unwrap().phi_half = 0.25;
        let (evidence, finished) = (Evidence::of(&run.finished[0]).unwrap(), &run.finished[0]);
        let represented = finished.record.cell.model.n_features / 4;
        let values = finished.record.cell.data.values;
        let expected = ignored_features_loss(&finished.probabilities, represented, values);
        assert!((evidence.ignored_loss - expected).abs() < 1e-15);
    }

    #[test]
    fn room_for_everything_is_no_superposition() {
        let evidence = Evidence {
            n_features: 10,
            d_hidden: 20,
            phi_half: 1.0,
            loss: 0.0,
            ignored_loss: 0.0,
            is_defined: true,
        };
        assert_eq!(evidence.regime(), Regime::Between);
        assert_eq!(Evidence { n_features: 20, ..evidence }.regime(), Regime::Between);
        assert_eq!(Evidence { n_features: 21, ..evidence }.regime(), Regime::Strong);
    }
}
