"""Arrays in a SafeTensors file: `weights.safetensors` and `snapshots.safetensors`.

The format is eight bytes with the length of a JSON header, the header, and the numbers of each array, little end
first. To read that takes numpy alone.
"""

from __future__ import annotations

import json
import math
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from superpose.errors import Error

#: Types of numbers, as the header calls them, and as numpy does.
DTYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "|i1",
    "U64": "<u8",
    "U32": "<u4",
    "U16": "<u2",
    "U8": "|u1",
    "BOOL": "|b1",
}


def read(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays in the file by name, each with its own shape and type, and writable.

    Raises
    ------
    Error
        When the file is cut off or is no such file.
    """
    with path.open("rb") as file:
        size = path.stat().st_size
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else size
        if 8 + length > size:
            raise Error(f"`{path}` is damaged: it has {size} bytes, and its header does not end within them")
        try:
            header = json.loads(file.read(length))
            entries = {name: entry for name, entry in header.items() if name != "__metadata__"}
            places = {name: _place(entry, size - 8 - length) for name, entry in entries.items()}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Error(f"`{path}` is damaged: its header does not say where its arrays are ({error})") from None
        arrays = {}
        for name, (dtype, shape, begin) in places.items():
            file.seek(8 + length + begin)
            flat = np.fromfile(file, dtype=dtype, count=math.prod(shape))
            arrays[name] = flat.astype(dtype.newbyteorder("="), copy=False).reshape(shape)
        return arrays


def _place(entry: dict[str, object], size: int) -> tuple[np.dtype[np.generic], tuple[int, ...], int]:
    """Type, shape and first byte of an array, of `size` bytes of all arrays."""
    known = DTYPES.get(str(entry["dtype"]))
    if known is None:
        raise ValueError(f"type {entry['dtype']!r} is none of {', '.join(DTYPES)}")
    shape, offsets = entry["shape"], entry["data_offsets"]
    if not isinstance(shape, list) or not isinstance(offsets, list):
        raise ValueError("a shape and offsets must be lists")
    (begin, end), dtype = offsets, np.dtype(known)
    if not 0 <= begin <= end <= size or end - begin != dtype.itemsize * math.prod(shape):
        raise ValueError(f"{shape} numbers of type {entry['dtype']} are not from byte {begin} to {end} of {size}")
    return dtype, tuple(shape), begin
