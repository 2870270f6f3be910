//! Trains one small cell and prints its record as JSON:
//! `cargo run --release -p superpose-run --example one_cell`.

#![allow(clippy::print_stdout, reason = "an example shows what it has made")]

use std::error::Error;
use std::path::Path;

use superpose_run::{Options, Trainer};
use superpose_sweep::file::Sweep;

const SWEEP: &str = r#"
    schema = 1
    name = "one-cell"
    model = { n_features = 50, d_hidden = 5 }
    data.frequencies = { law = "power", exponent = 1.0 }
    train = { weight_decay = -1.0, batch_size = 256, steps = 1000 }
"#;

fn main() -> Result<(), Box<dyn Error>> {
    println!("{}", record()?);
    Ok(())
}

/// The record of the cell, as it would stand in `record.json`.
fn record() -> Result<String, Box<dyn Error>> {
    let cells = Sweep::parse(SWEEP, Path::new("one-cell.toml"), &[])?.cells;
    let trainer = Trainer::prepare(&Options::default(), &cells, "one-cell.toml")?;
    let ended = trainer.train_one(&cells[0])?;
    Ok(serde_json::to_string_pretty(&ended.record)?)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_record_is_complete() {
        let record: serde_json::Value = serde_json::from_str(&super::record().unwrap()).unwrap();
        assert_eq!(record["outcome"]["kind"], "completed");
        assert_eq!(record["cell_id"].as_str().unwrap().len(), 16);
        // Without a model the loss is 4/3; the best of so few features in five dimensions is far below.
        let loss = record["measured"]["loss_test"].as_f64().unwrap();
        assert!((0.1..1.1).contains(&loss), "{loss}");
        assert_eq!(record["provenance"]["engine"], "gram");
    }
}
