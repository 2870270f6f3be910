"""What a notebook shows of a run and its pictures."""

from __future__ import annotations

import pytest

import superpose
from superpose import figure, progress


def test_a_run_is_a_small_table(trained: superpose.Run) -> None:
    shown = trained._repr_html_()
    for part in ("tiny: 4 cells", "completed", "model.d_hidden", "2, 3", "train.seed", "0, 1"):
        assert part in shown
    assert len(shown) < 2000 and str(trained.path) not in shown


def test_pictures_are_shown_as_svg_and_large_ones_as_png(
    trained: superpose.Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert trained.report.is_file() and all(path.suffix == ".svg" and path.is_file() for path in trained.figures)
    picture = trained.figure("loss_by_width")
    assert picture.path in trained.figures and picture.svg.startswith("<svg")
    shown = picture._repr_mimebundle_()
    assert shown == {"image/svg+xml": picture.svg, "text/plain": "Figure('loss_by_width')"}
    monkeypatch.setattr(figure, "LARGEST_SVG", 10)
    shown = picture._repr_mimebundle_()
    assert "image/svg+xml" not in shown and bytes(shown["image/png"]).startswith(b"\x89PNG")


def test_the_output_of_a_notebook_is_written_over_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []

    class Handle:
        def update(self, bundle: dict[str, str], raw: bool) -> None:
            shown.append(bundle["text/plain"])

    def display(bundle: dict[str, str], raw: bool, display_id: bool) -> Handle:
        shown.append(bundle["text/plain"])
        return Handle()

    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    monkeypatch.setattr("IPython.display.display", display)
    output = progress.Notebook()
    for _ in range(8):
        now[0] += 0.25
        output.tick()
    assert shown == ["training … 0 s", "training … 1 s", "training … 2 s"]
    for done in range(1, 31):
        now[0] += 0.25
        output.line(f"{done}/40 d_hidden=3 seed={done} loss 3.100e-2 … 14 min left")
        output.tick()
    assert 9 <= len(shown) <= 11
    assert "████" in shown[-1] and "/40 d_hidden=3" in shown[-1] and len(shown[-1]) < 200
    now[0] += 2
    for number in range(5):
        output.line(f"note: {number} " + "long " * 100)
    output.end("tiny: 40 cells are trained")
    assert "… and 2 more notes" in shown[-1] and "tiny: 40 cells are trained" in shown[-1]
    assert len(shown[-1]) < 700
