"""The cells of a run as they are on disk: those that the sweep asks for, and the records there are.

What was read is kept until its file changes, since a run may have thousands of records.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from superpose.fields import Value, flat, identity, varying

_ID = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True)
class Record:
    """What became of a cell: `record.json`."""

    #: 16 hexadecimal digits.
    id: str
    #: The cell's folder.
    path: Path
    #: The whole record.
    json: Mapping[str, Any]
    #: The cell's fields by dotted name.
    fields: Mapping[str, Value]
    #: What equal cells have in common.
    identity: str
    #: When the file was written, in nanoseconds.
    written: int


@dataclass(frozen=True)
class Sweep:
    """What a run is to hold: `sweep.json`."""

    #: Its name.
    name: str
    #: The fields of all cells, trained or not, in order.
    cells: list[dict[str, Value]]
    #: The place of each cell by its identity.
    places: Mapping[str, int]
    #: The dotted names of the fields in which they differ.
    varying: list[str]
    #: When the file was written, in nanoseconds.
    written: int

    @property
    def told_apart(self) -> list[str]:
        """The fields by which cells are called."""
        return self.varying or ["model.d_hidden", "train.weight_decay"]


class Records:
    """The records in the folder of a run."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._sweep: Sweep | None = None
        self._known: dict[str, Record] = {}

    def sweep(self) -> Sweep:
        """What the run is to hold."""
        path = self._path / "sweep.json"
        written = path.stat().st_mtime_ns
        if self._sweep is None or self._sweep.written != written:
            manifest = json.loads(path.read_text(encoding="utf-8"))
            cells = [flat(cell) for cell in manifest["cells"]]
            places = {identity(of): place for place, of in enumerate(cells)}
            self._sweep = Sweep(manifest["name"], cells, places, varying(cells), written)
        return self._sweep

    def finished(self) -> list[Record]:
        """The records of cells of the sweep, in its order; others may lie in the folder, of older sweeps."""
        places = self.sweep().places
        folders = (folder for folder in (self._path / "cells").glob("*") if _ID.fullmatch(folder.name))
        records = (self._record(folder) for folder in folders if (folder / "record.json").is_file())
        return sorted((of for of in records if of.identity in places), key=lambda of: places[of.identity])

    def _record(self, folder: Path) -> Record:
        path = folder / "record.json"
        written, known = path.stat().st_mtime_ns, self._known.get(folder.name)
        if known is not None and known.written == written:
            return known
        of = json.loads(path.read_text(encoding="utf-8"))
        fields = flat(of["cell"])
        self._known[folder.name] = Record(folder.name, folder, of, fields, identity(fields), written)
        return self._known[folder.name]
