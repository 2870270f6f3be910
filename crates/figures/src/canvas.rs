//! What pictures are drawn on: lengths in units, on any backend of the drawing library.

use plotters::coord::Shift;
use plotters::prelude::*;

use crate::font;

/// Letters.
pub(crate) const TEXT: RGBColor = RGBColor(40, 40, 40);
/// Captions.
pub(crate) const FAINT_TEXT: RGBColor = RGBColor(110, 110, 110);
/// Around a plot, and along its axes.
pub(crate) const BORDER: RGBColor = RGBColor(150, 150, 150);
/// Lines behind the marks.
pub(crate) const GRID: RGBColor = RGBColor(228, 228, 228);

/// Nothing, or what the drawing library said.
pub(crate) type DrawResult = Result<(), String>;

/// The drawing library's complaint in words.
#[expect(clippy::needless_pass_by_value, reason = "`map_err` hands it over")]
pub(crate) fn said<E: std::error::Error + Send + Sync>(error: DrawingAreaErrorKind<E>) -> String {
    error.to_string()
}

/// A drawing area and its unit of length.
pub(crate) struct Canvas<'a, DB: DrawingBackend> {
    /// Where to draw, in pixels.
    pub(crate) area: &'a DrawingArea<DB, Shift>,
    /// Pixels to a unit of length.
    pub(crate) unit: u32,
}

impl<DB: DrawingBackend> Canvas<'_, DB> {
    /// Pixels to a length.
    pub(crate) fn px(&self, units: u32) -> u32 {
        units * self.unit
    }

    /// The pixel of a point, in units.
    pub(crate) fn at(&self, x: u32, y: u32) -> (i32, i32) {
        (self.px(x).cast_signed(), self.px(y).cast_signed())
    }

    /// Letters of a size.
    pub(crate) fn font(&self, size: u32, colour: RGBColor) -> TextStyle<'static> {
        (font::FAMILY, self.px(size)).into_font().color(&colour)
    }

    /// A pen.
    pub(crate) fn pen(&self, colour: RGBColor, units: u32) -> ShapeStyle {
        ShapeStyle::from(&colour).stroke_width(self.px(units))
    }

    /// Writes a text at a point, in units.
    pub(crate) fn write(&self, text: &str, style: &TextStyle<'_>, at: (u32, u32)) -> DrawResult {
        self.area.draw_text(text, style, self.at(at.0, at.1)).map_err(said)
    }

    /// Draws a line through points, in units.
    pub(crate) fn line(&self, points: &[(u32, u32)], pen: ShapeStyle) -> DrawResult {
        let pixels: Vec<_> = points.iter().map(|p| self.at(p.0, p.1)).collect();
        self.area.draw(&PathElement::new(pixels, pen)).map_err(said)
    }

    /// The `text`, cut so that it is at most `room` pixels wide.
    pub(crate) fn cut(
        &self,
        text: &str,
        style: &TextStyle<'_>,
        room: u32,
    ) -> Result<String, String> {
        let mut text = text.to_owned();
        while self.area.estimate_text_size(&text, style).map_err(said)?.0 > room
            && text.chars().count() > 2
        {
            text = text.chars().take(text.chars().count() - 2).collect();
            text.push('…');
        }
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Does something on a canvas of two pixels a unit, and returns what was drawn.
    fn on_canvas(work: &dyn Fn(&Canvas<'_, SVGBackend<'_>>)) -> String {
        font::register().unwrap();
        let mut svg = String::new();
        {
            let area = SVGBackend::with_string(&mut svg, (99, 99)).into_drawing_area();
            work(&Canvas { area: &area, unit: 2 });
        }
        svg
    }

    #[test]
    fn lengths_are_in_units() {
        let svg = on_canvas(&|canvas| {
            assert_eq!((canvas.px(3), canvas.at(3, 4)), (6, (6, 8)));
            canvas.line(&[(1, 2), (3, 4)], canvas.pen(GRID, 2)).unwrap();
            canvas.write("word", &canvas.font(10, TEXT), (5, 6)).unwrap();
        });
        assert!(svg.contains("stroke=\"#E4E4E4\" stroke-width=\"4\" points=\"2,4 6,8 \""), "{svg}");
        let size = format!("font-size=\"{}\"", 20.0 / 1.24);
        assert!(svg.contains("<text x=\"10\" y=\"12\"") && svg.contains(&size), "{svg}");
    }

    #[test]
    fn a_text_is_cut_until_it_fits() {
        on_canvas(&|canvas| {
            let style = canvas.font(10, TEXT);
            let width = |text: &str| font::width(text, 20).unwrap();
            let cut = |text: &str, room| canvas.cut(text, &style, room).unwrap();
            assert_eq!(cut("some words", width("some words")), "some words");
            assert_eq!(cut("some words", width("some words") - 1), "some wor…");
            assert_eq!(cut("some words", width("some…")), "some…");
            assert_eq!(cut("some words", 0).chars().count(), 2);
            assert_eq!(cut("ab", 0), "ab");
        });
    }
}
