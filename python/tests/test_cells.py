"""Which cells are meant, and the arrays that lie beside them."""

from __future__ import annotations

import json
import shutil
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import superpose
from superpose import fields, tensors


def test_cells_go_by_fields_short_or_whole(trained: superpose.Run) -> None:
    assert [(c.fields["model.d_hidden"], c.fields["train.seed"]) for c in trained.cells()] == [
        (2, 0),
        (2, 1),
        (3, 0),
        (3, 1),
    ]
    assert [cell.label for cell in trained.cells(d_hidden=3)] == ["d_hidden=3 seed=0", "d_hidden=3 seed=1"]
    whole = trained.cells({"model.d_hidden": 3, "train.seed": 1})
    assert [cell.id for cell in whole] == [trained.cell({"d_hidden": 3}, seed=1).id]
    assert len(trained.cells(d_hidden=[2, 3], seed=np.array([1]))) == 2
    assert len(trained.cells(activation="relu", weight_decay=-1, bias="trained")) == 4
    one = whole[0]
    assert trained.cell(one.id[:8]).id == trained.cell(one).id == one.id
    assert one.outcome == "completed" and one.record["cell_id"] == one.id and (one.path / "record.json").is_file()


def test_numbers_with_six_digits_are_found() -> None:
    cells = [{"train.weight_decay": -7 / 9}, {"train.weight_decay": -1.0}, {"train.weight_decay": -0.7777}]
    assert fields.selected(cells, {"weight_decay": -0.777778}) == [0]
    assert fields.selected(cells, {"weight_decay": -7 / 9}) == [0]
    assert fields.selected(cells, {"weight_decay": np.float64(-0.7777)}) == [2]
    assert fields.selected(cells, {"weight_decay": -1}) == [1]


def test_a_field_or_value_that_is_not_there_is_told(trained: superpose.Run) -> None:
    with pytest.raises(superpose.FieldError) as unknown:
        trained.cells(d_hiden=2)
    assert "there is no field `d_hiden`; did you mean `model.d_hidden`" in str(unknown.value)
    with pytest.raises(superpose.CellError, match="no cell has `model.d_hidden` 40; there are 2, 3"):
        trained.cells(d_hidden=40)
    with pytest.raises(superpose.CellError, match="no cell with d_hidden=2 has `train.seed` 7; there are 0, 1"):
        trained.cells(d_hidden=2, seed=7)
    with pytest.raises(superpose.CellError, match="no cell of `tiny` has an id that begins with `zzz`"):
        trained.cell("zzz")
    # True is no number of features.
    with pytest.raises(superpose.CellError):
        trained.cells(test_batches=True)


def test_several_cells_where_one_is_asked_for_are_told_apart(trained: superpose.Run) -> None:
    with pytest.raises(superpose.CellError) as several:
        trained.weights(d_hidden=2)
    assert str(several.value) == "2 cells are meant where one is asked for; they still differ in seed (0, 1)"
    with pytest.raises(superpose.CellError, match=r"4 cells .* differ in d_hidden \(2, 3\), seed \(0, 1\)"):
        trained.curve()


def test_a_short_name_of_two_fields_means_the_one_that_varies() -> None:
    def cell(first: float, second: float, seed: int) -> dict[str, fields.Value]:
        own: dict[str, fields.Value] = {"data.frequencies.exponent": first, "data.importance.exponent": second}
        return {**own, "data.seed": seed, "train.seed": seed}

    cells = [cell(1.0, 2.0, 0), cell(1.0, 3.0, 1)]
    assert fields.meant("exponent", cells) == "data.importance.exponent"
    # The seed of the data follows that of the training.
    assert fields.meant("seed", cells) == "train.seed"
    with pytest.raises(
        superpose.FieldError, match="`exponent` may be `data.frequencies.exponent` or `data.importance.exponent`"
    ):
        fields.meant("exponent", [cell(1.0, 2.0, 0), cell(2.0, 3.0, 1)])
    assert fields.varying([cell(1.0, 2.0, 0), cell(1.0, 2.0, 1)]) == ["train.seed"]
    apart = [{"train.seed": 0, "data.seed": 0}, {"train.seed": 0, "data.seed": 1}]
    assert fields.meant("seed", apart) == "data.seed"


def test_weights_are_arrays_of_the_stated_shapes(trained: superpose.Run) -> None:
    weights = trained.weights(d_hidden=3, seed=0)
    assert weights.W.shape == (20, 3) and weights.b.shape == weights.p.shape == (20,)
    assert (weights.W.dtype, weights.b.dtype, weights.p.dtype) == (np.float32, np.float32, np.float64)
    assert weights.V is None and weights.importance is None
    assert weights.p.sum() == pytest.approx(1.0) and (np.diff(weights.p) < 0).all()
    assert repr(weights) == "Weights(W [20, 3], b [20], p [20])"
    norms = np.linalg.norm(weights.W, axis=1)
    table = trained.results.set_index(["model.d_hidden", "train.seed"])
    assert norms.mean() == pytest.approx(table["norm.mean"][3, 0], rel=1e-6)
    weights.W[0] = 0.0


def test_snapshots_end_in_the_trained_model(trained: superpose.Run) -> None:
    kept = trained.snapshots(d_hidden=2, seed=1)
    m = len(kept.step)
    assert 2 <= m <= 4 and kept.step.dtype == np.int64 and kept.step[0] == 0 and kept.step[-1] == 50
    assert kept.W.shape == (m, 20, 2) and kept.b.shape == (m, 20) and kept.V is None
    assert (kept.W[-1] == trained.weights(d_hidden=2, seed=1).W).all()


def test_other_models_have_their_arrays_and_no_snapshots_are_told(tiny: dict[str, Any], tmp_path: Path) -> None:
    tiny["model"]["decoder"] = "untied"
    tiny["data"]["importance"] = {"law": "geometric", "ratio": 0.9}
    run = superpose.run(tiny, {"train.snapshots": 0, "train.steps": 5}, out=tmp_path / "other", progress="off")
    weights = run.weights(d_hidden=2, seed=0)
    assert weights.V is not None and weights.V.shape == weights.W.shape and not (weights.V == weights.W).all()
    assert weights.importance is not None and weights.importance[2] == pytest.approx(0.81)
    with pytest.raises(superpose.CellError, match=r"has no snapshots: `snapshots = 64` in `\[train\]`"):
        run.snapshots(d_hidden=2, seed=0)
    assert run.cells(decoder="untied", importance="geometric") and run.meaning("decoder.cosine")


def test_cells_without_record_or_weights_are_told(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "tiny"
    shutil.copytree(folder, copy)
    run = superpose.load(copy)
    cells = run.cells()
    shutil.rmtree(cells[0].path)
    (cells[1].path / "weights.safetensors").unlink()
    # What is no cell, or none of this sweep's, is passed over.
    (copy / "cells" / "notes").mkdir()
    stranger = copy / "cells" / "0123456789abcdef"
    shutil.copytree(cells[2].path, stranger)
    record = json.loads((stranger / "record.json").read_text())
    record["cell"]["train"]["seed"] = 99
    (stranger / "record.json").write_text(json.dumps(record))
    assert [cell.id for cell in run.cells()] == [cell.id for cell in cells[1:]]
    assert "3 completed, 1 missing" in repr(run)
    with pytest.raises(superpose.CellError, match=r"there are 1 \(1 cells of the sweep have no record yet\)"):
        run.cells(d_hidden=2, seed=0)
    with pytest.raises(superpose.CellError, match="the weights of cell .* are not there"):
        run.weights(d_hidden=2, seed=1)
    shutil.rmtree(copy / "cells")
    with pytest.raises(superpose.CellError, match="no cell of `tiny` has a record"):
        run.cell()
    with pytest.raises(superpose.CellError, match="no cell of `tiny` has a record"):
        run.weights(d_hidden=2)


def test_a_folder_that_is_no_run_is_told(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="is no run: there is no such folder; beside it are the runs tiny"):
        superpose.load(folder.parent / "tyni")
    with pytest.raises(FileNotFoundError, match="is no run: it has no `sweep.json`; it holds the runs tiny"):
        superpose.load(folder.parent)
    shutil.copy(folder / "sweep.json", tmp_path / "sweep.json")
    run = superpose.load(tmp_path)
    for ask in (lambda: run.results, lambda: run.table("exponents")):
        with pytest.raises(FileNotFoundError, match="is not written yet: .*superpose analyze"):
            ask()
    assert run.tables == [] and run.cells() == [] and run.figures == []


def test_damaged_arrays_are_refused(tmp_path: Path) -> None:
    def file(header: dict[str, object], numbers: bytes) -> Path:
        text = json.dumps(header).encode()
        path = tmp_path / "x.safetensors"
        path.write_bytes(struct.pack("<Q", len(text)) + text + numbers)
        return path

    of = {"dtype": "F32", "shape": [2, 1], "data_offsets": [0, 8]}
    arrays = tensors.read(
        file(
            {"W": of, "__metadata__": {"cell": "{}"}, "s": {"dtype": "U64", "shape": [], "data_offsets": [8, 16]}},
            struct.pack("<ffQ", 1, 2, 2**63),
        )
    )
    assert arrays["W"].tolist() == [[1.0], [2.0]] and arrays["s"] == 2**63
    for header, numbers in [
        ({"W": of}, b"1234"),
        ({"W": {**of, "dtype": "Q4"}}, b"12345678"),
        ({"W": {**of, "shape": [3]}}, b"12345678"),
        ({"W": {**of, "data_offsets": [-8, 0]}}, b"12345678"),
        ({"W": {"dtype": "F32"}}, b""),
        ({"W": 1}, b""),
    ]:
        with pytest.raises(superpose.Error, match="is damaged"):
            tensors.read(file(header, numbers))
    for content in (b"", b"1234567", b"\xff" * 8, struct.pack("<Q", 4) + b"{...", struct.pack("<Q", 2) + b"[]"):
        (tmp_path / "y").write_bytes(content)
        with pytest.raises(superpose.Error, match="is damaged"):
            tensors.read(tmp_path / "y")
