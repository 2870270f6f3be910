//! The JSON schema of a sweep file, by which an editor completes names, shows what they mean and marks what cannot be.
//!
//! Types and bounds come from the types that read a file. What those cannot know is put in here: defaults, and under
//! `[sweep]` the names of all fields, each with values of its own kind.

use serde_json::{Map, Value as Json, json};

use crate::fields::{Usual, usual, with_default};
use crate::kinds::tag;
use crate::preset::Preset;
use crate::value::Value;
use crate::written::{SweepToml, TABLES};

/// The schema, of draft 2020-12.
pub fn json_schema() -> Json {
    let mut schema = schemars::schema_for!(SweepToml).to_value();
    schema["$id"] = json!("urn:superpose:sweep-file:1");
    for table in TABLES {
        let properties = &mut schema["$defs"][definition(table)]["properties"];
        for (name, property) in properties.as_object_mut().into_iter().flatten() {
            complete(&format!("{table}.{name}"), property);
        }
    }
    let sections = Sections { schema: &schema };
    let (axes, values) = (sections.section(Part::Axis), sections.section(Part::Value));
    let mut section = axes.clone();
    let groups =
        |of: &Json, what: &str| json!({ "type": "array", "items": of, "description": what });
    let known = schema["$defs"]["SweepSection"]["properties"].clone();
    for (name, of) in [("zip", &axes), ("add", &values), ("exclude", &values)] {
        let what = known[name]["description"].as_str().unwrap_or_default();
        section["properties"][name] = groups(of, what);
    }
    section["description"] = schema["$defs"]["SweepSection"]["description"].clone();
    schema["$defs"]["SweepSection"] = section;
    schema
}

/// The dotted names of all fields, with what the schema has of each.
pub(crate) fn field_schemas() -> Vec<(String, Json)> {
    let schema = schemars::schema_for!(SweepToml).to_value();
    let mut all = Vec::new();
    for table in TABLES {
        let properties = schema["$defs"][definition(table)]["properties"].as_object();
        for (name, property) in properties.into_iter().flatten() {
            let mut property = without_null(property.clone());
            // What a reference leads to stands where it was.
            let variants = variants(&schema, &property);
            property["variants"] = variants.into();
            all.push((format!("{table}.{name}"), property));
        }
    }
    all
}

/// The dotted names of all fields.
pub(crate) fn field_names() -> Vec<String> {
    field_schemas().into_iter().map(|(name, _)| name).collect()
}

/// Whether a field's default is told to be the preset's.
pub(crate) fn described(said: &str) -> bool {
    said.contains("Default: the preset's")
}

/// The ways of writing the value of a field that is a word or a table, each with what it means.
pub(crate) fn kinds_of(name: &str, schema: &Json) -> Vec<(String, String)> {
    let Some(variants) = schema["variants"].as_array() else { return Vec::new() };
    let mut kinds = Vec::new();
    for variant in variants {
        let said = variant["description"].as_str().unwrap_or_default();
        if let Some(word) = variant["const"].as_str() {
            kinds.push((format!("{word:?}"), said.to_owned()));
            continue;
        }
        let Some(tag) = tag(name) else { continue };
        let Some(word) = variant["properties"][tag]["const"].as_str() else { continue };
        let inner = variant["properties"].as_object().into_iter().flatten();
        let inner: Vec<_> = inner.filter(|(name, _)| *name != tag).collect();
        if inner.is_empty() {
            kinds.push((format!("{word:?}"), said.to_owned()));
            continue;
        }
        let names = inner.iter().map(|(name, _)| format!(", {name} = …")).collect::<String>();
        let meanings = inner.iter().map(|(name, part)| {
            format!(" `{name}`: {}", part["description"].as_str().unwrap_or_default())
        });
        let form = format!("{{ {tag} = {word:?}{names} }}");
        kinds.push((form, format!("{said}{}", meanings.collect::<String>())));
    }
    kinds
}

/// The name of a table's definition.
fn definition(table: &str) -> String {
    let (first, rest) = table.split_at(1);
    format!("{}{rest}Toml", first.to_uppercase())
}

/// What a reference leads to; else what is given.
fn resolved<'a>(schema: &'a Json, part: &'a Json) -> &'a Json {
    match part["$ref"].as_str().and_then(|path| path.strip_prefix('#')) {
        Some(pointer) => schema.pointer(pointer).unwrap_or(part),
        None => part,
    }
}

/// All that a value may be, one by one.
fn variants(schema: &Json, part: &Json) -> Vec<Json> {
    let part = resolved(schema, part);
    for many in ["anyOf", "oneOf"] {
        if let Some(several) = part[many].as_array() {
            return several.iter().flat_map(|one| variants(schema, one)).collect();
        }
    }
    vec![part.clone()]
}

/// A property without `null`, which TOML does not have.
fn without_null(mut property: Json) -> Json {
    if let Some(types) = property["type"].as_array() {
        let types: Vec<Json> = types.iter().filter(|t| *t != "null").cloned().collect();
        property["type"] = if let [one] = &types[..] { one.clone() } else { types.into() };
    }
    let several = property["anyOf"].as_array().map(|several| {
        several.iter().filter(|one| one["type"] != "null").cloned().collect::<Vec<_>>()
    });
    match several.as_deref() {
        Some([one]) => {
            property["$ref"] = one["$ref"].clone();
            let map = property.as_object_mut().expect("has just been one");
            map.remove("anyOf");
            if map["$ref"].is_null() {
                map.remove("$ref");
                map.extend(one.as_object().cloned().unwrap_or_default());
            }
        }
        Some(several) => property["anyOf"] = several.into(),
        None => {}
    }
    property
}

/// Puts into the property of a field what its type does not know.
fn complete(name: &str, property: &mut Json) {
    *property = without_null(property.take());
    if matches!(name, "train.learning_rate" | "train.learning_rate_bias") {
        let fixed = match name {
            "train.learning_rate" => json!({ "type": "number", "exclusiveMinimum": 0 }),
            _ => json!({ "type": "number", "minimum": 0 }),
        };
        let by_width = json!({ "$ref": "#/$defs/ByWidthToml" });
        let said = property["description"].take();
        *property = json!({ "description": said, "anyOf": [fixed, by_width] });
    }
    let said = property["description"].as_str().unwrap_or_default();
    property["description"] = with_default(name, said).into();
    let values: Vec<Json> = Preset::ALL
        .iter()
        .filter_map(|preset| match usual(*preset, name) {
            Usual::Value(value) => Some(in_json(&value)),
            _ => None,
        })
        .collect();
    let (Some(first), all) = (values.first(), values.len() == Preset::ALL.len()) else { return };
    if all && values.iter().all(|value| value == first) {
        property["default"] = first.clone();
    }
}

/// A value of a sweep file in JSON.
pub fn in_json(value: &Value) -> Json {
    match value {
        Value::Boolean(v) => json!(v),
        Value::Integer(v) => i64::try_from(*v).map_or_else(|_| json!(v.to_string()), |v| json!(v)),
        Value::Float(v) => json!(v),
        Value::Text(v) => json!(v),
        Value::List(values) => values.iter().map(in_json).collect(),
        Value::Table(table) => {
            let pairs = table.iter().map(|(name, value)| (name.clone(), in_json(value)));
            Json::Object(pairs.collect())
        }
    }
}

/// What a name under `[sweep]` stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// The values that a field takes in turn.
    Axis,
    /// One value.
    Value,
}

/// Makes the tables under `[sweep]`.
struct Sections<'a> {
    schema: &'a Json,
}

impl Sections<'_> {
    /// A table of all fields, by their dotted names and as tables in tables.
    fn section(&self, part: Part) -> Json {
        let mut all = Map::new();
        for table in TABLES {
            let at = format!("#/$defs/{}/properties/", definition(table));
            let mut inside = Map::new();
            let properties = &self.schema["$defs"][definition(table)]["properties"];
            for (name, property) in properties.as_object().into_iter().flatten() {
                let field = format!("{table}.{name}");
                let own = self.of(property, json!({ "$ref": format!("{at}{name}") }), part);
                let mut parts = Map::new();
                for (inner, values) in self.inner(property) {
                    let property = json!({ "anyOf": values });
                    let value = self.of(&property, property.clone(), part);
                    all.insert(format!("{field}.{inner}"), value.clone());
                    parts.insert(inner, value);
                }
                let nested = match parts.is_empty() {
                    true => own.clone(),
                    false => json!({ "anyOf": [own, closed(&parts)] }),
                };
                all.insert(field, own);
                inside.insert(name.clone(), nested);
            }
            all.insert(table.to_owned(), closed(&inside));
        }
        closed(&all)
    }

    /// What the value of a field may be under `[sweep]`, where `value` is what it may be elsewhere.
    fn of(&self, property: &Json, value: Json, part: Part) -> Json {
        if part == Part::Value {
            return value;
        }
        let list = json!({ "type": "array", "minItems": 1, "items": value });
        let said = &property["description"];
        let numbers = variants(self.schema, property);
        let is_number = |one: &Json| matches!(one["type"].as_str(), Some("number" | "integer"));
        let mut axis = match numbers.iter().any(is_number) {
            true => json!({ "anyOf": [list, { "$ref": "#/$defs/Generator" }] }),
            false => list,
        };
        if !said.is_null() {
            axis["description"] = said.clone();
        }
        axis
    }

    /// The names inside the values of a field that may be a table, with all that each may be.
    fn inner(&self, property: &Json) -> Vec<(String, Vec<Json>)> {
        let mut inner: Vec<(String, Vec<Json>)> = Vec::new();
        for variant in variants(self.schema, property) {
            for (name, value) in variant["properties"].as_object().into_iter().flatten() {
                let value = without_null(value.clone());
                match inner.iter_mut().find(|(known, _)| known == name) {
                    Some((_, values)) if values.contains(&value) => {}
                    Some((_, values)) => values.push(value),
                    None => inner.push((name.clone(), vec![value])),
                }
            }
        }
        inner
    }
}

/// A table of these names and no others.
fn closed(properties: &Map<String, Json>) -> Json {
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}
