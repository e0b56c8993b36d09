"""TIFF, BigTIFF, OME-TIFF and ImageJ hyperstacks as image sources."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import tifffile

from cellseg.errors import InputError
from cellseg.images.axes import parse_axes
from cellseg.images.palette import PalettePixels, PaletteRule, lookup_table
from cellseg.images.physical import read_physical
from cellseg.images.source import ImageSource, Pixels, make_source
from cellseg.images.tiffchain import Directories, follow_directories, refuse_cut
from cellseg.images.tiffchecks import refuse_huge_segments, refuse_incomplete, refuse_part, refuse_unequal
from cellseg.images.tiffpixels import TiffPixels
from cellseg.images.tiffseries import Series, main_series, read_series

logger = logging.getLogger(__name__)


def open_tiff(
    path: str | Path,
    *,
    axes: str | None = None,
    channel: int | str | None = None,
    palette: PaletteRule = "lookup",
) -> ImageSource:
    """Open a TIFF for reading region by region.

    Values are given out as they are stored (1-bit images as 0 and 1 of uint8); an alpha channel is dropped,
    RGB is three channels. Palettes: see `cellseg.images.palette`. The Orientation tag is ignored with a warning.

    Args:
        path: TIFF, BigTIFF, OME-TIFF (the file with the metadata, where there are several) or ImageJ file.
        axes: axes of the file in its own order, if its metadata do not say or say the wrong thing.
        channel: take only this channel, by number from 0 or by name.
        palette: `index` leaves the values of palette images as they are.

    Raises:
        InputError: no such file, not a TIFF, cut off or damaged, pages of unequal size, one huge compressed
            strip, axes that do not fit, or no such channel.
    """
    path = Path(path)
    directories = follow_directories(path)
    with _quiet(), _parsed(path, directories) as tif:
        refuse_part(tif, path)
        found = read_series(tif)
        refuse_incomplete(tif, found, path, directories)
        refuse_unequal(tif, path)
        series = main_series(found, path)
        refuse_huge_segments(series, path)
        source = _as_source(tif, series, path, axes, palette)
    if channel is not None:
        source = source.select([source.channel_number(channel)])
    return source


def _as_source(
    tif: tifffile.TiffFile, series: Series, path: Path, axes: str | None, palette: PaletteRule
) -> ImageSource:
    first = tif.pages.first
    _warn_of_orientation(first, path)
    physical = read_physical(tif, series.kind)
    coding = series.pages[0].coding
    pixels: Pixels = TiffPixels(series.pages, coding.samples)
    names, shape, dtype = _named_axes(series, axes, path), series.shape, coding.dtype
    if first.photometric == 3 and first.colormap is not None and palette == "lookup" and not tif.is_imagej:
        table = lookup_table(first.colormap)
        pixels, names, shape, dtype = PalettePixels(pixels, table), names + "S", (*shape, len(table)), table.dtype
    rgb = "S" in names and "C" not in names and shape[names.index("S")] in (3, 4)
    source = make_source(
        pixels,
        names,
        shape,
        dtype,
        name=path.name,
        path=path,
        pixel_size_um=physical.pixel_size_um,
        spacing_um=physical.spacing_um,
        channel_names=("red", "green", "blue", "alpha")[: shape[names.index("S")]] if rgb else physical.channel_names,
    )
    return source.select(range(3)) if rgb else source


def _named_axes(series: Series, axes: str | None, path: Path) -> str:
    """The file's axes, renamed as the user says."""
    names = parse_axes(axes) if axes else series.axes
    size = (series.pages[0].coding.height, series.pages[0].coding.width)
    if axes and len(names) != len(series.shape):
        found = f"has the axes {series.axes} of shape {series.shape}, which {axes!r} does not fit"
        raise InputError(found, "Name one axis each, in the file's order.", path=path)
    at = names.find("YX")
    if at < 0 or series.shape[at : at + 2] != size or not set(names[at + 2 :]) <= {"S", "C"}:
        found = f"has the axes {names!r} of shape {series.shape}, but each of its pages is {size[0]} x {size[1]}"
        raise InputError(found, "Name the axes in the file's order; they end in YX, or in YXS for RGB.", path=path)
    return names


def _warn_of_orientation(page: tifffile.TiffPage, path: Path) -> None:
    orientation = page.tags["Orientation"].value if "Orientation" in page.tags else 1
    if orientation != 1:
        logger.warning("%s: its Orientation tag (%s) is ignored; pixels are read as stored", path, orientation)


@contextmanager
def _parsed(path: Path, directories: Directories) -> Iterator[tifffile.TiffFile]:
    """tifffile's view of the file; what it cannot parse is an error for people."""
    with ExitStack() as stack:
        try:
            tif = stack.enter_context(tifffile.TiffFile(path))
            len(tif.series)
        except Exception as error:  # a damaged file makes tifffile fail in many ways
            refuse_cut(directories, path)
            reason = " ".join(str(error).split()) or type(error).__name__
            raise InputError(f"cannot be read as a TIFF ({reason})", "Write it again.", path=path) from error
        yield tif


@contextmanager
def _quiet() -> Iterator[None]:
    """What tifffile reports from this thread goes to our own log, for those who ask for details."""
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
