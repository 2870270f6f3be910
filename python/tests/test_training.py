"""Training by the program: sweeps, overrides, errors, interrupts."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import superpose
from superpose import progress

Sweep = dict[str, Any]

#: One cell that takes seconds, in the place of the tiny ones.
LONG: Sweep = {
    "train": {"preset": "liu2025-small", "weight_decay": -1.0, "batch_size": 64, "steps": 100_000, "test_batches": 5},
    "sweep": {},
}


def test_a_mapping_a_text_and_a_file_are_the_same_sweep(tiny: Sweep, tmp_path: Path) -> None:
    from superpose import toml_text

    text = toml_text.document({"schema": 1, **tiny})
    file = tmp_path / "tiny.toml"
    file.write_text(text, encoding="utf-8")
    ids = set()
    for number, sweep in enumerate([tiny, text, file]):
        run = superpose.run(sweep, {"train.steps": 2}, out=tmp_path / str(number), progress="off")
        ids.add(tuple(cell.id for cell in run.cells()))
    assert len(ids) == 1


def test_overrides_replace_and_sweep(tiny: Sweep, tmp_path: Path) -> None:
    overrides = {
        "train.seed": np.arange(3),
        "model.d_hidden": 4,
        "train.steps": 3,
        "data.values": "constant",
        "train.weight_decay": {"linspace": [-1, 1, 2]},
    }
    run = superpose.run(
        tiny, overrides, out=tmp_path / "run", jobs=1, engine="reference", device="cpu", progress="off", frames="polars"
    )
    results = run.results
    assert (
        results.shape[0] == 6
        and set(results["engine"]) == {"reference"}
        and set(results["data.values"]) == {"constant"}
    )
    assert sorted(set(results["train.weight_decay"])) == [-1.0, 1.0] and set(results["model.d_hidden"]) == {4}


def test_results_go_to_runs_unless_told(tiny: Sweep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run = superpose.run(tiny, {"train.steps": 2}, progress="off")
    assert run.path == tmp_path / "runs" / "tiny" and run.name == "tiny"
    assert repr(run) == f"Run({os.path.join('runs', 'tiny')!r}: 4 cells, 4 completed)"
    # It stays what it is where the interpreter goes elsewhere.
    monkeypatch.chdir("/")
    assert len(run.cells()) == 4 and run.report.is_file()


def test_what_the_program_refuses_is_said_in_its_words(
    tiny: Sweep, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for sweep, overrides, said in [
        (tiny, {"train.sed": 1}, "did you mean `seed`"),
        (tiny, {"model.d_hidden": [0]}, "d_hidden"),
        ({**tiny, "name": "../up"}, None, "`name` must be"),
        ("no_such_sweep.toml", None, "no_such_sweep"),
    ]:
        with pytest.raises(superpose.Error) as refused:
            superpose.run(sweep, overrides, out=tmp_path / "refused", progress="off")
        assert said in str(refused.value) and not str(refused.value).startswith(("error", "-")), refused.value
    # What is raised is not printed, too.
    assert capfd.readouterr().err == ""
    with pytest.raises(superpose.Error, match="quantum"):
        superpose.run(tiny, engine="quantum", out=tmp_path / "refused", progress="off")
    with pytest.raises(ValueError, match="`progress` must be one of auto, bars, lines, notebook, off, got 'dots'"):
        superpose.run(tiny, progress="dots")
    with pytest.raises(ValueError, match="`frames` must be"):
        superpose.run(tiny, frames="arrow")
    with pytest.raises(TypeError, match="`train.seed` must be"):
        superpose.run(tiny, {"train.seed": None})
    assert not (tmp_path / "refused").exists()


def test_lines_go_to_standard_error(tiny: Sweep, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    superpose.run(tiny, {"train.steps": 3}, out=tmp_path / "run")
    said = capsys.readouterr()
    assert "4/4 d_hidden=" in said.err and said.out == ""


def test_cells_that_diverge_are_a_warning(tiny: Sweep, tmp_path: Path) -> None:
    tiny["sweep"] = {"train.learning_rate": [0.01, 1e30], "train.seed": [0, 1]}
    out = tmp_path / "run"
    with pytest.warns(superpose.DivergedWarning, match=r"2 of 4 cells diverged or failed: .*retry_failed=True") as told:
        run = superpose.run(tiny, out=out, progress="off")
    assert told[0].filename == __file__
    assert "2 completed, 2 diverged" in repr(run) and "diverged" in run._repr_html_()
    lost = run.cells(learning_rate=1e30)
    assert [cell.outcome for cell in lost] == ["diverged", "diverged"]
    for ask in (lost[0].weights, lost[0].snapshots):
        with pytest.raises(superpose.CellError, match="it diverged at step"):
            ask()
    assert run.results["dead_outputs"].isna().sum() == 2 and len(run.curves()) >= 10
    when = (lost[0].path / "record.json").stat().st_mtime_ns
    with pytest.warns(superpose.DivergedWarning):
        superpose.run(tiny, out=out, retry_failed=True, progress="off")
    assert (lost[0].path / "record.json").stat().st_mtime_ns > when
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        superpose.run(tiny, {"train.learning_rate": 0.01}, out=tmp_path / "well", progress="off")


def test_a_fresh_run_moves_the_old_one_aside(tiny: Sweep, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for fresh in (False, True):
        superpose.run(tiny, {"train.steps": 2}, out=tmp_path / "runs" / "tiny", fresh=fresh, progress="lines")
    assert "the older run is now in" in capsys.readouterr().err
    assert len(list((tmp_path / "runs").iterdir())) == 2


@pytest.mark.skipif(os.name == "nt", reason="Windows has no interrupt that a program can be sent alone")
def test_an_interrupted_training_goes_on(tiny: Sweep, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sweep = {**tiny, **LONG}
    out = tmp_path / "long"

    def interrupt() -> None:
        # When somebody trains a cell, whose id is that of a lease.
        while not list(out.glob("leases/" + "[0-9a-f]" * 16 + ".lease")):
            time.sleep(0.05)
        time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(KeyboardInterrupt) as stopped:
        superpose.run(sweep, out=out, progress="off")
    how_far = "stopped by SIGINT: 0 of 1 cells are finished, 1 is in the middle"
    assert str(stopped.value) == f"{how_far}; the same superpose.run goes on from there"
    status = superpose.load(out).status()
    assert status["counts"]["missing"] == 1 and status["n_begun"] == 1
    # What is in the middle goes on from its checkpoint, and ends as one that never stopped.
    superpose.run(sweep, out=out, progress="lines")
    assert "goes on from step" in capsys.readouterr().err
    assert superpose.load(out).status()["counts"]["completed"] == 1


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such terminals")
def test_an_interrupt_from_a_terminal_is_heard_once(tiny: Sweep, tmp_path: Path) -> None:
    import pty

    # On a terminal it goes to all that are in the foreground; a program that hears two ends without a checkpoint.
    script = "import json, superpose, sys; superpose.run(json.loads(sys.argv[1]), out=sys.argv[2])"
    out = tmp_path / "long"
    arguments = [sys.executable, "-c", script, json.dumps({**tiny, **LONG}), str(out)]
    child, terminal = pty.fork()
    if child == 0:
        os.execv(sys.executable, arguments)
    said, is_asked, begun = b"", False, time.monotonic()
    while time.monotonic() - begun < 60:
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                said += os.read(terminal, 65536)
            except OSError:
                break
        if not is_asked and b"steps/s" in said:
            os.write(terminal, b"\x03")
            is_asked = True
    os.close(terminal)
    os.waitpid(child, 0)
    text = said.decode()
    assert "KeyboardInterrupt" in text and "stopped by SIGINT" in text, text[-2000:]
    assert superpose.load(out).status()["n_begun"] == 1


def test_the_status_is_that_of_the_program(trained: superpose.Run) -> None:
    status = trained.status()
    assert status["name"] == "tiny" and status["counts"]["completed"] == 4


def test_the_program_is_found_or_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = superpose.binary()
    assert found.is_file()
    monkeypatch.setenv("SUPERPOSE_BINARY", str(tmp_path / "none"))
    with pytest.raises(FileNotFoundError, match="`SUPERPOSE_BINARY` must be the path of the program superpose"):
        superpose.binary()
    monkeypatch.delenv("SUPERPOSE_BINARY")
    monkeypatch.setattr("superpose.program._script_folders", lambda: [tmp_path])
    monkeypatch.setenv("PATH", "")
    with pytest.raises(FileNotFoundError, match="the wheel of this package brings it"):
        superpose.binary()
    other = tmp_path / found.name if found.name.startswith("superpose") else tmp_path / "superpose"
    other.touch(mode=0o755)
    assert superpose.binary() == other


def test_the_package_is_the_program_on_the_command_line(tmp_path: Path) -> None:
    said = subprocess.run([sys.executable, "-m", "superpose", "--version"], capture_output=True, text=True, check=True)
    assert said.stdout.startswith("superpose ")
    refused = subprocess.run(
        [sys.executable, "-m", "superpose", "status", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert refused.returncode == 1 and "error: " in refused.stderr


def test_progress_is_chosen_by_where_it_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    assert progress.chosen("auto") == "lines" and progress.chosen("bars") == "bars"
    monkeypatch.setattr(progress, "_on_terminal", lambda: True)
    assert progress.chosen("auto") == "bars"
    monkeypatch.setattr(progress, "_in_notebook", lambda: True)
    assert progress.chosen("auto") == "notebook"
