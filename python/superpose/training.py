"""Training: a sweep goes to the program, its progress to where it is seen, and what came of it is a `Run`."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Mapping
from typing import IO, Any

from superpose import toml_text
from superpose.errors import DivergedWarning, Error
from superpose.folder import Run, load
from superpose.frames import checked
from superpose.program import binary, complaint
from superpose.progress import Lines, Notebook, Progress, chosen

#: Exit codes with which a run has results: all is well, or some cells diverged or failed.
_TRAINED = (0, 3)
#: Seconds between two looks at a training that says nothing.
_TICK_S = 0.25
#: Lost cells that a warning names.
_NAMED = 5


def run(
    sweep: str | os.PathLike[str] | Mapping[str, object],
    overrides: Mapping[str, object] | None = None,
    *,
    out: str | os.PathLike[str] | None = None,
    device: str | None = None,
    jobs: int | None = None,
    engine: str | None = None,
    progress: str = "auto",
    fresh: bool = False,
    retry_failed: bool = False,
    frames: str | None = None,
) -> Run:
    """Trains the cells of a sweep that are not trained yet, and returns the run with its tables and pictures.

    `sweep` is the path of a sweep file, the name of one that the program has, its text (if it has several lines), or
    what would be in it: `{"name": "toy", "model": {…}, "sweep": {"train.seed": [0, 1]}}`. `overrides` replaces fields,
    or sweeps them: `{"train.steps": 500, "train.seed": [0, 1]}`.

    `out` is the folder (else `runs/` and the name of the sweep); `device`, `engine` (`auto`, `gram`, `reference`) and
    `jobs`, the number of cells at a time, are as on the command line. `fresh` moves an older run out of the way,
    `retry_failed` trains cells again that diverged or failed. `progress` is `auto`, `bars`, `lines`, `notebook` or
    `off`. `frames` is as for `superpose.load`.

    An interrupt lets the program write where each cell is; the same call goes on from there.

    Raises
    ------
    Error
        When the program refuses the sweep or cannot go on, with what it says.
    KeyboardInterrupt
        When it was interrupted, with how far it was.
    TypeError, ValueError
        When an argument is of a type that TOML does not have, or none of those that are allowed.
    FileNotFoundError
        When there is no program.

    Warns
    -----
    DivergedWarning
        When some cells diverged or failed.
    """
    checked(frames)
    shown = chosen(progress)
    source, text = _source(sweep)
    arguments = [str(binary()), "run", source, "--json", "--progress", "lines" if shown == "notebook" else shown]
    for name, value in (overrides or {}).items():
        arguments += ["--set", f"{name}={toml_text.value(value, name)}"]
    for option, given in {"--out": out, "--device": device, "--jobs": jobs, "--engine": engine}.items():
        if given is not None:
            arguments += [option, os.fspath(given) if isinstance(given, os.PathLike) else str(given)]
    arguments += ["--fresh"] * fresh + ["--retry-failed"] * retry_failed
    ended = _Training(arguments, text, shown).ended()
    said = json.loads(ended.answer) if ended.answer.strip() else {}
    if ended.is_interrupted:
        raise KeyboardInterrupt(_how_far(ended.said))
    if ended.code not in _TRAINED or not said:
        if shown == "bars":
            raise Error(f"`superpose run` ended with exit code {ended.code}; what it said stands above")
        # A sweep that came by standard input has no name.
        raise Error(complaint(ended.said, ended.code, "run").removeprefix("-: "))
    if said["lost_cells"]:
        warnings.warn(_lost(said), DivergedWarning, stacklevel=2)
    return load(said["folder"], frames)


def _source(sweep: str | os.PathLike[str] | Mapping[str, object]) -> tuple[str, str | None]:
    """What stands for the sweep on the command line, and what goes to standard input."""
    if isinstance(sweep, Mapping):
        # The only format that there is.
        return "-", toml_text.document({"schema": 1, **sweep})
    if isinstance(sweep, str) and "\n" in sweep:
        return "-", sweep
    return os.fspath(sweep), None


def _how_far(said: list[str]) -> str:
    """How far an interrupted training was, in the words of the program, and how it goes on."""
    before = [line.rpartition("; the same command")[0] for line in said if line.startswith("stopped by ")]
    return f"{before[-1] if before else 'stopped'}; the same superpose.run goes on from there"


def _lost(said: Mapping[str, Any]) -> str:
    """Which cells diverged or failed."""
    lost = said["lost_cells"]
    n_cells = said["completed"] + said["diverged_or_failed"] + said["missing"]
    cells = "; ".join(f"{cell['cell_id']} ({cell['settings']}) {cell['said']}" for cell in lost[:_NAMED])
    more = f"; and {len(lost) - _NAMED} more" if len(lost) > _NAMED else ""
    return f"{len(lost)} of {n_cells} cells diverged or failed: {cells}{more}; retry_failed=True trains them again"


class _Training:
    """The program at work."""

    def __init__(self, arguments: list[str], text: str | None, shown: str) -> None:
        self.said: list[str] = []
        self.code = 0
        self.answer = ""
        self.is_interrupted = False
        self._is_last_word = False
        self._begun = time.monotonic()
        # What it prints may be more than a pipe holds while nobody reads, and so may a sweep.
        self._output = tempfile.TemporaryFile("w+", encoding="utf-8")
        self._input = tempfile.TemporaryFile("w+", encoding="utf-8")
        self._input.write(text or "")
        self._input.seek(0)
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._progress: Progress = Notebook() if shown == "notebook" else Lines()
        self._child = subprocess.Popen(
            arguments,
            stdin=self._input,
            stdout=self._output,
            stderr=None if shown == "bars" else subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            **_apart(),
        )
        if self._child.stderr is None:
            self._lines.put(None)
        else:
            threading.Thread(target=self._read, args=(self._child.stderr,), daemon=True).start()

    def _read(self, lines: IO[str]) -> None:
        """Hands on what it says, line by line; None at the end."""
        with lines:
            for line in lines:
                self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def ended(self) -> _Training:
        """Waits for its end, which an interrupt asks it for, and returns itself."""
        try:
            while True:
                try:
                    self._follow()
                    self.code = self._child.wait()
                    break
                except KeyboardInterrupt:
                    self._interrupt()
        finally:
            if self._child.poll() is None:
                self._child.terminate()
                self._child.wait()
            self._output.seek(0)
            self.answer = self._output.read()
            self._output.close()
            self._input.close()
        self._progress.end(self._what_came())
        return self

    def _follow(self) -> None:
        """Passes on what it says, until it says no more."""
        while True:
            try:
                line = self._lines.get(timeout=_TICK_S)
            except queue.Empty:
                self._progress.tick()
                continue
            if line is None:
                # Once more, should an interrupt come before it is waited for.
                self._lines.put(None)
                return
            self.said.append(line)
            # What is wrong is raised, and how the command goes on is of no use here: `_how_far` says it.
            self._is_last_word |= line.startswith(("error: ", "stopped by "))
            if not self._is_last_word:
                self._progress.line(line)

    def _interrupt(self) -> None:
        """Asks it to end in order; the second time, it ends at once."""
        self.is_interrupted = True
        if self._child.poll() is None:
            if os.name == "nt":
                self._child.terminate()
            else:
                self._child.send_signal(signal.SIGINT)

    def _what_came(self) -> str:
        """What came of it, for a notebook."""
        took = f"{time.monotonic() - self._begun:.0f} s"
        if self.is_interrupted:
            return _how_far(self.said)
        if self.code not in _TRAINED or not self.answer.strip():
            return f"ended after {took}"
        said = json.loads(self.answer)
        lost = f", {said['diverged_or_failed']} diverged or failed" if said["diverged_or_failed"] else ""
        return f"{said['name']}: {said['completed']} cells are trained{lost}; {took}; {said['folder']}"


def _apart() -> dict[str, Any]:
    """What keeps an interrupt of this process from the program, which would hear it twice and end at once."""
    if os.name == "nt":
        return {}
    return {"process_group": 0} if sys.version_info >= (3, 11) else {"start_new_session": True}
