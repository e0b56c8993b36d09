"""Label a plane: fill holes, find components, cut and spread them, leave out small ones, number the rest."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from cellseg.errors import InputError
from cellseg.inference.instances.blocks import Grid
from cellseg.inference.instances.components import label_block
from cellseg.inference.instances.grow import grown_block
from cellseg.inference.instances.numbering import number
from cellseg.inference.instances.plane import LabelledPlane, MaskReader, keep_blocks
from cellseg.inference.instances.rebuild import rebuild
from cellseg.inference.instances.split import split, windows
from cellseg.inference.instances.spread import spread_block
from cellseg.inference.instances.store import open_store
from cellseg.inference.instances.survey import Survey, survey
from cellseg.options import PredictOptions, Split
from cellseg.steps import finished, retold

T = TypeVar("T")

BLOCK = 512
"""Side of a block in pixels: a row of them over a plane of 32768 pixels takes 67 MB."""
CORE = 2
"""Value of a mask in the core of an instance, where cores are told from what only belongs to some cell (1)."""
HALO_ROWS = 1024
"""Rows of pixels that a pass over a labelled plane sees around a block or window, of usual cells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceOptions:
    """Steps from a mask to instances: holes filled, touching cells split, small ones removed, the rest grown."""

    cores: bool = False
    """Instances are the components of what is CORE in the mask, and spread over the rest of it."""

    fill_holes: int = 0
    """Holes of at most that many pixels are filled."""
    minimum_size: int = 0
    """Instances with fewer pixels are left out."""
    grow: int = 0
    """Pixels by which each instance grows where there is room; two that meet stay apart by name."""
    split: Split = "none"
    """watershed: components are cut at their necks, see `watershed`."""
    object_diameter: float = 0.0
    """Usual diameter of a cell in pixels, for the watershed; 0: each one's own."""


@dataclass(frozen=True, slots=True)
class LabelProgress:
    """Progress of the labelling of a plane: blocks done of all blocks; a block counts once a pass."""

    done: int
    total: int


def label_instances(
    foreground: NDArray[np.generic],
    minimum_size: int = 0,
    grow: int = 0,
    *,
    fill_holes: int = 0,
    split: Split = "none",
    object_diameter: float | None = None,
    cores: NDArray[np.bool_] | None = None,
) -> NDArray[np.uint32]:
    """Number the 4-connected components of a mask, or with `split` or `cores` the cells that touch in them.

    Args:
        foreground: (H, W), bool or anything that is not 0 where there is a cell; of several classes all are cells.
        minimum_size: instances with fewer pixels are left out, before they grow.
        grow: pixels by which each instance is grown where there is room; two that meet stay apart by name.
        fill_holes: holes of at most that many pixels are filled before, if they do not touch the image's edge.
        split: watershed = components are cut at their necks, see `watershed`.
        object_diameter: usual diameter of a cell in pixels, for the watershed; not given: each one's own.
        cores: (H, W), where a cell is sure: each component of it is one, and spreads over the mask around it, see
            `spread`; what has no core is left out.

    Returns:
        uint32 (H, W), 0 = background, 1..n in scan order of each instance's first pixel.

    Raises InputError for an option out of range or a mask that is not (H, W).
    """
    mask = np.asarray(foreground)
    if mask.ndim != 2:
        raise InputError(f"a mask of shape {mask.shape} was given", "Give one (H, W), and planes one by one.")
    asked = PredictOptions(
        minimum_size=minimum_size, fill_holes=fill_holes, split=split, object_diameter=object_diameter
    )
    options = InstanceOptions(
        fill_holes=fill_holes,
        minimum_size=minimum_size,
        grow=grow,
        split=asked.split or "none",
        object_diameter=asked.object_diameter or 0.0,
    )
    return label_as(mask, options, cores)


def label_as(
    mask: NDArray[np.generic], options: InstanceOptions, cores: NDArray[np.bool_] | None = None
) -> NDArray[np.uint32]:
    """`label_instances` of a mask (H, W) with options that were checked already."""
    height, width = mask.shape
    if cores is not None:
        mask, options = with_cores(mask, cores), replace(options, cores=True)
    one = max(height, width, 1)
    plane = label_plane(lambda y, x: mask[y, x], height, width, options=options, block=one)
    return plane.read(slice(None), slice(None))


def with_cores(mask: NDArray[np.generic], cores: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """The mask (H, W) as 0, 1 and CORE. Raises InputError where the shapes differ."""
    if cores.shape != mask.shape:
        raise InputError(f"the mask is {mask.shape}, its cores {cores.shape}", "Make them equal.")
    inside = np.asarray(mask != 0)
    levels: NDArray[np.uint8] = inside.astype(np.uint8) + (inside & (cores != 0))
    return levels


def label_plane(
    read: MaskReader,
    height: int,
    width: int,
    *,
    options: InstanceOptions = InstanceOptions(),
    scratch: Path | None = None,
    block: int = BLOCK,
) -> LabelledPlane:
    """`labelling` without the steps between."""
    return finished(labelling(read, height, width, options=options, scratch=scratch, block=block))


def labelling(
    read: MaskReader,
    height: int,
    width: int,
    *,
    options: InstanceOptions = InstanceOptions(),
    scratch: Path | None = None,
    block: int = BLOCK,
) -> Generator[LabelProgress, None, LabelledPlane]:
    """Label a plane block by block, to the same ids as `label_instances` of the whole mask, whatever the block.

    Args:
        read: gives rows, columns of the mask, (h, w); not 0 = cell; of several classes all are cells.
        height, width: of the plane in pixels.
        scratch: folder for what does not stay in memory; made where it is missing. What lies in it from an
            interrupted run is overwritten. Keep it as long as the plane is read. Without growth and cuts nothing
            is put there: blocks are labelled again when they are read, which is as fast as decompressing them.
        block: side of the blocks in pixels; memory grows with block * width.

    Yields progress after each block; returns the plane (`plane = yield from labelling(...)`).
    """
    grid = Grid(height, width, block)
    later = _LaterPasses(read, grid, options, scratch)
    total = len(grid) + sum(later.blocks)
    part = partial(label_block, read, holes=options.fill_holes > 0, core=CORE if options.cores else 0)
    label = keep_blocks(part, later.rows_for(later.cut, options.cores, options.grow) * grid.columns)
    found = yield from _counted(survey(label, grid, options.fill_holes, boxed=later.cut), 0, total)
    names, count = number(found.nodes, later.smallest_for(later.cut, options.cores))
    plane = LabelledPlane(grid, count, names, found.nodes.offsets, lambda box: label(box).labels)
    done = len(grid)
    for blocks, steps in zip(later.blocks, later.steps(found, names, count), strict=True):
        plane = yield from _counted(steps(plane), done, total)
        done += blocks
    return plane


Steps = Generator[None, None, LabelledPlane]
"""A pass over a plane: yields after each block, and returns the plane that it makes."""


@dataclass(frozen=True, slots=True, eq=False)
class _LaterPasses:
    """Passes over a labelled plane, in this order: cuts at the necks, cores that spread, growth; those asked for."""

    read: MaskReader
    grid: Grid
    options: InstanceOptions
    scratch: Path | None

    @property
    def cut(self) -> bool:
        return self.options.split == "watershed"

    @property
    def blocks(self) -> list[int]:
        """Number of blocks, or of windows, of each pass."""
        cuts = [len(windows(self.grid))] * self.cut
        return [*cuts, *[len(self.grid)] * (self.options.cores + bool(self.options.grow))]

    def rows_for(self, *following: object) -> int:
        """Rows of blocks that a pass keeps: those in sight of a pass that follows, if there is any."""
        return -(-HALO_ROWS // self.grid.block) + 1 if any(following) else 1

    def smallest_for(self, *following: object) -> int:
        """Size of the smallest instances that a pass leaves: only the last that changes sizes takes any away."""
        return 0 if any(following) else self.options.minimum_size

    def steps(self, found: Survey, names: NDArray[np.uint32], count: int) -> Iterator[Callable[[LabelledPlane], Steps]]:
        """The passes, each of which takes the plane that the one before gave."""
        if self.cut:
            yield partial(self._cut, boxes=found.instance_boxes(names, count))
        if self.options.cores:
            yield self._spread
        if self.options.grow:
            yield self._grow

    def _cut(self, plane: LabelledPlane, boxes: NDArray[np.int32]) -> Steps:
        cores, store = self.options.cores, open_store(self.scratch, "split", windows(self.grid))
        rows, smallest = self.rows_for(cores, self.options.grow), self.smallest_for(cores)
        return split(plane, boxes, self.options.object_diameter, store, minimum_size=smallest, rows=rows)

    def _spread(self, plane: LabelledPlane) -> Steps:
        spread, store = partial(spread_block, read=self.read), open_store(self.scratch, "spread", self.grid)
        rows = self.rows_for(self.options.grow)
        return rebuild(plane, self.grid, spread, store, minimum_size=self.options.minimum_size, rows=rows)

    def _grow(self, plane: LabelledPlane) -> Steps:
        render = partial(grown_block, grow=self.options.grow)
        return rebuild(plane, self.grid, render, open_store(self.scratch, "grown", self.grid))


def _counted(steps: Generator[None, None, T], before: int, total: int) -> Generator[LabelProgress, None, T]:
    numbers = count(before + 1)
    return (yield from retold(steps, lambda _: LabelProgress(next(numbers), total)))
