//! What each feature has to itself: its dimensionality, against how rare features are.

use superpose_figures::axis::Axis;
use superpose_figures::chart::{Mark, NamesAt, Point, Series};
use superpose_figures::colour_bar::ColourScale;
use superpose_figures::lines::{Lines, lines};
use superpose_figures::palette::GREY;
use superpose_figures::panel::Panel;
use superpose_figures::study::Picture;
use superpose_files::table::{Table, TableError, Tables};

use crate::facets::varied;
use crate::models::{Models, Seen};
use crate::pictures::picture;
use crate::run::Run;
use crate::settings::{row_start, setting_fields, values, with_fields};

/// Dimensionalities of regular arrangements: each feature of a tetrahedron (three dimensions for four features), a
/// triangle, an antipodal pair, a pentagon, a square antiprism.
///
/// **Source**: Elhage et al. 2022, "Toy Models of Superposition".
pub const FRACTIONS: [(f64, &str); 5] =
    [(0.75, "3/4"), (2.0 / 3.0, "2/3"), (0.5, "1/2"), (0.4, "2/5"), (0.375, "3/8")];

/// Dots that a picture has at most; of more features some are drawn.
const MOST_DOTS: usize = 4000;

/// One row a feature of a trained cell.
pub fn features(run: &Run, models: &Models<'_>) -> Table {
    let names = setting_fields(run);
    let rows: Vec<(&Seen<'_>, usize)> =
        models.seen.iter().flat_map(|s| (0..s.bias.len()).map(move |i| (s, i))).collect();
    let question = "What has each feature to itself?";
    let probability = |(seen, i): &(&Seen<'_>, usize)| seen.finished.probabilities.get(*i).copied();
    let density = |seen: &Seen<'_>| {
        let cell = &seen.finished.record.cell;
        cell.model.n_features as f64 / cell.data.activation_density
    };
    let shared = |(seen, i): &(&Seen<'_>, usize)| 1.0 - seen.features.dimensionality[*i];
    let table = Table::of(
        "features",
        question,
        &rows,
        &[
            ("d_hidden", "hidden width d", &|r| r.0.finished.record.cell.model.d_hidden.into()),
            ("n_features", "number of features n", &|r| r.0.bias.len().into()),
            ("inverse_density", "n over the mean number of active features, n/E", &|r| {
                density(r.0).into()
            }),
            ("seed", "seed of the initial weights", &|r| {
                r.0.finished.record.cell.train.seed.into()
            }),
            ("cell_id", "identity of the cell", &|r| r.0.finished.record.cell_id.as_str().into()),
            ("feature", "number of the feature, from 1", &|r| (r.1 + 1).into()),
            ("probability", "probability p_i that it is active", &|r| probability(r).into()),
            ("importance", "its weight in the loss", &|r| {
                r.0.importance.as_ref().map_or(1.0, |importance| importance[r.1]).into()
            }),
            ("norm", "norm of its row of W, in entries of W", &|r| r.0.features.norms[r.1].into()),
            ("bias", "its bias b_i, in values of a feature", &|r| f64::from(r.0.bias[r.1]).into()),
            (
                "dimensionality",
                "D_i = ‖W_i‖² / Σ_j (Ŵ_i·W_j)²; zero for a row of zeros",
                &|r| r.0.features.dimensionality[r.1].into(),
            ),
            ("shared", "the share of its direction that other features take, 1 − D_i", &|r| {
                shared(r).into()
            }),
            ("is_dead", "1 if its output cannot fire, else 0", &|r| {
                usize::from(r.0.features.dead[r.1]).into()
            }),
        ],
    );
    let starts = rows.iter().map(|(seen, _)| row_start(&values(&names, seen.finished)));
    with_fields(table, &names, starts)
}

/// The dimensionality of every feature against what is swept: how rare features are, or else the width.
///
/// # Errors
/// [`TableError`] when there is no table `features` or it lacks a column.
pub fn draw(tables: &Tables) -> Result<Picture, TableError> {
    let mut table = tables.get("features")?.clone();
    let n_rows = table.rows.len();
    // Rows that are zero have no direction.
    let norm = table.column("norm")?;
    table.rows.retain(|row| row[norm].number().is_some_and(|norm| norm > 0.0));
    let stride = table.rows.len().div_ceil(MOST_DOTS).max(1);
    table.rows = table.rows.into_iter().step_by(stride).collect();
    let (x, axis) = abscissa(&table)?;
    let columns = Lines {
        mark: Mark::Dots,
        colour: Some(("norm", ColourScale::linear("‖W_i‖"))),
        ..Lines::plain(
            (&x, axis),
            ("dimensionality", Axis::linear("dimensionality D_i").from_to(0.0, 1.05)),
        )
    };
    let mut panels = lines(&table, &columns)?;
    for panel in &mut panels {
        let Panel::Chart(chart) = panel else { continue };
        let ends = chart.series.iter().flat_map(|s| &s.points).map(|p| p.x);
        let (low, high) = ends
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
        let fraction = |(value, name): (f64, &str)| Series {
            names: vec![String::new(), name.to_owned()],
            names_at: NamesAt::Above,
            ..Series::line(GREY, vec![Point::at(low, value), Point::at(high, value)])
        };
        chart.series.splice(0..0, FRACTIONS.map(fraction));
    }
    let thinned = match stride {
        1 => String::new(),
        _ => format!(" One feature in {stride} of {n_rows} is drawn."),
    };
    let caption = format!(
        "One dot a feature. Dotted: what each feature has in regular arrangements (3/4 tetrahedron, 2/3 triangle, \
         1/2 antipodal pair, 2/5 pentagon, 3/8 square antiprism).{thinned} Table: features.csv."
    );
    Ok(picture("dimensionality", "Dimensions that each feature has to itself", panels, &caption))
}

/// The column that dimensionalities are drawn against: how rare features are where that was swept, else the width,
/// else the field with most numbers.
fn abscissa(table: &Table) -> Result<(String, Axis), TableError> {
    let fields = varied(table, &[])?;
    let rarity = ["data.activation_density", "model.n_features"];
    if fields.iter().any(|field| rarity.contains(&field.column.as_str())) {
        return Ok(("inverse_density".to_owned(), Axis::logarithmic("1/density: n/E")));
    }
    let widths = table.numbers("d_hidden")?;
    let has_one_width = widths.windows(2).all(|pair| pair[0].total_cmp(&pair[1]).is_eq());
    match fields.iter().find(|field| field.is_of_numbers()) {
        Some(field) if has_one_width => Ok((field.column.clone(), field.axis())),
        _ => Ok(("d_hidden".to_owned(), Axis::logarithmic("hidden width d").ticked_at(&widths))),
    }
}

#[cfg(test)]
mod tests {
    use superpose_toy::cell::Cell;

    use super::*;
    use crate::models::tests::planted;

    #[test]
    fn every_feature_has_a_row_and_a_dot_against_how_rare_it_is() {
        let cells: [fn(&mut Cell); 2] =
            [|c| c.data.activation_density = 1.0, |c| c.data.activation_density = 0.1];
        let run = Run::planted(&cells, |_| 1.0);
        let table = features(&run, &planted(&run));
        assert_eq!(table.rows.len(), 2 * 3);
        let of = |column: &str| table.numbers(column).unwrap();
        assert_eq!(of("feature")[..3], [1.0, 2.0, 3.0]);
        assert!((of("inverse_density")[3] / of("inverse_density")[0] - 10.0).abs() < 1e-9);
        assert_eq!((of("is_dead")[2], of("shared")[0]), (1.0, 0.5));
        let picture = draw(&[table].into_iter().collect()).unwrap();
        let [Panel::Chart(chart)] = &picture.sheet.panels[..] else { panic!("a chart") };
        // A row of zeros has no direction, and no dot.
        let dots: usize =
            chart.series.iter().filter(|s| s.mark == Mark::Dots).map(|s| s.points.len()).sum();
        assert_eq!((dots, &*chart.x.label), (4, "1/density: n/E"));
        let named = chart.series.iter().filter(|s| !s.names.is_empty()).count();
        assert_eq!(named, FRACTIONS.len());
    }
}
