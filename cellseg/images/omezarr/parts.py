"""An OME-Zarr folder written in parts, each by whichever process, in whichever order, to the same bytes.

A part is *whole shards* of all levels that it writes: two processes that write into one shard lose each other's chunks
without an error (zarr-python#3682). From a region of one level it makes the next HALVINGS smaller ones; still smaller
ones are made in rounds that follow, of regions of the last level that is there.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from cellseg.folders import complete_folder
from cellseg.images.layout import ResultLayout
from cellseg.images.made import made_by_cellseg
from cellseg.images.omezarr.write import CHUNKS_IN_A_FILE, begin_omezarr, index_of, open_levels
from cellseg.images.pyramid import RowPyramid, level_shapes

HALVINGS = 2
"""So a part of tiles of 256 pixels is 1024 x 16384 of them."""

Read = Callable[[int, slice, slice], NDArray[Any]]
"""(sheet, rows, columns) -> pixels (h, w) of the image itself; sheets are counted as `ResultLayout` hands them over."""


@dataclass(frozen=True, slots=True)
class ZarrPart:
    """A region of one sheet of a level, of which shards are made."""

    level: int
    sheet: int
    rows: slice
    columns: slice

    @property
    def pixels(self) -> int:
        """Number of its pixels."""
        return int((self.rows.stop - self.rows.start) * (self.columns.stop - self.columns.start))


def rounds(layout: ResultLayout) -> list[list[ZarrPart]]:
    """The parts of an image; those of a round may be written when those of the round before are complete."""
    shapes = level_shapes(layout.height, layout.width)
    first = range(0, max(len(shapes) - 1, 1), HALVINGS)
    return [_parts(layout, level, shapes[level]) for level in first]


def _parts(layout: ResultLayout, level: int, shape: tuple[int, int]) -> list[ZarrPart]:
    high, wide = layout.tile[0] << HALVINGS, (layout.tile[1] * CHUNKS_IN_A_FILE) << HALVINGS
    rows = [slice(top, min(top + high, shape[0])) for top in range(0, shape[0], high)]
    columns = [slice(left, min(left + wide, shape[1])) for left in range(0, shape[1], wide)]
    sheets = range(layout.planes * layout.channels)
    return [ZarrPart(level, sheet, y, x) for sheet, y, x in product(sheets, rows, columns)]


@contextmanager
def omezarr_in_parts(path: Path, layout: ResultLayout) -> Iterator[Path]:
    """A folder beside `path` for `write_part`, which takes that name when the block ends without an error.

    Raises InputError as `write_omezarr`.
    """
    with complete_folder(path, made_by_cellseg) as folder:
        begin_omezarr(folder, layout, path.name)
        yield folder


def write_part(folder: Path, layout: ResultLayout, part: ZarrPart, read: Read) -> None:
    """Write the shards of a part into a folder from `omezarr_in_parts`; nothing stays where that was given up."""
    arrays, index, step = open_levels(folder, layout), index_of(layout, part.sheet), layout.tile[0]
    heights = [part.rows.stop - part.rows.start]
    while len(heights) <= HALVINGS and part.level + len(heights) < len(arrays):
        heights.append(-(-heights[-1] // 2))

    def write(halvings: int, top: int, rows: NDArray[Any]) -> None:
        if halvings or part.level == 0:
            y, x = (part.rows.start >> halvings) + top, part.columns.start >> halvings
            region = slice(y, y + rows.shape[0]), slice(x, x + rows.shape[1])
            arrays[part.level + halvings][(*index, *region)] = rows

    pyramid = RowPyramid(heights, step, layout.holds_labels, write)
    for top in range(part.rows.start, part.rows.stop, step):
        rows = slice(top, min(top + step, part.rows.stop))
        if part.level:
            band = arrays[part.level][(*index, rows, part.columns)]
        else:
            band = read(part.sheet, rows, part.columns).astype(layout.dtype, copy=False)
        pyramid.add(0, band)
    if not (folder / "zarr.json").exists():
        shutil.rmtree(folder, ignore_errors=True)
