"""The JSON schema takes every sweep file there is, and none with a mistake that a schema can see.

Each mistake is refused by the program, too, so that none of them is the schema's own.
"""

import json
import re
import subprocess
from pathlib import Path

import jsonschema
import pytest

import superpose

tomllib = pytest.importorskip("tomllib", reason="Python 3.10 reads no TOML")

GOOD = """
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
"""

MISTAKES = [
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
]


def program(*words: str, text: str = "") -> subprocess.CompletedProcess[str]:
    """What the program answers."""
    return subprocess.run([superpose.binary(), *words], input=text, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    """What holds a file to the schema."""
    schema = json.loads(program("schema").stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def problems(validator: jsonschema.Draft202012Validator, text: str) -> list[str]:
    """What the schema has against a file."""
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(tomllib.loads(text))]


def test_what_is_right_is_taken(validator: jsonschema.Draft202012Validator) -> None:
    """All built-in sweeps, new files of all presets, and one with something of everything."""
    assert problems(validator, GOOD) == []
    answer = program("run", "-", "--dry-run", "--json", text=GOOD)
    assert answer.returncode == 0, answer.stderr
    for sweep in json.loads(program("run", "--list", "--json").stdout):
        assert problems(validator, program("new", "-", "--from", sweep["name"]).stdout) == [], sweep["name"]
    for preset in json.loads(program("presets", "--json").stdout):
        text = program("new", "-", "--preset", preset).stdout
        assert problems(validator, text) == []
        # All that is commented out, taken in.
        in_full = re.sub(r"^#(?=[^ #])", "", text, flags=re.MULTILINE)
        assert problems(validator, in_full) == [], preset


@pytest.mark.parametrize(("old", "new"), MISTAKES)
def test_what_is_wrong_is_not(validator: jsonschema.Draft202012Validator, old: str, new: str) -> None:
    """By neither the schema nor the program."""
    assert old in GOOD
    text = GOOD.replace(old, new, 1)
    assert problems(validator, text) != []
    answer = program("run", "-", "--dry-run", "--json", text=text)
    assert answer.returncode == 1 and "error: " in answer.stderr, answer.stderr


def test_the_committed_files_are_taken(validator: jsonschema.Draft202012Validator) -> None:
    """In a checkout."""
    root = Path(__file__).parents[2]
    for path in root.glob("configs/**/*.toml"):
        assert problems(validator, path.read_text()) == [], path
