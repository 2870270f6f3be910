"""What one sees of a training: bars on a terminal, one output that is written over in a notebook, lines elsewhere."""

from __future__ import annotations

import importlib
import os
import re
import sys
import time
from typing import Any, Protocol

#: What may be shown.
KINDS = ("auto", "bars", "lines", "notebook", "off")

#: A line of the program that says how far it is: so many cells of so many, and what it has to say of them.
_HOW_FAR = re.compile(r"(\d+)/(\d+) (.*)")
#: Seconds from one state of a notebook's output to the next.
_BREATH_S = 1.0
#: The longest line, in letters, and the most notes that a notebook keeps.
_LONGEST = 160
_MOST_NOTES = 3
_BAR = 24


class Progress(Protocol):
    """Where the lines of the program go."""

    def line(self, line: str) -> None:
        """It has said this."""

    def tick(self) -> None:
        """Some time has gone by."""

    def end(self, words: str) -> None:
        """The training is over, and this is what came of it."""


def chosen(kind: str) -> str:
    """What is shown here: one of `KINDS`, but not `auto`.

    Raises
    ------
    ValueError
        When it is none of them.
    """
    if kind not in KINDS:
        raise ValueError(f"`progress` must be one of {', '.join(KINDS)}, got {kind!r}")
    if kind != "auto":
        return kind
    if _in_notebook():
        return "notebook"
    return "bars" if _on_terminal() else "lines"


def _in_notebook() -> bool:
    """Whether this is the kernel of a notebook."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None


def _on_terminal() -> bool:
    """Whether what the program writes on standard error is seen on the terminal that Python's is seen on."""
    try:
        return sys.stderr.isatty() and os.isatty(2)
    except (AttributeError, OSError, ValueError):
        return False


class Lines:
    """Each line goes to standard error as it is."""

    def line(self, line: str) -> None:
        """Prints it."""
        print(line, file=sys.stderr, flush=True)

    def tick(self) -> None:
        """Nothing."""

    def end(self, words: str) -> None:
        """Nothing: a program that calls this reads what came of it."""


class Notebook:
    """One output, written over at most once a second; its last state stays, in a few lines."""

    def __init__(self) -> None:
        self._display: Any = importlib.import_module("IPython.display").display
        self._handle: Any = None
        self._begun = time.monotonic()
        #: How far it is, once something is known of that.
        self._state: str | None = None
        self._notes: list[str] = []
        self._shown_at = -_BREATH_S
        self._is_stale = True
        self.tick()

    def line(self, line: str) -> None:
        """Takes note of it, and shows it when it is time."""
        how_far = _HOW_FAR.fullmatch(line)
        if how_far is not None:
            done, all_cells = int(how_far[1]), int(how_far[2])
            full = _BAR * done // max(all_cells, 1)
            self._state = f"{'█' * full}{'░' * (_BAR - full)} {line}"
        else:
            self._notes.append(line)
        self._is_stale = True
        self.tick()

    def tick(self) -> None:
        """Shows what is new if the last time was a second ago; while nothing is known, the seconds."""
        if (self._is_stale or self._state is None) and time.monotonic() - self._shown_at >= _BREATH_S:
            self._show()

    def end(self, words: str) -> None:
        """Shows what came of it, instead of how far it is."""
        self._state = words
        self._show()

    def _show(self) -> None:
        notes = self._notes[:_MOST_NOTES]
        if len(self._notes) > _MOST_NOTES:
            notes.append(f"… and {len(self._notes) - _MOST_NOTES} more notes")
        state = self._state or f"training … {time.monotonic() - self._begun:.0f} s"
        text = "\n".join(line if len(line) <= _LONGEST else line[: _LONGEST - 2] + " …" for line in [*notes, state])
        bundle = {"text/plain": text}
        if self._handle is None:
            self._handle = self._display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)
        self._shown_at, self._is_stale = time.monotonic(), False
