//! How often things occur, from the kinds of file that such counts are kept in.
//!
//! - **text**: one number a line; empty lines and lines that start with `#` are passed over;
//! - **JSON**: an object of numbers (a counter), or an array of them;
//! - **wordfreq's msgpack**, format `cB`: after a header, lists of words, of which those in list `i` occur
//!   with the frequency `10^(-i/100)`.
//!
//! Each may be compressed by gzip. What a file is, its first bytes say.

use std::io::Read as _;

use flate2::read::GzDecoder;
use serde_json::Value;

/// The most bytes that a compressed file may unfold to.
const MOST_BYTES: u64 = 1 << 27;
/// Lists within lists within a list of wordfreq are not there.
const DEEPEST: usize = 8;
/// Most of a word in an error.
const SHOWN: usize = 40;

/// The numbers in a file with this content, largest first.
///
/// # Errors
/// A sentence that says which line, key or part is wrong, and what is allowed.
pub fn frequencies(content: &[u8]) -> Result<Vec<f64>, String> {
    let mut unfolded = Vec::new();
    let content = if content.starts_with(&[0x1F, 0x8B]) {
        let mut reader = GzDecoder::new(content).take(MOST_BYTES + 1);
        reader.read_to_end(&mut unfolded).map_err(|e| format!("is damaged gzip: {e}"))?;
        if unfolded.len() as u64 > MOST_BYTES {
            return Err(format!("unfolds to more than {MOST_BYTES} bytes"));
        }
        &unfolded
    } else {
        content
    };
    let first = content.iter().find(|byte| !byte.is_ascii_whitespace());
    let mut frequencies = match first {
        Some(b'{' | b'[') => of_json(content)?,
        Some(0x90..=0x9F | 0xDC | 0xDD) => of_wordfreq(content)?,
        _ => of_lines(content)?,
    };
    frequencies.sort_by(|a, b| b.total_cmp(a));
    Ok(frequencies)
}

/// A number that can be a frequency.
fn allowed(number: Option<f64>) -> Option<f64> {
    number.filter(|number| number.is_finite() && *number >= 0.0)
}

fn of_lines(content: &[u8]) -> Result<Vec<f64>, String> {
    let text = std::str::from_utf8(content).map_err(|_| {
        "is neither text, nor JSON, nor wordfreq's msgpack, plain or by gzip".to_owned()
    })?;
    let mut numbers = Vec::new();
    for (line, text) in (1..).zip(text.lines().map(str::trim)) {
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        numbers.push(allowed(text.parse().ok()).ok_or_else(|| {
            let shown: String = text.chars().take(SHOWN).collect();
            format!("line {line} must be a frequency (a number, at least 0), got `{shown}`")
        })?);
    }
    Ok(numbers)
}

fn of_json(content: &[u8]) -> Result<Vec<f64>, String> {
    let value: Value = serde_json::from_slice(content).map_err(|e| format!("is no JSON: {e}"))?;
    let number = |what: &str, value: &Value| {
        allowed(value.as_f64()).ok_or_else(|| {
            let what: String = what.chars().take(SHOWN).collect();
            let value: String = value.to_string().chars().take(SHOWN).collect();
            format!("must have a number, at least 0, at `{what}`, got `{value}`")
        })
    };
    match &value {
        Value::Object(counts) => counts.iter().map(|(word, count)| number(word, count)).collect(),
        Value::Array(counts) => {
            (0..).zip(counts).map(|(k, c): (u64, _)| number(&k.to_string(), c)).collect()
        }
        _ => Err("must be an object or an array of numbers".to_owned()),
    }
}

fn of_wordfreq(mut content: &[u8]) -> Result<Vec<f64>, String> {
    let read = rmpv::decode::read_value_with_max_depth(&mut content, DEEPEST);
    let value = read.map_err(|e| format!("is damaged msgpack: {e}"))?;
    let lists = value.as_array().map(Vec::as_slice).unwrap_or_default();
    let [header, lists @ ..] = lists else { return Err("has no header of wordfreq".to_owned()) };
    if header["format"].as_str() != Some("cB") || header["version"].as_u64() != Some(1) {
        return Err("must have the format cB of wordfreq, version 1, in its header".to_owned());
    }
    let mut frequencies = Vec::new();
    for (centibels, words) in (0..).zip(lists) {
        let words = words.as_array();
        let words = words.ok_or_else(|| format!("must have a list of words at {centibels}"))?;
        let frequency = 10_f64.powf(-f64::from(centibels) / 100.0);
        frequencies.resize(frequencies.len() + words.len(), frequency);
    }
    Ok(frequencies)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use super::*;

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    /// A header, no words at frequency 1, one at 10^-0.01, two at 10^-0.02.
    fn wordfreq() -> Vec<u8> {
        let header = b"\x94\x82\xA6format\xA2cB\xA7version\x01";
        [&header[..], b"\x90", b"\x91\xA3the", b"\x92\xA2of\xA3and"].concat()
    }

    #[test]
    fn every_kind_of_file_gives_its_numbers_largest_first() {
        assert_eq!(frequencies(b"# counts\n1\n\n3\n 2 \n"), Ok(vec![3.0, 2.0, 1.0]));
        assert_eq!(frequencies(br#" {"a": 1, "b": 2.5}"#), Ok(vec![2.5, 1.0]));
        assert_eq!(frequencies(b"[0, 7]"), Ok(vec![7.0, 0.0]));
        let centibel = |k: f64| 10_f64.powf(-k / 100.0);
        let expected = vec![centibel(1.0), centibel(2.0), centibel(2.0)];
        assert_eq!(frequencies(&wordfreq()), Ok(expected.clone()));
        assert_eq!(frequencies(&gzip(&wordfreq())), Ok(expected));
        assert_eq!(frequencies(&gzip(b"2\n1\n")), Ok(vec![2.0, 1.0]));
        assert_eq!(frequencies(b""), Ok(vec![]));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let bomb = gzip(&vec![b' '; usize::try_from(MOST_BYTES).unwrap() + 1]);
        let mut cut = gzip(&wordfreq());
        cut.truncate(20);
        for (content, part) in [
            (
                b"1\nmany\n".to_vec(),
                "line 2 must be a frequency (a number, at least 0), got `many`",
            ),
            (b"1\nNaN\n".to_vec(), "line 2"),
            (b"-1\n".to_vec(), "line 1"),
            (br#"{"the": "often"}"#.to_vec(), "at `the`, got `\"often\"`"),
            (b"[1, -2]".to_vec(), "at `1`, got `-2`"),
            (b"{".to_vec(), "is no JSON"),
            (b"\xFF\xFE".to_vec(), "is neither text"),
            (b"\x91\x01".to_vec(), "format cB"),
            (b"\x90".to_vec(), "has no header"),
            (b"\xDD\xFF\xFF\xFF\xFF".to_vec(), "is damaged msgpack"),
            (wordfreq()[..20].to_vec(), "is damaged msgpack"),
            ([&b"\x92"[..], &wordfreq()[1..18], b"\x05"].concat(), "msgpack"),
            (cut, "is damaged gzip"),
            (bomb, "unfolds to more than"),
        ] {
            let said = frequencies(&content).unwrap_err();
            assert!(said.contains(part), "{part}: {said}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(
            at in any::<prop::sample::Index>(),
            byte in any::<u8>(),
            tail in prop::collection::vec(any::<u8>(), 0..60),
        ) {
            let mut damaged = wordfreq();
            let at = at.index(damaged.len());
            damaged[at] = byte;
            let _ = frequencies(&damaged);
            let _ = frequencies(&tail);
            let _ = frequencies(&[&[0x1F, 0x8B][..], &tail].concat());
        }
    }
}
