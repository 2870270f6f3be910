//! The names of the engines, and how one says that it cannot train a cell.

use schemars::JsonSchema;
use serde::Deserialize;

/// What makes the steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "BenchEngine", description = "An engine to measure.")]
pub enum EngineKind {
    /// Sparse batches and the Gram matrix, on the CPU.
    Gram,
    /// Dense autodiff, on every device.
    Reference,
}

impl EngineKind {
    /// Its name in records, sweep files and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gram => "gram",
            Self::Reference => "reference",
        }
    }
}

/// Why an engine cannot train a cell: the field, its value, and the values the engine can train.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the engine `{}` cannot train `{field}` = {value}; it can train {allowed}", .engine.name())]
pub struct Unsupported {
    /// The engine.
    pub engine: EngineKind,
    /// Dotted name of the field.
    pub field: &'static str,
    /// Its value in the cell.
    pub value: String,
    /// The values that the engine can train.
    pub allowed: &'static str,
}
