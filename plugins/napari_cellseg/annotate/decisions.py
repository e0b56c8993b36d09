"""Decisions on cells that were worth a look: kept beside the cells, and taken back one by one. Knows no window."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cellseg

ACCEPTED, MENDED = "accepted", "mended"


@dataclass(frozen=True, slots=True)
class ReviewPlace:
    """A cell worth a look in a plane."""

    plane: int
    found: cellseg.CellToReview

    @property
    def key(self) -> tuple[int, int]:
        return self.plane, self.found.cell


@dataclass(frozen=True, slots=True)
class Decision:
    """Decision on a cell."""

    plane: int
    cell: int
    decision: str
    """`ACCEPTED` or `MENDED`."""


class ReviewDecisions:
    """Decisions in the order in which they were made."""

    def __init__(self, file: Path | None) -> None:
        """`file` keeps them; None: nothing does."""
        self._file = file
        self._made: list[Decision] = list(_read(file))

    def __len__(self) -> int:
        return len(self._made)

    def next_of(self, places: Iterable[ReviewPlace]) -> ReviewPlace | None:
        """The first place of which nobody has decided."""
        known = {(made.plane, made.cell) for made in self._made}
        return next((place for place in places if place.key not in known), None)

    def add(self, place: ReviewPlace, decision: str) -> None:
        """Keep a decision."""
        self._made.append(Decision(*place.key, decision))
        self._write()

    def take_back(self) -> Decision | None:
        """Forget the last decision; it is returned."""
        last = self._made.pop() if self._made else None
        self._write()
        return last

    def _write(self) -> None:
        if self._file is None:
            return
        with suppress(OSError, cellseg.InputError), cellseg.complete_file(self._file) as temporary:
            temporary.write_text(json.dumps([asdict(made) for made in self._made]), encoding="utf-8")


def places_in(planes: Iterable[tuple[int, Any, Any, Sequence[Any]]]) -> Iterator[ReviewPlace]:
    """Cells worth a look, plane by plane.

    Args:
        planes: number, cells (H, W) with 0 where there is none, probability (H, W) or None, and the cells of the planes
            beside it, of each.
    """
    for plane, cells, probability, beside in planes:
        yield from (ReviewPlace(plane, found) for found in cellseg.review_cells(cells, probability, beside))


def _read(file: Path | None) -> Iterator[Decision]:
    """Decisions of an earlier window; none where the file is missing or damaged."""
    if file is not None:
        with suppress(OSError, ValueError, TypeError):
            yield from [Decision(**made) for made in json.loads(file.read_text(encoding="utf-8"))]
