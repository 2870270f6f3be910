//! From SVG to PNG, with the fonts that are carried along.

use std::sync::{Arc, LazyLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::Database;
use resvg::usvg::{Options, Tree};

use crate::font;

/// The fonts that are carried along, and these with all of this machine's.
static CARRIED: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let mut fonts = Database::new();
    font::FONTS.iter().for_each(|font| fonts.load_font_data(font.bytes.to_vec()));
    Arc::new(fonts)
});
static ALL: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let mut fonts = Database::clone(&CARRIED);
    fonts.load_system_fonts();
    Arc::new(fonts)
});

/// A picture as pixels, all opaque.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pixels {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Red, green and blue of each, row by row.
    pub(crate) rgb: Vec<u8>,
}

/// The `svg` in pixels, `scale` to a unit of its size. Where a letter is in no font that is carried along, it is
/// looked for among this machine's.
///
/// # Errors
/// What the rasteriser said.
pub(crate) fn pixels(svg: &str, scale: u32) -> Result<Pixels, String> {
    let fonts = if svg.chars().all(font::is_carried) { &CARRIED } else { &ALL };
    let options = Options { fontdb: Arc::clone(fonts), ..Options::default() };
    let tree = Tree::from_str(svg, &options).map_err(|e| e.to_string())?;
    let size = tree.size().to_int_size();
    let (width, height) = (size.width() * scale, size.height() * scale);
    let mut pixmap = Pixmap::new(width, height).ok_or("its size is zero or too large")?;
    #[expect(clippy::cast_precision_loss, reason = "a few")]
    let transform = Transform::from_scale(scale as f32, scale as f32);
    resvg::render(&tree, transform, &mut pixmap.as_mut());
    // Nothing is transparent: it is drawn on white.
    let rgb = pixmap.pixels().iter().flat_map(|p| [p.red(), p.green(), p.blue()]).collect();
    Ok(Pixels { width, height, rgb })
}

/// The same as PNG.
///
/// # Errors
/// What the rasteriser said.
pub(crate) fn png(svg: &str, scale: u32) -> Result<Vec<u8>, String> {
    encode(&pixels(svg, scale)?).map_err(|e| e.to_string())
}

fn encode(pixels: &Pixels) -> Result<Vec<u8>, png::EncodingError> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, pixels.width, pixels.height);
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels.rgb)?;
    writer.finish()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture_tests::{charts, sheet};
    use crate::render::svg;
    use crate::sheet::Axes;

    #[test]
    fn a_line_is_as_thick_where_it_is_flat_as_where_it_is_steep() {
        let line = |points: &str| {
            let svg = format!(
                "<svg width=\"40\" height=\"40\" viewBox=\"0 0 400 400\" xmlns=\"http://www.w3.org/2000/svg\">\
                 <rect width=\"400\" height=\"400\" fill=\"#FFFFFF\"/>\
                 <polyline points=\"{points}\" fill=\"none\" stroke=\"#000000\" stroke-width=\"15\"/></svg>"
            );
            let ink = |level: &u8| 255.0 - f64::from(*level);
            pixels(&svg, 2).unwrap().rgb.iter().map(ink).sum::<f64>() / (3.0 * 255.0)
        };
        let (flat, steep) = (line("50,203 350,203"), line("203,50 203,350"));
        // 30 by 1.5 units, of four pixels each.
        assert!((flat - 180.0).abs() < 2.0 && (steep - flat).abs() < 1.0, "{flat} {steep}");
        let slant = line("90,90 302.1,302.1");
        assert!((slant - flat).abs() < 3.0, "{slant} {flat}");
    }

    #[test]
    fn the_same_picture_is_drawn_whatever_fonts_a_machine_has() {
        let svg = svg(&sheet(charts(1, 2, &|_| ()), 1, Axes::Own)).unwrap();
        assert!(svg.chars().all(font::is_carried));
        let here = pixels(&svg, 1).unwrap();
        // Letters of a font that is not carried are looked for, and cost nothing if they are not there.
        let other = svg.replace(">γ = 1<", ">模 = 1<");
        assert_eq!((pixels(&other, 1).unwrap().width, here.width), (here.width, here.width));
    }
}
