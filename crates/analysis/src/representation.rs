//! How many features are represented, how many outputs are dead, and which regime that is.

use crate::regime::Evidence;
use crate::run::Run;
use crate::settings::{row_start, setting_fields, values};
use superpose_files::table::Table;

const COLUMNS: [(&str, &str); 13] = [
    ("d_hidden", "hidden width d"),
    ("n_features", "number of features n"),
    ("weight_decay", "signed weight decay γ"),
    ("seed", "seed of the initial weights"),
    ("phi_half", "fraction of the rows of W with norm above 1/2"),
    ("phi_one", "fraction of the rows of W with norm above 1"),
    ("weak_phi", "prediction for the weak regime: min(1, d/n)"),
    ("dead_outputs", "number of outputs that cannot fire"),
    ("loss", "test loss"),
    ("loss.dead_part", "what the dead outputs cost"),
    ("loss.dead_share", "that over the test loss"),
    ("ignored_loss", "what all but the φ½·n most frequent features cost if ignored"),
    ("regime", "strong, weak or between"),
];

/// One row a trained cell.
pub fn representation(run: &Run) -> Table {
    let question = "How many features are represented, and which regime is that?";
    let names = setting_fields(run);
    let mut table = Table::new("representation", question, &COLUMNS).with_fields(&names);
    for finished in &run.finished {
        let (Some(m), Some(evidence)) = (finished.measured(), Evidence::of(finished)) else {
            continue;
        };
        let cell = &finished.record.cell;
        let (n, d) = (cell.model.n_features, cell.model.d_hidden);
        let mut row = row_start(&values(&names, finished));
        row.extend([
            d.into(),
            n.into(),
            cell.train.weight_decay.into(),
            cell.train.seed.into(),
            m.phi_half.into(),
            m.phi_one.into(),
            (d as f64 / n as f64).min(1.0).into(),
            m.dead_outputs.into(),
            m.loss_test.into(),
            m.loss_dead_part.into(),
            m.dead_share().into(),
            evidence.ignored_loss.into(),
            evidence.regime().to_string().into(),
        ]);
        table.push(row);
    }
    table
}
