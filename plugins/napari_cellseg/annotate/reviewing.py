"""Leads from one cell that is worth a look to the next, in the annotation or the result in hand."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import cellseg
from napari_cellseg.annotate.box import PlaneBox
from napari_cellseg.annotate.decisions import ACCEPTED, MENDED, ReviewDecisions, ReviewPlace, places_in
from napari_cellseg.annotate.layer import AnnotatedLayer
from napari_cellseg.children.tasks import Tasks
from napari_cellseg.project.store import LabelStore

NOTHING = "Nothing more is worth a look."
Show = Callable[[ReviewPlace | None], None]


class Reviewing:
    """One queue for each layer; a step forward accepts what was shown, or notes that it was mended."""

    def __init__(self, tasks: Tasks, failed: Callable[[str], None]) -> None:
        self._tasks, self._failed = tasks, failed
        self._target: AnnotatedLayer | None = None
        self._decisions = ReviewDecisions(None)
        self._shown: tuple[ReviewPlace, Any] | None = None
        """What is looked at, and its pixels as they were."""
        self._busy = False

    def step(self, target: AnnotatedLayer, plane: int, probability: Any, show: Show) -> None:
        """Decide on what is shown, and look for the next one from a plane on.

        Args:
            target: in hand.
            plane: that is seen.
            probability: (..., H, W) 0 to 255 or 0 to 1 of the target's shape; None where there is none.
            show: is given the next place, None where there is no other.
        """
        if self._busy:
            return
        self._take(target)
        self._decide()
        self._busy = True
        look = partial(_first, self._decisions, target, plane, probability)
        self._tasks.run(look, partial(self._on_found, target, show), self._on_failed)

    def back(self, target: AnnotatedLayer) -> tuple[int, int]:
        """Take the last decision back; plane and number of its cell.

        Raises:
            InputError: nothing was decided.
        """
        self._take(target)
        last = self._decisions.take_back()
        if last is None:
            raise cellseg.InputError("nothing was decided yet", "Q leads to cells that are worth a look.")
        self._shown = None
        return last.plane, last.cell

    @property
    def decided(self) -> int:
        """Number of decisions."""
        return len(self._decisions)

    def _take(self, target: AnnotatedLayer) -> None:
        if target is not self._target:
            self._target, self._shown = target, None
            self._decisions = ReviewDecisions(_file_of(target.layer.data))

    def _decide(self) -> None:
        if self._shown is not None and self._target is not None:
            place, before = self._shown
            same = np.array_equal(before, _pixels(self._target, place))
            self._decisions.add(place, ACCEPTED if same else MENDED)
            self._shown = None

    def _on_found(self, target: AnnotatedLayer, show: Show, place: ReviewPlace | None) -> None:
        self._busy = False
        if target is self._target:
            self._shown = None if place is None else (place, _pixels(target, place))
            show(place)

    def _on_failed(self, words: str) -> None:
        self._busy = False
        self._failed(words)


def box_of_place(place: ReviewPlace) -> PlaneBox:
    """Window of a place."""
    return PlaneBox(*place.found.box)


def _pixels(target: AnnotatedLayer, place: ReviewPlace) -> Any:
    return target.read(place.plane, box_of_place(place)).copy()


def _first(decisions: ReviewDecisions, target: AnnotatedLayer, plane: int, probability: Any) -> ReviewPlace | None:
    """The first place of which nobody has decided, in the plane that is seen, then in those after and before it."""
    planes = chain(range(plane, target.shape[0]), range(plane))
    cells = lru_cache(3)(partial(_cells, target))  # a plane is also beside the next and the one before
    return decisions.next_of(
        places_in(
            (number, cells(number), _probability(target, number, probability), [*map(cells, _beside(target, number))])
            for number in planes
        )
    )


def _cells(target: AnnotatedLayer, plane: int) -> NDArray[np.int64]:
    values = np.asarray(target.whole(plane))
    return np.where(values >= target.code.first_cell, values, 0).astype(np.int64)


def _beside(target: AnnotatedLayer, plane: int) -> list[int]:
    """Planes before and after, of the same stack."""
    planes = [number for number in (plane - 1, plane + 1) if 0 <= number < target.shape[0]]
    return [number for number in planes if target.leading(number)[:-1] == target.leading(plane)[:-1]]


def _probability(target: AnnotatedLayer, plane: int, probability: Any) -> Any:
    if probability is None:
        return None
    known = np.asarray(probability[target.leading(plane)], np.float32)
    return known / 255 if known.max() > 1 else known


def _file_of(data: Any) -> Path | None:
    """File of the decisions on cells that are kept on disk."""
    return data.folder.with_name(f"{data.folder.name}.review.json") if isinstance(data, LabelStore) else None


def words_of_place(place: ReviewPlace | None, decided: int) -> str:
    """Sentence on a place."""
    if place is None:
        return f"{NOTHING} {decided} looked at."
    return f"Cell {place.found.cell}: {', '.join(place.found.reasons)}. Mend it or not, then Q; Shift+Q goes back."
