"""A run: the folder that a sweep has become, read.

Everything is read when it is asked for, so that a run in training can be looked at.
"""

from __future__ import annotations

import html
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from superpose import columns, fields, meanings
from superpose.cell import Cell, Snapshots, Weights
from superpose.columns import Column, Kind
from superpose.errors import CellError, FieldError
from superpose.figure import Figure
from superpose.frames import Frame, checked, frame
from superpose.meanings import unknown
from superpose.program import ask
from superpose.records import Records

#: What says which cells are meant: values by field, an id or its beginning, a cell; None for all.
Which = Mapping[str, object] | str | Cell | None


def load(path: str | os.PathLike[str], frames: str | None = None) -> Run:
    """The run in the folder `path`, such as `runs/quickstart`.

    `frames` says of which library its tables are: `"pandas"` (the default), `"polars"`, or `"numpy"` for a dict of
    arrays by column. The library is needed when a table is asked for, and not before.

    Raises
    ------
    FileNotFoundError
        When there is no run.
    ValueError
        When `frames` is none of these.
    """
    return Run(path, frames)


class Run:
    """A run: its results, tables, cells, weights and pictures. Made by `superpose.load` and `superpose.run`."""

    def __init__(self, path: str | os.PathLike[str], frames: str | None = None) -> None:
        #: The folder.
        self.path = Path(os.path.abspath(path))
        #: The library of its frames, or None for pandas.
        self.frames = checked(frames)
        self._records = Records(self.path)
        if not (self.path / "sweep.json").is_file():
            raise FileNotFoundError(f"`{path}` is no run: {self._why_not()}")

    def _why_not(self) -> str:
        if self.path.is_dir() and any(self.path.iterdir()):
            inside = sorted(found.parent.name for found in self.path.glob("*/sweep.json"))
            runs = f"; it holds the runs {', '.join(inside)}" if inside else ""
            return f"it has no `sweep.json`{runs}"
        beside = sorted(found.parent.name for found in self.path.parent.glob("*/sweep.json"))
        return "there is no such folder" + (f"; beside it are the runs {', '.join(beside)}" if beside else "")

    @property
    def name(self) -> str:
        """The name of the sweep."""
        return self._records.sweep().name

    # Tables

    @property
    def results(self) -> Frame:
        """`results.csv`: a row a cell, with its fields, losses and all else that was measured.

        Losses are squared errors summed over features and averaged over samples, unless the cells have others;
        `meaning` says of each column what it is.

        Raises
        ------
        FileNotFoundError
            When it is not written yet.
        """
        return self.table("results")

    @property
    def tables(self) -> list[str]:
        """The names of the tables in `tables/`."""
        return sorted(path.stem for path in (self.path / "tables").glob("*.csv"))

    def table(self, name: str) -> Frame:
        """The table of this name, such as `exponents`, as a frame.

        `cell_id` is a text, seeds and counts are whole numbers, all other numbers are float64.

        Raises
        ------
        FieldError
            When there is no such table.
        FileNotFoundError
            When tables are not written yet.
        """
        return frame(self.table_columns(name), self.frames)

    def table_columns(self, name: str) -> list[Column]:
        """The same as columns, which need no library.

        Raises
        ------
        FieldError, FileNotFoundError
            As for `table`.
        """
        path = self.path / "results.csv" if name == "results" else self.path / "tables" / f"{name}.csv"
        if not path.is_file():
            if name != "results" and self.tables:
                raise FieldError(unknown("table", name, ["results", *self.tables]))
            raise FileNotFoundError(
                f"`{path.name}` of the run `{self.name}` is not written yet: `superpose run` does it when all cells "
                f"are trained, and `superpose analyze {self._shown()}` for those that are"
            )
        return columns.read(path, self._meanings().get(name, {}))

    def meaning(self, column: str, table: str | None = None) -> str:
        """What the column holds, with its unit or convention, as `tables/README.md` has it.

        Raises
        ------
        FieldError
            When there is no such column or table, or tables have it in different meanings and none is named.
        """
        return meanings.meaning(self._meanings(), column, table)

    def _meanings(self) -> dict[str, dict[str, str]]:
        return meanings.read(self.path / "tables" / "README.md")

    # Cells

    def cells(self, which: Which = None, /, **named: object) -> list[Cell]:
        """The cells that have a record and these fields, in the order of the sweep; without any, all.

        A field goes by the last part of its name, `cells(d_hidden=39, seed=0)`, or by all of it in a mapping,
        `cells({"data.frequencies.exponent": 1.0})`. A list of values means any of them. `which` may also be an id, or
        the beginning of one.

        Raises
        ------
        FieldError
            When a field is unknown, or the name fits several.
        CellError
            When no cell has these values.
        """
        cells, asked = self._finished(), dict(named)
        if isinstance(which, Cell):
            which = which.id
        if isinstance(which, str):
            cells = [cell for cell in cells if cell.id.startswith(which)]
            if not cells:
                raise CellError(f"no cell of `{self.name}` has an id that begins with `{which}`{self._missing()}")
        elif which is not None:
            asked = {**which, **asked}
        if not asked:
            return cells
        if not cells:
            raise CellError(f"no cell of `{self.name}` has a record{self._missing()}")
        try:
            places = fields.selected([cell.fields for cell in cells], asked)
        except CellError as error:
            raise CellError(f"{error}{self._missing()}") from None
        return [cells[place] for place in places]

    def cell(self, which: Which = None, /, **named: object) -> Cell:
        """The one cell that has these fields; they are named as for `cells`.

        Raises
        ------
        FieldError
            When a field is unknown, or the name fits several.
        CellError
            When no cell has these values, or several do: then with the fields in which these still differ.
        """
        cells = self.cells(which, **named)
        if not cells:
            raise CellError(f"no cell of `{self.name}` has a record{self._missing()}")
        return cells[fields.the_one([cell.fields for cell in cells], range(len(cells)))]

    def weights(self, which: Which = None, /, **named: object) -> Weights:
        """The trained model of the one cell that has these fields, which are named as for `cells`.

        Raises
        ------
        FieldError, CellError
            As for `cell`, and when the cell has no weights.
        """
        return self.cell(which, **named).weights()

    def snapshots(self, which: Which = None, /, **named: object) -> Snapshots:
        """The model of the one cell that has these fields, at moments of its training.

        Raises
        ------
        FieldError, CellError
            As for `cell`, and when no snapshots were asked for.
        """
        return self.cell(which, **named).snapshots()

    def curve(self, which: Which = None, /, **named: object) -> Frame:
        """The loss curve of the one cell that has these fields: `step`, and `loss`, the mean since the point before.

        Raises
        ------
        FieldError, CellError
            As for `cell`.
        """
        return self.cell(which, **named).curve()

    def curves(self, which: Which = None, /, **named: object) -> Frame:
        """The loss curves of all cells that have these fields, one below the other.

        Columns: `cell_id`, the fields in which the cells of the run differ, `step`, `loss`.

        Raises
        ------
        FieldError, CellError
            As for `cells`.
        """
        cells = self.cells(which, **named)
        names = self._records.sweep().varying
        header = ["cell_id", *names]
        texts: dict[str, list[str]] = {name: [] for name in header}
        steps: list[Any] = []
        losses: list[Any] = []
        for cell in cells:
            step, loss = cell.curve_columns()
            steps.extend(step.values)
            losses.extend(loss.values)
            for name in header:
                own = cell.id if name == "cell_id" else cell.fields.get(name)
                text = "" if own is None else str(own).lower() if isinstance(own, bool) else str(own)
                texts[name].extend([text] * len(step.values))
        found = [columns.of_text(name, texts[name]) for name in header]
        return frame([*found, Column("step", Kind.WHOLE, steps), Column("loss", Kind.NUMBER, losses)], self.frames)

    def _finished(self) -> list[Cell]:
        """The cells of the sweep that have a record, in its order."""
        told_apart = self._records.sweep().told_apart
        return [
            Cell(of.id, fields.label(of.fields, told_apart), of.fields, of.path, of.json, self.frames)
            for of in self._records.finished()
        ]

    def _missing(self) -> str:
        n = len(self._records.sweep().cells) - len(self._records.finished())
        return f" ({n} cells of the sweep have no record yet)" if n > 0 else ""

    # What else there is

    @property
    def figures(self) -> list[Path]:
        """The pictures, as SVG files; each has a PNG beside it."""
        return sorted((self.path / "figures").glob("*.svg"))

    def figure(self, name: str) -> Figure:
        """The picture of this name, such as `loss_by_width`, which a notebook shows.

        Raises
        ------
        FieldError
            When there is none.
        """
        path = self.path / "figures" / f"{name.removesuffix('.svg')}.svg"
        if not path.is_file():
            raise FieldError(unknown("figure", name, [figure.stem for figure in self.figures]))
        return Figure(path)

    @property
    def report(self) -> Path:
        """The page with all of the run, `report.html`, for a browser; there once the run was drawn."""
        return self.path / "report.html"

    def status(self) -> dict[str, Any]:
        """What `superpose status --json` says: counts of cells by outcome, which are in training, which are lost.

        Raises
        ------
        FileNotFoundError, Error
            When there is no program, or it refuses.
        """
        said: dict[str, Any] = json.loads(ask("status", str(self.path), "--json"))
        return said

    def _shown(self) -> str:
        """The folder, as seen from where the interpreter is."""
        here = Path.cwd()
        return str(self.path.relative_to(here) if self.path.is_relative_to(here) else self.path)

    def _counts(self) -> list[tuple[str, int]]:
        outcomes = [cell.outcome for cell in self._finished()]
        words = ("completed", "diverged", "failed")
        counts = [(word, outcomes.count(word)) for word in words] + [
            ("missing", len(self._records.sweep().cells) - len(outcomes))
        ]
        return [(word, n) for word, n in counts if n > 0 or word == "completed"]

    def __repr__(self) -> str:
        counts = ", ".join(f"{n} {word}" for word, n in self._counts())
        return f"Run({self._shown()!r}: {len(self._records.sweep().cells)} cells, {counts})"

    def _repr_html_(self) -> str:
        """A small table: how far the run is, and what was swept."""
        sweep = self._records.sweep()
        rows = [(word, str(n)) for word, n in self._counts()]
        rows += [(name, fields.some(fields.values(name, sweep.cells))) for name in sweep.varying]
        left = "style='text-align:left'"
        cells = "".join(
            f"<tr><td {left}>{html.escape(name)}</td><td {left}>{html.escape(of)}</td></tr>" for name, of in rows
        )
        head = f"{html.escape(self.name)}: {len(sweep.cells)} cells"
        return f"<table><thead><tr><th colspan='2' {left}>{head}</th></tr></thead>{cells}</table>"
