//! How much the features' directions overlap.

use superpose_figures::axis::Axis;
use superpose_figures::chart::Mark;
use superpose_figures::lines::{Guide, Lines, lines};
use superpose_figures::study::Picture;
use superpose_toy::overlap::random_mean_square;

use crate::facets::Facets;
use crate::pictures::grid;
use crate::run::{Finished, Run};
use crate::settings::{label, row_start, setting_fields, values, with_fields};
use superpose_files::table::{Table, TableError, Tables};
use superpose_store::record::Measured;

/// One row a trained cell.
pub fn overlaps(run: &Run) -> Table {
    let names = setting_fields(run);
    let trained = run.finished.iter().filter_map(|f| Some((f, f.measured()?)));
    let trained: Vec<(&Finished, &Measured)> = trained.collect();
    let d = |f: &Finished| f.record.cell.model.d_hidden;
    let random = |f: &Finished| random_mean_square(d(f));
    let question = "Do the squared overlaps fall as 1/d?";
    let table = Table::of(
        "overlaps",
        question,
        &trained,
        &[
            ("setting", "the swept fields in one line", &|(f, _)| label(&values(&names, f)).into()),
            ("d_hidden", "hidden width d", &|(f, _)| d(f).into()),
            ("seed", "seed of the initial weights", &|(f, _)| f.record.cell.train.seed.into()),
            (
                "mean_square",
                "mean cos² between rows of W, over all that are not zero",
                &|(_, m)| m.overlap_mean_square.into(),
            ),
            ("mean_square_strong", "the same over rows with norm above 1", &|(_, m)| {
                m.overlap_mean_square_strong.into()
            }),
            ("random", "prediction for random directions: 1/d", &|(f, _)| random(f).into()),
            ("welch", "least mean cos² of n unit vectors: (n−d)/(d(n−1))", &|(_, m)| {
                m.overlap_welch.into()
            }),
            ("excess", "`mean_square` over `random`", &|(f, m)| {
                (m.overlap_mean_square / random(f)).into()
            }),
        ],
    );
    with_fields(table, &names, trained.iter().map(|(f, _)| row_start(&values(&names, f))))
}

/// The mean squared overlap of the features' directions against width.
///
/// # Errors
/// [`TableError`] when there is no table `overlaps` or it lacks a column.
pub fn draw(tables: &Tables) -> Result<Picture, TableError> {
    let table = tables.get("overlaps")?;
    let facets = Facets::of(table, &[], None, &|_| String::new())?;
    let guides = [
        Guide { column: "random", label: "random directions: 1/d", mark: Mark::Line },
        Guide { column: "welch", label: "Welch bound: (n−d) / d(n−1)", mark: Mark::Dotted },
    ];
    let width = Axis::logarithmic("hidden width d").ticked_at(&table.numbers("d_hidden")?);
    let columns = facets.lines(Lines {
        guides: &guides,
        mark: Mark::Dots,
        is_parted: true,
        ..Lines::plain(
            ("d_hidden", width),
            ("mean_square", Axis::logarithmic("mean cos² between rows of W")),
        )
    });
    let caption = "One dot a cell, over all rows that are not zero. Table: overlaps.csv.";
    let panels = (facets.n_columns(), lines(&facets.table, &columns)?);
    Ok(grid("overlap_by_width", "Mean squared overlap of feature directions", panels, caption))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_excess_is_over_random_directions() {
        let mut run = Run::planted(&[|c| c.model.d_hidden = 8], |_| 1.0);
        run.finished[0].record.measured.as_mut().unwrap().overlap_mean_square = 0.3125;
        let table = overlaps(&run);
        assert!((table.numbers("excess").unwrap()[0] - 2.5).abs() < 1e-12);
    }
}
