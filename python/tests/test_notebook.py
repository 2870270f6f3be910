"""Notebooks: progress that stays small, and the notebook of the first steps, run to its end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbconvert import HTMLExporter

FIRST_STEPS = Path(__file__).resolve().parents[2] / "docs" / "first-steps.ipynb"
#: Bytes that a notebook may have, pictures aside.
LARGEST = 30_000


def executed(notebook: Any, folder: Path) -> Any:
    """The notebook after all of its cells were run in the folder; an error is raised."""
    NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()
    return notebook


def outputs(notebook: Any) -> Iterator[Any]:
    """All outputs of its cells."""
    return (output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs)


def size_without_pictures(notebook: Any) -> int:
    """How many bytes it has when it is saved, pictures aside."""
    for output in outputs(notebook):
        for kind in ("image/png", "image/svg+xml"):
            output.get("data", {}).pop(kind, None)
    return len(nbformat.writes(notebook).encode())


def test_the_progress_of_forty_cells_is_one_small_output(tiny: dict[str, Any], tmp_path: Path) -> None:
    tiny["sweep"] = {"model.d_hidden": [2, 3, 4, 5], "train.seed": list(range(10))}
    tiny["train"] |= {"steps": 600, "snapshots": 0}
    source = f"import json, superpose\nrun = superpose.run(json.loads({json.dumps(json.dumps(tiny))}))"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source), nbformat.v4.new_code_cell("run")])
    done = executed(notebook, tmp_path)
    path = tmp_path / "notebook.ipynb"
    nbformat.write(done, path)
    assert path.stat().st_size < LARGEST
    progress, table = outputs(done)
    assert progress.output_type == "display_data" and list(progress.data) == ["text/plain"]
    assert progress.data["text/plain"].startswith("tiny: 40 cells are trained; ")
    assert "<table>" in table.data["text/html"] and str(tmp_path) not in path.read_text()
    page, _ = HTMLExporter().from_notebook_node(done)
    assert "tiny: 40 cells are trained" in page


def test_an_error_in_a_notebook_is_the_programs_sentence(tmp_path: Path) -> None:
    cell = nbformat.v4.new_code_cell('import superpose\nsuperpose.run({"name": "a b"})')
    notebook = nbformat.v4.new_notebook(cells=[cell])
    client = NotebookClient(
        notebook, timeout=60, kernel_name="python3", allow_errors=True, resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()
    error = next(output for output in outputs(notebook) if output.output_type == "error")
    assert error.ename == "Error" and "`name` must be" in error.evalue


def test_the_first_steps_are_kept_without_outputs() -> None:
    notebook = nbformat.read(FIRST_STEPS, as_version=4)
    nbformat.validate(notebook)
    assert not list(outputs(notebook)) and FIRST_STEPS.stat().st_size < LARGEST


def test_the_first_steps_run_to_their_end(tmp_path: Path) -> None:
    done = executed(nbformat.read(FIRST_STEPS, as_version=4), tmp_path)
    pictures = [output for output in outputs(done) if "image/png" in output.get("data", {})]
    assert len(pictures) == 3
    assert not [output for output in outputs(done) if output.output_type in ("error", "stream")]
    assert size_without_pictures(done) < LARGEST
    page, _ = HTMLExporter().from_notebook_node(done)
    assert "cells are trained" in page
