//! What is known of a cell by name: a column of `results.csv`, and of any table with one row a cell.
//!
//! [`crate::measured`] declares all of them with `quantities!`, each once. From there come the fields of
//! a record with their documentation, the columns of `results.csv` with their meaning, the way back from
//! a column to the record, and the measurement.

use serde_json::{Value, json};
use superpose_files::table::Field;
use superpose_toy::cell::CellId;
use superpose_toy::trained::Outcome;

pub use crate::measured::QUANTITIES;
use crate::record::Record;

/// One thing that is known of a finished cell.
#[derive(Debug, Clone, Copy)]
pub struct Quantity {
    /// Its name: that of its column.
    pub name: &'static str,
    /// Its unit, and the convention where there are several.
    pub unit: &'static str,
    /// What it is.
    pub meaning: &'static str,
    /// Where it stands in the JSON of a [`Record`], as a dotted name such as `measured.loss_test`;
    /// `None` when it follows from others.
    pub place: Option<&'static str>,
    of: fn(&Record) -> Field,
    json: fn(&Field) -> Value,
}

impl Quantity {
    /// A quantity that is a `T`.
    pub(crate) const fn new<T: Tabled>(
        [name, unit, meaning]: [&'static str; 3],
        place: Option<&'static str>,
        of: fn(&Record) -> Field,
    ) -> Self {
        Self { name, unit, meaning, place, of, json: T::json }
    }

    /// The quantity called `name`, if there is one.
    pub fn named(name: &str) -> Option<&'static Self> {
        QUANTITIES.iter().find(|q| q.name == name)
    }

    /// Its value in `record`.
    pub fn field(&self, record: &Record) -> Field {
        (self.of)(record)
    }

    /// Its value in `record`, where it is a number.
    pub fn number(&self, record: &Record) -> Option<f64> {
        match self.field(record) {
            Field::Number(value) => Some(value),
            Field::Text(_) | Field::Missing => None,
        }
    }

    /// What stands at its [`place`](Self::place) in the record whose value here is `field`; null where
    /// nothing does. Text that is no such value stays text, for the reader of the record to refuse.
    pub fn json(&self, field: &Field) -> Value {
        (self.json)(field)
    }
}

/// A value of a record that stands in one field of a table.
pub(crate) trait Tabled {
    /// Its field.
    fn field(&self) -> Field;

    /// The JSON of the value that stands in `field`.
    fn json(field: &Field) -> Value {
        field.as_written()
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Tabled for $number {
            fn field(&self) -> Field {
                (*self).into()
            }
        }
    )*};
}

numbers!(f64, Option<f64>, u64, usize);

impl Tabled for String {
    fn field(&self) -> Field {
        self.as_str().into()
    }

    /// A revision or a version may look like a number.
    fn json(field: &Field) -> Value {
        if *field == Field::Missing { Value::Null } else { field.to_string().into() }
    }
}

impl Tabled for CellId {
    fn field(&self) -> Field {
        self.as_str().into()
    }

    fn json(field: &Field) -> Value {
        String::json(field)
    }
}

/// The word alone: the step or the message of an outcome that is not `completed` is not in tables.
impl Tabled for Outcome {
    fn field(&self) -> Field {
        self.word().into()
    }

    fn json(field: &Field) -> Value {
        json!({ "kind": String::json(field) })
    }
}

/// Counts with spaces between.
impl Tabled for Vec<u64> {
    fn field(&self) -> Field {
        self.iter().map(u64::to_string).collect::<Vec<_>>().join(" ").into()
    }

    fn json(field: &Field) -> Value {
        let counts = field.to_string();
        let counts = counts.split_whitespace().map(|word| Field::from(word).as_written());
        if *field == Field::Missing { Value::Null } else { counts.collect() }
    }
}

/// Declares all quantities, in the order of `results.csv`. Each is one of
///
/// - `record FIELD: TYPE => COLUMN, UNIT, MEANING;` a field of [`Record`] (`FIELD` may have a dot),
/// - `measured FIELD: TYPE => COLUMN, UNIT, MEANING, |model| VALUE;` a number that is computed from the
///   `Trained` model and becomes a field of `Measured`,
/// - `geometry …` the same, as a field of `Geometry`,
/// - `derived COLUMN, UNIT, MEANING, |measured| VALUE;` a number that follows from a record's `Measured`.
///
/// Made from them are the structs `Measured` and `Geometry`, which are in the record's JSON what they are
/// here, their `of(&Trained)`, and the table `QUANTITIES`.
macro_rules! quantities {
    // One declaration after the other is put into its struct, [of measured] or [of geometry], and into
    // the [table]; what is `@left` comes later.
    (@of_measured [$($m:tt)*] @of_geometry [$($g:tt)*] @table [$($t:tt)*] @left
        record $first:ident $(. $second:ident)?: $type:ty => $name:literal, $unit:literal,
            $meaning:literal; $($left:tt)*
    ) => {
        quantities! {
            @of_measured [$($m)*] @of_geometry [$($g)*]
            @table [$($t)* Quantity::new::<$type>(
                [$name, $unit, $meaning],
                Some(concat!(stringify!($first) $(, ".", stringify!($second))?)),
                |record| record.$first $(.$second)?.field(),
            ),]
            @left $($left)*
        }
    };
    (@of_measured [$($m:tt)*] @of_geometry [$($g:tt)*] @table [$($t:tt)*] @left
        measured $field:ident: $type:ty => $name:literal, $unit:literal, $meaning:literal,
            |$model:ident| $value:expr; $($left:tt)*
    ) => {
        quantities! {
            @of_measured [$($m)* { $field: $type, $name, $unit, $meaning, $model, $value }]
            @of_geometry [$($g)*]
            @table [$($t)* Quantity::new::<$type>(
                [$name, $unit, $meaning],
                Some(concat!("measured.", stringify!($field))),
                |record| record.measured.as_ref().map(|m| m.$field.field()).into(),
            ),]
            @left $($left)*
        }
    };
    (@of_measured [$($m:tt)*] @of_geometry [$($g:tt)*] @table [$($t:tt)*] @left
        geometry $field:ident: $type:ty => $name:literal, $unit:literal, $meaning:literal,
            |$model:ident| $value:expr; $($left:tt)*
    ) => {
        quantities! {
            @of_measured [$($m)*]
            @of_geometry [$($g)* { $field: $type, $name, $unit, $meaning, $model, $value }]
            @table [$($t)* Quantity::new::<$type>(
                [$name, $unit, $meaning],
                Some(concat!("measured.geometry.", stringify!($field))),
                |record| record.geometry().map(|g| g.$field.field()).into(),
            ),]
            @left $($left)*
        }
    };
    (@of_measured [$($m:tt)*] @of_geometry [$($g:tt)*] @table [$($t:tt)*] @left
        derived $name:literal, $unit:literal, $meaning:literal, |$measured:ident| $value:expr;
        $($left:tt)*
    ) => {
        quantities! {
            @of_measured [$($m)*] @of_geometry [$($g)*]
            @table [$($t)* Quantity::new::<f64>(
                [$name, $unit, $meaning],
                None,
                |record| record.measured.as_ref().map(|$measured| $value).into(),
            ),]
            @left $($left)*
        }
    };
    // None is left.
    (@of_measured [$({
        $m_field:ident: $m_type:ty, $m_name:literal, $m_unit:literal, $m_meaning:literal,
        $m_model:ident, $m_value:expr
    })*] @of_geometry [$({
        $g_field:ident: $g_type:ty, $g_name:literal, $g_unit:literal, $g_meaning:literal,
        $g_model:ident, $g_value:expr
    })*] @table [$($table:tt)*] @left) => {
        /// What was measured on a trained model: its losses, and what its weights look like.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Measured {
            $(
                #[doc = concat!("`", $m_name, "`: ", $m_meaning, ". Unit: ", $m_unit, ".")]
                pub $m_field: $m_type,
            )*
            /// What else the weights look like; absent in records of version 1.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub geometry: Option<Geometry>,
        }

        impl Measured {
            fn of(model: &Trained<'_>) -> Self {
                $(let $m_field = { let $m_model = model; $m_value };)*
                Self { $($m_field,)* geometry: Some(Geometry::of(model)) }
            }
        }

        /// What the weights of a trained model look like, beyond what every record has. A number that
        /// a record lacks (an overlap of fewer than two rows, an eigenvalue that was not found) is
        /// absent.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Geometry {
            $(
                #[doc = concat!("`", $g_name, "`: ", $g_meaning, ". Unit: ", $g_unit, ".")]
                pub $g_field: $g_type,
            )*
        }

        impl Geometry {
            fn of(model: &Trained<'_>) -> Self {
                $(let $g_field = { let $g_model = model; $g_value };)*
                Self { $($g_field,)* }
            }
        }

        /// All quantities, in the order of `results.csv`.
        pub const QUANTITIES: &[Quantity] = &[$($table)*];
    };
    ($($declared:tt)*) => {
        quantities! { @of_measured [] @of_geometry [] @table [] @left $($declared)* }
    };
}
pub(crate) use quantities;
