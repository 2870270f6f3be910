//! How much the features' directions overlap.

use superpose_figures::axis::Axis;
use superpose_figures::chart::Mark;
use superpose_figures::lines::{Guide, Lines, lines};
use superpose_figures::study::Picture;
use superpose_toy::overlap::random_mean_square;

use crate::pictures::{ENTRY, picture, symbols, with_entries};
use crate::run::Run;
use crate::settings::{label, row_start, setting_fields, values};
use superpose_files::table::{Table, TableError, Tables};

const COLUMNS: [(&str, &str); 8] = [
    ("setting", "the swept fields in one line"),
    ("d_hidden", "hidden width d"),
    ("seed", "seed of the initial weights"),
    ("mean_square", "mean cos² between rows of W, over all that are not zero"),
    ("mean_square_strong", "the same over rows with norm above 1"),
    ("random", "prediction for random directions: 1/d"),
    ("welch", "least mean cos² of n unit vectors: (n−d)/(d(n−1))"),
    ("excess", "`mean_square` over `random`"),
];

/// One row a trained cell.
pub fn overlaps(run: &Run) -> Table {
    let question = "Do the squared overlaps fall as 1/d?";
    let names = setting_fields(run);
    let mut table = Table::new("overlaps", question, &COLUMNS).with_fields(&names);
    for finished in &run.finished {
        let Some(m) = finished.measured() else { continue };
        let cell = &finished.record.cell;
        let fields = values(&names, finished);
        let random = random_mean_square(cell.model.d_hidden);
        let mut row = row_start(&fields);
        row.extend([
            label(&fields).into(),
            cell.model.d_hidden.into(),
            cell.train.seed.into(),
            m.overlap_mean_square.into(),
            m.overlap_mean_square_strong.into(),
            random.into(),
            m.overlap_welch.into(),
            (m.overlap_mean_square / random).into(),
        ]);
        table.push(row);
    }
    table
}

/// The mean squared overlap of the features' directions against width.
///
/// # Errors
/// [`TableError`] when there is no table `overlaps` or it lacks a column.
pub fn draw(tables: &Tables) -> Result<Picture, TableError> {
    let table = tables.get("overlaps")?;
    let entries = table.words("setting")?.iter().map(|setting| symbols(setting)).collect();
    let guides = [
        Guide { column: "random", label: "random directions: 1/d", mark: Mark::Line },
        Guide { column: "welch", label: "Welch bound: (n−d) / d(n−1)", mark: Mark::Dotted },
    ];
    let width = Axis::logarithmic("hidden width d").ticked_at(&table.numbers("d_hidden")?);
    let columns = Lines {
        group: Some(ENTRY),
        guides: &guides,
        mark: Mark::Dots,
        ..Lines::plain(
            ("d_hidden", width),
            ("mean_square", Axis::logarithmic("mean cos² between rows of W")),
        )
    };
    let caption = "One dot a cell, over all rows that are not zero. Table: overlaps.csv.";
    let panels = lines(&with_entries(table, entries), &columns)?;
    Ok(picture("overlap_by_width", "Mean squared overlap of feature directions", panels, caption))
}
