"""Label a plane: fill holes, find components, cut and spread them, leave out small ones, number the rest."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from cellseg.errors import InputError
from cellseg.inference.instances.blocks import Grid
from cellseg.inference.instances.instance_options import CELL, CORE, SURE, InstanceOptions
from cellseg.inference.instances.passes import Pass, passes_over
from cellseg.inference.instances.plane import LabelledPlane, MaskReader
from cellseg.options import PredictOptions, Split
from cellseg.steps import finished

BLOCK = 512
"""Side of a block in pixels: a row of them over a plane of 32768 pixels takes 67 MB."""


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
    mask: NDArray[np.generic],
    options: InstanceOptions,
    cores: NDArray[np.bool_] | None = None,
    sure: NDArray[np.bool_] | None = None,
) -> NDArray[np.uint32]:
    """`label_instances` of a mask (H, W) with options that were checked already; `sure` says where it is SURE."""
    height, width = mask.shape
    if cores is not None or sure is not None:
        mask, options = levels_of(mask, cores, sure), replace(options, cores=cores is not None, sure=sure is not None)
    one = max(height, width, 1)
    plane = label_plane(lambda y, x: mask[y, x], height, width, options=options, block=one)
    return plane.read(slice(None), slice(None))


def levels_of(
    mask: NDArray[np.generic], cores: NDArray[np.bool_] | None, sure: NDArray[np.bool_] | None
) -> NDArray[np.uint8]:
    """The mask (H, W) as 0, CELL and CORE, with SURE added. Raises InputError where the shapes differ."""
    if cores is not None and cores.shape != mask.shape:
        raise InputError(f"the mask is {mask.shape}, its cores {cores.shape}", "Make them equal.")
    inside = np.asarray(mask != 0)
    levels: NDArray[np.uint8] = inside.astype(np.uint8) * CELL
    if cores is not None:
        levels[inside & (cores != 0)] = CORE
    if sure is not None:
        levels[inside & sure] |= SURE
    return levels


def label_plane(
    read: MaskReader,
    height: int,
    width: int,
    *,
    options: InstanceOptions = InstanceOptions(),
    scratch: Path | None = None,
    block: int | None = None,
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
    block: int | None = None,
) -> Generator[LabelProgress, None, LabelledPlane]:
    """Label a plane block by block, to the same ids as `label_instances` of the whole mask, whatever the block.

    Args:
        read: gives rows, columns of the mask, (h, w); not 0 = cell; of several classes all are cells.
        height, width: of the plane in pixels.
        scratch: folder for what does not stay in memory; made where it is missing. What lies in it from an
            interrupted run is overwritten. Keep it as long as the plane is read.
        block: side of the blocks in pixels, BLOCK by default; memory grows with block * width.

    Yields progress after each block; returns the plane (`plane = yield from labelling(...)`).
    """
    grid = plane_grid(height, width, block)
    return (yield from label_planes([passes_over(read, grid, options, scratch)]))[0]


def plane_grid(height: int, width: int, block: int | None = None) -> Grid:
    """The blocks of a plane, of BLOCK pixels a side if nothing else is wanted."""
    return Grid(height, width, block or BLOCK)


class Workers(Protocol):
    """Whoever works on blocks: this process, or several."""

    def __call__(self, passes: Sequence[Pass], before: Sequence[LabelledPlane | None], /) -> Iterator[Any]:
        """The table of each block of each plane in scan order, by one pass over the planes of the pass before.

        None in between: there is none yet.
        """
        ...


def one_by_one(passes: Sequence[Pass], before: Sequence[LabelledPlane | None]) -> Iterator[Any]:
    """The work of one process, see `Workers`."""
    return (one.work(plane, box) for one, plane in zip(passes, before, strict=True) for box in one.grid)


def label_planes(
    passes: Sequence[tuple[Pass, ...]], workers: Workers = one_by_one
) -> Generator[LabelProgress, None, list[LabelledPlane]]:
    """Label planes together, pass after pass: `passes` are those of each plane, from `passes_over`.

    Yields progress after each block, and when there is nothing yet.
    """
    planes: list[Any] = [None] * len(passes)
    total, done = sum(len(one.grid) for of_plane in passes for one in of_plane), 0
    for together in zip(*passes, strict=True):
        for one in together:
            one.begin()
        work = workers(together, tuple(planes))
        for number, one in enumerate(together):
            tables = one.tables()
            for _ in range(len(one.grid)):
                while (table := next(work)) is None:
                    yield LabelProgress(done, total)
                tables.add(table)
                done += 1
                yield LabelProgress(done, total)
            planes[number] = tables.plane()
    return planes
