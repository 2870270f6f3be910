//! The `[bench]` table of a sweep file: what `superpose bench` is to measure of its cells.

use schemars::JsonSchema;
use serde::Deserialize;
use superpose_toy::engine::EngineKind;

use crate::error::FieldError;

/// What to measure, and what to expect. Every cell makes its `train.steps`.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Bench {
    /// Steps that are timed together, at least 1. Default: 20.
    pub steps_a_round: u64,
    /// Engines. Default: all.
    pub engines: Vec<EngineKind>,
    /// Cells trained at the same time, one core each; 0 stands for as many as there are cores.
    /// Default: 1.
    pub jobs: Vec<usize>,
    /// Threads of one cell, for engines that can use several; 0 stands for as many as there are
    /// cores. Default: 1.
    pub threads: Vec<usize>,
    /// Cells trained together on the first GPU, at least 1 each: once with each of these numbers, by
    /// the gram engine; ten at a time share their batches. Default: none.
    pub ensembles: Vec<usize>,
    /// Mean loss (squared errors summed over features) of the last round, by cell in the order of
    /// the sweep. Default: nothing is expected, as when a field is replaced on the command line.
    pub expected_loss: Vec<f64>,
    /// Relative difference from it that is allowed, above 0. Default: 0.02.
    pub loss_tolerance: f64,
}

impl Default for Bench {
    fn default() -> Self {
        Self {
            steps_a_round: 20,
            engines: vec![EngineKind::Gram, EngineKind::Reference],
            jobs: vec![1],
            threads: vec![1],
            ensembles: Vec::new(),
            expected_loss: Vec::new(),
            loss_tolerance: 0.02,
        }
    }
}

impl Bench {
    /// What stands in the way of measuring `n_cells` cells like this.
    pub(crate) fn check(&self, n_cells: usize) -> Result<(), FieldError> {
        let refuse = |field: &str, value: String, allowed: &str| {
            Err(FieldError::new(&format!("bench.{field}"), value, allowed))
        };
        if self.steps_a_round == 0 {
            return refuse("steps_a_round", "0".to_owned(), "at least 1");
        }
        for (field, empty) in [
            ("engines", self.engines.is_empty()),
            ("jobs", self.jobs.is_empty()),
            ("threads", self.threads.is_empty()),
        ] {
            if empty {
                return refuse(field, "[]".to_owned(), "a list of at least one");
            }
        }
        if self.ensembles.contains(&0) {
            return refuse("ensembles", "0".to_owned(), "at least 1 cell each");
        }
        if self.loss_tolerance.is_nan() || self.loss_tolerance <= 0.0 {
            return refuse("loss_tolerance", self.loss_tolerance.to_string(), "above 0");
        }
        if ![0, n_cells].contains(&self.expected_loss.len()) {
            let allowed = format!("one number for each of the {n_cells} cells");
            let value = format!("{} numbers", self.expected_loss.len());
            return refuse("expected_loss", value, &allowed);
        }
        Ok(())
    }
}
