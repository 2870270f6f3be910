//! The numbers in JSON: a counter, a list, or a line for each thing.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::{Counts, allowed, shown};

/// A value, of which only numbers count. An object has each key once.
#[derive(Debug)]
enum Json {
    Number(f64),
    /// As it is written, more or less.
    Other(String),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Json;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_bool<E>(self, v: bool) -> Result<Json, E> {
                Ok(Json::Other(v.to_string()))
            }

            fn visit_unit<E>(self) -> Result<Json, E> {
                Ok(Json::Other("null".to_owned()))
            }

            fn visit_str<E>(self, v: &str) -> Result<Json, E> {
                Ok(Json::Other(format!("\"{v}\"")))
            }

            fn visit_u64<E>(self, v: u64) -> Result<Json, E> {
                Ok(Json::Number(v as f64))
            }

            fn visit_i64<E>(self, v: i64) -> Result<Json, E> {
                Ok(Json::Number(v as f64))
            }

            fn visit_f64<E>(self, v: f64) -> Result<Json, E> {
                Ok(Json::Number(v))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = list.next_element()? {
                    values.push(value);
                }
                Ok(Json::List(values))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
                let (mut fields, mut keys) = (Vec::new(), HashSet::new());
                while let Some((key, value)) = map.next_entry::<String, Json>()? {
                    if !keys.insert(key.clone()) {
                        return Err(A::Error::custom(format!("has `{}` twice", shown(&key))));
                    }
                    fields.push((key, value));
                }
                Ok(Json::Object(fields))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

impl Json {
    /// As it stands in a message.
    fn shown(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Other(text) => shown(text),
            Self::List(_) => "a list".to_owned(),
            Self::Object(_) => "an object".to_owned(),
        }
    }

    /// The number in one element of a list: itself, that of the column `asked` for, or the only one.
    fn number(&self, asked: Option<&str>) -> Option<f64> {
        let number = |value: &Self| if let Self::Number(n) = value { Some(*n) } else { None };
        let only = |values: &mut dyn Iterator<Item = &Self>| {
            let mut numbers = values.filter_map(number);
            numbers.next().filter(|_| numbers.next().is_none())
        };
        match (self, asked) {
            (Self::Number(number), None) => Some(*number),
            (Self::List(values), None) => only(&mut values.iter()),
            (Self::Object(fields), None) => only(&mut fields.iter().map(|(_, value)| value)),
            (Self::List(values), Some(asked)) => {
                let at = asked.parse::<usize>().ok()?.checked_sub(1)?;
                values.get(at).and_then(number)
            }
            (Self::Object(fields), Some(asked)) => {
                fields.iter().find(|(key, _)| key == asked).and_then(|(_, value)| number(value))
            }
            _ => None,
        }
    }
}

/// The numbers in JSON, in its order.
pub(super) fn of_json(text: &str, asked: Option<&str>) -> Result<Counts, String> {
    let values = serde_json::Deserializer::from_str(text).into_iter::<Json>();
    let mut values: Vec<Json> =
        values.collect::<Result<_, _>>().map_err(|e| format!("is no JSON: {e}"))?;
    let list = match values.len() {
        1 => match values.remove(0) {
            Json::Object(fields) if asked.is_none() => return of_counter(&fields),
            Json::List(values) => values,
            other => vec![other],
        },
        _ => values,
    };
    let number = |(at, value): (usize, &Json)| {
        value.number(asked).and_then(allowed).ok_or_else(|| {
            let column =
                asked.map_or(String::new(), |asked| format!(" in the column `{}`", shown(asked)));
            let hint = if asked.is_none() {
                "; --column says which number, if there are several"
            } else {
                ""
            };
            format!(
                "must have a number, at least 0, at `{at}`{column}, got `{}`{hint}",
                value.shown()
            )
        })
    };
    let frequencies = list.iter().enumerate().map(number).collect::<Result<_, _>>()?;
    Ok(Counts { frequencies, remarks: Vec::new() })
}

fn of_counter(fields: &[(String, Json)]) -> Result<Counts, String> {
    let number = |(word, value): &(String, Json)| {
        let number = if let Json::Number(number) = value { allowed(*number) } else { None };
        number.ok_or_else(|| {
            format!("must have a number, at least 0, at `{}`, got `{}`", shown(word), value.shown())
        })
    };
    let frequencies = fields.iter().map(number).collect::<Result<_, _>>()?;
    Ok(Counts { frequencies, remarks: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, asked: Option<&str>) -> Result<Vec<f64>, String> {
        of_json(text, asked).map(|counts| counts.frequencies)
    }

    #[test]
    fn counters_lists_and_lines_are_read() {
        for text in [
            r#"{"you": 5, "i": 2.5}"#,
            "[5, 2.5]",
            r#"[["you", 5], ["i", 2.5]]"#,
            r#"[{"word": "you", "count": 5}, {"word": "i", "count": 2.5}]"#,
            "{\"word\": \"you\", \"count\": 5}\n{\"word\": \"i\", \"count\": 2.5}\n",
        ] {
            assert_eq!(of(text, None), Ok(vec![5.0, 2.5]), "{text}");
        }
        let several = "{\"rank\": 1, \"n\": 5}\n{\"rank\": 2, \"n\": 3}";
        assert!(of(several, None).unwrap_err().contains("--column"));
        assert_eq!(of(several, Some("n")), Ok(vec![5.0, 3.0]));
        assert_eq!(of("[[1, 5], [2, 3]]", Some("2")), Ok(vec![5.0, 3.0]));
        assert!(of("[[1, 5], [2, 3]]", Some("3")).unwrap_err().contains("in the column `3`"));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, part) in [
            (r#"{"the": 5, "of": 3, "the": 2}"#, "has `the` twice"),
            (r#"{"the": "often"}"#, "at `the`, got `\"often\"`"),
            (r#"{"the": -1}"#, "at `the`, got `-1`"),
            (r#"{"the": [1]}"#, "at `the`, got `a list`"),
            ("[1, -2]", "at `1`, got `-2`"),
            ("[1, null]", "at `1`, got `null`"),
            ("[1, true]", "at `1`, got `true`"),
            ("[[1, 2]]", "at `0`, got `a list`"),
            ("{", "is no JSON"),
            ("[1] x", "is no JSON"),
        ] {
            let said = of(text, None).unwrap_err();
            assert!(said.contains(part), "{text}: {said}");
        }
    }
}
