//! The fields of a sweep file as a person looks at them: what each means and may be, and what it is where a file
//! says nothing.
//!
//! What they mean stands with the types that read them (`written.rs`, `kinds.rs`) and is taken from there.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use superpose_toy::cell::default_of;

use crate::kinds::tag;
use crate::preset::{LearningRateRule, Preset};
use crate::schema::{described, field_schemas, kinds_of};
use crate::value::{Table, Value};

/// A field that a sweep file may have.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Its dotted name, such as `model.n_features`.
    pub name: String,
    /// What it means and may be.
    pub meaning: String,
    /// The ways of writing its value, each with what it means, where these are words or tables; else empty.
    pub kinds: Vec<(String, String)>,
}

/// What a field is where a file says nothing of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Usual {
    /// This value.
    Value(Value),
    /// What another field is.
    Of(&'static str),
    /// Nothing: a file must say.
    Asked,
}

/// All fields of `[model]`, `[data]` and `[train]`, in their order.
pub fn fields() -> Vec<Field> {
    let of = |(name, schema): (String, Json)| {
        let said = schema["description"].as_str().unwrap_or_default();
        let meaning = without_default(said).to_owned();
        Field { kinds: kinds_of(&name, &schema), meaning, name }
    };
    field_schemas().into_iter().map(of).collect()
}

/// What is said of a field, without its default.
fn without_default(said: &str) -> &str {
    let end = [" Default: ", " No default"].iter().filter_map(|mark| said.find(mark)).min();
    said[..end.unwrap_or(said.len())].trim()
}

/// What the field called `name` is where a file with this `preset` says nothing of it.
///
/// # Panics
/// Never for the names of [`fields`], which a test holds to this list.
pub fn usual(preset: Preset, name: &str) -> Usual {
    let constants = preset.constants();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a fraction of the steps"
    )]
    let warmup = (constants.warmup_fraction * constants.steps as f64).round() as u64;
    let value = match name {
        "model.n_features" => written(&constants.n_features),
        "model.bias_init_std" => written(&constants.bias_init_std),
        "model.d_hidden" => return Usual::Asked,
        "data.frequencies" => match &constants.frequencies {
            Some(law) => written(law),
            None => return Usual::Asked,
        },
        "data.activation_density" => Value::Float(1.0),
        "data.values" => written(&constants.values),
        "data.importance" => written(&constants.importance),
        "data.seed" => return Usual::Of("train.seed"),
        "train.preset" => Value::Text(Preset::default().name().to_owned()),
        "train.batch_size" => written(&constants.batch_size),
        "train.steps" => written(&constants.steps),
        "train.learning_rate" => of_rule(constants.learning_rate),
        "train.learning_rate_bias" => of_rule(constants.learning_rate_bias),
        "train.warmup_steps" => written(&warmup),
        "train.final_learning_rate_fraction" => written(&constants.final_learning_rate_fraction),
        "train.weight_decay" => match constants.weight_decay {
            Some(decay) => Value::Float(decay),
            None => return Usual::Asked,
        },
        "train.adam_beta1" => written(&constants.adam_beta1),
        "train.adam_beta2" => written(&constants.adam_beta2),
        "train.adam_epsilon" => written(&constants.adam_epsilon),
        "train.loss_scale" => written(&constants.loss_scale),
        "train.seed" | "train.snapshots" => Value::Integer(0),
        "train.test_batches" | "train.log_every" => Value::Integer(100),
        other => {
            let word =
                default_of(other).or_else(|| default_of(&format!("{other}.{}", tag(other)?)));
            Value::Text(word.expect("a test asks for every field").to_owned())
        }
    };
    Usual::Value(value)
}

/// A value as a sweep file has it: a table of one word is the word.
fn written(value: &impl Serialize) -> Value {
    let json = serde_json::to_value(value).expect("numbers and words become JSON");
    match Value::deserialize(json).expect("JSON without nulls is read") {
        Value::Table(table) if table.len() == 1 => table.into_values().next().expect("has one"),
        value => value,
    }
}

/// A learning rate as a sweep file has it: a number, where it does not fall with width.
fn of_rule(rule: LearningRateRule) -> Value {
    if rule.exponent == 0.0 {
        return Value::Float(rule.value);
    }
    let parts = [
        ("value", rule.value),
        ("reference_width", rule.reference_width),
        ("exponent", rule.exponent),
    ];
    Value::Table(Table::from(parts.map(|(name, part)| (name.to_owned(), Value::Float(part)))))
}

/// What is said of a field in the schema, its default in full.
pub(crate) fn with_default(name: &str, said: &str) -> String {
    let defaults = Preset::ALL.map(|preset| (preset.name(), usual(preset, name)));
    let shown = |usual: &Usual| match usual {
        Usual::Value(value) => value.to_string(),
        Usual::Of(field) => format!("`{field}`"),
        Usual::Asked => "none".to_owned(),
    };
    let all = defaults.iter().map(|(preset, usual)| format!("{preset}: {}", shown(usual)));
    match described(said) {
        true => format!("{said} {}.", all.collect::<Vec<_>>().join("; ")),
        false => said.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::Sweep;
    use std::fmt::Write as _;
    use std::path::Path;

    /// Whatever may be left out, written as it is said to be when it is.
    #[test]
    fn what_is_said_to_be_usual_is_what_a_cell_has_where_nothing_is_said() {
        for preset in Preset::ALL {
            let mut asked = String::new();
            let mut all = String::new();
            for table in crate::written::TABLES {
                let (mut few, mut every) = (String::new(), String::new());
                for field in fields().iter().filter(|f| f.name.starts_with(table)) {
                    let short = field.name.rsplit('.').next().unwrap();
                    let line = match (field.name.as_str(), usual(preset, &field.name)) {
                        ("train.preset", _) => format!("preset = \"{}\"", preset.name()),
                        ("model.d_hidden", Usual::Asked) => "d_hidden = 2".to_owned(),
                        ("train.weight_decay", Usual::Asked) => "weight_decay = -0.5".to_owned(),
                        (_, Usual::Asked) => {
                            format!("{short} = {{ law = \"power\", exponent = 1.5 }}")
                        }
                        (_, Usual::Of(other)) => {
                            assert_eq!(other, "train.seed");
                            format!("{short} = 0")
                        }
                        (_, Usual::Value(value)) => {
                            writeln!(every, "{short} = {value}").unwrap();
                            continue;
                        }
                    };
                    writeln!(few, "{line}").unwrap();
                    writeln!(every, "{line}").unwrap();
                }
                writeln!(asked, "[{table}]\n{few}").unwrap();
                writeln!(all, "[{table}]\n{every}").unwrap();
            }
            let cell = |text: &str| {
                let text = format!("schema = 1\nname = \"a\"\n{text}");
                Sweep::parse(&text, Path::new("a.toml"), &[]).unwrap().cells.remove(0)
            };
            let (few, every) = (cell(&asked), cell(&all));
            assert_eq!(few.cell, every.cell, "{}", preset.name());
            assert_eq!(few.id, every.id);
        }
    }

    #[test]
    fn every_field_says_what_it_means() {
        for field in fields() {
            assert!(!field.meaning.is_empty(), "{}", field.name);
            assert!(!field.meaning.contains("Default"), "{}", field.meaning);
            let is_kind = tag(&field.name).is_some();
            assert!(!is_kind || !field.kinds.is_empty(), "{}", field.name);
        }
    }

    #[test]
    fn the_presets_constants_are_shown() {
        let shown = |preset: Preset, field: &str| usual(preset, field);
        let rate = shown(Preset::Liu2025Large, "train.learning_rate_bias");
        let Usual::Value(rate) = rate else { panic!("{rate:?}") };
        assert_eq!(rate.to_string(), "{ value = 2.0, reference_width = 1.0, exponent = 1.0 }");
        let ratio = shown(Preset::Elhage2022, "data.importance");
        let Usual::Value(ratio) = ratio else { panic!("{ratio:?}") };
        assert_eq!(ratio.to_string(), "{ law = \"geometric\", ratio = 0.9 }");
        assert_eq!(
            shown(Preset::Liu2025Small, "train.warmup_steps"),
            Usual::Value(Value::Integer(2000))
        );
    }
}
