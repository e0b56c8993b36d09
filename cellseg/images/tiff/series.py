"""Pages of a TIFF that make up the image, their order, and the places of their data."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from cellseg.errors import InputError
from cellseg.images.tiff.pixels import Coding, Page

logger = logging.getLogger(__name__)

JPEG_COMPRESSIONS = (6, 7, 33007, 34892)


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Pages of one size and type, in C order over the axes that are not in a page."""

    kind: str
    """Where the axes come from: ome, imagej, shaped, generic, ..."""
    axes: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    pages: tuple[Page, ...]
    announced: int
    """Number of pages there should be."""
    reduced: bool
    """Marked as a smaller copy of another image."""

    @property
    def form(self) -> tuple[tuple[int, ...], str, np.dtype[Any]]:
        """Shape, axes and type, which images that are stacked have in common."""
        return self.shape, self.axes, self.dtype


def read_series(tif: tifffile.TiffFile) -> list[Series]:
    """All images of an open file, pyramid levels aside.

    Raises:
        InputError: values of a kind that cannot be read.
    """
    return [_series(found) for found in tif.series]


def main_series(series: list[Series], path: Path) -> Series:
    """The image among those in a file.

    Images of one size are stacked (axis P in OME-TIFF, I elsewhere). Of slide scanners' files, which hold
    labels and overviews too, the first one is taken, and the log says so.
    """
    kept = _without_copies(series)
    if len(kept) == 1:
        return kept[0]
    if len({one.form for one in kept}) > 1:
        logger.warning("%s: holds %d images of unequal size; only the first is read", path, len(kept))
        return kept[0]
    return _stacked(kept)


def _without_copies(series: list[Series]) -> list[Series]:
    """Images that are no smaller copies; the first, where all say they are."""
    return [one for one in series if not one.reduced] or series[:1]


def _stacked(series: list[Series]) -> Series:
    first = series[0]
    axes = ("P" if first.kind == "ome" else "I") + first.axes
    pages = tuple(chain.from_iterable(one.pages for one in series))
    return Series(first.kind, axes, (len(series), *first.shape), first.dtype, pages, len(pages), False)


def _series(series: tifffile.TiffPageSeries) -> Series:
    keyframe = series.keyframe
    announced = math.prod(series.shape) // math.prod(keyframe.shape)
    if series.transform is not None:
        where = keyframe.parent.filehandle.path
        raise InputError(f"is a {series.kind} file, whose values need a conversion", "Save it with Fiji.", path=where)
    if series.dataoffset is not None:
        pages = _consecutive(keyframe, series.dataoffset, announced)
    else:
        pages = _present(series, announced)
    shape, dtype = tuple(series.shape), np.dtype(series.dtype)
    return Series(series.kind, series.axes, shape, dtype, pages, announced, keyframe.is_reduced)


def _present(series: tifffile.TiffPageSeries, announced: int) -> tuple[Page, ...]:
    """The pages that are in the file."""
    codings: dict[int, Coding] = {}
    return tuple(_page(page, codings) for page in _pages_of(series, announced) if page and page.dataoffsets)


def _pages_of(series: tifffile.TiffPageSeries, announced: int) -> Iterator[Any]:
    """Pages up to the first that is not there: a text may announce any number."""
    with suppress(IndexError):
        for number in range(announced):
            yield series[number]


def _page(page: Any, codings: dict[int, Coding]) -> Page:
    key = page.keyframe
    if id(key) not in codings:
        codings[id(key)] = _coding(key)
    jpeg = {"jpegtables": page.jpegtables, "jpegheader": key.jpegheader} if key.compression in JPEG_COMPRESSIONS else {}
    offsets, counts = (np.array(values, np.uint64) for values in (page.dataoffsets, page.databytecounts))
    return Page(Path(page.parent.filehandle.path), offsets, counts, codings[id(key)], jpeg)


def _consecutive(page: tifffile.TiffPage, start: int, number: int) -> tuple[Page, ...]:
    """Pages of plain data that follow each other, as in ImageJ's stacks with a single directory."""
    path, coding, size = Path(page.parent.filehandle.path), _coding(page), np.array([page.nbytes], np.uint64)
    held = max(0, path.stat().st_size - start) // max(1, page.nbytes) + 1  # a text may announce any number
    starts = (np.array([start + k * page.nbytes], np.uint64) for k in range(min(number, held)))
    return tuple(Page(path, offset, size, coding, {}) for offset in starts)


def _coding(page: tifffile.TiffPage) -> Coding:
    separate, depth, height, width, contiguous = page.shaped
    dtype = _readable_type(page, depth)
    wide, high = (page.tilewidth, page.tilelength) if page.is_tiled else (width, min(page.rowsperstrip, height))
    return Coding(
        decode=page.decode,
        stored=dtype.newbyteorder(page.parent.byteorder),
        dtype=np.dtype(np.uint8) if dtype.kind == "b" else dtype,
        height=height,
        width=width,
        samples=max(separate, contiguous),
        planar=separate > 1,
        segment=(high, wide),
        plain=page.is_final,
        fill=page.nodata,
    )


def _readable_type(page: tifffile.TiffPage, depth: int) -> np.dtype[Any]:
    """Integers or floats; InputError for volume tiles and for values of other kinds."""
    where, remedy = page.parent.filehandle.path, "Save it as integers or floats, page by page."
    if depth > 1:
        raise InputError("holds volume tiles", remedy, path=where)
    if page.dtype is None or page.dtype.kind not in "biuf":
        raise InputError(f"holds {page.bitspersample}-bit values of an unknown format", remedy, path=where)
    return np.dtype(page.dtype)
