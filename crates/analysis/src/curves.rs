//! How the training loss fell.

use crate::run::Run;
use crate::settings::{label, setting_fields, values};
use superpose_files::table::Table;

const COLUMNS: [(&str, &str); 6] = [
    ("setting", "the swept fields in one line"),
    ("d_hidden", "hidden width d"),
    ("seed", "seed of the initial weights"),
    ("cell_id", "identity of the cell"),
    ("step", "last step that the point covers"),
    ("loss", "mean training loss since the point before"),
];

/// One row a point of a loss curve.
pub fn curves(run: &Run) -> Table {
    let names = setting_fields(run);
    let mut table = Table::new("curves", "How did the training loss fall?", &COLUMNS);
    for finished in &run.finished {
        let cell = &finished.record.cell;
        let setting = label(&values(&names, finished));
        for point in &finished.curve {
            table.push(vec![
                setting.clone().into(),
                cell.model.d_hidden.into(),
                cell.train.seed.into(),
                finished.record.cell_id.as_str().into(),
                point.step.into(),
                point.loss.into(),
            ]);
        }
    }
    table
}
