//! `theory redundancy dimension`: the dimension of a set of points, by several estimators.
//!
//! [`neighbours`] has clouds of points and the estimators by distances to neighbours (Facco et al.
//! 2017; Levina & Bickel 2004), [`pairs`] that by close pairs (Grassberger & Procaccia 1983),
//! [`boxes`] that by boxes, and [`known_sets`] what they are checked with; here are the table and
//! the picture.

pub mod boxes;
pub mod known_sets;
pub mod neighbours;
pub mod pairs;

use superpose_figures::axis::Axis;
use superpose_figures::chart::Mark;
use superpose_figures::lines::{ErrorBars, Guide, Lines, lines};
use superpose_figures::study::{Note, Picture, Study};
use superpose_files::table::{Table, TableError, Tables};
use superpose_stats::power_law::PowerLawError;

use self::boxes::box_dimension;
use self::known_sets::KnownSet;
use self::neighbours::{Estimate, PointCloud, neighbour_dimension, two_nearest_dimension};
use self::pairs::correlation_dimension;
use crate::answer::{alone, answer};
use crate::error::LawError;

/// The table `redundancy_dimension`, one row an estimator, beside the dimension if it is known;
/// what one cannot do stands in its row.
pub fn study(cloud: &PointCloud, n_neighbours: usize, known: Option<KnownSet>) -> Study {
    let table = by_estimator(cloud, n_neighbours, known);
    let notes = Note::first(&table);
    answer([table], draw, notes)
}

fn by_estimator(cloud: &PointCloud, n_neighbours: usize, known: Option<KnownSet>) -> Table {
    let mut table = Table::new(
        "redundancy_dimension",
        "How many dimensions does the data have?",
        &[
            (
                "estimator",
                "two nearest neighbours (Facco et al. 2017), k nearest (Levina & Bickel 2004), pairs within a radius (Grassberger & Procaccia 1983), or boxes that hold a point",
            ),
            ("dimension", "the estimate; neighbours underestimate above about eight dimensions"),
            ("standard_error", "its standard error"),
            ("r_squared", "R² of the line, of pairs and of boxes"),
            (
                "known",
                "the dimension of a known set; of Hénon's and Lorenz's attractors that of pairs, as measured",
            ),
            ("problem", "why there is no estimate"),
        ],
    );
    // Boxes have a dimension of their own where measure and set differ.
    let known_of_boxes = known.filter(|set| set.is_self_similar());
    for (name, known, found) in [
        ("two nearest", known, two_nearest_dimension(cloud)),
        (&*format!("{n_neighbours} nearest"), known, neighbour_dimension(cloud, n_neighbours)),
        ("pairs", known, correlation_dimension(cloud)),
        ("boxes", known_of_boxes, box_dimension(cloud)),
    ] {
        let of = |get: fn(&Estimate) -> Option<f64>| found.as_ref().ok().and_then(get).into();
        table.push(vec![
            name.into(),
            of(|found| Some(found.dimension)),
            of(|found| found.standard_error),
            of(|found| found.r_squared),
            known.map(KnownSet::dimension).into(),
            found.as_ref().err().map(ToString::to_string).into(),
        ]);
    }
    table
}

/// The refusal of numbers of boxes or of pairs without a line.
fn no_line(why: &PowerLawError) -> LawError {
    LawError(format!("the logarithms have no line: {why}"))
}

fn draw(tables: &Tables) -> Result<Vec<Picture>, TableError> {
    let guides = [Guide { column: "known", label: "known", mark: Mark::Line }];
    let columns = Lines {
        guides: &guides,
        error_bars: ErrorBars::Deviation("standard_error"),
        mark: Mark::Bars,
        ..Lines::plain(("estimator", Axis::linear("")), ("dimension", Axis::linear("dimension")))
    };
    let panels = lines(tables.get("redundancy_dimension")?, &columns)?;
    let caption = "Bars: standard error. Table: redundancy_dimension.csv.";
    alone("redundancy_dimension", ("Dimension of a set of points", caption), 1, panels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_estimators_agree_on_a_plane() {
        let set = KnownSet::Cube(2);
        let cloud = set.points(2000, 1).unwrap();
        let found = by_estimator(&cloud, 10, Some(set)).numbers("dimension").unwrap();
        assert!(found.len() == 4 && found.iter().all(|d| (d - 2.0).abs() < 0.2), "{found:?}");
    }

    #[test]
    fn what_an_estimator_cannot_do_is_said_in_its_row() {
        let cloud = PointCloud::new(&[0.0, 1.0, 2.5, 4.0], 1).unwrap();
        let table = by_estimator(&cloud, 10, None);
        assert!(table.words("problem").unwrap()[1].contains("10"));
    }
}
