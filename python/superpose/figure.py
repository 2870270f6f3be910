"""A picture of a run, which a notebook shows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

#: The largest SVG, in bytes, that goes into a notebook; of a larger one its PNG does, if there is one.
LARGEST_SVG = 300_000


@dataclass(frozen=True)
class Figure:
    """A picture: as the last value of a notebook's cell it is shown."""

    #: The SVG, whose dots say their setting, cell and value when a browser shows it; the PNG lies beside it.
    path: Path

    def __repr__(self) -> str:
        return f"Figure({self.path.stem!r})"

    @property
    def svg(self) -> str:
        """The SVG's text."""
        return self.path.read_text(encoding="utf-8")

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str | bytes]:
        """What a notebook shows: the SVG, or the PNG of one that would make the notebook large."""
        png = self.path.with_suffix(".png")
        if self.path.stat().st_size > LARGEST_SVG and png.is_file():
            return {"image/png": png.read_bytes(), "text/plain": repr(self)}
        return {"image/svg+xml": self.svg, "text/plain": repr(self)}
