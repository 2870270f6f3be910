"""What every column of every table of a run means: `tables/README.md`, read."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path

from superpose.errors import FieldError


def read(path: Path) -> dict[str, dict[str, str]]:
    """By table, such as `results`, and column, such as `loss.test`, what it holds; nothing if the file is not there."""
    if not path.is_file():
        return {}
    tables: dict[str, dict[str, str]] = {}
    columns: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            columns = tables.setdefault(line[3:].removesuffix(".csv"), {})
        elif line.startswith("| `") and line.endswith(" |"):
            name, _, meaning = line[3:-2].partition("` | ")
            columns[name] = meaning
    return tables


def meaning(tables: dict[str, dict[str, str]], column: str, table: str | None) -> str:
    """What the column means, in this table, or else in `results`, or in any other that has it.

    Raises
    ------
    FieldError
        When there is no such column or table, or tables have it in different meanings and none is named.
    """
    if table is not None:
        if table not in tables:
            raise FieldError(unknown("table", table, tables))
        if column not in tables[table]:
            raise FieldError(unknown("column", column, tables[table], f" in `{table}`"))
        return tables[table][column]
    meant = {name: columns[column] for name, columns in tables.items() if column in columns}
    if "results" in meant:
        return meant["results"]
    if not meant:
        raise FieldError(unknown("column", column, dict.fromkeys(name for of in tables.values() for name in of)))
    if len(set(meant.values())) > 1:
        each = "; ".join(f"table={name!r}: {said}" for name, said in meant.items())
        raise FieldError(f"what `{column}` means depends on the table: {each}")
    return next(iter(meant.values()))


def unknown(what: str, name: str, known: Iterable[str], where: str = "") -> str:
    """The sentence that no such thing has this name, with those that are like it, or else all."""
    names = list(known)
    if not names:
        return f"there is no {what} `{name}`{where}, and no other"
    lower = {own.lower(): own for own in names}
    last = {own.rsplit(".", 1)[-1].lower(): own for own in names}
    like = difflib.get_close_matches(name.lower(), [*lower, *last], n=5, cutoff=0.6)
    near = list(dict.fromkeys(lower.get(own) or last[own] for own in like))
    if near:
        return f"there is no {what} `{name}`{where}; did you mean {' or '.join(f'`{own}`' for own in near)}?"
    return f"there is no {what} `{name}`{where}; there are {', '.join(names)}"
