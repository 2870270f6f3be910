//! A table: named columns that say what they hold, and rows of numbers and words.
//!
//! Tables are the joint between the stages: written as CSV by one, read back by the next. What is read
//! keeps its text, so an id of digits or a group called `001` stays what it is; it becomes a number where
//! a number is asked for. A missing value is an empty field.

use serde_json::Value;

/// One value of a table.
#[derive(Debug, Clone, PartialEq)]
pub enum Field {
    /// A number; infinite and undefined ones are not stored but [`Field::Missing`].
    Number(f64),
    /// A count, or a seed: exact, and without a fraction in whatever is written.
    Whole(u64),
    /// A text: a word, or whatever was read from a file.
    Text(String),
    /// Nothing.
    Missing,
}

impl Field {
    /// As JSON for programs: a count is an integer, a number a number, a text a text, and nothing null.
    pub fn as_json(&self) -> Value {
        match self {
            Self::Number(value) => (*value).into(),
            Self::Whole(value) => (*value).into(),
            Self::Text(text) => text.as_str().into(),
            Self::Missing => Value::Null,
        }
    }

    /// As JSON: an integer or a number where it is written as one, otherwise a text; null when missing.
    pub fn as_written(&self) -> Value {
        let text = self.to_string();
        match (text.parse::<u64>(), self.number()) {
            (Ok(integer), _) => integer.into(),
            (Err(_), Some(number)) => number.into(),
            (Err(_), None) if text.is_empty() => Value::Null,
            (Err(_), None) => text.into(),
        }
    }

    /// Its value as a finite number, if it is one or is written as one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Number(value) => Some(*value),
            Self::Whole(value) => Some(*value as f64),
            Self::Text(text) => text.parse().ok().filter(|value: &f64| value.is_finite()),
            Self::Missing => None,
        }
    }

    /// For people: a number with four decimals or as a power of ten, and a dash for nothing.
    pub fn short(&self) -> String {
        match self {
            Self::Number(value) if value.fract() == 0.0 && value.abs() < 1e5 => format!("{value}"),
            Self::Number(value) if !(1e-2..1e5).contains(&value.abs()) => format!("{value:.4e}"),
            Self::Number(_) | Self::Whole(_) | Self::Text(_) | Self::Missing => self.rounded(4),
        }
    }

    /// For people: a number with this many decimals, a count without any, and a dash for nothing. What two
    /// decimals or more would make zero has one digit.
    pub fn rounded(&self, decimals: usize) -> String {
        // What is smaller still is the rounding of sums.
        let is_lost =
            |value: f64| (1e-9..0.5 * 0.1_f64.powf(decimals as f64)).contains(&value.abs());
        match self {
            Self::Number(value) if decimals > 1 && is_lost(*value) => format!("{value:.0e}"),
            Self::Number(value) => format!("{value:.decimals$}"),
            Self::Whole(value) => value.to_string(),
            Self::Text(text) => text.clone(),
            Self::Missing => "–".to_owned(),
        }
    }
}

impl From<f64> for Field {
    fn from(value: f64) -> Self {
        // Adding zero turns -0.0, the sum of nothing, into 0.0.
        if value.is_finite() { Self::Number(value + 0.0) } else { Self::Missing }
    }
}

impl From<usize> for Field {
    fn from(value: usize) -> Self {
        Self::Whole(value as u64)
    }
}

impl From<u64> for Field {
    fn from(value: u64) -> Self {
        Self::Whole(value)
    }
}

impl From<&str> for Field {
    fn from(value: &str) -> Self {
        if value.is_empty() { Self::Missing } else { Self::Text(value.to_owned()) }
    }
}

impl From<String> for Field {
    fn from(value: String) -> Self {
        Self::from(value.as_str())
    }
}

impl<T: Into<Self>> From<Option<T>> for Field {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Missing, Into::into)
    }
}

impl From<&Value> for Field {
    fn from(value: &Value) -> Self {
        match value {
            Value::Number(number) => {
                number.as_u64().map_or_else(|| number.as_f64().into(), Self::from)
            }
            Value::String(text) => text.as_str().into(),
            Value::Bool(true) => "true".into(),
            Value::Bool(false) => "false".into(),
            _ => Self::Missing,
        }
    }
}

impl std::fmt::Display for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(value) => write!(f, "{value}"),
            Self::Whole(value) => write!(f, "{value}"),
            Self::Text(text) => f.write_str(text),
            Self::Missing => Ok(()),
        }
    }
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name, as in the CSV header.
    pub name: String,
    /// What it holds, with the unit or the convention.
    pub meaning: String,
}

/// A table.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Its name: the file is `tables/<name>.csv`.
    pub name: String,
    /// The question that it answers.
    pub question: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows, each as long as there are columns.
    pub rows: Vec<Vec<Field>>,
}

/// A column of [`Table::of`]: its name, its meaning, and its value for an item.
pub type ColumnOf<'a, T> = (&'a str, &'a str, &'a dyn Fn(&T) -> Field);

/// Why a file is no table.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// It is no CSV.
    #[error("the table `{name}` cannot be read")]
    Csv {
        /// Name of the table.
        name: String,
        /// What the reader said.
        source: csv::Error,
    },
    /// It is no text, or its rows are not those of one table: the name and a sentence.
    #[error("`{name}` {problem}")]
    Unreadable {
        /// Name of the table.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Two columns have one name.
    #[error("the table `{name}` has {n} columns `{column}`; rename all but one")]
    TwoColumns {
        /// Name of the table.
        name: String,
        /// The column asked for.
        column: String,
        /// How many there are.
        n: usize,
    },
    /// A column is not there.
    #[error("the table `{name}` must have a column `{column}`; it has {known}")]
    NoColumn {
        /// Name of the table.
        name: String,
        /// The column asked for.
        column: String,
        /// The columns that it has.
        known: String,
    },
    /// A table is not there: its name, and those that are.
    #[error("there is no table `{0}` among {1}")]
    NoTable(String, String),
    /// A value is not a number.
    #[error("the table `{name}` must have a number in {place}")]
    NotANumber {
        /// Name of the table.
        name: String,
        /// The column, the row from 1 without the header, and the value.
        place: String,
    },
}

impl Table {
    /// A table without rows; each column is its name and its meaning.
    pub fn new(name: &str, question: &str, columns: &[(&str, &str)]) -> Self {
        let columns = columns
            .iter()
            .map(|(name, meaning)| Column {
                name: (*name).to_owned(),
                meaning: (*meaning).to_owned(),
            })
            .collect();
        Self { name: name.to_owned(), question: question.to_owned(), columns, rows: Vec::new() }
    }

    /// A table with one row for each of the `items`; each column is its name, its meaning and its value.
    pub fn of<T>(
        name: &str,
        question: &str,
        items: impl IntoIterator<Item = T>,
        columns: &[ColumnOf<'_, T>],
    ) -> Self {
        let header: Vec<(&str, &str)> = columns.iter().map(|c| (c.0, c.1)).collect();
        let mut table = Self::new(name, question, &header);
        table
            .rows
            .extend(items.into_iter().map(|item| columns.iter().map(|c| c.2(&item)).collect()));
        table
    }

    /// Appends a row.
    ///
    /// # Panics
    /// When the row is not as long as there are columns.
    pub fn push(&mut self, row: Vec<Field>) {
        assert_eq!(row.len(), self.columns.len(), "a row of `{}` fits its header", self.name);
        self.rows.push(row);
    }

    /// The table as CSV, with a header.
    ///
    /// # Panics
    /// Never: memory can be written to.
    pub fn to_csv(&self) -> Vec<u8> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let in_memory = "memory can be written to";
        writer.write_record(self.columns.iter().map(|c| &c.name)).expect(in_memory);
        for row in &self.rows {
            writer.write_record(row.iter().map(ToString::to_string)).expect(in_memory);
        }
        writer.into_inner().expect(in_memory)
    }

    /// The table called `name` in `csv`; what its columns mean is not in the file.
    ///
    /// # Errors
    /// [`TableError::Csv`].
    pub fn from_csv(name: &str, csv: &[u8]) -> Result<Self, TableError> {
        let wrap = |source| TableError::Csv { name: name.to_owned(), source };
        let mut reader = csv::Reader::from_reader(csv);
        let headers = reader.headers().map_err(wrap)?.clone();
        let columns: Vec<(&str, &str)> = headers.iter().map(|name| (name, "")).collect();
        let mut table = Self::new(name, "", &columns);
        for record in reader.records() {
            table.push(record.map_err(wrap)?.iter().map(Field::from).collect());
        }
        Ok(table)
    }

    /// Gives the table and its columns the question and the meanings that a [`documentation`] has for them.
    pub fn explain(&mut self, documentation: &str) {
        let heading = format!("## {}.csv", self.name);
        let mut lines = documentation.lines().skip_while(|line| *line != heading).skip(1);
        for line in lines.by_ref().take_while(|line| !line.starts_with("## ")) {
            let row = line.strip_prefix("| `").and_then(|row| row.strip_suffix(" |"));
            match row.and_then(|row| row.split_once("` | ")) {
                Some((name, meaning)) => {
                    let column = self.columns.iter_mut().find(|column| column.name == name);
                    column.into_iter().for_each(|column| meaning.clone_into(&mut column.meaning));
                }
                None if self.question.is_empty() => line.clone_into(&mut self.question),
                None => {}
            }
        }
    }

    /// The place of a column.
    ///
    /// # Errors
    /// [`TableError::NoColumn`], with the columns there are, and [`TableError::TwoColumns`].
    pub fn column(&self, column: &str) -> Result<usize, TableError> {
        let (name, column) = (self.name.clone(), column.to_owned());
        let mut places = (0..self.columns.len()).filter(|at| self.columns[*at].name == column);
        match (places.next(), places.count()) {
            (Some(at), 0) => Ok(at),
            (Some(_), more) => Err(TableError::TwoColumns { name, column, n: more + 1 }),
            (None, _) => {
                let known: Vec<&str> = self.columns.iter().map(|c| c.name.as_str()).collect();
                Err(TableError::NoColumn { name, column, known: known.join(", ") })
            }
        }
    }

    /// The fields of some columns, row by row.
    ///
    /// # Errors
    /// [`TableError::NoColumn`], with the columns there are.
    pub fn fields<const K: usize>(
        &self,
        columns: [&str; K],
    ) -> Result<Vec<[&Field; K]>, TableError> {
        let mut at = [0; K];
        for (at, column) in at.iter_mut().zip(columns) {
            *at = self.column(column)?;
        }
        Ok(self.rows.iter().map(|row| at.map(|at| &row[at])).collect())
    }

    /// The numbers of a column; where nothing stands, or a word for it, not a number.
    ///
    /// # Errors
    /// [`TableError`] when there is no such column or it holds a word.
    pub fn numbers(&self, column: &str) -> Result<Vec<f64>, TableError> {
        self.numbers_at(self.column(column)?)
    }

    /// The numbers of the column at a place; where nothing stands, not a number.
    ///
    /// # Errors
    /// [`TableError::NotANumber`] when it holds a word.
    ///
    /// # Panics
    /// When there is no such place.
    pub fn numbers_at(&self, at: usize) -> Result<Vec<f64>, TableError> {
        let column = &self.columns[at].name;
        let number = |(row, fields): (usize, &Vec<Field>)| match &fields[at] {
            Field::Missing => Ok(f64::NAN),
            Field::Number(value) => Ok(*value),
            Field::Whole(value) => Ok(*value as f64),
            // `NaN` and `inf` are numbers that nothing can be done with, as if they were missing.
            Field::Text(text) => match text.parse::<f64>() {
                Ok(value) if value.is_finite() => Ok(value),
                Ok(_) => Ok(f64::NAN),
                Err(_) if says_nothing(text) => Ok(f64::NAN),
                Err(_) => Err(TableError::NotANumber {
                    name: self.name.clone(),
                    place: format!("`{column}` of row {}, got `{text}`", row + 1),
                }),
            },
        };
        self.rows.iter().enumerate().map(number).collect()
    }

    /// The words of a column, numbers spelt out.
    ///
    /// # Errors
    /// [`TableError::NoColumn`].
    pub fn words(&self, column: &str) -> Result<Vec<String>, TableError> {
        let at = self.column(column)?;
        Ok(self.rows.iter().map(|row| row[at].to_string()).collect())
    }
}

/// Whether a text is a word for a number that is not there.
pub(crate) fn says_nothing(text: &str) -> bool {
    const WORDS: [&str; 10] = ["na", "<na>", "n/a", "#n/a", "null", "none", "nil", "-", "–", "?"];
    let text = text.to_lowercase();
    WORDS.contains(&&*text)
}

/// The tables of one study, reached by name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tables(Vec<Table>);

impl Tables {
    /// The table called `name`.
    ///
    /// # Errors
    /// [`TableError::NoTable`], with the tables there are.
    pub fn get(&self, name: &str) -> Result<&Table, TableError> {
        self.0.iter().find(|table| table.name == name).ok_or_else(|| {
            let known: Vec<&str> = self.0.iter().map(|table| table.name.as_str()).collect();
            TableError::NoTable(name.to_owned(), known.join(", "))
        })
    }

    /// Adds a table.
    ///
    /// # Panics
    /// When there is one of its name: one file would overwrite the other.
    pub fn push(&mut self, table: Table) {
        assert!(self.get(&table.name).is_err(), "two tables are called `{}`", table.name);
        self.0.push(table);
    }

    /// All of them, in order.
    pub fn as_slice(&self) -> &[Table] {
        &self.0
    }

    /// All of them, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Table> {
        self.0.iter()
    }
}

impl FromIterator<Table> for Tables {
    fn from_iter<I: IntoIterator<Item = Table>>(tables: I) -> Self {
        let mut all = Self::default();
        tables.into_iter().for_each(|table| all.push(table));
        all
    }
}

impl<'a> IntoIterator for &'a Tables {
    type Item = &'a Table;
    type IntoIter = std::slice::Iter<'a, Table>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// The convention of losses, in a table of a run.
pub const LOSSES: &str =
    "Losses are squared errors summed over features and averaged over samples.";

/// The same where some cells are of another kind than the paper's.
pub const LOSSES_OF_KINDS: &str = "Losses are what a cell's own loss is (squared errors, a power of errors, or a cross-entropy), each output by its \
     importance, summed over features and averaged over samples. What is said of rows is said of those of W. Of an \
     output that is dead, its own feature does not lift the answer above zero, v W_i·V_i + b_i ≤ 0 for every v from 0 \
     to the largest; it costs what it misses of that feature under the cell's own loss.";

/// What the columns of the `tables` mean, after a `convention` that holds for them, in Markdown:
/// `tables/README.md`.
pub fn documentation(convention: &str, tables: &[Table]) -> String {
    let mut text = format!(
        "# Tables of this run\n\n{convention} An empty field means that there is no such number.\n"
    );
    for table in tables {
        text.push_str(&format!("\n## {}.csv\n\n{}\n\n", table.name, table.question));
        text.push_str("| column | holds |\n|---|---|\n");
        for column in &table.columns {
            text.push_str(&format!("| `{}` | {} |\n", column.name, column.meaning));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Table {
        let mut table = Table::new("t", "Why?", &[("x", "a number"), ("word", "a word")]);
        table.push(vec![0.1.into(), "a, \"b\"".into()]);
        table.push(vec![f64::NAN.into(), Field::Missing]);
        table
    }

    #[test]
    fn what_is_written_as_csv_is_read_back() {
        let table = example();
        let read = Table::from_csv("t", &table.to_csv()).unwrap();
        assert_eq!(read.to_csv(), table.to_csv());
        assert_eq!(read.words("word").unwrap(), ["a, \"b\"", ""]);
        let numbers = read.numbers("x").unwrap();
        assert!((numbers[0] - 0.1).abs() < f64::EPSILON && numbers[1].is_nan());
    }

    #[test]
    fn a_missing_column_and_a_word_for_a_number_are_named() {
        let table = example();
        let said = table.numbers("y").unwrap_err().to_string();
        assert!(said.contains("`y`") && said.contains("x, word"), "{said}");
        let said = table.numbers("word").unwrap_err().to_string();
        assert!(said.contains("`word` of row 1"), "{said}");
    }

    #[test]
    fn what_is_read_keeps_its_text_and_is_a_number_where_one_is_asked_for() {
        let csv = "id,group,x\n1978e68756218650,001,1e-3\n0000000000000012,010,inf\n";
        let read = Table::from_csv("t", csv.as_bytes()).unwrap();
        assert_eq!(read.words("id").unwrap(), ["1978e68756218650", "0000000000000012"]);
        assert_eq!(read.words("group").unwrap(), ["001", "010"]);
        assert_eq!(read.numbers("group").unwrap(), [1.0, 10.0]);
        let x = read.numbers("x").unwrap();
        assert!((x[0] - 0.001).abs() < 1e-15 && x[1].is_nan());
        assert_eq!(String::from_utf8(read.to_csv()).unwrap(), csv);
        assert_eq!(Field::from("12 apples").number(), None);
    }

    #[test]
    fn a_table_of_items_has_a_row_for_each_and_a_column_in_one_line() {
        let table = Table::of(
            "squares",
            "How large is a square?",
            1..=3_usize,
            &[("side", "length", &|n| (*n).into()), ("area", "length²", &|n| (n * n).into())],
        );
        assert_eq!(table.numbers("area").unwrap(), [1.0, 4.0, 9.0]);
        assert_eq!(table.columns[1].meaning, "length²");
    }

    #[test]
    fn tables_are_reached_by_name_and_one_that_is_not_there_is_named() {
        let tables: Tables = [example()].into_iter().collect();
        assert_eq!(tables.as_slice(), [example()]);
        assert_eq!(tables.get("t").unwrap().rows.len(), 2);
        let said = tables.get("u").unwrap_err().to_string();
        assert!(said.contains("`u`") && said.contains("among t"), "{said}");
    }

    #[test]
    fn fields_are_reached_by_the_names_of_their_columns_and_shown_to_people() {
        let table = example();
        let rows = table.fields(["word", "x"]).unwrap();
        assert_eq!(rows[0].map(Field::short), ["a, \"b\"", "0.1000"]);
        assert_eq!(rows[1].map(|field| field.rounded(1)), ["–", "–"]);
        let rounded = |value: f64, decimals| Field::from(value).rounded(decimals);
        assert_eq!(rounded(2e-16, 3), "0.000");
        assert_eq!(
            [0.0, 4.4e-4, 5.1e-4, -4.4e-4].map(|v| rounded(v, 3)),
            ["0.000", "4e-4", "0.001", "-4e-4"]
        );
        assert_eq!([rounded(0.3, 0), rounded(0.04, 1)], ["0", "0.0"]);
        assert!(table.fields(["word", "y"]).unwrap_err().to_string().contains("`y`"));
        let short = [3.0, 1e5, 0.001, -250.25].map(|value| Field::Number(value).short());
        assert_eq!(short, ["3", "1.0000e5", "1.0000e-3", "-250.2500"]);
    }

    proptest::proptest! {
        #[test]
        fn no_file_makes_the_reader_panic(text in "[\\PC\\n,\"]{0,80}") {
            if let Ok(table) = Table::from_csv("t", text.as_bytes()) {
                for column in table.columns.iter().map(|c| c.name.clone()) {
                    let _ = table.numbers(&column);
                }
            }
        }

        #[test]
        fn integers_keep_all_digits_and_other_numbers_print_as_before(
            bits: u64, shift in 0..64_u32, float in proptest::num::f64::ANY
        ) {
            let integer = bits >> shift;
            for field in [Field::from(integer), Field::from(&Value::from(integer))] {
                proptest::prop_assert_eq!(field.to_string(), integer.to_string());
                proptest::prop_assert_eq!(field.as_written(), Value::from(integer));
                proptest::prop_assert_eq!(field.as_json(), Value::from(integer));
                proptest::prop_assert_eq!(field.number(), Some(integer as f64));
            }
            let text = if float.is_finite() { (float + 0.0).to_string() } else { String::new() };
            for field in [Field::from(float), Field::from(&Value::from(float))] {
                proptest::prop_assert_eq!(field.to_string(), &*text);
                proptest::prop_assert_eq!(field.as_written().as_f64(), field.number());
            }
        }
    }

    #[test]
    fn every_column_is_documented() {
        let text = documentation(LOSSES, &[example()]);
        assert!(text.contains("## t.csv") && text.contains("| `word` | a word |"));
        // And what is read back is explained by it.
        let mut read = Table::from_csv("t", &example().to_csv()).unwrap();
        read.explain(&text);
        assert_eq!((&read.question, &read.columns), (&example().question, &example().columns));
        let mut other = Table::from_csv("u", b"word\n1\n").unwrap();
        other.explain(&text);
        assert_eq!((other.question.as_str(), other.columns[0].meaning.as_str()), ("", ""));
    }
}
