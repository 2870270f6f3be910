//! The names of the engines, and how one says that it cannot train a cell.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::cell::{Activation, Cell, Decoder, Loss};

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

impl Unsupported {
    /// Nothing, if `cell` is a tied autoencoder with ReLU that is trained by squared errors, which is what
    /// the fast engines know.
    ///
    /// # Errors
    /// [`Unsupported`], which names the field that is otherwise.
    pub fn unless_tied_relu_squared(engine: EngineKind, cell: &Cell) -> Result<(), Self> {
        let refused = |field, value: &str, allowed| {
            Err(Self { engine, field, value: value.to_owned(), allowed })
        };
        let name = match cell.model.activation {
            Activation::Relu => None,
            Activation::Identity => Some("identity"),
            Activation::LeakyRelu { .. } => Some("leaky_relu"),
            Activation::Gelu => Some("gelu"),
            Activation::Softplus => Some("softplus"),
            Activation::Softmax => Some("softmax"),
        };
        if let Some(name) = name {
            return refused("model.activation", name, "relu");
        }
        if cell.model.decoder == Decoder::Untied {
            return refused("model.decoder", "untied", "tied");
        }
        match cell.train.loss {
            Loss::Squared => Ok(()),
            Loss::Power { power } => refused("train.loss.power", &power.to_string(), "squared"),
            Loss::CrossEntropy => refused("train.loss", "cross_entropy", "squared"),
        }
    }
}
