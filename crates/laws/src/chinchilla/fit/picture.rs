//! The picture of a fit: runs of one compute, the plane of sizes and tokens, the best use of compute, and how sure
//! the fit is.

use superpose_figures::axis::Axis;
use superpose_figures::chart::{Mark, Point, Series};
use superpose_figures::colour_bar::ColourScale;
use superpose_figures::lines::{ErrorBars, Guide, Lines, lines};
use superpose_figures::palette::{GREY, guide};
use superpose_figures::panel::Panel;
use superpose_figures::study::Picture;
use superpose_files::table::{Field, Table, TableError, Tables};

use crate::answer::{alone, each_chart, number, overlaid};
use crate::fits::{n_different, range};

/// Curves of one compute that have colours of their own; more are told apart on a scale.
const FEW: usize = 6;

/// The picture `chinchilla`.
///
/// # Errors
/// [`TableError`] when a table lacks a column.
pub(super) fn draw(tables: &Tables) -> Result<Vec<Picture>, TableError> {
    let losses = match tables.get("chinchilla_isoflop_curves")? {
        curves if curves.rows.is_empty() => losses_by_size(tables.get("chinchilla_runs")?)?,
        curves => parabolas(curves)?,
    };
    let panels = [
        losses,
        plane(tables)?,
        best(tables, ["N", "N_low", "N_high"], "parameters N")?,
        best(tables, ["D", "D_low", "D_high"], "tokens D")?,
        residuals(tables.get("chinchilla_runs")?)?,
        profile(tables)?,
    ];
    let fit = tables.get("chinchilla_fit")?;
    let of_intervals = match interval_of_e(fit)? {
        Some(_) => "; the 95 % interval of E. Intervals are by bootstrap over runs",
        None => "",
    };
    let caption = format!(
        "{} Shaded: the compute of runs{of_intervals}. Tables: chinchilla_isoflop_curves.csv, chinchilla_isoflop.csv, \
         chinchilla_runs.csv, chinchilla_contours.csv, chinchilla_frontier.csv, chinchilla_profile.csv, \
         chinchilla_fit.csv.",
        parameters(fit)?
    );
    alone("chinchilla", ("L = E + A/Nᵅ + B/Dᵝ", &caption), 3, panels.concat())
}

/// The parameters of the law that have no unit of the runs, with their intervals.
fn parameters(fit: &Table) -> Result<String, TableError> {
    let mut said = Vec::new();
    for [name, value, low, high] in fit.fields(["parameter", "value", "ci_low", "ci_high"])? {
        let symbol = match &*name.to_string() {
            "E" => "E",
            "alpha" => "α",
            "beta" => "β",
            "a" => "a of the best N ∝ Cᵃ",
            _ => continue,
        };
        let [value, low, high] = [value, low, high].map(number);
        let interval = match (low, high) {
            (Field::Missing, _) | (_, Field::Missing) => String::new(),
            (low, high) => format!(" ({} to {})", low.rounded(3), high.rounded(3)),
        };
        said.push(format!("{symbol} = {}{interval}", value.rounded(3)));
    }
    Ok(format!("{}.", said.join(", ")))
}

fn titled(title: &str, mut panels: Vec<Panel>) -> Vec<Panel> {
    each_chart(&mut panels, |chart| title.clone_into(&mut chart.title));
    panels
}

/// Losses against size, one colour a compute, with their parabolas.
fn parabolas(curves: &Table) -> Result<Vec<Panel>, TableError> {
    let n_curves = n_different(curves.numbers("C")?.into_iter());
    let of = |column, mark| Lines {
        group: Some("C"),
        group_label: "C",
        group_scale: (n_curves > FEW).then(|| ColourScale::logarithmic("compute C")),
        mark,
        ..Lines::plain(("N", Axis::logarithmic("parameters N")), (column, Axis::linear("loss")))
    };
    let mut laws = lines(curves, &of("parabola", Mark::Line))?;
    let mut lowest = lines(curves, &of("lowest", Mark::Rings))?;
    for panels in [&mut laws, &mut lowest] {
        // A compute has one entry in the legend, that of its runs.
        each_chart(panels, |chart| {
            chart.series.iter_mut().for_each(|series| series.label.clear());
        });
    }
    each_chart(&mut lowest, |chart| {
        let entry = Series::of("lowest point of a parabola", GREY, Mark::Rings, Vec::new());
        chart.series.push(entry);
    });
    let runs = lines(curves, &of("loss", Mark::Dots))?;
    Ok(titled("Runs of one compute", overlaid(overlaid(laws, runs), lowest)))
}

/// Losses against size, one colour for each number of tokens, with the law: where too few runs have one compute.
fn losses_by_size(runs: &Table) -> Result<Vec<Panel>, TableError> {
    let of = |column, mark| Lines {
        group: Some("D"),
        group_scale: Some(ColourScale::logarithmic("tokens D")),
        mark,
        ..Lines::plain(("N", Axis::logarithmic("parameters N")), (column, Axis::linear("loss")))
    };
    let law = lines(runs, &of("fitted", Mark::Line))?;
    Ok(titled("Losses, and the law", overlaid(law, lines(runs, &of("loss", Mark::Dots))?)))
}

/// Sizes and tokens of the runs, with their losses, the law's, and the best use of compute.
fn plane(tables: &Tables) -> Result<Vec<Panel>, TableError> {
    let runs = tables.get("chinchilla_runs")?;
    let scale = ColourScale::linear("loss").spanning(&runs.numbers("loss")?);
    let axes = || {
        let size = ("N", Axis::logarithmic("parameters N"));
        Lines::plain(size, ("D", Axis::logarithmic("tokens D")))
    };
    let contours =
        Lines { group: Some("loss"), group_scale: Some(scale.clone()), mark: Mark::Line, ..axes() };
    let best = Lines { group_label: "best use of compute", mark: Mark::Line, ..axes() };
    let of_runs = Lines { colour: Some(("loss", scale)), mark: Mark::Dots, ..axes() };
    let mut frontier = lines(&of_compute_of_runs(tables.get("chinchilla_frontier")?)?, &best)?;
    each_chart(&mut frontier, |chart| {
        chart.series.iter_mut().for_each(|series| series.colour = guide(1));
    });
    let contours = lines(tables.get("chinchilla_contours")?, &contours)?;
    // Where the law has no contours its frontier, which has the same axes, is all there is of it.
    let law = if contours.is_empty() { frontier } else { overlaid(contours, frontier) };
    Ok(titled("Runs, and the law's lines of one loss", overlaid(law, lines(runs, &of_runs)?)))
}

/// The frontier without what lies beyond the runs.
fn of_compute_of_runs(frontier: &Table) -> Result<Table, TableError> {
    let at = frontier.column("beyond")?;
    let rows = frontier.rows.iter().filter(|row| row[at] == Field::Missing).cloned().collect();
    Ok(Table { rows, ..frontier.clone() })
}

/// The best size, or tokens, by compute: the law's with its interval, and the lowest points of parabolas.
fn best(
    tables: &Tables,
    [column, low, high]: [&str; 3],
    label: &str,
) -> Result<Vec<Panel>, TableError> {
    let frontier = tables.get("chinchilla_frontier")?;
    let has_interval = frontier.numbers(low)?.iter().any(|low| low.is_finite());
    let axes = || {
        let compute = ("C", Axis::logarithmic("compute C = 6 N D"));
        Lines::plain(compute, (column, Axis::logarithmic(label)))
    };
    let law = Lines {
        error_bars: ErrorBars::Ends(low, high),
        group_label: if has_interval { "best by the law, 95 %" } else { "best by the law" },
        mark: Mark::Band,
        ..axes()
    };
    let lowest = Lines { mark: Mark::Rings, ..axes() };
    let mut lowest = lines(tables.get("chinchilla_isoflop")?, &lowest)?;
    each_chart(&mut lowest, |chart| {
        chart.series.iter_mut().for_each(|series| series.colour = GREY);
    });
    let mut panels = overlaid(lines(frontier, &law)?, lowest);
    let compute = tables.get("chinchilla_runs")?.numbers("C")?;
    each_chart(&mut panels, |chart| chart.window = Some(range(compute.iter().copied())));
    Ok(titled(&format!("Best {label} by compute"), panels))
}

/// How far the runs are from the law.
fn residuals(runs: &Table) -> Result<Vec<Panel>, TableError> {
    let compute = ("C", Axis::logarithmic("compute C = 6 N D"));
    let residual = ("residual", Axis::linear("ln fitted − ln loss"));
    let columns = Lines { mark: Mark::Dots, ..Lines::plain(compute, residual) };
    let mut panels = lines(runs, &columns)?;
    let (low, high) = range(runs.numbers("C")?.into_iter());
    each_chart(&mut panels, |chart| {
        let none = [low, high].map(|compute| Point::at(compute, 0.0)).to_vec();
        chart.series.insert(0, Series::line(GREY, none));
    });
    Ok(titled("Residuals", panels))
}

/// The objective by the irreducible loss, with what bounds its interval.
fn profile(tables: &Tables) -> Result<Vec<Panel>, TableError> {
    let guides = [Guide { column: "limit", label: "95 % by profile", mark: Mark::Dotted }];
    let held = ("E", Axis::linear("irreducible loss E, held"));
    let columns = Lines {
        guides: &guides,
        mark: Mark::Line,
        ..Lines::plain(held, ("objective", Axis::logarithmic("objective")))
    };
    let mut panels = lines(tables.get("chinchilla_profile")?, &columns)?;
    let interval = interval_of_e(tables.get("chinchilla_fit")?)?;
    each_chart(&mut panels, |chart| chart.window = interval);
    Ok(titled("Profile of the irreducible loss", panels))
}

/// The ends of the interval of the irreducible loss by bootstrap, if it has them.
fn interval_of_e(fit: &Table) -> Result<Option<(f64, f64)>, TableError> {
    let rows = fit.fields(["parameter", "ci_low", "ci_high"])?;
    let of_e = rows.iter().find(|[name, ..]| name.to_string() == "E");
    Ok(of_e.and_then(|[_, low, high]| low.number().zip(high.number())))
}

#[cfg(test)]
mod tests {
    use superpose_figures::chart::Chart;

    use super::*;
    use crate::chinchilla::fit::runs::Columns;
    use crate::chinchilla::fit::{FitOptions, study};
    use crate::chinchilla::law::{BESIROGLU, FLOP};

    /// The charts of the runs in a file.
    fn drawn(csv: &str) -> Vec<Chart> {
        let options = FitOptions { n_dropped: 0, held_out: 0.2, n_resamples: 10, seed: 0 };
        let table = Table::from_csv("runs.csv", csv.as_bytes()).unwrap();
        let found = study(&table, &Columns::default(), options, &|| ()).unwrap();
        // As from files.
        let read = |t: &Table| Table::from_csv(&t.name, &t.to_csv()).unwrap();
        let tables = found.tables.iter().map(read).collect();
        let sheet = (found.draw)(&tables).unwrap().swap_remove(0).sheet;
        let caption = sheet.caption;
        let (of_e, _) = caption.split_once(", α = ").unwrap();
        assert!(
            of_e.starts_with("E = 1.") && of_e.len() == "E = 1.817 (1.800 to 1.830)".len(),
            "{of_e}"
        );
        let chart = |panel| if let Panel::Chart(chart) = panel { chart } else { panic!("a chart") };
        sheet.panels.into_iter().map(chart).collect()
    }

    /// The charts of runs of so many computes, each of seven sizes about the best, on a law with a ripple.
    fn charts(n_computes: i32) -> Vec<Chart> {
        let mut csv = String::from("N,D,loss\n");
        for step in 0..n_computes {
            let compute = 1e18 * 10_f64.powf(0.5 * f64::from(step));
            let best = BESIROGLU.allocate(compute).unwrap().parameters;
            for k in -3..=3 {
                let n = best * 1.8_f64.powi(k);
                let d = compute / FLOP / n;
                let ripple = 1.0 + 1e-3 * f64::from((7 * step + 3 * k).rem_euclid(5) - 2);
                csv.push_str(&format!("{n},{d},{}\n", ripple * BESIROGLU.loss(n, d)));
            }
        }
        drawn(&csv)
    }

    fn n_points(chart: &Chart, mark: Mark) -> Vec<usize> {
        chart.series.iter().filter(|s| s.mark == mark).map(|s| s.points.len()).collect()
    }

    #[test]
    fn runs_of_one_compute_are_dots_along_their_parabola_with_a_ring_where_it_is_lowest() {
        let few = &charts(5)[0];
        assert_eq!(n_points(few, Mark::Dots), [7; 5]);
        assert_eq!(n_points(few, Mark::Line), [25 + 7 + 1; 5]);
        assert_eq!(n_points(few, Mark::Rings), [1, 1, 1, 1, 1, 0]);
        // An entry for each compute, and one for the rings.
        assert!(few.legend().len() == 6 && few.colours.is_none());
        let of = |mark| few.series.iter().find(|s| s.mark == mark).unwrap().colour;
        assert!(of(Mark::Dots) == of(Mark::Line) && of(Mark::Dots) == of(Mark::Rings));
        let many = &charts(8)[0];
        assert!(many.legend().len() == 1 && many.colours.is_some());
    }

    #[test]
    fn contours_the_frontier_and_intervals_are_those_of_the_runs() {
        let charts = charts(5);
        let plane = &charts[1];
        assert_eq!(n_points(plane, Mark::Dots), [35]);
        assert!(plane.colours.as_ref().unwrap().range.is_some());
        // Along a contour tokens stand in for parameters.
        let contours = plane.series.iter().filter(|s| s.mark == Mark::Line && s.label.is_empty());
        for contour in contours.clone() {
            assert!(contour.points.windows(2).all(|pair| pair[0].y >= pair[1].y), "{contour:?}");
        }
        assert!(contours.count() > 5);
        let frontier = plane.series.iter().find(|s| s.label == "best use of compute").unwrap();
        assert!(frontier.points.len() > 5 && frontier.points.len() < 41);
        for best in &charts[2..4] {
            assert_eq!(n_points(best, Mark::Band), [41]);
            assert_eq!(n_points(best, Mark::Rings), [5]);
            let (from, to) = best.window.unwrap();
            assert!((from / 1e18 - 1.0).abs() < 1e-9 && (to / 1e20 - 1.0).abs() < 1e-9);
        }
        let profile = &charts[5];
        assert_eq!(n_points(profile, Mark::Dotted), n_points(profile, Mark::Line));
        let (low, high) = profile.window.unwrap();
        assert!(low < high);
    }

    #[test]
    fn without_runs_of_one_compute_losses_stand_by_their_tokens_beside_the_law() {
        let mut csv = String::from("N,D,loss\n");
        for n in [1e8, 1e9, 1e10, 1e11] {
            for d in [1e9, 3e10, 9e11] {
                csv.push_str(&format!("{n},{d},{}\n", BESIROGLU.loss(n, d)));
            }
        }
        let losses = &drawn(&csv)[0];
        assert_eq!(n_points(losses, Mark::Dots), [4; 3]);
        assert_eq!(n_points(losses, Mark::Line), [4; 3]);
        assert!(losses.legend().is_empty() && losses.colours.is_some());
    }
}
