//! Draws a chart that stands alone, as SVG and as PNG.

use plotters::prelude::*;

use crate::Drawn;
use crate::canvas::{Canvas, FAINT_TEXT, Outcome, Scene, TEXT, draw_twice};
use crate::chart::Chart;
use crate::frame::{Grid, Look, Side, frame};
use crate::legend;
use crate::marks::Marks;

/// Width of a figure in SVG units.
pub(crate) const WIDTH: u32 = 960;
const SIZE: (u32, u32) = (WIDTH, 560);
const LEGEND_WIDTH: u32 = 290;
/// The room for the text of its entries, and their letters.
const LEGEND_TEXT: u32 = LEGEND_WIDTH - 52;
const LETTERS: u32 = 15;
/// Where the legend begins and ends.
const LEGEND_TOP: i32 = 66;
const LEGEND_END: i32 = 500;
/// The height of the bar that says what colours mean, if there is one; it stands below
/// the legend.
const BAR_HEIGHT: u32 = 200;

/// The chart as SVG and as PNG.
///
/// # Errors
/// What the drawing library said.
pub fn render(chart: &Chart) -> Result<Drawn, String> {
    draw_twice(&Alone::of(chart)?, 1)
}

/// A chart and nothing else.
struct Alone<'a> {
    chart: &'a Chart,
    /// By how much it is higher than others, for the sake of its legend.
    more: u32,
}

impl<'a> Alone<'a> {
    fn of(chart: &'a Chart) -> Result<Self, String> {
        let (entries, room) = (chart.legend(), (LEGEND_END - LEGEND_TOP).unsigned_abs());
        let grows = chart.colours.is_none() && entries.len() <= legend::LONGEST;
        let height = if grows { legend::height(&entries, LEGEND_TEXT, LETTERS)? } else { room };
        Ok(Self { chart, more: height.saturating_sub(room) })
    }
}

impl Scene for Alone<'_> {
    fn size(&self) -> (u32, u32) {
        (SIZE.0, SIZE.1 + self.more)
    }

    fn draw<DB: DrawingBackend>(&self, canvas: &Canvas<'_, DB>) -> Outcome {
        let chart = self.chart;
        canvas.write(&chart.title, &canvas.font(19, TEXT), (20, 14))?;
        let caption = canvas.font(13, FAINT_TEXT);
        let bottom = i32::try_from(self.size().1).unwrap_or(0);
        for (line, text) in (0..).zip(chart.caption.lines().rev()) {
            canvas.write(text, &caption, (20, bottom - 22 - 17 * line))?;
        }
        let Some([x, y]) = chart.ends() else { return Ok(()) };
        let lines = u32::try_from(chart.caption.lines().count()).unwrap_or(0);
        let area = canvas.area.margin(
            canvas.px(46),
            canvas.px(20 + 17 * lines),
            canvas.px(8),
            canvas.px(LEGEND_WIDTH),
        );
        let look = Look { tick: 15, label: 16, tick_mark: None, line: TEXT, grid: Grid::Lines };
        let sides = [Side::of(&chart.x, x, 48), Side::of(&chart.y, y, 76)];
        let plot = frame(canvas, &area, [&sides[0], &sides[1]], &look)?;
        let shades = chart.colours.as_ref().and_then(|c| c.shades(&chart.values()));
        let pixel = |x: f64, y: f64| plot.backend_coord(&(x, y));
        let (floor, shades) = (chart.floor(y), shades.as_ref());
        Marks { canvas, chart, shades, pixel: &pixel, floor, radius: 4 }.draw()?;
        let left = i32::try_from(SIZE.0 - LEGEND_WIDTH).unwrap_or(0) + 16;
        let mut place = legend::Place {
            left,
            top: LEGEND_TOP,
            end: LEGEND_END + i32::try_from(self.more).unwrap_or(0),
            text: LEGEND_TEXT,
            letters: LETTERS,
        };
        if let Some(shades) = shades {
            let bar = i32::try_from(BAR_HEIGHT).unwrap_or(0);
            place.end -= bar + 20;
            let top = if chart.legend().is_empty() { LEGEND_TOP - 10 } else { LEGEND_END - bar };
            shades.draw(canvas, (left, top), BAR_HEIGHT, look.tick)?;
        }
        legend::draw(canvas, &chart.legend(), &place).map(|_| ())
    }
}
