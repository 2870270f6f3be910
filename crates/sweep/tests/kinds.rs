//! Kinds of model, loss and data in sweep files: what is read, and what is refused and how.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::path::Path;

use superpose_sweep::file::Sweep;
use superpose_sweep::schema::json_schema;
use superpose_toy::cell::{
    Activation, Bias, Cell, Decoder, Dependence, FrequencyLaw, Importance, Loss, Optimizer, Rows,
};

const PLAIN: &str = "schema = 1\nname = \"t\"\nmodel = { n_features = 20, d_hidden = 2 }\n\
    data = { frequencies = { law = \"power\", exponent = 0.0 } }\n\
    train = { batch_size = 8, steps = 2, weight_decay = 0 }\n";

fn set(overrides: &[&str]) -> Result<Vec<Cell>, String> {
    set_in(PLAIN, overrides, Path::new("t.toml"))
}

fn set_in(text: &str, overrides: &[&str], path: &Path) -> Result<Vec<Cell>, String> {
    let overrides: Vec<String> = overrides.iter().map(|&o| o.to_owned()).collect();
    let sweep = Sweep::parse(text, path, &overrides).map_err(|error| {
        let mut said = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(inner) = source {
            said.push_str(&format!(": {inner}"));
            source = inner.source();
        }
        said
    })?;
    Ok(sweep.cells.into_iter().map(|prepared| prepared.cell).collect())
}

fn cell(overrides: &[&str]) -> Cell {
    set(overrides).unwrap().remove(0)
}

#[test]
fn what_is_at_its_default_is_the_same_cell_as_what_is_left_out() {
    let plain = cell(&[]);
    for field in [
        "model.activation=relu",
        "model.activation={ kind = \"relu\" }",
        "model.bias=trained",
        "model.decoder=tied",
        "model.rows=free",
        "train.loss=squared",
        "train.optimizer=adam",
        "data.importance=constant",
        "data.importance={ law = \"constant\" }",
        "data.importance={ law = \"geometric\", ratio = 1 }",
        "data.importance={ law = \"power\", exponent = 0 }",
        "data.importance={ law = \"last\", weight = 1 }",
        "data.dependence=none",
    ] {
        assert_eq!(cell(&[field]).id(), plain.id(), "{field}");
        assert!(!cell(&[field]).is_variant());
    }
    let text = serde_json::to_string(&plain).unwrap();
    for name in
        ["activation", "bias", "decoder", "rows", "loss", "optimizer", "importance", "dependence"]
    {
        assert!(!text.contains(&format!("\"{name}\"")), "{name} in {text}");
    }
}

#[test]
fn every_kind_is_read_and_has_an_id_of_its_own() {
    type Check = fn(&Cell) -> bool;
    let kinds: [(&[&str], Check); 22] = [
        (&["model.activation=identity"], |c| c.model.activation == Activation::Identity),
        (&["model.activation=leaky_relu"], |c| {
            c.model.activation == Activation::LeakyRelu { slope: 0.01 }
        }),
        (&["model.activation={ kind = \"leaky_relu\", slope = 0.1 }"], |c| {
            c.model.activation == Activation::LeakyRelu { slope: 0.1 }
        }),
        (&["model.activation=gelu"], |c| c.model.activation == Activation::Gelu),
        (&["model.activation=softplus"], |c| c.model.activation == Activation::Softplus),
        (&["model.activation=softmax", "train.loss=cross_entropy"], |c| {
            c.model.activation == Activation::Softmax && c.train.loss == Loss::CrossEntropy
        }),
        (&["model.bias=none"], |c| {
            c.model.bias == Bias::None
                && c.model.bias_init_std.abs() + c.train.learning_rate_bias.abs() < 1e-300
        }),
        (&["model.decoder=untied"], |c| c.model.decoder == Decoder::Untied),
        (&["model.rows=unit"], |c| c.model.rows == Rows::Unit),
        (&["train.loss={ power = 4 }"], |c| c.train.loss == Loss::Power { power: 4 }),
        (&["train.loss={ kind = \"power\", power = 3 }"], |c| {
            c.train.loss == Loss::Power { power: 3 }
        }),
        (&["train.optimizer=sgd"], |c| c.train.optimizer == Optimizer::Sgd { momentum: 0.0 }),
        (&["train.optimizer={ kind = \"sgd\", momentum = 0.9 }"], |c| {
            c.train.optimizer == Optimizer::Sgd { momentum: 0.9 }
        }),
        (&["data.importance={ law = \"geometric\", ratio = 0.9 }"], |c| {
            c.data.importance == Importance::Geometric { ratio: 0.9 }
        }),
        (&["data.importance={ law = \"power\", exponent = 1 }"], |c| {
            c.data.importance == Importance::Power { exponent: 1.0 }
        }),
        (&["data.importance={ law = \"last\", weight = 2.5 }"], |c| {
            c.data.importance == Importance::Last { weight: 2.5 }
        }),
        (&["data.dependence=correlated"], |c| c.data.dependence == Dependence::Correlated),
        (&["data.dependence=anticorrelated"], |c| c.data.dependence == Dependence::Anticorrelated),
        (&["data.dependence={ kind = \"copula\", rank = 3, strength = -0.5 }"], |c| {
            c.data.dependence == Dependence::Copula { rank: 3, strength: -0.5 }
        }),
        (&["data.dependence={ kind = \"tree\", branching = 4 }"], |c| {
            c.data.dependence == Dependence::Tree { branching: 4, depth: 1, exclusive: false }
        }),
        (&["data.dependence={ kind = \"exactly\", k = 3 }"], |c| {
            c.data.dependence == Dependence::Exactly { k: 3 }
                && (c.data.activation_density - 3.0).abs() < 1e-12
        }),
        (&["data.values=unit"], |c| !c.is_variant()),
    ];
    let mut ids = vec![cell(&[]).id()];
    for (overrides, check) in kinds {
        let cell = cell(overrides);
        assert!(check(&cell), "{overrides:?}: {cell:?}");
        assert_eq!(cell.is_variant(), overrides != ["data.values=unit"], "{overrides:?}");
        // A round trip through JSON keeps it.
        let text = serde_json::to_string(&cell).unwrap();
        assert_eq!(serde_json::from_str::<Cell>(&text).unwrap(), cell);
        ids.push(cell.id());
    }
    let n = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), n);
}

#[test]
fn kinds_and_numbers_inside_them_are_swept_like_all_fields() {
    let kinds = "model.activation=[\"relu\", \"gelu\", { kind = \"leaky_relu\", slope = 0.1 }]";
    assert_eq!(set(&[kinds]).unwrap().len(), 3);
    let momenta = set(&["train.optimizer=sgd", "train.optimizer.momentum=[0, 0.5, 0.9]"]).unwrap();
    assert!(momenta[2].train.optimizer == Optimizer::Sgd { momentum: 0.9 } && momenta.len() == 3);
    let copula = "data.dependence={ kind = \"copula\", rank = 2, strength = 0 }";
    let strengths = set(&[copula, "data.dependence.strength={ linspace = [0, 0.8, 5] }"]).unwrap();
    assert_eq!(strengths.len(), 5);
    // What is inside a field comes after the field, however they are written.
    let lines = "[sweep]\n\"data.dependence.strength\" = [0.1, 0.2]\n\"data.dependence\" = \
                 [{ kind = \"copula\", rank = 1, strength = 0.3 }, { kind = \"copula\", rank = 2, strength = 0.3 }]\n";
    let swept = set_in(&format!("{PLAIN}{lines}"), &[], Path::new("t.toml")).unwrap();
    assert_eq!(swept.len(), 4);
    assert_eq!(swept[3].data.dependence, Dependence::Copula { rank: 2, strength: 0.2 });
    let swept = format!("{PLAIN}[sweep]\ntrain.loss.power = [3, 4]\n");
    assert_eq!(set_in(&swept, &[], Path::new("t.toml")).unwrap().len(), 2);
    let added = format!("{PLAIN}[[sweep.add]]\ntrain.loss = {{ power = 4 }}\n");
    assert_eq!(set_in(&added, &[], Path::new("t.toml")).unwrap().len(), 2);
}

#[test]
fn what_does_not_go_together_is_refused_with_field_value_and_allowed() {
    for (overrides, said) in [
        (
            &["model.activation=softmax"][..],
            "`train.loss` must be cross_entropy with `model.activation` = softmax, got squared",
        ),
        (
            &["train.loss=cross_entropy"],
            "`train.loss` must be squared or a power; cross_entropy is of `model.activation` = softmax, got \
             cross_entropy",
        ),
        (
            &["model.rows=unit", "train.weight_decay=-1"],
            "`train.weight_decay` must be 0 or left out with `model.rows` = unit, which leaves no norms to \
             decay, got -1",
        ),
        (
            &["model.bias=none", "model.bias_init_std=1"],
            "`model.bias_init_std` must be 0 or left out with `model.bias` = none, got 1",
        ),
        (
            &["model.bias=none", "train.learning_rate_bias=0.1"],
            "`train.learning_rate_bias` must be 0 or left out with `model.bias` = none, got 0.1",
        ),
        (
            &["train.optimizer=sgd", "train.adam_beta1=0.5"],
            "`train.adam_beta1` must be left out with `train.optimizer` = sgd, which has no use for it, got 0.5",
        ),
        (
            &["train.optimizer={ kind = \"sgd\", momentum = 1 }"],
            "`train.optimizer.momentum` must be at least 0 and below 1, got 1",
        ),
        (&["train.loss={ power = 9 }"], "`train.loss.power` must be between 3 and 8, got 9"),
        (&["train.loss={ power = 2.5 }"], "must be a whole number, at least 3, got 2.5"),
        (
            &["model.activation={ kind = \"leaky_relu\", slope = 1 }"],
            "`model.activation.slope` must be above 0 and below 1, got 1",
        ),
        (&["model.activation=Gelu"], "unknown value `Gelu`, expected one of `relu`"),
        (&["model.activation=geluu"], "did you mean `gelu`?"),
        (
            &["model.activation=3"],
            "`model.activation` must be one of `relu`, `identity`, `leaky_relu`, `gelu`, `softplus`, `softmax`, or \
             a table whose `kind` is one of them, got 3",
        ),
        (&["model.activation={ kind = \"gelu\", slope = 0.1 }"], "unknown field `slope`"),
        (&["model.bias=zero"], "unknown value `zero`"),
        // Not the fourth of them.
        (
            &["model.activation={ kind = 3 }"],
            "a table whose `kind` is one of them, got { kind = 3 }",
        ),
        (
            &["data.frequencies={ law = 0, exponent = 1 }"],
            "`data.frequencies` must be one of `linear`, or a table whose `law` is one of `power`, `exponential`, \
             `linear`, `file`, got { law = 0, exponent = 1 }",
        ),
        (
            &["data.dependence={ rank = 3 }"],
            "`data.dependence` must be one of `none`, `correlated`, `anticorrelated`, or a table whose `kind` is",
        ),
        (
            &["data.dependence={ kind = \"copula\", rank = 20, strength = 0.5 }"],
            "`data.dependence.rank` must be below `model.n_features` (20), so that factors are shared, got 20",
        ),
        (
            &[
                "data.dependence={ kind = \"exactly\", k = 2 }",
                "data.frequencies={ law = \"power\", exponent = 3 }",
            ],
            "`data.dependence.k` must be so small that no feature is more probable than 1 (feature 0",
        ),
        (
            &["data.importance={ law = \"power\", exponent = -400 }"],
            "`data.importance` must be weights of which the largest is between 1e-12 and 1e12, got weights up to",
        ),
        (
            &["data.dependence={ kind = \"copula\", rank = 2, strength = 1 }"],
            "`data.dependence.strength` must be above -1 and below 1, got 1",
        ),
        (
            &["data.dependence={ kind = \"copula\", rank = 2, strength = -1.5 }"],
            "`data.dependence.strength` must be above -1 and below 1, got -1.5",
        ),
        (
            &["data.dependence={ kind = \"copula\", rank = 2, strength = nan }"],
            "`data.dependence.strength` must be above -1 and below 1, got NaN",
        ),
        (&["data.dependence=copula"], "`rank` is missing"),
        (
            &["data.dependence={ kind = \"exactly\", k = 21 }"],
            "`data.dependence.k` must be at most `model.n_features` (20), got 21",
        ),
        (
            &["data.dependence={ kind = \"exactly\", k = 2 }", "data.activation_density=3"],
            "`data.dependence.k` must be `data.activation_density` (3",
        ),
        (
            &["data.dependence={ kind = \"tree\", branching = 6 }"],
            "`model.n_features` must be a multiple of the number of nodes in a tree, which is 7",
        ),
        (
            &["data.importance={ law = \"geometric\", ratio = 1.5 }"],
            "`data.importance.ratio` must be above 0 and at most 1, got 1.5",
        ),
        (
            &["data.importance={ law = \"power\", exponent = inf }"],
            "`data.importance.exponent` must be finite, got inf",
        ),
        (
            &["data.importance={ law = \"last\", weight = 0 }"],
            "`data.importance.weight` must be above 0, got 0",
        ),
    ] {
        let refused = set(overrides).unwrap_err();
        assert!(refused.contains(said) && refused.contains("t.toml"), "{refused}\nfor {said}");
    }
}

#[test]
fn files_of_importance_and_texts_are_looked_for_beside_the_sweep_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.toml");
    let write =
        |name: &str, content: &str| std::fs::write(folder.path().join(name), content).unwrap();
    write("weights.txt", "1\n0.5\n0.25\n");
    write("text.txt", "one two three two one two, four five one two.");
    let importance = "data.importance={ law = \"file\", path = \"weights.txt\" }";
    let of = |overrides: &[&str]| set_in(PLAIN, overrides, &path);
    let found = of(&["model.n_features=3", importance]).unwrap().remove(0);
    let Importance::File { sha256, .. } = &found.data.importance else { panic!("{found:?}") };
    assert_eq!(sha256.len(), 64);
    let refused = of(&["model.n_features=4", importance]).unwrap_err();
    assert!(
        refused.contains("`data.importance`") && refused.contains("has 3 weights"),
        "{refused}"
    );
    let refused = of(&["data.importance={ law = \"file\", path = \"no.txt\" }"]).unwrap_err();
    assert!(refused.contains("cannot read the importance file"), "{refused}");

    let text = PLAIN.replace("data = { frequencies = { law = \"power\", exponent = 0.0 } }\n", "");
    let text = text.replace("n_features = 20", "n_features = 3");
    let words = "data.dependence={ kind = \"text\", path = \"text.txt\", window = 2 }";
    let found = set_in(&text, &[words], &path).unwrap().remove(0);
    assert_eq!(found.data.frequencies, FrequencyLaw::Text {});
    // Of nine windows of two, seven have `two`, five `one` and two `three`.
    assert!((found.data.activation_density - 14.0 / 9.0).abs() < 1e-12, "{found:?}");
    let refused = of(&["model.n_features=3", words]).unwrap_err();
    assert!(refused.contains("`data.frequencies` must be left out with"), "{refused}");
    let refused = set_in(&text, &[words, "data.activation_density=2"], &path).unwrap_err();
    assert!(refused.contains("`data.activation_density` must be left out with"), "{refused}");
    let refused = set_in(&text, &[words, "model.n_features=6"], &path).unwrap_err();
    assert!(
        refused.contains("has 5 different words, and `model.n_features` asks for 6"),
        "{refused}"
    );
    let refused = set_in(&text, &[words, "data.dependence.window=11"], &path).unwrap_err();
    assert!(refused.contains("has 10 words"), "{refused}");
    let none = "data.dependence={ kind = \"text\", path = \"none.txt\" }";
    let refused = set_in(&text, &[none], &path).unwrap_err();
    assert!(
        refused.contains("`data.dependence`") && refused.contains("cannot read the text"),
        "{refused}"
    );
    let refused = set_in(&text, &[], &path).unwrap_err();
    assert!(refused.contains("`data.frequencies` must be given"), "{refused}");
}

#[test]
fn the_older_toys_have_their_constants() {
    let text =
        "schema = 1\nname = \"t\"\nmodel = { d_hidden = 2 }\ntrain = { preset = \"elhage2022\" }\n";
    let cell = set_in(text, &[], Path::new("t.toml")).unwrap().remove(0);
    let (model, data, train) = (&cell.model, &cell.data, &cell.train);
    assert_eq!((model.n_features, train.batch_size, train.steps), (5, 1024, 10_000));
    assert_eq!(data.importance, Importance::Geometric { ratio: 0.9 });
    assert_eq!(data.frequencies, FrequencyLaw::Power { exponent: 0.0 });
    assert_eq!(data.values, superpose_toy::values::ValueDistribution::Unit);
    let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-15, "{a} {b}");
    near(model.bias_init_std, 0.0);
    near(train.learning_rate, 1e-3);
    near(train.learning_rate_bias, 1e-3);
    near(train.weight_decay, 0.0);
    near(train.final_learning_rate_fraction, 1.0);
    assert_eq!((train.warmup_steps, train.loss), (0, Loss::Squared));
}

#[test]
fn the_schema_names_every_kind() {
    let schema = json_schema().to_string();
    for word in [
        "leaky_relu",
        "cross_entropy",
        "anticorrelated",
        "geometric",
        "sgd",
        "untied",
        "elhage2022",
    ] {
        assert!(schema.contains(&format!("\"{word}\"")), "{word}");
    }
}
