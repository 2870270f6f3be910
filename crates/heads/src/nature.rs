//! What a file is that holds no weights which are read: said by its first bytes, or by what is in
//! the archive.

use std::path::Path;

/// Names of files in an archive that are looked at.
const MOST_NAMES: usize = 100_000;
/// Bytes at the beginning that tell a text from other files.
const BEGINNING: usize = 512;

/// A file that is not read: what is wrong, and what to do. `None` when nothing is known of it.
pub(crate) fn nature(content: &[u8], path: &Path) -> Option<(String, String)> {
    let start = content.trim_ascii_start();
    let lower: Vec<u8> = start.iter().take(BEGINNING).map(u8::to_ascii_lowercase).collect();
    let of = |problem: &str, advice: &str| Some((problem.to_owned(), advice.to_owned()));
    if let Some(pointer) = lfs_pointer(content) {
        return Some(pointer);
    }
    if content.starts_with(b"PK\x03\x04") {
        return Some(archive(content));
    }
    if lower.starts_with(b"<!doctype html") || lower.starts_with(b"<html") {
        let title = title(start).map_or(String::new(), |title| format!(" called `{title}`"));
        let problem = format!("is a web page{title} and no weights");
        return of(&problem, "fetch the file again, perhaps with an access token");
    }
    for (magic, at, problem, advice) in MAGICS {
        if content.get(at..).is_some_and(|content| content.starts_with(magic)) {
            return of(problem, advice);
        }
    }
    // Pickles of protocol 2 to 5 say so; those of protocol 0 are text.
    if matches!(content, [0x80, 2..=5, ..]) {
        return of(PICKLED, CONVERT);
    }
    if let Some((_, problem)) =
        ENDINGS.iter().find(|(end, _)| path.extension() == Some(end.as_ref()))
    {
        return of(problem, CONVERT);
    }
    if lower.starts_with(b"<?xml") || lower.starts_with(b"<error") {
        return of("is an XML document and no weights", "fetch the file again");
    }
    let beginning = &content[..content.len().min(BEGINNING)];
    if is_text(beginning) {
        let kind = if matches!(start.first(), Some(b'{' | b'[')) { "JSON" } else { "text" };
        return of(&format!("is {kind} and no weights"), GIVE);
    }
    if !content.is_empty() && beginning.iter().all(|byte| *byte == 0) {
        return of("begins with zeros, as a file that was not written does", "fetch it again");
    }
    None
}

const GIVE: &str = "give a safetensors or GGUF file, or the folder of a model";
const CONVERT: &str = "convert it to safetensors";
const UNPACK: &str = "unpack it first";
const PICKLED: &str = "is a pickled checkpoint, which runs code when it is read";

/// First bytes, where they stand, what they mean, and what to do.
const MAGICS: [(&[u8], usize, &str, &str); 19] = [
    (b"\x89HDF\r\n\x1a\n", 0, "is an HDF5 file", CONVERT),
    (b"\x93NUMPY", 0, "is an array of NumPy", CONVERT),
    (b"\x1f\x8b", 0, "is compressed by gzip", UNPACK),
    (b"\x28\xb5\x2f\xfd", 0, "is compressed by zstd", UNPACK),
    (b"\xfd7zXZ\0", 0, "is compressed by xz", UNPACK),
    (b"BZh", 0, "is compressed by bzip2", UNPACK),
    (b"7z\xbc\xaf\x27\x1c", 0, "is a 7-Zip archive", UNPACK),
    (b"Rar!", 0, "is a RAR archive", UNPACK),
    (b"ustar", 257, "is a tar archive", UNPACK),
    (b"PK\x05\x06", 0, "is an empty zip archive", GIVE),
    (b"TFL3", 4, "is a TensorFlow Lite model", CONVERT),
    (b"PAR1", 0, "is a Parquet table", GIVE),
    (b"ARROW1", 0, "is an Arrow table", GIVE),
    // The words that GGUF's ancestors begin with, lowest byte first.
    (b"lmgg", 0, OLD_GGML, CONVERT_GGML),
    (b"fmgg", 0, OLD_GGML, CONVERT_GGML),
    (b"tjgg", 0, OLD_GGML, CONVERT_GGML),
    (b"algg", 0, "is an adapter of ggml", GIVE),
    (b"\x7fELF", 0, "is a program", GIVE),
    (b"%PDF", 0, "is a PDF document", GIVE),
];
const OLD_GGML: &str = "is a file of ggml from before GGUF";
const CONVERT_GGML: &str = "convert it to GGUF";

/// Endings of files whose first bytes say nothing, and what these are.
const ENDINGS: [(&str, &str); 6] = [
    ("onnx", "is an ONNX model"),
    ("msgpack", "is a checkpoint of Flax"),
    ("pb", "is a TensorFlow graph"),
    ("tflite", "is a TensorFlow Lite model"),
    ("mlmodel", "is a Core ML model"),
    ("ot", "is a checkpoint of rust-bert"),
];

/// A text that git-lfs keeps in the place of a large file.
fn lfs_pointer(content: &[u8]) -> Option<(String, String)> {
    let text = std::str::from_utf8(content.get(..content.len().min(BEGINNING))?).ok()?;
    let is_pointer =
        text.starts_with("version https://git-lfs") || text.starts_with("version https://hawser");
    let size = text.lines().find_map(|line| line.strip_prefix("size "));
    is_pointer.then(|| {
        let size = size.map_or(String::new(), |size| format!(" of {} bytes", size.trim()));
        let problem =
            format!("is a pointer of git-lfs; the file{size} that it stands for was not fetched");
        (problem, "`git lfs pull` fetches it".to_owned())
    })
}

/// The title of a web page.
fn title(page: &[u8]) -> Option<String> {
    let page = String::from_utf8_lossy(&page[..page.len().min(4 * BEGINNING)]).into_owned();
    // Lower case in ASCII alone, which moves no letter.
    let lower = page.to_ascii_lowercase();
    let start = lower.find("<title>")? + "<title>".len();
    let end = start + lower[start..].find("</title>")?;
    Some(page[start..end].trim().to_owned()).filter(|title| !title.is_empty())
}

/// Whether bytes are those of a text: no control characters but white space.
fn is_text(bytes: &[u8]) -> bool {
    // The last letter may be cut.
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !text.is_empty() && text.chars().all(|letter| !letter.is_control() || letter.is_whitespace())
}

/// What a zip archive is, by the files in it.
fn archive(content: &[u8]) -> (String, String) {
    let names = names_in_zip(content);
    let ends = |end: &str| names.iter().any(|name| name.ends_with(end));
    let weights: Vec<String> = names
        .iter()
        .filter(|name| name.ends_with(".safetensors") || name.ends_with(".gguf"))
        .take(3)
        .map(|name| format!("`{name}`"))
        .collect();
    if ends("/data.pkl") || ends("/version") && ends(".pkl") {
        return (PICKLED.to_owned(), CONVERT.to_owned());
    }
    let kind = if names.iter().any(|name| name.contains(".dist-info/")) {
        "is a Python wheel, a zip archive"
    } else if !names.is_empty() && names.iter().all(|name| name.ends_with(".npy")) {
        return ("is a zip archive of NumPy's arrays".to_owned(), CONVERT.to_owned());
    } else if ends(".weights.h5") {
        return ("is a model of Keras, a zip archive".to_owned(), CONVERT.to_owned());
    } else {
        "is a zip archive"
    };
    match weights.len() {
        0 => (kind.to_owned(), UNPACK.to_owned()),
        _ => (kind.to_owned(), format!("unpack it and give {}", weights.join(" or "))),
    }
}

/// The names in the directory of a zip archive; of one that is cut off or too large for the directory
/// of 32 bits, the first name alone.
fn names_in_zip(content: &[u8]) -> Vec<String> {
    let names = directory(content).unwrap_or_default();
    if !names.is_empty() {
        return names;
    }
    let first = text_at(content, 30, number::<2>(content, 26).unwrap_or(0));
    first.into_iter().collect()
}

fn directory(content: &[u8]) -> Option<Vec<String>> {
    const END: &[u8] = b"PK\x05\x06";
    const ENTRY: &[u8] = b"PK\x01\x02";
    // The end has 22 bytes and a comment of at most 65,535 behind it.
    let tail = content.len().saturating_sub(22 + 65_535);
    let end = tail + content[tail..].windows(END.len()).rposition(|window| window == END)?;
    let mut at = number::<4>(content, end + 16)?;
    let mut names = Vec::new();
    while content.get(at..)?.starts_with(ENTRY) && names.len() < MOST_NAMES {
        let [name, extra, comment] = [28, 30, 32].map(|place| number::<2>(content, at + place));
        names.push(text_at(content, at + 46, name?)?);
        at += 46 + name? + extra? + comment?;
    }
    Some(names)
}

/// The number of `N` bytes at a place, the lowest first.
fn number<const N: usize>(content: &[u8], at: usize) -> Option<usize> {
    let bytes = content.get(at..)?.first_chunk::<N>()?;
    Some(bytes.iter().rev().fold(0, |sum, byte| sum << 8 | usize::from(*byte)))
}

fn text_at(content: &[u8], at: usize, length: usize) -> Option<String> {
    let bytes = content.get(at..)?.get(..length)?;
    Some(String::from_utf8_lossy(bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::zip;

    fn said(content: &[u8], name: &str) -> String {
        let said = nature(content, Path::new(name));
        said.map_or("nothing".to_owned(), |(problem, advice)| format!("{problem}; {advice}"))
    }

    #[test]
    fn files_that_hold_no_weights_are_said_by_their_nature() {
        let lfs = b"version https://git-lfs.github.com/spec/v1\noid sha256:12ab\nsize 5481\n";
        let tar = [&[b'a'; 257][..], b"ustar\0"].concat();
        for (content, part) in [
            (
                &lfs[..],
                "is a pointer of git-lfs; the file of 5481 bytes that it stands for was not fetched; `git lfs pull`",
            ),
            (b"version https://git-lfs.github.com/spec/v1\n", "the file that it stands for"),
            (
                b"\n <!DOCTYPE HTML><html><Title> 404 \xc3\x84 </TITLE>",
                "is a web page called `404 \u{c4}` and no weights",
            ),
            (b"<html><body>", "is a web page and no weights"),
            (b"<?xml version=\"1.0\"?><Error/>", "is an XML document"),
            (b"{\"error\": \"gated\"}", "is JSON and no weights"),
            (b"Entry not found", "is text and no weights"),
            (b"\x80\x02}q\0.", "is a pickled checkpoint"),
            (b"\x80\x05\x95.", "is a pickled checkpoint"),
            (b"\x89HDF\r\n\x1a\n\0", "is an HDF5 file"),
            (b"\x93NUMPY\x01", "is an array of NumPy"),
            (b"\x1f\x8b\x08", "is compressed by gzip; unpack it first"),
            (b"\x28\xb5\x2f\xfd\0", "zstd"),
            (b"tjgg\x03\0\0\0", "from before GGUF; convert it to GGUF"),
            (&tar, "is a tar archive"),
            (b"....TFL3\0", "is a TensorFlow Lite model"),
            (&[0; 600], "begins with zeros"),
            (b"\x80\x06..", "nothing"),
            (b"\x01\x02\x03", "nothing"),
            (b"", "nothing"),
        ] {
            let said = said(content, "m.bin");
            assert!(said.contains(part), "{part}: {said}");
        }
        assert!(said(b"\x08\x07\x12\x07", "m.onnx").contains("is an ONNX model"));
    }

    #[test]
    fn a_text_may_be_cut_within_a_letter_and_has_no_control_characters() {
        let cut = &"\u{4e00}".repeat(400).into_bytes()[..511];
        assert!(is_text(cut) && is_text(b"two\nlines\tof text"));
        assert!(!is_text(b"a\x1b[2J") && !is_text(b"\xff\xfe\0a") && !is_text(b""));
        assert!(!is_text(b"a\xffb"));
    }

    #[test]
    fn an_archive_is_what_is_in_it() {
        for (names, part) in [
            (&["m/data.pkl", "m/data/0"][..], "is a pickled checkpoint"),
            (&["archive/version", "archive/constants.pkl"], "is a pickled checkpoint"),
            (
                &["a/m.safetensors", "a-1.dist-info/WHEEL"],
                "is a Python wheel, a zip archive; unpack it and give `a/m.safetensors`",
            ),
            (&["a.py", "a-1.dist-info/WHEEL"], "is a Python wheel, a zip archive; unpack it first"),
            (&["w.npy", "b.npy"], "is a zip archive of NumPy's arrays"),
            (&["w.npy", "b.txt"], "is a zip archive; unpack it first"),
            (&["config.json", "model.weights.h5"], "is a model of Keras"),
            (&["x.gguf", "y.gguf"], "is a zip archive; unpack it and give `x.gguf` or `y.gguf`"),
        ] {
            let said = said(&zip(names), "m.pt");
            assert!(said.contains(part), "{part}: {said}");
        }
    }

    #[test]
    fn an_archive_that_is_cut_off_has_its_first_name() {
        let whole = zip(&["m/data.pkl", "m/data/0"]);
        assert_eq!(names_in_zip(&whole), ["m/data.pkl", "m/data/0"]);
        assert_eq!(names_in_zip(&whole[..60]), ["m/data.pkl"]);
        // A comment behind the end.
        assert_eq!(names_in_zip(&[&whole[..], b"PK\x05 words"].concat()).len(), 2);
        assert!(names_in_zip(b"PK\x03\x04").is_empty());
        assert!(said(b"PK\x03\x04", "m.whl").contains("is a zip archive; unpack it first"));
        for end in 0..whole.len() {
            let _ = names_in_zip(&whole[..end]);
        }
    }
}
