//! The letters, carried along: Roboto, and `DejaVu Sans` for what it lacks, both reduced to what labels need.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ttf_parser::Face;

/// The families that all text is set in, the first that has a letter.
pub(crate) const FAMILIES: &str = "Roboto,'DejaVu Sans',sans-serif";

/// What a letter that neither has takes, in sizes.
const ELSEWHERE: f64 = 1.0;

/// Size of letters to the height of a line, by which sizes are counted here.
pub(crate) const LINE: f64 = 1.24;

/// A font that is carried along.
pub(crate) struct Font {
    family: &'static str,
    /// Its file.
    pub(crate) bytes: &'static [u8],
    face: Option<Face<'static>>,
}

impl Font {
    fn of(family: &'static str, bytes: &'static [u8]) -> Self {
        Self { family, bytes, face: Face::parse(bytes, 0).ok() }
    }

    /// The width of a letter, in sizes, if it has the letter.
    fn advance(&self, letter: char) -> Option<f64> {
        let face = self.face.as_ref()?;
        let advance = face.glyph_hor_advance(face.glyph_index(letter)?)?;
        Some(f64::from(advance) / f64::from(face.units_per_em()))
    }
}

/// The fonts, the first that has a letter to be taken.
pub(crate) static FONTS: LazyLock<[Font; 2]> = LazyLock::new(|| {
    [
        Font::of("Roboto", include_bytes!("../fonts/Roboto-subset.ttf")),
        Font::of("DejaVu Sans", include_bytes!("../fonts/DejaVuSans-subset.ttf")),
    ]
});

/// Whether a letter stands in one of the fonts.
pub(crate) fn is_carried(letter: char) -> bool {
    letter.is_ascii() || FONTS.iter().any(|font| font.advance(letter).is_some())
}

/// The width of a text in letters of `size`, in the same unit.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a length")]
pub(crate) fn width(text: &str, size: u32) -> u32 {
    let advance = |letter| FONTS.iter().find_map(|font| font.advance(letter)).unwrap_or(ELSEWHERE);
    let width: f64 = text.chars().map(advance).sum();
    (width * f64::from(size) / LINE).ceil() as u32
}

/// The width of the widest of several texts.
pub(crate) fn widest<'t>(texts: impl IntoIterator<Item = &'t String>, size: u32) -> u32 {
    texts.into_iter().map(|text| width(text, size)).max().unwrap_or(0)
}

/// The `text` in lines of at most `room` at letters of `size`, broken between words.
pub(crate) fn lines(text: &str, size: u32, room: u32) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split(' ') {
            let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
            if !line.is_empty() && width(&longer, size) > room {
                lines.push(std::mem::replace(&mut line, word.to_owned()));
            } else {
                line = longer;
            }
        }
        lines.push(line);
    }
    lines
}

/// The fonts for `tags`, inside the file so that it looks the same wherever it is opened. The second one is
/// there if a letter of it is.
pub(crate) fn style(tags: &str) -> String {
    let is_second =
        |letter| FONTS[0].advance(letter).is_none() && FONTS[1].advance(letter).is_some();
    let n = if tags.chars().any(|c| !c.is_control() && is_second(c)) { 2 } else { 1 };
    let face = |font: &Font| {
        let data = STANDARD.encode(font.bytes);
        format!(
            "@font-face{{font-family:\"{}\";src:url(data:font/ttf;base64,{data})}}",
            font.family
        )
    };
    let faces: String = FONTS[..n].iter().map(face).collect();
    format!("<style>{faces}</style>\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Letters that labels of this program have.
    const LETTERS: &str = "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩαβγδεζηθικλμνξοπρςστυφχψω\
                           –—‘’…⁰⁴⁵⁶⁷⁸⁹⁻₀₁₂₃∑−√∞≈≠≤≥‖Ŵᵀ⟨⟩∈→∝ДжŁő½";

    #[test]
    fn letters_have_the_width_of_the_font_that_has_them() {
        for letter in LETTERS.chars().chain(' '..='~').chain('\u{a1}'..='ÿ') {
            assert!(is_carried(letter), "{letter}");
            assert!(width(&letter.to_string(), 40) > 0 || letter == '\u{ad}', "{letter}");
        }
        assert!(!is_carried('模') && !is_carried('🙂'));
        assert_eq!(width("模🙂", 124), 200);
        // Roboto's own figures: 1150 of 2048 units each, or one more.
        assert!((1123..=1125).contains(&width("00", 1240)));
    }

    #[test]
    fn a_long_text_is_broken_between_words_and_keeps_them_all() {
        let text = "one two three four five six\nseven";
        let lines = lines(text, 13, 60);
        assert!(lines.len() > 3 && lines.last().unwrap() == "seven");
        assert_eq!(lines.join(" "), text.replace('\n', " "));
    }

    #[test]
    fn a_file_carries_the_fonts_that_it_needs() {
        let (plain, both) = (style("<text>α = 1 模</text>"), style("<text>Ŵ</text>"));
        assert!(plain.starts_with("<style>@font-face{font-family:\"Roboto\""));
        assert_eq!(
            [plain.matches("@font-face").count(), both.matches("@font-face").count()],
            [1, 2]
        );
        assert!(both.contains("font-family:\"DejaVu Sans\"") && both.len() > plain.len() + 100_000);
    }

    #[test]
    fn a_text_is_as_wide_as_its_letters_are_large_and_the_widest_of_several_counts() {
        let (small, large) = (width("some words", 20), width("some words", 40));
        assert!((75..100).contains(&small) && large.abs_diff(2 * small) <= 1, "{small} {large}");
        let texts = ["a", "some words", "bc"].map(str::to_owned);
        assert_eq!(widest(&texts, 20), small);
        assert_eq!(widest(&[], 20), 0);
    }

    #[test]
    fn a_line_may_be_as_wide_as_its_room() {
        let room = width("one two", 13);
        assert_eq!(lines("one two one", 13, room), ["one two", "one"]);
        assert_eq!(lines("one two one", 13, room - 1), ["one", "two", "one"]);
        // A word that is wider alone has a line of its own.
        assert_eq!(lines("incomprehensible a b", 13, room), ["incomprehensible", "a b"]);
    }
}
