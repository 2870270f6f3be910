//! What the answers of all laws have in common: the convention of their tables, and sheets that stand alone.

use superpose_figures::panel::Panel;
use superpose_figures::sheet::{Axes, Sheet};
use superpose_figures::study::{Note, Picture, Study};
use superpose_files::table::{Table, TableError, Tables};

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

/// The only picture of a study: `panels` in so many `columns`, each with axes of its own.
pub(crate) fn alone(
    name: &str,
    (title, caption): (&str, &str),
    columns: usize,
    panels: Vec<Panel>,
) -> Result<Vec<Picture>, TableError> {
    let (title, caption) = (title.to_owned(), caption.to_owned());
    Picture::alone(name, Sheet { title, columns, panels, axes: Axes::Own, caption })
}
