"""Toy models of superposition: train a sweep, and read what came of it.

    import superpose

    run = superpose.run("quickstart")                # or a sweep file, or a mapping
    run = superpose.load("runs/quickstart")          # what was trained before
    run.results                                      # a frame, a row a cell
    W = run.weights(d_hidden=39, weight_decay=-1).W  # [n, d]

`superpose.run` calls the program `superpose`, which the wheel carries; all else reads files.
"""

from superpose.cell import Cell, Snapshots, Weights
from superpose.errors import CellError, DivergedWarning, Error, FieldError
from superpose.figure import Figure
from superpose.folder import Run, load
from superpose.program import binary
from superpose.training import run

__all__ = [
    "Cell",
    "CellError",
    "DivergedWarning",
    "Error",
    "FieldError",
    "Figure",
    "Run",
    "Snapshots",
    "Weights",
    "binary",
    "load",
    "run",
]
