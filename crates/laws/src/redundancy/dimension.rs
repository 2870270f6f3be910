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
use superpose_files::table::{Field, Table, TableError, Tables};
use superpose_stats::power_law::{PowerLaw, fit_power_law};

use self::boxes::box_dimension;
use self::known_sets::KnownSet;
use self::neighbours::{Estimate, PointCloud, neighbour_dimension, two_nearest_dimension};
use self::pairs::correlation_dimension;
use crate::answer::{alone, answer, each_chart, number};
use crate::error::{LawError, ensure};

/// The share of the variance that a line through logarithms must explain to be one.
const LEAST_R_SQUARED: f64 = 0.9;

/// The table `redundancy_dimension`, one row an estimator, beside the dimension if it is known;
/// what one cannot do stands in its row. Each point counts once.
pub fn study(cloud: &PointCloud, n_neighbours: usize, known: Option<KnownSet>) -> Study {
    let (cloud, n_repeated) = cloud.distinct();
    let table = by_estimator(&cloud, n_neighbours, known, n_repeated);
    let mut notes = Note::first(&table);
    if n_repeated > 0 {
        notes.push(Note::Line(format!(
            "{n_repeated} points stand where another one does and are left out: {} are left",
            cloud.n_points()
        )));
    }
    answer([table], draw, notes)
}

fn by_estimator(
    cloud: &PointCloud,
    n_neighbours: usize,
    known: Option<KnownSet>,
    n_repeated: usize,
) -> Table {
    let mut table = Table::new(
        "redundancy_dimension",
        "How many dimensions does the data have?",
        &[
            (
                "estimator",
                "two nearest neighbours (Facco et al. 2017), k nearest (Levina & Bickel 2004), pairs within a radius (Grassberger & Procaccia 1983), or boxes that hold a point",
            ),
            ("dimension", "the estimate; neighbours underestimate above about eight dimensions"),
            (
                "standard_error",
                "its standard error, as if each point's neighbours were drawn for it alone: a little small",
            ),
            ("r_squared", "R² of the line, of pairs and of boxes"),
            (
                "known",
                "the dimension of a known set; of Hénon's and Lorenz's attractors that of pairs, as measured",
            ),
            ("problem", "why there is no estimate"),
            (
                "left_out",
                "points left out: those that repeat another one, and for boxes those far outside",
            ),
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
            (n_repeated + found.as_ref().map_or(0, |found| found.n_left_out)).into(),
        ]);
    }
    table
}

/// The line through the logarithms of sizes and numbers.
///
/// # Errors
/// [`LawError`] where they have none.
fn line(sizes: &[f64], numbers: &[f64]) -> Result<PowerLaw, LawError> {
    let line = fit_power_law(sizes, numbers)
        .map_err(|why| LawError(format!("the logarithms have no line: {why}")))?;
    ensure!(
        line.r_squared >= LEAST_R_SQUARED,
        "the logarithms follow no line: R² is {:.3}, less than {LEAST_R_SQUARED}",
        line.r_squared
    );
    Ok(line)
}

fn draw(tables: &Tables) -> Result<Vec<Picture>, TableError> {
    let table = tables.get("redundancy_dimension")?;
    let known = table.fields(["known"])?.into_iter().find(|[known]| **known != Field::Missing);
    let label = known.map_or(String::new(), |[known]| format!("known: {}", number(known).short()));
    let guides = [Guide { column: "known", label: &label, mark: Mark::Line }];
    let columns = Lines {
        guides: &guides,
        group_label: "estimate",
        error_bars: ErrorBars::Deviation("standard_error"),
        mark: Mark::Bars,
        ..Lines::plain(("estimator", Axis::linear("")), ("dimension", Axis::linear("dimension")))
    };
    let mut panels = lines(table, &columns)?;
    // The line over the bars, which would hide it.
    each_chart(&mut panels, |chart| {
        chart.series.sort_by_key(|series| series.mark == Mark::Line);
    });
    let mut caption = String::from("Error bars: standard error, which only neighbours have.");
    for [estimator, problem] in table.fields(["estimator", "problem"])? {
        if *problem != Field::Missing {
            caption.push_str(&format!(" No estimate by {estimator}: {problem}."));
        }
    }
    caption.push_str(" Table: redundancy_dimension.csv.");
    alone("redundancy_dimension", ("Dimension of a set of points", &caption), 1, panels)
}

#[cfg(test)]
mod tests {
    use superpose_figures::panel::Panel;

    use super::*;

    #[test]
    fn all_estimators_agree_on_a_plane() {
        let set = KnownSet::Cube(2);
        let cloud = set.points(2000, 1).unwrap();
        let found = by_estimator(&cloud, 10, Some(set), 0).numbers("dimension").unwrap();
        assert!(found.len() == 4 && found.iter().all(|d| (d - 2.0).abs() < 0.2), "{found:?}");
    }

    #[test]
    fn what_an_estimator_cannot_do_is_said_in_its_row() {
        let cloud = PointCloud::new(&[0.0, 1.0, 2.5, 4.0], 1).unwrap();
        let table = by_estimator(&cloud, 10, None, 0);
        let problem = &table.words("problem").unwrap()[1];
        assert!(
            problem.starts_with("--neighbours must be at least 2")
                && problem.ends_with("4, got 10"),
            "{problem}"
        );
    }

    #[test]
    fn points_given_twice_count_once_and_are_counted() {
        let set = KnownSet::Cube(2);
        let cloud = set.points(1000, 1).unwrap();
        let rows: Vec<f64> =
            (0..1000).chain(0..30).flat_map(|at| cloud.point(at)).chain([500.0, 0.5]).collect();
        let found = study(&PointCloud::new(&rows, 2).unwrap(), 10, Some(set));
        let table = found.tables.get("redundancy_dimension").unwrap();
        let alone = by_estimator(&cloud, 10, Some(set), 0);
        let of = |table: &Table, column: &str| table.numbers(column).unwrap();
        for (with, without) in of(table, "dimension").iter().zip(of(&alone, "dimension")) {
            assert!((with / without - 1.0).abs() < 0.02, "{with} {without}");
        }
        assert_eq!(of(table, "left_out"), [30.0, 30.0, 30.0, 31.0]);
        assert_eq!((of(table, "known"), of(&alone, "left_out")), (vec![2.0; 4], vec![0.0; 4]));
        let Some(Note::Line(line)) = found.notes.last() else { panic!("a line") };
        assert!(
            line.starts_with("30 points stand where") && line.ends_with("1001 are left"),
            "{line}"
        );
        let pictures = (found.draw)(&found.tables).unwrap();
        assert_eq!(pictures[0].sheet.panels.len(), 1);
    }

    #[test]
    fn a_picture_names_the_known_dimension_and_says_why_a_bar_is_missing() {
        let drawn = |known| {
            let cloud = PointCloud::new(&[0.0, 1.0, 2.5, 4.0], 1).unwrap();
            let found = study(&cloud, 10, known);
            let sheet = (found.draw)(&found.tables).unwrap().swap_remove(0).sheet;
            let [Panel::Chart(chart)] = &sheet.panels[..] else { panic!("a chart") };
            let labels: Vec<String> = chart.legend().iter().map(|s| s.label.clone()).collect();
            (labels, sheet.caption)
        };
        let (labels, caption) = drawn(Some(KnownSet::Cube(1)));
        assert_eq!(labels, ["estimate", "known: 1"]);
        assert!(caption.contains("No estimate by 10 nearest: --neighbours must be"), "{caption}");
        assert_eq!(drawn(None).0, ["estimate"]);
    }

    #[test]
    fn boxes_have_no_dimension_to_be_compared_with_on_attractors() {
        let cloud = KnownSet::Henon.points(300, 1).unwrap();
        let known = by_estimator(&cloud, 5, Some(KnownSet::Henon), 0).numbers("known").unwrap();
        assert!(known[..3].iter().all(|d| (d - 1.21).abs() < 1e-12) && known[3].is_nan());
    }
}
