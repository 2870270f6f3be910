//! Colours that people with any colour vision can tell apart.

use plotters::style::RGBColor;

/// Wong 2011, "Points of view: Color blindness", without black and the yellow that is too light
/// for lines.
const FEW: [RGBColor; 6] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
];

/// Five points of the viridis map, without its lightest end.
const MANY: [RGBColor; 5] = [
    RGBColor(68, 1, 84),
    RGBColor(59, 82, 139),
    RGBColor(33, 145, 140),
    RGBColor(94, 201, 98),
    RGBColor(190, 205, 50),
];

/// Guides and annotations.
pub const GREY: RGBColor = RGBColor(120, 120, 120);

/// Colour `i` of `n`: distinct hues for a few, a sequence for many.
pub fn colour(i: usize, n: usize) -> RGBColor {
    if n <= FEW.len() { FEW[i % FEW.len()] } else { sequence(i, n) }
}

/// Colour `i` of `n` on a sequence from dark to light, for something that is ordered.
pub fn sequence(i: usize, n: usize) -> RGBColor {
    let place = i as f64 / (n.max(2) - 1) as f64 * (MANY.len() - 1) as f64;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 ≤ place ≤ 4")]
    let below = (place as usize).min(MANY.len() - 2);
    let t = place - below as f64;
    let (a, b) = (MANY[below], MANY[below + 1]);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 255")]
    let mix = |a: u8, b: u8| (f64::from(a) + t * (f64::from(b) - f64::from(a))).round() as u8;
    RGBColor(mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_runs_from_one_end_to_the_other() {
        assert_eq!(sequence(0, 9), MANY[0]);
        assert_eq!(sequence(8, 9), MANY[4]);
        assert_eq!(sequence(4, 9), MANY[2]);
        assert_eq!(sequence(0, 1), MANY[0]);
    }
}
