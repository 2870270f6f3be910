//! Pictures one after another as an animated PNG, which browsers and viewers of pictures show without a player.

use crate::raster;
use crate::render::svg;
use crate::sheet::Sheet;

/// Pixels to a unit: half those of a picture that stands still, as there are many.
const PIXELS: u32 = 1;
/// Milliseconds that a frame is shown, and the last one.
const FRAME_MS: u16 = 120;
const LAST_MS: u16 = 3000;

/// The sheets as frames of an animated PNG that begins again after a rest at the last; a frame smaller than the
/// largest stands at its left top corner.
///
/// # Errors
/// What the drawing library or the rasteriser said; that there is no sheet.
pub fn animate(sheets: &[Sheet]) -> Result<Vec<u8>, String> {
    let frame = |sheet| raster::pixels(&svg(sheet)?, PIXELS);
    let frames = sheets.iter().map(frame).collect::<Result<Vec<_>, String>>()?;
    let largest = |size: fn(&raster::Pixels) -> u32| frames.iter().map(size).max();
    let (Some(width), Some(height)) = (largest(|f| f.width), largest(|f| f.height)) else {
        return Err("there is nothing to animate".to_owned());
    };
    encode(&frames, width, height).map_err(|e| e.to_string())
}

fn encode(
    frames: &[raster::Pixels],
    width: u32,
    height: u32,
) -> Result<Vec<u8>, png::EncodingError> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::High);
    encoder.set_animated(u32::try_from(frames.len()).unwrap_or(u32::MAX), 0)?;
    let mut writer = encoder.write_header()?;
    for (i, frame) in frames.iter().enumerate() {
        let delay = if i + 1 == frames.len() { LAST_MS } else { FRAME_MS };
        writer.set_frame_delay(delay, 1000)?;
        // Nothing is transparent, so that what has changed replaces what was there.
        writer.set_blend_op(png::BlendOp::Source)?;
        writer.write_image_data(&on_white(frame, width, height))?;
    }
    writer.finish()?;
    Ok(file)
}

/// The frame at the left top corner of a larger white one.
fn on_white(frame: &raster::Pixels, width: u32, height: u32) -> Vec<u8> {
    let (row, own) = (3 * width as usize, 3 * frame.width as usize);
    let mut whole = vec![255; row * height as usize];
    for (line, pixels) in whole.chunks_exact_mut(row).zip(frame.rgb.chunks_exact(own)) {
        line[..own].copy_from_slice(pixels);
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture_tests::{charts, sheet};
    use crate::sheet::Axes;

    #[test]
    fn every_sheet_is_a_frame_and_all_are_as_large_as_the_largest() {
        let few = |n| sheet(charts(n, 1, &|_| ()), 1, Axes::Own);
        let bytes = animate(&[few(1), few(2), few(1)]).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
        assert_eq!(reader.info().animation_control().unwrap().num_frames, 3);
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let first = reader.next_frame(&mut pixels).unwrap();
        let second = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((first.width, first.height), (second.width, second.height));
        assert_eq!(reader.info().frame_control().unwrap().delay_num, FRAME_MS);
        assert!(animate(&[]).unwrap_err().contains("nothing"));
    }
}
