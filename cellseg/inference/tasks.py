"""Tasks of numbering and writing: numbered units of work on finished tiles, which any process may do, in any order.

What units make is small and goes back to who asked, or lies in a folder that all processes see; each unit needs only
what the tasks before it have made. One process does the same work without them, see `assemble`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Protocol

from numpy.typing import NDArray

from cellseg.images.layout import ResultLayout
from cellseg.images.omezarr.parts import rounds, write_part
from cellseg.inference.cell_classes import CellPixels, pixels_in
from cellseg.inference.cut import instance_options
from cellseg.inference.finished import FinishedTiles
from cellseg.inference.instances import LabelledPlane, Pass, passes_over, plane_grid, shared_in
from cellseg.inference.instances.blocks import Grid
from cellseg.inference.instances.plane import saved_plane
from cellseg.options import PredictOptions

ReadRegion = Callable[[int, int, slice, slice], NDArray[Any]]
"""(plane, channel, rows, columns) -> pixels (h, w) of a result."""


class Task(Protocol):
    """Work in numbered units; it travels to other processes, so its paths are absolute."""

    @property
    def pixels(self) -> int:
        """Pixels of a unit, about."""
        ...

    def begun(self, finished: FinishedTiles) -> Callable[[int], Any]:
        """The work on a unit by its number, on finished tiles that were opened."""
        ...


Executor = Callable[[Task, int], Iterator[Any]]
"""Has so many units of a task done by several processes. Gives their results in order; None: there is none yet."""


@dataclass(frozen=True, slots=True)
class PlaneTables:
    """The labelled planes of a prediction on the way through their passes, for any process.

    Attributes:
        folder: where their tables and labels lie.
        options: of the prediction.
    """

    folder: Path
    options: PredictOptions

    def passes(self, finished: FinishedTiles, number: int) -> tuple[Pass, ...]:
        """The passes over a plane."""
        source, settings = finished.seen.own, instance_options(finished.seen.model.card, self.options)
        mask, grid = partial(finished.mask, self.options, number), plane_grid(source.height, source.width)
        return passes_over(mask, grid, settings, self.folder / str(number))

    def save(self, planes: list[LabelledPlane], stage: str) -> None:
        """Write the tables of planes as they are before a stage."""
        for number, plane in enumerate(planes):
            plane.save(self._place(number, stage))

    def saved(self, number: int, stage: str, made_by: Pass) -> LabelledPlane:
        """A plane as it is before a stage, after the last pass over it."""
        return saved_plane(self._place(number, stage), made_by.grid, made_by.labels)

    def last(self, finished: FinishedTiles, stage: str) -> Callable[[int], LabelledPlane]:
        """Planes by their numbers, after all passes; of the last ones it remembers blocks."""
        return lru_cache(2)(lambda number: self.saved(number, stage, self.passes(finished, number)[-1]))

    def _place(self, number: int, stage: str) -> Path:
        return self.folder / str(number) / f"before-{stage}"


@dataclass(frozen=True, slots=True)
class _OverBlocks:
    """A task whose units are the blocks of a row of planes."""

    planes: PlaneTables
    grid: Grid
    """The blocks of each plane."""

    @property
    def pixels(self) -> int:
        """Pixels of a unit, about."""
        return self.grid.block**2

    def place_of(self, unit: int) -> tuple[int, int]:
        """Number of a unit's plane in the row, and of its block."""
        return divmod(unit, len(self.grid))


@dataclass(frozen=True, slots=True)
class PassOverBlocks(_OverBlocks):
    """A pass over all planes; a unit's result is the table of its block."""

    name: str

    def begun(self, finished: FinishedTiles) -> Callable[[int], Any]:
        """The work on a unit."""
        opened = lru_cache(1)(partial(self._opened, finished))

        def work(unit: int) -> Any:
            number, block = self.place_of(unit)
            one, before = opened(number)
            return one.work(before, one.grid[block])

        return work

    def _opened(self, finished: FinishedTiles, number: int) -> tuple[Pass, LabelledPlane | None]:
        passes = self.planes.passes(finished, number)
        at = [one.name for one in passes].index(self.name)
        return passes[at], self.planes.saved(number, self.name, passes[at - 1]) if at else None


@dataclass(frozen=True, slots=True)
class ShareBlocks(_OverBlocks):
    """The comparison of planes with the ones before them; a unit's result is the overlaps in its block."""

    length: int
    """Planes in a row; the first of each has none before it."""

    def begun(self, finished: FinishedTiles) -> Callable[[int], Any]:
        """The work on a unit."""
        opened = self.planes.last(finished, "linking")

        def work(unit: int) -> Any:
            number, block = self.place_of(unit)
            row, place = divmod(number, self.length - 1)
            before, after = (opened(row * self.length + place + step) for step in (0, 1))
            return shared_in(before, after, after.grid[block])

        return work


@dataclass(frozen=True, slots=True)
class CountClasses(_OverBlocks):
    """The classes of cells; a unit's result is the pixels of each class in each cell of its block."""

    def begun(self, finished: FinishedTiles) -> Callable[[int], Any]:
        """The work on a unit."""
        opened = self.planes.last(finished, "writing")

        def work(unit: int) -> CellPixels:
            number, block = self.place_of(unit)
            plane = opened(number)
            return pixels_in(finished, plane, number, plane.grid[block], self.planes.options)

        return work


@dataclass(frozen=True, slots=True)
class WriteParts:
    """The writing of a result as OME-Zarr, one round of it; a unit is whole shards, see `ZarrPart`."""

    planes: PlaneTables
    layout: ResultLayout
    folder: Path
    """Where the result was begun."""
    round: int

    @property
    def pixels(self) -> int:
        """Pixels of a unit, about."""
        return rounds(self.layout)[self.round][0].pixels

    def begun(self, finished: FinishedTiles) -> Callable[[int], Any]:
        """The work on a unit."""
        parts, read = rounds(self.layout)[self.round], self._reader(finished)

        def sheet(number: int, rows: slice, columns: slice) -> NDArray[Any]:
            return read(*divmod(number, self.layout.channels), rows, columns)

        def work(unit: int) -> bool:
            write_part(self.folder, self.layout, parts[unit], sheet)
            return True

        return work

    def _reader(self, finished: FinishedTiles) -> ReadRegion:
        if self.planes.options.result != "instances":
            return partial(finished.written, self.planes.options)
        opened = self.planes.last(finished, "writing")
        return lambda plane, _channel, rows, columns: opened(plane).read(rows, columns)
