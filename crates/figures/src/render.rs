//! From a sheet to a picture: as SVG, and as PNG, which is drawn from the SVG.

use crate::arrangement::Arrangement;
use crate::canvas::Canvas;
use crate::font;
use crate::raster;
use crate::sheet::Sheet;
use crate::svg::escaped;

/// Pixels of the PNG to a unit.
const PIXELS: u32 = 2;
/// Coordinates of the SVG to a unit: far finer than a pixel, so that no line wobbles.
const FINENESS: u32 = 10;

/// A picture, drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// As SVG.
    pub svg: Vec<u8>,
    /// As PNG.
    pub png: Vec<u8>,
}

/// The sheet as SVG and as PNG.
///
/// # Errors
/// What the drawing library or the rasteriser said.
pub fn render(sheet: &Sheet) -> Result<Drawn, String> {
    let svg = svg(sheet)?;
    let png = raster::png(&svg, PIXELS)?;
    Ok(Drawn { svg: svg.into_bytes(), png })
}

/// The sheet as SVG.
///
/// # Errors
/// What the drawing library said.
pub fn svg(sheet: &Sheet) -> Result<String, String> {
    let scene = Arrangement::of(sheet);
    let canvas = Canvas::new(scene.size, FINENESS);
    scene.draw(&canvas)?;
    let tags = canvas.tags();
    let ((width, height), (x, y)) = (scene.size, canvas.at(scene.size.0, scene.size.1));
    // The file says its size in units, whatever its coordinates are.
    Ok(format!(
        "<svg width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {x} {y}\" xmlns=\"http://www.w3.org/2000/svg\" \
         role=\"img\" aria-labelledby=\"title description\" font-family=\"{}\">\n\
         <title id=\"title\">{}</title>\n<desc id=\"description\">{}</desc>\n{}\
         <rect width=\"{x}\" height=\"{y}\" fill=\"#FFFFFF\"/>\n{tags}</svg>\n",
        font::FAMILIES,
        escaped(&scene.title),
        escaped(&sheet.caption),
        font::style(&tags),
    ))
}

#[cfg(test)]
mod tests {
    use plotters::style::RGBColor;
    use superpose_files::table::Table;

    use super::*;
    use crate::axis::Axis;
    use crate::chart::{Mark, Series};
    use crate::colour_bar::ColourScale;
    use crate::common::{ends, legend, shared};
    use crate::heat_maps::{HeatMaps, heat_maps};
    use crate::histograms::{Histograms, histograms};
    use crate::lines::{Lines, lines};
    use crate::panel::Panel;
    use crate::sheet::Axes;

    const CSV: &str = "d,gamma,loss,high\n1,-1,0.5,2\n2,-1,0.25,3\n1,1,0.75,2\n";

    fn table() -> Table {
        Table::from_csv("t", CSV.as_bytes()).unwrap()
    }

    fn charts(group: Option<&'static str>) -> Vec<Panel> {
        let columns = Lines {
            group,
            group_label: if group.is_some() { "γ" } else { "" },
            panel: Some("gamma"),
            panel_label: "γ",
            mark: Mark::Dots,
            ..Lines::plain(("d", Axis::linear("width")), ("loss", Axis::linear("test loss")))
        };
        lines(&table(), &columns).unwrap()
    }

    fn maps() -> Vec<Panel> {
        let columns = HeatMaps {
            x: "d",
            y: "gamma",
            value: "loss",
            row: None,
            row_label: "",
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
        let drawn = render(&sheet(panels)).unwrap();
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
    fn the_title_of_a_single_panel_is_said_once() {
        let mut sheet = sheet(charts(None)[..1].to_vec());
        sheet.title = "Losses at γ = −1".to_owned();
        let svg = String::from_utf8(render(&sheet).unwrap().svg).unwrap();
        // In the picture and in its own title.
        assert_eq!(svg.matches(">Losses at γ = −1<").count(), 2);
        assert_eq!(svg.matches("γ = −1").count(), 2);
    }

    #[test]
    fn every_dot_of_every_chart_is_a_circle() {
        assert_eq!(drawn(charts(None)).matches("<circle").count(), 3);
    }

    #[test]
    fn the_png_has_two_pixels_a_unit_and_what_the_svg_has() {
        let drawn = render(&sheet(charts(None))).unwrap();
        let svg = String::from_utf8(drawn.svg).unwrap();
        let size = |name: &str| -> u32 {
            let start = svg.find(&format!(" {name}=\"")).unwrap() + name.len() + 3;
            svg[start..].split('"').next().unwrap().parse().unwrap()
        };
        let mut reader = png::Decoder::new(std::io::Cursor::new(drawn.png)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((info.width, info.height), (2 * size("width"), 2 * size("height")));
        // White at the corner, and dots in their colour.
        assert_eq!(pixels[..3], [255; 3]);
        assert!(pixels.chunks(3).filter(|p| **p == [0, 114, 178]).count() > 3 * 50);
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
        assert_eq!(legend(&charts(Some("gamma"))).unwrap().len(), 2);
        let mut panels = charts(Some("gamma"));
        let Panel::Chart(chart) = &mut panels[1] else { panic!("a chart") };
        chart.series[0].label = "something else".to_owned();
        assert!(legend(&panels).is_none());
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
    fn a_letter_that_the_font_lacks_costs_a_letter() {
        let mut sheet = sheet(charts(Some("gamma")));
        let boxes = render(&sheet).unwrap();
        sheet.title = "模型 🙂".to_owned();
        sheet.caption = "‖W‖ 数据 <script>&\u{1b}[2J".to_owned();
        let Panel::Chart(chart) = &mut sheet.panels[0] else { panic!("a chart") };
        chart.x.label = "幅".to_owned();
        chart.series[0].label = "数".to_owned();
        let drawn = render(&sheet).unwrap();
        let svg = String::from_utf8(drawn.svg).unwrap();
        for text in ["模型 🙂", "‖W‖ 数据 ", "幅", "数", "&lt;script&gt;&amp;\u{FFFD}[2J"]
        {
            assert!(svg.contains(text), "{text}");
        }
        assert!(drawn.png.starts_with(b"\x89PNG") && drawn.png != boxes.png);
    }
}
