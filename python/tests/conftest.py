"""A tiny sweep, trained once by the real program for all tests; without the program they fail."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import superpose

#: Two widths and two seeds, a second of training.
TINY: dict[str, Any] = {
    "name": "tiny",
    "model": {"n_features": 20, "d_hidden": 2},
    "data": {"frequencies": {"law": "power", "exponent": 1.0}},
    "train": {
        "preset": "liu2025-small",
        "weight_decay": -1.0,
        "batch_size": 64,
        "steps": 50,
        "test_batches": 5,
        "log_every": 10,
        "snapshots": 4,
    },
    "sweep": {"model.d_hidden": [2, 3], "train.seed": [0, 1]},
}


@pytest.fixture
def tiny() -> dict[str, Any]:
    """The tiny sweep, to be changed."""
    return copy.deepcopy(TINY)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the tiny sweep, trained."""
    out = tmp_path_factory.mktemp("runs") / "tiny"
    superpose.run(TINY, out=out, progress="off", frames="numpy")
    return out


@pytest.fixture
def load(folder: Path) -> Callable[[str], superpose.Run]:
    """The trained tiny sweep, with frames of a library."""
    return lambda frames: superpose.load(folder, frames=frames)


@pytest.fixture
def trained(folder: Path) -> superpose.Run:
    """The trained tiny sweep, with frames of the default library."""
    return superpose.load(folder)
