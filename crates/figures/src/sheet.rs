//! Several panels in a grid, under one title and over one caption.

use crate::Drawn;
use crate::arrangement::Arrangement;
use crate::canvas::draw_twice;
use crate::chart::{Chart, Series};
use crate::colour_bar::Shades;
use crate::font;
use crate::panel::Panel;
use crate::render::{WIDTH, render};

/// Coordinates of the SVG to a unit, so that narrow bars are not rounded away.
const FINENESS: u32 = 4;
/// Left and right of everything, in units.
pub(crate) const MARGIN: u32 = 20;
/// Letters of the caption.
pub(crate) const CAPTION: u32 = 13;

/// Whether panels have the same axes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Axes {
    /// They have, where axes say the same; numbers stand at the outer panels alone.
    Shared,
    /// The horizontal one is shared; each panel has its own vertical one. Where panels are very
    /// small, that one has no numbers: heights are to be compared within a panel.
    SharedX,
    /// Each panel has its own.
    Own,
}

/// Several panels.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    /// What they show.
    pub title: String,
    /// Panels in a row.
    pub columns: usize,
    /// The panels, row by row.
    pub panels: Vec<Panel>,
    /// Whether they have the same axes.
    pub axes: Axes,
    /// How to read the marks, and where the numbers stand; broken into lines where it must be
    /// (not at a no-break space).
    pub caption: String,
}

/// The sheet as SVG and as PNG. A chart alone is drawn as [`render`] does.
///
/// # Errors
/// What the drawing library said, or a letter that the font does not have.
pub fn render_sheet(sheet: &Sheet) -> Result<Drawn, String> {
    for text in [&sheet.title, &sheet.caption] {
        font::check(text)?;
    }
    for panel in &sheet.panels {
        panel.texts().iter().try_for_each(|text| font::check(text))?;
    }
    if let [Panel::Chart(chart)] = &sheet.panels[..] {
        let titles = [&*sheet.title, &*chart.title];
        let titles: Vec<&str> = titles.into_iter().filter(|t| !t.is_empty()).collect();
        let caption = font::lines(&sheet.caption, CAPTION, WIDTH - 2 * MARGIN)?;
        let (title, caption) = (titles.join(": "), caption.join("\n"));
        return render(&Chart { title, caption, ..chart.clone() });
    }
    draw_twice(&Arrangement::of(sheet)?, FINENESS)
}

/// Which of the axes the panels share: those that say the same in every panel, if asked.
pub(crate) fn shared(sheet: &Sheet) -> [bool; 2] {
    let asked = match sheet.axes {
        Axes::Shared => [true, true],
        Axes::SharedX => [true, false],
        Axes::Own => [false, false],
    };
    let alike = |axis: usize| {
        let kind = |p: &Panel| (std::mem::discriminant(p), p.axes()[axis].clone());
        sheet.panels.windows(2).all(|pair| kind(&pair[0]) == kind(&pair[1]))
    };
    [asked[0] && alike(0), asked[1] && alike(1)]
}

/// The ends of each panel's axes, together where they are shared.
pub(crate) fn ends(sheet: &Sheet, shared: [bool; 2]) -> Vec<Option<[(f64, f64); 2]>> {
    let own: Vec<_> = sheet.panels.iter().map(Panel::ends).collect();
    let union = own
        .iter()
        .flatten()
        .copied()
        .reduce(|a, b| [0, 1].map(|axis| (a[axis].0.min(b[axis].0), a[axis].1.max(b[axis].1))));
    let merged = |ends: &Option<[(f64, f64); 2]>| {
        // Where an axis is shared a panel without marks has it, too.
        let (union, own) = (union?, ends.or(union.filter(|_| shared[0] || shared[1]))?);
        Some([0, 1].map(|axis| if shared[axis] { union[axis] } else { own[axis] }))
    };
    own.iter().map(merged).collect()
}

/// The bar that holds for all panels, if their colours mean the same.
pub(crate) fn common_bar(panels: &[Panel], shades: &[Option<Shades>]) -> Option<Shades> {
    let mut all = shades.iter().flatten();
    let first = all.next()?;
    let given = panels.iter().filter_map(Panel::colours).all(|c| c.range.is_some());
    ((given || panels.len() == 1) && all.all(|other| other == first)).then(|| first.clone())
}

/// The entries of a legend that holds for all panels; `None` when a colour and mark means one thing
/// here and another there.
pub(crate) fn common_legend(panels: &[Panel]) -> Option<Vec<&Series>> {
    let mut entries: Vec<&Series> = Vec::new();
    let charts = panels.iter().filter_map(|p| match p {
        Panel::Chart(chart) => Some(chart),
        Panel::HeatMap(_) | Panel::Histogram(_) => None,
    });
    for series in charts.flat_map(Chart::legend) {
        let look = |s: &Series| (s.colour, s.mark);
        match entries.iter().find(|s| look(s) == look(series) || s.label == series.label) {
            Some(same) if look(same) == look(series) && same.label == series.label => {}
            Some(_) => return None,
            None => entries.push(series),
        }
    }
    Some(entries)
}

#[cfg(test)]
mod tests {
    use plotters::style::RGBColor;
    use superpose_files::table::Table;

    use super::*;
    use crate::axis::Axis;
    use crate::chart::{Mark, Series};
    use crate::colour_bar::ColourScale;
    use crate::heat_maps::{HeatMaps, heat_maps};
    use crate::histograms::{Histograms, histograms};
    use crate::lines::{ErrorBars, Lines, lines};

    const CSV: &str = "d,gamma,loss,high\n1,-1,0.5,2\n2,-1,0.25,3\n1,1,0.75,2\n";

    fn table() -> Table {
        Table::from_csv("t", CSV.as_bytes()).unwrap()
    }

    fn charts(group: Option<&'static str>) -> Vec<Panel> {
        let columns = Lines {
            x: "d",
            y: "loss",
            error_bars: ErrorBars::None,
            group,
            group_label: if group.is_some() { "γ" } else { "" },
            panel: Some("gamma"),
            panel_label: "γ",
            guides: &[],
            published: None,
            colour: None,
            x_axis: Axis::linear("width"),
            y_axis: Axis::linear("test loss"),
            mark: Mark::Dots,
        };
        lines(&table(), &columns).unwrap()
    }

    fn maps() -> Vec<Panel> {
        let columns = HeatMaps {
            x: "d",
            y: "gamma",
            value: "loss",
            panel: None,
            panel_label: "",
            x_label: "width",
            y_label: "decay",
            colours: ColourScale::linear("test loss"),
        };
        heat_maps(&table(), &columns).unwrap()
    }

    fn bars() -> Vec<Panel> {
        let columns = Histograms {
            low: "d",
            high: "high",
            height: "loss",
            panel_row: None,
            row_label: "",
            panel_column: Some("gamma"),
            column_label: "γ",
            colour: None,
            x_label: "norm",
            y_label: "share",
            guides: &[0.5],
        };
        histograms(&table(), &columns).unwrap().panels
    }

    fn sheet(panels: Vec<Panel>) -> Sheet {
        let (title, caption) = ("Some title".to_owned(), "Some caption.".to_owned());
        Sheet { title, columns: 2, panels, axes: Axes::Shared, caption }
    }

    fn drawn(panels: Vec<Panel>) -> String {
        let drawn = render_sheet(&sheet(panels)).unwrap();
        assert!(drawn.png.starts_with(b"\x89PNG"));
        String::from_utf8(drawn.svg).unwrap()
    }

    #[test]
    fn every_kind_of_panel_is_drawn_with_its_texts() {
        let cases: [(Vec<Panel>, &[&str]); 4] = [
            (charts(None), &["γ = −1", "width", "test loss"]),
            (charts(None)[..1].to_vec(), &["Some title: γ = −1", "width"]),
            (maps(), &["width", "decay", "test loss", "0.75"]),
            (bars(), &["γ = 1", "norm", "share"]),
        ];
        for (panels, texts) in cases {
            let svg = drawn(panels);
            for text in texts.iter().chain(&["Some title", "Some caption."]) {
                assert!(svg.contains(text), "{text}");
            }
        }
        drawn(vec![]);
        drawn([charts(None), maps(), bars()].concat());
    }

    #[test]
    fn every_dot_of_every_chart_is_a_circle() {
        assert_eq!(drawn(charts(None)).matches("<circle").count(), 3);
    }

    #[test]
    fn a_cell_that_was_not_measured_is_crossed_out() {
        // Three of four cells have a row.
        assert_eq!(drawn(maps()).matches("#EEEEEE").count(), 1);
        assert_eq!(drawn(maps()).matches("#BEBEBE").count(), 1);
    }

    #[test]
    fn axes_are_shared_where_they_say_the_same() {
        let mut sheet = sheet(charts(None));
        assert_eq!(shared(&sheet), [true, true]);
        let ends = ends(&sheet, [true, true]);
        assert_eq!(ends[0], ends[1]);
        sheet.panels.extend(maps());
        assert_eq!(shared(&sheet), [false, false]);
    }

    #[test]
    fn one_legend_holds_for_all_charts_unless_colours_would_lie() {
        assert_eq!(common_legend(&charts(Some("gamma"))).unwrap().len(), 2);
        let mut panels = charts(Some("gamma"));
        let Panel::Chart(chart) = &mut panels[1] else { panic!("a chart") };
        chart.series[0].label = "something else".to_owned();
        assert!(common_legend(&panels).is_none());
        drawn(panels);
    }

    #[test]
    fn a_sheet_grows_so_that_its_legend_is_whole() {
        let mut panels = charts(None)[..1].to_vec();
        let Panel::Chart(chart) = &mut panels[0] else { panic!("a chart") };
        let series = chart.series[0].clone();
        let entry = |k: u8| {
            let (label, colour) = (format!("entry {k}."), RGBColor(k, 0, 0));
            Series { label, colour, ..series.clone() }
        };
        chart.series = (0..24).map(entry).collect();
        // Alone, and beside another.
        for panels in [panels.clone(), [panels.clone(), panels].concat()] {
            let svg = drawn(panels);
            assert!((0..24).all(|k| svg.contains(&format!("entry {k}."))));
        }
    }

    #[test]
    fn a_letter_that_the_font_lacks_is_refused() {
        let mut sheet = sheet(maps());
        sheet.caption.push('‖');
        assert!(render_sheet(&sheet).unwrap_err().contains('‖'));
    }
}
