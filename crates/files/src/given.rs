//! A table that somebody else wrote, whatever program and language that was.
//!
//! What is found out: the encoding, comments above the header, what separates fields, spaces and quotes
//! around them, and how a column groups its digits and writes its decimals. What can be read in two ways,
//! or in none, is an error with a sentence; nothing is guessed that would change a number.

use crate::table::{Field, Table, TableError, says_nothing};

/// What may stand between fields, the likeliest first.
const SEPARATORS: [char; 5] = [',', ';', '\t', '|', ' '];

/// The table called `name` in the bytes of a file.
///
/// Rows without any value are passed over, and so are lines that begin with `#` and are no rows; columns
/// without a name and without a value are left out.
///
/// # Errors
/// [`TableError::Unreadable`], saying what the file is instead of a table, which row is too long or too
/// short, or which number can be read in two ways.
pub fn table(name: &str, bytes: &[u8]) -> Result<Table, TableError> {
    let unreadable = |problem| TableError::Unreadable { name: name.to_owned(), problem };
    let text = text(bytes).map_err(unreadable)?;
    let (header, rows, separator) = records(&text).map_err(unreadable)?;
    if header.is_empty() {
        return Err(unreadable(
            "must begin with the names of its columns; the file is empty".into(),
        ));
    }
    let mut columns: Vec<Vec<String>> = vec![Vec::with_capacity(rows.len()); header.len()];
    for (number, mut row) in (1..).zip(rows) {
        while row.len() > header.len() && row.last().is_some_and(String::is_empty) {
            row.pop();
        }
        if row.len() != header.len() {
            let (n, expected) = (row.len(), header.len());
            let shown = row.join(&separator.to_string());
            return Err(unreadable(format!(
                "must have {expected} fields in each row, as in its header; row {number} has {n}: `{}`",
                shortened(&shown)
            )));
        }
        columns.iter_mut().zip(row).for_each(|(column, field)| column.push(field));
    }
    let decimals = decimals_of_file(&columns, separator);
    for (column, values) in header.iter().zip(&mut columns) {
        write_plainly(values, decimals).map_err(|value| {
            unreadable(format!(
                "has `{value}` in `{column}`, of which the sign before the last three digits may group them or begin \
                 the decimals; write it with a point for decimals and without groups"
            ))
        })?;
    }
    let kept: Vec<usize> = (0..header.len())
        .filter(|at| !header[*at].is_empty() || columns[*at].iter().any(|value| !value.is_empty()))
        .collect();
    let names: Vec<(&str, &str)> = kept.iter().map(|at| (&*header[*at], "")).collect();
    let mut table = Table::new(name, "", &names);
    let n_rows = columns.first().map_or(0, Vec::len);
    let row = |row: usize| kept.iter().map(|at| Field::from(&*columns[*at][row])).collect();
    table.rows.extend((0..n_rows).map(row));
    Ok(table)
}

/// So much of a text as fits a sentence.
fn shortened(text: &str) -> String {
    const MOST: usize = 60;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The text in the bytes of a file, without a byte order mark.
fn text(bytes: &[u8]) -> Result<String, String> {
    for (mark, what) in [
        (&b"\x1f\x8b"[..], "compressed by gzip: unpack it first"),
        (b"bzh", "compressed by bzip2: unpack it first"),
        (b"\xfd7zxz\0", "compressed by xz: unpack it first"),
        (b"\x28\xb5\x2f\xfd", "compressed by zstd: unpack it first"),
        (b"version https://git-lfs", "a pointer of git-lfs: `git lfs pull` fetches the file"),
        (b"<!doctype html", "a web page: fetch the file again"),
        (b"<html", "a web page: fetch the file again"),
        (b"pk\x03\x04", "a zip archive, as of a spreadsheet: save it as CSV"),
        (b"PAR1", "a Parquet file: save it as CSV"),
    ] {
        if bytes.get(..mark.len()).is_some_and(|start| start.eq_ignore_ascii_case(mark)) {
            return Err(format!("is no table but {what}"));
        }
    }
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
        let decoded = char::decode_utf16(units).collect::<Result<String, _>>();
        decoded.map_err(|_| "begins as UTF-16 does and is none: save it as UTF-8".to_owned())
    };
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes)?,
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes)?,
        [0xef, 0xbb, 0xbf, rest @ ..] | rest => std::str::from_utf8(rest)
            .map_err(|error| {
                let at = error.valid_up_to();
                format!("is no text in UTF-8, from byte {at} on: save it as UTF-8")
            })?
            .to_owned(),
    };
    if text.contains('\0') {
        return Err(
            "has NUL characters, as UTF-16 without a mark or no text has: save it as UTF-8".into(),
        );
    }
    Ok(text)
}

/// A row's fields, trimmed.
type Record = Vec<String>;

/// The header, the rows, and what separates their fields.
fn records(text: &str) -> Result<(Record, Vec<Record>, char), String> {
    let (comment, rest) = without_comments(text);
    let separator = separator(rest);
    let mut all = split(rest, separator);
    if text.matches('"').count() % 2 == 1 {
        let swallowed = all.iter().flatten().find(|field| field.contains(['\r', '\n']));
        if let Some(line) = swallowed.and_then(|field| field.split(['\r', '\n']).next()) {
            return Err(format!("has a quote that is not closed, before `{}`", shortened(line)));
        }
    }
    all.retain(|record| record.iter().any(|field| !field.is_empty()));
    let mut all = all.into_iter();
    let first = all.next().unwrap_or_default();
    // A header may stand behind the sign of a comment: numbers under it are then a row.
    let commented = comment.map(|line| split(line, separator)).unwrap_or_default();
    let are_numbers = first.iter().all(|field| field.parse::<f64>().is_ok());
    let (header, first) = match commented.into_iter().next() {
        Some(header) if are_numbers && header.len() == first.len() => (header, Some(first)),
        _ => (first, None),
    };
    let is_comment = |row: &Record| row[0].starts_with('#') && row.len() != header.len();
    let rows = first.into_iter().chain(all).filter(|row| !is_comment(row)).collect();
    Ok((header, rows, separator))
}

/// The last of the lines with `#` that a text begins with, without that sign, and what follows them.
fn without_comments(text: &str) -> (Option<&str>, &str) {
    let (mut comment, mut rest) = (None, text);
    loop {
        let end = rest.find(['\r', '\n']).unwrap_or(rest.len());
        let (line, others) = rest.split_at(end);
        match line.trim_start().strip_prefix('#') {
            Some(said) => comment = Some(said),
            None if line.trim().is_empty() && !others.is_empty() => {}
            None => return (comment, rest),
        }
        if others.is_empty() {
            return (comment, others);
        }
        rest = &others[1..];
    }
}

/// What separates fields: what divides all rows alike, or else what divides the header most.
fn separator(text: &str) -> char {
    const LOOKED_AT: usize = 200;
    let head: String = text.split_inclusive(['\r', '\n']).take(LOOKED_AT).collect();
    let counts = |separator| -> Vec<usize> {
        let rows = split(&head, separator);
        let some = |row: &&Record| row.iter().any(|field| !field.is_empty());
        rows.iter().filter(some).map(Vec::len).collect()
    };
    let header = |separator: &char| counts(*separator).first().copied().unwrap_or(0);
    let divides_alike = |separator: &char| {
        let first = header(separator);
        first > 1 && counts(*separator).iter().all(|count| *count == first)
    };
    // Of equals the likeliest: the last that `max_by_key` meets. Spaces come last, as they may be in names.
    let (space, signs) = (SEPARATORS[4], || SEPARATORS[..4].iter().rev().copied());
    let alike = signs().filter(divides_alike).max_by_key(header);
    let most = || signs().max_by_key(header).unwrap_or(SEPARATORS[0]);
    alike.or_else(|| Some(space).filter(divides_alike)).unwrap_or_else(most)
}

/// The records of a text, their fields trimmed and without quotes.
fn split(text: &str, separator: char) -> Vec<Record> {
    if separator == ' ' {
        let words = |line: &str| line.split_whitespace().map(unquoted).collect();
        return text
            .split(['\r', '\n'])
            .map(words)
            .filter(|row: &Record| !row.is_empty())
            .collect();
    }
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(u8::try_from(separator).unwrap_or(b','))
        .from_reader(text.as_bytes());
    // Any text has records of any length.
    reader.records().flatten().map(|record| record.iter().map(unquoted).collect()).collect()
}

/// A field without the spaces around it, and without quotes that stood behind a space.
fn unquoted(field: &str) -> String {
    let field = field.trim();
    let inner = field.strip_prefix('"').and_then(|field| field.strip_suffix('"'));
    inner.map_or_else(|| field.to_owned(), |inner| inner.replace("\"\"", "\"").trim().to_owned())
}

/// What begins the decimals of a number whose digits are written otherwise than programs do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Decimals {
    /// A point; a comma may group digits: `12,345.6`.
    Point,
    /// A comma; a point may group digits: `12.345,6`.
    Comma,
}

impl Decimals {
    /// The number written as programs do, if that is what it is.
    fn plain(self, value: &str) -> Option<String> {
        let (group, point) = match self {
            Self::Point => (',', '.'),
            Self::Comma => ('.', ','),
        };
        let (sign, digits) = match value.strip_prefix(['-', '+']) {
            Some(rest) => (&value[..1], rest),
            None => ("", value),
        };
        let (mantissa, power) = match digits.find(['e', 'E']) {
            Some(at) => digits.split_at(at),
            None => (digits, ""),
        };
        let (whole, decimals) = mantissa.split_once(point).unwrap_or((mantissa, ""));
        let mut groups = whole.split(group);
        let first = groups.next().unwrap_or_default();
        let mut n_groups = 0;
        let all_three = groups.all(|part| {
            n_groups += 1;
            part.len() == 3 && are_digits(part)
        });
        let fits =
            are_digits(first) && all_three && (n_groups == 0 || (1..=3).contains(&first.len()));
        if !fits {
            return None;
        }
        let decimals = if decimals.is_empty() { String::new() } else { format!(".{decimals}") };
        let plain = format!("{sign}{}{decimals}{power}", whole.replace(group, ""));
        plain.parse::<f64>().is_ok().then_some(plain)
    }
}

fn are_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a value needs no reading: programs read it as we do, or nothing stands there.
fn is_plain(value: &str) -> bool {
    value.is_empty() || value.parse::<f64>().is_ok() || says_nothing(value)
}

/// Whether all values of a column are numbers, written as programs do or in this way.
fn are_numbers(values: &[String], decimals: Decimals) -> bool {
    values.iter().all(|value| is_plain(value) || decimals.plain(value).is_some())
}

/// What begins decimals in the columns that can be read in one way only; `None` where no column says.
/// Where commas separate fields, one within a field groups digits.
fn decimals_of_file(columns: &[Vec<String>], separator: char) -> Option<Decimals> {
    let says = |values: &Vec<String>| {
        if values.iter().all(|value| is_plain(value)) {
            return None;
        }
        match [Decimals::Point, Decimals::Comma].map(|way| are_numbers(values, way)) {
            [true, false] => Some(Decimals::Point),
            [false, true] => Some(Decimals::Comma),
            _ => None,
        }
    };
    let by_separator = (separator == ',').then_some(Decimals::Point);
    columns.iter().find_map(says).or(by_separator)
}

/// Writes the numbers of a column as programs do, if all of its values are numbers.
///
/// # Errors
/// The first value that can be read in two ways, where the file does not say which.
fn write_plainly(values: &mut [String], of_file: Option<Decimals>) -> Result<(), String> {
    let is_grouped = |value: &String| Decimals::Comma.plain(value).is_some();
    if values.iter().all(|value| is_plain(value)) {
        // In a file of decimal commas a point groups digits: 1.234 may be a thousand times more.
        let mut with_point = values.iter().filter(|value| value.contains('.')).peekable();
        let first = with_point.peek().map(|value| (*value).clone());
        let doubtful = of_file == Some(Decimals::Comma) && with_point.all(is_grouped);
        return first.filter(|_| doubtful).map_or(Ok(()), Err);
    }
    let ways = [Decimals::Point, Decimals::Comma].map(|way| are_numbers(values, way));
    let way = match (ways, of_file) {
        ([false, false], _) => return Ok(()),
        ([true, false], _) => Decimals::Point,
        ([false, true], _) => Decimals::Comma,
        ([true, true], Some(way)) => way,
        ([true, true], None) => {
            let first = values.iter().find(|value| !is_plain(value));
            return first.map_or(Ok(()), |value| Err(value.clone()));
        }
    };
    for value in values {
        if let Some(plain) = way.plain(value) {
            *value = plain;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Table {
        table("given.csv", bytes).unwrap()
    }

    fn refused(bytes: &[u8]) -> String {
        table("given.csv", bytes).unwrap_err().to_string()
    }

    fn names(table: &Table) -> Vec<&str> {
        table.columns.iter().map(|column| &*column.name).collect()
    }

    /// That a file has these columns and numbers, two rows of them.
    fn assert_same(text: &str) {
        assert_same_bytes(text.as_bytes());
    }

    fn assert_same_bytes(bytes: &[u8]) {
        let table = read(bytes);
        let shown = String::from_utf8_lossy(bytes);
        assert_eq!(names(&table), ["N", "D", "loss"], "{shown}");
        assert_eq!(table.numbers("N").unwrap(), [2e7, 5e7], "{shown}");
        assert_eq!(table.numbers("D").unwrap(), [5e9, 1.5e10], "{shown}");
        assert_eq!(table.numbers("loss").unwrap(), [4.371, 3.5], "{shown}");
    }

    #[test]
    fn a_column_that_can_be_read_in_one_way_says_how_to_read_the_others() {
        let table = read(b"a;b\n1,234.5;1,234\n2,234.5;2,235\n");
        assert_eq!(table.numbers("b").unwrap(), [1234.0, 2235.0]);
        let table = read(b"a;b\n1.234,5;1,234\n2.234,5;2,235\n");
        assert_eq!(table.numbers("b").unwrap(), [1.234, 2.235]);
        assert!(refused(b"a;b\nx;1,234\ny;2,235\n").contains("1,234"));
        let words = read(b"a;b\n1;e5\n2;1,5,5\n");
        let told: Vec<_> = words.rows.iter().map(|row| row[1].short()).collect();
        assert_eq!(told, ["e5", "1,5,5"]);
    }

    #[test]
    fn one_table_is_read_from_every_way_to_write_it() {
        assert_same("N,D,loss\n20000000,5000000000,4.371\n50000000,15000000000,3.5\n");
        assert_same("N, D, loss\r\n2e7, 5e9, 4.371\r\n5E+07, 1.5e10, 3.50");
        assert_same("N\tD\tloss\r2e7\t5e9\t4.371\r5e7\t1.5e10\t3.5\r");
        assert_same("N;D;loss\n2e7;5e9;4.371\n5e7;1.5e10;3.5\n");
        assert_same("N|D|loss\n2e7|5e9|4.371\n5e7|1.5e10|3.5\n");
        assert_same("  N  D   loss\n 2e7 5e9  4.371\n 5e7 1.5e10 3.5\n");
        assert_same("\"N\", \"D\", \"loss\"\n\"2e7\", \"5e9\", \"4.371\"\n5e7,1.5e10, 3.5\n");
        // Digits in groups, decimal commas, and both.
        assert_same(
            "N,D,loss\n\"20,000,000\",\"5,000,000,000\",4.371\n\"50,000,000\",1.5e10,3.5\n",
        );
        assert_same("N;D;loss\n2e7;5e9;4,371\n5e7;1,5e10;3,5\n");
        assert_same(
            "N\tD\tloss\n20.000.000\t5.000.000.000\t4,371\n50.000.000\t15.000.000.000\t3,50\n",
        );
        // Comments, blank rows and lines, a trailing separator, a header behind a comment's sign.
        assert_same(
            "# by hand, today\n\n#\nN,D,loss\n2e7,5e9,4.371\n# a note\n\n5e7,1.5e10,3.5\n,,\n  \n",
        );
        assert_same("# N,D,loss\n2e7,5e9,4.371\n5e7,1.5e10,3.5\n");
        assert_same("N,D,loss,\n2e7,5e9,4.371,\n5e7,1.5e10,3.5,\n");
        assert_same("N,D,loss\n2e7,5e9,4.371,\n5e7,1.5e10,3.5,,\n");
    }

    #[test]
    fn byte_order_marks_and_utf_16_are_read() {
        let text = "N,D,loss\r\n2e7,5e9,4.371\r\n5e7,1.5e10,3.5\r\n";
        assert_same_bytes(&[b"\xef\xbb\xbf", text.as_bytes()].concat());
        let units = || text.encode_utf16();
        let little: Vec<u8> = units().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = units().flat_map(u16::to_be_bytes).collect();
        assert_same_bytes(&[&[0xff, 0xfe], &little[..]].concat());
        assert_same_bytes(&[&[0xfe, 0xff], &big[..]].concat());
        assert!(refused(&little).contains("NUL characters"));
        assert!(refused(&[0xff, 0xfe, 0x00, 0xdc, 0x20, 0x00]).contains("begins as UTF-16"));
    }

    #[test]
    fn what_is_no_table_is_called_what_it_is() {
        for empty in [&b""[..], b" \n\r\n", b"\xef\xbb\xbf"] {
            let said = refused(empty);
            assert!(said.contains("`given.csv` must begin") && said.contains("is empty"), "{said}");
        }
        assert!(refused(b"N,loss\n1,\xe9\n").contains("no text in UTF-8, from byte 9 on"));
        assert!(refused(b"\x1f\x8b\x08").contains("gzip"));
        assert!(refused(b"PK\x03\x04").contains("spreadsheet"));
        assert!(refused(b"BZh91AY").contains("bzip2"));
        assert!(refused(b"version https://git-lfs.github.com/spec/v1\n").contains("git lfs pull"));
        assert!(refused(b"<!DOCTYPE html>\n<title>a,b</title>\n").contains("a web page"));
        assert!(refused(b"PAR1").contains("Parquet"));
        assert!(
            refused(b"N,loss\n1,\"2\n3,4\n").contains("a quote that is not closed, before `2`")
        );
    }

    #[test]
    fn rows_of_another_length_are_named() {
        let said = refused(b"N,D,loss\n1,2,3\n1,2\n");
        assert!(
            said.contains("must have 3 fields in each row") && said.contains("row 2 has 2: `1,2`"),
            "{said}"
        );
        let said = refused(b"N;loss\n1;2;3\n");
        assert!(
            said.contains("must have 2 fields") && said.contains("row 1 has 3: `1;2;3`"),
            "{said}"
        );
        let long = format!("N,loss\n{},1,2\n", "x".repeat(70));
        assert!(refused(long.as_bytes()).ends_with(&format!("`{}…`", "x".repeat(60))));
        // A group may begin with the sign of a comment; a comment is no row.
        assert_eq!(
            read(b"run,loss\n#1,2\n# all, of, it\n#2,3\n").words("run").unwrap(),
            ["#1", "#2"]
        );
    }

    #[test]
    fn words_stay_as_they_are_and_names_are_kept_apart() {
        let table =
            read(b"id,group,loss\n001,\"1,5\",nan\n0x1,b,NA\n1e5,,-\n\"a\"\"b\",\"c\nd\",2\n");
        assert_eq!(table.words("id").unwrap(), ["001", "0x1", "1e5", "a\"b"]);
        assert_eq!(table.words("group").unwrap(), ["1,5", "b", "", "c\nd"]);
        assert_eq!(table.numbers("loss").unwrap().iter().filter(|loss| loss.is_nan()).count(), 3);
        // Columns without a name are kept where something stands in them.
        assert_eq!(names(&read(b",x,\n0,1,\n1,2,\n")), ["", "x"]);
        let said = read(b"loss, loss\n1,2\n").numbers("loss").unwrap_err().to_string();
        assert!(said.contains("has 2 columns `loss`"), "{said}");
    }

    #[test]
    fn a_number_that_can_be_read_in_two_ways_is_refused_unless_the_file_says_which() {
        for text in ["N;loss\n1,234;2\n5,678;1\n", "N;loss\n1.234;2,5\n5.678;1,5\n"] {
            let said = refused(text.as_bytes());
            assert!(said.contains("in `N`") && said.contains("234"), "{said}");
        }
        // By another column, by another value, or by what separates fields.
        let n = |text: &str| read(text.as_bytes()).numbers("N").unwrap();
        assert_eq!(n("N;loss\n1,234;2,5\n5,678;1,5\n"), [1.234, 5.678]);
        assert_eq!(n("N;loss\n1,234;2.5\n1,234,567;1.5\n"), [1234.0, 1_234_567.0]);
        assert_eq!(n("N;loss\n1,234.5;2\n5,678;1\n"), [1234.5, 5678.0]);
        assert_eq!(n("N,loss\n\"1,234\",2\n\"-5,678\",1\n"), [1234.0, -5678.0]);
        assert_eq!(n("N;loss\n1.234,5;2\n5.678;1\n"), [1234.5, 5678.0]);
        assert_eq!(n("N;loss\n1.2345;2,5\n5.678;1,5\n"), [1.2345, 5.678]);
        // What is grouped wrongly is a word.
        for wrong in ["1,23,456", "1234,567,890", "1,234,56e", "12,3a4"] {
            let said = read(format!("N;loss\n{wrong};2\n").as_bytes()).numbers("N").unwrap_err();
            assert!(said.to_string().contains(wrong), "{said}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(0_u8.., 0..60)) {
            let _ = table("t", &bytes);
        }

        #[test]
        fn what_is_accepted_is_accepted_again_as_it_was_written(
            text in "[ab1 0.,;\"\n\t#-]{0,60}"
        ) {
            if let Ok(read) = table("t", text.as_bytes()) {
                let written = Table::from_csv("t", &read.to_csv()).unwrap();
                proptest::prop_assert_eq!(written, read);
            }
        }
    }
}
