"""Sweeps as TOML."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from superpose import toml_text

HARD: dict[str, Any] = {
    "name": 'a "quoted" \\ name\n\twith\r\x00\x1f\x7f and γ 😀',
    "flags": [True, False],
    "whole": [0, -3, 2**64 - 1],
    "floats": [1.0, -0.5, 1e-8, 1e300, 5e-324, math.inf, -math.inf],
    "empty": {},
    "nothing": [],
    "of tables": {"a.b": {"c": [{"d": 1}, {}]}, 'say "x"': "y", "": 0},
    "numpy": {
        "f": np.float32(0.5),
        "i": np.int64(3),
        "b": np.bool_(True),
        "u": np.uint64(2**63),
        "a": np.arange(4.0).reshape(2, 2),
    },
    "path": Path("a") / "b",
    "range": range(2, 5),
    "pair": (1, "two"),
}


def test_what_is_written_means_what_it_was() -> None:
    text = toml_text.document(HARD)
    if sys.version_info < (3, 11):
        assert '"a.b" = { c = [{ d = 1 }, {}] }' in text
        return
    import tomllib

    read = tomllib.loads(text)
    expected = {
        **HARD,
        "numpy": {"f": 0.5, "i": 3, "b": True, "u": 2**63, "a": [[0.0, 1.0], [2.0, 3.0]]},
        "path": str(Path("a") / "b"),
        "range": [2, 3, 4],
        "pair": [1, "two"],
    }
    assert read == expected
    assert all(type(number) is float for number in read["floats"])
    assert math.isnan(tomllib.loads(f"x = {toml_text.value(math.nan, 'x')}")["x"])


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (
            None,
            "`train.seed` must be a string, a number, True or False, a list or a mapping, got None of type NoneType",
        ),
        ([1, {1, 2}], "got {1, 2} of type set"),
        ({"a": 1j}, "`train.seed.a` must be"),
        ({1: 2}, "a key of a sweep must be a string, got 1"),
    ],
)
def test_what_toml_does_not_have_is_refused(value: object, said: str) -> None:
    with pytest.raises(TypeError) as refused:
        toml_text.value(value, "train.seed")
    assert said in str(refused.value)
