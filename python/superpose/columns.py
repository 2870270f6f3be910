"""Tables as the program writes them: CSV, read column by column.

A CSV does not say of which type a column is, and the program writes the number 1.0 as `1`. So the type is that of what
the column is called and means, and is the same in every run: `train.weight_decay` is a float even where all its values
happen to be whole, and `cell_id` is a text even where one has only digits.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path


class Kind(Enum):
    """What the values of a column are."""

    TEXT = "text"
    #: Counts and seeds: whole numbers from 0 to 2⁶⁴ − 1.
    WHOLE = "whole"
    NUMBER = "number"
    #: `true` and `false`.
    FLAG = "flag"


@dataclass(frozen=True)
class Column:
    """A column of a table."""

    #: As in the header.
    name: str
    #: What its values are.
    kind: Kind
    #: One a row: texts, whole numbers, floats or truth values; None where the field is empty.
    values: Sequence[str | int | float | bool | None]


#: Columns of texts that may look like numbers, by the last part of their names.
_TEXTS = frozenset(
    "cell_id sha256 path setting portrait regime outcome engine device dtype superpose_version revision burn_version "
    "counts ci_method spread_of".split()
)
#: Columns of counts, widths and seeds, by the last part of their names.
_WHOLE = frozenset(
    "n_features d_hidden seed batch_size steps warmup_steps test_batches log_every snapshots k rank branching depth "
    "window power step feature other n_seeds n_cells n_points d_min d_max d_low d_high dead_outputs outcomes_lost "
    "is_dead finished_unix_s".split()
)


def read(path: Path, meanings: Mapping[str, str]) -> list[Column]:
    """The columns of the table in the file, whose `meanings` are known by name where they are known at all."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = csv.reader(file)
        header = next(rows, [])
        fields = list(zip(*rows)) or [()] * len(header)
    return [of_text(name, texts, meanings.get(name, "")) for name, texts in zip(header, fields)]


def of_text(name: str, texts: Sequence[str], meaning: str = "") -> Column:
    """The column of this name and meaning with the values that stand in these texts."""
    last = name.rsplit(".", 1)[-1]
    if last in _TEXTS:
        return Column(name, Kind.TEXT, [text or None for text in texts])
    # The mean of a count is none.
    if last in _WHOLE and not meaning.startswith("mean"):
        try:
            return Column(name, Kind.WHOLE, [int(text) if text else None for text in texts])
        except ValueError:
            pass
    if any(texts) and all(text in ("true", "false", "") for text in texts):
        return Column(name, Kind.FLAG, [text == "true" if text else None for text in texts])
    try:
        return Column(name, Kind.NUMBER, [float(text) if text else None for text in texts])
    except ValueError:
        return Column(name, Kind.TEXT, [text or None for text in texts])
