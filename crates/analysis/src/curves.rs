//! How the training loss fell.

use superpose_figures::axis::Axis;
use superpose_figures::chart::Mark;
use superpose_figures::lines::{Lines, lines};
use superpose_figures::study::Picture;

use crate::pictures::{ENTRY, picture, symbols, with_entries};
use crate::run::{Finished, Run};
use crate::settings::{label, setting_fields, values};
use superpose_files::table::{Table, TableError, Tables};

/// One row a point of a loss curve.
pub fn curves(run: &Run) -> Table {
    let names = setting_fields(run);
    let of = |finished| (finished, label(&values(&names, finished)));
    let cells: Vec<(&Finished, String)> = run.finished.iter().map(of).collect();
    let points = cells.iter().flat_map(|(f, setting)| {
        f.curve.iter().map(move |point| (&f.record, setting.as_str(), point))
    });
    Table::of(
        "curves",
        "How did the training loss fall?",
        points,
        &[
            ("setting", "the swept fields in one line", &|p| p.1.into()),
            ("d_hidden", "hidden width d", &|p| p.0.cell.model.d_hidden.into()),
            ("seed", "seed of the initial weights", &|p| p.0.cell.train.seed.into()),
            ("cell_id", "identity of the cell", &|p| p.0.cell_id.as_str().into()),
            ("step", "last step that the point covers", &|p| p.2.step.into()),
            ("loss", "mean training loss since the point before", &|p| p.2.loss.into()),
        ],
    )
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
