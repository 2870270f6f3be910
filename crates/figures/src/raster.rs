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

/// The `svg` as PNG, with `pixels` to a unit of its size. Where a letter is in no font that is carried along, it is
/// looked for among this machine's.
///
/// # Errors
/// What the rasteriser said.
pub(crate) fn png(svg: &str, pixels: u32) -> Result<Vec<u8>, String> {
    let fonts = if svg.chars().all(font::is_carried) { &CARRIED } else { &ALL };
    let options = Options { fontdb: Arc::clone(fonts), ..Options::default() };
    let tree = Tree::from_str(svg, &options).map_err(|e| e.to_string())?;
    let size = tree.size().to_int_size();
    let (width, height) = (size.width() * pixels, size.height() * pixels);
    let mut pixmap = Pixmap::new(width, height).ok_or("its size is zero or too large")?;
    #[expect(clippy::cast_precision_loss, reason = "a few")]
    let scale = Transform::from_scale(pixels as f32, pixels as f32);
    resvg::render(&tree, scale, &mut pixmap.as_mut());
    // Nothing is transparent: it is drawn on white.
    let opaque: Vec<u8> =
        pixmap.pixels().iter().flat_map(|p| [p.red(), p.green(), p.blue()]).collect();
    encode(&opaque, (width, height)).map_err(|e| e.to_string())
}

fn encode(pixels: &[u8], (width, height): (u32, u32)) -> Result<Vec<u8>, png::EncodingError> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(file)
}
