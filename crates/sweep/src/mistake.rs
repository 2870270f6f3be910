//! What is wrong with a sweep file, in words: where it is, what is allowed, and what was perhaps meant.

use strsim::osa_distance;
use toml::de::Error;

/// Most letters of a line in an error.
const LINE: usize = 78;
/// Most letters of a message.
const MESSAGE: usize = 800;

/// The mistake in `text`: a sentence, and its place with a part of its line.
pub(crate) fn in_text(text: &str, error: &Error) -> String {
    let message = in_words(error.message());
    let Some(span) = error.span() else { return message };
    let before = text.get(..span.start).unwrap_or(text);
    let number = 1 + before.matches('\n').count();
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let column = before[start..].chars().count();
    let line = text[start..].lines().next().unwrap_or_default();
    let length =
        text.get(span).map_or(1, |part| part.lines().next().unwrap_or_default().chars().count());
    // A long line is shown around the mistake.
    let first = if line.chars().nth(LINE).is_some() { column.saturating_sub(LINE / 2) } else { 0 };
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let shown: String = line.chars().skip(first).take(LINE).map(plain).collect();
    let margin = " ".repeat(number.to_string().len());
    let left = LINE.saturating_sub(column - first).max(1);
    let carets = "^".repeat(length.clamp(1, left));
    format!(
        "line {number}, column {}: {message}\n{margin} |\n{number} | {shown}\n{margin} | {}{carets}",
        column + 1,
        " ".repeat(column - first),
    )
}

/// What the reader of TOML said, as we would say it.
pub(crate) fn in_words(message: &str) -> String {
    let message = message.trim();
    let said = if let Some(rest) = message.strip_prefix("unknown field ") {
        format!("unknown field {}{}", cut(rest, MESSAGE), meant(rest))
    } else if let Some(rest) = message.strip_prefix("unknown variant ") {
        format!("unknown value {}{}", cut(rest, MESSAGE), meant(rest))
    } else if let Some(name) = message.strip_prefix("missing field ") {
        format!("{name} is missing")
    } else if let Some((got, expected)) = mismatch(message) {
        format!("must be {}, got {}", kind(expected), value(got))
    } else if message.contains("escape") {
        format!("{message}; a path with backslashes stands in single quotes")
    } else {
        message.to_owned()
    };
    cut(&said, MESSAGE)
}

/// The two halves of `invalid type: <got>, expected <what>`.
fn mismatch(message: &str) -> Option<(&str, &str)> {
    let rest = message.strip_prefix("invalid type: ");
    let rest = rest.or_else(|| message.strip_prefix("invalid value: "));
    rest.or_else(|| message.strip_prefix("invalid length "))?.rsplit_once(", expected ")
}

/// A type of the program as a kind of value in TOML.
fn kind(expected: &str) -> &str {
    match expected {
        "a sequence" => "a list",
        "a map" => "a table",
        "a boolean" => "true or false",
        "f32" | "f64" => "a number",
        "u8" | "u16" | "u32" | "u64" | "usize" | "i32" | "i64" | "isize" => "a whole number",
        other if other.starts_with("struct ") || other.starts_with("internally tagged") => {
            "a table"
        }
        other => other,
    }
}

/// A value as it is written.
fn value(got: &str) -> String {
    let plain = ["integer ", "floating point ", "boolean ", "string "]
        .into_iter()
        .find_map(|kind| got.strip_prefix(kind));
    match (got, plain) {
        ("sequence", _) => "a list".to_owned(),
        ("map", _) => "a table".to_owned(),
        (_, Some(value)) => value.trim_matches('`').to_owned(),
        _ => got.to_owned(),
    }
}

/// `; did you mean …?` for the first of the names in backquotes, if one of the others is like it.
fn meant(names: &str) -> String {
    let mut names = names.split('`').skip(1).step_by(2);
    let Some(name) = names.next() else { return String::new() };
    like(name, names).map_or(String::new(), |known| format!("; did you mean `{known}`?"))
}

/// The one of the `known` names that is most like `name`, if it is like it at all.
pub fn like<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |name: &str| name.to_lowercase().replace(['-', ' '], "_");
    // A very long name is like none, and would take its time.
    let name = plain(name.get(..100).unwrap_or(name));
    let by_distance = known.map(|known| (osa_distance(&name, &plain(known)), known));
    let (distance, nearest) = by_distance.min_by_key(|(distance, _)| *distance)?;
    let far = 1 + nearest.len() / 4;
    let contains = name.len() >= 3 && nearest.contains(&name);
    (distance <= far || contains).then_some(nearest)
}

/// The `text`, its middle left out if it has more than `most` letters.
pub(crate) fn cut(text: &str, most: usize) -> String {
    if text.chars().nth(most).is_none() {
        return text.to_owned();
    }
    let tail: Vec<char> = text.chars().rev().take(most / 4).collect();
    let head: String = text.chars().take(most - most / 4).collect();
    format!("{head} … {}", tail.iter().rev().collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Table;

    fn said(text: &str) -> String {
        in_text(text, &toml::from_str::<Table>(text).unwrap_err())
    }

    #[test]
    fn a_mistake_is_shown_in_its_line() {
        assert_eq!(
            said("a = 1\nbb = = 2\n").lines().skip(1).collect::<Vec<_>>(),
            ["  |", "2 | bb = = 2", "  |      ^"]
        );
        assert!(said("a = 1\nbb = = 2\n").starts_with("line 2, column 6: "));
    }

    #[test]
    fn a_name_of_four_letters_may_have_two_wrong() {
        let known = || ["seed", "steps"].into_iter();
        assert_eq!(like("sxxd", known()), Some("seed"));
        assert_eq!(like("xxxd", known()), None);
    }

    #[test]
    fn a_long_line_is_cut_around_the_mistake() {
        let text = format!("a = 1\nb = [{}x, {}]", "1, ".repeat(300_000), "2, ".repeat(300_000));
        let said = said(&text);
        let lines: Vec<&str> = said.lines().collect();
        assert!(said.len() < 600, "{said}");
        let at = lines[3].find('^').unwrap();
        assert_eq!(lines[2].as_bytes()[at], b'x', "{said}");
        assert!(lines[0].starts_with("line 2, column 900006: "), "{said}");
    }

    #[test]
    fn what_the_reader_said_is_told_in_words() {
        for (message, words) in [
            (
                "unknown field `stesp`, expected `steps` or `seed`",
                "unknown field `stesp`, expected `steps` or `seed`; did you mean `steps`?",
            ),
            (
                "unknown variant `powr`, expected one of `power`, `linear`",
                "unknown value `powr`, expected one of `power`, `linear`; did you mean `power`?",
            ),
            ("unknown field `zzz`, expected `steps`", "unknown field `zzz`, expected `steps`"),
            ("missing field `exponent`", "`exponent` is missing"),
            ("invalid type: string \"1\", expected f64", "must be a number, got \"1\""),
            ("invalid type: integer `3`, expected a sequence", "must be a list, got 3"),
            ("invalid type: sequence, expected struct ModelToml", "must be a table, got a list"),
            ("invalid type: map, expected u64", "must be a whole number, got a table"),
            (
                "invalid value: floating point `0.5`, expected a boolean",
                "must be true or false, got 0.5",
            ),
            ("a learning rate is a number", "a learning rate is a number"),
        ] {
            assert_eq!(in_words(message), words);
        }
        let long = in_words(&format!("unknown field `{}`, expected `steps`", "s".repeat(1 << 20)));
        assert!(
            long.chars().count() < MESSAGE + 100 && long.ends_with("expected `steps`"),
            "{long}"
        );
    }

    #[test]
    fn a_name_is_like_another_or_it_is_not() {
        let known = ["n_features", "d_hidden", "learning_rate", "learning_rate_bias"];
        let like = |name: &str| like(name, known.into_iter());
        for (name, meant) in [
            ("n_featurs", Some("n_features")),
            ("N-Features", Some("n_features")),
            ("hidden", Some("d_hidden")),
            ("learning_rat", Some("learning_rate")),
            ("colour", None),
            ("n", None),
        ] {
            assert_eq!(like(name), meant, "{name}");
        }
    }

    #[test]
    fn what_is_too_long_loses_its_middle() {
        assert_eq!(cut("12345678", 8), "12345678");
        assert_eq!(cut("123456789", 8), "123456 … 89");
    }
}
