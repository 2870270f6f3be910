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
    /// Its dotted name in the JSON of a [`Record`], such as `measured.loss_test`; `None` when it is not
    /// stored because it follows from others.
    pub place: Option<&'static str>,
    of: fn(&Record) -> Field,
    is_finite: fn(&Record) -> bool,
    json: fn(&Field) -> Value,
}

impl Quantity {
    /// A quantity that is a `T`.
    pub(crate) const fn new<T: Tabled>(
        [name, unit, meaning]: [&'static str; 3],
        place: Option<&'static str>,
        of: fn(&Record) -> Field,
        is_finite: fn(&Record) -> bool,
    ) -> Self {
        Self { name, unit, meaning, place, of, is_finite, json: T::json }
    }

    /// The quantity called `name`, if there is one.
    pub fn named(name: &str) -> Option<&'static Self> {
        QUANTITIES.iter().find(|q| q.name == name)
    }

    /// Whether only cells of another kind than the paper's have it: it is a column of those tables alone
    /// that have such a cell.
    pub fn is_of_variants(&self) -> bool {
        self.place.is_some_and(|place| place.starts_with("measured.variant."))
    }

    /// Its value in `record`.
    pub fn field(&self, record: &Record) -> Field {
        (self.of)(record)
    }

    /// Its value in `record`, where it is a number.
    pub fn number(&self, record: &Record) -> Option<f64> {
        match self.field(record) {
            Field::Text(_) | Field::Missing => None,
            number => number.number(),
        }
    }

    /// Whether its value in `record` is one that a record can keep: no number that is not finite.
    pub fn is_finite(&self, record: &Record) -> bool {
        (self.is_finite)(record)
    }

    /// The JSON at its [`place`](Self::place) in a record, from its `field` in a table; null when that is
    /// missing. A text that is no such value stays a text, for the reader of the record to refuse.
    pub fn json(&self, field: &Field) -> Value {
        (self.json)(field)
    }
}

impl Record {
    /// The names of the quantities that are not finite. There must be none in a record that is kept.
    pub fn not_finite(&self) -> Vec<&'static str> {
        QUANTITIES.iter().filter(|q| !q.is_finite(self)).map(|q| q.name).collect()
    }
}

/// A value of a record that fits in one field of a table.
pub(crate) trait Tabled {
    /// Its field.
    fn field(&self) -> Field;

    /// Whether it is no number, or a finite one.
    fn is_kept(&self) -> bool {
        true
    }

    /// The JSON of the value in `field`; null when it is missing.
    fn json(field: &Field) -> Value {
        field.as_written()
    }
}

macro_rules! numbers {
    ($($number:ty, $is_kept:expr;)*) => {$(
        impl Tabled for $number {
            fn field(&self) -> Field {
                (*self).into()
            }

            fn is_kept(&self) -> bool {
                let is_kept: fn($number) -> bool = $is_kept;
                is_kept(*self)
            }
        }
    )*};
}

numbers! {
    f64, f64::is_finite;
    Option<f64>, |number| number.is_none_or(f64::is_finite);
    u64, |_| true;
    usize, |_| true;
}

macro_rules! texts {
    ($($text:ty),*) => {$(
        impl Tabled for $text {
            fn field(&self) -> Field {
                self.as_str().into()
            }

            /// A text even if it looks like a number, as a revision or a version may.
            fn json(field: &Field) -> Value {
                if *field == Field::Missing { Value::Null } else { field.to_string().into() }
            }
        }
    )*};
}

texts!(CellId, String);

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
/// - `record { FIELD: TYPE => COLUMN, UNIT, MEANING }`, a field of [`Record`]; `FIELD` may have a dot,
/// - `measured { FIELD: TYPE => COLUMN, UNIT, MEANING, |model| VALUE }`, what is computed from a
///   `Trained` model and becomes a field of `Measured`,
/// - `geometry { … }`, the same for a field of `Geometry`, and `variant { … }` for one of `Variant`,
/// - `derived { COLUMN, UNIT, MEANING, |measured| VALUE }`, a number that follows from a `Measured`.
///
/// Made from them are the structs `Measured`, `Geometry` and `Variant`, each with its fields in this order and a
/// function `of(&Trained)`, and the table `QUANTITIES`.
macro_rules! quantities {
    // First the fields are sorted by their struct: `[of Measured] [of Geometry] [of Variant] [all]`, and
    // the rest.
    (@ [$($m:tt)*] [$($g:tt)*] [$($v:tt)*] [$($all:tt)*] measured $of:tt $($rest:tt)*) => {
        quantities! { @ [$($m)* $of] [$($g)*] [$($v)*] [$($all)* measured $of] $($rest)* }
    };
    (@ [$($m:tt)*] [$($g:tt)*] [$($v:tt)*] [$($all:tt)*] geometry $of:tt $($rest:tt)*) => {
        quantities! { @ [$($m)*] [$($g)* $of] [$($v)*] [$($all)* geometry $of] $($rest)* }
    };
    (@ [$($m:tt)*] [$($g:tt)*] [$($v:tt)*] [$($all:tt)*] variant $of:tt $($rest:tt)*) => {
        quantities! { @ [$($m)*] [$($g)*] [$($v)* $of] [$($all)* variant $of] $($rest)* }
    };
    (@ [$($m:tt)*] [$($g:tt)*] [$($v:tt)*] [$($all:tt)*] $other:ident $of:tt $($rest:tt)*) => {
        quantities! { @ [$($m)*] [$($g)*] [$($v)*] [$($all)* $other $of] $($rest)* }
    };
    (@ [$({
        $m_field:ident: $m_type:ty => $m_name:literal, $m_unit:literal, $m_meaning:literal,
        |$m_model:ident| $m_value:expr
    })*] [$({
        $g_field:ident: $g_type:ty => $g_name:literal, $g_unit:literal, $g_meaning:literal,
        |$g_model:ident| $g_value:expr
    })*] [$({
        $v_field:ident: $v_type:ty => $v_name:literal, $v_unit:literal, $v_meaning:literal,
        |$v_model:ident| $v_value:expr
    })*] [$($kind:ident $declared:tt)*]) => {
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
            /// What is only said of a cell of another kind than the paper's; absent for others.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub variant: Option<Variant>,
        }

        impl Measured {
            fn of(model: &Trained<'_>) -> Self {
                $(let $m_field = { let $m_model = model; $m_value };)*
                let variant = model.cell.is_variant().then(|| Variant::of(model));
                Self { $($m_field,)* geometry: Some(Geometry::of(model)), variant }
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

        /// What is only said of a cell whose model, loss or data are of another kind than the paper's. A
        /// number that a record lacks is absent.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Variant {
            $(
                #[doc = concat!("`", $v_name, "`: ", $v_meaning, ". Unit: ", $v_unit, ".")]
                pub $v_field: $v_type,
            )*
        }

        impl Variant {
            fn of(model: &Trained<'_>) -> Self {
                $(let $v_field = { let $v_model = model; $v_value };)*
                Self { $($v_field,)* }
            }
        }

        /// All quantities, in the order of `results.csv`.
        pub const QUANTITIES: &[Quantity] = &[$(quantity!($kind $declared)),*];
    };
    ($($declared:tt)*) => {
        quantities! { @ [] [] [] [] $($declared)* }
    };
}
pub(crate) use quantities;

/// One of the declarations in `quantities!` as a [`Quantity`].
macro_rules! quantity {
    (record {
        $first:ident $(. $second:ident)?: $type:ty => $name:literal, $unit:literal, $meaning:literal
    }) => {
        Quantity::new::<$type>(
            [$name, $unit, $meaning],
            Some(concat!(stringify!($first) $(, ".", stringify!($second))?)),
            |record| record.$first $(.$second)?.field(),
            |record| record.$first $(.$second)?.is_kept(),
        )
    };
    (measured {
        $field:ident: $type:ty => $name:literal, $unit:literal, $meaning:literal, $($value:tt)*
    }) => {
        Quantity::new::<$type>(
            [$name, $unit, $meaning],
            Some(concat!("measured.", stringify!($field))),
            |record| record.measured.as_ref().map(|measured| measured.$field.field()).into(),
            |record| record.measured.as_ref().is_none_or(|measured| measured.$field.is_kept()),
        )
    };
    // A part of what was measured, which a record may lack: `geometry` or `variant`.
    ($part:ident {
        $field:ident: $type:ty => $name:literal, $unit:literal, $meaning:literal, $($value:tt)*
    }) => {
        Quantity::new::<$type>(
            [$name, $unit, $meaning],
            Some(concat!("measured.", stringify!($part), ".", stringify!($field))),
            |record| record.$part().map(|part| part.$field.field()).into(),
            |record| record.$part().is_none_or(|part| part.$field.is_kept()),
        )
    };
    (derived { $name:literal, $unit:literal, $meaning:literal, |$measured:ident| $value:expr }) => {
        Quantity::new::<f64>(
            [$name, $unit, $meaning],
            None,
            |record| record.measured.as_ref().map(|$measured| $value).into(),
            |record| record.measured.as_ref().is_none_or(|$measured| $value.is_kept()),
        )
    };
}
pub(crate) use quantity;
