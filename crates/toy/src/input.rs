//! A file that a person named, read whole: `-` is standard input.
//!
//! A pipe or a device in the place of a file would be waited for, or read until memory ends, so only
//! regular files are read, and what the shell hands over by name (`/dev/stdin`, `<(command)`).

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The most bytes that are read.
const MOST_BYTES: u64 = 1 << 30;
/// How the shell calls what it hands over.
const HANDED_OVER: [&str; 3] = ["/dev/stdin", "/dev/fd/", "/proc/self/fd/"];

/// The bytes of the file at `path`.
///
/// # Errors
/// What the system said, or that this is no file, or that it has more than a gibibyte.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    if path == Path::new("-") {
        return whole(io::stdin().lock(), MOST_BYTES);
    }
    let kind = path.metadata()?.file_type();
    let handed_over = path.to_str().is_some_and(|p| HANDED_OVER.iter().any(|h| p.starts_with(h)));
    if !(kind.is_file() || kind.is_dir() || handed_over) {
        let problem = "it is a pipe, a socket or a device, and must be a file";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, problem));
    }
    whole(File::open(path)?, MOST_BYTES)
}

/// All that `reader` has, if it is at most `most` bytes.
pub(crate) fn whole(reader: impl Read, most: u64) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    reader.take(most + 1).read_to_end(&mut content)?;
    if content.len() as u64 > most {
        let problem = format!("it has more than {most} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, problem));
    }
    Ok(content)
}

/// As [`read`], as text.
///
/// # Errors
/// As for [`read`], or that it is no text in UTF-8.
pub fn read_text(path: &Path) -> io::Result<String> {
    let content = read(path)?;
    let invalid = |problem| io::Error::new(io::ErrorKind::InvalidData, problem);
    text(&content).map(Cow::into_owned).map_err(invalid)
}

/// What files begin with that are no text, or stand for one that was not fetched; what that means, and what to do.
const FOREIGN: [(&[u8], &str); 9] = [
    (
        b"version https://git-lfs",
        "a pointer of git-lfs, not the file itself; `git lfs pull` fetches it",
    ),
    (b"<!doctype html", WEB_PAGE),
    (b"<html", WEB_PAGE),
    (b"\x1f\x8b", "compressed by gzip; unpack it first"),
    (b"bzh", "compressed by bzip2; unpack it first"),
    (b"\xfd7zxz\0", "compressed by xz; unpack it first"),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd; unpack it first"),
    (b"pk\x03\x04", "a zip archive; unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive; unpack it first"),
];
const WEB_PAGE: &str = "a web page; fetch the file again, perhaps with an access token";

/// What `content` is, by its first bytes, where that is no text that somebody wrote; to stand after "it is".
pub fn foreign(content: &[u8]) -> Option<&'static str> {
    let begins = |mark: &[u8]| {
        content.get(..mark.len()).is_some_and(|start| start.eq_ignore_ascii_case(mark))
    };
    FOREIGN.iter().find(|(mark, _)| begins(mark)).map(|(_, what)| *what)
}

/// The text in `content`, without a byte order mark; lines that end in CR alone end in LF.
///
/// # Errors
/// What it is instead, to stand after the name of the file.
pub fn text(content: &[u8]) -> Result<Cow<'_, str>, String> {
    if let Some(what) = foreign(content) {
        return Err(format!("it is {what}"));
    }
    if content.starts_with(&[0xFF, 0xFE]) || content.starts_with(&[0xFE, 0xFF]) {
        return Err("it is text in UTF-16; save it as UTF-8".to_owned());
    }
    let content = content.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(content);
    let text = std::str::from_utf8(content).map_err(|error| {
        let good = &content[..error.valid_up_to()];
        let line = 1 + good.iter().filter(|byte| **byte == b'\n').count();
        format!("it is no text in UTF-8 (byte {:#04X} in line {line})", content[good.len()])
    })?;
    if text.contains('\r') && !text.contains('\n') {
        return Ok(text.replace('\r', "\n").into());
    }
    Ok(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_from_whatever_editors_write() {
        for (content, expected) in [
            (&b"a\nb\n"[..], "a\nb\n"),
            (b"\xEF\xBB\xBFa\r\nb", "a\r\nb"),
            (b"a\rb\r", "a\nb\n"),
            (b"", ""),
        ] {
            assert_eq!(text(content).unwrap(), expected);
        }
        for (content, part) in [
            (&b"\xFF\xFEa\0"[..], "UTF-16; save it as UTF-8"),
            (b"\xFE\xFF\0a", "UTF-16; save it as UTF-8"),
            (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "`git lfs pull`"),
            (b"<!DOCTYPE html>\n<html>", "it is a web page"),
            (b"BZh91AY", "compressed by bzip2"),
            (b"\xFD7zXZ\0\0", "compressed by xz"),
            (b"PK\x03\x04\x14", "a zip archive"),
            (b"a\nb\ncaf\xE9\n", "UTF-8 (byte 0xE9 in line 3)"),
        ] {
            let said = text(content).unwrap_err();
            assert!(said.contains(part), "{said}");
        }
    }

    #[test]
    fn a_file_is_read_and_what_is_none_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        std::fs::write(&path, "\u{feff}words").unwrap();
        assert_eq!(read_text(&path).unwrap(), "words");
        assert_eq!(read(&path).unwrap().len(), 8);
        std::fs::write(&path, [0xE9]).unwrap();
        assert_eq!(read_text(&path).unwrap_err().kind(), io::ErrorKind::InvalidData);
        assert_eq!(read(&path.join("b")).unwrap_err().kind(), io::ErrorKind::NotADirectory);
        assert!(read(folder.path()).is_err());
        if cfg!(unix) {
            let said = read(Path::new("/dev/zero")).unwrap_err().to_string();
            assert!(said.contains("must be a file"), "{said}");
        }
    }

    #[test]
    fn what_has_no_end_is_not_read_for_ever() {
        assert_eq!(whole(io::repeat(7).take(5), 5).unwrap(), [7; 5]);
        let said = whole(io::repeat(7), 5).unwrap_err().to_string();
        assert!(said.contains("more than 5 bytes"), "{said}");
    }
}
