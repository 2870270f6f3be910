"""The fields of cells: their dotted names, what is left out at its default, and which field a short name means.

The names and rules are those of the program (`crates/toy/src/cell.rs`), so that what is written after `--where` there
means the same here.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence

from superpose.errors import CellError, FieldError
from superpose.meanings import unknown

#: A value of a field.
Value = str | int | float | bool | None
#: The fields of a cell by dotted name.
Fields = Mapping[str, Value]

#: Fields that are left out at their defaults, with these.
DEFAULTS: dict[str, Value] = {
    "model.activation.kind": "relu",
    "model.bias": "trained",
    "model.decoder": "tied",
    "model.rows": "free",
    "data.dependence.kind": "none",
    "data.importance.law": "constant",
    "train.loss.kind": "squared",
    "train.optimizer.kind": "adam",
    "train.snapshots": 0,
}
#: Fields that follow from another one unless they are given: they tell cells apart only if they do not.
_FOLLOWING = (
    ("data.seed", "train.seed"),
    ("train.learning_rate_bias", "train.learning_rate"),
    ("train.warmup_steps", "train.steps"),
    ("data.frequencies.path", "data.frequencies.sha256"),
    ("data.importance.path", "data.importance.sha256"),
    ("data.dependence.path", "data.dependence.sha256"),
)
#: By how much a number may differ from one that was typed, relatively: labels have six digits.
_ROUNDING = 1e-5
#: Values that a message shows at most.
_SHOWN = 8


def flat(cell: Mapping[str, object]) -> dict[str, Value]:
    """The fields of a cell by dotted name, those at their defaults too, from its JSON."""
    fields: dict[str, Value] = {}
    _flatten("", cell, fields)
    return fields | {name: value for name, value in DEFAULTS.items() if name not in fields}


def _flatten(prefix: str, value: object, fields: dict[str, Value]) -> None:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            _flatten(f"{prefix}.{name}" if prefix else name, inner, fields)
    elif value is None or isinstance(value, (str, int, float)):
        fields[prefix] = value


def identity(fields: Fields) -> str:
    """What two cells have in common if they are the same: all fields but the places of files."""
    return json.dumps({name: value for name, value in fields.items() if not name.endswith(".path")}, sort_keys=True)


def short(name: str) -> str:
    """The last part of a name; of the word that says of which kind a field is, the field's own."""
    of_kind = ".law" if name == "data.importance.law" else ".kind"
    return name.removesuffix(of_kind).rsplit(".", 1)[-1]


def varying(cells: Sequence[Fields]) -> list[str]:
    """The dotted names of the fields in which cells differ, but for those that follow from another one."""
    names = dict.fromkeys(name for fields in cells for name in fields)
    return [name for name in names if _varies(name, cells) and not _follows(name, cells)]


def _varies(name: str, cells: Sequence[Fields]) -> bool:
    return len({fields.get(name) for fields in cells}) > 1


def _follows(name: str, cells: Sequence[Fields]) -> bool:
    """Whether a field is a function of the one that decides it unless it is given."""
    for follower, leader in _FOLLOWING:
        if follower == name and any(leader in fields for fields in cells):
            pairs = {(fields.get(leader), fields.get(name)) for fields in cells}
            return len(pairs) == len({of for of, _ in pairs})
    return False


def label(fields: Fields, names: Sequence[str]) -> str:
    """What a cell is called by these fields: `d_hidden=39 seed=0`."""
    return " ".join(f"{_least(name, names)}={shown(fields[name])}" for name in names if name in fields)


def _least(name: str, names: Sequence[str]) -> str:
    """The short name, or the whole one if another is as short."""
    return short(name) if sum(short(other) == short(name) for other in names) == 1 else name


def shown(value: object) -> str:
    """A value for people: six digits tell settings apart that differ by more than rounding."""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def some(values: Sequence[object]) -> str:
    """The first of these values, and how many there are of many."""
    words = [shown(value) for value in values[:_SHOWN]]
    return ", ".join(words) + (f", … ({len(values)} values)" if len(values) > _SHOWN else "")


def values(name: str, cells: Sequence[Fields]) -> list[Value]:
    """The different values of a field in order: numbers by size, others as they come."""
    found = list(dict.fromkeys(fields[name] for fields in cells if name in fields))
    numbers = [value for value in found if isinstance(value, (int, float)) and not isinstance(value, bool)]
    others = [value for value in found if value not in numbers]
    return [*sorted(numbers), *others]


def meant(name: str, cells: Sequence[Fields]) -> str:
    """The dotted name of the field that is meant: a whole name, one without the word for its kind, or the last part.

    Raises
    ------
    FieldError
        When no cell has it, or several are meant.
    """
    names = list(dict.fromkeys(own for fields in cells for own in fields))
    if name in names:
        return name
    of_kind = [own for own in names if own.removesuffix(".kind") == name]
    found = of_kind or [own for own in names if short(own) == name]
    if not found:
        raise FieldError(unknown("field", name, names))
    if len(found) > 1:
        found = [own for own in found if not _follows(own, cells)] or found
    if len(found) > 1:
        found = [own for own in found if _varies(own, cells)] or found
    if len(found) > 1:
        several = " or ".join(f"`{own}`" for own in found)
        raise FieldError(f"`{name}` may be {several}; name one in full: {{{found[0]!r}: …}}")
    return found[0]


def selected(cells: Sequence[Fields], asked: Mapping[str, object]) -> list[int]:
    """The places of the cells whose fields have the values that are asked for; a list of values means any of them.

    Raises
    ------
    FieldError
        When a field is unknown or ambiguous.
    CellError
        When no cell has these values, with those there are.
    """
    places = list(range(len(cells)))
    for number, (name, wanted) in enumerate(asked.items()):
        field = meant(name, cells)
        left = [cells[place] for place in places if field in cells[place]]
        places = [place for place in places if _has(cells[place], field, wanted, left)]
        if not places:
            before = " ".join(f"{key}={shown(of)}" for key, of in list(asked.items())[:number])
            of_those = f" with {before}" if before else ""
            there = some(values(field, left)) or "none that have this field"
            raise CellError(f"no cell{of_those} has `{field}` {shown(wanted)}; there are {there}")
    return places


def _has(fields: Fields, name: str, wanted: object, others: Sequence[Fields]) -> bool:
    if name not in fields:
        return False
    to_list = getattr(wanted, "tolist", None)
    wanted = to_list() if to_list is not None else wanted
    if isinstance(wanted, (list, tuple, set, frozenset, range)):
        return any(_has(fields, name, value, others) for value in wanted)
    if any(_is(other[name], wanted) for other in others):
        return _is(fields[name], wanted)
    own = fields[name]
    if isinstance(own, bool) or not isinstance(own, (int, float)) or isinstance(wanted, bool):
        return False
    return isinstance(wanted, (int, float)) and math.isclose(own, wanted, rel_tol=_ROUNDING)


def _is(own: Value, wanted: object) -> bool:
    return own == wanted and isinstance(own, bool) == isinstance(wanted, bool)


def the_one(cells: Sequence[Fields], places: Sequence[int]) -> int:
    """The only one of these places.

    Raises
    ------
    CellError
        When there are several, with the fields in which they differ, and their values.
    """
    if len(places) == 1:
        return places[0]
    several = [cells[place] for place in places]
    names = varying(several)
    differ = ", ".join(f"{_least(name, names)} ({some(values(name, several))})" for name in names)
    raise CellError(f"{len(places)} cells are meant where one is asked for; they still differ in {differ}")
