//! Everything known of each cell, one row a cell: `results.csv`.

use crate::run::Run;
use crate::settings::{row_start, values};
use crate::table::Table;

const MEASURED: [(&str, &str); 14] = [
    ("cell_id", "identity of the cell; its folder is `cells/<cell_id>`"),
    ("outcome", "completed, diverged or failed"),
    ("loss.test", "mean loss on fresh batches (sum over features, mean over samples)"),
    ("loss.test_se", "standard error of `loss.test`, from the scatter of the batches"),
    ("loss.train_last100", "mean training loss of the last 100 steps"),
    ("phi_half", "fraction of the rows of W with norm above 1/2"),
    ("phi_one", "fraction of the rows of W with norm above 1"),
    ("dead_outputs", "number of outputs with v‖W_i‖² + b_i ≤ 0 at the largest value v"),
    ("loss.dead_part", "loss that the dead outputs cost: ⟨v²⟩ Σ p_i over them"),
    ("overlap.mean_square", "mean cos² between rows of W, over all that are not zero"),
    ("overlap.mean_square_strong", "the same over rows with norm above 1"),
    ("overlap.welch", "least mean cos² of n unit vectors in d dimensions: (n−d)/(d(n−1))"),
    ("wall_s", "wall time of training and test, in seconds"),
    ("engine", "engine and device that made the steps"),
];

/// One row a finished cell: its fields by dotted name, then what was measured.
pub fn results(run: &Run) -> Table {
    let names = run.field_names();
    let question = "What became of each cell?";
    let mut table = Table::new("results", question, &MEASURED).with_fields(&names);
    for finished in &run.finished {
        let record = &finished.record;
        let mut row = row_start(&values(&names, finished));
        let m = finished.measured();
        row.extend([
            record.cell_id.as_str().into(),
            record.outcome.word().into(),
            m.map(|m| m.loss_test).into(),
            m.map(|m| m.loss_test_se).into(),
            m.map(|m| m.loss_train_last100).into(),
            m.map(|m| m.phi_half).into(),
            m.map(|m| m.phi_one).into(),
            m.map(|m| m.dead_outputs).into(),
            m.map(|m| m.loss_dead_part).into(),
            m.map(|m| m.overlap_mean_square).into(),
            m.and_then(|m| m.overlap_mean_square_strong).into(),
            m.map(|m| m.overlap_welch).into(),
            record.wall_s.into(),
            format!("{} on {}", record.provenance.engine, record.provenance.device).into(),
        ]);
        table.push(row);
    }
    table
}
