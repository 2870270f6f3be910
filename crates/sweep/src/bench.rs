//! The `[bench]` table of a sweep file: what `superpose bench` is to measure of its cells.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use superpose_toy::engine::EngineKind;

use crate::error::FieldError;
use crate::value::{Number, Whole};

/// What to measure, and what to expect. Every cell makes its `train.steps`.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Bench {
    /// Steps that are timed together, at least 1. Default: 20.
    #[serde(deserialize_with = "steps")]
    #[schemars(with = "Whole<1>")]
    pub steps_a_round: u64,
    /// Engines. Default: all.
    pub engines: Vec<EngineKind>,
    /// Cells trained at the same time, one core each; 0 stands for as many as there are cores.
    /// Default: 1.
    #[serde(deserialize_with = "counts")]
    #[schemars(with = "Vec<Whole<0>>")]
    pub jobs: Vec<usize>,
    /// Threads of one cell, for engines that can use several; 0 stands for as many as there are
    /// cores. Default: 1.
    #[serde(deserialize_with = "counts")]
    #[schemars(with = "Vec<Whole<0>>")]
    pub threads: Vec<usize>,
    /// Cells trained together on the first GPU, at least 1 each: once with each of these numbers, by
    /// the gram engine; ten at a time share their batches. Default: none.
    #[serde(deserialize_with = "counts")]
    #[schemars(with = "Vec<Whole<1>>")]
    pub ensembles: Vec<usize>,
    /// Mean loss (squared errors summed over features) of the last round, by cell in the order of
    /// the sweep. Default: nothing is expected, as when a field is replaced on the command line.
    #[serde(deserialize_with = "numbers")]
    pub expected_loss: Vec<f64>,
    /// Relative difference from it that is allowed, above 0. Default: 0.02.
    #[serde(deserialize_with = "number")]
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub loss_tolerance: f64,
}

fn steps<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    Whole::<1>::deserialize(deserializer).map(|steps| steps.0)
}

fn counts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<usize>, D::Error> {
    let counts = Vec::<Whole<0>>::deserialize(deserializer)?;
    Ok(counts.into_iter().map(Whole::count).collect())
}

fn numbers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f64>, D::Error> {
    let numbers = Vec::<Number>::deserialize(deserializer)?;
    Ok(numbers.into_iter().map(|number| number.0).collect())
}

fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Number::deserialize(deserializer).map(|number| number.0)
}

/// Most cells that are trained at the same time, and most threads: each takes memory before it
/// begins.
const MOST_AT_ONCE: usize = 1024;

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
        let largest = |list: &[usize]| list.iter().copied().max().unwrap_or(0);
        let [jobs, threads] = [&self.jobs, &self.threads].map(|list| largest(list));
        let ensemble = largest(&self.ensembles);
        let most = format!("at most {MOST_AT_ONCE} each");
        let wrong = [
            ("steps_a_round", self.steps_a_round == 0, "0", "at least 1"),
            ("engines", self.engines.is_empty(), "[]", LIST),
            ("jobs", self.jobs.is_empty(), "[]", LIST),
            ("threads", self.threads.is_empty(), "[]", LIST),
            ("jobs", jobs > MOST_AT_ONCE, &jobs.to_string(), &most),
            ("threads", threads > MOST_AT_ONCE, &threads.to_string(), &most),
            ("ensembles", ensemble > MOST_AT_ONCE, &ensemble.to_string(), &most),
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
