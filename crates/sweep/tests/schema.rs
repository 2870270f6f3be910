//! The JSON schema names every field wherever it may stand. What it takes and what it does not is tested with a validator
//! in `python/tests/test_schema.py`.

use superpose_sweep::fields::fields;
use superpose_sweep::schema::json_schema;

#[test]
fn an_editor_can_complete_every_field_wherever_it_may_stand() {
    let schema = json_schema();
    let section = &schema["$defs"]["SweepSection"]["properties"];
    for field in fields() {
        let (table, name) = field.name.split_once('.').unwrap();
        let definition = format!("{}{}Toml", table[..1].to_uppercase(), &table[1..]);
        let property = &schema["$defs"][definition]["properties"][name];
        let said = property["description"].as_str().unwrap_or_default();
        assert!(!said.is_empty(), "{}", field.name);
        assert!(!said.ends_with("the preset's."), "{}: {said}", field.name);
        for place in [section, &section["zip"]["items"]["properties"]] {
            assert!(place[&field.name].is_object(), "{}", field.name);
            assert!(place[table]["properties"][name].is_object(), "{}", field.name);
        }
    }
    assert_eq!(schema["$defs"]["TrainToml"]["properties"]["seed"]["default"], 0);
    assert_eq!(schema["properties"]["schema"]["const"], 1);
}
