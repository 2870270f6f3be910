"""Results, tables, curves and what their columns mean, as frames of each library."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

import superpose
from superpose import columns, frames
from superpose.columns import Kind

Load = Callable[[str], superpose.Run]


def test_results_have_the_types_that_their_columns_mean(load: Load) -> None:
    whole = ["model.n_features", "model.d_hidden", "train.seed", "train.steps", "dead_outputs"]
    numbers = ["train.weight_decay", "data.frequencies.exponent", "train.learning_rate", "loss.test", "phi_half"]
    pandas, polars, arrays = (load(library).results for library in frames.LIBRARIES)
    assert isinstance(pandas, pd.DataFrame) and isinstance(polars, pl.DataFrame)
    assert len(pandas) == len(polars) == len(arrays["cell_id"]) == 4
    for name in whole:
        assert (pandas[name].dtype, polars[name].dtype, arrays[name].dtype) == (np.int64, pl.Int64, np.int64), name
    for name in numbers:
        assert (pandas[name].dtype, polars[name].dtype, arrays[name].dtype) == (np.float64, pl.Float64, np.float64), (
            name
        )
    for ids in (pandas["cell_id"], polars["cell_id"], arrays["cell_id"]):
        assert all(isinstance(id, str) and len(id) == 16 for id in ids)
    assert list(pandas["loss.test"]) == list(polars["loss.test"]) == list(arrays["loss.test"])
    assert list(pandas.columns) == polars.columns == list(arrays)


def test_every_table_is_read_by_every_library(load: Load) -> None:
    run = load("pandas")
    assert {"exponents", "losses", "curves", "features", "life"} <= set(run.tables)
    for name in run.tables:
        shapes = {load("pandas").table(name).shape, load("polars").table(name).shape}
        arrays = load("numpy").table(name)
        shapes.add((len(next(iter(arrays.values()))), len(arrays)))
        assert len(shapes) == 1, name
    # The mean of a count is none, and a count is one.
    losses = run.table("losses")
    assert losses["n_seeds"].dtype == losses["d_hidden"].dtype == np.int64
    assert run.table("decay")["dead_outputs"].dtype == np.float64
    assert run.table("features")["is_dead"].dtype == np.int64


def test_all_columns_have_a_meaning(trained: superpose.Run) -> None:
    for name in ["results", *trained.tables]:
        for column in trained.table(name).columns:
            assert trained.meaning(column, name), (name, column)
    assert trained.meaning("loss.test") == trained.meaning("loss.test", "results")
    assert "sum over features" in trained.meaning("loss.test")


def test_a_column_or_table_that_is_not_there_is_told_with_what_is_like_it(trained: superpose.Run) -> None:
    for ask, said in [
        (lambda: trained.meaning("los.test"), "there is no column `los.test`; did you mean `loss.test`"),
        (lambda: trained.meaning("loss", "result"), "there is no table `result`; did you mean `results`"),
        (
            lambda: trained.meaning("ci_lo", "exponents"),
            "there is no column `ci_lo` in `exponents`; did you mean `ci_low`",
        ),
        (lambda: trained.meaning("loss"), "what `loss` means depends on the table: table="),
        (lambda: trained.table("exponent"), "there is no table `exponent`; did you mean `exponents`"),
        (lambda: trained.figure("loss_by_with"), "there is no figure `loss_by_with`; did you mean `loss_by_width`"),
    ]:
        with pytest.raises(superpose.FieldError) as refused:
            ask()
        assert said in str(refused.value)
        assert isinstance(refused.value, KeyError) and isinstance(refused.value, superpose.Error)


def test_a_curve_has_steps_and_losses(load: Load) -> None:
    for library in frames.LIBRARIES:
        curve = load(library).curve(d_hidden=2, seed=1)
        assert list(curve["step"]) == [10, 20, 30, 40, 50]
        assert np.asarray(curve["step"]).dtype == np.int64 and np.asarray(curve["loss"]).dtype == np.float64


def test_curves_are_one_below_the_other_with_the_swept_fields(load: Load) -> None:
    curves = load("pandas").curves()
    assert list(curves.columns) == ["cell_id", "model.d_hidden", "train.seed", "step", "loss"]
    assert curves.shape == (20, 5) and curves.dtypes["train.seed"] == np.int64
    one = curves[(curves["model.d_hidden"] == 3) & (curves["train.seed"] == 1)]
    assert list(one["loss"]) == list(load("polars").curve(d_hidden=3, seed=1)["loss"])
    assert load("polars").curves(d_hidden=3).shape == (10, 5)
    assert len(load("numpy").curves({"train.seed": 0})["step"]) == 10


def test_gaps_are_kept_and_large_seeds_exact(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text(
        "train.seed,dead_outputs,loss.test,setting,cell_id,data.dependence.exclusive,train.weight_decay\n"
        '18446744073709551615,3,0.5,"a, ""b""",0000000000000001,true,-1\n'
        "0,,,,1234567890123456,,1\n"
    )
    table = columns.read(path, {})
    assert [column.kind for column in table] == [
        Kind.WHOLE,
        Kind.WHOLE,
        Kind.NUMBER,
        Kind.TEXT,
        Kind.TEXT,
        Kind.FLAG,
        Kind.NUMBER,
    ]
    arrays = frames.frame(table, "numpy")
    assert list(arrays["train.seed"]) == [2**64 - 1, 0] and arrays["train.seed"].dtype == np.uint64
    assert arrays["dead_outputs"][0] == 3 and np.isnan(arrays["dead_outputs"][1])
    assert list(arrays["setting"]) == ['a, "b"', ""] and arrays["cell_id"][0] == "0000000000000001"
    assert list(arrays["data.dependence.exclusive"]) == [True, None]
    pandas = frames.frame(table, "pandas")
    assert list(pandas.isna().sum()) == [0, 1, 1, 1, 0, 1, 0] and pandas["train.seed"][0] == 2**64 - 1
    polars = frames.frame(table, "polars")
    assert [polars[name].null_count() for name in polars.columns] == [0, 1, 1, 1, 0, 1, 0]
    assert polars["dead_outputs"].dtype == pl.Int64 and polars["train.seed"][0] == 2**64 - 1
    # A mean of counts is a number, and a table may be without rows.
    assert columns.of_text("dead_outputs", ["3"], "mean number of dead outputs").kind is Kind.NUMBER
    path.write_text("cell_id,loss\n")
    for library in frames.LIBRARIES:
        assert len(frames.frame(columns.read(path, {}), library)["loss"]) == 0


def test_a_library_that_is_not_there_is_asked_for_in_a_sentence(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="`frames` must be one of pandas, polars, numpy, got 'arrow'"):
        superpose.load(folder, frames="arrow")
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in ("pandas", "polars") else find(name))
    run = superpose.load(folder)
    assert run.weights(d_hidden=2, seed=0).W.shape == (20, 2)
    with pytest.raises(ImportError, match='`pip install pandas`, or load with frames="polars" or frames="numpy"'):
        _ = run.results
    with pytest.raises(ImportError, match="`pip install polars`"):
        _ = superpose.load(folder, frames="polars").results
    assert len(superpose.load(folder, frames="numpy").results["cell_id"]) == 4
