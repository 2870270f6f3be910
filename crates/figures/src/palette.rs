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

/// Nine points of the whole viridis map (van der Walt and Smith 2015).
const VIRIDIS: [RGBColor; 9] = [
    RGBColor(68, 1, 84),
    RGBColor(71, 44, 122),
    RGBColor(59, 81, 139),
    RGBColor(44, 113, 142),
    RGBColor(33, 144, 141),
    RGBColor(39, 173, 129),
    RGBColor(92, 200, 99),
    RGBColor(170, 220, 50),
    RGBColor(253, 231, 37),
];

/// Nine points of a map from blue over white to red (`RdBu` of `ColorBrewer`), for what has two signs.
const DIVERGING: [RGBColor; 9] = [
    RGBColor(33, 102, 172),
    RGBColor(67, 147, 195),
    RGBColor(146, 197, 222),
    RGBColor(209, 229, 240),
    RGBColor(247, 247, 247),
    RGBColor(253, 219, 199),
    RGBColor(244, 165, 130),
    RGBColor(214, 96, 77),
    RGBColor(178, 24, 43),
];

/// Guides, that several can be told apart.
const GUIDES: [RGBColor; 4] =
    [GREY, RGBColor(30, 30, 30), RGBColor(175, 175, 175), RGBColor(130, 90, 60)];

/// What is to be noticed.
pub const VERMILION: RGBColor = FEW[1];

/// Guides and annotations.
pub const GREY: RGBColor = RGBColor(120, 120, 120);

/// Colour `i` of `n`: distinct hues for a few, a sequence for many.
pub fn colour(i: usize, n: usize) -> RGBColor {
    if n <= FEW.len() { FEW[i % FEW.len()] } else { sequence(i, n) }
}

/// Colour of guide `i`.
pub fn guide(i: usize) -> RGBColor {
    GUIDES[i % GUIDES.len()]
}

/// Colour `i` of `n` on a sequence from dark to light, for something that is ordered.
pub fn sequence(i: usize, n: usize) -> RGBColor {
    between(&MANY, i as f64 / (n.max(2) - 1) as f64)
}

/// The colour of a share from 0 to 1 on the whole viridis map, for areas; beyond, that of the end.
pub fn shade(share: f64) -> RGBColor {
    between(&VIRIDIS, share.clamp(0.0, 1.0))
}

/// The colour of a share from 0 to 1 on a map whose middle is white; beyond, that of the end.
pub fn diverging(share: f64) -> RGBColor {
    between(&DIVERGING, share.clamp(0.0, 1.0))
}

/// White or black letters, whichever can be read on `colour`.
pub fn letters_on(colour: RGBColor) -> RGBColor {
    // The weights of ITU-R BT.601, to which the eye is used.
    let [red, green, blue] = [colour.0, colour.1, colour.2].map(f64::from);
    if 0.299 * red + 0.587 * green + 0.114 * blue < 130.0 {
        RGBColor(255, 255, 255)
    } else {
        RGBColor(20, 20, 20)
    }
}

fn between(colours: &[RGBColor], share: f64) -> RGBColor {
    let place = share * (colours.len() - 1) as f64;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 ≤ share ≤ 1")]
    let below = (place as usize).min(colours.len() - 2);
    let t = place - below as f64;
    let (a, b) = (colours[below], colours[below + 1]);
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

    #[test]
    fn letters_can_be_read_on_both_ends_of_the_map() {
        assert_eq!((shade(-1.0), shade(2.0)), (VIRIDIS[0], VIRIDIS[8]));
        assert_eq!(letters_on(shade(0.0)).0, 255);
        assert_eq!(letters_on(shade(1.0)).0, 20);
    }

    #[test]
    fn letters_are_dark_on_what_the_eye_finds_light() {
        // Green is light, red and blue are not; grey is from the middle on.
        let grey = |level: u8| RGBColor(level, level, level);
        let light = [RGBColor(0, 255, 0), RGBColor(255, 255, 0), grey(131)];
        let dark = [RGBColor(255, 0, 0), RGBColor(0, 0, 255), RGBColor(255, 0, 255), grey(129)];
        assert!(light.iter().all(|colour| letters_on(*colour).0 == 20));
        assert!(dark.iter().all(|colour| letters_on(*colour).0 == 255));
    }

    #[test]
    fn few_have_hues_many_a_sequence_and_guides_come_round() {
        assert_eq!((colour(0, 6), colour(5, 6), colour(2, 3)), (FEW[0], FEW[5], FEW[2]));
        assert_eq!((colour(0, 7), colour(6, 7)), (MANY[0], MANY[4]));
        assert_eq!((guide(0), guide(3), guide(4), guide(6)), (GREY, GUIDES[3], GREY, GUIDES[2]));
    }

    #[test]
    fn between_two_colours_is_their_mixture() {
        // A quarter of the way from the first to the second of nine.
        assert_eq!(shade(0.25 / 8.0), RGBColor(69, 12, 94));
        assert_eq!(sequence(1, 3), MANY[2]);
        assert_eq!(sequence(1, 9), RGBColor(64, 42, 112));
    }
}
