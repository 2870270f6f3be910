//! How the training loss fell.

use superpose_figures::axis::Axis;
use superpose_figures::chart::Mark;
use superpose_figures::lines::{Lines, lines};
use superpose_figures::study::Picture;

use crate::pictures::{ENTRY, picture, symbols, with_entries};
use crate::run::Run;
use crate::settings::{label, setting_fields, values};
use superpose_files::table::{Table, TableError, Tables};

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

/// The training loss against step, one line a cell.
///
/// # Errors
/// [`TableError`] when there is no table `curves` or it lacks a column.
pub fn draw(tables: &Tables) -> Result<Picture, TableError> {
    let table = tables.get("curves")?;
    let entries = table.words("setting")?.iter().map(|setting| symbols(setting)).collect();
    let columns = Lines {
        group: Some(ENTRY),
        line: Some("cell_id"),
        mark: Mark::Line,
        ..Lines::plain(
            ("step", Axis::linear("step")),
            ("loss", Axis::logarithmic("training loss (sum over features)")),
        )
    };
    let caption =
        "One line a cell; each point is the mean since the point before. Table: curves.csv.";
    let panels = lines(&with_entries(table, entries), &columns)?;
    Ok(picture("loss_curves", "Training loss", panels, caption))
}
