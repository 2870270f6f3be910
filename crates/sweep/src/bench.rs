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
        const LIST: &str = "a list of at least one";
        let (tolerance, n_expected) = (self.loss_tolerance, self.expected_loss.len());
        let is_tolerant = tolerance > 0.0;
        let one_each = format!("one number for each of the {n_cells} cells");
        let numbers = format!("{n_expected} numbers");
        let wrong = [
            ("steps_a_round", self.steps_a_round == 0, "0", "at least 1"),
            ("engines", self.engines.is_empty(), "[]", LIST),
            ("jobs", self.jobs.is_empty(), "[]", LIST),
            ("threads", self.threads.is_empty(), "[]", LIST),
            ("ensembles", self.ensembles.contains(&0), "0", "at least 1 cell each"),
            ("loss_tolerance", !is_tolerant, &tolerance.to_string(), "above 0"),
            ("expected_loss", ![0, n_cells].contains(&n_expected), &numbers, &one_each),
        ];
        let first = wrong.into_iter().find(|(_, is_wrong, ..)| *is_wrong);
        first.map_or(Ok(()), |(field, _, value, allowed)| {
            Err(FieldError::new(&format!("bench.{field}"), value, allowed))
        })
    }
}
