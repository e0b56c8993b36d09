"""The passes that label a plane: components, cuts at the necks, cores that spread, growth.

Each is work on single blocks, whose results are small tables, and a plane that is made of these. The work on a block
needs nothing but the plane of the pass before, so any process may do it, in any order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from cellseg.inference.instances.blocks import Grid
from cellseg.inference.instances.components import label_block
from cellseg.inference.instances.grow import grown_block
from cellseg.inference.instances.instance_options import InstanceOptions, Least
from cellseg.inference.instances.plane import LabelledPlane, MaskReader, keep_blocks
from cellseg.inference.instances.rebuild import KeysOfPlane, Render, rebuilt_block
from cellseg.inference.instances.split import cut_window, windows
from cellseg.inference.instances.spread import spread_block
from cellseg.inference.instances.store import store_in
from cellseg.inference.instances.survey import PiecesOfPlane, pieces_of
from cellseg.inference.tiling import Box

HALO_ROWS = 1024
"""Rows of pixels that a pass over a labelled plane sees around a block or window, of usual cells."""


class Tables(Protocol):
    """Tables of the blocks of a plane."""

    def add(self, table: Any, /) -> None:
        """Add that of the next block, in scan order."""
        ...

    def plane(self) -> LabelledPlane:
        """The plane, when the last one was added."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Pass:
    """A pass over the blocks of a plane."""

    name: str
    grid: Grid
    begin: Callable[[], None]
    """Makes room for what blocks put away; called once, before any process works on one."""
    work: Callable[[LabelledPlane | None, Box], Any]
    """The table of a block, made of the plane of the pass before; the first pass needs none."""
    tables: Callable[[], Tables]
    """An empty collection of tables."""
    labels: Callable[[Box], NDArray[np.int32]]
    """Labels of a block after the pass, see `LabelledPlane.local`."""


@dataclass(frozen=True, slots=True, eq=False)
class _Passes:
    """Common ground of the passes of a plane: options that say which there are, and what each leaves to the next."""

    read: MaskReader
    grid: Grid
    options: InstanceOptions
    scratch: Path | None

    def rows_for(self, *following: object) -> int:
        """Rows of blocks that a pass keeps: those in sight of a pass that follows, if there is any."""
        return -(-HALO_ROWS // self.grid.block) + 1 if any(following) else 1

    def least_for(self, *following: object) -> Least:
        """Least that the instances have which a pass leaves: only the last that changes sizes takes any away."""
        return Least() if any(following) else Least(self.options.minimum_size, self.options.sure)

    def components(self, cut: bool) -> Pass:
        """Labels are not put away: a block is labelled again when it is read, as fast as it is decompressed."""
        options, grid = self.options, self.grid
        least = self.least_for(cut, options.cores)
        holes = options.fill_holes > 0
        label = partial(label_block, self.read, holes=holes, cores=options.cores, sure=least.sure)
        kept = keep_blocks(label, self.rows_for(cut, options.cores, options.grow) * grid.columns)
        labels = _LabelsOf(kept)

        def work(_before: LabelledPlane | None, box: Box) -> Any:
            return pieces_of(grid, box, kept(box), options.fill_holes, cut)

        tables = partial(PiecesOfPlane, grid, options.fill_holes, least, cut, labels)
        return Pass("components", grid, lambda: None, work, tables, labels)

    def later(self, name: str, render: Render, grid: Grid, least: Least, rows: int) -> Pass:
        """A pass that renders the blocks of `grid` anew, and puts their labels away."""
        store = store_in(self.scratch, name, grid)
        labels = keep_blocks(store.get, rows * grid.columns)

        def work(before: LabelledPlane | None, box: Box) -> Any:
            assert before is not None
            return rebuilt_block(before, grid, box, render, store, self.read if least.sure else None)

        return Pass(name, grid, store.begin, work, partial(KeysOfPlane, grid, least, labels), labels)


@dataclass(frozen=True, slots=True, eq=False)
class _LabelsOf:
    """The labels of blocks that are kept with more."""

    kept: Any

    def __call__(self, box: Box) -> NDArray[np.int32]:
        labels: NDArray[np.int32] = self.kept(box).labels
        return labels

    def cache_clear(self) -> None:
        """Forget them."""
        self.kept.cache_clear()


def passes_over(
    read: MaskReader, grid: Grid, options: InstanceOptions, scratch: Path | None = None
) -> tuple[Pass, ...]:
    """The passes that label a plane, those asked for, in their order.

    Args:
        read: gives rows, columns of the mask, see `labelling`.
        grid: the blocks of the plane.
        options: what is asked for.
        scratch: folder for what does not stay in memory, one for all processes; in memory it is of use to one alone.
    """
    make, cores, grow = _Passes(read, grid, options, scratch), options.cores, options.grow
    cut = options.split == "watershed"
    found = [make.components(cut)]
    if cut:
        render: Render = partial(cut_window, diameter=options.object_diameter)
        found.append(make.later("split", render, windows(grid), make.least_for(cores), make.rows_for(cores, grow)))
    if cores:
        render = partial(spread_block, read=read)
        found.append(make.later("spread", render, grid, make.least_for(), make.rows_for(grow)))
    if grow:
        found.append(make.later("grown", partial(grown_block, grow=grow), grid, Least(), 1))
    return tuple(found)
