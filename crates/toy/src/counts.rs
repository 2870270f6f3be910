//! How often things occur, from the kinds of file that such counts are kept in.
//!
//! - **text**: one number a line, or a column of numbers beside words (`columns`); empty lines and
//!   lines that start with `#` are passed over;
//! - **JSON**: an object of numbers (a counter), an array of them, or a line for each (`json`);
//! - **wordfreq's msgpack**, format `cB`: after a header, lists of words, of which those in list `i` occur
//!   with the frequency `10^(-i/100)`.
//!
//! Each may be compressed by gzip, in one part or in several. What a file is, its first bytes say.

mod columns;
mod json;

use flate2::bufread::GzDecoder;

use crate::input;

/// The most bytes that a compressed file may unfold to.
const MOST_BYTES: u64 = 1 << 27;
/// What a part of a gzip file begins with.
const GZIP: [u8; 2] = [0x1F, 0x8B];
/// Lists within lists within a list of wordfreq are not there.
const DEEPEST: usize = 8;
/// Most of a word in an error.
const SHOWN: usize = 40;

/// The numbers in a file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Counts {
    /// The numbers, largest first.
    pub frequencies: Vec<f64>,
    /// What was made of the file, where that was not plain, in sentences without a stop.
    pub remarks: Vec<String>,
}

/// The numbers in a file with this content; those of the column that was `asked` for by name, or by
/// number from 1, if one was.
///
/// # Errors
/// A sentence that says which line, key or part is wrong, and what is allowed.
pub fn counts(content: &[u8], asked: Option<&str>) -> Result<Counts, String> {
    let mut remarks = Vec::new();
    let unfolded;
    let content = if content.starts_with(&GZIP) {
        let (whole, rest) = unfold(content)?;
        if !rest.is_empty() {
            let n = rest.len();
            remarks.push(format!(
                "{n} bytes after the compressed part are none of it, and passed over"
            ));
        }
        unfolded = whole;
        &unfolded
    } else {
        content
    };
    let first = content.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(content);
    let first = first.iter().find(|byte| !byte.is_ascii_whitespace());
    let mut counts = match first {
        Some(0x90..=0x9F | 0xDC | 0xDD) if asked.is_none() => of_wordfreq(content)?,
        Some(b'{' | b'[') => json::of_json(&text(content)?, asked)?,
        _ => columns::of_text(&text(content)?, asked)?,
    };
    counts.frequencies.sort_by(|a, b| b.total_cmp(a));
    remarks.append(&mut counts.remarks);
    Ok(Counts { remarks, ..counts })
}

fn text(content: &[u8]) -> Result<std::borrow::Cow<'_, str>, String> {
    let kinds = "it must be text, JSON or wordfreq's msgpack, plain or by gzip";
    input::text(content).map_err(|problem| format!("{problem}; {kinds}"))
}

/// All parts of a gzip file, one after the other, and what stands behind them.
fn unfold(content: &[u8]) -> Result<(Vec<u8>, &[u8]), String> {
    let (mut whole, mut rest) = (Vec::new(), content);
    while rest.starts_with(&GZIP) {
        let mut part = GzDecoder::new(rest);
        let room = MOST_BYTES - whole.len() as u64;
        let unfolded = input::whole(&mut part, room).map_err(|error| match error.kind() {
            std::io::ErrorKind::FileTooLarge => format!("unfolds to more than {MOST_BYTES} bytes"),
            _ => format!("is damaged gzip: {error}"),
        })?;
        whole.extend(unfolded);
        rest = part.into_inner();
    }
    Ok((whole, rest))
}

/// The number, if it can be a frequency.
fn allowed(number: f64) -> Option<f64> {
    (number.is_finite() && number >= 0.0).then_some(number)
}

/// As much of a word as an error shows.
fn shown(word: &str) -> String {
    word.chars().take(SHOWN).collect()
}

fn of_wordfreq(mut content: &[u8]) -> Result<Counts, String> {
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
    Ok(Counts { frequencies, remarks: Vec::new() })
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use super::*;

    fn of(content: &[u8]) -> Result<Vec<f64>, String> {
        counts(content, None).map(|counts| counts.frequencies)
    }

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
        assert_eq!(of(b"# counts\n1\n\n3\n 2 \n"), Ok(vec![3.0, 2.0, 1.0]));
        assert_eq!(of(br#" {"a": 1, "b": 2.5}"#), Ok(vec![2.5, 1.0]));
        assert_eq!(of(b"[0, 7]"), Ok(vec![7.0, 0.0]));
        let centibel = |k: f64| 10_f64.powf(-k / 100.0);
        let expected = vec![centibel(1.0), centibel(2.0), centibel(2.0)];
        assert_eq!(of(&wordfreq()), Ok(expected.clone()));
        assert_eq!(of(&gzip(&wordfreq())), Ok(expected));
        assert_eq!(of(&gzip(b"2\n1\n")), Ok(vec![2.0, 1.0]));
        assert_eq!(of(b""), Ok(vec![]));
        assert_eq!(of(b"\xEF\xBB\xBF{\"a\": 1}"), Ok(vec![1.0]));
        assert_eq!(of(b"\xEF\xBB\xBF1\r\n3\r\n"), Ok(vec![3.0, 1.0]));
        assert_eq!(of(b"1\r3\r"), Ok(vec![3.0, 1.0]));
        let words = counts(b"word,a,b\nthe,5,6\nof,7,4", Some("b")).unwrap();
        assert_eq!(words.frequencies, [6.0, 4.0]);
        let rows = counts(b"[[1, 2], [3, 4]]", Some("2")).unwrap();
        assert_eq!(rows.frequencies, [4.0, 2.0]);
    }

    #[test]
    fn a_gzip_file_of_several_parts_is_one_file() {
        let parts = [gzip(b"9\n8\n"), gzip(b""), gzip(b"7\n6"), gzip(b"5\n4\n")].concat();
        // A line may go on in the next part: 6 and 5 are 65.
        assert_eq!(of(&parts), Ok(vec![65.0, 9.0, 8.0, 7.0, 4.0]));
        let with_rest = |rest: &[u8]| counts(&[&parts, rest].concat(), None).unwrap();
        assert_eq!(with_rest(b"").remarks, Vec::<String>::new());
        for rest in [&b"\0\0\0"[..], b"junk", b"\x1F"] {
            let read = with_rest(rest);
            assert_eq!(read.frequencies.len(), 5);
            let said = format!("{} bytes after the compressed part", rest.len());
            assert!(read.remarks[0].starts_with(&said), "{:?}", read.remarks);
        }
        assert!(of(&[&parts, &GZIP[..]].concat()).unwrap_err().contains("is damaged gzip"));
        assert!(of(&parts[..parts.len() - 1]).unwrap_err().contains("is damaged gzip"));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let bomb = gzip(&vec![b' '; usize::try_from(MOST_BYTES).unwrap() + 1]);
        let half = gzip(&vec![b' '; usize::try_from(MOST_BYTES).unwrap() / 2 + 1]);
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
            (b"\xFF\xFE".to_vec(), "UTF-16; save it as UTF-8"),
            (b"version https://git-lfs.github.com/spec/v1\nsize 9\n".to_vec(), "git-lfs"),
            (b"\x80".to_vec(), "must be text, JSON or wordfreq's msgpack"),
            (br#"{"a": 1, "a": 2}"#.to_vec(), "has `a` twice"),
            (b"1 2\n3 4".to_vec(), "--column"),
            (b"\x91\x01".to_vec(), "format cB"),
            (b"\x90".to_vec(), "has no header"),
            (b"\xDD\xFF\xFF\xFF\xFF".to_vec(), "is damaged msgpack"),
            (wordfreq()[..20].to_vec(), "is damaged msgpack"),
            ([&b"\x92"[..], &wordfreq()[1..18], b"\x05"].concat(), "msgpack"),
            (cut, "is damaged gzip"),
            (bomb, "unfolds to more than"),
            ([half.clone(), half].concat(), "unfolds to more than"),
        ] {
            let said = of(&content).unwrap_err();
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
            let _ = of(&damaged);
            let _ = of(&tail);
            let _ = of(&[&[0x1F, 0x8B][..], &tail].concat());
        }
    }
}
