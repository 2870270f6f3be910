//! Tables and numbers as compact JSON inside HTML.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use superpose_files::table::{Column, Field};

use crate::page::Source;

/// A number; null when it is not finite, and without a fraction where it has none.
#[expect(clippy::cast_possible_truncation, reason = "it is whole and small")]
pub(crate) fn number(value: f64) -> Value {
    let is_whole = value.fract() == 0.0 && value.abs() < 1e15;
    if is_whole { json!(value as i64) } else { json!(value) }
}

/// A number rounded to so many significant digits.
pub(crate) fn significant(value: f64, digits: usize) -> f64 {
    format!("{value:.*e}", digits.saturating_sub(1)).parse().unwrap_or(value)
}

/// A table as the page's script reads it: column by column. A column of one value has it once, one of numbers
/// has them, and one of words has each word once and their places.
pub(crate) fn stored(source: &Source) -> Value {
    let Source { table, file } = source;
    let columns: Vec<Value> = table
        .columns
        .iter()
        .enumerate()
        .map(|(at, column)| stored_column(column, table.rows.iter().map(|row| &row[at])))
        .collect();
    json!({
        "question": table.question, "file": file, "rows": table.rows.len(), "columns": columns,
    })
}

fn stored_column<'a>(column: &Column, fields: impl Iterator<Item = &'a Field> + Clone) -> Value {
    let numbers: Option<Vec<Value>> = fields.clone().map(exact).collect();
    let (key, values) = match numbers {
        Some(numbers) => ("numbers", numbers),
        None => ("words", fields.map(word).collect()),
    };
    let mut stored = json!({ "name": column.name, "meaning": column.meaning });
    match &values[..] {
        [first, rest @ ..] if rest.iter().all(|value| value == first) => {
            stored[key] = json!([first]);
        }
        _ if key == "numbers" => stored[key] = values.into(),
        _ => {
            let (mut places, mut words) = (BTreeMap::new(), Vec::new());
            let place = |value: &Value| {
                let text = value.as_str().map(str::to_owned);
                *places.entry(text).or_insert_with(|| {
                    words.push(value.clone());
                    words.len() - 1
                })
            };
            stored["at"] = values.iter().map(place).collect();
            stored[key] = words.into();
        }
    }
    stored
}

/// The number that is written, if writing that number gives the same text: not of a group called `001`. Null when
/// nothing is there.
fn exact(field: &Field) -> Option<Value> {
    match field {
        Field::Missing => Some(Value::Null),
        _ => {
            let value = field.number()?;
            (value.to_string() == field.to_string()).then(|| number(value))
        }
    }
}

fn word(field: &Field) -> Value {
    if *field == Field::Missing { Value::Null } else { field.to_string().into() }
}

/// JSON that cannot end the element it stands in, nor a line of a script: the characters that could are escaped.
pub(crate) fn island(value: &Value) -> String {
    let mut text = String::new();
    for letter in value.to_string().chars() {
        match letter {
            '<' => text.push_str("\\u003c"),
            '>' => text.push_str("\\u003e"),
            '&' => text.push_str("\\u0026"),
            '\u{2028}' => text.push_str("\\u2028"),
            '\u{2029}' => text.push_str("\\u2029"),
            other => text.push(other),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use superpose_files::table::Table;

    fn stored_of(csv: &str) -> Value {
        let table = Table::from_csv("t", csv.as_bytes()).unwrap();
        stored(&Source { table, file: "t.csv".to_owned() })
    }

    #[test]
    fn columns_are_numbers_words_or_one_value() {
        let table = stored_of("a,b,c,d,e\n1,x,7,001,\n2.5,y,7,002,\n,x,7,003,\n");
        let columns = &table["columns"];
        assert_eq!(table["rows"], 3);
        assert_eq!(columns[0]["numbers"], json!([1, 2.5, null]));
        assert_eq!(
            (&columns[1]["words"], &columns[1]["at"]),
            (&json!(["x", "y"]), &json!([0, 1, 0]))
        );
        assert_eq!(columns[2]["numbers"], json!([7]), "one value stands once");
        assert_eq!(columns[3]["words"], json!(["001", "002", "003"]), "a name stays a text");
        assert_eq!(columns[4]["numbers"], json!([null]));
    }

    #[test]
    fn a_count_beyond_what_a_script_can_hold_stays_a_text() {
        let columns = &stored_of("seed\n18446744073709551615\n1\n")["columns"];
        assert_eq!(columns[0]["words"], json!(["18446744073709551615", "1"]));
    }

    #[test]
    fn what_could_end_a_script_is_escaped_and_read_back() {
        let value = json!({ "a": "</script><!-- \u{2028}\u{2029} \" ' & \\" });
        let text = island(&value);
        assert!(!text.contains(['<', '>', '&', '\u{2028}', '\u{2029}']), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!(number(1000.0).to_string(), "1000");
        assert_eq!(number(f64::NAN), Value::Null);
        assert_eq!(number(significant(0.123_456_789, 6)).to_string(), "0.123457");
        assert_eq!(number(significant(123_456_789.0, 6)).to_string(), "123457000");
    }
}
