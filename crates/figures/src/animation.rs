//! Pictures one after another as an animated PNG, which browsers and viewers of pictures show without a player.

use std::collections::HashMap;

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
    let palette = Palette::of(frames);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_palette(palette.colours.concat());
    encoder.set_compression(png::Compression::High);
    encoder.set_animated(u32::try_from(frames.len()).unwrap_or(u32::MAX), 0)?;
    let mut writer = encoder.write_header()?;
    for (i, frame) in frames.iter().enumerate() {
        let delay = if i + 1 == frames.len() { LAST_MS } else { FRAME_MS };
        writer.set_frame_delay(delay, 1000)?;
        // Nothing is transparent, so that what has changed replaces what was there.
        writer.set_blend_op(png::BlendOp::Source)?;
        writer.write_image_data(&palette.indices(&on_white(frame, width, height)))?;
    }
    writer.finish()?;
    Ok(file)
}

/// The colours of an animation, few enough that a byte tells them apart: a third of the file.
struct Palette {
    colours: Vec<[u8; 3]>,
    /// The colour that stands for each that occurs.
    of: HashMap<[u8; 3], u8>,
}

impl Palette {
    /// The colours that occur most often in `frames`, and white; others are drawn as the nearest of them.
    fn of(frames: &[raster::Pixels]) -> Self {
        let mut counts: HashMap<[u8; 3], usize> = HashMap::from([([255; 3], usize::MAX / 2)]);
        for pixel in frames.iter().flat_map(|frame| frame.rgb.as_chunks::<3>().0) {
            *counts.entry(*pixel).or_default() += 1;
        }
        let mut colours: Vec<([u8; 3], usize)> = counts.into_iter().collect();
        // The order is that of the numbers, so that a file is the same every time.
        colours.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        let all: Vec<[u8; 3]> = colours.into_iter().map(|(colour, _)| colour).collect();
        let distance = |a: &[u8; 3], b: &[u8; 3]| -> u32 {
            a.iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(*b)).pow(2)).sum()
        };
        // First those that are far apart, so that a rare colour of a scale is there, too.
        let mut colours: Vec<[u8; 3]> = Vec::new();
        for apart in [48_u32, 32, 24, 16, 12, 8, 4, 1] {
            for colour in &all {
                let is_new = colours.iter().all(|known| distance(known, colour) >= apart.pow(2));
                if colours.len() < 256 && is_new {
                    colours.push(*colour);
                }
            }
        }
        let nearest = |colour: &[u8; 3]| {
            let known = (0_u8..=255).zip(&colours);
            known.min_by_key(|(_, known)| distance(known, colour)).map_or(0, |(index, _)| index)
        };
        let of = all.iter().map(|colour| (*colour, nearest(colour))).collect();
        Self { colours, of }
    }

    /// The index of each pixel's colour.
    fn indices(&self, rgb: &[u8]) -> Vec<u8> {
        let index = |pixel: &[u8; 3]| self.of.get(pixel).copied().unwrap_or(0);
        rgb.as_chunks::<3>().0.iter().map(index).collect()
    }
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
    fn colours_are_near_what_they_were_and_a_rare_one_stays() {
        // Many greys, often, and one red pixel.
        let mut rgb: Vec<u8> = (0..=255_u8).flat_map(|level| [level; 9]).collect();
        rgb.extend((0..=255_u8).flat_map(|level| [level, level, level.saturating_sub(1)]));
        rgb.extend([178, 24, 43]);
        let width = u32::try_from(rgb.len() / 3).unwrap();
        let palette = Palette::of(&[raster::Pixels { width, height: 1, rgb: rgb.clone() }]);
        assert_eq!(palette.colours[0], [255; 3]);
        for (pixel, index) in rgb.as_chunks::<3>().0.iter().zip(palette.indices(&rgb)) {
            let drawn = palette.colours[usize::from(index)];
            let off = pixel.iter().zip(drawn).map(|(a, b)| a.abs_diff(b)).max().unwrap();
            assert!(off <= 4, "{pixel:?} is drawn as {drawn:?}");
        }
        assert!(palette.colours.contains(&[178, 24, 43]));
    }

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
