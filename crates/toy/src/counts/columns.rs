//! The numbers in lines of text: one a line, or a column of words and numbers.
//!
//! Lists of words come with the count first or last, behind a tab, a comma, a semicolon or spaces, with
//! names of columns or without, and with `60,000` for `60000`. A column is taken when it alone can be
//! meant; what is not plain is asked for.

use super::{Counts, SHOWN, allowed, shown};

/// What a column of counts is called, in small letters.
const NAMES: [&str; 9] =
    ["count", "counts", "freq", "freqs", "frequency", "frequencies", "n", "occurrences", "number"];

/// A line that counts, and its number from 1.
type Line<'a> = (usize, &'a str);

/// What stands between the fields of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Separator {
    Letter(char),
    Spaces,
}

/// A field of each line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Counted from 0.
    At(usize),
    Last,
}

/// The numbers in `text`, in its order; of the column that somebody has `asked` for by name or by
/// number from 1, if somebody has.
pub(super) fn of_text(text: &str, asked: Option<&str>) -> Result<Counts, String> {
    let all = || (1..).zip(text.lines().map(str::trim)).filter(|(_, line)| !line.is_empty());
    let lines: Vec<Line<'_>> = all().filter(|(_, line)| !line.starts_with('#')).collect();
    let n_comments = all().count() - lines.len();
    if asked.is_none()
        && let Some(numbers) = alone(&lines)?
    {
        return Ok(numbers);
    }
    let Some(separator) = separator(&lines, asked.is_some()) else {
        let is_number = |line: &str| number(line).is_some();
        let wrong = lines.iter().skip(1).find(|(_, line)| !is_number(line));
        return Err(no_frequency(wrong.or(lines.first()).copied().unwrap_or((1, ""))));
    };
    let table = Table { lines: &lines, separator };
    let place = match asked {
        Some(asked) => table.asked(asked)?,
        None => table.plain()?,
    };
    let mut counts = table.numbers(place)?;
    if n_comments > 0 {
        counts.remarks.push(format!("{n_comments} lines that start with `#` are passed over"));
    }
    Ok(counts)
}

/// The numbers of lines that have nothing else, but perhaps a name above; none if that is not what
/// they are.
fn alone(lines: &[Line<'_>]) -> Result<Option<Counts>, String> {
    let mut counts = Counts::default();
    let mut are_pairs = lines.len() > 1;
    for (at, &(line, text)) in lines.iter().enumerate() {
        let Some(number) = number(text) else {
            if at == 0 && lines.len() > 1 && is_name(text) && !has_columns(text) {
                counts.remarks.push(header(line, text));
                continue;
            }
            return Ok(None);
        };
        counts.frequencies.push(allowed(number).ok_or_else(|| no_frequency((line, text)))?);
        let first = text.split(',').next().unwrap_or_default();
        let rank = counts.frequencies.len();
        are_pairs &= text.contains(',') && [rank, rank - 1].iter().any(|r| r.to_string() == first);
    }
    if are_pairs {
        return Err(format!(
            "`{}` may be a rank and a count, or a number with a comma for thousands; give --column 2, \
             or leave the commas out",
            shown(lines[0].1)
        ));
    }
    Ok(Some(counts))
}

/// Whether a line is more than one field, whatever is between them.
fn has_columns(text: &str) -> bool {
    text.contains([',', ';']) || text.split_whitespace().nth(1).is_some()
}

/// Whether a field names a column.
fn is_name(field: &str) -> bool {
    number(field).is_none() && field.chars().any(char::is_alphabetic)
}

fn header(line: usize, text: &str) -> String {
    format!("line {line} (`{}`) is taken for names of columns", shown(text))
}

fn no_frequency((line, got): Line<'_>) -> String {
    format!("line {line} must be a frequency (a number, at least 0), got `{}`", shown(got))
}

/// The number that a field is, if it is one, with commas for thousands or without.
fn number(field: &str) -> Option<f64> {
    let field = field.trim();
    field
        .parse()
        .ok()
        .or_else(|| is_by_thousands(field).then(|| field.replace(',', "").parse().ok())?)
}

/// Whether it is like `60,000` or `1,234,567.5`.
fn is_by_thousands(field: &str) -> bool {
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = field.split_once('.').unwrap_or((field, "0"));
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    let begins = (1..=3).contains(&first.len()) && digits(first) && !first.starts_with('0');
    begins
        && whole.contains(',')
        && groups.all(|group| group.len() == 3 && digits(group))
        && !fraction.is_empty()
        && digits(fraction)
}

/// What divides all lines into fields, as many in each unless it is spaces.
fn separator(lines: &[Line<'_>], is_asked: bool) -> Option<Separator> {
    let divides = |separator: Separator| {
        let width = |&(_, line): &Line<'_>| fields(line, separator).len();
        let first = lines.first().map_or(0, width);
        let fits = |line: &Line<'_>| match separator {
            Separator::Letter(_) => width(line) == first,
            Separator::Spaces => width(line) > 1,
        };
        first > 1 && lines.iter().all(fits)
    };
    // A comma in `60,000` divides nothing, unless there is no other column to ask for.
    let in_number = |&(_, line): &Line<'_>| {
        let mut with_comma = line.split_whitespace().filter(|field| field.contains(','));
        with_comma.all(is_by_thousands) && !(is_asked && line.split_whitespace().nth(1).is_none())
    };
    let commas_divide = !lines.iter().all(in_number);
    [Separator::Letter('\t'), Separator::Letter(','), Separator::Letter(';'), Separator::Spaces]
        .into_iter()
        .filter(|separator| *separator != Separator::Letter(',') || commas_divide)
        .find(|separator| divides(*separator))
}

/// The fields of a line. Between commas and semicolons, a field in quotes may hold them.
fn fields(line: &str, separator: Separator) -> Vec<String> {
    let Separator::Letter(between) = separator else {
        return line.split_whitespace().map(str::to_owned).collect();
    };
    if between == '\t' {
        return line.split('\t').map(|field| field.trim().to_owned()).collect();
    }
    let mut fields = vec![String::new()];
    let mut is_quoted = false;
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        let field = fields.last_mut().expect("there is one from the start");
        match letter {
            '"' if is_quoted && letters.next_if_eq(&'"').is_some() => field.push('"'),
            '"' if is_quoted => is_quoted = false,
            '"' if field.trim().is_empty() => is_quoted = true,
            letter if letter == between && !is_quoted => fields.push(String::new()),
            letter => field.push(letter),
        }
    }
    fields.into_iter().map(|field| field.trim().to_owned()).collect()
}

/// Lines that are divided.
struct Table<'a> {
    lines: &'a [Line<'a>],
    separator: Separator,
}

impl Table<'_> {
    fn fields(&self, line: usize) -> Vec<String> {
        fields(self.lines[line].1, self.separator)
    }

    /// The field of a line at a place.
    fn field(&self, line: usize, place: Place) -> Option<String> {
        let mut fields = self.fields(line);
        match place {
            Place::At(at) if at < fields.len() => Some(fields.swap_remove(at)),
            Place::At(_) => None,
            Place::Last => fields.pop(),
        }
    }

    /// The places that are the same column in each line.
    fn places(&self) -> Vec<Place> {
        let width = self.fields(0).len();
        if (1..self.lines.len()).all(|line| self.fields(line).len() == width) {
            return (0..width).map(Place::At).collect();
        }
        vec![Place::At(0), Place::Last]
    }

    /// The lines under the names of columns, if the first may be names.
    fn body(&self) -> std::ops::Range<usize> {
        self.lines.len().min(2) - 1..self.lines.len()
    }

    /// Whether the column counts the lines, from 0 or 1; the first line may be names.
    fn are_ranks(&self, place: Place) -> bool {
        let rank = |line: usize| self.field(line, place)?.parse::<usize>().ok();
        let first = rank(0);
        let start = first.or_else(|| rank(1)).filter(|start| *start < 2);
        let names = usize::from(first.is_none());
        start.is_some_and(|start| {
            (names..self.lines.len()).all(|line| rank(line) == Some(start + line - names))
        })
    }

    /// The one column that can be meant.
    fn plain(&self) -> Result<Place, String> {
        let places = self.places();
        let is_number = |line: usize, place: Place| {
            self.field(line, place).is_some_and(|field| number(&field).is_some())
        };
        let numeric: Vec<Place> = places
            .iter()
            .copied()
            .filter(|&place| self.body().all(|line| is_number(line, place)))
            .collect();
        let named = |place: &Place| {
            let name = self.field(0, *place).unwrap_or_default().to_lowercase();
            NAMES.contains(&name.as_str())
        };
        let names: Vec<Place> = numeric.iter().copied().filter(named).collect();
        let no_ranks: Vec<Place> = if numeric.len() < places.len() {
            numeric.iter().copied().filter(|place| !self.are_ranks(*place)).collect()
        } else {
            Vec::new()
        };
        match (&numeric[..], &names[..], &no_ranks[..]) {
            ([only], ..) | (_, [only], _) | (_, _, [only]) => Ok(*only),
            ([], ..) => {
                // The column with the most numbers is the one that is wrong somewhere.
                let n = |place: &Place| self.body().filter(|line| is_number(*line, *place)).count();
                let best = places.iter().rev().copied().max_by_key(n).unwrap_or(Place::Last);
                let wrong = self.body().find(|line| !is_number(*line, best));
                let line = wrong.unwrap_or(0);
                Err(no_frequency(self.lines[line]))
            }
            _ => Err(format!(
                "has numbers in {} columns; --column says which are the counts, by name or by number from 1 \
                 (line {} is `{}`)",
                numeric.len(),
                self.lines[0].0,
                shown(self.lines[0].1)
            )),
        }
    }

    /// The column that somebody has asked for.
    fn asked(&self, asked: &str) -> Result<Place, String> {
        let names = self.fields(0);
        if let Some(at) =
            names.iter().position(|name| is_name(name) && name.eq_ignore_ascii_case(asked))
        {
            return Ok(Place::At(at));
        }
        match asked.parse::<usize>() {
            Ok(number) if (1..=names.len()).contains(&number) => Ok(Place::At(number - 1)),
            _ => Err(format!(
                "has no column `{}`: --column must be a name in its first line, or a number from 1 to {}",
                shown(asked),
                names.len()
            )),
        }
    }

    /// The numbers of a column.
    fn numbers(&self, place: Place) -> Result<Counts, String> {
        let mut counts = Counts::default();
        let column = match place {
            Place::At(at) => format!("column {}", at + 1),
            Place::Last => "the last column".to_owned(),
        };
        counts.remarks.push(format!("the counts are {column}"));
        for (at, &(line, text)) in self.lines.iter().enumerate() {
            let field = self.field(at, place).unwrap_or_default();
            match number(&field).map(allowed) {
                Some(Some(number)) => counts.frequencies.push(number),
                None if at == 0 && is_name(&field) && self.lines.len() > 1 => {
                    counts.remarks.push(header(line, text));
                }
                _ => {
                    let text: String = text.chars().take(SHOWN).collect();
                    return Err(format!(
                        "line {line} must have a frequency (a number, at least 0) in {column}, got `{}` in `{text}`",
                        shown(&field)
                    ));
                }
            }
        }
        Ok(counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Vec<f64>, String> {
        of_text(text, None).map(|counts| counts.frequencies)
    }

    fn asked(text: &str, column: &str) -> Result<Vec<f64>, String> {
        of_text(text, Some(column)).map(|counts| counts.frequencies)
    }

    #[test]
    fn a_list_of_words_is_read_however_it_is_divided() {
        for text in [
            "you 60,000\ni 999\nwe 3",
            "you\t60000\ni\t999\nwe\t3",
            "you,60000\ni,999\nwe,3",
            "you;60000\ni;999\nwe;3",
            "you, 60000\ni, 999\nwe, 3",
            "\"you\",\"60,000\"\n\"i\",\"999\"\n\"we\",\"3\"",
            "60000 you\n999 i\n3 we",
            "60,000\tyou\n999\ti\n3\twe",
            "word,count\nyou,60000\ni,999\nwe,3",
            "word\tcount\nyou\t60,000\ni\t999\nwe\t3",
            "rank word count\n1 you 60000\n2 i 999\n3 we 3",
            "1 you 60000\n2 i 999\n3 we 3",
            "0,you,60000\n1,i,999\n2,we,3",
            "word,count,share\nyou,60000,0.98\ni,999,0.02\nwe,3,0.0",
            "word,Frequency,length\nyou,60000,3\ni,999,1\nwe,3,2",
            "count\n60000\n999\n3",
            "# from a film\n60,000\n\n999\n3",
            "New York 60000\nParis 999\nRio de Janeiro 3",
            "New York,60000\nParis,999\nRio de Janeiro,3",
            "nan 60000\nthe 999\n1e5 3",
            "2000 60000\nyear 999\nwe 3",
            "\"a \"\"b\"\", c\",60000\nd,999\ne,3",
            "well, 60,000\nyou 999\nwe 3",
        ] {
            assert_eq!(of(text), Ok(vec![60000.0, 999.0, 3.0]), "{text}");
        }
        assert_eq!(of(""), Ok(vec![]));
        assert_eq!(of("the 5"), Ok(vec![5.0]));
        assert_eq!(of("1,234,567.5\n60,000\n"), Ok(vec![1_234_567.5, 60_000.0]));
    }

    #[test]
    fn what_is_not_plain_is_asked_for() {
        // Ranks that skip one are none.
        assert!(of("1 you 60\n3 i 50\n4 we 3").unwrap_err().contains("numbers in 2 columns"));
        assert!(of("2 you 60\n3 i 50\n4 we 3").unwrap_err().contains("numbers in 2 columns"));
        assert_eq!(of("rank word size\n1 you 60\n2 i 50"), Ok(vec![60.0, 50.0]));
        let spectrum = "1 500\n2 300\n3 100";
        assert!(of(spectrum).unwrap_err().contains("numbers in 2 columns; --column"));
        assert_eq!(asked(spectrum, "2"), Ok(vec![500.0, 300.0, 100.0]));
        assert_eq!(asked(spectrum, "1"), Ok(vec![1.0, 2.0, 3.0]));
        let pairs = "1,500\n2,300\n3,100";
        assert!(of(pairs).unwrap_err().contains("`1,500` may be a rank and a count"));
        assert_eq!(asked(pairs, "2"), Ok(vec![500.0, 300.0, 100.0]));
        assert_eq!(of("0,500\n1,300\n").unwrap_err().matches("--column").count(), 1);
        let thousands = "3,500\n2,300\n1,100";
        assert_eq!(of(thousands), Ok(vec![3500.0, 2300.0, 1100.0]));
        let two = "word,then,now\nyou,5,6\ni,3,4";
        assert!(of(two).unwrap_err().contains("(line 1 is `word,then,now`)"));
        assert_eq!(asked(two, "now"), Ok(vec![6.0, 4.0]));
        assert_eq!(asked(two, "NOW"), Ok(vec![6.0, 4.0]));
        assert_eq!(asked(two, "2"), Ok(vec![5.0, 3.0]));
        for wrong in ["0", "4", "never", "-1"] {
            assert!(asked(two, wrong).unwrap_err().contains("a number from 1 to 3"), "{wrong}");
        }
        assert!(asked(two, "word").unwrap_err().contains("line 2 must have a frequency"));
        assert_eq!(asked("you 60,000\ni 1,000", "2"), Ok(vec![60_000.0, 1000.0]));
        // Decimal commas are none of ours.
        assert!(of("0,5\n0,25").unwrap_err().contains("--column"));
    }

    #[test]
    fn the_line_that_is_wrong_is_named() {
        for (text, part) in [
            ("3\nmany\n", "line 2 must be a frequency (a number, at least 0), got `many`"),
            ("a b\nc d\n", "line 2 must be a frequency (a number, at least 0), got `c d`"),
            ("# note\n\nmany", "line 3 must be a frequency"),
            ("3\n-1\n", "line 2 must be a frequency"),
            ("NaN\n3\n", "line 1 must be a frequency"),
            ("-1\n3\n", "line 1 must be a frequency"),
            ("you 5\ni many\nwe 3", "line 2 must be a frequency"),
            (
                "you 5\ni -4\nwe 3",
                "line 2 must have a frequency (a number, at least 0) in column 2, got `-4`",
            ),
            ("you,5\ni,inf\nwe,3", "line 2 must have a frequency"),
            ("you,5\ni\nwe,3", "line 2 must be a frequency"),
            ("60,00\n5\n", "line 1"),
            ("06,000\n5\n", "line 1"),
        ] {
            let said = of(text).unwrap_err();
            assert!(said.contains(part), "{text}: {said}");
        }
    }

    #[test]
    fn what_was_made_of_a_table_is_remarked() {
        let remarks = |text: &str| of_text(text, None).unwrap().remarks.join("; ");
        assert_eq!(remarks("3\n2\n"), "");
        assert_eq!(remarks("count\n3\n"), "line 1 (`count`) is taken for names of columns");
        let table = remarks("#a\nword,count\nyou,5\n#b\n");
        assert!(
            table.starts_with("the counts are column 2; line 2 (`word,count`) is taken"),
            "{table}"
        );
        assert!(table.ends_with("2 lines that start with `#` are passed over"), "{table}");
        assert_eq!(remarks("New York 5\nRio 3"), "the counts are the last column");
    }

    #[test]
    fn numbers_may_have_commas_for_thousands() {
        for (field, expected) in [
            ("60,000", Some(60_000.0)),
            ("1,234,567", Some(1_234_567.0)),
            ("999,999.25", Some(999_999.25)),
            (" 7 ", Some(7.0)),
            ("1e3", Some(1000.0)),
            ("60,00", None),
            ("6000,000", None),
            ("0,500", None),
            (",500", None),
            ("60,000.", None),
            ("60,0a0", None),
            ("1.000,5", None),
            ("word", None),
        ] {
            assert_eq!(number(field), expected, "{field}");
        }
    }
}
