//! The letters, carried along: Roboto (Apache License 2.0), reduced to what labels need.

use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use plotters::style::{FontStyle, IntoFont, register_font};

/// The family that all text is set in.
pub(crate) const FAMILY: &str = "Roboto";

static BYTES: &[u8] = include_bytes!("../fonts/Roboto-subset.ttf");

/// Makes the font known to the drawing library.
pub(crate) fn register() -> Result<(), String> {
    static DONE: OnceLock<bool> = OnceLock::new();
    let usable = *DONE.get_or_init(|| register_font(FAMILY, FontStyle::Normal, BYTES).is_ok());
    if usable { Ok(()) } else { Err("the font that it carries is damaged".to_owned()) }
}

/// The letters there are, besides those of Latin-1. Others cost a letter, not the picture: the SVG keeps
/// them, and whoever shows it takes another font for them; in the PNG an empty box is drawn.
#[cfg(test)]
pub(crate) const LETTERS: &str = "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩαβγδεζηθικλμνξοπρςστυφχψω\
                                  –—‘’…⁰⁴⁵⁶⁷⁸⁹⁻₀₁₂₃∑−√∞≈≠≤≥";

/// The `svg` with a box in the place of what XML cannot hold, such as an escape in a name.
pub(crate) fn as_xml(svg: &str) -> String {
    let holds = |c: char| !c.is_control() && !matches!(c, '\u{FFFE}' | '\u{FFFF}');
    svg.chars().map(|c| if holds(c) || matches!(c, '\n' | '\t') { c } else { '\u{FFFD}' }).collect()
}

/// The width of a text in letters of `size`, in the same unit.
pub(crate) fn width(text: &str, size: u32) -> Result<u32, String> {
    register()?;
    let size = (FAMILY, size).into_font().box_size(text).map_err(|e| e.to_string())?;
    Ok(size.0)
}

/// The width of the widest of several texts.
pub(crate) fn widest<'t>(
    texts: impl IntoIterator<Item = &'t String>,
    size: u32,
) -> Result<u32, String> {
    texts.into_iter().try_fold(0, |widest, text| Ok(width(text, size)?.max(widest)))
}

/// The `text` in lines of at most `room` at letters of `size`, broken between words.
pub(crate) fn lines(text: &str, size: u32, room: u32) -> Result<Vec<String>, String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split(' ') {
            let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
            if !line.is_empty() && width(&longer, size)? > room {
                lines.push(std::mem::replace(&mut line, word.to_owned()));
            } else {
                line = longer;
            }
        }
        lines.push(line);
    }
    Ok(lines)
}

/// The `svg` with the font inside it, so that it looks the same wherever it is opened.
pub(crate) fn embed(svg: &str) -> String {
    let style = format!(
        "<style>@font-face{{font-family:\"{FAMILY}\";\
         src:url(data:font/ttf;base64,{})}}</style>",
        STANDARD.encode(BYTES)
    );
    match svg.find('>') {
        // The first tag is `<svg …>`.
        Some(end) => format!("{}{style}{}", &svg[..=end], &svg[end + 1..]),
        None => svg.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_have_a_width_whether_the_font_has_them_or_not() {
        for letter in LETTERS.chars().chain("模数‖🙂".chars()) {
            assert!(width(&letter.to_string(), 13).unwrap() > 0, "{letter}");
        }
    }

    #[test]
    fn what_xml_cannot_hold_is_a_box() {
        assert_eq!(
            as_xml("<a>\n\t模\u{1b}\0\u{9b}\u{FFFF}</a>"),
            "<a>\n\t模\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}</a>"
        );
    }

    #[test]
    fn a_long_text_is_broken_between_words_and_keeps_them_all() {
        let text = "one two three four five six\nseven";
        let lines = lines(text, 13, 60).unwrap();
        assert!(lines.len() > 3 && lines.last().unwrap() == "seven");
        assert_eq!(lines.join(" "), text.replace('\n', " "));
    }

    #[test]
    fn the_style_stands_inside_the_first_tag() {
        let svg = embed("<svg width=\"1\"><text/></svg>");
        assert!(svg.starts_with("<svg width=\"1\"><style>@font-face"));
        assert!(svg.ends_with("</style><text/></svg>"));
    }

    #[test]
    fn every_letter_that_the_font_has_takes_room() {
        for letter in LETTERS.chars().chain(' '..='~').chain('\u{a1}'..='ÿ') {
            let is_drawn = width(&format!("{letter}|"), 40).unwrap() > width("|", 40).unwrap();
            assert!(is_drawn || letter == '\u{ad}', "{letter}");
        }
    }

    #[test]
    fn a_text_is_as_wide_as_its_letters_are_large_and_the_widest_of_several_counts() {
        let (small, large) = (width("some words", 20).unwrap(), width("some words", 40).unwrap());
        assert!((80..110).contains(&small) && large.abs_diff(2 * small) <= 2, "{small} {large}");
        let texts = ["a", "some words", "bc"].map(str::to_owned);
        assert_eq!(widest(&texts, 20).unwrap(), small);
        assert_eq!(widest(&[], 20).unwrap(), 0);
    }

    #[test]
    fn a_line_may_be_as_wide_as_its_room() {
        let room = width("one two", 13).unwrap();
        assert_eq!(lines("one two one", 13, room).unwrap(), ["one two", "one"]);
        assert_eq!(lines("one two one", 13, room - 1).unwrap(), ["one", "two", "one"]);
        // A word that is wider alone has a line of its own.
        assert_eq!(lines("incomprehensible a b", 13, room).unwrap(), ["incomprehensible", "a b"]);
    }
}
