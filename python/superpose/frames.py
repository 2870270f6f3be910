"""Columns as a frame of the library that the user works with: pandas, polars, or plain numpy."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from superpose.columns import Column, Kind

#: The libraries that frames may be of.
LIBRARIES = ("pandas", "polars", "numpy")

#: A `pandas.DataFrame`, a `polars.DataFrame`, or a dict of arrays by column.
Frame = Any


def checked(frames: str | None) -> str | None:
    """The name of the library; None, which leaves it to what is installed, stays.

    Raises
    ------
    ValueError
        When it is none of those that are known.
    """
    if frames is not None and frames not in LIBRARIES:
        raise ValueError(f"`frames` must be one of {', '.join(LIBRARIES)}, got {frames!r}")
    return frames


def frame(columns: Sequence[Column], frames: str | None) -> Frame:
    """The columns as a frame of the library `frames`, or of pandas if that is None.

    Whole numbers are int64 (uint64 where one is above 2⁶³ − 1), numbers float64. Where nothing stands, a number is NaN
    and a text what pandas has for it, or an empty one in an array; counts with gaps are float64. In polars all gaps are
    null, and counts stay whole.

    Raises
    ------
    ImportError
        When the library is not installed.
    """
    library = checked(frames) or "pandas"
    if importlib.util.find_spec(library) is None:
        other = '; frames="numpy" needs no library' if frames else ', or load with frames="polars" or frames="numpy"'
        raise ImportError(f"tables are frames of {library}, which is not installed: `pip install {library}`{other}")
    if library == "polars":
        return _polars(columns)
    if library == "numpy":
        return {column.name: _array(column) for column in columns}
    pandas: Any = importlib.import_module("pandas")
    # Of texts pandas makes a column of its own, with what it has for gaps.
    of = {c.name: list(c.values) if c.kind is Kind.TEXT else _array(c) for c in columns}
    return pandas.DataFrame(of)


def _array(column: Column) -> NDArray[Any]:
    """The values as an array, `[rows]`."""
    values, has_gaps = column.values, any(value is None for value in column.values)
    if column.kind is Kind.TEXT:
        return np.array([value or "" for value in values], dtype=np.str_)
    if column.kind is Kind.FLAG:
        return np.array(values, dtype=object if has_gaps else np.bool_)
    if column.kind is Kind.NUMBER or has_gaps:
        return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    return np.array(values, dtype=np.uint64 if _is_large(column) else np.int64)


def _polars(columns: Sequence[Column]) -> Frame:
    polars: Any = importlib.import_module("polars")
    types = {Kind.TEXT: polars.String, Kind.FLAG: polars.Boolean, Kind.NUMBER: polars.Float64}
    whole = {True: polars.UInt64, False: polars.Int64}

    def dtype(column: Column) -> Any:
        return whole[_is_large(column)] if column.kind is Kind.WHOLE else types[column.kind]

    return polars.DataFrame([polars.Series(c.name, list(c.values), dtype=dtype(c)) for c in columns])


def _is_large(column: Column) -> bool:
    return any(isinstance(value, int) and value > np.iinfo(np.int64).max for value in column.values)
