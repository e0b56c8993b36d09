"""TIFF, BigTIFF, OME-TIFF and ImageJ hyperstacks as image sources."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from cellseg.errors import InputError, reading
from cellseg.images.axes import kept_axes, parse_axes
from cellseg.images.palette import PalettePixels, PaletteRule, lookup_table
from cellseg.images.physical import read_physical
from cellseg.images.samples import ORIENTED, without_alpha
from cellseg.images.source import ImageSource, Pixels, make_source
from cellseg.images.tiff.chain import Directories, follow_directories, refuse_cut
from cellseg.images.tiff.checks import refuse_huge_segments, refuse_incomplete, refuse_part, refuse_unequal
from cellseg.images.tiff.companion import first_file, is_companion
from cellseg.images.tiff.pixels import TiffPixels
from cellseg.images.tiff.samples import PALETTE, WHITE_IS_ZERO, samples_of
from cellseg.images.tiff.series import Series, main_series, read_series
from cellseg.images.tiff.whitemask import as_shown
from cellseg.images.transparent import refuse_transparent

logger = logging.getLogger(__name__)

FEWEST_COLUMNS = 16
"""Fewer pages, or shorter ones, of a single column may be what they seem."""


def open_tiff(
    path: str | Path,
    *,
    axes: str | None = None,
    channel: int | str | None = None,
    palette: PaletteRule = "lookup",
) -> ImageSource:
    """Open a TIFF for reading region by region.

    Values are given out as they are stored (1-bit images as 0 and 1 of uint8). What samples mean: see
    `cellseg.images.tiff.image.samples`. Palettes: see `cellseg.images.palette`. The Orientation tag is ignored with a
    warning.

    Args:
        path: TIFF, BigTIFF, ImageJ file or OME-TIFF (of several files the one with the metadata, which may be
            NAME.companion.ome).
        axes: axes of the file in its own order, if its metadata do not say or say the wrong thing.
        channel: take only this channel, by number from 0 or by name.
        palette: `index`, for label images, leaves the values of palette images as they are, and gives masks whose
            white is stored as 0 as they are shown.

    Raises:
        InputError: no such file, not a TIFF, cut off or damaged, pages of unequal size, one huge compressed
            strip, axes that do not fit, or no such channel.
    """
    path, xml = first_file(Path(path)) if is_companion(Path(path)) else (Path(path), None)
    directories = follow_directories(path)
    with _quiet(), _parsed(path, directories, xml) as tif:
        if xml is None:
            refuse_part(tif, path)
        found = read_series(tif)
        refuse_incomplete(tif, found, path, directories)
        refuse_unequal(tif, path)
        series = main_series(found, path)
        refuse_huge_segments(series, path)
        source = _as_source(tif, series, path, axes, palette)
    return source.only(channel)


def _as_source(
    tif: tifffile.TiffFile, series: Series, path: Path, axes: str | None, palette: PaletteRule
) -> ImageSource:
    first = tif.pages.first
    _warn_of_orientation(first, path)
    physical = read_physical(tif, series.kind)
    samples = samples_of(first, path)
    names, shape = _named_axes(series, axes, path)
    pixels, names, shape, dtype = _as_meant(tif, series, names, shape, palette)
    source = make_source(
        pixels,
        names,
        shape,
        dtype,
        name=path.name,
        path=path,
        physical=physical,
    )
    if isinstance(pixels, PalettePixels):
        return source
    if palette == "index":
        refuse_transparent(source, samples, int(first.samplesperpixel))
    return without_alpha(source, samples, names, shape)


def _as_meant(
    tif: tifffile.TiffFile, series: Series, names: str, shape: tuple[int, ...], palette: PaletteRule
) -> tuple[Pixels, str, tuple[int, ...], np.dtype[Any]]:
    """Sheets, axes, shape and type, with palettes looked up and white-is-zero masks turned over.

    ImageJ's palettes and inverting look-up tables are for display.
    """
    first, coding = tif.pages.first, series.pages[0].coding
    pixels = TiffPixels(series.pages, coding.samples)
    case = None if tif.is_imagej else (int(first.photometric), palette)
    if case == (PALETTE, "lookup") and first.colormap is not None:
        table = lookup_table(first.colormap)
        axes, sizes = kept_axes(names, shape, lambda axis, _: axis != "S")
        return PalettePixels(pixels, table, coding.samples), f"{axes}S", (*sizes, len(table)), table.dtype
    if case == (WHITE_IS_ZERO, "index") and coding.dtype == np.uint8:
        size = coding.height, coding.width
        shown = as_shown(pixels, math.prod(shape) // math.prod(size), size, int(first.bitspersample))
        return shown, names, shape, coding.dtype
    return pixels, names, shape, coding.dtype


def _named_axes(series: Series, axes: str | None, path: Path) -> tuple[str, tuple[int, ...]]:
    """The file's axes and their lengths, named as the user says; axes of length 1 need no name and are left out."""
    size = (series.pages[0].coding.height, series.pages[0].coding.width)
    _refuse_columns(series, size, path)
    names, shape = _as_named(series, parse_axes(axes)) if axes else (series.axes, series.shape)
    if len(names) != len(shape):
        found = f"has the axes {series.axes} of shape {series.shape}, which {axes!r} does not fit"
        raise InputError(found, "Name one axis each, in the file's order.", path=path)
    names, shape = _squeezed(names, shape)
    if not _end_in_pages(names, shape, size):
        found = f"has the axes {names!r} of shape {shape}, but each of its pages is {size[0]} x {size[1]}"
        raise InputError(found, "Name the axes in the file's order; they end in YX, or in YXS for RGB.", path=path)
    return names, shape


def _as_named(series: Series, names: str) -> tuple[str, tuple[int, ...]]:
    """The user's axes for all axes of the file, or for those that are longer than 1."""
    return names, series.shape if len(names) == len(series.shape) else _squeezed(series.axes, series.shape)[1]


def _end_in_pages(names: str, shape: tuple[int, ...], size: tuple[int, int]) -> bool:
    """Last come Y and X of a page's size, and its samples."""
    at = names.find("YX")
    return at >= 0 and shape[at : at + 2] == size and set(names[at + 2 :]) <= {"S", "C"}


def _squeezed(names: str, shape: tuple[int, ...]) -> tuple[str, tuple[int, ...]]:
    """Axes and lengths without those of length 1, but Y and X."""
    return kept_axes(names, shape, lambda axis, length: length != 1 or axis in "YX")


def _refuse_columns(series: Series, size: tuple[int, int], path: Path) -> None:
    """Many pages of one column are an image (H, W, 1) whose last axis was taken for its width."""
    counted = [length for axis, length in zip(series.axes, series.shape, strict=False) if axis not in "YXS"]
    one_axis = max(counted, default=1) == math.prod(counted)
    if size[1] == 1 and one_axis and min(size[0], len(series.pages)) >= FEWEST_COLUMNS:
        found = f"has {len(series.pages)} pages of {size[0]} x 1 pixels: an array (H, W, 1) saved as H pages"
        raise InputError(found, "Save it without the last axis: array[..., 0].", path=path)


def _warn_of_orientation(page: tifffile.TiffPage, path: Path) -> None:
    orientation = page.tags["Orientation"].value if "Orientation" in page.tags else 1
    if orientation != 1:
        logger.warning(ORIENTED, path, orientation)


@contextmanager
def _parsed(path: Path, directories: Directories, xml: str | None) -> Iterator[tifffile.TiffFile]:
    """tifffile's view of the file, with OME-XML from elsewhere; what it cannot parse is an error for people."""
    with ExitStack() as stack:
        try:
            tif = stack.enter_context(tifffile.TiffFile(path, omexml=xml))
            len(tif.series)
        except Exception as error:  # a damaged file makes tifffile fail in many ways
            refuse_cut(directories, path)
            reason = " ".join(str(error).split()) or type(error).__name__
            raise InputError(f"cannot be read as a TIFF ({reason})", "Write it again.", path=path) from error
        with reading(path, "cannot be read as a TIFF", "Write it again."):  # tags are parsed when they are asked for
            yield tif


@contextmanager
def _quiet() -> Iterator[None]:
    """Redirects tifffile's reports of this thread to our own log, for those who ask for details."""
    thread = threading.get_ident()

    def divert(record: logging.LogRecord) -> bool:
        if record.thread != thread:
            return True
        logger.debug("tifffile: %s", record.getMessage())
        return False

    log = logging.getLogger("tifffile")
    log.addFilter(divert)
    try:
        yield
    finally:
        log.removeFilter(divert)
