//! What the answers of all laws have in common: the convention of their tables, and sheets that
//! stand alone.

use superpose_figures::chart::Chart;
use superpose_figures::panel::Panel;
use superpose_figures::sheet::{Axes, Sheet};
use superpose_figures::study::{Note, Picture, Study};
use superpose_files::table::{Field, Table, TableError, Tables};
use superpose_stats::summary::Summary;

/// The study of `tables` with the pictures that `draw` makes of them, and `notes` for people.
pub(crate) fn answer(
    tables: impl IntoIterator<Item = Table>,
    draw: fn(&Tables) -> Result<Vec<Picture>, TableError>,
    notes: Vec<Note>,
) -> Study {
    Study {
        convention: "Each table answers one question.",
        tables: tables.into_iter().collect(),
        draw: Box::new(draw),
        notes,
    }
}

/// The mean and the standard error of a summary, if there is one.
pub(crate) fn mean_and_error(of: Option<Summary>) -> [Field; 2] {
    [of.map(|of| of.mean).into(), of.map(|of| of.standard_error).into()]
}

/// The same, and how far the mean is above a `law`, in standard errors.
pub(crate) fn compared(of: Option<Summary>, law: f64) -> [Field; 3] {
    let [mean, error] = mean_and_error(of);
    [mean, error, of.map(|of| (of.mean - law) / of.standard_error).into()]
}

/// A field of a table that was read back, where all are words, as the number that it holds.
pub(crate) fn number(field: &Field) -> Field {
    field.number().into()
}

/// Panels with the marks of `others`, one for one, over their own; `under` has the axes and the title.
pub(crate) fn overlaid(under: Vec<Panel>, others: Vec<Panel>) -> Vec<Panel> {
    let mut others = others.into_iter();
    let with = |panel: Panel| match (panel, others.next()) {
        (Panel::Chart(mut chart), Some(Panel::Chart(other))) => {
            chart.series.extend(other.series);
            chart.colours = chart.colours.or(other.colours);
            Panel::Chart(chart)
        }
        (panel, _) => panel,
    };
    under.into_iter().map(with).collect()
}

/// Does something with each of the charts among `panels`.
pub(crate) fn each_chart(panels: &mut [Panel], mut change: impl FnMut(&mut Chart)) {
    for panel in panels {
        if let Panel::Chart(chart) = panel {
            change(chart);
        }
    }
}

/// The only picture of a study: `panels` in rows of `columns`, each with axes of its own.
pub(crate) fn alone(
    name: &str,
    (title, caption): (&str, &str),
    columns: usize,
    panels: Vec<Panel>,
) -> Result<Vec<Picture>, TableError> {
    let (title, caption) = (title.to_owned(), caption.to_owned());
    Picture::alone(name, Sheet { title, columns, panels, axes: Axes::Own, caption })
}
