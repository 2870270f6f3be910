//! The JSON schema takes every sweep file of the repository, and of those with a mistake takes none whose mistake a
//! schema can see.

use jsonschema::Validator;
use serde_json::Value;
use superpose_sweep::builtin::BUILTIN;
use superpose_sweep::fields::fields;
use superpose_sweep::file::Sweep;
use superpose_sweep::preset::Preset;
use superpose_sweep::schema::json_schema;
use superpose_sweep::template::template;

const GOOD: &str = r#"
schema = 1
name = "good"
description = "what it is for"
[model]
n_features = 50
activation = { kind = "leaky_relu", slope = 0.1 }
[data]
frequencies = { law = "power", exponent = 1.0 }
[train]
preset = "liu2025-small"
steps = 1e4
weight_decay = -1.0
learning_rate = { value = 0.02, reference_width = 8, exponent = 0.25 }
[sweep]
"model.d_hidden" = { logspace = [10, 40, 6] }
"data.frequencies.exponent" = [0.5, 1.0]
data.activation_density = { linspace = [0.5, 1, 2] }
train.seed = { range = [0, 5] }
"data.values" = ["uniform", "unit"]
model.activation.slope = [0.1, 0.2]
[[sweep.zip]]
"train.batch_size" = { powers_of_two = [8, 16] }
"train.learning_rate" = [0.02, 0.01]
[[sweep.add]]
"model.d_hidden" = 45
"train.optimizer" = { kind = "sgd", momentum = 0.9 }
[[sweep.exclude]]
model.activation.slope = 0.2
[bench]
steps_a_round = 10
"#;

fn validator() -> Validator {
    jsonschema::validator_for(&json_schema()).unwrap()
}

fn json(text: &str) -> Value {
    toml::from_str(text).unwrap()
}

#[test]
fn what_is_right_is_taken() {
    let validator = validator();
    let templates = Preset::ALL.map(|preset| template("mine", preset));
    let texts = BUILTIN.iter().map(|builtin| builtin.text).chain(templates.iter().map(String::as_str));
    for text in texts.chain([GOOD]) {
        let json = json(text);
        let errors: Vec<String> =
            validator.iter_errors(&json).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(errors.is_empty(), "{errors:?}\n{text}");
    }
    Sweep::parse(GOOD, "good.toml".as_ref(), &[]).unwrap();
}

#[test]
fn what_is_wrong_is_not() {
    let validator = validator();
    for (old, new) in [
        ("schema = 1", "schema = 2"),
        ("schema = 1", ""),
        ("name = \"good\"", "name = \"a/b\""),
        ("name = \"good\"", "name = \".hidden\""),
        ("name = \"good\"", "nam = \"good\""),
        ("description = \"what it is for\"", "description = 3"),
        ("n_features = 50", "n_features = 0"),
        ("n_features = 50", "n_features = \"many\""),
        ("n_features = 50", "n_features = 16777217"),
        ("n_features = 50", "n_featurs = 50"),
        ("n_features = 50", "bias_init_std = -1"),
        ("slope = 0.1", "slope = 1"),
        ("\"leaky_relu\"", "\"leaky\""),
        ("{ kind = \"leaky_relu\", slope = 0.1 }", "\"rely\""),
        ("{ kind = \"leaky_relu\", slope = 0.1 }", "{ kind = \"gelu\", slope = 0.1 }"),
        ("exponent = 1.0", "exponent = -1.0"),
        ("exponent = 1.0", "exponnt = 1.0"),
        (", exponent = 1.0", ""),
        ("\"power\"", "\"powr\""),
        ("[data]", "[data]\nactivation_density = 0"),
        ("[data]", "[data]\nvalues = \"uniforn\""),
        ("[data]", "[data]\nseed = -1"),
        ("[data]", "[data]\ndependence = { kind = \"copula\", rank = 0, strength = 0.5 }"),
        ("[data]", "[data]\nimportance = { law = \"geometric\", ratio = 2 }"),
        ("\"liu2025-small\"", "\"liu2025\""),
        ("steps = 1e4", "steps = 0"),
        ("steps = 1e4", "steps = -3"),
        ("steps = 1e4", "steps = 200.5"),
        ("steps = 1e4", "steps = \"200\""),
        ("steps = 1e4", "stesp = 200"),
        ("[train]", "[train]\nbatch_size = 0"),
        ("[train]", "[train]\nadam_beta2 = 1"),
        ("[train]", "[train]\nadam_epsilon = 0"),
        ("[train]", "[train]\nfinal_learning_rate_fraction = 2"),
        ("[train]", "[train]\nloss_scale = 1e30"),
        ("[train]", "[train]\ntest_batches = 1"),
        ("[train]", "[train]\nlog_every = 0"),
        ("[train]", "[train]\nsnapshots = 1001"),
        ("[train]", "[train]\nloss = { power = 9 }"),
        ("[train]", "[train]\nlearning_rate_bias = -1"),
        ("weight_decay = -1.0", "weight_decay = \"x\""),
        ("{ value = 0.02, reference_width = 8, exponent = 0.25 }", "-1"),
        ("{ value = 0.02, reference_width = 8, exponent = 0.25 }", "true"),
        ("reference_width = 8, ", ""),
        ("{ logspace = [10, 40, 6] }", "[]"),
        ("{ logspace = [10, 40, 6] }", "[0, 10]"),
        ("{ logspace = [10, 40, 6] }", "[\"ten\"]"),
        ("{ logspace = [10, 40, 6] }", "10"),
        ("{ logspace = [10, 40, 6] }", "{ logspace = [10, 40] }"),
        ("{ logspace = [10, 40, 6] }", "{ logspce = [10, 40, 6] }"),
        ("{ logspace = [10, 40, 6] }", "{ logspace = [10, 40, 6], linspace = [1, 2, 3] }"),
        ("\"model.d_hidden\" = {", "\"model.d_hiden\" = {"),
        ("train.seed", "train.sede"),
        ("train.seed", "trian.seed"),
        ("train.seed = { range = [0, 5] }", "train.seed = { range = [0] }"),
        ("\"data.frequencies.exponent\"", "\"data.frequencies.expnent\""),
        ("[\"uniform\", \"unit\"]", "[\"uniform\", \"unity\"]"),
        ("[\"uniform\", \"unit\"]", "{ range = [0, 3] }"),
        ("\"train.batch_size\" =", "\"train.batchsize\" ="),
        ("\"model.d_hidden\" = 45", "\"model.d_hidden\" = 0"),
        ("\"model.d_hidden\" = 45", "\"model.d_hidden\" = [45]"),
        ("slope = 0.2", "slop = 0.2"),
        ("[bench]", "[bensh]"),
        ("steps_a_round = 10", "steps_a_round = 0"),
        ("steps_a_round = 10", "engines = [\"gramm\"]"),
        ("steps_a_round = 10", "jobs = [-1]"),
    ] {
        assert!(GOOD.contains(old), "{old}");
        let text = GOOD.replacen(old, new, 1);
        assert!(!validator.is_valid(&json(&text)), "the schema takes `{new}` for `{old}`");
        let read = Sweep::parse(&text, "bad.toml".as_ref(), &[]);
        assert!(read.is_err(), "the reader takes `{new}` for `{old}`");
    }
}

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
