"""Values and sweep files as TOML, which is what the program reads.

Python reads TOML (from 3.11 on) and writes none; this is the part of it that a sweep file needs.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


def document(sweep: Mapping[str, object]) -> str:
    """A sweep file: first the values, then a section for each mapping, in which all else is in one line.

    Raises
    ------
    TypeError
        When a value is of a type that TOML does not have.
    """
    values = {name: of for name, of in sweep.items() if not isinstance(of, Mapping)}
    sections = {name: of for name, of in sweep.items() if isinstance(of, Mapping)}
    lines = [f"{key(name)} = {value(of, name)}" for name, of in values.items()]
    for name, section in sections.items():
        lines += ["", f"[{key(name)}]"]
        lines += [f"{key(inner)} = {value(of, f'{name}.{inner}')}" for inner, of in section.items()]
    return "\n".join(lines) + "\n"


def key(name: object) -> str:
    """A key, in quotation marks where it needs them, as one with a dot does.

    Raises
    ------
    TypeError
        When it is no string.
    """
    if not isinstance(name, str):
        raise TypeError(f"a key of a sweep must be a string, got {name!r}")
    return name if _BARE_KEY.fullmatch(name) else _string(name)


def value(of: object, name: str) -> str:
    """A value in one line. `name` is that of its field, for messages.

    Strings, paths, numbers, truth values, mappings, lists, tuples, ranges, and numbers and arrays of numpy's.

    Raises
    ------
    TypeError
        When it is of a type that TOML does not have.
    """
    # Arrays and numbers of numpy's, columns of pandas'; it gives lists and numbers of Python's.
    to_list = getattr(of, "tolist", None)
    if to_list is not None:
        of = to_list()
    if isinstance(of, bool):
        return "true" if of else "false"
    if isinstance(of, int):
        return str(int(of))
    if isinstance(of, float):
        return _float(float(of))
    if isinstance(of, (str, os.PathLike)):
        return _string(os.fspath(of))
    if isinstance(of, Mapping):
        pairs = [f"{key(inner)} = {value(its, f'{name}.{inner}')}" for inner, its in of.items()]
        return "{ " + ", ".join(pairs) + " }" if pairs else "{}"
    if isinstance(of, (list, tuple, range)):
        return "[" + ", ".join(value(item, name) for item in of) + "]"
    allowed = "a string, a number, True or False, a list or a mapping"
    raise TypeError(f"`{name}` must be {allowed}, got {of!r} of type {type(of).__name__}")


def _float(of: float) -> str:
    if math.isfinite(of):
        return repr(of)
    if math.isnan(of):
        return "nan"
    return "inf" if of > 0 else "-inf"


def _string(of: object) -> str:
    letters = []
    for letter in str(of):
        if letter in _ESCAPES:
            letters.append(_ESCAPES[letter])
        elif letter < " " or letter == "\x7f":
            letters.append(f"\\u{ord(letter):04x}")
        else:
            letters.append(letter)
    return '"' + "".join(letters) + '"'
