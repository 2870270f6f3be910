//! What pictures are drawn on: lengths in units, on any backend of the drawing library.
//!
//! A scene is drawn twice by the same code, as SVG and as PNG.

use plotters::coord::Shift;
use plotters::prelude::*;

use crate::font;

/// Pixels of the PNG to a unit.
const PIXELS: u32 = 2;

/// Letters.
pub(crate) const TEXT: RGBColor = RGBColor(40, 40, 40);
/// Captions.
pub(crate) const FAINT_TEXT: RGBColor = RGBColor(110, 110, 110);
/// Around a plot, and along its axes.
pub(crate) const BORDER: RGBColor = RGBColor(150, 150, 150);
/// Lines behind the marks.
pub(crate) const GRID: RGBColor = RGBColor(228, 228, 228);

/// Coordinates of the SVG to a unit, so that narrow bars are not rounded away.
const FINENESS: u32 = 4;

/// A picture, drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// As SVG.
    pub svg: Vec<u8>,
    /// As PNG.
    pub png: Vec<u8>,
}

/// Nothing, or what the drawing library said.
pub(crate) type Outcome = Result<(), String>;

/// What is drawn.
pub(crate) trait Scene {
    /// Its width and height in units.
    fn size(&self) -> (u32, u32);

    /// Draws it on a white canvas of its size.
    fn draw<DB: DrawingBackend>(&self, canvas: &Canvas<'_, DB>) -> Outcome;
}

/// The scene as SVG and as PNG.
///
/// # Errors
/// What the drawing library said.
pub(crate) fn draw_twice<S: Scene>(scene: &S) -> Result<Drawn, String> {
    font::register()?;
    let size = |unit: u32| (scene.size().0 * unit, scene.size().1 * unit);
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, size(FINENESS)).into_drawing_area();
        area.fill(&WHITE).map_err(said)?;
        scene.draw(&Canvas { area: &area, unit: FINENESS })?;
        area.present().map_err(said)?;
    }
    // The file says its size in units, whatever its coordinates are.
    let tag =
        |(width, height): (u32, u32)| format!("width=\"{width}\" height=\"{height}\" viewBox");
    let svg = svg.replacen(&tag(size(FINENESS)), &tag(size(1)), 1);
    let (width, height) = size(PIXELS);
    let mut pixels = vec![0; (width * height * 3) as usize];
    {
        let area = BitMapBackend::with_buffer(&mut pixels, (width, height)).into_drawing_area();
        area.fill(&WHITE).map_err(said)?;
        scene.draw(&Canvas { area: &area, unit: PIXELS })?;
        area.present().map_err(said)?;
    }
    let png = encode_png(&pixels, (width, height)).map_err(|e| e.to_string())?;
    Ok(Drawn { svg: font::embed(&svg).into_bytes(), png })
}

/// The drawing library's complaint in words.
#[expect(clippy::needless_pass_by_value, reason = "`map_err` hands it over")]
pub(crate) fn said<E: std::error::Error + Send + Sync>(error: DrawingAreaErrorKind<E>) -> String {
    error.to_string()
}

fn encode_png(pixels: &[u8], (width, height): (u32, u32)) -> Result<Vec<u8>, png::EncodingError> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(file)
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
    pub(crate) fn at(&self, x: i32, y: i32) -> (i32, i32) {
        let unit = i32::try_from(self.unit).unwrap_or(1);
        (x * unit, y * unit)
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
    pub(crate) fn write(&self, text: &str, style: &TextStyle<'_>, at: (i32, i32)) -> Outcome {
        self.area.draw_text(text, style, self.at(at.0, at.1)).map_err(said)
    }

    /// Draws a line through points, in units.
    pub(crate) fn line(&self, points: &[(i32, i32)], pen: ShapeStyle) -> Outcome {
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
