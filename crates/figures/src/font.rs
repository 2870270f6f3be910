//! The letters, carried along: Roboto (Apache License 2.0), reduced to what labels need.

use std::sync::OnceLock;

use plotters::style::{FontStyle, register_font};

/// The family that all text is set in.
pub(crate) const FAMILY: &str = "Roboto";

static BYTES: &[u8] = include_bytes!("../fonts/Roboto-subset.ttf");

/// Makes the font known to the drawing library.
pub(crate) fn register() -> Result<(), String> {
    static DONE: OnceLock<bool> = OnceLock::new();
    let usable = *DONE.get_or_init(|| register_font(FAMILY, FontStyle::Normal, BYTES).is_ok());
    if usable { Ok(()) } else { Err("the font that it carries is damaged".to_owned()) }
}

/// The `svg` with the font inside it, so that it looks the same wherever it is opened.
pub(crate) fn embed(svg: &str) -> String {
    let style = format!(
        "<style>@font-face{{font-family:\"{FAMILY}\";\
         src:url(data:font/ttf;base64,{})}}</style>",
        base64(BYTES)
    );
    match svg.find('>') {
        // The first tag is `<svg …>`.
        Some(end) => format!("{}{style}{}", &svg[..=end], &svg[end + 1..]),
        None => svg.to_owned(),
    }
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group =
            chunk.iter().fold(0_u32, |g, b| g << 8 | u32::from(*b)) << (8 * (3 - chunk.len()));
        for i in 0..4 {
            let letter = ALPHABET[(group >> (18 - 6 * i)) as usize & 63];
            text.push(if i <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_follows_the_standards_own_examples() {
        // RFC 4648, section 10.
        for (plain, coded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }

    #[test]
    fn the_style_stands_inside_the_first_tag() {
        let svg = embed("<svg width=\"1\"><text/></svg>");
        assert!(svg.starts_with("<svg width=\"1\"><style>@font-face"));
        assert!(svg.ends_with("</style><text/></svg>"));
    }
}
