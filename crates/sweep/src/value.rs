//! A value as it stands in a sweep file, before anything is known of its field; and the two kinds
//! of number that fields hold.
//!
//! A value of the `toml` crate has 63 bits and a sign, and a seed may have 64 bits, so values are
//! our own. A whole number is one however it is written: `200`, `2e2`, `200.0`.

use std::borrow::Cow;
use std::fmt::{self, Display};

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{MapAccessDeserializer, MapDeserializer, SeqDeserializer};
use serde::de::{
    Deserialize, Deserializer, Error as _, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};
use toml::de::Error;

/// A table: names with their values, in the order of the file.
pub type Table = IndexMap<String, Value>;

/// A value in a sweep file.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `true` or `false`.
    Boolean(bool),
    /// A number without a point.
    Integer(i128),
    /// A number with a point or an exponent, `inf` or `nan`.
    Float(f64),
    /// A string, or a date as it is written.
    Text(String),
    /// An array.
    List(Vec<Self>),
    /// A table.
    Table(Table),
}

/// What a date is called by the `toml` crate: a table with this key.
const DATE: &str = "$__toml_private_datetime";
/// Numbers of double precision below this are exact if they are whole: 2⁵³.
pub(crate) const EXACT: f64 = (1_u64 << f64::MANTISSA_DIGITS) as f64;
/// Most values of a list in a message.
const SHOWN: usize = 20;

impl Value {
    /// The value of a text, read as TOML, and as a string if it is none.
    pub(crate) fn of_text(text: &str) -> Self {
        let table: Option<Table> = toml::from_str(&format!("value = {text}")).ok();
        let alone = table.filter(|table| table.len() == 1);
        alone
            .and_then(|mut table| table.shift_remove("value"))
            .unwrap_or_else(|| Self::Text(text.to_owned()))
    }

    /// The whole number that it is, if it is one; one with a point only where all are exact.
    pub fn whole(&self) -> Option<i128> {
        match *self {
            Self::Integer(whole) => Some(whole),
            #[expect(clippy::cast_possible_truncation, reason = "is whole, and below 2⁵³")]
            Self::Float(v) if v.fract() == 0.0 && v.abs() < EXACT => Some(v as i128),
            _ => None,
        }
    }

    /// The number that it is, if it is one.
    pub fn number(&self) -> Option<f64> {
        match *self {
            Self::Integer(whole) => Some(whole as f64),
            Self::Float(v) => Some(v),
            _ => None,
        }
    }
}

/// As it is written in TOML, a long list cut.
impl Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(v) => write!(f, "{v}"),
            Self::Integer(v) => write!(f, "{v}"),
            Self::Float(v) if v.is_nan() => f.write_str("nan"),
            Self::Float(v) => write!(f, "{v:?}"),
            Self::Text(v) => write!(f, "{v:?}"),
            Self::List(values) => {
                let shown: Vec<String> =
                    values.iter().take(SHOWN).map(ToString::to_string).collect();
                let more = if values.len() > SHOWN { ", …" } else { "" };
                write!(f, "[{}{more}]", shown.join(", "))
            }
            Self::Table(table) => {
                let pair = |(key, value): (&String, &Self)| format!("{key} = {value}");
                let pairs: Vec<String> = table.iter().take(SHOWN).map(pair).collect();
                write!(f, "{{ {} }}", pairs.join(", "))
            }
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_bool<E>(self, v: bool) -> Result<Value, E> {
                Ok(Value::Boolean(v))
            }

            fn visit_i64<E>(self, v: i64) -> Result<Value, E> {
                Ok(Value::Integer(v.into()))
            }

            fn visit_u64<E>(self, v: u64) -> Result<Value, E> {
                Ok(Value::Integer(v.into()))
            }

            fn visit_i128<E>(self, v: i128) -> Result<Value, E> {
                Ok(Value::Integer(v))
            }

            fn visit_f64<E>(self, v: f64) -> Result<Value, E> {
                Ok(Value::Float(v))
            }

            fn visit_str<E>(self, v: &str) -> Result<Value, E> {
                Ok(Value::Text(v.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = list.next_element()? {
                    values.push(value);
                }
                Ok(Value::List(values))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
                let mut table = Table::new();
                while let Some((key, value)) = map.next_entry()? {
                    table.insert(key, value);
                }
                Ok(match table.get(DATE) {
                    Some(date) if table.len() == 1 => date.clone(),
                    _ => Value::Table(table),
                })
            }
        }
        deserializer.deserialize_any(Any)
    }
}

impl<'de> Deserializer<'de> for Value {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Self::Boolean(v) => visitor.visit_bool(v),
            Self::Integer(v) => match (u64::try_from(v), i64::try_from(v)) {
                (Ok(v), _) => visitor.visit_u64(v),
                (_, Ok(v)) => visitor.visit_i64(v),
                _ => visitor.visit_i128(v),
            },
            Self::Float(v) => visitor.visit_f64(v),
            Self::Text(v) => visitor.visit_string(v),
            Self::List(values) => {
                let mut values = SeqDeserializer::new(values.into_iter());
                let read = visitor.visit_seq(&mut values)?;
                values.end().map(|()| read)
            }
            Self::Table(table) => {
                let mut fields = MapDeserializer::new(table.into_iter());
                let read = visitor.visit_map(&mut fields)?;
                fields.end().map(|()| read)
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self {
            Self::Text(name) => visitor.visit_enum(name.into_deserializer()),
            Self::Table(table) => {
                let map = MapDeserializer::new(table.into_iter());
                visitor.visit_enum(MapAccessDeserializer::new(map))
            }
            other => Err(Error::custom(format!("must be a name, got {other}"))),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

impl IntoDeserializer<'_, Error> for Value {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// A whole number, negative ones too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Integer(pub i128);

impl<'de> Deserialize<'de> for Integer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let refused = || D::Error::custom(format!("must be a whole number, got {value}"));
        value.whole().map(Self).ok_or_else(refused)
    }
}

impl JsonSchema for Integer {
    fn schema_name() -> Cow<'static, str> {
        "Integer".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer" })
    }
}

/// A whole number from 0 to 2⁶⁴ − 1 that should be at least `LEAST`, which is checked with the
/// field's other limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Whole<const LEAST: u64>(pub u64);

impl<const LEAST: u64> Whole<LEAST> {
    /// The number as a count.
    pub(crate) fn count(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl<'de, const LEAST: u64> Deserialize<'de> for Whole<LEAST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let fits = value.whole().and_then(|whole| u64::try_from(whole).ok());
        fits.map(Self).ok_or_else(|| {
            let most = match value {
                Value::Integer(whole) if whole > 0 => format!(", at most {}", u64::MAX),
                Value::Float(v) if v >= EXACT => ", without a point or an exponent".to_owned(),
                _ => String::new(),
            };
            let allowed = format!("a whole number, at least {LEAST}{most}");
            D::Error::custom(format!("must be {allowed}, got {value}"))
        })
    }
}

impl<const LEAST: u64> JsonSchema for Whole<LEAST> {
    fn schema_name() -> Cow<'static, str> {
        format!("Whole{LEAST}").into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": LEAST })
    }
}

/// A number, whole or not.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Number(pub f64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let refused = || D::Error::custom(format!("must be a number, got {value}"));
        value.number().map(Self).ok_or_else(refused)
    }
}

impl JsonSchema for Number {
    fn schema_name() -> Cow<'static, str> {
        "Number".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Value {
        let mut table: Table = toml::from_str(&format!("v = {text}")).unwrap();
        table.swap_remove("v").unwrap()
    }

    #[test]
    fn values_are_kept_as_they_are_written() {
        for (text, value) in [
            ("true", Value::Boolean(true)),
            ("18446744073709551615", Value::Integer(u64::MAX.into())),
            ("-9223372036854775809", Value::Integer(i128::from(i64::MIN) - 1)),
            ("0x14", Value::Integer(20)),
            ("2.5", Value::Float(2.5)),
            ("\"a\"", Value::Text("a".to_owned())),
            ("2026-11-29", Value::Text("2026-11-29".to_owned())),
            ("[1, 2.0]", Value::List(vec![Value::Integer(1), Value::Float(2.0)])),
        ] {
            assert_eq!(of(text), value, "{text}");
            // And once more through its own deserializer.
            assert_eq!(Value::deserialize(value.clone()).unwrap(), value, "{text}");
        }
        let table = of("{ law = \"power\", exponent = 1 }");
        assert_eq!(Value::deserialize(table.clone()).unwrap(), table);
        assert_eq!(table.to_string(), "{ law = \"power\", exponent = 1 }");
    }

    #[test]
    fn values_are_shown_as_they_are_written_and_long_lists_are_cut() {
        for text in ["true", "-3", "1.0", "1e30", "inf", "-inf", "nan", "\"a\"", "[1, [2.5]]"] {
            assert_eq!(of(text).to_string(), text);
        }
        let long = Value::List(vec![Value::Integer(7); 1_000_000]).to_string();
        assert!(long.starts_with("[7, 7, ") && long.ends_with(", …]") && long.len() < 100);
    }

    #[test]
    fn a_whole_number_is_one_however_it_is_written() {
        let whole = |text: &str| Whole::<1>::deserialize(of(text)).map(|whole| whole.0);
        for text in ["200", "2e2", "200.0", "0xC8", "0b11001000", "2_00"] {
            assert_eq!(whole(text).unwrap(), 200, "{text}");
        }
        assert_eq!(whole("18446744073709551615").unwrap(), u64::MAX);
        assert_eq!(whole("9007199254740991.0").unwrap(), (1 << 53) - 1);
        for (text, said) in [
            ("\"200\"", "must be a whole number, at least 1, got \"200\""),
            ("200.5", "must be a whole number, at least 1, got 200.5"),
            ("-5", "must be a whole number, at least 1, got -5"),
            ("nan", "must be a whole number, at least 1, got nan"),
            ("true", "must be a whole number, at least 1, got true"),
            ("9007199254740993.0", "without a point or an exponent, got 9007199254740992.0"),
            ("18446744073709551616", "at most 18446744073709551615, got 18446744073709551616"),
        ] {
            assert!(whole(text).unwrap_err().message().contains(said), "{text}");
        }
        let integer = |text: &str| Integer::deserialize(of(text)).map(|integer| integer.0);
        assert_eq!(integer("-2.0").unwrap(), -2);
        assert!(integer("0.5").unwrap_err().message().contains("a whole number, got 0.5"));
    }

    #[test]
    fn a_number_may_be_whole() {
        let number = |text: &str| Number::deserialize(of(text)).map(|number| number.0);
        assert_eq!(number("3").unwrap().to_bits(), 3.0_f64.to_bits());
        assert!(number("inf").unwrap().is_infinite());
        assert!(number("\"1.0\"").unwrap_err().message().contains("a number, got \"1.0\""));
    }

    #[test]
    fn a_text_is_read_as_toml_and_else_as_it_is() {
        assert_eq!(Value::of_text("3"), Value::Integer(3));
        assert_eq!(Value::of_text("[1]"), Value::List(vec![Value::Integer(1)]));
        assert_eq!(Value::of_text("constant"), Value::Text("constant".to_owned()));
        assert_eq!(Value::of_text("3\nb = 4"), Value::Text("3\nb = 4".to_owned()));
    }
}
