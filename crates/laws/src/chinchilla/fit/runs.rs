//! Trained language models in a table.

use superpose_files::table::Table;

use crate::chinchilla::law::FLOP;
use crate::fits::{FitError, positive_numbers};

/// Names under which runs are known to keep their sizes.
const SIZES: [&str; 4] = ["N", "parameters", "n_params", "Model Size"];
/// Their tokens.
const TOKENS: [&str; 3] = ["D", "tokens", "n_tokens"];
/// Their operations.
const COMPUTE: [&str; 4] = ["C", "compute", "flops", "Training FLOP"];
/// Their losses.
const LOSSES: [&str; 2] = ["loss", "L"];

/// A language model that was trained.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrainedModel {
    /// `N`, positive.
    pub parameters: f64,
    /// `D`, positive.
    pub tokens: f64,
    /// `L`, in nats a token, positive.
    pub loss: f64,
}

impl TrainedModel {
    /// Its floating-point operations: six for each parameter and token.
    pub fn compute(&self) -> f64 {
        FLOP * self.parameters * self.tokens
    }
}

/// The mean logarithm of a number of `runs`.
pub(super) fn mean_ln(runs: &[TrainedModel], of: fn(&TrainedModel) -> f64) -> f64 {
    runs.iter().map(|run| of(run).ln()).sum::<f64>() / runs.len() as f64
}

/// The runs in a table with columns for the loss and for two of `N`, `D` and `C`; the third is
/// `C = 6 N D`. Where there are all three, `C` is not looked at.
///
/// # Errors
/// [`FitError`], naming the row and the column.
pub fn runs(table: &Table) -> Result<Vec<TrainedModel>, FitError> {
    let find = |names: &[&str]| {
        let name = names.iter().find(|name| table.column(name).is_ok());
        name.map(|name| positive_numbers(table, name)).transpose()
    };
    let missing = |wanted: &str| {
        let known: Vec<&str> = table.columns.iter().map(|c| c.name.as_str()).collect();
        let said = format!("`{}` must have {wanted}; it has {}", table.name, known.join(", "));
        FitError::Wrong(said)
    };
    let losses = find(&LOSSES)?.ok_or_else(|| missing("a column `loss`"))?;
    let (sizes, tokens, compute) = (find(&SIZES)?, find(&TOKENS)?, find(&COMPUTE)?);
    let pairs: Vec<(f64, f64)> = match (sizes, tokens, compute) {
        (Some(n), Some(d), _) => n.into_iter().zip(d).collect(),
        (Some(n), None, Some(c)) => n.into_iter().zip(c).map(|(n, c)| (n, c / FLOP / n)).collect(),
        (None, Some(d), Some(c)) => d.into_iter().zip(c).map(|(d, c)| (c / FLOP / d, d)).collect(),
        _ => {
            let wanted = format!(
                "columns for two of N ({}), D ({}) and C ({})",
                SIZES[1..].join(", "),
                TOKENS[1..].join(", "),
                COMPUTE[1..].join(", ")
            );
            return Err(missing(&wanted));
        }
    };
    let run = |((parameters, tokens), loss)| TrainedModel { parameters, tokens, loss };
    Ok(pairs.into_iter().zip(losses).map(run).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(columns: &str, row: impl Fn(f64, f64) -> String) -> Table {
        let mut csv = format!("{columns}\n");
        for (n, d) in [(1e8, 2e9), (1e8, 1e10), (3e9, 1e10)] {
            csv.push_str(&format!("{}\n", row(n, d)));
        }
        Table::from_csv("runs.csv", csv.as_bytes()).unwrap()
    }

    #[test]
    fn any_two_of_size_data_and_compute_are_enough() {
        let by = [
            table("N,D,loss", |n, d| format!("{n},{d},3")),
            table("Model Size,Training FLOP,loss", |n, d| format!("{n},{},3", 6.0 * n * d)),
            table("tokens,C,L", |n, d| format!("{d},{},3", 6.0 * n * d)),
        ];
        let first = runs(&by[0]).unwrap();
        for other in &by[1..] {
            for (a, b) in first.iter().zip(runs(other).unwrap()) {
                assert!((a.parameters / b.parameters - 1.0).abs() < 1e-12);
                assert!((a.tokens / b.tokens - 1.0).abs() < 1e-12);
            }
        }
    }
}
