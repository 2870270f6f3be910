"""One trained cell: its fields, its record, and the arrays that lie beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from superpose import columns, tensors
from superpose.errors import CellError
from superpose.fields import Value
from superpose.frames import Frame, frame


@dataclass(frozen=True, eq=False)
class Cell:
    """A cell that has a record: one training run of a sweep, finished, diverged or failed."""

    #: 16 hexadecimal digits, a hash of its fields.
    id: str
    #: The fields by which it is told from the other cells of its run: `d_hidden=39 seed=0`.
    label: str
    #: All its fields by dotted name, such as `train.weight_decay`, those at their defaults too.
    fields: Mapping[str, Value] = field(repr=False)
    #: The folder that holds its record, curve and weights.
    path: Path = field(repr=False)
    #: `record.json`: the outcome, what was measured, how long it took in seconds, and where the numbers come from.
    record: Mapping[str, Any] = field(repr=False)
    #: The library of its frames; see `superpose.load`.
    frames: str | None = field(default=None, repr=False)

    @property
    def outcome(self) -> str:
        """`completed`, `diverged` or `failed`."""
        return str(self.record["outcome"]["kind"])

    def weights(self) -> Weights:
        """The trained model.

        Raises
        ------
        CellError
            When the cell was not trained to the end, or its weights were removed.
        """
        of = self._arrays("weights.safetensors", "weights")
        return Weights(W=of["W"], b=of["b"], p=of["p"], V=of.get("V"), importance=of.get("I"))

    def snapshots(self) -> Snapshots:
        """The model at moments of its training.

        Raises
        ------
        CellError
            When none were asked for, or the cell was not trained to the end.
        """
        if not self.fields.get("train.snapshots"):
            raise CellError(
                f"cell {self.id} ({self.label}) has no snapshots: `snapshots = 64` in `[train]` of the sweep keeps "
                "`W` and `b` at up to 64 moments"
            )
        of = self._arrays("snapshots.safetensors", "snapshots")
        return Snapshots(step=of["step"].astype(np.int64), W=of["W"], b=of["b"], V=of.get("V"))

    def curve(self) -> Frame:
        """The training loss: `step`, the last step that a point covers, and `loss`, the mean since the point before.

        The loss is a squared error summed over features and averaged over samples, unless the cell has another.
        """
        return frame(self.curve_columns(), self.frames)

    def curve_columns(self) -> list[columns.Column]:
        """The same as columns."""
        return columns.read(self.path / "curve.csv", {})

    def _arrays(self, name: str, what: str) -> dict[str, NDArray[Any]]:
        path = self.path / name
        if path.is_file():
            return tensors.read(path)
        outcome = self.record["outcome"]
        if self.outcome == "completed":
            raise CellError(f"the {what} of cell {self.id} ({self.label}) are not there: `{path}` was removed")
        how = f"at step {outcome['step']}" if "step" in outcome else outcome.get("message", "")
        raise CellError(f"cell {self.id} ({self.label}) has no {what}: it {self.outcome} {how}".rstrip())


@dataclass(frozen=True, eq=False)
class Weights:
    """A trained model, `y = f(x W Vᵀ + b)` with `V = W` if it is tied, and its features.

    **Shapes**: `n` features, `d` hidden dimensions.
    """

    #: `[n, d]`, float32: row `i` is the direction of feature `i`.
    W: NDArray[np.float32]
    #: `[n]`, float32: biases of the outputs, in values of a feature.
    b: NDArray[np.float32]
    #: `[n]`, float64: the probability that a feature is active in a sample, most frequent first.
    p: NDArray[np.float64]
    #: `[n, d]`, float32: the decoder of a model that is not tied, else None.
    V: NDArray[np.float32] | None = None
    #: `[n]`, float64: weights of the outputs in the loss, or None where all are one.
    importance: NDArray[np.float64] | None = None

    def __repr__(self) -> str:
        return _shapes(self)


@dataclass(frozen=True, eq=False)
class Snapshots:
    """A model at `m` moments of its training: the start, and then evenly in the logarithm of the step.

    **Shapes**: `n` features, `d` hidden dimensions.
    """

    #: `[m]`, int64: steps that had been made; 0 is the start.
    step: NDArray[np.int64]
    #: `[m, n, d]`, float32.
    W: NDArray[np.float32]
    #: `[m, n]`, float32.
    b: NDArray[np.float32]
    #: `[m, n, d]`, float32: the decoder of a model that is not tied, else None.
    V: NDArray[np.float32] | None = None

    def __repr__(self) -> str:
        return _shapes(self)


def _shapes(of: Weights | Snapshots) -> str:
    """The arrays with their shapes, instead of thousands of numbers."""
    arrays = ((name, array) for name, array in vars(of).items() if array is not None)
    return f"{type(of).__name__}({', '.join(f'{name} {list(array.shape)}' for name, array in arrays)})"
