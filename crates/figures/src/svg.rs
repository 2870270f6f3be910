//! The drawing library's backend: shapes and letters as SVG, a tag a line, at the coordinates that they are given.

use std::cell::RefCell;
use std::convert::Infallible;
use std::fmt::Write as _;
use std::rc::Rc;

use plotters::style::FontTransform;
use plotters::style::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
};

use crate::font::LINE;

/// From the line that letters stand on to their top, and to half the height of small ones, in sizes.
const TOP: f64 = 0.76;
const MIDDLE: f64 = 0.26;

/// Tags, as they are drawn.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tags(Rc<RefCell<Written>>);

#[derive(Debug, Default)]
struct Written {
    tags: String,
    /// The title of the next shape.
    title: Option<String>,
}

impl Tags {
    /// Adds a shape: a tag without its brackets.
    pub(crate) fn shape(&self, shape: &str) {
        let title = self.0.borrow_mut().title.take();
        match (title, shape.split(' ').next()) {
            (Some(title), Some(name)) => {
                self.push(&format!("<{shape}><title>{}</title></{name}>", escaped(&title)));
            }
            _ => self.push(&format!("<{shape}/>")),
        }
    }

    /// Gives the next shape a title, which is shown where the pointer rests on it.
    pub(crate) fn title(&self, title: String) {
        self.0.borrow_mut().title = Some(title);
    }

    fn push(&self, tag: &str) {
        let tags = &mut self.0.borrow_mut().tags;
        tags.push_str(tag);
        tags.push('\n');
    }

    /// All of them.
    pub(crate) fn all(&self) -> String {
        self.0.borrow().tags.clone()
    }
}

/// What the drawing library draws on.
#[derive(Debug)]
pub(crate) struct Svg {
    pub(crate) tags: Tags,
    /// Width and height.
    pub(crate) size: (u32, u32),
}

type Done = Result<(), DrawingErrorKind<Infallible>>;

impl Svg {
    fn shape<S: BackendStyle>(&self, shape: &str, style: &S, is_filled: bool) -> Done {
        let colour = style.color();
        if colour.alpha > 0.0 {
            let paint = paint(colour, style.stroke_width(), is_filled);
            self.tags.shape(&format!("{shape}{paint}"));
        }
        Ok(())
    }
}

/// The attributes of an area's colour, or of a line's colour and width.
fn paint(colour: BackendColor, width: u32, is_filled: bool) -> String {
    let (what, not) = if is_filled { ("fill", "") } else { ("stroke", " fill=\"none\"") };
    let mut text = format!("{not} {what}=\"{}\"", hex(colour));
    if colour.alpha < 1.0 {
        let _ = write!(text, " {what}-opacity=\"{}\"", (colour.alpha * 1000.0).round() / 1000.0);
    }
    if !is_filled {
        let _ = write!(text, " stroke-width=\"{width}\"");
    }
    text
}

/// A colour as SVG writes it.
pub(crate) fn hex(BackendColor { rgb: (red, green, blue), .. }: BackendColor) -> String {
    format!("#{red:02X}{green:02X}{blue:02X}")
}

/// Points as SVG writes them.
pub(crate) fn points(points: impl IntoIterator<Item = BackendCoord>) -> String {
    let points: Vec<String> = points.into_iter().map(|(x, y)| format!("{x},{y}")).collect();
    points.join(" ")
}

/// A `text` with the letters that mean something in SVG written otherwise, and a box in the place of what XML
/// cannot hold, such as an escape in a name.
pub(crate) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&apos;"),
            '\n' | '\t' => safe.push(c),
            c if c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}') => safe.push('\u{FFFD}'),
            c => safe.push(c),
        }
    }
    safe
}

impl DrawingBackend for Svg {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Done {
        Ok(())
    }

    fn present(&mut self) -> Done {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, colour: BackendColor) -> Done {
        self.shape(&format!("rect x=\"{x}\" y=\"{y}\" width=\"1\" height=\"1\""), &colour, true)
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Done {
        self.shape(&format!("polyline points=\"{}\"", points([from, to])), style, false)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        (x, y): BackendCoord,
        (right, bottom): BackendCoord,
        style: &S,
        is_filled: bool,
    ) -> Done {
        let (left, top) = (x.min(right), y.min(bottom));
        let (width, height) = (x.abs_diff(right), y.abs_diff(bottom));
        let rect = format!("rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\"");
        self.shape(&rect, style, is_filled)
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Done {
        self.shape(&format!("polyline points=\"{}\"", points(path)), style, false)
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        (x, y): BackendCoord,
        radius: u32,
        style: &S,
        is_filled: bool,
    ) -> Done {
        self.shape(&format!("circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\""), style, is_filled)
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Done {
        self.shape(&format!("polygon points=\"{}\"", points(path)), style, true)
    }

    fn draw_text<T: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &T,
        (x, y): BackendCoord,
    ) -> Done {
        let size = style.size() / LINE;
        let above = match style.anchor().v_pos {
            VPos::Top => TOP * size,
            VPos::Center => MIDDLE * size,
            // Half the height of small letters above the point, as the drawing library has it.
            VPos::Bottom => -MIDDLE * size,
        };
        let anchor = match style.anchor().h_pos {
            HPos::Left => "",
            HPos::Center => " text-anchor=\"middle\"",
            HPos::Right => " text-anchor=\"end\"",
        };
        let turn = match style.transform() {
            FontTransform::None => String::new(),
            FontTransform::Rotate90 => format!(" transform=\"rotate(90 {x} {y})\""),
            FontTransform::Rotate180 => format!(" transform=\"rotate(180 {x} {y})\""),
            FontTransform::Rotate270 => format!(" transform=\"rotate(270 {x} {y})\""),
        };
        self.tags.push(&format!(
            "<text x=\"{x}\" y=\"{:.0}\" font-size=\"{:.1}\" fill=\"{}\"{anchor}{turn}>{}</text>",
            f64::from(y) + above,
            size,
            hex(style.color()),
            escaped(text),
        ));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use plotters::prelude::*;
    use plotters::style::text_anchor::Pos;

    use super::*;

    fn drawn(work: &dyn Fn(&mut Svg)) -> String {
        let tags = Tags::default();
        work(&mut Svg { tags: tags.clone(), size: (99, 88) });
        tags.all()
    }

    #[test]
    fn every_shape_is_a_tag_in_its_colour() {
        let line = ShapeStyle::from(&RGBColor(1, 2, 255)).stroke_width(3);
        let area = RGBColor(171, 0, 9).mix(0.25).filled();
        let svg = drawn(&|svg| {
            assert_eq!(svg.get_size(), (99, 88));
            svg.draw_line((1, 2), (3, -4), &line).unwrap();
            svg.draw_path([(1, 2), (3, 4), (5, 6)], &line).unwrap();
            svg.draw_rect((9, 8), (5, 6), &area, true).unwrap();
            svg.draw_circle((5, 6), 7, &line, false).unwrap();
            svg.fill_polygon([(1, 2), (3, 4), (5, 6)], &area).unwrap();
            svg.draw_path([(1, 2), (3, 4)], &BackendColor { rgb: (1, 2, 3), alpha: 0.0 }).unwrap();
        });
        let (pen, fill) = (
            "fill=\"none\" stroke=\"#0102FF\" stroke-width=\"3\"",
            "fill=\"#AB0009\" fill-opacity=\"0.25\"",
        );
        let expected = [
            format!("<polyline points=\"1,2 3,-4\" {pen}/>"),
            format!("<polyline points=\"1,2 3,4 5,6\" {pen}/>"),
            format!("<rect x=\"5\" y=\"6\" width=\"4\" height=\"2\" {fill}/>"),
            format!("<circle cx=\"5\" cy=\"6\" r=\"7\" {pen}/>"),
            format!("<polygon points=\"1,2 3,4 5,6\" {fill}/>"),
        ];
        assert_eq!(svg.lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn letters_stand_where_their_anchor_says() {
        let style = ("x", 124).into_font().color(&BLACK);
        let svg = drawn(&|svg| {
            svg.draw_text("a<b", &style, (10, 200)).unwrap();
            let middle = style.pos(Pos::new(HPos::Center, VPos::Center));
            svg.draw_text("b", &middle.transform(FontTransform::Rotate90), (10, 200)).unwrap();
            let end = style.pos(Pos::new(HPos::Right, VPos::Bottom));
            svg.draw_text("c", &end.transform(FontTransform::Rotate270), (10, 200)).unwrap();
        });
        let (size, colour) = ("font-size=\"100.0\"", "fill=\"#000000\"");
        let expected = [
            format!("<text x=\"10\" y=\"276\" {size} {colour}>a&lt;b</text>"),
            format!(
                "<text x=\"10\" y=\"226\" {size} {colour} text-anchor=\"middle\" \
                 transform=\"rotate(90 10 200)\">b</text>"
            ),
            format!(
                "<text x=\"10\" y=\"174\" {size} {colour} text-anchor=\"end\" \
                 transform=\"rotate(270 10 200)\">c</text>"
            ),
        ];
        assert_eq!(svg.lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_xml_cannot_hold_is_a_box() {
        assert_eq!(escaped("<a b=\"&'\">\n\t模"), "&lt;a b=&quot;&amp;&apos;&quot;&gt;\n\t模");
        assert_eq!(escaped("\u{1b}\0\u{9b}\u{FFFF}"), "\u{FFFD}".repeat(4));
    }
}
