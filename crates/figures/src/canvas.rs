//! What pictures are drawn on: lengths in units.

use plotters::coord::Shift;
use plotters::prelude::*;

use crate::font;
use crate::svg::{Svg, Tags, hex, points};

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

/// What is drawn on: white, of a size, with a unit of length.
pub(crate) struct Canvas {
    /// Where to draw, in coordinates.
    pub(crate) area: DrawingArea<Svg, Shift>,
    /// What is drawn so far.
    tags: Tags,
    /// Coordinates to a unit of length.
    pub(crate) unit: u32,
}

impl Canvas {
    /// An empty one, of a size in units.
    pub(crate) fn new(size: (u32, u32), unit: u32) -> Self {
        let tags = Tags::default();
        let svg = Svg { tags: tags.clone(), size: (size.0 * unit, size.1 * unit) };
        Self { area: svg.into_drawing_area(), tags, unit }
    }

    /// The tags of all that was drawn.
    pub(crate) fn tags(&self) -> String {
        self.tags.all()
    }

    /// Gives what is drawn next a title, which is shown where the pointer rests on it.
    pub(crate) fn title(&self, title: String) {
        self.tags.title(title);
    }

    /// Draws a line of dots and gaps through points.
    pub(crate) fn dotted(
        &self,
        line: &[(i32, i32)],
        colour: RGBColor,
        (width, dot, gap): (u32, u32, u32),
    ) {
        self.tags.shape(&format!(
            "polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{width}\" \
             stroke-dasharray=\"{dot} {gap}\"",
            points(line.iter().copied()),
            hex(colour.to_backend_color()),
        ));
    }

    /// Coordinates to a length.
    pub(crate) fn px(&self, units: u32) -> u32 {
        units * self.unit
    }

    /// The coordinates of a point, in units.
    pub(crate) fn at(&self, x: u32, y: u32) -> (i32, i32) {
        (self.px(x).cast_signed(), self.px(y).cast_signed())
    }

    /// Letters of a size.
    pub(crate) fn font(&self, size: u32, colour: RGBColor) -> TextStyle<'static> {
        (font::FAMILIES, self.px(size)).into_font().color(&colour)
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
        let places: Vec<_> = points.iter().map(|p| self.at(p.0, p.1)).collect();
        self.area.draw(&PathElement::new(places, pen)).map_err(said)
    }

    /// The `text`, cut so that it is at most `room` units wide in letters of `size`.
    pub(crate) fn cut(&self, text: &str, size: u32, room: u32) -> String {
        let mut text = text.to_owned();
        while font::width(&text, self.px(size)) > self.px(room) && text.chars().count() > 2 {
            text = text.chars().take(text.chars().count() - 2).collect();
            text.push('…');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_in_units() {
        let canvas = Canvas::new((50, 40), 2);
        assert_eq!((canvas.px(3), canvas.at(3, 4)), (6, (6, 8)));
        assert_eq!(canvas.area.dim_in_pixel(), (100, 80));
        canvas.line(&[(1, 2), (3, 4)], canvas.pen(GRID, 2)).unwrap();
        canvas.write("word", &canvas.font(62, TEXT), (5, 6)).unwrap();
        let tags = canvas.tags();
        assert!(
            tags.contains("points=\"2,4 6,8\" fill=\"none\" stroke=\"#E4E4E4\" stroke-width=\"4\""),
            "{tags}"
        );
        assert!(tags.contains("<text x=\"10\" y=\"88\" font-size=\"100.0\""), "{tags}");
    }

    #[test]
    fn a_title_is_that_of_the_next_shape_and_dots_are_one_line() {
        let canvas = Canvas::new((50, 40), 2);
        canvas.title("a & b".to_owned());
        canvas.dotted(&[(1, 2), (30, 4)], RGBColor(1, 2, 3), (5, 6, 7));
        canvas.line(&[(1, 2), (3, 4)], canvas.pen(GRID, 2)).unwrap();
        let (dotted, line) = (
            "<polyline points=\"1,2 30,4\" fill=\"none\" stroke=\"#010203\" stroke-width=\"5\" \
             stroke-dasharray=\"6 7\"><title>a &amp; b</title></polyline>",
            "<polyline points=\"2,4 6,8\" fill=\"none\" stroke=\"#E4E4E4\" stroke-width=\"4\"/>",
        );
        assert_eq!(canvas.tags(), format!("{dotted}\n{line}\n"));
    }

    #[test]
    fn a_text_is_cut_until_it_fits() {
        let canvas = Canvas::new((50, 40), 2);
        let width = |text: &str| font::width(text, 20).div_ceil(2);
        let cut = |text: &str, room| canvas.cut(text, 10, room);
        assert_eq!(cut("some words", width("some words")), "some words");
        assert_eq!(cut("some words", width("some words") - 1), "some wor…");
        assert_eq!(cut("some words", width("some…")), "some…");
        assert_eq!(cut("some words", 0).chars().count(), 2);
        assert_eq!(cut("ab", 0), "ab");
    }
}
